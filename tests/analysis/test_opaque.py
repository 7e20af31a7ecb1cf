"""What is done with a value of which nothing is known is not known; what the code around tells of it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grids
import pytest
from knowledge_rows import ALL

from workerlog_migrate.analysis.effects import Effects
from workerlog_migrate.knowledge import Knowledge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.analysis.conftest import Analyse

ROWS = {key: row for key in ALL if key.startswith("*.") for row in [Knowledge().call(key)] if row is not None}
BARE = sorted({key.removeprefix("*.").partition("/")[0] for key in ROWS})
LIBRARIES = "import aiohttp, asyncio, asyncpg, httpx, psutil, queue, requests, sqlite3, subprocess\n"
WHERE = {
    "parameter": "def f(x):\n    try:\n        {use}\n        open('a')\n    except Exception: pass",
    "imported object": "from nuvem import x\ndef f():\n    try:\n        {use}\n        open('a')\n    except Exception: pass",
    "awaited value": "import nuvem\nasync def f():\n    x = await nuvem.pedir()\n    try:\n        {use}\n        open('a')\n    except Exception: pass",
    "item of a parameter": "def f(z):\n    x = z[0]\n    try:\n        {use}\n        open('a')\n    except Exception: pass",
    "attribute": "import nuvem\nclass C:\n    def __init__(self): self.y = nuvem.Y()\n"
    "    def f(self):\n        x = self.y\n        try:\n            {use}\n            open('a')\n        except Exception: pass",
    "what a loop gives": "def f(z):\n    for x in z:\n        try:\n            {use}\n            open('a')\n        except Exception: pass",
}
THIRD = 3
"""Of the rows so many are tried in each place and form, others in the next: each one in each form, or with WORKERLOG_CI_ALL=1 all."""
CALLS = ["x.{}()", "x.{}('a')", "x.{}('a', timeout=3)", "x.{}(1, 'a')", "x.{}({})"]


def calls_of(name: str) -> list[str]:
    """Return calls of a method: with nothing, with what it may take, and with each parameter that its row knows."""
    row = ROWS.get(f"*.{name}")
    every = ", ".join(f"{param.lstrip('*')}=1" for param in row.params) if row is not None else ""
    return [call.format(name, every) for call in CALLS]


def tried(where: str, number: int = 0) -> Sequence[str]:
    """Return the names whose rows are tried in a place, in a form of the call."""
    return grids.share(BARE, THIRD, list(WHERE).index(where) + number)


def test_there_are_rows_by_bare_name() -> None:
    assert len(BARE) > 200


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("number", range(len(CALLS)), ids=CALLS)
def test_a_method_known_by_its_name_alone_never_completes_a_handler(
    script: Analyse, where: str, number: int
) -> None:
    """Every row by bare name, on what a client, a page or a plug-in might be: something else must speak for the type."""
    done = [
        call
        for call in (calls_of(name)[number] for name in tried(where, number))
        if call not in {cause for cause, *_ in script(LIBRARIES + WHERE[where].format(use=call)).unresolved()}
    ]

    assert done == []


@pytest.mark.parametrize("where", WHERE)
def test_a_row_that_decided_by_its_name_alone_would_be_noticed(
    script: Analyse, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: but for that one rule each of these rows would complete a handler, and nothing else would keep it broad."""
    monkeypatch.setattr(Effects, "unknown_call", lambda *_args, **_keywords: None)

    broad = [
        name
        for name in tried(where)
        if not any(
            script(LIBRARIES + WHERE[where].format(use=call)).body().is_complete for call in calls_of(name)
        )
    ]

    assert broad == []


OPERATIONS = [
    "for a in x: pass",
    "[a for a in x]",
    "list(x)",
    "sorted(x)",
    "sum(x)",
    "next(x)",
    "iter(x)",
    "enumerate(x)",
    "max(x)",
    "len(x)",
    "abs(x)",
    "x[0]",
    "x['a']",
    "x[1:2]",
    "x['a'] = 1",
    "del x['a']",
    "x.a",
    "x.a = 1",
    "del x.a",
    "x + 1",
    "1 - x",
    "-x",
    "y = x; y += 1",
    "x / x",
    "x < x",
    "1 in x",
    "a, b = x",
    "(*x,)",
    "with x: pass",
    "with x.abrir() as y: pass",
    "x()",
    "getattr(x, 'a')",
    "getattr(x, 'a', None)",
    "{**x}",
    "f(*x)",
    "f(**x)",
    "[*x]",
    "a, *b = x",
    "del x[0]",
    "x @ 2",
    "x ** 2",
    "x % 2",
    "x // 2",
    "x << 1",
    "x & 1",
    "x | 1",
    "x ^ 1",
    "~x",
    "+x",
    "x['a'] += 1",
    "x.a += 1",
    "x['a']['b'] = 1",
    "x.a.b",
    "x()()",
    "for x.a in 'ab': pass",
    "'a' + x",
    "'a' * x",
    "'a' in x",
    "''.join(x)",
    "dict(x)",
    "set(x)",
    "tuple(x)",
    "any(x)",
    "reversed(x)",
    "list(zip(x, 'a'))",
    "list(map(str, x))",
    "list(map(x, 'a'))",
    "sorted('a', key=x)",
    "[1].extend(x)",
    "{1: 2}.update(x)",
    "{1}.update(x)",
    "{1}.union(x)",
    "setattr(x, 'a', 1)",
    "delattr(x, 'a')",
    "exec(x)",
    "raise x",
    "collections.Counter(x)",
    "collections.deque(x)",
    "itertools.chain(x, 'a')",
    "itertools.islice(x, 3)",
    "functools.reduce(x, 'ab')",
    "statistics.mean(x)",
    "heapq.heappush([1], x)",
    "random.choice(x)",
    "csv.reader(x)",
    "csv.writer(x)",
    "json.load(x)",
    "json.dump(1, x)",
    "tomllib.load(x)",
    "shutil.copyfileobj(x, x)",
    "gzip.GzipFile(fileobj=x)",
    "open('a').writelines(x)",
    "contextlib.ExitStack().enter_context(x)",
    "@x\n{}def g(): pass",
    "class A(x): pass",
]
MODULES = "collections, contextlib, csv, functools, gzip, heapq, itertools, json, random, shutil, statistics, tomllib"


@pytest.mark.parametrize("where", WHERE)
def test_an_operation_on_something_unknown_never_completes_a_handler(script: Analyse, where: str) -> None:
    """A property, an iterator, an operator or a context manager of unknown make runs code that nobody sees."""
    indent = WHERE[where].partition("{use}")[0].rpartition("\n")[2]
    done = []
    for use in OPERATIONS:
        text = WHERE[where].format(use=use.replace("\n{}", f"\n{indent}"))
        if script(f"import {MODULES}\n{text}").body().is_complete:
            done.append(use)

    assert done == []


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    ("use", "names"),
    [
        ("int(x)", {"TypeError", "ValueError"}),
        ("round(x)", {"TypeError"}),
        ("math.floor(x)", {"TypeError"}),
        ("range(x)", {"TypeError"}),
        ("'%d' % x", {"TypeError"}),
        ("f'{x:.2f}'", {"TypeError", "ValueError"}),
        ("f'{x}'", set()),
        ("'%s' % (x,)", set()),
    ],
)
def test_what_makes_a_number_of_something_unknown_lists_what_anything_else_gives(
    script: Analyse, where: str, use: str, names: set[str]
) -> None:
    """None where a number was meant is data, not a bug; text takes anything."""
    assert script("import math\n" + WHERE[where].format(use=use)).names() == names | {"OSError"}


@pytest.mark.parametrize(
    ("decorator", "names"),
    [
        pytest.param("functools.wraps(g)", set(), id="of the standard library"),
        pytest.param("own", {"KeyError"}, id="own, which raises"),
        pytest.param("staticmethod", set(), id="builtin"),
    ],
)
def test_a_decorator_runs_where_the_definition_is_reached(
    script: Analyse, decorator: str, names: set[str]
) -> None:
    """A function that is defined in a body calls its decorators there."""
    text = (
        "import functools\ndef own(f):\n    if not f.__doc__: raise KeyError\n    return f\n"
        f"def g(): pass\ndef f():\n    try:\n        @{decorator}\n        def h(): pass\n        open('a')\n"
        "    except Exception: pass"
    )

    assert script(text).names() == names | {"OSError"}


@pytest.mark.parametrize("use", ["await x", "async for a in x: pass", "async with x: pass"])
def test_what_is_awaited_of_something_unknown_is_not_known(script: Analyse, use: str) -> None:
    text = f"async def f(x):\n    try:\n        {use}\n        open('a')\n    except Exception: pass"

    assert not script(text).body().is_complete


@pytest.mark.parametrize(
    "use", ["x == 1", "x is None", "not x", "str(x)", "print(x)", "f'{x}'", "isinstance(x, int)", "open(x)"]
)
def test_what_asks_nothing_of_a_value_is_known(script: Analyse, use: str) -> None:
    """Twin: comparing for equality, printing, asking for the type, and passing on to what takes builtin types only."""
    assert script(WHERE["parameter"].format(use=use)).body().is_complete


@pytest.mark.parametrize(
    ("uses", "is_told"),
    [
        pytest.param("x.strip(); x.lower()", True, id="two methods of text"),
        pytest.param("x.strip()", False, id="one method of text"),
        pytest.param("x.get(1); x.title()", False, id="methods of different types"),
        pytest.param("x.get('a'); x.close()", False, id="a method that no builtin type has"),
        pytest.param("x.get('a', timeout=3); x['b']", False, id="an argument that the method does not take"),
        pytest.param("x.get(); x['b']", False, id="too few arguments"),
        pytest.param("x.get('a'); x['b']", True, id="asked both ways for a key"),
        pytest.param("x['a']; x['b']", False, id="asked for two keys"),
        pytest.param("x['a']; x.copy()", False, id="a table has these, too"),
        pytest.param("x.items(); x['a']", True, id="items and a key"),
        pytest.param("x.append(1); x[0]", False, id="a sheet has these, too"),
        pytest.param("x.append(1); x.sort()", True, id="two methods of a list"),
        pytest.param("x > 3", True, id="ordered against a number"),
        pytest.param("x == 'a'; x.upper()", True, id="compared with a text, and a method of text"),
        pytest.param("x - 1; x / 2", False, id="arithmetic alone"),
        pytest.param("x - 1; f'{x:.2f}'", True, id="arithmetic and a number format"),
        pytest.param("x + '/a'; open(x)", True, id="joined with a text and opened"),
        pytest.param("x.strip(); x.lower(); x.a", False, id="an attribute besides"),
        pytest.param("x.strip(); x.lower(); x()", False, id="called besides"),
        pytest.param("x.strip(); x.lower(); x.a = 1", False, id="an attribute is set besides"),
        pytest.param(
            "x.startswith('a')", False, id="one method that only text has, of what need not be held"
        ),
    ],
)
def test_two_uses_that_fit_one_builtin_type_tell_it(script: Analyse, uses: str, is_told: bool) -> None:
    """One use may be of anything; a second of another kind leaves one builtin type, unless one of them does not fit."""
    text = f"def f(x):\n    try:\n        {uses}\n    except Exception: pass"

    assert script(text).body().is_complete is is_told


def test_what_was_told_may_still_arrive_in_another_shape(script: Analyse) -> None:
    """Text by all that is done with it: None or a number has no ``strip``."""
    text = "def f(x):\n    try:\n        int(x.strip().lower())\n    except Exception: pass"
    assert not script(text).body().is_complete

    assert script(text.replace("int(", "x.upper(); int(")).names() == {
        "AttributeError",
        "TypeError",
        "ValueError",
    }


def test_an_awaited_method_is_none_of_a_builtin_type(script: Analyse) -> None:
    """``await cache.get(k)`` is no dict's, whatever else is asked of it."""
    text = "async def f(x):\n    try:\n        {}x.get('a'); x['b']; x.items()\n    except Exception: pass"

    assert not script(text.format("await ")).body().is_complete
    assert script(text.format("")).body().is_complete


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(
            "x.get('a', {}).get('b')", {"AttributeError", "TypeError"}, id="default of a dictionary"
        ),
        pytest.param(
            "(x.get('a') or []).index(1)", {"AttributeError", "TypeError", "ValueError"}, id="or a list"
        ),
    ],
)
def test_a_literal_that_stands_in_says_that_data_is_expected(
    script: Analyse, made: str, expected: set[str]
) -> None:
    """Who writes ``.get("rows", {})`` expects plain data there; of which shape it comes is open."""
    text = f"def f(x: dict):\n    try:\n        {made}\n    except Exception: pass"

    assert script(text).names() == expected


def test_a_default_of_none_says_nothing(script: Analyse) -> None:
    """Twin: anything may stand behind None."""
    text = "def f(x: dict):\n    try:\n        x.get('a', None).get('b')\n    except Exception: pass"

    assert not script(text).body().is_complete


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(
            "def f():\n    try: print('ok')\n    except Exception: pass",
            {"OSError", "ValueError"},
            id="ASCII",
        ),
        pytest.param(
            "import sys\ndef f():\n    try: print('ok', file=sys.stderr)\n    except Exception: pass",
            {"OSError", "ValueError"},
            id="standard error",
        ),
        pytest.param(
            "def f():\n    try: str('ok')\n    except Exception: pass", set(), id="nothing is printed"
        ),
    ],
)
def test_printing_fails(script: Analyse, text: str, names: set[str]) -> None:
    """The disk behind it is full, the reader has gone, or it is closed."""
    assert script(text).names() == names


@pytest.mark.parametrize(
    ("before", "names"),
    [
        pytest.param(
            "try:\n        a = 1\n    except OSError:\n        pass", {"UnboundLocalError"}, id="earlier try"
        ),
        pytest.param(
            "try:\n        a = 1\n    except OSError:\n        return", set(), id="handler that leaves"
        ),
        pytest.param("if x:\n        a = 1", {"UnboundLocalError"}, id="branch"),
        pytest.param("if x:\n        a = 1\n    else:\n        a = 2", set(), id="both branches"),
        pytest.param("for a in 'xy': pass", {"UnboundLocalError"}, id="loop that may bind nothing"),
        pytest.param("while True:\n        a = 1\n        break", set(), id="endless loop"),
        pytest.param("a = 1\n    del a", {"UnboundLocalError"}, id="deleted"),
        pytest.param("a = 1\n    if x: del a", {"UnboundLocalError"}, id="deleted on one way"),
        pytest.param("try: pass\n    finally: a = 1", set(), id="finally"),
        pytest.param("with open('a') as a: pass", set(), id="with"),
        pytest.param(
            "try: pass\n    except OSError as a: pass", {"UnboundLocalError"}, id="alias of a handler"
        ),
        pytest.param(
            "a = 1\n    try: open('b')\n    except OSError as a: pass",
            {"UnboundLocalError"},
            id="alias that takes the name of a variable away",
        ),
        pytest.param(
            "a = 1\n    try: open('b')\n    except OSError as b: pass", set(), id="alias of another name"
        ),
        pytest.param(
            "while x:\n        a = 1\n        break\n    else: return", set(), id="bound before each break"
        ),
        pytest.param(
            "while x:\n        if x > 1: break\n        a = 1\n        break\n    else: return",
            {"UnboundLocalError"},
            id="one break before it is bound",
        ),
        pytest.param("match x:\n        case [a]: pass\n        case _: return", set(), id="pattern"),
        pytest.param("global a\n    a = 1", set(), id="global"),
        pytest.param("import os as a", set(), id="import"),
        pytest.param("def a(): ...", set(), id="definition"),
        pytest.param("class a: ...", set(), id="class"),
        pytest.param("(a := 1)", set(), id="walrus"),
        pytest.param("a, *_ = [1, 2]", set(), id="unpacked"),
    ],
)
def test_a_local_name_that_a_way_leaves_unbound_says_so(
    script: Analyse, before: str, names: set[str]
) -> None:
    """Bound in an earlier try, loop or branch only, or deleted: reading it fails on the other way."""
    text = f"def f(x):\n    {before}\n    try:\n        str(a)\n    except Exception: pass"

    found = script(text).body([*range(text.count("try:"))][-1])
    assert {entry.exception for entry in found.evidence} == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("try: valor\nexcept Exception: pass", {"NameError"}, id="bound nowhere"),
        pytest.param(
            "from nuvem import *\ntry: valor\nexcept Exception: pass", set(), id="perhaps by a star"
        ),
        pytest.param("exec('valor = 1')\ntry: valor\nexcept Exception: pass", set(), id="perhaps by exec"),
        pytest.param("try: __file__\nexcept Exception: pass", set(), id="bound by Python"),
        pytest.param("try: valor\nexcept Exception: pass\nvalor = 1", {"NameError"}, id="bound later"),
        pytest.param(
            "def g():\n    global valor\n    valor = 1\ng()\ntry: valor\nexcept Exception: pass",
            set(),
            id="by a function",
        ),
    ],
)
def test_a_name_that_nothing_binds_is_a_name_error(script: Analyse, text: str, names: set[str]) -> None:
    """The world does not send it, but the handler has always caught it."""
    assert set(script(text).body().names) == names


ALARM = """
import signal, os
class Late(Exception): ...
def alarm(number, frame):
    {body}
signal.signal({which}, alarm)
def f():
    try: os.remove("a")
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "which", "names"),
    [
        pytest.param("raise Late()", "signal.SIGALRM", {"OSError", "local:Late"}, id="watchdog"),
        pytest.param(
            "fail()\ndef fail(): raise Late()",
            "signal.SIGALRM",
            {"OSError", "local:Late"},
            id="by way of a function",
        ),
        pytest.param("print('stop')", "signal.SIGTERM", {"OSError"}, id="nothing is raised"),
        pytest.param("raise SystemExit(1)", "signal.SIGTERM", {"OSError"}, id="told to stop"),
    ],
)
def test_what_a_signal_handler_raises_arrives_everywhere(
    script: Analyse, body: str, which: str, names: set[str]
) -> None:
    """The watchdog's exception interrupts whatever the main thread does."""
    assert script(ALARM.format(body=body, which=which)).names() == names


@pytest.mark.parametrize(
    ("named", "is_known"), [("name", False), ("'plugins.a'", False), ("'json'", True), ("'os.path'", True)]
)
def test_the_top_level_of_a_plug_in_is_not_known(script: Analyse, named: str, is_known: bool) -> None:
    """``importlib.import_module`` runs it; of the standard library it is as an import."""
    text = f"import importlib\ndef f(name: str):\n    try: importlib.import_module({named})\n    except Exception: pass"

    assert script(text).body().is_complete is is_known


CLASS = """
class A{base}:
    limit = 3
    def __init__(self):
        self.first = 1
        self.prepare()
    def prepare(self):
        self.second = 2
    def connect(self):
        self.third = 3
    def run(self):
        try: str(self.{name})
        except Exception: pass
"""


@pytest.mark.parametrize(
    ("name", "base", "names"),
    [
        pytest.param("third", "", {"AttributeError"}, id="set by another method"),
        pytest.param("fourth", "", {"AttributeError"}, id="set by nothing"),
        pytest.param("first", "", set(), id="set by the constructor"),
        pytest.param("second", "", set(), id="set by a method that the constructor calls"),
        pytest.param("limit", "", set(), id="of the class"),
        pytest.param("run", "", set(), id="method"),
    ],
)
def test_an_attribute_that_only_another_method_sets_may_be_missing(
    script: Analyse, name: str, base: str, names: set[str]
) -> None:
    """Nothing says that ``connect`` ran before; what runs while the instance is made did."""
    assert set(script(CLASS.format(name=name, base=base)).body().names) == names


@pytest.mark.parametrize(("given", "names"), [("x", {"TypeError", "ValueError"}), ("'a'", {"ValueError"})])
def test_a_conversion_of_something_unknown_may_be_of_another_type(
    script: Analyse, given: str, names: set[str]
) -> None:
    """``int`` takes text and numbers only, and nobody knows that it gets them."""
    text = f"def f(x):\n    try: int({given})\n    except Exception: pass"

    assert script(text).names() == names


def test_a_template_may_be_filled_with_instances_of_several_classes(script: Analyse) -> None:
    """Kinds of values are put in order by their names: classes of the program have none of their own."""
    text = (
        "class A: ...\nclass B(A): ...\ndef f(a: A):\n    try: '%s %s' % (a, 1)\n    except Exception: pass"
    )

    assert script(text).names() == set()
