"""A custom function with its own vjp; rows are padded to groups, and the padding is not counted."""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim


def quantise(weight, group_size):
    rows, width = weight.shape
    padded = mx.pad(weight, ((0, 0), (0, -width % group_size)))
    grouped = padded.reshape(rows, -1, group_size)
    starts = mx.arange(grouped.shape[1]) * group_size
    sizes = mx.minimum(group_size, width - starts).reshape(1, -1, 1)
    scale = mx.abs(grouped).sum(axis=-1, keepdims=True) / sizes
    codes = mx.clip(mx.round(grouped / mx.where(scale > 0, scale, 1)), -1, 1)
    return (codes * scale).reshape(rows, -1)[:, :width].astype(weight.dtype)


def ternary_project(W, group_size=128):
    @mx.custom_function
    def straight_through(weight):
        return quantise(weight, group_size)

    @straight_through.vjp
    def identity(primals, cotangent, output):  # noqa: ARG001 - what MLX passes
        return cotangent

    return straight_through(W)


class TernaryLinear(nn.Module):
    def __init__(self, in_features, out_features, group_size=128):
        super().__init__()
        self.group_size = group_size
        self.weight = mx.random.normal((out_features, in_features)) * in_features**-0.5

    def __call__(self, x):
        return x @ ternary_project(self.weight, self.group_size).T


class TernaryEmbedding(nn.Module):
    def __init__(self, num_embeddings, dims, group_size=128):
        super().__init__()
        self.group_size = group_size
        self.weight = mx.random.normal((num_embeddings, dims)) * dims**-0.5

    def __call__(self, ids):
        return ternary_project(self.weight, self.group_size)[ids]

    def as_linear(self, x):
        return x @ ternary_project(self.weight, self.group_size).T


@dataclass
class ModelArgs:
    vocab_size: int = 256
    hidden_size: int = 256
    intermediate_size: int = 768
    num_hidden_layers: int = 4
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    head_dim: int = 32
    rope_theta: float = 1e6
    rms_norm_eps: float = 1e-6


class Attention(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.heads, self.kv_heads, self.size = (
            args.num_attention_heads,
            args.num_key_value_heads,
            args.head_dim,
        )
        self.q_proj = TernaryLinear(args.hidden_size, self.heads * self.size)
        self.k_proj = TernaryLinear(args.hidden_size, self.kv_heads * self.size)
        self.v_proj = TernaryLinear(args.hidden_size, self.kv_heads * self.size)
        self.o_proj = TernaryLinear(self.heads * self.size, args.hidden_size)
        self.q_norm = nn.RMSNorm(self.size, eps=args.rms_norm_eps)
        self.k_norm = nn.RMSNorm(self.size, eps=args.rms_norm_eps)
        self.rope = nn.RoPE(self.size, base=args.rope_theta)

    def __call__(self, x):
        batch, length, _ = x.shape
        q = self.q_norm(self.q_proj(x).reshape(batch, length, self.heads, -1)).transpose(0, 2, 1, 3)
        k = self.k_norm(self.k_proj(x).reshape(batch, length, self.kv_heads, -1)).transpose(
            0, 2, 1, 3
        )
        v = self.v_proj(x).reshape(batch, length, self.kv_heads, -1).transpose(0, 2, 1, 3)
        y = mx.fast.scaled_dot_product_attention(
            self.rope(q), self.rope(k), v, scale=self.size**-0.5, mask="causal"
        )
        return self.o_proj(y.transpose(0, 2, 1, 3).reshape(batch, length, -1))


class FeedForward(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.gate_proj = TernaryLinear(args.hidden_size, args.intermediate_size)
        self.up_proj = TernaryLinear(args.hidden_size, args.intermediate_size)
        self.down_proj = TernaryLinear(args.intermediate_size, args.hidden_size)

    def __call__(self, x):
        return self.down_proj(nn.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.self_attn, self.mlp = Attention(args), FeedForward(args)
        self.input_layernorm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)

    def __call__(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class TernaryModel(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.embed_tokens = TernaryEmbedding(args.vocab_size, args.hidden_size)
        self.layers = [Block(args) for _ in range(args.num_hidden_layers)]
        self.norm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)

    def __call__(self, tokens):
        x = self.embed_tokens(tokens)
        for block in self.layers:
            x = block(x)
        return self.embed_tokens.as_linear(self.norm(x))


def build_model(args: ModelArgs):
    return TernaryModel(args)


def train(model, tokens, steps, batch_size, seq_len, learning_rate):
    optimiser = optim.AdamW(learning_rate=learning_rate)

    def loss_of(batch):
        return nn.losses.cross_entropy(model(batch[:, :-1]), batch[:, 1:], reduction="mean")

    step = nn.value_and_grad(model, loss_of)
    losses = []
    for _ in range(steps):
        starts = mx.random.randint(0, tokens.size - seq_len - 1, (batch_size, 1))
        loss, gradients = step(tokens[starts + mx.arange(seq_len + 1)])
        optimiser.update(model, gradients)
        mx.eval(model.parameters(), optimiser.state)
        losses.append(loss.item())
    return losses
