"""Which handler keeps a worker's outermost loop alive?

Input: a module and one of its broad handlers. Output: yes or no. Such a handler is the last one between an error and the end
of the worker: what is printed in it is critical, and ``--boundary watch`` watches it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, ROOT

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module

_EXITS = ("sys.exit", "os._exit", "exit", "quit")


def keeps_loop_alive(module: Module, handler: ast.ExceptHandler) -> bool:
    """Say whether a handler is broad and the loop that it returns to is ``while True`` itself.

    A handler inside another broad one of the same turn does not count: the loop would live on without it.

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
            return is_endless(parent) and child in parent.body
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
