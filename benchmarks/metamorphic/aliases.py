"""Second names for one thing, through which it is called, written and filled."""

from __future__ import annotations

import ast
from collections.abc import Callable

from .scopes import DEFINITIONS, binds, by_text, functions, methods, once, own, written

_SUFFIX = "_tambem"


def of_definitions(tree: ast.Module) -> str | None:
    """Call functions and classes of the file under a second name, inside functions."""
    unique = once(tree)
    names = {node.name for node in tree.body if isinstance(node, DEFINITIONS)} & unique
    chosen = _called(tree, names)
    if not chosen:
        return None
    body: list[ast.stmt] = []
    for statement in tree.body:
        body.append(statement)
        if isinstance(statement, DEFINITIONS) and statement.name in chosen:
            body += _alias(statement.name)
    tree.body = body
    return written(tree)


def of_imports(tree: ast.Module) -> str | None:
    """Call what is imported under a second name, inside functions."""
    unique = once(tree)
    imports = [
        node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) and not _is_future(node)
    ]
    chosen = _called(
        tree, {name for node in imports for name in binds(node) if name in unique and name != "*"}
    )
    if not chosen:
        return None
    body: list[ast.stmt] = []
    for statement in tree.body:
        body.append(statement)
        if statement in imports:
            body += [line for name in binds(statement) if name in chosen for line in _alias(name)]
    tree.body = body
    return written(tree)


def of_self(tree: ast.Module) -> str | None:
    """Reach the object of a method under a second name, also for what is set and filled."""
    count = 0
    for method in methods(tree):
        used = [
            node
            for statement in method.body
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and node.id == "self"
        ]
        for node in used:
            node.id = "eu"
        if used:
            count += 1
            at = int(ast.get_docstring(method) is not None)
            method.body[at:at] = ast.parse("eu = self").body
    return written(tree) if count else None


def of_values(tree: ast.Module) -> str | None:
    """Call and fill through a second name what a local name is bound to once."""
    count = 0
    for function in functions(tree):
        if by_text(function):
            continue
        unique, found = once(function), set[str]()
        here = {id(node) for node in own(function)}

        def _with_alias(statement: ast.stmt) -> list[ast.stmt]:
            if id(statement) in here and isinstance(statement, ast.Assign) and len(statement.targets) == 1:  # noqa: B023  # used at once
                target = statement.targets[0]
                if isinstance(target, ast.Name) and target.id in unique:  # noqa: B023
                    found.add(target.id)  # noqa: B023
                    return [statement, *_alias(target.id)]
            return [statement]

        _replace(function, _with_alias)
        for node in ast.walk(function):
            receiver = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                receiver = node.func.value
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                receiver = node.value
            if isinstance(receiver, ast.Name) and receiver.id in found and isinstance(receiver.ctx, ast.Load):
                receiver.id += _SUFFIX
                count += 1
    return written(tree) if count else None


def of_methods(tree: ast.Module) -> str | None:
    """Take a method of a name and call it in the next statement, where a statement is such a call or its result."""
    count = 0

    def _taken(statement: ast.stmt) -> list[ast.stmt]:
        nonlocal count
        value = statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.Return) else None
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
            return [statement]
        if not isinstance(value.func.value, ast.Name):
            return [statement]
        count += 1
        name = value.func.attr.strip("_") + _SUFFIX
        before = ast.Assign([ast.Name(name, ast.Store())], value.func)
        value.func = ast.Name(name, ast.Load())
        return [before, statement]

    for function in functions(tree):
        if not any(isinstance(node, (*DEFINITIONS, ast.Lambda)) for node in own(function)):
            _replace(function, _taken)
    return written(tree) if count else None


def _called(tree: ast.Module, names: set[str]) -> set[str]:
    """Call names under a second one in functions; those that are."""
    chosen: set[str] = set()
    for function in functions(tree):
        for statement in function.body:
            for node in ast.walk(statement):
                if not isinstance(node, ast.Call):
                    continue
                root = node.func
                while isinstance(root, ast.Attribute):
                    root = root.value
                if isinstance(root, ast.Name) and root.id in names:
                    chosen.add(root.id)
                    root.id += _SUFFIX
    return chosen


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _alias(name: str) -> list[ast.stmt]:
    return ast.parse(f"{name}{_SUFFIX} = {name}").body


def _replace(owner: ast.AST, change: Callable[[ast.stmt], list[ast.stmt]]) -> None:
    """Put statements in the place of each statement in a function, in all of its blocks, functions in it apart."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(owner, name, None)
        if isinstance(block, list):
            for statement in block:
                if not isinstance(statement, DEFINITIONS):
                    _replace(statement, change)
            setattr(owner, name, [new for statement in block for new in change(statement)])
    for inner in [*getattr(owner, "handlers", []), *getattr(owner, "cases", [])]:
        _replace(inner, change)
