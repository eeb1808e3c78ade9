"""Forking the child that will be a case, in advance, and becoming it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from pathlib import Path

from . import child, restrict
from .confine import Confinement


def fork(
    confinement: Confinement, control: socket.socket, *, script: bool
) -> tuple[int, socket.socket]:
    """A child that waits for its case, already confined if that is not a script; and its line.

    control: the zygote's connection to the judge, which the child closes.
    """
    ours, theirs = socket.socketpair()
    inside = restrict.children_in_a_namespace if confinement.fresh_pids else contextlib.nullcontext
    with inside():
        pid = os.fork()
    if pid == 0:
        status = 1  # of a child that could not begin
        try:
            control.close()
            ours.close()
            _be_child(confinement, theirs, script)
            status = 0
        finally:
            os._exit(status)
    theirs.close()
    return pid, ours


def kill_all_of(uid: int) -> None:
    """Kill every process of this user, which is the case's own."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            restrict.drop_user(uid)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(pid, 0)


def _be_child(confinement: Confinement, line: socket.socket, script: bool) -> None:
    """Become confined, wait for the case, and serve it.

    A script's child waits first, since it copies the folder while it still may.
    """
    os.setsid()
    if not script:
        confinement.enter(script=False)
    data, descriptors, _, _ = socket.recv_fds(line, 1 << 16, 3)
    line.close()
    if not data:
        return
    request = json.loads(data)
    job, reply, printed = descriptors
    folder = Path(request["folder"])
    if script:
        folder = confinement.into_scratch(folder)
        confinement.enter(script=True)
    work = child.read_job(job)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    (reply,) = restrict.keep_descriptors(reply)
    restrict.apply_limits(confinement.limits(request["limits"]))
    child.serve(work, reply, folder)
