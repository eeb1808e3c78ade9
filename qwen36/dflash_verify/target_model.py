"""A minimal NumPy transformer decoder that takes an arbitrary boolean attention mask."""

import numpy as np


class MinimalTransformer:
    """Pre-norm decoder with rotary position embeddings."""

    def __init__(self, vocab_size=64, hidden_dim=32, num_heads=4, num_layers=2, seed=7):
        rng = np.random.default_rng(seed)
        self.vocab_size = vocab_size
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.embedding = rng.normal(0, 1, (vocab_size, hidden_dim))
        std = hidden_dim**-0.5
        self.lm_head = rng.normal(0, std, (hidden_dim, vocab_size))
        self.layers = [
            {
                "wq": rng.normal(0, std, (hidden_dim, hidden_dim)),
                "wk": rng.normal(0, std, (hidden_dim, hidden_dim)),
                "wv": rng.normal(0, std, (hidden_dim, hidden_dim)),
                "wo": rng.normal(0, std, (hidden_dim, hidden_dim)),
                "w1": rng.normal(0, std, (hidden_dim, 2 * hidden_dim)),
                "w2": rng.normal(0, (2 * hidden_dim) ** -0.5, (2 * hidden_dim, hidden_dim)),
            }
            for _ in range(num_layers)
        ]

    @staticmethod
    def _rms_norm(x):
        return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6)

    def _rope(self, x):
        """Rotate pairs of features by an angle that grows with the position in the sequence."""
        seq_len, half = x.shape[1], self.head_dim // 2
        freqs = 1.0 / (100.0 ** (np.arange(half) / half))
        angles = np.arange(seq_len)[:, None] * freqs[None, :]
        cos, sin = np.cos(angles), np.sin(angles)
        x1, x2 = x[..., :half], x[..., half:]
        return np.concatenate([x1 * cos - x2 * sin, x1 * sin + x2 * cos], axis=-1)

    def _attention(self, x, layer, mask):
        seq_len = x.shape[0]
        heads = lambda w: (x @ w).reshape(seq_len, self.num_heads, self.head_dim).transpose(1, 0, 2)
        q, k, v = self._rope(heads(layer["wq"])), self._rope(heads(layer["wk"])), heads(layer["wv"])
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(self.head_dim)
        scores = np.where(mask[None], scores, -np.inf)
        scores -= scores.max(axis=-1, keepdims=True)
        probs = np.exp(scores)
        probs /= probs.sum(axis=-1, keepdims=True)
        return (probs @ v).transpose(1, 0, 2).reshape(seq_len, self.hidden_dim) @ layer["wo"]

    def forward(self, token_ids, attention_mask=None):
        """token_ids [T] -> logits [T, vocab_size]; causal when no mask is given."""
        token_ids = np.asarray(token_ids, dtype=np.int64)
        if attention_mask is None:
            attention_mask = np.tril(np.ones((len(token_ids), len(token_ids)), dtype=np.bool_))
        x = self.embedding[token_ids]
        for layer in self.layers:
            x = x + self._attention(self._rms_norm(x), layer, attention_mask)
            x = x + np.maximum(self._rms_norm(x) @ layer["w1"], 0) @ layer["w2"]
        return self._rms_norm(x) @ self.lm_head

    __call__ = forward
