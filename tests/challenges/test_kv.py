"""The KV-cache: its reference, hostile answers, and interfaces that the adapter understands."""

import importlib.util
import math
import sys
import types
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from challenges.kv import kernel_tests, reference
from generator.binding.by_adapter import adapter_exports, alternative
from generator.binding.exports import Exports
from generator.kernel_tests import adapter_sources
from generator.sandbox.entry import Entry
from tests.challenges.child import adapter_of, driver_of

FOLDER = Path(kernel_tests.__file__).parent
FIXTURES = Path(__file__).parent.parent / "fixtures" / "kv"
CASES = kernel_tests.cases(0)
ADAPTER = adapter_sources(FOLDER / "adapters")["any_cache"]
DRIVE = driver_of(FOLDER)["drive"]
QUICK = {"decode_step_equals_full", "prefill_is_causal", "chunked_prefill_equals_full"}

# What every interface can at least express, and what one of them cannot.
EXPRESSED = {
    "attention_owns_cache": {"prefill_is_causal", "memory_is_accounted", "work_per_step_is_linear"},
    "stateless_attention": {"prefill_is_causal", "memory_is_accounted", "lengths_are_reported"},
    "one_sequence_of_lists": {"variable_lengths_in_batch", "finished_sequence_is_isolated"},
    "functions_and_dict": {"prefill_is_causal", "write_past_capacity_is_an_error"},
    "past_tuple": {"prefill_is_causal", "chunked_prefill_equals_full", "work_per_step_is_linear"},
    "prefill_and_decode": {"prefill_is_causal", "generator_decode_equals_full"},
    "counts_with_the_last_layer": {"memory_is_accounted", "write_past_capacity_is_an_error"},
    "growing_layers": {"several_layers_end_to_end", "memory_is_accounted"},
    "filled_dict": {"prefill_is_causal", "decoder_usable_as_shipped", "lengths_are_reported"},
    "rows_with_ids": {"paged_cache_round_trip", "variable_lengths_in_batch"},
}

FAULTS = [
    ("attention_owns_cache", "prefill_is_causal", "total - new, dtype", "total, dtype"),
    ("attention_owns_cache", "decode_step_equals_full", " / self.d_head**0.5", ""),
    ("stateless_attention", "cache_holds_what_was_written", "new] = v", "new] = k"),
    ("functions_and_dict", "chunked_prefill_equals_full", "total, total - new", "total, 0"),
    ("one_sequence_of_lists", "decode_step_equals_full", "top = max(scores)", "top = 0.0"),
    ("past_tuple", "decode_step_equals_full", "past_kv[0], k]", "past_kv[0][:, :, -1:], k]"),
    ("prefill_and_decode", "several_layers_end_to_end", "[cache.get_seq_length()]", "[0]"),
    ("growing_layers", "cache_holds_what_was_written", "append(value_states", "append(key_states"),
    ("filled_dict", "prefill_is_causal", "[S - T:], att", "[-1:], att"),
    ("rows_with_ids", "paged_cache_round_trip", "n % self.block_size == 0", "n == 0"),
]  # fmt: skip


def run_through_adapter(
    source: str, tmp_path: Path, checks: set[str] | None = None
) -> Counter[Any]:
    """(check, "passed" | "failed" | "not testable") -> how many cases of the source ended so."""
    file = tmp_path / "output.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location("kv_output_under_test", file)
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    adapter = adapter_of(FOLDER, "any_cache")
    calls = adapter["entry"](module, None)
    entry = Entry(calls, calls, module, adapter["NotTestable"])
    ended: Counter[Any] = Counter()
    for case in CASES:
        if checks is None or case.check in checks:
            ended[case.check, outcome(entry, DRIVE, case)] += 1
    return ended


def outcome(entry: Entry, drive: Any, case: Any) -> str:
    """What became of one case."""
    try:
        with np.errstate(all="ignore"):
            got = [drive(entry, dict(call)) for call in case.calls]
    except Exception:  # noqa: BLE001 - the output's own exception is a failed case
        return "failed"
    if any("not_testable" in out for out in got):
        return "not testable"
    return "passed" if all(f.ok for f in kernel_tests.check(case, got)) else "failed"


def test_reference_is_the_definition() -> None:
    """The reference equals attention written as sums, number by number, with exact summation."""
    draw = np.random.default_rng(0)
    x, (w_q, w_k, w_v, w_o) = draw.standard_normal((5, 6)), draw.standard_normal((4, 6, 6))
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    want = np.zeros((5, 6))
    for i in range(5):
        for column in range(6):
            head = range(column // 3 * 3, column // 3 * 3 + 3)
            scores = [
                math.fsum(q[i, c] * k[j, c] for c in head) / math.sqrt(3) for j in range(i + 1)
            ]
            weights = [math.exp(s - max(scores)) for s in scores]
            want[i, column] = math.fsum(w * v[j, column] for j, w in enumerate(weights)) / sum(
                weights
            )
    got = reference.attention(x, w_q, w_k, w_v, w_o, 2)
    assert np.allclose(got, want @ w_o, rtol=1e-13, atol=1e-13)


def test_reference_of_a_prefix_is_a_prefix() -> None:
    """Later tokens, padding and other rows change nothing before them."""
    call = next(c for c in CASES if c.id == "unequal_then_steps").calls[0]
    whole = reference.stack(**call)["y"]
    changed = {**call, "x": call["x"].copy()}
    changed["x"][:, :, 8:] += 1.0
    changed["x"][:, 1, 2:7] = 99.0
    changed["x"][:, 2] = 0.0
    again = reference.stack(**changed)["y"]
    assert np.array_equal(whole[:, :2, :8], again[:, :2, :8])


@pytest.mark.parametrize(
    "junk",
    [{}, {"y": None}, {"y": np.full((1, 3, 7, 12), np.nan), "lengths": "long", "raised": 3}, "text",
     {"k_0_0": np.zeros(3), "products": [1], "bytecodes": "x", "steps": [1, [2]]}],
)  # fmt: skip
def test_hostile_answers_are_failures(junk: Any) -> None:
    """Whatever comes back, a case is judged, never crashed, and junk passes nothing."""
    for case in CASES:
        findings = kernel_tests.check(case, [junk] * len(case.calls))
        assert findings and not all(finding.ok for finding in findings), case.id


def test_the_adapter_is_chosen_by_any_name_with_cache_or_attention_in_it() -> None:
    """Its exports are a pattern: classes and functions alike, whatever else they are called."""
    wanted = adapter_exports(ADAPTER)
    for name in ("LayerKVCache", "make_kv_cache", "cached_attention"):
        assert alternative(Exports("kv.py", classes={name: ()}), wanted) is not None
    assert alternative(Exports("kv.py", classes={"SelfAttention": ()}), wanted) is not None
    assert alternative(Exports("kv.py", classes={"TinyGPT": ()}), wanted) is not None
    assert alternative(Exports("kv.py", classes={"Config": ()}), wanted) is None


def test_what_an_array_lacks_is_no_fault_of_the_decoder() -> None:
    """It was given an array where it takes lists, which are tried next."""
    with pytest.raises(AttributeError) as raised:
        np.zeros((2, 3)).append(1)
    pieces = types.SimpleNamespace(classes={}, modules=[math])
    assert adapter_of(FOLDER, "any_cache")["is_their_own"](raised.value, pieces) is False


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPRESSED)
def test_right_foreign_interfaces_are_never_failed(name: str, tmp_path: Path) -> None:
    """Right outputs in shapes of their own fail nothing, and most of it is testable."""
    ended = run_through_adapter((FIXTURES / f"{name}.py").read_text(), tmp_path)
    assert [check for check, how in ended if how == "failed"] == []
    passed = {check for check, how in ended if how == "passed"}
    assert EXPRESSED[name] | {"decode_step_equals_full", "caches_are_independent"} <= passed


@pytest.mark.parametrize(("name", "check", "old", "new"), FAULTS)
def test_faults_are_seen_through_the_adapter(
    name: str, check: str, old: str, new: str, tmp_path: Path
) -> None:
    """A mistake planted in such an output fails the check that is named after it."""
    source = (FIXTURES / f"{name}.py").read_text()
    assert source.count(old) >= 1
    ended = run_through_adapter(source.replace(old, new), tmp_path, {check})
    assert ended[check, "failed"] > 0, ended


def test_an_output_without_a_cache_is_not_testable(tmp_path: Path) -> None:
    """Where there is nothing to test, nothing fails."""
    source = "import numpy as np\n\n\ndef cache_report(n):\n    return 2 * n\n"
    ended = run_through_adapter(source, tmp_path, QUICK)
    assert {how for _, how in ended} == {"not testable"}


def test_rotary_attention_is_not_held_against_plain_attention(tmp_path: Path) -> None:
    """Attention that turns queries and keys by their positions is not ours to compare."""
    source = (FIXTURES.parent / "foreign/lengths-of-new-tokens/kv/kv_cache.py").read_text()
    old = "        K, V, lens = kv_cache.update(layer_idx, k, v, seq_lens)\n"
    turned = "        q, k = (apply_rope(a, before) for a in (q, k))\n"
    rope = "\n\ndef apply_rope(x, start):\n    places = start[:, None] + np.arange(x.shape[2])\n"
    rope += "    return x * np.cos(places)[:, None, :, None]\n"
    assert old in source
    ended = run_through_adapter(source.replace(old, turned + old) + rope, tmp_path, QUICK)
    assert not {check for check, how in ended if how == "failed"}, ended
