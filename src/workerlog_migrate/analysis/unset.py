"""What is None, or unknown, only until something else has set it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.program import ClassInfo
from workerlog_migrate.analysis.values import (
    ANY,
    Value,
)

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.ducks import Ducks
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.parameters import Parameters
    from workerlog_migrate.analysis.presence import Presence


class Unset:
    """Tells what starts as None from what may be None.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        above: Above,
        effects: Effects,
        presence: Presence,
        parameters: Parameters,
        ducks: Ducks,
    ) -> None:
        self._above = above
        self._effects = effects
        self._presence = presence
        self._parameters = parameters
        self._ducks = ducks

    def of_none(self, name: str, node: ast.AST, frame: Frame, *operands: ast.expr) -> None:
        """Put what an operation on values that may be None raises into the sink."""
        if frame.sink.is_heard:
            weak = all(self.starts_as_none(operand, frame) for operand in operands)
            self._effects.operation(name, node, frame, is_weak=weak)

    def starts_as_none(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a value may be None only before something else has set it, or where a call leaves it out.

        That is an attribute that a class or its ``__init__`` sets to None and another statement to something else, or a
        parameter with None as its default to which no call in sight passes None.
        """
        if not self.is_unset(node, frame):
            return False
        if isinstance(node, ast.Name):
            return all(
                self._parameters.defaults_to_none(binding.node, frame.unit)
                for binding in frame.unit.module.bindings(node)
            )
        assert isinstance(node, ast.Attribute)
        receiver = self._above.expressions.value(node.value, frame.quiet())
        owners = [entry.class_info for entry in receiver if entry.kind is values.INSTANCE]
        return len(owners) == len(receiver) and all(
            isinstance(owner, ClassInfo) and self._presence.is_set_later(owner, node.attr) for owner in owners
        )

    def is_unset(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a value may be None only because an attribute or parameter starts as that, somewhere else."""
        if isinstance(node, ast.Attribute):
            path = frame.unit.path(node)
            return frame.env is None or path is None or path not in frame.env
        if isinstance(node, ast.Name) and (frame.env is None or node.id not in frame.env):
            bindings = frame.unit.module.bindings(node)
            return any(binding.kind == "parameter" for binding in bindings)
        return False

    def told(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Put what the code around tells in place of an unknown alternative (see ``ducks``)."""
        if _UNKNOWN not in value:
            return value
        told = self._ducks.of(node, frame.function)
        return value if told is ANY or told == ANY else (value - ANY) | told


(_UNKNOWN,) = ANY
