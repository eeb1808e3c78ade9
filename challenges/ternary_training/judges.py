"""How the answers of an output are judged, one function for each kind of check.

An epsilon of up to 1e-5 in the scale is common (BitNet b1.58 clamps there), so the deciding checks
allow it; what it does to tiny weights is shown by a check of its own. W + stop_gradient(P - W), a
common way to write the estimator, rounds at the size of W, which the bounds allow too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from challenges.kit import Finding
from challenges.ternary_training.bounds import Calls, Got
from challenges.ternary_training.layer_judges import (
    causal,
    coverage,
    embedding,
    layer,
    layer_gradients,
    positional,
)
from challenges.ternary_training.projection_judges import (
    contract,
    gradient,
    half_precision,
    projection,
    ternary_codes,
    ties,
    tiny,
)
from challenges.ternary_training.training_judges import (
    LEARNT,
    OWN_LEARNT,
    falls,
    held_out,
    stays_ternary,
)

JUDGES: dict[str, Callable[[Calls, Got], list[Finding]]] = {
    "projection_exact": projection,
    "scale_is_mean_abs": projection,
    "codes_are_ternary": ternary_codes,
    "zero_groups": projection,
    "ties_and_near_ties": ties,
    "groups_are_independent": projection,
    "weights_unchanged": contract,
    "gradient_is_identity": gradient,
    "gradient_of_outliers_and_zeros": gradient,
    "layer_gradients": layer_gradients,
    "layer_exact": layer,
    "layer_follows_its_weights": layer,
    "embedding_exact": embedding,
    "tiny_weights": tiny,
    "indivisible_width": projection,
    "group_size_is_used": projection,
    "bfloat16_weights": half_precision,
    "loss_falls": partial(falls, LEARNT),
    "heldout_perplexity": held_out,
    "weights_stay_ternary": stays_ternary,
    "own_model_is_causal": causal,
    "own_model_sees_positions": positional,
    "own_embedding_is_ternary": coverage,
    "own_layers_are_ternary": coverage,
    "own_model_learns": partial(falls, OWN_LEARNT),
    "own_training_lowers_loss": partial(falls, OWN_LEARNT),
}
