"""A bounded form of the metamorphic proof: what does not change a program takes nothing from what is inferred of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.metamorphic.changes import KINDS
from benchmarks.metamorphic.compare import Project, Verdict, shrinks

WORKERS = Path(__file__).resolve().parents[2] / "fixtures" / "workers" / "scripts"
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
