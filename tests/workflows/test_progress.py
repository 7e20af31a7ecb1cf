"""Progress is for a person who waits at a terminal, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from people_project import Run
from spoken import spoken
from terminal_session import Session

from workerlog_migrate.terminal.progress import Progress

# The command with a clock on which each look takes 0.7 seconds.
SLOW = """\
import sys, time
from itertools import count
ticks = count()
time.monotonic = lambda: next(ticks) * 0.7
from workerlog_migrate.cli import main
main(prog_name="workerlog-migrate")
"""


def clock(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    ticks: Iterator[float] = iter(times)
    monkeypatch.setattr("workerlog_migrate.terminal.progress.time.monotonic", lambda: next(ticks))


def drawn(total: int, steps: int, *, is_shown: bool = True) -> list[str]:
    said: list[str] = []
    line = Progress(total, said.append, is_shown=is_shown)
    for _ in range(steps):
        line.step()
    line.hide()
    return said


def test_nothing_is_shown_in_the_first_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 0.3, 0.6, 0.99)

    assert drawn(10, 3) == []


def test_files_rate_and_time_left_are_shown_and_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 0.5, 2.0)

    text = "2 of 10 files, 1 a second, 8 s left"
    assert drawn(10, 2) == ["\r" + text, "\r" + " " * len(text) + "\r"]


def test_it_is_drawn_ten_times_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 1.5, 1.55, 1.59, 1.61)

    assert [text.strip().partition(" ")[0] for text in drawn(9, 4)] == ["1", "4", ""]


def test_a_long_time_is_in_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 2.0)

    assert drawn(301, 1)[0].endswith(", 10 min left")


def test_a_shorter_line_covers_a_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 10.0, 10.2)

    first, second, _ = drawn(12, 2)
    assert (first, second) == (
        "\r1 of 12 files, 0 a second, 110 s left",
        "\r2 of 12 files, 0 a second, 51 s left ",
    )


def test_nothing_is_shown_when_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 5.0, 6.0)

    assert drawn(10, 2, is_shown=False) == []


@pytest.fixture
def many(project: Path) -> Path:
    """Six workers, of which every second one changes."""
    for script in (project / "scripts").iterdir():
        script.unlink()
    for number in range(6):
        text = "print('x')\n" if number % 2 else "# workerlog: skip-file\nprint('x')\n"
        (project / "scripts" / f"zero_{number}.py").write_text(text, encoding="utf-8")
    (project.parent / "slow.py").write_text(SLOW, encoding="utf-8")
    return project


def slow(project: Path, *arguments: str, **extra: str) -> Session:
    return Session(project, *arguments, program=str(project.parent / "slow.py"), **extra)


def as_seen(screen: str) -> str:
    """Give the lines that stay on a terminal: what stands before a carriage return is written over."""
    lines = []
    for line in screen.split("\n"):
        row = ""
        for part in line.split("\r"):
            row = part + row[len(part) :]
        lines.append(row.rstrip())
    return "\n".join(lines)


def test_at_a_terminal_it_comes_and_goes_and_the_diff_is_whole(many: Path, run: Run) -> None:
    with slow(many, "--jobs=1", "--color=never") as session:
        assert session.end() == 0
        screen = session.screen

    assert " of 6 files, " in screen
    piped = run("--jobs=1")
    assert as_seen(spoken(screen)) == as_seen(piped.stdout + piped.stderr)


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [(("--quiet",), {}), ((), {"CI": "true"}), ((), {"TERM": "dumb"})],
    ids=["quiet", "ci", "dumb-terminal"],
)
def test_nobody_looks(many: Path, arguments: tuple[str, ...], extra: dict[str, str]) -> None:
    with slow(many, "--jobs=1", *arguments, **extra) as session:
        assert session.end() == 0
        assert "of 6 files" not in session.screen


def test_it_is_gone_before_the_first_question(many: Path) -> None:
    with slow(many, "--jobs=1", "--apply", "-i", "--color=never") as session:
        shown = session.wait_for("Apply this change [")
        session.type("q")
        assert session.end() == 0

    assert " of 6 files, " in shown
    assert " of 6 files" not in as_seen(shown)
