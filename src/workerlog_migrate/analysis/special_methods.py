"""Special methods of classes of the program, called by what the language does with their instances."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge, Frame
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.values import (
    ANY,
    Type,
    Value,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.program import ClassInfo
    from workerlog_migrate.analysis.proofs import Proofs
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.world import World


class SpecialMethods:
    """Calls special methods.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        flat: FlowInsensitive,
        shapes: Shapes,
        proofs: Proofs,
    ) -> None:
        self._above = above
        self._effects = effects
        self._families = families
        self._flat = flat
        self._shapes = shapes
        self._proofs = proofs
        self._knowledge = world.knowledge

    def tested(self, node: ast.expr, frame: Frame) -> Value:
        """Return what an expression gives whose truth is asked."""
        value = self._above.expressions.value(node, frame)
        self.special(value, _TRUTH, node, frame)
        return value

    def special(self, value: Value, names: tuple[str, ...], node: ast.expr, frame: Frame) -> None:
        """Call the first of some special methods that the class of each instance defines, as ``str(x)`` does.

        Args:
            value: the value.
            names: the methods, in the order in which Python looks for them; ``__iter__`` stands for the whole loop.
            node: the expression whose value it is.
            frame: where it stands.
        """
        if not frame.sink.is_heard:
            return
        for entry in values.in_order(value):
            if entry.kind is not values.INSTANCE or entry.class_or_none is None:
                self._special_of_row(entry, names, node, frame)
                continue
            if names[0] == "__iter__":
                self.iterate_instance(entry, node, frame)
                continue
            found = (
                name
                for name in names
                if isinstance(self._families.method(entry.class_info, name), FunctionInfo)
            )
            name = next(found, None)
            if name is not None:
                self.dunder(entry, name, node, frame)
            elif names[0] in _WITHOUT_DEFAULT and self._shapes.lacks(entry.class_info, names):
                self._effects.operation("op:kinds", node, frame)

    def _special_of_row(self, entry: Type, names: tuple[str, ...], node: ast.expr, frame: Frame) -> None:
        """Apply what the row of a type says of the first special method of some that it speaks of."""
        for name in names:
            operation = _PROTOCOLS_OF.get(name)
            if operation is not None and self._knowledge.protocol(entry.name, operation) is not None:
                self._effects.protocol(entry.name, operation, node, frame)
                return

    def is_asked_for_items(self, value: Value) -> bool:
        """Whether a method of the program gives or keeps the items of a value: what was put there need not be what is there."""
        return any(
            isinstance(self._families.method(entry.class_info, word), FunctionInfo)
            for entry in value
            if entry.kind is values.INSTANCE
            for word in ("__getitem__", "__setitem__")
        )

    def dunder(self, entry: Type, name: str, node: ast.expr, frame: Frame) -> Value:
        """Call a special method of an instance of a class of the program."""
        method = self._families.method(entry.class_info, name)
        if isinstance(method, FunctionInfo):
            frame.sink.add(CallEdge(method, node, frame.unit))
            made = self._flat.returns(method)
            if name in _TEXTS and method.facts.returns and any(each.name != "str" for each in made):
                self._effects.operation("op:no-text", node, frame)
            if name in _GIVES and not {each.name for each in made if values.is_builtin(each)} <= _GIVES[name]:
                self._effects.operation("op:kinds", node, frame)
            return made
        others = _INSTEAD.get(name, ())
        if name in _WITHOUT_DEFAULT and self._shapes.lacks(entry.class_info, (name, *others)):
            self._effects.operation("op:kinds", node, frame)
        elif name in _OF_ITEMS:
            self._inherited(entry.class_info, name, node, frame)
        return ANY

    def _inherited(self, info: ClassInfo, name: str, node: ast.expr, frame: Frame) -> None:
        """Apply what the row of a base says of reading, storing or deleting an item: ``class Rates(dict)``, and ``self[key]``."""
        if not isinstance(node, ast.Subscript) or not frame.sink.is_heard:
            return
        if isinstance(node.slice, ast.Slice) or self._proofs.has_key(node, frame):
            return
        if name == "__getitem__" and isinstance(self._families.method(info, "__missing__"), FunctionInfo):
            return  # which is called instead
        operation = name.strip("_")
        for base in self._families.family(info):
            if isinstance(base, str) and self._knowledge.protocol(base, operation) is not None:
                if base == "collections.defaultdict" and name == "__getitem__":
                    self._effects.operation(
                        "op:subscript-key", node, frame
                    )  # with which factory, nobody sees
                self._effects.protocol(base, operation, node, frame)
                return
        rule = "op:subscript-store" if name == "__setitem__" else "op:subscript-unknown"
        self._effects.unresolved(rule, node, node.value, frame)

    def lacks_loop(self, entry: Type, is_async: bool) -> bool:
        """Whether the class of an instance has nothing for a loop, of those that wait for each item or of the others."""
        return self._shapes.lacks(entry.class_info, _ITERATING[2:4] if is_async else _AT_ONCE)

    def iterate_instance(self, entry: Type, node: ast.expr, frame: Frame) -> None:
        """Call what a loop over an instance of a class of the program calls."""
        if self._shapes.lacks(entry.class_info, _ITERATING):
            self._effects.operation("op:kinds", node, frame)
        for name in ("__iter__", "__next__", "__aiter__", "__anext__", "__getitem__"):
            if isinstance(self._families.method(entry.class_info, name), FunctionInfo):
                self.dunder(entry, name, node, frame)


_PROTOCOLS_OF = {"__bool__": "bool", "__iter__": "iter", "__len__": "len", "__next__": "iter"}
_ITERATING = ("__iter__", "__next__", "__aiter__", "__anext__", "__getitem__")
# What an object does not do unless its class has a method for it, and what Python asks instead.
_WITHOUT_DEFAULT = frozenset(
    "__len__ __next__ __reversed__ __abs__ __int__ __float__ __neg__ __pos__ __invert__ __contains__ __getitem__ __setitem__"  # noqa: SIM905  # a list of words
    " __delitem__ __index__".split()
)
_OF_ITEMS = frozenset({"__getitem__", "__setitem__", "__delitem__"})
_INSTEAD = {
    "__contains__": ("__iter__", "__getitem__"),
    "__reversed__": ("__len__", "__getitem__"),
    "__int__": ("__index__", "__trunc__"),
    "__float__": ("__index__",),
    "__getitem__": ("__class_getitem__",),
}
_AT_ONCE = ("__iter__", "__getitem__")
# Of the builtin kinds those that Python takes from a special method; for a loop none of them is what goes on.
_GIVES = {
    **dict.fromkeys(("__len__", "__index__", "__int__", "__hash__"), frozenset({"int", "bool"})),
    "__bool__": frozenset({"bool"}),
    "__float__": frozenset({"float"}),
    "__bytes__": frozenset({"bytes"}),
    "__iter__": frozenset(),
}
_TEXTS = frozenset({"__str__", "__repr__", "__format__"})
_TRUTH = ("__bool__", "__len__")
