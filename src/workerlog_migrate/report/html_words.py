"""The words of the HTML report: outcomes and their order, and texts of unknown origin, escaped once."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.registry import row_of

if TYPE_CHECKING:
    from workerlog_migrate.model import Finding


_NARROWED, INCOMPLETE, _LEFT, REFUSED, _CHANGED = "narrowed", "incomplete", "left", "refused", "changed"
WATCHED = "watched"

# Outcomes in the order in which a reader should meet them; others follow by name.
_OUTCOMES = (
    _NARROWED,
    WATCHED,
    INCOMPLETE,
    _LEFT,
    "mirrored",
    "wrapped",
    "header",
    "import",
    _CHANGED,
    REFUSED,
)
COMMON = ("header", "import")  # nearly every file has them: they would only fill its line
_LABELS = {_LEFT: "left alone", "header": "set up", "import": "imported"}

# Control characters, soft hyphen, zero widths, line separators, bidirectional controls, byte order marks, lone
# surrogates, tags. A zero-width joiner after an emoji only joins it to the next one.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
)
_BREAK = re.compile(r"(?<![ \t])[ \t]*\n[ \t]*")  # tried where a run of blanks begins: linear


def outcome_of(finding: Finding, is_applied: bool) -> str:
    """Say in a word what became of a finding.

    Args:
        finding: any.
        is_applied: whether it is in the new text.
    """
    if finding.kind == INCOMPLETE or (
        not is_applied and any(not each.exception for each in finding.evidence)
    ):
        return INCOMPLETE
    if not is_applied:
        return WATCHED if finding.kind == WATCHED else _LEFT
    return finding.kind or _CHANGED


def section_of(finding: Finding) -> str:
    """Give the heading of the part that a finding stands in; empty: it stands with others, as an import that a handler needs does."""
    return "" if isinstance(finding.edit, LinesEdit) else row_of(finding.codemod).section


def rank_of(outcome: str) -> tuple[int, str]:
    """Give the place of an outcome among others, as a key to sort by.

    Args:
        outcome: the word.
    """
    return (_OUTCOMES.index(outcome) if outcome in _OUTCOMES else len(_OUTCOMES), outcome)


def label_of(outcome: str) -> str:
    """Say an outcome to a reader.

    Args:
        outcome: the word.
    """
    return _LABELS.get(outcome, outcome)


def path_text(path: Path) -> str:
    """Write a path, its folder apart.

    Args:
        path: any.
    """
    folder, slash, name = path.as_posix().rpartition("/")
    return (
        f'<span class="folder">{visible_text(folder)}{slash}</span>{visible_text(name)}'
        if slash
        else visible_text(name)
    )


def visible_text(text: str) -> str:
    """Write a text of unknown origin on one line of HTML."""
    shown, position = [], 0
    line = _BREAK.sub(" ", text).replace("\t", " ")
    for unseen in UNSEEN.finditer(line):
        shown.append(escape(line[position : unseen.start()]))
        shown.append(f'<span class="x">{escape(written_out(unseen.group()))}</span>')
        position = unseen.end()
    shown.append(escape(line[position:]))
    return "".join(shown)


def prose(text: str) -> str:
    """Write a sentence; what stands between backquotes in it is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return visible_text(text)
    return "".join(
        f"<code>{visible_text(part)}</code>" if number % 2 else visible_text(part)
        for number, part in enumerate(parts)
    )


def written_out(character: str) -> str:
    """Write a character that could not be seen.

    Args:
        character: a single one.
    """
    match ord(character):
        case code if code < 0x20:
            return chr(0x2400 + code)  # the block Control Pictures
        case 0x7F:
            return "\u2421"
        case code:
            return f"<U+{code:04X}>"
