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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.module import Scope
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.knowledge import CallRow

_STEPS = 400
_NESTED = 3  # tables in tables that are followed
_TEXT = 40


class Passed(NamedTuple):
    """What arrives at a parameter.

    Attributes:
        node: the expression, or the function or class that a decorator is given.
        unit: its file.
        part: empty for the value itself; ``element`` or ``value`` for what is in it, ``part:N`` for the N-th part of an element;
            ``result`` for what it gives when it is called; ``type:X`` for a value of a type of which a row says that it is given.
    """

    node: ast.expr | ast.stmt
    unit: Unit
    part: str = ""


class Use(NamedTuple):
    """One use of what is followed.

    Attributes:
        kind: ``call``, ``handed`` (something else calls it), ``method``, ``store``, ``delete``, ``augment``, ``decorator``,
            or ``row`` (an argument of a function that is known).
        node: the call, the subscript that is stored to, the statement.
        unit: the file of the node.
        positional: what is passed, in order; of methods and calls.
        keywords: what is passed by name.
        rest: what further positions may get (stars), None when there are none.
        mapping: what further names may get.
        name: the method; of ``row`` and ``handed`` the function that it is an argument of.
        result: whether the node is an expression whose value is what the call gives.
    """

    kind: str
    node: ast.AST
    unit: Unit
    positional: tuple[Passed, ...] = ()
    keywords: tuple[tuple[str, Passed], ...] = ()
    rest: tuple[Passed, ...] = ()
    mapping: tuple[Passed, ...] = ()
    name: str = ""
    result: bool = True


@dataclass(slots=True)
class Trail:
    """All uses that were found.

    Attributes:
        uses: them.
        lost: where the thing gets out of sight, as a sentence; empty when all of it was seen.
    """

    uses: list[Use] = field(default_factory=list)
    lost: str = ""


class _Step(NamedTuple):
    node: ast.AST
    unit: Unit
    items: int  # how deep the thing lies in what the node gives
    bound: tuple[Use, ...] = ()  # partials around it, and the method that was taken of it


class Follower:
    """Follows one thing.

    Args:
        engine: the analysis that this belongs to.
        is_code: a function or class is followed: what is not called with arguments does nothing to it.
    """

    def __init__(self, engine: Engine, *, is_code: bool) -> None:
        self._engine = engine
        self._is_code = is_code
        self._trail = Trail()
        self._seen: set[tuple[int, int, int]] = set()
        self._names: set[tuple[int, str, int, int]] = set()
        self._work: list[_Step] = []

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
        key = (id(node), items, len(bound))
        if key in self._seen:
            return
        self._seen.add(key)
        if items > _NESTED:
            self._lose("it lies too deep in tables", node, unit)
            return
        self._work.append(_Step(node, unit, items, bound))

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
        if not self._trail.lost and not self._engine.places.is_test(unit):
            where = "" if unit is self._engine.unit else f" of {unit.name}"
            self._trail.lost = f"{why} in line {getattr(node, 'lineno', 0)}{where}"

    def _use(self, step: _Step, use: Use) -> None:
        """Note a use; through partials what they hold comes first."""
        for outer in reversed(step.bound):
            if outer.kind == "method":
                use = use._replace(kind="method", name=outer.name)
            else:
                names = {name for name, _ in use.keywords}
                use = use._replace(
                    positional=(*outer.positional, *use.positional),
                    keywords=(*(each for each in outer.keywords if each[0] not in names), *use.keywords),
                    rest=(*outer.rest, *use.rest),
                    mapping=(*outer.mapping, *use.mapping),
                )
        self._trail.uses.append(use)

    def _step(self, step: _Step) -> None:
        node, unit, items, bound = step
        parent = unit.module.parents.get(node)
        match parent:
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() if node is parent.value:
                targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
                for target in targets:
                    self._target(target, node, step)
                if isinstance(parent, ast.NamedExpr):
                    self._push(parent, unit, items, bound)
            case ast.AugAssign():
                self._augmented(parent, step)
            case ast.Call():
                self._call(parent, step)
            case ast.keyword():
                self._keyword(parent, step)
            case ast.Starred():
                self._starred(parent, step)
            case ast.Return():
                self._returned(step, 0)
            case ast.Yield():
                self._returned(step, 1)
            case ast.YieldFrom():
                self._returned(step, 0)
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
                if items or not merged:
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
            case ast.Attribute():
                self._attribute(parent, step)
            case ast.Subscript() if node is parent.value:
                self._subscript(parent, step)
            case ast.For() | ast.AsyncFor() | ast.comprehension() if node is parent.iter:
                if items:
                    self._loop_target(parent.target, step, items - 1)
            case ast.arguments():
                self._default(parent, step)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node in parent.decorator_list:
                self._trail.uses.append(Use("decorator", parent, unit, (Passed(parent, unit),)))
            case ast.ClassDef() if self._is_code:
                pass  # a base class: heirs are known
            case ast.withitem():
                self._lose("it is a context manager", node, unit)

    # -- targets --------------------------------------------------------------------------------------------

    def _target(self, target: ast.expr, source: ast.AST, step: _Step) -> None:
        """Follow what is assigned to a target."""
        unit, items, bound = step.unit, step.items, step.bound
        match target:
            case ast.Name():
                found = unit.module.lookup(target.id, unit.module.scope(target))
                if found is not None:
                    self._name(target.id, found[0], unit, items, bound)
            case ast.Attribute():
                if self._is_code and self._is_of_library(target.value, unit):
                    self._lose(f"it is put into {_text(target)}", target, unit)
                self._attributes(target.attr, unit, items, (*bound, *self._as_method(target, step)))
            case ast.Subscript():
                self._into(target.value, step, items + 1)
            case ast.Starred():
                self._target(target.value, source, step._replace(items=items))
            case ast.Tuple() | ast.List():
                if isinstance(source, ast.Tuple | ast.List) or items == 0:
                    return  # each part is followed by itself; a container that is unpacked is only read
                for entry in target.elts:
                    self._target(entry, entry, step._replace(items=max(items - 1, 0)))

    def _as_method(self, target: ast.Attribute, step: _Step) -> tuple[Use, ...]:
        """Say that a function which is set as an attribute of a class is given the object first."""
        if not self._is_code or step.items or step.bound:
            return ()
        if not any(entry.name == "class" for entry in self._engine.flat.value(target.value, step.unit)):
            return ()
        return (Use("partial", target, step.unit, (Passed(target.value, step.unit),)),)

    def _is_of_library(self, node: ast.expr, unit: Unit) -> bool:
        return any(entry.name == "dotted" for entry in self._engine.flat.value(node, unit))

    def _loop_target(self, target: ast.expr, step: _Step, items: int) -> None:
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
        for place in module.names_of(name):
            found = module.lookup(name, module.scope(place))
            if found is None or found[0] is not scope:
                continue
            if isinstance(place.ctx, ast.Load):
                self._push(place, unit, items, bound)
            elif isinstance(module.parents.get(place), ast.AugAssign) and not bound:
                self._changed(module.parents[place], _Step(place, unit, items, bound))
        if scope.is_class:
            self._attributes(name, unit, items, bound)
        elif scope is module.scope_of_module:
            self._engine.writes.lose_module_name(self, unit, name)
            for other, reader in self._engine.places.places_in_others(unit, name):
                self._push(reader, other, items, bound)

    def lose(self, why: str) -> None:
        """Say that the thing gets out of sight for a reason that has no place among its uses."""
        if not self._trail.lost:
            self._trail.lost = why

    def _attributes(self, name: str, unit: Unit, items: int, bound: tuple[Use, ...]) -> None:
        key = (0, f".{name}", items, len(bound))
        if key in self._names:
            return
        self._names.add(key)
        for other in self._engine.places.units(unit, name):
            for place in other.module.attributes_of(name):
                if isinstance(place.ctx, ast.Load):
                    self._push(place, other, items, bound)
                elif isinstance(other.module.parents.get(place), ast.AugAssign) and not bound:
                    self._changed(other.module.parents[place], _Step(place, other, items, bound))

    def _changed(self, parent: ast.AST, step: _Step) -> None:
        if not step.items and not self._is_code:
            self._use(step, Use("augment", parent, step.unit))

    # -- containers that hold it ----------------------------------------------------------------------------

    def _element(self, parent: ast.expr, step: _Step) -> None:
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
        self._push(parent, step.unit, step.items + 1, step.bound)

    def _into(self, container: ast.expr, step: _Step, items: int) -> None:
        """Follow a container that the thing was put into, by all its names."""
        origins = self._engine.sources.origins(container, step.unit)
        if origins is None:
            self._lose(f"it is put into {_text(container)}", container, step.unit)
            return
        for node, unit in origins:
            self._push(node, unit, items, step.bound)

    def _augmented(self, parent: ast.AugAssign, step: _Step) -> None:
        if step.node is parent.target:
            self._changed(parent, step)
        elif step.items:
            self._into(parent.target, step, step.items)

    def _starred(self, parent: ast.Starred, step: _Step) -> None:
        outer = step.unit.module.parents.get(parent)
        if not step.items:
            return  # its items are read
        if isinstance(outer, ast.Call):
            self._argument(outer, step._replace(items=step.items - 1), None, any_position=True)
        elif outer is not None:
            self._push(outer, step.unit, step.items, step.bound)

    def _subscript(self, parent: ast.Subscript, step: _Step) -> None:
        if isinstance(parent.ctx, ast.Load):
            if step.items:
                is_slice = isinstance(parent.slice, ast.Slice)
                self._push(parent, step.unit, step.items if is_slice else step.items - 1, step.bound)
            return
        if not step.items and not self._is_code:
            kind = "store" if isinstance(parent.ctx, ast.Store) else "delete"
            self._use(step, Use(kind, parent, step.unit))

    def _attribute(self, parent: ast.Attribute, step: _Step) -> None:
        unit = step.unit
        call = unit.module.parents.get(parent)
        is_called = isinstance(call, ast.Call) and call.func is parent
        if step.items:
            if is_called:
                self._method_of_holder(parent.attr, call, step)  # type: ignore[arg-type]  # a call, as was asked
            else:
                self._lose(f"{_text(parent)} is taken of a table that holds it", parent, unit)
        elif not self._is_code:
            if is_called:
                assert isinstance(call, ast.Call)
                self._use(step, _use_of("method", call, unit, name=parent.attr))
            elif isinstance(parent.ctx, ast.Load):
                self._push(parent, unit, 0, (*step.bound, Use("method", parent, unit, name=parent.attr)))
        elif not step.bound and parent.attr in ("__func__", "__call__", "__wrapped__"):
            self._push(parent, unit, 0, step.bound)
        elif isinstance(parent.ctx, ast.Load) and is_called and parent.attr.startswith("__"):
            self._lose(f"{_text(parent)} is called", parent, unit)

    def _method_of_holder(self, name: str, call: ast.Call, step: _Step) -> None:
        if name in _GIVING:
            self._push(call, step.unit, step.items - 1, step.bound)
        elif name in _KEEPING:
            self._push(call, step.unit, step.items, step.bound)
        elif name == "items":
            self._push(call, step.unit, step.items + 1, step.bound)
        elif name not in _READING:
            self._lose(f"{_text(call.func)} is called on a table that holds it", call, step.unit)

    # -- calls ----------------------------------------------------------------------------------------------

    def _call(self, call: ast.Call, step: _Step) -> None:
        if call.func is step.node:
            if not step.items:
                self._use(step, _use_of("call", call, step.unit))
            return
        self._argument(call, step, call.args.index(step.node))  # type: ignore[arg-type]  # one of them

    def _keyword(self, word: ast.keyword, step: _Step) -> None:
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
        self, call: ast.Call, step: _Step, place: int | str | None, *, any_position: bool = False
    ) -> None:
        """Follow the thing, or what holds it, into a call that it is an argument of."""
        unit = step.unit
        callee = self._engine.calls.callee(call, self._engine.flat.frame(unit, call))
        for entry in callee:
            ref = entry.ref
            if entry.name in ("function", "method", "unbound") and isinstance(ref, FunctionInfo):
                self._into_function(ref, entry.name, step, place, any_position)
            elif entry.name == "class" and isinstance(ref, ClassInfo):
                self._into_class(ref, call, step, place, any_position)
            elif entry.name == "dotted" and ref == _MIRROR and place == "printer" and not step.items:
                self._use(step, _mirrored(call, unit))
            elif entry.name == "transparent":  # retrying(f)(x) is f(x)
                self._push(call, unit, step.items, step.bound)
            elif entry.name in ("dotted", "bound"):
                self._into_known(entry.name, call, step, place)
            elif entry.name in ("str", "None", "safe", "type", "suppress"):
                continue
            elif entry.name == "partial":
                for inner in entry.args[0]:
                    if isinstance(inner.ref, FunctionInfo):
                        self._into_function(inner.ref, inner.name, step, place, any_position=True)
            else:
                self._lose(f"it is handed to {_text(call.func)}", call, unit)

    def _into_function(
        self, function: FunctionInfo, kind: str, step: _Step, place: int | str | None, any_position: bool
    ) -> None:
        if isinstance(function.node, ast.Module | ast.ExceptHandler):
            return
        arguments = function.node.args
        parameters = function.parameters
        if function.owner is not None and kind != "unbound" and function.kind != "static":
            parameters = parameters[1:]
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
        self, info: ClassInfo, call: ast.Call, step: _Step, place: int | str | None, any_position: bool
    ) -> None:
        method = self._engine.flat.method(info, "__init__")
        if isinstance(method, FunctionInfo):
            self._into_function(method, "method", step, place, any_position)
            return
        fields = [
            name
            for owner in reversed(self._engine.flat.family(info))
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

    def _into_known(self, kind: str, call: ast.Call, step: _Step, place: int | str | None) -> None:
        """Follow into a function that is known by its row, or a method of a known type."""
        unit = step.unit
        row = self._engine.callers.row(call, unit)
        name = row.name if row is not None else ""
        last = name.rpartition(".")[2]
        if name in ("functools.partial", "functools.partialmethod") and place == 0 and not step.items:
            made = _use_of("partial", call, unit)
            self._push(call, unit, 0, (*step.bound, made._replace(positional=made.positional[1:])))
        elif isinstance(call.func, ast.Attribute) and last in _PUTTING and kind == "bound":
            self._into(call.func.value, step, step.items if last in _PUTTING_ALL else step.items + 1)
        elif step.items and name in _PASSING:
            self._push(call, unit, step.items + _PASSING[name], step.bound)
        elif step.items and name in ("dict", "collections.OrderedDict"):
            self._push(call, unit, max(step.items - 1, 1), step.bound)
        elif row is not None and row.passes and self._is_parameter(row, call, step.node, row.passes[0]):
            self._handed(row, call, step)
        elif row is not None and any(self._is_parameter(row, call, step.node, each) for each in row.calls):
            self._called_back(row, call, step)
        elif row is None and not (kind == "dotted" and name in _READERS):
            self._lose(f"it is handed to {_text(call.func)}", call, unit)
        elif name in _READERS or (not self._is_code and not step.items):
            self._use(step, Use("row", call, unit, name=name))
        elif name == "map" and step.items and call.args and isinstance(place, int) and place:
            for entry in self._engine.flat.value(call.args[0], unit):
                if isinstance(entry.ref, FunctionInfo):
                    self._into_function(
                        entry.ref,
                        entry.name,
                        step._replace(items=step.items - 1),
                        place - 1,
                        any_position=False,
                    )
        else:
            self._lose(f"it is handed to {_text(call.func)}", call, unit)

    def _is_parameter(self, row: CallRow, call: ast.Call, node: ast.AST, name: str) -> bool:
        if any(word.arg == name and word.value is node for word in call.keywords):
            return True
        at = row.params.index(name) if name in row.params else -1
        return 0 <= at < len(call.args) and call.args[at] is node

    def _handed(self, row: CallRow, call: ast.Call, step: _Step) -> None:
        """Note what a thread, a pool or a map gives to the function that it is given."""
        unit = step.unit
        parameter, held = row.passes
        if step.items:
            return
        if row.hands:
            self._use(
                step, Use("handed", call, unit, _of_types(row, call, unit), name=row.name, result=False)
            )
            return
        if held in ("*", "each"):
            after = call.args[row.params.index(parameter) + 1 :]
            part = "element" if held == "each" else ""
            plain = [entry for entry in after if not isinstance(entry, ast.Starred)]
            rest = [Passed(entry.value, unit, "element") for entry in after if isinstance(entry, ast.Starred)]
            keywords = [
                (word.arg, Passed(word.value, unit)) for word in call.keywords if word.arg and held == "*"
            ]
            self._use(
                step,
                Use(
                    "handed",
                    call,
                    unit,
                    tuple(Passed(entry, unit, part) for entry in plain),
                    tuple(keywords),
                    tuple(rest),
                    name=row.name,
                    result=False,
                ),
            )
            return
        given = next((word.value for word in call.keywords if word.arg == held), None)
        at = row.params.index(held) if held in row.params else len(call.args)
        if given is None and at < len(call.args):
            given = call.args[at]
        positional: tuple[Passed, ...] = ()
        rest2: tuple[Passed, ...] = ()
        if isinstance(given, ast.Tuple | ast.List) and not any(
            isinstance(entry, ast.Starred) for entry in given.elts
        ):
            positional = tuple(Passed(entry, unit) for entry in given.elts)
        elif given is not None:
            rest2 = (Passed(given, unit, "element"),)
        named = next((word.value for word in call.keywords if word.arg in ("kwargs", "kwds")), None)
        keywords2: tuple[tuple[str, Passed], ...] = ()
        mapping: tuple[Passed, ...] = ()
        if isinstance(named, ast.Dict) and all(isinstance(key, ast.Constant) for key in named.keys):
            keywords2 = tuple(
                (str(getattr(key, "value", "")), Passed(value, unit))
                for key, value in zip(named.keys, named.values, strict=True)
            )
        elif named is not None:
            mapping = (Passed(named, unit, "value"),)
        self._use(
            step, Use("handed", call, unit, positional, keywords2, rest2, mapping, row.name, result=False)
        )

    def _called_back(self, row: CallRow, call: ast.Call, step: _Step) -> None:
        """Note what ``sorted(xs, key=f)`` and ``reduce(f, xs)`` call a function with."""
        name = row.name
        if row.hands:
            given = _of_types(row, call, step.unit)
        elif name == "functools.reduce":
            given = self._reduced(call, step, function=0, items=1)
        elif name == "itertools.accumulate":
            given = self._reduced(call, step, function=1, items=0)
        elif name == "itertools.starmap":
            self._starmapped(call, step)
            return
        elif name == "map":
            given = tuple(Passed(entry, step.unit, "element") for entry in call.args[1:])
        elif name in (
            "sorted",
            "max",
            "min",
            "filter",
            "itertools.groupby",
            "list.sort",
            "itertools.takewhile",
            "itertools.dropwhile",
        ):
            source = [entry for entry in call.args if entry is not step.node]
            if name == "list.sort" and isinstance(call.func, ast.Attribute):
                source = [call.func.value]
            if len(source) != 1:
                given = ()
                self._lose(f"it is handed to {_text(call.func)}", call, step.unit)
            else:
                given = (Passed(source[0], step.unit, "element"),)
        else:
            self._lose(f"it is handed to {_text(call.func)}", call, step.unit)
            return
        if not step.items:
            self._use(step, Use("handed", call, step.unit, given, name=name, result=False))

    def _starmapped(self, call: ast.Call, step: _Step) -> None:
        """Note what ``starmap`` calls a function with: the parts of each element."""
        if len(call.args) == _REDUCED and not step.items:
            parts = tuple(Passed(call.args[1], step.unit, f"part:{at}") for at in range(_PARTS))
            self._use(step, Use("handed", call, step.unit, parts, name="itertools.starmap", result=False))

    def _reduced(self, call: ast.Call, step: _Step, *, function: int, items: int) -> tuple[Passed, ...]:
        """Note what ``reduce`` calls a function with: two elements, then what it gave and the next; the initial value first."""
        if len(call.args) < _REDUCED:
            return ()
        element = Passed(call.args[items], step.unit, "element")
        started = [*call.args[2:], *(word.value for word in call.keywords if word.arg == "initial")]
        firsts = [element, *(Passed(entry, step.unit) for entry in started)]
        if not step.items:
            for first in firsts:
                self._use(
                    step,
                    Use("handed", call, step.unit, (first, element), name="functools.reduce", result=False),
                )
        return Passed(call.args[function], step.unit, "result"), element

    # -- results --------------------------------------------------------------------------------------------

    def _returned(self, step: _Step, deeper: int) -> None:
        function = step.unit.enclosing(step.node)
        self._given(function, step, deeper)

    def _given(self, function: FunctionInfo, step: _Step, deeper: int) -> None:
        """Follow what a function gives to those who call it."""
        if function.kind == "property":
            self._attributes(function.name, function.unit, step.items + deeper, step.bound)
            return
        trail = self._engine.callers.trail_of(function)
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
            elif use.result and isinstance(use.node, ast.expr):
                self._push(use.node, use.unit, step.items + deeper, step.bound)
            elif use.name not in _DROPPING:
                self.lose(f"{function.name} gives it to {use.name}")

    def _default(self, arguments: ast.arguments, step: _Step) -> None:
        """Follow a default into its parameter."""
        function = step.unit.module.parents.get(arguments)
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs: Iterable[tuple[ast.arg, ast.expr | None]] = [
            *zip(reversed(positional), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default is step.node and function is not None:
                self._name(argument.arg, step.unit.module.scopes[function], step.unit, step.items, step.bound)


_GIVING = frozenset({"get", "pop", "popleft", "popitem", "setdefault", "__getitem__", "next"})
_KEEPING = frozenset({"copy", "values", "keys", "union", "__iter__"})
_READING = frozenset(
    "append add appendleft insert extend update remove discard clear index count sort reverse __contains__ __len__".split()  # noqa: SIM905  # a list of words
)
_PUTTING_ALL = frozenset({"extend", "update", "extendleft"})
_PUTTING = frozenset({"append", "appendleft", "add", "insert", "setdefault", *_PUTTING_ALL})
# Functions that give what they are given in another container: by how much deeper it lies there.
_PASSING = {
    **dict.fromkeys(
        ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "collections.deque", "copy.copy"),
        0,
    ),
    **dict.fromkeys(("enumerate", "zip", "itertools.product", "itertools.combinations"), 1),
    **dict.fromkeys(("itertools.cycle", "itertools.chain", "itertools.islice"), 0),
    **dict.fromkeys(("next", "max", "min", "random.choice"), -1),
}
# Functions that neither call nor keep what they are given.
_READERS = frozenset(
    "print repr str len id type isinstance issubclass callable hasattr getattr hash bool any all sum vars dir"  # noqa: SIM905  # a list of words
    " functools.wraps functools.update_wrapper".split()
)
_DROPPING = frozenset(
    {
        "threading.Thread",
        "threading.Timer",
        "multiprocessing.Process",
        "map",
        "sorted",
        "max",
        "min",
        "filter",
        "atexit.register",
        "signal.signal",
    }
)
_REDUCED = 2
_PARTS = 8  # of what ``starmap`` takes apart


_MIRROR = "worker_logger.mirror_print"


def _use_of(kind: str, call: ast.Call, unit: Unit, *, name: str = "") -> Use:
    """Sort the arguments of a call."""
    positional: list[Passed] = []
    rest: list[Passed] = []
    for entry in call.args:
        if isinstance(entry, ast.Starred):
            rest.append(Passed(entry.value, unit, "element"))
        elif rest:
            rest.append(Passed(entry, unit))
        else:
            positional.append(Passed(entry, unit))
    keywords = tuple((word.arg, Passed(word.value, unit)) for word in call.keywords if word.arg)
    mapping = tuple(Passed(word.value, unit, "value") for word in call.keywords if not word.arg)
    return Use(kind, call, unit, tuple(positional), keywords, tuple(rest), mapping, name)


def _of_types(row: CallRow, call: ast.Call, unit: Unit) -> tuple[Passed, ...]:
    """Say by types what a row gives to the function that it calls."""
    return tuple(Passed(call, unit, f"type:{each.lstrip('*')}") for each in row.hands)


def _mirrored(call: ast.Call, unit: Unit) -> Use:
    """Read ``mirror_print(log, x, printer=f)``, which the tool writes for ``f(x)``."""
    use = _use_of("call", call, unit)
    keywords = tuple(each for each in use.keywords if each[0] != "printer")
    return use._replace(positional=use.positional[1:], keywords=keywords)


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _TEXT else text[: _TEXT - 3] + "..."
