"""What is handed to another file is followed there: objects, classes, functions, and what a guard has proved before the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

ROBOT = "import regras\nclass Robo:\n    def __init__(self):\n        self.nome = 'a'\nrobo = Robo()\n"
BODY = "try:\n    {}\nexcept Exception:\n    pass\n"
# What stands before the body, the body, what the other file does, what it raises then, and the twin's file.
HANDED = [
    (
        ROBOT + "regras.f(robo)\n",
        "robo.nome.upper()",
        "def f(r):\n    r.nome = None",
        "AttributeError",
        "def f(r):\n    r.nome = 'b'",
    ),
    (
        ROBOT + "regras.f(robo)\n",
        "robo.nome.upper()",
        "class G:\n    def __init__(self, r):\n        self.r = r\n    def h(self):\n        self.r.nome = None\ndef f(r):\n    G(r).h()",
        "AttributeError",
        "def f(r):\n    print(1)",
    ),
    (
        "import estado\n",
        "if estado.nome is not None:\n        estado.f()\n        estado.nome.upper()",
        "nome = 'a'\ndef f():\n    global nome\n    nome = None",
        "AttributeError",
        "nome = 'a'\ndef f():\n    global nome\n    nome = 'b'",
    ),
    (
        "from estado import t\nimport estado\nt['a'] = 1\n",
        "if 'a' in t:\n        estado.f()\n        t['a']",
        "t = {}\ndef f():\n    t.clear()",
        "KeyError",
        "t = {}\ndef f():\n    t.copy()",
    ),
    (
        "import os\nimport estado\n",
        "if 'P' in os.environ:\n        estado.f()\n        os.environ['P']",
        "import os\ndef f():\n    os.environ.pop('P')",
        "KeyError",
        "def f():\n    return 1",
    ),
]


def test_what_is_handed_to_another_file_is_followed_there(script: Analyse) -> None:
    """Attributes that it sets, and what was proved before its function ran; the twin leaves them as they were."""
    for head, body, other, raised, twin in HANDED:
        name = "regras" if "regras" in head else "estado"
        text = head + BODY.format(body)
        assert raised in script(text, modules={name: other}).names(), (body, other)
        assert raised not in script(text, modules={name: twin}).names(), (body, twin)


def test_a_function_is_called_by_the_file_that_it_is_handed_to(script: Analyse) -> None:
    """A method of an object that another file was given gets what that file passes; the twin passes what this one does."""
    text = (
        "import regras\nclass Robo:\n    def dobra(self, n):\n        try:\n            n // 2\n        except Exception:\n            pass\n"
        "robo = Robo()\nrobo.dobra(4)\nregras.f(robo)\n"
    )
    assert "TypeError" in script(text, modules={"regras": "def f(r):\n    r.dobra('x')"}).names()
    assert script(text, modules={"regras": "def f(r):\n    r.dobra(2)"}).names() == set()


def test_a_star_import_binds_names_anew_if_it_comes_later(script: Analyse) -> None:
    """A function of another file takes the place of one that was defined before; the twin's star import stands at the top."""
    own = "def f(x):\n    return x\n"
    star = "from fim import *\n"
    other = "class Falta(Exception): pass\ndef f(x):\n    raise Falta\n"
    body = BODY.format("f(1)")

    assert script(own + star + body, modules={"fim": other}).names() == {"fim.Falta"}
    assert script(star + own + body, modules={"fim": other}).names() == set()
    assert script(own + star + body, modules={"fim": "__all__ = []\n" + other}).names() == set()


def test_what_runs_as_an_object_ends_ends_what_was_proved(script: Analyse) -> None:
    """``__del__`` and the callback of a weak reference; the twin's leave the container as it is."""
    text = (
        "import weakref\nitens = [1]\nclass A: pass\na = A()\nw = weakref.ref(a, lambda r: itens.{})\n"
        "try:\n    if itens:\n        a = None\n        itens[0]\nexcept Exception:\n    pass\n"
    )
    assert script(text.format("clear()")).names() == {"IndexError"}
    assert script(text.format("copy()")).names() == set()
