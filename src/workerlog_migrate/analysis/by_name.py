"""What is read by a name that a text gives: ``getattr(x, name)``, ``attrgetter("n")(x)``, ``itemgetter("a")(x)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import CallEdge, EffectSet, Frame, Raise
from workerlog_migrate.analysis.getters import Getter, getter
from workerlog_migrate.analysis.values import ANY, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.attributes import Attributes
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.rows import Rows
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.world import World


class ByName:
    """Evaluates these calls.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        sources: Sources,
        shapes: Shapes,
        attributes: Attributes,
        rows: Rows,
    ) -> None:
        self._knowledge = world.knowledge
        self._missing = frozenset(world.knowledge.operation("op:attribute-unset").raises)
        self._above = above
        self._effects = effects
        self._sources = sources
        self._shapes = shapes
        self._attributes = attributes
        self._rows = rows
        self._got: dict[tuple[Getter, ast.expr], ast.expr] = {}

    def attribute(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Return what ``getattr`` gives."""
        positional = arguments.positional
        for passed in positional[:1]:
            self._effects.unresolved_if_opaque(
                arguments.value(passed), "op:attribute-unknown", node, passed, frame
            )
        texts = self._sources.texts(positional[1], frame.unit) if len(positional) > 1 else None
        if texts is None:
            return self._row("getattr", arguments, node, frame)
        receiver = values.without_none(arguments.value(positional[0]))
        return values.join(self._named(receiver, name, arguments, node, frame) for name in texts)

    def _named(self, receiver: Value, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Return what ``getattr`` gives of a value for a name; what its property raises counts here."""
        instead = arguments.positional[2:3]
        known = self._attributes.attribute(receiver, name, node, frame.quiet())
        if frame.sink.is_heard:
            asked = Frame(frame.function, frame.env, EffectSet())
            self._attributes.attribute(receiver, name, node, asked)
            for effect in asked.sink.ordered():
                if isinstance(effect, CallEdge):
                    frame.sink.add(
                        effect._replace(caught=effect.caught | self._missing) if instead else effect
                    )
                elif isinstance(effect, Raise) and effect.exception not in self._missing:
                    frame.sink.add(effect)
        if instead:
            if receiver and all(
                entry.kind in (values.INSTANCE, values.CLASS)
                and self._shapes.lacks_attribute(entry.class_info, name)
                for entry in receiver
            ):
                return arguments.value(instead[0])
            return known | arguments.value(instead[0])
        if frame.sink.is_heard and not self._has(receiver, name):
            self._row("getattr", arguments, node, frame)
        return known

    def _has(self, receiver: Value, name: str) -> bool:
        """Whether every alternative is an instance or class of the program that defines an attribute."""
        return bool(receiver) and all(
            entry.class_or_none is not None
            and entry.kind in (values.INSTANCE, values.CLASS)
            and (name in entry.class_info.methods or name in entry.class_info.values)
            for entry in receiver
        )

    def getter(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Return what ``operator.itemgetter`` and its like make."""
        made = self._row(name, arguments, node, frame)
        found = getter(name, node)
        return made if found is None else values.of_kind(values.CALLABLE, found)

    def got(self, found: Getter, arguments: Arguments, node: ast.expr, frame: Frame) -> Value | None:
        """Return what a call of ``itemgetter("a")`` gives; None where it is not called with one thing."""
        match arguments.positional:
            case [ast.expr() as given] if not (arguments.starred or arguments.keywords):
                read = self._got.setdefault((found, node), found.of(given, node))
                return self._above.expressions.value(read, frame)
        return None

    def _row(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        row = self._knowledge.call(name)
        return ANY if row is None else self._rows.apply(row, arguments, None, node, frame)
