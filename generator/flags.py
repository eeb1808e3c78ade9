"""Static flags: what a reader of an output's source should know. Recorded, never a verdict.

Found in the syntax tree, with line numbers; nothing is executed. A flag says that a name is used,
not that it is misused, and code can hide from it: isolation, not this list, protects the judge.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from generator.binding.exports import parsable
from generator.data import Artifact, Flag

LONGEST_TEXT = 160


def kinds_by_name(listed: dict[str, str]) -> dict[str, str]:
    """The kind of each name, from kinds with their names parted by spaces."""
    return {name: kind for kind, names in listed.items() for name in names.split()}


OF_MODULE = kinds_by_name(
    {
        "framework": "torch tensorflow jax flax keras sklearn scipy numba cupy triton autograd",
        "network": "socket ssl urllib http requests httpx aiohttp ftplib smtplib paramiko",
        "processes": "subprocess multiprocessing pty signal",
        "native memory": "ctypes cffi mmap _ctypes",
        "deserialisation": "pickle marshal shelve dill joblib",
        "frame walking": "gc",
        "import machinery": "importlib",
    }
)
OF_CALL = kinds_by_name(
    {
        "frame walking": "sys._getframe inspect.stack inspect.currentframe gc.get_objects "
        "gc.get_referrers sys.settrace sys.setprofile",
        "processes": "os.fork os.forkpty os.system os.popen os.kill os.killpg",
        "exit": "os._exit sys.exit exit quit",
        "dynamic code": "eval exec compile __import__",
        "deserialisation": "pickle.load pickle.loads marshal.loads yaml.load",
        "file changes": "os.remove os.unlink shutil.rmtree os.rename os.symlink",
    }
)
FRAME_NAMES = {"f_back", "f_locals", "f_globals", "tb_frame", "gi_frame", "__subclasses__"}
OUTSIDE = re.compile(
    r"^(/proc|/sys|/dev(?!/null)|/etc|/root|/home|/var|~|(\.\./)+)(/|$)|/\.\.(/|$)"
)
SHADOWS = {"sitecustomize.py", "usercustomize.py", "numpy.py", "conftest.py"}


def flags(folder: Path, artifacts: Sequence[Artifact]) -> tuple[Flag, ...]:
    """The flags of a run's Python files, by file and line. Never raises for their content."""
    found: list[Flag] = []
    fit = parsable(artifacts)
    for artifact in artifacts:
        path = folder / artifact.path
        found += _of_name(artifact.path)
        if artifact.path in fit and path.is_file():
            found += of_source(artifact.path, path.read_bytes())
        elif path.suffix == ".py":
            text = "too long, or one of too many"
            found.append(Flag(file=artifact.path, line=0, kind="not searched", text=text))
    return tuple(dict.fromkeys(found))


def of_source(file: str, source: bytes) -> list[Flag]:
    """The flags of one file's source, by line."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        return [Flag(file=file, line=line, kind="not Python", text=str(error)[:LONGEST_TEXT])]
    lines = source.decode(errors="replace").splitlines()
    bound = frozenset(name for node in ast.walk(tree) for name in _bound(node))
    hits = ((node, kind) for node in ast.walk(tree) for kind in _kinds(node, bound))
    found = {
        Flag(file=file, line=node.lineno, kind=kind, text=_text(lines, node.lineno))
        for node, kind in hits
        if hasattr(node, "lineno")
    }
    return sorted(found, key=lambda flag: (flag.line, flag.kind))


def _of_name(path: str) -> Iterator[Flag]:
    name = Path(path).name
    if name in SHADOWS or name.endswith((".pth", ".pyc", ".so", ".dll", ".pkl", ".pickle")):
        yield Flag(file=path, line=0, kind="odd file", text=name[:LONGEST_TEXT])


def _kinds(node: ast.AST, bound: frozenset[str]) -> Iterator[str]:
    """The kinds of one node; `bound` are the names that imports bind in this file."""
    yield from (OF_MODULE[name] for name in _imported(node) if name in OF_MODULE)
    if isinstance(node, ast.Call):
        name = _dotted(node.func)
        if name in OF_CALL:
            yield OF_CALL[name]
        if name == "setattr" and node.args and _root(node.args[0]) in bound:
            yield "patches a module"
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete)) and _patches(node, bound):
        yield "patches a module"
    yield from _odd_names(node)


def _odd_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in FRAME_NAMES:
        yield "frame walking"
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and OUTSIDE.search(node.value)
    ):
        yield "reads outside"
    if isinstance(node, ast.FunctionDef) and node.name in {"__eq__", "__bool__", "__array__"}:
        yield f"defines {node.name}"


def _imported(node: ast.AST) -> list[str]:
    """Top-level packages that a node imports."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []


def _bound(node: ast.AST) -> list[str]:
    """Names that an `import` statement binds to modules."""
    if not isinstance(node, ast.Import):
        return []
    return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]


def _patches(node: ast.Assign | ast.AugAssign | ast.Delete, bound: frozenset[str]) -> bool:
    """True for `np.allclose = ...` and the like: an attribute of an imported module is replaced."""
    targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
    return any(isinstance(t, ast.Attribute) and _root(t) in bound for t in targets)


def _root(node: ast.expr) -> str:
    return _dotted(node).partition(".")[0]


def _dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names, otherwise an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _text(lines: list[str], number: int) -> str:
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 3] + "..."
