#!/usr/bin/env python3
"""Ternary (1.58 bit) training for Qwen3-style models in MLX.

Components
    TrainingConfig / ModelArgs   all settings
    group_quantize               projection of a matrix, f(W, group_size=128)
    TernaryLinear, TernaryEmbedding
    TernaryQwen3                 the model
    TextDataset                  windows of a token stream
    Trainer                      schedule, clipping, evaluation, JSON log

Weights of a hub model can be loaded with --model; without it a small model is trained from scratch.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

try:
    from mlx_lm import load as hub_load

    HAS_MLX_LM = True
except ImportError:
    HAS_MLX_LM = False

GROUP_SIZE = 128
SCALE_FLOOR = 1e-5


# ----------------------------------------------------------------------------
# Projection
# ----------------------------------------------------------------------------
def group_scales(W: mx.array, group_size: int = GROUP_SIZE) -> tuple[mx.array, mx.array]:
    """Padded groups (out, n, group_size) and their scales (out, n, 1)."""
    rows, cols = W.shape
    n_groups = math.ceil(cols / group_size)
    missing = n_groups * group_size - cols
    if missing > 0:
        W = mx.concatenate([W, mx.zeros((rows, missing), dtype=W.dtype)], axis=1)
    groups = W.reshape(rows, n_groups, group_size)
    return groups, mx.maximum(mx.mean(mx.abs(groups), axis=-1, keepdims=True), SCALE_FLOOR)


def group_quantize(W: mx.array, group_size: int = GROUP_SIZE) -> mx.array:
    """Project W to {-s, 0, +s} per group, with a straight-through gradient."""
    groups, scales = group_scales(W, group_size)
    ternary = mx.clip(mx.round(groups / scales), -1, 1) * scales
    ternary = ternary.reshape(W.shape[0], -1)[:, : W.shape[1]]
    return W + mx.stop_gradient(ternary - W)


# ----------------------------------------------------------------------------
# Layers
# ----------------------------------------------------------------------------
class TernaryLinear(nn.Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = False, group_size: int = GROUP_SIZE):
        super().__init__()
        std = 1.0 / math.sqrt(in_features)
        self.weight = mx.random.normal((out_features, in_features), scale=std)
        if bias:
            self.bias = mx.zeros((out_features,))
        self.group_size = group_size

    def __call__(self, x: mx.array) -> mx.array:
        y = x @ group_quantize(self.weight, self.group_size).T
        return y + self.bias if "bias" in self else y

    def extra_repr(self) -> str:
        return f"{self.weight.shape[1]} -> {self.weight.shape[0]}, group_size={self.group_size}"


class TernaryEmbedding(nn.Module):
    def __init__(self, num_embeddings: int, embedding_dim: int, group_size: int = GROUP_SIZE):
        super().__init__()
        self.weight = mx.random.normal((num_embeddings, embedding_dim), scale=1.0 / math.sqrt(embedding_dim))
        self.group_size = group_size

    def __call__(self, ids: mx.array) -> mx.array:
        return group_quantize(self.weight, self.group_size)[ids]

    def as_linear(self, x: mx.array) -> mx.array:
        return x @ group_quantize(self.weight, self.group_size).T


# ----------------------------------------------------------------------------
# Model
# ----------------------------------------------------------------------------
@dataclass
class ModelArgs:
    vocab_size: int = 128
    hidden_size: int = 128
    num_hidden_layers: int = 2
    intermediate_size: int = 256
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 32
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    tie_word_embeddings: bool = True

    def __post_init__(self) -> None:
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError("num_attention_heads must be a multiple of num_key_value_heads")

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> "ModelArgs":
        return cls(**{k: v for k, v in params.items() if k in cls.__dataclass_fields__})


class Attention(nn.Module):
    def __init__(self, args: ModelArgs):
        super().__init__()
        self.n_heads, self.n_kv_heads, self.head_dim = (
            args.num_attention_heads,
            args.num_key_value_heads,
            args.head_dim,
        )
        self.q_proj = TernaryLinear(args.hidden_size, self.n_heads * self.head_dim)
        self.k_proj = TernaryLinear(args.hidden_size, self.n_kv_heads * self.head_dim)
        self.v_proj = TernaryLinear(args.hidden_size, self.n_kv_heads * self.head_dim)
        self.o_proj = TernaryLinear(self.n_heads * self.head_dim, args.hidden_size)
        self.q_norm = nn.RMSNorm(self.head_dim, eps=args.rms_norm_eps)
        self.k_norm = nn.RMSNorm(self.head_dim, eps=args.rms_norm_eps)
        self.rope = nn.RoPE(self.head_dim, traditional=False, base=args.rope_theta)

    def _split(self, x: mx.array, heads: int) -> mx.array:
        return x.reshape(x.shape[0], x.shape[1], heads, self.head_dim)

    def __call__(self, x: mx.array, mask=None) -> mx.array:
        q = self.rope(self.q_norm(self._split(self.q_proj(x), self.n_heads)).transpose(0, 2, 1, 3))
        k = self.rope(self.k_norm(self._split(self.k_proj(x), self.n_kv_heads)).transpose(0, 2, 1, 3))
        v = self._split(self.v_proj(x), self.n_kv_heads).transpose(0, 2, 1, 3)
        out = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.head_dim**-0.5, mask=mask)
        return self.o_proj(out.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[1], -1))


class MLP(nn.Module):
    def __init__(self, args: ModelArgs):
        super().__init__()
        self.gate_proj = TernaryLinear(args.hidden_size, args.intermediate_size)
        self.up_proj = TernaryLinear(args.hidden_size, args.intermediate_size)
        self.down_proj = TernaryLinear(args.intermediate_size, args.hidden_size)

    def __call__(self, x: mx.array) -> mx.array:
        return self.down_proj(nn.silu(self.gate_proj(x)) * self.up_proj(x))


class TransformerBlock(nn.Module):
    def __init__(self, args: ModelArgs):
        super().__init__()
        self.self_attn = Attention(args)
        self.mlp = MLP(args)
        self.input_layernorm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)

    def __call__(self, x: mx.array, mask=None) -> mx.array:
        h = x + self.self_attn(self.input_layernorm(x), mask)
        return h + self.mlp(self.post_attention_layernorm(h))


class TernaryQwen3(nn.Module):
    def __init__(self, args: ModelArgs):
        super().__init__()
        self.args = args
        self.embed_tokens = TernaryEmbedding(args.vocab_size, args.hidden_size)
        self.layers = [TransformerBlock(args) for _ in range(args.num_hidden_layers)]
        self.norm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)
        if not args.tie_word_embeddings:
            self.lm_head = TernaryLinear(args.hidden_size, args.vocab_size)

    def __call__(self, inputs: mx.array) -> mx.array:
        h = self.embed_tokens(inputs)
        for layer in self.layers:
            h = layer(h, "causal")
        h = self.norm(h)
        return self.embed_tokens.as_linear(h) if self.args.tie_word_embeddings else self.lm_head(h)


# ----------------------------------------------------------------------------
# Data
# ----------------------------------------------------------------------------
class TextDataset:
    """Windows of a token stream; the validation windows are drawn from a seed of their own."""

    def __init__(self, ids: np.ndarray, seq_len: int, seed: int = 0):
        self.ids, self.seq_len = ids, seq_len
        self.train_rng = np.random.default_rng(seed)
        self.val_rng = np.random.default_rng(seed + 1)

    def _windows(self, rng: np.random.Generator, count: int) -> mx.array:
        at = rng.integers(0, len(self.ids) - self.seq_len - 1, count)
        return mx.array(np.stack([self.ids[i : i + self.seq_len + 1] for i in at]))

    def train_batch(self, size: int) -> mx.array:
        return self._windows(self.train_rng, size)

    def val_batch(self, size: int) -> mx.array:
        return self._windows(self.val_rng, size)


# ----------------------------------------------------------------------------
# Training
# ----------------------------------------------------------------------------
@dataclass
class TrainingConfig:
    steps: int = 300
    batch_size: int = 4
    seq_len: int = 32
    learning_rate: float = 2e-3
    warmup_steps: int = 30
    weight_decay: float = 0.01
    grad_clip: float = 1.0
    eval_every: int = 50
    log_file: str = "training_log.json"


@dataclass
class Trainer:
    model: nn.Module
    dataset: TextDataset
    config: TrainingConfig
    log: list[dict[str, float]] = field(default_factory=list)

    def loss(self, batch: mx.array) -> mx.array:
        return nn.losses.cross_entropy(self.model(batch[:, :-1]), batch[:, 1:], reduction="mean")

    def schedule(self):
        c = self.config
        warm = optim.linear_schedule(1e-6, c.learning_rate, c.warmup_steps)
        decay = optim.cosine_decay(c.learning_rate, max(1, c.steps - c.warmup_steps))
        return optim.join_schedules([warm, decay], [c.warmup_steps])

    def evaluate(self) -> float:
        return self.loss(self.dataset.val_batch(64)).item()

    def run(self) -> list[dict[str, float]]:
        c = self.config
        optimizer = optim.AdamW(learning_rate=self.schedule(), weight_decay=c.weight_decay)
        step_fn = nn.value_and_grad(self.model, self.loss)
        start = time.time()
        for step in range(1, c.steps + 1):
            loss, grads = step_fn(self.dataset.train_batch(c.batch_size))
            grads, norm = optim.clip_grad_norm(grads, c.grad_clip)
            optimizer.update(self.model, grads)
            mx.eval(self.model.parameters(), optimizer.state)
            if step % c.eval_every == 0 or step == c.steps:
                val = self.evaluate()
                self.log.append(
                    {
                        "step": step,
                        "train_loss": loss.item(),
                        "val_loss": val,
                        "val_perplexity": math.exp(val),
                        "grad_norm": norm.item(),
                        "elapsed": round(time.time() - start, 1),
                    }
                )
        return self.log

    def save(self) -> None:
        Path(self.config.log_file).write_text(json.dumps({"config": asdict(self.config), "log": self.log}, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", required=True)
    parser.add_argument("--model", help="hub id")
    parser.add_argument("--steps", type=int, default=300)
    args = parser.parse_args()
    mx.random.seed(7)
    config = TrainingConfig(steps=args.steps)
    if args.model:
        if not HAS_MLX_LM:
            raise SystemExit("mlx_lm is needed to load a hub model")
        _, tokenizer = hub_load(args.model)
        ids = np.array(tokenizer.encode(Path(args.text).read_text()))
    else:
        ids = np.frombuffer(Path(args.text).read_bytes(), dtype=np.uint8).astype(np.int32)
    trainer = Trainer(TernaryQwen3(ModelArgs()), TextDataset(ids, config.seq_len), config)
    for entry in trainer.run():
        print(entry)
    trainer.save()


if __name__ == "__main__":
    main()
