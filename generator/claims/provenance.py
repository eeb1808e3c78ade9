"""Checks on logs, prompts, providers, the models' own tests and the judge's method."""

from __future__ import annotations

from generator.claims.registry import Result, check, holds, needed
from generator.data import Published, Rerun


@check
def perplexity(published: Published, model: str, says: float) -> Result:
    """A quoted validation perplexity against the stored logs."""
    facts = needed(published.runs, "runs.yaml")
    found = facts.ternary_rerun[model]
    if not found.in_stored_logs or found.logged is None:
        return "unverifiable", f"no stored log holds this figure ({printed(found)})"
    return holds(abs(found.logged - says) <= 1, f"a stored log holds {found.logged}")


def printed(run: Rerun) -> str:
    """What was published of a training run besides."""
    return f"published: {run.val_ppl:g} after {run.steps} steps, training loss {run.train_loss:g}"


@check
def session_logs(published: Published, runs: int) -> Result:
    """Whether every run has a stored session log."""
    facts = needed(published.runs, "runs.yaml")
    stored = len(facts.session_logs)
    return holds(stored >= runs, f"{stored} of {runs} runs have one")


@check
def prompts_identical(published: Published) -> Result:
    """Whether the stored prompts of each challenge are the same for all models."""
    known = needed(published.measured, "measured.yaml")
    differs, absent = known.prompts.differs, known.prompts.not_stored
    text = "; ".join(f"{run}: {how}" for run, how in differs.items())
    return holds(not differs, f"{text}; no prompt is stored for {', '.join(absent)}")


@check
def provider(published: Published, model: str, says: str) -> Result:
    """A declared provider against the one that session logs name."""
    known = needed(published.measured, "measured.yaml")
    logged = [row for row in known.logged if row.run.startswith(f"{model}/")]
    if not logged:
        return "unverifiable", "no log of this model names its provider"
    named = {row.logged_provider for row in logged}
    return holds(named == {says}, f"the log of {logged[0].run} names {', '.join(sorted(named))}")


@check
def own_tests_pass(published: Published) -> Result:
    """Whether all of the models' own test scripts end and pass."""
    known = needed(published.measured, "measured.yaml")
    own = known.own_tests
    unended = ", ".join(own.did_not_end) or "none"
    text = f"{own.exit_zero} of {own.scripts} exit with 0; did not end: {unended}"
    return holds(own.exit_zero == own.scripts, text)


@check
def same_score_twice(published: Published, model: str, challenge: str) -> Result:
    """Whether the earlier judge scored one output alike in its rounds."""
    earlier = needed(published.scores, "scores.yaml")
    found = [s for s in earlier.scores if (s.model, s.challenge) == (model, challenge)]
    text = ", ".join(f"round {s.round}: {s.score}" for s in found)
    return holds(len({s.score for s in found}) == 1, text)
