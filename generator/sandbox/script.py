"""Running an author's own test file, inside the child, as `python file` would.

A file that only defines test functions and has no __main__ block does nothing when run; its tests
are then called one by one, as a test runner would.
"""

from __future__ import annotations

import ast
import inspect
import os
import runpy
import sys
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def run(folder: Path, file: str, note: Callable[[str], None]) -> None:
    """Run the file with its folder as the working directory. Raises what it raises."""
    path = folder / file
    os.chdir(folder)
    sys.argv = [str(path)]
    sys.path.insert(0, str(path.parent))
    if path.parent != folder:
        sys.path.insert(1, str(folder))
    if not only_defines_tests(path.read_bytes()):
        runpy.run_path(str(path), run_name="__main__")
        return
    names = runpy.run_path(str(path), run_name=path.stem)
    note(_call_tests(names))


def only_defines_tests(source: bytes) -> bool:
    """True when the file defines tests and nothing in it would run them."""
    body = ast.parse(source).body
    tests = [n for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    named = any(n.name.startswith(("test_", "Test")) for n in tests)
    runs = any(isinstance(n, ast.If) and "__name__" in ast.unparse(n.test) for n in body)
    calls = any(isinstance(n, (ast.Expr, ast.For)) and _calls_test(n) for n in body)
    return named and not runs and not calls


def _calls_test(node: ast.AST) -> bool:
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return any(isinstance(f, ast.Name) and f.id.startswith(("test", "run", "main")) for f in calls)


def _call_tests(names: dict[str, Any]) -> str:
    """Call every test that needs no argument. Raises AssertionError naming those that failed."""
    passed, failed, skipped = 0, [], []
    for name, test in _tests(names):
        if any(p.default is p.empty for p in inspect.signature(test).parameters.values()):
            skipped.append(name)
            continue
        try:
            test()
            passed += 1
        except Exception as error:  # noqa: BLE001 - a failing test is the output's own evidence
            failed.append(f"{name}: {type(error).__name__}: {str(error)[:120]}")
    told = f"{passed} passed, {len(failed)} failed, {len(skipped)} need arguments"
    if failed:
        raise AssertionError(f"{told}; {'; '.join(failed[:5])}")
    return told


def _tests(names: dict[str, Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    for name, value in names.items():
        if inspect.isfunction(value) and name.startswith("test"):
            yield name, value
        elif inspect.isclass(value) and issubclass(value, unittest.TestCase):
            suite = unittest.defaultTestLoader.loadTestsFromTestCase(value)
            yield name, lambda suite=suite: _unittest(suite)  # type: ignore[misc]
        elif inspect.isclass(value) and name.startswith("Test"):
            for method in (m for m in dir(value) if m.startswith("test")):
                yield f"{name}.{method}", getattr(value(), method)


def _unittest(suite: unittest.TestSuite) -> None:
    result = suite.run(unittest.TestResult())
    problems = result.failures + result.errors
    if problems:
        raise AssertionError(f"{len(problems)} of {result.testsRun}: {problems[0][1][-200:]}")
