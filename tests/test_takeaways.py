"""Takeaways say what the records say: whose files were run, and everybody who comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.data import Corpus, Evidence, Grade, Model, Verdict
from generator.takeaways import takeaways
from tests.render.samples import challenge, evidence

VERDICTS = {"a/one": Verdict.WRONG, "b/one": Verdict.PASSED}


def corpus(**provenance: str) -> Corpus:
    """Two challenges, and a model for each name, whose files come from where it says."""
    return Corpus(
        root=Path(),
        challenges={slug: challenge(slug) for slug in ("one", "two")},
        models={
            slug: Model.model_validate({"slug": slug, "name": slug.upper(), "provenance": kind})
            for slug, kind in provenance.items()
        },
        runs={},
    )


def graded(letters: dict[str, str]) -> dict[str, Grade]:
    """Published grades, by `model/challenge`."""
    return {
        key: Grade.model_validate(
            {
                "grader": "published",
                "kind": "imported",
                "model": key.split("/")[0],
                "challenge": key.split("/")[1],
                "letter": letter,
            }
        )
        for key, letter in letters.items()
    }


def texts(found: Corpus, letters: dict[str, str]) -> str:
    """Every takeaway's text, a line each."""
    ran: dict[str, Evidence] = {
        key: evidence(*key.split("/"), verdict=verdict, text="a text")
        for key, verdict in VERDICTS.items()
    }
    return "\n".join(takeaway.text for takeaway in takeaways(found, graded(letters), ran))


BOTH = {"a/one": "A", "a/two": "B", "b/one": "A-", "b/two": "B"}


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        ("stand-in", "Of the stand-ins, run here, of 2 outputs published at A- or better"),
        ("original", "Of the original files, run here, of 2 outputs published at A- or better"),
        (
            "unstated",
            "Of the files of unstated origin, run here, for 2 outputs published at A- or better",
        ),
    ],
)
def test_the_tests_takeaway_says_whose_files_were_run(provenance: str, said: str) -> None:
    """A stand-in's failure is never told as that of the output that was graded."""
    found = texts(corpus(a=provenance, b=provenance), BOTH)
    assert f"{said}, 1 failed at least one check" in found


def test_stand_ins_and_originals_are_counted_apart() -> None:
    """A failing stand-in is no part of the sentence on originals."""
    found = texts(corpus(a="stand-in", b="original"), BOTH)
    assert "the stand-ins, run here, of 1 output published at A- or better, 1" in found
    assert "the original files, run here, of 1 output published at A- or better, 0" in found


def test_all_who_come_first_are_named() -> None:
    """A tie is told as a tie, in every takeaway that names somebody."""
    found = texts(corpus(a="original", b="original"), BOTH)
    assert "A and B have the highest floor" in found and "their means are 3.50 and 3.35" in found
    even = texts(corpus(a="original", b="original"), BOTH | {"b/one": "A", "b/two": "B"})
    assert "A and B are graded most evenly" in even
    assert "One and Two separate the field most" in even


def test_one_who_comes_first_is_named_alone() -> None:
    """Without a tie there is one name, in the singular."""
    found = texts(corpus(a="original", b="original"), BOTH | {"b/two": "B+"})
    assert "B has the highest floor: no published grade of it is below 3.3" in found
    assert "B is graded most evenly: its" in found
