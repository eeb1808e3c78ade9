"""Compiled templates: kept and used where they are whole, made anew where they are not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from generator.render.compiled import Compiled

SOURCE = "Hello {{ name }}."


def said(folder: Path, source: str = SOURCE, kept: type[Compiled] = Compiled) -> str:
    """What a template says, in an environment of its own."""
    made = Environment(
        loader=DictLoader({"a": source}), bytecode_cache=kept(folder), autoescape=True
    )
    return made.get_template("a").render(name="you")


@pytest.fixture(autouse=True)
def bytecode_may_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of the tests says."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_what_is_kept_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is compiled."""
    first = said(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(Environment, "compile", None)
    assert said(tmp_path) == first == "Hello you."


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """A file that was being written when its process ended."""
    (tmp_path / ".a.1.tmp").touch()
    said(tmp_path)
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    """Into the same file: old versions do not pile up."""
    said(tmp_path)
    assert said(tmp_path, "Bye {{ name }}.") == "Bye you."
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("part", [slice(0, 0), slice(0, 40), slice(0, -1), slice(70, None)])
def test_what_is_not_whole_is_not_used(tmp_path: Path, part: slice) -> None:
    """Cut at either end, or empty, it is compiled again and mended."""
    said(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[part])
    assert said(tmp_path) == "Hello you."
    assert file.read_bytes() == whole


def test_code_made_by_other_sources_is_not_used(tmp_path: Path) -> None:
    """Constants were escaped when it was compiled, so it goes with the escaping's own source."""

    class Other(Compiled):
        """Compiled with another version of the escaping."""

        def __init__(self, folder: Path):
            super().__init__(folder)
            self._made_by += " another"

    said(tmp_path)
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    assert said(tmp_path, kept=Other) == "Hello you."
    assert file.read_bytes() != before


def test_nothing_is_kept_where_python_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTHONDONTWRITEBYTECODE is heeded."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert said(tmp_path) == "Hello you."
    assert not list(tmp_path.iterdir())
