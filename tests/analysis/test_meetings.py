"""What special methods are given is what objects of their class meet, wherever these go."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse

CLASS = """
import functools

class Preco:
    def {}(self, x):
        try:
            x // 2
        except Exception:
            pass
        return 1
    def __floordiv__(self, other):
        return 1
    def de_novo(self):
        return {}
class Filho(Preco):
    pass
def um():
    return Preco()
def devolve(x):
    return x
p = Preco()
"""


def _class(method: str, own: str = "1") -> str:
    return CLASS.format(method, own)


# The method, and a line in which a number is met; in the hazard it is a text.
MET = [
    pytest.param("__add__", "p + {}", id="left of an operator"),
    pytest.param("__radd__", "{} + p", id="right of an operator"),
    pytest.param("__add__", "p += {}", id="changed by an operator"),
    pytest.param("__eq__", "p == {}", id="compared"),
    pytest.param("__eq__", "{} != p", id="compared from the other side"),
    pytest.param("__lt__", "0 < 1 and p < {}", id="ordered"),
    pytest.param("__eq__", "p in [{}]", id="looked for in a list"),
    pytest.param("__eq__", "tudo = {{{}, p}}", id="beside others in a set"),
    pytest.param("__getitem__", "p[{}]", id="asked for an item"),
    pytest.param("__contains__", "{} in p", id="asked for what it holds"),
    pytest.param("__call__", "p({})", id="called"),
    pytest.param("__call__", "list(map(p, [{}]))", id="called by a function that it is given to"),
    pytest.param("__call__", "functools.partial(p, {})()", id="called through a partial"),
    pytest.param("__add__", "um() + {}", id="given back by a function"),
    pytest.param("__add__", "devolve(p) + {}", id="handed through a function"),
    pytest.param("__add__", "a = [p]\na[0] + {}", id="kept in a list"),
    pytest.param("__add__", "a = {{'k': p}}\nfor b in a.values(): b + {}", id="kept in a table"),
    pytest.param("__add__", "Filho() + {}", id="of an heir"),
    pytest.param("__add__", "p.__add__({})", id="called by its name"),
    pytest.param(
        "__add__", "class D:\n    pass\nd = D()\nd.preco = p\nd.preco + {}", id="kept in an attribute"
    ),
]


@pytest.mark.parametrize(("method", "line"), MET)
def test_a_special_method_is_given_what_its_objects_meet(script: Analyse, method: str, line: str) -> None:
    """What stands on the other side is the parameter; the twin's is a number."""
    assert "TypeError" in script(_class(method) + line.format("'a'")).names()
    assert script(_class(method) + line.format(4)).names() == set()


def test_what_the_object_meets_in_its_own_methods_counts(script: Analyse) -> None:
    """``self`` is followed as what is made is; the twin's method meets a number."""
    assert "TypeError" in script(_class("__add__", "self + 'a'") + "p.de_novo()").names()
    assert script(_class("__add__", "self + 2") + "p.de_novo()").names() == set()


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        pytest.param("import pickle\npickle.dumps(p)", "str(p)", id="stored"),
        pytest.param("import outra\noutra.f(p)", "devolve(p)", id="handed to what nobody knows"),
        pytest.param("type(p)(), 3", "type(p) is Preco", id="its class is taken"),
        pytest.param("raise p", "print(p is None)", id="raised"),
        pytest.param("[4].index(p)", "itens = [p]", id="looked for in a list by a method"),
        pytest.param("import heapq\nheapq.heappush([4], p)", "[4, p]", id="pushed on a heap"),
        pytest.param("{(p, 1): 2}[(p, 1)]", "[(p, 1)][0]", id="part of a key"),
    ],
)
def test_an_object_out_of_sight_may_meet_anything(script: Analyse, line: str, twin: str) -> None:
    """Its special methods may be given anything then; the twin stays in sight."""
    assert not script(_class("__eq__") + "p == 4\n" + line).body().is_complete
    assert script(_class("__eq__") + "p == 4\n" + twin).names() == set()


def test_what_an_object_is_sorted_with_is_met(script: Analyse) -> None:
    """The order of a list asks each for the others; the twin's list is not sorted."""
    assert "TypeError" in script(_class("__lt__") + "p < 4\nsorted([p, 'a'])").names()
    assert script(_class("__lt__") + "p < 4\nprint([p, 'a'] is None)").names() == set()


def test_an_operator_gives_to_the_method_of_that_operator_alone(script: Analyse) -> None:
    """``p * "a"`` says nothing of ``__add__``; the twin adds."""
    assert script(_class("__add__") + "p + 4\np * 'a'").names() == set()
    assert "TypeError" in script(_class("__add__") + "p + 4\np + 'a'").names()
