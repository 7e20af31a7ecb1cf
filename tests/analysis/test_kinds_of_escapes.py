"""The kinds of escapes that were seen on code of others, sub-case by sub-case, each with the nearest script that is known.

A row says which exception the handler has to take (``?``: it stays broad, since something is not known) and what makes the difference:
``-`` stands before a line of the hazard, ``+`` before one of its twin, whose handler is complete without that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = """
import ast, asyncio, codecs, collections, configparser, contextlib, csv, datetime, decimal, email.message, fractions, functools
import imaplib, importlib, io, json, os, pickle, re, shelve, signal, socket, sqlite3, statistics, threading
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
"""


def rows(kind: str, table: dict[str, tuple[str, str]]) -> list[object]:
    return [pytest.param(*row, id=f"{kind}: {name}") for name, row in table.items()]


def parameter(hazard: str, twin: str, use: str) -> str:
    return f"-def f({hazard}):\n+def f({twin}):\n    T!\n        os.stat('.')\n        {use}\n    E!"


def awaiting(hazard: str, twin: str, use: str) -> str:
    return (
        f"-async def f({hazard}):\n+async def f({twin}):\n    T!\n        os.stat('.')\n        {use}\n    E!"
    )


BY_NAME = rows(
    "1 a low-confidence row decides",
    {
        "get": ("?", parameter("x, u", "x: dict, u: str", "x.get(u)")),
        "title": ("?", parameter("x", "x: str", "x.title()")),
        "release": ("?", parameter("x", "x: threading.Semaphore", "x.release()")),
        "close": ("?", parameter("x", "x: socket.socket", "x.close()")),
        "a loop": ("?", parameter("x", "x: list", "for y in x: pass")),
        "a comprehension": ("?", parameter("x", "x: list", "[y for y in x]")),
        "list": ("?", parameter("x", "x: list", "list(x)")),
        "next": ("?", parameter("x", "x: io.StringIO", "next(x)")),
        "a subscript": ("?", parameter("x", "x: dict", "x['a']")),
        "an item that is stored": ("?", parameter("x", "x: dict", "x['a'] = 5")),
        "an attribute": ("?", parameter("x", "x: datetime.date", "x.year")),
        "an operator": ("?", parameter("x", "x: int", "x - 5")),
        "in": ("?", parameter("x", "x: list", "5 in x")),
        "len": ("?", parameter("x", "x: list", "len(x)")),
        "await": ("?", awaiting("x", "x: asyncio.Event", "await x.wait()")),
        "async for": (
            "?",
            awaiting("x", "x: list", "async for y in x: pass")
            .replace("+async def", "+def")
            .replace("async for y in x: pass", "for y in x: pass"),
        ),
        "async with": ("?", awaiting("x", "x: asyncio.Lock", "async with x: pass")),
        "a library's object": (
            "?",
            "-import nuvem\n-x = nuvem.Cliente()\n+x = datetime.date(2020, 1, 1)\nT!\n    os.stat('.')\n    x.year\nE!",
        ),
        "an argument that no such method takes": (
            "?",
            "def f(x):\n    T!\n        os.stat('.')\n-        x.get('a', timeout=5); x['b']\n+        x.get('a', 5); x['b']\n    E!",
        ),
        "an awaited method": (
            "?",
            "async def f(x):\n    T!\n        os.stat('.')\n-        await x.strip(); x.upper()\n+        x.strip(); x.upper()\n    E!",
        ),
        "text of an own object": (
            "LookupError",
            "class A:\n-    def __str__(self): raise LookupError\n+    def __str__(self): return ''\ndef f(a: A):\n    T!\n        os.stat('.')\n        str(a)\n    E!",
        ),
        "format of an own object": (
            "LookupError",
            "class A:\n-    def __format__(self, s): raise LookupError\n+    def __format__(self, s): return ''\ndef f(a: A):\n    T!\n        os.stat('.')\n        f'{a:x}'\n    E!",
        ),
    },
)
JOB = "async def job(n: int): return 10 / n\nasync def calm(n: int): return 5\nasync def f(n: int):\n"
AWAITED = rows(
    "2 await loses the rows of what made it",
    {
        "a task made before": (
            "ZeroDivisionError",
            JOB
            + "-    t = asyncio.create_task(job(n))\n+    t = asyncio.create_task(calm(n))\n    T!\n        os.stat('.')\n        await t\n    E!",
        ),
        "a coroutine made before": (
            "ZeroDivisionError",
            JOB + "-    c = job(n)\n+    c = calm(n)\n    T!\n        os.stat('.')\n        await c\n    E!",
        ),
        "gathered": (
            "ZeroDivisionError",
            JOB
            + "    T!\n        os.stat('.')\n-        await asyncio.gather(job(n), calm(n))\n+        await asyncio.gather(calm(n), calm(n))\n    E!",
        ),
        "out of a dict": (
            "?",
            JOB
            + "    tasks: dict = {}\n    T!\n        os.stat('.')\n-        await tasks['a']\n+        tasks['a']\n    E!",
        ),
        "out of an attribute": (
            "?",
            "class W:\n    async def f(self, t):\n        self.t = t\n        T!\n            os.stat('.')\n-            await self.t\n+            self.t\n        E!",
        ),
        "a future of a pool": (
            "ZeroDivisionError",
            "def job(n: int): return 10 / n\ndef calm(n: int): return 5\ndef f(n: int, pool: ThreadPoolExecutor):\n-    x = pool.submit(job, n)\n+    x = pool.submit(calm, n)\n    T!\n        os.stat('.')\n        x.result()\n    E!",
        ),
    },
)
CONTROL = rows(
    "3 control flow",
    {
        "a name of an earlier try": (
            "UnboundLocalError",
            "def f():\n    try:\n        x = open('a')\n    except OSError:\n-        pass\n+        x = None\n    T!\n        os.stat('.')\n        x\n    E!",
        ),
        "a name of a branch": (
            "UnboundLocalError",
            "def f(c):\n    if c: x = 1\n-    else: pass\n+    else: x = 2\n    T!\n        os.stat('.')\n        x\n    E!",
        ),
        "a name of a loop": (
            "UnboundLocalError",
            "def f(r: list):\n+    x = 0\n    for x in r: pass\n    T!\n        os.stat('.')\n        x\n    E!",
        ),
        "a global of a branch": (
            "NameError",
            "-if os.environ: x = 1\n+x = 1\nT!\n    os.stat('.')\n    x\nE!",
        ),
        "an attribute of another method": (
            "AttributeError",
            "class W:\n-    def g(self): self.x = 1\n+    def __init__(self): self.x = 1\n    def f(self):\n        T!\n            os.stat('.')\n            self.x\n        E!",
        ),
        "an attribute of one way of the constructor": (
            "AttributeError",
            "class W:\n    def __init__(self, c):\n-        if c: self.x = 1\n+        self.x = 1\n    def f(self):\n        T!\n            os.stat('.')\n            self.x\n        E!",
        ),
        "del": (
            "UnboundLocalError",
            "def f():\n    x = 1\n-    del x\n    T!\n        os.stat('.')\n        x\n    E!",
        ),
        "a dict that a thread changes": (
            "RuntimeError",
            "d = {}\ndef g():\n-    d['a'] = 1\n+    d.get('a')\nthreading.Thread(target=g).start()\ndef f():\n    T!\n        os.stat('.')\n        for k in d: pass\n    E!",
        ),
    },
)
VALUES = rows(
    "4 values",
    {
        "inner keys of a defaultdict": (
            "KeyError",
            "d = collections.defaultdict(dict)\nT!\n    os.stat('.')\n-    d['a']['b']\n+    d['a']\nE!",
        ),
        "an unknown item of a literal": (
            "TypeError",
            "def f(x, y: str):\n    T!\n        os.stat('.')\n-        json.dumps({'a': x})\n+        json.dumps({'a': y})\n    E!",
        ),
        "an unhashable key out of data": (
            "TypeError",
            "def f(t: str):\n    s = set()\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        s.add(d)\n+        s.add(str(d))\n    E!",
        ),
        "data as a key of a table that is written": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        {d: 1}\n+        {str(d): 1}\n    E!",
        ),
        "data as a key under which something is kept": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        s[d] = 1\n+        s[str(d)] = 1\n    E!",
        ),
        "data as keys of a comprehension": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        {d: each for each in 'ab'}\n+        {str(d): each for each in 'ab'}\n    E!",
        ),
        "data that is looked for among names": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        d in {'a', 'b'}\n+        str(d) in {'a', 'b'}\n    E!",
        ),
        "data that is looked for in a text": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        d in t\n+        str(d) in t\n    E!",
        ),
        "data as an index": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        [1, 2][d]\n+        [1, 2][0]\n    E!",
        ),
        "data as a bound of a slice": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        t[:d]\n+        t[:5]\n    E!",
        ),
        "data as what is taken out": (
            "TypeError",
            "def f(t: str):\n    s = {}\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        del s[d]\n+        s.pop(str(d), None)\n    E!",
        ),
        "None of imaplib": (
            "TypeError",
            "def f(m: imaplib.IMAP4):\n    T!\n-        m.fetch('1', 'a')[1][0][1]\n+        m.noop()\n    E!",
        ),
        "a time out of range": (
            "ValueError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        datetime.datetime.fromtimestamp(n)\n+        datetime.datetime.fromtimestamp(0)\n    E!",
        ),
        "a duration out of range": (
            "OverflowError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        datetime.timedelta(days=n)\n+        datetime.timedelta(days=5)\n    E!",
        ),
        "a step of zero": (
            "ValueError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        range(1, 9, n)\n+        range(1, 9, 2)\n    E!",
        ),
        "no workers": (
            "ValueError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        ThreadPoolExecutor(n)\n+        ThreadPoolExecutor(2)\n    E!",
        ),
        "a port out of range": (
            "OverflowError",
            "def f(s: socket.socket, n: int):\n    T!\n        os.stat('.')\n-        s.bind(('', n))\n+        s.bind(('', 80))\n    E!",
        ),
        "NUL in a path": (
            "ValueError",
            "def f(t: str):\n    d = json.loads(t)\n    T!\n        os.stat('.')\n-        open(d)\n+        open(t)\n    E!",
        ),
        "64 bits in a database": (
            "OverflowError",
            "def f(c: sqlite3.Connection, n: int):\n    T!\n        os.stat('.')\n-        c.execute('select ?', (n,))\n+        c.execute('select ?', (1,))\n    E!",
        ),
        "a lone surrogate in a database": (
            "UnicodeError",
            "def f(c: sqlite3.Connection, t: str):\n    T!\n        os.stat('.')\n-        c.execute('select ?', (t,))\n+        c.execute('select ?', (1,))\n    E!",
        ),
    },
)
MODULES = rows(
    "5 modules and classes",
    {
        "what a class has not": (
            "AttributeError",
            "T!\n    os.stat('.')\n-    datetime.datetime.nada\n+    datetime.datetime.min\nE!",
        ),
        "a text of an unknown element": (
            "?",
            "-def f(e):\n+def f(e: ET.Element):\n    T!\n        os.stat('.')\n        int(e.text)\n    E!",
        ),
        "a browser that nobody knows": (
            "?",
            "-import nuvem\n-b = nuvem.Browser()\n+b: dict = {}\nT!\n    os.stat('.')\n    b.get('a')\nE!",
        ),
    },
)
STORED = rows(
    "6 item assignment and operators of library objects",
    {
        "a header of a mail": (
            "ValueError",
            "def f(m: email.message.EmailMessage, t: str):\n    T!\n        os.stat('.')\n-        m['Subject'] = t\n+        m.get('Subject')\n    E!",
        ),
        "an option of a configuration": (
            "TypeError",
            "def f(c: configparser.ConfigParser):\n    T!\n        os.stat('.')\n-        c['a']['b'] = 5\n+        c['a']['b'] = 'x'\n    E!",
        ),
        "a key of a shelf": (
            "TypeError",
            "def f(s: shelve.Shelf, x):\n    T!\n        os.stat('.')\n-        s['a'] = x\n+        s.close()\n    E!",
        ),
        "an attribute of XML that is no text": (
            "TypeError",
            "def f(e: ET.Element):\n    T!\n        os.stat('.')\n-        ET.tostring(e)\n+        ET.fromstring('<a/>')\n    E!",
        ),
        "a quotient of tables": (
            "TypeError",
            "import pandas\n-def f(a: pandas.DataFrame):\n+def f(a: dict[str, int]):\n    T!\n        os.stat('.')\n        a['b'] / 5\n    E!",
        ),
    },
)
PRINTING = rows(
    "7 printing fails",
    {
        "a full disk": ("OSError", "def f():\n    T!\n-        print('a')\n+        int('x')\n    E!"),
        "a closed stream": (
            "ValueError",
            "def f():\n    T!\n        os.stat('.')\n-        print('a')\n+        len('a')\n    E!",
        ),
    },
)
OUTSIDE = rows(
    "8 from outside the body",
    {
        "a signal handler": (
            "LookupError",
            "def stop(n, frame):\n-    raise LookupError\n+    return None\nsignal.signal(signal.SIGALRM, stop)\ndef f():\n    T!\n        os.stat('.')\n    E!",
        ),
        "an unknown decorator": (
            "?",
            "-import nuvem\n-@nuvem.timed\ndef g(): pass\ndef f():\n    T!\n        os.stat('.')\n        g()\n    E!",
        ),
        "a plug-in": (
            "?",
            "def f(n: str):\n    T!\n        os.stat('.')\n-        importlib.import_module(n)\n+        importlib.invalidate_caches()\n    E!",
        ),
    },
)
LATE = rows(
    "9 rows that stop short",
    {
        "a callback of a stack": (
            "LookupError",
            "def bad(): raise LookupError\ndef calm(): pass\ndef f():\n    T!\n        os.stat('.')\n        with contextlib.ExitStack() as s:\n-            s.callback(bad)\n+            s.callback(calm)\n    E!",
        ),
        "object_hook": (
            "LookupError",
            "def bad(d): raise LookupError\ndef calm(d): return 5\ndef f(t: str):\n    T!\n-        json.loads(t, object_hook=bad)\n+        json.loads(t, object_hook=calm)\n    E!",
        ),
        "default": (
            "LookupError",
            "def bad(d): raise LookupError\ndef calm(d): return 5\ndef f(t: str):\n    T!\n        os.stat('.')\n-        json.dumps(t, default=bad)\n+        json.dumps(t, default=calm)\n    E!",
        ),
        "singledispatch": (
            "LookupError",
            "@functools.singledispatch\ndef g(x): return 5\n@g.register\ndef _(x: int):\n-    raise LookupError\n+    return 6\ndef f(n: int):\n    T!\n        os.stat('.')\n        g(n)\n    E!",
        ),
        "lru_cache of a list": (
            "TypeError",
            "@functools.lru_cache\ndef g(x): return 5\ndef f():\n    T!\n        os.stat('.')\n-        g([1])\n+        g(1)\n    E!",
        ),
        "a power": (
            "ValueError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        pow(n, n, n)\n+        pow(2, 3)\n    E!",
        ),
        "a rounding of what is no number": (
            "ValueError",
            "def f(n: float):\n    T!\n        os.stat('.')\n-        round(n)\n+        round(1.5)\n    E!",
        ),
        "a negative shift": (
            "ValueError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        1 << n\n+        1 << 2\n    E!",
        ),
        "a mean of nothing": (
            "statistics.StatisticsError",
            "def f(r: list[int]):\n    T!\n        os.stat('.')\n-        statistics.mean(r)\n+        sum(r)\n    E!",
        ),
        "a variable that is set to a number": (
            "TypeError",
            "T!\n    os.stat('.')\n-    os.environ['A'] = 5\n+    os.environ['A'] = '5'\nE!",
        ),
        "a decimal by zero": (
            "decimal.InvalidOperation",
            "def f(n: decimal.Decimal):\n    T!\n        os.stat('.')\n-        1 / n\n+        n == 1\n    E!",
        ),
        "a fraction by zero": (
            "ZeroDivisionError",
            "def f(n: int):\n    T!\n        os.stat('.')\n-        fractions.Fraction(1, n)\n+        fractions.Fraction(1, 2)\n    E!",
        ),
        "a line of CSV": (
            "csv.Error",
            "def f(h: io.StringIO):\n    T!\n        os.stat('.')\n-        list(csv.reader(h))\n+        h.getvalue()\n    E!",
        ),
        "a long host name": (
            "UnicodeError",
            "def f(h: str):\n    T!\n        os.stat('.')\n-        socket.gethostbyname(h)\n+        socket.gethostname()\n    E!",
        ),
        "a group of a pattern from outside": (
            "IndexError",
            "-def f(p: str, t: str):\n+def f(t: str, p='(a)'):\n    m = re.match(p, t)\n    T!\n        os.stat('.')\n        if m: m.group(1)\n    E!".replace(
                "+def f(t: str, p='(a)'):", "+p = '(a)'\n+def f(t: str):"
            ),
        ),
        "a group that took no part": (
            "AttributeError",
            "def f(t: str):\n    m = re.match('(a)?(b)', t)\n    T!\n        os.stat('.')\n-        if m: m.group(1).upper()\n+        if m: m.group(2).upper()\n    E!",
        ),
        "a mode from outside": (
            "ValueError",
            "def f(m: str):\n    T!\n        os.stat('.')\n-        open('a', m)\n+        open('a', 'r')\n    E!",
        ),
        "hexadecimal text": (
            "binascii.Error",
            "import binascii\ndef f(t: bytes):\n    T!\n        os.stat('.')\n-        codecs.decode(t, 'hex')\n+        t.hex()\n    E!",
        ),
        "a literal out of text": (
            "SyntaxError",
            "def f(t: str):\n    T!\n        os.stat('.')\n-        ast.literal_eval(t)\n+        t.strip()\n    E!",
        ),
        "a pickle": (
            "?",
            "def f(t: bytes):\n    T!\n        os.stat('.')\n-        pickle.loads(t)\n+        t.hex()\n    E!",
        ),
        "a stream of requests": (
            "requests.exceptions.RequestException",
            "import requests\ndef f(u: str):\n-    r = requests.get(u, stream=True)\n+    r = requests.get(u)\n    T!\n        os.stat('.')\n        r.content\n    E!",
        ),
        "a property that is a request": (
            "selenium.common.exceptions.WebDriverException",
            "from selenium import webdriver\nimport selenium.common.exceptions\nd = webdriver.Chrome()\nT!\n    os.stat('.')\n-    d.title\n+    len('a')\nE!",
        ),
        "what a serial line waits with": (
            "serial.SerialException",
            "import serial\ndef f(p: serial.Serial):\n    T!\n        int('x')\n-        p.in_waiting\n+        len('a')\n    E!",
        ),
        "cookies of two hosts": (
            "httpx.CookieConflict",
            "import httpx\ndef f(r: httpx.Response):\n    T!\n        os.stat('.')\n-        r.cookies['a']\n+        r.status_code\n    E!",
        ),
        "a program that plays sound": (
            "discord.ClientException",
            "import discord\ndef f(u: str):\n    T!\n        os.stat('.')\n-        discord.FFmpegPCMAudio(u)\n+        len(u)\n    E!",
        ),
        "an answer of flask": (
            "werkzeug.exceptions.HTTPException",
            "import werkzeug.exceptions\nfrom flask import request\ndef f():\n    T!\n        os.stat('.')\n-        request.get_json()\n+        len('a')\n    E!",
        ),
    },
)


def form(text: str, own: str, other: str) -> str:
    lines = [line.removeprefix(own) for line in text.splitlines() if not line.startswith(other)]
    body = "\n".join(lines).replace("T!", "try:")
    return HEAD + "\n".join(
        f"{line.partition('E!')[0]}except Exception: pass" if line.strip() == "E!" else line
        for line in body.splitlines()
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [*BY_NAME, *AWAITED, *CONTROL, *VALUES, *MODULES, *STORED, *PRINTING, *OUTSIDE, *LATE],
)
def test_a_kind_of_escape_is_seen_and_its_twin_is_known(script: Analyse, name: str, text: str) -> None:
    """The handler of the hazard takes what arrives, or stays; that of its twin is complete without it."""
    hazard, twin = script(form(text, "-", "+")), script(form(text, "+", "-"))
    found, known = (made.body(len(made.module.tries) - 1) for made in (hazard, twin))

    if name == "?":
        assert not found.is_complete
    else:
        assert not found.is_complete or hazard.types.engine.hierarchy.is_caught(name, found.names), (
            found.names
        )
        assert name not in known.names
    assert known.is_complete, known.unresolved
