"""Who sets a name of a module or an attribute besides the statements that are plain to see.

Input: a file and a name in it, a class and an attribute of its instances. Output: what other files, ``globals()``, ``vars``, ``setattr``,
``exec`` and made-up constructors store there; unknown where that cannot be told.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import at
from workerlog_migrate.analysis.own_names import (
    is_this_module,
    set_here,
    sets_by_other_ways,
    tables_of_names,
)
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.taken import calls_to, written
from workerlog_migrate.analysis.trails import READERS, Passed, Use
from workerlog_migrate.analysis.values import ANY, BOTTOM, Value
from workerlog_migrate.syntax.literals import last_name, may_spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.annotations import Annotations
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.sight import Sight
    from workerlog_migrate.analysis.world import World


class Writes:
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
        places: Places,
        callers: Callers,
        sight: Sight,
    ) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._families = families
        self._annotations = annotations
        self._places = places
        self._callers = callers
        self._sight = sight
        self._texts: dict[Unit, list[tuple[ast.Call, frozenset[str] | None]]] = {}

    def written(self, unit: Unit, name: str) -> Value:
        """Return what else than its own statements a module's name is set to; the empty value when nothing else sets it."""
        if not self._places.may_be_set(unit, name) and not sets_by_other_ways(unit.module):
            return BOTTOM
        (found,) = self._questions.answer(
            ("written", unit, name), lambda: (values.join(self._name_writes(unit, name)),), (BOTTOM,), (ANY,)
        )
        return found

    def attribute_written(self, info: ClassInfo, name: str) -> Value:
        """Return what is stored in an attribute of a class's instances from elsewhere than its own methods."""
        (found,) = self._questions.answer(
            ("stored", info, name),
            lambda: (values.join(self._attribute_writes(info, name)),),
            (BOTTOM,),
            (ANY,),
        )
        return found

    def is_only_of_heirs(self, info: ClassInfo, name: str) -> bool:
        """Whether an attribute is set by heirs of a class alone, and objects of the class itself are made."""
        for each in self._families.family(info):
            if isinstance(each, ClassInfo):
                if (
                    name in each.stores
                    or not each.methods.keys().isdisjoint((name, *_ASKED))
                    or name in each.values
                ):
                    return False
            elif not isinstance(kind := _BUILTINS.get(each or ""), type) or hasattr(kind, name):
                return False
        (found,) = self._questions.answer(
            ("of heirs", info, name), lambda: (self._is_only_of_heirs(info, name),), (False,), (False,)
        )
        return found

    def _is_only_of_heirs(self, info: ClassInfo, name: str) -> bool:
        own = {place for heir in self._families.heirs(info) for place in heir.stores.get(name, ())}
        if not own or not any(use.kind == "call" for use in self._callers.trail_of(info).uses):
            return False
        return not any(
            place not in own and self._callers.receives(place.value, info, unit)[0]
            for unit in self._places.writers(info.unit, name)
            for place in unit.module.stores_of(name)
        )

    def is_deleted(self, info: ClassInfo, name: str) -> bool:
        """Whether an attribute of a class's instances is deleted from elsewhere than its own methods."""
        (found,) = self._questions.answer(
            ("deleted", info, name), lambda: (self._is_deleted(info, name),), (False,), (True,)
        )
        return found

    def _is_deleted(self, info: ClassInfo, name: str) -> bool:
        receives = self._callers.receives
        return any(
            any(
                isinstance(place.ctx, ast.Del) and receives(place.value, info, unit)[0]
                for place in unit.module.stores_of(name)
            )
            or any(
                may_spell(call.args[1], name) and receives(call.args[0], info, unit)[0]
                for call in unit.module.calls_of("delattr")
                if len(call.args) == _PAIR
            )
            for unit in self._places.writers(info.unit, name)
        )

    def is_of_another_class(self, info: ClassInfo) -> bool:
        """Whether an instance of a class is made one of another: ``x.__class__ = Other``."""
        (found,) = self._questions.answer(
            ("class", info), lambda: (self._is_of_another_class(info),), (False,), (True,)
        )
        return found

    def _is_of_another_class(self, info: ClassInfo) -> bool:
        return any(
            isinstance(place.ctx, ast.Store) and self._callers.receives(place.value, info, unit)[0]
            for unit in self._places.writers(info.unit, "__class__")
            for place in unit.module.stores_of("__class__")
        )

    def _name_writes(self, unit: Unit, name: str) -> Iterator[Value]:
        module = unit.module
        for table in tables_of_names(module):
            yield from self._through_table(table, unit, name)
        for call, stored in self._run_texts(unit):
            if stored is None or name in stored:
                self._sight.reasons.setdefault(
                    call, f"{name} may be set by {last_name(call.func)} in line {call.lineno}"
                )
                yield ANY
        for place in module.stores_of(name):
            if is_this_module(place.value):
                yield self._above.flat.target(place, unit) if isinstance(place.ctx, ast.Store) else ANY
        yield from self._written_by_others(unit, name)
        for binding in module.scope_of_module.bindings.get(name, ()):
            if binding.kind == "delete" and module.function(binding.node) is not None:
                yield ANY
        for named, value in set_here(module):
            if may_spell(named, name):
                yield self._above.flat.value(value, unit)

    def _written_by_others(self, unit: Unit, name: str) -> Iterator[Value]:
        """Yield what other files set a name of a module to."""
        around = self._world.set_up_around(name, changing=True)
        writers = dict.fromkeys((*self._places.writers(unit, name)[1:], *around))
        for other in writers:
            if other is unit or self._places.is_test(other):
                continue
            for place in other.module.stores_of(name):
                if self._places.is_module(place.value, unit, other, name):
                    is_store = isinstance(place.ctx, ast.Store)
                    yield self._above.flat.target(place, other) if is_store else ANY
            for table, thing in _tables_in(other.module):
                if self._places.is_module(thing, unit, other, name):
                    yield from self._through_table(table, other, name)
            for thing, named, value in set_by_name(other.module):
                if may_spell(named, name) and self._places.is_module(thing, unit, other, name):
                    yield ANY if value is None else self._above.flat.value(value, other)
            for owner, value in patched(other.module, name):
                if owner.rpartition(".")[2] == unit.name.rpartition(".")[2]:
                    yield ANY if value is None else self._above.flat.value(value, other)

    def _through_table(self, table: ast.expr, unit: Unit, name: str) -> Iterator[Value]:
        """Yield what is stored through ``globals()``, ``vars(module)`` or ``module.__dict__``."""
        module = unit.module
        parent = module.parents.get(table)
        match parent:
            case ast.Subscript(slice=key) if parent.value is table:
                if isinstance(parent.ctx, ast.Store) and may_spell(key, name):
                    yield self._above.flat.target(parent, unit)
                elif isinstance(parent.ctx, ast.Del) and may_spell(key, name):
                    yield ANY
            case ast.Attribute(attr=attr):
                outer = module.parents.get(parent)
                if attr == "update" and isinstance(outer, ast.Call):
                    yield from self._updated_with(outer, unit, name)
                elif attr not in _READING_TABLES:
                    yield ANY
            case ast.Compare() | ast.Expr() | ast.For() | ast.comprehension() | ast.FormattedValue():
                return
            case ast.Call(func=ast.Name(id="exec" | "eval")):
                stored = _stored_in(parent.args[0])
                if stored is None or name in stored:
                    yield ANY
            case ast.Call(func=ast.Name(id=reader)) if reader in _TABLE_READERS:
                return
            case _ if not self._is_only_read(table, unit):
                yield ANY

    def _is_only_read(self, table: ast.expr, unit: Unit) -> bool:
        """Whether nothing is changed in a table of attributes, through whatever name it goes by."""

        def read() -> tuple[bool]:
            trail = self._callers.follower(is_code=False).from_expression(table, unit)
            return (not trail.lost and all(map(_is_reading, trail.uses)),)

        (found,) = self._questions.answer(("table", table), read, (True,), (False,))
        return found

    def _run_texts(self, unit: Unit) -> list[tuple[ast.Call, frozenset[str] | None]]:
        """Return the calls of ``exec`` and ``eval`` with the names that their text stores or takes; None: any."""
        known = self._texts.get(unit)
        if known is None:
            known = self._texts[unit] = []
            for name in ("exec", "eval"):
                for call in calls_to(unit.module, name):
                    if (
                        isinstance(call.func, ast.Name)
                        and call.args
                        and len(call.args) == 1
                        and not call.keywords
                    ):
                        known.append((call, _stored_in(call.args[0])))
        return known

    def _attribute_writes(self, info: ClassInfo, name: str) -> Iterator[Value]:
        own = {
            place
            for owner in self._families.family(info)
            if isinstance(owner, ClassInfo)
            for place in owner.stores.get(name, ())
        }
        if self._world.is_set_by_many(name):
            yield ANY
        is_method = isinstance(self._families.method(info, name), FunctionInfo)
        for unit in self._places.writers(info.unit, name):
            module = unit.module
            for place in module.stores_of(name):
                if place in own:
                    continue
                is_of_it, is_class = self._callers.receives(place.value, info, unit)
                if not is_of_it:
                    continue
                if isinstance(place.ctx, ast.Del):
                    self._sight.reasons.setdefault(info.node, f"{name} is deleted in line {place.lineno}")
                    yield ANY
                else:
                    stored = self._above.flat.target(place, unit)
                    yield _bound(stored, info) if is_method and is_class else stored
            for thing, named, value in set_by_name(module):
                if not may_spell(named, name):
                    continue
                if (
                    is_method
                    and not isinstance(named, ast.Constant)
                    and self._is_of_others(thing, unit, info)
                ):
                    continue
                is_of_it, is_class = self._callers.receives(thing, info, unit)
                if is_of_it:
                    stored = ANY if value is None else self._above.flat.value(value, unit)
                    stored = _bound(stored, info) if is_method and is_class else stored
                    is_data = all(entry.kind is values.NAMED for entry in stored)
                    yield stored if is_data or isinstance(named, ast.Constant) else ANY
            for patched_owner, value in patched(module, name):
                if patched_owner.rpartition(".")[2] == info.name:
                    yield ANY if value is None else self._above.flat.value(value, unit)
        yield from self._given_to_fields(info, name)
        yield from self._run_in_body(info, name)
        for unit in dict.fromkeys(
            (*self._places.units(info.unit, "__dict__"), *self._places.units(info.unit, "vars"))
        ):
            if self._places.is_test(unit):
                continue
            yield from self._through_dict(info, name, unit, is_method=is_method)

    def _run_in_body(self, info: ClassInfo, name: str) -> Iterator[Value]:
        """Yield that a text which is run in the body of a class, or its table of names, may bind an attribute."""
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                continue
            module = owner.unit.module
            for call in (each for word in ("exec", "locals", "vars") for each in calls_to(module, word)):
                if not isinstance(call.func, ast.Name) or module.scope(call).node is not owner.node:
                    continue
                if call.func.id != "exec":
                    if not call.args:
                        yield from self._through_table(written(module, call), owner.unit, name)
                    continue
                stored = _stored_in(call.args[0]) if call.args else frozenset()
                if stored is None or name in stored:
                    yield ANY

    def _is_of_others(self, thing: ast.expr, unit: Unit, info: ClassInfo) -> bool:
        """Whether no class of an object is known that has to do with another: then fields are filled by their names, and no methods replaced."""
        family = self._families.family
        found = [entry.class_or_none for entry in self._above.flat.value(thing, unit)]
        return not any(each and (info in family(each) or each in family(info)) for each in found)

    def _given_to_fields(self, info: ClassInfo, name: str) -> Iterator[Value]:
        """Yield what the made-up constructor of a data class or named tuple is given that its annotation does not say."""
        owner = self._field_owner(info, name)
        is_kind = self._world.knowledge.is_kind
        if owner is None or any(
            isinstance(base, str) and is_kind(base, "validated") for base in self._families.family(info)
        ):
            return
        declared = self._annotations.annotation(owner.annotations[name], owner.unit)
        says_nothing = values.is_silent(declared) or values.names(declared) == {"object"}
        for value in self._passed_for(info, name):
            yield value if says_nothing else values.contradicting(declared, value)
        yield values.contradicting(declared, self._made_by_factory(owner, name))
        yield from self._replaced(info, name, declared)

    def _made_by_factory(self, owner: ClassInfo, name: str) -> Value:
        """Return what ``field(default_factory=own)`` puts into a field that nobody gives anything."""
        default = owner.values.get(name)
        if not isinstance(default, ast.Call) or last_name(default.func) != "field":
            return BOTTOM
        maker = next((word.value for word in default.keywords if word.arg == "default_factory"), None)
        if maker is None:
            return BOTTOM
        made = self._above.flat.value(maker, owner.unit)
        return self._above.calls.invoke_unknown(made, maker, at(owner.unit, maker))

    def _field_owner(self, info: ClassInfo, name: str) -> ClassInfo | None:
        """Return the class that declares a field of a class whose constructor is made up of its fields."""
        family = [owner for owner in reversed(self._families.family(info)) if isinstance(owner, ClassInfo)]
        owner = next((each for each in family if name in each.annotations), None)
        return None if isinstance(self._families.method(info, "__init__"), FunctionInfo) else owner

    def _passed_for(self, info: ClassInfo, name: str) -> Iterator[Value]:
        """Yield what is passed for a field where objects of a class are made in sight."""
        family = [owner for owner in reversed(self._families.family(info)) if isinstance(owner, ClassInfo)]
        fields = dict.fromkeys(
            field for owner in family for field in owner.annotations if _is_passed(field, owner)
        )
        at = list(fields).index(name) if name in fields else len(fields)
        for use in self._callers.trail_of(info).uses:
            passed = dict(use.keywords).get(name)
            if use.kind != "call":
                continue
            if passed is None and at < len(use.positional):
                passed = use.positional[at]
            if passed is not None:
                yield self._sight.value(passed)
            elif name in fields:
                yield from map(self._sight.value, use.rest)
                for mapping in use.mapping:
                    yield self._sight.item(mapping, name)

    def field(self, info: ClassInfo, owner: ClassInfo, name: str) -> Value | None:
        """Return what a field of a data class holds whose annotation says nothing: what all who make one give it; None for others."""
        if name not in owner.annotations or name in owner.methods:
            return None
        declared = self._annotations.annotation(owner.annotations[name], owner.unit)
        if not values.is_silent(declared):
            return None
        default = owner.values.get(name)
        if isinstance(default, ast.Call) and last_name(default.func) == "field":
            default = next((word.value for word in default.keywords if word.arg == "default"), None)
            if default is None:
                return None  # what a factory makes, others may fill
        given = self.given(info, name)
        if given is None:
            return None
        # ``self.rows = tuple(self.rows)`` asks what it is itself.
        key = ("field", info, owner, name)
        return self._questions.ask(key, lambda: self._kept(given, default, owner, name))

    def _kept(self, given: Value, default: ast.expr | None, owner: ClassInfo, name: str) -> Value:
        """Return what a field is given, what its class puts there besides, and its default."""
        flat = self._above.flat
        kept = [flat.target(stored, owner.unit) for stored in owner.stores.get(name, ())[:_STORES]]
        return values.join([given, *kept, *([] if default is None else [flat.value(default, owner.unit)])])

    def given(self, info: ClassInfo, name: str) -> Value | None:
        """Return what a field of a data class or named tuple is given by all who make its objects; None where not all are seen."""
        (found,) = self._questions.answer(
            ("given", info, name), lambda: (self._given(info, name),), (BOTTOM,), (None,)
        )
        return found

    def _given(self, info: ClassInfo, name: str) -> Value | None:
        if not self._world.knows_users(info.unit):
            return None
        trail = self._callers.trail_of(info)
        is_seen = not trail.lost and all(
            not use.rest and not use.mapping and use.kind == "call" for use in trail.uses
        )
        if not is_seen or self._field_owner(info, name) is None or not self._is_record(info):
            return None
        return values.join([*self._passed_for(info, name), *self._replaced(info, name, None)])

    def _is_record(self, info: ClassInfo) -> bool:
        """Whether objects of a class come about by calls of its name only: a data class or named tuple without makers of its own."""
        if any(
            isinstance(self._families.method(info, word), FunctionInfo) for word in ("__new__", "__setattr__")
        ):
            return False
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                if owner not in _RECORDS:
                    return False
                continue
            made = [
                last_name(each.func if isinstance(each, ast.Call) else each)
                for each in owner.node.decorator_list
            ]
            is_named_tuple = any(last_name(base) == "NamedTuple" for base in owner.node.bases)
            if made != ["dataclass"] and not is_named_tuple and owner.annotations:
                return False
            if any(method.kind == "class" for method in owner.methods.values()):
                return False  # ``cls(...)``
            if any(
                last_name(call.func) in ("__class__", "type")
                for call in ast.walk(owner.node)
                if isinstance(call, ast.Call)
            ):
                return False  # ``type(self)(...)``
        return True

    def _replaced(self, info: ClassInfo, name: str, declared: Value | None) -> Iterator[Value]:
        """Yield what ``dataclasses.replace(x, name=value)`` and ``x._replace(name=value)`` make a field."""
        for unit in self._places.units(info.unit, name):
            for word in ("replace", "_replace"):
                for call in calls_to(unit.module, word):
                    given = next((each for each in call.keywords if each.arg in (name, None)), None)
                    if given is None or self._places.is_test(unit):
                        continue
                    is_method = word == "_replace" and isinstance(call.func, ast.Attribute)
                    things = [call.func.value] if is_method else call.args[:1]  # type: ignore[attr-defined]  # as was asked
                    if any(self._callers.receives(thing, info, unit)[0] for thing in things):
                        value = (
                            self._above.flat.value(given.value, unit)
                            if given.arg
                            else self._sight.item(Passed(given.value, unit), name)
                        )
                        yield value if declared is None else values.contradicting(declared, value)

    def _through_dict(self, info: ClassInfo, name: str, unit: Unit, *, is_method: bool) -> Iterator[Value]:
        """Yield what is stored through ``vars(x)`` and ``x.__dict__``."""
        module = unit.module
        tables: list[tuple[ast.expr, ast.expr]] = [
            (written(module, call), call.args[0]) for call in calls_to(module, "vars") if len(call.args) == 1
        ]
        tables += [(place, place.value) for place in module.attributes_of("__dict__")]
        for table, thing in tables:
            parent = module.parents.get(table)
            if isinstance(parent, ast.Subscript) and (
                isinstance(parent.ctx, ast.Load) or not may_spell(parent.slice, name)
            ):
                continue
            if isinstance(parent, ast.Attribute) and parent.attr in _READING_TABLES:
                continue
            outer = None if parent is None else module.parents.get(parent)
            is_update = isinstance(parent, ast.Attribute) and parent.attr == "update"
            if isinstance(parent, ast.Compare | ast.For | ast.comprehension | ast.FormattedValue | ast.Expr):
                continue
            if isinstance(parent, ast.Call) and last_name(parent.func) in _TABLE_READERS:
                continue
            if isinstance(parent, ast.keyword | ast.Dict) and getattr(parent, "arg", None) is None:
                continue  # ** reads it
            if is_method and self._is_of_others(thing, unit, info):
                continue
            if not self._callers.receives(thing, info, unit)[0]:
                continue
            if is_update and isinstance(outer, ast.Call):
                yield from self._updated_with(outer, unit, name)
            elif not self._is_only_read(table, unit):
                yield ANY

    def _updated_with(self, call: ast.Call, unit: Unit, name: str) -> Iterator[Value]:
        """Yield what the ``update`` of a table of names puts under a name."""
        for word in call.keywords:
            if word.arg == name:
                yield self._above.flat.value(word.value, unit)
        for mapping in (*call.args, *(word.value for word in call.keywords if word.arg is None)):
            yield ANY if isinstance(mapping, ast.Starred) else self._sight.item(Passed(mapping, unit), name)


def _tables_in(module: Module) -> list[tuple[ast.expr, ast.expr]]:
    """Return where the tables of attributes are written, ``x.__dict__`` and ``vars(x)``, each with what it is of."""
    known: list[tuple[ast.expr, ast.expr]] | None = module.remembered.get(_tables_in)
    if known is None:
        known = [(place, place.value) for place in module.attributes_of("__dict__")]
        known += [(written(module, call), call.args[0]) for call in calls_to(module, "vars") if call.args]
        module.remembered[_tables_in] = known
    return known


_Set = tuple[ast.expr, ast.expr, ast.expr | None]


def set_by_name(module: Module) -> list[_Set]:
    """List whose attributes are set by a text, the text, and the value; None where one is deleted.

    By ``setattr(x, name, value)``, ``object.__setattr__(x, name, value)``, ``super().__setattr__(name, value)`` and their counterparts,
    by ``patch.object(x, name, value)`` and ``patch.multiple(x, name=value)``.
    """
    known: list[_Set] | None = module.remembered.get(set_by_name)
    if known is None:
        known = module.remembered[set_by_name] = list(_set_by_name(module))
    return known


def _set_by_name(module: Module) -> Iterator[_Set]:
    for call in calls_to(module, "object"):
        if _is_of_patch(call) and len(call.args) >= _PAIR:
            yield call.args[0], call.args[1], call.args[2] if len(call.args) > _PAIR else None
    for call in calls_to(module, "multiple"):
        for named in call.keywords if _is_of_patch(call) and call.args else ():
            if named.arg is not None:
                yield call.args[0], ast.Constant(named.arg), named.value
    for word in ("setattr", "delattr", "__setattr__", "__delattr__"):
        for call in calls_to(module, word):
            given = list(call.args)
            is_of_object = isinstance(call.func, ast.Attribute) and word.startswith("__")
            if is_of_object and len(given) == (_PAIR if "set" in word else 1):
                assert isinstance(call.func, ast.Attribute)
                given.insert(0, call.func.value)
            if len(given) >= _PAIR:
                yield given[0], given[1], given[2] if len(given) > _PAIR else None


def _is_of_patch(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and last_name(call.func.value) == "patch"


def patched(module: Module, name: str) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield of what a patch by a text sets an attribute, ``patch("main.RATE", 0)``, and the value; None where it is made up.

    Args:
        module: the file.
        name: of the attribute.
    """
    for call in calls_to(module, "patch"):
        text = call.args[0] if call.args else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            owner, _, last = text.value.rpartition(".")
            if last == name:
                named = next((word.value for word in call.keywords if word.arg == "new"), None)
                yield owner, call.args[1] if len(call.args) > 1 else named


def _is_passed(field: str, owner: ClassInfo) -> bool:
    """Whether the made-up constructor takes a field: no class variable, no ``field(init=False)``."""
    is_named = "ClassVar" in owner.unit.module.source.text
    if is_named and "ClassVar" in ast.unparse(owner.annotations[field]):
        return False
    made = owner.values.get(field)
    return not (
        isinstance(made, ast.Call)
        and any(word.arg == "init" and getattr(word.value, "value", True) is False for word in made.keywords)
    )


_PAIR = 2
_BUILTINS = vars(builtins)
_ASKED = ("__getattr__", "__getattribute__")
_STORES = 48
_RECORDS = frozenset({"typing.NamedTuple", "abc.ABC", "object", "tuple"})
_READING_TABLES = frozenset({"get", "keys", "values", "items", "copy", "__contains__"})
_TABLE_READERS = frozenset({"len", "print", "dict", "sorted", "list", "repr", "str", "bool", "set", "dumps"})


def _is_reading(use: Use) -> bool:
    """Whether a use of a table of attributes changes nothing in it."""
    if use.kind == "row":
        return use.name in READERS or use.name.rpartition(".")[2] in _TABLE_READERS
    return use.kind == "method" and use.name in _READING_TABLES


def _bound(stored: Value, info: ClassInfo) -> Value:
    """Return what is put into a class in the place of a method, as its instances have it: functions are given the object."""
    return values.join(
        values.method(entry.function, values.instance(info))
        if entry.kind is values.FUNCTION
        else frozenset({entry})
        for entry in values.in_order(stored)
    )


def _stored_in(node: ast.expr) -> frozenset[str] | None:
    """Return the names that a program text stores; None when it is not written there."""
    if isinstance(node, ast.Call) and last_name(node.func) == "compile" and node.args:
        node = node.args[0]
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    try:
        tree = ast.parse(node.value)
    except (SyntaxError, ValueError):
        return frozenset()
    found: set[str] = set()
    for each in ast.walk(tree):
        match each:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name="*"):
                return None
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
    return frozenset(found)
