"""NVIDIA's compute-sanitizer on a small case: memory errors, races, unset memory, barriers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from typing import Any

from generator.runtimes.cuda.confinement import Confinement
from generator.runtimes.cuda.execute import Libraries, spawn

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
SUMMARY = re.compile(r"(ERROR|RACECHECK) SUMMARY: (\d+) (?:error|hazard)")
SECONDS = 120
OUTPUT = 10**7


def sanitize(
    libraries: Libraries, drive: str, call: Mapping[str, Any], confinement: Confinement
) -> dict[str, str]:
    """What each tool found on one call, one line each; "not run: why" where it could not."""
    program = shutil.which("compute-sanitizer")
    if not program:
        return dict.fromkeys(TOOLS, "not run: compute-sanitizer is not on the PATH")
    return {tool: _one(program, tool, libraries, drive, call, confinement) for tool in TOOLS}


def _one(
    program: str,
    tool: str,
    libraries: Libraries,
    drive: str,
    call: Mapping[str, Any],
    confinement: Confinement,
) -> str:
    """Run one tool. CuPy's own kernels are left out: only the output's are looked at."""
    job = {**libraries.job(), "drive": drive, "calls": [call], "no_exec": False}
    wrapper = (program, "--tool", tool, "--kernel-name-exclude", "kns=cupy", "--print-limit", "3")
    ended = spawn(job, SECONDS, OUTPUT, confinement, wrapper)
    text = ended.answer.decode(errors="replace")
    found = SUMMARY.search(text)
    if ended.status is None:
        return f"not run: did not end in {SECONDS} s"
    if not found:
        return f"not run: {' '.join((text + ended.printed).split())[-300:]}"
    kind = "hazards" if found[1] == "RACECHECK" else "errors"
    return f"{found[2]} {kind}"
