"""What a target may be bound to, as it is written: the value of an assignment, a part of it, an item that a loop goes through.

Input: the node that binds a name or an attribute. Output: expressions, none of which only chooses between others (``a if x else b``,
``a or b``). Where a part cannot be told from the whole, the whole stands for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

_DISPLAYS = (ast.Tuple, ast.List, ast.Set)


def bound_to(target: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[ast.expr]:
    """Yield the expressions that a target may stand for, or that hold what it stands for.

    Args:
        target: a name or an attribute that something is assigned to, or the ``ast.arg`` of a parameter.
        parents: of the nodes of its file.

    Yields:
        What is assigned, looped over, entered by ``with`` or the default of a parameter.
    """
    return (expression for expression, _ in bound_or_held(target, parents))


def bound_or_held(target: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[tuple[ast.expr, bool]]:
    """Yield what `bound_to` does, each with whether it only holds what the target stands for: ``ops`` in ``for op in ops``."""
    part, owner = target, parents.get(target)
    way: list[int | None] = []
    while isinstance(owner, ast.Tuple | ast.List | ast.Starred):
        if not isinstance(owner, ast.Starred):
            is_told = not any(isinstance(each, ast.Starred) for each in owner.elts)
            way.append(owner.elts.index(part) if is_told else None)  # type: ignore[arg-type]  # it stands there
        part, owner = owner, parents.get(owner)
    match owner:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
            found = [(each, False) for each in chosen(value)]
        case ast.withitem(context_expr=value):
            found = [(each, False) for each in chosen(value)]
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            found = [item for whole in chosen(owner.iter) for item in _items(whole)]
        case ast.arguments() if isinstance(part, ast.arg):
            found = [(each, False) for default in _default(part, owner) for each in chosen(default)]
        case _:
            return
    for at in reversed(way):
        found = [
            inner for each, is_held in found for inner in ([(each, True)] if is_held else _part(each, at))
        ]
    yield from found


def chosen(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions between which one chooses: both arms of ``a if x else b``, the parts of ``a or b``.

    Args:
        node: any expression.
    """
    match node:
        case ast.IfExp(body=body, orelse=other):
            yield from chosen(body)
            yield from chosen(other)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from chosen(part)
        case ast.NamedExpr(value=inner) | ast.Await(value=inner) | ast.Starred(value=inner):
            yield from chosen(inner)
        case _:
            yield node


def _items(whole: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the items of a display that is written out; anything else stands for its items."""
    if isinstance(whole, _DISPLAYS):
        for item in whole.elts:
            for each in chosen(item):
                yield each, isinstance(item, ast.Starred)
    else:
        yield whole, True


def _part(whole: ast.expr, at: int | None) -> Iterator[tuple[ast.expr, bool]]:
    is_written = isinstance(whole, _DISPLAYS) and not any(
        isinstance(each, ast.Starred) for each in whole.elts
    )
    if at is None or not is_written or not isinstance(whole, _DISPLAYS):
        yield from _items(whole)
    elif at < len(whole.elts):
        for each in chosen(whole.elts[at]):
            yield each, False


def _default(parameter: ast.arg, arguments: ast.arguments) -> Iterator[ast.expr]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return (default for each, default in pairs if each is parameter and default is not None)
