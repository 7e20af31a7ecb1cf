"""Conditions of rows: they hold for the arguments for which the exception can come, and for no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from try_bodies import case, in_try

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse


PID = "def pid():\n    with open('pid', errors='replace') as f: return int(f.read())\n"


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        case("number as a position", "r[0]", "IndexError"),
        case("computed position", "r[int(m) + 1]", "IndexError OverflowError ValueError"),
        case("number as a key", "d[404]", "KeyError"),
        case(
            "log record with a name of its own",
            "logging.info('a', extra={'name': x})",
            "KeyError",
            "import logging",
        ),
        case("log record with other names", "logging.info('a', extra={'nome': x})", "", "import logging"),
        case("log record with whatever names", "logging.info('a', extra=d)", "KeyError", "import logging"),
        case(
            "log record with names by keyword", "logging.info('a', extra=dict(nome=x))", "", "import logging"
        ),
        case("length of what is gone through once", "m = zip(r, r)\nlen(m)", "TypeError"),
        case("length of a list that is made of it", "m = list(zip(r, r))\nlen(m)", ""),
        case("pairs from behind", "list(reversed(enumerate(r)))", "TypeError"),
        case("variable as a key", "d[y]", "KeyError"),
        case(
            "key of what is used as a mapping",
            "for k in x.keys(): pass\nx['a']",
            "AttributeError KeyError TypeError",
        ),
        case(
            "item of what is used as a list",
            "x.append(1); x.sort(); x[0]",
            "AttributeError IndexError KeyError TypeError",
        ),
        case("what is taken out of a list", "r.append(1)\nr.remove(y)", "ValueError"),
        case("what is taken out of a set", "v = set(r)\nv.remove(y)", "KeyError"),
        case("first of unpacked bytes", "struct.unpack('>I', x)[0]", "struct.error", "import struct"),
        case("pid of a child", "os.kill(v.pid, 9)", "OSError", "v = subprocess.Popen(['a'])"),
        case("own pid", "os.kill(os.getpid(), 9)", "OSError"),
        case("pid that a function read", "os.kill(pid(), 9)", "OSError OverflowError ValueError", PID),
        case(
            "several values of a written format",
            "a, b = struct.unpack('>II', x)",
            "struct.error",
            "import struct",
        ),
        case(
            "values of a format from elsewhere",
            "a, b = struct.unpack(y, x)",
            "ValueError struct.error",
            "import struct",
        ),
        case("module that every Python has", "import json, os.path", ""),
        case("module that not every Python has", "import sqlite3", "ImportError"),
        case("name that only newer Pythons have", "from datetime import UTC", "ImportError"),
        case("name that every Python has", "from datetime import datetime", ""),
        case(
            "names of types and parts that every Python has",
            "from typing import Any, List; from os import path",
            "",
        ),
        case("name of a type that only newer Pythons have", "from typing import Self", "ImportError"),
        case("module that the file has imported", "import psutil", "", "import psutil"),
        case("function applied to unknown items", "list(map(int, r))", "ValueError"),
        case("encoding that the script says", "t.encode(CODE)", "UnicodeError", "CODE = 'cp1252'"),
        case("encoding from elsewhere", "t.encode(y)", "LookupError UnicodeError"),
        case("attribute of one thread", "v.a", "AttributeError", "v = threading.local()"),
        case("attribute of one thread after a test", "if hasattr(v, 'a'): v.a", "", "v = threading.local()"),
        case("position that only counts", "for i in range(9): r[i]", "IndexError"),
        case("error handler from elsewhere", "t.strip().encode('ascii', y)", "LookupError UnicodeError"),
        case("method that was taken of a text", "take = t.encode; take('ascii')", "UnicodeError"),
        case(
            "method that was taken of a text, with an error handler",
            "take = t.encode; take('ascii', 'ignore')",
            "",
        ),
        case("get of a mapping", "d.get('a', 1)", ""),
        case(
            "address that was looked up",
            "socket.getaddrinfo(y, 80)[0][4][0]",
            "IndexError OSError UnicodeError",
            "import socket",
        ),
        case("key that is still there", "if 'a' in d: d.pop('b', None); d['a']", ""),
        case("key that was taken out", "if 'a' in d: d.pop('a', None); d['a']", "KeyError"),
        case("key of a mapping that grew", "if 'a' in d: d.update(a=y); d['a']", ""),
        case("digits of what may be infinite", "round(float(str(x)), 2)", "ValueError"),
        case("what may be infinite without digits", "round(float(str(x)))", "OverflowError ValueError"),
        case("any number of digits", "round(float(str(x)), int(y))", "OverflowError TypeError ValueError"),
        case(
            "decoded JSON passed by name",
            "re.sub('a', 'b', t, count=json.loads(t))",
            "TypeError ValueError",
            "import re",
        ),
        case(
            "decoded JSON as an option",
            "random.choices(r, k=json.loads(t))",
            "IndexError TypeError ValueError",
            "import random",
        ),
        case("option of a number", "random.choices(r, k=len(t))", "IndexError ValueError", "import random"),
        case(
            "decoded JSON as what may be anything",
            "string.Template(t).safe_substitute(a=json.loads(t))",
            "ValueError",
            "import string",
        ),
        case("number passed by name", "re.sub('a', 'b', t, count=len(t))", "", "import re"),
        case("infinity in a text", "int(float(str(x)))", "OverflowError ValueError"),
        case("signal that only some platforms have", "signal.SIGHUP", "AttributeError", "import signal"),
        case("signal that all platforms have", "signal.SIGTERM, len('a')", "", "import signal"),
        case(
            "signal behind a question for the platform",
            "if sys.platform != 'win32': signal.SIGHUP",
            "",
            "import signal",
        ),
        case(
            "constructor of a known base",
            "B('h')",
            "EOFError OSError UnicodeError ftplib.Error",
            "import ftplib\nclass B(ftplib.FTP):\n    def __init__(self, h): super().__init__(h)\n",
        ),
    ],
)
def test_conditions_are_no_wider_than_what_can_happen(
    script: Analyse, body: str, before: str, expected: set[str]
) -> None:
    """A key tells a list from a mapping, a process id says where it comes from, a guard what it asked."""
    assert script(in_try(body, before)).names() == expected


@pytest.mark.parametrize(
    "use",
    [
        "set(json.loads(s))",
        "sum(json.loads(s))",
        "dict(json.loads(s))",
        "list(zip(json.loads(s), s))",
        "[].extend(json.loads(s))",
        "dict(**json.loads(s))",
        "{'a': 1, **json.loads(s)}",
    ],
)
def test_decoded_json_may_be_of_another_shape_than_a_function_wants(script: Analyse, use: str) -> None:
    """As for a loop over it."""
    names = script(
        f"import json\ndef f(s: str):\n    try:\n        {use}\n    except Exception: pass"
    ).names()

    assert names == {"TypeError", "ValueError"}


def test_fields_of_an_unpacked_mapping_may_be_missing(script: Analyse) -> None:
    """The fields of the text are known, those of the mapping are not."""
    text = "def f(row: dict):\n    try:\n        '{nome}'.format(**row)\n    except Exception: pass"

    assert script(text).names() == {"KeyError"}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("(line.split('=') for line in lines)", {"ValueError"}),
        ("((line, 1) for line in lines)", set()),
        ("enumerate(lines)", set()),
        ("zip(lines, lines)", set()),
        ("os.environ", set()),
        ("collections.Counter(lines)", set()),
    ],
)
def test_a_dict_is_made_of_pairs(script: Analyse, pairs: str, expected: set[str]) -> None:
    """What a split gives can be of any length."""
    found = script(
        f"import collections, os\ndef f(lines: list[str]):\n    try:\n        dict({pairs})\n    except Exception: pass"
    ).body()

    assert set(found.names) == expected
