"""Tasks for workers elsewhere: JSON and bytes go out, a record or an error comes back as JSON."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

import generator
from generator.data import Evidence
from generator.engines.worker import one_line, settle, verify_task
from generator.sandbox.stage import BYTES_CAP
from generator.storedrun import IGNORED_FOLDERS, walk
from generator.verify import Task
from generator.yamlfile import BadFile

TASK = TypeAdapter(Task)
RESULT: TypeAdapter[Evidence | str] = TypeAdapter(Evidence | str)
# We made the archive, of what lies inside a folder; Python's filter, from 3.11.4, looks once more.
FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
BESIDE_US = Path(generator.__path__[0]).resolve().parent


def pack(task: Task) -> tuple[bytes, bytes]:
    """A task as JSON, and its run's files as a tar archive; raises BadFile if they are too big."""
    return TASK.dump_json(task), archive(task.run.folder.resolve())


def verify_packed(task: bytes, files: bytes, root: str = str(BESIDE_US)) -> bytes:
    """Verify a packed task in this process; the evidence, or our own error as one line, as JSON.

    root: the folder that holds `challenges/`; by default, the one that holds this package.
    """
    settle()
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        try:
            found = unpacked(task, files, Path(folder).resolve(), Path(root))
            return RESULT.dump_json(verify_task(found))
        except Exception as error:  # noqa: BLE001 - what crosses is this line, never a pickle of it
            return RESULT.dump_json(one_line(error))


def unpacked(task: bytes, files: bytes, folder: Path, root: Path) -> Task:
    """The task, with its run's files in `folder`."""
    with tarfile.open(fileobj=io.BytesIO(files)) as tar:
        tar.extractall(folder, **FILTER)  # noqa: S202 - see FILTER
    found = TASK.validate_json(task)
    return replace(found, run=found.run.model_copy(update={"folder": folder}), root=root)


def archive(folder: Path) -> bytes:
    """What verification reads of a run's folder: its files, and links to files inside it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in _members(folder):
            with suppress(OSError):  # what we may not read, the run goes without
                _add(tar, path, path.relative_to(folder).as_posix())
            if packed.tell() > BYTES_CAP:
                raise BadFile(
                    f"more than {BYTES_CAP:,} bytes of files, too many to send to a cluster"
                )
    return packed.getvalue()


def _members(folder: Path) -> Iterator[Path]:
    for place, names in walk(folder, IGNORED_FOLDERS):
        for path in (place / name for name in names):
            if path.is_file() and path.resolve().is_relative_to(folder):
                yield path


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    info = tarfile.TarInfo(name)
    if path.is_symlink():
        info.type, info.linkname = tarfile.SYMTYPE, os.path.relpath(path.resolve(), path.parent)
        tar.addfile(info)
    else:
        data = path.read_bytes()
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
