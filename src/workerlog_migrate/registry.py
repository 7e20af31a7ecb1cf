"""The ordered table of codemods: all that the rest of the tool knows of one, apart from its code.

A new codemod is one row here. Nothing of ours is imported: modules are named, so that a run imports a finder when the
codemod is selected, and a rewrite (with LibCST behind it) only when there is something to rewrite.
"""

from __future__ import annotations

from typing import NamedTuple

LOGGER_SETUP = "logger-setup"
MIRROR_OUTPUT = "mirror-output"
SPECIFIC_EXCEPTIONS = "specific-exceptions"
RETRY_IO = "retry-io"


class Chart(NamedTuple):
    """A bar of the HTML report over the findings of one codemod.

    Attributes:
        title: what stands above it.
        slices: those that are shown even when they are empty: label and class of the colour (see ``html.css``). An applied
            finding belongs to the slice that its edit names, else to that of its verdict.
    """

    title: str
    slices: tuple[tuple[str, str], ...]


class Codemod(NamedTuple):
    """One row of the table. A named tuple: every start pays for this class.

    Attributes:
        name: as users select it; also the name of its documentation page, and in CamelCase of its LibCST command.
        summary: one line for the reports' rule descriptions and LibCST's list of commands.
        help_uri: what is behind it, for code scanning services; ``--explain`` prints our own page.
        finder: module with ``find(module, context) -> Iterator[Finding]`` and the edits that it proposes.
        rewrites: class name of an edit, module and function that applies it with LibCST.
        triggers: every construct that it reports needs one of these in the file's bytes; see ``files.source``.
        is_default: whether it runs when nobody has selected codemods.
        is_last: its finder runs after all others and also takes what they chose: the header.
        logs_prints: what a script prints is in its log afterwards.
        chart: its bar in the HTML report.
        section: heading of its findings in a file of the HTML report; without one they stand among the other changes.
    """

    name: str
    summary: str
    help_uri: str
    finder: str
    rewrites: tuple[tuple[str, str, str], ...] = ()
    triggers: tuple[bytes, ...] = ()
    is_default: bool = True
    is_last: bool = False
    logs_prints: bool = False
    chart: Chart | None = None
    section: str = ""


REGISTRY = (
    Codemod(
        name=LOGGER_SETUP,
        summary="Set up a rotating log named after the worker, below the leading imports.",
        help_uri="https://docs.python.org/3/howto/logging.html",
        finder="workerlog_migrate.finders.logger_setup",
        triggers=(b"__main__", b"logg"),
        is_last=True,
    ),
    Codemod(
        name=MIRROR_OUTPUT,
        summary="Mirror print and safe_print into the log; the terminal stays what it was.",
        help_uri="https://docs.python.org/3/howto/logging.html#when-to-use-logging",
        finder="workerlog_migrate.finders.mirror_output",
        rewrites=(("MirrorCall", "workerlog_codemods.mirror_output", "rewrite"),),
        triggers=(b"print", b"stdout", b"stderr", b"echo", b"warn"),
        logs_prints=True,
        chart=Chart(
            "Prints by level on the log",
            (
                ("INFO", "level-info"),
                ("WARNING", "level-warning"),
                ("ERROR", "level-error"),
                ("CRITICAL", "level-critical"),
                ("by its text", "level-text"),
                ("left alone", "left"),
            ),
        ),
    ),
    Codemod(
        name=SPECIFIC_EXCEPTIONS,
        summary="Replace bare and broad except by the exceptions that the try body can raise.",
        help_uri="https://docs.python.org/3/tutorial/errors.html#handling-exceptions",
        finder="workerlog_migrate.finders.specific_exceptions",
        rewrites=(
            ("HandlerEdit", "workerlog_codemods.specific_exceptions", "rewrite"),
            ("SuppressEdit", "workerlog_codemods.specific_exceptions", "rewrite_suppress"),
        ),
        triggers=(b"except", b"suppress"),
        chart=Chart(
            "Broad handlers by outcome",
            (("narrowed", "narrowed"), ("incomplete", "incomplete"), ("left alone", "left")),
        ),
        section="Handlers",
    ),
    Codemod(
        name=RETRY_IO,
        summary="Repeat I/O that a passing fault can break, with growing waits.",
        help_uri="https://docs.python.org/3/library/exceptions.html#os-exceptions",
        finder="workerlog_migrate.finders.retry_io",
        rewrites=(("RetryCall", "workerlog_codemods.retry_io", "rewrite"),),
        triggers=(
            b"open",
            b"requests",
            b"subprocess",
            b"system",
            b"shutil",
            b"copy",
            b"mkdir",
            b"makedirs",
            b"listdir",
            b"scandir",
            b"read_",
            b"write_",
            b"connect",
            b"create_connection",
            b"sqlite3",
            b"remove",
            b"unlink",
            b"rename",
            b"rmdir",
            b"exists",
            b"glob",
            b"socket",
            b"http",
            b"Session",
        ),
        chart=Chart("I/O calls", (("wrapped", "wrapped"), ("left alone", "left"))),
    ),
)

CODEMODS = tuple(row.name for row in REGISTRY)
"""All codemods in the order in which they apply."""

DEFAULT = tuple(row.name for row in REGISTRY if row.is_default)
"""Those that run when nobody has selected any."""

(HEADER,) = (row.name for row in REGISTRY if row.is_last)
"""The codemod that gives the others the names that they use."""


def row_of(name: str) -> Codemod:
    """Look a codemod up.

    Args:
        name: as in the table.
    """
    return REGISTRY[CODEMODS.index(name)]
