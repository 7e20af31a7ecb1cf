"""Which files are known to have nothing to do, so that a second run over a large tree costs little more than reading it?

A result is remembered only when nothing is to be changed in a file: of one that was written, what the look at the result
has told, so that the run after an ``--apply`` knows it. It is found again by all that decided about it:
the file's bytes and place, the worker, the settings, this version of the tool (by the sizes and times of its own files),
the interpreter, and the bytes of every other file that the inference has read or looked for. So a result is never
out of date; at worst it is computed again. What was left alone is remembered with its reasons: the report of a
run does not depend on the cache.

One SQLite database in the user's cache folder: several runs at once are its business, as is being killed. A cache that
cannot be opened, read or written is no cache, and nothing is said about it. It holds JSON, no pickles: nothing in it
is ever executed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
import time
import zlib
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate import __version__
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.roots import is_led_by_others
from workerlog_migrate.files.source import PRESENT, digest
from workerlog_migrate.model import Applicability, Evidence, FileResult, Finding, Plan, Span

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from workerlog_migrate.model import Settings, Target

FOLDER_VARIABLE = "WORKERLOG_MIGRATE_CACHE_DIR"
"""Environment variable that names another folder for the cache."""

MAX_ENTRIES = 50_000
"""Results that are kept; about 1 kB each. Of more, those used longest ago are dropped."""

RESULTS = "results-2.sqlite"
"""The database; the number changes with the form of the entries."""

_LINE = re.compile(r":\d+ ")
_WAIT = 2.0  # seconds that a run waits for another one's write
_TOGETHER = 500  # results written in one transaction
_DAY = 86_400
_SCHEMA = "CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, digest TEXT, used INTEGER, body BLOB) WITHOUT ROWID"


def cache_folder() -> Path | None:
    """Say where the cache is kept.

    Returns:
        ``$WORKERLOG_MIGRATE_CACHE_DIR``, or ``workerlog-migrate`` in the user's cache folder of this system; None when there
        is no home.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base, "workerlog-migrate", "Cache") if base and Path(base).is_absolute() else None
    base = os.environ.get("XDG_CACHE_HOME")  # https://specifications.freedesktop.org/basedir-spec/latest/
    if base and Path(base).is_absolute():
        return Path(base, "workerlog-migrate")
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        if home.is_absolute():  # or the cache would stand among the scripts
            return Path(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "workerlog-migrate")
    return None


def is_private(folder: Path, name: str) -> bool:
    """Say whether nobody but this user can write to a database, so that what stands in it can be believed.

    Args:
        folder: where it is kept.
        name: its name; it need not be there yet.

    Returns:
        Whether both are this user's, no link, and writable for nobody else.
    """
    if not hasattr(os, "geteuid"):
        return True
    if is_led_by_others(os.fspath(folder.absolute())):
        return False
    for path in (folder.resolve(), folder / name):
        with contextlib.suppress(OSError):  # who cannot look there has no cache, which is said by nobody
            status = path.lstat()
            wanted = stat.S_ISREG if path.name == name else stat.S_ISDIR
            if not wanted(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return False
    return True


class Cache:
    """Results of files in which nothing is to be done.

    Args:
        settings: the run's settings.
        cwd: the folder that relative paths start from.
        folder: where the database is kept; it is created when something is written.
        is_brief: whether the report says of handlers that stay broad only where they stand.
    """

    def __init__(self, settings: Settings, cwd: Path, folder: Path, *, is_brief: bool = False) -> None:
        self._is_brief = is_brief
        self._settings = settings
        self._cwd = cwd
        self._folder = folder
        self._context = ""
        self._database: sqlite3.Connection | None = None
        self._is_open = False
        self._new: dict[str, tuple[str, bytes]] = {}
        self._used: list[str] = []
        self._digests: dict[str, str] = {}
        # Under what is known before a file is read: its bytes may give a worker another name, which its result has.
        self._keys: dict[Path, str] = {}

    def get(self, target: Target, raw: bytes) -> FileResult | None:
        """Look a file up.

        Args:
            target: the file and its worker.
            raw: its bytes.

        Returns:
            What was found in it the last time; None when that is not known, or no longer certain.
        """
        database = self._opened()
        if database is None:
            return None
        key = self._keys[target.path] = self._key(target)
        row = self._read(database, key)
        if row is None or row[0] != digest(raw):
            return None
        try:
            result, neighbours, starts = _decode(row[2], target, raw)
        except (ValueError, KeyError, TypeError, zlib.error):  # not written by us
            return None
        if (result.is_brief and not self._is_brief) or starts not in ("", _told(target)):
            return None
        if not all(self._is_as_it_was(path, known) for path, known in neighbours):
            return None
        if row[1] != _today():
            self._used.append(key)
        return result

    def put(self, result: FileResult) -> None:
        """Remember a result, if nothing is to be done about its file.

        Args:
            result: what became of a file in this run.
        """
        if (
            result.error is not None
            or result.plan.applied
            or result.remarks
            or result.skipped == "no trigger"
        ):
            return
        if any(finding.edit is not None for finding in result.plan.reported):
            return
        if self._opened() is None:
            return
        key = self._keys.get(result.target.path) or self._key(result.target)
        self._new[key] = (digest(result.before), _encode(result))
        if len(self._new) >= _TOGETHER:
            self._write()

    def put_written(self, result: FileResult) -> None:
        """Remember of a file that was written that nothing is left to do in it.

        Args:
            result: what became of it.
        """
        if result.written and result.next is not None:
            self.put(result.next)

    def close(self) -> None:
        """Write what is new; drop what was used longest ago, when there is too much."""
        self._write()
        if self._database is not None:
            self._database.close()
            self._database = None

    # -- the database ---------------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection | None:
        if self._is_open:
            return self._database
        self._is_open = True
        try:
            import sqlite3
        except ImportError:  # a Python that was built without it
            return None
        self._context = _context(self._settings)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_private(self._folder, RESULTS):
                return None  # somebody else could say in it that there is nothing to do in a file
            self._database = _connect(self._folder / RESULTS)
        except sqlite3.OperationalError:  # no permission, no space, locked: go on without
            self._database = None
        except sqlite3.DatabaseError:  # damaged
            with contextlib.suppress(OSError, sqlite3.Error):
                (self._folder / RESULTS).unlink()
                self._database = _connect(self._folder / RESULTS)
        except OSError:
            self._database = None
        return self._database

    def _read(self, database: sqlite3.Connection, key: str) -> tuple[str, int, bytes] | None:
        import sqlite3

        try:
            row: tuple[str, int, bytes] | None = database.execute(
                "SELECT digest, used, body FROM results WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error:
            self._give_up()
            return None
        return row

    def _write(self) -> None:
        if self._database is None or not (self._new or self._used):
            return
        import sqlite3

        today = _today()
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany(
                    "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)",
                    [(key, digest, today, body) for key, (digest, body) in self._new.items()],
                )
                self._database.executemany(
                    "UPDATE results SET used = ? WHERE key = ?", [(today, key) for key in self._used]
                )
                (count,) = self._database.execute("SELECT count(*) FROM results").fetchone()
                if count > MAX_ENTRIES:
                    self._database.execute(
                        "DELETE FROM results WHERE key IN (SELECT key FROM results ORDER BY used LIMIT ?)",
                        (count - MAX_ENTRIES * 3 // 4,),
                    )
        except sqlite3.Error:
            self._give_up()
        self._new.clear()
        self._used.clear()

    def _give_up(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    # -- what decides ---------------------------------------------------------------------------------------

    def _key(self, target: Target) -> str:
        # Named after the script, a worker may get another name for what the script imports: its bytes decide that.
        worker = target.worker if target.pattern else ""
        place = (str(self._cwd / target.path), str(target.path), target.pattern, worker, target.in_package)
        # Where another file names this one counts only for what is said; its lines move when it is migrated.
        starts = _LINE.sub(": ", repr(target.starts))
        return digest(f"{self._context} {(*place, starts, target.users, target.ignore)!r}".encode())

    def _is_as_it_was(self, path: str, known: str) -> bool:
        """Compare another file with what `Neighbours` has noted of it; each is read once in a run."""
        if path not in self._digests:
            try:
                self._digests[path] = digest(read_file(path))
            except (OSError, ValueError):
                self._digests[path] = ""
        now = self._digests[path]
        return bool(now) if known == PRESENT else now == known


def _today() -> int:
    return int(time.time()) // _DAY


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    database = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
    try:
        # What a power cut damages is found damaged, and made anew.
        database.execute("PRAGMA synchronous = OFF")
        database.execute(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _context(settings: Settings) -> str:
    """Name all that decides about every file of a run."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    own = sorted(_own_files(Path(__file__).parents[1]))
    codemods = find_spec("workerlog_codemods")  # found, not imported: they bring LibCST
    for folder in codemods.submodule_search_locations or () if codemods is not None else ():
        own += sorted(_own_files(Path(folder)))
    try:
        libcst = version("libcst")
    except PackageNotFoundError:
        libcst = ""
    return digest(repr((__version__, libcst, sys.version, sys.platform, astuple(settings), own)).encode())


def _own_files(folder: Path) -> Iterable[tuple[str, int, int]]:
    """List this tool's own code and rows: an edited or newly installed one may decide otherwise."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _own_files(Path(entry.path))
            elif entry.name.endswith((".py", ".toml")):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns


# -- entries ------------------------------------------------------------------------------------------------


def _encode(result: FileResult) -> bytes:
    findings = [
        [
            finding.codemod,
            finding.span,
            finding.message,
            [astuple(evidence) for evidence in finding.evidence],
            finding.applicability.value,
            finding.reason,
            finding.kind,
        ]
        for finding in result.plan.reported
    ]
    entry = [
        result.target.worker,
        result.encoding,
        result.imports,
        result.skipped,
        result.neighbours,
        result.is_brief,
        _told(result.target) if _speaks_of_starts(result) else "",
        findings,
    ]
    return zlib.compress(json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode("ascii"), 1)


def _told(target: Target) -> str:
    """Tell apart what other files say of how a script is started, with the lines that say so."""
    return digest(repr(target.starts).encode())


def _speaks_of_starts(result: FileResult) -> bool:
    """Whether something that is said about a file names where it is started."""
    told = [text for text in astuple(result.target.starts) if isinstance(text, str) and text]
    return any(
        text in finding.message or text in finding.reason for finding in result.plan.reported for text in told
    )


def _decode(body: bytes, target: Target, raw: bytes) -> tuple[FileResult, list[tuple[str, str]], str]:
    worker, encoding, imports, skipped, neighbours, is_brief, starts, findings = json.loads(
        zlib.decompress(body)
    )
    reported = tuple(
        Finding(
            codemod,
            Span(*span),
            message,
            None,
            tuple(Evidence(*each) for each in evidence),
            Applicability(applicability),
            reason,
            kind,
        )
        for codemod, span, message, evidence, applicability, reason, kind in findings
    )
    result = FileResult(
        replace(target, worker=worker),
        raw,
        raw,
        Plan((), reported),
        encoding=encoding,
        imports=tuple((module, tuple(names)) for module, names in imports),
        skipped=skipped,
        is_brief=is_brief,
    )
    return result, neighbours, starts
