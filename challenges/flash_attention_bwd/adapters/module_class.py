"""For an attention object: FlashAttention(tile_size, causal), forward(Q, K, V), backward(dO)."""

import inspect

EXPORTS = {"FlashAttention": ("forward", "backward")}

SIZES = ("tile_size", "block_size", "tile", "block", "block_q", "block_k", "br", "bc")
MASKS = ("causal", "is_causal", "use_causal")


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """Forward makes an object, which is the cache; backward asks it for the gradients."""

    def flash_attention_fwd(Q, K, V, tile_size, causal):
        options = dict.fromkeys(SIZES, tile_size) | dict.fromkeys(MASKS, causal)
        layer = module.FlashAttention(**named(module.FlashAttention, options))
        made = layer.forward(Q, K, V, **named(layer.forward, options))
        out, own = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        return out, (layer, own)

    def flash_attention_bwd(dO, cache, tile_size, causal):
        layer, own = cache
        options = dict.fromkeys(SIZES, tile_size) | dict.fromkeys(MASKS, causal)
        options |= dict.fromkeys(("cache", "ctx", "saved"), own)
        return layer.backward(dO, **named(layer.backward, options))

    return {"flash_attention_fwd": flash_attention_fwd, "flash_attention_bwd": flash_attention_bwd}


def named(function, options):
    """The options that the function has parameters for, under its own spelling."""
    return {
        name: options[name.lower()]
        for name in inspect.signature(function).parameters
        if name.lower() in options
    }
