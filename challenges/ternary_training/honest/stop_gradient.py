"""W + stop_gradient(P(W) - W), group by group in a loop; sizes as keywords, attention by hand."""

import math

import mlx.core as mx
import mlx.nn as nn
from mlx.optimizers import Adam


def nearest(group):
    scale = mx.mean(mx.abs(group), axis=1, keepdims=True)
    return mx.where(mx.abs(group) > scale / 2, mx.sign(group), 0) * scale


def ternary_project(W, group_size=128):
    parts = [nearest(W[:, at : at + group_size]) for at in range(0, W.shape[1], group_size)]
    return W + mx.stop_gradient(mx.concatenate(parts, axis=1) - W)


class TernaryDense(nn.Module):
    def __init__(self, input_dims: int, output_dims: int, bias: bool = False):
        super().__init__()
        bound = 1 / math.sqrt(input_dims)
        self.weight = mx.random.uniform(-bound, bound, (output_dims, input_dims))
        if bias:
            self.bias = mx.zeros((output_dims,))

    def __call__(self, x):
        y = mx.matmul(x, mx.transpose(ternary_project(self.weight)))
        return y + self.bias if "bias" in self else y


class TernaryEmbed(nn.Module):
    def __init__(self, vocab: int, dim: int):
        super().__init__()
        self.table = mx.random.normal((vocab, dim), scale=0.1)

    def __call__(self, ids):
        return mx.take(ternary_project(self.table), ids, axis=0)

    def as_linear(self, x):
        return mx.matmul(x, ternary_project(self.table).T)


class Layer(nn.Module):
    def __init__(self, dim, n_heads, n_kv_heads, head_dim, ffn_dim, rope_base):
        super().__init__()
        self.n_heads, self.n_kv_heads, self.head_dim = n_heads, n_kv_heads, head_dim
        self.wq, self.wo = (
            TernaryDense(dim, n_heads * head_dim),
            TernaryDense(n_heads * head_dim, dim),
        )
        self.wk, self.wv = (
            TernaryDense(dim, n_kv_heads * head_dim),
            TernaryDense(dim, n_kv_heads * head_dim),
        )
        self.w1, self.w2, self.w3 = (
            TernaryDense(dim, ffn_dim),
            TernaryDense(ffn_dim, dim),
            TernaryDense(dim, ffn_dim),
        )
        self.norm1, self.norm2 = nn.RMSNorm(dim), nn.RMSNorm(dim)
        self.norm_q, self.norm_k = nn.RMSNorm(head_dim), nn.RMSNorm(head_dim)
        self.rope = nn.RoPE(head_dim, base=rope_base)

    def heads(self, y, count):
        return y.reshape(*y.shape[:2], count, self.head_dim).swapaxes(1, 2)

    def attend(self, x):
        q = self.rope(self.norm_q(self.heads(self.wq(x), self.n_heads)))
        k = self.rope(self.norm_k(self.heads(self.wk(x), self.n_kv_heads)))
        k, v = (
            mx.repeat(y, self.n_heads // self.n_kv_heads, axis=1)
            for y in (k, self.heads(self.wv(x), self.n_kv_heads))
        )
        scores = (q / math.sqrt(self.head_dim)) @ k.swapaxes(2, 3)
        scores = mx.where(mx.tri(x.shape[1]) > 0, scores, -mx.inf)
        return self.wo((mx.softmax(scores, axis=-1) @ v).swapaxes(1, 2).flatten(2))

    def __call__(self, x):
        x = x + self.attend(self.norm1(x))
        y = self.norm2(x)
        return x + self.w2(nn.silu(self.w1(y)) * self.w3(y))


class TernaryLM(nn.Module):
    def __init__(
        self, *, vocab_size, dim, n_layers, n_heads, n_kv_heads, head_dim, ffn_dim, rope_base=1e4
    ):
        super().__init__()
        self.tok = TernaryEmbed(vocab_size, dim)
        self.stack = [
            Layer(dim, n_heads, n_kv_heads, head_dim, ffn_dim, rope_base) for _ in range(n_layers)
        ]
        self.norm = nn.RMSNorm(dim)

    def __call__(self, ids):
        x = self.tok(ids)
        for block in self.stack:
            x = block(x)
        return self.tok.as_linear(self.norm(x)), None


def train(model, tokens, steps, batch_size=4, seq_len=32, learning_rate=1e-3):
    def loss_of(x, y):
        return nn.losses.cross_entropy(model(x)[0], y).mean()

    optimiser, step, history = Adam(learning_rate), nn.value_and_grad(model, loss_of), []
    for at in range(steps):
        starts = [
            (7919 * (at * batch_size + i)) % (len(tokens) - seq_len - 1) for i in range(batch_size)
        ]
        x = mx.stack([tokens[s : s + seq_len] for s in starts])
        y = mx.stack([tokens[s + 1 : s + seq_len + 1] for s in starts])
        loss, gradients = step(x, y)
        optimiser.update(model, gradients)
        mx.eval(model.state, optimiser.state)
        history.append(float(loss))
    return {"losses": history, "steps": steps}
