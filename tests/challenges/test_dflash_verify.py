"""Facts about the kernel tests of DFlash tree verification."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from challenges.dflash_verify import cases, crafted, kernel_tests, loops, reference, trees
from challenges.kit import rng
from tests.challenges.child import adapter_of, driver_of

FOLDER = Path(kernel_tests.__file__).parent


class Pair(NamedTuple):
    accepted: list[int]
    new_token: int


@pytest.fixture(scope="module")
def driver() -> Any:
    """The driver's functions, as the sandboxed child has them."""
    return SimpleNamespace(**driver_of(FOLDER))


@pytest.fixture
def model(driver: Any) -> Any:
    """A scripted target over eleven tokens."""
    return driver.ScriptedModel(trees.target(rng(1, "model"), 11))


def entry_of(verify: Any) -> Any:
    """An entry with this verify_and_accept and nothing else."""
    return SimpleNamespace(verify_and_accept=verify, has=lambda role: role == "verify_and_accept")


def test_the_driver_and_the_reference_script_the_same_model(driver: Any) -> None:
    """Every row of the scripted logits has its maximum where the reference says."""
    target = trees.target(rng(0, "same"), 50)
    tokens = rng(0, "tokens").integers(50, size=20).tolist()
    best = driver.ScriptedModel(target).forward(tokens).argmax(-1)
    assert best.tolist() == [reference.next_token(target, tokens[: i + 1]) for i in range(20)]


def test_the_next_token_depends_on_every_token_and_on_their_order() -> None:
    """Changing or swapping any two tokens of a prefix gives other answers nearly always."""
    target, tokens = trees.target(rng(0, "order"), 10**6), list(range(9))
    prefixes = [tokens] + [[*tokens[:i], 77, *tokens[i + 1 :]] for i in range(9)]
    prefixes += [[*tokens[:i], tokens[i + 1], tokens[i], *tokens[i + 2 :]] for i in range(8)]
    assert len({reference.next_token(target, prefix) for prefix in prefixes}) == len(prefixes)


def test_every_form_of_a_mask_means_the_same(model: Any) -> None:
    """Boolean, its opposite, additive, with axes for batch and heads, rows of the tree alone."""
    tokens, allowed = np.arange(8), reference.tree_mask(3, [-1, -1, 0, 1, 3])
    expected = model.forward(tokens, allowed)
    blocked = np.where(allowed, 0.0, -np.inf)
    forms = [~allowed, blocked, np.where(allowed, 0, -1e4).astype(np.float32), blocked[None, None]]
    for mask in [*forms, allowed.tolist(), allowed.astype(int), allowed[3:], blocked[3:]]:
        assert np.array_equal(model.forward(tokens, mask), expected)
        assert np.array_equal(model.forward(tokens=tokens, attention_mask=mask), expected)


@pytest.mark.parametrize("high", [np.inf, 1e9])
def test_an_additive_mask_of_the_wrong_sign_is_wrong(model: Any, high: float) -> None:
    """A large positive number hides nothing; it is not read as True."""
    tokens, allowed = np.arange(8), reference.tree_mask(3, [-1, -1, 0, 1, 3])
    expected = model.forward(tokens, allowed)
    assert not np.array_equal(model.forward(tokens, np.where(allowed, 0.0, high)), expected)


def test_without_a_mask_the_model_is_causal(model: Any) -> None:
    """None and the lower triangle give the same, for one sequence and for a batch."""
    tokens = np.arange(6)
    assert np.array_equal(model(tokens), model(tokens, np.tri(6, dtype=bool)))
    assert np.array_equal(model(tokens[None], None)[0], model(tokens))


def test_positions_must_count_along_the_path(model: Any) -> None:
    """Positions by depth leave the answer as it is; flat ones change it where the tree branches."""
    allowed = reference.tree_mask(2, [-1, -1, 1])
    plain = model.forward(np.arange(5), allowed)
    assert np.array_equal(model.forward(np.arange(5), allowed, np.array([0, 1, 2, 2, 3])), plain)
    flat = model.forward(np.arange(5), allowed, positions=np.arange(5))
    assert np.array_equal(flat[:3], plain[:3]) and not np.array_equal(flat[3:], plain[3:])


def test_the_mask_is_the_closure_of_the_parents() -> None:
    """Powers of the parent matrix reach exactly the admitted nodes."""
    parents = [-1, -1, 0, 1, 3, 2, 5, -1, 4]
    step = np.zeros((9, 9), dtype=int)
    for node, parent in enumerate(parents):
        if parent >= 0:
            step[node, parent] = 1
    reached = sum(np.linalg.matrix_power(step, k) for k in range(9)) > 0
    mask = reference.tree_mask(4, parents)
    assert np.array_equal(mask[4:, 4:], reached) and mask[4:, :4].all()
    assert np.array_equal(mask[:4, :4], np.tri(4, dtype=bool)) and not mask[:4, 4:].any()


def test_the_matching_depth_is_what_decoding_walks() -> None:
    """Walking down with one greedy token at a time ends where the reference says."""
    for call in cases.random_trees(5):
        nodes, depth = {-1}, 0
        for token in reference.greedy(call, call["prompt"], 30):
            pairs = enumerate(zip(call["parents"], call["tokens"], strict=True))
            nodes = {i for i, (p, t) in pairs if p in nodes and t == token}
            if not nodes:
                break
            depth += 1
        assert depth == reference.matching_depth(call)


@pytest.mark.parametrize("seed", range(5))
def test_a_trap_catches_acceptance_in_order(seed: int) -> None:
    """Judging by the row before, and by the parent's row, both leave the greedy continuation."""
    draft = trees.drafts(seed, "trap", 50)
    assert trees.trapped(draft, (1, 2, 3))
    rows = {"before": lambda i: i - 1, "parent": lambda i: draft.parents[i]}
    for row in rows.values():
        made: list[int] = []
        for i, token in enumerate(draft.tokens):
            made.append(draft.best(row(i)))
            if made[-1] != token:
                break
        assert made != draft.truth[: len(made)]


def test_no_side_branch_over_a_thousand_tokens_tempts() -> None:
    """There, every true token stands on the true path, so that position alone cannot go wrong."""
    call = loops.loop(3, "thousand", 1000)
    truth = reference.greedy(call, call["prompt"], loops.COUNT + loops.LOOKAHEAD)
    for at, (tokens, parents) in enumerate(call["trees"]):
        ahead = truth[at : at + loops.LOOKAHEAD]
        for node in range(len(tokens)):
            drafted = [tokens[i] for i in reference.path(parents, node)]
            assert drafted == ahead[: len(drafted)] or drafted[-1] not in ahead


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([3, 4, 5], ([3, 4, 5], None)),
        (np.array([[3, 4]]), ([3, 4], None)),
        ((3, 4), ([3, 4], None)),
        (([3, 4], 5), ([3, 4], 5)),
        (([3, 4], np.array([5])), ([3, 4], 5)),
        ((np.array([], dtype=int), np.int64(5)), ([], 5)),
        (([3, 4], None), ([3, 4], None)),
        (([3, 4], [0, 2], 5), ([3, 4], 5)),
        ({"accepted_tokens": [3], "bonus_token": 5, "n": 1}, ([3], 5)),
        ({"path": [0, 1], "tokens": [3, 4]}, ([3, 4], None)),
        (Pair([3], 5), ([3], 5)),
        (SimpleNamespace(accepted=[3], new_token=5), ([3], 5)),
        (np.int64(5), ([5], None)),
        ([3.0, 4.0], ([3, 4], None)),
    ],
)
def test_results_of_many_shapes_are_read(driver: Any, made: Any, expected: Any) -> None:
    """Lists, pairs, triples, mappings, objects: accepted tokens, and the bonus if it is apart."""
    assert driver.parts(made) == expected


def test_what_is_not_a_list_of_tokens_is_refused(driver: Any) -> None:
    """Strings, booleans and fractions are no tokens."""
    for made in ("abc", [True, False], [0.5], [None]):
        with pytest.raises(TypeError, match="not a list of tokens"):
            driver.parts(made)


def test_only_new_tokens_count_and_each_of_them_once(driver: Any) -> None:
    """A bonus that is in the list too, and a prompt before it, are told by a rejected root."""

    def verify(prompt_tokens, tree_tokens, tree_parents, target_model, temperature):
        best = target_model.forward(prompt_tokens + tree_tokens)[len(prompt_tokens) - 1].argmax()
        return [int(best)], int(best)

    call = cases.crafted(0, (crafted.one_wrong_root,))[0]
    assert len(driver.drive(entry_of(verify), call)["new"]) == 1
    apart = entry_of(lambda **given: ([], verify(**given)[1]))
    assert len(driver.drive(apart, call)["new"]) == 1
    whole = entry_of(lambda **given: given["prompt_tokens"] + verify(**given)[0])
    assert len(driver.drive(whole, call)["new"]) == 1


def test_an_output_that_needs_arrays_is_given_arrays(driver: Any) -> None:
    """Lists come first; where they raise AttributeError or TypeError, integer arrays follow."""

    def verify(prompt_tokens, tree_tokens, tree_parents, target_model, temperature):
        return target_model.forward(prompt_tokens)[prompt_tokens.shape[0] - 1].argmax()

    call = cases.crafted(0, (crafted.empty,))[0]
    assert len(driver.drive(entry_of(verify), call)["new"]) == 1


HONEST = (FOLDER / "honest" / "walk.py").read_text()
VERIFIER = """
class Verifier:
    def __init__(self, model, temperature=0.0):
        self.model = model

    def verify(self, prompt_tokens, draft_tokens, parents):
        return verify_and_accept(prompt_tokens, draft_tokens, parents, self.model)
"""
TREE = """
class TokenTree:
    def __init__(self):
        self.tokens, self.parents = [], []

    def add_node(self, parent, token):
        self.tokens.append(token)
        self.parents.append(parent)


walk = verify_and_accept


def verify_and_accept(prompt_tokens, tree, target_model):
    return walk(prompt_tokens, tree.tokens, tree.parents, target_model)
"""
NODES = """
class TreeNode:
    def __init__(self, token_id, parent_idx=-1):
        self.token_id, self.parent_idx = token_id, parent_idx


walk = verify_and_accept


def verify(tree, tokens, model):
    return walk(tokens, [n.token_id for n in tree], [n.parent_idx for n in tree], model)
"""
TYPED = """
from typing import TypedDict


class Node(TypedDict):
    token: int
    parent: int


walk = verify_and_accept


def verify(*, prompt, tree, model):
    return walk(prompt, [n["token"] for n in tree], [n["parent"] for n in tree], model)
"""
LINKED = """
from typing import Optional


class TreeNode:
    def __init__(self, token_id: int, parent: Optional["TreeNode"] = None):
        self.token_id, self.parent = token_id, parent


walk = verify_and_accept


def verify(prompt, nodes, model):
    places = {id(node): i for i, node in enumerate(nodes)}
    parents = [-1 if n.parent is None else places[id(n.parent)] for n in nodes]
    yield from walk(prompt, [n.token_id for n in nodes], parents, model)
"""
NESTED = """
class Node:
    def __init__(self, token, children=None):
        self.token, self.children = token, children or []


def flat(nodes, parent, tokens, parents):
    for node in nodes:
        tokens.append(node.token)
        parents.append(parent)
        flat(node.children, len(tokens) - 1, tokens, parents)
    return tokens, parents


walk = verify_and_accept


def verify_draft(prompt, draft, target):
    return walk(prompt, *flat(draft, -1, [], []), target)
"""


@pytest.mark.parametrize("source", [VERIFIER, TREE, NODES, TYPED, LINKED, NESTED])
def test_the_adapter_maps_objects_to_the_roles(driver: Any, source: str) -> None:
    """A right output with a verifier object, or with a tree object, passes through the adapter."""
    module = ModuleType("output")
    exec(HONEST + source, module.__dict__)
    roles = adapter_of(FOLDER, "any_verifier")["entry"](module, None)
    entry = SimpleNamespace(**roles, has=roles.__contains__)
    for case in kernel_tests.cases(4):
        if case.check in ("longest_path_accepted", "tree_mask_exact"):
            got = [driver.drive(entry, dict(call)) for call in case.calls]
            assert all(finding.ok for finding in kernel_tests.check(case, got))


def test_a_bonus_is_not_needed_for_a_verdict() -> None:
    """Accepted tokens alone pass the deciding checks, and are seen in `economy`."""
    case = next(c for c in kernel_tests.cases(2) if c.check == "longest_path_accepted")
    got = [
        {"new": reference.greedy(call, call["prompt"], reference.matching_depth(call))}
        for call in case.calls
    ]
    assert all(finding.ok for finding in kernel_tests.check(case, got))
    assert not kernel_tests.one_more(case.calls[0], got[0])[0].ok


@pytest.mark.parametrize(
    "new", [None, "ab", [1.5], [True], [[1]], np.zeros(3), [2**70] * 3, [0] * 1001]
)
def test_hostile_results_fail_and_do_not_raise(new: Any) -> None:
    """Whatever comes back, each check answers with findings of which one fails."""
    for case in kernel_tests.cases(0):
        got = [
            dict.fromkeys(("new", "mask", "after", "tree", "alone", "passes"), new) | {"greedy": 1}
            for _ in case.calls
        ]
        findings = kernel_tests.check(case, got)
        assert findings and not all(finding.ok for finding in findings), case.id


SMALL = """
import numpy as np

def build_tree_mask(prompt_len, tree_parents):
    mask = np.tri(prompt_len + len(tree_parents), dtype=bool)
    mask[prompt_len:, prompt_len:] = False
    for node, parent in enumerate(tree_parents):
        row = prompt_len + node
        mask[row] |= mask[prompt_len + parent] if parent >= 0 else False
        mask[row, row] = True
    return mask

class Bag:
    def __init__(self, vocab=VOCABULARY):
        r = np.random.default_rng(0)
        self.e, self.w = r.normal(size=(vocab, 8)), r.normal(size=(8, vocab))
    def forward(self, tokens, mask):
        seen = np.asarray(mask, dtype=float) @ self.e[np.asarray(tokens)]
        return np.sin(seen + self.e[np.asarray(tokens)]) @ self.w

def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):
    mask = build_tree_mask(len(prompt_tokens), tree_parents)
    best = target_model.forward([*prompt_tokens, *tree_tokens], mask).argmax(-1).tolist()
    best, new, at = best[len(prompt_tokens) - 1:], [], -1
    while True:
        new.append(best[at + 1])
        at = next((i for i, (t, p) in enumerate(zip(tree_tokens, tree_parents))
                   if p == at and t == new[-1]), None)
        if at is None:
            return new
"""


@pytest.mark.parametrize("vocabulary", [4, 7, 11, 48])
def test_an_own_model_of_any_vocabulary_can_be_asked(driver: Any, vocabulary: int) -> None:
    """No token is asked about that it does not have, and a right output's model is found right."""
    module = ModuleType("foreign")
    exec(SMALL.replace("VOCABULARY", str(vocabulary)), module.__dict__)
    entry = SimpleNamespace(
        module=module,
        has=lambda role: role != "speculative_generate",
        verify_and_accept=module.verify_and_accept,
        build_tree_mask=module.build_tree_mask,
    )
    own = [case for case in cases.cases(0) if case.check.startswith("own_model_")]
    assert len(own) == 3
    for case in own:
        got = [driver.drive(entry, dict(call)) for call in case.calls]
        assert all(finding.ok for finding in kernel_tests.check(case, got)), case.check
