"""Write the manual page from the options themselves: ``python docs/man.py > docs/workerlog-migrate.1``."""

from __future__ import annotations

import click

from workerlog_migrate import __version__
from workerlog_migrate.cli import main

EXIT_CODES = (
    ("0", "Done, nothing wrong; a dry run with changes, too."),
    ("1", "--check found changes."),
    ("2", "Wrong usage, or at least one file could not be processed; every other file was."),
    ("130", "Interrupted; no file is half written."),
)
FILES = (
    ("pyproject.toml", "The nearest one's table [tool.workerlog-migrate] is the configuration."),
    (
        "~/.local/state/workerlog-migrate/",
        "What --undo needs to take back the last 20 runs of --apply from each folder, at most 256 MB.",
    ),
    ("worker_logger.py, worker_utils.py", "The runtime, which --apply puts beside migrated scripts."),
)
ENVIRONMENT = (
    ("NO_COLOR", "If set and not empty, nothing is coloured unless --color=always says so."),
    ("CI", "If set and not empty, no progress is shown."),
    ("XDG_STATE_HOME", "Where the undo is kept instead of ~/.local/state (on Windows: %LOCALAPPDATA%)."),
    ("VISUAL, EDITOR", "The editor for the exception list of a narrowed handler (--interactive, e)."),
)
EXAMPLES = (
    ("Show what would change below scripts/:", "workerlog-migrate"),
    ("Decide about each change:", "workerlog-migrate --apply --interactive"),
    ("Take the last --apply back:", "workerlog-migrate --undo"),
    (
        "Only what this branch has changed:",
        "workerlog-migrate --changed=origin/main --check",
    ),
)


def render() -> str:
    """Give the page as roff with the man macros (man(7))."""
    name = "workerlog\\-migrate"
    lines = [
        f'.TH WORKERLOG\\-MIGRATE 1 "" "{name} {__version__}" "User commands"',
        ".SH NAME",
        f"{name} \\- rewrite worker scripts to log, to name their exceptions and to retry I/O",
        ".SH SYNOPSIS",
        f".B {name}",
        "[\\fIOPTIONS\\fR] [\\fIPATHS\\fR]...",
        ".SH DESCRIPTION",
        *(_escaped(" ".join(part.split())) + "\n.PP" for part in (main.help or "").split("\n\n")),
        ".SH OPTIONS",
    ]
    context = click.Context(main, info_name="workerlog-migrate", help_option_names=["-h", "--help"])
    for parameter in main.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            lines += [".TP", f"\\fB{_escaped(record[0])}\\fR", _escaped(record[1])]
    for title, rows in (("EXIT STATUS", EXIT_CODES), ("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)):
        lines.append(f".SH {title}")
        for term, text in rows:
            lines += [".TP", f"\\fB{_escaped(term)}\\fR", _escaped(text)]
    lines.append(".SH EXAMPLES")
    for text, command in EXAMPLES:
        lines += [_escaped(text), ".PP", ".RS", f".B {_escaped(command)}", ".RE", ".PP"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Escape what roff would read as an escape, a hyphen to break at, or a request at the start of a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201  # this is the program's output
