"""Where an argument goes that a call hands on: ``Thread(target=f, args=(x,))``, ``pool.submit(f, x)``, ``partial(f, x)``.

Input: a call, its row, and an argument of it. Output: the expression that gives the function, and the place in it that the
argument arrives at.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis.trails import is_parameter
from workerlog_migrate.syntax.calls import argument_of

if TYPE_CHECKING:
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.knowledge import CallRow

PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})
_NAMED = ("kwargs", "kwds")
_IN_ORDER = ("*", "each")


class Handing(NamedTuple):
    """What a call hands on.

    Attributes:
        function: the expression that gives what is called with it.
        place: position or name of the parameter; None where that cannot be told.
        items: how much deeper the thing lies in what arrives: -1 for what is taken out of a sequence.
    """

    function: ast.expr
    place: int | str | None
    items: int = 0


def handing(row: CallRow | None, call: ast.Call, node: ast.AST, place: int | str | None) -> Handing | None:
    """Say what a call does with an argument that it hands on; None when it does not.

    Args:
        row: of what is called.
        call: the call.
        node: the argument.
        place: its position or name; None for starred ones.

    """
    if row is None:
        return None
    if row.name in PARTIALS:
        if not call.args or node is call.args[0] or isinstance(call.args[0], ast.Starred):
            return None
        return Handing(call.args[0], place - 1 if isinstance(place, int) else place)
    if not row.passes:
        return None
    parameter, held = row.passes
    function = argument_of(call, parameter, row.params)
    if function is None or function is node:
        return None
    if held not in _IN_ORDER:
        is_held = is_parameter(row, call, node, held) or place in _NAMED
        return Handing(function, None, -1) if is_held else None
    before = row.params.index(parameter) + 1
    items = -1 if held == "each" else 0
    if isinstance(place, int) and place >= before:
        return Handing(function, place - before, items)
    if isinstance(place, str) and place not in row.params and held == "*":
        return Handing(function, place)
    return Handing(function, None, items) if place is None else None


def handing_in(parent: ast.expr, node: ast.AST, row: CallRow | None, unit: Unit) -> Handing | None:
    """Say what a call does with an item of the tuple or dict that it takes a function's arguments from: ``args=(x,)``."""
    outer = unit.module.parents.get(parent)
    call = unit.module.parents.get(outer) if isinstance(outer, ast.keyword) else outer
    if row is None or not row.passes or row.passes[1] in _IN_ORDER or not isinstance(call, ast.Call):
        return None
    function = argument_of(call, row.passes[0], row.params)
    if function is None:
        return None
    match parent:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if is_parameter(row, call, parent, row.passes[1]):
            if not any(isinstance(part, ast.Starred) for part in parts):
                return Handing(function, next(at for at, part in enumerate(parts) if part is node))
        case ast.Dict(keys=keys, values=parts) if isinstance(outer, ast.keyword) and outer.arg in _NAMED:
            key = next(key for key, part in zip(keys, parts, strict=True) if part is node)
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                return Handing(function, key.value)
    return None


def call_around(parent: ast.expr, unit: Unit) -> ast.Call | None:
    """Return the call that a tuple or dict is an argument of."""
    outer = unit.module.parents.get(parent)
    if isinstance(outer, ast.keyword):
        outer = unit.module.parents.get(outer)
    return outer if isinstance(outer, ast.Call) else None
