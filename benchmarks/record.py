"""What a benchmark measured, as it is kept in docs/records."""

from __future__ import annotations

from pydantic import Field

from generator.data.base import Record


class Cost(Record):
    """What a command took, with all the processes it started.

    peak_mb: the largest sum of their memory in megabytes (10**6 bytes), sampled, a shared page
    counted once. ended: False if it was stopped at the time limit, so that it takes more than this.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    ended: bool = True


class Site(Record):
    """What MkDocs built."""

    pages: int
    mb: float
    largest_page: str
    largest_page_kb: float
    search_index_mb: float


class Verified(Record):
    """What the runs of one challenge took to verify, by their records, side by side or not."""

    runs: int
    cases: int
    seconds: float


class Measured(Record):
    """One corpus: its size, and the cost of each stage.

    changed_alone: the command that verifies the changed run and no other. verified: by challenge.
    """

    name: str
    runs: int
    models: int
    challenges: int
    costs: dict[str, Cost] = Field(default_factory=dict)
    changed_alone: Cost | None = None
    site: Site | None = None
    inspect_bundle: Cost | None = None
    verified: dict[str, Verified] = Field(default_factory=dict)


class Machine(Record):
    """What it was measured on. load: the load averages over a minute before and after."""

    cores: int
    processor: str
    system: str
    python: str
    versions: dict[str, str]
    load: tuple[float, float]


class Workers(Record):
    """What some workers took for all runs of a corpus, and for one of them alone: their start."""

    whole: Cost
    one: Cost

    @property
    def beyond_start(self) -> float:
        """Seconds of all runs but one."""
        return self.whole.seconds - self.one.seconds


class Bench(Record):
    """A whole benchmark.

    executors: by name, the median, 90th percentile and least milliseconds of a trivial case.
    workers: by engine and number, the cost of verifying the corpus worked_on, of several rounds the
    middle one.
    """

    date: str
    machine: Machine
    corpora: tuple[Measured, ...]
    executors: dict[str, tuple[float, float, float]]
    worked_on: str
    workers: dict[str, Workers]
    left_out: tuple[str, ...]

    @property
    def grown(self) -> tuple[Measured, ...]:
        """The synthetic corpora, smallest first."""
        return tuple(sorted((c for c in self.corpora if c.name != SHIPPED), key=lambda c: c.runs))

    @property
    def shipped(self) -> Measured | None:
        """The corpus of the repository itself."""
        return next((c for c in self.corpora if c.name == SHIPPED), None)


SHIPPED = "shipped"
