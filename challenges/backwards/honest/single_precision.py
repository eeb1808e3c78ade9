"""Everything in float32, whatever comes in, with einsum; divides by D at the end."""

import numpy as np


def layer_norm_forward(x, gamma, beta, eps):
    """Return (y, cache) in float32."""
    x, gamma, beta = (np.asarray(a, dtype=np.float32) for a in (x, gamma, beta))
    width = np.float32(x.shape[-1])
    centred = x - (np.einsum("btd->bt", x) / width)[..., None]
    var = np.einsum("btd,btd->bt", centred, centred) / width
    inv = (var + np.float32(eps)) ** np.float32(-0.5)
    xhat = np.einsum("btd,bt->btd", centred, inv)
    return np.einsum("btd,d->btd", xhat, gamma) + beta, {"xhat": xhat, "inv": inv, "gamma": gamma}


def layer_norm_backward(dy, cache):
    """Return a dict of the three gradients in float32."""
    dy, xhat = dy.astype(np.float32), cache["xhat"]
    width = np.float32(dy.shape[-1])
    g = np.einsum("btd,d->btd", dy, cache["gamma"])
    total = np.einsum("btd->bt", g)[..., None]
    along = np.einsum("btd,btd->bt", g, xhat)[..., None]
    dx = (cache["inv"] / width)[..., None] * (width * g - total - xhat * along)
    return {
        "dx": dx,
        "dgamma": np.einsum("btd,btd->d", dy, xhat),
        "dbeta": np.einsum("btd->d", dy),
    }
