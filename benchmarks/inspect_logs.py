"""What Inspect takes to make a static site of as many of its logs as a corpus has outputs."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.measure import measure
from benchmarks.record import Cost


def bundle(python: str, root: Path) -> Cost:
    """The cost of `inspect view bundle`; raises Failed where that interpreter has no Inspect."""
    logs, site = root / ".inspect" / "logs", root / ".inspect" / "site"
    logs.mkdir(parents=True)
    script = str(Path(__file__).with_name("peer_logs.py"))
    measure((python, script, str(root), str(logs)), root)
    tool = str(Path(python).with_name("inspect"))
    folders = ("--log-dir", str(logs), "--output-dir", str(site))
    cost = measure((tool, "view", "bundle", *folders), root)
    shutil.rmtree(root / ".inspect")
    return cost
