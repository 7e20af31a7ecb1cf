"""How is each script started, and what is importable then? From the whole project to `Target.starts`.

Read are the imports of every Python file that mentions a script, the dotted names and paths in its strings, and the
project's other texts: a Procfile, a unit, a crontab, a workflow, a notebook, a README. A name is resolved as Python would from
where it stands: beside the file, then in the folders above it up to the root, and in ``src``. Nothing is executed.
"""

# Thousands of paths are compared: they stay strings.
# ruff: noqa: PTH118, PTH119, PTH120

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.model import RUNTIME_MODULES, Starts
from workerlog_migrate.project.collected import STARTS_MODULES
from workerlog_migrate.project.command_lines import (
    AS_TEXT,
    MADE_MODULE,
    SAFE_OPTION,
    SAFE_PATH,
    SELF_ISOLATED,
    expand_variables,
    find_copied,
    find_installed,
    find_search_path,
)
from workerlog_migrate.project.concerned import may_concern
from workerlog_migrate.project.logger_names import LoggerNames
from workerlog_migrate.project.lookup import Lookup, Seen, packages_of, parts_of
from workerlog_migrate.project.said import FileFacts, Import
from workerlog_migrate.project.shadows import Shadows
from workerlog_migrate.project.words import STARTED, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from workerlog_migrate.model import Target
    from workerlog_migrate.project.index import Project

_STDLIB = frozenset(sys.stdlib_module_names)
_TEST = re.compile(r"test_.*|.*_test|conftest|tests?")
_TOKEN = re.compile(r"[^\s\"',\[\]()<>|;&`]+")
_INTERPRETER = re.compile(
    r"(?:[^\s]{0,200}[/\\=:])?(?:python|pythonw|pypy|py)[\d.]{0,10}(?:\.exe)?", re.IGNORECASE
)
_WITH_ARGUMENT = ("-W", "-X", "--check-hash-based-pycs")
_TEXT_IMPORT = re.compile(
    r"\bfrom\s+(?P<module>[A-Za-z_][\w.]*)\s+import\s+(?P<names>[\w, *]+)|\bimport\s+(?P<plain>[A-Za-z_][\w.]*)"
)
_FILE = re.compile(r"\w\.pyw?$")
_ISOLATED_FLAG = re.compile(r"-(?![WX])[A-HJ-OQ-Za-z]*[IP][A-Za-z]*")

_ALWAYS = ("sentry_sdk", *RUNTIME_MODULES)
_ONLY_LOOKS = frozenset({"find_spec", "iter_modules", "run_module", "walk_packages", STARTS_MODULES})
_PROSE = (".md", ".rst", ".txt")
_FIRST_LINES = 1_000  # bytes


def with_starts(project: Project, targets: Sequence[Target], cwd: Path) -> list[Target]:
    """Find out how scripts are started and imported.

    Args:
        project: the project that they belong to.
        targets: the scripts.
        cwd: the folder that their paths start from, absolute.

    Returns:
        The same scripts, with ``starts`` filled.
    """
    search = _Search(project, targets, cwd)
    search.run()
    return [replace(target, starts=search.starts(position)) for position, target in enumerate(targets)]


class _Search:
    """One pass over a project for some scripts."""

    def __init__(self, project: Project, targets: Sequence[Target], cwd: Path) -> None:
        self._project = project
        self._root = str(project.root)
        self._files = frozenset(project.listing.python)
        self._folders = frozenset(os.path.dirname(path) for path in self._files)
        self._targets = targets
        self._seen: list[Seen] = []
        self._by_path: dict[str, int] = {}
        for position, target in enumerate(targets):
            path = os.path.realpath(cwd / target.path.parent) + os.sep + target.path.name
            self._by_path.setdefault(path, position)
            self._seen.append(Seen(path, parts_of(path), packages_of(path, self._root)))
        self._names = _names_of(self._seen, project.listing.links)
        for position, names in self._names.items():
            for name in names:
                self._by_path.setdefault(name, position)
        self._lookup = Lookup(self._root, self._files, self._by_path, self._seen)
        # Folders that are imported by their name -> by whom, and how many folders the name goes through.
        self._named_folders: dict[str, tuple[str, int]] = {}
        # Folders that are imported relatively: through how many folders, is not known.
        self._near_folders: dict[str, str] = {}
        # Folders of which every file is imported.
        self._swept: dict[str, str] = {}
        self._reporter = ""
        self._safe_everywhere = ""
        self._shadows = Shadows(project)
        own = {name for target in targets for name in (target.worker, target.path.stem)}
        self._loggers = LoggerNames(project, self._shadows, own)

    def run(self) -> None:
        stems, folders, workers = set(_ALWAYS), set[str](), set[str]()
        for target, seen in zip(self._targets, self._seen, strict=True):
            stems.add(seen.parts[-1])
            folders.update(seen.parts[-max(2, seen.packages + 1) : -1])
            workers.add(target.worker)
        words = stems | folders | workers
        for path, facts in self._project.mentioning(
            words, may_concern(stems, folders - stems, workers - stems)
        ):
            if not self._project.is_runtime(path):
                self._python(path, facts)
        self._look_inpackages_of()
        for path, text in self._project.texts_mentioning({*words, "PYTHONSAFEPATH", "PYTHONPATH"}):
            self._text(path, text)
        for seen in self._seen:
            own = self._project.facts(seen.path)
            seen.isolated = seen.isolated or ("" if own is None else self._by_first_line(seen, own.shebang))

    def _by_first_line(self, seen: Seen, shebang: str) -> str:
        """Say how a script's own first lines keep Python from looking beside it."""
        flags = shebang.partition("python")[2].split()
        if any(_ISOLATED_FLAG.fullmatch(flag) for flag in flags):
            return f"its first line starts Python with {flags[-1]}"
        if SAFE_PATH.search(shebang):
            return "its first line starts Python with PYTHONSAFEPATH"
        raw = self._project.read(seen.path) if shebang.endswith("sh") else None
        handed = SELF_ISOLATED.search((raw or b"")[:_FIRST_LINES].decode("utf-8", "replace"))
        return f"it starts Python with {handed['flag']} on itself" if handed else ""

    def _look_inpackages_of(self) -> None:
        """A package may import what it holds by made names without a word of its own name in it."""
        for folder in {os.path.dirname(seen.path) for seen in self._seen}:
            path = os.path.join(folder, "__init__.py")
            facts = self._project.facts(path) if path in self._files else None
            if facts is not None and facts.is_near:
                self._import_all(path, [], f"{self._lookup.shown(path)} imports", facts)

    def starts(self, position: int) -> Starts:
        seen, target = self._seen[position], self._targets[position]
        folder = os.path.dirname(seen.path)
        self._by_own_package(seen)
        in_folder = self._named_folders.get(folder, ("",))[0] or self._near_folders.get(folder, "")
        depths = [*seen.dotted, *self._named_depths(folder)]
        if seen.packages:
            depths.append(seen.packages)
        if not depths:
            depths = [max(seen.relative, default=1)]
        dotted = next(iter(seen.dotted.values()), "") or next(iter(seen.relative.values()), "")
        depth = _free(folder, max(1, min(depths)), self._swept)
        # A name that goes through more folders than have an ``__init__.py`` says where Python looks first.
        through = max(1, min([*seen.dotted, *self._named_depths(folder)] or depths))
        sibling = self._sibling(seen)
        return Starts(
            plain=seen.plain or sibling or _at_root(folder, self._root),
            dotted=dotted,
            depth=depth,
            in_folder=in_folder,
            imported=seen.imported,
            by_path="" if sibling else seen.by_path,
            copied=seen.copied,
            swept=self._swept.get(folder, ""),
            swept_above=self._swept.get(_above(folder, depth), ""),
            isolated="" if sibling else seen.isolated or self._safe_everywhere,
            shadowed=self._shadows.standard(seen.path, _above(folder, through + 1)),
            shadowed_beside=self._shadows.standard(seen.path, folder),
            foreign=self._shadows.foreign(seen.path),
            starred=seen.starred,
            listed=seen.listed,
            taken=seen.taken,
            patched=seen.patched,
            reporter=self._reporter,
            loggers=self._loggers.like(
                seen.path, target.worker, seen.parts[-1], is_imported=bool(seen.imported)
            ),
            other_folders=self._other_folders(position, target.path),
        )

    def _other_folders(self, position: int, shown: Path) -> tuple[str, ...]:
        """Give the folders of a file's other names, as the report shows that file."""
        own = os.path.dirname(self._seen[position].path)
        found = {os.path.dirname(name) for name in self._names.get(position, ())} - {own}
        if shown.is_absolute():
            return tuple(sorted(found))
        return tuple(sorted(os.path.normpath(shown.parent / os.path.relpath(each, own)) for each in found))

    # -- Python files ---------------------------------------------------------------------------------------

    def _python(self, path: str, facts: FileFacts) -> None:
        for entry in facts.imports:
            if entry.place != "typing":
                self._import(path, entry, facts)
        shown = self._lookup.shown(path)
        if facts.is_near:
            self._import_all(path, [], f"{shown} imports", facts)
        for word, line in facts.words:
            self._word(path, word, f"{shown}:{line}", facts)
        for name, line in facts.commands:
            self._dotted(path, name, f"{shown}:{line} starts {self._said(path, name)}", is_import=False)
        for word in facts.copied:
            self._alone(path, word, f"{shown} copies {self._said(path, word)} elsewhere alone")
        for word in facts.installed:
            self._alone(path, word, f"{shown} installs {self._said(path, word)} without what lies beside it")
        for name in facts.by_text:
            for found, _ in self._lookup.resolve(path, name.split(".")):
                if not {"dict", *facts.listed}.isdisjoint(name.split(".")) and self._seen[found].path != path:
                    self._used(found, path, f"{shown} imports {name}", facts, name)
        self._loggers.add(path, facts)

    def _import(self, path: str, entry: Import, facts: FileFacts) -> None:
        is_from_folder = entry.level and not entry.module and entry.names
        if entry.module.rpartition(".")[2] in RUNTIME_MODULES or (
            is_from_folder and all(name in RUNTIME_MODULES for name in entry.names)
        ):
            return  # ours, or what `Shadows` looks after; our two files import one another in every form
        where = f"{self._lookup.shown(path)}:{entry.line} imports"
        if entry.module.partition(".")[0] == "sentry_sdk" and not _is_test(path, self._root):
            self._reporter = self._reporter or f"{where} sentry_sdk"
        if entry.level:
            self._relative(path, entry, where, facts)
            return
        module = entry.module.split(".")
        names = [module, *([*module, name] for name in entry.names if name != "*")]
        for parts in names:
            name = ".".join(parts)
            for found, depth in self._lookup.resolve(path, parts):
                self._note(found, path, depth, f"{where} {name}", entry, facts)
        if facts.importers:
            self._import_all(path, module, where, facts)
        if "*" in entry.names:
            for found, _ in self._lookup.resolve(path, module):
                self._seen[found].starred = self._seen[found].starred or f"{where} * from {entry.module}"
        self._name_folder(
            path, module, f"{where} {entry.module}", is_through=any(name != "*" for name in entry.names)
        )

    def _relative(self, path: str, entry: Import, where: str, facts: FileFacts) -> None:
        base = entry.base(path)
        module = entry.module.split(".") if entry.module else []
        shown = "." * entry.level + entry.module
        for parts in ([module] if module else []) + [[*module, name] for name in entry.names if name != "*"]:
            found = self._lookup.at(base, parts)
            if found is not None and self._seen[found].path != path:
                seen = self._seen[found]
                seen.relative.setdefault(len(parts), f"{where} {shown or '.'}")
                self._used(found, path, f"{where} {shown}", facts, ".".join(parts))
        if "*" in entry.names and module:
            found = self._lookup.at(base, module)
            if found is not None:
                self._seen[found].starred = self._seen[found].starred or f"{where} * from {shown}"
        folder = os.path.join(base, *module)
        if folder in self._folders:
            self._near_folders.setdefault(folder, f"{where} {shown}")

    def _note(self, found: int, path: str, depth: int, where: str, entry: Import, facts: FileFacts) -> None:
        seen = self._seen[found]
        if seen.path == path:
            return
        if depth:
            seen.dotted.setdefault(depth, where)
        else:
            seen.plain = seen.plain or where
        bound = entry.alias or entry.module.rpartition(".")[2]
        self._used(found, path, where, facts, bound if not entry.names else seen.parts[-1])

    def _used(self, found: int, path: str, where: str, facts: FileFacts, bound: str) -> None:
        seen = self._seen[found]
        if not _is_test(path, self._root):
            seen.imported = seen.imported or where
        if facts.replaces_print:
            seen.patched = seen.patched or f"{self._lookup.shown(path)} replaces print"
        if bound.rpartition(".")[2] in facts.listed:
            seen.listed = seen.listed or f"{self._lookup.shown(path)} lists what it holds"
            if not facts.passes_over and not _is_test(path, self._root):
                seen.taken = seen.taken or f"{self._lookup.shown(path)} takes every name that it holds"

    def _word(self, path: str, word: str, where: str, facts: FileFacts) -> None:
        if word.endswith((".py", ".pyw")) and word.strip("./\\"):
            for found in self._lookup.paths(path, word):
                self._named_path(found, path, where, word, facts)
            return
        if facts.importers:
            pieces = [piece for piece in re.split(r"[/\\.:]", word) if piece]
            self._import_all(path, pieces, f"{where} imports", facts)
        if "/" in word or "\\" in word:
            if facts.may_load(word):
                self._loaded_folder(path, word, where)
            return
        name = word.partition(":")[0]
        if name.endswith("."):
            self._name_folder(
                path, name.rstrip(".").split("."), f"{where} names {self._said(path, word)}", is_through=True
            )
        elif "." in name:
            said = self._said(path, name)
            self._dotted(path, name, f"{where} names {said}", is_import=True, may_be_longer=True)
            if name.endswith(".print"):
                for found, _ in self._lookup.resolve(path, name.removesuffix(".print").split(".")):
                    self._seen[found].patched = self._seen[found].patched or f"{where} replaces {said}"
        elif facts.may_load(word):
            self._loaded_folder(path, word, where)

    def _named_path(self, found: int, path: str, where: str, word: str, facts: FileFacts) -> None:
        seen = self._seen[found]
        if seen.path == path:
            return
        if facts.may_load(word):
            if os.path.dirname(path) != os.path.dirname(seen.path):
                seen.by_path = seen.by_path or f"{where} loads {self._said(path, word)} by {facts.loaders[0]}"
            seen.listed = seen.listed or f"{where} gets what it holds by {facts.loaders[0]}"
            return
        said = self._said(path, word)
        seen.plain = seen.plain or f"{where} names {said}"
        if facts.isolated or any(word in text for text in facts.isolated_paths):
            seen.isolated = seen.isolated or f"{where} starts {said} without its folder on sys.path"

    def _loaded_folder(self, path: str, word: str, where: str) -> None:
        """A file that loads others by their paths, and names a folder: it may load whatever is in that."""
        name = word.strip("./\\").replace("\\", "/").rpartition("/")[2]
        facts = self._project.facts(path)
        if facts is not None and any(_FILE.search(each) for each, _ in facts.words):
            return  # it names the files themselves
        loader = facts.loaders[0] if facts is not None and facts.loaders else ""
        if not name or loader == "exec" or facts is None:
            return
        for seen in self._seen:
            if seen.parts[-2:-1] == (name,) and facts.may_sweep(name):
                self._swept.setdefault(os.path.dirname(seen.path), f"{where} loads every file of {name}")
            if seen.parts[-2:-1] == (name,) and os.path.dirname(seen.path) != os.path.dirname(path):
                seen.by_path = seen.by_path or f"{where} loads files of {name} by {loader}"

    def _import_all(self, path: str, pieces: list[str], where: str, facts: FileFacts) -> None:
        """A file that imports by a name that it makes, and names a folder: it may import whatever is in that.

        What it names may be no more than a path that is put on ``sys.path``, so that both ways are kept open.
        """
        for base in self._lookup.bases(path):
            folder = os.path.join(base, *pieces) if pieces else base
            if folder not in self._folders or folder == self._root:
                continue
            if facts.may_sweep(folder) and not _ONLY_LOOKS.issuperset(facts.importers):
                text = f"{where} every file of {self._lookup.shown(folder)} by {facts.importers[0]}"
                self._swept.setdefault(folder, text)
            for seen in self._seen:
                if os.path.dirname(seen.path) != folder or seen.path == path:
                    continue
                text = f"{where} what is in {self._lookup.shown(folder)} by {facts.importers[0]}"
                named = seen.dotted if pieces else seen.relative
                named.setdefault(max(1, len(pieces)), text)
                if pieces:
                    seen.plain = seen.plain or text
                if not _ONLY_LOOKS.issuperset(facts.importers) and not _is_test(path, self._root):
                    seen.imported = seen.imported or text
            return

    # -- other texts ----------------------------------------------------------------------------------------

    def _text(self, path: str, text: str) -> None:
        shown = self._lookup.shown(path)
        if not path.endswith(_PROSE):
            text = expand_variables(text)
            self._taken_along(path, text, shown)
            for folder in find_search_path(text):
                self._shadows.put_in_front(path, folder)
        set_at = SAFE_PATH.search(text) or SAFE_OPTION.search(text)
        if set_at is not None and ".py" not in text and "PYTHONSAFEPATH" in set_at[0]:
            number = text.count("\n", 0, set_at.start()) + 1
            self._safe_everywhere = self._safe_everywhere or f"{shown}:{number} sets PYTHONSAFEPATH"
        self._loggers.add_text(path, text)
        self._commands(path, text, shown)
        for number, line in enumerate(text.splitlines(), 1):
            where = f"{shown}:{number}"
            if "-m" in line:
                for found in STARTED.finditer(line):
                    self._dotted(
                        path,
                        found["module"],
                        f"{where} starts {self._said(path, found['module'])}",
                        is_import=False,
                    )
                for made in MADE_MODULE.finditer(line):
                    self._made_module(made["package"], text, where)
            if set_at is not None and ".py" in line:
                self._isolate(path, line, where, set_at[0])
            for fed in AS_TEXT.finditer(line) if ".py" in line and not path.endswith(_PROSE) else ():
                word = fed[fed.lastgroup or 0]
                for seen in (self._seen[found] for found in self._lookup.paths(path, word)):
                    if os.path.dirname(seen.path) != self._root:
                        seen.by_path = (
                            seen.by_path or f"{where} hands {self._said(path, word)} to Python as text"
                        )
            is_read = path.endswith((".ipynb", *_PROSE))
            if "import" in line and (is_read or "python" in text):
                for match in _TEXT_IMPORT.finditer(line.replace("\\n", "\n")):
                    self._text_import(path, match, where, is_import=is_read)
            if is_read and "import" in line:
                continue
            if "." in line and not path.endswith(_PROSE):
                for word in words_of(line):
                    name = word.partition(":")[0]
                    if "." in name.rstrip(".") and "/" not in name:
                        self._dotted(
                            path,
                            name.rstrip("."),
                            f"{where} names {self._said(path, name)}",
                            is_import=False,
                            may_be_longer=True,
                        )

    def _commands(self, path: str, text: str, shown: str) -> None:
        """Find the scripts that an interpreter is given, as words of a command or as items of a list, also over lines."""
        flags: list[str] | None = None
        takes_next = False
        for token in _TOKEN.finditer(text) if ".py" in os.path.normcase(text) else ():
            word = token[0]
            if _INTERPRETER.fullmatch(word.lstrip("@")):  # a Makefile's line that is not shown
                flags, takes_next = [], False
            elif flags is None:
                continue
            elif takes_next or word in ("-", "\\", "^"):  # an item of a list, a line that goes on
                takes_next = False
            elif word.startswith("-") and word != "-m":
                flags.append(word)
                takes_next = word in _WITH_ARGUMENT
            else:
                if os.path.normcase(word).endswith((".py", ".pyw")):
                    line = text.count("\n", 0, token.start()) + 1
                    self._started_by_path(path, word, f"{shown}:{line}", flags)
                flags = None

    def _started_by_path(self, path: str, word: str, where: str, flags: list[str]) -> None:
        for found in self._lookup.paths(path, word):
            seen = self._seen[found]
            seen.plain = seen.plain or f"{where} starts {self._said(path, word)}"
            isolating = [flag for flag in flags if _ISOLATED_FLAG.fullmatch(flag)]
            if isolating:
                given = flags if _is_at_home(path, self._root) else isolating
                seen.isolated = seen.isolated or f"{where} starts it with {' '.join(given)}"

    def _isolate(self, path: str, line: str, where: str, text: str) -> None:
        how = "PYTHONSAFEPATH" if "PYTHONSAFEPATH" in text else " ".join(text.split())
        how = how if _is_at_home(path, self._root) else "-I or -P"
        for word in words_of(line):
            for found in self._lookup.paths(path, word) if word.endswith((".py", ".pyw")) else ():
                seen = self._seen[found]
                seen.isolated = seen.isolated or f"{where} starts it with {how}"

    def _taken_along(self, path: str, text: str, shown: str) -> None:
        """Note the scripts that a text takes elsewhere alone, or installs without what lies beside them."""
        name = os.path.basename(path)
        for word, at, what in find_copied(name, text):
            self._alone(
                path, word, f"{shown}:{text.count(chr(10), 0, at) + 1} {what} {self._said(path, word)} alone"
            )
        for word, at in find_installed(name, text):
            line = text.count("\n", 0, at) + 1
            said = self._said(path, word)
            self._alone(path, word, f"{shown}:{line} installs {said} without what lies beside it")

    def _alone(self, path: str, word: str, text: str) -> None:
        for found in self._lookup.paths(path, word):
            self._seen[found].copied = self._seen[found].copied or text

    def _made_module(self, package: str, text: str, where: str) -> None:
        """A command that completes a module's name may start whatever is in the folders that it, or its text, names."""
        parts = package.rstrip(".").split(".") if package else []
        words = set() if parts else set(re.findall(r"\w+", text))
        for seen in self._seen:
            above = seen.parts[:-1]
            if (parts and tuple(parts) == above[-len(parts) :]) or (above and above[-1] in words):
                seen.dotted.setdefault(len(parts) or 1, f"{where} starts what is in {above[-1]}")
                seen.plain = seen.plain or where

    def _text_import(self, path: str, match: re.Match[str], where: str, *, is_import: bool) -> None:
        module = (match["module"] or match["plain"]).rstrip(".")
        names = [name.strip() for name in (match["names"] or "").split(",") if name.strip().isidentifier()]
        for each in (module, *(f"{module}.{name}" for name in names)):
            self._dotted(path, each, f"{where} imports {self._said(path, each)}", is_import=is_import)

    def _said(self, path: str, word: str) -> str:
        """Give a word of a file as a report may tell it: of one that the checkout links to nothing, which may be anybody's.

        A shell's history, say, in which a script's address holds a password.
        """
        return word if _is_at_home(path, self._root) else "it"

    # -- names ----------------------------------------------------------------------------------------------

    def _dotted(
        self, path: str, name: str, where: str, *, is_import: bool, may_be_longer: bool = False
    ) -> None:
        """Take note of a module that is named in a text; of a longer name its beginning may be the module."""
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            return
        for length in range(len(parts), 1 if may_be_longer else len(parts) - 1, -1):
            resolved = list(self._lookup.resolve(path, parts[:length]))
            for found, depth in resolved:
                seen = self._seen[found]
                if depth:
                    seen.dotted.setdefault(depth, where)
                elif not may_be_longer:
                    seen.plain = seen.plain or where
                if is_import and seen.path != path and not _is_test(path, self._root):
                    seen.imported = seen.imported or where
            if resolved:
                return

    def _name_folder(self, path: str, module: list[str], where: str, *, is_through: bool) -> None:
        """Take note of folders that an import goes through: ``import scripts`` alone says nothing of the files in it."""
        for length in range(1, len(module) + 1):
            is_last = length == len(module)
            for base in self._lookup.bases(path):
                folder = os.path.join(base, *module[:length])
                if folder in self._folders:
                    if not is_last or is_through:
                        self._named_folders.setdefault(folder, (where, length))
                    break

    def _named_depths(self, folder: str) -> Iterator[int]:
        """Give how many folders a name goes through, by the folders above a file that the program imports by their names."""
        below = 0
        while folder.startswith(self._root) and folder != os.path.dirname(folder):
            if folder in self._named_folders:
                yield self._named_folders[folder][1] + below
            folder, below = os.path.dirname(folder), below + 1

    def _by_own_package(self, seen: Seen) -> None:
        """A file that imports its own package by name needs the folder above that: so it is started through it."""
        facts = self._project.facts(seen.path)
        folder = os.path.dirname(seen.path)
        for entry in () if facts is None else facts.imports:
            top = entry.module.partition(".")[0]
            if entry.level or entry.place != "top" or top in RUNTIME_MODULES or top not in seen.parts[:-1]:
                continue
            if _holds(folder, top, self._files, self._folders):
                continue  # the one beside it
            above, depth = folder, 1
            while os.path.basename(above) != top and above != self._root and above.startswith(self._root):
                above, depth = os.path.dirname(above), depth + 1
            if os.path.basename(above) == top and above in self._folders and above != self._root:
                where = f"{self._lookup.shown(seen.path)}:{entry.line} imports {entry.module}"
                seen.dotted.setdefault(depth, where)

    def _sibling(self, seen: Seen) -> str:
        """Say which file beside it a script imports plainly and at once: its folder is importable whenever it runs."""
        facts = self._project.facts(seen.path)
        folder = os.path.dirname(seen.path)
        for entry in () if facts is None else facts.imports:
            top = entry.module.partition(".")[0]
            if entry.place != "top" or entry.level or top in _STDLIB or top in RUNTIME_MODULES:
                continue
            if _holds(folder, top, self._files, self._folders):
                return f"it imports {entry.module} from beside it"
        return ""


def _holds(folder: str, top: str, files: Collection[str], folders: Collection[str]) -> bool:
    """Whether a folder holds a module or a package of that name."""
    return os.path.join(folder, f"{top}.py") in files or os.path.join(folder, top) in folders


@cache
def _is_at_home(path: str, root: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(root, ""))


def _names_of(seen: Sequence[Seen], links: Sequence[str]) -> dict[int, list[str]]:
    """Find the other names that some files have: of a link its target, and of a file the links to it."""
    reals = [os.path.realpath(each.path) for each in seen]
    by_real: dict[str, list[str]] = {}
    for link in links:
        by_real.setdefault(os.path.realpath(link), []).append(link)
    return {
        position: [name for name in (real, *by_real.get(real, ())) if name != each.path]
        for position, (each, real) in enumerate(zip(seen, reals, strict=True))
        if real != each.path or real in by_real
    }


def _free(folder: str, depth: int, swept: Collection[str]) -> int:
    """Give how far up the runtime may stand: below a folder of which every file is imported, if there is a package."""
    free = (each for each in range(depth, 0, -1) if _above(folder, each) not in swept)
    return next(free, depth)


def _at_root(folder: str, root: str) -> str:
    """A project's own folder is no package by an ``__init__.py`` alone: what lies in it is started from there."""
    return "it lies in the project's own folder" if folder == root else ""


@cache
def _above(folder: str, depth: int) -> str:
    return str(Path(folder, *[".."] * (depth - 1)).resolve())


def _is_test(path: str, root: str) -> bool:
    below = os.path.relpath(path, root)
    return any(_TEST.fullmatch(part) for part in Path(below).with_suffix("").parts)
