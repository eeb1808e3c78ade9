"""Language models made for the traps around finished beams, each for one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from challenges.beam_search.inputs import NEVER, random_call, tokens


class Tree:
    """Probabilities of chosen tokens after chosen prefixes, over a shuffled vocabulary.

    Tokens are letters, "." the end token; all other tokens share what a prefix leaves over
    in nearly equal parts. Prefixes that are not chosen are answered by a random table.
    """

    def __init__(self, r: np.random.Generator, beam_width: int, max_new_tokens: int, alpha: float):
        self._r, vocabulary = r, int(r.integers(12, 19))
        self._ids = dict(zip(".abcdefghijklmno", r.permutation(vocabulary).tolist(), strict=False))
        self._call = random_call(
            r,
            V=vocabulary,
            beam_width=beam_width,
            max_new_tokens=max_new_tokens,
            alpha=alpha,
            lengths=[],
        )
        self._call |= {"eos_token_id": self._ids["."], "special": [], "special_rows": []}
        self._call["table"][:, self._ids["."]] = NEVER

    def prompt(self, **after: dict[str, float]) -> Tree:
        """Add a prompt. after: new tokens so far as letters, "start" for none -> probabilities."""
        vocabulary, size = self._call["table"].shape[1], int(self._r.integers(2, 6))
        prompt = tokens(self._r, vocabulary, self._ids["."], size)
        self._call["prompts"].append(prompt)
        for letters, chosen in after.items():
            prefix = [self._ids[c] for c in letters.removeprefix("start")]
            self._call["special"].append([*prompt, *prefix])
            self._call["special_rows"].append(self._row(chosen))
        return self

    def _row(self, chosen: dict[str, float]) -> Any:
        """Logits whose softmax is close to `chosen`, moved by a constant."""
        weights = self._r.uniform(0.8, 1.2, size=self._call["table"].shape[1])
        weights[self._ids["."]] = 1e-9
        weights *= (1 - sum(chosen.values())) / weights.sum()
        for letter, probability in chosen.items():
            weights[self._ids[letter]] = probability * self._r.uniform(0.97, 1.0)
        return np.log(weights) + self._r.normal() * 3

    def call(self) -> dict[str, Any]:
        """The finished call."""
        return {**self._call, "special_rows": np.array(self._call["special_rows"])}


def ends_first(r: np.random.Generator) -> dict[str, Any]:
    """The end token is likeliest at once; all else declines slowly and never catches up."""
    tree = Tree(r, beam_width=2, max_new_tokens=int(r.integers(4, 7)), alpha=0.6)
    start = {".": 0.5, "a": 0.35, "b": 0.1}
    return tree.prompt(start=start, a={"c": 0.2, "d": 0.18}, ac={"e": 0.2}, ad={"e": 0.2}).call()


def end_is_improbable(r: np.random.Generator) -> dict[str, Any]:
    """The end token is among the 2K likeliest at every step, at a probability that cannot win."""
    tree = Tree(r, beam_width=3, max_new_tokens=3, alpha=float(r.uniform(0.5, 1.0)))
    row = {"a": 0.4, "b": 0.3, "c": 0.25, ".": 0.02}
    prefixes = ["start", *("".join(p) for n in (1, 2) for p in itertools.product("abc", repeat=n))]
    return tree.prompt(**dict.fromkeys(prefixes, row)).call()


def slot_is_taken(r: np.random.Generator) -> dict[str, Any]:
    """The finished beam leaves room for `a` alone; `b`, cut at the first step, had a future."""
    tree = Tree(
        r, beam_width=2, max_new_tokens=int(r.integers(2, 4)), alpha=float(r.uniform(0, 0.4))
    )
    start = {".": 0.45, "a": 0.4, "b": 0.12}
    sure = {"b": {"d": 0.97}, "bd": {"e": 0.97}}
    dull = {"a": {"f": 0.12, "g": 0.11}, "af": {"e": 0.6}, "ag": {"e": 0.5}}
    return tree.prompt(start=start, **sure, **dull).call()


def later_end_wins(r: np.random.Generator) -> dict[str, Any]:
    """The first to end has the larger sum; a longer one has the larger score."""
    tree = Tree(
        r, beam_width=int(r.integers(2, 4)), max_new_tokens=6, alpha=float(r.uniform(1.0, 1.4))
    )
    start = {".": 0.5, "a": 0.45}
    return tree.prompt(start=start, a={"b": 0.9}, ab={"c": 0.95}, abc={".": 0.96}).call()


def one_prompt_ends(r: np.random.Generator) -> dict[str, Any]:
    """All beams of one prompt end within two steps; those of the others go on and end later."""
    tree = Tree(r, beam_width=2, max_new_tokens=6, alpha=0.7)
    call = tree.prompt(start={".": 0.9, "a": 0.08}, a={".": 0.97}).prompt().prompt().prompt().call()
    table = r.normal(size=call["table"].shape) * 1.5
    table[:, call["eos_token_id"]] += 0.8
    order = r.permutation(4)
    return {**call, "table": table, "prompts": [call["prompts"][i] for i in order]}


def ends_last(r: np.random.Generator) -> dict[str, Any]:
    """The end token can be reached at the last step only, and is then likely."""
    call = random_call(r, V=7, beam_width=3, max_new_tokens=3, lengths=[int(r.integers(2, 5))])
    special = [[*call["prompts"][0], *p] for p in itertools.product(range(7), repeat=2)]
    rows = r.normal(size=(len(special), 7))
    rows[:, call["eos_token_id"]] += 2
    return {**call, "special": special, "special_rows": rows}
