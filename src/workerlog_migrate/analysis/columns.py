"""How many columns a database row has, by the literal SQL text that it was asked for with.

Input: the expression of a row, or of what rows are read from. Output: a count, or None: nothing is said of a text that is put together,
of ``*``, and of a cursor that is used in any other way than to execute literal texts and to read their rows.
"""

from __future__ import annotations

import ast
import re

from workerlog_migrate.analysis.module import Module

_READS = frozenset({"fetchall", "fetchmany", "fetchone"})
_EXECUTE = "execute"
_LISTED = re.compile(
    r"select\s+(?:distinct\s+|all\s+)?(?P<columns>.+?)(?:\sfrom\s.*)?", re.IGNORECASE | re.DOTALL
)
_WORDS = re.compile(r"\b(?:union|intersect|except|with|from)\b", re.IGNORECASE)
_MOST_STEPS = 8


def columns_of(text: str) -> int | None:
    """Count the columns that one SQL text names.

    Args:
        text: the text.

    Returns:
        How many there are; None where it is no plain ``select`` of named columns.
    """
    found = _LISTED.fullmatch(text.strip().removesuffix(";").rstrip())
    if found is None:
        return None
    columns, depth, quote, count = found["columns"], 0, "", 1
    if "*" in re.sub(r"\(\s*\*\s*\)", "", columns) or _WORDS.search(columns):
        return None
    for letter in columns:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and not depth:
            count += 1
    return None if quote or depth else count


def width(node: ast.expr, module: Module, steps: int = _MOST_STEPS) -> int | None:
    """Say how many columns the rows have that an expression gives, or that it is one of.

    Args:
        node: a row, a list of rows or a cursor.
        module: its file.
        steps: how many names and calls may lie between it and the text.

    Returns:
        The count; None when it is not known.
    """
    if not steps:
        return None
    match node:
        case ast.Call(func=ast.Attribute(attr=attr, value=inner)) if attr in _READS:
            return width(inner, module, steps - 1)
        case ast.Call(func=ast.Attribute(attr="execute"), args=[ast.Constant(value=str(text)), *_]):
            return columns_of(text)
        case ast.Await(value=inner):
            return width(inner, module, steps - 1)
        case ast.Name():
            return _width_of_name(node, module, steps - 1)
    return None


def _width_of_name(node: ast.Name, module: Module, steps: int) -> int | None:
    found = module.lookup(node.id, module.scope(node))
    if found is None or found[0] is module.scope_of_module:
        return None
    counts = _executed(node, module)
    for binding in found[1]:
        parent = module.parents.get(binding.node)
        if isinstance(parent, ast.For | ast.AsyncFor | ast.comprehension) and parent.target is binding.node:
            counts.add(width(parent.iter, module, steps))
        elif isinstance(parent, ast.Assign) and parent.targets == [binding.node]:
            if not _makes_cursor(parent.value):
                counts.add(width(parent.value, module, steps))
        elif not isinstance(parent, ast.withitem) or not _makes_cursor(parent.context_expr):
            return None
    return counts.pop() if len(counts) == 1 else None


def _makes_cursor(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cursor"


def _executed(name: ast.Name, module: Module) -> set[int | None]:
    """Say how many columns the texts name that a cursor executes in its scope; None is among them where it gets out of sight."""
    scope, counts = module.scope(name), set[int | None]()
    for use in module.names_of(name.id):
        if module.scope(use) is not scope or not isinstance(use.ctx, ast.Load):
            continue
        parent = module.parents.get(use)
        if isinstance(parent, ast.Attribute):
            call = module.parents.get(parent)
            if parent.attr == _EXECUTE and isinstance(call, ast.Call) and call.func is parent:
                counts.add(width(call, module, 1))
        elif not isinstance(
            parent,
            ast.For | ast.AsyncFor | ast.comprehension | ast.Assign | ast.Subscript | ast.Compare | ast.If,
        ):
            counts.add(None)
    return counts
