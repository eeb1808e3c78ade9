"""Tests for the tree structure and its mask."""

import numpy as np

from tree import DraftTree, build_tree_mask, compute_depths, get_ancestors


def test_depths():
    assert compute_depths([-1, 0, 1]) == [0, 1, 2]
    assert compute_depths([-1, -1, 0, 1, 1, 3]) == [0, 0, 1, 1, 1, 2]


def test_parent_must_precede():
    try:
        compute_depths([1, -1])
    except ValueError:
        return
    raise AssertionError("expected ValueError")


def test_ancestors():
    assert get_ancestors([-1, 0, 0, 1, 3], 4) == [3, 1, 0]


def test_chain():
    assert DraftTree.chain([5, 6, 7]).parents == [-1, 0, 1]


def test_mask_chain_is_causal():
    assert np.array_equal(build_tree_mask(3, [-1, 0, 1]), np.tri(6, dtype=bool))


def test_mask_siblings_isolated():
    mask = build_tree_mask(2, [-1, -1, 0, 1])
    assert not mask[3, 2] and not mask[5, 2] and not mask[4, 3]
    assert mask[4, 2] and mask[5, 3] and mask[:, 0].all()


def test_mask_only_prompt():
    assert np.array_equal(build_tree_mask(4, []), np.tri(4, dtype=bool))


def run_all():
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        test()
        print(f"PASS {test.__name__}")
    print(f"{len(tests)} passed")


if __name__ == "__main__":
    run_all()
