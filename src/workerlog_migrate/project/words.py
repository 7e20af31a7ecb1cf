"""Which names and paths does a text of a script hold?

Input: any text: a string of a script, a command line. Output: its words that read as a dotted name or a path, and the modules that it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_WORD = 400
"""A longer word is no name and no path: to look for each beginning of it takes a time that grows with its square."""

# A run of dots, slashes and colons is tried at its first character only, or a long one would be read once from each.
_WORD = re.compile(r"(?:[A-Za-z_]|(?<![.~/\\:])[.~/\\])[\w\-]*(?:[./\\:]+[\w\-]+)*[./\\]?")

STARTED = re.compile(r"(?:^|[\s\"'\[,(=])-(?:[A-Za-z]*)m[\s\"',]+(?P<module>[A-Za-z_][\w.]*)")
"""A module that a command line starts."""


def words_of(text: str) -> Iterator[str]:
    """Give the parts of a text that read as a dotted name or a path.

    Args:
        text: any.

    Yields:
        ``scripts.x``, ``scripts/x.py``, ``cogs.``; never a bare word, but for one that ends in ``.py``.
    """
    if "." not in text and "/" not in text and "\\" not in text:
        return
    for found in _WORD.finditer(text):
        word = found[0]
        if len(word) <= MAX_WORD and ("." in word or "/" in word or "\\" in word):
            yield word
