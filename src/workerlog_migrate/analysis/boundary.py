"""Which handler is the last one between an error and the end of the worker?

Input: a broad handler. Output: yes or no. `keeps_loop_alive` knows the handler that stands in a worker's outermost loop: what is
printed in it is critical. `Boundaries` follows the calls of the whole program: what passes a handler ends the outermost loop unless
another broad one takes it on every way out, inside that loop. ``--boundary watch`` watches both; what is inside is narrowed, and so is
what runs in no loop at all.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.uses import uses
from workerlog_migrate.syntax.blocks import is_endless, leaves_loop, listed_types
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import FunctionInfo, Unit

    _Gate = tuple[FunctionInfo, "_Way"]
    """A function that an error leaves, and what it has met."""

_TASK_STARTERS = frozenset({"create_task", "ensure_future", "start_soon"})
_GROUPS = frozenset({"gather", "as_completed", "wait", "run_coroutine_threadsafe"})
_SUPPRESS = "contextlib.suppress"


class _End(Enum):
    """Where a way out leads.

    Attributes:
        GOES_ON: a broad handler inside the outermost loop takes the error.
        LOOP_ENDS: nothing broad does so, or the way is not seen to its end.
        IS_TAKEN: there is no loop, and a broad handler.
        PROGRAM_ENDS: there is neither.
    """

    GOES_ON = auto()
    LOOP_ENDS = auto()
    IS_TAKEN = auto()
    PROGRAM_ENDS = auto()


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
    def end(self) -> _End:
        """What becomes of the error, come to the start of the program."""
        if self.loop is not None:
            return _End.GOES_ON if self.loop else _End.LOOP_ENDS
        return _End.IS_TAKEN if self.is_taken else _End.PROGRAM_ENDS


class Boundaries:
    """Finds the handlers that nothing broad stands around.

    Args:
        engine: knows all calls of the program.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[_Gate, tuple[_Gate | _End, ...]] = {}

    def is_last(self, node: ast.AST, unit: Unit) -> bool:
        """Say whether an error that passes a handler can end the outermost loop, or keep it from being reached.

        Args:
            node: the ``try`` statement, or the ``with`` statement of a ``suppress``.
            unit: its file.

        Returns:
            False if on every way out that is seen a broad handler takes it, inside the outermost loop; a way that gets out
            of sight, as a thread or a callback does, has none. False, too, if there is no loop on any way: nothing is kept
            alive. What runs in the loop and beside it is the last one where nothing broad takes it beside.
        """
        ends = set(self._ends(self._out_of(node, unit, _Way())))
        return _End.LOOP_ENDS in ends or {_End.GOES_ON, _End.PROGRAM_ENDS} <= ends

    def _ends(self, first: _Gate | _End) -> Iterator[_End]:
        seen, waiting = {first}, [first]
        while waiting:
            each = waiting.pop()
            if isinstance(each, _End):
                yield each
                continue
            if each not in self._known:
                self._known[each] = tuple(self._callers(each))
            waiting += [step for step in self._known[each] if step not in seen]
            seen.update(self._known[each])

    def _out_of(self, node: ast.AST, unit: Unit, way: _Way) -> _Gate | _End:
        """Go from a statement out of its function, or to the end of a module."""
        module = unit.module
        child: ast.AST = node
        for parent in module.ancestors(node):
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return unit.function(parent), _out_of_function(way)
            if isinstance(parent, ast.While | ast.For | ast.AsyncFor) and child in (
                *parent.body,
                *parent.orelse,
            ):
                way = _out_of_loop(way, is_outer=isinstance(parent, ast.While) or _never_ends(module, parent))
            elif child in getattr(parent, "body", ()):
                way = _met(module, parent, way)
            child = parent
        return way.end

    def _callers(self, gate: _Gate) -> Iterator[_Gate | _End]:
        function, way = gate
        trail = self._engine.callers.trail_of(function)
        if not trail.uses or trail.lost:
            yield _End.LOOP_ENDS
            return
        for use in trail.uses:
            if use.kind != "call" or _is_task(use.unit.module, use.node):
                yield _End.LOOP_ENDS
            else:
                yield self._out_of(use.node, use.unit, way)


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
        return way if leaves_loop(handler.body) else replace(way, is_taken=True)
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
    return isinstance(parent, ast.Call) and last_name(parent.func) in _TASK_STARTERS | _GROUPS


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
    if not _is_broad(module, handler) or leaves_loop(handler.body):
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
                if _is_broad(module, outer) and not leaves_loop(outer.body):
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
        or (isinstance(parent, ast.Call) and last_name(parent.func) in _TASK_STARTERS)
        for use in uses(module, function)
        for parent in _within_function(module, use)
    )


def _within_function(module: Module, node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is around a node in its own function, from the inside outwards."""
    for parent in module.ancestors(node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return
        yield parent


def _is_broad(module: Module, handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(
        module.qualified(entry) in (BROAD, ROOT) for entry in listed_types(handler)
    )
