"""Attention and its gradients: the trusted answer, and an honest one in any dtype.

With S = Q K^T / sqrt(D) and P = softmax(S) over the keys that a query may see: O = P V,
L = log sum exp S, dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dO O)), dQ = dS K / sqrt(D),
dK = dS^T Q / sqrt(D). Dao et al., FlashAttention, arXiv:2205.14135, appendix B.2; the log-sum-exp
in place of maximum and sum is Dao, FlashAttention-2, arXiv:2307.08691, section 3.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def reference(Q: Array, K: Array, V: Array, dO: Array, causal: bool) -> dict[str, Array]:
    """Return O, dQ, dK, dV of shape (B, H, N, D) and L of shape (B, H, N), in float64.

    The softmax's full Jacobian, diag(P) - P P^T, row by row, and extended precision where the
    platform has it, so that its own rounding does not count against a float64 output.
    """
    Q, K, V, dO = (a.astype(np.longdouble) for a in (Q, K, V, dO))
    scale = 1 / np.sqrt(np.longdouble(Q.shape[-1]))
    P, L = softmax(scores(Q, K, scale, causal))
    dP = np.einsum("bhid,bhjd->bhij", dO, V)
    dS = P * dP - P * (P * dP).sum(-1, keepdims=True)
    answer = {
        "O": np.einsum("bhij,bhjd->bhid", P, V),
        "L": L,
        "dQ": np.einsum("bhij,bhjd->bhid", dS, K) * scale,
        "dK": np.einsum("bhij,bhid->bhjd", dS, Q) * scale,
        "dV": np.einsum("bhij,bhid->bhjd", P, dO),
    }
    return {name: value.astype(np.float64) for name, value in answer.items()}


def baseline(Q: Array, K: Array, V: Array, dO: Array, causal: bool) -> dict[str, Array]:
    """The same outputs in the dtype of the inputs, off by what an honest output may lose.

    P = exp(S - L) carries a relative error of u times the size of the terms of S, and the terms of
    dS, dQ, dK and dV may cancel. So each output is moved by the roundoff of the absolute values
    that went into it (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
    """
    scale = Q.dtype.type(1 / np.sqrt(Q.shape[-1]))
    P, L = softmax(scores(Q, K, scale, causal))
    out = P @ V
    dS = P * (dO @ V.swapaxes(-1, -2) - (dO * out).sum(-1, keepdims=True))
    sizes = np.where(P > 0, scores(abs(Q), abs(K), scale, causal=False), 0)
    loss = np.finfo(Q.dtype).eps * (2 + sizes.max(-1, keepdims=True))
    lossP = loss * P
    sizes = abs(dO) @ abs(V).swapaxes(-1, -2)
    lossS = lossP * (sizes + (P * sizes).sum(-1, keepdims=True))
    return {
        "O": out + lossP @ abs(V),
        "L": L + loss[..., 0],
        "dQ": (dS @ K + lossS @ abs(K)) * scale,
        "dK": (dS.swapaxes(-1, -2) @ Q + lossS.swapaxes(-1, -2) @ abs(Q)) * scale,
        "dV": P.swapaxes(-1, -2) @ dO + lossP.swapaxes(-1, -2) @ abs(dO),
    }


def scores(Q: Array, K: Array, scale: float, causal: bool) -> Array:
    """S of shape (B, H, N, N), minus infinity where the mask hides a key."""
    S = np.einsum("bhid,bhjd->bhij", Q, K) * scale
    if causal:
        S[..., ~np.tri(Q.shape[2], dtype=bool)] = -np.inf
    return S


def softmax(S: Array) -> tuple[Array, Array]:
    """P of the shape of S, and the log-sum-exp of its rows."""
    top = S.max(-1, keepdims=True)
    weights = np.exp(S - top)
    total = weights.sum(-1, keepdims=True)
    return weights / total, (top + np.log(total))[..., 0]
