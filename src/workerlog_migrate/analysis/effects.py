"""What is put into a sink: exceptions of operations and rows, and what is not known.

Input: a node and the rule that speaks of it. Output: effects in the frame's sink; nothing where nobody asks.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Frame, Raise, Unknown
from workerlog_migrate.analysis.header import runtime_name
from workerlog_migrate.analysis.settle import SETTLE, how_to_settle
from workerlog_migrate.analysis.values import ANY, BOTTOM, Value
from workerlog_migrate.model import NO_EXCEPTION

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.taught import Taught
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow

TAUGHT = "[tool.workerlog-migrate.raises]"


class Effects:
    """Puts effects into sinks.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, taught: Taught) -> None:
        self._world = world
        self._above = above
        self._taught = taught
        self._knowledge = world.knowledge
        self._canonical: dict[str, str] = {}

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
        if not frame.sink.is_heard:
            return
        row = self._knowledge.operation(name)
        for exception in row.raises if raises is None else raises:
            frame.sink.add(Raise(exception, node, frame.unit, name, row.source, row.description, is_weak))

    def is_of(self, operation: str, name: str) -> bool:
        """Say whether a type, or a base of it, is among those that the row of an operation names."""
        return not self._knowledge.operation(operation).names.isdisjoint(self._knowledge.mro(name))

    def suspect_rare(self, row: CallRow, node: ast.AST, frame: Frame) -> None:
        """Note what a call hardly ever raises: someone who guards nothing else has met it."""
        if not frame.sink.asks_for_rare:
            return
        for exception in row.rare:
            note = "it hardly ever happens; nothing else in the body is known to raise"
            frame.sink.add(Raise(exception, node, frame.unit, row.name, row.source, note, is_rare=True))

    def unresolved(self, name: str, node: ast.AST, subject: ast.expr, frame: Frame) -> None:
        """Say that what an operation does is not known, because nobody knows what it is done with.

        Args:
            name: the row of the operation; what it raises for builtin types counts besides.
            node: the operation.
            subject: what it is done with; where that is a part of the body that is not known already, it is not said twice.
            frame: takes it.

        """
        sink = frame.sink
        if not sink.is_heard:
            return
        self.operation(name, node, frame)
        if _is_reported(subject, sink.opaque):
            sink.opaque.add(node)
            return
        note = self._knowledge.operation(name).description
        settle = how_to_settle(subject, frame.unit, self._world, self._above.flat)
        sink.add(Unknown(node, frame.unit, name, f"{note}; {SETTLE}{settle}" if settle else note))

    def unresolved_if_opaque(
        self, value: Value, name: str, node: ast.AST, subject: ast.expr, frame: Frame
    ) -> None:
        """Say that an operation is not known if some alternative of the value is opaque."""
        if frame.sink.is_heard and any(values.is_opaque(entry) for entry in value):
            self.unresolved(name, node, subject, frame)

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
        if frame.sink.is_heard:
            owner = self._knowledge.type(type_name)
            source = owner.source if owner is not None else ""
            for exception in row.raises:
                frame.sink.add(Raise(exception, node, frame.unit, f"type:{type_name} {operation}", source))
        return values.parse(row.returns) if row.returns else ANY

    def canonical(self, dotted: str) -> str:
        """Return the name under which a dotted name has its row: runtime names without dots, ``builtins.x`` as ``x``."""
        found = self._canonical.get(dotted)
        if found is None:
            found = runtime_name(dotted) or dotted.removeprefix("builtins.")
            self._canonical[dotted] = found
        return found

    def unknown_call(self, node: ast.expr, frame: Frame, rule: str = "", note: str = "") -> None:
        """Say that a call is not known, unless the user taught what it raises.

        Args:
            node: the call.
            frame: takes it.
            rule: the name that a user could teach; by default the text of the callee.
            note: why it is not known.
        """
        name = (rule or callee_text(node)).lstrip(".")  # without the dots of a relative import
        if frame.sink.is_heard and not self.is_taught(name, node, frame):
            frame.sink.add(Unknown(node, frame.unit, name, note))

    def is_taught(self, name: str, node: ast.expr, frame: Frame) -> bool:
        """Apply what the user taught about a callee; whether there was something."""
        taught = self._world.taught
        name = name.lstrip(".")
        if not taught or name not in taught:
            return False
        if frame.sink.is_heard:
            for exception in taught[name]:
                if self._taught.is_none(exception):
                    note = f'{NO_EXCEPTION} "{name}": {exception} is no exception class, name one instead'
                    frame.sink.add(Unknown(node, frame.unit, name, note))
                    continue
                canonical = self._world.hierarchy.canonical(exception)
                frame.sink.add(Raise(canonical, node, frame.unit, name, TAUGHT))
        return True


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


def callee_text(node: ast.AST) -> str:
    """Write the callee of a call as dotted text as far as that goes."""
    current: ast.AST = node.func if isinstance(node, ast.Call) else node
    parts: list[str] = []
    while len(parts) < 6:
        if isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        elif isinstance(current, ast.Name):
            parts.append(current.id)
            return ".".join(reversed(parts))
        elif isinstance(current, ast.Call):
            parts.append("()")
            current = current.func
        else:
            break
    return ".".join(["*", *reversed(parts)]) if parts else "*"
