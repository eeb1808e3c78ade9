"""A small Qwen3-shaped model of ours, to train an output's layers in."""

import mlx.core as mx
import mlx.nn as nn

from .reading import GROUP


class Attention(nn.Module):
    """Grouped-query attention with normalised queries and keys (Qwen3): 4 heads, 2 for keys."""

    def __init__(self, linear, width, heads=4, kv_heads=2):
        super().__init__()
        self.heads, self.kv_heads, self.size = heads, kv_heads, width // heads
        self.q_proj = linear(width, width)
        self.k_proj = linear(width, kv_heads * self.size)
        self.v_proj = linear(width, kv_heads * self.size)
        self.o_proj = linear(width, width)
        self.q_norm, self.k_norm = nn.RMSNorm(self.size), nn.RMSNorm(self.size)
        self.rope = nn.RoPE(self.size, traditional=False, base=10000.0)

    def __call__(self, x):
        """Forward."""
        batch, length, width = x.shape
        split = lambda y, n: y.reshape(batch, length, n, self.size)  # noqa: E731
        q = self.rope(self.q_norm(split(self.q_proj(x), self.heads)).transpose(0, 2, 1, 3))
        k = self.rope(self.k_norm(split(self.k_proj(x), self.kv_heads)).transpose(0, 2, 1, 3))
        v = split(self.v_proj(x), self.kv_heads).transpose(0, 2, 1, 3)
        k, v = (mx.repeat(y, self.heads // self.kv_heads, axis=1) for y in (k, v))
        future = mx.triu(mx.full((length, length), -1e9), k=1)
        weights = mx.softmax(q @ k.transpose(0, 1, 3, 2) * self.size**-0.5 + future, axis=-1)
        return self.o_proj((weights @ v).transpose(0, 2, 1, 3).reshape(batch, length, width))


class MLP(nn.Module):
    """SwiGLU."""

    def __init__(self, linear, width):
        super().__init__()
        self.gate_proj, self.up_proj = linear(width, 2 * width), linear(width, 2 * width)
        self.down_proj = linear(2 * width, width)

    def __call__(self, x):
        """Forward."""
        return self.down_proj(nn.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """Attention and MLP with residuals, each normalised before."""

    def __init__(self, linear, width):
        super().__init__()
        self.self_attn, self.mlp = Attention(linear, width), MLP(linear, width)
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(width), nn.RMSNorm(width)

    def __call__(self, x):
        """Forward."""
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class SmallModel(nn.Module):
    """One block. Its embedding is fixed, so that it learns through the output's layers alone."""

    def __init__(self, linear, vocabulary, width=GROUP):
        super().__init__()
        self.table = mx.random.normal((vocabulary, width))
        self.layers, self.norm = [Block(linear, width)], nn.RMSNorm(width)
        self.head = linear(width, vocabulary)
        self.freeze(keys=["table"], recurse=False)

    def __call__(self, tokens):
        """Forward."""
        return self.head(self.norm(self.layers[0](self.table[tokens])))


class PlainModel(nn.Module):
    """The same in full precision with a tied embedding, for outputs that convert a model."""

    def __init__(self, vocabulary, width=GROUP):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, width)
        self.layers = [Block(lambda i, o: nn.Linear(i, o, bias=False), width)]
        self.norm = nn.RMSNorm(width)

    def __call__(self, tokens):
        """Forward."""
        return self.embed_tokens.as_linear(self.norm(self.layers[0](self.embed_tokens(tokens))))
