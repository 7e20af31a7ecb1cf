"""The words of ``--undo``: one line for each file, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workerlog_migrate.files.undo import Outcome, Undone
from workerlog_migrate.model import FileError
from workerlog_migrate.report import EXIT_DONE, EXIT_FAILED
from workerlog_migrate.report.text import render_error, shown_path

if TYPE_CHECKING:
    from collections.abc import Sequence


def render_undone(undone: Undone, *, quiet: bool = False, verbose: bool = False, color: bool = False) -> str:
    """Write what became of one file.

    Args:
        undone: the file and its outcome.
        quiet: write only a file that was left.
        verbose: write also a file that needed nothing.
        color: whether to use ANSI escapes.

    Returns:
        A line with its newline, or an empty string.
    """
    if undone.outcome is Outcome.LEFT:
        where = f"; its text before that: {shown_path(undone.old_text)}" if undone.old_text else ""
        return render_error(undone.path, FileError(undone.reason + where), color=color)
    if quiet or (undone.outcome is Outcome.NOTHING and not verbose):
        return ""
    return f"{undone.outcome.value} {shown_path(undone.path)}\n"


def render_undo_summary(outcomes: Sequence[Outcome]) -> tuple[str, int]:
    """Write what an undo comes to.

    Args:
        outcomes: one for each file.

    Returns:
        The text, and the exit code of the run.
    """
    if not outcomes:
        return "nothing to undo: no --apply has changed anything from this folder since the last --undo\n", (
            EXIT_DONE
        )
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
    parts = [
        f"{counts[outcome]} {outcome.value}"
        for outcome in (Outcome.RESTORED, Outcome.REMOVED, Outcome.LEFT)
        if counts[outcome]
    ]
    text = (", ".join(parts) or "nothing to undo: every file is what it was before --apply") + "\n"
    if not counts[Outcome.LEFT]:
        return text, EXIT_DONE
    return (
        text + "to get an old text back, copy it over the file; --undo again goes on with what was left\n",
        (EXIT_FAILED),
    )
