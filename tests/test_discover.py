"""Discovery: what counts as a model and a run, and what is reported instead of read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.discover import corpus, load_challenges
from generator.options import select
from generator.sandbox.removal import remove
from generator.storedrun import load_run
from generator.yamlfile import BadFile

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path, name: str, content: bytes | str = "x = 1\n") -> Path:
    """Write a file and the folders above it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_foreign_checkout_needs_no_model_yaml(tmp_path: Path) -> None:
    """A folder that holds a challenge's folder is a model; analysis, docs and .git are not."""
    make(tmp_path, "some-model.v1/backwards/solution.py")
    for other in (
        "analysis/notes.md",
        "docs/backwards/page.md",
        ".git/backwards/x.py",
        "empty/a.txt",
    ):
        make(tmp_path, other)
    found = corpus(ROOT, tmp_path)
    assert list(found.models) == ["some-model.v1"]
    assert list(found.runs) == ["some-model.v1/backwards"]
    assert "some-model.v1: no model.yaml, defaults used" in found.problems


def test_unusable_files_are_reported_on_their_run_and_the_rest_is_kept(tmp_path: Path) -> None:
    """A link out of the folder, a huge file and an unprintable name are notes, not errors."""
    run = tmp_path / "m" / "backwards"
    make(run, "good.py")
    make(run, "caf\u00e9.py", b"\xff\xfe\x00junk")
    make(run, "line\nbreak.py")
    (run / "outside.py").symlink_to("/etc/hostname")
    with (run / "huge.bin").open("wb") as file:
        file.truncate(50_000_000)
    found = load_run(run, "m", "backwards")
    assert [a.path for a in found.artifacts] == ["caf\u00e9.py", "good.py"]
    assert len(found.problems) == 3
    assert "outside.py: a link, ignored" in found.problems
    assert any("50,000,000 bytes" in p for p in found.problems)


def test_links_in_a_circle_are_a_note_on_their_run(tmp_path: Path) -> None:
    """A link to itself, in a run or beside the runs, stops neither that run nor another."""
    make(tmp_path, "a/backwards/x.py")
    make(tmp_path, "b/backwards/x.py")
    for place in ("circle", "a/circle", "a/kv", "a/backwards/circle.py"):
        (tmp_path / place).symlink_to(Path(place).name)
    found = corpus(ROOT, tmp_path)
    assert list(found.runs) == ["a/backwards", "b/backwards"]
    assert found.runs["a/backwards"].problems == ("circle.py: a link, ignored",)


def test_a_checkout_that_is_a_circle_of_links_is_no_folder(tmp_path: Path) -> None:
    """It is refused in one line, as a path that is not there."""
    (tmp_path / "circle").symlink_to("circle")
    for name in ("circle", "nowhere"):
        with pytest.raises(BadFile, match=f"{name}: not a folder"):
            corpus(ROOT, tmp_path / name)


def test_code_is_kept_first_where_there_are_too_many_files(tmp_path: Path) -> None:
    """Three thousand texts that sort before it do not hide the one file of code."""
    run = tmp_path / "m" / "backwards"
    for number in range(3000):
        make(run, f"a/{number}.txt", "")
    make(run, "solution.py")
    found = load_run(run, "m", "backwards")
    assert "solution.py" in {a.path for a in found.artifacts} and len(found.artifacts) == 2000
    assert found.problems == ("1,001 files ignored: 2,000 are kept, those of code first",)


def test_folders_nested_without_end_are_noted_on_their_run(tmp_path: Path) -> None:
    """Deeper than Python's stack; what lies higher up is there, and so is every other run."""
    make(tmp_path, "a/backwards/x.py")
    make(tmp_path, "b/backwards/x.py")
    place = str(tmp_path / "a" / "backwards")
    for _ in range(1500):
        place += "/d"
        os.mkdir(place)  # noqa: PTH102 - a Path made of as many parts takes its time
    found = corpus(ROOT, tmp_path)
    assert [run.artifacts[0].path for run in found.runs.values()] == ["x.py", "x.py"]
    (problem,) = found.runs["a/backwards"].problems
    assert problem.endswith("d/d: not a plain file, ignored")
    remove(tmp_path / "a")


def test_exactly_as_many_files_as_are_kept_is_no_problem(tmp_path: Path) -> None:
    """Nothing is said to be ignored where nothing is; order is that of the folder."""
    for number in range(2000):
        make(tmp_path, f"{number:04}.txt", "")
    found = load_run(tmp_path, "m", "backwards")
    assert not found.problems
    assert [a.path for a in found.artifacts] == [f"{number:04}.txt" for number in range(2000)]


def test_a_model_whose_name_is_no_text_is_passed_over_with_a_note(tmp_path: Path) -> None:
    """A folder's name is an address and a key of records, so it has to be printable."""
    make(tmp_path, "m/backwards/x.py")
    odd = os.fsdecode(b"caf\xe9")
    make(tmp_path, f"{odd}/backwards/x.py")
    found = corpus(ROOT, tmp_path)
    assert list(found.models) == ["m"]
    assert "caf\ufffd: its name is not printable text, ignored" in found.problems


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("flashattention", " (did you mean flash_attention?)"),
        ("Backwards", " (did you mean backwards?)"),
        ("remarks-of-mine", ""),
    ],
)
def test_a_folder_that_no_challenge_is_called_is_reported(
    tmp_path: Path, name: str, guess: str
) -> None:
    """It is not silently dropped: a problem says so, with the challenge that is likeliest meant."""
    make(tmp_path, "m/kv/x.py")
    make(tmp_path, f"m/{name}/x.py")
    for usual in (".git/x", "__pycache__/x", "_old/x"):
        make(tmp_path, f"m/{usual}")
    found = corpus(ROOT, tmp_path)
    assert list(found.runs) == ["m/kv"]
    assert found.problems[1:] == (f"m/{name}: no such challenge, ignored{guess}",)


def test_a_model_with_nothing_but_a_misspelt_folder_is_there(tmp_path: Path) -> None:
    """Without a model.yaml too, or the mistake would be reported nowhere."""
    make(tmp_path, "m/Flash-Attention/x.py")
    found = corpus(ROOT, tmp_path)
    assert list(found.models) == ["m"] and not found.runs
    assert "m/Flash-Attention: no such challenge" in found.problems[1]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("n", r"n: no such model or run \(models here: empty, m\)"),
        ("m/flashattention", r"no such run \(did you mean m/flash_attention\?\)"),
        ("m/zzz", r"no such run \(runs of m: m/flash_attention\)"),
        ("empty", "the model empty has no runs"),
    ],
)
def test_a_name_that_names_nothing_is_explained(tmp_path: Path, asked: str, says: str) -> None:
    """A model that is there is never said not to be."""
    make(tmp_path, "m/flash_attention/x.py")
    make(tmp_path, "empty/model.yaml", "name: Empty\n")
    with pytest.raises(BadFile, match=says):
        select(corpus(ROOT, tmp_path), [asked])


def test_one_changed_byte_changes_one_run(tmp_path: Path) -> None:
    """A run's digests depend on its own files alone."""
    make(tmp_path, "a/backwards/x.py", "x = 1")
    make(tmp_path, "b/backwards/x.py", "x = 1")
    before = corpus(ROOT, tmp_path).runs
    make(tmp_path, "a/backwards/x.py", "x = 2")
    after = corpus(ROOT, tmp_path).runs
    assert before["a/backwards"] != after["a/backwards"]
    assert before["b/backwards"] == after["b/backwards"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: [", "challenge.yaml:"),
        ("- a\n- b\n", "expected a mapping"),
        ("title: T\nslug: x\n", "slug: remove it; the name of the folder"),
        ("title: T\ndifficulty: Easy\n", "difficulty: "),
    ],
)
def test_a_malformed_challenge_names_file_and_field(
    tmp_path: Path, text: str, expected: str
) -> None:
    """The message is one line with the file and the field, so that it can be mended."""
    make(tmp_path, "mine/challenge.yaml", text)
    with pytest.raises(BadFile) as caught:
        load_challenges(tmp_path)
    message = str(caught.value)
    assert "challenge.yaml" in message and expected in message and "\n" not in message


@pytest.mark.parametrize(
    "bomb",
    ["[" * 200_000, "[\n" * 200_000, "- " * 100_000, "{a: " * 50_000, "? " * 100_000],
    ids=["flow", "flow over lines", "block", "mappings", "keys"],
)
def test_a_yaml_bomb_is_refused_in_one_line(tmp_path: Path, bomb: str) -> None:
    """Nesting deeper than the parser can follow is a bad file; libyaml alone would crash on it."""
    make(tmp_path, "mine/challenge.yaml", bomb)
    with pytest.raises(BadFile):
        load_challenges(tmp_path)


def test_a_predecessor_that_is_not_here_is_reported(tmp_path: Path) -> None:
    """The model is still there; the misspelt name is a problem, with its file."""
    make(tmp_path, "b/backwards/x.py")
    make(tmp_path, "b/model.yaml", "name: B\nsucceeds: a\n")
    found = corpus(ROOT, tmp_path)
    assert list(found.models) == ["b"]
    assert found.problems == ("b/model.yaml: succeeds: no model here is named a",)
