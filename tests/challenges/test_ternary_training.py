"""Ternary training: its reference, its judgements and its text."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from challenges.ternary_training import inputs, judges, kernel_tests, reference, text
from tests.challenges.child import adapter_of, driver_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "challenges" / "ternary_training"
CASES = {case.id: case for case in kernel_tests.cases(0)}


def draw(*shape: int) -> np.ndarray[Any, Any]:
    """Normal numbers, always the same."""
    return np.random.default_rng(0).normal(size=shape)


def verdict(case: str, *got: dict[str, Any]) -> bool:
    """Whether a case passes with these answers."""
    return all(finding.ok for finding in kernel_tests.check(CASES[case], list(got)))


# ---- the reference -------------------------------------------------------------------------------


def test_codes_are_the_nearest_of_three() -> None:
    """Thresholding at half the scale is the same as choosing the nearest of -s, 0 and s."""
    weight = draw(4, 300)
    scale = reference.scales(weight)
    options = np.stack([-scale, 0 * scale, scale])
    nearest = np.take_along_axis(options, np.abs(options - weight).argmin(axis=0)[None], axis=0)[0]
    np.testing.assert_array_equal(reference.project(weight), nearest)


def test_a_short_last_group_has_its_own_mean() -> None:
    """Width 200 is a group of 128 and one of 72."""
    weight = draw(2, 200)
    np.testing.assert_allclose(
        reference.scales(weight)[:, 150], np.abs(weight[:, 128:]).mean(axis=1)
    )


def test_input_gradient_agrees_with_finite_differences() -> None:
    """dx is the derivative of the layer's answer with the projection held fixed."""
    x, weight, upstream = draw(3, 128), draw(5, 128), draw(3, 5)
    _, by_input = reference.linear_gradients(x, weight, upstream)
    step = 1e-6 * np.eye(1, x.size, 17).reshape(x.shape)
    values = [(reference.linear(x + sign * step, weight) * upstream).sum() for sign in (1, -1)]
    assert by_input.flat[17] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_weight_gradient_is_that_of_a_plain_layer() -> None:
    """With P replaced by the identity, finite differences give dW."""
    x, weight, upstream = draw(3, 128), draw(5, 128), draw(3, 5)
    by_weight, _ = reference.linear_gradients(x, weight, upstream)
    step = 1e-6 * np.eye(1, weight.size, 40).reshape(weight.shape)
    values = [(x @ (weight + sign * step).T * upstream).sum() for sign in (1, -1)]
    assert by_weight.flat[40] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_letter_frequencies_of_even_text_give_its_entropy() -> None:
    """A text of eight symbols, equally often, has a perplexity of nearly eight."""
    tokens = np.tile(np.arange(8), 5000)
    assert math.exp(reference.unigram_loss(tokens, tokens, 8)) == pytest.approx(8, rel=1e-3)


# ---- the text ------------------------------------------------------------------------------------


def test_training_and_held_out_paragraphs_are_disjoint() -> None:
    """No paragraph is on both sides, not even in other white space or capitals."""
    training, held_out = ({text.key(p) for p in part} for part in text.split())
    assert not training & held_out
    assert len(held_out) > 100


def test_corpus_is_a_few_hundred_kilobytes_of_ascii_with_its_source() -> None:
    """Bytes are tokens below 128, and the source is stated."""
    training, held_out = (text.tokens(part) for part in text.split())
    assert 200_000 < len(training) + len(held_out) < 400_000
    assert max(training.max(), held_out.max()) < text.VOCABULARY
    readme = (text.CORPUS / "README.md").read_text()
    assert all(file.name in readme for file in text.CORPUS.glob("*.txt"))


# ---- judgements ----------------------------------------------------------------------------------


def test_no_drawn_weight_is_near_a_tie() -> None:
    """Otherwise an honest epsilon or rounding could decide a code."""
    for name, weight in inputs.regimes(3):
        scale = reference.scales(weight)
        assert (np.abs(np.abs(weight) - scale / 2) > 3e-3 * scale).all(), name


def test_either_code_is_right_at_a_tie() -> None:
    """Rounding half to even, away from zero and towards zero all pass."""
    weight = CASES["ties_and_near_ties-tie"].calls[0]["W"]
    scale = reference.scales(weight)
    for threshold in (0.5, 0.5 - 1e-9):
        value = np.sign(weight) * scale * (np.abs(weight) > threshold * scale)
        assert verdict("ties_and_near_ties-tie", {"value": value.astype(np.float32)})


def test_customary_epsilon_passes_where_it_decides_nothing() -> None:
    """A scale raised by 1e-5 is accepted by the deciding checks, and shown for tiny weights."""
    weight = CASES["projection_exact-like_an_initialisation"].calls[0]["W"]
    value = reference.codes(weight) * (reference.scales(weight) + 1e-5)
    assert verdict("projection_exact-like_an_initialisation", {"value": value.astype(np.float32)})
    assert not verdict("tiny_weights-1e-06", {"value": np.zeros((4, 256), np.float32)})


def test_estimator_may_live_in_the_layer() -> None:
    """A projection without gradient passes if the layer's gradient is right, and not otherwise."""
    call = CASES["gradient_is_identity-normal"].calls[0]
    nothing = np.zeros_like(call["C"])
    assert verdict("gradient_is_identity-normal", {"by_projection": nothing, "by_layer": call["C"]})
    assert not verdict("gradient_is_identity-normal", {"by_projection": nothing})
    assert not verdict(
        "gradient_is_identity-normal", {"by_projection": call["C"], "by_layer": nothing}
    )


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.id)
@pytest.mark.parametrize(
    "hostile",
    [
        {},
        {"value": None, "losses": ["x"], "answers": 3, "moved": {"w": 1}},
        {"value": np.full((1, 1), np.nan), "losses": [float("nan")], "held_out_loss": "low"},
        {"latent": np.zeros((0, 0)), "first": np.zeros(3), "by_layer": "identity"},
    ],
)
def test_hostile_answers_fail_without_an_exception(case: Any, hostile: dict[str, Any]) -> None:
    """Whatever comes back, the check answers with findings, one of them not ok."""
    found = kernel_tests.check(case, [hostile for _ in case.calls])
    assert not all(finding.ok for finding in found)


def test_every_check_has_a_judge_and_a_case() -> None:
    """The checks of the cases are those that can be judged."""
    assert {case.check for case in CASES.values()} == set(judges.JUDGES)


# ---- the driver, on interfaces that the prompt does not ask for ----------------------------------

LAYER = """
import mlx.core as mx, mlx.nn as nn
class TernaryLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.kernel = mx.zeros((n_in, n_out))
    def __call__(self, x):
        w = self.kernel.T.reshape(-1, 128)
        s = mx.abs(w).mean(axis=1, keepdims=True)
        return x @ (mx.sign(w) * (mx.abs(w) > s / 2) * s).reshape(self.kernel.T.shape).T
"""
PAIR = """
def split(w, group_size=128):
    g = w.reshape(w.shape[0], -1, group_size)
    s = mx.abs(g).mean(axis=-1)
    return (mx.sign(g) * (mx.abs(g) > s[..., None] / 2)).astype(mx.int8), s
"""


class Bound:
    """An entry whose projection is a given function of a module made from source."""

    def __init__(self, source: str, function: str = "") -> None:
        self.module = ModuleType("output")
        sys.modules["output"] = self.module
        exec(source, self.module.__dict__)
        adapted = adapter_of(FOLDER, "ternary_linear_alone.py")
        roles = adapted["entry"](self.module, None)
        self._found = getattr(self.module, function) if function else roles["ternary_project"]

    def raw(self, _role: str) -> Any:
        """The function itself."""
        return self._found

    def ternary_project(self, W: Any, **more: Any) -> Any:
        """The function, called as the sandbox would."""
        return self._found(W, **more) if self._found.__name__ != "<lambda>" else self._found(W=W)


@pytest.mark.parametrize(
    "entry",
    [
        (LAYER, ""),
        (LAYER + "def convert_to_ternary(model): return model.layers", "convert_to_ternary"),
        (LAYER + PAIR, "split"),
        (LAYER + PAIR + "def codes(w): return split(w)[0].reshape(w.shape)", "codes"),
    ],
    ids=["layer_alone", "misleading_name", "codes_and_scales", "codes_alone"],
)
def test_projection_is_read_off_whatever_gives_it(entry: tuple[str, str]) -> None:
    """A layer's answer to the identity, or codes times scales, is the projection as well."""
    pytest.importorskip("mlx.core")
    drive = driver_of(FOLDER)["drive"]
    case = CASES["projection_exact-shape_3x256"]
    got = drive(Bound(*entry), dict(case.calls[0]))
    assert verdict(case.id, got), got


def test_mlx_computes_after_a_fork_of_a_process_that_only_imported_it() -> None:
    """The zygote may import MLX while it evaluates nothing: evaluation starts threads."""
    pytest.importorskip("mlx.core")
    code = (
        "import os, mlx.core as mx, mlx.nn, mlx.optimizers\n"
        "if os.fork() == 0:\n"
        "    os._exit(int(mx.ones((3,)).sum().item()))\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "3"


@pytest.mark.parametrize("case", ["layer_exact-3x256", "layer_follows_its_weights-three"])
@pytest.mark.parametrize("bias", [np.nan, np.inf, 1e30])
def test_a_bias_that_is_no_number_or_hides_any_excuses_nothing(case: str, bias: float) -> None:
    """A layer that reports such a bias is judged without one: neither it nor zeros are answers."""
    call = CASES[case].calls[0]
    outputs = call["weights"][0].shape[0]
    zeros = [np.zeros((*call["x"].shape[:-1], outputs)) for _ in call["weights"]]
    for answers in (zeros, [answer + bias for answer in zeros]):
        assert not verdict(case, {"answers": answers, "bias": np.full(outputs, bias)})
