"""What a subscript gives and raises."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.patterns import item, misses
from workerlog_migrate.analysis.program import ClassInfo
from workerlog_migrate.analysis.values import (
    ANY,
    BOTTOM,
    Type,
    Value,
)
from workerlog_migrate.syntax.literals import integer

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.annotations import Annotations
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.factories import Factories
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.proofs import Proofs
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World


_AS_INDEX = ("__index__",)


class Subscripts:
    """Evaluates subscripts.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        elements: Elements,
        annotations: Annotations,
        sources: Sources,
        kinds: Kinds,
        unset: Unset,
        proofs: Proofs,
        special_methods: SpecialMethods,
        factories: Factories,
    ) -> None:
        self._above = above
        self._effects = effects
        self._families = families
        self._elements = elements
        self._annotations = annotations
        self._sources = sources
        self._kinds = kinds
        self._unset = unset
        self._factories = factories
        self._proofs = proofs
        self._special_methods = special_methods
        self._knowledge = world.knowledge

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Value:
        env = frame.env
        if env is not None:
            path = frame.unit.path(node)
            if path is not None and path in env:
                held = self._above.expressions.value(node.value, frame.quiet())
                if not self._special_methods.is_asked_for_items(held):
                    return env[path]
        base = self._above.expressions.value(node.value, frame)
        if frame.sink.is_heard and not isinstance(node.slice, ast.Constant):
            self._above.expressions.value(node.slice, frame)
        if frame.sink.is_heard and len(base) > 0:
            key = self._above.expressions.value(node.slice, frame.quiet())
            bounds = self._bounds(node.slice, frame)
            self._kinds.sliced(bounds, node, frame)
            for entry in values.in_order(base):
                self._kinds.subscripted(entry, key, node, frame)
                if self._knowledge.is_kind(entry.name, "sequence"):
                    self._special_methods.special(
                        frozenset(each for each in key if each.kind is values.INSTANCE),
                        _AS_INDEX,
                        node.slice,
                        frame,
                    )
                if not self._proofs.has_key(node, frame):
                    self._kinds.keyed_by_data(entry, bounds or key, node, frame)
        found = (
            values.join(self._item_of(entry, node, frame) for entry in values.in_order(base))
            or self._elements.nothing
        )
        return found if env is None else self._unset.told(found, node, frame)

    def _bounds(self, key: ast.expr, frame: Frame) -> Value:
        """Return what the bounds of a slice can be; nothing of another key."""
        parts = (key.lower, key.upper, key.step) if isinstance(key, ast.Slice) else ()
        quiet = frame.quiet()
        return values.join(self._above.expressions.value(part, quiet) for part in parts if part is not None)

    def _item_of(self, entry: Type, node: ast.Subscript, frame: Frame) -> Value:
        index = node.slice
        if entry.kind is values.DOTTED and not self._is_generic(entry.dotted):
            self._effects.unresolved("op:subscript-unknown", node, node.value, frame)  # data of a module
            return ANY
        if entry.kind in (values.CLASS, values.DOTTED, values.FUNCTION, values.CALLABLE):
            if entry.class_or_none is not None and self._elements.is_enumeration(entry.class_info):
                return self._member(entry.class_info, node, frame)
            return frozenset({entry})
        if entry.name == "None":
            self._unset.of_none("op:subscript-none", node, frame, node.value)
            return BOTTOM
        is_slice = isinstance(index, ast.Slice)
        if is_slice and entry.name in ("str", "bytes", "list", "tuple", "bytearray", "range"):
            kept = frozenset({entry})
            return (
                kept
                if entry.name != "tuple"
                else values.one("tuple", self._joined_items(entry), ref=values.ANY_LENGTH)
            )
        if entry.name == "json":
            return self._json_item(entry, node, frame)
        if entry.name == "tuple" and entry.args and entry.has_length:
            at = integer(index)
            if at is not None and -len(entry.args) <= at < len(entry.args):
                return entry.args[at]
        if entry.name == "dict":
            return self._dict_item(entry, node, frame)
        if values.is_opaque(entry):
            self._effects.unresolved("op:subscript-unknown", node, node.value, frame)
            return ANY
        if self._knowledge.is_kind(entry.name, "sequence"):
            if not self._proofs.has_index(node, frame):
                self._effects.operation("op:subscript-index", node, frame)
            return self._elements.element(frozenset({entry}), frame.unit)
        if entry.kind is values.INSTANCE:
            if "typing.TypedDict" in self._families.family(entry.class_info):
                return self._typed_item(entry.class_info, node, frame)
            return self._special_methods.dunder(entry, "__getitem__", node, frame)
        if entry.name == "collections.defaultdict" and not self._proofs.has_key(node, frame):
            self._factories.missed(node, frame)
        row = self._knowledge.protocol(entry.name, "getitem")
        if row is None and self._kinds.refuses("[]", entry):
            return BOTTOM  # that is said already
        if row is None:
            if not values.is_builtin(entry):
                self._effects.unresolved("op:subscript-unknown", node, node.value, frame)
            return ANY
        if is_slice or not (self._proofs.has_key(node, frame) or self._proofs.has_column(node, frame)):
            self._effects.protocol(entry.name, "getitem", node, frame)
        if misses(entry, index):
            self._effects.operation("op:no-group", node, frame)
        group = item(entry, index)
        if group is not None:
            return group
        return self._elements.substitute(values.parse(row.returns), frozenset({entry}), None)

    def _member(self, info: ClassInfo, node: ast.Subscript, frame: Frame) -> Value:
        """Return a member of an enumeration by its name, ``Color["RED"]``."""
        named = isinstance(node.slice, ast.Constant) and node.slice.value in info.values
        if not named and not self._proofs.has_key(node, frame):
            self._effects.operation("op:subscript-enumeration", node, frame)
        return values.instance(info)

    def _typed_item(self, info: ClassInfo, node: ast.Subscript, frame: Frame) -> Value:
        """Return an item of a dictionary whose keys a class declares: which of them are there, nobody checks."""
        if not self._proofs.has_key(node, frame):
            self._effects.operation("op:subscript-key", node, frame)
        name = node.slice.value if isinstance(node.slice, ast.Constant) else None
        declared = info.annotations.get(str(name))
        return ANY if declared is None else self._annotations.annotation(declared, info.unit)

    def _is_generic(self, dotted: str) -> bool:
        """Whether a subscript of an imported name names a type (``list[int]``, ``subprocess.Popen[bytes]``)."""
        simple = dotted.rpartition(".")[2]
        known = self._knowledge
        return (
            "." not in dotted
            or simple[:1].isupper()
            or known.type(dotted) is not None
            or known.call(dotted) is not None
        )

    def _joined_items(self, entry: Type) -> Value:
        return values.join(entry.args) or ANY

    def _dict_item(self, entry: Type, node: ast.Subscript, frame: Frame) -> Value:
        key = node.slice
        if isinstance(key, ast.Constant) and entry.literal is not None:
            for name, value in entry.literal:
                if name == key.value:
                    return value
        looped = self._sources.looped(key, frame.unit)
        if looped is not None and entry.literal is not None:
            own = dict(entry.literal)
            keys = [each.value for each in looped if isinstance(each, ast.Constant) and each.value in own]
            if len(keys) == len(looped):
                return values.join(own[key] for key in keys)
        if not self._proofs.has_key(node, frame):
            self._effects.operation("op:subscript-key", node, frame)
        return entry.args[1] if len(entry.args) > 1 else ANY

    def _json_item(self, entry: Type, node: ast.Subscript, frame: Frame) -> Value:
        key = node.slice
        if isinstance(key, ast.Slice):
            self._effects.operation("op:subscript-json-slice", node, frame)
        elif self._proofs.has_key(node, frame):
            self._effects.operation("op:subscript-json-shape", node, frame)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            self._effects.operation("op:subscript-json-key", node, frame)
        else:
            self._effects.operation("op:subscript-json", node, frame)
        return frozenset({entry})
