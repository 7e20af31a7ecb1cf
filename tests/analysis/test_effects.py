"""Effects of a body: exceptions, calls of functions of the program, what is unknown; what inner handlers catch of them."""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            """
            try:
                try:
                    open("a").read()
                except OSError:
                    pass
            except Exception:
                pass
            """,
            {"UnicodeError"},
            id="inner handler",
        ),
        pytest.param(
            """
            try:
                try:
                    open("a")
                except FileNotFoundError:
                    pass
            except Exception:
                pass
            """,
            {"OSError"},
            id="inner handler of a subclass",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    int("a")
                except ValueError:
                    os.remove("a")
                else:
                    os.environ["A"]
                finally:
                    next(iter([]))
            except Exception:
                pass
            """,
            {"OSError", "KeyError", "StopIteration"},
            id="handler, else and finally raise too",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    str(1)
                except KeyError:
                    pass
                else:
                    os.environ["A"]
            except Exception:
                pass
            """,
            {"KeyError"},
            id="what else raises is not caught by the handlers beside it",
        ),
        pytest.param(
            """
            import os
            def g():
                return os.environ["A"], int("a")
            try:
                try:
                    g()
                except KeyError:
                    pass
            except Exception:
                pass
            """,
            {"ValueError"},
            id="what a function raises is caught around its call",
        ),
        pytest.param(
            """
            import os
            def g():
                return os.environ["A"], int("a")
            try:
                try:
                    str(1)
                except KeyError:
                    g()
            except Exception:
                pass
            """,
            {"KeyError", "ValueError"},
            id="twin: called in the handler",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    os.remove("a"), int("a")
                except OSError as e:
                    raise
            except Exception:
                pass
            """,
            {"OSError", "ValueError"},
            id="bare raise",
        ),
        pytest.param(
            """
            import os
            try:
                try:
                    os.remove("a")
                except OSError as e:
                    raise RuntimeError("x") from e
            except Exception:
                pass
            """,
            {"RuntimeError"},
            id="other exception raised",
        ),
        pytest.param(
            """
            import contextlib, os
            try:
                with contextlib.suppress(OSError):
                    os.remove("a")
                    int("a")
            except Exception:
                pass
            """,
            {"ValueError"},
            id="suppress",
        ),
    ],
)
def test_inner_handlers_are_subtracted(script: Analyse, text: str, expected: set[str]) -> None:
    """What an inner handler catches does not come out; what it raises does."""
    assert script(text).names() == expected


def _outer(text: str) -> str:
    return textwrap.dedent(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "def g():\n    open('a')\ndef f():\n    try: g()\n    except Exception: pass",
            {"OSError"},
            id="function",
        ),
        pytest.param(
            "def g(n):\n    return h(n)\ndef h(n):\n    int(n)\n    return g(n)\ndef f():\n    try: g('1')\n    except Exception: pass",
            {"ValueError"},
            id="mutual recursion",
        ),
        pytest.param(
            """
            class A:
                def ler(self):
                    return open('a')
                def rodar(self):
                    try:
                        self.ler()
                    except Exception:
                        pass
            """,
            {"OSError"},
            id="method",
        ),
        pytest.param(
            """
            class Base:
                def ler(self):
                    return open('a')
            class A(Base):
                def ler(self):
                    int(input)
                    return super().ler()
            def f():
                a = A()
                try:
                    a.ler()
                except Exception:
                    pass
            """,
            {"OSError", "ValueError"},
            id="super",
        ),
        pytest.param(
            "class A:\n    def __init__(self):\n        open('a')\ndef f():\n    try: A()\n    except Exception: pass",
            {"OSError"},
            id="constructor",
        ),
        pytest.param(
            "class A:\n    @property\n    def p(self):\n        return open('a')\ndef f(a: A):\n    try: a.p\n    except Exception: pass",
            {"OSError"},
            id="property",
        ),
        pytest.param(
            """
            class A:
                def __enter__(self):
                    return open('a')
                def __exit__(self, *a):
                    int(a)
            def f():
                try:
                    with A() as g:
                        pass
                except Exception:
                    pass
            """,
            {"OSError", "TypeError", "ValueError"},
            id="context manager",
        ),
        pytest.param(
            """
            from contextlib import contextmanager
            @contextmanager
            def aberto():
                yield open('a')
            def f():
                try:
                    with aberto() as g:
                        g.read()
                except Exception:
                    pass
            """,
            {"OSError", "UnicodeError"},
            id="generator as context manager",
        ),
        pytest.param(
            """
            class Base:
                def ler(self): raise NotImplementedError
                def rodar(self):
                    try: self.ler()
                    except Exception: pass
            class A(Base):
                def ler(self): return open('a')
            """,
            {"NotImplementedError", "OSError"},
            id="method that a class of the file overrides",
        ),
        pytest.param(
            """
            class Base:
                def ler(self): return 1
            class A(Base):
                def ler(self): return open('a')
            def f(b: Base):
                try: b.ler()
                except Exception: pass
            """,
            {"OSError"},
            id="receiver declared as the base of what arrives",
        ),
        pytest.param(
            """
            def linhas():
                for l in ['1', 'a']:
                    yield int(l)
            def f():
                g = linhas()
                try:
                    for n in g:
                        pass
                except Exception:
                    pass
            """,
            {"ValueError"},
            id="generator runs where it is iterated",
        ),
        pytest.param(
            """
            import functools
            def repetir(f):
                @functools.wraps(f)
                def w(*a):
                    try:
                        return f(*a)
                    except OSError:
                        return None
                return w
            @repetir
            def g():
                open('a'), int(input())
            def f():
                try:
                    g()
                except Exception:
                    pass
            """,
            {"ValueError", "EOFError"},
            id="decorator of the script",
        ),
        pytest.param(
            "import os\ndef g(cb):\n    try: cb()\n    except Exception: pass\ndef h():\n    open('a')\ng(h)\ng(lambda: int(os.environ))",
            {"OSError", "ValueError"},
            id="callback",
        ),
        pytest.param(
            "def f():\n    def g():\n        open('a')\n    try: g()\n    except Exception: pass",
            {"OSError"},
            id="nested function",
        ),
        pytest.param(
            "async def g():\n    open('a')\nasync def f():\n    try: await g()\n    except Exception: pass",
            {"OSError"},
            id="coroutine",
        ),
        pytest.param(
            "from worker_utils import retry_with_backoff\nr = retry_with_backoff()\ntry: r(open)('a')\nexcept Exception: pass",
            {"OSError"},
            id="retried call",
        ),
        pytest.param(
            "from worker_logger import mirror_print\ntry: mirror_print(log.info, 'ç')\nexcept Exception: pass",
            {"OSError", "ValueError"},
            id="mirrored print",
        ),
        pytest.param(
            "from worker_logger import mirror_print\ndef p(t):\n    open(t)\ntry: mirror_print(log.info, 'a', printer=p)\nexcept Exception: pass",
            {"OSError"},
            id="mirrored print of another printer",
        ),
    ],
)
def test_functions_of_the_script_raise_what_their_bodies_raise(
    script: Analyse, text: str, expected: set[str]
) -> None:
    """Calls of functions, methods, properties, context managers, generators and decorators are followed."""
    assert script(_outer(text)).names(-1) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "import m\ntry:\n    m.send(1)\nexcept Exception: pass",
            [("m.send(1)", 3, "m.send")],
            id="library",
        ),
        pytest.param(
            "def f(x):\n    try:\n        x.frob()\n    except Exception: pass",
            [("x.frob()", 3, "*.frob")],
            id="method",
        ),
        pytest.param(
            "def f(cb):\n    try:\n        cb()\n    except Exception: pass",
            [("cb()", 3, "cb")],
            id="callback",
        ),
        pytest.param(
            "import m\n@m.deco\ndef g(): ...\ntry:\n    g()\nexcept Exception: pass",
            [("g()", 5, "m.deco")],
            id="decorator",
        ),
        pytest.param(
            "import m\ndef g():\n    m.send(1)\ntry:\n    g()\nexcept Exception: pass",
            [("m.send(1)", 3, "m.send")],
            id="through",
        ),
        pytest.param(
            "def f(e):\n    try:\n        raise e\n    except Exception: pass",
            [("raise e", 3, "")],
            id="raise",
        ),
    ],
)
def test_what_is_not_known_is_named(script: Analyse, text: str, expected: list[tuple[str, int, str]]) -> None:
    """An unresolved call is listed with its line and the name by which it can be taught."""
    assert script(text).unresolved() == expected


def test_functions_of_a_neighbouring_file_are_followed(script: Analyse) -> None:
    """A file of the same folder is read like the script itself."""
    text = "from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass"

    assert script(text, modules={"comum": "def ler(p):\n    return open(p).read()"}).names() == {
        "OSError",
        "UnicodeError",
    }


def test_a_file_that_is_not_there_is_unresolved(script: Analyse) -> None:
    """Twin: the neighbour is not found."""
    text = "from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass"

    assert script(text).unresolved() == [("ler('a')", 3, "comum.ler")]


@pytest.mark.parametrize(
    "stub",
    [
        "def passo(self): raise NotImplementedError('falta')",
        "def passo(self): pass",
        "def passo(self): return None",
        "@abc.abstractmethod\n    def passo(self): ...",
    ],
)
def test_a_method_that_waits_for_an_override_is_not_known(script: Analyse, stub: str) -> None:
    """Another file overrides it, and what that raises must not kill the loop; ``super().passo()`` is the stub itself."""
    loop = "    def rodar(self):\n        try: self.passo()\n        except Exception: pass\n"
    assert not script(f"import abc\nclass Base:\n    {stub}\n{loop}").body().is_complete
    own = "class A(Base):\n    def passo(self):\n        try: super().passo(); open('a')\n        except Exception: pass\n"
    assert script(f"import abc\nclass Base:\n    {stub}\n{own}").body().is_complete


@pytest.mark.parametrize(
    ("before", "awaited", "expected"),
    [
        pytest.param("", "t", "", id="parameter"),
        pytest.param("t = asyncio.create_task(h())", "t", "OSError", id="task"),
        pytest.param("t = h()", "t", "OSError", id="coroutine"),
        pytest.param("", "self.t", "AttributeError OSError", id="task of another method"),
        pytest.param("", "self.z", "", id="attribute that nobody sets"),
        pytest.param(
            "t = asyncio.create_task(h())",
            "asyncio.wait_for(t, 5)",
            "OSError asyncio.TimeoutError",
            id="limit",
        ),
        pytest.param("t = asyncio.create_task(h())", "asyncio.shield(t)", "OSError", id="shield"),
        pytest.param("", "asyncio.gather(h(), t)", "", id="one of several is a parameter"),
        pytest.param("t = [h() for _ in '12']", "asyncio.gather(*t)", "OSError", id="list of coroutines"),
        pytest.param(
            "t = []\n        t.append(h())", "asyncio.gather(*t)", "OSError", id="list that is filled"
        ),
        pytest.param(
            "ts = [h()]\n        for t in ts: pass", "t", "OSError UnboundLocalError", id="item of a list"
        ),
        pytest.param("t = h()\n        t = await t", "t", "OSError", id="name that is awaited into itself"),
    ],
)
def test_what_was_started_elsewhere_raises_where_it_is_awaited(
    script: Analyse, before: str, awaited: str, expected: str
) -> None:
    """A task raises where it is awaited what its coroutine raises; one of unknown make keeps the handler."""
    found = script(
        "import asyncio\nasync def h(): return open('x')\n"
        "class A:\n    async def s(self):\n        self.t = asyncio.create_task(h())\n"
        f"    async def f(self, t):\n        {before or 'pass'}\n"
        f"        try:\n            await {awaited}\n        except Exception: pass\n".replace(
            "(self, t)", "(self, t)" if not before else "(self)"
        )
    ).body()

    assert (set(found.names) if found.is_complete else set(), found.is_complete) == (
        set(expected.split()),
        bool(expected),
    )


_STARTS = {
    "thread": "threading.Thread(target=work, args=(sqlite3.connect('a'),)).start()",
    "thread by keyword": "threading.Thread(target=work, kwargs={'base': sqlite3.connect('a')}).start()",
    "timer": "threading.Timer(5, work, [sqlite3.connect('a')]).start()",
    "process": "multiprocessing.Process(target=work, args=(sqlite3.connect('a'),)).start()",
    "submit": "ThreadPoolExecutor(2).submit(work, sqlite3.connect('a'))",
    "each": "list(ThreadPoolExecutor(2).map(work, [sqlite3.connect('a')]))",
    "exit": "atexit.register(work, sqlite3.connect('a'))",
}


@pytest.mark.parametrize("start", _STARTS.values(), ids=_STARTS.keys())
def test_a_function_that_is_started_elsewhere_gets_what_is_handed_over(script: Analyse, start: str) -> None:
    """Its parameter has the type of what a thread, a process or a pool passes on."""
    text = (
        "import atexit, multiprocessing, sqlite3, threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        f"def work(base):\n    try:\n        base.commit()\n    except Exception: pass\n{start}\n"
    )

    assert script(text).names() == {"sqlite3.Error"}


def test_a_method_that_is_started_elsewhere_gets_what_is_handed_over(script: Analyse) -> None:
    """Its own instance is not among what is passed."""
    text = (
        "import queue, threading\nclass Worker:\n"
        "    def run(self, jobs):\n        try:\n            jobs.get(timeout=1)\n        except Exception: pass\n"
        "    def start(self):\n        threading.Thread(target=self.run, args=(queue.Queue(),)).start()\n"
    )

    assert script(text).names() == {"queue.Empty"}


@pytest.mark.parametrize(
    "start",
    ["threading.Thread(target=work, args=given)", "register(work, 3)", "threading.Thread(target=work)"],
)
def test_what_is_handed_over_out_of_sight_is_not_known(script: Analyse, start: str) -> None:
    """Twin: a tuple made elsewhere, a function of another file, nothing at all."""
    text = f"import threading\nfrom outro import register, given\ndef work(base):\n    try:\n        base.enviar()\n    except Exception: pass\n{start}\n"

    assert script(text).unresolved() == [("base.enviar()", 5, "*.enviar")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("given.timestamp()", {"OSError", "OverflowError"}, id="alone"),
        pytest.param("given.timestamp()\n    open('a')", set(), id="beside something that raises"),
        pytest.param(
            "try:\n        given.timestamp()\n    except OSError: pass",
            {"OverflowError"},
            id="in an inner try",
        ),
        pytest.param(
            "with suppress(OverflowError):\n        given.timestamp()", {"OSError"}, id="suppressed"
        ),
    ],
)
def test_what_is_rare_counts_where_nothing_else_is_raised(
    script: Analyse, body: str, expected: set[str]
) -> None:
    """It is caught by inner handlers like any other effect."""
    text = f"from contextlib import suppress\nfrom datetime import datetime\ngiven = datetime.now()\ntry:\n    {body}\nexcept Exception: pass"
    looked = script(text)
    engine = looked.types.engine
    statement = min(looked.module.tries, key=lambda node: node.lineno)
    assert isinstance(statement, ast.Try)
    block = engine.flow.block(statement, engine.unit.enclosing(statement))

    assert "OSError" not in looked.body().names or not expected
    assert set(engine.solver.infer_suspects(block, statement.body).names) == expected
