"""The formats of the downloads, without secrets: canonical JSON, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from generator.redact import clean_all

Row = dict[str, Any]


def as_json(value: object) -> str:
    """Canonical JSON without secrets; infinities and NaN, which JSON lacks, become null."""
    return to_json(clean_all(ordered(value)), indent=1, inf_nan_mode="null").decode() + "\n"


def ordered(value: object) -> object:
    """The value with the keys of every mapping in order."""
    if isinstance(value, Mapping):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, (list, tuple)) else value


def as_csv(rows: list[Row]) -> str:
    """Comma-separated values with a header line; lists are joined by spaces."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    writer.writerows([plain(value) for value in row.values()] for row in rows)
    return out.getvalue()


def plain(value: object) -> object:
    """A cell without secrets that no spreadsheet reads as a formula."""
    if isinstance(value, (list, tuple)):
        value = " ".join(map(str, value))
    value = clean_all(value)
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + value
    return value
