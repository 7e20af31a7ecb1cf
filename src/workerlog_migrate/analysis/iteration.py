"""What iterating and unpacking give and raise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge, Frame
from workerlog_migrate.analysis.meanwhile import SIZED, Meanwhile, container
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.values import (
    Value,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.unset import Unset


class Iteration:
    """Evaluates loops over values.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        above: Above,
        effects: Effects,
        elements: Elements,
        kinds: Kinds,
        unset: Unset,
        special_methods: SpecialMethods,
    ) -> None:
        self._above = above
        self._effects = effects
        self._elements = elements
        self._kinds = kinds
        self._unset = unset
        self._special_methods = special_methods
        self._meanwhile = Meanwhile()

    def iterate(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Return what iterating over a value gives, and put what that can raise into the sink."""
        if frame.sink is not None:
            self._kinds.iterated(value, node, frame)
            for entry in value:
                match entry.name:
                    case "json":
                        self._effects.operation("op:iterate-json", node, frame)
                    case "None":
                        self._unset.of_none("op:iterate-none", node, frame, node)
                    case "generator" | "coroutine":
                        if isinstance(entry.ref, FunctionInfo):
                            frame.sink.add(CallEdge(entry.ref, node, frame.unit))
                    case "instance":
                        self._special_methods.iterate_instance(entry, node, frame)
                    case "list" | "dict" | "str" | "tuple" | "set" | "iterator" | "bytes" | "range":
                        pass
                    case "class" if isinstance(entry.ref, ClassInfo) and self._elements.is_enumeration(
                        entry.ref
                    ):
                        pass
                    case _ if values.is_opaque(entry):
                        self._effects.unresolved("op:iterate-unknown", node, node, frame)
                    case _:
                        if self._effects.protocol(
                            entry.name, "iter", node, frame
                        ) is None and not values.is_builtin(entry):
                            self._effects.unresolved("op:iterate-unknown", node, node, frame)
            held = container(node)
            if self._meanwhile.changes(held, frame):
                kinds = values.names(self._above.expressions.value(held, frame.quiet()))
                if not kinds.isdisjoint(SIZED):
                    self._effects.operation("op:iterate-changed", node, frame)
        return self._elements.element(value, frame.unit)

    def unpack_mapping(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Put what ``**value`` can raise into the sink."""
        if "json" in values.names(value):
            self._effects.operation("op:mapping-json", node, frame)
        self._kinds.mapped(value, node, frame)
        self._effects.unresolved_if_opaque(value, "op:mapping-unknown", node, node, frame)

    def unpack(
        self, value: Value, count: int, exact: bool, node: ast.expr, source: ast.expr, frame: Frame
    ) -> None:
        """Put what unpacking a value into ``count`` names can raise into the sink."""
        if frame.sink is None:
            return
        self._kinds.iterated(value, node, frame)
        for entry in value:
            match entry.name:
                case "json":
                    self._effects.operation("op:unpack-json", node, frame)
                case "None":
                    self._effects.operation("op:unpack-none", node, frame)
                case "tuple":
                    if entry.ref is None and entry.args and (len(entry.args) == count or not exact):
                        continue
                    if entry.ref is None and not entry.args:
                        continue
                    self._effects.operation("op:unpack", node, frame)
                case "instance":
                    self._special_methods.iterate_instance(entry, node, frame)
                case _ if values.is_opaque(entry):
                    self._effects.unresolved("op:unpack-unknown", node, source, frame)
                case _:
                    self._effects.operation("op:unpack", node, frame)
