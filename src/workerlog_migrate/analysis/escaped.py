"""Patterns that are written in a program but for what ``re.escape`` gives: such a text is a pattern whatever was escaped.

Input: the expression that gives the pattern. Output: whether it is one for certain.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.module import Module

_ESCAPE = "re.escape"
_FILLINGS = ("", "a", "ab", "a|b")
_OPEN_END = re.compile(r"\\\w*$|\(\?[^():=!>]*$")
_MEANT_OTHERWISE = re.compile(r"[\[{]|\(\?<[=!]")


def is_escaped(node: ast.expr, module: Module) -> bool:
    """Whether a pattern is written in the program but for texts that ``re.escape`` gives, and is one whatever these are.

    What is escaped is a row of plain characters: where none, one and several of them make a pattern, all do, unless they stand in
    brackets, in braces or behind an open backslash.

    Args:
        node: the pattern.
        module: its file.
    """
    pieces = list(_pieces(node, module))
    if None not in pieces:
        return False
    made: list[str] = []
    for filling in _FILLINGS:
        text = ""
        for piece in pieces:
            if piece is None:
                if _OPEN_END.search(text):
                    return False
                text += filling
            elif piece == _UNKNOWN or _MEANT_OTHERWISE.search(piece):
                return False
            else:
                text += piece
        made.append(text)
    return all(map(_is_pattern, made))


_UNKNOWN = "["  # in brackets nothing is known of what is escaped either


def _pieces(node: ast.expr, module: Module) -> Iterator[str | None]:
    """Yield the parts of a text: what is written, None for what is escaped."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from _pieces(part, module)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            yield from _pieces(value, module)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _pieces(left, module)
            yield from _pieces(right, module)
        case ast.Call(func=called, args=[_]) if module.qualified(called) == _ESCAPE:
            yield None
        case ast.Call(func=ast.Attribute(value=ast.Constant(value="|"), attr="join"), args=[joined]):
            yield None if _is_each_escaped(joined, module) else _UNKNOWN
        case ast.Name():
            yield from _pieces_of_name(node, module)
        case _:
            yield _UNKNOWN


def _pieces_of_name(node: ast.Name, module: Module) -> Iterator[str | None]:
    """Yield the parts of a text that a name is bound to once, where it stands."""
    bindings = module.bindings(node)
    parent = module.parents.get(bindings[0].node) if len(bindings) == 1 else None
    if isinstance(parent, ast.Assign) and parent.targets == [bindings[0].node]:
        yield from _pieces(parent.value, module)
    else:
        yield _UNKNOWN


def _is_each_escaped(joined: ast.expr, module: Module) -> bool:
    match joined:
        case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
            return isinstance(element, ast.Call) and module.qualified(element.func) == _ESCAPE
        case ast.Call(func=ast.Name(id="map"), args=[function, _]):
            return module.qualified(function) == _ESCAPE
    return False


def _is_pattern(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True
