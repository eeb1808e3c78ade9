"""Take secrets and personal data out of whatever leaves this machine or is published.

Originals are never changed: this works on text on its way to a page, a record or a judge. Where
text cannot be changed (a file's name is part of records and addresses) the run is left out instead,
and nothing is published until the name is changed.
"""

from __future__ import annotations

import functools
import html
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from generator.cache import Cache, Finds
from generator.data import Corpus
from generator.secret_rules import NEEDLES, Rule

PUBLISHED = {".md", ".json", ".csv", ".xml", ".yaml", ".yml", ".txt", ".svg"}
OURS = {"guide", "assets"}
SHORT = 200
RENAME = "a name holds a secret and cannot be redacted, rename it: {}"


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with every find replaced by its kind, and the number of finds by kind.

    Lines keep their numbers: a find that spans several leaves as many line feeds behind.
    """
    found: dict[str, int] = {}
    for rule in applicable(text):
        text, count = rule.pattern.subn(functools.partial(replacement, rule.kind), text)
        if count:
            found[rule.kind] = found.get(rule.kind, 0) + count
    return text, found


def replacement(kind: str, match: re.Match[str]) -> str:
    """What stands in place of a find: its kind, and the line feeds that it held."""
    return f"[redacted {kind}]" + "\n" * match[0].count("\n")


def clean(text: str) -> str:
    """The text without secrets."""
    return _clean_short(text) if len(text) < SHORT else redact(text)[0]


@functools.lru_cache(maxsize=2**14)  # names and verdicts come up again and again
def _clean_short(text: str) -> str:
    return redact(text)[0]


def applicable(text: str) -> list[Rule]:
    """The rules that could match: those of whose needles one is in the text."""
    if len(text) < 8:
        return []
    lower = text.lower()
    near = (rule for needle, more, rule in NEEDLES if needle in lower and more.search(lower))
    return list(dict.fromkeys(near))


def clean_all(value: Any) -> Any:
    """A JSON value with every string in it redacted, keys excepted."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_all(item) for item in value]
    return {k: clean_all(v) for k, v in value.items()} if isinstance(value, dict) else value


def report(corpus: Corpus, cache: Cache | None = None) -> dict[str, Finds]:
    """What pages will not show, by `model/challenge/file`: the number of finds by kind."""
    cache = cache or Cache()
    found = {}
    for key, run in corpus.runs.items():
        for artifact in run.artifacts:
            with suppress(OSError):  # what cannot be read is not shown either
                read = (run.folder / artifact.path).read_bytes
                if counts := cache.finds("stored", artifact.sha256, read, stored):
                    found[f"{key}/{artifact.path}"] = counts
    return found


def stored(data: bytes) -> Finds:
    """The finds in a stored file."""
    return redact(data.decode("utf-8", errors="replace"))[1]


def published(data: bytes) -> Finds:
    """The finds in a file of the site, as a browser shows it."""
    return redact(html.unescape(data.decode("utf-8", errors="replace")))[1]


def left_over(docs: Path, cache: Cache | None = None) -> list[str]:
    """Files to be published that hold a secret after all, with its kind: the last gate of a build.

    Every file is looked through, but for the hand-written guide; bytes that were looked through
    before, by the same rules, are not looked through again.
    """
    cache = cache or Cache()
    found = []
    for file in sorted(docs.rglob("*")):
        inside = file.relative_to(docs)
        if not file.is_file() or file.suffix not in PUBLISHED or inside.parts[0] in OURS:
            continue
        if kinds := cache.finds("published", cache.digest(file), file.read_bytes, published):
            found.append(f"{inside}: {', '.join(kinds)}")
    return found


def withhold(corpus: Corpus) -> Corpus:
    """The corpus without the runs and models in whose names there is a secret.

    Records, addresses and questions to judges are made of names, so nothing may be made of these
    runs. Where the withheld ones are listed, their names are shown without the secret.
    """
    withheld = {clean(name): RENAME.format(clean(name)) for name in corpus.models if secret(name)}
    for key, run in corpus.runs.items():
        names = [artifact.path for artifact in run.artifacts if secret(artifact.path)]
        if names and not secret(run.model):
            withheld[key] = RENAME.format(", ".join(map(clean, names)))
    models = {name: model for name, model in corpus.models.items() if not secret(name)}
    runs = {
        key: run for key, run in corpus.runs.items() if run.model in models and key not in withheld
    }
    return corpus.model_copy(update={"models": models, "runs": runs, "withheld": withheld})


def secret(name: str) -> bool:
    """Whether a name holds a secret."""
    return bool(redact(name)[1])
