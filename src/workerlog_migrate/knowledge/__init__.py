"""The knowledge base: what calls, methods and operations raise and return, as typed rows.

Input: the TOML files of this folder (or of another root). Output: one ``Knowledge`` that answers questions by
name. Reading is lazy twice: a file is read when a script asks for its top-level module, and of a file only the
tables that are asked for are parsed (``tomllib`` is slow: parsing every table would cost more than analysing
a worker). Headers are found by their shape, a line ``["name"]``; ``check`` parses whole files and compares.

Formats: the row classes below say what each key means; a key that is no field of its class is an error. Every row
names its source.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from workerlog_migrate.errors import WorkerlogError

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has tomllib from 3.11
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10

_ROOT = Path(__file__).resolve().parent
_HEADER = re.compile(r'^\["([^"\n]+)"\][ \t]*(?:#.*)?$', re.MULTILINE)

_LONGEST = 60  # letters of a module's name: no table of ours has a longer one, and the system takes no file of 255 bytes
CORE_FILES = ("builtins.toml", "types.toml")
TESTS = frozenset(
    [
        "given",
        "absent",
        "missing",
        "passed",
        "true",
        "literal",
        "not-literal",
        "converted",
        "integer-literal",
        "number-literal",
        "none-able",
        "text-mode",
        "binary-mode",
        "write-mode",
        "ascii",
        "unsettled",
        "shape:json",
        "unpaired",
        "holds-unknown",
    ]
)

# Marks of exceptions: a method that raises it at once waits to be overridden; being told to stop, a missing optional
# part and the end of an iterator are no errors; where it is listed, its parent is written; a failed I/O call raises it or
# a subclass; its name is that of a tuple of classes, which no other tuple of an ``except`` clause may hold as it is.
MARKS = frozenset(["abstract", "calm", "general", "io"])

# Marks of calls: it does nothing but compute, so that it may be tried on samples; what it gives is ASCII whatever it is given; what it gives is as much of ASCII as its receiver; it gives
# the present time; it takes something out of its receiver, or moves it; it sets an alarm, by which a signal comes while
# something else runs; the event loop calls what it is given; what it makes of a function hashes each argument, or calls
# one of the functions that are registered; no list is empty that it gives a dict of; it has as many items as before, at
# other places; what it gives was stored before, so that it is data; it gives a day of the week from 0 to 6.
CALL_MARKS = frozenset(
    [
        "alarm",
        "ascii",
        "computes",
        "dispatches",
        "filled",
        "hashes",
        "keeps-ascii",
        "loop",
        "now",
        "reorders",
        "shrinks",
        "stored",
        "weekday",
    ]
)

# Kinds of types: numbers; what moves by a timedelta; what numbers subscript; what holds things one after the other;
# what is ASCII as text; what one reading uses up; what nobody can call; a base class that adds nothing to what runs.
KINDS = frozenset(["base", "date", "number", "plain", "sequence", "series", "spent", "uncalled"])


class KnowledgeError(WorkerlogError):
    """A row of the knowledge base is malformed; the message names the file and the row."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A question about the arguments of a call.

    Attributes:
        args: names of the arguments, any of which may satisfy it; ``self`` is the receiver.
        test: the word after ``is``; empty when only ``values`` matter.
        types: for ``type:`` and ``not-type:`` the type names.
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
        calls: parameters that are called back in this thread.
        awaits: parameters that are awaited; ``*`` for all positional ones.
        uses: parameters that are files or the like, each with the method of it that is called.
        works_on: parameters that are iterated, ordered, read or asked for an attribute, ``*`` for all of them: of something of
            which nothing is known nobody knows what that raises.
        passes: the parameter that is a function to be called, here or elsewhere, and what it is given: the parameter that
            holds its arguments, ``*`` for the arguments that follow, ``each`` for the elements of those.
        special: the special methods that it looks for on what it is given, in this order.
        mistyped: what it raises besides when an argument is of a builtin type that it does not take.
        takes_any: parameters that take a value of any type, None too.
        takes_none: parameters that take None, though not any other type.
        marks: words of ``CALL_MARKS``.
        hands: as a decorator, as a method that a base class asks heirs for, or to the function that it calls or passes on:
            types of what the function is given, ``self`` apart; ``*str`` stands for all that follow.
        events: as a decorator: the type whose method of the function's name says what the function is given.
        only_of: the builtin kind (of texts, bytes as well) that hardly anything else has a method of this name like.
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

    Attributes:
        returns: the type of what it gives.
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
        name: the name under which expressions speak of it.
        bases: types whose methods, attributes and operations it has, too.
        attributes: data attributes and the types of their values.
        asks: attributes whose reading is a request (``element.text``): it raises what the operation ``ask`` says.
        protocols: operations, each a key of its own (``iter``, ``getitem``, ...).
        kinds: words of ``KINDS``.
        arity: how many types its brackets hold: 1 for ``list[str]``, 2 for ``dict[str, int]``; 0 for none.
        aliases: other names by which annotations speak of it.
        operators: symbols (``+``, or ``-:datetime.date`` for a type on the right), each with the type of the result.
        min_python: the first Python that has it, empty when all supported ones do.
        source: where the facts come from.

    """

    name: str
    bases: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
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
        source: where the facts come from.

    """

    name: str
    wrap: bool
    reason: str
    params: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    mode: str = ""
    without: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


Table = Mapping[str, object]


class _File:
    """One TOML file: its text, and where each table stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.text = ""
        self.places: dict[str, tuple[int, int]] = {}
        previous: tuple[str, int] | None = None
        for match in _HEADER.finditer(self.text):
            if previous is not None:
                self.places[previous[0]] = (previous[1], match.start())
            previous = (match[1], match.end())
        if previous is not None:
            self.places[previous[0]] = (previous[1], len(self.text))

    def table(self, key: str) -> Table | None:
        """Parse one table; None when the file has none of that name."""
        place = self.places.get(key)
        if place is None:
            return None
        try:
            table: Table = tomllib.loads(self.text[place[0] : place[1]])
        except tomllib.TOMLDecodeError as error:
            raise KnowledgeError(f"{self.path.name}: [{key}]: {error}") from error
        return table


@dataclass(slots=True)
class _Rows:
    """What was read of one root so far."""

    files: dict[str, _File] = field(default_factory=dict)
    calls: dict[str, CallRow | None] = field(default_factory=dict)
    types: dict[str, TypeRow | None] = field(default_factory=dict)
    exceptions: dict[str, ExceptionRow | None] = field(default_factory=dict)
    operations: dict[str, OperationRow] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)


_READ: dict[Path, _Rows] = {}


class Knowledge:
    """All rows, looked up by name and read when first asked for.

    Args:
        root: the folder that holds ``builtins.toml``, ``modules/`` and so on.

    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = _ROOT if root is None else root
        # What was read once is shared by all files of a run; rows do not change under way.
        rows = _READ.setdefault(self.root, _Rows())
        self._files = rows.files
        self._calls = rows.calls
        self._types = rows.types
        self._exceptions = rows.exceptions
        self._operations = rows.operations
        # Looked up through what a subclass may answer otherwise, so not shared.
        self._methods: dict[tuple[str, str], CallRow | None] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._attributes: dict[tuple[str, str], str | None] = {}
        self._canonical: dict[str, str] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._aliases = rows.aliases
        self._annotations: dict[str, str] | None = None
        self._retry: dict[str, RetryRow] | None = None

    # -- questions ------------------------------------------------------------------------------------------

    def call(self, name: str) -> CallRow | None:
        """Return the row of a function, constructor or method by its exact name; None when there is none."""
        if name not in self._calls:
            self._calls[name] = self._read_call(name)
        return self._calls[name]

    def method(self, type_name: str, method: str) -> CallRow | None:
        """Return the row of a method, looked up along the bases of the type."""
        key = (type_name, method)
        if key not in self._methods:
            rows = (self.call(f"{owner}.{method}") for owner in self.mro(type_name))
            self._methods[key] = next((row for row in rows if row is not None), None)
        return self._methods[key]

    def bare_method(self, method: str) -> CallRow | None:
        """Return the row for a method name on a receiver of unknown type."""
        return self.call(f"*.{method}")

    def type(self, name: str) -> TypeRow | None:
        """Return the row of a type; ``module:NAME`` gives the data attributes of a module."""
        if name not in self._types:
            self._types[name] = self._read_type(name)
        return self._types[name]

    def mro(self, name: str) -> tuple[str, ...]:
        """Return the type and its known bases, nearest first."""
        known = self._orders.get(name)
        if known is None:
            found = [name]
            for current in found:
                row = self.type(current)
                if row is not None:
                    found.extend(base for base in row.bases if base not in found)
            known = self._orders[name] = tuple(found)
        return known

    def protocol(self, type_name: str, operation: str) -> Protocol | None:
        """Return what an operation (``iter``, ``getitem``, ``enter``…) of a type raises and returns."""
        for owner in self.mro(type_name):
            row = self.type(owner)
            if row is not None and operation in row.protocols:
                return row.protocols[operation]
        return None

    def attribute(self, type_name: str, attribute: str) -> str | None:
        """Return the type expression of a data attribute; None when it is not known."""
        key = (type_name, attribute)
        if key not in self._attributes:
            rows = (self.type(owner) for owner in self.mro(type_name))
            found = (
                row.attributes[attribute] for row in rows if row is not None and attribute in row.attributes
            )
            self._attributes[key] = next(found, None)
        return self._attributes[key]

    def is_asked(self, type_name: str, attribute: str) -> bool:
        """Whether reading an attribute of a type is a request, not a look at what is there."""
        rows = (self.type(owner) for owner in self.mro(type_name))
        return any(row is not None and attribute in row.asks for row in rows)

    def is_kind(self, type_name: str, kind: str) -> bool:
        """Whether a type is of one of the ``KINDS``."""
        row = self.type(type_name)
        return row is not None and kind in row.kinds

    def are_all(self, type_names: Iterable[str], kind: str) -> bool:
        """Whether each of some types is of one of the ``KINDS``."""
        return all(self.is_kind(name, kind) for name in type_names)

    def arity(self, type_name: str) -> int:
        """Return how many types the brackets of a container hold; 0 for what is none."""
        row = self.type(type_name)
        return 0 if row is None else row.arity

    def annotated(self, name: str) -> str:
        """Return the name of the type of which an annotation speaks: ``typing.List`` -> ``list``."""
        if self._annotations is None:
            self._annotations = _aliases(self._file("types.toml"), "type:")
        return self._annotations.get(name, name)

    def is_type(self, name: str) -> bool:
        """Whether a name is a known class: it has a type row, or methods, or constructs itself."""
        if self.type(name) is not None:
            return True
        row = self.call(name)
        return row is not None and row.returns == name

    def knows_module(self, top: str) -> bool:
        """Whether there is a file of rows about a top-level module."""
        return bool(self._module_file(top).places) or bool(self._generated_file(top).places)

    def exception(self, name: str) -> ExceptionRow | None:
        """Return the row of an exception class by any of its names."""
        name = self.canonical_exception(name)
        if name not in self._exceptions:
            self._exceptions[name] = self._read_exception(name)
        return self._exceptions[name]

    def exceptions_with(self, top: str, attribute: str) -> tuple[str, ...]:
        """Return the exceptions of a top-level module whose instances have an attribute of their own."""
        prefix = "exception:"
        names = (key.removeprefix(prefix) for key in self._module_file(top).places if key.startswith(prefix))
        return tuple(name for name in names if self.attribute(name, attribute) is not None)

    def required_by(self, package: str) -> frozenset[str]:
        """Return the top-level modules that are there wherever a package, or module of one, is; itself left out."""
        found: set[str] = set()
        file = self._file("requires.toml")
        pending = [package]
        while pending:
            key = f"requires:{pending.pop()}"
            table = file.table(key)
            if table is not None:
                new = set(_Reader(file.path.name, key, table).strings("packages")) - found
                found |= new
                pending.extend(new)
        return frozenset(found)

    def canonical_exception(self, name: str) -> str:
        """Return the name under which an exception has its row: ``IOError`` -> ``OSError``."""
        known = self._canonical.get(name)
        if known is None:
            known = self._canonical[name] = self._canonical_name(name)
        return known

    def exception_ancestors(self, name: str) -> frozenset[str]:
        """Return an exception class and all that it inherits from, by canonical names; an unknown one is an ``Exception``."""
        name = self.canonical_exception(name)
        known = self._ancestors.get(name)
        if known is None:
            found: set[str] = set()
            stack = [name]
            while stack:
                current = self.canonical_exception(stack.pop())
                if current not in found and current != "object":
                    found.add(current)
                    row = self.exception(current)
                    stack.extend(row.bases if row is not None else ("Exception",))
            known = self._ancestors[name] = frozenset(found)
        return known

    def _canonical_name(self, name: str) -> str:
        if "" not in self._aliases:
            self._aliases[""] = _aliases(self._file("exceptions.toml"))
        if name in self._aliases[""]:
            return self._aliases[""][name]
        top, dot, _ = name.partition(".")
        if not dot:
            return name
        top = top.removeprefix("_")  # ``_csv.Error``: the class says that it is from the part in C
        if top not in self._aliases:
            self._aliases[top] = _aliases(self._module_file(top))
        return self._aliases[top].get(name, name)

    def operation(self, name: str) -> OperationRow:
        """Return an operation's row.

        Raises:
            KnowledgeError: there is no such row.

        """
        if name not in self._operations:
            file = self._file("operations.toml")
            table = file.table(name)
            if table is None:
                raise KnowledgeError(f"operations.toml: [{name}] is missing")
            self._operations[name] = _operation_row(name, _Reader(file.path.name, name, table))
        return self._operations[name]

    def retry(self) -> dict[str, RetryRow]:
        """Return the table of ``retry-io`` by the names of the calls."""
        if self._retry is None:
            file = self._file("retry.toml")
            tables = ((name, file.table(name) or {}) for name in file.places)
            self._retry = {
                name: _retry_row(name, _Reader(file.path.name, name, table)) for name, table in tables
            }
        return self._retry

    # -- checks ---------------------------------------------------------------------------------------------

    def files(self) -> Iterator[Path]:
        """Yield every file of rows (the table of levels belongs to ``analysis.level``)."""
        for path in sorted(self.root.rglob("*.toml")):
            if path.name != "levels.toml":
                yield path

    def check(self) -> int:
        """Parse every table of every file and return their number.

        Raises:
            KnowledgeError: a table is malformed; names the file and the row.

        """
        count = 0
        for path in self.files():
            file = _File(path)
            try:
                whole = tomllib.loads(file.text)
            except tomllib.TOMLDecodeError as error:
                raise KnowledgeError(f"{path.name}: {error}") from error
            if set(whole) != set(file.places):
                odd = sorted(set(whole) ^ set(file.places))
                raise KnowledgeError(f"{path.name}: header not on a line of its own: {', '.join(odd)}")
            for key, table in whole.items():
                count += 1
                if not isinstance(table, dict):
                    raise KnowledgeError(f"{path.name}: [{key}] is no table")
                reader = _Reader(path.name, key, table)
                if not reader.string("source"):
                    raise KnowledgeError(f"{path.name}: [{key}]: no source")
                if key.startswith(("type:", "module:")):
                    _type_row(key, reader)
                elif key.startswith("exception:"):
                    _exception_row(key.removeprefix("exception:"), reader)
                elif key.startswith("op:"):
                    _operation_row(key, reader)
                elif path.name == "retry.toml":
                    _retry_row(key, reader)
                elif key.startswith("requires:"):
                    reader.keys(_REQUIRES)
                    reader.strings("packages")
                else:
                    _call_row(key, reader)
        return count

    # -- reading --------------------------------------------------------------------------------------------

    def _file(self, relative: str) -> _File:
        if relative not in self._files:
            self._files[relative] = _File(self.root / relative)
        return self._files[relative]

    def _module_file(self, top: str) -> _File:
        return self._file(f"modules/{top[:_LONGEST]}.toml")

    def _generated_file(self, top: str) -> _File:
        return self._file(f"generated/{top[:_LONGEST]}.toml")

    def _find(self, key: str, name: str) -> tuple[_File, Table] | None:
        """Find the table ``key`` about ``name``: core files, then the module's file, then generated rows."""
        candidates: list[_File] = []
        top, dot, _ = name.partition(".")
        if top == "*":
            candidates.append(self._file("methods.toml"))
        else:
            candidates.extend(self._file(core) for core in CORE_FILES)
            if dot or key.startswith("module:"):
                candidates.append(self._module_file(top))
                candidates.append(self._generated_file(top))
        for file in candidates:
            table = file.table(key)
            if table is not None:
                return file, table
        return None

    def _read_call(self, name: str) -> CallRow | None:
        found = self._find(name, name)
        if found is None:
            return None
        return _call_row(name, _Reader(found[0].path.name, name, found[1]))

    def _read_type(self, name: str) -> TypeRow | None:
        key = name if name.startswith("module:") else f"type:{name}"
        found = self._find(key, name.removeprefix("module:"))
        if found is None:
            return None
        return _type_row(name, _Reader(found[0].path.name, key, found[1]))

    def _read_exception(self, name: str) -> ExceptionRow | None:
        key = f"exception:{name}"
        top, dot, _ = name.partition(".")
        file = self._module_file(top) if dot else self._file("exceptions.toml")
        table = file.table(key)
        if table is None and dot:
            file = self._file("exceptions.toml")
            table = file.table(key)
        if table is None:
            return None
        return _exception_row(name, _Reader(file.path.name, key, table))


def _aliases(file: _File, prefix: str = "exception:") -> dict[str, str]:
    """Map the other names of a file's exceptions or types; only tables that speak of aliases are parsed."""
    found: dict[str, str] = {}
    for key, (start, end) in file.places.items():
        if key.startswith(prefix) and "\naliases" in file.text[start:end]:
            table = file.table(key) or {}
            for alias in _Reader(file.path.name, key, table).strings("aliases"):
                found[alias] = key.removeprefix(prefix)
    return found


def _words(reader: _Reader, name: str, known: frozenset[str]) -> tuple[str, ...]:
    found = reader.strings(name)
    if not known.issuperset(found):
        odd = ", ".join(sorted(set(found) - known))
        raise reader.fail(f"{name}: unknown {odd}; there are {', '.join(sorted(known))}")
    return found


class _Reader:
    """Typed access to one table; every complaint names the file and the row."""

    def __init__(self, file: str, key: str, table: Table) -> None:
        self.file = file
        self.key = key
        self.table = table

    def keys(self, known: frozenset[str]) -> None:
        """Complain about a key that is none of the known ones."""
        if not known.issuperset(self.table):
            odd = ", ".join(sorted(set(self.table) - known))
            raise self.fail(f"unknown key {odd}; there are {', '.join(sorted(known))}")

    def fail(self, what: str) -> KnowledgeError:
        return KnowledgeError(f"{self.file}: [{self.key}]: {what}")

    def string(self, name: str) -> str:
        value = self.table.get(name, "")
        if not isinstance(value, str):
            raise self.fail(f"{name} is no string")
        return value

    def number(self, name: str) -> int:
        value = self.table.get(name, 0)
        if type(value) is not int:
            raise self.fail(f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self.table.get(name, False)
        if not isinstance(value, bool):
            raise self.fail(f"{name} is neither true nor false")
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        value = self.table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.fail(f"{name} is no list of strings")
        return tuple(value)

    def mapping(self, name: str) -> dict[str, str]:
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            raise self.fail(f"{name} is no table")
        found: dict[str, str] = {}
        for key, entry in value.items():
            if not isinstance(entry, str):
                raise self.fail(f"{name}.{key} is no string")
            found[key] = entry
        return found

    def tables(self, name: str) -> tuple[_Reader, ...]:
        value = self.table.get(name, [])
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.fail(f"{name} is no list of tables")
        return tuple(_Reader(self.file, self.key, entry) for entry in value)

    def sub(self, name: str) -> _Reader | None:
        value = self.table.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fail(f"{name} is no table")
        return _Reader(self.file, self.key, value)


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
)


_YIELDS = frozenset(["yields"])  # what ``iter`` gives
_REQUIRES = frozenset(["packages", "source"])


@functools.cache
def _keys(row: type) -> frozenset[str]:
    """Return the keys of a kind of row: the fields of its class, but the name, which is the header."""
    return frozenset(each.metadata.get("key", each.name) for each in fields(row)) - {"name"}


def _call_row(name: str, reader: _Reader) -> CallRow:
    reader.keys(_keys(CallRow))
    return CallRow(
        name=name,
        raises=reader.strings("raises"),
        returns=reader.string("returns"),
        params=reader.strings("params"),
        when=tuple(_when(entry) for entry in reader.tables("when")),
        rare=reader.strings("rare"),
        calls=reader.strings("calls"),
        awaits=reader.strings("awaits"),
        uses=reader.mapping("uses"),
        passes=reader.strings("passes"),
        special=reader.strings("special"),
        mistyped=reader.strings("mistyped"),
        takes_any=reader.strings("takes_any"),
        takes_none=reader.strings("takes_none"),
        works_on=reader.strings("works_on"),
        marks=_words(reader, "marks", CALL_MARKS),
        hands=reader.strings("hands"),
        events=reader.string("events"),
        only_of=reader.string("only_of"),
        never_returns=reader.flag("never_returns"),
        awaitable=reader.flag("awaitable"),
        of_imported=reader.flag("of_imported"),
        unless_called=reader.strings("unless_called"),
        remembers=reader.string("remembers"),
        recalls=reader.flag("recalls"),
        min_python=reader.string("min_python"),
        max_python=reader.string("max_python"),
        source=reader.string("source"),
        note=reader.string("note"),
    )


def _retry_row(name: str, reader: _Reader) -> RetryRow:
    reader.keys(_keys(RetryRow))
    return RetryRow(
        name=name,
        wrap=reader.flag("wrap"),
        reason=reader.string("reason"),
        params=reader.strings("params"),
        needs=reader.strings("needs"),
        mode=reader.string("mode"),
        without=reader.mapping("without"),
        source=reader.string("source"),
    )


def _exception_row(name: str, reader: _Reader) -> ExceptionRow:
    reader.keys(_keys(ExceptionRow) | {"bases_before"})
    bases = reader.strings("bases")
    before = reader.sub("bases_before")
    if before is not None and before.table:
        # Scripts run on all supported versions: only what is a base on each of them can be relied on.
        bases = before.strings(min(before.table))
    return ExceptionRow(
        name=name,
        bases=bases,
        aliases=reader.strings("aliases"),
        marks=_words(reader, "marks", MARKS),
        source=reader.string("source"),
        holds=reader.strings("holds"),
        min_python=reader.string("min_python"),
        became=reader.strings("became"),
    )


def _operation_row(name: str, reader: _Reader) -> OperationRow:
    reader.keys(_keys(OperationRow))
    return OperationRow(
        name=name,
        raises=reader.strings("raises"),
        source=reader.string("source"),
        description=reader.string("description"),
        names=frozenset(reader.strings("names")),
    )


def _when(reader: _Reader) -> When:
    reader.keys(_keys(Condition) | _keys(When) - {"condition"})
    return When(_condition(reader), reader.strings("raises"), reader.string("returns"))


def _condition(reader: _Reader) -> Condition:
    arg = reader.table.get("arg")
    if isinstance(arg, str):
        args: tuple[str, ...] = (arg,)
    elif isinstance(arg, list) and arg and all(isinstance(entry, str) for entry in arg):
        args = tuple(arg)
    else:
        raise reader.fail("a condition without arg")
    test = reader.string("is")
    values = reader.table.get("value", [])
    if not isinstance(values, list):
        raise reader.fail("value is no list")
    types: tuple[str, ...] = ()
    if test.startswith(("type:", "not-type:")):
        test, _, listed = test.partition(":")
        types = tuple(listed.split("|"))
    elif test and test not in TESTS:
        raise reader.fail(f"unknown condition {test!r}")
    if not test and not values:
        raise reader.fail("a condition without is or value")
    for entry in (*reader.tables("unless"), *reader.tables("also")):
        entry.keys(_keys(Condition))
    unless, also = (tuple(map(_condition, reader.tables(name))) for name in ("unless", "also"))
    return Condition(args, test, types, tuple(values), unless, also)


def _type_row(name: str, reader: _Reader) -> TypeRow:
    reader.keys(_keys(TypeRow) - {"protocols"} | frozenset(PROTOCOLS))
    protocols: dict[str, Protocol] = {}
    for operation in PROTOCOLS:
        sub = reader.sub(operation)
        if sub is not None:
            sub.keys(_keys(Protocol) | _YIELDS)
            returns = sub.string("yields") or sub.string("returns")
            protocols[operation] = Protocol(returns, sub.strings("raises"), sub.strings("takes"))
    return TypeRow(
        name=name.removeprefix("type:"),
        bases=reader.strings("bases"),
        attributes=reader.mapping("attributes"),
        asks=reader.strings("asks"),
        protocols=protocols,
        operators=reader.mapping("operators"),
        kinds=_words(reader, "kinds", KINDS),
        arity=reader.number("arity"),
        aliases=reader.strings("aliases"),
        min_python=reader.string("min_python"),
        source=reader.string("source"),
    )
