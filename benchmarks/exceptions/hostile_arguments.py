"""Call what the knowledge base speaks of with hostile arguments, and compare what comes out with what is inferred.

For each row of the standard library whose callable can be called harmlessly a call that works is looked for; then one
argument after the other is varied, over values of each type that the parameter takes, over None, and over what
decoded JSON holds: empty, negative, not a number, with a NUL, a lone surrogate, unhashable, nested. Huge and infinite
numbers are tried where a number is seen to be passed: out of JSON, where nobody sends them, they would put an
``OverflowError`` into every list. What is raised has to be in the list that the analysis gives for the same call with arguments of these types; a call that the
analysis leaves unresolved narrows nothing and is counted apart.

Calls run in a process of their own, in a temporary folder, with limits of time and memory; one that kills or blocks it is
skipped and counted.

    python benchmarks/exceptions/hostile_arguments.py [--only PREFIX]... [--verbose]

The exit code is 1 when something came out that was not inferred.
"""

from __future__ import annotations

import argparse
import builtins
import functools
import importlib
import importlib.util
import inspect
import itertools
import json
import os
import random
import re
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[2]

sys.path.insert(0, str(Path(__file__).resolve().parent))

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import bounded  # noqa: E402  # the path is set above

# What can be called without harm: modules as a whole, and single functions of others.
MODULES = (
    *(
        "array",
        "ast",
        "base64",
        "binascii",
        "bisect",
        "bz2",
        "calendar",
        "cmath",
        "codecs",
        "collections",
        "colorsys",
    ),
    *(
        "configparser",
        "copy",
        "csv",
        "datetime",
        "decimal",
        "difflib",
        "email",
        "fnmatch",
        "fractions",
        "graphlib",
    ),
    *(
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "io",
        "ipaddress",
        "itertools",
        "json",
        "keyword",
        "lzma",
        "marshal",
        "math",
    ),
    *(
        "mimetypes",
        "ntpath",
        "operator",
        "pickle",
        "plistlib",
        "posixpath",
        "pprint",
        "quopri",
        "random",
        "re",
    ),
    *(
        "reprlib",
        "secrets",
        "shlex",
        "statistics",
        "string",
        "stringprep",
        "struct",
        "textwrap",
        "unicodedata",
    ),
    *("uuid", "zlib", "zoneinfo", "xml"),
)
FUNCTIONS = (
    *(
        "os.path.",
        "os.fspath",
        "os.fsdecode",
        "os.fsencode",
        "os.getenv",
        "os._Environ.",
        "os.stat",
        "os.lstat",
    ),
    *(
        "os.listdir",
        "os.scandir",
        "os.access",
        "os.readlink",
        "os.strerror",
        "os.environ.",
        "pathlib.PurePath.",
    ),
    *(
        "urllib.parse.",
        "time.localtime",
        "time.gmtime",
        "time.strftime",
        "time.strptime",
        "time.mktime",
        "time.ctime",
    ),
    *("time.asctime", "locale.atof", "locale.atoi", "locale.format_string", "locale.currency", "locale.str"),
    *(
        "functools.reduce",
        "functools.partial",
        "glob.glob",
        "gzip.compress",
        "gzip.decompress",
        "shutil.which",
    ),
    *(
        "str.",
        "bytes.",
        "bytearray.",
        "int.",
        "float.",
        "list.",
        "dict.",
        "set.",
        "frozenset.",
        "tuple.",
        "range.",
    ),
    *(
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "bytearray",
        "bytes",
        "callable",
        "chr",
        "complex",
        "dict",
        "divmod",
    ),
    *(
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "hash",
        "hex",
        "int",
        "isinstance",
        "iter",
        "len",
        "list",
    ),
    *(
        "map",
        "max",
        "min",
        "next",
        "oct",
        "ord",
        "pow",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "slice",
        "sorted",
    ),
    *("str", "sum", "tuple", "zip", "memoryview"),
    *(
        "socket.inet_aton",
        "socket.inet_ntoa",
        "socket.inet_pton",
        "socket.inet_ntop",
        "socket.htons",
        "socket.htonl",
    ),
    *(
        "socket.ntohs",
        "socket.ntohl",
    ),
)
# What these do reaches beyond the process, never ends, or is random by its nature.
HARMFUL = (
    *("codecs.open", "io.open", "io.open_code", "io.FileIO", "pickle.load", "pickle.loads", "marshal.load"),
    *(
        "pprint.pprint",
        "pprint.pp",
        "itertools.count",
        "itertools.cycle",
        "itertools.repeat",
        "bz2.open",
        "lzma.open",
    ),
    *(
        "hashlib.file_digest",
        "hashlib.scrypt",
        "hashlib.pbkdf2_hmac",
        "ast.dump",
        "mimetypes.init",
        "io.TextIOWrapper",
    ),
    *(
        "zoneinfo.reset_tzpath",
        "email.message_from_file",
        "math.perm",
        "math.comb",
        "math.factorial",
        "operator.pow",
    ),
    *(
        "operator.ipow",
        "email.utils.make_msgid",
        "email.utils.localtime",
        "random.seed",
        "re.purge",
        "re.error",  # constructors that no script calls with data
        "dict.__init__",
    ),
)

# Where text leaves the program: as a path, or encoded.
OUTWARD = ("os.", "open", "io.open", "pathlib.", "glob.", "shutil.", "str.encode", "socket.", "codecs.encode")

# Values of each type, as expressions; the first ones are those with which a call that works is looked for.
TEXTS = (
    *(
        "'a'",
        "''",
        "'1'",
        "'a b'",
        "'-1.5'",
        "'nan'",
        "'inf'",
        "'a\\0b'",
        "'\\ud800'",
        "'\\xe9\\u4e2d'",
        "'%d'",
        "'{0}'",
    ),
    *(
        "'{'",
        "'\\\\'",
        "'('",
        "'a' * 70",
        "'1' * 5000",
        "'2026-01-31'",
        "'http://[x'",
        "'/x'",
        "'utf-8'",
        "'=a'",
    ),
)
VALUES: dict[str, tuple[str, ...]] = {
    "str": TEXTS,
    "int": ("1", "0", "2", "-1", "10", "300", "2**31", "2**63", "-2**63", "2**70"),
    "float": ("1.5", "0.0", "-1.0", "float('nan')", "float('inf')", "-float('inf')", "1e308", "1e20"),
    "bool": ("True", "False"),
    "bytes": ("b'a'", "b''", "b'1'", "b'\\xff\\xfe'", "b'\\0'", "b'a' * 5000"),
    "list[str]": ("['a', 'b']", "[]", "['']", "['a\\0', '\\ud800']"),
    "list[int]": ("[1, 2]", "[]", "[0]", "[-1]", "[2**70]", "[300, 300]"),
    "list[float]": ("[1.5, 2.5]", "[]", "[0.0]", "[float('nan'), 1.0]", "[float('inf'), -float('inf')]"),
    "dict[str, int]": ("{'a': 1}", "{}"),
    "tuple[int, int]": ("(1, 2)", "(0, -1)"),
    "datetime.datetime": ("datetime.datetime(2026, 1, 31)", "datetime.datetime.max", "datetime.datetime.min"),
    "datetime.date": ("datetime.date(2026, 1, 31)", "datetime.date.max", "datetime.date.min"),
    "datetime.timedelta": (
        "datetime.timedelta(1)",
        "datetime.timedelta.max",
        "datetime.timedelta.min",
        "datetime.timedelta()",
    ),
    "decimal.Decimal": (
        "decimal.Decimal('1.5')",
        "decimal.Decimal(0)",
        "decimal.Decimal('NaN')",
        "decimal.Decimal('Infinity')",
    ),
    "pathlib.Path": ("pathlib.Path('a')", "pathlib.Path('/')", "pathlib.Path('')"),
}
JSON_VALUES = (
    *(
        "'a'",
        "''",
        "'1'",
        "'a\\0b'",
        "'\\ud800'",
        "1",
        "0",
        "-1",
        "300",
        "1.5",
        "float('nan')",
        "True",
        "None",
    ),
    *("[]", "[1]", "['a']", "[None]", "[[1]]", "[{}]", "{}", "{'a': 1}", "{'a': None}"),
)
# Objects on which methods are called, by the type that the row names.
RECEIVERS: dict[str, tuple[str, ...]] = {
    "str": ("'a b'", "''", "'%d {0}'", "'1'"),
    "bytes": ("b'a b'", "b''", "b'\\xff'"),
    "bytearray": ("bytearray(b'a b')", "bytearray()"),
    "int": ("1", "-1", "2**70"),
    "float": ("1.5", "float('nan')", "float('inf')"),
    "list": ("[1, 2]", "[]", "['a']"),
    "dict": ("{'a': 1}", "{}"),
    "set": ("{1}", "set()"),
    "frozenset": ("frozenset({1})",),
    "tuple": ("(1, 2)", "()"),
    "range": ("range(3)",),
    "datetime.datetime": ("datetime.datetime(2026, 1, 31)",),
    "datetime.date": ("datetime.date(2026, 1, 31)",),
    "datetime.time": ("datetime.time(1)",),
    "datetime.timedelta": ("datetime.timedelta(1)",),
    "decimal.Decimal": ("decimal.Decimal('1.5')", "decimal.Decimal('NaN')", "decimal.Decimal('sNaN')"),
    "fractions.Fraction": ("fractions.Fraction(1, 2)",),
    "collections.deque": ("collections.deque([1, 2])", "collections.deque()"),
    "collections.Counter": ("collections.Counter('ab')",),
    "collections.OrderedDict": ("collections.OrderedDict(a=1)",),
    "re.Pattern": ("re.compile('(a)')",),
    "re.Match": ("re.match('(a)(?P<n>b)?', 'a')",),
    "random.Random": ("random.Random(1)",),
    "string.Template": ("string.Template('$a ${b}')", "string.Template('$')"),
    "struct.Struct": ("struct.Struct('<I')",),
    "uuid.UUID": ("uuid.UUID(int=1)",),
    "pathlib.PurePath": ("pathlib.PurePath('a/b.c')", "pathlib.PurePath('')"),
    "os._Environ": ("os.environ",),
    "io.StringIO": ("io.StringIO('a\\nb')",),
    "io.BytesIO": ("io.BytesIO(b'a\\nb')",),
    "configparser.RawConfigParser": ("_config()",),
    "array.array": ("array.array('i', [1, 2])", "array.array('i')"),
    "xml.etree.ElementTree.Element": ("xml.etree.ElementTree.fromstring('<a><b/></a>')",),
    "ipaddress.IPv4Network": ("ipaddress.ip_network('10.0.0.0/30')",),
    "hashlib._Hash": ("hashlib.sha256(b'a')",),
    "email.message.Message": ("email.message.Message()",),
    "difflib.SequenceMatcher": ("difflib.SequenceMatcher(None, 'a', 'b')",),
}
# Parameters that take functions, classes or objects of the library: nobody passes data there.
NO_DATA = frozenset(
    {
        *(
            "cls",
            "object_hook",
            "object_pairs_hook",
            "parse_float",
            "parse_int",
            "parse_constant",
            "default",
            "key",
        ),
        *("policy", "dict_type", "converters", "interpolation", "isjunk", "charjunk", "linejunk"),
        *("buffer_callback", "fmt"),
    }
)
_CALL_SECONDS = 0.5
_ROW_SECONDS = 4.0
_BASELINES = 4000
_MIXED = 25
_OPTIONAL = 2
_KEYWORD = re.compile(r"([a-z_]\w*)=(?!=)(.*)", re.DOTALL | re.IGNORECASE)
_MEMORY = 1 << 30
_JSON = "json"


@dataclass
class Escape:
    """What came out of a call and was not inferred.

    Attributes:
        row: the name of the row.
        types: the types of the arguments, as annotations.
        exception: the class.
        sample: the call.
        names: what was inferred.
    """

    row: str
    types: tuple[str, ...]
    exception: str
    sample: str
    names: tuple[str, ...]


@dataclass
class Outcome:
    """The result of a run; ``escapes`` is empty when all is well."""

    rows: int = 0
    calls: int = 0
    kinds: int = 0
    unresolved: int = 0
    without_call: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    escapes: list[Escape] = field(default_factory=list)


# -- the rows ------------------------------------------------------------------------------------------------


def harmless_rows(only: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Return the parameters of each row that can be called, by its name."""
    knowledge = ROOT / "src" / "workerlog_migrate" / "knowledge"
    found: dict[str, list[str]] = {}
    paths = [
        knowledge / "builtins.toml",
        knowledge / "types.toml",
        *sorted((knowledge / "modules").glob("*.toml")),
    ]
    for path in paths:
        for name, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if ":" in name or name in HARMFUL or (only and not name.startswith(only)):
                continue
            whole = name.partition(".")[0] in MODULES
            single = any(name == each or (each.endswith(".") and name.startswith(each)) for each in FUNCTIONS)
            low, high = row.get("min_python", "3.0"), row.get("max_python", "3.99")
            here = _version(low) <= sys.version_info[:2] <= _version(high)
            if name.startswith("json.") and path.name == "types.toml":
                continue  # what decoded data is
            if (whole or single) and here and not row.get("awaitable") and not row.get("never_returns"):
                found[name] = list(row.get("params", []))
    return found


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


# -- the process that calls ----------------------------------------------------------------------------------


def serve(rows: dict[str, list[str]], skip: set[str], write: Callable[[dict[str, object]], None]) -> None:
    """Call each row and write what came out, one record for each kind of arguments."""
    bounded.prepare()
    for name, params in rows.items():
        write({"begin": name})
        owner, method = _owner(name)
        maker = None if owner else _find(name)
        if owner is None and (not callable(maker) or _needs_receiver(name)):
            write({"end": name, "note": "nothing to call it on"})
            continue
        receivers = RECEIVERS[owner] if owner is not None else ("",)
        template = f"r.{method}" if owner is not None else name
        random.seed(name)
        ends = time.monotonic() + _ROW_SECONDS
        function = _function(owner, maker, method)
        counts = _arity(function, owner, params)
        good = _try_row(name, template, receivers, counts, skip, ends, write)
        keywords = [
            word for word in _keywords(function, counts) if word not in NO_DATA and not word.startswith("_")
        ]
        _try_keywords(name, template, receivers, good[:_OPTIONAL], keywords, skip, write)
        write({"end": name})


def _try_row(
    name: str,
    template: str,
    receivers: tuple[str, ...],
    counts: range,
    skip: set[str],
    ends: float,
    write: Callable[[dict[str, object]], None],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    good = _baselines(name, template, receivers[0], counts, skip, write)
    if not good:
        write({"row": name, "note": "no call found that works"})
        return good
    done: set[tuple[str, ...]] = set()
    for types, texts in good:
        if types not in done:
            done.add(types)
            _vary(name, template, receivers, types, texts, None, "", skip, write)
        for at in range(len(types)):
            for kind in (*_kinds(name), f"{types[at]} | None", _JSON):
                changed = (*types[:at], kind, *types[at + 1 :])
                if time.monotonic() > ends:
                    return good
                if changed not in done:
                    done.add(changed)
                    _vary(name, template, receivers, changed, texts, at, kind, skip, write)
    return good


def _try_keywords(
    name: str,
    template: str,
    receivers: tuple[str, ...],
    good: list[tuple[tuple[str, ...], tuple[str, ...]]],
    keywords: list[str],
    skip: set[str],
    write: Callable[[dict[str, object]], None],
) -> None:
    """Pass one more argument by its name to the calls that work, one name after the other."""
    ends = time.monotonic() + _ROW_SECONDS / 2
    for types, texts in good:
        for word in keywords:
            for kind in (*_kinds(name), _JSON):
                if time.monotonic() > ends:
                    return
                changed = (*types, f"{word}={kind}")
                _vary(name, template, receivers, changed, (*texts, ""), len(types), kind, skip, write)


def _baselines(
    name: str,
    template: str,
    receiver: str,
    counts: range,
    skip: set[str],
    write: Callable[[dict[str, object]], None],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Find a few calls that work, of different numbers or types of arguments."""
    pool = [(kind, text) for kind in _kinds(name) for text in VALUES[kind][:4]]
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for count in counts:
        tried = 0
        choices: Iterator[tuple[tuple[str, str], ...]] = itertools.product(pool, repeat=count)
        if len(pool) ** count > _BASELINES:
            choices = (tuple(random.choice(pool) for _ in range(count)) for _ in range(_BASELINES))
        here = 0
        for combination in choices:
            tried += 1
            if tried > _BASELINES or here >= 2:
                break
            types = tuple(kind for kind, _ in combination)
            if types in found:
                continue
            texts = tuple(text for _, text in combination)
            sample = _sample(template, receiver, texts)
            if sample in skip:
                continue
            write({"now": sample})
            if _call(template, receiver, texts) is None:
                found[types] = texts
                here += 1
    return list(found.items())


def _vary(
    name: str,
    template: str,
    receivers: tuple[str, ...],
    types: tuple[str, ...],
    texts: tuple[str, ...],
    at: int | None,
    kind: str,
    skip: set[str],
    write: Callable[[dict[str, object]], None],
) -> None:
    """Call with one argument after the other varied, then with several at once; a type that is mostly refused is left out.

    A value of a type that a function does not take is a fault of the program, not of its data: only what decoded JSON
    holds, and None where a value may be missing, can be of another type.
    """
    raised: dict[str, tuple[str, list[str], bool]] = {}
    is_open = kind == _JSON or "|" in kind
    of_type = [_values(each, name) for each in types]
    if at is None:
        variants = [texts]
        variants += [(*texts[:i], text, *texts[i + 1 :]) for i, each in enumerate(of_type) for text in each]
    else:
        variants = [(*texts[:at], text, *texts[at + 1 :]) for text in of_type[at]]
    alone, calls, refused = len(variants), 0, 0
    if len(types) > 1:
        variants += [tuple(random.choice(each) for each in of_type) for _ in range(_MIXED)]
    for number, variant in enumerate(variants):
        if number == alone and not is_open and refused * 2 > calls:
            return
        for receiver in receivers:
            sample = _sample(template, receiver, variant)
            if sample in skip:
                continue
            write({"now": sample})
            error = _call(template, receiver, variant)
            calls += 1
            if isinstance(error, TypeError | AttributeError) and not is_open:
                refused += 1
            elif isinstance(error, Exception):
                names = bounded.family_of(error)
                raised.setdefault(names[0], (sample, names, number < alone))
    if is_open or refused * 2 <= calls:
        write({"row": name, "types": types, "calls": calls, "raised": raised, "at": at})


def _sample(template: str, receiver: str, texts: tuple[str, ...]) -> str:
    return f"{template}({', '.join(texts)})" + (f" of {receiver}" if receiver else "")


def _kinds(name: str) -> list[str]:
    """Return the types that are tried; decimal numbers have arithmetic of their own, dates are no numbers."""
    top = name.partition(".")[0]
    return [
        kind
        for kind in VALUES
        if (not kind.startswith("decimal.") or top == "decimal")
        and (not kind.startswith("datetime.") or top in ("calendar", "datetime", "email", "time"))
    ]


def _values(kind: str, name: str) -> tuple[str, ...]:
    """Return the values of a type; text with a NUL or a lone surrogate comes out of decoded data where it is a path."""
    word, _, passed = kind.rpartition("=")
    if word:
        return tuple(f"{word}={text}" for text in _values(passed, name))
    if kind == _JSON:
        return JSON_VALUES
    _, _, none = kind.partition(" | ")
    if none:
        return (none,)
    if name.startswith(OUTWARD):
        return tuple(text for text in VALUES[kind] if "\\0" not in text and "\\ud800" not in text)
    return VALUES[kind]


def _call(template: str, receiver: str, texts: tuple[str, ...]) -> BaseException | None:
    """Call once; an iterator that comes out is read a little, since that is where it raises."""
    space = dict(_SPACE)
    try:
        if receiver:
            space["r"] = eval(receiver, space)
        named = [_KEYWORD.match(text) for text in texts]
        arguments = [eval(text, space) for text, word in zip(texts, named, strict=True) if word is None]
        keywords = {word[1]: eval(word[2], space) for word in named if word is not None}
        function = eval(template, space)
    except Exception as error:
        raise AssertionError(f"{template} {receiver} {texts}") from error
    error = bounded.raised(functools.partial(function, *arguments, **keywords), _CALL_SECONDS)
    return None if isinstance(error, bounded.TooLong) else error


def _owner(name: str) -> tuple[str | None, str]:
    owner, _, method = name.rpartition(".")
    return (owner, method) if owner in RECEIVERS else (None, method)


def _find(name: str) -> object:
    parts = name.split(".")
    for cut in range(len(parts), -1, -1):
        module = ".".join(parts[:cut]) or "builtins"
        try:
            found: object = importlib.import_module(module)
        except ImportError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part, None)
        return found
    return None


def _needs_receiver(name: str) -> bool:
    """Whether a function is a method of a class, which is called on an instance."""
    owner, _, method = name.rpartition(".")
    kind = _find(owner) if owner else None
    if not isinstance(kind, type):
        return False
    held = inspect.getattr_static(kind, method, None)  # inherited, too
    return inspect.isroutine(held) and not isinstance(held, classmethod | staticmethod)


def _function(owner: str | None, maker: object, method: str) -> object:
    return maker if owner is None else getattr(eval(RECEIVERS[owner][0], dict(_SPACE)), method, None)


def _keywords(function: object, counts: range) -> list[str]:
    """Return the names of the arguments that are not tried by their place: by the signature."""
    try:
        signature = inspect.signature(cast("Callable[..., object]", function))
    except (TypeError, ValueError):
        return []
    places = [each for each in signature.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    later = [each.name for each in places[max(counts, default=0) :]]
    return later + [each.name for each in signature.parameters.values() if each.kind is each.KEYWORD_ONLY]


def _arity(function: object, owner: str | None, params: list[str]) -> range:
    """Return the numbers of arguments to try: by the signature, else by the row."""
    try:
        signature = inspect.signature(cast("Callable[..., object]", function))
    except (TypeError, ValueError):
        return range(0 if owner or not params else 1, min(max(len(params), 1), 3) + 1)
    places = [
        each
        for each in signature.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    low = sum(1 for each in places if each.default is each.empty)
    if any(each.kind is each.VAR_POSITIONAL for each in signature.parameters.values()):
        return range(low, max(low, min(len(params), 2), 1) + 1)
    return range(low, min(max(low, min(len(places), 3)), 4) + 1)


def _config() -> object:
    parser = importlib.import_module("configparser").ConfigParser()
    parser.read_string("[a]\nb = 1\nc = x\n")
    return parser


_SPACE: dict[str, object] = {"_config": _config}


def _fill_space() -> None:
    for name in (
        *MODULES,
        "os",
        "pathlib",
        "urllib.parse",
        "time",
        "locale",
        "functools",
        "glob",
        "gzip",
        "shutil",
        "socket",
    ):
        module = importlib.import_module(name)
        _SPACE[name.partition(".")[0]] = (
            importlib.import_module(name.partition(".")[0]) if "." in name else module
        )
    importlib.import_module("xml.etree.ElementTree")
    for name in ("message", "utils", "header", "mime.text"):
        importlib.import_module(f"email.{name}")


def serve_main() -> int:
    """Be the process that calls: read rows from standard input, write records to the descriptor that is given."""
    channel = os.fdopen(int(sys.argv[2]), "w", encoding="utf-8")
    work = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.chdir(work["folder"])
    _fill_space()

    def write(record: dict[str, object]) -> None:
        channel.write(json.dumps(record) + "\n")
        channel.flush()

    serve(work["rows"], set(work["skip"]), write)
    return 0


# -- what is inferred ----------------------------------------------------------------------------------------


def inferred(row: str, types: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """Say what the analysis gives for a call with arguments of some types: whether it is complete, and the names."""
    owner, method = _owner(row)
    words = [each.rpartition("=")[0] for each in types]
    types = tuple(each.rpartition("=")[2] for each in types)
    made = [
        f"    x{at} = " + ("json.loads(t)" if kind == _JSON else f"p{at}") for at, kind in enumerate(types)
    ]
    params = ["t: str"] + (["r: " + owner.replace("os._Environ", "str")] if owner else [])
    params += [f"p{at}: {kind}" for at, kind in enumerate(types) if kind != _JSON]
    receiver = "os.environ" if owner == "os._Environ" else "r"
    call = f"{receiver}.{method}" if owner else row
    passed = ", ".join(f"{word}=x{at}" if word else f"x{at}" for at, word in enumerate(words))
    tops = {"json", "datetime", "decimal", "pathlib", "os"} | ({_module(row)} if "." in row else set())
    head = "".join(f"import {top}\n" for top in sorted(tops) if top and not hasattr(builtins, top))
    text = (
        f"{head}def f({', '.join(params)}):\n"
        + "\n".join([*made, ""])
        + f"    try:\n        {call}({passed})\n    except Exception:\n        pass\n"
    )
    return bounded.inferred(text)


def _module(row: str) -> str:
    """Return the module to import for a row: as much of its name as is one."""
    parts = row.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:cut])
        try:
            if importlib.util.find_spec(name) is not None:
                return name
        except (ImportError, ValueError):
            continue
    return ""


# -- the run -------------------------------------------------------------------------------------------------


def run(only: tuple[str, ...] = (), seconds: float = 900.0) -> Outcome:
    """Call all harmless rows, and compare.

    Args:
        only: beginnings of the names of rows; all when empty.
        seconds: after this time the rest is left out, and said to be.

    Returns:
        What was called, and what escaped.

    """
    outcome = Outcome()
    rows = harmless_rows(only)
    outcome.rows = len(rows)
    records: list[dict[str, object]] = []
    skip: set[str] = set()
    ends = time.monotonic() + seconds
    while rows and time.monotonic() < ends:
        last = _one_process(rows, skip, records, ends)
        if last is None:
            rows = {}
        else:
            skip.add(last)
            outcome.skipped.append(last)
            finished = {str(record["end"]) for record in records if "end" in record}
            rows = {name: params for name, params in rows.items() if name not in finished}
    outcome.skipped.extend(f"{name}: no time left" for name in rows)
    _compare(records, outcome)
    return outcome


def _one_process(
    rows: dict[str, list[str]], skip: set[str], records: list[dict[str, object]], ends: float
) -> str | None:
    """Let one process call; return the call at which it died or hung, None when it came to its end."""
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
        )
        os.close(writing)
        assert process.stdin is not None
        process.stdin.write(json.dumps({"rows": rows, "skip": sorted(skip), "folder": folder}).encode())
        process.stdin.close()
        now, buffer = "", b""
        while True:
            ready, _, _ = select.select([reading], [], [], 10.0)
            chunk = os.read(reading, 1 << 16) if ready and time.monotonic() < ends else b""
            if not chunk:
                break
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                record = json.loads(line)
                now = record.get("now", now)
                if "now" not in record:
                    records.append(record)
        os.close(reading)
        try:
            code = process.wait(timeout=0.0 if chunk or not ready else 10.0)
        except subprocess.TimeoutExpired:  # it hangs in a call
            process.kill()
            code = process.wait()
    return None if code == 0 or time.monotonic() >= ends else now


def _compare(records: list[dict[str, object]], outcome: Outcome) -> None:
    for record in records:
        if "note" in record:
            outcome.without_call.append(f"{record.get('row') or record.get('end')}: {record['note']}")
        if "types" not in record:
            continue
        row, types = str(record["row"]), tuple(cast("list[str]", record["types"]))
        outcome.calls += cast("int", record["calls"])
        outcome.kinds += 1
        raised = cast("dict[str, tuple[str, list[str], bool]]", record["raised"])
        if not raised:
            continue
        is_complete, names = inferred(row, types)
        if not is_complete:
            outcome.unresolved += 1
            continue
        for exception, (sample, family, _) in raised.items():
            if not bounded.is_listed(family, names):
                outcome.escapes.append(Escape(row, types, exception, sample, names))


def main() -> int:
    """Run by command."""
    parser = argparse.ArgumentParser(description="Call what rows speak of with hostile arguments.")
    parser.add_argument(
        "--only", action="append", default=[], metavar="PREFIX", help="rows whose names begin so"
    )
    parser.add_argument("--seconds", type=float, default=900.0, help="time for all calls together")
    parser.add_argument("--verbose", action="store_true", help="list what was skipped, too")
    parser.add_argument("--json", metavar="FILE", help="write the escapes to a file")
    options = parser.parse_args()
    outcome = run(tuple(options.only), options.seconds)
    for escape in outcome.escapes:
        print(
            f"{escape.row}({', '.join(escape.types)}): {escape.exception}  [{escape.sample}]  inferred: {', '.join(escape.names) or 'nothing'}"
        )
    if options.verbose:
        for text in (*outcome.without_call, *outcome.skipped):
            print(f"not called: {text}")
    if options.json:
        Path(options.json).write_text(
            json.dumps([vars(escape) for escape in outcome.escapes]), encoding="utf-8"
        )
    print(
        f"{outcome.rows} rows, {outcome.calls} calls of {outcome.kinds} kinds; {outcome.unresolved} kinds unresolved, "
        f"{len(outcome.without_call)} rows without a call that works, {len(outcome.skipped)} skipped; {len(outcome.escapes)} escapes"
    )
    return 1 if outcome.escapes else 0


if __name__ == "__main__":
    sys.exit(serve_main() if sys.argv[1:2] == ["--serve"] else main())
