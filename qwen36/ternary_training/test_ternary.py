"""Test suite: python test_ternary.py  (also collected by pytest)."""

import math

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from train_ternary import (
    GROUP_SIZE,
    ModelArgs,
    TernaryEmbedding,
    TernaryLinear,
    TernaryQwen3,
    TextDataset,
    Trainer,
    TrainingConfig,
    group_quantize,
    group_scales,
)


class TestProjection:
    def setup_method(self):
        mx.random.seed(0)
        self.W = mx.random.normal((32, 256))

    def test_shape(self):
        assert group_quantize(self.W).shape == self.W.shape

    def test_three_values(self):
        groups = np.array(group_quantize(self.W)).reshape(-1, GROUP_SIZE)
        for group in groups:
            assert len(np.unique(np.round(np.abs(group), 5))) == 2

    def test_scale(self):
        _, s = group_scales(self.W)
        assert mx.allclose(s[0, 0, 0], mx.mean(mx.abs(self.W[0, :128])))

    def test_codes(self):
        _, s = group_scales(self.W)
        codes = group_quantize(self.W).reshape(32, 2, 128) / s
        assert mx.abs(codes - mx.round(codes)).max().item() < 1e-4

    def test_any_width(self):
        for width in (64, 130, 200, 300):
            assert group_quantize(mx.random.normal((4, width))).shape == (4, width)

    def test_zeros(self):
        assert mx.all(group_quantize(mx.zeros((4, 128))) == 0).item()

    def test_small_weights_are_finite(self):
        assert mx.all(mx.isfinite(group_quantize(self.W * 1e-6))).item()


class TestGradient:
    def test_identity(self):
        W, up = mx.random.normal((8, 128)), mx.random.normal((8, 128))
        assert mx.array_equal(mx.grad(lambda w: (group_quantize(w) * up).sum())(W), up)

    def test_linear_gets_gradient(self):
        layer = TernaryLinear(128, 16)
        _, grads = nn.value_and_grad(layer, lambda x: layer(x).square().mean())(mx.random.normal((4, 128)))
        assert mx.abs(grads["weight"]).max().item() > 0


class TestLayers:
    def test_linear(self):
        assert TernaryLinear(128, 64, bias=True)(mx.zeros((2, 5, 128))).shape == (2, 5, 64)

    def test_embedding(self):
        emb = TernaryEmbedding(100, 128)
        assert emb(mx.array([[1, 2], [3, 4]])).shape == (2, 2, 128)
        assert emb.as_linear(mx.zeros((2, 128))).shape == (2, 100)


class TestModel:
    def test_forward(self):
        assert TernaryQwen3(ModelArgs())(mx.zeros((2, 7), mx.int32)).shape == (2, 7, 128)

    def test_untied(self):
        args = ModelArgs(tie_word_embeddings=False)
        assert TernaryQwen3(args)(mx.zeros((1, 3), mx.int32)).shape == (1, 3, 128)

    def test_initial_loss_is_near_uniform(self):
        model, x = TernaryQwen3(ModelArgs()), mx.random.randint(0, 128, (4, 16))
        loss = nn.losses.cross_entropy(model(x), mx.random.randint(0, 128, (4, 16))).mean().item()
        assert abs(loss - math.log(128)) < 1.5


class TestTraining:
    def test_loss_decreases(self):
        data = TextDataset(np.tile(np.arange(64), 40), 16)
        log = Trainer(TernaryQwen3(ModelArgs(num_hidden_layers=1)), data, TrainingConfig(steps=30, eval_every=10, warmup_steps=5)).run()
        assert log[-1]["val_loss"] < log[0]["val_loss"]


if __name__ == "__main__":
    count = 0
    for cls in (TestProjection, TestGradient, TestLayers, TestModel, TestTraining):
        for name in [n for n in dir(cls) if n.startswith("test_")]:
            suite = cls()
            getattr(suite, "setup_method", lambda: None)()
            getattr(suite, name)()
            count += 1
            print(f"PASS {cls.__name__}.{name}")
    print(f"{count} passed")
