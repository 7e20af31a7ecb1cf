"""Functions that do nothing but compute, tried on samples of what they are given.

Input: a function and values. Output: the row of the operation when it refuses some of the samples; only that it fails for the
kind counts, not what it gives.
"""

from __future__ import annotations

import ast
import builtins
import collections
import copy
import csv
import datetime
import decimal
import fractions
import importlib.util
import itertools
import operator
import os
import pathlib
import pkgutil
import posixpath
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.values import Type, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.program import ClassInfo
    from workerlog_migrate.knowledge import CallRow

OF_CODE = ("function", "method")  # without arguments: what is called is tried as what it is


class Stream:
    """What stands for a generator: it is gone through once, and has neither length, places nor operators.

    Args:
        items: what it gives.
    """

    def __init__(self, items: list[object]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        if not self._items:
            raise StopIteration
        return self._items.pop(0)

    def __repr__(self) -> str:
        return f"Stream({self._items})"


SAMPLES: dict[str, object] = {
    "bool": True,
    "bytearray": bytearray(b"ab"),
    "bytes": b"ab",
    "complex": 1j,
    "datetime.date": datetime.date(2024, 2, 3),
    "datetime.datetime": datetime.datetime(2024, 2, 3),  # only its kind matters
    "datetime.timedelta": datetime.timedelta(1),
    "decimal.Decimal": decimal.Decimal(2),
    "dict": {"a": 1},
    "float": 2.0,
    "fractions.Fraction": fractions.Fraction(2),
    "frozenset": frozenset({1}),
    **dict.fromkeys(OF_CODE, len),
    "generator": Stream([]),
    "int": 2,
    "list": [1],
    "pathlib.Path": pathlib.Path("a"),
    "range": range(2),
    "set": {1},
    "slice": slice(0, 1),
    "str": "ab",
    "tuple": (1,),
}
_BUILTINS = frozenset(
    "abs all any bool bytearray bytes chr complex dict divmod enumerate float frozenset hash int isinstance iter len list"  # noqa: SIM905  # a list of words
    " max min ord pow range reversed round set sorted sum tuple zip".split()
)
_TYPES: tuple[type, ...] = (str, bytes, list, dict, set, tuple, int, float)
LIBRARY: dict[str, Callable[..., object]] = {
    "isinstance": isinstance,
    "open": lambda file, mode="r", buffering=-1, encoding="", errors="", newline="": (
        file if isinstance(file, int) else os.fspath(file),
        operator.index(buffering),
        [_text(each) for each in (mode, encoding, errors, newline)],
    ),
    "time.sleep": lambda seconds: seconds if isinstance(seconds, float) else float(operator.index(seconds)),
    "io.StringIO.write": lambda _, text: _text(text),
    "io.StringIO.writelines": lambda _, lines: [_text(line) for line in lines],
    "io.BytesIO.write": lambda _, data: memoryview(data),
    "io.BytesIO.writelines": lambda _, lines: [memoryview(line) for line in lines],
    "file.text.write": lambda _, text: _text(text),
    "file.text.writelines": lambda _, lines: [_text(line) for line in lines],
    "file.bytes.write": lambda _, data: memoryview(data),
    "file.bytes.writelines": lambda _, lines: [memoryview(line) for line in lines],
    **dict.fromkeys(
        (
            "os.listdir",
            "os.remove",
            "os.unlink",
            "os.mkdir",
            "os.makedirs",
            "os.rmdir",
            "os.rename",
            "os.replace",
            "os.path.exists",
            "os.path.isfile",
            "os.path.isdir",
            "os.path.getsize",
            "os.path.getmtime",
            "os.stat",
            "os.scandir",
            "os.walk",
            "os.path.abspath",
            "os.path.dirname",
            "os.path.expanduser",
            "shutil.rmtree",
        ),
        lambda *names: [each if isinstance(each, int) else os.fspath(each) for each in names],
    ),
    "os.path.join": posixpath.join,
    "os.path.basename": posixpath.basename,
    "os.path.splitext": posixpath.splitext,
    "pathlib.Path": pathlib.PurePosixPath,
    "getattr": lambda _, name, *_default: _text(name),
    "hasattr": lambda _, name: _text(name),
    "setattr": lambda _, name, _value: _text(name),
    "re.findall": lambda pattern, text: re.findall(_simple(pattern), text),
    "re.search": lambda pattern, text: re.search(_simple(pattern), text),
    "re.match": lambda pattern, text: re.match(_simple(pattern), text),
    "re.fullmatch": lambda pattern, string, flags=0: re.fullmatch(_simple(pattern), string, flags),
    "re.split": lambda pattern, string, maxsplit=0, flags=0: re.split(
        _simple(pattern), string, maxsplit=maxsplit, flags=flags
    ),
    **dict.fromkeys(
        ("re.sub", "re.subn"),
        lambda pattern, repl, string, count=0, flags=0: re.sub(
            _simple(pattern), repl, string, count=count, flags=flags
        ),
    ),
    "pow": lambda base, exp, mod=None: (
        None if mod is None and isinstance(base, int) and isinstance(exp, int) else pow(base, exp, mod)
    ),
    "fractions.Fraction": lambda numerator=0, denominator=None: fractions.Fraction(
        _plain_number(numerator), denominator
    ),
    "struct.pack": lambda format, *each: struct.pack(  # noqa: A006  # the name of its parameter
        re.sub(r"\d{4,}", "1", format) if isinstance(format, str) else format, *each
    ),
}
"""What stands for functions that do more than compute, or for which a short text or number of the script's choice is enough to
work or allocate for hours (``fractions.Fraction("1e999999999")``), which no signal ends: it refuses the same kinds."""
_NOT_TRIED = frozenset({"str.format", "str.format_map"})
_ANYTHING: tuple[object, ...] = ("ab", 2, b"ab", [1], ["a"], {"a": 1}, 2.0)
_MOST_UNKNOWN = 2
_MOST_SAMPLES = 4
_MOST_TRIES = 24
_MOST_ITEMS = 8
_MOST_KEPT = 4_000
_SMALL = 1_000
_SHORT = 60


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _simple(pattern: object) -> Any:
    """Give a pattern that is found in linear time in place of the script's own, of the same kind."""
    return "a" if isinstance(pattern, str) else b"a" if isinstance(pattern, bytes) else pattern


def _plain_number(number: object) -> Any:
    """Give a short number in place of one that is written as a text, which may stand for a billion digits."""
    return "1" if isinstance(number, str) else number


def functions() -> dict[str, Callable[..., object]]:
    """Return what is tried, by the name of its row: builtins, methods of builtin types, some of the library."""
    found: dict[str, Callable[..., object]] = {name: getattr(builtins, name) for name in sorted(_BUILTINS)}
    for kind in _TYPES:
        for name in dir(kind):
            full = f"{kind.__name__}.{name}"
            if not name.startswith("__") and full not in _NOT_TRIED:
                found[full] = getattr(kind, name)
    return found | LIBRARY


_FUNCTIONS = functions()


def is_tried(row: CallRow) -> bool:
    """Whether a function is tried on samples: one of ours stands for it, or it does nothing but compute."""
    return row.name in _FUNCTIONS or "computes" in row.marks


def function_of(row: CallRow) -> Callable[..., object] | None:
    """Return what is tried for a row; of the standard library only what its row says to compute is ever called."""
    if row.name in _FUNCTIONS:
        return _FUNCTIONS[row.name]
    if "computes" not in row.marks:
        return None
    found: Callable[..., object] = pkgutil.resolve_name(row.name)
    return found


def refused(function: Callable[..., object], given: list[tuple[str, list[object]]]) -> str:
    """Say by which operation's row a function refuses some of the samples that it is given.

    Args:
        function: what is tried.
        given: per argument, in order, the receiver first, its keyword or an empty text, and its samples. One without any may be
            whatever the function takes; if nothing is found that it takes with the others, nothing is said.

    Returns:
        The name of the row; empty when it takes all of them.
    """
    unknown = [at for at, (_, each) in enumerate(given) if not each]
    if len(unknown) > _MOST_UNKNOWN:
        return ""
    found, is_taken = "", not unknown
    for arguments in itertools.islice(itertools.product(*(each or [None] for _, each in given)), _MOST_TRIES):
        rules = set()
        for chosen in itertools.product(_ANYTHING, repeat=len(unknown)):
            filled = list(arguments)
            for at, each in zip(unknown, chosen, strict=True):
                filled[at] = each
            rules.add(_tried(function, [word for word, _ in given], filled))
            if "" in rules:
                break
        is_taken = is_taken or "" in rules
        if "" not in rules:
            found = found or min(rules)
    return found if is_taken else ""


_refused: dict[tuple[str, str], str] = {}


def refused_once(name: str, function: Callable[..., object], given: list[tuple[str, list[object]]]) -> str:
    """Say the same as `refused`, of samples that show all that they are: each is tried once a process.

    Args:
        name: of the function's row.
        function: what is tried.
        given: as for `refused`.

    Returns:
        As `refused`.
    """
    key = name, repr(given)
    known = _refused.get(key)
    if known is None:
        if len(_refused) >= _MOST_KEPT:
            _refused.clear()
        known = _refused[key] = refused(function, given)
    return known


# What its compression raises on Python 3.13; not every Python is built with it.
_OF_LZMA = (importlib.import_module("lzma").LZMAError,) if importlib.util.find_spec("_lzma") else ()


def _tried(function: Callable[..., object], words: list[str], arguments: list[object]) -> str:
    plain = [each for word, each in zip(words, arguments, strict=True) if not word]
    named = {word: each for word, each in zip(words, arguments, strict=True) if word}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = function(*copy.deepcopy(plain), **copy.deepcopy(named))
            if isinstance(made, Iterator):  # it asks for nothing before it goes on
                collections.deque(itertools.islice(made, _MOST_ITEMS), maxlen=0)
    except TypeError:
        return "op:kinds"
    except AttributeError:
        return "op:kinds-attribute"
    except OverflowError:
        return "op:huge"
    except (
        ArithmeticError,
        AssertionError,
        LookupError,
        ValueError,
        RuntimeError,
        EOFError,
        OSError,
        csv.Error,
        re.error,
        struct.error,
        zlib.error,
        *_OF_LZMA,
    ):
        return ""  # that hangs on the very value, which a sample does not tell
    return ""


def samples(
    value: Value, depth: int = 0, own: Callable[[ClassInfo], list[object]] | None = None
) -> list[object]:
    """Return some values like the alternatives of a value; none for what has no sample.

    Args:
        value: the alternatives.
        depth: how many containers they lie in.
        own: gives an instance of a class of the program; None: there is no sample of those.
    """
    found: list[object] = []
    for entry in sorted(value, key=lambda entry: entry.name):
        found.extend(_like(entry, depth, own))
    return found[:_MOST_SAMPLES]


def _like(entry: Type, depth: int, own: Callable[[ClassInfo], list[object]] | None) -> list[object]:
    if depth > 2:  # as deep as anyone looks
        return []
    if entry.kind is values.INSTANCE:
        return own(entry.class_info) if own is not None else []
    parts = [samples(part, depth + 1, own) for part in entry.args]
    if entry.is_huge:
        return [{"int": 10**400, "str": "1" * 400}.get(entry.name, 1e300)]
    match entry.name:
        case "None" if depth:
            return [None]
        case "list" | "iterator" | "generator" | "collections.deque":
            held = list(parts[0]) if parts else []
            held = held * 2 if len(held) == 1 else held  # one alone is compared with nothing
            return [Stream(held) if is_stream(entry) else held]
        case "set" | "frozenset":
            hashable = [part for part in parts[0] if _can_be_key(part)] if parts else []
            return [set(hashable) if entry.name == "set" else frozenset(hashable)]
        case "tuple":
            if not entry.has_length or not parts:
                return [tuple(parts[0]) if parts else ()]
            if not all(parts):
                return []
            return [tuple(part[0] for part in parts), tuple(part[-1] for part in parts)]
        case "dict" | "collections.defaultdict" | "collections.OrderedDict" | "collections.Counter":
            keys = [key for key in parts[0] if _can_be_key(key)] if parts else []
            items = parts[1] if len(parts) > 1 else []
            made: list[object] = [{key: item} for item in items for key in keys[:1]]
            made += [{key: items[0]} for key in keys[1:] if items]
            return made or [{}]
    return [SAMPLES[entry.name]] if entry.name in SAMPLES and entry.name not in OF_CODE else []


def is_stream(entry: Type) -> bool:
    """Whether an alternative is certainly gone through once: a generator, or an iterator of which it is known what it runs."""
    if entry.kind is values.GENERATOR:
        return True
    return entry.name == "iterator" and (entry.remembered is not None or entry.lazy is not None)


def _can_be_key(sample: object) -> bool:
    """Whether a sample has a hash: a tuple has one only if all in it have, and of what stands for a class it may fail."""
    try:
        hash(sample)
    except TypeError:
        return False
    return True


def constant(node: ast.expr) -> list[object] | None:
    """Return the value of a small literal, which stands for itself; None for anything else."""
    if not isinstance(node, ast.Constant) or node.value is None or node.value is ...:
        return None
    if isinstance(node.value, int | float) and abs(node.value) > _SMALL:
        return None
    if isinstance(node.value, str | bytes) and len(node.value) > _SHORT:
        return None
    return [node.value]
