"""What a body can fail of when nothing in it is known to raise: a missing attribute or name, a value of another type.

Input: the body of a ``try`` (or ``suppress``) and what is known where it begins. Output: ``Raise`` atoms, or none.

Nobody guards what cannot fail. Where a body does nothing but read attributes and names, measure, unpack or compare values
of unknown type, such an operation is what the handler is there for. That is weak evidence: it counts only where there is
no other, and not at all when the body calls or reads something that could do I/O of its own unseen (a property of an
unknown library, a method known by its bare name, a loop over an unknown iterator).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.frames import Atom, Frame, Raise, Sink, State, Suspects

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.program import FunctionInfo

_LARGEST = 6  # statements; in more of them something else is more likely what the handler is there for


def suspects(
    engine: Engine, body: list[ast.stmt], before: State, function: FunctionInfo
) -> tuple[Raise, ...]:
    """Return what operations of a body can raise that count only because nothing else does.

    Args:
        engine: the analysis of the script.
        body: the statements, of which none is known to raise.
        before: what is known where they begin.
        function: whose code they are.

    Returns:
        The reasons in the order of the code; empty when something in the body might raise more than that.

    """
    if sum(1 for statement in body for node in ast.walk(statement) if isinstance(node, ast.stmt)) > _LARGEST:
        return ()
    frame = Frame(function, dict(before.env), Sink())
    frame.facts = set(before.facts)
    frame.suspects = Suspects()
    engine.flow.run_again(body, frame)
    others: tuple[Atom, ...] = tuple(frame.sink.atoms) if frame.sink is not None else ()
    return () if frame.suspects.is_void or others else tuple(frame.suspects.raises)
