"""What does a codemod do, and why was a place changed or left? For ``--explain``.

A codemod is explained by its page of the documentation, as it is; a place by everything that was found there, with
all evidence. The pages stand in ``docs/codemods`` of the source tree; the wheel carries them as ``workerlog_migrate/docs``.
"""

from __future__ import annotations

import ast
from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.config import nearest
from workerlog_migrate.errors import UsageError
from workerlog_migrate.model import CODEMODS, FileResult, Finding
from workerlog_migrate.report import ReportedFile
from workerlog_migrate.report.text import render_finding, shown_path
from workerlog_migrate.source import decode

_PACKAGE = Path(__file__).parent
_PAGES = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs" / "codemods")


def split_place(text: str) -> tuple[str, int] | None:
    """Read ``PATH:LINE``.

    Args:
        text: what the user wrote.

    Returns:
        Path and line, from 1; None if it is not of that form.
    """
    path, colon, line = text.rpartition(":")
    return (path, int(line)) if path and colon and line.isdecimal() and int(line) else None


def explain_place(result: FileResult, line: int, *, color: bool = False) -> str:
    """Say why what stands in a line was changed, or was not.

    Args:
        result: what becomes of the file.
        line: from 1.
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
    found = _at([*file.applied, *file.left], line)
    if found:
        applied = set(file.applied)
        return "".join(
            render_finding(file, finding, is_applied=finding in applied, color=color) for finding in found
        )
    return f"{place}: {_why_not(result, line)}\n"


def _at(findings: list[Finding], line: int) -> list[Finding]:
    """Give what begins in a line; failing that, the innermost of what reaches over it."""
    findings = sorted(findings, key=lambda finding: (finding.span, finding.codemod))
    here = [finding for finding in findings if finding.span.line == line]
    around = [finding for finding in findings if finding.span.line < line <= finding.span.end_line]
    return here or [finding for finding in around if finding.span.line == around[-1].span.line]


def _why_not(result: FileResult, line: int) -> str:
    for handler in Module(decode(result.target.path, result.before)).handlers:
        if handler.lineno == line and (reason := _why_handler_stays(handler)):
            return reason
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
        if Path(name).is_file():
            raise UsageError(f"--explain: write {name}:LINE, with the number of a line")
        raise UsageError(
            f"--explain: there is no codemod {name!r}; the nearest is {nearest(name, CODEMODS)!r}"
        )
    for folder in _PAGES:
        page = folder / f"{name}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise UsageError(f"--explain: the page of {name} is missing from this installation")
