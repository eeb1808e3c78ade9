"""An adapter that does not understand an interface: no verdict, and never a crash."""

from __future__ import annotations

from pathlib import Path

from generator.data import Verdict
from generator.discover import corpus
from generator.kernel_tests import load
from generator.runtimes import Subject
from generator.runtimes.python import PythonRuntime
from generator.storedrun import load_run

ROOT = Path(__file__).resolve().parents[2]


def executed(slug: str, source: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    """What becomes of one file of a challenge, on its first two cases."""
    folder = tmp_path / "m" / slug
    folder.mkdir(parents=True)
    (folder / "output.py").write_text(source)
    challenge = corpus(ROOT).challenges[slug]
    tests = load(challenge, ROOT)
    subject = Subject(load_run(folder, "m", slug), challenge, tests, tests.cases(0)[:2])
    with PythonRuntime("numpy", accept_weak=True) as runtime:
        return runtime.execute(subject)


def test_what_no_adapter_understands_is_not_bound(tmp_path: Path) -> None:
    """Names that fit and nothing to call: not bound, with the adapter's reason among the steps."""
    source = "class FlashAttention:\n    def describe(self):\n        return 'tiles'\n"
    made = executed("flash_attention", source, tmp_path)
    assert made.stopped is Verdict.NOT_BOUND
    assert any("NotTestable" in step for step in made.binding.steps)


def test_what_a_role_cannot_express_is_not_testable(tmp_path: Path) -> None:
    """An object that cannot be made for want of an argument nobody knows is not failed for it."""
    source = (
        "class FlashAttention:\n"
        "    def __init__(self, secret):\n        self.secret = secret\n"
        "    def forward(self, Q, K, V):\n        return Q\n"
    )
    made = executed("flash_attention", source, tmp_path)
    assert {case.verdict for case in made.cases} == {Verdict.NOT_TESTABLE}


def test_what_python_refuses_does_not_compile(tmp_path: Path) -> None:
    """A failing verdict with file and line, where the broken file is the one with the function."""
    source = "def flash_attention_fwd(Q, K, V, tile_size, causal=True):\n    return Q +\n"
    made = executed("flash_attention", source, tmp_path)
    assert made.stopped is Verdict.DOES_NOT_COMPILE
    assert "output.py, line 2" in made.note
