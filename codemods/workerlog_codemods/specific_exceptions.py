"""specific-exceptions: a broad handler gets the exceptions that its ``try`` body can raise, and logs what it swallowed."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import libcst as cst

from workerlog_migrate.finders.handler_edits import HandlerEdit, SuppressEdit


def rewrite(
    edit: HandlerEdit, _original: cst.ExceptHandler, updated: cst.ExceptHandler
) -> cst.ExceptHandler | cst.FlattenSentinel[cst.ExceptHandler]:
    """Return the handler with new types and log line, and the boundary clause after it where asked for.

    Args:
        edit: what to change; None and empty fields leave their part as it is.
        updated: the handler with the edits of its body already applied.
    """
    changed = updated
    if edit.types is not None:
        changed = changed.with_changes(
            type=_type_expression(edit.types), whitespace_after_except=cst.SimpleWhitespace(" ")
        )
    if edit.unwatch:
        changed = changed.with_changes(body=_without_watch(changed.body))
    if edit.log is not None:
        changed = changed.with_changes(body=_with_log(changed.body, edit.log, edit.replaces_pass))
    if not edit.boundary:
        return changed
    return cst.FlattenSentinel([changed, _boundary(changed.body, edit.boundary)])


def rewrite_suppress(edit: SuppressEdit, _original: cst.Call, updated: cst.Call) -> cst.Call:
    """Return ``suppress(...)`` with new arguments in the place of the old ones.

    Args:
        edit: the new arguments as source text.
        updated: the call as it stands.
    """
    last = updated.args[-1]
    arguments = [cst.Arg(_parsed(name), comma=cst.Comma(whitespace_after=_SPACE)) for name in edit.types]
    arguments[-1] = arguments[-1].with_changes(
        comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
    )
    return updated.with_changes(args=arguments)


_SPACE = cst.SimpleWhitespace(" ")


def _type_expression(types: Sequence[str]) -> cst.BaseExpression:
    return _parsed(types[0] if len(types) == 1 else f"({', '.join(types)})")


def _with_log(body: cst.BaseSuite, log: str, replaces_pass: bool) -> cst.BaseSuite:
    """Put the statement first; a comment that led the body goes on leading it."""
    statement = cst.Expr(_parsed(log))
    if isinstance(body, cst.SimpleStatementSuite):
        rest = body.body[1:] if replaces_pass else body.body
        added = statement.with_changes(
            semicolon=_semicolon(body.body[0] if replaces_pass else None, bool(rest))
        )
        return body.with_changes(body=[added, *rest])
    assert isinstance(body, cst.IndentedBlock)  # a handler's body is one of the two
    first = body.body[0]
    if replaces_pass and isinstance(first, cst.SimpleStatementLine):
        line = first.with_changes(
            body=[statement.with_changes(semicolon=first.body[0].semicolon), *first.body[1:]]
        )
        return body.with_changes(body=[line, *body.body[1:]])
    leading = (
        first.leading_lines if isinstance(first, cst.SimpleStatementLine | cst.BaseCompoundStatement) else ()
    )
    line = cst.SimpleStatementLine(body=[statement], leading_lines=leading)
    return body.with_changes(body=[line, first.with_changes(leading_lines=()), *body.body[1:]])


def _without_watch(body: cst.BaseSuite) -> cst.BaseSuite:
    """Take the first statement out; what led it goes on leading the body, which is at least a ``pass``."""
    if isinstance(body, cst.SimpleStatementSuite):
        return body.with_changes(body=body.body[1:] or [cst.Pass()])
    assert isinstance(body, cst.IndentedBlock)  # a handler's body is one of the two
    first, rest = body.body[0], body.body[1:]
    assert isinstance(first, cst.SimpleStatementLine)  # a call is one
    if len(first.body) > 1 or not rest:
        return body.with_changes(body=[first.with_changes(body=first.body[1:] or [cst.Pass()]), *rest])
    following = rest[0]
    assert isinstance(
        following, cst.SimpleStatementLine | cst.BaseCompoundStatement
    )  # there is no other kind
    leading = [*first.leading_lines, *following.leading_lines]
    return body.with_changes(body=[following.with_changes(leading_lines=leading), *rest[1:]])


def _semicolon(replaced: cst.BaseSmallStatement | None, more: bool) -> cst.Semicolon | cst.MaybeSentinel:
    if replaced is not None:
        return replaced.semicolon
    return cst.Semicolon(whitespace_after=_SPACE) if more else cst.MaybeSentinel.DEFAULT


def _boundary(body: cst.BaseSuite, statements: Sequence[str]) -> cst.ExceptHandler:
    """Build ``except Exception:`` laid out like the handler before it."""
    lines = [cst.parse_statement(statement) for statement in statements]
    if isinstance(body, cst.IndentedBlock):
        suite: cst.BaseSuite = cst.IndentedBlock(body=lines, indent=body.indent)
    else:
        small = [part for line in lines if isinstance(line, cst.SimpleStatementLine) for part in line.body]
        suite = cst.SimpleStatementSuite(
            body=[
                part.with_changes(semicolon=cst.Semicolon(whitespace_after=_SPACE))
                if part is not small[-1]
                else part
                for part in small
            ]
        )
    return cst.ExceptHandler(type=cst.Name("Exception"), body=suite)


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> cst.BaseExpression:
    """Parse an expression once: nodes never change, and a file's edits use the same few texts."""
    return cst.parse_expression(text)
