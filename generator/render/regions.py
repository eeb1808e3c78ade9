"""Documents written by hand, with regions in them that a build fills from results.

A region is what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`; the rest of the
document is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from generator.render import guide, readme
from generator.render.site import Site
from generator.yamlfile import read_text

README = "README.md"
DOCUMENTS = {README: readme.REGIONS, **guide.REGIONS}
COMMAND = "python -m generator render"


def documents(root: Path) -> Iterator[tuple[str, str]]:
    """Each document that is there, by its path below root, with its text; raises BadFile."""
    for name in DOCUMENTS:
        if (root / name).exists():
            yield name, read_text(root / name)


def filled(document: str, text: str, site: Site) -> str:
    """The document with every region it has a marker for filled anew."""
    for name in DOCUMENTS[document]:
        content = region(document, name, site)
        text = marked(name).sub(lambda found, content=content: found[1] + content + found[3], text)  # type: ignore[misc]
    return text


def outdated(document: str, text: str, site: Site) -> list[str]:
    """A line for every region that is missing or not what the results say."""
    found = []
    for name in DOCUMENTS[document]:
        match = marked(name).search(text)
        if match is None:
            found.append(
                f"{document}: no region between <!-- {name}:begin --> and <!-- {name}:end -->"
            )
        elif match[2] != region(document, name, site):
            found.append(f"{document}: the region {name} is out of date ({COMMAND})")
    return found


def region(document: str, name: str, site: Site) -> str:
    """The content of one region, ending in a line feed."""
    return readme.region(name, site) if document == README else guide.region(document, name, site)


def marked(name: str) -> re.Pattern[str]:
    """Matches a region: the opening marker's line, the content, the closing marker."""
    return re.compile(rf"(<!-- {name}:begin[^>]*-->\n)(.*?)(<!-- {name}:end -->)", re.DOTALL)
