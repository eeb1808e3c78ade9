"""The Jinja environment of all pages: escaping that cannot be forgotten, and a few filters."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from generator.graders import PUBLISHED
from generator.render import escape, paths
from generator.render.compiled import Compiled
from generator.render.failures import exceeds
from generator.render.sheets import ROWS, SIDE
from generator.render.verdicts import LABELS, MARKS, MEANS
from generator.words import count, listed

TEMPLATES = Path(__file__).resolve().parent / "templates"
WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
BLANK = re.compile(r"\n(?:[ \t]*\n)+(?=[ \t]+<|</)")
CELLS = re.compile(r"(?<=</t[dh]>)(?=<t[dh])")
FENCE = re.compile("\0(\\d+)\0")


@functools.cache
def environment() -> Environment:
    """The environment; every printed value goes through escape.encode."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=escape.encode,
        undefined=StrictUndefined,
        bytecode_cache=Compiled(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= FILTERS
    made.tests["exceeding"] = exceeds
    made.globals |= {"paths": paths, "AUDIT": paths.AUDIT, "SIDE": SIDE, "ROWS": ROWS}
    made.globals |= {"LABELS": LABELS, "MARKS": MARKS, "MEANS": MEANS}
    return made


def load_templates() -> None:
    """Load all templates before the first is asked for."""
    made = environment()
    for name in made.list_templates(extensions=["j2"]):
        made.get_template(name)


def page(template: str, here: str, **context: object) -> str:
    """The text of the page at `here`; `link(path, anchor)` gives templates relative addresses."""
    kept: list[Markup] = []

    def fence(code: str, language: str = "text", options: str = "") -> Markup:
        """A listing, set aside until the template's own blank lines have been squeezed."""
        kept.append(escape.fence(code, language, options))
        return Markup(f"\0{len(kept) - 1}\0")  # noqa: S704 - escaped text holds no control characters

    template_ = environment().get_template(template)
    text = template_.render(here=here, link=linker(here), fence=fence, **context)
    # The index of the search joins what has no space between, so that two cells would be one word.
    text = CELLS.sub(" ", BLANK.sub("\n", text)).strip() + "\n"
    return FENCE.sub(lambda match: kept[int(match[1])], text)


def fragment(template: str, here: str, **context: object) -> Markup:
    """A part of the page at `here`, as markup to be set into it."""
    return Markup(page(template, here, **context))  # noqa: S704 - rendered with escaping


def linker(here: str) -> Callable[..., str]:
    """The `link` function of one page."""
    return functools.partial(paths.link, here)


def number(value: float | None) -> str:
    """A measured number in three digits; nothing for none."""
    return "" if value is None else f"{value:.3g}"


def percent(share: float) -> str:
    """A share in per cent, to a tenth; a smaller one in two digits, so that none is shown as 0."""
    return f"{100 * share:.1f} %" if share >= 0.01 else f"{100 * share:.2g} %"


def grading(grader: str) -> str:
    """Whose letters, after "by": the name of a grader, told apart from a verb."""
    return "published grades" if grader == PUBLISHED else grader


def points(value: float | None) -> str:
    """Grade points in two decimals, halves rounded up."""
    if value is None:
        return ""
    return str(Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def sized(size: int) -> str:
    """A file's size for people."""
    return f"{size:,} B" if size < 10_000 else f"{size / 1000:,.0f} kB"


def minus(letter: str | None) -> str:
    """A letter grade with a true minus sign, which lines up with the plus."""
    return (letter or "").replace("-", "\N{MINUS SIGN}")


def anchor(name: str) -> str:
    """A name as an HTML id."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def word(number_: int) -> str:
    """A small number as a word."""
    return WORDS[number_] if 0 <= number_ < len(WORDS) else f"{number_:,}"


def sentence(text: str) -> str:
    """A text that starts as a sentence does, unless it starts with a name of a file or a check."""
    return re.sub(r"^[a-z]+(?= )", lambda match: match[0].capitalize(), text)


def runtime(name: str) -> str:
    """A runtime by the name it is known under."""
    return {"numpy": "NumPy", "cuda": "CUDA", "mlx": "MLX"}.get(name, name)


FILTERS: dict[str, Callable[..., object]] = {
    "anchor": anchor,
    "count": count,
    "grading": grading,
    "kept": escape.kept,
    "listed": listed,
    "minus": minus,
    "number": number,
    "percent": percent,
    "points": points,
    "preformatted": escape.preformatted,
    "runtime": runtime,
    "sentence": sentence,
    "sized": sized,
    "soft": escape.soft,
    "verbatim": escape.verbatim,
    "word": word,
}
