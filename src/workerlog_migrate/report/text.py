"""The report for a person at a terminal: what changed, what was left and why, what could not be done."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from workerlog_migrate.model import NO_EXCEPTION, TOLD
from workerlog_migrate.registry import CODEMODS, HEADER
from workerlog_migrate.report import GIT_IGNORES, WATCHED, Mode, Report, ReportedFile, is_change
from workerlog_migrate.report.visible import visible
from workerlog_migrate.rewriting.plan import DECLINED, NOT_REVIEWED, SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from workerlog_migrate.model import Evidence, FileError, Finding

_SCREEN = 17
"""Lines of a terminal of 24, less the prompts and the hints below the report."""
_MOST_SHOWN = 3
_LISTS = "-v lists them"
_ANSWERS = (DECLINED, NOT_REVIEWED)
_SETTLED = (SUPPRESSED, WATCHED, *_ANSWERS)
"""Reasons of what a comment, an earlier run or a person's answer has settled."""
# A word is tried where it begins, or behind what was quoted: from each of its letters, a long one would be read once.
_NAMED = re.compile(
    r"^(?!it\b)\S+(?= is )|`[^`]*`|(?<=\bdecorator )\S+|(?<![^\s`])\S{0,200}[\d._=()'\"/\[\]]+\S+|\b\d+\b"
)
"""What sets reasons of one kind apart: code, numbers, names of callees."""

_RED, _YELLOW, _BOLD, _FAINT = "31", "33", "1", "2"


def shown_path(path: Path) -> str:
    """Write a path so that it stays on its line and drives no terminal.

    Args:
        path: any path.

    Returns:
        The path; characters that cannot be printed are escaped.
    """
    return visible(str(path), keep="")


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


def render_text(report: Report, *, verbose: bool = False, color: bool = False, room: int = _SCREEN) -> str:
    """Write the whole report: totals, each file that changed or was refused, and what was left by its reasons.

    Args:
        report: what happened.
        verbose: list every file with its worker and everything that was found in it, with the evidence.
        color: whether to use ANSI escapes.
        room: lines that fit on the screen; the commonest reasons have what the files leave of them.

    Returns:
        Lines, each ending in a newline.
    """
    totals = list(_totals(report, color))
    errors = [render_error(path, error, color=color) for path, error in report.errors()]
    if verbose:
        files = [line for file in report.files for line in _map_of_file(file, report.mode, color)]
        remarks = render_remarks(report, color=color)
        return "".join([*totals, *errors, *files, *remarks, *_runtime_lines(report, verbose=True)])
    errors += render_remarks(report, only_errors=True, color=color)
    if is_all_migrated(report):
        return "".join(totals)
    if is_one_line(report):
        counts = list(_as_it_is(report, report.counts()))[1:]
        return "; ".join(line.rstrip() for line in (totals[0], *counts, *_notes(report))) + "\n"
    files = [line for file in report.files for line in _brief(file, report.mode)]
    unused = [line for line in render_remarks(report, color=color) if line not in errors]
    lines = [*totals, *errors, *files, *_notes(report), *unused, *_runtime_lines(report, verbose=False)]
    reasons = list(_reasons(report, room - len(lines), color))
    if len(lines) >= room and len(reasons) == 1 and len(totals) > 1:  # the totals have its number, too
        lines[1] = f"{lines[1].rstrip()}; {_LISTS.replace('them', 'what was left')}\n"
        reasons = []
    return "".join([*lines, *reasons])


def is_one_line(report: Report) -> bool:
    """Say whether a check has found nothing to change and nothing wrong, so that one line says all of it.

    Args:
        report: what happened.
    """
    return bool(
        report.mode is Mode.CHECK
        and report.complete
        and report.files
        and not (list(report.errors()) or report.changed or report.runtime_changes)
        and not any(remark.is_error for _, remark in report.remarks())
    )


def is_all_migrated(report: Report) -> bool:
    """Say whether there was something to look at, nothing had to be done and nothing was refused.

    Args:
        report: what happened.
    """
    return bool(
        report.complete
        and report.files
        and not (report.changed or report.refused or report.runtime_changes)
        and not _answers(report)
        and not any(remark.is_error for _, remark in report.remarks())
        and not any(
            _is_blocked(finding) and finding.kind != TOLD for file in report.files for finding in file.left
        )
    )


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


def render_remarks(report: Report, *, only_errors: bool = False, color: bool = False) -> list[str]:
    """Write what is to be said of skip comments.

    Args:
        report: what happened.
        only_errors: leave out comments that merely suppress nothing.
        color: whether to use ANSI escapes.

    Returns:
        Lines, each ending in a newline.
    """
    lines = []
    for path, remark in report.remarks():
        if remark.is_error or not only_errors:
            mark = _styled(
                "error" if remark.is_error else "unused", _RED if remark.is_error else _YELLOW, color
            )
            lines.append(f"{shown_path(path)}:{remark.line}: {mark}: {_one_line(remark.text)}\n")
    return lines


def _brief(file: ReportedFile, mode: Mode) -> Iterator[str]:
    """Without --verbose: that a file changes, or that handlers in it stay broad."""
    path = shown_path(file.result.target.path)
    broad = _broad(file)
    stay = "1 handler stays broad" if len(broad) == 1 else f"{len(broad)} handlers stay broad"
    if file.changed:
        yield f"{_verb(mode)} {path} ({_what(file)}{f'; {stay}' if broad else ''})\n"
    elif broad:
        yield f"{path}: {stay} (line {', '.join(str(line) for line in broad)})\n"


def _broad(file: ReportedFile) -> list[int]:
    """Give the lines of the handlers whose exceptions could not be inferred completely."""
    both = (*file.applied, *file.left)
    return sorted({finding.span.line for finding in both if finding.kind == "incomplete"})


def _notes(report: Report) -> Iterator[str]:
    """What a person should know of something that was applied, or has to do before it can be."""
    notes: dict[str, list[str]] = {}
    for file in report.files:
        path = shown_path(file.result.target.path)
        for finding in file.applied:
            if finding.reason and finding.kind not in ("incomplete", WATCHED):
                notes.setdefault(finding.reason, []).append(f"{path}:{finding.span.line}")
        for finding in file.left:
            if _is_blocked(finding) and (finding.kind != TOLD or file.changed):
                notes.setdefault(finding.reason, []).append(f"{path}:{finding.span.line}")
        for line, note in _taught_wrongly(file):
            notes.setdefault(note, []).append(f"{path}:{line}")
    for note, paths in notes.items():
        more = len(paths) - 1
        others = f" and {more} other {'place' if more == 1 else 'places'}" if more else ""
        yield f"{paths[0]}{others}: {_one_line(note)}\n"


def _taught_wrongly(file: ReportedFile) -> Iterator[tuple[int, str]]:
    """Give each handler that stays broad because a row of the configuration names what is no exception class."""
    for finding in (*file.applied, *file.left):
        for evidence in finding.evidence:
            if finding.kind == "incomplete" and evidence.note.startswith(NO_EXCEPTION):
                yield finding.span.line, evidence.note.partition("; ")[0]


def _reasons(report: Report, room: int, color: bool) -> Iterator[str]:
    """What was left, one line a reason, the commonest first; what there is no room for is one number."""
    reasons = Counter(finding.reason for file in report.files for finding in file.left if is_left(finding))
    if not reasons:
        return
    kinds = Counter(map(alike, reasons))
    counted: Counter[str] = Counter()
    for reason, count in reasons.items():
        counted[alike(reason) if kinds[alike(reason)] > 1 else reason] += count
    most = counted.most_common()
    shown = most if len(most) <= max(room, 1) else most[: max(room - 1, 0)]
    for reason, count in shown:
        lists = f" ({_LISTS})" if reason == most[-1][0] else ""
        yield f"{_styled('left', _YELLOW, color)} {count}: {_one_line(reason)}{lists}\n"
    if len(shown) < len(most):
        rest = sum(count for _, count in most[len(shown) :])
        other = "other " if shown else ""
        number = len(most) - len(shown)
        yield f"{_styled('left', _YELLOW, color)} {rest} for {number} {other}reasons ({_LISTS})\n"


def is_left(finding: Finding) -> bool:
    """Say whether something that was found and not applied is to be counted as left.

    Args:
        finding: one that is reported only.

    Returns:
        False for what a comment or a person's answer has settled, for what the notes say, and for handlers that stay broad.
    """
    return not (finding.reason in _SETTLED or finding.kind == "incomplete" or _is_blocked(finding))


def _is_blocked(finding: Finding) -> bool:
    """Whether something about the file, that a person can change, stands in the way of a change."""
    return finding.is_blocked or (finding.codemod == HEADER and finding.reason not in _ANSWERS)


def alike(reason: str) -> str:
    """Give reasons that differ in names, numbers and places only one text.

    Args:
        reason: why something was left.

    Returns:
        The reason with dots in place of what sets it apart.
    """
    return _NAMED.sub("\N{HORIZONTAL ELLIPSIS}", reason)


def _map_of_file(file: ReportedFile, mode: Mode, color: bool) -> Iterator[str]:
    target = file.result.target
    named_by = f"by {target.pattern}" if target.pattern else "by its file name"
    yield (
        f"{_styled(shown_path(target.path), _BOLD, color)}: worker {visible(target.worker)} ({visible(named_by)}): {_fate(file, mode)}\n"
    )
    for finding, is_applied in file.in_order:
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
    counts = Counter(finding.codemod for finding in file.applied if is_change(finding))
    return ", ".join(f"{name} {counts[name]}" for name in CODEMODS if counts[name]) or "no finding"


def _runtime_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    would = "" if report.mode is Mode.APPLY else "would be "
    changed: dict[str, dict[Path, list[str]]] = {}
    for file in report.runtime.values():
        reason = f": {visible(file.reason)}" if file.reason else ""
        if file.changes and not verbose:
            folders = changed.setdefault(file.verdict + reason, {})
            folders.setdefault(file.path.parent, []).append(file.path.name)
        elif file.changes:
            yield f"{shown_path(file.path)}: runtime file, {would}{file.verdict}{reason}\n"
        elif file.reason or verbose:
            yield f"{shown_path(file.path)}: runtime file, {file.verdict}{reason}\n"
    for verdict, folders in changed.items():
        shown = [
            ", ".join((shown_path(folder / names[0]), *names[1:]))
            for folder, names in list(folders.items())[:_MOST_SHOWN]
        ]
        more = len(folders) - len(shown)
        others = f" and {more} other {'folder' if more == 1 else 'folders'}" if more else ""
        count = sum(map(len, folders.values()))
        files = "runtime file" if count == 1 else "runtime files"
        yield f"{'; '.join(shown)}{others}: {files}, {would}{verdict}\n"


def _totals(report: Report, color: bool) -> Iterator[str]:
    counts = report.counts()
    if not report.complete:
        yield f"interrupted after {_files(counts['files'])}; {_files(counts['written'])} written, none of them half\n"
        return
    if not counts["files"] and report.path_errors:
        return  # the line of that path says it all
    if not counts["files"]:
        where = visible(", ".join(report.paths)) or "the paths"
        if report.changed_unmatched:
            yield _changed_unmatched(report, color)
            return
        if report.not_changed:
            yield f"nothing to do: no worker in {where} has changed\n"
            return
        yield f"nothing to do: no worker in {where}{_others(counts['unmatched'])}\n"
        return
    if is_all_migrated(report):
        yield f"everything is migrated: {'; '.join(_as_it_is(report, counts))}{_others(counts['unmatched'])}\n"
        return
    parts = [f"{_files(counts['changed'])} {_verb(report.mode)}", f"{counts['unchanged']} unchanged"]
    if counts["refused"]:
        parts.append(_styled(f"{counts['refused']} refused", _RED, color))
    yield ", ".join(parts) + _others(counts["unmatched"]) + "\n"
    left = Counter(
        finding.codemod for file in report.files for finding in file.left if _counts_as_left(finding)
    )
    rows = [
        f"{name} {applied}" + (f" ({left[name]} left)" if left[name] else "")
        for name, (applied, _) in report.counts_by_codemod().items()
        if applied or left[name]
    ]
    if rows:
        yield "; ".join(rows) + "\n"
    answers = _answers(report)
    if answers:
        yield ", ".join(answers) + "\n"


def _changed_unmatched(report: Report, color: bool) -> str:
    """Say loudly that what has changed was not looked at: a gate that looks at nothing must not seem to pass."""
    paths = report.changed_unmatched
    verb = "matches" if len(paths) == 1 else "match"
    shown = ", ".join(map(shown_path, paths[:_MOST_SHOWN])) + (", …" if len(paths) > _MOST_SHOWN else "")
    return (
        f"{_styled('WARNING', _RED, color)}: {len(paths)} changed Python {'file' if len(paths) == 1 else 'files'} {verb} "
        f"no worker pattern, and nothing was checked: {shown} (--all takes them, --worker NAME=GLOB names them)\n"
    )


def _as_it_is(report: Report, counts: Mapping[str, int]) -> Iterator[str]:
    """What stays as it is in a project that has been migrated: numbers only, nobody has to act on them."""
    yield _files(counts["files"])
    broad = sum(len(_broad(file)) for file in report.files)
    if broad:
        yield "1 handler stays broad" if broad == 1 else f"{broad} handlers stay broad"
    watched = sum(finding.kind == WATCHED for file in report.files for finding in file.left)
    if watched:
        yield "1 handler is watched" if watched == 1 else f"{watched} handlers are watched"
    left = sum(
        _counts_as_left(finding) and finding.kind != "incomplete"
        for file in report.files
        for finding in file.left
    )
    if left:
        yield f"{left} left ({_LISTS})"
    unused = [f"{shown_path(path)}:{remark.line}" for path, remark in report.remarks()]
    if unused:
        first = unused[0] if len(unused) == 1 else f"{unused[0]}, …"
        yield f"{len(unused)} unused skip {'comment' if len(unused) == 1 else 'comments'} ({first})"
    ignored = sum(GIT_IGNORES in file.reason for file in report.runtime.values())
    if ignored:
        yield f"git ignores {_files(ignored, 'runtime ')} ({_LISTS})"
    kept = sum(bool(file.reason) for file in report.runtime.values()) - ignored
    if kept:
        yield f"{_files(kept, 'runtime ')} kept"


def _counts_as_left(finding: Finding) -> bool:
    return finding.reason not in _SETTLED


def _answers(report: Report) -> list[str]:
    """What a person who was asked has not wanted, or did not get to, counted as the questions are."""
    reasons: Counter[str] = Counter()
    for file in report.files:
        for reason in _ANSWERS:
            reasons[reason] += _questions([finding for finding in file.left if finding.reason == reason])
    return [f"{reasons[reason]} {reason}" for reason in _ANSWERS if reasons[reason]]


def _questions(findings: Sequence[Finding]) -> int:
    """Count what was one question each: findings whose lines overlap or touch; the header's lines are one by themselves."""
    count = end = 0
    edits = [finding for finding in findings if finding.codemod != HEADER]
    for finding in sorted(edits, key=lambda each: each.span):
        count += not count or finding.span.line > end + 1
        end = max(end, finding.span.end_line)
    heads = [finding for finding in findings if finding.codemod == HEADER]
    return count + (bool(heads) and (not edits or heads[0].reason == DECLINED))


def _others(unmatched: int) -> str:
    if not unmatched:
        return ""
    return (
        f"; {_files(unmatched)} matched no worker pattern (--all takes them, --worker NAME=GLOB names them)"
    )


def _files(count: int, kind: str = "") -> str:
    return f"{count} {kind}file" if count == 1 else f"{count} {kind}files"


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()), keep="")


def _styled(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[m" if color else text
