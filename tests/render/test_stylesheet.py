"""The theme's style sheets, trimmed."""

from __future__ import annotations

import re

from generator.render.stylesheet import stylesheet, trimmed


def test_rules_of_unused_features_are_left_out() -> None:
    """One selector of several, whole rules, and media queries that end up empty."""
    css = (
        '@charset "UTF-8";.a,.admonition{x:y}.md-version{x:y}@media print{.mermaid{x:y}}'
        "@media screen{.b{x:y}[dir=rtl] .b{x:z}}@keyframes k{to{x:y}}"
    )
    left = '@charset "UTF-8";.a{x:y}@media screen{.b{x:y}}@keyframes k{to{x:y}}'
    assert trimmed(css) == left


def test_braces_in_strings_and_commas_in_functions_are_no_borders() -> None:
    """A rule ends where its braces close, and a selector at a comma of its own."""
    css = '.a:is(.b,.c)::before{content:"}{"}.d[title="x;y"]{x:y}'
    assert trimmed(css) == css


def test_properties_that_nothing_asks_for_are_left_out() -> None:
    """Also those that only unused ones ask for; a data address with a semicolon stays whole."""
    css = ":root{--a:var(--b);--b:1;--c:url('data:image/svg+xml;utf8,<svg/>');--d:2}p{x:var(--c)}"
    assert trimmed(css) == ":root{--c:url('data:image/svg+xml;utf8,<svg/>');}p{x:var(--c)}"


def test_the_themes_sheets_are_halved_and_ask_nobody() -> None:
    """Less than 80 of 150 kB are left, and no address in them leads anywhere."""
    css = stylesheet()
    assert 40_000 < len(css.encode()) < 80_000
    assert ".md-search__input" in css and "slate" in css
    assert not re.findall(r"url\((?![\"']?data:)", css)
