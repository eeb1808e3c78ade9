"""A small project of a test's own, and the command line at work in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import challenges
from generator.cache import Cache
from generator.cli import app
from generator.data import CaseResult, CheckResult, Finding, Verdict
from generator.discover import corpus
from generator.making.challenge import new_challenge
from generator.options import Options
from generator.records import Store
from generator.schedule import standings
from tests.made import evidence

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = count(1)
Command = Callable[..., Result]


@pytest.fixture
def slug() -> str:
    """A challenge's name that no other test has: Python imports a module of a name once."""
    return f"task_{next(NUMBERS)}"


@pytest.fixture
def project(tmp_path: Path, slug: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One challenge, two models, and current evidence on a run that passes and one that does not.

    No facts that others published, no settings: what somebody's own benchmark begins with.
    """
    root = tmp_path / "project"
    (root / "challenges").mkdir(parents=True)
    for name in ("__init__.py", "kit.py"):
        shutil.copy(ROOT / "challenges" / name, root / "challenges")
    for name in ("driving", "judging"):
        shutil.copytree(ROOT / "challenges" / name, root / "challenges" / name)
    shutil.copy(ROOT / "README.md", root)
    new_challenge(root, slug)
    for model in ("right", "wrong"):
        (root / model / slug).mkdir(parents=True)
        (root / model / "model.yaml").write_text(f"name: {model}\n")
        (root / model / slug / "answer.py").write_text("def centre_rows(x):\n    return x\n")
    record(root, f"right/{slug}", Verdict.PASSED)
    record(root, f"wrong/{slug}", Verdict.WRONG)
    monkeypatch.setattr(challenges, "__path__", [*challenges.__path__, str(root / "challenges")])
    monkeypatch.setattr("generator.options.Options", partial(Options, root=root))
    monkeypatch.setattr("generator.options.kept_cache", lambda **_: Cache())
    return root


def record(root: Path, key: str, verdict: Verdict) -> None:
    """Write current evidence on a run: two checks of many cases, of which the last may fail."""
    _, digests = standings(corpus(root), {})[key]
    good = CaseResult(case="good", verdict=Verdict.PASSED, seconds=0)
    finding = Finding(name="values", ok=False, error=0.5, bound=0.001, detail="far off")
    bad = CaseResult(case="n=7 [b]", verdict=verdict, seconds=0, findings=(finding,))
    last = bad if verdict.failed else good
    checks = {
        "inputs_unchanged": CheckResult(verdict=Verdict.PASSED, cases=(good,) * 50),
        "rows": CheckResult(verdict=last.verdict, cases=(*(good,) * 9, last)),
    }
    more = {"summary": f"{verdict} [as said]", "checks": checks, "digests": digests, "seed": 7}
    Store(root / "docs" / "records").save_evidence(evidence(key, verdict, **more))


@pytest.fixture
def command(project: Path) -> Command:
    """Run a command in the project, as from a pipe."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return run
