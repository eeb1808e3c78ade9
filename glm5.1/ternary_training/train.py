"""Train to convergence.

    python train.py TEXT        # first part for training, last part for validation
"""

import json
import math
import sys
import time

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim

from ternary_model import TernaryConfig, TernaryTransformer, verify_ternary

STEPS = 1500
BATCH = 2
SEQ = 32
LR = 3e-3
TRAIN_CHARS = 600


class Trainer:
    def __init__(self, model, ids, lr=LR):
        self.model, self.ids = model, ids
        self.optimizer = optim.AdamW(learning_rate=lr, weight_decay=0.0)
        self.step_fn = nn.value_and_grad(model, self.loss)

    def loss(self, x, y):
        return mx.mean(nn.losses.cross_entropy(self.model(x), y))

    def batch(self, size, seq):
        start = mx.random.randint(0, len(self.ids) - seq - 1, (size, 1))
        w = self.ids[start + mx.arange(seq + 1)[None]]
        return w[:, :-1], w[:, 1:]

    def step(self, size=BATCH, seq=SEQ):
        loss, grads = self.step_fn(*self.batch(size, seq))
        self.optimizer.update(self.model, grads)
        mx.eval(self.model.parameters(), self.optimizer.state)
        return loss.item()


def evaluate(model, ids, seq=SEQ):
    total, count = 0.0, 0
    for i in range(0, len(ids) - seq - 1, seq):
        w = ids[i : i + seq + 1][None]
        total += mx.sum(nn.losses.cross_entropy(model(w[:, :-1]), w[:, 1:])).item()
        count += seq
    return total / count


def main(path):
    mx.random.seed(1)
    ids = mx.array(list(open(path, "rb").read()), dtype=mx.int32)
    train_ids, val_ids = ids[:TRAIN_CHARS], ids[-6000:]
    model = TernaryTransformer(TernaryConfig(n_layers=1))
    trainer = Trainer(model, train_ids)
    log = open("training_log.txt", "w")
    start, history = time.time(), []
    for step in range(1, STEPS + 1):
        history.append(trainer.step())
        if step % 100 == 0:
            line = f"[{step}/{STEPS}] loss={sum(history[-100:]) / 100:.4f} time={time.time() - start:.0f}s"
            print(line, file=log, flush=True)
    val = evaluate(model, val_ids)
    results = {
        "steps": STEPS,
        "final_train_loss": round(sum(history[-20:]) / 20, 4),
        "val_loss": round(val, 4),
        "val_perplexity": round(math.exp(val), 2),
        "ternary_fraction": verify_ternary(model),
    }
    print(json.dumps(results), file=log)
    json.dump(results, open("results.json", "w"), indent=2)


if __name__ == "__main__":
    main(sys.argv[1])
