"""What is known of an item ends where its container may be changed under another name: ``other["k"] = None``, ``rows.clear()``.

Input: a store, ``del`` or call that changes a container, and the frame where it stands. Output: the frame without what it knew of items and
lengths of containers that may be the same one. A name that only ever stands for what its function made, and that nothing takes along, is the
only name of it.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.taken import called_as
from workerlog_migrate.syntax.literals import last_name
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Value
    from workerlog_migrate.syntax.scopes import Scope

    ValueOf = Callable[[ast.expr, Frame], Value]

_STEP = re.compile(r"\[('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\]]*)\]")
_SHRINKING = frozenset(
    {"clear", "pop", "popitem", "popleft", "remove", "discard", "__delitem__", "sort", "reverse", "rotate"}
)
_SHORTENING = _SHRINKING - {"sort", "reverse", "rotate"}
_SETTING = frozenset({"update", "insert", "appendleft", "extendleft", "__setitem__"})
_OF_OPERATOR = {"setitem": False, "delitem": True}
_MAKING = frozenset(
    {"dict", "list", "set", "sorted", "tuple", "defaultdict", "Counter", "OrderedDict", "deque"}
    | {
        "load",
        "loads",
        "copy",
        "deepcopy",
        "split",
        "splitlines",
        "readlines",
        "fetchall",
        "fetchone",
        "json",
    }
)
_FRESH = (
    ast.Dict,
    ast.List,
    ast.Set,
    ast.Tuple,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.BinOp,
    ast.Constant,
)
_LOOKING = (
    ast.Attribute,
    ast.Compare,
    ast.For,
    ast.AsyncFor,
    ast.comprehension,
    ast.BoolOp,
    ast.UnaryOp,
    ast.If,
)
_LOOKING_ON = (
    ast.While,
    ast.IfExp,
    ast.BinOp,
    ast.FormattedValue,
    ast.Return,
    ast.Yield,
    ast.Expr,
    ast.Assert,
)
_READING = frozenset(
    "print len str repr list dict set tuple sorted sum min max any all enumerate zip range iter next isinstance bool dump"  # noqa: SIM905  # a list of words
    " dumps write writelines writerow writerows info debug warning error exception critical log join format get post".split()
)


def after_store(target: ast.expr, frame: Frame, value_of: ValueOf) -> None:
    """Forget what an assignment to an item, or ``del`` of one, may have changed under another name.

    Args:
        target: what is assigned to or taken away.
        frame: where it stands.
        value_of: gives what an expression can be there.
    """
    if not isinstance(target, ast.Subscript) or not frame.env:
        return
    key = target.slice
    text = f"{key.value!r}" if isinstance(key, ast.Constant) else None
    is_shorter = isinstance(key, ast.Slice) or isinstance(target.ctx, ast.Del)
    _forget(target.value, text, frame, value_of, is_shorter=is_shorter, is_kept=text is not None)


def after_call(call: ast.Call, frame: Frame, value_of: ValueOf) -> None:
    """Forget what a method of a container, or a function of ``operator``, may have changed under another name.

    Args:
        call: the call.
        frame: where it stands.
        value_of: gives what an expression can be there.
    """
    if not frame.env:
        return
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="dict" | "list"), attr=name), args=[table, *_]):
            if name in _SHRINKING or name in _SETTING:
                _forget(table, None, frame, value_of, is_shorter=name in _SHRINKING)
        case ast.Call(func=ast.Attribute(attr=name), args=[table, *_]) if name in _OF_OPERATOR:
            _forget(table, None, frame, value_of, is_shorter=_OF_OPERATOR[name])
        case ast.Call(func=ast.Attribute(value=table, attr=name)) if name in _SHRINKING or name in _SETTING:
            _forget(table, None, frame, value_of, is_shorter=name in _SHRINKING, is_kept=True)


def is_shortened(table: ast.expr, key: ast.expr | None, unit: Unit, *, loop: ast.expr | None = None) -> bool:
    """Whether the body of a loop takes something out of a container, other than what it is at.

    Args:
        table: the container; ``d.keys()`` and ``d.items()`` stand for ``d``.
        key: the target of the loop, where that is a key of the container.
        unit: its file.
        loop: the target, where it is none.
    """
    if isinstance(table, ast.Call) and isinstance(table.func, ast.Attribute):
        table = table.func.value
    path = unit.path(table)
    around = unit.module.parents.get(loop or key)  # type: ignore[arg-type]  # one of them is given
    if path is None or not isinstance(around, ast.For | ast.AsyncFor):
        return False
    first = key.elts[0] if isinstance(key, ast.Tuple) and key.elts else key
    own = None if first is None else unit.path(first)
    for statement in around.body:
        for node in _as_meant(statement, unit):
            match node:
                case ast.Subscript(value=value, slice=index, ctx=ast.Del()):
                    is_own = own is not None and unit.path(index) == own
                case ast.Call(func=ast.Attribute(value=value, attr=attr), args=given) if attr in _SHORTENING:
                    is_own = own is not None and bool(given) and unit.path(given[0]) == own
                case ast.Yield() | ast.YieldFrom() if not _is_local(table, unit):
                    return True  # who goes on with the generator may do anything meanwhile
                case _:
                    continue
            if not is_own and unit.path(value) == path:
                return True
    return False


def _as_meant(statement: ast.stmt, unit: Unit) -> Iterator[ast.AST]:
    """Yield the nodes of a statement, and what its calls mean by another name."""
    for node in nodes(statement):
        if isinstance(node, ast.Call):
            yield from called_as(unit.module, node)
        else:
            yield node


def _is_local(table: ast.expr, unit: Unit) -> bool:
    """Whether a container has a name of the function around, that is no parameter of it."""
    if not isinstance(table, ast.Name):
        return False
    module = unit.module
    found = module.lookup(table.id, module.scope(table))
    return (
        found is not None
        and found[0].function is not None
        and all(binding.kind != "parameter" for binding in found[1])
    )


def _forget(
    table: ast.expr,
    key: str | None,
    frame: Frame,
    value_of: ValueOf,
    *,
    is_shorter: bool,
    is_kept: bool = False,
) -> None:
    """Forget an item of all that may be the container, without a key all items; if `is_kept`, not under this name."""
    own = frame.unit.path(table)
    held: Value | None = None
    asked: dict[str, bool] = {}

    def may_be_it(path: str) -> bool:
        nonlocal held
        if path == own:
            return not is_kept
        if path not in asked:
            if held is None:
                held = (
                    values.BOTTOM
                    if _is_only_name(table, frame)
                    else value_of(table, frame.quiet()) or values.ANY
                )
            asked[path] = bool(held) and _may_be_one(held, path, frame)
        return asked[path]

    assert frame.env is not None
    for path in sorted({*frame.env, *(fact.path for fact in frame.facts)}):
        if any(key in (None, step) and may_be_it(at) for at, step in _steps(path)):
            frame.forget(path)
            frame.env.pop(path, None)
    if is_shorter:
        frame.keep(
            {
                fact
                for fact in frame.facts
                if fact.kind not in ("key", "len")
                or (fact.kind == "key" and key not in (None, fact.extra))
                or not may_be_it(fact.path)
            }
        )


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """Split ``a['k'].b[0]`` into containers and keys: ``a`` and ``'k'``, ``a['k'].b`` and ``0``."""
    return ((path[: found.start()], found[1]) for found in _STEP.finditer(path))


def _may_be_one(held: Value, path: str, frame: Frame) -> bool:
    """Whether a value may be the container that a path leads to."""
    if path.isidentifier() and _is_name_only(path, frame.function, frame.unit):
        return False
    other = (frame.env or {}).get(path, values.BOTTOM)
    kinds, others = values.names(held), values.names(other)
    is_told = all(entry.kind is values.NAMED and entry.name != "json" for entry in (*held, *other))
    return not (other and is_told and kinds.isdisjoint(others))


def _is_only_name(node: ast.expr, frame: Frame) -> bool:
    return isinstance(node, ast.Name) and _is_name_only(node.id, frame.function, frame.unit)


def _is_name_only(name: str, function: FunctionInfo, unit: Unit) -> bool:
    """Whether a name of a function stands only for what the function made, and nothing takes that along."""
    module = unit.module
    scope = module.scopes.get(function.node, module.scope_of_module)
    if scope is None or name not in scope.bindings or name in (*scope.globals, *scope.nonlocals):
        return False
    parents = module.parents
    for binding in scope.bindings[name]:
        parent = parents.get(binding.node)
        is_one = isinstance(parent, ast.AnnAssign) or (
            isinstance(parent, ast.Assign) and len(parent.targets) == 1
        )
        made = parent.value if is_one else None  # type: ignore[union-attr]  # it is an assignment
        is_made = isinstance(made, _FRESH) or (isinstance(made, ast.Call) and last_name(made.func) in _MAKING)
        if binding.kind not in ("assign", "augment", "delete") or (binding.kind == "assign" and not is_made):
            return False
    places = (place for place in module.names_of(name) if isinstance(place.ctx, ast.Load))
    return all(_only_looks(place, parents) for place in places if _is_in(name, place, scope, unit))


def _is_in(name: str, place: ast.Name, scope: Scope, unit: Unit) -> bool:
    found = unit.module.lookup(name, unit.module.scope(place))
    return found is not None and found[0] is scope


def _only_looks(place: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether what stands around a name keeps nothing of what it stands for."""
    parent = parents.get(place)
    if isinstance(parent, ast.Call):
        return place is not parent.func and last_name(parent.func) in _READING
    if isinstance(parent, ast.Subscript):
        return parent.value is place
    if isinstance(parent, ast.AugAssign):
        return False
    return isinstance(parent, (*_LOOKING, *_LOOKING_ON))
