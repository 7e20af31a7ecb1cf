"""Where a file changes names, code or classes of the program in a way that no name shows: through frames, cells, ``__globals__``.

Input: a file and a word of the row ``op:anything-changed``. Output: the places. ``name`` is assigned to, ``name[]`` stands for a table that
is changed, ``name()`` for a call, ``name(word)`` for one with that keyword; ``*.name`` for an attribute of anything.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.meanwhile import CHANGES
from workerlog_migrate.analysis.taken import calls_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import Unit

_RUN = frozenset({"exec", "eval", "setattr"})
"""What may set names in a table that it is given."""


def changed_past_names(unit: Unit, name: str) -> Iterator[ast.expr]:
    """Yield where a file does what a word of the row speaks of.

    Args:
        unit: the file.
        name: the word.
    """
    module = unit.module
    last = word_of(name)
    if name.endswith(")"):
        dotted, _, keyword = name.removesuffix(")").partition("(")
        for call in calls_to(module, last):
            has_keyword = not keyword or any(word.arg == keyword for word in call.keywords)
            if has_keyword and module.qualified(call.func) == dotted:
                yield call
    elif name.endswith("[]"):
        yield from (place for place in module.attributes_of(last) if _is_changed(place, module))
    else:
        is_any = name.startswith("*.")
        for place in module.stores_of(last):
            if isinstance(place.ctx, ast.Store) and (is_any or module.qualified(place) == name):
                yield place


def word_of(name: str) -> str:
    """Return the name that a file has to hold for a word of the row.

    Args:
        name: the word.
    """
    return name.partition("(")[0].rpartition(".")[2].removesuffix("[]")


def _is_changed(table: ast.Attribute, module: Module) -> bool:
    """Whether a table is changed where it stands, or may be where it is handed on to be filled."""
    parent = module.parents.get(table)
    match parent:
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return True
        case ast.Attribute(attr=attr):
            return attr in CHANGES
        case ast.Call(func=ast.Name(id=called)):
            return called in _RUN
    return False
