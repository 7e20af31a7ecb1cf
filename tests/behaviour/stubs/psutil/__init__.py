# ruff: noqa: N818 - the names are those of the package that this stands in for
"""A stand-in for ``psutil``: a machine with three processes, one of which cannot be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Error(Exception):
    """Anything that psutil raises."""


class NoSuchProcess(Error):
    """The process is gone."""


class AccessDenied(Error):
    """The process belongs to somebody else."""


class Memory(NamedTuple):
    """Bytes."""

    total: int
    available: int


class Process:
    """One line of the process list."""

    def __init__(self, pid: int, name: str | None) -> None:
        self.pid = pid
        self._name = name

    def name(self) -> str:
        """The process's name, or ``AccessDenied``."""
        if self._name is None:
            raise AccessDenied(self.pid)
        return self._name


def process_iter(attrs: list[str] | None = None) -> Iterator[Process]:
    """Yield the processes, oldest first."""
    del attrs
    yield from (Process(1, "init"), Process(20, None), Process(30, "genesis_engine"))


def virtual_memory() -> Memory:
    """A machine with four gigabytes, half of them free."""
    return Memory(4 << 30, 2 << 30)
