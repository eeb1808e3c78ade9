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
    Grade,
    Model,
    Provenance,
    Ranking,
    Results,
    Told,
)
from generator.graders import EVIDENCE, PUBLISHED
from generator.render.cells import Cell


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

    @property
    def graded(self) -> list[Model]:
        """The models that were graded when published."""
        grades = self.results.grades.get(PUBLISHED, {}).values()
        known = {grade.model for grade in grades if grade.letter}
        return [model for model in self.models if model.slug in known]

    @property
    def letters(self) -> int:
        """How many letters were published for cells of the matrix."""
        return sum(cell.letter is not None for cell in self.cells.values())

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
            measured=measured.runs.get(key)
            if (measured := self.results.published.measured)
            else None,
        )

    @cached_property
    def _contradictions(self) -> dict[str, Contradiction]:
        return {c.key: c for c in self.results.contradictions}

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

    def told(self, kind: str, subject: str) -> list[Told]:
        """The texts of judges on a challenge or a model."""
        return [t for t in self.results.told if (t.kind, t.subject) == (kind, subject)]

    def ranking(self, grader: str) -> Ranking | None:
        """One grader's ranking, if it places anybody."""
        found = self.results.rankings.get(grader)
        return found if found and found.places else None

    @cached_property
    def pairs(self) -> list[tuple[Model, Model]]:
        """The models that are compared two at a time, in order."""
        compared = {frozenset(pair) for pair in self.results.pairs}
        every = combinations(self.models, 2)
        return [(a, b) for a, b in every if frozenset((a.slug, b.slug)) in compared]

    @property
    def crowded(self) -> bool:
        """Whether there are too many models to compare every two, or to say much of those pairs."""
        return 2 * len(self.pairs) < len(self.models) * (len(self.models) - 1)

    @cached_property
    def rivals(self) -> dict[str, list[tuple[Model, Model]]]:
        """The pairs of each model, by its slug."""
        found: dict[str, list[tuple[Model, Model]]] = {model.slug: [] for model in self.models}
        for a, b in self.pairs:
            found[a.slug].append((a, b))
            found[b.slug].append((a, b))
        return found

    def fought(self, grader: str, challenge: str) -> list[Duel]:
        """The duels of a challenge by one grader."""
        return self._fought.get((grader, challenge), [])

    @cached_property
    def _fought(self) -> dict[tuple[str, str], list[Duel]]:
        found: dict[tuple[str, str], list[Duel]] = {}
        for grader, duels in self.results.duels.items():
            for duel in duels:
                found.setdefault((grader, duel.challenge), []).append(duel)
        return found

    def duels(self, grader: str, a: str, b: str) -> dict[str, Duel]:
        """The duels of two models by one grader, by challenge."""
        return self._duels.get((grader, frozenset((a, b))), {})

    @cached_property
    def _duels(self) -> dict[tuple[str, frozenset[str]], dict[str, Duel]]:
        found: dict[tuple[str, frozenset[str]], dict[str, Duel]] = {}
        for grader, duels in self.results.duels.items():
            for duel in duels:
                pair = (grader, frozenset((duel.a, duel.b)))
                found.setdefault(pair, {})[duel.challenge] = duel
        return found

    @cached_property
    def telling(self) -> list[Cell]:
        """Cells that show why grades need tests, the plainest first, one a challenge.

        A letter of A- or better for an original that was measured to be wrong, or a contradiction.
        What does not compile comes first, then what fails here too, then the better letter.
        """
        cells = [c for c in self.cells.values() if c.letter and (c.misjudged or c.contradiction)]
        cells.sort(
            key=lambda c: (not c.uncompiled, not (c.misjudged and c.fails), -c.points, c.key)
        )
        first: dict[str, Cell] = {}
        for cell in cells:
            first.setdefault(cell.challenge.slug, cell)
        return list(first.values())

    def runs(self) -> Iterator[Cell]:
        """The cells with a stored run."""
        return (cell for cell in self.cells.values() if cell.run is not None)

    @cached_property
    def stand_ins(self) -> bool:
        """Whether any model folder holds stand-ins."""
        return any(m.provenance is Provenance.STAND_IN for m in self.models)
