"""Reads beams, their tokens and their scores out of whatever an output returns."""

import contextlib
import inspect
import math

import numpy as np

from .arrays import cut, in_arrays
from .values import is_number, is_sequence, is_whole, plain, written_in_python

TOKENS = ("new_tokens", "generated_tokens", "generated", "tokens", "token_ids", "sequence", "seq")
SCORES = (
    "normalized_score", "normalised_score", "norm_score", "final_score", "length_normalized_score",
    "score", "normalized_log_prob", "normalized_logprob", "sort_key",
    "log_prob", "logprob", "log_probability",
)  # fmt: skip
LENGTHS = ("lengths", "sequence_lengths", "seq_lengths", "lens", "seq_lens")
BEAMS = ("beams", "hypotheses", "results", "sequences", "outputs", "candidates")


def beams(result, call, echoes):
    """The result as one list of [[new tokens, score], ...] per prompt, whatever it was made of."""
    end = call.get("eos_token_id")
    found = batches(result, len(call["prompts"]))
    per_prompt = [one_prompt(each, call["alpha"], end) for each in found]
    if echoes:
        for prompt, found in zip(call["prompts"], per_prompt, strict=False):
            for beam in found:
                if beam[0][: len(prompt)] == list(prompt):
                    beam[0] = beam[0][len(prompt) :]
    return per_prompt


def batches(result, count):
    """The parts of a result that belong to `count` prompts, in order."""
    fields = named_fields(result)
    if fields is not None:
        inner = next((fields[name] for name in BEAMS if name in fields), None)
        if inner is None:  # {0: beams, 1: beams} or {"prompt_0": beams}
            return list(fields.values())
        scores = next((fields[name] for name in ("scores", *SCORES) if name in fields), None)
        lengths = next((fields[name] for name in LENGTHS if name in fields), None)
        inner = (
            inner
            if lengths is None
            else [list(map(cut, *each)) for each in zip(inner, lengths, strict=True)]
        )
        return list(inner) if scores is None else paired(inner, scores)
    items = list(result)
    if parallel(items):
        side_by_side = len(items) > 2 and np.ndim(items[2]) == 2 == np.ndim(items[1])
        return list(zip(*items[:3], strict=True)) if side_by_side else paired(*items[:2])
    beside = isinstance(result, tuple) and is_listed(items[:1]) and len(items[0]) == count
    if beside and readable(items[0], one_prompt) and not readable(items, one_prompt):
        return list(items[0])  # (results, statistics)
    return items


def is_listed(items):
    """Whether there is a first item, and it is a list or an array."""
    return len(items) > 0 and isinstance(items[0], (list, tuple, np.ndarray))


def readable(items, read):
    """Whether each of some items can be read as beams, all of them with tokens and a score."""
    try:
        found = [read(item, 1.0) for item in items]
    except Exception:  # noqa: BLE001 - it is what somebody else's code made
        return False
    each = found if read is one_beam else [beam for prompt in found for beam in prompt]
    return all(
        beam[0] is not None
        and all(type(t) is int for t in beam[0])
        and type(beam[1]) in (int, float)
        for beam in each
    )


def parallel(result):
    """Whether this is (tokens of all beams, scores of all beams), each a list per prompt."""
    if len(result) < 2:
        return False
    with contextlib.suppress(Exception):
        return is_sequence(result[0][0][0]) and all(is_number(s) for s in result[1][0])
    return False


def paired(sequences, scores):
    """Join lists of tokens and of scores, prompt by prompt."""
    return [list(zip(s, v, strict=True)) for s, v in zip(sequences, scores, strict=True)]


def one_prompt(found, alpha, end=None):
    """One prompt's beams as [[tokens, score], ...]."""
    fields = named_fields(found)
    if rows := in_arrays(parts_of(found, fields)):
        found = rows
    elif fields is not None:
        inner = next((fields[name] for name in BEAMS if name in fields), None)
        if inner is None:
            return [one_beam(found, alpha, end)]
        scores = fields.get("scores")
        found = inner if scores is None else zip(inner, scores, strict=True)
    elif accompanied(found):
        found = found[0]
    made = [one_beam(beam, alpha, end) for beam in found]
    return [beam for beam in made if beam != [[], -math.inf]]  # rows of an array that hold no beam


def parts_of(found, fields):
    """What may stand side by side in one prompt's result, scores by their likeliest name first."""
    if fields is None:
        return found if isinstance(found, (list, tuple)) else []
    return [fields[n] for n in (*BEAMS, *TOKENS, "scores", *SCORES, *LENGTHS) if n in fields]


def accompanied(found):
    """Whether this is (beams, statistics) of one prompt."""
    return (
        isinstance(found, tuple)
        and len(found) > 1
        and is_listed(found)
        and readable(found[0], one_beam)
        and not readable(found, one_beam)
    )


def one_beam(beam, alpha, end=None):
    """[tokens, score] of a beam: by name where it has names, else the list and the number.

    end: the end token, behind which a row of an array may be padded.
    """
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
    return [None if tokens is None else unpadded(tokens, end), plain(score)]


def unpadded(tokens, end):
    """Tokens without padding: negative numbers, and in an array one number over and over again.

    The latter only behind the end token: no array of beams could do without.
    """
    found = [plain(t) for t in tokens]
    while found and isinstance(found[-1], int) and found[-1] < 0:
        found.pop()
    if isinstance(tokens, np.ndarray) and end in found:
        last = found.index(end) + 1
        found = found[:last] if len(set(found[last:])) <= 1 else found
    return found


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
    own = [n for kind in ("_fields", "__dict__", "__slots__") for n in getattr(item, kind, ())]
    names = (*own, *TOKENS, *SCORES, *BEAMS)
    return {name: getattr(item, name) for name in dict.fromkeys(names) if hasattr(item, name)}
