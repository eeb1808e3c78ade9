"""Runs in the sandboxed child, beside an output's compiled library: buffers, calls, timings.

Started as a program: the job is one frame on standard input, the reply frames on standard output.
Imports only NumPy, CuPy and generator/sandbox/wire.py, which is loaded by its path because nothing
else of the project may be read here. Knows no answers.
"""

import ctypes
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

SANDBOX = Path(__file__).resolve().parents[2] / "sandbox"


def sibling(name: str, folder: Path = SANDBOX) -> ModuleType:
    """A module of generator/sandbox or of this folder, without its package."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class CudaError(RuntimeError):
    """A call that ended with an error, by CUDA's name for it."""


class Entry:
    """What drive.py is given: CuPy, and the library's launcher under the challenge's name for it.

    libraries: path by K ("0" for all). refused: why there is no library, by K.
    """

    def __init__(
        self, xp: Any, libraries: dict[str, str], refused: dict[str, str], index_bytes: int
    ) -> None:
        self.xp = xp
        self.index_type, self.index_bytes = f"i{index_bytes}", index_bytes
        self._refused = refused
        self._paths = libraries
        self._loaded: dict[str, ctypes.CDLL] = {}

    def refuses(self, k: int) -> str:
        """Why this K cannot be asked for, or the empty string."""
        return self._refused.get(str(k), "")

    def library(self, k: int) -> ctypes.CDLL:
        """The loaded library that answers this K."""
        path = self._paths.get(str(k)) or self._paths["0"]
        if path not in self._loaded:
            loaded = ctypes.CDLL(path)
            loaded.kernel_work_space.restype = ctypes.c_ulonglong
            self._loaded[path] = loaded
        return self._loaded[path]

    def work_space(self) -> int:
        """Bytes of device memory that the output has asked for so far."""
        return sum(int(library.kernel_work_space()) for library in self._loaded.values())

    def fused_softmax_topk(
        self, logits: int, idx: int, probs: int, rows: int, v: int, k: int
    ) -> None:
        """Call the launcher on device addresses and wait for it. Raises CudaError."""
        self.enqueue(logits, idx, probs, rows, v, k)
        status = self.library(k).kernel_wait()
        if status:
            raise CudaError(f"{self.name_of(status)} (rows {rows}, V {v}, K {k})")

    def enqueue(self, logits: int, idx: int, probs: int, rows: int, v: int, k: int) -> None:
        """Call the launcher without waiting for the device. Raises CudaError."""
        pointers = [ctypes.c_void_p(p) for p in (logits, idx, probs)]
        status = self.library(k).kernel_call(*pointers, rows, v, k)
        if status:
            raise CudaError(f"{self.name_of(status)} at launch (rows {rows}, V {v}, K {k})")

    def name_of(self, status: int) -> str:
        """CUDA's name for a status code."""
        try:
            return str(self.xp.cuda.runtime.getErrorName(status))
        except Exception:  # noqa: BLE001 - CuPy has an error class of its own per version
            return f"status {status}"


def serve(job: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
    """Do the job; `send` writes one message."""
    import cupy

    sys.path += job["packages"]
    cupy.cuda.runtime.free(0)  # makes the context
    entry = Entry(cupy, job["libraries"], job["refused"], job["index_bytes"])
    if "attempts" in job:
        send({"output": attempts(job["attempts"])})
        return
    if job["no_exec"]:
        forbid()
    if "timing" in job:
        here = Path(__file__).parent
        beside = (
            sibling("baselines", here).callables if job["timing"]["baselines"] else no_baselines
        )
        timing = sibling("timing_child", here)
        send({"output": timing.measure(entry, job["timing"], beside)})
        return
    driver = ModuleType("kernel_driver")
    exec(compile(job["drive"], "drive.py", "exec"), driver.__dict__)  # noqa: S102 - our driver
    for call in job["calls"]:
        send({"output": driver.drive(entry, call)})


def no_baselines(_xp: Any, _k: int) -> dict[str, Any]:
    """Beside an untrusted library nothing else is timed."""
    return {}


def forbid() -> None:
    """No sockets, programs or processes from here on, where the kernel has seccomp."""
    try:
        sibling("syscalls").filter_for(os.getpid()).load()
    except (OSError, ImportError) as error:
        sys.stderr.write(f"no seccomp: {error}\n")


def attempts(targets: dict[str, Any]) -> dict[str, str]:
    """What each attempt at something forbidden achieved, "" where it failed."""
    forbid()
    tried = {
        "read": lambda: f"read {len(Path(targets['secret']).read_bytes())} bytes",
        "write": lambda: f"wrote {Path('/tmp/attempt').write_text('x')} bytes",  # noqa: S108 - must fail
        "sockets": lambda: str(socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        "exec": lambda: str(subprocess.run([sys.executable, "-c", ""], check=True)),
        "user": lambda: "user 0" if os.getuid() == 0 else "",
    }
    return {name: outcome(attempt) for name, attempt in tried.items()}


def outcome(attempt: Callable[[], str]) -> str:
    """The attempt's own words, or "" where the system refused it."""
    try:
        return attempt()
    except (OSError, subprocess.SubprocessError):
        return ""


def main() -> None:
    """Read the job, answer it, and report any exception as the job's outcome."""
    wire = sibling("wire")
    reply = os.dup(1)  # what the library prints goes to standard error instead
    os.dup2(2, 1)

    def send(message: dict[str, Any]) -> None:
        for part in wire.encode(message, lenient=True):
            view = memoryview(part)
            while view:
                view = view[os.write(reply, view) :]

    job = next(iter(wire.Reader(2**40).feed(sys.stdin.buffer.read())))
    try:
        serve(job, send)
        send({"end": True})
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this case's outcome
        send({"error": f"{type(error).__name__}: {error}"[:1000]})
    os._exit(0)  # a broken context may hang or crash in its destructors


if __name__ == "__main__":
    main()
