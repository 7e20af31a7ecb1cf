"""What an attribute of a value is, and what reading it raises."""

from __future__ import annotations

import ast
import builtins
import itertools
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.exceptions import ROOT
from workerlog_migrate.analysis.frames import CallEdge, Frame
from workerlog_migrate.analysis.presence import minds_platform
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.taken import called_as
from workerlog_migrate.analysis.values import (
    ANY,
    BOTTOM,
    STR,
    Type,
    Value,
)
from workerlog_migrate.syntax.literals import last_name, maker_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.analysis.called_back import CalledBack
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.presence import Presence
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.replacements import Replacements
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.tagged import Tagged
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.writes import Writes

_THREADS_OWN = "threading.local"
RESUMING = frozenset({"send", "close", "throw"})


class Attributes:
    """Evaluates attributes.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        effects: Effects,
        questions: Questions,
        families: Families,
        elements: Elements,
        places: Places,
        callers: Callers,
        replacements: Replacements,
        writes: Writes,
        presence: Presence,
        flat: FlowInsensitive,
        shapes: Shapes,
        kinds: Kinds,
        unset: Unset,
        called_back: CalledBack,
        tagged: Tagged,
    ) -> None:
        self._world = world
        self._effects = effects
        self._questions = questions
        self._families = families
        self._elements = elements
        self._places = places
        self._callers = callers
        self._replacements = replacements
        self._writes = writes
        self._presence = presence
        self._flat = flat
        self._shapes = shapes
        self._kinds = kinds
        self._unset = unset
        self._called_back = called_back
        self._tagged = tagged
        self._knowledge = world.knowledge
        self._platform = world.knowledge.operation("op:platform-attribute")
        self._standing_in: list[ClassInfo] = []

    def attribute(
        self, receiver: Value, name: str, node: ast.expr, frame: Frame, *, called: bool = False
    ) -> Value:
        """Return an attribute of a value.

        Args:
            receiver: the value.
            name: the attribute.
            node: where it is read.
            frame: takes the effects.
            called: the attribute is called at once, so that a missing method is a failed call.

        """
        found: list[Value] = []
        for entry in values.in_order(receiver):
            if entry.name == "None":
                if not name.startswith("__"):
                    rule = "op:method-none" if called else "op:attribute-none"
                    self._unset.of_none(rule, node, frame, _receiver(node))
                continue
            if name == "__class__":
                found.append(values.class_of(entry))
                continue
            found.append(self._attribute_of(entry, name, node, frame, called))
        return values.join(found) if found else self._elements.nothing

    def is_made_anew(self, receiver: Value, name: str, node: ast.expr, frame: Frame) -> bool:
        """Whether an attribute is a property that may give something else each time; that it runs is counted.

        Args:
            receiver: whose attribute it is.
            name: of the attribute.
            node: where it is read.
            frame: takes what it may raise.
        """
        is_new = False
        for entry in receiver:
            if entry.kind is values.INSTANCE:
                method = self._families.method(entry.class_info, name)
                if isinstance(method, FunctionInfo) and method.kind == "property":
                    frame.sink.add(CallEdge(method, node, frame.unit))
                    is_new = is_new or _counts_on(method)
        return is_new

    def _attribute_of(self, entry: Type, name: str, node: ast.expr, frame: Frame, called: bool) -> Value:
        match entry.kind:
            case values.UNKNOWN:
                if not called:
                    self._effects.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                return values.bound(ANY, "*", name)
            case values.DOTTED:
                if (
                    frame.sink.is_heard
                    and f"{entry.dotted}.{name}" in self._platform.names
                    and not minds_platform(frame)
                ):
                    self._effects.operation("op:platform-attribute", node, frame)
                if not called and self._is_object(entry.dotted, frame):
                    self._effects.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                if not called and self._kinds.is_without(entry.dotted, name):
                    self._effects.operation("op:kinds-attribute", node, frame)
                found = self._dotted_attribute(entry.dotted, name)
                return found | self._replacements.value(f"{entry.dotted}.{name}")
            case values.INSTANCE:
                return self._instance_attribute(entry, entry.class_info, name, node, frame)
            case values.CLASS:
                if self._shapes.lacks_attribute(entry.class_info, name):
                    self._effects.operation("op:kinds-attribute", node, frame)
                return self._class_attribute(entry, entry.class_info, name, node, frame)
            case values.UNIT:
                if frame.sink.is_heard and (
                    self._presence.may_come_later(entry.unit, name, frame.unit)
                    or self._is_in_no_way_there(entry.unit, name)
                ):
                    self._effects.operation("op:module-unset", node, frame)
                asked = entry.unit.module.scope_of_module.bindings.get("__getattr__")
                if frame.sink.is_heard and asked and self._flat.module_name(entry.unit, name) is None:
                    for each in self._flat.module_name(entry.unit, "__getattr__") or ():
                        if each.kind is values.FUNCTION:
                            frame.sink.add(CallEdge(each.function, node, frame.unit))
                return self._flat.unit_attribute(entry.unit, name)
            case values.NAMED | values.CLOSING:
                return self._named_attribute(entry, name, node, frame, called)
            case values.SUPER if entry.class_or_none is not None:
                return self._super_attribute(entry.class_info, name, node, frame)
            case values.GENERATOR if name in RESUMING:
                return values.bound(frozenset({entry}), "generator", name)
            case values.BOUND | values.DECORATED | values.SUPER:
                if not called:
                    self._effects.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                return values.bound(ANY, "*", name)
            case values.FUNCTION if not name.startswith("__"):
                return self._tag(entry.function, name, node, frame)
            case (
                values.FUNCTION
                | values.METHOD
                | values.UNBOUND
                | values.GENERATOR
                | values.CONTEXT_MAKER
                | values.CONTEXT
                | values.MAKER
                | values.CALLABLE
                | values.PARTIAL
                | values.TRANSPARENT
                | values.SAFE
                | values.SUPPRESS
            ):
                return values.bound(ANY, "*", name)

    def _is_in_no_way_there(self, unit: Unit, name: str) -> bool:
        """Whether nothing binds a name of a module of the program, neither the module nor another file."""
        return (
            not name.startswith("__")
            and not unit.module.star_imports
            and "__getattr__" not in unit.module.scope_of_module.bindings
            and self._flat.unit_attribute(unit, name) == ANY
            and self._flat.module_name(unit, name) is None
            and not self._writes.written(unit, name)
        )

    def _tag(self, function: FunctionInfo, name: str, node: ast.expr, frame: Frame) -> Value:
        """Return an attribute that the program sets on a function; a call may come before that."""
        found = self._tagged.value(function, name)
        if not found:
            return values.bound(ANY, "*", name)
        if frame.sink.is_heard and not self._tagged.is_there(function, name):
            self._effects.operation("op:attribute-unset", node, frame)
        return found

    def _named_attribute(self, entry: Type, name: str, node: ast.expr, frame: Frame, called: bool) -> Value:
        if entry.name == "json":
            if not called:  # nobody reads that of data: it is something else
                self._effects.operation("op:attribute-json", node, frame)
                self._effects.unresolved("op:attribute-unknown", node, _receiver(node), frame)
            return values.bound(frozenset({entry}), "json", name)
        if frame.sink.is_heard and self._knowledge.is_asked(entry.name, name):
            self._effects.protocol(entry.name, "ask", node, frame)
        if self._kinds.attribute(entry, name, node, frame):
            return BOTTOM
        expression = self._knowledge.attribute(entry.name, name)
        if expression is not None:
            return self._elements.substitute(values.parse(expression), frozenset({entry}), None)
        if not called and frame.sink.is_heard and _is_no_attribute(entry.name, name):
            self._effects.operation("op:kinds-attribute", node, frame)
        if not called and not name.startswith("__") and isinstance(node, ast.Attribute):
            made = self._effects.protocol(entry.name, "attribute", node, frame)
            if made and made != ANY and self._knowledge.method(entry.name, name) is None:
                return made
        return values.bound(frozenset({entry}), entry.name, name)

    def _is_object(self, dotted: str, frame: Frame) -> bool:
        """Whether an imported name may be an object of a library that nobody knows: no module, and no class by its name."""
        top, dot, _ = dotted.partition(".")
        if not dot or top in sys.stdlib_module_names or self._knowledge.knows_module(top):
            return False
        return not dotted.rpartition(".")[2][:1].isupper() and not frame.unit.imports_module(dotted)

    def _dotted_attribute(self, dotted: str, name: str) -> Value:
        expression = self._knowledge.attribute(f"module:{dotted}", name)
        if expression is not None and expression != "any":
            return values.parse(expression)
        expression = self._knowledge.attribute(dotted, name)
        if expression is not None and self._knowledge.call(f"{dotted}.{name}") is None:
            return values.parse(expression)
        if self._world.may_be_own(dotted.partition(".")[0], dotted):
            other = self._world.other_unit(dotted)
            found = ANY if other is None else self._flat.unit_attribute(other, name)
            if found != ANY:
                return found
        return values.dotted(self._effects.canonical(f"{dotted}.{name}"))

    def _instance_attribute(
        self, entry: Type, info: ClassInfo, name: str, node: ast.expr, frame: Frame
    ) -> Value:
        flat = self._flat
        receiver = frozenset({entry})
        if name != "__class__" and self._writes.is_of_another_class(info):
            self._effects.unresolved("op:attribute-unknown", node, _receiver(node), frame)
            return values.bound(ANY, "*", name)
        method = self._families.method(info, name)
        if isinstance(method, FunctionInfo):
            if method.kind == "property":
                frame.sink.add(CallEdge(method, node, frame.unit))
                given = flat.returns(method)
                given |= self._instead_of(info, method, name)
                return given | self._writes.attribute_written(info, name) if _is_cached(method) else given
            if name in info.stores:
                return flat.attribute(info, name) or ANY
            bound = [self._bind(made, receiver, method) for made in flat.function_value(method)]
            return values.join([*bound, self._writes.attribute_written(info, name)])
        if (
            name in ("value", "_value_", "name", "_name_")
            and name not in info.stores
            and self._elements.is_enumeration(info)
        ):
            return self._member_name(info) if "name" in name else self._member_values(info)
        stored = flat.attribute(info, name)
        if frame.sink.is_heard and _THREADS_OWN in self._families.family(info):
            made = self._families.method(info, "__init__")  # it is made anew in each thread that looks at it
            if isinstance(made, FunctionInfo) and made is not frame.function:
                frame.sink.add(CallEdge(made, node, frame.unit))
        if stored is None and method is None and self._is_only_inherited(info, name):
            return BOTTOM
        if frame.sink.is_heard and not isinstance(method, str) and not _is_asked_for(node, frame):
            if self._presence.may_be_missing(info, name, frame.function):
                self._effects.operation("op:attribute-unset", node, frame)
            elif not self._presence.is_set(info, name):
                self._effects.operation("op:attribute-unset", node, frame, is_weak=True)
        getter = _getter(self._families.family(info), name) if stored == _PROPERTY else None
        if getter is not None and not any(name in heir.values for heir in self._families.heirs(info)):
            frame.sink.add(CallEdge(getter, node, frame.unit))
            return flat.returns(getter)
        if stored is not None:
            stored = values.join(self.read(held, node, frame) or frozenset({held}) for held in stored)
            is_opaque = frame.sink.is_heard and any(map(values.is_opaque, stored))
            if "property" in values.names(stored) or (
                is_opaque and self._presence.is_made_for_class(info, name)
            ):
                self._effects.unresolved("op:attribute-unknown", node, node, frame)
            kept = frozenset(each for each in stored if each.name != "property")
            return kept if kept == stored else kept or ANY
        if isinstance(method, str):
            self._called_back.inherited(info, method, name, node, frame)
            return values.bound(values.one(method), method, name)
        for base in self._families.family(info):
            expression = self._knowledge.attribute(base, name) if isinstance(base, str) else None
            if expression is not None:
                return values.parse(expression)
        known = self._families.method(info, "__getattr__")
        if isinstance(known, FunctionInfo):
            frame.sink.add(CallEdge(known, node, frame.unit))
            return self._asked_for(known, info, name, node, frame)
        for base in self._families.family(
            info
        ):  # what a base does that has no such attribute, or may have none
            if isinstance(base, str) and self._knowledge.protocol(base, "attribute") is not None:
                return self._effects.protocol(base, "attribute", node, frame) or ANY
        if not name.startswith("__") and self._presence.is_nowhere(info, name):
            self._effects.operation("op:kinds-attribute", node, frame)
            if self._world.knows_users(info.unit):
                return BOTTOM
        return values.bound(ANY, f"{info.name}", name)

    def _instead_of(self, info: ClassInfo, method: FunctionInfo, name: str) -> Value:
        """Return the data that a class holds under the name of a property of a base, also in its heirs."""
        others = itertools.takewhile(lambda owner: owner is not method.owner, self._families.family(info))
        return values.join(
            self._flat.value(owner.values[name], owner.unit)
            for owner in (*others, *self._families.heirs(info))
            if isinstance(owner, ClassInfo) and name in owner.values and name not in owner.methods
        )

    def _asked_for(
        self, known: FunctionInfo, info: ClassInfo, name: str, node: ast.expr, frame: Frame
    ) -> Value:
        """Return what ``__getattr__`` gives: for ``return getattr(self.inner, name)`` that attribute of what it stands for."""
        asked = known.parameters[1].arg if len(known.parameters) > 1 else ""
        found: list[Value] = []
        for returned in known.facts.returns:
            match returned:
                case ast.Call(func=ast.Name(id="getattr"), args=[held, ast.Name(id=word)]) if word == asked:
                    inner = self._asked(held, known.unit)
                    if not any(entry.class_or_none in (info, *self._standing_in) for entry in inner):
                        found.append(self._of_the_other(inner, info, name, node, frame))
                        continue
            found.append(
                values.bound(ANY, info.name, name) if returned is None else self._asked(returned, known.unit)
            )
        value = values.join(found)
        is_known = value and not any(
            entry.kind is values.UNKNOWN or (entry.kind is values.BOUND and entry.bound[0] == "*")
            for entry in value
        )
        return value if is_known else values.bound(ANY, info.name, name)

    def _asked(self, node: ast.expr, unit: Unit) -> Value:
        """Return what an expression can be that may hang on itself."""
        return self._questions.ask(("expression", node), lambda: self._flat.value(node, unit))

    def _of_the_other(self, inner: Value, info: ClassInfo, name: str, node: ast.expr, frame: Frame) -> Value:
        """Return the attribute of what a class stands for, which may stand for another, and that for the first again."""
        self._standing_in.append(info)
        try:
            return self.attribute(inner, name, node, frame)
        finally:
            self._standing_in.pop()

    def _is_only_inherited(self, info: ClassInfo, name: str) -> bool:
        """Whether a class is only there for heirs, and some of them have what it lacks: a mixin."""
        heirs = self._families.heirs(info)
        if not any(name in heir.methods or name in heir.stores or name in heir.values for heir in heirs):
            return False
        trail = self._callers.trail_of(info)
        if trail.lost or trail.uses or not self._world.knows_users(info.unit):
            return False
        own = [(info.unit, place) for place in info.unit.module.names_of(info.name)]
        return all(
            isinstance(unit.module.parents.get(place), ast.ClassDef)
            for unit, place in (*own, *self._places.places_in_others(info.unit, info.name))
        )

    def read(self, held: Type, node: ast.AST, frame: Frame) -> Value | None:
        """Return what an instance reads of what its class holds, ``name = Column(Text)``; None where that is the thing itself.

        Args:
            held: what the class holds.
            node: where it is read.
            frame: where that stands.
        """
        if not self._is_descriptor(held):
            return None
        made = self._effects.protocol(held.name, "get", node, frame) or ANY
        given = self._elements.substitute(made, frozenset({held}), None)
        return values.join(self.read(each, node, frame) or frozenset({each}) for each in given)

    def _is_descriptor(self, held: Type) -> bool:
        return held.kind is values.NAMED and self._knowledge.protocol(held.name, "get") is not None

    def _bind(self, made: Type, receiver: Value, method: FunctionInfo) -> Value:
        if made.kind is not values.FUNCTION or method.kind == "static":
            return frozenset({made})
        if method.kind == "class":
            receiver = values.join(values.class_object(entry.class_info) for entry in receiver)
        return values.method(made.function, receiver)

    def _class_attribute(
        self, entry: Type, info: ClassInfo, name: str, node: ast.expr, frame: Frame
    ) -> Value:
        flat = self._flat
        if name in info.values and not name.startswith("_") and self._elements.is_enumeration(info):
            return values.instance(info) | self._writes.attribute_written(info, name)
        method = self._families.method(info, name)
        if isinstance(method, FunctionInfo):
            if method.kind in ("class", "static"):
                return values.join(
                    self._bind(made, frozenset({entry}), method) for made in flat.function_value(method)
                )
            return values.of_kind(values.UNBOUND, method)
        stored = flat.attribute(info, name)
        if stored is not None:
            held = frozenset(each for each in stored if self._is_descriptor(each))
            return held or stored  # what instances are given is theirs
        if name in ("__name__", "__qualname__", "__module__"):
            return STR
        if name == "__annotations__" or (name == "__dataclass_fields__" and _is_data_class(info)):
            return values.one("dict", STR, ANY)
        for base in self._families.family(info):
            expression = self._knowledge.attribute(f"{base}:class", name) if isinstance(base, str) else None
            if expression is not None:
                if self._knowledge.is_asked(f"{base}:class", name):
                    self._effects.protocol(f"{base}:class", "ask", node, frame)
                return self._elements.substitute(
                    values.parse(expression), self._families.instances(info), None
                )
        if isinstance(method, str):
            self._called_back.inherited(info, method, name, node, frame)
            return values.bound(values.one(method), method, name)
        return values.bound(ANY, info.name, name)

    def _super_attribute(self, owner: ClassInfo, name: str, node: ast.expr, frame: Frame) -> Value:
        flat = self._flat
        method = self._families.method(owner, name, after=owner)
        receiver = values.instance(owner)
        if isinstance(method, FunctionInfo):
            methods = dict.fromkeys((method, *self._beside(owner, name)))
            return values.join(
                self._bind(made, receiver, each) for each in methods for made in flat.function_value(each)
            )
        if isinstance(method, str):
            self._called_back.inherited(owner, method, name, node, frame)
            return values.bound(values.one(method), method, name)
        if name == "__new__" and not self._families.has_unknown_base(owner):
            return values.of_kind(values.MAKER, owner)
        if name == "__init__":
            for base in self._families.family(owner)[1:]:
                if isinstance(base, str) and self._knowledge.call(base) is not None:
                    return values.dotted(base)  # the row of the class speaks of its constructor
        if name.startswith("__") and not self._families.has_unknown_base(owner):
            return values.SAFE_FUNCTION
        for base in self._families.family(owner)[1:]:
            if isinstance(base, str):
                if name == "__init__":
                    return values.dotted(base)
                return values.bound(values.one(base), base, name)
        return values.bound(ANY, "super()", name)

    def _beside(self, owner: ClassInfo, name: str) -> Iterator[FunctionInfo]:
        """Yield the methods of that name that come next in heirs of a class which have other bases beside it."""
        own = self._families.family(owner)
        for heir in self._families.heirs(owner):
            for other in self._families.family(heir) if len(heir.node.bases) > 1 else ():
                if (
                    isinstance(other, ClassInfo)
                    and other is not heir
                    and other not in own
                    and name in other.methods
                ):
                    yield other.methods[name]

    def _member_name(self, info: ClassInfo) -> Value:
        """Return what a row says of the names of members: a combination of flags need not have one."""
        bases = [base for base in self._families.family(info) if isinstance(base, str)]
        said = (self._knowledge.attribute(base, "name") for base in bases)
        return values.parse(next(filter(None, said), "str"))

    def _member_values(self, info: ClassInfo) -> Value:
        """Return what the ``value`` of a member can be; a class that makes its values itself may give anything."""
        flat = self._flat
        mixed = {base for base in self._families.family(info)[1:] if base is None or base in _MIXED_IN}
        if mixed or any(
            isinstance(self._families.method(info, made), FunctionInfo) for made in ("__new__", "__init__")
        ):
            found = [values.one(str(base)) for base in mixed if base in ("int", "str", "float")]
            return values.join(found) if len(found) == len(mixed) == 1 else ANY
        found = [
            flat.value(node, info.unit) for name, node in info.values.items() if not name.startswith("_")
        ]
        made = values.join(found) or ANY
        return frozenset(
            Type("int") if entry.kind is values.DOTTED and entry.dotted == "enum.auto" else entry
            for entry in made
        )


_MIXED_IN = frozenset(
    {"int", "str", "float", "bytes", "enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "enum.Flag"}
)


_PROPERTY = values.one("property")


def _getter(family: Iterable[ClassInfo | str | None], name: str) -> FunctionInfo | None:
    """Return the method that runs where an attribute is read, ``price = property(_price)``, set once in the classes of a family."""
    owners = [owner for owner in family if isinstance(owner, ClassInfo)]
    made = [(owner, owner.values[name]) for owner in owners if name in owner.values]
    if len(made) != 1 or any(name in owner.stores for owner in owners):
        return None
    match made[0]:
        case owner, ast.Call(args=[ast.Name(id=word), *_]):
            found = owner.methods.get(word)
            return found if isinstance(found, FunctionInfo) and found.kind != "property" else None
    return None


def _is_cached(method: FunctionInfo) -> bool:
    """Whether what a property gave is kept in the table of the object, where others may put something else."""
    decorators = getattr(method.node, "decorator_list", ())
    return any("cached_property" in ast.unparse(each) for each in decorators)


def _counts_on(method: FunctionInfo) -> bool:
    """Whether a property changes what it gives by giving it: it counts, takes something out, goes to what is next."""
    module = method.unit.module
    return any(
        isinstance(node, ast.AugAssign | ast.Delete)
        or (
            isinstance(node, ast.Call)
            and any(last_name(each.func) in _TAKING for each in called_as(module, node))
        )
        for node in ast.walk(method.node)
    )


_TAKING = frozenset({"get_nowait", "next", "pop", "popitem", "popleft", "read", "readline", "recv", "send"})


def _receiver(node: ast.expr) -> ast.expr:
    """Return the expression whose attribute is read, or whose method is called."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.value if isinstance(node, ast.Attribute) else node


def _is_asked_for(node: ast.expr, frame: Frame) -> bool:
    """Whether an attribute is read behind `hasattr`."""
    if not frame.facts:
        return False
    path = frame.unit.path(node.func if isinstance(node, ast.Call) else node)
    return any(fact.kind == "attr" and fact.path == path for fact in frame.facts)


def _is_data_class(info: ClassInfo) -> bool:
    """Whether ``@dataclass``, or ``@dataclass(...)``, makes a class one."""
    return any(maker_name(each) == "dataclass" for each in info.node.decorator_list)


def _is_no_attribute(kind: str, name: str) -> bool:
    """Whether a name is that of a builtin exception, which has no attribute of another."""
    found = getattr(builtins, kind, None)
    return isinstance(found, type) and issubclass(found, getattr(builtins, ROOT)) and not hasattr(found, name)
