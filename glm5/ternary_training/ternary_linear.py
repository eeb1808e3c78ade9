"""Ternary layers for MLX: group-wise projection with a straight-through estimator."""

import mlx.core as mx
import mlx.nn as nn

GROUP_SIZE = 128


def _grouped(w, group_size):
    """(out, in) -> (out, groups, group_size), zero-padded on the right."""
    out_dim, in_dim = w.shape
    pad = (-in_dim) % group_size
    if pad:
        w = mx.pad(w, [(0, 0), (0, pad)])
    return w.reshape(out_dim, -1, group_size)


@mx.custom_function
def ternary_project(w, group_size=GROUP_SIZE):
    """Replace each weight by -s, 0 or +s, s being the mean magnitude of its group."""
    out_dim, in_dim = w.shape
    groups = _grouped(w, group_size)
    s = mx.mean(mx.abs(groups), axis=-1, keepdims=True)
    safe = mx.where(s == 0, mx.ones_like(s), s)
    q = mx.clip(mx.round(groups / safe), -1, 1)
    return (q * s).reshape(out_dim, -1)[:, :in_dim]


@ternary_project.vjp
def _ternary_project_vjp(primals, cotangent, output):
    # straight-through: pretend the projection was the identity
    if isinstance(primals, (tuple, list)):
        return (cotangent, *[None for _ in primals[1:]])
    return cotangent


class TernaryLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=False, group_size=GROUP_SIZE):
        super().__init__()
        self.group_size = group_size
        self.weight = mx.random.normal((out_features, in_features)) * (in_features**-0.5)
        if bias:
            self.bias = mx.zeros((out_features,))

    @classmethod
    def from_linear(cls, linear, group_size=GROUP_SIZE):
        out_features, in_features = linear.weight.shape
        layer = cls(in_features, out_features, bias="bias" in linear, group_size=group_size)
        layer.weight = linear.weight.astype(mx.float32)
        if "bias" in linear:
            layer.bias = linear.bias
        return layer

    def __call__(self, x):
        y = x @ ternary_project(self.weight, self.group_size).T
        if "bias" in self:
            y = y + self.bias
        return y


class TernaryEmbedding(nn.Module):
    def __init__(self, num_embeddings, dims, group_size=GROUP_SIZE):
        super().__init__()
        self.group_size = group_size
        self.weight = mx.random.normal((num_embeddings, dims)) * (dims**-0.5)

    def __call__(self, ids):
        return ternary_project(self.weight, self.group_size)[ids]

    def as_linear(self, x):
        return x @ ternary_project(self.weight, self.group_size).T


def convert_to_ternary(model, group_size=GROUP_SIZE):
    """Swap every nn.Linear / nn.Embedding of a loaded model for its ternary version."""
    swaps = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            swaps.append((name, TernaryLinear.from_linear(module, group_size)))
        elif isinstance(module, nn.Embedding):
            emb = TernaryEmbedding(*module.weight.shape, group_size=group_size)
            emb.weight = module.weight.astype(mx.float32)
            swaps.append((name, emb))
    from mlx.utils import tree_unflatten

    model.update_modules(tree_unflatten(swaps))
    return model
