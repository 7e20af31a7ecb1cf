"""The report in numbers: how often each codemod came to which verdict, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workerlog_migrate.registry import CODEMODS
from workerlog_migrate.report import is_change
from workerlog_migrate.report.text import alike
from workerlog_migrate.rewriting.plan import SUPPRESSED

if TYPE_CHECKING:
    from workerlog_migrate.report import Report


def render_statistics(report: Report) -> str:
    """Count the findings by codemod, verdict and reason.

    Args:
        report: what happened.

    Returns:
        A line for each, the commonest of a codemod first: number, codemod, verdict (``mirrored``, ``narrowed``, ``left``, …)
        and reason, apart by two blanks or more. Reasons that differ in names and places only are one. Nothing when
        nothing was found.
    """
    counted: Counter[tuple[int, str, str]] = Counter()
    for file in report.files:
        for finding in (*filter(is_change, file.applied), *file.left):
            if finding.reason == SUPPRESSED:
                continue
            reason = alike(finding.reason) if finding in file.left else ""
            counted[CODEMODS.index(finding.codemod), finding.kind or "changed", reason] += 1
    rows = sorted(counted.items(), key=lambda row: (row[0][0], -row[1], row[0]))
    width = max((len(str(count)) for _, count in rows), default=0)
    names = max(map(len, CODEMODS))
    kinds = max((len(kind) for (_, kind, _), _ in rows), default=0)
    return "".join(
        f"{count:>{width}}  {CODEMODS[number]:<{names}}  {kind:<{kinds}}  {reason}".rstrip() + "\n"
        for (number, kind, reason), count in rows
    )
