"""How a module sets names of its own otherwise than by binding them: through the table of its names, or by a text.

Input: a module. Output: the places, each found once for each file.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.taken import calls_to, written
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module

_NAME_AND_VALUE = 2


def sets_by_other_ways(module: Module) -> bool:
    """Whether a module may set a name of its own otherwise than by binding it: through a table, a text, or by deleting it in a function."""
    known: bool | None = module.remembered.get(sets_by_other_ways)
    if known is None:
        ways = (word for word in ("globals", "vars", "locals", "exec", "eval", "setattr", "delattr"))
        known = (
            any(calls_to(module, word) for word in ways)
            or any(is_this_module(place.value) for place in module.attributes)
            or any(
                binding.kind == "delete"
                for found in module.scope_of_module.bindings.values()
                for binding in found
            )
        )
        module.remembered[sets_by_other_ways] = known
    return known


def tables_of_names(module: Module) -> list[ast.expr]:
    """List where the table of a module's names is written: ``globals()``, and at its top ``vars()`` and ``locals()``."""
    known: list[ast.expr] | None = module.remembered.get(tables_of_names)
    if known is None:
        known = module.remembered[tables_of_names] = [
            written(module, call)
            for word in ("globals", "vars", "locals")
            for call in calls_to(module, word)
            if not call.args
            and isinstance(call.func, ast.Name)
            and (call.func.id == "globals" or module.function(call) is None)
        ]
    return known


def set_here(module: Module) -> list[tuple[ast.expr, ast.expr]]:
    """List which names a module sets in itself by a text, and to what."""
    known: list[tuple[ast.expr, ast.expr]] | None = module.remembered.get(set_here)
    if known is None:
        known = module.remembered[set_here] = [
            (call.args[1], call.args[2])
            for call in calls_to(module, "setattr")
            if len(call.args) > _NAME_AND_VALUE and is_this_module(call.args[0])
        ]
    return known


def is_this_module(node: ast.expr) -> bool:
    """Whether an expression is ``sys.modules[__name__]``."""
    return isinstance(node, ast.Subscript) and last_name(node.value) == "modules"
