"""What is known of an item or a length ends where the container may be changed under another name."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse

ITEM = "d = {{'k': 4}}\ne = {{'k': 4}}\nd['k'] = 5\n{}\ntry:\n    d['k'] + 1\nexcept Exception:\n    pass\n"
LENGTH = """
d = [1]
e = [2]
a = d
try:
    if d:
        {}
        d[0]
except Exception:
    pass
"""
METHOD = """
class Robo:
    def __init__(self):
        self.d = {{'k': 0}}
        self.m = []
    def faz(self, outro):
        self.d['k'] = 4
        {}
        try:
            self.d['k'] + 1
        except Exception:
            pass
r = Robo()
r.faz(r)
"""
LOOP = """
def faz(todos):
    d = {{'k': 4}}
    d['k'] = 5
    todos.append(d)
    for um in range(3):
        try:
            d['k'] + 1
        except Exception:
            pass
        {}
faz([])
"""


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        pytest.param("a = d\na['k'] = None", "a = d\na['m'] = None", id="a second name"),
        pytest.param("a = [d]\na[0]['k'] = None", "a = [e]\na[0]['m'] = None", id="out of a list"),
        pytest.param("for a in [d]:\n    a['k'] = None", "for a in [d]:\n    a['m'] = None", id="in a loop"),
        pytest.param("def f(x):\n    x['k'] = None\nf(d)", "def f(x):\n    x['k']\nf(d)", id="a parameter"),
        pytest.param("k = 'k'\nd[k] = None", "k = 'k'\ne[k] = None", id="a key that is a name"),
        pytest.param("a = d\na.update(k=None)", "a = d\na.copy()", id="a method"),
        pytest.param("import operator\noperator.setitem(d, 'k', None)", "import operator\noperator.getitem(d, 'k')", id="operator"),
        pytest.param("dict.__setitem__(d, 'k', None)", "dict.__getitem__(d, 'k')", id="a method of the class"),
    ],
)  # fmt: skip
def test_an_item_set_under_another_name_is_no_longer_known(script: Analyse, line: str, twin: str) -> None:
    """Any name of the container changes it; the twin changes another key, another container, or reads."""
    assert "TypeError" in script(ITEM.format(line)).names()
    assert script(ITEM.format(twin)).names() == set()


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        pytest.param("a.clear()", "e.clear()", id="emptied"),
        pytest.param("a.pop()", "a.append(1)", id="taken out"),
        pytest.param("del a[:]", "del e[:]", id="a slice taken away"),
        pytest.param("a[:] = []", "e[:] = []", id="a slice replaced"),
    ],
)
def test_a_length_ends_where_another_name_shortens_it(script: Analyse, line: str, twin: str) -> None:
    """``if d:`` says nothing once another name took out what was in it; the twin shortens another list, or adds."""
    assert script(LENGTH.format(line)).names() == {"IndexError"}
    assert script(LENGTH.format(twin)).names() == set()


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        pytest.param("outro.d['k'] = None", "outro.m.append(1)", id="another object"),
        pytest.param("a = self.d\n        a['k'] = None", "a = {}\n        a['k'] = None", id="a local name"),
        pytest.param("a = self.d\n        a.clear()", "a = {'k': 1}\n        a.clear()", id="emptied"),
    ],
)
def test_a_table_of_an_object_has_other_names(script: Analyse, line: str, twin: str) -> None:
    """A local name, or the same attribute of what may be the same object; the twin's table is new, and nothing takes it along."""
    assert {"TypeError", "KeyError"} & script(METHOD.format(line)).names()
    assert script(METHOD.format(twin)).names() == set()


def test_what_an_earlier_round_changed_counts_at_the_head_of_a_loop(script: Analyse) -> None:
    """The change stands below the handler; the twin changes another key."""
    assert "TypeError" in script(LOOP.format("a = todos[0]\n        a['k'] = None")).body().names
    assert "TypeError" not in script(LOOP.format("a = todos[0]\n        a['m'] = None")).names()
