"""From one table of a TOML file to one row: every complaint names the file and the row."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields

from workerlog_migrate.knowledge.rows import (
    CALL_MARKS,
    KINDS,
    MARKS,
    PROTOCOLS,
    TESTS,
    TYPE_TESTS,
    CallRow,
    Condition,
    ExceptionRow,
    KnowledgeError,
    OperationRow,
    Protocol,
    RetryRow,
    TypeRow,
    When,
)

Table = Mapping[str, object]


def _words(reader: Reader, name: str, known: frozenset[str]) -> tuple[str, ...]:
    found = reader.strings(name)
    if not known.issuperset(found):
        odd = ", ".join(sorted(set(found) - known))
        raise reader.fail(f"{name}: unknown {odd}; there are {', '.join(sorted(known))}")
    return found


class Reader:
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
        """Complain about the row.

        Args:
            what: is wrong.
        """
        return KnowledgeError(f"{self.file}: [{self.key}]: {what}")

    def string(self, name: str) -> str:
        """Give a text; empty when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, "")
        if not isinstance(value, str):
            raise self.fail(f"{name} is no string")
        return value

    def number(self, name: str) -> int:
        """Give a whole number; 0 when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, 0)
        if type(value) is not int:
            raise self.fail(f"{name} is no whole number")
        return value

    def flag(self, name: str) -> bool:
        """Give a truth value; False when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, False)
        if not isinstance(value, bool):
            raise self.fail(f"{name} is neither true nor false")
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        """Give a list of texts; empty when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.fail(f"{name} is no list of strings")
        return tuple(value)

    def mapping(self, name: str) -> dict[str, str]:
        """Give a table of texts; empty when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            raise self.fail(f"{name} is no table")
        found: dict[str, str] = {}
        for key, entry in value.items():
            if not isinstance(entry, str):
                raise self.fail(f"{name}.{key} is no string")
            found[key] = entry
        return found

    def lists(self, name: str) -> dict[str, tuple[str, ...]]:
        """Give a table of lists of texts; empty when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, {})
        if not isinstance(value, dict):
            raise self.fail(f"{name} is no table")
        inner = Reader(self.file, f"{self.key}.{name}", value)
        return {key: inner.strings(key) for key in value}

    def tables(self, name: str) -> tuple[Reader, ...]:
        """Give a list of tables; empty when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name, [])
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.fail(f"{name} is no list of tables")
        return tuple(Reader(self.file, self.key, entry) for entry in value)

    def sub(self, name: str) -> Reader | None:
        """Give a table in the table; None when the key is missing.

        Args:
            name: the key.
        """
        value = self.table.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fail(f"{name} is no table")
        return Reader(self.file, self.key, value)


_YIELDS = frozenset(["yields"])  # what ``iter`` gives
REQUIRES = frozenset(["packages", "source"])


@functools.cache
def _keys(row: type) -> frozenset[str]:
    """Return the keys of a kind of row: the fields of its class, but the name, which is the header."""
    return frozenset(each.metadata.get("key", each.name) for each in fields(row)) - {"name"}


def call_row(name: str, reader: Reader) -> CallRow:
    """Make the row of a call.

    Args:
        name: its key.
        reader: its table.

    Raises:
        KnowledgeError: a key is unknown, or its value of another kind.
    """
    reader.keys(_keys(CallRow))
    return CallRow(
        name=name,
        raises=reader.strings("raises"),
        returns=reader.string("returns"),
        params=reader.strings("params"),
        when=tuple(_when(entry) for entry in reader.tables("when")),
        rare=reader.strings("rare"),
        calls=reader.strings("calls"),
        each_call=tuple(_when(entry) for entry in reader.tables("each_call")),
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
        calls_with=reader.lists("calls_with"),
        runs=reader.strings("runs"),
        meets=reader.strings("meets"),
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


def retry_row(name: str, reader: Reader) -> RetryRow:
    """Make the row of the table of retry-io.

    Args:
        name: its key.
        reader: its table.

    Raises:
        KnowledgeError: a key is unknown, or its value of another kind.
    """
    reader.keys(_keys(RetryRow))
    return RetryRow(
        name=name,
        wrap=reader.flag("wrap"),
        reason=reader.string("reason"),
        params=reader.strings("params"),
        needs=reader.strings("needs"),
        mode=reader.string("mode"),
        without=reader.mapping("without"),
        given_by=reader.strings("given_by"),
        source=reader.string("source"),
    )


def exception_row(name: str, reader: Reader) -> ExceptionRow:
    """Make the row of an exception.

    Args:
        name: its key.
        reader: its table.

    Raises:
        KnowledgeError: a key is unknown, or its value of another kind.
    """
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


def operation_row(name: str, reader: Reader) -> OperationRow:
    """Make the row of an operation.

    Args:
        name: its key.
        reader: its table.

    Raises:
        KnowledgeError: a key is unknown, or its value of another kind.
    """
    reader.keys(_keys(OperationRow))
    return OperationRow(
        name=name,
        raises=reader.strings("raises"),
        source=reader.string("source"),
        description=reader.string("description"),
        names=frozenset(reader.strings("names")),
    )


def _when(reader: Reader) -> When:
    reader.keys(_keys(Condition) | _keys(When) - {"condition"})
    return When(_condition(reader), reader.strings("raises"), reader.string("returns"))


def _condition(reader: Reader) -> Condition:
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
    if test.startswith(TYPE_TESTS):
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


def type_row(name: str, reader: Reader) -> TypeRow:
    """Make the row of a type.

    Args:
        name: its key.
        reader: its table.

    Raises:
        KnowledgeError: a key is unknown, or its value of another kind.
    """
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
        calls_own=reader.strings("calls_own"),
        runs=reader.strings("runs"),
        meets=reader.strings("meets"),
        protocols=protocols,
        operators=reader.mapping("operators"),
        kinds=_words(reader, "kinds", KINDS),
        arity=reader.number("arity"),
        aliases=reader.strings("aliases"),
        min_python=reader.string("min_python"),
        source=reader.string("source"),
    )
