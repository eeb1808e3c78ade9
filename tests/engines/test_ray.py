"""Ray: the records of the local pool, from workers that share with us JSON and bytes alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.engines import Name, open_engine
from generator.engines.local import Local
from generator.engines.ray import Ray, _Nodes
from generator.engines.worker import DIED, needs_mb
from generator.yamlfile import BadFile
from tests.engines.conftest import SLUG, records, todo

MB = 10**6


@pytest.mark.slow
def test_two_ray_workers_make_the_records_of_the_local_pool(project: Path) -> None:
    """Byte for byte but for time; runs that kill their worker, always or once, among them."""
    names = ("deadly", "right", "unlucky", "wrong")
    by_ray = records(project, Ray(2), *names)
    (project.parent / "died667.0").unlink()
    assert by_ray["deadly"] == DIED
    assert by_ray["unlucky"]["verdict"] == "wrong"
    assert by_ray == records(project, Local(2), *names)


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of a cluster of two nodes with one core each."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "memory": 9000 * MB})
    nodes.add_node(num_cpus=1, memory=9000 * MB)
    yield nodes.address
    nodes.shutdown()


@pytest.mark.slow
def test_a_cluster_that_is_there_already_is_used_and_left_running(
    project: Path, cluster: str
) -> None:
    """Its nodes need nothing of the project: code, challenges and outputs are sent each time."""
    engine = Ray(workers=1, address=cluster)
    assert records(project, engine, "right")["right"]["verdict"] == "passed"
    (project / "challenges" / SLUG / "reference.py").write_text("def reference(x):\n    return x\n")
    assert records(project, engine, "right")["right"]["verdict"] == "wrong"


def test_an_address_where_no_cluster_is_gives_one_line(project: Path) -> None:
    """Not a traceback of Ray's."""
    with pytest.raises(BadFile, match=r"no Ray cluster at 127\.0\.0\.1:9"):
        records(project, Ray(workers=1, address="127.0.0.1:9"), "right")


def node(**resources: float) -> dict[str, Any]:
    """A node as Ray lists it."""
    return {"Alive": True, "Resources": {"memory": 64e9, **resources}}


def test_cuda_runs_go_where_a_gpu_is(project: Path) -> None:
    """And take the whole of it; without one, they take a core like any other."""
    (plain,) = todo(project, "right")
    cuda = replace(plain, challenge=plain.challenge.model_copy(update={"runtime": "cuda"}))
    mixed = _Nodes([node(CPU=8.0), node(CPU=4.0, GPU=2.0)])
    assert mixed.asked_for(plain)["num_gpus"] == 0
    assert mixed.asked_for(cuda)["num_gpus"] == 1
    assert _Nodes([node(CPU=8.0)]).asked_for(cuda)["num_gpus"] == 0


def test_nothing_is_asked_for_that_no_node_has(project: Path) -> None:
    """A run asks for its limit, or for all of the largest node, which it then has for itself."""
    (task,) = todo(project, "right")
    assert _Nodes([node(CPU=1.0)]).asked_for(task)["memory"] == needs_mb(task) * MB
    small = [node(CPU=1.0, memory=1e9), node(CPU=1.0, memory=2e9), node(memory=64e9)]
    assert _Nodes(small).asked_for(task)["memory"] == 2e9
    assert _Nodes([*small, {"Alive": False, "Resources": {"CPU": 4.0}}]).cores == 2


def test_without_ray_one_line_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is looked at."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadFile, match=r"needs Ray: .*requirements-dev\.txt"):
        open_engine(Name.RAY, 1, 0, "")
