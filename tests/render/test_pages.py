"""Pages as a whole: harmless, complete, the same for the same results, and linked to each other."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath
from typing import Any

import markdown
import pytest
import yaml

from generator.data import Results
from generator.render import paths, render
from generator.render.formats import as_csv
from generator.render.pages import all_pages
from generator.render.site import Site
from generator.render.structure import aligned, build
from tests.render.html import Reader
from tests.render.samples import run as stored

ROOT = Path(__file__).resolve().parent.parent.parent
WORDS = """
a b button caption circle code dd details div dl dt em figcaption figure form g h1 h2 h3 h4 hr i
img input label li line nav ol option output p path polyline pre q rect section select small
span strong sub summary sup svg table tbody td text tfoot th thead title tr ul
"""
HARMLESS = {*WORDS.split(), "wbr"}


def extensions() -> tuple[list[str], dict[str, Any]]:
    """The Markdown extensions of mkdocs.yml with their options."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda *_: None)
    listed = yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)["markdown_extensions"]  # noqa: S506 - a SafeLoader
    items = [item if isinstance(item, dict) else {item: {}} for item in listed]
    return [n for i in items for n in i], {n: o or {} for i in items for n, o in i.items()}


def as_html(text: str) -> str:
    """The HTML that MkDocs makes of a page's text."""
    names, options = extensions()
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return markdown.markdown(body, extensions=names, extension_configs=options)


def pages_of(results: Results) -> dict[str, str]:
    """Every generated file's text, by its path below docs/."""
    return {page.path: page.text for page in all_pages(Site(results))}


def test_hostile_text_makes_no_markup_anywhere(hostile: Results) -> None:
    """No tag, attribute or address comes from what an output, a log or a judge wrote."""
    for path, text in pages_of(hostile).items():
        if path.endswith(".md"):
            made = Reader(as_html(text))
            allowed = HARMLESS - (set() if "<svg" in text else {"title"})
            assert made.tags <= allowed, (path, made.tags - allowed)
            assert not {name for _, name in made.attributes if name.startswith("on")}, path
            assert not [
                u for _, u in made.links if re.match(r"\s*((javascript|data|https?):|//)", u)
            ], path
            assert not made.unbalanced, (path, made.unbalanced)


def test_hostile_text_is_shown_as_it_is(hostile: Results) -> None:
    """What was written can be read on the page: nothing is evaluated, included or dropped."""
    run = pages_of(hostile)[paths.run("alpha", "one")]
    shown = "".join(Reader(as_html(run)).text)
    assert "<script>alert(1)</script>" in shown and "{{ 7*7 }}" in shown
    source = pages_of(hostile)[paths.source("alpha", "one")]
    listed = "".join(Reader(as_html(source)).text)
    assert '--8<-- "README.md"' in listed and "{{ 7*7 }}" in listed and "````" in listed


def test_front_matter_is_valid_and_its_texts_are_encoded(hostile: Results) -> None:
    """The theme prints titles and descriptions as they are, so no markup may be left in them."""
    for path, text in pages_of(hostile).items():
        if path.endswith(".md"):
            head = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
            assert not set('<>"') & set(head["title"] + head["description"]), path


def test_hostile_names_make_distinct_plain_addresses() -> None:
    """Different folder names never share a page, and odd characters never reach an address."""
    names = ["a", "A b", "a--b", "index", "../x", "a/b", "<b>", "a b", "\u202e", "a" * 300]
    made = [paths.safe(name) for name in names]
    assert len(set(made)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", m) and m not in {"index", ".."} for m in made)


def test_same_results_same_bytes(calm: Results) -> None:
    """Pages depend on results alone, and on no machine: no path of this one is in them."""
    first, second = pages_of(calm), pages_of(calm)
    assert first == second
    assert not [p for p, text in first.items() if str(calm.corpus.root) in text]


def test_every_run_model_challenge_and_pair_has_its_page(calm: Results) -> None:
    """Three models make three pairs; a run without files has a page but no listing."""
    made = pages_of(calm)
    assert {paths.model(m) for m in calm.corpus.models} <= made.keys()
    assert {paths.challenge(c) for c in calm.corpus.challenges} <= made.keys()
    assert {paths.run(r.model, r.challenge) for r in calm.corpus.runs.values()} <= made.keys()
    assert sum(p.startswith("head-to-head/") and "--" in p for p in made) == 3
    assert {paths.round_(held.name) for held in calm.rounds} <= made.keys()


def test_entered_without_output_differs_from_never_entered(calm: Results) -> None:
    """An empty folder is an outcome; no folder is the absence of one."""
    home = "".join(Reader(as_html(pages_of(calm)[paths.HOME])).text)
    assert "no output" in home and "never entered" in home


def test_the_first_page_says_who_was_not_graded(calm: Results) -> None:
    """A column without letters is explained where a reader meets it."""
    ungraded = [m.name for m in Site(calm).models if m not in Site(calm).graded]
    home = "".join(Reader(as_html(pages_of(calm)[paths.HOME])).text)
    assert f"{', '.join(ungraded)} was not part of the published comparison" in home


def test_stand_ins_are_called_that_on_every_page_about_them(calm: Results) -> None:
    """No page shows evidence about a stand-in without saying whose output was run."""
    for path, text in pages_of(calm).items():
        about = path.startswith(("runs/alpha", "models/alpha", "head-to-head/alpha")) or path in {
            paths.HOME,
            paths.CONTRADICTIONS,
            paths.challenge("one"),
        }
        if path.endswith(".md") and about:
            assert "stand-in" in text.lower(), path


def test_internal_links_and_anchors_resolve(calm: Results) -> None:
    """Every relative link leads to a page, file or record, and every fragment to an id there."""
    made = pages_of(calm)
    html = {paths.address(p): Reader(as_html(t)) for p, t in made.items() if p.endswith(".md")}
    files = {p for p in made if not p.endswith(".md")} | {
        paths.evidence(r.model, r.challenge) for r in calm.corpus.runs.values()
    }
    files |= {paths.text(t.kind, t.judge, t.subject) for t in calm.told}
    for here, page in html.items():
        for _, link in page.links:
            target, _, fragment = link.partition("#")
            there = here if not target else normal(here, target)
            assert there in html or there in files, f"{here or 'home'} -> {link}"
            if fragment:
                assert fragment in html[there].ids, f"{here} -> {link}"


def normal(here: str, target: str) -> str:
    """The address that a relative link leads to, from the page at `here`."""
    parts = list(PurePosixPath(here).parts)
    for part in target.split("/"):
        if part == "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    path = "/".join(parts)
    return path + "/" if path and (target.endswith(("/", "..", "."))) else path


def test_ids_are_unique_on_each_page(calm: Results) -> None:
    """A permalink leads to one place."""
    for path, text in pages_of(calm).items():
        if path.endswith(".md"):
            ids = Reader(as_html(text)).ids
            assert len(ids) == len(set(ids)), (path, sorted(i for i in ids if ids.count(i) > 1))


def test_data_files_are_valid_json_without_nan(hostile: Results) -> None:
    """A strict parser reads them: a NaN in a finding becomes null."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    for path, text in pages_of(hostile).items():
        if path.endswith(".json"):
            json.loads(text, parse_constant=refuse)


def test_every_column_of_the_tables_is_described(calm: Results) -> None:
    """The descriptor names the columns of each CSV file in its order, with their types."""
    made = pages_of(calm)
    found = json.loads(made["data/datapackage.json"])["resources"]
    assert {table["name"] for table in found} >= {"runs", "checks", "grades", "duels", "rounds"}
    for table in found:
        header = made[f"data/{table['path']}"].split("\n")[0]
        assert [column["name"] for column in table["schema"]["fields"]] == header.split(",")
    types = {c["name"]: c["type"] for t in found for c in t["schema"]["fields"]}
    assert (types["points"], types["cases"], types["letter"]) == ("number", "integer", "string")


def test_no_spreadsheet_cell_starts_a_formula() -> None:
    """A cell that starts with =, +, - or @ is quoted."""
    assert as_csv([{"a": "=1+1", "b": ["-x"], "c": -1.5}]) == "a,b,c\n'=1+1,'-x,-1.5\n"


def test_feed_and_badges_are_well_formed(hostile: Results) -> None:
    """An XML parser reads them, and no element comes from a name."""
    for path, text in pages_of(hostile).items():
        if path.endswith((".svg", ".xml")):
            root = ET.fromstring(text)  # noqa: S314 - our own
            assert root.tag.endswith(("svg", "feed"))
            assert not [e for e in root.iter() if e.tag.endswith("script")]


def test_render_writes_once_and_removes_what_is_gone(calm: Results, tmp_path: Path) -> None:
    """A second render changes nothing; a model that left takes its pages with it."""
    root = tmp_path / "out"
    first = render(calm, root)
    assert first.changed == first.total
    assert render(calm, root).changed == 0
    fewer = calm.model_copy(
        update={
            "corpus": calm.corpus.model_copy(
                update={
                    "models": {"beta": calm.corpus.models["beta"]},
                    "runs": {k: r for k, r in calm.corpus.runs.items() if r.model == "beta"},
                }
            ),
            "evidence": {},
            "contradictions": (),
            "rankings": {},
            "duels": {},
            "rounds": (),
            "told": (),
        }
    )
    gone = render(fewer, root)
    assert not list((root / "docs").rglob("alpha*"))
    assert gone.removed > 0 and 0 <= gone.changed <= gone.total
    unchanged = gone.total - gone.changed
    assert str(gone) == f"{gone.changed} written, {unchanged} unchanged, {gone.removed} removed"


@pytest.mark.parametrize(
    "part",
    [
        "evidence",
        "grades",
        "rankings",
        "duels",
        "contradictions",
        "takeaways",
        "outcomes",
        "rounds",
    ],
)
def test_pages_can_be_made_without_any_one_kind_of_record(calm: Results, part: str) -> None:
    """Evidence, grades or claims may be absent; every page is still made."""
    empty: Any = {} if isinstance(getattr(calm, part), dict) else ()
    more: dict[str, Any] = {"contradictions": ()} if part == "evidence" else {}
    assert pages_of(calm.model_copy(update={part: empty} | more))


def test_with_many_models_pairs_are_not_spelled_out(calm: Results) -> None:
    """A pair keeps its table, without reasons, and a challenge does not list every pair."""
    pair, challenge = paths.duel("alpha", "beta"), paths.challenge("one")
    few = pages_of(calm)
    many = pages_of(calm.model_copy(update={"pairs": calm.pairs[:1]}))
    assert ("kb-bout" in few[pair], "kb-bout" in many[pair]) == (True, False)
    assert many[pair].count("<tr id=") == few[pair].count("<tr id=") > 0
    assert ("alpha--beta" in few[challenge], "alpha--beta" in many[challenge]) == (True, False)


def test_a_round_says_how_its_duels_come_out(calm: Results) -> None:
    """A winner with its margin, a cycle in its order, a tie of all, the unbeaten, a gap."""
    (held,) = calm.rounds
    shown = "".join(Reader(as_html(pages_of(calm)[paths.round_(held.name)])).text)
    assert "Alpha a text, narrow" in shown
    assert "a cycle: Alpha a text beats Beta beats Odd beats Alpha a text" in shown
    assert "all three tie" in shown and "unbeaten: Alpha a text and Beta" in shown
    assert "a duel is missing" in shown


def test_a_pair_says_what_a_judge_said_in_both_orders(calm: Results) -> None:
    """Winner, margin and reasons stand beside the evidence; computed duels give none there."""
    (duel,) = calm.duels["published"]
    judged = duel.model_copy(update={"grader": "judge", "winner": None, "margin": "tie"})
    grades = {**calm.grades, "judge": calm.grades["published"]}
    both = calm.model_copy(update={"duels": {**calm.duels, "judge": (judged,)}, "grades": grades})
    shown = "".join(Reader(as_html(pages_of(both)[paths.duel("alpha", "beta")])).text)
    assert "judge, asked in both orders: tie. a text" in shown
    assert "published, asked in both orders" not in shown


def test_structures_line_up_by_name(tmp_path: Path) -> None:
    """What several outputs define comes first, with its signature compared; the rest after it."""
    files = {
        "one": "def f(a):\n    return a\n\ndef g(): ...\n",
        "two": "def h(): ...\ndef f(a, b): ...\n",
    }
    built = [
        build(stored(tmp_path, model, "c", {"main.py": text})) for model, text in files.items()
    ]
    rows = aligned(built)
    assert [(row.name, row.kind) for row in rows] == [
        ("f", "differs"),
        ("g", "only some"),
        ("h", "only some"),
    ]
    assert [side.lines for side in rows[0].sides if side] == [2, 1]
    assert [side.anchor for side in rows[0].sides if side] == ["L-0-1", "L-0-2"]


def test_the_outline_of_cuda_source_names_kernels_and_launchers(tmp_path: Path) -> None:
    """With the lines that their braces span."""
    text = (
        "__global__ void k(int n)\n{\n  if (n) {\n  }\n}\nvoid launch(int n) { k<<<1, 1>>>(n); }\n"
    )
    found = build(stored(tmp_path, "m", "fuse", {"k.cu": text})).definitions
    assert [(d.kind, d.name, d.lines) for d in found] == [
        ("kernel", "k", 5),
        ("function", "launch", 1),
    ]


def test_a_judges_text_stands_above_the_composed_one(calm: Results) -> None:
    """Attributed, dated, linked to its record; the rules' own lines stay as evidence."""
    page = pages_of(calm)[paths.challenge("one")]
    written, composed = page.index("Written by the judge judge"), page.index("Composed from the")
    assert written < composed
    assert "2026-01-01" in page[written:composed]
    assert "records/analyses/judge/one.json" in page[written:composed]
    assert 'id="profile"' in as_html(pages_of(calm)[paths.model("alpha")])
    assert "kb-told" not in pages_of(calm)[paths.challenge("two")]


def test_the_pages_of_the_audit_lead_to_each_other(calm: Results) -> None:
    """None of them is a dead end: each lists all four, and marks itself."""
    found = pages_of(calm)
    for _, here in paths.AUDIT:
        links = re.findall(r'<nav class="kb-crumbs kb-section".*?</nav>', found[here])
        assert len(links) == 1
        assert links[0].count("<a ") == len(paths.AUDIT)
        assert links[0].count("aria-current") == 1


def test_only_models_that_a_grader_compared_are_in_its_table(calm: Results) -> None:
    """A model without a duel by a grader has no row of "none shared" there."""
    text = pages_of(calm)[paths.DUELS]
    table = text[text.index("## By published grades {") :].partition("</table>")[0]
    (duel,) = calm.duels["published"]
    rows = re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', table)
    assert rows == [calm.corpus.models[slug].name for slug in (duel.a, duel.b)]
    assert len(calm.corpus.models) > len(rows)


def test_a_compilers_message_names_its_file_once(calm: Results) -> None:
    """A record's summary begins with the file; the message of a compiler does too."""
    key, record = next(iter(calm.evidence.items()))
    said = record.model_copy(update={"summary": "a.cu: a.cu(13): error: x", "checks": {}})
    site = Site(calm.model_copy(update={"evidence": calm.evidence | {key: said}}))
    assert site.cells[key].brief == "a.cu(13): error: x"
