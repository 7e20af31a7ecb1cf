"""Which functions of the program run when a signal arrives: those that ``signal.signal`` was given, by whatever name that is called.

Input: the files that run with the script. Output: functions, and the calls that set them. What they raise arrives wherever the main
thread is.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Value

_SETS = "signal.signal"
_WORD = "signal"
_ALARMS = frozenset({"SIGALRM", "SIGPROF", "SIGVTALRM"})
_PLACE = 1  # of the handler among the arguments


class Signals:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, families: Families, places: Places, flat: FlowInsensitive) -> None:
        self._families = families
        self._places = places
        self._flat = flat

    def handlers(self) -> Iterator[tuple[FunctionInfo, ast.Call, Unit]]:
        """Yield the functions that a signal runs, with the call that set them and its file."""
        near = self._places.around(_WORD, is_near=True)
        around = tuple(self._places.around(_WORD))
        words = sorted({word for unit in around for word in _words(unit)})
        for unit in around:
            for word in words:
                for call in calls_to(unit.module, word):
                    handler = _handler(call)
                    is_ended = unit not in near and _is_of_alarm(call)
                    if handler is not None and not is_ended and self._sets(call.func, unit):
                        for function in self._called(self._flat.value(handler, unit)):
                            yield function, call, unit

    def _sets(self, callee: ast.expr, unit: Unit) -> bool:
        if unit.module.qualified(callee) == _SETS:
            return True
        return any(
            entry.kind is values.DOTTED and entry.dotted == _SETS for entry in self._flat.value(callee, unit)
        )

    def _called(self, value: Value) -> Iterator[FunctionInfo]:
        """Yield what is called of a handler: itself, the function of a ``partial``, ``__call__`` of an object."""
        for entry in value:
            if entry.function_or_none is not None:
                yield entry.function
            elif entry.kind is values.INSTANCE:
                method = self._families.method(entry.class_info, "__call__")
                if isinstance(method, FunctionInfo):
                    yield method
            elif entry.kind is values.PARTIAL:
                yield from self._called(values.join(entry.args))


def _words(unit: Unit) -> set[str]:
    """Return the names under which a file may call ``signal.signal``: ``on = signal.signal``, ``from signal import signal as on``."""
    module = unit.module
    found = {_WORD}
    for place in (*module.attributes_of(_WORD), *module.names_of(_WORD)):
        statement = module.parents.get(place)
        if isinstance(statement, ast.Assign):
            found.update(target.id for target in statement.targets if isinstance(target, ast.Name))
    for node in module.imports:
        found.update(alias.asname for alias in node.names if alias.name == _WORD and alias.asname)
    return found


def _is_of_alarm(call: ast.Call) -> bool:
    """Whether a handler is for an alarm: that comes while what set it runs, which calls the script only where it can be reached."""
    return bool(call.args) and last_name(call.args[0]) in _ALARMS


def _handler(call: ast.Call) -> ast.expr | None:
    named = next((word.value for word in call.keywords if word.arg == "handler"), None)
    return call.args[_PLACE] if len(call.args) > _PLACE else named
