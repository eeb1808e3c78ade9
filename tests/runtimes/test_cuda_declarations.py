"""Launchers are found in CUDA source by reading its declarations."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.discover import load_challenges
from generator.runtimes.cuda.build import ROLE, names
from generator.runtimes.cuda.declarations import functions
from generator.runtimes.cuda.launcher import Launcher, find
from generator.runtimes.cuda.shim import shim

ROOT = Path(__file__).resolve().parents[2]
FUSE = load_challenges(ROOT / "challenges")["fuse"]


def best(source: str) -> Launcher:
    """The launcher that would be called."""
    return find(source, FUSE.entry[ROLE], names(FUSE))[0]


TEMPLATED = """
namespace a { namespace b {
template <int K, int THREADS = 128>
__global__ void k(const float* x, int* i, float* p, int V) { if (V > 0) { x[0]; } }
template <int K>
void launch_fused_softmax_topk(const float* __restrict__ logits, int* idx, float* probs,
                               int B, int T, int V, cudaStream_t stream = 0) { k<K><<<1, 1>>>(); }
template void launch_fused_softmax_topk<8>(const float*, int*, float*, int, int, int,
                                           cudaStream_t);
} }
"""


def test_a_template_in_a_namespace_is_called_with_its_argument() -> None:
    """K is passed as a template argument, the name is qualified, the stream is the default one."""
    found = best(TEMPLATED)
    assert found.templated
    assert found.roles == ("logits", "idx", "probs", "B", "T", "V", "stream")
    call = "a::b::launch_fused_softmax_topk<8>((float*)logits, (int*)idx, (float*)probs, B, T, V,"
    assert call in shim(found, "x.cu", 8)


@pytest.mark.parametrize(
    ("declaration", "roles", "width"),
    [
        (
            'extern "C" cudaError_t f(const float* x, long long* i, float* p, int n, int v, int k)',
            ("logits", "idx", "probs", "rows", "V", "K"),
            8,
        ),
        (
            "void go(float* probs, float* logits, int64_t* i, size_t vocab_size, int rows, int k)",
            ("probs", "logits", "idx", "V", "rows", "K"),
            8,
        ),
        (
            (
                "static int run(int batch, int seq, int vocab, int top_k, float *l, int32_t *i,"
                " float *p, cudaStream_t s)"
            ),
            ("B", "T", "V", "K", "logits", "idx", "probs", "stream"),
            4,
        ),
        (
            "void f(const float* a, int* b, float* c, int d, int e, int g, int h, bool log = true)",
            ("logits", "idx", "probs", "B", "T", "V", "K", "default"),
            4,
        ),
    ],
)
def test_order_names_and_widths_are_read(
    declaration: str, roles: tuple[str, ...], width: int
) -> None:
    """Arguments may come in any order and under any accepted name; unknown names go by position."""
    found = best(declaration + " { }")
    assert (found.roles, found.index_bytes) == (roles, width)


def test_kernels_references_and_methods_are_no_launchers() -> None:
    """What runs on the device, checks on the CPU or sits in a class cannot be called."""
    parameters = "(const float* x, int* i, float* p, int rows, int V, int K) { }"
    source = f"__global__ void k{parameters} void cpu_reference{parameters}"
    source += f" struct S {{ void f{parameters} }};"
    assert find(source, FUSE.entry[ROLE], names(FUSE)) == []


def test_comments_strings_and_macros_hide_nothing() -> None:
    """A brace in a comment, a string or a macro does not change what is at namespace scope."""
    source = '#define OPEN {\n// {\n/* { */ const char* s = "{";\nint f(int a) { return a; }\n'
    assert [function.name for function in functions(source)] == ["f"]


def test_the_accepted_name_wins_over_another_that_fits() -> None:
    """Of two functions with the same parameters the one that is named as asked is called."""
    parameters = "(const float* x, int* i, float* p, int rows, int V, int K) { }"
    source = f"void other{parameters} void fused_softmax_topk{parameters}"
    assert best(source).function.name == "fused_softmax_topk"
