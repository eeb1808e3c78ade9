"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A machine under load is slow, which is no fault of what is tested; benchmarks measure speed.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
