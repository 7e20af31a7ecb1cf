"""What did the scripts hold when the run began? So that a run never reads what it has written itself.

While one script is written, others are still looked at, and what these import must be what it was: otherwise the result would
depend on the order and on the number of processes. Where a run writes, the bytes of all its scripts are kept first: in memory, and
for other processes in one file of the system's temporary folder, which goes away with the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.reading import read_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_originals: dict[str, bytes] = {}
MAX_BYTES = 500_000_000
"""So much is kept at most: some ten million lines."""

_HEAD = 16  # digits of the length of the index


def original(path: Path) -> bytes | None:
    """Return what a file held when the run began; None when this run does not write it, or nothing is kept.

    Args:
        path: the file.
    """
    if not _originals:
        return None
    return _originals.get(str(path)) or _originals.get(os.path.realpath(path))


@contextlib.contextmanager
def kept(
    paths: Sequence[Path], *, in_file: bool, places: Mapping[Path, Path | None] = MappingProxyType({})
) -> Iterator[str]:
    """Keep what files hold while a run writes them.

    Args:
        paths: the files, absolute.
        in_file: also in a file, for other processes.
        places: where they were found, links resolved.

    Yields:
        The name of that file, empty where there is none.
    """
    held = 0
    for path in paths:
        with contextlib.suppress(OSError, ValueError, MemoryError):
            raw = read_script(path, places.get(path))
            held += len(raw)
            if held > MAX_BYTES:
                raise UsageError(
                    f"the scripts of one --apply may hold {MAX_BYTES:,} bytes in all; name fewer of them"
                )
            _originals[str(path)] = _originals[os.path.realpath(path)] = raw
    name = _written() if in_file else ""
    try:
        yield name
    finally:
        _originals.clear()
        if name:
            with contextlib.suppress(OSError):
                Path(name).unlink()


def load(name: str) -> None:
    """Read, in another process, what `kept` has written.

    Args:
        name: the name of its file; empty: nothing was kept.
    """
    if not name:
        return
    with open(name, "rb") as file:  # noqa: PTH123  # a name from a pipe
        index = json.loads(file.read(int(file.read(_HEAD))))
        body = file.read()
    for path, (start, length) in index.items():
        _originals[path] = body[start : start + length]


def _written() -> str:
    parts: dict[int, tuple[int, bytes]] = {}
    index: dict[str, tuple[int, int]] = {}
    end = 0
    for path, raw in _originals.items():
        if id(raw) not in parts:
            parts[id(raw)] = (end, raw)
            end += len(raw)
        index[path] = (parts[id(raw)][0], len(raw))
    head = json.dumps(index).encode("ascii")
    descriptor, name = tempfile.mkstemp(prefix="workerlog-migrate-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(str(len(head)).rjust(_HEAD).encode("ascii"))
        file.write(head)
        for _, raw in parts.values():
            file.write(raw)
    return name
