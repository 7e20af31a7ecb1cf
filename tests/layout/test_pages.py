"""What the pages for those who change the tool name is there: files, functions, classes, kinds of types."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from workerlog_migrate.analysis.values import Kind

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "workerlog_migrate"
PAGES = ("docs/how-it-infers.md", "CONTRIBUTING.md")


def _quoted(page: str) -> set[str]:
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return set(re.findall(r"`([^`]+)`", text))


@functools.cache
def _words() -> set[str]:
    found = {"md"}
    for folder in ("src", "codemods", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".toml") and path.name != Path(__file__).name:
                found |= {*re.findall(r"\w+", path.read_text(encoding="utf-8")), path.stem}
    return found


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page: str) -> None:
    """A path is one of the repository or of the package, with its ending or without."""
    named = {name for name in _quoted(page) if re.fullmatch(r"[a-z_.-]+/[\w./-]*\w/?", name)}
    bases = (ROOT, PACKAGE)
    lost = {
        name
        for name in named
        if not any((base / f"{name}{ending}").exists() for base in bases for ending in ("", ".py"))
    }

    assert named
    assert not lost


@pytest.mark.parametrize("page", PAGES)
def test_words_of_the_program_that_a_page_names_are_there(page: str) -> None:
    """A name with an underscore, a dot or a capital is one of the sources, the tests or the benchmarks."""
    named = {name for name in _quoted(page) if re.fullmatch(r"(?=.*[_.A-Z])[A-Za-z_][\w.]*(\(\))?", name)}
    lost = {name for name in named if not (ROOT / name).exists() and set(re.findall(r"\w+", name)) - _words()}

    assert named
    assert not lost


def test_the_page_has_every_kind_of_a_type() -> None:
    """The table of kinds is that of the enumeration."""
    assert {kind.name for kind in Kind} <= _quoted("docs/how-it-infers.md")
