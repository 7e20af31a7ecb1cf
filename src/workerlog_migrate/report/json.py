"""The report for a program: one JSON object, described in ``docs/reports.md``, stable within its ``version``.

A key is never renamed or dropped within a version; new ones may come. Lines count from 1, columns from 0 in
characters, ends are exclusive.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import TYPE_CHECKING

from workerlog_migrate import __version__

if TYPE_CHECKING:
    from workerlog_migrate.edit import Edit
    from workerlog_migrate.model import Finding
    from workerlog_migrate.report import Report, ReportedFile

SCHEMA_VERSION = 1


def render_json(report: Report) -> bytes:
    """Write the whole report as JSON.

    Args:
        report: what happened.

    Returns:
        UTF-8 with a newline at the end. File names that are no UTF-8 carry escaped lone surrogates, as
        ``os.fsdecode`` gives them.
    """
    document = {
        "version": SCHEMA_VERSION,
        "tool": {"name": "workerlog-migrate", "version": __version__},
        "mode": report.mode.value,
        "exit_code": report.exit_code,
        "counts": {
            **report.counts(),
            "codemods": {
                name: {"applied": applied, "left": left}
                for name, (applied, left) in report.counts_by_codemod().items()
            },
        },
        **({} if report.seen is None else {"seen": report.seen.as_json()}),
        "files": [_file(file) for file in report.files],
        "runtime": [
            {
                "path": file.path.as_posix(),
                "verdict": file.verdict,
                "reason": file.reason or None,
                "changed": file.changes,
            }
            for file in report.runtime.values()
        ],
        "errors": [
            {"path": path.as_posix(), "line": max(error.line, 1), "reason": error.reason}
            for path, error in report.errors()
        ],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    # The escape that Python writes for a lone surrogate is the one that JSON has for it.
    return text.encode("utf-8", "backslashreplace")


def _file(file: ReportedFile) -> dict[str, object]:
    result = file.result
    return {
        "path": result.target.path.as_posix(),
        "worker": result.target.worker,
        "pattern": result.target.pattern or None,
        "encoding": result.encoding,
        "changed": file.changed,
        "written": result.written,
        "skipped": result.skipped or None,
        "error": (
            None
            if result.error is None
            else {"line": max(result.error.line, 1), "reason": result.error.reason}
        ),
        "imports": {module: list(names) for module, names in result.imports},
        "findings": [_finding(finding, is_applied) for finding, is_applied in file.in_order],
    }


def _finding(finding: Finding, is_applied: bool) -> dict[str, object]:
    return {
        "codemod": finding.codemod,
        "kind": finding.kind or None,
        "applied": is_applied,
        "applicability": finding.applicability.value,
        "message": finding.message,
        "reason": None if is_applied else finding.reason or None,
        "remark": finding.reason or None if is_applied else None,
        "span": finding.span._asdict(),
        "edit": None if finding.edit is None else _edit(finding.edit),
        "evidence": [
            {
                "exception": evidence.exception or None,
                "cause": evidence.cause,
                "line": evidence.line,
                "rule": evidence.rule,
                "source": evidence.source,
                "note": evidence.note or None,
            }
            for evidence in finding.evidence
        ],
    }


def _edit(edit: Edit) -> dict[str, object]:
    values: dict[str, object] = {"type": type(edit).__name__}
    values.update(dict.fromkeys(edit.retired))
    for item in dataclasses.fields(edit):
        value = getattr(edit, item.name)
        values[item.name] = value.value if isinstance(value, enum.Enum) else value
    return values
