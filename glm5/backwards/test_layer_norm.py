"""Run: python test_layer_norm.py"""

import numpy as np

from layer_norm import layer_norm_backward, layer_norm_forward


def numerical_gradient(f, a, h=1e-6):
    grad = np.zeros_like(a)
    for i in np.ndindex(a.shape):
        keep = a[i]
        a[i] = keep + h
        up = f()
        a[i] = keep - h
        down = f()
        a[i] = keep
        grad[i] = (up - down) / (2 * h)
    return grad


def check_gradients():
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 3, 8)), rng.normal(size=(2, 3, 8))
    gamma, beta = rng.normal(size=8), rng.normal(size=8)

    def loss():
        return float(np.sum(layer_norm_forward(x, gamma, beta)[0] * dy))

    _, cache = layer_norm_forward(x, gamma, beta)
    grads = layer_norm_backward(dy, cache)
    for name, a, got in zip(("dx", "dgamma", "dbeta"), (x, gamma, beta), grads):
        want = numerical_gradient(loss, a)
        error = np.abs(got - want).max() / max(np.abs(want).max(), 1e-12)
        print(f"{name:7s} relative error {error:.2e}")
        assert error < 1e-6, name


def check_stability():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1, 2, 64))
    ones, zeros = np.ones(64), np.zeros(64)
    near = layer_norm_forward(x, ones, zeros)[0]
    far = layer_norm_forward(x + 1e6, ones, zeros)[0]
    print(f"shift by 1e6: difference {np.abs(near - far).max():.2e}")
    assert np.abs(near - far).max() < 1e-6
    assert np.isfinite(layer_norm_forward(np.full((1, 1, 64), 3.0), ones, zeros)[0]).all()


if __name__ == "__main__":
    check_gradients()
    check_stability()
    print("all checks passed")
