"""Which attributes and names are stored to on each way through a function."""

from __future__ import annotations

import ast
import itertools

from workerlog_migrate.syntax.nodes import nodes

_Stored = set[str]
_ENDING = frozenset({"exit", "_exit", "abort", "quit"})


def always_stored(function: ast.AST) -> frozenset[str]:
    """Return the attributes (``self.x``) and names without a store to which a function does not return.

    Args:
        function: its definition; one without a body stores nothing.

    Returns:
        Their text. A way that raises ends without an object, and asks for nothing.
    """
    body = getattr(function, "body", None)
    if not isinstance(body, list):
        return frozenset()
    ends: list[_Stored] = []
    last = _run(body, set(), ends)
    return frozenset(_merged([*ends, last]) or ())


def stored_before(function: ast.FunctionDef | ast.AsyncFunctionDef, statement: ast.AST) -> frozenset[str]:
    """Return the attributes and names without a store to which no way leads to a statement of a function.

    Args:
        function: its definition.
        statement: one of those of its body itself, not one inside these.
    """
    earlier = list(itertools.takewhile(lambda entry: entry is not statement, function.body))
    return frozenset(_run(earlier, set(), []) or ())


def _run(body: list[ast.stmt], stored: _Stored, ends: list[_Stored]) -> _Stored | None:
    """Return what is stored behind some statements, None where nothing goes on there; what holds at a return goes to ``ends``."""
    found: _Stored | None = set(stored)
    for statement in body:
        if found is None:
            break
        found = _step(statement, found, ends)
    return found


def _step(node: ast.stmt, stored: _Stored, ends: list[_Stored]) -> _Stored | None:
    match node:
        case ast.Raise():
            return None
        case ast.Return():
            ends.append(set(stored))
            return None
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body, orelse=[]):
            return _run(_before_exit(body), stored, ends)  # who imports it runs something else
        case ast.Expr() if _is_exit(node):
            return None
        case ast.If(body=body, orelse=orelse):
            return _merged([_run(body, stored, ends), _run(orelse, stored, ends)])
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            stored |= {text for item in items for text in _stores(item)}
            inner = _run(body, stored, ends)
            swallows = any("suppress" in ast.unparse(item.context_expr) for item in items)
            return _merged([inner, stored]) if swallows else inner
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            ways = [_run([*body, *orelse], stored, ends)]
            ways += [_run(handler.body, stored, ends) for handler in handlers]
            behind = _merged(ways)
            return None if behind is None else _run(final, behind, ends)
        case ast.Match(cases=cases):
            ways = [_run(case.body, stored, ends) for case in cases]
            pattern, guard = cases[-1].pattern, cases[-1].guard
            is_whole = isinstance(pattern, ast.MatchAs) and pattern.pattern is None and guard is None
            return _merged(ways if is_whole else [*ways, stored])
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return stored | {name}
        case ast.For(iter=ast.List(elts=items) | ast.Tuple(elts=items), body=body) if items and not any(
            isinstance(item, ast.Starred) for item in items
        ):
            inner = _run(body, stored | _stores(node.target), ends)
            return stored | _stores(node.target) | (inner or set())
        case ast.For() | ast.AsyncFor() | ast.AnnAssign(value=None):
            return stored
        case ast.Delete(targets=targets):
            return stored - {ast.unparse(target) for target in targets}
        case ast.While(test=test) if not (isinstance(test, ast.Constant) and test.value):
            return stored
    return stored | _stores(node)


def stored_at_top(tree: ast.Module) -> frozenset[str]:
    """Return the names without a store to which no way leads through the top of a file to its end, or to where it exits.

    Args:
        tree: of the file.
    """
    return frozenset(_run(_before_exit(tree.body), set(), []) or ())


def _before_exit(body: list[ast.stmt]) -> list[ast.stmt]:
    return list(itertools.takewhile(lambda entry: not _is_exit(entry), body))


def _is_exit(node: ast.stmt) -> bool:
    """Whether a statement ends the program, and runs nothing of it before: ``sys.exit(1)``, but not ``sys.exit(main())``."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given)):
            return name in _ENDING and not any(isinstance(each, ast.Call) for each in given)
    return isinstance(node, ast.Raise)


def _merged(ways: list[_Stored | None]) -> _Stored | None:
    """Return what holds behind each of several ways that go on."""
    going = [way for way in ways if way is not None]
    return set.intersection(*going) if going else None


def _stores(node: ast.AST) -> _Stored:
    found: _Stored = set()
    for part in nodes(node):
        match part:
            case ast.Attribute(value=ast.Name(id=name), attr=attr, ctx=ast.Store()):
                found.add(f"{name}.{attr}")
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
            ):
                found.add(name)
            case ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
    return found
