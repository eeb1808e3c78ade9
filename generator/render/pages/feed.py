"""What other places can show of the site: a badge per model, and a feed of record changes."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render import env, paths
from generator.render.pages.common import Page
from generator.render.site import Site


def pages(site: Site) -> Iterator[Page]:
    """Every badge, and the feed."""
    for model in site.models:
        yield Page(f"badges/{paths.safe(model.slug)}.svg", badge(site, model.slug))
    yield Page("feed.xml", feed(site))


def badge(site: Site, model: str) -> str:
    """A small SVG for a model's own pages: how many of its outputs pass."""
    cells = [cell for cell in site.column(model) if cell.run]
    text = f"{sum(c.verdict == 'passed' for c in cells)} of {len(cells)} pass"
    name = f"{site.column(model)[0].model.name} ({site.column(model)[0].provenance})"
    return env.page("badge.svg.j2", "badges/x.svg", left=name, right=text, width=width)


def width(text: str) -> int:
    """Roughly how wide a text is in an 11-pixel sans-serif, in pixels, with its padding."""
    return round(6.4 * len(text)) + 14


def feed(site: Site) -> str:
    """An Atom feed of the newest records; its time is that of the newest, not of the build."""
    made = [cell for cell in site.runs() if cell.evidence]
    newest = sorted(
        made, key=lambda c: (c.evidence.made_at if c.evidence else "", c.key), reverse=True
    )
    return env.page("feed.xml.j2", "feed.xml", cells=newest[:100], paths=paths)
