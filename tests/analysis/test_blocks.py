"""Where a block of statements leads (``syntax/blocks``)."""

from __future__ import annotations

import ast
import textwrap

from workerlog_migrate.syntax.blocks import End, always_leaves, always_raises, end_of, leaves_loop

FIRST = 2  # the line of the loop around a block


def _block(text: str) -> list[ast.stmt]:
    """Return the body of a loop in a function."""
    tree = ast.parse(f"def f(a):\n    while a:\n{textwrap.indent(text, '        ')}")
    (loop,) = (node for node in ast.walk(tree) if isinstance(node, ast.While) and node.lineno == FIRST)
    return loop.body


ENDS = {
    "return 1": End.RETURN,
    "raise ValueError": End.RAISE,
    "a()\nbreak": End.BREAK,
    "continue": End.CONTINUE,
    "sys.exit(1)": End.EXIT,
    "os._exit(1)": End.EXIT,
    "parser.exit()": End.ON,  # a method of an object may do anything
    "self.quit()": End.ON,
    "a()": End.ON,
    "if a:\n    return": End.ON,
}


def test_how_a_block_ends() -> None:
    """Its last statement says so; a method that is called like an exit is none."""
    assert {text: end_of(_block(text)) for text in ENDS} == ENDS
    assert {text for text in ENDS if leaves_loop(_block(text))} == {
        text for text, end in ENDS.items() if end not in (End.ON, End.CONTINUE)
    }


LEAVE = {
    "return 1": True,
    "if a:\n    return 1\nelse:\n    raise ValueError": True,
    "while True:\n    a()": True,
    "with a:\n    return 1": True,
    "try:\n    return 1\nexcept OSError:\n    raise": True,
    "try:\n    a()\nfinally:\n    return 1": True,
    "match a:\n    case 1:\n        return 1\n    case _:\n        return 2": True,
    "with swallowing:\n    return 1": False,
    "if a:\n    return 1": False,
    "if a:\n    return 1\nelse:\n    a()": False,
    "while True:\n    break": False,
    "while a:\n    return 1": False,
    "try:\n    return 1\nexcept OSError:\n    a()": False,
    "match a:\n    case 1:\n        return 1": False,
    "match a:\n    case 1:\n        return 1\n    case _ if a:\n        return 2": False,
    "a()": False,
}


def test_what_cannot_fall_off_its_end() -> None:
    """Each branch leaves, and no ``with`` ends an exception on the way."""

    def swallows(statement: ast.With | ast.AsyncWith) -> bool:
        return "swallowing" in ast.unparse(statement)

    assert {text: always_leaves(_block(text), swallows) for text in LEAVE} == LEAVE


RAISE = {
    "a()\nraise": True,
    "if a:\n    raise\nelse:\n    raise ValueError": True,
    "with a:\n    raise": True,
    "try:\n    a()\nfinally:\n    raise": True,
    "if a:\n    return\nraise": False,
    "if a:\n    raise": False,
    "try:\n    raise\nexcept OSError:\n    a()": False,
    "break": False,
}


def test_what_raises_on_every_way() -> None:
    """A way that leaves otherwise is one on which nothing is raised."""
    assert {text: always_raises(_block(text)) for text in RAISE} == RAISE
