"""The report for code scanning services: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

One run, one rule per codemod, one result per finding: what is changed is a ``note``, what is left to a person a
``warning``, and a file that cannot be processed is an ``error`` of the rule ``refused``. Columns are
SARIF's, from 1 and in Unicode code points (``columnKind``), not ours.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from workerlog_migrate import __version__
from workerlog_migrate.registry import REGISTRY

if TYPE_CHECKING:
    from pathlib import Path

    from workerlog_migrate.model import Evidence, FileError, Finding
    from workerlog_migrate.report import Report, ReportedFile

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_REFUSED = "refused"

# What each rule says comes from the table of codemods; a refused file is a result of a rule of its own.
_RULES = (
    *((codemod.name, codemod.summary) for codemod in REGISTRY),
    (_REFUSED, "A file that cannot be processed is left as it is and reported."),
)
_INDEX = {name: position for position, (name, _) in enumerate(_RULES)}


def render_sarif(report: Report) -> bytes:
    """Write the whole report as SARIF 2.1.0.

    Args:
        report: what happened.

    Returns:
        UTF-8 with a newline at the end.
    """
    results: list[dict[str, object]] = [_refused(path, error) for path, error in report.path_errors]
    for file in report.files:
        if file.result.error is not None:
            results.append(_refused(file.result.target.path, file.result.error))
        results.extend(_results(file))
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "workerlog-migrate",
                        "semanticVersion": __version__,
                        "rules": [
                            {
                                "id": name,
                                "name": name.title().replace("-", ""),
                                "shortDescription": {"text": summary},
                            }
                            for name, summary in _RULES
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": not report.refused, "exitCode": report.exit_code}],
                "results": results,
            }
        ],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "backslashreplace")


def _results(file: ReportedFile) -> list[dict[str, object]]:
    both = [(finding, True) for finding in file.applied] + [(finding, False) for finding in file.left]
    both.sort(key=lambda pair: pair[0].span)
    return [_result(file, finding, is_applied) for finding, is_applied in both]


def _result(file: ReportedFile, finding: Finding, is_applied: bool) -> dict[str, object]:
    path = file.result.target.path
    reason = f" ({finding.reason})" if finding.reason else ""
    result: dict[str, object] = {
        "ruleId": finding.codemod,
        "ruleIndex": _INDEX[finding.codemod],
        "level": "note" if is_applied else "warning",
        "kind": "fail",
        "message": {"text": f"{finding.message}{reason}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(path),
                    "region": {
                        "startLine": finding.span.line,
                        "startColumn": finding.span.column + 1,
                        "endLine": finding.span.end_line,
                        "endColumn": finding.span.end_column + 1,
                    },
                }
            }
        ],
        "properties": {
            "applied": is_applied,
            "applicability": finding.applicability.value,
            "verdict": finding.kind,
            "worker": file.result.target.worker,
            "evidence": [
                {"exception": each.exception, "rule": each.rule, "source": each.source, "note": each.note}
                for each in finding.evidence
            ],
        },
    }
    if finding.evidence:
        result["relatedLocations"] = [
            _related(number, path, evidence) for number, evidence in enumerate(finding.evidence)
        ]
    return result


def _related(number: int, path: Path, evidence: Evidence) -> dict[str, object]:
    return {
        "id": number,
        "message": {"text": f"{evidence.exception or 'unresolved'}: {evidence.cause}"},
        "physicalLocation": {
            "artifactLocation": _artifact(path),
            "region": {"startLine": max(evidence.line, 1)},
        },
    }


def _refused(path: Path, error: FileError) -> dict[str, object]:
    return {
        "ruleId": _REFUSED,
        "ruleIndex": _INDEX[_REFUSED],
        "level": "error",
        "kind": "fail",
        "message": {"text": error.reason},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(path),
                    "region": {"startLine": max(error.line, 1)},
                }
            }
        ],
    }


def _artifact(path: Path) -> dict[str, object]:
    if path.is_absolute():
        prefix = "file://" if path.as_posix().startswith("/") else "file:///"
        return {"uri": prefix + quote(path.as_posix(), safe="/:", errors="surrogateescape")}
    # Below the current folder, which services take to be the root of the checkout.
    return {"uri": quote(path.as_posix(), errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
