"""Results -> pages, README tables and data files. Same results, same bytes."""

from __future__ import annotations

from generator.render.writing import Invocation, Written, render, stale

__all__ = ["Invocation", "Written", "render", "stale"]
