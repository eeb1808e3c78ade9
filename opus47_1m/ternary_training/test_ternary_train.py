"""Run: python test_ternary_train.py"""

import mlx.core as mx

from ternary_train import ModelArgs, Qwen3Ternary, TernaryLinear, split_paragraphs, ternary_quantize


def test_every_group_is_minus_s_zero_s():
    w = mx.random.normal((16, 384))
    groups = ternary_quantize(w).reshape(-1, 128)
    s = mx.abs(w.reshape(-1, 128)).mean(axis=1, keepdims=True)
    assert mx.all((groups == 0) | mx.isclose(mx.abs(groups), s)).item()


def test_zero_group_gives_zeros():
    assert mx.all(ternary_quantize(mx.zeros((4, 128))) == 0).item()


def test_gradient_passes_straight_through():
    w, up = mx.random.normal((4, 256)), mx.random.normal((4, 256))
    assert mx.array_equal(mx.grad(lambda w: (ternary_quantize(w) * up).sum())(w), up)


def test_odd_width_is_refused():
    for build in (lambda: TernaryLinear(200, 8), lambda: ternary_quantize(mx.zeros((2, 130)))):
        try:
            build()
        except ValueError:
            continue
        raise AssertionError("expected ValueError")


def test_split_is_disjoint():
    train, val = split_paragraphs("\n\n".join(f"paragraph {i % 25}" for i in range(50)))
    assert not set(train.split("\n\n")) & set(val.split("\n\n"))


def test_model_is_causal():
    model = Qwen3Ternary(ModelArgs())
    a, b = mx.array([[5, 6, 7, 8]]), mx.array([[5, 6, 7, 9]])
    assert mx.allclose(model(a)[:, :3], model(b)[:, :3], atol=1e-4).item()


if __name__ == "__main__":
    tests = [f for n, f in sorted(globals().items()) if n.startswith("test_")]
    for test in tests:
        test()
    print(f"{len(tests)} tests passed")
