"""Whether the condition of a row holds for the arguments of a call.

Input: a ``Condition``, the arguments, the receiver. Output: yes, no, or None where that cannot be told. All the words that a
condition may use, and what each means, stand at ``TESTS`` in ``knowledge.rows``.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.deep import (
    fills_decoded,
    has_inner,
    holds_itself,
    may_hold_no_data,
    mixes_keys,
    mixes_keys_of_decoded,
    puts_no_data_in,
)
from workerlog_migrate.analysis.escaped import is_escaped
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.lengths import may_be_empty, may_be_rooted
from workerlog_migrate.analysis.parameters import default_of
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.analysis.values import ANY, Type, Value
from workerlog_migrate.knowledge.rows import TESTS, ConditionWord
from workerlog_migrate.syntax.literals import is_written_empty, len_argument

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.closed import Closed
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.meanwhile import Meanwhile
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.writes import Writes
    from workerlog_migrate.knowledge import CallRow, Condition

_NO_WORD = ConditionWord("{}")  # types, values
_OF_DATA = frozenset({"converted", "negative", "shape:json"})


class Conditions:
    """Tests conditions.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        elements: Elements,
        writes: Writes,
        sources: Sources,
        unset: Unset,
        kinds: Kinds,
        closed: Closed,
        meanwhile: Meanwhile,
    ) -> None:
        self._world = world
        self._above = above
        self._elements = elements
        self._writes = writes
        self._sources = sources
        self._unset = unset
        self._kinds = kinds
        self._closed = closed
        self._meanwhile = meanwhile
        self._knowledge = world.knowledge
        self._deep: dict[Unit, bool] = {}
        self._decoded: dict[Unit, bool] = {}
        self._circular: dict[Unit, bool] = {}

    def is_of_unset(self, condition: Condition, row: CallRow, arguments: Arguments, frame: Frame) -> bool:
        """Whether a condition holds only because what is passed starts as None somewhere else."""
        if condition.test != "none-able":
            return False
        nodes = [node for name in condition.args for node in arguments.find(name, row.params)]
        return bool(nodes) and all(
            self._unset.starts_as_none(node, frame)
            for node in nodes
            if "None" in values.names(arguments.value(node))
        )

    def holds(
        self, condition: Condition, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        """Whether a condition holds; None when that cannot be told."""
        for unless in condition.unless:
            if self.holds(unless, row, arguments, receiver) is True:
                return False
        others = [self.holds(also, row, arguments, receiver) for also in condition.also]
        if False in others:
            return False
        own = self._holds_alone(condition, row, arguments, receiver)
        return None if own is True and None in others else own

    def _holds_deep(self, node: ast.expr | None, value: Value, arguments: Arguments) -> bool:
        """Whether what a container holds in another one may be no plain data."""
        unit = arguments.frame.unit
        if values.may_be_decoded(value) and self._is_filled(unit):
            return True
        if isinstance(node, ast.Dict | ast.List | ast.Tuple) or not has_inner(value):
            return False
        known = self._deep.get(unit)
        if known is None:
            self._deep[unit] = False  # what is asked on the way
            known = self._deep[unit] = puts_no_data_in(unit, self._above.flat.value)
        return known

    def _is_filled(self, unit: Unit) -> bool:
        """Whether a file, or the script, puts what is no plain data into decoded data."""
        for each in dict.fromkeys((unit, self._world.unit)):
            if each not in self._decoded:
                self._decoded[each] = False  # what is asked on the way
                self._decoded[each] = fills_decoded(each, self._above.flat.value)
        return self._decoded[unit] or self._decoded[self._world.unit]

    def _holds_alone(
        self, condition: Condition, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        verdict: bool | None = False
        for name in condition.args:
            result = self._test(condition, name, row, arguments, receiver)
            if result is True:
                return True
            if result is None:
                verdict = None
        return verdict

    def _test(
        self, condition: Condition, name: str, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        if name == "self":
            nodes = [arguments.receiver_node] if arguments.receiver_node is not None else []
            if condition.test in ("passed", "given"):
                return True
            found = receiver
        else:
            nodes, found = list(arguments.find(name, row.params)), None
        test = condition.test
        word = TESTS.get(test, _NO_WORD)
        if arguments.node is None and not word.of_callbacks:
            return False  # what a callback is given is not known, and that is no evidence
        if not nodes and test == "type":
            found = self._elements.spread(arguments, row.params) or found
        if not nodes and found is None:
            is_open = arguments.starred and not word.without and _may_be_unpacked(name, test, row, arguments)
            return None if is_open else word.without
        if condition.values and not test:
            return self._any_value(condition, nodes, arguments)
        if test == "ascii":
            return all(self.is_ascii(node, arguments) for node in nodes)
        return self._test_nodes(condition, nodes, found, arguments)

    def _any_value(self, condition: Condition, nodes: list[ast.expr], arguments: Arguments) -> bool | None:
        verdict: bool | None = False
        for node in nodes:
            constant = self.constant(node, arguments)
            if constant is None and isinstance(node, ast.Name):
                constant = self._sources.only_argument(node, arguments.frame.unit)
            if constant is None:
                verdict = None
            elif any(
                type(entry) is type(constant.value) and entry == constant.value for entry in condition.values
            ):
                return True
        return verdict

    def _test_nodes(
        self, condition: Condition, nodes: list[ast.expr], found: Value | None, arguments: Arguments
    ) -> bool | None:
        verdict: bool | None = False
        candidates: list[ast.expr | None] = list(nodes) or [None]
        for node in candidates:
            result = self._test_node(condition, condition.test, node, found, arguments)
            if result is True:
                return True
            if result is None:
                verdict = None
        return verdict

    def _test_node(
        self,
        condition: Condition,
        test: str,
        node: ast.expr | None,
        found: Value | None,
        arguments: Arguments,
    ) -> bool | None:
        constant = self.constant(node, arguments) if node is not None else None
        if constant is None and TESTS.get(test, _NO_WORD).of_parameters and isinstance(node, ast.Name):
            constant = self._sources.only_argument(node, arguments.frame.unit)
        match test:
            case "given":
                if constant is not None:
                    return constant.value is not None and constant.value is not False
                return True
            case "absent":
                return constant is not None and constant.value is None
            case "missing":
                return False
            case "passed":
                return True
            case "spelled":
                return self._world.spells(str(word) for word in condition.values)
            case "true":
                return True if constant is None else bool(constant.value)
            case "rooted":
                items = self._sources.looped(node, arguments.frame.unit) if node is not None else None
                return node is None or any(map(may_be_rooted, items or [constant or node]))
            case "emptiable":
                return node is not None and may_be_empty(
                    node,
                    arguments.frame.unit.module,
                    lambda part: _is_decoded(part, arguments.frame.unit, self._above),
                )
            case "negative":
                return node is not None and self._may_be_negative(node, arguments)
            case "literal":
                return node is not None and self._is_literal(node, arguments)
            case "not-literal":
                return node is None or not self._is_literal(node, arguments)
            case "escaped":
                return node is not None and is_escaped(node, arguments.frame.unit.module)
            case "empty":
                return node is not None and (
                    is_written_empty(node) or (constant is not None and constant.value in ("", b""))
                )
            case "unsettled":
                return node is None or not self._is_settled(node, arguments)
            case "count":
                return node is not None and len_argument(node) is not None
            case "converted":
                return node is not None and self._is_converted(node, arguments)
            case "integer-literal" | "number-literal":
                kind = int if test == "integer-literal" else float
                looped = [constant] if node is None else self._sources.looped(node, arguments.frame.unit)
                for each in looped or [constant]:
                    if (
                        isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and not _is_number(each.value, kind)
                    ):
                        return False
                return node is not None and self._is_literal(node, arguments)
            case "text-mode" | "binary-mode" | "write-mode":
                if constant is None or not isinstance(constant.value, str):
                    return None
                mode = constant.value
                if test == "text-mode":
                    return "b" not in mode
                if test == "binary-mode":
                    return "b" in mode
                return any(letter in mode for letter in "wax+")
        value = found if found is not None else arguments.value(node) if node is not None else ANY
        names = values.names(value)
        match test:
            case "none-able" | "shape:json":
                return ("None" if test == "none-able" else "json") in names
            case "closable":
                return self._closed.may_be(node, arguments.frame)
            case "far-off":
                return node is None or not self._sources.is_recent(node, arguments.frame)
            case "resized":
                return node is not None and self._meanwhile.changes_inside(node, arguments)
            case "holds-unknown":
                return may_hold_no_data(node, arguments.value) or self._holds_deep(node, value, arguments)
            case "mixed-keys":
                return mixes_keys(value) or (
                    "json" in names and mixes_keys_of_decoded(arguments.frame.unit, self._above.flat.value)
                )
            case "circular":
                return self._holds_itself(value, arguments.frame.unit)
            case "holds-no-text":
                return bool(values.names(self._parts(value, arguments)) & _NO_TEXTS)
            case "unordered":
                return any(self._is_unordered(part) for part in self._parts(value, arguments))
            case "unpaired":  # what str.split gives, or JSON: of any length
                is_kind = self._knowledge.is_kind
                series = frozenset(entry for entry in value if is_kind(entry.name, "series"))
                element = self._elements.element(series, arguments.frame.unit)
                return bool(series and values.names(element) & {"json", "list", "str"})
            case "type":
                return any(self._is_a(name, condition.types) for name in names)
            case "holds-type":
                held = values.names(self._parts(value, arguments))
                return any(self._is_a(name, condition.types) for name in held)
            case "not-type":
                plain = names - {"None"} | {"any" for entry in value if entry.is_undecoded}
                return any(not self._is_a(name, condition.types) for name in plain)
        return None

    def _holds_itself(self, value: Value, unit: Unit) -> bool:
        """Whether a container may be one that the file puts into itself."""
        if not values.names(value) & _HOLDING:
            return False
        if unit not in self._circular:
            self._circular[unit] = holds_itself(unit)
        return self._circular[unit]

    def _parts(self, value: Value, arguments: Arguments) -> Value:
        """Return what lies in a container: of a mapping what its keys lead to."""
        mappings = frozenset(entry for entry in value if self._is_a(entry.name, ("dict",)))
        held = [self._elements.dict_values(mappings)] if mappings else []
        series = frozenset(entry for entry in value if self._knowledge.is_kind(entry.name, "series"))
        if series:
            held.append(self._elements.element(series, arguments.frame.unit))
        return values.join(held)

    def _is_unordered(self, entry: Type) -> bool:
        return (
            entry.name in ("dict", "None", "json", "complex")
            or values.is_opaque(entry)
            or self._kinds.has_no_order(entry)
        )

    def _is_a(self, name: str, types: tuple[str, ...]) -> bool:
        if name in types:
            return True
        return name not in ("any", "json") and any(base in types for base in self._knowledge.mro(name))

    def constant(self, node: ast.expr, arguments: Arguments) -> ast.Constant | None:
        """Return the constant that an expression is, also through a name that is bound to it once."""
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.Name):
            return self.constant_name(node, arguments.frame)
        return None

    def constant_name(self, node: ast.Name, frame: Frame) -> ast.Constant | None:
        """Return the constant that a name is bound to once and for all."""
        value = self.once_bound(node, frame)
        return value if isinstance(value, ast.Constant) else None

    def once_bound(self, node: ast.Name, frame: Frame) -> ast.expr | None:
        """Return what a name is bound to once and for all, by no other file either."""
        module = frame.unit.module
        found = module.lookup(node.id, module.scope(node))
        if found is None or (
            found[0] is module.scope_of_module and self._writes.written(frame.unit, node.id)
        ):
            return None
        return only_value(module, found[1])

    def _is_converted(self, node: ast.expr, arguments: Arguments, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a number may come out of text, so that it can be of any size: not what the system gave.

        That is an attribute (``child.pid``), what a function of the standard library gives, or a name for these; not what such a
        function decodes. What is made of itself again and again may grow.
        """
        if isinstance(node, ast.Name):
            if node.id in seen:
                return True
            seen |= {node.id}
            module = arguments.frame.unit.module
            bindings = module.bindings(node)
            return not bindings or any(
                self._is_number_of_any_size(binding.node, arguments)
                if binding.kind == "parameter"
                else self._is_made_converted(module.parents.get(binding.node), arguments, seen)
                for binding in bindings
            )
        if isinstance(node, ast.Call | ast.Attribute) and _is_decoded(
            node, arguments.frame.unit, self._above
        ):
            return True
        if isinstance(node, ast.Call):
            dotted = arguments.frame.unit.module.qualified(node.func) or ""
            if "." in dotted:
                row = self._knowledge.call(dotted)
                if row is None or "unbounded" in row.marks:
                    return True
                return "computes" in row.marks and any(
                    self._is_converted(passed, arguments, seen) for passed in node.args
                )
            return not self._is_method_of_library(node.func, arguments)
        if isinstance(node, ast.Tuple):
            return any(self._is_converted(entry, arguments, seen) for entry in node.elts)
        if isinstance(node, ast.BinOp):
            return any(self._is_converted(part, arguments, seen) for part in (node.left, node.right))
        if isinstance(node, ast.Subscript):  # what is in something comes from where that does
            return self._is_converted(node.value, arguments, seen)
        if isinstance(node, ast.Attribute):
            if f".{node.attr}" in seen:
                return True
            seen |= {f".{node.attr}"}
            kept = self._kept(node, arguments)
            return any(made is None or self._is_converted(made, arguments, seen) for made in kept)
        return not self._is_literal(node, arguments)

    def _is_made_converted(self, made: ast.AST | None, arguments: Arguments, seen: frozenset[str]) -> bool:
        if not isinstance(made, ast.Assign | ast.AnnAssign | ast.NamedExpr) or made.value is None:
            return True
        return self._is_converted(made.value, arguments, seen)

    def _kept(self, node: ast.Attribute, arguments: Arguments) -> list[ast.expr | None]:
        """Return what this file puts into an attribute of an object of the program, None for what is not seen as it is put there.

        Nothing is returned for attributes of a library's objects.
        """
        module = arguments.frame.unit.module
        if not any(entry.kind in _OWN for entry in arguments.value(node.value)):
            return []
        made: list[ast.expr | None] = []
        for place in module.stores_of(node.attr):
            match module.parents.get(place):
                case ast.AnnAssign(value=value):
                    made.append(value)
                case ast.Assign(targets=targets, value=value) if place in targets:
                    made.append(value)
                case _:
                    made.append(None)
        for definition in module.classes:
            held = arguments.frame.unit.class_info(definition).values.get(node.attr)
            if held is not None:
                made.append(held)
        return made or [None]

    def _is_method_of_library(self, callee: ast.expr, arguments: Arguments) -> bool:
        """Whether a callee is a method of things of the standard library, which keep what they hold in bounds: a date, a span of time."""
        if not isinstance(callee, ast.Attribute):
            return False
        receivers = arguments.value(callee.value)
        return bool(receivers) and all(
            entry.kind is values.NAMED
            and entry.name.partition(".")[0] in sys.stdlib_module_names
            and self._knowledge.method(entry.name, callee.attr) is not None
            for entry in receivers
        )

    def _may_be_negative(
        self, node: ast.expr, arguments: Arguments, seen: frozenset[str] = frozenset()
    ) -> bool:
        """Whether a number is what is left of another one, is read from text, or a parameter that is handed on as it is."""
        match node:
            case ast.BinOp(op=ast.Sub()):
                return not self._is_literal(node, arguments)
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div(), right=right):
                return any(self._may_be_negative(part, arguments, seen) for part in (left, right))
            case ast.Call(func=ast.Name(id="int" | "float"), args=[text]):
                return not values.names(arguments.value(text)) <= _NUMBERS
            case ast.Name(id=name) if name not in seen:
                seen |= {name}
                module = arguments.frame.unit.module
                bindings = module.bindings(node)
                if any(
                    binding.kind == "parameter" and self._is_number_of_any_size(binding.node, arguments)
                    for binding in bindings
                ):
                    return True
                parents = (module.parents.get(binding.node) for binding in bindings)
                made = [parent.value for parent in parents if isinstance(parent, ast.Assign)]
            case ast.Attribute(attr=name) if f".{name}" not in seen:
                seen |= {f".{name}"}
                made = [value for value in self._kept(node, arguments) if value is not None]
            case _:
                return False
        return any(self._may_be_negative(value, arguments, seen) for value in made)

    def _is_number_of_any_size(self, parameter: ast.AST, arguments: Arguments) -> bool:
        """Whether a parameter is not only ever given numbers that are written in the program."""
        if not isinstance(parameter, ast.arg):
            return True
        given = self._sources.of_parameter(parameter, arguments.frame.unit)
        return not given or not all(
            unit.module.qualified(node) is None
            and self._settled(node, unit, set())  # `math.inf` is not written
            for node, unit in given
        )

    def _is_settled(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether the program itself says what a value is: literals, defaults of parameters, attributes set to these."""
        return self._settled(node, arguments.frame.unit, set())

    def _settled(self, node: ast.expr, unit: Unit, seen: set[ast.AST]) -> bool:
        if node in seen:
            return True
        seen.add(node)
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.BoolOp):
            return all(self._settled(part, unit, seen) for part in node.values)
        if isinstance(node, ast.IfExp):
            return self._settled(node.body, unit, seen) and self._settled(node.orelse, unit, seen)
        module = unit.module
        if isinstance(node, ast.Call):  # what Python says of itself: locale.getpreferredencoding()
            dotted = module.qualified(node.func) or ""
            return not node.args and self._knowledge.call(dotted) is not None
        made: list[ast.AST] = []
        if isinstance(node, ast.Name):
            made.extend(binding.node for binding in module.bindings(node))
        elif isinstance(node, ast.Attribute):
            owner = unit.enclosing(node).owner
            if owner is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
                return module.qualified(node) is not None  # sys.stdout.encoding
            made.extend(owner.stores.get(node.attr, ()))
            if node.attr in owner.values:
                return self._settled(owner.values[node.attr], unit, seen) and all(
                    self._is_settled_by(entry, unit, seen) for entry in made
                )
        return bool(made) and all(self._is_settled_by(entry, unit, seen) for entry in made)

    def _is_settled_by(self, made: ast.AST, unit: Unit, seen: set[ast.AST]) -> bool:
        if isinstance(made, ast.arg):
            function = unit.function_of(made)
            default = default_of(function, made)
            return default is not None and self._settled(default, unit, seen)
        parent = unit.module.parents.get(made)
        if isinstance(parent, ast.Assign | ast.AnnAssign) and made is not parent.value:
            direct = isinstance(parent, ast.AnnAssign) or made in parent.targets
            return direct and parent.value is not None and self._settled(parent.value, unit, seen)
        return False

    def _is_literal(self, node: ast.expr, arguments: Arguments) -> bool:
        constant = self.constant(node, arguments)
        if constant is not None:
            return not (isinstance(constant.value, str) and "\0" in constant.value)
        if isinstance(node, ast.List | ast.Tuple):
            return all(self._is_literal(entry, arguments) for entry in node.elts)
        looped = self._sources.looped(node, arguments.frame.unit)
        if looped is not None:
            return all(
                isinstance(entry, ast.Constant) and self._is_literal(entry, arguments) for entry in looped
            )
        if isinstance(node, ast.UnaryOp):
            return self._is_literal(node.operand, arguments)
        if isinstance(node, ast.Attribute):
            value = arguments.value(node)
            return values.names(value) == {"dotted"} or (
                frozenset({Type("str")}) == value
                and isinstance(node.value, ast.Name)
                and values.names(arguments.value(node.value)) <= _MODULES
            )
        if isinstance(node, ast.BinOp):
            return self._is_literal(node.left, arguments) and self._is_literal(node.right, arguments)
        return False

    def is_ascii(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether the printed text of an expression is certainly ASCII: literals, numbers, f-strings of those."""
        if isinstance(node, ast.Constant):
            return str(node.value).isascii()
        if isinstance(node, ast.JoinedStr):
            return all(
                self.is_ascii(part.value if isinstance(part, ast.FormattedValue) else part, arguments)
                for part in node.values
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add | ast.Mod):
            return self.is_ascii(node.left, arguments) and self.is_ascii(node.right, arguments)
        if isinstance(node, ast.IfExp):
            return self.is_ascii(node.body, arguments) and self.is_ascii(node.orelse, arguments)
        if isinstance(node, ast.Tuple):
            return all(self.is_ascii(entry, arguments) for entry in node.elts)
        if isinstance(node, ast.Call):
            return self._gives_ascii(node, arguments)
        if isinstance(node, ast.Name):
            constant = self.constant(node, arguments)
            if constant is not None:
                return str(constant.value).isascii()
        value = arguments.value(node)
        return bool(value) and self._knowledge.are_all(values.names(value), "plain")

    def _gives_ascii(self, node: ast.Call, arguments: Arguments) -> bool:
        """Whether a call gives ASCII text, or bytes of it, or a number."""
        function = node.func
        row = self._above.calls.row(node, arguments.frame)
        if row is not None and "ascii" in row.marks:
            return True
        if isinstance(function, ast.Attribute):
            name = function.attr
            if name == "strftime":
                return all(self.is_ascii(entry, arguments) for entry in node.args)
            if name == "encode" and node.args and getattr(node.args[0], "value", "") == "ascii":
                return True
            if row is not None and "keeps-ascii" in row.marks:
                return self.is_ascii(function.value, arguments)
        value = arguments.value(node)
        return bool(value) and self._knowledge.are_all(values.names(value), "plain")


def _may_be_unpacked(name: str, test: str, row: CallRow, arguments: Arguments) -> bool:
    """Whether what is unpacked into a call may hold an argument: an option comes by its name alone, as data out of data."""
    if arguments.node is None or name in row.params:
        return True
    mappings = [word.value for word in arguments.node.keywords if word.arg is None]
    if test not in _OF_DATA and not test.startswith("type:"):
        return bool(mappings)
    found = [entry for each in mappings for entry in arguments.value(each)]
    return any(
        entry.name != "dict" or any("json" in values.names(held) for held in entry.args) for entry in found
    )


def _is_decoded(node: ast.expr, unit: Unit, above: Above) -> bool:
    """Whether an expression, which may stand before the call, may give decoded data."""
    return "json" in values.names(above.flat.value(node, unit))


_HOLDING = frozenset({"dict", "list", "collections.defaultdict", "collections.OrderedDict"})
_NO_TEXTS = frozenset({"int", "float", "bool", "list", "dict", "tuple"})
_MODULES = frozenset({"dotted", "unit"})
_NUMBERS = frozenset({"int", "float", "bool"})
_OWN = frozenset({values.INSTANCE, values.CLASS, values.UNIT})


def _is_number(text: str, kind: type[int] | type[float]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def describe(condition: Condition) -> str:
    """Say in words under which condition a row raises, and which arguments would have ruled it out."""
    names = _quoted(condition.args)
    if condition.values and not condition.test:
        text = f"{names} is {' or '.join(repr(value) for value in condition.values)}"
    elif condition.test in ("passed", "given") and condition.args == ("self",):
        text = ""
    elif condition.test == "type":
        text = f"{names} is {' or '.join(condition.types)}"
    elif condition.test == "holds-type":
        text = f"{names} holds {' or '.join(condition.types)}"
    elif condition.test == "spelled":
        text = f"the program names {' or '.join(map(str, condition.values))}"
    elif condition.test == "not-type":
        text = f"{names} is not known to be {', '.join(condition.types)}"
    else:
        text = TESTS.get(condition.test, _NO_WORD).said.format(names)
    against = _quoted(
        name for unless in condition.unless for name in unless.args if name not in condition.args
    )
    return ", ".join(
        part for part in (text, f"no argument {against} rules it out" if against else "") if part
    )


def _quoted(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names))
