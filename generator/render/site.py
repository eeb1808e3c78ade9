"""Results, seen as the pages need them: cells, grades by run, pairs of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from generator.data import (
    Challenge,
    Contradiction,
    Duel,
    Evidence,
    Grade,
    MeasuredRun,
    Model,
    Provenance,
    Ranking,
    Results,
    Run,
    Verdict,
)
from generator.render.verdicts import SENTENCES

PUBLISHED, EVIDENCE = "published", "evidence"
NAMED = 3


@dataclass(frozen=True)
class Cell:
    """One model on one challenge, as the matrix shows it.

    entered: whether there is a folder or a published letter; verdict is None where there is no
    record. provenance: one or two words, never left out of what is shown.
    """

    model: Model
    challenge: Challenge
    run: Run | None
    published: Grade | None
    graded: Grade | None
    evidence: Evidence | None
    standing: str
    contradiction: Contradiction | None
    measured: MeasuredRun | None

    @property
    def entered(self) -> bool:
        """Whether the model has anything to do with the challenge."""
        return self.run is not None or self.published is not None

    @property
    def key(self) -> str:
        """`model/challenge`."""
        return f"{self.model.slug}/{self.challenge.slug}"

    @property
    def letter(self) -> str | None:
        """The published letter."""
        return self.published.letter if self.published else None

    @property
    def verdict(self) -> Verdict | None:
        """What the tests say."""
        return self.evidence.verdict if self.evidence else None

    @property
    def passes(self) -> bool:
        """Whether the output passes everything that decides."""
        return self.verdict is Verdict.PASSED

    @property
    def fails(self) -> bool:
        """Whether the outcome counts against the output."""
        return self.verdict is not None and self.verdict.failed

    @property
    def was_run(self) -> bool:
        """Whether there is an outcome that speaks for or against the output."""
        return self.passes or self.fails

    @property
    def provenance(self) -> str:
        """Whose output was run."""
        return provenance(self.model)

    @property
    def state(self) -> str:
        """Whether the record is current, and where it was made if not on a plain machine."""
        if self.evidence is None:
            return "no record"
        device = self.evidence.extra.get("device")
        name = device.get("name", "") if isinstance(device, dict) else device or ""
        made = f"recorded on {name}" if name else "recorded"
        return made if self.standing == "current" else f"{made}, stale"

    @property
    def reason(self) -> str:
        """One sentence on the cell."""
        if not self.entered:
            return f"{self.model.name} never entered {self.challenge.title}."
        graded = f"published {self.letter}" if self.letter else "not graded when published"
        measured = f" Measured on the original: {self.original}." if self.original else ""
        return f"{self.model.name}, {self.challenge.title}: {graded}; {self.tested}{measured}"

    @property
    def tested(self) -> str:
        """What the tests say, in words that name whose output they are about."""
        subject = "the stand-in" if self.model.provenance is Provenance.STAND_IN else "the output"
        if self.run is None:
            return "no output is stored here."
        if self.evidence is None:
            return f"{subject} has no record of a run yet."
        return f"{subject} {SENTENCES[self.evidence.verdict]} ({self.brief})."

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that count against the output, deciding or not."""
        checks = self.evidence.checks if self.evidence else {}
        return tuple(name for name, result in checks.items() if result.verdict.failed)

    @property
    def brief(self) -> str:
        """The record's summary, with a long list of failed checks cut short."""
        if self.evidence is None:
            return "no record of a run"
        if len(self.failed) <= NAMED:
            return self.evidence.summary
        checks = self.evidence.checks.values()
        testable = sum(result.verdict is not Verdict.NOT_TESTABLE for result in checks)
        passed = sum(result.verdict is Verdict.PASSED for result in checks)
        named = ", ".join(self.failed[:NAMED])
        more = len(self.failed) - NAMED
        return f"{passed} of {testable} checks passed; failed: {named} and {more} more"

    @property
    def original(self) -> str:
        """What was measured on the original output, in a few words; empty where nothing was."""
        found = self.measured
        if found is None:
            return ""
        if found.compiles_as_stored is False:
            return "does not compile"
        if found.checks_failed:
            total = found.checks_failed + (found.checks_passed or 0)
            return f"fails {found.checks_failed} of {total}"
        return {True: "right", False: "wrong", None: ""}[found.right]


def provenance(model: Model) -> str:
    """The provenance of a model's files in a word or two."""
    return {"stand-in": "stand-in", "original": "original"}.get(model.provenance, "origin unstated")


@dataclass(frozen=True)
class Site:
    """Results with what several pages look up in them."""

    results: Results

    @property
    def challenges(self) -> list[Challenge]:
        """In display order."""
        return list(self.results.corpus.challenges.values())

    @cached_property
    def models(self) -> list[Model]:
        """In the published order, then those it does not know by name."""
        grades = self.results.published.grades
        known = grades.ranking if grades else ()
        order = {str(row["model"]): n for n, row in enumerate(known)}
        models = self.results.corpus.models.values()
        return sorted(models, key=lambda m: (order.get(m.slug, len(order)), m.slug))

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Every cell of the matrix, by `model/challenge`."""
        return {
            f"{m.slug}/{c.slug}": self._cell(m, c) for c in self.challenges for m in self.models
        }

    def _cell(self, model: Model, challenge: Challenge) -> Cell:
        key = f"{model.slug}/{challenge.slug}"
        return Cell(
            model=model,
            challenge=challenge,
            run=self.results.corpus.runs.get(key),
            published=self.grade(PUBLISHED, key),
            graded=self.grade(EVIDENCE, key),
            evidence=self.results.evidence.get(key),
            standing=self.results.standings.get(key, "missing"),
            contradiction=self._contradictions.get(key),
            measured=measured.runs.get(key) if (measured := self.results.published.measured) else None,
        )

    @cached_property
    def _contradictions(self) -> dict[str, Contradiction]:
        return {f"{c.model}/{c.challenge}": c for c in self.results.contradictions}

    def cell(self, model: str, challenge: str) -> Cell:
        """One cell."""
        return self.cells[f"{model}/{challenge}"]

    def row(self, challenge: str) -> list[Cell]:
        """The cells of a challenge, in order of models."""
        return [self.cell(model.slug, challenge) for model in self.models]

    def column(self, model: str) -> list[Cell]:
        """The cells of a model, in order of challenges."""
        return [self.cell(model, challenge.slug) for challenge in self.challenges]

    def grade(self, grader: str, key: str) -> Grade | None:
        """One grader's grade of a run."""
        return self.results.grades.get(grader, {}).get(key)

    @property
    def graders(self) -> list[str]:
        """The graders that graded anything, the published one first."""
        return sorted(
            (g for g, found in self.results.grades.items() if found), key=lambda g: g != PUBLISHED
        )

    def ranking(self, grader: str) -> Ranking | None:
        """One grader's ranking, if it places anybody."""
        found = self.results.rankings.get(grader)
        return found if found and found.places else None

    @cached_property
    def pairs(self) -> list[tuple[Model, Model]]:
        """Every two models, in order."""
        return list(combinations(self.models, 2))

    def duels(self, grader: str, a: str, b: str) -> dict[str, Duel]:
        """The duels of two models by one grader, by challenge."""
        found = self.results.duels.get(grader, ())
        return {duel.challenge: duel for duel in found if {duel.a, duel.b} == {a, b}}

    def runs(self) -> Iterator[Cell]:
        """The cells with a stored run."""
        return (cell for cell in self.cells.values() if cell.run is not None)

    @cached_property
    def stand_ins(self) -> bool:
        """Whether any model folder holds stand-ins."""
        return any(m.provenance is Provenance.STAND_IN for m in self.models)
