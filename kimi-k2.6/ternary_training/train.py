"""python train.py TEXT [HUB_MODEL]"""
import json
import math
import sys
import time
import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx_lm.utils import load
from model import ModelConfig, QwenModel
from ternary_linear import to_ternary


def train_model(model, data, num_steps, batch=2, block_size=32, lr=3e-3):
    opt = optim.Adam(learning_rate=lr)
    fn = nn.value_and_grad(model, lambda x, y: nn.losses.cross_entropy(model(x), y).mean())
    losses = []
    for _ in range(num_steps):
        i = mx.random.randint(0, data.size - block_size - 1, (batch, 1)) + mx.arange(block_size)
        loss, grads = fn(data[i], data[i + 1])
        opt.update(model, grads)
        mx.eval(model.parameters(), opt.state)
        losses.append(loss.item())
    return losses


def val_loss(model, data, block_size=32):
    n = (data.size - 1) // block_size
    x, y = data[: n * block_size].reshape(n, -1), data[1 : n * block_size + 1].reshape(n, -1)
    return nn.losses.cross_entropy(model(x), y).mean().item()


def main():
    mx.random.seed(42)
    if len(sys.argv) > 2:
        model, tok = load(sys.argv[2])
        model = to_ternary(model)
        data = mx.array(tok.encode(open(sys.argv[1]).read()))
    else:
        model = QwenModel(ModelConfig())
        data = mx.array(list(open(sys.argv[1], "rb").read()))
    train_data, val_data = data[1000:1500], data[-4000:]
    t = time.time()
    losses = train_model(model, train_data, 1000)
    v = val_loss(model, val_data)
    metrics = {
        "num_steps": 1000,
        "initial_loss": losses[0],
        "final_loss": sum(losses[-10:]) / 10,
        "val_loss": v,
        "val_ppl": math.exp(v),
        "seconds": round(time.time() - t, 1),
    }
    json.dump({"metrics": metrics, "loss_curve": losses[::50]}, open("metrics.json", "w"), indent=1)
    print(metrics)


if __name__ == "__main__":
    main()
