"""What differs between two runs of a challenge besides the model: warnings before a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from generator.data import Corpus, Published, Run, Session, StoredPrompts

PROMPT = "PROMPT.md"
Sessions = Mapping[str, Session]


def differences(
    corpus: Corpus,
    published: Published,
    pairs: Sequence[tuple[str, str]],
    sessions: Sessions | None = None,
) -> dict[str, tuple[str, ...]]:
    """Warnings by `challenge/a--b`, for the runs of two models that differ in something.

    sessions: the logs stored with the runs here; they are believed before what was published.
    """
    found = {}
    logs = sessions or {}
    levels = thinking_levels(published, logs)
    for slug in corpus.challenges:
        runs = {run.model: run for run in corpus.runs.values() if run.challenge == slug}
        for a, b in ((runs[a], runs[b]) for a, b in pairs if a in runs and b in runs):
            warnings = (
                *thinking(levels, logs, corpus, (a, b)),
                *providers(published, a, b),
                *(fact for run in (a, b) for fact in logged(corpus, logs, run)),
                *prompts(published, a, b),
                *identical(published, a, b),
                *stored_prompts(a, b),
            )
            if warnings:
                found[f"{slug}/{a.model}--{b.model}"] = warnings
    return found


def thinking_levels(published: Published, logs: Sessions) -> dict[str, str]:
    """The level of every run of which one is known, by run."""
    levels = dict(published.measured.thinking) if published.measured else {}
    return levels | {key: ", then ".join(s.thinking) for key, s in logs.items() if s.thinking}


def thinking(
    levels: Mapping[str, str], logs: Sessions, corpus: Corpus, runs: tuple[Run, Run]
) -> list[str]:
    """Different thinking levels in the session logs, or a level known of one run alone."""
    known = [levels.get(run.key) for run in runs]
    if known[0] == known[1]:
        return []
    named = zip(runs, known, strict=True)
    told = [f"{corpus.models[run.model].name} {level or 'not logged'}" for run, level in named]
    whose = "" if {run.key for run in runs} & logs.keys() else " of the originals"
    return [f"thinking level{whose}: {', '.join(told)}"]


def logged(corpus: Corpus, logs: Sessions, run: Run) -> list[str]:
    """What the log stored with a run says against what its model.yaml declares."""
    session = logs.get(run.key)
    if session is None:
        return []
    declared = corpus.models[run.model].provider
    names = list(dict.fromkeys(m.partition("/")[0] for m in session.models if "/" in m))
    other = [name for name in names if plain(name) not in plain(declared)]
    found = []
    if other:
        found.append(f"{run.key}: declared to run at {declared}, its log names {', '.join(other)}")
    if len(session.models) > 1:
        found.append(f"{run.key}: the model changed mid-way: {', '.join(session.models)}")
    return found


def plain(name: str) -> str:
    """A provider's name for comparison: letters and digits alone."""
    return "".join(c for c in name.lower() if c.isalnum())


def providers(published: Published, a: Run, b: Run) -> list[str]:
    """A provider that was logged otherwise than declared."""
    rows = published.measured.logged if published.measured else ()
    return [
        f"{row.run}: declared to run at {row.declared_provider}, "
        f"its log names {row.logged_provider}"
        for row in rows
        if row.run in {a.key, b.key}
    ]


def prompts(published: Published, a: Run, b: Run) -> list[str]:
    """A prompt of the originals that differs from the others', or was not stored."""
    known = published.measured.prompts if published.measured else StoredPrompts()
    differing, absent = known.differs, known.not_stored
    keys = (a.key, b.key)
    found = [f"prompt of the original {key}: {differing[key]}" for key in keys if key in differing]
    return found + [f"no prompt is stored with the original {key}" for key in keys if key in absent]


def identical(published: Published, a: Run, b: Run) -> list[str]:
    """Files that the originals of both runs had in common, byte for byte."""
    sets = published.measured.identical_files if published.measured else ()
    shared = [
        files
        for files in sets
        if all(any(f.startswith(f"{run.key}/") for f in files) for run in (a, b))
    ]
    return [f"byte for byte the same in the originals: {', '.join(files)}" for files in shared]


def stored_prompts(a: Run, b: Run) -> list[str]:
    """Prompts kept in the two folders here that are not the same bytes."""
    digests = [{x.path: x.sha256 for x in run.artifacts}.get(PROMPT) for run in (a, b)]
    if None in digests or digests[0] == digests[1]:
        return []
    return ["the prompts stored with the two runs differ"]
