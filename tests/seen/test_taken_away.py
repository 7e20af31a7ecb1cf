"""One right type is taken away by hand, from every list of every handler of the sample workers in turn: it comes back.

On trial the type then arrives at the handler; in a narrowed worker it passes the handler, and ends the worker or is caught further
out. Each time exactly that type is proposed, at exactly that handler. Handlers of which no one's ``try`` leads to another one have
nothing to do with one another here, so a round takes a type from each of several, and settles the worker once.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import grids
import pytest

from workerlog_migrate.analysis.exceptions import LOCAL, Hierarchy
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
STRIDE = 3
"""From one round that is tried to the next; with WORKERLOG_CI_ALL=1 all are."""
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


@functools.lru_cache(maxsize=1)
def hierarchy_of(module: Module) -> Hierarchy:
    """Give the exception classes that a worker knows, its own among them: of one worker they are asked for hundreds of times."""
    engine = Types(module, Knowledge(), Settings()).engine
    for node in module.classes:
        engine.families.exception_name(engine.unit.class_info(node))
    return engine.hierarchy


def lineage(module: Module, name: str) -> tuple[str, ...]:
    """Give a class as the runtime writes it, and all that it inherits from."""
    hierarchy = hierarchy_of(module)
    canonical = LOCAL + name if hierarchy.is_exception(LOCAL + name) else hierarchy.canonical(name)
    written = [entry_point(each) for each in hierarchy.ancestors(canonical)]
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


def name_of(module: Module, node: ast.AST) -> str:
    return function_of(module, node)[0].rpartition(".")[2]


def words(node: ast.AST) -> set[str]:
    """Give the names that a piece of code mentions: what it calls is among them."""
    found = [each.id if isinstance(each, ast.Name) else getattr(each, "attr", "") for each in ast.walk(node)]
    return set(found)


def functions_below(module: Module, handler: ast.ExceptHandler) -> set[str]:
    """Give the names of the functions that a handler's ``try`` leads to, and more."""
    functions = {
        node.name: node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found: set[str] = set()
    left = [module.parents[handler]]
    while left:
        new = words(left.pop()) & functions.keys() - found
        found |= new
        left += [functions[name] for name in new]
    return found


class Taken(NamedTuple):
    """A type that is taken away: its handler, where it stands, and the list it stands in."""

    handler: ast.ExceptHandler
    entry: ast.expr
    members: list[ast.expr]
    whole: ast.expr


def rounds(module: Module, takings: Iterable[Taken]) -> list[list[Taken]]:
    """Give the takings in rounds, of each handler one at most, and none that another one's ``try`` leads to.

    A handler on trial is broad, whatever its list says: past it nothing leads anywhere.
    """
    takings = list(takings)
    below = {taken.handler: functions_below(module, taken.handler) for taken in takings}

    def leads(outer: ast.ExceptHandler, inner: ast.ExceptHandler) -> bool:
        if outer is inner or watch_of(module, outer) is not None:
            return outer is inner
        return module.parents[outer] in module.ancestors(inner) or name_of(module, inner) in below[outer]

    made: list[list[Taken]] = []
    for taken in takings:
        own = taken.handler
        fitting = (
            each
            for each in made
            if not any(leads(other.handler, own) or leads(own, other.handler) for other in each)
        )
        chosen = next(fitting, None)
        if chosen is None:
            made.append(chosen := [])
        chosen.append(taken)
    return made


def without(module: Module, taken: Iterable[Taken]) -> bytes:
    """Take a member out of each list in the source; lines stay where they are."""
    text = module.source.text
    for _, entry, members, whole in sorted(taken, key=lambda each: each.handler.lineno, reverse=True):
        kept = [module.text(each) for each in members if each is not entry]
        span = module.span(whole)
        start, end = module.offset(span.line, span.column), module.offset(span.end_line, span.end_column)
        if isinstance(whole, ast.Call):
            new = f"{module.text(whole.func)}({', '.join([module.text(whole.args[0]), *kept])})"
        else:
            new = f"({', '.join(kept)}{',' if len(kept) == 1 else ''})"
        text = text[:start] + new + text[end:]
    return text.encode(module.source.encoding)


def frame_of(name: str, module: Module, handler: ast.ExceptHandler) -> tuple[str, str, int, int]:
    """Give the place in which what a handler's body raises comes up: file, function, its line, the body's line."""
    owner = module.parents[handler]
    assert isinstance(owner, ast.Try)
    return f"/srv/{name}", *function_of(module, handler), owner.body[0].lineno


def watched(module: Module) -> Iterator[Taken]:
    for handler in module.handlers:
        call = watch_of(module, handler)
        for entry in call.args[1:] if call is not None else ():
            assert call is not None  # it has arguments
            yield Taken(handler, entry, call.args[1:], call)


def narrowed(name: str, module: Module) -> Iterator[Taken]:
    before = Module(decode(WORKERS / name, (WORKERS / name).read_bytes()))
    broad = {module_text(before, handler) for handler in before.handlers}
    for handler in module.handlers:
        listed = handler.type
        if listed is None or not isinstance(module.parents[handler], ast.Try):
            continue
        members = listed.elts if isinstance(listed, ast.Tuple) else [listed]
        if (
            module_text(module, handler) not in broad
            and not any(isinstance(each, ast.Starred) for each in members)
            and module.text(listed) not in ("Exception", "BaseException")
        ):
            yield from (Taken(handler, entry, members, listed) for entry in members)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_was_taken_off_a_watch_comes_back(name: str) -> None:
    """(a): the type arrives at the watched handler, and is of its list afterwards."""
    module = Module(decode(Path(name), migrated(name, Trial.ON)))
    tried = 0
    for taken in grids.share(rounds(module, watched(module)), STRIDE):
        arrivals = []
        for handler, entry, _, call in taken:
            text = ast.literal_eval(entry) if isinstance(entry, ast.Constant) else module.text(entry)
            kind, *bases = lineage(module, text.removeprefix("."))
            frame = frame_of(name, module, handler)
            arrivals.append(Arrival(*frame[:3], call.lineno, kind, tuple(bases), frames=(frame,)))
        seen = Seen(here=tuple(arrivals), through=tuple((each, (0,)) for each in arrivals))

        _, edits = settled(name, without(module, taken), seen)

        assert [line for line, _ in edits] == [each.handler.lineno for each in taken]
        for (_, types), each in zip(edits, taken, strict=True):
            whole = {
                module.text(member).strip("\"'").removeprefix(".").rpartition(".")[2]
                for member in each.members
            }
            assert {name.rpartition(".")[2] for name in types} == whole
            tried += 1
    assert tried


@pytest.mark.parametrize("is_uncaught", [True, False], ids=["uncaught", "caught further out"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_was_taken_off_a_narrow_list_comes_back(name: str, is_uncaught: bool) -> None:
    """(b): the type passes the handler, and exactly that type is proposed at exactly that handler."""
    module = Module(decode(Path(name), migrated(name, Trial.OFF)))
    tried = 0
    for taken in grids.share(rounds(module, narrowed(name, module)), STRIDE, 1 + is_uncaught):
        arrivals = []
        for handler, entry, _, _ in taken:
            kind, *bases = lineage(module, module.text(entry))
            frame = frame_of(name, module, handler)
            arrival = Arrival(*frame[:3], 1, kind, tuple(bases), frames=(frame,), uncaught=is_uncaught)
            if not is_uncaught:  # by a handler of another file, which called this one
                outer = ("/srv/other.py", "main", 1, 3)
                path, function, first, _ = outer
                arrival = replace(
                    arrival,
                    path=path,
                    function=function,
                    function_line=first,
                    line=5,
                    frames=(outer, frame),
                )
            arrivals.append(arrival)
        seen = Seen(through=tuple((each, (len(each.frames) - 1,)) for each in arrivals))

        _, edits = settled(name, without(module, taken), seen)

        assert edits == [
            (each.handler.lineno, tuple(sorted(module.text(member) for member in each.members)))
            for each in taken
        ]
        tried += len(taken)
    assert tried or name == "genesis_comum.py"


def module_text(module: Module, handler: ast.ExceptHandler) -> tuple[str, str]:
    """Tell a handler by its type and function, to leave out those that a person wrote."""
    return module.text(handler.type) if handler.type is not None else "", function_of(module, handler)[0]
