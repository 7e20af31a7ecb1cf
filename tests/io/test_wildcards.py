"""The expressions that are not tried again find what those of `pathspec` find."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from workerlog_migrate.files.discover import _linear

PARTS = st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", "\\*", "*", "a", "."]), min_size=1, max_size=6)
PATTERNS = st.lists(
    st.one_of(PARTS.map("".join), PARTS.map("".join), st.just("**"), st.just("*")), min_size=1, max_size=6
)
PATHS = st.lists(st.text("aab.*", min_size=1, max_size=6), min_size=1, max_size=7)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, PATHS, st.sampled_from(["", "/"]), st.sampled_from(["", "/"]), st.sampled_from(["", "!"]))
def test_a_pattern_decides_as_before(
    parts: list[str], path: list[str], start: str, end: str, no: str
) -> None:
    before = GitIgnoreSpec.from_lines([f"{no}{start}{'/'.join(parts)}{end}"])

    for name in ("/".join(path), "/".join(path) + "/"):
        assert _linear(before).check_file(name).include == before.check_file(name).include


@pytest.mark.parametrize("line", ["*.log", "build/", "**/a*b", "!keep"])
def test_twin_patterns_of_few_wildcards_stay_as_they_are(line: str) -> None:
    spec = GitIgnoreSpec.from_lines([line])

    assert _linear(spec) is spec


def test_many_wildcards_are_rewritten() -> None:
    spec = GitIgnoreSpec.from_lines(["**/a/**/b*c*d/**/*e"])

    assert _linear(spec) is not spec
    assert _linear(spec).match_file("x/a/y/bcd/z/fe")
    assert not _linear(spec).match_file("x/a/y/bcd/z/f")
