"""One decoder of the output's own: giving it tokens, and letting it generate."""

import numpy as np

from challenges.driving.refusing import NotTestable

from .calling import call
from .layouts import arrays_in
from .naming import parameters, slot, slots


class Decoder:
    """One decoder with what it has been given so far."""

    def __init__(self, how, model, caches, config):
        self.how, self.model, self.config, self.count = how, model, config, 0
        self.caches = caches
        self.form = None

    def feed(self, tokens):
        """Give tokens (B, T); the logits that the step returns, (B, ..., V). Raises NotTestable."""
        name = self.how.step
        if tokens.shape[1] > 1 and self.count == 0 and self.how.prefill:
            name = self.how.prefill
        function = getattr(self.model, name)
        why = "no way to call it"
        for form in [self.form] if self.form and tokens.shape[1] == 1 else self._forms(tokens):
            try:
                result = call(function, self._known(function, form(tokens)), self.how.pieces)
            except Exception as error:
                if is_their_own(error, self.how.pieces):
                    raise
                why = error
                continue
            logits = logits_in(result, tokens.shape[0])
            if logits is None:
                why = "the step returns no logits per row"
                continue
            self.form = form
            self.count += tokens.shape[1]
            self._take_new_caches(function, result)
            return logits
        raise NotTestable(f"{self.how.kind.__name__}.{name}: {why}")

    def _take_new_caches(self, function, result):
        """Keep the caches that a step in functional style returns beside its logits."""
        if not {"cache", "caches"} & slots(function):
            return
        beside = result[1:] if isinstance(result, tuple) else ()
        kinds = (list, tuple, dict) if self.caches is None else type(self.caches)
        new = next((item for item in beside if isinstance(item, kinds)), None)
        if new is None and self.caches is None:
            raise NotTestable(f"{function.__qualname__} keeps nothing between calls")
        self.caches = self.caches if new is None else new

    def _forms(self, tokens):
        """Ways to write tokens: arrays or lists, one a row; vectors where it has no vocabulary."""
        table = np.random.default_rng(3).standard_normal((self.config["vocab_size"], 64))
        width = self.config["num_heads"] * self.config["head_dim"]
        taken = slots(getattr(self.model, self.how.step))
        if "x" in taken and "tokens" not in taken:
            vectors = [lambda t: table[t][..., :width], lambda t: table[t[:, 0]][..., :width]]
            return vectors if tokens.shape[1] == 1 else vectors[:1]
        many = [lambda t: t, lambda t: t.tolist()]
        return (
            [*many, lambda t: t[:, 0], lambda t: t[:, 0].tolist()] if tokens.shape[1] == 1 else many
        )

    def _known(self, function, tokens):
        known = {
            "tokens": tokens,
            "x": tokens,
            "position": self.count,
            "first": self.count,
            "causal": True,
        }
        known["positions"] = np.full(self.config["batch_size"], self.count)
        known["cache"] = known["caches"] = self.caches
        first = next(iter(parameters(function)), "")
        if slot(first) is None:
            raise NotTestable(f"no known meaning for the parameter {first}")
        if self.caches is None:
            del known["cache"], known["caches"]
        return known

    def generate(self, prompt, count):
        """Greedy tokens; prompts tried as a list, an array and a batch of one."""
        function = getattr(self.model, self.how.generate)
        known = {"new_tokens": count, "greedy": True, "do_sample": False, "top_k": 1, "seed": 0}
        errors = []
        for temperature in (0.0, 1e-4):
            for form in (np.array([prompt]), list(prompt), np.array(prompt), [list(prompt)]):
                try:
                    result = call(
                        function,
                        {**known, "tokens": form, "temperature": temperature},
                        self.how.pieces,
                    )
                    return np.asarray(result[0] if isinstance(result, tuple) else result).astype(
                        np.int64
                    )
                except Exception as error:
                    errors.append(error)
        raise NotTestable(f"{self.how.kind.__name__}.{self.how.generate}: {errors[0]}")


def logits_in(result, rows):
    """The first floating array with so many rows, or any where there is one row; else None."""
    floating = [a for a in arrays_in(result) if a.dtype.kind == "f"]
    fitting = [a for a in floating if a.shape[0] == rows] or (floating if rows == 1 else [])
    return fitting[0] if fitting else None


def is_their_own(error, pieces):
    """Whether an error can only be the output's own: a name or attribute that nothing defines."""
    if isinstance(error, AttributeError):
        owners = (*pieces.classes.values(), *pieces.modules)
        return any(owner is error.obj or owner is type(error.obj) for owner in owners)
    return isinstance(error, (NameError, ImportError))
