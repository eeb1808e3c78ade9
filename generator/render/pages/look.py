"""The style sheet of every page: the theme's, trimmed to what this site shows."""

from __future__ import annotations

from collections.abc import Iterator

from generator.render.pages.common import Page
from generator.render.site import Site
from generator.render.stylesheet import stylesheet


def pages(_: Site) -> Iterator[Page]:
    """The one file."""
    yield Page("assets/theme.css", stylesheet())
