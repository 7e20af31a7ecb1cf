"""What a person would do about a handler that stays, where it is not a call that is unknown: the remedy for each reason."""

from __future__ import annotations

import re

_REMEDIES = (
    (
        r"too many kinds",
        "divide the `try` statement in two, or move a part of its body into a function that handles some of these itself:"
        " at most eight classes are listed",
    ),
    (
        r"cannot be named here",
        "define the class at the top level of its file, import its module at the top of this one, and bind neither name to"
        " anything else",
    ),
    (
        r"arrives at the yield",
        "let a `try` statement of its own stand around what is before the `yield`, and one around what is behind it",
    ),
    (
        r"^swallows \w+ today",
        "write `except SystemExit: raise` before it if the program is meant to end there, `except SystemExit: pass` if not",
    ),
    (
        r"^nothing in the body is known to raise",
        "nothing is unknown: delete the handler, or teach what a call of the body raises, [tool.workerlog-migrate.raises]",
    ),
    (
        r"^only guards an import",
        "write `except ImportError:` by hand if a missing module is all that is meant: the top level of a module can raise anything",
    ),
    (
        r"^re-raises on one path",
        "end each path of the handler with `raise`, or none: what is raised again is meant to go on",
    ),
    (
        r"^the code is never reached",
        "nothing is unknown: delete the statement, or what ends the program before it",
    ),
    (
        r"^catches exception groups",
        "write `except` for the exceptions themselves, if no group is raised in the body",
    ),
    (
        r"^suppressed by comment",
        "nothing is unknown: delete the comment",
    ),
    (
        r"^it runs before the logger is set up",
        "move the statement below the line that sets up the logger",
    ),
)


def remedy_of(reason: str) -> str:
    """Return what would settle a handler that stays, in words.

    Args:
        reason: why it stays, as its finding says.

    Returns:
        Half a sentence; empty for calls that are not known, of which each says itself what would settle it.
    """
    return next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, reason)), "")
