"""Foreign text is inert wherever it is printed."""

from __future__ import annotations

import html

import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.render.env import environment
from generator.render.escape import CLOSE, OPEN, encode, fence, plain, source_text, verbatim


@given(st.text())
def test_encoded_text_is_one_inert_line_of_markdown(text: str) -> None:
    """Markdown makes one paragraph without any tag of it, which reads as the text does."""
    made = markdown.markdown("x" + str(encode(text)) + "x", extensions=["tables", "attr_list"])
    assert made.startswith("<p>x") and made.endswith("x</p>")
    inside = made[3:-4]
    assert "<" not in inside
    assert html.unescape(inside) == f"x{plain(text)}x"


@given(st.text())
def test_encoded_text_never_leaves_an_attribute(text: str) -> None:
    """No quote and no angle bracket is left in it."""
    assert not set("<>\"'") & set(str(encode(text)))


@given(st.text(alphabet="`~\n a{.}#<", max_size=60))
def test_no_listing_ends_its_own_fence(text: str) -> None:
    """The fence is longer than any run of backticks inside."""
    made = markdown.markdown(
        "before\n\n" + str(fence("x" + text + "x")) + "\nafter", extensions=["pymdownx.superfences"]
    )
    assert made.startswith("<p>before</p>") and made.endswith("<p>after</p>")
    assert made.count("<pre") == made.count("</pre>") == 1


def test_a_template_cannot_forget_to_escape() -> None:
    """The environment encodes what a template prints without any filter."""
    made = environment().from_string("<b>{{ x }}</b>").render(x="<i>*a*</i>")
    assert made == "<b>&#60;i&#62;&#42;a&#42;&#60;/i&#62;</b>"


def test_text_that_reorders_its_neighbours_is_made_visible() -> None:
    """Bidirectional controls are shown by their code point, in prose and in listings."""
    assert "\u202e" not in encode("a\u202eb") and "U+202E" in encode("a\u202eb")
    assert "U+202E" in source_text("a\u202eb".encode())


def test_lines_of_a_listing_are_the_lines_of_the_file() -> None:
    """Only line feeds and carriage returns end a line, whatever else the file holds."""
    assert source_text(b"a\r\nb\rc\x0cd\xe2\x80\xa8e\n").count("\n") == 3


HIDDEN = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\U000e0041"]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda c: f"U+{ord(c):04X}")
def test_characters_that_take_no_room_are_shown(hidden: str) -> None:
    """Two names that look alike and are not are told apart, in a listing and in a sentence."""
    shown = f"{OPEN}U+{ord(hidden):04X}{CLOSE}"
    assert source_text(f"a{hidden}b".encode()) == f"a{shown}b"
    assert hidden not in encode(f"a{hidden}b") and shown in verbatim(f"a{hidden}b")
