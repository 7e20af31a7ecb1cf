"""Which files run in one process with a script, and set something up there that meets it wherever it is?

Input: the project, scripts, and who imports them. Output: for a script, the files of its program (those from which it can be reached,
and all that these import, directly or through others) that may set a signal handler, put something in the place of what a library
defines, start a thread, or hand a library what it calls later. Most files do nothing of that kind, and are told by their bytes.
"""

# Thousands of paths are compared: they stay strings.
# ruff: noqa: PTH119

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from workerlog_migrate.files.vendor import runtime_text
from workerlog_migrate.model import BESIDE, MANY, SET_BY_MANY
from workerlog_migrate.project.handed import BY_TEXT, DERIVES, SETS
from workerlog_migrate.project.said import FileFacts, Import

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from workerlog_migrate.project.index import Project

MAX_PROGRAM = 5_000
"""So many files that import one another are looked at; where there are more, nobody knows what all of them do."""

MAX_SETTING_UP = 200
"""Where more files that run with a script set something up, `MANY` stands in their place."""

MAX_STEPS = 2_000_000
"""So often a file is looked at for another one that sets something up; where it is not enough, nobody knows who runs with whom."""

MAX_BESIDE = 40
"""So many files that may be handed objects of a script are looked at, those that set attributes first."""

_LOOKED_AT = 40  # files from which one can be reached

NAME = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*"
IMPORT = re.compile(
    rb"(?m)(?:^|[:;])[ \t]*(?:from[ \t]+(?P<base>[.A-Za-z0-9_\x80-\xff]+)[ \t]*\bimport[ \t]*(?P<names>\([^)]{0,8000}\)|[^\r\n;#]*)"
    rb"|import[ \t]+(?P<modules>[^\r\n;#]*))"
)
_IDENTIFIER = re.compile(NAME)
_RENAMED = re.compile(rb"(?<![ \t])[ \t]+as[ \t]+" + NAME)
_OF_TESTS = re.compile(r"[\\/]tests?[\\/]")
_STORE = re.compile(
    rb"(?<![A-Za-z0-9_.\x80-\xff])("
    + NAME
    + rb")(?:[ \t]*\.[ \t]*"
    + NAME
    + rb")+([ \t]*[-+*/|&^%@]{0,2}=(?!=))?"
)
SETTING_UP = re.compile(
    rb"\b(?:App|Barrier|BackgroundScheduler|Button|CodecInfo|Context|Flask|Listener|Observer|PollingObserver|Py\w+AsyncExc|Runner"
    rb"|ServiceBrowser|TeleBot|Thread|ThreadPool\w*|Threading\w+Server|Timer|TreeBuilder|Updater|XMLParser"
    rb"|__(?:bases|code|globals|import)__|add(?:_argument|_event_detect|_hotkey|_(?:multi_)?constructor|audithook|Filter)|cell_contents"
    rb"|converter|errstate|f_(?:globals|locals)|filterwarnings|get_(?:objects|referrers)|hook|listen|listens_for|localcontext"
    rb"|loop_start|meta_path|modules|on_press|patch|path_hooks|pickle|redirect_std(?:out|err)|register\w*|reload|row_factory"
    rb"|run_in_executor|set(?:LogRecordFactory|_task_factory|attr|err|errcall|profile|trace)|signal|simplefilter|start_new_thread"
    rb"|std(?:err|in|out)|submit|text_factory|to_thread|traps|validates)\b|Handler[ \t]*="
)
"""What a file names that may set something up, as the rows say of calls (``runs``) and of the operations ``op:anywhere``,
``op:anything-changed`` and ``op:iterate-changed``."""
LOADS = re.compile(
    rb"\b(?:exec|execfile|exec_module|import_module|__import__|import_string|load_(?:extension|module|source)|locate|resolve_name"
    rb"|run_(?:module|path)|spec_from_file_location|SourceFileLoader|walk_packages|iter_modules)\b"
)
"""What a file names that runs others by a name or a path."""
HEIRS = re.compile(
    rb"\bclass\s+"
    + NAME
    + rb"\s*\([^)]{0,300}(?:AbstractEventLoopPolicy|Connection|Cursor|Executor|Filter|HTTPAdapter|Handler|Logger"
    rb"|TypeDecorator|UserDefinedType|tzinfo)\b"
)
"""Classes whose objects a library may meet, as the rows say (``meets``)."""


class Program:
    """The files around some scripts, each looked at once.

    Args:
        project: the project.
        paths: the scripts.
        importers: by the path of a file, the files that import it: for the scripts, and for what is found from there.
        resolve: finds the files that an import in a file may run.
    """

    def __init__(
        self,
        project: Project,
        paths: Iterable[str],
        importers: Mapping[str, Iterable[str]],
        resolve: Callable[[str, Import], Iterator[str]],
    ) -> None:
        self._project = project
        self._resolve = resolve
        self._imported: dict[str, tuple[str, ...]] = {}
        self._importers: dict[str, dict[str, None]] = {}
        self._tests: dict[str, bool] = {}
        self._setting_up: list[str] = []
        for imported, users in importers.items():
            self._importers.setdefault(imported, {}).update(dict.fromkeys(users))
        self._is_whole = self._look_around(
            [*paths, *(user for users in importers.values() for user in users)]
        )
        self._touching: dict[str, frozenset[str]] = {}
        self._loads: dict[str, tuple[str, ...]] = {}
        self._steps = 0
        self._around: dict[str, list[str]] = {}
        steps = 0
        for path in self._setting_up:
            found = self._with(path)
            steps += len(found)
            if steps > MAX_STEPS:
                self._is_whole = False
                break
            for other in found:
                if other != path:
                    self._around.setdefault(other, []).append(path)

    def set_up_around(self, path: str) -> tuple[str, ...]:
        """Return the files that set something up where a script runs; `MANY` when there are too many.

        Args:
            path: the script.
        """
        found = self._around.get(path, ())
        if not self._is_whole or len(found) > MAX_SETTING_UP:
            return (MANY,)
        return tuple(found)

    def beside(self, path: str, known: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
        """Return what is known of files that may be handed objects of a script: under `BESIDE` and `SET_BY_MANY`, and who uses them.

        Args:
            path: the script.
            known: it and the files that it imports, whose objects they may be.
        """
        running = self._with(path) if self._importers.get(path) or self._imported.get(path) else set()
        self._steps += len(running)
        if not self._is_whole or self._steps > MAX_STEPS:
            return [(SET_BY_MANY, (MANY,))]
        running = running.union(*(self._loaded_by(each) for each in sorted(running or known)))
        if running <= {*known}:
            return []
        offered = {name for each in known for name in self._offers(each)}
        wanted = offered | BY_TEXT | {f"{SETS}{name}" for name in offered}
        found: dict[str, set[str]] = {}
        for other in sorted(running.difference(known)):
            common = self._touches(other) & wanted
            if common and not self._is_test(other):
                found[other] = {name for name in common if name.startswith(SETS) or name == DERIVES}
        setting = [other for other, names in found.items() if names]
        taken = [*setting, *(other for other, names in found.items() if not names)][:MAX_BESIDE]
        left = {
            MANY if name == DERIVES else name.removeprefix(SETS)
            for other in setting[MAX_BESIDE:]
            for name in found[other]
        }
        users = ((each, self._users(each)) for each in self._above(taken) if each not in known)
        return [
            *([(BESIDE, tuple(taken))] if taken else ()),
            *([(SET_BY_MANY, tuple(sorted(left)))] if left else ()),
            *users,
        ]

    def _loaded_by(self, path: str) -> tuple[str, ...]:
        """Return the files that one may load by a name or path that it makes: plugins, whose folder or name it holds."""
        known = self._loads.get(path)
        if known is None:
            raw = self._project.read(path) or b""
            words = set(_IDENTIFIER.findall(raw)) if LOADS.search(raw) else set()
            known = self._loads[path] = tuple(
                other
                for other in (self._project.listing.python if words else ())
                if other != path and not words.isdisjoint(_called(other))
            )
        return known

    def _above(self, paths: list[str]) -> list[str]:
        """Return files and those that import them, and so on, so far as they are looked at."""
        found = dict.fromkeys(paths)
        pending = list(paths)
        while pending and len(found) < _LOOKED_AT:
            new = [user for user in self._importers.get(pending.pop(0), ()) if user not in found]
            found.update(dict.fromkeys(new))
            pending += new
        return list(found)

    def _users(self, path: str) -> tuple[str, ...]:
        """Return the files from which one can be reached; `MANY` among them where they are not all looked at, else `BESIDE`."""
        found = self._above([path])
        return (*found[1:_LOOKED_AT], MANY if len(found) >= _LOOKED_AT else BESIDE)

    def _offers(self, path: str) -> tuple[str, ...]:
        facts = self._project.facts(path)
        return () if facts is None else facts.offers

    def _touches(self, path: str) -> frozenset[str]:
        known = self._touching.get(path)
        if known is None:
            facts = None if self._project.is_runtime(path) else self._project.facts(path)
            known = self._touching[path] = frozenset() if facts is None else frozenset(facts.touches)
        return known

    def _look_around(self, paths: list[str]) -> bool:
        """Follow all imports; say whether that came to an end."""
        pending = list(dict.fromkeys(paths))
        alone: list[str] = []
        while pending:
            current = pending.pop()
            if current in self._imported:
                continue
            if len(self._imported) >= MAX_PROGRAM:
                return False
            raw = self._project.read(current)
            self._imported[current] = ()
            if raw is None or self._project.is_runtime(current):
                continue
            entries = list(_imports(raw))
            found = dict.fromkeys(other for entry in entries for other in self._resolve(current, entry))
            self._imported[current] = tuple(found)
            for other in found:
                self._importers.setdefault(other, {})[current] = None
            pending.extend(found)
            if self._is_test(current):
                continue
            if not (
                self._importers.get(current) or any(not self._project.is_runtime(each) for each in found)
            ):
                alone.append(current)
            elif _sets_up(raw):
                self._setting_up.append(current)
        for (
            path
        ) in alone:  # of what runs with nothing else nobody asks; but by now something may have been found
            if self._importers.get(path) and _sets_up(self._project.read(path) or b""):
                self._setting_up.append(path)
        self._setting_up.sort()
        return True

    def _with(self, path: str) -> set[str]:
        """Return the files that may run in one process with one: where it can be reached from, and what these import."""
        above = {path}
        pending = [path]
        while pending:
            for user in self._importers.get(pending.pop(), ()):
                if user not in above:
                    above.add(user)
                    if not self._is_test(user):  # tests import what never runs together else
                        pending.append(user)
        found = set(above)
        pending = [each for each in above if not self._is_test(each)]
        while pending:
            for other in self._imported.get(pending.pop(), ()):
                if other not in found:
                    found.add(other)
                    pending.append(other)
        return found

    def _is_test(self, path: str) -> bool:
        known = self._tests.get(path)
        if known is None:
            name, folders = os.path.basename(path), path.removeprefix(str(self._project.root))
            known = self._tests[path] = (
                name.startswith("test_")
                or name.endswith("_test.py")
                or name == "conftest.py"
                or _OF_TESTS.search(folders) is not None
            )
        return known


@cache
def _called(path: str) -> frozenset[bytes]:
    """Return the words by which a file may be loaded: its name, and that of its folder."""
    folder, name = os.path.split(path)
    return frozenset({os.fsencode(name.rpartition(".")[0]), os.fsencode(os.path.basename(folder))})


def _sets_up(raw: bytes) -> bool:
    """Whether a file may set something up: by what it names, or since it sets an attribute of what it imports."""
    if SETTING_UP.search(raw) is not None or HEIRS.search(raw) is not None:
        return True
    stored = {name for name, operator in _STORE.findall(raw) if operator}
    if not stored:
        return False
    return any(not stored.isdisjoint(_IDENTIFIER.findall(found[0])) for found in IMPORT.finditer(raw))


@cache
def imports_of_runtime(module: str) -> FileFacts:
    """Say of a runtime file, as this version has it, what it imports, and nothing else.

    Args:
        module: ``worker_logger`` or ``worker_utils``.
    """
    return FileFacts(tuple(_imports(_RENAMED.sub(b"", runtime_text(module).encode("utf-8")))))


def _imports(raw: bytes) -> Iterator[Import]:
    """Read the imports of a file from its bytes: a line of a text that reads like one counts, too."""
    for found in IMPORT.finditer(raw.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")):
        if found["modules"] is not None:
            for part in found["modules"].split(b","):
                module = part.split()[:1]
                if module:
                    yield Import(_text(module[0]), 0, (), 0, "top")
            continue
        base = _text(found["base"])
        module_name = base.lstrip(".")
        names = tuple(map(_text, _IDENTIFIER.findall(found["names"])))
        yield Import(module_name, len(base) - len(module_name), names, 0, "top")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
