"""The formats of the report: which module writes each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workerlog_migrate.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def render(report: Report, format_name: str) -> bytes:
    """Render a whole report in one of the formats.

    Args:
        report: what happened.
        format_name: a key of `FORMATS`.

    Returns:
        UTF-8, ending in a newline.
    """
    return FORMATS[format_name](report)


def _text(report: Report) -> bytes:
    from workerlog_migrate.report.text import render_text

    return render_text(report, verbose=True).encode("utf-8", "backslashreplace")


def _json(report: Report) -> bytes:
    from workerlog_migrate.report.json import render_json

    return render_json(report)


def _sarif(report: Report) -> bytes:
    from workerlog_migrate.report.sarif import render_sarif

    return render_sarif(report)


def _github(report: Report) -> bytes:
    from workerlog_migrate.report.github import render_github

    return render_github(report)


def _html(report: Report) -> bytes:
    from workerlog_migrate.report.html import render_html

    return render_html(report)


# Each format is imported when it is asked for: most runs print text and pay for no other.
FORMATS: Mapping[str, Callable[[Report], bytes]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "html": _html,
    "github": _github,
}
"""The formats of ``--format``; ``cli`` has their names again, so that ``--help`` imports none of them."""

SHOWS_CHANGES = frozenset({"html", "sarif"})
"""The formats that show what changes in a file, for which a report has to keep its bytes."""
