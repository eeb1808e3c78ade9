"""Runs beside the untrusted code: calls flash_attention_fwd as told.

call["do"] says in which manner: "once" (the default), "held" (the answer is read after another
call), "refilled" (the same array objects held other numbers in an earlier call), "strided" (inputs
that are transposed views), "measured" (peak memory), "default" (what causal is when left out).
"""

from challenges.driving.attention import (
    FORWARD,
    OUTPUT,
    default_of_causal,
    growth,
    layout,
    sequence_first,
    takes_causal,
    turned,
)
from challenges.driving.manners import others, refill
from challenges.driving.refusing import answered
from challenges.driving.results import fields_of

ARRAYS = ("Q", "K", "V")


def drive(entry, call):
    """Answer one call; where an adapter cannot express it, the reason it gives."""
    return answered(answer, entry, call)


def answer(entry, call):
    """Return O and the inputs as they are afterwards, or what was measured."""
    do = call.get("do", "once")
    if do == "default":
        return default_of_causal(entry, FORWARD)
    if not call["causal"] and not takes_causal(entry):
        return {"not_testable": "the function has no causal parameter"}
    call = {**call, "turned": sequence_first(entry)}
    given = {name: layout(call[name], strided=do == "strided") for name in ARRAYS}

    def run(arrays):
        return attend(entry, arrays, call)

    if do == "measured":
        return growth(run, given)
    if do == "refilled":
        refill(run, given)
    out = run(given)
    if do == "held":
        run(others(given))
    return {"O": out, **{f"{name}_after": given[name] for name in ARRAYS}}


def attend(entry, given, call):
    """The output array of one call, as (B, H, N, D)."""
    arrays = {name: turned(call, value) for name, value in given.items()}
    made = entry.flash_attention_fwd(**arrays, tile_size=call["tile_size"], causal=call["causal"])
    return turned(call, first(made))


def first(made):
    """The output among the parts of a result: by name in a mapping or object, else the first."""
    named = fields_of(made)
    if named is not None:
        return next(
            (named[name] for name in OUTPUT if name in named), next(iter(named.values()), None)
        )
    return made[0] if isinstance(made, (tuple, list)) and made else made
