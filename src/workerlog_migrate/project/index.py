"""The project as one can ask it: which files mention a name, and what does each of them say?

Files are read when they are asked for, and parsed only when their bytes hold one of the names that matter: of a
project of 20,000 files, three workers concern a few hundred. What a file says is kept by the digest of its bytes,
in memory for the run and in the user's cache folder for later ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from workerlog_migrate.files.names import IGNORES_CASE, path_bytes
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.source import as_compared, digest
from workerlog_migrate.files.vendor import is_ours_unedited
from workerlog_migrate.model import RUNTIME_FILES, RUNTIME_MODULES
from workerlog_migrate.project.facts import read_facts
from workerlog_migrate.project.kept import KeptFacts
from workerlog_migrate.project.listing import MAX_BYTES, Listing, list_project
from workerlog_migrate.project.said import FileFacts

MAX_TOTAL = 500_000_000
"""So many bytes of a project are read at most."""

_MAX_HELD = 32_000_000
"""So many bytes are held, to be looked through again."""

_MAX_KEPT = 100_000
"""So many identifiers of files are kept, each some 60 bytes."""

_IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*")
_OF_RUNTIME = sys.stdlib_module_names.union(RUNTIME_MODULES)
_FEW = 40  # up to so many words, to search for each costs less than to take a file apart


class Project:
    """A project's files and what they say.

    Args:
        root: its root, absolute.
        folder: where facts are kept from run to run; None keeps them for this run only.
        own: the files that are migrated, which are parsed again for that.

    Attributes:
        listing: its files.
        is_whole: every file was looked at that may matter; false when there was too much.
    """

    def __init__(self, root: Path, folder: Path | None = None, own: Collection[str] = ()) -> None:
        self.root = root
        self.listing: Listing = list_project(root)
        self.is_whole = self.listing.is_whole
        self._kept = KeptFacts(folder)
        self._own = frozenset(own)
        self._facts: dict[str, FileFacts | None] = {}
        self._runtime: dict[str, bool] = {}
        self._read = 0
        self._held: dict[str, bytes] = {}
        # Identifiers that all files were looked through for, and the files that hold one of them.
        self._asked: frozenset[bytes] = frozenset()
        self._mentioning: set[str] = set()
        self._as_it_is: set[str] = set()  # files whose names are all written as Python compares them
        self._identifiers: dict[str, frozenset[bytes]] = {}
        self._may_keep = _MAX_KEPT
        self._may_hold = _MAX_HELD

    def facts(self, path: str) -> FileFacts | None:
        """Say what a file says about others.

        Args:
            path: one of ``listing.python``, or another file.

        Returns:
            The facts; None when it cannot be read or parsed, or is too large.
        """
        if path not in self._facts:
            raw = self.read(path)
            self._facts[path] = None if raw is None else self._facts_of(path, raw)
        return self._facts[path]

    def is_runtime(self, path: str) -> bool:
        """Say whether a file is one that we have put there: it uses no script, starts none, and says nothing of the program.

        Args:
            path: one of ``listing.python``, or another file.
        """
        name = Path(path).name
        if name not in RUNTIME_FILES:
            return False
        if path not in self._runtime:
            raw = self.read(path)
            is_ours = raw is not None and is_ours_unedited(name.removesuffix(".py"), raw)
            self._runtime[path] = self._stands_alone(path) if is_ours is None else is_ours
        return self._runtime[path]

    def runtime_of_now(self, path: str) -> str:
        """Name the runtime's module of this version that a file is; empty for any other file.

        Args:
            path: one of ``listing.python``, or another file.
        """
        name = Path(path).name
        raw = self.read(path) if name in RUNTIME_FILES else None
        module = name.removesuffix(".py")
        return module if raw is not None and is_ours_unedited(module, raw) else ""

    def _stands_alone(self, path: str) -> bool:
        """Whether a file imports nothing but the standard library and the runtime, as every version of ours does."""
        facts = self.facts(path)
        return facts is not None and all(
            entry.module.partition(".")[0] in _OF_RUNTIME
            if entry.module and not entry.level
            else _OF_RUNTIME.issuperset(entry.names)  # from . import worker_logger
            for entry in facts.imports
        )

    def mentioning(
        self, words: Collection[str], concerns: Callable[[bytes], bool] | None = None
    ) -> Iterator[tuple[str, FileFacts]]:
        """Give the Python files that hold one of some identifiers anywhere, with what they say.

        Args:
            words: identifiers; a word with other characters counts by its identifiers.
            concerns: a closer look at the bytes of a file that holds one.

        Yields:
            Path and facts, in the order of the listing; files that do not parse are left out, and so is the runtime.
        """
        wanted = identifiers(words)
        mentioning = self._mentioning
        new = wanted - self._asked
        found_now: set[str] = set()
        for path in self.listing.python:
            still = (
                wanted if path in mentioning else new
            )  # of the others it is known that they hold none of the rest
            raw = self.read(path) if still else None
            if raw is None:
                continue
            compared = raw if path in self._as_it_is else as_compared(raw)
            if compared is raw:
                self._as_it_is.add(path)
            if not (_mentions(compared, still) if len(still) <= _FEW else self._holds(path, compared, still)):
                continue
            found_now.add(path)
            if not (concerns is None or concerns(compared)):
                continue
            if path not in self._facts:
                if self.is_runtime(path):  # nobody asks what it says, and it is longer than most scripts
                    continue
                self._facts[path] = self._facts_of(path, raw)
            found = self._facts[path]
            if found is not None:
                yield path, found
        # Only now, when all were looked at.
        mentioning |= found_now
        self._asked |= wanted

    def _holds(self, path: str, raw: bytes, wanted: frozenset[bytes]) -> bool:
        """Whether a file holds one of many identifiers; its own are kept, of which more is asked soon."""
        held = self._identifiers.get(path)
        if held is None:
            held = frozenset(_IDENTIFIER.findall(raw))
            if len(held) <= self._may_keep:
                self._may_keep -= len(held)
                self._identifiers[path] = held
        return not wanted.isdisjoint(held)

    def texts_mentioning(self, words: Collection[str]) -> Iterator[tuple[str, str]]:
        """Give the other text files that hold one of some identifiers.

        Args:
            words: as for `mentioning`.

        Yields:
            Path and text; bytes that are no UTF-8 are replaced.
        """
        wanted = frozenset(map(_folded, identifiers(words)))
        for path in self.listing.texts:
            raw = self.read(path)
            if raw is None or b"\0" in raw[:1024] or not _mentions(_folded(raw), wanted):
                continue
            yield path, raw.decode("utf-8", "replace")

    def read(self, path: str) -> bytes | None:
        """Read a file of the project, within the bounds.

        Args:
            path: the file.

        Returns:
            Its bytes; None when it cannot be read, or is larger than `MAX_BYTES`, or too much was read before.
        """
        held = self._held.get(path)
        if held is not None:
            return held
        if self._read > MAX_TOTAL:
            self.is_whole = False
            return None
        try:
            raw = read_file(path, MAX_BYTES)
        except (OSError, ValueError):
            return None
        self._read += len(raw)
        if len(raw) <= self._may_hold:
            self._may_hold -= len(raw)
            self._held[path] = raw
        return raw

    def close(self) -> None:
        """Keep what is new for later runs."""
        self._kept.close()

    def _facts_of(self, path: str, raw: bytes) -> FileFacts | None:
        key = digest(raw)
        known = self._kept.get(key)
        if known is not None:
            return known
        found = read_facts(Path(path), raw, is_kept=path in self._own)
        if found is not None:
            self._kept.put(key, found)
        return found


def identifiers(words: Collection[str]) -> frozenset[bytes]:
    """Split words into identifiers, as `Project.mentioning` looks for them.

    Args:
        words: any texts.

    Returns:
        Their identifiers, as UTF-8.
    """
    return frozenset(found for word in words for found in _IDENTIFIER.findall(path_bytes(word)))


def _folded(raw: bytes) -> bytes:
    """Forget the case, where a command names a script in any."""
    return raw.lower() if IGNORES_CASE else raw


def _mentions(raw: bytes, wanted: frozenset[bytes]) -> bool:
    if len(wanted) <= _FEW:
        for word in wanted:
            if word in raw and re.search(rb"(?<![A-Za-z0-9_])" + re.escape(word) + rb"(?![A-Za-z0-9_])", raw):
                return True
        return False
    return not wanted.isdisjoint(_IDENTIFIER.findall(raw))
