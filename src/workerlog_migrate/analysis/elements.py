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
    JSON,
    STR,
    Value,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.world import World


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

    @property
    def nothing(self) -> Value:
        """What comes of nothing: unknown; while some question is open, that which hangs on itself, and adds nothing to the answer."""
        return BOTTOM if self._questions.is_asking else ANY

    def element(self, value: Value, unit: Unit) -> Value:
        """Return what iterating over a value gives."""
        found: list[Value] = []
        for entry in value:
            match entry.name:
                case "None":
                    continue
                case "tuple":
                    found.append(values.join(entry.args) or self.nothing)
                case "json":
                    found.append(JSON)
                case "str":
                    found.append(STR)
                case "bytes" | "bytearray" | "range":
                    found.append(INT)
                case "any":
                    found.append(ANY)
                case "generator" | "list" | "set" | "frozenset" | "iterator" | "dict" if entry.args:
                    found.append(entry.args[0])
                case "class" if isinstance(entry.ref, ClassInfo) and self.is_enumeration(entry.ref):
                    found.append(values.one("instance", ref=entry.ref))
                case "instance":
                    assert isinstance(entry.ref, ClassInfo)
                    method = self._families.method(entry.ref, "__iter__")
                    if isinstance(method, FunctionInfo):
                        returned = self._above.flat.returns(method)
                        if not any(other.name == "instance" for other in returned):
                            found.append(self.element(returned, unit))
                            continue
                        method = self._families.method(entry.ref, "__next__")
                        if isinstance(method, FunctionInfo):
                            found.append(self._above.flat.returns(method))
                            continue
                    found.append(ANY)
                case _:
                    row = self._knowledge.protocol(entry.name, "iter")
                    if row is None or not row.returns:
                        found.append(ANY)
                    elif row.returns in ("element", "key"):
                        found.append(entry.args[0] if entry.args else ANY)
                    else:
                        found.append(self.substitute(values.parse(row.returns), frozenset({entry}), None))
        return values.join(found) or self.nothing

    def item(self, value: Value, index: int, count: int | None) -> Value:
        """Return the item of an unpacked value; ``count`` is the number of targets, None with a star among them."""
        found: list[Value] = []
        for entry in value:
            if (
                entry.name == "tuple"
                and entry.ref is None
                and len(entry.args) == (count if count is not None else -1)
            ):
                found.append(entry.args[index])
            elif entry.name != "None":
                found.append(self.element(frozenset({entry}), self._world.unit))
        return values.join(found) or self.nothing

    def substitute(
        self, value: Value, receiver: Value | None, arguments: Callable[[str], Value] | None
    ) -> Value:
        """Replace the placeholders of a row's type expression (``self``, ``element``, ``key``, ``arg:x``, ``result:x``)."""
        found: list[Value] = []
        for entry in value:
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
            elif name.startswith("result:"):
                found.append(arguments(name) if arguments is not None else ANY)
            elif entry.args:
                made = tuple(self.substitute(argument, receiver, arguments) for argument in entry.args)
                found.append(
                    values.one(name, *made, ref="any length" if name == "tuple" and len(made) == 1 else None)
                )
            elif name == "list" or name == "iterator" or name == "set":
                found.append(values.one(name, ANY))
            elif name == "dict":
                found.append(values.one("dict", ANY, ANY))
            elif name == "tuple":
                found.append(values.one("tuple", ANY, ref="any length"))
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
                found.append(JSON)
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


_MAPPINGS = frozenset({"collections.defaultdict", "collections.OrderedDict", "collections.Counter"})
