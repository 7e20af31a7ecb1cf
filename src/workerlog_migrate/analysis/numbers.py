"""Where a number comes from: whether it may be of any size, or negative.

Input: the expression of an argument. Output: yes or no; what is not seen as it is made counts as made of text.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.module import nodes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.written import Written

_KEEPING = frozenset({"round", "float", "int", "ceil", "floor", "trunc"})
"""Functions that keep the sign of what they are given."""

_OF_TIMES = frozenset({"total_seconds"})
"""Methods whose result has the sign of the span that they are called on."""

_MOST = 9e9  # seconds that a thread may wait for, and more than any size that is asked for in one piece
_PORTS = 0xFFFF
_NUMBERS = frozenset({"int", "float", "bool"})
_OWN = frozenset({values.INSTANCE, values.CLASS, values.UNIT})


class Numbers:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, sources: Sources, written: Written) -> None:
        self._knowledge = world.knowledge
        self._above = above
        self._sources = sources
        self._written = written

    def is_converted(self, node: ast.expr, arguments: Arguments, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a number may come out of text, so that it can be of any size: not what the system gave.

        That is an attribute (``child.pid``), what a function of the standard library gives, or a name for these; not what such a
        function decodes. What is made of itself again and again may grow. A number that is written counts where it is larger than any
        time or size that one waits for or asks for.
        """
        if is_large(node):
            return True
        if isinstance(node, ast.Name):
            if node.id in seen:
                return True
            seen |= {node.id}
            module = arguments.frame.unit.module
            bindings = module.bindings(node)
            return not bindings or any(
                self._is_of_any_size(binding.node, arguments)
                if binding.kind == "parameter"
                else self._is_made_converted(module.parents.get(binding.node), arguments, seen)
                for binding in bindings
            )
        if isinstance(node, ast.Call | ast.Attribute) and values.may_be_decoded(
            self._above.flat.value(node, arguments.frame.unit)
        ):
            return True
        if isinstance(node, ast.Call):
            dotted = arguments.frame.unit.module.qualified(node.func) or ""
            if "." in dotted:
                row = self._knowledge.call(dotted)
                if row is None or "unbounded" in row.marks:
                    return True
                return "computes" in row.marks and any(
                    self.is_converted(passed, arguments, seen) for passed in node.args
                )
            return not self._is_method_of_library(node.func, arguments)
        if isinstance(node, ast.Tuple):
            return any(
                self.is_converted(entry, arguments, seen) or self._is_no_port(entry, arguments)
                for entry in node.elts
            )
        if isinstance(node, ast.BinOp):
            return any(self.is_converted(part, arguments, seen) for part in (node.left, node.right))
        if isinstance(node, ast.Subscript):  # what is in something comes from where that does
            return self.is_converted(node.value, arguments, seen)
        if isinstance(node, ast.Attribute):
            if f".{node.attr}" in seen or any(entry.is_name for entry in arguments.value(node)):
                return True
            seen |= {f".{node.attr}"}
            kept = self._kept(node, arguments)
            return any(made is None or self.is_converted(made, arguments, seen) for made in kept)
        return not self._written.is_literal(node, arguments)

    def _is_made_converted(self, made: ast.AST | None, arguments: Arguments, seen: frozenset[str]) -> bool:
        if not isinstance(made, ast.Assign | ast.AnnAssign | ast.NamedExpr) or made.value is None:
            return True
        return self.is_converted(made.value, arguments, seen)

    def may_be_negative(
        self, node: ast.expr, arguments: Arguments, seen: frozenset[str] = frozenset()
    ) -> bool:
        """Whether a number is what is left of another one, is read from text, or a parameter that is handed on as it is."""

        def may_be(part: ast.expr) -> bool:
            return self.may_be_negative(part, arguments, seen)

        match node:
            case ast.BinOp(op=ast.Sub()):
                return not self._written.is_literal(node, arguments)
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div(), right=right):
                return may_be(left) or may_be(right)
            case ast.Call(func=ast.Name(id="int" | "float"), args=[text]) if not (
                values.names(arguments.value(text)) <= _NUMBERS
            ):
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[part, *_]) if (
                name in _KEEPING
            ):
                return may_be(part)
            case ast.Call(func=ast.Name(id="min"), args=[_, _, *_] as parts):
                return any(map(may_be, parts))
            case ast.Call(func=ast.Attribute(value=span, attr=name), args=[]) if name in _OF_TIMES:
                return may_be(span)
            case ast.Call():
                made, seen = list(_returned(node, arguments, seen)), seen | {_called(node)}
            case ast.Name(id=name) if name not in seen:
                seen |= {name}
                module = arguments.frame.unit.module
                bindings = module.bindings(node)
                if _is_asked_for(node, module):
                    return False
                if any(
                    binding.kind == "parameter" and self._is_of_any_size(binding.node, arguments)
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
        return any(map(may_be, made))

    def _is_of_any_size(self, parameter: ast.AST, arguments: Arguments) -> bool:
        """Whether a parameter is not only ever given numbers that are written in the program."""
        if not isinstance(parameter, ast.arg):
            return True
        given = self._sources.of_parameter(parameter, arguments.frame.unit)
        return not given or not all(
            unit.module.qualified(node) is None
            and self._written.is_settled(node, unit)  # `math.inf` is not written
            and not is_large(node)
            for node, unit in given
        )

    def _is_no_port(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether a part of an address is, or is a parameter that is given, a written number that is no port."""
        if not isinstance(node, ast.Name):
            return is_large(node, _PORTS)
        unit = arguments.frame.unit
        parameters = (each.node for each in unit.module.bindings(node) if isinstance(each.node, ast.arg))
        given = (each for one in parameters for each, _ in self._sources.of_parameter(one, unit) or ())
        return any(is_large(each, _PORTS) for each in given)

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


def is_large(node: ast.expr, most: float = _MOST) -> bool:
    """Whether a number is written that is larger than a bound, or below zero by as much.

    Args:
        node: an expression.
        most: the bound.
    """
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) > most


def _is_asked_for(node: ast.Name, module: Module) -> bool:
    """Whether a name stands in a block that is run only where it is above zero, and that does not bind it."""
    below: ast.AST = node
    for above in module.ancestors(node):
        match above:
            case ast.If(test=test, body=body) | ast.While(test=test, body=body) if below in body:
                if any(_is_above_zero(part, node.id) for part in _parts(test)):
                    first, last = body[0].lineno, body[-1].end_lineno or node.lineno
                    return not any(
                        first <= getattr(binding.node, "lineno", first) <= last
                        for binding in module.bindings(node)
                    )
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return False
        below = above
    return False


def _parts(test: ast.expr) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _is_above_zero(test: ast.expr, name: str) -> bool:
    match test:
        case ast.Compare(
            left=ast.Name(id=asked),
            ops=[ast.Gt() | ast.GtE()],
            comparators=[ast.Constant(value=int(least) | float(least))],
        ):
            return asked == name and least >= 0
    return False


def _called(call: ast.Call) -> str:
    """Return how a function is called, for what is looked into already."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return f"{name}()"
    return ""


def _returned(call: ast.Call, arguments: Arguments, seen: frozenset[str]) -> Iterator[ast.expr]:
    """Yield what a function of the file gives back that is no parameter of it."""
    if _called(call) in seen:
        return
    unit = arguments.frame.unit
    functions: list[ast.AST] = []
    match call.func:
        case ast.Name():
            functions = [found for found in [unit.module.definition(call.func)] if found is not None]
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            functions = [owner.methods[name].node for owner in unit.owners_of(name)]
    for function in functions:
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in nodes_in(unit.module, function):
            if (
                isinstance(node, ast.Return)
                and node.value is not None
                and unit.module.function(node) is function
            ):
                names = {each.arg for each in function.args.args}
                if not (isinstance(node.value, ast.Name) and node.value.id in names):
                    yield node.value
