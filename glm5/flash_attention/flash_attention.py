"""Tiled (flash) attention forward pass in NumPy with an online softmax.

For every query tile the key/value tiles are visited in order. Per row we keep
    m    running maximum of the scores
    l    running sum of exp(score - m)
    acc  running sum of exp(score - m) * v
and rescale l and acc by exp(m_old - m_new) whenever the maximum grows.
"""

import tracemalloc

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Q, K, V: (B, H, N, D) -> O: (B, H, N, D)."""
    B, H, N, D = Q.shape
    scale = 1.0 / np.sqrt(D).astype(Q.dtype)
    O = np.zeros_like(Q)

    for q_start in range(0, N, tile_size):
        q_end = min(q_start + tile_size, N)
        Q_tile = Q[:, :, q_start:q_end, :] * scale
        rows = q_end - q_start

        m = np.full((B, H, rows), -np.inf, dtype=Q.dtype)
        l = np.zeros((B, H, rows), dtype=Q.dtype)
        acc = np.zeros((B, H, rows, D), dtype=Q.dtype)

        for k_start in range(0, N, tile_size):
            if causal and k_start >= q_end:
                break  # every key of this tile and of all later ones is in the future
            k_end = min(k_start + tile_size, N)
            S = np.matmul(Q_tile, K[:, :, k_start:k_end, :].transpose(0, 1, 3, 2))

            if causal and k_end - 1 > q_start:
                q_pos = np.arange(q_start, q_end)[:, None]
                k_pos = np.arange(k_start, k_end)[None, :]
                S = np.where(k_pos > q_pos, -np.inf, S)

            # Tiles come in order, so the first one shows key 0 to every row and m_new is finite.
            m_new = np.maximum(m, S.max(axis=-1))
            alpha = np.exp(m - m_new)
            P = np.exp(S - m_new[..., None])
            l = alpha * l + P.sum(axis=-1)
            acc = alpha[..., None] * acc + np.matmul(P, V[:, :, k_start:k_end, :])
            m = m_new

        O[:, :, q_start:q_end, :] = acc / l[..., None]
    return O


def naive_attention(Q, K, V, causal=True):
    """The whole N x N matrix, for comparison."""
    N, D = Q.shape[-2:]
    S = np.matmul(Q, K.transpose(0, 1, 3, 2)) / np.sqrt(D)
    if causal:
        S = np.where(np.triu(np.ones((N, N), dtype=bool), k=1), -np.inf, S)
    P = np.exp(S - S.max(axis=-1, keepdims=True))
    return np.matmul(P / P.sum(axis=-1, keepdims=True), V)


def check(B, H, N, D, tile, causal):
    rng = np.random.default_rng(N)
    Q, K, V = (rng.standard_normal((B, H, N, D)) for _ in range(3))
    error = np.abs(flash_attention_fwd(Q, K, V, tile, causal) - naive_attention(Q, K, V, causal)).max()
    print(f"B={B} H={H} N={N} D={D} tile={tile} causal={causal}: max error {error:.2e}")
    assert error < 1e-10


def check_memory(N=2048, D=32, tile=64):
    rng = np.random.default_rng(0)
    Q, K, V = (rng.standard_normal((1, 1, N, D)) for _ in range(3))
    tracemalloc.start()
    flash_attention_fwd(Q, K, V, tile)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"N={N}: peak {peak / 1e6:.2f} MB, the full matrix would be {8 * N * N / 1e6:.1f} MB")
    assert peak < 8 * N * N / 4


if __name__ == "__main__":
    check(2, 4, 128, 16, 32, True)
    check(1, 2, 100, 16, 32, True)
    check(1, 2, 65, 8, 64, True)
    check(2, 2, 96, 8, 32, False)
    check(1, 1, 1, 8, 4, True)
    check_memory()
    print("OK")
