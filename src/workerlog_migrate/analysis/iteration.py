"""What iterating and unpacking give and raise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge, EffectSet, Frame
from workerlog_migrate.analysis.meanwhile import SIZED, Meanwhile, container
from workerlog_migrate.analysis.values import Type, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.called_back import CalledBack
    from workerlog_migrate.analysis.closed import Closed
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.hooks import Hooks
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
        hooks: Hooks,
        called_back: CalledBack,
        meanwhile: Meanwhile,
        closed: Closed,
    ) -> None:
        self._above = above
        self._effects = effects
        self._elements = elements
        self._kinds = kinds
        self._unset = unset
        self._special_methods = special_methods
        self._hooks = hooks
        self._called_back = called_back
        self._meanwhile = meanwhile
        self._closed = closed

    def iterate(self, value: Value, node: ast.expr, frame: Frame, *, is_async: bool | None = None) -> Value:
        """Return what iterating over a value gives, and put what that can raise into the sink.

        Args:
            value: the value.
            node: the expression that gives it.
            frame: where it stands.
            is_async: whether a loop waits for each item, ``async for``; None: it is no loop.
        """
        if frame.sink.is_heard:
            if is_async is not None and any(self._is_of_the_other_loop(entry, is_async) for entry in value):
                self._effects.operation("op:kinds", node, frame)
            self._kinds.iterated(value, node, frame)
            self._called_back.goes_on(value, node, frame)
            for entry in values.in_order(value):
                self._iterate_one(entry, node, frame, frame.sink)
            held = container(node)
            if self._meanwhile.changes(held, frame):
                kinds = values.names(self._above.expressions.value(held, frame.quiet()))
                if not kinds.isdisjoint(SIZED):
                    self._effects.operation("op:iterate-changed", node, frame)
        return self._hooks.rows_of(self._elements.element(value, frame.unit), frame.unit)

    def _is_of_the_other_loop(self, entry: Type, is_async: bool) -> bool:
        """Whether a loop that waits goes through what gives its items at once, or the other way round."""
        if entry.kind is values.GENERATOR and entry.function_or_none is not None:
            return isinstance(entry.function.node, ast.AsyncFunctionDef) is not is_async
        if entry.kind is values.INSTANCE:
            return self._special_methods.lacks_loop(entry, is_async)
        return is_async and values.is_builtin(entry) and entry.name != "None"

    def _iterate_one(self, entry: Type, node: ast.expr, frame: Frame, sink: EffectSet) -> None:
        match entry.kind:
            case values.NAMED:
                self._iterate_named(entry, node, frame)
            case values.INSTANCE:
                self._special_methods.iterate_instance(entry, node, frame)
            case values.GENERATOR:
                if entry.function_or_none is not None:
                    sink.add(CallEdge(entry.function, node, frame.unit))
            case values.CLASS if self._elements.is_enumeration(entry.class_info):
                pass
            case _:  # nobody knows how to loop over it
                self._effects.unresolved("op:iterate-unknown", node, node, frame)

    def _iterate_named(self, entry: Type, node: ast.expr, frame: Frame) -> None:
        match entry.name:
            case "list" | "dict" | "str" | "tuple" | "set" | "iterator" | "bytes" | "range":
                pass
            case "json":
                self._effects.operation("op:iterate-json", node, frame)
            case "None":
                self._unset.of_none("op:iterate-none", node, frame, node)
            case _ if self._kinds.refuses("iter", entry):
                pass  # that is said already
            case _:
                row = self._effects.protocol(entry.name, "iter", node, frame)
                if self._effects.is_of("op:iterate-closed", entry.name) and self._closed.may_be(node, frame):
                    self._effects.operation("op:iterate-closed", node, frame)
                if row is None and not values.is_builtin(entry):
                    self._effects.unresolved("op:iterate-unknown", node, node, frame)

    def unpack_mapping(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Put what ``**value`` can raise into the sink."""
        if values.may_be_decoded(value):
            self._effects.operation("op:mapping-json", node, frame)
        self._kinds.mapped(value, node, frame)
        for entry in value:
            if entry.kind is values.INSTANCE:
                for name in ("keys", "__getitem__"):
                    self._special_methods.dunder(entry, name, node, frame)
        self._effects.unresolved_if_opaque(value, "op:mapping-unknown", node, node, frame)

    def unpack(
        self, value: Value, count: int, exact: bool, node: ast.expr, source: ast.expr, frame: Frame
    ) -> None:
        """Put what unpacking a value into ``count`` names can raise into the sink."""
        if not frame.sink.is_heard:
            return
        self._kinds.iterated(value, node, frame)
        for entry in values.in_order(value):
            match entry.name if entry.kind is values.NAMED else entry.kind:
                case "json":
                    self._effects.operation("op:unpack-json", node, frame)
                case "None":
                    self._effects.operation("op:unpack-none", node, frame)
                case "tuple" if entry.has_length and (
                    not entry.args or len(entry.args) == count or not exact
                ):
                    continue
                case values.INSTANCE:
                    self._special_methods.iterate_instance(entry, node, frame)
                case _ if values.is_opaque(entry):
                    self._effects.unresolved("op:unpack-unknown", node, source, frame)
                case _:
                    self._effects.operation("op:unpack", node, frame)
