"""What runs in the child, next to the untrusted code: load, call, report. Knows no answers.

Messages to the judge, one frame each: {"loaded": seconds}, {"output": {...}} per call, then
{"end": true} or {"error": text, "importing": bool}. The untrusted code could send them itself;
that gains it nothing, for they are claims to be checked.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from . import attempts, entry, loading, placeholders, script, wire

NOTE_CHARS = 600


def read_job(fd: int) -> dict[str, Any]:
    """Read the job's one frame from the judge and close the descriptor."""
    reader = wire.Reader(cap=2**40)
    with open(fd, "rb", buffering=0) as pipe:
        while data := pipe.read(1 << 20):
            for job in reader.feed(data):
                return dict(job)
    raise wire.ProtocolError("the judge sent no job")


def serve(job: dict[str, Any], reply: int, folder: Path) -> None:
    """Do the job and write the messages to `reply`. Never raises."""
    importing = True
    try:
        if "attempts" in job:
            send(reply, {"output": attempts.run(job["attempts"])})
        elif "script" in job:
            script.run(folder, job["script"], lambda note: send(reply, {"note": note}))
        else:
            started = time.perf_counter()
            namespace, drive = prepare(job, folder)
            send(reply, {"loaded": time.perf_counter() - started})
            importing = False
            for call in job["calls"]:
                send(reply, {"output": drive(namespace, call)}, job["output_cap"])
        flush()
        send(reply, {"end": True})
    except BaseException as error:  # noqa: BLE001 - SystemExit too is the output's doing
        flush()
        send(reply, {"error": describe(error, folder), "importing": importing})


def prepare(job: dict[str, Any], folder: Path) -> tuple[entry.Entry, Any]:
    """Import the output and the challenge's driver. Raises whatever the output raises."""
    os.chdir(folder)
    sys.argv = ["output"]
    binding = job["binding"]
    placeholders.install(tuple(binding["placeholders"]))
    loader = loading.Loader(folder, definitions_only=binding["definitions_only"])
    driver = ModuleType("kernel_driver")
    sys.modules["kernel_driver"] = driver
    exec(marshal.loads(job["drive"].tobytes()), driver.__dict__)  # noqa: S302 - the judge's own
    drive = driver.__dict__["drive"]
    adapter = None if job["adapter"] is None else marshal.loads(job["adapter"].tobytes())  # noqa: S302
    return entry.build(loader, binding, adapter), drive


def flush() -> None:
    """Write what was printed; the output may have replaced or closed these streams."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def send(fd: int, message: dict[str, Any], cap: int | None = None) -> None:
    """Write one frame. Raises ValueError when it is larger than the cap in bytes."""
    frame = wire.encode(message, lenient=True)
    if cap is not None and wire.size(frame) > cap:
        raise ValueError(f"returned {wire.size(frame)} bytes, more than the {cap} allowed")
    for part in frame:
        view = memoryview(part)
        while view:
            view = view[os.write(fd, view) :]


def describe(error: BaseException, folder: Path) -> str:
    """Type, message and the last line within the output's own files, kept short and safe."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - __str__ is the output's own code
        text = "(its message could not be read)"
    where, step = "", error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file.startswith(f"{folder}{os.sep}"):
            where = f" ({os.path.relpath(file, folder)}, line {step.tb_lineno})"
        step = step.tb_next
    if isinstance(error, SyntaxError) and not where and error.filename:
        where = f" ({os.path.basename(error.filename)}, line {error.lineno})"
    return f"{type(error).__name__}: {text[:NOTE_CHARS]}{where}"
