"""Discovery: what counts as a model and a run, and what is reported instead of read."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.discover import corpus, load_challenges, load_run
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
    assert any("leaves the run's folder" in p for p in found.problems)
    assert any("50,000,000 bytes" in p for p in found.problems)


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
        ("title: T\nslug: x\n", "slug: given by its place"),
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
