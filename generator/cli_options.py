"""Options that several commands share, and how a command takes all those of verification."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generator.engines import Name, open_engine
from generator.engines.machine import cores
from generator.errors import plain_errors

if TYPE_CHECKING:
    from generator.options import Options

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL[/CHALLENGE]]...", help="Default: every run.")
]
Runs = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="A folder of MODEL/CHALLENGE outputs elsewhere, read only.",
        show_default=False,
    ),
]
Records = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="Where records are kept. Default: docs/records.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Remake records that are current.")]
Seed = Annotated[
    int | None,
    typer.Option(min=0, help="Draw inputs from this seed, of records that are made now."),
]
Workers = Annotated[int, typer.Option(min=1, help="Runs verified at once.")]
Memory = Annotated[
    int,
    typer.Option(
        min=0,
        help="Megabytes for runs verified at once, by their limits. Default: what is free.",
        show_default=False,
    ),
]
EngineName = Annotated[Name, typer.Option(help="What spreads runs over workers.")]
Address = Annotated[
    str,
    typer.Option(
        help="Of a Ray cluster. Default: workers on this machine.",
        show_default=False,
    ),
]
Weak = Annotated[
    bool, typer.Option("--accept-weak-isolation", help="Verify below the isolation floor.")
]
Rehash = Annotated[
    bool, typer.Option("--rehash", help="Read every file again, whether it has changed or not.")
]


def server(address: str) -> str:
    """Refuse an address that no request can be sent to."""
    if address and not address.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{address}: an address begins with http:// or https://")
    return address


BaseUrl = Annotated[
    str,
    typer.Option(envvar="JUDGE_BASE_URL", help="Another server for the judge.", callback=server),
]
Local = Annotated[
    bool, typer.Option("--local", help="Start the small packaged model and ask that.")
]
Challenges = Annotated[
    list[str] | None, typer.Option("--challenge", help="Only this one; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def finite(dollars: float | None) -> float | None:
    """Refuse what no sum of money reaches; NaN is within any range that typer knows."""
    if dollars is not None and not math.isfinite(dollars):
        raise typer.BadParameter(f"{dollars} is not a finite number of dollars.")
    return dollars


CORES = cores()


def verification(
    runs: Runs = None,
    records: Records = None,
    force: Force = False,
    seed: Seed = None,
    workers: Workers = CORES,
    memory: Memory = 0,
    engine: EngineName = Name.LOCAL,
    address: Address = "",
    accept_weak: Weak = False,
    rehash: Rehash = False,
) -> Options:
    """The options of verification; raises BadFile where the engine is not there."""
    from generator.options import Options, kept_cache

    return Options(
        runs=runs,
        records=records,
        force=force,
        seed=seed,
        accept_weak=accept_weak,
        engine=open_engine(engine, workers, memory, address),
        cache=kept_cache(rehash=rehash),
    )


def with_verification(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes the options of verification singly, and is given them as `options`."""
    shared, own = _parameters(verification), _parameters(command)

    def taking_options(**given: Any) -> None:
        with plain_errors():
            options = verification(**{name: given.pop(name) for name in shared})
            command(options=options, **given)

    del own["options"]
    taking_options.__signature__ = inspect.Signature([*own.values(), *shared.values()])  # type: ignore[attr-defined]
    taking_options.__name__ = command.__name__
    taking_options.__doc__ = command.__doc__
    return taking_options


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a function, each by keyword, with annotations that typer can read."""
    found = inspect.signature(function, eval_str=True, locals={"Options": object}).parameters
    return {name: p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, p in found.items()}
