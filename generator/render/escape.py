"""The one place where text from outputs, logs and judges is made harmless.

Pages are Markdown with HTML blocks in it, so a text must be inert in both: every character that
either of them reads as more than itself becomes a numeric entity, which both show as the character.
The Jinja environment applies this to every value it prints (see env.py); no template can forget it.
Secrets are taken out in the same place, for the same reason.
"""

from __future__ import annotations

import functools
import json
import re

from markupsafe import Markup

from generator.redact import SHORT, clean

ACTIVE = re.compile(
    r"""[&<>"'\\`*{}\[\]#|~@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\."""
)
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
UNSEEN = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
UNSEEN += "\u3164\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
ODD = re.compile(f"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff{BIDI}{UNSEEN}]")
SHOWN = re.compile(f"[{BIDI}{UNSEEN}]")
OPEN, CLOSE = "\N{MATHEMATICAL LEFT ANGLE BRACKET}", "\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
LOOK_ALIKES = str.maketrans(
    {
        "`": "'",
        "|": "\N{BROKEN BAR}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)
SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    """The text, with characters that have no shape or reorder their neighbours made visible."""
    return ODD.sub(stand_in, text)


def stand_in(match: re.Match[str]) -> str:
    """A code point in brackets for one that reorders or takes no room, else the replacement one."""
    hidden = SHOWN.match(match[0])
    return f"{OPEN}U+{ord(match[0]):04X}{CLOSE}" if hidden else "\N{REPLACEMENT CHARACTER}"


def plain(text: str) -> str:
    """A text on one line, without control characters."""
    return visible(SPACES.sub(" ", text))


def encode(value: object) -> Markup:
    """A value as text that is inert in HTML, in HTML attributes and in Markdown."""
    if value is None:
        return Markup()
    if isinstance(value, Markup):  # made by templates and by this module alone
        return value
    text = str(value)
    return inert(text) if len(text) < SHORT else inert.__wrapped__(text)


@functools.lru_cache(maxsize=2**14)  # names, verdicts and numbers come up again and again
def inert(text: str) -> Markup:
    """A text of which HTML and Markdown read no character as more than itself."""
    text = ACTIVE.sub(lambda match: f"&#{ord(match[0])};", plain(clean(text)))
    return Markup(text)  # noqa: S704 - nothing active is left in it


def kept(line: str) -> Markup:
    """A line with its spaces, for a `pre` element: encoded, nothing collapsed."""
    return Markup("".join(c if c == " " else str(encode(c)) for c in line))  # noqa: S704 - encoded


def soft(name: str) -> Markup:
    """A long name, encoded, that may be broken after an underscore."""
    return Markup(str(encode(name)).replace("_", "_<wbr>"))  # noqa: S704 - encoded


def verbatim(text: str) -> Markup:
    """A text on one line for the inside of a fence, where entities would be shown as such."""
    return Markup(plain(clean(text)).translate(LOOK_ALIKES))  # noqa: S704 - only ever set inside a fence


def preformatted(text: str) -> Markup:
    """A text of several lines for the inside of a pre element."""
    return Markup("&#10;").join(encode(line.expandtabs(4)) for line in clean(text).split("\n"))


def source_text(data: bytes) -> str:
    """The text of a source file for a listing: lines end in a line feed, odd characters are shown.

    Bytes that are not UTF-8 are shown as replacement characters. Lines are as editors count them.
    """
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(map(visible, text.split("\n")))


def fence(code: str, language: str = "text", options: str = "") -> Markup:
    """A fenced code block whose fence is longer than any run of backticks inside."""
    code = clean(code)
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    ticks = "`" * max(3, longest + 1)
    return Markup(f"{ticks} {{ .{language} {options} }}\n{code.rstrip()}\n{ticks}\n")  # noqa: S704 - inert inside a fence


def front_matter(title: str, description: str, **more: object) -> Markup:
    """The YAML head of a page. The theme prints title and description as they are: encode them."""
    fields = {"title": str(encode(title)), "description": str(encode(description)), **more}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return Markup("---\n" + "\n".join(lines) + "\n---\n")  # noqa: S704 - encoded above
