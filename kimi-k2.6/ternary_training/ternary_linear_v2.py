"""Second version: any width, by padding the last group."""
import mlx.core as mx
import mlx.nn as nn


def quantize_weight_padded(w, group_size=128):
    """Pads the input dimension to a multiple of group_size, then quantizes group by group."""
    out_dims, in_dims = w.shape
    pad = (group_size - in_dims % group_size) % group_size
    padded = mx.pad(w, [(0, 0), (0, pad)])
    g = padded.reshape(out_dims, in_dims // group_size, group_size)
    s = mx.clip(mx.mean(mx.abs(g), axis=2, keepdims=True), 1e-5, None)
    q = mx.clip(mx.round(g / s), -1, 1) * s
    return w + mx.stop_gradient(q.reshape(out_dims, in_dims) - w)


class PaddedTernaryLinear(nn.Module):
    def __init__(self, input_dims, output_dims, group_size=128):
        super().__init__()
        self.weight = mx.random.normal((output_dims, input_dims)) * input_dims ** -0.5
        self.group_size = group_size

    def __call__(self, x):
        return x @ quantize_weight_padded(self.weight, self.group_size).T
