"""Which functions of a file were handed over to be called later, and who calls what it was given or holds?

Input: a function, or a file. Output: whether the function calls a parameter, an item, what a call gives, or an attribute that is none of its class's methods;
the functions of the file that are named without being called: ``jobs.append(self.close)``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.module import nodes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.program import FunctionInfo, Unit

_NOT_HANDED = frozenset({"class", "property", "setter", "static"})
_DEFINED = frozenset({"class", "function", "import"})


class Kept:
    """Answers for one program; each file and function is looked at once."""

    def __init__(self) -> None:
        self._functions: dict[Unit, tuple[FunctionInfo, ...]] = {}
        self._calling: dict[FunctionInfo, bool] = {}

    def functions(self, unit: Unit) -> tuple[FunctionInfo, ...]:
        """Return the functions of a file that are named without being called, and its lambdas.

        Args:
            unit: the file.
        """
        known = self._functions.get(unit)
        if known is None:
            known = self._functions[unit] = tuple(dict.fromkeys(_named(unit)))
        return known

    def calls_what_is_held(self, function: FunctionInfo) -> bool:
        """Say whether a function calls something that it was given or that is kept somewhere.

        Args:
            function: the function.
        """
        known = self._calling.get(function)
        if known is None:
            known = self._calling[function] = _calls_what_is_held(function)
        return known


def _named(unit: Unit) -> Iterator[FunctionInfo]:
    module = unit.module
    known: dict[tuple[str, bool], bool] = {}
    for node in module.functions:
        found = unit.function(node)
        key = (found.name, found.owner is not None)
        if key not in known:
            places = module.attributes_of(found.name) if key[1] else module.names_of(found.name)
            known[key] = any(
                isinstance(place.ctx, ast.Load) and not _is_called(place, module.parents) for place in places
            )
        if known[key] or (node.decorator_list and found.kind not in _NOT_HANDED):
            yield found  # by its name, or to a decorator
    yield from map(unit.function, module.lambdas)


def _is_called(place: ast.expr, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether what stands at a place is called, or decorates, or is looked at further."""
    parent = parents.get(place)
    if isinstance(parent, ast.Call):
        return parent.func is place
    return isinstance(parent, ast.Attribute | ast.FunctionDef | ast.AsyncFunctionDef)


def _calls_what_is_held(function: FunctionInfo) -> bool:
    facts, module = function.facts, function.unit.module
    scope = module.scopes.get(function.node)
    for name in facts.called_names:
        found = None if scope is None else module.lookup(name, scope)
        if found is not None and any(binding.kind not in _DEFINED for binding in found[1]):
            return True
    owner = function.owner
    if owner is not None and any(name in owner.stores for name in facts.called_on_self):
        return True
    key = (_calls_what_is_held, function.node)
    known: bool | None = module.remembered.get(key)
    if known is None:
        known = module.remembered[key] = any(
            isinstance(node.func, ast.Subscript | ast.Call)
            for node in nodes_in(module, function.node)
            if isinstance(node, ast.Call)
        )
    return known
