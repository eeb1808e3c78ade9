"""The page of downloads and the files it offers: tables as CSV and JSON, schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.data import (
    POINTS,
    Contradiction,
    Duel,
    Evidence,
    Grade,
    ProbeOutcome,
    PublishedGrades,
    Ranking,
    Record,
    Round,
)
from generator.render import paths
from generator.render.cells import Cell
from generator.render.failures import failed_checks
from generator.render.formats import Row, as_csv, as_json
from generator.render.package import package
from generator.render.pages.common import Page, page
from generator.render.site import Site
from generator.worst import worst

SCHEMAS: dict[str, type[Record]] = {
    "contradiction": Contradiction,
    "duel": Duel,
    "evidence": Evidence,
    "grade": Grade,
    "published-grades": PublishedGrades,
    "ranking": Ranking,
    "round": Round,
}


def pages(site: Site) -> Iterator[Page]:
    """The page and every file."""
    tables = {name: list(rows) for name, rows in tables_of(site).items()}
    head = ("Data", "Everything on this site as CSV and JSON, with JSON Schemas.")
    yield page(site, "data.md.j2", paths.DATA, head, tables=tables, schemas=SCHEMAS, says=SAYS)
    for name, rows in tables.items():
        yield Page(f"data/{name}.json", as_json(rows))
        yield Page(f"data/{name}.csv", as_csv(rows))
    yield Page("data/datapackage.json", as_json(package(tables, SAYS)))
    yield Page("data/rankings.json", as_json(rankings(site)))
    for name, kind in SCHEMAS.items():
        yield Page(f"data/schema/{name}.json", as_json(kind.model_json_schema()))


SAYS = {
    "runs": "One row per run: provenance, published letter, verdict, state of the record, seed.",
    "checks": "One row per run and check: verdict, cases, worst error and its bound.",
    "grades": "One row per grader and run: letter, grade points, reason.",
    "duels": "One row per grader, challenge and pair: winner and margin.",
    "rounds": "One row per round of three, source and challenge: who beats both, or a cycle.",
    "contradictions": "One row per cell where tests and published letter do not go together.",
    "agreements": "One row per pair of graders: runs that both graded, alpha, distance in steps.",
    "probes": "One row per judge, planted probe, arm and expectation: letters, whether it held.",
}


def tables_of(site: Site) -> dict[str, Iterable[Row]]:
    """The tables, by name."""
    return {
        "runs": (run_row(cell) for cell in site.runs()),
        "checks": (row for cell in site.runs() for row in check_rows(cell)),
        "grades": (
            grade_row(grade)
            for g in site.graders
            for _, grade in sorted(site.results.grades[g].items())
        ),
        "duels": (d.model_dump() for _, found in sorted(site.results.duels.items()) for d in found),
        "rounds": (row for held in site.results.rounds for row in round_rows(held)),
        "contradictions": (c.model_dump() for c in site.results.contradictions),
        "agreements": (a.model_dump() for a in site.results.agreements),
        "probes": (
            probe_row(judge, outcome)
            for judge, card in sorted(site.results.cards.items())
            for outcome in card.probes
        ),
    }


def run_row(cell: Cell) -> Row:
    """A run as a row."""
    evidence = cell.evidence
    return {
        "model": cell.model.slug,
        "challenge": cell.challenge.slug,
        "provenance": cell.model.provenance.value,
        "published": cell.letter,
        "by_evidence": cell.graded.letter if cell.graded else None,
        "verdict": evidence.verdict.value if evidence else None,
        "record": cell.standing,
        "checks": len(evidence.checks) if evidence else None,
        "failed": failed_checks(cell),
        "seed": evidence.seed if evidence else None,
        "made_at": evidence.made_at if evidence else None,
    }


def check_rows(cell: Cell) -> Iterator[Row]:
    """A run's checks as rows."""
    for name, result in cell.evidence.checks.items() if cell.evidence else ():
        check = cell.challenge.checks.get(name)
        finding = worst(result)
        yield {
            "model": cell.model.slug,
            "challenge": cell.challenge.slug,
            "check": name,
            "group": check.group if check else None,
            "verdict": result.verdict.value,
            "cases": len(result.cases),
            "error": finding.error if finding else None,
            "bound": finding.bound if finding else None,
        }


def round_rows(held: Round) -> Iterator[Row]:
    """A round of three as rows; the challenge is empty for the outcome over all."""
    for by in held.decided:
        for challenge, found in {**by.challenges, "": by.overall}.items():
            yield {
                "round": held.name,
                "models": held.models,
                "source": by.source,
                "challenge": challenge,
                **found.model_dump(),
            }


def probe_row(judge: str, outcome: ProbeOutcome) -> Row:
    """What became of one expectation of a planted probe as a row."""
    row = outcome.model_dump(exclude={"expects"})
    expects = {"dimension": outcome.expects.dimension, "expected": outcome.expects.says}
    return {"judge": judge, **expects, **row}


def grade_row(grade: Grade) -> Row:
    """A grade as a row."""
    return {
        "grader": grade.grader,
        "kind": grade.kind,
        "model": grade.model,
        "challenge": grade.challenge,
        "letter": grade.letter,
        "points": POINTS[grade.letter] if grade.letter else None,
        "why": grade.why,
    }


def rankings(site: Site) -> Row:
    """Every ranking, with the points that letters count."""
    found = {g: r.model_dump() for g in site.graders if (r := site.ranking(g))}
    return {"points": POINTS, "rankings": found}
