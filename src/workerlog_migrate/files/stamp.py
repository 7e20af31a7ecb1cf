"""Tell which version a runtime file is, and whether someone has edited it.

The first line of each runtime file is ``# workerlog-migrate runtime <version> tree:<64 hex>``: the hash of its syntax
tree, so that a checkout with CRLF, another formatter or a sorter of imports make no edit of it. Docstrings count by
their words. In a copy beside scripts further lines ask formatters, linters and sorters to leave the file alone; the
source goes without, since ours shall check it. Version 0.1 stamped with ``sha256:``, the hash of all text after that
line::

    python -m workerlog_migrate.files.stamp            # exit 1 when a stamp is not current
    python -m workerlog_migrate.files.stamp --write    # bring the stamps up to date
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
import sys
import warnings
from pathlib import Path

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.marks import too_many_marks
from workerlog_migrate.files.source import decode
from workerlog_migrate.model import RUNTIME_FILES

LEAVE_ALONE = (
    "# A copy that workerlog-migrate keeps: formatters, linters and import sorters are asked to leave it alone.",
    "# fmt: off",
    "# isort: skip_file",
    "# ruff: noqa: PGH004",
    "# ruff: noqa",
    "# flake8: noqa",
    "# mypy: ignore-errors",
    "# pylint: skip-file",
)
"""What a copy beside scripts says below its stamp."""

_STAMP = re.compile(r"# workerlog-migrate runtime (\S+) (tree|sha256):([0-9a-f]{64})\Z")
_VERSION = re.compile(r'^RUNTIME_VERSION = "([^"]+)"$', re.MULTILINE)


def stamp(text: str, version: str) -> str:
    """Put a current stamp on a runtime file's text, in place of the one it may carry.

    Args:
        text: the text of the file.
        version: version of the runtime, without blanks.

    Returns:
        The text with LF newlines and the stamp as its first line.

    Raises:
        SyntaxError: it is no Python.
    """
    body = _body(text)
    return f"# workerlog-migrate runtime {version} tree:{tree_digest(body)}\n{body}"


def vendored(text: str, version: str) -> str:
    """Write a runtime file as it stands beside scripts.

    Args:
        text: the text of the file.
        version: version of the runtime, without blanks.

    Returns:
        The text with LF newlines, the stamp, and what asks other tools to leave it alone.

    Raises:
        SyntaxError: it is no Python.
    """
    return copied(stamp(text, version))


def copied(text: str) -> str:
    """Write a runtime file whose stamp is current as it stands beside scripts.

    Args:
        text: the text of the file, with LF newlines; its first line is the stamp.

    Returns:
        The same with what asks other tools to leave it alone.
    """
    first, _, rest = text.partition("\n")
    return "\n".join((first, *LEAVE_ALONE, rest))


def read_stamp(text: str) -> tuple[str, str] | None:
    """Read the stamp of a runtime file's text.

    Args:
        text: the text of the file, with any newlines, with or without a byte order mark.

    Returns:
        Version and hash (64 hex digits) as the first line states them; None without a stamp.
    """
    found = _STAMP.match(_with_lf(text).partition("\n")[0])
    return (found[1], found[3]) if found else None


def is_unedited(data: bytes) -> bool:
    """Tell whether a file is a runtime file as some version of us wrote it.

    Args:
        data: the bytes of the file; newlines, a byte order mark, comments and layout make no difference.

    Returns:
        Whether it carries a stamp, the rest still has the stamp's hash, and Python reads it as the UTF-8 that it is.
    """
    try:
        source = decode(Path(), data)
    except Refused:
        return False
    if source.encoding != "utf-8":  # a comment may be a statement in another encoding, and a text another one
        return False
    text = _with_lf(source.text)
    first, _, rest = text.partition("\n")
    found = _STAMP.match(first)
    if found is None:
        return False
    if found[2] == "sha256":
        return found[3] == hashlib.sha256(rest.encode("utf-8")).hexdigest()
    try:
        return found[3] == tree_digest(rest)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


@functools.lru_cache(maxsize=8)
def tree_digest(text: str) -> str:
    """Give the hash of a text's syntax tree, the same on every version of Python and for every layout.

    Args:
        text: Python.

    Returns:
        64 hex digits.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it holds a null byte, or what would keep Python for ever.
    """
    if too_many_marks(text) >= 0:
        raise ValueError("accents in a row")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    written: list[str] = []
    _write(tree, written)
    return hashlib.sha256("\n".join(written).encode("utf-8", "surrogatepass")).hexdigest()


def _write(value: object, out: list[str]) -> None:
    """Write a tree out; fields that hold nothing are left out, since newer versions of Python add such fields."""
    match value:
        case ast.Constant(value=constant):
            out.append(f"{type(constant).__name__} {constant!r}")
        case ast.JoinedStr(values=values):
            out.append("(JoinedStr")
            _write_parts(values, out)
            out.append(")")
        case ast.Expr(value=ast.Constant(value=str(text))):
            out.append(f"text {' '.join(text.split())}")
        case ast.AST():
            out.append(f"({type(value).__name__}")
            for name in sorted(set(value._fields) - _LEFT_OUT):
                field = getattr(value, name, None)
                if field is not None and field != []:
                    out.append(f".{name}")
                    _write(field, out)
            out.append(")")
        case list():
            out.append("[")
            for item in value:
                _write(item, out)
            out.append("]")
        case _:
            out.append(repr(value))


_LEFT_OUT = frozenset({"ctx", "type_comment"})


def _write_parts(values: list[ast.expr], out: list[str]) -> None:
    """Write the parts of an f-string out; versions of Python differ in where its texts are split."""
    text = ""
    for part in values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        if text:
            out.append(repr(text))
        text = ""
        _write(part, out)
    if text:
        out.append(repr(text))


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
    return rest.removeprefix("\n".join((*LEAVE_ALONE, ""))) if _STAMP.match(first) else text


def _with_lf(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


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
