"""All the layers in their order, as the zygote prepares them and a case takes them on.

Every layer that cannot be had here is left out with its reason; which ones hold is found by trying
(attempts.py), never concluded from this list.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import files, restrict, syscalls
from .removal import remove


@dataclass
class Confinement:
    """What a case will be confined to. Made once in the zygote, entered by each child.

    readable: paths that every case may read. scratch: the folder that a script's case may write,
    "" for none. uid: the user to become, None to stay. fresh_pids: whether new_pids() works.
    """

    readable: tuple[str, ...]
    scratch: str
    uid: int | None
    fresh_pids: bool = False
    missing: dict[str, str] = field(default_factory=dict)
    _rules: files.Ruleset | None = None
    _script_rules: files.Ruleset | None = None
    _filter: syscalls.Filter | None = None

    def prepare(self) -> None:
        """Build rules and filters, and find out what works by trying it in throwaway children."""
        with self._noting("Landlock"):
            self._rules = files.ruleset(self.readable)
            self._script_rules = files.ruleset(self.readable, (self.scratch,))
        with self._noting("seccomp"):
            self._filter = syscalls.filter_for(1)
        with self._noting("pid namespace"):
            _try(_in_a_namespace)
            self.fresh_pids = True
        uid, self.uid = self.uid, None
        if uid is None:
            self.missing["own user"] = "only root can become another user"
            return
        with self._noting("own user"):
            _try(lambda: self._try_user(uid))
            self.uid = uid

    def enter(self, *, script: bool) -> None:
        """Give everything up but what limits() bounds; called in the single-threaded child."""
        rules = self._script_rules if script else self._rules
        if rules is not None:
            rules.restrict()
        if self.uid is not None:
            restrict.drop_user(self.uid)
        with contextlib.suppress(OSError, AttributeError):
            restrict.drop_capabilities()
            restrict.no_new_privileges()
        restrict.not_dumpable()
        if self._filter is not None:
            (self._filter if os.getpid() == 1 else syscalls.filter_for(os.getpid())).load()

    @property
    def may_leave_strays(self) -> bool:
        """Whether a case can make processes that killing it does not end."""
        return self._filter is None and not self.fresh_pids

    def limits(self, wanted: dict[str, int]) -> dict[str, int]:
        """The resource limits that make sense here: processes are counted by user."""
        counted = self.uid is not None
        return {name: value for name, value in wanted.items() if counted or name != "RLIMIT_NPROC"}

    def into_scratch(self, folder: Path) -> Path:
        """Copy a run's folder into the scratch folder and make the copy the case's own."""
        scratch = Path(self.scratch)
        names = itertools.chain(("run",), (f"run-{n}" for n in itertools.count(2)))
        target = next(p for name in names if not os.path.lexists(p := scratch / name))
        shutil.copytree(folder, target)
        for path in (scratch, target, *target.rglob("*")):
            if self.uid is not None:
                os.chown(path, self.uid, self.uid)
        return target

    def clean_scratch(self) -> None:
        """Remove everything a case left in the scratch folder."""
        for path in Path(self.scratch).iterdir():
            remove(path)
            with contextlib.suppress(OSError):
                path.unlink()

    def _try_user(self, uid: int) -> None:
        restrict.drop_user(uid)
        with Path(os.__file__).open("rb"):
            pass
        for path in self.readable:
            if Path(path).is_dir():
                os.listdir(path)

    @contextlib.contextmanager
    def _noting(self, layer: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ImportError) as error:
            self.missing[layer] = str(error)


def _in_a_namespace() -> None:
    """Make two namespaces, one after the other, each with a child in it."""
    for _ in range(2):
        with restrict.children_in_a_namespace():
            pid = os.fork()
            if pid == 0:
                os._exit(0)
        os.waitpid(pid, 0)


def _try(action: Callable[[], None]) -> None:
    """Do something irrevocable in a child that ends with it. Raises OSError where that fails."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            action()
            os.write(tell, b"done")
        except OSError as error:
            os.write(tell, str(error).encode())
        finally:
            os._exit(0)
    os.close(tell)
    os.waitpid(pid, 0)
    with open(told, "rb") as pipe:
        answer = pipe.read().decode()
    if answer != "done":
        raise OSError(answer)
