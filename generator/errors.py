"""Errors for people: what a user can mend is one line and an exit code, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a user can mend into one line and an exit code."""
    from generator.storedrun import printable
    from generator.yamlfile import BadFile

    try:
        yield
    except BadFile as error:
        typer.secho(f"error: {printable(str(error))}", fg="red", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.secho(f"error: {printable(told(error))}", fg="red", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.secho("stopped; every finished record is kept", fg="yellow", err=True)
        raise typer.Exit(130) from None


def told(error: OSError) -> str:
    """What went wrong and with which file, as far as the error knows; never an empty name."""
    what = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {what}" if error.filename else what
