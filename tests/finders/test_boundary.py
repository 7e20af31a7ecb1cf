"""Which broad handler is the last one between an error and the end of the worker, and which one stands inside another?"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from workerlog_migrate.analysis.boundary import keeps_loop_alive
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.model import Boundary, Settings, Source, Target
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.registry import LOGGER_SETUP, SPECIFIC_EXCEPTIONS

LOOP = """
def ciclo():
    while True:
        try:
            passo()
        except Exception as e:
            print("Erro:", e)
"""
TASK = """
async def consumidor(fila):
    while True:
        item = await fila.get()
        try:
            await tratar(item)
        except Exception as e:
            print("Erro:", e)
"""
OUTERMOST = {
    "called once": LOOP + "\nciclo()\n",
    "called by main": LOOP + "\ndef main():\n    ciclo()\n\nmain()\n",
    "run as the only coroutine": TASK + "\nasyncio.run(consumidor(fila))\n",
    "at module level": "while True:\n    try:\n        passo()\n    except Exception:\n        print('Erro')\n",
}
INNER = {
    "called in another loop": LOOP + "\nwhile True:\n    ciclo()\n",
    "called for each of several": LOOP + "\ndef main():\n    for nome in nomes:\n        ciclo()\n",
    "a task beside others": TASK
    + "\nasync def main():\n    asyncio.create_task(consumidor(fila))\n    await fim.wait()\n",
    "a task of a group": TASK
    + "\nasync def main():\n    async with trio.open_nursery() as n:\n        n.start_soon(consumidor, fila)\n",
    "a loop in a loop": "while True:\n    while True:\n        try:\n            passo()\n        except Exception:\n            print('Erro')\n",
    "one item of a loop over items": "for x in itens:\n    try:\n        passo(x)\n    except Exception:\n        print('Erro')\n",
}


@pytest.mark.parametrize("text", OUTERMOST.values(), ids=OUTERMOST)
def test_the_outermost_loop_ends_with_its_handler(text: str) -> None:
    """A broad handler in the one endless loop of a worker keeps the worker alive."""
    assert _verdicts(text) == [True]


@pytest.mark.parametrize("text", INNER.values(), ids=INNER)
def test_what_runs_beside_or_inside_another_loop_is_one_item(text: str) -> None:
    """Where another loop goes on anyway, an error in the handler is an error and not the end."""
    assert _verdicts(text) == [False]


def _verdicts(text: str) -> list[bool]:
    module = Module(Source(path=Path("genesis_a.py"), text=text, raw=text.encode()))
    handlers = (node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler))
    return [keeps_loop_alive(module, handler) for handler in handlers]


READ = """
import json, os, sys, threading, time, asyncio, itertools, contextlib

def ler(nome):
    try:
        with open(nome) as f:
            return json.load(f)
    except Exception:
        return {}
"""
ROUND = """
    while True:
        try:
            ler("fila.json")
        except Exception as e:
            print("Erro:", e)
        time.sleep(60)
"""
INSIDE = {
    "called in the loop": READ + "\ndef main():" + ROUND + "\nmain()\n",
    "called through another function": READ
    + "\ndef passo():\n    return ler('a.json')\n\ndef main():"
    + ROUND.replace('ler("fila.json")', "passo()")
    + "\nmain()\n",
    "a method": READ
    + "\nclass Robo:\n    def passo(self):\n        return ler('a.json')\n\n    def rodar(self):"
    + ROUND.replace("\n    ", "\n        ").replace('ler("fila.json")', "self.passo()")
    + "\nRobo().rodar()\n",
    "a loop in the loop": READ
    + "\ndef passo():\n    while not ler('a.json'):\n        time.sleep(1)\n\ndef main():"
    + ROUND.replace('ler("fila.json")', "passo()")
    + "\nmain()\n",
    "a handler that goes back to the loop": READ
    + "\ndef passo():\n    try:\n        return ler('a.json')\n    except Exception:\n        return None\n\n"
    + "while True:\n    passo()\n    time.sleep(60)\n",
    "a script without a loop": READ + "\nler('a.json')\n",
    "before the loop only": READ
    + "\nestado = ler('estado.json')\nwhile True:\n    try:\n        os.getpid()\n    except Exception as e:\n        print('Erro:', e)\n",
    "two functions that call each other": READ.replace(
        "return json.load(f)", "return json.load(f) or ler('b.json')"
    )
    + "\ndef main():"
    + ROUND
    + "\nmain()\n",
    "a script without a loop that is guarded": READ
    + "\ntry:\n    ler('a.json')\nexcept Exception as e:\n    print('Erro:', e)\n",
    "an awaited coroutine": READ
    + "\nasync def passo():\n    ler('a.json')\n\nasync def main():"
    + ROUND.replace('ler("fila.json")', "await passo()")
    + "\nasyncio.run(main())\n",
}
LAST = {
    "called before the loop, too": READ
    + "\ndef main():\n    estado = ler('estado.json')"
    + ROUND
    + "\nmain()\n",
    "called in a loop without a handler": READ + "\nwhile True:\n    ler('a.json')\n    time.sleep(60)\n",
    "the handler is outside the loop": READ
    + "\ntry:\n    while True:\n        ler('a.json')\nexcept Exception as e:\n    print('Erro:', e)\n",
    "the handler outside the function of the loop": READ
    + "\ndef rodar():\n    while True:\n        ler('a.json')\n\ntry:\n    rodar()\nexcept Exception as e:\n    print('Erro:', e)\n",
    "the handler leaves the loop": READ
    + "\nwhile True:\n    try:\n        ler('a.json')\n    except Exception:\n        break\n    time.sleep(60)\n",
    "the handler ends the program": READ
    + "\nwhile True:\n    try:\n        ler('a.json')\n    except Exception:\n        sys.exit(1)\n    time.sleep(60)\n",
    "the handler raises again": READ
    + "\nwhile True:\n    try:\n        ler('a.json')\n    except Exception:\n        if sys.argv[1:]:\n            raise\n",
    "the handler of a finally": READ
    + "\nwhile True:\n    try:\n        os.getpid()\n    except Exception as e:\n        print('Erro:', e)\n    finally:\n        ler('a.json')\n",
    "a thread": READ
    + "\ndef main():\n    threading.Thread(target=ler, args=('a.json',)).start()"
    + ROUND
    + "\nmain()\n",
    "a task beside others": READ
    + "\nasync def passo():\n    ler('a.json')\n\nasync def main():"
    + ROUND.replace('ler("fila.json")', "asyncio.create_task(passo())")
    + "\nasyncio.run(main())\n",
    "a loop whose condition changes": READ + "\nativo = [1]\nwhile ativo:\n    ler('a.json')\n",
    "a loop over what has no end": READ + "\nfor n in itertools.count():\n    ler('a.json')\n",
    "one of two functions that call each other, the other called before": READ.replace(
        "return json.load(f)", "return json.load(f) or outra()"
    )
    + "\ndef outra():\n    return ler('b.json')\n\ndef main():\n    outra()"
    + ROUND
    + "\nmain()\n",
    "a job of a library's loop": READ
    + "\nimport schedule\nschedule.every(5).minutes.do(ler, 'a.json')\nwhile True:\n    schedule.run_pending()\n",
    "nothing calls it": READ,
}


def _watches(tmp_path: Path, text: str) -> str:
    """Migrate a worker with ``--boundary watch``; give what became of `ler`."""
    target = Target(tmp_path / "genesis_a.py", "genesis", pattern="*")
    settings = Settings(select=(LOGGER_SETUP, SPECIFIC_EXCEPTIONS), boundary=Boundary.WATCH)
    result = migrate_source(Source(path=target.path, text=text, raw=text.encode()), target, settings)
    assert result.error is None
    body = result.after.decode().partition("def ler(")[2].partition("return {}")[0]
    return "watched" if "expect_only(" in body else "narrowed" if "except (" in body else "left"


@pytest.mark.parametrize("text", INSIDE.values(), ids=INSIDE)
def test_what_a_broad_handler_takes_inside_the_loop_is_narrowed(tmp_path: Path, text: str) -> None:
    """Kind: on every way out of it a broad handler takes what passes it, and the loop goes on; or there is no loop on any."""
    assert _watches(tmp_path, text) == "narrowed"


@pytest.mark.parametrize("text", LAST.values(), ids=LAST)
def test_what_nothing_takes_inside_the_loop_is_watched(tmp_path: Path, text: str) -> None:
    """Kind: what passes it on some way ends the worker, or its outermost loop: it is a boundary, too."""
    assert _watches(tmp_path, text) == "watched"


REMOVED = "with contextlib.suppress(Exception):\n    os.remove('a.tmp')\n"
SUPPRESSED = {
    "last": ("while True:\n" + textwrap.indent(REMOVED, "    "), False),
    "no loop": (REMOVED, True),
    "inside": (
        "while True:\n    try:\n"
        + textwrap.indent(REMOVED, "        ")
        + "    except Exception as e:\n        print('Erro:', e)\n",
        True,
    ),
}


@pytest.mark.parametrize(("body", "is_narrowed"), SUPPRESSED.values(), ids=SUPPRESSED)
def test_suppress_that_is_the_last_one_is_left(tmp_path: Path, body: str, is_narrowed: bool) -> None:
    """Kind: what cannot be watched, and nothing else would take, stays broad."""
    text = "import contextlib, os\n" + body
    target = Target(tmp_path / "genesis_a.py", "genesis", pattern="*")
    settings = Settings(select=(LOGGER_SETUP, SPECIFIC_EXCEPTIONS), boundary=Boundary.WATCH)

    result = migrate_source(Source(path=target.path, text=text, raw=text.encode()), target, settings)

    assert (b"suppress(OSError)" in result.after) is is_narrowed
