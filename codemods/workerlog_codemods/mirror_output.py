"""mirror-output: ``print(x)`` becomes ``mirror_print(logger.info, x)``; arguments, order and layout stay."""

from __future__ import annotations

import functools

import libcst as cst

from workerlog_migrate.finders.mirror_call import MirrorCall


def rewrite(edit: MirrorCall, _original: cst.Call, updated: cst.Call) -> cst.Call:
    """Return the mirrored call.

    Args:
        edit: local names and the level's method.
        updated: the call with the edits of its arguments already applied.

    Returns:
        A call of ``mirror_print`` with the method first and, for another printer, ``printer=`` last.
    """
    method = cst.Arg(_parsed(edit.log_method))
    arguments = [_bracketed(argument) for argument in updated.args]
    if arguments:
        method = method.with_changes(comma=cst.Comma(whitespace_after=_separator(updated)))
        arguments = [method, *arguments]
    else:
        arguments = [method]
    if edit.printer is not None:
        arguments = _with_printer(arguments, updated, edit.printer)
    changed = updated.with_changes(func=cst.Name(edit.function), args=arguments)
    if not updated.args and not _has_comment(updated.whitespace_before_args):
        return changed.with_changes(whitespace_before_args=cst.SimpleWhitespace(""))
    return changed


def _bracketed(argument: cst.Arg) -> cst.Arg:
    """Put parentheses around a generator expression that was the lone argument and needed none."""
    if isinstance(argument.value, cst.GeneratorExp) and not argument.value.lpar:
        value = argument.value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return argument.with_changes(value=value)
    return argument


def _separator(call: cst.Call) -> cst.BaseParenthesizableWhitespace:
    """Lay the arguments out as they were: one a line if the first one stood on a line of its own."""
    before = call.whitespace_before_args
    if isinstance(before, cst.ParenthesizedWhitespace):
        return before.with_changes(first_line=_without_comment(before.first_line), empty_lines=())
    return cst.SimpleWhitespace(" ")


def _without_comment(line: cst.TrailingWhitespace) -> cst.TrailingWhitespace:
    return line.with_changes(whitespace=cst.SimpleWhitespace(""), comment=None)


def _with_printer(arguments: list[cst.Arg], call: cst.Call, printer: str) -> list[cst.Arg]:
    """Append ``printer=``, handing over the old last argument's trailing comma and what follows it."""
    last = arguments[-1]
    added = cst.Arg(
        keyword=cst.Name("printer"),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        value=_parsed(printer),
    )
    separator = _separator(call)
    has_comma = isinstance(last.comma, cst.Comma) and bool(call.args)
    tail = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else last.whitespace_after_arg
    if isinstance(tail, cst.ParenthesizedWhitespace):
        # A comment behind the old last argument stays behind it.
        if isinstance(separator, cst.ParenthesizedWhitespace):
            separator = tail.with_changes(indent=separator.indent, last_line=separator.last_line)
        elif _has_comment(tail):
            separator = tail
    if has_comma and isinstance(last.comma, cst.Comma):
        changed = last.with_changes(comma=last.comma.with_changes(whitespace_after=separator))
        return [
            *arguments[:-1],
            changed,
            added.with_changes(comma=cst.Comma(whitespace_after=_closing(tail))),
        ]
    changed = last.with_changes(
        comma=cst.Comma(whitespace_after=separator), whitespace_after_arg=cst.SimpleWhitespace("")
    )
    return [*arguments[:-1], changed, added.with_changes(whitespace_after_arg=_closing(tail))]


def _has_comment(space: cst.BaseParenthesizableWhitespace) -> bool:
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return False
    return space.first_line.comment is not None or any(line.comment for line in space.empty_lines)


def _closing(tail: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    if isinstance(tail, cst.ParenthesizedWhitespace):
        return tail.with_changes(first_line=_without_comment(tail.first_line), empty_lines=())
    return tail


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> cst.BaseExpression:
    """Parse an expression once: nodes never change, and a file's edits use the same few texts."""
    return cst.parse_expression(text)
