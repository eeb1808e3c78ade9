"""Accessibility and valid HTML, by tools that know the rules."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import Visitor
from tests.browser.test_browser import DARK, KINDS, every_kind

pytestmark = pytest.mark.browser

# Of the standard preset, rules on style alone, and one that the theme breaks on each page:
# its toggles are checkboxes with autocomplete="off".
RULES = {
    "no-trailing-whitespace": "off",
    "no-inline-style": "off",
    "long-title": "off",
    "valid-autocomplete": "off",
}

THEMES_OWN = {'Attribute "tabindex" has invalid value ""'}  # labels of nested navigation


@every_kind
def test_axe_finds_nothing_serious(visitor: Visitor, kind: str, npm_tools: Path) -> None:
    """No serious or critical violation on any kind of page."""
    assert not grave(visitor, kind, npm_tools)


@pytest.mark.parametrize("kind", ["home", "run", "source", "duel", "ranking"])
@pytest.mark.parametrize("visitor", [DARK], indirect=True, ids=["dark"])
def test_axe_finds_nothing_serious_in_the_dark(
    visitor: Visitor, kind: str, npm_tools: Path
) -> None:
    """Nor in the dark scheme, where what differs is contrast."""
    assert not grave(visitor, kind, npm_tools)


def grave(visitor: Visitor, kind: str, npm_tools: Path) -> dict[tuple[str, str], str]:
    """The serious and critical violations on a page, by rule and selector."""
    page = visitor.open(KINDS[kind])
    page.add_script_tag(path=str(npm_tools / "axe-core" / "axe.min.js"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return {
        (violation["id"], " ".join(node["target"])): node["failureSummary"]
        for violation in found
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    }


def test_html_is_valid(site: Path, npm_tools: Path, tmp_path: Path) -> None:
    """html-validate's standard preset holds on a page of every kind."""
    settings = tmp_path / "rules.json"
    settings.write_text(
        json.dumps({"root": True, "extends": ["html-validate:standard"], "rules": RULES})
    )
    files = [
        site / path / "index.html" if not path.endswith(".html") else site / path
        for path in KINDS.values()
    ]
    command = [
        str(npm_tools / ".bin" / "html-validate"),
        "--config",
        str(settings),
        "--formatter",
        "json",
    ]
    report = tmp_path / "report.json"  # a pipe is cut off at its size when the tool exits
    with report.open("wb") as out:
        subprocess.run([*command, *map(str, files)], stdout=out, timeout=120, check=False)
    found = {
        f"{message['ruleId']}: {message['message']}": f"{result['filePath']}:{message['line']}"
        for result in json.loads(report.read_bytes())
        for message in result["messages"]
        if message["severity"] == 2 and message["message"] not in THEMES_OWN
    }
    assert not found
