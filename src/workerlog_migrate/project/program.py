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
from workerlog_migrate.model import MANY
from workerlog_migrate.project.said import FileFacts, Import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from workerlog_migrate.project.index import Project

MAX_PROGRAM = 5_000
"""So many files that import one another are looked at; where there are more, nobody knows what all of them do."""

MAX_SETTING_UP = 200
"""Where more files that run with a script set something up, `MANY` stands in their place."""

MAX_STEPS = 2_000_000
"""So often a file is looked at for another one that sets something up; where it is not enough, nobody knows who runs with whom."""

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
