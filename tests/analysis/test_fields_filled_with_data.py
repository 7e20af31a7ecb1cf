"""Decoded data that fills the fields of an object counts beside what the fields are annotated as."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()

CLASSES = {
    "data class": "@dataclass\nclass Config:\n    wait: float = 5.0\n    path: str = 'a'\n",
    "frozen": "@dataclass(frozen=True, slots=True)\nclass Config:\n    wait: float = 5.0\n    path: str = 'a'\n",
    "heir": "@dataclass\nclass Base:\n    wait: float = 5.0\n\n\n@dataclass\nclass Config(Base):\n    path: str = 'a'\n",
    "named tuple": "class Config(NamedTuple):\n    wait: float = 5.0\n    path: str = 'a'\n",
    "constructor": (
        "class Config:\n    def __init__(self, wait: float = 5.0, path: str = 'a') -> None:\n"
        "        self.wait = wait\n        self.path = path\n"
    ),
}
DECODED = {
    "names": "Config(**decoded())",
    "a part": "Config(**decoded()['config'])",
    "chosen": "Config(**{k: v for k, v in decoded().items() if k in ('wait', 'path')})",
    "over others": "Config(**{'wait': 1.5, **decoded()})",
    "united": "Config(**({'wait': 1.5, 'path': 'b'} | decoded()))",
    "positions": "Config(*decoded())",
    "partial": "functools.partial(Config, **decoded())()",
    "each": "[Config(**each) for each in decoded()][0]",
    "mapped": "next(map(lambda each: Config(**each), decoded()))",
}
SET = {
    "by name": "for key, value in decoded().items():\n        setattr(config, key, value)",
    "table": "config.__dict__.update(decoded())",
    "vars": "vars(config).update(**decoded())",
}
WRITTEN = (
    "Config(wait=1.5)",
    "Config(**{'wait': 1.5, 'path': 'b'})",
    "Config(**({'wait': 1.5} | {'path': 'b'}))",
)


def program(config: str, load: str) -> str:
    """Return a program that opens and waits as an object says that ``load`` gives."""
    return f"""
import dataclasses, functools, json, time
from dataclasses import dataclass
from typing import NamedTuple

{config}

def decoded():
    with open("config.json") as file:
        return json.load(file)

def load():
    {load}

def main():
    config = load()
    try:
        time.sleep(config.wait)
        open(config.path).close()
    except Exception:
        print("no")

main()
"""


def names(text: str) -> set[str]:
    """Say what the last ``try`` of a program lists; ``broad`` stands for what is not known."""
    module = Module(Source(path=Path("worker.py"), text=text, raw=text.encode()))
    engine = Types(module, KNOWLEDGE, Settings()).engine
    statement = module.tries[-1]
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names) | (set() if found.is_complete else {"broad"})


def test_decoded_data_that_fills_fields_counts_beside_their_annotations() -> None:
    """A field annotated ``float`` into which JSON is unpacked may be text, None or less than zero, and a path no path."""
    for config, load in product(CLASSES.values(), DECODED.values()):
        found = names(program(config, f"return {load}"))
        assert {"OSError", "TypeError", "ValueError"} <= found, (config, load, found)


def test_decoded_data_that_is_set_by_name_counts_beside_annotations() -> None:
    """``setattr`` and the table of an object's attributes fill fields with whatever was decoded."""
    for config, load in product((CLASSES["data class"], CLASSES["constructor"]), SET.values()):
        found = names(program(config, f"config = Config()\n    {load}\n    return config"))
        assert {"OSError", "TypeError", "ValueError"} <= found, (config, load, found)
    found = names(program(CLASSES["data class"], "return dataclasses.replace(Config(), **decoded())"))
    assert {"OSError", "TypeError", "ValueError"} <= found


def test_fields_that_hold_what_the_program_writes_are_what_it_writes() -> None:
    """The twin: a dictionary that the program spells out fills fields with what stands there."""
    for config, load in product(CLASSES.values(), WRITTEN):
        assert "TypeError" not in names(program(config, f"return {load}")), (config, load)
    for load in (
        "setattr(config, 'wait', 2.5)",
        "config.__dict__.update({'wait': 2.5})",
        "vars(config).update(wait=2.5)",
    ):
        found = names(program(CLASSES["data class"], f"config = Config()\n    {load}\n    return config"))
        assert found == {"OSError"}, (load, found)


def test_a_model_checks_what_fills_its_fields() -> None:
    """The twin of a data class: pydantic's models convert or refuse what does not fit the annotation."""
    model = "from pydantic import BaseModel\nclass Config(BaseModel):\n    wait: float = 5.0\n    path: str = 'a'\n"
    for load in (DECODED["names"], "Config(wait=decoded()['wait'], path=decoded()['path'])"):
        assert "TypeError" not in names(program(model, f"return {load}")), load


def test_a_name_to_which_decoded_data_goes_holds_it_whatever_it_is_annotated_as() -> None:
    """A parameter that is a text by annotation or default holds decoded data where a call passes some; not where none does."""
    for parameter in ("path: str", "path='a'"):
        text = (
            f"import json\ndef main({parameter}):\n    try:\n        open(path).close()\n"
            "    except Exception:\n        pass\nmain({})\n"
        )
        assert names(text.format("json.load(open('a'))['path']")) == {"OSError", "TypeError", "ValueError"}
        assert names(text.format("'b'")) == {"OSError"}


def test_what_two_containers_hold_is_in_their_sum() -> None:
    """``{...} | decoded``, ``(1, 2) + tuple(decoded)`` and ``{1, 2} | set(decoded)`` hold decoded data; not those of what is written."""
    text = (
        "import json, time\ndef main():\n    with open('a') as file:\n        data = json.load(file)\n    held = {}\n"
        "    try:\n        open('b').close()\n        for each in held{}:\n            time.sleep(each)\n    except Exception:\n        pass\nmain()\n"
    )
    for held, items in (
        ("{'a': 1.5} | {<>}", ".values()"),
        ("(1.5, 2) + ({<>},)", ""),
        ("{1, 2} | {x for x in [{<>}]}", ""),
        ("[1.5] + [{<>}]", ""),
    ):
        for inside, is_data in (("data", True), ("2", False)):
            part = inside if "[" in held or "(" in held else f"{{'b': {inside}}}"
            found = names(text.format(held.replace("{<>}", part), items))
            assert ("TypeError" in found) is is_data, (held, inside, found)
