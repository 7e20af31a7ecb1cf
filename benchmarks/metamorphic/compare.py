"""What is inferred of a file before and after it was changed in ways that leave it the program that it is."""

from __future__ import annotations

import ast
import contextlib
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

FORMATTED = "a formatter run"
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


def differences(path: Path, root: Path, only: str = "") -> Iterator[tuple[str, str, Verdict, Verdict | None]]:
    """Change one file of a project in each way.

    Args:
        path: the file; it is what it was in the end.
        root: the folder in which the project is.
        only: the name of the only change that is made.

    Yields:
        The change, the function and number of a ``try`` statement in it, and what was inferred before and after.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
        before = _verdicts({path: text}, root)
        made = changes.formatted(text) if only in ("", FORMATTED) else None
        if made is not None:
            yield from _compared(FORMATTED, before, _verdicts({path: made}, root))
        plain = changes.base(text)
        before = _verdicts({path: plain}, root)
        in_package = (path.parent / "__init__.py").exists()
        for change, files in changes.changed(plain, path.stem, in_package=in_package):
            if only in ("", change):
                texts = {path.with_name(name) if name else path: each for name, each in files.items()}
                yield from _compared(change, before, _verdicts(texts, root))
    except (UnicodeError, SyntaxError, Refused):
        return
    finally:
        path.write_bytes(raw)


def _compared(
    change: str, before: dict[str, Verdict], after: dict[str, Verdict]
) -> Iterator[tuple[str, str, Verdict, Verdict | None]]:
    for key, verdict in before.items():
        yield change, key, verdict, after.get(key)


def _verdicts(texts: dict[Path, str], root: Path) -> dict[str, Verdict]:
    """Write texts, infer what each ``try`` body in them can raise, and take away the files that were not there."""
    new = [path for path in texts if not path.exists()]
    try:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
        found: dict[str, Verdict] = {}
        twice: set[str] = set()
        for target in place([Target(path, path.stem) for path in texts], root, None):
            for key, verdict in _inferred(target):
                twice |= {key} & found.keys()
                found[key] = verdict
        return {key: verdict for key, verdict in found.items() if key not in twice}
    finally:
        for path in new:
            path.unlink(missing_ok=True)


def _inferred(target: Target) -> Iterator[tuple[str, Verdict]]:
    module = Module(decode(target.path, target.path.read_bytes()))
    with _all_asked():
        types = Types(module, _KNOWLEDGE, Settings(), users=dict(target.users))
    engine = types.engine
    counts: dict[str, int] = {}
    for node in sorted(module.tries, key=lambda entry: (entry.lineno, entry.col_offset)):
        where = _qualified(node, module)
        counts[where] = counts.get(where, 0) + 1
        inference = infer(engine, engine.flow.block(node, engine.unit.enclosing(node)))
        # A class of the file has another name where it is seen from another file.
        names = tuple(sorted(name.rpartition(":")[2].rpartition(".")[2] for name in inference.names))
        yield f"{where}#{counts[where]}", Verdict(names, inference.is_complete)
    types.close()


@contextlib.contextmanager
def _all_asked() -> Iterator[None]:
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
    return ".".join(reversed([each.name for each in owners]))
