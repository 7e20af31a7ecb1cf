"""Which handler is the last one between an error and the end of the worker?

Input: a broad handler. Output: yes or no. `keeps_loop_alive` knows the handler that stands in a worker's outermost loop: what is
printed in it is critical. `Boundaries` follows the calls of the whole program: what passes a handler ends the worker unless another
broad one takes it on every way out, inside the outermost loop. ``--boundary watch`` watches both; what is inside is narrowed.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.uses import uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import FunctionInfo, Unit

_EXITS = ("sys.exit", "os._exit", "exit", "quit")
_TASK_STARTERS = frozenset({"create_task", "ensure_future", "start_soon"})
_GROUPS = frozenset({"gather", "as_completed", "wait", "run_coroutine_threadsafe"})
_SUPPRESS = "contextlib.suppress"


@dataclass(frozen=True, slots=True)
class _Way:
    """What an error has met on its way out.

    Attributes:
        is_taken: a broad handler, so far.
        is_left: a broad handler that ends the loop (``break``) or the function (``return``) around it.
        loop: whether one was met inside the last loop; None when there was no loop.
    """

    is_taken: bool = False
    breaks: bool = False
    returns: bool = False
    loop: bool | None = None

    @property
    def ends(self) -> bool:
        """Whether the error, come to the start of the program or of a thread, has ended what must not end."""
        return not (self.is_taken if self.loop is None else self.loop)


class Boundaries:
    """Finds the handlers that nothing broad stands around.

    Args:
        engine: knows all calls of the program.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[FunctionInfo, _Way], bool] = {}

    def is_last(self, node: ast.AST, unit: Unit) -> bool:
        """Say whether an error that passes a handler can end the worker, or its outermost loop.

        Args:
            node: the ``try`` statement, or the ``with`` statement of a ``suppress``.
            unit: its file.

        Returns:
            False if on every way out that is seen a broad handler takes it, inside the outermost loop; a way that gets out
            of sight, as a thread or a callback does, has none.
        """
        return self._ends_from(node, unit, _Way())

    def _ends_from(self, node: ast.AST, unit: Unit, way: _Way) -> bool:
        module = unit.module
        child: ast.AST = node
        for parent in module.ancestors(node):
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return self._ends_at_callers(unit.function(parent), _out_of_function(way))
            if isinstance(parent, ast.While | ast.For | ast.AsyncFor) and child in (
                *parent.body,
                *parent.orelse,
            ):
                way = _out_of_loop(way, is_outer=isinstance(parent, ast.While) or _never_ends(module, parent))
            elif child in getattr(parent, "body", ()):
                way = _met(module, parent, way)
            child = parent
        return way.ends

    def _ends_at_callers(self, function: FunctionInfo, way: _Way) -> bool:
        key = (function, way)
        if key not in self._known:
            self._known[key] = False  # what leads back here adds no other way
            trail = self._engine.callers.trail_of(function)
            self._known[key] = (
                not trail.uses
                or bool(trail.lost)
                or any(
                    use.kind != "call"
                    or _is_task(use.unit.module, use.node)
                    or self._ends_from(use.node, use.unit, way)
                    for use in trail.uses
                )
            )
        return self._known[key]


def _met(module: Module, parent: ast.AST, way: _Way) -> _Way:
    """Go out of the body of a ``try`` or ``with``."""
    if isinstance(parent, ast.With | ast.AsyncWith):
        calls = (item.context_expr for item in parent.items)
        is_wide = any(is_wide_suppress(module, call) for call in calls)
        return replace(way, is_taken=True) if is_wide else way
    for handler in getattr(parent, "handlers", ()):
        if not _is_broad(module, handler) or any(isinstance(each, ast.Raise) for each in ast.walk(handler)):
            continue
        last = handler.body[-1]
        if isinstance(last, ast.Break):
            return replace(way, breaks=True)
        if isinstance(last, ast.Return):
            return replace(way, returns=True)
        return way if _leaves(handler.body) else replace(way, is_taken=True)
    return way


def _out_of_loop(way: _Way, *, is_outer: bool) -> _Way:
    if is_outer:
        way = replace(way, loop=way.is_taken)
    return replace(way, is_taken=True, breaks=False) if way.breaks else way


def _out_of_function(way: _Way) -> _Way:
    return (
        replace(way, is_taken=True, breaks=False, returns=False)
        if way.returns
        else replace(way, breaks=False)
    )


def _never_ends(module: Module, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a ``for`` goes over what has no end."""
    call = loop.iter
    if not isinstance(call, ast.Call):
        return isinstance(loop, ast.AsyncFor)
    name = module.qualified(call.func)
    return name in ("itertools.count", "itertools.cycle", "itertools.repeat") or (
        name == "iter" and len(call.args) == 2
    )


def _is_task(module: Module, call: ast.AST) -> bool:
    """Whether the coroutine that a call makes runs beside its caller."""
    parent = module.parents.get(call)
    while isinstance(
        parent, ast.Starred | ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp | ast.SetComp
    ):
        parent = module.parents.get(parent)
    return isinstance(parent, ast.Call) and _last_name(parent.func) in _TASK_STARTERS | _GROUPS


def is_wide_suppress(module: Module, node: ast.expr) -> bool:
    """Say whether an expression is ``contextlib.suppress`` of all that may come."""
    return (
        isinstance(node, ast.Call)
        and module.qualified(node.func) == _SUPPRESS
        and any(module.qualified(entry) in (BROAD, ROOT) for entry in node.args)
    )


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
