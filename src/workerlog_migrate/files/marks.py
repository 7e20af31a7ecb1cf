"""How many accents stand one behind the other in a text? Python puts them in order by a sort that takes the square of their number.

It does so for each name that it reads (NFKC, https://docs.python.org/3/reference/lexical_analysis.html#identifiers), in one step that no signal interrupts: a script of 8 MB keeps it for
hours. Letters of living languages have two or three.
"""

from __future__ import annotations

import functools
import re
import unicodedata

MOST = 1_000
"""Accents in a row; their order takes a millisecond."""

_MAY_BE = re.compile(rf"[^\x00-\u02ff]{{{MOST}}}[^\x00-\u02ff]*")


def too_many_marks(text: str) -> int:
    """Give where more than `MOST` accents stand in a row.

    Args:
        text: any text.

    Returns:
        The number of characters before them; -1 if there are none.
    """
    if (
        text.isascii() or len(text.encode("utf-8", "surrogatepass")) - len(text) < MOST
    ):  # each takes two bytes
        return -1
    for found in _MAY_BE.finditer(text):
        row = 0
        for number, letter in enumerate(found[0]):
            row = row + 1 if _is_mark(letter) else 0
            if row > MOST:
                return found.start() + number - MOST
    return -1


@functools.lru_cache(maxsize=4096)
def _is_mark(letter: str) -> bool:
    """Whether a character is, or is written out as, nothing but accents (U+FF9E, U+0F73)."""
    return all(unicodedata.combining(each) for each in unicodedata.normalize("NFKD", letter))
