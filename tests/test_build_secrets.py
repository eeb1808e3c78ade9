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


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A run with a secret in a file's name, and an empty one beside it."""
    for run in ("m/kv", "m/backwards"):
        (tmp_path / "runs" / run).mkdir(parents=True)
    (tmp_path / "runs" / "m" / "kv" / f"{PLANTED['GitHub token']}.py").write_text("x = 1\n")
    return tmp_path / "runs"


def invoked(runs: Path, *command: str) -> tuple[int, str]:
    """Exit code and output of a command about these runs, with records beside them."""
    given = [*command, "--runs", str(runs), "--records", str(runs.parent / "records")]
    done = CliRunner().invoke(app, given)
    return done.exit_code, done.output


@pytest.mark.parametrize("command", [["build", "--no-site", "--no-judge"], ["render"]])
def test_a_secret_in_a_file_name_stops_every_command_that_publishes(
    runs: Path, command: list[str]
) -> None:
    """Exit code 2; the message names the run, and the file without the secret."""
    status, output = invoked(runs, *command)
    assert status == 2
    assert "nothing is published: m/kv: a name holds a secret" in output
    assert "[redacted GitHub token].py" in output and core("GitHub token") not in output


def test_a_secret_in_a_file_name_keeps_no_other_run_from_being_verified(runs: Path) -> None:
    """It is an error of that run's own; no record holds the secret, in its name or inside."""
    status, output = invoked(runs, "verify")
    assert status == 1
    assert "records: 1 made" in output and "1 failed" in output
    assert "m/kv" in output and core("GitHub token") not in output
    records = [file for file in (runs.parent / "records").rglob("*") if file.is_file()]
    assert [file.stem for file in records] == ["backwards"]
    assert core("GitHub token") not in records[0].read_text()


def test_a_run_that_is_withheld_is_not_said_to_be_unknown(runs: Path) -> None:
    """Asked for by name, it is refused with the reason; asked for another run, it is no error."""
    status, output = invoked(runs, "verify", "m/kv")
    assert status == 2 and "a name holds a secret" in output
    status, output = invoked(runs, "verify", "m/backwards")
    assert status == 0 and "a name holds a secret" not in output


def test_no_judge_is_asked_about_it(runs: Path) -> None:
    """What judges are asked about is the corpus without it."""
    assert "m/kv" not in Options(runs=runs).corpus.runs


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
