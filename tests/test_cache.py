"""The cache: what has not changed is not read, and nothing depends on whether there is a cache."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from generator import cache
from generator.build import refuse_leaks, results
from generator.cache import TICK, Built, Cache, settled, sha256, stamp
from generator.discover import corpus
from generator.files import write
from generator.options import Options
from generator.redact import report
from generator.render.pages import all_pages
from generator.render.site import Site
from generator.yamlfile import BadFile
from tests.secrets import PLANTED

ROOT = Path(__file__).resolve().parent.parent
LONG_AGO = 1_000_000_000 * 10**9


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled whenever they were made, but where a test says otherwise."""
    monkeypatch.setattr(cache, "settled", lambda *_: True)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A checkout of two runs, the first with a secret in it."""
    for model, text in (("a", PLANTED["AWS key"]), ("b", "x = 1")):
        folder = tmp_path / "runs" / model / "backwards"
        folder.mkdir(parents=True)
        (folder / "k.py").write_text(f"# {text}\n")
    return tmp_path / "runs"


def look(runs: Path, known: Cache) -> tuple[object, object]:
    """What discovery and the report on secrets say, and the cache is kept."""
    found = corpus(ROOT, runs, known.digest)
    told = found, report(found, known)
    known.save()
    return told


def no_reading(monkeypatch: pytest.MonkeyPatch, below: Path) -> None:
    """From here on, reading a file below this folder fails."""
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        assert not path.is_relative_to(below), f"{path} was read"
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)


def test_what_has_not_changed_is_not_read(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time nothing of a run is read, and all that is said is the same."""
    file = tmp_path / "cache.json"
    first = look(runs, Cache(file))
    no_reading(monkeypatch, runs)
    assert look(runs, Cache(file)) == first


def test_without_a_cache_everything_is_the_same(runs: Path, tmp_path: Path) -> None:
    """With one that is new, with one that is kept, after its deletion and without any."""
    file = tmp_path / "cache.json"
    without = look(runs, Cache())
    assert look(runs, Cache(file)) == without == look(runs, Cache(file))
    file.unlink()
    assert look(runs, Cache(file)) == without


def pages(runs: Path, records: Path, known: Cache) -> dict[str, str]:
    """Every page of a site of these runs."""
    options = Options(runs=runs, records=records, cache=known)
    made = {page.path: page.text for page in all_pages(Site(results(options)))}
    known.save()
    return made


def test_pages_are_the_same_bytes_with_and_without_a_cache(runs: Path, tmp_path: Path) -> None:
    """New, kept, or none at all; and after a change as if there had never been one."""
    file, records = tmp_path / "cache.json", tmp_path / "records"
    first = pages(runs, records, Cache())
    assert pages(runs, records, Cache(file)) == first == pages(runs, records, Cache(file))
    (runs / "a" / "backwards" / "k.py").write_text("# y = 1\n")
    changed = pages(runs, records, Cache(file))
    assert changed == pages(runs, records, Cache()) != first


CHANGES: dict[str, Callable[[Path], object]] = {
    "size": lambda file: file.write_text("x = 1 + 1\n"),
    "content": lambda file: file.write_text("# x = 2\n"),
    "another file": lambda file: write(file, "# x = 3\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_even_under_the_old_time(runs: Path, tmp_path: Path, change: str) -> None:
    """Who sets the time of modification back changes the time of status."""
    file, known = tmp_path / "cache.json", runs / "b" / "backwards" / "k.py"
    os.utime(known, ns=(LONG_AGO, LONG_AGO))
    first = look(runs, Cache(file))
    CHANGES[change](known)
    os.utime(known, ns=(LONG_AGO, LONG_AGO))
    assert look(runs, Cache(file)) != first


def test_rehash_believes_no_stamp(runs: Path, tmp_path: Path) -> None:
    """A digest that is kept under the right stamp and is wrong is found out by reading alone."""
    file, known = tmp_path / "cache.json", runs / "b" / "backwards" / "k.py"
    first = look(runs, Cache(file))
    content = json.loads(file.read_text())
    content["files"][str(known)][1] = sha256(b"something else")
    file.write_text(json.dumps(content))
    assert look(runs, Cache(file)) != first
    assert look(runs, Cache(file, rehash=True)) == first == look(runs, Cache(file))


def test_a_file_that_has_just_changed_is_not_trusted() -> None:
    """Neither time may be within a tick of the reading, for then a later change may not show."""
    then = 5 * TICK
    assert settled((1, then - TICK - 1, then - TICK - 1, 7), then)
    assert not settled((1, then - TICK, 0, 7), then)
    assert not settled((1, 0, then - TICK, 7), then)
    assert not settled((1, then + 1, 0, 7), then)


def test_changes_in_quick_succession_are_all_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of fifty contents of one size, written and read within ticks of the clock, none is missed."""
    monkeypatch.setattr(cache, "settled", settled)
    file, known = tmp_path / "cache.json", tmp_path / "k.py"
    for number in range(50):
        known.write_text(f"x = {number:03}")
        seen = Cache(file)
        assert seen.digest(known) == sha256(f"x = {number:03}".encode())
        seen.save()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00", b"[]", b'{"made_by": "x", "files": 5}', b'{"files": {"k.py": [1]}}'],
)
def test_a_broken_cache_is_no_cache(runs: Path, tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, the result is that without it, and the file is mended."""
    file = tmp_path / "cache.json"
    file.write_bytes(content)
    assert look(runs, Cache(file)) == look(runs, Cache())
    assert json.loads(file.read_text())["files"]


def test_what_another_version_kept_is_not_used(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New rules look at everything again."""
    file, rules = tmp_path / "cache.json", tmp_path / "rules.py"
    rules.write_text("1")
    monkeypatch.setattr(cache, "MADE_BY", (rules,))
    look(runs, Cache(file))
    rules.write_text("2")
    no_reading(monkeypatch, runs)
    with pytest.raises(AssertionError, match="was read"):
        look(runs, Cache(file))


def test_a_pipe_in_the_place_of_the_cache_is_no_cache(tmp_path: Path) -> None:
    """It is not waited for, and gives way to a file."""
    kept = tmp_path / "build.json"
    os.mkfifo(kept)
    Cache(kept).save(Built(sources="s", pages="p", count=1))
    assert Cache(kept).built is not None


def test_a_folder_that_cannot_be_written_to_is_no_error(runs: Path, tmp_path: Path) -> None:
    """Then nothing is kept."""
    (tmp_path / "taken").write_text("a file where the folder would be")
    assert look(runs, Cache(tmp_path / "taken" / "cache.json")) == look(runs, Cache())


def test_the_last_gate_looks_at_every_byte(tmp_path: Path) -> None:
    """A secret is found behind a stamp that is known: the gate goes by content alone."""
    page = tmp_path / "docs" / "x.md"
    page.parent.mkdir()
    page.write_text("harmless " + "x" * len(PLANTED["AWS key"]))
    kept = tmp_path / "cache.json"
    refuse_leaks(Options(root=tmp_path, cache=Cache(kept)))
    before = stamp(page)
    page.write_text("harmless " + PLANTED["AWS key"])
    os.utime(page, ns=(before[1], before[1]))
    with pytest.raises(BadFile, match=r"x\.md"):
        refuse_leaks(Options(root=tmp_path, cache=Cache(kept)))


def test_a_leak_that_is_known_stops_the_build_again(tmp_path: Path) -> None:
    """What was found is remembered as found."""
    page, kept = tmp_path / "docs" / "x.md", tmp_path / "cache.json"
    page.parent.mkdir()
    page.write_text(PLANTED["AWS key"])
    for _ in range(2):
        known = Cache(kept)
        with pytest.raises(BadFile, match=r"x\.md"):
            refuse_leaks(Options(root=tmp_path, cache=known))
        known.save()


def test_finds_in_bytes_that_changed_meanwhile_are_not_kept(tmp_path: Path) -> None:
    """They are not those of the digest that was asked for."""
    known, digest = Cache(tmp_path / "cache.json"), sha256(b"old")
    assert known.finds("kind", digest, lambda: b"new", lambda _: {"new": 1}) == {"new": 1}
    assert known.finds("kind", digest, lambda: b"old", lambda _: {"old": 1}) == {"old": 1}
