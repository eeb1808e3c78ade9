"""The command line: one sub-command per stage, and `build` for all of them.

Exit codes: 0 done; 1 something did not hold (stale records, a failed check, a broken site); 2 a
mistake in what was asked for or in a file that a person wrote; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from generator.cli_judging import judge as judge_runs
from generator.cli_looking import looking
from generator.cli_making import making
from generator.cli_options import AsJson, BaseUrl, Names, Records, Runs, finite, with_verification
from generator.errors import plain_errors

if TYPE_CHECKING:
    from generator.options import Options

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Build a benchmark site from run artifacts: verify stored outputs by running them as "
    "untrusted code, grade them from the evidence, and render the comparison.\n\n"
    "Start with `build`. Exit codes: 0 done, 1 something did not hold, 2 a mistake in the "
    "arguments or in a file, 130 stopped.",
)


@app.command()
@with_verification
def verify(
    options: Options,
    names: Names = None,
    probes: Annotated[
        bool, typer.Option("--probes", help="The planted probes of the judge in place of runs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run stored outputs against the kernel tests, in the sandbox, and record the evidence.

    Records whose digests still match are reused; `--force` remakes them. A run that fails its
    tests is a result, not an error: the exit code is 0.
    """
    from generator.report import print_json, print_verified, stderr
    from generator.verifying import verify_runs

    options = options.probes if probes else options
    done = verify_runs(options, names or [], stderr)
    if as_json:
        print_json(done, options.store)
    else:
        print_verified(done, options.store)
    raise typer.Exit(1 if done.errors else 0)


@app.command()
@with_verification
def build(
    options: Options,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 for what is stale or unsourced.")
    ] = False,
    site: Annotated[bool, typer.Option(help="Build the HTML with MkDocs afterwards.")] = True,
    judge: Annotated[
        bool, typer.Option(help="Ask the default judge what is open, if its key is set.")
    ] = True,
    budget: Annotated[
        float,
        typer.Option(min=0, callback=finite, help="US dollars that the judge may cost."),
    ] = 5.0,
    base_url: BaseUrl = "",
) -> None:
    """Do everything: verify what changed, judge, rank, audit, write the pages, build the site.

    Without the judge's key (judges.yaml names its variable) its recorded answers are used. A
    number in a judge's text that has no source is marked, named here, and makes the exit code 1.
    """
    from generator import build as pipeline
    from generator.asking import judge_if_possible

    if check:
        outdated = pipeline.outdated(options)
        for line in outdated:
            typer.echo(line)
        raise typer.Exit(1 if outdated else 0)
    ask = partial(judge_if_possible, base_url=base_url, budget=budget) if judge else None
    raise typer.Exit(pipeline.build(options, ask, site=site, say=typer.echo))


app.command()(judge_runs)


@app.command()
def render(runs: Runs = None, records: Records = None) -> None:
    """Write the pages and the README's tables from the records as they are; run nothing."""
    from generator.build import invocation, results, say_problems
    from generator.options import Options, kept_cache
    from generator.render import render as write_pages

    with plain_errors():
        options = Options(runs=runs, records=records, cache=kept_cache())
        written = write_pages(results(options), options.root, own=invocation(options).own)
        typer.echo(f"pages: {written}")
        say_problems(written.problems, typer.echo)


@app.command(name="import")
def import_runs(
    source: Annotated[str, typer.Argument(metavar="PATH|GIT-URL")],
    rev: Annotated[str, typer.Option(help="Branch, tag or commit of a git repository.")] = "",
) -> None:
    """Copy model folders in from elsewhere, untouched, and lock their digests."""
    from generator.importing import bring_in
    from generator.options import Options

    with plain_errors():
        for model in bring_in(source, Options().root, rev):
            typer.echo(f"imported: {model}")


app.add_typer(looking)
app.add_typer(making)
