"""Which handlers need not be inferred again when the finders look at their own result?

A run proves that a second one would change nothing by looking at the result. Most of what that costs is to find out once
more why a handler has to stay broad. Where it stayed so because of an operation that is not known, and everything that was
written means to the inference what stood there before (``mirror_print(logger.info, x)`` is ``print(x)``,
``retrying(f)(x)`` is ``f(x)``, a line of the log is nothing), that operation is not known in the result either. Where it stayed so
because a class cannot be named there, that class still arrives, since no edit lets less through, and it cannot be named as long as
no import but ours is added.

What is written may make something known, too: a caught exception that the handler uses is of fewer classes then, an import that
is added binds a name that the script uses. Then nothing is taken over, and everything is inferred again.
"""

from __future__ import annotations

import ast
import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Piece
from workerlog_migrate.finders.handler_edits import INCOMPLETE, NOT_NAMED, RAISES_NOTHING
from workerlog_migrate.model import NEEDS_IMPORT, Finding, Plan, Span, Splice
from workerlog_migrate.rewriting.verify import line_ends

if TYPE_CHECKING:
    from workerlog_migrate.analysis.header import Header
    from workerlog_migrate.analysis.module import Module

_NAMES = ("logger", "retrying", "mirror_print", "log_ignored", "expect_only")


class Kept:
    """What is known of the result before it is looked at.

    Args:
        module: the original.
        plan: what was found in it, and is written.
        findings: all that was found in it.
        header: its header as it is planned.

    Attributes:
        unknown: findings of handlers that stay broad because of an operation that is not known, or of a class that cannot be named,
            or that are left because nothing is known to raise; none where an edit may make something known.
    """

    def __init__(self, module: Module, plan: Plan, findings: Iterable[Finding], header: Header) -> None:
        self._header = header
        self._text = module.source.text
        self._findings = findings
        self._may_tell = _may_tell(module, plan.applied, header)
        self.unknown: tuple[Finding, ...] = ()
        if not self._may_tell:
            found = (*plan.applied, *plan.reported)
            self.unknown = (*filter(_is_unknown, found), *_raising_nothing(module, plan))
            if all(finding.kind != NEEDS_IMPORT for finding in findings):
                self.unknown += (*filter(_is_unnamed, found),)

    def found_again(self, places: Mapping[Span, ast.AST], after: Header) -> Mapping[ast.AST, Finding]:
        """Look such handlers up in the result, if what was written there is read as what was meant.

        Args:
            places: span in the original -> node in the result.
            after: the header as it is read in the result.

        Returns:
            Handler of the result -> its finding in the original; empty where a name of the runtime is not seen to be that.
        """
        if not self._is_read_as_meant(after):
            return {}
        return {places[finding.span]: finding for finding in self.unknown if finding.span in places}

    def says_nothing(self, splices: Sequence[Splice], after: Header) -> Callable[[ast.expr], bool] | None:
        """Give a test for places of the result that no edit has touched, and of which nothing was said in the original.

        Of what is called there no more is known than before, and what stands there is the same.

        Args:
            splices: the edits of the text, in order.
            after: the header as it is read in the result.

        Returns:
            The test; None where an edit may make something known, or a name of the runtime is not seen to be that.
        """
        if self._may_tell or not self._is_read_as_meant(after):
            return None
        return _Untouched(self._text, splices, (finding.span for finding in self._findings)).holds

    def _is_read_as_meant(self, after: Header) -> bool:
        return all(getattr(self._header, name) == getattr(after, name) for name in _NAMES)


class _Untouched:
    """The lines of a result that no edit has touched, and of which nothing was said.

    Args:
        text: the original.
        splices: the edits, in order.
        said: where something was said, in the original.
    """

    def __init__(self, text: str, splices: Sequence[Splice], said: Iterable[Span]) -> None:
        self._said = {line for span in said for line in range(span.line, span.end_line + 1)}
        # Lines of the result that an edit begins and ends on, and how many more lines there are behind it.
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._gains = [0]
        line, position, gain = 1, 0, 0
        for splice in splices:
            line += line_ends(text[position : splice.start])
            position = splice.start
            written = line_ends(splice.text)
            self._begins.append(line + gain)
            self._ends.append(line + gain + written)
            gain += written - line_ends(text[splice.start : splice.end])
            self._gains.append(gain)

    def holds(self, node: ast.expr) -> bool:
        """Whether an expression of the result stands on such lines alone."""
        first, last = node.lineno, node.end_lineno or node.lineno
        before = bisect.bisect_right(self._begins, last)
        if before and self._ends[before - 1] >= first:
            return False
        gain = self._gains[before]
        return self._said.isdisjoint(range(first - gain, last - gain + 1))


def _raising_nothing(module: Module, plan: Plan) -> Iterator[Finding]:
    """Give the findings of handlers that are left because nothing in their bodies raises, no function that is called there included.

    Only a handler inside the body that lets more through than before could change that.
    """
    found = {finding.span: finding for finding in plan.reported if finding.reason == RAISES_NOTHING}
    if not found:
        return
    narrowed = [
        finding.span.line
        for finding in plan.applied
        if finding.edit is not None and (finding.edit.listed or finding.edit.piece is Piece.HANDLER)
    ]
    for node in module.tries:
        body: list[ast.stmt] = getattr(node, "body", [])
        first, last = node.lineno, body[-1].end_lineno or node.lineno
        if not any(first <= line <= last for line in narrowed):
            yield from (
                found[span] for span in map(module.span, getattr(node, "handlers", ())) if span in found
            )


def _is_unknown(finding: Finding) -> bool:
    return (
        bool(finding.evidence)
        and not any(evidence.exception for evidence in finding.evidence)
        and (finding.edit is None or not finding.edit.listed)
    )


def _is_unnamed(finding: Finding) -> bool:
    return (
        finding.kind == INCOMPLETE
        and finding.reason.endswith(NOT_NAMED)
        and not _is_unknown(finding)
        and (finding.edit is None or not finding.edit.listed)
    )


def _may_tell(module: Module, applied: Sequence[Finding], header: Header) -> bool:
    """Whether something that was not known may be known in the result."""
    bound = frozenset(name for scope in module.scopes.values() for name in scope.bindings)
    used = module.used_names - {getattr(header, name) for name in (*_NAMES, "setup", "retry")}
    starts = {
        finding.span.line
        for finding in applied
        if finding.edit is not None and finding.edit.piece is Piece.HANDLER
    }
    clauses = {module.span(node): node for node in module.handlers if node.lineno in starts}
    return any(
        finding.edit.may_tell(clauses.get(finding.span), bound, used)
        for finding in applied
        if finding.edit is not None
    )
