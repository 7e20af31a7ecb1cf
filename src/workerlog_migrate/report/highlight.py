"""Which characters of a script are keywords, strings, comments? Text in, coloured runs per line out.

The tokens are those of the standard library's `tokenize` (https://docs.python.org/3/library/tokenize.html), which
stops at the first thing that is no Python of the running interpreter: what comes before is coloured then, the rest
is plain. Nothing here decides anything about a script; a wrong colour is a wrong colour.
"""

from __future__ import annotations

import builtins
import keyword
import tokenize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYWORD, STRING, COMMENT, NUMBER, BUILTIN, NAME = "k", "s", "c", "n", "b", "d"

_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
_CONSTANTS = frozenset({"self", "cls"})
_SOFT = frozenset({"match", "case"})


class Run(NamedTuple):
    """A stretch of one line: columns from 0 in characters (end exclusive) and the kind, one of this module's letters."""

    start: int
    end: int
    kind: str


class _Token(NamedTuple):
    """A token with its kind; lines count from 1."""

    kind: str
    start: tuple[int, int]
    end: tuple[int, int]


def highlight(text: str) -> list[list[Run]]:
    """Colour a script.

    Args:
        text: any text; lines end at LF only, as those of a patch do.

    Returns:
        One list per line, in order of columns and without overlaps; plain text is in no run.
    """
    lines = text.split("\n")
    runs: list[list[Run]] = [[] for _ in lines]
    for token in _coloured(lines):
        for number in range(token.start[0], min(token.end[0], len(lines)) + 1):
            start = token.start[1] if number == token.start[0] else 0
            end = token.end[1] if number == token.end[0] else len(lines[number - 1])
            if start < end:
                runs[number - 1].append(Run(start, end, token.kind))
    return runs


def _coloured(lines: list[str]) -> Iterator[_Token]:
    # A form feed or a lone CR ends no line here, as in the patch; the tokenizer is given the lines one by one.
    readline = iter([*(f"{line}\n" for line in lines[:-1]), lines[-1]]).__next__
    before = ""
    is_line_start = True
    depth = 0
    opened = (1, 0)
    try:
        for token in tokenize.generate_tokens(readline):
            name = tokenize.tok_name[token.type]
            # From Python 3.12 on an f-string comes in parts; it is one string here, as on 3.10 and 3.11.
            if name.endswith("STRING_START"):
                opened = opened if depth else token.start
                depth += 1
            elif name.endswith("STRING_END"):
                depth -= 1
                if not depth:
                    yield _Token(STRING, opened, token.end)
            elif not depth:
                kind = _kind(token, before, is_line_start=is_line_start)
                if kind:
                    yield _Token(kind, token.start, token.end)
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                is_line_start = token.type == tokenize.NEWLINE
                before = token.string
    except (tokenize.TokenError, SyntaxError, ValueError):
        # ValueError: from Python 3.12 on a NUL or a lone surrogate has no UTF-8 that its C tokenizer would take.
        return


def _kind(token: tokenize.TokenInfo, before: str, *, is_line_start: bool) -> str:
    match token.type:
        case tokenize.COMMENT:
            return COMMENT
        case tokenize.STRING:
            return STRING
        case tokenize.NUMBER:
            return NUMBER
        case tokenize.NAME:
            return _kind_of_name(token, before, is_line_start=is_line_start)
        case _:
            return ""


def _kind_of_name(token: tokenize.TokenInfo, before: str, *, is_line_start: bool) -> str:
    name = token.string
    if keyword.iskeyword(name):
        return KEYWORD
    if before in ("def", "class"):
        return NAME
    if before == ".":
        return ""
    if is_line_start and name in _SOFT and token.line.rstrip().endswith(":"):
        return KEYWORD
    return BUILTIN if name in _BUILTINS or name in _CONSTANTS else ""
