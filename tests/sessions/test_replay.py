"""Replay: whether stored files are those that the log's calls made."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.data import Replayed
from generator.sessions import entries
from generator.sessions.edits import edited
from generator.sessions.replay import replay
from tests.sessions.logs import answer, call, pi_log, result, run_of

CODE = "def f(x):\n    return x + 1\n\n\ndef g(x):\n    return x + 1\n"


def replayed(folder: Path, stored: str, *lines: object) -> Replayed:
    """The outcome for a.py after a log of these lines."""
    run = run_of(folder, a__py=stored)
    log = pi_log(folder / "session.jsonl", *lines)  # type: ignore[arg-type]
    (outcome,) = replay(entries(log), run)
    return outcome


def written(content: str = CODE) -> tuple[object, object]:
    """A write and its result."""
    return (
        answer(1, call("w", "write", path="/old/place/a.py", content=content)),
        result(2, "w", "write", "ok"),
    )


def test_an_untouched_file_is_as_logged(tmp_path: Path) -> None:
    """Written under another machine's path, then edited twice in one call."""
    edits = [
        {"oldText": "f(x)", "newText": "h(x)"},
        {"oldText": "g(x):\n    return x + 1", "newText": "k(x):\n    return f(x)"},
    ]
    expected = CODE.replace("f(x)", "h(x)", 1).replace(
        "g(x):\n    return x + 1", "k(x):\n    return f(x)"
    )
    lines = (answer(3, call("e", "edit", path="a.py", edits=edits)), result(4, "e", "edit", "ok"))
    assert replayed(tmp_path, expected, *written(), *lines).outcome == "as logged"


def test_one_changed_byte_is_found_and_shown(tmp_path: Path) -> None:
    """The claim that outputs are untouched fails on a single byte, with the line that differs."""
    found = replayed(
        tmp_path, CODE.replace("g(x):\n    return x + 1", "g(x):\n    return x - 1"), *written()
    )
    assert found.outcome == "differs"
    assert "-    return x + 1" in found.diff and "+    return x - 1" in found.diff


@pytest.mark.parametrize("stored", [CODE + "\n", CODE.rstrip("\n"), CODE.replace("\n", "\r\n")])
def test_a_changed_line_end_is_found_and_shown(tmp_path: Path, stored: str) -> None:
    """Line ends are bytes too."""
    found = replayed(tmp_path, stored, *written())
    assert found.outcome == "differs" and found.diff


def test_results_belong_to_the_calls_whose_id_they_carry(tmp_path: Path) -> None:
    """Of two calls in one answer the first fails, and its result comes second."""
    lines = (
        answer(
            1,
            call("bad", "write", path="a.py", content="wrong"),
            call("good", "write", path="a.py", content=CODE),
        ),
        result(2, "good", "write", "ok"),
        result(3, "bad", "write", "refused", failed=True),
    )
    assert replayed(tmp_path, CODE, *lines).outcome == "as logged"


def test_a_failed_edit_is_not_applied(tmp_path: Path) -> None:
    """The tool refused it, so the file stayed as it was."""
    edit = call("e", "edit", path="a.py", oldText="x + 1", newText="x + 2")
    lines = (answer(3, edit), result(4, "e", "edit", "found twice", failed=True))
    assert replayed(tmp_path, CODE, *written(), *lines).outcome == "as logged"


def test_a_call_without_a_result_decides_nothing(tmp_path: Path) -> None:
    """A log that ends before the result does not say whether the file was written again."""
    last = answer(3, call("z", "write", path="a.py", content="other"))
    assert replayed(tmp_path, CODE, *written(), last).outcome == "not replayable"


def test_a_file_made_by_a_command_is_not_in_the_log(tmp_path: Path) -> None:
    """The commands that name it are counted for the reader."""
    lines = (answer(1, call("b", "bash", command="python make.py > a.py")),)
    found = replayed(tmp_path, CODE, *lines)
    assert found.outcome == "not in the log" and found.note.endswith("name it: 1")


def test_an_edit_of_a_file_that_was_never_written_is_not_replayable(tmp_path: Path) -> None:
    """What it was before is unknown."""
    lines = (
        answer(1, call("e", "edit", path="a.py", oldText="1", newText="2")),
        result(2, "e", "edit", ""),
    )
    assert replayed(tmp_path, CODE, *lines).outcome == "not replayable"


def test_edits_keep_the_line_ends_of_the_file() -> None:
    """As pi's tool does: matched with line feeds, written back with the file's own."""
    edit = {"oldText": "a\nb", "newText": "c\nd"}
    assert edited("x\r\na\r\nb\r\n", [edit]) == "x\r\nc\r\nd\r\n"
    assert (
        edited("1 1 1", [{"oldString": "1", "newString": "11", "replaceAll": True}]) == "11 11 11"
    )
    assert edited("abc", [{"oldText": "", "newText": "x"}]) is None


def test_a_patch_makes_the_files_it_names_not_replayable(tmp_path: Path) -> None:
    """Its syntax is its tool's own, so what it did is not known; other files are."""
    patch = answer(3, call("p", "apply_patch", patchText="*** Update File: a.py"))
    other = answer(3, call("p", "apply_patch", patchText="*** Update File: b.py"))
    done = result(4, "p", "apply_patch", "ok")
    assert replayed(tmp_path, CODE, *written(), patch, done).outcome == "not replayable"
    assert replayed(tmp_path, CODE, *written(), other, done).outcome == "as logged"


def test_long_texts_are_compared_from_where_they_part(tmp_path: Path) -> None:
    """A file of 50,000 lines that recur, changed near its end, is shown with that line."""
    lines = [f"l{n * 7919 % 200}" for n in range(50_000)]
    changed = [*lines[:40_000], "another", *lines[40_001:]]
    found = replayed(tmp_path, "\n".join(changed), *written("\n".join(lines)))
    assert found.outcome == "differs"
    assert "counted from line 40,001" in found.diff and "+another" in found.diff


def test_replacements_that_meet_are_not_replayable() -> None:
    """Two edits of one call that overlap fit no text; a thousand that do not are applied."""
    assert (
        edited("abc", [{"oldText": "ab", "newText": ""}, {"oldText": "bc", "newText": ""}]) is None
    )
    every = {"oldText": "a", "newText": "bb", "replaceAll": True}
    assert edited("a-" * 1000, [every]) == "bb-" * 1000
