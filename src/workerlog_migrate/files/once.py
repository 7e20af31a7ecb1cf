"""What is looked up on the disk once a run: which files and folders there are, and where links lead.

The scripts of a run lie side by side and import the same names: each would look for them anew. A run takes the disk for what it
was when it began (see ``files.snapshot``); outside of a run everything is looked up when it is asked.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

_T = TypeVar("_T")
MOST = 50_000
"""Answers that are kept at a time."""
_known: dict[Hashable, Any] | None = None


@contextlib.contextmanager
def looking_once() -> Iterator[None]:
    """Keep what is looked up until the run ends."""
    global _known  # one for the process, as the snapshot
    outer, _known = _known, {}
    try:
        yield
    finally:
        _known = outer


def once(key: Hashable, look: Callable[[], _T]) -> _T:
    """Give what was found when it was looked up for the first time in this run.

    Args:
        key: what is looked for.
        look: looks it up.
    """
    if _known is None:
        return look()
    if key in _known:
        return _known[key]  # type: ignore[no-any-return]  # a key always has answers of one type
    found = look()
    if len(_known) >= MOST:
        _known.clear()
    _known[key] = found
    return found
