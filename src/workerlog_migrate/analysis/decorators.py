"""What decorators make of functions, and what they do at each call."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.effects import callee_text
from workerlog_migrate.analysis.frames import CallEdge, Frame, Raise, at
from workerlog_migrate.analysis.program import FunctionInfo, Unit
from workerlog_migrate.analysis.values import ANY, BOTTOM, Type, Value
from workerlog_migrate.syntax.blocks import own_nodes
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.conditions import Conditions
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.specials import Specials
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow, Knowledge

CONTEXT_MAKERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})


def is_of_library(maker: Value, knowledge: Knowledge) -> bool:
    """Say whether what makes a decorator is of the standard library, and raises nothing: ``dataclass`` of ``dataclass(frozen=True)``."""
    for entry in maker:
        name = entry.dotted
        row = knowledge.call(name) if entry.kind is values.DOTTED else None
        if row is None or name.partition(".")[0] not in sys.stdlib_module_names:
            return False
        if row.raises or row.when or row.returns or row.calls or row.marks:
            return False
    return bool(maker)


class Decorators:
    """Evaluates decorators.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        flat: FlowInsensitive,
        specials: Specials,
        conditions: Conditions,
    ) -> None:
        self._world = world
        self._above = above
        self._effects = effects
        self._flat = flat
        self._specials = specials
        self._conditions = conditions
        self._knowledge = world.knowledge

    def decorated(self, value: Value, decorator: ast.expr, info: FunctionInfo) -> Value:
        """Return what a decorator makes of a function.

        Known decorators that only register or wrap leave it as it is; one of the program gives what its inner
        function does; an unknown one gives an unknown callable.
        """
        unit = info.unit
        frame = at(unit, info.node)
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        made = self._above.expressions.value(maker, frame)
        found = values.join(self._decorate(entry, value, decorator) for entry in values.in_order(made)) or ANY
        if any(entry.kind is values.DOTTED and self._dispatches(entry.dotted) for entry in made):
            found |= values.join(map(values.function, self._registered(info)))
        return found

    def instead_of_class(self, node: ast.ClassDef, unit: Unit) -> Value:
        """Return what decorators of the program give in the place of a class that is none: an object, a table, nothing."""
        found: list[Value] = []
        for decorator in node.decorator_list:
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            for entry in self._above.expressions.value(maker, at(unit, node)):
                if entry.kind is not values.FUNCTION or entry.function.facts.is_generator:
                    continue
                given = self._flat.returns(entry.function)
                if isinstance(decorator, ast.Call):
                    given = values.join(
                        self._flat.returns(each.function) for each in given if each.kind is values.FUNCTION
                    )
                found.append(frozenset(each for each in given if each.kind in _NO_CLASSES))
                if _gives_object(entry.function):
                    found.append(ANY)
        return values.join(found)

    def _dispatches(self, name: str) -> bool:
        row = self._knowledge.call(name)
        return row is not None and "dispatches" in row.marks

    def _decorate(self, entry: Type, value: Value, decorator: ast.expr) -> Value:
        if entry.kind is values.DOTTED:
            name = entry.dotted
            if name in CONTEXT_MAKERS:
                return values.join(
                    values.of_kind(values.CONTEXT_MAKER, other.function_or_none) for other in value
                )
            row = self._knowledge.call(name)
            special = self._specials.table.get(name)
            made = BOTTOM if row is None else self._made(values.parse(row.returns), decorator)
            if made:
                return made
            if name in _METHOD_DECORATORS or special is not None or (row is not None and not row.raises):
                return value
            return values.wrapped(values.DECORATED, value, name)
        if entry.kind is values.TRANSPARENT or entry.name == "type":
            return value
        if entry.kind is values.FUNCTION:
            made = self._flat.returns(entry.function)
            if isinstance(decorator, ast.Call):
                made = values.join(
                    self._flat.returns(other.function) for other in made if other.kind is values.FUNCTION
                )
            kept = frozenset(
                other for other in made if other.name != "None" and other.kind is not values.UNKNOWN
            )
            if kept and entry.function.unit is not self._world.unit:
                return kept | value  # what it makes of the function calls it, as it would any other
            return kept or values.wrapped(values.DECORATED, value, entry.function.name)
        if entry.kind is values.BOUND:
            type_name, method = entry.bound
            row = self._knowledge.method(type_name, method) if type_name != "*" else None
            if row is not None and not row.raises:
                return value
            if method in ("setter", "getter", "deleter"):
                return value
        return values.wrapped(values.DECORATED, value, callee_text(decorator))

    def _made(self, maker: Value, decorator: ast.expr) -> Value:
        """Return what a library's decorator, ``@tasks.loop(minutes=5)``, makes of a function that is no function any more."""
        if not isinstance(decorator, ast.Call):
            return BOTTOM
        rows = [self._knowledge.protocol(entry.name, "call") for entry in maker if entry.kind is values.NAMED]
        return values.join(values.parse(row.returns) for row in rows if row is not None and row.returns)

    def _rows_of(self, function: FunctionInfo) -> list[tuple[CallRow, ast.expr]]:
        """Return the rows of the decorators of a function, each with the decorator."""
        found: list[tuple[CallRow, ast.expr]] = []
        for decorator in getattr(function.node, "decorator_list", ()):
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            dotted = function.unit.module.qualified(maker)
            row = None if dotted is None else self._knowledge.call(dotted)
            if row is not None:
                found.append((row, decorator))
        return found

    def _runs_at_each_call(
        self, row: CallRow, decorator: ast.Call, function: FunctionInfo, frame: Frame
    ) -> None:
        """Add what a decorator raises of its own at each call, and what the functions do that it was given."""
        unit = function.unit
        inner = Frame(unit.enclosing(decorator), None, frame.sink)
        arguments = Arguments(self._above.expressions, decorator, inner)
        for when in row.each_call:
            if self._conditions.holds(when.condition, row, arguments, None) is not False:
                for exception in when.raises:
                    frame.sink.add(Raise(exception, decorator, unit, row.name, row.source, row.note))
        for parameter in row.calls:
            for passed in arguments.find(parameter, row.params):
                for callback in self._called_in(passed, unit):
                    value = values.without_none(self._flat.value(callback, unit))
                    self._above.calls.invoke_unknown(value, callback, inner)

    def _called_in(self, node: ast.expr, unit: Unit) -> Iterator[ast.expr]:
        """Yield the functions in what a decorator is given: ``f``, ``retry_if_result(f)``, ``a | b``."""
        if isinstance(node, ast.BinOp):
            yield from self._called_in(node.left, unit)
            yield from self._called_in(node.right, unit)
            return
        if isinstance(node, ast.Call):
            dotted = unit.module.qualified(node.func)
            row = None if dotted is None else self._knowledge.call(dotted)
            if row is not None:
                arguments = Arguments(self._above.expressions, node, at(unit, node))
                for parameter in row.calls:
                    for passed in arguments.find(parameter, row.params):
                        yield from self._called_in(passed, unit)
                return
        yield node

    def _registered(self, function: FunctionInfo) -> list[FunctionInfo]:
        """Return the functions that are registered at one which chooses by the type of its argument, in the files that use it, too."""
        units = (function.unit, *self._world.users_of(function.unit, function.name))
        return [each for unit in dict.fromkeys(units) for each in self._registered_in(unit, function)]

    def _registered_in(self, unit: Unit, function: FunctionInfo) -> list[FunctionInfo]:
        module = unit.module
        found: list[FunctionInfo] = []
        for attribute in module.attributes_of("register"):
            if last_name(attribute.value) != function.name:
                continue
            parent = module.parents[attribute]
            decorator = parent if isinstance(parent, ast.Call) and parent.func is attribute else attribute
            owner = module.parents[decorator]
            if isinstance(owner, ast.FunctionDef) and decorator in owner.decorator_list:
                found.append(unit.function(owner))
            elif isinstance(decorator, ast.Call) and len(decorator.args) > 1:
                value = self._flat.value(decorator.args[1], unit)
                found.extend(entry.function for entry in value if entry.function_or_none is not None)
        return found

    def decorated_call(
        self, function: FunctionInfo, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> None:
        """Add what decorators do at each call: hash the arguments, choose among functions, call what they were given."""
        rows = self._rows_of(function)
        for row, decorator in rows:
            if isinstance(decorator, ast.Call) and (row.each_call or row.calls):
                self._runs_at_each_call(row, decorator, function, frame)
        marks = {mark for row, _ in rows for mark in row.marks}
        if "hashes" in marks:
            for passed in (*arguments.positional, *arguments.keywords.values()):
                if values.names(arguments.value(passed)) & _UNHASHABLE:
                    self._effects.operation("op:hash", passed, frame)
        if "dispatches" in marks:
            for registered in self._registered(function):
                frame.sink.add(CallEdge(registered, node, frame.unit))


def _gives_object(function: FunctionInfo) -> bool:
    """Whether a decorator returns a call of what it is given: ``return cls()``."""
    first = function.parameters[0].arg if function.parameters else ""
    return any(
        isinstance(each, ast.Return)
        and isinstance(each.value, ast.Call)
        and isinstance(each.value.func, ast.Name)
        and each.value.func.id == first
        for each in own_nodes(function.node)
    )


_NO_CLASSES = (values.NAMED, values.INSTANCE)
_UNHASHABLE = frozenset({"json", "list", "dict", "set", "bytearray"})
_METHOD_DECORATORS = frozenset({"staticmethod", "classmethod", "property", "functools.cached_property"})
