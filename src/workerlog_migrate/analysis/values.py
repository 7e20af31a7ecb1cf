"""What the analysis believes a value may be: a set of alternatives, each a type with arguments.

A ``Value`` is a frozen set of ``Type``. Unknown is an alternative of its own, the empty set is a value that never exists,
and ``{str, None}`` may be ``None``. Type expressions of the knowledge base (``dict[str, json]?``) are parsed here.
"""

from __future__ import annotations

import ast
import builtins
import enum
import functools
import operator
import sys
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from workerlog_migrate.analysis.getters import Getter
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.syntax.patterns import Groups


class Kind(enum.Enum):
    """What an alternative stands for; the value is the word by which rows and their conditions speak of it.

    ``NAMED`` are the builtin and library types, under the name that their row has (``str``, ``file.text``, ``json``); all
    others are things of the program, or things that have no row. Compare with the constants below (``INSTANCE`` is
    ``Kind.INSTANCE``): reading a member off an enumeration costs ten times as much before Python 3.12, and nothing is done
    more often here.
    """

    NAMED = ""
    UNKNOWN = "any"
    INSTANCE = "instance"  # of a class of the program
    CLASS = "class"
    FUNCTION = "function"  # of the program, also a lambda
    METHOD = "method"  # a function of a class, and what it is bound to
    UNBOUND = "unbound"  # a function of a class, taken from the class
    GENERATOR = "generator"  # what calling a generator function gives
    CONTEXT_MAKER = "contextmaker"  # a generator function behind ``contextmanager``
    CONTEXT = "context"  # what calling one gives
    UNIT = "unit"  # a file of the program, as a module
    SUPER = "super"  # what ``super()`` gives in a class of the program
    MAKER = "maker"  # ``super().__new__``, if no base has one that is not known
    DOTTED = "dotted"  # whatever stands behind a name of a library or a builtin: ``os.environ``, ``json.load``, ``len``
    BOUND = "bound"  # a method of a named type, or of something unknown
    CALLABLE = "callable"  # something that rows say can be called
    PARTIAL = "partial"  # ``functools.partial`` of something
    TRANSPARENT = "transparent"  # a function that gives what it is given, perhaps wrapped: ``retrying``
    DECORATED = "decorated"  # a function behind a decorator that is not known
    SAFE = "safe"  # a function that raises nothing and gives ``None``
    SUPPRESS = "suppress"  # ``contextlib.suppress`` with its arguments
    CLOSING = "closing"  # ``contextlib.closing`` of something

    __hash__ = object.__hash__  # that of an enumeration runs Python code, and types are hashed all the time

    def __init__(self, word: str) -> None:
        self.word = "function" if word == "callable" else word  # as rows call both


NAMED: Final = Kind.NAMED
UNKNOWN: Final = Kind.UNKNOWN
INSTANCE: Final = Kind.INSTANCE
CLASS: Final = Kind.CLASS
FUNCTION: Final = Kind.FUNCTION
METHOD: Final = Kind.METHOD
UNBOUND: Final = Kind.UNBOUND
GENERATOR: Final = Kind.GENERATOR
CONTEXT_MAKER: Final = Kind.CONTEXT_MAKER
CONTEXT: Final = Kind.CONTEXT
UNIT: Final = Kind.UNIT
SUPER: Final = Kind.SUPER
MAKER: Final = Kind.MAKER
DOTTED: Final = Kind.DOTTED
BOUND: Final = Kind.BOUND
CALLABLE: Final = Kind.CALLABLE
PARTIAL: Final = Kind.PARTIAL
TRANSPARENT: Final = Kind.TRANSPARENT
DECORATED: Final = Kind.DECORATED
SAFE: Final = Kind.SAFE
SUPPRESS: Final = Kind.SUPPRESS
CLOSING: Final = Kind.CLOSING

_OF_ROWS = {"any": UNKNOWN, "function": CALLABLE, "generator": GENERATOR, "super": SUPER}
"""The words in type expressions that name no type."""


class Lazy(NamedTuple):
    """A generator expression, whose parts run where it is gone through.

    Attributes:
        node: the expression.
        unit: its file.
    """

    node: ast.GeneratorExp
    unit: Unit


class Later(NamedTuple):
    """The key of a dictionary under which something is put after it was written; None: whichever."""

    key: object


class Type(NamedTuple):
    """One alternative. Made by the functions of this file; what it stands for is read by its properties.

    Attributes:
        name: ``str``, ``file.text``, ``json``, ``None``; of what is no named type the word of its kind.
        args: values of the type's parameters: element of a list, key and value of a dict, items of a tuple; what a method
            is bound to, what is wrapped.
        ref: what the properties read.
        kind: what it is.

    """

    name: str
    args: tuple[frozenset[Type], ...] = ()
    ref: object = None
    kind: Kind = NAMED

    @property
    def class_info(self) -> ClassInfo:
        """The class that a ``CLASS`` is, that an ``INSTANCE`` is of, or that a ``MAKER`` makes."""
        assert isinstance(self.ref, ClassInfo)
        return self.ref

    @property
    def function(self) -> FunctionInfo:
        """The function that a ``FUNCTION``, ``METHOD``, ``UNBOUND`` or ``CONTEXT_MAKER`` is."""
        assert isinstance(self.ref, FunctionInfo)
        return self.ref

    @property
    def unit(self) -> Unit:
        """The file that a ``UNIT`` is."""
        assert isinstance(self.ref, Unit)
        return self.ref

    @property
    def dotted(self) -> str:
        """The name of what a ``DOTTED`` is, and of the decorator of a ``DECORATED``."""
        return str(self.ref)

    @property
    def bound(self) -> tuple[str, str]:
        """The name of the type (``*`` if that is not known) and of its method that a ``BOUND`` is."""
        assert isinstance(self.ref, tuple)
        return self.ref

    @property
    def class_or_none(self) -> ClassInfo | None:
        """The class of the program that an alternative has to do with; None if it has to do with none."""
        return self.ref if isinstance(self.ref, ClassInfo) else None

    @property
    def function_or_none(self) -> FunctionInfo | None:
        """The function of the program that an alternative has to do with; None if it has to do with none.

        Of a generator and a context manager that which makes it, of an exception of a broad clause that of the ``try``.
        """
        return self.ref if isinstance(self.ref, FunctionInfo) else None

    @property
    def literal(self) -> Literal | None:
        """The keys of a dictionary and what they hold, if it was written literally; a key that is no constant is None.

        Those that are put in later (``Later``) come after them.
        """
        return self.ref if self.kind is NAMED and isinstance(self.ref, tuple) else None

    @property
    def remembered(self) -> Value | None:
        """What a ``Future`` was given to call, and what an iterator runs as it goes on."""
        return self.ref if isinstance(self.ref, frozenset) else None

    @property
    def groups(self) -> Groups | None:
        """The groups of the pattern that a match was found with, if it is written."""
        return self.ref if isinstance(self.ref, Groups) else None

    @property
    def lazy(self) -> Lazy | None:
        """The generator expression that an iterator remembers."""
        return self.ref if isinstance(self.ref, Lazy) else None

    @property
    def getter(self) -> Getter | None:
        """What ``operator.itemgetter`` made, if a ``CALLABLE`` is that."""
        return self.ref if isinstance(self.ref, Getter) else None

    @property
    def is_huge(self) -> bool:
        """Whether a number was seen to be too large for a machine word, or for the square of a float."""
        return self.ref == HUGE

    @property
    def is_plain(self) -> bool:
        """Whether nothing more is known of an alternative than its type."""
        return self.ref is None or self.ref in (EMPTY, UNDECODED, NAME)

    @property
    def is_undecoded(self) -> bool:
        """Whether data of an open shape was not seen to be decoded: a cell may be a date, what a default stands in for a set."""
        return self.ref == UNDECODED

    @property
    def is_name(self) -> bool:
        """Whether a text names a file as the system has it: of what is no text there, halves of surrogate pairs are made."""
        return self.ref == NAME

    @property
    def has_length(self) -> bool:
        """Whether the arguments of a tuple are its items, one by one; else the one is every item."""
        return self.ref is None


Value = frozenset[Type]
Literal = tuple[tuple[object, Value], ...]

BOTTOM: Value = frozenset()
ANY: Value = frozenset({Type("any", kind=UNKNOWN)})
NONE: Value = frozenset({Type("None")})
JSON: Value = frozenset({Type("json")})
UNDECODED = "undecoded"
"""The ``ref`` of data for which ``is_undecoded`` holds; ``cell`` in the type expressions of rows."""

NAME = "name"
"""The ``ref`` of a text that names a file as the system has it, which need not be text; ``name`` in the type expressions of rows."""

CELL: Value = frozenset({Type("json", (), UNDECODED)})
STR: Value = frozenset({Type("str")})
BYTES: Value = frozenset({Type("bytes")})
INT: Value = frozenset({Type("int")})
FLOAT: Value = frozenset({Type("float")})
BOOL: Value = frozenset({Type("bool")})

TRANSPARENT_FUNCTION: Value = frozenset({Type("transparent", kind=TRANSPARENT)})
SAFE_FUNCTION: Value = frozenset({Type("safe", kind=SAFE)})
SUPPRESSING: Value = frozenset({Type("suppress", kind=SUPPRESS)})

HUGE = "huge"
"""The ``ref`` of a number for which ``is_huge`` holds."""

EMPTY = "empty"
"""The ``ref`` of a list or dictionary that is written empty, and into which nobody ever puts anything."""

_NO_LIST = Type("list", (ANY,), EMPTY)
_NO_DICT = Type("dict", (ANY, ANY), EMPTY)
_NOTHING_IN = frozenset({_NO_LIST, _NO_DICT})
EMPTIES: Value = _NOTHING_IN | {Type("list", (ANY,)), Type("dict", (ANY, ANY))}
"""What ``[]`` and ``{}`` may be, whatever is put into them."""

ANY_LENGTH = "any length"
"""The ``ref`` of a tuple for which ``has_length`` does not hold."""

NO_TYPES = frozenset(Kind) - {NAMED, INSTANCE, CLOSING}
"""Kinds of what has no type that could be written down."""

_BUILTIN_KINDS = frozenset(
    {"str", "bytes", "int", "float", "bool", "None", "list", "dict", "tuple", "set", "frozenset", "complex"}
)
_JSON = frozenset({"str", "int", "float", "bool", "None", "json"})
_OPEN = frozenset({"json", "record"})
_NOTHING_KNOWN = frozenset({UNKNOWN, BOUND, DECORATED})
_WITH_GROUPS = frozenset({"re.Match", "re.Pattern"})
_KEPT = frozenset({"None", "json"})
_KEPT_KINDS = frozenset({UNKNOWN, FUNCTION, CALLABLE, METHOD})
_ALTERNATIVES = 8
_OF_PROGRAM = frozenset({INSTANCE, METHOD, CLASS, FUNCTION})
_OWN = 32  # heirs of one class, functions in one table: each is looked at on its own
_DEPTH = 4


def one(name: str, *args: Value, ref: object = None) -> Value:
    """Make a value of a single named type, or of what a word of rows stands for.

    Args:
        name: the name.
        args: its parameters; those that are nested too deeply become unknown.
        ref: what more is known of it: ``HUGE``, ``ANY_LENGTH``, the keys of a literal.

    """
    return frozenset({Type(name, _shallow(args), ref, _OF_ROWS.get(name, NAMED))})


def of_kind(kind: Kind, ref: object = None) -> Value:
    """Make a value of a single alternative that is no named type."""
    return frozenset({Type(kind.word, (), ref, kind)})


def instance(info: ClassInfo) -> Value:
    """Make an instance of a class of the program."""
    return frozenset({Type("instance", (), info, INSTANCE)})


def class_object(info: ClassInfo) -> Value:
    """Make a class of the program, as a value."""
    return frozenset({Type("class", (), info, CLASS)})


def function(info: FunctionInfo) -> Value:
    """Make a function of the program, as a value."""
    return frozenset({Type("function", (), info, FUNCTION)})


def method(info: FunctionInfo, receiver: Value) -> Value:
    """Make a function of a class of the program, bound to an instance or to the class."""
    return frozenset({Type("method", (receiver,), info, METHOD)})


def generator(info: FunctionInfo, element: Value) -> Value:
    """Make what a generator function of the program gives."""
    return frozenset({Type("generator", _shallow((element,)), info, GENERATOR)})


def context(info: FunctionInfo, entered: Value) -> Value:
    """Make a context manager out of a generator function of the program."""
    return frozenset({Type("context", _shallow((entered,)), info, CONTEXT)})


@functools.lru_cache(maxsize=8192)
def dotted(name: str) -> Value:
    """Make whatever stands behind the dotted name of a library's or builtin thing."""
    return frozenset({Type("dotted", (), name, DOTTED)})


def bound(receiver: Value, type_name: str, name: str) -> Value:
    """Make a method of a named type; ``*`` stands for a type that is not known."""
    return frozenset({Type("bound", _shallow((receiver,)), (type_name, name), BOUND)})


def wrapped(kind: Kind, inside: Value, decorator: str | None = None) -> Value:
    """Make a ``PARTIAL``, ``CLOSING`` or ``DECORATED`` around something."""
    return frozenset({Type(kind.word, _shallow((inside,)), decorator, kind)})


def _shallow(args: tuple[Value, ...]) -> tuple[Value, ...]:
    for argument in args:
        if _depth(argument) >= _DEPTH:
            return tuple(ANY if _depth(entry) >= _DEPTH else entry for entry in args)
    return args


def join(values: Iterable[Value]) -> Value:
    """Return what is one of several values; too many alternatives become unknown (``None`` and JSON stay in sight)."""
    whole = BOTTOM
    for value in values:
        if value is not whole:
            whole = whole | value if whole else value
    if len(whole) < 2:
        return whole
    found: set[Type] | Value = whole
    if not found.isdisjoint(_NOTHING_IN):
        found = {entry for entry in found if entry not in _NOTHING_IN or not _is_covered(entry, found)}
    if len(found) > _ALTERNATIVES and _are_too_many(found):
        kept = {entry for entry in found if entry.name in _KEPT or entry.kind in _KEPT_KINDS}
        return ANY | kept
    return frozenset(found)


def _are_too_many(found: set[Type] | Value) -> bool:
    """Whether alternatives are more than anyone looks at; what is of the program is counted apart."""
    own = sum(entry.kind in _OF_PROGRAM for entry in found)
    return own > _OWN or len(found) - own > _ALTERNATIVES


def is_empty(entry: Type) -> bool:
    """Whether an alternative is an empty literal list or dict, of which nothing is seen that is put in."""
    return entry in _NOTHING_IN


def may_be_decoded(value: Value) -> bool:
    """Whether a value may be decoded JSON, of whatever type."""
    return any(entry.name == "json" for entry in value)


def _is_covered(empty: Type, found: set[Type] | Value) -> bool:
    """Whether another alternative does all that an empty list or dictionary does, so that it says nothing of what is in them."""
    return any(
        entry.name in (empty.name, "json") and entry.literal is None
        for entry in found
        if entry not in _NOTHING_IN
    )


def emptied(value: Value) -> Value:
    """Return a list or dictionary as one into which nobody ever puts anything."""
    return frozenset(entry._replace(ref=EMPTY) if entry in EMPTIES else entry for entry in value)


def without_none(value: Value) -> Value:
    """Remove the alternative ``None``."""
    return value - NONE if value >= NONE else value


def with_groups(value: Value, groups: Groups | None) -> Value:
    """Return a value in which each match and pattern has the groups of a pattern; None: they are not known."""
    if groups is None:
        return value
    return frozenset(
        entry._replace(ref=groups)
        if entry.name in _WITH_GROUPS
        else entry._replace(args=tuple(with_groups(part, groups) for part in entry.args))
        for entry in value
    )


def is_unknown(value: Value) -> bool:
    """Whether nothing is known, or not everything."""
    return not value or any(
        entry.kind is UNKNOWN or (entry.kind is BOUND and entry.args == (ANY,)) for entry in value
    )


def with_declared(value: Value, declared: Value) -> Value:
    """Put a declared type in the place of what nobody knows of a value; nothing happens to what was seen."""
    if is_unknown(declared) or not (not value or any(is_opaque(entry) for entry in value)):
        return value
    return frozenset(entry for entry in value if not is_opaque(entry)) | declared


def is_silent(declared: Value) -> bool:
    """Whether a declared type says nothing: ``Any``, or a container that does not say what it holds, each or None."""
    silent = {entry for entry in declared if entry in ANY or (entry.args and set(entry.args) == {ANY})}
    return bool(silent) and declared - silent <= NONE


def is_blank(value: Value) -> bool:
    """Whether a value is a container of which nothing is known but its kind, however deep."""
    return bool(value) and all(
        entry.args and all(inner == ANY or is_blank(inner) for inner in entry.args) and entry.kind is NAMED
        for entry in value
    )


def contradicting(declared: Value, seen: Value) -> Value:
    """Return what is seen of another builtin kind than a declared type, or holds such; a bool is an int, an int a float.

    Data of an open shape contradicts each builtin kind: what is decoded where a dict is declared may be a list.
    """
    known = names(declared)
    if not known <= _BUILTIN_KINDS:
        return BOTTOM if is_silent(declared) else seen & (NONE - declared)
    if "float" in known or "int" in known:
        known |= {"int", "bool", "float"} if "float" in known else {"bool"}
    others = (_BUILTIN_KINDS | _OPEN) - known
    return frozenset(entry for entry in seen if entry.name in others or _holds_others(entry, declared))


def _holds_others(entry: Type, declared: Value) -> bool:
    """Whether a container holds something else than what is declared that one of its kind holds."""
    if not entry.args or is_empty(entry) or entry.name == "tuple":
        return False
    alike = [each for each in declared if each.name == entry.name and len(each.args) == len(entry.args)]
    return bool(alike) and all(
        any(contradicting(*pair) for pair in zip(each.args, entry.args, strict=True)) for each in alike
    )


def filling(declared: Value, seen: Value) -> Value:
    """Return the containers among what is seen that hold what is no plain data, where a declared one does not say what it holds."""
    silent = {entry.name for entry in declared if entry.args and set(entry.args) == {ANY}}
    return frozenset(
        entry for entry in seen if entry.name in silent and any(map(_holds_no_data, join(entry.args)))
    )


def _holds_no_data(entry: Type) -> bool:
    return entry.name not in _BUILTIN_KINDS | _OPEN and not is_opaque(entry)


def beyond_json(value: Value) -> Value:
    """Return what JSON has no form for in a value, and in the lists, tuples and dictionaries in it."""
    found: set[Type] = set()
    for entry in value:
        if entry.kind is NAMED and entry.name in ("list", "tuple"):
            found |= beyond_json(join(entry.args) if entry.args else BOTTOM)
        elif entry.kind is NAMED and entry.name == "dict":
            found |= beyond_json(entry.args[1] if len(entry.args) > 1 else ANY)
        elif not (entry.kind is NAMED and entry.name in _JSON):
            found.add(entry)
    return frozenset(found)


def is_builtin(entry: Type) -> bool:
    """Whether an alternative is of a builtin kind, of which Python says what it can and cannot do (see ``kinds``)."""
    return entry.name in _BUILTIN_KINDS


def class_of(entry: Type) -> Value:
    """Return the class of an alternative: of the program, or of any other make."""
    return class_object(entry.class_info) if entry.kind is INSTANCE else one("type")


def running(value: Value, inside: Value) -> Value:
    """Let the iterators of a value remember what runs as they go on."""
    if not inside:
        return value
    return frozenset(entry._replace(ref=inside) if entry.name == "iterator" else entry for entry in value)


def going_through(value: Value, inside: Value) -> Value:
    """Let what reads what it was given, as a reader of CSV does, remember what runs as it goes on."""
    if not inside:
        return value
    return frozenset(
        entry._replace(ref=inside) if entry.kind is NAMED and entry.is_plain else entry for entry in value
    )


def is_opaque(entry: Type) -> bool:
    """Whether an alternative is of nothing or of a class that nobody knows, so that using it may run any code."""
    if entry.kind is NAMED:
        return False
    if entry.kind is DOTTED:
        # Of the standard library and of builtin types these are constants, functions and classes.
        top, dot, _ = entry.dotted.partition(".")
        return bool(dot) and top not in sys.stdlib_module_names and not hasattr(builtins, top)
    return entry.kind in _NOTHING_KNOWN


def in_order(value: Value) -> list[Type]:
    """Return the alternatives as they stand in the program: the order of a set is another one in each run.

    Whoever asks questions of the alternatives one by one goes through them so: where a question that leads too deep is cut
    depends on what was asked before it.
    """
    if len(value) < 2:
        return list(value)
    are_told = len(names(value)) == len(value)  # apart by their names, as most of them are
    return sorted(value, key=operator.attrgetter("name") if are_told else _order(value))


def _order(value: Value) -> Callable[[Type], tuple[object, ...]]:
    places = {entry: _place(entry) for entry in value}
    return places.__getitem__ if len({*places.values()}) == len(value) else _whole_place


def _place(entry: Type) -> tuple[object, ...]:
    info = entry.class_or_none or entry.function_or_none
    if info is None:
        return entry.name, "", 0, 0, _mark(entry.ref)
    node = info.node
    return entry.name, info.unit.name, getattr(node, "lineno", 0), getattr(node, "col_offset", 0), ""


def _whole_place(entry: Type) -> tuple[object, ...]:
    return _place(entry), [[*map(_whole_place, in_order(part))] for part in entry.args]


def _mark(ref: object) -> str:
    """Tell alternatives of one name apart by what is known of them, as it is written."""
    match ref:
        case str():
            return ref
        case Unit():
            return ref.name
        case Getter():
            return f"{ref.name}:{ref.made.lineno}:{ref.made.col_offset}"
        case Lazy():
            return f"{ref.node.lineno}:{ref.node.col_offset}"
        case tuple():  # a type and its method, the keys of a literal
            return str([part[0] if isinstance(part, tuple) else str(part) for part in ref])
    return ""


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
    return f"{text}?" if text is not None and len(plain) != len(value) else text


def _render(entry: Type) -> str | None:
    if entry.kind in NO_TYPES:
        return None
    if entry.kind is INSTANCE:
        return entry.class_info.name
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

    An empty expression is unknown. Placeholders (``self``, ``element``, ``arg:x``) stay alternatives of that name;
    ``class:x`` is the class itself, not an instance of it; a ``cell`` is data as JSON is, but a date or a number of a
    database may be among it; a ``name`` is a text that names a file.
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
    if name.startswith("class:"):
        value = dotted(name.removeprefix("class:"))
    elif name == "cell":
        value = CELL
    elif name == "name":
        value = frozenset({Type("str", (), NAME)})
    else:
        value = frozenset({Type(name, tuple(arguments), None, _OF_ROWS.get(name, NAMED))})
    if rest.startswith("?"):
        value, rest = value | NONE, rest[1:]
    return value, rest
