"""What a library's own code calls of the program: methods that heirs of its classes define.

Input: an inherited method that is taken of an instance of the program's class, or such a class that is made. Output: edges to the
program's own methods that may run then: ``parser.feed(text)`` calls ``handle_starttag``, ``session.get(url)`` an own ``request``.
"""

from __future__ import annotations

import ast
import builtins
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge, Frame
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.syntax.literals import maker_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Lazy, Type, Value
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

_NOTHING = "-"
_CALLED = (values.FUNCTION, values.METHOD, values.UNBOUND)
_CONTAINERS = frozenset({"list", "tuple", "dict", "set"})
_GOING_ON = ("__iter__", "__next__", "__getitem__", "__call__")
# What the analysis counts where an object is made, entered, left or shown.
_COUNTED_ELSEWHERE = frozenset(
    {"__init__", "__new__", "__del__", "__enter__", "__exit__", "__repr__", "__str__", "__init_subclass__"}
)


class CalledBack:
    """Answers for one program; each class is looked at once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, families: Families) -> None:
        self._knowledge = world.knowledge
        self._above = above
        self._families = families
        self._known: dict[tuple[ClassInfo, str], tuple[FunctionInfo, ...]] = {}

    def inherited(self, info: ClassInfo, base: str, name: str, node: ast.AST, frame: Frame) -> None:
        """Count what a method that an instance has of a library's class may call of the instance.

        Args:
            info: the class of the instance.
            base: the library's class.
            name: the method; empty when the instance is made.
            node: where it is taken.
            frame: takes the edges.
        """
        if not frame.sink.is_heard or "." not in base:  # what is built in calls nothing of its heirs
            return
        if not name and not self._patterns(base):
            return
        row = self._knowledge.method(base, name) if name else None
        for method in self.own(info, base):
            runs_elsewhere = isinstance(method.node, ast.AsyncFunctionDef) and not (
                row is not None and row.awaitable
            )
            if method.name != name and method is not frame.function and not runs_elsewhere:
                frame.sink.add(CallEdge(method, node, frame.unit))

    def goes_on(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Count what runs as an iterator goes on: the function of a ``map`` that was made before, a generator in a ``zip``.

        Args:
            value: what is gone through.
            node: the expression whose value it is.
            frame: takes the edges.
        """
        if not frame.sink.is_heard:
            return
        for entry in value:
            for inner in entry.remembered or ():
                if entry.name != "iterator" and inner.kind is not values.GENERATOR:
                    continue  # it is called later, not gone through
                if inner.lazy is not None:
                    self._run_late(inner.lazy, node, frame)
                elif inner.kind is values.GENERATOR:
                    if inner.function_or_none is not None:
                        frame.sink.add(CallEdge(inner.function, node, frame.unit))
                elif inner.kind is values.INSTANCE:
                    found = (self._families.method(inner.class_info, name) for name in _GOING_ON)
                    for method in found:
                        if isinstance(method, FunctionInfo):
                            frame.sink.add(CallEdge(method, node, frame.unit))
                else:
                    self._above.calls.invoke_unknown(frozenset({inner}), node, frame)

    def _run_late(self, lazy: Lazy, node: ast.expr, frame: Frame) -> None:
        """Count what a generator expression does where it is gone through, if that is another ``try`` than it stands in."""
        unit = lazy.unit
        if node is lazy.node or _around(lazy.node, unit) >= _around(node, frame.unit):
            return
        self._above.expressions.value(lazy.node, Frame(unit.enclosing(lazy.node), {}, frame.sink))

    def given(self, row: CallRow, arguments: Arguments, frame: Frame) -> None:
        """Count functions and objects of the program that a library is given, also in a list or a table: it may call them.

        What the standard library calls its rows say.

        Args:
            row: of what is called.
            arguments: of the call.
            frame: takes the edges.
        """
        if not frame.sink.is_heard or not _is_of_others(row):
            return
        counted = {passed for name in row.calls for passed in arguments.find(name, row.params)}
        for passed in (*arguments.positional, *arguments.keywords.values()):
            if passed not in counted:
                self.may_run(self.handed(arguments.value(passed)), passed, frame)

    def made_of(self, value: Value, row: CallRow, arguments: Arguments) -> Value:
        """Let what a library makes remember the functions and objects of the program that it is given: hooks of a client."""
        if not _is_of_others(row):
            return value
        given = values.join(
            self.handed(arguments.value(each))
            for each in (*arguments.positional, *arguments.keywords.values())
        )
        if not given:
            return value
        return frozenset(
            entry._replace(ref=given)
            if entry.kind is values.NAMED and "." in entry.name and entry.is_plain
            else entry
            for entry in value
        )

    def handed(self, value: Value, depth: int = 2) -> Value:
        """Return what a library may call of a value: functions of the program, objects of heirs of its classes, what is in containers."""
        found: set[Type] = set()
        for entry in value:
            if entry.kind in _CALLED or entry.kind is values.INSTANCE:
                found.add(entry)
            elif depth and (entry.kind is values.PARTIAL or entry.name in _CONTAINERS):
                for part in entry.args:
                    found.update(self.handed(part, depth - 1))
        return frozenset(found)

    def may_run(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Count what a library may run of what it was given.

        Args:
            value: as ``handed`` gives it.
            node: where it is run.
            frame: takes the edges.
        """
        for entry in value:
            methods: list[FunctionInfo] = []
            if entry.function_or_none is not None and entry.kind in (*_CALLED, values.GENERATOR):
                methods = [entry.function]
            elif entry.kind is values.INSTANCE:
                found = self._families.method(entry.class_info, "__call__")
                methods = [found] if isinstance(found, FunctionInfo) else []
                for base in self._families.family(entry.class_info):
                    if isinstance(base, str) and "." in base:
                        methods += self.own(entry.class_info, base)
            for method in methods:
                if method is not frame.function and not isinstance(method.node, ast.AsyncFunctionDef):
                    frame.sink.add(CallEdge(method, node, frame.unit))

    def own(self, info: ClassInfo, base: str) -> tuple[FunctionInfo, ...]:
        """Return the methods that a class, its own bases and its heirs define, and that a library's class may call.

        Args:
            info: the class.
            base: the library's class.
        """
        key = (info, base)
        known = self._known.get(key)
        if known is None:
            self._known[key] = ()
            patterns = self._patterns(base)
            owners = [each for each in self._families.family(info) if isinstance(each, ClassInfo)]
            found = [
                method
                for owner in dict.fromkeys((*owners, *self._families.heirs(info)))
                for name, method in owner.methods.items()
                if name not in _COUNTED_ELSEWHERE and self._is_called(method, base, patterns)
            ]
            known = self._known[key] = tuple(dict.fromkeys(found))
        return known

    def _patterns(self, base: str) -> tuple[str, ...]:
        rows = (self._knowledge.type(each) for each in self._knowledge.mro(base))
        return tuple(pattern for row in rows if row is not None for pattern in row.calls_own)

    def _is_called(self, method: FunctionInfo, base: str, patterns: tuple[str, ...]) -> bool:
        name = method.name
        if patterns:
            decorators = getattr(method.node, "decorator_list", ())
            if any(f"@{maker_name(each)}" in patterns for each in decorators):
                return True
            return any(fnmatchcase(name, pattern) for pattern in patterns if pattern != _NOTHING)
        row = self._knowledge.method(base, name)
        return row is not None and not row.hands


def _is_of_others(row: CallRow) -> bool:
    """Whether a row is of a library that is not the standard one, and does not say where a function goes that it is given."""
    top, dot, _ = row.name.partition(".")
    if not dot or top in sys.stdlib_module_names or hasattr(builtins, top):
        return False
    return not (row.passes or row.remembers or row.hands)


def _around(node: ast.AST, unit: Unit) -> set[ast.AST]:
    """Return the ``try`` statements around a node, and the functions that it stands in."""
    around = unit.module.ancestors(node) if node in unit.module.parents else ()
    return {each for each in around if isinstance(each, ast.Try | ast.FunctionDef | ast.AsyncFunctionDef)}
