"""What a worker elsewhere gets of a run is what verification here reads of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.engines import shipping
from generator.engines.shipping import RESULT, pack, unpacked, verify_packed
from generator.yamlfile import BadFile
from tests.engines.conftest import SLUG, todo


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path, links followed."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_files_and_links_inside_arrive_and_nothing_else_does(project: Path, tmp_path: Path) -> None:
    """Sub-folders and odd names too; no bytecode, no pipe, no link that leads outside."""
    folder = project / "right" / SLUG
    (folder / "deep").mkdir()
    (folder / "deep" / "ünï code\n.py").write_bytes(b"\x00\xff")
    (folder / "deep" / "link.py").symlink_to(folder / "answer.py")
    kept = contents(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "answer.pyc").touch()
    (folder / "outside").symlink_to("/etc/passwd")
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    there = tmp_path / "there"
    there.mkdir()
    task = unpacked(*pack(todo(project, "right")[0]), there, Path("/elsewhere"))
    assert contents(there) == kept
    assert (there / "deep" / "link.py").readlink() == Path("../answer.py")
    assert (task.run.folder, task.root) == (there, Path("/elsewhere"))


def test_more_than_a_sandbox_would_take_is_not_sent(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused in one line, before it fills memory and network."""
    monkeypatch.setattr(shipping, "BYTES_CAP", 5000)
    (project / "right" / SLUG / "big.bin").write_bytes(bytes(6000))
    with pytest.raises(BadFile, match="more than 5,000 bytes"):
        pack(todo(project, "right")[0])


def test_whatever_goes_wrong_there_comes_back_as_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as an exception, which would cross as a pickle."""
    monkeypatch.setattr(shipping, "settle", lambda: None)  # this process is no worker
    assert "ReadError" in str(RESULT.validate_json(verify_packed(b"{}", b"no archive")))
