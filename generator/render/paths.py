"""Where each page lies below docs/, and how one page links to another.

Folder names become part of addresses, so a name that is not plain gets a short digest in place of
its odd characters. Links are relative: the site works from any address, and from a folder.
"""

from __future__ import annotations

import functools
import hashlib
import posixpath
import re
from urllib.parse import quote

HOME = "index.md"
METHODOLOGY = "methodology.md"
RANKING = "ranking.md"
CONTRADICTIONS = "contradictions.md"
CLAIMS = "claims.md"
JUDGE = "judge.md"
COMPARED = "judges-compared.md"
DATA = "data.md"
AUDIT = (
    ("Tests against grades", CONTRADICTIONS),
    ("Claims", CLAIMS),
    ("Judges", JUDGE),
    ("Judges compared", COMPARED),
)
CHALLENGES = "challenges/index.md"
MODELS = "models/index.md"
DUELS = "head-to-head/index.md"
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
RESERVED = {"index", "readme"}


def safe(name: str) -> str:
    """A folder's name as part of an address; two different names never give the same one."""
    if PLAIN.fullmatch(name) and "--" not in name and name.lower() not in RESERVED:
        return name
    kept = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
    return f"{kept or 'x'}-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def challenge(slug: str) -> str:
    """The page of a challenge."""
    return f"challenges/{safe(slug)}.md"


def model(slug: str) -> str:
    """The page of a model."""
    return f"models/{safe(slug)}.md"


def run(model_slug: str, challenge_slug: str) -> str:
    """The page of a run."""
    return f"runs/{safe(model_slug)}/{safe(challenge_slug)}.md"


def source(model_slug: str, challenge_slug: str) -> str:
    """The page that lists a run's files."""
    return f"runs/{safe(model_slug)}/{safe(challenge_slug)}/source.md"


def session(model_slug: str, challenge_slug: str) -> str:
    """The page of a run's session log."""
    return f"runs/{safe(model_slug)}/{safe(challenge_slug)}/session.md"


def duel(a: str, b: str) -> str:
    """The page that compares two models, named in the corpus' order."""
    return f"head-to-head/{safe(a)}--{safe(b)}.md"


def round_(name: str) -> str:
    """The page of a round of three."""
    return f"head-to-head/rounds/{safe(name)}.md"


def further(path: str, number: int) -> str:
    """The page with the further rows of a page's long table; no name of anything has `--` in it."""
    stem = path.removesuffix(".md").removesuffix("/index")
    return path if number == 1 else f"{stem}/page--{number}.md"


def evidence(model_slug: str, challenge_slug: str) -> str:
    """The published evidence record."""
    return f"records/evidence/{model_slug}/{challenge_slug}.json"


def text(kind: str, judge: str, subject: str) -> str:
    """The published record of a judge's analysis or profile."""
    folder = {"analysis": "analyses", "profile": "profiles"}[kind]
    return f"records/{folder}/{judge}/{subject}.json"


def address(path: str) -> str:
    """The address that MkDocs gives a file below docs/, relative to the site."""
    if not path.endswith(".md"):
        return path
    folder, name = posixpath.split(path[:-3])
    return posixpath.join(folder, "" if name == "index" else name + "/") if path != HOME else ""


def link(here: str, there: str, anchor: str = "") -> str:
    """The relative address of the page `there`, seen from the page `here`."""
    return way(here, there) + (f"#{quote(anchor)}" if anchor else "")


@functools.lru_cache(maxsize=2**12)  # a page links to the same few pages again and again
def way(here: str, there: str) -> str:
    """The relative address, quoted, without an anchor."""
    target = address(there)
    path = posixpath.relpath("/" + target, "/" + address(here))
    return quote(path + ("/" if target.endswith("/") or not target else ""))
