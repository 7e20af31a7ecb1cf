"""The report as annotations of a pull request: workflow commands that GitHub Actions reads from stdout.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands (``::warning file=…``). GitHub
shows ten warnings, ten errors and ten notices a step, so that only what a person can act on is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workerlog_migrate.model import Span
from workerlog_migrate.report import is_change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workerlog_migrate.report import Report


def render_github(report: Report) -> bytes:
    """Write one annotation for each file that was refused, each change, and each handler that stays broad.

    Args:
        report: what happened.

    Returns:
        UTF-8, a line for each; nothing when there is nothing to say.
    """
    return "".join(f"{line}\n" for line in _annotations(report)).encode("utf-8", "backslashreplace")


def _annotations(report: Report) -> Iterator[str]:
    for path, error in report.errors():
        line = max(error.line, 1)
        yield _command("error", path, Span(line, 0, line, 0), "refused", error.reason)
    for path, remark in report.remarks():
        kind = "error" if remark.is_error else "notice"
        yield _command(kind, path, Span(remark.line, 0, remark.line, 0), "skip comment", remark.text)
    for file in report.files:
        path = file.result.target.path
        for finding in file.applied:
            if is_change(finding):
                yield _command("warning", path, finding.span, finding.codemod, finding.message)
        for finding in file.left:
            if finding.kind == "incomplete" or finding.is_blocked:
                message = finding.message if finding.kind == "incomplete" else finding.reason
                yield _command("notice", path, finding.span, finding.codemod, message)
    for path in report.changed_unmatched:
        yield _command(
            "warning", path, Span(1, 0, 1, 0), "not checked", "matches no worker pattern; --all takes it"
        )


def _command(kind: str, path: Path, span: Span, title: str, message: str) -> str:
    places = (
        f"file={_property(path.as_posix())},line={span.line},endLine={span.end_line},title={_property(title)}"
    )
    return f"::{kind} {places}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
