"""The same statements in another order, or in two files."""

from __future__ import annotations

import ast
import copy
import re

from .scopes import DEFINITIONS, Others, at_definition, binds, by_text, needs, once, written

Files = dict[str, str]
"""By the path of a file, from the one that is changed (``""`` for that itself), its text."""

_KEPT_DECORATORS = frozenset({"staticmethod", "classmethod", "property", "dataclass"})


def reordered(tree: ast.Module) -> Files | None:
    """Turn round each run of functions and plain classes, in the file and in its classes."""
    count = 0
    for owner in ast.walk(tree):
        if isinstance(owner, ast.Module | ast.ClassDef):
            count += _turn(owner.body)
    return {"": written(tree)} if count else None


def _turn(body: list[ast.stmt]) -> int:
    count = start = 0
    while start < len(body):
        end = start
        while end < len(body) and _is_plain(body[end]):
            end += 1
        names = {name for each in body[start:end] for name in binds(each)}
        read = {name for each in body[start:end] for name in at_definition(each)}
        if end - start > 1 and len(names) == end - start and not names & read:
            body[start:end] = body[start:end][::-1]
            count += 1
        start = end + 1
    return count


def _is_plain(node: ast.stmt) -> bool:
    """Say whether defining something does nothing else."""
    if not isinstance(node, DEFINITIONS):
        return False
    if not all(isinstance(each, ast.Name) and each.id in _KEPT_DECORATORS for each in node.decorator_list):
        return False
    if isinstance(node, ast.ClassDef):
        return not node.keywords and all(_is_plain(each) or _is_constant(each) for each in node.body)
    defaults = [*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)]
    return all(isinstance(each, ast.Constant) for each in defaults)


def _is_constant(node: ast.stmt) -> bool:
    if isinstance(node, ast.Pass | ast.Expr):
        return isinstance(node, ast.Pass) or isinstance(node.value, ast.Constant)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    return not any(isinstance(each, ast.Call | ast.Await | ast.Yield) for each in ast.walk(node.value))


def split(tree: ast.Module, stem: str, others: Others, *, in_package: bool, way: str) -> Files | None:
    """Move what needs nothing of the file but its imports, and what moves with it, into a file beside it.

    Args:
        tree: of the file.
        stem: the name of its module.
        others: all other files of the project.
        in_package: it stands in a package, so that files beside it are imported relatively.
        way: how the other file is imported: by its ``names``, by a ``star``, or as a ``module``.
    """
    imports = [
        node
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and not any(alias.name == "*" for alias in node.names)
    ]
    moved = _movable(tree)
    if way == "module":  # what others, or a text, look for here is not here any more
        if by_text(tree):
            return None
        moved = [node for node in moved if not set(_names(node)) & others.words]
    # What others may set here would not be what is read there.
    moved = [node for node in moved if isinstance(node, DEFINITIONS) or not set(_names(node)) & others.words]
    moved = _closed(moved, {name for node in imports for name in binds(node)})
    if not any(isinstance(node, DEFINITIONS) for node in moved) or len(moved) == len(tree.body):
        return None
    part = re.sub(r"\W", "_", stem) + "_parte"
    names = [name for node in moved for name in _names(node)]
    dot = "." if in_package else ""
    text = {
        "names": f"from {dot}{part} import {', '.join(names)}",
        "star": f"from {dot}{part} import *",
        "module": f"from . import {part}" if in_package else f"import {part}",
    }[way]
    other = ast.Module([*copy.deepcopy(imports), *copy.deepcopy(moved)], [])
    if way == "star":
        other.body += ast.parse(f"__all__ = {names!r}").body
    at = next(index for index, node in enumerate(tree.body) if node in moved)
    tree.body = [
        ast.parse(text).body[0] if index == at else node
        for index, node in enumerate(tree.body)
        if index == at or node not in moved
    ]
    if way == "module":
        tree = _ThroughModule(part, set(names)).visit(tree)
    return {"": written(tree), f"{part}.py": written(other)}


def _movable(tree: ast.Module) -> list[ast.stmt]:
    unique = once(tree)
    return [
        node
        for node in tree.body
        if (_is_plain(node) or _is_constant(node))
        and _names(node)
        and all(name in unique and not name.startswith("__") for name in _names(node))
    ]


def _closed(moved: list[ast.stmt], imported: set[str]) -> list[ast.stmt]:
    """Leave out what needs something that does not move."""
    wanted = {id(node): needs(node) for node in moved}
    while True:
        there = imported | {name for node in moved for name in _names(node)}
        kept = [
            node for node in moved if wanted[id(node)] is not None and not (wanted[id(node)] or set()) - there
        ]
        if len(kept) == len(moved):
            return kept
        moved = kept


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [each.id for each in node.targets if isinstance(each, ast.Name)]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    return binds(node) if isinstance(node, DEFINITIONS) else []


class _ThroughModule(ast.NodeTransformer):
    """Reads names of a module as its attributes."""

    def __init__(self, part: str, names: set[str]) -> None:
        self._part = part
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:  # the name that the visitor looks for
        if node.id not in self._names:
            return node
        return ast.Attribute(ast.Name(self._part, ast.Load()), node.id, node.ctx)
