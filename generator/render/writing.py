"""Write what changed, remove what is no longer made, and say what is out of date."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path

from generator.data import Results
from generator.files import remove_others, write
from generator.leftovers import SUFFIX, remove_abandoned, sweep
from generator.render import regions
from generator.render.pages import all_pages
from generator.render.site import Site

OWNED = (
    *("challenges", "models", "runs", "head-to-head", "data", "badges"),
    *("contradictions", "judges-compared"),
)


@dataclass(frozen=True)
class Written:
    """How many files changed, of how many that are made; how many others were removed.

    left: the documents whose regions were left as they are. problems: what pages are made without.
    """

    changed: int
    removed: int
    total: int
    left: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The counts for people, on one line."""
        said = f"{self.changed} written, {self.total - self.changed} unchanged"
        said += f", {self.removed} removed" if self.removed else ""
        return said + (f"; left as they are: tables of {', '.join(self.left)}" if self.left else "")


@dataclass(frozen=True)
class Invocation:
    """What a command was told apart from the project's own: where records are, and its options.

    options: as they were typed, to be repeated in a command that mends something. own: whether the
    project's own runs and records are shown, which its documents speak of.
    """

    records: Path
    options: str = ""
    own: bool = True


def render(results: Results, root: Path, *, own: bool = True) -> Written:
    """Write every page below root/docs, and the regions of documents; raises OSError, BadFile.

    Each page is written as it is made, so that no more than one is in memory. own: whether the
    project's own runs and records are shown; the documents, which speak of those, are left alone
    if not.
    """
    gc.freeze()  # what pages are made of stays to the end: no use looking for garbage in it
    site = Site(results)
    found = dict(regions.documents(root))
    sweep(root / "docs")
    remove_abandoned(root.glob(f".README.md.*{SUFFIX}"))
    made = {
        root / "docs" / page.path: write(root / "docs" / page.path, page.text)
        for page in all_pages(site)
    }
    removed = sum(remove_others(root / "docs" / name, made) for name in OWNED)
    if own:
        made |= {
            root / name: write(root / name, regions.filled(name, text, site))
            for name, text in found.items()
        }
    left = () if own else tuple(found)
    return Written(sum(made.values()), removed, len(made), left, results.problems)


def stale(results: Results, root: Path, invocation: Invocation) -> list[str]:
    """What `build --check` complains about: records and regions out of date. Raises BadFile."""
    verify = f"python -m generator verify{invocation.options}"
    found = [
        f"{invocation.records}/evidence/{key}.json: {standing} ({verify} {key})"
        for key, standing in sorted(results.standings.items())
        if standing != "current"
    ]
    found += [
        f"{invocation.records}/probes: {p.kind}/{p.challenge}: {p.verdict or 'no current record'}, "
        f"planted as {'right' if p.right else 'wrong'} ({verify} --probes)"
        for p in results.probes
        if not p.as_planned
    ]
    return [*found, *results.problems, *(regions_outdated(results, root) if invocation.own else ())]


def regions_outdated(results: Results, root: Path) -> list[str]:
    """A line for every region that a build would fill otherwise, and one for a missing README."""
    texts = dict(regions.documents(root))
    found = [] if regions.README in texts else [f"{regions.README}: missing"]
    site = Site(results)
    return found + [
        line for name, text in texts.items() for line in regions.outdated(name, text, site)
    ]
