"""What is in a queue is what is put into it; what a call hands on arrives in the function that it hands it to."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.engine import Engine
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()


def kinds(script: str) -> set[str]:
    """Return the kinds that what is named ``seen`` can be."""
    text = dedent(script)
    module = Module(Source(Path("worker.py"), text, text.encode()))
    engine = Engine(module, KNOWLEDGE, Settings())
    node = next(
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name) and node.id == "seen" and isinstance(node.ctx, ast.Load)
    )
    return values.names(engine.flat.value(node, engine.unit))


QUEUE = """
import asyncio, functools, logging.handlers, multiprocessing, queue, threading
q = {maker}
def feed(loop: asyncio.AbstractEventLoop):
    q.put('x')
    {more}
def work():
    seen = q.{take}
    print(seen)
feed(asyncio.new_event_loop())
"""


@pytest.mark.parametrize(
    ("maker", "take"),
    [
        ("queue.Queue()", "get()"),
        ("queue.Queue(maxsize=10)", "get(timeout=3)"),
        ("queue.LifoQueue()", "get_nowait()"),
        ("queue.SimpleQueue()", "get()"),
        ("asyncio.Queue(10)", "get_nowait()"),
        ("multiprocessing.Queue()", "get()"),
    ],
)
def test_a_queue_holds_what_is_put_into_it(maker: str, take: str) -> None:
    """All that is put into a queue in sight is what is taken out of it, wherever it was made and however large."""
    assert kinds(QUEUE.format(maker=maker, take=take, more="")) == {"str"}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        pytest.param("put = q.put; put(5)", {"str", "int"}, id="alias of the method"),
        pytest.param("loop.call_soon_threadsafe(q.put_nowait, 5)", {"str", "int"}, id="from another thread"),
        pytest.param("functools.partial(q.put, 5)()", {"str", "int"}, id="partial"),
        pytest.param("other = q; other.put_nowait(5)", {"str", "int"}, id="another name of it"),
        pytest.param("q.queue.append(5)", {"any"}, id="what lies below it"),
        pytest.param("logging.handlers.QueueHandler(q)", {"any"}, id="a library puts"),
        pytest.param("send(q)", {"any"}, id="out of sight"),
    ],
)
def test_whatever_else_puts_into_a_queue_counts(more: str, found: set[str]) -> None:
    """Another writer, by whatever way, changes what a queue holds; one that nobody sees makes it unknown."""
    assert kinds(QUEUE.format(maker="queue.Queue()", take="get()", more=more)) == found


@pytest.mark.parametrize(
    ("made", "found"),
    [
        pytest.param("class Q(queue.Queue):\n    def _get(self): return 5\nq = Q()", {"any"}, id="heir"),
        pytest.param("q = queue.Queue()", {"str"}, id="the class itself"),
        pytest.param(
            "def make(things):\n    q = queue.Queue()\n    for each in things: q.put(each)\n    return q\nq = make([5])",
            {"int", "str"},
            id="filled where it is made",
        ),
        pytest.param("def make():\n    return elsewhere\nq = make()", {"any"}, id="made out of sight"),
    ],
)
def test_where_a_queue_comes_from_counts(made: str, found: set[str]) -> None:
    """A queue that a function gives may hold something already; an heir gives what it likes."""
    script = f"import queue\nfrom other import elsewhere\n{made}\ndef g():\n    q.put('x')\n    seen = q.get()\n    print(seen)\n"

    assert kinds(script) == found


POOL = """
import asyncio
class Pool:
    def __init__(self):
        self._idle: asyncio.Queue | None = {first}
    def idle(self):
        if self._idle is None:
            self._idle = asyncio.Queue(16)
        return self._idle
    def give(self):
        self.idle().put_nowait('x')
    def take(self):
        seen = self.idle().get_nowait()
        print(seen)
"""


@pytest.mark.parametrize(("first", "found"), [("None", {"str"}), ("open_queue()", {"any", "str"})])
def test_what_an_attribute_is_set_to_says_more_than_a_bare_container_that_it_is_declared_as(
    first: str, found: set[str]
) -> None:
    """``self.q: Queue | None = None``, made when it is first asked for; twin: it may be another one from the start."""
    assert kinds(POOL.format(first=first)) == found


HANDED = """
import asyncio, functools, threading
from concurrent.futures import ThreadPoolExecutor
items = [1]
def work(name, stuff):
    name.upper()
    stuff.append('x')
{call}
seen = items[-1]
print(seen)
"""


@pytest.mark.parametrize(
    ("call", "found"),
    [
        pytest.param("work('a', items)", {"int", "str"}, id="called"),
        pytest.param("threading.Thread(target=work, args=('a', items)).start()", {"int", "str"}, id="thread"),
        pytest.param(
            "threading.Thread(target=work, kwargs={'name': 'a', 'stuff': items}).start()",
            {"int", "str"},
            id="thread by name",
        ),
        pytest.param(
            "given = ('a', items)\nthreading.Thread(target=work, args=given)", {"any", "int"}, id="kept"
        ),
        pytest.param("ThreadPoolExecutor().submit(work, 'a', items)", {"int", "str"}, id="pool"),
        pytest.param("ThreadPoolExecutor().submit(work, 'a', stuff=items)", {"int", "str"}, id="by name"),
        pytest.param("ThreadPoolExecutor().map(work, ['a'], [items])", {"int", "str"}, id="map of a pool"),
        pytest.param(
            "async def main():\n    await asyncio.to_thread(work, 'a', items)", {"int", "str"}, id="to_thread"
        ),
        pytest.param("functools.partial(work, 'a', items)()", {"int", "str"}, id="partial"),
        pytest.param("functools.partial(work, stuff=items)('a')", {"int", "str"}, id="partial by name"),
        pytest.param("threading.Thread(target=work, args=('a', list(items))).start()", {"int"}, id="a copy"),
        pytest.param("threading.Thread(target=print, args=(items,)).start()", {"int"}, id="a reader"),
        pytest.param(
            "threading.Thread(target=elsewhere, args=(items,)).start()", {"any", "int"}, id="unknown"
        ),
    ],
)
def test_what_is_done_with_a_container_that_a_call_hands_on_counts(call: str, found: set[str]) -> None:
    """A thread, a pool or a partial gives its arguments to a function, which changes them as if it were called."""
    assert kinds(HANDED.format(call=call)) == found


@pytest.mark.parametrize(("made", "found"), [("[]", {"int"}), ("made()", {"any", "int"})])
def test_a_list_that_a_function_gives_is_not_empty(made: str, found: set[str]) -> None:
    """What is added to it is not all that is in it, unless it was made empty here."""
    script = f"from x import f\ndef made():\n    return [f()]\nitems = {made}\nitems.append(5)\nseen = items[0]\nprint(seen)\n"

    assert kinds(script) == found


HELD = """
from collections import OrderedDict, defaultdict, deque
from other import unknown
class E: pass
class C:
    def __init__(self, given):
        self.d{made}
    def put(self, k: str):
        {put}
    def work(self, k: str):
        seen = self.d{taken}
        print(seen)
"""
ORDERED = ": OrderedDict[str, E] = OrderedDict()"


@pytest.mark.parametrize(
    ("made", "put", "taken", "found"),
    [
        pytest.param(ORDERED, "pass", "[k]", {"instance"}, id="declared"),
        pytest.param(" = OrderedDict()", "self.d[k] = 'x'", "[k]", {"str"}, id="filled"),
        pytest.param(" = OrderedDict()", "self.d[k] = 'x'", ".popitem(last=False)[1]", {"str"}, id="taken out"),
        pytest.param(ORDERED, "self.d[k] = 'x'", "[k]", {"str"}, id="twin: something else than declared"),
        pytest.param(" = OrderedDict(given)", "self.d[k] = 'x'", "[k]", {"any", "str"}, id="twin: made of something"),
        pytest.param(" = OrderedDict()", "self.d[k] = unknown()", "[k]", {"any"}, id="twin: filled with anything"),
        pytest.param(" = OrderedDict()", "self.d[k] = 'x'; unknown(self.d)", "[k]", {"any"}, id="twin: out of sight"),
        pytest.param(" = deque(maxlen=5)", "self.d.append('x')", "[0]", {"str"}, id="bounded"),
        pytest.param(" = deque([], 5)", "self.d.append('x')", "[0]", {"str"}, id="bounded, of nothing"),
        pytest.param(" = deque(given, maxlen=5)", "self.d.append('x')", "[0]", {"any", "str"}, id="twin: of something"),
        pytest.param(": deque[E] = deque(maxlen=5)", "pass", ".popleft()", {"instance"}, id="declared, bounded"),
        pytest.param(": defaultdict[str, list[E]] = defaultdict(list)", "self.d[k].append(E())", "[k][0]", {"instance"}, id="declared, lists"),
        pytest.param(": deque = deque(maxlen=5)", "self.d.append('x')", "[0]", {"str"}, id="declared bare"),
    ],
)  # fmt: skip
def test_ordered_and_bounded_containers_hold_what_is_put_into_them(
    made: str, put: str, taken: str, found: set[str]
) -> None:
    """What a container of `collections` holds is what is put into it; what it is declared to hold where nothing is seen."""
    assert kinds(HELD.format(made=made, put=put, taken=taken)) == found
