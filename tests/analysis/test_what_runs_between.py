"""What is known ends where something runs in between that may change it: a function that a loop calls, a property, a callback, a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


TASKS = "import asyncio\nclass Robo:\n    def __init__(self):\n        self.canal = 'a'\n    async def fecha(self):\n        self.canal = None\n    async def envia(self):\n        {}\nrobo = Robo()\nasync def tudo():\n    {}\n"
WAITING = "try:\n            if self.canal is not None:\n                await asyncio.sleep(1)\n                self.canal.upper()\n        except Exception:\n            pass"


def test_another_task_runs_while_one_waits(script: Analyse) -> None:
    """It was started, is gathered, is called by the loop; the twin awaits it before, or does not wait between test and use."""
    for started in (
        "await asyncio.gather(robo.envia(), robo.fecha())",
        "asyncio.create_task(robo.fecha())",
        "asyncio.get_running_loop().call_later(1, robo.fecha)",
    ):
        assert "AttributeError" in script(TASKS.format(WAITING, started)).names(), started
    assert "AttributeError" not in script(TASKS.format(WAITING, "await robo.fecha()")).names()
    at_once = WAITING.replace("await asyncio.sleep(1)", "pass")
    assert "AttributeError" not in script(TASKS.format(at_once, "asyncio.create_task(robo.fecha())")).names()


STEPS = "class Robo:\n    def __init__(self):\n        self.canal = 'a'\n    def passos(self):\n        try:\n            if self.canal is not None:\n                {}\n                self.canal.upper()\n        except Exception:\n            pass\nrobo = Robo()\n"


def test_who_goes_through_a_generator_runs_between_its_steps(script: Analyse) -> None:
    """Behind ``yield`` an attribute is what others set it to; the twin gives nothing there, or nobody sets it."""
    user = "for _ in robo.passos():\n    robo.canal = None\n"
    assert "AttributeError" in script(STEPS.format("yield 1") + user).names()
    assert "AttributeError" not in script(STEPS.format("yield 1")).names()
    assert "AttributeError" not in script(STEPS.format("pass") + "robo.canal = None\n").names()


def test_two_names_that_were_bound_at_once_are_one_list(script: Analyse) -> None:
    """The twin makes two lists."""
    body = "    try:\n        a[0]\n    except Exception:\n        pass\n"
    assert "IndexError" in script("def f():\n    a = b = [1]\n    b.clear()\n" + body).names()
    assert "IndexError" not in script("def f():\n    a = [1]\n    b = [1]\n    b.clear()\n" + body).names()


def test_an_index_ends_where_a_function_moves_it(script: Analyse) -> None:
    """Not only where the list becomes shorter; the twin moves another number."""
    text = "x = [1]\ni = j = 0\ndef passo():\n    global {0}\n    {0} += 5\n"
    body = BODY.format("while i < len(x):\n        passo()\n        x[i]\n        i += 1")
    assert "IndexError" in script(text.format("i") + body).names()
    assert "IndexError" not in script(text.format("j") + body).names()


def test_super_may_lead_to_a_class_beside(script: Analyse) -> None:
    """Of an heir that has two bases; the twin's heir has one."""
    text = "class A:\n    def v(self):\n        return 1\nclass B(A):\n    def f(self):\n        try:\n            super().v() + 1\n        except Exception:\n            pass\nclass C(A):\n    def v(self):\n        return None\nclass D({}): pass\nD().f()\n"
    assert "TypeError" in script(text.format("B, C")).names()
    assert "TypeError" not in script(text.format("B")).names()


def test_rows_of_a_database_are_what_another_file_makes_of_them(script: Analyse) -> None:
    """A file that is imported stores the function; the twin's stores it under another name."""
    head = "import sqlite3\nimport linhas\nbase = sqlite3.connect('a')\n"
    body = BODY.format("base.execute('select 1').fetchone()[0]")
    for name, raises in (("row_factory", True), ("outro", False)):
        linhas = f"def poe(base):\n    base.{name} = lambda cursor, linha: {{'a': 1}}\n"
        assert ("KeyError" in script(head + body, modules={"linhas": linhas}).body().names) is raises


JOBS = "class Agenda:\n    def __init__(self):\n        self.jobs = []\n    def cada(self, f):\n        self.jobs.append(f)\n    def roda(self):\n        for f in self.jobs:\n            f()\nclass Robo:\n    def __init__(self):\n        self.n = 'a'\n        self.agenda = Agenda()\n        {}\n    def fecha(self):\n        self.n = None\n    def envia(self):\n        try:\n            if self.n:\n                self.agenda.roda()\n                self.n.upper()\n        except Exception:\n            pass\nRobo().envia()\n"


def test_a_function_that_was_handed_over_before_runs_where_what_is_held_is_called(script: Analyse) -> None:
    """A list of jobs; the twin hands over nothing."""
    assert "AttributeError" in script(JOBS.format("self.agenda.cada(self.fecha)")).body().names
    assert "AttributeError" not in script(JOBS.format("pass")).body().names


def test_a_function_empties_a_container_that_it_has_by_another_name(script: Analyse) -> None:
    """An object that keeps it; the twin copies it."""
    head = "class Guarda:\n    def __init__(self, itens):\n        self.itens = itens\n    def tira(self):\n        self.itens.{}()\nitens = [1]\ng = Guarda(itens)\n"
    body = BODY.format("if itens:\n        g.tira()\n        itens[0]")
    assert "IndexError" in script(head.format("clear") + body).names()
    assert "IndexError" not in script(head.format("copy") + body).names()


WAITS = "import asyncio\nt = {{'n': 1}}\nasync def limpa():\n    t.clear()\nasync def cada():\n    yield 1\nasync def usa(s):\n    try:\n        if 'n' in t:\n            {} s:\n                t['n']\n    except Exception:\n        pass\nasync def tudo():\n    await asyncio.gather(usa(asyncio.Lock()), limpa())\n"


def test_another_task_runs_where_a_with_or_a_loop_waits(script: Analyse) -> None:
    """``async with`` and ``async for``; the twins wait for nothing."""
    for word, raises in (
        ("async with", True),
        ("async for x in", True),
        ("with", False),
        ("for x in", False),
    ):
        assert ("KeyError" in script(WAITS.format(word)).body().names) is raises, word


def test_a_name_that_a_function_binds_only_under_a_test_may_be_unbound(script: Analyse) -> None:
    """By ``global``, and read at the top of the file; the twin binds it on every way."""
    head = "def liga(sim):\n    global modo\n    {}modo = 'a'\nliga(input())\n"
    body = BODY.format("modo.upper()")
    assert "NameError" in script(head.format("if sim:\n        ") + body).names()
    assert "NameError" not in script(head.format("") + body).names()


# What stands before, and the step between a test and a use, which changes what was tested.
IMPLICIT = [
    ("class O:\n    def __init__(self):\n        {}\n", "O()"),
    ("class O:\n    def __call__(self):\n        {}\no = O()\n", "o()"),
    ("class O:\n    def __enter__(self):\n        {}\n    def __exit__(self, *d): return False\no = O()\n", "with o: pass"),
    ("class O:\n    @property\n    def v(self):\n        {}\n        return 1\no = O()\n", "print(o.v)"),
    ("class O:\n    @property\n    def v(self): return 1\n    @v.setter\n    def v(self, x):\n        {}\no = O()\n", "o.v = 2"),
    ("class O:\n    def __add__(self, x):\n        {}\n        return 1\no = O()\n", "o + 1"),
    ("class O:\n    def __str__(self):\n        {}\n        return ''\no = O()\n", "print(f'{{o}}')"),
    ("def cada():\n    {}\n    yield 1\ng = cada()\n", "next(g)"),
    ("from functools import partial\ndef f(x):\n    {}\np = partial(f, 1)\n", "p()"),
    ("import functools\ndef marca(g):\n    @functools.wraps(g)\n    def dentro(*d):\n        return g(*d)\n    return dentro\n@marca\ndef f():\n    {}\n", "f()"),
]  # fmt: skip


def test_what_runs_where_nobody_reads_a_call_changes_what_was_tested(script: Analyse) -> None:
    """Constructors, ``with``, properties, operators, texts, steps of a generator, what a decorator makes; the twin changes another attribute."""
    robot = (
        "class Robo:\n    def __init__(self):\n        self.n = 'a'\n        self.m = 'a'\nrobo = Robo()\n"
    )
    for head, step in IMPLICIT:
        body = BODY.format("if robo.n is not None:\n        " + step.format() + "\n        robo.n.upper()")
        for change, raises in (("robo.n = None", True), ("robo.m = None", False)):
            found = script(robot + head.format(change) + body).body().names
            assert ("AttributeError" in found) is raises, (head, step)


def test_what_runs_inside_an_expression_changes_what_stands_behind_it(script: Analyse) -> None:
    """Between the parts of an ``and``; the twin changes it before the test."""
    head = "class Robo:\n    def __init__(self):\n        self.n = 'a'\nrobo = Robo()\nclass O:\n    def __add__(self, x):\n        robo.n = None\n        return 1\no = O()\n"
    after = BODY.format("robo.n is not None and o + 1 and robo.n.upper()")
    before = BODY.format("o + 1 and robo.n is not None and robo.n.upper()")
    assert "AttributeError" in script(head + after).names()
    assert "AttributeError" not in script(head + before).names()


# What a test has proved of `robo.n`, and where it ends that: `{0}` is the attribute that is set to None.
ENDING = (
    "from contextlib import suppress\nclass O:\n    def __add__(self, x):\n        robo.{0} = None\n        return 1\n"
    "    @property\n    def v(self):\n        robo.{0} = None\n        return 'a'\n    @v.setter\n    def v(self, x):\n        robo.{0} = None\n"
    "o = O()\nclass Robo:\n    def __init__(self):\n        self.n = 'a'\n        self.m = 'a'\n    def fecha(self):\n        self.{0} = None\n        return 1\n"
    "robo = Robo()\ndef usa():\n    try:\n        if robo.n:\n            pass\n            {1}\n    except Exception:\n        pass\nusa()\n"
)
ROUNDS = [
    "for i in 'ab': robo.fecha()\n            robo.n.upper()",
    "while input(): robo.fecha()\n            robo.n.upper()",
    "for i in 'ab':\n                robo.n.upper()\n                robo.fecha()",
    "while input():\n                robo.n.upper()\n                robo.fecha()",
    "for i in 'ab':\n                robo.n.upper()\n                o.v = 1",
    "for i in 'ab':\n                if i:\n                    robo.fecha()\n                    continue\n            robo.n.upper()",
    "for i in 'ab':\n                for j in 'ab': robo.fecha()\n            robo.n.upper()",
    "[(robo.n.upper(), robo.fecha()) for i in 'ab']",
]
BRANCHES = [
    "input() and robo.fecha()\n            robo.n.upper()",
    "x = robo.fecha() if input() else 1\n            robo.n.upper()",
    "if robo.n and robo.fecha(): robo.n.upper()",
    "if robo.n is not None and o + 1: robo.n.upper()",
    "while robo.n is not None and o.v: robo.n.upper()",
    "if not (robo.n is None or robo.fecha() == 2): robo.n.upper()",
    "assert robo.n and robo.fecha()\n            robo.n.upper()",
    "with suppress(ValueError):\n                robo.fecha()\n                int('x')\n            robo.n.upper()",
    "try:\n                robo.fecha()\n                int('x')\n            except ValueError: robo.n.upper()",
    "try:\n                pass\n            finally: robo.fecha()\n            robo.n.upper()",
    "match input():\n                case 'a' if robo.fecha() == 2: pass\n                case _: robo.n.upper()",
]


@pytest.mark.parametrize("body", ROUNDS)
def test_what_a_round_of_a_loop_ends_the_next_one_does_not_have(script: Analyse, body: str) -> None:
    """A call, or what runs without one, at any place of the body; the twin changes another attribute."""
    for changed, raises in (("n", True), ("m", False)):
        found = script(ENDING.format(changed, body)).body().names
        assert ("AttributeError" in found) is raises, changed


@pytest.mark.parametrize("body", BRANCHES)
def test_a_state_that_is_put_back_is_without_what_ended_meanwhile(script: Analyse, body: str) -> None:
    """Behind a branch of an expression, in a handler, behind a test whose later part runs something; the twin changes another attribute."""
    for changed, raises in (("n", True), ("m", False)):
        found = script(ENDING.format(changed, body)).body().names
        assert ("AttributeError" in found) is raises, changed


@pytest.mark.parametrize(
    "taking",
    [
        "for i in 'ab': d.{}('a', None)",
        "while input(): d.{}('a', None)",
        "input() and d.{}('a', None)",
        "for i in 'ab':\n                if i:\n                    d.{}('a', None)\n                    continue",
    ],
)
def test_a_key_that_a_round_takes_out_is_not_there_afterwards(script: Analyse, taking: str) -> None:
    """By the loop itself, without a function; the twin only reads it."""
    for word, raises in (("pop", True), ("get", False)):
        body = f"def usa(d: dict):\n    try:\n        if 'a' in d:\n            {taking.format(word)}\n            d['a']\n    except Exception:\n        pass\n"
        assert ("KeyError" in script(body).body().names) is raises, word


def test_what_an_expression_runs_is_over_before_its_value_is_assigned(script: Analyse) -> None:
    """A property that unsets what is set by it; the twin is read behind the assignment."""
    head = "class O:\n    @property\n    def v(self):\n        global nome\n        nome = None\n        return 'a'\no = O()\nnome = 'a'\n"
    assert "AttributeError" not in script(head + BODY.format("nome = o.v\n    nome.upper()")).body().names
    assert (
        "AttributeError" in script(head + BODY.format("nome = 'a'\n    o.v\n    nome.upper()")).body().names
    )


# What stands in the class, what is called, and the same where nothing is unset.
REACHED = [
    ("def roda(self):\n        list(map(Robo.{}, [self]))", "robo.roda()"),
    ("def roda(self):\n        sorted([1], key=lambda x: self.{}())", "robo.roda()"),
    ("def roda(self):\n        operator.call(self.{})", "robo.roda()"),
    ("def roda(self):\n        self.fila = [self.{}]\n        self.fila.pop()()", "robo.roda()"),
]


def test_a_method_that_a_function_hands_on_runs_where_the_function_is_called(script: Analyse) -> None:
    """To ``map``, in a lambda, to what calls it; the twin hands on one that changes nothing."""
    robot = "import operator\nclass Robo:\n    def __init__(self):\n        self.n = 'a'\n    def fecha(self):\n        self.n = None\n        return 1\n    def olha(self):\n        return 1\n    {}\nrobo = Robo()\n"
    for method, call in REACHED:
        body = BODY.format(f"if robo.n:\n        {call}\n        robo.n.upper()")
        for named, raises in (("fecha", True), ("olha", False)):
            found = script(robot.format(method.format(named)) + body).body().names
            assert ("AttributeError" in found) is raises, (method, named)


def test_an_attribute_that_a_function_sets_by_a_text_is_what_it_set(script: Analyse) -> None:
    """``setattr``, ``vars``, ``__init__`` once more; the twins name another one, copy, and make another object."""
    robot = "class Robo:\n    def __init__(self, n=None):\n        self.n = n\nrobo = Robo('a')\ndef muda(**d):\n    {}\n"
    body = BODY.format("if robo.n is not None:\n        muda(n=None)\n        robo.n.upper()")
    for change, twin in (
        ("vars(robo).update(d)", "dict(vars(robo)).update(d)"),
        ("robo.__init__()", "Robo()"),
    ):
        assert "AttributeError" in script(robot.format(change) + body).body().names, change
        assert "AttributeError" not in script(robot.format(twin) + body).body().names, twin


@pytest.mark.parametrize(("classes", "steps"), [(2, 2), (12, 2), (2, 450)])
def test_a_call_changes_what_it_reaches_however_many_functions_there_are(
    script: Analyse, classes: int, steps: int
) -> None:
    """Methods of a name that many classes have, and a long chain of calls; the twin changes another attribute."""
    head = "".join(f"class P{at}:\n    def roda(self, r):\n        print({at})\n" for at in range(classes))
    head += "class Q:\n    def roda(self, r):\n        r.{} = None\nclass Robo:\n    def __init__(self):\n        self.n = 'a'\n        self.m = 'a'\n        self.q = Q()\nrobo = Robo()\ndef f0():\n    robo.q.roda(robo)\n"
    head += "".join(f"def f{at}():\n    f{at - 1}()\n" for at in range(1, steps))
    body = BODY.format(f"if robo.n:\n        f{steps - 1}()\n        robo.n.upper()")
    for changed, raises in (("n", True), ("m", False)):
        if raises or steps < 400:  # beyond so many anything may have changed
            found = script(head.format(changed) + body).body().names
            assert ("AttributeError" in found) is raises, changed
