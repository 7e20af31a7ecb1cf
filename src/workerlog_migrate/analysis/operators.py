"""What operators and comparisons give and raise."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.decimals import DECIMAL, may_be_special
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.values import (
    ANY,
    BOOL,
    BOTTOM,
    FLOAT,
    HUGE,
    STR,
    Type,
    Value,
)
from workerlog_migrate.syntax.literals import integer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.proofs import Proofs
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World

_KEY = re.compile(r"%\(([^)]*)(?:\)|\Z)")
_UNITING = {"list": "+", "tuple": "+", "set": "|^", "frozenset": "|^", "dict": "|"}
"""Containers whose sum holds what is in both."""
_LITERAL = 64
_COUNTS = frozenset({"any", "int", "json"})
_NUMBER_IN_PERCENT = re.compile(r"%(?:\([^)]*(?:\)|\Z))?[-+ #0-9.*]*(?P<number>[diouxXeEfFgGc])?")
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


class Operators:
    """Evaluates operators.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        questions: Questions,
        elements: Elements,
        places: Places,
        shapes: Shapes,
        kinds: Kinds,
        unset: Unset,
        proofs: Proofs,
        special_methods: SpecialMethods,
    ) -> None:
        self._above = above
        self._effects = effects
        self._families = families
        self._questions = questions
        self._elements = elements
        self._places = places
        self._shapes = shapes
        self._kinds = kinds
        self._unset = unset
        self._proofs = proofs
        self._special_methods = special_methods
        self._knowledge = world.knowledge

    def _binary(self, node: ast.BinOp, frame: Frame) -> Value:
        chain: list[ast.BinOp] = [node]
        left = node.left
        while isinstance(left, ast.BinOp):  # long concatenations nest to the left
            chain.append(left)
            left = left.left
        value = self._above.expressions.value(left, frame)
        for entry in reversed(chain):
            value = self.operate(
                entry.op,
                value,
                self._above.expressions.value(entry.right, frame),
                entry,
                entry.left,
                entry.right,
                frame,
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
        if frame.sink.is_heard:
            self._operator_effects(symbol, left, right, node, left_node, right_node, frame)
        if not right and self._questions.is_asking:
            return BOTTOM
        made = (
            values.join(self._operator_value(entry, symbol, right, frame) for entry in left)
            or self._elements.nothing
        )
        if symbol == "*" and _repeats(left_node, right_node):
            return values.one("str", ref=HUGE)
        if symbol in _GROWING and (
            _is_huge(left) or _is_huge(right) or _grows(symbol, left_node, right_node)
        ):
            return frozenset(Type("int", (), HUGE) if entry.name == "int" else entry for entry in made)
        if any(entry.is_huge and entry.name == "float" for entry in (*left, *right)):
            return frozenset(Type("float", (), HUGE) if entry.name == "float" else entry for entry in made)
        return made

    def _operator_value(self, entry: Type, symbol: str, right: Value, frame: Frame) -> Value:
        if entry.name == "None":
            return BOTTOM
        if entry.name == "json" or entry.kind is values.UNKNOWN:
            kinds = values.names(right)
            if entry.name == "json" and kinds and self._knowledge.are_all(kinds, "number"):
                return _of_decoded(symbol, kinds)
            if kinds == {"str"} and symbol == "+":
                return STR
            return frozenset({entry}) if entry.name == "json" else ANY
        if entry.args and symbol in _UNITING.get(entry.name, ""):
            fitting = frozenset(other for other in right if not self._kinds.fail(symbol, entry, other))
            return values.join(self._united(entry, other, frame) for other in fitting)
        row = self._knowledge.type(entry.name)
        if row is None:
            return ANY
        found: list[Value] = []
        is_number = self._knowledge.is_kind(entry.name, "number")
        for other in right or ANY:
            decoded = _DECODED if other.name == "json" else (other,)
            if all(self._kinds.fail(symbol, entry, each) for each in decoded):
                continue  # it gives nothing
            expression = row.operators.get(f"{symbol}:{other.name}") or row.operators.get(symbol)
            if is_number and not self._knowledge.is_kind(other.name, "number"):
                found.append(self._of_number_and(entry, symbol, other, frame))
            elif expression is None:
                found.append(ANY)
            else:
                found.append(self._elements.substitute(values.parse(expression), frozenset({entry}), None))
        return values.join(found)

    def _of_number_and(self, entry: Type, symbol: str, other: Type, frame: Frame) -> Value:
        """Return what a number and something else give: what it is says the other one (``2 * series``, ``3 * "x"``)."""
        if other.name == "json":
            return _of_decoded(symbol, {entry.name})
        return self._operator_value(other, symbol, frozenset({entry}), frame)

    def _united(self, entry: Type, other: Type, frame: Frame) -> Value:
        """Return a container of what is in two of them."""
        right = frozenset({other})
        if entry.name == "dict":
            if other.name == "dict" and entry.literal is not None and other.literal is not None:
                merged = dict(entry.literal) | dict(other.literal)
                if len(merged) <= _LITERAL:
                    kept = tuple(merged.items())
                    return values.one(
                        "dict", entry.args[0] | other.args[0], values.join(merged.values()), ref=kept
                    )
            keys = self._elements.element(right, frame.unit)
            return values.one(
                "dict", entry.args[0] | keys, values.join([entry.args[-1], self._elements.dict_values(right)])
            )
        if entry.name == "tuple":
            if entry.has_length and other.name == "tuple" and other.has_length:
                return values.one("tuple", *entry.args, *other.args)
            parts = [*entry.args, self._elements.element(right, frame.unit)]
            return values.one("tuple", values.join(parts), ref=values.ANY_LENGTH)
        return values.one(entry.name, values.join([*entry.args, self._elements.element(right, frame.unit)]))

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
                self._effects.operation("op:percent-format", node, frame)
            self._percent_effects(right, node, left_node, right_node, frame)
            return
        for value, operand in ((left, left_node), (right, right_node)):
            self._effects.unresolved_if_opaque(value, "op:arithmetic-unknown", node, operand, frame)
        if "json" in lefts or "json" in rights:
            self._effects.operation("op:arithmetic-json", node, frame)
        if (
            symbol == "/"
            and "json" in rights
            and any(self._knowledge.is_kind(name, "path") for name in lefts)
        ):
            self._effects.operation("op:path-json", right_node, frame)
        if any(self._knowledge.is_kind(name, "cells") for name in lefts | rights):
            self._effects.operation("op:arithmetic-cells", node, frame)
        if "None" in lefts or ("None" in rights and ("any" not in lefts or symbol in _ARITHMETIC)):
            text = "str" in lefts or "str" in rights
            rule = "op:concat-none" if symbol == "+" and text else "op:arithmetic-none"
            operands = [part for part, kinds in ((left_node, lefts), (right_node, rights)) if "None" in kinds]
            self._unset.of_none(rule, node, frame, *operands)
        self._kinds.operated(symbol, left, right, node, frame)
        self._shapes.operated(symbol, left, right, node, frame)
        moves_date = (
            symbol in "+-"
            and "datetime.timedelta" in rights
            and any(self._knowledge.is_kind(name, "date") for name in lefts)
        )
        if moves_date and not self._proofs.is_recent(left_node, frame):
            self._effects.operation("op:date-overflow", node, frame)
        if symbol == "-" and names_date(left) and names_date(right):
            self._compared_dates(node, frame)
        if DECIMAL in lefts | rights and may_be_special(self._places, frame):
            self._effects.operation("op:decimal-arithmetic", node, frame)
        self._number_effects(symbol, lefts, rights, node, left_node, right_node, frame)
        for entry in left:
            if self._lacks_operator(entry, symbol):
                self._effects.operation("op:kinds", node, frame)
            if entry.kind is values.INSTANCE:
                method = _OPERATOR_METHODS.get(symbol)
                if method is not None:
                    self._special_methods.dunder(entry, method, left_node, frame)

    def _percent_effects(
        self, right: Value, node: ast.AST, template: ast.expr, filling: ast.expr, frame: Frame
    ) -> None:
        """``"%s" % x``: what the fields of a template do with what fills them."""
        for entry in right:
            parts = entry.args if entry.name == "tuple" else (frozenset({entry}),)
            for part in parts:
                self._special_methods.special(part, AS_TEXT, filling, frame)
        self._kinds.percent(template, right, node, frame)
        if any(_misses_key(template, entry) for entry in right):
            self._effects.operation("op:subscript-key", node, frame)
        if any(values.is_opaque(entry) for entry in right) and _converts(template):
            self._effects.operation("op:convert-unknown", node, frame)
        if _converts(template) and any(
            values.may_be_decoded(part) for entry in right for part in (*entry.args, frozenset({entry}))
        ):
            self._effects.operation("op:percent-json", node, frame)

    def _number_effects(
        self,
        symbol: str,
        lefts: set[str],
        rights: set[str],
        node: ast.AST,
        left_node: ast.expr,
        right_node: ast.expr,
        frame: Frame,
    ) -> None:
        """Divisions, powers and shifts, which some numbers cannot take."""
        if symbol in ("/", "//", "%") and "decimal.Decimal" in lefts | rights:
            if not self._proofs.is_nonzero(right_node, frame):
                self._effects.operation("op:decimal-division", node, frame)
        elif symbol in ("/", "//", "%") and self._can_divide(symbol, lefts, rights):
            if not self._proofs.is_nonzero(right_node, frame):
                self._effects.operation("op:modulo-number" if symbol == "%" else "op:division", node, frame)
        elif symbol == "**" and "float" in lefts and _is_of_itself(node, left_node, frame):
            self._effects.operation("op:power", node, frame)
        elif symbol == "**" and not isinstance(right_node, ast.Constant):
            if not lefts <= {"int"} or rights & {"float", "json"}:
                self._effects.operation("op:power", node, frame)
            if not self._proofs.is_nonzero(left_node, frame):
                self._effects.operation("op:power-zero", node, frame)
        elif symbol in ("<<", ">>") and not isinstance(right_node, ast.Constant) and rights & _COUNTS:
            self._effects.operation("op:shift", node, frame)

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
        if not frame.sink.is_heard:
            return
        modules = [unit.module for unit in self._places.units(frame.unit, "datetime")]
        if all(any(_makes_dates(module, aware=aware) for module in modules) for aware in (True, False)):
            self._effects.operation("op:date-aware", node, frame)

    def _can_divide(self, symbol: str, lefts: set[str], rights: set[str]) -> bool:
        if rights and rights <= {"str", "bytes", "tuple", "list", "pathlib.Path", "None"}:
            return False
        for name in lefts:
            if name in ("any", "json") or self._knowledge.is_kind(name, "number"):
                return True
            if self._knowledge.is_kind(name, "divided"):
                return True
            row = self._knowledge.type(name)
            if name != "instance" and (row is None or symbol not in row.operators):
                return True
        return False

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> Value:
        if isinstance(node.op, ast.Not):
            self._special_methods.tested(node.operand, frame)
            return BOOL
        value = self._above.expressions.value(node.operand, frame)
        if frame.sink.is_heard:
            self._special_methods.special(value, (_SIGNS[type(node.op)],), node.operand, frame)
            self._kinds.signed(node.op, value, node, frame)
            self._effects.unresolved_if_opaque(value, "op:arithmetic-unknown", node, node.operand, frame)
            found = values.names(value)
            if "json" in found:
                self._effects.operation("op:arithmetic-json", node, frame)
            if DECIMAL in found and may_be_special(self._places, frame):
                self._effects.operation("op:decimal-arithmetic", node, frame)
            if "None" in found:
                self._unset.of_none("op:arithmetic-none", node, frame, node.operand)
        return values.without_none(value) or self._elements.nothing

    def _compare(self, node: ast.Compare, frame: Frame) -> Value:
        left_node, left = node.left, self._above.expressions.value(node.left, frame)
        made: list[Value] = []
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self._above.expressions.value(right_node, frame)
            made.append(self._compared(operator, left, right))
            if not frame.sink.is_heard:
                left_node, left = right_node, right
                continue
            self._kinds.compared(operator, left, right, node, frame)
            if isinstance(operator, ast.In | ast.NotIn):
                found = values.names(right)
                if "json" in found:
                    self._effects.operation("op:contains-json", node, frame)
                if "None" in found:
                    self._unset.of_none("op:contains-none", node, frame, right_node)
                for entry in values.in_order(right):
                    if entry.kind is values.INSTANCE:
                        self._special_methods.dunder(entry, "__contains__", right_node, frame)
                    elif values.is_opaque(entry):
                        self._effects.unresolved("op:contains-unknown", node, right_node, frame)
                    elif entry.name not in ("dict", "json", "None") and not self._knowledge.is_kind(
                        entry.name, "sequence"
                    ):
                        self._effects.protocol(entry.name, "contains", node, frame)
            elif isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                if names_date(left) and names_date(right):
                    self._compared_dates(node, frame)
                found = values.names(left) | values.names(right)
                if DECIMAL in found and may_be_special(self._places, frame):
                    self._effects.operation("op:compare-decimal", node, frame)
                if "json" in found:
                    self._effects.operation("op:compare-json", node, frame)
                if "None" in found:
                    operands = ((left_node, left), (right_node, right))
                    nones = [part for part, value in operands if "None" in values.names(value)]
                    self._unset.of_none("op:compare-none", node, frame, *nones)
                for value, part in ((left, left_node), (right, right_node)):
                    self._effects.unresolved_if_opaque(value, "op:compare-unknown", node, part, frame)
            if type(operator) in _COMPARISONS:
                own, other = _COMPARISONS[type(operator)]
                self._special_methods.special(left, own, left_node, frame)
                if not all(entry.kind is values.INSTANCE for entry in left):  # else the left one is asked
                    self._special_methods.special(right, other, right_node, frame)
            left_node, left = right_node, right
        return values.join(made)

    def _compared(self, operator: ast.cmpop, left: Value, right: Value) -> Value:
        """Return what a comparison gives: no truth of its own where arrays, columns or something opaque are compared."""
        if type(operator) not in _COMPARISONS:
            return BOOL
        if not (left and right) and self._questions.is_asking:
            return BOTTOM
        found: list[Value] = []
        for entry in left | right:
            row = self._knowledge.type(entry.name) if entry.kind is values.NAMED else None
            expression = None if row is None else row.operators.get("==")
            if expression is not None:
                found.append(values.parse(expression))
            elif values.is_opaque(entry) or (
                entry.kind is values.INSTANCE and self._says_what_is(entry, operator)
            ):
                found.append(ANY)
        return values.join(found) if found else BOOL

    def _says_what_is(self, entry: Type, operator: ast.cmpop) -> bool:
        """Whether the class of an instance says what a comparison gives."""
        info = entry.class_or_none
        return info is not None and any(
            isinstance(self._families.method(info, name), FunctionInfo)
            for name in _COMPARISONS[type(operator)][0]
        )


AS_TEXT = ("__str__", "__repr__")
_SIGNS: dict[type[ast.unaryop], str] = {
    ast.USub: "__neg__",
    ast.UAdd: "__pos__",
    ast.Invert: "__invert__",
}
# What the left operand is asked, and what the right one where the left one does not know it. Of an order that
# `functools.total_ordering` completes one is there, and of `!=` it may only be `==`.
_COMPARISONS: dict[type[ast.cmpop], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ast.Lt: (("__lt__", "__gt__", "__le__", "__ge__"), ("__gt__", "__lt__", "__ge__", "__le__")),
    ast.LtE: (("__le__", "__ge__", "__lt__", "__gt__"), ("__ge__", "__le__", "__gt__", "__lt__")),
    ast.Gt: (("__gt__", "__lt__", "__ge__", "__le__"), ("__lt__", "__gt__", "__le__", "__ge__")),
    ast.GtE: (("__ge__", "__le__", "__gt__", "__lt__"), ("__le__", "__ge__", "__lt__", "__gt__")),
    ast.Eq: (("__eq__",), ("__eq__",)),
    ast.NotEq: (("__ne__", "__eq__"), ("__ne__", "__eq__")),
}
_DECODED = tuple(map(Type, ("bool", "int", "float", "str", "list", "dict")))
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "**"})  # what hardly anything does with None on the right
_OPERATOR_METHODS = {"+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "|": "__or__"}


def _of_decoded(symbol: str, kinds: AbstractSet[str]) -> Value:
    """Return what decoded data and a number give; only repeating leaves what is no number."""
    if symbol == "%" or (symbol == "*" and "float" not in kinds):
        return values.JSON
    if symbol == "/" or "float" in kinds:
        return FLOAT
    return frozenset({Type("int"), Type("float")}) if symbol in _ARITHMETIC else values.INT


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
        for call in calls_to(module, name):
            has_zone = len(call.args) > _ZONE_AT.get(name, 99) or any(
                word.arg in ("tz", "tzinfo") or word.arg is None for word in call.keywords
            )
            if has_zone is aware or name in ("strptime", "fromisoformat"):
                return True
    if not aware:
        return False
    return bool(calls_to(module, "astimezone")) or any(
        word.arg == "tzinfo" for call in calls_to(module, "replace") for word in call.keywords
    )


_LIBRARY = sys.stdlib_module_names | {"file"}
_ZONE_AT = {"now": 0, "fromtimestamp": 1, "datetime": 7}
_GROWING = frozenset({"+", "-", "*", "**", "<<"})
_BITS = 63
_DIGITS = 300


def _is_huge(value: Value) -> bool:
    return any(entry.is_huge and entry.name == "int" for entry in value)


def _repeats(left: ast.expr, right: ast.expr) -> bool:
    """Whether a literal text is repeated so often that the number in it, if there is one, is too large for a float."""
    count = integer(right)
    return (
        isinstance(left, ast.Constant)
        and isinstance(left.value, str)
        and count is not None
        and len(left.value) * count > _DIGITS
    )


def _grows(symbol: str, left: ast.expr, right: ast.expr) -> bool:
    """Whether a power or shift of literals gives a number of more bits than a machine word."""
    one, other = integer(left), integer(right)
    if one is None or other is None or other < 0:
        return False
    bits = abs(one).bit_length()
    return (symbol == "**" and bits > 1 and (bits - 1) * other >= _BITS) or (
        symbol == "<<" and bits + other > _BITS
    )


def _converts(template: ast.expr) -> bool:
    """Whether a written ``%`` template asks for a number."""
    text = template.value if isinstance(template, ast.Constant) else ""
    return isinstance(text, str) and any(
        found["number"] for found in _NUMBER_IN_PERCENT.finditer(text.replace("%%", ""))
    )


def _misses_key(layout: ast.expr, entry: Type) -> bool:
    """Whether a written ``%(name)s`` asks a dictionary for a key of which nobody knows that it is there."""
    text = layout.value if isinstance(layout, ast.Constant) and isinstance(layout.value, str) else ""
    wanted = set(_KEY.findall(text.replace("%%", "")))
    if entry.name == "json":
        return bool(wanted)
    if entry.name != "dict" or not wanted:
        return False
    known = {name for name, _ in entry.literal or ()}
    return not wanted <= known
