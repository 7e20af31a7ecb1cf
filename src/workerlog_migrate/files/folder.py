"""How does a file stay the one that was looked at, while others may rename folders and put links in their place?

A path that is used twice can lead to two files: between the uses its owner may have put a link there. So a `Folder` is
opened once, part by part and through no link, and what is done in it afterwards is done relative to its descriptor
(openat(2) and its kin), whatever its name leads to by then. No file is opened through a link, and none that could keep us
waiting. Windows has neither; there a `Folder` is its path, and a file that another program holds for a moment is tried again (`in_use`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.files import in_use
from workerlog_migrate.files.names import extended, is_folder_itself, is_junction

if TYPE_CHECKING:
    from types import TracebackType

HAS_DESCRIPTORS = {
    os.open,
    os.stat,
    os.rename,
    os.unlink,
    os.mkdir,
    os.rmdir,
} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether this system can work relative to an open folder."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe is opened at once, and then found to be no regular file
_BINARY = getattr(os, "O_BINARY", 0)
# With O_PATH a folder that may be searched but not listed can be held, as its name can be used.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _NO_LINK


class Folder:
    """A folder that is held open; close it, or use it in a ``with`` statement.

    Attributes:
        path: what it was opened by, absolute; for messages.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Open a folder by a path in which no part is a link.

        Args:
            path: absolute, links resolved (`os.path.realpath`).

        Returns:
            The open folder.

        Raises:
            OSError: it is not there, or a part of the path has become a link since it was resolved.
        """
        if not HAS_DESCRIPTORS:
            if not is_folder_itself(path):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
            return cls(path, None)
        folder = cls(Path(path.anchor), os.open(path.anchor, _FOLDER))
        for part in path.parts[1:]:
            with folder:
                folder = folder.child(part)
        return folder

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the folder go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def child(self, name: str) -> Folder:
        """Open a folder in this one.

        Args:
            name: its name, no path.

        Returns:
            The open folder.

        Raises:
            OSError: it is not there, or no folder (a link to one is none).
        """
        path = self.path / name
        if not HAS_DESCRIPTORS:
            return Folder.open(path)
        try:
            return Folder(path, os.open(name, _FOLDER, dir_fd=self._descriptor))
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise NotADirectoryError(errno.ENOTDIR, f"{path} leads elsewhere by now") from error
            raise

    def open_file(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a file in this folder, through no link, and without waiting for a pipe's other end.

        Args:
            name: its name, no path.
            flags: as of `os.open`.
            mode: of a file that is created, before the umask.

        Returns:
            The descriptor.

        Raises:
            OSError: as `os.open`; ``ELOOP`` for a link.
        """
        flags |= _NO_LINK | _NO_WAIT | _BINARY
        if HAS_DESCRIPTORS:
            return os.open(name, flags, mode, dir_fd=self._descriptor)
        path = self.entry(name)
        if os.path.islink(path):  # noqa: PTH114  # never raises
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        return in_use.open_file(path, flags, mode)

    def stat(self, name: str = "") -> os.stat_result:
        """Look at an entry of this folder, or at the folder itself.

        Args:
            name: of the entry; empty for the folder.

        Returns:
            What the system says; a link is not followed.

        Raises:
            OSError: it is not there.
        """
        if not HAS_DESCRIPTORS:
            return os.lstat(self.entry(name))
        if not name:
            return os.fstat(self._held())
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def entry(self, name: str) -> Path:
        """Give the path of an entry, for systems on which nothing can be done relative to an open folder."""
        return extended(self.path / name)

    def is_writable(self, name: str) -> bool:
        """Say whether this process may write to an entry (always true for root)."""
        if HAS_DESCRIPTORS and os.access in os.supports_dir_fd:
            return os.access(name, os.W_OK, dir_fd=self._descriptor)
        return os.access(self.entry(name), os.W_OK)

    def replace(self, old: str, new: str) -> None:
        """Rename an entry, over another one if there is one, in one step."""
        if HAS_DESCRIPTORS:
            os.replace(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        else:
            in_use.replace(self.entry(old), self.entry(new))

    def unlink(self, name: str) -> None:
        """Remove a file."""
        if HAS_DESCRIPTORS:
            os.unlink(name, dir_fd=self._descriptor)  # Path has no dir_fd
        else:
            in_use.unlink(self.entry(name))

    def mkdir(self, name: str) -> Folder:
        """Make a folder that only its owner may use, unless it is there, and open it."""
        with contextlib.suppress(FileExistsError):
            if HAS_DESCRIPTORS:
                os.mkdir(name, 0o700, dir_fd=self._descriptor)  # as above
            else:
                (self.path / name).mkdir(0o700)
        return self.child(name)

    def remove_tree(self, name: str) -> None:
        """Remove an entry and all that is in it, through no link; what cannot be removed stays.

        Args:
            name: of the entry.
        """
        with contextlib.suppress(OSError):
            status = self.stat(name)
            if not stat.S_ISDIR(status.st_mode) or is_junction(status):
                self.unlink(name)
                return
            with self.child(name) as folder:
                for each in folder.names():
                    folder.remove_tree(each)
            self.rmdir(name)

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        if HAS_DESCRIPTORS:
            os.rmdir(name, dir_fd=self._descriptor)  # as above
        else:
            (self.path / name).rmdir()

    def names(self) -> list[str]:
        """List the entries, sorted."""
        if not HAS_DESCRIPTORS:
            return sorted(os.listdir(self.path))  # noqa: PTH208  # names are asked for, no paths
        descriptor = self._readable()
        try:
            return sorted(os.listdir(descriptor))  # noqa: PTH208  # as above
        finally:
            os.close(descriptor)

    def sync(self) -> None:
        """Make what was renamed, added and removed here last; some file systems, and Windows, cannot."""
        if not HAS_DESCRIPTORS:
            return
        with contextlib.suppress(OSError):
            descriptor = self._readable()
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _readable(self) -> int:
        return os.open(".", os.O_RDONLY | getattr(os, "O_DIRECTORY", 0), dir_fd=self._descriptor)

    def _held(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"{self.path} has been closed")
        return self._descriptor


MAX_BYTES = 64_000_000
"""What a script, with all that we put into it, certainly does not exceed: a larger file, perhaps of holes, is not ours."""


def read_all(descriptor: int) -> bytes:
    """Read what is left of an open file.

    Args:
        descriptor: of the file.

    Returns:
        Its bytes.

    Raises:
        OSError: it cannot be read, or holds more than `MAX_BYTES` (``EFBIG``).
    """
    parts, left = [], MAX_BYTES
    is_large = os.fstat(descriptor).st_size > MAX_BYTES
    while not is_large and (part := os.read(descriptor, 1 << 20)):
        parts.append(part)
        left -= len(part)
        is_large = left < 0
    if is_large:
        raise OSError(errno.EFBIG, f"larger than {MAX_BYTES:,} bytes")
    return b"".join(parts)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, in as many steps as the system takes.

    Args:
        descriptor: of the file.
        data: the bytes.

    Raises:
        OSError: not all could be written.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
