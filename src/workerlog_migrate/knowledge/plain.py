"""Read a table of TOML as JSON, where the two write the same: the standard library's reader of JSON is in C, that of TOML is not.

Input: what stands below one header. Output: the table, or None where only a reader of TOML can tell. What is no TOML at all may
pass here; the check of all rows reads whole files as TOML, and the tests hold both readers to the same tables.
"""

from __future__ import annotations

import json
import re
from itertools import chain, zip_longest
from typing import Any

_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # documented by its use in json.decoder only
_ENTRY = re.compile(r"^([A-Za-z][\w-]*) = ", re.MULTILINE)
_TEXT = re.compile(r'("(?:[^"\\\n]|\\[bfnrt"\\]|\\u[0-9a-fA-F]{4})*")')
_HOLE = "\0"  # where a text stands
_NAME = re.compile(r"(?<![\w-])([A-Za-z][\w-]*) = ")
_LAST_COMMA = re.compile(r",(\s*[\]}])")


def plain_table(text: str) -> dict[str, Any] | None:
    """Read the entries of one table.

    Args:
        text: lines ``name = value``, values over several lines included.

    Returns:
        The table; None where something in it is written as only TOML does.
    """
    before, *parts = _ENTRY.split(text)
    if before.strip():  # a comment
        return None
    read: dict[str, Any] = {}
    try:
        for name, value in zip(parts[::2], parts[1::2], strict=True):
            read[name] = _value(value.strip())
    except (ValueError, StopIteration):
        return None
    return read


def _value(text: str) -> Any:
    try:
        return _read(text)
    except (ValueError, StopIteration):  # tables in braces, a comma after the last item
        pieces = _TEXT.split(text)
        between = _HOLE.join(pieces[::2]).replace(f"{_HOLE} = ", f"{_HOLE}:")
        between = _LAST_COMMA.sub(r"\1", _NAME.sub(r'"\1":', between))
        return _read("".join(chain(*zip_longest(between.split(_HOLE), pieces[1::2], fillvalue=""))))


def _read(text: str) -> Any:
    value, end = _scan(text, 0)
    if end != len(text):
        raise ValueError(text)
    return value
