"""What a list misses when only the type of a value is looked at: ranges, contents, other threads, what a setter checks."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = (
    "import configparser, datetime, json, sqlite3\nimport xml.etree.ElementTree as ET\n"
    "from concurrent.futures import ThreadPoolExecutor\nfrom email.message import EmailMessage, Message\n"
)


@pytest.mark.parametrize(
    ("body", "name", "is_listed"),
    [
        pytest.param("datetime.datetime.fromtimestamp(n)", "ValueError", True, id="a year after 9999"),
        pytest.param("datetime.datetime.fromtimestamp(0)", "ValueError", False, id="twin: a written number"),
        pytest.param("ThreadPoolExecutor(n)", "ValueError", True, id="no worker"),
        pytest.param("ThreadPoolExecutor(4)", "ValueError", False, id="twin: four"),
        pytest.param("range(1, 9, n)", "ValueError", True, id="a step of zero"),
        pytest.param("range(1, n)", "ValueError", False, id="twin: no step"),
        pytest.param("range(1, 9, 2)", "ValueError", False, id="twin: a written step"),
        pytest.param("1 << n", "ValueError", True, id="a negative shift"),
        pytest.param("n << 3", "ValueError", False, id="twin: a written shift"),
        pytest.param("open(s, t)", "ValueError", True, id="a mode from outside"),
        pytest.param("open(s, 'rb')", "ValueError", False, id="twin: a written mode"),
        pytest.param("json.dumps({'a': x})", "TypeError", True, id="something unknown in a literal"),
        pytest.param("json.dumps({'a': [1, x]})", "TypeError", True, id="deeper in it"),
        pytest.param("json.dumps({'a': [1, s]})", "TypeError", False, id="twin: text and numbers"),
        pytest.param("json.dumps({'a': x}, default=str)", "TypeError", False, id="twin: a default"),
        pytest.param("con.execute('select ?', (s,))", "UnicodeError", True, id="a lone surrogate"),
        pytest.param("con.execute('select ?', (n,))", "OverflowError", True, id="more than 64 bits"),
        pytest.param("con.execute('select ?', (1,))", "OverflowError", False, id="twin: a written number"),
        pytest.param("con.execute('select 1')", "OverflowError", False, id="twin: no parameter"),
        pytest.param("ini['a']['b'] = x", "TypeError", True, id="an option that is no text"),
        pytest.param("mail['Subject'] = s", "ValueError", True, id="a header with a line feed"),
        pytest.param("mail.get('Subject')", "ValueError", False, id="twin: read"),
        pytest.param("ET.tostring(tree)", "TypeError", True, id="an attribute that is no text"),
        pytest.param("ET.fromstring(s)", "TypeError", False, id="twin: read"),
    ],
)
def test_what_a_value_can_be_beyond_its_type(script: Analyse, body: str, name: str, is_listed: bool) -> None:
    """A number out of range, an item of another type, a text that a setter refuses."""
    parameters = (
        "x, n: int, s: str, t: str, con: sqlite3.Connection, ini: configparser.ConfigParser, "
        "mail: EmailMessage, tree: ET.Element"
    )
    indented = textwrap.indent(body, "        ")
    text = f"{HEAD}def f({parameters}):\n    try:\n{indented}\n    except Exception: pass"

    assert (name in script(text).body().names) is is_listed


THREADS = """
import threading
shared = {{}}
def fill():
    while True:
        {change}
def start():
    {start}
def f():
    try:
        {loop}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("change", "start", "loop", "is_listed"),
    [
        pytest.param("shared['a'] = 1", "threading.Thread(target=fill).start()", "for k in shared: str(k)", True, id="keys"),
        pytest.param("shared.pop('a', 0)", "threading.Thread(target=fill).start()", "for k, v in shared.items(): str(k)", True, id="items"),
        pytest.param("shared['a'] = 1", "threading.Thread(target=fill).start()", "for k in list(shared): str(k)", False, id="twin: a copy"),
        pytest.param("shared['a'] = 1", "fill()", "for k in shared: str(k)", False, id="twin: no thread"),
        pytest.param("shared.get('a')", "threading.Thread(target=fill).start()", "for k in shared: str(k)", False, id="twin: only read"),
    ],
)  # fmt: skip
def test_a_container_that_another_thread_changes(
    script: Analyse, change: str, start: str, loop: str, is_listed: bool
) -> None:
    """``RuntimeError``: the dictionary changed its size during the loop."""
    names = script(THREADS.format(change=change, start=start, loop=loop)).body(-1).names

    assert ("RuntimeError" in names) is is_listed


@pytest.mark.parametrize(
    ("put", "is_listed"),
    [
        pytest.param("inner = table['a']; inner['x'] = {1}", True, id="a set, by a name of the inner dict"),
        pytest.param("inner = table['a']; inner['x'] = 1", False, id="a number"),
        pytest.param(
            "for inner in table.values(): inner['x'] = other()", True, id="something unknown, in a loop"
        ),
        pytest.param("table.setdefault('b', {})['x'] = 1", False, id="a number, without a name"),
        pytest.param("own = {}; own['x'] = {1}", False, id="a set, in another dict"),
    ],
)
def test_what_an_inner_container_is_given_by_another_name(
    script: Analyse, put: str, *, is_listed: bool
) -> None:
    """What lies deep in a table is what every name of its inner parts puts there: ``json.dumps`` of it may fail."""
    text = f"import json\nfrom nuvem import other\ntable = {{'a': {{}}}}\n{put}\ntry:\n    open('a')\n    json.dumps(table)\nexcept Exception: pass"

    assert ("TypeError" in script(text).body().names) is is_listed


@pytest.mark.parametrize(
    ("put", "is_listed"),
    [
        pytest.param("state['t'] = datetime.now()", True, id="a time"),
        pytest.param("state['t'] = str(datetime.now())", False, id="a text"),
        pytest.param("inner = state['a']; inner['t'] = datetime.now()", True, id="by a name of an inner part"),
        pytest.param("for part in state['parts']: part['t'] = {1}", True, id="in a loop over inner parts"),
        pytest.param("state.setdefault('a', []).append(other())", True, id="something unknown, into an inner list"),
        pytest.param("state.update(t=datetime.now())", True, id="by update"),
        pytest.param("state.update({'t': 5})", False, id="a number, by update"),
        pytest.param("own = {}; own['t'] = datetime.now()", False, id="into another dict"),
        pytest.param("state['t'] = (1, datetime.now())", True, id="a time in a tuple"),
        pytest.param("state['t'] = (1, 'a')", False, id="a tuple of plain data"),
        pytest.param("state |= {'t': datetime.now()}", True, id="joined with a dict of times"),
        pytest.param("state |= {'t': 1}", False, id="joined with a dict of numbers"),
        pytest.param("state['l'] += [{1}]", True, id="a list that is longer by a set"),
        pytest.param("state[datetime.now()] = 1", True, id="a time as a key"),
        pytest.param("state[2, 'a'] = 1", True, id="a tuple as a key"),
        pytest.param("state.update({('a', other()): 1})", True, id="a tuple as a key, by update"),
        pytest.param("state[2] = 1", False, id="a number as a key"),
    ],
)  # fmt: skip
def test_what_is_put_into_decoded_data_may_be_no_json(script: Analyse, put: str, *, is_listed: bool) -> None:
    """A state that is read, changed and written again holds what the program put there."""
    text = f"import json\nfrom datetime import datetime\nfrom nuvem import other\nstate = json.load(open('s'))\n{put}\ntry:\n    open('a')\n    json.dumps(state)\nexcept Exception: pass"

    assert ("TypeError" in script(text).body().names) is is_listed


@pytest.mark.parametrize(
    ("made", "is_known"),
    [
        pytest.param("csv.writer(Own()).writerow([1])", False, id="an own file"),
        pytest.param("w.writerow([1])", False, id="an own file, outside"),
        pytest.param("[a for a in r]", False, id="an own iterator, outside"),
        pytest.param("known.writerow([1])", True, id="a real file, outside"),
    ],
)
def test_what_goes_on_to_use_an_own_object_is_not_known(
    script: Analyse, made: str, *, is_known: bool
) -> None:
    """A writer or reader that was made before the ``try`` calls the own object in it."""
    text = (
        "import csv\nclass Own:\n    def write(self, text): raise KeyError\n    def __iter__(self): return self\n"
        "    def __next__(self): raise KeyError\nw = csv.writer(Own())\nr = csv.reader(Own())\n"
        f"known = csv.writer(open('b'))\ntry:\n    open('a')\n    {made}\nexcept Exception: pass"
    )

    found = script(text).body()

    assert (found.is_complete and "KeyError" not in found.names) is is_known


MAIL = "import imaplib\nbox = imaplib.IMAP4_SSL('a')\nok, data = box.fetch('1', '(RFC822)')\n"
CELLS = "import csv\nimport pandas\nframe = pandas.read_csv('a')\nlines = list(csv.reader(open('a')))\n"
LEVELS = (
    "from collections import defaultdict\nd = defaultdict(dict)\nn = defaultdict(lambda: defaultdict(list))\n"
)


@pytest.mark.parametrize(
    ("head", "use", "name", "is_listed"),
    [
        pytest.param(MAIL, "data[0][1]", "TypeError", True, id="a message that is gone is None"),
        pytest.param(MAIL, "data[0]", "TypeError", False, id="the answer itself is a list"),
        pytest.param(CELLS, "int(frame['a'][0])", "ValueError", True, id="a cell of a frame is NaN"),
        pytest.param(CELLS, "float('1')", "OverflowError", False, id="a number that is written there"),
        pytest.param(CELLS, "int(float(lines[1][0]))", "OverflowError", True, id="a cell of a file is inf"),
        pytest.param(CELLS, "float(lines[1][0])", "OverflowError", False, id="a float may be inf"),
        pytest.param(LEVELS, "d[k]['x']", "KeyError", True, id="the inner dict makes nothing up"),
        pytest.param(LEVELS, "d[k]", "KeyError", False, id="the outer one does"),
        pytest.param(LEVELS, "n[k]['x'][0]", "IndexError", True, id="the list of the second level is empty"),
        pytest.param(LEVELS, "n[k]['x']", "KeyError", False, id="two levels that make up what is asked for"),
    ],
)
def test_what_an_item_can_be(script: Analyse, head: str, use: str, name: str, *, is_listed: bool) -> None:
    """An item that is None, NaN or infinite, or that only the outer level of a ``defaultdict`` makes up."""
    text = f"{head}def f(k: str):\n    try:\n        open('a')\n        {use}\n    except Exception: pass"

    assert (name in script(text).names()) is is_listed


@pytest.mark.parametrize(
    ("change", "is_listed"),
    [
        pytest.param("state.items.pop('a', None)", True, id="taken out of the same attribute"),
        pytest.param("state.other.pop('a', None)", False, id="taken out of another attribute"),
    ],
)
@pytest.mark.parametrize("loop", ["state.items", "given.items.values()"])
def test_a_container_of_an_object_that_another_thread_changes(
    script: Analyse, change: str, loop: str, *, is_listed: bool
) -> None:
    """The object has one name in the thread and another where the loop is: its attribute tells."""
    text = (
        "import threading\nclass State:\n    def __init__(self):\n        self.items = {}\n        self.other = {}\n"
        f"state = State()\ndef change():\n    {change}\ndef f(given: State):\n    try:\n        open('a')\n"
        f"        for item in {loop}: pass\n    except Exception: pass\nthreading.Thread(target=change).start()\nf(state)\n"
    )

    assert ("RuntimeError" in script(text).names()) is is_listed


CAUGHT = """
class Other(Exception): pass
class Fault(Exception):
    def __str__(self):
        raise Other
    @property
    def status(self):
        raise Other
    def poll(self):
        self.code = 5
class Heir(Fault):
    pass
class Plain(Exception): pass
class Loud(Plain):
    def __str__(self):
        raise Other
class Quiet(Exception): pass
"""


@pytest.mark.parametrize("is_imported", [False, True], ids=["own file", "another file"])
@pytest.mark.parametrize(
    ("caught", "use", "is_heeded"),
    [
        pytest.param("Fault", "f'{e}'", True, id="formatted"),
        pytest.param("Fault", "str(e)", True, id="made a text"),
        pytest.param("(OSError, Fault)", "str(e)", True, id="one of two"),
        pytest.param("KINDS", "str(e)", True, id="a tuple with a name"),
        pytest.param("Plain", "str(e)", True, id="an heir's"),
        pytest.param("Fault", "e.status", True, id="a property"),
        pytest.param("Fault", "e.code", True, id="what only a method sets"),
        pytest.param("Quiet", "str(e)", False, id="twin: no method of its own"),
        pytest.param("OSError", "e.args", False, id="twin: what every exception has"),
        pytest.param("OSError", "str(e)", False, id="twin: not of the program"),
    ],
)
def test_what_an_own_exception_that_was_caught_runs(
    script: Analyse, caught: str, use: str, *, is_heeded: bool, is_imported: bool
) -> None:
    """Its special methods and properties, and those of its heirs, run where the handler uses it."""
    head = "from faults import *\n" if is_imported else CAUGHT
    text = (
        f"{head}KINDS = (KeyError, Fault)\ndef f(p: str):\n    try:\n        open(p)\n    except {caught} as e:\n"
        f"        try:\n            {use}\n        except Exception: pass"
    )
    found = script(text, modules={"faults": CAUGHT}).body(1)

    assert (
        not found.is_complete or any(name.endswith(("Other", "AttributeError")) for name in found.names)
    ) is is_heeded


@pytest.mark.parametrize(
    ("caught", "use", "name", "is_listed"),
    [
        pytest.param("OSError", "e.errno + 1", "TypeError", True, id="no number"),
        pytest.param("OSError", "e.strerror.lower()", "AttributeError", True, id="no text"),
        pytest.param("sqlite3.Error", "e.sqlite_errorname", "AttributeError", True, id="only newer Pythons"),
        pytest.param("OSError", "e.errno == 2", "TypeError", False, id="twin: compared"),
        pytest.param("OSError", "f'{e.strerror}'", "TypeError", False, id="twin: formatted"),
        pytest.param("OSError", "if e.errno: e.errno + 1", "TypeError", False, id="twin: looked at"),
    ],
)
def test_what_an_exception_carries_may_be_missing(
    script: Analyse, caught: str, use: str, name: str, *, is_listed: bool
) -> None:
    """``OSError("x")`` has neither number nor text; what SQLite reports has its code from Python 3.11 on."""
    text = f"import sqlite3\ntry:\n    open('a')\nexcept {caught} as e:\n    try:\n        {use}\n    except Exception: pass"

    assert (name in script(text).body(1).names) is is_listed


@pytest.mark.parametrize(
    ("text", "use", "is_listed"),
    [
        pytest.param("select * from t", "row['a']", True, id="a table may lack a column"),
        pytest.param("select * from t", "row[3]", True, id="a table may have fewer"),
        pytest.param("select a from t", "row[1]", True, id="one column is named"),
        pytest.param("select a, b from t", "row[1]", False, id="twin: two are"),
        pytest.param("select a, b from t", "row['b']", False, id="twin: by its name"),
    ],
)
def test_a_row_has_the_columns_that_its_text_names(
    script: Analyse, text: str, use: str, *, is_listed: bool
) -> None:
    """What ``*`` stands for the table says, which an older program made."""
    made = f"def f(con: sqlite3.Connection):\n    for row in con.execute('{text}'):\n        try: {use}\n        except Exception: pass"

    assert ("IndexError" in script(f"import sqlite3\n{made}").body().names) is is_listed
