"""Find a challenge's entry points in a run's files, and record how each was found.

In order: accepted names (exact, then normalised), then signatures, then an adapter chosen by what a
file exports. Nothing is executed here; where several candidates are equally good, verification
probes them in the sandbox.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

from generator.data import Binding, Bound, Challenge, EntryPoint, Run
from generator.exports import Exports, Function, read_exports

EXACT, NORMALISED, CONTAINS, SIGNATURE = 0, 1, 2, 3
HOW = ("its name", "its normalised name", "a name that contains it", "its signature")
NOT_THE_ENTRY = re.compile(
    r"(^|_)(tests?|naive|ref(erence)?|numerical|numeric|check|slow|simple|demo|bench(mark)?|plot|print)(_|$)"
)
BESIDE_THE_POINT = re.compile(
    r"(^|[_/])(tests?|demos?|bench(mark)?s?|examples?|plots?|profil\w*)([_./]|$)"
)


@dataclass(frozen=True, order=True)
class Candidate:
    """One way to bind one role, ordered from best to worst."""

    rank: tuple[int, ...]
    file: str
    symbol: str
    bound: Bound


def bind(
    run: Run, challenge: Challenge, adapters: dict[str, str], copies: frozenset[str] = frozenset()
) -> list[Binding]:
    """Bindings to try, best first; one that is not `ok` where nothing fits.

    adapters: adapter file name -> source. copies: files of this run that are byte-identical to a
    file of another model, which are chosen only where nothing else defines an entry point.
    """
    exports = [
        read_exports(run.folder / a.path, a.path) for a in run.artifacts if a.path.endswith(".py")
    ]
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


def by_name(exports: list[Exports], challenge: Challenge, copies: frozenset[str]) -> list[Binding]:
    """One binding per file that defines a required entry point; other roles from elsewhere."""
    found = {
        role: sorted(candidates(exports, role, entry, challenge.slug, copies))
        for role, entry in challenge.entry.items()
    }
    required = [role for role, entry in challenge.entry.items() if entry.required]
    homes = dict.fromkeys(
        candidate.file
        for role in required
        for candidate in found[role]
        if candidate.rank[0] < SIGNATURE
    )
    ranked = sorted(homes, key=lambda file: home_rank(file, found, required))
    return [binding_from(file, found, required) for file in ranked] or [
        binding_from("", found, required)
    ]


def home_rank(
    file: str, found: dict[str, list[Candidate]], required: list[str]
) -> tuple[int, tuple[int, ...]]:
    """Files that define more of the required roles first, then those that match them better."""
    best = [next((c for c in found[role] if c.file == file), None) for role in required]
    worst_rank = max((c.rank for c in best if c), default=())
    return sum(c is None for c in best), worst_rank


def binding_from(home: str, found: dict[str, list[Candidate]], required: list[str]) -> Binding:
    """Bind every role from its home file where it is there, otherwise from the best other file.

    A function that has another role, or the name of one, is not bound for its signature alone.
    """
    entry: dict[str, Bound] = {}
    steps: list[str] = []
    named = {c.bound.symbol for options in found.values() for c in options if c.rank[0] < SIGNATURE}
    for role, every in found.items():
        taken = named | {bound.symbol for bound in entry.values()}
        options = [c for c in every if c.rank[0] < SIGNATURE or c.symbol not in taken]
        chosen = next((c for c in options if c.file == home), options[0] if options else None)
        if chosen:
            entry[role] = chosen.bound
            steps.append(f"{role}: {chosen.file}:{chosen.symbol}, by {chosen.bound.reason}")
        elif role in required:
            steps.append(f"{role}: nothing fits")
    missing = tuple(role for role in required if role not in entry)
    return Binding(entry=entry, module=home, steps=tuple(steps), missing=missing)


def candidates(
    exports: list[Exports], role: str, entry: EntryPoint, slug: str, copies: frozenset[str]
) -> list[Candidate]:
    """Every function of every file that could be this role."""
    found = []
    for module in exports:
        for function in module.functions.values():
            how = match_name(function.name, role, entry)
            passes = match_parameters(function, entry, by_position=how < SIGNATURE)
            if passes is None or (how == SIGNATURE and len(entry.params) < 2):
                continue  # that a function takes one thing does not say what it does with it
            rank = (
                how,
                bool(NOT_THE_ENTRY.search(function.name.lower())) and how > EXACT,
                function.name.startswith("_"),
                *file_rank(module.file, slug, copies),
                function.on_instance,
                len(function.params),
            )
            bound = Bound(file=module.file, symbol=function.symbol, passes=passes, reason=HOW[how])
            found.append(Candidate(tuple(map(int, rank)), module.file, function.symbol, bound))
    return found


def match_name(name: str, role: str, entry: EntryPoint) -> int:
    """How well a function's name says that it plays a role."""
    accepted = (role, *entry.names)
    if name in accepted:
        return EXACT
    if normalised(name) in {normalised(other) for other in accepted}:
        return NORMALISED
    if any(normalised(other) in normalised(name) for other in accepted):
        return CONTAINS
    return SIGNATURE


def file_rank(file: str, slug: str, copies: frozenset[str]) -> tuple[bool, bool, bool, int]:
    """Tests and demonstrations last, then copies; the file named as the challenge first."""
    stem = file.rpartition("/")[2].removesuffix(".py")
    beside = bool(BESIDE_THE_POINT.search(file.lower()))
    return beside, file in copies, normalised(stem) != normalised(slug), file.count("/")


def match_parameters(
    function: Function, entry: EntryPoint, *, by_position: bool
) -> dict[str, int | str] | None:
    """How to pass each canonical parameter, or None where the signature does not fit.

    Names first; what is left over on both sides is paired in order, if `by_position` allows it.
    """
    own = {
        normalised(p.name): p.name for p in function.params if p.kind in ("positional", "keyword")
    }
    paired: dict[str, str] = {}
    for canonical, aliases in entry.params.items():
        for alias in (canonical, *aliases):
            if normalised(alias) in own:
                paired[canonical] = own.pop(normalised(alias))
                break
    free = set(own.values())
    needed = [p.name for p in function.params if not p.has_default and p.name in free]
    unpaired = [c for c in entry.params if c not in paired]
    if len(needed) > len(unpaired):
        return None
    if by_position:
        spare = needed + [name for name in own.values() if name not in needed]
        required = [c for c in unpaired if c not in entry.optional]
        for canonical, name in zip(required, spare, strict=False):
            paired[canonical] = name
            needed = [n for n in needed if n != name]
    catches_all = any(p.kind == "kwargs" for p in function.params)
    absent = [c for c in entry.params if c not in paired and c not in entry.optional]
    if needed or (absent and not catches_all):
        return None
    return calling_plan(function, paired) | {c: c for c in absent}


def calling_plan(function: Function, paired: dict[str, str]) -> dict[str, int | str]:
    """Pass by position until there is a gap, then by name: decorators may refuse keywords."""
    canonical = {name: role for role, name in paired.items()}
    plan: dict[str, int | str] = {}
    unbroken = True
    for index, parameter in enumerate(function.params):
        unbroken = unbroken and parameter.kind == "positional" and parameter.name in canonical
        if parameter.name in canonical:
            plan[canonical[parameter.name]] = index if unbroken else parameter.name
    return plan


def by_adapter(exports: list[Exports], adapters: dict[str, str]) -> list[Binding]:
    """Bindings through adapters, those that recognise most of a file's exports first."""
    fits = []
    for name, source in adapters.items():
        wanted = adapter_exports(source)
        for module in exports:
            place = alternative(module, wanted)
            if wanted and place is not None:
                size = sum(1 + len(methods) for methods in wanted.values())
                beside = bool(BESIDE_THE_POINT.search(module.file.lower()))
                step = f"adapter {name}: {module.file} exports {', '.join(wanted)}"
                fits.append(((beside, -size, name, place, module.file), name, module.file, step))
    return [
        Binding(adapter=name, module=file, steps=(step,)) for _, name, file, step in sorted(fits)
    ]


def adapter_exports(source: str) -> dict[str, tuple[str, ...]]:
    """The EXPORTS literal of an adapter: name or shell patterns -> methods it must have."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXPORTS":
            value = ast.literal_eval(node.value)
            return {name: tuple(methods) for name, methods in value.items()}
    return {}


def alternative(module: Exports, wanted: dict[str, tuple[str, ...]]) -> int | None:
    """Which of a pattern's alternatives, parted by bars, a file fits: 0 the first, the likeliest.

    The latest of them where several names are wanted; None where one of those does not fit at all.
    """
    places = []
    for patterns, methods in wanted.items():
        names = [n for n in module.names() if set(methods) <= set(module.classes.get(n, methods))]
        fitting = [
            place
            for place, pattern in enumerate(patterns.split("|"))
            if any(fnmatchcase(name, pattern) for name in names)
        ]
        if not fitting:
            return None
        places.append(fitting[0])
    return max(places, default=0)


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


def normalised(name: str) -> str:
    """Lower case without underscores: layernorm_backward is layer_norm_backward."""
    return name.replace("_", "").lower()
