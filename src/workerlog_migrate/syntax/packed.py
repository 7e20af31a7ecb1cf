"""What a format of ``struct`` unpacks into, by its text.

Source: https://docs.python.org/3/library/struct.html#format-strings
"""

from __future__ import annotations

import re

_ITEM = re.compile(r"\s*(?P<count>\d*)(?P<letter>[a-zA-Z?])", re.ASCII)
_TYPES = dict.fromkeys("bBhHiIlLqQnNP", "int") | dict.fromkeys("efd", "float") | {"c": "bytes", "?": "bool"}
_ONE_TEXT = "sp"  # however long, it is one value
_PADDING = "x"
_ORDERS = "@=<>!"
_MOST = 64


def fields_of(text: str) -> tuple[str, ...] | None:
    """Name the types of the values that a format stands for, in order.

    Args:
        text: the format, as ``struct.unpack`` takes it.

    Returns:
        ``("int", "bytes")`` for ``"<H16s"``; None for a text that is no format, and where it stands for more values than are counted here.
    """
    found: list[str] = []
    at = 1 if text[:1] and text[0] in _ORDERS else 0
    text = text.rstrip()
    while at < len(text):
        item = _ITEM.match(text, at)
        if item is None:
            return None
        letter, count = item["letter"], int(item["count"] or 1) if len(item["count"]) < 4 else _MOST + 1
        at = item.end()
        if letter in _ONE_TEXT:
            found.append("bytes")
        elif letter in _TYPES and count + len(found) <= _MOST:
            found += [_TYPES[letter]] * count
        elif letter != _PADDING:
            return None
    return tuple(found)
