"""What does the user get to see? A `Report` is built from `FileResult`s and owns counts, wording and exit code.

It counts what happened: a change is counted once it is in the file (``--apply``) or in the result that was
shown; what was planned for a file that was then refused is in no count. Files stand in the order of their
paths, whatever the number of processes. The bytes of a file are let go as soon as it has been
added, so that a report over thousands of files stays small; only a report that shows them keeps those of the
files that changed.
"""

from __future__ import annotations

import enum
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.model import FileError, FileResult, Finding, Plan, Remark, Span
from workerlog_migrate.registry import CODEMODS, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workerlog_migrate.report.seen import SeenCounts


EXIT_DONE = 0
EXIT_CHANGES = 1
EXIT_FAILED = 2
EXIT_INTERRUPTED = 130

DIFF = "diff"
"""What ``--output`` holds where its ending says so (``.diff``, ``.patch``): the diff, and no report."""


GIT_IGNORES = "git ignores it"
"""How the reason of a runtime file begins that would be missing in the next clone."""

WATCHED = "watched"
"""Kind of a handler that is watched; also the reason of one that was and stays so, about which nothing is to be done."""


class Mode(enum.Enum):
    """What is done with a result: shown, written, or only counted."""

    DRY_RUN = "dry-run"
    APPLY = "apply"
    CHECK = "check"


class ReportedFile(NamedTuple):
    """One file of a report.

    Attributes:
        result: what became of it, without its bytes unless the report keeps them.
        changed: whether its text differs from what was read, and was not refused.
    """

    result: FileResult
    changed: bool

    @property
    def applied(self) -> tuple[Finding, ...]:
        """The findings that are in the new text; none of a file that was refused."""
        return () if self.result.error else self.result.plan.applied

    @property
    def left(self) -> tuple[Finding, ...]:
        """The findings that are reported only."""
        return self.result.plan.reported

    @property
    def in_order(self) -> list[tuple[Finding, bool]]:
        """All findings by their place, each with whether it is applied."""
        both = [(finding, True) for finding in self.applied] + [(finding, False) for finding in self.left]
        return sorted(both, key=lambda pair: pair[0].span)


class RuntimeFile(NamedTuple):
    """A runtime file beside the scripts, and what became of it.

    Attributes:
        path: where it stands or would stand.
        verdict: ``up to date``, ``added``, ``replaced``, ``kept``, ``kept, lacks names``, or ``left alone``
            when no script of its folder needs it.
        reason: why it was kept.
        changes: whether it was written, or would be.
    """

    path: Path
    verdict: str
    reason: str
    changes: bool


class Report:
    """Everything that one run has to say; it grows while the run goes on.

    Attributes:
        mode: what is done with the results.
        files: the files looked at, in order.
        path_errors: paths that could not be looked at.
        runtime: the runtime files of the folders that need them.
        unmatched: how many Python files matched no worker pattern.
        not_changed: how many workers git says have not changed, and which were therefore not looked at.
        seen: the figures of a run with ``--from-logs``; None for any other.
        changed_unmatched: Python files that git says have changed and that match no worker pattern.
        hints: lines that say what to do about paths and patterns that lead nowhere.
        keeps_undo: what is written can be taken back.
        log_folder: the folder out of the project in which the configuration has workers keep their logs; else empty.
        paths: the paths that the run was about, as the user or the configuration named them.
        keeps_bytes: whether the bytes of changed files are kept, for a format in `SHOWS_CHANGES`.
        is_brief: whether the report is only shown as brief text, in which what was applied without more ado is a number.
        complete: False until every file has been processed (Ctrl-C).
        ran: what ran, when and on what, a line each; only for a report that is kept.
    """

    def __init__(
        self, mode: Mode, *, paths: tuple[str, ...] = (), keeps_bytes: bool = False, is_brief: bool = False
    ) -> None:
        self.mode = mode
        self.paths = paths
        self.keeps_bytes = keeps_bytes
        self.is_brief = is_brief
        self.files: list[ReportedFile] = []
        self.path_errors: list[tuple[Path, FileError]] = []
        self.runtime: dict[Path, RuntimeFile] = {}
        self.unmatched = 0
        self.not_changed = 0
        self.changed_unmatched: list[Path] = []
        self.hints: list[str] = []
        self.seen: SeenCounts | None = None
        self.keeps_undo = True
        self.log_folder = ""
        self.complete = False
        self.ran: tuple[tuple[str, str], ...] = ()

    def add(self, result: FileResult) -> None:
        """Take the result of one file in.

        Args:
            result: what became of it.
        """
        if self.seen is not None:
            self.seen.add(result)
        changed = result.changed and result.error is None
        if result.next is not None:
            result = replace(result, next=None)
        if not (changed and self.keeps_bytes):
            result = replace(result, before=b"", after=b"")
        if self.is_brief:
            result = replace(result, plan=_brief(result.plan), neighbours=())
        self.files.append(ReportedFile(result, changed))

    @property
    def changed(self) -> int:
        """How many files were changed, or would be."""
        return sum(file.changed for file in self.files)

    @property
    def refused(self) -> int:
        """How many files and paths could not be processed."""
        return len(self.path_errors) + sum(file.result.error is not None for file in self.files)

    @property
    def runtime_changes(self) -> tuple[RuntimeFile, ...]:
        """The runtime files that were written, or would be."""
        return tuple(file for file in self.runtime.values() if file.changes)

    @property
    def exit_code(self) -> int:
        """0: done; 1: ``--check`` found changes; 2: something could not be processed, which wins."""
        if not self.complete:
            return EXIT_INTERRUPTED
        if self.refused or any(remark.is_error for _, remark in self.remarks()):
            return EXIT_FAILED
        if self.mode is Mode.CHECK and (self.changed or self.runtime_changes):
            return EXIT_CHANGES
        return EXIT_DONE

    def errors(self) -> Iterator[tuple[Path, FileError]]:
        """Give all that could not be processed.

        Yields:
            The path and the reason; first the paths that could not be looked at, then the files in order.
        """
        yield from self.path_errors
        for file in self.files:
            if file.result.error is not None:
                yield file.result.target.path, file.result.error

    def remarks(self) -> Iterator[tuple[Path, Remark]]:
        """Give what is to be said of skip comments.

        Yields:
            The path and the remark, in the order of the files.
        """
        for file in self.files:
            for remark in file.result.remarks:
                yield file.result.target.path, remark

    def counts(self) -> Mapping[str, int]:
        """Count the files by what became of them.

        Returns:
            ``files``, ``changed``, ``written``, ``unchanged``, ``refused``, ``unmatched``, ``applied`` and ``left``
            (the last two are findings).
        """
        refused = sum(file.result.error is not None for file in self.files)
        return {
            "files": len(self.files),
            "changed": self.changed,
            "written": sum(file.result.written for file in self.files),
            "unchanged": len(self.files) - self.changed - refused,
            "refused": self.refused,
            "unmatched": self.unmatched,
            "applied": sum(sum(map(is_change, file.applied)) for file in self.files),
            "left": sum(len(file.left) for file in self.files),
        }

    def counts_by_codemod(self) -> Mapping[str, tuple[int, int]]:
        """Count the findings of each codemod.

        Returns:
            Codemod -> how many are applied and how many are left, in the order in which codemods apply. An import that
            comes along with a change is none of its own. A codemod that has to be asked for is counted where it found something.
        """
        applied = Counter(
            finding.codemod for file in self.files for finding in file.applied if is_change(finding)
        )
        left = Counter(
            finding.codemod for file in self.files for finding in file.left if finding.reason != WATCHED
        )
        return {
            row.name: (applied[row.name], left[row.name])
            for row in REGISTRY
            if row.is_default or applied[row.name] or left[row.name]
        }


def is_change(finding: Finding) -> bool:
    """Say whether an applied finding is a change of its own, and not the import that one needs.

    Args:
        finding: one that is applied.
    """
    return finding.kind != "import"


def _brief(plan: Plan) -> Plan:
    """Let go of what a brief text does not say: thousands of files have hundreds of thousands of findings."""
    return Plan(
        tuple(
            _COUNTED[finding.codemod] if _is_plain(finding) else _shortened(finding)
            for finding in plan.applied
            if is_change(finding)
        ),
        tuple(_shortened(finding) for finding in plan.reported),
    )


def _is_plain(finding: Finding) -> bool:
    return (
        not finding.reason
        and all(evidence.exception for evidence in finding.evidence)
        and finding.kind not in ("incomplete", WATCHED)
    )


def _shortened(finding: Finding) -> Finding:
    unresolved = tuple(evidence for evidence in finding.evidence if not evidence.exception)
    message, reason = sys.intern(finding.message), sys.intern(finding.reason)
    return replace(finding, edit=None, evidence=unresolved, message=message, reason=reason)


_COUNTED = {name: Finding(name, Span(1, 0, 1, 0), "") for name in CODEMODS}
