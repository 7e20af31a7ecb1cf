"""mirror-output: find what a worker prints, and decide at which level it belongs on the log.

Input: a ``Module`` and its ``Context``. Output: one finding per call of ``print`` or ``safe_print``, with a
``MirrorCall`` or with the reason why it is left alone, and one per other thing that writes to the terminal.

The level is decided where the text is written: first by a marker at the start of its literal text
(``analysis.level``), else by place: a handler, standard error, the handler that keeps a ``while True`` loop alive.
Only a function that prints its own parameter (a ``log(msg)``) leaves the choice to ``mirror_print`` at run time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.finders.prints import CALLEES, Prints

if TYPE_CHECKING:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.model import Finding


def find(module: Module, context: Context) -> Iterator[Finding]:
    """Find the output of a script.

    Args:
        module: the script.
        context: names and place of its header.

    Yields:
        A finding with a ``MirrorCall`` per call to mirror; a finding with a reason per thing left alone.
    """
    finder = Prints(module, context)
    for call in module.calls_by(CALLEES):
        finding = finder.judge(call)
        if finding is not None:
            yield finding
    yield from finder.values()
