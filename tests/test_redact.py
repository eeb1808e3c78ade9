"""Redaction: what is taken out, what is left alone, and what stops a build."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.data import Artifact, Corpus, Digests, Evidence, Model, Run, Verdict
from generator.discover import corpus
from generator.options import publishable
from generator.records import Store
from generator.redact import applicable, clean, left_over, redact, report, withhold
from generator.secret_rules import RULES
from generator.yamlfile import BadFile
from tests.secrets import PLANTED, core

ROOT = Path(__file__).resolve().parent.parent
ORDINARY = (
    "S = q@k.transpose(0, 2, 1)",
    "y = x@w.T + b",
    "h = h@self.weight.to(dtype)",
    "p = attn@v.astype(np.float32)",
    "@functools.cache",
    'eos_token = "<|endoftext|>"',
    "tokens = [1, 2, 3]",
    "threading.local()",
    "version 10.2.1",
    "/usr/local/lib/python3.11",
    "task-key: sk-learn",
    "hf_config = load()",
    "key=lambda pair: pair[0]",
    "3735928559" * 6,
)


def test_there_is_a_planted_secret_for_every_rule() -> None:
    """No rule goes untested."""
    assert {rule.kind for rule in RULES} == set(PLANTED)


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("around", ["{}", "x = 1  # {} here", '{{"text": "{}"}}', "({}),"])
def test_planted_secrets_are_replaced_by_their_kind(kind: str, around: str) -> None:
    """In plain text, in a comment, in JSON, in brackets."""
    text, found = redact(around.format(PLANTED[kind]))
    assert core(kind) not in text
    assert f"[redacted {kind}]" in text and found[kind] == 1


@pytest.mark.parametrize("kind", PLANTED)
def test_secrets_are_found_in_a_line_of_a_log(kind: str) -> None:
    """JSON writes line feeds and quotes with a backslash."""
    line = json.dumps({"type": "message", "content": f'before\n"{PLANTED[kind]}" after'})
    assert json.dumps(core(kind))[1:-1] not in clean(line)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_code_is_left_alone(text: str) -> None:
    """A matrix product is no address, a decorator none either."""
    assert redact(text) == (text, {})


PIECES = [p for secret in PLANTED.values() for p in (secret, secret[:9], secret[-9:])]
PIECES += ["planted@box:~/", "HOST=planted"]
PIECES += ["passwords", "TOKEN", "10.", "1", "=", ": ", '"', "'", "\\", "\n", "-", "_", "@", "."]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_looking_for_needles_first_misses_nothing(text: str) -> None:
    """A rule whose pattern matches is among those that could match."""
    matching = [rule for rule in RULES if len(text) >= 8 and rule.pattern.search(text)]
    assert set(matching) <= set(applicable(text))


def test_a_machine_is_named_in_three_ways() -> None:
    """By a local domain, at a shell's prompt, and in the environment; finds of a kind are added."""
    text = "ping planted-7.local\nplanted@box:~/work$\nexport HOSTNAME=planted-box\n"
    assert redact(text) == (
        "ping [redacted host name]\n[redacted host name]/work$\n[redacted host name]\n",
        {"host name": 3},
    )


def test_lines_keep_their_numbers() -> None:
    """Links to lines of a listing stay right below a secret of several lines."""
    text = f"a\n{PLANTED['private key']}\nb"
    assert clean(text).count("\n") == text.count("\n")
    assert clean(text).endswith("\nb")


def test_an_unfinished_private_key_is_redacted_to_the_end() -> None:
    """A key that a cut took the end of is a key."""
    assert "MIIE" not in clean(PLANTED["private key"].rpartition("-----END")[0])


@pytest.mark.parametrize(
    "unit", ["a.", "a@", "sk-", "-----BEGIN PRIVATE KEY-----", "10.", "://a:", "eyJa."]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    """Half a megabyte of what a rule almost matches is scanned in seconds."""
    started = time.perf_counter()
    redact(unit * (500_000 // len(unit)))
    assert time.perf_counter() - started < 10


def test_runs_kept_here_hold_no_secret() -> None:
    """The report on this repository is empty, so nothing shown on its pages is changed."""
    assert report(corpus(ROOT)) == {}


def one_run(folder: Path, name: str, text: str) -> Corpus:
    """A corpus of one run with one file."""
    (folder / name).write_text(text)
    found = Artifact(path=name, sha256="0" * 64, bytes=len(text))
    run = Run(model="m", challenge="c", folder=folder, artifacts=(found,))
    return Corpus(root=folder, challenges={}, models={}, runs={"m/c": run})


def test_the_report_counts_by_file_and_originals_stay_as_they_are(tmp_path: Path) -> None:
    """What was redacted is known; the file itself is never written to."""
    text = f"{PLANTED['AWS key']} {PLANTED['e-mail']} {PLANTED['AWS key']}"
    found = one_run(tmp_path, "a.py", text)
    assert report(found) == {"m/c/a.py": {"AWS key": 2, "e-mail": 1}}
    assert (tmp_path / "a.py").read_text() == text


@pytest.mark.parametrize("kind", [k for k in PLANTED if not set(PLANTED[k]) & set('\n/"')])
def test_a_secret_in_a_file_name_keeps_its_run_out(tmp_path: Path, kind: str) -> None:
    """A name cannot be redacted; what is left of the corpus, and the message, do not hold it."""
    found = withhold(one_run(tmp_path, f"notes {PLANTED[kind]}", "x"))
    assert not found.runs and core(kind) not in found.model_dump_json()
    with pytest.raises(BadFile, match="nothing is published: m/c: a name holds a secret") as error:
        publishable(found)
    assert core(kind) not in str(error.value)


def test_a_secret_in_a_model_s_name_keeps_all_its_runs_out(tmp_path: Path) -> None:
    """Runs of other models stay as they are."""
    name, runs = PLANTED["GitHub token"], {}
    for model in ("m", name):
        run = one_run(tmp_path, "a.py", "x").runs["m/c"]
        runs[f"{model}/c"] = run.model_copy(update={"model": model})
    models = {model: Model(slug=model, name=model) for model in ("m", name)}
    found = withhold(Corpus(root=tmp_path, challenges={}, models=models, runs=runs))
    assert list(found.models) == ["m"] and list(found.runs) == ["m/c"]
    assert list(found.withheld) == ["[redacted GitHub token]"]


def test_records_are_kept_without_secrets(tmp_path: Path) -> None:
    """An exception's message in a record may quote the output's own strings."""
    record = Evidence(
        model="m",
        challenge="c",
        verdict=Verdict.WRONG,
        summary=f"crashed: {PLANTED['private key']}",
        extra={"said": [PLANTED["GitHub token"]]},
        digests=Digests(artifacts="0", challenge="0", verifier="0"),
        seed=1,
        made_at="",
        seconds=0,
    )
    store = Store(tmp_path)
    store.save_evidence(record)
    kept = store.evidence()["m/c"]
    assert kept.summary == "crashed: [redacted private key]\n\n\n"
    assert kept.extra == {"said": ["[redacted GitHub token]"]}


def test_a_folder_called_as_a_page_is_no_page(tmp_path: Path) -> None:
    """A model may be named so; the gate reads the files in it all the same."""
    page = tmp_path / "runs" / "x.md" / "task.md"
    page.parent.mkdir(parents=True)
    page.write_text("nothing to hide")
    assert left_over(tmp_path) == []
    page.write_text(next(iter(PLANTED.values())))
    assert left_over(tmp_path)[0].startswith("runs/x.md/task.md: ")
