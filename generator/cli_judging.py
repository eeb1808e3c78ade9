"""The command that asks a judge, and its options."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from generator.cli_options import BaseUrl, Local, Names, Records, finite
from generator.errors import plain_errors

JudgeName = Annotated[str, typer.Option("--judge", help="A judge of judges.yaml.")]
OtherModel = Annotated[
    str, typer.Option(help="Another model on that server; its letters go by its name.")
]
Repeats = Annotated[int, typer.Option("--again", min=1, help="Repeats per run.")]
Blind = Annotated[int, typer.Option(min=0, help="Repeats without the evidence.")]
Dollars = Annotated[
    float | None,
    typer.Option(min=0, callback=finite, help="Stop before this many US dollars."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would cost.")]
Duels = Annotated[bool, typer.Option(help="Also compare the runs pairwise.")]
Texts = Annotated[
    bool, typer.Option(help="Also write analyses and profiles, once the grades are there.")
]
Probes = Annotated[
    bool | None,
    typer.Option(
        help="Planted probes, by which the judge is calibrated, alone or not at all. Default: "
        "after the runs, where none is named.",
        show_default=False,
    ),
]


def judge(
    names: Names = None,
    name: JudgeName = "",
    base_url: BaseUrl = "",
    model: OtherModel = "",
    repeats: Repeats = 3,
    blind: Blind = 1,
    budget: Dollars = None,
    dry_run: DryRun = False,
    local: Local = False,
    duels: Duels = True,
    texts: Texts = True,
    probes: Probes = None,
    records: Records = None,
) -> None:
    """Have a language model grade, compare and describe the runs, shown the measured evidence.

    What is answered already is not asked again; a reply that could not be used is. The key is read
    from the variable that judges.yaml names.
    """
    from generator.asking import ask_in_turn, plans
    from generator.judge.budget import Budget
    from generator.judge.client import Client
    from generator.judge.local import local_server
    from generator.judge.session import estimate
    from generator.judge.settings import load_judge
    from generator.judging import Request
    from generator.options import Options, kept_cache
    from generator.report import stderr
    from generator.report_judge import print_answers, print_estimate, print_tally
    from generator.yamlfile import BadFile

    with plain_errors():
        if local and name not in {"", "local"}:
            raise BadFile(f"--judge {name} or --local, not both")
        with local_server() if local else nullcontext(base_url) as address:
            options = Options(records=records, cache=kept_cache())
            chosen = "local" if local else name
            settings = load_judge(options.root / "judges.yaml", chosen, address, model)
            client = Client(settings, Budget(budget))
            request = Request([], repeats, blind, duels, texts)
            planned = plans(options, names or [], settings, request, probes)
            if dry_run:
                print_estimate(estimate((q for p, _ in planned for q in p.open), client))
                raise typer.Exit(0)
            tally = ask_in_turn(planned, client, stderr)
            print_tally(tally)
            for plan, answers in planned:
                print_answers(plan, answers)
    raise typer.Exit(1 if tally.stopped or tally.unscored else 0)
