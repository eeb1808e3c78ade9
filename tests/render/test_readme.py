"""Regions of the README and the guide, and what `build --check` complains about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.build import invocation
from generator.data import Results
from generator.options import Options
from generator.probes import all_planted
from generator.records import Store
from generator.render import Invocation, paths, regions, render, stale
from generator.render.pages import all_pages
from generator.render.readme import REGIONS
from generator.render.site import Site
from generator.yamlfile import BadFile

ROOT = Path(__file__).resolve().parents[2]
OWN = Invocation(Path("docs/records"))

EMPTY = (
    "# Title\n\n"
    + "".join(f"<!-- {n}:begin -->\n<!-- {n}:end -->\n\n" for n in REGIONS)
    + "By hand.\n"
)


def filled(text: str, site: Site) -> str:
    """The README with its regions filled."""
    return regions.filled("README.md", text, site)


def outdated(text: str, site: Site) -> list[str]:
    """What is out of date in a README."""
    return regions.outdated("README.md", text, site)


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
    found = stale(calm.model_copy(update={"problems": ("x.json: broken",)}), root, OWN)
    assert [line for line in found if "alpha/two" in line and "missing" in line]
    assert [line for line in found if "beta/one" in line and "stale" in line]
    assert "x.json: broken" in found and "README.md: missing" in found


def test_nothing_is_stale_after_a_render(calm: Results, tmp_path: Path) -> None:
    """With current records, rendering is all that a stale README needs."""
    root = tmp_path / "out"
    root.mkdir()
    (root / "README.md").write_text(EMPTY)
    current = calm.model_copy(update={"standings": dict.fromkeys(calm.standings, "current")})
    assert stale(current, root, OWN)
    render(current, root)
    assert stale(current, root, OWN) == []


def test_foreign_runs_and_records_leave_the_documents_alone(calm: Results, tmp_path: Path) -> None:
    """The README speaks of this project's own, so it is neither filled nor held against others."""
    root = tmp_path / "out"
    root.mkdir()
    (root / "README.md").write_text(EMPTY)
    written = render(calm, root, own=False)
    assert (root / "README.md").read_text() == EMPTY
    assert "left as they are: tables of README.md" in str(written)
    elsewhere = Invocation(Path("../mine"), " --runs ../x --records ../mine", own=False)
    found = stale(calm, root, elsewhere)
    assert (
        "../mine/evidence/beta/one.json: stale "
        "(python -m generator verify --runs ../x --records ../mine beta/one)" in found
    )
    assert not [line for line in found if "README" in line or "docs/records" in line]


def test_what_was_asked_for_is_repeated_as_it_was_typed(tmp_path: Path) -> None:
    """Records named by another path to the same folder are the project's own."""
    (tmp_path / "docs" / "records").mkdir(parents=True)
    assert invocation(Options(root=tmp_path)) == OWN
    same = invocation(Options(root=tmp_path, records=tmp_path / "docs" / ".." / "docs" / "records"))
    assert same.own
    other = invocation(Options(root=tmp_path, runs=Path("a b")))
    assert (other.options, other.own) == (" --runs 'a b'", False)


def test_nothing_is_said_of_published_grades_where_there_are_none(calm: Results) -> None:
    """That no grade is contradicted means something only where one was published."""
    none = calm.model_copy(update={"contradictions": (), "published": type(calm.published)()})
    assert "No published grade is contradicted" in filled(EMPTY, Site(none))
    foreign = none.model_copy(update={"grades": {"published": {}, "evidence": {}}})
    assert "No grade was published for the models here." in filled(EMPTY, Site(foreign))
    assert "No published grade is contradicted" not in filled(EMPTY, Site(foreign))
    for shown, published in ((none, True), (foreign, False)):
        pages = {page.path: page.text for page in all_pages(Site(shown))}
        assert ("A judge read the outputs" in pages[paths.HOME]) is published
        assert ("no published grade is contradicted" in pages[paths.CONTRADICTIONS]) is published


def test_a_document_that_is_not_utf_8_is_named(calm: Results, tmp_path: Path) -> None:
    """One line with the file, before any page is written."""
    root = tmp_path / "out"
    root.mkdir()
    (root / "README.md").write_bytes(b"# Caf\xe9\n")
    with pytest.raises(BadFile, match=r"README\.md: byte 5 is not UTF-8"):
        render(calm, root)
    with pytest.raises(BadFile, match=r"README\.md: byte 5 is not UTF-8"):
        stale(calm, root, OWN)
    assert not (root / "docs").exists()


def test_every_document_of_this_repository_has_its_regions() -> None:
    """The markers are there to be filled."""
    for document, names in regions.DOCUMENTS.items():
        text = (ROOT / document).read_text(encoding="utf-8")
        for name in names:
            assert regions.marked(name).search(text), (document, name)


def test_the_guide_says_what_the_records_say(calm: Results) -> None:
    """Speeds, mutants and probes in the guide are those of the records as they are now."""
    store = Store(ROOT / "docs" / "records")
    shown = {"rooflines": store.rooflines(), "strength": store.strength()}
    site = Site(calm.model_copy(update=shown | {"probes": all_planted(ROOT, {})}))
    for document in set(regions.DOCUMENTS) - {regions.README}:
        text = (ROOT / document).read_text(encoding="utf-8")
        assert regions.outdated(document, text, site) == []
        assert regions.outdated(document, text, Site(calm)) != []


def test_check_names_a_region_of_the_guide_that_is_out_of_date(
    calm: Results, tmp_path: Path
) -> None:
    """As it does for the README; a build fills it."""
    guide = tmp_path / "docs" / "guide" / "judges.md"
    guide.parent.mkdir(parents=True)
    guide.write_text("# Judges\n\n<!-- probes:begin -->\nMany.\n<!-- probes:end -->\n")
    line = "docs/guide/judges.md: the region probes is out of date (python -m generator render)"
    assert line in stale(calm, tmp_path, OWN)
    render(calm, tmp_path)
    assert line not in stale(calm, tmp_path, OWN) and "Many" not in guide.read_text()


def test_a_page_shows_what_is_recorded_in_part(calm: Results) -> None:
    """A record of speeds that lacks numbers leaves gaps, and one of none says so."""
    part = {"fuse": {"shapes": [{"rows": 1, "V": 2, "K": 3, "share": 0.5}, "odd"]}}
    for records, said in ((part, "| 50.0 % |"), ({}, "Not recorded yet.")):
        site = Site(calm.model_copy(update={"rooflines": records}))
        assert said in regions.region("docs/guide/gpu.md", "fuse-speed", site)
