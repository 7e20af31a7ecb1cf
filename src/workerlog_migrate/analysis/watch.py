"""How a handler is watched: the line ``expect_only(logger, OSError, "json.JSONDecodeError")`` that opens its body.

Input: a handler, or canonical exception names. Output: that call, what it lists, or its text. What the names mean is settled
when an error arrives, by comparing names: so the line needs no import and evaluating it cannot fail.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, LOCAL, ROOT
from workerlog_migrate.analysis.header import runtime_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.exceptions import Hierarchy
    from workerlog_migrate.analysis.header import Header
    from workerlog_migrate.analysis.module import Module

_CALL = "worker_logger.expect_only"
_BUILTINS = "builtins."


def watch_of(module: Module, handler: ast.ExceptHandler) -> ast.Call | None:
    """Give the call that opens a watched handler's body.

    Args:
        module: the script.
        handler: any of its handlers.

    Returns:
        The call of the runtime's ``expect_only``; None for a handler that is not watched.
    """
    first = handler.body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Call):
        return None
    call = first.value
    return call if runtime_name(module.qualified(call.func)) == _CALL else None


def watch_text(module: Module, header: Header, names: Iterable[str], hierarchy: Hierarchy) -> str:
    """Write the call for a list of exceptions.

    Args:
        module: the script.
        header: its local names.
        names: canonical exception names (``OSError``, ``json.JSONDecodeError``, ``local:Refused``).
        hierarchy: knows which builtin classes each supported Python has.

    Returns:
        One expression: builtins first, classes of the module last, each sorted.
    """
    listed = sorted(
        {_listed(module, name, hierarchy) for name in names},
        key=lambda text: (text[0] == '"', text[1] == ".", text),
    )
    return f"{header.expect_only}({', '.join([header.logger, *listed])})"


def watched_names(module: Module, call: ast.Call, hierarchy: Hierarchy) -> tuple[str, ...]:
    """Read what a watched handler lists.

    Args:
        module: the script.
        call: as `watch_of` gives it.
        hierarchy: knows under which name a class goes.

    Returns:
        Canonical names of the known classes, in the order of the call; what names no class of ours is passed over.
    """
    names: list[str] = []
    for entry in call.args[1:]:
        if isinstance(entry, ast.Constant) and isinstance(entry.value, str):
            name = entry.value
        else:
            name = module.qualified(entry) or ""
        if name.startswith("."):
            name = LOCAL + name[1:].rpartition(".")[2]
        name = hierarchy.canonical(name.removeprefix(_BUILTINS)) if name else ""
        if hierarchy.is_exception(name) and name not in (BROAD, ROOT):
            names.append(name)
    return tuple(dict.fromkeys(names))


def _listed(module: Module, name: str, hierarchy: Hierarchy) -> str:
    if name.startswith(LOCAL):
        return f'".{_qualified(module, name.removeprefix(LOCAL))}"'
    if "." in name:
        return f'"{name}"'
    is_there = isinstance(getattr(builtins, name, None), type) and hierarchy.is_everywhere(name)
    return name if is_there and not _is_rebound(module, name) else f'"{_BUILTINS}{name}"'


def _is_rebound(module: Module, name: str) -> bool:
    """Whether any scope of the script binds a name; one that is only read is free."""
    return module.is_taken(name) and any(name in scope.bindings for scope in module.scopes.values())


def _qualified(module: Module, name: str) -> str:
    """Give the qualified name of a class of the module: ``Outer.Refused``, ``main.<locals>.Refused``."""
    for node in module.classes:
        if node.name != name:
            continue
        parts = [name]
        for parent in module.ancestors(node):
            if isinstance(parent, ast.ClassDef):
                parts.append(parent.name)
            elif isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                parts += ["<locals>", parent.name]
        return ".".join(reversed(parts))
    return name
