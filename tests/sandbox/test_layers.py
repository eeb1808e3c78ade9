"""Isolation is what was found by trying; below the floor nothing runs unless that is accepted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from generator.data import Limits
from generator.sandbox import Job, Sandbox, WeakIsolation, box, client, launch, layers, probe

ALL_FAILED = {name: "" for promise in layers.PROMISES for name in promise.attempts}
linux = pytest.mark.skipif(sys.platform != "linux", reason="the layers of Linux")


def test_all_attempts_failed() -> None:
    """When no attempt achieved anything, every layer holds."""
    found = layers.layers(ALL_FAILED, {})
    assert all(layer.enforced and not layer.note for layer in found)
    assert layers.below_floor(found) == []


@pytest.mark.parametrize("attempt", sorted(ALL_FAILED))
def test_one_attempt_achieved(attempt: str) -> None:
    """One success takes its layer away, with what was achieved as the note."""
    found = layers.layers(ALL_FAILED | {attempt: "did it"}, {})
    broken = [layer for layer in found if not layer.enforced]
    assert [layer.note for layer in broken] == ["did it"]


def test_attempts_that_were_not_made_count_as_achieved() -> None:
    """Silence is not isolation."""
    assert not any(layer.enforced for layer in layers.layers({}, {}))


@linux
def test_floor_holds_here() -> None:
    """On this machine untrusted code may be run."""
    assert layers.below_floor(probe()) == []


@linux
def test_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap the floor still holds; the hidden file system is said to be missing."""
    monkeypatch.setattr(launch, "wrapper", lambda *_: [])
    with Sandbox() as opened:
        missing = [layer for layer in opened.isolation if not layer.enforced]
    assert "a file system that holds nothing else" in {layer.name for layer in missing}
    assert layers.below_floor(tuple(missing)) == []


@linux
@pytest.mark.parametrize("package", ["landlockpy", "seccompy"])
def test_without_a_layer(package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Landlock or seccomp a run is refused, unless weak isolation is accepted."""
    wanted = tuple(name for name in launch.installed.OWN if name != package)
    monkeypatch.setattr(launch.installed, "OWN", wanted)
    monkeypatch.setattr(launch, "wrapper", lambda *_: [])
    (tmp_path / "out.py").write_text("print('ran')\n")
    with Sandbox() as strict, pytest.raises(WeakIsolation):
        strict.run_script(tmp_path, "out.py", Limits())
    with Sandbox(accept_weak=True) as lax:
        assert lax.run_script(tmp_path, "out.py", Limits()).status == 0
        assert layers.below_floor(lax.isolation)


def test_users_are_distinct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two open sandboxes share a user, and none is an account's; without root there is none."""
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    with launch.slot() as a, launch.slot() as b:
        assert a != b
        assert a is not None
        assert launch.FIRST_USER <= a < 2**31 - 2
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with launch.slot() as none:
        assert none is None


def test_lost_zygote_is_replaced(tmp_path: Path) -> None:
    """When the zygote is killed, the next case gets a new one."""
    (tmp_path / "out.py").write_text("raise SystemExit(4)\n")
    with Sandbox(accept_weak=True) as opened:
        for _ in range(2):
            assert opened.run_script(tmp_path, "out.py", Limits()).status == 4
            assert opened._zygote is not None
            opened._zygote._process.kill()


def test_closing_leaves_nothing(tmp_path: Path) -> None:
    """After closing, neither the private copies nor the zygote are left."""
    with Sandbox(accept_weak=True) as opened:
        opened.run_script(tmp_path, "absent.py", Limits())
        assert opened._stage is not None
        assert isinstance(opened._zygote, client.Zygote)
        stage, process = opened._stage.root, opened._zygote._process
        assert stage.is_dir()
    assert not stage.exists()
    assert process.poll() is not None


def test_inputs_are_checked_before_anything_runs(tmp_path: Path) -> None:
    """An input that cannot cross is our mistake, and raised as such."""
    job = Job(tmp_path, "", {}, ({"x": object()},))
    with Sandbox(accept_weak=True) as opened, pytest.raises(TypeError):
        opened.run(job, box.PROBE_LIMITS)
