"""The rows of the knowledge base: what each key of a table means; a key that is no field of its class is an error."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from workerlog_migrate.errors import WorkerlogError


class Telling(enum.Enum):
    """What tells whether a word of a condition holds of an argument: the constant that it is, how it is written, its value."""

    CONSTANT = enum.auto()
    WRITING = enum.auto()
    VALUE = enum.auto()


class ConditionWord(NamedTuple):
    """A word of conditions.

    Attributes:
        said: what a report says where it holds, with ``{}`` for the argument.
        without: it holds where the argument is not given.
        of_callbacks: it says something of what is given to a callback, which nobody sees.
        of_parameters: a name of a parameter counts as the constant that every call passes for it.
        told_by: what tells whether it holds.

    """

    said: str
    without: bool = False
    of_callbacks: bool = True
    of_parameters: bool = False
    told_by: Telling = Telling.VALUE


_CONSTANT, _WRITING = Telling.CONSTANT, Telling.WRITING

TESTS: Mapping[str, ConditionWord] = {
    # It is passed, and neither None nor False is written.
    "given": ConditionWord("{} is given", of_parameters=True, told_by=_CONSTANT),
    # It is not passed, or None is written.
    "absent": ConditionWord("{} is not given", without=True, of_parameters=True, told_by=_CONSTANT),
    # It is not passed.
    "missing": ConditionWord("{} is not given", without=True, told_by=_CONSTANT),
    # It is passed, whatever it is.
    "passed": ConditionWord("{} is passed", of_callbacks=False, told_by=_CONSTANT),
    # It is passed, and nothing false is written.
    "true": ConditionWord("{} is true", of_parameters=True, told_by=_CONSTANT),
    # The program itself holds it: a constant, a list of such, an attribute of a module.
    "literal": ConditionWord("{} is a literal", told_by=_WRITING),
    # It is a pattern that is written but for what ``re.escape`` gives, and that is one whatever that is.
    "escaped": ConditionWord("{} is escaped", told_by=_WRITING),
    # It may come from elsewhere.
    "not-literal": ConditionWord("{} is no literal", told_by=_WRITING),
    # It is written with nothing in it.
    "empty": ConditionWord("{} is empty", told_by=_WRITING),
    # It is not said by the program's own literals, defaults and attributes.
    "unsettled": ConditionWord("{} is unsettled", of_callbacks=False, told_by=_WRITING),
    # It may be a number made of text, of any size.
    "converted": ConditionWord("{} is converted", of_callbacks=False, told_by=_WRITING),
    # It is how many there are of something: ``len(x)``.
    # ``extra={"name": x}``: only a display whose keys are all written tells that it has none.
    "record-names": ConditionWord("{} may have a name that a log record has", told_by=_WRITING),
    "count": ConditionWord("{} is a count", told_by=_WRITING),
    # It is a literal, and no text that is no such number.
    "integer-literal": ConditionWord("{} is integer-literal", told_by=_WRITING),
    "number-literal": ConditionWord("{} is number-literal", told_by=_WRITING),
    # It may be None.
    "none-able": ConditionWord("{} may be None", of_callbacks=False),
    # It may be decoded JSON.
    "shape:json": ConditionWord("{} comes from decoded JSON", of_callbacks=False),
    # It is the name of a file, as the system gave it: what is no text there becomes halves of surrogate pairs.
    "undecodable": ConditionWord("{} may be a name that is no text", of_callbacks=False),
    # As text it is ASCII for certain.
    "ascii": ConditionWord("{} is ASCII"),
    # A mode that is known is of that kind; no mode is text.
    "text-mode": ConditionWord("{} is text", without=True, told_by=_CONSTANT),
    "binary-mode": ConditionWord("{} is binary", told_by=_CONSTANT),
    "write-mode": ConditionWord("{} is for writing", told_by=_CONSTANT),
    # It holds lists or texts of any length.
    "unpaired": ConditionWord("{} is unpaired"),
    # A file or a client that something in the program may have closed before.
    "closable": ConditionWord("{} may be closed"),
    # A date that need not be the present: the first or the last year is among them.
    "far-off": ConditionWord("{} may be any date", of_callbacks=False),
    # Something in it may be no plain data.
    "holds-unknown": ConditionWord("{} is holds-unknown"),
    # Something in it is neither text, bytes nor a path.
    "holds-no-text": ConditionWord("{} holds something else than texts"),
    # It is a container, and the file puts one into itself.
    "circular": ConditionWord("{} may hold itself"),
    # It may be a dict, or hold one, whose keys need not be of one kind.
    "mixed-keys": ConditionWord("{} may have keys of several kinds"),
    # It may be a list with nothing in it: something that was split, filtered or decoded.
    "emptiable": ConditionWord("{} may be empty", told_by=_WRITING),
    # A text that may begin with a slash.
    "rooted": ConditionWord("{} may be absolute", of_parameters=True, told_by=_WRITING),
    # A number that comes from outside, or is what is left of another one, and that nothing keeps from being negative.
    "negative": ConditionWord("{} may be negative", told_by=_WRITING),
    # It is a dict or set, or a literal with such in it, that another function changes while there are threads.
    "resized": ConditionWord("{} may change in another thread", of_callbacks=False),
    # Something in it cannot be compared with another of its kind.
    "unordered": ConditionWord("{} holds what has no order"),
    # The script, or a file of the program that it imports, holds one of the words of ``value`` (the driver in an address).
    "spelled": ConditionWord("{} is spelled", told_by=_CONSTANT),
}
"""The words of conditions, besides those of ``TYPE_TESTS``; ``analysis/conditions`` decides each of an argument."""

TYPE_TESTS = ("type:", "not-type:", "holds-type:")
"""What stands before the names of types: the argument may be of one, is not known to be of one, may hold one of them."""

# Marks of exceptions. abstract: a method that raises it at once waits to be overridden; calm: being told to stop, a missing
# optional part and the end of an iterator are no errors; general: where it is listed, its parent is written; io: a failed
# I/O call raises it or a subclass.
MARKS = frozenset(["abstract", "calm", "general", "io"])

# Marks of calls.
# computes: it does nothing but compute, so that it may be tried on samples; ascii: what it gives is ASCII whatever it is given;
# keeps-ascii: what it gives is as much of ASCII as its receiver; now: it gives the present time; shrinks: it takes something
# out of its receiver, or moves it; alarm: it sets an alarm, by which a signal comes while something else runs; loop: the event
# loop calls what it is given; hashes: what it makes of a function hashes each argument; dispatches: that calls one of the
# functions that are registered; filled: no list is empty that it gives a dict of; reorders: it has as many items as before,
# at other places; starts: it starts a coroutine that it is given, which fails where it is awaited, not here; stored: what it
# gives was stored before, so that it is data; needs-loop: it fails where no event loop runs, which one does in every coroutine;
# needs-no-loop: it fails in every coroutine;
# others: it gives what others end, so that nobody knows what awaiting it raises; matches: what it gives has the groups of its
# pattern; groups: it gives groups of a match; paths: the texts that it is given are paths or names of
# programs, with no NUL and nothing that cannot be encoded in them; orders: it compares by order what the functions give that
# it calls; weekday: it gives a day of the week from 0 to 6; wraps: what it gives goes on to use what
# it was given; combines: it compares or adds the items
# of what it is given, or asks its ``key`` to; formats: what it is called on is a template, whose fields show what it is given;
# spreads: it calls what it is given with the parts of each item;
# unbounded: the numbers that it gives are read from bytes or text, so that they can be of any size.
CALL_MARKS = frozenset(
    [
        "alarm",
        "ascii",
        "combines",
        "computes",
        "dispatches",
        "filled",
        "formats",
        "groups",
        "hashes",
        "keeps-ascii",
        "loop",
        "matches",
        "now",
        "orders",
        "paths",
        "needs-loop",
        "needs-no-loop",
        "others",
        "reorders",
        "shrinks",
        "spreads",
        "starts",
        "stored",
        "unbounded",
        "weekday",
        "wraps",
    ]
)

# Kinds of types. number; divided: what is no number and can be divided by one, or by its like; date: what moves by a timedelta; sequence: what numbers subscript; series: what holds things one
# after the other; double: what tests pass in the place of something else; plain: what is ASCII as text; spent: what one
# reading uses up; uncalled: what nobody can call; base: a base class that adds nothing to what runs; cells: what holds things of any kind, each of which an operator meets; path: a path, to which `/` adds a part; whole: a class of the standard library that may be asked for what its instances have.
KINDS = frozenset(
    [
        "base",
        "cells",
        "date",
        "divided",
        "double",
        "number",
        "path",
        "plain",
        "sequence",
        "series",
        "spent",
        "uncalled",
        "validated",
        "whole",
    ]
)


class KnowledgeError(WorkerlogError):
    """A row of the knowledge base is malformed; the message names the file and the row."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A question about the arguments of a call.

    Attributes:
        args: names of the arguments, any of which may satisfy it; ``self`` is the receiver.
        test: the word after ``is``; empty when only ``values`` matter.
        types: for the tests of ``TYPE_TESTS`` the type names.
        values: literals of which the argument has to be one.
        unless: conditions none of which may hold at the same time.
        also: conditions all of which have to hold at the same time.

    """

    args: tuple[str, ...] = field(metadata={"key": "arg"})
    test: str = field(default="", metadata={"key": "is"})
    types: tuple[str, ...] = field(default=(), metadata={"key": "is"})
    values: tuple[object, ...] = field(default=(), metadata={"key": "value"})
    unless: tuple[Condition, ...] = ()
    also: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """What a call raises or returns besides, under a condition."""

    condition: Condition
    raises: tuple[str, ...] = ()
    returns: str = ""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A function, constructor or method.

    Attributes:
        name: ``json.load``, ``str.split``, ``*.strip``.
        raises: qualified exception names that are always possible.
        returns: type expression, empty when unknown.
        params: positional parameter names.
        when: conditional additions.
        rare: qualified exception names that are documented and hardly ever seen: they count only where nothing else in a
            body is known to raise.
        calls: parameters that are called back in this thread; as a decorator: at each call of what it decorates.
        each_call: as a decorator: what each call of what it decorates raises besides, under conditions on its own arguments.
        awaits: parameters that are awaited; ``*`` for all positional ones, ``self`` for what the method is called on.
        uses: parameters that are files or the like, each with the method of it that is called.
        works_on: parameters that are iterated, ordered, read or asked for an attribute, ``*`` for all of them: of something of
            which nothing is known nobody knows what that raises.
        passes: the parameter that is a function to be called, here or elsewhere, and what it is given: the parameter that
            holds its arguments, ``*`` for the arguments that follow, ``each`` for the elements of those.
        special: the special methods that it looks for on what it is given, in this order.
        mistyped: what it raises besides when an argument is of a builtin type that it does not take.
        takes_any: parameters that take a value of any type, None too; ``**`` for all that are passed by a name that ``params`` has not.
        takes_none: parameters that take None, though not any other type.
        marks: words of ``CALL_MARKS``.
        hands: as a decorator, as a method that a base class asks heirs for, or to the function that it calls or passes on:
            types of what the function is given, ``self`` apart; ``*str`` stands for all that follow, ``receiver`` for what
            the method is called on.
        calls_with: parameters that are called back, here or elsewhere, each with the types of what it is given.
        runs: functions that other calls handed over and that it runs: ``add_argument:type`` for what is passed by that name, or
            ``register_error:1`` for what is passed at that place, to all that is called so; ``:row_factory`` for what is stored
            in attributes of that name, ``:*Handler`` of all that end so, ``@listens_for`` for what a decorator of that name is put before.
        meets: classes of which heirs are called back wherever one may have been set up: handlers of the log, time zones.
        events: as a decorator: the type whose method of the function's name says what the function is given.
        only_of: the builtin kind (of texts, bytes as well) that hardly anything else has a method of this name like; or the
            one type of a library which has, if the file imports that.
        never_returns: control does not come back.
        awaitable: ``raises`` and ``returns`` are those of awaiting the result.
        of_imported: a method name of a few libraries: known only where a file imports one of them.
        unless_called: methods that make something else that has a method of this name: where the file calls one of them,
            the row says nothing.
        remembers: the parameter whose function runs elsewhere; what is returned knows it.
        recalls: raises what the function does that its receiver was made with.
        min_python: the first Python that has it, empty when all supported ones do.
        max_python: the last Python that has it, empty when all supported ones do.
        source: where the facts come from.
        note: what a person should know besides.

    """

    name: str
    raises: tuple[str, ...] = ()
    returns: str = ""
    params: tuple[str, ...] = ()
    when: tuple[When, ...] = ()
    rare: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    each_call: tuple[When, ...] = ()
    awaits: tuple[str, ...] = ()
    uses: Mapping[str, str] = field(default_factory=dict)
    works_on: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    mistyped: tuple[str, ...] = ()
    takes_any: tuple[str, ...] = ()
    takes_none: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    hands: tuple[str, ...] = ()
    calls_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    meets: tuple[str, ...] = ()
    events: str = ""
    only_of: str = ""
    never_returns: bool = False
    awaitable: bool = False
    of_imported: bool = False
    unless_called: tuple[str, ...] = ()
    remembers: str = ""
    recalls: bool = False
    min_python: str = ""
    max_python: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """One operation that a type supports: iteration, subscripts, ``with``, ``await``, reading any other attribute.

    ``get`` is of what a class holds and its instances read (``name = Column(Text)``): what reading gives and raises.

    Attributes:
        returns: the type of what it gives; of ``iter`` the type of the items, and the key is ``yields``.
        raises: what it raises.
        takes: the types of what can be stored by it, where it does not take any; another one is a ``TypeError``.
    """

    returns: str = ""
    raises: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A type: attributes, operations and operators; its methods are ``CallRow`` of their own.

    Attributes:
        name: the name under which expressions speak of it; ``x:class`` for the class itself, whose attributes ``self`` is an
            instance in (``query`` of a mapped class).
        bases: types whose methods, attributes and operations it has, too.
        attributes: data attributes and the types of their values.
        asks: attributes whose reading is a request (``element.text``): it raises what the operation ``ask`` says.
        calls_own: methods (``handle_*`` for all that begin so) that its other methods call: what an heir defines under these names
            runs. ``-`` for none: those run elsewhere. Empty where it is not known: then what an heir overrides counts.
        runs: of a module (``module:sqlite3``): what each of its calls runs, as that of a call.
        meets: of a module: of which classes each of its calls may meet heirs, as that of a call.
        protocols: operations, each a key of its own (``iter``, ``getitem``, ...).
        kinds: words of ``KINDS``; of ``validated`` the constructor converts or refuses what does not fit a field's annotation.
        arity: how many types its brackets hold: 1 for ``list[str]``, 2 for ``dict[str, int]``; 0 for none.
        aliases: other names by which annotations speak of it.
        operators: symbols (``+``, or ``-:datetime.date`` for a type on the right), each with the type of the result; ``==`` for
            what each comparison gives where that is no bool, as of arrays.
        min_python: the first Python that has it, empty when all supported ones do.
        source: where the facts come from.

    """

    name: str
    bases: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    calls_own: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    meets: tuple[str, ...] = ()
    protocols: Mapping[str, Protocol] = field(default_factory=dict)
    operators: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    arity: int = 0
    aliases: tuple[str, ...] = ()
    min_python: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """An exception class.

    Attributes:
        name: canonical.
        bases: direct bases.
        aliases: the other names it goes by.
        marks: words of ``MARKS``: what it means beyond its place in the hierarchy.
        source: where the facts come from.
        holds: the name stands for a tuple of the class and these.
        min_python: the first Python that has it, empty when all supported ones do.
        became: the class that it is another name of, and the first Python in which it is; empty when it is one of its own.

    """

    name: str
    bases: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    source: str = ""
    holds: tuple[str, ...] = ()
    min_python: str = ""
    became: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An implicit operation (``op:division``) and what it raises; ``names``: what it is about, if not everything."""

    name: str
    raises: tuple[str, ...]
    source: str = ""
    description: str = ""
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RetryRow:
    """A call that does I/O, and whether ``retry-io`` may repeat it.

    Attributes:
        name: ``open``, ``requests.Session.get``.
        wrap: it can be repeated whole.
        reason: why, or why not.
        params: positional parameter names, as far as the other keys speak of them.
        needs: parameters without which, given as True, a first attempt makes the second fail.
        mode: the parameter that is the mode of an ``open``: one that creates fails the second time.
        without: parameters that speak against another attempt, each with the reason.
        given_by: the top-level modules whose rows give what the call is of: where none of them is imported, it is of something
            else. Nothing: whatever gives it.
        source: where the facts come from.

    """

    name: str
    wrap: bool
    reason: str
    params: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    mode: str = ""
    without: Mapping[str, str] = field(default_factory=dict)
    given_by: tuple[str, ...] = ()
    source: str = ""


PROTOCOLS = (
    "iter",
    "getitem",
    "setitem",
    "delitem",
    "contains",
    "len",
    "bool",
    "enter",
    "exit",
    "await",
    "call",
    "attribute",
    "ask",
    "get",
)
