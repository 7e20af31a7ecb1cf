"""Where and with what a call is not repeated although it could be by its name: each kind, and the nearest script that differs."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.finders import retry_io
from workerlog_migrate.finders.retry_call import RetryCall
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source, Target

if TYPE_CHECKING:
    from tests.finders.conftest import Judge

AGAIN = "retrying"


def _reason(outcome: object, call: str) -> str:
    left: dict[str, str] = outcome.left  # type: ignore[attr-defined]  # an Outcome
    return left.get(call, "")


# -- what a first attempt made ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "call"),
    [
        pytest.param("", "open(p, 'x')", id="open"),
        pytest.param("", "open(p, mode='xb')", id="by keyword"),
        pytest.param("", "open(p, MODO)", id="by a name"),
        pytest.param("", "open(p, 'x' if p else 'w')", id="one of two"),
        pytest.param("", "open(p, modo)", id="not seen"),
        pytest.param("", "open(*p)", id="behind a star"),
        pytest.param("import io", "io.open(p, 'x')", id="io.open"),
        pytest.param("import codecs", "codecs.open(p, 'x', 'utf-8')", id="codecs.open"),
        pytest.param("import gzip", "gzip.open(p, 'xt')", id="gzip.open"),
        pytest.param("import lzma", "lzma.open(p, 'x')", id="lzma.open"),
        pytest.param("from pathlib import Path", "Path(p).open('x')", id="Path.open"),
        pytest.param("import os", "os.mkdir(p)", id="mkdir"),
        pytest.param("import os", "os.makedirs(p)", id="makedirs"),
        pytest.param("import os", "os.makedirs(p, 0o755, False)", id="makedirs, by position"),
        pytest.param("import os", "os.makedirs(p, exist_ok=modo)", id="makedirs, not seen"),
        pytest.param("from pathlib import Path", "Path(p).mkdir(parents=True)", id="Path.mkdir"),
    ],
)
def test_what_a_first_attempt_made_would_fail_the_second(retry: Judge, head: str, call: str) -> None:
    """A lock that was created after all would seem to be somebody else's."""
    outcome = retry(f"{head}\n\nMODO = 'x'\n\ndef f(p, modo):\n    {call}\n")

    assert outcome.applied == {}
    assert outcome.left


@pytest.mark.parametrize(
    ("head", "call"),
    [
        pytest.param("", "open(p, MODO)", id="a mode by a name"),
        pytest.param("", "open(p, 'w' if p else 'a')", id="one of two modes"),
        pytest.param("import os", "os.makedirs(p, 0o755, True)", id="makedirs, by position"),
        pytest.param(
            "from pathlib import Path", "Path(p).mkdir(0o755, True, True)", id="Path.mkdir, by position"
        ),
    ],
)
def test_what_the_next_attempt_finds_as_it_was_is_repeated(retry: Judge, head: str, call: str) -> None:
    outcome = retry(f"{head}\n\nMODO = 'w'\n\ndef f(p):\n    {call}\n")

    assert outcome.applied == {call: AGAIN}


def test_an_own_opener_is_not_called_twice(retry: Judge) -> None:
    """``opener=`` is code of the program: it may create, lock or count."""
    outcome = retry("import os\n\ndef f(p):\n    open(p, opener=abre)\n    open(p, opener=None)\n")

    assert outcome.applied == {"open(p, opener=None)": AGAIN}
    assert "opener=" in _reason(outcome, "open(p, opener=abre)")


def test_a_database_is_not_opened_again(retry: Judge) -> None:
    """``sqlite3.connect`` fails for no lock: the first query does, and ``timeout=`` waits for it."""
    outcome = retry("import sqlite3\n\ndb = sqlite3.connect('x.db')\n")

    assert outcome.applied == {}
    assert "timeout= waits" in _reason(outcome, "sqlite3.connect('x.db')")


# -- what is passed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "passed",
    [
        pytest.param("params=zip(a, b)", id="zip"),
        pytest.param("params=pares", id="zip by a name"),
        pytest.param("params=((k, v) for k, v in b)", id="generator expression"),
        pytest.param("params=gera(b)", id="generator function"),
        pytest.param("params={'ids': map(str, a)}", id="in a dict"),
        pytest.param("headers=filter(None, a)", id="filter"),
        pytest.param("data=a", id="data"),
        pytest.param("files={'a': b}", id="files"),
    ],
)
def test_what_the_first_attempt_uses_up_is_sent_once(retry: Judge, passed: str) -> None:
    """The second request would go out without what the first has read."""
    call = f"requests.get('http://x', {passed})"
    outcome = retry(
        f"import requests\n\ndef gera(b):\n    yield b\n\ndef f(a, b):\n    pares = zip(a, b)\n    {call}\n"
    )

    assert outcome.applied == {}
    assert "used up" in _reason(outcome, call)


@pytest.mark.parametrize(
    "passed", ["params=list(zip(a, b))", "params=dict(zip(a, b))", "params={'a': b}", "params=a"]
)
def test_what_can_be_read_again_is_sent_again(retry: Judge, passed: str) -> None:
    call = f"requests.get('http://x', {passed})"
    outcome = retry(f"import requests\n\ndef f(a, b):\n    {call}\n")

    assert outcome.applied == {call: AGAIN}


def test_a_request_of_another_module_may_carry_data(retry: Judge) -> None:
    """What an imported function makes is an address only if that is known."""
    outcome = retry("""
        from urllib.request import urlopen
        from comum import pedido

        def f(url, req):
            urlopen(pedido())
            urlopen(req)
            urlopen(url)
    """)

    assert outcome.applied == {"urlopen(url)": AGAIN}
    assert set(outcome.left) == {"urlopen(pedido())", "urlopen(req)"}


# -- sessions -----------------------------------------------------------------------------------------------

MOUNTED = """
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
"""


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(
            "s = requests.Session()\ns.mount('https://', HTTPAdapter(max_retries=Retry(total=5)))",
            id="at once",
        ),
        pytest.param(
            "s = requests.Session()\nadaptador = HTTPAdapter(max_retries=3)\ns.mount('https://', adaptador)",
            id="an adapter by a name",
        ),
        pytest.param(
            "s = requests.Session()\nfor p in ('http://', 'https://'):\n    s.mount(p, HTTPAdapter(3, max_retries=Retry(3)))",
            id="in a loop",
        ),
        pytest.param(
            "def monta(sessao):\n    sessao.mount('https://', HTTPAdapter(max_retries=3))\n\ns = requests.Session()\nmonta(s)",
            id="by a function",
        ),
        pytest.param(
            "def nova():\n    sessao = requests.Session()\n    sessao.mount('https://', HTTPAdapter(max_retries=3))\n    return sessao\n\ns = nova()",
            id="by what makes it",
        ),
        pytest.param(
            "s = requests.Session()\nt = s\nt.mount('https://', HTTPAdapter(max_retries=3))",
            id="by another name",
        ),
        pytest.param("requests.adapters.DEFAULT_RETRIES = 5\ns = requests.Session()", id="for all sessions"),
    ],
)
def test_a_session_that_repeats_by_itself_is_left_alone(retry: Judge, made: str) -> None:
    """Three times five attempts are fifteen, and a dead host holds the worker up for minutes."""
    outcome = retry(f"{MOUNTED}\n{made}\n\ndef f():\n    s.get('http://x')\n")

    assert outcome.applied == {}
    assert "repeats by itself" in _reason(outcome, "s.get('http://x')") or "mounted" in _reason(
        outcome, "s.get('http://x')"
    )


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(
            "s = requests.Session()\ns.mount('https://', HTTPAdapter(pool_maxsize=20))", id="no retries"
        ),
        pytest.param(
            "t = requests.Session()\nt.mount('https://', HTTPAdapter(max_retries=3))\ns = requests.Session()",
            id="another session",
        ),
    ],
)
def test_a_session_without_retries_of_its_own_is_repeated(retry: Judge, made: str) -> None:
    outcome = retry(f"{MOUNTED}\n{made}\n\ndef f():\n    s.get('http://x')\n")

    assert outcome.applied == {"s.get('http://x')": AGAIN}


def test_a_session_of_another_file_has_the_retries_of_that_file(tmp_path: Path) -> None:
    """The factory that mounts them stands beside the script."""
    (tmp_path / "comum.py").write_text(
        MOUNTED
        + "def nova():\n    s = requests.Session()\n    s.mount('https://', HTTPAdapter(max_retries=3))\n    return s\n"
    )
    script = "from comum import nova\n\ns = nova()\ns.get('http://x')\n"

    assert _applied(tmp_path, script) == []
    (tmp_path / "comum.py").write_text("import requests\ndef nova():\n    return requests.Session()\n")
    assert _applied(tmp_path, script) == ["s.get('http://x')"]


def _applied(folder: Path, script: str) -> list[str]:
    text = textwrap.dedent(script).lstrip("\n")
    path = folder / "genesis_worker.py"
    path.write_text(text)
    module = Module(Source(path=path, text=text, raw=text.encode()))
    target, settings = Target(path=path, worker="genesis"), Settings()
    context = Context(settings, target, find_header(module, target), Types(module, Knowledge(), settings))
    return [
        module.cut(each.span) for each in retry_io.find(module, context) if isinstance(each.edit, RetryCall)
    ]


# -- alarms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "def f():\n    signal.alarm(30)\n    open('x')\n    signal.alarm(0)\n", id="in the same function"
        ),
        pytest.param(
            "def f():\n    signal.setitimer(signal.ITIMER_REAL, 5, 0)\n    open('x')\n", id="setitimer"
        ),
        pytest.param(
            "def g():\n    open('x')\n\ndef f():\n    signal.alarm(30)\n    g()\n", id="set by who calls it"
        ),
        pytest.param(
            "def vigia():\n    signal.alarm(30)\n\ndef f():\n    vigia()\n    open('x')\n",
            id="set by an own function",
        ),
        pytest.param(
            "def f():\n    while True:\n        open('x')\n        signal.alarm(60)\n",
            id="of the turn before",
        ),
        pytest.param(
            "class Limite:\n    def __enter__(self):\n        signal.alarm(5)\n    def __exit__(self, *e):\n        signal.alarm(0)\n\n"
            "def f():\n    with Limite():\n        open('x')\n",
            id="of a context manager",
        ),
        pytest.param(
            "@contextlib.contextmanager\ndef limite(n):\n    signal.alarm(n)\n    try:\n        yield\n    finally:\n        signal.alarm(0)\n\n"
            "def f():\n    with limite(5):\n        open('x')\n",
            id="of a function that is one",
        ),
        pytest.param(
            "def limite(g):\n    def h():\n        signal.alarm(5)\n        try:\n            return g()\n        finally:\n            signal.alarm(0)\n    return h\n\n"
            "@limite\ndef f():\n    open('x')\n",
            id="of a decorator",
        ),
        pytest.param(
            "import timeout_decorator\n\n@timeout_decorator.timeout(5)\ndef f():\n    open('x')\n",
            id="of a library's decorator",
        ),
        pytest.param("signal.alarm(60)\nopen('x')\n", id="at module level"),
    ],
)
def test_under_an_alarm_nothing_is_repeated(retry: Judge, body: str) -> None:
    """The waits between the attempts would make the alarm go off where none went off before."""
    outcome = retry(f"import contextlib, signal\n\n{body}")

    assert outcome.applied == {}
    assert "alarm" in _reason(outcome, "open('x')")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("def f():\n    signal.alarm(0)\n    open('x')\n", id="no alarm is set"),
        pytest.param(
            "def f():\n    signal.alarm(5)\n    g()\n    signal.alarm(0)\n    open('x')\n\ndef g(): pass\n",
            id="it was taken back",
        ),
        pytest.param(
            "def g():\n    signal.alarm(5)\n    print(1)\n    signal.alarm(0)\n\ndef f():\n    g()\n    open('x')\n",
            id="of another function that takes it back",
        ),
        pytest.param("def alarm(n): pass\n\ndef f():\n    alarm(5)\n    open('x')\n", id="another alarm"),
    ],
)
def test_without_an_alarm_it_is_repeated(retry: Judge, body: str) -> None:
    outcome = retry(f"import contextlib, signal\n\n{body}")

    assert outcome.applied == {"open('x')": AGAIN}


# -- event loops --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("def g():\n    open('x')\n\nasync def f():\n    g()\n", id="a helper"),
        pytest.param(
            "def h():\n    open('x')\n\ndef g():\n    h()\n\nasync def f():\n    g()\n",
            id="a helper's helper",
        ),
        pytest.param(
            "class C:\n    def g(self):\n        open('x')\n    async def f(self):\n        self.g()\n",
            id="a method",
        ),
        pytest.param(
            "class C:\n    def __init__(self):\n        open('x')\n\nasync def f():\n    C()\n",
            id="a constructor",
        ),
        pytest.param(
            "class C:\n    @property\n    def g(self):\n        return open('x')\n\nasync def f(c):\n    c.g\n",
            id="a property",
        ),
        pytest.param("async def f():\n    def g():\n        open('x')\n    g()\n", id="a function inside"),
        pytest.param("async def f(a):\n    return sorted(a, key=lambda n: open('x'))\n", id="a lambda"),
        pytest.param(
            "def g(n):\n    open('x')\n\nasync def f(a):\n    return list(map(g, a))\n", id="a callback"
        ),
        pytest.param(
            "def g():\n    open('x')\n\ndef f():\n    loop = asyncio.get_event_loop()\n    loop.call_later(5, g)\n",
            id="what the loop calls",
        ),
        pytest.param(
            "def g():\n    yield open('x')\n\nasync def f():\n    for a in g(): pass\n", id="a generator"
        ),
    ],
)
def test_what_a_coroutine_runs_is_left_alone(retry: Judge, body: str) -> None:
    """Two seconds of waiting stop everything else that the event loop does, a bot's heartbeat among them."""
    outcome = retry(f"import asyncio, threading\n\n{body}")

    assert outcome.applied == {}
    assert _reason(outcome, "open('x')")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "def g():\n    open('x')\n\nasync def f():\n    await asyncio.to_thread(g)\n", id="in a thread"
        ),
        pytest.param(
            "async def f():\n    await asyncio.to_thread(lambda: open('x'))\n", id="a lambda in a thread"
        ),
        pytest.param(
            "def g():\n    open('x')\n\nasync def f():\n    loop = asyncio.get_running_loop()\n    await loop.run_in_executor(None, g)\n",
            id="in an executor",
        ),
        pytest.param(
            "def g():\n    open('x')\n\nasync def f():\n    threading.Thread(target=g).start()\n",
            id="in a thread of its own",
        ),
        pytest.param(
            "def g():\n    open('x')\n\nasync def f():\n    pass\n\ng()\n", id="called by nobody there"
        ),
    ],
)
def test_what_runs_in_a_thread_is_repeated(retry: Judge, body: str) -> None:
    outcome = retry(f"import asyncio, threading\n\n{body}")

    assert outcome.applied == {"open('x')": AGAIN}
