"""Repairs are mechanical, named, and leave the stored file alone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from generator.data import Verdict
from generator.discover import corpus
from generator.kernel_tests import load
from generator.runtimes import Execution, Subject
from generator.runtimes.cuda import CudaRuntime
from generator.runtimes.cuda.compiler import nvcc
from generator.runtimes.cuda.device import no_device
from generator.runtimes.cuda.repair import (
    comment_delimiters,
    ladder,
    missing_include,
    out_of_fences,
    plain_text,
)

ROOT = Path(__file__).resolve().parents[2]
needs_nvcc = pytest.mark.skipif(not nvcc(), reason="no CUDA compiler on this machine")


def test_a_missing_include_is_taken_from_the_compilers_words() -> None:
    """The header that defines the undefined name is added in front, and nothing else changes."""
    text, said = missing_include("float x;", 'a.cu(3): error: identifier "FLT_MAX" is undefined')
    assert text == "#include <cfloat>\nfloat x;"
    assert said == "#include <cfloat> added for FLT_MAX"


def test_a_name_without_a_standard_header_is_left_undefined() -> None:
    """An identifier that the author forgot to write is not a mechanical matter."""
    source = "float x;"
    assert missing_include(source, 'error: identifier "warp_reduce" is undefined')[0] == source


def test_a_comment_cut_short_reaches_its_end() -> None:
    """The early delimiter is broken, so the later one that was left over closes the comment."""
    source = "/* a /* b */\n c */ int x;"
    assert comment_delimiters(source, "")[0] == "/* a /* b * /\n c */ int x;"
    fine = '/* a */ int x; // */\n const char* s = "*/"; /* b */'
    assert comment_delimiters(fine, "")[0] == fine


def test_code_is_lifted_out_of_fences() -> None:
    """The code blocks of a Markdown report, in order, and not those of another language."""
    source = "# Report\n```cuda\nint a;\n```\nprose\n```bash\nmake\n```\n```cpp\nint b;\n```\n"
    assert out_of_fences(source, "")[0] == "int a;\n\nint b;\n"


def test_an_example_of_a_call_is_left_in_its_fence() -> None:
    """A block that only calls the kernel defines nothing; one without a language is CUDA or not."""
    source = "```\n__global__ void k() {}\n```\n```cpp\nlaunch<8>(x);\n```\n```\nmake {all}\n```\n"
    assert out_of_fences(source, "")[0] == "__global__ void k() {}\n"


def test_a_byte_order_mark_goes() -> None:
    """And line endings become those of the compiler's system."""
    assert plain_text("\ufeffint a;\r\n", "")[0] == "int a;\n"


def test_the_ladder_stops_when_it_compiles_or_when_no_rung_applies() -> None:
    """Each repair stands on the one before; a text that nothing mends ends the climb."""
    broken = "\ufeff/* a /* b */ c */"
    assert [r.rungs for r in ladder(broken, "e", lambda text: "e" if "*/ c" in text else "")] == [
        ("byte-order mark or line endings removed",),
        ("byte-order mark or line endings removed", "a comment delimiter mended"),
    ]
    assert list(ladder("int a", "error: expected a ;", lambda _text: "error")) == []


def compiled(key: str) -> Execution:
    """What the runtime makes of a stored run on this machine."""
    found = corpus(ROOT)
    run, challenge = found.runs[key], found.challenges["fuse"]
    tests = load(challenge, ROOT)
    return CudaRuntime().execute(Subject(run, challenge, tests, tests.cases(0)[:2]))


@needs_nvcc
@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "rung", "mended"),
    [
        ("glm5/fuse", "#include <cfloat> added for FLT_MAX", True),
        ("qwen36/fuse", "a comment delimiter mended", True),
        ("minimax-m2.7/fuse", "2 code blocks lifted out of Markdown fences", False),
    ],
)
def test_stored_runs_that_do_not_compile_are_mended_beside(
    key: str, rung: str, mended: bool
) -> None:
    """The verdict is that of the file as stored; what one repair makes of it is recorded."""
    folder = corpus(ROOT).runs[key].folder
    before = {file: file.read_bytes() for file in folder.iterdir()}
    execution = compiled(key)
    assert execution.stopped is Verdict.DOES_NOT_COMPILE
    assert execution.extra["errors"]
    assert execution.extra["repaired"]["rungs"] == [rung]
    assert (execution.extra["repaired"]["verdict"] == Verdict.DOES_NOT_COMPILE) is not mended
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


@needs_nvcc
@pytest.mark.slow
@pytest.mark.skipif(not no_device(), reason="here the kernel would be run as well")
def test_without_a_gpu_a_kernel_that_compiles_is_not_run_here() -> None:
    """Compiling is all that can be checked, and the record says why."""
    execution = compiled("opus47_1m/fuse")
    assert execution.stopped is Verdict.NOT_RUN
    assert execution.note.startswith("it compiles; ")


@needs_nvcc
@pytest.mark.slow
def test_the_compiler_cannot_read_what_is_not_the_runs() -> None:
    """An #include of a file outside fails, so that nothing leaks into the recorded messages."""
    with tempfile.TemporaryDirectory() as outside:
        Path(outside).chmod(0o755)
        secret = Path(outside, "secret.h")
        secret.write_text("#error the secret\n")
        found = corpus(ROOT)
        folder = Path(outside, "run")
        shutil.copytree(found.runs["opus47_1m/fuse"].folder, folder)
        kernel = folder / "fused_softmax_topk.cu"
        kernel.write_text(f'#include "{secret}"\n' + kernel.read_text())
        run = found.runs["opus47_1m/fuse"].model_copy(update={"folder": folder})
        challenge = found.challenges["fuse"]
        tests = load(challenge, ROOT)
        subject = Subject(run, challenge, tests, tests.cases(0)[:1])
        execution = CudaRuntime().execute(subject)
    assert execution.stopped is Verdict.DOES_NOT_COMPILE
    assert "the secret" not in str(execution)
