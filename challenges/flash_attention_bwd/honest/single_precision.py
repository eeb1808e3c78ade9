"""Everything in float32, whatever comes in, with einsum; backward has query tiles outside."""

import numpy as np


class Cache:
    """What backward needs: the maximum and the sum of each row in place of one number."""

    def __init__(self, **parts):
        self.__dict__.update(parts)


def spans(length, size):
    """(start, stop) of each tile."""
    return [(start, min(start + size, length)) for start in range(0, length, size)]


def tile_scores(q, k, q0, k0, causal):
    """Scores of one tile in float32; hidden ones are -1e30."""
    s = np.einsum("bhid,bhjd->bhij", q, k) / np.float32(q.shape[-1] ** 0.5)
    if causal:
        i, j = q0 + np.arange(q.shape[2]), k0 + np.arange(k.shape[2])
        s = np.where(j > i[:, None], np.float32(-1e30), s)
    return s


def flash_attention_fwd(Q, K, V, tile_size, causal=True):
    """Return (O, cache) in float32, key tiles from last to first."""
    Q, K, V = (a.astype(np.float32) for a in (Q, K, V))
    out = np.empty_like(Q)
    top = np.full(Q.shape[:3], np.float32(-np.inf))
    total = np.zeros(Q.shape[:3], np.float32)
    for q0, q1 in spans(Q.shape[2], tile_size):
        rows = np.s_[:, :, q0:q1]
        acc = np.zeros_like(Q[rows])
        for k0, k1 in reversed(spans(q1 if causal else Q.shape[2], tile_size)):
            s = tile_scores(Q[rows], K[:, :, k0:k1], q0, k0, causal)
            new = np.maximum(top[rows], s.max(-1))
            keep, p = np.exp(top[rows] - new), np.exp(s - new[..., None])
            total[rows] = total[rows] * keep + np.einsum("bhij->bhi", p)
            acc = acc * keep[..., None] + np.einsum("bhij,bhjd->bhid", p, V[:, :, k0:k1])
            top[rows] = new
        out[rows] = acc / total[rows][..., None]
    return out, Cache(q=Q, k=K, v=V, out=out, top=top, total=total)


def flash_attention_bwd(dO, cache, tile_size, causal=True):
    """Return a dict of the three gradients in float32."""
    dO = dO.astype(np.float32)
    length, scale = dO.shape[2], np.float32(dO.shape[3] ** -0.5)
    dq, dk, dv = (np.zeros_like(dO) for _ in range(3))
    for q0, q1 in spans(length, tile_size):
        rows = np.s_[:, :, q0:q1]
        delta = np.einsum("bhid,bhid->bhi", dO[rows], cache.out[rows])[..., None]
        for k0, k1 in spans(q1 if causal else length, tile_size):
            columns = np.s_[:, :, k0:k1]
            s = tile_scores(cache.q[rows], cache.k[columns], q0, k0, causal)
            p = np.exp(s - cache.top[rows][..., None]) / cache.total[rows][..., None]
            ds = p * (np.einsum("bhid,bhjd->bhij", dO[rows], cache.v[columns]) - delta)
            dv[columns] += np.einsum("bhij,bhid->bhjd", p, dO[rows])
            dq[rows] += scale * np.einsum("bhij,bhjd->bhid", ds, cache.k[columns])
            dk[columns] += scale * np.einsum("bhij,bhid->bhjd", ds, cache.q[rows])
    return {"dQ": dq, "dK": dk, "dV": dv}
