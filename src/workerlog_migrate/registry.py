"""The ordered table of codemods: name, what it does, where its finder and its rewrite live.

A new codemod is one row here. Modules are named, not imported: a run imports a finder when the codemod is
selected, and a rewrite (with LibCST behind it) only when there is something to rewrite.
"""

from __future__ import annotations

from dataclasses import dataclass

from workerlog_migrate.model import LOGGER_SETUP, MIRROR_OUTPUT, RETRY_IO, SPECIFIC_EXCEPTIONS


@dataclass(frozen=True, slots=True)
class Codemod:
    """One row of the table.

    Attributes:
        name: as users select it; also the name of its documentation page.
        summary: one line for ``--help`` and the reports' rule descriptions.
        finder: module with ``find(module, context) -> Iterator[Finding]``; logger-setup's also takes the chosen findings.
        rewrites: class name of the edit -> (module, function) that applies it.
    """

    name: str
    summary: str
    finder: str
    rewrites: tuple[tuple[str, str, str], ...] = ()


REGISTRY = (
    Codemod(
        name=LOGGER_SETUP,
        summary="Set up a rotating log named after the worker, below the leading imports.",
        finder="workerlog_migrate.finders.logger_setup",
    ),
    Codemod(
        name=MIRROR_OUTPUT,
        summary="Mirror print and safe_print into the log; the terminal stays what it was.",
        finder="workerlog_migrate.finders.mirror_output",
        rewrites=(("MirrorCall", "workerlog_codemods.mirror_output", "rewrite"),),
    ),
    Codemod(
        name=SPECIFIC_EXCEPTIONS,
        summary="Replace bare and broad except by the exceptions that the try body can raise.",
        finder="workerlog_migrate.finders.specific_exceptions",
        rewrites=(
            ("HandlerEdit", "workerlog_codemods.specific_exceptions", "rewrite"),
            ("SuppressEdit", "workerlog_codemods.specific_exceptions", "rewrite_suppress"),
        ),
    ),
    Codemod(
        name=RETRY_IO,
        summary="Repeat I/O that a passing fault can break, with growing waits.",
        finder="workerlog_migrate.finders.retry_io",
        rewrites=(("RetryCall", "workerlog_codemods.retry_io", "rewrite"),),
    ),
)
