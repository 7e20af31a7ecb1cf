"""Uses that do not fit what is used: calls with other arguments, clauses and ``await`` of what is none, what serves once and is used twice.

Each case is a script, another file that uses it, and that file's twin: in the first the exception is listed, in the second it is not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_out_of_sight import _check, _inferred

SENDS = "def envia(texto, urgente=False): return texto\nOPCOES = {'urgente': True}\nEXTRA = {}\n"
OPENS = (
    "from contextlib import contextmanager\n@contextmanager\ndef trava():\n    yield 1\nATUAL = open('b')\n"
)
ERRORS = "class Falha(ValueError):\n    def __init__(self, codigo, texto): self.codigo = codigo\nERROS = {'rede': OSError}\n"
READS = ERRORS + "def le():\n    try:\n        open('a')\n    except ERROS['rede']: pass\n"
BASE = (
    "class Base:\n    async def roda(self): return 1\n    def fala(self, texto): return texto\nB = Base()\n"
)
RUNS = "import asyncio\nasync def um(): return 1\n"


@pytest.mark.parametrize(
    ("head", "body", "texts", "expected"),
    [
        (SENDS, "envia('oi', **OPCOES)", ("main.OPCOES['prazo'] = 3", "main.OPCOES['urgente'] = 3"), "TypeError"),
        (SENDS, "envia('oi', **OPCOES)", ("main.OPCOES['texto'] = 3", "main.OPCOES['urgente'] = 3"), "TypeError"),
        (SENDS, "envia('oi', **OPCOES)", ("main.OPCOES.update(prazo=3)", "main.OPCOES.update(urgente=3)"), "TypeError"),
        (OPENS, "with ATUAL: pass", ("main.ATUAL = main.trava()", "main.ATUAL = open('a')"), "AttributeError"),
        (READS, "le()", ("main.ERROS['rede'] = 'OSError'", "main.ERROS['rede'] = KeyError"), "TypeError"),
        (BASE, "B.fala('a')", ("def outra(t): return t\nmain.Base.fala = outra", "def outra(s, t): return t\nmain.Base.fala = outra"), "TypeError"),
        (RUNS, "asyncio.run(um())", ("async def f():\n    main.usa()", "def f():\n    main.usa()"), "RuntimeError"),
    ],
)  # fmt: skip
def test_what_another_file_sets_may_not_fit(
    tmp_path: Path, head: str, body: str, texts: tuple[str, str], expected: str
) -> None:
    """Names that a function does not take, what is entered again, what is no class, a method of fewer parameters, a running loop."""
    _check(tmp_path, head, body, texts, expected)


@pytest.mark.parametrize(
    ("head", "bodies", "expected"),
    [
        (SENDS, ("envia('oi', **EXTRA)", "extra = {}\n        envia('oi', **extra)"), "TypeError"),
        (SENDS, ("k = {'texto': 1}\n        k['prazo'] = 2\n        envia(**k)", "k = {'texto': 1}\n        k['urgente'] = 2\n        envia(**k)"), "TypeError"),
        (SENDS, ("k = {'urgente': 1}\n        envia(**k)", "k = {'texto': 1}\n        envia(**k)"), "TypeError"),
        ("def soma(a, b=1): return a + b\n", ("k = {'a': 1}\n        k['b'] = None\n        soma(**k)", "k = {'a': 1}\n        k['b'] = 2\n        soma(**k)"), "TypeError"),
        (ERRORS, ("raise Falha('um')", "raise Falha(1, 'um')"), "TypeError"),
        (ERRORS, ("raise ERROS.get(x)", "raise ERROS['rede']"), "TypeError"),
        (OPENS, ("c = trava()\n        with c: pass\n        with c: pass", "c = trava()\n        with c: pass"), "AttributeError"),
        (OPENS, ("c = trava()\n        for _ in (1, 2):\n            with c: pass", "for _ in (1, 2):\n            c = trava()\n            with c: pass"), "AttributeError"),
    ],
)  # fmt: skip
def test_what_is_put_together_may_not_fit(
    tmp_path: Path, head: str, bodies: tuple[str, str], expected: str
) -> None:
    """The same where the body itself makes it; the twin makes what fits."""
    for at, body in enumerate(bodies):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, head, body, {"run.py": "import main\nmain.usa()\n"})
        assert (expected in found.names) is (not at), (body, found.names)


AWAITS = BASE + "class Filha(Base):\n    {word}def roda(self): return 2\nimport asyncio\n"


@pytest.mark.parametrize("word", ["", "async "])
def test_a_method_that_an_heir_makes_a_plain_function_cannot_be_awaited(tmp_path: Path, word: str) -> None:
    """``await base.roda()``, where an heir forgets ``async``; the twin does not."""
    head = AWAITS.format(word=word) + "async def faz(b):\n    return await b.roda()\n"
    found = _inferred(tmp_path, head, "asyncio.run(faz(Filha()))", {"run.py": "import main\nmain.usa()\n"})
    assert ("TypeError" in found.names) is (not word), found.names


LOTS = "class Lote:\n    def __init__(self): self.n = 2\n    def {}\nL = Lote()\n"
GIVES = "def gera():\n    yield 1\ndef lista(): return [1]\nasync def valor(): return 2\nasync def vem():\n    yield 1\n"
ENTERS = "class S:\n    def __enter__(self): return self\n    def __exit__(self, *a): return None\nclass A:\n    async def __aenter__(self): return self\n    async def __aexit__(self, *a): return None\nclass B(A):\n    def __aexit__(self, *a): return None\n"


@pytest.mark.parametrize(
    ("methods", "body"),
    [
        (("__len__(self): return self.n / 2", "__len__(self): return self.n // 2"), "len(L)"),
        (("__iter__(self): return [self.n]", "__iter__(self): return iter([self.n])"), "for x in L: pass"),
        (("__bool__(self): return self.n", "__bool__(self): return self.n > 1"), "if L: pass"),
    ],
)
def test_a_special_method_gives_what_python_takes(
    tmp_path: Path, methods: tuple[str, str], body: str
) -> None:
    """A length that is a float, a loop over what is none, a truth that is a number; the twin gives what is asked for."""
    for at, method in enumerate(methods):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, LOTS.format(method), body, {"run.py": "import main\nmain.usa()\n"})
        assert ("TypeError" in found.names) is (not at), (method, found.names)


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        (("len(gera())", "len(lista())"), "TypeError"),
        (("gera() + [1]", "lista() + [1]"), "TypeError"),
        (("[2] + filter(None, [1])", "[2] + list(filter(None, [1]))"), "TypeError"),
        (("valor() + 1", "valor"), "TypeError"),
        (("for v in valor(): pass", "for v in lista(): pass"), "TypeError"),
        (("valor().real", "valor()"), "AttributeError"),
        (("for v in vem(): pass", "for v in gera(): pass"), "TypeError"),
        (("lista + [1]", "lista() + [1]"), "TypeError"),
        (("lista < lista", "lista() < lista()"), "TypeError"),
    ],
)  # fmt: skip
def test_what_a_function_makes_is_not_what_comes_out_of_it(
    tmp_path: Path, bodies: tuple[str, str], expected: str
) -> None:
    """A generator is no list, a coroutine no number, the function itself neither; the twin asks for what is there."""
    for at, body in enumerate(bodies):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, GIVES, body, {"run.py": "import main\nmain.usa()\n"})
        assert (expected in found.names) is (not at), (body, found.names)


@pytest.mark.parametrize(
    "lines",
    [
        ("async with S(): pass", "async with A(): pass"),
        ("with A(): pass", "with S(): pass"),
        ("async with B(): pass", "async with A(): pass"),
        ("async for x in lista(): pass", "async for x in vem(): pass"),
        ("return [x async for x in lista()]", "return [x async for x in vem()]"),
    ],
)
def test_what_waits_is_not_what_does_not(tmp_path: Path, lines: tuple[str, str]) -> None:
    """``async with``, ``async for`` and the plain ones; the twin uses each with its own."""
    for at, line in enumerate(lines):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        head = f"import asyncio\n{GIVES}{ENTERS}async def faz():\n    {line}\n"
        found = _inferred(place_of, head, "asyncio.run(faz())", {"run.py": "import main\nmain.usa()\n"})
        assert ("TypeError" in found.names) is (not at), (line, found.names)


HEIRS = """class Base:
    def __init__(self): self.prepara()
    def prepara(self): pass
    def mostra(self): return len(self.texto)
class Filha(Base):
    def __init__(self):
        {}
        {}
    def prepara(self): return len(self.texto)
class Solta:
    def mostra(self): return len(self.texto)
class Presa(Solta):
    def __init__(self): self.texto = 'a'
B, C = Solta, Presa
"""
AFTER = ("super().__init__()", "self.texto = 'a'")


@pytest.mark.parametrize(
    ("orders", "bodies"),
    [
        ((AFTER, AFTER[::-1]), ("Filha()", "Filha()")),
        ((AFTER[::-1], AFTER[::-1]), ("x = Solta()\n        x.mostra()", "x = Filha()\n        x.prepara()")),
    ],
)
def test_an_attribute_is_there_once_it_is_set(
    tmp_path: Path, orders: tuple[tuple[str, str], ...], bodies: tuple[str, str]
) -> None:
    """The constructor of a base calls what reads it before the heir sets it, or the object is of the base; the twin sets it before."""
    for at, (order, body) in enumerate(zip(orders, bodies, strict=True)):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, HEIRS.format(*order), body, {"run.py": "import main\nmain.usa()\n"})
        assert ("AttributeError" in found.names) is (not at), (body, found.names)


HOLDS = "class C:\n    def __init__(self):\n        self._x = 1\n    @property\n    def x(self): return self._x\nATUAL = C()\nTRAVA = open('a')\n"


@pytest.mark.parametrize(
    ("body", "texts", "expected"),
    [
        ("ATUAL.x", ("del main.ATUAL._x", "main.ATUAL._x = 2"), "AttributeError"),
        ("with TRAVA: pass", ("main.TRAVA = None", "main.TRAVA = open('b')"), "TypeError"),
    ],
)
def test_what_another_file_takes_away_is_not_there(
    tmp_path: Path, body: str, texts: tuple[str, str], expected: str
) -> None:
    """An attribute that is deleted from outside and read by a property, and nothing where something is entered."""
    _check(tmp_path, HOLDS, body, texts, expected)


@pytest.mark.parametrize("word", ["del n", "n = 1"])
def test_a_name_of_a_function_around_may_be_deleted_by_another_inner_one(tmp_path: Path, word: str) -> None:
    """By ``nonlocal``; the twin sets it anew."""
    head = f"def conta():\n    n = 0\n    def mais(): return n\n    def fim():\n        nonlocal n\n        {word}\n    return mais, fim\nMAIS, FIM = conta()\n"
    found = _inferred(tmp_path, head, "MAIS()", {"run.py": "import main\nmain.usa()\n"})
    assert ("NameError" in found.names) is (word == "del n"), found.names


def test_keys_that_are_lists_of_several_kinds_have_no_order(tmp_path: Path) -> None:
    """``sorted(versions, key=parts)``; the twin's parts are numbers alone."""
    for at, other in enumerate(("p", "0")):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        head = f"def partes(v):\n    return [int(p) if p.isdigit() else {other} for p in v.split('.')]\n"
        found = _inferred(place_of, head, "sorted(['1.a'], key=partes)", {})
        assert ("TypeError" in found.names) is (not at), found.names


KEEPS = """D = {'a': 1}
V = D.keys()
def nova(k): D[k + 'x'] = 1
def le(k): return D[k]
def esvazia(xs): xs.clear()
class Duplo:
    def __call__(self, x, y): return x
class Caixa:
    def __init__(self):
        self._itens = [1]
        self._outros = [1]
    @property
    def itens(self): return self._itens
    @property
    def copia(self): return list(self._itens)
C = Caixa()
F = Duplo()
"""


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        (("for k in V: nova(k)", "for k in V: le(k)"), "RuntimeError"),
        (("if C._itens:\n            esvazia(C.itens)\n            C._itens[0]", "if C._itens:\n            esvazia(C.copia)\n            C._itens[0]"), "IndexError"),
        (("F(1)", "F(1, 2)"), "TypeError"),
        (("y[:3]", "str(y)[:3]"), "TypeError"),
        (("z = [1]\n        z[0:1] = y", "z = [1]\n        z[0:1] = [y]"), "TypeError"),
    ],
)  # fmt: skip
def test_what_is_reached_by_another_way_is_the_same(
    tmp_path: Path, bodies: tuple[str, str], expected: str
) -> None:
    """A view that was kept, a property that gives its list away, an object that is called, slices of and into what takes none."""
    for at, body in enumerate(bodies):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, KEEPS, body, {"run.py": "import main\nmain.usa()\n"})
        assert (expected in found.names) is (not at), (body, found.names)


STUB = "class Base:\n    def roda(self): {body}\nclass Filha(Base):\n    async def roda(self): return 2\nimport asyncio\nasync def faz(b):\n    return await b.roda()\ndef um(b):\n    return asyncio.run(faz(b))\n"


@pytest.mark.parametrize("body", ["return 1", "raise NotImplementedError", "pass"])
def test_a_method_that_is_left_to_heirs_is_not_the_one_that_is_awaited(tmp_path: Path, body: str) -> None:
    """A base that only says what there is need not say ``async``; one that gives a number has to."""
    found = _inferred(
        tmp_path,
        STUB.format(body=body),
        "um(Filha() if y else Base())",
        {"run.py": "import main\nmain.usa()\n"},
    )
    assert ("TypeError" in found.names) is (body == "return 1"), found.names


CLOSES = "class Fecha:\n    def __init__(self): self.c = 1\n    def close(self): del self.c\n    def olha(self): pass\nF = Fecha()\n"


@pytest.mark.parametrize("word", ["close", "olha"])
def test_an_attribute_that_was_asked_for_is_there_until_something_takes_it(tmp_path: Path, word: str) -> None:
    """Behind ``hasattr``; a method between that deletes it ends what is known."""
    body = f"if hasattr(F, 'c'):\n            F.{word}()\n            F.c"
    found = _inferred(tmp_path, CLOSES, body, {"run.py": "import main\nmain.usa()\n"})
    assert ("AttributeError" in found.names) is (word == "close"), found.names


def test_a_table_that_is_filled_from_one_that_hangs_on_itself_is_known(tmp_path: Path) -> None:
    """``VALORES.update(data and {"x": 1})``: what is put in later stays one key, however often it is asked."""
    head = "import json\nVALORES = {'n': 3}\nVALORES.update(json.loads('{}') and {'x': 1})\n"
    found = _inferred(tmp_path, head, "60 / VALORES['n']", {"run.py": "import main\nmain.usa()\n"})
    assert found.is_complete
    assert {"TypeError", "ZeroDivisionError"} <= set(found.names), found.names
