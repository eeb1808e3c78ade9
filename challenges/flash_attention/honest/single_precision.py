"""Everything in float32, whatever comes in: padded to whole tiles, key tiles from last to first."""

import numpy as np


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return (O, log-sum-exp) in float32."""
    B, H, N, D = Q.shape
    pad = ((0, 0), (0, 0), (0, -N % tile_size), (0, 0))
    q, k, v = (np.pad(np.asarray(a, dtype=np.float32), pad) for a in (Q, K, V))
    q *= np.float32(D**-0.5)
    tiles = q.shape[2] // tile_size
    q, k, v = (a.reshape(B * H, tiles, tile_size, D) for a in (q, k, v))
    out = np.empty_like(q)
    lse = np.empty((B * H, tiles, tile_size), np.float32)
    for head in range(B * H):
        for i in range(tiles):
            last = i if causal else tiles - 1
            out[head, i], lse[head, i] = attend(q[head, i], k[head], v[head], i, last, N, causal)
    return out.reshape(B, H, -1, D)[:, :, :N], lse.reshape(B, H, -1)[:, :, :N]


def attend(q, keys, values, i, last, N, causal):
    """One query tile over the key tiles `last` to 0; padded keys are hidden."""
    size = len(q)
    top = np.full(size, np.float32(-np.inf))
    total = np.zeros(size, np.float32)
    acc = np.zeros_like(q)
    column = np.arange(size)
    for j in reversed(range(last + 1)):
        hidden = np.broadcast_to(j * size + column >= N, (size, size))
        if causal:
            hidden = hidden | (j * size + column > (i * size + column)[:, None])
        s = np.where(hidden, np.float32(-np.inf), q @ keys[j].T)
        new = np.maximum(top, s.max(1))
        safe = np.where(np.isfinite(new), new, np.float32(0))
        p, keep = np.exp(s - safe[:, None]), np.exp(top - safe)
        acc = acc * keep[:, None] + p @ values[j]
        total, top = total * keep + p.sum(1), new
    return acc / total[:, None], top + np.log(total)
