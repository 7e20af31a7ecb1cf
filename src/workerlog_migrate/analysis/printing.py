"""What ``print`` raises, also through ``mirror_print``."""

# the functions of a dispatch table share one signature
from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.conditions import describe
from workerlog_migrate.analysis.frames import Frame, Raise
from workerlog_migrate.analysis.values import ANY, NONE, Value
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.ascii_text import AsciiText
    from workerlog_migrate.analysis.attributes import Attributes
    from workerlog_migrate.analysis.conditions import Conditions
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.set_up import SetUp
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow


class Printing:
    """Evaluates calls of ``print``.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        conditions: Conditions,
        ascii_text: AsciiText,
        special_methods: SpecialMethods,
        attributes: Attributes,
        set_up: SetUp,
    ) -> None:
        self._above = above
        self._effects = effects
        self._conditions = conditions
        self._ascii_text = ascii_text
        self._special_methods = special_methods
        self._attributes = attributes
        self._set_up = set_up
        self._knowledge = world.knowledge

    def print(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``print(x)``."""
        self._printed(arguments, node, frame)
        return NONE

    def _printed(self, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        if not frame.sink.is_heard:
            return
        target = arguments.keywords.get("file")
        if target is not None and not is_none(target):
            name = frame.unit.module.qualified(target)
            if name not in (*_STDOUT, *_STDERR):
                value = self._attributes.attribute(arguments.value(target), "write", node, frame, called=True)
                nothing = Arguments(self._above.expressions, None, frame)
                nothing.receiver_node = target  # it may be closed
                for entry in value:
                    self._above.calls.invoke(entry, nothing, node, frame)
                return
        row = self._knowledge.call("print")
        if row is not None and row.special:
            for passed in arguments.positional:
                self._special_methods.special(arguments.value(passed), row.special, passed, frame)
        if (
            target is None
            and row is not None
            and arguments.node is not None
            and any(word.arg is None for word in arguments.node.keywords)
        ):
            for when in row.when:  # **options may hold file=
                if "file" in when.condition.args:
                    for exception in when.raises:
                        frame.sink.add(
                            Raise(exception, node, frame.unit, row.name, row.source, "** may hold file=")
                        )
        if row is not None:
            self._separated(row, arguments, node, frame)
        self._effects.operation("op:print", node, frame)
        is_error = target is not None and frame.unit.module.qualified(target) in _STDERR
        self._set_up.written("sys.stderr" if is_error else "sys.stdout", node, frame)
        words = [arguments.keywords[word] for word in ("sep", "end") if word in arguments.keywords]
        is_lenient = target is not None and frame.unit.module.qualified(target) in _STDERR  # backslashreplace
        if arguments.node is None or not (
            is_lenient
            or all(self._ascii_text.is_ascii(entry, arguments) for entry in (*arguments.positional, *words))
        ):
            self._effects.operation("op:print-text", node, frame)

    def _separated(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Count what ``print`` raises for a separator or an end that is seen to be no text, and for a keyword that it has not."""
        if frame.sink.is_heard and set(arguments.keywords) - _OF_PRINT:
            self._effects.operation("op:keyword-unknown", node, frame)
        for when in row.when:
            if not frame.sink.is_heard or {"sep", "end"}.isdisjoint(when.condition.args):
                continue
            if self._conditions.holds(when.condition, row, arguments, None):
                note = describe(when.condition)
                for exception in when.raises:
                    frame.sink.add(Raise(exception, node, frame.unit, row.name, row.source, note))

    def mirror(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``mirror_print(log, x)``, which prints ``x``, or hands it to ``printer``."""
        call = arguments.node
        if call is None:
            return NONE
        for method in call.args[:1]:
            arguments.know(method, ANY)  # of a logger that the tool has put there
        inner = Arguments(self._above.expressions, call, frame, skip=1)
        printer = inner.keywords.pop("printer", None)
        if printer is None:
            self._printed(inner, node, frame)
            return NONE
        return values.join(
            self._above.calls.invoke(entry, inner, node, frame) for entry in arguments.value(printer)
        )


_OF_PRINT = frozenset({"sep", "end", "file", "flush"})
_STDOUT = ("sys.stdout", "sys.__stdout__")
_STDERR = ("sys.stderr", "sys.__stderr__")
