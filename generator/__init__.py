"""A benchmark site built from run artifacts: verify, judge, rank, audit, render."""

__version__ = "0.1.0"
