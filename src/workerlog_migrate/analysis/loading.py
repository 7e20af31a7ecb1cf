"""Which names of a file may not be bound where a function of it runs: bound on some ways only, deleted again, or bound after the function was called.

Input: a file, a name of it and the function that reads it. Output: whether the name may be missing there. A ``for`` over what is written out
runs, a name that is bound in the statement that also runs the functions of the file is taken to be there, and so is one that
is read under the same test as it is bound under.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.syntax.literals import last_name
from workerlog_migrate.syntax.nodes import nodes
from workerlog_migrate.syntax.ways import stored_at_top

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.syntax.scopes import Binding

_Early = tuple[int, frozenset[str]]
_RUNNING = frozenset({"Thread", "Timer", "submit", "map", "apply_async", "start_new_thread"})
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def may_be_missing(node: ast.Name, bindings: Iterable[Binding], function: str, module: Module) -> bool:
    """Say whether a name of a file may not be bound where a function reads it.

    Args:
        node: where it is read.
        bindings: all that bind it in the file.
        function: the name of the function.
        module: the file.
    """
    known: dict[str, _Standing] = module.remembered.setdefault(_Standing, {})
    standing = known.get(node.id)
    if standing is None:
        standing = known[node.id] = _standing(node.id, bindings, module)
    if standing.is_sure:
        return any(line < standing.first and function in called for line, called in _early_calls(module))
    return bool(standing.own) and not _is_under_same_test(node, standing.own, module)


class _Standing(NamedTuple):
    """How a name of a file stands when all of the file has run.

    Attributes:
        own: what binds it outside of functions; nothing where it is not asked whether it is there.
        is_sure: it is bound then.
        first: the line in which it is bound first.
    """

    own: tuple[Binding, ...] = ()
    is_sure: bool = False
    first: int = 0


def _standing(name: str, bindings: Iterable[Binding], module: Module) -> _Standing:
    if module.star_imports or calls_to(module, "exec") or calls_to(module, "globals"):
        return _Standing()
    own = tuple(binding for binding in bindings if module.function(binding.node) is None)
    if not own or any(_is_tried_import(binding, module) for binding in own):
        return _Standing()
    if name in _stored_at_top(module):
        return _Standing(own, True, min(getattr(binding.node, "lineno", 0) for binding in own))
    return _Standing() if _is_bound_where_it_runs(own, module) else _Standing(own)


def _is_tried_import(binding: Binding, module: Module) -> bool:
    """Whether an import that may fail binds a name: what its handlers and the flags beside it say of it is asked elsewhere."""
    return binding.kind == "import" and any(
        isinstance(above, ast.Try) for above in module.ancestors(binding.node)
    )


def _stored_at_top(module: Module) -> frozenset[str]:
    known: frozenset[str] | None = module.remembered.get(_stored_at_top)
    if known is None:
        known = module.remembered[_stored_at_top] = stored_at_top(module.tree)
    return known


def _statements(bindings: Iterable[Binding], module: Module) -> list[ast.AST]:
    """Return the statements at the top of a file in which a name is bound."""
    found: list[ast.AST] = []
    for binding in bindings:
        place: ast.AST = binding.node
        while (above := module.parents.get(place)) is not None and above is not module.tree:
            place = above
        found.append(place)
    return found


def _is_bound_where_it_runs(bindings: Iterable[Binding], module: Module) -> bool:
    """Whether a statement at the top that binds a name calls functions of the file, too: ``while running: job = take(); work()``."""
    own = _functions_of(module)
    return any(
        isinstance(each, ast.Call) and last_name(each.func) in own
        for statement in _statements(bindings, module)
        for each in nodes(statement)
    )


def _is_under_same_test(node: ast.Name, bindings: Iterable[Binding], module: Module) -> bool:
    """Whether a name is read under a test that stands around what binds it as well."""
    asked = {
        ast.unparse(above.test) for above in module.ancestors(node) if isinstance(above, ast.If | ast.IfExp)
    }
    return bool(asked) and any(
        isinstance(above, ast.If) and ast.unparse(above.test) in asked
        for binding in bindings
        for above in module.ancestors(binding.node)
    )


def _functions_of(module: Module) -> frozenset[str]:
    known: frozenset[str] | None = module.remembered.get(_functions_of)
    if known is None:
        known = frozenset(each.name for each in (*module.functions, *module.classes))
        module.remembered[_functions_of] = known
    return known


def _early_calls(module: Module) -> tuple[_Early, ...]:
    """Return the lines at the top of a file that run functions of it, and the names of all functions that may run then."""
    known: tuple[_Early, ...] | None = module.remembered.get(_early_calls)
    if known is None:
        runs = _runs(module)
        calls: dict[str, set[str]] = {}
        for function in module.functions:
            calls.setdefault(function.name, set()).update(runs.get(function, ()))
        found = []
        for statement in module.tree.body:
            started = () if isinstance(statement, _DEFINING) else runs.get(statement, ())
            if started:
                found.append((statement.lineno, frozenset(_with_called(started, calls))))
        known = module.remembered[_early_calls] = tuple(found)
    return known


def _runs(module: Module) -> dict[ast.AST, set[str]]:
    """Return, by a function or a statement at the top of a file, the names of its functions that are called there, or given to what runs them."""
    own = _functions_of(module)
    found: dict[ast.AST, set[str]] = {}
    for call in module.calls:
        name = last_name(call.func)
        run = {name} & own
        if name in _RUNNING:
            given = (*call.args, *(word.value for word in call.keywords))
            run |= own.intersection(map(last_name, given))
        if not run:
            continue
        run.add("__init__")
        place: ast.AST = call
        for above in module.ancestors(call):
            if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(above, set()).update(run)
            if above is module.tree:
                found.setdefault(place, set()).update(run)
            place = above
    return found


def _with_called(started: Iterable[str], calls: Mapping[str, set[str]]) -> set[str]:
    """Return functions and all that they may call, by their names."""
    found: set[str] = set()
    pending = list(started)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(calls.get(name, ()))
    return found
