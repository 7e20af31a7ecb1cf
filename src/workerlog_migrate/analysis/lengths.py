"""Whether a list may be empty, and whether a text may begin with a slash, by the expression that makes it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from workerlog_migrate.analysis.module import Module

_SPLITS = ("split", "rsplit", "splitlines")
_COPIES = ("list", "sorted", "tuple")


def may_be_empty(
    node: ast.expr, module: Module, is_data: Callable[[ast.expr], bool], seen: frozenset[str] = frozenset()
) -> bool:
    """Whether something that is split, filtered, cut off or decoded is a list that may have nothing in it.

    Of a parameter, and of a list that is filled step by step, it says no.

    Args:
        node: the expression.
        module: its file.
        is_data: says whether an expression may be decoded data.
        seen: the names that led here.
    """

    def asked(part: ast.expr) -> bool:
        return may_be_empty(part, module, is_data, seen)

    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return bool(parts) and all(isinstance(part, ast.Starred) and asked(part.value) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return asked(left) and asked(right)
        case ast.IfExp(body=body, orelse=other):
            return asked(body) or asked(other)
        case ast.ListComp(generators=[ast.comprehension(iter=source, ifs=filters)]):
            return bool(filters) or asked(source)
        case ast.Subscript(slice=ast.Slice()):
            return True
        case ast.Call(func=ast.Name(id=name), args=[source]) if name in _COPIES:
            return asked(source)
        case ast.Call(func=ast.Attribute(attr=attr), args=arguments) if attr in _SPLITS:
            return not arguments or attr == "splitlines" or module.qualified(node.func) == "shlex.split"
        case ast.Name(id=name) if name not in seen:
            made = [module.parents.get(binding.node) for binding in module.bindings(node)]
            if any(
                isinstance(parent, ast.Assign) and may_be_empty(parent.value, module, is_data, seen | {name})
                for parent in made
            ):
                return True
    return is_data(node)


def may_be_rooted(node: ast.expr) -> bool:
    """Whether a text that is put together may begin with a slash.

    Args:
        node: the expression.
    """
    match node:
        case ast.Constant(value=str(text)):
            return text.startswith("/")
        case ast.JoinedStr(values=[first, *_]):
            return may_be_rooted(first)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return may_be_rooted(left)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as left, attr="format")):
            return may_be_rooted(left)
    return True
