"""Small questions about an expression that its text alone answers."""

from __future__ import annotations

import ast


def is_none(node: ast.AST | None) -> bool:
    """Whether an expression is written ``None``."""
    return isinstance(node, ast.Constant) and node.value is None


def last_name(node: ast.expr) -> str:
    """Return the last name of a dotted one, ``c`` of ``a.b.c``; empty for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
