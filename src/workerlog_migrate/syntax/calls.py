"""Small questions about a call that its text alone answers."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence


def is_called(place: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether what stands at a place is what a call calls, and not taken to be called later.

    Args:
        place: a name or an attribute.
        parents: of the nodes of its file.
    """
    outer = parents.get(place)
    return isinstance(outer, ast.Call) and outer.func is place


def is_open_ended(call: ast.Call) -> bool:
    """Whether a call unpacks arguments, so that what it passes cannot all be seen."""
    return any(isinstance(argument, ast.Starred) for argument in call.args) or any(
        word.arg is None for word in call.keywords
    )


def argument_of(call: ast.Call, name: str, params: Sequence[str]) -> ast.expr | None:
    """Return what a call passes for a parameter, by its name or its place; None when it passes nothing.

    Args:
        call: the call.
        name: of the parameter.
        params: the names of the parameters, in order.
    """
    for word in call.keywords:
        if word.arg == name:
            return word.value
    at = params.index(name) if name in params else len(call.args)
    return call.args[at] if at < len(call.args) else None
