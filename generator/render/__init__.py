"""Results -> pages, README tables and data files. Same results, same bytes."""

from __future__ import annotations

from generator.render.writing import Written, render, stale

__all__ = ["Written", "render", "stale"]
