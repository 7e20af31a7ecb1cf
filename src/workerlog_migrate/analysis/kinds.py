"""What an operation does with values of builtin kinds, where several of them were seen: Python itself is asked.

Input: an operation and the kinds of its operands (``int``, ``str``, ``list``). Output: the row of the operation when some pair of
them fails. Each kind has a sample, on which the operation is tried once; only that it fails for the kind counts, not what
it gives. ``None`` and decoded JSON have rules of their own, and classes of the program special methods.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.comparing import is_asked_for
from workerlog_migrate.analysis.program import OF_MAKING, ClassInfo
from workerlog_migrate.analysis.trials import (
    LIBRARY,
    SAMPLES,
    constant,
    function_of,
    is_stream,
    is_tried,
    refused,
    refused_once,
    samples,
)
from workerlog_migrate.analysis.values import Type, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.comparing import Comparing
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.knowledge import CallRow

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
_SHAPES = ("bool", "dict", "float", "int", "list", "str")  # of decoded JSON
_UNARY_SIGNS: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "in",
}
Given = tuple[str, ast.expr, Value]
_SPEC = re.compile(r"\D{0,3}\d{0,3}\D{0,2}\d{0,2}\D{0,2}")  # wide ones would take memory
_FORMAT = re.compile(r"[^%]{0,200}(?:%[-+ #0]?\d{0,3}(?:\.\d{1,2})?[a-zA-Z%][^%]{0,200}){0,9}")
_ALIKE = {"bool": "int", "float": "int", "tuple": "list", "frozenset": "set", "bytearray": "bytes"}
"""Kinds that are taken for one another nearly everywhere."""
# Methods of a class that say nothing of what its instances are good for, and such that make anything of them.
_SAYS_NOTHING = OF_MAKING | frozenset(
    "__slots__ __doc__ __module__ __copy__ __deepcopy__ __reduce__ __reduce_ex__ __getstate__ __setstate__ __annotations__"  # noqa: SIM905  # a list of words
    " __repr__ __match_args__".split()
)
_OF_ATTRIBUTES = frozenset({"__getattr__", "__getattribute__", "__class__", "__dict__"})


class Kinds:
    """Says which operations fail for kinds of values.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, effects: Effects, families: Families, shapes: Shapes, comparing: Comparing) -> None:
        self._effects = effects
        self._families = families
        self._shapes = shapes
        self._comparing = comparing

    def operated(self, symbol: str, left: Value, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what ``left symbol right`` raises for some of their kinds."""
        if not frame.sink.is_heard:
            return
        if any(_fails(symbol, one, other) for one in _kinds(left) for other in _kinds(right)) or (
            symbol == "+" and any(entry.name == "iterator" for entry in (*left, *right))
        ):
            self._effects.operation("op:kinds", node, frame)
        if any(entry.is_huge for entry in (*left, *right)) and _overflows(symbol, left, right):
            self._effects.operation("op:huge", node, frame)

    def spread(self, functions: Value, items: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a function raises that is called with the parts of each item, where there may be more or fewer.

        Args:
            functions: what is called.
            items: the items.
            node: where that stands.
            frame: takes the effect.
        """
        for entry in functions:
            function = entry.function_or_none
            if function is None or isinstance(function.node, ast.Module | ast.ExceptHandler):
                continue
            places = function.parameters[1:] if entry.kind is values.METHOD else function.parameters
            arguments = function.node.args
            least = len(places) - len(arguments.defaults)
            most = None if arguments.vararg is not None else len(places)
            if not all(_has_parts(item, least, most) for item in items):
                self._effects.operation("op:arguments", node, frame)

    def fail(self, symbol: str, left: Type, right: Type) -> bool:
        """Whether an operator takes no two values of such kinds."""
        return (
            symbol in _OPERATORS
            and all(each.name in SAMPLES for each in (left, right))
            and _fails(symbol, left.name, right.name)
        )

    def compared(self, sign: ast.cmpop, left: Value, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what an order comparison or ``in`` raises for some kinds."""
        symbol = _COMPARISONS.get(type(sign))
        if symbol is None:
            return
        self.operated(symbol, left, right, node, frame)
        if symbol == "in" and values.may_be_decoded(left) and _asks_of_keys(right):
            self._effects.operation("op:index-json", node, frame)
        if symbol != "in" and frame.sink.is_heard and any(self.has_no_order(entry) for entry in left):
            self._effects.operation("op:kinds", node, frame)

    def ordered(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what an order of several values raises, each of which is one of these alternatives."""
        names = values.names(value)
        if "json" in names:
            self._effects.operation("op:compare-json", node, frame)
        if "None" in names:
            self._effects.operation("op:compare-none", node, frame)
        self.operated("<", value, value, node, frame)
        if frame.sink.is_heard and any(self.has_no_order(entry) for entry in value):
            self._effects.operation("op:kinds", node, frame)
        for entry in values.in_order(value):
            for part in entry.args if entry.name in ("list", "tuple") else ():
                self.ordered(part, node, frame)

    def has_no_order(self, entry: Type) -> bool:
        """Whether an object is of a class of the program that cannot be compared by order."""
        info = entry.class_or_none
        if entry.kind is not values.INSTANCE or not isinstance(info, ClassInfo):
            return False
        if info.node.decorator_list and not self._shapes.has_no_order(info):
            return self._comparing.has_mixed_order(info)
        family = self._families.family(info)
        if any(not isinstance(owner, ClassInfo) and owner not in ("object", "enum.Enum") for owner in family):
            return False
        return not any(
            name in owner.methods
            for owner in family
            if isinstance(owner, ClassInfo)
            for name in ("__lt__", "__le__", "__gt__", "__ge__")
        )

    def signed(self, sign: ast.unaryop, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a sign before a value raises for some of its kinds."""
        self._asked(_UNARY_SIGNS[type(sign)], value, node, frame)

    def iterated(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a loop over a value raises for some of its kinds."""
        self._asked("iter", value, node, frame)

    def hashed(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what the use of a value as a key raises for some of its kinds."""
        self._asked("hash", value, node, frame)
        if values.may_be_decoded(value):
            self._effects.operation("op:hash", node, frame)
        if frame.sink.is_heard and any(
            entry.kind is values.INSTANCE and self._comparing.is_unhashable(entry.class_info)
            for entry in value
        ):
            self._effects.operation("op:kinds", node, frame)

    def hashed_in(self, base: Value, key: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what storing under a key raises where a dictionary may be what is stored to."""
        if any(entry.name in _HASHING for entry in base):
            self.hashed(key, node, frame)

    def subscripted(self, entry: Type, key: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a subscript raises that does not fit a kind: a number of a number, a text of a list."""
        if frame.sink.is_heard and any(
            _does_not_take(one, other) for one in _kinds((entry,)) for other in _kinds(key)
        ):
            self._effects.operation("op:kinds", node, frame)

    def sliced(self, bounds: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a slice raises whose bounds may be no whole numbers."""
        if any(not hasattr(SAMPLES[kind], "__index__") for kind in _kinds(bounds)):
            self._effects.operation("op:kinds", node, frame)

    def keyed_by_data(self, entry: Type, key: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a subscript raises whose key is decoded JSON: a list is no key, a text no index."""
        self.hashed_in(frozenset({entry}), key, node, frame)
        if values.may_be_decoded(key) and entry.name in SAMPLES and entry.name not in _HASHING:
            self._effects.operation("op:index-json", node, frame)

    def refuses(self, question: str, entry: Type) -> bool:
        """Whether a kind is neither looped over (``iter``) nor subscripted (``[]``)."""
        kind = entry.name
        if kind not in SAMPLES:
            return False
        return _lacks("iter", kind) if question == "iter" else not hasattr(SAMPLES[kind], "__getitem__")

    def takes_no_item(self, entry: Type) -> bool:
        """Whether nothing can be stored into a kind: a text, a tuple, a number."""
        return entry.name in SAMPLES and not hasattr(SAMPLES[entry.name], "__setitem__")

    def is_without(self, dotted: str, name: str) -> bool:
        """Whether a dotted name is that of a class with a sample, and the class has no attribute of a name."""
        return dotted in SAMPLES and not hasattr(type(SAMPLES[dotted]), name)

    def attribute(self, entry: Type, name: str, node: ast.AST, frame: Frame) -> bool:
        """Put into the sink that a kind has no attribute of a name; whether that is so."""
        if entry.name not in SAMPLES or hasattr(SAMPLES[entry.name], name):
            return False
        self._effects.operation("op:kinds-attribute", node, frame)
        return True

    def formatted(self, value: Value, spec: ast.expr, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what a format specification raises for some of the kinds."""
        text = _literal(spec)
        if not frame.sink.is_heard or not text:
            return
        if any(_is_not_formatted(one, text) for one in _kinds(value)):
            self._effects.operation("op:format-spec", node, frame)
        if any(
            entry.kind is values.INSTANCE and self._shapes.lacks(entry.class_info, ("__format__",))
            for entry in value
        ):
            self._effects.operation("op:kinds", node, frame)

    def percent(self, layout: ast.expr, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink what ``"%d" % x`` raises for some of the kinds."""
        text = _literal(layout)
        if not frame.sink.is_heard or not text or not _FORMAT.fullmatch(text):
            return
        for entry in right:
            given = _sample(entry)
            if given is None and entry.name != "None":
                continue
            if _raises(lambda given=given: text % given):  # type: ignore[misc]  # bound at once
                self._effects.operation("op:kinds", node, frame)
                return

    def called(
        self, row: CallRow, receiver: Value | None, given: list[Given], node: ast.expr, frame: Frame
    ) -> None:
        """Put into the sink that a function refuses some of the kinds that it is given.

        Args:
            row: its row.
            receiver: of a method, what it is called on; else None.
            given: the arguments: the keyword or an empty text, the node, the value.
            node: the call.
            frame: where it stands.
        """
        function = function_of(row)
        if not frame.sink.is_heard or function is None:
            return
        ours = LIBRARY.get(row.name)  # what stands for it knows few keywords
        named = [
            (word, constant(each) or samples(value, own=self._own))
            for word, each, value in given
            if not word or ours is None or word in inspect.signature(ours).parameters
        ]
        if receiver is not None and "." in row.name:
            kind = row.name.rpartition(".")[0]
            of_kind = frozenset(entry for entry in receiver if entry.name == kind)
            named.insert(0, ("", samples(of_kind) if kind in SAMPLES else [None]))
        if any(map(_holds_own, (receiver or values.BOTTOM, *(value for _, _, value in given)))):
            rule = refused(function, named)
        else:
            rule = refused_once(row.name, function, named)
        if rule:
            self._effects.operation(rule, node, frame)

    def _own(self, info: ClassInfo) -> list[object]:
        """Return an object with the special methods of a class of the program; none where more of it is made elsewhere."""
        family = self._families.family(info)
        if any(
            owner.node.keywords or (owner.node.decorator_list and not self._comparing.is_data(owner))
            if isinstance(owner, ClassInfo)
            else owner not in ("object", "enum.Enum")
            for owner in family
        ):
            return []
        names = {
            name
            for owner in family
            if isinstance(owner, ClassInfo)
            for name in (*owner.methods, *owner.values)
        }
        if names & _OF_ATTRIBUTES:
            return []
        asked: dict[str, object] = {
            name: _refuse for name in names if name.startswith("__") and name not in _SAYS_NOTHING
        }
        if "__hash__" in asked:
            asked["__hash__"] = object.__hash__  # the samples themselves are put into sets
        if self._comparing.is_unhashable(info):
            asked["__hash__"] = None
        if self._comparing.has_mixed_order(info):
            asked["__lt__"] = asked["__gt__"] = _confuse
        elif any(isinstance(owner, ClassInfo) and is_asked_for(owner.node, "order") for owner in family):
            asked["__lt__"] = asked["__gt__"] = _refuse
        return [type("Own", (), asked)()]

    def mixed(self, row: CallRow, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink that a function which cannot be tried takes one of several kinds at most."""
        if not is_tried(row) and len({_ALIKE.get(kind, kind) for kind in _kinds(value)}) > 1:
            self._effects.operation("op:kinds", node, frame, raises=row.mistyped)

    def mapped(self, value: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink that ``**value`` wants a mapping."""
        if frame.sink.is_heard and any(not hasattr(SAMPLES[kind], "keys") for kind in _kinds(value)):
            self._effects.operation("op:kinds", node, frame)

    def _asked(self, question: str, value: Value, node: ast.AST, frame: Frame) -> None:
        if frame.sink.is_heard and any(_lacks(question, kind) for kind in _kinds(value)):
            self._effects.operation("op:kinds", node, frame)


_HASHING = frozenset({"dict", "collections.Counter", "collections.OrderedDict", "collections.defaultdict"})


def _asks_of_keys(value: Value) -> bool:
    """Whether some kind asks what is looked for in it for a hash, or to be a text: all but lists and tuples do."""
    return any(_fails("in", shape, kind) for kind in _kinds(value) for shape in _SHAPES)


def _kinds(value: Iterable[Type]) -> Iterator[str]:
    return (
        "generator" if entry.name == "iterator" else entry.name
        for entry in value
        if entry.name in SAMPLES or is_stream(entry)
    )


def _sample(entry: Type) -> object:
    """Return a value like an alternative; None where there is no sample."""
    if entry.name == "tuple":
        if not entry.has_length or not entry.args:
            return None
        parts = [SAMPLES.get(min((each.name for each in part), default="")) for part in entry.args]
        return None if any(part is None for part in parts) else tuple(parts)
    return SAMPLES.get(entry.name)


@functools.cache
def _fails(symbol: str, left: str, right: str) -> bool:
    if symbol == "%" and left in ("str", "bytes", "bytearray"):
        return False  # formatting: that hangs on the text
    return _raises(lambda: _OPERATORS[symbol](SAMPLES[left], SAMPLES[right]))


def _overflows(symbol: str, left: Value, right: Value) -> bool:
    """Whether an operation on numbers that were seen to be huge gives one that is too large."""
    for one, other in itertools.product(samples(left), samples(right)):
        if symbol == "**" and isinstance(one, int) and isinstance(other, int):
            continue  # as large as it may be
        try:
            _OPERATORS[symbol](one, other)
        except OverflowError:
            return True
        except (TypeError, ArithmeticError, LookupError, ValueError):
            continue
    return False


@functools.cache
def _lacks(question: str, kind: str) -> bool:
    return _raises(lambda: _UNARY[question](SAMPLES[kind]))


@functools.cache
def _does_not_take(kind: str, key: str) -> bool:
    return _raises(lambda: _OPERATORS["[]"](SAMPLES[kind], SAMPLES[key]))


@functools.cache
def _is_not_formatted(kind: str, spec: str) -> bool:
    if not _SPEC.fullmatch(spec):
        return False
    try:
        format(SAMPLES[kind], spec)
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


def _refuse(*_given: object) -> object:
    """Stand for a special method of the program, whose own errors count where it is called."""
    raise ValueError


def _confuse(*_given: object) -> object:
    """Stand for an order of fields that cannot be compared."""
    raise TypeError


def _holds_own(value: Value) -> bool:
    """Whether an object of a class of the program is among the alternatives, or in one of them."""
    for entry in value:
        if entry.kind is values.INSTANCE:
            return True
        for part in entry.args:
            if _holds_own(part):
                return True
    return False


def _has_parts(item: Type, least: int, most: int | None) -> bool:
    """Whether an item has at least and at most so many parts; None for any number."""
    if item.name != "tuple" or not item.has_length:
        return least <= 0 and most is None
    return least <= len(item.args) and (most is None or len(item.args) <= most)
