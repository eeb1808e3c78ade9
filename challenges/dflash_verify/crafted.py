"""Small trees by hand: each puts tokens where one mistake shows.

In the descriptions a, b, c ... are the true tokens in order, x, y, z wrong ones.
"""

from __future__ import annotations

from challenges.dflash_verify.trees import Draft, trapped


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
    """[a, b, b, d] with parents [-1, -1, 0, 1]: the second root is what follows the first."""
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
