"""Attributes that functions carry, and those that are read by a name that a text gives."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse

BODY = "\ntry:\n    {} // 2\nexcept Exception:\n    pass\n"
FUNCTION = "import functools\ndef conta():\n    return 1\n"
OBJECT = """
import operator

class Alvo:
    porta = {}
    def ler(self):
        return {}
    @property
    def lado(self):
        return {}
alvo = Alvo()
tabela = {{"porta": {}}}
"""


@pytest.mark.parametrize(
    "stores",
    [
        pytest.param("conta.n = {}\n", id="by an assignment"),
        pytest.param("conta.n = 4\nconta.n = {}\n", id="by a second one"),
        pytest.param("setattr(conta, 'n', {})\n", id="by setattr"),
        pytest.param("outra = conta\noutra.n = {}\n", id="under another name"),
        pytest.param("def marca(f):\n    f.n = {}\nmarca(conta)\n", id="by a function that it is given to"),
    ],
)
def test_a_function_carries_what_is_stored_on_it(script: Analyse, stores: str) -> None:
    """Whoever stores it; the twin stores a number."""
    use = FUNCTION + "conta.n = 4\n" + "{}" + BODY.format("conta.n")
    found = script(use.format(stores.format("'a'"))).body()
    assert "TypeError" in found.names or not found.is_complete
    assert script(use.format("outro = 6\n")).names() == set()


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        pytest.param("conta.__dict__.update(n='a')", "conta.__doc__", id="its table is changed"),
        pytest.param("vars(conta)['n'] = 'a'", "conta", id="vars of it is changed"),
        pytest.param("import outra\noutra.f(conta)", "print(conta())", id="handed to what nobody knows"),
        pytest.param("del conta.n", "conta.n = 6", id="it is taken away"),
    ],
)
def test_what_a_function_carries_may_get_out_of_sight(script: Analyse, line: str, twin: str) -> None:
    """Then it may be anything; the twin leaves it in sight."""
    text = FUNCTION + "conta.n = 4\n{}" + BODY.format("conta.n")
    found = script(text.format(line)).body()
    assert not found.is_complete or {"TypeError", "AttributeError"} & set(found.names)
    assert script(text.format(twin)).names() <= {"AttributeError"}


def test_what_a_function_carries_from_the_start_is_there(script: Analyse) -> None:
    """It is stored right behind the definition, before anybody can call; the twin stores it in a function."""
    body = BODY.format("conta.n")
    assert script(FUNCTION + "conta.n = 4\n" + body).names() == set()
    late = "def poe():\n    conta.n = 4\npoe()\n"
    assert script(FUNCTION + late + body).names() == {"AttributeError"}


@pytest.mark.parametrize(
    "read",
    [
        pytest.param("getattr(alvo, 'porta')", id="getattr"),
        pytest.param("getattr(alvo, 'porta', 4)", id="getattr with a default"),
        pytest.param("getattr(alvo, 'lado')", id="getattr of a property"),
        pytest.param("getattr(alvo, 'ler')()", id="getattr of a method"),
        pytest.param("operator.attrgetter('porta')(alvo)", id="attrgetter"),
        pytest.param("operator.itemgetter(0)((alvo.porta, 1))", id="itemgetter"),
        pytest.param("operator.methodcaller('ler')(alvo)", id="methodcaller"),
    ],
)
def test_what_is_read_by_its_name_is_what_is_there(script: Analyse, read: str) -> None:
    """As if it were written as an attribute or item; the twin holds a number."""
    text = OBJECT.format(*["'a'"] * 4) + BODY.format(read)
    twin = OBJECT.format(*[4] * 4) + BODY.format(read)
    assert "TypeError" in script(text).names()
    assert "TypeError" not in script(twin).names()


def test_each_name_that_a_text_may_be_is_read(script: Analyse) -> None:
    """One of several names leads to a text, whichever; the twin's all lead to numbers."""
    text = (
        "class A:\n    a = {}\n    b = {}\nx = A()\nfor nome in ('a', 'b'):\n"
        "    try:\n        getattr(x, nome) // 2\n    except Exception:\n        pass\n"
    )
    assert "TypeError" in script(text.format("'t'", 6)).names()
    assert "TypeError" in script(text.format(4, "'t'")).names()
    assert script(text.format(4, 6)).names() == set()


def test_what_a_function_carries_is_read_inside_another_one(script: Analyse) -> None:
    """All that is stored on it counts there; the twin stores numbers only."""
    text = (
        "def conta():\n    return 1\nconta.n = 4\ndef usa():\n    try:\n        conta.n // 2\n    except Exception:\n        pass\n"
        "def poe():\n    conta.n = {}\npoe()\nusa()\n"
    )
    assert script(text.format("'a'")).names() == {"TypeError"}
    assert script(text.format(6)).names() == set()


def test_a_name_that_is_missing_fails_unless_there_is_a_default(script: Analyse) -> None:
    """``getattr`` without a default raises; the twin has one."""
    text = "class A: pass\nx = A()\ntry:\n    print(getattr(x, 'porta'{}))\nexcept Exception:\n    pass\n"
    assert "AttributeError" in script(text.format("")).body().names
    assert "AttributeError" not in script(text.format(", 4")).names()
