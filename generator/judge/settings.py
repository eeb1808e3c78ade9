"""Load judges.yaml, and turn one judge of it into settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from generator.data import JudgeSettings
from generator.files import given
from generator.yamlfile import BadFile, parse, read_mapping


def load_judge(file: Path, name: str = "", base_url: str = "", model: str = "") -> JudgeSettings:
    """The named judge, or the default one, with its server or model replaced if asked. BadFile.

    Another model is another judge: it goes by the model's own name, and of its family nothing is
    known, so that no letter of its is shown as one of the judge whose settings it borrows.
    """
    judges, default = listed(file)
    chosen = name or default
    if not isinstance(chosen, str) or chosen not in judges:
        known = ", ".join(map(str, judges))
        field = "" if name else "default: "
        raise BadFile(f"{file}: {field}no judge called {chosen!r} (there are: {known})")
    if not isinstance(judges[chosen], dict):
        raise BadFile(f"{file}: judges.{chosen}: expected a mapping of fields")
    given = judges[chosen] | ({"base_url": base_url} if base_url else {})
    if model and model != given.get("model"):
        given |= {"model": model, "family": ""}
        chosen = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.") or chosen
    return parse(f"{file}: judges.{chosen}", JudgeSettings, given, name=chosen)


def load_judges(file: Path) -> list[JudgeSettings]:
    """The default judge and then every one; none where there is no file. Raises BadFile."""
    if not given(file):
        return []
    return [load_judge(file), *(load_judge(file, str(name)) for name in listed(file)[0])]


def listed(file: Path) -> tuple[dict[Any, Any], Any]:
    """The judges of a file as they stand there, and the name of the default one. Raises BadFile."""
    content = read_mapping(file)
    judges = content.get("judges")
    if not isinstance(judges, dict) or not judges:
        raise BadFile(f"{file}: judges: expected a mapping of at least one judge")
    return judges, content.get("default") or next(iter(judges))
