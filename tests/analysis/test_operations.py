"""When is an operation known? One test for each sentence of the contract about it, with the nearest case that differs."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
from try_bodies import case, in_try

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = "import decimal, json, logging, os, signal, threading\nfrom concurrent.futures import ThreadPoolExecutor\nfrom functools import partial\n"


def _body(text: str, before: str = "", parameters: str = "s: str, n: int") -> str:
    indented = textwrap.indent(text, "        ")
    return f"{HEAD}{before}\ndef run({parameters}):\n    try:\n{indented}\n    except Exception: pass\n"


# -- the file is not the world --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "half(0)",
        "g = half\ng(0)",
        "partial(half, 0)()",
        "list(map(half, [0]))",
        "threading.Thread(target=half, args=(0,)).start()",
        "ThreadPoolExecutor().submit(half, 0)",
        "{'a': half}['a'](0)",
        "half(**{'n': 0})",
        "half(*[0])",
        "[f(0) for f in (half,)]",
        "open('a').half = half",
    ],
)
def test_each_call_counts_for_what_a_parameter_can_be(script: Analyse, call: str) -> None:
    """Every call of a function in the project: by name, alias, ``partial``, ``map``, threads, tables, ``**``."""
    text = "{head}def half(n):\n    try: return 1 % n\n    except Exception: pass\nhalf(2)\n{call}\n"

    plain = script(text.format(head=HEAD, call="")).body()
    found = script(text.format(head=HEAD, call=call)).body()

    assert plain.is_complete
    assert not found.is_complete or "ZeroDivisionError" in found.names or "TypeError" in found.names


@pytest.mark.parametrize(
    "writer",
    [
        pytest.param("def other():\n    global LIMIT\n    LIMIT = 'a'", id="global"),
        pytest.param("globals()['LIMIT'] = 'a'", id="globals"),
        pytest.param("exec(open('a').read())", id="exec"),
        pytest.param("import sys\nsetattr(sys.modules[__name__], 'LIMIT', 'a')", id="setattr"),
    ],
)
def test_each_writer_counts_for_what_a_name_can_be(script: Analyse, writer: str) -> None:
    """A module's name is what every writer makes it, not only what stands beside it."""
    text = _body("len(str(LIMIT + 1))", "LIMIT = 1\n{}")

    assert script(text.format("")).names() == set()
    found = script(text.format(writer)).body()
    assert not found.is_complete or "TypeError" in found.names


def test_an_heir_that_overrides_counts(script: Analyse) -> None:
    """A method that is called on ``self`` may be an heir's."""
    text = _body(
        "Base(s).go()",
        "class Base:\n    def __init__(self, s): self.s = s\n    def go(self): return self.step()\n    def step(self): return 1\n{}",
    )
    heir = "class Heir(Base):\n    def step(self): return os.environ['A']"

    assert script(text.format("")).names() == set()
    made = script(text.format(heir).replace("Base(s).go()", "(Heir if n else Base)(s).go()"))
    assert not made.body().is_complete or "KeyError" in made.names()


@pytest.mark.parametrize(
    ("escape", "is_known"),
    [
        pytest.param("", True, id="seen"),
        pytest.param("import nuvem\nnuvem.keep(ROWS)", False, id="handed to something unknown"),
        pytest.param("ROWS.append(None)", False, id="changed elsewhere"),
    ],
)
def test_what_gets_out_of_sight_is_unknown(script: Analyse, escape: str, is_known: bool) -> None:
    """A list holds what it was made with only while nobody else has it."""
    made = script(_body("for row in ROWS: row.upper()", f"ROWS = ['a', 'b']\n{escape}")).body()

    assert (made.is_complete and made.names == ()) is is_known


def test_an_annotation_is_believed_unless_something_contradicts_it(script: Analyse) -> None:
    """``n: int`` counts for functions that nobody calls; a call with a text counts more."""
    text = "def f(n: int):\n    try: return n + 1\n    except Exception: pass\n{}\n"

    assert script(text.format("")).names() == set()
    found = script(text.format("f('a')")).body()
    assert not found.is_complete or "TypeError" in found.names


@pytest.mark.parametrize(
    ("use", "passed", "names"),
    [
        pytest.param(
            "d.get('a')",
            "json.loads(s)",
            {"AttributeError", "TypeError"},
            id="a list where a dict is declared",
        ),
        pytest.param("d.get('a')", "{}", set(), id="twin: a dict"),
        pytest.param(
            "d.get('a')", "json.loads(s) if s else {}", {"AttributeError", "TypeError"}, id="or a dict"
        ),
        pytest.param("d['a']", "json.loads(s)", {"KeyError", "TypeError"}, id="a key of a list"),
        pytest.param("d['a']", "dict(json.loads(s))", {"KeyError"}, id="twin: made a dict"),
    ],
)
def test_decoded_data_may_be_of_another_kind_than_is_declared(
    script: Analyse, use: str, passed: str, names: set[str]
) -> None:
    """A parameter declared ``dict`` gets what a call passes: decoded JSON may be a list."""
    text = f"import json\ndef f(d: dict):\n    try: return {use}\n    except Exception: pass\ndef g(s: str): f({passed})\n"

    assert script(text).names() == names


# -- known modules and classes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "names"),
    [
        pytest.param("datetime.datetime", set(), id="a class of a module"),
        pytest.param("datetime.datetime.now", set(), id="a method of its class"),
        pytest.param("os.path, math.pi, json.JSONDecodeError", set(), id="a module, a number, an exception"),
        pytest.param("moment.year, moment.tzinfo", set(), id="what every moment has"),
        pytest.param("Own.limit", set(), id="a value of an own class"),
        pytest.param("Own().limit, Own().half", set(), id="a value and a property of an own object"),
        pytest.param("Own.nothing", {"AttributeError"}, id="twin: an own class has it not"),
        pytest.param("datetime.UTC", {"AttributeError"}, id="twin: only newer Pythons have it"),
        pytest.param("signal.SIGHUP", {"AttributeError"}, id="twin: only some platforms have it"),
    ],
)
def test_a_known_attribute_of_a_known_module_or_class_cannot_be_missing(
    script: Analyse, use: str, names: set[str]
) -> None:
    """``except AttributeError`` because ``datetime.datetime`` "may be missing" is a clause that nothing reaches."""
    head = "import datetime, json, math, os, signal\nclass Own:\n    limit = 1\n    @property\n    def half(self): return 1\n"

    assert (
        script(f"{head}def f(moment: datetime.datetime):\n    try: {use}\n    except Exception: pass").names()
        == names
    )


# -- data of an open shape ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "names"),
    [
        ("data['a']", {"KeyError", "TypeError"}),
        ("data[0]", {"IndexError", "KeyError", "TypeError"}),
        ("data[n]", {"IndexError", "KeyError", "TypeError"}),
        ("data[:8]", {"KeyError", "TypeError"}),
        ("data.get('a')", {"AttributeError", "TypeError"}),
        ("data + 1", {"TypeError"}),
        ("data > 1", {"TypeError"}),
        ("','.join(data)", {"TypeError"}),
        ("1 in data", {"TypeError"}),
        ("for a in data: pass", {"TypeError"}),
        ("a, b = data", {"TypeError", "ValueError"}),
        ("f'{data:.2f}'", {"TypeError", "ValueError"}),
        ("int(data)", {"TypeError", "ValueError"}),
        ("float(data)", {"TypeError", "ValueError"}),
        ("str(data)", set()),
        ("data == 1", set()),
    ],
)
def test_data_of_an_open_shape_raises_what_any_builtin_shape_does(
    script: Analyse, use: str, names: set[str]
) -> None:
    """The world sends another shape than the one that was meant: that is no bug."""
    assert script(_body(f"data = json.loads(s)\n{use}")).names() == names | {"ValueError"}


@pytest.mark.parametrize(
    ("use", "is_listed"), [("int(json.loads(s))", False), ("int(float(s))", True), ("int(s)", False)]
)
def test_overflow_needs_a_float_that_was_seen(script: Analyse, use: str, is_listed: bool) -> None:
    assert ("OverflowError" in script(_body(use)).names()) is is_listed


@pytest.mark.parametrize(
    ("use", "name"),
    [("len(5)", "TypeError"), ("None + 1", "TypeError"), ("'a' + 1", "TypeError"), ("[][0]", "IndexError"), ("{}['a']", "KeyError"), ("int('x')", "ValueError"), ("(1).a", "AttributeError"), ("1 / 0", "ZeroDivisionError")],
)  # fmt: skip
def test_what_must_fail_for_a_value_that_is_seen_is_listed(script: Analyse, use: str, name: str) -> None:
    assert name in script(_body(use)).names()


# -- code of the program --------------------------------------------------------------------------------------

SPECIAL = {
    "operator": ("__add__(self, other)", "T() + 1"),
    "reflected operator": ("__radd__(self, other)", "1 + T()"),
    "comparison": ("__lt__(self, other)", "T() < 1"),
    "equality": ("__eq__(self, other)", "T() == 1"),
    "in": ("__contains__(self, other)", "1 in T()"),
    "truth": ("__bool__(self)", "if T(): pass"),
    "length": ("__len__(self)", "len(T())"),
    "formatting": ("__format__(self, spec)", "f'{T()}'"),
    "text": ("__str__(self)", "str(T())"),
    "iteration": ("__iter__(self)", "for a in T(): pass"),
    "attribute": ("__getattr__(self, name)", "T().b"),
    "setting": ("__setattr__(self, name, value)", "T().b = 1"),
    "deletion": ("__delitem__(self, key)", "del T()[0]"),
    "subscript": ("__getitem__(self, key)", "T()[0]"),
    "with": ("__enter__(self)", "with T(): pass"),
    "call": ("__call__(self)", "T()()"),
    "hash": ("__hash__(self)", "hash(T())"),
    "making": ("__init__(self)", "T()"),
    "allocation": ("__new__(cls)", "T()"),
    "heirs": ("__init_subclass__(cls)", "class U(T): pass"),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_the_special_methods_of_the_program_run(script: Analyse, kind: str) -> None:
    """Operators, comparisons, truth, formatting, iteration, attributes, ``with``, calls, class statements, deletion."""
    method, use = SPECIAL[kind]
    extra = "    def __exit__(self, *a): pass\n" if kind == "with" else ""
    text = _body(use, f"class T:\n    def {method}: raise LookupError('a')\n{extra}")

    found = script(text).body()
    assert not found.is_complete or "LookupError" in found.names, found.names


def test_descriptors_and_properties_run(script: Analyse) -> None:
    """Twin: a plain attribute does not."""
    text = _body("T().a", "class T:\n{}\n")

    assert script(text.format("    @property\n    def a(self): raise LookupError('a')")).names() == {
        "LookupError"
    }
    assert script(text.format("    a = 1")).names() == set()


# -- from elsewhere -------------------------------------------------------------------------------------------


def test_what_a_signal_handler_raises_arrives_everywhere(script: Analyse) -> None:
    before = "def late(number, frame): raise TimeoutError('a')\n{}"

    assert script(_body("str(n)", before.format("signal.signal(signal.SIGALRM, late)"))).names() == {
        "TimeoutError"
    }
    assert script(_body("str(n)", before.format(""))).names() == set()


@pytest.mark.parametrize(
    ("use", "names"),
    [
        pytest.param("if n: a = 1\nstr(a)", {"UnboundLocalError"}, id="bound on one way"),
        pytest.param("a = 1\nstr(a)", set(), id="bound"),
        pytest.param("a = 1\ndel a\nstr(a)", {"UnboundLocalError"}, id="deleted"),
        pytest.param("str(nowhere)", {"NameError"}, id="bound nowhere"),
    ],
)
def test_a_name_that_may_be_unbound_raises(script: Analyse, use: str, names: set[str]) -> None:
    found = script(_body(use)).body()
    assert {entry.exception for entry in found.evidence} == names


@pytest.mark.parametrize(
    ("before", "names"),
    [
        pytest.param("if n: return\na = 1", set(), id="bound behind an early return"),
        pytest.param("if n: a = 1", {"NameError"}, id="bound on one way"),
        pytest.param("if n: return\na = 1\ndel a", {"NameError"}, id="deleted"),
        pytest.param("if n: return\na: int", {"NameError"}, id="declared"),
        pytest.param("if n: return\nfor a in s: pass", {"NameError"}, id="bound by a loop"),
    ],
)
def test_a_name_of_the_function_around_may_be_unbound(script: Analyse, before: str, names: set[str]) -> None:
    """What an inner function reads is there if it was bound before the inner one was made, whoever returned earlier."""
    body = textwrap.indent(
        f"{before}\ndef inner():\n    try:\n        str(a)\n    except Exception: pass\ninner()", "    "
    )
    found = script(f"def around(n: int, s: str):\n{body}\naround(1, 'a')\n").body()

    assert {entry.exception for entry in found.evidence} == names


@pytest.mark.parametrize(
    ("before", "read", "is_there"),
    [
        pytest.param("", "f()", True, id="function of the file"),
        pytest.param("", "late()", False, id="function below"),
        pytest.param("a = 1", "a", True, id="name of the class"),
        pytest.param("", "a", False, id="name that the class binds itself"),
        pytest.param("for a in []: pass", "a", False, id="name that a loop of the class may bind"),
        pytest.param("", "id", True, id="builtin that the class binds, too"),
        pytest.param("", "__qualname__", True, id="name that each class has"),
    ],
)
@pytest.mark.parametrize("star", ["", "from string import *\n"])
def test_a_name_in_the_body_of_a_class_is_looked_for_there_and_in_the_file(
    script: Analyse, before: str, read: str, star: str, *, is_there: bool
) -> None:
    """It raises where neither has bound it on every way, be there a star import or not, which brings other names."""
    body = textwrap.indent(
        f"{before or 'pass'}\ntry:\n    b = {read}\nexcept Exception: pass\na = id = b", "    "
    )
    found = script(f"{star}def f(): pass\nclass C:\n{body}\ndef late(): pass\n").body()

    assert {entry.exception for entry in found.evidence} == (set() if is_there else {"NameError"})


@pytest.mark.parametrize(
    ("use", "names"),
    [
        ("print('a')", {"OSError", "ValueError"}),
        ("print(s)", {"OSError", "ValueError"}),
        ("logging.info(s)", set()),
    ],
)
def test_writing_to_the_terminal_raises_and_logging_does_not(
    script: Analyse, use: str, names: set[str]
) -> None:
    """``UnicodeError`` is a ``ValueError``: text that the terminal's encoding has not."""
    assert script(_body(use)).names() == names


@pytest.mark.parametrize("name", ["MemoryError", "RecursionError", "SystemError"])
def test_what_ends_a_program_by_nature_is_not_listed(script: Analyse, name: str) -> None:
    names = script(_body("[0] * n\nstr(s)\njson.dumps([s])\nsorted([n])")).names()
    assert name not in names


# -- calls and operations, by their rows ---------------------------------------------------------------------


POINT = "class Point:\n    __match_args__ = ('x',)\n    def __init__(self, x): self.x = x\n"


PAIR = "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    x: int\n"


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
        case(
            "process id that was read",
            "os.kill(int(str(x)), 0)",
            "OSError OverflowError SystemError ValueError",
        ),
        case("process id that is written", "os.kill(1, 0)", "OSError SystemError"),
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
        case("match that may be none", "re.match('(a)', str(x)).group(1)", "AttributeError"),
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
    assert script(in_try(body, before)).names() == expected


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
