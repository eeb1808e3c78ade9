"""What the output's files define, and the sizes used when trying things out."""

import ast
import contextlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import numpy as np

from challenges.driving.refusing import NotTestable

from .calling import call

BESIDE = re.compile(r"(^|[_/])(tests?|demos?|bench(mark)?s?|examples?|plots?|profil\w*)([_./]|$)")
RELEVANT = re.compile(
    r"cache|att(en|n)|decod|generat|transformer|model|gpt|llama|lm$|engine|config|args$",
    re.IGNORECASE,
)
TRY = {
    "batch_size": 2,
    "max_seq_len": 11,
    "num_heads": 3,
    "head_dim": 5,
    "num_layers": 7,
    "block_size": 4,
}
ONE = {**TRY, "num_layers": 1}


class Pieces:
    """Every class and function that the output's files define; tests and demonstrations not."""

    def __init__(self, module, load):
        self.modules = [module]
        here = Path(module.__file__)
        folder = here.parents[max(module.__name__.count(".") - 1, 0)]
        for file in sorted(folder.rglob("*.py")):
            relative = str(file.relative_to(folder))
            if file != here and not BESIDE.search(relative.lower()) and relevant(file):
                with contextlib.suppress(Exception):  # one that does not import offers nothing
                    self.modules.append(load(relative))
        self.classes = self._defined(inspect.isclass)
        self.functions = self._defined(inspect.isfunction)

    def _defined(self, of_this_kind):
        """Name -> what the modules define; of two things with one name, the second is `name_2`."""
        own = {m.__name__ for m in self.modules}
        found = {}
        for name, thing in (item for m in self.modules for item in vars(m).items()):
            mine = of_this_kind(thing) and thing.__module__ in own
            if mine and thing not in found.values():
                found[f"{name}_2" if name in found else name] = thing
        return found

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
        return source is not None and not any(
            isinstance(o, ModuleType) and o.__name__ == "numpy" for o in vars(source).values()
        )


def runs_something(node):
    """Whether a top-level statement does more than define, import and set up."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return not ast.unparse(node.value.func).startswith(("sys.", "np.", "warnings.", "random."))
    return isinstance(node, (ast.For, ast.While, ast.With))


def relevant(file):
    """Whether a file only defines, and something of a cache, attention, decoding or settings."""
    try:
        tree = ast.parse(file.read_text(errors="replace"))
    except (SyntaxError, ValueError):
        return False
    if any(runs_something(node) for node in tree.body):
        return False
    named = [n.name for n in tree.body if isinstance(n, (ast.ClassDef, ast.FunctionDef))]
    return any(RELEVANT.search(n) for n in named)


def methods(kind):
    """Public and dunder methods of a class, in order of definition, inherited ones after."""
    seen = {}
    for owner in inspect.getmro(kind)[:-1]:
        for name, value in vars(owner).items():
            if inspect.isfunction(value) and name not in ("__init__", "__post_init__", "__repr__"):
                seen.setdefault(name, value)
    return list(seen.items())


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
