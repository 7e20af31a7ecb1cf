"""What is put into a sink: exceptions of operations and rows, and what is not known.

Input: a node and the rule that speaks of it. Output: atoms in the frame's sink; nothing where nobody asks.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.frames import Frame, Raise, Unknown
from workerlog_migrate.analysis.header import runtime_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine


class Effects:
    """Puts atoms into sinks.

    Args:
        engine: the analysis that this belongs to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._knowledge = engine.knowledge
        self._canonical: dict[str, str] = {}

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
        if frame.sink is not None and not self.is_taught(name, node, frame):
            frame.sink.add(Unknown(node, frame.unit, name, note))

    def is_taught(self, name: str, node: ast.expr, frame: Frame) -> bool:
        """Apply what the user taught about a callee; whether there was something."""
        taught = self._engine.taught
        name = name.lstrip(".")
        if not taught or name not in taught:
            return False
        if frame.sink is not None:
            for exception in taught[name]:
                canonical = self._engine.hierarchy.canonical(exception)
                frame.sink.add(Raise(canonical, node, frame.unit, name, "[tool.workerlog-migrate.raises]"))
        return True


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
