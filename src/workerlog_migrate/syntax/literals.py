"""Small questions about an expression that its text alone answers."""

from __future__ import annotations

import ast
import re


def is_none(node: ast.AST | None) -> bool:
    """Whether an expression is written ``None``."""
    return isinstance(node, ast.Constant) and node.value is None


def last_name(node: ast.expr) -> str:
    """Return the last name of a dotted one, ``c`` of ``a.b.c``; empty for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def len_argument(node: ast.expr) -> ast.expr | None:
    """Return ``x`` of ``len(x)``; None for any other expression."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "len"
        and len(node.args) == 1
    ):
        return node.args[0]
    return None


def maker_name(decorator: ast.expr) -> str:
    """Return the last name of a decorator, ``validator`` of ``@pydantic.validator("a")``; empty for any other expression."""
    return last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)


def is_written_empty(node: ast.expr) -> bool:
    """Whether a list, tuple or dict is written with nothing in it."""
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(keys=parts):
            return not parts
    return False


def may_spell(node: ast.expr, name: str) -> bool:
    """Whether an expression may give the text of a name."""
    match node:
        case ast.Constant(value=value):
            return value == name
        case (
            ast.JoinedStr(values=[ast.Constant(value=str(start)), *_])
            | ast.BinOp(left=ast.Constant(value=str(start)), op=ast.Add() | ast.Mod())
        ):
            return name.startswith(start.partition("%")[0])
    return True


def may_mention(node: ast.expr, name: str) -> bool:
    """Whether a program text may use a name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.search(rf"\b{re.escape(name)}\b", node.value) is not None
    return (
        not isinstance(node, ast.Call)
        or last_name(node.func) != "compile"
        or not node.args
        or may_mention(node.args[0], name)
    )


def integer(node: ast.expr) -> int | None:
    """Return the whole number that an expression is written as, ``5`` or ``-1``; None for any other expression."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and type(node.operand.value) is int
    ):
        return -node.operand.value
    return None
