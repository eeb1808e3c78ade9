"""nvcc in a sandbox: no GPU, and no files but the run's own, the system's and a scratch folder."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.runtimes.cuda.confinement import Confinement
from generator.runtimes.cuda.launcher import Launcher
from generator.runtimes.cuda.shim import shim
from generator.sandbox.stage import copy

SECONDS = 240
FALLBACK_ARCHITECTURE = "sm_90"
LONGEST_OUTPUT = 4000
FLAGS = ("-O3", "-w", "-shared", "-Xcompiler", "-fPIC", "--threads", "0")
ALLOWED = ("--extended-lambda", "--expt-relaxed-constexpr")  # what authors' own commands ask for
STANDARDS = ("c++17", "c++20")  # the second where it does not compile by the first


@dataclass(frozen=True)
class Compiled:
    """A library, or why there is none. output: what nvcc printed, without our own paths."""

    library: Path | None
    output: str = ""

    @property
    def ok(self) -> bool:
        """Whether it compiled."""
        return self.library is not None

    @property
    def unlinked(self) -> bool:
        """Whether it uses something that it only declares."""
        return not self.ok and "undefined reference" in self.output


@functools.cache
def nvcc() -> str:
    """The compiler's path, or the empty string."""
    places = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
    return shutil.which("nvcc") or next(
        (p for p in (f"{home}/bin/nvcc" for home in places if home) if Path(p).exists()), ""
    )


@functools.cache
def architecture() -> str:
    """The first device's architecture as nvcc names it; sm_90 where there is no device."""
    try:
        command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return f"sm_{asked.stdout.splitlines()[0].strip().replace('.', '')}"
    except (OSError, subprocess.SubprocessError, IndexError):
        return FALLBACK_ARCHITECTURE


class Compiler:
    """Compiles a run's files in a folder of its own, which must not exist yet."""

    def __init__(self, run: Path, work: Path, confinement: Confinement) -> None:
        self._work, self._confinement = work, confinement
        self._count = 0
        work.mkdir()
        copy(run, work / "files")

    def source(self, file: str) -> str:
        """A stored file's text; bytes that are not UTF-8 become replacement characters."""
        return (self._work / "files" / file).read_bytes().decode("utf-8", errors="replace")

    def replace(self, file: str, text: str) -> None:
        """Put a repaired text in place of our copy of a file; the run's own stays as it is."""
        (self._work / "files" / file).write_text(text, encoding="utf-8")

    def stored(self, file: str, beside: Sequence[str] = ()) -> Compiled:
        """The file as it is stored, by itself or linked with others."""
        return self._compile(["-x", "cu", *self._paths((file, *beside))])

    def library(
        self, launcher: Launcher, file: str, k: int, beside: Sequence[str] = ()
    ) -> Compiled:
        """A library with the shim's C functions, for one K if K is a template parameter."""
        unit = self._work / f"shim_{k}.cu"
        unit.write_text(shim(launcher, f"files/{file}", k), encoding="utf-8")
        return self._compile([str(unit), *self._paths(beside)])

    def _paths(self, files: Sequence[str]) -> list[str]:
        return [str(self._work / "files" / file) for file in files]

    def ours(self, source: Path) -> Compiled:
        """A file of this project, with the headers beside it."""
        return self._compile([str(copied(source, self._work))])

    def _compile(self, sources: list[str]) -> Compiled:
        first = self._by(STANDARDS[0], sources)
        if first.ok or "error" not in first.output:
            return first
        second = self._by(STANDARDS[1], sources)
        return second if second.ok else first

    def _by(self, standard: str, sources: list[str]) -> Compiled:
        self._count += 1
        out = self._work / f"out_{self._count}"
        out.mkdir()
        library = out / "kernel.so"
        flags = [*FLAGS, *ALLOWED, f"-std={standard}", f"-arch={architecture()}"]
        command = [nvcc(), *flags, *sources, "-o", str(library)]
        status, output = self._confinement.compile(command, out, SECONDS)
        text = self._clean(output)
        if status == 0 and library.exists():
            return Compiled(library, text)
        return Compiled(None, text or f"nvcc ended with status {status}")

    def _clean(self, output: str) -> str:
        """Without the paths of our scratch folder, which differ from run to run."""
        text = output.replace(f"{self._work}/files/", "").replace(f"{self._work}/", "")
        return re.sub(r"/\S*tmpxft_\S+", "(temporary file)", text)[:LONGEST_OUTPUT]


def copied(source: Path, work: Path) -> Path:
    """A copy of one of our files and its headers where the compiler can see it."""
    for file in (source, *source.parent.glob("*.cuh")):
        shutil.copyfile(file, work / file.name)
        (work / file.name).chmod(0o644)
    return work / source.name


def first_errors(output: str, count: int = 3) -> list[str]:
    """The compiler's first errors, one line each."""
    lines = [
        line.strip() for line in output.splitlines() if re.search(r"\berror( #[\w-]+)? *:", line)
    ]
    return list(dict.fromkeys(lines))[:count] or output.splitlines()[:count]
