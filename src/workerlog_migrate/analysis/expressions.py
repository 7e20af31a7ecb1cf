"""Values and effects of expressions, calls apart (see ``calls``).

Input: an expression and a ``Frame``. Output: its ``Value``; what evaluating it can raise goes to the frame's sink.
A frame without a sink asks for the value only, and parts that cannot matter for it are then not looked at.
Implicit operations raise what their row (``op:*``) says; this module decides when a row applies.
"""

# ruff: noqa: ARG002  # the functions of a dispatch table share one signature
from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Edge, Frame, Raise, Unknown
from workerlog_migrate.analysis.meanwhile import SIZED, Meanwhile, container
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.settle import SETTLE, how_to_settle
from workerlog_migrate.analysis.values import (
    ANY,
    BOOL,
    BOTTOM,
    BYTES,
    FLOAT,
    HUGE,
    INT,
    JSON,
    NONE,
    STR,
    Type,
    Value,
)
from workerlog_migrate.syntax.literals import is_none
from workerlog_migrate.syntax.parsing import TEMPLATE

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.knowledge import CallRow

MAX_DEPTH = 90
RESUMING = frozenset({"send", "close", "throw"})

_COUNTS = frozenset({"any", "int", "json"})
_NUMBER_IN_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0-9.*]*[diouxXeEfFgGc]")
_CONSTANTS: dict[type, Value] = {
    str: STR,
    bytes: BYTES,
    bool: BOOL,
    int: INT,
    float: FLOAT,
    complex: values.one("complex"),
    type(None): NONE,
}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.MatMult: "@",
}


class Expressions:
    """Evaluates expressions.

    Args:
        engine: the analysis that this belongs to.

    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._meanwhile = Meanwhile()
        self._knowledge = engine.knowledge
        self._platform = engine.knowledge.operation("op:platform-attribute")
        self._dispatch: dict[type[ast.expr], Callable[..., Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: engine.calls.call,
            ast.JoinedStr: self._joined,
            ast.FormattedValue: self._formatted,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.IfExp: self._conditional,
            ast.Lambda: self._lambda,
            ast.List: self._list,
            ast.Tuple: self._tuple,
            ast.Set: self._set,
            ast.Dict: self._dict,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.Await: self._await,
            ast.Yield: self._yield,
            ast.YieldFrom: self._yield_from,
            ast.NamedExpr: self._walrus,
            ast.Starred: self._starred,
            ast.Slice: self._slice,
        }
        if TEMPLATE is not None:
            self._dispatch[TEMPLATE] = self._template

    def value(self, node: ast.expr, frame: Frame) -> Value:
        """Return what an expression gives at the frame's point, and put its effects into the frame's sink."""
        if frame.depth >= MAX_DEPTH:
            if frame.sink is not None:
                frame.sink.add(Unknown(node, frame.unit, "", "the expression is nested too deeply"))
            return ANY
        frame.depth += 1
        kind = type(node)
        value = self._dispatch.get(kind, self._unknown)(node, frame)
        frame.depth -= 1
        if frame.sink is not None and kind in _TOUCHING:
            self._engine.hooks.touched(value, node, frame)
        if kind in _MAKERS or (kind is ast.Subscript and isinstance(node.slice, ast.Slice)):  # type: ignore[attr-defined]  # a subscript
            return self._engine.containers.filled(node, value, frame.unit)
        return value

    # -- effects --------------------------------------------------------------------------------------------

    def operation(
        self,
        name: str,
        node: ast.AST,
        frame: Frame,
        *,
        is_weak: bool = False,
        raises: tuple[str, ...] | None = None,
    ) -> None:
        """Put what an implicit operation raises into the sink; ``raises`` takes the place of what its row says."""
        if frame.sink is None:
            return
        row = self._knowledge.operation(name)
        for exception in row.raises if raises is None else raises:
            frame.sink.add(Raise(exception, node, frame.unit, name, row.source, row.description, is_weak))

    def of_none(self, name: str, node: ast.AST, frame: Frame, *operands: ast.expr) -> None:
        """Put what an operation on values that may be None raises into the sink."""
        if frame.sink is not None:
            weak = all(self.starts_as_none(operand, frame) for operand in operands)
            self.operation(name, node, frame, is_weak=weak)

    def starts_as_none(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a value may be None only before something else has set it, or where a call leaves it out.

        That is an attribute that a class or its ``__init__`` sets to None and another statement to something else, or a
        parameter with None as its default to which no call in sight passes None.
        """
        if not self.is_unset(node, frame):
            return False
        if isinstance(node, ast.Name):
            return all(
                self._engine.flat.defaults_to_none(binding.node, frame.unit)
                for binding in frame.unit.module.bindings(node)
            )
        assert isinstance(node, ast.Attribute)
        receiver = self.value(node.value, self._quiet(frame))
        owners = [entry.ref for entry in receiver if entry.name == "instance"]
        return len(owners) == len(receiver) and all(
            isinstance(owner, ClassInfo) and self._engine.flat.is_set_later(owner, node.attr)
            for owner in owners
        )

    def is_unset(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a value may be None only because an attribute or parameter starts as that, somewhere else."""
        if isinstance(node, ast.Attribute):
            path = frame.unit.path(node)
            return frame.env is None or path is None or path not in frame.env
        if isinstance(node, ast.Name) and (frame.env is None or node.id not in frame.env):
            bindings = frame.unit.module.bindings(node)
            return any(binding.kind == "parameter" for binding in bindings)
        return False

    def suspect_rare(self, row: CallRow, node: ast.AST, frame: Frame) -> None:
        """Note what a call hardly ever raises: someone who guards nothing else has met it."""
        if frame.suspects is None:
            return
        for exception in row.rare:
            note = "it hardly ever happens; nothing else in the body is known to raise"
            made = Raise(exception, node, frame.unit, row.name, row.source, note)
            frame.suspects[made] = None

    def unresolved(self, name: str, node: ast.AST, subject: ast.expr, frame: Frame) -> None:
        """Say that what an operation does is not known, because nobody knows what it is done with.

        Args:
            name: the row of the operation; what it raises for builtin types counts besides.
            node: the operation.
            subject: what it is done with; where that is a part of the body that is not known already, it is not said twice.
            frame: takes it.

        """
        sink = frame.sink
        if sink is None:
            return
        self.operation(name, node, frame)
        if _is_reported(subject, sink.opaque):
            sink.opaque.add(node)
            return
        note = self._knowledge.operation(name).description
        settle = how_to_settle(subject, frame)
        sink.add(Unknown(node, frame.unit, name, f"{note}; {SETTLE}{settle}" if settle else note))

    def unresolved_if_opaque(
        self, value: Value, name: str, node: ast.AST, subject: ast.expr, frame: Frame
    ) -> None:
        """Say that an operation is not known if some alternative of the value is opaque."""
        if frame.sink is not None and any(values.is_opaque(entry) for entry in value):
            self.unresolved(name, node, subject, frame)

    def told(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Put what the code around tells in place of an unknown alternative (see ``ducks``)."""
        if _UNKNOWN not in value:
            return value
        told = self._engine.ducks.of(node, frame.function)
        return value if told is ANY or told == ANY else (value - ANY) | told

    def protocol(
        self, type_name: str, operation: str, node: ast.AST, frame: Frame, given: Value = BOTTOM
    ) -> Value | None:
        """Apply a type's protocol row; None when the type has none.

        Args:
            type_name: the type.
            operation: a word of ``PROTOCOLS``.
            node: where it is applied.
            frame: where it stands.
            given: what is stored.
        """
        row = self._knowledge.protocol(type_name, operation)
        if row is None:
            return None
        if row.takes and any(entry.name not in row.takes for entry in given):
            self.operation("op:stored-kind", node, frame)
        if frame.sink is not None:
            owner = self._knowledge.type(type_name)
            source = owner.source if owner is not None else ""
            for exception in row.raises:
                frame.sink.add(Raise(exception, node, frame.unit, f"type:{type_name} {operation}", source))
        return values.parse(row.returns) if row.returns else ANY

    def _unknown(self, node: ast.expr, frame: Frame) -> Value:
        """Evaluate the parts of an expression of a kind that only newer Pythons have."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child, frame)
        return ANY

    # -- names and constants --------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant, frame: Frame) -> Value:
        if isinstance(node.value, int | float) and abs(node.value) >= _HUGE[type(node.value)]:
            return values.one(type(node.value).__name__, ref=HUGE)
        return _CONSTANTS.get(type(node.value), ANY)

    def _name(self, node: ast.Name, frame: Frame) -> Value:
        env = frame.env
        if env is not None:
            if frame.sink is not None:
                self._bound(node, frame)
            known = env.get(node.id)
            if known is None:
                known = self._engine.flat.name(node.id, node, frame.unit)
            return self.told(known, node, frame)
        return self._engine.flat.name(node.id, node, frame.unit)

    def _bound(self, node: ast.Name, frame: Frame) -> None:
        """Put what reading a name raises that nothing binds, or not on every way to here."""
        if frame.is_bound(node.id):
            return
        module = frame.unit.module
        found = module.lookup(node.id, module.scope(node))
        if found is None:
            is_sure = not (module.star_imports or module.calls_of("exec") or module.calls_of("globals"))
            if is_sure and not module.is_builtin(node.id, node) and node.id not in _OF_MODULES:
                self.operation("op:unbound-name", node, frame)
            return
        scope, bindings = found
        if scope.node is module.tree is not frame.function.node:
            if all(
                module.function(binding.node) is not None for binding in bindings
            ):  # `global`, set elsewhere
                self.operation("op:unbound-name", node, frame)
            return
        if scope.node is not frame.function.node or any(binding.kind == "parameter" for binding in bindings):
            return
        if scope.node is not module.tree:
            self.operation("op:unbound-local", node, frame)
        elif all(module.function(binding.node) is None for binding in bindings):  # no `global` in a function
            self.operation("op:unbound-name", node, frame)

    def _starred(self, node: ast.Starred, frame: Frame) -> Value:
        self.iterate(self.value(node.value, frame), node.value, frame)
        return ANY

    def _slice(self, node: ast.Slice, frame: Frame) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.value(part, frame)
        return values.one("slice")

    # -- attributes -----------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Value:
        env = frame.env
        if env is not None:
            path = frame.unit.path(node)
            if path is not None and path in env:
                return self.told(env[path], node, frame)
        receiver = self.value(node.value, frame)
        found = self.attribute(receiver, node.attr, node, frame)
        return found if env is None else self.told(found, node, frame)

    def attribute(
        self, receiver: Value, name: str, node: ast.expr, frame: Frame, *, called: bool = False
    ) -> Value:
        """Return an attribute of a value.

        Args:
            receiver: the value.
            name: the attribute.
            node: where it is read.
            frame: takes the effects.
            called: the attribute is called at once, so that a missing method is a failed call.

        """
        found: list[Value] = []
        for entry in receiver:
            if entry.name == "None":
                if not name.startswith("__"):
                    rule = "op:method-none" if called else "op:attribute-none"
                    self.of_none(rule, node, frame, _receiver(node))
                continue
            if name == "__class__":
                found.append(values.class_of(entry))
                continue
            found.append(self._attribute_of(entry, name, node, frame, called))
        return values.join(found) if found else self.nothing

    @property
    def nothing(self) -> Value:
        """What comes of nothing: unknown; while some question is open, that which hangs on itself, and adds nothing to the answer."""
        return BOTTOM if self._engine.flat.is_asking else ANY

    def _attribute_of(self, entry: Type, name: str, node: ast.expr, frame: Frame, called: bool) -> Value:
        match entry.name:
            case "any":
                if not called:
                    self.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                return values.one("bound", ANY, ref=("*", name))
            case "dotted":
                if (
                    frame.sink is not None
                    and f"{entry.ref}.{name}" in self._platform.names
                    and not _minds_platform(frame)
                ):
                    self.operation("op:platform-attribute", node, frame)
                if not called and self._is_object(str(entry.ref), frame):
                    self.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                found = self._dotted_attribute(str(entry.ref), name)
                return found | ANY if self._engine.places.patched(f"{entry.ref}.{name}") else found
            case "instance":
                assert isinstance(entry.ref, ClassInfo)
                return self._instance_attribute(entry, entry.ref, name, node, frame)
            case "class":
                assert isinstance(entry.ref, ClassInfo)
                if self._engine.shapes.lacks_attribute(entry.ref, name):
                    self.operation("op:kinds-attribute", node, frame)
                return self._class_attribute(entry, entry.ref, name)
            case "unit":
                assert isinstance(entry.ref, Unit)
                return self._engine.flat.unit_attribute(entry.ref, name)
            case "json":
                if not called:  # nobody reads that of data: it is something else
                    self.operation("op:attribute-json", node, frame)
                    self.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                return values.one("bound", JSON, ref=("json", name))
            case "super" if isinstance(entry.ref, ClassInfo):
                return self._super_attribute(entry, name)
            case "generator" if name in RESUMING:
                return values.one("bound", frozenset({entry}), ref=("generator", name))
            case _ if entry.name in values.NO_TYPES:
                if not called and entry.name in ("bound", "foreign", "super"):
                    self.unresolved("op:attribute-unknown", node, _receiver(node), frame)
                return values.one("bound", ANY, ref=("*", name))
        if frame.sink is not None and self._knowledge.is_asked(entry.name, name):
            self.protocol(entry.name, "ask", node, frame)
        if self._engine.kinds.attribute(entry, name, node, frame):
            return BOTTOM
        expression = self._knowledge.attribute(entry.name, name)
        if expression is not None:
            return self.substitute(values.parse(expression), frozenset({entry}), None)
        if not called and not name.startswith("__") and isinstance(node, ast.Attribute):
            self.protocol(entry.name, "attribute", node, frame)
        return values.one("bound", frozenset({entry}), ref=(entry.name, name))

    def _is_object(self, dotted: str, frame: Frame) -> bool:
        """Whether an imported name may be an object of a library that nobody knows: no module, and no class by its name."""
        top, dot, _ = dotted.partition(".")
        if not dot or top in sys.stdlib_module_names or self._knowledge.knows_module(top):
            return False
        return not dotted.rpartition(".")[2][:1].isupper() and not frame.unit.imports_module(dotted)

    def _dotted_attribute(self, dotted: str, name: str) -> Value:
        expression = self._knowledge.attribute(f"module:{dotted}", name)
        if expression is not None and expression != "any":
            return values.parse(expression)
        expression = self._knowledge.attribute(dotted, name)
        if expression is not None and self._knowledge.call(f"{dotted}.{name}") is None:
            return values.parse(expression)
        if self._engine.may_be_own(dotted.partition(".")[0], dotted):
            other = self._engine.other_unit(dotted)
            found = ANY if other is None else self._engine.flat.unit_attribute(other, name)
            if found != ANY:
                return found
        return values.one("dotted", ref=self._engine.effects.canonical(f"{dotted}.{name}"))

    def _instance_attribute(
        self, entry: Type, info: ClassInfo, name: str, node: ast.expr, frame: Frame
    ) -> Value:
        flat = self._engine.flat
        receiver = frozenset({entry})
        method = flat.method(info, name)
        if isinstance(method, FunctionInfo):
            if method.kind == "property":
                if frame.sink is not None:
                    frame.sink.add(Edge(method, node, frame.unit))
                return flat.returns(method)
            if name in info.stores:
                return flat.attribute(info, name) or ANY
            bound = [self._bind(made, receiver, method) for made in flat.function_value(method)]
            return values.join([*bound, self._engine.writes.attribute_written(info, name)])
        if (
            name in ("value", "_value_", "name", "_name_")
            and name not in info.stores
            and self._is_enumeration(info)
        ):
            return STR if "name" in name else self._member_values(info)
        stored = flat.attribute(info, name)
        if frame.sink is not None and not isinstance(method, str) and not flat.is_set(info, name):
            self.operation("op:attribute-unset", node, frame, is_weak=True)
        if stored is not None:
            return stored
        if isinstance(method, str):
            return values.one("bound", values.one(method), ref=(method, name))
        known = flat.method(info, "__getattr__")
        if isinstance(known, FunctionInfo) and frame.sink is not None:
            frame.sink.add(Edge(known, node, frame.unit))
        family = flat.family(info)
        if not name.startswith("__") and all(isinstance(owner, ClassInfo) for owner in family):
            self.operation("op:kinds-attribute", node, frame)
        return values.one("bound", ANY, ref=(f"{info.name}", name))

    def _bind(self, made: Type, receiver: Value, method: FunctionInfo) -> Value:
        if made.name != "function" or method.kind == "static":
            return frozenset({made})
        if method.kind == "class":
            receiver = values.join(values.one("class", ref=entry.ref) for entry in receiver)
        return frozenset({Type("method", (receiver,), made.ref)})

    def _class_attribute(self, entry: Type, info: ClassInfo, name: str) -> Value:
        flat = self._engine.flat
        if name in info.values and not name.startswith("_") and self._is_enumeration(info):
            return values.one("instance", ref=info) | self._engine.writes.attribute_written(info, name)
        method = flat.method(info, name)
        if isinstance(method, FunctionInfo):
            if method.kind in ("class", "static"):
                return values.join(
                    self._bind(made, frozenset({entry}), method) for made in flat.function_value(method)
                )
            return values.one("unbound", ref=method)
        stored = flat.attribute(info, name)
        if stored is not None:
            return stored
        if name in ("__name__", "__qualname__", "__module__"):
            return STR
        if isinstance(method, str):
            return values.one("bound", values.one(method), ref=(method, name))
        return values.one("bound", ANY, ref=(info.name, name))

    def _super_attribute(self, entry: Type, name: str) -> Value:
        owner = entry.ref
        assert isinstance(owner, ClassInfo)
        flat = self._engine.flat
        method = flat.method(owner, name, after=owner)
        receiver = values.one("instance", ref=owner)
        if isinstance(method, FunctionInfo):
            return values.join(self._bind(made, receiver, method) for made in flat.function_value(method))
        if isinstance(method, str):
            return values.one("bound", values.one(method), ref=(method, name))
        if name == "__new__" and not flat.has_unknown_base(owner):
            return values.one("maker", ref=owner)
        if name == "__init__":
            for base in flat.family(owner)[1:]:
                if isinstance(base, str) and self._knowledge.call(base) is not None:
                    return values.one("dotted", ref=base)  # the row of the class speaks of its constructor
        if name.startswith("__") and not flat.has_unknown_base(owner):
            return values.one("safe")
        for base in flat.family(owner)[1:]:
            if isinstance(base, str):
                if name == "__init__":
                    return values.one("dotted", ref=base)
                return values.one("bound", values.one(base), ref=(base, name))
        return values.one("bound", ANY, ref=("super()", name))

    # -- subscripts -----------------------------------------------------------------------------------------

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Value:
        env = frame.env
        if env is not None:
            path = frame.unit.path(node)
            if path is not None and path in env:
                return env[path]
        base = self.value(node.value, frame)
        if frame.sink is not None and not isinstance(node.slice, ast.Constant):
            self.value(node.slice, frame)
        if frame.sink is not None and len(base) > 0:
            key = self.value(node.slice, self._quiet(frame))
            for entry in base:
                self._engine.kinds.subscripted(entry, key, node, frame)
        found = values.join(self._item_of(entry, node, frame) for entry in base) or self.nothing
        return found if env is None else self.told(found, node, frame)

    def _item_of(self, entry: Type, node: ast.Subscript, frame: Frame) -> Value:
        index = node.slice
        if entry.name == "dotted" and not self._is_generic(str(entry.ref)):
            self.unresolved("op:subscript-unknown", node, node.value, frame)  # data of a module
            return ANY
        if entry.name in ("class", "dotted", "function"):
            if isinstance(entry.ref, ClassInfo) and self._is_enumeration(entry.ref):
                return self._member(entry.ref, node, frame)
            return frozenset({entry})
        if entry.name == "None":
            self.of_none("op:subscript-none", node, frame, node.value)
            return BOTTOM
        is_slice = isinstance(index, ast.Slice)
        if is_slice and entry.name in ("str", "bytes", "list", "tuple", "bytearray", "range"):
            kept = frozenset({entry})
            return (
                kept
                if entry.name != "tuple"
                else values.one("tuple", self._joined_items(entry), ref="any length")
            )
        if entry.name == "json":
            return self._json_item(node, frame)
        if entry.name == "tuple" and entry.args and entry.ref is None:
            at = _integer(index)
            if at is not None and -len(entry.args) <= at < len(entry.args):
                return entry.args[at]
        if entry.name == "dict":
            return self._dict_item(entry, node, frame)
        if values.is_opaque(entry):
            self.unresolved("op:subscript-unknown", node, node.value, frame)
            return ANY
        if self._knowledge.is_kind(entry.name, "sequence"):
            if not self._engine.proofs.has_index(node, frame):
                self.operation("op:subscript-index", node, frame)
            return self.element(frozenset({entry}), frame.unit)
        if entry.name == "instance":
            assert isinstance(entry.ref, ClassInfo)
            if "typing.TypedDict" in self._engine.flat.family(entry.ref):
                return self._typed_item(entry.ref, node, frame)
            return self._dunder(entry, "__getitem__", node, frame)
        row = self._knowledge.protocol(entry.name, "getitem")
        if row is None:
            if not values.is_builtin(entry):
                self.unresolved("op:subscript-unknown", node, node.value, frame)
            return ANY
        if is_slice or not self._engine.proofs.has_key(node, frame):
            self.protocol(entry.name, "getitem", node, frame)
        return self.substitute(values.parse(row.returns), frozenset({entry}), None)

    def _is_enumeration(self, info: ClassInfo) -> bool:
        family = self._engine.flat.family(info)
        return any(isinstance(base, str) and "enum.Enum" in self._knowledge.mro(base) for base in family)

    def _member_values(self, info: ClassInfo) -> Value:
        """Return what the ``value`` of a member can be; a class that makes its values itself may give anything."""
        flat = self._engine.flat
        mixed = {base for base in flat.family(info)[1:] if base is None or base in _MIXED_IN}
        if mixed or any(
            isinstance(flat.method(info, made), FunctionInfo) for made in ("__new__", "__init__")
        ):
            found = [values.one(str(base)) for base in mixed if base in ("int", "str", "float")]
            return values.join(found) if len(found) == len(mixed) == 1 else ANY
        found = [
            flat.value(node, info.unit) for name, node in info.values.items() if not name.startswith("_")
        ]
        made = values.join(found) or ANY
        return frozenset(
            Type("int") if entry.name == "dotted" and entry.ref == "enum.auto" else entry for entry in made
        )

    def _member(self, info: ClassInfo, node: ast.Subscript, frame: Frame) -> Value:
        """Return a member of an enumeration by its name, ``Color["RED"]``."""
        named = isinstance(node.slice, ast.Constant) and node.slice.value in info.values
        if not named and not self._engine.proofs.has_key(node, frame):
            self.operation("op:subscript-enumeration", node, frame)
        return values.one("instance", ref=info)

    def _typed_item(self, info: ClassInfo, node: ast.Subscript, frame: Frame) -> Value:
        """Return an item of a dictionary whose keys a class declares: which of them are there, nobody checks."""
        if not self._engine.proofs.has_key(node, frame):
            self.operation("op:subscript-key", node, frame)
        name = node.slice.value if isinstance(node.slice, ast.Constant) else None
        declared = info.annotations.get(str(name))
        return ANY if declared is None else self._engine.flat.annotation(declared, info.unit)

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
        if isinstance(key, ast.Constant) and isinstance(entry.ref, tuple):
            for name, value in entry.ref:
                if name == key.value:
                    return value if isinstance(value, frozenset) else ANY
        looped = self._engine.sources.looped(key, frame.unit)
        if looped is not None and isinstance(entry.ref, tuple):
            own = dict(entry.ref)
            if all(
                isinstance(each, ast.Constant) and isinstance(own.get(each.value), frozenset)
                for each in looped
            ):
                return values.join(own[each.value] for each in looped)  # type: ignore[attr-defined]  # constants all
        if not self._engine.proofs.has_key(node, frame):
            self.operation("op:subscript-key", node, frame)
        return entry.args[1] if len(entry.args) > 1 else ANY

    def _json_item(self, node: ast.Subscript, frame: Frame) -> Value:
        key = node.slice
        if isinstance(key, ast.Slice) or self._engine.proofs.has_key(node, frame):
            self.operation("op:subscript-json-shape", node, frame)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            self.operation("op:subscript-json-key", node, frame)
        else:
            self.operation("op:subscript-json", node, frame)
        return JSON

    def _quiet(self, frame: Frame) -> Frame:
        quiet = Frame(frame.function, frame.env, None)
        quiet.facts = frame.facts
        quiet.depth = frame.depth
        return quiet

    def tested(self, node: ast.expr, frame: Frame) -> Value:
        """Return what an expression gives whose truth is asked."""
        value = self.value(node, frame)
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
        if frame.sink is None:
            return
        for entry in value:
            if entry.name != "instance" or not isinstance(entry.ref, ClassInfo):
                self._special_of_row(entry, names, node, frame)
                continue
            if names[0] == "__iter__":
                self._iterate_instance(entry, node, frame)
                continue
            flat = self._engine.flat
            found = (name for name in names if isinstance(flat.method(entry.ref, name), FunctionInfo))
            name = next(found, None)
            if name is not None:
                self._dunder(entry, name, node, frame)
            elif names[0] in _WITHOUT_DEFAULT and self._engine.shapes.lacks(entry.ref, names):
                self.operation("op:kinds", node, frame)

    def _special_of_row(self, entry: Type, names: tuple[str, ...], node: ast.expr, frame: Frame) -> None:
        """Apply what the row of a type says of the first special method of some that it speaks of."""
        for name in names:
            operation = _PROTOCOLS_OF.get(name)
            if operation is not None and self._knowledge.protocol(entry.name, operation) is not None:
                self.protocol(entry.name, operation, node, frame)
                return

    def _dunder(self, entry: Type, name: str, node: ast.expr, frame: Frame) -> Value:
        """Call a special method of an instance of a class of the program."""
        assert isinstance(entry.ref, ClassInfo)
        method = self._engine.flat.method(entry.ref, name)
        if isinstance(method, FunctionInfo):
            if frame.sink is not None:
                frame.sink.add(Edge(method, node, frame.unit))
            return self._engine.flat.returns(method)
        others = _INSTEAD.get(name, ())
        if name in _WITHOUT_DEFAULT and self._engine.shapes.lacks(entry.ref, (name, *others)):
            self.operation("op:kinds", node, frame)
        return ANY

    # -- containers -----------------------------------------------------------------------------------------

    def _list(self, node: ast.List, frame: Frame) -> Value:
        return values.one("list", self._elements(node.elts, frame))

    def _set(self, node: ast.Set, frame: Frame) -> Value:
        elements = self._elements(node.elts, frame)
        self._engine.kinds.hashed(elements, node, frame)
        return values.one("set", elements)

    def _elements(self, nodes: list[ast.expr], frame: Frame) -> Value:
        found: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.append(self.iterate(self.value(node.value, frame), node.value, frame))
            else:
                found.append(self.value(node, frame))
        return values.join(found) or ANY

    def _tuple(self, node: ast.Tuple, frame: Frame) -> Value:
        if any(isinstance(entry, ast.Starred) for entry in node.elts) or len(node.elts) > 32:
            return values.one("tuple", self._elements(node.elts, frame), ref="any length")
        return values.one("tuple", *[self.value(entry, frame) for entry in node.elts])

    def _dict(self, node: ast.Dict, frame: Frame) -> Value:
        keys: list[Value] = []
        items: list[Value] = []
        literal: list[tuple[object, Value]] = []
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item, frame)
            if key is None:
                literal.append((None, ANY))
                self.unpack_mapping(value, item, frame)
                for entry in value:
                    if entry.name == "dict" and len(entry.args) > 1:
                        keys.append(entry.args[0])
                        items.append(entry.args[1])
                    else:
                        keys.append(ANY)
                        items.append(JSON if entry.name == "json" else ANY)
                continue
            keys.append(self.value(key, frame))
            self._engine.kinds.hashed(keys[-1], key, frame)
            if value == NONE:
                value = ANY  # a slot that is filled later: None there is no evidence
            items.append(value)
            literal.append((key.value if isinstance(key, ast.Constant) else None, value))
        ref: object = None
        if literal and len(literal) <= 64 and all(key is not None for key, _ in literal):
            ref = tuple(literal)
        return values.one("dict", values.join(keys) or ANY, values.join(items) or ANY, ref=ref)

    def unpack_mapping(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Put what ``**value`` can raise into the sink."""
        if "json" in values.names(value):
            self.operation("op:mapping-json", node, frame)
        self._engine.kinds.mapped(value, node, frame)
        self.unresolved_if_opaque(value, "op:mapping-unknown", node, node, frame)

    def _comprehension(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp)
        saved: dict[str, Value | None] = {}
        facts = frame.facts
        env = frame.env
        if env is not None:
            for name in frame.unit.module.scopes[node].bindings:
                saved[name] = env.pop(name, None)
        guards = self._engine.guards
        is_dead = frame.is_dead
        for at, generator in enumerate(node.generators):
            iterable = self.value(generator.iter, frame)
            if not at:
                is_dead = frame.is_dead  # there may be no element: what follows need not be evaluated
            element = self.iterate(iterable, generator.iter, frame)
            if env is not None:
                self._engine.flow.assign(generator.target, element, frame, of_loop=True)
                guards.loop_facts(generator.target, generator.iter, frame)
                for test in generator.ifs:
                    self.value(test, frame)
                    guards.assume(test, True, frame)
        if isinstance(node, ast.DictComp):
            result = values.one("dict", self.value(node.key, frame), self.value(node.value, frame))
        else:
            element = self.value(node.elt, frame)
            kind = {"ListComp": "list", "SetComp": "set"}.get(type(node).__name__, "iterator")
            result = values.one(kind, element)
        frame.is_dead = is_dead
        if env is not None:
            for name, before in saved.items():
                env.pop(name, None)
                if before is not None:
                    env[name] = before
            frame.facts = facts
        return result

    def _lambda(self, node: ast.Lambda, frame: Frame) -> Value:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None and frame.sink is not None:
                self.value(default, frame)
        return values.one("function", ref=frame.unit.function(node))

    # -- text -----------------------------------------------------------------------------------------------

    def _joined(self, node: ast.JoinedStr, frame: Frame) -> Value:
        if frame.sink is not None:
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    self._formatted(part, frame)
        return STR

    def _template(self, node: ast.expr, frame: Frame) -> Value:
        """A t-string keeps its values, and converts and formats none of them."""
        for part in ast.iter_child_nodes(node):
            for inner in (getattr(part, "value", None), getattr(part, "format_spec", None)):
                if isinstance(inner, ast.expr):
                    self.value(inner, frame)
        return ANY

    def _formatted(self, node: ast.FormattedValue, frame: Frame) -> Value:
        value = self.value(node.value, frame)
        self.special(value, _CONVERSIONS[node.conversion], node.value, frame)
        if node.format_spec is not None and frame.sink is not None:
            self.value(node.format_spec, frame)
            if node.conversion == -1:
                self._engine.kinds.formatted(value, node.format_spec, node.value, frame)
                found = values.names(value)
                if "json" in found:
                    self.operation("op:format-json", node.value, frame)
                if "None" in found:
                    self.operation("op:format-none", node.value, frame)
                if any(values.is_opaque(entry) for entry in value) or (
                    "str" in found and _is_number_format(node.format_spec)
                ):
                    self.operation("op:format-spec", node.value, frame)
        return STR

    # -- operators ------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp, frame: Frame) -> Value:
        chain: list[ast.BinOp] = [node]
        left = node.left
        while isinstance(left, ast.BinOp):  # long concatenations nest to the left
            chain.append(left)
            left = left.left
        value = self.value(left, frame)
        for entry in reversed(chain):
            value = self.operate(
                entry.op, value, self.value(entry.right, frame), entry, entry.left, entry.right, frame
            )
        return value

    def operate(
        self,
        operator: ast.operator,
        left: Value,
        right: Value,
        node: ast.AST,
        left_node: ast.expr,
        right_node: ast.expr,
        frame: Frame,
    ) -> Value:
        """Return the value of a binary operation and put what it can raise into the sink."""
        symbol = _OPERATORS[type(operator)]
        if frame.sink is not None:
            self._operator_effects(symbol, left, right, node, left_node, right_node, frame)
        if not right and self._engine.flat.is_asking:
            return BOTTOM
        made = (
            values.join(self._operator_value(entry, symbol, right, frame) for entry in left) or self.nothing
        )
        if symbol == "*" and _repeats(left_node, right_node):
            return values.one("str", ref=HUGE)
        if symbol in _GROWING and (
            _is_huge(left) or _is_huge(right) or _grows(symbol, left_node, right_node)
        ):
            return frozenset(Type("int", (), HUGE) if entry.name == "int" else entry for entry in made)
        return made

    def _operator_value(self, entry: Type, symbol: str, right: Value, frame: Frame) -> Value:
        if entry.name == "None":
            return BOTTOM
        if entry.name in ("json", "any"):
            kinds = values.names(right)
            is_arithmetic = symbol in ("/", "-", "*", "//", "**") or (symbol == "+" and entry.name == "json")
            if is_arithmetic and kinds and self._knowledge.are_all(kinds, "number"):
                return FLOAT if symbol == "/" or "float" in kinds else frozenset({Type("int"), Type("float")})
            if kinds == {"str"} and symbol == "+":
                return STR
            return JSON if entry.name == "json" else ANY
        if entry.name == "list" and symbol == "+":
            return values.one("list", values.join([*entry.args, self.element(right, frame.unit)]))
        row = self._knowledge.type(entry.name)
        if row is None:
            return ANY
        found: list[Value] = []
        for other in right or ANY:
            if self._engine.kinds.fail(symbol, entry, other):
                continue  # it gives nothing
            expression = row.operators.get(f"{symbol}:{other.name}") or row.operators.get(symbol)
            if expression is None:
                found.append(ANY)
            else:
                found.append(self.substitute(values.parse(expression), frozenset({entry}), None))
        value = values.join(found)
        is_number = self._knowledge.is_kind(entry.name, "number")
        if is_number and symbol in "+-*" and values.names(right) & {"any", "json"}:
            return frozenset({Type("int"), Type("float")})
        return value

    def _operator_effects(
        self,
        symbol: str,
        left: Value,
        right: Value,
        node: ast.AST,
        left_node: ast.expr,
        right_node: ast.expr,
        frame: Frame,
    ) -> None:
        lefts, rights = values.names(left), values.names(right)
        if symbol == "%" and ("str" in lefts or "bytes" in lefts):
            if "str" in lefts and not isinstance(left_node, ast.Constant):
                self.operation("op:percent-format", node, frame)
            for entry in right:
                parts = entry.args if entry.name == "tuple" else (frozenset({entry}),)
                for part in parts:
                    self.special(part, _AS_TEXT, right_node, frame)
            self._engine.kinds.percent(left_node, right, node, frame)
            if any(values.is_opaque(entry) for entry in right) and _converts(left_node):
                self.operation("op:convert-unknown", node, frame)
            return
        for value, operand in ((left, left_node), (right, right_node)):
            self.unresolved_if_opaque(value, "op:arithmetic-unknown", node, operand, frame)
        if "json" in lefts or "json" in rights:
            self.operation("op:arithmetic-json", node, frame)
        if "None" in lefts or ("None" in rights and ("any" not in lefts or symbol in _ARITHMETIC)):
            text = "str" in lefts or "str" in rights
            rule = "op:concat-none" if symbol == "+" and text else "op:arithmetic-none"
            operands = [part for part, kinds in ((left_node, lefts), (right_node, rights)) if "None" in kinds]
            self.of_none(rule, node, frame, *operands)
        self._engine.kinds.operated(symbol, left, right, node, frame)
        self._engine.shapes.operated(symbol, left, right, node, frame)
        moves_date = (
            symbol in "+-"
            and "datetime.timedelta" in rights
            and any(self._knowledge.is_kind(name, "date") for name in lefts)
        )
        if moves_date and not self._engine.proofs.is_recent(left_node, frame):
            self.operation("op:date-overflow", node, frame)
        if symbol == "-" and names_date(left) and names_date(right):
            self._compared_dates(node, frame)
        if symbol in ("/", "//", "%") and "decimal.Decimal" in lefts | rights:
            if not self._engine.proofs.is_nonzero(right_node, frame):
                self.operation("op:decimal-division", node, frame)
        elif symbol in ("/", "//", "%") and self._can_divide(symbol, lefts, rights):
            if not self._engine.proofs.is_nonzero(right_node, frame):
                self.operation("op:modulo-number" if symbol == "%" else "op:division", node, frame)
        elif symbol == "**" and "float" in lefts and _is_of_itself(node, left_node, frame):
            self.operation("op:power", node, frame)
        elif symbol == "**" and not isinstance(right_node, ast.Constant):
            if not lefts <= {"int"}:
                self.operation("op:power", node, frame)
            if not self._engine.proofs.is_nonzero(left_node, frame):
                self.operation("op:power-zero", node, frame)
        elif symbol in ("<<", ">>") and not isinstance(right_node, ast.Constant) and rights & _COUNTS:
            self.operation("op:shift", node, frame)
        for entry in left:
            if self._lacks_operator(entry, symbol):
                self.operation("op:kinds", node, frame)
            if entry.name == "instance":
                method = _OPERATOR_METHODS.get(symbol)
                if method is not None:
                    self._dunder(entry, method, left_node, frame)

    def _lacks_operator(self, entry: Type, symbol: str) -> bool:
        """Whether an alternative is of a type of the standard library that has no such operator."""
        if (
            values.is_builtin(entry)
            or entry.name in ("json", "iterator")
            or entry.name.partition(".")[0] not in _LIBRARY
        ):
            return False
        row = self._knowledge.type(entry.name)
        return row is not None and not any(each.partition(":")[0] == symbol for each in row.operators)

    def _compared_dates(self, node: ast.AST, frame: Frame) -> None:
        """Say that dates may not be compared or subtracted where some know their time zone and others do not."""
        if frame.sink is not None and any(
            _makes_dates(unit.module, aware=True) and _makes_dates(unit.module, aware=False)
            for unit in self._engine.places.units(frame.unit, "datetime")
        ):
            self.operation("op:date-aware", node, frame)

    def _can_divide(self, symbol: str, lefts: set[str], rights: set[str]) -> bool:
        if rights and rights <= {"str", "bytes", "tuple", "list", "pathlib.Path", "None"}:
            return False
        for name in lefts:
            if name in ("any", "json") or self._knowledge.is_kind(name, "number"):
                return True
            row = self._knowledge.type(name)
            if name != "instance" and (row is None or symbol not in row.operators):
                return True
        return False

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Value:
        if isinstance(node.op, ast.Not):
            self.tested(node.operand, frame)
            return BOOL
        value = self.value(node.operand, frame)
        if frame.sink is not None:
            self.special(value, (_SIGNS[type(node.op)],), node.operand, frame)
            self._engine.kinds.signed(node.op, value, node, frame)
            self.unresolved_if_opaque(value, "op:arithmetic-unknown", node, node.operand, frame)
            found = values.names(value)
            if "json" in found:
                self.operation("op:arithmetic-json", node, frame)
            if "None" in found:
                self.of_none("op:arithmetic-none", node, frame, node.operand)
        return values.without_none(value) or self.nothing

    def _boolean(self, node: ast.BoolOp, frame: Frame) -> Value:
        is_or = isinstance(node.op, ast.Or)
        found: list[Value] = []
        guards = self._engine.guards
        if frame.env is None:
            for at, entry in enumerate(node.values):
                value = self.value(entry, frame)
                last = at == len(node.values) - 1
                found.append(values.without_none(value) if is_or and not last else value)
            return self._or_default(values.join(found) or self.nothing, node)
        state = guards.save(frame)
        ends = False  # whether evaluation can stop at an operand that returns
        for at, entry in enumerate(node.values):
            last = at == len(node.values) - 1
            value = self.value(entry, frame) if last else self.tested(entry, frame)
            if frame.is_dead:
                break  # `found or sys.exit()`
            ends = True
            found.append(values.without_none(value) if is_or and not last else value)
            if not last:
                guards.assume(entry, not is_or, frame)
        guards.restore(state, frame)
        if frame.is_dead and ends:
            frame.is_dead = False
            for entry in node.values[: len(found)] if len(found) == 1 else ():
                guards.assume(entry, is_or, frame)
        return self._or_default(values.join(found) or self.nothing, node)

    def _or_default(self, value: Value, node: ast.BoolOp) -> Value:
        """Say that what a literal stands in for is data, ``read() or {}``."""
        is_or = isinstance(node.op, ast.Or)
        return self._engine.ducks.with_default(value, node.values[-1]) if is_or else value

    def _compare(self, node: ast.Compare, frame: Frame) -> Value:
        if frame.sink is None:
            return BOOL
        left_node, left = node.left, self.value(node.left, frame)
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node, frame)
            self._engine.kinds.compared(operator, left, right, node, frame)
            if isinstance(operator, ast.In | ast.NotIn):
                found = values.names(right)
                if "json" in found:
                    self.operation("op:contains-json", node, frame)
                if "None" in found:
                    self.of_none("op:contains-none", node, frame, right_node)
                for entry in right:
                    if entry.name == "instance":
                        self._dunder(entry, "__contains__", right_node, frame)
                    elif values.is_opaque(entry):
                        self.unresolved("op:contains-unknown", node, right_node, frame)
                    elif entry.name not in ("dict", "json", "None") and not self._knowledge.is_kind(
                        entry.name, "sequence"
                    ):
                        self.protocol(entry.name, "contains", node, frame)
            elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                if names_date(left) and names_date(right):
                    self._compared_dates(node, frame)
                found = values.names(left) | values.names(right)
                if "json" in found:
                    self.operation("op:compare-json", node, frame)
                if "None" in found:
                    operands = ((left_node, left), (right_node, right))
                    nones = [part for part, value in operands if "None" in values.names(value)]
                    self.of_none("op:compare-none", node, frame, *nones)
                for value, part in ((left, left_node), (right, right_node)):
                    self.unresolved_if_opaque(value, "op:compare-unknown", node, part, frame)
            if type(operator) in _COMPARISONS:
                self.special(left, (_COMPARISONS[type(operator)],), left_node, frame)
            left_node, left = right_node, right
        return BOOL

    def _conditional(self, node: ast.IfExp, frame: Frame) -> Value:
        if frame.env is None:
            # A guard in the test speaks of the branches: `m.group(1) if m else None`.
            return values.join((self.value(node.body, frame), self.value(node.orelse, frame)))
        guards = self._engine.guards
        self.tested(node.test, frame)
        state = guards.save(frame)
        guards.assume(node.test, True, frame)
        was_dead = frame.is_dead
        first = self.value(node.body, frame)
        first_dead, frame.is_dead = frame.is_dead, was_dead
        guards.restore(state, frame)
        state = guards.save(frame)
        guards.assume(node.test, False, frame)
        second = self.value(node.orelse, frame)
        guards.restore(state, frame)
        frame.is_dead = frame.is_dead and first_dead
        return values.join((first, second))

    def _walrus(self, node: ast.NamedExpr, frame: Frame) -> Value:
        value = self.value(node.value, frame)
        if frame.env is not None:
            self._engine.flow.assign(node.target, value, frame)
        return value

    # -- async and generators -------------------------------------------------------------------------------

    def _await(self, node: ast.Await, frame: Frame) -> Value:
        value = self.value(node.value, frame)
        found: list[Value] = []
        for entry in value:
            if entry.name == "coroutine":
                found.append(entry.args[0])
            elif self._knowledge.protocol(entry.name, "await") is not None:
                found.append(self.protocol(entry.name, "await", node, frame) or ANY)
            else:
                found.append(frozenset({entry}))
        known = any(self._knowledge.protocol(entry.name, "await") is not None for entry in value)
        if frame.sink is not None and not known and not isinstance(node.value, ast.Call):
            self.awaited(node.value, frame)
        return values.join(found) or self.nothing

    def awaited(self, node: ast.expr, frame: Frame, depth: int = 0) -> None:
        """Put what a task or coroutine raises into the sink where it is awaited, although it was made elsewhere.

        What is known is how it was made: by the assignments and ``append`` calls of that name. Anything else, a
        parameter above all, is not known.
        """
        if isinstance(node, ast.Starred):
            node = node.value
        if isinstance(node, ast.Call | ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp):
            return  # evaluated where it stands, with its effects
        made = self._made(node, frame) if depth < _AWAITED_DEPTH else None
        if made is None:
            assert frame.sink is not None
            frame.sink.add(Unknown(node, frame.unit, "", "it awaits what was started elsewhere"))
            return
        assert frame.sink is not None
        for expression in made:
            if expression in frame.sink.awaited:
                continue  # also what ends `x = await x`
            frame.sink.awaited.add(expression)
            if isinstance(expression, ast.Name | ast.Attribute):
                self.awaited(expression, frame, depth + 1)
                continue
            if isinstance(expression, ast.Call):
                for argument in expression.args:  # asyncio.as_completed(tasks)
                    if isinstance(argument, ast.Name | ast.Attribute | ast.Starred) and depth:
                        self.awaited(argument, frame, depth + 1)
            elsewhere = Frame(frame.unit.enclosing(expression), None, frame.sink)
            elsewhere.depth = frame.depth
            self.value(expression, elsewhere)

    def _made(self, node: ast.expr, frame: Frame) -> list[ast.expr] | None:
        """Return the expressions that a name or attribute of ``self`` is bound to or filled with; None if unknown."""
        module, unit = frame.unit.module, frame.unit
        found: list[ast.expr] = []
        targets: list[ast.AST] = []
        if isinstance(node, ast.Name):
            targets.extend(binding.node for binding in module.bindings(node))
        elif (
            isinstance(node, ast.Attribute)
            and frame.function.owner is not None
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            targets.extend(frame.function.owner.stores.get(node.attr, ()))
        if not targets:
            return None
        for target in targets:
            parent = module.parents.get(target)
            match parent:
                case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                    if isinstance(parent, ast.Assign) and target not in parent.targets:
                        return None
                case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
                    pass
                case _:
                    return None
            if not is_none(value):
                found.append(value)
        path = unit.path(node)
        for call in unit.calls_on(path) if path is not None else ():
            if isinstance(call.func, ast.Attribute) and call.func.attr == "append":
                found.extend(call.args)
        return found

    def _yield(self, node: ast.Yield, frame: Frame) -> Value:
        if node.value is not None:
            self.value(node.value, frame)
        return self._engine.sight.sent(frame.function)

    def _yield_from(self, node: ast.YieldFrom, frame: Frame) -> Value:
        self.iterate(self.value(node.value, frame), node.value, frame)
        return ANY

    # -- iteration ------------------------------------------------------------------------------------------

    def iterate(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Return what iterating over a value gives, and put what that can raise into the sink."""
        if frame.sink is not None:
            self._engine.kinds.iterated(value, node, frame)
            for entry in value:
                match entry.name:
                    case "json":
                        self.operation("op:iterate-json", node, frame)
                    case "None":
                        self.of_none("op:iterate-none", node, frame, node)
                    case "generator" | "coroutine":
                        if isinstance(entry.ref, FunctionInfo):
                            frame.sink.add(Edge(entry.ref, node, frame.unit))
                    case "instance":
                        self._iterate_instance(entry, node, frame)
                    case "list" | "dict" | "str" | "tuple" | "set" | "iterator" | "bytes" | "range":
                        pass
                    case "class" if isinstance(entry.ref, ClassInfo) and self._is_enumeration(entry.ref):
                        pass
                    case _ if values.is_opaque(entry):
                        self.unresolved("op:iterate-unknown", node, node, frame)
                    case _:
                        if self.protocol(entry.name, "iter", node, frame) is None and not values.is_builtin(
                            entry
                        ):
                            self.unresolved("op:iterate-unknown", node, node, frame)
            held = container(node)
            if self._meanwhile.changes(held, frame):
                kinds = values.names(self.value(held, self._quiet(frame)))
                if not kinds.isdisjoint(SIZED):
                    self.operation("op:iterate-changed", node, frame)
        return self.element(value, frame.unit)

    def _iterate_instance(self, entry: Type, node: ast.expr, frame: Frame) -> None:
        if self._engine.shapes.lacks(entry.ref, _ITERATING):
            self.operation("op:kinds", node, frame)
        for name in ("__iter__", "__next__", "__aiter__", "__anext__", "__getitem__"):
            assert isinstance(entry.ref, ClassInfo)
            if isinstance(self._engine.flat.method(entry.ref, name), FunctionInfo):
                self._dunder(entry, name, node, frame)

    def element(self, value: Value, unit: Unit) -> Value:
        """Return what iterating over a value gives."""
        found: list[Value] = []
        for entry in value:
            match entry.name:
                case "None":
                    continue
                case "tuple":
                    found.append(values.join(entry.args) or self.nothing)
                case "json":
                    found.append(JSON)
                case "str":
                    found.append(STR)
                case "bytes" | "bytearray" | "range":
                    found.append(INT)
                case "any":
                    found.append(ANY)
                case "generator" | "list" | "set" | "frozenset" | "iterator" | "dict" if entry.args:
                    found.append(entry.args[0])
                case "class" if isinstance(entry.ref, ClassInfo) and self._is_enumeration(entry.ref):
                    found.append(values.one("instance", ref=entry.ref))
                case "instance":
                    assert isinstance(entry.ref, ClassInfo)
                    method = self._engine.flat.method(entry.ref, "__iter__")
                    if isinstance(method, FunctionInfo):
                        returned = self._engine.flat.returns(method)
                        if not any(other.name == "instance" for other in returned):
                            found.append(self.element(returned, unit))
                            continue
                        method = self._engine.flat.method(entry.ref, "__next__")
                        if isinstance(method, FunctionInfo):
                            found.append(self._engine.flat.returns(method))
                            continue
                    found.append(ANY)
                case _:
                    row = self._knowledge.protocol(entry.name, "iter")
                    if row is None or not row.returns:
                        found.append(ANY)
                    elif row.returns in ("element", "key"):
                        found.append(entry.args[0] if entry.args else ANY)
                    else:
                        found.append(self.substitute(values.parse(row.returns), frozenset({entry}), None))
        return values.join(found) or self.nothing

    def item(self, value: Value, index: int, count: int | None) -> Value:
        """Return the item of an unpacked value; ``count`` is the number of targets, None with a star among them."""
        found: list[Value] = []
        for entry in value:
            if (
                entry.name == "tuple"
                and entry.ref is None
                and len(entry.args) == (count if count is not None else -1)
            ):
                found.append(entry.args[index])
            elif entry.name != "None":
                found.append(self.element(frozenset({entry}), self._engine.unit))
        return values.join(found) or self.nothing

    def unpack(
        self, value: Value, count: int, exact: bool, node: ast.expr, source: ast.expr, frame: Frame
    ) -> None:
        """Put what unpacking a value into ``count`` names can raise into the sink."""
        if frame.sink is None:
            return
        self._engine.kinds.iterated(value, node, frame)
        for entry in value:
            match entry.name:
                case "json":
                    self.operation("op:unpack-json", node, frame)
                case "None":
                    self.operation("op:unpack-none", node, frame)
                case "tuple":
                    if entry.ref is None and entry.args and (len(entry.args) == count or not exact):
                        continue
                    if entry.ref is None and not entry.args:
                        continue
                    self.operation("op:unpack", node, frame)
                case "instance":
                    self._iterate_instance(entry, node, frame)
                case _ if values.is_opaque(entry):
                    self.unresolved("op:unpack-unknown", node, source, frame)
                case _:
                    self.operation("op:unpack", node, frame)

    # -- rows -----------------------------------------------------------------------------------------------

    def substitute(
        self, value: Value, receiver: Value | None, arguments: Callable[[str], Value] | None
    ) -> Value:
        """Replace the placeholders of a row's type expression (``self``, ``element``, ``key``, ``arg:x``, ``result:x``)."""
        found: list[Value] = []
        for entry in value:
            name = entry.name
            if name == "self":
                found.append(receiver or ANY)
            elif name in ("element", "key", "value"):
                base = receiver if receiver is not None else arguments("") if arguments is not None else ANY
                if base is None or name == "element" or (name == "key"):
                    found.append(self.element(base or ANY, self._engine.unit))
                else:
                    found.append(self._dict_values(base))
            elif name.startswith("arg:"):
                found.append(arguments(name[4:]) if arguments is not None else ANY)
            elif name.startswith("result:"):
                found.append(arguments(name) if arguments is not None else ANY)
            elif entry.args:
                made = tuple(self.substitute(argument, receiver, arguments) for argument in entry.args)
                found.append(
                    values.one(name, *made, ref="any length" if name == "tuple" and len(made) == 1 else None)
                )
            elif name == "list" or name == "iterator" or name == "set":
                found.append(values.one(name, ANY))
            elif name == "dict":
                found.append(values.one("dict", ANY, ANY))
            elif name == "tuple":
                found.append(values.one("tuple", ANY, ref="any length"))
            else:
                found.append(frozenset({entry}))
        return values.join(found)

    def _dict_values(self, base: Value) -> Value:
        found: list[Value] = []
        for entry in base:
            if entry.name == "dict" and len(entry.args) > 1:
                found.append(entry.args[1])
            elif entry.name == "json":
                found.append(JSON)
            elif entry.name != "None":
                if entry.name in _MAPPINGS:
                    found.append(entry.args[1] if len(entry.args) > 1 else ANY)
                    continue
                row = self._knowledge.protocol(entry.name, "getitem")
                found.append(ANY if row is None or not row.returns else values.parse(row.returns))
        return values.join(found) or self.nothing


_AWAITED_DEPTH = 6
_TOUCHING = frozenset({ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Set, ast.Dict})
# What makes containers, into which more may be put later.
_MAKERS = frozenset(
    {ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.Call, ast.BinOp}
)
_AS_TEXT = ("__str__", "__repr__")
_TRUTH = ("__bool__", "__len__")
_PROTOCOLS_OF = {"__bool__": "bool", "__len__": "len"}
_SIGNS: dict[type[ast.unaryop], str] = {
    ast.USub: "__neg__",
    ast.UAdd: "__pos__",
    ast.Invert: "__invert__",
}
_CONVERSIONS = {-1: ("__format__", *_AS_TEXT), 97: ("__repr__",), 114: ("__repr__",), 115: _AS_TEXT}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
    ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
}
_ITERATING = ("__iter__", "__next__", "__aiter__", "__anext__", "__getitem__")
# What an object does not do unless its class has a method for it, and what Python asks instead.
_WITHOUT_DEFAULT = frozenset(
    "__len__ __next__ __reversed__ __abs__ __int__ __float__ __neg__ __pos__ __invert__ __contains__ __getitem__ __setitem__"  # noqa: SIM905  # a list of words
    " __delitem__".split()
)
_INSTEAD = {
    "__contains__": ("__iter__", "__getitem__"),
    "__reversed__": ("__len__", "__getitem__"),
    "__int__": ("__index__", "__trunc__"),
    "__float__": ("__index__",),
    "__getitem__": ("__class_getitem__",),
}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "**"})  # what hardly anything does with None on the right
_OPERATOR_METHODS = {"+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "|": "__or__"}


# What Python binds in every module, and IPython beside.
_OF_MODULES = frozenset(
    {"__file__", "__name__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__", "__path__"}
)
_UNKNOWN = Type("any")


def _is_of_itself(node: ast.AST, operand: ast.expr, frame: Frame) -> bool:
    """Whether an operation is stored under the name of its operand, so that it is done again and again: ``x = x ** 2``."""
    if isinstance(node, ast.AugAssign):
        return True
    parent = frame.unit.module.parents.get(node)
    path = frame.unit.path(operand)
    return (
        path is not None and isinstance(parent, ast.Assign) and path in map(frame.unit.path, parent.targets)
    )


def names_date(value: Value) -> bool:
    """Whether a value may be a date with a time."""
    return any(entry.name == "datetime.datetime" for entry in value)


def _makes_dates(module: Module, *, aware: bool) -> bool:
    """Whether a file makes dates that know their time zone, or such that do not."""
    for name in (
        "now",
        "fromtimestamp",
        "datetime",
        "strptime",
        "fromisoformat",
        "today",
        "utcnow",
        "utcfromtimestamp",
    ):
        for call in module.calls_of(name):
            has_zone = len(call.args) > _ZONE_AT.get(name, 99) or any(
                word.arg in ("tz", "tzinfo") or word.arg is None for word in call.keywords
            )
            if has_zone is aware or name in ("strptime", "fromisoformat"):
                return True
    if not aware:
        return False
    return bool(module.calls_of("astimezone")) or any(
        word.arg == "tzinfo" for call in module.calls_of("replace") for word in call.keywords
    )


_LIBRARY = sys.stdlib_module_names | {"file"}
_ZONE_AT = {"now": 0, "fromtimestamp": 1, "datetime": 7}
_HUGE = {int: 1 << 63, float: 1e100, bool: 2}
_GROWING = frozenset({"+", "-", "*", "**", "<<"})
_BITS = 63
_DIGITS = 300
_MAPPINGS = frozenset({"collections.defaultdict", "collections.OrderedDict", "collections.Counter"})
_MIXED_IN = frozenset(
    {"int", "str", "float", "bytes", "enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "enum.Flag"}
)


def _is_huge(value: Value) -> bool:
    return any(entry.ref == HUGE and entry.name == "int" for entry in value)


def _repeats(left: ast.expr, right: ast.expr) -> bool:
    """Whether a literal text is repeated so often that the number in it, if there is one, is too large for a float."""
    count = _integer(right)
    return (
        isinstance(left, ast.Constant)
        and isinstance(left.value, str)
        and count is not None
        and len(left.value) * count > _DIGITS
    )


def _grows(symbol: str, left: ast.expr, right: ast.expr) -> bool:
    """Whether a power or shift of literals gives a number of more bits than a machine word."""
    one, other = _integer(left), _integer(right)
    if one is None or other is None or other < 0:
        return False
    bits = abs(one).bit_length()
    return (symbol == "**" and bits > 1 and (bits - 1) * other >= _BITS) or (
        symbol == "<<" and bits + other > _BITS
    )


def _is_reported(node: ast.AST | None, reported: set[ast.AST]) -> bool:
    """Whether what an operation is done with hangs on something that is reported as not known."""
    while node is not None:
        if node in reported:
            return True
        match node:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
                node = inner
            case ast.Call(func=inner):
                node = inner
            case _:
                return False
    return False


def _receiver(node: ast.expr) -> ast.expr:
    """Return the expression whose attribute is read, or whose method is called."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.value if isinstance(node, ast.Attribute) else node


def _minds_platform(frame: Frame) -> bool:
    """Whether the code asks on which platform it runs before it uses what only some have."""
    node = frame.function.node
    return any(
        (isinstance(child, ast.Attribute) and child.attr in ("name", "platform", "system"))
        or (isinstance(child, ast.Name) and child.id == "hasattr")
        for child in ast.walk(node)
    )


def _integer(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and type(node.operand.value) is int
    ):
        return -node.operand.value
    return None


def _converts(template: ast.expr) -> bool:
    """Whether a written ``%`` template asks for a number."""
    text = template.value if isinstance(template, ast.Constant) else ""
    return isinstance(text, str) and _NUMBER_IN_PERCENT.search(text.replace("%%", "")) is not None


def _is_number_format(spec: ast.expr) -> bool:
    """Whether a literal format specification is for numbers only: ends in ``d``, ``f``, ``e``, ``g`` or ``%``."""
    if isinstance(spec, ast.JoinedStr) and spec.values and isinstance(spec.values[-1], ast.Constant):
        text = spec.values[-1].value
        return isinstance(text, str) and text[-1:] in "dfeg%xn"
    return False
