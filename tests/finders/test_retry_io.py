"""Which I/O is repeated, and which is left alone for which reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workerlog_migrate.analysis.types import Types

if TYPE_CHECKING:
    from tests.finders.conftest import Judge

AGAIN = "retrying"


# -- the table ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "call"),
    [
        pytest.param("", "open(p)", id="open"),
        pytest.param("", "open(p, 'w', encoding='utf-8')", id="open to write"),
        pytest.param("", "open(p, 'a')", id="open to append"),
        pytest.param("import builtins", "builtins.open(p)", id="builtins.open"),
        pytest.param("import io", "io.open(p)", id="io.open"),
        pytest.param("import codecs", "codecs.open(p, 'r', 'utf-8')", id="codecs.open"),
        pytest.param("import gzip", "gzip.open(p)", id="gzip.open"),
        pytest.param("import bz2", "bz2.open(p, 'rt')", id="bz2.open"),
        pytest.param("import lzma", "lzma.open(p)", id="lzma.open"),
        pytest.param("from pathlib import Path", "Path(p).open()", id="Path.open"),
        pytest.param("from pathlib import Path", "Path(p).read_text()", id="read_text"),
        pytest.param("from pathlib import Path", "Path(p).read_bytes()", id="read_bytes"),
        pytest.param("from pathlib import Path", "(Path(p) / 'x').write_text('y')", id="write_text"),
        pytest.param("from pathlib import Path", "Path(p).write_bytes(b'y')", id="write_bytes"),
        pytest.param(
            "from pathlib import Path", "Path(p).mkdir(parents=True, exist_ok=True)", id="Path.mkdir"
        ),
        pytest.param("import os", "os.listdir(p)", id="listdir"),
        pytest.param("from os import scandir", "scandir(p)", id="scandir"),
        pytest.param("import os", "os.makedirs(p, exist_ok=True)", id="makedirs"),
        pytest.param("import shutil", "shutil.copy(p, p)", id="copy"),
        pytest.param("import shutil", "shutil.copy2(p, p)", id="copy2"),
        pytest.param("import shutil as sh", "sh.copyfile(p, p)", id="copyfile by alias"),
        pytest.param("import socket", "socket.create_connection((p, 80))", id="create_connection"),
        pytest.param("import urllib.request", "urllib.request.urlopen(p, timeout=9)", id="urlopen"),
        pytest.param("import requests", "requests.get(p)", id="requests.get"),
        pytest.param("from requests import head", "head(p)", id="requests.head"),
        pytest.param("import requests", "requests.options(p)", id="requests.options"),
        pytest.param("import requests", "requests.Session().get(p, stream=True)", id="Session.get"),
    ],
)
def test_what_can_be_repeated_whole_is_wrapped(retry: Judge, head: str, call: str) -> None:
    outcome = retry(f"{head}\n\ndef f(p):\n    {call}\n")

    assert outcome.applied == {call: AGAIN}
    assert outcome.left == {}


@pytest.mark.parametrize(
    ("head", "call", "reason"),
    [
        pytest.param("import requests", "requests.post(p)", "act twice", id="post"),
        pytest.param("import requests", "requests.delete(p)", "act twice", id="delete"),
        pytest.param("import requests", "requests.request('GET', p)", "act twice", id="request"),
        pytest.param("import requests", "requests.Session().put(p)", "act twice", id="Session.put"),
        pytest.param("import subprocess", "subprocess.run([p])", "the process may run twice", id="run"),
        pytest.param("import subprocess as sp", "sp.Popen([p])", "the process may run twice", id="Popen"),
        pytest.param("import os", "os.system(p)", "the process may run twice", id="system"),
        pytest.param("import os", "os.remove(p)", "another worker", id="remove"),
        pytest.param("import os", "os.rename(p, p)", "another worker", id="rename"),
        pytest.param("import os", "os.mkdir(p)", "another worker", id="mkdir"),
        pytest.param("import sqlite3", "sqlite3.connect(p)", "timeout= waits", id="sqlite3"),
        pytest.param("from pathlib import Path", "Path(p).unlink()", "another worker", id="unlink"),
    ],
)
def test_what_may_act_twice_is_reported(retry: Judge, head: str, call: str, reason: str) -> None:
    outcome = retry(f"{head}\n\ndef f(p):\n    {call}\n")

    assert outcome.applied == {}
    assert list(outcome.left) == [call]
    assert reason in outcome.left[call]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("def open(p):\n    pass\n\nopen('x')\n", id="a local function called open"),
        pytest.param("from webbrowser import open\nopen('x')\n", id="another open"),
        pytest.param("def f(open):\n    open('x')\n", id="a parameter called open"),
        pytest.param("abrir = [open]\n", id="open as a value"),
        pytest.param("import os\nos.getenv('HOME')\n", id="an environment variable"),
        pytest.param("d = {}\nd.get('x')\n", id="get of a dict"),
        pytest.param("import os\nos.open('x', 0)\n", id="os.open"),
        pytest.param("class C:\n    def open(self): pass\n\nC().open()\n", id="a method called open"),
        pytest.param(
            "class C:\n    def read_text(self): pass\n\ndef f(c):\n    c.read_text()\n",
            id="a method called read_text",
        ),
        pytest.param("import os\nos.path.exists('x')\n", id="exists never raises"),
        pytest.param("from os import path\npath.isfile('x')\n", id="isfile never raises"),
        pytest.param("import glob\nglob.glob('x')\n", id="glob never raises"),
        pytest.param("from pathlib import Path\nPath('x').is_dir()\n", id="is_dir never raises"),
        pytest.param("import shutil\nshutil.which('x')\n", id="which never raises"),
        pytest.param("import webbrowser\nwebbrowser.open('x')\n", id="a browser"),
        pytest.param("import os\nos.getcwd()\n", id="no row"),
        pytest.param("import sys\nsys.stdout.write('x')\n", id="the terminal"),
    ],
)
def test_look_alikes_are_no_findings(retry: Judge, script: str) -> None:
    assert retry(script).findings == []


def test_an_alias_of_open_is_open(retry: Judge) -> None:
    """The callee is written as it was: a patched name still works."""
    outcome = retry("""
        abrir = open
        abrir("x")
    """)

    assert outcome.applied == {'abrir("x")': AGAIN}


@pytest.mark.parametrize(
    ("star", "left"),
    [
        pytest.param("math", {}, id="binds no open"),
        pytest.param("os", {"open('x')": "open may be rebound by a star import"}, id="os binds open"),
        pytest.param(
            "comum", {"open('x')": "open may be rebound by a star import"}, id="an unknown module may"
        ),
    ],
)
def test_a_star_import_may_bind_open(retry: Judge, star: str, left: dict[str, str]) -> None:
    outcome = retry(f"from {star} import *\nopen('x')\n")

    assert outcome.left == left
    assert outcome.applied == ({} if left else {"open('x')": AGAIN})


def test_a_method_of_an_unknown_object_is_left_alone(retry: Judge) -> None:
    """It may be anything that calls itself read_text."""
    outcome = retry("""
        def f(p):
            return p.read_text()
    """)

    assert outcome.left == {"p.read_text()": "it is not known to be a method of a path"}


@pytest.mark.parametrize(
    "used",
    [
        pytest.param("f.read()", id="read"),
        pytest.param("f.readlines()", id="readlines"),
        pytest.param("f.write('x')", id="write"),
    ],
)
def test_reads_and_writes_on_an_open_file_are_reported(retry: Judge, used: str) -> None:
    """Half of the data may have gone through before the failure."""
    outcome = retry(f"""
        with open("x", "r+") as f:
            {used}
    """)

    assert outcome.applied == {'open("x", "r+")': AGAIN}
    assert outcome.left == {
        used: "the position in the open file has moved: a second attempt would skip or double data"
    }


def test_a_path_of_known_type_is_a_path_wherever_it_came_from(retry: Judge) -> None:
    """An annotation, a folder's children and an attribute say as much as the constructor."""
    outcome = retry("""
        from pathlib import Path

        BASE = Path("x")

        class Fila:
            def __init__(self):
                self.pasta = BASE / "fila"

            def ler(self, p: Path):
                p.read_text()
                for q in BASE.glob("*.md"):
                    q.read_bytes()
                (self.pasta / "y").write_text("z")
    """)

    assert outcome.applied == {
        "p.read_text()": AGAIN,
        "q.read_bytes()": AGAIN,
        '(self.pasta / "y").write_text("z")': AGAIN,
    }


def test_the_user_adds_calls_and_forbids_others(retry: Judge) -> None:
    outcome = retry(
        """
        import httpx

        def f(p):
            httpx.get(p)
            open(p)
        """,
        retry_extra=("httpx.get",),
        retry_never=("open",),
    )

    assert outcome.applied == {"httpx.get(p)": AGAIN}
    assert outcome.left == {"open(p)": "the configuration says never to repeat open"}


def test_migrated_code_holds_no_finding(retry: Judge) -> None:
    outcome = retry("""
        from pathlib import Path

        from worker_utils import retry_with_backoff

        retrying = retry_with_backoff(max_retries=3, base_delay=1.0)

        with retrying(open)("x") as f:
            pass
        retrying(Path("x").read_text)()
    """)

    assert outcome.findings == []


def test_a_taken_name_is_not_used(retry: Judge) -> None:
    outcome = retry("""
        retrying = 3
        open("x")
    """)

    assert outcome.applied == {'open("x")': "with_retry"}


def test_what_runs_before_the_header_is_left_alone(retry: Judge) -> None:
    outcome = retry("""
        try:
            import yaml
        except ImportError:
            open("sem_yaml", "w").close()
        open("x")
    """)

    assert outcome.applied == {'open("x")': AGAIN}
    assert outcome.left == {'open("sem_yaml", "w")': "runs before the retry decorator exists"}


def test_inside_an_fstring_is_left_alone(retry: Judge) -> None:
    outcome = retry("""
        x = f"{open('x').read()}"
    """)

    assert outcome.applied == {}
    assert list(outcome.left.values()) == ["inside an f-string"]


def test_a_comment_suppresses(retry: Judge) -> None:
    outcome = retry("""
        open("x")  # workerlog: skip[retry-io]
        open("y")  # workerlog: skip[mirror-output]
    """)

    assert outcome.applied == {'open("y")': AGAIN}
    assert outcome.left == {'open("x")': "suppressed by comment"}


# -- requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param("urlopen('http://x')", id="literal"),
        pytest.param("urlopen(f'{BASE}/x', None, 9)", id="data is None"),
        pytest.param("urlopen(url=BASE + '/x', timeout=9)", id="keyword"),
        pytest.param("urlopen(Request('http://x'))", id="a plain Request"),
        pytest.param("urlopen(Request('http://x', headers={}))", id="a Request with headers"),
        pytest.param("urlopen(Request('http://x', None, {}, method=None))", id="a Request with nothing"),
        pytest.param("urlopen(pedido)", id="a plain Request by name"),
        pytest.param("urlopen(BASE)", id="from the environment"),
    ],
)
def test_urlopen_of_a_page_is_repeated(retry: Judge, opened: str) -> None:
    outcome = retry(f"""
        import os
        from urllib.request import Request, urlopen

        BASE = os.environ.get("BASE")
        pedido = Request("http://x")
        pedido.add_header("a", "b")
        {opened}
    """)

    assert outcome.applied == {opened: AGAIN}


@pytest.mark.parametrize(
    ("opened", "reason"),
    [
        pytest.param("urlopen('http://x', b'x')", "it sends data, and would act twice", id="data"),
        pytest.param("urlopen('http://x', data=d)", "it sends data, and would act twice", id="data keyword"),
        pytest.param("urlopen(*d)", "what is passed cannot be seen", id="star"),
        pytest.param("urlopen('http://x', **d)", "what is passed cannot be seen", id="two stars"),
        pytest.param("urlopen()", "what is passed cannot be seen", id="nothing"),
        pytest.param(
            "urlopen(Request('http://x', d))",
            "its Request may carry data or a method",
            id="Request with data",
        ),
        pytest.param(
            "urlopen(Request('http://x', method='PUT'))",
            "its Request may carry data or a method",
            id="Request with a method",
        ),
        pytest.param(
            "urlopen(Request('http://x', **d))",
            "its Request may carry data or a method",
            id="unknown keywords",
        ),
        pytest.param("urlopen(mudado)", "its Request may carry data or a method", id="given data later"),
        pytest.param("urlopen(dado)", "its Request may carry data or a method", id="handed to other code"),
        pytest.param("urlopen(d)", "its Request may carry data or a method", id="unknown"),
    ],
)
def test_urlopen_that_may_send_data_is_not_repeated(retry: Judge, opened: str, reason: str) -> None:
    outcome = retry(f"""
        from urllib.request import Request, urlopen

        mudado = Request("http://x")
        mudado.data = b"x"
        dado = Request("http://x")
        assinar(dado)

        def f(d):
            {opened}
    """)

    assert outcome.applied == {}
    assert outcome.left == {opened: reason}


def test_without_any_request_urlopen_opens_a_url(retry: Judge) -> None:
    """The twin of the unknown argument above: this script makes no Request at all."""
    outcome = retry("""
        from urllib.request import urlopen

        def f(d):
            urlopen(d)
    """)

    assert outcome.applied == {"urlopen(d)": AGAIN}


def test_a_get_with_a_body_is_not_repeated(retry: Judge) -> None:
    """A stream that a failed attempt has read is gone."""
    outcome = retry("""
        import requests

        def f(u, arquivo):
            requests.get(u, data=arquivo)
            requests.get(u, params={"a": 1})
    """)

    assert outcome.applied == {'requests.get(u, params={"a": 1})': AGAIN}
    assert outcome.left == {
        "requests.get(u, data=arquivo)": "it sends data, which a failed attempt may have used up"
    }


# -- async --------------------------------------------------------------------------------------------------


def test_a_blocking_call_in_a_coroutine_is_left_alone(retry: Judge) -> None:
    """Waiting there would stop the event loop; a function that a thread runs may wait."""
    outcome = retry("""
        import asyncio

        async def f(p):
            open(p)
            await asyncio.to_thread(lambda: open(p, "rb"))
    """)

    assert outcome.applied == {'open(p, "rb")': AGAIN}
    assert outcome.left == {
        "open(p)": "a blocking call in async def: waiting for another attempt would stop the event loop"
    }


def test_an_async_context_manager_is_left_alone(retry: Judge) -> None:
    """It is entered, not called: a coroutine made once cannot be awaited twice."""
    outcome = retry("""
        import aiofiles

        async def f(session, u, p):
            async with session.get(u) as r:
                pass
            async with aiofiles.open(p) as a:
                pass
    """)

    reason = "it is an async context manager, which is not called but entered"
    assert outcome.applied == {}
    assert outcome.left == {"session.get(u)": reason, "aiofiles.open(p)": reason}


# -- what repeats it already --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "decorator",
    [
        pytest.param("@tenacity.retry", id="tenacity"),
        pytest.param("@tenacity.retry(stop=3)", id="tenacity with options"),
        pytest.param("@backoff.on_exception(backoff.expo, OSError)", id="backoff"),
        pytest.param("@retry_with_backoff(vezes=3)", id="its own"),
        pytest.param("@com_retry", id="own name"),
        pytest.param("@insistente", id="made by one"),
    ],
)
def test_a_function_with_a_retry_decorator_is_left_alone(retry: Judge, decorator: str) -> None:
    """Three attempts of three attempts are nine."""
    outcome = retry(f"""
        import backoff
        import tenacity

        insistente = retry_with_backoff(3)

        {decorator}
        def f(p):
            open(p)
    """)

    assert outcome.applied == {}
    assert outcome.left["open(p)"].startswith("f is repeated whole by its decorator ")


@pytest.mark.parametrize(
    "decorator",
    [
        pytest.param("@functools.lru_cache", id="cache"),
        pytest.param("@registry.register", id="registry"),
    ],
)
def test_another_decorator_repeats_nothing(retry: Judge, decorator: str) -> None:
    outcome = retry(f"import functools\n\n{decorator}\ndef f(p):\n    open(p)\n")

    assert outcome.applied == {"open(p)": AGAIN}


def test_what_is_given_to_a_retry_function_is_left_alone(retry: Judge) -> None:
    outcome = retry("""
        import requests

        def baixar(u):
            return requests.get(u)

        com_retry(lambda: requests.get(u, timeout=9))
        com_retry(baixar, u)
    """)

    assert outcome.applied == {}
    assert outcome.left == {
        "requests.get(u, timeout=9)": "it is given to com_retry, which repeats it",
        "requests.get(u)": (
            "baixar is only called where it is repeated: it is given to com_retry, which repeats it"
        ),
    }


def test_an_argument_made_before_is_not_repeated(retry: Judge) -> None:
    """The file is opened once, before the retry function is called."""
    outcome = retry("""
        com_retry(gravar, open(p))
    """)

    assert outcome.applied == {"open(p)": AGAIN}


def test_a_function_called_elsewhere_too_is_wrapped(retry: Judge) -> None:
    outcome = retry("""
        import requests

        def baixar(u):
            return requests.get(u)

        com_retry(baixar, u)
        baixar(u)
    """)

    assert outcome.applied == {"requests.get(u)": AGAIN}


# -- what a method is of, asked only where it matters ---------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("import requests\n\ndef take():\n    return requests.Session()", id="its library"),
        pytest.param("import requests as r\n\nclass Own(r.Session): pass\n\ntake = Own", id="a class of it"),
    ],
)
def test_a_session_is_found_wherever_a_library_that_gives_one_is_imported(retry: Judge, head: str) -> None:
    outcome = retry(f"{head}\n\ndef f(p):\n    session = take()\n    session.get(p)\n")

    assert outcome.applied == {"session.get(p)": AGAIN}


def test_nothing_is_asked_of_a_get_where_no_library_with_a_session_is_imported(
    retry: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Types, "callee", lambda _types, call: asked.append(call.func.attr))

    retry("import json\n\ndef f(p):\n    found = json.loads(p)\n    found.get('a')\n    found.write('a')\n")

    assert asked == ["write"]


@pytest.mark.parametrize(
    "head",
    [
        "import requests",
        "from requests.adapters import HTTPAdapter",
        "import requests_oauthlib",
        "import cloudscraper",
        "from importlib import import_module as take",
        "import sys\n\nprint(sys.modules)",
        "__import__('req' + 'uests')",
    ],
)
def test_it_is_asked_where_one_may_be_imported(
    retry: Judge, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Types, "callee", lambda _types, call: asked.append(call.func.attr))

    retry(f"{head}\n\ndef f(found):\n    found.get('a')\n")

    assert asked == ["get"]
