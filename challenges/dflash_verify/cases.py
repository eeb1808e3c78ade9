"""The cases: single trees, masks, side effects; loops.py has those that generate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from challenges.dflash_verify import crafted as by_hand
from challenges.dflash_verify.loops import generation_cases, own_cases
from challenges.dflash_verify.trees import NOISE_ROWS, Call, Draft, call_of, drafts, grow
from challenges.kit import Case, rng


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    return list(drawn(seed))


@lru_cache(maxsize=2)
def drawn(seed: int) -> tuple[Case, ...]:
    """The cases, drawn once for all that is tried on a seed; the driver copies what it passes."""
    return (
        *(Case(check, check, tuple(calls)) for check, calls in tree_calls(seed)),
        *generation_cases(seed),
        *mask_cases(seed),
        *contract_cases(seed),
        *own_cases(seed),
    )


def tree_calls(seed: int) -> Iterator[tuple[str, list[Call]]]:
    """Check and calls of every case that verifies single trees."""
    yield "crafted_trees_prefix_of_greedy", crafted(seed, by_hand.CRAFTED)
    yield "subtree_of_rejected_node_is_void", crafted(seed, by_hand.VOID)
    yield "node_checked_against_its_parent", crafted(seed, by_hand.PARENTS)
    yield "judge_proposed_tree", crafted(seed, (by_hand.two_roots_with_children,))
    yield "longest_path_accepted", [*crafted(seed, by_hand.LONGEST), *random_trees(seed)]
    yield "chain_stops_at_first_mismatch", chains(seed)
    yield "whole_tree_rejected", crafted(seed, (by_hand.all_roots_wrong, by_hand.one_wrong_root))
    large = (by_hand.wide, by_hand.deep, by_hand.comb)
    yield "wide_and_deep_trees", crafted(seed, large, 1, vocabulary=1000, depth=70)
    yield "logits_of_any_size", regimes(seed)
    yield "empty_tree", crafted(seed, (by_hand.one_wrong_root, by_hand.empty))
    yield "one_forward_pass", crafted(seed, large[1:], 1, vocabulary=1000, depth=70)
    full = crafted(seed, (by_hand.three_right, by_hand.one_right))
    yield "bonus_after_full_acceptance", [*full, zero_token(seed, 3)]
    ended = (by_hand.one_wrong_root, by_hand.right_then_wrong_child)
    yield "correction_after_rejection", crafted(seed, ended)


def crafted(
    seed: int, builders: Sequence[Callable[[Draft], Any]], draws: int = 3, **shape: Any
) -> list[Call]:
    """Every builder's tree, for several targets, over fifty tokens unless told otherwise."""
    made = []
    for build in builders:
        for i in range(draws):
            name = f"{build.__name__}{i}"
            draft = drafts(seed, name, **{"vocabulary": 50, "prompt_len": 3 * i + 1, **shape})
            build(draft)
            made.append(call_of(draft))
    return made


def random_trees(seed: int) -> list[Call]:
    """Random trees with distinct siblings; the last over more tokens than sixteen bits can tell."""
    made = []
    sizes = [(50, nodes) for nodes in range(3, 24, 2)]
    for index, (vocabulary, nodes) in enumerate([*sizes, (1000, 14)]):
        draft = drafts(seed, f"random{index}", vocabulary, prompt_len=1 + index, depth=30)
        grow(draft, nodes, distinct=True, tempt=True)
        made.append(call_of(draft, temperature=0.0))
    draft = drafts(seed, "int16", 2**15 + 7000, wanted=lambda truth: truth[1] >= 2**15)
    by_hand.interleaved(draft)
    return [*made, call_of(draft, temperature=0.0)]


def chains(seed: int) -> list[Call]:
    """Chains that go wrong at every place, after prompts of several lengths; token 0 among them."""
    made = []
    shapes = [(1, 1, 1), (4, 4, 1), (0, 4, 2), (1, 4, 7), (3, 4, 17), (2, 5, 300)]
    for right, length, prompt_len in shapes:
        draft = drafts(seed, f"chain{right}{length}", 50, prompt_len)
        end = draft.chain(right)
        if right < length:
            end = draft.wrong(end)
        for at in range(right + 1, length):  # the true tokens again, after the mismatch
            end = draft.add(end, draft.truth[at])
        made.append(call_of(draft))
    return [*made, zero_token(seed, 0), zero_token(seed, 1)]


def zero_token(seed: int, at: int) -> Call:
    """A right chain of three in a continuation whose token `at` is 0."""
    draft = drafts(seed, f"zero{at}", 7, wanted=lambda truth: truth[at] == 0)
    draft.chain(3)
    return call_of(draft)


def regimes(seed: int) -> list[Call]:
    """One kind of tree under logits far from zero, close together, or partly minus infinity."""
    made = []
    for scale, offset in [(1, 1000), (1, -1000), (1, 3e4), (1e3, 0), (1e-3, 0), (1e-3, -5)]:
        draft = drafts(seed, f"regime{scale}{offset}", 50)
        by_hand.wrong_child_first(draft)
        made.append(call_of(draft, scale=float(scale), offset=float(offset)))
    plain = made[-1]["noise"]
    masked, uneven = plain.copy(), plain + 1000.0 * np.arange(NOISE_ROWS)[:, None]
    masked[:, ::3] = -np.inf
    return [*made, {**made[-1], "noise": masked}, {**made[0], "noise": uneven}]


def mask_cases(seed: int) -> list[Case]:
    """Masks for no tree, chains, stars, several roots and random trees."""
    r = rng(seed, "masks")
    shapes = [(3, []), (1, [-1]), (4, [-1, 0, 1, 2]), (3, [-1] * 5)]
    shapes += [(5, [-1, -1, 0, 1, 0, 2, 5]), (2, [-1, 0, 0, 1, 1, 2, 2])]
    for nodes in (3, 8, 13, 30):
        shapes.append((int(r.integers(1, 20)), [int(r.integers(-1, i)) for i in range(nodes)]))
    calls = tuple({"do": "mask", "prompt_len": p, "parents": parents} for p, parents in shapes)
    return [Case("tree_mask_exact", "tree_mask_exact", calls)]


def contract_cases(seed: int) -> list[Case]:
    """Side effects, and state between calls."""
    a, b, c = (drafts(seed, name, 50) for name in ("a", "b", "c"))
    a.chain(3)
    c.chain(3)
    by_hand.wrong_child_first(b)
    first, second, third = call_of(a), call_of(b), call_of(c)
    other_target = {**first, "salt": first["salt"] + 1}
    other_prompt = {**first, "prompt": third["prompt"]}
    mixed = (first, other_target, second, other_prompt, third, *chains(seed)[:2], first)
    branching = crafted(seed, (by_hand.interleaved,))
    return [
        Case("inputs_unchanged", "inputs_unchanged", (first, second, *branching)),
        Case("calls_are_independent", "calls_mixed", mixed),
        Case("calls_are_independent", "calls_repeated", (first, first, second, second)),
    ]
