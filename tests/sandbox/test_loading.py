"""Loading outputs as their authors left them, through the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.data import Binding, Bound, Limits
from generator.sandbox import Job, Reply, Sandbox

DRIVE = "def drive(entry, call):\n    return {'y': entry.f(**call)}\n"
LIMITS = Limits(seconds=10, import_seconds=10, memory_mb=500, output_mb=2)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """One sandbox for all."""
    with Sandbox(accept_weak=True) as opened:
        yield opened


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files by relative path."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def call(
    box: Sandbox, folder: Path, *, symbol: str = "f", file: str = "out.py", **more: Any
) -> Reply:
    """Bind `f` to the symbol, with x at position 0 unless `passes` says otherwise, and call it."""
    passes, drive = more.pop("passes", {"x": 0}), more.pop("drive", DRIVE)
    inputs = more.pop("call", {"x": 3})
    adapter = more.pop("source", "")
    bound = Bound(file=file, symbol=symbol, passes=passes, reason="test")
    binding = Binding(entry={"f": bound}, module=file, **more)
    return box.run(Job(folder, drive, binding.model_dump(mode="json"), (inputs,), adapter), LIMITS)


def value(reply: Reply) -> Any:
    """What f returned."""
    assert reply.status == "done", reply
    return reply.outputs[0]["y"]


@pytest.mark.parametrize(
    ("files", "file", "expected"),
    [
        (
            {"out.py": "from .helper import f\n", "helper.py": "def f(x): return x + 1\n"},
            "out.py",
            4,
        ),
        ({"out.py": "from model import f\n", "model.py": "def f(x): return x + 2\n"}, "out.py", 5),
        (
            {"out.py": "from pkg import f\n", "pkg/__init__.py": "from .a import f\n"}
            | {
                "pkg/a.py": "from . import b\ndef f(x): return b.g(x)\n",
                "pkg/b.py": "g = lambda x: 2 * x\n",
            },
            "out.py",
            6,
        ),
        (
            {
                "out.py": "import pkg.deep.a as a\nf = a.f\n",
                "pkg/deep/a.py": "def f(x): return x\n",
            },
            "out.py",
            3,
        ),
        (
            {"src/out.py": "import helper\nf = helper.f\n", "src/helper.py": "f = abs\n"},
            "src/out.py",
            3,
        ),
        ({"glm5.1/my-kernel v2.py": "def f(x): return x * 7\n"}, "glm5.1/my-kernel v2.py", 21),
        (
            {"out.py": "import b\nONE = 1\ndef f(x): return b.g(x)\n"}
            | {"b.py": "import out\ndef g(x): return x + out.ONE\n"},
            "out.py",
            4,
        ),
        (
            {"out.py": "import torch\nf = torch.f\n", "torch.py": "def f(x): return -x\n"},
            "out.py",
            -3,
        ),
    ],
    ids=[
        "relative",
        "sibling",
        "package",
        "no_init",
        "subfolder",
        "odd_names",
        "cycle",
        "not_installed",
    ],
)
def test_imports(
    box: Sandbox, tmp_path: Path, files: dict[str, str], file: str, expected: int
) -> None:
    """Siblings, packages, relative imports, odd names and cycles resolve inside the folder."""
    write(tmp_path, files)
    assert value(call(box, tmp_path, file=file)) == expected


def test_installed_names_are_never_taken_from_the_folder(box: Sandbox, tmp_path: Path) -> None:
    """numpy.py, queue.py and sitecustomize.py beside an output are not what it imports."""
    names = ("numpy.py", "queue.py", "sitecustomize.py")
    write(tmp_path, dict.fromkeys(names, "raise SystemExit\n"))
    write(
        tmp_path, {"out.py": "import sys\nsys.path.insert(0, '.')\nimport numpy, queue\nf = abs\n"}
    )
    assert value(call(box, tmp_path)) == 3


def test_two_runs_never_see_each_other(box: Sandbox, tmp_path: Path) -> None:
    """Sibling modules of one name in two runs are two modules."""
    for number in (1, 2):
        write(tmp_path / str(number), {"out.py": "from model import f\n"})
        write(tmp_path / str(number), {"model.py": f"def f(x): return {number}\n"})
    got = [value(call(box, tmp_path / name)) for name in ("1", "2", "1")]
    assert got == [1, 2, 1]


def test_main_block_and_data_classes(box: Sandbox, tmp_path: Path) -> None:
    """`__main__` blocks do not run; data classes with postponed annotations work."""
    source = """from __future__ import annotations
from dataclasses import dataclass
from typing import NamedTuple, Optional
@dataclass
class Config:
    n: Optional[int] = None
class Pair(NamedTuple):
    a: int
def f(x): return Pair(Config(x).n).a
if __name__ == "__main__":
    raise SystemExit("ran")
"""
    write(tmp_path, {"out.py": source})
    assert value(call(box, tmp_path)) == 3


def test_placeholders_are_inert(box: Sandbox, tmp_path: Path) -> None:
    """Libraries that are not here can be imported, subclassed and used as decorators, in vain."""
    source = """import torch, torch.nn as nn
import matplotlib.pyplot as plt
from transformers import AutoModel, Trainer as T
@torch.no_grad()
def f(x): return x + 1
class Net(nn.Module, T):
    def __init__(self): super().__init__(); self.a = nn.Linear(3, 4)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
plt.plot([1, 2]); fig, = [plt.figure()]
for _ in AutoModel.from_pretrained("x"): raise SystemExit
with torch.autocast("cuda") as a: b = -a + 1 @ a
OLD = torch.__version__ < "2" and nn.version > (2, 0) or isinstance(f, (torch.Tensor, nn.Module))
def g(x: "torch.Tensor | None" = None, y: torch.Tensor | None = None) -> list[nn.Module]: ...
"""
    write(tmp_path, {"out.py": source})
    assert value(call(box, tmp_path, placeholders=("torch", "matplotlib", "transformers"))) == 4


def test_definitions_alone(box: Sandbox, tmp_path: Path) -> None:
    """Training, plotting and endless loops are left out; constants, classes and guards stay."""
    source = """import math, sys
try:
    import absent_library
except ImportError:
    absent_library = None
SCALE = math.sqrt(4) * 2
TABLE = {k: k for k in (1, 2)} if False else {"a": [1, -2]}
def train(): raise SystemExit
result = train()
model = Net() if False else train()
print("training"); input()
while True: pass
class A:
    n = 1
def f(x): return x * SCALE + A.n + len(TABLE)
"""
    write(tmp_path, {"out.py": source})
    reply = call(box, tmp_path, definitions_only=True)
    assert reply.status == "crashed" or value(reply) == 14
    write(tmp_path, {"out.py": source.replace("{k: k for k in (1, 2)} if False else ", "")})
    assert value(call(box, tmp_path, definitions_only=True)) == 14


def test_definitions_alone_leave_out_what_a_call_would_unpack(box: Sandbox, tmp_path: Path) -> None:
    """`model, tokenizer = load()` is work, as is what needs these names; a derivative is not."""
    source = """
import hub
model, tokenizer = hub.load("x")
WIDTH = model.args.width
WIDTH = WIDTH * 2
SCALE = 3
class Project:
    def vjp(self, g): self.g = g
    def __call__(self, x): return self.g(x)
@lambda cls: cls()
class project(Project): pass
def back(x): return SCALE * x
project.vjp(back)
def f(x): return project(x)
"""
    write(tmp_path, {"out.py": source, "hub.py": "def load(x): raise SystemExit(x)\n"})
    assert value(call(box, tmp_path, definitions_only=True)) == 9


@pytest.mark.parametrize(
    ("source", "symbol", "passes"),
    [
        ("class A:\n    @staticmethod\n    def g(x, y): return x - y\n", "A.g", {"x": 0, "y": 1}),
        (
            "class A:\n    @classmethod\n    def g(cls, y, x): return x - y\n",
            "A.g",
            {"x": 1, "y": 0},
        ),
        ("class A:\n    def g(self, *, y, x): return x - y\n", "A.g", {"x": "x", "y": "y"}),
        (
            "class A:\n    def __call__(self, x, z=0, y=1): return x - y - z\n",
            "A.__call__",
            {"x": 0, "y": 2},
        ),
    ],
)
def test_symbols_and_passing(
    box: Sandbox, tmp_path: Path, source: str, symbol: str, passes: dict[str, int | str]
) -> None:
    """Methods of each kind are called; arguments go to their place, and unknown ones nowhere."""
    write(tmp_path, {"out.py": source})
    inputs = {"x": 5, "y": 3, "eps": 0.1}
    assert value(call(box, tmp_path, symbol=symbol, passes=passes, call=inputs)) == 2


def test_adapter(box: Sandbox, tmp_path: Path) -> None:
    """An adapter builds the entry points from the module that matched and its siblings."""
    adapter = "def entry(module, load):\n    g = load('b.py').g\n"
    adapter += "    return {'f': lambda x: g(module.A(x).n)}\n"
    write(
        tmp_path,
        {"out.py": "class A:\n    def __init__(self, n): self.n = n\n", "b.py": "g = abs\n"},
    )
    assert value(call(box, tmp_path, adapter="a.py", source=adapter, call={"x": -3})) == 3


def test_signature_and_not_testable(box: Sandbox, tmp_path: Path) -> None:
    """A driver can ask for the raw signature, and pass on that something cannot be tested."""
    write(tmp_path, {"out.py": "def f(x, eps=1e-5): return x\n"})
    drive = "def drive(e, c):\n    d = e.signature('f').parameters['eps'].default\n"
    drive += "    return {'y': d, 'not_testable': '' if e.has('g') else 'no g'}\n"
    reply = call(box, tmp_path, drive=drive)
    assert reply.outputs == ({"y": 1e-5, "not_testable": "no g"},)


def test_inputs_arrive_as_they_were(box: Sandbox, tmp_path: Path) -> None:
    """Arrays keep dtype and shape on the way in, and may be written to by the code."""
    write(
        tmp_path, {"out.py": "def f(x):\n    x += 1\n    return [str(x.dtype), x.shape, x.sum()]\n"}
    )
    assert value(call(box, tmp_path, call={"x": np.ones((2, 3), np.float32)})) == [
        "float32",
        [2, 3],
        12.0,
    ]
