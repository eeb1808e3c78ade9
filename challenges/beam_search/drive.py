"""Runs beside the untrusted code: hands a scripted language model to batched_beam_search.

The scripted model answers by the content of the whole prefix, never by call count: a hash of the
prefix picks a row of call["table"], unless call["special"] lists the prefix. How an output wants to
be answered is found by trial, once per function, on a chain of nearly sure tokens.

call: prompts, beam_width, max_new_tokens, alpha, eos_token_id, table, special, special_rows; or
own_model = True and eos_rank in place of the tables and eos_token_id.
"""

import contextlib
import functools
import importlib
import inspect
import itertools
import pathlib
import sys
import traceback
import types
from dataclasses import dataclass

import numpy as np

ROLE = "batched_beam_search"
MODEL_METHODS = (
    "forward", "__call__", "get_log_probs", "log_probs", "get_logits", "logits", "predict",
    "next_token_logits", "get_next_token_logits", "next_token_log_probs", "predict_next",
)  # fmt: skip
MODEL_MODULES = ("model", "models", "lm", "language_model", "toy_model", "tiny_model")
VOCABULARY_SIZE = ("vocab_size", "n_vocab", "V", "vocabulary_size", "num_tokens")
CONTEXT_SIZE = ("max_seq_len", "max_len", "max_length", "context_length", "block_size")
TOKENS = ("new_tokens", "generated_tokens", "generated", "tokens", "token_ids", "sequence", "seq")
SCORES = (
    "normalized_score", "normalised_score", "norm_score", "final_score", "length_normalized_score",
    "score", "normalized_log_prob", "normalized_logprob", "log_prob", "logprob", "log_probability",
)  # fmt: skip
BEAMS = ("beams", "hypotheses", "results", "sequences", "outputs", "candidates")
UNDERFLOW = 2000  # a range of logits wider than that of the logarithms of float64 numbers
PROBE_PROMPT, CHAIN, PROBE_VOCABULARY = [5, 9], [2, 8, 4], 11


@dataclass(frozen=True)
class Dialect:
    """How an output asks and wants to be answered.

    prompts: each a "list" or an "array". positions: logits of the "last" position or of "all".
    row_axis: one unbatched prefix is answered as a batch of one. pair: answers are (answer, None).
    """

    prompts: str = "list"
    positions: str = "last"
    row_axis: bool = False
    answer: str = "array"
    pair: bool = False


DIALECTS = [
    Dialect(prompts, positions, row_axis, answer, pair)
    for pair, prompts, answer, row_axis, positions in itertools.product(
        (False, True), ("list", "array"), ("array", "list"), (False, True), ("last", "all")
    )
]


@dataclass(frozen=True)
class Manner:
    """What was learnt about an output.

    echoes: its results begin with the prompt. asked: the methods of its model that it calls. kinds:
    pairs of such a method and "logits", "logprobs" or "probs". owns: it asks a model of its
    own, which has to be replaced. puzzle: why it cannot be asked at all.
    """

    dialect: Dialect
    echoes: bool = False
    asked: tuple = ()
    kinds: tuple = ()
    owns: bool = False
    puzzle: str = ""

    def kind(self):
        """What the output asks for."""
        kinds = {method: kind_by_name(method) for method in self.asked} | dict(self.kinds)
        return next((kind for kind in ("probs", "logprobs") if kind in kinds.values()), "logits")


class LanguageModel:
    """Answers forward, get_log_probs, a plain call, and whatever else the output's code names."""

    def __init__(self, call, dialect, kinds=(), known=frozenset()):
        self._table, self._dialect = np.array(call["table"]), dialect
        special = [tuple(prefix) for prefix in call.get("special", [])]
        self._special = dict(zip(special, np.array(call.get("special_rows", [])), strict=True))
        self._kinds, self._known, self.asked = dict(kinds), known, {}
        for name in VOCABULARY_SIZE:
            setattr(self, name, self._table.shape[1])
        for name in CONTEXT_SIZE:
            setattr(self, name, 10**6)
        self.config = types.SimpleNamespace(vocab_size=self._table.shape[1])

    def __call__(self, *args, **named):
        """A plain call is a question like any other."""
        return self.respond("__call__", *args, **named)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._known | {"forward", "get_log_probs"}:
            raise AttributeError(f"the scripted language model has no {name}")
        return functools.partial(self.respond, name)

    def respond(self, method, *args, **named):
        """Answer one call: the first argument holds tokens, others may hold a mask or lengths."""
        given = [("", value) for value in args] + list(named.items())
        if not given:  # eval(), reset(), ...
            return self
        (_, tokens), *rest = given
        self.asked[method] = tokens
        masks = (mask_of(name, value, tokens) for name, value in rest)
        mask = next((mask for mask in masks if mask is not None), None)
        kind = self._kinds.get(method, kind_by_name(method))
        answer = self._rows(tokens, mask, kind)
        if self._dialect.row_axis and not nested(tokens):
            answer = answer[None]
        if self._dialect.answer == "list":
            answer = [part.tolist() for part in answer]
        return (answer, None) if self._dialect.pair else answer

    def _rows(self, tokens, mask, kind):
        if nested(tokens):
            masks = mask if mask is not None else [None] * len(tokens)
            parts = [self._rows(t, m, kind) for t, m in zip(tokens, masks, strict=True)]
            return np.stack(parts) if len({part.shape for part in parts}) == 1 else parts
        prefix = [int(t) for t in tokens]
        if mask is not None:
            prefix = [t for t, seen in zip(prefix, mask, strict=True) if seen]
        if self._dialect.positions == "last":
            return converted(self._logits(prefix), kind)
        ends = range(1, len(prefix) + 1)
        return np.stack([converted(self._logits(prefix[:end]), kind) for end in ends])

    def _logits(self, prefix):
        found = self._special.get(tuple(prefix))
        if found is not None:
            return found
        row = 0
        for token in prefix:
            row = (row * 31 + token + 7) % len(self._table)
        return self._table[row]


def mask_of(name, value, tokens):
    """Another argument as a mask over the tokens, which may be padded; None if it is no mask."""
    shape = np.shape(value)
    if nested(tokens) and shape == (len(tokens),):  # lengths
        return np.arange(np.shape(tokens)[1]) < np.asarray(value)[:, None]
    if not shape or shape != np.shape(tokens) or not np.isin(value, (0, 1)).all():
        return None
    marks = np.asarray(value)
    positions = "mask" not in name and (marks == np.arange(shape[-1])).all()
    return None if positions else marks != 0


def nested(tokens):
    """Whether these are several sequences rather than one."""
    return len(tokens) > 0 and np.ndim(tokens[0]) > 0


def kind_by_name(method):
    """What a method of this name returns."""
    name = method.replace("_", "").lower()
    return "logprobs" if "logp" in name else "probs" if "prob" in name else "logits"


def converted(logits, kind):
    """A copy of the logits, or their log-probabilities or probabilities, in the same dtype."""
    if kind == "logits":
        return logits.copy()
    wide = logits.astype(np.float64)
    wide -= wide.max()
    wide -= np.log(np.exp(wide).sum())
    return (wide if kind == "logprobs" else np.exp(wide)).astype(logits.dtype)


def drive(entry, call):
    """Return the beams per prompt as [[tokens, score], ...], and the prompts as they are then."""
    manner = learn(entry)
    if manner.puzzle:
        return {"not_testable": manner.puzzle}
    if call.get("own_model"):
        return with_own_model(entry, call, manner)
    if manner.kind() == "probs" and np.ptp(call["table"]) > UNDERFLOW:
        return {"not_testable": "the output asks for probabilities, and these would be zero"}
    model = LanguageModel(call, manner.dialect, manner.kinds, names_called(entry.module))
    prompts = laid_out(call["prompts"], manner.dialect)
    try:
        found = search(entry, {**call, "prompts": prompts}, model, owns=manner.owns)
    except ValueError as error:
        if call["max_new_tokens"]:
            raise
        return {"raised": "ValueError", "message": str(error)[:200]}
    after = [[plain(t) for t in prompt] for prompt in prompts]
    return {"beams": beams(found, call, manner.echoes), "prompts_after": after}


def search(entry, call, model, owns=False):
    """Call the output, every parameter passed; a model of its own is replaced meanwhile."""
    names = ("prompts", "beam_width", "max_new_tokens", "alpha", "eos_token_id")
    with replaced(entry.module, model) if owns else contextlib.nullcontext():
        return entry.batched_beam_search(**{name: call[name] for name in names}, model=model)


def laid_out(prompts, dialect):
    """Fresh copies of the prompts."""
    return [np.array(p, dtype=np.int64) if dialect.prompts == "array" else list(p) for p in prompts]


# ---- how the output wants to be answered ------------------------------------------------------

LEARNT = {}


def learn(entry):
    """Try the dialects on the chain; the first that the output follows is its own."""
    key = entry.raw(ROLE)
    if key not in LEARNT:
        LEARNT[key] = trial(entry)
    return LEARNT[key]


def trial(entry):
    """The manner under which the chain comes back; failing that, the first that does not raise."""
    known, spoken, errors = names_called(entry.module), None, []
    for owns, dialect in itertools.product((False, True), DIALECTS):
        model = LanguageModel(chain(), dialect, (), known)
        try:
            given = {**chain(), "prompts": laid_out([PROBE_PROMPT], dialect)}
            top = beams(search(entry, given, model, owns), given, False)[0][0][0]
        except Exception as error:  # noqa: BLE001 - an output may raise anything when misunderstood
            errors.append(error)
            continue
        echoes = top[: len(PROBE_PROMPT)] == PROBE_PROMPT
        if top == CHAIN or top == PROBE_PROMPT + CHAIN:
            return Manner(dialect, echoes, tuple(model.asked), own_kinds(entry, model), owns)
        if model.asked:
            spoken = spoken or Manner(dialect, echoes, tuple(model.asked), owns=owns)
    return spoken or Manner(DIALECTS[0], puzzle=puzzle(errors))


def puzzle(errors):
    """Why the output cannot be judged: only where our model never understood what it was asked."""
    if errors and all(asking(error.__traceback__) for error in errors):
        return f"the output asks its language model in an unknown way: {errors[0]!r:.200}"
    return ""


def asking(trace):
    """Whether an error came up inside our language model."""
    frames = [frame for frame, _ in traceback.walk_tb(trace) if frame.f_globals is globals()]
    return any(frame.f_code.co_name in {"respond", "__getattr__"} for frame in frames)


def chain():
    """A call in which CHAIN follows the probe's prompt; the end token is the unlikeliest."""
    plain_row = -np.arange(PROBE_VOCABULARY) / 8
    rows = np.tile(plain_row, (len(CHAIN), 1))
    rows[range(len(CHAIN)), CHAIN] = 60
    return {
        "table": plain_row[None],
        "special": [PROBE_PROMPT + CHAIN[:n] for n in range(len(CHAIN))],
        "special_rows": rows,
        "beam_width": 2,
        "max_new_tokens": len(CHAIN),
        "alpha": 1.0,
        "eos_token_id": PROBE_VOCABULARY - 1,
    }


def names_called(module):
    """All names in the code of a module's functions and classes, what it imports included."""
    seen, names = set(), set()
    todo = list(vars(module).values())
    while todo:
        item = todo.pop()
        if isinstance(item, types.CodeType):
            names |= set(item.co_names)
            todo += [c for c in item.co_consts if isinstance(c, types.CodeType)]
        elif isinstance(item, types.FunctionType):
            todo.append(item.__code__)
        elif inspect.isclass(item) and item not in seen and written_in_python(item):
            seen.add(item)
            todo += vars(item).values()
    return frozenset(names)


def written_in_python(item):
    """Whether a class is the output's own rather than a library's."""
    top = item.__module__.partition(".")[0]
    return top not in {"builtins", "numpy", *sys.stdlib_module_names}


# ---- the output's own language model -----------------------------------------------------------


def own_models(module, asked):
    """Instances of the module's classes that have all methods which the output asked."""
    for item in [item for home in (module, *siblings(module)) for item in vars(home).values()]:
        if not inspect.isclass(item) or not written_in_python(item):
            continue
        if all(callable(getattr(item, name, None)) for name in asked or ("forward",)):
            with contextlib.suppress(Exception):
                yield item(**arguments(item))


def siblings(module):
    """Modules beside this one whose name says that they hold a language model."""
    folder = pathlib.Path(getattr(module, "__file__", None) or "nowhere").parent
    for name in MODEL_MODULES:
        if (folder / f"{name}.py").is_file():
            with contextlib.suppress(Exception):
                yield importlib.import_module(name)


def arguments(item):
    """Small values for the parameters of a constructor that have no default."""
    sizes = {"vocab": 23, "dim": 16, "model": 16, "hidden": 16, "embed": 16, "head": 2, "len": 64}
    needed = [p for p in inspect.signature(item).parameters.values() if p.default is p.empty]
    named = [p.name for p in needed if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return {n: next((size for part, size in sizes.items() if part in n.lower()), 4) for n in named}


def own_kinds(entry, model):
    """What the methods of the output's own models return, where their answers all show the same."""
    seen = {}
    for own in own_models(entry.module, model.asked):
        for method, tokens in model.asked.items():
            with contextlib.suppress(Exception):
                seen.setdefault(method, set()).add(kind_of(row_of(getattr(own, method)(tokens))))
    return tuple((method, *kinds) for method, kinds in seen.items() if len(kinds) == 1)


def kind_of(row):
    """Whether some numbers are logits, log-probabilities or probabilities."""
    if row.min() >= 0 and abs(row.sum() - 1) < 1e-4:
        return "probs"
    return "logprobs" if row.max() <= 0 and abs(np.exp(row).sum() - 1) < 1e-4 else "logits"


def row_of(answer):
    """The last row (V,) of an answer of any shape, in float64."""
    values = np.asarray(answer[0] if isinstance(answer, tuple) else answer, dtype=np.float64)
    return values.reshape(-1, values.shape[-1])[-1]


class Recorder:
    """The output's own model, with every question and answer kept."""

    def __init__(self, own):
        self._own, self.heard = own, []

    def __getattr__(self, name):
        found = getattr(self._own, name)
        return self._heard(found) if callable(found) else found

    def __call__(self, *args, **named):
        """Keep what a plain call asks and answers, too."""
        return self._heard(self._own)(*args, **named)

    def _heard(self, function):
        def asked(*args, **named):
            answer = function(*args, **named)
            if len(args) + len(named) == 1:  # with a mask or lengths, the prefixes are not told
                self.heard.append((*args, *named.values(), answer))
            return answer

        return asked


def with_own_model(entry, call, manner):
    """Search with the output's own model; report what that model answered to which prefix."""
    given = {**call, "prompts": laid_out(call["prompts"], manner.dialect)}
    for own in () if manner.owns else own_models(entry.module, manner.asked):
        model = Recorder(own)
        try:
            search(entry, {**given, "max_new_tokens": 1, "eos_token_id": 0}, model)
            answers = list(heard_rows(model, manner))
            end = int(np.argsort(-answers[0][1])[call["eos_rank"]])
        except Exception:  # noqa: BLE001, S112 - built from guessed arguments, it may do anything
            continue
        found = search(entry, {**given, "eos_token_id": end}, model)
        answers = list(heard_rows(model, manner))
        return {
            "beams": beams(found, call, manner.echoes),
            "eos_token_id": end,
            "prefixes": [prefix for prefix, _ in answers],
            "answers": np.stack([row for _, row in answers]),
        }
    return {"not_testable": "the output has no language model of its own that can be passed"}


def heard_rows(recorder, manner):
    """Each prefix asked, with the logits (V,) of its next token."""
    for tokens, answer in recorder.heard:
        values = answer[0] if isinstance(answer, tuple) else answer
        rows = zip(tokens, values, strict=True) if nested(tokens) else [(tokens, values)]
        for prefix, answered in rows:
            row = row_of(answered)
            yield [int(t) for t in prefix], np.log(row) if manner.kind() == "probs" else row


@contextlib.contextmanager
def replaced(module, model):
    """Let what the module has of models, classes, instances and functions, answer from ours."""
    with contextlib.ExitStack() as undo:
        for name, item in list(vars(module).items()):
            if isinstance(item, types.FunctionType) and name in MODEL_METHODS:
                put(undo, module, name, functools.partial(model.respond, name))
            owner = item if inspect.isclass(item) else type(item)
            if written_in_python(owner) and any(m in vars(owner) for m in MODEL_METHODS):
                replace_methods(undo, owner, model)
                if owner is not item:
                    replace_sizes(undo, item, model)
        yield


def replace_methods(undo, owner, model):
    """Let all instances of a class answer from our model, those not yet made included."""
    start = owner.__init__

    def begin(self, *args, **named):
        start(self, *args, **named)
        replace_sizes(None, self, model)

    put(undo, owner, "__init__", begin)
    for method in set(MODEL_METHODS) & set(vars(owner)):

        def answer(_self, *args, _method=method, **named):
            return model.respond(_method, *args, **named)

        put(undo, owner, method, answer)


def replace_sizes(undo, item, model):
    """Tell our vocabulary's size where the instance tells its own."""
    for name in set(VOCABULARY_SIZE) & set(vars(item)):
        put(undo, item, name, model.vocab_size)


def put(undo, item, name, value):
    """Set an attribute, and put the old value back when `undo` closes."""
    if undo is not None:
        undo.callback(setattr, item, name, getattr(item, name))
    setattr(item, name, value)


# ---- reading the result ------------------------------------------------------------------------


def beams(result, call, echoes):
    """The result as one list of [[new tokens, score], ...] per prompt, whatever it was made of."""
    per_prompt = [one_prompt(found, call["alpha"]) for found in batches(result)]
    if echoes:
        for prompt, found in zip(call["prompts"], per_prompt, strict=False):
            for beam in found:
                if beam[0][: len(prompt)] == list(prompt):
                    beam[0] = beam[0][len(prompt) :]
    return per_prompt


def batches(result):
    """The parts of a result that belong to the prompts, in order."""
    fields = named_fields(result)
    if fields is not None:
        inner = next((fields[name] for name in BEAMS if name in fields), None)
        if inner is None:  # {0: beams, 1: beams} or {"prompt_0": beams}
            return list(fields.values())
        scores = next((fields[name] for name in ("scores", *SCORES) if name in fields), None)
        return list(inner) if scores is None else paired(inner, scores)
    result = list(result)
    if parallel(result):
        return paired(*result[:2])
    return result


def parallel(result):
    """Whether this is (tokens of all beams, scores of all beams), each a list per prompt."""
    if len(result) != 2:
        return False
    with contextlib.suppress(Exception):
        return is_sequence(result[0][0][0]) and all(is_number(s) for s in result[1][0])
    return False


def paired(sequences, scores):
    """Join lists of tokens and of scores, prompt by prompt."""
    return [list(zip(s, v, strict=True)) for s, v in zip(sequences, scores, strict=True)]


def one_prompt(found, alpha):
    """One prompt's beams as [[tokens, score], ...]."""
    fields = named_fields(found)
    if fields is not None:
        inner = next((fields[name] for name in BEAMS if name in fields), None)
        if inner is None:
            return [one_beam(found, alpha)]
        scores = fields.get("scores")
        found = inner if scores is None else zip(inner, scores, strict=True)
    return [one_beam(beam, alpha) for beam in found]


def one_beam(beam, alpha):
    """[tokens, score] of a beam: by name where it has names, else the list and the number."""
    fields = named_fields(beam)
    if fields is None:
        tokens = next((part for part in beam if is_sequence(part)), None)
        numbers = sorted((part for part in beam if is_number(part)), key=is_whole)
        score = numbers[0] if numbers else None  # the first that is no count or rank
    else:
        by_name = (fields.get(name) for name in TOKENS)
        tokens = next((v for v in (*by_name, *fields.values()) if is_sequence(v)), None)
        scores = (told(fields[name], alpha) for name in SCORES if name in fields)
        score = next((value for value in scores if is_number(value)), None)
    return [None if tokens is None else [plain(t) for t in tokens], plain(score)]


def told(value, alpha):
    """A score that is there, or that a method gives, of alpha if it takes one argument."""
    if not callable(value):
        return value
    return value(alpha) if inspect.signature(value).parameters else value()


def named_fields(item):
    """A mapping, named tuple, data class or simple object as a dict, methods included."""
    if isinstance(item, dict):
        return item
    if isinstance(item, list) or not written_in_python(type(item)):
        return None
    own = (*getattr(item, "_fields", ()), *getattr(item, "__dict__", ()))
    names = (*own, *TOKENS, *SCORES, *BEAMS)
    return {name: getattr(item, name) for name in dict.fromkeys(names) if hasattr(item, name)}


def is_sequence(value):
    """Whether this could be tokens."""
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)


def is_number(value):
    """Whether this could be a score; flags and arrays of more than one number could not."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def is_whole(value):
    """Whether a number is an integer by type."""
    return isinstance(value, (int, np.integer))


def plain(value):
    """A number as Python has it; anything else as a short description."""
    if is_number(value):
        value = np.asarray(value).item()
        return value if isinstance(value, (int, float)) else repr(value)[:100]
    return None if value is None else repr(value)[:100]
