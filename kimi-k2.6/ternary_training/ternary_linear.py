"""TernaryLinear for MLX."""
import mlx.core as mx
import mlx.nn as nn


class TernaryLinear(nn.Module):
    """Linear layer whose weights are projected to {-s, 0, +s} in groups of 128."""

    def __init__(self, input_dims: int, output_dims: int, bias: bool = False, group_size: int = 128):
        super().__init__()
        scale = (1.0 / input_dims) ** 0.5
        self.weight = mx.random.uniform(low=-scale, high=scale, shape=(output_dims, input_dims))
        if bias:
            self.bias = mx.zeros((output_dims,))
        self.group_size = group_size

    @staticmethod
    def quantize_weight(w, group_size=128):
        out_dims, in_dims = w.shape
        g = w.reshape(out_dims, in_dims // group_size, group_size)
        s = mx.clip(mx.mean(mx.abs(g), axis=2, keepdims=True), 1e-5, None)
        q = mx.clip(mx.round(g / s), -1, 1) * s
        return w + mx.stop_gradient(q.reshape(out_dims, in_dims) - w)

    def __call__(self, x):
        w = TernaryLinear.quantize_weight(self.weight, self.group_size)
        if "bias" in self:
            return mx.addmm(self.bias, x, w.T)
        return x @ w.T


def to_ternary(model, group_size=128):
    """Replace nn.Linear by TernaryLinear, in place."""
    def swap(path, m):
        if isinstance(m, nn.Linear):
            t = TernaryLinear(m.weight.shape[1], m.weight.shape[0], "bias" in m, group_size)
            t.update(m.parameters())
            return t
        return m
    from mlx.utils import tree_map_with_path
    leaves = tree_map_with_path(swap, model.leaf_modules(), is_leaf=nn.Module.is_module)
    model.update_modules(leaves)
    return model
