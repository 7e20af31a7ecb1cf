"""Errors that end the processing of one file, or of the run, with a message for a person."""

from __future__ import annotations


class WorkerlogError(Exception):
    """Base of our own errors."""


class UsageError(WorkerlogError):
    """The command line or the configuration is wrong: nothing was processed (exit code 2)."""


class Refused(WorkerlogError):
    """One file cannot be processed; it is left as it is and the others go on.

    Attributes:
        reason: what is wrong and what to do, in one line.
        line: the line in the file, from 1; 0 when the reason concerns the whole file.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
