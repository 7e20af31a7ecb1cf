"""Whether a container may change its size in another thread while a loop goes through it.

Input: what is looped over, and where. Output: yes or no. It says yes where the file starts threads and another function than the loop's
puts something into the same module-level container, or attribute of ``self``, or takes something out: nobody holds a lock over a loop that is seen.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module

SIZED = frozenset(
    {
        "dict",
        "set",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.deque",
    }
)
"""Types whose iterators notice that the size has changed."""

VIEWS = frozenset({"items", "keys", "values"})
"""Methods of a dictionary whose result is the dictionary itself, looked at."""
_STARTS = ("Thread", "Timer", "run_in_executor", "start_new_thread", "submit", "to_thread")
CHANGES = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "setdefault",
        "update",
    }
)
"""Methods that change the size of a container."""


def container(node: ast.expr) -> ast.expr:
    """Give the container behind ``d``, ``d.items()``, ``d.keys()`` or ``d.values()``."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=attr), args=[], keywords=[]) if attr in VIEWS:
            return inner
    return node


class Meanwhile:
    """Answers for the files of one program; each is read once."""

    def __init__(self) -> None:
        self._writers: dict[Module, dict[str, set[ast.AST | None]]] = {}

    def changes(self, node: ast.expr, frame: Frame) -> bool:
        """Say whether another function of a file with threads changes the size of what a loop goes through.

        Args:
            node: the container, as `container` gives it.
            frame: where the loop stands.
        """
        module = frame.unit.module
        name = _name(node)
        if not name or not any(module.calls_of(start) for start in _STARTS):
            return False
        if isinstance(node, ast.Name):
            found = module.lookup(node.id, module.scope(node))
            if found is None or found[0] is not module.scope_of_module:
                return False
        writers = self._writers.get(module)
        if writers is None:
            writers = self._writers[module] = _read(module)
        return bool(writers.get(name, set()) - {module.function(node), None})


def _read(module: Module) -> dict[str, set[ast.AST | None]]:
    """Say which functions change the size of what; the making of an object is over before anybody loops over it."""
    found: dict[str, set[ast.AST | None]] = {}
    for node in nodes(module.tree):
        match node:
            case ast.Subscript(value=base, ctx=ast.Store() | ast.Del()):
                pass
            case ast.Call(func=ast.Attribute(value=base, attr=attr)) if attr in CHANGES:
                pass
            case _:
                continue
        name, function = _name(base), module.function(node)
        if name and getattr(function, "name", "") != "__init__":
            found.setdefault(name, set()).add(function)
    return found


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=attr):  # of whatever object: what a thread has of it may have another name
            return f".{attr}"
    return ""
