"""Where a number comes from: whether it may be of any size, or negative.

Input: the expression of an argument. Output: yes or no; what is not seen as it is made counts as made of text.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.written import Written

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
        function decodes. What is made of itself again and again may grow.
        """
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
            return any(self.is_converted(entry, arguments, seen) for entry in node.elts)
        if isinstance(node, ast.BinOp):
            return any(self.is_converted(part, arguments, seen) for part in (node.left, node.right))
        if isinstance(node, ast.Subscript):  # what is in something comes from where that does
            return self.is_converted(node.value, arguments, seen)
        if isinstance(node, ast.Attribute):
            if f".{node.attr}" in seen:
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
        match node:
            case ast.BinOp(op=ast.Sub()):
                return not self._written.is_literal(node, arguments)
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div(), right=right):
                return any(self.may_be_negative(part, arguments, seen) for part in (left, right))
            case ast.Call(func=ast.Name(id="int" | "float"), args=[text]):
                return not values.names(arguments.value(text)) <= _NUMBERS
            case ast.Name(id=name) if name not in seen:
                seen |= {name}
                module = arguments.frame.unit.module
                bindings = module.bindings(node)
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
        return any(self.may_be_negative(value, arguments, seen) for value in made)

    def _is_of_any_size(self, parameter: ast.AST, arguments: Arguments) -> bool:
        """Whether a parameter is not only ever given numbers that are written in the program."""
        if not isinstance(parameter, ast.arg):
            return True
        given = self._sources.of_parameter(parameter, arguments.frame.unit)
        return not given or not all(
            unit.module.qualified(node) is None
            and self._written.is_settled(node, unit)  # `math.inf` is not written
            for node, unit in given
        )

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
