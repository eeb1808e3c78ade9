"""Static flags: found by syntax, with lines, and never an exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.data import Artifact
from generator.flags import flags, of_source


def kinds(source: str) -> set[tuple[int, str]]:
    """Line and kind of every flag."""
    return {(flag.line, flag.kind) for flag in of_source("a.py", source.encode())}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import torch\n", "framework"),
        ("from scipy.special import softmax\n", "framework"),
        ("import socket\n", "network"),
        ("import ctypes\n", "native memory"),
        ("import sys\nsys._getframe(1)\n", "frame walking"),
        ("def f(e):\n    return e.__traceback__.tb_frame\n", "frame walking"),
        ("import numpy as np\nnp.allclose = lambda *a: True\n", "patches a module"),
        ("import numpy as np\nsetattr(np, 'allclose', 1)\n", "patches a module"),
        ("open('/proc/self/maps')\n", "reads outside"),
        ("open('../../challenges/x')\n", "reads outside"),
        ("import os\nos._exit(0)\n", "exit"),
        ("class A:\n    def __eq__(self, o): return True\n", "defines __eq__"),
    ],
)
def test_kind(source: str, kind: str) -> None:
    """Each kind is found where it stands, on the last line of these samples or their only one."""
    assert kind in {k for _, k in kinds(source)}


def test_honest_code_has_none() -> None:
    """Ordinary NumPy code is not flagged."""
    source = "import numpy as np\nclass A:\n    x = 1\nA.x = 2\ndef f(x):\n    return np.exp(x)\n"
    assert kinds(source) == set()


def test_lines_and_odd_files(tmp_path: Path) -> None:
    """Flags carry file and line; files that no output needs are flagged by name."""
    (tmp_path / "a.py").write_text("x = 1\nimport torch\n")
    (tmp_path / "sitecustomize.py").write_text("\0")
    listed = tuple(Artifact(path=n, sha256="0" * 64, bytes=9) for n in ("a.py", "sitecustomize.py"))
    found = {(f.file, f.line, f.kind) for f in flags(tmp_path, listed)}
    assert ("a.py", 2, "framework") in found
    assert ("sitecustomize.py", 0, "odd file") in found
    assert any(kind == "not Python" for _, _, kind in found)


def test_bombs_are_told_not_raised() -> None:
    """Source that the parser refuses is a flag of its own."""
    assert {k for _, k in kinds("(" * 100_000)} == {"not Python"}
