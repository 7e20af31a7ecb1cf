"""Who calls a function or a class of the program, and how.

Input: a function, method, lambda or class. Output: its ``Trail``: the calls, and the place where it gets out of sight, if it
does. ``trails`` follows what is bound to a name; here it is decided where to begin: a method is found by its name on
receivers of its class, a special method by operators, a decorated function in its decorator.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.follower import Follower
from workerlog_migrate.analysis.meetings import SPECIAL, Companion, Meetings
from workerlog_migrate.analysis.plain import plain
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.taken import calls_to, written
from workerlog_migrate.analysis.trails import Passed, Trail, Use, use_of
from workerlog_migrate.analysis.values import Type
from workerlog_migrate.syntax.literals import may_spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow


class Callers:
    """Answers for one program; each thing is followed once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        questions: Questions,
        families: Families,
        places: Places,
    ) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._families = families
        self._places = places
        self._receivers: dict[ast.expr, list[Type]] = {}
        self._set_names: dict[tuple[Unit, str], bool] = {}
        self._meetings = Meetings(families, self._made, self._companion)

    def follower(self, *, is_code: bool) -> Follower:
        """Make what follows one thing: a function or class, or a container."""
        return Follower(self._world, self._above, self._families, self._places, self, is_code=is_code)

    def trail_of(self, thing: FunctionInfo | ClassInfo) -> Trail:
        """Return the uses of a function, method, lambda or class."""
        most = Trail(lost=f"{thing.name} leads too far")
        return self._questions.answer(("trail", thing), lambda: self._followed(thing), Trail(), most)

    def _followed(self, thing: FunctionInfo | ClassInfo) -> Trail:
        trail = self._class_trail(thing) if isinstance(thing, ClassInfo) else self._function_trail(thing)
        if trail.lost and not trail.lost.startswith(thing.name):
            trail.lost = f"{thing.name}: {trail.lost}"
        return trail

    def is_called(self, function: FunctionInfo) -> bool:
        """Whether something in sight calls a function, tests apart: the program does not run them."""
        return any(not self._places.is_test(use.unit) for use in self.trail_of(function).uses)

    def row(self, call: ast.Call, unit: Unit) -> CallRow | None:
        """Return the row of what a call calls."""
        knowledge = self._world.knowledge
        for entry in values.in_order(self._above.flat.callee(call, unit)):
            if entry.kind is values.DOTTED:
                return knowledge.call(entry.dotted)
            if entry.kind is values.BOUND and entry.bound[0] != "*":
                return knowledge.method(*entry.bound)
        return None

    def _function_trail(self, function: FunctionInfo) -> Trail:
        unit, node = function.unit, function.node
        if isinstance(node, ast.Module | ast.ExceptHandler):
            return Trail()
        if isinstance(node, ast.Lambda):
            return self.follower(is_code=True).from_expression(node, unit)
        owner = function.owner
        if owner is None:
            found = unit.module.lookup(function.name, unit.module.scope(node))
            if found is None:
                return Trail(lost="it is not bound")
            trail = self.follower(is_code=True).from_name(function.name, found[0], unit)
        elif function.name in ("__init__", "__new__", "__post_init__"):
            trail = self._constructed(owner, function.name)
        elif function.name.startswith("__") and function.name.endswith("__"):
            trail = self._special(function, owner)
        elif function.kind == "setter":
            trail = self._set(function, owner)
        else:
            trail = self._method_trail(function, owner)
        for decorator in node.decorator_list:
            self._decorated_by(decorator, function, trail)
        for name in ("__defaults__", "__kwdefaults__", "__code__"):
            if not trail.lost and self.is_set_on(function, name):
                trail.lost = f"{name} of {function.name} is replaced"
        return trail

    def is_set_on(self, function: FunctionInfo, name: str) -> bool:
        """Say whether an attribute of a function may be replaced by a statement: its defaults, its code."""
        return any(
            isinstance(place.ctx, ast.Store)
            and any(
                entry.function_or_none is function or values.is_opaque(entry)
                for entry in self._above.flat.value(place.value, unit)
            )
            for unit in self._places.units(function.unit, name)
            for place in unit.module.attributes_of(name)
        )

    def _decorated_by(self, decorator: ast.expr, function: FunctionInfo, trail: Trail) -> None:
        """Follow a function into what decorates it."""
        unit = function.unit
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        for entry in values.in_order(self._above.flat.value(maker, unit)):
            if entry.kind is values.DOTTED:
                name = entry.dotted
                row = self._world.knowledge.call(name)
                if name not in _METHOD_DECORATORS and (row is None or row.raises):
                    trail.lost = (
                        trail.lost or f"{function.name} is decorated with {name} in line {decorator.lineno}"
                    )
            elif entry.kind is values.FUNCTION:
                self._into_decorator(entry.function, trail, is_made=isinstance(decorator, ast.Call))
            elif (
                entry.kind is values.TRANSPARENT
                or entry.name == "type"
                or (
                    isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter")
                )
            ):
                continue
            elif entry.kind is values.BOUND and entry.bound[0] != "*":
                row = self._world.knowledge.method(*entry.bound)
                if row is None or row.raises:
                    trail.lost = trail.lost or f"{function.name} is decorated in line {decorator.lineno}"
            else:
                trail.lost = trail.lost or f"{function.name} is decorated in line {decorator.lineno}"

    def _into_decorator(self, maker: FunctionInfo, trail: Trail, *, is_made: bool) -> None:
        makers = [maker]
        if is_made:  # @outer(...): what outer returns is the decorator
            makers = [
                entry.function for entry in self._above.flat.returns(maker) if entry.kind is values.FUNCTION
            ]
        for each in makers:
            if not each.parameters or isinstance(each.node, ast.Module | ast.ExceptHandler):
                continue
            scope = each.unit.module.scopes[each.node]
            found = self.follower(is_code=True).from_name(each.parameters[0].arg, scope, each.unit)
            trail.uses.extend(found.uses)
            trail.lost = trail.lost or found.lost

    def _class_trail(self, info: ClassInfo) -> Trail:
        module = info.unit.module
        found = module.lookup(info.name, module.scope(info.node))
        if found is None:
            return Trail(lost="it is not bound")
        return self.follower(is_code=True).from_name(info.name, found[0], info.unit)

    def _constructed(self, owner: ClassInfo, name: str) -> Trail:
        """Join the uses of a class, of the heirs that do not construct themselves, and what heirs hand up."""
        trail = Trail()
        for each in (owner, *self._families.heirs(owner)):
            if each is not owner and self._families.method(each, name) is not owner.methods.get(name):
                continue
            found = self.trail_of(each)
            trail.uses.extend(use for use in found.uses if use.kind != "decorator")
            trail.lost = trail.lost or found.lost
            trail.uses.extend(self._made_by_own_methods(each))
        for unit in self._places.units(owner.unit, name):
            for place in unit.module.attributes_of(name):
                call = unit.module.parents.get(place)
                if not isinstance(call, ast.Call) or call.func is not place:
                    continue
                inside = unit.enclosing(call).owner
                if inside is None or (inside is not owner and owner not in self._families.family(inside)):
                    continue
                is_super = isinstance(place.value, ast.Call)
                positional = call.args if is_super else call.args[1:]
                trail.uses.append(use_of("call", call, unit, positional=positional))
        return trail

    def _made_by_own_methods(self, info: ClassInfo) -> Iterator[Use]:
        """Yield ``cls(...)``, whatever it is called there, ``type(self)(...)`` and ``self.__class__(...)`` in methods of a class and its bases."""
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                continue
            firsts = {
                method.parameters[0].arg
                for method in owner.methods.values()
                if method.parameters and (method.kind == "class" or method.name in _OF_THE_CLASS)
            }
            for name in sorted(firsts | {"cls"}):
                for call in calls_to(owner.unit.module, name):
                    if isinstance(call.func, ast.Name) and owner.unit.enclosing(call).owner is owner:
                        yield use_of("call", call, owner.unit, positional=call.args)
            module = owner.unit.module
            types = (written(module, each) for each in calls_to(module, "type"))
            for place in (*types, *module.attributes_of("__class__")):
                made = module.parents.get(place)
                inside = owner.unit.enclosing(place).owner
                if inside in (owner, None) and isinstance(made, ast.Call) and made.func is place:
                    yield use_of("call", made, owner.unit, positional=made.args)
        yield from self._made_of_what_is_handed(info)

    def _made_of_what_is_handed(self, info: ClassInfo) -> Iterator[Use]:
        """Yield ``type(x)(...)`` and ``x.__class__(...)`` in other files, where an object of a class may be handed to them."""
        units = (*self._places.units(info.unit, "type")[1:], *self._places.units(info.unit, "__class__")[1:])
        for unit in dict.fromkeys(units):
            module = unit.module
            types = ((written(module, each), each.args[:1]) for each in calls_to(module, "type"))
            classes = ((place, [place.value]) for place in module.attributes_of("__class__"))
            for place, things in (*types, *classes):
                made = module.parents.get(place)
                if isinstance(made, ast.Call) and made.func is place:
                    for thing in things:
                        if self.receives(thing, info, unit)[0]:
                            yield use_of("call", made, unit, positional=made.args)

    def _method_trail(self, function: FunctionInfo, owner: ClassInfo) -> Trail:
        trail = Trail()
        for unit in self._places.units(function.unit, function.name):
            for place in unit.module.attributes_of(function.name):
                if not isinstance(place.ctx, ast.Load):
                    continue
                related, is_class = self.receives(place.value, owner, unit)
                if not related:
                    continue
                found = self.follower(is_code=True).from_expression(place, unit)
                drop = is_class and function.kind not in ("static", "class")
                trail.uses.extend(
                    use._replace(positional=use.positional[1:]) if drop else use for use in found.uses
                )
                trail.lost = trail.lost or found.lost
        self._by_text(function, owner, trail)
        self._in_class_body(function, owner, trail)
        return trail

    def _in_class_body(self, function: FunctionInfo, owner: ClassInfo, trail: Trail) -> None:
        """Follow a method that the body of its class uses by its plain name: ``one = partialmethod(add, 1)``."""
        module = owner.unit.module
        for place in module.names_of(function.name):
            scope = module.scope(place)
            if isinstance(place.ctx, ast.Load) and scope.is_class and scope.node is owner.node:
                found = self.follower(is_code=True).from_expression(place, owner.unit)
                for use in (
                    found.uses
                ):  # an alias is called on the object, too; only a call in the class body passes it
                    is_direct = isinstance(use.node, ast.Call) and use.node.func is place
                    trail.uses.append(use._replace(positional=use.positional[1:]) if is_direct else use)
                trail.lost = trail.lost or found.lost

    def receives(self, receiver: ast.expr, owner: ClassInfo, unit: Unit) -> tuple[bool, bool]:
        """Whether an object may be of a class or a related one, and whether it is the class itself."""
        if receiver.__class__ is ast.Name and receiver.id in ("self", "cls"):
            inside = unit.enclosing(receiver).owner
            if inside is not None:
                return self._are_related(inside, owner), False
        if (
            isinstance(receiver, ast.Call)
            and isinstance(receiver.func, ast.Name)
            and receiver.func.id == "super"
        ):
            inside = unit.enclosing(receiver).owner
            return inside is not None and self._are_related(inside, owner), False
        if receiver.__class__ is ast.Name and self._is_plainly_other(receiver, owner, unit):
            return False, False
        known = self._receivers
        found = known[receiver] if receiver in known else self._received(receiver, unit)
        if not found and isinstance(receiver, ast.Name) and unit is not owner.unit:
            return _is_given(receiver.id, unit), False
        for entry in found:
            if entry.kind in _OF_PROGRAM:
                if self._are_related(entry.class_info, owner):
                    return True, entry.kind is values.CLASS
            else:
                return True, False
        return False, False

    def _is_plainly_other(self, receiver: ast.Name, owner: ClassInfo, unit: Unit) -> bool:
        """Whether an object has nothing to do with a class by its own file alone, where nobody sets what it goes by."""
        told = plain(receiver, unit.module)
        if told is None:
            return False
        if told.library:
            if self._world.may_be_own(told.library, told.library):
                return False
        elif any(
            isinstance(each, ClassInfo) and each.node is told.made_by for each in self._families.family(owner)
        ):
            return False
        return not any(self._is_set(unit, name) for name in told.goes_by)

    def _is_set(self, unit: Unit, name: str) -> bool:
        """Whether something else than its own statements may set a name of a module."""
        known = self._set_names.get((unit, name))
        if known is None:
            questions = self._questions
            outer, questions.needs = questions.needs, 0
            known = bool(self._above.flat.written(unit, name))
            if not questions.needs:
                self._set_names[unit, name] = known
            questions.needs |= outer
        return known

    def _received(self, receiver: ast.expr, unit: Unit) -> list[Type]:
        """Return of the program's classes, and of what nobody knows, what an object may be; asked for each class whose methods it may have."""
        known = self._receivers.get(receiver)
        if known is None:
            questions = self._questions
            outer, questions.needs = questions.needs, 0
            value = self._above.flat.value(receiver, unit)
            known = [entry for entry in values.in_order(value) if entry.kind in _RECEIVING]
            if not questions.needs:
                self._receivers[receiver] = known
            questions.needs |= outer
        return known

    def _are_related(self, first: ClassInfo, second: ClassInfo) -> bool:
        if first is second:
            return True
        family = self._families.family
        return first in family(second) or second in family(first)

    def _by_text(self, function: FunctionInfo, owner: ClassInfo, trail: Trail) -> None:
        """Look for what takes a method by its name in a text: ``getattr``, ``methodcaller``, in whatever file."""
        for word in ("getattr", "methodcaller", "attrgetter"):
            for unit in self._places.units(function.unit, word):
                for call in calls_to(unit.module, word):
                    self._taken_by(word, call, unit, function, owner, trail)

    def _taken_by(
        self, word: str, call: ast.Call, unit: Unit, function: FunctionInfo, owner: ClassInfo, trail: Trail
    ) -> None:
        """Follow a method from a call that may take it by its name."""
        names = call.args[1:2] if word == "getattr" else call.args if word == "attrgetter" else call.args[:1]
        if not any(self._spells(name, function.name, unit) for name in names):
            return
        if word == "getattr":
            if not self.receives(call.args[0], owner, unit)[0]:
                return
            if isinstance(names[0], ast.Constant):
                found = self.follower(is_code=True).from_expression(written(unit.module, call), unit)
                trail.uses.extend(found.uses)
                trail.lost = trail.lost or found.lost
                return
        trail.lost = trail.lost or f"{function.name} is taken by its name in line {call.lineno}"

    def _spells(self, name: ast.expr, word: str, unit: Unit) -> bool:
        """Whether an expression may give a name; of a variable, whether anything may that it is bound to."""
        if not isinstance(name, ast.Name):
            return _may_end_with(name, word)
        found = unit.module.lookup(name.id, unit.module.scope(name))
        if found is None or found[0] is unit.module.scope_of_module:  # others may set it
            return True
        items = self._above.sources.looped(name, unit)
        if items is None:
            items = []
            for binding in unit.module.bindings(name):
                parent = unit.module.parents.get(binding.node)
                if not isinstance(parent, ast.Assign) or binding.node not in parent.targets:
                    return True
                items.append(parent.value)
        return not items or any(_may_end_with(item, word) for item in items)

    def _set(self, function: FunctionInfo, owner: ClassInfo) -> Trail:
        """Return what is assigned to a property."""
        trail = Trail()
        for unit in self._places.units(function.unit, function.name, changing=True):
            for place in unit.module.attributes_of(function.name):
                if not isinstance(place.ctx, ast.Store) or not self.receives(place.value, owner, unit)[0]:
                    continue
                parent = unit.module.parents.get(place)
                if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    trail.uses.append(Use("call", parent, unit, (Passed(parent.value, unit),), result=False))
                else:
                    trail.lost = f"{function.name} is set in line {place.lineno}"
        return trail

    def _special(self, function: FunctionInfo, owner: ClassInfo) -> Trail:
        """Return what a special method is given by the operators, containers and functions that call it."""
        if len(function.parameters) < 2 and not function.node.args.vararg:  # type: ignore[union-attr]  # a definition
            return Trail()
        if function.name not in SPECIAL:
            return Trail(lost=f"{function.name} is called by Python")
        most = Trail(lost=f"{owner.name} leads too far")
        met = self._questions.answer(("met", owner), lambda: self._meetings.of(owner), Trail(), most)
        return self._meetings.given(function, met)

    def _made(self, info: ClassInfo) -> Trail:
        """Return the uses of a class, and the calls in its own methods that make objects of it."""
        trail = self.trail_of(info)
        return Trail([*trail.uses, *self._made_by_own_methods(info)], trail.lost)

    def _companion(self) -> Companion:
        return Companion(self._world, self._above, self._families, self._places, self, is_code=False)


_METHOD_DECORATORS = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "functools.cached_property",
        "functools.wraps",
        "contextlib.contextmanager",
        "contextlib.asynccontextmanager",
        "abc.abstractmethod",
        "typing.override",
        "typing.overload",
        "typing.final",
    }
)
_OF_PROGRAM = (values.INSTANCE, values.CLASS)
_OF_THE_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})  # without a decorator
_RECEIVING = (*_OF_PROGRAM, values.UNKNOWN, values.BOUND)


def _is_given(name: str, unit: Unit) -> bool:
    """Whether a file binds a name nowhere: who runs its text gives it (``run_path(path, {"robot": r})``)."""
    scopes = unit.module.scopes.values()
    return not hasattr(builtins, name) and not any(name in scope.bindings for scope in scopes)


def _may_end_with(node: ast.expr, name: str) -> bool:
    """Whether an expression may give the text of a name, or a path of names with it: ``"shop.half"``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return name in node.value.split(".")
    return may_spell(node, name)
