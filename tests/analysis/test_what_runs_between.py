"""What is known ends where something runs in between that may change it: a function that a loop calls, a property, a callback, a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

BODY = "try:\n    {}\nexcept Exception:\n    pass\n"
TABLE = "d = dict(a=1, b=2)\n"
KEEPER = "class Guarda:\n    def __init__(self, tabela):\n        self.tabela = tabela\n    def tira(self, k):\n        self.tabela.{}\n"
# What stands before a loop, its head and step, and how a function changes the container, and only looks at it.
LOOPS = [
    (TABLE + "def tira(k):\n    d.{}\n", "for k in d:\n        tira(k)", "pop(k)", "get(k)"),
    (TABLE + "def tira(t, k):\n    t.{}\n", "for k in d:\n        tira(d, k)", "pop(k)", "get(k)"),
    (
        TABLE + "def tira(t, k):\n    t.{}\ndef passo(t, k):\n    tira(t, k)\n",
        "for k in d:\n        passo(d, k)",
        "pop(k)",
        "get(k)",
    ),
    (TABLE + "def tira(k):\n    return d.{}\n", "[tira(k) for k in d.keys()]", "pop(k)", "get(k)"),
    (TABLE + "t = d\ndef f(k):\n    t.{}\n", "for k in d:\n        f(k)", "pop(k)", "get(k)"),
    (KEEPER + TABLE + "g = Guarda(d)\n", "for k in d:\n        g.tira(k)", "pop(k)", "get(k)"),
]


def test_a_function_that_a_loop_calls_changes_what_the_loop_goes_through(script: Analyse) -> None:
    """By its name, as an argument, under another name, through an object that keeps it; the twin only looks at it."""
    for head, loop, change, look in LOOPS:
        assert "RuntimeError" in script(head.format(change) + BODY.format(loop)).names(), (head, loop)
        assert "RuntimeError" not in script(head.format(look) + BODY.format(loop)).names(), (head, loop)
    left = TABLE + "def tira(k):\n    d.pop(k)\n"
    loop = "for k in d:\n        if k:\n            tira(k)\n            break"
    assert "RuntimeError" not in script(left + BODY.format(loop)).names()


# What shortens a list or takes out a key in a loop over a copy of it or its indexes, and the twin.
SHORTENED = [
    (
        "x = [1, 2]\n",
        "for i in range(len(x)):\n        x[i]\n        x.{}",
        "clear()",
        "copy()",
        "IndexError",
    ),
    (
        "x = [1, 2]\n",
        "for i, y in enumerate(x):\n        x[i]\n        x.{}",
        "clear()",
        "copy()",
        "IndexError",
    ),
    (
        TABLE,
        "for k in list(d):\n        d[k]\n        d.{}",
        "pop('b', None)",
        "pop(k, None)",
        "KeyError",
    ),
]


def test_an_earlier_round_took_out_what_a_loop_over_a_copy_comes_to(script: Analyse) -> None:
    """The twin takes out nothing, or only the key that the loop is at."""
    for head, loop, change, look, raised in SHORTENED:
        assert raised in script(head + BODY.format(loop.format(change))).names(), loop
        assert raised not in script(head + BODY.format(loop.format(look))).names(), loop


FIELD = "class Campo:\n    def __get__(self, dono, classe):\n        return None\n    def __set__(self, dono, valor):\n        pass\n"
USER = "    def f(self):\n        self.n = 3\n        try:\n            self.n + 1\n        except Exception:\n            pass\nSonda().f()\n"
BETWEEN = [
    FIELD + "class Sonda:\n    n = Campo()\n",
    "class Sonda:\n    @property\n    def n(self):\n        return None\n    @n.setter\n    def n(self, valor):\n        pass\n",
    "class Sonda:\n    def __setattr__(self, nome, valor):\n        object.__setattr__(self, nome, None)\n",
]


def test_what_is_set_is_not_what_is_there_where_the_class_stands_in_between(script: Analyse) -> None:
    """A descriptor, a property, ``__setattr__``; the twin has none of these."""
    for head in BETWEEN:
        assert "TypeError" in script(head + USER).names(), head
    assert not script("class Sonda:\n    n = 1\n" + USER).names()


COUNTED = "class Sonda:\n    def __init__(self):\n        self.v = 0\n    @property\n    def nome(self):\n        {}\n        return 'a' if self.v < 2 else None\ns = Sonda()\n"
GUARDED = "if s.nome is not None:\n        s.nome.upper()"


def test_a_property_that_counts_may_give_something_else_the_second_time(script: Analyse) -> None:
    """The twin's gives the same again; that it runs counts behind a guard outside the body, too."""
    assert "AttributeError" in script(COUNTED.format("self.v += 1") + BODY.format(GUARDED)).names()
    assert "AttributeError" not in script(COUNTED.format("self.v") + BODY.format(GUARDED)).names()
    raising = "class S:\n    @property\n    def n(self):\n        int(input())\n        return 'a' if input() else None\ns = S()\nif s.n is not None:\n    try:\n        s.n.upper()\n    except Exception:\n        pass\n"
    assert "ValueError" in script(raising).names()


def test_the_items_of_an_own_mapping_are_what_its_methods_give(script: Analyse) -> None:
    """The second reading need not be the first; the twin is a plain dictionary."""
    own = "class T(dict):\n    v = 0\n    def __getitem__(self, k):\n        self.v += 1\n        return 'a' if self.v < 2 else None\n"
    body = BODY.format("if t['x'] is not None:\n        t['x'].upper()")
    assert "AttributeError" in script(f"{own}t = T()\n{body}").names()
    assert "AttributeError" not in script(f"t = {{'x': 'a'}}\n{body}").names()


CALLBACK = "def faz():\n    total = 1\n    def muda():\n        nonlocal total\n        total = {}\n    chama({})\n    try:\n        total + 1\n    except Exception:\n        pass\ndef chama(f):\n    f()\nfaz()\n"


def test_a_function_that_a_call_is_given_may_run_in_it(script: Analyse) -> None:
    """Itself, in a lambda, in a ``partial``; the twin sets a number."""
    for given in ("muda", "lambda: muda()", "partial(muda)"):
        head = "from functools import partial\n"
        assert "TypeError" in script(head + CALLBACK.format("None", given)).names(), given
        assert "TypeError" not in script(head + CALLBACK.format("2", given)).names(), given


def test_a_function_that_chooses_by_type_gives_what_each_of_its_functions_gives(script: Analyse) -> None:
    """Those that are registered at it; the twin's gives a number."""
    head = "from functools import singledispatch\n@singledispatch\ndef valor(x):\n    return 1\n@valor.register\ndef _(x: str):\n    return {}\n"
    assert "TypeError" in script(head.format("None") + BODY.format("valor('a') + 1")).names()
    assert "TypeError" not in script(head.format("2") + BODY.format("valor('a') + 1")).names()


HANDLERS = [
    "class V:\n    def __call__(self, *dados):\n        raise Falta\nsignal.signal(signal.SIGALRM, V())\n",
    "def v(*dados):\n    raise Falta\nsignal.signal(signal.SIGALRM, partial(v, 1))\n",
    "def v(*dados):\n    raise Falta\nao = signal.signal\nao(signal.SIGALRM, v)\n",
    "from signal import signal as ao\ndef v(*dados):\n    raise Falta\nao(signal.SIGALRM, v)\n",
]


def test_every_kind_of_signal_handler_runs(script: Analyse) -> None:
    """An object that is called, a ``partial``, one that is set by another name; the twin hands it to a function of its own."""
    head = "import signal\nfrom functools import partial\nclass Falta(Exception): pass\n"
    for handler in HANDLERS:
        names = script(head + handler + BODY.format("len('a')")).names()
        assert any(name.endswith("Falta") for name in names), handler
    other = "def ao(*dados): pass\ndef v(*dados):\n    raise Falta\nao(signal.SIGALRM, v)\n"
    assert not script(head + other + BODY.format("len('a')")).names()


def test_a_module_that_is_loaded_again_is_what_it_was_at_first(script: Analyse) -> None:
    """Here and in a function that is called; the twin imports it, which changes nothing."""
    body = BODY.format("tabela.ITENS['a']")
    head = "import importlib\nimport tabela\ntabela.ITENS['a'] = 1\n"
    modules = {"tabela": "ITENS = {}\n"}
    for again in ("importlib.{}(tabela)\n", "def volta():\n    importlib.{}(tabela)\nvolta()\n"):
        for word, raises in (("reload", True), ("find_loader", False)):
            found = script(head + again.format(word) + body, modules=modules).body().names
            assert ("KeyError" in found) is raises, (again, word)


def test_a_name_may_be_set_by_way_of_all_modules(script: Analyse) -> None:
    """By a text, or over all that there are; the twin sets another name."""
    for way in ("setattr(sys.modules[nome], '{}', 0)", "for m in sys.modules.values():\n        m.{} = 0"):
        for name, raises in (("TAXA", True), ("OUTRA", False)):
            ajuste = f"import sys\ndef liga(nome):\n    {way.format(name)}\n"
            text = "import ajuste\nTAXA = 2\najuste.liga(__name__)\ndef f():\n" + "".join(
                f"    {line}\n" for line in BODY.format("10 // TAXA").splitlines()
            )
            found = script(text, modules={"ajuste": ajuste}).names()
            assert ("ZeroDivisionError" in found) is raises, (way, name)


def test_a_field_that_says_nothing_holds_the_data_that_fills_it(script: Analyse) -> None:
    """``object`` or ``Any``, by ``**`` of decoded data; the twin is given a number."""
    head = "import json\nfrom typing import Any\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    n: {} = 3\n"
    for kind in ("object", "Any"):
        for made, raises in (("C(**json.loads(input()))", True), ("C(n=4)", False)):
            text = head.format(kind) + f"c = {made}\n" + BODY.format("range(c.n)")
            assert ("TypeError" in script(text).body().names) is raises, (kind, made)
