"""Load judges.yaml, and turn one judge of it into settings."""

from __future__ import annotations

from pathlib import Path

from generator.data import JudgeSettings
from generator.yamlfile import BadFile, parse, read_mapping


def load_judge(file: Path, name: str = "", base_url: str = "", model: str = "") -> JudgeSettings:
    """The named judge, or the default one, with its server or model replaced if asked. BadFile."""
    content = read_mapping(file)
    judges = content.get("judges")
    if not isinstance(judges, dict) or not judges:
        raise BadFile(f"{file}: judges: expected a mapping of at least one judge")
    chosen = name or content.get("default") or next(iter(judges))
    if not isinstance(chosen, str) or chosen not in judges:
        known = ", ".join(map(str, judges))
        raise BadFile(f"{file}: default: no judge called {chosen!r} (there are: {known})")
    if not isinstance(judges[chosen], dict):
        raise BadFile(f"{file}: judges.{chosen}: expected a mapping of fields")
    given = dict(judges[chosen])
    given |= {k: v for k, v in {"base_url": base_url, "model": model}.items() if v}
    return parse(f"{file}: judges.{chosen}", JudgeSettings, given, name=chosen)
