"""Whether a file or a client may be closed already where one of its methods is called.

Input: the receiver of the call, and where it stands. Output: yes or no. It says no where the receiver is made right there, or is a name of
the same function that nothing has closed so far; of an attribute, a parameter, a name of the module it says yes where a file of
the program calls ``close`` of something of that name, or of something that may be it. The terminal's streams are anybody's.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import Unit

_STREAMS = frozenset(f"sys.{name}" for name in ("stdin", "stdout", "stderr"))
_CLOSES = ("close", "aclose", "shutdown")
_AT_END = frozenset({"register", "callback", "finalize"})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_WITH = (ast.With, ast.AsyncWith)


class Closed:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, places: Places, flat: FlowInsensitive) -> None:
        self._places = places
        self._flat = flat
        self._closed: dict[Unit, list[tuple[ast.expr, Unit]]] = {}

    def may_be(self, node: ast.expr | None, frame: Frame) -> bool:
        """Say whether something may be closed already.

        Args:
            node: the receiver of a method; None where it is called under another name.
            frame: where the method is called.
        """
        if node is None:
            return any(not _is_local(closed, unit.module) for closed, unit in self._closings(frame.unit))
        module = frame.unit.module
        if module.qualified(node) in _STREAMS:
            return True
        if isinstance(node, ast.Name):
            found = module.lookup(node.id, module.scope(node))
            if found is None:
                return False
            scope, bindings = found
            if any(_holds(binding.node, node, module) for binding in bindings if binding.kind == "with"):
                return False
            if scope is module.scope(node) and all(binding.kind != "parameter" for binding in bindings):
                return _closed_before(node, module)
        elif not isinstance(node, ast.Attribute):
            return False
        return self._is_closed_somewhere(node, frame)

    def _is_closed_somewhere(self, node: ast.Name | ast.Attribute, frame: Frame) -> bool:
        kinds = values.names(self._flat.value(node, frame.unit))
        for closed, unit in self._closings(frame.unit):
            if last_name(closed) == last_name(node):
                return True
            value = self._flat.value(closed, unit)
            if kinds & values.names(value) and not _is_local(closed, unit.module):
                return True
        return False

    def _closings(self, unit: Unit) -> list[tuple[ast.expr, Unit]]:
        """Return what the files of a program close, and where."""
        known = self._closed.get(unit)
        if known is None:
            known = self._closed[unit] = [
                (place.value, other)
                for word in _CLOSES
                for other in self._places.units(unit, word)
                for place in _closing(word, other.module)
            ]
        return known


def _closing(word: str, module: Module) -> Iterator[ast.Attribute]:
    """Yield where a file calls what closes, or takes it to be called later: not only when the program or a ``with`` ends."""
    for place in module.attributes_of(word):
        parent = module.parents.get(place)
        is_at_end = (
            isinstance(parent, ast.Call) and parent.func is not place and last_name(parent.func) in _AT_END
        )
        if isinstance(place.ctx, ast.Load) and not is_at_end:
            yield place


def _holds(target: ast.AST, node: ast.expr, module: Module) -> bool:
    """Whether the ``with`` that binds a name is still open at a node."""
    block = next((above for above in module.ancestors(target) if isinstance(above, _WITH)), None)
    return block is not None and block in module.ancestors(node)


def _closed_before(node: ast.Name, module: Module) -> bool:
    """Whether a function closes one of its own names before a node, or in the round before."""
    function = module.function(node)
    for word in _CLOSES:
        for place in _closing(word, module):
            if last_name(place.value) == node.id and module.function(place) is function:
                loops = {above for above in module.ancestors(place) if isinstance(above, _LOOPS)}
                at = (node.lineno, node.col_offset)
                if (place.lineno, place.col_offset) < at or loops.intersection(module.ancestors(node)):
                    return True
    return False


def _is_local(node: ast.expr, module: Module) -> bool:
    """Whether a name is bound in the function that it stands in, and no parameter."""
    if not isinstance(node, ast.Name):
        return False
    found = module.lookup(node.id, module.scope(node))
    return (
        found is not None
        and found[0] is module.scope(node)
        and found[0] is not module.scope_of_module
        and all(binding.kind != "parameter" for binding in found[1])
    )
