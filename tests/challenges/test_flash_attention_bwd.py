"""Flash attention backward: the reference against finite differences, hostile answers, results."""

import inspect
import runpy
import types
from pathlib import Path

import numpy as np
import pytest

from challenges.flash_attention_bwd import kernel_tests
from challenges.flash_attention_bwd.cases import DRAWING
from challenges.flash_attention_bwd.kernel_tests import FUNCTION
from challenges.flash_attention_bwd.reference import baseline, reference
from challenges.judging.attention import ONE_ROW
from tests.challenges import child
from tests.challenges.child import adapter_of, driver_of
from tests.challenges.slopes import slopes

FOLDER = Path(kernel_tests.__file__).parent
CASES = {case.check: case for case in kernel_tests.cases(0)}
DRIVER = driver_of(FOLDER)
HONEST = runpy.run_path(str(FOLDER / "honest" / "tiled.py"))
FORWARD, BACKWARD = HONEST["flash_attention_fwd"], HONEST["flash_attention_bwd"]


def entry_of(forward=FORWARD, backward=BACKWARD):
    """The namespace that a driver is given, for two functions."""
    roles = {"flash_attention_fwd": forward, "flash_attention_bwd": backward}
    return types.SimpleNamespace(
        **roles, raw=roles.get, signature=lambda role: inspect.signature(roles[role])
    )


def passes(entry, check):
    """Whether the case of this check passes for what `entry` offers."""
    return child.passes(kernel_tests, DRIVER, entry, CASES[check])


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("name", ["Q", "K", "V"])
def test_reference_gradients_match_finite_differences(name, causal):
    """dQ, dK and dV are the slopes of sum(O dO), found without differentiating anything."""
    call = FUNCTION.numbers(DRAWING.draw(0, "slopes", (1, 2, 5, 3, 1), causal=causal))

    def loss(value):
        return (reference(**{**call, name: value})["O"] * call["dO"]).sum()

    slope = slopes(loss, call[name])
    assert np.allclose(reference(**call)[f"d{name}"], slope, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("causal", [True, False])
def test_reference_log_sum_exp_normalises(causal):
    """exp(S - L) sums to one over the keys that a query sees."""
    call = FUNCTION.numbers(DRAWING.draw(1, "lse", (2, 1, 6, 4, 1), causal=causal))
    scores = call["Q"] @ call["K"].swapaxes(-1, -2) / 2
    weights = np.exp(scores - reference(**call)["L"][..., None])
    assert np.allclose((np.tril(weights) if causal else weights).sum(-1), 1)


@pytest.mark.parametrize("causal", [True, False])
def test_baseline_agrees_with_reference(causal):
    """With rowsum(dO O), or with the whole Jacobian: the same outputs, to a hundred roundings."""
    call = FUNCTION.numbers(DRAWING.draw(2, "base", (2, 1, 33, 4, 1), causal=causal))
    for name, value in reference(**call).items():
        assert np.allclose(baseline(**call)[name], value, rtol=1e-13, atol=1e-13)


def test_baseline_allows_little():
    """What is granted for roundoff is far below any mistake: under 1e-12 of the largest value."""
    call = FUNCTION.numbers(CASES["key_gradient"].calls[0])
    answer, moved = reference(**call), baseline(**call)
    for name, value in answer.items():
        assert abs(moved[name] - value).max() < 1e-12 * abs(value).max()


def test_only_the_checks_named_for_it_have_a_tile_of_one_row():
    """An output that fails on a tile of one row fails those checks, and the rest stay telling."""
    for case in kernel_tests.cases(0):
        sizes = [(c["Q"].shape[2], c["tile_size"]) for c in case.calls if "Q" in c]
        if any(size == 1 or length % size == 1 for length, size in sizes):
            assert case.check in ONE_ROW


def test_only_the_checks_named_for_it_have_falling_scores():
    """Elsewhere the maximum never falls by what exp can bear in float32, 88, between tiles."""
    for case in kernel_tests.cases(0):
        if "large" in case.check:
            continue
        for call in (c for c in case.calls if "Q" in c):
            Q, K = (np.nan_to_num(call[name].astype(np.float64)) for name in "QK")
            scores = Q @ K.swapaxes(-1, -2) / np.sqrt(Q.shape[-1])
            size = min(call["tile_size"], Q.shape[2])
            tops = np.stack([scores[..., j : j + size].max(-1) for j in range(0, Q.shape[2], size)])
            assert -np.diff(tops, axis=0).min(initial=0) < 80


MEASURE = {"peak": 1, "half_peak": 0}
HOSTILE = [
    [],
    [{}] * 8,
    [{**dict.fromkeys(FUNCTION.outputs), "default": None, "peak": "much"}] * 8,
    [{**dict.fromkeys(FUNCTION.outputs, np.array(1.0)), "peak": np.ones(2)}] * 8,
    [{**dict.fromkeys(FUNCTION.outputs, "text"), "L": "text", **MEASURE}] * 8,
    [{**dict.fromkeys(FUNCTION.outputs, np.array([True])), "half_peak": 1}] * 8,
]


@pytest.mark.parametrize("check", CASES)
@pytest.mark.parametrize("got", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_findings(check, got):
    """Nothing that comes back makes a check raise, and none of it passes."""
    case = CASES[check]
    if check == "memory_follows_tile_size" and got[:1] == [HOSTILE[4][0]]:
        pytest.skip("a peak of one byte is small enough")
    findings = list(kernel_tests.check(case, got[: len(case.calls)]))
    assert not all(finding.ok for finding in findings)


@pytest.mark.parametrize(
    "check", ["query_gradient", "past_has_no_influence", "gradient_identities"]
)
def test_not_a_number_is_wrong(check):
    """Arrays of the right shape full of NaN are wrong, and raise nothing."""
    case = CASES[check]
    nans = dict.fromkeys(FUNCTION.outputs, np.full_like(case.calls[0]["Q"], np.nan))
    findings = kernel_tests.check(case, [nans] * len(case.calls))
    assert not any(finding.ok for finding in findings)


GRADIENTS = {
    "list": lambda *grads: list(grads),
    "dict in another order": lambda dq, dk, dv: {"dV": dv, "dQ": dq, "dK": dk},
    "object": lambda dq, dk, dv: types.SimpleNamespace(grad_v=dv, grad_q=dq, grad_k=dk),
    "with an extra item": lambda *grads: (*grads, "note"),
}


@pytest.mark.parametrize("kind", GRADIENTS)
def test_driver_reads_every_kind_of_gradients(kind):
    """Gradients are found in whatever the output returns them in."""
    entry = entry_of(backward=lambda **k: GRADIENTS[kind](*BACKWARD(**k)))
    assert passes(entry, "causal_remainder")


FORWARDS = {
    "dict": lambda out, cache: {"output": out, "cache": cache},
    "object": lambda out, cache: types.SimpleNamespace(out=out, ctx=cache),
    "list": lambda out, cache: [out, cache],
}


@pytest.mark.parametrize("kind", FORWARDS)
def test_driver_reads_every_kind_of_forward_result(kind):
    """Output and cache are found in whatever they are returned in."""
    assert passes(entry_of(forward=lambda **k: FORWARDS[kind](*FORWARD(**k))), "causal_remainder")


def test_what_follows_the_output_is_the_cache():
    """A flat tuple (output, O, L, Q, K, V) is an output and a cache of five."""

    def forward(**k):
        out, cache = FORWARD(**k)
        return (out, *cache.values())

    def backward(cache, **k):
        return BACKWARD(cache=dict(zip("OLQKV", cache, strict=True)), **k)

    assert passes(entry_of(forward, backward), "causal_remainder")


def test_a_cache_without_log_sum_exp_is_not_judged_by_it():
    """Maximum and sum kept apart are right, and L is then not testable."""
    case = CASES["log_sum_exp"]
    entry = entry_of(forward=lambda **k: (FORWARD(**k)[0], ("m", "l")))
    assert "not_testable" in DRIVER["drive"](entry, case.calls[0])


def test_attention_object_is_adapted():
    """An object that keeps what backward needs is driven through the adapter."""

    class FlashAttention:
        def __init__(self, tile_size):
            self.tile_size = tile_size

        def forward(self, Q, K, V, causal=True):
            self.causal = causal
            out, self.cache = FORWARD(Q, K, V, self.tile_size, causal)
            return out

        def backward(self, dO):
            return BACKWARD(dO, self.cache, self.tile_size, self.causal)

    adapter = adapter_of(FOLDER, "any_attention.py")
    roles = adapter["entry"](types.SimpleNamespace(FlashAttention=FlashAttention), None)
    entry = entry_of(roles["flash_attention_fwd"], roles["flash_attention_bwd"])
    for check in ("causal_remainder", "noncausal_remainder", "calls_are_independent"):
        assert passes(entry, check)


def test_backward_without_a_cache_is_adapted():
    """(O, L) from forward, and a backward that takes Q, K, V, O, dO and L by name."""

    def flash_attention_fwd(q, k, v, tile_size, causal=True):
        out, cache = FORWARD(q, k, v, tile_size, causal)
        return out, cache["L"]

    def flash_attention_bwd(q, k, v, o, do, lse, block_size, causal=True):  # noqa: PLR0917
        cache = {"Q": q, "K": k, "V": v, "O": o, "L": lse}
        return BACKWARD(do, cache, block_size, causal)

    module = types.SimpleNamespace(
        flash_attention_fwd=flash_attention_fwd, flash_attention_bwd=flash_attention_bwd
    )
    adapter = adapter_of(FOLDER, "any_attention.py")
    roles = adapter["entry"](module, None)
    entry = entry_of(roles["flash_attention_fwd"], roles["flash_attention_bwd"])
    for check in ("causal_remainder", "noncausal_remainder", "backward_can_repeat"):
        assert passes(entry, check)
