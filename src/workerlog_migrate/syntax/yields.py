"""Whether a function yields exactly once, as one that ``contextlib.contextmanager`` decorates has to.

Input: the function. Output: whether each way through it that ends without an exception yields once. What an exception skips
counts where a handler of the function ends it: ``try: yield connect()``, ``except OSError: log()`` yields nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from workerlog_migrate.syntax.blocks import listed_types

_MANY = 2
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def yields_once(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a function yields exactly once on each way.

    Args:
        function: a generator function.
    """
    on, left = _ways(function.body)
    return on | left <= {1}


def _ways(body: Iterable[ast.stmt]) -> tuple[set[int], set[int]]:
    """Return how often the ways through a block yield: of those that go on behind it, and of those that return."""
    on, left = {0}, set[int]()
    for statement in body:
        further, returned = _of(statement)
        left |= _sums(on, returned)
        on = _sums(on, further)
    return on, left


def _of(statement: ast.stmt) -> tuple[set[int], set[int]]:
    match statement:
        case ast.Return():
            return set(), {_count(statement)}
        case ast.Raise():
            return set(), set()
        case ast.If(test=test, body=body, orelse=other):
            return _either({_count(test)}, [body, other])
        case ast.Match(subject=subject, cases=cases):
            return _either({_count(subject)}, [*(case.body for case in cases), []])
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            return _either({sum(_count(item.context_expr) for item in items)}, [body])
        case ast.Try():
            return _of_try(statement)
        case ast.For() | ast.AsyncFor() | ast.While():
            return ({0, 1, _MANY}, {0, 1, _MANY}) if _count(statement) else ({0}, _returns(statement))
    return {_count(statement)}, set()


def _of_try(statement: ast.Try) -> tuple[set[int], set[int]]:
    on, left = _ways([*statement.body, *statement.orelse])
    before = {0, 1} if any(map(_count, statement.body)) else {0}  # where an exception may arise
    if _yields_first(statement.body):
        before = {1}
    for handler in statement.handlers:
        further, returned = _ways(handler.body)
        on, left = on | _sums(before, further), left | _sums(before, returned)
    further, returned = _ways(statement.finalbody)
    return _sums(on, further), _sums(left, further) | _sums(on | left, returned)


def _yields_first(body: list[ast.stmt]) -> bool:
    """Whether nothing can fail before a block yields."""
    match body[0]:
        case ast.Expr(value=ast.Yield(value=None | ast.Name() | ast.Constant())):
            return True
        case ast.Assign(value=ast.Yield(value=None | ast.Name() | ast.Constant())):
            return True
    return False


def _either(before: set[int], blocks: list[list[ast.stmt]]) -> tuple[set[int], set[int]]:
    on, left = set[int](), set[int]()
    for block in blocks:
        further, returned = _ways(block)
        on, left = on | _sums(before, further), left | _sums(before, returned)
    return on, left


def _sums(ones: set[int], others: set[int]) -> set[int]:
    return {min(one + other, _MANY) for one in ones for other in others}


def _returns(loop: ast.stmt) -> set[int]:
    return {0} if any(isinstance(node, ast.Return) for node in ast.walk(loop)) else set()


def _count(node: ast.AST) -> int:
    """Return how many times a node yields, those in functions of its own apart."""
    found, pending = 0, [node]
    while pending:
        entry = pending.pop()
        if isinstance(entry, _FUNCTIONS):
            continue
        found += isinstance(entry, ast.Yield | ast.YieldFrom)
        pending.extend(ast.iter_child_nodes(entry))
    return min(found, _MANY)


def yields_when_closed(function: ast.AST) -> bool:
    """Say whether a generator may yield once more when it is closed: where it handles that, or at the end of a ``try``.

    Args:
        function: its definition.
    """
    return any(
        any(map(_count, node.finalbody))
        or any(_takes_the_end(handler) and any(map(_count, handler.body)) for handler in node.handlers)
        for node in ast.walk(function)
        if isinstance(node, ast.Try) and any(map(_count, node.body))
    )


def _takes_the_end(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(
        ast.unparse(part).rpartition(".")[2] in ("GeneratorExit", "BaseException")
        for part in listed_types(handler)
    )
