"""Choose what is applied: suppressed, clashing and impossible findings are only reported.

Input: everything the finders yielded for one module. Output: a ``Plan`` in source order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.model import Applicability, Finding, Plan, Span

SUPPRESSED = "suppressed by comment"
"""Reason of a finding on a line that says ``# workerlog: skip``."""

DECLINED = "declined"
"""Reason of a finding that a person has looked at and does not want."""

NOT_REVIEWED = "not reviewed"
"""Reason of a finding that a person did not get to."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided about the findings of one file after they were found, by a person or by LibCST's limits.

    Attributes:
        declined: findings that are not applied, each with the reason.
        types: span of a narrowed handler or ``suppress`` -> the exception list that a person wrote for it.
        header: whether the lines of logger-setup may be put in; without them nothing that needs them is left.
    """

    declined: tuple[tuple[Finding, str], ...] = ()
    types: tuple[tuple[Span, tuple[str, ...]], ...] = ()
    header: bool = True

    def declining(self, findings: Iterable[Finding], reason: str) -> Decisions:
        """Return the same decisions with further findings declined."""
        return replace(self, declined=(*self.declined, *((finding, reason) for finding in findings)))

    def apply_to(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings as they were decided upon; those that are only reported stay as they are."""
        reasons = {(finding.codemod, finding.span): reason for finding, reason in self.declined}
        types = dict(self.types)
        decided = []
        for finding in findings:
            reason = reasons.get((finding.codemod, finding.span))
            if finding.edit is None or isinstance(finding.edit, LinesEdit):
                decided.append(finding)
            elif reason is not None:
                decided.append(demote(finding, reason))
            elif finding.span in types:
                decided.append(_with_types(finding, types[finding.span]))
            else:
                decided.append(finding)
        return decided

    def uses_import(self, module: str, chosen: Iterable[Finding]) -> bool:
        """Say whether an exception list still names something of a module that was to be imported for it."""
        return any(
            name.removeprefix("*").startswith(f"{module}.")  # ``*dbm.error`` stands for several classes
            for finding in chosen
            for name in listed_types(finding)
        )


def _with_types(finding: Finding, types: tuple[str, ...]) -> Finding:
    if finding.edit is None or not finding.edit.listed:
        return finding
    before = finding.message.partition(" becomes ")[0]
    message = f"{before} becomes {', '.join(types)}, as written by hand"
    return replace(finding, edit=finding.edit.with_listed(types), message=message)


def listed_types(finding: Finding) -> tuple[str, ...]:
    """Give the exceptions that a narrowed handler or ``suppress`` will list, as they are written there.

    Args:
        finding: any; of other edits it is empty.
    """
    return () if finding.edit is None else finding.edit.listed


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


def leave_all(plan: Plan, reason: str) -> Plan:
    """Return a plan in which nothing is applied, because of one reason.

    Args:
        plan: of one file.
        reason: in a few words; header lines and imports, which only others need, are not reported one by one.
    """
    left = [
        demote(finding, reason, is_blocked=True)
        for finding in plan.applied
        if not isinstance(finding.edit, LinesEdit)
    ]
    if not left:
        left = [demote(finding, reason, is_blocked=True) for finding in plan.applied[:1]]
    return Plan((), tuple(_in_order([*plan.reported, *left])))


def demote(finding: Finding, reason: str, *, is_blocked: bool = False) -> Finding:
    """Return the finding as one that is only reported, with the reason, which may be one that a person can remove."""
    shown = Applicability.DISPLAY_ONLY
    return replace(finding, applicability=shown, reason=reason, edit=None, kind="left", is_blocked=is_blocked)


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort by where findings begin; several insertions at one place keep the order in which they were made."""
    return sorted(findings, key=lambda finding: (finding.span.line, finding.span.column))
