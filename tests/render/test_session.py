"""The page of a session: folded output, addresses, filters, and what the log made of the files."""

from __future__ import annotations

from generator.data import Moment, Results
from generator.render import paths
from generator.render.pages import all_pages
from generator.render.pages.session import Step
from generator.render.site import Site
from tests.secrets import PLANTED, core


def texts(results: Results) -> dict[str, str]:
    """Every page's text."""
    return {page.path: page.text for page in all_pages(Site(results))}


def test_every_entry_has_an_address_and_a_kind(calm: Results) -> None:
    """A link to `#m-5` leads to the fifth entry; the filter goes by the kind."""
    page = texts(calm)[paths.session("alpha", "one")]
    for number in range(1, 10):
        assert f'<li id="m-{number}" data-kind=' in page
    assert page.count(" data-failed>") == 1


def test_tool_output_and_reasoning_are_folded(calm: Results) -> None:
    """An answer is open, what a tool printed is not; what is long is folded whoever said it."""
    kinds = {step.kind for step in map_steps(calm) if step.folded}
    assert kinds == {"reasoning", "tool output"}
    assert Step(1, Moment(line=1, kind="user", title="", text="x" * 5000)).folded


def map_steps(results: Results) -> list[Step]:
    """The steps of the only log."""
    return [Step(n, m) for n, m in enumerate(results.timelines["alpha/one"], 1)]


def test_a_run_with_a_log_leads_to_its_session(calm: Results) -> None:
    """The run's page sums the log up and tells the replay; other runs have no such part."""
    pages = texts(calm)
    with_log, without = (pages[paths.run("alpha", slug)] for slug in ("one", "two"))
    assert "1 as logged, 1 differs" in with_log and 'href="session/"' in with_log
    assert "How it was made" not in without


def test_planted_secrets_reach_no_page(calm: Results) -> None:
    """In code, in a log, in a judge's prose and in a record: twenty-four kinds, on no page."""
    text = "\n".join(PLANTED.values())
    run = calm.corpus.runs["alpha/two"]
    (run.folder / "main.py").write_text(text)
    grade = calm.grades["published"]["alpha/two"].model_copy(update={"why": text})
    evidence = calm.evidence["alpha/one"].model_copy(update={"summary": text})
    moments = (Moment(line=1, kind="call", title=text[:300], text=text),)
    results = calm.model_copy(
        update={
            "grades": {"published": {"alpha/two": grade}},
            "evidence": {"alpha/one": evidence},
            "timelines": {"alpha/one": moments},
        }
    )
    for path, page in texts(results).items():
        shown = page.replace("&#10;", "\n")
        for kind in PLANTED:
            assert core(kind) not in shown, (path, kind)
    listing = texts(results)[paths.source("alpha", "two")]
    assert "[redacted AWS key]" in listing
