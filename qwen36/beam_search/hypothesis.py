"""Hypotheses and the pool of one prompt."""

from dataclasses import dataclass, field

from scoring import length_normalised


@dataclass
class Hypothesis:
    """`tokens` begin with the prompt; `num_new` of them were generated."""

    tokens: list
    num_new: int = 0
    log_prob: float = 0.0
    is_finished: bool = False
    score: float = field(default=0.0)

    def child(self, token, token_log_prob, alpha, eos_id):
        log_prob = self.log_prob + token_log_prob
        return Hypothesis(
            tokens=self.tokens + [token],
            num_new=self.num_new + 1,
            log_prob=log_prob,
            is_finished=token == eos_id,
            score=length_normalised(log_prob, self.num_new + 1, alpha),
        )


class BeamPool:
    """The K hypotheses of one prompt, finished and unfinished together."""

    def __init__(self, prompt, width):
        self.width = width
        self.hypotheses = [Hypothesis(tokens=[int(t) for t in prompt])]

    @property
    def live(self):
        return [h for h in self.hypotheses if not h.is_finished]

    @property
    def finished(self):
        return [h for h in self.hypotheses if h.is_finished]

    @property
    def is_done(self):
        return not self.live

    def update(self, candidates):
        """Finished hypotheses stay in the race, unchanged."""
        pool = self.finished + candidates
        pool.sort(key=lambda h: h.score, reverse=True)
        self.hypotheses = pool[: self.width]
