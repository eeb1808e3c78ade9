"""The commands that make something new: folders for a model, a challenge, a run."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from generator.cli_options import Challenges, Local, server
from generator.errors import plain_errors
from generator.words import typed

making = typer.Typer()
# A small model that repeats itself would go on until the end of its context.
LOCAL_TOKENS = 2048


@making.command()
def deploy(
    name: Annotated[str, typer.Option("--name", "-n", help="The model's folder.")],
    challenge: Challenges = None,
) -> None:
    """Lay out a new model's folders: for each challenge its prompt, and what data it needs.

    Nothing is overwritten. Give the model one folder at a time, and leave what it writes untouched.
    """
    from generator.discover import choose, load_challenges
    from generator.making import deploy as making_deploy
    from generator.options import Options

    with plain_errors():
        root = Options().root
        folders = making_deploy.deploy(root, name, challenge or [])
        for folder in folders:
            typer.echo(f"written: {folder.relative_to(root)}/")
        chosen = choose(load_challenges(root / "challenges"), challenge or [])
        typer.echo("\n" + "\n".join(making_deploy.guide(chosen.values())))
        typer.echo(f"\nNext: let the model work in each folder; then: {typed(f'verify {name}')}")


@making.command(name="new-challenge")
def new_challenge(slug: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Start a challenge: a small one that works, to be replaced piece by piece."""
    from generator.making.challenge import new_challenge as make
    from generator.options import Options

    with plain_errors():
        root = Options().root
        for path in make(root, slug):
            typer.echo(f"written: {path.relative_to(root)}")
        typer.echo(f"\nNext: {typed(f'challenges/{slug} 3', 'generator.trial')}")


@making.command()
def run(
    model: Annotated[str, typer.Option("--model", help="The model's folder.")],
    challenge: Challenges = None,
    base_url: Annotated[
        str, typer.Option(help="An OpenAI-compatible server.", callback=server)
    ] = "",
    served_as: Annotated[
        str, typer.Option(help="What the server calls the model. Default: the folder's name.")
    ] = "",
    title: Annotated[str, typer.Option(help="The model's name on pages.")] = "",
    provider: Annotated[str, typer.Option(help="Default: the server's host name.")] = "",
    key_variable: Annotated[
        str, typer.Option(help="The environment variable that holds the key, if one is needed.")
    ] = "",
    max_tokens: Annotated[
        int,
        typer.Option(min=0, help="0: the server's own limit; 2048 with --local."),
    ] = 0,
    effort: Annotated[str, typer.Option(help="reasoning_effort, where the server knows it.")] = "",
    local: Local = False,
) -> None:
    """Have a model answer challenges, and store what it says with a session log.

    A plain harness: the prompt is sent once, the reply and the files in its fenced blocks are kept
    word for word. Nothing is overwritten.
    """
    from generator.judge.local import local_server
    from generator.making.harness import Server
    from generator.making.harness import run as ask
    from generator.options import Options
    from generator.yamlfile import BadFile

    with plain_errors():
        if bool(base_url) is local:
            raise BadFile("which server? Give --base-url, or --local for the packaged model")
        with local_server() if local else nullcontext(base_url) as address:
            asked = Server(
                base_url=address,
                model=served_as or model,
                provider=provider,
                key_variable=key_variable,
                max_tokens=max_tokens or (LOCAL_TOKENS if local else None),
                effort=effort,
            )
            root = Options().root
            for folder in ask(root, model, asked, challenge or [], title):
                typer.echo(f"written: {folder.relative_to(root)}/")
            typer.echo(f"\nNext: {typed(f'verify {model}')}")
