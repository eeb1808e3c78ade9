"""Launchers in the many ways in which they are written, each called as a person would."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from generator.discover import load_challenges
from generator.runtimes.cuda import workspace
from generator.runtimes.cuda.build import ROLE, build, candidates, names
from generator.runtimes.cuda.compiler import Compiler, first_errors, nvcc
from generator.runtimes.cuda.declarations import functions
from generator.runtimes.cuda.launcher import Launcher, find
from generator.runtimes.cuda.shim import shim
from generator.storedrun import load_run

FUSE = load_challenges(Path(__file__).resolve().parents[2] / "challenges")["fuse"]
BUFFERS = "const float* logits, int* idx, float* probs"
SIZES = "int B, int T, int V"
GIVEN = "(float*)logits, (int*)idx, (float*)probs"


def launchers(source: str) -> list[Launcher]:
    """The launchers of a source, best first."""
    return find(source, FUSE.entry[ROLE], names(FUSE))


@pytest.mark.parametrize(
    ("source", "call"),
    [
        (
            f"template <typename T, int K> void go(const T* x, int* i, T* p, {SIZES}) {{ }}",
            f"go<float, 8>({GIVEN}, B, T, V)",
        ),
        (
            (
                "template <typename I = int> void go(const float* x, I* idx, float* p, int N,"
                " int V, int K) { }"
            ),
            f"go<int>({GIVEN}, rows, V, K)",
        ),
        (
            f"template <int BLOCK, int TOPK> void go({BUFFERS}, {SIZES}) {{ }}",
            f"go<256, 8>({GIVEN}, B, T, V)",
        ),
        (
            (
                f"template <int K, class = enable_if_t<(K < 65)>> auto go({BUFFERS}, {SIZES})"
                " -> cudaError_t { }"
            ),
            f"if (cudaError_t e = go<8>({GIVEN}, B, T, V))",
        ),
        (
            (
                f"struct Topk {{ void no({BUFFERS}, {SIZES}, int K) {{ }}"
                f" public: static void run({BUFFERS}, {SIZES}, int K) {{ }} }};"
            ),
            f"Topk::run({GIVEN}, B, T, V, K)",
        ),
        (
            (
                "typedef long long id; void go(const float x[], id *const idx, float p[],"
                " std::size_t rows, unsigned V, int K) { }"
            ),
            "go((float*)logits, (long long*)idx, (float*)probs, rows, V, K)",
        ),
        (
            f"void go({BUFFERS}, int batch_size, int vocab_size, int k) {{ }}",
            f"go({GIVEN}, rows, V, K)",
        ),
        (
            f"void go({BUFFERS}, int rows, int V, int K, int block = 8, void* work = 0) {{ }}",
            f"go({GIVEN}, rows, V, K);",
        ),
        (
            f"void go({BUFFERS}, {SIZES}, int K, float temp = 1.0f, cudaStream_t s = 0) {{ }}",
            f"go({GIVEN}, B, T, V, K, 1.0f, (cudaStream_t)0)",
        ),
        (
            f"void go({BUFFERS}, int rows, int V, int K, float temperature) {{ }}",
            f"go({GIVEN}, rows, V, K, 1.0f)",
        ),
        (
            (
                "int go(const void* in, void* vals, void* ids, int rows, int V, int K, void* s) {"
                " k<<<rows, 32, 0, (cudaStream_t)s>>>(static_cast<const float*>(in),"
                " (float *)(vals), reinterpret_cast<long long*>(ids), V, K); }"
            ),
            "go((float*)logits, (float*)probs, (long long*)idx, rows, V, K, (cudaStream_t)0)",
        ),
    ],
)
def test_a_launcher_is_called_as_it_is_declared(source: str, call: str) -> None:
    """Types of templates, defaults, aliases, casts, classes and trailing results are read."""
    found = launchers(source)
    assert call in shim(found[0], "x.cu", 8)


@pytest.mark.parametrize(
    "parameters",
    [
        f"{BUFFERS}, int rows, int V, int K, int stride",
        f"{BUFFERS}, int* counts, int rows, int V, int K",
        f"{BUFFERS}, float* work, int rows, int V, int K",
    ],
)
def test_what_cannot_be_filled_in_is_not_guessed(parameters: str) -> None:
    """A size beside named ones has no position, and nobody knows how large work space must be."""
    assert launchers(f"void go({parameters}) {{ }}") == []


@pytest.mark.parametrize("number", ["WARPS_PER_BLOCK", "THREADS_PER_ROW", "ITEMS_PER_THREAD"])
def test_a_block_is_not_given_256_warps(number: str) -> None:
    """256 is a good size of a block, and no number of warps in one, or of items for a thread."""
    assert launchers(f"template <int K, int {number}> void go({BUFFERS}, {SIZES}) {{ }}") == []


def test_a_void_pointer_that_is_cast_to_several_types_is_not_guessed() -> None:
    """Which of them is meant is said by another argument."""
    either = "if (half) k((const __half*)x); else k((const float*)x);"
    parameters = "const void* x, int* idx, float* probs, int rows, int V, int K, bool half = false"
    assert launchers(f"void go({parameters}) {{ {either} }}") == []


def test_a_wrapper_of_host_memory_is_not_the_launcher() -> None:
    """It has the launcher's parameters, and often a better name, but not its addresses."""
    parameters = f"({BUFFERS}, int rows, int V, int K)"
    copied = "CHECK(cudaMemcpy(d, logits, rows * V * 4, cudaMemcpyHostToDevice)); go(d, i, p);"
    source = f"void fused_softmax_topk{parameters} {{ {copied} }} void go{parameters} {{ }}"
    assert [launcher.function.name for launcher in launchers(source)] == ["go"]


@pytest.mark.parametrize("other", ["cpuTopK", "topKOnHost", "benchmark_topk", "topk_reference"])
def test_what_launches_a_kernel_is_preferred(other: str) -> None:
    """A reference on the CPU, or a loop that measures, takes the same parameters."""
    parameters = f"({BUFFERS}, int rows, int V, int K)"
    source = f"void {other}{parameters} {{ }} void topk{parameters} {{ k<<<1, 1>>>(); }}"
    assert launchers(source)[0].function.name == "topk"


@pytest.mark.parametrize(
    ("piece", "found"),
    [("/* ", 0), ("a", 1), ("a(", 1), ("(b)", 1), ("{", 0), ("using a = ", 1)]
    + [("typedef ", 1), ("typedef a ", 1), ("using a = a" + " " * 99, 1)]
    + [(f"void f(void* a) {{ {piece}", 1) for piece in ("(b ", "cudaMemcpy(b, c ")],
)
def test_hostile_source_is_read_in_linear_time(piece: str, found: int) -> None:
    """A comment, word or bracket without end is read once: in quadratic time this would hang."""
    assert len(functions(piece * 300_000 + ";void f(int x) { }")) == found


def test_of_numbered_files_the_last_is_tried_first(tmp_path: Path) -> None:
    """One without a number comes before all: beside v1 and v2, `final` is what the author means."""
    source = f"void topk({BUFFERS}, int rows, int V, int K) {{ k<<<1, 1>>>(); }}"
    for name in ("v1.cu", "v2.cu", "final.cu"):
        (tmp_path / name).write_text(source)
    run = load_run(tmp_path, "m", "fuse")
    with workspace() as (work, confinement):
        found = candidates(run, FUSE, Compiler(tmp_path, work / "build", confinement))
    assert found == ["final.cu", "v2.cu", "v1.cu"]


@pytest.mark.skipif(not nvcc(), reason="no CUDA compiler on this machine")
@pytest.mark.slow
def test_the_next_launcher_is_tried_where_the_likeliest_cannot_be_called() -> None:
    """A private static method fits by its declaration, but only the function beside it compiles."""
    parameters = f"({BUFFERS}, int rows, int V, int K)"
    source = f"class A {{ static void fused_softmax_topk{parameters} {{ }} }};\n"
    source += f"void go{parameters} {{ }}\n"
    with tempfile.TemporaryDirectory() as run, workspace() as (work, confinement):
        Path(run, "a.cu").write_text(source)
        built = build(Compiler(Path(run), work / "build", confinement), FUSE, "a.cu", (8,))
    assert built.launcher is not None
    assert (built.launcher.function.name, built.reason) == ("go", "")


@pytest.mark.skipif(not nvcc(), reason="no CUDA compiler on this machine")
@pytest.mark.slow
def test_a_kernel_in_another_file_is_linked_to_its_launcher() -> None:
    """As `nvcc kernel.cu launch.cu` would; a test program beside them takes no part."""
    parameters = "(const float* logits, int* idx, float* probs, int V, int K)"
    files = {
        "launch.cu": f"__global__ void kernel{parameters};\n"
        f"void launch({BUFFERS}, int rows, int V, int K) "
        "{ kernel<<<rows, 32>>>(logits, idx, probs, V, K); }\n",
        "kernel.cu": f"__global__ void kernel{parameters} {{ probs[0] = logits[0]; }}\n",
        "test_kernel.cu": f"__global__ void kernel{parameters} {{ }}\n",
    }
    with tempfile.TemporaryDirectory() as run, workspace() as (work, confinement):
        for name, text in files.items():
            Path(run, name).write_text(text)
        compiler = Compiler(Path(run), work / "build", confinement)
        built = build(compiler, FUSE, "launch.cu", (8,), tuple(files))
    assert built.libraries is not None
    assert built.beside == ("kernel.cu",)


@pytest.mark.skipif(not nvcc(), reason="no CUDA compiler on this machine")
@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        (
            "template <class F> __global__ void k(F f) { f(); }\n"
            "void a() { k<<<1, 1>>>([] __device__ {}); }"
        ),
        "constexpr int one() { return 1; } __global__ void k(int* x) { *x = one(); }",
        "#include <concepts>\ntemplate <std::integral I> __global__ void k(I* x) { *x = 1; }",
    ],
)
def test_what_an_author_compiles_with_an_option_compiles(text: str) -> None:
    """Lambdas for the device, functions for both sides and C++20 are no mistakes of a file."""
    with tempfile.TemporaryDirectory() as run, workspace() as (work, confinement):
        Path(run, "a.cu").write_text(text)
        assert Compiler(Path(run), work / "build", confinement).stored("a.cu").ok


@pytest.mark.skipif(not nvcc(), reason="no CUDA compiler on this machine")
@pytest.mark.slow
def test_the_assembler_says_why_too() -> None:
    """Its words for an error differ from the compiler's, and warnings do not stand before them."""
    text = "__global__ void k(int* x) { __shared__ int s[20000]; int unused; *x = s[*x]; }"
    with tempfile.TemporaryDirectory() as run, workspace() as (work, confinement):
        Path(run, "a.cu").write_text(text)
        output = Compiler(Path(run), work / "build", confinement).stored("a.cu").output
    assert "too much shared data" in first_errors(output)[0]
