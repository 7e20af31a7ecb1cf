"""How many handlers were watched, how many were hit, and what came as expected: the figures of a run with ``--from-logs``.

Input: the notes that were read, and each file's result. Output: lines of text, or an object for JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Piece
from workerlog_migrate.model import FileResult, Finding
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS
from workerlog_migrate.report.words import counted
from workerlog_migrate.seen.settle import LOST, SEEN_EXPECTED, SEEN_UNEXPECTED

if TYPE_CHECKING:
    from workerlog_migrate.seen.notes import Notes

_WATCHED = "watched"


class SeenCounts:
    """Counts that grow with the files.

    Args:
        notes: what was read.
        passed_over: why notes are for no file of the run -> how many.

    Attributes:
        watched: handlers that were watched when the run began.
        hit: those of them that something came to.
        settled: those of them that become narrow.
        learnt: narrow handlers that get a class which had passed them.
        expected, unexpected: classes that came to watched handlers, each counted at each handler.
        lost: notes that fit no handler of today.
    """

    def __init__(self, notes: Notes, passed_over: Mapping[str, int]) -> None:
        self._notes = notes
        self._passed_over = Counter(passed_over)
        self.watched = self.hit = self.settled = self.learnt = self.expected = self.unexpected = self.lost = 0

    def add(self, result: FileResult) -> None:
        """Take the result of one file in.

        Args:
            result: with all its evidence.
        """
        if result.error is not None:
            return
        for finding in result.plan.applied:
            if _is_of_handler(finding):
                is_settled = finding.edit is not None and bool(finding.edit.released)
                self._count(finding, is_watched=is_settled)
                self.settled += is_settled
                self.learnt += not is_settled
        for finding in result.plan.reported:
            self._count(finding, is_watched=finding.kind == _WATCHED)
            self.lost += finding.kind == LOST

    def _count(self, finding: Finding, *, is_watched: bool) -> None:
        if not is_watched:
            return
        rules = Counter(evidence.rule for evidence in finding.evidence)
        self.watched += 1
        self.hit += bool(rules[SEEN_EXPECTED] or rules[SEEN_UNEXPECTED])
        self.expected += rules[SEEN_EXPECTED]
        self.unexpected += rules[SEEN_UNEXPECTED]

    def lines(self) -> Iterator[str]:
        """Write the figures for a person.

        Yields:
            Lines, each ending in a newline.
        """
        notes = self._notes
        period = f", {notes.first} to {notes.last}" if notes.first else ""
        yield f"read {counted(notes.lines, 'note')} in {counted(len(notes.files), 'file')}{period}\n"
        reasons = {**notes.passed_over, **self._passed_over}
        if reasons:
            told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))
            yield f"passed over: {told}\n"
        yield (
            f"{counted(self.watched, 'handler')} watched, {self.hit:,} of them hit; "
            f"{counted(self.expected, 'type')} came as expected, {self.unexpected:,} not; "
            f"{self.settled:,} settled, {self.watched - self.settled:,} still watched\n"
        )
        if self.learnt:
            yield f"{counted(self.learnt, 'narrow handler')} learnt what had passed\n"

    def as_json(self) -> dict[str, object]:
        """Give the figures for a program."""
        notes = self._notes
        return {
            "files": list(notes.files),
            "notes": notes.lines,
            "first": notes.first or None,
            "last": notes.last or None,
            "passed_over": {**notes.passed_over, **self._passed_over},
            "seconds": round(sum(run.seconds for run in notes.runs), 3),
            "processes": sum(run.processes for run in notes.runs),
            "watched": self.watched,
            "hit": self.hit,
            "settled": self.settled,
            "learnt": self.learnt,
            "expected": self.expected,
            "unexpected": self.unexpected,
            "lost": self.lost,
        }


def _is_of_handler(finding: Finding) -> bool:
    return (
        finding.codemod == SPECIFIC_EXCEPTIONS
        and finding.edit is not None
        and finding.edit.piece is Piece.HANDLER
    )
