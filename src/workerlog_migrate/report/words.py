"""Words that all reports write in one way."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Write a number of things.

    Args:
        count: how many.
        noun: one of them.
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
