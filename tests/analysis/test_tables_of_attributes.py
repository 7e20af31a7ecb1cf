"""Whose names are changed through ``x.__dict__``, ``vars(x)``, ``globals()`` and program texts: only what is stored through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.analysis.test_reach import judge

if TYPE_CHECKING:
    from pathlib import Path

WORKER = """import json
LIMIT = 3
def work():
    try:
        return json.loads("[]"), LIMIT + 1
    except Exception:
        print("no")
"""
LOADER = """import importlib
import json
import other_library

def load(name):
    return importlib.import_module(name)

def fields(thing, key):
    {uses}

import worker
worker.work()
fields(load(input()), "a")
"""


@pytest.mark.parametrize(
    ("uses", "twin"),
    [
        (
            "table = thing.__dict__\n    return key in table and table[key]",
            "table = thing.__dict__\n    table[key] = 5",
        ),
        ("table = vars(thing)\n    return table.get(key)", "table = vars(thing)\n    table.pop(key)"),
        (
            "table = vars(thing)\n    return [each for each in table]",
            "table = vars(thing)\n    del table[key]",
        ),
        (
            "table = vars(thing)\n    return json.dumps(table)",
            "table = vars(thing)\n    other_library.fill(table)",
        ),
        ("return dict(a=1, **vars(thing))", "return vars(thing).setdefault(key, 5)"),
        ("return {'a': 1, **thing.__dict__}", "thing.__dict__ |= {key: 5}"),
        (
            "table = thing.__dict__ or {}\n    return len(table)",
            "table = thing.__dict__ or {}\n    table |= {key: 5}",
        ),
    ],
)
def test_a_table_of_something_unknown_that_is_only_read_sets_no_name(
    tmp_path: Path, uses: str, twin: str
) -> None:
    """The object may be any module of the program; who stores something in its table sets the names of each."""
    assert judge(tmp_path / "a", WORKER, loader=LOADER.format(uses=uses)) == ({"ValueError"}, True)
    assert not judge(tmp_path / "b", WORKER, loader=LOADER.format(uses=twin))[1]


@pytest.mark.parametrize(
    ("changes", "twin"),
    [
        ("exec('LIMIT = None', worker.__dict__)", "exec('OTHER = None', worker.__dict__)"),
        ("exec('def LIMIT(): pass', vars(worker))", "exec('def other(): LIMIT', vars(worker))"),
        ("exec('import os as LIMIT', vars(worker))", "exec('import os.path as other', vars(worker))"),
        ("exec(input(), vars(worker))", "exec('LIMIT', vars(worker))"),
    ],
)
def test_a_program_text_sets_the_names_of_the_table_that_it_runs_in(
    tmp_path: Path, changes: str, twin: str
) -> None:
    """Which these are stands in a text that is written there."""
    assert not judge(tmp_path / "a", WORKER, other=f"import worker\n{changes}\nworker.work()\n")[1]
    assert judge(tmp_path / "b", WORKER, other=f"import worker\n{twin}\nworker.work()\n") == (
        {"ValueError"},
        True,
    )


def test_a_program_text_sets_the_names_of_its_own_file(tmp_path: Path) -> None:
    """With ``globals()`` as where it runs."""
    run = "exec('LIMIT = None', globals())\nwork()\n"

    assert not judge(tmp_path / "a", WORKER + run)[1]
    assert judge(tmp_path / "b", WORKER + run.replace("LIMIT", "OTHER")) == ({"ValueError"}, True)
