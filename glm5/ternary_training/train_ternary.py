"""Train a ternary Qwen3-style model.

    python train_ternary.py --data text.txt                    # small model from scratch, byte tokens
    python train_ternary.py --data text.txt --model Qwen/...   # start from pretrained weights
"""

import argparse
import time
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from ternary_linear import TernaryEmbedding, TernaryLinear, convert_to_ternary

try:
    from mlx_lm import load
except ImportError:
    load = None


@dataclass
class ModelArgs:
    vocab_size: int = 128
    hidden_size: int = 128
    intermediate_size: int = 256
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 32
    rope_theta: float = 1000000.0
    rms_norm_eps: float = 1e-6


class Attention(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.n_heads, self.n_kv = args.num_attention_heads, args.num_key_value_heads
        self.head_dim = args.head_dim
        self.q_proj = TernaryLinear(args.hidden_size, self.n_heads * self.head_dim)
        self.k_proj = TernaryLinear(args.hidden_size, self.n_kv * self.head_dim)
        self.v_proj = TernaryLinear(args.hidden_size, self.n_kv * self.head_dim)
        self.o_proj = TernaryLinear(self.n_heads * self.head_dim, args.hidden_size)
        self.q_norm = nn.RMSNorm(self.head_dim, eps=args.rms_norm_eps)
        self.k_norm = nn.RMSNorm(self.head_dim, eps=args.rms_norm_eps)
        self.rope = nn.RoPE(self.head_dim, traditional=False, base=args.rope_theta)

    def __call__(self, x):
        B, T, _ = x.shape
        q = self.q_norm(self.q_proj(x).reshape(B, T, self.n_heads, -1)).transpose(0, 2, 1, 3)
        k = self.k_norm(self.k_proj(x).reshape(B, T, self.n_kv, -1)).transpose(0, 2, 1, 3)
        v = self.v_proj(x).reshape(B, T, self.n_kv, -1).transpose(0, 2, 1, 3)
        o = mx.fast.scaled_dot_product_attention(
            self.rope(q), self.rope(k), v, scale=self.head_dim**-0.5, mask="causal"
        )
        return self.o_proj(o.transpose(0, 2, 1, 3).reshape(B, T, -1))


class MLP(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.gate_proj = TernaryLinear(args.hidden_size, args.intermediate_size)
        self.up_proj = TernaryLinear(args.hidden_size, args.intermediate_size)
        self.down_proj = TernaryLinear(args.intermediate_size, args.hidden_size)

    def __call__(self, x):
        return self.down_proj(nn.silu(self.gate_proj(x)) * self.up_proj(x))


class TransformerBlock(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.self_attn = Attention(args)
        self.mlp = MLP(args)
        self.input_layernorm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)

    def __call__(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class TernaryModel(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.embed_tokens = TernaryEmbedding(args.vocab_size, args.hidden_size)
        self.layers = [TransformerBlock(args) for _ in range(args.num_hidden_layers)]
        self.norm = nn.RMSNorm(args.hidden_size, eps=args.rms_norm_eps)

    def __call__(self, tokens):
        x = self.embed_tokens(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.embed_tokens.as_linear(self.norm(x))


def build_model(args):
    return TernaryModel(args)


def loss_fn(model, x, y):
    return nn.losses.cross_entropy(model(x), y, reduction="mean")


def train(model, tokens, steps=250, batch_size=4, seq_len=32, learning_rate=1e-3, clip=1.0, log_every=0):
    """Few steps, cosine schedule, gradients clipped. Returns the loss of every step."""
    data = np.array(tokens)
    rng = np.random.default_rng(0)
    opt = optim.AdamW(learning_rate=optim.cosine_decay(learning_rate, steps), weight_decay=0.01)
    step_fn = nn.value_and_grad(model, loss_fn)
    losses, start = [], time.time()
    for step in range(1, steps + 1):
        at = rng.integers(0, len(data) - seq_len - 1, batch_size)
        batch = mx.array(np.stack([data[i : i + seq_len + 1] for i in at]))
        loss, grads = step_fn(model, batch[:, :-1], batch[:, 1:])
        grads, _ = optim.clip_grad_norm(grads, clip)
        opt.update(model, grads)
        mx.eval(model.parameters(), opt.state)
        losses.append(loss.item())
        if log_every and step % log_every == 0:
            print(f"step {step:4d} | train loss {np.mean(losses[-log_every:]):.4f} | {time.time() - start:.1f}s", flush=True)
    return losses


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True)
    p.add_argument("--model", default=None, help="hub id to start from")
    p.add_argument("--steps", type=int, default=250)
    a = p.parse_args()
    if a.model:
        model, tokenizer = load(a.model)
        model = convert_to_ternary(model)
        tokens = tokenizer.encode(open(a.data).read())
    else:
        mx.random.seed(0)
        model = build_model(ModelArgs())
        tokens = list(open(a.data, "rb").read())
    print(f"{len(tokens)} tokens, {a.steps} steps, clip 1.0")
    losses = train(model, np.array(tokens, dtype=np.int32), a.steps, log_every=25)
    print(f"final train loss: {np.mean(losses[-25:]):.4f}")


if __name__ == "__main__":
    main()
