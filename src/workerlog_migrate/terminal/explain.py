"""What does a codemod do, and why was a place changed or left? For ``--explain``.

A codemod is explained by its page of the documentation, as it is; a place by everything that was found there, with
all evidence. The pages stand in ``docs/codemods`` of the source tree; the wheel carries them as ``workerlog_migrate/docs``.

A broad handler is explained as a reviewer would: its code, what the body can raise and by which call, what cannot arrive
and why (an inner or earlier handler takes it, a check rules it out), and what is not known with the row that would teach it.
What cannot arrive is asked of the analysis here only: it costs more than a migration needs to pay.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workerlog_migrate.analysis.engine import Engine
from workerlog_migrate.analysis.exceptions import LOCAL
from workerlog_migrate.analysis.flow import GuardedBlock
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.config import nearest
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.source import decode
from workerlog_migrate.finders.handler_edits import INCOMPLETE, LEFT, HandlerEdit
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Evidence, FileResult, Finding, Settings
from workerlog_migrate.registry import CODEMODS, SPECIFIC_EXCEPTIONS
from workerlog_migrate.report import WATCHED, ReportedFile
from workerlog_migrate.report.text import render_finding, shown_path
from workerlog_migrate.report.visible import visible
from workerlog_migrate.rewriting.plan import listed_types
from workerlog_migrate.terminal.remedies import remedy_of

_SEEN = "seen:"  # how the rules of evidence begin that workers gave
_DIGITS = 20  # a line's number has fewer
_PACKAGE = Path(__file__).parents[1]
_PAGES = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs" / "codemods")


def split_place(text: str) -> tuple[str, int] | None:
    """Read ``PATH:LINE``.

    Args:
        text: what the user wrote.

    Returns:
        Path and line, from 1; None if it is not of that form.
    """
    path, colon, line = text.rpartition(":")
    if not (path and colon and line.isdecimal() and len(line) < _DIGITS):
        return None
    return (path, int(line)) if int(line) else None


def explain_place(result: FileResult, line: int, settings: Settings, *, color: bool = False) -> str:
    """Say why what stands in a line was changed, or was not.

    Args:
        result: what becomes of the file.
        line: from 1.
        settings: of the run that gave the result.
        color: whether to use ANSI escapes.

    Returns:
        Lines, each ending in a newline.

    Raises:
        UsageError: the file cannot be processed, or has no such line.
    """
    place = f"{shown_path(result.target.path)}:{line}"
    if result.error is not None:
        where = f" (line {result.error.line})" if result.error.line else ""
        raise UsageError(f"--explain {place}: the file is refused: {result.error.reason}{where}")
    lines = result.before.count(b"\n") + (not result.before.endswith(b"\n"))
    if line > lines and b"\n" in result.before:
        raise UsageError(f"--explain {place}: the file has {lines} lines")
    if result.skipped:
        return f"{place}: nothing was looked for in this file ({result.skipped})\n"
    file = ReportedFile(result, result.changed)
    found = _at([*file.applied, *file.left], line) or _of_try(result, [*file.applied, *file.left], line)
    applied = set(file.applied)
    texts = []
    for finding in found:
        text = render_finding(file, finding, is_applied=finding in applied, color=color)
        if finding.codemod == SPECIFIC_EXCEPTIONS:
            head, newline, _ = text.partition("\n")
            text = head + newline + visible(_review(result, finding, settings))
        texts.append(text)
    return "\n".join(texts) or f"{place}: {_why_not(result, line)}\n"


def _at(findings: list[Finding], line: int) -> list[Finding]:
    """Give what begins in a line; failing that, the innermost of what reaches over it."""
    findings = sorted(findings, key=lambda finding: (finding.span, finding.codemod))
    here = [finding for finding in findings if finding.span.line == line]
    around = [finding for finding in findings if finding.span.line < line <= finding.span.end_line]
    return here or [finding for finding in around if finding.span.line == around[-1].span.line]


def _of_try(result: FileResult, findings: list[Finding], line: int) -> list[Finding]:
    """Give what was found about the handlers of the innermost ``try`` whose body holds a line."""
    handlers = _handlers_around(result, line)
    lines = {handler.lineno for handler in handlers}
    return [
        finding
        for finding in findings
        if finding.codemod == SPECIFIC_EXCEPTIONS and finding.span.line in lines
    ]


def _handlers_around(result: FileResult, line: int) -> list[ast.ExceptHandler]:
    """Give the handler that a line stands in, or those of the innermost ``try`` around it."""
    module = Module(decode(result.target.path, result.before))
    around = [node for node in module.tries if node.lineno <= line <= (node.end_lineno or node.lineno)]
    if not around:
        return []
    handlers: list[ast.ExceptHandler] = list(
        getattr(max(around, key=lambda node: node.lineno), "handlers", ())
    )
    own = [node for node in handlers if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return own or handlers


def _why_not(result: FileResult, line: int) -> str:
    for handler in _handlers_around(result, line):
        if reason := _why_handler_stays(handler):
            return reason if handler.lineno == line else f"line {handler.lineno}: {reason}"
    everything = sorted({finding.span.line for finding in (*result.plan.applied, *result.plan.reported)})
    if not everything:
        return "nothing was found, here or anywhere in the file"
    nearest_line = min(everything, key=lambda each: abs(each - line))
    return f"nothing was found here; the nearest finding is in line {nearest_line}"


def _why_handler_stays(handler: ast.ExceptHandler) -> str:
    names = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else set()
    )
    is_broad = handler.type is None or bool(names & {"Exception", "BaseException"})
    if is_broad and any(isinstance(node, ast.Raise) for node in ast.walk(handler)):
        return "this handler raises again, so it stays"
    return "" if is_broad else "this handler names its exceptions already"


# -- the review of a handler ------------------------------------------------------------------------------------

_SHOWN = 4
_SHORT = 16
_LIST = 12


def _review(result: FileResult, finding: Finding, settings: Settings) -> str:
    """Write what a reviewer wants to see of a handler: the code, what can arrive, what cannot, what is not known."""
    place = _find(Module(decode(result.target.path, result.before)), finding)
    if place is None:
        return ""
    seen = [entry for entry in finding.evidence if entry.rule.startswith(_SEEN)]
    known = [entry for entry in finding.evidence if entry.exception and entry not in seen]
    unknown = [entry for entry in finding.evidence if not entry.exception]
    never: list[tuple[Evidence, str]] = []
    if known or unknown:
        engine = Types(place.module, Knowledge(), settings).engine
        if unknown:
            known = list(infer(engine, place.block(engine), place.earlier(engine)).evidence)
        never = list(_never_arrives(place, settings))
    lines = [entry.line for entry in (*known, *unknown)]
    parts = ["\n", *_excerpt(place, lines)]
    listed = listed_types(finding)
    if known:
        parts.append("\n  The body can raise:\n")
        parts.extend(_by_name(known, place, settings, listed))
    if seen:
        parts.append("\n  What was seen:\n")
        parts.extend(_as_seen(entry) for entry in seen)
    if isinstance(finding.edit, HandlerEdit):
        parts.extend(_added(finding))
    if never:
        parts.append("\n  What does not arrive here:\n")
        parts.extend(
            f"    line {entry.line}: {entry.exception} of `{entry.cause}`{_way(entry)}: {why}\n"
            for entry, why in never[:_LIST]
        )
        if len(never) > _LIST:
            parts.append(f"    and {len(never) - _LIST} more\n")
    if unknown:
        parts.append("\n  What is not known:\n")
        for entry in unknown:
            note, *remedies = re.split(r"(?:^|; )(?=to (?:settle|teach) it: )", entry.note)
            parts.append(f"    line {entry.line}: `{entry.cause}`{', ' if note else ''}{note}\n")
            parts.extend(f"        {remedy}\n" for remedy in remedies)
    remedy = remedy_of(finding.reason) if finding.kind in (INCOMPLETE, LEFT) else ""
    if remedy:
        parts.append(f"\n  What would settle it:\n    {remedy}\n")
    return "".join(parts)


def _as_seen(entry: Evidence) -> str:
    judged = {"expected": "as expected", "not-expected": "not expected"}.get(
        entry.rule.removeprefix(_SEEN), "by a mock"
    )
    return f"    {entry.exception}, {judged}: {entry.note}, in {entry.source}\n"


def _added(finding: Finding) -> Iterator[str]:
    edit = finding.edit
    if not isinstance(edit, HandlerEdit):
        return
    if finding.kind == WATCHED:
        yield f"\n  Put first in the handler, which goes on as before and tells what else arrives:\n    {edit.log}\n"
        return
    if edit.unwatch:
        yield f"\n  Taken out of the handler, which is watched no more:\n    {edit.unwatch}\n"
    if edit.log:
        yield f"\n  Added to the handler, so that no error is silent:\n    {edit.log}\n"
    if edit.boundary:
        yield "\n  Added after it, for what is not known:\n    except Exception:\n"
        yield from (f"        {statement}\n" for statement in edit.boundary)


@dataclass(frozen=True, slots=True)
class _Place:
    """A broad handler, or ``suppress``, and the statement that it belongs to."""

    module: Module
    owner: ast.stmt
    node: ast.ExceptHandler | ast.Call

    def block(self, engine: Engine) -> GuardedBlock:
        """Return the effects of the body, before any handler of the statement."""
        key = self.node if isinstance(self.node, ast.Call) else self.owner
        return engine.flow.block(key, engine.unit.enclosing(self.owner))

    def earlier(self, engine: Engine) -> list[str]:
        """Return what the clauses before the handler catch."""
        found: list[str] = []
        for handler in getattr(self.owner, "handlers", ()):
            if handler is self.node:
                break
            frame = engine.flat.frame(engine.unit, handler)
            found.extend(engine.caught.exception_names(handler.type, frame)[0])
        return found


def _find(module: Module, finding: Finding) -> _Place | None:
    for handler in module.handlers:
        if module.span(handler) == finding.span:
            owner = module.parents[handler]
            assert isinstance(owner, ast.stmt)
            return _Place(module, owner, handler)
    for call in module.calls:
        if module.span(call) == finding.span:
            return _Place(module, module.statement(call), call)
    return None


def _excerpt(place: _Place, wanted: Iterable[int]) -> Iterator[str]:
    """Yield a short statement, or the lines of a long one that are spoken of, with numbers."""
    owner, node = place.owner, place.node
    first, last = owner.lineno, owner.end_lineno or owner.lineno
    end = node.end_lineno or node.lineno
    if isinstance(node, ast.Call):
        end = last
    shown = {first} | {line for line in wanted if first <= line <= last}
    shown.update(range(node.lineno, min(end, node.lineno + _SHOWN) + 1))
    shown.update(line + 1 for line in list(shown) if line + 2 in shown)  # no gap of a single line
    if end - first < _SHORT:
        shown.update(range(first, end + 1))
    width = len(str(max(shown)))
    previous = first - 1
    for line in sorted(shown):
        if line != previous + 1:
            yield f"    {'':>{width}}   ...\n"
        previous = line
        yield f"    {line:>{width}} | {place.module.lines[line - 1].rstrip()}".rstrip() + "\n"


def _by_name(
    known: list[Evidence], place: _Place, settings: Settings, listed: tuple[str, ...]
) -> Iterator[str]:
    """Yield the evidence by exception; what a listed parent stands for says so."""
    hierarchy = Types(place.module, Knowledge(), settings).engine.hierarchy
    for name in sorted({entry.exception for entry in known}):
        parent = next((other for other in listed if other != name and hierarchy.is_subclass(name, other)), "")
        yield f"    {name}{f', listed as {parent}' if parent and name not in listed else ''}\n"
        for entry in known:
            if entry.exception == name:
                reason, rule = entry.note, entry.rule
                if rule.startswith("local:"):
                    rule = entry.note.rpartition(", ")[2]
                    meaning = _meaning(rule)
                    reason = f"{_way(entry).removeprefix(', ')}{': ' if meaning else ''}{meaning}"
                before = ", " if rule != entry.rule else ": "
                yield f"        line {entry.line}: `{entry.cause}`{before if reason else ''}{reason}\n"
                yield f"            {rule}: {entry.source}\n"


def _way(entry: Evidence) -> str:
    """Say what in a function of the script it is."""
    return f", by way of {entry.note.rpartition(', ')[0]}" if entry.rule.startswith("local:") else ""


def _meaning(rule: str) -> str:
    knowledge = Knowledge()
    if rule.startswith("op:"):
        return knowledge.operation(rule).description
    row = knowledge.call(rule)
    return "" if row is None else row.note


# -- what does not arrive ---------------------------------------------------------------------------------------


def _never_arrives(place: _Place, settings: Settings) -> Iterator[tuple[Evidence, str]]:
    """Yield what the body could raise but for handlers and checks, with what stops it."""
    engine = Types(place.module, Knowledge(), settings).engine
    seeing = infer(engine, place.block(engine))
    stopped: set[tuple[str, str, int]] = {
        (entry.exception, entry.cause, entry.line) for entry in seeing.evidence
    }
    yield from _caught(seeing.evidence, place.owner, engine, place, stop=place.node)
    for node in _inside(place.owner):
        if isinstance(node, ast.Try):
            raised = infer(engine, engine.flow.block(node, engine.unit.enclosing(node))).evidence
            yield from _caught(raised, node, engine, place)
            stopped.update((entry.exception, entry.cause, entry.line) for entry in raised)
    blind = Types(place.module, Knowledge(), settings).engine
    blind.guards.is_blind = True
    for entry in infer(blind, place.block(blind)).evidence:
        if (entry.exception, entry.cause, entry.line) not in stopped:
            yield entry, "the checks before it rule it out"


def _caught(
    raised: Iterable[Evidence], owner: ast.stmt, engine: Engine, place: _Place, stop: ast.AST | None = None
) -> Iterator[tuple[Evidence, str]]:
    """Yield what the clauses of a statement take, up to one of them."""
    rest = list(raised)
    for handler in getattr(owner, "handlers", ()):
        if handler is stop:
            return
        names, _ = engine.caught.exception_names(handler.type, engine.flat.frame(engine.unit, handler))
        taken = [entry for entry in rest if engine.hierarchy.is_caught(_canonical(entry, engine), names)]
        rest = [entry for entry in rest if entry not in taken]
        if any(isinstance(node, ast.Raise) for node in ast.walk(handler)):
            continue
        text = f"except {place.module.text(handler.type)}" if handler.type is not None else "bare except"
        yield from ((entry, f"{text} in line {handler.lineno} takes it") for entry in taken)


def _canonical(entry: Evidence, engine: Engine) -> str:
    own = LOCAL + entry.exception
    return own if engine.hierarchy.is_exception(own) else engine.hierarchy.canonical(entry.exception)


def _inside(owner: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement's body without those of nested functions and classes."""
    stack: list[ast.AST] = list(reversed(getattr(owner, "body", [])))
    while stack:
        node = stack.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield node
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def explain_codemod(name: str) -> str:
    """Give the page of a codemod.

    Args:
        name: as in ``--select``.

    Returns:
        Markdown, ending in a newline.

    Raises:
        UsageError: there is no such codemod.
    """
    if name not in CODEMODS:
        if os.path.isfile(name):  # noqa: PTH113  # never raises, also for a name that is too long
            raise UsageError(f"--explain: write {name}:LINE, with the number of a line")
        raise UsageError(
            f"--explain: there is no codemod {name!r}; the nearest is {nearest(name, CODEMODS)!r}"
        )
    for folder in _PAGES:
        page = folder / f"{name}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise UsageError(f"--explain: the page of {name} is missing from this installation")
