"""What entering and leaving a context manager gives and raises."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.awaiting import gives_no_awaitable
from workerlog_migrate.analysis.frames import CallEdge, Frame
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.values import ANY, Type, Value
from workerlog_migrate.syntax.parsing import TRY_STAR
from workerlog_migrate.syntax.yields import yields_once

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.attributes import Attributes
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World


class Entering:
    """Evaluates ``with``.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        elements: Elements,
        flat: FlowInsensitive,
        shapes: Shapes,
        unset: Unset,
        attributes: Attributes,
    ) -> None:
        self._above = above
        self._effects = effects
        self._families = families
        self._elements = elements
        self._flat = flat
        self._shapes = shapes
        self._unset = unset
        self._attributes = attributes
        self._knowledge = world.knowledge

    def entered(self, value: Value) -> Value:
        """Return what ``with value as x`` binds."""
        found: list[Value] = []
        for entry in values.in_order(value):
            if entry.kind in (values.CONTEXT, values.CLOSING):
                found.append(entry.args[0])
            elif entry.kind is values.INSTANCE:
                method = self._families.method(entry.class_info, "__enter__") or self._families.method(
                    entry.class_info, "__aenter__"
                )
                found.append(
                    self._flat.returns(method) if isinstance(method, FunctionInfo) else frozenset({entry})
                )
            elif entry.name == "None":
                continue
            else:
                row = self._knowledge.protocol(entry.name, "enter")
                if row is None or not row.returns:
                    found.append(ANY)
                else:
                    found.append(
                        self._elements.substitute(values.parse(row.returns), frozenset({entry}), None)
                    )
        return values.join(found) or self._elements.nothing

    def enter_and_leave(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Put what entering and leaving a context manager can raise into the sink."""
        if not frame.sink.is_heard:
            return
        parents = frame.unit.module.parents
        item = parents.get(node)
        around = parents.get(item) if isinstance(item, ast.withitem) else None
        names = _EITHER if around is None else _ENTERED.get(type(around), _EITHER)
        for entry in value:
            match entry.name if entry.kind is values.NAMED else entry.kind:
                case "None":
                    self._unset.of_none("op:with-kinds", node, frame, node)
                case values.SUPPRESS:
                    continue
                case values.CONTEXT:
                    made = entry.function.node if entry.function_or_none is not None else None
                    if (
                        names is not _EITHER
                        and made is not None
                        and isinstance(made, ast.AsyncFunctionDef) is not isinstance(around, ast.AsyncWith)
                    ):
                        self._effects.operation("op:with-kinds", node, frame)
                    if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef) and not yields_once(made):
                        self._effects.operation("op:context-yields", node, frame)
                    if not isinstance(node, ast.Call) and _may_be_entered_again(node, frame):
                        self._effects.operation("op:context-again", node, frame)
                case values.INSTANCE:
                    if self._shapes.lacks(entry.class_info, names[::2]):
                        self._effects.operation("op:with-kinds", node, frame)
                    for name in names:
                        method = self._families.method(entry.class_info, name)
                        if isinstance(method, FunctionInfo):
                            frame.sink.add(CallEdge(method, node, frame.unit))
                            if (
                                name.startswith("__a")
                                and gives_no_awaitable(method)
                                and not self._families.leaves_to_heirs(method)
                            ):
                                self._effects.operation("op:kinds", node, frame)
                case values.CLOSING:
                    attribute = self._attributes.attribute
                    close = attribute(entry.args[0], "close", node, frame, called=True)
                    self._above.calls.invoke_unknown(close, node, frame)
                case _ if values.is_opaque(entry) or _is_filled_before(entry, node):
                    self._effects.unresolved("op:with-unknown", node, node, frame)
                case _:
                    entered = self._effects.protocol(entry.name, "enter", node, frame)
                    self._effects.protocol(entry.name, "exit", node, frame)
                    if entered is None:
                        self._effects.unknown_call(
                            node, frame, entry.name, "a context manager of unknown behaviour"
                        )

    def may_swallow(self, value: Value) -> bool:
        """Whether a context manager may end an exception, so that what follows is reached behind a ``raise``."""
        for entry in value:
            if values.is_opaque(entry) or entry.kind is values.SUPPRESS:
                return True
            if entry.kind is values.CONTEXT and not (
                entry.function_or_none is not None and _lets_through(entry.function)
            ):
                return True
            if entry.kind is values.INSTANCE:
                for name in ("__exit__", "__aexit__"):
                    method = self._families.method(entry.class_info, name)
                    if isinstance(method, FunctionInfo) and any(
                        not (answer is None or (isinstance(answer, ast.Constant) and not answer.value))
                        for answer in method.facts.returns
                    ):
                        return True
        return False


def _may_be_entered_again(node: ast.expr, frame: Frame) -> bool:
    """Whether what a function for ``with`` gave may have been entered before: it was made elsewhere, or stands in one more ``with`` or a loop."""
    module = frame.unit.module
    found = module.lookup(node.id, module.scope(node)) if isinstance(node, ast.Name) else None
    where = module.function(node)
    if found is None or found[0].node is not (where or module.tree):
        return True
    for binding in found[1]:
        made = module.parents.get(binding.node)
        is_parameter = binding.kind == "parameter"
        if not is_parameter and not (isinstance(made, ast.Assign) and isinstance(made.value, ast.Call)):
            return True
        loop = None if is_parameter else _loop_around(binding.node, module)
        if _loop_around(node, module) is not loop:
            return True
    assert isinstance(node, ast.Name)
    entered = [
        name
        for name in module.names_of(node.id)
        if isinstance(module.parents.get(name), ast.withitem) and module.function(name) is where
    ]
    return len(entered) > 1


def _loop_around(node: ast.AST, module: Module) -> ast.AST | None:
    for parent in module.ancestors(node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return None
        if isinstance(parent, ast.For | ast.AsyncFor | ast.While):
            return parent
    return None


def _is_filled_before(entry: Type, node: ast.expr) -> bool:
    """Whether a stack of what runs at the end is entered that was made, and may have been filled, before."""
    return entry.name in _STACKS and not isinstance(node, ast.Call)


_ENTERED: dict[type[ast.AST], tuple[str, ...]] = {
    ast.With: ("__enter__", "__exit__"),
    ast.AsyncWith: ("__aenter__", "__aexit__"),
}
_EITHER = ("__enter__", "__exit__", "__aenter__", "__aexit__")  # an exit stack is given it
_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib.ExitStack"})


def _lets_through(maker: FunctionInfo) -> bool:
    """Whether a context manager written as a generator passes every exception on: no handler around its ``yield``."""
    module = maker.unit.module
    for node in module.yields:
        if module.function(node) is not maker.node:
            continue
        for parent in module.ancestors(node):
            if parent is maker.node:
                break
            if isinstance(parent, ast.Try | TRY_STAR) and getattr(parent, "handlers", False):
                return False
    return True
