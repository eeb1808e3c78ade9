"""Take the pictures of a built site that are committed: `python -m tests.browser.screenshots`.

The README's pictures, light and dark, and the card that links to the site are shown with, reduced
to a small palette by pngquant where that is installed. Not a test: run it when the first page has
changed.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, Quiet

Scheme = Literal["light", "dark"]
PICTURES: dict[Path, tuple[Scheme, tuple[int, int]]] = {
    ROOT / "docs" / "guide" / "assets" / "home.png": ("light", (1280, 1240)),
    ROOT / "docs" / "guide" / "assets" / "home-dark.png": ("dark", (1280, 1240)),
    ROOT / "docs" / "assets" / "card.png": ("light", (1200, 630)),
}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server for a folder."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def take(browser: Browser, url: str, file: Path, scheme: Scheme, size: tuple[int, int]) -> None:
    """One picture of what fits the window."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": size[0], "height": size[1]}
    )
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    page.screenshot(path=file)
    context.close()
    shrink(file)


def shrink(file: Path) -> None:
    """Reduce the palette in place."""
    program = shutil.which("pngquant")
    if program:
        command = [program, "--force", "--skip-if-larger", "--output", str(file), "64", str(file)]
        subprocess.run(command, check=False)


def main() -> None:
    """Every picture is of the first page."""
    found = next(path for name in CHROMIUM if (path := shutil.which(name)))
    with served(ROOT / "site") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for file, (scheme, size) in PICTURES.items():
            take(browser, address, file, scheme, size)
        browser.close()


if __name__ == "__main__":
    main()
