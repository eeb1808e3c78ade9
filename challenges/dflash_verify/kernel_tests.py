"""Cases and checks for the verification of draft trees.

The target model is scripted: its next token is a hash of the whole prefix that a row's mask admits,
so a wrong mask, a wrong row and a wrong order of rows all give other tokens. What a call returns must
be a prefix of greedy decoding; where siblings differ, it must also hold the whole matching path, and
at most one token more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from challenges.dflash_verify.reference import greedy, matching_depth, tree_mask
from challenges.dflash_verify.trees import Draft, grow, trapped
from challenges.kit import Case, Finding, rng, same

Call = dict[str, Any]
COUNT = 16  # tokens of one generation
LOOKAHEAD = 20  # no tree of a generation is deeper
NOISE_ROWS = 8
PASSES = 3
LOOPS = 3


def target(r: np.random.Generator, vocabulary: int, scale: float = 1.0, offset: float = 0.0) -> Call:
    """The arrays and numbers that make a scripted target model."""
    noise = r.uniform(-1, 1, size=(NOISE_ROWS, vocabulary))
    return {"noise": noise, "salt": int(r.integers(2**31)), "scale": scale, "offset": offset}


def drafts(
    seed: int,
    name: str,
    vocabulary: int,
    prompt_len: int = 5,
    depth: int = 8,
    wanted: Callable[[list[int]], bool] = lambda truth: True,
) -> Draft:
    """An empty draft after a random prompt, such that a trap of length one can be set.

    wanted: what the true continuation must be like besides.
    """
    r = rng(seed, name)
    model, prompt = target(r, vocabulary), r.integers(vocabulary, size=prompt_len).tolist()
    while True:
        truth = greedy(model, prompt, depth)
        fits = len({*truth[:4]}) == 4 and wanted(truth)
        if fits and Draft(model, prompt, r, truth).trap(1, 1):
            return Draft(model, prompt, r, truth)
        model = {**model, "salt": model["salt"] + 1}


def call_of(draft: Draft, **more: Any) -> Call:
    """A call that verifies a draft."""
    tree = {"prompt": list(draft.context), "tokens": list(draft.tokens), "parents": list(draft.parents)}
    return {"do": "verify", **draft.target, **tree, "temperature": 0, **more}


def cases(seed: int) -> list[Case]:
    """All cases of one seed."""
    return [
        *(Case(check, check, tuple(calls)) for check, calls in tree_calls(seed)),
        *generation_cases(seed),
        *mask_cases(seed),
        *contract_cases(seed),
        *own_cases(seed),
    ]


# ---- single trees ------------------------------------------------------------------------------


def tree_calls(seed: int) -> Iterator[tuple[str, list[Call]]]:
    """Check and calls of every case that verifies single trees."""
    yield "crafted_trees_prefix_of_greedy", crafted(seed, CRAFTED)
    yield "subtree_of_rejected_node_is_void", crafted(seed, VOID)
    yield "node_checked_against_its_parent", crafted(seed, PARENTS)
    yield "judge_proposed_tree", crafted(seed, (two_roots_with_children,))
    yield "longest_path_accepted", [*crafted(seed, LONGEST), *random_trees(seed)]
    yield "chain_stops_at_first_mismatch", chains(seed)
    yield "whole_tree_rejected", crafted(seed, (all_roots_wrong, one_wrong_root))
    yield "wide_and_deep_trees", crafted(seed, (wide, deep, comb), 1, vocabulary=1000, depth=70)
    yield "logits_of_any_size", regimes(seed)
    yield "empty_tree", crafted(seed, (one_wrong_root, empty))
    yield "one_forward_pass", crafted(seed, (deep, comb), 1, vocabulary=1000, depth=70)
    yield "bonus_after_full_acceptance", [*crafted(seed, (three_right, one_right)), zero_token(seed, 3)]
    yield "correction_after_rejection", crafted(seed, (one_wrong_root, right_then_wrong_child))


def crafted(
    seed: int, builders: Sequence[Callable[[Draft], Any]], draws: int = 3, **shape: Any
) -> list[Call]:
    """Every builder's tree, for several targets over a vocabulary of fifty unless told otherwise."""
    made = []
    for build in builders:
        for i in range(draws):
            name = f"{build.__name__}{i}"
            draft = drafts(seed, name, **{"vocabulary": 50, "prompt_len": 3 * i + 1, **shape})
            build(draft)
            made.append(call_of(draft))
    return made


def right_then_wrong_sibling(d: Draft) -> None:
    """[a, x]: accepting every match in order gives a twice."""
    d.right()
    d.wrong()


def equal_siblings(d: Draft) -> None:
    """[a, a]: both match, one is taken."""
    d.right()
    d.right()


def side_branch_trap(d: Draft) -> None:
    """[a, b, d] with parents [-1, -1, 1], where b follows a and d follows b."""
    trapped(d, (1,))


def deeper_trap(d: Draft) -> None:
    """The trap somewhere below, or above where it cannot be had."""
    trapped(d, (2, 3)) or trapped(d, (1,))


def two_roots_with_children(d: Draft) -> None:
    """[a, b, b, d] with parents [-1, -1, 0, 1]: the second root repeats the token after the first."""
    first, second = d.right(), d.add(-1, d.truth[1])
    d.right(first)
    d.right(second)


def wrong_branch_first(d: Draft) -> None:
    """[x, y, a, b, c]: the right path comes after a wrong one with a matching child."""
    wrong = d.wrong()
    d.right(wrong)
    d.chain(2)


def interleaved(d: Draft) -> None:
    """Breadth first: every level has a wrong node before its right one."""
    parent = -1
    for _ in range(4):
        wrong, parent = d.wrong(parent), d.right(parent)
        d.wrong(wrong)


def wrong_child_first(d: Draft) -> None:
    """[a, x, b] with parents [-1, 0, 0]: the correction after x is b, whichever way it is found."""
    first = d.right()
    d.wrong(first)
    d.right(first)


def right_child_last(d: Draft) -> None:
    """Four wrong siblings, each with a child, before the right one, twice."""
    parent = -1
    for _ in range(2):
        for wrong in [d.wrong(parent) for _ in range(4)]:
            d.right(wrong)
        parent = d.right(parent)


def child_of_wrong_matches(d: Draft) -> None:
    """[x, y, z]: below a wrong root, what the target would say after it."""
    d.chain(3, d.wrong())


def child_of_wrong_is_next(d: Draft) -> None:
    """[x, b, c]: below a wrong root, the true tokens of those depths."""
    d.add(d.add(d.wrong(), d.truth[1]), d.truth[2])


def grandchild_of_wrong(d: Draft) -> None:
    """[a, x, c, d]: a wrong child, and below it the true tokens after it."""
    d.add(d.add(d.wrong(d.right()), d.truth[2]), d.truth[3])


def all_roots_wrong(d: Draft) -> None:
    """Three wrong roots with subtrees that match below them."""
    for wrong in [d.wrong() for _ in range(3)]:
        d.chain(2, wrong)


def one_wrong_root(d: Draft) -> None:
    """[x]."""
    d.wrong()


def right_then_wrong_child(d: Draft) -> None:
    """[a, x]: the path ends after a."""
    d.wrong(d.right())


def one_right(d: Draft) -> None:
    """[a]."""
    d.right()


def three_right(d: Draft) -> None:
    """[a, b, c] as a chain."""
    d.chain(3)


def empty(d: Draft) -> None:
    """No node at all."""


def wide(d: Draft) -> None:
    """A hundred roots, the last right, with a child each."""
    roots = [*(d.wrong() for _ in range(99)), d.right()]
    for root in roots:
        d.right(root)


def deep(d: Draft) -> None:
    """Sixty right tokens in a row, then a wrong one."""
    d.wrong(d.chain(60))


def comb(d: Draft) -> None:
    """A path of thirty with a wrong leaf before each of its nodes."""
    parent = -1
    for _ in range(30):
        d.wrong(parent)
        parent = d.right(parent)


CRAFTED = (
    right_then_wrong_sibling, equal_siblings, side_branch_trap, deeper_trap, wrong_branch_first,
    interleaved, right_child_last, right_then_wrong_child,
)  # fmt: skip
VOID = (
    child_of_wrong_matches, child_of_wrong_is_next, grandchild_of_wrong, side_branch_trap,
    deeper_trap, all_roots_wrong,
)  # fmt: skip
PARENTS = (three_right, wrong_branch_first, side_branch_trap, interleaved, two_roots_with_children)
LONGEST = (wrong_branch_first, interleaved, right_child_last, comb)


def random_trees(seed: int) -> list[Call]:
    """Random trees with distinct siblings; the last over more tokens than sixteen bits can tell."""
    made = []
    sizes = [(50, nodes) for nodes in range(3, 24, 2)]
    for index, (vocabulary, nodes) in enumerate([*sizes, (1000, 14)]):
        draft = drafts(seed, f"random{index}", vocabulary, prompt_len=1 + index, depth=30)
        grow(draft, nodes, distinct=True, tempt=True)
        made.append(call_of(draft, temperature=0.0))
    draft = drafts(seed, "int16", 2**15 + 7000, wanted=lambda truth: truth[1] >= 2**15)
    interleaved(draft)
    return [*made, call_of(draft, temperature=0.0)]


def chains(seed: int) -> list[Call]:
    """Chains that go wrong at every place, after prompts of several lengths; token 0 among them."""
    made = []
    for right, length, prompt_len in [(1, 1, 1), (4, 4, 1), (0, 4, 2), (1, 4, 7), (3, 4, 17), (2, 5, 3)]:
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
    """The same kind of tree under logits far from zero, close together, or partly minus infinity."""
    made = []
    for scale, offset in [(1, 1000), (1, -1000), (1, 3e4), (1e3, 0), (1e-3, 0), (1e-3, -5)]:
        draft = drafts(seed, f"regime{scale}{offset}", 50)
        wrong_child_first(draft)
        made.append(call_of(draft, scale=float(scale), offset=float(offset)))
    plain = made[-1]["noise"]
    masked, uneven = plain.copy(), plain + 1000.0 * np.arange(NOISE_ROWS)[:, None]
    masked[:, ::3] = -np.inf
    return [*made, {**made[-1], "noise": masked}, {**made[0], "noise": uneven}]


# ---- generation, mask, contract, own model -----------------------------------------------------


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

    Every other tree starts with a trap; over a thousand tokens, with a wrong sibling of a right root,
    for there no side branch may hold a true token.
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
    return {"do": "generate", **start.target, "prompt": start.context, "trees": trees, "count": COUNT}


def chain_loops(seed: int) -> Iterator[Call]:
    """Generations from chains of up to six tokens that are right for a while, and from no draft."""
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
        yield {"do": "generate", **start.target, "prompt": start.context, "trees": trees, "count": COUNT}


def mask_cases(seed: int) -> list[Case]:
    """Masks for chains, stars, several roots and random trees, with prompts of one token and more."""
    r = rng(seed, "masks")
    shapes = [(1, [-1]), (4, [-1, 0, 1, 2]), (3, [-1] * 5), (5, [-1, -1, 0, 1, 0, 2, 5]), (2, [-1, 0, 0, 1, 1, 2, 2])]
    shapes += [(int(r.integers(1, 20)), [int(r.integers(-1, i)) for i in range(n)]) for n in (3, 8, 13, 30)]
    calls = tuple({"do": "mask", "prompt_len": p, "parents": parents} for p, parents in shapes)
    return [Case("tree_mask_exact", "tree_mask_exact", calls)]


def contract_cases(seed: int) -> list[Case]:
    """Side effects, and state between calls."""
    a, b, c = (drafts(seed, name, 50) for name in ("a", "b", "c"))
    a.chain(3)
    c.chain(3)
    wrong_child_first(b)
    first, second, third = call_of(a), call_of(b), call_of(c)
    other_target = {**first, "salt": first["salt"] + 1}
    other_prompt = {**first, "prompt": third["prompt"]}
    mixed = (first, other_target, second, other_prompt, third, *chains(seed)[:2], first)
    return [
        Case("inputs_unchanged", "inputs_unchanged", (first, second, *crafted(seed, (interleaved,)))),
        Case("calls_are_independent", "calls_mixed", mixed),
        Case("calls_are_independent", "calls_repeated", (first, first, second, second)),
    ]


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
    """Shapes of trees for a model that only the child has: parents, and 0 where a token shall be right."""
    trees = [shape(r) for _ in range(count)]
    return {"do": "own_generation", "prompt": r.integers(1, 16, 4).tolist(), "count": count, "trees": trees}


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


# ---- judging -----------------------------------------------------------------------------------


def check(case: Case, got: list[dict[str, Any]]) -> list[Finding]:
    """Judge what came back from the calls of one case."""
    if any("not_testable" in items for items in got):
        return []
    if len(got) != len(case.calls):
        return [Finding("answers", False, detail=f"{len(got)} of {len(case.calls)} calls")]
    found = []
    for index, (call, items) in enumerate(zip(case.calls, got, strict=True)):
        judge = SPECIAL.get(case.check) or (generation if call["do"] == "generate" else tree)
        found += [
            Finding(f"{index}: {f.name}", f.ok, f.error, f.bound, f.detail) for f in judge(call, items)
        ]
    if case.check == "empty_tree" and all(f.ok for f in found) and got[0]["new"]:
        found.append(advances(got))
    return found


def tree(call: Call, items: dict[str, Any]) -> list[Finding]:
    """The tokens are a prefix of greedy decoding, and hold the matching path and at most one more."""
    found = follows_greedy(call, items.get("new"))
    depth = matching_depth(call)
    if found[0].ok and not equal_tokens(call):
        length = len(items["new"])
        detail = f"{length} tokens, of which {depth} drafted ones match"
        found.append(Finding("length", depth <= length <= depth + 1, length, depth, detail))
    return found


def generation(call: Call, items: dict[str, Any]) -> list[Finding]:
    """A generation gives the tokens of greedy decoding, and enough of them."""
    found = follows_greedy(call, items.get("new"))
    if found[0].ok:
        found.append(Finding("length", len(items["new"]) >= call["count"]))
    return found


def follows_greedy(call: Call, new: Any) -> list[Finding]:
    """Whether a list of tokens is a prefix of greedy decoding after the prompt."""
    if not isinstance(new, list) or any(type(token) is not int for token in new) or len(new) > 10**4:
        return [Finding("tokens", False, detail="no list of tokens")]
    truth = greedy(call, call["prompt"], len(new))
    at = next((i for i, (a, b) in enumerate(zip(new, truth, strict=True)) if a != b), len(new))
    detail = f"token {at}: {new[at]}, greedy decoding gives {truth[at]}" if at < len(new) else ""
    return [Finding("tokens", at == len(new), detail=detail)]


def equal_tokens(call: Call) -> bool:
    """Whether two siblings hold the same token, so that the longest path is a matter of luck."""
    nodes = list(zip(call["parents"], call["tokens"], strict=True))
    return len(set(nodes)) < len(nodes)


def one_more(call: Call, items: dict[str, Any]) -> list[Finding]:
    """The matching path and the target's own next token, nothing less."""
    expected = greedy(call, call["prompt"], matching_depth(call) + 1)
    return [same("tokens", items.get("new"), expected)]


def advances(got: list[dict[str, Any]]) -> Finding:
    """An output that corrects a rejected tree also answers one without nodes."""
    silent = [i for i, items in enumerate(got) if not items["new"]]
    return Finding("a token for every tree", not silent, detail=f"none for {silent}" if silent else "")


def unchanged(call: Call, items: dict[str, Any]) -> list[Finding]:
    """Prompt, tokens and parents afterwards."""
    return [same("inputs", items.get("after"), [call["prompt"], call["tokens"], call["parents"]])]


def few_passes(call: Call, items: dict[str, Any]) -> list[Finding]:
    """At most a few forward passes, however large the tree."""
    passes = items.get("passes")
    ok = isinstance(passes, int) and passes <= PASSES
    return [Finding("forward passes", ok, detail="" if ok else f"{passes!r:.20} passes")]


def mask(call: Call, items: dict[str, Any]) -> list[Finding]:
    """The admitted pairs; a mask of the tree's rows alone, or of tree against tree, is judged as such."""
    expected, got = tree_mask(call["prompt_len"], call["parents"]), items.get("mask")
    if not isinstance(got, np.ndarray) or got.dtype != bool or got.ndim != 2:
        return [Finding("mask", False, detail="no mask of two axes")]
    n = len(call["parents"])
    if got.shape == (n, len(expected)):
        expected = expected[-n:]
    wrong = int((got != expected).sum()) if got.shape == expected.shape else -1
    detail = f"shape {got.shape}, expected {expected.shape}" if wrong < 0 else f"{wrong} pairs differ"
    return [Finding("mask", wrong == 0, detail=detail if wrong else "")]


def own_tokens(call: Call, items: dict[str, Any]) -> list[Finding]:
    """Generation with the output's own model against its own greedy decoding."""
    return [same("tokens", items.get("new"), items.get("greedy"))]


def own_rows(call: Call, items: dict[str, Any]) -> list[Finding]:
    """Logits of the nodes in the tree against those of each path alone, to float32 accuracy."""
    tree_rows, alone = items.get("tree"), items.get("alone")
    if not all(isinstance(rows, np.ndarray) and rows.dtype.kind == "f" for rows in (tree_rows, alone)):
        return [Finding("logits", False, detail="no arrays")]
    if tree_rows.shape != alone.shape or tree_rows.ndim != 2 or not np.isfinite(alone).all():
        return [Finding("logits", False, detail=f"shapes {tree_rows.shape} and {alone.shape}")]
    error, bound = float(np.abs(tree_rows - alone).max()), 1e-4 * float(np.abs(alone).max())
    return [Finding("logits", error <= bound, error, bound)]


SPECIAL: dict[str, Callable[[Any, dict[str, Any]], list[Finding]]] = {
    "bonus_after_full_acceptance": one_more,
    "correction_after_rejection": one_more,
    "one_forward_pass": few_passes,
    "inputs_unchanged": unchanged,
    "tree_mask_exact": mask,
    "own_generation_loop": generation,
    "own_model_generation_chain": own_tokens,
    "own_model_generation_branching": own_tokens,
    "own_model_tree_logits_equal_sequential": own_rows,
}
