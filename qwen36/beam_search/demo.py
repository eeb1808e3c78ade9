"""Beams of three prompts for several values of alpha."""

from beam_search import batched_beam_search
from model import TransformerLM


def main():
    model = TransformerLM()
    prompts = [[5, 17, 3], [40], [8, 8, 91, 2]]
    for alpha in (0.0, 0.6, 1.2):
        print(f"alpha = {alpha}")
        results = batched_beam_search(prompts, model, 3, 8, alpha, eos_id=0)
        for prompt, hypotheses in zip(prompts, results):
            print(f"  prompt {prompt}")
            for h in hypotheses:
                state = "finished" if h.is_finished else "open"
                print(f"    {h.score:9.4f}  {state:8s}  {h.tokens[len(prompt):]}")


if __name__ == "__main__":
    main()
