"""A function that ``contextmanager`` decorates has to yield exactly once, on each way."""

from __future__ import annotations

import ast
import textwrap

import pytest

from workerlog_migrate.syntax.yields import yields_once


@pytest.mark.parametrize(
    ("body", "is_once"),
    [
        ("yield 1", True),
        ("with open('a') as f:\n    yield f", True),
        ("a = open('a')\ntry:\n    yield a\nfinally:\n    a.close()", True),
        ("if a:\n    yield 1\nelse:\n    yield 2", True),
        ("if a:\n    yield 1\n    return\nyield 2", True),
        ("if not a:\n    raise ValueError\nyield 1", True),
        ("try:\n    yield\nexcept OSError:\n    pass", True),
        ("try:\n    yield open('a')\nexcept OSError:\n    raise ValueError", True),
        ("match a:\n    case 1:\n        raise ValueError\nyield 1", True),
        ("for b in a:\n    b.open()\nyield a", True),
        ("x = lambda: (yield)\nyield x", True),
        ("if a:\n    yield 1", False),
        ("if a:\n    return\nyield 1", False),
        ("for b in a:\n    yield b", False),
        ("for b in a:\n    if b: return\nyield 1", False),
        ("while True:\n    yield 1", False),
        ("try:\n    yield open('a')\nexcept OSError:\n    pass", False),
        ("try:\n    yield\nexcept OSError:\n    yield", False),
        ("yield 1\nyield 2", False),
        ("match a:\n    case 1:\n        yield 1", False),
    ],
)
def test_each_way_yields_once(body: str, *, is_once: bool) -> None:
    """An ``else``, a ``return`` and a handler that ends an error make ways of their own."""
    (function,) = ast.parse(f"def f(a):\n{textwrap.indent(body, '    ')}").body
    assert isinstance(function, ast.FunctionDef)

    assert yields_once(function) is is_once
