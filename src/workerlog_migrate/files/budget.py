"""How long may one file keep us? A budget of the processor's time, which is said when it is spent.

Every loop over other people's text is meant to be linear, and the inference has its own bounds; what both have missed must
not keep a run for ever. The clock counts the time that this process works, so that a busy machine takes nothing from it
(ITIMER_VIRTUAL, setitimer(2)); Windows has none, and there is no budget there.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SECONDS = 120
"""Processor time for one file: many times what the largest file that we know of takes."""


PROJECT_SECONDS = 600
"""Processor time for all that surrounds the scripts, which is read before the first of them."""


_SECONDS_AGAIN = 1.0
"""Processor time until it is raised once more: what is raised in a callback of the garbage collector, or as an object ends, Python shows
and passes over (``sys.unraisablehook``)."""


class SpentError(BaseException):
    """The budget is spent; raised wherever the process is by then, so no handler of an ordinary error may take it."""


@contextlib.contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """Limit the processor time of a block.

    Args:
        seconds: how much it may take.

    Yields:
        Once.

    Raises:
        SpentError: it has taken more.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def spent(_number: int, _frame: FrameType | None) -> None:
        raise SpentError

    before = signal.signal(signal.SIGVTALRM, spent)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _SECONDS_AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before or signal.SIG_DFL)
