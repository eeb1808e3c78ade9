"""Gradient checks against central differences, from small to realistic sizes."""

import time

import numpy as np

from layer_norm_backward import layer_norm_backward, layer_norm_forward


def numerical_dx(x, gamma, beta, dy, h=1e-5):
    grad = np.zeros_like(x)
    flat, out = x.reshape(-1), grad.reshape(-1)
    for i in range(flat.size):
        keep = flat[i]
        flat[i] = keep + h
        up = np.sum(layer_norm_forward(x, gamma, beta)[0] * dy)
        flat[i] = keep - h
        down = np.sum(layer_norm_forward(x, gamma, beta)[0] * dy)
        flat[i] = keep
        out[i] = (up - down) / (2 * h)
    return grad


def check(shape, tolerance):
    rng = np.random.default_rng(42)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    gamma, beta = rng.standard_normal(shape[-1]), rng.standard_normal(shape[-1])
    started = time.time()
    dx, _, _ = layer_norm_backward(dy, layer_norm_forward(x, gamma, beta)[1])
    error = np.max(np.abs(dx - numerical_dx(x, gamma, beta, dy)))
    print(f"{shape}: max error {error:.2e} in {time.time() - started:.1f} s")
    assert error < tolerance


if __name__ == "__main__":
    check((2, 3, 8), 1e-8)
    check((2, 4, 32), 1e-8)
    # A transformer-sized input: 262,144 elements, two forward passes for each.
    check((4, 128, 512), 1e-6)
    print("ALL TESTS PASSED")
