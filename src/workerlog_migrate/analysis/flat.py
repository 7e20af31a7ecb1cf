"""What a name, an attribute of ``self``, a parameter or a result can ever be, whatever the order of events.

Input: places in a ``Unit``. Output: a ``Value`` joined over all bindings. Queries are memoised; cycles (a variable
that depends on itself) are cut at the value found so far and repeated until it holds; a result that depended on an
unfinished query is not remembered, so that answers do not depend on who asked first. Depth and work are bounded:
beyond the bounds a value is unknown.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.captures import captured
from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.frames import SILENT, Frame, at
from workerlog_migrate.analysis.header import runtime_name
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.values import ANY, BOTTOM, NONE, Type, Value
from workerlog_migrate.syntax.blocks import always_leaves
from workerlog_migrate.syntax.literals import is_none
from workerlog_migrate.syntax.names import BUILTINS
from workerlog_migrate.syntax.stars import gives_away, may_hide, may_withhold, stars_after

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.annotations import Annotations
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.parameters import Parameters
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.replacements import Replacements
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.writes import Writes
    from workerlog_migrate.syntax.scopes import Binding, Scope

_CALL_SITES = 48


class FlowInsensitive:
    """Flow-insensitive answers.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        questions: Questions,
        families: Families,
        elements: Elements,
        annotations: Annotations,
        callers: Callers,
        writes: Writes,
        parameters: Parameters,
        replacements: Replacements,
    ) -> None:
        self._world = world
        self._above = above
        self._effects = effects
        self._questions = questions
        self._families = families
        self._elements = elements
        self._annotations = annotations
        self._callers = callers
        self._writes = writes
        self.written = writes.written
        self._parameters = parameters
        self._replacements = replacements
        self._importing = questions.importing
        self._bound: dict[tuple[Scope, str], Value] = {}

    def value(self, node: ast.expr, unit: Unit) -> Value:
        """Return what an expression can be, whatever came before it."""
        evaluated = self._above.expressions.value
        return self._questions.keep(node, lambda node, unit: evaluated(node, at(unit, node)), node, unit)

    def callee(self, call: ast.Call, unit: Unit) -> Value:
        """Return what a call may call, whatever came before it."""
        called = self._above.calls.callee
        return self._questions.keep(
            ("callee", call), lambda call, unit: called(call, at(unit, call)), call, unit
        )

    def frame(self, unit: Unit, node: ast.AST) -> Frame:
        """Make a flat frame at a node."""
        return Frame(unit.enclosing(node), None, SILENT)

    def name(self, name: str, node: ast.AST, unit: Unit) -> Value:
        """Return what a name can be as seen from a node: a variable, an import, a builtin."""
        found = unit.module.lookup(name, unit.module.scope(node))
        if found is None:
            starred = self.starred(name, unit)
            if starred is not None:
                return starred
            placed = self._replacements.value(name)
            if name not in BUILTINS:
                return placed or ANY
            return values.dotted(name) | placed if placed else values.dotted(name)
        scope, bindings = found
        if name in BUILTINS and scope is unit.module.scope_of_module and _hides(node, bindings, unit):
            return values.dotted(name)
        return self.binding_values(name, scope, bindings, unit)

    def binding_values(self, name: str, scope: Scope, bindings: list[Binding], unit: Unit) -> Value:
        """Return the join over all bindings of a name in one scope."""
        key = (scope, name)
        known = self._bound.get(key)
        if known is not None:
            return known
        questions = self._questions
        outer, questions.needs = questions.needs, 0
        value = self._binding_values(name, scope, bindings, unit)
        if not questions.needs and not self._importing:  # it hangs on nothing that is still open
            self._bound[key] = value
        questions.needs |= outer
        return value

    def _binding_values(self, name: str, scope: Scope, bindings: list[Binding], unit: Unit) -> Value:
        written = BOTTOM
        if scope is unit.module.scope_of_module:
            written = self._writes.written(unit, name) | _bound_again_by_stars(
                name, bindings, unit, self, self._world
            )
        if len(bindings) == 1 and bindings[0].kind in ("function", "class"):
            return self._binding(bindings[0], unit) | written
        if len(bindings) == 1 and bindings[0].kind == "import":
            if (name, scope) in self._importing:  # files import it from each other, and none makes it
                return ANY
            self._importing.add((name, scope))
            try:
                return self._binding(bindings[0], unit) | written
            finally:
                self._importing.discard((name, scope))
        return (
            self._questions.ask(("name", scope, name), lambda: self._join_bindings(name, bindings, unit))
            | written
        )

    def module_name(self, unit: Unit, name: str) -> Value | None:
        """Return what a global of another file is; None when it has none of that name."""
        scope = unit.module.scope_of_module
        bindings = scope.bindings.get(name)
        return self.starred(name, unit) if not bindings else self.binding_values(name, scope, bindings, unit)

    def starred(self, name: str, unit: Unit) -> Value | None:
        """Return what ``from x import *`` binds a name to: unknown when a file cannot be read; None when none does."""
        if not unit.module.star_imports:
            return None
        (found,) = self._questions.answer(
            ("star", unit, name), lambda: (self._from_stars(name, unit),), (None,), (ANY,)
        )
        return found

    def _from_stars(self, name: str, unit: Unit) -> Value | None:
        """Join what several bring under one name: which comes last is not asked."""
        result: Value | None = None
        brought = BOTTOM
        for qualified in unit.module.star_imports:
            own = self._world.may_be_own(qualified.partition(".")[0], qualified)
            other = self._world.other_unit(qualified, unit) if own else None
            dotted = f"{qualified}.{name}"
            known = self._world.knowledge
            if other is not None:
                found = self.module_name(other, name) if gives_away(other.module.tree, name) else None
                if found is not None and may_withhold(other.module.tree):
                    found = ANY
                brought |= found or BOTTOM
                result = brought if found is not None else result
            elif not own and (known.call(dotted) is not None or known.exception(dotted) is not None):
                brought |= values.dotted(self._effects.canonical(dotted))
            elif own or name not in BUILTINS or may_hide(qualified, name):
                result = ANY
        return brought or result

    def attribute(self, info: ClassInfo, name: str) -> Value | None:
        """Return what an attribute of an instance can be; None when no class of its family stores or defines it."""
        found: list[Value] = []
        for owner in self._families.family(info):
            if isinstance(owner, ClassInfo):
                if (
                    name in owner.methods
                    or name in owner.stores
                    or name in owner.values
                    or name in owner.annotations
                ):
                    field = self._writes.field(info, owner, name)
                    found.append(self._own_attribute_asked(owner, name) if field is None else field)
                    if name in owner.methods:
                        break
            elif isinstance(owner, str):
                expression = self._world.knowledge.attribute(owner, name)
                if expression is not None:
                    found.append(values.parse(expression))
        written = self._writes.attribute_written(info, name)
        if not written:
            return values.join(found) if found else None
        value = values.join([*found, written])
        if values.names(values.join(found)) <= {"None"} and self._families.has_base_out_of_sight(info):
            value |= ANY  # who but resets it has it from there
        for owner in self._families.family(info) if any(map(values.is_opaque, written)) else ():
            if isinstance(owner, ClassInfo) and name in owner.annotations:
                declared = self._annotations.annotation(owner.annotations[name], owner.unit)
                return values.with_declared(value, declared)
        return value

    def is_decorator(self, function: FunctionInfo) -> bool:
        """Whether a function of another file returns a function defined in it, which calls what it was given."""
        if function.unit is self._world.unit or not function.parameters or function.facts.is_generator:
            return False
        if not function.unit.holds_functions(function):
            return False
        return any(
            entry.kind is values.FUNCTION
            and entry.function_or_none is not None
            and entry.function.unit is function.unit
            and function.unit.outer(entry.function) is function
            for entry in self.returns(function)
        )

    def returns(self, function: FunctionInfo) -> Value:
        """Return what a call of a function gives (generators: their iterator)."""
        return self._questions.ask(("returns", function), lambda: self._returns(function))

    def yields(self, function: FunctionInfo) -> Value:
        """Return what a generator function yields."""
        return self._questions.ask(("yields", function), lambda: self._yields(function))

    def _join_bindings(self, name: str, bindings: list[Binding], unit: Unit) -> Value:
        counted = bindings
        if any(binding.kind == "import" for binding in bindings):
            counted = [binding for binding in bindings if not self._is_guarded_fallback(name, binding, unit)]
        found = [self._binding(binding, unit) for binding in counted[:_CALL_SITES]]
        if len(bindings) > _CALL_SITES:
            found.append(ANY)
        return self.as_declared(values.join(found), bindings, unit)

    def as_declared(self, value: Value, bindings: list[Binding], unit: Unit) -> Value:
        """Put the type that a name is declared to have, by any of its bindings, in the place of what nobody knows of it."""
        if not any(map(values.is_opaque, value)):
            return value
        for binding in bindings:
            parent = unit.module.parents.get(binding.node)
            if isinstance(parent, ast.AnnAssign) and parent.target is binding.node:
                declared = self._annotations.annotation(parent.annotation, unit)
                return values.with_declared(value, declared)
        return value

    def _is_guarded_fallback(self, name: str, binding: Binding, unit: Unit) -> bool:
        """Whether a binding is the ``x = None`` beside an import, in a file that asks before it uses ``x``."""
        module = unit.module
        parent = module.parents.get(binding.node)
        if binding.kind != "assign" or not isinstance(parent, ast.Assign) or not is_none(parent.value):
            return False
        asked = {name}
        for owner in module.ancestors(parent):
            if isinstance(owner, ast.Try):  # a flag that is set beside the import, HAS_X = True
                for entry in ast.walk(owner):
                    if isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant):
                        asked.update(target.id for target in entry.targets if isinstance(target, ast.Name))
        return unit.asks(asked)

    def _binding(self, binding: Binding, unit: Unit) -> Value:
        node = binding.node
        match binding.kind:
            case "import":
                return self.imported(binding.qualified, unit)
            case "function":
                return self.function_value(unit.function(node))
            case "class":
                assert isinstance(node, ast.ClassDef)
                made = values.class_object(unit.class_info(node))
                if not node.decorator_list:
                    return made
                instead = self._above.decorators.instead_of_class
                (found,) = self._questions.answer(
                    ("instead", node), lambda: (instead(node, unit),), (BOTTOM,), (BOTTOM,)
                )
                return made | found
            case "parameter":
                assert isinstance(node, ast.arg)
                owner = unit.module.parents[unit.module.parents[node]]
                return self._parameters.parameter(unit.function(owner), node)
            case "except":
                assert isinstance(node, ast.ExceptHandler)
                return self._above.caught.caught_value(node, self.frame(unit, node))
            case "annotation":
                parent = unit.module.parents[node]
                assert isinstance(parent, ast.AnnAssign)
                return self._annotations.annotation(parent.annotation, unit)
            case "delete" | "augment":
                return self._augmented(node, unit) if binding.kind == "augment" else BOTTOM
            case "assign" | "for" | "with" | "comprehension" | "walrus":
                return self.target(node, unit)
            case "match":
                assert isinstance(node, ast.pattern)
                return captured(node, unit, self._above, self._elements, self._families)
            case _:
                return ANY

    def _augmented(self, node: ast.AST, unit: Unit) -> Value:
        parent = unit.module.parents[node]
        assert isinstance(parent, ast.AugAssign)
        value = self.value(parent.value, unit)
        kept = {entry for entry in value if entry.name in ("str", "int", "float", "json", "list", "bytes")}
        return frozenset(kept)

    def target(self, node: ast.AST, unit: Unit) -> Value:
        """Return what is assigned to a target, however deep in tuples it stands."""
        parent = unit.module.parents[node]
        match parent:
            case ast.Assign() | ast.NamedExpr():
                return self.value(parent.value, unit)
            case ast.AnnAssign():
                found = BOTTOM if parent.value is None else self.value(parent.value, unit)
                if not found or found == NONE or found <= values.EMPTIES:
                    declared = self._annotations.annotation(parent.annotation, unit)
                    if found and values.names(declared) <= _ANY_EXCEPTION and _is_bound_again(node, unit):
                        return found  # what is caught, and kept in it, says more
                    if found == NONE and values.is_silent(declared) and _is_bound_again(node, unit):
                        return found  # what it is set to says what it holds
                    return declared if declared != ANY else found or ANY
                if values.is_blank(found):
                    declared = self._annotations.annotation(parent.annotation, unit)
                    if values.names(found) <= values.names(declared) and not values.is_blank(declared):
                        return declared
                if any(map(values.is_opaque, found)):
                    return values.with_declared(found, self._annotations.annotation(parent.annotation, unit))
                return found
            case ast.AugAssign():
                return self._augmented(node, unit)
            case ast.For() | ast.AsyncFor():
                return self._elements.element(self.value(parent.iter, unit), unit)
            case ast.comprehension():
                return self._elements.element(self.value(parent.iter, unit), unit)
            case ast.withitem():
                return self._above.entering.entered(self.value(parent.context_expr, unit))
            case ast.Starred():
                holder = unit.module.parents[parent]
                is_part = isinstance(holder, ast.Tuple | ast.List)
                element = self._elements.element(self.target(holder, unit), unit) if is_part else ANY
                return values.one("list", element)
            case ast.Tuple() | ast.List():
                whole = self.target(parent, unit)
                index = next(at for at, entry in enumerate(parent.elts) if entry is node)
                starred = any(isinstance(entry, ast.Starred) for entry in parent.elts)
                return self._elements.item(whole, index, None if starred else len(parent.elts))
            case _:
                return ANY

    def imported(self, qualified: str, unit: Unit) -> Value:
        """Return the value of an imported dotted name: of another file of the program, or of a library."""
        if runtime_name(qualified):
            return values.dotted(self._effects.canonical(qualified.lstrip(".")))
        name = qualified.lstrip(".")
        dots = qualified[: len(qualified) - len(name)]
        parts = name.split(".") if name else []
        if self._world.may_be_own(parts[0] if parts else "", qualified) and (
            dots or self._world.knowledge.call(name) is None
        ):
            for cut in range(len(parts), -1 if dots else 0, -1):
                other = self._world.other_unit(dots + ".".join(parts[:cut]), unit)
                if other is not None and other is not unit:
                    if cut == len(parts):
                        return values.of_kind(values.UNIT, other)
                    found = self.module_name(other, parts[cut])
                    if found is not None and cut == len(parts) - 1:
                        return found
                    break
        if dots and parts and not self._world.may_be_own(parts[0], name):
            return values.one(
                "dotted", ref=qualified
            )  # a file that is not there, not the library of that name
        owner, _, last = name.rpartition(".")
        expression = self._world.knowledge.attribute(f"module:{owner}", last) if owner else None
        if expression is not None and expression != "any":
            return values.parse(expression)  # from sys import argv
        return values.dotted(self._effects.canonical(name))

    def unit_attribute(self, unit: Unit, name: str) -> Value:
        """Return an attribute of a module of the program: what it binds, or a file of the package.

        A file that is imported puts itself in the place of what the package binds, unless the package has imported it before.
        """
        found = self.module_name(unit, name)
        if unit.module.source.path.stem == "__init__":
            inner = self._world.other_unit(f".{name}", unit)
            if inner is not None and (found is None or self._world.comes_after(inner, unit, name)):
                found = (found or BOTTOM) | values.of_kind(values.UNIT, inner)
        return ANY if found is None else found

    def function_value(self, info: FunctionInfo) -> Value:
        """Return the value that a ``def`` binds: its decorators applied."""
        node = info.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        value = values.function(info)
        if not node.decorator_list:
            return value
        return self._questions.ask(("decorated", info), lambda: self._decorated(info, value))

    def _decorated(self, info: FunctionInfo, value: Value) -> Value:
        node = info.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in reversed(node.decorator_list):
            value = self._above.decorators.decorated(value, decorator, info)
        return value

    def _own_attribute_asked(self, owner: ClassInfo, name: str) -> Value:
        return self._questions.ask(("attr", owner, name), lambda: self._own_attribute(owner, name))

    def _own_attribute(self, owner: ClassInfo, name: str) -> Value:
        method = owner.methods.get(name)
        if method is not None:
            if method.kind == "property":
                return self.returns(method)
            return values.join(bind_receiver(entry, method) for entry in self.function_value(method))
        found = [self.target(stored, owner.unit) for stored in owner.stores.get(name, ())[:_CALL_SITES]]
        if name in owner.values and not (found and is_none(owner.values[name]) and name in owner.annotations):
            found.append(self.value(owner.values[name], owner.unit))
        value = values.join(found)
        if name in owner.annotations and (not value or value == NONE):
            declared = self._annotations.annotation(owner.annotations[name], owner.unit)
            value = declared if declared != ANY else value or ANY
        elif name in owner.annotations and any(map(values.is_opaque, value)):
            value = values.with_declared(
                value, self._annotations.annotation(owner.annotations[name], owner.unit)
            )
        return value

    def _returns(self, function: FunctionInfo) -> Value:
        node = function.node
        facts = function.facts
        if isinstance(node, ast.Module | ast.ExceptHandler):
            return NONE
        if facts.is_generator:
            return values.generator(function, self.yields(function))
        found = [
            NONE if entry is None else self.value(entry, function.unit)
            for entry in facts.returns[:_CALL_SITES]
        ]
        if len(facts.returns) > _CALL_SITES:
            found.append(ANY)
        if not isinstance(node, ast.Lambda) and not always_leaves(
            node.body, lambda statement: self._swallows(statement, function.unit)
        ):
            found.append(NONE)
        value = values.join(found)
        if function.unit.module.attributes_of("__code__") and self._callers.is_set_on(function, "__code__"):
            return ANY
        if isinstance(node, ast.Lambda) or node.returns is None or not any(map(values.is_opaque, value)):
            return value
        return values.with_declared(value, self._annotations.annotation(node.returns, function.unit))

    def _swallows(self, statement: ast.With | ast.AsyncWith, unit: Unit) -> bool:
        """Whether a ``with`` may end an exception: ``suppress``, a class or a generator of the program, something unknown."""
        return any(
            self._above.entering.may_swallow(self.value(item.context_expr, unit)) for item in statement.items
        )

    def _yields(self, function: FunctionInfo) -> Value:
        found = [
            NONE if entry is None else self.value(entry, function.unit)
            for entry in function.facts.yields[:_CALL_SITES]
        ]
        element = self._elements.element
        found.extend(
            element(self.value(iterable, function.unit), function.unit)
            for iterable in function.facts.delegates[:_CALL_SITES]
        )
        return values.join(found) or ANY


def _hides(node: ast.AST, bindings: list[Binding], unit: Unit) -> bool:
    """Whether a name stands in the statement that first binds it: ``print = partial(print, flush=True)``."""
    parents = unit.module.parents
    first = parents.get(bindings[0].node)
    return (
        isinstance(first, ast.Assign)
        and node is not bindings[0].node
        and parents.get(first) is unit.module.tree
        and first in unit.module.ancestors(node)
    )


_ANY_EXCEPTION = frozenset({BROAD, ROOT, "None"})


def _is_bound_again(node: ast.AST, unit: Unit) -> bool:
    if isinstance(node, ast.Attribute):
        owner = unit.enclosing(node).owner
        return owner is not None and len(owner.stores.get(node.attr, ())) > 1
    return isinstance(node, ast.Name) and len(unit.module.bindings(node)) > 1


def bind_receiver(entry: Type, method: FunctionInfo) -> Value:
    """Turn the function of a class body into the method of an instance."""
    if entry.kind is values.FUNCTION and method.kind != "static":
        assert method.owner is not None  # it stands in its body
        of = values.class_object if method.kind == "class" else values.instance
        return values.method(entry.function, of(method.owner))
    return frozenset({entry})


def _bound_again_by_stars(
    name: str, bindings: list[Binding], unit: Unit, flat: FlowInsensitive, world: World
) -> Value:
    """Return what a star import that comes after a name was bound binds it to, as far as it is of a file of the program."""
    found = BOTTOM
    for qualified in stars_after(bindings, unit.module.imports) if unit.module.star_imports else ():
        own = world.may_be_own(qualified.partition(".")[0], qualified)
        other = world.other_unit(qualified, unit) if own else None
        if other is not None and gives_away(other.module.tree, name):
            found |= flat.module_name(other, name) or BOTTOM
    return found
