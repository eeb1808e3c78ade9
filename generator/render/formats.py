"""The formats of the downloads, without secrets: canonical JSON, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from generator.redact import clean_all

Row = dict[str, Any]


def as_json(value: object) -> str:
    """Canonical JSON without secrets; infinities and NaN, which JSON lacks, become null."""
    return json.dumps(clean_all(finite(value)), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def finite(value: object) -> object:
    """The value without numbers that JSON cannot hold."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


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
