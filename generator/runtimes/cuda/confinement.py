"""What untrusted compilers and kernels may do: processes of their own, confined before they start.

The layers are those of generator.sandbox, taken on between fork and exec, because a CUDA context
does not survive a fork. A compiler sees no GPU; a kernel sees the devices, and writes nowhere but
in a scratch folder of its run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.data import Layer
from generator.sandbox import launch, restrict

SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc",
    "/opt",
    "/proc",
    "/sys",
    "/run/nvidia",
    "/dev/null",
    "/dev/urandom",
    "/dev/zero",
)
DEVICES = "nvidia*"
OWN_ENTRIES = "/proc"  # the driver writes some of its process's own when it makes a context
COMPILER_LIMITS = {"RLIMIT_CPU": 600, "RLIMIT_FSIZE": 300 * 10**6, "RLIMIT_CORE": 0}
KERNEL_LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 1024}
CACHES = ("HOME", "TMPDIR", "CUPY_CACHE_DIR", "CUDA_CACHE_PATH")  # of CuPy's own small kernels
PASSED_ON = ("PATH", "CUDA_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES")
SHORTEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Confinement:
    """Rules for one run's processes. work: the only folder of ours that they can see.

    uid: a user of their own, or None where we are not root. weak: why a layer is missing, by name.
    """

    work: Path
    uid: int | None = None
    weak: dict[str, str] = field(default_factory=dict)

    def compile(self, command: list[str], out: Path, seconds: float) -> tuple[int, str]:
        """Run a compiler that may write below `out` alone; its status and what it printed."""
        self._own(out)
        environment = {
            "PATH": f"{Path(command[0]).parent}:{SHORTEST_PATH}",
            "TMPDIR": str(out),
            "LANG": "C",
        }
        prepare = self._layers(readable=(str(self.work),), writable=(str(out),), programs=True)
        with tempfile.TemporaryFile() as printed:
            process = subprocess.Popen(
                command,
                cwd=out,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: _enter(prepare, COMPILER_LIMITS),  # noqa: PLW1509 - no locks in it
            )
            status = _wait(process, seconds)
            printed.seek(0)
            text = printed.read(1 << 20).decode(errors="replace")
        return (status, text) if status is not None else (-1, f"nvcc did not end in {seconds:g} s")

    def kernel(
        self, command: list[str], job: Any, reply: Any, printed: Any, seconds: float, output: int
    ) -> int | None:
        """Run a program that uses the GPU; its status, or None where it did not end in time.

        job, reply, printed: files that become its standard input, output and error. output: the
        largest file, in bytes, that it may write.
        """
        scratch = self.work / f"scratch_{os.getpid()}"  # not shared by those who work in parallel
        scratch.mkdir(exist_ok=True)
        self._own(scratch)
        environment = launch.environment() | dict.fromkeys(CACHES, str(scratch))
        environment |= {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        own = (str(self.work), str(launch.HERE), str(Path(__file__).parent))
        readable = (*own, *_packages(), sys.prefix, sys.base_prefix)
        devices = tuple(str(path) for path in sorted(Path("/dev").glob(DEVICES)))
        prepare = self._layers(readable, (str(scratch),), programs=True, devices=devices)
        limits = KERNEL_LIMITS | {"RLIMIT_FSIZE": output, "RLIMIT_CPU": int(4 * seconds)}
        process = subprocess.Popen(
            command,
            cwd="/",
            env=environment,
            stdin=job,
            stdout=reply,
            stderr=printed,
            start_new_session=True,
            preexec_fn=lambda: _enter(prepare, limits),  # noqa: PLW1509 - no locks in it
        )
        return _wait(process, seconds)

    def _own(self, folder: Path) -> None:
        if self.uid is not None:
            os.chown(folder, self.uid, self.uid)

    def _layers(
        self,
        readable: Iterable[str],
        writable: Iterable[str],
        *,
        programs: bool,
        devices: tuple[str, ...] = (),
    ) -> list[Callable[[], None]]:
        """What the child does to itself before it runs, in order. Built here, in the parent."""
        layers: list[Callable[[], None]] = []
        try:
            layers.append(_rules((*SYSTEM, *readable), writable, devices, programs).restrict)
        except (OSError, ImportError) as error:
            self.weak["files"] = str(error)
        if self.uid is not None:
            uid = self.uid
            layers += [lambda: restrict.drop_user(uid), restrict.drop_capabilities]
        else:
            self.weak["user"] = "only root can become another user"
        return [*layers, restrict.no_new_privileges]


def _packages() -> list[str]:
    """Folders of installed libraries: all of the path but the project itself."""
    project = Path(__file__).resolve().parents[3]
    return [path for path in sys.path if path and Path(path).resolve() != project]


def _rules(
    readable: Iterable[str], writable: Iterable[str], devices: tuple[str, ...], programs: bool
) -> Any:
    """Landlock rules: read and run what is listed, write below `writable`, use the devices."""
    from landlockpy import AccessFS, Ruleset, Scope

    rules = Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL)
    read = AccessFS.READ_FILE | AccessFS.READ_DIR
    read |= AccessFS.EXECUTE if programs else AccessFS.READ_FILE
    made = AccessFS.MAKE_REG | AccessFS.MAKE_DIR | AccessFS.REMOVE_FILE | AccessFS.REMOVE_DIR
    made |= AccessFS.MAKE_SOCK | AccessFS.MAKE_FIFO  # how a sanitizer talks to what it watches
    write = read | made | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
    use = AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.IOCTL_DEV
    of_files = (
        AccessFS.EXECUTE
        | AccessFS.READ_FILE
        | AccessFS.WRITE_FILE
        | AccessFS.TRUNCATE
        | AccessFS.IOCTL_DEV
    )
    entries = (OWN_ENTRIES,) if devices else ()
    listed = (
        (readable, read),
        (writable, write),
        (devices, use),
        (("/dev/null",), use),
        (entries, write),
    )
    for paths, access in listed:
        for path in paths:
            if Path(path).exists():
                rules.allow_path(path, access if Path(path).is_dir() else access & of_files)
    return rules


def _enter(layers: list[Callable[[], None]], limits: dict[str, int]) -> None:
    restrict.apply_limits(limits)
    for layer in layers:
        layer()


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The status, or None after the deadline. Either way nothing of the process group is left."""
    try:
        status: int | None = process.wait(seconds)
    except subprocess.TimeoutExpired:
        status = None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return status


def described(tried: dict[str, str]) -> tuple[Layer, ...]:
    """The layers of a kernel's process. tried: what each attempt made from inside achieved."""
    names = {
        "read": "reads only the library, the system and the interpreter",
        "write": "writes nothing but a scratch folder",
        "sockets": "no sockets",
        "exec": "no new programs",
        "user": "a user of its own",
    }
    return tuple(
        Layer(
            name=name, enforced=tried.get(key, "not tried") == "", note=tried.get(key, "not tried")
        )
        for key, name in names.items()
    )
