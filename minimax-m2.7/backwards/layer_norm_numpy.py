"""
================================================================================
LAYER NORMALIZATION FROM SCRATCH IN NUMPY
================================================================================

Contents
    1. Forward pass
    2. Backward pass
    3. Gradient check
    4. Numerical stability
    5. Memory and complexity report
    6. Benchmark
    7. Main

DERIVATION
----------
Given   y = gamma * x_hat + beta,   x_hat = (x - mean) / std,   std = sqrt(var + eps):

    d_beta  = sum_{b,t} dy
    d_gamma = sum_{b,t} dy * x_hat
    d_xhat  = dy * gamma

x reaches the loss along three paths: directly through the numerator, through the mean, and through
the variance. Adding them up gives

    dx = (1 / (D * std)) * (D * d_xhat - sum(d_xhat) - x_hat * sum(d_xhat * x_hat))

where both sums run over the D features of a row.
"""

import sys
import time

import numpy as np

# ------------------------------------------------------------------------------
# 1. FORWARD PASS
# ------------------------------------------------------------------------------


def layer_norm_forward(x, gamma, beta, eps=1e-8):
    """
    Forward pass.

    Args:
        x:     input of shape (B, T, D)
        gamma: scale of shape (D,)
        beta:  shift of shape (D,)
        eps:   added to the variance

    Returns:
        y:     output of shape (B, T, D)
        cache: dict with everything that the backward pass may want
    """
    B, T, D = x.shape

    # Step 1: mean of every row
    mean = np.mean(x, axis=-1, keepdims=True)

    # Step 2: centre, then square (the two-pass variance)
    x_centered = x - mean
    var = np.mean(x_centered**2, axis=-1, keepdims=True)

    # Step 3: standard deviation and its inverse
    std = np.sqrt(var + eps)
    inv_std = 1.0 / std

    # Step 4: normalize, scale, shift
    x_hat = x_centered * inv_std
    y = gamma * x_hat + beta

    cache = {
        "x": x,
        "x_centered": x_centered,
        "x_hat": x_hat,
        "mean": mean,
        "var": var,
        "std": std,
        "inv_std": inv_std,
        "gamma": gamma,
        "beta": beta,
        "eps": eps,
        "D": D,
        "shape": (B, T, D),
    }
    return y, cache


# ------------------------------------------------------------------------------
# 2. BACKWARD PASS
# ------------------------------------------------------------------------------


def layer_norm_backward(dy, cache):
    """
    Backward pass.

    Args:
        dy:    upstream gradient of shape (B, T, D)
        cache: from layer_norm_forward

    Returns:
        dx of shape (B, T, D), dgamma and dbeta of shape (D,)
    """
    x_hat = cache["x_hat"]
    std = cache["std"]
    gamma = cache["gamma"]
    D = cache["D"]

    # Parameters: reduce over batch and time
    dgamma = np.sum(dy * x_hat, axis=(0, 1))
    dbeta = np.sum(dy, axis=(0, 1))

    # Input: the three paths at once
    d_xhat = dy * gamma
    sum_d = np.sum(d_xhat, axis=-1, keepdims=True)
    sum_dx = np.sum(d_xhat * x_hat, axis=-1, keepdims=True)
    dx = (1.0 / (D * std)) * (D * d_xhat - sum_d - x_hat * sum_dx)

    return dx, dgamma, dbeta


# ------------------------------------------------------------------------------
# 3. GRADIENT CHECK
# ------------------------------------------------------------------------------


def numerical_gradient(f, param, h=1e-5):
    """Central differences, one element after the other."""
    grad = np.zeros_like(param)
    it = np.nditer(param, flags=["multi_index"])
    while not it.finished:
        idx = it.multi_index
        original = param[idx]
        param[idx] = original + h
        plus = f()
        param[idx] = original - h
        minus = f()
        param[idx] = original
        grad[idx] = (plus - minus) / (2 * h)
        it.iternext()
    return grad


def relative_error(a, b):
    """max |a - b| / max(|a| + |b|)"""
    return np.max(np.abs(a - b)) / max(np.max(np.abs(a) + np.abs(b)), 1e-12)


def gradient_check(B=2, T=3, D=8, seed=0):
    """Compare all three gradients with central differences."""
    np.random.seed(seed)
    x = np.random.randn(B, T, D)
    gamma = np.random.randn(D)
    beta = np.random.randn(D)
    dy = np.random.randn(B, T, D)

    y, cache = layer_norm_forward(x, gamma, beta)
    dx, dgamma, dbeta = layer_norm_backward(dy, cache)

    def f():
        return np.sum(layer_norm_forward(x, gamma, beta)[0] * dy)

    print("GRADIENT CHECK  B=%d T=%d D=%d" % (B, T, D))
    ok = True
    for name, analytic, param in [("dx", dx, x), ("dgamma", dgamma, gamma), ("dbeta", dbeta, beta)]:
        err = relative_error(analytic, numerical_gradient(f, param))
        passed = err < 1e-6
        ok = ok and passed
        print("  %-8s relative error = %.3e  %s" % (name, err, "PASS" if passed else "FAIL"))
    return ok


# ------------------------------------------------------------------------------
# 4. NUMERICAL STABILITY
# ------------------------------------------------------------------------------


def stability_report(D=64):
    """What happens for inputs that are awkward."""
    np.random.seed(1)
    gamma, beta = np.ones(D), np.zeros(D)
    base = np.random.randn(1, 4, D)
    cases = {
        "standard": base,
        "large offset (1e6)": base + 1e6,
        "large scale (1e6)": base * 1e6,
        "tiny scale (1e-6)": base * 1e-6,
        "constant row": np.full((1, 4, D), 2.0),
    }
    print("STABILITY")
    ok = True
    for name, x in cases.items():
        y, cache = layer_norm_forward(x, gamma, beta)
        dx, _, _ = layer_norm_backward(np.ones_like(x), cache)
        finite = bool(np.isfinite(y).all() and np.isfinite(dx).all())
        ok = ok and finite
        print("  %-20s finite: %s" % (name, finite))
    return ok


# ------------------------------------------------------------------------------
# 5. MEMORY AND COMPLEXITY REPORT
# ------------------------------------------------------------------------------


def memory_report(B=8, T=128, D=512):
    """Bytes that each entry of the cache holds."""
    x = np.random.randn(B, T, D)
    _, cache = layer_norm_forward(x, np.ones(D), np.zeros(D))
    print("MEMORY  B=%d T=%d D=%d" % (B, T, D))
    for key, value in cache.items():
        size = value.nbytes if isinstance(value, np.ndarray) else sys.getsizeof(value)
        print("  %-12s %12d bytes" % (key, size))


def complexity_report():
    """Operations by step, for N = B * T rows."""
    print("COMPLEXITY (N = B*T)")
    for step, cost in [
        ("mean", "N*D"),
        ("variance", "2*N*D"),
        ("normalize", "N*D"),
        ("scale and shift", "2*N*D"),
        ("dgamma, dbeta", "3*N*D"),
        ("dx", "8*N*D"),
    ]:
        print("  %-16s %s" % (step, cost))


# ------------------------------------------------------------------------------
# 6. BENCHMARK
# ------------------------------------------------------------------------------


def benchmark(B=8, T=64, D=256, repeats=5):
    """Average time of both passes."""
    x = np.random.randn(B, T, D)
    gamma, beta = np.ones(D), np.zeros(D)
    start = time.time()
    for _ in range(repeats):
        _, cache = layer_norm_forward(x, gamma, beta)
    forward = (time.time() - start) / repeats
    start = time.time()
    for _ in range(repeats):
        layer_norm_backward(x, cache)
    backward = (time.time() - start) / repeats
    print("BENCHMARK  forward %.3f ms  backward %.3f ms" % (forward * 1e3, backward * 1e3))


# ------------------------------------------------------------------------------
# 7. MAIN
# ------------------------------------------------------------------------------

if __name__ == "__main__":
    results = [gradient_check(), gradient_check(1, 1, 16, seed=3), stability_report()]
    memory_report()
    complexity_report()
    benchmark()
    print("ALL PASSED" if all(results) else "SOME FAILED")
    sys.exit(0 if all(results) else 1)
