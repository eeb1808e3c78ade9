"""Check the project's own files (challenges, settings, records) and list all that is wrong."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable, Collection, Iterable
from itertools import repeat
from pathlib import Path

from generator.claims import outcomes
from generator.data import Challenge
from generator.discover import choose, corpus, load_challenges
from generator.engines.pool import processes
from generator.engines.worker import one_line
from generator.gather import declared_rounds
from generator.judge.settings import load_judges
from generator.kernel_tests import load
from generator.opinions import ranking_rule, unknown_weights
from generator.published import load_published
from generator.records import Store
from generator.trial import mutants
from generator.yamlfile import BadFile, read_text

PARTS = [
    ("PROMPT.md",),
    ("reference.py",),
    ("kernel_tests.py",),
    ("drive.py", "drive/drive.py"),
    ("mutants.yaml",),
]
BROKEN_ON_PURPOSE = "mutants"


def check_challenges(root: Path, only: Collection[str] = ()) -> list[str]:
    """Problems in the named challenges, in all if none is named.

    Raises BadFile for a name that is none, and for a challenge.yaml that cannot be read.
    """
    challenges = choose(load_challenges(root / "challenges"), only).values()
    found = [problem for challenge in challenges for problem in in_challenge(challenge, root)]
    sound = [c for c in challenges if not in_sources(root / "challenges" / c.slug)]
    with processes(1) as pool:
        loaded = list(pool.map(when_loaded, sound, repeat(root)))
    return found + [problem for problems in loaded for problem in problems]


def in_challenge(challenge: Challenge, root: Path) -> list[str]:
    """What is wrong with a challenge's files as they lie there."""
    folder = root / "challenges" / challenge.slug
    missing = [
        f"{folder}: {' or '.join(names)} is missing"
        for names in PARTS
        if not any((folder / name).exists() for name in names)
    ]
    groups = [f"{folder}/challenge.yaml: {problem}" for problem in inconsistencies(challenge)]
    return [*missing, *groups, *in_sources(folder), *in_mutants(challenge, folder)]


def inconsistencies(challenge: Challenge) -> list[str]:
    """Checks that name a group which does not exist."""
    return [
        f"checks.{name}.group: no group called {check.group!r}"
        for name, check in challenge.checks.items()
        if check.group not in challenge.groups
    ]


def in_sources(folder: Path) -> list[str]:
    """Python files that are no UTF-8 or do not parse, but those that may be broken on purpose."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        if BROKEN_ON_PURPOSE not in file.relative_to(folder).parts:
            try:
                ast.parse(read_text(file))
            except BadFile as error:
                found.append(str(error))
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None) or 1
                found.append(f"{file}:{line}: {getattr(error, 'msg', error)}")
    return found


def in_mutants(challenge: Challenge, folder: Path) -> list[str]:
    """Mutants that cannot be made, and those that no check is to kill."""
    file = folder / "mutants.yaml"
    if not file.exists():
        return []
    return problems_of(
        lambda: [
            f"{file}: {mutant.name}: check: no check called {mutant.check!r}"
            for mutant, _ in mutants(folder)
            if mutant.check not in challenge.checks
        ]
    )


def when_loaded(challenge: Challenge, root: Path) -> list[str]:
    """What is wrong with kernel tests, driver and adapters when they are loaded, for a new process.

    Every check must have a case, and every case a check.
    """
    folder = root / "challenges" / challenge.slug
    try:
        tests = load(challenge, root)
        for name, source in {"drive.py": tests.drive, **tests.adapters}.items():
            compile(source, name, "exec")
        checked = {case.check for case in tests.cases(0)}
    except Exception as error:  # noqa: BLE001 - a file of ours may fail in any way when it is loaded
        return [f"{place(error, folder)}: {one_line(error)}"]
    file, named = folder / "kernel_tests.py", set(challenge.checks)
    unknown = [f"{file}: cases: no check called {name!r}" for name in sorted(checked - named)]
    return unknown + [f"{file}: cases: none of check {name!r}" for name in sorted(named - checked)]


def place(error: Exception, folder: Path) -> str:
    """The last line of a challenge's own files that an error came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if str(folder) in f.filename]
    last = frames[-1] if frames else None
    return f"{last.filename}:{last.lineno}" if last else str(folder / "kernel_tests.py")


def check_settings(root: Path, store: Store) -> list[str]:
    """What is wrong with the models, the settings at the top, and the published facts."""
    found = [
        *problems_of(lambda: corpus(root).problems),
        *problems_of(lambda: unknown_weights(ranking_rule(root), corpus(root))),
        *refusal(lambda: declared_rounds(root)),
        *refusal(lambda: load_judges(root / "judges.yaml")),
        *refusal(lambda: outcomes(load_published(store.folder))),
    ]
    return list(dict.fromkeys(found))


def check_records(store: Store) -> list[str]:
    """Records that cannot be used."""
    judged = (store.judged_runs, store.judged_duels, store.judged_texts)
    for load_all in (store.evidence, store.strength, store.rooflines, *judged):
        load_all()
    return store.problems


def problems_of(list_problems: Callable[[], Iterable[str]]) -> list[str]:
    """The problems that a function lists, or the one line for a file that it cannot read."""
    try:
        return list(list_problems())
    except BadFile as error:
        return [str(error)]


def refusal(load: Callable[[], object]) -> list[str]:
    """The one line for a file that cannot be loaded; nothing where it can."""
    try:
        load()
    except BadFile as error:
        return [str(error)]
    return []
