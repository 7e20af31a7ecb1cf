"""Other files of the program: modules that a script can import from its own folder or package, or from folders of libraries.

Input: a script's path and a dotted name. Output: the ``Module`` of the file on disk, parsed and never executed. Reading
is lazy, bounded (size of a file, number of files per script) and remembered per process as long as a file is unchanged.
"""

from __future__ import annotations

import ast
import copy
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.errors import Refused
from workerlog_migrate.files.once import once
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.roots import has_git
from workerlog_migrate.files.snapshot import original
from workerlog_migrate.files.source import PRESENT, decode, digest
from workerlog_migrate.model import AROUND, BESIDE, MANY, SET_BY_MANY
from workerlog_migrate.project.handed import DERIVES, derives_from_handed
from workerlog_migrate.project.root import find_root
from workerlog_migrate.syntax.nodes import nodes

MAX_BYTES = 1_000_000
MAX_FILES = 40
MAX_TOTAL = 8_000_000
"""Bytes of all files that are read for one script: their modules are held until it is done. What lies beyond is not known."""
_REMEMBERED = 3_000_000
"""Bytes of text whose modules are remembered; a module takes about forty times its text."""
_LOOKED_AT = 10_000
_KEPT = -1  # the time of change of a file as it was when the run began

_Stamp = tuple[int, int]


class Read(NamedTuple):
    """A file that was read.

    Attributes:
        stamp: its time of change and size.
        digest: of its bytes.
        module: it, parsed; None when it cannot be.
    """

    stamp: _Stamp
    digest: str
    module: Module | None


class Mentions(NamedTuple):
    """What a file names, so that most files need not be parsed again to know that they have nothing to say.

    Attributes:
        stamp: time of change and size of the file.
        digest: of its bytes.
        names: all that it names: names, attributes, what it imports.
        sets: attributes that it sets or deletes.
        sets_by_text: attributes are set whose names no one can read here (``setattr``, ``vars(x)``, ``x.__dict__``).
    """

    stamp: _Stamp
    digest: str
    names: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    sets_by_text: bool = False

    def changes(self, word: str) -> bool:
        """Whether an attribute of that name may be set; an empty word stands for any."""
        return self.sets_by_text or (word in self.sets if word else bool(self.sets))


OWN = Mentions((0, 0), "")
"""Stands for those of the script itself."""
_UNASKED = Mentions((0, 0), "")
_seen: OrderedDict[Path, Read] = OrderedDict()
_mentions: OrderedDict[Path, Mentions] = OrderedDict()


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
        self._real = os.path.realpath(script)
        self._own = own
        self._libraries = [str(Path(folder).absolute()) for folder in libraries]
        self._found: dict[tuple[Path | None, str, bool], Module | None] = {}
        self._files: set[Path] = set()
        self._roots: list[str] | None = None
        self._above: list[str] | None = None
        self._put_first: list[str] | None = None
        self.seen: dict[str, str] = {}
        self._mentions: dict[Path, Mentions | None] = {}
        self._given: dict[Path, Module | None] = {}
        self._total = 0
        self._paths = {script: self._script}

    def again(self, own: Module) -> Neighbours:
        """Return one for the same script after it was edited: the files around it are what they were.

        Args:
            own: the script, edited.
        """
        made = copy.copy(self)
        made._own = own
        made._found = {name: own if found is self._own else found for name, found in self._found.items()}
        made.seen = dict(self.seen)
        return made

    def _absolute(self, path: Path) -> Path:
        """Make a path absolute once: it is asked for with each import."""
        found = self._paths.get(path)
        if found is None:
            found = path.absolute()
            found = self._paths[path] = self._script if found == self._script else found
        return found

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
        importer = self._script if beside is None else self._absolute(beside)
        start = importer if dots else None
        # What the script itself imports is always read: how many came before depends on what was asked first.
        is_own = importer is self._script
        key = (start, name, is_own)
        if key not in self._found:
            parts = bare.split(".") if bare else []
            self._found[key] = self._find(parts, dots, start, may_be_read=is_own)
        return self._found[key]

    def using(self, path: Path, word: str, *, changing: bool) -> Module | None:
        """Return a file that may use, or set as an attribute, something of a name.

        Args:
            path: the file, absolute.
            word: the name.
            changing: whether only files matter that set it; then an empty word stands for any name.

        Returns:
            Its module; None when it does not, or cannot be read or parsed.
        """
        mentions = self.mentions(path)
        if (
            mentions is None
            or mentions is OWN
            or (mentions.changes(word) if changing else word in mentions.names)
        ):
            return self.given(path, mentions)
        return None

    def mentions(self, path: Path) -> Mentions | None:
        """Return what a file names.

        Args:
            path: the file, absolute.

        Returns:
            That; `OWN` for the script itself, None when it cannot be read.
        """
        mentions = self._mentions.get(path, _UNASKED)
        if mentions is _UNASKED:
            is_own = path == self._script or self._real == str(path)
            self._mentions[path] = mentions = OWN if is_own else _mentioned(path)
            if not is_own:
                self.seen[str(path)] = "" if mentions is None else mentions.digest
        return mentions

    def given(self, path: Path, mentions: Mentions | None) -> Module | None:
        """Return a file of which is known what it names.

        Args:
            path: the file, absolute.
            mentions: what it names.

        Returns:
            Its module; None when it cannot be read or parsed.
        """
        if mentions is OWN:
            return self._own
        return None if mentions is None else self._give(path)

    def _find(self, parts: list[str], dots: int, start: Path | None, *, may_be_read: bool) -> Module | None:
        if start is not None:
            folders = _above(start, dots)
        elif parts:
            folders = self._folders(parts)
        else:
            return None
        for folder in folders:
            path = self._in_folder(folder, parts)
            if path is not None:
                if start is None and any(
                    self._in_folder(each, parts) not in (None, path) for each in self._first()
                ):
                    return None  # which of the two comes hangs on where the program is started
                return self._module(path, may_be_read=may_be_read)
        path = self._in_project(parts) if start is None else None
        return None if path is None else self._module(path, may_be_read=may_be_read)

    def _first(self) -> list[str]:
        """List the folders that the script puts on the search path by a written name, and that may come before its own."""
        if self._put_first is None:
            self._put_first = []
            module = self._own
            if module is None:
                return self._put_first
            for place in module.attributes_of("path"):
                method = module.parents.get(place)
                is_last = isinstance(method, ast.Attribute) and method.attr in ("append", "extend")
                if isinstance(place.value, ast.Name) and place.value.id == "sys" and not is_last:
                    self._put_first += [
                        str(folder / node.value)
                        for node in ast.walk(module.statement(place))
                        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
                        for folder in (self._script.parent, Path.cwd())
                    ]
        return self._put_first

    def _in_folder(self, folder: str, parts: list[str]) -> Path | None:
        """Return the file of a module below a folder of the search path."""
        found, looked_for = once(("module", folder, *parts), lambda: _look(folder, parts))
        for path in looked_for:
            self.seen[path] = ""
        if found is not None:
            self.seen.setdefault(str(found), PRESENT)
        return found

    def _in_project(self, parts: list[str]) -> Path | None:
        """Return the file of a module below one of the folders between the script's and the project's root.

        Who starts ``main.py`` there, or runs ``-m`` there, imports the script and its siblings in other folders, with or without an
        ``__init__.py``. Where two of these folders have such a file, how the program is started decides, and nobody knows that.
        """
        found = [path for folder in self._outer() if (path := self._in_folder(folder, parts)) is not None]
        return found[0] if len(found) == 1 else None

    def _outer(self) -> list[str]:
        """List the folders above the script's, up to its project's root."""
        if self._above is None:
            folder = self._script.parent
            found = once(("above", folder, os.getcwd()), lambda: _up_to_root(folder))  # noqa: PTH109  # texts
            self._above = [each for each in found if each not in (self._roots or ())]
        return self._above

    def _module(self, path: Path, *, may_be_read: bool) -> Module | None:
        """Read a module, unless too many were read."""
        if path == self._script:
            return self._own
        if path not in self._files:
            if len(self._files) >= MAX_FILES and not may_be_read:
                return None
            self._files.add(path)
        return self._give(path)

    def _give(self, path: Path) -> Module | None:
        """Read a file; one module stands for it as long as this lives, also where others have pushed it out of memory."""
        if path not in self._given:
            stamp = _stamp(path)
            self._total += 0 if stamp is None else min(stamp[1], MAX_BYTES)
            if self._total > MAX_TOTAL:
                raw = read_bytes(path)
                self.seen[str(path)], self._given[path] = "" if raw is None else digest(raw), None
                return None
            read = _read(path)
            self.seen[str(path)] = "" if read is None else read.digest
            self._given[path] = None if read is None else read.module
        return self._given[path]

    def _is_file(self, path: str) -> bool:
        """Look whether there is such a file; that there is one counts, whatever it holds, until it is read."""
        if _is_file(path):
            self.seen.setdefault(path, PRESENT)
            return True
        self.seen[path] = ""
        return False

    def _folders(self, parts: list[str]) -> list[str]:
        """List where an absolute name is looked for: beside the script, and above the packages that hold it."""
        if self._roots is None:
            folder = str(self._script.parent)
            self._roots = [folder]
            while self._is_file(os.path.join(folder, "__init__.py")):  # noqa: PTH118  # texts
                above = os.path.dirname(folder)  # noqa: PTH120  # texts
                if above == folder:
                    break
                folder = above
                self._roots.append(folder)
        # A single name is found beside the script, or it is the outermost package; what lies between is no root.
        own = self._roots if len(parts) > 1 else [self._roots[0], self._roots[-1]]
        return [*own, *self._libraries]


def _above(path: Path, dots: int) -> list[str]:
    """Give the folder that so many dots lead to from a file; none beyond the root."""
    folder = str(path)
    for _ in range(dots):
        inner, folder = folder, os.path.dirname(folder)  # noqa: PTH120  # texts
        if inner == folder:
            return []
    return [folder]


def _up_to_root(folder: Path) -> list[str]:
    """List the folders above one, up to the root of its project."""
    root = str(find_root(folder, Path.cwd()))
    folders = [folder, *folder.parents]
    known = [each for each in folders if os.path.realpath(each) == root]
    return [str(each) for each in folders[1 : folders.index(known[0]) + 1]] if known else []


def _look(folder: str, parts: list[str]) -> tuple[Path | None, tuple[str, ...]]:
    """Look for the file of a module below a folder; give it, and the files that are not there and would be it."""
    # As texts: of a run over many scripts, paths as objects cost as much here as what is found in the files.
    base = os.path.join(folder, *parts)  # noqa: PTH118  # see above
    package = os.path.join(base, "__init__.py")  # noqa: PTH118  # see above
    if len(parts) > 1 and not _is_folder(os.path.join(folder, parts[0])):  # noqa: PTH118  # see above
        return None, (f"{base}.py", package)
    missing: list[str] = []
    for path in (f"{base}.py", package) if parts else (package,):
        if _is_file(path):
            return once(("path", path), lambda: Path(path)), tuple(missing)  # noqa: B023  # called at once
        missing.append(path)
    return None, tuple(missing)


def _is_file(path: str) -> bool:
    return once(("file", path), lambda: os.path.isfile(path))  # noqa: PTH113  # a text


def _is_folder(path: str) -> bool:
    """Look whether there is such a folder: names of a library that is nobody's file are asked for one by one."""
    return once(("folder", path), lambda: os.path.isdir(path))  # noqa: PTH112  # a text


class Users:
    """Finds the files that may use what is in a file.

    Args:
        neighbours: reads the files, and notes what was read.
        known: by a file's absolute path, the paths of those that may use it.

    """

    def __init__(self, neighbours: Neighbours, known: Mapping[str, tuple[str, ...]]) -> None:
        self._neighbours = neighbours
        self._known = known
        self._of: dict[Path, tuple[str, ...] | None] = {}
        self._folders = Folders()
        self._paths: dict[str, Path] = {}
        self._mentions: dict[Path, list[tuple[str, Mentions]]] = {}
        self._own: dict[Path, list[str]] = {}
        self._asked: dict[str, Mentions | None] = {}
        self._sets: set[str] = set()
        self._set_by_text = False
        self._modules: dict[str, Module | None] = {}

    def are_known(self, path: Path) -> bool:
        """Whether all files that may use something of a file are known."""
        found = self._users(path)
        return found is not None and MANY not in found and BESIDE not in found

    def call_all(self, path: Path) -> bool:
        """Whether all files are known that call a function of a file by its name where the script runs."""
        found = self._users(path)
        return found is not None and MANY not in found

    def of(self, path: Path, word: str, *, changing: bool = False) -> list[Module]:
        """List the files that may use something of a file, under its name, or set it as an attribute; see `Neighbours.using`."""
        known = self._mentions.get(path)
        if known is None:
            known = self._ask(path)
        # Asked thousands of times for each script, of up to hundreds of files: nothing is called for those that do not matter.
        if not changing:
            using = [user for user, said in known if word in said.names or said is OWN]
        elif word:
            using = self._own[path]
            if self._set_by_text or word in self._sets:
                using = [
                    user for user, said in known if word in said.sets or said.sets_by_text or said is OWN
                ]
        else:
            using = [user for user, said in known if said.sets or said.sets_by_text or said is OWN]
        found = [self._modules[user] if user in self._modules else self._module(user) for user in using]
        return [module for module in found if module is not None]

    def may_set(self, path: Path, word: str) -> bool:
        """Whether one of the users of a file, or of a file that was asked about before, may set an attribute; not the script itself."""
        if path not in self._mentions:
            self._ask(path)
        return self._set_by_text or word in self._sets

    def _ask(self, path: Path) -> list[tuple[str, Mentions]]:
        """Ask the users of a file what they name."""
        users = [user for user in self._users(path) or () if user not in (MANY, BESIDE)]
        asked = self._asked
        read = [(user, asked[user] if user in asked else self._mentioned(user)) for user in users]
        known = self._mentions[path] = [(user, said) for user, said in read if said is not None]
        self._own[path] = [user for user, said in known if said is OWN]
        return known

    def _mentioned(self, user: str) -> Mentions | None:
        found = self._asked[user] = self._neighbours.mentions(self._path(user))
        if found is not None:
            self._sets |= found.sets
            self._set_by_text |= found.sets_by_text
        return found

    def _module(self, user: str) -> Module | None:
        """Read a file that is known to matter, once."""
        found = self._modules[user] = self._neighbours.given(self._path(user), self._asked[user])
        return found

    @property
    def are_all_around(self) -> bool:
        """Whether all files are known that run with the script."""
        return MANY not in self._known.get(AROUND, ())

    def beside(self, word: str, *, changing: bool = False) -> Iterator[Module]:
        """Yield the files that may be handed objects of the script and name a word; see `Neighbours.using`."""
        for path in self._known.get(BESIDE, ()):
            module = self._neighbours.using(self._path(path), word, changing=changing)
            if module is not None:
                yield module

    def are_too_many(self, name: str) -> bool:
        """Whether more files may set an attribute of that name than are looked at."""
        names = self._known.get(SET_BY_MANY, ())
        return name in names or MANY in names

    def around(self, word: str, *, changing: bool = False) -> Iterator[Module]:
        """Yield the files that run with the script, set something up there and name a word; see `Neighbours.using`."""
        for path in self._known.get(AROUND, ()):
            module = (
                self._neighbours.using(self._path(path), word, changing=changing) if path != MANY else None
            )
            if module is not None:
                yield module

    def _users(self, path: Path) -> tuple[str, ...] | None:
        if path not in self._of:
            self._of[path] = self._known.get(self._folders.real(path))
        return self._of[path]

    def _path(self, user: str) -> Path:
        """Make a path once: it is asked for thousands of times."""
        path = self._paths.get(user)
        if path is None:
            path = self._paths[user] = once(("path", user), lambda: Path(user))
        return path


class Folders:
    """What is the same for all files of a folder: looked up once for each script, however many files lie around it."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}
        self._packages: dict[str, str] = {}
        self._homes: dict[Path, tuple[str, ...]] = {}

    def real(self, path: Path) -> str:
        """Return a file's path with links resolved, as `os.path.realpath`."""
        text = str(path)
        return once(("real", text), lambda: self._real_of(text))

    def _real_of(self, path: str) -> str:
        folder, name = os.path.split(path)
        if _RESOLVES_NAMES or name in ("", ".", "..") or os.path.islink(path):  # noqa: PTH114  # as below
            return os.path.realpath(path)
        known = self._real.get(folder)
        if known is None:
            known = self._real[folder] = os.path.realpath(folder)
        return os.path.join(known, name)  # noqa: PTH118  # texts: it is asked of each file around a script

    def is_at_home(self, file: Path, script: Path) -> bool:
        """Say whether a file is of the project that a script is of, so that a report may quote it.

        A link among the scripts may lead to any file of who runs this, and a report may be read by others.

        Args:
            file: another file.
            script: the script.

        Returns:
            Whether it lies, links resolved, in the script's repository, or without one in the script's or the current folder.
        """
        homes = self._homes.get(script)
        if homes is None:
            folder = os.path.dirname(self.real(script))  # noqa: PTH120  # text in, text out
            root = next((each for each in (folder, *map(str, Path(folder).parents)) if has_git(each)), "")
            found = [root] if root else [folder, os.path.realpath("."), *_above_package(folder)]
            homes = tuple(os.path.join(home, "") for home in found)  # noqa: PTH118  # as above
            self._homes[script] = homes
        return self.real(file).startswith(homes)

    def dotted_name(self, path: Path) -> str:
        """Return the name under which a file is imported: through the packages that hold it, ``pkg.sub.module``."""
        folder = os.path.dirname(str(path))  # noqa: PTH120  # texts: it is asked of each file around a script
        package = self._packages.get(folder)
        if package is None:
            package = once(("package", folder), lambda: _package_of(str(Path(folder).absolute())))
            self._packages[folder] = package
        if path.stem == "__init__":
            return package
        return f"{package}.{path.stem}" if package else path.stem


_RESOLVES_NAMES = os.name == "nt"  # short names, and letters of either case


def _above_package(folder: str) -> list[str]:
    """Give the folder that holds the outermost package of a folder."""
    path = Path(folder)
    while (path / "__init__.py").is_file() and path != path.parent:
        path = path.parent
    return [str(path)] if str(path) != folder else []


def dotted_name(path: Path) -> str:
    """Return the name under which a file is imported: through the packages that hold it, ``pkg.sub.module``."""
    return Folders().dotted_name(path)


def _package_of(folder: str) -> str:
    """Return the dotted name of the package that a folder is; empty where it is none."""
    parts: list[str] = []
    while os.path.isfile(os.path.join(folder, "__init__.py")):  # noqa: PTH113, PTH118  # texts
        above, name = os.path.split(folder)
        if not name:  # the root
            break
        parts.append(name)
        folder = above
    return ".".join(reversed(parts))


def read_bytes(path: Path) -> bytes | None:
    """Read a file as it was when the run began; None when it cannot be read."""
    try:
        kept = original(path)
        return read_file(path, MAX_BYTES) if kept is None else kept
    except (OSError, MemoryError, ValueError):
        return None


def _stamp(path: Path) -> _Stamp | None:
    """Give what changes with a file; None when there is no such file."""
    kept = original(path)
    if kept is not None:
        return _KEPT, len(kept)
    return once(("stamp", path), lambda: _stamp_of(path))


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def _read(path: Path) -> Read | None:
    """Read and parse a file, or remember it; None when it cannot be read."""
    stamp = _stamp(path)
    known = _seen.get(path)
    if known is not None and known.stamp == stamp:
        _seen.move_to_end(path)
        return known
    raw = None if stamp is None else read_bytes(path)
    if stamp is None or raw is None:
        return None
    module = None
    try:
        module = Module(decode(path, raw, to_be_written=False))
    except Refused:
        module = None
    _seen[path] = read = Read(stamp, digest(raw), module)
    _seen.move_to_end(path)
    size = sum(each.stamp[1] for each in _seen.values())
    while size > _REMEMBERED and len(_seen) > 1:
        size -= _seen.popitem(last=False)[1].stamp[1]
    return read


def _mentioned(path: Path) -> Mentions | None:
    """Say what a file names; None when it cannot be read."""
    stamp = _stamp(path)
    known = _mentions.get(path)
    if known is not None and known.stamp == stamp:
        _mentions.move_to_end(path)
        return known
    read = None if stamp is None else _read(path)
    if read is None:
        return None
    _mentions[path] = found = _mentions_in(read)
    while len(_mentions) > _LOOKED_AT:
        _mentions.popitem(last=False)
    return found


def _mentions_in(read: Read) -> Mentions:
    module = read.module
    if module is None:
        return Mentions(read.stamp, read.digest)
    names = set(module.used_names)
    sets = set()
    for attribute in module.attributes:
        names.add(attribute.attr)
        if not isinstance(attribute.ctx, ast.Load):
            sets.add(attribute.attr)
    for node in module.imports:
        for alias in node.names:
            names.update(alias.name.split("."))
            if alias.asname:
                names.add(alias.asname)
    if module.classes or "type" in names or "new_class" in names:
        names |= {DERIVES} if derives_from_handed(nodes(module.tree)) else set()
    by_text = not names.isdisjoint(_BY_TEXT)
    return Mentions(read.stamp, read.digest, frozenset(names), frozenset(sets), by_text)


_BY_TEXT = ("setattr", "delattr", "vars", "__dict__", "__setattr__", "__delattr__", "patch")
