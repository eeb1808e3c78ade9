"""Verification on Ray: its workers run our sandbox, on this machine or on a cluster's nodes.

Generator and challenges travel as Ray's working directory, a run's files with its task. Nodes need
the same Python and the packages of requirements.txt, and nothing else: no shared file system.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from generator.data import Evidence
from generator.engines import INSTALL
from generator.engines.machine import MEGABYTE, free_mb
from generator.engines.shipping import BESIDE_US, RESULT, pack, verify_packed
from generator.engines.worker import ATTEMPTS, DIED, needs_mb, one_line
from generator.sandbox.launch import THREADS
from generator.verify import Task
from generator.yamlfile import BadFile

OBJECTS_MB = 500  # for tasks on their way to workers, on a cluster of this machine alone
CONNECT_SECONDS = 10.0
AHEAD = 2  # tasks sent for each core, so that none waits for the next


@dataclass(frozen=True)
class Ray:
    """Workers of the cluster at `address`; without one, so many on this machine.

    memory_mb: what they may take together on this machine; 0 for what is free.
    """

    workers: int
    memory_mb: int = 0
    address: str = ""

    def verify_all(self, todo: list[Task]) -> Iterator[tuple[Task, Evidence | str]]:
        """Verify in the order given, as far as the nodes have cores, memory and GPUs."""
        ray = library()
        if not todo:
            return
        with self._connected(ray, todo[0].root):
            yield from _results(ray, todo, _Nodes(ray.nodes()))

    @contextmanager
    def _connected(self, ray: Any, root: Path) -> Iterator[None]:
        """A connection to the cluster, whose workers find our code in their current folder."""
        with tempfile.TemporaryDirectory() as folder:
            for source in (BESIDE_US / "generator", root / "challenges"):
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, Path(folder, source.name), ignore=ignored)
            try:
                _reach(self.address)
                ray.init(
                    **self._where(),
                    runtime_env={"working_dir": folder, "env_vars": THREADS},
                    log_to_driver=False,
                    logging_level="error",
                )
            except (OSError, RuntimeError, ValueError) as error:
                where = f"at {self.address}" if self.address else "could be started here"
                raise BadFile(f"no Ray cluster {where}: {error}") from None
        try:
            yield
        finally:
            ray.shutdown()

    def _where(self) -> dict[str, Any]:
        if self.address:
            return {"address": self.address}
        return {
            "address": "local",
            "num_cpus": self.workers,
            "include_dashboard": False,
            "object_store_memory": OBJECTS_MB * MEGABYTE,
            "_memory": (self.memory_mb or free_mb()) * MEGABYTE,
        }


def _reach(address: str) -> None:
    """Raises OSError if nothing answers at `HOST:PORT`; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()


@dataclass(frozen=True)
class _Nodes:
    """What the cluster's nodes have, as Ray tells it."""

    listed: list[dict[str, Any]]

    def resources(self, kind: str) -> list[dict[str, float]]:
        """Of the nodes that live and have some of this kind."""
        found = [node["Resources"] for node in self.listed if node["Alive"]]
        return [node for node in found if node.get(kind) and node.get("CPU")]

    @property
    def cores(self) -> int:
        """Of all nodes together."""
        return int(sum(node["CPU"] for node in self.resources("CPU")))

    def asked_for(self, task: Task) -> dict[str, Any]:
        """The resources that a task is given: no more than some node has, or it would never start.

        A CUDA run goes to a GPU where there is one. Elsewhere it is compiled at most, and a record
        that was made on a GPU stays.
        """
        gpus = self.resources("GPU") if task.challenge.runtime == "cuda" else []
        most = max(node["memory"] for node in gpus or self.resources("CPU"))
        return {
            "num_cpus": 1,
            "num_gpus": 1 if gpus else 0,
            "memory": min(needs_mb(task) * MEGABYTE, int(most)),
        }


def library() -> Any:
    """The ray package, told to send no statistics; raises BadFile where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_task_oom_retries", str(ATTEMPTS - 1))
    try:
        import ray
    except ImportError:
        raise BadFile(f"--engine ray needs Ray: {INSTALL}") from None
    return ray


def _results(ray: Any, todo: list[Task], nodes: _Nodes) -> Iterator[tuple[Task, Evidence | str]]:
    """Keep every core busy until all is done; on any exit, what is not done is cancelled."""
    if not nodes.cores:
        raise BadFile("no node of this Ray cluster has a core to give")
    remote = ray.remote(max_retries=ATTEMPTS - 1)(verify_packed)
    waiting = iter(todo)
    pending: dict[Any, Task] = {}
    try:
        while True:
            for task in islice(waiting, AHEAD * nodes.cores - len(pending)):
                try:
                    packed = pack(task)
                except BadFile as error:
                    yield task, one_line(error)
                else:
                    pending[remote.options(**nodes.asked_for(task)).remote(*packed)] = task
            if not pending:
                return
            for done in ray.wait(list(pending))[0]:
                yield pending.pop(done), _outcome(ray, done)
    finally:
        for reference in pending:
            ray.cancel(reference, force=True)


def _outcome(ray: Any, reference: Any) -> Evidence | str:
    try:
        return RESULT.validate_json(ray.get(reference))
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
        return DIED
    except ray.exceptions.RayError as error:
        return one_line(error)
