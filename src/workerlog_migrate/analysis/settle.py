"""What a person would write so that a value of unknown type is known: where it comes from, and what to annotate there.

Input: the expression that something is done with. Output: half a sentence for the report, or nothing.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.syntax.scopes import Binding

SETTLE = "to settle it: "
_LONGEST = 40


def how_to_settle(subject: ast.expr, frame: Frame) -> str:
    """Say what to annotate so that the type of an expression is known; empty when that cannot be told.

    Args:
        subject: the expression.
        frame: where it stands.

    """
    chain = [subject]
    while (inner := _inner(chain[-1])) is not None:
        chain.append(inner)
    root = chain[-1]
    if not isinstance(root, ast.Name):
        return ""
    if root.id in ("self", "cls") and len(chain) > 1:
        return _of_attribute(chain[-2], frame)
    bindings = frame.unit.module.bindings(root)
    return _of_name(root.id, bindings[0], frame.unit.module) if bindings else ""


def _inner(node: ast.expr) -> ast.expr | None:
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
            return inner
        case ast.Call(func=inner):
            return inner
    return None


def _of_attribute(node: ast.expr, frame: Frame) -> str:
    owner = frame.function.owner
    if not isinstance(node, ast.Attribute) or owner is None:
        return ""
    stores = owner.stores.get(node.attr)
    if not stores:
        return ""
    return f"annotate `self.{node.attr}` in line {stores[0].lineno}"


def _of_name(name: str, binding: Binding, module: Module) -> str:
    node = binding.node
    line = getattr(node, "lineno", 0)
    match binding.kind:
        case "parameter":
            return f"annotate the parameter `{name}` in line {line}"
        case "import":
            return f"`{name}` is of {binding.qualified.rpartition('.')[0] or binding.qualified}"
        case "for" | "comprehension":
            parent = module.parents.get(node)
            while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
                parent = module.parents.get(parent)
            source = getattr(parent, "iter", None)
            text = f" `{_short(source, module)}`" if source is not None else ""
            return f"annotate what the loop in line {line} goes through{text}"
        case "assign" | "with" | "walrus":
            return f"annotate `{name}` in line {line}"
    return ""


def _short(node: ast.expr, module: Module) -> str:
    text = " ".join(module.text(node).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
