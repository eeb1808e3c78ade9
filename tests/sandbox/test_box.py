"""The sandbox's interface: what comes back for honest, odd and failing outputs."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.data import Binding, Bound, Limits
from generator.sandbox import Job, Reply, Sandbox, launch
from generator.sandbox.outcome import anonymous

DRIVE = "def drive(entry, call):\n    return {'y': entry.double(x=call['x'])}\n"
PATIENT = Limits(seconds=20, import_seconds=5)
LIMITS = Limits(seconds=2, import_seconds=5, memory_mb=1000, output_mb=8)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for the module's tests, so that each also shows the next one is unaffected."""
    with Sandbox(accept_weak=True) as box:
        yield box


def run(box: Sandbox, folder: Path, source: str, calls: int = 1, **binding: Any) -> Reply:
    """Write `source` as out.py and call its `double(x)` with a small array, `calls` times."""
    (folder / "out.py").write_text(source)
    bound = Bound(file="out.py", symbol="double", passes={"x": 0}, reason="test")
    binds = Binding(entry={"double": bound}, **binding).model_dump(mode="json")
    inputs = tuple({"x": np.arange(3.0) + n} for n in range(calls))
    return box.run(Job(folder, DRIVE, binds, inputs), LIMITS)


def test_honest(sandbox: Sandbox, tmp_path: Path) -> None:
    """Arrays go in and come back with shape, dtype and values."""
    reply = run(sandbox, tmp_path, "def double(x):\n    return 2 * x\n", calls=2)
    assert reply.status == "done", reply
    assert [list(o["y"]) for o in reply.outputs] == [[0, 2, 4], [2, 4, 6]]
    assert reply.outputs[0]["y"].dtype == np.float64
    assert reply.seconds > 0 and reply.import_seconds > 0


def test_exception_names_its_line(sandbox: Sandbox, tmp_path: Path) -> None:
    """A crash is reported with type, message and the line of the output's own file."""
    reply = run(sandbox, tmp_path, "def double(x):\n    raise ValueError('odd')\n")
    assert reply.status == "crashed"
    assert reply.note == "ValueError: odd (out.py, line 2)"


NAMES_ITS_MACHINE = """
import os, platform, socket
def double(x):
    raise ValueError(f"{os.uname()} {platform.node()} {socket.gethostname()} {platform.release()}")
"""


def test_an_exception_does_not_name_the_machine(sandbox: Sandbox, tmp_path: Path) -> None:
    """Records and pages show the text: neither host name nor kernel are in it."""
    note = run(sandbox, tmp_path, NAMES_ITS_MACHINE).note
    here = platform.uname()
    assert "ValueError" in note and "[kernel]" in note
    assert here.release not in note and here.version not in note


@pytest.mark.skipif(not shutil.which("bwrap"), reason="the name is set by bubblewrap")
def test_under_bubblewrap_the_machine_has_another_name(sandbox: Sandbox, tmp_path: Path) -> None:
    """However an output asks for it, and however short it is."""
    hidden = {layer.name: layer.enforced for layer in sandbox.isolation}
    if not hidden["a file system that holds nothing else"]:
        pytest.skip("bubblewrap does not work here")
    note = run(sandbox, tmp_path, NAMES_ITS_MACHINE).note
    assert f"nodename='{launch.HOST}'" in note and f" {launch.HOST} {launch.HOST} " in note


def test_without_bubblewrap_the_host_s_name_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is replaced; one so short that it may be part of a word is left."""
    machine = platform.uname()
    for node, told in (("planted-host", "[host] fell"), ("vm", "vm fell")):
        monkeypatch.setattr(platform, "uname", partial(machine._replace, node=node))
        assert anonymous(f"{node} fell") == told


def test_import_failure(sandbox: Sandbox, tmp_path: Path) -> None:
    """An exception while importing is told apart from one in a call."""
    reply = run(sandbox, tmp_path, "raise RuntimeError('no')\n")
    assert (reply.status, reply.import_failed) == ("crashed", True)


def test_timeout_of_a_call(sandbox: Sandbox, tmp_path: Path) -> None:
    """A call that never ends is a timeout after limits.seconds."""
    reply = run(sandbox, tmp_path, "def double(x):\n    while True: pass\n")
    assert (reply.status, reply.import_failed) == ("timeout", False)
    assert 1.9 < reply.seconds < 2.5


def test_definitions_only(sandbox: Sandbox, tmp_path: Path) -> None:
    """An import that would never end can be reduced to its definitions."""
    source = "import numpy as np\nTWO = 2\ndef double(x):\n    return TWO * x\nwhile True: pass\n"
    assert run(sandbox, tmp_path, source, definitions_only=True).status == "done"


def test_exit_before_answer(sandbox: Sandbox, tmp_path: Path) -> None:
    """Leaving the process without an answer is a crash, whatever the exit status says."""
    reply = run(sandbox, tmp_path, "import os\ndef double(x):\n    os._exit(0)\n")
    assert (reply.status, reply.note) == (
        "crashed",
        "the process exited with status 0 without an answer",
    )


ANSWERS_ON = """
import json, os, struct
def double(x):
    head = json.dumps({"tree": {"d": {"output": {"d": {}}}}, "arrays": []}).encode()
    for _ in range(1000):
        os.write(3, struct.pack("<4sIQ", b"SBX1", len(head), 0) + head)
    return x
"""


def test_no_more_is_kept_than_was_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    """A case that goes on answering ends there: each answer may take fifty times its bytes."""
    reply = run(sandbox, tmp_path, ANSWERS_ON, calls=2)
    assert (reply.status, reply.note) == ("broken", "more outputs than calls")
    assert len(reply.outputs) == 2


def test_printed_is_capped(sandbox: Sandbox, tmp_path: Path) -> None:
    """Prints are kept to their tail and never block the code."""
    reply = run(
        sandbox, tmp_path, "def double(x):\n    print('a' * 10**6 + 'end')\n    return 2 * x\n"
    )
    assert reply.status == "done"
    assert len(reply.printed) <= 4096 and reply.printed.endswith("end\n")


def test_own_test_script(sandbox: Sandbox, tmp_path: Path) -> None:
    """An author's test file runs as a script, and its failure is a status of its own."""
    (tmp_path / "out.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "good.py").write_text("from out import double\nassert double(2) == 4\n")
    (tmp_path / "bad.py").write_text("from out import double\nassert double(2) == 5\n")
    (tmp_path / "test_it.py").write_text(
        "from out import double\ndef test_a():\n    assert double(1) == 2\n"
    )
    good, bad, listed = (
        sandbox.run_script(tmp_path, f, LIMITS) for f in ("good.py", "bad.py", "test_it.py")
    )
    assert (good.ended, good.status) == (True, 0), good
    assert (bad.ended, bad.status) == (True, 1)
    assert listed.status == 0 and listed.note.startswith("1 passed")


def test_own_test_leaves_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """A test file may write beside itself, in a copy that is gone afterwards; never elsewhere."""
    (tmp_path / "writes.py").write_text(
        "import os, tempfile\n"
        "open('left.txt', 'w').write('x')\n"
        "tempfile.mkdtemp()\n"
        "os.makedirs('a/b')\n"
        "assert not os.path.exists('before')\n"
        "os.mkdir('before')\n"
        f"for place in ('/tmp', {str(tmp_path)!r}, '../..'):\n"
        "    try: open(place + '/left.txt', 'w')\n"
        "    except OSError: continue\n"
        "    raise SystemExit(9)\n"
    )
    for _ in range(2):
        own = sandbox.run_script(tmp_path, "writes.py", LIMITS)
        assert (own.ended, own.status) == (True, 0), own
    assert [path.name for path in tmp_path.iterdir()] == ["writes.py"]


@pytest.mark.skipif(not shutil.which("bwrap"), reason="the scratch folder is bubblewrap's")
def test_an_own_test_makes_so_many_files(sandbox: Sandbox, tmp_path: Path) -> None:
    """An empty one takes memory too, which no limit on bytes counts."""
    hidden = {layer.name: layer.enforced for layer in sandbox.isolation}
    if not hidden["a file system that holds nothing else"]:
        pytest.skip("bubblewrap does not work here")
    (tmp_path / "floods.py").write_text("for n in range(30_000): open(str(n), 'w').close()\n")
    own = sandbox.run_script(tmp_path, "floods.py", PATIENT)
    assert own.status == 1 and "No space left" in own.note


def test_own_test_that_never_ends(sandbox: Sandbox, tmp_path: Path) -> None:
    """A test file that never ends is stopped, and the next one runs."""
    (tmp_path / "endless.py").write_text("while True: pass\n")
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(3)\n")
    limits = Limits(seconds=0.5, import_seconds=0.5)
    assert sandbox.run_script(tmp_path, "endless.py", limits).ended is False
    assert sandbox.run_script(tmp_path, "exits.py", LIMITS).status == 3


def test_several_sandboxes_at_once(tmp_path: Path) -> None:
    """Workers in threads, each with a sandbox of its own, do not disturb one another."""

    def work(number: int) -> list[float]:
        folder = tmp_path / str(number)
        folder.mkdir()
        source = f"def double(x):\n    return {number} * x\n"
        with Sandbox(accept_weak=True) as box:
            replies = [run(box, folder, source) for _ in range(8)]
        return [float(reply.outputs[0]["y"][1]) for reply in replies]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(3))) == [[float(n)] * 8 for n in range(3)]


def test_an_own_test_leaves_no_trace_for_the_next(sandbox: Sandbox, tmp_path: Path) -> None:
    """Folders that nobody may list, or deeper than a stack, do not keep another from running."""
    nested = "import os\nfor n in range(2000):\n    os.mkdir('d', 0o300)\n    os.chdir('d')\n"
    (tmp_path / "test_nested.py").write_text(nested)
    (tmp_path / "test_next.py").write_text("import os\nprint(os.listdir())\nopen('w', 'w')\n")
    ended = [
        sandbox.run_script(tmp_path, file, LIMITS) for file in ("test_nested.py", "test_next.py")
    ]
    assert [(test.ended, test.status, test.note) for test in ended] == [(True, 0, "")] * 2
