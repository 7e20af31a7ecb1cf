"""Which script does a name or a path in another file of the project mean?"""

# Names of files are texts here: thousands of them are put together for each name.
# ruff: noqa: PTH113, PTH118, PTH120

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_STDLIB = frozenset(sys.stdlib_module_names)


@dataclass(slots=True)
class Seen:
    """What was seen of one script; of several places the first counts."""

    path: str
    parts: tuple[str, ...]
    packages: int
    plain: str = ""
    dotted: dict[int, str] = field(default_factory=dict)
    relative: dict[int, str] = field(default_factory=dict)
    imported: str = ""
    by_path: str = ""
    copied: str = ""
    isolated: str = ""
    starred: str = ""
    listed: str = ""
    taken: str = ""
    patched: str = ""


class Lookup:
    """The scripts of a run in their project.

    Args:
        root: the project's.
        files: all Python files of the project.
        by_path: place in `seen` of each script, by all of its names.
        seen: the scripts.
    """

    def __init__(
        self, root: str, files: Collection[str], by_path: Mapping[str, int], seen: Sequence[Seen]
    ) -> None:
        self._root = root
        self._files = files
        self._by_path = by_path
        self._seen = seen
        self._by_stem: dict[str, list[int]] = {}
        for position, each in enumerate(seen):
            self._by_stem.setdefault(each.parts[-1], []).append(position)
        # As the system compares names, which an import does not.
        self._by_typed_stem: dict[str, list[int]] = {}
        for stem, positions in self._by_stem.items():
            self._by_typed_stem.setdefault(os.path.normcase(stem), []).extend(positions)
        self._by_typed_path = {os.path.normcase(name): position for name, position in by_path.items()}

    def resolve(self, path: str, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Find the scripts that an absolute name means, with the number of folders that it goes through."""
        candidates = self._by_stem.get(parts[-1], ())
        if not candidates:
            return
        for base in self.bases(path):
            stem = os.path.join(base, *parts)
            for file in (f"{stem}.py", os.path.join(stem, "__init__.py")):
                if file in self._files or file in self._by_path:
                    found = self._by_path.get(file)
                    if found is not None:
                        yield found, len(parts) - (not file.endswith("__init__.py"))
                    return
        if len(parts) == 1 and parts[0] in _STDLIB:
            return
        # Found through a folder that something puts on sys.path.
        for position in candidates:
            seen = self._seen[position]
            if seen.parts[-len(parts) :] == tuple(parts) and len(seen.parts) >= len(parts):
                yield position, len(parts) - (not seen.path.endswith("__init__.py"))

    def bases(self, path: str) -> Iterator[str]:
        """Yield the folders from which a file imports: its own, those above it, and ``src``.

        Args:
            path: the file.
        """
        folder = os.path.dirname(path)
        yield folder
        while folder != self._root and folder.startswith(self._root) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
            yield folder
        yield os.path.join(self._root, "src")

    def at(self, base: str, parts: Sequence[str]) -> int | None:
        """Find the script that a name means below a folder.

        Args:
            base: the folder.
            parts: of the name.
        """
        stem = os.path.join(base, *parts)
        found = self._by_path.get(f"{stem}.py")
        return self._by_path.get(os.path.join(stem, "__init__.py")) if found is None else found

    def paths(self, path: str, word: str) -> Iterator[int]:
        """Find the scripts that a path in a text means: from the file's folder or one above it, or by its ending."""
        word = os.path.normcase(word)
        pieces = [piece for piece in re.split(r"[/\\]", word) if piece not in ("", ".", "..", "~")]
        if not pieces:
            return
        candidates = self._by_typed_stem.get(pieces[-1].rpartition(".")[0], ())
        if not candidates:
            return
        for base in self.bases(path):
            found = self._by_typed_path.get(os.path.normcase(os.path.join(base, *pieces)))
            if found is not None:
                yield found
                return
        while pieces:  # an absolute path of the machine that it runs on
            wanted = (*pieces[:-1], pieces[-1].rpartition(".")[0])
            ends = {at: self._seen[at].parts[-len(wanted) :] for at in candidates}
            hits = [at for at, parts in ends.items() if tuple(map(os.path.normcase, parts)) == wanted]
            if hits:
                yield from hits
                return
            pieces.pop(0)

    def shown(self, path: str) -> str:
        """Write a path from the project's root.

        Args:
            path: absolute.
        """
        return os.path.relpath(path, self._root).replace(os.sep, "/")


def parts_of(path: str) -> tuple[str, ...]:
    """Give the folders of a file and the name under which it is imported; of an ``__init__.py`` its folder's.

    Args:
        path: the file.
    """
    parts = Path(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def packages_of(path: str, root: str = "") -> int:
    """Count the packages that hold a file: folders with an ``__init__.py``, without a gap, below a project's root.

    Args:
        path: the file.
        root: the project's; it is no package, whatever lies in it.
    """
    folder, count = os.path.dirname(path), 0
    while os.path.isfile(os.path.join(folder, "__init__.py")) and folder not in (
        root,
        os.path.dirname(folder),
    ):
        folder, count = os.path.dirname(folder), count + 1
    return count
