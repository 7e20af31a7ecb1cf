"""What the analysis believes a value may be: a set of alternatives, each a type with arguments.

A ``Value`` is a frozen set of ``Type``. ``{any}`` knows nothing, the empty set is a value that never exists, and
``{str, None}`` may be ``None``. Type expressions of the knowledge base (``dict[str, json]?``) are parsed here.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Iterable
from typing import NamedTuple


class Type(NamedTuple):
    """One alternative.

    Attributes:
        name: ``str``, ``file.text``, ``json``, ``any``, ``None``; for things of the file itself ``instance``,
            ``class``, ``function``, ``method``, ``generator``; for what rows know ``dotted``, ``bound``; ``module``.
        args: values of the type's parameters: element of a list, key and value of a dict, items of a tuple.
        ref: what an alternative of the file itself stands for, or the keys of a dict that was written literally.

    """

    name: str
    args: tuple[frozenset[Type], ...] = ()
    ref: object = None


Value = frozenset[Type]

BOTTOM: Value = frozenset()
ANY: Value = frozenset({Type("any")})
NONE: Value = frozenset({Type("None")})
JSON: Value = frozenset({Type("json")})
STR: Value = frozenset({Type("str")})
BYTES: Value = frozenset({Type("bytes")})
INT: Value = frozenset({Type("int")})
FLOAT: Value = frozenset({Type("float")})
BOOL: Value = frozenset({Type("bool")})

HUGE = "huge"
"""The ``ref`` of a number that was seen to be too large for a machine word, or for the square of a float."""

NO_TYPES = frozenset(
    "any bound callable class context contextmaker coroutine dotted foreign function generator maker method module partial safe"  # noqa: SIM905  # a list of words
    " super suppress transparent unbound unit".split()
)
_BUILTIN_KINDS = frozenset(
    {"str", "bytes", "int", "float", "bool", "None", "list", "dict", "tuple", "set", "frozenset", "complex"}
)
_OPEN = frozenset({"json", "record"})
_NOTHING_KNOWN = frozenset({"any", "bound", "foreign"})
_ALTERNATIVES = 8
_HEIRS = 32  # of one class of the program: each is looked at on its own
_DEPTH = 4


def one(name: str, *args: Value, ref: object = None) -> Value:
    """Make a value of a single alternative; parameters that are nested too deeply become unknown."""
    if args:
        for argument in args:
            if _depth(argument) >= _DEPTH:
                args = tuple(ANY if _depth(entry) >= _DEPTH else entry for entry in args)
                break
    return frozenset({Type(name, args, ref)})


def join(values: Iterable[Value]) -> Value:
    """Return what is one of several values; too many alternatives become unknown (``None`` and JSON stay in sight)."""
    found: set[Type] = set()
    for value in values:
        found |= value
    if len(found) > _ALTERNATIVES and not (
        len(found) <= _HEIRS and all(entry.name in ("instance", "method") for entry in found)
    ):
        kept = {entry for entry in found if entry.name in ("None", "json", "any", "function", "method")}
        return frozenset({*kept, Type("any")})
    return frozenset(found)


def without_none(value: Value) -> Value:
    """Remove the alternative ``None``."""
    return value - NONE if value >= NONE else value


def is_unknown(value: Value) -> bool:
    """Whether nothing is known, or not everything."""
    return not value or any(
        entry.name == "any" or (entry.name == "bound" and entry.args == (ANY,)) for entry in value
    )


def with_declared(value: Value, declared: Value) -> Value:
    """Put a declared type in the place of what nobody knows of a value; nothing happens to what was seen."""
    if is_unknown(declared) or not (not value or any(is_opaque(entry) for entry in value)):
        return value
    return frozenset(entry for entry in value if not is_opaque(entry)) | declared


def contradicting(declared: Value, seen: Value) -> Value:
    """Return what is seen of another builtin kind than a declared type; a bool is an int, an int a float.

    Data of an open shape contradicts each builtin kind: what is decoded where a dict is declared may be a list.
    """
    known = names(declared)
    if not known <= _BUILTIN_KINDS:
        return BOTTOM
    if "float" in known or "int" in known:
        known |= {"int", "bool", "float"} if "float" in known else {"bool"}
    others = (_BUILTIN_KINDS | _OPEN) - known - {"None"}
    return frozenset(entry for entry in seen if entry.name in others)


def filling(declared: Value, seen: Value) -> Value:
    """Return the containers among what is seen that hold what is no plain data, where a declared one does not say what it holds."""
    silent = {entry.name for entry in declared if entry.args and set(entry.args) == {ANY}}
    return frozenset(
        entry for entry in seen if entry.name in silent and any(map(_holds_no_data, join(entry.args)))
    )


def _holds_no_data(entry: Type) -> bool:
    return entry.name not in _BUILTIN_KINDS | _OPEN and not is_opaque(entry)


def is_builtin(entry: Type) -> bool:
    """Whether an alternative is of a builtin kind, of which Python says what it can and cannot do (see ``kinds``)."""
    return entry.name in _BUILTIN_KINDS


def class_of(entry: Type) -> Value:
    """Return the class of an alternative: of the program, or of any other make."""
    return frozenset({Type("class", (), entry.ref) if entry.name == "instance" else Type("type")})


def is_opaque(entry: Type) -> bool:
    """Whether an alternative is of nothing or of a class that nobody knows, so that using it may run any code."""
    if (
        entry.name == "dotted"
    ):  # of the standard library and of builtin types these are constants, functions and classes
        top, dot, _ = str(entry.ref).partition(".")
        return bool(dot) and top not in sys.stdlib_module_names and not hasattr(builtins, top)
    return entry.name in _NOTHING_KNOWN


def names(value: Value) -> set[str]:
    """Return the names of the alternatives."""
    return {entry.name for entry in value}


def render(value: Value) -> str | None:
    """Write a value as a type expression; None when it is not known to be one type (or that or ``None``)."""
    plain = without_none(value)
    if len(plain) != 1:
        return "None" if value == NONE else None
    (entry,) = plain
    text = _render(entry)
    if text is None:
        return None
    return f"{text}?" if len(plain) != len(value) else text


def _render(entry: Type) -> str | None:
    if entry.name in NO_TYPES:
        return None
    if entry.name == "instance":
        return getattr(entry.ref, "name", None)
    if not entry.args:
        return entry.name
    arguments = [render(argument) or "any" for argument in entry.args]
    return f"{entry.name}[{', '.join(arguments)}]"


def _depth(value: Value) -> int:
    deepest = 0
    for entry in value:
        for argument in entry.args:
            deepest = max(deepest, _depth(argument))
    return deepest + 1


@functools.cache
def parse(expression: str) -> Value:
    """Read a type expression of the knowledge base: ``str``, ``re.Match?``, ``dict[str, list[json]]``, ``str|bytes``.

    An empty expression is unknown. Placeholders (``self``, ``element``, ``arg:x``) stay alternatives of that name.
    """
    if not expression:
        return ANY
    value, rest = _union(expression.replace(" ", ""))
    return value if not rest else ANY


def _union(text: str) -> tuple[Value, str]:
    value, rest = _term(text)
    while rest.startswith("|"):
        other, rest = _term(rest[1:])
        value |= other
    return value, rest


def _term(text: str) -> tuple[Value, str]:
    end = 0
    while end < len(text) and text[end] not in "[],?|":
        end += 1
    name, rest = text[:end], text[end:]
    arguments: list[Value] = []
    if rest.startswith("["):
        rest = rest[1:]
        while rest and not rest.startswith("]"):
            argument, rest = _union(rest)
            arguments.append(argument)
            rest = rest.removeprefix(",")
        rest = rest[1:]
    value = frozenset({Type(name, tuple(arguments))})
    if rest.startswith("?"):
        value, rest = value | NONE, rest[1:]
    return value, rest
