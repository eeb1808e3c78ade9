"""Ranking: one rule, and what follows from it on the published matrix."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import t

from generator.data import Duel, Grade
from generator.judge.published import as_grades
from generator.letters import nearest_letter
from generator.published import load_published
from generator.rank import rank
from generator.rank.pairwise import cycles, davidson, duel_orders, fit
from generator.rank.uncertainty import holm, interval, sign_flip, t_quantile

ROOT = Path(__file__).resolve().parent.parent


def published() -> list[Grade]:
    """The imported grades."""
    loaded = load_published(ROOT / "docs" / "records").grades
    assert loaded
    return list(as_grades(loaded).values())


def test_the_published_matrix_gives_these_means() -> None:
    """Opus 4.7 3.75, Qwen3-6 3.68, GLM-5 3.64, with 8, 8, 8, 3, 3 and 5 grades."""
    places = {p.model: (p.points, p.challenges) for p in rank("published", published()).places}
    assert places == {
        "opus47_1m": (3.75, 8),
        "qwen36": (3.675, 8),
        "glm5": (3.6375, 8),
        "glm5.1": (2.9667, 3),
        "kimi-k2.6": (2.9, 3),
        "minimax-m2.7": (2.88, 5),
    }


def test_too_few_challenges_are_listed_and_not_ranked() -> None:
    """Three or five grades of eight give a mean and no rank."""
    ranks = {p.model: p.best_rank for p in rank("published", published()).places}
    assert [model for model, best in ranks.items() if best is None] == [
        "glm5.1", "kimi-k2.6", "minimax-m2.7",
    ]  # fmt: skip


def test_the_order_of_the_grades_does_not_matter() -> None:
    """Reversing the input changes nothing."""
    assert rank("x", published()) == rank("x", reversed(published()))


def test_no_difference_among_the_first_three_is_real() -> None:
    """After Holm's correction the published top three share ranks 1 to 3."""
    ranked = [p for p in rank("published", published()).places if p.best_rank]
    assert {(p.best_rank, p.worst_rank) for p in ranked} == {(1, 3)}


def test_two_single_steps_change_first_place() -> None:
    """No single step of one grade puts Qwen3-6 before Opus 4.7; two do."""
    changes = rank("published", published()).first_changes
    assert len(changes) == 2
    assert {change.model for change in changes} <= {"opus47_1m", "qwen36"}


def test_leaving_out_dflash_changes_first_place() -> None:
    """Without DFlash the published grades put Qwen3-6 first."""
    assert rank("published", published()).orders["without dflash_verify"][0] == "qwen36"


def test_renaming_models_renames_the_ranking_and_nothing_else() -> None:
    """The rule knows no names."""
    names = {m: f"x-{m}" for m in {g.model for g in published()}}
    renamed = [g.model_copy(update={"model": names[g.model]}) for g in published()]
    before, after = rank("p", published()), rank("p", renamed)
    assert [names[p.model] for p in before.places] == [p.model for p in after.places]
    assert [p.points for p in before.places] == [p.points for p in after.places]


def test_holm_and_sign_flip_on_known_values() -> None:
    """Holm (1979) on 0.01, 0.04, 0.03; eight equal differences flip to 2 of 256."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert sign_flip([1.0] * 8) == pytest.approx(2 / 256)
    assert sign_flip([0.0, 0.0]) == 1.0


LETTERS = st.lists(st.sampled_from([4.0, 3.7, 3.3, 3.0, 2.7, 2.0, 0.0]), max_size=8)


@given(LETTERS, LETTERS)
def test_sign_flip_is_the_count_over_all_sign_changes(a: list[float], b: list[float]) -> None:
    """Built up step by step, it is what listing every sign change gives."""
    differences = [x - y for x, y in zip(a, b, strict=False)]
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    share = sum(total >= abs(sum(differences)) - 1e-9 for total in sums) / len(sums)
    assert sign_flip(differences) == pytest.approx(share)


def test_a_hundred_challenges_are_no_obstacle() -> None:
    """Neither the exact test nor the search for changes grows with subsets of the grades."""
    made = [
        Grade(grader="g", kind="imported", model=m, challenge=f"c{n}", letter="A" if n % k else "B")
        for k, m in ((2, "a"), (3, "b"), (5, "c"))
        for n in range(100)
    ]
    found = rank("g", made)
    assert [place.model for place in found.places] == ["c", "b", "a"]
    assert found.first_changes == ()


def won(winner: str | None, a: str, b: str) -> Duel:
    """One duel."""
    return Duel(grader="g", challenge="c", a=a, b=b, winner=winner, margin="narrow")


def test_an_undefeated_model_has_a_finite_strength() -> None:
    """The ridge keeps the strongest of three finite, and in its place."""
    strengths, _, notes = davidson([won("a", "a", "b"), won("a", "a", "c"), won("b", "b", "c")])
    assert [s.model for s in strengths] == ["a", "b", "c"]
    assert not notes
    assert abs(strengths[0].strength) < 10


def test_duels_that_do_not_connect_give_no_strengths() -> None:
    """Two pairs that never met cannot be put in one order, and the note says so."""
    strengths, ties, notes = davidson([won("a", "a", "b"), won("c", "c", "d")])
    assert strengths == ()
    assert ties is None
    assert "do not connect" in notes[0]


def test_nothing_but_ties_gives_equal_strengths() -> None:
    """All-tied duels tell no model from another."""
    strengths, _, _ = davidson([won(None, "a", "b"), won(None, "b", "c"), won(None, "a", "c")])
    assert [s.strength for s in strengths] == pytest.approx([0, 0, 0], abs=1e-3)


def test_cycles_are_listed() -> None:
    """Rock, paper, scissors is one cycle, named once."""
    assert cycles([won("a", "a", "b"), won("b", "b", "c"), won("c", "c", "a")]) == (
        ("a", "b", "c"),
    )


def test_the_treatment_of_ties_can_change_the_order() -> None:
    """One win and three ties come before two wins and a loss only where ties are left out."""
    duels = [won("a", "a", "c"), *[won(None, "a", "c")] * 3]
    duels += [won("b", "b", "c"), won("b", "b", "c"), won("c", "b", "c")]
    found = duel_orders(duels, ["a", "b"])
    assert found == {"duels, a tie counts half": ("b", "a"), "duels, ties left out": ("a", "b")}


def test_student_quantiles_are_those_of_scipy() -> None:
    """The closed form, turned around, gives t.ppf(0.975, n) for odd and even n."""
    for freedom in (*range(1, 40), 199, 200):
        assert t_quantile(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=1e-12)


def test_strengths_are_at_the_top_of_the_likelihood() -> None:
    """A general optimiser, on the same penalised likelihood, finds the same log strengths."""
    fought = {(0, 1): [3, 1, 2], (1, 2): [0, 4, 1], (0, 3): [5, 0, 0], (2, 3): [1, 1, 6]}

    def loss(x: np.ndarray) -> float:
        total = 0.1 * float(x @ x)
        for (a, b), counts in fought.items():
            odds = np.array([x[a], x[b], x[4] + (x[a] + x[b]) / 2])
            total -= float(np.array(counts) @ (odds - np.logaddexp.reduce(odds)))
        return total

    found = fit(4, fought)
    assert found == pytest.approx(list(minimize(loss, np.zeros(5), tol=1e-10).x), abs=1e-4)
    assert sum(found[:4]) == pytest.approx(0)


@pytest.mark.slow
def test_intervals_cover_the_mean_in_simulation() -> None:
    """Over 4,000 draws of eight challenges, the 95 % interval covers in 93 to 97 % of them."""
    draw = np.random.default_rng(0)
    covered = 0
    for _ in range(4000):
        found = interval(list(draw.normal(3.0, 0.4, size=8)))
        assert found
        covered += found[0] <= 3.0 <= found[1]
    assert 0.93 < covered / 4000 < 0.97


def test_letters_of_means() -> None:
    """The nearest letter by points, the better of two equally near."""
    assert nearest_letter(3.75) == "A-"
    assert nearest_letter(3.85) == "A"
