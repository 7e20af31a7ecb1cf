"""From one file to one ``FileResult``: read, find, plan, rewrite, verify. Nothing is written here.

``migrate_source`` is pure; ``migrate_file`` reads; ``migrate_bytes`` is the one place that catches broadly: whatever goes
wrong with one file becomes a line in the report, and the other files go on.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from ast import ExceptHandler
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.errors import Refused
from workerlog_migrate.files.budget import SECONDS, SpentError, budget
from workerlog_migrate.files.discover import worker_name
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.reading import read_script
from workerlog_migrate.files.source import PRESENT, decode, encode, pass_over
from workerlog_migrate.model import (
    NEEDS_IMPORT,
    RUNTIME_MODULES,
    Arrival,
    FileError,
    FileResult,
    Finding,
    Plan,
    Remark,
    Seen,
    Settings,
    Source,
    Span,
    Splice,
    Target,
)
from workerlog_migrate.registry import HEADER, REGISTRY, row_of
from workerlog_migrate.rewriting.plan import DECLINED, Decisions, demote, listed_types, make_plan
from workerlog_migrate.rewriting.skips import SkipError, add_skips, check_skips, remarks_on, suppressed
from workerlog_migrate.syntax.parsing import made

if TYPE_CHECKING:
    import ast
    from pathlib import Path

    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.joined import Joined
    from workerlog_migrate.analysis.types import Types
    from workerlog_migrate.knowledge import Knowledge
    from workerlog_migrate.rewriting.rounds import Origin
    from workerlog_migrate.seen.settle import Settler

_MOST_ROUNDS = 20
_CHANGED = "changed"  # in place of a digest: none is this
_MOST_SETTLERS = 8
_TOO_LARGE = "too large for the memory of this machine; exclude it, or give it another name"
_TOO_LONG = f"takes more than {SECONDS} s of processor time; split it, or exclude it"
_TOO_MANY = "too many places that LibCST does not keep; nothing was changed"
_TOO_DEEP = "goes too deep, in nested expressions or in names that hang on one another; split it"


def migrate_file(target: Target, settings: Settings) -> FileResult:
    """Read and migrate one file.

    Args:
        target: the file and its worker.
        settings: what to do.

    Returns:
        The result; with ``error`` set, and the bytes unchanged, when the file cannot be processed.
    """
    try:
        raw = read_script(target.path, target.place)
    except OSError as error:
        return FileResult(target, error=FileError(f"cannot be read: {why(error)}"))
    except MemoryError:
        return FileResult(target, error=FileError(_TOO_LARGE))
    return migrate_bytes(raw, target, settings)


def migrate_bytes(
    raw: bytes, target: Target, settings: Settings, decisions: Decisions | None = None
) -> FileResult:
    """Migrate bytes that have been read, from a file or from standard input.

    Args:
        raw: the bytes.
        target: the name that they go by, and their worker.
        settings: what to do.
        decisions: what a person has decided about the findings.

    Returns:
        As `migrate_file`.
    """
    try:
        with budget():
            passed = pass_over(raw, target, settings.retry_extra)
            return passed or migrate_source(decode(target.path, raw), target, settings, decisions)
    except SpentError:
        return FileResult(target, raw, raw, error=FileError(_TOO_LONG))
    except Refused as error:
        return FileResult(target, raw, raw, error=FileError(error.reason, error.line))
    except MemoryError:
        return FileResult(target, raw, raw, error=FileError(_TOO_LARGE))
    except RecursionError:
        return FileResult(target, raw, raw, error=FileError(_TOO_DEEP))
    except Exception as error:  # noqa: BLE001  # the boundary: a fault of ours must not stop the other files
        reason = f"internal error, please report it: {type(error).__name__}: {error}"
        return FileResult(target, raw, raw, error=FileError(reason))


def migrate_source(
    source: Source, target: Target, settings: Settings, decisions: Decisions | None = None
) -> FileResult:
    """Migrate one source text.

    Args:
        source: the script.
        target: its path and worker.
        settings: what to do.
        decisions: what a person has decided about the findings.

    Returns:
        The result, with the new bytes when something changes and every check has passed.

    Raises:
        Refused: the text cannot be parsed.
    """
    raw = source.raw
    module = Module(source)
    given, target = target, _named(target, module)
    if module.skips_file:
        return FileResult(target, raw, raw, encoding=source.encoding, skipped="skip-file")
    if target.ignore:
        select = tuple(name for name in settings.select if name not in target.ignore)
        if not select:
            return FileResult(target, raw, raw, encoding=source.encoding, skipped="per-file-ignores")
        settings = replace(settings, select=select)
    decisions = decisions or Decisions()
    context = _context(module, target, settings)
    with contextlib.closing(context.types):
        if settings.seen is not None:
            from workerlog_migrate.seen.settle import join

            context = replace(context, joined=join(module, context, _seen_of(context)))
        findings = _findings(module, context)
        header_codemod = importlib.import_module(row_of(HEADER).finder)
        context = replace(context, log_folder=header_codemod.choose_log_folder(module, context))
        neighbours = context.types.neighbours
    plan = _planned(module, context, findings, decisions)
    imports = _runtime_imports(module)
    remarks = tuple(remarks_on(module, plan, settings))
    if settings.add_skip:
        return _with_skips(source, module, target, plan, remarks)
    if not plan.applied:
        return FileResult(
            target,
            raw,
            raw,
            plan,
            encoding=source.encoding,
            imports=imports,
            neighbours=neighbours,
            remarks=remarks,
        )

    from workerlog_migrate.rewriting import verify  # late: only what is edited pays for LibCST

    try:
        done = _in_rounds(_Look(source, module, context, findings, plan, decisions), target, settings)
    except (verify.CheckError, Refused) as error:
        return FileResult(
            target, raw, raw, error=FileError(error.reason, error.line), encoding=source.encoding
        )
    if done.after == raw:
        return FileResult(
            target,
            raw,
            raw,
            done.plan,
            encoding=source.encoding,
            imports=imports,
            neighbours=neighbours,
            remarks=remarks,
        )
    return FileResult(
        target,
        raw,
        done.after,
        done.plan,
        encoding=source.encoding,
        imports=_runtime_imports(done.module),
        remarks=remarks,
        rounds=done.rounds,
        next=_next(done, given, target, settings) if decisions == Decisions() else None,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """A text, what was found in it, and what is to become of that.

    Attributes:
        source: the text.
        module: the same, parsed.
        context: its surroundings; the types in it are closed.
        findings: of all finders but the header's.
        plan: what is applied and what is only reported.
        decisions: what was decided about the findings, by a person or because of LibCST's limits.
    """

    source: Source
    module: Module
    context: Context
    findings: list[Finding]
    plan: Plan
    decisions: Decisions


@dataclass(frozen=True, slots=True)
class _Step:
    """What one round made of a text.

    Attributes:
        plan: what was applied.
        after: the bytes.
        splices: the edits.
        look: at the result.
    """

    plan: Plan
    after: bytes
    splices: tuple[Splice, ...]
    look: _Look


class _Done(NamedTuple):
    """A file in which nothing is left to do: what was applied to the original, what came of it, in how many rounds.

    The look is the last one, at the result; None where something was held back before it. What it took over from the looks before
    it hangs on the files that they have read.
    """

    plan: Plan
    after: bytes
    module: Module
    rounds: int
    look: _Look | None
    neighbours: tuple[tuple[str, str], ...]


def _in_rounds(first: _Look, target: Target, settings: Settings) -> _Done:
    """Rewrite a text until a look at the result finds nothing more; with decisions of a person, or notes, once.

    Args:
        first: at the original, with something to apply.
        target: its worker.
        settings: what to do.

    Raises:
        CheckError: a check has failed, or there is still something to do after `rounds.MOST` rounds.
    """
    from workerlog_migrate.rewriting import rounds, verify

    only_once = settings.seen is not None or first.decisions != Decisions()
    held: frozenset[Span] = frozenset()
    look, whole, after, number = first, first.plan, first.source.raw, 0
    origin: Origin | None = None
    read = _with_read({}, first)
    while look.plan.applied:
        before = look
        step = _rewritten(before, target, settings)
        number += 1
        whole = step.plan if origin is None else rounds.together(whole, step.plan, origin)
        after, look = step.after, step.look
        read = _with_read(read, look)
        if not (step.plan.applied and look.plan.applied):  # nothing is left, or LibCST keeps nothing of it
            break
        if number == rounds.MOST or only_once:
            verify.check_nothing_left(look.plan)
        places = _places(before, step)
        origin = rounds.Origin(before.source.text, look.module, step.splices, places, origin)
        early = rounds.edited_too_early(whole, look.plan, origin) - held
        again = _without(first, held | early, target, settings) if early else first
        if early and again.plan.applied:
            held |= early
            look, whole, after, number, origin = again, first.plan, first.source.raw, 0, None
        elif held:
            look = _held_back(look, held, origin)
    return _Done(whole, after, look.module, number, None if held else look, tuple(read.items()))


def _with_read(read: dict[str, str], look: _Look) -> dict[str, str]:
    """Add the files that a look has read or looked for; what one holds says more than that it is there."""
    made = dict(read)
    for path, known in look.context.types.neighbours:
        before = made.get(path, PRESENT)
        if before == PRESENT:
            made[path] = known
        elif known not in (PRESENT, before):  # another program has written it meanwhile
            made[path] = _CHANGED
    return made


def _next(done: _Done, given: Target, target: Target, settings: Settings) -> FileResult | None:
    """Say what a run over the result would say, if the look at it tells that: with nothing to do, and no decisions but the finders'.

    Args:
        done: the result.
        given: the target before its worker was named.
        target: the same, named.
        settings: what was done.
    """
    look = done.look
    if look is None or settings.seen is not None or look.decisions != Decisions() or look.plan.applied:
        return None
    if (
        any(True for _ in remarks_on(look.module, look.plan, settings))
        or _named(given, look.module) != target
    ):
        return None
    return FileResult(
        target,
        done.after,
        done.after,
        look.plan,
        encoding=look.source.encoding,
        imports=_runtime_imports(look.module),
        neighbours=done.neighbours,
        is_brief=bool(look.context.unknown),
    )


def _rewritten(look: _Look, target: Target, settings: Settings) -> _Step:
    """Rewrite a text, check the result, and look at it again."""
    from workerlog_migrate.rewriting import noqa, rewrite, second_look, verify

    source, module, context, decisions, plan = (
        look.source,
        look.module,
        look.context,
        look.decisions,
        look.plan,
    )
    for _ in range(_MOST_ROUNDS):
        try:
            text, splices = rewrite.rewrite(module, plan.applied)
            break
        except rewrite.UnkeepableError as error:
            decisions = decisions.declining(error.findings, error.reason)
            plan = _planned(module, context, look.findings, decisions)
    else:
        raise verify.CheckError(_TOO_MANY)
    if not plan.applied:
        return _Step(plan, source.raw, (), replace(look, plan=plan))
    verify.check_handlers(module)
    kept = second_look.Kept(module, plan, look.findings, context.header)
    final = noqa.without_settled(module, plan.applied, text)
    module.close()  # before the result's tree takes its place
    tree = verify.check_compiles(source.text, text, str(source.path))
    verify.check_splices(module, text, plan.applied, splices)
    noted = _noted(module, context)
    left = {*noted.values(), *(finding.span for finding, _ in decisions.declined)}
    left.update(finding.span for finding in kept.unknown)
    places = verify.check_undo(module, tree, plan.applied, splices, left)
    verify.check_noqa(text, final, tree)
    after = encode(source, final)
    checked = verify.check_encoded(decode(source.path, after), final)
    result = Module(checked, tree)
    made(checked.text, tree)
    again = replace(
        _context(result, target, settings, context.types),
        joined=_moved_notes(context, noted, places),
        log_folder=context.log_folder,
    )
    again = replace(
        again,
        unknown=kept.found_again(places, again.header),
        says_nothing=kept.says_nothing(splices, again.header),
    )
    with contextlib.closing(again.types):
        found = _findings(result, again)
    moved = _moved(decisions, places, result)
    found_plan = _planned(result, again, found, moved)
    return _Step(plan, after, splices, _Look(checked, result, again, found, found_plan, moved))


def _places(before: _Look, step: _Step) -> dict[Span, ast.AST]:
    """Say where the calls and clauses that were spoken of stand in the result."""
    from workerlog_migrate.rewriting import verify

    found = (*step.plan.applied, *step.plan.reported)
    spans = {finding.span for finding in found if not isinstance(finding.edit, LinesEdit)}
    return verify.check_undo(before.module, step.look.module.tree, step.plan.applied, step.splices, spans)


def _held_back(look: _Look, spans: frozenset[Span], origin: Origin) -> _Look:
    """Leave some clauses of the original, which stay broad as yet, for a later round; if there is one."""
    kept = [
        finding
        for finding in look.findings
        if finding.edit is None or finding.edit.listed or origin.span(finding.span) not in spans
    ]
    plan = _planned(look.module, look.context, kept, look.decisions)
    return replace(look, findings=kept, plan=plan) if plan.applied else look


def _without(before: _Look, spans: frozenset[Span], target: Target, settings: Settings) -> _Look:
    """Leave some clauses as they are for now: a later round edits them, and finds them as a person wrote them."""
    module = Module(before.source)
    context = _context(module, target, settings)
    context.types.close()
    context = replace(context, log_folder=before.context.log_folder)
    findings = [finding for finding in before.findings if finding.span not in spans]
    plan = _planned(module, context, findings, before.decisions)
    return replace(before, module=module, context=context, findings=findings, plan=plan)


def _with_skips(
    source: Source, module: Module, target: Target, plan: Plan, remarks: tuple[Remark, ...]
) -> FileResult:
    """Write skip comments instead of what would be changed or is reported as left."""
    text, added = add_skips(module, plan)
    after = encode(source, text)
    result = FileResult(
        target, source.raw, after, Plan(tuple(added)), encoding=source.encoding, remarks=remarks
    )
    try:
        check_skips(module, Module(decode(source.path, after)))
    except (SkipError, Refused) as error:
        return replace(result, after=source.raw, error=FileError(str(error)))
    return result


def _noted(module: Module, context: Context) -> dict[ast.ExceptHandler, Span]:
    """Say where the handlers stand that workers noted something about, to look them up in the result."""
    joined = context.joined
    return {} if joined is None else {node: module.span(node) for node in (*joined.here, *joined.through)}


def _moved_notes(
    context: Context, noted: Mapping[ast.ExceptHandler, Span], places: Mapping[Span, ast.AST]
) -> Joined | None:
    """Say the same notes of the handlers of the result."""
    from workerlog_migrate.analysis.joined import Joined

    joined = context.joined
    if joined is None:
        return None
    moved = Joined()
    for before, after in ((joined.here, moved.here), (joined.through, moved.through)):
        for node, arrivals in before.items():
            found = places.get(noted[node])
            if isinstance(found, ExceptHandler):
                after[found] = arrivals
    return moved


def _context(module: Module, target: Target, settings: Settings, before: Types | None = None) -> Context:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.header import find_header
    from workerlog_migrate.analysis.types import Types

    return Context(
        settings,
        target,
        find_header(module, target),
        Types(module, _knowledge(), settings, users=dict(target.users), before=before),
    )


def _findings(module: Module, context: Context) -> list[Finding]:
    """Run the selected finders, but for the one that only brings what the others need."""
    settings = context.settings
    findings: list[Finding] = []
    if settings.seen is not None:
        from workerlog_migrate.seen import settle

        findings.extend(settle.find(module, context, _seen_of(context), context.joined))
    for codemod in REGISTRY if settings.seen is None else ():
        if codemod.name in settings.select and not codemod.is_last:
            findings.extend(importlib.import_module(codemod.finder).find(module, context))
    return findings


def _planned(module: Module, context: Context, findings: Iterable[Finding], decisions: Decisions) -> Plan:
    """Choose what is applied; the types of the context may have been closed, nothing is inferred here."""
    header_codemod = importlib.import_module(row_of(HEADER).finder)
    header = context.header
    findings = [suppressed(module, finding) for finding in decisions.apply_to(findings)]
    if header.imports_refusal:
        missing = tuple(f"{finding.message}." for finding in findings if finding.kind == NEEDS_IMPORT)
        findings = [
            demote(finding, header.imports_refusal, is_blocked=True)
            if any(name.startswith(missing) for name in listed_types(finding))
            else finding
            for finding in findings
            if finding.kind != NEEDS_IMPORT
        ]
    if header.refusal:
        findings = [
            demote(finding, header.refusal, is_blocked=True) if needs_header(finding) else finding
            for finding in findings
        ]
    applied = make_plan(findings).applied
    imports = [
        finding
        for finding in findings
        if finding.kind == NEEDS_IMPORT and decisions.uses_import(finding.message, applied)
    ]
    if header.refusal:
        added = [
            *header_codemod.find_imports(module, context, imports),
            *header_codemod.refuse(module, context),
        ]
        return make_plan([*findings, *added])
    added = list(header_codemod.find(module, context, [*applied, *imports]))
    if not decisions.header:
        declined = [demote(finding, DECLINED) for finding in added if finding.codemod == HEADER]
        added = [*header_codemod.find_imports(module, context, imports), *declined]
    return make_plan([*findings, *added])


def _seen_of(context: Context) -> Seen:
    return dict(context.settings.seen or ()).get(str(context.target.path), Seen())


class Passing:
    """Asks targets about errors that went through several of them; see ``seen.share``.

    Args:
        targets: the files that are looked at.
        settings: the run's.
    """

    def __init__(self, targets: Iterable[Target], settings: Settings) -> None:
        self._targets = {target.path: target for target in targets}
        self._settings = settings
        self._settlers: dict[Path, Settler | None] = {}

    def __call__(self, path: Path, arrival: Arrival, numbers: tuple[int, ...]) -> bool | None:
        """Answer as ``seen.share.Passes`` says; of a file that cannot be read nothing is known."""
        if path not in self._settlers:
            if len(self._settlers) >= _MOST_SETTLERS:
                self._settlers.clear()
            self._settlers[path] = self._settler(self._targets[path])
        settler = self._settlers[path]
        return None if settler is None else settler.passes(arrival, numbers)

    def _settler(self, target: Target) -> Settler | None:
        from workerlog_migrate.seen.settle import Settler

        try:
            module = Module(decode(target.path, read_script(target.path, target.place)))
            return Settler(module, _context(module, target, self._settings), Seen())
        except (OSError, Refused, RecursionError, MemoryError):
            return None  # the file's own result says why


def _moved(decisions: Decisions, places: Mapping[Span, ast.AST], result: Module) -> Decisions:
    """Say the same about the result, in which what was declined stands elsewhere."""
    declined = tuple(
        (replace(finding, span=result.span(places[finding.span])), reason)
        for finding, reason in decisions.declined
        if finding.span in places
    )
    return replace(decisions, declined=declined, types=())


@functools.cache
def _knowledge() -> Knowledge:
    """Make the knowledge base once a process: its rows are read when they are asked for."""
    from workerlog_migrate.knowledge import Knowledge

    return Knowledge()


def needs_header(finding: Finding) -> bool:
    """Say whether an edit uses a name that the header brings.

    Args:
        finding: what is applied, or not.

    Returns:
        True for mirrored output, retries, and handlers that log.
    """
    return finding.edit is not None and bool(finding.edit.names)


def _named(target: Target, module: Module) -> Target:
    """Choose the logger's name: a module's that workers import is its stem, and nobody else's logger is taken over.

    That of a library that the script imports, if the stem names it, or one that the program itself uses.
    """
    from workerlog_migrate.analysis.header import runs_at_top_level

    stem = target.path.stem
    if stem == "__init__":
        stem = target.path.absolute().parent.name or stem
    as_module = bool(target.starts.imported) and not runs_at_top_level(module, when_imported=True)
    name = stem if as_module else target.worker
    if as_module or not target.pattern:
        imported = frozenset(
            name.partition(".")[0]
            for node in module.imports
            for name in (
                [node.module or ""] if hasattr(node, "module") else [alias.name for alias in node.names]
            )
            if not getattr(node, "level", 0)
        )
        name = worker_name(name, imported)
    while _is_used(name, target, module):
        name = f"{name}-worker"
    return replace(target, worker=name, as_module=as_module)


def _is_used(name: str, target: Target, module: Module) -> bool:
    """Whether the program has a logger of a name, or one below it, whose records would no longer reach its own handlers."""
    loggers = [*target.starts.loggers]
    calls = module.calls_by(frozenset({"getLogger"})) if "getLogger" in module.source.text else ()
    for call in calls:
        called = str(getattr(call.func, "attr", module.qualified(call.func)))
        if called.rpartition(".")[2] == "getLogger":
            given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "name")]
            loggers += [str(getattr(argument, "value", "")) for argument in given]
    is_silent = "NullHandler(" in module.source.text and "basicConfig(" not in module.source.text
    return any(logger == name or (logger.startswith(f"{name}.") and not is_silent) for logger in loggers)


def _runtime_imports(module: Module) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Say which names a script imports from each of the two runtime modules, with the dots that lead to their folder."""
    needs: dict[str, set[str]] = {}
    for node in module.imports:
        name = getattr(node, "module", None)
        if name in RUNTIME_MODULES:
            dotted = f"{'.' * getattr(node, 'level', 0)}{name}"
            needs.setdefault(dotted, set()).update(alias.name for alias in node.names)
    return tuple((name, tuple(sorted(names))) for name, names in sorted(needs.items()))
