"""Which functions could play a role of a challenge, how well they fit, and how to call them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generator.binding.exports import Exports
from generator.binding.signatures import Function
from generator.data import Bound, EntryPoint
from generator.variants import stem, version

EXACT, NORMALISED, CONTAINS, SIGNATURE = 0, 1, 2, 3
HOW = ("its name", "its normalised name", "a name that contains it", "its signature")
NOT_THE_ENTRY = re.compile(
    r"(^|_)(tests?|naive|ref(erence)?|numerical|numeric|check|slow|simple|demo|bench(mark)?|plot|print)(_|$)"
)
BESIDE_THE_POINT = re.compile(
    r"(^|[_/])(tests?|demos?|bench(mark)?s?|examples?|plots?|profil\w*)([_./]|$)"
)
COMPARED_WITH = re.compile(r"(^|_)(naive|ref(erence)?|baseline)(_|$)")


@dataclass(frozen=True, order=True)
class Candidate:
    """One way to bind one role, ordered from best to worst."""

    rank: tuple[int, ...]
    file: str
    symbol: str
    bound: Bound


def candidates(
    exports: list[Exports], role: str, entry: EntryPoint, slug: str, copies: frozenset[str]
) -> list[Candidate]:
    """Every function of every file that could be this role."""
    found = []
    taken = {each for module in exports for each in module.takes}
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
                *file_rank(module.file, slug, copies, (stem(module.file), function.name) in taken),
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


def file_rank(
    file: str, slug: str, copies: frozenset[str], taken: bool
) -> tuple[bool, bool, bool, bool, int, int]:
    """Tests, demonstrations and plain versions last, then copies; the challenge's name first.

    Of variants, the one that other files take by name; of numbered ones, the last.
    """
    plain = COMPARED_WITH.search(stem(file).lower())
    beside = bool(plain or BESIDE_THE_POINT.search(file.lower()))
    named = normalised(stem(file)) == normalised(slug)
    return beside, file in copies, not named, not taken, file.count("/"), -version(file)


def match_parameters(
    function: Function, entry: EntryPoint, *, by_position: bool
) -> dict[str, int | str] | None:
    """How to pass each canonical parameter, or None where the signature does not fit.

    Names first; what is left over on both sides is paired in order, if `by_position` allows it.
    """
    own = {
        normalised(p.name): p.name for p in function.params if p.kind in ("positional", "keyword")
    }
    paired = paired_by_name(own, entry)
    free = set(own.values()) - set(paired.values())
    needed = [p.name for p in function.params if not p.has_default and p.name in free]
    unpaired = [c for c in entry.params if c not in paired]
    if len(needed) > len(unpaired):
        return None
    if by_position:
        spare = needed + [name for name in own.values() if name in free and name not in needed]
        required = [c for c in unpaired if c not in entry.optional]
        paired |= zip(required, spare, strict=False)
        needed = needed[len(required) :]
    catches_all = any(p.kind == "kwargs" for p in function.params)
    absent = [c for c in entry.params if c not in paired and c not in entry.optional]
    if needed or (absent and not (catches_all and (paired or by_position))):
        return None
    return calling_plan(function, paired) | {c: c for c in absent}


def paired_by_name(own: dict[str, str], entry: EntryPoint) -> dict[str, str]:
    """Canonical parameter -> parameter of a function, where they have a name in common.

    own: the function's parameters, by their normalised names. Each is paired once.
    """
    left = dict(own)
    paired = {}
    for canonical, aliases in entry.params.items():
        names = map(normalised, (canonical, *aliases))
        common = next((name for name in names if name in left), None)
        if common is not None:
            paired[canonical] = left.pop(common)
    return paired


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


def normalised(name: str) -> str:
    """Lower case without underscores: layernorm_backward is layer_norm_backward."""
    return name.replace("_", "").lower()
