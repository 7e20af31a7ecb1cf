"""What is known of an attribute ends where it may be set under another name of its object."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse

METHOD = """
class Robo:
    def __init__(self):
        self.n = None
    def faz(self, outro, nome, dado):
        self.n = 4
        {}
        try:
            self.n // 2
        except Exception:
            pass
class Outra:
    def __init__(self):
        self.n = 0
{}
"""
TOP = """
class Robo: pass
def marca(robo, valor):
    robo.n = valor
x = Robo()
y = Robo()
x.n = 4
{}
try:
    x.n // 2
except Exception:
    pass
"""


@pytest.mark.parametrize(
    ("line", "call", "twin", "other"),
    [
        pytest.param("outro.n = None", "r = Robo()\nr.faz(r, 'n', 1)", "outro.n = None", "Robo().faz(Outra(), 'n', 1)", id="another parameter"),
        pytest.param("eu = self; eu.n = None", "Robo().faz(1, 'n', 1)", "eu = self; eu.m = None", "Robo().faz(1, 'n', 1)", id="a name for self"),
        pytest.param("setattr(self, nome, dado)", "Robo().faz(1, 'n', None)", "setattr(self, 'm', dado)", "Robo().faz(1, 'n', None)", id="setattr"),
        pytest.param("setattr(self, 'n', dado)", "Robo().faz(1, 'n', None)", "getattr(self, 'n', dado)", "Robo().faz(1, 'n', None)", id="setattr of its name"),
    ],
)  # fmt: skip
def test_a_store_under_another_name_ends_what_was_known(
    script: Analyse, line: str, call: str, twin: str, other: str
) -> None:
    """The other name may be the same object; the twin's is of another class, or another attribute."""
    assert script(METHOD.format(line, call)).names() == {"TypeError"}
    assert script(METHOD.format(twin, other)).names() == set()


@pytest.mark.parametrize(
    ("line", "twin"),
    [
        pytest.param("self.__dict__[nome] = dado", "self.__dict__.copy()", id="its table"),
        pytest.param("vars(self)[nome] = dado", "vars(outro)", id="vars of it"),
        pytest.param("self.__dict__.update({nome: dado})", "self.m = {nome: dado}", id="its table updated"),
        pytest.param("del outro.n", "del outro", id="taken away"),
    ],
)
def test_a_table_of_attributes_ends_what_was_known(script: Analyse, line: str, twin: str) -> None:
    """What is put into it may be any attribute; the twin reads, or changes something else."""
    call = "r = Robo()\nr.faz(r, 'n', None)"
    found = script(METHOD.format(line, call)).body()
    assert "TypeError" in found.names or not found.is_complete
    if "copy" not in twin:
        assert script(METHOD.format(twin, call)).names() == set()


def test_at_the_top_of_a_file_it_is_the_same(script: Analyse) -> None:
    """A second name, ``setattr`` and a function of the program; the twins set another object's, or a number."""
    for line in ("z = x\nz.n = 'a'", "setattr(x, 'n', 'a')", "marca(x, 'a')", "y = x\ny.n = 'a'"):
        assert "TypeError" in script(TOP.format(line)).body().names
    for line in ("z = x\nz.m = 'a'", "setattr(x, 'm', 'a')", "marca(x, 6)"):
        assert script(TOP.format(line)).names() == set()


def test_a_star_import_ends_what_was_known_of_names(script: Analyse) -> None:
    """``from local import *`` behind a constant binds it anew; the twin's file has a number."""
    text = "LIMITE = 3\nfrom local import *\ntry:\n    LIMITE + 1\nexcept Exception:\n    pass\n"
    assert script(text, modules={"local": "LIMITE = None"}).names() == {"TypeError"}
    assert script(text, modules={"local": "LIMITE = 5"}).names() == set()


def test_a_field_of_a_data_class_is_what_its_factory_makes(script: Analyse) -> None:
    """An own factory gives a tuple where a list is declared; the twin's gives a list."""
    text = (
        "from dataclasses import dataclass, field\ndef novo():\n    return {}\n@dataclass\nclass Lote:\n"
        "    itens: list = field(default_factory=novo)\nlote = Lote()\n"
        "try:\n    lote.itens.append(1)\nexcept Exception:\n    pass\n"
    )
    assert script(text.format("()")).names() == {"AttributeError"}
    assert script(text.format("[]")).names() == set()


def test_a_field_that_is_made_of_itself_has_an_answer(script: Analyse) -> None:
    """``self.itens = tuple(self.itens)`` asks what the field is; the twin keeps a list."""
    text = (
        "from dataclasses import dataclass\n@dataclass\nclass Fila:\n    itens: list\n    def __post_init__(self):\n"
        "        self.itens = {}(self.itens)\nfila = Fila([1])\n"
        "try:\n    fila.itens.append(2)\nexcept Exception:\n    pass\n"
    )
    assert script(text.format("tuple")).names() == {"AttributeError"}
    assert script(text.format("list")).names() == set()


def test_an_heir_of_what_each_thread_has_may_lack_an_attribute(script: Analyse) -> None:
    """``threading.local`` holds what this thread put there; the twin's constructor puts it there in each."""
    text = (
        "import threading\nclass Meu(threading.local):\n    def __init__(self):\n        {}\nm = Meu()\n"
        "try:\n    print(m.n is None)\nexcept Exception:\n    pass\n"
    )
    assert "AttributeError" in script(text.format("pass")).body().names
    assert "AttributeError" not in script(text.format("self.n = 1")).names()
