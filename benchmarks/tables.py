"""A benchmark as tables, for a terminal and for docs/guide/performance.md."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bars import bars
from benchmarks.record import Bench, Measured
from benchmarks.stages import COLD, MKDOCS, ORDER
from benchmarks.table import Table, cell, digits, exponent, named


def tables(bench: Bench) -> Iterator[Table]:
    """Every table that has a row."""
    yield from (table for make in KINDS if (table := make(bench)).rows)


def page(bench: Bench, record: str = "bench.json") -> str:
    """The region of docs/guide/performance.md that a benchmark fills. record: its file's name."""
    told = f"{machine(bench)} All of it is in [the record](../records/{record})."
    return "\n".join([*(table.markdown() for table in tables(bench)), told, ""])


def bar_table(bench: Bench) -> Table:
    """What was promised, as far as it was measured here."""
    every = bars(bench)
    rows = tuple(
        (bar.says, bar.measured, "yes" if bar.held else "**no**")
        for bar in every
        if bar.held is not None
    )
    asked = f"{len(rows)} of {len(every)} promises were measured"
    title = f"What was promised, and whether it held ({asked}):"
    return Table(title, ("promise", "measured", "held"), rows)


def stage_table(bench: Bench) -> Table:
    """Seconds, CPU seconds and memory of every stage on every corpus."""
    rows = [
        (stage, *(cell(corpus.costs.get(stage)) for corpus in bench.corpora))
        for stage in ORDER
        if any(stage in corpus.costs for corpus in bench.corpora)
    ]
    title = "Each stage in a fresh process: seconds / seconds of CPU / MB at the peak."
    return Table(title, ("stage", *map(named, bench.corpora)), tuple(rows))


def growth_table(bench: Bench) -> Table:
    """The exponents of growth with the number of runs, over the synthetic corpora."""
    rows = []
    for stage in ORDER:
        known = [c for c in bench.grown if stage in c.costs and c.costs[stage].ended]
        runs = [c.runs for c in known]
        cpu = exponent(runs, [c.costs[stage].cpu_seconds for c in known])
        if cpu:
            rows.append((stage, cpu, exponent(runs, [c.costs[stage].peak_mb for c in known])))
    title = (
        "Growth over the synthetic corpora: cost is proportional to runs to this power "
        "(least squares of the logarithms; in brackets, the powers from each size to the next)."
    )
    return Table(title, ("stage", "CPU", "memory"), tuple(rows))


def site_table(bench: Bench) -> Table:
    """What the sites weigh."""
    rows = [
        (
            named(corpus),
            f"{corpus.site.pages:,}",
            f"{corpus.site.mb:,.0f}",
            f"{corpus.site.largest_page} ({corpus.site.largest_page_kb:,.0f})",
            f"{corpus.site.search_index_mb:,.1f}",
        )
        for corpus in bench.corpora
        if corpus.site
    ]
    head = ("corpus", "pages", "MB", "largest page (kB)", "search index, MB")
    return Table("The sites:", head, tuple(rows))


def peer_table(bench: Bench) -> Table:
    """Our part, MkDocs on the pages that we wrote, and Inspect's bundle of as many logs."""
    rows = [row for corpus in bench.corpora if (row := peer_row(corpus))]
    head = (
        "corpus",
        "ours",
        "MkDocs alone",
        "ours / MkDocs",
        "ms of CPU a page",
        "Inspect's bundle",
        "both / Inspect's",
    )
    return Table(
        "Making the site from records, beside others (seconds / seconds of CPU / MB):",
        head,
        tuple(rows),
    )


def peer_row(corpus: Measured) -> tuple[str, ...]:
    """The ratios of one corpus; empty where its site was not built to the end."""
    ours, theirs = corpus.costs.get(COLD), corpus.costs.get(MKDOCS)
    if not ours or not theirs or not theirs.ended:
        return ()
    times = f"{ours.seconds / theirs.seconds:.2f}"
    pages = corpus.site.pages if corpus.site else 1
    each = " + ".join(f"{1000 * cost.cpu_seconds / pages:.1f}" for cost in (ours, theirs))
    bundle = corpus.inspect_bundle
    both = f"{(ours.seconds + theirs.seconds) / bundle.seconds:.1f}" if bundle else ""
    return (named(corpus), cell(ours), cell(theirs), times, each, cell(bundle), both)


def worker_table(bench: Bench) -> Table:
    """Verification of one corpus by different workers."""
    rows = tuple(
        (name, digits(took.whole.seconds), digits(took.one.seconds), f"{took.whole.peak_mb:,.0f}")
        for name, took in bench.workers.items()
    )
    title = f"Verifying {bench.worked_on} anew, in seconds:"
    return Table(title, ("engine, workers", "all runs", "one alone", "MB at the peak"), rows)


def run_table(bench: Bench) -> Table:
    """What the shipped runs take by challenge."""
    found = bench.shipped.verified if bench.shipped else {}
    rows = [
        (
            slug,
            str(row.runs),
            f"{row.cases:,}",
            f"{row.seconds / row.runs:.1f}",
            f"{1000 * row.seconds / max(row.cases, 1):.0f}",
        )
        for slug, row in found.items()
    ]
    title = "Verifying the shipped runs, by their records:"
    return Table(title, ("challenge", "runs", "cases", "s a run", "ms a case"), tuple(rows))


def case_table(bench: Bench) -> Table:
    """A trivial case, beside other executors."""
    base = next(iter(bench.executors.values()), (0.0, 0.0, 0.0))[0]
    rows = [
        (name, *(f"{value:.1f}" for value in times), f"{times[0] / base:.1f}")
        for name, times in bench.executors.items()
    ]
    title = "One case of a trivial kernel, beside other executors of untrusted Python:"
    head = ("executor", "median ms", "p90 ms", "fastest ms", "by ours, warm")
    return Table(title, head, tuple(rows))


def machine(bench: Bench) -> str:
    """One paragraph on what it was measured on, and what was left out."""
    on = bench.machine
    versions = ", ".join(f"{name} {version}" for name, version in on.versions.items())
    text = (
        f"Measured on {bench.date}: {on.cores} cores ({on.processor}), {on.system}, Python "
        f"{on.python}, {versions}; load average {on.load[0]:.1f} before and {on.load[1]:.1f} after."
    )
    return " ".join([text, *(f"Left out: {what}." for what in bench.left_out)])


KINDS = (
    bar_table,
    stage_table,
    growth_table,
    site_table,
    peer_table,
    worker_table,
    case_table,
    run_table,
)
