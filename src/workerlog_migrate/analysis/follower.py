"""Where a thing goes: a function, a class, a container followed from where it is made through the program.

Input: an expression that gives the thing, or a name that is bound to it. Output: a ``Trail`` of its uses (called, handed to
something that calls it, a method of it called, an item put in) and, where it can no longer be followed, the place and the
reason: there it gets out of sight.

Followed are names and attributes that it is assigned to, items of tables that hold it, parameters that it is passed for,
what a function that returns it gives to its callers, and decorators. An attribute is followed by its name, on whatever
object: too many uses rather than too few.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Protocol

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.by_text import may_have, may_use
from workerlog_migrate.analysis.handing import PARTIALS, Handing, call_around, handing, handing_in
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.taken import called_as, receivers
from workerlog_migrate.analysis.trails import (
    DROPPING,
    GIVING,
    KEEPERS,
    KEEPING,
    NOTHING,
    PASSING,
    PUTTING,
    PUTTING_ALL,
    READERS,
    READING,
    SEEN_THROUGH,
    WRITERS,
    Passed,
    Step,
    Trail,
    Use,
    as_method,
    called_back,
    changes_given,
    defaulting_to,
    given_back,
    gives_result,
    handed,
    is_of_class,
    is_parameter,
    method_by_text,
    mirrored,
    shown,
    taken_by_name,
    use_of,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Kind
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow
    from workerlog_migrate.syntax.scopes import Scope

_STEPS = 400
_NESTED = 3  # tables in tables that are followed


class _Callers(Protocol):
    """What following asks back: who calls a function that gives the thing, and the row of what it is handed to."""

    def trail_of(self, thing: FunctionInfo | ClassInfo) -> Trail: ...

    def row(self, call: ast.Call, unit: Unit) -> CallRow | None: ...


class Follower:
    """Follows one thing.

    Args:
        world, above, families, places, callers: the parts of the analysis that it asks.
        is_code: a function or class is followed: what is not called with arguments does nothing to it.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        families: Families,
        places: Places,
        callers: _Callers,
        *,
        is_code: bool,
    ) -> None:
        self._world = world
        self._above = above
        self._families = families
        self._places = places
        self._callers = callers
        self._is_code = is_code
        self._trail = Trail()
        self._seen: set[tuple[ast.AST, int, int]] = set()
        self._names: set[tuple[int, str, int, int]] = set()
        self._work: list[Step] = []

    def from_expression(self, node: ast.expr, unit: Unit) -> Trail:
        """Follow what an expression gives."""
        self._push(node, unit, 0, ())
        return self._run()

    def from_name(self, name: str, scope: Scope, unit: Unit) -> Trail:
        """Follow what a name in a scope is bound to."""
        self._name(name, scope, unit, 0, ())
        return self._run()

    def from_method(self, name: str, unit: Unit) -> Trail:
        """Follow a method by its name."""
        self._attributes(name, unit, 0, ())
        return self._run()

    # -- steps ----------------------------------------------------------------------------------------------

    def _push(self, node: ast.AST, unit: Unit, items: int, bound: tuple[Use, ...]) -> None:
        key = (node, items, len(bound) if bound else 0)
        if key in self._seen:
            return
        self._seen.add(key)
        if items > _NESTED:
            self._lose("it lies too deep in tables", node, unit)
            return
        self._work.append(Step(node, unit, items, bound))

    def _run(self) -> Trail:
        steps = 0
        while self._work and not self._trail.lost:
            steps += 1
            if steps > _STEPS:
                self._trail.lost = "it is used in too many places"
                break
            self._step(self._work.pop())
        return self._trail

    def _lose(self, why: str, node: ast.AST, unit: Unit) -> None:
        if not self._trail.lost and not self._places.is_test(unit):
            where = "" if unit is self._world.unit else f" of {unit.name}"
            self._trail.lost = f"{why} in line {getattr(node, 'lineno', 0)}{where}"

    def _use(self, step: Step, use: Use) -> None:
        """Note a use; through partials what they hold comes first."""
        for outer in reversed(step.bound):
            if outer.kind == "method":
                use = use._replace(kind="method", name=outer.name)
            elif outer.kind == "compared":
                if use.kind != "handed" or len(use.positional) != 1:  # with what, nobody knows
                    self._lose(f"it is handed to {outer.name}", outer.node, outer.unit)
                use = use._replace(positional=use.positional * 2)
            else:
                names = {name for name, _ in use.keywords}
                use = use._replace(
                    positional=(*outer.positional, *use.positional),
                    keywords=(*(each for each in outer.keywords if each[0] not in names), *use.keywords),
                    rest=(*outer.rest, *use.rest),
                    mapping=(*outer.mapping, *use.mapping),
                )
        self._trail.uses.append(use)

    def _step(self, step: Step) -> None:
        node, unit, items, bound = step
        parent = unit.module.parents.get(node)
        match parent:  # what is frequent comes first
            case ast.Attribute():
                self._attribute(parent, step)
            case ast.Subscript() if node is parent.value:
                self._subscript(parent, step)
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() if node is parent.value:
                targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
                for target in targets:
                    self._target(target, node, step)
                if isinstance(parent, ast.NamedExpr):
                    self._push(parent, unit, items, bound)
            case ast.AugAssign():
                if node is parent.target:
                    self._changed(parent, step)
                elif items:
                    self._into(parent.target, step, items)
            case ast.Call() if node is parent.func:
                if not items:
                    self._use(step, use_of("call", parent, unit))
            case ast.Call():
                self._argument(parent, step, parent.args.index(node))  # type: ignore[arg-type]  # one of them
            case ast.keyword():
                self._keyword(parent, step)
            case ast.Starred():
                self._starred(parent, step)
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                self._given(unit.enclosing(node), step, 1 if isinstance(parent, ast.Yield) else 0)
            case ast.Lambda() if node is parent.body:
                self._given(unit.function(parent), step, 0)
            case ast.List() | ast.Tuple() | ast.Set() if isinstance(
                parent.ctx if hasattr(parent, "ctx") else None, ast.Load
            ) or isinstance(parent, ast.Set):
                self._element(parent, step)
            case ast.Dict():
                merged = any(
                    key is None and value is node
                    for key, value in zip(parent.keys, parent.values, strict=True)
                )
                if (items or not merged) and (merged or not self._in_arguments(parent, step)):
                    self._push(parent, unit, items if merged else items + 1, bound)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() if node is parent.elt:
                self._push(parent, unit, items + 1, bound)
            case ast.DictComp() if node in (parent.key, parent.value):
                self._push(parent, unit, items + 1, bound)
            case ast.IfExp() if node is not parent.test:
                self._push(parent, unit, items, bound)
            case ast.BoolOp():
                self._push(parent, unit, items, bound)
            case ast.Await():
                self._push(parent, unit, items, bound)
            case ast.BinOp():
                if items:
                    self._push(parent, unit, items, bound)
            case ast.For() | ast.AsyncFor() | ast.comprehension() if node is parent.iter:
                if items:
                    self._loop_target(parent.target, step, items - 1)
            case ast.arguments():
                scope = unit.module.scopes[unit.module.parents[parent]]
                for name in defaulting_to(node, parent):
                    self._name(name, scope, unit, items, bound)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node in parent.decorator_list:
                self._trail.uses.append(Use("decorator", parent, unit, (Passed(parent, unit),)))
            case ast.ClassDef() if self._is_code:
                pass  # a base class: heirs are known
            case ast.withitem():
                self._lose("it is a context manager", node, unit)

    # -- targets --------------------------------------------------------------------------------------------

    def _target(self, target: ast.expr, source: ast.AST, step: Step) -> None:
        """Follow what is assigned to a target."""
        unit, items, bound = step.unit, step.items, step.bound
        match target:
            case ast.Name():
                found = unit.module.lookup(target.id, unit.module.scope(target))
                if found is not None:
                    self._name(target.id, found[0], unit, items, bound)
            case ast.Attribute():
                if self._is_code:
                    holder = self._above.flat.value(target.value, unit)
                    if any(entry.kind is values.DOTTED for entry in holder):
                        self._lose(f"it is put into {shown(target)}", target, unit)
                self._attributes(
                    target.attr,
                    unit,
                    items,
                    (*bound, *as_method(target, step, self._above, is_code=self._is_code)),
                )
            case ast.Subscript():
                self._into(target.value, step, items + 1)
            case ast.Starred():
                self._target(target.value, source, step._replace(items=items))
            case ast.Tuple() | ast.List():
                if isinstance(source, ast.Tuple | ast.List) or items == 0:
                    return  # each part is followed by itself; a container that is unpacked is only read
                for entry in target.elts:
                    self._target(entry, entry, step._replace(items=max(items - 1, 0)))

    def _loop_target(self, target: ast.expr, step: Step, items: int) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            if items or self._is_code:
                for entry in target.elts:
                    self._loop_target(entry, step, max(items - 1, 0))
            return
        self._target(target, target, step._replace(items=items))

    def _name(self, name: str, scope: Scope, unit: Unit, items: int, bound: tuple[Use, ...]) -> None:
        key = (id(scope), name, items, len(bound))
        if key in self._names:
            return
        self._names.add(key)
        module = unit.module
        for place in module.names_in(scope, name):
            if isinstance(place.ctx, ast.Load):
                self._push(place, unit, items, bound)
            elif isinstance(module.parents.get(place), ast.AugAssign) and not bound:
                self._changed(module.parents[place], Step(place, unit, items, bound))
        if scope.is_class:
            self._attributes(name, unit, items, bound)
        elif scope is module.scope_of_module:
            for named, word in ((unit, name), *self._places.names_in_others(unit, name)):
                for found_in in taken_by_name(named, word):
                    if isinstance(found_in, str):
                        self.lose(found_in)
                    else:
                        self._push(found_in, named, 0, ())
            for other, text in self._places.texts(unit):
                is_used = may_use(text, name)
                if is_used is None:
                    self._lose(f"{name} may be used by {shown(text)}", text, other)
                elif is_used:
                    self._push(text, other, items, bound)
            for other, reader in self._places.places_in_others(unit, name):
                self._push(reader, other, items, bound)
            for other, read in self._places.reading(unit, name):
                if self._places.is_module(read.thing, unit, other, name):
                    self._push(read.place, other, items + read.deeper, bound)

    def lose(self, why: str) -> None:
        """Say that the thing gets out of sight for a reason that has no place among its uses."""
        if not self._trail.lost:
            self._trail.lost = why

    def _attributes(self, name: str, unit: Unit, items: int, bound: tuple[Use, ...]) -> None:
        key = (0, f".{name}", items, len(bound))
        if key in self._names:
            return
        self._names.add(key)
        for other in self._places.units(unit, name):
            for place in other.module.attributes_of(name):
                if self._places.is_of_its_own(place, other, unit):
                    continue
                if isinstance(place.ctx, ast.Load):
                    self._push(place, other, items, bound)
                elif isinstance(other.module.parents.get(place), ast.AugAssign) and not bound:
                    self._changed(other.module.parents[place], Step(place, other, items, bound))
        for other, read in self._places.reading(unit, name):
            if may_have(self._above.flat.value(read.thing, other), name, self._families.family):
                self._push(read.place, other, items + read.deeper, bound)

    def _changed(self, parent: ast.AST, step: Step) -> None:
        if not step.items and not self._is_code:
            self._use(step, Use("augment", parent, step.unit))

    # -- containers that hold it ----------------------------------------------------------------------------

    def _element(self, parent: ast.expr, step: Step) -> None:
        outer = step.unit.module.parents.get(parent)
        if (
            isinstance(parent, ast.Tuple | ast.List)
            and isinstance(outer, ast.Assign)
            and outer.value is parent
            and isinstance(outer.targets[0], ast.Tuple | ast.List)
            and len(outer.targets) == 1
            and len(outer.targets[0].elts) == len(parent.elts)
        ):
            self._target(outer.targets[0].elts[parent.elts.index(step.node)], step.node, step)  # type: ignore[arg-type]  # an element
            return
        if not self._in_arguments(parent, step):
            self._push(parent, step.unit, step.items + 1, step.bound)

    def _in_arguments(self, parent: ast.expr, step: Step) -> bool:
        """Follow an item of the tuple or dict that a thread takes its function's arguments from; whether it is one."""
        call = call_around(parent, step.unit)
        row = None if call is None else self._callers.row(call, step.unit)
        handed_on = handing_in(parent, step.node, row, step.unit)
        if call is None or handed_on is None:
            return False
        self._into_target(handed_on, call, step)
        return True

    def _into(self, container: ast.expr, step: Step, items: int) -> None:
        """Follow a container that the thing was put into, by all its names."""
        origins = self._above.sources.origins(container, step.unit)
        if origins is None:
            self._lose(f"it is put into {shown(container)}", container, step.unit)
            return
        for node, unit in origins:
            self._push(node, unit, items, step.bound)

    def _starred(self, parent: ast.Starred, step: Step) -> None:
        outer = step.unit.module.parents.get(parent)
        if not step.items:
            return  # its items are read
        if isinstance(outer, ast.Call):
            self._argument(outer, step._replace(items=step.items - 1), None, any_position=True)
        elif outer is not None:
            self._push(outer, step.unit, step.items, step.bound)

    def _subscript(self, parent: ast.Subscript, step: Step) -> None:
        if isinstance(parent.ctx, ast.Load):
            if step.items:
                is_slice = isinstance(parent.slice, ast.Slice)
                self._push(parent, step.unit, step.items if is_slice else step.items - 1, step.bound)
            return
        if not step.items and not self._is_code:
            kind = "store" if isinstance(parent.ctx, ast.Store) else "delete"
            self._use(step, Use(kind, parent, step.unit))

    def _attribute(self, parent: ast.Attribute, step: Step) -> None:
        unit = step.unit
        call = unit.module.parents.get(parent)
        is_called = isinstance(call, ast.Call) and call.func is parent
        if step.items:
            if is_called:
                self._method_of_holder(parent.attr, call, step)  # type: ignore[arg-type]  # a call, as was asked
            else:
                self._lose(f"{shown(parent)} is taken of a table that holds it", parent, unit)
        elif not self._is_code:
            if is_called:
                assert isinstance(call, ast.Call)
                self._use(step, use_of("method", call, unit, name=parent.attr))
            elif isinstance(parent.ctx, ast.Load):
                self._push(parent, unit, 0, (*step.bound, Use("method", parent, unit, name=parent.attr)))
        elif not step.bound and parent.attr in ("__func__", "__call__", "__wrapped__"):
            self._push(parent, unit, 0, step.bound)
        elif isinstance(parent.ctx, ast.Load) and is_called and parent.attr.startswith("__"):
            self._lose(f"{shown(parent)} is called", parent, unit)

    def _method_of_holder(self, name: str, call: ast.Call, step: Step) -> None:
        if name in GIVING:
            self._push(call, step.unit, step.items - 1, step.bound)
        elif name in KEEPING:
            self._push(call, step.unit, step.items, step.bound)
        elif name == "items":
            self._push(call, step.unit, step.items + 1, step.bound)
        elif name not in READING:
            self._lose(f"{shown(call.func)} is called on a table that holds it", call, step.unit)

    # -- calls ----------------------------------------------------------------------------------------------

    def _keyword(self, word: ast.keyword, step: Step) -> None:
        call = step.unit.module.parents.get(word)
        if isinstance(call, ast.ClassDef):
            return
        assert isinstance(call, ast.Call)
        if word.arg is None:
            if step.items:
                self._argument(call, step._replace(items=step.items - 1), None, any_position=True)
            return
        self._argument(call, step, word.arg)

    def _argument(
        self, call: ast.Call, step: Step, place: int | str | None, *, any_position: bool = False
    ) -> None:
        """Follow the thing, or what holds it, into a call that it is an argument of."""
        unit = step.unit
        callee = self._above.flat.callee(call, unit)
        for entry in values.in_order(callee):
            if entry.kind in (values.FUNCTION, values.METHOD, values.UNBOUND):
                self._into_function(entry.function, entry.kind, step, place, any_position)
            elif entry.kind is values.CLASS:
                self._into_class(entry.class_info, call, step, place, any_position)
            elif (
                entry.kind is values.DOTTED
                and entry.dotted == _MIRROR
                and place == "printer"
                and not step.items
            ):
                self._use(step, mirrored(call, unit))
            elif entry.kind is values.TRANSPARENT:  # retrying(f)(x) is f(x)
                self._push(call, unit, step.items, step.bound)
            elif entry.kind in (values.DOTTED, values.BOUND):
                self._into_known(entry.kind, call, step, place)
            elif entry.name in ("str", "None", "type") or entry.kind in (values.SAFE, values.SUPPRESS):
                continue
            elif entry.kind is values.PARTIAL:
                for inner in entry.args[0]:
                    if inner.function_or_none is not None:
                        self._into_function(inner.function, inner.kind, step, place, any_position=True)
                for holder in receivers(unit.module, call, PUTTING):  # partial(items.append)
                    self._into(holder, step, step.items + 1)
            else:
                self._lose(f"it is handed to {shown(call.func)}", call, unit)

    def _into_function(
        self, function: FunctionInfo, kind: Kind, step: Step, place: int | str | None, any_position: bool
    ) -> None:
        if isinstance(function.node, ast.Module | ast.ExceptHandler):
            return
        arguments = function.node.args
        parameters = function.parameters if kind is values.UNBOUND else function.given_parameters
        by_name = {argument.arg: argument for argument in (*parameters, *arguments.kwonlyargs)}
        chosen: list[ast.arg] = []
        if any_position:
            chosen = list(by_name.values())
        elif isinstance(place, int) and place < len(parameters):
            chosen = [parameters[place]]
        elif isinstance(place, str) and place in by_name:
            chosen = [by_name[place]]
        for argument in chosen:
            self._name(
                argument.arg,
                function.unit.module.scopes[function.node],
                function.unit,
                step.items,
                step.bound,
            )
        if not chosen or any_position:
            extra = arguments.vararg if isinstance(place, int) else arguments.kwarg
            for starred in (arguments.vararg, arguments.kwarg) if any_position else (extra,):
                if starred is not None:
                    scope = function.unit.module.scopes[function.node]
                    self._name(starred.arg, scope, function.unit, step.items + 1, step.bound)

    def _into_class(
        self, info: ClassInfo, call: ast.Call, step: Step, place: int | str | None, any_position: bool
    ) -> None:
        method = self._families.method(info, "__init__")
        if isinstance(method, FunctionInfo):
            self._into_function(method, values.METHOD, step, place, any_position)
            return
        fields = [
            name
            for owner in reversed(self._families.family(info))
            if isinstance(owner, ClassInfo)
            for name in owner.annotations
        ]
        named = (
            place
            if isinstance(place, str)
            else fields[place]
            if isinstance(place, int) and place < len(fields)
            else None
        )
        if named is None:
            self._lose(f"it is handed to {info.name}", call, step.unit)
        else:
            self._attributes(named, info.unit, step.items, step.bound)

    def _into_known(self, kind: Kind, call: ast.Call, step: Step, place: int | str | None) -> None:
        """Follow into a function that is known by its row, or a method of a known type."""
        unit = step.unit
        row = self._callers.row(call, unit)
        name = row.name if row is not None else ""
        last = name.rpartition(".")[2]
        handed_on = handing(row, call, step.node, place)
        if handed_on is not None and step.items + handed_on.items >= 0:
            self._into_target(handed_on, call, step)
        elif name in PARTIALS and place == 0 and not step.items:
            made = use_of("partial", call, unit)
            self._push(call, unit, 0, (*step.bound, made._replace(positional=made.positional[1:])))
        elif name == _COMPARED and not (step.items or step.bound):
            self._push(call, unit, 0, (use_of("compared", call, unit, name=name),))
        elif last in PUTTING and kind is values.BOUND:
            holders = receivers(unit.module, call, PUTTING)
            for holder in holders:
                self._into(holder, step, step.items if last in PUTTING_ALL else step.items + 1)
            if not holders:
                self._lose(f"it is handed to {shown(call.func)}", call, unit)
        elif step.items and name in PASSING:
            self._push(call, unit, step.items + PASSING[name], step.bound)
        elif step.items and name in ("dict", "collections.OrderedDict"):
            self._push(call, unit, max(step.items - 1, 1), step.bound)
        elif row is not None and row.passes and is_parameter(row, call, step.node, row.passes[0]):
            for use in handed(row, call, step):
                self._use(step, use)
        elif row is not None and any(
            is_parameter(row, call, step.node, each) for each in (*row.calls, *row.calls_with)
        ):
            found, is_known = called_back(row, call, step)
            for use in found:
                self._use(step, use)
            if not is_known:
                self._lose(f"it is handed to {shown(call.func)}", call, unit)
        elif name in KEEPERS or (row is None and not (kind is values.DOTTED and name in READERS)):
            self._lose(f"it is handed to {shown(call.func)}", call, unit)
        elif (
            not self._is_code
            and not step.items
            and any(is_of_class(each, name, place) for each in called_as(unit.module, call))
        ):
            use = use_of("method", call, unit, name=last)  # list.append(items, x)
            self._use(step, use._replace(positional=use.positional[1:]))
        elif not self._is_code and not step.items and name == "getattr" and place == 0:
            method = method_by_text(call, step)
            self._push(call, unit, 0, (*step.bound, method))
            if not method.name:
                self._lose("an attribute of it is taken by a text", call, unit)
        elif not self._is_code and not step.items and name in SEEN_THROUGH:
            self._push(call, unit, 0, step.bound)
        elif not self._is_code and not step.items and name in WRITERS and place == 0:
            self._lose(f"{name} changes it", call, unit)
        elif name in READERS or (not self._is_code and not step.items):
            self._use(step, Use("row", call, unit, name=name))
        elif not self._is_code and row is not None and (deeper := given_back(row, call, step)) is not None:
            if deeper != NOTHING:
                self._push(call, unit, step.items + deeper, step.bound)
            self._use(step, Use("row", call, unit, name=name))
        elif name == "map" and step.items and call.args and isinstance(place, int) and place:
            for entry in self._above.flat.value(call.args[0], unit):
                if entry.function_or_none is not None:
                    self._into_function(
                        entry.function,
                        entry.kind,
                        step._replace(items=step.items - 1),
                        place - 1,
                        any_position=False,
                    )
        else:
            self._lose(f"it is handed to {shown(call.func)}", call, unit)

    def _into_target(self, handed_on: Handing, call: ast.Call, step: Step) -> None:
        """Follow what a call hands on into the function that it hands it to."""
        unit, function = step.unit, handed_on.function
        inner = step._replace(items=step.items + handed_on.items)
        for entry in self._above.flat.value(function, unit):
            is_method = isinstance(function, ast.Attribute) and entry.kind is values.BOUND
            if entry.function_or_none is not None:
                self._into_function(
                    entry.function, entry.kind, inner, handed_on.place, handed_on.place is None
                )
            elif entry.kind is values.SAFE or entry.name == "None":
                continue
            elif is_method and entry.bound[1] in PUTTING:
                assert isinstance(function, ast.Attribute)
                self._into(function.value, inner, inner.items + (entry.bound[1] not in PUTTING_ALL))
            elif not self._is_code and entry.kind is values.DOTTED and changes_given(entry.dotted):
                self._lose(f"it is handed to {shown(call.func)}", call, unit)
            elif not self._is_code and entry.kind in (values.DOTTED, values.BOUND):
                self._use(step, Use("row", call, unit, name=entry.name))
            else:
                self._lose(f"it is handed to {shown(call.func)}", call, unit)

    # -- results --------------------------------------------------------------------------------------------

    def _given(self, function: FunctionInfo, step: Step, deeper: int) -> None:
        """Follow what a function gives to those who call it."""
        if function.kind == "property":
            self._attributes(function.name, function.unit, step.items + deeper, step.bound)
            return
        trail = self._callers.trail_of(function)
        if trail.lost:
            self.lose(f"{function.name} gives it, and {trail.lost}")
            return
        for use in trail.uses:
            if use.kind == "decorator":
                made = use.node
                assert isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                found = use.unit.module.lookup(made.name, use.unit.module.scope(made))
                if found is not None:
                    self._name(made.name, found[0], use.unit, step.items + deeper, step.bound)
                    if found[0].is_class:
                        self._attributes(made.name, use.unit, step.items + deeper, step.bound)
            elif isinstance(use.node, ast.AugAssign):  # ``x += 1`` is bound to what ``__iadd__`` gives
                target = use.node.target
                self._target(target, target, step._replace(unit=use.unit, items=step.items + deeper))
            elif (use.result and isinstance(use.node, ast.expr)) or (
                isinstance(use.node, ast.Call) and gives_result(self._world.knowledge.call(use.name))
            ):
                self._push(use.node, use.unit, step.items + deeper, step.bound)
            elif use.name not in DROPPING:
                self.lose(f"{function.name} gives it to {use.name}")


_COMPARED = "functools.cmp_to_key"
_MIRROR = "worker_logger.mirror_print"
