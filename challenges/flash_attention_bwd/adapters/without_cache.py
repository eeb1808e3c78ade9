"""For functions that pass Q, K, V, O and L one by one in place of a cache.

Forward returns (O, L) or (O, m, l); backward takes them by name, in any order.
"""

import inspect

EXPORTS = {"flash_attention_fwd": (), "flash_attention_bwd": ()}

SIZES = ("tile_size", "block_size", "tile", "block")
MASKS = ("causal", "is_causal", "use_causal")
STATISTICS = {1: (("l", "lse", "logsumexp"),), 2: (("m", "row_max"), ("l", "row_sum"))}


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Forward keeps its own inputs and results; backward is given those that it names."""

    def flash_attention_fwd(Q, K, V, tile_size, causal):
        settings = dict.fromkeys(SIZES, tile_size) | dict.fromkeys(MASKS, causal)
        function = module.flash_attention_fwd
        out, *rest = function(Q, K, V, **chosen(function, settings))
        held = {"q": Q, "k": K, "v": V, "o": out, "out": out}
        for names, value in zip(STATISTICS.get(len(rest), ()), rest, strict=False):
            held |= dict.fromkeys(names, value)
        return out, held

    def flash_attention_bwd(dO, cache, tile_size, causal):
        settings = dict.fromkeys(SIZES, tile_size) | dict.fromkeys(MASKS, causal)
        upstream = dict.fromkeys(("do", "dout", "d_o", "grad_out", "grad_output"), dO)
        function = module.flash_attention_bwd
        return function(**chosen(function, settings | upstream | cache))

    return {"flash_attention_fwd": flash_attention_fwd, "flash_attention_bwd": flash_attention_bwd}


def chosen(function, offered):
    """What the function has parameters for, under its own spelling."""
    names = inspect.signature(function).parameters
    return {name: offered[name.lower()] for name in names if name.lower() in offered}
