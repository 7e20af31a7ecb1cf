"""A list has no name that the body cannot raise: what no careful engineer would write beside ``except``."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = """
import datetime, json, queue, re, sqlite3
from urllib.parse import parse_qs
import pandas
frame = pandas.read_csv("a.csv")
DAYS = ["s", "t", "q", "q", "s", "s", "d"]
PRICES = {"a": 1, "b": 2}
"""


def _names(script: Analyse, body: str, head: str = "") -> set[str]:
    indented = textwrap.indent(body, "        ")
    return script(
        f"{HEAD}{head}\ndef f(s: str, n: int, xs: list[int], q: queue.Queue):\n    try:\n{indented}\n    except Exception: pass"
    ).names()


@pytest.mark.parametrize(
    ("body", "name", "is_listed"),
    [
        pytest.param("int(json.loads(s)['n'])", "OverflowError", False, id="whole number out of JSON"),
        pytest.param("int(float(s))", "OverflowError", True, id="twin: of a float"),
        pytest.param(
            "int(datetime.datetime.now().timestamp() * 1000)",
            "OverflowError",
            False,
            id="the time in milliseconds",
        ),
        pytest.param(
            "t = datetime.datetime.now()\nint((datetime.datetime.now() - t).total_seconds() // 60)",
            "OverflowError",
            False,
            id="minutes since then",
        ),
        pytest.param(
            "int(frame['v'].mean())", "ValueError", True, id="twin: of a column, which may have no number"
        ),
        pytest.param(
            "int(datetime.datetime.now().timestamp() * float(s))",
            "OverflowError",
            True,
            id="twin: times a text",
        ),
        pytest.param(
            "datetime.datetime.now() + datetime.timedelta(days=3)",
            "OverflowError",
            False,
            id="today and a few days",
        ),
        pytest.param(
            "datetime.datetime.now() + datetime.timedelta(days=n)",
            "OverflowError",
            True,
            id="twin: any number of days",
        ),
        pytest.param("if ':' in s:\n    s.split(':')[1]", "IndexError", False, id="in, then split"),
        pytest.param("if ':' in s:\n    s.split(',')[1]", "IndexError", True, id="twin: split by another"),
        pytest.param("if ':' in s:\n    s.split(':')[2]", "IndexError", True, id="twin: a further part"),
        pytest.param("if len(xs) > n:\n    xs[n]", "IndexError", False, id="longer than a variable"),
        pytest.param("if len(xs) >= n:\n    xs[n]", "IndexError", True, id="twin: at least as long"),
        pytest.param("if xs:\n    xs.sort()\n    xs[-1]", "IndexError", False, id="sorted in between"),
        pytest.param("if xs:\n    xs.pop()\n    xs[-1]", "IndexError", True, id="twin: shortened in between"),
        pytest.param("xs[:3]", "IndexError", False, id="slice"),
        pytest.param("xs[:3][0]", "IndexError", True, id="twin: an item of a slice"),
        pytest.param(
            "DAYS[datetime.date.today().weekday()]", "IndexError", False, id="seven names by the day"
        ),
        pytest.param(
            "DAYS[datetime.date.today().isoweekday()]", "IndexError", True, id="twin: counted from one"
        ),
        pytest.param(
            "DAYS.remove('s')\nDAYS[datetime.date.today().weekday()]",
            "IndexError",
            True,
            id="twin: one is taken out",
        ),
        pytest.param("DAYS[datetime.date.today().day]", "IndexError", True, id="twin: day of the month"),
        pytest.param("parse_qs(s)['k'][0]", "IndexError", False, id="values of a query"),
        pytest.param("json.loads(s)['k'][0]", "IndexError", True, id="twin: values of JSON"),
        pytest.param(
            "cur = sqlite3.connect(s).execute('select 1')\n[c[0] for c in cur.description]",
            "IndexError",
            False,
            id="names of columns",
        ),
        pytest.param(
            "cur = sqlite3.connect(s).execute('select 1')\n[c[9] for c in cur.description]",
            "IndexError",
            True,
            id="twin: further than a column has items",
        ),
        pytest.param(
            "for a, b in sqlite3.connect(s).execute('select a, b from t'): pass",
            "ValueError",
            False,
            id="as many columns as names",
        ),
        pytest.param(
            "for a, b in sqlite3.connect(s).execute('select a, b, c from t'): pass",
            "ValueError",
            True,
            id="twin: more columns",
        ),
        pytest.param(
            "for a, b in sqlite3.connect(s).execute('select * from t'): pass",
            "ValueError",
            True,
            id="twin: any columns",
        ),
        pytest.param(
            "cur = sqlite3.connect(s).cursor()\ncur.execute('select a, max(b, 1) from t')\nfor a, b in cur.fetchall(): pass",
            "ValueError",
            False,
            id="as many columns as names, of a cursor",
        ),
        pytest.param(
            "cur = sqlite3.connect(s).cursor()\ncur.execute('select a, b from t')\ncur.execute(s)\nfor a, b in cur.fetchall(): pass",
            "ValueError",
            True,
            id="twin: which executes something else, too",
        ),
        pytest.param(
            "if '=' in s:\n    k, v = s.split('=', 1)", "ValueError", False, id="split once at what is in it"
        ),
        pytest.param("if '=' in s:\n    k, v = s.split('=')", "ValueError", True, id="twin: split at each"),
        pytest.param("k, v = s.split('=', 1)", "ValueError", True, id="twin: not asked before"),
        pytest.param("for k in ['a', 'b']:\n    PRICES[k]", "KeyError", False, id="own keys of a literal"),
        pytest.param("for k in ['a', 'c']:\n    PRICES[k]", "KeyError", True, id="twin: a key that is none"),
        pytest.param(
            "for p in [r'\\d+', r'[a-z]']:\n    re.search(p, s)", "re.error", False, id="literal patterns"
        ),
        pytest.param("for p in [r'\\d+', s]:\n    re.search(p, s)", "re.error", True, id="twin: one is not"),
        pytest.param("for t in ['1', '20']:\n    int(t)", "ValueError", False, id="written numbers"),
        pytest.param("for t in ['1', 'x']:\n    int(t)", "ValueError", True, id="twin: one is none"),
        pytest.param("q.put(s, block=True)", "queue.Full", False, id="put that waits"),
        pytest.param("q.put(s, block=True, timeout=3)", "queue.Full", True, id="twin: waits for a while"),
    ],
)
def test_a_name_is_listed_only_where_it_can_be_raised(
    script: Analyse, body: str, name: str, is_listed: bool
) -> None:
    """What was tested before, and what a literal says of itself, takes a name off the list, and nothing else does."""
    assert (name in _names(script, body)) is is_listed


OWN = """
class Box:
    def __init__(self):
        self.q = queue.Queue(5)
    def add(self, x, block=True):
        self.q.put(x, block=block)
box = Box()
"""


@pytest.mark.parametrize(
    ("call", "is_listed"),
    [
        pytest.param("box.add(1)", False, id="waits by default"),
        pytest.param("box.add(1, block=True)", False, id="waits"),
        pytest.param("box.add(1)\nbox.add(2, block=False)", True, id="twin: one call does not wait"),
        pytest.param("box.add(1, block=False)", True, id="twin: does not wait"),
    ],
)
def test_an_own_method_hands_on_whether_it_waits(script: Analyse, call: str, is_listed: bool) -> None:
    """What a parameter is in each call decides about the call that it is handed on to."""
    assert ("queue.Full" in _names(script, call, OWN)) is is_listed
