"""Layer norm backward: the reference against finite differences, hostile answers, result shapes."""

import runpy
import types
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from challenges.backwards import kernel_tests
from challenges.backwards.reference import baseline, reference
from tests.challenges import child
from tests.challenges.child import adapter_of, driver_of
from tests.challenges.slopes import slopes

FOLDER = Path(kernel_tests.__file__).parent
CASES = {case.check: case for case in kernel_tests.cases(0)}
DRIVER = driver_of(FOLDER)
HONEST = runpy.run_path(str(FOLDER / "honest" / "compact.py"))


def small(seed=0, shape=(2, 3, 5)):
    """The reference's arguments for one small call."""
    return kernel_tests.FUNCTION.numbers(kernel_tests.draw(seed, "small", shape))


def passes(entry, check):
    """Whether the case of this check passes for what `entry` offers."""
    return child.passes(kernel_tests, DRIVER, entry, CASES[check])


@pytest.mark.parametrize("name", ["x", "gamma", "beta"])
def test_reference_gradients_match_finite_differences(name):
    """dx, dgamma and dbeta are the slopes of sum(y dy), found without differentiating anything."""
    call = small()

    def loss(value):
        return (reference(**{**call, name: value})["y"] * call["dy"]).sum()

    slope = slopes(loss, call[name])
    assert np.allclose(reference(**call)[f"d{name}"], slope, rtol=1e-7, atol=1e-8)


def test_reference_output_is_normalised():
    """With gamma 1, beta 0 and no eps, rows of y have mean zero and mean square one."""
    call = {**small(), "gamma": np.ones(5), "beta": np.zeros(5), "eps": 0.0}
    y = reference(**call)["y"]
    assert np.allclose(y.mean(-1), 0)
    assert np.allclose((y**2).mean(-1), 1)


def test_baseline_agrees_with_reference():
    """Two derivations, by stages and in closed form, give the same four outputs."""
    call = small(1, (4, 2, 33))
    for name, value in reference(**call).items():
        assert np.allclose(baseline(**call)[name], value, rtol=1e-12, atol=1e-13)


HOSTILE = [
    [],
    [{}] * 8,
    [dict.fromkeys(kernel_tests.FUNCTION.outputs, None)] * 8,
    [dict.fromkeys(kernel_tests.FUNCTION.outputs, "text")] * 8,
    [dict.fromkeys(kernel_tests.FUNCTION.outputs, np.array(1.0))] * 8,
    [dict.fromkeys(kernel_tests.FUNCTION.outputs, np.array([True]))] * 8,
    [{name: [[1.0], [2.0, 3.0]] for name in kernel_tests.FUNCTION.outputs}] * 8,
    [{"peak_bytes": np.ones(3), "cache_bytes": "much", "dx": np.zeros(0)}] * 8,
]


@pytest.mark.parametrize("check", CASES)
@pytest.mark.parametrize("got", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_findings(check, got):
    """Nothing that comes back makes a check raise, and none of it passes."""
    case = CASES[check]
    findings = list(kernel_tests.check(case, got[: len(case.calls)]))
    assert not all(finding.ok for finding in findings)


@pytest.mark.parametrize("check", CASES)
def test_not_a_number_is_wrong(check):
    """Arrays of the right shape full of NaN pass no check that looks at numbers."""
    case = CASES[check]
    if check in {"inputs_unchanged", "memory_is_linear", "deterministic"}:
        pytest.skip("judges something other than values")
    nans = [
        {name: np.full_like(value, np.nan) for name, value in reference(**numbers).items()}
        for numbers in map(kernel_tests.FUNCTION.numbers, case.calls)
    ]
    assert not all(finding.ok for finding in kernel_tests.check(case, nans))


class Turned(NamedTuple):
    """Gradients in an order of their own."""

    grad_beta: np.ndarray
    grad_gamma: np.ndarray
    d_x: np.ndarray


@dataclass(slots=True)
class Slotted:
    """The same without attributes to list."""

    dbeta: np.ndarray
    dgamma: np.ndarray
    dx: np.ndarray


RESULTS = {
    "tuple": lambda *grads: grads,
    "list": lambda *grads: list(grads),
    "dict in another order": lambda dx, dg, db: {"dbeta": db, "dx": dx, "dgamma": dg},
    "object": lambda dx, dg, db: types.SimpleNamespace(grad_x=dx, grad_gamma=dg, grad_beta=db),
    "with an extra item": lambda *grads: (*grads, "note"),
    "named tuple in another order": lambda dx, dg, db: Turned(grad_beta=db, grad_gamma=dg, d_x=dx),
    "data class with slots": lambda dx, dg, db: Slotted(db, dg, dx),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_driver_reads_every_kind_of_result(kind):
    """Gradients are found in whatever the output returns them in."""
    case = CASES["input_gradient"]
    entry = types.SimpleNamespace(
        layer_norm_forward=HONEST["layer_norm_forward"],
        layer_norm_backward=lambda **k: RESULTS[kind](*HONEST["layer_norm_backward"](**k)),
    )
    got = [DRIVER["drive"](entry, call) for call in case.calls]
    assert all(finding.ok for finding in kernel_tests.FUNCTION.values(case, got))


def test_forward_may_return_its_own_way_back():
    """(y, vjp) is a cache that is called; a forward that returns no function is not testable."""
    source = """
def layer_norm(x, gamma, beta, eps=1e-5):
    y, cache = forward(x, gamma, beta, eps)

    def vjp(dy):
        return backward(dy, cache)

    return y, vjp
"""
    module = types.ModuleType("functions")
    module.forward, module.backward = (HONEST[f"layer_norm_{d}"] for d in ("forward", "backward"))
    scope = dict(vars(module))
    exec(source, scope)
    adapter = adapter_of(FOLDER, "any_layer_norm.py")
    entry = types.SimpleNamespace(
        **adapter["entry"](types.SimpleNamespace(layer_norm=scope["layer_norm"]), None)
    )
    assert passes(entry, "calls_are_independent")
    with pytest.raises(adapter["NotTestable"], match="returns no function"):
        adapter["pullback"]([np.zeros(3)])


def test_a_layer_without_a_place_for_gamma_is_not_testable():
    """Parameters under names that nobody knows are not set beside them, which would fail it."""

    class LayerNorm:
        def __init__(self, width, eps):
            self.eps = eps
            self.first, self.second = np.ones(width), np.zeros(width)

        def forward(self, x):
            return x

        def backward(self, dy):
            return dy

    adapter = adapter_of(FOLDER, "any_layer_norm.py")
    roles = adapter["entry"](types.SimpleNamespace(LayerNorm=LayerNorm), None)
    with pytest.raises(adapter["NotTestable"], match="gamma"):
        roles["layer_norm_forward"](x=np.zeros((1, 2, 3)), gamma=None, beta=None, eps=0.1)


def test_held_counts_each_array_once():
    """A view counts as what it keeps alive, an array that is held twice counts once."""
    base = np.zeros(10)
    assert DRIVER["held"]({"a": base, "b": (base, base[:2])}, set(), 0) == base.nbytes


def test_layer_object_is_adapted():
    """A layer object with forward and backward is driven through the adapter, eps included."""
    source = """
import numpy as np
class LayerNorm:
    def __init__(self, width, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(width), np.zeros(width), eps
    def forward(self, x):
        y, self.saved = layer_norm_forward(x, self.gamma, self.beta, self.eps)
        return y
    def backward(self, dy):
        dx, self.dgamma, self.dbeta = layer_norm_backward(dy, self.saved)
        return dx
"""
    module = types.ModuleType("layer")
    module.__dict__.update(HONEST)
    exec(source, module.__dict__)
    adapter = adapter_of(FOLDER, "any_layer_norm.py")
    entry = types.SimpleNamespace(**adapter["entry"](module, None))
    for check in ("input_gradient", "scale_gradient", "eps_is_used", "calls_are_independent"):
        assert passes(entry, check)


def test_backward_without_a_cache_is_adapted():
    """Statistics that forward returns one by one reach the parameters that they were made for.

    An array among the module's names is no class, and is compared with none.
    """
    source = """
EXAMPLE = np.zeros((2, 3))

def layernorm_forward(x, weight, bias, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    rstd = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    return (x - mean) * rstd * weight + bias, mean, rstd

def layernorm_backward(dout: np.ndarray, x, weight, mean, rstd):
    return compact(dout, ((x - mean) * rstd, rstd, weight))
"""
    module = types.ModuleType("functions")
    module.np, module.compact = np, HONEST["layer_norm_backward"]
    exec(source, module.__dict__)
    adapter = adapter_of(FOLDER, "any_layer_norm.py")
    entry = types.SimpleNamespace(**adapter["entry"](module, None))
    for check in ("input_gradient", "eps_is_used", "backward_can_repeat"):
        assert passes(entry, check)
