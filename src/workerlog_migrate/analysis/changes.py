"""What a call may have changed behind the caller's back, so that what a guard has proved is true no longer.

Input: a call of functions of the program. Output: a frame that has forgotten what it knew about names, attributes and containers which
one of these functions, or one that they call, sets, deletes or empties. What other code does not touch stays proved.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.kept_functions import Kept
from workerlog_migrate.analysis.module import nodes_in
from workerlog_migrate.analysis.order import OWNERS
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.same_container import handed_on, names_of, taken_in
from workerlog_migrate.analysis.taken import attributes_by_text, calls_to, written
from workerlog_migrate.syntax.literals import last_name
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.order import Order
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Value
    from workerlog_migrate.analysis.world import World

_EMPTYING = frozenset({"pop", "popitem", "popleft", "clear", "remove", "discard", "update", "sort"})
_REACHED = 400
_OF_CONTAINERS = ("key", "len")  # facts that end where something is taken out
_AS_TASKS = (
    "add_done_callback",
    "as_completed",
    "call_at",
    "call_later",
    "call_soon",
    "call_soon_threadsafe",
    "create_task",
    "ensure_future",
    "gather",
    "run_coroutine_threadsafe",
    "start_soon",
    "wait",
)
_NO_TASKS = frozenset(
    {
        "abstractmethod",
        "asynccontextmanager",
        "cache",
        "classmethod",
        "override",
        "property",
        "retry",
        "staticmethod",
        "wraps",
    }
)
"""Decorators that leave it to the program when a coroutine runs; others hand it to a library that runs it when something arrives."""
_ALL = "*"  # stands for every name: a module that is loaded again sets all that it sets
_ATTRIBUTES = ".*"  # stands for every attribute: of those that are set by a text, nobody knows which
_MAKING = ("__init__", "__post_init__")
_SETTING = ("setattr", "delattr", "__setattr__", "__delattr__")
_STARTING = (
    "Thread",
    "Timer",
    "Process",
    "submit",
    "start_new_thread",
    "run_in_executor",
    "to_thread",
    "signal",
)


class Changes:
    """Knows for one program which function changes what.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, order: Order) -> None:
        self._world = world
        self._order = order
        self._ends: dict[Unit, list[FunctionInfo]] = {}
        self._changers: dict[Unit, dict[str, set[FunctionInfo]]] = {}
        self._reached: dict[FunctionInfo, frozenset[FunctionInfo]] = {}
        self._started: dict[Unit, list[FunctionInfo]] = {}
        self._tasks: dict[Unit, list[FunctionInfo]] = {}
        self._called: dict[FunctionInfo, tuple[FunctionInfo, ...]] = {}
        self._cut: set[FunctionInfo] = set()  # those that reach so many that anything may change
        self._kept = Kept()
        self._kept_reach: dict[Unit, frozenset[FunctionInfo]] = {}
        self._emptiers: dict[Unit, dict[str, set[FunctionInfo]]] = {}
        self._aliases: dict[tuple[Unit, str], set[str]] = {}

    def after(self, callee: Value, node: ast.Call, frame: Frame) -> None:
        """Forget what a call may have changed.

        Args:
            callee: what is called.
            node: the call.
            frame: where it stands.
        """
        env = frame.env
        if env is None or not (env or frame.facts):
            return
        if _loads_again(node, frame.unit):
            for path in {*env, *(fact.path for fact in frame.facts)}:
                self._forget(path, frame)
        called = [entry.function for entry in callee if entry.function_or_none is not None]
        called += frame.sink.ran  # a constructor, what a decorator or a `partial` makes, special methods
        frame.sink.ran.clear()
        called += self._started_in(frame.unit)
        called += self._handed_in((*node.args, *(word.value for word in node.keywords)), frame.unit)
        if not called:
            if not isinstance(node.func, ast.Attribute) and taken_in(frame.unit.module, _EMPTYING):
                for path in {*env, *(fact.path for fact in frame.facts)}:
                    if self._is_taken_along(path, frame.unit):  # by a method that was taken before, perhaps
                        self._forget(path, frame)
            return
        for path in self._changed_arguments(called, node, frame):
            self._forget(path, frame)
        self._forget_changed(called, frame)

    def after_running(self, frame: Frame) -> None:
        """Forget what may have changed by what ran where nobody reads a call: ``with``, operators, properties, iteration.

        Args:
            frame: where it ran.
        """
        called = list(dict.fromkeys(frame.sink.ran))
        frame.sink.ran.clear()
        if called and frame.env is not None and (frame.env or frame.facts):
            self._forget_changed(called, frame)

    def _forget_changed(self, called: Iterable[FunctionInfo], frame: Frame) -> None:
        """Forget what some functions, and those that they may call, change."""
        env = frame.env
        assert env is not None
        called = list(called)
        reached = frozenset().union(*(self._reach(function) for function in called))
        is_any = not self._cut.isdisjoint(called)
        if any(map(self._kept.calls_what_is_held, reached)):  # a callback that was handed over before
            reached |= self._kept_in(frame.unit)
        units = {function.unit for function in reached}
        for path in {*env, *(root for fact in frame.facts for root in fact.roots)}:
            if self._is_taken_along(path, frame.unit) or any(
                is_any or not functions.isdisjoint(reached)
                for unit in units
                for functions in self._changing(path, frame.unit, unit)
            ):
                self._forget(path, frame)
        for path in {fact.path for fact in frame.facts if fact.kind in _OF_CONTAINERS}:
            emptying = self._emptying(path, frame.unit)
            if (is_any and emptying) or not emptying.isdisjoint(reached):
                frame.forget(path)

    def _kept_in(self, unit: Unit) -> frozenset[FunctionInfo]:
        """Return the functions of a file that were handed over to be called later, and those that they may call."""
        known = self._kept_reach.get(unit)
        if known is None:
            reached = map(self._reach, self._kept.functions(unit))
            known = self._kept_reach[unit] = frozenset().union(*reached)
        return known

    def _emptying(self, path: str, unit: Unit) -> set[FunctionInfo]:
        """Return the functions of a file that empty a container under another name than its path."""
        self._changers_of(unit)
        emptying = self._emptiers[unit]
        if not emptying:
            return set()
        return {function for name in self._names_of(path, unit) for function in emptying.get(name, ())}

    def _names_of(self, path: str, unit: Unit) -> set[str]:
        """Return the names under which a file may have what a path leads to."""
        last = _parts(path)[-1] if "[" not in path else ""
        known = self._aliases.get((unit, last))
        if known is None:
            node: ast.expr = ast.Attribute(ast.Name("self"), last[1:]) if last[:1] == "." else ast.Name(last)
            known = self._aliases[unit, last] = names_of(node, unit, self._world) if last else set()
        return known

    def called_in(
        self, body: Iterable[ast.AST], held: ast.expr, value_of: Callable[[ast.expr], Value], frame: Frame
    ) -> tuple[frozenset[FunctionInfo], list[tuple[FunctionInfo, str]]]:
        """Return the functions that statements may call, themselves or in turn, and which get a container, as which parameter.

        Args:
            body: the statements, or parts of them.
            held: the container.
            value_of: gives what is called.
            frame: where they stand.
        """
        path = frame.unit.path(held)
        called: set[FunctionInfo] = set()
        given: list[tuple[FunctionInfo, str]] = []
        for call in (each for statement in body for each in nodes(statement) if isinstance(each, ast.Call)):
            for entry in value_of(call.func):
                if entry.function_or_none is None:
                    continue
                called |= self._reach(entry.function)
                parameters = entry.function.given_parameters
                handed = [*zip((each.arg for each in parameters), call.args, strict=False)]
                handed += [(word.arg, word.value) for word in call.keywords if word.arg is not None]
                for name, passed in handed:
                    if path is not None and frame.unit.path(passed) == path:
                        given += handed_on(entry.function, name)
        return frozenset(called), given

    def after_wait(self, frame: Frame) -> None:
        """Forget what another task may have changed while this one waited.

        Args:
            frame: where ``await`` stands.
        """
        env = frame.env
        if env is None or not (env or frame.facts):
            return
        tasks = [each for each in self._tasks_in(frame.unit) if each is not frame.function]
        if not tasks:
            return
        reached = frozenset().union(*(self._reach(function) for function in tasks)) - {frame.function}
        for path in {*env, *(root for fact in frame.facts for root in fact.roots)}:
            if any(
                not functions.isdisjoint(reached)
                for functions in self._changing(path, frame.unit, frame.unit)
            ):
                self._forget(path, frame)

    def after_yield(self, frame: Frame) -> None:
        """Forget what who goes through a generator may have changed between two steps: all that is set elsewhere.

        Args:
            frame: where ``yield`` stands.
        """
        env = frame.env
        if env is None or not (env or frame.facts):
            return
        unit = frame.unit
        for path in {*env, *(root for fact in frame.facts for root in fact.roots)}:
            own = {frame.function}
            is_changed = any(functions - own for functions in self._changing(path, unit, unit))
            if is_changed or any(self._is_set_elsewhere(part[1:], frame) for part in _parts(path)[1:]):
                self._forget(path, frame)

    def _is_set_elsewhere(self, name: str, frame: Frame) -> bool:
        """Whether the top of a file, or a file that uses it, sets an attribute of a name."""
        unit = frame.unit
        return any(unit.module.function(place) is None for place in unit.module.stores_of(name)) or bool(
            self._world.users_of(unit, name, changing=True)
        )

    def _tasks_in(self, unit: Unit) -> list[FunctionInfo]:
        """Return the functions of a file that run while another waits: as tasks, as callbacks of the loop, for what arrives."""
        known = self._tasks.get(unit)
        if known is None:
            module = unit.module
            known = self._tasks[unit] = [*self._started_in(unit)]
            for name in _AS_TASKS:
                for call in calls_to(module, name):
                    known += self._handed_in(
                        (
                            each.func if isinstance(each, ast.Call) else each
                            for argument in (*call.args, *(word.value for word in call.keywords))
                            for each in nodes(argument)
                            if isinstance(each, ast.Call | ast.Name | ast.Attribute)
                        ),
                        unit,
                    )
            known += [
                unit.function(node)
                for node in module.functions
                if isinstance(node, ast.AsyncFunctionDef)
                and any(last_name(_maker(each)) not in _NO_TASKS for each in node.decorator_list)
            ]
        return known

    def after_end(self, frame: Frame) -> None:
        """Forget what runs as an object ends may have changed: ``__del__``, the callback of a weak reference.

        Args:
            frame: where a name is deleted or bound anew.
        """
        env = frame.env
        ending = self._ending_in(frame.unit)
        if env is None or not ending or not (env or frame.facts):
            return
        reached = frozenset().union(*(self._reach(function) for function in ending))
        for path in {*env, *(fact.path for fact in frame.facts)}:
            for functions in self._changing(path, frame.unit, frame.unit):
                if not functions.isdisjoint(reached):
                    self._forget(path, frame)

    def _ending_in(self, unit: Unit) -> list[FunctionInfo]:
        """Return the functions of a file that Python calls where an object ends."""
        known = self._ends.get(unit)
        if known is None:
            known = self._ends[unit] = [owner.methods["__del__"] for owner in unit.owners_of("__del__")]
            for word in ("ref", "proxy", "finalize", "WeakMethod"):
                for call in calls_to(unit.module, word):
                    for passed in call.args[1:]:
                        found = passed if isinstance(passed, ast.Lambda) else unit.module.definition(passed)
                        if found is not None and not isinstance(found, ast.ClassDef):
                            known.append(unit.function(found))
        return known

    def _changing(self, path: str, unit: Unit, other: Unit) -> Iterator[set[FunctionInfo]]:
        """Yield the functions of a file that change a part of what a path of another file, or of the same one, leads to."""
        changers = self._changers_of(other)
        if not changers:
            return
        if _ALL in changers:
            yield changers[_ALL]
        if _ATTRIBUTES in changers and "." in path:
            yield changers[_ATTRIBUTES]
        for part in _parts(path):
            if other is unit:
                names: tuple[str, ...] = (part,)
            elif part.startswith(
                "."
            ):  # of a module or an object that the other file has under a name of its own
                names = (part, part[1:])
            else:
                names = (part, f".{part}", self._imported_as(part, unit))
            yield from (changers[name] for name in names if name in changers)

    def _imported_as(self, name: str, unit: Unit) -> str:
        """Return the name that something has in the file from which it is imported."""
        for binding in unit.module.scope_of_module.bindings.get(name, ()):
            if binding.kind == "import":
                return binding.qualified.rpartition(".")[2]
        return ""

    def _is_taken_along(self, path: str, unit: Unit) -> bool:
        """Whether a method that empties what a path leads to is handed on as it is: ``hooks.append(items.clear)``."""
        taken = taken_in(unit.module, _EMPTYING)
        return bool(taken) and not (
            taken.isdisjoint(_parts(path)) and taken.isdisjoint(self._names_of(path, unit))
        )

    def _started_in(self, unit: Unit) -> list[FunctionInfo]:
        """Return the functions that a file hands to threads, timers, pools and signals: they run during any call."""
        known = self._started.get(unit)
        if known is None:
            known = self._started[unit] = []
            module = unit.module
            for name in _STARTING:
                for call in calls_to(module, name):
                    for argument in (*call.args, *(word.value for word in call.keywords)):
                        found = module.definition(argument)
                        if found is not None and not isinstance(found, ast.ClassDef):
                            known.append(unit.function(found))
                        elif isinstance(argument, ast.Attribute):
                            owners = unit.owners_of(argument.attr)
                            known.extend(owner.methods[argument.attr] for owner in owners)
        return known

    def _handed_in(self, passed: Iterable[ast.expr], unit: Unit) -> Iterator[FunctionInfo]:
        """Yield the functions that a call is given, and so may run: ``every(reset)``, ``partial(reset, 1)``, ``lambda: reset()``."""
        for argument in passed:
            if isinstance(argument, ast.Lambda):
                yield unit.function(argument)
                called = [each.func for each in nodes(argument.body) if isinstance(each, ast.Call)]
                yield from self._handed_in(called, unit)  # of the function around it, too
            elif isinstance(argument, ast.Name):
                found = unit.module.definition(argument)
                if found is not None and not isinstance(found, ast.ClassDef):
                    yield unit.function(found)
            elif isinstance(argument, ast.Attribute):
                owners = unit.owners_of(argument.attr)
                yield from (owner.methods[argument.attr] for owner in owners[:OWNERS])
            elif isinstance(argument, ast.Call):
                yield from self._handed_in(argument.args, unit)

    def _forget(self, path: str, frame: Frame) -> None:
        assert frame.env is not None
        frame.forget(path)
        frame.env.pop(path, None)

    def _changed_arguments(self, called: list[FunctionInfo], node: ast.Call, frame: Frame) -> list[str]:
        """Return the containers that a call is given and that one of the functions empties."""
        found: list[str] = []
        for at, argument in enumerate(node.args):
            paths = list(_stands_for(argument, frame.unit))
            if not paths:
                continue
            for function in called:
                parameters = function.given_parameters
                if at < len(parameters) and self._is_emptied(parameters[at].arg, function):
                    found.extend(paths)
        return found

    def _is_emptied(self, name: str, function: FunctionInfo) -> bool:
        module = function.unit.module
        return any(
            module.function(place) is function.node and _changes(place, module.parents)
            for place in module.names_of(name)
        )

    def _reach(self, function: FunctionInfo) -> frozenset[FunctionInfo]:
        """Return a function and those that it may call, as far as their names tell."""
        known = self._reached.get(function)
        if known is None:
            seen: dict[FunctionInfo, None] = {function: None}
            work = [function]
            while work:
                if len(seen) >= _REACHED:
                    self._cut.add(function)
                    break
                current = work.pop()
                for callee in self._called_by(current):
                    if callee not in seen:
                        seen[callee] = None
                        work.append(callee)
            known = self._reached[function] = frozenset(seen)
        return known

    def _called_by(self, function: FunctionInfo) -> tuple[FunctionInfo, ...]:
        """Return the functions that a function may call itself, as far as names tell."""
        known = self._called.get(function)
        if known is None:
            known = self._called[function] = tuple(
                dict.fromkeys(
                    (
                        *self._order.callees(function),
                        *self._callees_elsewhere(function),
                        *self._callees_of_heirs(function),
                        *self._passed_by(function),
                    )
                )
            )
        return known

    def _passed_by(self, function: FunctionInfo) -> Iterator[FunctionInfo]:
        """Yield the functions that a function hands to what it calls: ``map(Robot.close, robots)``, ``sorted(d, key=lambda ...)``."""
        for node in nodes_in(function.unit.module, function.node):
            if isinstance(node, ast.Call):
                passed = (*node.args, *(word.value for word in node.keywords))
                yield from self._handed_in(passed, function.unit)

    def _callees_elsewhere(self, function: FunctionInfo) -> Iterator[FunctionInfo]:
        """Yield the functions that a function may call by a name that many classes have, or that its file imports."""
        called = function.facts.called
        own = function.unit.method_owners
        for name in called:
            if name in own and len(own[name]) > OWNERS:  # where their results count, too many to go through
                yield from (owner.methods[name] for owner in own[name])
        for unit in self._world.imported_by(function.unit):
            bound, owners = unit.module.scope_of_module.bindings, unit.method_owners
            for name in called:
                if name in bound:
                    functions = (each.node for each in bound[name] if each.kind == "function")
                    yield from map(unit.function, functions)
                if name in owners:
                    yield from (owner.methods[name] for owner in owners[name])

    def _callees_of_heirs(self, function: FunctionInfo) -> Iterator[FunctionInfo]:
        """Yield the methods that a method may call where a class of another file inherits it."""
        if function.owner is not None:
            for name in function.facts.called_on_self:
                for unit in self._world.users_of(function.unit, name):
                    yield from (owner.methods[name] for owner in unit.owners_of(name))

    def _changers_of(self, unit: Unit) -> dict[str, set[FunctionInfo]]:
        """Sort the functions of a file by the names and attributes that they change for others."""
        known = self._changers.get(unit)
        if known is not None:
            return known
        module = unit.module
        noted = module.remembered.get(_changes)  # of the file alone: for all scripts that look at it
        if noted is not None:
            known, self._emptiers[unit] = (
                {name: {*map(unit.function, found)} for name, found in table.items()} for table in noted
            )
            self._changers[unit] = known
            return known
        known = self._changers[unit] = {}
        emptying = self._emptiers[unit] = {}
        for scope in module.scopes.values():
            if scope.function is not None:
                for name in (*scope.globals, *scope.nonlocals):
                    known.setdefault(name, set()).add(unit.function(scope.function))
        for call in calls_to(module, "reload"):
            function = module.function(call)
            if function is not None and _loads_again(call, unit):
                known.setdefault(_ALL, set()).add(unit.function(function))
        for call in calls_to(module, "globals"):
            table = written(module, call)
            function = module.function(table)
            if function is not None and _changes(table, module.parents):
                known.setdefault(_key_of(module.parents[table]), set()).add(unit.function(function))
        for attribute in module.attributes:
            function = module.function(attribute)
            if function is None or _is_of_new_object(attribute.value, unit.function(function)):
                continue
            if not isinstance(attribute.ctx, ast.Load) or _changes(attribute, module.parents):
                known.setdefault(f".{attribute.attr}", set()).add(unit.function(function))
            if _changes(attribute, module.parents):
                emptying.setdefault(f".{attribute.attr}", set()).add(unit.function(function))
            if attribute.attr in _EMPTYING and isinstance(attribute.value, ast.Name):
                self._note_name(attribute.value, unit, known)
        for attribute in attributes_by_text(module):
            function = module.function(attribute)
            if function is None or attribute.attr not in _EMPTYING:
                continue
            if isinstance(attribute.value, ast.Name):
                self._note_name(attribute.value, unit, known)
            elif isinstance(attribute.value, ast.Attribute):
                for noted in (known, emptying):
                    noted.setdefault(f".{attribute.value.attr}", set()).add(unit.function(function))
        for name, holder in _set_by_text(module):
            function = module.function(holder)
            if function is not None and not _is_of_new_object(holder, unit.function(function)):
                known.setdefault(name, set()).add(unit.function(function))
        for place in module.names:
            if isinstance(module.parents.get(place), ast.Subscript) and _changes(place, module.parents):
                self._note_name(place, unit, known)
        module.remembered[_changes] = [
            {name: [each.node for each in found] for name, found in table.items()}
            for table in (known, emptying)
        ]
        return known

    def _note_name(self, place: ast.Name, unit: Unit, known: dict[str, set[FunctionInfo]]) -> None:
        """Note that a function empties a container that is not its own."""
        function = unit.module.function(place)
        if function is None:
            return
        found = unit.module.lookup(place.id, unit.module.scope(place))
        is_others = bool(unit.module.star_imports) if found is None else found[0].node is not function
        if is_others:
            known.setdefault(place.id, set()).add(unit.function(function))
            self._emptiers[unit].setdefault(place.id, set()).add(unit.function(function))


def _set_by_text(module: Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield which attribute is set by a text, or `_ATTRIBUTES`, and of what: ``setattr``, ``vars(x)``, ``x.__dict__``."""
    for word in _SETTING:
        for call in calls_to(module, word):
            function = call.func
            passed = call.args
            if isinstance(function, ast.Attribute) and last_name(function.value) != "object":
                passed = [function.value, *passed]  # super().__setattr__(name, value)
            named = passed[1] if len(passed) > 1 else None
            yield _attribute_named(named), passed[0] if passed else call
    for call in calls_to(module, "vars"):
        if call.args and _changes(written(module, call), module.parents):
            yield _ATTRIBUTES, call.args[0]
    for table in module.attributes_of("__dict__"):
        if not isinstance(table.ctx, ast.Load) or _changes(table, module.parents):
            yield _ATTRIBUTES, table.value


def _key_of(place: ast.AST) -> str:
    """Return the name that an item of ``globals()`` stands for; `_ALL` where it may be any."""
    match place:
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return _ALL


def _attribute_named(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str(name)):
            return f".{name}"
    return _ATTRIBUTES


def _is_of_new_object(holder: ast.expr, function: FunctionInfo) -> bool:
    """Whether a constructor sets an attribute of the object that it makes: nobody knew anything of that before.

    It may be called once more, as ``self.__init__()``.
    """
    parameters = function.parameters
    return (
        function.name in _MAKING
        and isinstance(holder, ast.Name)
        and bool(parameters)
        and holder.id == parameters[0].arg
        and not _is_made_again(function)
    )


def _is_made_again(function: FunctionInfo) -> bool:
    module = function.unit.module
    outer = (module.function(call) for call in calls_to(module, function.name))
    return any(
        isinstance(each, ast.Lambda) or (each is not None and each.name not in _MAKING) for each in outer
    )


def _stands_for(argument: ast.expr, unit: Unit) -> Iterator[str]:
    """Yield the paths of what an argument may be: itself, and the attribute that a property or method of that name gives away."""
    path = unit.path(argument) if isinstance(argument, ast.Name | ast.Attribute) else None
    if path is not None:
        yield path
    asked = argument.func if isinstance(argument, ast.Call) else argument
    base = unit.path(asked.value) if isinstance(asked, ast.Attribute) else None
    if base is None or not isinstance(asked, ast.Attribute):
        return
    for owner in unit.owners_of(asked.attr)[:OWNERS]:
        for given in owner.methods[asked.attr].facts.returns:
            match given:
                case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                    yield f"{base}.{attr}"


def _maker(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _loads_again(call: ast.Call, unit: Unit) -> bool:
    """Whether a call runs a module anew, so that its names are what they were at first."""
    return unit.module.qualified(call.func) == "importlib.reload"


def _changes(place: ast.expr, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether an item of what stands at a place is taken out or replaced there, or what does that is handed on."""
    parent = parents.get(place)
    if isinstance(parent, ast.Subscript) and parent.value is place:
        return not isinstance(parent.ctx, ast.Load)
    return isinstance(parent, ast.Attribute) and parent.attr in _EMPTYING  # called, or taken to be called


def _parts(path: str) -> list[str]:
    """Split ``self.items['a']`` into the name ``self`` and the attributes, written ``.items``."""
    head = path.partition("[")[0]
    name, *attributes = head.split(".")
    return [name, *(f".{attribute}" for attribute in attributes)]
