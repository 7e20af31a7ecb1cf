"""retry-io: find the calls that may be repeated whole when a passing fault breaks them.

Input: a ``Module`` and its ``Context``. Output: a finding with a ``RetryCall`` per call to wrap, and one with a reason
per I/O call that is left alone. Which call is which is data: ``knowledge/retry.toml``. What code adds to the table is
the surroundings of a call: a loop or a decorator that already repeats it (here), an event loop that must not be blocked or
an alarm (``retry_places``), and what is passed to it (``retry_arguments``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.finders.io_calls import IoCalls

if TYPE_CHECKING:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.model import Finding


def find(module: Module, context: Context) -> Iterator[Finding]:
    """Find the I/O of a script.

    Args:
        module: the script.
        context: names and place of its header, types of callees, and the calls that the user adds or forbids.

    Yields:
        A finding with a ``RetryCall`` per call to wrap; a finding with a reason per I/O call left alone.
    """
    finder = IoCalls(module, context)
    said_nothing = context.says_nothing
    for call in module.calls_by(finder.names):
        if said_nothing is not None and not module.in_fstring(call) and said_nothing(call):
            continue
        finding = finder.judge(call)
        if finding is not None:
            yield finding
