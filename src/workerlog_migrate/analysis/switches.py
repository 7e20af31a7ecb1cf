"""Which ``raise`` comes only of calls that ask for it: ``if reraise: raise error``, where ``reraise`` is off unless it is passed.

Input: what a function raises, and a call of it. Output: the parameter that switches it on, and whether the call does.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.frames import CallEdge, Raise
    from workerlog_migrate.analysis.program import FunctionInfo


def switch_of(raised: Raise, function: FunctionInfo) -> str:
    """Return the parameter without which a ``raise`` of a function is not reached; empty when there is none.

    Args:
        raised: what the function raises.
        function: the function.
    """
    node = function.node
    if (
        not isinstance(raised.node, ast.Raise)
        or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or node.decorator_list
    ):
        return ""
    asked = set(_asked(raised, node))
    if not asked:
        return ""
    bindings = function.unit.module.scopes[node].bindings
    off = (name for name in _off(node.args) if name in asked and len(bindings.get(name, ())) == 1)
    return next(off, "")


def turns_on(edge: CallEdge, name: str, flat: FlowInsensitive) -> bool:
    """Say whether a call may pass for a parameter something that counts as true.

    Args:
        edge: the call.
        name: the parameter.
        flat: says what is called.
    """
    call, function = edge.node, edge.function
    if not isinstance(call, ast.Call) or last_name(call.func) != function.name:
        return True
    given = [*call.args, *(word.value for word in call.keywords)]
    if any(isinstance(each, ast.Starred) or last_name(each) == function.name for each in given) or any(
        word.arg is None for word in call.keywords
    ):
        return True
    called = flat.value(call.func, edge.unit)
    if not called or any(entry.kind not in (values.FUNCTION, values.METHOD) for entry in called):
        return True
    names = [argument.arg for argument in function.given_parameters]
    passed = [word.value for word in call.keywords if word.arg == name]
    if name in names:
        passed += call.args[names.index(name) :]
    return not all(map(_is_off, passed))


def _asked(raised: Raise, function: ast.AST) -> Iterator[str]:
    """Yield the names that are tested around a ``raise`` of a function's own."""
    inner: ast.AST = raised.node
    for outer in raised.unit.module.ancestors(raised.node):
        if outer is function:
            return
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return
        if isinstance(outer, ast.If) and inner in outer.body:
            tests = outer.test.values if _is_conjunction(outer.test) else [outer.test]  # type: ignore[attr-defined]  # as tested
            yield from (test.id for test in tests if isinstance(test, ast.Name))
        inner = outer


def _is_conjunction(test: ast.expr) -> bool:
    return isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)


def _off(arguments: ast.arguments) -> Iterator[str]:
    """Yield the parameters whose default counts as false."""
    plain = [*arguments.posonlyargs, *arguments.args]
    if arguments.defaults:
        for argument, default in zip(plain[-len(arguments.defaults) :], arguments.defaults, strict=True):
            if _is_off(default):
                yield argument.arg
    for argument, held in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if held is not None and _is_off(held):
            yield argument.arg


def _is_off(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
