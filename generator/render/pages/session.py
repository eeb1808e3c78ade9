"""A run's session log: what happened, entry by entry, and what its calls made of the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from generator.data import Moment, Replayed, Session
from generator.redact import clean
from generator.render import paths
from generator.render.pages.common import Page, page
from generator.render.site import Site

KINDS = {
    "user": "prompt",
    "assistant": "answer",
    "reasoning": "reasoning",
    "call": "tool call",
    "result": "tool output",
    "change": "setting",
    "note": "note",
    "broken": "broken line",
}
FOLDED = {"reasoning", "result"}
LONG = 600
PAGE = 400_000  # characters of texts that a browser shows without delay
NAMES, LONGEST_NAME = 50, 200
DIFFS, LONGEST_DIFF = 20, 4_000
FACES = {"as logged": "ok", "differs": "bad", "not in the log": "open", "not replayable": "open"}


@dataclass(frozen=True)
class Step:
    """One entry of the timeline: its number gives it an address."""

    number: int
    moment: Moment
    left_out: int = 0

    @property
    def kind(self) -> str:
        """The kind in a reader's words."""
        return KINDS[self.moment.kind]

    @property
    def folded(self) -> bool:
        """Whether it is shown closed: reasoning, tool output, and whatever is long."""
        return self.moment.kind in FOLDED or len(self.moment.text) > LONG

    @property
    def when(self) -> str:
        """Minutes and seconds since the session began."""
        if self.moment.seconds is None:
            return ""
        minutes, seconds = divmod(int(self.moment.seconds), 60)
        return f"{minutes}:{seconds:02d}"


def pages(site: Site) -> Iterator[Page]:
    """A page per run that has a log."""
    for cell in site.runs():
        session = site.results.sessions.get(cell.key)
        if session is None:
            continue
        moments = site.results.timelines.get(cell.key, ())
        yield page(
            site,
            "session.md.j2",
            paths.session(cell.model.slug, cell.challenge.slug),
            (
                f"Session of {cell.model.name} on {cell.challenge.title}",
                f"What the session log of {cell.key} holds, entry by entry.",
            ),
            cell=cell,
            session=session,
            steps=fitted(moments),
            kinds=Counter(KINDS[m.kind] for m in moments),
            facts=facts(session),
            replays=bounded(site.results.replays.get(cell.key, ())),
            faces=FACES,
            meta={"search": {"exclude": True}, "hide": ["navigation", "toc"]},
        )


def fitted(moments: Sequence[Moment]) -> list[Step]:
    """The entries in order; the texts of those for which the page has no room are left out."""
    room = PAGE
    steps = []
    for number, moment in enumerate(moments, 1):
        room -= len(moment.text)
        shown = {"title": cut(moment.title), "text": moment.text if room >= 0 else ""}
        left_out = 0 if room >= 0 else len(moment.text)
        steps.append(Step(number, moment.model_copy(update=shown), left_out))
    return steps


def bounded(replays: Sequence[Replayed]) -> list[Replayed]:
    """Every file's outcome; of the differences the first few, none of them long."""
    shown = [item.file for item in replays if item.diff][:DIFFS]
    return [short(item) if item.file in shown or not item.diff else bare(item) for item in replays]


def short(item: Replayed) -> Replayed:
    """The outcome with the start of the difference."""
    return item.model_copy(update={"diff": cut(item.diff, LONGEST_DIFF)})


def bare(item: Replayed) -> Replayed:
    """The outcome without the difference, which the note says."""
    note = "; ".join(filter(None, (item.note, "the page is full: its difference is left out")))
    return item.model_copy(update={"diff": "", "note": note})


def named(names: Iterable[str], between: str) -> str:
    """The first of many names, and how many more there are."""
    listed = [cut(name) for name in names]
    more = [f"{len(listed) - NAMES:,} more"] if len(listed) > NAMES else []
    return between.join([*listed[:NAMES], *more])


def cut(text: str, most: int = LONGEST_NAME) -> str:
    """The start of a text. Secrets are taken out first: half of one would not be found."""
    return text if len(text) <= most else f"{clean(text)[:most]} \N{HORIZONTAL ELLIPSIS}"


def facts(session: Session) -> list[tuple[str, str]]:
    """What the log says of how the run was made."""
    tokens = session.tokens
    calls = named((f"{cut(name)} {n:,}" for name, n in session.calls.items()), ", ")
    found = [
        ("Log", f"{session.file}, {session.format} format"),
        ("Model as logged", named(session.models, ", then ")),
        ("Thinking level", named(session.thinking, ", then ")),
        ("Began", session.started),
        ("Lasted", f"{session.seconds:,.0f} s" if session.seconds is not None else ""),
        ("Answers", f"{session.turns:,}"),
        ("Tool calls", calls or "none"),
        ("Errors", f"{session.errors:,}"),
        ("Tokens", f"{tokens.input:,} in, {tokens.output:,} out"),
        ("Cached tokens", f"{tokens.cache_read:,} read, {tokens.cache_write:,} written"),
        ("Cost as logged", f"{session.cost:.4f} $" if session.cost else ""),
        ("Broken lines", ", ".join(map(str, session.broken[:20])) if session.broken else "none"),
    ]
    return [(name, value or "not logged") for name, value in found]


def replay_counts(replays: tuple[Replayed, ...]) -> str:
    """`2 as logged, 1 differs`, in the order of the outcomes."""
    counts: Counter[str] = Counter(item.outcome for item in replays)
    return ", ".join(f"{counts[name]} {name}" for name in FACES if counts[name])
