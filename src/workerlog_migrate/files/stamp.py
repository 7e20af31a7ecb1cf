"""Tell which version a runtime file is, and whether someone has edited it.

The first line of each runtime file is ``# workerlog-migrate runtime <version> sha256:<64 hex>``: the hash of all
text after that line, newlines taken as LF, so that a checkout with CRLF counts as unedited. Source, installed and
vendored copies are the same bytes, because the stamp is part of the source::

    python -m workerlog_migrate.files.stamp            # exit 1 when a stamp is not current
    python -m workerlog_migrate.files.stamp --write    # bring the stamps up to date
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

RUNTIME_FILES = ("worker_logger.py", "worker_utils.py")
"""The files that are copied next to migrated scripts, in the order in which they are written."""

_STAMP = re.compile(r"# workerlog-migrate runtime (\S+) sha256:([0-9a-f]{64})\Z")
_VERSION = re.compile(r'^RUNTIME_VERSION = "([^"]+)"$', re.MULTILINE)


def stamp(text: str, version: str) -> str:
    """Put a current stamp on a runtime file's text, in place of the one it may carry.

    Args:
        text: the text of the file.
        version: version of the runtime, without blanks.

    Returns:
        The text with LF newlines and the stamp as its first line.
    """
    body = _body(text)
    return f"# workerlog-migrate runtime {version} sha256:{_digest(body)}\n{body}"


def read_stamp(text: str) -> tuple[str, str] | None:
    """Read the stamp of a runtime file's text.

    Args:
        text: the text of the file, with any newlines, with or without a byte order mark.

    Returns:
        Version and hash (64 hex digits) as the first line states them; None without a stamp.
    """
    found = _STAMP.match(_with_lf(text).partition("\n")[0])
    return (found[1], found[2]) if found else None


def is_unedited(data: bytes) -> bool:
    """Tell whether a file is a runtime file as some version of us wrote it.

    Args:
        data: the bytes of the file; CRLF newlines and a byte order mark make no difference.

    Returns:
        Whether it carries a stamp and the rest still has the stamp's hash.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    found = read_stamp(text)
    return found is not None and found[1] == _digest(_body(text))


def runtime_version(text: str) -> str:
    """Read the version that a runtime file's text gives itself.

    Args:
        text: the text of the file.

    Returns:
        The value of its ``RUNTIME_VERSION``.

    Raises:
        ValueError: when it has none.
    """
    found = _VERSION.search(text)
    if found is None:
        raise ValueError("no RUNTIME_VERSION")
    return found[1]


def _body(text: str) -> str:
    text = _with_lf(text)
    first, _, rest = text.partition("\n")
    return rest if _STAMP.match(first) else text


def _with_lf(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8")).hexdigest()


def main(arguments: list[str]) -> int:
    """Check the stamps of the runtime files, or write them.

    Args:
        arguments: ``--write`` or nothing.

    Returns:
        0 when both are current (now), 1 when one is not.
    """
    current = True
    for name in RUNTIME_FILES:
        path = Path(__file__).resolve().parents[1] / "runtime" / name
        before = path.read_text(encoding="utf-8")
        after = stamp(before, runtime_version(before))
        if before != after and "--write" in arguments:
            path.write_text(after, encoding="utf-8", newline="\n")
        elif before != after:
            current = False
    return int(not current)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
