"""Which classes are caches, which callables are attention, and what each of them is asked."""

import re

from challenges.driving.refusing import NotTestable

from .attention import AttentionUse
from .attention_trial import calibrate
from .cache_trial import calibrate_cache
from .cache_use import CacheUse, lossy, writers
from .held import classes_of_functions
from .pieces import methods

FORGETS = re.compile("window|sliding|ring|rolling|circular|evict|prefix|offload|stream")
ATTENDS = re.compile(r"att(n|en|d)|forward|step|decode|prefill|__call__|mha|sdpa")
NOT_ATTENTION = re.compile(
    r"(^|_)(ref|reference|naive|full|recompute|no_?cache|without|uncached"
    r"|project|split|make|bench|test|demo|flops|loop)"
)


def cache_uses(pieces):
    """Sort of cache (plain, paged, quantised) -> its use, of the likeliest class; and why not."""
    found, reasons = {}, []
    named = sorted(
        pieces.classes.items(), key=lambda item: ("cache" not in item[0].lower(), len(item[0]))
    )
    for name, kind in [*named, *classes_of_functions(pieces)]:
        if FORGETS.search(name.lower()):
            continue
        sort = sort_of(kind, name.lower())
        if getattr(kind, "within", False):
            found.setdefault("plain", CacheUse(kind, pieces).as_within())
        if sort in found or not writers(kind):
            continue
        try:
            found[sort] = calibrate_cache(CacheUse(kind, pieces))
        except NotTestable as reason:
            reasons.append(str(reason))
        except Exception as error:  # a class that cannot even be made by its own constructor
            reasons.append(f"{name}: {type(error).__name__}: {error}")
    return found, "; ".join(reasons)


def sort_of(kind, name):
    """Whether a class is a paged, a quantised or a plain cache, by its name."""
    if re.search("page|block", name):
        return "paged"
    return "quantised" if lossy(kind) else "plain"


def attention_uses(pieces, use):
    """Callables that attend over such a cache, the likeliest first; and why others do not."""
    candidates = [
        (None, f) for f in pieces.functions.values() if ATTENDS.search(f.__name__.lower())
    ]
    for kind in pieces.classes.values():
        candidates += [(kind, m) for n, m in methods(kind) if ATTENDS.search(n.lower())]
    found, reasons = [], []
    for owner, function in candidates:
        if NOT_ATTENTION.search(function.__name__.lower()):
            continue
        try:
            attention = AttentionUse(function, owner, use, pieces)
            if attention.possible():
                found.append(calibrate(attention))
        except NotTestable as reason:
            reasons.append(str(reason))
    found.sort(key=lambda a: (not a.steps, a.stateless() and a.owner is None, not a.projects))
    settle_prefill(found)
    return found, "; ".join(reasons)


def settle_prefill(found):
    """Decide which callables are asked to take several tokens at once.

    The first is, unless it is plainly for single steps and lets a token see later ones: then a
    causal one, which some outputs have for prompts alone, prefills for it. The others may be meant
    for single steps, and are asked only if they are causal.
    """
    for number, attention in enumerate(found):
        if not attention.many or attention.causal:
            continue
        for_steps = attention.stateless() or re.search(
            "decode|step|incremental|single", attention.name.lower()
        )
        attention.many = number == 0 and not for_steps
    if found and not found[0].causal:
        found[0].prefill = next((a for a in found[1:] if a.many and a.causal), None)
