import mlx.core as mx

from ternary_model import TernaryConfig, TernaryTransformer, ternarize, ternarize_ste, verify_ternary


def test_values():
    w = mx.random.normal((32, 512)) * 0.05
    p = ternarize(w).reshape(-1, 128)
    s = mx.abs(w.reshape(-1, 128)).mean(axis=-1, keepdims=True)
    assert mx.all((mx.abs(p) < 1e-7) | (mx.abs(mx.abs(p) - s) < 1e-6)).item()


def test_ste():
    w = mx.random.normal((8, 128))
    assert mx.array_equal(mx.grad(lambda w: ternarize_ste(w).sum())(w), mx.ones_like(w))


def test_model_is_ternary_and_causal():
    model = TernaryTransformer(TernaryConfig())
    assert verify_ternary(model) == 1.0
    a = mx.array([[1, 2, 3, 4, 5]])
    b = mx.array([[1, 2, 3, 4, 9]])
    assert mx.allclose(model(a)[:, :4], model(b)[:, :4], atol=1e-4)


if __name__ == "__main__":
    test_values()
    test_ste()
    test_model_is_ternary_and_causal()
    print("3 tests passed")
