"""What the stages of one command share: where things are, what is discovered, what is kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from generator.cache import Cache
from generator.data import Corpus
from generator.discover import TOP_LEVEL, did_you_mean
from generator.discover import corpus as discover
from generator.engines import Engine
from generator.engines.local import Local
from generator.engines.machine import cores
from generator.leftovers import SUFFIX, remove_abandoned
from generator.probes import SEED, planted
from generator.records import Store
from generator.redact import withhold
from generator.yamlfile import BadFile


def kept_cache(root: Path = TOP_LEVEL, *, rehash: bool = False) -> Cache:
    """The cache that is kept from one command to the next. rehash: read every file again."""
    file = root / ".cache" / "build.json"
    remove_abandoned(file.parent.glob(f".{file.name}.*{SUFFIX}"))
    return Cache(file, rehash=rehash)


@dataclass(frozen=True)
class Options:
    """Where things are, and how to verify.

    runs: a checkout of model folders elsewhere, read only; the project's own if None.
    records: where records are kept; docs/records if None. seed: of all inputs; drawn if None.
    cache: of what need not be read again; what lasts for these options alone if not given.
    engine: where runs are verified; on this machine if nothing else is said.
    """

    root: Path = TOP_LEVEL
    runs: Path | None = None
    records: Path | None = None
    force: bool = False
    seed: int | None = None
    accept_weak: bool = False
    engine: Engine = field(default_factory=lambda: Local(cores()))
    cache: Cache = field(default_factory=Cache)

    @cached_property
    def store(self) -> Store:
        """The folder of records."""
        return Store(self.records or self.root / "docs" / "records")

    @cached_property
    def corpus(self) -> Corpus:
        """The runs that these options point to, discovered when first asked for. Raises BadFile."""
        return self.discovered()

    def discovered(self) -> Corpus:
        """The runs as they are now, without those that have a secret in a name. Raises BadFile."""
        return withhold(discover(self.root, self.runs, self.cache.digest))

    @cached_property
    def probes(self) -> Options:
        """The same options for the judge's planted probes. Raises BadFile."""
        seed = SEED if self.seed is None else self.seed
        records = self.store.folder / "probes"
        return replace(self, runs=planted(self.root), records=records, seed=seed)


def select(found: Corpus, wanted: list[str]) -> list[str]:
    """The runs that `MODEL` or `MODEL/SLUG` name, all if nothing is named; raises BadFile."""
    keys: list[str] = []
    for name in wanted:
        matching = [key for key in found.runs if key == name or key.startswith(f"{name}/")]
        if not matching:
            raise BadFile(nothing_named(found, name))
        keys += matching
    return list(dict.fromkeys(keys)) if wanted else list(found.runs)


def nothing_named(found: Corpus, name: str) -> str:
    """Why no run is called this: withheld, no such model, no such run of it, or none at all."""
    if name in found.withheld:
        return f"{name}: {found.withheld[name]}"
    model = name.partition("/")[0]
    if model not in found.models:
        return f"{name}: no such model or run (models here: {', '.join(found.models) or 'none'})"
    runs = [key for key in found.runs if key.startswith(f"{model}/")]
    if not runs:
        return f"{name}: the model {model} has no runs"
    guess = did_you_mean(name, runs) or f" (runs of {model}: {', '.join(runs)})"
    return f"{name}: no such run{guess}"


def publishable(found: Corpus) -> Corpus:
    """The corpus, if no name in it holds a secret; raises BadFile.

    Pages without the run would say of it that it was never entered.
    """
    if found.withheld:
        named = "; ".join(f"{key}: {why}" for key, why in found.withheld.items())
        raise BadFile(f"nothing is published: {named}")
    return found
