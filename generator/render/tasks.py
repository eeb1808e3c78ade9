"""A challenge's prompt and mutants, read from its folder."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from generator.yamlfile import read_text, validated, values

HEADING = re.compile(r"^(#{1,5}) ", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """A wrong implementation, named after its mistake, and the check that must reject it."""

    name: str
    check: str
    says: str = ""


def prompt(root: Path, slug: str) -> str:
    """The prompt as Markdown below a second-level heading; empty where there is none. BadFile."""
    file = root / "challenges" / slug / "PROMPT.md"
    if not file.is_file():
        return ""
    text = read_text(file)
    body = re.sub(r"\A# .*\n", "", text)
    parts = re.split(r"(^```.*?^```$)", body, flags=re.MULTILINE | re.DOTALL)
    return "".join(p if p.startswith("```") else HEADING.sub(r"\1# ", p) for p in parts).strip()


def mutants(root: Path, slug: str) -> list[Mutant]:
    """The mutants of a challenge; none where there is no list. Raises BadFile."""
    file = root / "challenges" / slug / "mutants.yaml"
    if not file.is_file():
        return []
    return list(listed(file, read_text(file)))


@functools.cache
def listed(file: Path, text: str) -> tuple[Mutant, ...]:
    """The mutants that a text lists; two kinds of page ask for the same ones. Raises BadFile."""
    return validated(str(file), tuple[Mutant, ...], values(file, text))
