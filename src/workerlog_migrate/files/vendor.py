"""Which runtime files have to stand beside the migrated scripts of a folder, and what is there already?

Input: a folder and the names that its scripts import from each runtime file; output: a `VendorPlan`. A
runtime file begins with a stamp (version and hash), so that a copy of ours that nobody has edited can
be told from a user's own file: the first may be replaced by a newer one, the second never is.
"""

from __future__ import annotations

import ast
import contextlib
import enum
import errno
import os
import re
import stat
import struct
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.reading import path_text, read_file, read_start
from workerlog_migrate.files.source import decode
from workerlog_migrate.files.stamp import copied, is_unedited, read_stamp, runtime_version, vendored
from workerlog_migrate.files.writing import write_atomic, write_new
from workerlog_migrate.model import RUNTIME_MODULES, RUNTIME_UTILS

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator, Mapping

    from workerlog_migrate.model import FileResult


_NUMBER = re.compile(r"(?<![^.])[0-9]{1,9}(?![^.])")
"""A part of a version; what is no number, or longer than any that we shall have, a checkout has made up."""

_EXTENSIONS = tuple(suffix.removeprefix(".") for suffix in EXTENSION_SUFFIXES)

OWN_FILE = "a file of your own"
"""Why a file is kept that was never ours."""

COMPILED = "compiled"
"""Why a file is kept that Python would run in the place of one of ours, without a look at that."""


class Verdict(enum.Enum):
    """What becomes of one runtime file."""

    SAME = "up to date"
    NEW = "added"
    REPLACE = "replaced"
    KEPT = "kept"
    MISSING_NAMES = "kept, lacks names"


@dataclass(frozen=True, slots=True)
class VendorFile:
    """One runtime file of one folder.

    Attributes:
        path: where it stands or will stand.
        verdict: what becomes of it.
        before: the bytes that are there; None when there is no such file.
        after: the bytes to write; None when nothing is written.
        missing: names that the scripts need and the file that is kept does not define, sorted.
        reason: why a file is kept, in a few words; empty otherwise.
    """

    path: Path
    verdict: Verdict
    before: bytes | None = None
    after: bytes | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""

    @property
    def module(self) -> str:
        """The module that it would be imported as, whatever follows in its name (``.cpython-312.pyc``)."""
        return self.path.name.partition(".")[0]

    @property
    def changes(self) -> bool:
        """Whether this file would be written."""
        return self.after is not None


@dataclass(frozen=True, slots=True)
class VendorPlan:
    """The runtime files of one folder, in the order in which they are written.

    Attributes:
        folder: where they stand.
        files: ``worker_logger.py``, then ``worker_utils.py``; none when no script needs them.
        broken: why ``worker_utils`` could not be imported there; empty when it can.
    """

    folder: Path
    files: tuple[VendorFile, ...] = ()
    broken: str = ""

    def refusal(self, needs: Mapping[str, Collection[str]]) -> str:
        """Say why a script cannot have its names from this folder's runtime.

        Args:
            needs: runtime module -> the names that the script imports from it.

        Returns:
            The reason, or an empty string when it has them.
        """
        for file in self.files:
            missing = sorted(set(needs.get(file.module, ())) & set(file.missing))
            if missing and file.reason == COMPILED:
                return f"{file.path} would be run in the place of our {file.module}.py, unread; remove it, and run again"
            if missing:
                return (
                    f"{file.path} is {file.reason} and lacks {', '.join(missing)}; "
                    "rename it, or add what is missing, and run again"
                )
        return self.broken if needs.get(RUNTIME_UTILS) else ""

    def is_own(self, needs: Mapping[str, Collection[str]]) -> bool:
        """Say whether what a script lacks is due to a file of the user's own, which is no fault and is left.

        Args:
            needs: as for `refusal`.
        """
        return any(
            file.reason in (OWN_FILE, COMPILED)
            and (set(needs.get(file.module, ())) & set(file.missing) or self.broken)
            for file in self.files
        )


def plan_vendor(folder: Path, needs: Mapping[str, Collection[str]]) -> VendorPlan:
    """Find out what the scripts of one folder need beside them, without writing anything.

    Args:
        folder: the folder of the scripts.
        needs: runtime module (``worker_logger``) -> names that the scripts import from it; empty when no
            script of the folder imports either.

    Returns:
        A plan for both files, or an empty one when neither is needed.

    Raises:
        Refused: what stands in the place of a runtime file cannot be read.
    """
    if not any(needs.get(module) for module in RUNTIME_MODULES):
        return VendorPlan(folder)
    logger, utils = (
        _plan_file(folder / f"{module}.py", frozenset(needs.get(module, ()))) for module in RUNTIME_MODULES
    )
    return VendorPlan(folder, (logger, utils), _broken(logger, utils))


def write_runtime(plan: VendorPlan, *, like: os.stat_result | None = None, place: Path | None = None) -> None:
    """Write the runtime files of one folder.

    Args:
        plan: what `plan_vendor` has found.
        like: whose owner, group and mode a file that is added gets, see `like_scripts`.
        place: where the folder was when the run began, links resolved; nothing is written elsewhere.

    Raises:
        Refused: a file has changed since it was planned, or cannot be written.
    """
    for file in plan.files:
        if file.after is None:
            continue
        if file.before is not None:
            real = Path(os.path.realpath(file.path))
            if place is not None and real.parent != place:
                raise Refused(f"{file.path} leads elsewhere than when it was read; run again")
            write_atomic(file.path, file.after, expected=file.before, real=real)
            continue
        if file.path.exists():
            raise Refused(f"{file.path} has appeared while the scripts were being processed; run again")
        try:
            write_new(file.path, file.after, like=like, place=place)
        except OSError as error:
            raise Refused(f"{file.path} cannot be written: {why(error)}") from error


def modules_in(folder: str, among: Container[str]) -> dict[str, str]:
    """List which of some modules Python would import from a folder, whether git ignores it or not.

    Args:
        folder: the folder; it may be one above the project, with thousands of others in it.
        among: names of the modules.

    Returns:
        Name of a module -> the file or package that it is taken from, the first that Python looks for.
    """
    found: dict[str, str] = {}
    try:
        with os.scandir(folder or ".") as listing:
            named = [entry for entry in listing if entry.name.partition(".")[0] in among]
    except (OSError, ValueError):  # a text of a script may hold a NUL
        return found
    for entry in sorted(named, key=lambda entry: _rank(entry.name)):
        name, _, ending = entry.name.partition(".")
        if not ending and name.isidentifier():
            inner = (os.path.join(entry.path, f"__init__.{each}") for each in ("py", "pyc", *_EXTENSIONS))  # noqa: PTH118  # text
            if any(map(os.path.isfile, inner)):
                found[name] = entry.name
        elif ending in ("py", "pyc") or ending.endswith(("so", "pyd")):
            found.setdefault(name, entry.name)
    return found


_HEADER = 16
_BY_HASH = 0b01


def compiled_instead(file: Path) -> Path | None:
    """Find a compiled file that Python runs in the place of a source, without a look at that source.

    Which source a file in ``__pycache__`` was made of, Python tells by its time and size, unless the file says that hashes decide
    (PEP 552): then none is looked at, or one that anybody can work out for a source that is known. Ours is.

    Args:
        file: the source; it need not be there yet.

    Returns:
        The compiled file, of whatever version of Python.
    """
    for path in _compiled(file):
        try:
            flags = read_start(path, _HEADER)[4:]
        except OSError:
            continue  # nor can Python
        if len(flags) == _HEADER - 4 and flags[0] & _BY_HASH:
            return path
    return None


def forget_compiled(file: Path, place: Path) -> None:
    """Have Python compile a source anew, if a compiled file claims to be made of it, which a checkout can do for a source that it brings.

    What is removed is only what Python makes again by itself.

    Args:
        file: the source, which is there.
        place: where its folder was when the run began, links resolved; nothing is removed elsewhere.

    Raises:
        Refused: it cannot be removed.
    """
    path = file
    try:
        status = file.stat()
        made_of = struct.pack("<II", int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
        for path in _compiled(file):
            try:
                if read_start(path, _HEADER)[8:] != made_of:
                    continue
            except OSError as error:
                if error.errno == errno.EINVAL:
                    continue  # no file that Python could read
                raise
            with Folder.open(place / path.parent.name) as folder:
                folder.unlink(path.name)
    except OSError as error:
        raise Refused(
            f"{path} may be run in the place of {file.name}, and cannot be removed: {why(error)}"
        ) from error


def _compiled(file: Path) -> Iterator[Path]:
    """Give the compiled files of a source that Python would look at, of all its versions."""
    folder = file.parent / "__pycache__"
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  # names are asked for, no paths
    except OSError:
        return
    for name in names:
        if name.startswith(f"{file.stem}.") and os.path.normcase(name).endswith(".pyc"):
            yield folder / name


def _rank(name: str) -> int:
    """Packages first, then extensions, sources, and compiled files without a source (`importlib.machinery.FileFinder`)."""
    ending = name.rpartition(".")[2] if "." in name else ""
    return {"": 0, "py": 2, "pyc": 3}.get(ending, 1)


def ignored_by_git(folder: Path) -> frozenset[str]:
    """Ask git which runtime files it would leave out of a commit; those that it has already are in it.

    Args:
        folder: where they stand or will stand.

    Returns:
        Their names; none without git, or outside a repository.
    """
    from workerlog_migrate.files.git import HINT, GitError, run_git

    names = [f"{module}.py" for module in RUNTIME_MODULES]
    try:
        # It refuses to work where paths are said to be literal, as the runner says for all.
        command = ("--no-literal-pathspecs", "check-ignore", "--", *names)
        listed = run_git(folder, *command, patience=HINT)
    except GitError:  # also when none is ignored
        return frozenset()
    return frozenset(path_text(listed).splitlines())


def folders_of(result: FileResult) -> dict[Path, dict[str, frozenset[str]]]:
    """Say which runtime files a migrated script needs in which folders.

    Args:
        result: of one file.

    Returns:
        Folder, as it is to be shown -> module -> names that the script imports from it.
    """
    folders: dict[Path, dict[str, frozenset[str]]] = {}
    for dotted, names in result.imports:
        module = dotted.lstrip(".")
        if not any(_binds(module, name) for name in names):
            continue  # the script means a module of its own
        for folder in (result.target.path.parent, *map(Path, result.target.starts.other_folders)):
            for _ in range(len(dotted) - len(module) - 1):
                folder = Path(os.path.normpath(folder / "..")) if folder.name in ("", "..") else folder.parent
            needs = folders.setdefault(folder, {})
            needs[module] = needs.get(module, frozenset()) | frozenset(names)
    return folders


def like_scripts(scripts: Collection[Path], folder: Path) -> os.stat_result | None:
    """Find the owner and mode with which the runtime files can be read by whoever runs the scripts, and be written by nobody new.

    Not those of this process: root migrates scripts that others run, and may have a umask of 077. Whoever could write to the
    runtime would decide what each script of the folder runs, whoever's it is; who owns the folder can do so anyway.

    Args:
        scripts: the scripts that import them, links resolved: what has become a link since may lead to somebody else's file.
        folder: where they stand, links resolved.

    Returns:
        The folder's owner; the group of the scripts, or if they have several the folder's; all rights to read that any of the
        scripts gives, to everybody if they are not all the folder's owner's; rights to write where all scripts and the folder
        give them. None if no script, or not the folder, can be looked at.
    """
    found = []
    place = None
    with contextlib.suppress(OSError):
        place = folder.lstat()
    for script in scripts:
        with contextlib.suppress(OSError):
            status = script.lstat()
            if stat.S_ISREG(status.st_mode):
                found.append(status)
    if not found or place is None:
        return None
    groups = {status.st_gid for status in found}
    group = place.st_gid if len(groups) > 1 else found[0].st_gid
    owners = {place.st_uid, *(status.st_uid for status in found)}
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        owners.add(os.geteuid())  # whose the file will be: nobody else may give one away
    is_one = len(groups) == 1 and len(owners) == 1
    mode = 0o600 if is_one else 0o644
    writers = place.st_mode & (0o022 if groups == {place.st_gid} else 0o002)
    for status in found:
        mode |= status.st_mode & 0o444
        writers &= status.st_mode
    values = list(found[0])
    return os.stat_result([mode | writers, *values[1:4], place.st_uid, group, *values[6:]])


def is_ours(needs: Mapping[str, Collection[str]]) -> bool:
    """Say whether a script means our runtime, and not modules of its own that have the same names.

    Args:
        needs: runtime module -> names that the script imports from it.

    Returns:
        True if there are such names, and our runtime has all of them.
    """
    return any(needs.values()) and all(
        _binds(module, name) for module, names in needs.items() for name in names
    )


@cache
def _binds(module: str, name: str) -> bool:
    """Whether our runtime module binds a name at its top: its source is parsed only where no line says so at once."""
    if re.search(rf"^(?:def |class )?{re.escape(name)}(?=[(:]| =)", runtime_text(module), re.MULTILINE):
        return True
    return name in _runtime_names(module)


@cache
def _runtime_names(module: str) -> frozenset[str]:
    return frozenset(_bound_names(ast.parse(runtime_text(module)).body))


@cache
def runtime_text(module: str) -> str:
    """Read the source of one runtime module as this version carries it.

    Args:
        module: ``worker_logger`` or ``worker_utils``.

    Returns:
        Its text.
    """
    return (files("workerlog_migrate") / "runtime" / f"{module}.py").read_text(encoding="utf-8")


@cache
def runtime_copy(module: str) -> bytes:
    """Write a runtime module as this version puts it beside scripts.

    The stamp that it carries is believed where it is of its version: to work it out anew would cost each run more than
    all else that it starts with, and the tests hold it to be current.

    Args:
        module: ``worker_logger`` or ``worker_utils``.

    Returns:
        Its bytes.
    """
    text = runtime_text(module)
    version = runtime_version(text)
    found = read_stamp(text)
    is_stamped = found is not None and found[0] == version
    return (copied(text) if is_stamped else vendored(text, version)).encode("utf-8")


def is_ours_unedited(module: str, data: bytes) -> bool | None:
    """Tell whether a file is a runtime module as we wrote it.

    Args:
        module: ``worker_logger`` or ``worker_utils``.
        data: the bytes of the file.

    Returns:
        True of this version's; None of a file that says that it is another version's, with the hash of what it holds, which anybody can work out.
    """
    ours = runtime_copy(module)
    if _unified(data) == ours:
        return True
    if not is_unedited(data):
        return False
    return True if _stamp_of(data) == _stamp_of(ours) else None


def _plan_file(path: Path, needed: frozenset[str]) -> VendorFile:
    ours = runtime_copy(path.stem)
    version = runtime_version(runtime_text(path.stem))
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113  # never raise
        raise Refused(f"{path} cannot be read: not a regular file")
    beside = modules_in(os.fspath(path.parent), (path.stem,)).get(path.stem, path.name)
    if not beside.endswith((".py", ".pyc")):  # Python takes a package, or an extension, before a file
        missing = tuple(sorted(needed))
        return VendorFile(path.parent / beside, Verdict.MISSING_NAMES, b"", missing=missing, reason=OWN_FILE)
    compiled = compiled_instead(path)
    if compiled is not None:
        return VendorFile(
            compiled, Verdict.MISSING_NAMES, b"", missing=tuple(sorted(needed)), reason=COMPILED
        )
    try:
        before = read_file(path)
    except FileNotFoundError:
        if path.is_symlink():
            raise Refused(f"{path} is a dangling symbolic link; remove it and run again") from None
        return VendorFile(path, Verdict.NEW, after=ours)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {why(error)}") from error
    if _unified(before) == ours:
        return VendorFile(path, Verdict.SAME, before)
    found = _stamp_of(before)
    if found is None:
        return _kept(path, before, needed, OWN_FILE)
    if not is_unedited(before):
        return _kept(path, before, needed, f"our runtime {found[0]}, edited by hand")
    if found == _stamp_of(ours):
        return VendorFile(path, Verdict.SAME, before)  # a formatter has been there
    if _parts(found[0]) > _parts(version):
        return _kept(path, before, needed, f"a newer runtime ({found[0]})")
    if path.is_symlink() and path.resolve().parent != path.parent.resolve():  # not among the paths named
        return _kept(path, before, needed, f"a link to an older runtime ({found[0]})")
    return VendorFile(path, Verdict.REPLACE, before, after=ours)


def _broken(logger: VendorFile, utils: VendorFile) -> str:
    """Say why the two files as they will stand do not go together.

    Two of ours do, and two of the user's are the user's; a kept one may lack what ours imports from it, or
    import what ours does not have.
    """
    if bool(logger.reason) == bool(utils.reason):
        return ""
    imported = _imported_from(logger.module, _statements(utils.path, _after(utils)))
    lacks = frozenset(imported) - _names_defined(logger.path, _after(logger))
    if not lacks:
        return ""
    kept, other = (logger, utils) if logger.reason else (utils, logger)
    return (
        f"{kept.path} is {kept.reason} and does not go with our {other.path.name}: worker_utils imports "
        f"{', '.join(sorted(lacks))} from worker_logger; rename it, or add what is missing, and run again"
    )


def _after(file: VendorFile) -> bytes:
    return file.after or file.before or b""


def _imported_from(module: str, statements: list[ast.stmt]) -> Iterator[str]:
    """Give the names that these statements need of a module, imported or as its attributes; a guarded import can do without."""
    names = set(_names_of(module, statements))
    for statement in _with_branches(statements):
        match statement:
            case ast.ImportFrom(module=name, names=aliases) if name == module:
                yield from (alias.name for alias in aliases if alias.name != "*")
    for statement in statements if names else ():
        for node in ast.walk(statement):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in names:
                    yield attribute


def _names_of(module: str, statements: list[ast.stmt]) -> Iterator[str]:
    """Give the names by which statements call a module that they import as a whole."""
    for statement in _with_branches(statements):
        match statement:
            case ast.Import(names=aliases) | ast.ImportFrom(module=None, names=aliases):
                yield from (alias.asname or alias.name for alias in aliases if alias.name == module)


def _with_branches(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give statements and those under their ``if``; a chain of ``elif`` is as deep as it is long."""
    waiting = list(statements)
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, ast.If):
            waiting += [*statement.body, *statement.orelse]


def _kept(path: Path, before: bytes, needed: frozenset[str], reason: str) -> VendorFile:
    missing = tuple(sorted(needed - _names_defined(path, before)))
    verdict = Verdict.MISSING_NAMES if missing else Verdict.KEPT
    return VendorFile(path, verdict, before, missing=missing, reason=reason)


def _unified(data: bytes) -> bytes:
    """Git may have checked our file out with the newlines of the system."""
    return data.replace(b"\r\n", b"\n")


def _stamp_of(data: bytes) -> tuple[str, str] | None:
    return read_stamp(data.decode("utf-8", "replace"))


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _NUMBER.findall(version))


def _names_defined(path: Path, data: bytes) -> frozenset[str]:
    return frozenset(_bound_names(_statements(path, data)))


def _statements(path: Path, data: bytes) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(decode(path, data).text).body
    except (Refused, SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _bound_names(statements: list[ast.stmt]) -> Iterator[str]:
    """Give the names that importing a module surely or probably binds, also under ``if`` and ``try``."""
    waiting = list(statements)
    while waiting:
        match waiting.pop():
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield alias.asname or alias.name.partition(".")[0]
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield name
            case ast.If(body=body, orelse=orelse):
                waiting += [*body, *orelse]
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                waiting += [*body, *orelse, *final]
                for handler in handlers:
                    waiting += handler.body
            case ast.With(body=body):
                waiting += body
