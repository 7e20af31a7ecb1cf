"""What entering and leaving a context manager gives and raises."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Edge, Frame
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.values import ANY, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine


class Entering:
    """Evaluates ``with``.

    Args:
        engine: the analysis that this belongs to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._knowledge = engine.knowledge

    def entered(self, value: Value) -> Value:
        """Return what ``with value as x`` binds."""
        found: list[Value] = []
        for entry in value:
            if entry.name in ("context", "closing"):
                found.append(entry.args[0])
            elif entry.name == "instance":
                assert isinstance(entry.ref, ClassInfo)
                method = self._engine.families.method(entry.ref, "__enter__") or self._engine.families.method(
                    entry.ref, "__aenter__"
                )
                found.append(
                    self._engine.flat.returns(method)
                    if isinstance(method, FunctionInfo)
                    else frozenset({entry})
                )
            elif entry.name == "None":
                continue
            else:
                row = self._knowledge.protocol(entry.name, "enter")
                if row is None or not row.returns:
                    found.append(ANY)
                else:
                    found.append(
                        self._engine.elements.substitute(values.parse(row.returns), frozenset({entry}), None)
                    )
        return values.join(found) or self._engine.elements.nothing

    def enter_and_leave(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Put what entering and leaving a context manager can raise into the sink."""
        if frame.sink is None:
            return
        for entry in value:
            match entry.name:
                case "context" | "None" | "suppress":
                    continue
                case "instance":
                    assert isinstance(entry.ref, ClassInfo)
                    if self._engine.shapes.lacks(entry.ref, ("__enter__", "__aenter__")):
                        self._engine.effects.operation("op:with-kinds", node, frame)
                    for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
                        method = self._engine.families.method(entry.ref, name)
                        if isinstance(method, FunctionInfo):
                            frame.sink.add(Edge(method, node, frame.unit))
                case "closing":
                    attribute = self._engine.attributes.attribute
                    close = attribute(entry.args[0], "close", node, frame, called=True)
                    self._engine.calls.invoke_unknown(close, node, frame)
                case _ if values.is_opaque(entry):
                    self._engine.effects.unresolved("op:with-unknown", node, node, frame)
                case _:
                    entered = self._engine.effects.protocol(entry.name, "enter", node, frame)
                    self._engine.effects.protocol(entry.name, "exit", node, frame)
                    if entered is None:
                        self._engine.effects.unknown_call(
                            node, frame, entry.name, "a context manager of unknown behaviour"
                        )
