"""What the program set up elsewhere, and a library's code runs: functions that it registered, heirs that it may have made.

Input: the row of a call. Output: edges to the program's own functions and methods that may run then: ``error`` of a logger runs own
handlers of the log, ``parse_args`` the ``type`` of an argument, ``print`` an own object in the place of the terminal. Rows say which:
``runs`` and ``meets`` of a call, and of the module that it is of.
"""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.taken import calls_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.called_back import CalledBack
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.replacements import Replacements
    from workerlog_migrate.analysis.values import Value
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

_REDIRECTS = {"sys.stdout": "redirect_stdout", "sys.stderr": "redirect_stderr"}


class SetUp:
    """Answers for one program; what is set up is looked for once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        families: Families,
        places: Places,
        replacements: Replacements,
        called_back: CalledBack,
    ) -> None:
        self._knowledge = world.knowledge
        self._above = above
        self._families = families
        self._places = places
        self._replacements = replacements
        self._called_back = called_back
        self._known: dict[str, tuple[FunctionInfo, ...]] = {}

    def run_by(self, row: CallRow, node: ast.expr, frame: Frame) -> None:
        """Count what a call runs that the program set up elsewhere.

        Args:
            row: of what is called.
            node: the call.
            frame: takes the edges.
        """
        if not frame.sink.is_heard:
            return
        top, dot, _ = row.name.partition(".")
        module = self._knowledge.type(f"module:{top}") if dot else None
        for text in row.runs if module is None else (*row.runs, *module.runs):
            self._count(text, self._handed_over, node, frame)
        for base in row.meets if module is None else (*row.meets, *module.meets):
            self._count(base, self._of_heirs, node, frame)
        self._replacements.run_by(row, node, frame)

    def written(self, stream: str, node: ast.AST, frame: Frame) -> None:
        """Count what runs when something is printed: ``write`` of an own object in the place of the terminal.

        Args:
            stream: ``sys.stdout`` or ``sys.stderr``.
            node: the call.
            frame: takes the edges.
        """
        if frame.sink.is_heard:
            self._count(stream, self._methods_of_stream, node, frame)

    def _count(
        self, text: str, find: Callable[[str], Iterator[FunctionInfo]], node: ast.AST, frame: Frame
    ) -> None:
        known = self._known.get(text)
        if known is None:
            self._known[text] = ()  # for what is asked on the way
            known = self._known[text] = tuple(dict.fromkeys(find(text)))
        for method in known:
            if method is not frame.function:
                frame.sink.add(CallEdge(method, node, frame.unit))

    def _methods_of_stream(self, stream: str) -> Iterator[FunctionInfo]:
        given = [self._replacements.value(stream)]
        for unit in self._places.around(_REDIRECTS[stream]):
            for call in calls_to(unit.module, _REDIRECTS[stream]):
                given += [self._above.flat.value(each, unit) for each in call.args[:1]]
        for value in given:
            for entry in value:
                if entry.kind is values.INSTANCE:
                    found = (self._families.method(entry.class_info, name) for name in ("write", "flush"))
                    yield from (each for each in found if isinstance(each, FunctionInfo))

    def _of_heirs(self, base: str) -> Iterator[FunctionInfo]:
        for unit in self._places.around(base.partition(".")[0]):
            for statement in unit.module.classes:
                info = unit.class_info(statement)
                if base in self._bases(info):
                    yield from self._called_back.own(info, base)

    def _bases(self, info: ClassInfo) -> Iterator[str]:
        for base in self._families.family(info):
            if isinstance(base, str):
                yield from self._knowledge.mro(base)

    def _handed_over(self, text: str) -> Iterator[FunctionInfo]:
        word, _, parameter = text.partition(":")
        if not word:
            yield from self._stored(parameter)
            return
        if word.startswith("@"):
            yield from self._registered(word[1:])
            return
        for unit in self._places.around(word):
            for call in calls_to(unit.module, word):
                given = [each.value for each in call.keywords if each.arg == parameter]
                if parameter.isdigit():
                    given += call.args[int(parameter) : int(parameter) + 1]
                for each in given:
                    yield from self._run_of(self._above.flat.value(each, unit))

    def _registered(self, decorator: str) -> Iterator[FunctionInfo]:
        """Yield the functions that a decorator of that name hands over, ``@event.listens_for(engine, "connect")``."""
        for unit in self._places.around(decorator):
            for call in unit.module.calls_of(decorator):
                owner = unit.module.parents.get(call)
                if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) and call in owner.decorator_list:
                    yield unit.function(owner)

    def _stored(self, pattern: str) -> Iterator[FunctionInfo]:
        """Yield what runs of what is stored in attributes of a name, whatever they are of: ``row_factory``, ``*Handler``."""
        is_one = "*" not in pattern
        for unit in self._places.around(pattern if is_one else ""):
            for place in _stores(unit, pattern, is_one=is_one):
                yield from self._run_of(self._above.flat.target(place, unit))

    def _run_of(self, value: Value) -> Iterator[FunctionInfo]:
        """Yield what may run of a value: a function; of a class what makes and calls it; of an object its methods."""
        for entry in value:
            if entry.function_or_none is not None:
                yield entry.function
            elif entry.kind is values.INSTANCE:
                for owner in self._families.family(entry.class_info):
                    if isinstance(owner, ClassInfo):
                        yield from (each for name, each in owner.methods.items() if _is_asked(name))
            elif entry.class_or_none is not None:
                found = (self._families.method(entry.class_info, name) for name in ("__init__", "__call__"))
                yield from (each for each in found if isinstance(each, FunctionInfo))


def _stores(unit: Unit, pattern: str, *, is_one: bool) -> Iterator[ast.Attribute]:
    places = unit.module.stores_of(pattern) if is_one else unit.module.attributes
    for place in places:
        if isinstance(place.ctx, ast.Store) and (is_one or fnmatchcase(place.attr, pattern)):
            yield place


def _is_asked(name: str) -> bool:
    """Whether a method may be called by who holds an object; not what makes it."""
    return name == "__call__" or not name.startswith("__")
