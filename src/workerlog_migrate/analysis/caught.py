"""Which exceptions an ``except`` clause, ``suppress`` or ``raise`` names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.program import ClassInfo, Unit
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.analysis.values import ANY, Type, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.world import World


class Caught:
    """Reads the names of exceptions.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, families: Families) -> None:
        self._world = world
        self._above = above
        self._families = families
        self._with_text: dict[Unit, tuple[ClassInfo, ...]] = {}

    def exception_names(self, node: ast.expr | None, frame: Frame) -> tuple[tuple[str, ...], bool]:
        """Read the type of an ``except`` clause or the arguments of ``suppress``.

        Args:
            node: the expression; None is a bare ``except``.
            frame: where it stands.

        Returns:
            The canonical names, and whether every entry could be read.

        """
        if node is None:
            return (ROOT,), True
        found: list[str] = []
        complete = True
        stack: list[ast.expr] = [node]
        while stack:
            entry = stack.pop()
            if isinstance(entry, ast.Tuple | ast.List):
                stack.extend(entry.elts)
                continue
            if isinstance(entry, ast.Starred):
                stack.append(entry.value)
                continue
            if isinstance(entry, ast.Name):
                assigned = self._assigned_tuple(entry, frame)
                if assigned is not None:
                    stack.append(assigned)
                    continue
            named = [self.exception_of(kind) for kind in self._above.expressions.value(entry, frame)]
            if named and all(named):
                found.extend(name for name in named if name)
            else:
                complete = False
        return tuple(dict.fromkeys(found)), complete

    def may_be_no_class(self, node: ast.expr, frame: Frame) -> bool:
        """Say whether a clause may name something else than exception classes, which fails as soon as one is compared with it.

        Args:
            node: what the clause names.
            frame: where it stands.
        """
        if isinstance(node, ast.Tuple):
            return any(self.may_be_no_class(entry, frame) for entry in node.elts)
        return any(map(self._is_no_class, self._above.expressions.value(node, frame.quiet())))

    def _is_no_class(self, entry: Type) -> bool:
        if entry.name == "tuple":
            return any(map(self._is_no_class, values.join(entry.args)))
        return entry.kind is values.INSTANCE or (entry.kind is values.NAMED and entry.name != "type")

    def _assigned_tuple(self, node: ast.Name, frame: Frame) -> ast.expr | None:
        module = frame.unit.module
        value = only_value(module, module.bindings(node))
        return value if isinstance(value, ast.Tuple) else None

    def exception_of(self, entry: Type) -> str | None:
        """Return the exception class that a value stands for: the class itself, or the class of an instance."""
        if entry.kind is values.DOTTED:
            name = entry.dotted
            return self._world.hierarchy.canonical(name) if self._world.hierarchy.is_exception(name) else None
        if entry.kind in (values.CLASS, values.INSTANCE) and entry.class_or_none is not None:
            return self._families.exception_name(entry.class_info)
        if self._world.hierarchy.is_exception(entry.name):
            return self._world.hierarchy.canonical(entry.name)
        return None

    def caught_value(self, handler: ast.ExceptHandler, frame: Frame) -> Value:
        """Return what ``except X as name`` binds; of a broad clause it is known where it comes from, if it is raised again."""
        names, _ = self.exception_names(handler.type, frame)
        where = frame.unit.function(handler)
        classes = list(self._own_classes(handler.type, frame))
        seen = {self._families.exception_name(info) for info in classes}
        found = [
            ANY
            if self._world.hierarchy.is_own(name)
            else values.one(name, ref=where if name in (BROAD, ROOT) else None)
            for name in names
            if name not in seen
        ]
        own = [*map(self._families.instances, classes)]
        own += [values.instance(info) for info in self._worded(frame.unit) if self._is_heir(info, names)]
        return values.join((*found, *own)) or ANY

    def _worded(self, unit: Unit) -> tuple[ClassInfo, ...]:
        """Return the exception classes of a file, and of the one under migration, that make their text themselves."""
        known = self._with_text.get(unit)
        if known is None:
            known = self._with_text[unit] = tuple(
                info
                for script in (unit, self._world.unit)
                for each in dict.fromkeys((script, *self._world.imported_by(script)))
                for info in map(each.class_info, each.module.classes)
                if not info.methods.keys().isdisjoint(_TEXTS)
            )
        return known

    def _is_heir(self, info: ClassInfo, names: tuple[str, ...]) -> bool:
        name = self._families.exception_name(info)
        return name is not None and self._world.hierarchy.is_caught(name, names)

    def _own_classes(self, node: ast.expr | None, frame: Frame) -> Iterator[ClassInfo]:
        """Yield the classes of the program that a clause names: their special methods run, whatever else they have."""
        if isinstance(node, ast.Name):
            node = self._assigned_tuple(node, frame) or node
        match node:
            case None:
                return
            case ast.Tuple(elts=entries) | ast.List(elts=entries):
                for entry in entries:
                    yield from self._own_classes(entry, frame)
            case ast.Starred(value=entry):
                yield from self._own_classes(entry, frame)
            case _:
                for kind in self._above.expressions.value(node, frame):
                    if kind.kind is values.CLASS:
                        yield kind.class_info


_TEXTS = frozenset({"__str__", "__repr__", "__format__"})
