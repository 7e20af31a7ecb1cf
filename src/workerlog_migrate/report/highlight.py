"""Which characters of a script are keywords, strings, comments? Text in, coloured runs per line out.

The tokens are those of the standard library's `tokenize` (https://docs.python.org/3/library/tokenize.html), which
stops at the first thing that is no Python of the running interpreter: what comes before is coloured then, the rest
is plain. Nothing here decides anything about a script; a wrong colour is a wrong colour. (Pygments would be one more
dependency, for six colours in one of five formats.)
"""

from __future__ import annotations

import builtins
import keyword
import tokenize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYWORD, STRING, COMMENT, NUMBER, BUILTIN, NAME = "k", "s", "c", "n", "b", "d"

_KEYWORDS = frozenset(keyword.kwlist)
_SOFT = frozenset({"match", "case"})
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {"self", "cls"}

_KINDS = {tokenize.COMMENT: COMMENT, tokenize.STRING: STRING, tokenize.NUMBER: NUMBER}
_BETWEEN = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})
_STARTS = frozenset(kind for kind, name in tokenize.tok_name.items() if name.endswith("STRING_START"))
_ENDS = frozenset(kind for kind, name in tokenize.tok_name.items() if name.endswith("STRING_END"))


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
    depth = 0
    opened = (1, 0)
    try:
        for kind, text, start, end, line in tokenize.generate_tokens(readline):
            # From Python 3.12 on an f-string comes in parts; it is one string here, as on 3.10 and 3.11.
            if kind in _STARTS:
                opened = opened if depth else start
                depth += 1
            elif kind in _ENDS:
                depth -= 1
                if not depth:
                    yield _Token(STRING, opened, end)
            elif depth:
                pass
            elif kind == tokenize.NAME:
                colour = _kind_of_name(text, before, line)
                if colour:
                    yield _Token(colour, start, end)
            elif kind in _KINDS:
                yield _Token(_KINDS[kind], start, end)
            if kind not in _BETWEEN:
                before = text
    except (tokenize.TokenError, SyntaxError, ValueError):
        # ValueError: from Python 3.12 on a NUL or a lone surrogate has no UTF-8 that its C tokenizer would take.
        return


def _kind_of_name(name: str, before: str, line: str) -> str:
    """Colour a name by the token before it (a line's end is one) and, for soft keywords, by its line."""
    if name in _KEYWORDS:
        return KEYWORD
    if before in ("def", "class"):
        return NAME
    if before == ".":
        return ""
    if name in _SOFT and before in ("", "\n", "\r\n") and line.rstrip().endswith(":"):
        return KEYWORD
    return BUILTIN if name in _BUILTINS else ""
