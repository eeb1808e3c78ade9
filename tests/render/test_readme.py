"""README regions and what `build --check` complains about."""

from __future__ import annotations

import re
from pathlib import Path

from generator.data import Results
from generator.render import render, stale
from generator.render.readme import REGIONS, filled, outdated
from generator.render.site import Site

EMPTY = (
    "# Title\n\n"
    + "".join(f"<!-- {n}:begin -->\n<!-- {n}:end -->\n\n" for n in REGIONS)
    + "By hand.\n"
)


def test_every_region_is_filled_and_the_rest_is_untouched(calm: Results) -> None:
    """Text outside the markers stays, and filling twice changes nothing."""
    once = filled(EMPTY, Site(calm))
    assert once.startswith("# Title\n") and once.endswith("By hand.\n")
    assert filled(once, Site(calm)) == once
    assert not outdated(once, Site(calm))
    assert "| Beta |" in once


def test_a_missing_or_edited_region_is_named(calm: Results) -> None:
    """`build --check` says which region, and how to mend it."""
    assert len(outdated("nothing", Site(calm))) == len(REGIONS)
    text = filled(EMPTY, Site(calm)).replace("| Beta |", "| Gamma |")
    assert any("models-tested" in line for line in outdated(text, Site(calm)))


def test_a_hostile_text_cannot_close_a_region(hostile: Results) -> None:
    """A closing marker inside a name is shown, not obeyed, and a pipe adds no cell."""
    once = filled(EMPTY, Site(hostile))
    assert filled(once, Site(hostile)) == once
    outside = re.sub(r"^```$.*?^```$", "", once, flags=re.MULTILINE | re.DOTALL)
    assert "<script" not in once and "](" not in outside
    rows = [line for line in once.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows if "Alpha" in line and "alpha/" in line}) == 1


def test_matrix_has_the_verdict_beside_every_published_grade(calm: Results) -> None:
    """No published letter stands alone where the output was run."""
    once = filled(EMPTY, Site(calm))
    row = next(line for line in once.splitlines() if line.startswith("| One |"))
    assert "**A** wrong" in row
    assert "**C** stale record" in row


def test_stale_lists_records_and_problems(calm: Results, tmp_path: Path) -> None:
    """Records that are stale or missing, malformed files, and a README that is not there."""
    root = tmp_path / "out"
    found = stale(calm.model_copy(update={"problems": ("x.json: broken",)}), root)
    assert [line for line in found if "alpha/two" in line and "missing" in line]
    assert [line for line in found if "beta/one" in line and "stale" in line]
    assert "x.json: broken" in found and "README.md: missing" in found


def test_nothing_is_stale_after_a_render(calm: Results, tmp_path: Path) -> None:
    """With current records, rendering is all that a stale README needs."""
    root = tmp_path / "out"
    root.mkdir()
    (root / "README.md").write_text(EMPTY)
    current = calm.model_copy(update={"standings": dict.fromkeys(calm.standings, "current")})
    assert stale(current, root)
    render(current, root)
    assert stale(current, root) == []


def test_this_repository_has_every_region() -> None:
    """The markers are there to be filled."""
    text = (Path(__file__).resolve().parent.parent.parent / "README.md").read_text()
    assert all(f"<!-- {name}:begin" in text and f"<!-- {name}:end -->" in text for name in REGIONS)
