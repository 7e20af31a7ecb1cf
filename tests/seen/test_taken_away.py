"""One right type is taken away by hand, from every list of every handler of the sample workers in turn: it comes back.

On trial the type then arrives at the handler; in a narrowed worker it passes the handler, and ends the worker or is caught further
out. Each time exactly that type is proposed, at exactly that handler.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workerlog_migrate.analysis.exceptions import LOCAL
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.analysis.watch import watch_of
from workerlog_migrate.files.source import decode
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Arrival, Seen, Settings, Target, Trial
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.registry import LOGGER_SETUP, SPECIFIC_EXCEPTIONS

WORKERS = Path(__file__).resolve().parents[2] / "fixtures" / "workers" / "scripts"
SCRIPTS = sorted(path.name for path in WORKERS.glob("*.py"))
SELECT = (LOGGER_SETUP, SPECIFIC_EXCEPTIONS)


@functools.cache
def migrated(name: str, trial: Trial) -> bytes:
    """Put a sample worker on trial, or narrow it."""
    target = Target(WORKERS / name, name[:4], pattern="*")
    result = migrate_source(
        decode(target.path, (WORKERS / name).read_bytes()), target, Settings(select=SELECT, trial=trial)
    )
    assert result.error is None
    return result.after


def settled(name: str, raw: bytes, seen: Seen) -> tuple[bytes, list[tuple[int, tuple[str, ...]]]]:
    """Settle a worker by what was seen; give its bytes, and line and list of each handler that changes."""
    target = Target(WORKERS / name, name[:4], pattern="*")
    settings = Settings(select=SELECT, seen=((str(target.path), seen),))
    result = migrate_source(decode(target.path, raw), target, settings)
    assert result.error is None
    edits = [
        (finding.span.line, finding.edit.types or ())
        for finding in result.plan.applied
        if isinstance(finding.edit, HandlerEdit)
    ]
    return result.after, edits


def lineage(module: Module, name: str) -> tuple[str, ...]:
    """Give a class as the runtime writes it, and all that it inherits from."""
    types = Types(module, Knowledge(), Settings())
    engine = types.engine
    for node in module.classes:
        engine.families.exception_name(engine.unit.class_info(node))
    canonical = (
        LOCAL + name if engine.hierarchy.is_exception(LOCAL + name) else engine.hierarchy.canonical(name)
    )
    written = [entry_point(each) for each in engine.hierarchy.ancestors(canonical)]
    types.close()
    own = entry_point(canonical)
    return (own, *sorted(each for each in written if each != own))


def entry_point(canonical: str) -> str:
    if canonical.startswith(LOCAL):
        return f"__main__:{canonical.removeprefix(LOCAL)}"
    module, dot, qualified = canonical.rpartition(".")
    return f"{module}:{qualified}" if dot else f"builtins:{canonical}"


def function_of(module: Module, node: ast.AST) -> tuple[str, int]:
    """Give qualified name and first line of the function that runs a node."""
    parts: list[str] = []
    first = 1
    for parent in module.ancestors(node):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            if not parts:
                first = min([parent.lineno, *(each.lineno for each in parent.decorator_list)])
            else:
                parts.append("<locals>")
            parts.append(parent.name)
        elif isinstance(parent, ast.ClassDef):
            parts.append(parent.name)
    return ".".join(reversed(parts)) or "<module>", first


def watched_handlers(module: Module) -> Iterator[tuple[ast.ExceptHandler, ast.Call, ast.expr]]:
    for handler in module.handlers:
        call = watch_of(module, handler)
        for entry in call.args[1:] if call is not None else ():
            assert call is not None  # it has arguments
            yield handler, call, entry


def without(module: Module, entry: ast.expr, members: list[ast.expr], whole: ast.expr) -> bytes:
    """Take one member out of a list in the source; lines stay where they are."""
    kept = [module.text(each) for each in members if each is not entry]
    span = module.span(whole)
    start, end = module.offset(span.line, span.column), module.offset(span.end_line, span.end_column)
    text = module.source.text
    if isinstance(whole, ast.Call):
        new = f"{module.text(whole.func)}({', '.join([module.text(whole.args[0]), *kept])})"
    else:
        new = f"({', '.join(kept)}{',' if len(kept) == 1 else ''})"
    changed = text[:start] + new + text[end:]
    return changed.encode(module.source.encoding)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_was_taken_off_a_watch_comes_back(name: str) -> None:
    """(a): the type arrives at the watched handler, and is of its list afterwards."""
    module = Module(decode(Path(name), migrated(name, Trial.ON)))
    tried = 0
    for handler, call, entry in watched_handlers(module):
        raw = without(module, entry, call.args[1:], call)
        text = ast.literal_eval(entry) if isinstance(entry, ast.Constant) else module.text(entry)
        kind, *bases = lineage(module, text.removeprefix("."))
        function, first = function_of(module, handler)
        owner = module.parents[handler]
        assert isinstance(owner, ast.Try)
        frame = (f"/srv/{name}", function, first, owner.body[0].lineno)
        arrival = Arrival(f"/srv/{name}", function, first, call.lineno, kind, tuple(bases), frames=(frame,))

        _, edits = settled(name, raw, Seen(here=(arrival,), through=((arrival, (0,)),)))

        assert [line for line, _ in edits] == [handler.lineno]
        whole = {
            module.text(each).strip("\"'").removeprefix(".").rpartition(".")[2] for each in call.args[1:]
        }
        assert {each.rpartition(".")[2] for each in edits[0][1]} == whole
        tried += 1
    assert tried


@pytest.mark.parametrize("is_uncaught", [True, False], ids=["uncaught", "caught further out"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_was_taken_off_a_narrow_list_comes_back(name: str, is_uncaught: bool) -> None:
    """(b): the type passes the handler, and exactly that type is proposed at exactly that handler."""
    before = Module(decode(WORKERS / name, (WORKERS / name).read_bytes()))
    broad = {module_text(before, handler) for handler in before.handlers}
    module = Module(decode(Path(name), migrated(name, Trial.OFF)))
    header = find_header(module, Target(Path(name), name[:4]))
    tried = 0
    for handler in module.handlers:
        owner = module.parents[handler]
        if handler.type is None or not isinstance(owner, ast.Try) or module_text(module, handler) in broad:
            continue
        members = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(isinstance(each, ast.Starred) for each in members) or module.text(handler.type) in (
            "Exception",
            "BaseException",
        ):
            continue
        for entry in members:
            raw = without(module, entry, members, handler.type)
            kind, *bases = lineage(module, module.text(entry))
            function, first = function_of(module, handler)
            frame = (f"/srv/{name}", function, first, owner.body[0].lineno)
            arrival = Arrival(
                f"/srv/{name}", function, first, 1, kind, tuple(bases), frames=(frame,), uncaught=is_uncaught
            )
            if not is_uncaught:  # by a handler of another file, which called this one
                outer = ("/srv/other.py", "main", 1, 3)
                arrival = replace(
                    arrival,
                    path="/srv/other.py",
                    function="main",
                    function_line=1,
                    line=5,
                    frames=(outer, frame),
                )
            _, edits = settled(name, raw, Seen(through=((arrival, (len(arrival.frames) - 1,)),)))

            assert edits == [(handler.lineno, tuple(sorted(module.text(each) for each in members)))], (
                kind,
                header.line,
            )
            tried += 1
    assert tried or name == "genesis_comum.py"


def module_text(module: Module, handler: ast.ExceptHandler) -> tuple[str, str]:
    """Tell a handler by its type and function, to leave out those that a person wrote."""
    return module.text(handler.type) if handler.type is not None else "", function_of(module, handler)[0]
