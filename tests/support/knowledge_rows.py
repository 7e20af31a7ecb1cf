"""All rows of the knowledge base as TOML has them, read once for all tests of a process."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has tomllib from 3.11
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10

Row = dict[str, object]

KNOWLEDGE = Path(__file__).resolve().parents[2] / "src" / "workerlog_migrate" / "knowledge"
CORE = ("builtins.toml", "exceptions.toml", "methods.toml", "operations.toml", "requires.toml", "types.toml")
MODULES = sorted((KNOWLEDGE / "modules").glob("*.toml"))
FILES = [*(KNOWLEDGE / name for name in CORE), *MODULES]


PROTOCOLS = {
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
    "attribute",
    "ask",
    "call",
    "get",
}


def load(path: Path) -> dict[str, Row]:
    return cast("dict[str, Row]", tomllib.loads(path.read_text(encoding="utf-8")))


ROWS = {path: load(path) for path in FILES}
ALL = {key: row for rows in ROWS.values() for key, row in rows.items()}
TYPES = {key.removeprefix("type:") for key in ALL if key.startswith("type:")}


def strings(row: Row, key: str) -> list[str]:
    return cast("list[str]", row.get(key, []))


def tables(row: Row, key: str) -> list[Row]:
    value = row.get(key, [])
    return [cast("Row", value)] if isinstance(value, dict) else cast("list[Row]", value)


def text(row: Row, key: str) -> str:
    return cast("str", row.get(key, ""))


def expressions(row: Row) -> Iterator[str]:
    """Yield every type expression of a row."""
    for entry in [row, *tables(row, "when"), *(cast("Row", row[name]) for name in PROTOCOLS & set(row))]:
        for name in ("returns", "yields"):
            if name in entry:
                yield text(entry, name)
    for name in ("attributes", "operators"):
        yield from cast("dict[str, str]", row.get(name, {})).values()
    yield from (entry.lstrip("*") for entry in strings(row, "hands"))
    for types in cast("dict[str, list[str]]", row.get("calls_with", {})).values():
        yield from types


PLACEHOLDERS = ("arg:", "result:", "made:", "held:", "inner:", "fields:", "element:", "awaited:", "class:")
_TOKEN = re.compile(
    r"\s*(?:((?:arg|result|made|held|inner|fields|element|awaited):(?:\w+|\*)?|class:[\w.]+|[A-Za-z_][\w.]*)|(.))"
)


def type_names(expression: str) -> list[str]:
    """Return the names in a type expression, by the grammar ``name [ '[' list ']' ] [ '?' ] { '|' … }``, in a list, too.

    Raises:
        ValueError: the expression is malformed.

    """
    tokens = [match[1] or match[2] for match in _TOKEN.finditer(expression)]
    names: list[str] = []

    def one(at: int) -> int:
        if at >= len(tokens) or not re.match(r"[A-Za-z_]", tokens[at]):
            raise ValueError(f"no type at {at} of {expression!r}")
        names.append(tokens[at])
        at += 1
        if tokens[at : at + 1] == ["["]:
            at = one(at + 1)
            while tokens[at : at + 1] in ([","], ["|"]):
                at = one(at + 1)
            if tokens[at : at + 1] != ["]"]:
                raise ValueError(f"no closing bracket in {expression!r}")
            at += 1
        return at + 1 if tokens[at : at + 1] == ["?"] else at

    end = one(0)
    while tokens[end : end + 1] == ["|"]:
        end = one(end + 1)
    if end != len(tokens):
        raise ValueError(f"something after the type in {expression!r}")
    return names


def bare(key: str) -> str:
    return re.sub(r"^(type|module|exception|requires):", "", key)
