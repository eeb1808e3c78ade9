"""How much memory something allocates."""

import contextlib
import tracemalloc


@contextlib.contextmanager
def tracing():
    """Trace allocations from here on, whatever happens."""
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def peak(action):
    """(what an action returns, the most bytes that were allocated during it)."""
    with tracing():
        made = action()
        return made, tracemalloc.get_traced_memory()[1]
