"""Handlers of real workers that stayed broad although a reader sees that nothing else reaches them, each with its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.analysis.test_reach import judge

if TYPE_CHECKING:
    from pathlib import Path

STATE = """import json, time, unknown_library
class Estado:
    def __init__(self):
        self.dados = {'feitas': 0, 'erros': 0, 'ultimo': None}
    def carregar(self, texto: str):
        self.dados.update(json.loads(texto))
    def acertar(self):
        self.dados['ultimo'] = {last}
    def contar(self, ok: bool):
        try:
            self.dados['feitas' if ok else 'erros'] += 1
        except Exception: pass
estado = Estado()
estado.carregar('{}')
estado.acertar()
estado.contar(True)
"""


def test_a_slot_that_is_none_at_first_holds_what_is_put_there(tmp_path: Path) -> None:
    """Where the dictionary stays in sight, None and that are all; what nobody knows may be anything."""
    known = STATE.replace("{last}", "time.ctime()")
    unknown = STATE.replace("{last}", "unknown_library.now()")

    assert judge(tmp_path / "a", known) == ({"KeyError", "TypeError"}, True)
    assert not judge(tmp_path / "b", unknown)[1]


@pytest.mark.parametrize(
    ("puts", "found"),
    [
        ("estado['nome'] = 'a'", {"AttributeError"}),
        ("unknown_library.fill(estado)", None),
    ],
)
def test_what_is_put_under_another_name_counts(tmp_path: Path, puts: str, found: set[str] | None) -> None:
    """A slot that is filled sometimes is None or that; what a dictionary out of sight holds is unknown."""
    script = f"""import unknown_library
estado = {{'nome': None, 'n': 1}}
def ler():
    try:
        return estado['nome'].fechar()
    except Exception: pass
{puts}
ler()
"""
    listed, is_complete = judge(tmp_path, script)

    assert (listed if is_complete else None) == found


FAMILY = """from abc import ABC, abstractmethod
class Endereco(ABC):
    def __init__(self, texto: str):
        self.texto = texto
        self.validar()
    @abstractmethod
    def validar(self): pass
class Comum(Endereco):
    def validar(self):
        int(self.texto)
{heir}
def fazer(texto: str):
    try:
        return Comum(texto) if texto else Qualquer(texto)
    except Exception: pass
fazer("a")
"""


def test_a_method_that_overrides_another_and_does_nothing_is_what_the_class_wants(tmp_path: Path) -> None:
    """A hook that no class has filled yet may be filled elsewhere."""
    empty = "class Qualquer(Endereco):\n    def validar(self): pass"
    hook = (
        "class Qualquer:\n    def __init__(self, texto):\n        self.validar()\n    def validar(self): pass"
    )

    assert judge(tmp_path / "a", FAMILY.replace("{heir}", empty)) == ({"ValueError"}, True)
    assert not judge(tmp_path / "b", FAMILY.replace("{heir}", hook))[1]


TWICE = """import unknown_library
def ler(textos: list[str], mais: object):
    vistos = {empty}
    for k in textos:
        vistos.{put}(k)
    {more}
    try:
        for k in sorted(vistos{rest}):
            print(k.upper())
    except Exception: pass
ler(["a"], 5)
"""


@pytest.mark.parametrize("more", ["pass", "vistos.{put}(unknown_library.mais(mais))"])
@pytest.mark.parametrize(
    ("empty", "put", "rest"),
    [
        ("set()", "add", ""),
        ("set()", "add", " - {'b'}"),
        ("[]", "append", ""),
        ("list()", "append", ""),
    ],
)
def test_a_name_that_goes_through_what_it_was_put_into_adds_nothing(
    tmp_path: Path, empty: str, put: str, rest: str, more: str
) -> None:
    """The same name in two loops, one that fills and one that reads: what is in there is what the first one puts; something unknown beside it stays that."""
    script = TWICE.format(empty=empty, put=put, rest=rest, more=more.format(put=put))

    listed, is_complete = judge(tmp_path, script)

    assert is_complete is (more == "pass")
    assert listed >= {"OSError", "ValueError"}


SWITCH = """from functools import partial
def relatar(erro: Exception, onde: str, *, {default}):
    print(onde)
    if {test}:
        raise erro
def fazer(modo: bool):
    try:
        {call}
    except Exception: pass
fazer(True)
"""
PRINTED = {"OSError", "ValueError"}


@pytest.mark.parametrize(
    ("call", "default", "test", "is_known"),
    [
        ("relatar(ValueError(), 'a')", "alto=False", "alto", True),
        ("relatar(ValueError(), 'a', alto=False)", "alto=None", "alto", True),
        ("relatar(ValueError(), 'a')", "alto=False", "onde and alto", True),
        ("relatar(ValueError(), 'a', alto=True)", "alto=False", "alto", False),
        ("relatar(ValueError(), 'a', alto=modo)", "alto=False", "alto", False),
        ("relatar(ValueError(), 'a', **{'alto': modo})", "alto=False", "alto", False),
        ("relatar(ValueError(), 'a')", "alto=True", "alto", False),
        ("relatar(ValueError(), 'a')", "alto=False", "alto or onde", False),
        ("relatar(ValueError(), 'a')", "alto=False", "not alto", False),
        ("relatar(ValueError(), 'a')", "alto=False", "(alto := onde)", False),
        ("partial(relatar, alto=True)(ValueError(), 'a')", "alto=False", "alto", False),
        ("[relatar(each, 'a') for each in [ValueError()]]", "alto=False", "alto", True),
    ],
)
def test_what_a_switch_raises_comes_where_it_is_turned_on(
    tmp_path: Path, call: str, default: str, test: str, is_known: bool
) -> None:
    """A call that leaves the switch alone does not raise what stands behind it."""
    listed, is_complete = judge(
        tmp_path, SWITCH.replace("{call}", call).replace("{default}", default).replace("{test}", test)
    )

    assert is_complete is is_known
    assert not is_known or listed == PRINTED


@pytest.mark.parametrize(
    ("how", "is_known"),
    [
        ("self.relatar(ValueError())", True),
        ("self.relatar(ValueError(), False)", True),
        ("self.relatar(ValueError(), 5)", False),
        ("Livro.relatar(self, ValueError(), True)", False),
        ("self.outro(ValueError(), True)", False),
        ("list(map(self.relatar, [ValueError()], [True]))", False),
    ],
)
def test_a_switch_of_a_method_is_turned_on_by_place_and_by_those_who_hand_it_on(
    tmp_path: Path, how: str, is_known: bool
) -> None:
    """What is called otherwise than by its name may pass anything."""
    script = f"""class Livro:
    def relatar(self, erro: Exception, alto=False):
        if alto:
            raise erro
    def outro(self, erro, modo):
        self.relatar(erro, modo)
    def ler(self):
        try:
            print(open("a").read(), {how})
        except Exception: pass
Livro().ler()
"""
    assert judge(tmp_path, script)[1] is is_known
