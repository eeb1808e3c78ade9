"""Numbers in a judge's prose: one that stands in nothing it was shown is marked, never dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from generator.data import Exchange

NUMBER = re.compile(r"(?<![\w.])(?!\d+[dD]\b)(\.?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?)(?:%|\w+)?")
MARK = "{number} (a number of the judge's own, not in what it was shown)"
WORDS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
WORD = f"(?:{'|'.join(WORDS)})"
COUNTED = (
    "challenges?|checks?|cases?|contestants?|implementations?|kernels?|models?|outputs?|runs?"
    "|solutions?|submissions?|tests?"
)
# A number word counts in `three checks`, `two further cases`, `three of five`, `all five`; in `the
# two passes of the algorithm` it is ordinary English, as `one` is nearly everywhere.
COUNT = re.compile(
    rf"(?i)\b(?:{WORD}(?= of\b|(?:[ -]\w+){{0,2}}? (?:{COUNTED})\b)"
    rf"|(?:(?<=\ball )|(?<=\bof )|(?<=\bof the )){WORD}\b)"
)


def marked(prose: str, shown: str) -> str:
    """The prose with a mark behind every number that does not stand in what the judge was shown."""
    own = {match.span() for match in made_up(prose, shown)}

    def replace(match: re.Match[str]) -> str:
        return MARK.format(number=match[0]) if match.span() in own else match[0]

    return NUMBER.sub(replace, prose)


def made_up(prose: str, shown: str) -> Iterator[re.Match[str]]:
    """The numbers in digits that do not stand in what was shown, in order."""
    known = {value(number[1]) for number in NUMBER.finditer(shown)}
    return (number for number in NUMBER.finditer(prose) if value(number[1]) not in known)


def counted(prose: str, shown: str) -> Iterator[re.Match[str]]:
    """The counts in words (`three checks`) that do not stand in what was shown, in order."""
    known = {value(number[1]) for number in NUMBER.finditer(shown)}
    known |= {value(str(number_of(match[0]))) for match in COUNT.finditer(shown)}
    return (m for m in COUNT.finditer(prose) if value(str(number_of(m[0]))) not in known)


def number_of(word: str) -> int:
    """The number that a word names."""
    return WORDS.index(word.lower()) + 2


def asked(exchanges: Iterable[Exchange]) -> str:
    """All that a judge was shown in some exchanges."""
    return "\n".join(m["content"] for exchange in exchanges for m in exchange.messages)


def value(number: str) -> float | str:
    """A number without its thousands separators; one in parts (a version) stays as it is."""
    try:
        return float(number.replace(",", ""))
    except ValueError:
        return number
