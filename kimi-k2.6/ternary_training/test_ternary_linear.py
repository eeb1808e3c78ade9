import mlx.core as mx
from ternary_linear import TernaryLinear

w = mx.random.normal((256, 1024)) * 0.02
q = TernaryLinear.quantize_weight(w).reshape(-1, 128)
s = mx.mean(mx.abs(w.reshape(-1, 128)), axis=1, keepdims=True)
print("unique codes:", sorted(set(mx.round(q / s).reshape(-1).tolist())))
assert mx.abs(q / s - mx.round(q / s)).max().item() < 1e-4

g = mx.grad(lambda w: (TernaryLinear.quantize_weight(w) * 2).sum())(w)
assert (g == 2).all().item()

layer = TernaryLinear(1024, 256)
assert layer(mx.zeros((4, 1024))).shape == (4, 256)
print("ok")
