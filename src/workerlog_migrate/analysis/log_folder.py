"""Does a script use the path of the log folder for itself?

Input: a ``Module``, the folder and the worker. Output: the first use that the folder's being there, or its content, would
change. ``makedirs(..., exist_ok=True)`` and ``if not exists(...): makedirs(...)`` are none; to make it without, to
open, remove or list it, to take it for a sign of a first run, and to write ``<worker>.log`` in it are.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module

_MAKES = frozenset({"mkdir", "makedirs"})
_DISTURBED = frozenset(
    {
        "exists", "isdir", "is_dir", "is_file", "isfile", "lexists",
        "glob", "iglob", "iterdir", "listdir", "rglob", "scandir", "walk",
        "copytree", "move", "open", "remove", "removedirs", "rename", "renames", "replace", "rmdir", "rmtree", "touch",
        "symlink", "symlink_to", "unlink", "make_archive", "disk_usage",
    }
)  # fmt: skip
_TESTS = frozenset({"exists", "isdir", "is_dir", "lexists"})
_JOINS = frozenset({"join", "joinpath"})
_PATHS = frozenset(
    {"Path", "PurePath", "abspath", "realpath", "expanduser", "resolve", "absolute", "str", "fspath"}
)
_CALLS = _MAKES | _DISTURBED


def find_use(module: Module, folder: str, worker: str) -> tuple[int, str]:
    """Find the first use of the log folder that is not ours to disturb.

    Args:
        module: the script.
        folder: the log folder, as the header would name it.
        worker: the worker's name; its log is ``<worker>.log`` there.

    Returns:
        The line and what it does; 0 and an empty text when there is none.
    """
    name = _last(folder)
    if name not in module.source.text:
        return 0, ""
    found = [
        (call.lineno, f"{_called(call)} of {name!r}")
        for call in module.calls_by(_CALLS)
        if _disturbs(module, call, name)
    ]
    log = re.compile(rf"(?:^|[\\/]){re.escape(worker)}\.log$")
    found += [
        (node.lineno, f"its own {worker}.log")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and log.search(node.value)
        and (_in_folder(node.value, name) or _is_joined(module, node, name))
    ]
    return min(found, default=(0, ""))


def _disturbs(module: Module, call: ast.Call, name: str) -> bool:
    called = _called(call)
    paths = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    paths += (
        call.args[:2] if called in ("move", "rename", "renames", "replace", "copytree") else call.args[:1]
    )
    if called in ("replace", "remove") and not any(_is_path(module, each) for each in paths):
        return False  # a text's, or a list's
    if not any(_names(module, each, name) for each in paths):
        return False
    if called in _MAKES:
        return not _exist_ok(call) and not _is_tested(module, call)
    if called in _TESTS:
        return not _only_makes(module, call)
    return True


def _exist_ok(call: ast.Call) -> bool:
    return any(
        keyword.arg == "exist_ok"
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in call.keywords
    )


def _is_tested(module: Module, call: ast.Call) -> bool:
    """Whether a folder is made only if it is not there, or its being there is an error that is caught."""
    for parent in module.ancestors(call):
        match parent:
            case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call() as test)) if (
                _called(test) in _TESTS
            ):
                return True
            case ast.Try(handlers=handlers):
                names = " ".join("" if each.type is None else module.text(each.type) for each in handlers)
                if any(each.type is None for each in handlers) or re.search(
                    r"FileExistsError|OSError|Exception|EnvironmentError|IOError|\berror\b", names
                ):
                    return True
            case ast.With() if "suppress" in module.text(parent.items[0].context_expr):
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return False
    return False


def _only_makes(module: Module, test: ast.Call) -> bool:
    """Whether the only thing that hangs on a test is that the folder is made."""
    parent = module.parents.get(test)
    if not isinstance(parent, ast.UnaryOp) or not isinstance(parent.op, ast.Not):
        return False
    owner = module.parents.get(parent)
    return (
        isinstance(owner, ast.If)
        and owner.test is parent
        and not owner.orelse
        and all(
            isinstance(each, ast.Expr)
            and isinstance(each.value, ast.Call)
            and _called(each.value) in (*_MAKES, "print")
            for each in owner.body
        )
    )


def _names(module: Module, node: ast.expr, name: str, depth: int = 0) -> bool:
    """Whether an expression is a path whose last part is the folder."""
    match node:
        case ast.Constant(value=str() as text):
            return _last(text) == name
        case ast.Name() if depth < 8:
            return any(_names(module, value, name, depth + 1) for value in _values(module, node))
        case ast.BinOp(op=ast.Div(), right=right) | ast.BinOp(op=ast.Add(), right=right):
            return _names(module, right, name, depth + 1)
        case ast.Call(args=[*_, last]) if _called(node) in _JOINS | _PATHS:
            return _names(module, last, name, depth + 1)
        case ast.Call(func=ast.Attribute(value=inner), args=[]) if _called(node) in _PATHS:
            return _names(module, inner, name, depth + 1)
    return False


def _values(module: Module, node: ast.Name) -> list[ast.expr]:
    found = []
    for binding in module.bindings(node):
        parent = module.parents.get(binding.node)
        if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
            found.append(parent.value)
    return found


def _is_path(module: Module, node: ast.expr) -> bool:
    match node:
        case ast.Name(id="os" | "shutil"):
            return True
        case ast.Call():
            return _called(node) in _PATHS | _JOINS
        case ast.BinOp(op=ast.Div()):
            return True
        case ast.Name():
            return any(_is_path(module, value) for value in _values(module, node))
    return False


def _is_joined(module: Module, node: ast.Constant, name: str) -> bool:
    """Whether a file's name is put behind the folder: ``join(LOGS, "x.log")``, ``LOGS / "x.log"``."""
    parent = module.parents.get(node)
    match parent:
        case ast.BinOp(op=ast.Div(), left=left):
            return _names(module, left, name)
        case ast.Call(args=[*before, _]) if _called(parent) in _JOINS:
            owner = [parent.func.value] if isinstance(parent.func, ast.Attribute) else []
            return any(_names(module, each, name) for each in (*owner, *before))
    return False


def _in_folder(path: str, name: str) -> bool:
    parts = re.split(r"[\\/]", path)
    return len(parts) > 1 and parts[-2] == name


def _last(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
