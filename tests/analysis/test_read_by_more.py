"""More kinds of escapes that reading narrowed handlers of unknown workers brought to light, each with its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.analysis.test_reach import judge

if TYPE_CHECKING:
    from pathlib import Path

WORKER = """import json, os, openai, serial
from typing import Any
from zoneinfo import ZoneInfo
from fastapi import Request, WebSocket
from supabase import Client
ASKED = openai.OpenAI(api_key='a')
OTHER = openai.OpenAI(api_key='a', base_url='http://localhost:11434/v1')
async def ouvir(port: serial.Serial, base: Client, request: Request, tomada: WebSocket, texto: str, achado: Any):
    decodificado = json.loads(texto)
    try:
        {body}
    except Exception: pass
"""
ASKING = "{client}.chat.completions.create(model='a', messages=[]).choices[0].message"


@pytest.mark.parametrize(
    ("body", "name", "plain"),
    [
        ("ZoneInfo(texto)", "OSError", "ZoneInfo('Europe/Lisbon')"),
        ("await request.json()", "starlette.requests.ClientDisconnect", "await tomada.send_text(texto)"),
        (
            "base.table('a').upsert({'a': achado}).execute()",
            "TypeError",
            "base.table('a').select('a').execute()",
        ),
        (
            "base.table('a').insert({'a': achado}).execute()",
            "TypeError",
            "base.table('a').insert({'a': texto}).execute()",
        ),
        (
            "await tomada.send_json({'a': decodificado})",
            "UnicodeError",
            "await tomada.send_json({'a': texto})",
        ),
        ("await tomada.send_json({'a': achado})", "UnicodeError", "await tomada.send_json({'a': 5})"),
        ("await tomada.send_text(decodificado['a'])", "UnicodeError", "await tomada.send_text(texto)"),
        (ASKING.format(client="OTHER"), "ValueError", ASKING.format(client="ASKED")),
        (ASKING.format(client="OTHER"), "AttributeError", ASKING.format(client="ASKED")),
        (ASKING.format(client="OTHER"), "TypeError", ASKING.format(client="ASKED")),
    ],
)
def test_rows_go_as_far_as_what_arrived(tmp_path: Path, body: str, name: str, plain: str) -> None:
    """A time zone is a folder, who asked hangs up, a value is no JSON, a server in place of OpenAI's answers with a page or without choices."""
    listed, is_complete = judge(tmp_path / "a", WORKER.format(body=body))
    assert name in listed
    assert is_complete
    assert name not in judge(tmp_path / "b", WORKER.format(body=plain))[0]


@pytest.mark.parametrize(
    ("body", "listed"),
    [
        ("port.reset_input_buffer()", {"OSError", "termios.error"}),
        ("port.write(b'a')", {"OSError"}),
    ],
)
def test_a_port_that_was_unplugged_raises_what_its_terminal_does(
    tmp_path: Path, body: str, listed: set[str]
) -> None:
    """Emptying a serial port asks the terminal beneath it, whose error is no ``OSError``; writing does not."""
    assert judge(tmp_path, WORKER.format(body=body)) == (listed, True)


STORED = """import json, sqlite3, psycopg2, requests
from typing import Any
def gravar(campos: dict[str, Any], textos: dict[str, str], corpo: str, ligacao: psycopg2.extensions.connection):
    dado = json.loads(corpo)
    cursor = ligacao.cursor()
    cursor.execute('select nome, quando from vendas')
    perto = sqlite3.connect('a').execute('select nome from vendas')
    for (linha, outra) in zip(cursor.fetchall(), perto.fetchall()):
        try:
            {body}
        except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("json.dumps(campos.get('a', {}))", "json.dumps(textos.get('a', ''))"),
        ("json.dumps({'a': campos.get('a') or []})", "json.dumps({'a': textos.get('a') or []})"),
        (
            "requests.post('http://a', json=campos.get('a', {}))",
            "requests.post('http://a', json={'a': corpo})",
        ),
        ("json.dumps(linha[1])", "json.dumps(outra[0])"),
        ("json.dumps({'a': linha[0]})", "json.dumps({'a': outra[0]})"),
        ("json.dumps([dict(linha)])", "json.dumps([corpo])"),
    ],
)
def test_what_is_only_taken_for_data_may_be_no_json(tmp_path: Path, body: str, plain: str) -> None:
    """A default or a row of a database tells data of an open shape, not JSON: a date or a set is among it; decoded data and texts are JSON."""
    assert "TypeError" in judge(tmp_path / "a", STORED.format(body=body))[0]
    assert "TypeError" not in judge(tmp_path / "b", STORED.format(body=plain))[0]


def test_what_was_decoded_stays_json(tmp_path: Path) -> None:
    """What is read from decoded data with a default that stands in is JSON again, whatever it is."""
    listed = judge(tmp_path, STORED.format(body="json.dumps((json.loads(corpo) or {}) or [])"))[0]
    assert "TypeError" not in listed


KEPT = """import copy, json
class Guarda:
    def __init__(self):
        self.tudo = {{}}
    def gravar(self, f, data):
        try:
            {body}
        except Exception: pass
    def receber(self, nome):
        {change}
guarda = Guarda()
"""
RUNS = "import threading, worker\nthreading.Thread(target=worker.guarda.receber, args=('a',)).start()\n"
ALONE = "import worker\nworker.guarda.receber('a')\n"


@pytest.mark.parametrize(
    ("body", "is_listed"),
    [
        ("for chave in self.tudo.values(): len(chave)", True),
        ("json.dump(self.tudo, f)", True),
        ("json.dump({'tudo': self.tudo, 'n': 1}, f)", True),
        ("json.dumps(self.tudo, indent=2)", True),
        ("copy.deepcopy(self.tudo)", True),
        ("json.dumps(self.tudo)", False),
        ("json.dumps(list(self.tudo), indent=2)", False),
        ("dict(self.tudo)", False),
    ],
)
def test_threads_of_another_file_change_what_is_gone_through(
    tmp_path: Path, body: str, *, is_listed: bool
) -> None:
    """What a call goes through step by step changes as a loop's container does, whichever file starts the threads; a copy is made in one step."""
    changed, kept = "self.tudo[nome] = 1", "return self.tudo.get(nome)"
    listed = judge(tmp_path / "a", KEPT.format(body=body, change=changed), corre=RUNS)[0]
    assert ("RuntimeError" in listed) is is_listed
    for folder, change, user in (("b", changed, ALONE), ("c", kept, RUNS)):
        listed = judge(tmp_path / folder, KEPT.format(body=body, change=change), corre=user)[0]
        assert "RuntimeError" not in listed


CALLED = """import paho.mqtt.client as mqtt
class Ponte:
    def __init__(self):
        self.vistos = {{}}
        self.cliente = mqtt.Client()
        {start}
    def mostrar(self):
        try:
            for nome in self.vistos: print("a")
        except Exception: pass
    def receber(self, cliente, dados, mensagem):
        self.vistos[mensagem.topic] = 1
"""


@pytest.mark.parametrize(
    ("start", "is_listed"), [("self.cliente.loop_start()", True), ("self.cliente.loop_forever()", False)]
)
def test_a_library_starts_threads_of_its_own(tmp_path: Path, start: str, *, is_listed: bool) -> None:
    """A client whose network loop runs in a thread calls back while a loop of the script goes on; one that keeps the script's thread does not."""
    assert ("RuntimeError" in judge(tmp_path, CALLED.format(start=start))[0]) is is_listed


ROWS = """import asyncpg, json
from dataclasses import dataclass
@dataclass
class Pedido:
    nome: str
    preco: float = 0.0
    @classmethod
    def ler(cls, campos: dict, base: asyncpg.Connection, linha: asyncpg.Record, corpo: str):
        dado = json.loads(corpo)
        try:
            {body}
        except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "listed"),
    [
        ("cls(**{k: v for k, v in campos.items() if k in cls.__annotations__})", {"TypeError"}),
        ("cls(**{k: v for k, v in campos.items() if k in cls.__dataclass_fields__})", {"TypeError"}),
        ("linha['quando'].isoformat()", {"AttributeError", "TypeError"}),
        ("linha['quando'].fechar()", None),
        ("dado['quando'].isoformat()", None),
        ("cls(**{k: v for k, v in campos.items() if k in cls.campos})", None),
    ],
)
def test_what_a_row_and_a_data_class_hold_is_known(
    tmp_path: Path, body: str, listed: set[str] | None
) -> None:
    """A column holds a date, too, and a class knows its fields; of decoded data nobody asks for a date, and other attributes are not known."""
    found, is_complete = judge(tmp_path, ROWS.format(body=body))
    assert (found if is_complete else None) == listed


STARTED = """import asyncio, json, os
async def ouvir(texto: str, corpo: str):
    dado = json.loads(corpo)
    linha = ["ffmpeg", texto]
    outra = ["ffmpeg", os.getenv("ALVO")]
    try:
        await asyncio.create_subprocess_exec({given})
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("given", "is_listed"),
    [
        ("'ffmpeg', dado", True),
        ("'ffmpeg', '-n', 5", True),
        ("'ffmpeg', os.getenv('ALVO')", True),
        ("*outra", True),
        ("'ffmpeg', texto", False),
        ("*linha", False),
        ("*linha, stdout=asyncio.subprocess.PIPE", False),
    ],
)
def test_a_program_is_started_with_texts_only(tmp_path: Path, given: str, *, is_listed: bool) -> None:
    """A number, None and decoded data are no arguments of a program, written out or unpacked from a list."""
    listed, is_complete = judge(tmp_path, STARTED.format(given=given))
    assert is_complete
    assert ("TypeError" in listed) is is_listed
