"""Run: python test_dflash.py"""

import numpy as np

from dflash import MinimalLM, autoregressive, build_tree_mask, speculative_generate, verify_and_accept


class NextIs:
    """Always continues t with (3 t + 1) mod 17, so trees can be written by hand."""

    def forward(self, tokens, mask):
        logits = np.zeros((len(tokens), 17))
        logits[np.arange(len(tokens)), (3 * np.asarray(tokens) + 1) % 17] = 5.0
        return logits


def test_mask():
    m = build_tree_mask(2, [-1, -1, 0])
    seen = (m == 0).astype(int).tolist()
    assert seen == [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [1, 1, 1, 0, 1]]


def test_branches():
    # 2 -> 7 -> 5 -> 16
    assert verify_and_accept([1, 2], [9, 7, 5, 8], [-1, -1, 1, 1], NextIs()) == [7, 5, 16]
    assert verify_and_accept([1, 2], [7, 9, 5], [-1, 0, 1], NextIs()) == [7, 5]
    assert verify_and_accept([1, 2], [9, 7], [-1, 0], NextIs()) == [7]
    assert verify_and_accept([1, 2], [], [], NextIs()) == [7]


def test_golden_with_own_model():
    for seed in range(4):
        lm = MinimalLM(seed=seed)
        prompt = [5, 9, 2, 30]
        truth = autoregressive(lm, prompt, 24)

        def draft(seq):
            """The next three tokens, the third often wrong, then two alternatives for the first."""
            at = len(seq) - len(prompt)
            main = (truth + [0] * 3)[at : at + 3]
            if at % 2:
                main[2] = (main[2] + 1) % 40
            return main + [7, 8], [-1, 0, 1, -1, -1]

        assert speculative_generate(lm, prompt, 20, draft) == truth[:20]
        assert speculative_generate(lm, prompt, 20) == truth[:20]


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
