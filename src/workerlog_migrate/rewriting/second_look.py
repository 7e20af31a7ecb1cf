"""Which handlers need not be inferred again when the finders look at their own result?

A run proves that a second one would change nothing by looking at the result. Most of what that costs is to find out once
more why a handler has to stay broad. Where it stayed so because of an operation that is not known, and everything that was
written means to the inference what stood there before (``mirror_print(logger.info, x)`` is ``print(x)``,
``retrying(f)(x)`` is ``f(x)``, a line of the log is nothing), that operation is not known in the result either.

What is written may make something known, too: a caught exception that the handler uses is of fewer classes then, an import that
is added binds a name that the script uses. Then nothing is taken over, and everything is inferred again.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Piece
from workerlog_migrate.model import Finding, Plan, Span

if TYPE_CHECKING:
    from workerlog_migrate.analysis.header import Header
    from workerlog_migrate.analysis.module import Module

_NAMES = ("logger", "retrying", "mirror_print", "log_ignored", "expect_only")


def still_unknown(module: Module, plan: Plan, header: Header) -> tuple[Finding, ...]:
    """Give the findings of handlers of which the result cannot tell more than the original.

    Args:
        module: the original.
        plan: what was found in it.
        header: its header as it is planned.

    Returns:
        Those that stay broad because of an operation that is not known; none where an edit may make something known.
    """
    if _may_tell(module, plan.applied, header):
        return ()
    return tuple(
        finding
        for finding in (*plan.applied, *plan.reported)
        if finding.evidence
        and not any(evidence.exception for evidence in finding.evidence)
        and (finding.edit is None or not finding.edit.listed)
    )


def found_again(
    findings: Sequence[Finding], places: Mapping[Span, ast.AST], before: Header, after: Header
) -> Mapping[ast.AST, Finding]:
    """Look such handlers up in the result, if what was written there is read as what was meant.

    Args:
        findings: what `still_unknown` gave.
        places: span in the original -> node in the result.
        before: the header as it was planned.
        after: the header as it is read in the result.

    Returns:
        Handler of the result -> its finding in the original; empty where a name of the runtime is not seen to be that.
    """
    if any(getattr(before, name) != getattr(after, name) for name in _NAMES):
        return {}
    return {places[finding.span]: finding for finding in findings if finding.span in places}


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
