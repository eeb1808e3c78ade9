"""What a run's own logs claim: losses, perplexities and steps, read from text, JSON and Markdown.

Pure functions of texts; nothing is executed. A claim is a number under a name that speaks of loss,
perplexity or steps. Claims can be checked against each other (perplexity is exp of the loss) and
against published figures (is the figure in any stored log?), and set beside what was measured.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

LOGS = (".log", ".txt", ".md", ".json", ".jsonl", ".csv")
NUMBER = r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)"
NAME = (
    r"\b(?:[A-Za-z][A-Za-z _\-]*?)?(?:loss|ppl|perplexity|steps?|iterations?)\b(?:\s*\([^)\d]*\))?"
)
NAMED = re.compile(
    rf"(?P<name>{NAME})\W*?(?:[:=|~≈]|is|of|at)?\W{{0,4}}(?P<number>{NUMBER})(?P<percent>%?)",
    re.IGNORECASE,
)
COUNTED = re.compile(
    rf"(?P<number>{NUMBER})[ -](?:training )?(?P<name>steps|iterations)\b", re.IGNORECASE
)
LARGEST_LOSS_RATIO = 10.0
LONGEST_LINE = 1000


@dataclass(frozen=True)
class Claim:
    """One number: what it is said to be ("validation perplexity"), where, and beside which others.

    place: a line of a text, or the path of an object in JSON; claims of one place belong together.
    """

    file: str
    place: str
    what: str
    value: float


def parse(texts: Mapping[str, str]) -> list[Claim]:
    """All claims in the logs among these files (path -> text), in order, each once."""
    found: list[Claim] = []
    for file, text in sorted(texts.items()):
        if file.endswith(LOGS):
            found += in_json(file, text) if file.endswith(".json") else in_lines(file, text)
    return list(dict.fromkeys(found))


def kind(name: str) -> str:
    """A canonical name, or the empty string for what is no claim."""
    words = name.lower().replace("_", " ").replace("-", " ")
    held_out = re.search(r"\b(val|valid|validation|eval|evaluation|test|held)\b", words)
    part = "validation" if held_out else "training"
    if re.search(r"ppl|perplexity", words):
        return (
            "training perplexity"
            if re.search(r"\btrain(ing)?\b", words)
            else "validation perplexity"
        )
    if re.search(r"\bloss\b", words):
        return f"{part} loss"
    if re.search(r"warm|eval|log|save|every|accum", words):
        return ""
    return "steps" if re.search(r"\b(steps?|iterations?)$", words) else ""


def in_json(file: str, text: str) -> list[Claim]:
    """Claims of a JSON file by its keys; a file that is not JSON is read line by line."""
    try:
        return list(in_value(file, "", json.loads(text)))
    except (ValueError, RecursionError):
        return in_lines(file, text)


def in_value(file: str, place: str, value: Any) -> Iterator[Claim]:
    """Claims of one JSON value and all below it."""
    if isinstance(value, dict):
        for key, item in value.items():
            if number(item) is not None and kind(key):
                yield Claim(file, place, kind(key), float(item))
            else:
                yield from in_value(file, f"{place}/{key}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from in_value(file, f"{place}/{index}", item)


def number(value: Any) -> float | None:
    """The value where it is a finite number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > 1e300:
        return None
    return float(value) if math.isfinite(value) else None


def in_lines(file: str, text: str) -> list[Claim]:
    """Claims of a text: `name: number`, `250 steps`, JSON lines, tables by their header."""
    found: list[Claim] = []
    header: list[str] = []
    for index, whole in enumerate(text.splitlines(), start=1):
        line = whole[:LONGEST_LINE]
        place = f"line {index}"
        if line.strip().startswith("|"):
            cells = [cell.strip(" *`") for cell in line.strip().strip("|").split("|")]
            header = header or cells
            found += in_row(file, place, header, cells)
            continue
        header = []
        found += in_json_line(file, place, line) or in_sentence(file, place, line)
    return found


def in_json_line(file: str, place: str, line: str) -> list[Claim]:
    """Claims of a line that is a JSON object."""
    start = line.find("{")
    try:
        return list(in_value(file, place, json.loads(line[start:]))) if start >= 0 else []
    except (ValueError, RecursionError):
        return []


def in_row(file: str, place: str, header: list[str], cells: list[str]) -> list[Claim]:
    """Claims of a table row: a number under a heading, or beside a name in the first column."""
    found = []
    for heading, cell in zip(header, cells, strict=False):
        name = heading if kind(heading) else cells[0]
        match = re.fullmatch(rf"[~≈]?({NUMBER})", cell)
        if match and kind(name):
            found.append(Claim(file, place, kind(name), as_number(match[1])))
    return found


def in_sentence(file: str, place: str, line: str) -> list[Claim]:
    """Claims of a line of prose or of a plain log."""
    matches = [m for m in NAMED.finditer(line) if not m["percent"]]
    matches += COUNTED.finditer(line)
    return [
        Claim(file, place, kind(m["name"]), as_number(m["number"]))
        for m in matches
        if kind(m["name"])
    ]


def as_number(text: str) -> float:
    """A number that may hold thousands separators."""
    return float(text.replace(",", ""))


def contradictions(claims: list[Claim]) -> list[str]:
    """Places where a validation perplexity is not exp of the validation loss, by more than 2 %."""
    places: dict[tuple[str, str], dict[str, float]] = {}
    for claim in claims:
        places.setdefault((claim.file, claim.place), {})[claim.what] = claim.value
    found = []
    for (file, place), said in places.items():
        loss, perplexity = said.get("validation loss"), said.get("validation perplexity")
        if (
            loss is not None
            and perplexity
            and loss < 700
            and abs(math.exp(loss) / perplexity - 1) > 0.02
        ):
            where = f"{file}, {place or 'top'}"
            found.append(f"{where}: perplexity {perplexity:g}, exp(loss) is {math.exp(loss):.6g}")
    return found


def last(claims: list[Claim], what: str) -> float | None:
    """The last value claimed for something."""
    return next((claim.value for claim in reversed(claims) if claim.what == what), None)


def over_fits(claims: list[Claim]) -> bool | None:
    """Whether the last validation perplexity is over ten times that of the last training loss."""
    loss, perplexity = last(claims, "training loss"), last(claims, "validation perplexity")
    if loss is None or perplexity is None or loss > 700:
        return None
    return perplexity > LARGEST_LOSS_RATIO * math.exp(loss)


def in_logs(claims: list[Claim], what: str, published: float) -> bool:
    """Whether a published figure is a logged one, rounded to as many digits as was published."""
    digits = len(f"{published:g}".partition(".")[2])
    unit = 10.0**-digits
    return any(claim.what == what and abs(claim.value - published) <= unit for claim in claims)


def report(texts: Mapping[str, str], measured_perplexity: float | None = None) -> dict[str, Any]:
    """What a run's logs claim and how it fits together, as JSON.

    measured_perplexity: of the check heldout_perplexity, on our text. It is set beside the claim,
    and not held against it: a perplexity belongs to a text, its tokens and the size of the model.
    """
    claims = parse(texts)
    whats = ("steps", "training loss", "validation loss", "validation perplexity")
    return {
        "claims": [asdict(claim) for claim in claims],
        "last": {what: last(claims, what) for what in whats if last(claims, what) is not None},
        "contradictions": contradictions(claims),
        "over_fits": over_fits(claims),
        "measured_perplexity_on_our_text": measured_perplexity,
    }
