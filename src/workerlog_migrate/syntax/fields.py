"""The fields of a literal template of ``str.format``.

Input: the text. Output: each field with the argument that it shows; none where the text is no template.
"""

from __future__ import annotations

import re
import string
from typing import NamedTuple


class Field(NamedTuple):
    """A field of a template.

    Attributes:
        argument: the position or the keyword of what it shows.
        path: what is read from that before it is shown, as ``[name].x``; may be empty.
        spec: how it is formatted; empty where ``!r`` or nothing says so.
    """

    argument: int | str
    path: str
    spec: str


def fields(template: str) -> list[Field]:
    """Return the fields of a template in their order, those inside of specifications behind the field that they serve.

    Args:
        template: the text.
    """
    found: list[Field] = []
    following = 0
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return []
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        match = re.match(r"[^.\[]*", name)
        word = match[0] if match is not None else ""
        argument: int | str = int(word) if word.isdecimal() else word
        if not word:
            argument, following = following, following + 1
        found.append(Field(argument, name[len(word) :], "" if conversion else spec or ""))
        for inner in fields(spec or ""):
            if inner.argument == 0 and "{}" in (spec or ""):
                inner, following = inner._replace(argument=following), following + 1
            found.append(inner._replace(spec="d"))  # a width that is no number, a sign that does not fit
    return found
