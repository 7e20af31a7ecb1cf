"""What the program puts in the place of what a library defines, and what a library's calls run since then.

Input: an attribute of a library's module or class that the script, or a file that runs with it, sets: by an assignment, by ``setattr``,
by ``mock.patch``, or through ``sys.modules``. Output: what stands there, and edges to it from the calls of that library, whose own code
may call it by that name: ``json.JSONEncoder.default = own`` runs behind ``json.dumps``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.values import ANY, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import ClassInfo, Unit
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

_PAIR = 2
_HOOKS = ("hook", "Hook")
"""Ends of the names of what runs outside of everything that is called: ``sys.excepthook``."""


class Replacement(NamedTuple):
    """One place where something is put in the place of what a library defines.

    Attributes:
        unit: the file.
        target: the attribute, where one is assigned to.
        value: what is put there, where that is written; neither is it where it is made up (``side_effect=``).
        line: of the place.
    """

    unit: Unit
    target: ast.Attribute | None
    value: ast.expr | None
    line: int


class _Runs(NamedTuple):
    """What a library's calls run besides: functions of the program, and whether nobody knows what else."""

    functions: tuple[FunctionInfo, ...] = ()
    unknown: str = ""


class Replacements:
    """Answers for one program; the files are gone through once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self, world: World, above: Above, effects: Effects, families: Families, places: Places
    ) -> None:
        self._world = world
        self._above = above
        self._effects = effects
        self._families = families
        self._places = places
        self._known: dict[str, list[Replacement]] | None = None
        self._asked: set[str] = set()  # whose replacements are being looked at
        self._runs: dict[str, _Runs] = {}

    def value(self, dotted: str) -> Value:
        """Return what is put in the place of a library's function or object, ANY where that is not seen; nothing where nothing is.

        What is put there may be made of what stood there before: ``time.sleep = counted(time.sleep)``.

        Args:
            dotted: its name: ``sys.stdout``, ``builtins.open``.
        """
        found = self._all().get(dotted)
        if not found:
            return values.BOTTOM
        if dotted in self._asked:
            return ANY
        self._asked.add(dotted)
        try:
            return values.join(map(self._value, found))
        finally:
            self._asked.discard(dotted)

    def is_terminal(self, info: ClassInfo) -> bool:
        """Whether an instance of a class is put in the place of the terminal."""
        return any(
            entry.class_or_none is info
            for stream in ("sys.stdout", "sys.stderr")
            for entry in self.value(stream)
        )

    def run_by(self, row: CallRow, node: ast.expr, frame: Frame) -> None:
        """Count what a call of a library runs since something was put in the place of what the library defines.

        Args:
            row: of what is called.
            node: the call.
            frame: takes the edges.
        """
        top, dot, _ = row.name.partition(".")
        if not dot or not frame.sink.is_heard:
            return
        runs = self._runs.get(top)
        if runs is None:
            self._runs[top] = _Runs()
            runs = self._runs[top] = self._run_in(top)
        for function in runs.functions:
            if function is not frame.function:
                frame.sink.add(CallEdge(function, node, frame.unit))
        if runs.unknown:
            self._effects.unknown_call(node, frame, row.name, runs.unknown)

    def _run_in(self, top: str) -> _Runs:
        found: dict[FunctionInfo, None] = {}
        unknown = ""
        for dotted, places in self._all().items():
            owner, dot, name = dotted.rpartition(".")
            if dotted.partition(".")[0] != top or top == "sys" or name.endswith(_HOOKS):
                continue
            if dot and self._is_new(owner, name):
                continue
            value = ANY if not dot else self.value(dotted)
            for entry in value:
                if entry.function_or_none is not None:
                    found[entry.function] = None
                elif entry.class_or_none is not None:
                    found.update(dict.fromkeys(self._methods(entry.class_info)))
                elif self._is_known(dotted) and not self._is_harmless(entry):
                    unknown = f"{dotted} is replaced in line {places[0].line} of {places[0].unit.name}"
        return _Runs(tuple(found), unknown)

    def _methods(self, info: ClassInfo) -> Iterator[FunctionInfo]:
        for owner in self._families.family(info):
            if not isinstance(owner, str) and owner is not None:
                yield from owner.methods.values()

    def _is_new(self, owner: str, name: str) -> bool:
        """Whether a name is put on a class of a library that has rows, but none of that name: the library does not call it."""
        knowledge = self._world.knowledge
        if name.startswith("_") or knowledge.type(owner) is None:
            return False
        return not self._is_known(f"{owner}.{name}") and knowledge.attribute(owner, name) is None

    def _is_known(self, dotted: str) -> bool:
        """Whether a row speaks of what was there, or a whole module was."""
        knowledge = self._world.knowledge
        owner, dot, name = dotted.rpartition(".")
        return not dot or knowledge.call(dotted) is not None or knowledge.method(owner, name) is not None

    def _is_harmless(self, entry: values.Type) -> bool:
        """Whether something that is put there is data, or a function of a library of which the row is known and raises nothing."""
        if entry.kind is values.DOTTED:
            row = self._world.knowledge.call(entry.dotted)
            return row is not None and not (row.raises or row.when or row.calls or row.passes)
        return entry.kind in (values.SAFE, values.NAMED)

    def _value(self, place: Replacement) -> Value:
        if place.target is not None:
            return self._above.flat.target(place.target, place.unit)
        return ANY if place.value is None else self._above.flat.value(place.value, place.unit)

    def _all(self) -> dict[str, list[Replacement]]:
        if self._known is None:
            self._known = {}
            for unit in self._places.around(""):
                for dotted, place in _replaced_in(unit):
                    self._known.setdefault(self._of_library(dotted, unit), []).append(place)
            for unit in dict.fromkeys((*self._places.around("patch"), *self._places.around("modules"))):
                for dotted, place in (*_patched_in(unit), *_modules_in(unit)):
                    self._known.setdefault(dotted, []).append(place)
        return self._known

    def _of_library(self, dotted: str, unit: Unit) -> str:
        """Give the name in the library of what is reached through a file of the program: ``main.os.getcwd``."""
        parts = dotted.split(".")
        for at in range(1, len(parts) - 1):
            name = ".".join(parts[:at])
            other = self._world.other_unit(name, unit) if self._world.may_be_own(parts[0], name) else None
            for binding in other.module.scope_of_module.bindings.get(parts[at], ()) if other else ():
                if binding.kind == "import" and binding.qualified:
                    return ".".join([binding.qualified, *parts[at + 1 :]])
        return dotted.removeprefix(f"{self._world.unit.name}.")


def _replaced_in(unit: Unit) -> Iterator[tuple[str, Replacement]]:
    """Yield what a file assigns to attributes of libraries, also by ``setattr(module, "name", value)``."""
    module = unit.module
    for place in module.attributes:
        if isinstance(place.ctx, ast.Store):
            name = module.qualified(place)
            if name is not None:
                yield name, Replacement(unit, place, None, place.lineno)
    for call in calls_to(module, "setattr"):
        owner = module.qualified(call.args[0]) if len(call.args) > _PAIR else None
        name = _text_of(call.args[1]) if owner is not None else ""
        if name:
            yield f"{owner}.{name}", Replacement(unit, None, call.args[_PAIR], call.lineno)


def _patched_in(unit: Unit) -> Iterator[tuple[str, Replacement]]:
    """Yield what ``mock.patch("time.sleep", value)`` and ``mock.patch.object(time, "sleep", value)`` replace."""
    module = unit.module
    for call in calls_to(module, "patch"):
        name = _text_of(call.args[0]) if call.args else ""
        if name:
            yield name, Replacement(unit, None, _new(call, 1), call.lineno)
    for call in calls_to(module, "object"):
        name = _text_of(call.args[1]) if len(call.args) >= _PAIR else ""
        if name:
            owner = module.qualified(call.args[0])
            if owner is not None:
                yield f"{owner}.{name}", Replacement(unit, None, _new(call, 2), call.lineno)


def _text_of(node: ast.expr) -> str:
    """Return a text that is written, or an empty one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _new(call: ast.Call, place: int) -> ast.expr | None:
    """Return what a patch puts there, where it is written."""
    named = next((word.value for word in call.keywords if word.arg == "new"), None)
    return call.args[place] if len(call.args) > place else named


def _modules_in(unit: Unit) -> Iterator[tuple[str, Replacement]]:
    """Yield the modules in whose place a file puts something: ``sys.modules["json"] = other``."""
    parents = unit.module.parents
    for place in unit.module.attributes_of("modules"):
        match parents.get(place):
            case ast.Subscript(slice=ast.Constant(value=str(name)), ctx=ast.Store()):
                yield name, Replacement(unit, None, None, place.lineno)
