"""How much of a large grid is tried: with WORKERLOG_CI_ALL=1 all of it, else each so many cases, the same ones each time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

IS_ALL = bool(os.environ.get("WORKERLOG_CI_ALL"))

Case = TypeVar("Case")


def number(every: int, few: int) -> int:
    """Give how many made-up or drawn cases are tried.

    Args:
        every: of a whole run.
        few: of any other.
    """
    return every if IS_ALL else few


def share(cases: Sequence[Case], stride: int, first: int = 0) -> Sequence[Case]:
    """Give the cases that are tried.

    Args:
        cases: all of the grid.
        stride: from one that is tried to the next.
        first: where to begin: tests that go through the same cases in several ways begin each elsewhere, so that together they
            try them all.
    """
    return cases if IS_ALL else cases[first % max(1, min(stride, len(cases))) :: stride]
