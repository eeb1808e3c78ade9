"""A file that Python refuses is blamed only where it is why nothing was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.binding.unparsed import unparsed
from generator.discover import corpus
from generator.storedrun import load_run

CHALLENGE = corpus(Path(__file__).resolve().parents[1]).challenges["backwards"]
BOTH = ("layer_norm_forward", "layer_norm_backward")
FORWARD = "def layer_norm_forward(x, gamma, beta, eps=1e-5):\n    return x, (x, gamma\n"
BACKWARD = "\n\ndef layernorm_backward(dy, cache):\n    return dy, dy, dy\n"
RIGHT = FORWARD.replace("gamma\n", "gamma)\n") + BACKWARD


def blamed(folder: Path, data: str | bytes, name: str = "norm.py", missing: tuple[str, ...] = BOTH):  # type: ignore[no-untyped-def]
    """What is said of a run with one file."""
    file = folder / "m" / "backwards" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return unparsed(load_run(file.parent, "m", "backwards"), CHALLENGE, missing)


def test_the_file_the_line_and_the_reason_are_told(tmp_path: Path) -> None:
    """A bracket that is never closed, in the file that has both entry points by name."""
    assert blamed(tmp_path, FORWARD + BACKWARD).endswith(
        "refuses norm.py, line 2: '(' was never closed"
    )


@pytest.mark.parametrize("start", [b"# caf\xe9\n", b"\xe9 = (\n", b"# coding: none\n(\n", b"\0\n"])
def test_bytes_that_are_no_text_are_not_blamed(tmp_path: Path, start: bytes) -> None:
    """Versions of Python differ in what they make of them."""
    assert blamed(tmp_path, start + RIGHT.encode()) == ""


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (FORWARD + BACKWARD, "test_norm.py"),
        (FORWARD, "norm.py"),
        ("x = (\n# layer_norm_forward, layer_norm_backward\n", "norm.py"),
        (RIGHT, "norm.py"),
        (FORWARD + BACKWARD, "norm.md"),
    ],
    ids=["a test", "one of two roles", "names in a comment", "parses", "no Python"],
)
def test_what_may_not_be_the_reason_is_not_blamed(tmp_path: Path, source: str, name: str) -> None:
    """Not bound stays not bound: a wrong blame would be a failing verdict for a right output."""
    assert blamed(tmp_path, source, name) == ""


def test_a_role_that_was_found_elsewhere_is_not_asked_for(tmp_path: Path) -> None:
    """Where only forward is missing, the broken file need define no other."""
    assert "line 2" in blamed(tmp_path, FORWARD, missing=("layer_norm_forward",))


@pytest.mark.parametrize(
    "line",
    [
        """print(f"{cache["x"]}")""",
        'print(f"{dy\n}")',
        "def first[T](items: list[T]) -> T: ...",
        "type Arrays = tuple[int, ...]",
        "try:\n    pass\nexcept KeyError, ValueError:\n    pass",
        'print(t"{dy}")',
    ],
    ids=["f-string", "f-string of two lines", "type parameter", "type", "except", "t-string"],
)
def test_a_line_that_a_newer_python_accepts_is_not_blamed(tmp_path: Path, line: str) -> None:
    """That this Python is too old for an output is a failure of ours."""
    assert blamed(tmp_path, f"{RIGHT}\n{line}\n") == ""
