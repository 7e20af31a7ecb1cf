"""The report for code scanning services: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

One run, one rule per codemod, one result per finding: what would be changed is a ``warning`` with its fix, what has been
changed or stays as it is a ``note``, and a file that cannot be processed an ``error`` of the rule ``refused``. Columns are
SARIF's, from 1 and in Unicode code points (``columnKind``), not ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from workerlog_migrate import __version__
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.files.names import path_bytes
from workerlog_migrate.files.source import split_lines
from workerlog_migrate.registry import REGISTRY
from workerlog_migrate.report import Mode, is_change
from workerlog_migrate.report.diff import find_changes
from workerlog_migrate.rewriting.plan import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workerlog_migrate.model import Evidence, FileError, Finding
    from workerlog_migrate.report import Report, ReportedFile

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_REFUSED = "refused"

# What each rule says comes from the table of codemods; a refused file is a result of a rule of its own.
_RULES = (
    *((codemod.name, codemod.summary, codemod.help_uri) for codemod in REGISTRY),
    (
        _REFUSED,
        "A file that cannot be processed is left as it is and reported.",
        "https://docs.python.org/3/reference/lexical_analysis.html",
    ),
)
_FINGERPRINT = "workerlogFinding/v1"
_INDEX = {name: position for position, (name, *_) in enumerate(_RULES)}


def render_sarif(report: Report) -> bytes:
    """Write the whole report as SARIF 2.1.0.

    Args:
        report: what happened.

    Returns:
        UTF-8 with a newline at the end.
    """
    results: list[dict[str, object]] = [_refused(path, error) for path, error in report.path_errors]
    seen: Counter[str] = Counter()
    for file in report.files:
        if file.result.error is not None:
            results.append(_refused(file.result.target.path, file.result.error))
        results.extend(_results(file, report.mode, seen))
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
                                "helpUri": uri,
                            }
                            for name, summary, uri in _RULES
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "newlineSequences": ["\r\n", "\n", "\r"],
                "invocations": [{"executionSuccessful": not report.refused, "exitCode": report.exit_code}],
                "results": results,
            }
        ],
    }
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "backslashreplace")


def _results(file: ReportedFile, mode: Mode, seen: Counter[str]) -> list[dict[str, object]]:
    both = file.in_order
    hunks = list(_hunks(file)) if file.changed and mode is not Mode.APPLY else []
    shared = [hunk for hunk in hunks if any(_is_lines(each) and _touches(hunk, each) for each, _ in both)]
    results = []
    for finding, is_applied in both:
        result = _result(file, finding, is_applied, mode)
        result["partialFingerprints"] = {_FINGERPRINT: _fingerprint(file, finding, seen)}
        own = [hunk for hunk in hunks if is_applied and _touches(hunk, finding)]
        if own:
            wanted = sorted({*shared, *own}, key=lambda hunk: hunk.first)
            result["fixes"] = [_fix(file.result.target.path, finding, wanted)]
        results.append(result)
    return results


class _Hunk(NamedTuple):
    """Lines of the script that become others: those from ``first`` (from 1) up to and without ``end``."""

    first: int
    end: int
    text: str
    last_column: int


def _hunks(file: ReportedFile) -> Iterator[_Hunk]:
    """Take the new text of a file apart; nothing where its bytes were not kept."""
    encoding = file.result.encoding
    before, after = (
        split_lines(
            data.decode(encoding, "replace")
        )  # at no form feed, which ends a line for no reader of the report
        for data in (file.result.before, file.result.after)
    )
    for i1, i2, j1, j2 in find_changes(before, after):
        width = len(before[i2 - 1].rstrip("\r\n")) if i2 else 0
        yield _Hunk(i1 + 1, i2 + 1, "".join(after[j1:j2]), width + 1 if i2 == len(before) else 0)


def _touches(hunk: _Hunk, finding: Finding) -> bool:
    if _is_lines(finding):  # a blank line of the script may be taken for one of those that were put in
        return hunk.first <= finding.span.end_line + 1 and finding.span.line <= hunk.end
    return hunk.first <= finding.span.end_line and finding.span.line <= max(hunk.end - 1, hunk.first)


def _is_lines(finding: Finding) -> bool:
    return isinstance(finding.edit, LinesEdit)


def _fix(path: Path, finding: Finding, hunks: list[_Hunk]) -> dict[str, object]:
    """Write the change that a finding stands for, with the lines of the header that it needs."""
    replacements = []
    for hunk in hunks:
        at_end = bool(hunk.last_column) and hunk.end > hunk.first
        region = {
            "startLine": hunk.first,
            "startColumn": 1,
            "endLine": hunk.end - 1 if at_end else hunk.end,
            "endColumn": hunk.last_column if at_end else 1,
        }
        text = hunk.text.rstrip("\r\n") if at_end else hunk.text
        replacements.append({"deletedRegion": region, "insertedContent": {"text": text}})
    return {
        "description": {"text": finding.message},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": replacements}],
    }


def _fingerprint(file: ReportedFile, finding: Finding, seen: Counter[str]) -> str:
    """Name a finding so that it is known again when lines above it come or go: by what is said, and the how manieth it is."""
    said = re.sub(r"\d+", "", f"{finding.message} {finding.reason}")
    key = "\0".join((file.result.target.path.as_posix(), finding.codemod, finding.kind, said))
    seen[key] += 1
    return f"{hashlib.blake2b(path_bytes(key), digest_size=16).hexdigest()}:{seen[key]}"


def _level(finding: Finding, is_applied: bool, mode: Mode) -> str:
    """What a person can act on is a warning; what is done, or stays for good, is a note."""
    todo = (is_applied and mode is not Mode.APPLY) or finding.is_blocked
    return "warning" if todo and is_change(finding) else "note"


def _result(file: ReportedFile, finding: Finding, is_applied: bool, mode: Mode) -> dict[str, object]:
    path = file.result.target.path
    reason = f" ({finding.reason})" if finding.reason else ""
    result: dict[str, object] = {
        "ruleId": finding.codemod,
        "ruleIndex": _INDEX[finding.codemod],
        "level": _level(finding, is_applied, mode),
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
    if finding.reason == SUPPRESSED:
        result["suppressions"] = [{"kind": "inSource"}]
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
        # //server/share has its host already (https://www.rfc-editor.org/rfc/rfc8089#appendix-E.3); //?/ is Windows's own word.
        text = re.sub("^//[?]/(UNC/)?", lambda found: "//" if found[1] else "", path.as_posix())
        slashes = "" if text.startswith("//") else "//" if text.startswith("/") else "///"
        return {"uri": f"file:{slashes}{quote(path_bytes(text), safe='/:')}"}
    # Below the current folder, which services take to be the root of the checkout.
    return {"uri": quote(path_bytes(path.as_posix())), "uriBaseId": "%SRCROOT%"}
