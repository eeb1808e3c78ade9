"""The first page: what this is, one reason to care, the matrix, the ranking, the trust panel."""

from __future__ import annotations

from collections.abc import Iterator

from generator.graders import EVIDENCE, PUBLISHED
from generator.render import charts, paths
from generator.render.pages.common import WIDE, Page, names, page
from generator.render.site import Site
from generator.render.verdicts import MEANS, SENTENCES

ABOUT = (
    "Outputs of language models for low-level ML kernels, run against tests and set beside the "
    "grades that a judge published without running them."
)


def pages(site: Site) -> Iterator[Page]:
    """The one page."""
    ranking = site.ranking(PUBLISHED) or site.ranking(EVIDENCE)
    yield page(
        site,
        "home.md.j2",
        paths.HOME,
        ("Overview", ABOUT),
        trust=trust(site),
        telling=site.telling[:1],
        ungraded=[model.name for model in site.models if model not in site.graded],
        legend=[v for v in MEANS if any(c.verdict == v for c in site.runs())],
        SENTENCES=SENTENCES,
        ranking=ranking,
        chart=charts.intervals(ranking, names(site)) if ranking else None,
        meta=WIDE,
    )


def trust(site: Site) -> list[tuple[str, str, str]]:
    """How far to trust the site: what was run, what disagrees, what is out of date or ungraded."""
    runs = list(site.runs())
    current = sum(cell.standing == "current" for cell in runs)
    stale = sum(cell.standing == "stale" for cell in runs)
    ungraded = sum(cell.graded is None or cell.graded.letter is None for cell in runs)
    return [
        (f"{current} of {len(runs)}", "runs with current evidence", paths.METHODOLOGY),
        (
            str(len(site.results.contradictions)),
            "grades that the tests contradict",
            paths.CONTRADICTIONS,
        ),
        *claims(site),
        (str(stale), "records out of date", paths.DATA),
        (str(ungraded), "runs the evidence cannot grade", paths.COMPARED),
        (judged(site), "grades by a judge that saw the evidence", paths.JUDGE),
        *agreement(site),
    ]


def claims(site: Site) -> list[tuple[str, str, str]]:
    """How many published claims the records contradict."""
    found = [outcome.outcome for outcome in site.results.outcomes]
    if not found:
        return []
    text = f"{found.count('contradicted')} of {len(found)}"
    return [(text, "published claims contradicted", paths.CLAIMS)]


def agreement(site: Site) -> list[tuple[str, str, str]]:
    """How well each judge agreed with itself."""
    cards = [card for _, card in sorted(site.results.cards.items())]
    measured = [card for card in cards if card.repeat_alpha is not None]
    return [
        (f"{card.repeat_alpha:.2f}", f"agreement of {card.judge} with itself (alpha)", paths.JUDGE)
        for card in measured
    ]


def judged(site: Site) -> str:
    """How many grades a language model gave that was shown the evidence."""
    found = [g for grades in site.results.grades.values() for g in grades.values()]
    return str(sum(g.kind == "judged" and g.letter is not None for g in found))
