"""A built site, a server for it, and Chromium, which may go nowhere else."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.render import paths, render
from tests.render.conftest import prepared

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".cache" / "browser-tests"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site built from a small set of results."""
    root = tmp_path_factory.mktemp("site")
    (root / "docs").mkdir()
    for name in ("assets", "guide"):
        shutil.copytree(ROOT / "docs" / name, root / "docs" / name)
    (root / "generator" / "render").mkdir(parents=True)
    (root / "generator" / "render" / "theme").symlink_to(ROOT / "generator" / "render" / "theme")
    shutil.copy(ROOT / "mkdocs.yml", root)
    found = prepared(root, "a text")
    render(found, root)
    records = [f"records/evidence/{key}.json" for key in found.evidence]
    records += [paths.text(told.kind, told.judge, told.subject) for told in found.told]
    # The guide links to what was measured.
    measured = [*(kept := ROOT / "docs" / "records").glob("bench*.json"), *kept.glob("roofline/*")]
    records += [f"records/{file.relative_to(kept)}" for file in measured]
    for name in records:
        record = root / "docs" / name
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text("{}")
    return mkdocs(root)


def mkdocs(root: Path) -> Path:
    """Build with MkDocs in strict mode."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "site"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; the tests are skipped, with the reason, where there is none."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed (apt-get install chromium fonts-noto-core)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@dataclass
class Visitor:
    """A page in the browser, with what it complained about and where it tried to go."""

    page: Page
    address: str
    errors: list[str] = field(default_factory=list)
    outgoing: list[str] = field(default_factory=list)

    def open(self, path: str = "", *, idle: bool = False) -> Page:
        """Go to a page of the site; with `idle`, wait until it has asked for all it wants."""
        self.page.goto(self.address + path, wait_until="networkidle" if idle else "load")
        return self.page


@pytest.fixture
def visitor(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A fresh visitor; `indirect` parameters are options of the browser's context."""
    options = {"viewport": {"width": 1280, "height": 900}} | getattr(request, "param", {})
    context = browser.new_context(**options)
    made = Visitor(context.new_page(), address)
    made.page.on("console", lambda m: made.errors.append(m.text) if m.type == "error" else None)
    made.page.on("pageerror", lambda error: made.errors.append(str(error)))
    made.page.on(
        "request",
        lambda r: (
            None if r.url.startswith((address, "data:", "blob:")) else made.outgoing.append(r.url)
        ),
    )
    yield made
    context.close()


@pytest.fixture(scope="session")
def npm_tools() -> Path:
    """axe-core and html-validate from npm, kept below .cache; skipped, and why, without npm."""
    npm = shutil.which("npm")
    modules = TOOLS / "node_modules"
    if (modules / "axe-core").is_dir() and (modules / "html-validate").is_dir():
        return modules
    if npm is None:
        pytest.skip("npm is not installed, so neither axe-core nor html-validate can be had")
    fresh = TOOLS.with_name(f"{TOOLS.name}-{os.getpid()}")
    fresh.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(fresh)]
    command += ["axe-core@4", "html-validate@10"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm could not install axe-core and html-validate: nothing came in 180 s")
    if done.returncode:
        pytest.skip(f"npm could not install axe-core and html-validate: {done.stderr[-200:]}")
    try:
        fresh.rename(TOOLS)  # whole or not at all, should two processes install at once
    except OSError:
        shutil.rmtree(fresh)
    return modules
