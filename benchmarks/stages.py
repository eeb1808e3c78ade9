"""The stages of a build as commands, each in a fresh process, on a corpus of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import measure
from benchmarks.record import Cost, Site
from generator.data import Evidence, Verdict
from generator.records import Store

PYTHON = sys.executable
GENERATOR = (PYTHON, "-m", "generator")
DISCOVERY = (PYTHON, "-c", "from generator.discover import corpus; corpus()")
HAND_WRITTEN = {"guide", "assets", "records"}

DISCOVER, VERIFY, JUDGE, RENDER = "discover", "verify", "judge", "render"
COLD, MKDOCS = "build, cold, without verification and MkDocs", "MkDocs"
NOTHING, ONE = "build, nothing changed, before MkDocs", "build, one run changed, before MkDocs"
ORDER = (DISCOVER, VERIFY, JUDGE, RENDER, COLD, MKDOCS, NOTHING, ONE)
ROUNDS = 3  # for costs that are compared: what else the machine does comes and goes
Step = Callable[[str], None]
Stages = Iterator[tuple[str, Cost]]


def verify_command(*more: str) -> tuple[str, ...]:
    """Verification of everything that has no current record."""
    from benchmarks.corpus import SEED

    return (*GENERATOR, "verify", "--seed", str(SEED), *more)


def judge_command(address: str) -> tuple[str, ...]:
    """One question on each run to the scripted judge."""
    asked = ("--judge", "scripted", "--base-url", address, "--again", "1", "--blind", "0")
    return (*GENERATOR, "judge", *asked, "--no-duels", "--no-texts", "--no-probes")


def first_stages(root: Path, address: str, step: Step) -> Stages:
    """What a corpus needs before pages can be made of it: discovery, evidence, a judge's grades."""
    commands = {
        DISCOVER: DISCOVERY,
        VERIFY: verify_command(),
        JUDGE: judge_command(address),
    }
    for name, command in commands.items():
        yield name, stage(name, command, root, step)


def page_stages(root: Path, limit: float, step: Step) -> Stages:
    """Pages and site from nothing, then a build in which nothing changed."""
    site = (PYTHON, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean")
    build = (*GENERATOR, "build", "--no-site")
    forget(root)
    yield RENDER, stage(RENDER, (*GENERATOR, "render"), root, step)
    forget(root)
    yield COLD, stage(COLD, build, root, step)
    yield MKDOCS, stage(MKDOCS, site, root, step, limit)
    yield NOTHING, stage(NOTHING, build, root, step)


def changed_stage(root: Path, step: Step) -> tuple[Cost, Cost]:
    """A build after one run changed, and the command that verifies that run and nothing else.

    Of several rounds, the one between whose two commands lay neither most nor least.
    """
    rounds = [changed_round(root, step) for _ in range(ROUNDS)]
    return sorted(rounds, key=lambda took: took[0].seconds - took[1].seconds)[ROUNDS // 2]


def changed_round(root: Path, step: Step) -> tuple[Cost, Cost]:
    """Both commands once, after a line was added to the code of the quickest run."""
    quick = quickest(records(root))
    key = quick.key
    file = root / key / next(iter(quick.binding.entry.values())).file
    file.write_bytes(file.read_bytes() + b"\n# A line more.\n")
    cost = stage(ONE, (*GENERATOR, "build", "--no-site"), root, step)
    return cost, stage("that run alone", verify_command("--force", key), root, step)


def records(root: Path) -> dict[str, Evidence]:
    """The evidence on every run of a corpus, as it is now."""
    return Store(root / "docs" / "records").evidence()


def quickest(known: dict[str, Evidence]) -> Evidence:
    """The record of the run in Python that passed in the least time."""
    passed = [
        record
        for record in known.values()
        if record.verdict is Verdict.PASSED
        and all(bound.file.endswith(".py") for bound in record.binding.entry.values())
    ]
    return min(passed, key=lambda record: (record.seconds, record.model, record.challenge))


def stage(name: str, command: tuple[str, ...], root: Path, step: Step, limit: float = 0) -> Cost:
    """The cost of one command, announced."""
    step(name)
    return measure(command, root, limit)


def forget(root: Path) -> None:
    """Remove everything that a build wrote but the records."""
    for place in (root / "site", root / ".cache"):
        shutil.rmtree(place, ignore_errors=True)
    for entry in (root / "docs").iterdir():
        if entry.name not in HAND_WRITTEN:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def site_of(root: Path) -> Site | None:
    """The size of the built site, if there is one."""
    files = {file: file.stat().st_size for file in (root / "site").rglob("*") if file.is_file()}
    pages = {file: size for file, size in files.items() if file.suffix == ".html"}
    if not pages:
        return None
    largest = max(pages, key=lambda file: (pages[file], file))
    index = root / "site" / "search" / "search_index.json"
    return Site(
        pages=len(pages),
        mb=round(sum(files.values()) / 1e6, 1),
        largest_page=largest.parent.relative_to(root / "site").as_posix(),
        largest_page_kb=round(pages[largest] / 1e3, 1),
        search_index_mb=round(files.get(index, 0) / 1e6, 1),
    )
