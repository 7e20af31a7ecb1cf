"""What has the user decided for this project? Read from ``[tool.workerlog-migrate]`` in a ``pyproject.toml``.

Input: the text of the nearest ``pyproject.toml``; output: a `Config`, every value of which has been checked. A
key that we do not know is an error that names the nearest one that we do: a typing error must not switch
something off in silence.
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from functools import partial
from keyword import iskeyword
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.names import below
from workerlog_migrate.files.reading import MAX_SETTINGS, read_file
from workerlog_migrate.model import Boundary, Level, Unresolved
from workerlog_migrate.registry import CODEMODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

TABLE = "tool.workerlog-migrate"

_Choice = TypeVar("_Choice", Unresolved, Boundary)

_KEYS = (
    "paths",
    "all",
    "select",
    "ignore",
    "exclude",
    "jobs",
    "unresolved",
    "trial",
    "boundary",
    "log-dir",
    "workers",
    "per-file-ignores",
    "levels",
    "libraries",
    "raises",
    "retry",
)
_MOST = 1_000
"""Entries of a list or a table each of which is compared with each script."""
_LONGEST = 4_096
"""Characters of a text."""
_PATIENCE = 20.0
"""Seconds of processor time in which a configuration is read."""
_TOO_MANY = 2**63  # what TOML promises to hold
_AT_LEAST = re.compile(r"(?:>=|~=|==)\s*(\d)\.(\d{1,3})")
_TARGET = re.compile(r"\Apy(\d)(\d{1,3})\Z")
_RETRY_KEYS = ("max-retries", "base-delay", "extra", "never")


class Config(NamedTuple):
    """The configuration of one project; None means that the user has not said.

    A named tuple: every start pays for this class, and a dataclass takes ten times as long to make.

    Attributes:
        file: the file it was read from, or None when there is none.
        folder: the folder that relative paths and patterns start from.
        paths: files and folders to work on when the command line names none.
        take_all: take every Python file, not only those that match a pattern.
        select: codemods to run.
        ignore: codemods to leave out.
        exclude: patterns in the manner of ``.gitignore``, from ``folder``.
        jobs: processes, at least 1.
        unresolved: what becomes of handlers that cannot be inferred completely.
        trial: watch handlers instead of narrowing them.
        boundary: what becomes of the handler that keeps a worker's outermost loop alive.
        log_dir: second argument of ``setup_worker_logger``.
        workers: worker name -> globs, in the order of the file.
        per_file_ignores: glob and the codemods that are left out in the files that it matches.
        levels: the start of a text and the level of what begins so.
        libraries: globs of folders, from ``folder``, whose packages may be read to see what their functions raise.
        raises: qualified call -> exception names.
        max_retries: total attempts, at least 1.
        base_delay: seconds before the second attempt, not negative.
        retry_extra: qualified calls to wrap besides the built-in ones.
        retry_never: qualified calls never to wrap.
        python: the oldest Python that the project says it is for (``requires-python``, or ruff's ``target-version``).
    """

    file: Path | None = None
    folder: Path = Path()
    paths: tuple[str, ...] | None = None
    take_all: bool = False
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    jobs: int | None = None
    unresolved: Unresolved | None = None
    trial: bool = False
    boundary: Boundary | None = None
    log_dir: str | None = None
    workers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    levels: tuple[tuple[str, Level], ...] = ()
    libraries: tuple[str, ...] = ()
    raises: tuple[tuple[str, tuple[str, ...]], ...] = ()
    max_retries: int | None = None
    base_delay: float | None = None
    retry_extra: tuple[str, ...] = ()
    retry_never: tuple[str, ...] = ()
    python: tuple[int, int] | None = None

    def log_folder_elsewhere(self, cwd: Path) -> str:
        """Give the log folder if it leads out of the project, also by a link, where only the person can say whether that is meant.

        Args:
            cwd: the folder in which workers are started, as far as anybody knows, absolute.
        """
        place = os.path.normpath(os.path.join(cwd, self.log_dir or "logs"))  # noqa: PTH118  # text in, text out
        roots = [os.fspath(cwd), os.fspath(self.folder.absolute())]
        if any(below(place + os.sep, root) is not None for root in roots):
            place, roots = os.path.realpath(place), [*map(os.path.realpath, roots)]
        return "" if any(below(place + os.sep, root) is not None for root in roots) else place


def find_config(start: Path) -> Path | None:
    """Find the nearest ``pyproject.toml``, from a folder upwards.

    One above the folder that a stranger owns (in ``/tmp``, where everybody may write) is passed over.

    Args:
        start: an absolute folder.

    Returns:
        The file, or None.
    """
    for folder in (start, *start.parents):
        candidate = folder / "pyproject.toml"
        if os.path.isfile(candidate) and (folder == start or _is_of_ours(candidate, start)):  # noqa: PTH113  # False, not an error, in a folder without permission
            return candidate
    return None


def _is_of_ours(file: Path, start: Path) -> bool:
    """Say whether a file belongs to who runs this, to root, or to who owns the folder that the search began in."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        return file.stat().st_uid in (os.geteuid(), 0, start.stat().st_uid)
    except OSError:
        return False


def load_config(file: Path, *, required: bool = False) -> Config:
    """Read and check one configuration file.

    Args:
        file: a TOML file.
        required: the user has named it (``--config``): it must hold our table.

    Returns:
        The configuration; the defaults when the file has no table of ours.

    Raises:
        UsageError: the file cannot be read, is not TOML, or a key or value in our table is wrong.
    """
    document = _read_toml(file)
    tool = document.get("tool")
    table = tool.get("workerlog-migrate") if isinstance(tool, dict) else None
    if table is None:
        if required:
            raise UsageError(f"{file}: there is no [{TABLE}] table in it")
        return Config(file=file, folder=file.parent, python=_python(document))
    reader = _Reader(file)
    settings = reader.table(table, TABLE)
    reader.known(settings, _KEYS, TABLE)
    if settings.get("paths") == []:
        raise UsageError(f"{file}: paths must name a file or a folder; without the key it is 'scripts'")
    retry = reader.table(settings.get("retry", {}), f"{TABLE}.retry")
    reader.known(retry, _RETRY_KEYS, f"{TABLE}.retry")
    return Config(
        file=file,
        folder=file.parent,
        paths=reader.strings(settings, "paths"),
        take_all=reader.flag(settings, "all"),
        select=reader.codemods(settings, "select"),
        ignore=reader.codemods(settings, "ignore") or (),
        exclude=reader.strings(settings, "exclude") or (),
        jobs=reader.whole_number(settings, "jobs", at_least=1),
        unresolved=reader.choice(settings, "unresolved", Unresolved),
        trial=reader.flag(settings, "trial"),
        boundary=reader.choice(settings, "boundary", Boundary),
        log_dir=reader.string(settings, "log-dir"),
        workers=reader.workers(settings),
        per_file_ignores=reader.per_file_ignores(settings),
        levels=reader.levels(settings),
        libraries=reader.strings(settings, "libraries") or (),
        raises=reader.raises(settings),
        max_retries=reader.whole_number(retry, "max-retries", at_least=1),
        base_delay=reader.seconds(retry, "base-delay"),
        retry_extra=reader.dotted_names(retry, "extra"),
        retry_never=reader.dotted_names(retry, "never"),
        python=_python(document),
    )


def _python(document: Mapping[str, object]) -> tuple[int, int] | None:
    """Read the oldest Python of a project from its metadata, else from ruff's; nothing that is written otherwise is an error."""
    for path, pattern in (
        (("project", "requires-python"), _AT_LEAST),
        (("tool", "ruff", "target-version"), _TARGET),
    ):
        value: object = document
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        found = pattern.search(value) if isinstance(value, str) else None
        if found is not None:
            return int(found[1]), int(found[2])
    return None


def nearest(name: str, valid: Iterable[str]) -> str:
    """Give the valid name that is most like the one that was written.

    Args:
        name: what the user wrote.
        valid: at least one name to choose from.

    Returns:
        One of ``valid``.
    """
    import difflib  # only for a wrong name: it costs as much as a tenth of the start-up

    choices = sorted(valid)
    close = difflib.get_close_matches(name.lower().replace("_", "-"), choices, n=1, cutoff=0.0)
    return close[0] if close else choices[0]


def check_worker(name: str, where: str) -> str:
    """Check the name of a worker, which becomes a logger's name and a file's.

    Args:
        name: the name as the user wrote it.
        where: what to call the place in a message.

    Returns:
        The name.

    Raises:
        UsageError: it is empty, would lead out of the log folder, or belongs to the root logger.
    """
    if not name.strip() or not name.isprintable() or name.strip(".") == "" or set(name) & set('/\\:*?"<>|'):
        raise UsageError(f"{where}: {name!r} cannot be a worker's name (it names the log file)")
    if name == "root":
        raise UsageError(
            f"{where}: 'root' is the name of the root logger; choose another name for the worker"
        )
    return name


def _read_toml(file: Path) -> dict[str, object]:
    from workerlog_migrate.files.budget import SpentError, budget
    from workerlog_migrate.files.toml import BrokenTomlError, parse_toml

    try:
        text = read_file(file, MAX_SETTINGS).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 (byte {error.start}); TOML files are") from error
    try:
        with budget(_PATIENCE):
            return parse_toml(text)
    except SpentError as error:
        raise UsageError(f"{file}: takes more than {_PATIENCE:.0f} s of processor time to read") from error
    except BrokenTomlError as error:
        raise UsageError(f"{file}: not valid TOML: {error}") from error
    except MemoryError as error:
        raise UsageError(f"{file}: too large for the memory of this machine") from error


class _Reader:
    """Takes values out of tables; every refusal names the file and the key."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def table(self, value: object, name: str) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise UsageError(f"{self.file}: {name} must be a table, not {_kind(value)}")
        return cast("dict[str, object]", value)

    def known(self, table: Mapping[str, object], valid: tuple[str, ...], name: str) -> None:
        for key in table:
            if key not in valid:
                raise UsageError(
                    f"{self.file}: unknown key {_cut(key)} in [{name}]; the nearest is {nearest(key, valid)!r}"
                )

    def string(self, table: Mapping[str, object], key: str) -> str | None:
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value or not value.isprintable():
            raise UsageError(f"{self.file}: {key} must be a text that is not empty, not {_shown(value)}")
        return value

    def strings(self, table: Mapping[str, object], key: str) -> tuple[str, ...] | None:
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise UsageError(f"{self.file}: {key} must be a list of texts, not {_shown(value)}")
        self.bounded(value, key)
        return tuple(value)

    def bounded(self, entries: Sequence[str] | Mapping[str, object], where: str) -> None:
        """Refuse what would keep us too long: each entry is compared with each script."""
        if len(entries) > _MOST:
            raise UsageError(f"{self.file}: {where} has more than {_MOST:,} entries")
        if any(len(entry) > _LONGEST for entry in entries):
            raise UsageError(f"{self.file}: {where} holds a text of more than {_LONGEST:,} characters")

    def codemods(self, table: Mapping[str, object], key: str) -> tuple[str, ...] | None:
        names = self.strings(table, key)
        for name in names or ():
            if name not in CODEMODS:
                raise UsageError(
                    f"{self.file}: {key} names the unknown codemod {_cut(name)}; the nearest is {nearest(name, CODEMODS)!r}"
                )
        return names

    def whole_number(self, table: Mapping[str, object], key: str, *, at_least: int) -> int | None:
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value < _TOO_MANY:
            raise UsageError(
                f"{self.file}: {key} must be a whole number of at least {at_least}, not {_shown(value)}"
            )
        return value

    def seconds(self, table: Mapping[str, object], key: str) -> float | None:
        value = table.get(key)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _TOO_MANY:
            raise UsageError(
                f"{self.file}: {key} must be a number of seconds, 0 or more, not {_shown(value)}"
            )
        return float(value)

    def flag(self, table: Mapping[str, object], key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise UsageError(f"{self.file}: {key} must be true or false, not {_shown(value)}")
        return value

    def choice(self, table: Mapping[str, object], key: str, kind: type[_Choice]) -> _Choice | None:
        value = table.get(key)
        if value is None:
            return None
        choices = [choice.value for choice in kind]
        if value not in choices:
            wanted = " or ".join(repr(choice) for choice in choices)
            raise UsageError(f"{self.file}: {key} must be {wanted}, not {_shown(value)}")
        return kind(value)

    def workers(self, table: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        workers = self.table(table.get("workers", {}), f"{TABLE}.workers")
        rows = tuple(
            (check_worker(name, f"{self.file}: [{TABLE}.workers]"), self.strings(workers, name) or ())
            for name in workers
        )
        self.bounded([glob for name, globs in rows for glob in (name, *globs)], f"[{TABLE}.workers]")
        for name, globs in rows:
            for glob in globs:
                self.glob(glob, f"[{TABLE}.workers]: {name}", partial(fnmatch, "x"))
        return rows

    def glob(self, glob: str, where: str, match: Callable[[str], object]) -> None:
        """Refuse a pattern that whoever compares it with a path cannot read; which one that is depends on the version of Python."""
        try:
            match(glob)
        except (ValueError, re.error) as error:
            raise UsageError(f"{self.file}: {where}: {glob!r} is no pattern of a path ({error})") from error

    def per_file_ignores(self, table: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        ignores = self.table(table.get("per-file-ignores", {}), f"{TABLE}.per-file-ignores")
        self.bounded(ignores, f"[{TABLE}.per-file-ignores]")
        for glob in ignores:
            self.glob(glob, f"[{TABLE}.per-file-ignores]", PurePath("x").match)
        return tuple((glob, self.codemods(ignores, glob) or ()) for glob in ignores)

    def levels(self, table: Mapping[str, object]) -> tuple[tuple[str, Level], ...]:
        levels = self.table(table.get("levels", {}), f"{TABLE}.levels")
        self.bounded(levels, f"[{TABLE}.levels]")
        valid = [level.value for level in Level]
        for marker, level in levels.items():
            if not marker.strip():
                raise UsageError(f"{self.file}: [{TABLE}.levels]: a marker must be a text that is not empty")
            if not isinstance(level, str) or level.lower() not in valid:
                wanted = ", ".join(valid)
                raise UsageError(
                    f"{self.file}: [{TABLE}.levels]: the level of {marker!r} must be one of {wanted}, not {_shown(level)}"
                )
        return tuple((marker, Level(str(level).lower())) for marker, level in levels.items())

    def raises(self, table: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        raises = _flat(self.table(table.get("raises", {}), f"{TABLE}.raises"))
        rows = []
        for call in raises:
            self.callee(call, f"[{TABLE}.raises]")
            rows.append((call, self.dotted_names(raises, call)))
        return tuple(rows)

    def dotted_names(self, table: Mapping[str, object], key: str) -> tuple[str, ...]:
        names = self.strings(table, key) or ()
        for name in names:
            self.dotted(name, key)
        return names

    def callee(self, name: str, where: str) -> None:
        """Check the name of a callee, as the report writes it: ``*.send`` is any receiver's, ``find.()`` what a call gives."""
        first, *others = [part for part in name.split(".") if part != "()"] or [""]
        if first == "*" and others:
            first, *others = others
        self.dotted(".".join([first, *others]), where)

    def dotted(self, name: str, where: str) -> None:
        if not all(part.isidentifier() and not iskeyword(part) for part in name.split(".")):
            raise UsageError(f"{self.file}: {where}: {name!r} is no qualified name such as 'requests.get'")


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Join what TOML splits: ``cloud.fetch = [...]`` without quotes is a table in a table."""
    rows: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            rows.update(_flat(value, f"{prefix}{key}."))
        else:
            rows[prefix + key] = value
    return rows


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        str: "a text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def _cut(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 200 else shown[:197] + "..."


def _shown(value: object) -> str:
    try:
        shown = repr(value)
    except ValueError:
        shown = "a number of too many digits"
    return f"{shown if len(shown) <= 60 else shown[:57] + '...'} ({_kind(value)})"
