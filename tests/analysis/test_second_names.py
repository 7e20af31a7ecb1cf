"""What is reached by another name than its own: a method that was taken before, ``me = self``, a class method's ``klass``, a function's alias."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse

TAKEN = """
    tabela = {"a": 1, "b": 2}
    def mede(nome):
        tira = tabela.%s
        tira(nome, None)
    def main():
        try:
            for nome in tabela: mede(nome)
        except Exception: pass
    main()
"""
BEFORE = """
    tabela = {"a": 1, "b": 2}
    def main():
        tira = tabela.%s
        try:
            for nome in tabela: tira(nome)
        except Exception: pass
    main()
"""
EMPTIED = """
    lista = [1, 2]
    def esvazia(outra):
        faz = outra.%s
        faz()
    def main():
        try:
            if lista:
                esvazia(lista)
                lista[0]
        except Exception: pass
    main()
"""
TESTED = """
    estado = {"n": 1}
    def main():
        faz = estado.%s
        try:
            if "n" in estado:
                faz()
                estado["n"]
        except Exception: pass
    main()
"""
ALIAS = """
    import asyncio
    estado = {"n": 1}
    async def limpa(): estado.%s()
    async def espera(): await asyncio.sleep(0)
    async def usa():
        try:
            if "n" in estado:
                await espera()
                estado["n"]
        except Exception: pass
    usa_tambem, limpa_tambem = usa, limpa
    outra = limpa
    async def tudo(): await asyncio.gather(usa(), outra())
    asyncio.run(tudo())
"""
CLASS_METHOD = """
    class Half:
        def __init__(self, count):
            try: self.half = count / 2
            except Exception: pass
        @classmethod
        def of(klass, value): return klass(%s(value))
    Half(4)
    Half.of(6)
"""
OF_ITSELF = """
    class Half:
        def __init__(self, count):
            try: self.half = count / 2
            except Exception: pass
        def other(self): return %s
    Half(4).other()
"""
OF_A_BASE = """
    class Base:
        @classmethod
        def of(cls, value): return cls(%s(value))
    class Half(Base):
        def __init__(self, count):
            try: self.half = count / 2
            except Exception: pass
    Half(4)
    Half.of(6)
"""
OWN = """
    class Robo:
        def __init__(self, on):
            eu = self
            %seu.cliente = 5
        def anda(self):
            try: self.cliente
            except Exception: pass
    Robo(False).anda()
"""
BESIDE = """
    class Robo:
        def __init__(self, on):
            %sself.cliente = 5
        def anda(self):
            try: self.cliente
            except Exception: pass
    outro = Robo(True)
    outro.cliente = 6
    Robo(False).anda()
"""
THREAD = """
    import json, threading
    class Estado:
        def __init__(self): self.dados = {}
        def marca(self): self.dados["a"] = 1
        def salva(self):
            try: json.dumps(self.dados, indent=1)
            except Exception: pass
    def main():
        estado = Estado()
        faz = threading.%s
        faz(estado.marca)
        estado.salva()
    main()
"""
DECIMAL = """
    from decimal import Decimal
    %s
    def preco(texto):
        try: return numero(texto) > 1
        except Exception: return None
    preco(input())
"""


@pytest.mark.parametrize(
    ("text", "hazard", "twin", "name"),
    [
        (TAKEN, "pop", "get", "RuntimeError"),
        (BEFORE, "pop", "get", "RuntimeError"),
        (EMPTIED, "clear", "copy", "IndexError"),
        (TESTED, "clear", "copy", "KeyError"),
        (ALIAS, "clear", "copy", "KeyError"),
        (CLASS_METHOD, "str", "int", "TypeError"),
        (OF_ITSELF, "type(self)('a')", "type(self)(2)", "TypeError"),
        (OF_ITSELF, "self.__class__('a')", "self.__class__(2)", "TypeError"),
        (OF_A_BASE, "str", "int", "TypeError"),
        (OWN, "if on: ", "", "AttributeError"),
        (BESIDE, "if on: ", "", "AttributeError"),
        (THREAD, "Thread", "Event", "RuntimeError"),
        (DECIMAL, "numero = Decimal", "numero = int", "decimal.InvalidOperation"),
    ],
)
def test_another_name_hides_nothing(script: Analyse, text: str, hazard: str, twin: str, name: str) -> None:
    """What is called, emptied or set by way of another name is called, emptied or set."""
    assert name in script(text % hazard).body(0).names
    assert name not in script(text % twin).body(0).names


def test_a_generator_is_sent_something_by_a_method_that_was_taken(script: Analyse) -> None:
    """Whether the generator has begun is not told then; no value at all may be sent to one that has not."""
    text = """
        def passos():
            yield 1
            yield 2
        def main():
            passo = passos()
            manda = passo.send
            try: manda(%s)
            except Exception: pass
        main()
    """
    causes = [
        {entry.rule for entry in script(text % value).body(0).evidence if entry.exception == "TypeError"}
        for value in ("1", "None")
    ]

    assert "op:generator-send" in causes[0]
    assert "op:generator-send" not in causes[1]


CLOSED = """
    class Robo:
        def __init__(self, caminho):
            self.log = open(caminho, "w")
            self.logs = {"a": open(caminho, "w")}
        def fim(self):
            %s
        def mede(self, caminho, outro=None):
            try:
                %s
            except Exception: pass
    robo = Robo("a")
    robo.fim()
    robo.mede("b")
"""


@pytest.mark.parametrize(
    ("closing", "writing", "is_listed"),
    [
        ("self.log.close()", "log = self.log; log.write('x')", True),
        ("self.log.close()", "log = open(caminho, 'w'); log.write('x')", False),
        ("self.log.close()", "eu = self; eu.log.write('x')", True),
        ("self.log.close()", "eu = self; log = eu.log; outro = log; outro.write('x')", True),
        ("self.log.close()", "(log := self.log).write('x'); log.write('y')", True),
        ("self.log.close()", "(log := open(caminho, 'w')); log.write('y')", False),
        ("self.log.close()", "log, n = self.log, 1; log.write('x')", True),
        ("self.log.close()", "log, n = open(caminho, 'w'), 1; log.write('x')", False),
        ("self.log.close()", "log = self.log if caminho else open(caminho, 'w'); log.write('x')", True),
        ("self.log.close()", "log = outro or self.log; log.write('x')", True),
        ("self.log.close()", "for log in (self.log, open(caminho, 'w')): log.write('x')", True),
        ("self.log.close()", "for log in (open(caminho, 'w'), open('c', 'w')): log.write('x')", False),
        ("self.log.close()", "log = getattr(self, 'log'); log.write('x')", True),
        ("self.logs['a'].close()", "self.logs['a'].write('x')", True),
        ("self.logs['a'].close()", "logs = {'a': open(caminho, 'w')}; logs['a'].write('x')", False),
        ("for log in self.logs.values(): log.close()", "self.logs['a'].write('x')", True),
        ("for log in self.logs.values(): log.close()", "log = self.logs['a']; log.write('x')", True),
        ("for log in [open('c')]: log.close()", "log = self.logs['a']; log.write('x')", False),
        ("log = self.log; log.close()", "self.log.write('x')", True),
        ("h = open('c'); h.close()", "self.log.write('x')", False),
        ("pass", "log = open(caminho, 'w'); outro = log; outro.close(); log.write('x')", True),
        ("pass", "log = open(caminho, 'w'); outro = open('c'); outro.close(); log.write('x')", False),
    ],
)
def test_what_is_closed_by_one_name_is_closed_by_all(
    script: Analyse, closing: str, writing: str, is_listed: bool
) -> None:
    """A name of a function that is bound to what others may close is one more name of that; of what it makes itself it is not."""
    inference = script(CLOSED % (closing, writing)).body(0)

    assert inference.is_complete
    assert ("ValueError" in inference.names) is is_listed
