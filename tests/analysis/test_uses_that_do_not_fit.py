"""Uses that do not fit what is used: calls with other arguments, clauses and ``await`` of what is none, what serves once and is used twice.

Each case is a script, another file that uses it, and that file's twin: in the first the exception is listed, in the second it is not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_out_of_sight import _check, _inferred

SENDS = "def envia(texto, urgente=False): return texto\nOPCOES = {'urgente': True}\nEXTRA = {}\n"
OPENS = "from contextlib import contextmanager\n@contextmanager\ndef trava():\n    yield 1\nATUAL = None\n"
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
