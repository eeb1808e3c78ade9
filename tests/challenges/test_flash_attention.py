"""Flash attention forward: the reference by another route, hostile answers, result shapes."""

import importlib.util
import inspect
import itertools
import runpy
import types
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from challenges.flash_attention import kernel_tests
from challenges.flash_attention.kernel_tests import DRAWING, FUNCTION
from challenges.flash_attention.reference import baseline, reference
from challenges.judging.attention import ONE_ROW
from tests.challenges import child
from tests.challenges.child import adapter_of, driver_of

FOLDER = Path(kernel_tests.__file__).parent
CASES = {case.check: case for case in kernel_tests.cases(0)}
DRIVER = driver_of(FOLDER)
HONEST = runpy.run_path(str(FOLDER / "honest" / "tiled.py"))["flash_attention_fwd"]


def entry_of(function, raw=None):
    """The namespace that a driver is given, for one function."""
    return types.SimpleNamespace(
        flash_attention_fwd=function,
        raw=lambda _role: raw or function,
        signature=lambda _role: inspect.signature(raw or function),
    )


def passes(entry, check):
    """Whether the case of this check passes for what `entry` offers."""
    return child.passes(kernel_tests, DRIVER, entry, CASES[check])


@pytest.mark.parametrize("causal", [True, False])
def test_reference_is_a_weighted_mean(causal):
    """Each output row is the mean of the visible values, weighted by exp(q k / sqrt(D))."""
    call = FUNCTION.numbers(DRAWING.draw(0, "mean", (2, 2, 7, 3, 1), causal=causal))
    out = reference(**call)["O"]
    for b, h, i in np.ndindex(2, 2, 7):
        seen = slice(0, i + 1 if causal else 7)
        weights = np.exp(call["K"][b, h, seen] @ call["Q"][b, h, i] / np.sqrt(3))
        mean = weights @ call["V"][b, h, seen] / weights.sum()
        assert np.allclose(out[b, h, i], mean, rtol=1e-13)


def test_reference_matches_scipy_for_scores_of_thousands():
    """SciPy's softmax, on scores that overflow exp, gives the same output."""
    special = pytest.importorskip("scipy.special")
    call = FUNCTION.numbers(CASES["large_scores"].calls[0])
    scores = call["Q"] @ call["K"].swapaxes(-1, -2) / 2
    if call["causal"]:
        scores[..., ~np.tri(scores.shape[-1], dtype=bool)] = -np.inf
    assert np.allclose(reference(**call)["O"], special.softmax(scores, axis=-1) @ call["V"])


@pytest.mark.parametrize("causal", [True, False])
def test_baseline_agrees_with_reference(causal):
    """One key at a time, or all at once: the same output."""
    call = FUNCTION.numbers(DRAWING.draw(1, "base", (2, 1, 33, 4, 1), causal=causal))
    assert np.allclose(baseline(**call)["O"], reference(**call)["O"], rtol=1e-12, atol=1e-13)


def test_scores_really_fall_by_more_than_exp_can_bear():
    """The large_scores cases hold drops between tiles beyond float64's exp, 709."""
    drops = []
    for case in (c for c in kernel_tests.cases(0) if c.check == "large_scores"):
        call = case.calls[0]
        scores = call["Q"] @ call["K"].swapaxes(-1, -2) / np.sqrt(call["Q"].shape[-1])
        tops = [scores[..., j : j + 8].max(-1) for j in range(0, scores.shape[-1], 8)]
        drops += [float((a - b).max()) for a, b in itertools.pairwise(tops)]
    assert max(drops) > 709


def test_only_the_checks_named_for_it_have_a_tile_of_one_row():
    """An output that fails on a tile of one row fails those checks, and the rest stay telling."""
    for case in kernel_tests.cases(0):
        sizes = [(c["Q"].shape[2], c["tile_size"]) for c in case.calls if "Q" in c]
        if any(size == 1 or length % size == 1 for length, size in sizes):
            assert case.check.endswith(ONE_ROW)


HOSTILE_MEASURE = {"O": [[1.0], [2.0, 3.0]], "peak": 1, "half_peak": 0}
HOSTILE = [
    [],
    [{}] * 8,
    [{"O": None, "default": None, "peak": "much", "half_peak": None}] * 8,
    [{"O": np.array(1.0), "default": 1, "peak": np.ones(2), "half_peak": 0}] * 8,
    [HOSTILE_MEASURE] * 8,
    [{"O": np.array([True]), "Q_after": 3, "peak": float("nan"), "half_peak": 1}] * 8,
]


@pytest.mark.parametrize("check", CASES)
@pytest.mark.parametrize("got", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_findings(check, got):
    """Nothing that comes back makes a check raise, and none of it passes."""
    case = CASES[check]
    if check == "memory_follows_tile_size" and got[:1] == [HOSTILE_MEASURE]:
        pytest.skip("a peak of one byte is small enough")
    findings = list(kernel_tests.check(case, got[: len(case.calls)]))
    assert not all(finding.ok for finding in findings)


RESULTS = {
    "array": lambda out: out,
    "tuple": lambda out: (out, "statistics"),
    "list": lambda out: [out],
    "dict": lambda out: {"lse": 0, "output": out},
    "object": lambda out: types.SimpleNamespace(out=out),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_driver_reads_every_kind_of_result(kind):
    """The output is found in whatever it is returned in."""
    entry = entry_of(lambda **k: RESULTS[kind](HONEST(**k)))
    assert passes(entry, "causal_remainder")


def test_a_function_without_a_mask_is_not_judged_without_it():
    """Where causal cannot be passed, what needs it off is not testable, and the rest is judged."""

    def always_causal(Q, K, V, tile_size):
        return HONEST(Q, K, V, tile_size, True)

    def call(Q, K, V, tile_size, causal):
        return always_causal(Q, K, V, tile_size)

    entry = entry_of(call, raw=always_causal)
    off = CASES["noncausal_divisible"]
    assert "not_testable" in DRIVER["drive"](entry, off.calls[0])
    assert passes(entry, "causal_divisible")


def test_documented_layout_is_followed(tmp_path):
    """An output that documents (B, N, H, D) is given that, and its answer is turned back."""
    source = tmp_path / "sequence_first.py"
    source.write_text('''
def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """All arrays have the shape (B, N, H, D)."""
    Q, K, V = (a.swapaxes(1, 2) for a in (Q, K, V))
    return HONEST(Q, K, V, tile_size, causal).swapaxes(1, 2)
''')
    spec = importlib.util.spec_from_file_location("sequence_first", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.HONEST = HONEST
    entry = entry_of(module.flash_attention_fwd)
    for check in ("causal_remainder", "batches_and_heads", "inputs_unchanged"):
        assert passes(entry, check)


def test_attention_object_is_adapted():
    """An object that takes tile size and mask when it is made, beside a class in C, is driven."""

    class FlashAttention:
        def __init__(self, block_size, causal=True):
            self.options = (block_size, causal)

        def forward(self, Q, K, V):
            return HONEST(Q, K, V, *self.options)

    adapter = adapter_of(FOLDER, "any_attention.py")
    module = types.SimpleNamespace(defaultdict=defaultdict, FlashAttention=FlashAttention)
    entry = entry_of(adapter["entry"](module, None)["flash_attention_fwd"])
    for check in ("causal_remainder", "noncausal_remainder", "tile_size_does_not_matter"):
        assert passes(entry, check)


def test_an_unknown_parameter_that_is_needed_by_keyword_is_refused():
    """The adapter says so, where a call without it would have crashed in the output's name."""

    class FlashAttention:
        def __init__(self, *, dropout_rate):
            self.dropout_rate = dropout_rate

        def forward(self, Q, K, V):
            return HONEST(Q, K, V, 4, True)

    adapter = adapter_of(FOLDER, "any_attention.py")
    role = adapter["entry"](types.SimpleNamespace(F=FlashAttention), None)["flash_attention_fwd"]
    with pytest.raises(adapter["NotTestable"], match="dropout_rate"):
        role(**CASES["causal_remainder"].calls[0])


SHAPE = CASES["deterministic"].calls[0]["Q"].shape
ONE_BIT = np.zeros(SHAPE)
ONE_BIT[0, 0, 0, 0] = 5e-324


@pytest.mark.parametrize(
    ("last", "held"),
    [
        (np.zeros(SHAPE), True),
        (ONE_BIT, False),
        (np.zeros(SHAPE, np.float32), False),
        (None, False),
    ],
    ids=["wrong and the same", "one bit", "another dtype", "no answer"],
)
def test_determinism_is_of_bits_and_not_of_values(last, held):
    """Wrong values fail the checks of values; this one only asks whether they come again."""
    answers = [np.zeros(SHAPE), np.zeros(SHAPE), last]
    found = kernel_tests.check(CASES["deterministic"], [{"O": answer} for answer in answers])
    assert all(finding.ok for finding in found) is held


def test_what_is_wrong_and_deterministic_fails_where_values_are_judged():
    """An array of zeros passes the one check, and no check of values."""
    for check in ("causal_divisible", "calls_are_independent"):
        case = CASES[check]
        got = [{"O": np.zeros_like(call["Q"])} for call in case.calls]
        assert not all(finding.ok for finding in kernel_tests.check(case, got))


def test_strided_inputs_are_views_in_another_order():
    """The numbers are the same, and memory is not in the order of the axes."""
    value = np.arange(2 * 3 * 5 * 4.0).reshape(2, 3, 5, 4)
    view = DRIVER["layout"](value, strided=True)
    assert np.array_equal(view, value)
    assert not view.flags.c_contiguous
