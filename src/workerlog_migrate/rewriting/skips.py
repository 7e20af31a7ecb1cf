"""Skip comments: which findings they silence, which of them silence nothing, and where new ones are written.

Input: a module and its findings. ``# workerlog: skip[...]`` counts on every line of a call, and on the lines of an
``except`` clause up to its colon.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.errors import WorkerlogError
from workerlog_migrate.model import Finding, Plan, Remark, Settings, Span
from workerlog_migrate.registry import CODEMODS, HEADER
from workerlog_migrate.rewriting.plan import SUPPRESSED, demote
from workerlog_migrate.syntax.comments import comments

_OURS = re.compile(r"(?:^|(?<=\s))#\s*workerlog:\s*skip\s*(\[[^\]]*\])?")


class SkipError(WorkerlogError):
    """Adding comments would have changed something else."""


def suppressed(module: Module, finding: Finding) -> Finding:
    """Return a finding as it is, or as one that a comment in the script silences.

    Args:
        module: the script.
        finding: any.
    """
    if not module.skips or isinstance(finding.edit, LinesEdit) or finding.reason == SUPPRESSED:
        return finding
    first, last = _lines(module, finding)
    return demote(finding, SUPPRESSED) if module.is_suppressed(finding.codemod, first, last) else finding


def remarks_on(module: Module, plan: Plan, settings: Settings) -> Iterator[Remark]:
    """Tell of the skip comments that name what there is not, or silence nothing.

    Args:
        module: the script.
        plan: all that was found in it.
        settings: of codemods that did not run nothing can be said.

    Yields:
        Remarks, in the order of the lines.
    """
    silenced = [finding for finding in plan.reported if finding.reason == SUPPRESSED]
    for line, names in sorted(module.skips.items()):
        unknown = sorted((names or frozenset()).difference(CODEMODS))
        for name in unknown:
            import difflib  # only for a wrong name: it costs a tenth of the start-up

            near = difflib.get_close_matches(name, CODEMODS, n=1, cutoff=0.0)
            yield Remark(
                line, f"there is no codemod {name!r} to skip; the nearest is {near[0]!r}", is_error=True
            )
        meant = (names or frozenset(CODEMODS)).intersection(CODEMODS)
        if unknown or not meant <= {*settings.select, *(() if names else (HEADER,))}:
            continue
        if not any(
            finding.codemod in meant and first <= line <= last
            for finding in silenced
            for first, last in [_lines(module, finding)]
        ):
            yield Remark(line, "this skip comment suppresses nothing; remove it")


def add_skips(module: Module, plan: Plan) -> tuple[str, list[Finding]]:
    """Write a skip comment behind everything that would be changed or was left.

    Args:
        module: the script.
        plan: all that was found in it.

    Returns:
        The new text, and a finding for each place that has a comment now.
    """
    wanted: dict[int, set[str]] = {}
    added = []
    for finding in (*plan.applied, *plan.reported):
        if isinstance(finding.edit, LinesEdit) or finding.codemod == HEADER or _is_settled(finding):
            continue
        line = _free_line(module, finding)
        if line and finding.codemod not in wanted.setdefault(line, set()):
            wanted[line].add(finding.codemod)
            span = Span(line, 0, line, 0)
            added.append(
                Finding(finding.codemod, span, f"{finding.codemod} is skipped here", kind="skip-added")
            )
    lines = list(module.lines)
    there = {line: (column, text) for line, column, text in comments(module.source.text)}
    for line, names in wanted.items():
        lines[line - 1] = _commented(lines[line - 1], names, there.get(line))
    return "".join(lines), sorted(added, key=lambda finding: finding.span)


def check_skips(before: Module, after: Module) -> None:
    """Check that two versions of a script differ in comments only.

    Args:
        before: as it was.
        after: with skip comments.

    Raises:
        SkipError: something else differs.
    """
    if ast.dump(before.tree) != ast.dump(after.tree):
        raise SkipError("check failed: a skip comment would change the program")


def _is_settled(finding: Finding) -> bool:
    return finding.reason in (SUPPRESSED, "watched") or finding.kind == "watched"


def _lines(module: Module, finding: Finding) -> tuple[int, int]:
    """Give the first and the last line on which a comment counts for a finding."""
    first, last = finding.span.line, finding.span.end_line
    for handler in module.handlers:
        if handler.lineno == first and module.span(handler) == finding.span:
            return first, (handler.type.end_lineno or first) if handler.type else first
    return first, last


def _free_line(module: Module, finding: Finding) -> int:
    """Give the last line of a finding behind which a comment can stand, or 0: not in a text, not before a backslash."""
    first, last = _lines(module, finding)
    texts = {
        number
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant | ast.JoinedStr) and (node.end_lineno or node.lineno) > node.lineno
        for number in range(node.lineno, node.end_lineno or node.lineno)
    }
    for line in range(last, first - 1, -1):
        if line not in texts and not module.lines[line - 1].rstrip("\r\n").endswith("\\"):
            return line
    return 0


def _commented(line: str, names: Iterable[str], there: tuple[int, str] | None) -> str:
    text = line.rstrip("\r\n")
    newline = line[len(text) :]
    if there is not None:
        ours = _OURS.search(there[1])
        if ours is not None:
            column = there[0]
            known = {name.strip() for name in (ours[1] or "[]")[1:-1].split(",") if name.strip()}
            comment = f"# workerlog: skip[{', '.join(sorted({*known, *names}))}]"
            start, end = ours.span()
            return text[: column + start] + comment + text[column + end :] + newline
    return f"{text}  # workerlog: skip[{', '.join(sorted(names))}]{newline}"
