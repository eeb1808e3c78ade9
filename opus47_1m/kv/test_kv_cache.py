"""python test_kv_cache.py"""

import math
import random

from kv_cache import KVCache, attention_step, attend, cache_bytes, matvec, softmax


def matrix(rng, n, m):
    return [[rng.gauss(0, 1) / math.sqrt(n) for _ in range(m)] for _ in range(n)]


def full(xs, w_q, w_k, w_v, w_o, heads):
    """Causal attention of one sequence recomputed from nothing."""
    q, k, v = ([matvec(x, w) for x in xs] for w in (w_q, w_k, w_v))
    d = len(xs[0]) // heads
    out = []
    for t in range(len(xs)):
        mixed = []
        for h in range(heads):
            part = slice(h * d, (h + 1) * d)
            mixed += attend(q[t][part], [r[part] for r in k[:t + 1]], [r[part] for r in v[:t + 1]])
        out.append(matvec(mixed, w_o))
    return out


def close(a, b, tol=1e-12):
    return all(abs(x - y) < tol for x, y in zip(a, b))


def test_softmax_is_stable():
    assert close(softmax([1e4, 1e4]), [0.5, 0.5])


def test_round_trip():
    c = KVCache(1, 2, 2, 3, 4)
    k = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    c.append(0, 1, k, [[-x for x in r] for r in k])
    ks, vs = c.get(0, 1)
    assert ks == [[k[0]], [k[1]]] and vs[1][0] == [-4.0, -5.0, -6.0]
    assert c.lengths == [0, 1]


def test_incremental_equals_full():
    rng = random.Random(0)
    heads, d, steps, batch = 2, 8, 6, 3
    ws = [matrix(rng, d, d) for _ in range(4)]
    xs = [[[rng.gauss(0, 1) for _ in range(d)] for _ in range(steps)] for _ in range(batch)]
    cache = KVCache(1, batch, heads, d // heads, steps)
    want = [full(x, *ws, heads) for x in xs]
    for t in range(steps):
        got = attention_step([x[t] for x in xs], cache, 0, *ws)
        for b in range(batch):
            assert close(got[b], want[b][t])


def test_memory():
    assert KVCache(2, 3, 4, 5, 6).memory_bytes() == cache_bytes(2, 3, 4, 5, 6, 8)


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
