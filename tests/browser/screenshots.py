"""Take the pictures under docs/guide/assets of a built site: `python -m tests.browser.screenshots`.

Each kind of page, light and dark, wide and on a phone, reduced to a small palette by pngquant where
that is installed. Not a test: run it when the look has changed.
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

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, Quiet

PAGES = {
    "home": "",
    "challenge": "challenges/kv/",
    "run": "runs/qwen36/flash_attention_bwd/",
    "model": "models/opus47_1m/",
    "head-to-head": "head-to-head/glm5--qwen36/",
    "round": "head-to-head/rounds/new-round/",
    "claims": "claims/",
}
SIZES = {"wide": (1280, 900), "phone": (390, 780)}
FOLDER = ROOT / "docs" / "guide" / "assets"
CARD = ROOT / "docs" / "assets" / "card.png"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server for a folder."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def take(browser: Browser, url: str, file: Path, scheme: str, size: tuple[int, int]) -> None:
    """One picture of what fits the window."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(color_scheme=scheme, viewport=viewport)  # type: ignore[arg-type]
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
    """Every picture, and the card that links to the site are shown with."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = next(path for name in CHROMIUM if (path := shutil.which(name)))
    with served(ROOT / "site") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for name, path in PAGES.items():
            for scheme in ("light", "dark"):
                for width, size in SIZES.items():
                    file = FOLDER / f"{name}-{scheme}-{width}.png"
                    take(browser, address + path, file, scheme, size)
        take(browser, address, CARD, "light", (1200, 630))
        take(browser, address, FOLDER / "home.png", "light", (1280, 1240))
        browser.close()


if __name__ == "__main__":
    main()
