"""A build that cannot redact a secret stops, with an exit code and without repeating the secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from generator.build import redactions, refuse_leaks
from generator.cli import app
from generator.data import Corpus, Results
from generator.options import Options
from generator.yamlfile import BadFile
from tests.secrets import PLANTED, core


@pytest.mark.parametrize("command", [["build", "--no-site", "--no-judge"], ["verify"], ["render"]])
def test_a_secret_in_a_file_name_stops_every_command_that_publishes(
    tmp_path: Path, command: list[str]
) -> None:
    """Exit code 2, no record written, and the message shows the name without the secret."""
    folder = tmp_path / "runs" / "m" / "kv"
    folder.mkdir(parents=True)
    (folder / f"{PLANTED['GitHub token']}.py").write_text("x = 1\n")
    records = tmp_path / "records"
    given = [*command, "--runs", str(tmp_path / "runs"), "--records", str(records)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 2
    assert "m/kv: file [redacted GitHub token].py" in done.output
    assert core("GitHub token") not in done.output
    assert not records.exists()


@pytest.mark.parametrize("kind", PLANTED)
def test_the_last_gate_finds_what_got_into_a_record(tmp_path: Path, kind: str) -> None:
    """A record that another program wrote is published too; it stops the build."""
    record = tmp_path / "docs" / "records" / "x.md"
    record.parent.mkdir(parents=True)
    record.write_text(f"<p>{PLANTED[kind].replace('@', '&#64;')}</p>")
    with pytest.raises(BadFile, match=r"records/x\.md") as error:
        refuse_leaks(Options(root=tmp_path))
    assert core(kind) not in str(error.value)


def test_a_clean_folder_passes_the_gate(tmp_path: Path) -> None:
    """The hand-written guide may show what a secret looks like."""
    guide = tmp_path / "docs" / "guide" / "x.md"
    guide.parent.mkdir(parents=True)
    guide.write_text(PLANTED["AWS key"])
    refuse_leaks(Options(root=tmp_path))


def test_the_summary_counts_finds_and_files(tmp_path: Path) -> None:
    """One line for the terminal."""
    results = Results(
        corpus=Corpus(root=tmp_path, challenges={}, models={}, runs={}),
        evidence={},
        standings={},
        grades={},
        rankings={},
        duels={},
        redacted={"m/c/a.py": {"e-mail": 2}, "m/c/b.py": {"AWS key": 1}},
    )
    assert redactions(results).startswith("redacted: 3 finds in 2 files")
