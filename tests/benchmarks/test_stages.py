"""Every stage that is measured is a command that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus import make
from benchmarks.judge_server import judge_server
from benchmarks.stages import (
    COLD,
    DISCOVER,
    JUDGE,
    MKDOCS,
    NOTHING,
    RENDER,
    VERIFY,
    changed_stage,
    first_stages,
    page_stages,
    records,
    site_of,
)
from generator.records import Store

RUNS = 6


@pytest.mark.slow
def test_all_stages_work_on_a_small_corpus(tmp_path: Path) -> None:
    """From folders to a site: evidence and a grade on every run, then a build of one change."""
    expected = make(tmp_path, RUNS)
    announced: list[str] = []
    with judge_server() as address:
        costs = dict(first_stages(tmp_path, address, announced.append))
    costs |= dict(page_stages(tmp_path, 300, announced.append))
    before = records(tmp_path)
    judged = Store(tmp_path / "docs" / "records").judged_runs()
    assert {f"{r.model}/{r.challenge}" for r in judged} == before.keys() == expected.keys()
    assert list(costs) == [DISCOVER, VERIFY, JUDGE, RENDER, COLD, MKDOCS, NOTHING] == announced
    site = site_of(tmp_path)
    assert site
    assert site.pages > RUNS
    changed_stage(tmp_path, announced.append)
    after = records(tmp_path)
    assert sum(before[key].digests != after[key].digests for key in expected) == 1
