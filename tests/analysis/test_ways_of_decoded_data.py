"""Decoded data stays data of an open shape on every way that it takes; what the program wrote stays what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()
ITEMS = {  # what is in a list
    "chain": "next(itertools.chain([1.5], {items}))",
    "cycle": "next(itertools.cycle({items}))",
    "dropped": "next(itertools.dropwhile(bool, {items}))",
    "taken": "next(itertools.takewhile(bool, {items}))",
    "false ones": "next(itertools.filterfalse(bool, {items}))",
    "chosen": "next(itertools.compress({items}, [1]))",
    "repeated": "next(itertools.repeat({items}[0]))",
    "grouped": "[next(group) for key, group in itertools.groupby({items})][0]",
    "filter": "list(filter(None, {items}))[0]",
    "largest": "heapq.nlargest(1, {items})[0]",
    "merged": "next(heapq.merge([1.5], {items}))",
    "reduced": "functools.reduce(lambda first, second: second, {items})",
    "starred": "(lambda first, *rest: rest[0])(*{items})",
    "awaited": "asyncio.run(first_of({items}))",
    "in order": "collections.OrderedDict({{'wait': {items}[0]}})['wait']",
    "read only": "types.MappingProxyType(dict(wait={items}[0]))['wait']",
    "case": "case_of({items})",
    "case of a mapping": "case_of({{'wait': {items}[0]}})",
}
HEAD = """
import asyncio, collections, functools, heapq, itertools, json, time, types, typing

class Limits(typing.TypedDict):
    wait: float

def decoded():
    with open("config.json") as file:
        return json.load(file)

async def given(x):
    return x

async def steady():
    return 1.5

async def first_of(items):
    task = asyncio.create_task(given(items[0]))
    first, second = await asyncio.gather(task, given(1.5))
    return first

def case_of(thing):
    match thing:
        case [first, *rest]:
            return first
        case {"wait": wait}:
            return wait
    return 2.5

async def group():
    [first] = await asyncio.gather(steady())
    return first

async def loose():
    [first] = await asyncio.gather(steady(), return_exceptions=True)
    return first

def limit(limits: Limits):
    return limits["wait"]
"""


def names(made: str, before: str = "pass", body: str = "time.sleep(wait)") -> set[str]:
    """Say what waiting as an expression says lists; ``broad`` stands for what is not known."""
    text = (
        f"{HEAD}\ndef main():\n    {before}\n    wait = {made}\n    try:\n        open('a').close()\n        {body}\n"
        "    except Exception:\n        pass\n\nmain()\n"
    )
    module = Module(Source(path=Path("worker.py"), text=text, raw=text.encode()))
    engine = Types(module, KNOWLEDGE, Settings()).engine
    statement = module.tries[-1]
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names) | (set() if found.is_complete else {"broad"})


@pytest.mark.parametrize("way", ITEMS.values(), ids=ITEMS)
def test_decoded_items_stay_decoded_on_their_way(way: str) -> None:
    """What a function of the standard library hands on is what was in the data, and no plain number; numbers stay numbers."""
    assert {"OSError", "TypeError"} <= names(way.format(items="decoded()"))
    assert names(way.format(items="[1.5, 2.5]")) <= {"OSError", "OverflowError", "ValueError"}


def test_a_typed_dictionary_holds_what_was_decoded() -> None:
    """Nobody checks a ``TypedDict``: what is decoded where one is declared is of an open shape; one that is written is not."""
    assert "TypeError" in names("limit(decoded())")
    assert names("limit({'wait': 1.5})") == {"OSError", "OverflowError"}


def test_a_class_in_a_pattern_says_what_it_lets_through() -> None:
    """``case float() as x`` binds a number even of decoded data; a bare name binds whatever came."""
    for pattern, is_data in (
        ("float() as wait", False),
        ("float(wait)", False),
        ("int() | float() as wait", False),
        ("wait", True),
    ):
        found = names(
            "wait",
            f"match decoded():\n        case {pattern}:\n            pass\n        case _:\n            return",
        )
        assert ("TypeError" in found) is is_data, pattern


def test_results_of_a_group_may_be_exceptions_when_they_are_asked_for() -> None:
    """``gather(return_exceptions=True)`` gives results or exceptions: nobody knows what has a method; without it they are results."""
    assert "broad" not in names("asyncio.run(group())", body="wait + 1")
    assert "broad" in names("asyncio.run(loose())", body="wait + 1")
