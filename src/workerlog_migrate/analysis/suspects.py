"""What a body can fail of when nothing in it is known to raise: what its calls hardly ever raise.

Input: the body of a ``try`` (or ``suppress``) and what is known where it begins. Output: ``Raise`` effects, or none.

Nobody guards what cannot fail. What the documentation of a function names and hardly anybody meets (``rare`` in its row)
counts only where there is nothing else. What is done with values of unknown make is not among these: it is not known.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.frames import Frame, Raise, State, WithRare

if TYPE_CHECKING:
    from workerlog_migrate.analysis.flow import Flow
    from workerlog_migrate.analysis.program import FunctionInfo

_LARGEST = 6  # statements; in more of them something else is more likely what the handler is there for


def suspects(flow: Flow, body: list[ast.stmt], before: State, function: FunctionInfo) -> tuple[Raise, ...]:
    """Return what calls of a body hardly ever raise, because nothing else does.

    Args:
        flow: interprets functions.
        body: the statements, of which none is known to raise.
        before: what is known where they begin.
        function: whose code they are.

    Returns:
        The reasons in the order of the code; empty when something in the body might raise more than that.

    """
    if sum(1 for statement in body for node in ast.walk(statement) if isinstance(node, ast.stmt)) > _LARGEST:
        return ()
    frame = Frame(function, dict(before.env), WithRare())
    frame.facts = set(before.facts)
    flow.run_again(body, frame)
    found = [effect for effect in frame.sink.ordered() if isinstance(effect, Raise) and effect.is_rare]
    return tuple(found) if len(found) == len(frame.sink.effects) else ()
