"""Choose what is applied: suppressed, clashing and impossible findings are only reported.

Input: everything the finders yielded for one module. Output: a ``Plan`` in source order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workerlog_migrate.model import Applicability, Finding, LinesEdit, Plan


def make_plan(findings: Iterable[Finding]) -> Plan:
    """Sort findings into those that are applied and those that are reported.

    Args:
        findings: of all codemods, in any order.

    Returns:
        Both groups in source order; of two edits of one span the first codemod's wins and the other is reported.
    """
    applied: list[Finding] = []
    reported: list[Finding] = []
    taken: set[tuple[object, ...]] = set()
    for finding in findings:
        if finding.applicability is Applicability.DISPLAY_ONLY:
            reported.append(finding)
            continue
        if finding.edit is None:
            continue
        is_insertion = isinstance(finding.edit, LinesEdit) and finding.span.line == finding.span.end_line
        key = (finding.span, finding.edit) if is_insertion else (finding.span,)
        if key in taken:
            reported.append(demote(finding, "another edit of the same code is applied"))
            continue
        taken.add(key)
        applied.append(finding)
    return Plan(tuple(_in_order(applied)), tuple(_in_order(reported)))


def demote(finding: Finding, reason: str) -> Finding:
    """Return the finding as one that is only reported, with the reason."""
    return replace(finding, applicability=Applicability.DISPLAY_ONLY, reason=reason, edit=None, kind="left")


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort by where findings begin; several insertions at one place keep the order in which they were made."""
    return sorted(findings, key=lambda finding: (finding.span.line, finding.span.column))
