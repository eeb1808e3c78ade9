"""For an attention object: FlashAttention(tile_size, causal) with forward(Q, K, V)."""

import inspect

EXPORTS = {"FlashAttention": ("forward",)}

SIZES = ("tile_size", "block_size", "tile", "block", "block_q", "block_k", "br", "bc")
MASKS = ("causal", "is_causal", "use_causal")


def entry(module, load):  # noqa: ARG001 - every adapter is offered both
    """The one role; each argument goes to the constructor or to forward, wherever it is named."""

    def flash_attention_fwd(Q, K, V, tile_size, causal):
        options = dict.fromkeys(SIZES, tile_size) | dict.fromkeys(MASKS, causal)
        layer = module.FlashAttention(**named(module.FlashAttention, options))
        return layer.forward(Q, K, V, **named(layer.forward, options))

    return {"flash_attention_fwd": flash_attention_fwd}


def named(function, options):
    """The options that the function has parameters for, under its own spelling."""
    return {
        name: options[name.lower()]
        for name in inspect.signature(function).parameters
        if name.lower() in options
    }
