"""specific-exceptions: broad handlers and what they become (docs/codemods/specific-exceptions.md).

Input: a ``Module`` and its ``Context``. Output: a finding per broad handler and per ``suppress(Exception)``: narrowed,
incomplete (with the calls that nobody knows), or left (with the reason); besides a ``needs-import`` finding for each
module that a written name needs at the top of the script.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.finders.handlers import Handlers

if TYPE_CHECKING:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.model import Finding


def find(module: Module, context: Context) -> Iterator[Finding]:
    """Yield what is to be done about each broad handler.

    Args:
        module: the script.
        context: settings, header names and types.

    Yields:
        Findings in source order; imports that they need follow each.

    """
    finder = Handlers(module, context)
    places: list[tuple[int, int, ast.AST]] = [
        (handler.lineno, handler.col_offset, handler) for handler in module.handlers
    ]
    calls = module.calls if "suppress" in module.source.text else ()  # by another name it is imported, too
    places.extend(
        (call.lineno, call.col_offset, call)
        for call in calls
        if call.args and finder.clauses.is_suppress(call)
    )
    for _, _, node in sorted(places, key=lambda entry: entry[:2]):
        if isinstance(node, ast.ExceptHandler):
            yield from finder.handler(node)
        elif isinstance(node, ast.Call):
            yield from finder.suppress(node)
