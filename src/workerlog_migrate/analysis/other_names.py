"""What is known of an attribute ends where it may be set under another name of its object.

Input: a store (``other.n = None``), a call that sets or hands on (``setattr(x, name, v)``, ``vars(x).update(t)``, ``unknown(x)``), and the
frame where it stands. Output: the frame without what it knew of paths that may lead to the same attribute; that is what all who set
it leave there then.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.values import Type, Value

    ValueOf = Callable[[ast.expr, Frame], Value]

_ATTRIBUTE = re.compile(r"\.([^\W\d]\w*)(?![^\[]*\])")  # none in the text of a key
_TABLE = "__dict__"
_SETTERS = frozenset({"setattr", "delattr"})
_OBJECTS = frozenset({values.INSTANCE, values.CLASS, values.FUNCTION})


def after_store(target: ast.expr, frame: Frame, value_of: ValueOf) -> None:
    """Forget what an assignment or ``del`` may have set under another name.

    Args:
        target: what is assigned to.
        frame: where it stands.
        value_of: gives what an expression can be there.
    """
    match target:
        case ast.Attribute(value=holder, attr=name):
            _forget(holder, name, frame, value_of, is_kept=True)
        case ast.Subscript(value=table):
            owner = _owner(table)
            if owner is not None:
                _forget(owner, _text(target.slice), frame, value_of)


def after_call(callee: Value, call: ast.Call, frame: Frame, value_of: ValueOf) -> None:
    """Forget what a call sets by a name that a text gives, or may set because nobody knows what it does.

    Args:
        callee: what is called.
        call: the call.
        frame: where it stands.
        value_of: gives what an expression can be there.
    """
    match call:
        case ast.Call(func=ast.Name(id=name), args=[holder, named, *_]) if name in _SETTERS:
            _forget(holder, _text(named), frame, value_of)
            return
        case ast.Call(func=ast.Attribute(value=table)):
            owner = _owner(table)
            if owner is not None:
                _forget(owner, None, frame, value_of)
                return
    if any(map(values.is_opaque, callee)):
        for given in (*call.args, *(word.value for word in call.keywords)):
            if isinstance(given, ast.Name | ast.Attribute):
                _forget(given, None, frame, value_of)


def _owner(table: ast.expr) -> ast.expr | None:
    """Return the object whose attributes a table is: ``x.__dict__``, ``vars(x)``."""
    match table:
        case ast.Attribute(value=owner, attr=name) if name == _TABLE:
            return owner
        case ast.Call(func=ast.Name(id="vars"), args=[owner]):
            return owner
    return None


def _text(node: ast.expr) -> str | None:
    """Return a name that is written; None where it may be any."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _forget(
    holder: ast.expr, name: str | None, frame: Frame, value_of: ValueOf, *, is_kept: bool = False
) -> None:
    """Forget an attribute of all that may be the object, without a name all of its attributes; if `is_kept`, not under this one."""
    env = frame.env
    if not env:
        return
    own = frame.unit.path(holder)
    objects: Value | None = None
    for path in sorted({*env, *(fact.path for fact in frame.facts)}):
        for at, attribute in _steps(path):
            if name not in (None, attribute) or (at == own and is_kept):
                continue  # what is assigned to has a value of its own
            if objects is None:
                objects = value_of(holder, frame.quiet())
            if at == own or _may_be_one(objects, _held(at, frame)):
                frame.forget(path)
                env.pop(path, None)
                break


def _steps(path: str) -> list[tuple[str, str]]:
    """Split ``a.b['k'].c`` into what holds an attribute, and its name: ``a`` and ``b``, ``a.b['k']`` and ``c``."""
    return [(path[: found.start()], found[1]) for found in _ATTRIBUTE.finditer(path)]


def _held(path: str, frame: Frame) -> Value:
    """Return what a path leads to, as far as that is known here."""
    found = (frame.env or {}).get(path)
    owner = frame.function.owner
    if found is None and path == "self" and owner is not None:
        return values.instance(owner)
    return values.BOTTOM if found is None else found


def _may_be_one(some: Value, others: Value) -> bool:
    """Whether two values may be one object: not where both are objects of the program of different classes."""
    if not (_are_open(some) and _are_open(others)):
        return False
    if any(entry.kind not in _OBJECTS for entry in (*some, *others)) or not some or not others:
        return True
    return not {_owner_of(entry) for entry in some}.isdisjoint(map(_owner_of, others))


def _owner_of(entry: Type) -> object:
    return entry.class_or_none or entry.function_or_none


def _are_open(value: Value) -> bool:
    """Whether a value may be an object that carries attributes of the program."""
    return not value or any(entry.kind in _OBJECTS or values.is_opaque(entry) for entry in value)
