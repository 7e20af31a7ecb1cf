"""Whether a file or a client may be closed already where one of its methods is called.

Input: the receiver of the call, and where it stands. Output: yes or no. It says no where the receiver is made right there, or is a name of
the same function for what was made there, and nothing has closed it so far; of an attribute, a parameter, a name of the module, an item
of one, and of a name of the function that is a second name of these (``log = self.log``), it says yes where a file of the program calls
``close`` of something of that name, or of something that may be it. The terminal's streams are anybody's.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.taken import attributes_by_text
from workerlog_migrate.syntax.bound_to import bound_to
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
_GIVING = frozenset({"get", "get_nowait", "items", "pop", "popitem", "popleft", "setdefault", "values"})
_PASSING = frozenset(
    {"closing", "enumerate", "iter", "list", "next", "reversed", "set", "sorted", "tuple", "zip"}
)
_FOLLOWED = 32  # expressions that a name may stand for


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
        names, shared = _stands_for(node, module)
        if names and not _is_held(node, module) and _closed_before(node, names, module):
            return True
        return any(self._is_closed_somewhere(each, node, frame) for each in shared)

    def _is_closed_somewhere(self, shared: ast.expr, node: ast.expr, frame: Frame) -> bool:
        kinds = values.names(self._flat.value(node, frame.unit))
        is_at_top = _is_bound_here(shared, frame.unit.module)
        for closed, unit in self._closings(frame.unit):
            if is_at_top and unit is frame.unit and unit.module.function(closed) is None:
                continue  # in the order of the lines
            if last_name(closed) == last_name(shared) != "":
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
    by_text = (each for each in attributes_by_text(module) if each.attr == word)
    for place in (*module.attributes_of(word), *by_text):
        parent = module.parents.get(place)
        is_at_end = (
            isinstance(parent, ast.Call) and parent.func is not place and last_name(parent.func) in _AT_END
        )
        if isinstance(place.ctx, ast.Load) and not is_at_end:
            yield place


def _is_held(node: ast.expr, module: Module) -> bool:
    """Whether a name is bound by a ``with`` that is still open at a node."""
    return isinstance(node, ast.Name) and any(
        binding.kind == "with" and _holds(binding.node, node, module) for binding in module.bindings(node)
    )


def _holds(target: ast.AST, node: ast.expr, module: Module) -> bool:
    """Whether the ``with`` that binds a name is still open at a node."""
    block = next((above for above in module.ancestors(target) if isinstance(above, _WITH)), None)
    return block is not None and block in module.ancestors(node)


def _closed_before(node: ast.expr, names: frozenset[str], module: Module) -> bool:
    """Whether a function closes one of its own names before a node, or in the round before."""
    function = module.function(node)
    at = (node.lineno, node.col_offset)
    for word in _CLOSES:
        for place in _closing(word, module):
            if module.function(place) is not function or names.isdisjoint(
                _stands_for(place.value, module)[0]
            ):
                continue
            loops = {above for above in module.ancestors(place) if isinstance(above, _LOOPS)}
            if (place.lineno, place.col_offset) < at or loops.intersection(module.ancestors(node)):
                return True
    return False


def _is_local(node: ast.expr, module: Module) -> bool:
    """Whether something is a name that is bound in the function where it stands, for what was made there."""
    return isinstance(node, ast.Name) and not _stands_for(node, module)[1]


def _stands_for(node: ast.expr, module: Module) -> tuple[frozenset[str], list[ast.expr]]:
    """Say which names of its own function an expression stands for, and what beyond it: attributes, parameters, names of others."""
    names: set[str] = set()
    shared: list[ast.expr] = []
    work, seen = [node], {node}
    for each in work:  # grows as it is gone through
        found: list[ast.expr] = []
        match each:
            case ast.Attribute() | ast.Call(func=ast.Name(id="getattr")):
                shared.append(each)
            case ast.Subscript(value=holder):
                found.append(holder)
            case ast.Call(func=ast.Attribute(value=holder, attr=name)) if name in _GIVING:
                found.append(holder)
            case ast.Call(func=ast.Name(id=name), args=given) if name in _PASSING:
                found += given
            case ast.Name(id=name):
                bindings = module.bindings(each)
                if bindings and (module.function(each) is None or not _is_bound_here(each, module)):
                    shared.append(each)
                if name not in module.scope(each).bindings:
                    continue
                names.add(name)
                found += [made for binding in bindings for made in bound_to(binding.node, module.parents)]
        work += [made for made in found[:_FOLLOWED] if made not in seen and len(work) < _FOLLOWED]
        seen.update(work)
    return frozenset(names), shared


def _is_bound_here(node: ast.expr, module: Module) -> bool:
    """Whether the function in which a name stands binds it itself, and not as a parameter."""
    if not isinstance(node, ast.Name):
        return False
    found = module.lookup(node.id, module.scope(node))
    return (
        found is not None
        and found[0] is module.scope(node)
        and all(binding.kind not in ("parameter", "import") for binding in found[1])
    )
