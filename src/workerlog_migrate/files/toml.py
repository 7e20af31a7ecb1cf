"""What does a TOML file of a checkout say? Read in time and memory that grow with its size alone.

Input: its text; output: its tables. Python's reader keeps each beginning of a dotted key, so one of 40,000 parts, 80 kB, takes gigabytes: keys are counted before it sees
them. Deep values end in a RecursionError by themselves; other constructs, tried at the limit of a configuration's size, stay below three seconds.
"""

from __future__ import annotations

import re
import sys

MOST_PARTS = 32
"""Parts of a key, or of the name of a table; nobody writes ten."""

_TOKENS = re.compile(r"""[\w-]+|"(?:[^"\\]|\\.)*"?|'[^']*'?|[ \t]+|.""", re.DOTALL)
"""Each character belongs to one; a text that has no end is one, too, so that none is looked at twice."""


class BrokenTomlError(ValueError):
    """A text that is no TOML, or none that is read; the message says why."""


def parse_toml(text: str) -> dict[str, object]:
    """Read a TOML document.

    Args:
        text: the document.

    Returns:
        Its tables.

    Raises:
        BrokenTomlError: it is not valid, is nested too deeply, or has a key of more than `MOST_PARTS` parts.
        MemoryError: there is not enough.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10
    if any(line.count(".") >= MOST_PARTS and _parts(line) > MOST_PARTS for line in text.split("\n")):
        raise BrokenTomlError(f"a key of more than {MOST_PARTS} parts")
    try:
        document: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenTomlError(str(error)) from error
    except ValueError as error:
        raise BrokenTomlError("a number of too many digits") from error
    except RecursionError as error:
        raise BrokenTomlError("nested too deeply") from error
    return document


def _parts(line: str) -> int:
    """Count the parts of the longest dotted name in a line, wherever it stands: as a key, or in a text that looks like one."""
    most = parts = 0
    joined = False
    for match in _TOKENS.finditer(line):
        token = match[0]
        if token.isspace():
            continue
        if token == ".":
            joined = True
        else:
            parts = parts + 1 if joined else 1
            joined = False
            most = max(most, parts)
    return most
