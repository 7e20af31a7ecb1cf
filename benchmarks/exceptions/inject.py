"""Raise in every call of every ``try`` body, before and after the migration, and compare what is swallowed.

    python benchmarks/exceptions/inject.py [--cases N]

For each broad handler of the sample workers that the codemod narrows, and for N cases from the standard library of the
running interpreter (handlers that a person made specific, made broad again in memory; default 200): the body of the
``try`` is cut down to one call at a time, which is replaced by a stub that raises. What stands around the call inside
the body stays as it is written where it decides what gets out: inner ``try`` statements with their types, and
``suppress``. Bodies of handlers only say that they ran. So the types are evaluated by Python, in a namespace with the
script's own imports and exception classes, once as they were and once as they are.

The stub raises, one at a time, what the rows say about the callee without regard to arguments (so nothing of the
interpretation of the body is believed), for OSError also the kinds that a disk and a network really give, and what
``raise`` statements in the body raise. What was swallowed before has to be swallowed after. Controls: SystemExit,
KeyboardInterrupt and GeneratorExit are never swallowed after, nor is a MemoryError; and with one type of each handler
taken away there are disagreements.

A disagreement is printed with the call and the exception; exit code 1 if the sample workers have one.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import copy
import importlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

import run  # sets the path to the sources
from cases import Case, cases_of, module_of, standard_library

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.finders import specific_exceptions
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import SPECIFIC_EXCEPTIONS, HandlerEdit, Settings, Target

WORKERS = run.ROOT / "fixtures" / "workers" / "scripts"
STUBS = run.ROOT / "tests" / "behaviour" / "stubs"
CONTROLS = ("SystemExit", "KeyboardInterrupt", "GeneratorExit")
OS_KINDS = (
    "FileNotFoundError",
    "PermissionError",
    "IsADirectoryError",
    "FileExistsError",
    "ConnectionResetError",
    "BrokenPipeError",
    "TimeoutError",
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))


@dataclass(frozen=True)
class Site:
    """A narrowed handler: the ``try`` statement, and the types it is to have.

    Attributes:
        module: the script, with the broad handler.
        owner: the ``try`` statement.
        index: of the handler.
        types: what the codemod writes.

    """

    module: Module
    owner: ast.Try
    index: int
    types: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass
class Tally:
    """What was tried, and the disagreements."""

    handlers: int = 0
    calls: int = 0
    faults: int = 0
    swallowed: int = 0
    controls: int = 0
    skipped: int = 0
    disagreements: list[str] | None = None


# -- sites --------------------------------------------------------------------------------------------------


def sites_of(module: Module, knowledge: Knowledge, line: int | None = None) -> tuple[list[Site], Types]:
    """Return the handlers of a module that the codemod narrows.

    Args:
        module: the script.
        knowledge: the rows.
        line: only the handler of that line.

    Returns:
        The sites, and the types of the script.

    """
    settings = Settings(select=(SPECIFIC_EXCEPTIONS,))
    target = Target(module.source.path, "worker")
    types = Types(module, knowledge, settings)
    findings = list(
        specific_exceptions.find(module, Context(settings, target, find_header(module, target), types))
    )
    needs = tuple(finding.message for finding in findings if finding.kind == specific_exceptions.NEEDS_IMPORT)
    found: list[Site] = []
    for finding in findings:
        edit = finding.edit
        if not isinstance(edit, HandlerEdit) or edit.types is None:
            continue
        for handler in module.handlers:
            owner = module.parents[handler]
            if (
                module.span(handler) == finding.span
                and isinstance(owner, ast.Try)
                and line in (None, handler.lineno)
            ):
                found.append(Site(module, owner, owner.handlers.index(handler), edit.types, needs))
    return found, types


def calls_of(owner: ast.Try) -> list[ast.Call]:
    """Return the calls in the body that run when the body runs, in source order."""
    found: list[ast.Call] = []
    stack: list[ast.AST] = list(reversed(owner.body))
    while stack:
        node = stack.pop()
        if isinstance(node, FUNCTIONS):
            continue
        if isinstance(node, ast.Call):
            found.append(node)
        stack.extend(reversed(list(ast.iter_child_nodes(node))))
    return found


def faults_of(call: ast.Call, types: Types, knowledge: Knowledge) -> tuple[str, ...]:
    """Return what the rows say that a callee raises whatever its arguments, each OSError in several kinds."""
    name = types.callee(call)
    entry = knowledge.call(name) if name else None
    if entry is None:
        return ()
    found = dict.fromkeys(entry.raises)
    if "OSError" in found:
        found.update(dict.fromkeys(OS_KINDS))
    return tuple(found)


# -- running ------------------------------------------------------------------------------------------------


def outcome(
    site: Site, call: ast.Call, fault: BaseException, namespace: dict[str, object], after: bool
) -> str:
    """Run the reduced statement with a stub that raises in place of a call.

    Args:
        site: the handler.
        call: the call in its body.
        fault: what the stub raises.
        namespace: globals of the script.
        after: with the new types instead of the old ones.

    Returns:
        ``swallowed``, ``inner`` (a handler inside the body took it), ``escaped``, or what else got out.

    """
    path = [call, *_ancestors(site.module, call, site.owner)]
    body = _reduced(path)
    handlers = []
    for index, handler in enumerate(site.owner.handlers):
        new = copy.copy(handler)
        if index == site.index:
            new.body = [_said("swallowed")]
            if after:
                text = f"({', '.join(site.types)},)"
                new.type = ast.parse(text, mode="eval").body
        else:
            new.body = [_said("inner")]
        handlers.append(new)
    statement = ast.Try(body, handlers, [], [])
    whole = ast.Module([statement], [])
    ast.fix_missing_locations(whole)
    said: list[str] = []

    def stub() -> None:
        raise fault

    scope = dict(namespace, __stub__=stub, __said__=said.append)
    try:
        exec(compile(whole, "<reduced>", "exec"), scope)
    except BaseException as error:  # noqa: BLE001  # what gets out is the result
        return "escaped" if error is fault else f"{type(error).__name__}: {error}"
    return said[-1] if said else "inner"


def _ancestors(module: Module, node: ast.AST, stop: ast.AST) -> Iterator[ast.AST]:
    for parent in module.ancestors(node):
        if parent is stop:
            return
        yield parent


def _reduced(path: list[ast.AST]) -> list[ast.stmt]:
    """Return the stub's call inside the inner ``try`` and ``suppress`` that stand around the call."""
    body: list[ast.stmt] = [ast.parse("__stub__()").body[0]]
    child: ast.AST = path[0]
    for parent in path[1:]:
        if isinstance(parent, TRIES) and child in parent.body:
            handlers = []
            for handler in parent.handlers:
                new = copy.copy(handler)
                new.body = [ast.Raise()] if _ends_in_raise(handler) else [_said("inner")]
                handlers.append(new)
            kind = type(parent)
            body = [kind(body, handlers, [], [] if handlers else [ast.Pass()])]
        elif isinstance(parent, ast.With) and child in parent.body:
            items = [
                item
                for item in parent.items
                if isinstance(item.context_expr, ast.Call) and "suppress" in ast.dump(item.context_expr.func)
            ]
            if items:
                body = [ast.With([ast.withitem(item.context_expr) for item in items], body)]
        child = parent
    return body


def _ends_in_raise(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))


def _said(word: str) -> ast.stmt:
    return ast.parse(f"__said__({word!r})").body[0]


def instance(name: str, namespace: dict[str, object]) -> BaseException | None:
    """Make an instance of a class by its canonical name, without running its constructor; None if it cannot be had."""
    kind: object = None
    if "." not in name:
        kind = getattr(__import__("builtins"), name, namespace.get(name))
    else:
        parts = name.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            try:
                kind = importlib.import_module(".".join(parts[:cut]))
            except ImportError:
                continue
            for part in parts[cut:]:
                kind = getattr(kind, part, None)
            break
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return None
    if issubclass(kind, UnicodeDecodeError | UnicodeEncodeError):
        return kind("utf-8", b"\xff" if issubclass(kind, UnicodeDecodeError) else "x", 0, 1, "injected")
    return kind.__new__(kind, "injected")


def check(site: Site, types: Types, knowledge: Knowledge, namespace: dict[str, object], tally: Tally) -> None:
    """Raise everything in every call of one body and note the disagreements."""
    handler = site.owner.handlers[site.index]
    where = f"{site.module.source.path.name}:{handler.lineno}"
    tally.handlers += 1
    notes: list[str] = []
    for call in calls_of(site.owner):
        tally.calls += 1
        for name in faults_of(call, types, knowledge):
            fault = instance(name, namespace)
            if fault is None:
                tally.skipped += 1
                continue
            tally.faults += 1
            before = outcome(site, call, fault, namespace, after=False)
            after = outcome(site, call, fault, namespace, after=True)
            tally.swallowed += before == "swallowed"
            if before != after:
                notes.append(f"{where} `{ast.unparse(call)[:60]}` {name}: {before} before, {after} after")
        for name in (*CONTROLS, "MemoryError"):
            fault = instance(name, namespace)
            assert fault is not None
            tally.controls += 1
            after = outcome(site, call, fault, namespace, after=True)
            if after == "swallowed":
                notes.append(f"{where} `{ast.unparse(call)[:60]}` {name}: swallowed after")
    assert tally.disagreements is not None
    tally.disagreements.extend(notes)


# -- what is checked ----------------------------------------------------------------------------------------


def workers(knowledge: Knowledge, *, broken: bool = False) -> Tally:
    """Check the sample workers.

    Args:
        knowledge: the rows.
        broken: take one type away from each handler, to see that this is noticed.

    Returns:
        What was tried.

    """
    tally = Tally(disagreements=[])
    for path in sorted(WORKERS.glob("*.py")):
        module = module_of(path, path.read_text(encoding="utf-8"))
        assert module is not None, path
        sites, types = sites_of(module, knowledge)
        namespace = _namespace(module, sites[0].needs if sites else ())
        for site in sites:
            if broken:
                site = replace(site, types=site.types[1:] or ("NotImplementedError",))
            check(site, types, knowledge, namespace, tally)
    return tally


def library(knowledge: Knowledge, limit: int) -> Tally:
    """Check cases from the standard library."""
    tally = Tally(disagreements=[])
    found: list[Case] = [case for file in standard_library() for case in cases_of(file, knowledge)]
    for case in found:
        if tally.handlers >= limit:
            break
        if any(name.startswith("local:") for name in case.names):
            continue  # their types are classes of a module that would have to be run
        module = module_of(case.file.path, case.text)
        if module is None:
            continue
        module.handlers = [handler for handler in module.handlers if handler.lineno == case.line]
        sites, types = sites_of(module, knowledge, case.line)
        for site in sites:
            if not any("." in name and not _is_importable(name) for name in site.types):
                check(site, types, knowledge, _namespace(module, site.needs), tally)
    return tally


def _is_importable(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _namespace(module: Module, needs: tuple[str, ...]) -> dict[str, object]:
    """Run a script's imports and its exception classes; what cannot be imported here is left out."""
    namespace: dict[str, object] = {"__name__": "reduced", "asyncio": asyncio}
    for name in needs:
        namespace[name.partition(".")[0]] = (
            importlib.import_module(name) and sys.modules[name.partition(".")[0]]
        )
    for node in ast.walk(module.tree):
        is_exception = isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases
        )
        if isinstance(node, ast.Import | ast.ImportFrom) or is_exception:
            try:
                exec(compile(ast.Module([node], []), "<imports>", "exec"), namespace)
            except (ImportError, NameError, AttributeError, KeyError, TypeError):
                continue
    return namespace


def _print(what: str, tally: Tally) -> None:
    found = tally.disagreements or []
    print(
        f"{what}: {tally.handlers} narrowed handlers, {tally.calls} calls, {tally.faults} faults "
        f"({tally.swallowed} swallowed before and after, {tally.skipped} of classes that cannot be had here), "
        f"{tally.controls} controls, {len(found)} disagreements"
    )
    for note in found:
        print(f"  {note}")


def main() -> int:
    """Run the checks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--cases", type=int, default=200, help="cases from the standard library (default: 200)"
    )
    options = parser.parse_args()
    sys.path[:0] = [str(STUBS), str(WORKERS)]
    warnings.simplefilter("ignore")  # of old modules that the cases import
    knowledge = Knowledge()
    own = workers(knowledge)
    _print("sample workers", own)
    if options.cases:
        _print("standard library", library(knowledge, options.cases))
    control = workers(knowledge, broken=True).disagreements or []
    print(f"control: with one type of each handler taken away, {len(control)} disagreements")
    return 1 if own.disagreements or not control else 0


if __name__ == "__main__":
    sys.exit(main())
