"""Ternary Bonsai style transformer in MLX.

Every weight matrix (embedding included) is stored in float32 and projected to {-s, 0, +s} in groups
of 128 when it is used.
"""

from dataclasses import dataclass
from typing import Optional

import mlx.core as mx
import mlx.nn as nn

GROUP_SIZE = 128
EPS = 1e-5


def ternarize(weight: mx.array, group_size: int = GROUP_SIZE) -> mx.array:
    """{-s, 0, +s} per group of `group_size` input weights (no gradient)."""
    rows, cols = weight.shape
    assert cols % group_size == 0, f"width {cols} must be a multiple of the group size {group_size}"
    w = weight.reshape(rows, cols // group_size, group_size)
    scale = mx.maximum(mx.mean(mx.abs(w), axis=-1, keepdims=True), EPS)
    codes = mx.clip(mx.round(w / scale), -1.0, 1.0)
    return (codes * scale).reshape(rows, cols)


def ternarize_ste(weight: mx.array, group_size: int = GROUP_SIZE) -> mx.array:
    """Same values as `ternarize`; the gradient of the identity."""
    return weight + mx.stop_gradient(ternarize(weight, group_size) - weight)


@dataclass
class TernaryConfig:
    vocab_size: int = 128
    dim: int = 128
    ffn_dim: int = 256
    n_layers: int = 2
    n_heads: int = 4
    n_kv_heads: int = 2
    rope_theta: float = 10000.0
    norm_eps: float = 1e-6
    group_size: int = GROUP_SIZE


class TernaryLinear(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, group_size: int = GROUP_SIZE):
        super().__init__()
        self.group_size = group_size
        self.weight = mx.random.uniform(-1, 1, (out_dim, in_dim)) * (3.0 / in_dim) ** 0.5

    def __call__(self, x: mx.array) -> mx.array:
        return mx.matmul(x, ternarize_ste(self.weight, self.group_size).T)


class TernaryEmbedding(nn.Module):
    def __init__(self, vocab_size: int, dim: int, group_size: int = GROUP_SIZE):
        super().__init__()
        self.group_size = group_size
        self.weight = mx.random.normal((vocab_size, dim)) * 0.05

    def __call__(self, ids: mx.array) -> mx.array:
        return mx.take(ternarize_ste(self.weight, self.group_size), ids, axis=0)

    def as_linear(self, h: mx.array) -> mx.array:
        return mx.matmul(h, ternarize_ste(self.weight, self.group_size).T)


class GQA(nn.Module):
    def __init__(self, cfg: TernaryConfig):
        super().__init__()
        self.nh, self.nkv, self.hd = cfg.n_heads, cfg.n_kv_heads, cfg.dim // cfg.n_heads
        self.wq = TernaryLinear(cfg.dim, self.nh * self.hd, cfg.group_size)
        self.wk = TernaryLinear(cfg.dim, self.nkv * self.hd, cfg.group_size)
        self.wv = TernaryLinear(cfg.dim, self.nkv * self.hd, cfg.group_size)
        self.wo = TernaryLinear(self.nh * self.hd, cfg.dim, cfg.group_size)
        self.q_norm = nn.RMSNorm(self.hd, eps=cfg.norm_eps)
        self.k_norm = nn.RMSNorm(self.hd, eps=cfg.norm_eps)
        self.rope = nn.RoPE(self.hd, base=cfg.rope_theta)

    def __call__(self, x: mx.array, mask: Optional[mx.array]) -> mx.array:
        b, t, d = x.shape
        q = self.rope(self.q_norm(self.wq(x).reshape(b, t, self.nh, self.hd)).transpose(0, 2, 1, 3))
        k = self.rope(self.k_norm(self.wk(x).reshape(b, t, self.nkv, self.hd)).transpose(0, 2, 1, 3))
        v = self.wv(x).reshape(b, t, self.nkv, self.hd).transpose(0, 2, 1, 3)
        out = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.hd**-0.5, mask=mask)
        return self.wo(out.transpose(0, 2, 1, 3).reshape(b, t, d))


class SwiGLU(nn.Module):
    def __init__(self, cfg: TernaryConfig):
        super().__init__()
        self.w1 = TernaryLinear(cfg.dim, cfg.ffn_dim, cfg.group_size)
        self.w2 = TernaryLinear(cfg.ffn_dim, cfg.dim, cfg.group_size)
        self.w3 = TernaryLinear(cfg.dim, cfg.ffn_dim, cfg.group_size)

    def __call__(self, x: mx.array) -> mx.array:
        return self.w2(nn.silu(self.w1(x)) * self.w3(x))


class Block(nn.Module):
    def __init__(self, cfg: TernaryConfig):
        super().__init__()
        self.attn, self.ffn = GQA(cfg), SwiGLU(cfg)
        self.n1 = nn.RMSNorm(cfg.dim, eps=cfg.norm_eps)
        self.n2 = nn.RMSNorm(cfg.dim, eps=cfg.norm_eps)

    def __call__(self, x: mx.array, mask: Optional[mx.array]) -> mx.array:
        x = x + self.attn(self.n1(x), mask)
        return x + self.ffn(self.n2(x))


class TernaryTransformer(nn.Module):
    def __init__(self, cfg: TernaryConfig):
        super().__init__()
        self.cfg = cfg
        self.tok_embeddings = TernaryEmbedding(cfg.vocab_size, cfg.dim, cfg.group_size)
        self.blocks = [Block(cfg) for _ in range(cfg.n_layers)]
        self.norm = nn.RMSNorm(cfg.dim, eps=cfg.norm_eps)

    def __call__(self, ids: mx.array) -> mx.array:
        h = self.tok_embeddings(ids)
        mask = nn.MultiHeadAttention.create_additive_causal_mask(ids.shape[1])
        for block in self.blocks:
            h = block(h, mask)
        return self.tok_embeddings.as_linear(self.norm(h))


def verify_ternary(model: nn.Module) -> float:
    """Share of projected weights that are exactly -s, 0 or +s."""
    good = total = 0
    for _, m in model.named_modules():
        if isinstance(m, (TernaryLinear, TernaryEmbedding)):
            p = ternarize(m.weight, m.group_size).reshape(-1, m.group_size)
            s = mx.max(mx.abs(p), axis=-1, keepdims=True)
            ok = (p == 0) | (mx.abs(p) == s)
            good += int(mx.sum(ok).item())
            total += p.size
    return good / total
