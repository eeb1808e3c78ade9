"""The commands that only look: at a record, a binding, the project's own files, this machine."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from generator.cli_options import AsJson, Challenges, Records, Runs
from generator.errors import plain_errors

looking = typer.Typer()


@looking.command()
def show(
    run: Annotated[str, typer.Argument(metavar="MODEL/CHALLENGE")],
    every: Annotated[bool, typer.Option("--all", help="Every case, not failures alone.")] = False,
    runs: Runs = None,
    records: Records = None,
    as_json: AsJson = False,
) -> None:
    """Show the evidence on one run in the terminal: every check, and what failed with numbers.

    It says whether the record is current, or stale since something it was made from has changed.
    """
    from generator.options import Options, kept_cache
    from generator.report import print_evidence
    from generator.schedule import evidence_on

    with plain_errors():
        options = Options(runs=runs, records=records, cache=kept_cache())
        evidence, standing = evidence_on(options.corpus, options.store, run, options.cache.digest)
        if as_json:
            sys.stdout.write(evidence.model_dump_json(indent=1) + "\n")
        else:
            print_evidence(evidence, standing, every=every)


@looking.command()
def bind(
    run: Annotated[str, typer.Argument(metavar="MODEL/CHALLENGE")],
    runs: Runs = None,
    skeleton: Annotated[
        str | None,
        typer.Option(help="Write an adapter of this name, to be filled in, with its test."),
    ] = None,
) -> None:
    """Explain how a run's entry points are found, and what else its files define."""
    from generator.discover import corpus
    from generator.explain import explain, write_skeleton
    from generator.options import Options
    from generator.report import print_binding

    with plain_errors():
        options = Options(runs=runs)
        found = corpus(options.root, runs)
        bindings, exports = explain(found, run)
        print_binding(bindings, exports)
        if skeleton:
            challenge = found.challenges[found.runs[run].challenge]
            for path in write_skeleton(options.root, challenge, skeleton, found.runs[run], exports):
                typer.echo(f"written: {path.relative_to(options.root)}")
            typer.echo(f"note: all records of {challenge.slug} are stale now, as after any adapter")
    raise typer.Exit(0 if bindings[0].ok else 1)


@looking.command()
def check(
    mutants: Annotated[
        bool,
        typer.Option(
            "--mutants", help="Also run mutants and honest variants, and record the table."
        ),
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds per mutant and variant.")] = 20,
    challenge: Challenges = None,
) -> None:
    """Check the project's own files; with --mutants, how strong the kernel tests are.

    Of each challenge all files are read and its kernel tests are loaded; settings, published facts
    and records are read. Broken challenges are not tried on mutants.
    """
    from generator.checking import check_challenges, check_records, check_settings
    from generator.options import Options
    from generator.report import print_strength
    from generator.strength import check_mutants

    with plain_errors():
        options = Options()
        broken = check_challenges(options.root, challenge or [])
        settings = check_settings(options.root, options.store)
        problems = [*broken, *settings, *check_records(options.store)]
        for problem in problems:
            typer.echo(problem)
        tried = mutants and not broken
        rows = check_mutants(options.root, options.store, seeds, challenge or []) if tried else []
        print_strength(rows)
        if not problems and not rows:
            typer.echo("nothing is wrong with the project's own files", err=True)
    raise typer.Exit(1 if problems or any(row.survivors for row in rows) else 0)


@looking.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine can run, and why not, by trying it."""
    from generator.doctor import examine
    from generator.report import print_layers

    found = examine()
    if as_json:
        sys.stdout.write(json.dumps([layer.model_dump() for layer in found], indent=1) + "\n")
    else:
        print_layers(found)
