"""How a zygote is started: which interpreter, what it may see, and what is wrapped around it."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.sandbox import installed

HERE = Path(__file__).resolve().parent
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMEXPR")} | {
    "VECLIB_MAXIMUM_THREADS": "1"
}
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # some installations of Python need it to start
ENVIRONMENT = {**THREADS, "LANG": "C.UTF-8", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
INSTALLED = frozenset({"site-packages", "dist-packages"})
SYSTEM_LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
HOST = "sandbox"  # what cases find as the machine's name, under bubblewrap
SCRATCH_BYTES = 256 * 10**6

# Users of the range that neither distributions nor systemd give out, one per sandbox: none of them
# is any account's, and no two running sandboxes share one.
FIRST_USER = 0x70000000
USERS = 0x0FFFFFF0
SLOTS = 16

_slots: set[int] = set()
_slots_lock = threading.Lock()


def interpreter() -> str:
    """The real interpreter, not a virtual environment's link to it."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return str(Path(base).resolve())


def environment() -> dict[str, str]:
    """All that a case's process finds in its environment."""
    return ENVIRONMENT | {name: os.environ[name] for name in KEPT if name in os.environ}


def readable() -> list[str]:
    """What any case may read besides the run's files: the standard library and system libraries.

    Packages installed beside the standard library are not part of it.
    """
    own = [p for place in _library() for p in place.iterdir() if p.name not in INSTALLED]
    own += Path(sys.base_prefix, "lib").glob("*.so*")
    return list(dict.fromkeys([*map(str, own), *SYSTEM_LIBRARIES, *SYSTEM_FILES, *DEVICES]))


def _library() -> list[Path]:
    """The folders of the standard library, of the real interpreter."""
    base = {"installed_base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    places = (sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib"))
    return [Path(place) for place in dict.fromkeys(places)]


@contextmanager
def slot() -> Iterator[int | None]:
    """A user number of this sandbox's own while it is open, or None where we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield None
        return
    with _slots_lock:
        number = next(n for n in itertools.count() if n not in _slots)
        _slots.add(number)
    try:
        yield FIRST_USER + (os.getpid() * SLOTS) % USERS + number % SLOTS
    finally:
        with _slots_lock:
            _slots.discard(number)


def command(control: int) -> list[str]:
    """The zygote's own command line."""
    return [interpreter(), "-I", "-S", str(HERE / "boot.py"), str(control)]


def wrapper(stage: Path, packages: Iterable[str]) -> list[str]:
    """What to put before the command: bubblewrap, sandbox-exec, or nothing where neither is."""
    if sys.platform == "darwin" and shutil.which("sandbox-exec"):
        return ["sandbox-exec", "-p", profile(stage, [*packages, *readable()])]
    bwrap = shutil.which("bwrap") if sys.platform == "linux" else None
    return [bwrap, *bubblewrap(stage, packages)] if bwrap else []


def bubblewrap(stage: Path, packages: Iterable[str]) -> list[str]:
    """Arguments for a file system that holds nothing but what is listed, without a network.

    The capabilities kept are for the zygote, which gives each case a user and a namespace of its
    own; every case drops them all. There is no /proc.
    """
    arguments = [
        "--die-with-parent",
        *(f"--unshare-{name}" for name in ("pid", "net", "ipc", "uts")),
        *("--hostname", HOST),
    ]
    for name in ("SETUID", "SETGID", "SYS_ADMIN", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER"):
        arguments += ["--cap-add", f"CAP_{name}"]
    system = [*readable(), *map(str, _library()), interpreter(), str(HERE), str(stage / "files")]
    system = _outermost_first(system)
    hidden = [str(place / name) for place in _library() for name in sorted(INSTALLED)]
    for path in _parents([*system, *packages]):
        arguments += ["--perms", "0755", "--dir", path]
    for path in system:
        arguments += _shown(path)
    for path in hidden:
        arguments += ["--tmpfs", path] if Path(path).is_dir() else []
    for path in packages:
        arguments += _shown(path)
    scratch = ["--size", str(SCRATCH_BYTES), "--tmpfs", str(stage / "scratch")]
    return [*arguments, *scratch, "--remount-ro", "/", "--chdir", "/"]


def _shown(path: str) -> list[str]:
    """The arguments that show one path at its own place."""
    if Path(path).is_symlink():
        return ["--symlink", os.readlink(path), path]
    return ["--dev-bind" if path in DEVICES else "--ro-bind-try", path, path]


def _parents(paths: list[str]) -> list[str]:
    """The folders above these, outermost first; bubblewrap would let only root into them."""
    above = {str(parent) for path in paths for parent in Path(path).parents}
    return sorted(p for p in above - {"/"} - set(paths) if not _inside(p, paths))


def profile(stage: Path, packages: Iterable[str]) -> str:
    """A sandbox-exec profile with the same rules (macOS). Metal needs its driver and compiler."""
    shown = [*readable(), *packages, interpreter(), str(HERE), str(stage), "/System", "/usr/lib"]
    reads = " ".join(f"(subpath {_quoted(path)})" for path in dict.fromkeys(shown))
    return (
        "(version 1)(deny default)(allow process-fork)(allow sysctl-read)"
        f"(allow process-exec (literal {_quoted(interpreter())}))"
        f'(allow file-read* {reads} (literal "/") (literal "/dev/null") (literal "/dev/urandom"))'
        f"(allow file-read-metadata)(allow file-write* (subpath {_quoted(str(stage / 'scratch'))}))"
        '(allow iokit-open (iokit-user-client-class "AGXDeviceUserClient"))'
        '(allow mach-lookup (global-name "com.apple.MTLCompilerService"))'
        "(allow signal (target same-sandbox))"
    )


def settings(stage: Path, preload: tuple[str, ...], uid: int | None) -> dict[str, object]:
    """What the zygote is told first."""
    tops = [name.partition(".")[0] for name in preload]
    places = installed.locate([*tops, *installed.TEST_LIBRARIES, *installed.OWN])
    return {
        "preload": list(preload),
        "packages": places,
        "visible": [*tops, *installed.TEST_LIBRARIES],
        "readable": [*readable(), *installed.paths(places), str(stage / "files")],
        "scratch": str(stage / "scratch"),
        "uid": uid,
    }


def _outermost_first(paths: Iterable[str]) -> list[str]:
    """Without what lies below another listed folder; a mount would hide what was mounted below."""
    found: list[str] = []
    for path in sorted(set(paths)):
        if not _inside(path, found):
            found.append(path)
    return found


def _inside(path: str, folders: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(f) and not Path(f).is_symlink() for f in folders)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
