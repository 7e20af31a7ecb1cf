"""Does a script configure ``logging`` itself, and where?

Input: a ``Module``. Output: the statements after which its own records reach the root logger's handlers; those at module
level (also under its ``__main__`` guard), and those in functions, which only a person can follow.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module

_CONFIGURES = frozenset({"basicConfig", "addHandler", "dictConfig", "fileConfig"})


class OwnLogging(NamedTuple):
    """Where a script configures the root logger.

    Attributes:
        top: the last statement of the module's body that does; None when none does.
        inner: the first call that does so elsewhere (in a function, under a condition); None when none does.
        root: how the script can write the root logger; empty when it has not imported ``logging`` at its top.
        is_joined: a worker's handler is on the root logger already.
    """

    top: ast.stmt | None = None
    inner: ast.Call | None = None
    root: str = ""
    is_joined: bool = False


def find_own_logging(module: Module) -> OwnLogging:
    """Look for ``basicConfig``, and for handlers that are put on the root logger.

    Args:
        module: the script.

    Returns:
        Where; both are None for a script that configures nothing.
    """
    top: ast.stmt | None = None
    inner: ast.Call | None = None
    for call in module.calls_by(_CONFIGURES):
        if _joins(call):
            return OwnLogging(is_joined=True)
        if not _configures(module, call):
            continue
        statement = module.statement(call)
        handles = _root_handles(module, call)
        if handles is False:
            continue
        if handles and isinstance(statement, ast.Expr) and _has_its_lines(module, statement):
            if top is None or statement.lineno > top.lineno:
                top = statement
        elif inner is None or call.lineno < inner.lineno:
            inner = call
    return OwnLogging(top, inner, _root(module))


def _root_handles(module: Module, call: ast.Call) -> bool | None:
    """Whether the root logger has a handler after a configuration; None where the settings are not in the script.

    Without one ``logging.warning`` prints by itself, and would no longer do so if the worker's handler were there.
    """
    if module.qualified(call.func) != "logging.config.dictConfig":
        return True
    given = call.args[0] if call.args else None
    if isinstance(given, ast.Name):
        bound = module.bindings(given)
        owner = module.parents.get(bound[0].node) if len(bound) == 1 else None
        given = owner.value if isinstance(owner, ast.Assign | ast.AnnAssign) else None
    if not isinstance(given, ast.Dict) or None in given.keys:
        return None
    settings = _entries(given)
    named = settings.get("loggers")
    root = settings.get("root") or (_entries(named).get("") if isinstance(named, ast.Dict) else None)
    if root is None:
        return False
    return "handlers" in _entries(root) if isinstance(root, ast.Dict) else None


def _entries(node: ast.Dict) -> dict[str, ast.expr]:
    return {
        key.value: value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _joins(call: ast.Call) -> bool:
    """Whether a handler of another logger is put on the root: our line, or one that a person has written like it."""
    match call.args:
        case [ast.Subscript(value=ast.Attribute(attr="handlers"))]:
            return True
    return False


def _has_its_lines(module: Module, statement: ast.stmt) -> bool:
    """Whether a statement of the module's body shares no line with the next one."""
    body = module.tree.body
    if statement not in body:
        return False
    following = body[body.index(statement) + 1 :]
    return not following or following[0].lineno > (statement.end_lineno or statement.lineno)


def _root(module: Module) -> str:
    for name, bindings in module.scope_of_module.bindings.items():
        if len(bindings) == 1 and bindings[0].kind == "import":
            statement = module.statement(bindings[0].node)
            if bindings[0].qualified == "logging" and statement in module.tree.body:
                return f"{name}.getLogger()"
    return ""


def _configures(module: Module, call: ast.Call) -> bool:
    if module.qualified(call.func) in (
        "logging.basicConfig",
        "logging.config.dictConfig",
        "logging.config.fileConfig",
    ):
        return True
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "addHandler":
        return False
    return _is_root(module, call.func.value)


def _is_root(module: Module, node: ast.expr, depth: int = 0) -> bool:
    match node:
        case ast.Call(args=[], keywords=[]):
            return module.qualified(node.func) == "logging.getLogger"
        case ast.Attribute(attr="root"):
            return module.qualified(node) == "logging.root"
        case ast.Name() if depth == 0:
            bound = module.bindings(node)
            owner = module.parents.get(bound[0].node) if len(bound) == 1 else None
            return isinstance(owner, ast.Assign) and _is_root(module, owner.value, 1)
    return False
