"""What functions of the program carry as attributes: ``half.count = 4``.

Input: a function and a name. Output: what is stored under that name on it, by whatever file, and whether it is there before
the function can run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.values import ANY, BOTTOM, Value
from workerlog_migrate.analysis.writes import set_by_name
from workerlog_migrate.syntax.literals import may_spell
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import FunctionInfo, Unit
    from workerlog_migrate.analysis.questions import Questions

_TABLES = ("__dict__", "vars", "update_wrapper", "wraps")


class Tagged:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, above: Above, questions: Questions, places: Places, callers: Callers) -> None:
        self._above = above
        self._questions = questions
        self._places = places
        self._callers = callers

    def value(self, function: FunctionInfo, name: str) -> Value:
        """Return what a function has as an attribute; the empty value where nothing is seen that sets it.

        Args:
            function: of the program.
            name: of the attribute.
        """
        (found,) = self._questions.answer(
            ("tagged", function, name), lambda: (self._stored(function, name),), (BOTTOM,), (ANY,)
        )
        return found

    def _stored(self, function: FunctionInfo, name: str) -> Value:
        stored = values.join(self._stores(function, name))
        if not stored:
            return BOTTOM
        is_plain = not getattr(function.node, "decorator_list", ())
        is_seen = is_plain and not self._callers.trail_of(function).lost and not self._is_copied(function)
        return stored if is_seen else stored | ANY

    def _stores(self, function: FunctionInfo, name: str) -> Iterator[Value]:
        for unit in self._places.writers(function.unit, name):
            for place in unit.module.stores_of(name):
                if self._is_meant(place.value, function, unit):
                    is_store = isinstance(place.ctx, ast.Store)
                    yield self._above.flat.target(place, unit) if is_store else ANY
            for thing, named, value in set_by_name(unit.module):
                if may_spell(named, name) and self._is_meant(thing, function, unit):
                    is_known = isinstance(named, ast.Constant) and value is not None
                    yield self._above.flat.value(value, unit) if is_known and value is not None else ANY

    def _is_meant(self, node: ast.expr, function: FunctionInfo, unit: Unit) -> bool:
        """Whether an expression may be a function, or something that nobody knows."""
        return any(
            entry.function_or_none is function or values.is_opaque(entry)
            for entry in self._above.flat.value(node, unit)
        )

    def _is_copied(self, function: FunctionInfo) -> bool:
        """Whether what a function carries may be changed as a table, or be copied from another one."""
        for word in _TABLES:
            for unit in self._places.units(function.unit, word):
                places = [place.value for place in unit.module.attributes_of(word)]
                places += [given for call in calls_to(unit.module, word) for given in call.args]
                if any(self._is_meant(each, function, unit) for each in places):
                    return True
        return False

    def is_there(self, function: FunctionInfo, name: str) -> bool:
        """Whether the file sets an attribute of a function right after its definition, so that no call comes before."""
        body = function.unit.module.tree.body
        if function.node not in body:
            return False
        for statement in body[body.index(function.node) + 1 :]:
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=held), attr=attr)]) if (
                    held == function.name and attr == name
                ):
                    return not any(isinstance(node, ast.Call) for node in nodes(statement.value))
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Import() | ast.ImportFrom():
                    if getattr(statement, "decorator_list", ()):
                        return False
                case ast.Assign() | ast.AnnAssign():
                    if any(isinstance(node, ast.Call) for node in nodes(statement)):
                        return False
                case _:
                    return False
        return False
