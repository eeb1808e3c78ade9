"""Cases that draft and verify in a loop, with the scripted target or an output's own model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from challenges.dflash_verify.reference import greedy
from challenges.dflash_verify.trees import Call, Draft, drafts, grow, trapped
from challenges.kit import Case, rng

COUNT = 16  # tokens of one generation
LOOKAHEAD = 20  # no tree of a generation is deeper
LOOPS = 3


def generation_cases(seed: int) -> list[Case]:
    """Loops of draft and verify; every loop starts with the trees that known mistakes fail on."""
    made = [Case("generation_chains", "generation_chains", tuple(chain_loops(seed)))]
    for name, vocabulary, distinct in (
        ("generation_random_branching_V7", 7, False),
        ("generation_random_branching_V50", 50, False),
        ("generation_distinct_siblings_V50", 50, True),
        ("generation_distinct_siblings_V1000", 1000, True),
    ):
        calls = (loop(seed, f"{name}{i}", vocabulary, distinct=distinct) for i in range(LOOPS))
        made.append(Case(name, name, tuple(calls)))
    deep_loops = (loop(seed, f"deep{i}", 50, lengths=(8, 9, 10), nodes=6) for i in range(LOOPS))
    root_loops = (loop(seed, f"roots{i}", 50, lengths=(1,), roots=0.6) for i in range(LOOPS))
    made.append(Case("generation_deep_trees", "generation_deep_trees", tuple(deep_loops)))
    made.append(Case("generation_sibling_roots", "generation_sibling_roots", tuple(root_loops)))
    return made


def loop(
    seed: int,
    name: str,
    vocabulary: int,
    *,
    distinct: bool = True,
    lengths: Sequence[int] = (1, 2, 3),
    nodes: int = 9,
    roots: float = 0.15,
) -> Call:
    """A generation: for every number of tokens so far, a tree drafted after the true ones.

    Every other tree starts with a trap; over a thousand tokens, with a wrong sibling of a right
    root, for there no side branch may hold a true token.
    """
    start = drafts(seed, name, vocabulary)
    tempt, r, trees = vocabulary < 1000, start.r, []
    truth = greedy(start.target, start.context, COUNT + LOOKAHEAD)
    for at in range(COUNT):
        context = start.context + truth[:at]
        draft = Draft(start.target, context, r, truth[at : at + LOOKAHEAD])
        if at % 2 == 0 and tempt:
            trapped(draft, lengths if at or min(lengths) > 1 else (1,))
        elif at % 2 == 0:
            draft.right()
            draft.wrong(avoid=draft.truth)
        elif min(lengths) > 1:
            draft.chain(int(r.integers(4, 10)))
        grow(draft, nodes, distinct=distinct, tempt=tempt, roots=roots)
        trees.append([draft.tokens, draft.parents])
    return generation_call(start, trees)


def chain_loops(seed: int) -> Iterator[Call]:
    """Generations from chains of up to six tokens that are right for a while."""
    for i, vocabulary in enumerate((7, 50, 1000)):
        start = drafts(seed, f"chains{i}", vocabulary, prompt_len=1 + i)
        truth, trees = greedy(start.target, start.context, COUNT + LOOKAHEAD), []
        for at in range(COUNT):
            context = start.context + truth[:at]
            draft = Draft(start.target, context, start.r, truth[at : at + LOOKAHEAD])
            end = draft.chain(int(start.r.integers(0, 5)))
            if start.r.random() < 0.7 or end < 0:
                draft.chain(1, draft.wrong(end))
            trees.append([draft.tokens, draft.parents])
        yield generation_call(start, trees)


def generation_call(start: Draft, trees: list[Any]) -> Call:
    """A call that generates from the context of a draft."""
    made = {"prompt": start.context, "trees": trees, "count": COUNT}
    return {"do": "generate", **start.target, **made}


def own_cases(seed: int) -> list[Case]:
    """The output's own loop with our target, then its own target model."""
    loops = ({**loop(seed, f"own{i}", 50), "do": "own_loop"} for i in range(LOOPS))
    r = rng(seed, "own")
    shapes = [[-1, -1, 0, 1, 1, 3], [-1, 0, 1, 0, 3], [-1] * 4]
    trees = [
        {"do": "own_logits", "prompt": r.integers(1, 16, 4).tolist(), "parents": parents,
         "tokens": r.integers(1, 48, len(parents)).tolist()}
        for parents in shapes
    ]  # fmt: skip
    branching = (own_generation(r, 10, own_branching) for _ in range(12))
    chain = (own_generation(r, 8, own_chain) for _ in range(3))
    return [
        Case("own_generation_loop", "own_generation_loop", tuple(loops)),
        Case("own_model_tree_logits_equal_sequential", "own_model_tree_logits", tuple(trees)),
        Case("own_model_generation_chain", "own_model_generation_chain", tuple(chain)),
        Case("own_model_generation_branching", "own_model_generation_branching", tuple(branching)),
    ]


def own_generation(r: np.random.Generator, count: int, shape: Callable[..., Any]) -> Call:
    """Shapes of trees for a model that only the child has: parents, and 0 for a right token."""
    prompt, trees = r.integers(1, 16, 4).tolist(), [shape(r) for _ in range(count)]
    return {"do": "own_generation", "prompt": prompt, "count": count, "trees": trees}


def own_branching(r: np.random.Generator) -> list[list[int]]:
    """A wrong root or two with a child, then the right path, or a right root before a wrong one."""
    wrong = [int(n) for n in r.integers(1, 10**6, 4)]
    return [
        [[-1, -1, 0, 1, 3], [wrong[0], 0, wrong[1], 0, 0]],
        [[-1, -1, -1, 2, 2, 4], [wrong[0], wrong[1], 0, wrong[2], 0, 0]],
        [[-1, 0, -1, 2, 3], [wrong[0], wrong[1], 0, 0, 0]],
        [[-1, -1, 0, 2], [0, wrong[0], 0, wrong[1]]],
    ][int(r.integers(4))]


def own_chain(r: np.random.Generator) -> list[list[int]]:
    """A chain of four, right for a while."""
    right = int(r.integers(0, 5))
    return [[-1, 0, 1, 2], [0] * right + [int(n) for n in r.integers(1, 10**6, 4 - right)]]
