"""
Layer Normalization: forward and backward in NumPy.

Shapes
------
x, y, dx, dy : (B, T, D)
gamma, beta  : (D,)

The backward pass is the compact form

    dx = std_inv * (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)),   dxhat = dy * gamma

which needs two reductions per row and no intermediate larger than x.
"""

from __future__ import annotations

from typing import Dict, Tuple

import numpy as np


def layer_norm_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    """Normalize over the last axis and keep what the backward pass needs."""
    if x.shape[-1] != gamma.shape[0] or gamma.shape != beta.shape:
        raise ValueError("gamma and beta must match the last axis of x")
    mean = x.mean(axis=-1, keepdims=True)
    xc = x - mean
    var = np.mean(xc**2, axis=-1, keepdims=True)
    std_inv = 1.0 / np.sqrt(var + eps)
    xhat = xc * std_inv
    y = gamma * xhat + beta
    return y, {"xhat": xhat, "std_inv": std_inv, "gamma": gamma, "D": x.shape[-1]}


def layer_norm_backward(
    dy: np.ndarray, cache: Dict[str, np.ndarray]
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients with respect to x, gamma and beta."""
    xhat, std_inv, gamma, D = cache["xhat"], cache["std_inv"], cache["gamma"], cache["D"]

    dgamma = np.sum(dy * xhat, axis=(0, 1))
    dbeta = np.sum(dy, axis=(0, 1))

    dxhat = dy * gamma
    sum_dxhat = np.sum(dxhat, axis=-1, keepdims=True)
    sum_dxhat_xhat = np.sum(dxhat * xhat, axis=-1, keepdims=True)
    dx = std_inv * (dxhat - sum_dxhat / D - xhat * (sum_dxhat_xhat / D))
    return dx, dgamma, dbeta
