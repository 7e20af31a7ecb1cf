"""Which files may start or import some scripts at all? From names to a test of a file's bytes, before anything is parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workerlog_migrate.files.names import path_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

_FEW = 40
_LOADING = (
    b"spec_from_file_location",
    b"run_path",
    b"load_source",
    b"SourceFileLoader",
    b"__import__",
    b"import_module",
    b"import_string",
    b"load_extension",
    b"run_module",
    b"_modules",
    b"walk_packages",
)
_STARTING = re.compile(rb"[\"'\s]-[A-Za-z]*m[\"'\s]")
"""What a file holds that loads or imports others by a name or a path that it makes."""


def may_concern(stems: set[str], folders: set[str], workers: set[str]) -> Callable[[bytes], bool] | None:
    """Tell the files that may start a script from those that only hold a word like its folder's or worker's name.

    Args:
        stems: names of scripts.
        folders: names of their folders.
        workers: names of their workers.

    Returns:
        What says so of a file's bytes; None when there are so many names that every file may.
    """
    if len(stems) + len(folders) + len(workers) > _FEW:
        return None
    patterns = [rb"(?<![A-Za-z0-9_])(?:" + _either(stems) + rb")(?![A-Za-z0-9_])"]
    if folders:
        named = rb"(?:" + _either(folders) + rb")"
        patterns.append(
            rb"(?m:^[ \t]*(?:from|import)[ \t][^\r\n#]*\b)" + named + rb"\b|[\"']" + named + rb"[.]"
        )
    if workers:
        patterns.append(rb"[\"'](?:" + _either(workers) + rb")\b")
    compiled = [re.compile(pattern) for pattern in patterns]
    named_folders = [path_bytes(folder) for folder in folders]

    def concerns(raw: bytes) -> bool:
        if any(pattern.search(raw) for pattern in compiled):
            return True
        if not any(folder in raw for folder in named_folders):
            return False
        return any(loader in raw for loader in _LOADING) or _STARTING.search(raw) is not None

    return concerns


def _either(words: set[str]) -> bytes:
    return b"|".join(re.escape(path_bytes(word)) for word in sorted(words))
