"""Reads beams, their tokens and their scores out of whatever an output returns."""

import contextlib
import inspect

from .values import is_number, is_sequence, is_whole, plain, written_in_python

TOKENS = ("new_tokens", "generated_tokens", "generated", "tokens", "token_ids", "sequence", "seq")
SCORES = (
    "normalized_score", "normalised_score", "norm_score", "final_score", "length_normalized_score",
    "score", "normalized_log_prob", "normalized_logprob", "log_prob", "logprob", "log_probability",
)  # fmt: skip
BEAMS = ("beams", "hypotheses", "results", "sequences", "outputs", "candidates")


def beams(result, call, echoes):
    """The result as one list of [[new tokens, score], ...] per prompt, whatever it was made of."""
    per_prompt = [one_prompt(found, call["alpha"]) for found in batches(result)]
    if echoes:
        for prompt, found in zip(call["prompts"], per_prompt, strict=False):
            for beam in found:
                if beam[0][: len(prompt)] == list(prompt):
                    beam[0] = beam[0][len(prompt) :]
    return per_prompt


def batches(result):
    """The parts of a result that belong to the prompts, in order."""
    fields = named_fields(result)
    if fields is not None:
        inner = next((fields[name] for name in BEAMS if name in fields), None)
        if inner is None:  # {0: beams, 1: beams} or {"prompt_0": beams}
            return list(fields.values())
        scores = next((fields[name] for name in ("scores", *SCORES) if name in fields), None)
        return list(inner) if scores is None else paired(inner, scores)
    result = list(result)
    if parallel(result):
        return paired(*result[:2])
    return result


def parallel(result):
    """Whether this is (tokens of all beams, scores of all beams), each a list per prompt."""
    if len(result) != 2:
        return False
    with contextlib.suppress(Exception):
        return is_sequence(result[0][0][0]) and all(is_number(s) for s in result[1][0])
    return False


def paired(sequences, scores):
    """Join lists of tokens and of scores, prompt by prompt."""
    return [list(zip(s, v, strict=True)) for s, v in zip(sequences, scores, strict=True)]


def one_prompt(found, alpha):
    """One prompt's beams as [[tokens, score], ...]."""
    fields = named_fields(found)
    if fields is not None:
        inner = next((fields[name] for name in BEAMS if name in fields), None)
        if inner is None:
            return [one_beam(found, alpha)]
        scores = fields.get("scores")
        found = inner if scores is None else zip(inner, scores, strict=True)
    return [one_beam(beam, alpha) for beam in found]


def one_beam(beam, alpha):
    """[tokens, score] of a beam: by name where it has names, else the list and the number."""
    fields = named_fields(beam)
    if fields is None:
        tokens = next((part for part in beam if is_sequence(part)), None)
        numbers = sorted((part for part in beam if is_number(part)), key=is_whole)
        score = numbers[0] if numbers else None  # the first that is no count or rank
    else:
        by_name = (fields.get(name) for name in TOKENS)
        tokens = next((v for v in (*by_name, *fields.values()) if is_sequence(v)), None)
        scores = (told(fields[name], alpha) for name in SCORES if name in fields)
        score = next((value for value in scores if is_number(value)), None)
    return [None if tokens is None else [plain(t) for t in tokens], plain(score)]


def told(value, alpha):
    """A score that is there, or that a method gives, of alpha if it takes one argument."""
    if not callable(value):
        return value
    return value(alpha) if inspect.signature(value).parameters else value()


def named_fields(item):
    """A mapping, named tuple, data class or simple object as a dict, methods included."""
    if isinstance(item, dict):
        return item
    if isinstance(item, list) or not written_in_python(type(item)):
        return None
    own = (*getattr(item, "_fields", ()), *getattr(item, "__dict__", ()))
    names = (*own, *TOKENS, *SCORES, *BEAMS)
    return {name: getattr(item, name) for name in dict.fromkeys(names) if hasattr(item, name)}
