"""Where a block of statements leads, and which nodes are its own: the one place that answers this.

Input: statements of a tree. Output: what their text alone says; nothing here knows names or types.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from enum import Enum

EXITS = frozenset({"sys.exit", "os._exit", "os.abort", "exit", "quit", "_exit"})
"""Calls that end the program. A method of an object (``parser.exit``) may do anything."""


class End(Enum):
    """How a block ends by its last statement."""

    ON = "on"  # what follows is run
    RETURN = "return"
    RAISE = "raise"
    BREAK = "break"
    CONTINUE = "continue"
    EXIT = "exit"  # of the program


def end_of(body: list[ast.stmt]) -> End:
    """Say how a block ends; what comes before its last statement is not looked at."""
    match body[-1]:
        case ast.Return():
            return End.RETURN
        case ast.Raise():
            return End.RAISE
        case ast.Break():
            return End.BREAK
        case ast.Continue():
            return End.CONTINUE
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in EXITS:
            return End.EXIT
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name))) if (
            f"{owner}.{name}" in EXITS
        ):
            return End.EXIT
    return End.ON


def leaves_loop(body: list[ast.stmt]) -> bool:
    """Whether a block ends by leaving the loop around it, or more than that."""
    return end_of(body) not in (End.ON, End.CONTINUE)


def is_endless(loop: ast.While) -> bool:
    """Say whether a loop is ``while True`` (or ``while 1``)."""
    return isinstance(loop.test, ast.Constant) and bool(loop.test.value)


def always_raises(body: list[ast.stmt]) -> bool:
    """Whether every path through a block ends in a ``raise``."""
    for statement in body:
        match statement:
            case ast.Raise():
                return True
            case ast.Return() | ast.Break() | ast.Continue():
                return False
            case ast.If(body=first, orelse=second):
                if second and always_raises(first) and always_raises(second):
                    return True
                if any(_leaves_early(branch) for branch in (first, second)):
                    return False
            case ast.With(body=inner) | ast.AsyncWith(body=inner):
                if always_raises(inner):
                    return True
            case ast.Try(finalbody=final, body=inner, orelse=other, handlers=handlers):
                if final and always_raises(final):
                    return True
                if always_raises(other or inner) and all(always_raises(handler.body) for handler in handlers):
                    return True
    return False


def _leaves_early(body: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Return | ast.Break | ast.Continue) for node in block_nodes(body))


def always_leaves(body: list[ast.stmt], swallows: Callable[[ast.With | ast.AsyncWith], bool]) -> bool:
    """Whether control cannot fall off the end of a block (``return``, ``raise``, an endless loop).

    Args:
        body: the block.
        swallows: says of a ``with`` whether it may end an exception of its body, so that what follows is reached.
    """
    match body[-1]:
        case ast.Return() | ast.Raise():
            return True
        case ast.With(body=inner) | ast.AsyncWith(body=inner) as last:
            return always_leaves(inner, swallows) and not swallows(last)
        case ast.If(body=first, orelse=second):
            return bool(second) and always_leaves(first, swallows) and always_leaves(second, swallows)
        case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=final):
            if final and always_leaves(final, swallows):
                return True
            return always_leaves(other or inner, swallows) and all(
                always_leaves(handler.body, swallows) for handler in handlers
            )
        case ast.While() as loop:
            return is_endless(loop) and not any(isinstance(node, ast.Break) for node in ast.walk(loop))
        case ast.Match(cases=[*cases, ast.match_case(pattern=ast.MatchAs(pattern=None), guard=None) as rest]):
            return all(always_leaves(case.body, swallows) for case in (*cases, rest))
    return False


def listed_types(handler: ast.ExceptHandler) -> list[ast.expr]:
    """Return the types that a clause names, each of a tuple; none for a bare one."""
    if handler.type is None:
        return []
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]


def first_line(statement: ast.AST) -> int:
    """Return the line in which a statement begins, that of its first decorator if it has one."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([getattr(statement, "lineno", 1), *(decorator.lineno for decorator in decorators)])


def own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that a function (or module) runs itself: nested functions, lambdas and classes are not entered."""
    stack: list[ast.AST] = (
        list(getattr(root, "body", ())) if not isinstance(root, ast.Lambda) else [root.body]
    )
    while stack:
        node = stack.pop()
        yield node
        kind = node.__class__
        if kind in _CHILDLESS:
            continue
        if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            stack.extend(node.decorator_list)  # type: ignore[attr-defined]  # a definition
        elif kind is ast.ClassDef:
            stack.extend(node.decorator_list)  # type: ignore[attr-defined]  # a class
            stack.extend(node.body)  # type: ignore[attr-defined]  # a class
        else:
            # Read the instance's own fields: ast.iter_child_nodes costs twice as much, and this is the hottest walk.
            for value in node.__dict__.values():
                if value.__class__ is list:
                    stack.extend(entry for entry in value if isinstance(entry, ast.AST))
                elif isinstance(value, ast.AST) and value.__class__ not in _CHILDLESS_OPERATORS:
                    stack.append(value)


def block_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a block without those of nested functions, lambdas and classes."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        below: list[ast.AST] = []
        for value in node.__dict__.values():  # ast.iter_child_nodes costs twice as much
            if value.__class__ is list:
                below.extend(entry for entry in value if isinstance(entry, ast.AST))
            elif isinstance(value, ast.AST):
                below.append(value)
        stack.extend(reversed(below))


_CHILDLESS = frozenset({ast.Constant, ast.Name, ast.Lambda, ast.Pass, ast.Break, ast.Continue, ast.Global})
_CHILDLESS_OPERATORS = frozenset(
    {
        ast.Load,
        ast.Store,
        ast.Del,
        *ast.operator.__subclasses__(),
        *ast.unaryop.__subclasses__(),
        ast.And,
        ast.Or,
    }
)
