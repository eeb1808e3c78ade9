"""Explain a binding, and write the skeleton of an adapter where there is none."""

from __future__ import annotations

from pathlib import Path

from generator.bind import bind
from generator.data import Binding, Challenge, Corpus, Run
from generator.digests import copies_in
from generator.exports import Exports, read_exports
from generator.files import write
from generator.kernel_tests import load
from generator.yamlfile import BadFile


def explain(found: Corpus, key: str) -> tuple[list[Binding], list[Exports]]:
    """The bindings that would be tried, best first, and what the run's files export."""
    if key not in found.runs:
        raise BadFile(f"{key}: no such run")
    run = found.runs[key]
    challenge = found.challenges[run.challenge]
    adapters = load(challenge, found.root).adapters
    copies = frozenset(copies_in(found)[key])
    return bind(run, challenge, adapters, copies), python_files(run)


def python_files(run: Run) -> list[Exports]:
    """The exports of every Python file of a run."""
    return [
        read_exports(run.folder / a.path, a.path) for a in run.artifacts if a.path.endswith(".py")
    ]


def write_skeleton(
    root: Path, challenge: Challenge, name: str, exports: list[Exports]
) -> list[Path]:
    """Write an adapter that matches the first file with classes or functions, and its test.

    Raises BadFile where an adapter of that name exists.
    """
    adapter = root / "challenges" / challenge.slug / "adapters" / f"{name}.py"
    test = root / "tests" / "adapters" / f"test_{challenge.slug}_{name}.py"
    for path in (adapter, test):
        if path.exists():
            raise BadFile(f"{path}: exists already")
    write(adapter, adapter_text(challenge, exports))
    write(test, test_text(challenge.slug, name))
    return [adapter, test]


def adapter_text(challenge: Challenge, exports: list[Exports]) -> str:
    """The adapter's source: what it matches, and a function to fill in for each role."""
    first = next((e for e in exports if e.classes or e.functions), None)
    wanted = dict(first.classes) if first else {}
    wanted |= {name: () for name in (first.functions if first else {}) if "." not in name}
    lines = [
        '"""Says in one line which interface this adapter is for."""',
        "",
        f"EXPORTS = {wanted!r}",
    ]
    for role, point in challenge.entry.items():
        raises = f'    raise NotImplementedError("call module.* as the prompt asks of {role}")'
        lines += ["", "", f"def {role}(module, {', '.join(point.params)}):", raises]
    roles = ", ".join(f'"{role}": partial({role}, module)' for role in challenge.entry)
    lines += ["", "", "def entry(module, load):", f"    return {{{roles}}}"]
    return lines[0] + "\n\nfrom functools import partial\n" + "\n".join(lines[1:]) + "\n"


def test_text(slug: str, name: str) -> str:
    """A test that fails until the adapter is filled in."""
    return (
        f'"""The adapter {name} of {slug}."""\n\n'
        "from pathlib import Path\n\n\n"
        f"def test_{name}_is_filled_in() -> None:\n"
        '    """No role of the adapter is left as the skeleton has it."""\n'
        "    root = Path(__file__).resolve().parents[2]\n"
        f'    text = (root / "challenges/{slug}/adapters/{name}.py").read_text()\n'
        '    assert "NotImplementedError" not in text\n'
    )
