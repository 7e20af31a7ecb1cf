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
