"""What the commands print: tables for people on a terminal, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from generator.binding.exports import Exports
from generator.data import (
    Binding,
    CaseResult,
    Evidence,
    Layer,
    Strength,
    Verdict,
)
from generator.records import Store
from generator.storedrun import printable
from generator.verifying import Verified
from generator.words import typed

stderr = Console(stderr=True, emoji=False)
stdout = Console(emoji=False)
COLOURS = {Verdict.PASSED: "green", Verdict.NOT_TESTABLE: "dim", Verdict.NO_OUTPUT: "dim"}

STANDINGS = {
    "current": "[dim](its record is current)[/]",
    "stale": "[yellow](a stale record: files, tests or verifier have changed since)[/]",
    "missing": "[yellow](a run that is not here)[/]",
}


def safe(text: str) -> str:
    """Anybody's text on one line, none of which commands rich or the terminal to do anything."""
    return escape(printable(" ".join(text.splitlines())))


def coloured(verdict: Verdict) -> str:
    """A verdict as rich markup."""
    colour = COLOURS.get(verdict, "red" if verdict.failed else "yellow")
    return f"[{colour}]{verdict}[/]"


def print_verified(done: Verified, store: Store) -> None:
    """A line per run that was made anew, then the counts."""
    known = store.evidence()
    for key in done.made:
        evidence = known[key]
        stdout.print(
            f"{safe(key):34} {coloured(evidence.verdict)}  {safe(evidence.summary)}", soft_wrap=True
        )
    for key, why in done.stayed.items():
        stdout.print(f"{safe(key):34} [yellow]stale record kept[/]  {safe(why)}", soft_wrap=True)
    for error, count in Counter(done.errors.values()).items():
        keys = [key for key, other in done.errors.items() if other == error]
        stderr.print(f"[red]not verified, our error:[/] {safe(error)}", soft_wrap=True)
        stderr.print(f"  {count} runs: {safe(', '.join(keys))}", soft_wrap=True)
    for problem in (*done.corpus.problems, *store.problems):
        stderr.print(f"[yellow]note:[/] {safe(problem)}", soft_wrap=True)
    stale = [key for key, standing in done.standings.items() if standing == "stale"]
    stdout.print(
        f"records: {len(done.made)} made, {len(done.reused)} reused, {len(stale)} stale, "
        f"{len(done.errors)} failed"
    )


def print_json(done: Verified, store: Store) -> None:
    """The verified runs as JSON: a list under `runs`."""
    known = store.evidence()
    keys = [key for key in (*done.made, *done.reused) if key in known]
    runs = [as_dict(known[key], done.standings[key]) for key in sorted(keys)]
    runs += [
        {"model": k.partition("/")[0], "challenge": k.partition("/")[2], "error": e}
        for k, e in done.errors.items()
    ]
    sys.stdout.write(json.dumps({"runs": runs}, indent=1) + "\n")


def as_dict(evidence: Evidence, standing: str) -> dict[str, object]:
    """What a script wants of one run."""
    return {
        "model": evidence.model,
        "challenge": evidence.challenge,
        "verdict": evidence.verdict,
        "summary": evidence.summary,
        "checks": {name: result.verdict for name, result in evidence.checks.items()},
        "binding": evidence.binding.model_dump(mode="json"),
        "own_tests": [test.model_dump(mode="json") for test in evidence.own_tests],
        "seed": evidence.seed,
        "seconds": evidence.seconds,
        "record": standing,
    }


def print_evidence(evidence: Evidence, standing: str, *, every: bool = False) -> None:
    """One run's verdict, and every check with its failures; `every`: each case that passed, too.

    Nothing is cut to the width of the terminal. standing: of the record, as schedule.py says it.
    """
    say(f"[bold]{safe(evidence.key)}[/]  {coloured(evidence.verdict)}  {STANDINGS[standing]}")
    say(safe(evidence.summary))
    for name, result in evidence.checks.items():
        passed = sum(case.verdict is Verdict.PASSED for case in result.cases)
        say(f"{safe(name)}: {coloured(result.verdict)}, {passed} of {len(result.cases)} cases")
        for case in result.cases:
            if every or case.verdict is not Verdict.PASSED:
                for line in case_lines(case, every=every):
                    say(f"    {line}")
    print_how(evidence)
    say(f"replay: {safe(typed(f'verify {evidence.key} --force --seed {evidence.seed}'))}")


def case_lines(case: CaseResult, *, every: bool) -> Iterable[str]:
    """A case as rich markup: its verdict, then a line for each finding, or each that failed."""
    yield f"{safe(case.case)}: {coloured(case.verdict)}  {safe(case.note)}".rstrip()
    for finding in case.findings:
        if every or not finding.ok:
            verdict = coloured(Verdict.PASSED if finding.ok else Verdict.WRONG)
            numbers = [f"error {number(finding.error)}"] if finding.error is not None else []
            numbers += [f"bound {number(finding.bound)}"] if finding.bound is not None else []
            told = [safe(f"{finding.name} {finding.detail}".strip()), *numbers]
            yield f"    {verdict}  {'  '.join(told)}"


def print_how(evidence: Evidence) -> None:
    """How the entry points were found, and how the author's own tests ended."""
    for step in evidence.binding.steps:
        say(f"binding: {safe(step)}")
    for test in evidence.own_tests:
        ended = f"exit {test.status}" if test.ended else "did not end"
        say(f"its own {safe(test.file)}: {ended}, {test.seconds:.1f} s")


def say(text: str) -> None:
    """One line of rich markup on stdout, however long."""
    stdout.print(text, soft_wrap=True, highlight=False)


def number(value: float | None) -> str:
    """A number in three digits, nothing for none."""
    return "" if value is None else f"{value:.3g}"


def print_binding(bindings: list[Binding], exports: list[Exports]) -> None:
    """What was tried and chosen, then everything that the files define."""
    for number_, binding in enumerate(bindings, 1):
        stdout.print(f"[bold]{number_}.[/] {'bound' if binding.ok else '[red]not bound[/]'}")
        for step in binding.steps:
            stdout.print(f"   {safe(step)}", soft_wrap=True)
    for module in exports:
        names = [
            f"{f.symbol}({', '.join(p.name for p in f.params)})" for f in module.functions.values()
        ]
        names += [f"class {name}: {', '.join(methods)}" for name, methods in module.classes.items()]
        stdout.print(f"[bold]{safe(module.file)}[/] {safe(module.problem)}")
        for name in names:
            stdout.print(f"   {safe(name)}", soft_wrap=True)


def print_strength(rows: list[Strength]) -> None:
    """A line per challenge: mutants killed, honest variants rejected, and what survived."""
    for row in rows:
        stdout.print(
            f"{row.challenge}: {row.killed} of {row.mutants} mutants killed, {row.rejected} of "
            f"{row.honest} honest variants rejected, {row.seeds} seeds "
            + safe(", ".join(row.survivors)),
            soft_wrap=True,
        )


def print_layers(layers: list[Layer]) -> None:
    """A line per ability of this machine."""
    for layer in layers:
        mark = "[green]yes[/]" if layer.enforced else "[red]no [/]"
        stdout.print(f"{mark} {layer.name:28} {safe(layer.note)}", soft_wrap=True)
