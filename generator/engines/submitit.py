"""Verification on Slurm through submitit: an array of jobs on nodes that see this file system."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.data import Evidence
from generator.engines import INSTALL
from generator.engines.local import Local
from generator.engines.shipping import BESIDE_US, RESULT, TASK
from generator.engines.worker import needs_mb, one_line
from generator.verify import Task
from generator.yamlfile import BadFile

JOBS = 500  # of an array, at most; Slurm allows a thousand where nothing else was set
MINUTES_A_RUN = 10  # SBATCH_TIMELIMIT says otherwise, as other SBATCH_ variables do


@dataclass(frozen=True)
class Submitit:
    """So many jobs at once. cluster: `slurm`, or `local` for the same jobs on this machine."""

    workers: int
    folder: Path = BESIDE_US / ".cache" / "submitit"
    cluster: str = "slurm"

    def verify_all(self, todo: list[Task]) -> Iterator[tuple[Task, Evidence | str]]:
        """Verify in shards, a job each; what a job found is known when all of it is done."""
        submitit = library()
        jobs: dict[Any, list[Task]] = {}
        try:
            for cuda in (False, True):
                batch = [task for task in todo if (task.challenge.runtime == "cuda") is cuda]
                shards = [batch[start::JOBS] for start in range(min(JOBS, len(batch)))]
                sent = [[TASK.dump_json(task) for task in shard] for shard in shards]
                if batch:
                    executor = self._executor(submitit, batch, len(shards[0]), 1 if cuda else None)
                    try:
                        jobs |= zip(executor.map_array(verify_shard, sent), shards, strict=True)
                    except submitit.core.utils.FailedJobError as refused:  # no GPU there, say
                        yield from ((task, one_line(refused)) for task in batch)
            for job in submitit.helpers.as_completed(list(jobs), poll_frequency=1):
                error = job.exception()
                found = {} if error else job.result()
                for task in jobs[job]:
                    line = found.get(task.run.key) or RESULT.dump_json(one_line(error))
                    yield task, RESULT.validate_json(line)
        finally:
            for job in jobs:
                if not job.done():
                    job.cancel()

    def _executor(self, submitit: Any, batch: list[Task], runs: int, gpus: int | None) -> Any:
        try:
            executor = submitit.AutoExecutor(folder=self.folder, cluster=self.cluster)
        except RuntimeError as error:
            raise BadFile(f"no Slurm here: {error}") from None
        executor.update_parameters(
            name="verify",
            cpus_per_task=1,
            gpus_per_node=gpus,
            mem_gb=math.ceil(max(map(needs_mb, batch)) / 1000),
            timeout_min=MINUTES_A_RUN * runs,
            slurm_array_parallelism=self.workers,
        )
        return executor


def verify_shard(shard: list[bytes]) -> dict[str, bytes]:
    """In a job: by run, its evidence or error. A run that kills its worker costs no other run."""
    done = Local(1).verify_all([TASK.validate_json(task) for task in shard])
    return {task.run.key: RESULT.dump_json(result) for task, result in done}


def library() -> Any:
    """The submitit package; raises BadFile where it is not installed."""
    try:
        import submitit
    except ImportError:
        raise BadFile(f"--engine submitit needs submitit: {INSTALL}") from None
    return submitit
