"""The facts that a text may state: each computed from records, with the name a placeholder uses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from generator.data import Fact, Verdict
from generator.digests import json_digest
from generator.judge.subjects import Contestant, Subject
from generator.worst import has_numbers, weight

Pair = tuple[str, str]

SAYS = {
    "name": "what to call it",
    "verdict": "what became of it in the tests",
    "checks_passed": "how many checks passed",
    "checks_tested": "how many checks could be tested",
    "failed": "the checks that did not pass",
    "cases_passed": "how many cases of all checks passed",
    "cases_tested": "how many cases of all checks could be tested",
    "worst_error": "the error that is largest against its bound, in the unit of worst_of",
    "worst_bound": "the bound on that error, in the same unit",
    "worst_ratio": "that error as a multiple of its bound",
    "worst_of": "what that error is an error of, and in which check",
    "own_tests": "how many test files of its own it came with",
    "own_tests_passed": "how many of those end and pass",
    "grade": "your overall letter for it",
    "published": "the letter that was published for the original output",
    "contestants": "how many outputs are compared here",
    "challenges": "how many challenges it has an output for",
    "passing": "how many of the outputs pass every check that decides",
    "failing": "how many of the outputs fail",
    "silent": "how many entries hold no output at all",
    "all_checks_passed": "checks passed, all outputs together",
    "all_checks_tested": "checks that could be tested, all outputs together",
    "commonest_failure": "the check that the most outputs fail",
    "commonest_failure_count": "how many outputs fail that check",
}
# What the words of a text rest on. The others are numbers that change with every seed.
FIXED = {"name", "verdict", "failed", "grade", "published", "commonest_failure"}


def facts(subject: Subject, blind: bool = False) -> dict[str, Fact]:
    """The table of facts on a subject: `passing`, `a.checks_passed` ...; blind: without names.

    A fact that is not known (no letter, no finding with numbers) is not in the table.
    """
    pairs = [(name, value, name) for name, value in together(subject, blind)]
    for contestant in subject.contestants:
        pairs += [
            (f"{contestant.token}.{name}", value, name) for name, value in of_one(contestant, blind)
        ]
    return {
        full: Fact(name=full, value=value, says=SAYS[name], fixed=name in FIXED)
        for full, value, name in pairs
    }


def basis(subject: Subject) -> str:
    """A digest of the facts that a text's words rest on, and of whom they are about."""
    fixed = {name: fact.value for name, fact in facts(subject).items() if fact.fixed}
    return json_digest([subject.runs, fixed])


def together(subject: Subject, blind: bool) -> Iterator[Pair]:
    """What is true of all contestants together."""
    found = subject.contestants
    verdicts = [c.evidence.verdict for c in found]
    profile = subject.kind == "profile"
    yield "name", "the contestant" if blind and profile else subject.name
    yield "challenges" if profile else "contestants", str(len(found))
    yield "passing", str(sum(v is Verdict.PASSED for v in verdicts))
    yield "failing", str(sum(v.failed for v in verdicts))
    yield "silent", str(subject.silent)
    checks = [result.verdict for c in found for result in c.evidence.checks.values()]
    yield "all_checks_passed", passed(checks)
    yield "all_checks_tested", tested(checks)
    if not profile:
        yield from commonest(found)


def commonest(found: Iterable[Contestant]) -> Iterator[Pair]:
    """The check that the most outputs fail, if more than one does."""
    counts = Counter(name for c in found for name in failed(c))
    if counts and max(counts.values()) > 1:
        name = min(counts, key=lambda n: (-counts[n], n))
        yield "commonest_failure", name
        yield "commonest_failure_count", str(counts[name])


def of_one(contestant: Contestant, blind: bool) -> Iterator[Pair]:
    """What is known of one run."""
    evidence = contestant.evidence
    yield "name", contestant.blind if blind else contestant.name
    yield "verdict", str(evidence.verdict)
    checks = [result.verdict for result in evidence.checks.values()]
    yield "checks_passed", passed(checks)
    yield "checks_tested", tested(checks)
    yield "failed", ", ".join(failed(contestant)) or "none"
    cases = [case.verdict for result in evidence.checks.values() for case in result.cases]
    yield "cases_passed", passed(cases)
    yield "cases_tested", tested(cases)
    yield from worst_facts(contestant)
    yield "own_tests", str(len(evidence.own_tests))
    yield "own_tests_passed", str(sum(t.ended and t.status == 0 for t in evidence.own_tests))
    if contestant.grade and contestant.grade.letter:
        yield "grade", contestant.grade.letter
    if contestant.published:
        yield "published", contestant.published


def worst_facts(contestant: Contestant) -> Iterator[Pair]:
    """The largest error against its bound over all checks, where any was measured."""
    measured = [
        (finding, check)
        for check, result in contestant.evidence.checks.items()
        for case in result.cases
        for finding in case.findings
        if has_numbers(finding)
    ]
    if not measured:
        return
    finding, check = max(measured, key=lambda pair: weight(pair[0]))
    error, bound = finding.error or 0.0, finding.bound or 0.0
    yield "worst_error", number(error)
    yield "worst_bound", number(bound)
    if bound:
        yield "worst_ratio", number(error / bound)
    yield "worst_of", f"{finding.name} in {check}"


def failed(contestant: Contestant) -> list[str]:
    """The checks of a run that count against it, in order."""
    return [name for name, result in contestant.evidence.checks.items() if result.verdict.failed]


def passed(verdicts: Iterable[Verdict]) -> str:
    """How many passed."""
    return str(sum(verdict is Verdict.PASSED for verdict in verdicts))


def tested(verdicts: Iterable[Verdict]) -> str:
    """How many could be tested."""
    return str(sum(verdict is not Verdict.NOT_TESTABLE for verdict in verdicts))


def number(value: float) -> str:
    """A measured number in three digits."""
    return f"{value:.3g}" if math.isfinite(value) else "not a finite number"
