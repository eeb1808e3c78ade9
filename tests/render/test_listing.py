"""Pages of what an output may have as much of as it likes stay such that a browser shows them."""

from __future__ import annotations

import html
from pathlib import Path

from generator.data import Artifact, Flag, Moment, Replayed, Results, Run
from generator.render import paths
from generator.render.listing import LONGEST, PAGE_CHARACTERS, PAGE_LINES, WIDEST, listings
from generator.render.outline import outline
from generator.render.pages import run as run_pages
from generator.render.pages import session, source
from generator.render.site import Site
from tests.render.samples import DIGEST

LARGEST = 3_000_000  # characters of a page's Markdown


def stored(folder: Path, files: dict[str, str]) -> Run:
    """A run with these files."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    artifacts = tuple(
        Artifact(path=name, sha256=f"{n:064d}", bytes=len(text))
        for n, (name, text) in enumerate(files.items())
    )
    return Run(model="alpha", challenge="one", folder=folder, artifacts=artifacts)


def with_run(calm: Results, run: Run, **evidence: object) -> Site:
    """A site in which alpha's run on the first challenge is this one."""
    corpus = calm.corpus.model_copy(update={"runs": {"alpha/one": run}})
    record = calm.evidence["alpha/one"].model_copy(update=evidence)
    return Site(calm.model_copy(update={"corpus": corpus, "evidence": {"alpha/one": record}}))


def test_many_files_share_the_room_of_a_page(calm: Results, tmp_path: Path) -> None:
    """What has no room is named with its size and digest; code comes before the rest."""
    files = {f"f{n:04d}.py": f"x = {n}\n" * 4_000 for n in range(2_000)}
    run = stored(tmp_path / "many", files)
    found = listings(run)
    assert sum(item.text.count("\n") + 1 for item in found if item.number) <= PAGE_LINES
    assert found[0].note == "" and "first" in found[1].note and "the page is full" in found[2].note
    (page,) = source.pages(with_run(calm, run))
    assert len(page.text) < LARGEST and f"{1_999:064d}" in page.text and "f1999.py" in page.text
    (page,) = run_pages.pages(with_run(calm, run))
    assert len(page.text) < LARGEST


def test_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    """Its start is shown, and the note says that it was cut; what was cut holds no half secret."""
    token = "ghp_" + "a1B2c3D4e5" * 4
    text = "x" * (WIDEST - 10) + f" {token} " + "y" * 10_000_000
    (item,) = listings(stored(tmp_path / "wide", {"a.py": text}))
    assert item.lines == 1 and len(item.text) < WIDEST + 100 and "ghp_a1" not in item.text
    assert item.note == f"the first {LONGEST:,} bytes; lines cut at {WIDEST:,} characters"


def test_wide_lines_share_the_room_of_a_page_too(tmp_path: Path) -> None:
    """No page holds more characters of listings than there is room for."""
    files = {f"f{n}.py": ("y" * 9_000 + "\n") * 20 for n in range(20)}
    shown = listings(stored(tmp_path / "wide", files))
    assert 0 < sum(len(item.text) for item in shown) <= PAGE_CHARACTERS


def test_what_fits_is_shown_whole(tmp_path: Path) -> None:
    """A file of ordinary size has no note, and its outline leads to lines that are shown."""
    (item,) = listings(stored(tmp_path / "small", {"a.py": "def f(x):\n    return x\n"}))
    assert (item.text, item.note) == ("def f(x):\n    return x\n", "")
    assert [(d.name, d.anchor) for d in outline(item)] == [("f", "L-0-1")]


def test_a_flag_leads_to_its_line_only_where_that_is_shown(calm: Results, tmp_path: Path) -> None:
    """A link into what was left out would lead nowhere; of thousands of flags some are shown."""
    run = stored(tmp_path / "long", {"a.py": "import os\n" * 9_000})
    flags = tuple(Flag(kind="network", file="a.py", line=n, text="x") for n in range(1, 9_001))
    (page,) = run_pages.pages(with_run(calm, run, flags=flags[:1] + flags[-1:]))
    text = html.unescape(page.text)
    assert "source/#L-0-1" in text and "#L-0-9000" not in text and "a.py:9000" in text
    (page,) = run_pages.pages(with_run(calm, run, flags=flags))
    assert "and 8,800 more, all of them in the record" in page.text and len(page.text) < LARGEST


def test_a_session_of_long_texts_fits_a_page(calm: Results) -> None:
    """Entries keep their addresses; the texts of the later ones are left out, which is said."""
    moments = tuple(
        Moment(line=n, kind="call", title="t" * 10_000, text="<" * 4_000) for n in range(1_000)
    )
    replays = tuple(
        Replayed(file=f"f{n}", outcome="differs", diff="<" * 100_000) for n in range(2_000)
    )
    logged = calm.sessions["alpha/one"]
    names = {f"tool{n}" + "z" * 1_000: 1 for n in range(5_000)}
    told = logged.model_copy(update={"calls": names})
    shown = {"timelines": {"alpha/one": moments}, "replays": {"alpha/one": replays}}
    site = Site(calm.model_copy(update=shown | {"sessions": {"alpha/one": told}}))
    made = {page.path: page.text for page in session.pages(site)}
    text = made[paths.session("alpha", "one")]
    assert len(text) < 2 * LARGEST and '<li id="m-1000"' in text
    assert "4,000 characters left out, the page is full" in text and "4,950 more" in text
    assert text.count("its difference is left out") == 1_980


def test_the_digest_of_a_cut_file_stands_on_its_page(calm: Results, tmp_path: Path) -> None:
    """So that what is not shown can still be identified."""
    run = stored(tmp_path / "cut", {"a.bin": "\0" * 9, "b.py": "x\n"})
    (page,) = source.pages(with_run(calm, run))
    assert f"binary, not shown (SHA-256 <code>{0:064d}</code>)" in page.text
    assert f"{1:064d}" not in page.text and f"{0:064d}" == DIGEST
