"""What an operation does with values of builtin kinds, where several of them were seen: Python itself is asked.

Input: an operation and the kinds of its operands (``int``, ``str``, ``list``). Output: the row of the operation when some pair of
them fails. Each kind has a sample, on which the operation is tried once; only that it fails for the kind counts, not what
it gives. ``None`` and decoded JSON have rules of their own, and classes of the program special methods.
"""

from __future__ import annotations

import ast
import datetime
import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.values import Type, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.frames import Frame

_SAMPLES: dict[str, object] = {
    "bool": True,
    "bytearray": bytearray(b"ab"),
    "bytes": b"ab",
    "complex": 1j,
    "datetime.date": datetime.date(2024, 2, 3),
    "datetime.datetime": datetime.datetime(2024, 2, 3),  # only its kind matters
    "datetime.timedelta": datetime.timedelta(1),
    "dict": {"a": 1},
    "float": 2.0,
    "frozenset": frozenset({1}),
    "int": 2,
    "list": [1],
    "range": range(2),
    "set": {1},
    "str": "ab",
    "tuple": (1,),
}
_OPERATORS: dict[str, Callable[..., object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "@": operator.matmul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
    "[]": operator.getitem,
}
_UNARY: dict[str, Callable[..., object]] = {
    "-": operator.neg,
    "+": operator.pos,
    "~": operator.invert,
    "iter": iter,
    "hash": hash,
    "len": len,
}
_UNARY_SIGNS: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "in",
}
_SPEC = re.compile(r"\D{0,3}\d{0,3}\D{0,2}\d{0,2}\D{0,2}")  # wide ones would take memory
_FORMAT = re.compile(r"[^%]{0,200}(?:%[-+ #0]?\d{0,3}(?:\.\d{1,2})?[a-zA-Z%][^%]{0,200}){0,9}")


class Kinds:
    """Says which operations fail for kinds of values.

    Args:
        engine: the analysis that this belongs to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def operated(self, symbol: str, left: Value, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what ``left symbol right`` raises for some of their kinds."""
        if frame.sink is not None and any(
            _fails(symbol, one, other) for one in _kinds(left) for other in _kinds(right)
        ):
            self._engine.expressions.operation("op:kinds", node, frame)

    def compared(self, sign: ast.cmpop, left: Value, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what an order comparison or ``in`` raises for some kinds."""
        symbol = _COMPARISONS.get(type(sign))
        if symbol is not None:
            self.operated(symbol, left, right, node, frame)

    def signed(self, sign: ast.unaryop, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a sign before a value raises for some of its kinds."""
        self._asked(_UNARY_SIGNS[type(sign)], value, node, frame)

    def iterated(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a loop over a value raises for some of its kinds."""
        self._asked("iter", value, node, frame)

    def hashed(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what the use of a value as a key raises for some of its kinds."""
        self._asked("hash", value, node, frame)

    def hashed_in(self, base: Value, key: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what storing under a key raises where a dictionary may be what is stored to."""
        if any(entry.name == "dict" for entry in base):
            self.hashed(key, node, frame)

    def subscripted(self, entry: Type, key: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a subscript raises that does not fit a kind: a number of a number, a text of a list."""
        if frame.sink is not None and any(
            _does_not_take(one, other) for one in _kinds((entry,)) for other in _kinds(key)
        ):
            self._engine.expressions.operation("op:kinds", node, frame)

    def attribute(self, entry: Type, name: str, node: ast.AST, frame: Frame) -> bool:
        """Put into the sink that a kind has no attribute of a name; whether that is so."""
        if entry.name not in _SAMPLES or hasattr(_SAMPLES[entry.name], name):
            return False
        self._engine.expressions.operation("op:kinds-attribute", node, frame)
        return True

    def formatted(self, value: Value, spec: ast.expr, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a format specification raises for some of the kinds."""
        text = _literal(spec)
        if frame.sink is not None and text and any(_is_not_formatted(one, text) for one in _kinds(value)):
            self._engine.expressions.operation("op:format-spec", node, frame)

    def percent(self, layout: ast.expr, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what ``"%d" % x`` raises for some of the kinds."""
        text = _literal(layout)
        if frame.sink is None or not text or not _FORMAT.fullmatch(text):
            return
        for entry in right:
            given = _sample(entry)
            if given is not None and _raises(lambda given=given: text % given):  # type: ignore[misc]  # bound at once
                self._engine.expressions.operation("op:kinds", node, frame)
                return

    def _asked(self, question: str, value: Value, node: ast.AST, frame: Frame) -> None:
        if frame.sink is not None and any(_lacks(question, kind) for kind in _kinds(value)):
            self._engine.expressions.operation("op:kinds", node, frame)


def _kinds(value: Iterable[Type]) -> Iterator[str]:
    return (entry.name for entry in value if entry.name in _SAMPLES)


def _sample(entry: Type) -> object:
    """Return a value like an alternative; None where there is no sample."""
    if entry.name == "tuple":
        if entry.ref is not None or not entry.args:
            return None
        parts = [_SAMPLES.get(next(iter(sorted(part)), Type("")).name) for part in entry.args]
        return None if any(part is None for part in parts) else tuple(parts)
    return _SAMPLES.get(entry.name)


@functools.cache
def _fails(symbol: str, left: str, right: str) -> bool:
    if symbol == "%" and left in ("str", "bytes", "bytearray"):
        return False  # formatting: that hangs on the text
    return _raises(lambda: _OPERATORS[symbol](_SAMPLES[left], _SAMPLES[right]))


@functools.cache
def _lacks(question: str, kind: str) -> bool:
    return _raises(lambda: _UNARY[question](_SAMPLES[kind]))


@functools.cache
def _does_not_take(kind: str, key: str) -> bool:
    return _raises(lambda: _OPERATORS["[]"](_SAMPLES[kind], _SAMPLES[key]))


@functools.cache
def _is_not_formatted(kind: str, spec: str) -> bool:
    if not _SPEC.fullmatch(spec):
        return False
    try:
        format(_SAMPLES[kind], spec)
    except (TypeError, ValueError):
        return True
    return False


def _raises(action: Callable[[], object]) -> bool:
    """Whether an action on samples is an error of the kinds; what hangs on the very value is none."""
    try:
        action()
    except TypeError:
        return True
    except (ArithmeticError, LookupError, ValueError):
        return False
    return False


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr) and len(node.values) == 1:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
