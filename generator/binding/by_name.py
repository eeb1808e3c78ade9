"""Bindings by the names of functions, and by their signatures where no name fits."""

from __future__ import annotations

from generator.binding.candidates import SIGNATURE, Candidate, candidates
from generator.binding.exports import Exports
from generator.data import Binding, Bound, Challenge


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
