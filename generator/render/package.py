"""What the columns of the downloads are: a Data Package (https://datapackage.org/standard/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def package(tables: Mapping[str, Rows], says: Mapping[str, str]) -> dict[str, Any]:
    """The descriptor of the CSV files, each with the names and types of its columns."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "kernel-bench-site",
        "title": "Grades and evidence of kernels written by language models",
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "description": says[name],
                "schema": {"fields": fields(rows)},
            }
            for name, rows in tables.items()
            if rows
        ],
    }


def fields(rows: Rows) -> list[dict[str, str]]:
    """The columns of a table in order, each with its type; a list is a string, joined by spaces."""
    return [
        {"name": column, "type": kind(row[column] for row in rows if row[column] is not None)}
        for column in rows[0]
    ]


def kind(values: Iterable[Any]) -> str:
    """The type that all values of a column have; anything where there is none."""
    found = {type(value) for value in values}
    if not found:
        return "any"
    if found == {bool}:
        return "boolean"
    if found == {int}:
        return "integer"
    return "number" if found <= {int, float} else "string"
