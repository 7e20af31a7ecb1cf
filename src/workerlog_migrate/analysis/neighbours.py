"""Other files of the program: modules that a script can import from its own folder or package, or from folders of libraries.

Input: a script's path and a dotted name. Output: the ``Module`` of the file on disk, parsed and never executed. Reading
is lazy, bounded (size of a file, number of files per script) and remembered per process as long as a file is unchanged.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.errors import Refused
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.snapshot import original
from workerlog_migrate.files.source import PRESENT, digest
from workerlog_migrate.model import MANY, Source
from workerlog_migrate.project.root import find_root

MAX_BYTES = 1_000_000
MAX_FILES = 40
_REMEMBERED = 3_000_000  # bytes of source, whose trees take 50 times as much memory: parsing again and again is what costs
_KEPT = -1  # the time of change of a file as it was when the run began

_Stamp = tuple[int, int]
_seen: OrderedDict[Path, tuple[_Stamp, Module | None, str]] = OrderedDict()
_sizes: dict[Path, int] = {}


class Neighbours:
    """Finds the modules beside a script.

    Args:
        script: the script's path; its folder, and above a package the folder that holds the package, are searched.
        own: what to give for the script itself, when another file imports it back.
        libraries: folders that are searched after these.

    Attributes:
        seen: the files that were read or looked for -> the digest of what they hold; empty where there is none.

    """

    def __init__(self, script: Path, own: Module | None = None, libraries: Iterable[str] = ()) -> None:
        self._script = script.absolute()
        self._own = own
        self._libraries = [Path(folder).absolute() for folder in libraries]
        self._found: dict[tuple[Path | None, str, bool], Module | None] = {}
        self._files: set[Path] = set()
        self._roots: list[Path] | None = None
        self._above: list[Path] | None = None
        self.seen: dict[Path, str] = {}
        self._texts: dict[str, bytes | None] = {}
        self._real = {str(self._script), os.path.realpath(self._script)}

    def find(self, name: str, beside: Path | None = None) -> Module | None:
        """Return the module of a dotted name.

        Args:
            name: as an import writes it, relative (``..x``) or not.
            beside: the file that imports it; by default the script. It matters for relative names only.

        Returns:
            The module; None when there is no such file, or it cannot be read or parsed, or, for what other files import,
            too many were read.

        """
        bare = name.lstrip(".")
        dots = len(name) - len(bare)
        importer = self._script if beside is None else beside.absolute()
        start = importer if dots else None
        # What the script itself imports is always read: how many came before depends on what was asked first.
        is_own = importer == self._script
        key = (start, name, is_own)
        if key not in self._found:
            parts = bare.split(".") if bare else []
            self._found[key] = self._find(parts, dots, start, may_be_read=is_own)
        return self._found[key]

    def holding(self, path: str, word: str) -> Module | None:
        """Return a file if a word stands in its text; None as well when it cannot be read or parsed."""
        if path in self._real:
            own = self._own
            return own if own is not None and word in own.source.text else None
        if path not in self._texts:
            self._texts[path] = raw = read_bytes(Path(path))
            self.seen[Path(path)] = "" if raw is None else digest(raw)
        raw = self._texts[path]
        if raw is None or word.encode("utf-8", "surrogatepass") not in raw:
            return None
        return _read(Path(path))[0]

    def _find(self, parts: list[str], dots: int, start: Path | None, *, may_be_read: bool) -> Module | None:
        if start is not None:
            folders = [start.parents[dots - 1]] if dots <= len(start.parents) else []
        elif parts:
            folders = self._folders(parts)
        else:
            return None
        for folder in folders:
            path = self._in_folder(folder, parts)
            if path is not None:
                return self._module(path, may_be_read=may_be_read)
        path = self._in_project(parts) if start is None else None
        return None if path is None else self._module(path, may_be_read=may_be_read)

    def _in_folder(self, folder: Path, parts: list[str]) -> Path | None:
        """Return the file of a module below a folder of the search path."""
        for path in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if (parts or path.name == "__init__.py") and self._is_file(path):
                return path
        return None

    def _in_project(self, parts: list[str]) -> Path | None:
        """Return the file of a module below one of the folders between the script's and the project's root.

        Who starts ``main.py`` there, or runs ``-m`` there, imports the script and its siblings in other folders, with or without an
        ``__init__.py``. Where two of these folders have such a file, how the program is started decides, and nobody knows that.
        """
        found = [path for folder in self._outer() if (path := self._in_folder(folder, parts)) is not None]
        return found[0] if len(found) == 1 else None

    def _outer(self) -> list[Path]:
        """List the folders above the script's, up to its project's root."""
        if self._above is None:
            root = find_root(self._script.parent, Path.cwd())
            folders = self._script.parents
            known = [folder for folder in folders if os.path.realpath(folder) == str(root)]
            within = folders[1 : folders.index(known[0]) + 1] if known else ()
            self._above = [folder for folder in within if folder not in (self._roots or ())]
        return self._above

    def _module(self, path: Path, *, may_be_read: bool) -> Module | None:
        """Read a module, unless too many were read."""
        if path == self._script:
            return self._own
        if path not in self._files:
            if len(self._files) >= MAX_FILES and not may_be_read:
                return None
            self._files.add(path)
        module, self.seen[path] = _read(path)
        return module

    def _is_file(self, path: Path) -> bool:
        """Look whether there is such a file; that there is one counts, whatever it holds, until it is read."""
        if path.is_file():
            self.seen.setdefault(path, PRESENT)
            return True
        self.seen[path] = ""
        return False

    def _folders(self, parts: list[str]) -> list[Path]:
        """List where an absolute name is looked for: beside the script, and above the packages that hold it."""
        if self._roots is None:
            folder = self._script.parent
            self._roots = [folder]
            while self._is_file(folder / "__init__.py") and folder != folder.parent:
                folder = folder.parent
                self._roots.append(folder)
        # A single name is found beside the script, or it is the outermost package; what lies between is no root.
        own = self._roots if len(parts) > 1 else [self._roots[0], self._roots[-1]]
        return [*own, *self._libraries]


class Users:
    """Finds the files that may use what is in a file.

    Args:
        neighbours: reads the files, and notes what was read.
        known: by a file's absolute path, the paths of those that may use it.

    """

    def __init__(self, neighbours: Neighbours, known: Mapping[str, tuple[str, ...]]) -> None:
        self._neighbours = neighbours
        self._known = known

    def are_known(self, path: Path) -> bool:
        """Whether all files that may use something of a file are known."""
        found = self._known.get(os.path.realpath(path))
        return found is not None and MANY not in found

    def of(self, path: Path, word: str) -> Iterator[Module]:
        """Yield the files that may use something of a file and hold a word."""
        for user in self._known.get(os.path.realpath(path), ()):
            if user != MANY:
                module = self._neighbours.holding(user, word)
                if module is not None:
                    yield module


def is_at_home(file: Path, script: Path) -> bool:
    """Say whether a file is of the project that a script is of, so that a report may quote it.

    A link among the scripts may lead to any file of who runs this, and a report may be read by others.

    Args:
        file: another file.
        script: the script.

    Returns:
        Whether it lies, links resolved, in the script's repository, or without one in the script's or the current folder.
    """
    real = os.path.realpath(file)
    folder = os.path.dirname(os.path.realpath(script))  # noqa: PTH120  # text in, text out
    root = next((each for each in (folder, *map(str, Path(folder).parents)) if _has_git(each)), "")
    homes = [root] if root else [folder, os.path.realpath("."), *_above_package(folder)]
    return any(real.startswith(os.path.join(home, "")) for home in homes)  # noqa: PTH118  # as above


def _has_git(folder: str) -> bool:
    return os.path.lexists(os.path.join(folder, ".git"))  # noqa: PTH118  # as above


def _above_package(folder: str) -> list[str]:
    """Give the folder that holds the outermost package of a folder."""
    path = Path(folder)
    while (path / "__init__.py").is_file() and path != path.parent:
        path = path.parent
    return [str(path)] if str(path) != folder else []


def dotted_name(path: Path) -> str:
    """Return the name under which a file is imported: through the packages that hold it, ``pkg.sub.module``."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.absolute().parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        parts.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(parts))


def read_bytes(path: Path) -> bytes | None:
    """Read a file as it was when the run began; None when it cannot be read."""
    try:
        kept = original(path)
        return read_file(path, MAX_BYTES) if kept is None else kept
    except (OSError, MemoryError, ValueError):
        return None


def _read(path: Path) -> tuple[Module | None, str]:
    """Read and parse a file, or remember it; give the digest of its bytes as well."""
    try:
        raw = original(path)
        if raw is None:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
        else:
            stamp = (_KEPT, len(raw))
        known = _seen.get(path)
        if known is not None and known[0] == stamp:
            _seen.move_to_end(path)
            return known[1:]
        raw = read_file(path, MAX_BYTES) if raw is None else raw
    except (OSError, MemoryError):
        return None, ""
    module = None
    try:
        module = Module(Source(path=path, text=raw.decode("utf-8-sig"), raw=raw))
    except (UnicodeError, Refused):
        module = None
    known = _seen[path] = (stamp, module, digest(raw))
    _sizes[path] = len(raw)
    while len(_seen) > 1 and sum(_sizes.values()) > _REMEMBERED:
        del _sizes[_seen.popitem(last=False)[0]]
    return known[1:]
