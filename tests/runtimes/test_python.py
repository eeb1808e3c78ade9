"""Runs of Python files: what is said of a folder as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.data import Verdict
from generator.discover import corpus
from generator.kernel_tests import load
from generator.runtimes import Execution, Subject
from generator.runtimes.python import MOST_PROBED, PythonRuntime
from generator.sandbox import stage

ROOT = Path(__file__).resolve().parents[2]
Executed = Callable[[dict[str, str]], Execution]


@pytest.fixture
def executed(tmp_path: Path) -> Executed:
    """Execute a run of flash_attention with these files, on its first two cases."""

    def execute(files: dict[str, str]) -> Execution:
        for name, text in files.items():
            file = tmp_path / "m" / "flash_attention" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        found = corpus(ROOT, tmp_path)
        challenge = found.challenges["flash_attention"]
        tests = load(challenge, ROOT)
        run = found.runs["m/flash_attention"]
        with PythonRuntime("numpy", accept_weak=True) as runtime:
            return runtime.execute(Subject(run, challenge, tests, tests.cases(0)[:2]))

    return execute


def test_a_run_says_what_its_cases_were_not_shown(
    executed: Executed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that fails for want of a file left out has the file's name beside the failure."""
    monkeypatch.setattr(stage, "BYTES_CAP", 1000)
    source = (
        "def flash_attention_fwd(Q, K, V, tile_size, causal=True):\n"
        "    return open(__file__.replace('output.py', 'weights.txt')).read()\n"
    )
    made = executed({"output.py": source, "weights.txt": "1" * 2000})
    assert {case.verdict for case in made.cases} == {Verdict.CRASHED}
    assert made.note.startswith("left out of the sandbox: weights.txt (2,000 bytes")


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        (["PROMPT.md", "reply.md", "session.jsonl"], Verdict.NO_OUTPUT),
        (["NOTES.md", "docs/plan.rst"], Verdict.NO_OUTPUT),
        (["reply.md", "answer.txt"], Verdict.NOT_BOUND),
        (["solution.rs"], Verdict.NOT_BOUND),
        (["empty.py"], Verdict.NOT_BOUND),
    ],
)
def test_documents_alone_are_no_output(
    executed: Executed, files: list[str], verdict: Verdict
) -> None:
    """Whatever could be code, if in a language that nobody asked for, is an output not bound."""
    assert executed(dict.fromkeys(files, "I would do it like this.\n")).stopped is verdict


def test_few_of_many_bindings_are_tried(executed: Executed) -> None:
    """Each may take all its time, so twenty files that do not load are not tried one by one."""
    source = "from math import nothing\ndef flash_attention_fwd(Q, K, V, tile_size): ...\n"
    made = executed({f"v{n}.py": source for n in range(20)})
    assert sum(step.startswith("probe of v") for step in made.binding.steps) == MOST_PROBED
