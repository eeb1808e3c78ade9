"""DFlash: verify a tree of drafted tokens with one forward pass of the target model.

    mask     build_tree_mask(P, parents)            additive, 0 or -1e9, float64
    accept   verify_and_accept(prompt, tree, ...)   accepted tokens + bonus token, one list
    loop     speculative_generate(model, ...)       drafts, verifies, appends
    model    MinimalLM                              a small causal transformer to try it on

A node is compared with the prediction made at its PARENT: logits[P - 1] for a root, logits[P + parent]
for any other node.  The prediction at the node itself belongs to its children.
"""

import numpy as np

NEG = -1e9


def build_tree_mask(P, tree_parents):
    """Additive attention mask (P+N, P+N). Prompt rows are causal, tree rows see prompt and ancestors."""
    N = len(tree_parents)
    mask = np.full((P + N, P + N), NEG, dtype=np.float64)
    for i in range(P):
        mask[i, : i + 1] = 0.0
    for i in range(N):
        mask[P + i, :P] = 0.0
        j = i
        while j != -1:
            mask[P + i, P + j] = 0.0
            j = tree_parents[j]
    return mask


def pick(logits, temperature):
    """Greedy at temperature 0, otherwise a sample."""
    if temperature == 0:
        return int(np.argmax(logits))
    z = (logits - logits.max()) / temperature
    p = np.exp(z) / np.exp(z).sum()
    return int(np.random.choice(len(p), p=p))


def verify_and_accept(prompt_tokens, tree_tokens, tree_parents, model, temperature=0):
    """Follow the one path of the tree that the model itself would take, then add its next token.

    Only children of the current node are looked at, so a rejected node takes its subtree with it.
    """
    P, N = len(prompt_tokens), len(tree_tokens)
    children = {i: [] for i in range(-1, N)}
    for i, parent in enumerate(tree_parents):
        children[parent].append(i)

    tokens = list(prompt_tokens) + list(tree_tokens)
    logits = model.forward(tokens, build_tree_mask(P, tree_parents))

    result = []
    node = -1
    while True:
        row = P - 1 if node == -1 else P + node
        target = pick(logits[row], temperature)
        result.append(target)
        for child in children[node]:
            if tree_tokens[child] == target:
                node = child
                break
        else:
            return result  # the last token is the bonus


# ---------------------------------------------------------------------------------------------


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


class MinimalLM:
    """Two pre-norm attention blocks with learned positions and random weights."""

    def __init__(self, vocab_size=40, d_model=32, n_heads=4, n_layers=2, max_len=512, seed=0):
        rng = np.random.RandomState(seed)
        self.vocab_size, self.d, self.h = vocab_size, d_model, n_heads
        self.tok = rng.randn(vocab_size, d_model)
        self.pos = rng.randn(max_len, d_model) * 0.5
        s = 1.0 / np.sqrt(d_model)
        self.layers = [
            {name: rng.randn(d_model, d_model) * s for name in ("q", "k", "v", "o", "up", "down")}
            for _ in range(n_layers)
        ]
        self.head = rng.randn(d_model, vocab_size) * s

    def attention(self, x, layer, mask):
        n, dh = len(x), self.d // self.h
        q, k, v = ((x @ layer[w]).reshape(n, self.h, dh).transpose(1, 0, 2) for w in "qkv")
        weights = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(dh) + mask)
        return (weights @ v).transpose(1, 0, 2).reshape(n, self.d) @ layer["o"]

    def forward(self, tokens, mask):
        """tokens (n,), mask (n, n) additive -> logits (n, vocab_size)."""
        n = len(tokens)
        x = self.tok[np.asarray(tokens, dtype=int)] + self.pos[np.arange(n)]
        for layer in self.layers:
            x = x + self.attention(layer_norm(x), layer, mask)
            x = x + np.maximum(layer_norm(x) @ layer["up"], 0) @ layer["down"]
        return layer_norm(x) @ self.head


def autoregressive(model, prompt_tokens, max_new_tokens):
    """Plain greedy decoding, one forward pass a token."""
    seq = list(prompt_tokens)
    for _ in range(max_new_tokens):
        seq.append(int(np.argmax(model.forward(seq, build_tree_mask(len(seq), []))[-1])))
    return seq[len(prompt_tokens):]


def repeat_draft(seq, length=3):
    """A drafter for demonstrations: what followed the last token when it was seen before."""
    for i in range(len(seq) - 2, -1, -1):
        if seq[i] == seq[-1]:
            tokens = seq[i + 1 : i + 1 + length]
            return tokens, list(range(-1, len(tokens) - 1))
    return [], []


def speculative_generate(model, prompt_tokens, max_new_tokens, draft_fn=repeat_draft):
    """Generate with drafts; draft_fn(sequence) -> (tree_tokens, tree_parents)."""
    seq = list(prompt_tokens)
    while len(seq) - len(prompt_tokens) < max_new_tokens:
        tree_tokens, tree_parents = draft_fn(seq)
        seq += verify_and_accept(seq, tree_tokens, tree_parents, model, temperature=0)
    return seq[len(prompt_tokens) : len(prompt_tokens) + max_new_tokens]


if __name__ == "__main__":
    lm = MinimalLM(seed=1)
    start = [3, 1, 4, 1, 5]
    print("autoregressive:", autoregressive(lm, start, 16))
    print("speculative:   ", speculative_generate(lm, start, 16))
