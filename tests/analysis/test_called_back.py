"""A library that is given a function or an object of the program may call it: at once, or whenever what it made is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = """
class Falta(Exception): pass
def gancho(*dados, **nomes):
    raise Falta
"""
CALLS = [
    ("import requests", "requests.get('http://a', hooks={'response': gancho}, timeout=5)", "in a table"),
    (
        "import requests\nclass Chave:\n    def __call__(self, pedido):\n        raise Falta\n",
        "requests.get('http://a', auth=Chave(), timeout=5)",
        "an object that is called",
    ),
    (
        "import requests\nfrom requests.adapters import HTTPAdapter\n"
        "class Via(HTTPAdapter):\n    def send(self, *dados, **nomes):\n        raise Falta\n"
        "sessao = requests.Session()\nsessao.mount('https://', Via())\n",
        "sessao.get('http://a', timeout=5)",
        "an heir that is put into a client",
    ),
    (
        "import httpx\ncliente = httpx.Client(event_hooks={'response': [gancho]})\n",
        "cliente.get('http://a')",
        "what a client was made with",
    ),
    (
        "import httpx\nclass Via(httpx.BaseTransport):\n    def handle_request(self, pedido):\n        raise Falta\n"
        "cliente = httpx.Client(transport=Via())\n",
        "cliente.get('http://a')",
        "an heir that a client was made with",
    ),
    (
        "from pydantic import BaseModel, validator\nclass Modelo(BaseModel):\n    a: int\n"
        "    @validator('a')\n    def confere(cls, valor):\n        raise Falta\n",
        "Modelo(a=1)",
        "a validator",
    ),
    (
        "from pydantic import BaseModel, field_validator\nclass Modelo(BaseModel):\n    a: int\n"
        "    @field_validator('a')\n    def confere(cls, valor):\n        raise Falta\n",
        "Modelo.model_validate({'a': 1})",
        "a validator behind a class method",
    ),
    ("import yaml\nyaml.add_constructor('!x', gancho)\n", "yaml.safe_load('a: 1')", "a constructor of YAML"),
    (
        "from bs4 import BeautifulSoup\nsopa = BeautifulSoup('<a>', 'html.parser')\n",
        "sopa.find_all(gancho)",
        "a filter",
    ),
    ("import urllib.request", "urllib.request.urlretrieve('http://a', 'b', gancho)", "a report of progress"),
    ("import shutil", "shutil.rmtree('a', onexc=gancho)", "a handler of errors"),
    (
        "import tarfile\narquivo = tarfile.open('a')\n",
        "arquivo.extractall('x', filter=gancho)",
        "a filter of members",
    ),
]


@pytest.mark.parametrize(("header", "call"), [pytest.param(*case[:2], id=case[2]) for case in CALLS])
def test_what_a_library_is_given_may_run(script: Analyse, header: str, call: str) -> None:
    """What the function raises is listed where the library may call it; of one that raises nothing, nothing is."""
    body = f"\ntry:\n    {call}\nexcept Exception: pass\n"
    hazard, twin = (HEAD + header + body, (HEAD + header + body).replace("raise Falta", "return None"))

    assert "local:Falta" in script(hazard).body().names
    assert "local:Falta" not in script(twin).names()


def test_what_only_registers_a_function_does_not_run_it(script: Analyse) -> None:
    """A row that says where a function goes keeps it out of the list: a thread runs it elsewhere."""
    found = script(
        HEAD + "import threading\ntry:\n    threading.Thread(target=gancho).start()\nexcept Exception: pass\n"
    )

    assert "local:Falta" not in found.body().names
