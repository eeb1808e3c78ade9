"""Random calls for beam search: prompts, settings, and a language model by table.

Random calls are drawn again until the reference's decisions are clear: no two scores that compete
for a place are closer than twice what float32 arithmetic may blur, so every right search agrees on
the beams, whatever its order of operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from challenges.beam_search.reference import Beam, Script, Search, beam_search
from challenges.kit import Case, rng, unit_roundoff

ROWS = 499  # of the random table: a prime, so that prefixes spread
NEVER = -1000.0  # the logit of an end token that no search reaches
BLUR = 8.0  # "some roundoffs" of each part of a score, see blurred
ATTEMPTS = 400  # at a call that is clear, and as wanted, before the draw itself is wrong
Draw = Callable[[np.random.Generator], dict[str, Any]]
Answers = list[list[Beam]]


def random_call(r: np.random.Generator, **fixed: Any) -> dict[str, Any]:
    """A random call. fixed: its items, or V, rows, scale, offset, end (added to the end token).

    alpha may be a range to draw from.
    """
    width = int(fixed.get("beam_width", r.integers(2, 6)))
    vocabulary = int(fixed.get("V", r.integers(2 * width + 1, 2 * width + 14)))
    alpha = fixed.get("alpha", (0.3, 1.4))
    eos = int(fixed.get("eos_token_id", r.integers(vocabulary)))
    table = r.normal(size=(fixed.get("rows", ROWS), vocabulary)) * 1.5
    table[:, eos] += fixed.get("end", NEVER)
    lengths = fixed.get("lengths", r.integers(1, 7, size=r.integers(1, 4)))
    return {
        "prompts": fixed.get("prompts", [tokens(r, vocabulary, eos, int(n)) for n in lengths]),
        "beam_width": width,
        "max_new_tokens": int(fixed.get("max_new_tokens", r.integers(3, 9))),
        "alpha": alpha if isinstance(alpha, float) else float(r.uniform(*alpha)),
        "eos_token_id": eos,
        "table": (table * fixed.get("scale", 1.0) + fixed.get("offset", 0.0)).astype(
            fixed.get("dtype", np.float64)
        ),
    }


def tokens(r: np.random.Generator, vocabulary: int, eos: int, size: int) -> list[int]:
    """A prompt without the end token (what that would mean is a check of its own)."""
    found: list[int] = np.delete(np.arange(vocabulary), eos)[
        r.integers(vocabulary - 1, size=size)
    ].tolist()
    return found


def clear(
    seed: int,
    name: str,
    draw: Draw,
    wanted: Callable[[dict[str, Any], Answers], bool] | None = None,
) -> dict[str, Any]:
    """The first drawn call whose decisions are clear and whose reference result is `wanted`."""
    for attempt in range(ATTEMPTS):
        call = draw(rng(seed, name, str(attempt)))
        found, gap = expected(call)
        blur = max((blurred(call, beam) for beams in found for beam in beams), default=0.0)
        if gap > 2 * blur and (wanted is None or wanted(call, found)):
            return call
    raise RuntimeError(f"no clear call for {name} with seed {seed}")


def several(
    seed: int, check: str, count: int, draw: Draw, wanted: Any = None, label: str = "random"
) -> Case:
    """A case of `count` independent calls."""
    calls = [clear(seed, f"{check}_{label}_{i}", draw, wanted) for i in range(count)]
    return Case(check, f"{check}_{label}", tuple(calls))


def drawn(**fixed: Any) -> Draw:
    """A random call with some items fixed."""
    return lambda r: random_call(r, **fixed)


def asked(call: Any) -> Search:
    """What a call asks for."""
    names = ("beam_width", "max_new_tokens", "alpha", "eos_token_id")
    return Search(**{name: call[name] for name in names})


def expected(call: Any) -> tuple[Answers, float]:
    """The reference's beams per prompt, and the smallest gap of scores that decided."""
    script = Script(call)
    results = [beam_search(script.logprobs, prompt, asked(call)) for prompt in call["prompts"]]
    return [beams for beams, _ in results], min(gap for _, gap in results)


def blurred(call: Any, beam: Beam, dtype: Any = np.float32) -> float:
    """How far off a beam's score may be when computed in this dtype.

    A log-probability is off by some roundoffs of the largest logit and of itself, a sum of them by
    some roundoffs of the sum (Higham 2002, section 4.2); the division adds one roundoff.
    """
    tables = [call[name] for name in ("table", "special_rows") if name in call]
    # The end token's logit is left out: where it is out of reach, it enters no sum.
    peak = max(float(np.abs(np.delete(t, call["eos_token_id"], axis=1)).max()) for t in tables)
    size = len(beam.tokens) * (1 + peak) + abs(sum(beam.logprobs))
    return float(BLUR * unit_roundoff(dtype) * size / max(len(beam.tokens), 1) ** call["alpha"])


def some_end_early(call: dict[str, Any], found: Answers) -> bool:
    """Some beams ended before the last step and some did not end, in the whole call."""
    lengths = {len(beam.tokens) for beams in found for beam in beams}
    ended = {asked(call).finished(beam) for beams in found for beam in beams}
    return len(lengths) > 1 and ended == {True, False}


def some_end(call: dict[str, Any], found: Answers) -> bool:
    """Some beam ended."""
    return any(asked(call).finished(beam) for beams in found for beam in beams)


def some_end_everywhere(call: dict[str, Any], found: Answers) -> bool:
    """Every prompt has a beam that ended."""
    return all(any(asked(call).finished(beam) for beam in beams) for beams in found)


def alpha_matters(*others: float) -> Callable[[dict[str, Any], Answers], bool]:
    """Whether some beams end early, and each other alpha would give other beams or their order."""

    def wanted(call: dict[str, Any], found: Answers) -> bool:
        return some_end_early(call, found) and all(
            spelling(expected({**call, "alpha": alpha})[0]) != spelling(found) for alpha in others
        )

    return wanted


def spelling(found: Answers) -> list[list[tuple[int, ...]]]:
    """The tokens of all beams."""
    return [[beam.tokens for beam in beams] for beams in found]
