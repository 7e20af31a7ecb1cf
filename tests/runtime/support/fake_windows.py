"""A file system with the rules of Win32, laid over a real folder: what the runtime's Windows part is tested against.

The rules, as Microsoft documents them for CreateFileW, MoveFileEx and DeleteFile:

- who opens a file says what others may do meanwhile (share mode); Python's own ``os.open`` allows reading and
  writing, never renaming or deleting;
- a file that is open is renamed or deleted only if every handle to it allows deleting, and no rename replaces;
- a deleted file keeps its name until the last handle is closed, and until then nobody can open that name;
- ``O_APPEND`` is a seek and a write (cpython issue 86772); only a handle with FILE_APPEND_DATA and without
  FILE_WRITE_DATA appends as one step;
- a file opened with FILE_FLAG_DELETE_ON_CLOSE is gone with its last handle.
"""

from __future__ import annotations

import errno
import os
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":  # before a test puts its own in their place
    import ctypes as _ctypes
    import msvcrt as _msvcrt

FILE_WRITE_DATA, FILE_APPEND_DATA, FILE_READ_ATTRIBUTES = 0x2, 0x4, 0x80
GENERIC_READ, GENERIC_WRITE = 0x80000000, 0x40000000
SHARE_READ, SHARE_WRITE, SHARE_DELETE = 1, 2, 4
OPEN_EXISTING, OPEN_ALWAYS = 3, 4
DELETE_ON_CLOSE = 0x04000000
ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION = 2, 3, 5, 32
INVALID_HANDLE = 2**64 - 1
ERRNOS = {
    ERROR_FILE_NOT_FOUND: errno.ENOENT,
    ERROR_PATH_NOT_FOUND: errno.ENOENT,
    ERROR_ACCESS_DENIED: errno.EACCES,
    ERROR_SHARING_VIOLATION: errno.EACCES,
}


def _open_for_all(path: str) -> int:
    """Open a file so that the system itself lets everybody rename and delete it: who may is decided here."""
    if sys.platform == "win32":
        kernel = _ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = _ctypes.c_void_p
        access = GENERIC_READ | GENERIC_WRITE
        handle = kernel.CreateFileW(_ctypes.c_wchar_p(path), access, 7, None, OPEN_ALWAYS, 0x80, None)
        assert handle not in (None, INVALID_HANDLE), _ctypes.get_last_error()
        return _msvcrt.open_osfhandle(handle, 0)
    return os.open(path, os.O_RDWR | os.O_CREAT)


@dataclass
class Handle:
    """One open file."""

    path: str
    inode: int
    reads: bool
    writes: bool
    appends: bool  # as one step
    seeks_to_end: bool  # O_APPEND of the C library
    share: int
    sees_attributes: bool
    deletes: bool = False
    position: int = 0


class FakeWindows:
    """The state of the machine: open handles, names that are about to vanish."""

    def __init__(self) -> None:
        self.handles: dict[int, Handle] = {}
        self.pending: dict[str, int] = {}
        self.last_error = 0
        self.created: list[tuple[int, int]] = []  # access and share of each CreateFileW
        self.between_seek_and_write: Callable[[], None] = lambda: None
        self.has_descriptors = True  # of the C library, which has 8,192 of them

    def create_file(
        self,
        path: str,
        access: int,
        share: int,
        _security: None,
        disposition: int,
        flags: int,
        _template: None,
    ) -> int:
        self.created.append((access, share))
        writes = bool(access & (GENERIC_WRITE | FILE_WRITE_DATA))
        reads = bool(access & GENERIC_READ)
        try:
            return self._open(
                Handle(
                    path,
                    0,
                    reads=reads,
                    writes=writes or bool(access & FILE_APPEND_DATA),
                    appends=bool(access & FILE_APPEND_DATA) and not writes,
                    seeks_to_end=False,
                    share=share,
                    sees_attributes=reads or bool(access & FILE_READ_ATTRIBUTES),
                    deletes=bool(flags & DELETE_ON_CLOSE),
                ),
                create=disposition == OPEN_ALWAYS,
            )
        except OSError as error:
            self.last_error = error.errno or 0
            return INVALID_HANDLE

    def _open(self, handle: Handle, *, create: bool) -> int:
        """Open, or raise an OSError whose errno is the Win32 error."""
        if handle.path in self.pending:
            raise OSError(ERROR_ACCESS_DENIED, handle.path)
        if Path(handle.path).is_dir():
            raise OSError(ERROR_ACCESS_DENIED, handle.path)
        if not os.path.exists(os.path.dirname(handle.path)):
            raise OSError(ERROR_PATH_NOT_FOUND, handle.path)
        if not create and not os.path.exists(handle.path):
            raise OSError(ERROR_FILE_NOT_FOUND, handle.path)
        inode = os.stat(handle.path).st_ino if os.path.exists(handle.path) else None
        for other in self.handles.values():
            if other.inode != inode:
                continue
            for mine, theirs in ((handle, other), (other, handle)):
                if (mine.reads and not theirs.share & SHARE_READ) or (
                    mine.writes and not theirs.share & SHARE_WRITE
                ):
                    raise OSError(ERROR_SHARING_VIOLATION, handle.path)
        fd = _open_for_all(handle.path)
        handle.inode = os.fstat(fd).st_ino
        self.handles[fd] = handle
        return fd

    def close(self, fd: int) -> None:
        handle = self.handles.pop(fd, None)
        os.close(fd)
        if handle is None:
            return
        if handle.deletes:
            self.pending[handle.path] = handle.inode
        path = next((path for path, inode in self.pending.items() if inode == handle.inode), None)
        if path and not any(other.inode == handle.inode for other in self.handles.values()):
            del self.pending[path]
            os.remove(path)

    def write(self, fd: int, data: bytes) -> int:
        handle = self.handles.get(fd)
        if handle is None:
            return os.write(fd, data)
        if not handle.writes:
            raise PermissionError(errno.EACCES, "not opened for writing")
        if handle.appends or handle.seeks_to_end:
            handle.position = os.fstat(fd).st_size
        if handle.seeks_to_end:
            self.between_seek_and_write()
        os.lseek(fd, handle.position, os.SEEK_SET)
        written = os.write(fd, data)
        handle.position += written
        return written

    def is_open(self, path: str, *, without_delete: bool) -> bool:
        inode = os.stat(path).st_ino
        return any(
            handle.inode == inode and not (without_delete and handle.share & SHARE_DELETE)
            for fd, handle in self.handles.items()
            if self._is_held(fd, handle)
        )

    def _is_held(self, fd: int, handle: Handle) -> bool:
        """Tell whether a handle is still there: Python's own file objects close theirs without asking us."""
        try:
            return os.fstat(fd).st_ino == handle.inode
        except OSError:
            return False

    def rename(self, source: str, target: str) -> None:
        if source in self.pending:
            raise PermissionError(errno.EACCES, "delete pending", source)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "WinError 183", target)
        if self.is_open(source, without_delete=True):
            raise PermissionError(errno.EACCES, "WinError 32", source)
        os.rename(source, target)

    def remove(self, path: str) -> None:
        if path in self.pending or (os.path.exists(path) and self.is_open(path, without_delete=True)):
            raise PermissionError(errno.EACCES, "WinError 32", path)
        if os.path.exists(path) and self.is_open(path, without_delete=False):
            self.pending[path] = os.stat(path).st_ino
        else:
            os.remove(path)

    def stat(self, path: str) -> os.stat_result:
        if path in self.pending:
            raise PermissionError(errno.EACCES, "delete pending", path)
        return os.stat(path)

    def fstat(self, fd: int) -> os.stat_result:
        found = os.fstat(fd)
        handle = self.handles.get(fd)
        if handle is not None and not handle.sees_attributes:
            raise PermissionError(errno.EACCES, "no FILE_READ_ATTRIBUTES")
        if handle is not None and handle.inode in self.pending.values():
            return os.stat_result((*found[:3], 0, *found[4:]))
        return found

    def lseek(self, fd: int, offset: int, whence: int) -> int:
        assert (offset, whence) == (0, os.SEEK_END)
        return os.fstat(fd).st_size

    def open(self, path: str, flags: int, _mode: int = 0o777) -> int:
        """Do as the C library's ``_open``: others may read and write, not rename or delete."""
        if flags & os.O_EXCL and os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, path)
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        handle = Handle(
            path,
            0,
            reads=not flags & os.O_WRONLY,
            writes=writes,
            appends=False,
            seeks_to_end=bool(flags & os.O_APPEND),
            share=SHARE_READ | SHARE_WRITE,
            sees_attributes=True,
        )
        try:
            return self._open(handle, create=bool(flags & os.O_CREAT))
        except OSError as error:
            raise OSError(ERRNOS[error.errno or 0], f"WinError {error.errno}", path) from None

    def open_osfhandle(self, handle: int, _flags: int) -> int:
        if not self.has_descriptors:
            raise OSError(errno.EMFILE, "Too many open files")
        return handle

    def os_module(self) -> types.SimpleNamespace:
        """Give what the runtime is to take for ``os``: without what Windows has not."""
        missing = {"O_NONBLOCK", "O_NOCTTY", "register_at_fork", "fork", "geteuid"}
        names = {name: value for name, value in vars(os).items() if name not in missing}
        own = ("open", "close", "write", "rename", "remove", "stat", "fstat", "lseek")
        return types.SimpleNamespace(**{**names, "name": "nt", **{name: getattr(self, name) for name in own}})

    def io_module(self) -> types.SimpleNamespace:
        """Give what the runtime is to take for ``io``: a file object owns its descriptor, and closes it when nobody has it."""
        machine = self

        class FileIO:
            def __init__(self, descriptor: int) -> None:
                self.descriptor: int | None = descriptor

            def close(self) -> None:
                descriptor, self.descriptor = self.descriptor, None
                if descriptor is not None:
                    machine.close(descriptor)

            def __del__(self) -> None:
                if self.descriptor in machine.handles:  # the process has not been killed meanwhile
                    self.close()

        return types.SimpleNamespace(FileIO=FileIO)

    def modules(self) -> dict[str, types.ModuleType]:
        """Give ``ctypes`` and ``msvcrt``."""
        ctypes, msvcrt = types.ModuleType("ctypes"), types.ModuleType("msvcrt")

        class Pointer:
            def __init__(self, value: int = 0) -> None:
                self.value = value % 2**64

        def win_error(code: int) -> OSError:
            return OSError(ERRNOS[code], f"WinError {code}")

        class CreateFileW:
            restype: object = None
            argtypes: object = None

            def __call__(_self, *arguments: object) -> int:  # noqa: N805  # the machine is self here
                assert _self.restype is Pointer
                assert isinstance(_self.argtypes, tuple)
                assert len(_self.argtypes) == len(arguments) == 7
                return self.create_file(*arguments)  # type: ignore[arg-type]  # as C would

        class CloseHandle:
            argtypes: object = None

            def __call__(_self, handle: int) -> None:  # noqa: N805  # the machine is self here
                assert _self.argtypes == (Pointer,)
                self.close(handle)

        for name, value in {
            "WinDLL": lambda *_, **__: types.SimpleNamespace(
                CreateFileW=CreateFileW(), CloseHandle=CloseHandle()
            ),
            "c_void_p": Pointer,
            "c_wchar_p": object(),
            "c_uint32": object(),
            "get_last_error": lambda: self.last_error,
            "WinError": win_error,
        }.items():
            setattr(ctypes, name, value)
        msvcrt.open_osfhandle = self.open_osfhandle  # type: ignore[attr-defined]
        return {"ctypes": ctypes, "msvcrt": msvcrt}
