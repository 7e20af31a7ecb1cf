"""What statements raise by themselves, and what handlers take of what comes to them and let through."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.frames import CallEdge, Effect, EffectSet, Frame, Raise, Unknown
from workerlog_migrate.analysis.values import Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.caught import Caught
    from workerlog_migrate.analysis.expressions import Expressions
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World

TRY_STAR: type[ast.stmt] = getattr(ast, "TryStar", ast.Try)  # from Python 3.11


class Raising:
    """Sorts effects.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        families: Families,
        unset: Unset,
        caught: Caught,
        expressions: Expressions,
    ) -> None:
        self._world = world
        self._families = families
        self._unset = unset
        self._caught = caught
        self._expressions = expressions

    def narrows(self, test: ast.expr, frame: Frame) -> bool:
        """Whether an ``assert`` tells a type checker what is so: ``isinstance``, ``is not None`` of what is not known to be."""
        match test:
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(self.narrows(part, frame) for part in parts)
            case ast.Call(func=ast.Name(id="isinstance")):
                return True
            case ast.Compare(left=value, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
                pass
            case ast.Name() | ast.Attribute() if "None" in values.names(
                self._expressions.value(test, frame.quiet())
            ):
                value = test
            case _:
                return False
        known = values.names(self._expressions.value(value, frame.quiet()))
        return "None" not in known or self._unset.starts_as_none(value, frame)

    def raise_value(
        self, node: ast.Raise, raised: ast.expr, value: Value, frame: Frame, sink: EffectSet
    ) -> None:
        """Put into the sink what ``raise`` of a value raises."""
        if isinstance(raised, ast.Name) and frame.caught:
            bindings = frame.unit.module.bindings(raised)
            if bindings and all(binding.kind == "except" for binding in bindings):
                for effect in frame.caught[-1]:
                    sink.add(effect)
                return
        row = self._world.knowledge.operation("op:raise")
        for entry in value:
            name = self._caught.exception_of(entry)
            if name in _EVERYTHING and entry.function_or_none is not None:
                sink.add(
                    CallEdge(entry.function, node, frame.unit)
                )  # what the body of that handler's try can raise
            elif name is not None:
                sink.add(Raise(name, node, frame.unit, "op:raise", row.source, "an explicit raise"))
            elif entry.name == "None":
                if isinstance(raised, ast.Name | ast.Attribute):
                    continue  # an error that was kept: None is what it holds until there is one
                self._unset.of_none("op:kinds", node, frame, raised)
            else:
                sink.add(Unknown(node, frame.unit, "", "what is raised is not known"))

    def caught(
        self, effects: dict[Effect, None], names: tuple[str, ...], complete: bool
    ) -> tuple[Effect, ...]:
        """Return what a bare ``raise`` in a handler of these classes sends on."""
        hierarchy = self._world.hierarchy
        found: list[Effect] = []
        wanted = frozenset(names)
        for effect in effects:
            if isinstance(effect, Raise):
                if not complete or hierarchy.is_caught(effect.exception, wanted):
                    found.append(effect)
            elif isinstance(effect, CallEdge):
                if not complete:
                    found.append(effect)
                else:
                    only = wanted if effect.only is None else effect.only & wanted or effect.only
                    found.append(effect._replace(only=only))
            elif wanted & _EVERYTHING or not complete:
                found.append(effect)
        return tuple(found)

    def expected(
        self, handler: ast.ExceptHandler, names: tuple[str, ...], caught: tuple[Effect, ...], frame: Frame
    ) -> tuple[Effect, ...]:
        """Return the classes that a handler waits for by name and that nothing in the body is known to raise under it.

        The body raises a parent (``OSError``, the handler is for ``FileNotFoundError``), or something that is not known: who
        wrote the handler has seen the class come, and a bare ``raise`` in it sends just that on.
        """
        hierarchy = self._world.hierarchy
        seen = {effect.exception for effect in caught if isinstance(effect, Raise)}
        row = self._world.knowledge.operation("op:raise")
        return tuple(
            Raise(
                name,
                handler.type or handler,
                frame.unit,
                "op:raise",
                row.source,
                "its handler raises it again",
            )
            for name in names
            if name not in seen and name not in _EVERYTHING and not hierarchy.is_control(name)
        )

    def left(self, effects: dict[Effect, None], names: frozenset[str]) -> dict[Effect, None]:
        """Return what handlers of these classes let through."""
        sink = EffectSet()
        self.pass_on(effects, names, sink)
        return sink.effects

    def pass_on(self, effects: dict[Effect, None], names: frozenset[str], sink: EffectSet) -> None:
        """Put into the sink what handlers of these classes let through."""
        hierarchy = self._world.hierarchy
        for effect in effects:
            if isinstance(effect, Raise):
                if not hierarchy.is_caught(effect.exception, names):
                    sink.add(effect)
            elif isinstance(effect, CallEdge):
                sink.add(effect._replace(caught=effect.caught | names) if names else effect)
            elif not names & _EVERYTHING or self._world.reraises_unknown:
                sink.add(effect)


_EVERYTHING = frozenset({BROAD, ROOT})
