"""What a parameter can be: its default, what is passed for it in all that calls its function, what its annotation says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import FunctionInfo, Unit
from workerlog_migrate.analysis.trails import RECEIVER
from workerlog_migrate.analysis.values import ANY, NONE, Type, Value
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.annotations import Annotations
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.replacements import Replacements
    from workerlog_migrate.analysis.sight import Sight
    from workerlog_migrate.analysis.world import World

_MAKER = ("sqlite3.Connection", "row_factory")


class Parameters:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        questions: Questions,
        families: Families,
        annotations: Annotations,
        callers: Callers,
        sight: Sight,
        replacements: Replacements,
    ) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._families = families
        self._annotations = annotations
        self._callers = callers
        self._sight = sight
        self._replacements = replacements

    def parameter(self, function: FunctionInfo, argument: ast.arg) -> Value:
        """Return what a parameter can be: its annotation, its default, and what the calls in the file pass."""
        return self._questions.ask(("param", function, argument), lambda: self._parameter(function, argument))

    def _parameter(self, function: FunctionInfo, argument: ast.arg) -> Value:
        arguments = function.node.args  # type: ignore[union-attr]  # modules have no parameters
        if argument is arguments.vararg:
            return values.one("tuple", values.join(self._passed(function, argument)), ref=values.ANY_LENGTH)
        if argument is arguments.kwarg:
            return values.one("dict", values.STR, values.join(self._passed(function, argument)))
        parameters = function.parameters
        if (
            function.owner is not None
            and parameters
            and argument is parameters[0]
            and function.kind != "static"
        ):
            if function.kind == "class" or function.name in (
                "__new__",
                "__init_subclass__",
                "__class_getitem__",
            ):
                return self._families.classes(function.owner)
            return self._families.instances(function.owner)
        found: list[Value] = []
        default = _default(arguments, argument)
        if argument.annotation is not None:
            declared = self._annotations.annotation(argument.annotation, function.unit)
            if not values.is_unknown(declared):
                if values.is_silent(declared):
                    known = self._said_by_calls(declared, function, argument, default)
                    if known:
                        return known
                declared = self._filled_with_json(declared, function, argument)
                if self._is_typed_dict(declared) and any(
                    map(values.may_be_decoded, self._passed(function, argument))
                ):
                    declared |= values.JSON
                for value in self._passed(function, argument, is_declared=True):
                    declared |= values.contradicting(declared, value) | values.filling(declared, value)
                return declared | NONE if default is not None and is_none(default) else declared
        handed = self._handed(function, argument)
        if handed is not None:
            return handed if default is None else handed | self._above.flat.value(default, function.unit)
        if default is not None:
            found.append(self._above.flat.value(default, function.unit))
        passed = list(self._passed(function, argument))
        if (
            function.owner is not None
            and function.name == "write"
            and self._replacements.is_terminal(function.owner)
        ):
            passed.append(values.STR)  # what is printed
        if default is None:
            is_seen = bool(passed) and (values.ANY in passed or self._is_called(function))
        else:
            is_seen = not is_none(default) or self._is_called(function)
        if not is_seen:
            found.append(self._told(function, argument))
        found.extend(passed)
        return values.join(found)

    def _said_by_calls(
        self, declared: Value, function: FunctionInfo, argument: ast.arg, default: ast.expr | None
    ) -> Value:
        """Return what all calls pass for a parameter whose annotation does not say what it holds; nothing where not all are seen."""
        passed = list(self._passed(function, argument))
        if not passed or ANY in passed or not self._is_called(function):
            return values.BOTTOM
        if default is not None:
            passed.append(self._above.flat.value(default, function.unit))
        found = values.join(passed)
        is_said = values.names(found) <= values.names(declared) | {"None"}
        return values.BOTTOM if values.is_unknown(found) or not is_said else found

    def _told(self, function: FunctionInfo, argument: ast.arg) -> Value:
        """Return what a parameter is by a method that things of one type of an imported library have only: ``bot.add_cog(x)``."""
        unit, parents = function.unit, function.unit.module.parents
        for place in unit.module.names_of(argument.arg):
            used = parents.get(place)
            if not isinstance(used, ast.Attribute) or unit.enclosing(place) is not function:
                continue
            row = self._world.knowledge.bare_method(used.attr)
            top, dot, _ = row.only_of.partition(".") if row is not None else ("", "", "")
            if row is not None and dot and unit.imports_any_of(top):
                return values.parse(row.only_of)
        return ANY

    def _handed(self, function: FunctionInfo, argument: ast.arg) -> Value | None:
        """Return what a library gives to a function that it calls: by its decorators, or because a base class asks for it."""
        places = function.parameters[1:] if function.owner is not None else function.parameters
        if argument not in places:
            return None
        for hands in self._hands(function):
            at = places.index(argument)
            text = hands[at] if at < len(hands) else hands[-1] if hands[-1].startswith("*") else ""
            if text and text != RECEIVER:
                return values.parse(text.lstrip("*"))
        return None

    def _hands(self, function: FunctionInfo) -> Iterator[tuple[str, ...]]:
        """Yield the types that rows say of the parameters of a function."""
        known = self._world.knowledge
        for decorator in getattr(function.node, "decorator_list", ()):
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(maker, ast.Attribute):  # of an object that is the decorator: `router.message`
                for entry in self._above.flat.value(maker.value, function.unit):
                    row = known.method(entry.name, maker.attr) if entry.kind is values.NAMED else None
                    if row is not None and row.hands and known.attribute(entry.name, maker.attr) is not None:
                        yield row.hands
            for entry in self._above.flat.value(maker, function.unit):
                row = None
                if entry.kind is values.DOTTED:
                    row = known.call(entry.dotted)
                elif entry.kind is values.BOUND:
                    row = known.method(*entry.bound)
                if row is not None and row.events:
                    row = known.method(row.events, function.name)
                if row is not None and row.hands:
                    yield row.hands
        maker_row = known.method(*_MAKER)
        if maker_row is not None and self._makes_rows(function):
            yield maker_row.hands
        if function.owner is not None:
            for base in self._families.family(function.owner)[1:]:
                row = known.method(base, function.name) if isinstance(base, str) else None
                if row is not None and row.hands:
                    yield row.hands

    def _makes_rows(self, function: FunctionInfo) -> bool:
        """Whether a function is assigned to be called by a database connection for each row."""
        module = function.unit.module
        for target in module.attributes_of(_MAKER[1]):
            statement = module.parents.get(target)
            made = statement.value if isinstance(statement, ast.Assign) else None
            if made is function.node or (made is not None and module.definition(made) is function.node):
                return True
        return False

    def _is_called(self, function: FunctionInfo) -> bool:
        """Whether the file calls a function at all, so that a parameter which no call passes keeps its default."""
        return self._callers.is_called(function)

    def _is_typed_dict(self, declared: Value) -> bool:
        """Whether an annotation speaks of a ``TypedDict``, which nobody checks."""
        return any(
            entry.kind is values.INSTANCE and "typing.TypedDict" in self._families.family(entry.class_info)
            for entry in declared
        )

    def _filled_with_json(self, declared: Value, function: FunctionInfo, argument: ast.arg) -> Value:
        """Say that a plain ``dict`` or ``list`` holds JSON when a call in the file passes decoded JSON."""
        if not any(entry.name in ("dict", "list") and set(entry.args) == {ANY} for entry in declared):
            return declared
        if not any(values.may_be_decoded(value) for value in self._passed(function, argument)):
            return declared
        found: set[Type] = set()
        for entry in declared:
            if entry.name == "dict" and set(entry.args) == {ANY}:
                entry = Type("dict", (values.STR, values.JSON))
            elif entry.name == "list" and set(entry.args) == {ANY}:
                entry = Type("list", (values.JSON,))
            found.add(entry)
        return frozenset(found)

    def _passed(
        self, function: FunctionInfo, argument: ast.arg, *, is_declared: bool = False
    ) -> Iterator[Value]:
        """Yield what reaches a parameter from the calls of its function (see ``sight``).

        Of a file whose users are not all known the calls that are in view say nothing of what else may come, and are looked at only where
        they may contradict what is declared.
        """
        if not self._world.knows_callers(function):
            yield ANY
            if function.unit is not self._world.unit and not is_declared:
                return
        yield from self._sight.passed(function, argument)

    def default(self, function: FunctionInfo, name: str) -> Value | None:
        """Return the default of a parameter; None when it has none."""
        if isinstance(function.node, ast.Module | ast.ExceptHandler):
            return None
        arguments = function.node.args
        for argument in (*function.parameters, *arguments.kwonlyargs):
            if argument.arg == name:
                found = _default(arguments, argument)
                return None if found is None else self._above.flat.value(found, function.unit)
        return None

    def defaults_to_none(self, node: ast.AST, unit: Unit) -> bool:
        """Whether a binding is a parameter with the default None to which no call in the file passes what may be None."""
        if not isinstance(node, ast.arg):
            return False
        function = unit.function_of(node)
        default = default_of(function, node)
        return (
            default is not None
            and is_none(default)
            and not any("None" in values.names(value) for value in self._passed(function, node))
        )


def _default(arguments: ast.arguments, argument: ast.arg) -> ast.expr | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    for at, entry in enumerate(reversed(positional)):
        if entry is argument:
            return arguments.defaults[-1 - at] if at < len(arguments.defaults) else None
    for entry, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if entry is argument:
            return default
    return None


def default_of(function: FunctionInfo, argument: ast.arg) -> ast.expr | None:
    """Return the expression that is the default of a parameter; None when it has none."""
    return (
        None
        if isinstance(function.node, ast.Module | ast.ExceptHandler)
        else _default(function.node.args, argument)
    )
