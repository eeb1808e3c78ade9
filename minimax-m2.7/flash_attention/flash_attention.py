"""
================================================================================
FLASH ATTENTION FORWARD PASS (NUMPY)
================================================================================

Tiled attention with online softmax. The full N x N attention matrix is never
stored: only one (tile x tile) block of scores exists at any time.

    for each batch, head, query tile:
        m = -inf, l = 0, O = 0
        for each key tile:
            S     = Q_tile K_tile^T / sqrt(D)
            m_new = max(m, rowmax(S))
            P     = exp(S - m_new)
            l     = exp(m - m_new) * l + rowsum(P)
            O     = exp(m - m_new) * O + P V_tile
            m     = m_new
        O = O / l
"""

import sys
import time

import numpy as np


def apply_causal_mask(S, q_start, k_start):
    """Set the scores of future keys to -inf."""
    q_idx = q_start + np.arange(S.shape[0])[:, None]
    k_idx = k_start + np.arange(S.shape[1])[None, :]
    return np.where(k_idx > q_idx, -np.inf, S)


def row_statistics(S):
    """Row maximum of a block of scores as a vector."""
    return np.squeeze(np.max(S, axis=1, keepdims=True))


def update_block(S, V_tile, m, l, O):
    """
    One step of the online softmax.

    Args:
        S:      (rows, cols) scores of this block
        V_tile: (cols, D)
        m, l:   (rows, 1) running maximum and sum
        O:      (rows, D) running output, not normalized

    Returns:
        updated m, l, O
    """
    block_max = row_statistics(S)
    m_new = np.maximum(m, block_max[:, None])
    P = np.exp(S - m_new)
    correction = np.exp(m - m_new)
    l_new = correction * l + np.sum(P, axis=1, keepdims=True)
    O_new = correction * O + P @ V_tile
    return m_new, l_new, O_new


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """
    Flash attention forward.

    Args:
        Q, K, V:   arrays of shape (B, H, N, D)
        tile_size: number of rows in a tile
        causal:    apply the causal mask

    Returns:
        O of shape (B, H, N, D)
    """
    B, H, N, D = Q.shape
    dtype = Q.dtype
    scale = dtype.type(1.0 / np.sqrt(D))
    output = np.zeros_like(Q)

    for b in range(B):
        for h in range(H):
            for q_start in range(0, N, tile_size):
                q_end = min(q_start + tile_size, N)
                Q_tile = Q[b, h, q_start:q_end]
                rows = q_end - q_start

                m = np.full((rows, 1), -np.inf, dtype=dtype)
                l = np.zeros((rows, 1), dtype=dtype)
                O = np.zeros((rows, D), dtype=dtype)

                for k_start in range(0, N, tile_size):
                    k_end = min(k_start + tile_size, N)
                    # Skip blocks that lie entirely in the future
                    if causal and k_start > q_end - 1:
                        continue
                    S = (Q_tile @ K[b, h, k_start:k_end].T) * scale
                    if causal:
                        S = apply_causal_mask(S, q_start, k_start)
                    m, l, O = update_block(S, V[b, h, k_start:k_end], m, l, O)

                output[b, h, q_start:q_end] = O / l

    return output


# ------------------------------------------------------------------------------
# REFERENCE
# ------------------------------------------------------------------------------


def naive_attention(Q, K, V, causal=True):
    """Standard attention with the full matrix."""
    N, D = Q.shape[2], Q.shape[3]
    S = np.matmul(Q, np.swapaxes(K, -1, -2)) / np.sqrt(D)
    if causal:
        S = np.where(np.tril(np.ones((N, N))) == 1, S, -np.inf)
    S = S - np.max(S, axis=-1, keepdims=True)
    P = np.exp(S)
    return np.matmul(P / np.sum(P, axis=-1, keepdims=True), V)


# ------------------------------------------------------------------------------
# TESTS
# ------------------------------------------------------------------------------


def run_case(name, B, H, N, D, tile, causal, scale=1.0):
    np.random.seed(0)
    Q = np.random.randn(B, H, N, D) * scale
    K = np.random.randn(B, H, N, D)
    V = np.random.randn(B, H, N, D)
    diff = np.max(np.abs(flash_attention_fwd(Q, K, V, tile, causal) - naive_attention(Q, K, V, causal)))
    ok = diff < 1e-9
    print("  %-34s max diff = %.3e  %s" % (name, diff, "PASS" if ok else "FAIL"))
    return ok


def test_all():
    print("TESTS")
    return all(
        [
            run_case("basic causal", 1, 2, 128, 32, 32, True),
            run_case("basic non-causal", 1, 2, 128, 32, 32, False),
            run_case("several batches", 3, 2, 64, 16, 16, True),
            run_case("sequence not divisible", 1, 1, 100, 16, 32, True),
            run_case("tile larger than sequence", 1, 1, 48, 16, 64, True),
            run_case("large scores", 1, 1, 64, 16, 16, True, scale=500.0),
        ]
    )


def benchmark(N=512, D=64, tile=64):
    Q, K, V = (np.random.randn(1, 2, N, D) for _ in range(3))
    start = time.time()
    flash_attention_fwd(Q, K, V, tile)
    print("BENCHMARK N=%d: %.1f ms" % (N, (time.time() - start) * 1e3))


if __name__ == "__main__":
    passed = test_all()
    benchmark()
    print("ALL TESTS PASSED" if passed else "SOME TESTS FAILED")
    sys.exit(0 if passed else 1)
