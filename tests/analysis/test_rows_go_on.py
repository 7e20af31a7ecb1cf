"""Rows say all that their function raises: for what it is handed to call, for a file that is closed, for a text that is not ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = """
import asyncio, bisect, contextlib, difflib, hmac, json, multiprocessing.pool, os, secrets, tarfile, textwrap, threading

def key_of(x):
    return x["a"]

def same(x):
    return x

def decoded():
    return json.loads('{"a": 5}')

class Sum:
    def __add__(self, other):
        if isinstance(other, Sum):
            return 1
        return NotImplemented

class Plain:
    pass

class Written:
    def __format__(self, spec):
        return str(spec)

"""


def _around_last(body: str) -> str:
    """Write a script with a handler around the last line of a body."""
    *before, last = body.splitlines()
    text = HEAD + "def main():\n" + "".join(f"    {line}\n" for line in before)
    return text + f"    try:\n        {last}\n    except Exception:\n        pass\n\nmain()\n"


@pytest.mark.parametrize(
    ("body", "name", "twin"),
    [
        ("bisect.insort([{}], {'a': 1}, key=key_of)", "KeyError", "bisect.insort([1], 1, key=same)"),
        ("textwrap.indent('a', ' ', lambda x: {}[x])", "KeyError", "textwrap.indent('a', ' ', same)"),
        ("difflib.SequenceMatcher(lambda x: {}[x], 'a', 'b')", "KeyError", "difflib.SequenceMatcher(None, 'a', 'b')"),
        ("tarfile.open('a').add('b', filter=lambda x: {}[x])", "KeyError", "tarfile.open('a').add('b', filter=same)"),
        ("hmac.compare_digest(os.environ['A'], 'b')", "TypeError", "hmac.compare_digest(os.environ['A'].encode(), b'b')"),
        ("secrets.compare_digest(os.environ['A'], 'b')", "TypeError", "secrets.compare_digest('a', 'b')"),
        ("open('a').seek(int(os.environ['A']))", "ValueError", "open('a').seek(0)"),
        (
            "lock = threading.BoundedSemaphore(1)\nlock.release()",
            "ValueError",
            "lock = threading.Semaphore(1)\nlock.release()",
        ),
        (
            "loop = asyncio.new_event_loop()\nloop.close()\nloop.call_soon_threadsafe(print)",
            "RuntimeError",
            "loop = asyncio.new_event_loop()\nloop.call_soon(print)",
        ),
        (
            "pool = multiprocessing.pool.ThreadPool(1)\npool.close()\npool.map(len, ['a'])",
            "ValueError",
            "pool = multiprocessing.pool.ThreadPool(1)\npool.map(len, ['a'])",
        ),
        (
            "file = open('a', 'w')\nfile.close()\njson.dump({}, file)",
            "ValueError",
            "file = open('a', 'w')\njson.dump({}, file)",
        ),
        (
            "file = open('a', 'w', encoding='utf-8')\nfile.close()\nprint('a', file=file)",
            "ValueError",
            "file = open('a', 'w', encoding='utf-8')\nprint('a', file=file)",
        ),
        (
            "stack = contextlib.ExitStack()\nstack.callback(key_of, {})\nstack.close()",
            "broad",
            "stack = contextlib.ExitStack()\nstack.pop_all()",
        ),
        ("'{} {}'.format(*os.environ['A'].split())", "IndexError", "'{} {}'.format(os.environ['A'], 'b')"),
        ("'%(a)s' % decoded()", "KeyError", "'%(a)s' % {'a': 1}"),
        ("Sum() + 1", "TypeError", "Sum() + Sum()"),
        ("f'{Plain():>9}'", "TypeError", "f'{Plain()}'"),
        ("f'{Plain():>9}'", "TypeError", "f'{Written():>9}'"),
    ],
)  # fmt: skip
def test_a_row_says_all_that_its_function_raises(script: Analyse, body: str, name: str, twin: str) -> None:
    """Functions that run inside a call, what was closed, texts, places that nothing fills; the nearest use that is sure lists nothing of it."""
    assert name in script(_around_last(body)).listed()
    assert name not in script(_around_last(twin)).listed()
