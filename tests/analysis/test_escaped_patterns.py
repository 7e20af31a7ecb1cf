"""A pattern that is written but for what ``re.escape`` gives is one, whatever was escaped; so is a parameter of SQL a text."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from workerlog_migrate.analysis.escaped import is_escaped
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()


def module_of(text: str) -> Module:
    return Module(Source(Path("worker.py"), text, text.encode()))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"rf'^\s*{re.escape(x)}\s*'", True),
        (r"re.escape(x)", True),
        (r"'^' + re.escape(x) + r'\b'", True),
        (r"r'\b(' + '|'.join(map(re.escape, xs)) + r')\b'", True),
        (r"r'\b(?:' + '|'.join(re.escape(x) for x in xs) + ')'", True),
        ("safe", True),
        (r"rf'{re.escape(x)}+'", False),  # nothing to repeat, if it is empty
        (r"rf'[{re.escape(x)}]'", False),  # brackets
        (r"rf'(?P<{re.escape(x)}>a)'", False),
        (r"rf'(?<={re.escape(x)}|a)b'", False),
        (r"'\\' + re.escape(x)", False),
        (r"rf'(a)\1{re.escape(x)}'", False),  # 2 makes it group 12
        (r"rf'^{x}$'", False),
        (r"rf'({re.escape(x)}'", False),
        (r"'|'.join(xs)", False),
        ("twice", False),
        ("unsafe", False),
    ],
)
def test_what_is_escaped_makes_no_pattern_bad(pattern: str, *, expected: bool) -> None:
    """Plain characters fit everywhere but in brackets, braces and behind a backslash; a repetition needs something to repeat."""
    text = (
        "import re\nsafe = re.escape(name)\ntwice = re.escape(a)\ntwice = b\nunsafe = name\ndef f(x, xs):\n"
        f"    re.compile({pattern})\n"
    )
    module = module_of(text)
    (call,) = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    ]

    assert is_escaped(call.args[0], module) is expected


def names(line: str) -> set[str]:
    text = f"import json, re, sqlite3\ndef f(x: str, n: int, c: sqlite3.Connection, data):\n    try: {line}\n    except Exception: pass\n"
    module = module_of(text)
    engine = Types(module, KNOWLEDGE, Settings()).engine
    statement = module.tries[0]
    return set(infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement))).names)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (r"re.search(rf'^{re.escape(x)}\s', x)", set()),
        (r"re.search(rf'^{x}\s', x)", {"re.error"}),
        (r"re.search(rf'[{re.escape(x)}]', x)", {"re.error"}),
        ("c.execute('select a from t where k = ?', (x,))", {"sqlite3.Error", "UnicodeError"}),
        ("c.execute('select a from t where k = ?', (n,))", {"sqlite3.Error", "OverflowError"}),
        (
            "c.execute('select a from t where k = ?', (x, n))",
            {"sqlite3.Error", "OverflowError", "UnicodeError"},
        ),
        (
            "c.execute('select a from t where k = ?', data)",
            {"sqlite3.Error", "OverflowError", "UnicodeError"},
        ),
        (
            "c.execute('select a from t where k = ?', (data,))",
            {"sqlite3.Error", "OverflowError", "UnicodeError"},
        ),
        ("c.execute('select a from t where k = :n', {'n': n})", {"sqlite3.Error", "OverflowError"}),
    ],
)
def test_a_list_names_what_can_arrive(line: str, found: set[str]) -> None:
    """A parameter that is a text is no number that may be too large; the nearest case is the number."""
    assert names(line) == found
