"""How is a path compared with a pattern of ignored files in a time that does not explode?

A pattern's regular expression tries every share of a name among its wildcards: ``*a*a*a*a*a*a*b`` and a name of two hundred
``a`` keep it for ever. As with `fnmatch`, what stands between two wildcards may be taken where it is first found, for
good: that leaves most for what follows. So each wildcard but the last of a part of the path, and each ``**`` but the last, is
put into a group that is not entered again (a lookahead and a reference to what it found; Python has atomic groups from
3.11 on).
"""

from __future__ import annotations

import re

_FEW = 2
"""So many wildcards are harmless, and stay as they are."""

_ABOVE, _BETWEEN, _STAR = "(?:.+/)?", "(?:/.+)?", "[^/]*"
_WILD = (_ABOVE, _BETWEEN, _STAR)
_TOKENS = re.compile(
    r"\(\?:\.\+/\)\?|\(\?:/\.\+\)\?|\[\^/\][*+]?|\\.|\[\^?\]?(?:\\.|[^\]\\])*(?:\]|\Z)|(?P<end>\$|\(\?.*)|.",
    re.DOTALL,
)


def linear(regex: str) -> str:
    """Write a pattern's expression so that it finds the same without trying again.

    Args:
        regex: as `pathspec` translates a line of git's ignore rules.

    Returns:
        An expression that matches the same paths.
    """
    if sum(map(regex.count, _WILD)) <= _FEW:
        return regex
    groups = _Groups()
    blocks: list[tuple[str, list[str]]] = [("", [])]
    end = ""
    for found in _TOKENS.finditer(regex):
        token = found[0]
        if found["end"] is not None:
            end = regex[found.start() :]
            break
        if token in (_ABOVE, _BETWEEN):
            blocks.append((token, []))
        else:
            blocks[-1][1].append(token)
    *others, (lead, last) = blocks
    written = [_block(lead, body, groups) for lead, body in others]
    return "".join((*written, lead, _parts(last, groups), end))


class _Groups:
    """Numbers the groups of one expression."""

    def __init__(self) -> None:
        self._count = 0

    def once(self, inner: str) -> str:
        """Match what is found first, and nothing else."""
        self._count += 1
        name = f"once{self._count}"
        return f"(?=(?P<{name}>{inner}))(?P={name})"


def _block(lead: str, body: list[str], groups: _Groups) -> str:
    """Write what stands before a ``**``: with another one before it, its first place will do."""
    inner = _parts(body, groups)
    if lead == _ABOVE:
        return groups.once(f"(?:.+?/)??{inner}(?=/)")
    return groups.once(f"(?:/.+?)??{inner}(?=/)") if lead else inner


def _parts(tokens: list[str], groups: _Groups) -> str:
    """Write the parts of a path; a wildcard ends with its part."""
    written, part = [], list[str]()
    for token in [*tokens, "/"]:
        if token != "/":
            part.append(token)
            continue
        written.append(_part(part, groups))
        part = []
    return "/".join(written)


def _part(tokens: list[str], groups: _Groups) -> str:
    pieces: list[list[str]] = [[]]  # before the first wildcard, then what follows each
    for token in tokens:
        if token != _STAR:
            pieces[-1].append(token)
        elif len(pieces) == 1 or pieces[-1]:  # two in a row are one
            pieces.append([])
    first, *others = map("".join, pieces)
    if not others:
        return first
    return "".join((first, *(groups.once(f"[^/]*?{piece}") for piece in others[:-1]), _STAR, others[-1]))
