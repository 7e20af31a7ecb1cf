"""What assigning and deleting tell the frame, and what they raise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import other_names, shared_items, values
from workerlog_migrate.analysis.frames import SILENT, Frame
from workerlog_migrate.analysis.values import ANY, BOTTOM, Value
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.expressions import Expressions
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.guards import Guards
    from workerlog_migrate.analysis.hooks import Hooks
    from workerlog_migrate.analysis.iteration import Iteration
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.proofs import Proofs
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.writes import Writes


class Assignment:
    """Binds targets.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        effects: Effects,
        elements: Elements,
        writes: Writes,
        flat: FlowInsensitive,
        shapes: Shapes,
        kinds: Kinds,
        hooks: Hooks,
        unset: Unset,
        proofs: Proofs,
        guards: Guards,
        special_methods: SpecialMethods,
        iteration: Iteration,
        expressions: Expressions,
    ) -> None:
        self._effects = effects
        self._elements = elements
        self._writes = writes
        self._flat = flat
        self._shapes = shapes
        self._kinds = kinds
        self._hooks = hooks
        self._unset = unset
        self._proofs = proofs
        self._guards = guards
        self._special_methods = special_methods
        self._iteration = iteration
        self._expressions = expressions

    def assign(
        self,
        target: ast.expr,
        value: Value,
        frame: Frame,
        *,
        source: ast.expr | None = None,
        of_loop: bool = False,
    ) -> None:
        """Bind a target to a value: name, attribute, item, or several of them.

        Args:
            target: what is assigned to.
            value: the new value.
            frame: learns it, and takes what assigning can raise.
            source: the assigned expression, to learn from its shape.
            of_loop: the target of ``for``, whose unpacking fails on odd items only.

        """
        env = frame.env
        if env is None:
            return
        if isinstance(target, ast.Name):
            self._bind(target.id, target, value, frame, source)
            frame.bind(target.id)
        elif isinstance(target, ast.Attribute):
            receiver = self._expressions.value(target.value, frame)
            self._hooks.stored(receiver, target, frame)
            self._shapes.stored(receiver, target, frame)
            if "None" in values.names(receiver):
                self._unset.of_none("op:attribute-none", target, frame, target.value)
            self._effects.unresolved_if_opaque(receiver, "op:attribute-store", target, target.value, frame)
            path = frame.unit.path(target)
            if path is not None and self._hooks.keeps(receiver, target.attr):
                self._bind(path, target, value, frame, source)
            elif path is not None:
                frame.forget(path)
                env.pop(path, None)
            other_names.after_store(target, frame, self._expressions.value)
        elif isinstance(target, ast.Subscript):
            other_names.after_store(target, frame, self._expressions.value)
            shared_items.after_store(target, frame, self._expressions.value)
            self._store_item(target, value, frame)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, values.one("list", ANY), frame)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value, frame, source, of_loop)

    def _bind(self, path: str, target: ast.expr, value: Value, frame: Frame, source: ast.expr | None) -> None:
        env = frame.env
        assert env is not None
        frame.forget(path)
        env.pop(path, None)
        is_empty = (isinstance(source, ast.List) and not source.elts) or (
            isinstance(source, ast.Dict) and not source.keys
        )
        if is_empty:
            return  # what is put in later counts too: the flow-insensitive value knows
        if isinstance(target, ast.Name) and any(map(values.is_opaque, value)):
            value = self._flat.as_declared(value, frame.unit.module.bindings(target), frame.unit)
        env[path] = (value or ANY) | self._written(target, frame)
        if source is not None:
            self._learn(target, source, frame)

    def _written(self, target: ast.expr, frame: Frame) -> Value:
        """Return what others may set a module's name to at any time."""
        if not isinstance(target, ast.Name):
            return BOTTOM
        module = frame.unit.module
        found = module.lookup(target.id, module.scope(target))
        if found is None or found[0] is not module.scope_of_module:
            return BOTTOM
        return self._writes.written(frame.unit, target.id)

    def _learn(self, target: ast.expr, source: ast.expr, frame: Frame) -> None:
        guards = self._guards
        if self._proofs.is_nonzero(source, frame):
            guards.assume(ast.Compare(target, [ast.NotEq()], [ast.Constant(0)]), True, frame)
        if isinstance(source, ast.List | ast.Tuple) and source.elts:
            count = sum(not isinstance(entry, ast.Starred) for entry in source.elts)
            if count:
                measured = ast.Call(ast.Name("len", ast.Load()), [target], [])
                guards.assume(ast.Compare(measured, [ast.GtE()], [ast.Constant(count)]), True, frame)
        elif isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.args:
            by_blanks = is_none(source.args[0])
            if source.func.attr in ("split", "rsplit") and not by_blanks:
                guards.assume(target, True, frame)

    def _unpack(
        self, target: ast.Tuple | ast.List, value: Value, frame: Frame, source: ast.expr | None, of_loop: bool
    ) -> None:
        expressions = self._expressions
        starred = any(isinstance(entry, ast.Starred) for entry in target.elts)
        count = len(target.elts) - (1 if starred else 0)
        if (
            source is not None
            and isinstance(source, ast.Tuple | ast.List)
            and len(source.elts) == len(target.elts)
        ):
            for entry, part in zip(target.elts, source.elts, strict=True):
                quiet = Frame(frame.function, frame.env, SILENT)
                quiet.facts = frame.facts
                self.assign(entry, expressions.value(part, quiet), frame, source=part)
            return
        rows = loop_source(target, frame) if of_loop else source
        if rows is None or not self._proofs.has_parts(rows, count, frame, exact=not starred):
            self._iteration.unpack(value, count, not starred, target, source or target, frame)
        for index, entry in enumerate(target.elts):
            part_value = self._elements.item(value, index, None if starred else len(target.elts))
            self.assign(entry, part_value, frame)

    def _store_item(self, target: ast.Subscript, value: Value, frame: Frame) -> None:
        expressions = self._expressions
        base = expressions.value(target.value, frame)
        key = expressions.value(target.slice, frame)
        if not isinstance(target.slice, ast.Slice):
            self._kinds.hashed_in(base, key, target, frame)
        elif frame.sink.is_heard:
            self._iteration.iterate(value, target, frame)
        for entry in base:
            match entry.name if entry.kind is values.NAMED else entry.kind:
                case _ if values.is_opaque(entry):
                    self._effects.unresolved("op:subscript-store", target, target.value, frame)
                case "dict" | values.CLASS | values.DOTTED:
                    continue
                case "None":
                    self._unset.of_none("op:subscript-none", target, frame, target.value)
                case values.INSTANCE:
                    self._special_methods.dunder(entry, "__setitem__", target, frame)
                case "list":
                    self._kinds.keyed_by_data(entry, key, target, frame)
                    if not isinstance(target.slice, ast.Slice) and not self._proofs.has_index(target, frame):
                        self._effects.protocol("list", "setitem", target, frame)
                case "json":
                    if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
                        self._effects.operation("op:subscript-json-shape", target, frame)
                    else:
                        self._effects.protocol("json", "setitem", target, frame)
                case _ if self._kinds.takes_no_item(entry):
                    self._effects.operation("op:kinds", target, frame)
                case _:
                    made = self._effects.protocol(entry.name, "setitem", target, frame, given=value)
                    if made is None and not values.is_builtin(entry):
                        self._effects.unresolved("op:subscript-store", target, target.value, frame)
        path = frame.unit.path(target)
        if path is not None and frame.env is not None:
            frame.forget(path)
            # What a library's own container gives back need not be what was stored.
            if all("." not in entry.name or entry.name.startswith("collections.") for entry in base):
                frame.env[path] = value or ANY
        self._guards.stored(target, frame)

    def delete(self, node: ast.Delete, frame: Frame) -> None:
        """Interpret a ``del`` statement.

        Args:
            node: the statement.
            frame: where it stands.
        """
        expressions = self._expressions
        for target in node.targets:
            other_names.after_store(target, frame, expressions.value)
            shared_items.after_store(target, frame, expressions.value)
            if isinstance(target, ast.Subscript):
                base = expressions.value(target.value, frame)
                key = expressions.value(target.slice, frame)
                if not self._proofs.has_key(target, frame):
                    for entry in values.in_order(base):
                        self._kinds.keyed_by_data(entry, key, target, frame)
                        if entry.name == "list":
                            if not isinstance(target.slice, ast.Slice):
                                self._effects.operation("op:delete-index", target, frame)
                        elif entry.name == "json":
                            self._effects.protocol("json", "delitem", target, frame)
                        elif entry.kind is values.INSTANCE:
                            self._special_methods.dunder(entry, "__delitem__", target, frame)
                        elif values.is_opaque(entry):
                            self._effects.unresolved("op:subscript-unknown", target, target.value, frame)
                        elif self._effects.protocol(entry.name, "delitem", target, frame) is None:
                            self._effects.unresolved("op:delete-key", target, target.value, frame)
                path = frame.unit.path(target.value)
                if path is not None:
                    frame.forget(path)
            else:
                if isinstance(target, ast.Attribute):
                    receiver = expressions.value(target.value, frame)
                    self._effects.unresolved_if_opaque(
                        receiver, "op:attribute-store", target, target.value, frame
                    )
                elif isinstance(target, ast.Name):
                    expressions.value(target, frame)
                    frame.unbind(target.id)
                path = frame.unit.path(target)
                if path is not None and frame.env is not None:
                    frame.forget(path)
                    frame.env.pop(path, None)


def loop_source(target: ast.expr, frame: Frame) -> ast.expr | None:
    """Give what a loop goes through whose target this is."""
    loop = frame.unit.module.parents.get(target)
    is_loop = isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension)
    return loop.iter if is_loop and loop.target is target else None  # type: ignore[union-attr]  # it is one
