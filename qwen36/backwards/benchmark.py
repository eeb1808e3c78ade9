"""Milliseconds of forward and backward at a few sizes."""

import time

import numpy as np

from layer_norm_backward import layer_norm_backward, layer_norm_forward


def measure(shape, repeats=3):
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    gamma, beta = np.ones(shape[-1]), np.zeros(shape[-1])
    best = [float("inf")] * 2
    for _ in range(repeats):
        t0 = time.perf_counter()
        _, cache = layer_norm_forward(x, gamma, beta)
        t1 = time.perf_counter()
        layer_norm_backward(dy, cache)
        t2 = time.perf_counter()
        best = [min(best[0], t1 - t0), min(best[1], t2 - t1)]
    return [1e3 * b for b in best]


if __name__ == "__main__":
    for shape in [(8, 64, 128), (8, 128, 256), (4, 256, 768)]:
        forward, backward = measure(shape)
        print(f"{shape}: forward {forward:.2f} ms, backward {backward:.2f} ms")
