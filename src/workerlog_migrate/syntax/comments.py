"""The comments of a valid program, and those among them that are directed to this tool."""

from __future__ import annotations

import io
import re
import sys
import tokenize
import warnings

from workerlog_migrate.errors import Refused

_DIRECTIVE = re.compile(r"(?:^|(?<=\s))#\s*workerlog:\s*(skip-file|skip)\s*(?:\[([^\]]*)\])?")
_LEXEME = re.compile(
    r"""\"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"""
    r"""|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|(\#[^\n]*)""",
    re.DOTALL,
)
_FSTRING = re.compile(r"""\b(?:[fFtT][rR]?|[rR][fFtT])["']""")


def comments(text: str) -> list[tuple[int, int, str]]:
    """List the comments of a valid program as (line from 1, column in characters, text with ``#``).

    Outside strings and comments a valid program holds neither quotes nor ``#``, so strings and comments are all that
    has to be told apart. Only the f-strings of Python 3.12 can hold strings and comments themselves; where there
    are any, the tokenizer is asked, which is the interpreter's own there. (That of 3.10 and 3.11 is not, and stumbles
    over continued blank lines.)

    Raises:
        Refused: the tokenizer does not read what the parser accepted.

    """
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if sys.version_info >= (3, 12) and _FSTRING.search(text):
        return _tokenized_comments(text)
    found: list[tuple[int, int, str]] = []
    line = 1
    position = 0
    for match in _LEXEME.finditer(text):
        if match[1] is not None:
            start = match.start()
            line += text.count("\n", position, start)
            position = start
            found.append((line, start - text.rfind("\n", 0, start) - 1, match[1]))
    return found


def directives(text: str, lines: list[str]) -> dict[int, frozenset[str] | None]:
    """Return the lines with ``# workerlog: skip`` and the names in its brackets; None without brackets.

    Args:
        text: the program.
        lines: its lines.

    Returns:
        Line (from 1) -> names; ``0`` stands for ``# workerlog: skip-file`` on a line of its own.
    """
    found: dict[int, frozenset[str] | None] = {}
    if "workerlog:" not in text:
        return found
    for line, column, comment in comments(text):
        match = _DIRECTIVE.search(comment)
        if match is None:
            continue
        if match[1] == "skip-file":
            if not lines[line - 1][:column].strip():
                found[0] = None
        else:
            named = match[2]
            found[line] = None if named is None else frozenset(part.strip() for part in named.split(","))
    return found


def _tokenized_comments(text: str) -> list[tuple[int, int, str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [
                (token.start[0], token.start[1], token.string)
                for token in tokenize.generate_tokens(io.StringIO(text).readline)
                if token.type == tokenize.COMMENT
            ]
    except (tokenize.TokenError, SyntaxError, IndentationError) as error:
        raise Refused(f"comments cannot be read: {error}") from error
