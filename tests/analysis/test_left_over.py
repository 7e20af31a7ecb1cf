"""Kinds of escapes that stayed behind when the large ones were closed, each with its twin in the line below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from try_bodies import case, in_try

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

DATABASE = "import sqlite3\nc = sqlite3.connect('a')\n"
SQL = "c.execute('insert into t values (?)', ({},))"
OPENED = "open('a')\n{}"


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        case(
            "decoded number beyond 64 bits in a tuple of SQL parameters",
            SQL.format("v['a']"),
            "KeyError OverflowError TypeError UnicodeError sqlite3.Error",
            f"{DATABASE}v = json.loads(sys.argv[1])",
        ),
        case(
            "twin: cell of a row in a tuple of SQL parameters",
            f"row = c.execute('select a from t').fetchone()\nif row:\n    {SQL.format('row[0]')}",
            "sqlite3.Error",
            DATABASE,
        ),
        case("decoded path", "open(json.load(sys.stdin)['a'])", "KeyError OSError TypeError ValueError"),
        case("twin: written path", OPENED.format("1"), "OSError"),
        case("pattern that may be absolute", "list(Path('a').glob(t))", "NotImplementedError OSError ValueError"),
        case("twin: pattern that begins otherwise", "list(Path('a').glob(f'*.{t}'))", "OSError ValueError"),
        case("written absolute pattern", "list(Path('a').rglob('/x'))", "NotImplementedError OSError"),
        case("twin: written pattern", "list(Path('a').rglob('*.txt'))", "OSError"),
        case("place of decoded data", "v.pop(0)", "AttributeError IndexError KeyError TypeError", "v = json.loads(sys.argv[1])"),
        case("twin: key of decoded data", "v.pop('a')", "AttributeError KeyError TypeError", "v = json.loads(sys.argv[1])"),
        case("twin: key of decoded data, or a default", "v.pop('a', 1)", "AttributeError TypeError", "v = json.loads(sys.argv[1])"),
        case("logarithm to any base", "math.log(n, m)", "ValueError ZeroDivisionError", "import math"),
        case("twin: logarithm to a written base", "math.log(n, 2)", "ValueError", "import math"),
        case("command that was split", "subprocess.run(t.split())", "IndexError OSError ValueError"),
        case("command that was filtered", "subprocess.run([w for w in r if w])", "IndexError OSError ValueError"),
        case("twin: command that is written and goes on", "subprocess.run(['a', *t.split()])", "OSError ValueError"),
        case("twin: command that was split by a comma", "subprocess.run(t.split(','))", "OSError ValueError"),
        case("half a surrogate that is encoded", "v['a'].encode()", "AttributeError KeyError TypeError UnicodeError", "v = json.loads(sys.argv[1])"),
        case("twin: encoded with a way out", "v['a'].encode('utf-8', 'replace')", "AttributeError KeyError TypeError", "v = json.loads(sys.argv[1])"),
        case("keys of several kinds that are sorted", OPENED.format("json.dumps({i: 1 for i in v}, sort_keys=True)"), "OSError TypeError", "v = json.loads(sys.argv[1])"),
        case("twin: keys that are text", OPENED.format("json.dumps({str(i): 1 for i in r}, sort_keys=True)"), "OSError"),
        case("date of a mail that may be none", "mktime_tz(parsedate_tz(t))", "OverflowError TypeError ValueError", "from email.utils import mktime_tz, parsedate_tz"),
        case("twin: the present", OPENED.format("calendar.timegm(time.gmtime())"), "OSError", "import calendar"),
        case("priority that was read", "os.nice(int(t))", "AttributeError OSError OverflowError ValueError"),
        case("twin: written priority", "os.nice(5)", "AttributeError OSError"),
        case("power of a decoded number", "2 ** v['n']", "KeyError OverflowError TypeError", "v = json.loads(sys.argv[1])"),
        case("twin: power of a whole number", OPENED.format("2 ** len(t)"), "OSError"),
        case("decoded replacement", "re.sub('a', v['r'], 'b')", "IndexError KeyError TypeError re.error", "v = json.loads(sys.argv[1])"),
        case("twin: replacement that is passed", "re.sub('a', t, 'b')", "re.error"),
        case("twin: written replacement", OPENED.format("re.sub('a', 'c', t)"), "OSError"),
        case("decoded pattern", "re.findall(v['p'], t)", "KeyError OverflowError TypeError re.error", "v = json.loads(sys.argv[1])"),
        case("twin: pattern that is passed", "re.findall(t, 'a')", "re.error"),
        case("slice of an iterator up to a decoded number", "list(itertools.islice(r, v['n']))", "KeyError TypeError ValueError", "import itertools\nv = json.loads(sys.argv[1])"),
        case("twin: slice up to a written number", OPENED.format("list(itertools.islice(r, 5))"), "OSError", "import itertools"),
        case("length of a queue of a decoded number", "collections.deque(maxlen=v['n'])", "KeyError OverflowError TypeError ValueError", "import collections\nv = json.loads(sys.argv[1])"),
        case("twin: written length of a queue", OPENED.format("collections.deque(maxlen=5)"), "OSError", "import collections"),
        case("number that JSON has no word for", OPENED.format("json.dumps([n], allow_nan=False)"), "OSError ValueError"),
        case("twin: words of our own for it", OPENED.format("json.dumps([n])"), "OSError"),
        case("name of flags", OPENED.format("F(int(t)).name.lower()"), "AttributeError OSError ValueError", "import enum\nclass F(enum.IntFlag): A = 1"),
        case("twin: name of a member", OPENED.format("F(int(t)).name.lower()"), "OSError ValueError", "import enum\nclass F(enum.IntEnum): A = 1"),
        case("limit that was read", "resource.setrlimit(1, (int(t), 5))", "OSError OverflowError ValueError", "import resource"),
        case("twin: written limit", "resource.setrlimit(1, (5, 5))", "OSError ValueError", "import resource"),
        case("pair of decoded texts", "formataddr((v['n'], 'a@b'))", "AttributeError KeyError TypeError ValueError", "from email.utils import formataddr\nv = json.loads(sys.argv[1])"),
        case("log file that is closed", "h.close()", "OSError", "import logging\nh = logging.FileHandler('a')"),
    ],
)  # fmt: skip
def test_what_else_can_come(script: Analyse, body: str, before: str, expected: set[str]) -> None:
    """It is listed where it can come, and nowhere else."""
    assert script(in_try(body, before)).names() == expected


SESSION = """import aiohttp
class Client:
    def __init__(self): self.session = aiohttp.ClientSession()
    async def ler(self, endereco: str):
        try:
            async with self.session.get(endereco) as r: await r.read()
        except Exception: pass
{closing}
"""


@pytest.mark.parametrize(
    ("closing", "more"),
    [("    async def fim(self): await self.session.close()", {"RuntimeError"}), ("", set())],
)
def test_a_session_that_the_program_closes_may_be_closed(
    script: Analyse, closing: str, more: set[str]
) -> None:
    """A request of a session that something closes raises ``RuntimeError``; of one that nothing closes it does not."""
    names = script(SESSION.format(closing=closing)).names()

    assert names == {"aiohttp.ClientError", "asyncio.TimeoutError"} | more


LOCK = """import fcntl
class Lock:
    def __init__(self): self.file = open("a")
    def release(self):
        try:
            fcntl.flock(self.file, fcntl.LOCK_UN)
        except Exception: pass
{closing}
"""


@pytest.mark.parametrize(
    ("closing", "more"), [("    def end(self): self.file.close()", {"ValueError"}), ("", set())]
)
def test_a_lock_file_that_the_program_closes_may_be_closed(
    script: Analyse, closing: str, more: set[str]
) -> None:
    """A closed file has no descriptor."""
    assert script(LOCK.format(closing=closing)).names() == {"OSError"} | more


STATE = """import json
def salvar(texto: str, itens: list[str]):
    estado = json.loads(texto)
    estado["itens"] = {chave: 1 for chave in itens}
    try:
        return open(json.dumps(estado, sort_keys=True))
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("key", "more"), [("int(chave) if chave else chave", {"TypeError"}), ("chave", set())]
)
def test_decoded_data_that_is_given_other_keys_cannot_be_sorted(
    script: Analyse, key: str, more: set[str]
) -> None:
    """As it is read all its keys are text; the file may put a dict with other keys into it."""
    found = script(STATE.replace("{chave: 1", f"{{{key}: 1")).names()

    assert found == {"OSError"} | more
