"""Published sentences against records: each claim names one of the checks in this package.

A check takes the imported facts and the claim's arguments and returns an outcome with its numbers.
Claims about an original are decided by what was measured on the original, never by a stand-in.
"""

from __future__ import annotations

from pydantic import ValidationError

from generator.claims import duels, matrix, measured, provenance
from generator.claims.registry import CHECKS, Absent
from generator.data import Claim, Outcome, Published
from generator.yamlfile import BadFile, first_error

__all__ = ["CHECKS", "duels", "matrix", "measured", "outcome", "outcomes", "provenance"]

# What checks raise for models, challenges and values that the imported facts do not hold.
BAD_ARGUMENTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def outcomes(published: Published) -> list[Outcome]:
    """The outcome of every claim; raises BadFile for an unknown check or bad arguments."""
    return [outcome(claim, published) for claim in published.claims]


def outcome(claim: Claim, published: Published) -> Outcome:
    """The outcome of one claim."""
    if claim.check not in CHECKS:
        raise BadFile(f"claims.yaml: {claim.id}: check: no check called {claim.check!r}")
    try:
        result, because = CHECKS[claim.check](published, **claim.args)
        return Outcome(claim=claim, outcome=result, because=because)
    except Absent as error:
        return Outcome(claim=claim, outcome="unverifiable", because=str(error))
    except ValidationError as error:
        raise BadFile(f"claims.yaml: {claim.id}: args: {first_error(error)}") from error
    except BAD_ARGUMENTS as error:
        why = str(error) or type(error).__name__
        raise BadFile(f"claims.yaml: {claim.id}: args: {why}") from error
