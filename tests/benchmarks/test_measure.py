"""What a command took is what it and everything that it started took."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.measure import Failed, measure

BURN = "import time\nwhile time.process_time() < 0.5: pass"
# Its child's child goes on when the child has gone, and is nobody's to wait for.
ORPHAN = f"""
import subprocess, sys
inner = [sys.executable, "-c", {BURN!r}]
subprocess.run([sys.executable, "-c", f"import subprocess; subprocess.Popen({{inner!r}})"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a subreaper")
def test_the_time_of_orphans_is_counted(tmp_path: Path) -> None:
    """A sandbox's processes outlive those that started them; their seconds are not lost."""
    assert measure([sys.executable, "-c", ORPHAN], tmp_path).cpu_seconds > 0.5


def test_the_memory_of_a_command_is_counted(tmp_path: Path) -> None:
    """200 MB that are written to and held for seconds are seen."""
    code = "import time\nheld = bytearray(b'x') * 200_000_000\ntime.sleep(3)"
    assert 200 <= measure([sys.executable, "-c", code], tmp_path).peak_mb < 260


def test_at_the_limit_a_command_is_stopped_and_that_is_said(tmp_path: Path) -> None:
    """What would sleep for minutes ends, with a cost that says it did not end by itself."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert not measure(command, tmp_path, limit=0.3).ended


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    """Its last line says why."""
    with pytest.raises(Failed) as raised:
        measure([sys.executable, "-c", "1 / 0"], tmp_path)
    assert raised.value.last == "ZeroDivisionError: division by zero"
