"""Rows do not stop short: what runs inside a call, what reading an attribute asks for, what a value out of the ordinary gives."""

from __future__ import annotations

import textwrap

import pytest

from tests.analysis.conftest import Analyse, _script


@pytest.fixture
def script() -> Analyse:
    return _script


def _names(script: Analyse, head: str, body: str) -> set[str]:
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "        ")
    found = script(
        f"{textwrap.dedent(head)}\ndef corpo(texto: str, n: int, x: float):\n    try:\n{indented}\n    except Exception:\n        pass\n"
    ).body()
    return (
        set(found.names)
        if not found.unresolved
        else {f"unresolved {entry.rule}" for entry in found.unresolved}
    )


@pytest.mark.parametrize(
    ("head", "body", "twin", "raised"),
    [
        pytest.param(
            "from loguru import logger",
            "logger.info(f'{texto}', n)",
            "logger.info('{}', texto)",
            "LookupError",
            id="loguru formats a text of the program's with what is passed",
        ),
        pytest.param(
            "from loguru import logger",
            "logger.info(f'{texto}', exc_info=True)",
            "logger.info(f'{texto}')",
            "LookupError",
            id="loguru formats with named arguments, too",
        ),
        pytest.param(
            "import json\ndef gancho(d):\n    raise PermissionError(d)\n",
            "json.loads(texto, object_hook=gancho)",
            "json.loads(texto)",
            "PermissionError",
            id="object_hook",
        ),
        pytest.param(
            "import json\ndef padrao(o):\n    raise PermissionError(o)\n",
            "json.dumps({}, default=padrao)",
            "json.dumps({})",
            "PermissionError",
            id="default",
        ),
        pytest.param(
            "import json\nclass E(json.JSONEncoder):\n    def default(self, o):\n        raise PermissionError(o)\n",
            "json.dumps({}, cls=E)",
            "json.dumps({})",
            "PermissionError",
            id="cls",
        ),
        pytest.param(
            "import contextlib\ndef fim():\n    raise PermissionError\n",
            "with contextlib.ExitStack() as pilha:\n    pilha.callback(fim)",
            "with contextlib.ExitStack() as pilha:\n    pass",
            "PermissionError",
            id="ExitStack.callback",
        ),
        pytest.param(
            "import functools\n@functools.singledispatch\ndef f(a):\n    pass\n@f.register\ndef _(a: int):\n    raise PermissionError\n",
            "f(n)",
            "pass",
            "PermissionError",
            id="singledispatch",
        ),
        pytest.param(
            "import functools, json\n@functools.lru_cache\ndef f(a):\n    return 1\ndef g(a):\n    return 1\n",
            "f(json.loads(texto))",
            "g(json.loads(texto))",
            "TypeError",
            id="lru_cache of what may be a list",
        ),
    ],
)
def test_functions_that_run_inside_a_call_count(
    script: Analyse, head: str, body: str, twin: str, raised: str
) -> None:
    """A hook, a default, a callback of an exit stack, a registered function runs where the call stands."""
    assert raised in _names(script, head, body)
    assert raised not in _names(script, head, twin)


@pytest.mark.parametrize(
    ("head", "body", "twin", "raised"),
    [
        pytest.param(
            "from selenium import webdriver\nd = webdriver.Chrome()\n",
            "d.title",
            "d.session_id",
            "selenium.common.exceptions.WebDriverException",
            id="a property of a browser",
        ),
        pytest.param(
            "from selenium import webdriver\nfrom selenium.webdriver.common.by import By\ne = webdriver.Chrome().find_element(By.ID, 'a')\n",
            "e.text",
            "e.id",
            "selenium.common.exceptions.WebDriverException",
            id="a property of an element",
        ),
        pytest.param(
            "import serial\np = serial.Serial('/dev/ttyUSB0')\n",
            "p.in_waiting",
            "p.baudrate",
            "OSError",
            id="a property of a port",
        ),
        pytest.param(
            "import requests\nr = requests.get('http://x', stream=True)\ns = requests.get('http://x')\n",
            "r.content",
            "s.content",
            "requests.RequestException",
            id="a body that is read later",
        ),
        pytest.param(
            "from flask import request\n",
            "request.get_json()",
            "request.method",
            "werkzeug.exceptions.HTTPException",
            id="a body of a web request",
        ),
    ],
)
def test_properties_that_ask_somebody_are_calls(
    script: Analyse, head: str, body: str, twin: str, raised: str
) -> None:
    """What looks like an attribute is a request to a browser, a device or a server."""
    found, other = _names(script, head, body), _names(script, head, twin)

    assert any(name == raised or raised.endswith(f".{name}") for name in found), found
    assert raised not in other


@pytest.mark.parametrize(
    ("head", "body", "twin", "raised"),
    [
        pytest.param(
            "import codecs",
            "codecs.decode(texto, 'hex')",
            "codecs.encode(texto, 'rot13', 'ignore')",
            "ValueError",
            id="hex",
        ),
        pytest.param(
            "import socket",
            "socket.gethostbyname(texto)",
            "socket.gethostbyname('localhost')",
            "UnicodeError",
            id="a name over 63 letters",
        ),
        pytest.param(
            "import re",
            "re.search(texto, 'a').group(1)",
            "re.search('(a)', 'a').group(1)",
            "IndexError",
            id="groups of a pattern from outside",
        ),
        pytest.param(
            "import os",
            "os.environ['A'] = texto",
            "os.environ.get('A')",
            "ValueError",
            id="a variable with a NUL",
        ),
        pytest.param(
            "import ast", "ast.literal_eval(texto)", "ast.parse(texto)", "TypeError", id="literal_eval"
        ),
        pytest.param(
            "import httpx", "httpx.Client(proxy=texto)", "httpx.Client()", "ValueError", id="a proxy"
        ),
    ],
)
def test_values_out_of_the_ordinary_count(
    script: Analyse, head: str, body: str, twin: str, raised: str
) -> None:
    """A name too long, a NUL, a group that is not there: what the world sends."""
    assert raised in _names(script, head, body)
    assert raised not in _names(script, head, twin)


@pytest.mark.parametrize(
    ("body", "twin", "raised"),
    [
        ("re.sub('a', 'b', texto, count=int(texto))", "re.sub('a', 'b', texto, count=1)", "OverflowError"),
        (
            "difflib.get_close_matches(texto, ['a'], cutoff=float(texto))",
            "difflib.get_close_matches(texto, ['a'], cutoff=0.8)",
            "ValueError",
        ),
        ("json.dumps([1], indent=json.loads(texto))", "json.dumps([1], indent=2)", "TypeError"),
        (
            "json.dumps([1], separators=json.loads('[]'))",
            "json.dumps([1], separators=(',', ':'))",
            "ValueError",
        ),
        ("gzip.compress(b'a', mtime=int(texto))", "gzip.compress(b'a', mtime=0)", "struct.error"),
        ("sorted([2, 1], reverse=json.loads(texto))", "sorted([2, 1], reverse=True)", "TypeError"),
        (
            "posixpath.realpath('a', strict=True)",
            "posixpath.realpath('a', strict=False)",
            "OSError",
        ),
    ],
)
def test_options_that_are_passed_by_name_count(script: Analyse, body: str, twin: str, raised: str) -> None:
    """An option out of its range comes from outside as any argument does; one that the program writes is in it."""
    head = "import difflib, gzip, json, posixpath, re"

    assert raised in _names(script, head, body)
    assert raised not in _names(script, head, twin)


@pytest.mark.parametrize(
    ("body", "raised"),
    [
        ("requests.get(texto, timeout=config['t'])", True),
        ("requests.get(texto, timeout=config.get('t', 10))", True),
        ("requests.get(texto, **config)", True),
        ("requests.get(texto, **{'timeout': config['t']})", True),
        ("fila.get(timeout=prazo - time.time())", True),
        ("requests.get(texto, timeout=ESPERA)", False),
        ("requests.get(texto, **OPCOES)", False),
        ("fila.get(timeout=ESPERA)", False),
    ],
)
def test_a_setting_counts_where_it_comes_from_outside(script: Analyse, body: str, raised: bool) -> None:
    """A timeout out of a settings file, by its name or unpacked, or what is left of a time; one that is written is in range."""
    head = (
        "import json, queue, requests, time\nESPERA = 10\nOPCOES = {'timeout': 3}\nfila = queue.Queue()\n"
        "prazo = time.time() + 5\nconfig = json.load(open('c.json'))\n"
    )

    assert ("ValueError" in _names(script, head, body)) is raised


@pytest.mark.parametrize(
    "call", ["pickle.loads(b'')", "pickle.load(open('x', 'rb'))", "shelve.open('x')['k']"]
)
def test_unpickling_never_narrows(script: Analyse, call: str) -> None:
    """What is unpickled runs: any exception may come out, and the handler stays."""
    found = script(f"import pickle, shelve\ntry:\n    {call}\nexcept Exception:\n    pass\n").body()

    assert not found.is_complete
    assert "raises Exception itself" in found.reason


@pytest.mark.parametrize(
    ("body", "twin", "raised"),
    [
        ("csv.reader([], texto)", "csv.reader([], 'excel-tab')", {"csv.Error"}),
        ("csv.reader([], delimiter=texto)", "csv.reader([], delimiter=';')", {"TypeError", "ValueError"}),
        (
            "csv.DictReader([], quotechar=texto)",
            "csv.DictReader([], dialect=csv.excel_tab)",
            {"TypeError", "ValueError"},
        ),
        ("csv.DictWriter(texto_a, [], dialect=texto)", "csv.DictWriter(texto_a, [])", {"csv.Error"}),
        (
            "csv.writer(texto_a, quoting=json.loads(texto))",
            "csv.writer(texto_a, quoting=csv.QUOTE_ALL) and json.loads(texto)",
            {"TypeError"},
        ),
        (
            "csv.reader([], csv.Sniffer().sniff(texto), delimiter=texto)",
            "csv.reader([], csv.Sniffer().sniff(texto))",
            {"TypeError", "ValueError"},
        ),
    ],
)
def test_how_a_table_is_written_may_come_from_outside(
    script: Analyse, body: str, twin: str, raised: set[str]
) -> None:
    """A dialect or a separator out of a configuration may be none: what the program writes itself is one."""
    head = "import csv, io, json\ntexto_a = io.StringIO()\n"
    assert raised <= _names(script, head, body)
    assert not raised & _names(script, head, twin)
