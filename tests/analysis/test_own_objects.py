"""What objects of the program's own classes have and give: proxies, mixins, methods that nobody wrote, what is awaited."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.conftest import Analyse
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


AGAIN = """
class One:
    def __init__(self):
        {kept}
    def __getattr__(self, name):
        return getattr(self.other, name)
class Two:
    def __init__(self, other):
        self.other = other
    def __getattr__(self, name):
        return {given}
s = One()
"""


@pytest.mark.parametrize(
    ("kept", "given"),
    [
        ("self.other = Two(self)", "getattr(self.other, name)"),
        ("self.__dict__['other'] = Two(self)", "getattr(self.other, name)"),
        ("self.other = Two(self)", "self.gone(self.gone, self.gone)[self.gone]"),
    ],
)
def test_what_stands_for_what_stands_for_it_is_anything(tmp_path: Path, kept: str, given: str) -> None:
    """``__getattr__`` that leads back to itself has an end, and nobody knows what it gives; twin: see above."""
    _, complete = judge(tmp_path, attempt("s.get('x')", AGAIN.format(kept=kept, given=given)))

    assert not complete


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


RECORD = """
import dataclasses, requests
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from nuvem import unknown
{made}
def work():
    try:
        thing.client.get('http://x')
    except Exception: pass
"""
CLASS = "@dataclass\nclass D:\n    client: {declared}\n"
SESSION = {"requests.RequestException"}


@pytest.mark.parametrize(
    ("made", "other", "found"),
    [
        (CLASS.format(declared="Any") + "thing = D(requests.Session())", "", SESSION),
        (CLASS.format(declared="object") + "thing = D(client=requests.Session())", "", SESSION),
        (CLASS.format(declared="Any = None") + "thing = D(requests.Session())", "", SESSION | {"AttributeError"}),
        ("class D(NamedTuple):\n    client: Any\nthing = D(requests.Session())", "", SESSION),
        (CLASS.format(declared="Any = field(default=None)") + "thing = D()\nthing.client = requests.Session()", "", SESSION | {"AttributeError"}),
        (CLASS.format(declared="Any") + "thing = D(unknown())", "", None),
        (CLASS.format(declared="Any") + "thing = D(requests.Session())\nD(*unknown())", "", None),
        (CLASS.format(declared="Any") + "thing = D(requests.Session())\nD(**unknown())", "", None),
        (CLASS.format(declared="Any") + "thing = D(requests.Session())\nunknown(D)", "", None),
        (CLASS.format(declared="Any") + "    @classmethod\n    def of(cls): return cls(unknown())\nthing = D(requests.Session())", "", None),
        (CLASS.format(declared="Any") + "thing = dataclasses.replace(D(requests.Session()), client=unknown())", "", None),
        (CLASS.format(declared="Any = field(default_factory=unknown)") + "thing = D(requests.Session())", "", None),
        (CLASS.format(declared="Any") + "thing = D(requests.Session())", "import worker\nworker.D(worker.unknown())", None),
        (CLASS.format(declared="Any") + "thing = D(requests.Session())", "import worker\ndef f(d):\n    d.client = worker.unknown()\nf(worker.thing)", None),
        ("@unknown\n" + CLASS.format(declared="Any") + "thing = D(requests.Session())", "", None),
    ],
)  # fmt: skip
def test_a_field_that_declares_nothing_is_what_it_is_given(
    tmp_path: Path, made: str, other: str, found: set[str] | None
) -> None:
    """``client: Any`` of a data class is what all who make one give it; twins: someone gives something else, or out of sight."""
    names, is_complete = judge(tmp_path, RECORD.format(made=made), other)

    assert is_complete is (found is not None)
    assert found is None or names == found


NAMES = """
import requests
from typing import Any, Optional
class W:
    def __init__(self):
        self.client: {declared} = None
    def start(self):
        self.client = {set_to}
    def work(self):
        try:
            self.client.get('http://x')
        except Exception: pass
"""


@pytest.mark.parametrize(
    ("declared", "set_to", "is_complete"),
    [
        ("Any", "requests.Session()", True),
        ("Optional[Any]", "requests.Session()", True),
        ("object | None", "requests.Session()", True),
        ("Any", "unknown()", False),
    ],
)
def test_an_attribute_that_declares_nothing_is_what_it_is_set_to(
    tmp_path: Path, declared: str, set_to: str, *, is_complete: bool
) -> None:
    """``self.client: Any | None = None``, set later; twin: to something that nobody knows."""
    names, complete = judge(tmp_path, NAMES.format(declared=declared, set_to=set_to))

    assert complete is is_complete
    assert not complete or names == SESSION | {"AttributeError"}


def test_a_table_of_commands_may_hold_many_functions(tmp_path: Path) -> None:
    """More functions in one table than other things may be alternatives: each is looked at; the twins hold too many, or one that is not known."""
    for most, also, found, is_complete in (
        (12, "", {"OSError", "ValueError"}, True),
        (40, "", set(), False),
        (12, "TABLE['other'] = unknown", {"OSError", "ValueError"}, False),
    ):
        commands = [f"def c{number}(text): return open(text).close()" for number in range(most)]
        commands.append("def last(text): return int(text)")
        names = ", ".join(f"'{number}': c{number}" for number in range(most))
        before = "\n".join(
            [
                "from elsewhere import unknown",
                *commands,
                f"TABLE = {{{names}, 'last': last}}",
                also,
                "NAME = input()",
            ]
        )
        seen, is_all = judge(tmp_path, attempt("TABLE.get(NAME, last)(NAME)", before))
        assert is_all is is_complete, (most, also)
        assert found <= seen, (most, also)


def test_a_class_with_many_heirs_says_its_name(tmp_path: Path) -> None:
    """What the class of an object has, in a class with more heirs than other things may be alternatives; one heir of the twin has what nobody knows."""
    for label, is_complete in (("'x'", True), ("unknown()", False)):
        heirs = "\n".join(f"class C{number}(Base): label = 'x'" for number in range(12))
        script = (
            f"from elsewhere import unknown\nclass Base:\n    label = {label}\n    def work(self):\n        try:\n"
            "            open('x').close()\n            return type(self).__name__ + self.__class__.label.upper()\n"
            f"        except Exception: pass\n{heirs}\nfor each in Base.__subclasses__():\n    each().work()\n"
        )
        names, is_all = judge(tmp_path, script)
        assert is_all is is_complete, label
        assert "OSError" in names


TOOL = """
{before}
class Tool:
    def one(self, text):
        try:
            open('x').close()
            return text.upper()
        except Exception: pass
    def show(self, use, key):
        {line}
            use(getattr(self, name, None))
Tool().one('x')
"""


def test_a_method_is_taken_by_its_name_only_where_that_may_be_spelled(tmp_path: Path) -> None:
    """`getattr(self, name)` where all that the name may be is written: other methods stay in sight; each twin may give this one."""
    for line, before, is_complete in (
        ("for name in ('a', 'b'):", "", True),
        ("for name in ('a', 'one'):", "", False),
        ("for name, _ in (('a', 1), ('b', 2)):", "", True),
        ("for name, _ in (('a', 1), ('one', 2)):", "", False),
        ("for name, _ in (('a', 1), key):", "", False),
        ("for name in NAMES:", "NAMES = ['a', 'b']", True),
        ("for name in NAMES:", "NAMES = ['a', 'b']\nNAMES.append(input())", False),
        ("for name in (f'old_{key}', 'a'):", "", True),
        ("for name in (f'{key}_old', 'a'):", "", False),
        ("name = f'old_{key}'\n        if use:", "", True),
        ("name = 'a'\n        if use:\n            name = key", "", False),
        ("global name\n        if use:", "name = 'a'", False),
    ):
        names, is_all = judge(tmp_path, TOOL.format(line=line, before=before))
        assert is_all is is_complete, (line, before)
        assert "OSError" in names


def test_what_waits_gives_its_driver_to_the_function_that_it_calls(tmp_path: Path) -> None:
    """`wait.until(lambda d: d.find_element(...))`: the function is given the driver, and its result is the call's; the twins call what nobody knows."""
    before = (
        "from elsewhere import unknown\nfrom selenium import webdriver\nfrom selenium.webdriver.support.ui import WebDriverWait\n"
        "driver = webdriver.Chrome()\nwait = WebDriverWait(driver, 5)\n"
    )
    for line, is_complete in (
        ("wait.until(lambda d: d.execute_script('x') == 'y')", True),
        ("wait.until(lambda d: unknown(d))", False),
        ("wait.until(lambda d: d.find_element('id', 'x')).click()", True),
        ("wait.until(unknown).click()", False),
    ):
        names, is_all = judge(tmp_path, attempt(line, before))
        assert is_all is is_complete, line
        assert "selenium.common.exceptions.WebDriverException" in names


def test_files_may_import_a_name_from_each_other(tmp_path: Path) -> None:
    """A name that two files import from each other, and neither makes, is not known, and no file is refused for it; the twin's other file makes it."""
    for other, is_complete in (
        ("from worker import config", False),
        ("class config:\n    load = open", True),
    ):
        names, is_all = judge(
            tmp_path, attempt("config.load('x').close()", "from other import config"), other
        )
        assert is_all is is_complete, other
        assert names <= {"OSError"}


CALLED_PROPERTY = """
class Shop:
    def _price(self):
        {getter}
    price = property({what})
{after}
"""


@pytest.mark.parametrize(
    ("getter", "what", "after", "found", "is_complete"),
    [
        ("return 5", "_price", "", set(), True),
        ("raise LookupError('no price')", "_price", "", {"LookupError"}, True),
        ("return 5", "unknown()", "", {"AttributeError"}, False),
        (
            "return 5",
            "_price",
            "class Loose(Shop):\n    price = property(unknown())",
            {"AttributeError"},
            False,
        ),
    ],
)
def test_a_property_that_is_made_by_a_call_runs_its_getter(
    tmp_path: Path, getter: str, what: str, after: str, found: set[str], is_complete: bool
) -> None:
    """``price = property(_price)`` runs the method that it is made of, where no heir puts another in its place."""
    before = CALLED_PROPERTY.format(getter=getter, what=what, after=after)
    assert judge(tmp_path, attempt("Shop().price", before)) == (found, is_complete)


FIELDS = """
    import lib
    from functools import partial
    from dataclasses import dataclass, field
    ids = iter([1])
    @dataclass
    class Lote:
        n: int = field(default_factory={factory})
    @dataclass
    class Maior(Lote):
        m: int = 3
    def usa():
        try: {call}
        except Exception: pass
    usa()
"""


@pytest.mark.parametrize(
    ("factory", "call", "expected"),
    [
        ("partial(next, ids)", "Lote()", {"StopIteration"}),
        ("partial(next, ids)", "Maior(m=2)", {"StopIteration"}),
        ("partial(next, ids)", "Lote(3)", set()),
        ("partial(next, ids)", "Maior(n=3)", set()),
        ("ids.__next__", "Lote()", {"StopIteration"}),
        ("partial(open, 'a')", "Lote()", {"OSError"}),
        ("list", "Lote()", set()),
        ("lib.novo", "Lote()", {"broad"}),
    ],
)
def test_what_makes_a_field_runs_where_nothing_is_given_for_it(
    script: Analyse, factory: str, call: str, expected: set[str]
) -> None:
    """Also what is no function of the program: of the library, a ``partial`` of it, a method of an object, one that nobody knows."""
    assert script(FIELDS.format(factory=factory, call=call)).listed() == expected
