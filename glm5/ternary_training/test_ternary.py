"""python test_ternary.py"""

import mlx.core as mx
import mlx.nn as nn

from ternary_linear import TernaryEmbedding, TernaryLinear, convert_to_ternary, ternary_project


def test_projection():
    w = mx.random.normal((64, 256)) * 0.02
    p = ternary_project(w, 128)
    g, wg = p.reshape(64, 2, 128), w.reshape(64, 2, 128)
    s = mx.mean(mx.abs(wg), axis=-1, keepdims=True)
    q = g / s
    assert mx.allclose(q, mx.round(q), atol=1e-5)
    assert mx.abs(q).max().item() <= 1 + 1e-5
    assert mx.allclose(q, mx.clip(mx.round(wg / s), -1, 1), atol=1e-5)


def test_padding():
    p = ternary_project(mx.random.normal((8, 200)), 128)
    assert p.shape == (8, 200)
    # at most one magnitude in each group
    assert len(set(mx.abs(p[0, 128:]).tolist()) - {0.0}) == 1


def test_gradient():
    w, c = mx.random.normal((16, 128)), mx.random.normal((16, 128))
    g = mx.grad(lambda w: mx.sum(ternary_project(w, 128) * c))(w)
    assert mx.array_equal(g, c)


def test_layers():
    x = mx.random.normal((2, 3, 128))
    assert TernaryLinear(128, 64)(x).shape == (2, 3, 64)
    e = TernaryEmbedding(50, 128)
    assert e(mx.array([[1, 2, 3]])).shape == (1, 3, 128)
    assert e.as_linear(x).shape == (2, 3, 50)


def test_convert():
    m = convert_to_ternary(nn.Sequential(nn.Embedding(10, 128), nn.Linear(128, 128)))
    assert isinstance(m.layers[0], TernaryEmbedding) and isinstance(m.layers[1], TernaryLinear)


if __name__ == "__main__":
    for name, fn in list(globals().items()):
        if name.startswith("test_"):
            fn()
            print(name, "ok")
