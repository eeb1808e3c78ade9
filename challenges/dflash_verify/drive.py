"""Runs beside the untrusted code: hands it a scripted target model, and reports what it returns.

call["do"]: "verify" (one tree), "generate" (trees in a loop, one for every number of tokens so
far), "mask", "own_loop" (the output's loop), "own_logits" and "own_generation" (its own model).
"""

import inspect

import numpy as np

MULTIPLIER, INCREMENT, MODULUS = 6364136223846793005, 1442695040888963407, 2**64
ACCEPTED = (
    "tokens", "accepted_tokens", "accepted", "output_tokens", "output_ids", "new_tokens", "output",
    "generated", "generated_tokens", "sequence",
)  # fmt: skip
BONUS = ("bonus", "bonus_token", "new_token", "next_token", "correction", "corrected_token")
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
        self.passes = 0

    def forward(self, *args, **named):
        """Logits of every position; see the class."""
        self.passes += 1
        tokens, mask, positions = sorted_out(args, named)
        rows = np.atleast_2d(tokens)
        n = rows.shape[1]
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
    """A boolean or additive mask as booleans; an all-False diagonal means that True blocks."""
    numeric = mask.dtype != bool
    if numeric and not (mask.min(initial=0) >= 0 and mask.max(initial=0) > 0):
        return mask > BLOCKED
    allowed = mask > 0 if numeric else mask
    return allowed if np.diagonal(allowed, offset).any() else ~allowed


def drive(entry, call):
    """Do what call["do"] says; see the module."""
    return {
        "verify": verify,
        "generate": generate,
        "mask": mask_of,
        "own_loop": own_loop,
        "own_logits": own_logits,
        "own_generation": own_generation,
    }[call["do"]](entry, call)


def verify(entry, call):
    """The tokens that one tree yields, the inputs as they are afterwards, and the passes taken."""
    model, given = ScriptedModel(call), [list(call[k]) for k in ("prompt", "tokens", "parents")]
    new = ask(entry, model, *given, call.get("temperature", 0))
    return {"new": new, "after": [as_ints(part) for part in given], "passes": model.passes}


def generate(entry, call):
    """Draft, verify, append, until there are enough tokens. The context is one list that grows."""
    model, kept = ScriptedModel(call), list(call["prompt"])
    context, start = list(kept), len(kept)
    while len(kept) - start < call["count"]:
        tokens, parents = call["trees"][len(kept) - start]
        new = ask(entry, model, context, list(tokens), list(parents), 0.0)
        kept += new or [model.greedy(kept)]
        context[:] = kept
    return {"new": kept[start:]}


def ask(entry, model, prompt, tokens, parents, temperature):
    """One call of verify_and_accept, as a list of new tokens."""
    made = called(
        entry.verify_and_accept,
        {"prompt_tokens": prompt, "tree_tokens": tokens, "tree_parents": parents},
        {"target_model": model, "temperature": temperature},
    )
    accepted, bonus = parts(made)
    if bonus == len(accepted) and counts_tokens(entry):
        bonus = None
    begins = accepted[: len(prompt)] == list(prompt)
    ends = bonus is not None and accepted[-1:] == [bonus]
    whole, twice = habits(entry) if begins or ends else (False, False)
    if bonus is not None and not (ends and twice):
        accepted = [*accepted, bonus]
    return accepted[len(prompt) :] if begins and whole else accepted


def habits(entry):
    """(whether a result begins with the prompt, whether its list holds the bonus too)."""
    model = probe_model(1)
    accepted, bonus = one_root(entry, model, (model.greedy([1, 2]) + 1) % 5)
    return accepted[:2] == [1, 2], accepted[-1:] == [bonus]


def counts_tokens(entry):
    """Whether the number beside the list is its length: told where no token right there is one."""
    model = next(
        m
        for m in map(probe_model, range(1000))
        if min(m.greedy([1, 2]), m.greedy([1, 2, m.greedy([1, 2])])) > 2
    )
    right = model.greedy([1, 2])
    probes = [one_root(entry, model, token) for token in (right, 7 - right)]
    return all(number == len(tokens) for tokens, number in probes)


def probe_model(salt):
    """A small scripted model."""
    return ScriptedModel({"noise": np.zeros((1, 5)), "salt": salt, "scale": 1.0, "offset": 0.0})


def one_root(entry, model, token):
    """What comes back for a tree of one node after the prompt [1, 2]."""
    lists = {"prompt_tokens": [1, 2], "tree_tokens": [token], "tree_parents": [-1]}
    made = called(entry.verify_and_accept, lists, {"target_model": model, "temperature": 0})
    return parts(made)


def called(function, lists, others):
    """Call with lists, or with integer arrays where the output can only take those."""
    try:
        return function(**lists, **others)
    except (AssertionError, AttributeError, TypeError) as first:
        arrays = {name: np.array(value, dtype=np.int64) for name, value in lists.items()}
        try:
            return function(**arrays, **others)
        except Exception:  # noqa: BLE001 - the first error is the one to report
            raise first from None


def parts(made):
    """(accepted tokens, bonus token or None), from a sequence, a pair, a mapping or an object."""
    named = made._asdict() if hasattr(made, "_asdict") else made
    if not isinstance(named, (dict, list, tuple, np.ndarray)) and hasattr(named, "__dict__"):
        named = vars(named)
    if isinstance(named, dict):
        listed = [named[k] for k in ACCEPTED if is_sequence(named.get(k))]
        listed += [value for value in named.values() if is_sequence(value)]
        alone = next((named[k] for k in BONUS if k in named), None)
    elif is_sequence(named) and len(named) > 0 and is_sequence(named[0]):
        listed = [named[0]]
        alone = next((value for value in named[1:] if np.ndim(value) == 0), None)
        if len(named) == 2 and np.size(named[1]) == 1:
            alone = np.ravel(named[1])[0]
    else:
        listed, alone = [named], None
    accepted = as_ints(listed[0]) if listed else []
    return accepted, None if alone is None else as_ints(alone)[0]


def is_sequence(value):
    """Whether this may be a list of tokens."""
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def as_ints(value):
    """Tokens as a flat list of int. Raises TypeError where they are not whole numbers."""
    flat = np.ravel(np.asarray(value)).tolist()
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) or v != int(v) for v in flat):
        raise TypeError(f"not a list of tokens: {value!r:.200}")
    return [int(v) for v in flat]


def mask_of(entry, call):
    """What build_tree_mask returns for a prompt length and parents, as booleans."""
    if not entry.has("build_tree_mask"):
        return {"not_testable": "no build_tree_mask was found"}
    lists = {"tree_parents": list(call["parents"])}
    made = called(entry.build_tree_mask, lists, {"prompt_len": call["prompt_len"]})
    if isinstance(made, (tuple, list)) and np.ndim(made[0]) >= 2:
        made = made[0]
    mask = one_of(np.asarray(made), 0, 1)
    missing = call["prompt_len"] + len(call["parents"]) - len(mask)
    return {"mask": admits(mask, missing), "parents_after": as_ints(lists["tree_parents"])}


def own_loop(entry, call):
    """The tokens of the output's own generation loop, with scripted target and drafts."""
    if not entry.has("speculative_generate"):
        return {"not_testable": "no generation loop was found"}
    model, prompt = ScriptedModel(call), list(call["prompt"])

    def draft(context, *_):
        at = len(as_ints(context)) - len(prompt)
        return tuple(map(list, call["trees"][at])) if 0 <= at < len(call["trees"]) else ([], [])

    others = {
        "target_model": model,
        "max_new_tokens": call["count"],
        "draft": draft,
        "temperature": 0,
    }
    if not accepts(entry.raw("speculative_generate"), "temp"):
        del others["temperature"]
    made = called(entry.speculative_generate, {"prompt_tokens": list(prompt)}, others)
    new, _ = parts(made)
    return {"new": new[len(prompt) :] if new[: len(prompt)] == prompt else new}


def accepts(function, name):
    """Whether a parameter's name contains this."""
    return any(name in parameter for parameter in inspect.signature(function).parameters)


# ---- the output's own target model -------------------------------------------------------------

SIZES = {
    "vocab": 48, "headdim": 16, "dmodel": 32, "hidden": 32, "emb": 32, "dim": 32, "width": 32,
    "head": 2, "layer": 2, "blocksize": 128, "block": 2, "max": 128, "len": 128, "ctx": 128,
    "context": 128, "ff": 64, "inter": 64, "mlp": 64, "seed": 0,
}  # fmt: skip


class OwnModel:
    """The first class of the output that can be built and takes a mask; without, model is None."""

    def __init__(self, entry):
        self.entry, self.model = entry, None
        for cls in classes(entry.module):
            forward = next(
                (f for f in ("forward", "__call__", "get_logits") if callable_in(cls, f)), None
            )
            fits = forward and accepts(getattr(cls, forward), "mask")
            chosen = sizes(cls, entry.module) if fits else None
            if chosen is not None:
                self.model = cls(**chosen)
                self.forward = getattr(self.model, forward)
                return

    def logits(self, context, tokens, parents):
        """Logits (n, V) for a context followed by a tree, under the output's own mask."""
        lists = {"tree_parents": list(parents)}
        mask = called(self.entry.build_tree_mask, lists, {"prompt_len": len(context)})
        depth = []
        for parent in parents:
            depth.append(0 if parent < 0 else depth[parent] + 1)
        arguments = {"mask": mask}
        if accepts(self.forward, "pos"):
            arguments["pos"] = np.array([*range(len(context)), *(len(context) + d for d in depth)])
        ids = np.array([*context, *tokens], dtype=np.int64)
        named = {self.named(k): value for k, value in arguments.items()}
        try:
            made = self.forward(ids, **named)
        except (IndexError, ValueError):
            made = self.forward(ids[None], **named)
        made = made[0] if isinstance(made, tuple) else made
        return np.asarray(made, dtype=np.float64).reshape(len(ids), -1)

    def named(self, kind):
        """The name of the model's own parameter for the mask or the positions."""
        return next(p for p in inspect.signature(self.forward).parameters if kind in p)

    def alone(self, sequence):
        """Logits of the last position of a sequence: its tokens after the first as a chain."""
        return self.logits(sequence[:1], sequence[1:], list(range(-1, len(sequence) - 2)))[-1]

    def greedy(self, sequence):
        """The next token after a sequence."""
        return int(np.argmax(self.alone(sequence)))


def classes(module):
    """Classes that the output's module defines or imports from its siblings."""
    own = [value for value in vars(module).values() if inspect.isclass(value)]
    return [c for c in own if c.__module__.partition(".")[0] == module.__name__.partition(".")[0]]


def callable_in(cls, name):
    """Whether the class or one of its own bases defines this method."""
    return any(name in vars(base) for base in cls.__mro__ if base is not object)


def sizes(cls, module):
    """Arguments for a small model, or None where a parameter without default is unknown."""
    chosen = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.default is not inspect.Parameter.empty or parameter.kind >= 2:
            continue
        size = next((v for k, v in SIZES.items() if k in name.lower().replace("_", "")), None)
        if "rng" in name:
            size = np.random.default_rng(0)
        elif "config" in name.lower() or "cfg" in name.lower():
            configs = [c for c in classes(module) if "config" in c.__name__.lower()]
            size = configs[0](**(sizes(configs[0], module) or {})) if configs else None
        if size is None:
            return None
        chosen[name] = size
    return chosen


def own_model(entry):
    """(model, None), or (None, what to report instead)."""
    if not entry.has("build_tree_mask"):
        return None, {"not_testable": "no build_tree_mask was found"}
    own = OwnModel(entry)
    return (own, None) if own.model else (None, {"not_testable": "no model class was found"})


def own_logits(entry, call):
    """Logits of every node of a tree, and of the same path on its own, (n, V) each."""
    own, instead = own_model(entry)
    if instead:
        return instead
    prompt = call["prompt"]
    width = len(own.alone(prompt))
    tokens, parents = [t % width for t in call["tokens"]], call["parents"]
    together = own.logits(prompt, tokens, parents)[len(prompt) :]
    alone = [own.alone(prompt + path_tokens(tokens, parents, i)) for i in range(len(tokens))]
    return {"tree": together, "alone": np.array(alone)}


def path_tokens(tokens, parents, node):
    """The tokens from a root to this node."""
    found = []
    while node >= 0:
        found.insert(0, tokens[node])
        node = parents[node]
    return found


def own_generation(entry, call):
    """Generate with the output's own model and trees of a given shape; its greedy tokens beside."""
    own, instead = own_model(entry)
    if instead:
        return instead
    kept, start = list(call["prompt"]), len(call["prompt"])
    truth = []
    for _ in range(call["count"] + 6):
        truth.append(own.greedy(kept + truth))
    width = len(own.alone(kept))
    while len(kept) - start < call["count"]:
        at = len(kept) - start
        parents, picks = call["trees"][at]
        tokens = drafted(truth[at:], parents, picks, width)
        new = ask(entry, own.model, list(kept), tokens, list(parents), 0.0)
        kept += new or [own.greedy(kept)]
        if kept[start:] != truth[: len(kept) - start]:
            break
    return {"new": kept[start:], "greedy": truth[: len(kept) - start]}


def drafted(truth, parents, picks, width):
    """Tokens for a tree's shape: pick 0 is the true token at that depth, others are not true."""
    others = [token for token in range(width) if token not in truth[:6]]
    depth = []
    for parent in parents:
        depth.append(0 if parent < 0 else depth[parent] + 1)
    return [
        truth[d] if p == 0 else others[p % len(others)] for d, p in zip(depth, picks, strict=True)
    ]
