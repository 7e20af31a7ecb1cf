"""Where a loop changes the size of the dictionary, set or queue that it goes through: in its body, or by a function that runs at each step.

Input: a loop or a comprehension. Output: ``RuntimeError``, which its next step raises. Another thread may do the same: see ``meanwhile``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.meanwhile import container
from workerlog_migrate.analysis.shapes import changes_while_iterated, that_go_on
from workerlog_migrate.analysis.uses import only_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.changes import Changes
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.meanwhile import Meanwhile
    from workerlog_migrate.analysis.values import Value

_RULE = "op:changed-while-iterated"
_NOTICING = frozenset(
    {
        "dict",
        "set",
        "iterator",
        "collections.deque",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
    }
)
"""Types whose iterators notice that the size has changed."""


class Resized:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, above: Above, effects: Effects, changes: Changes, meanwhile: Meanwhile) -> None:
        self._above = above
        self._effects = effects
        self._changes = changes
        self._meanwhile = meanwhile

    def in_loop(self, iterable: Value, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
        """Count what a ``for`` statement raises by what its body changes.

        Args:
            iterable: what it goes through.
            node: the statement.
            frame: takes that.
        """
        if values.names(iterable) & _NOTICING and changes_while_iterated(node, frame.unit):
            self._effects.operation(_RULE, node.iter, frame)
        else:
            self.by_steps(iterable, node.iter, that_go_on(node.body), frame)

    def by_steps(self, iterable: Value, node: ast.expr, body: Iterable[ast.AST], frame: Frame) -> None:
        """Count the same of what runs at each step, under another name or in a function.

        Args:
            iterable: what is gone through.
            node: it, as it is written.
            body: what is evaluated at each step.
            frame: takes what that raises.
        """
        if not frame.sink.is_heard or not values.names(iterable) & _NOTICING:
            return
        steps = list(body)
        held = container(node)
        if isinstance(node, ast.Name):  # a view that was kept under a name
            module = frame.unit.module
            held = container(only_value(module, module.bindings(node)) or node)
            held = held if isinstance(held, ast.Name | ast.Attribute) else node
        called, given = self._changes.called_in(
            steps, held, lambda callee: self._above.expressions.value(callee, frame.quiet()), frame
        )
        is_changed = called and self._meanwhile.changed_by(held, called, given, frame)
        if is_changed or self._meanwhile.changed_in(held, steps, frame):
            self._effects.operation(_RULE, node, frame)
