"""How the cache grows with length, batch and model size."""

from typing import Dict, List, Tuple

MODELS: Dict[str, Tuple[int, int, int]] = {  # layers, kv heads, head dim
    "7B": (32, 32, 128),
    "70B, grouped-query": (80, 8, 128),
}


def kv_bytes(layers: int, kv_heads: int, head_dim: int, length: int, batch: int = 1, item: int = 2) -> int:
    """Bytes of keys and values."""
    return 2 * layers * kv_heads * head_dim * length * batch * item


def growth(model: str, lengths: List[int]) -> List[Tuple[int, float]]:
    """(length, GB) for one sequence in 16 bits."""
    return [(n, kv_bytes(*MODELS[model], n) / 1e9) for n in lengths]


def tokens_that_fit(model: str, gigabytes: float) -> int:
    """How many tokens of cache fit into a memory."""
    return int(gigabytes * 1e9 // kv_bytes(*MODELS[model], 1))
