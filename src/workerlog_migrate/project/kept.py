"""What files say, by the digest of their bytes, kept in the user's cache folder from run to run.

One SQLite database, as that of the results (``files.cache``): what cannot be opened, read or written is found out again.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from typing import TYPE_CHECKING

from workerlog_migrate.files.cache import is_private
from workerlog_migrate.files.source import decode, digest
from workerlog_migrate.project.facts import FACTS_VERSION, facts_of
from workerlog_migrate.project.said import FileFacts
from workerlog_migrate.syntax.parsing import tree_made

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_NAME = f"project-{FACTS_VERSION}.sqlite"
_MAX_ENTRIES = 100_000
_WAIT = 2.0  # seconds
_SCHEMA = "CREATE TABLE IF NOT EXISTS facts (digest TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID"


class KeptFacts:
    """The database; opened when it is first asked for.

    Args:
        folder: where it is kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._database: sqlite3.Connection | None = None
        self._is_open = False
        self._new: dict[str, bytes] = {}

    def get(self, key: str) -> FileFacts | None:
        """Give the facts about a file.

        Args:
            key: the digest of its bytes.

        Returns:
            The facts; None when they are not known.
        """
        database = self._opened()
        if database is None:
            return None
        import sqlite3

        try:
            row = database.execute("SELECT body FROM facts WHERE digest = ?", (key,)).fetchone()
            return None if row is None else FileFacts.from_json(json.loads(zlib.decompress(row[0])))
        except sqlite3.Error:
            self._database = None
        except (ValueError, TypeError, zlib.error):  # not written by us
            pass
        return None

    def put(self, key: str, facts: FileFacts) -> None:
        """Keep the facts about a file.

        Args:
            key: the digest of its bytes.
            facts: what it says.
        """
        if self._opened() is None:
            return
        body = json.dumps(facts.to_json(), ensure_ascii=True, separators=(",", ":")).encode("ascii")
        self._new[key] = zlib.compress(body, 1)

    def put_written(self, path: Path, raw: bytes) -> None:
        """Keep the facts about a file that was just migrated and written, as long as the tree of its text is there.

        The next run asks for them. What another process has migrated is read again then.

        Args:
            path: its name.
            raw: the bytes that were written.
        """
        text = decode(path, raw).text
        tree = None if self._opened() is None else tree_made(text)
        if tree is not None:
            self.put(digest(raw), facts_of(tree, text))

    def close(self) -> None:
        """Write what is new."""
        if self._database is None:
            return
        import sqlite3

        with contextlib.suppress(sqlite3.Error), self._database:
            self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(self._new.items()))
            (count,) = self._database.execute("SELECT count(*) FROM facts").fetchone()
            if count > _MAX_ENTRIES:  # which are old is not noted: what is missing is found again
                self._database.execute("DELETE FROM facts WHERE digest < '8'")
        self._new.clear()
        self._database.close()
        self._database = None
        self._is_open = False

    def _opened(self) -> sqlite3.Connection | None:
        if self._is_open:
            return self._database
        self._is_open = True
        if self._folder is None:
            return None
        try:
            import sqlite3
        except ImportError:  # a Python that was built without it
            return None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_private(self._folder, _NAME):
                return None  # somebody else could say in it that nobody imports a script
            database = sqlite3.connect(self._folder / _NAME, timeout=_WAIT)
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_SCHEMA)
        except (OSError, sqlite3.Error):  # no permission, locked, damaged: go on without
            return None
        self._database = database
        return database
