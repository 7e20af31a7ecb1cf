"""What is inferred of a file before and after it was changed in ways that leave it the program that it is."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workerlog_migrate.analysis import questions
from workerlog_migrate.analysis.exceptions import Hierarchy
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.errors import Refused
from workerlog_migrate.files.source import decode
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.project import place

from . import changes
from .moving import Files
from .naming import SUFFIX
from .scopes import Others

_KNOWLEDGE = Knowledge()
_FUEL = 10**9


class Verdict(NamedTuple):
    """What a body can raise: the names, and whether they are all."""

    names: tuple[str, ...]
    is_complete: bool


def shrinks(before: Verdict, after: Verdict | None) -> bool:
    """Say whether a list lost something: a name that nothing in it catches any more, or that it was not complete.

    Args:
        before: of the text itself.
        after: of the changed one; None where the body is not to be found any more.
    """
    if after is None:
        return True
    if not after.is_complete:
        return False
    if not before.is_complete:
        return True
    hierarchy = Hierarchy(_KNOWLEDGE)
    return not all(
        name in after.names or hierarchy.is_caught(name, frozenset(after.names)) for name in before.names
    )


def outcome(before: Verdict, after: Verdict | None) -> str:
    """Say in words what became of a list.

    Args:
        before: of the text itself.
        after: of the changed one; None where the body is not to be found any more.
    """
    if shrinks(before, after):
        return "shrank"
    if after is not None and not after.is_complete:
        return "no longer complete" if before.is_complete else "never complete"
    return "same" if after == before else "grew"


class Difference(NamedTuple):
    """What a change made of one body.

    Attributes:
        change: its name.
        key: the function and the number of a ``try`` statement in it.
        before: what was inferred of it.
        after: what is now; None where it is not to be found any more.
    """

    change: str
    key: str
    before: Verdict
    after: Verdict | None


class Project:
    """A folder with files that are changed one at a time.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.left: list[str] = []
        self._said: dict[Path, Others] = {}
        for path in sorted(root.rglob("*.py")):
            with contextlib.suppress(UnicodeError, SyntaxError, ValueError):
                self._said[path] = Others.of([ast.parse(path.read_text("utf-8"))])

    def differences(self, path: Path, only: str = "") -> Iterator[Difference]:
        """Change one file in each way.

        Args:
            path: the file; it is what it was in the end.
            only: how the names of the changes begin that are made.

        Yields:
            What became of each body by each change. A change that could not be looked at is a line of ``left``.
        """
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8")
            plain = changes.base(text)
            before = _verdicts({"": text}, path, self.root)
            if not before:
                return
            if any(name.startswith(only) for name in changes.FORMATTED):
                for change, files in changes.formatted(text):
                    if change.startswith(only):
                        yield from self._compared(change, before, files, path)
            before = _verdicts({"": plain}, path, self.root)
            for change, files in changes.changed(plain, self._place(path), only):
                yield from self._compared(change, before, files, path)
        except (UnicodeError, SyntaxError, Refused) as error:
            self.left.append(f"{path.relative_to(self.root)}: {error}")
        finally:
            path.write_bytes(raw)

    def _compared(
        self, change: str, before: dict[str, Verdict], files: Files, path: Path
    ) -> Iterator[Difference]:
        try:
            after = _verdicts(files, path, self.root)
        except Refused as error:
            self.left.append(f"{path.relative_to(self.root)}: {change}: {error}")
            return
        for key, verdict in before.items():
            yield Difference(change, key, verdict, after.get(key))

    def _place(self, path: Path) -> changes.Place:
        package: list[str] = []
        folder = path.parent
        while (folder / "__init__.py").exists():
            package.insert(0, folder.name)
            folder = folder.parent
        others = Others(set(), set())
        for other, said in self._said.items():
            if other != path:
                others.words.update(said.words)
                others.keywords.update(said.keywords)
        return changes.Place(path.stem, ".".join(package), others)


def _verdicts(files: Files, changed: Path, root: Path) -> dict[str, Verdict]:
    """Write texts, infer what each ``try`` body that was in the file can raise, and take away what was not there."""
    texts = {changed.parent / name if name else changed: text for name, text in files.items()}
    new = [path for path in texts if not path.exists()]
    folders = {path.parent for path in new if not path.parent.exists()}
    moved = [path for path in texts if path == changed or changes.is_part(path.name)]
    try:
        for path, text in texts.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        found: dict[str, Verdict] = {}
        twice: set[str] = set()
        for target in place([Target(path, path.stem) for path in moved], root, None):
            for key, verdict in _inferred(target):
                twice |= {key} & found.keys()
                found[key] = verdict
        return {key: verdict for key, verdict in found.items() if key not in twice}
    finally:
        for path in new:
            path.unlink(missing_ok=True)
        for folder in folders:
            folder.rmdir()


def _inferred(target: Target) -> Iterator[tuple[str, Verdict]]:
    module = Module(decode(target.path, target.path.read_bytes()))
    with all_asked():
        types = Types(module, _KNOWLEDGE, Settings(), users=dict(target.users))
    engine = types.engine
    counts: dict[str, int] = {}
    for node in sorted(module.tries, key=lambda entry: (entry.lineno, entry.col_offset)):
        where = _qualified(node, module)
        counts[where] = counts.get(where, 0) + 1
        inference = infer(engine, engine.flow.block(node, engine.unit.enclosing(node)))
        names = tuple(sorted(map(_name, inference.names)))
        yield f"{where}#{counts[where]}", Verdict(names, inference.is_complete)
    types.close()


def _name(name: str) -> str:
    """Give the name by which an exception is compared: a class of the program has another one where it is seen from another file."""
    if ":" not in name and name.partition(".")[0] in sys.stdlib_module_names:
        return name
    return name.rpartition(":")[2].rpartition(".")[2].replace(SUFFIX, "")


@contextlib.contextmanager
def all_asked() -> Iterator[None]:
    """Let what is made meanwhile ask as much as it likes.

    Other names ask another number of questions. Where a large file has used up what it may ask, what comes later is unknown: a list
    that is complete only since less was asked before it has lost nothing.
    """
    before, questions._FUEL = questions._FUEL, _FUEL
    try:
        yield
    finally:
        questions._FUEL = before


def _qualified(node: ast.AST, module: Module) -> str:
    owners = (
        each
        for each in module.ancestors(node)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )
    return ".".join(reversed([each.name.replace(SUFFIX, "") for each in owners]))
