"""What an expression is by its own file alone: a library's module, an object of a class without bases.

Input: a file and a name in it. Output: what the name is as long as nobody sets what it goes by; nothing where more is to be asked. Of
the files around a script thousands of such names are looked at, each for one answer: that it is not what was asked for.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.syntax.scopes import Binding


class Plain(NamedTuple):
    """What a name is.

    Attributes:
        library: the module that it is, ``json``; empty for an object.
        made_by: the class that it is an object of; None for a module.
        goes_by: the names of the file that it hangs on, which others might set.
    """

    library: str
    made_by: ast.ClassDef | None
    goes_by: tuple[str, ...]


def plain(name: ast.Name, module: Module) -> Plain | None:
    """Say what a name is by its file alone; None where that says too little.

    Args:
        name: a name that is read.
        module: its file.
    """
    remembered = module.remembered
    key = (plain, name)
    if key not in remembered:
        remembered[key] = None if module.star_imports else _plain(name, module)
    found: Plain | None = remembered[key]
    return found


def _plain(name: ast.Name, module: Module) -> Plain | None:
    found = _only_binding(name, module)
    if found is None:
        return None
    binding, goes_by = found
    if binding.kind == "import":
        library = binding.qualified
        return Plain(library, None, goes_by) if library.isidentifier() else None
    parent = module.parents.get(binding.node)
    if binding.kind != "assign" or not isinstance(parent, ast.Assign) or binding.node not in parent.targets:
        return None
    call = parent.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    made = _only_binding(call.func, module)
    if made is None or not isinstance(made[0].node, ast.ClassDef):
        return None
    node = made[0].node
    if (
        node.bases
        or node.keywords
        or node.decorator_list
        or not made[1]
        or getattr(node, "type_params", None)
    ):
        return None
    return Plain("", node, (*goes_by, *made[1]))


def _only_binding(name: ast.Name, module: Module) -> tuple[Binding, tuple[str, ...]] | None:
    """Return the one place where a name is bound, and the name itself where it is of the file; None where there are several."""
    found = module.lookup(name.id, module.scope(name))
    if found is None or len(found[1]) != 1:
        return None
    is_of_file = found[0] is module.scope_of_module
    return found[1][0], (name.id,) if is_of_file else ()
