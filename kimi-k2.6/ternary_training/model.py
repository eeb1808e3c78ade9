"""Qwen3-like model."""
from dataclasses import dataclass
import mlx.core as mx
import mlx.nn as nn
from ternary_linear import TernaryLinear


@dataclass
class ModelConfig:
    vocab_size: int = 128
    n_embd: int = 128
    n_layers: int = 1
    n_heads: int = 4
    n_kv_heads: int = 2
    ffn_dim: int = 256


class Attn(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h, self.kv, self.d = c.n_heads, c.n_kv_heads, c.n_embd // c.n_heads
        self.q = TernaryLinear(c.n_embd, c.n_embd)
        self.k = TernaryLinear(c.n_embd, self.kv * self.d)
        self.v = TernaryLinear(c.n_embd, self.kv * self.d)
        self.o = TernaryLinear(c.n_embd, c.n_embd)
        self.qn, self.kn = nn.RMSNorm(self.d), nn.RMSNorm(self.d)
        self.rope = nn.RoPE(self.d, base=1000000)

    def __call__(self, x):
        B, T, C = x.shape
        q = self.rope(self.qn(self.q(x).reshape(B, T, self.h, self.d)).transpose(0, 2, 1, 3))
        k = self.rope(self.kn(self.k(x).reshape(B, T, self.kv, self.d)).transpose(0, 2, 1, 3))
        v = self.v(x).reshape(B, T, self.kv, self.d).transpose(0, 2, 1, 3)
        o = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.d ** -0.5, mask="causal")
        return self.o(o.transpose(0, 2, 1, 3).reshape(B, T, C))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attn = Attn(c)
        self.n1, self.n2 = nn.RMSNorm(c.n_embd), nn.RMSNorm(c.n_embd)
        self.gate, self.up = TernaryLinear(c.n_embd, c.ffn_dim), TernaryLinear(c.n_embd, c.ffn_dim)
        self.down = TernaryLinear(c.ffn_dim, c.n_embd)

    def __call__(self, x):
        x = x + self.attn(self.n1(x))
        y = self.n2(x)
        return x + self.down(nn.silu(self.gate(y)) * self.up(y))


class QwenModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.h = [Layer(config) for _ in range(config.n_layers)]
        self.ln_f = nn.RMSNorm(config.n_embd)

    def __call__(self, idx):
        x = self.wte(idx)
        for layer in self.h:
            x = layer(x)
        return self.wte.as_linear(self.ln_f(x))
