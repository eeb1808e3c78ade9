"""The README's tables: what its regions are filled with, from results."""

from __future__ import annotations

from generator.render import env
from generator.render.cells import Cell
from generator.render.pages.common import names, ranks
from generator.render.site import Site

REGIONS = (
    "contradiction",
    "final-ranking",
    "grade-matrix",
    "key-takeaways",
    "models-tested",
    "challenges",
    "repository-layout",
)


def region(name: str, site: Site) -> str:
    """The content of one region, ending in a line feed."""
    return env.page(
        f"readme/{name}.md.j2",
        "index.md",
        site=site,
        names=names(site),
        ranks=ranks,
        standing=standing(site),
        tally=tally,
        best=best,
        weakest=weakest,
    )


def standing(site: Site) -> dict[str, tuple[str, str, str]]:
    """For every model its published rank, average and count of challenges, as text."""
    grades = site.results.published.grades
    rows = grades.ranking if grades else ()
    return {
        str(row["model"]): (
            str(row["rank"]),
            str(row.get("average", "")),
            str(row.get("challenges", "")),
        )
        for row in rows
    }


def tally(cells: list[Cell]) -> str:
    """How many of the outputs that were run pass, of how many."""
    run = [c for c in cells if c.was_run]
    return f"{sum(c.passes for c in run)} of {len(run)}" if run else "none run"


def best(cells: list[Cell]) -> str:
    """The best published letter, with the challenges it was given for and the tests agree on."""
    letters = sorted({c.letter for c in cells if c.letter}, key=order)
    if not letters:
        return ""
    titles = [c.challenge.title for c in cells if c.letter == letters[0]]
    return f"{letters[0]}: {', '.join(titles)}"


def weakest(cells: list[Cell]) -> str:
    """The challenges on which the tests fail."""
    failed = [c.challenge.title for c in cells if c.fails]
    return ", ".join(failed)


def order(letter: str) -> tuple[str, int]:
    """Sorts A+ before A before A-."""
    return letter[0], {"+": 0, "": 1, "-": 2}[letter[1:]]
