"""Writing: an error names the file that could not be written, and what a person reads says it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import typer

from generator.errors import plain_errors, told
from generator.files import write
from generator.yamlfile import BadFile


def full(*_: object) -> None:
    """A disk without space: the system names no file."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_full_disk_names_the_file(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was to be written, not the temporary one beside it."""
    monkeypatch.setattr(f"pathlib.Path.{step}", full)
    with pytest.raises(OSError, match="No space left") as error:
        write(tmp_path / "record.json", "new")
    assert told(error.value) == f"{tmp_path / 'record.json'}: No space left on device"


def test_a_folder_that_cannot_be_made_names_the_file(tmp_path: Path) -> None:
    """Where a file stands in the way of a folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file") as error:
        write(tmp_path / "file" / "record.json", "new")
    assert told(error.value).startswith(f"{tmp_path / 'file' / 'record.json'}: ")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EIO, "Input/output error", "a.py"), "a.py: Input/output error"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError("a text alone"), "a text alone"),
        (OSError(), "OSError"),
    ],
)
def test_no_error_is_an_empty_name_or_none(error: OSError, says: str) -> None:
    """Whatever an error lacks, its line says something."""
    assert told(error) == says


@pytest.mark.parametrize(
    ("error", "code"),
    [(BadFile("x.yaml: broken"), 2), (OSError(errno.EIO, "broken"), 1), (KeyboardInterrupt(), 130)],
)
def test_what_a_user_can_mend_is_one_line_and_an_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what is a mistake of ours stays a traceback."""
    with pytest.raises(typer.Exit) as ended, plain_errors():
        raise error
    assert ended.value.exit_code == code
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(ZeroDivisionError), plain_errors():
        raise ZeroDivisionError
