"""Attention over prompts and over the cache, with grouped-query heads."""

from typing import Optional

import numpy as np

from kv_cache import KVCache

NEG_INF = -1e30


def softmax(x: np.ndarray) -> np.ndarray:
    x = x - x.max(axis=-1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def expand_kv(x: np.ndarray, num_heads: int) -> np.ndarray:
    """Repeat key/value heads so that each query head has one: (b, kv, n, d) -> (b, h, n, d)."""
    return np.repeat(x, num_heads // x.shape[1], axis=1)


def prompt_attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Causal attention of a whole prompt; (b, heads, t, d) each."""
    t = q.shape[2]
    k, v = expand_kv(k, q.shape[1]), expand_kv(v, q.shape[1])
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones((t, t), dtype=bool)), scores, NEG_INF)
    return softmax(scores) @ v


def cached_attention(q: np.ndarray, cache: KVCache) -> np.ndarray:
    """
    Attention of the newest tokens over the cache, which already holds them.

    q: (b, heads, t, d); the last of the t tokens is the last cached one.
    """
    if np.any(cache.lengths != cache.lengths[0]):
        return cached_attention_with_mask(q, cache, cache.lengths)
    k, v = cache.get_batch()
    k, v = expand_kv(k, q.shape[1]), expand_kv(v, q.shape[1])
    n, t = k.shape[2], q.shape[2]
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
    visible = np.tril(np.ones((t, n), dtype=bool), k=n - t)
    return softmax(np.where(visible, scores, NEG_INF)) @ v


def length_mask(lengths: Optional[np.ndarray], max_len: int) -> np.ndarray:
    """(b, 1, 1, max_len) booleans, True where a position is to be attended to."""
    inside = np.arange(max_len)[None, :] < (lengths > 0)[:, None]
    return inside[:, None, None, :]


def cached_attention_with_mask(q: np.ndarray, cache: KVCache, lengths: np.ndarray) -> np.ndarray:
    """
    One query per sequence over a batch of unequal lengths; padding is masked out.

    q: (b, heads, 1, d); lengths: (b,)
    """
    k, v = cache.get_batch()
    k, v = expand_kv(k, q.shape[1]), expand_kv(v, q.shape[1])
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
    if np.all(lengths == lengths[0]):
        return softmax(scores) @ v
    scores = np.where(length_mask(lengths, k.shape[2]), scores, NEG_INF)
    return softmax(scores) @ v
