"""`check`: whatever is broken in the project's own files is one line, and the rest is looked at."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator import trial
from tests.cli.conftest import ROOT, Command
from tests.engines.test_stopping import members

PATIENCE = 240  # seconds; a machine under load is slow, which is no fault of what is tested
BROKEN = [
    ("challenges/SLUG/kernel_tests.py", b"def cases(:\n", "kernel_tests.py:1: "),
    (
        "challenges/SLUG/kernel_tests.py",
        b"\nimport nothing_of_this_name\n",
        "kernel_tests.py:2: Mod",
    ),
    ("challenges/SLUG/kernel_tests.py", b"cases = 1\n", "kernel_tests.py: AttributeError"),
    ("challenges/SLUG/reference.py", b"1 / 0\n", "reference.py:1: ZeroDivisionError"),
    ("challenges/SLUG/drive.py", b"# \xff\n", "drive.py: byte 2 is not UTF-8"),
    ("challenges/SLUG/adapters/a.py", b"def\n", "adapters/a.py:1: "),
    ("challenges/SLUG/honest/compact.py", b"def\n", "honest/compact.py:1: "),
    ("challenges/SLUG/mutants.yaml", b"what: ever\n", "mutants.yaml: "),
    ("challenges/SLUG/mutants.yaml", b"[3]\n", "mutants.yaml: 0: "),
    (
        "challenges/SLUG/mutants.yaml",
        b"- {name: n, check: gone, says: s, base: loops.py, old: 'def ', new: d}\n",
        "mutants.yaml: n: check: no check called 'gone'",
    ),
    ("ranking.yaml", b"level: 3\n", "ranking.yaml: level"),
    ("rounds.yaml", b"[]\n", "rounds.yaml: expected a mapping"),
    ("judges.yaml", b"judges: {a: {}, b: 3}\n", "judges.yaml: judges.a: "),
    ("right/model.yaml", b"name: 3\n", "right/model.yaml: name"),
    ("docs/records/published/grades.yaml", b"judge: 3\n", "grades.yaml: judge"),
    ("docs/records/strength.json", b"[3]", "strength.json: 0"),
    ("docs/records/roofline/x.json", b"", "roofline/x.json: "),
    ("docs/records/evidence/wrong/SLUG.json", b"{}", "evidence/wrong/SLUG.json: model"),
]


def test_a_sound_project_has_no_problem(command: Command) -> None:
    """No problem is listed, a line beside the list says so, and the exit code is 0."""
    done = command("check")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing is wrong" in done.stderr


@pytest.mark.parametrize(("file", "content", "named"), BROKEN)
def test_what_is_broken_is_named(
    file: str, content: bytes, named: str, project: Path, slug: str, command: Command
) -> None:
    """Exit code 1, and one line with the file and the line or the field."""
    path = project / file.replace("SLUG", slug)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    done = command("check")
    assert done.exit_code == 1, done.output
    wanted = named.replace("SLUG", slug)
    assert len([line for line in done.output.splitlines() if wanted in line]) == 1
    assert "Traceback" not in done.output


def test_every_check_has_a_case_and_every_case_a_check(
    project: Path, slug: str, command: Command
) -> None:
    """A check that nothing tests would pass for every output."""
    path = project / "challenges" / slug / "challenge.yaml"
    path.write_text(path.read_text().replace("  rows: {group", "  lines: {group"))
    lines = command("check").output.splitlines()
    assert any("cases: no check called 'rows'" in line for line in lines)
    assert any("cases: none of check 'lines'" in line for line in lines)


def test_a_record_of_another_run_is_a_problem(project: Path, slug: str, command: Command) -> None:
    """A copy under another model's name would be its evidence."""
    records = project / "docs" / "records" / "evidence"
    shutil.copy(records / "right" / f"{slug}.json", records / "wrong" / f"{slug}.json")
    assert f"wrong/{slug}.json: holds the record of" in command("check").output


@pytest.mark.parametrize("more", [[], ["--mutants"]])
def test_a_challenge_that_is_none_is_refused(more: list[str], slug: str, command: Command) -> None:
    """With those there are."""
    done = command("check", "--challenge", "nope", *more)
    assert done.exit_code == 2
    assert done.stderr == f"error: nope: no such challenge (challenges here: {slug})\n"


def test_mutants_are_tried_and_recorded(project: Path, slug: str, command: Command) -> None:
    """The table says how many were killed; a broken one is replaced."""
    strength = project / "docs" / "records" / "strength.json"
    done = command("check", "--mutants", "--seeds", "1")
    assert done.exit_code == 0, done.output
    assert "mutants killed, 0 of 3 honest variants rejected, 1 seeds" in done.stdout
    assert slug in strength.read_text()


def test_broken_challenges_are_not_tried(project: Path, slug: str, command: Command) -> None:
    """The problem is said, and no table made."""
    (project / "challenges" / slug / "mutants.yaml").write_text("[3]\n")
    done = command("check", "--mutants")
    assert done.exit_code == 1
    assert not (project / "docs" / "records" / "strength.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
def test_ctrl_c_ends_the_trials_at_once(project: Path, slug: str) -> None:
    """Exit code 130 however many seeds were queued, and no process is left."""
    slow = project / "challenges" / slug / "honest" / "slow.py"
    slow.write_text(
        "import pathlib, time\n\n\ndef centre_rows(x):\n"
        f"    pathlib.Path({str(project / 'begun')!r}).touch()\n    time.sleep(99)\n"
    )
    script = project / "script.py"
    script.write_text(
        "import signal\nfrom functools import partial\nfrom pathlib import Path\n"
        "import generator.options as o\nfrom generator.cli import app\n\n"
        'if __name__ == "__main__":\n'
        # Whoever started the tests in the background may have had it ignored.
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"    o.Options = partial(o.Options, root=Path({str(project)!r}))\n"
        '    app(["check", "--mutants", "--seeds", "500"])\n'
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    while not (project / "begun").exists():
        assert parent.poll() is None, parent.stderr and parent.stderr.read()
        time.sleep(0.05)
    parent.send_signal(signal.SIGINT)
    _, said = parent.communicate(timeout=PATIENCE)
    assert parent.returncode == 130, said
    assert "Traceback" not in said
    until = time.monotonic() + PATIENCE
    while left := members(parent.pid):
        assert time.monotonic() < until, left
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required: folder"),
        (["nowhere"], "nowhere/challenge.yaml: No such file"),
        (["--what"], "required"),
    ],
)
def test_a_trial_of_nothing_says_what_is_wrong(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and no traceback."""
    with pytest.raises(SystemExit) as ended:
        sys.exit(trial.main(arguments))
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_a_trial_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` says what to give it."""
    with pytest.raises(SystemExit) as ended:
        trial.main(["--help"])
    assert ended.value.code == 0
    assert "challenges/<slug>" in capsys.readouterr().out
