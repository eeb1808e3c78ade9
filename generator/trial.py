"""Test the tests: honest variants must pass, and each mutant must fail the check it is named after.

Everything here is our own code, so it runs in this process, without a sandbox. Run it as `python -m
generator.trial challenges/<slug>`, or for all challenges as `python -m generator check --mutants`.
"""

from __future__ import annotations

import inspect
import sys
import types
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import model_validator

from generator.data import Challenge, Record
from generator.kernel_tests import KernelTests, load
from generator.yamlfile import BadFile, read, read_text, read_yaml, validated


class Mutant(Record):
    """A wrong implementation: an edit of an honest file (base, old, new) or a file of its own."""

    name: str
    check: str
    says: str
    base: str = ""
    old: str = ""
    new: str = ""
    file: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Mutant:
        if bool(self.file) == bool(self.base and self.old):
            raise ValueError("expected either `file`, or `base`, `old` and `new`")
        return self


@dataclass(frozen=True)
class Outcome:
    """How one implementation fared on one seed: the checks it failed."""

    name: str
    seed: int
    failed: frozenset[str]
    must_fail: str = ""

    @property
    def as_expected(self) -> bool:
        """An honest variant fails nothing; a mutant fails at least the check it is named after."""
        return self.must_fail in self.failed if self.must_fail else not self.failed


class TrustedEntry:
    """The `entry` that a driver is given, made from our own module without a sandbox."""

    refusal = None  # there is no adapter

    def __init__(self, source: str, name: str, roles: list[str]):
        self.module = types.ModuleType(name)
        sys.modules[name] = self.module
        exec(compile(source, name, "exec"), self.module.__dict__)  # noqa: S102 - our own code
        self._roles = [role for role in roles if hasattr(self.module, role)]

    def has(self, role: str) -> bool:
        """Whether the module defines this role."""
        return role in self._roles

    def raw(self, role: str) -> Callable[..., Any]:
        """The module's own function."""
        found: Callable[..., Any] = getattr(self.module, role)
        return found

    def signature(self, role: str) -> inspect.Signature:
        """The signature of the module's own function."""
        return inspect.signature(self.raw(role))

    def __getattr__(self, role: str) -> Callable[..., Any]:
        return self.raw(role)


def mutants(folder: Path) -> list[tuple[Mutant, str]]:
    """The mutants of a challenge with their sources; raises BadFile if an edit does not apply."""
    file = folder / "mutants.yaml"
    parsed = validated(str(file), tuple[Mutant, ...], read_yaml(file))
    return [(mutant, mutant_source(folder, mutant)) for mutant in parsed]


def mutant_source(folder: Path, mutant: Mutant) -> str:
    """The mutant's source text. An edit must apply exactly once, or it is not the mistake meant."""
    if mutant.file:
        return read_text(folder / mutant.file)
    base = read_text(folder / "honest" / mutant.base)
    if base.count(mutant.old) != 1:
        where = f"{folder}/mutants.yaml: {mutant.name}: old"
        times = base.count(mutant.old)
        raise BadFile(f"{where}: found {times} times in honest/{mutant.base}, must be once")
    return base.replace(mutant.old, mutant.new)


def executed(source: str, name: str) -> dict[str, Any]:
    """What the source of a driver or an adapter defines, in this process and without a sandbox."""
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)  # noqa: S102 - our own code
    return module.__dict__


def failed_checks(
    tests: KernelTests, cases: Sequence[Any], roles: list[str], source: str, only: str = ""
) -> frozenset[str]:
    """Run a source on some cases; the names of the checks with a failed case.

    Each call gets copies of its inputs, as a child of the sandbox does.
    """
    drive = executed(tests.drive, "kernel_driver")["drive"]
    failed = set()
    for case in cases:
        if case.check in failed or (only and case.check != only):
            continue
        try:
            entry = TrustedEntry(source, "trial_subject", roles)
            got = [drive(entry, deepcopy(dict(call))) for call in case.calls]
            untestable = any("not_testable" in items for items in got)
            held = untestable or all(finding.ok for finding in tests.check(case, got))
        except Exception:  # noqa: BLE001 - a mutant may raise anything, which counts as failing
            held = False
        if not held:
            failed.add(case.check)
    return frozenset(failed)


def trial(challenge: Challenge, root: Path, seeds: int) -> Iterator[Outcome]:
    """Every honest variant and mutant of a challenge on `seeds` seeds; CUDA ones where a GPU is."""
    if challenge.runtime == "cuda":
        from generator.runtimes.cuda.trial import trial as on_gpu

        yield from on_gpu(challenge, root, seeds)
        return
    for seed in range(seeds):
        yield from one_seed(challenge, root, seed)


def one_seed(challenge: Challenge, root: Path, seed: int) -> Iterator[Outcome]:
    """Every honest variant and mutant of a challenge that runs on a CPU, on one seed."""
    tests, folder = load(challenge, root), root / "challenges" / challenge.slug
    cases, roles = tests.cases(seed), list(challenge.entry)
    for file in sorted(folder.glob("honest/*.py")):
        failed = failed_checks(tests, cases, roles, read_text(file))
        yield Outcome(f"honest/{file.name}", seed, failed)
    for mutant, source in mutants(folder):
        failed = failed_checks(tests, cases, roles, source, only=mutant.check)
        yield Outcome(mutant.name, seed, failed, must_fail=mutant.check)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line per implementation; 1 if anything was not as expected, 2 for a broken file."""
    parser = ArgumentParser("python -m generator.trial", description=__doc__)
    parser.add_argument("folder", type=Path, help="challenges/<slug>")
    parser.add_argument("seeds", type=int, nargs="?", default=3, help="how many; 3 if not given")
    given = parser.parse_args(arguments)
    folder = given.folder.resolve()
    bad = 0
    try:
        challenge = read(folder / "challenge.yaml", Challenge, slug=folder.name)
        for outcome in trial(challenge, folder.parent.parent, given.seeds):
            sys.stdout.write(line(outcome))
            bad += not outcome.as_expected
    except BadFile as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 1 if bad else 0


def line(outcome: Outcome) -> str:
    """An outcome for a person to read."""
    mark = "ok " if outcome.as_expected else "BAD"
    expected = f"must fail {outcome.must_fail}" if outcome.must_fail else "must pass"
    failed = ", ".join(sorted(outcome.failed))
    return f"{mark} {outcome.seed} {outcome.name} ({expected}) failed: {failed}\n"


if __name__ == "__main__":
    sys.exit(main())
