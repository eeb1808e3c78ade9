"""What every page module yields, and small helpers they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from generator.data import Place
from generator.render import env, escape
from generator.render.sheets import Sheet
from generator.render.site import Site

# For a page without sections, whose table takes the room that the list of them would.
WIDE = {"hide": ["navigation", "toc"]}


@dataclass(frozen=True)
class Page:
    """One generated file: its path below docs/, and its content."""

    path: str
    text: str


def page(site: Site, template: str, path: str, head: tuple[str, str], **context: Any) -> Page:
    """A page from a template; `head` is its title and its description in one sentence.

    Front matter fields other than these two are given as `meta`.
    """
    meta = {"hide": ["navigation"]} | context.pop("meta", {})
    body = env.page(
        template, path, site=site, names=names(site), titles=titles(site), ranks=ranks, **context
    )
    return Page(path, f"{escape.front_matter(head[0], head[1], **meta)}\n{body}")


def continued(
    site: Site, sheet: Sheet, head: tuple[str, str], index: tuple[str, str], table: Markup
) -> Page:
    """A further part of a table that is too long for the page it belongs to.

    head: title and description of that page. index: name and path of the page that lists it.
    """
    title, description = head
    return page(
        site,
        "continued.md.j2",
        sheet.here,
        (sheet.title(title), description),
        crumbs=[index, (title, sheet.path)],
        title=title,
        section=table,
    )


def names(site: Site) -> dict[str, str]:
    """The names of the models, by slug."""
    return {model.slug: model.name for model in site.models}


def titles(site: Site) -> dict[str, str]:
    """The titles of the challenges, by slug."""
    return {challenge.slug: challenge.title for challenge in site.challenges}


def ranks(place: Place) -> str:
    """A rank, a range of ranks, or that there is none."""
    if place.best_rank is None or place.worst_rank is None:
        return "unranked"
    if place.best_rank == place.worst_rank:
        return str(place.best_rank)
    return f"{place.best_rank}\N{EN DASH}{place.worst_rank}"
