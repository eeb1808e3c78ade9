"""Who may import whom (docs/guide/architecture.md), read from the source and asserted."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from generator.digests import DECIDE
from generator.runtimes.python import PythonRuntime

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("discover", "verify", "judge", "rank", "duels", "rounds", "audit", "render", "sessions")


def imports(file: Path) -> set[str]:
    """Every module that a file imports, at any depth of its syntax tree."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def stage_of(module: str) -> str:
    """The stage that a dotted module belongs to, or the empty string."""
    parts = module.split(".")
    return parts[1] if parts[0] == "generator" and len(parts) > 1 and parts[1] in STAGES else ""


def generator_files() -> list[Path]:
    """Every source file of the generator."""
    return sorted((ROOT / "generator").rglob("*.py"))


@pytest.mark.parametrize("file", generator_files(), ids=lambda f: str(f.relative_to(ROOT)))
def test_no_stage_imports_another(file: Path) -> None:
    """A stage knows records and its own modules; what is no stage may join several."""
    own = file.relative_to(ROOT / "generator").with_suffix("").parts[0]
    if own not in STAGES:
        return
    others = {stage_of(module) for module in imports(file)} - {"", own}
    assert not others, f"{file.name} imports {others}"


def test_data_imports_only_pydantic_and_the_standard_library() -> None:
    """The records depend on nothing, so everything may depend on them."""
    allowed = {"pydantic", "generator", *sys.stdlib_module_names}
    for file in sorted((ROOT / "generator" / "data").glob("*.py")):
        roots = {module.partition(".")[0] for module in imports(file)}
        assert roots <= allowed, f"{file.name}: {roots - allowed}"
        inside = {m for m in imports(file) if m.startswith("generator")}
        assert all(m.startswith("generator.data") for m in inside), file.name


def test_challenges_never_import_the_generator() -> None:
    """A challenge can be read, run and reviewed without the generator."""
    for file in sorted((ROOT / "challenges").rglob("*.py")):
        try:
            found = imports(file)
        except SyntaxError:
            continue  # a mutant may be broken on purpose
        assert not {m for m in found if m.partition(".")[0] == "generator"}, file


def test_the_child_side_of_the_sandbox_never_imports_a_challenge() -> None:
    """Untrusted code never meets the answer: the sandbox cannot load a reference."""
    for file in sorted((ROOT / "generator" / "sandbox").glob("*.py")):
        assert not {m for m in imports(file) if m.startswith("challenges")}, file


def test_what_binds_and_runs_python_is_in_its_digest() -> None:
    """A change of a module that a verdict came through makes its record stale."""
    sources = (*PythonRuntime.sources, *DECIDE)
    digested = {
        file
        for source in sources
        for file in (ROOT / "generator" / source, *(ROOT / "generator" / source).rglob("*.py"))
    }
    aside = {"data", "kernel_tests", "runtimes", "storedrun", "yamlfile"}
    for file in sorted(file for file in digested if file.suffix == ".py"):
        for module in imports(file) - {f"generator.{name}" for name in aside}:
            found = ROOT / f"{module.replace('.', '/')}.py"
            assert not found.is_file() or found in digested, f"{file.name}: {module}"


def assert_imports_none(heavy: set[str], code: str) -> None:
    """Assert that a new interpreter that runs this code imports none of these modules."""
    told = f"import sys\n{code}sys.exit(', '.join(sorted({heavy!r} & set(sys.modules))) or None)"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_imports_nothing_heavy() -> None:
    """`--help` answers at once: NumPy, OpenAI, CuPy, MkDocs and SciPy are imported where used."""
    assert_imports_none(
        {"numpy", "openai", "cupy", "mlx", "mkdocs", "scipy", "pydantic"},
        "from typer.testing import CliRunner\n"
        "from generator.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n",
    )


def test_a_build_without_a_judge_imports_no_library_of_one() -> None:
    """Nor SciPy: each takes longer to import than all pages take to make. Records are enough."""
    assert_imports_none(
        {"openai", "httpx", "scipy", "mkdocs", "cupy", "mlx", "ray"},
        "from generator.build import results\n"
        "from generator.options import Options\n"
        "from generator.render.pages import all_pages\n"
        "from generator.render.site import Site\n"
        "assert list(all_pages(Site(results(Options()))))\n",
    )
