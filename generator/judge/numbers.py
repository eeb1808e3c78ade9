"""Numbers in a judge's prose: one that stands in nothing it was shown is marked, never dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.data import Exchange

NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*%?(?![\w])")
MARK = "{number} (a number of the judge's own, not in what it was shown)"


def marked(prose: str, shown: str) -> str:
    """The prose with a mark behind every number that does not stand in what the judge was shown."""
    known = {plain(number) for number in NUMBER.findall(shown)}

    def replace(match: re.Match[str]) -> str:
        number = match.group()
        return number if plain(number) in known else MARK.format(number=number)

    return NUMBER.sub(replace, prose)


def asked(exchanges: Iterable[Exchange]) -> str:
    """All that a judge was shown in some exchanges."""
    return "\n".join(m["content"] for exchange in exchanges for m in exchange.messages)


def plain(number: str) -> str:
    """A number without thousands separators and percent sign."""
    return number.rstrip("%").replace(",", "")
