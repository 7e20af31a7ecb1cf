"""The report for a person at a terminal: what changed, what was left and why, what could not be done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workerlog_migrate.report import WATCHED, Mode, Report, ReportedFile
from workerlog_migrate.rewriting.plan import DECLINED, NOT_REVIEWED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workerlog_migrate.model import Evidence, FileError, Finding

_RED, _YELLOW, _BOLD, _FAINT = "31", "33", "1", "2"


def shown_path(path: Path) -> str:
    """Write a path so that it stays on its line and drives no terminal.

    Args:
        path: any path.

    Returns:
        The path; characters that cannot be printed are escaped.
    """
    text = str(path)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def render_error(path: Path, error: FileError, *, color: bool = False) -> str:
    """Write the one line of a file that could not be processed.

    Args:
        path: the file.
        error: why; a reason about the whole file is shown at line 1.
        color: whether to use ANSI escapes.

    Returns:
        ``PATH:LINE: refused: REASON`` and a newline.
    """
    return f"{shown_path(path)}:{max(error.line, 1)}: {_styled('refused', _RED, color)}: {_one_line(error.reason)}\n"


def render_text(report: Report, *, verbose: bool = False, color: bool = False) -> str:
    """Write the whole report: what could not be done, what was left, what happened.

    Args:
        report: what happened.
        verbose: list every file with its worker and everything that was found in it, with the evidence.
        color: whether to use ANSI escapes.

    Returns:
        Lines, each ending in a newline.
    """
    lines = [render_error(path, error, color=color) for path, error in report.errors()]
    for file in report.files:
        lines.extend(_map_of_file(file, report.mode, color) if verbose else _brief(file, report.mode, color))
    lines.extend(_runtime_lines(report, verbose=verbose))
    lines.extend(_summary(report, color))
    return "".join(lines)


def render_finding(file: ReportedFile, finding: Finding, *, is_applied: bool, color: bool = False) -> str:
    """Write one finding with all its evidence.

    Args:
        file: where it was found.
        finding: what was found.
        is_applied: whether it is in the new text.
        color: whether to use ANSI escapes.

    Returns:
        Lines, each ending in a newline.
    """
    return "".join(_finding_lines(file, finding, is_applied, color, verbose=True))


def _brief(file: ReportedFile, mode: Mode, color: bool) -> Iterator[str]:
    """Without --verbose: that a file changes, and each thing that a person has to look at."""
    if file.changed:
        yield f"{_verb(mode)} {shown_path(file.result.target.path)} ({_what(file)})\n"
    for finding, is_applied in _in_order(file):
        if finding.reason in (DECLINED, NOT_REVIEWED, WATCHED):
            continue  # whoever was asked knows; the summary counts them
        if not is_applied or finding.reason or _unresolved(finding):
            yield from _finding_lines(file, finding, is_applied, color, verbose=False)


def _map_of_file(file: ReportedFile, mode: Mode, color: bool) -> Iterator[str]:
    target = file.result.target
    named_by = f"by {target.pattern}" if target.pattern else "by its file name"
    yield (
        f"{_styled(shown_path(target.path), _BOLD, color)}: worker {target.worker} ({named_by}): {_fate(file, mode)}\n"
    )
    for finding, is_applied in _in_order(file):
        yield from _finding_lines(file, finding, is_applied, color, verbose=True)


def _finding_lines(
    file: ReportedFile, finding: Finding, is_applied: bool, color: bool, *, verbose: bool
) -> Iterator[str]:
    place = f"{shown_path(file.result.target.path)}:{finding.span.line}"
    if is_applied and not finding.reason and not _unresolved(finding):
        mark = finding.kind or "changed"
    else:
        mark = WATCHED if finding.kind == WATCHED else "left" if not is_applied else finding.kind or "kept"
        mark = _styled(mark, _YELLOW, color)
    reason = (
        f" ({_one_line(finding.reason)})" if finding.reason and finding.reason not in finding.message else ""
    )
    yield f"{place}: {mark}: {_one_line(finding.message)}{reason} [{finding.codemod}]\n"
    for evidence in finding.evidence:
        if verbose or not evidence.exception:
            yield f"    {_styled(_evidence_text(evidence), _FAINT, color)}\n"


def _evidence_text(evidence: Evidence) -> str:
    what = evidence.exception or "unresolved"
    rule = f" [{evidence.rule}]" if evidence.rule else ""
    source = f", {evidence.source}" if evidence.source else ""
    note = f"; {evidence.note}" if evidence.note else ""
    return _one_line(f"line {evidence.line}: {what}: {evidence.cause}{rule}{source}{note}")


def _in_order(file: ReportedFile) -> list[tuple[Finding, bool]]:
    both = [(finding, True) for finding in file.applied] + [(finding, False) for finding in file.left]
    return sorted(both, key=lambda pair: pair[0].span)


def _unresolved(finding: Finding) -> bool:
    return any(not evidence.exception for evidence in finding.evidence)


def _fate(file: ReportedFile, mode: Mode) -> str:
    if file.result.error is not None:
        return "refused, left as it is"
    if file.changed:
        return f"{_verb(mode)}: {_what(file)}"
    if file.result.skipped:
        return f"nothing looked for ({file.result.skipped})"
    return "nothing to change"


def _verb(mode: Mode) -> str:
    return "changed" if mode is Mode.APPLY else "would change"


def _what(file: ReportedFile) -> str:
    counts = Counter(finding.codemod for finding in file.applied)
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "no finding"


def _runtime_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    would = "" if report.mode is Mode.APPLY else "would be "
    for file in report.runtime.values():
        reason = f": {file.reason}" if file.reason else ""
        if file.changes:
            yield f"{shown_path(file.path)}: runtime file, {would}{file.verdict}{reason}\n"
        elif file.reason or verbose:
            yield f"{shown_path(file.path)}: runtime file, {file.verdict}{reason}\n"


def _summary(report: Report, color: bool) -> Iterator[str]:
    counts = report.counts()
    if not report.complete:
        yield f"interrupted after {_files(counts['files'])}; {_files(counts['written'])} written, none of them half\n"
        return
    if not counts["files"] and report.path_errors:
        return  # that line says it all
    if not counts["files"]:
        where = ", ".join(report.paths) or "the paths"
        if report.not_changed:
            yield f"nothing to do: no worker in {where} has changed\n"
            return
        yield f"nothing to do: no worker in {where}{_others(counts['unmatched'])}\n"
        return
    parts = [f"{_files(counts['changed'])} {_verb(report.mode)}", f"{counts['unchanged']} unchanged"]
    if counts["refused"]:
        parts.append(_styled(f"{counts['refused']} refused", _RED, color))
    yield ", ".join(parts) + _others(counts["unmatched"]) + "\n"
    rows = [
        f"{name} {applied}" + (f" ({left} left)" if left else "")
        for name, (applied, left) in report.counts_by_codemod().items()
        if applied or left
    ]
    if rows:
        yield "; ".join(rows) + "\n"
    reasons = Counter(finding.reason for file in report.files for finding in file.left)
    answers = [f"{reasons[reason]} {reason}" for reason in (DECLINED, NOT_REVIEWED) if reasons[reason]]
    if answers:
        yield ", ".join(answers) + "\n"


def _others(unmatched: int) -> str:
    if not unmatched:
        return ""
    return (
        f"; {_files(unmatched)} matched no worker pattern (--all takes them, --worker NAME=GLOB names them)"
    )


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _one_line(text: str) -> str:
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in " ".join(text.split())
    )


def _styled(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[m" if color else text
