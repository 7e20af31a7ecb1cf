"""What is in a value: elements, items, what the type expression of a row stands for.

Input: values. Output: values; nothing here raises anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.values import (
    ANY,
    BOTTOM,
    INT,
    STR,
    Type,
    Value,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.world import World


OF_ARGUMENTS = ("result:", "made:", "held:", "inner:", "fields:", "element:", "awaited:")
"""How the placeholders begin that say more of an argument than what it is."""
_PLACEHOLDERS = frozenset({"self", "element", "key", "value", "inner"})
_OF_CALLS = ("arg:", *OF_ARGUMENTS)


def _has_placeholder(value: Value) -> bool:
    """Whether something in a row's type expression stands for a receiver or an argument."""
    return any(
        entry.name in _PLACEHOLDERS
        or entry.name.startswith(_OF_CALLS)
        or any(map(_has_placeholder, entry.args))
        for entry in value
    )


class Elements:
    """Takes values apart.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        questions: Questions,
        families: Families,
    ) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._families = families
        self._knowledge = world.knowledge
        self._fixed: dict[Value, Value] = {}

    @property
    def nothing(self) -> Value:
        """What comes of nothing: unknown; while some question is open, that which hangs on itself, and adds nothing to the answer."""
        return BOTTOM if self._questions.is_asking else ANY

    def element(self, value: Value, unit: Unit) -> Value:
        """Return what iterating over a value gives."""
        return values.join(self._element_of(entry, unit) for entry in values.in_order(value)) or self.nothing

    def spread(self, arguments: Arguments, params: tuple[str, ...]) -> Value:
        """Return what is unpacked with ``*`` into the one parameter of a variadic function; nothing if it is not all seen.

        Args:
            arguments: those of the call.
            params: those of its row.
        """
        unit = arguments.frame.unit
        return values.join(self.element(arguments.value(each), unit) for each in arguments.unpacked(params))

    def _element_of(self, entry: Type, unit: Unit) -> Value:
        match entry.kind:
            case values.NAMED:
                return self._element_of_named(entry)
            case values.INSTANCE:
                return self._element_of_instance(entry.class_info, unit)
            case values.GENERATOR if entry.args:
                return entry.args[0]
            case values.CLASS if self.is_enumeration(entry.class_info):
                return values.instance(entry.class_info)
            case _:  # nobody loops over the others
                return ANY

    def _element_of_named(self, entry: Type) -> Value:
        match entry.name:
            case "None":
                return BOTTOM
            case "tuple":
                return values.join(entry.args) or self.nothing
            case "json":
                return frozenset({entry})
            case "str":
                return STR
            case "bytes" | "bytearray" | "range":
                return INT
            case "list" | "set" | "frozenset" | "iterator" | "dict" if entry.args:
                return entry.args[0]
        row = self._knowledge.protocol(entry.name, "iter")
        if row is None or not row.returns:
            is_holder = self._knowledge.arity(entry.name) == 1  # a queue
            return entry.args[0] if is_holder and entry.args else ANY
        if row.returns in ("element", "key"):
            return entry.args[0] if entry.args else ANY
        return self.substitute(values.parse(row.returns), frozenset({entry}), None)

    def _element_of_instance(self, info: ClassInfo, unit: Unit) -> Value:
        method = self._families.method(info, "__iter__")
        if isinstance(method, FunctionInfo):
            returned = self._above.flat.returns(method)
            if not any(other.kind is values.INSTANCE for other in returned):
                return self.element(returned, unit)
            method = self._families.method(info, "__next__")
            if isinstance(method, FunctionInfo):
                return self._above.flat.returns(method)
        return ANY

    def item(self, value: Value, index: int, count: int | None) -> Value:
        """Return the item of an unpacked value; ``count`` is the number of targets, None with a star among them."""
        found: list[Value] = []
        for entry in value:
            if (
                entry.name == "tuple"
                and entry.has_length
                and len(entry.args) == (count if count is not None else -1)
            ):
                found.append(entry.args[index])
            elif entry.name != "None":
                found.append(self.element(frozenset({entry}), self._world.unit))
        return values.join(found) or self.nothing

    def substitute(
        self, value: Value, receiver: Value | None, arguments: Callable[[str], Value] | None
    ) -> Value:
        """Replace the placeholders of a row's type expression.

        ``self``, ``element``, ``key`` and ``inner`` (the type in the brackets of its type) are about the receiver, ``arg:x``,
        ``result:x``, ``made:x``, ``held:x``, ``inner:x``, ``fields:x``, ``element:x`` and ``awaited:x`` about an argument: the first
        one where ``x`` is empty, all that are passed by position where it is ``*``.
        """
        known = self._fixed.get(value)
        if known is not None:
            return known
        made = self._substituted(value, receiver, arguments)
        if not _has_placeholder(value):
            self._fixed[value] = made
        return made

    def _substituted(
        self, value: Value, receiver: Value | None, arguments: Callable[[str], Value] | None
    ) -> Value:
        found: list[Value] = []
        for entry in values.in_order(value):
            name = entry.name
            if name == "self":
                found.append(receiver or ANY)
            elif name in ("element", "key", "value"):
                base = receiver if receiver is not None else arguments("") if arguments is not None else ANY
                if base is None or name == "element" or (name == "key"):
                    found.append(self.element(base or ANY, self._world.unit))
                else:
                    found.append(self.dict_values(base))
            elif name.startswith("arg:"):
                found.append(arguments(name[4:]) if arguments is not None else ANY)
            elif name == "inner":
                found.append(inner(receiver or ANY))
            elif name.startswith(OF_ARGUMENTS):
                found.append(arguments(name) if arguments is not None else ANY)
            elif entry.args:
                made = tuple(self.substitute(argument, receiver, arguments) for argument in entry.args)
                found.append(
                    values.one(
                        name, *made, ref=values.ANY_LENGTH if name == "tuple" and len(made) == 1 else None
                    )
                )
            elif name == "list" or name == "iterator" or name == "set":
                found.append(values.one(name, ANY))
            elif name == "dict":
                found.append(values.one("dict", ANY, ANY))
            elif name == "tuple":
                found.append(values.one("tuple", ANY, ref=values.ANY_LENGTH))
            else:
                found.append(frozenset({entry}))
        return values.join(found)

    def dict_values(self, base: Value) -> Value:
        """Return what a mapping holds under its keys."""
        found: list[Value] = []
        for entry in base:
            if entry.name == "dict" and len(entry.args) > 1:
                found.append(entry.args[1])
            elif entry.name == "json":
                found.append(frozenset({entry}))
            elif entry.name != "None":
                if entry.name in _MAPPINGS:
                    found.append(entry.args[1] if len(entry.args) > 1 else ANY)
                    continue
                row = self._knowledge.protocol(entry.name, "getitem")
                found.append(ANY if row is None or not row.returns else values.parse(row.returns))
        return values.join(found) or self.nothing

    def is_enumeration(self, info: ClassInfo) -> bool:
        """Whether a class of the program is an enumeration."""
        family = self._families.family(info)
        return any(isinstance(base, str) and "enum.Enum" in self._knowledge.mro(base) for base in family)


def ended(value: Value) -> Value:
    """Return what awaiting gives: of a task what its coroutine returns."""
    return values.join(
        entry.args[0] if entry.name == _TASK and entry.args else frozenset({entry}) for entry in value
    )


def inner(value: Value) -> Value:
    """Return the type in the brackets of a library's type (``Select[User]``); unknown where one has none."""
    return values.join(entry.args[0] if entry.kind is values.NAMED and entry.args else ANY for entry in value)


_TASK = "asyncio.Task"
_MAPPINGS = frozenset(
    {
        "collections.ChainMap",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "types.MappingProxyType",
    }
)
