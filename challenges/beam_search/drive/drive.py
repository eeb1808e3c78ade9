"""Runs beside the untrusted code: hands a scripted language model to batched_beam_search.

The scripted model answers by the content of the whole prefix, never by call count: a hash of the
prefix picks a row of call["table"], unless call["special"] lists the prefix. How an output wants to
be answered is found by trial, once per function, on a chain of nearly sure tokens.

call: prompts, beam_width, max_new_tokens, alpha, eos_token_id, table, special, special_rows; or
own_model = True and eos_rank in place of the tables and eos_token_id.
"""

import numpy as np

from challenges.driving.refusing import answered

from .language_model import LanguageModel
from .learning import learn, names_called
from .own_model import with_own_model
from .results import beams
from .searching import laid_out, search
from .values import plain

UNDERFLOW = 2000  # a range of logits wider than that of the logarithms of float64 numbers


def drive(entry, call):
    """Answer one call; where an adapter cannot express it, the reason it gives."""
    return answered(answer, entry, call)


def answer(entry, call):
    """Return the beams per prompt as [[tokens, score], ...], and the prompts as they are then."""
    manner = learn(entry)
    if manner.puzzle:
        return {"not_testable": manner.puzzle}
    if call.get("own_model"):
        return with_own_model(entry, call, manner)
    if manner.kind() == "probs" and np.ptp(call["table"]) > UNDERFLOW:
        return {"not_testable": "the output asks for probabilities, and these would be zero"}
    model = LanguageModel(call, manner.dialect, manner.kinds, names_called(entry.module))
    prompts = laid_out(call["prompts"], manner.dialect)
    try:
        found = search(entry, {**call, "prompts": prompts}, model, owns=manner.owns)
    except ValueError as error:
        if call["max_new_tokens"]:
            raise
        return {"raised": "ValueError", "message": str(error)[:200]}
    after = [[plain(t) for t in prompt] for prompt in prompts]
    return {"beams": beams(found, call, manner.echoes), "prompts_after": after}
