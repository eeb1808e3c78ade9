"""Ask a judge about runs, pairs and planted probes: what is open, in turn, within one budget."""

from __future__ import annotations

import os
from dataclasses import replace

from rich.console import Console

from generator.answers import Answers
from generator.data import JudgeSettings
from generator.files import given
from generator.judge.budget import Budget
from generator.judge.client import Client
from generator.judge.session import Tally
from generator.judge.settings import load_judge
from generator.judging import Plan, Request, judge, plan
from generator.options import Options, select
from generator.progress import progress
from generator.report import stderr


def plans(
    options: Options,
    wanted: list[str],
    settings: JudgeSettings,
    request: Request,
    probes: bool | None,
) -> list[tuple[Plan, Answers]]:
    """What a judge is to be asked: runs, and probes unless runs are named.

    probes: True for these alone, of which `wanted` then names kinds; False for none.
    """
    if probes:
        return [plan_probes(options, wanted, settings, request)]
    runs = plan_judging(options, wanted, settings, request)
    if wanted or probes is False:
        return [runs]
    return [runs, plan_probes(options, wanted, settings, request)]


def plan_judging(
    options: Options, wanted: list[str], settings: JudgeSettings, request: Request
) -> tuple[Plan, Answers]:
    """What a judge has answered and what is open, for the named runs."""
    known = Answers(settings.name, options.store)
    request = replace(request, keys=select(options.corpus, wanted))
    return plan(options.corpus, options.store.evidence(), known, settings, request), known


def plan_probes(
    options: Options, wanted: list[str], settings: JudgeSettings, request: Request
) -> tuple[Plan, Answers]:
    """The same for the planted probes: each once with the evidence and once without, no duels.

    The sample is the probes; to repeat a question would not make it larger.
    """
    once = replace(request, repeats=1, blind=min(1, request.blind), duels=False, texts=False)
    return plan_judging(options.probes, wanted, settings, once)


def ask(planned: Plan, answers: Answers, client: Client, console: Console) -> Tally:
    """Have a judge answer what is open, with a progress bar."""
    with progress(console, "judging", len(planned.open)) as advance:
        return judge(planned, answers, client, advance)


def ask_in_turn(planned: list[tuple[Plan, Answers]], client: Client, console: Console) -> Tally:
    """Ask one plan after the other, unless one is stopped; the tally of all."""
    total = Tally()
    for one, known in planned:
        if not total.stopped:
            total = total.plus(ask(one, known, client, console))
    return total


def judge_if_possible(options: Options, base_url: str, budget: float) -> str:
    """Ask the default judge what is open if there is a key for it; one line on what was done.

    A judge that stops is reported and stops nothing else: its answers so far are kept.
    """
    file = options.root / "judges.yaml"
    if not given(file):
        return "judge: none (no judges.yaml)"
    settings = load_judge(file, base_url=base_url)
    planned = plans(options, [], settings, Request([]), None)
    still_open = sum(len(one.open) for one, _ in planned)
    reused = sum(len(one.questions) for one, _ in planned) - still_open
    stale = sum(one.stale for one, _ in planned)
    state = (
        f"judge {settings.name}: {reused} answers reused, {stale} stale, "
        f"{still_open - stale} missing"
    )
    if settings.key_variable and not os.environ.get(settings.key_variable):
        return f"{state} (no {settings.key_variable}, so nothing is asked)"
    if not still_open:
        return state
    tally = ask_in_turn(planned, Client(settings, Budget(budget)), stderr)
    ended = f"; stopped: {tally.stopped}" if tally.stopped else ""
    unscored = f", {len(tally.unscored)} unscored" if tally.unscored else ""
    return f"{state}; {tally.asked} asked{unscored}, {tally.cost:.4f} ${ended}"
