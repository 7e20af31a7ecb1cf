"""The vocabulary: the plain, frozen values that every other module speaks in.

Read this file first. It sees the table of codemods and the base of all edits, and nothing else of ours; every value can be pickled (``--jobs``)
and printed as JSON (the reports). Lines count from 1, columns from 0 and in characters (not bytes), as
LibCST counts them; the standard library's ``ast`` counts columns in UTF-8 bytes and is converted once, in
``analysis.module``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from workerlog_migrate.edit import Edit
from workerlog_migrate.registry import DEFAULT

RUNTIME_LOGGER = "worker_logger"
RUNTIME_UTILS = "worker_utils"
RUNTIME_MODULES = (RUNTIME_LOGGER, RUNTIME_UTILS)
"""The modules that migrated scripts import, in the order in which they are written: ``worker_utils`` may import ``worker_logger``."""

RUNTIME_FILES = tuple(f"{module}.py" for module in RUNTIME_MODULES)
"""Their files, which are copied next to the scripts."""

NEEDS_IMPORT = "needs-import"
"""Kind of a finding whose message is a module that an exception list names; it has no edit, but leads to one."""

IMPORT = "import"
"""Kind of a finding that imports what others need, and is no change of its own."""


class Span(NamedTuple):
    """A stretch of source: line (from 1), column (from 0, characters), end line, end column (exclusive)."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Source:
    """One file as text, with all that is needed to give the same bytes again.

    Attributes:
        path: where it was read from, as the user named it (``-`` content carries ``--stdin-filename``).
        text: the decoded text with its newlines untouched and without a byte order mark.
        raw: the bytes on disk.
        encoding: codec name by PEP 263 (cookie or UTF-8).
        bom: whether the bytes begin with a UTF-8 byte order mark.
        newline: the newline to use in inserted lines: the first one found, LF for a file without any.
    """

    path: Path
    text: str
    raw: bytes
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"


class Level(str, enum.Enum):
    """A level of the standard library's ``logging``; the value is the logger's method."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Applicability(enum.Enum):
    """What may be done with a finding: apply it, or only tell a person."""

    SAFE = "safe"
    DISPLAY_ONLY = "display-only"


class Unresolved(str, enum.Enum):
    """``--unresolved``: what becomes of a broad handler whose exceptions cannot be inferred completely."""

    KEEP = "keep"
    RERAISE = "reraise"


class Trial(str, enum.Enum):
    """``--trial``: what becomes of a broad handler whose exceptions are known."""

    OFF = "off"
    """It is narrowed; one that is watched stays so."""
    ON = "on"
    """It is watched."""
    END = "end"
    """It is narrowed; so is one that is watched (``--no-trial``)."""


class Boundary(str, enum.Enum):
    """``--boundary``: what becomes of the handler that keeps a worker's outermost loop alive."""

    NARROW = "narrow"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a name is in an exception list, or why a call stands in the way.

    Attributes:
        exception: qualified name (``OSError``, ``json.JSONDecodeError``); empty for an unresolved call.
        cause: the call or operation as a person would write it: ``open(path)``, ``data["id"]``, ``a / b``.
        line: its line in the file, from 1.
        rule: the knowledge-base row or analysis rule: ``json.load``, ``op:subscript``, ``local:read_story``.
        source: where that fact comes from: a documentation address, a source file, ``raise`` statement, ...
        note: what a person should know besides: ``errors="ignore"`` seen, subtracted by the inner handler at line 12.
    """

    exception: str
    cause: str
    line: int
    rule: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a codemod found, and what is to be done about it.

    Attributes:
        codemod: name of the codemod.
        span: the node that the edit replaces, or that the reason is about.
        message: one sentence for a person, without the path.
        edit: parameters of the rewrite; None when nothing can be done.
        evidence: for narrowed handlers one entry per reason; for incomplete ones the unresolved calls.
        applicability: SAFE is applied, DISPLAY_ONLY is reported.
        reason: why it is left alone, in a few words; when applied: what a person should know of it, mostly nothing.
        is_blocked: it would be applied, but for something about the file that a person can change.
        kind: machine-readable verdict in kebab-case (``mirrored``, ``narrowed``, ``watched``, ``incomplete``, ``left``, ...).
    """

    codemod: str
    span: Span
    message: str
    edit: Edit | None = None
    evidence: tuple[Evidence, ...] = ()
    applicability: Applicability = Applicability.SAFE
    reason: str = ""
    kind: str = ""
    is_blocked: bool = False


NO_EXCEPTION = "pyproject.toml: [tool.workerlog-migrate.raises]"
"""Begins the note of evidence that a name which the configuration teaches is no exception class."""


def left_alone(codemod: str, span: Span, message: str, reason: str) -> Finding:
    """Report that a codemod leaves a place as it is, in one sentence and why in a few words."""
    return Finding(
        codemod, span, message, applicability=Applicability.DISPLAY_ONLY, reason=reason, kind="left"
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """The findings of one source that are applied, in source order, and those that are only reported."""

    applied: tuple[Finding, ...] = ()
    reported: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Splice:
    """One replacement in a text: characters ``start`` to ``end`` (offsets, exclusive end) become ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Starts:
    """How a file is started and imported, as the whole project shows it; each text says by whom, and is empty where nobody does.

    Attributes:
        plain: started as a script, or imported by its own name alone: its folder is on ``sys.path``.
        dotted: started or imported through its folder's name (``scripts.x``, ``-m scripts.x``).
        depth: how many folders the shortest such name goes through; at least 1.
        in_folder: files of its folder are imported through the folder's name, this one perhaps.
        imported: imported by another file that is no test, in either way.
        by_path: loaded from its path, so that neither its folder nor its package is known.
        copied: taken to another place alone, so that what lies beside it stays behind.
        swept: every file of its folder is imported, so that a runtime file there would be taken for one of them.
        swept_above: every file is of the folder that such a name goes through first.
        isolated: started so that Python does not look beside the script.
        shadowed: a file named like a standard module, which the runtime would import in its place where the script is imported
            through its folder.
        shadowed_beside: such a file where the script is started as one.
        foreign: another module of the project that a runtime file beside this one would hide.
        starred: imported with ``*``.
        listed: somebody lists what it holds (``dir``, ``vars``, ``getmembers``).
        taken: a program takes all that is so listed, also names that begin with an underscore.
        patched: somebody replaces its own ``print``.
        loggers: names of loggers that the program uses itself.
        reporter: the program sends what is logged to a reporter of errors.
        other_folders: where the same file has another name, because a symbolic link leads from one to the other: Python looks
            beside the file for a script, and beside the name that it found for a module.
    """

    plain: str = ""
    dotted: str = ""
    depth: int = 1
    in_folder: str = ""
    imported: str = ""
    by_path: str = ""
    copied: str = ""
    swept: str = ""
    swept_above: str = ""
    isolated: str = ""
    shadowed: str = ""
    shadowed_beside: str = ""
    foreign: str = ""
    starred: str = ""
    listed: str = ""
    taken: str = ""
    patched: str = ""
    loggers: tuple[str, ...] = ()
    reporter: str = ""
    other_folders: tuple[str, ...] = ()


TOLD = "told"
"""Kind of what a person should know of a file when it is changed, and that stands in the way of nothing."""

MANY = "*"
"""Stands, in the users of a file, for those that were not all looked at."""

AROUND = ""
"""Stands, among the files of which users are known, for all that run with a script: of them, those that set something up."""

BESIDE = "."
"""Stands there for those that run with a script and may be handed its objects: they use attributes of which it has the names.
Among the users of a file: these are all that run with the script, and who else may have objects of its classes was not looked for."""

SET_BY_MANY = "="
"""Stands there for the names of attributes that so many such files set that they are not looked at; `MANY` for any."""


@dataclass(frozen=True, slots=True)
class Target:
    """A worker: a file to migrate and the name that its log carries.

    Attributes:
        path: the file, as it is to be shown (relative to the current folder where possible).
        worker: the logger's name.
        pattern: the glob that named it, or empty when the stem did.
        in_package: the folder holds an ``__init__.py``: the runtime is imported relatively.
        starts: how the project starts and imports it.
        users: for it and for each own file that it imports (absolute paths), the files that may use what is in there, and
            under `AROUND`, `BESIDE` and `SET_BY_MANY` what they say; empty where the project was not looked at.
        ignore: codemods that the configuration leaves out in this file.
        as_module: it logs to the log of the worker that imports it, under its own name.
        place: where it was found, links resolved; it is read there and nowhere else. None: it is read by its path.
    """

    path: Path
    worker: str
    pattern: str = ""
    in_package: bool = False
    starts: Starts = Starts()
    users: tuple[tuple[str, tuple[str, ...]], ...] = ()
    as_module: bool = False
    ignore: tuple[str, ...] = ()
    place: Path | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """One kind of error that workers noted at one place of a source file, summed over their processes.

    Attributes:
        path: the source file, as it was run.
        function: the qualified name of the function that the place is in; ``<module>`` outside any.
        function_line: its first line then, that of its first decorator.
        line: the place's line then.
        type: the exception's class as entry points are written: ``builtins:OSError``.
        bases: the classes that it inherits from, in the order in which they are looked through.
        expected: whether some process found it on the list of a watched handler.
        count: how often it came.
        processes: to how many processes.
        first, last: the earliest and the latest time of a note about it.
        files: names of the evidence files.
        frames: path, function, its first line and line of each frame on its way out, the outermost first; of what was not expected.
        uncaught: whether no handler took it.
        is_mock: whether a mock of a test raised it.
    """

    path: str
    function: str
    function_line: int
    line: int
    type: str
    bases: tuple[str, ...] = ()
    expected: bool = False
    count: int = 1
    processes: int = 1
    first: str = ""
    last: str = ""
    files: tuple[str, ...] = ()
    frames: tuple[tuple[str, str, int, int], ...] = ()
    uncaught: bool = False
    is_mock: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What workers saw of one file.

    Attributes:
        here: errors that came to its handlers.
        through: errors whose way out leads through the file, each with the numbers of the frames that are the file's.
        seconds: how long workers ran with the file.
    """

    here: tuple[Arrival, ...] = ()
    through: tuple[tuple[Arrival, tuple[int, ...]], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What is decided for a whole run; plain data that travels to worker processes.

    Attributes:
        select: codemods to run, in registry order.
        unresolved: what to do with incompletely inferred handlers.
        trial: whether handlers are watched instead of narrowed.
        boundary: what to do with the handler that keeps a worker's outermost loop alive.
        seen: path of a target -> what workers saw of it; not None: handlers are settled by that, and nothing else is done.
        watched: days for which a handler that nothing came to has to be watched before it is settled.
        log_dir: second argument of ``setup_worker_logger``; None when it is omitted.
        max_retries: total attempts written into the header.
        base_delay: seconds before the second attempt, written into the header.
        retry_extra: qualified calls that are wrapped besides the table's.
        retry_never: qualified calls that are never wrapped.
        raises: qualified call -> exception names, taught by the user.
        libraries: folders of packages that may be read, and are never run, to see what their functions raise.
        levels: start of a text -> its level, taught by the user.
        add_skip: write a skip comment behind what would be changed or was left, and change nothing else.
        python: the oldest Python that the project says it is for; some classes are one from a later one on.
    """

    select: tuple[str, ...] = DEFAULT
    unresolved: Unresolved = Unresolved.KEEP
    trial: Trial = Trial.OFF
    boundary: Boundary = Boundary.NARROW
    seen: tuple[tuple[str, Seen], ...] | None = None
    watched: float = 7.0
    log_dir: str | None = None
    max_retries: int = 3
    base_delay: float = 1.0
    retry_extra: tuple[str, ...] = ()
    retry_never: tuple[str, ...] = ()
    raises: tuple[tuple[str, tuple[str, ...]], ...] = ()
    libraries: tuple[str, ...] = ()
    levels: tuple[tuple[str, Level], ...] = ()
    add_skip: bool = False
    python: tuple[int, int] = (3, 10)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a comment of ours in a file.

    Attributes:
        line: where it stands, from 1.
        text: what is to be said of it.
        is_error: it means something that it cannot mean; otherwise it suppresses nothing.
    """

    line: int
    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class FileError:
    """Why a file could not be processed: one clear line, with the place."""

    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        target: the file and its worker name.
        before: bytes read; empty when it could not be read.
        after: bytes to write; equal to ``before`` when nothing changes or something failed.
        plan: applied and reported findings (of a failed file: what was planned is not listed as applied).
        error: set when the file could not be processed; it is then left as it was.
        encoding: codec of the file, for reports that show text.
        imports: which runtime modules the result imports, with the dots that lead to their folder (``..worker_utils``), and the
            names it needs of each.
        written: whether the result was written to disk.
        skipped: why nothing was looked for (``no trigger``, ``skip-file``, ``runtime``), or empty.
        neighbours: of a file in which nothing is to be done: the other files that were read or looked for to know that,
            each with the digest of its bytes (empty: there is none).
        remarks: what is to be said of skip comments in it.
        rounds: how often it was rewritten until nothing was left to do; findings of later rounds have the lines of the original.
        next: what a run over ``after`` would say, where the look at it has told: that nothing is left to do.
        is_brief: the findings of handlers that stay broad have their place alone: their reasons speak of a text before the edits.
    """

    target: Target
    before: bytes = b""
    after: bytes = b""
    plan: Plan = field(default_factory=Plan)
    error: FileError | None = None
    encoding: str = "utf-8"
    imports: tuple[tuple[str, tuple[str, ...]], ...] = ()
    written: bool = False
    skipped: str = ""
    neighbours: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Remark, ...] = ()
    rounds: int = 1
    next: FileResult | None = None
    is_brief: bool = False

    @property
    def changed(self) -> bool:
        """Whether the new bytes differ from those read."""
        return self.after != self.before
