"""When a second look finds more to do: whose line is that in the original, and what is the plan of all rounds together?

What was written may make something known that was not: a handler around a narrowed one sees fewer exceptions. Then the
result is rewritten and checked in its turn, as a second run would do it, until nothing is left. The report speaks of the
original: a finding of a later round gets the span of the same call or clause there, or the line that its own came from.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workerlog_migrate.edit import LinesEdit, Piece
from workerlog_migrate.model import Finding, Plan, Span, Splice
from workerlog_migrate.registry import HEADER

if TYPE_CHECKING:
    import ast

    from workerlog_migrate.analysis.module import Module

MOST = 4
"""Rounds after which a file in which there is still something to do is refused."""


class Origin:
    """Where something in a result came from.

    Args:
        before: the text that was rewritten.
        result: what came of it.
        splices: the edits.
        places: spans of calls and clauses in the text before, each with its node in the result.
        earlier: where that text came from itself; None: it is the original.
    """

    def __init__(
        self,
        before: str,
        result: Module,
        splices: Sequence[Splice],
        places: Mapping[Span, ast.AST],
        earlier: Origin | None,
    ) -> None:
        self._spans = {result.span(node): span for span, node in places.items()}
        self._earlier = earlier
        # Lines of the result at which an edit begins, and how many more lines there are behind it.
        gains = [_ends(splice.text) - _ends(before[splice.start : splice.end]) for splice in splices]
        sums = [0, *itertools.accumulate(gains)]
        starts = [_ends(before[: splice.start]) + 1 for splice in splices]
        self._starts = [start + gain for start, gain in zip(starts, sums, strict=False)]
        self._sums = sums

    def line(self, line: int) -> int:
        """Give the line of the original that a line of the result is, or was put in at.

        Args:
            line: from 1.
        """
        index = bisect.bisect_left(self._starts, line)
        found = line - self._sums[index]
        if index:  # inside the lines that the last edit put in: where it begins
            found = max(found, self._starts[index - 1] - self._sums[index - 1])
        return found if self._earlier is None else self._earlier.line(found)

    def span(self, span: Span) -> Span:
        """Give the span that a call or clause of the result has in the original; of others at least the lines are right.

        Args:
            span: in the result.
        """
        known = self._spans.get(span)
        if known is None:
            return Span(self.line(span.line), span.column, self.line(span.end_line), span.end_column)
        return known if self._earlier is None else self._earlier.span(known)

    def finding(self, finding: Finding) -> Finding:
        """Tell a finding about the result of the original.

        Args:
            finding: of a later round.
        """
        evidence = tuple(replace(each, line=self.line(each.line)) for each in finding.evidence)
        return replace(finding, span=self.span(finding.span), evidence=evidence)


def _ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def together(first: Plan, later: Plan, origin: Origin) -> Plan:
    """Join the plans of two rounds.

    Args:
        first: that of the rounds before, in which each call and clause counts once.
        later: that of the next one.
        origin: of its text.

    Returns:
        All that is applied, and what is left at the end; of lines of a header those of the first round speak for all.
    """
    has_header = any(finding.codemod == HEADER for finding in first.applied)
    new = [
        origin.finding(finding)
        for finding in later.applied
        if not (has_header and finding.codemod == HEADER and isinstance(finding.edit, LinesEdit))
    ]
    changed = {(finding.codemod, finding.span) for finding in new}
    kept, left = (
        [finding for finding in findings if (finding.codemod, finding.span) not in changed]
        for findings in (first.applied, first.reported)
    )
    return Plan(tuple(sorted([*kept, *new], key=lambda finding: finding.span)), tuple(left))


def edited_too_early(whole: Plan, later: Plan, origin: Origin) -> frozenset[Span]:
    """Give the calls and clauses of the original that were edited, and are to be edited once more.

    Such a clause got a line for the log because it would stay broad. It is left as it is at first, so that the round in which
    more is known of it finds it as a person wrote it.

    Args:
        whole: what was applied so far.
        later: what is applied next.
        origin: of the text that it is about.
    """
    edited = {
        finding.span
        for finding in whole.applied
        if finding.edit is not None and finding.edit.piece is Piece.HANDLER
    }
    return frozenset(origin.span(finding.span) for finding in later.applied) & edited
