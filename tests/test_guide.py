"""What the guide shows to be copied works when it is copied as it stands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from generator.discover import corpus

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/guide/add-a-model.md"])
def test_the_model_yaml_to_be_copied_has_no_problem(tmp_path: Path, page: str) -> None:
    """`build --check` finds nothing to complain about in a model folder made from it."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(\s+name: Example-1\n.*?)\s+```", text, re.DOTALL)
    assert found
    folder = tmp_path / "example-1"
    (folder / "backwards").mkdir(parents=True)
    (folder / "model.yaml").write_text(textwrap.dedent(found[1]))
    made = corpus(ROOT, tmp_path)
    assert made.models["example-1"].name == "Example-1" and made.problems == ()
