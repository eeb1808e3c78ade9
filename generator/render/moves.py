"""How a model's grades moved: from one published round to the next, and from its predecessor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from generator.data import POINTS, Letter, Model, PublishedScores
from generator.graders import EVIDENCE
from generator.letters import letter_of
from generator.render import panels
from generator.render.cells import Cell
from generator.render.panels import Given
from generator.render.site import Site


@dataclass(frozen=True)
class Step:
    """One round: who graded when, what each challenge was given, and the model's place.

    joined: whether it is about the same files as the step before it.
    """

    name: str
    by: str
    given: Mapping[str, Given]
    place: str
    joined: bool = True


def steps(site: Site, model: Model) -> list[Step]:
    """The rounds that a model took part in, in order of time; the tests of this site come last."""
    cells = [cell for cell in site.column(model.slug) if cell.entered]
    found = [*scored(site.results.published.scores, model.slug), *published(site, model, cells)]
    tested = {
        cell.challenge.slug: Given(cell.graded.letter, cell.graded.letter, mark(cell))
        for cell in cells
        if cell.graded and cell.graded.letter
    }
    if found and tested:
        place = rank(site, EVIDENCE, model.slug)
        found.append(
            Step("tests", f"this site, of the {cells[0].provenance}", tested, place, False)
        )
    return found


def scored(scores: PublishedScores | None, model: str) -> list[Step]:
    """The rounds of the earlier judge that a model took part in."""
    found = []
    for number in sorted({score.round for score in scores.scores} if scores else ()):
        assert scores is not None
        own: dict[str, dict[str, int]] = {}
        for score in scores.scores:
            if score.round == number:
                own.setdefault(score.model, {})[score.challenge] = score.score
        if model in own:
            given = {c: Given(str(s), letter_of(s)) for c, s in own[model].items()}
            means = {name: mean(of.values()) for name, of in own.items()}
            place = 1 + sum(other > means[model] for other in means.values())
            by = f"{scores.judge}, {scores.date}"
            found.append(Step(f"round {number}", by, given, f"{place} of {len(means)}"))
    return found


def published(site: Site, model: Model, cells: Sequence[Cell]) -> list[Step]:
    """The published grades as a step, if there are any of the model."""
    given = {cell.challenge.slug: found for cell in cells if (found := letter(cell))}
    source = site.results.published.grades
    if not given or source is None:
        return []
    printed = [row["rank"] for row in source.ranking if row["model"] == model.slug]
    place = f"{printed[0]} of {len(source.ranking)} as printed" if printed else "not placed"
    return [Step("published", f"{source.judge}, {source.date}", given, place)]


def rank(site: Site, grader: str, model: str) -> str:
    """A model's ranks by a grader."""
    ranking = site.ranking(grader)
    places = {p.model: p for p in ranking.places} if ranking else {}
    place = places.get(model)
    if place is None or place.best_rank is None:
        return "unranked"
    ranked = sum(p.best_rank is not None for p in places.values())
    if place.best_rank == place.worst_rank:
        return f"{place.best_rank} of {ranked}"
    return f"{place.best_rank} to {place.worst_rank} of {ranked}"


def mark(cell: Cell) -> str:
    """How the tests' verdict is drawn."""
    return "passes" if cell.passes else "fails" if cell.fails else "open"


@dataclass(frozen=True)
class Succession:
    """A model and its successor, on the challenges that both entered."""

    old: Model
    new: Model
    pairs: tuple[tuple[Cell, Cell], ...]

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """How many grades went up, went down and stayed, by grader."""
        return {
            "published grades": Counter(change(a.letter, b.letter) for a, b in self.pairs),
            "grades by evidence": Counter(change(tested(a), tested(b)) for a, b in self.pairs),
        }

    @property
    def chart(self) -> dict[str, Any]:
        """Published letters of the two, a panel for each challenge."""
        return panels.chart([
            (a.challenge.title, [(c.model.name, letter(c, mark(c)), True) for c in (a, b)])
            for a, b in self.pairs
        ])  # fmt: skip


def successions(site: Site, model: Model) -> list[Succession]:
    """From the model's predecessor to it, and from it to each that names it so."""
    models = site.results.corpus.models
    links = [(models[m.succeeds], m) for m in site.models if m.succeeds in models]
    found = [Succession(a, b, both(site, a, b)) for a, b in links if model in (a, b)]
    return [succession for succession in found if succession.pairs]


def both(site: Site, a: Model, b: Model) -> tuple[tuple[Cell, Cell], ...]:
    """The cells of the challenges that two models both entered."""
    cells = ((site.cell(a.slug, c.slug), site.cell(b.slug, c.slug)) for c in site.challenges)
    return tuple((one, other) for one, other in cells if one.entered and other.entered)


def letter(cell: Cell, drawn: str = "plain") -> Given | None:
    """The published letter of a cell."""
    given = cell.published.letter if cell.published else None
    return Given(given, given, drawn) if given else None


def tested(cell: Cell) -> Letter | None:
    """The letter by evidence."""
    return cell.graded.letter if cell.graded else None


def change(old: Letter | None, new: Letter | None) -> str:
    """`up`, `down`, `equal`, or nothing where a letter is missing."""
    if not old or not new:
        return ""
    difference = POINTS[new] - POINTS[old]
    return "equal" if not difference else "up" if difference > 0 else "down"
