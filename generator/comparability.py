"""What differs between two runs of a challenge besides the model: warnings before a comparison."""

from __future__ import annotations

from itertools import combinations

from generator.data import Corpus, Published, Run

PROMPT = "PROMPT.md"


def differences(corpus: Corpus, published: Published) -> dict[str, tuple[str, ...]]:
    """Warnings by `challenge/a--b`, for every two runs of a challenge that differ in something."""
    found = {}
    for slug in corpus.challenges:
        runs = [run for run in corpus.runs.values() if run.challenge == slug]
        for a, b in combinations(runs, 2):
            warnings = (
                *thinking(published, a, b),
                *providers(published, a, b),
                *prompts(published, a, b),
                *stored_prompts(a, b),
            )
            if warnings:
                found[f"{slug}/{a.model}--{b.model}"] = warnings
    return found


def thinking(published: Published, a: Run, b: Run) -> list[str]:
    """Different thinking levels in the originals' session logs, or a level known of one alone."""
    levels = published.measured.thinking if published.measured else {}
    one, other = levels.get(a.key), levels.get(b.key)
    if one == other:
        return []
    told = [f"{run.model} {level or 'not logged'}" for run, level in ((a, one), (b, other))]
    return [f"thinking level of the originals: {', '.join(told)}"]


def providers(published: Published, a: Run, b: Run) -> list[str]:
    """A provider that was logged otherwise than declared."""
    logged = published.measured.logged if published.measured else ()
    return [
        f"{row['run']}: declared to run at {row['declared_provider']}, "
        f"its log names {row['logged_provider']}"
        for row in logged
        if row["run"] in {a.key, b.key}
    ]


def prompts(published: Published, a: Run, b: Run) -> list[str]:
    """A prompt of the originals that differs from the others', or was not stored."""
    known = published.measured.prompts if published.measured else {}
    differing: dict[str, str] = known.get("differs", {})
    absent: list[str] = known.get("not_stored", [])
    keys = (a.key, b.key)
    found = [f"prompt of the original {key}: {differing[key]}" for key in keys if key in differing]
    return found + [f"no prompt is stored with the original {key}" for key in keys if key in absent]


def stored_prompts(a: Run, b: Run) -> list[str]:
    """Prompts kept in the two folders here that are not the same bytes."""
    digests = [{x.path: x.sha256 for x in run.artifacts}.get(PROMPT) for run in (a, b)]
    if None in digests or digests[0] == digests[1]:
        return []
    return ["the prompts stored with the two runs differ"]
