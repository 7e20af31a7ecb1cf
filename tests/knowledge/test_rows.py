"""Every row of the knowledge base is well formed, and what it says of the standard library is so on this interpreter.

The files are read with the TOML parser alone, not with our loader: a mistake that both share would go unseen.
Names and classes are looked up on the interpreter that runs the tests, so the versions of the test matrix check
the versioned rows. Third-party packages need not be installed: their rows are checked for form.

The last part calls functions that neither leave the process nor write outside a temporary folder: bad input must raise
what the row says, good input return what it says.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import binascii
import builtins
import bz2
import calendar
import codecs
import collections
import configparser
import contextlib
import csv
import datetime
import decimal
import fractions
import glob
import gzip
import hashlib
import heapq
import html
import http.client
import importlib
import inspect
import io
import ipaddress
import itertools
import json
import locale
import lzma
import math
import os
import pickle
import queue
import random
import re
import select
import shlex
import shutil
import socket
import sqlite3
import statistics
import string
import struct
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import threading
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import uuid
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import cast

import pytest
from knowledge_rows import (
    ALL,
    FILES,
    KNOWLEDGE,
    MODULES,
    PLACEHOLDERS,
    PROTOCOLS,
    ROWS,
    TYPES,
    Row,
    bare,
    expressions,
    load,
    strings,
    tables,
    text,
    type_names,
)

from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.knowledge.rows import TYPE_TESTS

Action = Callable[[], object]

CALL_KEYS = {
    "raises": list,
    "returns": str,
    "params": list,
    "when": list,
    "rare": list,
    "calls": list,
    "each_call": list,
    "awaits": list,
    "passes": list,
    "uses": dict,
    "works_on": list,
    "special": list,
    "mistyped": list,
    "takes_any": list,
    "takes_none": list,
    "marks": list,
    "hands": list,
    "calls_with": dict,
    "runs": list,
    "meets": list,
    "events": str,
    "only_of": str,
    "never_returns": bool,
    "awaitable": bool,
    "of_imported": bool,
    "recalls": bool,
    "remembers": str,
    "unless_called": list,
    "source": str,
    "note": str,
    "min_python": str,
    "max_python": str,
}
WHEN_KEYS = {"arg", "is", "value", "unless", "also", "raises", "returns"}
CONDITION_KEYS = {"arg", "is", "value"}
CONDITION_WORDS = {
    "emptiable",
    "resized",
    "mixed-keys",
    "rooted",
    "given",
    "absent",
    "missing",
    "passed",
    "true",
    "literal",
    "not-literal",
    "escaped",
    "empty",
    "converted",
    "count",
    "unsettled",
    "integer-literal",
    "number-literal",
    "none-able",
    "text-mode",
    "binary-mode",
    "write-mode",
    "ascii",
    "shape:json",
    "record-names",
    "unpaired",
    "closable",
    "undecodable",
    "far-off",
    "holds-unknown",
    "holds-no-text",
    "circular",
    "negative",
    "unordered",
    "spelled",
}
TYPE_KEYS = PROTOCOLS | {
    "bases",
    "calls_own",
    "runs",
    "meets",
    "attributes",
    "operators",
    "source",
    "min_python",
    "aliases",
    "kinds",
    "asks",
    "arity",
}
EXCEPTION_KEYS = {
    "bases",
    "aliases",
    "holds",
    "became",
    "marks",
    "bases_before",
    "source",
    "min_python",
}
OPERATION_KEYS = {"raises", "description", "source", "names"}

# Modules and functions of another platform than that of the tests: form only.
ELSEWHERE = frozenset(
    [
        *(
            "msvcrt",
            "winreg",
            "winsound",
            "fcntl",
            "resource",
            "pwd",
            "grp",
            "termios",
            "tty",
            "pty",
            "syslog",
        ),
        *("curses", "readline", "tkinter", "ctypes.windll", "ctypes.oledll"),
    ]
)
ELSEWHERE_NAMES = frozenset(
    [
        *(
            "os.startfile",
            "os.add_dll_directory",
            "os.listdrives",
            "os.listvolumes",
            "os.chflags",
            "os.lchmod",
        ),
        *("os.path.isdevdrive", "os.path.isreserved", "os.O_BINARY", "sys.getwindowsversion", "sys.winver"),
        *("ctypes.WinDLL", "ctypes.OleDLL", "ctypes.WINFUNCTYPE", "ctypes.GetLastError", "ctypes.WinError"),
        *("ctypes.FormatError", "ctypes.set_last_error", "ctypes.get_last_error", "select.kqueue"),
        *("socket.fromshare", "socket.socket.ioctl", "asyncio.WindowsSelectorEventLoopPolicy"),
        *("asyncio.WindowsProactorEventLoopPolicy", "subprocess.STARTUPINFO", "locale.resetlocale"),
        *("sqlite3.Connection.load_extension", "sqlite3.Connection.enable_load_extension"),
    ]
)
# Names the interpreter has without `importlib` finding them as attributes: the site module puts them in builtins.
SITE_NAMES = frozenset(["exit", "quit", "copyright", "credits", "license", "help"])

# Types that exist as objects but not under a public name, and those that the analysis made up.
MADE_TYPES = (
    "collections.namedtuple.class",
    "file.text.lenient.",
    "dbm._Database",
    "re.Match.outside",
    "re.Pattern.outside",
    "configparser.ConfigParser.bare",
    "configparser.RawConfigParser.bare",
    "threading.Thread.other",
)
PSEUDO_TYPES = frozenset(["any", "None", "json", "iterator", "generator", "function", "file.text.lenient"])


def _hidden_classes() -> dict[str, object]:
    text, raw = io.TextIOWrapper(io.BytesIO()), io.BytesIO()
    with os.scandir(Path(__file__).parent) as scan:
        scandir = type(scan)
    answer = urllib.error.HTTPError("", 200, "", Message(), io.BytesIO())
    answer.close()  # from Python 3.14 on one that is not closed is told
    return {
        "file.text": type(text),
        "file.bytes": io.BufferedRandom,
        "hashlib._Hash": type(hashlib.sha256()),
        "zlib._Compress": type(zlib.compressobj()),
        "zlib._Decompress": type(zlib.decompressobj()),
        "os._ScandirIterator": scandir,
        "csv.reader": type(csv.reader([])),
        "csv.writer": type(csv.writer(io.StringIO())),
        "select.poll": type(select.poll()) if hasattr(select, "poll") else None,
        # Methods that `__init__` hangs on the instance are not on the class.
        "threading.Condition": threading.Condition(),
        "asyncio.Condition": asyncio.Condition(),
        "configparser.SectionProxy": configparser.ConfigParser()["DEFAULT"],
        "urllib.error.HTTPError": answer,
        "threading.Lock": type(threading.Lock()),
        "threading.RLock": type(threading.RLock()),
        "decimal._LocalContext": type(decimal.localcontext()),
        "io.BytesIO": type(raw),
    }


HIDDEN = _hidden_classes()


def _exceptions() -> dict[str, str]:
    """Map each name of an exception, aliases too, to the name of its row."""
    found: dict[str, str] = {}
    for key, row in ALL.items():
        if key.startswith("exception:"):
            name = key.removeprefix("exception:")
            found[name] = name
            for alias in strings(row, "aliases"):
                found[alias] = name
    return found


EXCEPTIONS = _exceptions()


def each_row() -> Iterator[tuple[str, str, Row]]:
    """Yield every row of every file, with the file's name and its key: one test speaks of them all, and names the odd ones."""
    for path, rows in ROWS.items():
        for key, row in rows.items():
            yield path.name, key, row


# -- form ----------------------------------------------------------------------------------------------------


def test_rows_are_sorted_by_key() -> None:
    assert [path.name for path, rows in ROWS.items() if list(rows) != sorted(rows)] == []


def test_every_row_names_its_source() -> None:
    without = [(file, key) for file, key, row in each_row() if not text(row, "source").strip()]

    assert not without


def test_rows_stand_in_the_file_of_their_module() -> None:
    """``os.path.join`` is found in ``modules/os.toml``: the loader opens no other file for it.

    The row of an exception may stand in a second file, for the name under which that module has it.
    """
    stray = []
    for path, key, row in ((file, key, row) for file in MODULES for key, row in ROWS[file].items()):
        is_exception = key.startswith("exception:")
        names = [bare(key), *(strings(row, "aliases") if is_exception else [])]
        top, dot, _ = names[0].partition(".")
        home = (
            KNOWLEDGE / "modules" / f"{top}.toml"
            if dot or not is_exception
            else KNOWLEDGE / "exceptions.toml"
        )
        if path.stem not in {name.split(".")[0] for name in names} or key not in ROWS.get(home, {}):
            stray.append((path.name, key))

    assert not stray


def test_rows_have_the_documented_form() -> None:
    assert [(file, odd) for file, key, row in each_row() for odd in form_problems(key, row)] == []


def test_rows_raise_only_exceptions_that_have_a_row() -> None:
    unknown = {
        (file, key, name) for file, key, row in each_row() for name in raised(row) if name not in EXCEPTIONS
    }

    assert not unknown


def test_required_packages_are_packages_that_rows_speak_of() -> None:
    """A typing error would silently name nothing; each package has a file of rows, and none requires itself."""
    rows = ROWS[KNOWLEDGE / "requires.toml"]
    homes = {path.stem for path in FILES if path.parent.name == "modules"}

    assert {name for row in rows.values() for name in strings(row, "packages")} <= homes
    assert {bare(key).partition(".")[0] for key in rows} <= homes
    assert not [key for key, row in rows.items() if bare(key) in strings(row, "packages")]


def test_an_exception_of_another_package_can_be_named() -> None:
    """Where a row of one package raises what another defines, the first requires the second, or the list here says not."""
    optional = {
        ("discord", "requests"),
        ("google", "requests"),
        ("mysql", "_mysql_connector"),  # its extension in C, which not every platform has
        ("pandas", "openpyxl"),
        ("pandas", "sqlalchemy"),
        ("slack_sdk", "aiohttp"),
        ("sqlalchemy", "asyncpg"),
    }
    reverse = {("botocore", "boto3")}
    knowledge = Knowledge()
    found = {
        (path.stem, name.partition(".")[0])
        for path in FILES
        if path.parent.name == "modules"
        for row in ROWS[path].values()
        for name in raised(row)
        if "." in name and name.partition(".")[0] not in {path.stem, *sys.stdlib_module_names}
    }

    assert {pair for pair in found if pair[1] not in knowledge.required_by(pair[0])} == optional | reverse


def test_type_expressions_speak_of_known_types() -> None:
    unknown = {
        (file, key, name)
        for file, key, row in each_row()
        for expression in expressions(row)
        for name in type_names(expression)
        if name not in TYPES | {"self", "element", "key", "value", "inner", "cell", "name", "receiver"}
        and not name.startswith(PLACEHOLDERS)
    }

    assert not unknown


def test_a_malformed_row_is_noticed() -> None:
    """The checks above can fail: one row with one mistake of each kind."""
    row: Row = {"raises": "OSError", "whom": 1, "when": [{"arg": "x", "is": "maybe"}, {"is": "given"}]}

    assert form_problems("f", row) == [
        "f: unknown 'whom'",
        "f: raises is no list of strings",
        "f: a condition without consequence",
        "f: unknown condition 'maybe'",
        "f: a condition without consequence",
        "f: a condition without arg",
    ]
    assert type_names("dict[str, tuple[int, json?]]?") == ["dict", "str", "tuple", "int", "json"]
    with pytest.raises(ValueError, match="no type"):
        type_names("list[")


# -- truth ---------------------------------------------------------------------------------------------------


def test_names_of_the_standard_library_exist() -> None:
    missing = [(file, key) for file, key, row in each_row() if checkable(key, row) and find(key, row) is None]

    assert not missing


def test_what_every_python_has_is_there() -> None:
    """An import of these is taken for one that cannot fail, on this Python, too."""
    listed = strings(load(KNOWLEDGE / "operations.toml")["op:import"], "names")

    assert [name for name in listed if not _can_be_imported(name)] == []


def _can_be_imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        module, _, inner = name.rpartition(".")
        return hasattr(importlib.import_module(module), inner)
    return True


def test_exceptions_of_the_standard_library_have_the_stated_bases() -> None:
    wrong = []
    for file, key, row in each_row():
        if key.startswith("exception:") and checkable(key, row):
            found = exception_class(key.removeprefix("exception:"))
            became, since = strings(row, "became") or ("", "99.0")
            is_another = sys.version_info[:2] >= tuple(map(int, since.split(".")))
            wrong += [
                (file, key, base)
                for base in ([became] if is_another else bases_here(row))
                if base != "object" and not issubclass(found, exception_class(base))
            ]
            wrong += [
                (file, key, alias)
                for alias in strings(row, "aliases")
                if resolve(alias) is not None and exception_class(alias) is not found
            ]

    assert not wrong


NEWER_ARGUMENTS = {
    ("ast.parse", "optimize"): (3, 13),
    ("binascii.a2b_base64", "strict_mode"): (3, 11),
    ("math.nextafter", "steps"): (3, 12),
    ("statistics.correlation", "method"): (3, 12),
}
"""Arguments that conditions speak of, with the first Python whose function has them."""


def test_arguments_of_conditions_exist() -> None:
    """A condition on an argument that the function has not would never hold."""
    wrong = []
    for file, key, row in each_row():
        if not checkable(key, row) or key.startswith(("*", "type:", "module:", "exception:", "op:")):
            continue
        accepted = keywords(find(key, row))
        if accepted is None:
            continue
        known = accepted | set(strings(row, "params")) | {"self"}
        known |= {
            name
            for (owner, name), since in NEWER_ARGUMENTS.items()
            if owner == key and sys.version_info < since
        }
        wrong += [(file, key, name) for name in condition_arguments(row) if name not in known]

    assert not wrong


def test_positional_parameters_are_in_the_order_of_the_signature() -> None:
    wrong = []
    for file, key, row in each_row():
        if "params" not in row or not checkable(key, row) or key in FREE_SIGNATURES:
            continue
        actual = positional(find(key, row))
        if actual is None:
            continue
        stated = strings(row, "params")
        if len(stated) > len(actual) or any(
            name != mine for name, mine in zip(actual, stated, strict=False) if name != POSITIONAL_ONLY
        ):
            wrong.append((file, key, stated, actual))

    assert not wrong


# Functions of several shapes: the row names what stands at a place, the signature is `*args` or differs by version.
FREE_SIGNATURES = frozenset(["max", "min", "print", "statistics.fmean"])
POSITIONAL_ONLY = "/"


# -- helpers -------------------------------------------------------------------------------------------------


def form_problems(key: str, row: Row) -> list[str]:
    """Say what is wrong with the form of a row; nothing when all is well."""
    if key.startswith("op:"):
        return _unknown_keys(key, row, OPERATION_KEYS) + _not_strings(key, row, "raises")
    if key.startswith("requires:"):
        return _unknown_keys(key, row, {"packages", "source"}) + _not_strings(key, row, "packages")
    if key.startswith("exception:"):
        found = _unknown_keys(key, row, EXCEPTION_KEYS) + _not_strings(
            key, row, "bases", "aliases", "holds", "became", "marks"
        )
        return found if row.get("bases") else [*found, f"{key}: no bases"]
    if key.startswith(("type:", "module:")):
        return _type_problems(key, row)
    found = _unknown_keys(key, row, set(CALL_KEYS)) + _not_strings(
        key,
        row,
        "raises",
        "params",
        "rare",
        "calls",
        "awaits",
        "passes",
        "special",
        "mistyped",
        "takes_any",
        "takes_none",
        "works_on",
        "marks",
        "hands",
        "runs",
        "meets",
    )
    found += [
        f"{key}: {name} is no {kind.__name__}"
        for name, kind in CALL_KEYS.items()
        if kind is not list and name in row and not isinstance(row[name], kind)
    ]
    if "raises" not in row:
        found.append(f"{key}: raises is missing: an empty list says that it is safe")
    found += [
        f"{key}: calls {name}, no parameter" for name in strings(row, "calls") if not _is_parameter(row, name)
    ]
    for name, types in cast("dict[str, object]", row.get("calls_with", {})).items():
        if not isinstance(types, list) or not all(isinstance(entry, str) for entry in types):
            found.append(f"{key}: calls_with {name} is no list of types")
        if not (_is_parameter(row, name) or (key, name) in GIVEN_BY_NAME):
            found.append(f"{key}: calls_with {name}, no parameter")
    if (passes := strings(row, "passes")) and (
        len(passes) != 2
        or passes[0] not in strings(row, "params")
        or passes[1] not in {"*", "each", *strings(row, "params")}
    ):
        found.append(f"{key}: passes is not a parameter and what it is given")
    for entry in tables(row, "when"):
        found += _unknown_keys(key, entry, WHEN_KEYS)
        if "raises" not in entry and "returns" not in entry:
            found.append(f"{key}: a condition without consequence")
        found += _not_strings(key, entry, "raises")
        found += _condition_problems(key, entry)
        for name in ("unless", "also"):
            for other in tables(entry, name):
                found += _unknown_keys(key, other, CONDITION_KEYS) + _condition_problems(key, other)
    return found


# Keyword-only parameters that are functions.
HOOKS = frozenset(
    [
        "callback",
        "default",
        "filter",
        "key",
        "object_hook",
        "object_pairs_hook",
        "onerror",
        "onexc",
        "parse_constant",
        "parse_float",
        "parse_int",
    ]
)

# Those of one function that no other has.
GIVEN_BY_NAME = frozenset([("argparse.ArgumentParser.add_argument", "type")])


def _is_parameter(row: Row, name: str) -> bool:
    return name in strings(row, "params") or name in HOOKS


def _type_problems(key: str, row: Row) -> list[str]:
    found = _unknown_keys(key, row, TYPE_KEYS) + _not_strings(
        key, row, "bases", "aliases", "kinds", "calls_own", "runs", "meets"
    )
    for name in PROTOCOLS & set(row):
        protocol = cast("Row", row[name])
        found += _unknown_keys(f"{key} {name}", protocol, {"raises", "returns", "yields", "takes"})
        found += _not_strings(f"{key} {name}", protocol, "raises")
        if "raises" not in protocol:
            found.append(f"{key} {name}: raises is missing")
    for name in ("attributes", "operators"):
        value = row.get(name, {})
        if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
            found.append(f"{key}: {name} is no table of strings")
    return found


def _condition_problems(key: str, entry: Row) -> list[str]:
    found = []
    arg = entry.get("arg")
    if not (
        isinstance(arg, str) or (isinstance(arg, list) and arg and all(isinstance(name, str) for name in arg))
    ):
        found.append(f"{key}: a condition without arg")
    word = text(entry, "is")
    if not word and not isinstance(entry.get("value"), list):
        found.append(f"{key}: a condition without is or value")
    if word and word not in CONDITION_WORDS and not word.startswith(TYPE_TESTS):
        found.append(f"{key}: unknown condition {word!r}")
    return found


def _unknown_keys(key: str, row: Row, known: set[str]) -> list[str]:
    return [f"{key}: unknown {name!r}" for name in sorted(set(row) - known)]


def _not_strings(key: str, row: Row, *names: str) -> list[str]:
    return [
        f"{key}: {name} is no list of strings"
        for name in names
        if name in row
        and not (isinstance(row[name], list) and all(isinstance(entry, str) for entry in strings(row, name)))
    ]


def raised(row: Row) -> Iterator[str]:
    """Yield every exception name of a row, conditions and operations of a type included."""
    yield from strings(row, "raises")
    yield from strings(row, "mistyped")
    for entry in tables(row, "when"):
        yield from strings(entry, "raises")
    for name in PROTOCOLS & set(row):
        yield from strings(cast("Row", row[name]), "raises")


def here(row: Row) -> bool:
    """Whether a row speaks of a name that this version of Python has."""
    low, high = text(row, "min_python"), text(row, "max_python")
    version = sys.version_info[:2]
    return (not low or version >= _version(low)) and (not high or version <= _version(high))


def _version(written: str) -> tuple[int, int]:
    major, minor = written.split(".")
    return int(major), int(minor)


def bases_here(row: Row) -> list[str]:
    """Return the bases of an exception on this version of Python."""
    for version, bases in cast("dict[str, list[str]]", row.get("bases_before", {})).items():
        if sys.version_info[:2] < _version(version):
            return bases
    return strings(row, "bases")


def checkable(key: str, row: Row) -> bool:
    """Whether a row speaks of something that this interpreter has to have."""
    name = bare(key)
    top = name.split(".")[0]
    if (
        key.startswith(("op:", "requires:", "*."))
        or not here(row)
        or name in ELSEWHERE_NAMES
        or top in ELSEWHERE
        or name.startswith(tuple(f"{entry}." for entry in ELSEWHERE))
    ):
        return False
    if (
        name in PSEUDO_TYPES
        or name.startswith(MADE_TYPES)
        or (name.startswith("json.") and not _is_module_name(key, name))
    ):
        return False
    owner = ALL.get(f"type:{name.rpartition('.')[0]}")
    if owner is not None and not here(owner):
        return False
    return top in sys.stdlib_module_names or hasattr(builtins, top) or top == "file"


def _is_module_name(key: str, name: str) -> bool:
    """Whether ``json.x`` means the module: the rows of decoded data stand in types.toml."""
    return key in ROWS[KNOWLEDGE / "modules" / "json.toml"] and name.startswith("json.")


# A type of which it is known how its object was made: without pipes, with options that have no value, the thread that asks.
_OF_A_STATE = re.compile(r"\.(silent|bare|other)$")


def find(key: str, row: Row) -> object | None:
    """Find what a row speaks of; a property or data descriptor counts."""
    name = bare(key)
    found = resolve(name)
    if found is None and key.startswith("type:"):
        plain = _OF_A_STATE.sub("", name.removesuffix(".text").removesuffix(".lenient"))
        found = resolve(plain) if plain != name else None
    if found is None and row.get("never_returns") and name in SITE_NAMES:
        return object()
    return found


def resolve(name: str) -> object | None:
    """Import as much of a dotted name as possible and look the rest up; None when there is no such thing."""
    for hidden, found in HIDDEN.items():
        if name == hidden and isinstance(found, type):
            return found
        if name.startswith(hidden + "."):
            return _attributes(found, name[len(hidden) + 1 :].split("."))
    found_plain = _resolve_plainly(name)
    return _resolve_plainly(re.sub(r"\.(text|lenient)\.", ".", name)) if found_plain is None else found_plain


def _resolve_plainly(name: str) -> object | None:
    parts = name.split(".")
    if hasattr(builtins, parts[0]) and parts[0] not in ("copyright",):
        found_builtin = _attributes(getattr(builtins, parts[0]), parts[1:])
        if found_builtin is not None:
            return found_builtin
    for cut in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        return _attributes(module, parts[cut:])
    return None


def _attributes(start: object, parts: list[str]) -> object | None:
    found: object | None = start
    with warnings.catch_warnings():  # what a newer Python is going to remove is there meanwhile
        warnings.simplefilter("ignore", DeprecationWarning)
        for part in parts:
            found = getattr(found, part, None)
    return found


def exception_class(name: str) -> type[BaseException]:
    """Return the class; a tuple of classes (``dbm.error``) stands for its first."""
    found = resolve(name)
    if isinstance(found, tuple):
        found = found[0]
    assert isinstance(found, type), name
    assert issubclass(found, BaseException), name
    return found


def keywords(function: object) -> set[str] | None:
    """Return the names of all parameters; None when anything goes or the signature is not known."""
    signature = _signature(function)
    if signature is None:
        return None
    if any(each.kind is each.VAR_KEYWORD for each in signature.parameters.values()):
        return None
    return set(signature.parameters)


def positional(function: object) -> list[str] | None:
    """Return the positional parameters but ``self``, those without a keyword as ``/``; None when not known."""
    signature = _signature(function)
    if signature is None or any(each.kind is each.VAR_POSITIONAL for each in signature.parameters.values()):
        return None
    names = [
        POSITIONAL_ONLY if each.kind is each.POSITIONAL_ONLY else each.name
        for each in signature.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    return names[1:] if "self" in list(signature.parameters)[:1] else names


def _signature(function: object) -> inspect.Signature | None:
    if not callable(function) or any(function is hidden for hidden in HIDDEN.values()):
        return None  # a hidden class is not called: the function of its name is, which has none
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):  # a function written in C without a signature
        return None
    except AttributeError:  # select.poll on 3.13: the default value cannot be looked up (a fault of inspect)
        return None


def condition_arguments(row: Row) -> Iterator[str]:
    """Yield the argument names that the conditions of a row speak of."""
    for entry in tables(row, "when"):
        for condition in [entry, *tables(entry, "unless"), *tables(entry, "also")]:
            arg = condition["arg"]
            yield from [arg] if isinstance(arg, str) else cast("list[str]", arg)


# -- live ----------------------------------------------------------------------------------------------------

NOWHERE = "/nonexistent/folder/file.txt"


def _damaged_gzip() -> object:
    return gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"text" * 100)[:-12])).read()


def _config(body: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read_string(body)
    return parser


def _full_queue() -> queue.Queue[int]:
    full: queue.Queue[int] = queue.Queue(1)
    full.put(1)
    return full


def _run(*code: str, **options: object) -> object:
    return subprocess.run([sys.executable, "-c", *code], **options)  # type: ignore[call-overload]  # a table of calls


def _query(statement: str, *, cursor: bool = False) -> sqlite3.Cursor:
    """Closes its connection: from 3.13 on, sqlite3 warns of one that is left open, in whatever test runs by then."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        return (connection.cursor() if cursor else connection).execute(statement)


def _closed_socket() -> socket.socket:
    closed = socket.socket()
    closed.close()
    return closed


def _undecodable_file() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8")


ETREE = "xml.etree.ElementTree"

# One row per fact: the row of the knowledge base, and a call with bad input that must raise what the row says.
FAILING: list[tuple[str, Action]] = [
    ("int", lambda: int("x")),
    ("int", lambda: int("1.5")),
    ("int", lambda: int(cast("str", None))),
    ("int", lambda: int(cast("str", json.loads("[1]")))),
    ("float", lambda: float("1,5")),
    ("float", lambda: float(cast("str", json.loads("{}")))),
    ("chr", lambda: chr(-1)),
    ("open", lambda: Path(NOWHERE).open()),  # noqa: SIM115
    ("next", lambda: next(iter(()))),
    ("getattr", lambda: getattr(object(), "name")),  # noqa: B009
    ("max", lambda: max([])),
    ("min", lambda: min(())),
    ("len", lambda: len(cast("str", None))),
    ("sorted", lambda: sorted(cast("list[int]", None))),
    ("bytes", lambda: bytes("á", "ascii")),
    ("str", lambda: str(b"\xff", "utf-8")),
    ("str.encode", lambda: "á".encode("ascii")),
    ("str.index", lambda: "abc".index("x")),
    ("str.format", lambda: "{a}".format(**json.loads("{}"))),
    ("str.format", lambda: "".join("{1}").format("x")),
    ("str.format_map", lambda: "{a}".format_map({})),
    ("str.join", lambda: ",".join(json.loads("[1]"))),
    ("bytes.decode", lambda: b"\xff".decode()),
    ("bytes.fromhex", lambda: bytes.fromhex("zz")),
    ("bytes.index", lambda: b"a".index(b"x")),
    ("int.to_bytes", lambda: (300).to_bytes(1, "big")),
    ("float.fromhex", lambda: float.fromhex("x")),
    ("list.index", lambda: [1].index(2)),
    ("list.remove", lambda: [1].remove(2)),
    ("list.pop", lambda: cast("list[int]", []).pop()),
    ("tuple.index", lambda: (1,).index(2)),
    ("dict.pop", lambda: cast("dict[str, int]", {}).pop("k")),
    ("dict.popitem", lambda: {}.popitem()),
    ("set.remove", lambda: cast("set[int]", set()).remove(1)),
    ("set.pop", lambda: set().pop()),
    ("type:dict", lambda: cast("dict[str, int]", {})["k"]),
    ("type:list", lambda: [][0]),
    ("type:str", lambda: ""[0]),
    ("type:json", lambda: json.loads("1")["k"]),
    ("type:json", lambda: json.loads("{}")["k"]),
    ("type:json", lambda: json.loads("[]")[0]),
    ("type:json", lambda: list(json.loads("1"))),
    ("json.get", lambda: json.loads("[]").get("k")),
    ("file.text.read", lambda: _undecodable_file().read()),
    ("file.text.readline", lambda: _undecodable_file().readline()),
    ("type:file.text", lambda: list(_undecodable_file())),
    ("file.text.write", lambda: io.TextIOWrapper(io.BytesIO(), encoding="ascii").write("á")),
    ("op:division", lambda: 1 / len("")),
    ("op:modulo-number", lambda: 1 % len("")),
    ("op:percent-format", lambda: ("%" + "d") % "x"),
    ("op:percent-format", lambda: ("%" + "y") % 1),
    ("op:format-spec", lambda: format("text", ".2f")),
    ("op:format-none", lambda: format(None, ".2f")),
    ("op:compare-json", lambda: json.loads("null") < 3),
    ("op:arithmetic-json", lambda: json.loads('"1"') + 1),
    ("op:contains-json", lambda: "k" in json.loads("1")),
    ("op:iterate-none", lambda: list(cast("str", None))),
    ("op:power", lambda: 9.0 ** (1000 * len("x"))),
    ("op:power-zero", lambda: 0.0 ** -len("x")),
    ("op:shift", lambda: 1 << -len("x")),
    ("op:attribute-none", lambda: cast("str", None).strip()),
    ("json.loads", lambda: json.loads("{")),
    ("json.loads", lambda: json.loads(b"\xff\xff")),
    ("json.loads", lambda: json.loads(cast("str", None))),
    ("json.load", lambda: json.load(io.StringIO(""))),
    ("json.dumps", lambda: json.dumps(object())),
    ("json.dump", lambda: json.dump({1, 2}, io.StringIO())),
    ("json.JSONDecoder.raw_decode", lambda: json.JSONDecoder().raw_decode("x")),
    ("re.compile", lambda: re.compile("(")),
    ("re.search", lambda: re.search("[", "x")),
    ("re.search", lambda: re.search("x", cast("str", None))),
    ("re.sub", lambda: re.sub("x", r"\q", "x")),
    ("re.Pattern.sub", lambda: re.compile("x").sub(r"\9", "x")),
    ("re.Pattern.search", lambda: re.compile("x").search(cast("str", None))),
    ("re.Match.expand", lambda: cast("re.Match[str]", re.match("x", "x")).expand(r"\7")),
    ("datetime.datetime.strptime", lambda: datetime.datetime.strptime("x", "%Y")),
    ("datetime.datetime.strptime", lambda: datetime.datetime.strptime(cast("str", None), "%Y")),
    ("datetime.datetime.fromisoformat", lambda: datetime.datetime.fromisoformat("x")),
    ("datetime.date.fromisoformat", lambda: datetime.date.fromisoformat("2026-13-01")),
    ("datetime.datetime.fromtimestamp", lambda: datetime.datetime.fromtimestamp(1e30)),
    ("datetime.datetime.fromtimestamp", lambda: datetime.datetime.fromtimestamp(10**12)),
    ("datetime.datetime", lambda: datetime.datetime(2026, 2, 30)),
    ("datetime.datetime.replace", lambda: datetime.datetime(2026, 1, 31).replace(month=2)),
    ("datetime.timedelta", lambda: datetime.timedelta(days=10**12)),
    ("time.strptime", lambda: time.strptime("x", "%Y")),
    ("time.localtime", lambda: time.localtime(10**30)),
    ("time.sleep", lambda: time.sleep(cast("float", None))),
    ("time.mktime", lambda: time.mktime((10**12, 1, 1, 0, 0, 0, 0, 0, 0))),
    ("os.listdir", lambda: os.listdir(NOWHERE)),
    ("os.remove", lambda: os.remove(NOWHERE)),
    ("os.stat", lambda: os.stat(NOWHERE)),
    ("os.scandir", lambda: os.scandir(NOWHERE)),
    ("os.path.getsize", lambda: os.path.getsize(NOWHERE)),
    ("os.path.getmtime", lambda: os.path.getmtime(NOWHERE)),
    ("os.path.commonpath", lambda: os.path.commonpath(["/a", "b"])),
    ("os.rename", lambda: os.rename(NOWHERE, NOWHERE)),
    ("os.makedirs", lambda: os.makedirs(str(Path(__file__) / "x"))),
    ("os.get_terminal_size", lambda: os.get_terminal_size(-1)),
    ("type:os._Environ", lambda: os.environ["WORKERLOG_NO_SUCH_VARIABLE"]),
    ("os._Environ.pop", lambda: os.environ.pop("WORKERLOG_NO_SUCH_VARIABLE")),
    ("pathlib.Path.read_text", lambda: Path(NOWHERE).read_text()),
    ("pathlib.Path.stat", lambda: Path(NOWHERE).stat()),
    ("pathlib.Path.iterdir", lambda: list(Path(NOWHERE).iterdir())),
    ("pathlib.Path.glob", lambda: list(Path().glob(""))),
    ("pathlib.Path.resolve", lambda: Path(NOWHERE).resolve(strict=True)),
    ("pathlib.PurePath.relative_to", lambda: Path("/a").relative_to("/b")),
    ("pathlib.PurePath.with_name", lambda: Path("/a").with_name("")),
    ("pathlib.PurePath.with_suffix", lambda: Path("/a").with_suffix("x")),
    ("pathlib.PurePath.as_uri", lambda: Path("a").as_uri()),
    ("shutil.copy", lambda: shutil.copy(NOWHERE, NOWHERE)),
    ("shutil.rmtree", lambda: shutil.rmtree(NOWHERE)),
    ("shutil.disk_usage", lambda: shutil.disk_usage(NOWHERE)),
    ("shutil.unpack_archive", lambda: shutil.unpack_archive(__file__, format="nonsense")),
    ("subprocess.run", lambda: subprocess.run([NOWHERE], check=False)),
    ("subprocess.run", lambda: subprocess.run([sys.executable, "a\0b"], check=False)),
    ("subprocess.run", lambda: _run("raise SystemExit(3)", check=True)),
    (
        "subprocess.run",
        lambda: _run("import time; time.sleep(9)", timeout=0.02),
    ),
    (
        "subprocess.run",
        lambda: _run(r"import os; os.write(1, b'\xff')", capture_output=True, encoding="utf-8"),
    ),
    (
        "subprocess.check_output",
        lambda: subprocess.check_output([sys.executable, "-c", "raise SystemExit(3)"]),
    ),
    (
        "subprocess.CompletedProcess.check_returncode",
        lambda: subprocess.CompletedProcess([], 1).check_returncode(),
    ),
    ("random.choice", lambda: random.choice([])),
    ("random.sample", lambda: random.sample([1], 2)),
    ("random.randint", lambda: random.randint(2, 1)),
    ("urllib.request.urlopen", lambda: urllib.request.urlopen("nonsense")),
    ("urllib.request.urlopen", lambda: urllib.request.urlopen("file:///nonexistent/x")),
    ("urllib.request.Request", lambda: urllib.request.Request("nonsense")),
    ("urllib.parse.urlparse", lambda: urllib.parse.urlparse("http://[::1")),
    ("urllib.parse.parse_qs", lambda: urllib.parse.parse_qs("a", strict_parsing=True)),
    ("http.client.HTTPConnection", lambda: http.client.HTTPConnection("host:port")),
    ("socket.inet_aton", lambda: socket.inet_aton("x")),
    ("socket.socket.send", lambda: _closed_socket().send(b"x")),
    ("socket.socket.accept", lambda: _closed_socket().accept()),
    ("socket.getservbyname", lambda: socket.getservbyname("no such service")),
    ("select.select", lambda: select.select([-1], [], [], 0)),
    ("sqlite3.connect", lambda: sqlite3.connect(NOWHERE)),
    ("sqlite3.Connection.execute", lambda: _query("SELECT * FROM missing")),
    ("sqlite3.Cursor.execute", lambda: _query("nonsense", cursor=True)),
    ("queue.Queue.get_nowait", lambda: queue.Queue[int]().get_nowait()),
    ("queue.Queue.get", lambda: queue.Queue[int]().get(timeout=0.001)),
    ("queue.Queue.get", lambda: queue.Queue[int]().get(block=False)),
    ("queue.Queue.put_nowait", lambda: _full_queue().put_nowait(2)),
    ("threading.BoundedSemaphore.release", lambda: threading.BoundedSemaphore().release()),
    ("threading.Lock.release", lambda: threading.Lock().release()),
    ("base64.b64decode", lambda: base64.b64decode("a")),
    ("base64.b64decode", lambda: base64.b64decode("á")),
    ("base64.b32decode", lambda: base64.b32decode("x")),
    ("base64.b85decode", lambda: base64.b85decode(b"~~~~~")),
    ("binascii.unhexlify", lambda: binascii.unhexlify("zz")),
    ("struct.unpack", lambda: struct.unpack("<I", b"x")),
    ("struct.pack", lambda: struct.pack("<B", 300)),
    ("struct.calcsize", lambda: struct.calcsize("?q@")),
    ("csv.Sniffer.sniff", lambda: csv.Sniffer().sniff("")),
    ("csv.get_dialect", lambda: csv.get_dialect("nonsense")),
    ("type:csv.reader", lambda: list(csv.reader(_undecodable_file()))),
    ("math.sqrt", lambda: math.sqrt(-1)),
    ("math.log", lambda: math.log(0)),
    ("math.exp", lambda: math.exp(1000)),
    ("math.pow", lambda: math.pow(10.0, 400)),
    ("math.factorial", lambda: math.factorial(-1)),
    ("statistics.mean", lambda: statistics.mean([])),
    ("statistics.stdev", lambda: statistics.stdev([1])),
    ("decimal.Decimal", lambda: decimal.Decimal("x")),
    ("fractions.Fraction", lambda: fractions.Fraction("x")),
    ("fractions.Fraction", lambda: fractions.Fraction(1, 0)),
    ("collections.deque.popleft", lambda: collections.deque[int]().popleft()),
    ("collections.OrderedDict.move_to_end", lambda: collections.OrderedDict[str, int]().move_to_end("k")),
    ("heapq.heappop", lambda: heapq.heappop(cast("list[int]", []))),
    ("configparser.RawConfigParser.get", lambda: _config("[a]\nb = 1").get("a", "c")),
    ("configparser.RawConfigParser.get", lambda: _config("[a]\nb = 1").get("x", "c")),
    ("configparser.RawConfigParser.getint", lambda: _config("[a]\nb = x").getint("a", "b")),
    ("configparser.RawConfigParser.read_string", lambda: _config("b = 1")),
    ("type:configparser.RawConfigParser", lambda: _config("[a]")["x"]),
    ("zipfile.ZipFile", lambda: zipfile.ZipFile(io.BytesIO(b"x"))),
    ("tarfile.open", lambda: tarfile.open(fileobj=io.BytesIO(b"x"))),  # noqa: SIM115
    ("gzip.decompress", lambda: gzip.decompress(b"text")),
    ("gzip.decompress", lambda: gzip.decompress(gzip.compress(b"text")[:-4])),
    ("gzip.GzipFile.read", _damaged_gzip),
    ("bz2.decompress", lambda: bz2.decompress(b"text")),
    ("lzma.decompress", lambda: lzma.decompress(b"text")),
    ("zlib.decompress", lambda: zlib.decompress(b"text")),
    (f"{ETREE}.fromstring", lambda: ElementTree.fromstring("<a>")),
    (f"{ETREE}.parse", lambda: ElementTree.parse(NOWHERE)),
    (f"{ETREE}.Element.find", lambda: ElementTree.fromstring("<a/>").find("/b")),
    ("uuid.UUID", lambda: uuid.UUID("x")),
    ("string.Template.substitute", lambda: string.Template("$a").substitute()),
    ("string.Template.substitute", lambda: string.Template("$").substitute()),
    ("unicodedata.name", lambda: unicodedata.name("\0")),
    ("unicodedata.lookup", lambda: unicodedata.lookup("no such character")),
    ("locale.setlocale", lambda: locale.setlocale(locale.LC_ALL, "no such locale")),
    ("locale.atoi", lambda: locale.atoi("x")),
    ("pickle.loads", lambda: pickle.loads(b"")),
    ("pickle.loads", lambda: pickle.loads(b"x")),
    ("pickle.dumps", lambda: pickle.dumps(lambda: 1)),
    ("pickle.dumps", lambda: pickle.dumps(threading.Lock())),
    ("ast.parse", lambda: ast.parse("(")),
    ("ast.literal_eval", lambda: ast.literal_eval("f()")),
    ("shlex.split", lambda: shlex.split("'")),
    ("calendar.monthrange", lambda: calendar.monthrange(2026, 13)),
    ("ipaddress.ip_address", lambda: ipaddress.ip_address("x")),
    ("codecs.lookup", lambda: codecs.lookup("no such codec")),
    ("importlib.import_module", lambda: importlib.import_module("no_such_module_of_ours")),
    ("hashlib.new", lambda: hashlib.new("no such hash")),
]

# One row per fact: the row, and a call with good input whose value must be of the type that the row names.
RETURNING: list[tuple[str, Action]] = [
    ("abs", lambda: abs(-1)),
    ("chr", lambda: chr(65)),
    ("divmod", lambda: divmod(7, 2)),
    ("int", lambda: int("1")),
    ("float", lambda: float("1")),
    ("len", lambda: len("x")),
    ("list", lambda: list("x")),
    ("open", lambda: (Path(__file__)).open()),  # noqa: SIM115
    ("range", lambda: range(2)),
    ("repr", lambda: repr(1)),
    ("sorted", lambda: sorted("ba")),
    ("str.split", lambda: os.sep.split("x")),
    ("str.partition", lambda: "a b".partition(" ")),
    ("str.find", lambda: "a".find("a")),
    ("str.encode", lambda: os.sep.encode()),
    ("bytes.decode", lambda: b"a".decode()),
    ("bytes.strip", lambda: b"a".strip()),
    ("bytes.split", lambda: b"a".split()),
    ("list.copy", lambda: [1].copy()),
    ("list.count", lambda: [1].count(1)),
    ("json.dumps", lambda: json.dumps({})),
    ("re.compile", lambda: re.compile("x")),
    ("re.search", lambda: re.search("x", "y")),
    ("re.findall", lambda: re.findall("x", "xx")),
    ("re.subn", lambda: re.subn("x", "y", "x")),
    ("re.Match.group", lambda: cast("re.Match[str]", re.match("x", "x")).group()),
    ("os.getcwd", os.getcwd),
    ("os.getenv", lambda: os.getenv("WORKERLOG_NO_SUCH_VARIABLE")),
    ("os._Environ.get", lambda: os.environ.get("WORKERLOG_NO_SUCH_VARIABLE")),
    ("os._Environ.copy", lambda: os.environ.copy()),
    ("os.listdir", lambda: os.listdir(".")),
    ("os.stat", lambda: os.stat(".")),
    ("os.path.join", lambda: os.path.join("a", "b")),
    ("os.path.exists", lambda: os.path.exists("a\0b")),
    ("os.path.splitext", lambda: os.path.splitext("a.b")),
    ("os.path.getmtime", lambda: os.path.getmtime(__file__)),
    ("os.cpu_count", os.cpu_count),
    ("os.getpid", os.getpid),
    ("os.scandir", lambda: os.scandir(".")),
    ("pathlib.Path", lambda: Path()),
    ("pathlib.Path.absolute", lambda: Path().absolute()),
    ("pathlib.Path.exists", lambda: Path(NOWHERE).exists()),
    ("pathlib.Path.read_text", lambda: Path(__file__).read_text(encoding="utf-8")),
    ("pathlib.Path.stat", lambda: Path().stat()),
    ("pathlib.PurePath.with_suffix", lambda: Path("a").with_suffix(".b")),
    ("time.time", time.time),
    ("time.localtime", time.localtime),
    ("time.strftime", lambda: time.strftime("%Y")),
    ("datetime.datetime.now", datetime.datetime.now),
    ("datetime.datetime.date", lambda: datetime.datetime.now().date()),
    ("datetime.datetime.isoformat", lambda: datetime.datetime.now().isoformat()),
    ("datetime.datetime.timestamp", lambda: datetime.datetime.now().timestamp()),
    ("datetime.timedelta.total_seconds", lambda: datetime.timedelta(1).total_seconds()),
    ("datetime.date.today", datetime.date.today),
    ("datetime.datetime.timetuple", lambda: datetime.datetime.now().timetuple()),
    ("shutil.which", lambda: shutil.which("no such command")),
    ("shutil.get_terminal_size", shutil.get_terminal_size),
    ("shutil.disk_usage", lambda: shutil.disk_usage(".")),
    ("glob.glob", lambda: glob.glob("*")),
    ("random.random", random.random),
    ("random.sample", lambda: random.sample([1, 2], 1)),
    ("urllib.parse.urlparse", lambda: urllib.parse.urlparse("http://x/y?z")),
    ("urllib.parse.urlsplit", lambda: urllib.parse.urlsplit("http://x/y?z")),
    ("urllib.parse.quote", lambda: urllib.parse.quote("á")),
    ("urllib.parse.parse_qs", lambda: urllib.parse.parse_qs("a=b")),
    ("urllib.request.Request", lambda: urllib.request.Request("http://x")),
    ("socket.gethostname", socket.gethostname),
    ("sqlite3.connect", lambda: sqlite3.connect(":memory:")),
    ("sqlite3.Connection.execute", lambda: _query("SELECT 1")),
    ("hashlib.sha256", lambda: hashlib.sha256(b"x")),
    ("hashlib._Hash.hexdigest", lambda: hashlib.sha256(b"x").hexdigest()),
    ("base64.b64encode", lambda: base64.b64encode(b"x")),
    ("struct.unpack", lambda: struct.unpack("<B", b"x")),
    ("math.floor", lambda: math.floor(1.5)),
    ("math.sqrt", lambda: math.sqrt(4)),
    ("collections.Counter", lambda: collections.Counter("x")),
    ("collections.Counter.most_common", lambda: collections.Counter("x").most_common()),
    ("collections.deque", lambda: collections.deque([1])),
    ("configparser.RawConfigParser.sections", lambda: _config("[a]").sections()),
    ("csv.reader", lambda: csv.reader([])),
    ("io.StringIO.getvalue", lambda: io.StringIO("x").getvalue()),
    ("io.BytesIO.read", lambda: io.BytesIO(b"x").read()),
    ("html.escape", lambda: html.escape("<")),
    ("textwrap.wrap", lambda: textwrap.wrap("a b")),
    ("textwrap.dedent", lambda: textwrap.dedent(" a")),
    ("uuid.uuid4", uuid.uuid4),
    ("shlex.split", lambda: shlex.split("a b")),
    ("zlib.compress", lambda: zlib.compress(b"x")),
    ("zlib.decompressobj", zlib.decompressobj),
    ("tempfile.gettempdir", tempfile.gettempdir),
    ("decimal.Decimal", lambda: decimal.Decimal("1")),
    (f"{ETREE}.fromstring", lambda: ElementTree.fromstring("<a/>")),
    (f"{ETREE}.Element.find", lambda: ElementTree.fromstring("<a/>").find("b")),
    (f"{ETREE}.tostring", lambda: ElementTree.tostring(ElementTree.fromstring("<a/>"))),
    ("threading.current_thread", threading.current_thread),
    ("threading.Event.wait", lambda: threading.Event().wait(0)),
    ("queue.Queue", lambda: queue.Queue[int]()),
    ("subprocess.run", lambda: _run("pass")),
    ("subprocess.getoutput", lambda: subprocess.getoutput("")),
    ("unicodedata.normalize", lambda: unicodedata.normalize("NFC", "a")),
    ("itertools.pairwise", lambda: itertools.pairwise("ab")),
]


@pytest.mark.parametrize(("name", "action"), FAILING, ids=[f"{n}-{at}" for at, (n, _) in enumerate(FAILING)])
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_bad_input_raises_what_the_row_says(name: str, action: Action) -> None:
    stated = tuple(exception_class(each) for each in set(raised(ALL[name])))

    with pytest.raises(Exception) as caught:  # noqa: PT011 - which exceptions are right is what is checked below
        action()

    assert isinstance(caught.value, stated), f"[{name}] states {stated}, but {caught.value!r} was raised"


@pytest.mark.parametrize(("name", "action"), RETURNING, ids=[n for n, _ in RETURNING])
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_good_input_returns_the_type_that_the_row_names(name: str, action: Action) -> None:
    row = ALL[name]
    expressions = [cast("str", each["returns"]) for each in [row, *_whens(name)] if "returns" in each]

    value = action()

    assert any(_is_of(value, expression, name) for expression in expressions), (
        f"{value!r} is none of {expressions}"
    )
    with contextlib.suppress(AttributeError, TypeError, sqlite3.ProgrammingError):
        value.close()  # type: ignore[attr-defined]  # only some values have one


def test_a_false_row_is_noticed() -> None:
    """The checks above can fail: re.error is no ValueError, and text is no list."""
    assert exception_class("re.error") is re.error
    assert not issubclass(re.error, ValueError)
    assert not _is_of("text", "list[str]", "str.split")
    assert not _is_of(None, "str", "os.getenv")
    assert _is_of(None, "str?", "os.getenv")


def _whens(name: str) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", ALL[name].get("when", []))


def _is_of(value: object, expression: str, name: str) -> bool:
    """Whether a value is of the type at the head of an expression."""
    if value is None:
        return expression.endswith("?")
    head = type_names(expression)[0]
    if head == "self":
        head = name.rpartition(".")[0]
    if head.startswith(PLACEHOLDERS):
        return True
    if head == "iterator":
        return hasattr(value, "__next__") or hasattr(value, "__iter__")
    if head == "float" and isinstance(value, int):
        return True
    head = _OF_A_STATE.sub("", head)
    found = HIDDEN.get(head) or resolve(head)
    return isinstance(found, type) and isinstance(value, found)
