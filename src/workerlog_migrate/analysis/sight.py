"""What gets out of sight: who calls a function, who writes a name or an attribute, who changes a container.

Input: a thing of the program. Output: the values that reach it, and the place where it got out of sight, if it did: then it may be
anything, and ``reason`` says why (``f is handed to signal.signal in line 31``). ``trails`` follows the things; here
it is decided what their uses mean.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.header import has_main_guard
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.trails import Follower, Passed, Trail, Use
from workerlog_migrate.analysis.values import ANY, BOTTOM, NONE, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.module import Binding
    from workerlog_migrate.knowledge import CallRow

_SITES = 48
_OPERATORS = 400
"""Of more places where a special method may be called by an operator none is looked at: it is called with anything."""
_ORIGINS = 16


class Contents(NamedTuple):
    """What is put into a container beside what it is made with.

    Attributes:
        keys, items: what is put in.
        pairs: items by the literal key under which they are put.
        shrinks: something is taken out.
        lost: where the container gets out of sight.
    """

    keys: Value = BOTTOM
    items: Value = BOTTOM
    pairs: tuple[tuple[object, Value], ...] = ()
    shrinks: bool = False
    lost: str = ""


_UNCHANGED = Contents()
_LOST = Contents(ANY, ANY, (), True, "")


class Sight:
    """Answers for one program; each thing is followed once.

    Args:
        engine: the analysis that this belongs to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reasons: dict[ast.AST, str] = {}
        self._receivers: dict[ast.expr, Value] = {}
        self._texts: dict[Unit, list[tuple[ast.Call, frozenset[str] | None]]] = {}
        self._nodes: dict[tuple[Unit, type[ast.AST]], list[ast.AST]] = {}
        self._patches: set[str] | None = None
        self._tests: dict[Unit, bool] = {}
        self._handed_on: dict[Unit, bool] = {}

    # -- questions ------------------------------------------------------------------------------------------

    def passed(self, function: FunctionInfo, argument: ast.arg) -> Iterator[Value]:
        """Yield what reaches a parameter from outside; unknown where the function gets out of sight."""
        trail = self.trail_of(function)
        if trail.lost:
            self._reasons[argument] = f"{argument.arg} may be anything: {trail.lost}"
            yield ANY
        uses = [use for use in trail.uses if not self.is_test(use.unit)]
        if len(uses) > _SITES:
            self._reasons[argument] = (
                f"{argument.arg} may be anything: {function.name} is called in too many places"
            )
            yield ANY
            return
        arguments = function.node.args  # type: ignore[union-attr]  # only functions have parameters
        for use in uses:
            yield from self._arrives(function, arguments, argument, use)
        for use in [use for use in trail.uses if self.is_test(use.unit)][:_SITES]:
            for value in self._arrives(function, arguments, argument, use):
                yield frozenset(entry for entry in value if not self._is_double(entry))

    def is_test(self, unit: Unit) -> bool:
        """Whether a file belongs to the tests of the program, and the script does not.

        What tests pass counts, since they are to pass after a migration, too. What they put in the place of functions and
        attributes, and the doubles that they pass, are not there when the program runs.
        """
        known = self._tests.get(unit)
        if known is None:
            script = self._engine.unit
            known = _is_of_tests(unit) and not (unit is script or _is_of_tests(script))
            self._tests[unit] = known
        return known

    def _is_double(self, entry: Type) -> bool:
        """Whether what a test passes stands for something else: a mock, a fixture, an instance of a class of the tests."""
        if isinstance(entry.ref, ClassInfo | FunctionInfo):
            return self.is_test(entry.ref.unit)
        return values.is_opaque(entry)

    def is_called(self, function: FunctionInfo) -> bool:
        """Whether something in sight calls a function."""
        return bool(self.trail_of(function).uses)

    def reason(self, node: ast.AST) -> str:
        """Return why a parameter, name or container may be anything; empty when all that reaches it was seen."""
        return self._reasons.get(node, "")

    def reason_in(self, node: ast.AST, unit: Unit) -> str:
        """Return why a parameter that stands in a node may be anything; empty when none got out of sight."""
        if not self._reasons:
            return ""
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and name in unit.module.parents:
                for binding in unit.module.bindings(name):
                    if binding.node in self._reasons:
                        return self._reasons[binding.node]
        return ""

    def trail_of(self, thing: FunctionInfo | ClassInfo) -> Trail:
        """Return the uses of a function, method, lambda or class."""
        most = Trail(lost=f"{thing.name} leads too far")
        return self._engine.flat.answer(("trail", thing), lambda: self._followed(thing), Trail(), most)

    def _followed(self, thing: FunctionInfo | ClassInfo) -> Trail:
        trail = self._class_trail(thing) if isinstance(thing, ClassInfo) else self._function_trail(thing)
        if trail.lost and not trail.lost.startswith(thing.name):
            trail.lost = f"{thing.name}: {trail.lost}"
        return trail

    def filled(self, node: ast.expr, value: Value, unit: Unit) -> Value:
        """Return a container's value with what is put into it later.

        Args:
            node: the expression that makes it: a literal, a comprehension, a call.
            value: what it is made with.
            unit: its file.
        """
        if not any(entry.name in CONTAINERS for entry in value):
            return value
        contents = self.contents(node, unit)
        if contents == _UNCHANGED:
            return value
        is_empty = _is_empty(node)
        return frozenset(
            _with(entry, contents, is_empty) if entry.name in CONTAINERS else entry for entry in value
        )

    def contents(self, node: ast.expr, unit: Unit) -> Contents:
        """Return what is put into the container that an expression makes."""
        return self._engine.flat.answer(
            ("contents", node), lambda: self._contents(node, unit), _UNCHANGED, _LOST
        )

    def _contents(self, node: ast.expr, unit: Unit) -> Contents:
        trail = Follower(self._engine, is_code=False).from_expression(node, unit)
        if trail.lost:
            self._reasons[node] = trail.lost
            return _LOST._replace(lost=trail.lost)
        return self._put_in(trail.uses) if trail.uses else _UNCHANGED

    def is_unchanged(self, node: ast.expr, unit: Unit) -> bool:
        """Whether nobody puts anything into the container that an expression makes, or takes anything out of it."""
        return self.contents(node, unit) == _UNCHANGED

    def literal_items(self, node: ast.expr, unit: Unit) -> list[ast.expr] | None:
        """Return the items of a list, tuple or set that is written out, also through a name, and that nobody changes."""
        sources: list[tuple[ast.expr, Unit]] | None = [(node, unit)]
        if isinstance(node, ast.Name):
            found = unit.module.lookup(node.id, unit.module.scope(node))
            if found is None or (found[0] is unit.module.scope_of_module and self.written(unit, node.id)):
                return None
            sources = self._sources_of_name(node, unit)
        if sources is None or len(sources) != 1:
            return None
        ((made, where),) = sources
        if not isinstance(made, ast.List | ast.Tuple | ast.Set):
            return None
        if any(isinstance(item, ast.Starred) for item in made.elts):
            return None
        return made.elts if isinstance(made, ast.Tuple) or self.is_unchanged(made, where) else None

    def only_argument(self, node: ast.Name, unit: Unit) -> ast.Constant | None:
        """Return the constant that a parameter is in every call, its default included; None for any other name."""
        bindings = unit.module.bindings(node)
        if len(bindings) != 1 or not isinstance(bindings[0].node, ast.arg):
            return None
        sources = self._sources_of_parameter(bindings[0].node, unit) or ()
        first = sources[0][0] if sources else None
        if not isinstance(first, ast.Constant):
            return None
        same = (
            isinstance(source, ast.Constant)
            and type(source.value) is type(first.value)
            and source.value == first.value
            for source, _ in sources
        )
        return first if all(same) else None

    def looped(self, node: ast.expr, unit: Unit) -> list[ast.expr] | None:
        """Return all that a name may be that only loops over written-out items bind; None for any other expression."""
        if not isinstance(node, ast.Name):
            return None
        items: list[ast.expr] = []
        for binding in unit.module.bindings(node):
            loop = unit.module.parents.get(binding.node)
            is_loop = isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension)
            if not is_loop or loop.target is not binding.node:  # type: ignore[union-attr]  # it is one
                return None
            found = self.literal_items(loop.iter, unit)  # type: ignore[union-attr]  # it is one
            if found is None:
                return None
            items += found
        return items or None

    def written(self, unit: Unit, name: str) -> Value:
        """Return what else than its own statements a module's name is set to; the empty value when nothing else sets it."""
        (found,) = self._engine.flat.answer(
            ("written", unit, name), lambda: (values.join(self._name_writes(unit, name)),), (BOTTOM,), (ANY,)
        )
        return found

    def attribute_written(self, info: ClassInfo, name: str) -> Value:
        """Return what is stored in an attribute of a class's instances from elsewhere than its own methods."""
        (found,) = self._engine.flat.answer(
            ("stored", info, name),
            lambda: (values.join(self._attribute_writes(info, name)),),
            (BOTTOM,),
            (ANY,),
        )
        return found

    def writers(self, unit: Unit, word: str) -> tuple[Unit, ...]:
        """Return the files that may set something of a file, without the tests, whose writes are over when the program runs."""
        return tuple(other for other in self.units(unit, word, changing=True) if not self.is_test(other))

    def units(self, unit: Unit, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files in which something of a file may be used under a name, or set as an attribute, itself first."""
        others = self._engine.users_of(unit, word, changing=changing)
        return (unit, *(other for other in others if other is not unit))

    def places_in_others(self, unit: Unit, name: str) -> Iterator[tuple[Unit, ast.expr]]:
        """Yield where other files read a name of a module, as ``module.name`` or under the name that they give it."""
        for other in self.units(unit, name)[1:]:
            module = other.module
            for place in module.attributes_of(name):
                if self.is_module(place.value, unit, other, name):
                    yield other, place
            taken = (
                {name} if any(self._is_of(base, unit, other, name) for base in module.star_imports) else set()
            )
            for scope in module.scopes.values():
                for bound, bindings in scope.bindings.items():
                    for binding in bindings:
                        base, _, last = binding.qualified.rpartition(".")
                        if (
                            binding.kind == "import"
                            and last == name
                            and self._is_of(base or ".", unit, other, name)
                        ):
                            taken.add(bound)
            for word in taken:
                yield from ((other, place) for place in module.names_of(word))

    def is_module(self, node: ast.expr, unit: Unit, beside: Unit, name: str) -> bool:
        """Whether an expression of another file may be a module, or one that passes a name of it on."""
        for entry in self._engine.flat.value(node, beside):
            if entry.name == "unit":
                if entry.ref is unit or (isinstance(entry.ref, Unit) and _passes_on(entry.ref, name)):
                    return True
            elif entry.name == "dotted":
                if str(entry.ref).rpartition(".")[2] == unit.name.rpartition(".")[2]:
                    return True
            elif (entry.name == "any" or (entry.name == "bound" and _may_be_called(entry, unit))) and (
                self._is_handed_on(unit)
            ):
                return True
        return False

    def _is_handed_on(self, unit: Unit) -> bool:
        """Whether a module is used for more than its attributes somewhere, so that an object of unknown type may be it."""
        known = self._handed_on.get(unit)
        if known is None:
            self._handed_on[unit] = True
            name = unit.name.rpartition(".")[2]
            known = any(
                self._hands_on(other, unit, name)
                for other in self.units(unit, name)
                if not self.is_test(other)
            )
            self._handed_on[unit] = known
        return known

    def _hands_on(self, other: Unit, unit: Unit, name: str) -> bool:
        module = other.module
        if any(
            not call.args or _may_name_module(call.args[0], unit, other)
            for call in (*module.calls_of("import_module"), *module.calls_of("__import__"))
        ) or any(_may_take_module(place, unit, other) for place in module.attributes_of("modules")):
            return True
        taken = {
            bound
            for scope in module.scopes.values()
            for bound, bindings in scope.bindings.items()
            if any(binding.kind == "import" and self._means(binding, unit, other) for binding in bindings)
        }
        places: list[ast.Name | ast.Attribute] = [
            *(place for bound in taken for place in module.names_of(bound)),
            *(
                place
                for place in module.attributes_of(name)
                if any(entry.ref is unit for entry in self._engine.flat.value(place, other))
            ),
        ]
        return any(
            isinstance(place.ctx, ast.Load) and not isinstance(module.parents.get(place), ast.Attribute)
            for place in places
        )

    def _means(self, binding: Binding, unit: Unit, other: Unit) -> bool:
        """Whether an import binds a name to a module, or to something that cannot be found and has its name."""
        qualified = binding.qualified
        if qualified.rpartition(".")[2] != unit.name.rpartition(".")[2]:
            return False
        found = self._engine.other_unit(qualified, other)
        if found is not None:
            return found is unit
        base = qualified.rpartition(".")[0]
        return not base or self._engine.other_unit(base, other) is None

    def _is_of(self, base: str, unit: Unit, other: Unit, name: str) -> bool:
        """Whether the name from which another file imports is that of a module, or of one that passes its names on."""
        found = self._engine.other_unit(base, other)
        if found is None:
            return base.rpartition(".")[2] == unit.name.rpartition(".")[2]
        if found is unit:
            return True
        return _passes_on(found, name)

    def row(self, call: ast.Call, unit: Unit) -> CallRow | None:
        """Return the row of what a call calls."""
        knowledge = self._engine.knowledge
        for entry in self._engine.calls.callee(call, self._engine.flat.frame(unit, call)):
            if entry.name == "dotted":
                return knowledge.call(str(entry.ref))
            if entry.name == "bound" and isinstance(entry.ref, tuple) and entry.ref[0] != "*":
                return knowledge.method(entry.ref[0], entry.ref[1])
        return None

    # -- trails ---------------------------------------------------------------------------------------------

    def _function_trail(self, function: FunctionInfo) -> Trail:
        unit, node = function.unit, function.node
        if isinstance(node, ast.Module | ast.ExceptHandler):
            return Trail()
        if isinstance(node, ast.Lambda):
            return Follower(self._engine, is_code=True).from_expression(node, unit)
        owner = function.owner
        if owner is None:
            found = unit.module.lookup(function.name, unit.module.scope(node))
            if found is None:
                return Trail(lost="it is not bound")
            trail = Follower(self._engine, is_code=True).from_name(function.name, found[0], unit)
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
                entry.ref is function or values.is_opaque(entry)
                for entry in self._engine.flat.value(place.value, unit)
            )
            for unit in self.units(function.unit, name)
            for place in unit.module.attributes_of(name)
        )

    def _decorated_by(self, decorator: ast.expr, function: FunctionInfo, trail: Trail) -> None:
        """Follow a function into what decorates it."""
        unit = function.unit
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        for entry in self._engine.flat.value(maker, unit):
            inner = entry.ref
            if entry.name == "dotted":
                row = self._engine.knowledge.call(str(inner))
                if str(inner) not in _METHOD_DECORATORS and (row is None or row.raises):
                    trail.lost = (
                        trail.lost or f"{function.name} is decorated with {inner} in line {decorator.lineno}"
                    )
            elif entry.name == "function" and isinstance(inner, FunctionInfo):
                self._into_decorator(inner, trail, is_made=isinstance(decorator, ast.Call))
            elif entry.name in ("transparent", "type") or (
                isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter")
            ):
                continue
            elif entry.name == "bound" and isinstance(inner, tuple) and inner[0] != "*":
                row = self._engine.knowledge.method(inner[0], inner[1])
                if row is None or row.raises:
                    trail.lost = trail.lost or f"{function.name} is decorated in line {decorator.lineno}"
            else:
                trail.lost = trail.lost or f"{function.name} is decorated in line {decorator.lineno}"

    def _into_decorator(self, maker: FunctionInfo, trail: Trail, *, is_made: bool) -> None:
        makers = [maker]
        if is_made:  # @outer(...): what outer returns is the decorator
            makers = [
                entry.ref
                for entry in self._engine.flat.returns(maker)
                if entry.name == "function" and isinstance(entry.ref, FunctionInfo)
            ]
        for each in makers:
            if not each.parameters or isinstance(each.node, ast.Module | ast.ExceptHandler):
                continue
            scope = each.unit.module.scopes[each.node]
            found = Follower(self._engine, is_code=True).from_name(each.parameters[0].arg, scope, each.unit)
            trail.uses.extend(found.uses)
            trail.lost = trail.lost or found.lost

    def _class_trail(self, info: ClassInfo) -> Trail:
        module = info.unit.module
        found = module.lookup(info.name, module.scope(info.node))
        if found is None:
            return Trail(lost="it is not bound")
        return Follower(self._engine, is_code=True).from_name(info.name, found[0], info.unit)

    def _constructed(self, owner: ClassInfo, name: str) -> Trail:
        """Join the uses of a class, of the heirs that do not construct themselves, and what heirs hand up."""
        trail = Trail()
        for each in (owner, *self._engine.flat.heirs(owner)):
            if each is not owner and self._engine.flat.method(each, name) is not owner.methods.get(name):
                continue
            found = self.trail_of(each)
            trail.uses.extend(use for use in found.uses if use.kind != "decorator")
            trail.lost = trail.lost or found.lost
            trail.uses.extend(self._made_by_class_methods(each))
        for unit in self.units(owner.unit, name):
            for place in unit.module.attributes_of(name):
                call = unit.module.parents.get(place)
                if not isinstance(call, ast.Call) or call.func is not place:
                    continue
                inside = unit.enclosing(call).owner
                if inside is None or (inside is not owner and owner not in self._engine.flat.family(inside)):
                    continue
                is_super = isinstance(place.value, ast.Call)
                positional = call.args if is_super else call.args[1:]
                trail.uses.append(_use_of_call(call, positional, unit))
        return trail

    def _made_by_class_methods(self, info: ClassInfo) -> Iterator[Use]:
        """Yield ``cls(...)`` and ``type(self)(...)`` in the methods of a class."""
        module = info.unit.module
        for call in module.calls_of("cls"):
            if info.unit.enclosing(call).owner is info and isinstance(call.func, ast.Name):
                yield _use_of_call(call, call.args, info.unit)

    def _method_trail(self, function: FunctionInfo, owner: ClassInfo) -> Trail:
        trail = Trail()
        for unit in self.units(function.unit, function.name):
            for place in unit.module.attributes_of(function.name):
                if not isinstance(place.ctx, ast.Load):
                    continue
                related, is_class = self._receives(place.value, owner, unit)
                if not related:
                    continue
                found = Follower(self._engine, is_code=True).from_expression(place, unit)
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
                found = Follower(self._engine, is_code=True).from_expression(place, owner.unit)
                for use in (
                    found.uses
                ):  # an alias is called on the object, too; only a call in the class body passes it
                    is_direct = isinstance(use.node, ast.Call) and use.node.func is place
                    trail.uses.append(use._replace(positional=use.positional[1:]) if is_direct else use)
                trail.lost = trail.lost or found.lost

    def _receives(self, receiver: ast.expr, owner: ClassInfo, unit: Unit) -> tuple[bool, bool]:
        """Whether an object may be of a class or a related one, and whether it is the class itself."""
        if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls"):
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
        for entry in self._received(receiver, unit):
            if entry.name in ("instance", "class") and isinstance(entry.ref, ClassInfo):
                if self._are_related(entry.ref, owner):
                    return True, entry.name == "class"
            elif entry.name in ("any", "bound"):
                return True, False
        return False, False

    def _received(self, receiver: ast.expr, unit: Unit) -> Value:
        """Return what an object may be; asked for each class whose methods it may have."""
        known = self._receivers.get(receiver)
        if known is None:
            flat = self._engine.flat
            outer, flat.cut = flat.cut, flat.NEVER
            known = flat.value(receiver, unit)
            if flat.cut == flat.NEVER:
                self._receivers[receiver] = known
            flat.cut = min(outer, flat.cut)
        return known

    def _are_related(self, first: ClassInfo, second: ClassInfo) -> bool:
        family = self._engine.flat.family
        return first is second or first in family(second) or second in family(first)

    def _by_text(self, function: FunctionInfo, owner: ClassInfo, trail: Trail) -> None:
        """Look for what takes a method by its name in a text: ``getattr``, ``methodcaller``."""
        module = function.unit.module
        for call in (*module.calls_of("getattr"), *module.calls_of("methodcaller")):
            name = (
                call.args[1]
                if len(call.args) > 1 and _last(call.func) == "getattr"
                else call.args[0]
                if call.args
                else None
            )
            if name is None or not _may_spell(name, function.name):
                continue
            if _last(call.func) == "getattr":
                if not self._receives(call.args[0], owner, function.unit)[0]:
                    continue
                if isinstance(name, ast.Constant):
                    found = Follower(self._engine, is_code=True).from_expression(call, function.unit)
                    trail.uses.extend(found.uses)
                    trail.lost = trail.lost or found.lost
                    continue
            trail.lost = trail.lost or f"{function.name} is taken by its name in line {call.lineno}"

    def _set(self, function: FunctionInfo, owner: ClassInfo) -> Trail:
        """Return what is assigned to a property."""
        trail = Trail()
        for unit in self.units(function.unit, function.name, changing=True):
            for place in unit.module.attributes_of(function.name):
                if not isinstance(place.ctx, ast.Store) or not self._receives(place.value, owner, unit)[0]:
                    continue
                parent = unit.module.parents.get(place)
                if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    trail.uses.append(Use("call", parent, unit, (Passed(parent.value, unit),), result=False))
                else:
                    trail.lost = f"{function.name} is set in line {place.lineno}"
        return trail

    def _special(self, function: FunctionInfo, owner: ClassInfo) -> Trail:
        """Return what a special method is given by the operators that call it."""
        trail = Trail()
        kind = _ASKED_BY.get(function.name)
        if len(function.parameters) < 2 and not function.node.args.vararg:  # type: ignore[union-attr]  # a definition
            return trail
        if kind is None:
            trail.lost = f"{function.name} is called by Python"
            return trail
        units = self.units(function.unit, owner.name)
        if sum(len(self._all(unit, kind)) for unit in units) > _OPERATORS:
            trail.lost = f"{function.name} may be called in too many places"
            return trail
        for unit in units:
            for node in self._all(unit, kind):
                receiver, given = _operands(node, function.name)
                if receiver is not None and self._receives(receiver, owner, unit)[0]:
                    trail.uses.append(Use("call", node, unit, tuple(Passed(each, unit) for each in given)))
                    if isinstance(node, ast.Call):
                        trail.uses[-1] = _use_of_call(node, node.args, unit)
        return trail

    def _all(self, unit: Unit, kind: type[ast.AST]) -> list[ast.AST]:
        """Return all nodes of a kind in a file; most files are never asked."""
        key = (unit, kind)
        if key not in self._nodes:
            self._nodes[key] = [node for node in ast.walk(unit.module.tree) if isinstance(node, kind)]
        return self._nodes[key]

    # -- what arrives ---------------------------------------------------------------------------------------

    def _arrives(
        self, function: FunctionInfo, arguments: ast.arguments, argument: ast.arg, use: Use
    ) -> Iterator[Value]:
        """Yield what one use passes for a parameter."""
        parameters = function.parameters
        if function.owner is not None and function.kind != "static":
            parameters = parameters[1:]
        if argument is arguments.vararg:
            for passed in (*use.positional[len(parameters) :], *use.rest):
                yield self._value(passed)
            return
        if argument is arguments.kwarg:
            known = {each.arg for each in (*parameters, *arguments.kwonlyargs)}
            for name, passed in use.keywords:
                if name not in known:
                    yield self._value(passed)
            for passed in use.mapping:
                yield self._value(passed)
            return
        for name, passed in use.keywords:
            if name == argument.arg:
                yield self._value(passed)
                return
        index = next((at for at, entry in enumerate(parameters) if entry is argument), -1)
        if 0 <= index < len(use.positional):
            yield self._value(use.positional[index])
            return
        if index >= 0:
            for passed in use.rest:
                yield self._value(passed)
        for passed in use.mapping:
            yield self._item(passed, argument.arg)

    def _value(self, passed: Passed) -> Value:
        node, unit, part = passed
        if isinstance(node, ast.stmt):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                return values.one("function", ref=unit.function(node))
            assert isinstance(node, ast.ClassDef)
            return values.one("class", ref=unit.class_info(node))
        if part.startswith("type:"):
            return values.parse(part.removeprefix("type:"))
        value = self._engine.flat.value(node, unit)
        if part == "result":
            return values.join(
                self._engine.flat.returns(entry.ref) if isinstance(entry.ref, FunctionInfo) else ANY
                for entry in value
            )
        if part == "element":
            return self._engine.expressions.element(value, unit)
        if part.startswith("part:"):
            whole = self._engine.expressions.element(value, unit)
            at = int(part.removeprefix("part:"))
            fitting = frozenset(
                entry for entry in whole if entry.name != "tuple" or entry.ref or len(entry.args) > at
            )
            return values.join(
                self._engine.expressions.item(frozenset({entry}), at, len(entry.args)) for entry in fitting
            )
        if part == "value":
            return self._engine.expressions._dict_values(value)
        return value

    def _item(self, passed: Passed, key: str) -> Value:
        """Return what a mapping that is unpacked gives for a name."""
        assert isinstance(passed.node, ast.expr)
        found: list[Value] = []
        for entry in self._engine.flat.value(passed.node, passed.unit):
            if entry.name == "dict" and isinstance(entry.ref, tuple):
                found.extend(
                    value if isinstance(value, frozenset) else ANY for name, value in entry.ref if name == key
                )
            else:
                found.append(self._engine.expressions._dict_values(frozenset({entry})))
        return values.join(found)

    # -- containers -----------------------------------------------------------------------------------------

    def origins(self, node: ast.expr, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        """Return the expressions that make the container that an expression gives; None when they are not all seen."""
        found: list[tuple[ast.expr, Unit]] = []
        work: list[tuple[ast.expr, Unit]] = [(node, unit)]
        seen: set[ast.AST] = set()
        while work:
            current, where = work.pop()
            if current in seen:
                continue
            seen.add(current)
            if len(seen) > _ORIGINS:
                return None
            match current:
                case (
                    ast.List()
                    | ast.Dict()
                    | ast.Set()
                    | ast.ListComp()
                    | ast.DictComp()
                    | ast.SetComp()
                    | ast.Call()
                    | ast.BinOp()
                ):
                    found.append((current, where))
                case ast.Constant():
                    continue
                case ast.IfExp(body=body, orelse=other):
                    work += [(body, where), (other, where)]
                case ast.BoolOp(values=parts):
                    work += [(part, where) for part in parts]
                case ast.Name():
                    sources = self._sources_of_name(current, where)
                    if sources is None:
                        return None
                    work += sources
                case ast.Attribute():
                    sources = self._sources_in_module(current, where)
                    sources = sources or self._sources_of_attribute(current, where)
                    if not sources:
                        return None
                    work += sources
                case _:
                    return None
        return found or None

    def _sources_of_name(self, node: ast.Name, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        found: list[tuple[ast.expr, Unit]] = []
        module = unit.module
        for binding in module.bindings(node):
            parent = module.parents.get(binding.node)
            if binding.kind == "parameter" and isinstance(binding.node, ast.arg):
                sources = self._sources_of_parameter(binding.node, unit)
                if sources is None:
                    return None
                found += sources
            elif isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr) and parent.value is not None:
                if isinstance(parent, ast.Assign) and binding.node not in parent.targets:
                    return None
                found.append((parent.value, unit))
            elif binding.kind not in ("augment", "delete", "annotation"):
                return None
        return found or None

    def _sources_of_parameter(self, argument: ast.arg, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        function = unit.function(unit.module.parents[unit.module.parents[argument]])
        trail = self.trail_of(function)
        if trail.lost:
            return None
        parameters = function.parameters
        if function.owner is not None and function.kind != "static":
            parameters = parameters[1:]
        index = next((at for at, entry in enumerate(parameters) if entry is argument), -1)
        default = self._engine.flat.default_of(function, argument)
        found: list[tuple[ast.expr, Unit]] = [] if default is None else [(default, unit)]
        for use in trail.uses:
            passed = dict(use.keywords).get(argument.arg)
            if passed is None and 0 <= index < len(use.positional):
                passed = use.positional[index]
            if passed is None:
                if use.rest or use.mapping:
                    return None
                continue
            if passed.part or not isinstance(passed.node, ast.expr):
                return None
            found.append((passed.node, passed.unit))
        return found

    def _sources_in_module(self, node: ast.Attribute, unit: Unit) -> list[tuple[ast.expr, Unit]]:
        """Return what a name of another module is bound to, ``hooks.HOOKS``."""
        found: list[tuple[ast.expr, Unit]] = []
        for entry in self._engine.flat.value(node.value, unit):
            if not isinstance(entry.ref, Unit):
                continue
            module = entry.ref.module
            for binding in module.scope_of_module.bindings.get(node.attr, ()):
                parent = module.parents.get(binding.node)
                if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    found.append((parent.value, entry.ref))
        return found

    def _sources_of_attribute(self, node: ast.Attribute, unit: Unit) -> list[tuple[ast.expr, Unit]]:
        found: list[tuple[ast.expr, Unit]] = []
        for other in self.units(unit, node.attr):
            module = other.module
            for place in module.attributes_of(node.attr):
                parent = module.parents.get(place)
                if not isinstance(place.ctx, ast.Store):
                    continue
                if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    found.append((parent.value, other))
            for definition in module.classes:
                value = other.class_info(definition).values.get(node.attr)
                if value is not None:
                    found.append((value, other))
        return found

    def _put_in(self, uses: Iterable[Use]) -> Contents:
        keys: list[Value] = []
        items: list[Value] = []
        pairs: list[tuple[object, Value]] = []
        shrinks = False
        lost = ""
        for use in uses:
            match use.kind:
                case "method" | "handed":
                    shrinks = self._by_method(use, keys, items, pairs) or shrinks
                    if use.kind == "method" and use.name not in _HARMLESS and use.name not in _CHANGING:
                        lost = lost or f"{use.name} of it is called in line {getattr(use.node, 'lineno', 0)}"
                case "store":
                    self._by_store(use, keys, items, pairs)
                case "delete":
                    shrinks = True
                case "augment":
                    shrinks = self._by_augment(use, keys, items, pairs) or shrinks
                case "row":
                    shrinks = self._by_row(use, items) or shrinks
        if lost:
            return _LOST._replace(lost=lost)
        if not (keys or items or pairs or shrinks):
            return _UNCHANGED
        return Contents(values.join(keys), values.join(items), tuple(pairs), shrinks)

    def _by_method(
        self, use: Use, keys: list[Value], items: list[Value], pairs: list[tuple[object, Value]]
    ) -> bool:
        """Add what a method puts in; whether it takes something out."""
        given = use.positional
        match use.name:
            case "append" | "appendleft" | "add" | "__add__":
                items.extend(_plain(self._value(each), each) for each in (*given[:1], *use.rest))
                return False
            case "insert":
                items.extend(_plain(self._value(each), each) for each in given[1:2])
                return False
            case "extend" | "extendleft":
                items.extend(self._value(each._replace(part="element")) for each in given)
                return False
            case "setdefault":
                self._pair(
                    given[0].node if given else None,
                    given[0].unit if given else None,
                    NONE if len(given) < 2 else self._value(given[1]),
                    keys,
                    items,
                    pairs,
                )
                return False
            case "update" | "__ior__" | "subtract":
                for name, passed in use.keywords:
                    keys.append(values.STR)
                    items.append(self._value(passed))
                    pairs.append((name, self._value(passed)))
                for passed in given:
                    self._merge(self._value(passed), passed.unit, keys, items, pairs)
                return False
        return use.name in _SHRINKING

    def _merge(
        self,
        value: Value,
        unit: Unit,
        keys: list[Value],
        items: list[Value],
        pairs: list[tuple[object, Value]],
    ) -> None:
        """Add what is in another container."""
        for entry in value:
            if entry.name == "dict" and len(entry.args) > 1:
                keys.append(entry.args[0])
                items.append(entry.args[1])
                literal = entry.ref if isinstance(entry.ref, tuple) else ((None, entry.args[1]),)
                pairs.extend((name, made if isinstance(made, frozenset) else ANY) for name, made in literal)
            else:
                element = self._engine.expressions.element(frozenset({entry}), unit)
                keys.append(element)
                items.append(element)
                pairs.append((None, ANY if entry.name in ("any", "bound", "list") else element))

    def _by_store(
        self, use: Use, keys: list[Value], items: list[Value], pairs: list[tuple[object, Value]]
    ) -> None:
        target, unit = use.node, use.unit
        assert isinstance(target, ast.Subscript)
        parent = unit.module.parents.get(target)
        flat = self._engine.flat
        if isinstance(target.slice, ast.Slice):
            if isinstance(parent, ast.Assign):
                items.append(self._engine.expressions.element(flat.value(parent.value, unit), unit))
            else:
                items.append(ANY)
            return
        if isinstance(parent, ast.AugAssign):
            value = _of_same_kind(flat.value(parent.value, unit))
        else:
            value = flat.target(target, unit)
        self._pair(target.slice, unit, value, keys, items, pairs)

    def _pair(
        self,
        key: ast.AST | None,
        unit: Unit | None,
        value: Value,
        keys: list[Value],
        items: list[Value],
        pairs: list[tuple[object, Value]],
    ) -> None:
        if isinstance(key, ast.expr) and unit is not None:
            keys.append(self._engine.flat.value(key, unit))
        items.append(value)
        pairs.append((key.value if isinstance(key, ast.Constant) else None, value))

    def _by_augment(
        self, use: Use, keys: list[Value], items: list[Value], pairs: list[tuple[object, Value]]
    ) -> bool:
        node, unit = use.node, use.unit
        assert isinstance(node, ast.AugAssign)
        if isinstance(node.op, ast.Add | ast.BitOr | ast.BitXor):
            self._merge(self._engine.flat.value(node.value, unit), unit, keys, items, pairs)
            return False
        return True

    def _by_row(self, use: Use, items: list[Value]) -> bool:
        """Add what a function of the library puts into a container that it is given."""
        call = use.node
        if use.name not in _CHANGING_ROWS or not isinstance(call, ast.Call):
            return use.name in _SHRINKING_ROWS
        items.extend(self._engine.flat.value(each, use.unit) for each in call.args[1:2])
        return False

    # -- names of a module ----------------------------------------------------------------------------------

    def sent(self, function: FunctionInfo) -> Value:
        """Return what a ``yield`` of a generator gives: what is sent to it, None where it is only iterated over."""
        if not function.facts.is_generator:
            return ANY
        return self._engine.flat.ask(
            ("sent", function), lambda: values.join([NONE, *self._sendings(function)])
        )

    def _sendings(self, function: FunctionInfo) -> Iterator[Value]:
        if self.trail_of(function).lost:
            yield ANY
        for name in ("send", "asend"):
            for unit in self.units(function.unit, name):
                for place in unit.module.attributes_of(name):
                    receiver = self._engine.flat.value(place.value, unit)
                    if any(entry.ref is function or entry.name in ("any", "bound") for entry in receiver):
                        call = unit.module.parents.get(place)
                        is_call = isinstance(call, ast.Call) and call.func is place and call.args
                        yield self._engine.flat.value(call.args[0], unit) if is_call else ANY  # type: ignore[union-attr]  # a call

    def _name_writes(self, unit: Unit, name: str) -> Iterator[Value]:
        module = unit.module
        for call in (*module.calls_of("globals"), *module.calls_of("vars"), *module.calls_of("locals")):
            if call.args or not isinstance(call.func, ast.Name):
                continue
            if call.func.id != "globals" and module.function(call) is not None:
                continue
            yield from self._through_table(call, unit, name)
        for call, stored in self._run_texts(unit):
            if stored is None or name in stored:
                self._reasons.setdefault(
                    call, f"{name} may be set by {_last(call.func)} in line {call.lineno}"
                )
                yield ANY
        for place in module.attributes_of(name):
            if not isinstance(place.ctx, ast.Load) and _is_this_module(place.value):
                yield self._engine.flat.target(place, unit) if isinstance(place.ctx, ast.Store) else ANY
        yield from self._written_by_others(unit, name)
        for binding in module.scope_of_module.bindings.get(name, ()):
            if binding.kind == "delete" and module.function(binding.node) is not None:
                yield ANY
        for call in module.calls_of("setattr"):
            if (
                call.args
                and _is_this_module(call.args[0])
                and len(call.args) > 2
                and _may_spell(call.args[1], name)
            ):
                yield self._engine.flat.value(call.args[2], unit)

    def _written_by_others(self, unit: Unit, name: str) -> Iterator[Value]:
        """Yield what other files set a name of a module to."""
        for other in self.writers(unit, name)[1:]:
            for place in other.module.attributes_of(name):
                if not isinstance(place.ctx, ast.Load) and self.is_module(place.value, unit, other, name):
                    is_store = isinstance(place.ctx, ast.Store)
                    yield self._engine.flat.target(place, other) if is_store else ANY
            for call in other.module.calls_of("setattr"):
                is_of_name = len(call.args) > 2 and _may_spell(call.args[1], name)
                if is_of_name and self.is_module(call.args[0], unit, other, name):
                    yield self._engine.flat.value(call.args[2], other)

    def _through_table(self, call: ast.Call, unit: Unit, name: str) -> Iterator[Value]:
        """Yield what is stored through ``globals()``."""
        module = unit.module
        parent = module.parents.get(call)
        match parent:
            case ast.Subscript(slice=key) if parent.value is call:
                if isinstance(parent.ctx, ast.Store) and _may_spell(key, name):
                    yield self._engine.flat.target(parent, unit)
                elif isinstance(parent.ctx, ast.Del) and _may_spell(key, name):
                    yield ANY
            case ast.Attribute(attr=attr):
                outer = module.parents.get(parent)
                if attr == "update" and isinstance(outer, ast.Call) and not outer.args:
                    for word in outer.keywords:
                        if word.arg is None or word.arg == name:
                            yield self._engine.flat.value(word.value, unit) if word.arg else ANY
                elif attr not in _READING_TABLES:
                    yield ANY
            case ast.Compare() | ast.Expr() | ast.For() | ast.comprehension() | ast.FormattedValue():
                return
            case ast.Call(func=ast.Name(id=reader)) if reader in _TABLE_READERS:
                return
            case _:
                yield ANY

    def _run_texts(self, unit: Unit) -> list[tuple[ast.Call, frozenset[str] | None]]:
        """Return the calls of ``exec`` and ``eval`` with the names that their text stores or takes; None: any."""
        known = self._texts.get(unit)
        if known is None:
            known = self._texts[unit] = []
            for name in ("exec", "eval"):
                for call in unit.module.calls_of(name):
                    if (
                        isinstance(call.func, ast.Name)
                        and call.args
                        and len(call.args) == 1
                        and not call.keywords
                    ):
                        known.append((call, _stored_in(call.args[0])))
        return known

    def lose_module_name(self, follower: Follower, unit: Unit, name: str) -> None:
        """Say where what a module's name is bound to may be taken by its name in a text."""
        module = unit.module
        for call in (*module.calls_of("exec"), *module.calls_of("eval")):
            if isinstance(call.func, ast.Name) and call.args and _may_mention(call.args[0], name):
                follower.lose(f"{name} may be used by {call.func.id} in line {call.lineno}")
                return
        for call in module.calls_of("globals"):
            parent = module.parents.get(call)
            if isinstance(parent, ast.Subscript) and parent.value is call:
                if isinstance(parent.ctx, ast.Load) and _may_spell(parent.slice, name):
                    if isinstance(parent.slice, ast.Constant):
                        follower._push(parent, unit, 0, ())
                    else:
                        follower.lose(f"{name} may be taken from globals() in line {call.lineno}")
            elif isinstance(parent, ast.Attribute) and parent.attr == "get":
                outer = module.parents.get(parent)
                if isinstance(outer, ast.Call) and outer.args and _may_spell(outer.args[0], name):
                    follower._push(outer, unit, 0, ())
            elif isinstance(parent, ast.Attribute) and parent.attr in ("values", "items"):
                follower.lose(f"{name} may be taken from globals() in line {call.lineno}")

    # -- attributes -----------------------------------------------------------------------------------------

    def _attribute_writes(self, info: ClassInfo, name: str) -> Iterator[Value]:
        own = {
            place
            for owner in self._engine.flat.family(info)
            if isinstance(owner, ClassInfo)
            for place in owner.stores.get(name, ())
        }
        is_method = isinstance(self._engine.flat.method(info, name), FunctionInfo)
        for unit in self.writers(info.unit, name):
            module = unit.module
            for place in module.attributes_of(name):
                if isinstance(place.ctx, ast.Load) or place in own:
                    continue
                if not self._receives(place.value, info, unit)[0]:
                    continue
                if isinstance(place.ctx, ast.Del):
                    self._reasons.setdefault(info.node, f"{name} is deleted in line {place.lineno}")
                    yield ANY
                else:
                    yield self._engine.flat.target(place, unit)
            for call in (*module.calls_of("setattr"), *module.calls_of("delattr")):
                if len(call.args) < 2 or not _may_spell(call.args[1], name):
                    continue
                if is_method and not isinstance(call.args[1], ast.Constant):
                    found = self._engine.flat.value(call.args[0], unit)
                    if not any(isinstance(entry.ref, ClassInfo) for entry in found):
                        continue  # fields of something unknown are filled by their names, no methods replaced
                if self._receives(call.args[0], info, unit)[0]:
                    is_known = isinstance(call.args[1], ast.Constant) and len(call.args) > 2
                    yield self._engine.flat.value(call.args[2], unit) if is_known else ANY
        yield from self._given_to_fields(info, name)
        for unit in dict.fromkeys((*self.units(info.unit, "__dict__"), *self.units(info.unit, "vars"))):
            if self.is_test(unit):
                continue
            yield from self._through_dict(info, name, unit)

    def _given_to_fields(self, info: ClassInfo, name: str) -> Iterator[Value]:
        """Yield what the made-up constructor of a data class or named tuple is given that its annotation does not say."""
        flat = self._engine.flat
        family = [owner for owner in reversed(flat.family(info)) if isinstance(owner, ClassInfo)]
        fields = [field for owner in family for field in owner.annotations]
        owner = next((each for each in family if name in each.annotations), None)
        if owner is None or isinstance(flat.method(info, "__init__"), FunctionInfo):
            return
        declared = flat.annotation(owner.annotations[name], owner.unit)
        at = fields.index(name)
        for use in self.trail_of(info).uses:
            passed = dict(use.keywords).get(name)
            if passed is None and at < len(use.positional):
                passed = use.positional[at]
            if passed is not None and use.kind == "call":
                yield values.contradicting(declared, self._value(passed))

    def patched(self, dotted: str) -> bool:
        """Whether the script, or a file that uses it, puts something else in the place of a library's or builtin function."""
        if self._patches is None:
            self._patches = set()
            unit = self._engine.unit
            for other in self.writers(unit, ""):
                for place in other.module.attributes:
                    if isinstance(place.ctx, ast.Store):
                        name = other.module.qualified(place)
                        if name is not None:
                            self._patches.add(name.removeprefix(f"{unit.name}."))
        return dotted in self._patches

    def _through_dict(self, info: ClassInfo, name: str, unit: Unit) -> Iterator[Value]:
        """Yield what is stored through ``vars(x)`` and ``x.__dict__``."""
        module = unit.module
        tables: list[tuple[ast.expr, ast.expr]] = [
            (call, call.args[0]) for call in module.calls_of("vars") if len(call.args) == 1
        ]
        tables += [(place, place.value) for place in module.attributes_of("__dict__")]
        for table, thing in tables:
            parent = module.parents.get(table)
            if isinstance(parent, ast.Subscript) and (
                isinstance(parent.ctx, ast.Load) or not _may_spell(parent.slice, name)
            ):
                continue
            if isinstance(parent, ast.Attribute) and parent.attr in _READING_TABLES:
                continue
            if isinstance(parent, ast.Compare | ast.For | ast.comprehension | ast.FormattedValue | ast.Expr):
                continue
            if isinstance(parent, ast.Call) and _last(parent.func) in _TABLE_READERS:
                continue
            if isinstance(parent, ast.keyword | ast.Dict) and getattr(parent, "arg", None) is None:
                continue  # ** reads it
            if self._receives(thing, info, unit)[0]:
                yield ANY


def _may_be_called(entry: Type, unit: Unit) -> bool:
    """Whether an attribute of something unknown has the name of a module, or is of something known."""
    return not isinstance(entry.ref, tuple) or entry.ref[1] == unit.name.rpartition(".")[2]


def _may_name_module(node: ast.expr, unit: Unit, other: Unit) -> bool:
    """Whether a text may be the name of a module: ``"pkg.x"``, ``f"plugins.{name}"``, ``__name__``."""
    match node:
        case ast.Constant(value=str(text)):
            return text.rpartition(".")[2] == unit.name.rpartition(".")[2]
        case ast.Name(id="__name__"):
            return other is unit
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return unit.name.startswith(text.lstrip("."))
    return True


def _may_take_module(place: ast.Attribute, unit: Unit, other: Unit) -> bool:
    """Whether ``sys.modules`` may give a module where it stands."""
    parents = other.module.parents
    match parents.get(place):
        case ast.Compare():
            return False
        case ast.Subscript(slice=key):
            return _may_name_module(key, unit, other)
        case ast.Attribute(attr="get" | "pop" | "setdefault") as method:
            call = parents.get(method)
            return (
                not isinstance(call, ast.Call) or not call.args or _may_name_module(call.args[0], unit, other)
            )
    return True


def _is_of_tests(unit: Unit) -> bool:
    """Whether a file is one of tests by its name or folder and what it imports or defines."""
    path = unit.module.source.path
    is_named = path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
    if not is_named and not _TEST_FOLDERS & set(path.parts):
        return False
    if path.name == "conftest.py" or any(map(unit.imports_any_of, _TEST_LIBRARIES)):
        return True
    functions = unit.module.functions
    return any(function.name.startswith("test_") for function in functions) and not (
        has_main_guard(unit.module)
    )


_TEST_FOLDERS = frozenset({"tests", "test"})
_TEST_LIBRARIES = ("pytest", "unittest")
CONTAINERS = frozenset(
    {
        "list",
        "dict",
        "set",
        "collections.deque",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
    }
)
_HARMLESS = frozenset(
    "get keys values items copy index count sort reverse most_common elements total __len__ __contains__ __iter__ rotate union"  # noqa: SIM905  # a list of words
    " intersection difference symmetric_difference issubset issuperset isdisjoint move_to_end fromkeys join append".split()
)
_SHRINKING = frozenset(
    "pop popitem popleft clear remove discard difference_update intersection_update symmetric_difference_update __delitem__".split()  # noqa: SIM905  # a list of words
)
_CHANGING = frozenset(
    {
        "append",
        "appendleft",
        "add",
        "insert",
        "extend",
        "extendleft",
        "setdefault",
        "update",
        "subtract",
        "__ior__",
        "__add__",
        *_SHRINKING,
    }
)
_CHANGING_ROWS = frozenset(
    {
        "heapq.heappush",
        "bisect.insort",
        "bisect.insort_left",
        "bisect.insort_right",
        "heapq.heapreplace",
        "heapq.heappushpop",
    }
)
_SHRINKING_ROWS = frozenset({"heapq.heappop"})
_READING_TABLES = frozenset({"get", "keys", "values", "items", "copy", "__contains__"})
_TABLE_READERS = frozenset(
    {"len", "print", "dict", "sorted", "list", "repr", "str", "exec", "eval", "bool", "set", "dumps"}
)
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
_ASKED_BY: dict[str, type[ast.AST]] = {
    "__call__": ast.Call,
    "__getitem__": ast.Subscript,
    "__setitem__": ast.Subscript,
    "__delitem__": ast.Subscript,
    **dict.fromkeys(
        ("__add__", "__sub__", "__mul__", "__truediv__", "__floordiv__", "__mod__", "__or__", "__and__"),
        ast.BinOp,
    ),
    **dict.fromkeys(("__radd__", "__rsub__", "__rmul__", "__rtruediv__"), ast.BinOp),
    **dict.fromkeys(("__eq__", "__lt__", "__le__", "__gt__", "__ge__", "__ne__"), ast.Compare),
    "__contains__": ast.Compare,
}


def _passes_on(unit: Unit, name: str) -> bool:
    """Whether a module has a name from another one."""
    bindings = unit.module.scope_of_module.bindings.get(name, ())
    imported = any(binding.kind == "import" for binding in bindings)
    return imported or (not bindings and bool(unit.module.star_imports))


def _operands(node: ast.AST, name: str) -> tuple[ast.expr | None, tuple[ast.expr, ...]]:
    """Return the object whose special method an operator calls, and what it gives to it."""
    match node:
        case ast.Call(func=function, args=args):
            return function, tuple(args)
        case ast.Subscript(value=value, slice=key):
            return value, (key,)
        case ast.BinOp(left=left, right=right):
            return (right, (left,)) if name.startswith("__r") else (left, (right,))
        case ast.Compare(left=left, comparators=[right]):
            return (right, (left,)) if name == "__contains__" else (left, (right,))
    return None, ()


def _use_of_call(call: ast.Call, positional: list[ast.expr], unit: Unit) -> Use:
    plain: list[Passed] = []
    rest: list[Passed] = []
    for entry in positional:
        if isinstance(entry, ast.Starred):
            rest.append(Passed(entry.value, unit, "element"))
        elif rest:
            rest.append(Passed(entry, unit))
        else:
            plain.append(Passed(entry, unit))
    keywords = tuple((word.arg, Passed(word.value, unit)) for word in call.keywords if word.arg)
    mapping = tuple(Passed(word.value, unit) for word in call.keywords if not word.arg)
    return Use("call", call, unit, tuple(plain), keywords, tuple(rest), mapping)


def _with(entry: Type, contents: Contents, is_empty: bool) -> Type:
    """Put into a container's type what is put into it."""
    if (
        entry.name in ("dict", "collections.defaultdict", "collections.OrderedDict", "collections.Counter")
        and len(entry.args) > 1
    ):
        keys, items = entry.args[0], entry.args[1]
        made = (_joined(keys, contents.keys, is_empty), _joined(items, contents.items, is_empty))
        return Type(entry.name, made, _literal(entry.ref, contents))
    if not entry.args:
        return entry
    return Type(entry.name, (_joined(entry.args[0], contents.items, is_empty), *entry.args[1:]), entry.ref)


def _joined(before: Value, added: Value, is_empty: bool) -> Value:
    if not added:
        return before
    return added if is_empty and before == ANY else values.join((before, added))


def _literal(ref: object, contents: Contents) -> object:
    """Return what is still known of the keys of a literal."""
    if not isinstance(ref, tuple) or contents.shrinks or contents.lost:
        return None
    anywhere = values.join(value for key, value in contents.pairs if key is None)
    found: list[tuple[object, object]] = []
    for key, value in ref:
        added = values.join(
            [anywhere, *(made for name, made in contents.pairs if name == key and name is not None)]
        )
        found.append(
            (
                key,
                values.join((value if isinstance(value, frozenset) else ANY, added))
                if contents.pairs
                else value,
            )
        )
    return tuple(found)


def _plain(value: Value, passed: Passed) -> Value:
    """Leave out None where a guard around the call nearly always keeps it out: it would be no evidence."""
    if isinstance(passed.node, ast.Constant | ast.IfExp):
        return value
    return values.without_none(value) or value


def _of_same_kind(value: Value) -> Value:
    """Return what an item is after something was added to it in place: numbers stay numbers, texts texts."""
    kept = values.without_none(value)  # adding None fails
    return kept if values.names(kept) <= {"int", "float", "str", "list", "json"} else ANY


def _is_empty(node: ast.expr) -> bool:
    match node:
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(args=[]):
            return True
        case ast.Call(func=function) if _last(function) == "defaultdict":
            return True
    return False


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _may_spell(node: ast.expr, name: str) -> bool:
    """Whether an expression may give the text of a name."""
    match node:
        case ast.Constant(value=value):
            return value == name
        case (
            ast.JoinedStr(values=[ast.Constant(value=str(start)), *_])
            | ast.BinOp(left=ast.Constant(value=str(start)), op=ast.Add() | ast.Mod())
        ):
            return name.startswith(start.partition("%")[0])
    return True


def _is_this_module(node: ast.expr) -> bool:
    """Whether an expression is ``sys.modules[__name__]``."""
    return isinstance(node, ast.Subscript) and _last(node.value) == "modules"


def _stored_in(node: ast.expr) -> frozenset[str] | None:
    """Return the names that a program text stores; None when it is not written there."""
    if isinstance(node, ast.Call) and _last(node.func) == "compile" and node.args:
        node = node.args[0]
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    try:
        tree = ast.parse(node.value)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(
        name.id
        for name in ast.walk(tree)
        if isinstance(name, ast.Name) and not isinstance(name.ctx, ast.Load)
    )


def _may_mention(node: ast.expr, name: str) -> bool:
    """Whether a program text may use a name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.search(rf"\b{re.escape(name)}\b", node.value) is not None
    return (
        not isinstance(node, ast.Call)
        or _last(node.func) != "compile"
        or not node.args
        or _may_mention(node.args[0], name)
    )
