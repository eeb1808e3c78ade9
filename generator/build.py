"""The pipeline: discover, verify, judge, rank, audit, render, and then MkDocs.

What makes pages is imported where pages are made: most builds have none to make.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cache import Built
from generator.data import Corpus, Results
from generator.options import Options, publishable
from generator.records import Store
from generator.redact import left_over
from generator.report import print_verified, stderr
from generator.storedrun import printable
from generator.unchanged import pages_digest, site_digest, sources_digest
from generator.verifying import verify_runs
from generator.yamlfile import BadFile

if TYPE_CHECKING:
    from generator.judge.calibration import Probed
    from generator.render import Invocation

Say = Callable[[str], None]


def build(options: Options, judge: Callable[[Options], str] | None, *, site: bool, say: Say) -> int:
    """Do everything, in turn; the exit status. Raises BadFile and OSError.

    judge: asks a judge what is open, and returns a line on it; None to ask nobody. site: whether
    MkDocs makes HTML of the pages. say: is given a line for each thing that was done.
    """
    done = verify_runs(options, [], stderr, meanwhile=load_pages)
    print_verified(done, options.store)
    told = {*done.corpus.problems, *options.store.problems}
    publishable(options.corpus)
    probes = verify_runs(options.probes, [], stderr)
    if probes.made or probes.errors:
        print_verified(probes, options.probes.store)
    if judge:
        say(judge(options))
    # Verification takes a while, and files may have changed meanwhile.
    found = options.discovered() if done.made else options.corpus
    built = write_pages(options, found, say)
    say_problems([problem for problem in built.problems if problem not in told], say)
    status = write_site(options, built, say) if site else 0
    for line in built.faults:
        say(line)
    return 1 if done.errors or status or built.faults else 0


def say_problems(problems: Iterable[str], say: Say) -> None:
    """A line for each thing that pages are made without."""
    for problem in problems:
        say(f"note: {printable(problem)}")


def load_pages() -> None:
    """Load what makes pages, which is sure to be needed once a run has been verified."""
    import generator.gather  # noqa: F401
    from generator.render.env import load_templates

    load_templates()


def write_pages(options: Options, found: Corpus, say: Say) -> Built:
    """Write the pages that changed. Where nothing that they are made of has, none is made at all.

    Raises BadFile where something must not be published.
    """
    sources = sources_digest(options, found)
    last = options.cache.built
    if last and last.sources == sources and last.pages == pages_digest(options):
        options.cache.save(last)
        say(f"pages: nothing changed, {last.count} as they were")
        return last
    from generator.render import render

    shown = results(options, found)
    written = render(shown, options.root, own=invocation(options).own)
    refuse_leaks(options)
    if shown.redacted:
        say(redactions(shown))
    say(f"pages: {written}")
    built = Built(
        sources=sources,
        pages=pages_digest(options),
        count=written.total,
        problems=shown.problems,
        faults=tuple(unsourced(shown, options.store)),
    )
    options.cache.save(built)
    return built


def write_site(options: Options, built: Built, say: Say) -> int:
    """Have MkDocs make the site, unless it is there as made of these pages; the exit status."""
    index = options.root / "site" / "index.html"
    if built.site and built.site == site_digest(options):
        say(f"site: {index} (nothing changed)")
        return 0
    status = mkdocs(options.root)
    if status == 0:
        options.cache.save(built.model_copy(update={"site": site_digest(options)}))
        say(f"site: {index}")
    return status


def outdated(options: Options) -> list[str]:
    """What a build would have to mend, a line each: stale records, regions, texts' numbers."""
    from generator.render import stale

    found = results(options)
    return [*stale(found, options.root, invocation(options)), *unsourced(found, options.store)]


def invocation(options: Options) -> Invocation:
    """What the options say of where runs and records are, as a person would type it again."""
    from generator.render import Invocation

    usual = options.root / "docs" / "records"
    given = {"runs": options.runs, "records": options.records}
    typed = "".join(f" --{name} {shlex.quote(str(at))}" for name, at in given.items() if at)
    own = options.runs is None and options.store.folder.resolve() == usual.resolve()
    records = options.records or usual.relative_to(options.root)
    return Invocation(records=records, options=typed, own=own)


def results(options: Options, found: Corpus | None = None) -> Results:
    """Everything the pages need, from the records as they are. Raises BadFile.

    found: the corpus, if it is another one than when the options were first asked for it.
    """
    from generator.gather import gather
    from generator.schedule import standings

    found = publishable(found or options.corpus)
    known = options.store.evidence()
    now = standings(found, known, options.cache.digest)
    told = {key: str(state) for key, (state, _) in now.items()}
    return gather(found, options.store, known, told, probed(options), options.cache)


def probed(options: Options) -> Probed:
    """The planted probes with what their records say, as far as those are current."""
    from generator.judge.calibration import Probed
    from generator.probes import all_planted, answers
    from generator.schedule import Standing, standings

    found, known = options.probes.corpus, options.probes.store.evidence()
    now = standings(found, known, options.cache.digest)
    current = {key: known[key] for key, (state, _) in now.items() if state is Standing.CURRENT}
    judged = answers(found, current, options.probes.store.judged_runs())
    return Probed(all_planted(options.root, current), tuple(judged))


def refuse_leaks(options: Options) -> None:
    """Raises BadFile if a page or record that would be published holds a secret after all."""
    if leaks := left_over(options.root / "docs", options.cache):
        raise BadFile(f"a secret would be published, so no site is made: {'; '.join(leaks)}")


def redactions(found: Results) -> str:
    """One line on what pages do not show."""
    finds = sum(sum(kinds.values()) for kinds in found.redacted.values())
    return f"redacted: {finds} finds in {len(found.redacted)} files (the originals are unchanged)"


def unsourced(found: Results, store: Store) -> list[str]:
    """A line for each number and placeholder without a source in a judge's texts."""
    return [
        f"{store.text_path(text.kind, text.judge, text.subject)}: {fault}; marked on its page "
        "(remove the record to have it written again)"
        for text in found.told
        for fault in text.faults
    ]


def mkdocs(root: Path) -> int:
    """Build the site with MkDocs in strict mode; its exit status."""
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean"]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode
