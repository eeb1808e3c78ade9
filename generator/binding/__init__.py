"""Find a challenge's entry points in a run's files, and record how each was found.

In order: accepted names (exact, then normalised), then signatures, then an adapter chosen by what a
file exports. Of files that fit equally well, the one that others import the function from, and of
numbered versions the last. Nothing is executed here; where several candidates are equally good,
verification probes them in the sandbox.
"""

from __future__ import annotations

import sys

from generator.binding.by_adapter import by_adapter
from generator.binding.by_name import by_name
from generator.binding.exports import Exports, parsable, read_exports
from generator.data import Binding, Challenge, Run


def bind(
    run: Run, challenge: Challenge, adapters: dict[str, str], copies: frozenset[str] = frozenset()
) -> list[Binding]:
    """Bindings to try, best first; one that is not `ok` where nothing fits.

    adapters: adapter file name -> source. copies: files of this run that are byte-identical to a
    file of another model, which are chosen only where nothing else defines an entry point.
    """
    exports = python_files(run)
    steps = [f"{e.file}: not read as Python: {e.problem}" for e in exports if e.problem]
    missing_imports = placeholders(exports, challenge.runtime)
    named = by_name(exports, challenge, copies)
    adapted = by_adapter(exports, adapters)
    options = [option for option in (*named, *adapted) if option.ok] or [closest(named, challenge)]
    return [
        option.model_copy(
            update={"placeholders": missing_imports, "steps": (*steps, *option.steps)}
        )
        for option in options
    ]


def python_files(run: Run) -> list[Exports]:
    """The exports of every Python file of a run; none, and a problem, for what is not parsed."""
    fit = parsable(run.artifacts)
    return [
        read_exports(run.folder / a.path, a.path)
        if a.path in fit
        else Exports(a.path, problem="too long, or one of too many")
        for a in run.artifacts
        if a.path.endswith(".py")
    ]


def closest(named: list[Binding], challenge: Challenge) -> Binding:
    """The binding to report as not bound: the one with most roles, with what else was seen."""
    best = min(named, key=lambda binding: len(binding.missing))
    wanted = ", ".join(f"{r}({', '.join(challenge.entry[r].params)})" for r in best.missing)
    return best.model_copy(update={"steps": (*best.steps, f"wanted: {wanted}")})


def placeholders(exports: list[Exports], runtime: str) -> tuple[str, ...]:
    """Packages that the files import and the sandbox does not offer; it serves inert ones instead.

    What it offers does not depend on what else is installed here: NumPy, pytest for the author's
    own tests, and MLX where the challenge asks for it.
    """
    offered = {"numpy", "pytest"} | ({"mlx"} if runtime == "mlx" else set())
    siblings = {part for e in exports for part in e.file.removesuffix(".py").split("/")}
    wanted = {name for e in exports for name in e.imports} - siblings - set(sys.stdlib_module_names)
    return tuple(sorted(wanted - offered))
