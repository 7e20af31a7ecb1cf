"""Whether a program's decimal numbers may be what arithmetic and comparisons refuse: NaN, an infinity, one that is too large."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.places import Places

DECIMAL = "decimal.Decimal"


def may_be_special(places: Places, frame: Frame) -> bool:
    """Whether the program makes decimal numbers of something that is not written in it, or writes one that is no number.

    Args:
        places: where the files of the program use a name.
        frame: where the numbers are used.
    """
    return frame.sink.is_heard and any(
        _is_special(place, unit.module.parents)
        for unit in places.units(frame.unit, "Decimal")
        for name in _names(unit.module)
        for place in (*unit.module.names_of(name), *unit.module.attributes_of(name))
    )


def _names(module: Module) -> list[str]:
    """Return the names under which a file may have the class."""
    aliases = (alias for node in module.imports if isinstance(node, ast.ImportFrom) for alias in node.names)
    return sorted(
        {"Decimal", *(alias.asname for alias in aliases if alias.name == "Decimal" and alias.asname)}
    )


def _is_special(place: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a number is made where the class is named, or may be later, of something that may be no number."""
    parent = parents.get(place)
    if not isinstance(parent, ast.Call):  # another name for it, or an item of a table; or a declaration
        return isinstance(parent, ast.Assign | ast.Dict | ast.List | ast.keyword)
    if parent.func is not place:
        return last_name(parent.func) not in ("isinstance", "issubclass")
    if not parent.args or not isinstance(parent.args[0], ast.Constant):
        return True
    return any(word in str(parent.args[0].value).lower() for word in ("nan", "inf"))
