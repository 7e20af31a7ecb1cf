"""Special methods that Python calls where no one reads a call: equality behind ``in``, descriptors, metaclasses, class statements.

Input: a value that code touches, or a class statement. Output: edges to the program's own special methods that may run then. Which
operation calls which of them is not told apart here (``expressions`` does that for the common ones): whoever touches an
object counts all of these hooks of its class. One that raises nothing costs nothing.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge
from workerlog_migrate.analysis.program import OF_MAKING, ClassInfo, FunctionInfo
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.writes import set_by_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Type, Value
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

# What other parts tell apart by the operation, the statement or the protocol that asks for it. Every other special method counts
# where an object is touched: which of them an operator or a function calls is Python's business, and a list of them would have gaps.
_TOLD_APART = frozenset(
    "__init__ __new__ __post_init__ __init_subclass__ __set_name__ __prepare__ __class_getitem__ __del__"  # noqa: SIM905  # a list of words
    " __enter__ __exit__ __aenter__ __aexit__ __await__ __iter__ __next__ __aiter__ __anext__ __call__ __len__ __bool__ __contains__"
    " __getitem__ __setitem__ __delitem__ __getattr__ __str__ __format__ __int__ __float__ __abs__ __round__"
    " __floor__ __ceil__ __neg__ __pos__ __invert__ __add__ __sub__ __mul__ __truediv__ __divmod__".split()
)
# Of the object itself ``expressions`` knows by which operator these are asked; of what lies in a container it does not.
_ASKED_DIRECTLY = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__repr__"})
_OF_CLASSES = frozenset(
    {
        "__call__",
        "__getitem__",
        "__getattr__",
        "__getattribute__",
        "__iter__",
        "__contains__",
        "__len__",
        "__instancecheck__",
        "__subclasscheck__",
    }
)
_OF_CLASS_STATEMENTS = ("__new__", "__init__", "__prepare__")
_IN_BETWEEN = ("__getattribute__", "__setattr__")
_OF_DESCRIPTORS = ("__get__", "__set__", "__delete__")
_FACTORIES = "collections.defaultdict"
_SAYING = frozenset(
    "__doc__ __name__ __qualname__ __module__ __dict__ __class__ __slots__ __annotations__ __wrapped__ __signature__ __init__"  # noqa: SIM905  # a list of words
    " __new__ __defaults__ __kwdefaults__ __code__ __cause__ __context__ __traceback__ __suppress_context__ __notes__ __file__".split()
)
_OF_FILES = (
    "read",
    "readline",
    "readinto",
    "readable",
    "write",
    "seek",
    "tell",
    "flush",
    "close",
    "fileno",
    "__iter__",
    "__next__",
)
_DATABASE = "sqlite3."
_ROW = "sqlite3.Row"
_MAKERS = ("row_factory", "text_factory")
"""Attributes of a connection: https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.row_factory"""


class Hooks:
    """Answers for one program; each class is looked at once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, effects: Effects, families: Families, flat: FlowInsensitive) -> None:
        self._world = world
        self._knowledge = world.knowledge
        self._effects = effects
        self._families = families
        self._flat = flat
        self._instances: dict[ClassInfo, tuple[FunctionInfo, ...]] = {}
        self._outer: dict[ClassInfo, Value] = {}
        self._classes: dict[ClassInfo, tuple[FunctionInfo, ...]] = {}
        self._factories: dict[Unit, tuple[FunctionInfo, ...]] = {}
        self._makers: dict[Unit, tuple[FunctionInfo, ...]] = {}

    def touched(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Count the hooks of a value that code touches, and of what is in it."""
        if not _may_have_hooks(value):
            return
        is_used: bool | None = (
            None  # looked at for objects and classes of the program only: most values are none
        )
        for entry in values.in_order(value):
            if entry.kind in _WITH_HOOKS or entry.name == _FACTORIES:
                is_used = _is_used(node, frame) if is_used is None else is_used
                self._of(entry, node, frame, is_used=is_used and not self._is_told(node, frame))
            for part in entry.args:
                for inner in values.in_order(part):
                    if inner.kind is values.INSTANCE:
                        is_used = _is_used(node, frame) if is_used is None else is_used
                        self._of(inner, node, frame, is_inside=True, is_used=is_used)

    def _is_told(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a builtin's row says which special methods it asks its argument for: ``repr(x)``; what iterates may ask for more."""
        call = frame.unit.module.parents.get(node)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return False
        row = self._knowledge.call(call.func.id)
        return row is not None and bool(row.special) and "__iter__" not in row.special

    def stored(self, receiver: Value, target: ast.Attribute, frame: Frame) -> None:
        """Count the setter of a property that is assigned to, and what a decorator names the attribute for (``@validates("a")``)."""
        if not frame.sink.is_heard:
            return
        for entry in receiver:
            if entry.class_or_none is None:
                continue
            for owner in self._families.family(entry.class_info):
                if isinstance(owner, ClassInfo):
                    for statement in owner.node.body:
                        if not isinstance(statement, ast.FunctionDef):
                            continue
                        made = owner.unit.function(statement)
                        is_setter = statement.name == target.attr and made.kind == "setter"
                        if is_setter or any(_names(each, target.attr) for each in statement.decorator_list):
                            frame.sink.add(CallEdge(made, target, frame.unit))

    def keeps(self, receiver: Value, name: str) -> bool:
        """Whether an attribute that is set is afterwards what it was set to.

        Not where a property, a descriptor or a special method of the class stands in between: what they give back is theirs.

        Args:
            receiver: whose attribute it is.
            name: of the attribute.
        """
        return all(
            entry.kind is not values.INSTANCE or self._is_plain(entry.class_info, name) for entry in receiver
        )

    def _is_plain(self, info: ClassInfo, name: str) -> bool:
        family = self._families.family(info)
        if any(isinstance(self._families.method(info, word), FunctionInfo) for word in (name, *_IN_BETWEEN)):
            return False
        return not any(
            entry.kind is values.INSTANCE
            and isinstance(self._families.method(entry.class_info, "__get__"), FunctionInfo)
            for owner in family
            if isinstance(owner, ClassInfo) and isinstance(owner.values.get(name), ast.Call)
            for entry in self._flat.value(owner.values[name], owner.unit)
        )

    def rows_of(self, value: Value, unit: Unit) -> Value:
        """Return what the rows of a database are where functions of the file make them."""
        for entry in value:
            if entry.name == _ROW or (entry.args and any(_ROW in values.names(part) for part in entry.args)):
                break
        else:
            return value
        units = dict.fromkeys((unit, *self._world.imported_by(unit), *self._world.set_up_around(_MAKERS[0])))
        made = values.join(self._flat.returns(each) for other in units for each in self._makers_of(other))
        if not made:
            return value
        return values.join(
            made if entry.name == _ROW else frozenset({_with_rows(entry, made)}) for entry in value
        )

    def matched(self, classes: Value, part: ast.MatchClass, frame: Frame) -> None:
        """Count the properties that a ``case`` of a class reads; one that is missing is no error there."""
        if not frame.sink.is_heard:
            return
        for entry in classes:
            if entry.kind is not values.CLASS:
                continue
            for info in (entry.class_info, *self._families.heirs(entry.class_info)):
                places = info.values.get("__match_args__")
                given = [
                    ast.literal_eval(each)
                    for each in getattr(places, "elts", ())
                    if isinstance(each, ast.Constant)
                ]
                for name in (*part.kwd_attrs, *map(str, given[: len(part.patterns)])):
                    method = self._families.method(info, name)
                    if isinstance(method, FunctionInfo) and method.kind == "property":
                        frame.sink.add(CallEdge(method, part, frame.unit))

    def handed_over(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Count what a library may call: methods of a file of the program's own, and what makes rows of a database.

        Which of the methods a function calls is not told apart here (a row's ``uses`` does that where it is known).
        """
        if (
            not frame.sink.is_heard or "." not in row.name
        ):  # ``print`` and the like ask for special methods alone
            return
        known = {passed for name in row.uses for passed in arguments.find(name, row.params)}
        for passed in (*arguments.positional, *arguments.keywords.values()):
            held = (inner for entry in arguments.value(passed) for part in entry.args for inner in part)
            for entry in (*arguments.value(passed), *held):
                if entry.class_or_none is not None and entry.kind is values.INSTANCE:
                    for method in self._file_methods(entry.class_info, is_known=passed in known):
                        frame.sink.add(CallEdge(method, node, frame.unit))
        if row.name.startswith(_DATABASE):
            for made in self._makers_of(frame.unit):
                frame.sink.add(CallEdge(made, node, frame.unit))

    def _file_methods(self, info: ClassInfo, *, is_known: bool) -> Iterator[FunctionInfo]:
        """Yield the methods of a file, those too that a class has by another name of theirs (``write = read = refuse``)."""
        for name in _OF_FILES:
            method = self._families.method(info, name)
            if isinstance(method, FunctionInfo):
                if not is_known:
                    yield method
                continue
            for owner in self._families.family(info):
                value = owner.values.get(name) if isinstance(owner, ClassInfo) else None
                if isinstance(owner, ClassInfo) and isinstance(value, ast.Name) and value.id in owner.methods:
                    yield owner.methods[value.id]

    def _makers_of(self, unit: Unit) -> tuple[FunctionInfo, ...]:
        """Return the functions of a file that a database connection calls for each row or text."""
        known = self._makers.get(unit)
        if known is None:
            found: list[FunctionInfo] = []
            for name in _MAKERS:
                for target in unit.module.attributes_of(name):
                    statement = unit.module.parents.get(target)
                    value = statement.value if isinstance(statement, ast.Assign) else None
                    made = self._flat.value(value, unit) if value is not None else ()
                    found += [entry.function for entry in made if entry.kind is values.FUNCTION]
            known = self._makers[unit] = tuple(found)
        return known

    def defined(self, node: ast.ClassDef, frame: Frame) -> None:
        """Count what a class statement runs: hooks of its bases and metaclass, names given to descriptors, decorators."""
        if not frame.sink.is_heard:
            return
        info = frame.unit.class_info(node)
        flat = self._flat
        found: list[FunctionInfo | str | None] = [
            self._families.method(info, "__init_subclass__", after=info)
        ]
        if not self._takes_keywords(found[0], info):
            self._effects.operation("op:arguments", node, frame)
        for meta in self._metaclasses(info):
            found += [self._families.method(meta, name) for name in _OF_CLASS_STATEMENTS]
        for value in info.values.values():
            named = [
                self._families.method(entry.class_info, "__set_name__")
                for entry in flat.value(value, info.unit)
                if entry.kind is values.INSTANCE
            ]
            if any(isinstance(method, FunctionInfo) for method in named):
                self._effects.operation("op:set-name", node, frame)
            found += named
        for decorator in node.decorator_list:
            found += [
                entry.function for entry in flat.value(decorator, info.unit) if entry.kind is values.FUNCTION
            ]
        for method in found:
            if isinstance(method, FunctionInfo):
                frame.sink.add(CallEdge(method, node, frame.unit))

    def _takes_keywords(self, method: FunctionInfo | str | None, info: ClassInfo) -> bool:
        """Whether the bases of a class take the keywords of its statement; a metaclass may take any."""
        given = {word.arg for word in info.node.keywords}
        owners = self._families.family(info)
        if None in given or any(
            not isinstance(owner, ClassInfo) or any(word.arg == "metaclass" for word in owner.node.keywords)
            for owner in owners
        ):
            return True
        return _fit(given, method) if isinstance(method, FunctionInfo) else not given

    def _of(
        self, entry: Type, node: ast.expr, frame: Frame, *, is_inside: bool = False, is_used: bool = False
    ) -> None:
        sink = frame.sink
        if not sink.is_heard:
            return
        if entry.name == _FACTORIES:
            methods = self._factories_of(frame.unit)
        elif entry.kind is values.INSTANCE:
            methods = self._hooks_of_instances(entry.class_info)
            outer = self._set_from_outside(entry.class_info)
            if outer:  # as none was asked whether it gives what Python takes of it
                self._effects.operation("op:kinds", node, frame)
                for made in outer:
                    if made.function_or_none is not None:
                        sink.add(CallEdge(made.function, node, frame.unit))
        elif entry.kind is values.CLASS:
            methods = self._hooks_of_class(entry.class_info)
        else:
            return
        for method in methods:
            is_told = entry.kind is values.INSTANCE and not is_used and method.name in _TOLD_APART
            if method is frame.function or is_told:
                continue
            if is_inside or is_used or method.name not in _ASKED_DIRECTLY:
                sink.add(CallEdge(method, node, frame.unit))

    def _hooks_of_instances(self, info: ClassInfo) -> tuple[FunctionInfo, ...]:
        known = self._instances.get(info)
        if known is None:
            self._instances[info] = ()
            found = [
                owner.methods[name]
                for owner in self._families.family(info)
                if isinstance(owner, ClassInfo)
                for name in owner.methods
                if _is_special(name) and name not in OF_MAKING
            ]
            found += self._descriptors(info)
            known = self._instances[info] = tuple(dict.fromkeys(found))
        return known

    def _set_from_outside(self, info: ClassInfo) -> Value:
        """Return what is put into a class under the names of special methods: ``Item.__eq__ = same``."""
        known = self._outer.get(info)
        if known is None:
            self._outer[info] = values.BOTTOM
            users = self._world.users_of(info.unit, info.name)
            family = self._families.family(info)
            known = self._outer[info] = values.join(
                self._flat.value(value, unit)
                for unit in dict.fromkeys((info.unit, self._world.unit, *users))
                for thing, value in _specials_set(unit.module)
                if any(
                    entry.kind is values.CLASS and entry.class_info in family
                    for entry in self._flat.value(thing, unit)
                )
            )
        return known

    def _descriptors(self, info: ClassInfo) -> Iterator[FunctionInfo]:
        """Yield what runs when an attribute is read or set that stands in the class as an object with hooks of its own."""
        flat = self._flat
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                continue
            for value in owner.values.values():
                if not isinstance(value, ast.Call):
                    continue
                for entry in flat.value(value, owner.unit):
                    if entry.kind is values.INSTANCE:
                        for name in _OF_DESCRIPTORS:
                            method = self._families.method(entry.class_info, name)
                            if isinstance(method, FunctionInfo):
                                yield method
                if isinstance(value.func, ast.Name) and value.func.id == "property":
                    for argument in (*value.args, *(word.value for word in value.keywords)):
                        if isinstance(argument, ast.Name) and argument.id in owner.methods:
                            yield owner.methods[argument.id]

    def _hooks_of_class(self, info: ClassInfo) -> tuple[FunctionInfo, ...]:
        known = self._classes.get(info)
        if known is None:
            self._classes[info] = ()
            found: list[FunctionInfo] = [*self._descriptors(info)]
            for meta in self._metaclasses(info):
                found += [
                    owner.methods[name]
                    for owner in self._families.family(meta)
                    if isinstance(owner, ClassInfo)
                    for name in owner.methods
                    if name in _OF_CLASSES
                ]
            for owner in self._families.family(info):
                if isinstance(owner, ClassInfo):
                    found += [
                        owner.methods[name]
                        for name in ("__class_getitem__", "__subclasshook__")
                        if name in owner.methods
                    ]
                    found += self._default_factories(owner)
            known = self._classes[info] = tuple(dict.fromkeys(found))
        return known

    def _default_factories(self, owner: ClassInfo) -> Iterator[FunctionInfo]:
        """Yield the functions that a data class calls for its fields."""
        for value in owner.values.values():
            if isinstance(value, ast.Call):
                for word in value.keywords:
                    if word.arg == "default_factory":
                        yield from self._called_in(self._flat.value(word.value, owner.unit))

    def _called_in(self, value: Value) -> Iterator[FunctionInfo]:
        """Yield the functions of the program that a call of a value runs, also through ``partial``."""
        for entry in values.in_order(value):
            if entry.function_or_none is not None:
                yield entry.function
            elif entry.kind is values.CLASS:
                made = self._families.method(entry.class_info, "__init__")
                if isinstance(made, FunctionInfo):
                    yield made
            elif entry.kind is values.PARTIAL:
                for held in entry.args:
                    yield from self._called_in(held)

    def _factories_of(self, unit: Unit) -> tuple[FunctionInfo, ...]:
        """Return the functions of a file that dictionaries with defaults call for a missing key."""
        known = self._factories.get(unit)
        if known is None:
            found: list[FunctionInfo] = []
            for each in (unit, *self._world.imported_by(unit)):
                for call in calls_to(each.module, "defaultdict"):
                    found += self._called_in(self._flat.value(call.args[0], each)) if call.args else []
            known = self._factories[unit] = tuple(found)
        return known

    def _metaclasses(self, info: ClassInfo) -> Iterator[ClassInfo]:
        flat = self._flat
        for owner in self._families.family(info):
            if isinstance(owner, ClassInfo):
                for word in owner.node.keywords:
                    if word.arg == "metaclass":
                        for entry in flat.value(word.value, owner.unit):
                            if entry.kind is values.CLASS:
                                yield entry.class_info


def _specials_set(module: Module) -> list[tuple[ast.expr, ast.expr]]:
    """List where a file sets special methods from outside a class: what they are put into, and what."""
    known: list[tuple[ast.expr, ast.expr]] | None = module.remembered.get(_specials_set)
    if known is None:
        known = [
            (thing, value)
            for thing, named, value in set_by_name(module)
            if value is not None and isinstance(named, ast.Constant) and _is_asked_for(str(named.value))
        ]
        for place in module.attributes:
            if isinstance(place.ctx, ast.Store) and _is_asked_for(place.attr):
                statement = module.parents.get(place)
                value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
                known.append((place.value, value or place.value))
        module.remembered[_specials_set] = known
    return known


def _is_asked_for(name: str) -> bool:
    """Whether Python calls what an object has under a name where no one reads a call."""
    return _is_special(name) and name not in _SAYING


def _fit(given: set[str | None], method: FunctionInfo) -> bool:
    """Whether the keywords of a class statement fit the ``__init_subclass__`` that gets them."""
    arguments = method.node.args  # type: ignore[union-attr]  # a definition
    words = [*method.parameters[1:], *arguments.kwonlyargs]
    defaults = len(arguments.defaults)
    needed = {each.arg for each in method.parameters[1 : len(method.parameters) - defaults]}
    needed |= {
        each.arg
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    return needed <= given and (arguments.kwarg is not None or given <= {each.arg for each in words})


def _names(decorator: ast.expr, attribute: str) -> bool:
    """Whether a decorator is made with the name of an attribute."""
    return isinstance(decorator, ast.Call) and any(
        isinstance(each, ast.Constant) and each.value == attribute for each in decorator.args
    )


def _with_rows(entry: Type, made: Value) -> Type:
    return entry._replace(args=tuple(made if _ROW in values.names(part) else part for part in entry.args))


_WITH_HOOKS = (values.INSTANCE, values.CLASS)
_AROUND = (ast.keyword, ast.Tuple, ast.List, ast.Set)
_USING = (
    ast.BinOp,
    ast.AugAssign,
    ast.Compare,
    ast.Starred,
    ast.Dict,
    ast.comprehension,
    ast.FormattedValue,
)


def _is_used(node: ast.expr, frame: Frame) -> bool:
    """Say whether somebody else may ask for any special method of a value that stands there.

    A library that is handed it, an operator with another operand, a format, an unpacking. Not where it is called, its attributes are
    read, it is bound to a name, returned, or handed to a function of the same file, whose own operations count.
    """
    module = frame.unit.module
    parent = module.parents.get(node)
    while isinstance(parent, _AROUND):
        parent = module.parents.get(parent)
    if isinstance(parent, ast.Call):
        return (
            parent.func is not node
            and module.definition(parent.func) is None
            and not _is_of_self(parent.func)
        )
    return isinstance(parent, _USING)


def _is_of_self(callee: ast.expr) -> bool:
    return (
        isinstance(callee, ast.Attribute)
        and isinstance(callee.value, ast.Name)
        and callee.value.id in ("self", "cls")
    )


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and len(name) > 4


def _may_have_hooks(value: Value) -> bool:
    """Whether an object or class of the program, or a table of factories, is among the alternatives or in one of them."""
    for entry in value:
        if entry.kind in _WITH_HOOKS or entry.name == _FACTORIES:
            return True
        for part in entry.args:
            for inner in part:
                if inner.kind is values.INSTANCE:
                    return True
    return False
