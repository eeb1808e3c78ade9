"""Runs beside the untrusted code: projects, differentiates, builds layers and models, trains.

call["do"] names what to do. Interfaces differ, so classes are found by what they are (a subclass of
mlx.nn.Module whose name speaks of linear layers, embeddings or models) and built by what their
parameters are called. What an interface cannot express is {"not_testable": reason}.
"""

import contextlib
import dataclasses
import importlib
import inspect
import os
import re
import sys

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten

GROUP = 128
LINEAR = r"linear|dense$|(tern|bit|quant)\w*proj"
MODEL = "model|transformer|lm$|causal|gpt|qwen"
NAMES = {
    "in_features": "infeatures inputdims indims indim inputdim insize din fanin nin inputsize",
    "out_features": "outfeatures outputdims outdims outdim outputdim outsize dout fanout nout",
    "bias": "bias usebias hasbias attentionbias qkvbias",
    "group_size": "groupsize group blocksize gs qgroupsize quantgroupsize quantizationgroupsize",
    "vocab_size": "vocabsize numembeddings nvocab vocab numtokens vocabulary",
    "hidden_size": "hiddensize dims dim dmodel modeldim embeddingdim nembd embeddim hiddendim",
    "intermediate_size": "intermediatesize ffndim dff mlpdim ffdim ffnhidden mlphidden dinter",
    "num_hidden_layers": "numhiddenlayers numlayers nlayers nlayer layers depth",
    "num_attention_heads": "numattentionheads numheads nheads heads nhead nqheads numqheads",
    "num_key_value_heads": "numkeyvalueheads numkvheads nkvheads kvheads nkv",
    "head_dim": "headdim headsize dhead",
    "max_position_embeddings": "maxpositionembeddings maxseqlen maxlen contextlength maxseq seqlen",
    "rope_theta": "ropetheta ropebase theta base",
    "rms_norm_eps": "rmsnormeps normeps eps",
    "tie_word_embeddings": "tiewordembeddings tieembeddings tied tie",
    "model_type": "modeltype",
    "linear": "linear lin base baselayer layer original module",
    "weight": "weight w weights initweight",
}
CANONICAL = {alias: name for name, aliases in NAMES.items() for alias in aliases.split()}
SIZES = {
    "group_size": GROUP,
    "vocab_size": 256,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 128,
    "rope_theta": 10000.0,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
    "bias": False,
    "model_type": "qwen3",
}

mx.disable_compile()  # it would start a C++ compiler, which takes longer than it saves here


class CannotExpress(Exception):
    """The output's interface has no way to do what the call asks."""


def drive(entry, call):
    """Do what a call names."""
    mx.random.seed(int(call.get("seed", 0)))
    try:
        return ACTIONS[call["do"]](entry, call)
    except CannotExpress as reason:
        return {"not_testable": str(reason)}


# ---- the projection ----------------------------------------------------------------------------


def project(entry, call):
    """The projection of W, what it left of W, and the dtype that it returned."""
    weight = mx.array(call["W"]).astype(getattr(mx, call.get("dtype", "float32")))
    made = projection(entry, call.get("group_size"))(weight)
    return {"value": numeric(made), "dtype": str(made.dtype), "W_after": numeric(weight)}


def project_gradient(entry, call):
    """d/dW of sum(P(W) * C), or of sum((P(W) - C)^2) / 2; through a layer where there is one."""
    weight, other = mx.array(call["W"]), mx.array(call["C"])
    apply = projection(entry)
    identity = np.eye(call["W"].shape[1], dtype=np.float32)
    result = {}
    with contextlib.suppress(CannotExpress):
        through_layer = gradients(entry, {**call, "x": identity, "C": call["C"].T})
        result["by_layer"] = through_layer["weight_gradient"]
    try:
        by_projection = mx.grad(lambda w: loss_of(apply(w), other, call))(weight)
    except Exception as error:
        if not result:
            raise
        return result | {"raised": f"{type(error).__name__}: {error}"}
    return result | {"by_projection": numeric(by_projection)}


def loss_of(value, other, call):
    """sum(value * other), or half the squared distance."""
    if call.get("loss") == "square":
        return mx.sum(mx.square(value - other)) / 2
    return mx.sum(value * other)


def projection(entry, group_size=None):
    """W -> P(W) as one array: by a function of the output, or by a layer fed the identity."""
    function = projecting_function(entry)
    if group_size is None:
        return function or by_layer(entry)
    if function is None or not function.sized:
        raise CannotExpress(
            "the projection has no parameter for the size of a group that can be read"
        )
    return lambda weight: function(weight, group_size)


class Function:
    """A function of the output that takes weights, and perhaps the size of a group."""

    def __init__(self, raw, bound=None):
        self.raw, self.bound = raw, bound
        known = canonical_parameters(raw)
        self.sized = known is not None and "group_size" in known

    def __call__(self, weight, size=GROUP):
        """P(W); raises TypeError where there is none."""
        made = self.made(weight, size)
        if made is None:
            raise TypeError("what the projection returns is not a matrix of the weight's shape")
        return made

    def made(self, weight, size=GROUP):
        """P(W), or None where what comes back is something else."""
        sizes = (
            {"group_size": size}
            if self.sized or (self.bound and canonical_parameters(self.raw) is None)
            else {}
        )
        if self.bound:
            return dense(self.bound(W=weight, **sizes), weight, size)
        return dense(self.raw(weight, *sizes.values()), weight, size)


def projecting_function(entry):
    """What was bound, if it answers weights with a matrix; else a function beside it that does.

    Names mislead (convert_to_ternary takes a model): a function that raises on an ordinary matrix,
    or answers with something else, such as codes alone, is not the projection. One that answers
    with a wrong matrix is.
    """
    bound = Function(entry.raw("ternary_project"), entry.ternary_project)
    probe = mx.array(np.random.default_rng(0).normal(size=(2, GROUP)).astype(np.float32))
    made = answer(bound, probe)
    if made is not None and not set(np.unique(numeric(made))) <= {-1, 0, 1}:
        return bound
    for guess in guesses(entry.module):
        made = answer(guess, probe)
        if made is not None and all(
            len(np.unique(np.abs(row).round(5))) == 2 for row in numeric(made)
        ):
            return guess
    return None if find_class(entry, LINEAR) else bound


def answer(function, probe):
    """P(probe), or None where the function cannot be called so or answers with something else."""
    try:
        return function.made(probe)
    except Exception:  # noqa: BLE001 - the question is whether it can be called so at all
        return None


def guesses(module):
    """Functions and static methods whose names speak of projecting."""
    found = dict(vars(module))
    for cls in [
        value
        for value in found.values()
        if inspect.isclass(value) and value.__module__ == module.__name__
    ]:
        found |= {
            name: value.__func__
            for name, value in vars(cls).items()
            if isinstance(value, staticmethod)
        }
    named = [
        (name, value)
        for name, value in found.items()
        if re.search("ste|tern|quant|proj", name.lower())
    ]
    callables = (type(guesses), mx.custom_function)
    return [Function(value) for _, value in named if isinstance(value, callables)]


def dense(made, weight, size):
    """The ternary matrix in a result: the array itself, one of several, or codes times scales."""
    parts = [part for part in parts_of(made) if isinstance(part, mx.array)]
    same_size = [part for part in parts if part.size == weight.size]
    scales = [part for part in parts if part.size * size == weight.size]
    for part in same_size:
        if scales and bool(mx.all(mx.abs(part) * (mx.abs(part) - 1) == 0)):
            grouped = part.astype(mx.float32).reshape(-1, size) * scales[0].reshape(-1, 1)
            return grouped.reshape(weight.shape).astype(weight.dtype)
    return same_size[0].reshape(weight.shape) if same_size else None


def by_layer(entry):
    """P(W), read off a layer: its answer to the identity is the transpose."""

    def apply(weight):
        built = layer_with(entry, weight.shape)
        built.put(weight)
        return built(mx.eye(weight.shape[1])).T

    return apply


# ---- layers ------------------------------------------------------------------------------------


def layer(entry, call):
    """The answers of one layer to x under successive weights, and its bias."""
    built = layer_with(entry, call["weights"][0].shape)
    answers = []
    for weight in call["weights"]:
        built.put(mx.array(weight))
        answers.append(numeric(built(mx.array(call["x"]))))
    bias = dict(tree_flatten(built.module.parameters())).get("bias")
    return {"answers": answers, "bias": None if bias is None else numeric(bias)}


def gradients(entry, call):
    """Gradients of a loss of layer(x) with respect to its latent weight and to x."""
    built = layer_with(entry, call["W"].shape)
    built.put(mx.array(call["W"]))
    other = mx.array(call["C"])

    def loss(parameters, x):
        built.module.update(parameters)
        return loss_of(built(x), other, call)

    trainable = built.module.trainable_parameters()
    by_weight, by_input = mx.grad(loss, argnums=(0, 1))(trainable, mx.array(call["x"]))
    found = dict(tree_flatten(by_weight)).get(built.name)
    return {
        "weight_gradient": None if found is None else numeric(built.seen(found)),
        "input_gradient": numeric(by_input),
    }


def embedding(entry, call):
    """Rows of an embedding by id, and its answer as an output head, if it has one."""
    cls = find_class(entry, "^(?!.*(rot|pos)).*embed")
    if cls is None:
        raise CannotExpress("no embedding class was found")
    vocabulary, width = call["W"].shape
    module = build(
        cls, {"vocab_size": vocabulary, "hidden_size": width, "group_size": GROUP}, entry
    )
    Built(module, call["W"].shape).put(mx.array(call["W"]))
    head = getattr(module, "as_linear", None)
    return {
        "rows": numeric(first_array(module(mx.array(call["ids"])))),
        "head": numeric(head(mx.array(call["x"]))) if head else None,
    }


def layer_with(entry, shape):
    """A linear layer of the output's class for an (out, in) weight."""
    cls = find_class(entry, LINEAR)
    if cls is None:
        raise CannotExpress("no linear layer class was found")
    outputs, inputs = shape
    built = Built(build(cls, linear_sizes(inputs, outputs), entry), shape)
    if inputs == outputs:  # a square weight does not show which way round it is stored
        oblong = Built(build(cls, linear_sizes(inputs, 2 * inputs), entry), (2 * inputs, inputs))
        built.transposed = oblong.transposed
    return built


def fresh_layer(inputs, outputs, entry):
    """A layer with weights drawn here, so that how a class initialises itself does not matter."""
    built = layer_with(entry, (outputs, inputs))
    built.put(mx.random.normal((outputs, inputs)) * inputs**-0.5)
    return built.module


def linear_sizes(inputs, outputs):
    """What a layer's constructor may ask for."""
    return {
        "in_features": inputs,
        "out_features": outputs,
        "bias": False,
        "group_size": GROUP,
        "linear": nn.Linear(inputs, outputs, bias=False),
        "weight": mx.random.normal((outputs, inputs)),
    }


class Built:
    """A module of the output with one (rows, columns) matrix, transposed or grouped or not."""

    def __init__(self, module, shape):
        self.module, self.shape = module, tuple(shape)
        fits = [
            (name, value.shape)
            for name, value in tree_flatten(module.parameters())
            if value.ndim >= 2 and value.size == shape[0] * shape[1]
        ]
        if not fits:
            raise CannotExpress(
                f"{type(module).__name__} has no parameter of {shape[0] * shape[1]} values"
            )
        self.name, self.stored = min(fits, key=lambda fit: fit[0] != "weight")
        self.transposed = self.stored == self.shape[::-1] and self.stored != self.shape

    def __call__(self, x):
        """The module's answer to x."""
        try:
            return first_array(self.module(x))
        except TypeError as error:
            raise CannotExpress(f"{type(self.module).__name__} cannot be called: {error}") from None

    def put(self, weight):
        """Set the latent weight, given as (rows, columns)."""
        value = weight.T if self.transposed else weight.reshape(self.stored)
        self.module.update(tree_unflatten([(self.name, value)]))

    def seen(self, value):
        """A stored value or its gradient as (rows, columns)."""
        return value.T if self.transposed else value.reshape(self.shape)

    def latent(self):
        """The latent weight as (rows, columns)."""
        return self.seen(dict(tree_flatten(self.module.parameters()))[self.name])


# ---- finding and building classes --------------------------------------------------------------


def modules_of(entry):
    """The output's module first, then those of the same folder that are loaded."""
    folder = folder_of(entry.module)
    siblings = [m for m in list(sys.modules.values()) if folder and folder_of(m) == folder]
    return list(dict.fromkeys([entry.module, *siblings]))


def folder_of(module):
    """The folder of a module's file, empty where it has none."""
    return os.path.dirname(getattr(module, "__file__", None) or "")


def load_siblings(entry, pattern):
    """Import the files beside the output's module that define a class of such a name."""
    folder = folder_of(entry.module)
    for file in sorted(os.listdir(folder)) if folder else []:
        stem, _, ending = file.rpartition(".")
        if ending != "py" or re.match("test|demo|bench", stem):
            continue
        with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as opened:
            source = opened.read()
        if any(
            re.search(pattern, name.lower())
            for name in re.findall(r"^class (\w+)", source, re.MULTILINE)
        ):
            # a sibling that does not load has nothing to offer
            with contextlib.suppress(Exception):
                importlib.import_module(stem)


def classes(entry, pattern):
    """The output's own Module classes whose names match, looked for in other files if need be."""
    found = loaded_classes(entry, pattern)
    if not found:
        load_siblings(entry, pattern)
        found = loaded_classes(entry, pattern)
    return found


def loaded_classes(entry, pattern):
    """Those among the loaded modules; names that speak of ternary weights come first."""
    found = [
        value
        for module in modules_of(entry)
        for value in list(vars(module).values())
        if inspect.isclass(value) and issubclass(value, nn.Module)
        if not (value.__module__ or "").startswith("mlx.")
        and re.search(pattern, value.__name__.lower())
    ]
    special = re.compile("tern|bit|bonsai|trit|quant")
    return sorted(dict.fromkeys(found), key=lambda cls: not special.search(cls.__name__.lower()))


def find_class(entry, pattern):
    """The first class whose name matches, or None."""
    return next(iter(classes(entry, pattern)), None)


def build(cls, values, entry):
    """Call a class or builder with what its parameters' names ask for."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError) as error:
        raise CannotExpress(f"{cls.__name__}: its signature cannot be read: {error}") from None
    parameters = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    given = {p.name: values[canonical(p.name)] for p in parameters if canonical(p.name) in values}
    needed = [p for p in parameters if p.name not in given and p.default is p.empty]
    if len(needed) == 2 and not given.keys() - {"bias", "group_size"} and "in_features" in values:
        given |= dict(
            zip(
                (p.name for p in needed),
                (values["in_features"], values["out_features"]),
                strict=True,
            )
        )
    else:
        given |= {p.name: configuration(p, values, entry) for p in needed}
    if not given:
        raise CannotExpress(f"{cls.__name__} takes no sizes")
    try:
        return cls(**given)
    except (TypeError, AttributeError, KeyError) as error:
        raise CannotExpress(f"{cls.__name__}({', '.join(given)}): {error}") from None


def configuration(parameter, values, entry):
    """An instance of the dataclass that a parameter asks for, or that the module has for models."""
    wanted = str(getattr(parameter.annotation, "__name__", parameter.annotation)).strip("'\"")
    known = [
        value
        for module in modules_of(entry)
        for value in list(vars(module).values())
        if inspect.isclass(value) and dataclasses.is_dataclass(value)
    ]
    if not re.search("arg|conf|cfg|param", parameter.name.lower()):
        raise CannotExpress(f"no value is known for the parameter {parameter.name}")
    known.sort(
        key=lambda cls: (cls.__name__ != wanted, not re.search("model|arg", cls.__name__.lower()))
    )
    if not known:
        raise CannotExpress(f"no dataclass was found for the parameter {parameter.name}")
    return build(known[0], SIZES | values, entry)


def canonical(name):
    """Our name for a parameter."""
    plain = name.replace("_", "").lower()
    return CANONICAL.get(plain, plain)


def canonical_parameters(function):
    """Parameter names, or None: an mx.custom_function does not tell them."""
    try:
        return {canonical(name) for name in inspect.signature(function).parameters}
    except (TypeError, ValueError):
        return None


def parts_of(made):
    """The parts of a result, whether one value, a sequence or a mapping."""
    if isinstance(made, dict):
        return list(made.values())
    return list(made) if isinstance(made, (tuple, list)) else [made]


def first_array(made):
    """The first array in a result."""
    return next(part for part in parts_of(made) if isinstance(part, mx.array))


def numeric(value):
    """An MLX array as NumPy, half precisions (bfloat16 is unknown to NumPy) as float32."""
    if not isinstance(value, mx.array):
        return value
    return np.array(value.astype(mx.float32) if value.dtype in (mx.bfloat16, mx.float16) else value)


# ---- a small model of ours, to train their layers in -------------------------------------------


class Attention(nn.Module):
    """Grouped-query attention with normalised queries and keys (Qwen3): 4 heads, 2 for keys."""

    def __init__(self, linear, width, heads=4, kv_heads=2):
        super().__init__()
        self.heads, self.kv_heads, self.size = heads, kv_heads, width // heads
        self.q_proj = linear(width, width)
        self.k_proj = linear(width, kv_heads * self.size)
        self.v_proj = linear(width, kv_heads * self.size)
        self.o_proj = linear(width, width)
        self.q_norm, self.k_norm = nn.RMSNorm(self.size), nn.RMSNorm(self.size)
        self.rope = nn.RoPE(self.size, traditional=False, base=10000.0)

    def __call__(self, x):
        """Forward."""
        batch, length, width = x.shape
        split = lambda y, n: y.reshape(batch, length, n, self.size)  # noqa: E731
        q = self.rope(self.q_norm(split(self.q_proj(x), self.heads)).transpose(0, 2, 1, 3))
        k = self.rope(self.k_norm(split(self.k_proj(x), self.kv_heads)).transpose(0, 2, 1, 3))
        v = split(self.v_proj(x), self.kv_heads).transpose(0, 2, 1, 3)
        k, v = (mx.repeat(y, self.heads // self.kv_heads, axis=1) for y in (k, v))
        future = mx.triu(mx.full((length, length), -1e9), k=1)
        weights = mx.softmax(q @ k.transpose(0, 1, 3, 2) * self.size**-0.5 + future, axis=-1)
        return self.o_proj((weights @ v).transpose(0, 2, 1, 3).reshape(batch, length, width))


class MLP(nn.Module):
    """SwiGLU."""

    def __init__(self, linear, width):
        super().__init__()
        self.gate_proj, self.up_proj = linear(width, 2 * width), linear(width, 2 * width)
        self.down_proj = linear(2 * width, width)

    def __call__(self, x):
        """Forward."""
        return self.down_proj(nn.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """Attention and MLP with residuals, each normalised before."""

    def __init__(self, linear, width):
        super().__init__()
        self.self_attn, self.mlp = Attention(linear, width), MLP(linear, width)
        self.input_layernorm, self.post_attention_layernorm = nn.RMSNorm(width), nn.RMSNorm(width)

    def __call__(self, x):
        """Forward."""
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class SmallModel(nn.Module):
    """One block. Its embedding is fixed, so that it learns through the output's layers alone."""

    def __init__(self, linear, vocabulary, width=GROUP):
        super().__init__()
        self.table = mx.random.normal((vocabulary, width))
        self.layers, self.norm = [Block(linear, width)], nn.RMSNorm(width)
        self.head = linear(width, vocabulary)
        self.freeze(keys=["table"], recurse=False)

    def __call__(self, tokens):
        """Forward."""
        return self.head(self.norm(self.layers[0](self.table[tokens])))


class PlainModel(nn.Module):
    """The same in full precision with a tied embedding, for outputs that convert a model."""

    def __init__(self, vocabulary, width=GROUP):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, width)
        self.layers = [Block(lambda i, o: nn.Linear(i, o, bias=False), width)]
        self.norm = nn.RMSNorm(width)

    def __call__(self, tokens):
        """Forward."""
        return self.embed_tokens.as_linear(self.norm(self.layers[0](self.embed_tokens(tokens))))


def cross_entropy(model, windows):
    """Mean next-token loss over windows (B, T + 1)."""
    return nn.losses.cross_entropy(
        logits_of(model, windows[:, :-1]), windows[:, 1:], reduction="mean"
    )


def logits_of(model, tokens):
    """The logits (B, T, V) in what a model returns: the array itself, or a part of a result."""
    parts = [part for part in parts_of(model(tokens)) if isinstance(part, mx.array)]
    fits = [part for part in parts if part.ndim == 3]
    if not fits:
        raise CannotExpress("the model does not return logits of shape (batch, length, vocabulary)")
    return fits[0].astype(mx.float32)


def windows(tokens, starts, length):
    """Windows (B, T + 1) of a token stream."""
    return mx.array(np.stack([tokens[s : s + length + 1] for s in starts]).astype(np.int32))


def fit(model, call):
    """AdamW on the windows that the call lists; returns the loss before each step."""
    optimiser = optim.AdamW(learning_rate=call["learning_rate"], weight_decay=0.0)
    step = nn.value_and_grad(model, lambda batch: cross_entropy(model, batch))
    losses = []
    for starts in call["starts"]:
        loss, gradients = step(windows(call["train"], starts, call["length"]))
        optimiser.update(model, gradients)
        mx.eval(model.parameters(), optimiser.state, loss)
        losses.append(float(loss))
    return losses


def train(entry, call):
    """Train our small model, built from the output's linear layers."""
    model = SmallModel(lambda i, o: fresh_layer(i, o, entry), call["vocabulary"])
    losses = fit(model, call)
    held = windows(call["held_out"], call["held_out_starts"], call["length"])
    gate = model.layers[0].mlp.gate_proj
    return {
        "losses": losses,
        "held_out_loss": float(cross_entropy(model, held)),
        "latent": numeric(Built(gate, (2 * GROUP, GROUP)).latent()),
        "effective": numeric(gate(mx.eye(GROUP)).T),
    }


# ---- the output's own model --------------------------------------------------------------------


def own_model(entry, **sizes):
    """The first of the output's models that builds at a small size and answers with logits."""
    load_siblings(entry, MODEL)
    built_by = functions(entry, "(build|make|create|init).*model")
    builders = [entry.raw("build_model")] if entry.has("build_model") else []
    builders += [*built_by, *classes(entry, MODEL)]
    attempts = [
        (builder, lambda b=builder: build(b, SIZES | sizes, entry))
        for builder in dict.fromkeys(builders)
    ]
    attempts += [
        (f, lambda f=f: converted(f))
        for f in functions(entry, "convert|replace|swap|patch|tern|quantize")
    ]
    problems = []
    for builder, attempt in attempts:
        try:
            built = attempt()
            shape = logits_of(built, mx.zeros((1, 4), mx.int32)).shape
            if shape == (1, 4, SIZES["vocab_size"]):
                return built
            problems.append(f"{builder.__name__} answers with shape {shape}")
        except Exception as error:  # noqa: BLE001 - each candidate may want what we cannot give
            problems.append(f"{builder.__name__}: {type(error).__name__}: {error}"[:120])
    raise CannotExpress("no model could be built at a small size; " + "; ".join(problems[:4]))


def functions(entry, pattern):
    """The output's functions whose names match."""
    return [
        value
        for module in modules_of(entry)
        for name, value in list(vars(module).items())
        if inspect.isfunction(value) and re.search(pattern, name.lower())
    ]


def converted(function):
    """A plain model of ours after an output's function has replaced its layers."""
    needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    if len(needed) != 1 or not re.search("model|module|net", needed[0].name.lower()):
        raise CannotExpress("it does not take a model alone")
    model = PlainModel(SIZES["vocab_size"])
    made = function(model)
    model = made if isinstance(made, nn.Module) else model
    if all(
        type(m).__module__.startswith("mlx.") or type(m).__module__ == __name__
        for m in model.modules()
    ):
        raise CannotExpress("it replaced nothing")
    return model


def own_logits(entry, call):
    """Logits of two batches of sequences, from a model of as many layers as asked for."""
    model = own_model(entry, num_hidden_layers=call["layers"])
    return {
        "first": numeric(logits_of(model, mx.array(call["tokens"]))),
        "second": numeric(logits_of(model, mx.array(call["others"]))),
    }


def own_coverage(entry, call):
    """For each embedding, or each other matrix: how far logits move though the projection does not.

    The parent cannot see the model, so the new weights are made here: magnitudes trade places in
    one group, among weights of one sign on one side of half the group's mean magnitude.
    """
    model = own_model(entry)
    tokens = mx.array(call["tokens"])
    moved = {}
    for name, value in tree_flatten(model.parameters()):
        embeds = bool(re.search("emb|tok|wte|lm_head|output", name))
        if embeds == call["embeddings"] and value.ndim >= 2 and value.size % GROUP == 0:
            weight = away_from_ties(away_from_ties(numeric(value)).T).T
            model.update(tree_unflatten([(name, mx.array(weight))]))
            before = numeric(logits_of(model, tokens))
            same_codes = [traded(weight), traded(weight.T).T]  # it may be stored either way round
            moved[name] = {
                "traded": min(change(model, name, w, tokens, before) for w in same_codes),
                "fresh": change(model, name, np.roll(weight, 1, axis=-1) * -0.9, tokens, before),
            }
            model.update(tree_unflatten([(name, value)]))
    return {"moved": moved}


def change(model, name, weight, tokens, before):
    """max|difference| of the logits relative to max|logits|, with one weight replaced."""
    model.update(tree_unflatten([(name, mx.array(weight))]))
    after = numeric(logits_of(model, tokens))
    return float(np.abs(after - before).max() / np.abs(before).max())


def away_from_ties(weight):
    """Weights near half their group's scale made smaller, so that no code hangs on rounding."""
    grouped = weight.reshape(-1, GROUP).astype(np.float64)
    for _ in range(50):
        half = np.abs(grouped).mean(axis=1, keepdims=True) / 2
        near = np.abs(np.abs(grouped) - half) < 1e-3 * half
        grouped[near] *= 0.99
    return grouped.reshape(weight.shape).astype(np.float32)


def traded(weight):
    """A matrix with the same codes and scales, in which magnitudes have traded places."""
    grouped = weight.reshape(-1, GROUP).astype(np.float64)
    half = np.abs(grouped).mean(axis=1, keepdims=True) / 2
    kinds = np.sign(grouped) * (np.abs(grouped) > half)
    result = grouped.copy()
    for row, kind in zip(result, kinds, strict=True):
        for code in (-1, 0, 1):
            at = np.flatnonzero(kind == code)
            row[at] = row[np.roll(at, 1)]
    return result.reshape(weight.shape).astype(np.float32)


def own_training(entry, call):
    """The output's own model under our training loop."""
    return {"losses": fit(own_model(entry), call)}


def own_train_function(entry, call):
    """The output's own model under its own training function: the losses that it returns."""
    if not entry.has("train"):
        raise CannotExpress("no training function of the prompt's signature was found")
    given = {
        "model": own_model(entry),
        "tokens": mx.array(call["train"].astype(np.int32)),
        "steps": len(call["starts"]),
        "batch_size": len(call["starts"][0]),
        "seq_len": call["length"],
        "learning_rate": call["learning_rate"],
    }
    try:
        made = entry.train(**given)
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        if set(inspect.signature(entry.raw("train")).parameters) >= set(given):
            raise
        raise CannotExpress(
            f"its training function takes other things: {type(error).__name__}: {error}"
        ) from None
    losses = next((p for p in [made, *parts_of(made)] if isinstance(p, list) and p), None)
    if losses is None:
        raise CannotExpress(
            f"the training function returns {type(made).__name__}, not a list of losses"
        )
    return {"losses": [float(loss) for loss in losses if isinstance(loss, (int, float, mx.array))]}


ACTIONS = {
    "project": project,
    "project_gradient": project_gradient,
    "layer": layer,
    "layer_gradients": gradients,
    "embedding": embedding,
    "train": train,
    "own_logits": own_logits,
    "own_coverage": own_coverage,
    "own_training": own_training,
    "own_train_function": own_train_function,
}
