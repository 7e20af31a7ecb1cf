"""What iterating and unpacking give and raise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Edge, Frame
from workerlog_migrate.analysis.meanwhile import SIZED, Meanwhile, container
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.values import (
    Value,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine


class Iteration:
    """Evaluates loops over values.

    Args:
        engine: the analysis that this belongs to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._meanwhile = Meanwhile()

    def iterate(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Return what iterating over a value gives, and put what that can raise into the sink."""
        if frame.sink is not None:
            self._engine.kinds.iterated(value, node, frame)
            for entry in value:
                match entry.name:
                    case "json":
                        self._engine.effects.operation("op:iterate-json", node, frame)
                    case "None":
                        self._engine.unset.of_none("op:iterate-none", node, frame, node)
                    case "generator" | "coroutine":
                        if isinstance(entry.ref, FunctionInfo):
                            frame.sink.add(Edge(entry.ref, node, frame.unit))
                    case "instance":
                        self._engine.special_methods.iterate_instance(entry, node, frame)
                    case "list" | "dict" | "str" | "tuple" | "set" | "iterator" | "bytes" | "range":
                        pass
                    case "class" if isinstance(entry.ref, ClassInfo) and self._engine.elements.is_enumeration(
                        entry.ref
                    ):
                        pass
                    case _ if values.is_opaque(entry):
                        self._engine.effects.unresolved("op:iterate-unknown", node, node, frame)
                    case _:
                        if self._engine.effects.protocol(
                            entry.name, "iter", node, frame
                        ) is None and not values.is_builtin(entry):
                            self._engine.effects.unresolved("op:iterate-unknown", node, node, frame)
            held = container(node)
            if self._meanwhile.changes(held, frame):
                kinds = values.names(self._engine.expressions.value(held, frame.quiet()))
                if not kinds.isdisjoint(SIZED):
                    self._engine.effects.operation("op:iterate-changed", node, frame)
        return self._engine.elements.element(value, frame.unit)

    def unpack(
        self, value: Value, count: int, exact: bool, node: ast.expr, source: ast.expr, frame: Frame
    ) -> None:
        """Put what unpacking a value into ``count`` names can raise into the sink."""
        if frame.sink is None:
            return
        self._engine.kinds.iterated(value, node, frame)
        for entry in value:
            match entry.name:
                case "json":
                    self._engine.effects.operation("op:unpack-json", node, frame)
                case "None":
                    self._engine.effects.operation("op:unpack-none", node, frame)
                case "tuple":
                    if entry.ref is None and entry.args and (len(entry.args) == count or not exact):
                        continue
                    if entry.ref is None and not entry.args:
                        continue
                    self._engine.effects.operation("op:unpack", node, frame)
                case "instance":
                    self._engine.special_methods.iterate_instance(entry, node, frame)
                case _ if values.is_opaque(entry):
                    self._engine.effects.unresolved("op:unpack-unknown", node, source, frame)
                case _:
                    self._engine.effects.operation("op:unpack", node, frame)
