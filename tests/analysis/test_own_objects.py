"""What objects of the program's own classes have and give: proxies, mixins, methods that nobody wrote, what is awaited."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()


def judge(folder: Path, script: str, other: str = "") -> tuple[set[str], bool]:
    """Say what comes to the last handler of a script, and if that is all; another file imports the script."""
    paths = [folder / "worker.py", folder / "other.py"]
    for path, text in zip(paths, (script, other), strict=True):
        path.write_text(text, encoding="utf-8")
    module = Module(Source(path=paths[0], text=script, raw=script.encode()))
    users = {str(paths[0]): (str(paths[1]),), str(paths[1]): (str(paths[0]),)}
    engine = Types(module, KNOWLEDGE, Settings(), users=users).engine
    statement = module.tries[-1]
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names), found.is_complete


def attempt(line: str, before: str) -> str:
    """Write a script that does something in a ``try``."""
    return f"{before}\ndef work():\n    try:\n        {line}\n    except Exception: pass\n"


PROXY = """
import requests
class Proxy:
    def __init__(self, inner):
        self._inner = inner
    def __getattr__(self, name):
        return {given}
s = Proxy({inner})
"""


@pytest.mark.parametrize(
    ("given", "inner", "found", "is_complete"),
    [
        (
            "getattr(self._inner, name)",
            "requests.Session()",
            {"requests.RequestException", "AttributeError"},
            True,
        ),
        ("getattr(self._inner, name)", "unknown()", {"AttributeError"}, False),
        ("getattr(self._inner, 'real_' + name)", "requests.Session()", {"AttributeError"}, False),
        ("wrapped(getattr(self._inner, name))", "requests.Session()", {"AttributeError"}, False),
    ],
)
def test_what_an_object_stands_for_has_what_it_lacks(
    tmp_path: Path, given: str, inner: str, found: set[str], is_complete: bool
) -> None:
    """``__getattr__`` that gives an attribute of another object by the name asked for; twins: of something unknown, by another name, wrapped."""
    script = attempt("s.get('http://x', timeout=3)", PROXY.format(given=given, inner=inner))

    names, complete = judge(tmp_path, script)

    assert complete is is_complete
    assert not is_complete or names == found


STORE = "class Store:\n    def save(self, x):\n        return x\nstore = Store()\n"


@pytest.mark.parametrize(
    ("other", "is_complete"),
    [
        ("import worker\nworker.store.save(5)", True),
        ("import worker\nworker.Store.add = worker.unknown", False),
        (
            "import worker\ndef late(thing, name):\n    setattr(thing, name, print)\nlate(worker.store, 'add')",
            False,
        ),
    ],
)
def test_what_a_class_has_nowhere_fails(tmp_path: Path, other: str, is_complete: bool) -> None:
    """A method that no class, heir or file gives to an object raises AttributeError; twins: another file gives it."""
    names, complete = judge(tmp_path, attempt("store.add(5)", STORE), other)

    assert complete is is_complete
    assert not is_complete or names == {"AttributeError"}


MIXIN = """
class Mixin:
    def work(self):
        try:
            self.send(5)
        except Exception: pass
class Mail(Mixin):
    def send(self, x):
        open('x')
{made}
"""


@pytest.mark.parametrize(
    ("made", "other", "found"),
    [
        ("Mail().work()", "", {"OSError"}),
        ("Mixin().work()", "", {"AttributeError", "OSError"}),
        ("", "from worker import Mixin as M\nkind = M\nkind().work()", {"AttributeError", "OSError"}),
        ("TABLE = {'a': Mixin}", "", {"AttributeError", "OSError"}),
    ],
)
def test_a_class_that_is_only_there_for_its_heirs_is_never_itself(
    tmp_path: Path, made: str, other: str, found: set[str]
) -> None:
    """What a mixin lacks its heirs have; twins: it is made itself, in another file, or kept in a table."""
    assert judge(tmp_path, MIXIN.format(made=made), other) == (found, True)


AWAITED = """
import aiohttp, aiosqlite, asyncpg, websockets
async def work(session: aiohttp.ClientSession):
    try:
        {lines}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (
            "c = await aiosqlite.connect('x'); r = await c.execute('select 1'); await r.fetchone()",
            {"ValueError", "sqlite3.Error"},
        ),
        (
            "r = await session.get('http://x'); await r.read()",
            {"aiohttp.ClientError", "asyncio.TimeoutError"},
        ),
        ("w = await websockets.connect('ws://x'); len(await w.recv())", None),
        ("p = await asyncpg.create_pool('x'); await p.execute('select 1')", None),
    ],
)
def test_what_gives_itself_when_it_is_awaited_is_known(
    tmp_path: Path, lines: str, found: set[str] | None
) -> None:
    """A connection that is awaited is the connection; so is a response."""
    names, complete = judge(tmp_path, AWAITED.format(lines=lines))

    assert complete
    assert found is None or names == found
