"""The C++ that we put around an output's untouched file, so that C can call its launcher."""

from __future__ import annotations

import re

from generator.runtimes.cuda.launcher import Launcher

# Device memory asked for through the CUDA runtime is counted; that is what "work space" means.
PRELUDE = """\
static size_t shim_asked = 0;
template <typename T> static cudaError_t shim_malloc(T** p, size_t n)
{ shim_asked += n; return cudaMalloc((void**)p, n); }
template <typename T> static cudaError_t shim_malloc_async(T** p, size_t n, cudaStream_t s)
{ shim_asked += n; return cudaMallocAsync((void**)p, n, s); }
template <typename T> static cudaError_t shim_malloc_managed(T** p, size_t n, unsigned f = 1)
{ shim_asked += n; return cudaMallocManaged((void**)p, n, f); }
#define cudaMalloc shim_malloc
#define cudaMallocAsync shim_malloc_async
#define cudaMallocManaged shim_malloc_managed
#define main output_main
#include "{file}"
#undef main
"""

CALL = """
extern "C" unsigned long long kernel_work_space() {{ return shim_asked; }}

extern "C" int kernel_wait() {{ return (int)cudaDeviceSynchronize(); }}

extern "C" int kernel_call(const void* logits, void* idx, void* probs, int rows, int V, int K)
{{
    int B = 1;  // the largest divisor up to the root, so that B and T differ from rows and from 1
    for (int d = 1; d * d <= rows; ++d) if (rows % d == 0) B = d;
    int T = rows / B;
    (void)B; (void)T; (void)K;
    {call}
    return (int)cudaGetLastError();
}}
"""

ARGUMENTS = {
    "logits": "(float*)logits",
    "idx": "({index}*)idx",
    "probs": "(float*)probs",
    "stream": "(cudaStream_t)0",
    "temperature": "1.0f",
}


def shim(launcher: Launcher, file: str, k: int) -> str:
    """The translation unit: the file, untouched, and one C function that calls its launcher.

    k: the value of the template parameter; ignored where K is an argument.
    """
    given = ", ".join(str(k) if argument == "K" else argument for argument in launcher.template)
    template = f"<{given}>" if given else ""
    called = f"{launcher.function.name}{template}({', '.join(_passed(launcher))})"
    reports = re.search(r"\bcudaError(_t)?$", launcher.function.returns)
    call = f"if (cudaError_t e = {called}) return (int)e;" if reports else f"{called};"
    return PRELUDE.replace("{file}", file) + CALL.format(call=call)


def _passed(launcher: Launcher) -> list[str]:
    """The arguments of the call. Defaults are spelled out where something follows them."""
    passed = [
        parameter.default
        if role == "default"
        else ARGUMENTS.get(role, role).format(index=_index_type(launcher))
        for role, parameter in zip(launcher.roles, launcher.function.parameters, strict=True)
    ]
    last = max(i for i, role in enumerate(launcher.roles) if role != "default")
    return passed[: last + 1]


def _index_type(launcher: Launcher) -> str:
    """The pointed-to type as the launcher writes it: long and long long do not convert."""
    at = launcher.roles.index("idx")
    return launcher.function.parameters[at].type.replace("*", "").strip()
