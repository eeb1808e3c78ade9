"""The pipeline: discover, verify, judge, rank, audit, render, and then MkDocs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from generator.cache import Cache
from generator.data import Corpus, Evidence, Results
from generator.discover import TOP_LEVEL
from generator.discover import corpus as discover
from generator.engines import Engine
from generator.engines.local import Local
from generator.engines.machine import cores
from generator.gather import gather
from generator.judge.calibration import Probed
from generator.leftovers import sweep, sweep_folders
from generator.probes import SEED, all_planted, answers, planted
from generator.records import Store
from generator.redact import left_over, unredactable
from generator.schedule import (
    Standing,
    longest_first,
    standing,
    standings,
    tasks,
    worth_keeping,
)
from generator.yamlfile import BadFile


def kept(root: Path = TOP_LEVEL, *, rehash: bool = False) -> Cache:
    """The cache that is kept from one command to the next. rehash: read every file again."""
    return Cache(root / ".cache" / "build.json", rehash=rehash)


@dataclass(frozen=True)
class Options:
    """Where things are, and how to verify.

    runs: a checkout of model folders elsewhere, read only; the project's own if None.
    records: where records are kept; docs/records if None. seed: of all inputs; drawn if None.
    cache: of what need not be read again; what lasts for these options alone if not given.
    engine: where runs are verified; on this machine if nothing else is said.
    """

    root: Path = TOP_LEVEL
    runs: Path | None = None
    records: Path | None = None
    force: bool = False
    seed: int | None = None
    accept_weak: bool = False
    engine: Engine = field(default_factory=lambda: Local(cores()))
    cache: Cache = field(default_factory=Cache)

    @cached_property
    def store(self) -> Store:
        """The folder of records that these options speak of."""
        return Store(self.records or self.root / "docs" / "records")

    @cached_property
    def corpus(self) -> Corpus:
        """What these options speak of, discovered when first asked for. Raises BadFile."""
        return discover(self.root, self.runs, self.cache.digest)

    @cached_property
    def probes(self) -> Options:
        """The same options for the judge's planted probes. Raises BadFile."""
        seed = SEED if self.seed is None else self.seed
        records = self.store.folder / "probes"
        return replace(self, runs=planted(self.root), records=records, seed=seed)


@dataclass(frozen=True)
class Verified:
    """What a verification did: which records were made anew, were current, or could not be made.

    kept: runs whose record is stale and stays so, since this machine cannot run them, and why.
    """

    corpus: Corpus
    made: tuple[str, ...]
    reused: tuple[str, ...]
    errors: dict[str, str]
    kept: dict[str, str]
    standings: dict[str, str]


def select(found: Corpus, wanted: list[str]) -> list[str]:
    """The runs that `MODEL` or `MODEL/SLUG` name, all if nothing is named; raises BadFile."""
    keys: list[str] = []
    for name in wanted:
        matching = [key for key in found.runs if key == name or key.startswith(f"{name}/")]
        if not matching:
            known = ", ".join(found.models) or "none"
            raise BadFile(f"{name}: no such model or run (models here: {known})")
        keys += matching
    return list(dict.fromkeys(keys)) if wanted else list(found.runs)


def publishable(found: Corpus) -> Corpus:
    """The corpus, if no name in it holds a secret; raises BadFile. Names cannot be redacted.

    Records and addresses are made of them, so nothing is written until they are changed.
    """
    if named := unredactable(found):
        raise BadFile(f"a name holds a secret, so nothing is published: {'; '.join(named)}")
    return found


def refuse_leaks(options: Options) -> None:
    """Raises BadFile if a page or record that would be published holds a secret after all."""
    if leaks := left_over(options.root / "docs", options.cache):
        raise BadFile(f"a secret would be published, so no site is made: {'; '.join(leaks)}")


def redactions(found: Results) -> str:
    """One line on what pages do not show."""
    finds = sum(sum(kinds.values()) for kinds in found.redacted.values())
    return f"redacted: {finds} finds in {len(found.redacted)} files (the originals are unchanged)"


def verify(options: Options, wanted: list[str], console: Console) -> Verified:
    """Verify the named runs whose records are not current, and keep each record as it is made."""
    found = publishable(options.corpus)
    keys = select(found, wanted)
    store = options.store
    sweep(store.folder)
    sweep_folders()
    known = store.evidence()
    before = standings(found, known, options.cache.digest)
    current = {key for key, (state, _) in before.items() if state is Standing.CURRENT}
    todo = [key for key in keys if options.force or key not in current]
    made: list[str] = []
    errors: dict[str, str] = {}
    kept: dict[str, str] = {}
    digests = {key: digest for key, (_, digest) in before.items()}
    jobs = tasks(found, todo, digests, seed=options.seed, accept_weak=options.accept_weak)
    with progress(console, "verifying", len(jobs)) as advance:
        for task, result in options.engine.verify_all(longest_first(jobs, known)):
            if isinstance(result, Evidence):
                if worth_keeping(result, known.get(task.run.key)):
                    store.save_evidence(result)
                    made.append(task.run.key)
                else:
                    kept[task.run.key] = result.summary
            else:
                errors[task.run.key] = result
            advance(task.run.key)
    now = {key: standing(store.evidence().get(key), digest) for key, digest in digests.items()}
    return Verified(
        corpus=found,
        made=tuple(made),
        reused=tuple(key for key in keys if not options.force and key in current),
        errors=errors,
        kept=kept,
        standings={key: str(state) for key, state in now.items()},
    )


def probed(options: Options) -> Probed:
    """The planted probes with what their records say, as far as those are current."""
    found, known = options.probes.corpus, options.probes.store.evidence()
    now = standings(found, known, options.cache.digest)
    current = {key: known[key] for key, (state, _) in now.items() if state is Standing.CURRENT}
    judged = answers(found, current, options.probes.store.judged_runs())
    return Probed(all_planted(options.root, current), tuple(judged))


def results(options: Options) -> Results:
    """Everything the pages need, from the records as they are."""
    found = publishable(options.corpus)
    store = options.store
    known = store.evidence()
    now = standings(found, known, options.cache.digest)
    told = {key: str(state) for key, (state, _) in now.items()}
    return gather(found, store, known, told, probed(options), options.cache)


def unsourced(found: Results, store: Store) -> list[str]:
    """A line for each number and placeholder without a source in a judge's texts."""
    return [
        f"{store.text_path(text.kind, text.judge, text.subject)}: {fault}; marked on its page "
        "(remove the record to have it written again)"
        for text in found.told
        for fault in text.faults
    ]


def mkdocs(root: Path) -> int:
    """Build the site with MkDocs in strict mode; its exit status."""
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean"]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Advance]:
    """A progress bar on stderr, in a terminal; nothing where there is nothing to do."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console, disable=not total) as bar:
        task = bar.add_task(what, total=total, last="")
        yield Advance(bar, task)


@dataclass(frozen=True)
class Advance:
    """Called with a name when one more thing is done."""

    bar: Progress
    task: object

    def __call__(self, name: str) -> None:
        """Move the bar on by one, and show the name."""
        self.bar.update(self.task, advance=1, last=name)  # type: ignore[arg-type]
