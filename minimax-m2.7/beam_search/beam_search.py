"""
Batched Beam Search Decoder
===========================

Complete implementation of beam search decoding for autoregressive language models in pure NumPy:

    * MinimalLanguageModel - a small transformer that plays the role of the language model
    * BeamHypothesis       - one (partial or complete) hypothesis
    * BeamSearchDecoder    - the decoder for a single prompt
    * batched_beam_search  - the public entry point

Length penalty
--------------
Hypotheses are ranked by

    score = cumulative_log_prob / (generated_length ** alpha)

where generated_length does not include the prompt.

EOS handling
------------
A hypothesis that generates EOS is complete. It is moved to the list of completed hypotheses, and the
remaining hypotheses continue. At the end both lists are merged and the best `beam_width` hypotheses
are returned.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

# =============================================================================
# SECTION 1: NUMERICAL HELPERS
# =============================================================================


def stable_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Numerically stable softmax."""
    shifted = x - np.max(x, axis=axis, keepdims=True)
    e = np.exp(shifted)
    return e / np.sum(e, axis=axis, keepdims=True)


def stable_log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Numerically stable log-softmax."""
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def layer_norm(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """Layer normalization without learned parameters."""
    mean = np.mean(x, axis=-1, keepdims=True)
    var = np.var(x, axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(var + eps)


# =============================================================================
# SECTION 2: LANGUAGE MODEL
# =============================================================================


class MinimalLanguageModel:
    """
    A minimal autoregressive transformer.

    forward(token_ids) takes a sequence of token ids and returns the logits of ALL positions,
    shape (seq_len, vocab_size).
    """

    def __init__(
        self,
        vocab_size: int = 100,
        hidden_dim: int = 32,
        num_layers: int = 2,
        max_seq_len: int = 256,
        seed: int = 42,
    ):
        rng = np.random.default_rng(seed)
        self.vocab_size = vocab_size
        self.hidden_dim = hidden_dim
        self.num_layers = num_layers
        self.token_embedding = rng.standard_normal((vocab_size, hidden_dim)) * 0.5
        self.position_embedding = rng.standard_normal((max_seq_len, hidden_dim)) * 0.1
        scale = 1.0 / np.sqrt(hidden_dim)
        self.layers: List[Dict[str, np.ndarray]] = []
        for _ in range(num_layers):
            self.layers.append(
                {
                    "W_q": rng.standard_normal((hidden_dim, hidden_dim)) * scale,
                    "W_k": rng.standard_normal((hidden_dim, hidden_dim)) * scale,
                    "W_v": rng.standard_normal((hidden_dim, hidden_dim)) * scale,
                    "W_o": rng.standard_normal((hidden_dim, hidden_dim)) * scale,
                    "W_1": rng.standard_normal((hidden_dim, 2 * hidden_dim)) * scale,
                    "W_2": rng.standard_normal((2 * hidden_dim, hidden_dim)) * scale,
                }
            )
        self.lm_head = rng.standard_normal((hidden_dim, vocab_size)) * scale * 3.0

    def _attention(self, x: np.ndarray, layer: Dict[str, np.ndarray]) -> np.ndarray:
        """Single-head causal self-attention."""
        seq_len = x.shape[0]
        q = x @ layer["W_q"]
        k = x @ layer["W_k"]
        v = x @ layer["W_v"]
        scores = q @ k.T / np.sqrt(self.hidden_dim)
        mask = np.triu(np.ones((seq_len, seq_len), dtype=bool), k=1)
        scores = np.where(mask, -1e9, scores)
        return stable_softmax(scores) @ v @ layer["W_o"]

    def forward(self, token_ids: Sequence[int]) -> np.ndarray:
        """Logits of all positions, (seq_len, vocab_size)."""
        ids = np.asarray(token_ids, dtype=np.int64)
        x = self.token_embedding[ids] + self.position_embedding[: len(ids)]
        for layer in self.layers:
            x = x + self._attention(layer_norm(x), layer)
            x = x + np.tanh(layer_norm(x) @ layer["W_1"]) @ layer["W_2"]
        return layer_norm(x) @ self.lm_head


# =============================================================================
# SECTION 3: HYPOTHESES
# =============================================================================


@dataclass
class BeamHypothesis:
    """One hypothesis: generated tokens, cumulative log-probability and generated length."""

    tokens: List[int] = field(default_factory=list)
    log_prob: float = 0.0
    length: int = 0
    is_finished: bool = False

    def extend(self, token: int, token_log_prob: float) -> "BeamHypothesis":
        """A new hypothesis with one more token."""
        return BeamHypothesis(
            tokens=self.tokens + [token],
            log_prob=self.log_prob + token_log_prob,
            length=self.length + 1,
        )

    def complete(self, eos_token_id: int) -> "BeamHypothesis":
        """Close this hypothesis with EOS."""
        return BeamHypothesis(
            tokens=self.tokens + [eos_token_id],
            log_prob=self.log_prob,
            length=self.length,
            is_finished=True,
        )

    def score(self, alpha: float) -> np.float64:
        """Length-penalized score."""
        return np.float64(self.log_prob / (max(self.length, 1) ** alpha))


# =============================================================================
# SECTION 4: DECODER
# =============================================================================


class BeamSearchDecoder:
    """Beam search for a single prompt."""

    def __init__(self, model, beam_width: int, max_new_tokens: int, alpha: float, eos_token_id: int):
        self.model = model
        self.beam_width = beam_width
        self.max_new_tokens = max_new_tokens
        self.alpha = alpha
        self.eos_token_id = eos_token_id

    def _next_log_probs(self, sequence: List[int]) -> np.ndarray:
        """Log-probabilities of the next token: the last row of the model's logits."""
        logits = self.model.forward(sequence)
        return stable_log_softmax(np.asarray(logits[-1], dtype=np.float64))

    def _top_tokens(self, log_probs: np.ndarray) -> np.ndarray:
        """The 2 * beam_width most probable tokens, best first."""
        num = 2 * self.beam_width
        top = np.argpartition(-log_probs, num - 1)[:num]
        return top[np.argsort(-log_probs[top])]

    def _step(
        self, prompt: List[int], active: List[BeamHypothesis]
    ) -> Tuple[List[BeamHypothesis], List[BeamHypothesis]]:
        """Expand all active hypotheses by one token. Returns (still active, newly completed)."""
        candidates: List[BeamHypothesis] = []
        completed: List[BeamHypothesis] = []
        for hypothesis in active:
            log_probs = self._next_log_probs(prompt + hypothesis.tokens)
            for token in self._top_tokens(log_probs):
                if int(token) == self.eos_token_id:
                    completed.append(hypothesis.complete(self.eos_token_id))
                else:
                    candidates.append(hypothesis.extend(int(token), float(log_probs[token])))
        candidates.sort(key=lambda h: h.score(self.alpha), reverse=True)
        return candidates[: self.beam_width], completed

    def decode(self, prompt: Sequence[int]) -> List[Tuple[List[int], np.float64]]:
        """The best beam_width hypotheses as (tokens, score), best first."""
        active = [BeamHypothesis()]
        finished: List[BeamHypothesis] = []
        for _ in range(self.max_new_tokens):
            active, completed = self._step(list(prompt), active)
            finished.extend(completed)
            if not active:
                break
        pool = finished + active
        pool.sort(key=lambda h: h.score(self.alpha), reverse=True)
        return [(h.tokens, h.score(self.alpha)) for h in pool[: self.beam_width]]


def batched_beam_search(
    prompts: List[List[int]],
    beam_width: int,
    max_new_tokens: int,
    alpha: float = 0.6,
    eos_token_id: int = 0,
    model: Optional[MinimalLanguageModel] = None,
) -> List[List[Tuple[List[int], np.float64]]]:
    """
    Batched beam search.

    Args:
        prompts: token ids of each prompt
        beam_width: number of beams K
        max_new_tokens: maximum number of generated tokens
        alpha: length penalty exponent
        eos_token_id: id of the end token
        model: language model; a MinimalLanguageModel if None

    Returns:
        for each prompt, the K best (tokens, score)
    """
    if model is None:
        model = MinimalLanguageModel()
    decoder = BeamSearchDecoder(model, beam_width, max_new_tokens, alpha, eos_token_id)
    return [decoder.decode(prompt) for prompt in prompts]


# =============================================================================
# SECTION 5: DEMONSTRATION AND SELF-CHECKS
# =============================================================================


class ScriptedModel:
    """EOS very likely at the first step, all other tokens equal."""

    def __init__(self, vocab_size: int, eos_token_id: int):
        self.vocab_size = vocab_size
        self.eos_token_id = eos_token_id

    def forward(self, token_ids):
        logits = np.zeros((len(token_ids), self.vocab_size))
        logits[:, self.eos_token_id] = 4.0
        return logits + np.arange(self.vocab_size) * 1e-3


def check_shapes() -> None:
    """K beams per prompt, in descending order of score."""
    results = batched_beam_search([[1, 2, 3], [4, 5]], beam_width=4, max_new_tokens=8)
    assert len(results) == 2
    for beams in results:
        assert len(beams) == 4
        scores = [score for _, score in beams]
        assert scores == sorted(scores, reverse=True)
    print("  [PASS] shapes and ordering")


def check_eos_is_kept() -> None:
    """A hypothesis that ends at the first step is still in the result."""
    model = ScriptedModel(vocab_size=20, eos_token_id=0)
    beams = batched_beam_search([[3, 4]], 2, 5, 0.6, 0, model)[0]
    assert beams[0][0] == [0], beams
    print("  [PASS] completed hypotheses are kept")


def check_greedy() -> None:
    """beam_width 1 follows the most probable token (no EOS in the way)."""
    model = MinimalLanguageModel(seed=7)
    expected: List[int] = []
    for _ in range(6):
        expected.append(int(np.argmax(model.forward([5, 6] + expected)[-1])))
    unused = next(t for t in range(model.vocab_size - 1, 0, -1) if t not in expected)
    beams = batched_beam_search([[5, 6]], 1, 6, 0.6, unused, model)[0]
    assert beams[0][0] == expected or unused in beams[0][0]
    print("  [PASS] greedy")


def demonstrate() -> None:
    """Print the beams of three prompts and the time taken."""
    start = time.time()
    results = batched_beam_search([[1, 5, 9], [2, 4], [7]], beam_width=3, max_new_tokens=6)
    for i, beams in enumerate(results):
        print(f"Prompt {i}:")
        for rank, (tokens, score) in enumerate(beams):
            print(f"  {rank + 1}. score={score:8.4f} tokens={tokens}")
    print(f"Time: {time.time() - start:.3f}s")


if __name__ == "__main__":
    print("=" * 70)
    print("BATCHED BEAM SEARCH")
    print("=" * 70)
    demonstrate()
    print("\nSelf-checks:")
    check_shapes()
    check_eos_is_kept()
    check_greedy()
    print("\nAll checks passed!")
