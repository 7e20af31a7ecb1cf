"""What ``await`` gives and raises, also of what was started elsewhere."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.elements import ended
from workerlog_migrate.analysis.frames import CallEdge, Frame, Unknown, at
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.settle import SETTLE
from workerlog_migrate.analysis.taken import called_as
from workerlog_migrate.analysis.values import (
    ANY,
    Value,
)
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.changes import Changes
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

_STARTED_ELSEWHERE = (
    f"it awaits what was started elsewhere; {SETTLE}await the call that makes it, in this body"
)

_ENDED_BY_OTHERS = f"it awaits what others end; {SETTLE}await the call that makes it, in this body"


class Awaiting:
    """Evaluates ``await``.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        elements: Elements,
        callers: Callers,
        changes: Changes,
    ) -> None:
        self._above = above
        self._families = families
        self._effects = effects
        self._elements = elements
        self._callers = callers
        self._changes = changes
        self._knowledge = world.knowledge

    def _await(self, node: ast.Await, frame: Frame) -> Value:
        value = self._above.expressions.value(node.value, frame)
        found: list[Value] = []
        for entry in value:
            if self._knowledge.protocol(entry.name, "await") is not None:
                given = self._effects.protocol(entry.name, "await", node, frame) or ANY
                found.append(self._elements.substitute(given, frozenset({entry}), None))
            else:
                found.append(ended(frozenset({entry})))
            if entry.kind is values.INSTANCE and frame.sink.is_heard:
                method = self._families.method(entry.class_info, "__await__")
                if isinstance(method, FunctionInfo):
                    frame.sink.add(CallEdge(method, node, frame.unit))
        if (
            frame.sink.is_heard
            and isinstance(node.value, ast.Call)
            and self._gives_no_awaitable(node.value, frame)
        ):
            self._effects.operation("op:kinds", node, frame)
        known = any(self._knowledge.protocol(entry.name, "await") is not None for entry in value)
        if frame.sink.is_heard and not known and not isinstance(node.value, ast.Call):
            self.awaited(node.value, frame)
        self._changes.after_wait(frame)
        return values.join(found) or self._elements.nothing

    def _gives_no_awaitable(self, call: ast.Call, frame: Frame) -> bool:
        """Whether a function of the program that may be called is no coroutine function, and returns nothing that could be awaited."""
        return any(
            gives_no_awaitable(entry.function) and not self._families.leaves_to_heirs(entry.function)
            for entry in self._above.calls.callee(call, frame.quiet())
            if entry.kind in (values.FUNCTION, values.METHOD)
        )

    def may_run_in_loop(self, function: FunctionInfo) -> bool:
        """Whether a coroutine function calls a function, by way of whatever others, in the thread of its loop.

        Args:
            function: the function.
        """
        seen = [function]
        for each in seen:  # grows as it is gone through
            if isinstance(each.node, ast.AsyncFunctionDef):
                return True
            callers = [
                use.unit.enclosing(use.node)
                for use in self._callers.trail_of(each).uses
                if use.kind == "call"
            ]
            seen += [each for each in dict.fromkeys(callers) if each not in seen][: _CALLERS - len(seen)]
        return False

    def resumed(self, frame: Frame) -> None:
        """Forget what may have changed until a generator goes on behind ``yield``."""
        self._changes.after_yield(frame)

    def awaited(self, node: ast.expr, frame: Frame, depth: int = 0) -> None:
        """Put what a task or coroutine raises into the sink where it is awaited, although it was made elsewhere.

        What is known is how it was made: by the assignments and ``append`` calls of that name. Anything else, a
        parameter above all, is not known.
        """
        if isinstance(node, ast.Starred):
            node = node.value
        if isinstance(node, ast.Call | ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp):
            self._ended_by_others(node, frame)
            return  # evaluated where it stands, with its effects
        made = self._made(node, frame) if depth < _AWAITED_DEPTH else None
        if made is None:
            frame.sink.add(Unknown(node, frame.unit, "", _STARTED_ELSEWHERE))
            return
        for expression in made:
            if expression in frame.sink.awaited:
                continue  # also what ends `x = await x`
            frame.sink.awaited.add(expression)
            if isinstance(expression, ast.Name | ast.Attribute):
                self.awaited(expression, frame, depth + 1)
                continue
            self._ended_by_others(expression, frame)
            if isinstance(expression, ast.Call):
                for argument in expression.args:  # asyncio.as_completed(tasks)
                    if isinstance(argument, ast.Name | ast.Attribute | ast.Starred) and depth:
                        self.awaited(argument, frame, depth + 1)
            elsewhere = Frame(frame.unit.enclosing(expression), None, frame.sink)
            elsewhere.depth = frame.depth
            meant = (
                called_as(frame.unit.module, expression) if isinstance(expression, ast.Call) else [expression]
            )
            for each in meant:
                self._above.expressions.value(each, elsewhere)

    def _ended_by_others(self, expression: ast.expr, frame: Frame) -> None:
        """Say that nobody knows what awaiting raises that takes tasks and futures which others end: ``asyncio.all_tasks()``."""
        calls = [expression]
        if isinstance(expression, ast.ListComp | ast.GeneratorExp):
            is_taken = isinstance(expression.elt, ast.Name)  # out of what the loop goes through
            calls = [each.iter for each in expression.generators] if is_taken else [expression.elt]
        elif isinstance(expression, ast.List | ast.Tuple):
            calls = list(expression.elts)
        for call in calls:
            if not isinstance(call, ast.Call):
                continue
            row = self._above.calls.row(call, at(frame.unit, call))
            if row is not None and ("others" in row.marks or not _makes_awaitable(row)):
                frame.sink.add(Unknown(call, frame.unit, "", _ENDED_BY_OTHERS))

    def _made(self, node: ast.expr, frame: Frame) -> list[ast.expr] | None:
        """Return the expressions that a name or attribute of ``self`` is bound to or filled with; None if unknown."""
        module, unit = frame.unit.module, frame.unit
        found: list[ast.expr] = []
        targets: list[ast.AST] = []
        if isinstance(node, ast.Name):
            targets.extend(binding.node for binding in module.bindings(node))
        elif (
            isinstance(node, ast.Attribute)
            and frame.function.owner is not None
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            targets.extend(frame.function.owner.stores.get(node.attr, ()))
        if not targets:
            return None
        for target in targets:
            parent = module.parents.get(target)
            match parent:
                case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                    if isinstance(parent, ast.Assign) and target not in parent.targets:
                        return None
                case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
                    pass
                case _:
                    return None
            if not is_none(value):
                found.append(value)
        path = unit.path(node)
        for call in unit.calls_on(path) if path is not None else ():
            if isinstance(call.func, ast.Attribute) and call.func.attr == "append":
                found.extend(call.args)
        return found


def gives_no_awaitable(function: FunctionInfo) -> bool:
    """Say whether a function is no coroutine function, and returns nothing that could be awaited."""
    return (
        isinstance(function.node, ast.FunctionDef)
        and not function.node.decorator_list
        and not function.facts.is_generator
        and all(each is None or isinstance(each, _NEVER_AWAITED) for each in function.facts.returns)
    )


def _makes_awaitable(row: CallRow) -> bool:
    """Whether what a call gives is awaited for what it does itself, or for what it is given; else it was kept somewhere: ``waiting.pop(key)``."""
    return row.awaitable or bool(row.awaits or row.calls) or "starts" in row.marks


_AWAITED_DEPTH = 6
_CALLERS = 40
_NEVER_AWAITED = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.JoinedStr, ast.Compare, ast.BinOp)
