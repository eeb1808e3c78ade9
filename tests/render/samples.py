"""Runs, records and logs in which every text that somebody else wrote can be hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generator.data import (
    Artifact,
    Binding,
    Bound,
    CaseResult,
    Challenge,
    CheckResult,
    Digests,
    Evidence,
    Finding,
    Flag,
    Layer,
    Moment,
    OwnTest,
    Replayed,
    Run,
    Session,
    Verdict,
)

HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror=alert(1)></td></table></div> '
    "[x](javascript:alert(1)) "
    "![y](http://evil.example/p.png) `a` ``b`` *c* __d__ {{ 7*7 }} {% include 'x' %} | \\ "
    "&lt; &#60; "
    '<!-- ranking:end --> --8<-- "/etc/passwd" { onclick=alert(1) } {: .x } '
    "\u202e\u2066 \x00\x02wzxhzdk:0\x03 "
    "# h1\n\n## h2\n\n```\nfence\n```\n\n---\n\n- item\n"
)
SOURCE = (
    '# front\n```\n````\n`````python\n--8<-- "README.md"\n{{ 7*7 }} {% x %}\n'
    "</code></pre><script>alert(1)</script>\n"
    "def run(a, b=1):\n\treturn a\n\nclass K:\n    def step(self, x):\n        return x\n"
    "\x01\u202e\n~~~\n<!-- -->\n"
)
DIGEST = "0" * 64
SLUGS = ("one", "two", "three_", "four", "five", "six", "seven", "eight")


def challenge(slug: str, **more: Any) -> Challenge:
    """A challenge with three checks in two groups."""
    fields = {
        "title": slug.title(),
        "difficulty": "Hard",
        "runtime": "numpy",
        "summary": "A task.",
        "entry": {"run": {"params": {"x": []}}},
        "groups": {"values": {"weight": 4}, "extra": {"weight": 1, "decides": False}},
        "checks": {
            "right": {"group": "values", "says": "It is right.", "trap": "It is wrong."},
            "stable": {"group": "values", "says": "It is stable."},
            "noted": {"group": "extra", "says": "It is noted."},
        },
    }
    return Challenge.model_validate({"slug": slug} | fields | more)


def run(folder: Path, model: str, slug: str, files: dict[str, str]) -> Run:
    """A run whose files are written to disk."""
    artifacts = []
    for name, text in files.items():
        path = folder / model.replace("/", "_") / slug / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("\0", ""), encoding="utf-8", newline="")
        artifacts.append(Artifact(path=name, sha256=DIGEST, bytes=len(text)))
    return Run(
        model=model,
        challenge=slug,
        folder=folder / model.replace("/", "_") / slug,
        artifacts=tuple(artifacts),
        problems=(HOSTILE,),
    )


def evidence(
    model: str, slug: str, verdict: Verdict = Verdict.WRONG, text: str = HOSTILE
) -> Evidence:
    """A record with a failing check, a passing one, one not testable and one that is gone."""
    checks = {
        "right": CheckResult(verdict=verdict, cases=(bad_case(verdict, text),)),
        "stable": CheckResult(verdict=Verdict.PASSED, cases=(GOOD,)),
        "noted": CheckResult(verdict=Verdict.NOT_TESTABLE, cases=(untestable_case(text),)),
        "gone": CheckResult(verdict=verdict, cases=(bad_case(verdict, text),)),
    }
    entry = {text: Bound(file=text, symbol=text, passes={}, reason=text)}
    return Evidence(
        model=model,
        challenge=slug,
        verdict=verdict,
        summary=text,
        checks=checks,
        binding=Binding(entry=entry, steps=(text,)),
        own_tests=(OwnTest(file=text, ended=True, status=0, seconds=1, note=text),),
        flags=(
            Flag(file=text, line=1, kind=text, text=text),
            Flag(file="main.py", line=2, kind="exit", text="exit()"),
        ),
        digests=Digests(artifacts=DIGEST, challenge=DIGEST, verifier=DIGEST),
        seed=7,
        made_at="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        machine={"system": text},
        isolation=(Layer(name=text, enforced=True, note=text),),
        extra=on_gpu(text),
    )


GOOD = CaseResult(
    case="c",
    verdict=Verdict.PASSED,
    seconds=0.1,
    findings=(Finding(name="y", ok=True, error=0.0, bound=0.0),),
)


def bad_case(verdict: Verdict, text: str) -> CaseResult:
    """A case with numbers, one of them no number."""
    ok = verdict is Verdict.PASSED
    findings = (
        Finding(name=text, ok=ok, error=0.5, bound=1e-12, detail=text),
        Finding(name="nan", ok=ok, error=float("nan"), bound=1e-12),
    )
    return CaseResult(case=text, verdict=verdict, seconds=0.1, note=text, findings=findings)


def untestable_case(text: str) -> CaseResult:
    """A case that the interface could not be asked."""
    return CaseResult(case="d", verdict=Verdict.NOT_TESTABLE, seconds=0.0, note=text)


def on_gpu(text: str) -> dict[str, Any]:
    """What a CUDA record holds beside its cases, with one shape that is not of the right form."""
    shape = {"rows": 1, "V": 2, "K": 3, "kernel": {"median_ms": 0.5}, "share": 0.02}
    return {
        "copies": {"main.py": text},
        "device": {"name": text},
        "compiler": {"nvcc": text},
        "errors": [text],
        "repaired": {"rungs": [text], "verdict": text, "errors": [text], "diff": "+" + text},
        "sanitizer": {text: text},
        "timing": {"roof_bytes_per_second": 4e12, "shapes": [shape, {"refused": text}, text]},
    }


def logged(text: str) -> Session:
    """The summary of a log in which every name is foreign."""
    return Session(
        file="session.jsonl",
        format="pi",
        models=(text,),
        thinking=(text,),
        turns=1,
        calls={text: 1, "unbroken_" * 30: 1},
        started=text,
        seconds=61,
        entries=8,
        broken=(3,),
    )


def moments(text: str) -> tuple[Moment, ...]:
    """An entry of every kind, one of them failed and one long."""
    kinds = ("user", "assistant", "reasoning", "call", "result", "change", "note")
    plain = [Moment(line=n, kind=k, title=text, text=text) for n, k in enumerate(kinds, 1)]  # type: ignore[arg-type]
    failed = Moment(line=8, kind="result", title="bash", text=text * 9, failed=True, seconds=61)
    return (*plain, failed, Moment(line=9, kind="broken", title=""))


def replayed(text: str) -> tuple[Replayed, ...]:
    """A file that differs from what the log makes of it, and one that does not."""
    return (
        Replayed(file=text, outcome="differs", note=text, diff=text),
        Replayed(file="main.py", outcome="as logged"),
    )
