"""Files that nobody knew of: they call, write, inherit and fill with what nobody knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .moving import Files
from .scopes import FUNCTIONS, Function, binds

_ANY = "valor"


def called(tree: ast.Module, text: str, start: str, name: str) -> Files | None:
    """Call functions and methods with what nobody knows.

    Args:
        tree: of the file.
        text: it, as it is written.
        start: the lines that import the file as ``aqui``.
        name: of the file that calls.
    """
    lines = [
        f"    aqui.{node.name}({_arguments(node)})"
        for node in tree.body
        if isinstance(node, FUNCTIONS) and not node.decorator_list
    ]
    for owner in _classes(tree):
        lines.append(f"    objeto = aqui.{owner.name}({_of_making(owner)})")
        lines += [
            f"    objeto.{node.name}({_arguments(node, 1)})"
            for node in _own_methods(owner)
            if not node.name.startswith("__")
        ]
    return _written(text, start, name, lines)


def written_to(tree: ast.Module, text: str, start: str, name: str) -> Files | None:
    """Set and fill the variables of the file and the attributes of its objects with what nobody knows.

    Args:
        tree: of the file.
        text: it, as it is written.
        start: the lines that import the file as ``aqui``.
        name: of the file that writes.
    """
    lines: list[str] = []
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and not target.id.startswith("__"):
                value = node.value if isinstance(node, ast.Assign) else None
                is_filled = isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp)
                lines.append(
                    f"    aqui.{target.id}[{_ANY}] = {_ANY}"
                    if is_filled
                    else f"    aqui.{target.id} = {_ANY}"
                )
    for owner in _classes(tree):
        attributes = sorted(
            {
                node.attr
                for node in ast.walk(owner)
                if isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and isinstance(node.value, ast.Name)
                and node.value.id == "self"
                and not node.attr.startswith("__")
            }
        )
        if attributes:
            lines.append(f"    objeto = aqui.{owner.name}({_of_making(owner)})")
            lines += [f"    objeto.{attribute} = {_ANY}" for attribute in attributes]
    return _written(text, start, name, lines)


def inherited(tree: ast.Module, text: str, start: str, name: str) -> Files | None:
    """Inherit from the classes of the file: every second method is another one, and the rest are called.

    Args:
        tree: of the file.
        text: it, as it is written.
        start: the lines that import the file as ``aqui``.
        name: of the file with the heirs.
    """
    heirs: list[str] = []
    lines: list[str] = []
    for owner in _classes(tree):
        found = [node for node in _own_methods(owner) if not node.name.startswith("__")]
        if len(found) < 2:
            continue
        heirs += ["", "", f"class De{owner.name}(aqui.{owner.name}):"]
        for node in found[::2]:
            prefix = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
            heirs += [
                f"    {prefix}def {node.name}(self, *args, **kwargs):",
                f"        return args[0] if args else {_ANY}",
            ]
        lines.append(f"    objeto = De{owner.name}({_of_making(owner)})")
        lines += [f"    objeto.{node.name}({_arguments(node, 1)})" for node in found[1::2]]
    return _written(text, "\n".join([start, f"{_ANY} = input()", *heirs]), name, lines)


def _written(text: str, start: str, name: str, lines: list[str]) -> Files | None:
    if not lines:
        return None
    return {
        "": text,
        name: "\n".join([start, "", "", f"def chama({_ANY}):", *lines, "", "", "chama(input())", ""]),
    }


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node


def _own_methods(owner: ast.ClassDef) -> list[Function]:
    return [
        node
        for node in owner.body
        if isinstance(node, FUNCTIONS) and not node.decorator_list and node.args.args and binds(node)
    ]


def _of_making(owner: ast.ClassDef) -> str:
    made = [node for node in _own_methods(owner) if node.name == "__init__"]
    return _arguments(made[0], 1) if made else ""


def _arguments(function: Function, skipped: int = 0) -> str:
    places = len(function.args.posonlyargs) + len(function.args.args) - skipped
    names = [f"{each.arg}={_ANY}" for each in function.args.kwonlyargs]
    return ", ".join([*[_ANY] * max(places, 0), *names])
