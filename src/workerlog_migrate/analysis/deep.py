"""Whether what lies deep in a container may be something else than plain data, because a name was given to an inner part.

``prices = self.state["prices"]``, then ``prices[day] = {1, 2}``: what is put into the inner dict by that name is in the outer
one, too. Whose inner part a name stands for is not followed: that something which is no plain data is put into any container
that came out of another, or was passed, is enough.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.taken import all_read
from workerlog_migrate.analysis.values import Type, Value

_CONTAINERS = frozenset({"collections.OrderedDict", "collections.defaultdict", "dict", "list"})
_DICTS = frozenset({"collections.OrderedDict", "collections.defaultdict", "dict"})
_NUMBERS = frozenset({"bool", "float", "int"})
_PLAIN_DATA = frozenset({"None", "bool", "dict", "float", "int", "json", "list", "str", "tuple"})
_KEYS = frozenset({"None", "bool", "float", "int", "json", "str"})
_PUTTING = ("add", "append", "extend", "insert", "setdefault", "update")


def may_be_no_data(value: Value) -> bool:
    """Whether a value may be something that is no plain data or that nobody knows, or a container with such in it, however deep.

    Args:
        value: what it may be.
    """
    return any(
        values.is_opaque(entry)
        or entry.is_undecoded
        or entry.name not in _PLAIN_DATA
        or _may_hold_no_data(entry)
        for entry in value
    )


def _may_hold_no_data(entry: Type) -> bool:
    if entry.name == "dict" and entry.literal is not None:  # what stands under each key
        return any(may_be_no_data(held) for _, held in entry.literal)
    if entry.name not in ("dict", "list", "tuple") or values.is_empty(entry):
        return False
    if entry.name == "dict" and entry.args:
        return _is_no_key(entry.args[0]) or any(map(may_be_no_data, entry.args[1:]))
    return any(map(may_be_no_data, entry.args))


def _is_no_key(value: Value) -> bool:
    """Whether a key may be of a kind that data has no such of: a tuple, a date. What nobody knows is taken for a text."""
    return any(not values.is_opaque(entry) and entry.name not in _KEYS for entry in value)


def may_hold_no_data(node: ast.expr | None, value_of: Callable[[ast.expr], Value]) -> bool:
    """Whether a literal, or a container that was one, was made with something that may be no plain data.

    Args:
        node: an expression, or None where there is none.
        value_of: gives what an expression may be.
    """
    match node:
        case None:
            return False
        case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            is_literal = (ast.Dict, ast.List, ast.Tuple)
            return any(
                may_hold_no_data(part, value_of)
                if isinstance(part, is_literal)
                else may_be_no_data(value_of(part))
                for part in parts
            )
    return any(map(_may_hold_no_data, value_of(node)))


def has_inner(value: Value) -> bool:
    """Whether a container may hold another one.

    Args:
        value: what it may be.
    """
    return any(
        inner.name in _CONTAINERS
        for entry in value
        if entry.name in _CONTAINERS
        for held in entry.args
        for inner in held
    )


def puts_no_data_in(unit: Unit, value_of: Callable[[ast.expr, Unit], Value]) -> bool:
    """Whether something in a file puts what is no plain data into a container that has a name of its own.

    Args:
        unit: the file.
        value_of: gives what an expression may be.
    """
    return any(
        isinstance(holder, ast.Name) and may_be_no_data(value_of(stored, unit)) and not _is_made(holder, unit)
        for holder, stored in _filled(unit)
    )


def fills_decoded(unit: Unit, value_of: Callable[[ast.expr, Unit], Value]) -> bool:
    """Whether something in a file puts what is no plain data into what may be decoded data: ``state["t"] = now()``.

    Args:
        unit: the file.
        value_of: gives what an expression may be.
    """
    return any(
        may_be_no_data(value_of(stored, unit)) and values.may_be_decoded(value_of(holder, unit))
        for holder, stored in _filled(unit)
    ) or any(
        not isinstance(node.slice, ast.Slice)
        and _is_no_key(value_of(node.slice, unit))
        and values.may_be_decoded(value_of(node.value, unit))
        for node in _stored(unit)
    )


def mixes_keys(value: Value) -> bool:
    """Whether a value may be a dict, or hold one, whose keys need not be of one kind, so that they cannot be sorted.

    Args:
        value: what it may be.
    """
    return any(
        (entry.name in _DICTS and bool(entry.args) and not _is_of_one_kind(entry.args[0]))
        or any(map(mixes_keys, entry.args))
        for entry in value
        if entry.name in _CONTAINERS and not values.is_empty(entry)
    )


def _is_of_one_kind(keys: Value) -> bool:
    names = values.names(keys)
    return names <= {"str"} or names <= _NUMBERS


def mixes_keys_of_decoded(unit: Unit, value_of: Callable[[ast.expr, Unit], Value]) -> bool:
    """Whether something in a file gives decoded data keys that need not be text, as it has them when it is read.

    Args:
        unit: the file.
        value_of: gives what an expression may be.
    """
    for node in _stored(unit):
        is_text = values.names(value_of(node.slice, unit)) <= {"str"}
        if not is_text and _may_be_decoded(value_of(node.value, unit)):
            return True
    return any(
        mixes_keys(value_of(stored, unit)) and _may_be_decoded(value_of(holder, unit))
        for holder, stored in _filled(unit)
    )


def _may_be_decoded(value: Value) -> bool:
    return "json" in values.names(value)


def _filled(unit: Unit) -> list[tuple[ast.expr, ast.expr]]:
    """List each expression that something is put into, and what is put in: for ``update``, what it takes it from."""
    remembered = unit.module.remembered
    known: list[tuple[ast.expr, ast.expr]] | None = remembered.get(_filled)
    if known is None:
        known = remembered[_filled] = list(_filled_in(unit.module))
    return known


def _filled_in(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    meant = all_read(module)
    for node in (*module.parents, *meant):
        match node:
            case ast.Assign(targets=targets, value=stored):
                for target in targets:
                    if isinstance(target, ast.Subscript):
                        yield target.value, stored
            case (
                ast.AnnAssign(target=ast.Subscript(value=holder), value=ast.expr() as stored)
                | ast.AugAssign(target=ast.Subscript(value=holder), value=stored)
                | ast.AugAssign(target=holder, op=ast.BitOr(), value=stored)  # kept |= more
                | ast.AugAssign(target=holder, op=ast.Add(), value=ast.List() | ast.ListComp() as stored)
            ):
                yield holder, stored
            case ast.Call(func=ast.Attribute(value=holder, attr=attr), args=arguments, keywords=keywords) if (
                attr in _PUTTING
            ):
                for stored in (*arguments[-1:], *(keyword.value for keyword in keywords)):
                    yield holder, stored


def holds_itself(unit: Unit) -> bool:
    """Whether a file puts containers into one another in a circle, by their names.

    Args:
        unit: the file.
    """
    held: dict[object, set[object]] = {}
    for holder, stored in _filled(unit):
        for part in _named_in(stored):
            held.setdefault(_place(_root(holder), unit), set()).add(_place(part, unit))
    for holder, stored in _made(unit):
        for part in _named_in(stored):
            if unit.path(part) != unit.path(holder):
                held.setdefault(_place(holder, unit), set()).add(_place(part, unit))
    return any(_reaches(each, each, held) for each in held)


def _made(unit: Unit) -> list[tuple[ast.expr, ast.expr]]:
    """List each name that a container is made for, and the container."""
    remembered = unit.module.remembered
    known: list[tuple[ast.expr, ast.expr]] | None = remembered.get(_made)
    if known is None:
        known = remembered[_made] = [
            (target, node.value)
            for node in unit.module.parents
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict | ast.List)
            for target in node.targets
            if not isinstance(target, ast.Subscript)
        ]
    return known


def _stored(unit: Unit) -> list[ast.Subscript]:
    """List the items that a file sets."""
    remembered = unit.module.remembered
    known: list[ast.Subscript] | None = remembered.get(_stored)
    if known is None:
        known = remembered[_stored] = [
            node
            for node in unit.module.parents
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        ]
    return known


def _named_in(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the names that stand in a literal as they are."""
    match node:
        case ast.Name() | ast.Attribute():
            yield node
        case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _named_in(part)


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _place(node: ast.expr, unit: Unit) -> object:
    """Return what tells a name from others of the same text in other functions."""
    if isinstance(node, ast.Name):
        found = unit.module.lookup(node.id, unit.module.scope(node))
        return (node.id, found[0].node if found is not None else None)
    return unit.path(node) or node


def _reaches(start: object, goal: object, held: dict[object, set[object]]) -> bool:
    seen: set[object] = set()
    pending = list(held.get(start, ()))
    while pending:
        each = pending.pop()
        if each == goal:
            return True
        if each not in seen:
            seen.add(each)
            pending.extend(held.get(each, ()))
    return False


def _is_made(holder: ast.Name, unit: Unit) -> bool:
    """Whether a name is that of a container which is made where it is named, and so of no inner one."""
    bindings = unit.module.bindings(holder)
    return bool(bindings) and all(
        isinstance(parent, ast.Assign | ast.AnnAssign)
        and isinstance(
            parent.value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp
        )
        for parent in (unit.module.parents.get(binding.node) for binding in bindings)
    )
