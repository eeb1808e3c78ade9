"""The scripted target model: the next token is a hash of the prefix that the mask admits."""

import numpy as np

MULTIPLIER, INCREMENT, MODULUS = 6364136223846793005, 1442695040888963407, 2**64
BLOCKED = -10.0  # an additive mask holds 0 where a row may attend, and less than this elsewhere


class ScriptedModel:
    """A causal language model whose next token is a hash of the whole prefix that its mask admits.

    forward(tokens, mask=None, positions=None) -> logits for all positions, (n, V) for tokens (n,),
    (B, n, V) for tokens (B, n). mask: boolean or additive, None for causal. positions, if given,
    must count along the path that a row attends to; otherwise they change the answer.
    """

    def __init__(self, call):
        self.noise, self.salt = np.asarray(call["noise"]), int(call["salt"])
        self.scale, self.offset = call["scale"], call["offset"]
        self.vocab_size = self.vocabulary_size = self.noise.shape[1]
        self.passes = self.asked = 0  # how often it was asked, and about how many tokens last

    def forward(self, *args, **named):
        """Logits of every position; see the class."""
        self.passes += 1
        tokens, mask, positions = sorted_out(args, named)
        rows = np.atleast_2d(tokens)
        n = rows.shape[1]
        self.asked = n
        made = []
        for b, row in enumerate(rows):
            admitted = visible(one_of(mask, b, len(rows)), n)
            places = None if positions is None else np.broadcast_to(positions, rows.shape)[b]
            made.append(np.array([self.row(row, admitted[i], places) for i in range(n)]))
        logits = np.array(made).reshape(len(rows), n, self.vocab_size)
        return logits if tokens.ndim == 2 else logits[0]

    __call__ = forward

    def __getattr__(self, name):
        """The same under other names that outputs ask by: get_logits, forward_tree, predict ..."""
        if name.startswith("_") or not any(
            word in name for word in ("forward", "logits", "predict")
        ):
            raise AttributeError(name)
        return self.forward

    def row(self, tokens, admitted, places):
        """The logits of one row: the hash's token stands out by `scale`."""
        seen = np.flatnonzero(admitted)
        content = tokens[seen].tolist()
        if places is not None and len(seen):
            counted = (places[seen] - places[seen][0]).tolist()
            content += [] if counted == list(range(len(seen))) else counted
        state = self.hashed(content)
        logits = np.array(self.noise[state % len(self.noise)], dtype=np.float64)
        logits[(state >> 33) % self.vocab_size] = logits.max() + 1.0
        return logits * self.scale + self.offset

    def hashed(self, content):
        """A number below 2^64 that depends on every token and on their order."""
        state = self.salt
        for token in content:
            state = (state + token + INCREMENT) * MULTIPLIER % MODULUS
        return state

    def greedy(self, context):
        """The next token after a context."""
        return int((self.hashed(context) >> 33) % self.vocab_size)


def sorted_out(args, named):
    """tokens, mask and positions among the arguments, by name or else by shape."""
    found = {"tokens": None, "mask": None, "positions": None}
    loose = [value for value in args if value is not None]
    for name, value in named.items():
        kind = next((k for k in ("mask", "pos", "token", "ids", "input") if k in name), "")
        kind = {"mask": "mask", "pos": "positions"}.get(kind, "tokens" if kind else "")
        if kind:
            found[kind] = value
        elif value is not None:
            loose.append(value)
    if found["tokens"] is None:
        found["tokens"] = loose.pop(0)
    tokens = np.asarray(found["tokens"]).astype(np.int64)
    for value in loose:
        shape = np.shape(value)
        if shape and shape[-1] == tokens.shape[-1]:
            found["positions" if counts(np.asarray(value), tokens) else "mask"] = value
    positions = found["positions"]
    return tokens, found["mask"], None if positions is None else np.asarray(positions)


def counts(value, tokens):
    """Whether an argument without a name is a row of positions rather than a mask."""
    if value.ndim == 1 or value.shape == tokens.shape != (1, 1):
        return True
    return value.dtype.kind in "iu" and value.shape[0] == 1 < tokens.shape[-1] and value.ndim == 2


def one_of(mask, index, count):
    """The mask of one row of a batch: masks may be (n, n) or carry axes for batch and heads."""
    mask = None if mask is None else np.asarray(mask)
    if mask is None or mask.ndim <= 2:
        return mask
    return mask[index if len(mask) == count else 0].reshape(-1, *mask.shape[-2:])[0]


def visible(mask, n):
    """The mask as booleans (n, n), True where a row may attend. Rows that it lacks are causal."""
    if mask is None:
        return np.tri(n, dtype=bool)
    if mask.ndim != 2 or mask.shape[1] != n or len(mask) > n:
        raise ValueError(f"a mask of shape {mask.shape} for {n} tokens")
    missing = n - len(mask)
    return np.concatenate([np.tri(n, dtype=bool)[:missing], admits(mask, missing)])


def admits(mask, offset):
    """A mask as booleans: additive unless of 0 and 1; an all-False diagonal means True blocks."""
    if mask.dtype != bool and not (set(np.unique(mask)) <= {0, 1} and mask.any()):
        return mask > BLOCKED
    allowed = mask.astype(bool)
    return allowed if np.diagonal(allowed, offset).any() else ~allowed
