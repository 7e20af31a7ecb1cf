"""logger-setup: the imports and the two assignments that a migrated script begins with.

Runs after the other finders, because a script imports only the names that it uses: what they chose to apply
decides what the header holds. An existing header is completed, never doubled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import RUNTIME_LOGGER, RUNTIME_UTILS, Header, runs_at_top_level
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.model import (
    LOGGER_SETUP,
    SPECIFIC_EXCEPTIONS,
    Applicability,
    Finding,
    HandlerEdit,
    LinesEdit,
    MirrorCall,
    RetryCall,
    Span,
)

NEEDS_IMPORT = "needs-import"
HEADER = "header"

_ONE_LINE_IMPORT = re.compile(r"from \.*\w+ import [\w, ]+")


@dataclass(frozen=True, slots=True)
class _Needs:
    """What the chosen edits use of the header."""

    logger: bool
    mirror: bool
    ignored: bool
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
    imports = list(find_imports(module, context, chosen))
    yield from imports
    needs = _needs(module, context, chosen)
    if not (needs.logger or needs.retry):
        return
    if header.logger_import is None and header.utils_import is None:
        yield _new_header(module, context, needs, bool(imports))
    else:
        yield from _completed_header(module, context, needs)


def find_imports(module: Module, context: Context, chosen: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the plain imports that narrowed handlers need, with or without a header.

    Args:
        module: the script.
        context: its header, which says where imports can stand.
        chosen: as for `find`.
    """
    modules = sorted({finding.message for finding in chosen if finding.kind == NEEDS_IMPORT})
    if modules:
        yield _plain_imports(module, context.header, modules)


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
    edits = [finding.edit for finding in chosen]
    mirror = any(isinstance(edit, MirrorCall) for edit in edits)
    handlers = [edit for edit in edits if isinstance(edit, HandlerEdit)]
    logs = any(edit.log or edit.boundary for edit in handlers)
    ignored = any((edit.log or "").startswith(f"{context.header.log_ignored}(") for edit in handlers)
    runs = LOGGER_SETUP in context.settings.select and runs_at_top_level(module)
    return _Needs(
        logger=mirror or logs or runs,
        mirror=mirror,
        ignored=ignored,
        retry=any(isinstance(edit, RetryCall) for edit in edits),
    )


def _plain_imports(module: Module, header: Header, modules: list[str]) -> Finding:
    lines = [f"import {name}" for name in modules]
    if not header.follows_import:
        lines = [*_gap_before(module, header.imports_line), *lines, *_gap_after(module, header.imports_line)]
    return Finding(
        codemod=SPECIFIC_EXCEPTIONS,
        span=_at(header.imports_line),
        message=f"imports {', '.join(modules)} for the exceptions named below",
        edit=LinesEdit(tuple(lines)),
        kind="import",
    )


def _new_header(module: Module, context: Context, needs: _Needs, after_plain_imports: bool) -> Finding:
    header = context.header
    imports: dict[str, list[tuple[str, str]]] = {}
    assigns: list[str] = []
    if needs.logger:
        imports[RUNTIME_LOGGER] = _logger_names(header, needs)
        assigns.append(_logger_line(context))
    if needs.retry:
        imports[RUNTIME_UTILS] = [("retry_with_backoff", header.retry)]
        assigns.append(_retrying_line(context))
    before = [""] if after_plain_imports and header.follows_import else _gap_before(module, header.line)
    if after_plain_imports and not header.follows_import:
        before = []
    lines = [*before, *_import_lines(header, imports), "", *assigns, *_gap_after(module, header.line)]
    message = f'sets up the logger "{context.target.worker}"' if needs.logger else "sets up the retries"
    reason = ""
    if header.run_as_script:
        reason = (
            "a __main__ guard and no relative import in a package: taken to be run as a script, not imported"
        )
    return Finding(
        LOGGER_SETUP, _at(header.line), message, LinesEdit(tuple(lines)), reason=reason, kind=HEADER
    )


def _completed_header(module: Module, context: Context, needs: _Needs) -> Iterator[Finding]:
    """Add to an existing header what is missing, in the order that a new one has."""
    header = context.header
    needs_setup = needs.logger and header.logger_assign is None
    wanted = {
        RUNTIME_LOGGER: [
            pair
            for pair in _logger_names(header, needs)
            if (pair[0] != "setup_worker_logger" or needs_setup)
            and not _binds(module, pair[1], f"{RUNTIME_LOGGER}.{pair[0]}")
        ],
        RUNTIME_UTILS: [("retry_with_backoff", header.retry)]
        if needs.retry and not _binds(module, header.retry, f"{RUNTIME_UTILS}.retry_with_backoff")
        else [],
    }
    if header.choice is not None:
        yield from _completed_choice(module, context, header.choice, wanted)
    else:
        yield from _completed_imports(module, context, wanted)
    existing = (header.choice, header.logger_import, header.utils_import)
    last_import = max(node.end_lineno or 0 for node in existing if node is not None)
    if needs_setup:
        following = header.retrying_assign
        if following is not None:
            yield _insertion(context, following.lineno, _logger_line(context))
        else:
            yield _insertion(
                context, last_import + 1, "", _logger_line(context), *_gap_after(module, last_import + 1)
            )
    if needs.retry and header.retrying_assign is None:
        preceding = header.logger_assign
        if preceding is not None:
            yield _insertion(context, (preceding.end_lineno or preceding.lineno) + 1, _retrying_line(context))
        elif needs_setup:
            yield _insertion(context, last_import + 1, _retrying_line(context))
        else:
            yield _insertion(
                context, last_import + 1, "", _retrying_line(context), *_gap_after(module, last_import + 1)
            )


def _completed_imports(
    module: Module, context: Context, wanted: dict[str, list[tuple[str, str]]]
) -> Iterator[Finding]:
    logger_import, utils_import = context.header.logger_import, context.header.utils_import
    if wanted[RUNTIME_LOGGER]:
        if logger_import is None:
            assert utils_import is not None  # one of the two exists, or this would be a new header
            line = _import_line(context.header, RUNTIME_LOGGER, wanted[RUNTIME_LOGGER])
            yield _insertion(context, utils_import.lineno, line)
        else:
            yield _extended_import(module, context, logger_import, wanted[RUNTIME_LOGGER])
    if wanted[RUNTIME_UTILS]:
        if utils_import is not None:
            yield _extended_import(module, context, utils_import, wanted[RUNTIME_UTILS])
        else:
            assert logger_import is not None  # one of the two exists, or this would be a new header
            line = _import_line(context.header, RUNTIME_UTILS, wanted[RUNTIME_UTILS])
            yield _insertion(context, (logger_import.end_lineno or logger_import.lineno) + 1, line)


def _completed_choice(
    module: Module, context: Context, choice: ast.If, wanted: dict[str, list[tuple[str, str]]]
) -> Iterator[Finding]:
    """Add names to both branches; a choice that somebody laid out by hand is left and followed by a second."""
    if not any(wanted.values()):
        return
    header = context.header
    present: dict[str, list[tuple[str, str]]] = {RUNTIME_LOGGER: [], RUNTIME_UTILS: []}
    for node in choice.body:
        if isinstance(node, ast.ImportFrom) and node.module in present:
            present[node.module].extend((alias.name, alias.asname or alias.name) for alias in node.names)
    if module.text(choice).splitlines() != _import_lines(header, present):
        lines = _import_lines(header, wanted)
        yield _insertion(context, (choice.end_lineno or choice.lineno) + 1, *lines)
        return
    merged = {runtime: sorted({*present[runtime], *wanted[runtime]}) for runtime in present}
    yield Finding(
        LOGGER_SETUP,
        module.span(choice),
        f'completes the header of "{context.target.worker}"',
        LinesEdit(tuple(_import_lines(header, merged))),
        kind=HEADER,
    )


def _logger_names(header: Header, needs: _Needs) -> list[tuple[str, str]]:
    names = [("log_ignored", header.log_ignored)] if needs.ignored else []
    if needs.mirror:
        names.append(("mirror_print", header.mirror_print))
    return [*names, ("setup_worker_logger", header.setup)] if needs.logger else names


def _binds(module: Module, name: str, qualified: str) -> bool:
    """Whether a module-level import binds ``name`` to the runtime's function."""
    found = module.scope_of_module.bindings.get(name, [])
    return any(binding.qualified.lstrip(".") == qualified for binding in found)


def _import_lines(header: Header, imports: dict[str, list[tuple[str, str]]]) -> list[str]:
    """Write the runtime's imports, as the script is started."""
    plain = [_import_line(header, runtime, names) for runtime, names in imports.items() if names]
    if not header.both:
        return plain
    # As worker_utils itself does: the package is known in each start but that as a script.
    return [
        "if __package__:",
        *(f"    {line}" for line in plain),
        "else:",
        *(f"    {line.replace(f'from {header.prefix}', 'from ', 1)}" for line in plain),
    ]


def _extended_import(
    module: Module, context: Context, node: ast.ImportFrom, wanted: list[tuple[str, str]]
) -> Finding:
    """Add names to an import of ours; one that somebody laid out by hand is left and followed by a second."""
    text = module.text(node)
    if _ONE_LINE_IMPORT.fullmatch(text) is None:
        line = _import_line(context.header, node.module or "", wanted)
        return _insertion(context, (node.end_lineno or node.lineno) + 1, line)
    present = [(alias.name, alias.asname or alias.name) for alias in node.names]
    line = _import_line(context.header, node.module or "", sorted({*present, *wanted}))
    return Finding(
        LOGGER_SETUP,
        module.span(node),
        f"completes the import from {node.module}",
        LinesEdit((line,)),
        kind=HEADER,
    )


def _insertion(context: Context, line: int, *lines: str) -> Finding:
    message = f'completes the header of "{context.target.worker}"'
    return Finding(LOGGER_SETUP, _at(line), message, LinesEdit(lines), kind=HEADER)


def _import_line(header: Header, runtime: str, names: list[tuple[str, str]]) -> str:
    listed = ", ".join(name if name == local else f"{name} as {local}" for name, local in names)
    return f"from {header.prefix}{runtime} import {listed}"


def _logger_line(context: Context) -> str:
    header, settings = context.header, context.settings
    arguments = [_literal(context.target.worker)]
    if settings.log_dir is not None and settings.log_dir != "logs":
        arguments.append(_literal(settings.log_dir))
    return f"{header.logger} = {header.setup}({', '.join(arguments)})"


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
    following = module.lines[line - 1].startswith(("def ", "class ", "async def ", "@"))
    return ["", ""] if following else [""]


def _at(line: int) -> Span:
    return Span(line, 0, line, 0)
