"""Which broad handler is the last one between an error and the end of the worker?"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from workerlog_migrate.analysis.boundary import keeps_loop_alive
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.model import Source

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
