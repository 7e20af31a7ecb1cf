"""Which expressions make what a name, an attribute or a parameter is.

Input: an expression. Output: the literals, comprehensions and calls that it can come from, through names, parameters and
modules; None when they are not all seen.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.parameters import default_of
from workerlog_migrate.analysis.program import Unit

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.containers import Containers
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.writes import Writes

_ORIGINS = 16


class Sources:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        above: Above,
        places: Places,
        callers: Callers,
        containers: Containers,
        writes: Writes,
    ) -> None:
        self._above = above
        self._places = places
        self._callers = callers
        self._containers = containers
        self._writes = writes

    def literal_items(self, node: ast.expr, unit: Unit) -> list[ast.expr] | None:
        """Return the items of a list, tuple or set that is written out, also through a name, and that nobody changes."""
        sources: list[tuple[ast.expr, Unit]] | None = [(node, unit)]
        if isinstance(node, ast.Name):
            found = unit.module.lookup(node.id, unit.module.scope(node))
            if found is None or (
                found[0] is unit.module.scope_of_module and self._writes.written(unit, node.id)
            ):
                return None
            sources = self._sources_of_name(node, unit)
        if sources is None or len(sources) != 1:
            return None
        ((made, where),) = sources
        if not isinstance(made, ast.List | ast.Tuple | ast.Set):
            return None
        if any(isinstance(item, ast.Starred) for item in made.elts):
            return None
        is_kept = isinstance(made, ast.Tuple) or self._containers.is_unchanged(made, where)
        return made.elts if is_kept else None

    def only_argument(self, node: ast.Name, unit: Unit) -> ast.Constant | None:
        """Return the constant that a parameter is in every call, its default included; None for any other name."""
        bindings = unit.module.bindings(node)
        if len(bindings) != 1 or not isinstance(bindings[0].node, ast.arg):
            return None
        sources = self.of_parameter(bindings[0].node, unit) or ()
        first = sources[0][0] if sources else None
        if not isinstance(first, ast.Constant):
            return None
        same = (
            isinstance(source, ast.Constant)
            and type(source.value) is type(first.value)
            and source.value == first.value
            for source, _ in sources
        )
        return first if all(same) else None

    def texts(self, node: ast.expr, unit: Unit) -> list[str] | None:
        """Return all texts that an expression can be, through names and parameters; None where one is not written."""
        found: list[str] = []
        work, seen = [(node, unit)], {node}
        while work:
            current, where = work.pop()
            match current:
                case ast.Constant(value=str(text)):
                    found.append(text)
                    continue
                case ast.IfExp(body=body, orelse=other):
                    made: list[tuple[ast.expr, Unit]] | None = [(body, where), (other, where)]
                case ast.Name():
                    looped = self.looped(current, where)
                    made = (
                        self._written_of_name(current, where)
                        if looped is None
                        else [(item, where) for item in looped]
                    )
                case _:
                    return None
            if made is None or len(seen) > _ORIGINS:
                return None
            work += [each for each in made if each[0] not in seen]
            seen.update(each for each, _ in made)
        return found or None

    def _written_of_name(self, node: ast.Name, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        """Return what a name is bound to, if nothing else changes it: neither ``+=`` nor another file."""
        module = unit.module
        found = module.lookup(node.id, module.scope(node))
        if (
            found is None
            or any(binding.kind == "augment" for binding in found[1])
            or (found[0] is module.scope_of_module and self._writes.written(unit, node.id))
        ):
            return None
        return self._sources_of_name(node, unit)

    def looped(self, node: ast.expr, unit: Unit) -> list[ast.expr] | None:
        """Return all that a name may be that only loops over written-out items bind; None for any other expression."""
        if not isinstance(node, ast.Name):
            return None
        items: list[ast.expr] = []
        for binding in unit.module.bindings(node):
            target: ast.AST = binding.node
            loop = unit.module.parents.get(target)
            part = None
            if isinstance(loop, ast.Tuple) and not any(isinstance(each, ast.Starred) for each in loop.elts):
                part = loop.elts.index(target)  # type: ignore[arg-type]  # it stands there
                target, loop = loop, unit.module.parents.get(loop)
            if not isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension) or loop.target is not target:
                return None
            found = self.literal_items(loop.iter, unit)
            if found is not None and part is not None:
                found = _parts(found, part)
            if found is None:
                return None
            items += found
        return items or None

    def origins(self, node: ast.expr, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        """Return the expressions that make the container that an expression gives; None when they are not all seen."""
        found: list[tuple[ast.expr, Unit]] = []
        work: list[tuple[ast.expr, Unit]] = [(node, unit)]
        seen: set[ast.AST] = set()
        while work:
            current, where = work.pop()
            if current in seen:
                continue
            seen.add(current)
            if len(seen) > _ORIGINS:
                return None
            match current:
                case (
                    ast.List()
                    | ast.Dict()
                    | ast.Set()
                    | ast.ListComp()
                    | ast.DictComp()
                    | ast.SetComp()
                    | ast.Call()
                    | ast.BinOp()
                ):
                    found.append((current, where))
                case ast.Constant():
                    continue
                case ast.IfExp(body=body, orelse=other):
                    work += [(body, where), (other, where)]
                case ast.BoolOp(values=parts):
                    work += [(part, where) for part in parts]
                case ast.Name():
                    sources = self._sources_of_name(current, where)
                    if sources is None:
                        return None
                    work += sources
                case ast.Attribute():
                    sources = self._sources_in_module(current, where)
                    sources = sources or self._sources_of_attribute(current, where)
                    if not sources:
                        return None
                    work += sources
                case _:
                    return None
        return found or None

    def is_recent(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a date is today's or was: ``datetime.now()``, or a name that is only ever bound to it."""
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
                return self.is_recent(node.func.value, frame)
            row = self._above.calls.row(node, frame)
            return row is not None and "now" in row.marks
        if not isinstance(node, ast.Name):
            return False
        module = frame.unit.module
        found = module.bindings(node)
        values_of = [getattr(module.parents.get(binding.node), "value", None) for binding in found]
        return bool(found) and all(
            isinstance(value, ast.Call) and self.is_recent(value, frame) for value in values_of
        )

    def _sources_of_name(self, node: ast.Name, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        found: list[tuple[ast.expr, Unit]] = []
        module = unit.module
        for binding in module.bindings(node):
            parent = module.parents.get(binding.node)
            if binding.kind == "parameter" and isinstance(binding.node, ast.arg):
                sources = self.of_parameter(binding.node, unit)
                if sources is None:
                    return None
                found += sources
            elif isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr) and parent.value is not None:
                if isinstance(parent, ast.Assign) and binding.node not in parent.targets:
                    return None
                found.append((parent.value, unit))
            elif binding.kind not in ("augment", "delete", "annotation"):
                return None
        return found or None

    def of_parameter(self, argument: ast.arg, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        """Return what a parameter is given in every call, its default included; None when not all calls are seen."""
        function = unit.function_of(argument)
        trail = self._callers.trail_of(function)
        if trail.lost:
            return None
        parameters = function.given_parameters
        index = next((at for at, entry in enumerate(parameters) if entry is argument), -1)
        default = default_of(function, argument)
        found: list[tuple[ast.expr, Unit]] = [] if default is None else [(default, unit)]
        for use in trail.uses:
            passed = dict(use.keywords).get(argument.arg)
            if passed is None and 0 <= index < len(use.positional):
                passed = use.positional[index]
            if passed is None:
                if use.rest or use.mapping:
                    return None
                continue
            if passed.part or not isinstance(passed.node, ast.expr):
                return None
            found.append((passed.node, passed.unit))
        return found

    def _sources_in_module(self, node: ast.Attribute, unit: Unit) -> list[tuple[ast.expr, Unit]]:
        """Return what a name of another module is bound to, ``hooks.HOOKS``."""
        found: list[tuple[ast.expr, Unit]] = []
        for entry in self._above.flat.value(node.value, unit):
            if entry.kind is not values.UNIT:
                continue
            module = entry.unit.module
            for binding in module.scope_of_module.bindings.get(node.attr, ()):
                parent = module.parents.get(binding.node)
                if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    found.append((parent.value, entry.unit))
        return found

    def _sources_of_attribute(self, node: ast.Attribute, unit: Unit) -> list[tuple[ast.expr, Unit]]:
        found: list[tuple[ast.expr, Unit]] = []
        for other in self._places.units(unit, node.attr):
            module = other.module
            for place in module.attributes_of(node.attr):
                parent = module.parents.get(place)
                if not isinstance(place.ctx, ast.Store):
                    continue
                if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
                    found.append((parent.value, other))
            for definition in module.classes:
                value = other.class_info(definition).values.get(node.attr)
                if value is not None:
                    found.append((value, other))
        return found


def _parts(items: list[ast.expr], at: int) -> list[ast.expr] | None:
    """Return one part of each item; None unless all are tuples that are written out."""
    found = []
    for item in items:
        if not isinstance(item, ast.Tuple) or any(isinstance(each, ast.Starred) for each in item.elts):
            return None
        if at >= len(item.elts):
            return None
        found.append(item.elts[at])
    return found
