"""Cores and memory within control groups, read from files like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.engines import machine

MB = 10**6


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree of control groups, and a process in its group `a/b`, in either version."""
    membership = tmp_path / "cgroup"
    membership.write_text("4:memory:/a/b\n2:cpu,cpuacct:/a/b\n0::/a/b\n")
    monkeypatch.setattr(machine, "MEMBERSHIP", membership)
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(machine, "_available", lambda: 9000 * MB)
    return tmp_path / "groups"


def fill(folder: Path, **files: str) -> None:
    """Write files of one group; a double underscore in a name is its dot."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_without_a_limit_what_the_machine_has_counts(groups: Path) -> None:
    """Groups that say `max`, or nothing, take nothing away."""
    fill(groups / "a", memory__max="max\n", memory__current="5\n", memory__stat="inactive_file 1\n")
    assert machine.free_mb() == 9000


@pytest.mark.parametrize("level", ["a", "a/b"])
def test_the_tightest_group_of_version_2_decides(groups: Path, level: str) -> None:
    """Its limit less what it uses; files that it only caches do not count as used."""
    fill(
        groups / level,
        memory__max=f"{3000 * MB}\n",
        memory__current=f"{1500 * MB}\n",
        memory__stat=f"anon 1\ninactive_file {500 * MB}\n",
    )
    assert machine.free_mb() == 2000


def test_version_1_is_read_as_well(groups: Path) -> None:
    """It has a folder a controller, and other names."""
    fill(
        groups / "memory" / "a" / "b",
        memory__limit_in_bytes=f"{3000 * MB}\n",
        memory__usage_in_bytes=f"{1500 * MB}\n",
        memory__stat=f"inactive_file 7\ntotal_inactive_file {100 * MB}\n",
    )
    assert machine.free_mb() == 1600


@pytest.mark.parametrize(
    ("place", "files"),
    [
        ("a", {"cpu__max": "50000 100000\n"}),
        ("cpu/a", {"cpu__cfs_quota_us": "100000\n", "cpu__cfs_period_us": "100000\n"}),
    ],
)
def test_a_quota_of_one_core_is_one_worker(groups: Path, place: str, files: dict[str, str]) -> None:
    """However many cores the machine has; half a core is rounded up."""
    fill(groups / place, **files)
    assert machine.cores() == 1


def test_without_a_quota_every_core_counts(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`max` and -1 are no quota."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    fill(groups / "a", cpu__max="max 100000\n")
    fill(groups / "cpu" / "a", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    assert machine.cores() == 6
