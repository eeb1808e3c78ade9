"""Reach the roles of challenge.yaml in an output that offers classes, or functions of its own shape.

Nothing here knows a model or a file. Pieces are found by what they take: a cache is a class with a
method that takes keys and values; attention is a callable that takes a query (or hidden states and
four weights) with a cache or with keys and values; a decoder is a class that takes a number of
layers and steps. Parameters are recognised by name (SLOTS). How arrays are laid out is found out by
trying: one token is written and read back, and one token's attention must be its own value, because
its softmax has one term. That is all that is assumed of an answer here.

Sizes are unlike each other when trying (2 rows, 3 heads, 5 wide, 7 layers), so that the axes of a
result can be told by their lengths. What cannot be expressed raises NotTestable with the reason.
"""

import ast
import enum
import functools
import inspect
import itertools
import re
from pathlib import Path
from types import ModuleType

import numpy as np

EXPORTS = {"*[Cc]ache*": ()}

BESIDE = re.compile(r"(^|[_/])(tests?|demos?|bench(mark)?s?|examples?|plots?|profil\w*)([_./]|$)")
MAKES = re.compile(r"^(create|make|init|new|alloc|allocate|build|empty)_?.*(cache|kv)")
WRITES = re.compile(r"^_?(update|append|write|add|put|store|push|insert|extend|set|cache)")
OPENS = re.compile(r"^(allocate|add|register|create|new|start|open|init)_?(seq|sequence|request|slot)$")
READS = re.compile(r"^_?(get|read|fetch|gather|view|retrieve|lookup|full|dequant|slice|as_)")
LENGTHS = re.compile(r"len|pos|count|num_tokens|filled|offset|size")
MEMORY = re.compile(r"bytes|memory|footprint|mem_")
ATTENDS = re.compile(r"att(n|en|d)|forward|step|decode|prefill|__call__|mha|sdpa")
NOT_ATTENTION = re.compile(
    r"(^|_)(ref|reference|naive|full|recompute|no_?cache|without|uncached|project|split|make|bench|test|demo|flops|loop)"
)
DECODERS = re.compile(r"decoder|transformer|model|lm$|gpt|generat", re.I)
NOT_DECODERS = re.compile(r"config|block$|layer$|cost|memory|analy|profil|attention$|cache$|tensor", re.I)
STEPS = ("forward_step", "decode_step", "step", "decode", "forward_incremental", "forward", "__call__")
PREFILLS = ("prefill", "process_prompt", "encode_prompt", "forward_prefill")
GENERATES = re.compile(r"^(generate|greedy|decode_greedy|run_generation)")

SLOTS = {
    "batch_size": "batchsize batch maxbatch maxbatchsize bsz b numsequences numseqs maxseqs nseqs maxsequences",
    "max_seq_len": "maxseqlen maxlen maxlength maxseq maxseqlength capacity maxtokens contextlength maxcontext "
    "maxpositions maxpositionembeddings maxcachelen nctx seqlen maxsequencelength maxtokensperseq",
    "num_heads": "numheads nheads heads nhead numattentionheads nh h numkvheads nkvheads kvheads numkeyvalueheads "
    "numqheads numqueryheads nkv",
    "head_dim": "headdim dhead dimhead dk dv headsize dh d headwidth",
    "width": "dmodel embeddim hiddensize hiddendim modeldim nembd embeddingdim width dim embedsize dimmodel",
    "num_layers": "numlayers nlayers layers nlayer depth",
    "vocab_size": "vocabsize vocab nvocab",
    "feed_forward": "dff ffndim intermediatesize ffdim mlpdim ffhidden dffn hiddenff mlphidden",
    "dtype": "dtype datatype",
    "item_size": "dtypebytes bytesperelement elementsize itemsize bytesperelem elemsize bytesperparam dtypesize",
    "block_size": "blocksize pagesize tokensperblock tokensperpage blocklen",
    "num_blocks": "numblocks numpages maxblocks nblocks totalblocks poolsize totalpages maxpages npages maxnumblocks",
    "bits": "bits nbits numbits",
    "scale": "scale softmaxscale sm_scale scalefactor",
    "layer": "layer layeridx layerindex layerid l li il ilayer",
    "row": "row batchidx batchindex batchid seqid seqidx sequenceid sequenceidx slot requestid bi rowidx seq sid",
    "head": "head headidx headindex hi",
    "position": "pos position startpos currentpos curpos offset tokenpos cacheposition seqpos start timestep t "
    "startposition currentposition step stepidx pastlen cachelen posoffset",
    "positions": "positions seqpositions positionids startpositions cachepositions tokenpositions",
    "first": "startidx begin from",
    "length": "end length endpos stop upto endidx validlen tokens numtokens currentlen ntokens curlen seqlength",
    "new_lengths": "newlengths newlens inputlengths numnew newseqlens promptlengths promptlens",
    "lengths": "lengths seqlens seqlengths sequencelengths validlengths validlens lens contextlens kvlens cachelens "
    "cachelengths kvlengths contextlengths actuallengths",
    "k": "k key keys knew newk keynew newkey newkeys kt keystates kheads kvec kcur keysnew ktoken keyvec kstep",
    "v": "v value values vnew newv valuenew newvalue newvalues vt valuestates vheads vvec vcur valuesnew vtoken "
    "valuevec val vals vstep",
    "held_k": "kcache cachedk keycache cachek cachedkeys keyscache kall allkeys kfull kpast",
    "held_v": "vcache cachedv valuecache cachev cachedvalues valuescache vall allvalues vfull vpast",
    "q": "q query queries qt qheads qvec qcur qstep querystates",
    "x": "x xnew xt hidden hiddenstates hiddenstate inputs h_new newx qnew tokenembedding embedding embeddings "
    "xstep newhidden inputtensor inp tokenemb newembedding newtokens xs xin",
    "w_q": "wq qproj qweight weightq", "w_k": "wk kproj kweight weightk",
    "w_v": "wv vproj vweight weightv", "w_o": "wo oproj outproj oweight weighto wout",
    "weights": "weights params parameters w layerweights attnweights parms weight",
    "cache": "cache kvcache layercache past pastkv pastkeyvalue pastkvs cachestate state kv store",
    "caches": "caches kvcaches layercaches pastkeyvalues",
    "causal": "causal iscausal usecausal causalmask usecausalmask applycausalmask",
    "mask": "mask attentionmask attnmask",
    "config": "config cfg cacheconfig modelconfig args hparams configuration settings",
    "model": "model decoder transformer lm",
    "tokens": "tokens tokenids ids inputids token tokenid promptids prompt prompttokens prompttokenids promptids "
    "prompts inputtokens",
    "new_tokens": "maxnewtokens numtokens numnewtokens ntokens nnew steps numsteps maxtokens nsteps ngenerate "
    "maxgenlen newtokens genlen numgenerate",
    "temperature": "temperature temp",
    "seed": "seed randomseed",
    "rng": "rng generator randomstate",
    "greedy": "greedy", "do_sample": "dosample sample sampling", "top_k": "topk",
}  # fmt: skip
WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
TRY = {"batch_size": 2, "max_seq_len": 11, "num_heads": 3, "head_dim": 5, "num_layers": 7, "block_size": 4}
PLACES = {"k", "v", "layer", "row", "head", "cache", "num_layers"}
INDEXES = {"batch_size": "row", "num_heads": "head", "num_layers": "layer"}
AXES = {2: "b", 3: "h", 5: "d", 7: "l", 15: "D"}
NAME_OF = {alias.replace("_", ""): slot for slot, text in SLOTS.items() for alias in text.split()}


class NotTestable(Exception):
    """A property that this interface cannot express; the text says why."""


# ---- calling what takes parameters of unknown names --------------------------------------------


def slot(name):
    """What a parameter or attribute stands for, by its name; None if unknown."""
    return NAME_OF.get(name.replace("_", "").lower())


def parameters(function):
    """Parameter name -> inspect.Parameter, without self; empty where there is no signature."""
    return _parameters(getattr(function, "__func__", function))


@functools.cache
def _parameters(function):
    try:
        return {n: p for n, p in inspect.signature(function).parameters.items() if n != "self"}
    except (TypeError, ValueError):
        return {}


def slots(function):
    """The set of slots that a callable's parameters stand for."""
    return {slot(name) for name in parameters(function)} - {None}


def indexes(function):
    """The same for a method of a cache, where `batch`, `h` and the like are indexes, not sizes."""
    return {INDEXES.get(name, name) for name in slots(function)}


def fill(function, known, pieces=None, bare=False):
    """Keyword arguments for a callable from what is known by slot. Raises NotTestable.

    bare: leave defaults alone, but for what says where in a cache something is.
    """
    given = {}
    for name, parameter in parameters(function).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        stands_for = slot(name)
        if bare and parameter.default is not parameter.empty and stands_for not in PLACES:
            continue
        if stands_for in known:
            given[name] = known[stands_for]
        elif stands_for == "config" and pieces:
            given[name] = pieces.config(parameter, known)
        elif parameter.default is parameter.empty:
            given[name] = member_of(parameter, pieces)
    return given


def member_of(parameter, pieces):
    """The first member, for a parameter annotated with one of the output's enumerations."""
    annotation = parameter.annotation
    kind = pieces.classes.get(annotation) if pieces and isinstance(annotation, str) else annotation
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    raise NotTestable(f"no known meaning for the parameter {parameter.name}")


def call(function, known, pieces=None, bare=False):
    """Call with every parameter that is known by slot; see fill."""
    given = fill(function, known, pieces, bare)
    positional = [p.name for p in parameters(function).values() if p.kind is p.POSITIONAL_ONLY]
    return function(*(given.pop(name) for name in positional if name in given), **given)


class Pieces:
    """Every class and function that the output's files define, tests and demonstrations left out."""

    def __init__(self, module, load):
        self.modules = [module]
        folder = Path(module.__file__).parent
        for file in sorted(folder.rglob("*.py")):
            relative = str(file.relative_to(folder))
            if file != Path(module.__file__) and not BESIDE.search(relative.lower()) and relevant(file):
                try:
                    self.modules.append(load(relative))
                except Exception:  # a sibling that does not import offers nothing
                    continue
        own = {m.__name__ for m in self.modules}
        everything = [item for m in self.modules for item in vars(m).items()]
        mine = [(name, o) for name, o in everything if getattr(o, "__module__", None) in own]
        self.classes = {name: o for name, o in mine if inspect.isclass(o)}
        self.functions = {name: o for name, o in mine if inspect.isfunction(o)}

    def config(self, parameter, known):
        """A configuration object: of the annotated class, or of any whose fields are all known."""
        annotation = parameter.annotation
        wanted = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
        names = [n for n in self.classes if n == wanted.strip("'\"")]
        names += [n for n in self.classes if "config" in n.lower() or n.endswith("Args")]
        for name in names:
            try:
                return call(self.classes[name], known, self)
            except NotTestable:
                continue
        raise NotTestable(f"no configuration class for the parameter {parameter.name}")

    def plain(self, thing):
        """Whether the module that defines a thing works without NumPy, on lists."""
        source = next((m for m in self.modules if m.__name__ == thing.__module__), None)
        return source is not None and not any(isinstance(o, ModuleType) and o.__name__ == "numpy" for o in vars(source).values())


def relevant(file):
    """Whether a file defines anything with a cache, attention or decoding in its name."""
    try:
        tree = ast.parse(file.read_text(errors="replace"))
    except (SyntaxError, ValueError):
        return False
    named = [n.name for n in tree.body if isinstance(n, (ast.ClassDef, ast.FunctionDef))]
    return any(re.search(r"cache|att(en|n)|decod|generat|transformer|model", n, re.I) for n in named)


def settings(config, dtype=np.float64):
    """Known constructor arguments for a configuration of the challenge."""
    per_row = -(-config["max_seq_len"] // config.get("block_size", 16))
    return {
        **config,
        "width": config["num_heads"] * config["head_dim"],
        "feed_forward": 2 * config["num_heads"] * config["head_dim"],
        "dtype": np.dtype(dtype).type,
        "item_size": np.dtype(dtype).itemsize,
        "block_size": config.get("block_size", 16),
        "num_blocks": per_row * config["batch_size"] * config["num_layers"],
        "bits": 8,
        "seed": 0,
        "rng": np.random.default_rng(0),
    }


# ---- arrays of unknown layout ------------------------------------------------------------------

LAYOUTS = ("bhtd", "bthd", "bhd", "btD", "bD")
ROW_LAYOUTS = ("htd", "thd", "hd", "tD", "D")
HEAD_LAYOUTS = ("td", "d")


def laid_out(array, layout, row=None, head=None):
    """(B, H, T, d) in another layout; without t for a single token, D for the heads merged."""
    axes = "bhtd"
    for axis, index in (("b", row), ("h", head)):
        if axis not in layout and not (axis == "h" and "D" in layout):
            array, axes = array.take(index, axes.index(axis)), axes.replace(axis, "")
    if "t" not in layout:
        array, axes = array.take(0, axes.index("t")), axes.replace("t", "")
    order = layout.replace("D", "hd")
    array = array.transpose([axes.index(axis) for axis in order])
    return array.reshape(*array.shape[:-2], -1) if "D" in layout else array


def axes_of(shape):
    """The layout of a result, told by the sizes used when trying; None if it cannot be told."""
    named = "".join(AXES.get(size, "t") for size in shape)
    fine = len(set(named)) == len(named) and ("d" in named or "D" in named)
    return named if fine else None


def restored(array, layout, heads):
    """A result back as (B, H, T, d), or without b where the layout has none."""
    array = np.asarray(array)
    if "D" in layout:
        at = layout.index("D")
        array = array.reshape(*array.shape[:at], heads, -1, *array.shape[at + 1 :])
        layout = layout.replace("D", "hd")
    for missing in "ht":
        if missing not in layout:
            array, layout = array[None], missing + layout
    order = [layout.index(axis) for axis in "bhtd" if axis in layout]
    return array.transpose(order)


def arrays_in(result):
    """The numeric arrays in what was returned: the result itself, or the items of a container."""
    if isinstance(result, dict):
        result = list(result.values())
    whole = None if isinstance(result, tuple) else array_of(result)
    if whole is None and isinstance(result, (tuple, list)):
        return [a for a in map(array_of, result) if a is not None]
    return [] if whole is None else [whole]


def array_of(value):
    """The value as a floating array of one axis or more, or None."""
    try:
        found = np.asarray(value)
    except ValueError:
        return None
    return found if found.dtype.kind in "fiu" and found.ndim else None


# ---- a cache class -----------------------------------------------------------------------------


class Held:
    """A cache without a class: what functions make, take and return, kept under `state`."""

    ours = False

    def hold(self, state):
        """Keep a state; the items of a dictionary, or of a pair, are attributes too."""
        self.state = state
        if isinstance(state, dict):
            self.__dict__.update({str(name): value for name, value in state.items()})
        elif isinstance(state, tuple) and len(state) == 2:
            self.k, self.v = state


class Past(Held):
    """The tuple of past keys and values that attention takes and returns; None before the first."""

    ours = True

    def __init__(self):
        self.state = None

    def append(self, k, v):
        """(B, H, T, d): our own code, used to see what attention does; it is not judged."""
        if self.state is not None:
            k, v = (np.concatenate(pair, axis=2) for pair in zip(self.state, (k, v)))
        self.hold((np.array(k), np.array(v)))


def state_of(owner):
    """What the output's own functions take for a cache."""
    return owner.state if isinstance(owner, Held) else owner


def classes_of_functions(pieces):
    """A class for each function that makes a cache, its methods the functions that take a cache."""
    takers = {n: f for n, f in pieces.functions.items() if "cache" in slots(f)}
    for name, maker in pieces.functions.items():
        if MAKES.search(name.lower()) and "cache" not in slots(maker):
            body = {n: method_of(f) for n, f in takers.items()}
            body |= {"__init__": maker_of(maker), "__module__": maker.__module__}
            body["__signature__"] = inspect.signature(maker)
            yield name, type(name, (Held,), body)
    if any(not required(f, "cache") and {"x", "q"} & slots(f) for f in takers.values()):
        yield "past", Past


def maker_of(function):
    """An __init__ that holds what a function makes."""

    def __init__(self, **given):
        self.hold(function(**given))

    return __init__


def method_of(function):
    """A function of a cache as a method; a writer may return the new state."""
    cache = next(name for name in parameters(function) if slot(name) == "cache")

    def method(self, **given):
        result = function(**{cache: self.state}, **given)
        writes = {"k", "v"} <= slots(function)
        self.hold(result if writes and type(result) is type(self.state) else self.state)
        return result

    method.__name__ = method.__qualname__ = function.__name__
    signature = inspect.signature(function)
    method.__signature__ = signature.replace(
        parameters=[p for name, p in signature.parameters.items() if name != cache]
    )
    return method


class Weights(dict):
    """Four matrices under whatever names the output uses for them."""

    def __missing__(self, name):
        if slot(str(name)) in self:
            return self[slot(str(name))]
        raise KeyError(name)

    def __getattr__(self, name):
        return self[name]


class CacheUse:
    """How to use one cache class: which method writes and reads, in which layout, per row or not."""

    def __init__(self, kind, pieces):
        self.kind, self.pieces = kind, pieces
        self.constructor = slots(kind) | self._config_slots()
        self.layered = "num_layers" in self.constructor
        self.writer = self.layout = self.reader = self.read_layout = None
        self.lists = self.per_row_objects = self.padded = False
        self.many = self.bare = self.totals = False
        self.exact = -1.0

    def _config_slots(self):
        """Slots of the configuration object that the constructor takes, if any."""
        for parameter in parameters(self.kind).values():
            if slot(parameter.name) == "config":
                try:
                    known = settings(TRY)
                    return slots(type(self.pieces.config(parameter, known)))
                except NotTestable:
                    pass
        return set()

    def calibrate(self):
        """Find a way to write one token and read it back; the way that returns it exactly wins."""
        token = np.random.default_rng(0).standard_normal((2, 2, 3, 1, 5)) + 3.0
        writers = [n for n, m in methods(self.kind) if WRITES.search(n) and {"k", "v"} <= slots(m)]
        for writer in writers:
            for option in self._options(writer):
                self._try(option, token)
                if self.exact >= 1.0:
                    break
        if self.writer is None or (self.exact < 1.0 and not lossy(self.kind)):
            raise NotTestable(f"{self.kind.__name__}: no way to write a token and read it back")
        self.many = self._takes_many()
        self.totals = "lengths" in slots(getattr(self.kind, self.writer)) and not self._appends(False)
        return self

    def _appends(self, totals):
        """Whether a second token lands after the first when lengths mean new (or total) tokens."""
        self.totals = totals
        tokens = np.random.default_rng(5).standard_normal((2, 2, 3, 2, 5))
        try:
            cache = Cache(self, TRY, np.float64)
            for t in range(2):
                cache.write(0, *tokens[:, :, :, t : t + 1], None)
            return np.allclose(cache.read(0, 1)[0], tokens[0, 1], atol=0.2)
        except Exception:
            return False

    def _options(self, writer):
        taken = indexes(getattr(self.kind, writer))
        forms = [(LAYOUTS, False)]
        if "head" in taken:
            forms = [(HEAD_LAYOUTS, "row" not in taken and "batch_size" not in self.constructor)]
        elif "row" in taken:
            forms.insert(0, (ROW_LAYOUTS, False))
        elif "batch_size" not in self.constructor:
            forms.append((ROW_LAYOUTS, True))
        for bare in (False, True):
            for layouts, per_row in forms:
                for layout in layouts:
                    for lists in (True, False) if self.pieces.plain(self.kind) else (False, True):
                        yield writer, layout, lists, per_row, bare

    def _try(self, option, token):
        saved = dict(vars(self))
        self.writer, self.layout, self.lists, self.per_row_objects, self.bare = option
        for reader in [*self._readers(), None]:
            self.reader, self.read_layout, self.padded = reader, None, False
            try:
                cache = Cache(self, TRY, np.float64)
                cache.write(0, *token, None)
                found = self._read_layout(cache)
                if found is None:
                    continue
                exact = np.mean([
                    np.allclose(k, t[row], atol=0.2) and np.allclose(v, u[row], atol=0.2)
                    for row in range(2)
                    for (k, v), (t, u) in [(cache.read(0, row), token)]
                ])  # fmt: skip
            except Exception:  # noqa: S112 - a way that fails is not the way
                continue
            if exact > saved["exact"]:
                self.exact = float(exact)
                return
        self.__dict__.update(saved)

    def _readers(self):
        """Methods that return both, pairs of methods and pairs of attributes, in this order."""
        names = [n for n, m in methods(self.kind) if READS.search(n) and not WRITES.search(n)]
        pairs = [(k, v) for k in names for v in names if pairs_up(k, v)]
        yield from (n for n in names if not any(n in pair for pair in pairs))
        yield from pairs
        yield "attributes"

    def _read_layout(self, cache):
        raw = cache.raw_read(0, 0)
        if raw is None:
            return None
        shape = np.shape(raw[0])
        named = axes_of(shape)
        if named is None or np.shape(raw[1]) != shape:
            return None
        self.read_layout = named
        self.padded = "t" in named and shape[named.index("t")] != 1
        return named

    def _takes_many(self):
        """Whether the layout has a token axis and the writer accepts more than one token."""
        if "t" not in self.layout:
            return False
        self.many = True
        block = np.random.default_rng(1).standard_normal((2, 2, 3, 4, 5))
        try:
            cache = Cache(self, TRY, np.float64)
            cache.write(0, *block, None)
            return cache.read(0, 1)[0].shape == (3, 4, 5)
        except Exception:
            return False


def lossy(kind):
    """Whether a cache stores fewer bits than it is given, by its name."""
    return bool(re.search("quant|int8|int4|8bit|compress", kind.__name__.lower()))


def methods(kind):
    """Public and dunder methods of a class, in order of definition, inherited ones after."""
    seen = {}
    for owner in inspect.getmro(kind)[:-1]:
        for name, value in vars(owner).items():
            if inspect.isfunction(value) and name not in ("__init__", "__post_init__", "__repr__"):
                seen.setdefault(name, value)
    return list(seen.items())


def pairs_up(k, v):
    """Whether two names differ only in key against value."""
    swapped = re.sub("keys", "values", k) if "keys" in k else re.sub("key", "value", k)
    return k != v and (swapped == v or re.sub(r"(^|_)k(_|$)", r"\1v\2", k) == v)


class Cache:
    """One cache as the challenge means it, over one or several of the output's objects."""

    def __init__(self, use, config, dtype):
        self.use, self.config = use, config
        known = settings(config, dtype)
        rows = config["batch_size"] if use.per_row_objects else 1
        if use.per_row_objects:
            known["batch_size"] = 1
        layers = 1 if use.layered else config["num_layers"]
        if not use.layered:
            known["num_blocks"] //= layers
        self.objects = [[call(use.kind, known, use.pieces) for _ in range(rows)] for _ in range(layers)]
        self.counts = np.zeros((config["num_layers"], config["batch_size"]), dtype=np.int64)
        self.returned = {}
        self.rows = [self._open_row(row) for row in range(config["batch_size"])]

    def _open_row(self, row):
        """What the output calls a row: its number, or what a method that opens a sequence returns."""
        names = [n for n, _ in methods(self.use.kind) if OPENS.search(n)]
        for owner in [self.object(layer, row) for layer in range(len(self.objects))] if names else []:
            made = call(getattr(owner, names[0]), {"row": row, "batch_size": row}, self.use.pieces)
            row = made if isinstance(made, (int, np.integer)) and made is not None else row
        return row

    def object(self, layer, row=0):
        """The output's object that holds this layer and row."""
        rows = self.objects[0 if self.use.layered else layer]
        return rows[row if self.use.per_row_objects else 0]

    def write(self, layer, k, v, lengths):
        """Append k, v (B, H, T, d); `lengths` says how many tokens are real in each row, None all."""
        new = np.full(k.shape[0], k.shape[2]) if lengths is None else np.asarray(lengths)
        taken = slots(getattr(self.use.kind, self.use.writer))
        if "b" not in self.use.layout:
            for row, count in enumerate(new):
                self._write_rows(layer, k[:, :, :count], v[:, :, :count], row)
        elif (new == new[0]).all():
            self._write_rows(layer, k[:, :, : new[0]], v[:, :, : new[0]], None)
        elif {"lengths", "new_lengths"} & taken:
            self._call_writer(layer, k, v, None, None, new)
            self.counts[layer] += new
        else:
            raise NotTestable("its write takes one length for the whole batch")

    def _write_rows(self, layer, k, v, row):
        pieces = [(k, v)] if self.use.many and k.shape[2] else [
            (k[:, :, t : t + 1], v[:, :, t : t + 1]) for t in range(k.shape[2])
        ]  # fmt: skip
        for some_k, some_v in pieces:
            heads = range(k.shape[1]) if self.use.layout in HEAD_LAYOUTS else [None]
            for head in heads:
                self._call_writer(layer, some_k, some_v, row, head, np.full(k.shape[0], some_k.shape[2]))
            rows = slice(None) if row is None else row
            self.counts[layer, rows] += some_k.shape[2]

    def _call_writer(self, layer, k, v, row, head, new):
        owner = self.object(layer, row or 0)
        k, v = (laid_out(part, self.use.layout, row, head).copy() for part in (k, v))
        if self.use.lists:
            k, v = k.tolist(), v.tolist()
        at = int(self.counts[layer, row or 0])
        row = row if row is None else self.rows[row]
        known = {
            "k": k, "v": v, "layer": layer, "row": row, "head": head, "position": at,
            "positions": self.counts[layer].copy(), "new_lengths": new,
            "lengths": new + self.counts[layer] if self.use.totals else new,
            "batch_size": row, "num_heads": head, "num_layers": layer,
        }  # fmt: skip
        bare = self.use.bare and (new == new[0]).all()
        self.returned[layer, row if "b" not in self.use.layout else None] = call(
            getattr(owner, self.use.writer), known, self.use.pieces, bare
        )

    def raw_read(self, layer, row):
        """What the output's reader returns for keys and values, arrays or lists; None if neither."""
        owner, reader = self.object(layer, row), self.use.reader
        name = self.rows[row]
        known = {
            "layer": layer, "row": name, "first": 0, "position": 0, "length": int(self.counts[layer, row]),
            "lengths": self.counts[layer].copy(), "batch_size": name, "num_layers": layer,
            "new_tokens": int(self.counts[layer, row]), "tokens": int(self.counts[layer, row]),
        }  # fmt: skip
        if reader is None:
            pair = self.returned.get((layer, row if "b" not in self.use.layout else None))
        elif reader == "attributes":
            pair = attribute_pair(owner, layer, self.config["num_layers"] if self.use.layered else 0)
        elif isinstance(reader, tuple):
            pair = [call(getattr(owner, name), known, self.use.pieces) for name in reader]
        elif "head" in indexes(getattr(self.use.kind, reader)):
            heads = range(self.config["num_heads"])
            told = [{**known, "head": h, "num_heads": h} for h in heads]
            parts = [call(getattr(owner, reader), one, self.use.pieces) for one in told]
            pair = [np.array([part[i] for part in parts]) for i in (0, 1)]
        else:
            pair = call(getattr(owner, reader), known, self.use.pieces)
        if isinstance(pair, dict):
            pair = list(pair.values())
        return pair if isinstance(pair, (tuple, list)) and len(pair) >= 2 else None

    def read(self, layer, row):
        """Keys and values of one row, (H, length, d) each."""
        pair = self.raw_read(layer, row)
        if pair is None:
            raise NotTestable("what it holds cannot be read back")
        return tuple(self._row_of(part, layer, row) for part in pair[:2])

    def _row_of(self, value, layer, row):
        layout = self.use.read_layout or axes_of(np.shape(value))
        if layout.startswith("b") and isinstance(value, list):
            value, layout = value[row], layout[1:]
        array = np.asarray(value)
        for axis, index in (("l", layer), ("b", row)):
            if axis in layout:
                array, layout = array.take(index, layout.index(axis)), layout.replace(axis, "")
        array = restored(array, layout, self.config["num_heads"])
        mine = int(self.counts[layer, row])
        longest = int(self.counts[layer].max())
        return array[:, :mine] if self.use.padded or array.shape[1] == longest else array

    def lengths(self):
        """The lengths that the output reports for layer 0, (B,). Raises NotTestable."""
        if not self.use.per_row_objects:
            return self._told(self.object(0), None)
        return np.array([self._told(self.object(0, row), row) for row in range(len(self.objects[0]))])

    def _told(self, owner, row):
        for name in length_names(owner):
            found = told_by(owner, name, self.rows[row or 0], self.use.pieces)
            rows = per_row(owner, name) and self.config["batch_size"] > 1 and row is None
            if rows and found is not None:
                every = range(self.config["batch_size"])
                found = np.array([told_by(owner, name, self.rows[r], self.use.pieces) for r in every])
            if found is not None:
                found = np.asarray(found)
                return found[0] if found.ndim == 2 else found
        raise NotTestable("it reports no length")

    def bytes(self):
        """The bytes that the output reports, over all its objects. Raises NotTestable."""
        return sum(reported_bytes(owner, self.use.pieces) for rows in self.objects for owner in rows)


def attribute_pair(owner, layer, layers):
    """The key store and the value store among an object's attributes, or None.

    layers: how many layers the object holds; a list of as many holds one store each.
    """
    found = {}
    for name, value in vars(owner).items():
        stands_for = slot(name.strip("_"))
        if isinstance(value, list) and layers and len(value) == layers:
            value = value[layer]
        if stands_for in ("k", "held_k", "v", "held_v") and array_of(value) is not None:
            found.setdefault(stands_for[-1], value)
    return [found["k"], found["v"]] if len(found) == 2 else None


def length_names(owner):
    """Attributes and methods that may tell the length, the likeliest first."""
    names = [n for n in dir(owner) if LENGTHS.search(n.lower()) and not n.startswith("__")]
    bad = re.compile(r"max|size_|bytes|block|page|_size|mem|capacity|set_|advance|reset|update|new|free|head")
    likely = [n for n in names if not bad.search(n.lower())]
    order = sorted(likely, key=lambda n: ("len" not in n.lower(), n.startswith("_"), n))
    return [*order, *(["__len__"] if hasattr(type(owner), "__len__") else [])]


def per_row(owner, name):
    """Whether a method tells the length of one row at a time."""
    value = getattr(owner, name)
    return callable(value) and "row" in indexes(value)


def told_by(owner, name, row, pieces):
    """A length told by an attribute or a method for the first layer and a row, or None."""
    known = {"layer": 0, "row": row, "num_layers": 0, "batch_size": row}
    try:
        value = getattr(owner, name)
        value = call(value, known, pieces) if callable(value) else value
        found = np.asarray(value)
    except Exception:
        return None
    return found if found.dtype.kind in "iu" and found.ndim <= 2 else None


def reported_bytes(owner, pieces):
    """A number of bytes; units of megabytes and the like are told by the name."""
    for name in sorted(dir(owner), key=lambda n: ("bytes" not in n, "alloc" not in n, "total" not in n, n)):
        if name.startswith("_") or not MEMORY.search(name) or re.search("per_|elem|format|dtype|peak|bandw", name):
            continue
        try:
            value = getattr(owner, name)
            value = call(value, {}, pieces) if callable(value) else value
        except Exception:
            continue
        if isinstance(value, dict):
            keys = sorted((k for k in value if is_number(value[k])), key=lambda k: (
                not MEMORY.search(str(k)), "alloc" not in str(k), "total" not in str(k)))  # fmt: skip
            name, value = (f"{name}_{keys[0]}", value[keys[0]]) if keys else (name, None)
        if is_number(value):
            unit = re.search(r"(^|_)(kb|mb|gb|kib|mib|gib)(_|$)", name.lower())
            return float(value) * ({"k": 2**10, "m": 2**20, "g": 2**30}[unit[2][0]] if unit else 1)
    raise NotTestable("it reports no memory")


def is_number(value):
    """A plain or NumPy number, not a truth value."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


# ---- attention ---------------------------------------------------------------------------------

MASKS = {
    "": None,
    "keep": lambda new, total: np.tri(new, total, total - new, dtype=bool),
    "hide": lambda new, total: ~np.tri(new, total, total - new, dtype=bool),
    "add": lambda new, total: np.where(np.tri(new, total, total - new) > 0, 0.0, -1e30),
}


class AttentionUse:
    """How to call one attention function or method over caches of one class."""

    def __init__(self, function, owner, use, pieces):
        self.function, self.owner, self.use, self.pieces = function, owner, use, pieces
        self.slots = slots(function)
        self.name = function.__qualname__
        self.layout, self.lists, self.update, self.turned = "btD", False, "self", False
        self.out_layout, self.mask, self.mask_many, self.many, self.bare = None, "", "", False, False
        self.causal, self.steps, self.prefill = False, False, None
        self.projects = bool({"weights"} & self.slots) or {"w_q", "w_k", "w_v"} <= self.slots or (owner is not None and self._has_weights())

    def possible(self):
        """Whether its parameters name a query or hidden states, and something to attend over."""
        asks = bool({"q", "x"} & self.slots)
        over = {"cache"} <= self.slots or {"k", "v"} <= self.slots or {"held_k", "held_v"} <= self.slots
        return asks and (over or (self.projects and self._own_cache() is not None))

    def _has_weights(self):
        try:
            return len(weights_of(self.instance(TRY, np.float64))) == 4
        except Exception:
            return False

    def _own_cache(self):
        try:
            return own_cache(self.instance(TRY, np.float64), self.use.kind)
        except Exception:
            return None

    def instance(self, config, dtype, layer=0):
        """A fresh object whose method this is; None for a function."""
        if self.owner is None:
            return None
        known = {**settings(config, dtype), "num_layers": 1, "causal": True, "layer": layer}
        if "cache" in slots(self.owner):
            known["cache"] = Cache(self.use, config, dtype).object(0)
        return call(self.owner, known, self.pieces)

    def calibrate(self):
        """Find a way to call it such that one token attends to itself. Raises NotTestable."""
        draw = np.random.default_rng(2)
        x = draw.standard_normal((2, 1, 15)) + 0.5
        weights = [draw.standard_normal((15, 15)) for _ in WEIGHTS]
        layouts = ("btD", "bD", "tD", "D") if self.projects else (*LAYOUTS, *ROW_LAYOUTS)
        plain = self.pieces.plain(self.owner or self.function)
        ways = itertools.product(
            (False, True),
            ("self", "before", "after"),
            layouts,
            (True, False) if plain else (False, True),
            (False, True) if self.projects else (False,),
            MASKS if "mask" in self.slots else ("",),
        )
        second_best = None
        for way in ways:
            self.bare, self.update, self.layout, self.lists, self.turned, self.mask = way
            if not self._works(x, weights):
                continue
            self.steps = self._selects()
            if self.steps:
                break
            # It took our weights and cached the right token, so it is called as it is meant to be.
            second_best = second_best or (self.projects and self.update == "self" and way)
        else:
            if not second_best:
                raise NotTestable(f"{self.name}: no way to call it that gives one token its own value")
            self.bare, self.update, self.layout, self.lists, self.turned, self.mask = second_best
            self._works(x, weights)
        self._calibrate_many(draw, weights)
        return self

    def _selects(self):
        """Whether a query that fits one key only, a different one in each head, returns its value.

        Tells apart layouts that one token cannot. An output that fails it in every way is still
        used as far as one token goes: that is for the kernel tests to judge.
        """
        draw = np.random.default_rng(4)
        x = draw.standard_normal((2, 3, 15))
        x[:, :, :3] = np.eye(3)
        w_q, w_k = np.zeros((2, 15, 15))
        w_q[:3, ::5] = w_k[[0, 1, 2], [0, 5, 10]] = 100.0
        w_v, w_o = draw.standard_normal((2, 15, 15))
        v = x @ w_v
        wanted = np.concatenate([v[:, h, 5 * h : 5 * h + 5] for h in range(3)], axis=1) @ w_o
        try:
            cache = Cache(self.use, TRY, np.float64)
            for t in range(3):
                y = self.attend(cache, 0, x[:, t : t + 1], (w_q, w_k, w_v, w_o), None)
            return np.allclose(y[:, 0], wanted, rtol=1e-3, atol=1e-3)
        except Exception:
            return False

    def _works(self, x, weights):
        self.out_layout = None
        try:
            cache = Cache(self.use, TRY, np.float64)
            y = self.attend(cache, 0, x, weights, None)
            fits = y.shape == x.shape and np.allclose(y, x @ weights[2] @ weights[3], rtol=1e-3, atol=1e-3)
            if not fits or self.update != "self":
                return fits and counted_once(cache)
            kept = [split(x @ w, 3) for w in weights[1:3]]
            return all(
                np.allclose(part, wanted[row], atol=1e-3)
                for row in range(2)
                for part, wanted in zip(cache.read(0, row), kept)
            )
        except Exception:
            return False

    def _calibrate_many(self, draw, weights):
        """Whether several tokens can be given at once, and with which mask the first sees itself."""
        if "t" not in self.layout:
            return
        x = draw.standard_normal((2, 4, 15))
        first, self.many = (x @ weights[2] @ weights[3])[:, 0], True
        usable = []
        for self.mask_many in MASKS if "mask" in self.slots else [""]:
            try:
                y = self.attend(Cache(self.use, TRY, np.float64), 0, x, weights, None)
            except Exception:
                continue
            if y.shape == x.shape:
                usable.append((not np.allclose(y[:, 0], first, rtol=1e-3, atol=1e-3), self.mask_many))
        sees_later, self.mask_many = min(usable, key=lambda pair: pair[0], default=(True, ""))
        self.many, self.causal = bool(usable), not sees_later

    def attend(self, cache, layer, x, weights, lengths):
        """One layer: append the new tokens' keys and values and attend; x and result (B, T, D)."""
        new = np.full(x.shape[0], x.shape[1]) if lengths is None else np.asarray(lengths)
        heads = cache.config["num_heads"]
        if (new != x.shape[1]).any():
            if not (new == new[0]).all():
                return self._unequal(cache, layer, x, weights, new)
            y = np.zeros(x.shape)
            y[:, : new[0]] = self.attend(cache, layer, x[:, : new[0]], weights, None)
            return y
        if x.shape[1] > 1 and self.prefill and not cache.counts[layer].any():
            return self.prefill.attend(cache, layer, x, weights, lengths)
        if x.shape[1] > 1 and not self.many:
            raise NotTestable(f"{self.name} takes one token at a time")
        untold = self._stateless() and self.owner is None and not self.mask_many
        if x.shape[1] > 1 and untold and cache.counts[layer].any():
            raise NotTestable(f"{self.name} is not told which of the keys are new")
        if self.update == "before":
            cache.write(layer, split(x @ weights[1], heads), split(x @ weights[2], heads), None)
        if "b" in self.layout:
            y = self._call(cache, layer, x, weights, None)
        else:
            y = np.concatenate([self._call(cache, layer, x, weights, row) for row in range(x.shape[0])])
        if self.update == "after":
            cache.write(layer, split(x @ weights[1], heads), split(x @ weights[2], heads), None)
        elif self.update == "self":
            cache.counts[layer] += new
        return y

    def _unequal(self, cache, layer, x, weights, new):
        """Rows with unlike numbers of new tokens."""
        y = np.zeros(x.shape)
        rows_apart = "b" not in self.layout
        if rows_apart and self.update == "self":
            for row, count in enumerate(new):
                size = count if self.many else 1
                for t in range(0, count, max(size, 1)):
                    y[row, t : t + size] = self._call(cache, layer, x[:, t : t + size], weights, row)[0]
                    cache.counts[layer, row] += size
            return y
        if {"new_lengths"} & self.slots and self.update == "self":
            y = self._call(cache, layer, x, weights, None, new)
            cache.counts[layer] += new
            return y
        writes_rows = "b" not in self.use.layout or {"lengths", "new_lengths"} & slots(
            getattr(self.use.kind, self.use.writer)
        )
        if self.update != "before" or not (writes_rows or rows_apart):
            raise NotTestable(f"{self.name} and its cache take one length for the whole batch")
        if "lengths" not in self.slots and self._stateless() and not rows_apart:
            raise NotTestable(f"{self.name} has no way to say that rows have lengths of their own")
        heads = cache.config["num_heads"]
        for t in range(int(new.max())):
            now, token = (new > t).astype(np.int64), x[:, t : t + 1]
            cache.write(layer, split(token @ weights[1], heads), split(token @ weights[2], heads), now)
            some = [r for r in range(len(new)) if now[r]]
            if rows_apart:
                for row in some:
                    y[row, t] = self._call(cache, layer, token, weights, row)[0, 0]
            else:
                y[some, t] = self._call(cache, layer, token, weights, None)[some, 0]
        return y

    def _stateless(self):
        return "cache" not in self.slots

    def _call(self, cache, layer, x, weights, row, new=None):
        """Call it for all rows, or for one; hidden states (B or 1, T, D) come back."""
        target, function = None, self.function
        if self.owner is not None:
            target = self._object(cache, layer, row, weights)
            function = getattr(target, self.function.__name__)
        known = self._known(cache, layer, x, weights, row, new)
        result = call(function, known, self.pieces, self.bare)
        self._take_new_cache(cache, layer, row, result)
        batch, size, width = (x.shape[0] if row is None else 1), x.shape[1], x.shape[2]
        fitting = [a for a in arrays_in(result) if a.size == batch * size * width]
        if not fitting:
            raise NotTestable(f"{self.name} returns nothing of the size of its input")
        y = fitting[0]
        if self.projects:
            y = y.reshape(batch, size, width)
            return y if {"w_o", "weights"} & self.slots or self.owner is not None else y @ weights[3]
        y = self._from_heads(y, cache.config, batch).reshape(batch, size, width)
        return y @ weights[3]

    def _from_heads(self, y, config, batch):
        """The heads' results as (B, T, H, d), by the layout found when trying."""
        if self.out_layout is None:
            self.out_layout = axes_of(y.shape) or self.layout
        y = restored(y, self.out_layout, config["num_heads"])
        y = y[None] if "b" not in self.out_layout else y
        return y.transpose(0, 2, 1, 3)

    def _object(self, cache, layer, row, weights):
        """The object of this cache, layer and row, with the weights put into it."""
        key = (self.owner, layer, row)
        owned = cache.__dict__.setdefault("owned", {})
        if key not in owned:
            config = cache.config if row is None else {**cache.config, "batch_size": 1}
            owned[key] = self.instance(config, np.float64, layer)
            inner = own_cache(owned[key], self.use.kind)
            if inner is not None and "cache" not in self.slots and not self.use.layered:
                cache.objects[layer][row or 0 if self.use.per_row_objects else 0] = inner
        if self.projects:
            set_weights(owned[key], [w.T if self.turned else w for w in weights])
        return owned[key]

    def _known(self, cache, layer, x, weights, row, new):
        heads, total = cache.config["num_heads"], cache.counts[layer].copy()
        wrote = self.update == "before"
        after = total if wrote else total + (x.shape[1] if new is None else new)
        shaped = [w.T if self.turned else w for w in weights]
        if self.lists:
            shaped = [w.tolist() for w in shaped]
        at = int((after if row is None else after[row : row + 1]).max()) - x.shape[1]
        known = {
            **settings(cache.config), **dict(zip(WEIGHTS, shaped)), "layer": layer,
            "row": row if row is None else cache.rows[row], "weights": Weights(zip(WEIGHTS, shaped)),
            "cache": state_of(cache.object(layer, row or 0)), "caches": [state_of(o[0]) for o in cache.objects],
            "position": at, "positions": after - x.shape[1], "lengths": after if row is None else after[row],
            "new_lengths": np.full(x.shape[0], x.shape[1]) if new is None else new,
            "causal": True, "scale": 1 / np.sqrt(cache.config["head_dim"]), "length": at + x.shape[1],
        }  # fmt: skip
        option = self.mask_many if x.shape[1] > 1 else self.mask
        if option:
            known["mask"] = MASKS[option](x.shape[1], at + x.shape[1])
        elif "mask" in self.slots and required(self.function, "mask"):
            known["mask"] = None
        if self.projects:
            shape = laid_out(x.reshape(*x.shape[:2], 1, -1).transpose(0, 2, 1, 3), self.layout, row)
            inputs = {name: shape for name in ("x", "q", "k", "v")}
        else:
            inputs = self._heads(cache, layer, x, weights, row, heads)
        if self.lists:
            inputs = {name: value.tolist() for name, value in inputs.items()}
        return known | inputs

    def _heads(self, cache, layer, x, weights, row, heads):
        """Queries, and either the new keys and values or, without a cache, all that are held."""
        parts = [split(x @ w, heads) for w in weights[:3]]
        q, k, v = (laid_out(part, self.layout, row) for part in parts)
        if not self._stateless():
            return {"q": q, "x": q, "k": k, "v": v}
        rows = range(x.shape[0])
        pairs = [cache.read(layer, r) for r in rows]
        longest = max(part.shape[1] for pair in pairs for part in pair)
        held = np.zeros((2, x.shape[0], heads, longest, x.shape[2] // heads))
        for r, pair in enumerate(pairs):
            for i, part in enumerate(pair):
                held[i, r, :, : part.shape[1]] = part
        if row is not None:
            held = held[:, :, :, : int(cache.counts[layer, row])]
        layout = self.layout if "t" in self.layout else {"bhd": "bhtd", "hd": "htd", "bD": "btD", "D": "tD"}[self.layout]
        keys, values = (laid_out(part, layout, row) for part in held)
        return {"q": q, "x": q, "k": keys, "v": values, "held_k": keys, "held_v": values}

    def _take_new_cache(self, cache, layer, row, result):
        """Keep the cache that a function in functional style returns."""
        for item in result if isinstance(result, tuple) else ():
            owner = cache.object(layer, row or 0)
            if isinstance(item, self.use.kind):
                place = cache.objects[0 if self.use.layered else layer]
                place[row or 0 if self.use.per_row_objects else 0] = item
            elif isinstance(owner, Held) and isinstance(item, (dict, tuple)):
                owner.hold(item)


def split(x, heads):
    """(B, T, D) -> (B, H, T, d)."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def required(function, wanted):
    """Whether the parameter of this slot has no default."""
    return any(slot(n) == wanted and p.default is p.empty for n, p in parameters(function).items())


def counted_once(cache):
    """Whether the cache reports one token in every row, where it reports anything."""
    try:
        return bool((np.asarray(cache.lengths()) == 1).all())
    except NotTestable:
        return True


def own_cache(owner, kind):
    """The attribute of an object that is a cache of this class, or None."""
    return next((v for v in vars(owner).values() if isinstance(v, kind)), None)


def weights_of(owner):
    """Slot -> (object, attribute) of an attention object's four weight matrices."""
    found = {}
    for name, value in vars(owner).items():
        stands_for = slot(name.strip("_"))
        if stands_for not in WEIGHTS:
            continue
        inner = next((n for n in ("weight", "W", "w") if hasattr(value, n)), None)
        found[stands_for] = (value, inner) if inner else (owner, name)
    return found


def set_weights(owner, weights):
    """Put four matrices into an attention object, biases beside them to zero."""
    for (holder, name), value in zip((weights_of(owner)[w] for w in WEIGHTS), weights):
        old = getattr(holder, name)
        setattr(holder, name, value.tolist() if isinstance(old, list) else value)
    for name, value in vars(owner).items():
        if re.match(r"^_?b(ias)?_?[qkvo]$", name.lower()) and array_of(value) is not None:
            setattr(owner, name, np.zeros_like(value))


# ---- the output's own decoder ------------------------------------------------------------------


class DecoderUse:
    """The output's own decoder: how to make it, give it tokens, and let it generate."""

    def __init__(self, kind, use, pieces):
        self.kind, self.use, self.pieces = kind, use, pieces
        self.names = [n for n, _ in methods(kind)]
        self.step = next((n for n in STEPS if n in self.names), None)
        self.prefill = next((n for n in PREFILLS if n in self.names), None)
        self.generate = next((n for n in self.names if GENERATES.search(n)), None)

    def make(self, config):
        """A fresh decoder, its caches set up where it has a method for that."""
        model = call(self.kind, self._known(config), self.pieces)
        made = None
        for name in self.names:
            if re.match(r"^(init|setup|create|allocate|make|new)_?.*cache", name):
                made = call(getattr(model, name), self._known(config), self.pieces)
                break
        taken = slots(getattr(model, self.step or self.generate))
        if made is None and {"cache", "caches"} & taken and self.use:
            objects = [state_of(rows[0]) for rows in Cache(self.use, config, np.float64).objects]
            made = objects[0] if self.use.layered else objects
        return Decoder(self, model, made, config)

    def _known(self, config):
        known = {**settings(config, np.float64), "temperature": 1.0, "causal": True}
        wanted = [p for n, p in parameters(self.kind).items() if slot(n) == "model" and p.default is p.empty]
        if wanted:
            known["model"] = self._inner(config, known)
        if "cache" in slots(self.kind) and self.use:
            known["cache"] = Cache(self.use, config, np.float64).object(0)
        return known

    def _inner(self, config, known):
        """A model for a generator that takes one."""
        for name, kind in self.pieces.classes.items():
            if kind is not self.kind and DECODERS.search(name) and not NOT_DECODERS.search(name):
                if "model" not in slots(kind):
                    return call(kind, {k: v for k, v in known.items() if k != "model"}, self.pieces)
        raise NotTestable(f"{self.kind.__name__} needs a model that was not found")


class Decoder:
    """One decoder with what it has been given so far."""

    def __init__(self, how, model, caches, config):
        self.how, self.model, self.config, self.count = how, model, config, 0
        self.caches = caches
        self.form = None

    def feed(self, tokens):
        """Give tokens (B, T); what the step returns, as an array (B, ..., V)."""
        name = self.how.step
        if tokens.shape[1] > 1 and self.count == 0 and self.how.prefill:
            name = self.how.prefill
        function = getattr(self.model, name)
        errors = []
        for form in [self.form] if self.form and tokens.shape[1] == 1 else self._forms(tokens):
            try:
                result = call(function, self._known(function, form(tokens)), self.how.pieces)
            except Exception as error:
                errors.append(error)
                if is_their_own(error, self.how.pieces):
                    raise
                continue
            arrays = [a for a in arrays_in(result) if a.shape[:1] == tokens.shape[:1] and a.dtype.kind == "f"]
            arrays += [a for a in arrays_in(result) if a.dtype.kind == "f" and tokens.shape[0] == 1]
            if not arrays:
                errors.append(NotTestable("the step returns no logits per row"))
                continue
            self.form = form
            self.count += tokens.shape[1]
            return arrays[0]
        raise NotTestable(f"{self.how.kind.__name__}.{name}: {errors[-1] if errors else 'no way to call it'}")

    def _forms(self, tokens):
        """Ways to write tokens: as they are, one a row, plain lists; or as vectors if it has no vocabulary."""
        table = np.random.default_rng(3).standard_normal((self.config["vocab_size"], 64))
        width = self.config["num_heads"] * self.config["head_dim"]
        taken = slots(getattr(self.model, self.how.step))
        if "x" in taken and "tokens" not in taken:
            vectors = [lambda t: table[t][..., :width], lambda t: table[t[:, 0]][..., :width]]
            return vectors if tokens.shape[1] == 1 else vectors[:1]
        many = [lambda t: t, lambda t: t.tolist()]
        return [*many, lambda t: t[:, 0], lambda t: t[:, 0].tolist()] if tokens.shape[1] == 1 else many

    def _known(self, function, tokens):
        known = {"tokens": tokens, "x": tokens, "position": self.count, "first": self.count, "causal": True}
        known["positions"] = np.full(self.config["batch_size"], self.count)
        known["cache"] = known["caches"] = self.caches
        first = next(iter(parameters(function)), "")
        if slot(first) is None:
            raise NotTestable(f"no known meaning for the parameter {first}")
        if self.caches is None:
            del known["cache"], known["caches"]
        return known

    def generate(self, prompt, count):
        """Greedy tokens; prompts tried as a list, an array and a batch of one."""
        function = getattr(self.model, self.how.generate)
        known = {"new_tokens": count, "greedy": True, "do_sample": False, "top_k": 1, "seed": 0}
        errors = []
        for temperature in (0.0, 1e-4):
            for form in (np.array([prompt]), list(prompt), np.array(prompt), [list(prompt)]):
                try:
                    result = call(function, {**known, "tokens": form, "temperature": temperature}, self.how.pieces)
                    return np.asarray(result[0] if isinstance(result, tuple) else result).astype(np.int64)
                except Exception as error:  # noqa: PERF203 - each way may fail
                    errors.append(error)
        raise NotTestable(f"{self.how.kind.__name__}.{self.how.generate}: {errors[0]}")


def is_their_own(error, pieces):
    """Whether an error can only be the output's own: a name or attribute that nothing defines."""
    if isinstance(error, AttributeError):
        return type(error.obj) in pieces.classes.values() or error.obj in pieces.modules
    return isinstance(error, (NameError, ImportError))


# ---- choosing, and the roles -------------------------------------------------------------------


def cache_uses(pieces):
    """Kind of cache (plain, paged, quantised) -> its use, the likeliest class of each kind."""
    found, reasons = {}, []
    named = sorted(pieces.classes.items(), key=lambda item: ("cache" not in item[0].lower(), len(item[0])))
    for name, kind in [*named, *classes_of_functions(pieces)]:
        low = name.lower()
        sort = "paged" if re.search("page|block", low) else "quantised" if lossy(kind) else "plain"
        if sort in found or not any(WRITES.search(n) and {"k", "v"} <= slots(m) for n, m in methods(kind)):
            continue
        try:
            found[sort] = CacheUse(kind, pieces).calibrate()
        except NotTestable as reason:
            reasons.append(str(reason))
        except Exception as error:  # a class that cannot even be made by its own constructor
            reasons.append(f"{name}: {type(error).__name__}: {error}")
    return found, "; ".join(reasons)


def attention_uses(pieces, use):
    """Callables that attend over a cache of this class, the likeliest first; and why others do not."""
    candidates = [(None, f) for f in pieces.functions.values() if ATTENDS.search(f.__name__.lower())]
    for kind in pieces.classes.values():
        candidates += [(kind, m) for n, m in methods(kind) if ATTENDS.search(n.lower())]
    found, reasons = [], []
    for owner, function in candidates:
        if NOT_ATTENTION.search(function.__name__.lower()):
            continue
        try:
            attention = AttentionUse(function, owner, use, pieces)
            if attention.possible():
                found.append(attention.calibrate())
        except NotTestable as reason:
            reasons.append(str(reason))
    found.sort(key=lambda a: (not a.steps, a._stateless() and a.owner is None, not a.projects))
    settle_prefill(found)
    return found, "; ".join(reasons)


def settle_prefill(found):
    """Decide which callables are asked to take several tokens at once.

    The first is, unless it is plainly for single steps and lets a token see later ones: then a
    causal one, which some outputs have for prompts alone, prefills for it. The others may be meant
    for single steps, and are asked only if they are causal.
    """
    for number, attention in enumerate(found):
        if not attention.many or attention.causal:
            continue
        for_steps = attention._stateless() or re.search("decode|step|incremental|single", attention.name.lower())
        attention.many = number == 0 and not for_steps
    if found and not found[0].causal:
        found[0].prefill = next((a for a in found[1:] if a.many and a.causal), None)


def decoder_use(pieces, use, wanted):
    """The first decoder class with this ability ("step" or "generate"), or None."""
    for name, kind in pieces.classes.items():
        how = DecoderUse(kind, use, pieces)
        if DECODERS.search(name) and not NOT_DECODERS.search(name) and getattr(how, wanted):
            return how
    return None


def entry(module, load):
    """The roles of challenge.yaml over whatever the output offers; those it lacks raise NotTestable."""
    pieces = Pieces(module, load)
    uses, why = cache_uses(pieces)
    plain = uses.get("plain") or uses.get("paged")
    found = {}

    def attentions():
        if "attention" not in found:
            found["attention"] = attention_uses(pieces, plain) if plain else ([], why)
        return found["attention"]

    def make(kind, config, dtype):
        use = plain if kind == "plain" else uses.get(kind)
        if use is None:
            raise NotTestable(f"no {kind} cache was found" + (f": {why}" if kind == "plain" and why else ""))
        return Cache(use, config, dtype)

    def create_cache(dtype, **config):
        return make("plain", config, dtype)

    create_cache.passes_dtype = plain is not None and bool({"dtype", "item_size"} & plain.constructor)

    def attend_with(number):
        def attend(cache, layer, x, w_q, w_k, w_v, w_o, lengths):
            known, reasons = attentions()
            if number >= len(known) or (number and not known[number].steps):
                raise NotTestable(reasons or "no attention over the cache was found")
            return known[number].attend(cache, layer, x, (w_q, w_k, w_v, w_o), lengths)

        return attend

    return {
        "create_cache": create_cache,
        "create_paged_cache": lambda dtype, **config: make("paged", config, dtype),
        "create_quantised_cache": lambda **config: make("quantised", config, np.float64),
        "append_kv": lambda cache, layer, k, v, lengths: theirs(cache).write(layer, k, v, lengths),
        "read_kv": lambda cache, layer, row: cache.read(layer, row),
        "cache_lengths": lambda cache: theirs(cache).lengths(),
        "cache_bytes": lambda cache: theirs(cache).bytes(),
        "attend": attend_with(0),
        "attend_again": attend_with(1),
        **decoder_roles(pieces, plain),
    }


def theirs(cache):
    """The cache, if it is the output's own and not what stands in for a tuple that is passed around."""
    if getattr(cache.use.kind, "ours", False):
        raise NotTestable("keys and values are passed around as a tuple, there is no cache to write to")
    return cache


def decoder_roles(pieces, use):
    """Roles of the output's own decoder; what steps and what generates may be different classes."""

    def made(handle, wanted):
        if wanted not in handle:
            how = decoder_use(pieces, use, wanted)
            if how is None:
                raise NotTestable(f"no decoder with a method to {wanted} was found")
            handle[wanted] = how.make(handle["config"])
        return handle[wanted]

    return {
        "create_decoder": lambda **config: {"config": config},
        "decoder_step": lambda decoder, tokens: made(decoder, "step").feed(tokens),
        "generate": lambda decoder, prompt, max_new_tokens: made(decoder, "generate").generate(
            prompt, max_new_tokens
        ),
    }
