"""Explain a binding, and write the skeleton of an adapter where there is none."""

from __future__ import annotations

import re
from pathlib import Path

from generator.binding import bind, python_files
from generator.binding.exports import Exports
from generator.checking import in_sources
from generator.data import Binding, Challenge, Corpus, Run
from generator.digests import copies_in
from generator.files import write
from generator.kernel_tests import adapter_sources
from generator.yamlfile import BadFile

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
FIXTURES = "tests/fixtures/adapters"
TEST = '''"""The adapter {name} of {slug}, on the files that it was written for."""

import json
from pathlib import Path

from typer.testing import CliRunner

from generator.cli import app

ROOT = Path(__file__).resolve().parents[2]


def test_{name}_binds_what_it_was_written_for(tmp_path: Path) -> None:
    """It is chosen, and through it at least one check comes to a verdict."""
    places = ["--runs", str(ROOT / "{fixtures}"), "--records", str(tmp_path)]
    done = CliRunner().invoke(app, ["verify", "{folder}/{slug}", "--json", *places])
    (run,) = json.loads(done.stdout)["runs"]
    assert run["binding"]["adapter"] == "{name}.py", run["binding"]["steps"]
    assert {{"passed", "wrong"}} & set(run["checks"].values()), run["summary"]
'''
ADAPTER = '''"""Says in one line which interface this adapter is for."""

from functools import partial

from challenges.driving.refusing import NotTestable

# Fill this in last: what a module must define for this adapter to be chosen, a name and
# its methods. Left empty, it is chosen for none. The run that it is for defines:
{defined}EXPORTS = {{}}
{functions}

def entry(module, load):
    raise NotTestable("not filled in yet")  # then, in place of this line:
    # return {{{roles}}}
'''
FUNCTION = """

def {role}(module, {params}):
    ...  # call what the module defines, and return what the prompt asks for
"""


def explain(found: Corpus, key: str) -> tuple[list[Binding], list[Exports]]:
    """The bindings that would be tried, best first, and what the run's files export.

    Raises BadFile for a run that is not there, and for an adapter that cannot be loaded.
    """
    if key not in found.runs:
        raise BadFile(f"{key}: no such run")
    run = found.runs[key]
    challenge = found.challenges[run.challenge]
    folder = found.root / "challenges" / run.challenge / "adapters"
    if broken := in_sources(folder):
        raise BadFile(broken[0])
    try:
        adapters = adapter_sources(folder)
    except ValueError as error:  # it imports what is not for the child, or itself
        raise BadFile(str(error)) from error
    copies = frozenset(copies_in(found)[key])
    return bind(run, challenge, adapters, copies), python_files(run)


def write_skeleton(
    root: Path, challenge: Challenge, name: str, run: Run, exports: list[Exports]
) -> list[Path]:
    """Write an adapter to be filled in, its test, and the run's Python files as its fixture.

    Until it is filled in it is chosen for no run, and its test fails. Raises BadFile for a name
    that is no module's, and where an adapter of that name exists.
    """
    if challenge.runtime == "cuda":
        raise BadFile(f"{challenge.slug}: no adapters in CUDA: launchers are found by parameters")
    if not NAME.fullmatch(name):
        raise BadFile(f"{name!r}: an adapter's name is letters, digits and _ in lower case")
    adapter = root / "challenges" / challenge.slug / "adapters" / f"{name}.py"
    test = root / "tests" / "adapters" / f"test_{challenge.slug}_{name}.py"
    fixture = root / FIXTURES / f"{challenge.slug}_{name}" / challenge.slug
    for path in (adapter, adapter.with_suffix(""), test, fixture):
        if path.exists():
            raise BadFile(f"{path}: exists already")
    texts: dict[Path, str | bytes] = {
        adapter: adapter_text(challenge, exports),
        test: test_text(challenge.slug, name),
        **{fixture / each.file: (run.folder / each.file).read_bytes() for each in exports},
    }
    for path, text in texts.items():
        write(path, text)
    return list(texts)


def adapter_text(challenge: Challenge, exports: list[Exports]) -> str:
    """The adapter's source: what it could match, and a function to fill in for each role."""
    first = next((e for e in exports if e.classes or e.functions), Exports(""))
    defined = first.classes | {name: () for name in first.functions if "." not in name}
    return ADAPTER.format(
        defined="".join(f"#   {name!r}: {methods!r},\n" for name, methods in defined.items()),
        functions="".join(
            FUNCTION.format(role=role, params=", ".join(point.params))
            for role, point in challenge.entry.items()
        ),
        roles=", ".join(f'"{role}": partial({role}, module)' for role in challenge.entry),
    )


def test_text(slug: str, name: str) -> str:
    """A test that runs the fixture in the sandbox; it fails until the adapter is filled in."""
    return TEST.format(slug=slug, name=name, folder=f"{slug}_{name}", fixtures=FIXTURES)
