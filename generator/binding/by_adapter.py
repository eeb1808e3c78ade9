"""Bindings through adapters: which of a challenge's adapters know an interface like this one."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase

from generator.binding.candidates import BESIDE_THE_POINT
from generator.binding.exports import Exports
from generator.data import Binding
from generator.variants import version


def by_adapter(exports: list[Exports], adapters: dict[str, str]) -> list[Binding]:
    """Bindings through adapters, those that recognise most of a file's exports first."""
    ranked = []
    for name, source in adapters.items():
        wanted = adapter_exports(source)
        size = sum(1 + len(methods) for methods in wanted.values())
        for module in exports:
            place = alternative(module, wanted)
            if wanted and place is not None:
                beside = bool(BESIDE_THE_POINT.search(module.file.lower()))
                step = f"adapter {name}: {module.file} exports {', '.join(wanted)}"
                binding = Binding(adapter=name, module=module.file, steps=(step,))
                rank = (beside, -size, name, place, -version(module.file), module.file)
                ranked.append((rank, binding))
    return [binding for _, binding in sorted(ranked, key=lambda pair: pair[0])]


def adapter_exports(source: str) -> dict[str, tuple[str, ...]]:
    """The EXPORTS literal of an adapter: name or shell patterns -> methods it must have."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXPORTS":
            value = ast.literal_eval(node.value)
            return {name: tuple(methods) for name, methods in value.items()}
    return {}


def alternative(module: Exports, wanted: dict[str, tuple[str, ...]]) -> int | None:
    """Which alternative of the wanted patterns a file fits; None where a pattern does not fit.

    The alternatives of a pattern are parted by bars and counted from 0, the likeliest first. Where
    several patterns are wanted, the result is the highest of their numbers.
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
