"""Write what changed, remove what is no longer made, and say what is out of date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generator.data import Results
from generator.files import remove_others, write
from generator.leftovers import SUFFIX, remove_abandoned, sweep
from generator.render import readme
from generator.render.pages import all_pages
from generator.render.site import Site

OWNED = (
    *("challenges", "models", "runs", "head-to-head", "data", "badges"),
    *("contradictions", "judges-compared"),
)


@dataclass(frozen=True)
class Written:
    """How many files changed, of how many."""

    changed: int
    total: int


def render(results: Results, root: Path) -> Written:
    """Write every page below root/docs and the README's regions; raises OSError.

    Each page is written as it is made, so that no more than one is in memory.
    """
    site = Site(results)
    sweep(root / "docs")
    remove_abandoned(root.glob(f".README.md.*{SUFFIX}"))
    made = {
        root / "docs" / page.path: write(root / "docs" / page.path, page.text)
        for page in all_pages(site)
    }
    changed = sum(made.values())
    changed += sum(remove_others(root / "docs" / name, made) for name in OWNED)
    file = root / "README.md"
    if file.exists():
        changed += write(file, readme.filled(file.read_text(encoding="utf-8"), site))
    return Written(changed=changed, total=len(made) + file.exists())


def stale(results: Results, root: Path) -> list[str]:
    """What `build --check` complains about: records, and README regions out of date."""
    found = [
        f"docs/records/evidence/{key}.json: {standing} (python -m generator verify {key})"
        for key, standing in sorted(results.standings.items())
        if standing != "current"
    ]
    found += [
        f"docs/records/probes: {p.kind}/{p.challenge}: {p.verdict or 'no current record'}, planted "
        f"as {'right' if p.right else 'wrong'} (python -m generator verify --probes)"
        for p in results.probes
        if not p.as_planned
    ]
    found += list(results.problems)
    file = root / "README.md"
    if not file.exists():
        return [*found, "README.md: missing"]
    return found + readme.outdated(file.read_text(encoding="utf-8"), Site(results))
