"""What a try body can raise: calls, operations, guards, handlers, functions of the script."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

    from tests.analysis.conftest import Analyse

HEAD = """
import contextlib, csv, functools, glob, json, os, re, subprocess, sys, threading, time
from datetime import datetime
from pathlib import Path
import requests
"""
PID = "def pid():\n    with open('pid', errors='replace') as f: return int(f.read())\n"
POINT = "class Point:\n    __match_args__ = ('x',)\n    def __init__(self, x): self.x = x\n"
PAIR = "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    x: int\n"
GUARDED = "try:\n    import psutil\nexcept ImportError:\n    psutil = None\n"


def _in_try(body: str, before: str = "") -> str:
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "        ")
    return f"{HEAD}\n{textwrap.dedent(before)}\ndef f(x, y, z, d: dict, r: list, n: float, m: float, t: str):\n    try:\n{indented}\n    except Exception:\n        return None\n"


def case(name: str, body: str, expected: str, before: str = "") -> ParameterSet:
    return pytest.param(body, before, set(expected.split()), id=name)


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        case("file", "open(x)", "OSError"),
        case("text that is read", "open(x).read()", "OSError UnicodeError"),
        case("bytes that are read", "open(x, 'rb').read()", "OSError"),
        case("text that is read leniently", "open(x, errors='ignore').read()", "OSError"),
        case("lines of a text file", "for linha in open(x): pass", "OSError UnicodeError"),
        case("lines of a lenient text file", "for linha in open(x, errors='replace'): pass", "OSError"),
        case("json of a file", "json.load(open(x))", "OSError ValueError"),
        case("key of decoded json", "json.loads(str(x))['a']", "KeyError TypeError ValueError"),
        case("method of decoded json", "json.loads(str(x)).get('a')", "AttributeError TypeError ValueError"),
        case("int of text", "int(str(x))", "ValueError"),
        case("int of a number", "int(3.5)", ""),
        case("int of a written number", "int('42'), float('1.5')", ""),
        case(
            "items of a generator as arguments",
            "max(0, *numeros())",
            "EOFError OSError ValueError",
            "def numeros(): yield int(input())",
        ),
        case("process id that was read", "os.kill(int(str(x)), 0)", "OSError OverflowError ValueError"),
        case("process id that is written", "os.kill(1, 0)", "OSError"),
        case("int of a written word", "int('abc')", "ValueError"),
        case("float of a constant that is a word", "float(TAXA)", "ValueError", "TAXA = 'dez'"),
        case("int of a missing variable", "int(os.environ.get('A'))", "TypeError ValueError"),
        case("int of a variable with a default", "int(os.environ.get('A', '1'))", "ValueError"),
        case("variable that must be there", "os.environ['A']", "KeyError"),
        case("division by a name", "n / m", "ZeroDivisionError"),
        case("division by a number", "n / 60", ""),
        case("division by a constant", "n / HORA", "", "HORA = 60 * 60"),
        case("division by at least one", "n / max(1, m)", ""),
        case("division by a fallback", "n / (m or 1)", ""),
        case("paths joined", "Path('a') / str(y)", ""),
        case("formatting", "'%d' % 3", ""),
        case("key", "d['a']", "KeyError"),
        case("item", "r[int(m)]", "IndexError OverflowError ValueError"),
        case("slice", "r[1:3]", ""),
        case("first part of a split text", "str(x).split(':')[0]", ""),
        case("second part of a split text", "str(x).split(':')[1]", "IndexError"),
        case("first word", "str(x).split()[0]", "IndexError"),
        case("unpacked parts", "a, b = str(x).split(':')", "ValueError"),
        case("unpacked pair", "a, b = 1, 2", ""),
        case(
            "case with more places than the class has",
            "match x:\n    case Point(1, 2): pass",
            "TypeError",
            POINT,
        ),
        case("case with as many places as the class has", "match x:\n    case Point(1): pass", "", POINT),
        case("case with more places than a builtin has", "match x:\n    case int(1, 2): pass", "TypeError"),
        case("case with the one place of a builtin", "match x:\n    case int(1): pass", ""),
        case("case of a class of a library", "match x:\n    case Path('a'): pass", "TypeError"),
        case("case of a class of a library by its names", "match x:\n    case Path(name='a'): pass", ""),
        case(
            "case with more places than a data class has fields",
            "match x:\n    case Pair(1, 2): pass",
            "TypeError",
            PAIR,
        ),
        case(
            "case with as many places as a data class has fields",
            "match x:\n    case Pair(1): pass",
            "",
            PAIR,
        ),
        case("choice of nothing", "import random\nrandom.choice([])", "IndexError"),
        case("choice of something", "import random\nrandom.choice([1])", ""),
        case("match that may be none", "re.match('a', str(x)).group(1)", "AttributeError"),
        case("printed text", "print(x)", "OSError ValueError"),
        case("printed ascii", "print('ok', 3)", "OSError ValueError"),
        case("printed emoji", "print('\N{ROCKET}')", "OSError ValueError"),
        case(
            "text made ASCII",
            "print(str(x).encode('ascii', 'replace').decode('ascii'))",
            "OSError ValueError",
        ),
        case("base64 is ASCII", "base64.b64encode(x).rstrip(b'=').decode('utf-8')", "", "import base64"),
        case("bytes of unknown text", "bytes(x).decode('utf-8')", "UnicodeError"),
        case("printed to standard error", "print(x, file=sys.stderr)", "OSError ValueError"),
        case("process", "subprocess.run(['ls'])", "OSError"),
        case("process with a variable", "subprocess.run([str(x)])", "OSError ValueError"),
        case(
            "process with a time limit",
            "subprocess.run(['ls'], timeout=3)",
            "OSError subprocess.TimeoutExpired",
        ),
        case(
            "process that is checked",
            "subprocess.run(['ls'], check=True)",
            "OSError subprocess.CalledProcessError",
        ),
        case(
            "process output as text",
            "subprocess.run(['ls'], text=True, capture_output=True)",
            "OSError UnicodeError",
        ),
        case("web request", "requests.get(str(x))", "requests.RequestException"),
        case("web answer", "requests.get(str(x)).json()", "ValueError requests.RequestException"),
        case("import", "import numpy", "ImportError"),
        case("assert", "assert x", "AssertionError"),
        case("raise", "raise ValueError(x)", "ValueError"),
        case("raise of a class", "raise KeyError", "KeyError"),
        case("time", "time.sleep(3); datetime.now().isoformat()", ""),
        case("date of a text", "datetime.strptime(str(x), '%Y')", "ValueError"),
        case("next", "next(iter(r))", "StopIteration"),
        case("next with a default", "next(iter(r), None)", ""),
        case("methods of text", "str(x).strip().upper().replace('a', 'b')", ""),
        case("comprehension", "[int(a) for a in str(x).split()]", "ValueError"),
        case("sort key", "sorted(r, key=os.path.getmtime)", "OSError"),
        case("sort key lambda", "sorted([d], key=lambda a: a['n'])", "KeyError"),
        case("partial", "functools.partial(os.remove, x)()", "OSError"),
        case("bound method as a value", "ler = open(x).readline\nler()", "OSError UnicodeError"),
        case("thread", "threading.Thread(target=os.remove, args=(x,))", ""),
        case("generator expression", "any(int(a) for a in str(x))", "ValueError"),
    ],
)
def test_a_body_raises_what_its_calls_and_operations_raise(
    script: Analyse, body: str, before: str, expected: set[str]
) -> None:
    """Each call and operation contributes what its row says under its arguments."""
    assert script(_in_try(body, before)).names() == expected


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        case("if match", "m = re.match('a', str(x))\nif m:\n    m.group(1)", ""),
        case("early return", "m = re.match('a', str(x))\nif not m:\n    return\nm.group(1)", ""),
        case("is not none", "m = re.match('a', str(x))\nif m is not None:\n    m.group(1)", ""),
        case("walrus", "if (m := re.match('a', str(x))):\n    m.group(1)", ""),
        case("conditional expression", "m = re.match('a', str(x))\na = m.group(1) if m else ''", ""),
        case("and", "m = re.match('a', str(x))\na = m and m.group(1)", ""),
        case("wrong branch", "m = re.match('a', str(x))\nif not m:\n    m.group(1)", "AttributeError"),
        case("in", "if 'a' in d:\n    d['a']", ""),
        case("in for another key", "if 'b' in d:\n    d['a']", "KeyError"),
        case("not in", "if 'a' not in d:\n    return\nd['a']", ""),
        case("get", "if d.get('a'):\n    d['a']", ""),
        case("key just stored", "d['a'] = 1\nd['a']", ""),
        case("key taken out again", "d['a'] = 1\nd.pop('a', None)\nd['a']", "KeyError"),
        case("other container", "d['a'] = 1\nd = dict(r)\nd['a']", "KeyError"),
        case("loop over keys", "for k in d:\n    d[k]", ""),
        case("loop over keys of another", "for k in r:\n    d[k]", "KeyError"),
        case("length", "p = str(x).split()\nif len(p) > 1:\n    p[1]", ""),
        case("length too small", "p = str(x).split()\nif len(p) > 1:\n    p[2]", "IndexError"),
        case("length by equality", "p = str(x).split()\nif len(p) != 3:\n    return\np[2]", ""),
        case("not empty", "p = str(x).split()\nif p:\n    p[0], p[-1]", ""),
        case("index below length", "p = str(x).split()\nfor i in range(len(p)):\n    p[i]", ""),
        case("isinstance", "d = json.loads('1')\nif isinstance(d, dict):\n    d.get('a')", "ValueError"),
        case("nonzero", "if m:\n    n / m", ""),
        case("greater than zero", "if m > 0:\n    n / m", ""),
        case("greater than minus one", "if m > -1:\n    n / m", "ZeroDivisionError"),
        case("less than zero", "if m < 0:\n    n / m", ""),
        case("less than one", "if m < 1:\n    n / m", "ZeroDivisionError"),
        case("not in: the other way", "if t not in d:\n    d[t]", "KeyError"),
        case("in another container", "e = {'a': 1}\ne.update(d)\nif t in d:\n    e[t]", "KeyError"),
        case("in this container", "e = {'a': 1}\ne.update(d)\nif t in e:\n    e[t]", ""),
        case("mean of what is there", "p = str(x).split()\nif p:\n    3 / len(p)", ""),
        case("mean of what may be empty", "p = str(x).split()\n3 / len(p)", "ZeroDivisionError"),
    ],
)
def test_a_guard_takes_away_what_it_rules_out(
    script: Analyse, body: str, before: str, expected: set[str]
) -> None:
    """``if``, ``in``, ``len``, ``get``, ``isinstance`` and early returns are believed, and only where they stand."""
    assert script(_in_try(body, before)).names() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            """
            try:
                try:
                    open("a").read()
                except OSError:
                    pass
            except Exception:
                pass
            """,
            {"UnicodeError"},
            id="inner handler",
        ),
        pytest.param(
            """
            try:
                try:
                    open("a")
                except FileNotFoundError:
                    pass
            except Exception:
                pass
            """,
            {"OSError"},
            id="inner handler of a subclass",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    int("a")
                except ValueError:
                    os.remove("a")
                else:
                    os.environ["A"]
                finally:
                    next(iter([]))
            except Exception:
                pass
            """,
            {"OSError", "KeyError", "StopIteration"},
            id="handler, else and finally raise too",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    str(1)
                except KeyError:
                    pass
                else:
                    os.environ["A"]
            except Exception:
                pass
            """,
            {"KeyError"},
            id="what else raises is not caught by the handlers beside it",
        ),
        pytest.param(
            """
            import os
            def g():
                return os.environ["A"], int("a")
            try:
                try:
                    g()
                except KeyError:
                    pass
            except Exception:
                pass
            """,
            {"ValueError"},
            id="what a function raises is caught around its call",
        ),
        pytest.param(
            """
            import os
            def g():
                return os.environ["A"], int("a")
            try:
                try:
                    str(1)
                except KeyError:
                    g()
            except Exception:
                pass
            """,
            {"KeyError", "ValueError"},
            id="twin: called in the handler",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    os.remove("a"), int("a")
                except OSError as e:
                    raise
            except Exception:
                pass
            """,
            {"OSError", "ValueError"},
            id="bare raise",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    os.remove("a")
                except OSError as e:
                    raise RuntimeError("x") from e
            except Exception:
                pass
            """,
            {"RuntimeError"},
            id="other exception raised",
        ),
        pytest.param(
            """
            import contextlib, os
            try:
                with contextlib.suppress(OSError):
                    os.remove("a")
                    int("a")
            except Exception:
                pass
            """,
            {"ValueError"},
            id="suppress",
        ),
    ],
)
def test_inner_handlers_are_subtracted(script: Analyse, text: str, expected: set[str]) -> None:
    """What an inner handler catches does not come out; what it raises does."""
    assert script(text).names() == expected


def _outer(text: str) -> str:
    return textwrap.dedent(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "def g():\n    open('a')\ndef f():\n    try: g()\n    except Exception: pass",
            {"OSError"},
            id="function",
        ),
        pytest.param(
            "def g(n):\n    return h(n)\ndef h(n):\n    int(n)\n    return g(n)\ndef f():\n    try: g('1')\n    except Exception: pass",
            {"ValueError"},
            id="mutual recursion",
        ),
        pytest.param(
            """
            class A:
                def ler(self):
                    return open('a')
                def rodar(self):
                    try:
                        self.ler()
                    except Exception:
                        pass
            """,
            {"OSError"},
            id="method",
        ),
        pytest.param(
            """
            class Base:
                def ler(self):
                    return open('a')
            class A(Base):
                def ler(self):
                    int(input)
                    return super().ler()
            def f():
                a = A()
                try:
                    a.ler()
                except Exception:
                    pass
            """,
            {"OSError", "ValueError"},
            id="super",
        ),
        pytest.param(
            "class A:\n    def __init__(self):\n        open('a')\ndef f():\n    try: A()\n    except Exception: pass",
            {"OSError"},
            id="constructor",
        ),
        pytest.param(
            "class A:\n    @property\n    def p(self):\n        return open('a')\ndef f(a: A):\n    try: a.p\n    except Exception: pass",
            {"OSError"},
            id="property",
        ),
        pytest.param(
            """
            class A:
                def __enter__(self):
                    return open('a')
                def __exit__(self, *a):
                    int(a)
            def f():
                try:
                    with A() as g:
                        pass
                except Exception:
                    pass
            """,
            {"OSError", "TypeError", "ValueError"},
            id="context manager",
        ),
        pytest.param(
            """
            from contextlib import contextmanager
            @contextmanager
            def aberto():
                yield open('a')
            def f():
                try:
                    with aberto() as g:
                        g.read()
                except Exception:
                    pass
            """,
            {"OSError", "UnicodeError"},
            id="generator as context manager",
        ),
        pytest.param(
            """
            class Base:
                def ler(self): raise NotImplementedError
                def rodar(self):
                    try: self.ler()
                    except Exception: pass
            class A(Base):
                def ler(self): return open('a')
            """,
            {"NotImplementedError", "OSError"},
            id="method that a class of the file overrides",
        ),
        pytest.param(
            """
            class Base:
                def ler(self): return 1
            class A(Base):
                def ler(self): return open('a')
            def f(b: Base):
                try: b.ler()
                except Exception: pass
            """,
            {"OSError"},
            id="receiver declared as the base of what arrives",
        ),
        pytest.param(
            """
            def linhas():
                for l in ['1', 'a']:
                    yield int(l)
            def f():
                g = linhas()
                try:
                    for n in g:
                        pass
                except Exception:
                    pass
            """,
            {"ValueError"},
            id="generator runs where it is iterated",
        ),
        pytest.param(
            """
            import functools
            def repetir(f):
                @functools.wraps(f)
                def w(*a):
                    try:
                        return f(*a)
                    except OSError:
                        return None
                return w
            @repetir
            def g():
                open('a'), int(input())
            def f():
                try:
                    g()
                except Exception:
                    pass
            """,
            {"ValueError", "EOFError"},
            id="decorator of the script",
        ),
        pytest.param(
            "import os\ndef g(cb):\n    try: cb()\n    except Exception: pass\ndef h():\n    open('a')\ng(h)\ng(lambda: int(os.environ))",
            {"OSError", "ValueError"},
            id="callback",
        ),
        pytest.param(
            "def f():\n    def g():\n        open('a')\n    try: g()\n    except Exception: pass",
            {"OSError"},
            id="nested function",
        ),
        pytest.param(
            "async def g():\n    open('a')\nasync def f():\n    try: await g()\n    except Exception: pass",
            {"OSError"},
            id="coroutine",
        ),
        pytest.param(
            "from worker_utils import retry_with_backoff\nr = retry_with_backoff()\ntry: r(open)('a')\nexcept Exception: pass",
            {"OSError"},
            id="retried call",
        ),
        pytest.param(
            "from worker_logger import mirror_print\ntry: mirror_print(log.info, 'ç')\nexcept Exception: pass",
            {"OSError", "ValueError"},
            id="mirrored print",
        ),
        pytest.param(
            "from worker_logger import mirror_print\ndef p(t):\n    open(t)\ntry: mirror_print(log.info, 'a', printer=p)\nexcept Exception: pass",
            {"OSError"},
            id="mirrored print of another printer",
        ),
    ],
)
def test_functions_of_the_script_raise_what_their_bodies_raise(
    script: Analyse, text: str, expected: set[str]
) -> None:
    """Calls of functions, methods, properties, context managers, generators and decorators are followed."""
    assert script(_outer(text)).names(-1) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "import m\ntry:\n    m.send(1)\nexcept Exception: pass",
            [("m.send(1)", 3, "m.send")],
            id="library",
        ),
        pytest.param(
            "def f(x):\n    try:\n        x.frob()\n    except Exception: pass",
            [("x.frob()", 3, "*.frob")],
            id="method",
        ),
        pytest.param(
            "def f(cb):\n    try:\n        cb()\n    except Exception: pass",
            [("cb()", 3, "cb")],
            id="callback",
        ),
        pytest.param(
            "import m\n@m.deco\ndef g(): ...\ntry:\n    g()\nexcept Exception: pass",
            [("g()", 5, "m.deco")],
            id="decorator",
        ),
        pytest.param(
            "import m\ndef g():\n    m.send(1)\ntry:\n    g()\nexcept Exception: pass",
            [("m.send(1)", 3, "m.send")],
            id="through",
        ),
        pytest.param(
            "def f(e):\n    try:\n        raise e\n    except Exception: pass",
            [("raise e", 3, "")],
            id="raise",
        ),
    ],
)
def test_what_is_not_known_is_named(script: Analyse, text: str, expected: list[tuple[str, int, str]]) -> None:
    """An unresolved call is listed with its line and the name by which it can be taught."""
    assert script(text).unresolved() == expected


def test_the_user_teaches_a_call(script: Analyse) -> None:
    """A row of the configuration makes a call known."""
    text = "import m\ntry:\n    m.send(1)\nexcept Exception: pass"

    assert script(text, raises=(("m.send", ("OSError", "ValueError")),)).names() == {"OSError", "ValueError"}


def test_what_the_user_teaches_wins_over_a_row(script: Analyse) -> None:
    """A taught call raises what the user says and nothing else."""
    text = "import json\ntry:\n    json.loads('a')\nexcept Exception: pass"

    assert script(text, raises=(("json.loads", ("LookupError",)),)).names() == {"LookupError"}


def test_functions_of_a_neighbouring_file_are_followed(script: Analyse) -> None:
    """A file of the same folder is read like the script itself."""
    text = "from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass"

    assert script(text, modules={"comum": "def ler(p):\n    return open(p).read()"}).names() == {
        "OSError",
        "UnicodeError",
    }


def test_a_file_that_is_not_there_is_unresolved(script: Analyse) -> None:
    """Twin: the neighbour is not found."""
    text = "from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass"

    assert script(text).unresolved() == [("ler('a')", 3, "comum.ler")]


@pytest.mark.parametrize(
    "ends",
    [
        "config = sys.argv[1:] or sys.exit(1)",
        "sys.argv[1:] and sys.exit(0) and sys.exit(1)",
        "config = sys.argv if sys.argv[1:] else sys.exit(1)",
        "[sys.exit(name) for name in sys.argv]",
    ],
    ids=["or", "and", "if", "comprehension"],
)
def test_what_may_end_the_program_in_an_expression_may_as_well_go_on(script: Analyse, ends: str) -> None:
    """What follows such a line is reached."""
    found = script(f"import sys\ntry:\n    {ends}\n    open(sys.argv[0])\nexcept Exception: pass").body()

    assert "OSError" in found.names


@pytest.mark.parametrize(
    "ends", ["sys.exit(1) or 2", "config = sys.exit(1) if sys.argv[1:] else sys.exit(2)"], ids=["or", "if"]
)
def test_what_ends_the_program_either_way_ends_it(script: Analyse, ends: str) -> None:
    """The first operand, or both branches."""
    found = script(f"import sys\ntry:\n    {ends}\n    open(sys.argv[0])\nexcept Exception: pass").body()

    assert found.names == ()


def test_what_a_guard_by_exit_has_found_is_there(script: Analyse) -> None:
    """``match or sys.exit()`` is a guard as good as ``if not match``."""
    text = (
        "import re, sys\ntry:\n    found = re.match('a', 'b')\n    found or sys.exit('no')\n    found.group()"
    )

    assert script(f"{text}\nexcept Exception: pass").body().names == ()


def test_sys_exit_is_seen_and_never_listed(script: Analyse) -> None:
    """A body that can end the process says so; SystemExit is no name for a handler."""
    found = script("import sys\ntry:\n    sys.exit(1)\nexcept Exception: pass").body()

    assert found.exits is not None
    assert (found.names, found.exits.exception, found.exits.line) == ((), "SystemExit", 3)


def test_many_kinds_join_their_parent(script: Analyse) -> None:
    """Beyond eight names siblings join."""
    raised = [
        "KeyError",
        "IndexError",
        "OSError",
        "ValueError",
        "TypeError",
        "AttributeError",
        "RuntimeError",
        "EOFError",
        "MemoryError",
    ]
    lines = "\n".join(f"    if input() == '{at}': raise {name}" for at, name in enumerate(raised))
    found = script(f"try:\n{lines}\nexcept Exception: pass")

    assert found.names() == (set(raised) - {"KeyError", "IndexError"}) | {"LookupError"}


def test_too_many_kinds_are_a_reason(script: Analyse) -> None:
    """Unrelated kinds cannot join: the inference says why it gives up."""
    raised = [
        "OSError",
        "ValueError",
        "TypeError",
        "AttributeError",
        "RuntimeError",
        "EOFError",
        "MemoryError",
        "NameError",
        "AssertionError",
    ]
    lines = "\n".join(f"    if input() == '{at}': raise {name}" for at, name in enumerate(raised))

    assert script(f"try:\n{lines}\nexcept Exception: pass").body().reason == "too many kinds"


def test_every_name_has_evidence(script: Analyse) -> None:
    """Each name carries call, line, rule and source."""
    found = script("def g():\n    return open('a')\ntry:\n    g()\nexcept Exception: pass").body()

    (entry,) = found.evidence
    assert (entry.exception, entry.cause, entry.line, entry.rule) == ("OSError", "g()", 4, "local:g")
    assert entry.source == "https://docs.python.org/3/library/functions.html#open"
    assert entry.note == "`open('a')` in line 2, open"


def test_raising_exception_itself_is_a_reason(script: Analyse) -> None:
    """A body that raises ``Exception`` cannot have a narrower handler."""
    found = script("try:\n    raise Exception('a')\nexcept Exception: pass").body()

    assert found.reason == "`raise Exception('a')` in line 2 raises Exception itself"


def test_a_timeout_of_asyncio_is_a_class_of_its_own(script: Analyse) -> None:
    """It is the builtin one from Python 3.11 on, and an unrelated class before: its own name is right on both."""
    text = "import asyncio\nasync def f(q):\n    try:\n        await asyncio.wait_for(asyncio.sleep(9), 3)\n    except Exception: pass"

    assert script(text).names() == {"asyncio.TimeoutError"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" + ".a" * 900, id="attribute chain"),
        pytest.param(" + ".join(["'a'"] * 900), id="concatenation"),
        pytest.param("[" * 90 + "]" * 90, id="nesting"),
    ],
)
def test_deep_expressions_end_with_a_verdict(script: Analyse, text: str) -> None:
    """Very deep code is finished, or reported as too deep; it never fails."""
    found = script(f"try:\n    {text}\nexcept Exception: pass").body()

    assert found.is_complete or all("nested too deeply" in entry.note for entry in found.unresolved)


def test_a_long_chain_of_functions_is_followed_to_its_end(script: Analyse) -> None:
    """The depth of the call graph costs no stack."""
    chain = "\n".join(f"def f{at}(x):\n    return f{at + 1}(x)" for at in range(1500))

    assert script(
        f"{chain}\ndef f1500(x):\n    open(x)\ntry:\n    f0('a')\nexcept Exception: pass"
    ).names() == {"OSError"}


@pytest.mark.parametrize(
    "stub",
    [
        "def passo(self): raise NotImplementedError('falta')",
        "def passo(self): pass",
        "def passo(self): return None",
        "@abc.abstractmethod\n    def passo(self): ...",
    ],
)
def test_a_method_that_waits_for_an_override_is_not_known(script: Analyse, stub: str) -> None:
    """Another file overrides it, and what that raises must not kill the loop; ``super().passo()`` is the stub itself."""
    loop = "    def rodar(self):\n        try: self.passo()\n        except Exception: pass\n"
    assert not script(f"import abc\nclass Base:\n    {stub}\n{loop}").body().is_complete
    own = "class A(Base):\n    def passo(self):\n        try: super().passo(); open('a')\n        except Exception: pass\n"
    assert script(f"import abc\nclass Base:\n    {stub}\n{own}").body().is_complete


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        case("number as a position", "r[0]", "IndexError"),
        case("computed position", "r[int(m) + 1]", "IndexError OverflowError ValueError"),
        case("number as a key", "d[404]", "KeyError"),
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
        case("module that the file has imported", "import psutil", "", "import psutil"),
        case("function applied to unknown items", "list(map(int, r))", "ValueError"),
        case("encoding that the script says", "t.encode(CODE)", "UnicodeError", "CODE = 'cp1252'"),
        case("encoding from elsewhere", "t.encode(y)", "LookupError UnicodeError"),
        case("attribute of one thread", "v.a", "AttributeError", "v = threading.local()"),
        case("attribute of one thread after a test", "if hasattr(v, 'a'): v.a", "", "v = threading.local()"),
        case("position that only counts", "for i in range(9): r[i]", "IndexError"),
        case("error handler from elsewhere", "t.strip().encode('ascii', y)", "LookupError UnicodeError"),
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
            "EOFError OSError ftplib.Error",
            "import ftplib\nclass B(ftplib.FTP):\n    def __init__(self, h): super().__init__(h)\n",
        ),
    ],
)
def test_conditions_are_no_wider_than_what_can_happen(
    script: Analyse, body: str, before: str, expected: set[str]
) -> None:
    """A key tells a list from a mapping, a process id says where it comes from, a guard what it asked."""
    assert script(_in_try(body, before)).names() == expected


@pytest.mark.parametrize(
    ("start", "other", "use", "expected"),
    [
        pytest.param("None", "self.s = socket.socket()", "self.s.close()", "OSError", id="starts as None"),
        pytest.param("None", "self.s = None", "self.s[0]", "TypeError", id="never set"),
        pytest.param(
            "socket.socket()",
            "self.s = None",
            "self.s.close()",
            "AttributeError OSError",
            id="set to None later",
        ),
        pytest.param(
            "None", "self.s = socket.socket()", "assert self.s is not None", "", id="told to be set"
        ),
        pytest.param("''", "self.s = input()", "assert self.s == 'a'", "AssertionError", id="asserted"),
    ],
)
def test_what_is_none_at_the_start_only_counts_in_the_body_itself(
    script: Analyse, start: str, other: str, use: str, expected: str
) -> None:
    """A method that uses what another one sets is called after that one; what may become None again is another matter."""
    text = (
        "import socket\nclass C:\n    def __init__(self):\n"
        f"        self.s = {start}\n    def a(self):\n        {other}\n    def b(self):\n        {use}\n"
        "    def c(self):\n        try: self.b()\n        except Exception: pass\n"
    )
    assert script(text).names(-1) == set(expected.split())


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        pytest.param("if psutil: pass", set(), id="a guard asks for it"),
        pytest.param("pass", {"AttributeError"}, id="nobody asks"),
    ],
)
def test_a_library_that_may_be_missing(script: Analyse, guard: str, expected: set[str]) -> None:
    """The ``x = None`` beside an import is evidence in a file that never asks whether the import succeeded."""
    made = script(_in_try("psutil.cpu_percent()", f"{GUARDED}{guard}"))

    assert made.names(1) & {"AttributeError"} == expected


@pytest.mark.parametrize(
    ("before", "awaited", "expected"),
    [
        pytest.param("", "t", "", id="parameter"),
        pytest.param("t = asyncio.create_task(h())", "t", "OSError", id="task"),
        pytest.param("t = h()", "t", "OSError", id="coroutine"),
        pytest.param("", "self.t", "AttributeError OSError", id="task of another method"),
        pytest.param("", "self.z", "", id="attribute that nobody sets"),
        pytest.param(
            "t = asyncio.create_task(h())",
            "asyncio.wait_for(t, 5)",
            "OSError asyncio.TimeoutError",
            id="limit",
        ),
        pytest.param("t = asyncio.create_task(h())", "asyncio.shield(t)", "OSError", id="shield"),
        pytest.param("", "asyncio.gather(h(), t)", "", id="one of several is a parameter"),
        pytest.param("t = [h() for _ in '12']", "asyncio.gather(*t)", "OSError", id="list of coroutines"),
        pytest.param(
            "t = []\n        t.append(h())", "asyncio.gather(*t)", "OSError", id="list that is filled"
        ),
        pytest.param(
            "ts = [h()]\n        for t in ts: pass", "t", "OSError UnboundLocalError", id="item of a list"
        ),
        pytest.param("t = h()\n        t = await t", "t", "OSError", id="name that is awaited into itself"),
    ],
)
def test_what_was_started_elsewhere_raises_where_it_is_awaited(
    script: Analyse, before: str, awaited: str, expected: str
) -> None:
    """A task raises where it is awaited what its coroutine raises; one of unknown make keeps the handler."""
    found = script(
        "import asyncio\nasync def h(): return open('x')\n"
        "class A:\n    async def s(self):\n        self.t = asyncio.create_task(h())\n"
        f"    async def f(self, t):\n        {before or 'pass'}\n"
        f"        try:\n            await {awaited}\n        except Exception: pass\n".replace(
            "(self, t)", "(self, t)" if not before else "(self)"
        )
    ).body()

    assert (set(found.names) if found.is_complete else set(), found.is_complete) == (
        set(expected.split()),
        bool(expected),
    )


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


_STARTS = {
    "thread": "threading.Thread(target=work, args=(sqlite3.connect('a'),)).start()",
    "thread by keyword": "threading.Thread(target=work, kwargs={'base': sqlite3.connect('a')}).start()",
    "timer": "threading.Timer(5, work, [sqlite3.connect('a')]).start()",
    "process": "multiprocessing.Process(target=work, args=(sqlite3.connect('a'),)).start()",
    "submit": "ThreadPoolExecutor(2).submit(work, sqlite3.connect('a'))",
    "each": "list(ThreadPoolExecutor(2).map(work, [sqlite3.connect('a')]))",
    "exit": "atexit.register(work, sqlite3.connect('a'))",
}


@pytest.mark.parametrize("start", _STARTS.values(), ids=_STARTS.keys())
def test_a_function_that_is_started_elsewhere_gets_what_is_handed_over(script: Analyse, start: str) -> None:
    """Its parameter has the type of what a thread, a process or a pool passes on."""
    text = (
        "import atexit, multiprocessing, sqlite3, threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        f"def work(base):\n    try:\n        base.commit()\n    except Exception: pass\n{start}\n"
    )

    assert script(text).names() == {"sqlite3.Error"}


def test_a_method_that_is_started_elsewhere_gets_what_is_handed_over(script: Analyse) -> None:
    """Its own instance is not among what is passed."""
    text = (
        "import queue, threading\nclass Worker:\n"
        "    def run(self, jobs):\n        try:\n            jobs.get(timeout=1)\n        except Exception: pass\n"
        "    def start(self):\n        threading.Thread(target=self.run, args=(queue.Queue(),)).start()\n"
    )

    assert script(text).names() == {"queue.Empty"}


@pytest.mark.parametrize(
    "start",
    ["threading.Thread(target=work, args=given)", "register(work, 3)", "threading.Thread(target=work)"],
)
def test_what_is_handed_over_out_of_sight_is_not_known(script: Analyse, start: str) -> None:
    """Twin: a tuple made elsewhere, a function of another file, nothing at all."""
    text = f"import threading\nfrom outro import register, given\ndef work(base):\n    try:\n        base.enviar()\n    except Exception: pass\n{start}\n"

    assert script(text).unresolved() == [("base.enviar()", 5, "*.enviar")]


_OWN = """
import enum
class Broken(Exception): pass
class Colour(enum.Enum):
    RED = 1
class Own:
    def __str__(self): raise Broken
    def __format__(self, spec): raise Broken
    def __lt__(self, other): raise Broken
    def __eq__(self, other): raise Broken
    def __len__(self): raise Broken
    def __neg__(self): raise Broken
    def __delitem__(self, key): raise Broken
    def __iter__(self):
        yield 1
        raise Broken
class Plain:
    def __repr__(self): raise Broken
def f():
    own, plain = Own(), Plain()
    try:
        {use}
    except Exception: pass
"""


@pytest.mark.parametrize(
    "use",
    [
        "str(own)",
        "f'{own}'",
        "f'{own!s}'",
        "f'{plain!r}'",
        "'%s %s' % (1, own)",
        "'%s' % own",
        "'{}'.format(own)",
        "repr(plain)",
        "own < 1",
        "own == 1",
        "len(own)",
        "-own",
        "not own",
        "1 if own else 2",
        "own and 1",
        "del own[1]",
        "list(own)",
        "sum(own)",
        "','.join(own)",
    ],
)
def test_special_methods_of_a_class_of_the_program_raise_where_they_are_used(
    script: Analyse, use: str
) -> None:
    """Text, comparison, length and iteration, by an operator or by a builtin."""
    assert script(_OWN.format(use=use)).names() == {"local:Broken"}


def test_printing_an_own_object_makes_it_a_text(script: Analyse) -> None:
    """Besides what a narrow terminal makes of it."""
    assert script(_OWN.format(use="print(own)")).names() == {"OSError", "ValueError", "local:Broken"}


def test_a_special_method_that_is_not_asked_raises_nothing(script: Analyse) -> None:
    """``repr`` does not ask ``__str__``."""
    assert script(_OWN.format(use="repr(own)")).body().names == ()


@pytest.mark.parametrize(
    ("use", "expected"),
    [("Colour[name]", {"KeyError"}), ("Colour['RED']", set()), ("Colour['RDE']", {"KeyError"})],
)
def test_a_member_of_an_enumeration_is_looked_up_by_name(
    script: Analyse, use: str, expected: set[str]
) -> None:
    """A name that the class itself defines is there."""
    text = _OWN.format(use=use).replace("def f():", "def f(name: str):")

    assert set(script(text).body().names) == expected


_MANAGERS = """
import contextlib, os
class Swallows:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): return kind is ValueError
class Passes:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): self.done = True
@contextlib.contextmanager
def reports():
    try:
        yield
    except ValueError as error:
        print(error, file=None)
@contextlib.contextmanager
def cleans():
    try:
        yield
    finally:
        pass
def f(s: str):
    try:
        with {manager}:
            raise ValueError(s)
        os.remove("a")
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("manager", "is_reached"),
    [
        ("Swallows()", True),
        ("reports()", True),
        ("Passes(), Swallows()", True),
        ("Passes()", False),
        ("cleans()", False),
        ("open('a', 'rb')", False),
    ],
)
def test_what_follows_a_context_manager_that_may_end_an_exception_is_reached(
    script: Analyse, manager: str, is_reached: bool
) -> None:
    """Twins: those that pass every exception on."""
    found = script(_MANAGERS.replace("{manager}", manager)).body(2)

    assert any(entry.rule == "os.remove" for entry in found.evidence) == is_reached


def test_an_earlier_clause_takes_what_it_names(script: Analyse) -> None:
    """What the clause before catches does not come to the next one."""
    made = script("import os\ntry: os.remove('a'), int('a')\nexcept OSError: pass\nexcept Exception: pass")
    engine = made.types.engine
    (statement,) = made.module.tries
    block = engine.flow.block(statement, engine.unit.enclosing(statement))

    assert engine.solver.infer(block).names == ("OSError", "ValueError")
    assert engine.solver.infer(block, ("OSError",)).names == ("ValueError",)
