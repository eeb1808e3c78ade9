"""Codes and scales kept apart, weights stored as (in, out), a matmul with a backward of its own."""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

GROUP_SIZE = 128


def codes_and_scales(W, group_size):
    """Codes and, for every column, the scale of its group, through a membership matrix."""
    group = mx.arange(W.shape[1]) // group_size
    member = (group[:, None] == mx.arange(-(-W.shape[1] // group_size))[None]).astype(mx.float32)
    magnitude = mx.abs(W.astype(mx.float32))
    scale = mx.take((magnitude @ member) / member.sum(axis=0), group, axis=1)
    return mx.sign(W) * (2 * magnitude > scale).astype(W.dtype), scale


@mx.custom_function
def straight_through(W, dense):  # noqa: ARG001 - what is differentiated
    return dense


@straight_through.vjp
def straight_through_vjp(primals, cotangent, _):
    return cotangent, mx.zeros_like(primals[1])


def ternary_project(W, group_size=GROUP_SIZE):
    codes, scale = codes_and_scales(W, group_size)
    return straight_through(W, (codes * scale).astype(W.dtype))


class BitLinear(nn.Module):
    def __init__(self, in_dim, out_dim):
        super().__init__()
        self.kernel = mx.array(
            np.random.default_rng(in_dim).normal(0, 0.05, (in_dim, out_dim)).astype(np.float32)
        )

    def __call__(self, x):
        return x @ ternary_project(self.kernel.T).T


class BitEmbedding(nn.Embedding):
    def __call__(self, x):
        return ternary_project(self.weight)[x]

    def as_linear(self, x):
        return mx.addmm(mx.zeros((self.weight.shape[0],)), x, ternary_project(self.weight).T)


@dataclass
class ModelConfig:
    n_vocab: int
    d_model: int
    n_layer: int
    num_heads: int
    num_kv_heads: int
    d_ff: int
    theta: float = 10000.0

    @property
    def size(self):
        return self.d_model // self.num_heads


class GroupedQueryAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.query = BitLinear(config.d_model, config.d_model)
        self.key_value = BitLinear(config.d_model, 2 * config.num_kv_heads * config.size)
        self.out = BitLinear(config.d_model, config.d_model)
        self.query_norm, self.key_norm = nn.RMSNorm(config.size), nn.RMSNorm(config.size)

    def __call__(self, x, mask):
        c, (b, t, _) = self.config, x.shape

        def turn(y):
            return mx.fast.rope(y, c.size, traditional=False, base=c.theta, scale=1.0, offset=0)

        q = turn(
            self.query_norm(self.query(x).reshape(b, t, c.num_heads, c.size)).transpose(0, 2, 1, 3)
        )
        k, v = mx.split(
            self.key_value(x).reshape(b, t, 2 * c.num_kv_heads, c.size).transpose(0, 2, 1, 3),
            2,
            axis=1,
        )
        y = mx.fast.scaled_dot_product_attention(
            q, turn(self.key_norm(k)), v, scale=c.size**-0.5, mask=mask
        )
        return self.out(y.transpose(0, 2, 1, 3).reshape(b, t, -1))


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = GroupedQueryAttention(config)
        self.gate_and_up = BitLinear(config.d_model, 2 * config.d_ff)
        self.down = BitLinear(config.d_ff, config.d_model)
        self.norms = [nn.RMSNorm(config.d_model), nn.RMSNorm(config.d_model)]

    def __call__(self, x, mask):
        x = x + self.attention(self.norms[0](x), mask)
        gate, up = mx.split(self.gate_and_up(self.norms[1](x)), 2, axis=-1)
        return x + self.down(nn.silu(gate) * up)


class BitTransformer(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.embed = BitEmbedding(config.n_vocab, config.d_model)
        self.decoders = [Decoder(config) for _ in range(config.n_layer)]
        self.norm = nn.RMSNorm(config.d_model)

    def __call__(self, inputs):
        x = self.embed(inputs)
        mask = nn.MultiHeadAttention.create_additive_causal_mask(x.shape[1])
        for decoder in self.decoders:
            x = decoder(x, mask)
        return self.embed.as_linear(self.norm(x))


def train(model, tokens, steps, batch_size, seq_len, learning_rate):
    data, draw, losses = np.array(tokens), np.random.default_rng(0), []
    optimiser = optim.AdamW(learning_rate, weight_decay=0.01)
    step = nn.value_and_grad(
        model, lambda x: nn.losses.cross_entropy(model(x[:, :-1]), x[:, 1:], reduction="mean")
    )
    for _ in range(steps):
        starts = draw.integers(0, len(data) - seq_len, batch_size)
        loss, gradients = step(mx.array(np.stack([data[s : s + seq_len + 1] for s in starts])))
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)
        optimiser.update(model, gradients)
        mx.eval(model, optimiser.state)
        losses.append(loss.item())
    return losses
