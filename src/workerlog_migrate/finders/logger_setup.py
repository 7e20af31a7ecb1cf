"""logger-setup: the imports and the two assignments that a migrated script begins with.

Runs after the other finders, because a script imports only the names that it uses: what they chose to apply
decides what the header holds. An existing header is completed, never doubled.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import Header, runs_at_top_level
from workerlog_migrate.analysis.import_order import NewImport, place_imports, render_import
from workerlog_migrate.analysis.log_folder import find_use
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.own_logging import find_own_logging
from workerlog_migrate.edit import Edit, LinesEdit
from workerlog_migrate.files.linters import ImportStyle, import_style
from workerlog_migrate.model import (
    IMPORT,
    NEEDS_IMPORT,
    RUNTIME_LOGGER,
    RUNTIME_UTILS,
    TOLD,
    Applicability,
    Finding,
    Span,
)
from workerlog_migrate.registry import LOGGER_SETUP

HEADER = "header"

_DEFAULT_FOLDER = "logs"
_MOST_FOLDERS = 10
_SENDERS = frozenset(
    {
        "airflow",
        "apache_beam",
        "celery",
        "cloudpickle",
        "coiled",
        "dask",
        "dill",
        "distributed",
        "ipyparallel",
        "lithops",
        "loky",
        "modal",
        "parsl",
        "prefect",
        "pyflink",
        "pyspark",
        "ray",
    }
)
"""Packages that send functions by value to processes or machines that may not have the script's folder."""

_TAKERS = frozenset({"inspect.getsource", "inspect.getsourcelines", "marshal.dumps", "marshal.dump"})
"""Calls that take the text or the code of a function without the names that it uses."""


_Names = dict[str, list[tuple[str, str]]]
"""A runtime module -> names to import from it, each with its local name."""


@dataclass(frozen=True, slots=True)
class _Needs:
    """What the chosen edits use of the header."""

    logger: bool
    mirror: bool
    ignored: bool
    expect: bool
    drops: bool
    retry: bool


def find(module: Module, context: Context, chosen: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the lines to put in so that the chosen edits find their names.

    Args:
        module: the script.
        context: settings, target and header of the script.
        chosen: the findings of the other codemods that will be applied.

    Returns:
        Findings with a ``LinesEdit``: missing plain imports first, then the runtime's imports and assignments.
    """
    header = context.header
    needs = _needs(module, context, chosen)
    plain = _plain_imports(chosen)
    if not (needs.logger or needs.retry or needs.drops):
        yield from _placed(module, context, plain)
    elif header.logger_import is None and header.utils_import is None:
        yield from _new_header(module, context, needs, plain)
    else:
        yield from _completed_header(module, context, needs, plain)
    if needs.logger and LOGGER_SETUP in context.settings.select:
        yield from _own_records(module, context)
        yield from _sent_elsewhere(module, context)


def _sent_elsewhere(module: Module, context: Context) -> Iterator[Finding]:
    """Say what a person has to do about functions that run on another machine, and records that are sent to one."""
    for node in module.imports:
        names = (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
        sender = next((name for name in names if name.partition(".")[0] in _SENDERS), "")
        if sender:
            yield _said(
                module.span(node),
                f"functions may be sent elsewhere by {sender}",
                "where they run worker_logger.py and worker_utils.py are needed, too: send both along",
            )
            break
    else:
        yield from _taken_as_text(module)
    if context.target.starts.reporter:
        yield _said(
            _at(context.header.line),
            f"{context.target.starts.reporter}, which takes an ERROR record for an event",
            "an error that is only printed today would be one: call "
            f'sentry_sdk.integrations.logging.ignore_logger("{context.target.worker}") to keep it as it was',
        )


def _taken_as_text(module: Module) -> Iterator[Finding]:
    """Say where the text or the code of functions is taken, to be run in other surroundings."""
    if not _names_taker(module):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and module.qualified(node.func) in _TAKERS:
            yield _said(
                module.span(node),
                f"{module.qualified(node.func)} takes functions as text or code",
                "where they run the names of the header are needed, too: give them along, or leave what is taken",
            )
            return


def _names_taker(module: Module) -> bool:
    """Whether one of the takers is imported by its name, or named through its module."""
    places = (place for name in _TAKERS for place in module.attributes_of(name.rpartition(".")[2]))
    if any(module.qualified(place) in _TAKERS for place in places):
        return True
    for scope in module.scopes.values():
        for bindings in scope.bindings.values():
            for binding in bindings:
                if binding.qualified in _TAKERS:
                    return True
    return False


def _said(span: Span, message: str, reason: str) -> Finding:
    return Finding(
        LOGGER_SETUP,
        span,
        message,
        applicability=Applicability.DISPLAY_ONLY,
        reason=reason,
        kind=TOLD,
    )


def _own_records(module: Module, context: Context) -> Iterator[Finding]:
    """Put the records of a script that configures ``logging`` itself on its worker's log, too."""
    own = find_own_logging(module)
    if context.target.as_module or own.is_joined:
        return
    line = f"{own.root or f'{context.header.logger}.root'}.addHandler({context.header.logger}.handlers[0])"
    if own.top is not None:
        after = max(own.top.end_lineno or 0, context.header.line - 1)
        yield Finding(
            LOGGER_SETUP,
            _at(after + 1),
            "puts what the script itself logs on the worker's log, too",
            LinesEdit((line,)),
            kind="own-records",
        )
    elif own.inner is not None:
        yield Finding(
            codemod=LOGGER_SETUP,
            span=module.span(own.inner),
            message="logging is configured where only a person can follow",
            applicability=Applicability.DISPLAY_ONLY,
            reason=f"what it logs itself is not on the worker's log; to have it there, put behind this: {line}",
            kind="left",
        )


def find_imports(module: Module, context: Context, chosen: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the plain imports that narrowed handlers need, with or without a header.

    Args:
        module: the script.
        context: its header, which says where imports can stand.
        chosen: as for `find`.
    """
    yield from _placed(module, context, _plain_imports(chosen))


def refuse(module: Module, context: Context) -> Iterator[Finding]:
    """Yield why a script that should get a logger cannot have one.

    Args:
        module: the script.
        context: its header, whose ``refusal`` is set.
    """
    if LOGGER_SETUP in context.settings.select and runs_at_top_level(module):
        yield Finding(
            codemod=LOGGER_SETUP,
            span=_at(context.header.line),
            message="gets no logger",
            applicability=Applicability.DISPLAY_ONLY,
            reason=context.header.refusal,
            kind="left",
        )


def _needs(module: Module, context: Context, chosen: Sequence[Finding]) -> _Needs:
    edits = [finding.edit for finding in chosen if finding.edit is not None]
    used = frozenset().union(*(edit.names for edit in edits))
    settings, header = context.settings, context.header
    runs = LOGGER_SETUP in settings.select and settings.seen is None and runs_at_top_level(module)
    return _Needs(
        logger=runs or bool(used - {header.retrying}),
        mirror=header.mirror_print in used,
        ignored=header.log_ignored in used,
        expect=header.expect_only in used,
        drops=_ends_last_watch(module, header, edits),
        retry=header.retrying in used,
    )


def _ends_last_watch(module: Module, header: Header, edits: Sequence[Edit]) -> bool:
    """Whether edits take out all that uses ``expect_only``, so that its import would be one that nothing uses."""
    ended = sum(header.expect_only in edit.released for edit in edits)
    return bool(ended) and ended == sum(
        isinstance(node, ast.Name) and node.id == header.expect_only for node in ast.walk(module.tree)
    )


def _plain_imports(chosen: Sequence[Finding]) -> list[NewImport]:
    needed = {finding.message: finding.codemod for finding in chosen if finding.kind == NEEDS_IMPORT}
    return [NewImport(name, codemod=needed[name]) for name in sorted(needed)]


def _placed(module: Module, context: Context, new: Sequence[NewImport]) -> list[Finding]:
    """Put imports where the project's tools would, those for handlers apart from the runtime's."""
    if not new:
        return []
    header = context.header
    folder = Path(os.path.abspath(context.target.path.parent))  # noqa: PTH100  # links stay as they are
    findings = []
    for place in place_imports(module, header.run, new, import_style(folder), header.imports_line, folder):
        lines = place.lines
        if not header.run and place.is_first:
            lines = (*_gap_before(module, place.line), *lines)
        if place.is_last and (
            not header.run or (place.imports[-1].is_own and place.line > _end(header.run[-1]))
        ):
            gap = _gap_after(module, place.line)
            lines = (*lines, *([""] * _lines_after_imports(context) if gap == [""] else gap))
        names = ", ".join(wanted.module for wanted in place.imports)
        if place.imports[0].is_own:
            message = f'imports {names} for the logger "{context.target.worker}"'
            findings.append(Finding(LOGGER_SETUP, _at(place.line), message, LinesEdit(lines), kind=IMPORT))
        else:
            message = f"imports {names} for the exceptions named below"
            codemod = place.imports[0].codemod
            findings.append(Finding(codemod, _at(place.line), message, LinesEdit(lines), kind=IMPORT))
    return findings


def _new_header(
    module: Module, context: Context, needs: _Needs, plain: Sequence[NewImport]
) -> Iterator[Finding]:
    header = context.header
    names: _Names = {}
    assigns: list[str] = []
    if needs.logger:
        names[RUNTIME_LOGGER] = _logger_names(header, needs)
        assigns.append(_logger_line(context))
    if needs.retry:
        names[RUNTIME_UTILS] = [("retry_with_backoff", header.retry)]
        assigns.append(_retrying_line(context))
    choice = [*_choice_lines(context, names), ""] if header.both else []
    own = [] if header.both else [_own_import(context, runtime, each) for runtime, each in names.items()]
    placed = _placed(module, context, [*plain, *own])
    message = _what(context, needs)
    notes = [context.log_folder[1]] if needs.logger else []
    if header.run_as_script:
        notes.append(
            "a __main__ guard and no relative import in a package: taken to be run as a script, not imported"
        )
    reason = "; ".join(note for note in notes if note)
    lines: tuple[str, ...] = ()
    follows_run = bool(header.run) and header.line == _end(header.run[-1]) + 1
    before = [""] * _lines_after_imports(context) if follows_run else _gap_before(module, header.line)
    if (
        placed and placed[-1].span.line == header.line
    ):  # right below the imports: one edit with the last of them
        last = placed[-1]
        before = [""] * _lines_after_imports(context)
        if isinstance(last.edit, LinesEdit) and last.codemod == LOGGER_SETUP:
            lines = _without_gap(last.edit.lines)
            placed.pop()
    yield from placed
    edit = LinesEdit((*lines, *before, *choice, *assigns, *_gap_after(module, header.line)))
    yield Finding(LOGGER_SETUP, _at(header.line), message, edit, reason=reason, kind=HEADER)


def _what(context: Context, needs: _Needs) -> str:
    """Say what a header does, and by whom the file is started or imported so that it does it in this way."""
    target, starts = context.target, context.target.starts
    parts = [f'sets up the logger "{target.worker}"' if needs.logger else "sets up the retries"]
    if target.as_module:
        parts.append(f"which writes to the log of the worker that runs: {starts.imported}")
    if context.header.both:
        parts.append(f"imports it in both ways: {starts.dotted or 'as a package'}")
    elif context.header.prefix and not target.in_package:
        parts.append(f"imports it from its package: {starts.dotted or starts.in_folder}")
    return "; ".join(parts)


def _without_gap(lines: tuple[str, ...]) -> tuple[str, ...]:
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    return lines[:end]


def _lines_after_imports(context: Context) -> int:
    said = import_style(context.target.path.parent).lines_after
    return 1 if said < 0 else said


def _completed_header(
    module: Module, context: Context, needs: _Needs, plain: Sequence[NewImport]
) -> Iterator[Finding]:
    """Add to an existing header what is missing, in the order that a new one has."""
    header = context.header
    needs_setup = needs.logger and header.logger_assign is None
    wanted: _Names = {
        RUNTIME_LOGGER: [
            pair
            for pair in _logger_names(header, needs)
            if (pair[0] != header.maker or needs_setup)
            and not _binds(module, pair[1], f"{RUNTIME_LOGGER}.{pair[0]}")
        ],
        RUNTIME_UTILS: [("retry_with_backoff", header.retry)]
        if needs.retry and not _binds(module, header.retry, f"{RUNTIME_UTILS}.retry_with_backoff")
        else [],
    }
    dropped = "expect_only" if needs.drops and not needs.expect else ""
    if header.choice is not None:
        yield from _placed(module, context, plain)
        yield from _completed_choice(module, context, header.choice, wanted, dropped)
    else:
        yield from _completed_imports(module, context, wanted, plain, dropped)
    existing = (header.choice, header.logger_import, header.utils_import)
    last_import = max(node.end_lineno or 0 for node in existing if node is not None)
    own_line = max(header.line, last_import + 1)
    if needs_setup:
        following = header.retrying_assign
        if following is not None:
            yield _insertion(context, following.lineno, _logger_line(context))
        else:
            yield _insertion(context, own_line, "", _logger_line(context), *_gap_after(module, own_line))
    if needs.retry and header.retrying_assign is None:
        preceding = header.logger_assign
        if preceding is not None:
            yield _insertion(context, (preceding.end_lineno or preceding.lineno) + 1, _retrying_line(context))
        elif needs_setup:
            yield _insertion(context, own_line, _retrying_line(context))
        else:
            yield _insertion(context, own_line, "", _retrying_line(context), *_gap_after(module, own_line))


def _completed_imports(
    module: Module, context: Context, wanted: _Names, plain: Sequence[NewImport], dropped: str
) -> Iterator[Finding]:
    present = {RUNTIME_LOGGER: context.header.logger_import, RUNTIME_UTILS: context.header.utils_import}
    new = list(plain)
    one_a_line = import_style(context.target.path.parent).single_line
    for runtime, names in wanted.items():
        node = present[runtime]
        drops = bool(dropped) and runtime == RUNTIME_LOGGER and node is not None and len(node.names) > 1
        if (names or drops) and node is not None and not one_a_line:
            yield from _extended_import(module, context, node, names, dropped)
        elif names:
            new.append(_own_import(context, runtime, names))
    yield from _placed(module, context, new)


def _completed_choice(
    module: Module, context: Context, choice: ast.If, wanted: _Names, dropped: str
) -> Iterator[Finding]:
    """Add names to both branches; a choice that somebody laid out by hand is left and followed by a second."""
    if not any(wanted.values()) and not dropped:
        return
    present: _Names = {RUNTIME_LOGGER: [], RUNTIME_UTILS: []}
    for node in choice.body:
        if isinstance(node, ast.ImportFrom) and node.module in present:
            present[node.module].extend((alias.name, alias.asname or alias.name) for alias in node.names)
    if module.text(choice).splitlines() != _choice_lines(context, present):
        if not any(wanted.values()):
            return
        lines = _choice_lines(context, wanted)
        yield _insertion(context, (choice.end_lineno or choice.lineno) + 1, *lines)
        return
    merged = {
        runtime: sorted({pair for pair in present[runtime] if pair[0] != dropped} | {*wanted[runtime]})
        for runtime in present
    }
    yield Finding(
        LOGGER_SETUP,
        module.span(choice),
        f'completes the header of "{context.target.worker}"',
        LinesEdit(tuple(_choice_lines(context, merged))),
        kind=HEADER,
    )


def _logger_names(header: Header, needs: _Needs) -> list[tuple[str, str]]:
    names = [("expect_only", header.expect_only)] if needs.expect else []
    if needs.ignored:
        names.append(("log_ignored", header.log_ignored))
    if needs.mirror:
        names.append(("mirror_print", header.mirror_print))
    return [*names, (header.maker, header.setup)] if needs.logger else names


def _binds(module: Module, name: str, qualified: str) -> bool:
    """Whether a module-level import binds ``name`` to the runtime's function."""
    found = module.scope_of_module.bindings.get(name, [])
    return any(binding.qualified.lstrip(".") == qualified for binding in found)


def _choice_lines(context: Context, imports: _Names) -> list[str]:
    """Write the runtime's imports for a module that is started in either way, as worker_utils itself has them."""
    lines = ["if __package__:"]
    style = replace(import_style(context.target.path.parent), single_line=False)
    for start in (context.header.prefix, ""):
        lines += ["else:"] if not start else []
        for runtime, names in imports.items():
            if names:
                lines += (
                    f"    {line}" for line in render_import(NewImport(start + runtime, tuple(names)), style)
                )
    return lines


def _extended_import(
    module: Module, context: Context, node: ast.ImportFrom, wanted: list[tuple[str, str]], dropped: str
) -> Iterator[Finding]:
    """Add names to an import of ours; one that somebody laid out by hand is left and followed by a second."""
    present = [(alias.name, alias.asname or alias.name) for alias in node.names]
    style = import_style(context.target.path.parent)
    written = NewImport("." * node.level + (node.module or ""), tuple(present))
    text = module.text(node)
    if text not in (*_one_line(written), "\n".join(render_import(written, style))):
        if wanted:
            added = _own_import(context, node.module or "", wanted)
            yield _insertion(context, (node.end_lineno or node.lineno) + 1, *render_import(added, style))
        return
    kept = {pair for pair in present if pair[0] != dropped}
    completed = replace(written, names=tuple(sorted(kept | {*wanted})))
    yield Finding(
        LOGGER_SETUP,
        module.span(node),
        f"completes the import from {node.module}",
        LinesEdit(render_import(completed, style)),
        kind=HEADER,
    )


def _one_line(wanted: NewImport) -> tuple[str, ...]:
    return render_import(wanted, ImportStyle(line_length=sys.maxsize))


def _insertion(context: Context, line: int, *lines: str) -> Finding:
    message = f'completes the header of "{context.target.worker}"'
    return Finding(LOGGER_SETUP, _at(line), message, LinesEdit(lines), kind=HEADER)


def _own_import(context: Context, runtime: str, names: list[tuple[str, str]]) -> NewImport:
    return NewImport(f"{context.header.prefix}{runtime}", tuple(names), is_own=True)


def _logger_line(context: Context) -> str:
    header = context.header
    arguments = [_literal(context.target.worker)]
    folder, _ = context.log_folder
    if folder != _DEFAULT_FOLDER:
        arguments.append(_literal(folder))
    return f"{header.logger} = {header.setup}({', '.join(arguments)})"


def choose_log_folder(module: Module, context: Context) -> tuple[str, str]:
    """Choose the log folder.

    Args:
        module: the script.
        context: its surroundings, while the engine can still be asked.

    Returns:
        The folder, and why it is another one than the configuration's: the program uses that for itself.
    """
    wanted = folder = context.settings.log_dir or _DEFAULT_FOLDER
    header = context.header
    if header.logger_assign is not None and not (header.logger_import is header.utils_import is None):
        return wanted, ""  # its logger is set up already: no line of ours will name a folder
    above, slash, name = folder.rpartition("/")
    reason, number = "", 1
    others = _imported(context)
    while number < _MOST_FOLDERS:
        use = _use_of(module, folder, context, others)
        if not use:
            break
        reason = reason or use
        folder = f"{above}{slash}worker_{name}" + (f"_{number}" if number > 1 else "")
        number += 1
    return folder, f"{reason}, so that its log is not in {wanted} but in {folder}" if reason else ""


def _imported(context: Context) -> list[Module]:
    """Give the files of the program that the script imports at its top: they run in its folder, too."""
    engine = context.types.engine
    nodes = [node for node in engine.unit.module.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    units = [unit for node in nodes for unit in engine.world.own_imports(node, engine.unit)]
    return [unit.module for unit in dict.fromkeys(units)]


def _use_of(module: Module, folder: str, context: Context, others: list[Module]) -> str:
    """Say who uses a folder in a way that our log in it would disturb: the script, or a file that it imports."""
    line, use = find_use(module, folder, context.target.worker, others)
    if use:
        return f"line {line}: {use}"
    for other in others:
        line, use = find_use(other, folder, context.target.worker)
        if use:
            return f"{other.source.path.name}:{line}: {use}"
    return ""


def _retrying_line(context: Context) -> str:
    settings, header = context.settings, context.header
    return f"{header.retrying} = {header.retry}(max_retries={settings.max_retries}, base_delay={settings.base_delay!r})"


def _literal(text: str) -> str:
    """Write a string literal in ASCII, so that it survives any source encoding, with double quotes where possible."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return ascii(text)


def _gap_before(module: Module, line: int) -> list[str]:
    """One blank line, unless there is one already or the file begins here."""
    return [""] if line > 1 and module.lines[line - 2].strip() else []


def _gap_after(module: Module, line: int) -> list[str]:
    """Blank lines before what follows, unless some are there: two before a definition, else one."""
    if line > len(module.lines) or not module.lines[line - 1].strip():
        return []
    following = line
    while following < len(module.lines) and module.lines[following - 1].startswith("#"):
        following += 1  # a comment belongs to the definition below it
    is_definition = module.lines[following - 1].startswith(("def ", "class ", "async def ", "@"))
    return ["", ""] if is_definition else [""]


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _at(line: int) -> Span:
    return Span(line, 0, line, 0)
