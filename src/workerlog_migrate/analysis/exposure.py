"""What do others see of the names that a script binds at its top level?

Input: a ``Module`` and its ``Target``. Output: whether the header's names have to be private (a leading underscore), and why
even that would not do. A star import takes every public name without ``__all__``; ``fire.Fire()`` and tables made from
``globals()`` show what is there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.model import Target

_TABLES = frozenset({"globals", "vars", "locals", "dir", "getmembers", "Fire"})
_ALL = frozenset({"items", "values", "keys"})


class Exposure(NamedTuple):
    """How a script's names are seen.

    Attributes:
        is_private: a public name would be seen; one that begins with an underscore is not.
        refusal: why any name would be seen; empty when none is.
    """

    is_private: bool = False
    refusal: str = ""


def find_exposure(module: Module, target: Target) -> Exposure:
    """Look for readers of a script's top-level names.

    Args:
        module: the script.
        target: what the project says of it.

    Returns:
        What they see.
    """
    if target.starts.taken:
        return Exposure(
            is_private=True,
            refusal=f"{target.starts.taken}, and so the runtime's; "
            "let it pass over names that begin with an underscore",
        )
    is_private = bool(target.starts.listed or (target.starts.starred and not _exports(module)))
    readers: list[tuple[ast.expr, str]] = []
    if any(map(module.calls_of, _TABLES)):  # most scripts call none
        readers += [(call, _table(module, call)) for call in module.calls_by(_TABLES)]
    readers += [
        (node, _read(module, node))
        for node in module.attributes_of("__dict__")
        if _is_own_module(module, node.value)
    ]
    for attribute in ("__globals__", "f_globals"):
        readers += [(node, _read(module, node)) for node in module.attributes_of(attribute)]
    for call, kind in readers:
        if not kind:
            continue
        is_private = True
        if kind == "all" and not _is_filtered(module, call):
            return Exposure(
                is_private=True,
                refusal=f"line {call.lineno} takes every name of the script, and so the runtime's; "
                "let it pass over names that begin with an underscore",
            )
    return Exposure(is_private)


def _exports(module: Module) -> bool:
    return "__all__" in module.scope_of_module.bindings


def _table(module: Module, call: ast.Call) -> str:
    """Say what a call reads of the script's names: ``all``, ``some`` (by name, or what commands show), or nothing."""
    name = last_name(call.func)
    first = call.args[0] if call.args else None
    if name == "Fire":
        is_whole = not call.args and not any(keyword.arg == "component" for keyword in call.keywords)
        return "some" if is_whole or (isinstance(first, ast.Call) and _table(module, first)) else ""
    if name == "globals" or (
        name in ("vars", "locals", "dir") and first is None and module.function(call) is None
    ):
        return _read(module, call)
    if name in ("vars", "dir", "getmembers") and first is not None and _is_own_module(module, first):
        return "all"
    return ""


def _read(module: Module, call: ast.expr) -> str:
    """Say how the dictionary of names is read; writing a name, or reading a literal one, shows nothing."""
    parent = module.parents.get(call)
    match parent:
        case ast.Subscript(slice=ast.Constant()):
            return ""
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return ""
        case ast.Subscript():
            return "some"
        case ast.Compare():
            return "some"
        case ast.Attribute(attr="get"):
            outer = module.parents.get(parent)
            is_literal = (
                isinstance(outer, ast.Call) and outer.args and isinstance(outer.args[0], ast.Constant)
            )
            return "" if is_literal else "some"
        case ast.Attribute(attr=name):
            return "all" if name in _ALL else ""
        case ast.comprehension() | ast.For():
            return "all"
        case ast.Call():
            # eval(code, globals()) looks names up that somebody wrote there; list(), sorted() and dict() take them all.
            name = parent.func.id if isinstance(parent.func, ast.Name) else ""
            if name in ("exec", "eval", "len"):
                return ""
            return "all" if name in ("list", "sorted", "dict", "set", "tuple", "filter", "map") else "some"
    return "some"


def _is_own_module(module: Module, node: ast.expr) -> bool:
    """Whether an expression is ``sys.modules[__name__]``, or ``__main__`` by either of its ways."""
    match node:
        case ast.Subscript(slice=ast.Name(id="__name__") | ast.Constant(value="__main__")):
            return isinstance(node.value, ast.Attribute) and node.value.attr == "modules"
        case ast.Name():
            return module.qualified(node) == "__main__"
    return False


def _is_filtered(module: Module, call: ast.expr) -> bool:
    """Whether the statement around a table passes over ours: by a prefix, by the module that defined them, or by their kind."""
    statement: ast.AST = module.statement(call)
    text = module.text(statement)
    return any(
        word in text
        for word in (
            "startswith",
            "__module__",
            "endswith",
            "issubclass",
            "isinstance",
            "isclass",
            "fnmatch",
            "re.",
        )
    )
