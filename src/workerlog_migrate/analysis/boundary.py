"""Which handler keeps a worker's outermost loop alive?

Input: a module and one of its broad handlers. Output: yes or no. Such a handler is the last one between an error and the end
of the worker: what is printed in it is critical, and ``--boundary watch`` watches it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.uses import uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.module import Module

_EXITS = ("sys.exit", "os._exit", "exit", "quit")
_TASK_STARTERS = frozenset({"create_task", "ensure_future", "start_soon"})


def keeps_loop_alive(module: Module, handler: ast.ExceptHandler) -> bool:
    """Say whether a handler is broad and the loop that it returns to is ``while True`` itself.

    A handler inside another broad one of the same turn does not count: the loop would live on without it. Nor does one in a
    loop inside another loop, also where a function is called in one, or in a task beside others: what fails there is one item.

    Args:
        module: the script.
        handler: any of its handlers.
    """
    if not _is_broad(module, handler) or _leaves(handler.body):
        return False
    owner = module.parents[handler]
    child: ast.AST = owner
    for parent in module.ancestors(owner):
        if isinstance(parent, ast.While):
            return is_endless(parent) and child in parent.body and not _has_loop_around(module, parent)
        if isinstance(
            parent,
            ast.For
            | ast.AsyncFor
            | ast.FunctionDef
            | ast.AsyncFunctionDef
            | ast.Lambda
            | ast.ClassDef
            | ast.ExceptHandler,
        ):
            return False
        handlers: list[ast.ExceptHandler] = getattr(parent, "handlers", [])
        if handlers and child in getattr(parent, "body", ()):
            for outer in handlers:
                if _is_broad(module, outer) and not _leaves(outer.body):
                    return False
        child = parent
    return False


def _has_loop_around(module: Module, loop: ast.While) -> bool:
    """Whether a loop stands in another one, or its function is called in one or started as a task."""
    if any(
        isinstance(parent, ast.While | ast.For | ast.AsyncFor) for parent in _within_function(module, loop)
    ):
        return True
    function = module.function(loop)
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(
        isinstance(parent, ast.While | ast.For | ast.AsyncFor)
        or (isinstance(parent, ast.Call) and _last_name(parent.func) in _TASK_STARTERS)
        for use in uses(module, function)
        for parent in _within_function(module, use)
    )


def _within_function(module: Module, node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is around a node in its own function, from the inside outwards."""
    for parent in module.ancestors(node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return
        yield parent


def _last_name(callee: ast.expr) -> str:
    return (
        callee.attr
        if isinstance(callee, ast.Attribute)
        else callee.id
        if isinstance(callee, ast.Name)
        else ""
    )


def is_endless(loop: ast.While) -> bool:
    """Say whether a loop is ``while True`` (or ``while 1``)."""
    return isinstance(loop.test, ast.Constant) and bool(loop.test.value)


def _is_broad(module: Module, handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(module.qualified(entry) in (BROAD, ROOT) for entry in types)


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether a handler's body ends by leaving the loop."""
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return ast.unparse(last.value.func) in _EXITS
    return isinstance(last, ast.Raise | ast.Return | ast.Break)
