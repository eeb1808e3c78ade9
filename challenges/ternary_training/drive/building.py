"""Finds an output's classes by what they are; builds them by what their parameters are called."""

import contextlib
import dataclasses
import glob
import importlib
import inspect
import os
import re
import sys

import mlx.nn as nn

from .reading import GROUP, CannotExpress

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


def modules_of(entry):
    """The output's module first, then those of the same output that are loaded."""
    root = root_of(entry.module)
    files = [(m, getattr(m, "__file__", None) or "") for m in list(sys.modules.values())]
    siblings = [m for m, file in files if root and file.startswith(root + os.sep)]
    return list(dict.fromkeys([entry.module, *siblings]))


def root_of(module):
    """The output's folder, that of the file where it is no part of a package; empty without."""
    package = sys.modules.get(module.__name__.partition(".")[0])
    file = getattr(module, "__file__", None) or ""
    return next(iter(getattr(package, "__path__", [])), os.path.dirname(file))


def load_siblings(entry, pattern):
    """Import the output's other files that define a class of such a name, the nearest first."""
    root = root_of(entry.module)
    files = glob.glob("**/*.py", root_dir=root, recursive=True) if root else []
    for file in sorted(files, key=lambda name: (name.count(os.sep), name)):
        if re.match("test|demo|bench", os.path.basename(file)):
            continue
        with open(os.path.join(root, file), encoding="utf-8", errors="replace") as opened:
            source = opened.read()
        if any(
            re.search(pattern, name.lower())
            for name in re.findall(r"^class (\w+)", source, re.MULTILINE)
        ):
            # a sibling that does not load has nothing to offer
            with contextlib.suppress(Exception):
                importlib.import_module(file.removesuffix(".py").replace(os.sep, "."))


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


def functions(entry, pattern):
    """The output's functions whose names match."""
    return [
        value
        for module in modules_of(entry)
        for name, value in list(vars(module).items())
        if inspect.isfunction(value) and re.search(pattern, name.lower())
    ]
