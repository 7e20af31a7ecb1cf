"""Values and effects of expressions, calls apart (see ``calls``).

Input: an expression and a ``Frame``. Output: its ``Value``; what evaluating it can raise goes to the frame's sink.
A frame without a sink asks for the value only, and parts that cannot matter for it are then not looked at.
Implicit operations raise what their row (``op:*``) says; this module decides when a row applies.
"""

# ruff: noqa: ARG002  # the functions of a dispatch table share one signature
from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Frame, Unknown
from workerlog_migrate.analysis.loading import may_be_missing
from workerlog_migrate.analysis.operators import AS_TEXT
from workerlog_migrate.analysis.presence import minds_platform
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.values import (
    ANY,
    BOOL,
    BYTES,
    FLOAT,
    HUGE,
    INT,
    NONE,
    STR,
    Value,
)
from workerlog_migrate.syntax.names import BUILTINS
from workerlog_migrate.syntax.parsing import TEMPLATE
from workerlog_migrate.syntax.ways import always_stored, stored_before

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.attributes import Attributes
    from workerlog_migrate.analysis.awaiting import Awaiting
    from workerlog_migrate.analysis.calls import Calls
    from workerlog_migrate.analysis.changes import Changes
    from workerlog_migrate.analysis.containers import Containers
    from workerlog_migrate.analysis.ducks import Ducks
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.guards import Guards
    from workerlog_migrate.analysis.hooks import Hooks
    from workerlog_migrate.analysis.iteration import Iteration
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.operators import Operators
    from workerlog_migrate.analysis.presence import Presence
    from workerlog_migrate.analysis.resized import Resized
    from workerlog_migrate.analysis.sight import Sight
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.subscripts import Subscripts
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.syntax.scopes import Binding

MAX_DEPTH = 90
_CONSTANTS: dict[type, Value] = {
    str: STR,
    bytes: BYTES,
    bool: BOOL,
    int: INT,
    float: FLOAT,
    complex: values.one("complex"),
    type(None): NONE,
}


class Expressions:
    """Evaluates expressions.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        elements: Elements,
        sight: Sight,
        containers: Containers,
        presence: Presence,
        flat: FlowInsensitive,
        ducks: Ducks,
        kinds: Kinds,
        hooks: Hooks,
        unset: Unset,
        guards: Guards,
        special_methods: SpecialMethods,
        iteration: Iteration,
        attributes: Attributes,
        subscripts: Subscripts,
        operators: Operators,
        changes: Changes,
        resized: Resized,
        awaiting: Awaiting,
        calls: Calls,
    ) -> None:
        self._above = above
        self._effects = effects
        self._elements = elements
        self._sight = sight
        self._containers = containers
        self._presence = presence
        self._flat = flat
        self._ducks = ducks
        self._kinds = kinds
        self._hooks = hooks
        self._unset = unset
        self._guards = guards
        self._special_methods = special_methods
        self._iteration = iteration
        self._attributes = attributes
        self._subscripts = subscripts
        self._operators = operators
        self._changes = changes
        self._resized = resized
        self._awaiting = awaiting
        self._stored: dict[ast.AST, frozenset[str]] = {}
        self._knowledge = world.knowledge
        self._dispatch: dict[type[ast.expr], Callable[..., Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscripts._subscript,
            ast.Call: calls.call,
            ast.JoinedStr: self._joined,
            ast.FormattedValue: self._formatted,
            ast.BinOp: self._operators._binary,
            ast.UnaryOp: self._operators._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._operators._compare,
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
            ast.Await: self._awaiting._await,
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
            if frame.sink.is_heard:
                frame.sink.add(Unknown(node, frame.unit, "", "the expression is nested too deeply"))
            return ANY
        if frame.sink.ran:  # a truth that was asked, an attribute that was set
            self._changes.after_running(frame)
        frame.depth += 1
        kind = type(node)
        value = self._dispatch.get(kind, self._unknown)(node, frame)
        frame.depth -= 1
        if frame.sink.is_heard and kind in _TOUCHING:
            self._hooks.touched(value, node, frame)
        if frame.sink.ran:
            self._changes.after_running(frame)
        if kind in _MAKERS or (kind is ast.Subscript and isinstance(node.slice, ast.Slice)):  # type: ignore[attr-defined]  # a subscript
            return self._containers.with_contents(node, value, frame.unit)
        return value

    def _unknown(self, node: ast.expr, frame: Frame) -> Value:
        """Evaluate the parts of an expression of a kind that only newer Pythons have."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child, frame)
        return ANY

    def _constant(self, node: ast.Constant, frame: Frame) -> Value:
        if isinstance(node.value, int | float) and abs(node.value) >= _HUGE[type(node.value)]:
            return values.one(type(node.value).__name__, ref=HUGE)
        return _CONSTANTS.get(type(node.value), ANY)

    def _name(self, node: ast.Name, frame: Frame) -> Value:
        env = frame.env
        if env is not None:
            if frame.sink.is_heard:
                self._bound(node, frame)
            known = env.get(node.id)
            if known is None:
                known = self._flat.name(node.id, node, frame.unit)
            return self._unset.told(known, node, frame)
        return self._flat.name(node.id, node, frame.unit)

    def _bound(self, node: ast.Name, frame: Frame) -> None:
        """Put what reading a name raises that nothing binds, or not on every way to here."""
        if frame.is_bound(node.id):
            return
        module = frame.unit.module
        here = module.scope(node)
        found = module.lookup(node.id, here)
        is_of_class = found is not None and isinstance(found[0].node, ast.ClassDef)
        if is_of_class:  # not there yet: the module may have it
            bindings = module.scope_of_module.bindings.get(node.id)
            found = (module.scope_of_module, bindings) if bindings else None
        if found is None:
            known = _OF_CLASSES if here.is_class else _OF_MODULES
            if node.id in BUILTINS or node.id in known:
                return
            starred = self._flat.starred(node.id, frame.unit)
            is_sure = starred is None and not (calls_to(module, "exec") or calls_to(module, "globals"))
            if is_sure or (is_of_class and starred in (None, ANY)):  # hardly what is brought unseen
                self._effects.operation("op:unbound-name", node, frame)
            return
        scope, bindings = found
        if scope.node is module.tree is not frame.function.node:
            if all(
                module.function(binding.node) is not None for binding in bindings
            ) or (  # `global`, set elsewhere
                (
                    self._presence.may_be_left_out(bindings, frame)
                    or may_be_missing(node, bindings, frame.function.name, module)
                )
                and not minds_platform(frame)
            ):
                self._effects.operation("op:unbound-name", node, frame)
            return
        if any(binding.kind == "parameter" for binding in bindings):
            return
        if scope.node is not frame.function.node:
            if self._may_be_unbound_outside(node, scope.node, bindings, frame):
                self._effects.operation("op:unbound-name", node, frame)
            return
        if scope.node is not module.tree:
            self._effects.operation("op:unbound-local", node, frame)
        elif not any(
            node.id in self._always_stored(function)  # by `global`, on every way
            for binding in bindings
            if (function := module.function(binding.node)) is not None
        ):
            self._effects.operation("op:unbound-name", node, frame)

    def _may_be_unbound_outside(
        self, node: ast.Name, owner: ast.AST, bindings: list[Binding], frame: Frame
    ) -> bool:
        """Whether a function around may have bound a name of its own only on some ways, none of which leads to the inner function."""
        module = frame.unit.module
        if any(each.kind == "delete" and module.function(each.node) is not owner for each in bindings):
            return True  # by `nonlocal`
        if not isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) or node.id in self._always_stored(
            owner
        ):
            return False
        parents = frame.unit.module.parents
        around: set[ast.AST] = set()
        inner: ast.AST | None = frame.function.node
        outermost = inner
        while inner is not None and inner is not owner:
            around.add(inner)
            outermost, inner = inner, parents.get(inner)
        if outermost is not None and node.id in stored_before(owner, outermost):
            return False  # what returned earlier never came to the inner function
        for binding in bindings:
            place: ast.AST | None = binding.node
            while place is not None and not isinstance(place, ast.stmt):
                place = parents.get(place)
            if place is None or place in around or parents.get(place) in around:
                return False
        return inner is owner

    def _always_stored(self, function: ast.AST) -> frozenset[str]:
        known = self._stored.get(function)
        if known is None:
            known = self._stored[function] = always_stored(function)
        return known

    def _starred(self, node: ast.Starred, frame: Frame) -> Value:
        self._iteration.iterate(self.value(node.value, frame), node.value, frame)
        return ANY

    def _slice(self, node: ast.Slice, frame: Frame) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.value(part, frame)
        return values.one("slice")

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Value:
        env = frame.env
        if env is not None:
            path = frame.unit.path(node)
            if path is not None and path in env:
                receiver = self.value(node.value, frame.quiet())
                if not self._attributes.is_made_anew(receiver, node.attr, node, frame):
                    return self._unset.told(env[path], node, frame)
        receiver = self.value(node.value, frame)
        found = self._attributes.attribute(receiver, node.attr, node, frame)
        return found if env is None else self._unset.told(found, node, frame)

    def _list(self, node: ast.List, frame: Frame) -> Value:
        return values.one("list", self._listed(node.elts, frame))

    def _set(self, node: ast.Set, frame: Frame) -> Value:
        elements = self._listed(node.elts, frame)
        self._kinds.hashed(elements, node, frame)
        return values.one("set", elements)

    def _listed(self, nodes: list[ast.expr], frame: Frame) -> Value:
        found: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.append(self._iteration.iterate(self.value(node.value, frame), node.value, frame))
            else:
                found.append(self.value(node, frame))
        return values.join(found) or ANY

    def _tuple(self, node: ast.Tuple, frame: Frame) -> Value:
        if any(isinstance(entry, ast.Starred) for entry in node.elts) or len(node.elts) > 32:
            return values.one("tuple", self._listed(node.elts, frame), ref=values.ANY_LENGTH)
        return values.one("tuple", *[self.value(entry, frame) for entry in node.elts])

    def _dict(self, node: ast.Dict, frame: Frame) -> Value:
        keys: list[Value] = []
        items: list[Value] = []
        literal: list[tuple[object, Value]] = []
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item, frame)
            if key is None:
                literal.append((None, ANY))
                self._iteration.unpack_mapping(value, item, frame)
                for entry in value:
                    if entry.name == "dict" and len(entry.args) > 1:
                        keys.append(entry.args[0])
                        items.append(entry.args[1])
                    else:
                        keys.append(ANY)
                        items.append(frozenset({entry}) if entry.name == "json" else ANY)
                continue
            keys.append(self.value(key, frame))
            self._kinds.hashed(keys[-1], key, frame)
            if value == NONE:
                value = ANY  # a slot that is filled later: None there is no evidence
            items.append(value)
            literal.append((key.value if isinstance(key, ast.Constant) else None, value))
        ref: object = None
        if literal and len(literal) <= 64 and all(key is not None for key, _ in literal):
            ref = tuple(literal)
        return values.one("dict", values.join(keys) or ANY, values.join(items) or ANY, ref=ref)

    def _comprehension(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp)
        saved: dict[str, Value | None] = {}
        env = frame.env
        if env is not None:
            for name in frame.unit.module.scopes[node].bindings:
                saved[name] = env.pop(name, None)
        guards = self._guards
        is_dead = frame.is_dead
        state = guards.save(frame)
        for at, generator in enumerate(node.generators):
            iterable = self.value(generator.iter, frame)
            if not at:
                is_dead = frame.is_dead  # there may be no element: what follows need not be evaluated
                state = guards.save(frame)
            element = self._iteration.iterate(
                iterable, generator.iter, frame, is_async=bool(generator.is_async)
            )
            if not at:
                steps = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                self._resized.by_steps(iterable, generator.iter, (*steps, *generator.ifs), frame)
            if env is not None:
                self._above.assignment.assign(generator.target, element, frame, of_loop=True)
                guards.loop_facts(generator.target, generator.iter, frame)
                for test in generator.ifs:
                    self.value(test, frame)
                    guards.assume(test, True, frame)
        held = guards.save(frame)
        if isinstance(node, ast.DictComp):
            key = self.value(node.key, frame)
            self._kinds.hashed(key, node.key, frame)
            result = values.one("dict", key, self.value(node.value, frame))
        else:
            element = self.value(node.elt, frame)
            kind = {"ListComp": "list", "SetComp": "set"}.get(type(node).__name__, "iterator")
            if kind == "set":
                self._kinds.hashed(element, node.elt, frame)
            result = values.one(kind, element)
            if isinstance(node, ast.GeneratorExp):
                lazy = values.of_kind(values.CALLABLE, values.Lazy(node, frame.unit))
                result = values.running(result, lazy)
        if frame.left_of(held).shape != held.shape:  # what one step ends, the next one does not have
            for test in (each for generator in node.generators for each in generator.ifs):
                guards.assume(test, True, frame)
            for step in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.value(step, frame)
        frame.is_dead = is_dead
        guards.restore(state, frame)
        for name, value in saved.items():
            if env is not None and value is not None:
                env[name] = value
        return result

    def _lambda(self, node: ast.Lambda, frame: Frame) -> Value:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None and frame.sink.is_heard:
                self.value(default, frame)
        return values.function(frame.unit.function(node))

    def _joined(self, node: ast.JoinedStr, frame: Frame) -> Value:
        if frame.sink.is_heard:
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
        self._special_methods.special(value, _CONVERSIONS[node.conversion], node.value, frame)
        if node.format_spec is not None and frame.sink.is_heard:
            self.value(node.format_spec, frame)
            if node.conversion == -1:
                self._kinds.formatted(value, node.format_spec, node.value, frame)
                found = values.names(value)
                if "json" in found:
                    self._effects.operation("op:format-json", node.value, frame)
                if "None" in found:
                    self._effects.operation("op:format-none", node.value, frame)
                if any(values.is_opaque(entry) for entry in value) or (
                    "str" in found and _is_number_format(node.format_spec)
                ):
                    self._effects.operation("op:format-spec", node.value, frame)
        return STR

    def _boolean(self, node: ast.BoolOp, frame: Frame) -> Value:
        is_or = isinstance(node.op, ast.Or)
        found: list[Value] = []
        guards = self._guards
        if frame.env is None:
            for at, entry in enumerate(node.values):
                value = self.value(entry, frame)
                last = at == len(node.values) - 1
                found.append(values.without_none(value) if is_or and not last else value)
            return self._or_default(values.join(found) or self._elements.nothing, node)
        state = guards.save(frame)
        ends = False  # whether evaluation can stop at an operand that returns
        for at, entry in enumerate(node.values):
            last = at == len(node.values) - 1
            count = len(frame.ended)
            value = self.value(entry, frame) if last else self._special_methods.tested(entry, frame)
            frame.ended_by[entry] = frame.ended[count:]
            if not at:
                state = guards.save(frame)  # it is evaluated in any case
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
        return self._or_default(values.join(found) or self._elements.nothing, node)

    def _or_default(self, value: Value, node: ast.BoolOp) -> Value:
        """Say that what a literal stands in for is data, ``read() or {}``."""
        is_or = isinstance(node.op, ast.Or)
        return self._ducks.with_default(value, node.values[-1]) if is_or else value

    def _conditional(self, node: ast.IfExp, frame: Frame) -> Value:
        if frame.env is None:
            # A guard in the test speaks of the branches: `m.group(1) if m else None`.
            return values.join((self.value(node.body, frame), self.value(node.orelse, frame)))
        guards = self._guards
        self._special_methods.tested(node.test, frame)
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
            self._above.assignment.assign(node.target, value, frame)
        return value

    def _yield(self, node: ast.Yield, frame: Frame) -> Value:
        if node.value is not None:
            self.value(node.value, frame)
        self._awaiting.resumed(frame)
        return self._sight.sent(frame.function)

    def _yield_from(self, node: ast.YieldFrom, frame: Frame) -> Value:
        self._iteration.iterate(self.value(node.value, frame), node.value, frame)
        return ANY


_TOUCHING = frozenset({ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Set, ast.Dict})
# What makes containers, into which more may be put later.
_MAKERS = frozenset(
    {ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.Call, ast.BinOp}
)
_CONVERSIONS = {-1: ("__format__", *AS_TEXT), 97: ("__repr__",), 114: ("__repr__",), 115: AS_TEXT}
# What Python binds in every module, and IPython beside.
_OF_MODULES = frozenset(
    {"__file__", "__name__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__", "__path__"}
)
_OF_CLASSES = _OF_MODULES | {"__module__", "__qualname__"}
_HUGE = {int: 1 << 63, float: 1e100, bool: 2}


def _is_number_format(spec: ast.expr) -> bool:
    """Whether a literal format specification is for numbers only: ends in ``d``, ``f``, ``e``, ``g`` or ``%``."""
    if isinstance(spec, ast.JoinedStr) and spec.values and isinstance(spec.values[-1], ast.Constant):
        text = spec.values[-1].value
        return isinstance(text, str) and text[-1:] in "dfeg%xn"
    return False
