"""A file that a person broke ends a command in one line that names it, never in a traceback."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from generator.cache import Cache
from tests.cli.conftest import ROOT, Command

CHECK = ("build", "--check")
JUDGE = (
    b"judges:\n  j: {base_url: x, model: m, structured: json_object, max_tokens: 9, prices: {%s}}\n"
)
CLAIM = b"claims:\n- {id: c, source: s, says: s, check: %s}\n"


class Broken(NamedTuple):
    """A file, what is in it, the command that meets it, and what its one line must name."""

    file: str
    content: bytes
    command: tuple[str, ...]
    named: tuple[str, ...]


REFUSED = {
    "a model that succeeds itself": Broken(
        "right/model.yaml", b"name: R\nsucceeds: right\n", CHECK, ("right/model.yaml: succeeds",)
    ),
    "a key given twice": Broken(
        "right/model.yaml", b"name: R\nnote: a\nname: S\n", CHECK,
        ("right/model.yaml:3", "name", "twice"),
    ),
    "a day that no calendar has": Broken(
        "right/model.yaml", b"name: R\nnote: 2001-99-99\n", CHECK,
        ("right/model.yaml:2", "2001-99-99 is no timestamp"),
    ),
    "a number too long to be written": Broken(
        "right/model.yaml", b"name: 0x" + 9000 * b"f", CHECK, ("right/model.yaml:1", "is no int")
    ),
    "a tag that its text does not fit": Broken(
        "right/model.yaml", b"name: !!bool maybe\n", CHECK,
        ("right/model.yaml:1", "maybe is no bool"),
    ),
    "a list that holds a billion others": Broken(
        "right/model.yaml",
        b"a0: &a0 x\n" + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b"*a%d," % (n - 1) * 9)
                                  for n in range(1, 10)) + b"name: *a9\n",
        CHECK, ("right/model.yaml:1", "alias"),
    ),
    "mappings merged a billion times": Broken(
        "right/model.yaml",
        b"a0: &a0 {name: x}\n" + b"".join(b"a%d: &a%d {<<: [%s]}\n" % (n, n, b"*a%d," % (n - 1) * 9)
                                          for n in range(1, 10)),
        CHECK, ("right/model.yaml", "alias"),
    ),
    "a name that holds itself": Broken(
        "right/model.yaml", b"name: &n [*n]\n", CHECK, ("right/model.yaml:1", "alias")
    ),
    "a model.yaml that is no UTF-8": Broken(
        "right/model.yaml", b"name: \xff\n", CHECK, ("right/model.yaml", "UTF-8")
    ),
    "a model.yaml that is a list": Broken(
        "right/model.yaml", b"- name\n", CHECK, ("right/model.yaml", "mapping")
    ),
    "a round of one model": Broken(
        "rounds.yaml", b"rounds:\n  r: {models: [right, right, right], why: w}\n", CHECK,
        ("rounds.yaml: rounds.r.models", "three different"),
    ),
    "a weight that is not a number": Broken(
        "ranking.yaml", b"challenges: {x: .nan}\n", CHECK, ("ranking.yaml: challenges.x",)
    ),
    "an infinite weight": Broken(
        "ranking.yaml", b"alternatives: {x: {y: .inf}}\n", CHECK,
        ("ranking.yaml: alternatives.x.y",),
    ),
    "a judge that is a number": Broken(
        "judges.yaml", b"judges: {x: 5}\n", ("judge", "--dry-run"),
        ("judges.yaml: judges.x", "mapping"),
    ),
    "a default that is a list": Broken(
        "judges.yaml", b"default: [x]\njudges: {x: {}}\n", ("judge", "--dry-run"),
        ("judges.yaml: default",),
    ),
    "judges named by numbers": Broken(
        "judges.yaml", b"default: x\njudges: {1: {}, 2: {}}\n", ("judge", "--dry-run"),
        ("judges.yaml: default", "1, 2"),
    ),
    "a price that is not a number": Broken(
        "judges.yaml", JUDGE % b"input: .nan, cached: 0, output: 0", ("judge", "--dry-run"),
        ("judges.yaml: judges.j: prices.input",),
    ),
    "a limit that is no limit": Broken(
        "challenges/SLUG/challenge.yaml", b"limits: {seconds: .inf}\n", CHECK,
        ("challenges/SLUG/challenge.yaml",),
    ),
    "claims with an unknown check": Broken(
        "docs/records/published/claims.yaml", CLAIM % b"nothing", CHECK, ("claims.yaml: c: check",)
    ),
    "claims whose arguments are missing": Broken(
        "docs/records/published/claims.yaml", CLAIM % b"coverage", CHECK, ("claims.yaml: c: args",)
    ),
    "a prompt that is no UTF-8": Broken(
        "challenges/SLUG/PROMPT.md", b"\xff", ("render",), ("SLUG/PROMPT.md: byte 0", "UTF-8")
    ),
    "a driver that is no UTF-8": Broken(
        "challenges/SLUG/drive.py", b"# \xe9\n", CHECK, ("SLUG/drive.py: byte 2", "UTF-8")
    ),
    "what kernel tests share, and no UTF-8": Broken(
        "challenges/kit.py", b"# \xe9\n", CHECK, ("challenges/kit.py: byte 2", "UTF-8")
    ),
    "an honest variant that is no UTF-8": Broken(
        "challenges/backwards/honest/compact.py", b"\xff", CHECK, ("honest/compact.py", "UTF-8")
    ),
    "mutants to be shown that are numbers": Broken(
        "challenges/SLUG/mutants.yaml", b"[1, 2]\n", ("render",), ("SLUG/mutants.yaml: 0",)
    ),
    "mutants to be shown that are no YAML": Broken(
        "challenges/SLUG/mutants.yaml", b"- {\n", ("render",), ("SLUG/mutants.yaml:2",)
    ),
    "claims whose reason is no text": Broken(
        "docs/records/published/claims.yaml",
        b"claims:\n- {id: c, source: s, says: s, check: no_record, args: {why: true}}\n",
        CHECK, ("claims.yaml: c: args: because",),
    ),
    "mutants that are a mapping": Broken(
        "challenges/backwards/mutants.yaml", b"a: 1\n", CHECK, ("backwards/mutants.yaml",)
    ),
    "mutants that are numbers": Broken(
        "challenges/backwards/mutants.yaml", b"[1, 2]\n", CHECK, ("backwards/mutants.yaml: 0",)
    ),
    "a mutant of no file": Broken(
        "challenges/backwards/mutants.yaml",
        b"- {name: n, check: c, says: s, base: gone.py, old: a, new: b}\n", CHECK,
        ("honest/gone.py", "No such file"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_line(name: str, project: Path, slug: str, command: Command) -> None:
    """Exit code 2, one line with file and field on stderr, and nothing was written."""
    broken = REFUSED[name]
    if "backwards" in broken.file:  # probes are planted in it, so a build reads its mutants
        shutil.copytree(ROOT / "challenges/backwards", project / "challenges/backwards")
    write(project / broken.file.replace("SLUG", slug), broken.content)
    done = command(*broken.command)
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    for part in broken.named:
        assert part.replace("SLUG", slug) in line


RECORDS = "docs/records"
NOTED = [
    (f"{RECORDS}/strength.json", b'[{"challenge": 1}]', "strength.json: 0.challenge"),
    (f"{RECORDS}/strength.json", b"[{", "strength.json"),
    (f"{RECORDS}/roofline/x.json", b"[]", "roofline/x.json"),
    (f"{RECORDS}/roofline/x.json", b"\xff", "roofline/x.json"),
    (f"{RECORDS}/grades/j/m/x.json", b"{}", "grades/j/m/x.json: judge"),
    (f"{RECORDS}/evidence/m/x.json", b"{}", "evidence/m/x.json: model"),
    ("ranking.yaml", b"challenges: {gone: 2}", "ranking.yaml: challenges.gone"),
    ("ranking.yaml", b"alternatives: {x: {gone: 2}}", "ranking.yaml: alternatives.x.gone"),
]


@pytest.mark.parametrize(("file", "content", "named"), NOTED)
def test_it_is_noted_and_the_rest_goes_on(
    file: str, content: bytes, named: str, project: Path, command: Command
) -> None:
    """Pages are made all the same, not in silence; `build --check` exits with 1 for it."""
    write(project / file, content)
    done = command("render")
    assert (done.exit_code, done.output.count(named)) == (0, 1), done.output
    done = command(*CHECK)
    assert done.exit_code == 1, done.output
    assert len([line for line in done.stdout.splitlines() if named in line]) == 1


def test_a_build_says_what_its_pages_are_made_without(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read after verification is named as well, by a build that makes no page too."""
    kept = project / ".cache" / "build.json"
    monkeypatch.setattr("generator.options.kept_cache", lambda **_: Cache(kept))
    write(project / RECORDS / "strength.json", b"[{")
    for pages in ("written", "nothing changed"):
        done = command("build", "--no-site", "--no-judge")
        assert done.exit_code == 0 and pages in done.stdout, done.output
        assert f"note: {project / RECORDS}/strength.json: " in done.stdout


def test_a_build_notes_a_problem_once(project: Path, command: Command) -> None:
    """A broken record of evidence is named with the verification, and not again."""
    write(project / RECORDS / "evidence" / "gone" / "x.json", b"[{")
    done = command("build", "--no-site", "--no-judge")
    assert done.output.count("gone/x.json") == 1, done.output


def test_a_check_that_there_is_not_counts_for_nothing(
    project: Path, slug: str, command: Command
) -> None:
    """A hand may have put it into a record: pages are made, and no grade of it."""
    path = project / "docs" / "records" / "evidence" / "wrong" / f"{slug}.json"
    record = json.loads(path.read_text())
    failed = record["checks"]["rows"]
    record["checks"] = {"no such check": failed} | record["checks"]
    path.write_text(json.dumps(record))
    done = command("render")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("file", ["right/model.yaml", f"{RECORDS}/evidence/right/SLUG.json"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    file: str, project: Path, slug: str, command: Command
) -> None:
    """Nothing ever comes out of it."""
    path = project / file.replace("SLUG", slug)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    done = command(*CHECK)
    assert done.exit_code in {1, 2}
    assert f"{path}: not a plain file" in done.output


@pytest.mark.parametrize(
    "file", ["right/model.yaml", "rounds.yaml", "ranking.yaml", f"{RECORDS}/published/grades.yaml"]
)
def test_a_link_that_leads_nowhere_is_not_no_file(
    file: str, project: Path, command: Command
) -> None:
    """What was meant to be there is not left out in silence."""
    path = project / file
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("gone.yaml")
    done = command("render")
    assert (done.exit_code, done.stderr) == (2, f"error: {path}: No such file or directory\n")


@pytest.mark.parametrize("lost", ["challenge.yaml", "honest"])
def test_a_challenge_that_probes_are_planted_in_may_go(
    lost: str, project: Path, command: Command
) -> None:
    """They are planted in those that are there."""
    folder = project / "challenges" / "backwards"
    shutil.copytree(ROOT / "challenges" / "backwards", folder)
    assert command("render").exit_code == 0
    path = folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = command("render")
    assert done.exit_code == 0, done.output


def test_a_copied_record_is_not_believed(project: Path, slug: str, command: Command) -> None:
    """Evidence under another run's name is named, and says nothing of that run."""
    records = project / "docs" / "records" / "evidence"
    shutil.copy(records / "right" / f"{slug}.json", records / "wrong" / f"{slug}.json")
    done = command(*CHECK)
    assert done.exit_code == 1
    assert f"wrong/{slug}.json: holds the record of" in done.stdout


def write(path: Path, content: bytes) -> None:
    """Put a file in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize("part", ["claims", "duels", "grades", "measured", "runs", "scores"])
def test_without_a_part_of_what_was_published_pages_are_made(
    part: str, project: Path, command: Command
) -> None:
    """The claims that rest on it are unverifiable, and say which file is missing."""
    published = project / "docs" / "records" / "published"
    shutil.copytree(ROOT / "docs" / "records" / "published", published)
    (published / f"{part}.yaml").unlink()
    done = command("render")
    assert done.exit_code == 0, done.output
    ledger = (project / "docs" / "claims.md").read_text()
    assert part == "claims" or f"{part}.yaml is not here" in ledger


@pytest.mark.parametrize(
    ("part", "old", "new", "named"),
    [
        ("grades", "model: glm5,", "modle: glm5,", "grades.yaml: ranking: each row needs"),
        ("measured", "  not_stored:", "  stored:", "measured.yaml: prompts.stored: Extra"),
        ("measured", "  exit_zero: 30", "  exit_zero: most", "measured.yaml: own_tests.exit_zero"),
        ("measured", "- run: qwen36/kv", "- ran: qwen36/kv", "measured.yaml: logged.1.run"),
        ("runs", "val_ppl: 594", "val_ppl: high", "runs.yaml: ternary_rerun.glm5.val_ppl"),
    ],
)
def test_what_was_published_is_checked_for_form(
    part: str, old: str, new: str, named: str, project: Path, command: Command
) -> None:
    """One line names file and field."""
    text = (ROOT / f"docs/records/published/{part}.yaml").read_text()
    assert old in text
    write(project / f"docs/records/published/{part}.yaml", text.replace(old, new, 1).encode())
    done = command(*CHECK)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert named in done.stderr


def test_with_nothing_published_pages_are_made(project: Path, command: Command) -> None:
    """Somebody's own benchmark has no earlier judge."""
    done = command("render")
    assert done.exit_code == 0, done.output
    assert (project / "docs" / "index.md").exists()
    assert command(*CHECK).exit_code == 0
