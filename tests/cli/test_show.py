"""`show`, `bind`, `doctor`: what a person reads in the terminal says all that is asked, uncut."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.models import CommandInfo, TyperInfo

from generator.cli import app
from tests.cli.conftest import ROOT, Command

OUTPUT = """class Centring:
    def apply(self, x):
        return x - x.mean(-1, keepdims=True)
"""


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns, in which tables would be cut."""
    monkeypatch.setattr("generator.report.stdout.width", 40)


def test_failures_are_shown_whole_and_passes_counted(command: Command, slug: str) -> None:
    """Each check with its counts, the case that failed with its numbers, no row for the others."""
    done = command("show", f"wrong/{slug}")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"wrong/{slug}  wrong  (its record is current)"
    assert "inputs_unchanged: passed, 50 of 50 cases" in lines
    assert "rows: wrong, 9 of 10 cases" in lines
    assert "    n=7 [b]: wrong" in lines
    assert "        wrong  values far off  error 0.5  bound 0.001" in lines
    assert len(lines) < 10


def test_all_shows_every_case(command: Command, slug: str) -> None:
    """A line each, at the least."""
    assert len(command("show", f"wrong/{slug}", "--all").stdout.splitlines()) > 60


def test_what_an_output_said_commands_no_terminal(
    project: Path, command: Command, slug: str
) -> None:
    """Neither by escape sequences nor in the words of the library that prints."""
    path = project / "docs" / "records" / "evidence" / "wrong" / f"{slug}.json"
    record = json.loads(path.read_text())
    case = next(c for c in record["checks"]["rows"]["cases"] if c["verdict"] == "wrong")
    case["note"] = "\x1b]0;mine\x07[/] [bold]:smile:\nnext\u202e"
    path.write_text(json.dumps(record))
    text = command("show", f"wrong/{slug}").stdout
    assert "\N{REPLACEMENT CHARACTER}]0;mine\N{REPLACEMENT CHARACTER}[/] [bold]:smile: next" in text
    assert not any(character in text for character in "\x1b\x07\u202e")


def test_a_name_commands_no_terminal(project: Path, command: Command, slug: str) -> None:
    """Of a model, in the lines of `verify` and in its bar."""
    shutil.copytree(project / "right" / slug, project / "[i]x" / slug)
    done = command("verify", "[i]x")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"[i]x/{slug}")


def test_a_stale_record_says_that_it_is(project: Path, command: Command, slug: str) -> None:
    """A verdict on files that are no longer there is not shown as if it were on those that are."""
    (project / "right" / slug / "answer.py").write_text("def centre_rows(x): return 3\n")
    assert "(a stale record: " in command("show", f"right/{slug}").stdout.splitlines()[0]


def test_a_record_of_a_run_that_is_elsewhere(project: Path, command: Command, slug: str) -> None:
    """It is shown, and said to be of a run that is not here."""
    (project / "right").rename(project / ".gone")
    assert "(a run that is not here)" in command("show", f"right/{slug}").stdout


def test_a_broken_record_is_not_called_missing(project: Path, command: Command, slug: str) -> None:
    """One line with the file and what is wrong with it."""
    path = project / "docs" / "records" / "evidence" / "right" / f"{slug}.json"
    path.write_text("{}")
    done = command("show", f"right/{slug}")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert f"{path}: model: Field required" in done.stderr


@pytest.mark.parametrize("run", ["nobody/nothing", "nobody", "../x/y", ""])
def test_no_record_says_how_to_make_one(run: str, command: Command) -> None:
    """Exit code 2, one line."""
    done = command("show", run)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert re.search(
        r"no evidence recorded \(make it with: \S*python -m generator verify", done.stderr
    )


def test_json_is_the_record(project: Path, command: Command, slug: str) -> None:
    """The same bytes that are kept."""
    path = project / "docs" / "records" / "evidence" / "right" / f"{slug}.json"
    assert command("show", f"right/{slug}", "--json").stdout == path.read_text()


def test_bind_says_what_was_tried_and_what_is_there(command: Command, slug: str) -> None:
    """Every candidate, then every function with its parameters."""
    done = command("bind", f"right/{slug}")
    assert done.exit_code == 0
    assert "answer.py:centre_rows, by its name" in done.stdout
    assert "centre_rows(x)" in done.stdout


def written(project: Path) -> set[Path]:
    """All files of a project and beside it, but Python's own."""
    return {path for path in project.parent.rglob("*") if "__pycache__" not in str(path)}


@pytest.mark.parametrize("name", ["../../x", "/x", "A", "a-b", "", "1a", "a.b"])
def test_a_skeleton_is_written_nowhere_else(
    name: str, project: Path, command: Command, slug: str
) -> None:
    """Its name is that of a module; nothing is written under any other."""
    before = written(project)
    done = command("bind", f"right/{slug}", f"--skeleton={name}")
    if name:
        assert done.exit_code == 2
        assert "an adapter's name is" in done.stderr
    assert written(project) == before


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"def f(\n", "odd.py:1: '(' was never closed"),
        (b"# \xe9\n", "odd.py: byte 2 is not UTF-8"),
        (b"from challenges.kit import Case\n", "kit.py: imported by a driver or an adapter"),
    ],
)
def test_a_broken_adapter_is_named_in_one_line(
    project: Path, command: Command, slug: str, source: bytes, says: str
) -> None:
    """Its author asks `bind` why it is not chosen. Kernel tests that are broken matter to none."""
    (project / "challenges" / slug / "kernel_tests.py").write_text("def f(\n")
    assert command("bind", f"right/{slug}").exit_code == 0
    adapters = project / "challenges" / slug / "adapters"
    adapters.mkdir()
    (adapters / "odd.py").write_bytes(source)
    done = command("bind", f"right/{slug}")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr


def test_an_adapter_is_chosen_once_it_is_filled_in(
    project: Path, command: Command, slug: str, tmp_path: Path
) -> None:
    """Before, even with its exports, the run stays "not bound"; then its verdict is its own."""
    (project / "right" / slug / "answer.py").write_text(OUTPUT)
    done = command("bind", f"right/{slug}", "--skeleton", "centring")
    assert done.exit_code == 1  # the run is not bound
    assert f"all records of {slug} are stale now" in done.stdout
    assert verified(command, f"right/{slug}")["verdict"] == "not bound"

    adapter = project / "challenges" / slug / "adapters" / "centring.py"
    matching = adapter.read_text().replace("EXPORTS = {}", "EXPORTS = {'Centring': ('apply',)}")
    assert "#   'Centring': ('apply',)," in matching
    adapter.write_text(matching)
    assert verified(command, f"right/{slug}")["verdict"] == "not bound"

    filled = re.sub(r"    \.\.\..*", "    return module.Centring().apply(x)", matching)
    adapter.write_text(re.sub(r"    raise NotTestable.*\n    # return", "    return", filled))
    through = verified(command, f"right/{slug}")
    assert through["verdict"] == "passed"
    assert through["binding"]["adapter"] == "centring.py"

    written = project / "tests" / "adapters" / f"test_{slug}_centring.py"
    compile(written.read_text(), str(written), "exec")
    fixture = project / "tests/fixtures/adapters" / f"{slug}_centring" / slug / "answer.py"
    assert fixture.read_text() == OUTPUT
    places = ["--runs", str(fixture.parents[2]), "--records", str(tmp_path / "records")]
    assert verified(command, f"{slug}_centring/{slug}", *places)["verdict"] == "passed"


def verified(command: Command, *arguments: str) -> dict[str, Any]:
    """What `verify --json` says of one run."""
    done = command("verify", *arguments, "--json")
    (run,) = json.loads(done.stdout)["runs"]
    return dict(run)


def test_doctor_says_what_this_machine_can_run(command: Command) -> None:
    """A line for each ability, and the same as JSON."""
    layers = json.loads(command("doctor", "--json").stdout)
    lines = command("doctor").stdout.splitlines()
    assert len(lines) == len(layers) > 3
    for layer, line in zip(layers, lines, strict=True):
        assert line.startswith("yes" if layer["enforced"] else "no ")
        assert layer["name"] in line


def test_every_command_is_documented() -> None:
    """In the README, or in a page of the guide: its name, set as code."""
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs/guide").glob("*.md")]
    written = "\n".join(text.read_text(encoding="utf-8") for text in texts)
    names = [c.name or c.callback.__name__ for c in every_command() if c.callback]
    assert len(names) > 10
    undocumented = [n for n in names if f"`{n}`" not in written and f"generator {n}" not in written]
    assert undocumented == []


def every_command() -> list[CommandInfo]:
    """The commands of the program, and of those joined to it."""
    return [*app.registered_commands, *(c for g in app.registered_groups for c in commands_in(g))]


def commands_in(group: TyperInfo) -> list[CommandInfo]:
    """The commands of a part."""
    return group.typer_instance.registered_commands if group.typer_instance else []
