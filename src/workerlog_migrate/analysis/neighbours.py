"""Other files of the program: modules that a script can import from its own folder or package, or from folders of libraries.

Input: a script's path and a dotted name. Output: the ``Module`` of the file on disk, parsed and never executed. Reading
is lazy, bounded (size of a file, number of files per script) and remembered per process as long as a file is unchanged.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.errors import Refused
from workerlog_migrate.model import Source

MAX_BYTES = 1_000_000
MAX_FILES = 40
_REMEMBERED = 64

_Stamp = tuple[int, int]
_seen: OrderedDict[Path, tuple[_Stamp, Module | None]] = OrderedDict()


class Neighbours:
    """Finds the modules beside a script.

    Args:
        script: the script's path; its folder, and above a package the folder that holds the package, are searched.
        libraries: folders that are searched after these.

    """

    def __init__(self, script: Path, libraries: Iterable[str] = ()) -> None:
        self._script = script
        self._libraries = [Path(folder) for folder in libraries]
        self._left = MAX_FILES

    def find(self, name: str) -> Module | None:
        """Return the module of a dotted name; None when there is no such file, or it cannot be read or parsed."""
        if not name or self._left <= 0:
            return None
        parts = name.split(".")
        for folder in self._folders(parts):
            for path in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
                if path != self._script and path.is_file():
                    self._left -= 1
                    return _read(path)
        return None

    def _folders(self, parts: list[str]) -> list[Path]:
        folder = self._script.parent
        found = [folder]
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
            if len(parts) > 1:
                found.append(folder)
        return [*found, *self._libraries]


def _read(path: Path) -> Module | None:
    try:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = _seen.get(path)
        if known is not None and known[0] == stamp:
            _seen.move_to_end(path)
            return known[1]
        module = None
        if status.st_size <= MAX_BYTES:
            raw = path.read_bytes()
            text = raw.decode("utf-8-sig")
            module = Module(Source(path=path, text=text, raw=raw))
    except (OSError, UnicodeError, Refused):
        return None
    _seen[path] = (stamp, module)
    while len(_seen) > _REMEMBERED:
        _seen.popitem(last=False)
    return module
