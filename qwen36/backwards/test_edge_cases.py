"""Edge cases of the operator: one feature, one row, constant rows, scale and offset."""

import numpy as np

from layer_norm_backward import layer_norm_backward, layer_norm_forward


def run(x, dy=None):
    D = x.shape[-1]
    gamma, beta = np.linspace(0.5, 1.5, D), np.linspace(-1, 1, D)
    y, cache = layer_norm_forward(x, gamma, beta)
    return (y, *layer_norm_backward(np.ones_like(x) if dy is None else dy, cache))


def test_one_feature_has_no_gradient():
    assert np.allclose(run(np.random.default_rng(0).normal(size=(2, 3, 1)))[1], 0)


def test_shapes():
    y, dx, dgamma, dbeta = run(np.random.default_rng(1).normal(size=(3, 5, 7)))
    assert y.shape == dx.shape == (3, 5, 7)
    assert dgamma.shape == dbeta.shape == (7,)


def test_constant_rows_are_finite():
    assert all(np.isfinite(a).all() for a in run(np.full((1, 2, 16), 4.0)))


def test_output_does_not_depend_on_offset():
    x = np.random.default_rng(2).normal(size=(2, 2, 32))
    assert np.allclose(run(x)[0], run(x + 1e5)[0], atol=1e-8)


def test_dx_scales_with_upstream():
    rng = np.random.default_rng(3)
    x, dy = rng.normal(size=(2, 4, 8)), rng.normal(size=(2, 4, 8))
    assert np.allclose(run(x, 3 * dy)[1], 3 * run(x, dy)[1])


def test_bad_parameters_raise():
    try:
        layer_norm_forward(np.zeros((1, 1, 4)), np.ones(3), np.ones(3))
    except ValueError:
        return
    raise AssertionError("a wrong width was accepted")


if __name__ == "__main__":
    for name in sorted(n for n in globals() if n.startswith("test_")):
        globals()[name]()
        print(f"PASS {name}")
