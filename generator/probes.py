"""Make the planted probes of judge/probes.yaml: model folders like any other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from generator.data import Corpus, Evidence, JudgedRun, Kind, Planted, Probes
from generator.files import remove_others, write
from generator.judging import seen_of
from generator.trial import mutants
from generator.yamlfile import BadFile, read, read_text

FILE = Path(__file__).parent / "judge" / "probes.yaml"
# Set before a kind to make a folder's name: a plain word might stand in a source, where a judge is
# shown no model's name.
PREFIX = "probe-"
# Of all inputs: evidence that is made again says the same, so a judge need not be asked again.
SEED = 8


@cache
def probes() -> Probes:
    """The probes of this version of the generator. Raises BadFile."""
    return read(FILE, Probes)


def planted(root: Path) -> Path:
    """A folder of model folders, one a kind, with a run for each challenge under `root`.

    It is kept below root/.cache and written only where it differs; where that cannot be written (a
    read-only checkout), for as long as this process lasts. Raises BadFile where an edit no longer
    applies to the file it is an edit of, and OSError where nothing can be written anywhere.
    """
    wanted = texts(root)
    try:
        return plant(root / ".cache" / "probes", wanted)
    except OSError:
        return plant(Path(passing().name), wanted)


@cache
def passing() -> tempfile.TemporaryDirectory[str]:
    """A folder that is removed when this process ends."""
    return tempfile.TemporaryDirectory(prefix=PREFIX)


def plant(folder: Path, wanted: dict[str, str]) -> Path:
    """Have the folder hold these files and no others. Raises OSError."""
    files = {folder / name: text for name, text in wanted.items()}
    for path, text in files.items():
        write(path, text)
    remove_others(folder, files)
    folder.mkdir(parents=True, exist_ok=True)  # where no challenge has probes as well
    return folder


def texts(root: Path) -> dict[str, str]:
    """What is planted: the text of every file by its path. Raises BadFile."""
    wanted: dict[str, str] = {}
    for slug in here(root):
        kernels = kernel_texts(root, slug)
        for kind, probe in probes().kinds.items():
            wanted[f"{PREFIX}{kind}/model.yaml"] = f"name: {PREFIX}{kind}\n"
            wanted[f"{PREFIX}{kind}/{slug}/solution.py"] = source(probe, kernels)
    return wanted


def here(root: Path) -> list[str]:
    """The challenges under `root` that probes are planted in."""
    needed = ("challenge.yaml", "honest")
    folders = {slug: root / "challenges" / slug for slug in probes().kernels}
    return [slug for slug, at in folders.items() if all((at / name).exists() for name in needed)]


def source(kind: Kind, texts: dict[str, str]) -> str:
    """The text of a probe's only file. texts: its challenge's kernels, by what they are."""
    return kind.before * kind.times + texts[kind.kernel] + kind.after * kind.times


def kernel_texts(root: Path, slug: str) -> dict[str, str]:
    """The kernels that the probes of a challenge are made of. Raises BadFile."""
    folder, kernels = root / "challenges" / slug, probes().kernels[slug]
    right, naive = (read_text(folder / "honest" / name) for name in (kernels.right, kernels.naive))
    wrong = {mutant.name: text for mutant, text in mutants(folder)}
    if kernels.mutant not in wrong:
        raise BadFile(f"{FILE}: kernels.{slug}.mutant: no mutant called {kernels.mutant!r}")
    if right.count(kernels.broken.old) != 1:
        where = f"{FILE}: kernels.{slug}.broken.old"
        raise BadFile(f"{where}: must stand once, and once only, in honest/{kernels.right}")
    return {
        "right": right,
        "naive": naive,
        "mutant": wrong[kernels.mutant],
        "broken": right.replace(kernels.broken.old, kernels.broken.new),
        "table": kernels.table,
    }


def answers(
    found: Corpus, current: dict[str, Evidence], judged: Iterable[JudgedRun]
) -> Iterator[JudgedRun]:
    """What judges said of the probes as they and their evidence stand now, by the kinds' names."""
    for record in judged:
        if record.key in current and record.seen == seen_of(found, current, record.key):
            yield record.model_copy(update={"model": record.model.removeprefix(PREFIX)})


def all_planted(root: Path, current: dict[str, Evidence]) -> tuple[Planted, ...]:
    """Every probe with what the tests found of it. current: evidence by `probe-<kind>/<slug>`."""
    return tuple(
        Planted(
            kind=name,
            challenge=slug,
            says=kind.says,
            right=kind.right,
            expects=kind.expects,
            control=kind.control,
            verdict=record.verdict if (record := current.get(f"{PREFIX}{name}/{slug}")) else None,
            summary=record.summary if record else "",
        )
        for slug in here(root)
        for name, kind in probes().kinds.items()
    )
