"""What a user would call instead: PyTorch, compiled PyTorch, CuPy. Timed beside our own kernel."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def callables(xp: Any, k: int) -> dict[str, Callable[[Any], object]]:
    """Softmax, then top-k, on a CuPy array, by name; without those whose library is missing."""
    found: dict[str, Callable[[Any], object]] = {"cupy": lambda x: cupy_topk(xp, x, k)}
    try:
        torch = importlib.import_module("torch")  # by name: only some machines have it
    except ImportError:
        return found

    def eager(x: Any) -> object:
        return torch.softmax(x, -1).topk(k)

    compiled = torch.compile(eager)
    found["torch"] = lambda x: eager(torch.as_tensor(x, device="cuda"))
    found["torch_compiled"] = lambda x: compiled(torch.as_tensor(x, device="cuda"))
    return found


def cupy_topk(xp: Any, x: Any, k: int) -> object:
    """CuPy has no top-k: partition by index, then sort the k."""
    p = xp.exp(x - x.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    idx = xp.argpartition(p, p.shape[-1] - k, axis=-1)[:, p.shape[-1] - k :]
    top = xp.take_along_axis(p, idx, axis=-1)
    order = xp.argsort(-top, axis=-1)
    return xp.take_along_axis(top, order, axis=-1), xp.take_along_axis(idx, order, axis=-1)
