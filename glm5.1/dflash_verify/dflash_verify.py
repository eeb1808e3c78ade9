"""
Tree-attention verification for DFlash-style speculative decoding (pure NumPy).

    1. flatten the prompt and the drafted tree into one sequence
    2. build a mask under which every node attends to the prompt, its ancestors and itself
    3. one forward pass of the target model
    4. walk over the nodes and accept those that the target agrees with

Indexing: logits[i] predicts the token AFTER position i, so a node at P + i must be compared with
logits[P + parent(i)], and a root with logits[P - 1].
"""

from __future__ import annotations

import numpy as np


def build_tree_mask(prompt_len: int, tree_parents: list[int]) -> np.ndarray:
    """
    Additive mask of shape (prompt_len + N, prompt_len + N), float32: 0 = visible, -1e9 = hidden.
    """
    n_tree = len(tree_parents)
    total = prompt_len + n_tree
    mask = np.full((total, total), -1e9, dtype=np.float32)
    mask[:prompt_len, :prompt_len] = np.where(np.tri(prompt_len), 0.0, -1e9)
    mask[prompt_len:, :prompt_len] = 0.0
    for i in range(n_tree):
        current = i
        while current >= 0:
            mask[prompt_len + i, prompt_len + current] = 0.0
            current = tree_parents[current]
    return mask


def _sample(logits: np.ndarray, temperature: float) -> int:
    if temperature <= 0:
        return int(logits.argmax())
    scaled = logits / temperature
    probs = np.exp(scaled - scaled.max())
    return int(np.random.default_rng().choice(len(probs), p=probs / probs.sum()))


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, target_model, temperature=0):
    """
    Verify a drafted tree and return the accepted tokens followed by one token of the target's own:
    the correction at the first disagreement, or the bonus token after the last node.
    """
    P = len(prompt_tokens)
    tokens = np.array(list(prompt_tokens) + list(tree_tokens), dtype=np.int64)
    logits = target_model.forward(tokens, build_tree_mask(P, tree_parents))

    accepted: list[int] = []
    last = P - 1
    for i, (token, parent) in enumerate(zip(tree_tokens, tree_parents)):
        pred_pos = P - 1 if parent < 0 else P + parent
        target_token = _sample(logits[pred_pos], temperature)
        if token != target_token:
            accepted.append(target_token)
            return accepted
        accepted.append(int(token))
        last = P + i
    accepted.append(_sample(logits[last], temperature))
    return accepted


class TinyTransformer:
    """Single-block decoder with sinusoidal positions, for testing."""

    def __init__(self, vocab_size: int = 32, dim: int = 48, seed: int = 42):
        rng = np.random.default_rng(seed)
        self.vocab_size, self.dim = vocab_size, dim
        self.embed = rng.standard_normal((vocab_size, dim)).astype(np.float32)
        scale = np.float32(1 / np.sqrt(dim))
        self.w_qkv = rng.standard_normal((3, dim, dim)).astype(np.float32) * scale
        self.w_out = rng.standard_normal((dim, vocab_size)).astype(np.float32) * scale
        self.w_ffn = rng.standard_normal((2, dim, dim)).astype(np.float32) * scale

    def _positions(self, n: int) -> np.ndarray:
        angles = np.arange(n)[:, None] / 100.0 ** (np.arange(0, self.dim, 2) / self.dim)
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)

    def forward(self, tokens, mask=None) -> np.ndarray:
        """Logits for all positions; without a mask, causal."""
        n = len(tokens)
        if mask is None:
            mask = np.where(np.tri(n), 0.0, -1e9).astype(np.float32)
        x = self.embed[tokens] + self._positions(n)
        q, k, v = (x @ w for w in self.w_qkv)
        scores = q @ k.T / np.sqrt(self.dim) + mask
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        x = x + (weights / weights.sum(axis=-1, keepdims=True)) @ v
        x = x + np.tanh(x @ self.w_ffn[0]) @ self.w_ffn[1]
        return x @ self.w_out


def draft_chain(tokens: list[int], length: int) -> list[int]:
    """A chain drafter: what followed the same last token earlier on, else that token again."""
    for i in range(len(tokens) - 2, -1, -1):
        if tokens[i] == tokens[-1]:
            return list(tokens[i + 1 : i + 1 + length])
    return [tokens[-1]] * length


def dflash_generate(prompt_tokens, target_model, max_new_tokens: int, draft_len: int = 4) -> list[int]:
    """Speculative greedy decoding with chain drafts. Returns the new tokens."""
    tokens = list(prompt_tokens)
    while len(tokens) < len(prompt_tokens) + max_new_tokens:
        chain = draft_chain(tokens, draft_len)
        parents = list(range(-1, len(chain) - 1))
        tokens += verify_and_accept(tokens, chain, parents, target_model)
    return tokens[len(prompt_tokens) :][:max_new_tokens]


def greedy_decode(prompt_tokens, target_model, max_new_tokens: int) -> list[int]:
    tokens = list(prompt_tokens)
    for _ in range(max_new_tokens):
        tokens.append(int(target_model.forward(np.array(tokens))[-1].argmax()))
    return tokens[len(prompt_tokens) :]


# ------------------------------------------------------------------ tests


def test_tree_mask():
    mask = build_tree_mask(3, [-1, 0, 0])
    assert mask.shape == (6, 6) and mask.dtype == np.float32
    assert mask[4, 5] < 0 and mask[5, 4] < 0, "siblings must not see each other"
    assert (mask[5, [0, 1, 2, 3, 5]] == 0).all()


def test_chain_is_exact():
    model = TinyTransformer()
    prompt = [3, 17, 8]
    truth = greedy_decode(prompt, model, 6)
    for right in range(5):
        chain = truth[:right] + [(truth[right] + 1) % 32] * (4 - right)
        out = verify_and_accept(prompt, chain, [-1, 0, 1, 2], model)
        assert out == truth[: len(out)] and len(out) == right + 1


def test_generation_is_exact():
    for seed in range(5):
        model = TinyTransformer(seed=seed)
        assert dflash_generate([1, 2, 3], model, 20) == greedy_decode([1, 2, 3], model, 20)


if __name__ == "__main__":
    test_tree_mask()
    test_chain_is_exact()
    test_generation_is_exact()
    print("All tests passed!")
