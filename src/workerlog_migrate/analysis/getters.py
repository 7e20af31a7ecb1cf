"""Functions that a program makes of keys and names: ``itemgetter("a")``, ``attrgetter("n")``, ``methodcaller("strip")``.

Input: the call that makes one, and what it is called with. Output: the expression that it stands for: ``x["a"]``, ``x.n``,
``x.strip()``.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

ITEM, ATTRIBUTE, METHOD = "operator.itemgetter", "operator.attrgetter", "operator.methodcaller"
GETTERS = frozenset({ITEM, ATTRIBUTE, METHOD})


class Getter(NamedTuple):
    """What ``operator.itemgetter`` and its like give.

    Attributes:
        name: of the function that made it.
        made: the call.
    """

    name: str
    made: ast.Call

    def of(self, given: ast.expr, at: ast.expr) -> ast.expr:
        """Return the expression that a call stands for.

        Args:
            given: what it is called with.
            at: the call, whose place the expression takes.
        """
        parts = self.made.args
        if self.name == METHOD:
            method = _attribute(given, parts[0])
            made: ast.expr = ast.Call(method, list(parts[1:]), list(self.made.keywords))
        else:
            one = _attribute if self.name == ATTRIBUTE else _item
            read = [one(given, part) for part in parts]
            made = read[0] if len(read) == 1 else ast.Tuple(read, ast.Load())
        for node in ast.walk(made):
            if isinstance(node, ast.expr) and not hasattr(node, "lineno"):
                ast.copy_location(node, at)
        return made


def getter(name: str, call: ast.AST) -> Getter | None:
    """Return what a call makes of keys or names that are all written; None where one is not."""
    if not isinstance(call, ast.Call) or not call.args or (call.keywords and name != METHOD):
        return None
    texts = call.args[:1] if name == METHOD else call.args if name == ATTRIBUTE else []
    written = [*call.args, *(word.value for word in call.keywords)]
    is_written = all(isinstance(part, ast.Constant) for part in written) and all(
        isinstance(part, ast.Constant) and isinstance(part.value, str) for part in texts
    )
    is_named = all(word.arg is not None for word in call.keywords)
    return Getter(name, call) if is_written and is_named else None


def _item(given: ast.expr, key: ast.expr) -> ast.expr:
    return ast.Subscript(given, key, ast.Load())


def _attribute(given: ast.expr, names: ast.expr) -> ast.expr:
    assert isinstance(names, ast.Constant)
    for name in str(names.value).split("."):
        given = ast.Attribute(given, name, ast.Load())
    return given
