"""Changes of a file that do not change what it does, or only add what may call it.

Input: the text of one file. Output: per change the texts of the files that take its place; none where the change finds nothing
to do. All start from what ``ast.unparse`` gives, but the formatter's, which starts from the text itself.
"""

from __future__ import annotations

import ast
import builtins
import copy
import subprocess
import sys
from collections.abc import Callable, Iterator

Files = dict[str, str]
"""By the name of a file beside the one that is changed (``""`` for that itself) its text."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BUILTINS = frozenset(dir(builtins))
_MOST = 12  # functions that are called from elsewhere, aliases, functions that are moved


def base(text: str) -> str:
    """Give the text that the changed ones are compared with."""
    return ast.unparse(ast.parse(text)) + "\n"


def formatted(text: str) -> str | None:
    """Format a text anew, in narrow lines; None where the formatter refuses it."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "50", "-"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    return made.stdout.decode() if made.returncode == 0 and made.stdout.decode() != text else None


def changed(text: str, stem: str, *, in_package: bool) -> Iterator[tuple[str, Files]]:
    """Yield the changes of a text by name.

    Args:
        text: what `base` gave.
        stem: the name of its module.
        in_package: it stands in a package, so that files beside it are imported relatively.
    """
    makers: dict[str, Callable[[ast.Module], Files | None]] = {
        "names changed": _renamed,
        "functions reordered": _reordered,
        "an alias put in between": _aliased,
        "split in two": lambda tree: _split(tree, stem, in_package=in_package),
        "an unknown caller added": lambda tree: _called(tree, text, stem, in_package=in_package),
    }
    for name, make in makers.items():
        files = make(ast.parse(text))
        if files is not None:
            yield name, files


def _written(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


# -- names ----------------------------------------------------------------------------------------------------


def _renamed(tree: ast.Module) -> Files | None:
    """Give other names to what is local to functions without functions in them."""
    count = 0
    for function in ast.walk(tree):
        if isinstance(function, _FUNCTIONS):
            names = _own_names(function)
            count += len(names)
            for node in ast.walk(function):
                if isinstance(node, ast.Name) and node.id in names:
                    node.id = f"{node.id}_outro"
                elif isinstance(node, ast.ExceptHandler) and node.name in names:
                    node.name = f"{node.name}_outro"
    return {"": _written(tree)} if count else None


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    kept = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    found: set[str] = set()
    for node in ast.walk(function):
        if node is not function and isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef, ast.Match)):
            return set()
        if isinstance(node, ast.Global | ast.Nonlocal):
            kept.update(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            kept.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name):
            if node.id in ("locals", "vars", "exec", "eval", "dir"):
                return set()
            if isinstance(node.ctx, ast.Store):
                found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found - kept


# -- order ----------------------------------------------------------------------------------------------------


def _reordered(tree: ast.Module) -> Files | None:
    """Turn round each run of plain functions, in the file and in its classes."""
    count = 0
    for owner in ast.walk(tree):
        if isinstance(owner, ast.Module | ast.ClassDef):
            count += _turn(owner.body)
    return {"": _written(tree)} if count else None


def _turn(body: list[ast.stmt]) -> int:
    count = start = 0
    while start < len(body):
        end = start
        while end < len(body) and _is_plain(body[end]):
            end += 1
        names = [getattr(each, "name", "") for each in body[start:end]]
        if end - start > 1 and len(set(names)) == len(names):
            body[start:end] = body[start:end][::-1]
            count += 1
        start = end + 1
    return count


def _is_plain(node: ast.stmt) -> bool:
    if not isinstance(node, _FUNCTIONS) or node.decorator_list:
        return False
    defaults = [*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)]
    return all(isinstance(each, ast.Constant) for each in defaults)


# -- aliases --------------------------------------------------------------------------------------------------


def _aliased(tree: ast.Module) -> Files | None:
    """Call functions of the file under a second name."""
    names = {node.name for node in _once(tree)}
    called = {
        node.func.id: None
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }
    chosen = set(list(called)[:_MOST])
    if not chosen:
        return None
    for function in ast.walk(tree):
        if not isinstance(function, _FUNCTIONS):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in chosen:
                node.func.id = f"{node.func.id}_tambem"
    body: list[ast.stmt] = []
    for statement in tree.body:
        body.append(statement)
        if isinstance(statement, _FUNCTIONS) and statement.name in chosen:
            body += ast.parse(f"{statement.name}_tambem = {statement.name}").body
    tree.body = body
    return {"": _written(tree)}


def _once(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of the file whose name nothing else in it binds."""
    bound: dict[str, int] = {}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names = [node.id]
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.Global):
            names = list(node.names)
        for name in names:
            bound[name] = bound.get(name, 0) + 1
    return [node for node in tree.body if isinstance(node, _FUNCTIONS) and bound[node.name] == 1]


# -- files ----------------------------------------------------------------------------------------------------


def _split(tree: ast.Module, stem: str, *, in_package: bool) -> Files | None:
    """Move functions that need nothing of the file but its imports into a file beside it."""
    imports = [
        node
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and not any(alias.name == "*" for alias in node.names)
    ]
    imported = {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}
    moved = [
        node
        for node in _once(tree)
        if _is_plain(node) and not _free(node) - imported - _BUILTINS - {node.name}
    ][:_MOST]
    if not moved or len(moved) == len(tree.body):
        return None
    part = f"{stem}_parte"
    names = ", ".join(node.name for node in moved)
    line = ast.parse(f"from {'.' if in_package else ''}{part} import {names}").body[0]
    other = ast.Module([*copy.deepcopy(imports), *moved], [])
    at = next(index for index, node in enumerate(tree.body) if node in moved)
    tree.body = [
        line if index == at else node
        for index, node in enumerate(tree.body)
        if index == at or node not in moved
    ]
    return {"": _written(tree), f"{part}.py": _written(other)}


def _free(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return all names in a function that it does not bind itself."""
    bound = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    used: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            return {"global"}
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.ExceptHandler, *_FUNCTIONS, ast.ClassDef)) and node is not function:
            bound.add(node.name or "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return used - bound


def _called(tree: ast.Module, text: str, stem: str, *, in_package: bool) -> Files | None:
    """Write a file that calls functions with what nobody knows."""
    if not stem.isidentifier():
        return None
    lines: list[str] = []
    for node in [each for each in tree.body if isinstance(each, _FUNCTIONS) and not each.decorator_list][
        :_MOST
    ]:
        places = len(node.args.posonlyargs) + len(node.args.args)
        if places:
            lines.append(f"    {stem}.{node.name}({', '.join(['valor'] * places)})")
    if not lines:
        return None
    start = f"from . import {stem}" if in_package else f"import {stem}"
    return {"": text, f"{stem}_quem_chama.py": "\n".join([start, "", "", "def chama(valor):", *lines, ""])}
