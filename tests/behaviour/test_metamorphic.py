"""A bounded form of the metamorphic proof: what does not change a program takes nothing from what is inferred of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.hazards.battery import HAZARD, TWIN, cases
from benchmarks.metamorphic.changes import KINDS
from benchmarks.metamorphic.compare import Project, Verdict, shrinks

WORKERS = Path(__file__).resolve().parents[2] / "fixtures" / "workers" / "scripts"
METHODS, SELF, ALIAS = (f"an alias put in between{each}" for each in (": methods", ": self", ""))
NAMES, STAR = "split in two: by names", "split in two: by star"
ONCE = (
    ("between", "a loop whose function takes from its dictionary", METHODS),
    ("between", "a class that keeps attributes otherwise", METHODS),
    ("walked", "a table changed in an earlier round of a loop", METHODS),
    ("tasks", "the result of a task that is done", METHODS),
    ("rounds", "an heir of another file unsets it in a method that the class calls", METHODS),
    ("containers", "list emptied by a function", METHODS),
    ("nights", "a file that another function closes", METHODS),
    ("between", "looped table through a function that calls another with it", ALIAS),
    ("waits", "an async for alone lets others run", ALIAS),
    ("work", "an attribute that a constructor sets in one branch", SELF),
    ("fresh", "slots that are not set", SELF),
    ("work", "an attribute deleted by another method", SELF),
    ("calls", "class method constructor", "names changed"),
    ("objects", "default factory", NAMES),
    ("objects", "defaultdict factory", NAMES),
    ("between", "looped table kept by an object", NAMES),
    ("between", "a loop whose function takes from its dictionary", STAR),
    ("between", "a signal handler that is set by another name", NAMES),
    ("further", "comparison of aware dates from another function", NAMES),
    ("work", "the text of an exception of a library heir", NAMES),
    ("work", "a circular list is dumped", NAMES),
    ("calls", "function by globals", NAMES),
    ("calls", "function by eval", NAMES),
    ("files", "library patched by another file", NAMES),
    ("around", "a star import that brings another function of that name", STAR),
    ("tasks", "a callback of a weak reference empties a list", STAR),
)
SAMPLES = ("aider_sync.py", "genesis_engine.py", "zero_metrics.py")


@pytest.mark.parametrize("name", SAMPLES)
def test_no_list_shrinks(tmp_path: Path, name: str) -> None:
    """Names, order, layout, files and callers may change: a list stays what it is, or grows, or is not complete."""
    shutil.copytree(WORKERS, tmp_path / "scripts")
    project = Project(tmp_path)
    compared = list(project.differences(tmp_path / "scripts" / name))

    assert project.left == []
    assert [kind for kind in KINDS if not any(each.change.startswith(kind) for each in compared)] == []
    assert [each for each in compared if shrinks(each.before, each.after)] == []


@pytest.mark.parametrize("form", [HAZARD, TWIN])
@pytest.mark.parametrize(("topic", "name", "change"), ONCE)
def test_what_a_change_once_hid_is_still_listed(
    tmp_path: Path, topic: str, name: str, change: str, form: str
) -> None:
    """A second name, or another file, hides nothing of these programs; and nothing is put into the lists of their twins."""
    (case,) = (each for each in cases([topic]) if each.name == name)
    for path, text in case.files[form].items():
        (tmp_path / path).write_text(text, "utf-8")
    found = list(Project(tmp_path).differences(tmp_path / "main.py", change))

    assert found
    assert [each for each in found if shrinks(each.before, each.after)] == []
    if form == TWIN:
        assert [each for each in found if each.after != each.before] == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Verdict(("OSError",), True), Verdict(("OSError", "ValueError"), True), False),
        (Verdict(("FileNotFoundError",), True), Verdict(("OSError",), True), False),
        (Verdict(("OSError",), True), Verdict((), False), False),
        (Verdict(("OSError", "ValueError"), True), Verdict(("OSError",), True), True),
        (Verdict(("OSError",), False), Verdict(("OSError",), True), True),
        (Verdict(("OSError",), True), None, True),
    ],
)
def test_what_counts_as_shrinking(before: Verdict, after: Verdict | None, expected: bool) -> None:
    """A name that nothing catches any more, or a list that was not complete and is said to be."""
    assert shrinks(before, after) is expected
