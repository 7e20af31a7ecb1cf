"""What a library's own code calls of the program: methods that heirs of its classes define.

Input: an inherited method that is taken of an instance of the program's class, or such a class that is made. Output: edges to the
program's own methods that may run then: ``parser.feed(text)`` calls ``handle_starttag``, ``session.get(url)`` an own ``request``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.values import Value
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

_NOTHING = "-"
_REDIRECTS = {"sys.stdout": "redirect_stdout", "sys.stderr": "redirect_stderr"}
_GOING_ON = ("__iter__", "__next__", "__getitem__", "__call__")
# What the analysis counts where an object is made, entered, left or shown.
_TOLD_APART = frozenset(
    {"__init__", "__new__", "__del__", "__enter__", "__exit__", "__repr__", "__str__", "__init_subclass__"}
)


class CalledBack:
    """Answers for one program; each class is looked at once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, families: Families, places: Places) -> None:
        self._knowledge = world.knowledge
        self._above = above
        self._places = places
        self._families = families
        self._known: dict[tuple[ClassInfo, str], tuple[FunctionInfo, ...]] = {}
        self._streams: dict[str, tuple[FunctionInfo, ...]] = {}
        self._registered: dict[str, tuple[FunctionInfo, ...]] = {}
        self._met: dict[str, tuple[FunctionInfo, ...]] = {}

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
        for method in self._own(info, base):
            runs_elsewhere = isinstance(method.node, ast.AsyncFunctionDef) and not (
                row is not None and row.awaitable
            )
            if method.name != name and method is not frame.function and not runs_elsewhere:
                frame.sink.add(CallEdge(method, node, frame.unit))

    def written(self, stream: str, node: ast.AST, frame: Frame) -> None:
        """Count what runs when something is printed: ``write`` of an own object in the place of the terminal.

        Args:
            stream: ``sys.stdout`` or ``sys.stderr``.
            node: the call.
            frame: takes the edges.
        """
        if not frame.sink.is_heard:
            return
        known = self._streams.get(stream)
        if known is None:
            self._streams[stream] = ()
            known = self._streams[stream] = tuple(dict.fromkeys(self._methods_of_stream(stream)))
        for method in known:
            if method is not frame.function:
                frame.sink.add(CallEdge(method, node, frame.unit))

    def _methods_of_stream(self, stream: str) -> Iterator[FunctionInfo]:
        flat = self._above.flat
        given = [flat.target(place, unit) for place, unit in self._places.put_in_place(stream)]
        for unit in self._places.around(_REDIRECTS[stream]):
            for call in unit.module.calls_of(_REDIRECTS[stream]):
                given += [flat.value(each, unit) for each in call.args[:1]]
        for value in given:
            for entry in value:
                if entry.kind is values.INSTANCE:
                    found = (self._families.method(entry.class_info, name) for name in ("write", "flush"))
                    yield from (each for each in found if isinstance(each, FunctionInfo))

    def met(self, row: CallRow, node: ast.AST, frame: Frame) -> None:
        """Count what heirs of a library's classes do that a call may meet: own handlers of the log, whose errors nobody catches.

        Args:
            row: of what is called.
            node: the call.
            frame: takes the edges.
        """
        if not frame.sink.is_heard:
            return
        for base in row.meets:
            known = self._met.get(base)
            if known is None:
                self._met[base] = ()
                known = self._met[base] = tuple(dict.fromkeys(self._of_heirs(base)))
            for method in known:
                if method is not frame.function:
                    frame.sink.add(CallEdge(method, node, frame.unit))

    def _of_heirs(self, base: str) -> Iterator[FunctionInfo]:
        for unit in self._places.around(base.partition(".")[0]):
            for statement in unit.module.classes:
                info = unit.class_info(statement)
                if base in self._bases(info):
                    yield from self._own(info, base)

    def _bases(self, info: ClassInfo) -> Iterator[str]:
        for base in self._families.family(info):
            if isinstance(base, str):
                yield from self._knowledge.mro(base)

    def registered(self, row: CallRow, node: ast.AST, frame: Frame) -> None:
        """Count functions that other calls handed over, and that this one runs: the ``type`` of an argument of a command line.

        Args:
            row: of what is called.
            node: the call.
            frame: takes the edges.
        """
        if not frame.sink.is_heard:
            return
        for text in row.runs:
            known = self._registered.get(text)
            if known is None:
                self._registered[text] = ()
                known = self._registered[text] = tuple(dict.fromkeys(self._handed_over(text)))
            for method in known:
                frame.sink.add(CallEdge(method, node, frame.unit))

    def _handed_over(self, text: str) -> Iterator[FunctionInfo]:
        word, _, parameter = text.partition(":")
        for unit in self._places.around(word):
            for call in unit.module.calls_of(word):
                given = [each.value for each in call.keywords if each.arg == parameter]
                if parameter.isdigit():
                    given += call.args[int(parameter) : int(parameter) + 1]
                for each in given:
                    yield from self._run_by(self._above.flat.value(each, unit))

    def _run_by(self, value: Value) -> Iterator[FunctionInfo]:
        """Yield what a call of a value runs of the program, made first if it is a class."""
        for entry in value:
            if entry.function_or_none is not None:
                yield entry.function
            elif entry.class_or_none is not None:
                found = (self._families.method(entry.class_info, name) for name in ("__init__", "__call__"))
                yield from (each for each in found if isinstance(each, FunctionInfo))

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
            for inner in (entry.remembered or ()) if entry.name == "iterator" else ():
                if inner.kind is values.GENERATOR:
                    if inner.function_or_none is not None:
                        frame.sink.add(CallEdge(inner.function, node, frame.unit))
                elif inner.kind is values.INSTANCE:
                    found = (self._families.method(inner.class_info, name) for name in _GOING_ON)
                    for method in found:
                        if isinstance(method, FunctionInfo):
                            frame.sink.add(CallEdge(method, node, frame.unit))
                else:
                    self._above.calls.invoke_unknown(frozenset({inner}), node, frame)

    def _own(self, info: ClassInfo, base: str) -> tuple[FunctionInfo, ...]:
        """Return the methods that a class, its own bases and its heirs define, and that a library's class may call."""
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
                if name not in _TOLD_APART and self._is_called(name, base, patterns)
            ]
            known = self._known[key] = tuple(dict.fromkeys(found))
        return known

    def _patterns(self, base: str) -> tuple[str, ...]:
        rows = (self._knowledge.type(each) for each in self._knowledge.mro(base))
        return tuple(pattern for row in rows if row is not None for pattern in row.calls_own)

    def _is_called(self, name: str, base: str, patterns: tuple[str, ...]) -> bool:
        if patterns:
            return any(fnmatchcase(name, pattern) for pattern in patterns if pattern != _NOTHING)
        row = self._knowledge.method(base, name)
        return row is not None and not row.hands
