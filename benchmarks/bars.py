"""What was promised of the speed, and whether a benchmark found it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.growth import growth
from benchmarks.record import Bench, Cost, Measured
from benchmarks.stages import COLD, MKDOCS, NOTHING, ONE, VERIFY
from benchmarks.workers import HELD

MOST_MB = 1500
WHOLE = (VERIFY, COLD, MKDOCS)  # what a build from nothing consists of


@dataclass(frozen=True)
class Bar:
    """A promise, what was measured, and whether it held; held is None where it was not measured."""

    says: str
    measured: str = "not measured"
    held: bool | None = None


def bars(bench: Bench) -> list[Bar]:
    """Every promise, in order."""
    return [judged(bench) for judged in (no_op, one_run, share, linear, memory, workers, ray)]


def no_op(bench: Bench) -> Bar:
    """A build in which nothing changed."""
    says = "nothing changed, shipped corpus: under 2 s of CPU before MkDocs"
    cost = cost_of(bench.shipped, NOTHING)
    return Bar(says, f"{cost.cpu_seconds:.2f} s", cost.cpu_seconds < 2) if cost else Bar(says)


def one_run(bench: Bench) -> Bar:
    """A build after one run changed, beyond a command that verifies that run and nothing else."""
    says = "one run changed, shipped corpus: under 1 s more than verifying that run alone"
    one, alone = cost_of(bench.shipped, ONE), bench.shipped and bench.shipped.changed_alone
    if not one or not alone:
        return Bar(says)
    more = one.seconds - alone.seconds
    measured = f"{more:.2f} s ({one.seconds:.2f} in all, {alone.seconds:.2f} that run alone)"
    return Bar(says, measured, more < 1)


def share(bench: Bench) -> Bar:
    """All that is ours in a cold build, beside MkDocs."""
    says = "cold, shipped corpus: all but verification and MkDocs under 10 % of MkDocs"
    ours, theirs = cost_of(bench.shipped, COLD), cost_of(bench.shipped, MKDOCS)
    if not ours or not theirs or not theirs.ended:
        return Bar(says)
    part = ours.cpu_seconds / theirs.cpu_seconds
    measured = f"{part:.0%} ({ours.cpu_seconds:.1f} of {theirs.cpu_seconds:.1f} s of CPU)"
    return Bar(says, measured, part < 0.1)


def linear(bench: Bench) -> Bar:
    """How a whole build from nothing grows, from the second largest corpus to the largest."""
    says = "CPU of a build from nothing grows linearly: exponent at most 1.1 to the largest corpus"
    whole = [(c.runs, sum(c.costs[s].cpu_seconds for s in WHOLE)) for c in bench.grown if built(c)]
    found = growth(*zip(*whole, strict=True)) if len(whole) > 1 else None
    if not found:
        return Bar(says)
    return Bar(says, f"{found.last:.2f} to {whole[-1][0]:,} runs", found.last <= 1.1)


def built(corpus: Measured) -> bool:
    """Whether everything of a build from nothing was measured to its end."""
    return all(stage in corpus.costs and corpus.costs[stage].ended for stage in WHOLE)


def memory(bench: Bench) -> Bar:
    """The most memory that any stage took."""
    says = f"no stage takes more than {MOST_MB / 1000:g} GB on the largest corpus"
    if not bench.grown:
        return Bar(says)
    largest = bench.grown[-1]
    stage, cost = max(largest.costs.items(), key=lambda item: item[1].peak_mb)
    measured = f"{cost.peak_mb:,.0f} MB ({stage}; {largest.runs:,} runs)"
    return Bar(says, measured, cost.peak_mb < MOST_MB)


def workers(bench: Bench) -> Bar:
    """Two local workers beside one."""
    says = "two workers verify at least 1.7 times as fast as one, once started"
    bar = ratio(bench, says, "local, 1", "local, 2", lambda times: times >= 1.7)
    if bar.held is None:
        return bar
    return replace(bar, measured=bar.measured + ceiling(bench) + held_to_one(bench))


def ceiling(bench: Bench) -> str:
    """The most that two workers could gain here, where one keeps more than half of it busy."""
    one, cores = bench.workers["local, 1"].whole, bench.machine.cores
    busy = one.cpu_seconds / one.seconds
    if 2 * busy <= cores:
        return ""
    return f"; one keeps {busy:.2f} cores busy, so {cores} allow {cores / busy:.2f}"


def held_to_one(bench: Bench) -> str:
    """How two workers compare with one that is held to a core, where that was measured."""
    held, two = bench.workers.get(HELD), bench.workers["local, 2"]
    if not held:
        return ""
    return f"; {held.beyond_start / two.beyond_start:.2f} times one that is held to a core"


def ray(bench: Bench) -> Bar:
    """Two Ray workers beside two local ones."""
    says = "two Ray workers take at most 15 % more than two local ones, once started"
    return ratio(bench, says, "ray, 2", "local, 2", lambda times: times <= 1.15)


def ratio(bench: Bench, says: str, over: str, under: str, held: Callable[[float], bool]) -> Bar:
    """A bar on the seconds of one set of workers over those of another, beyond their start."""
    a, b = bench.workers.get(over), bench.workers.get(under)
    if not a or not b or min(a.beyond_start, b.beyond_start) <= 0:
        return Bar(says)
    times, whole = a.beyond_start / b.beyond_start, a.whole.seconds / b.whole.seconds
    return Bar(says, f"{times:.2f} ({whole:.2f} with their start)", held(times))


def cost_of(corpus: Measured | None, stage: str) -> Cost | None:
    """What a stage took, if it was measured."""
    return corpus.costs.get(stage) if corpus else None
