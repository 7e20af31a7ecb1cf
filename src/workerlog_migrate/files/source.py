r"""Bytes to text and back, without losing one: what is in this file, and how do we write it again?

Input: the bytes of one file; output: a `Source`. The rules are the interpreter's own: a UTF-8 byte order
mark, else the coding line of PEP 263 (https://peps.python.org/pep-0263/) in the first two lines, else
UTF-8. Lines end at LF, CR LF and CR and nowhere else: `str.splitlines` also cuts at form feeds, `\x85`
and U+2028, which are ordinary characters inside a Python line.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.marks import MOST, too_many_marks
from workerlog_migrate.model import FileError, FileResult, Source
from workerlog_migrate.registry import REGISTRY

if TYPE_CHECKING:
    from workerlog_migrate.model import Target

# Every construct that a finder can report needs one of these in its bytes. Names that contain another one
# are left out: `print` covers `safe_print` and `pprint`, `open` covers `urlopen` and `Popen`. The list may
# be too generous (the finders decide), never too short: a file without any of them is not parsed.
TRIGGERS = (b"workerlog:", *dict.fromkeys(word for row in REGISTRY for word in row.triggers))

# A statement at the left margin that does something: its script runs, and so gets the logger. Assignments,
# definitions and imports do not count; the finder has the last word.
# The line end before it is part of the pattern: a search for that one byte is far quicker than one for all starts of lines.
_RUNS = re.compile(
    rb"\n(?![ \t\n#)\]}])(?:(?:\xef\xbb\xbf)?"
    rb"(?:(?:while|for|if|with|raise|match|del|assert|async[ \t]+(?:for|with))\b(?![ \t]*[=,)])"
    rb"|(?!(?:def|class|import|from|return|print)\b)[A-Za-z_][\w.]*[ \t]*\()"
    rb"|(?:import|from)\b[^#\r\n]*;)"
)

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$", re.DOTALL)
_NEWLINE = re.compile(rb"\r\n|\n|\r")
_BOM = codecs.BOM_UTF8


def has_trigger(raw: bytes, extra: tuple[str, ...] = ()) -> bool:
    """Say whether a file may hold anything to find, from its bytes alone.

    Args:
        raw: the bytes of the file.
        extra: qualified calls that the user has added to the retry table (``cloud.fetch``); the last part
            of each is a trigger too.

    Returns:
        False only if nothing can be found: no name that a finder looks for, no ``__main__`` guard and no
        statement at the left margin that runs something.
    """
    for word in TRIGGERS:  # no generator: it would take longer than the searches
        if word in raw:
            return True
    if any(call.rpartition(".")[2].encode() in raw for call in extra):
        return True
    if _RUNS.search(b"\n" + (raw if b"\r" not in raw else raw.replace(b"\r", b"\n"))) is not None:
        return True
    # Python reads other letters for these (U+FF50 U+FF52 ... is "print"): https://docs.python.org/3/reference/lexical_analysis.html#identifiers
    return not _is_plain(raw) and (plain := _in_plain_letters(raw)) != raw and has_trigger(plain, extra)


def _is_plain(raw: bytes) -> bool:
    """Say whether bytes can hold no other letters: some encodings (ISO-2022-JP, HZ, UTF-7) write them in ASCII."""
    return raw.isascii() and b"coding" not in raw


def as_compared(raw: bytes) -> bytes:
    """Add to the bytes of a Python file its text with all names as Python compares them, where they are written otherwise.

    Args:
        raw: the bytes.

    Returns:
        What to look for names in.
    """
    if _is_plain(raw):
        return raw
    try:
        text = decode(Path(), raw, to_be_written=False).text
    except Refused:
        return raw
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        plain = text
    else:
        plain = unicodedata.normalize("NFKC", text)
    read = plain.encode("utf-8", "replace")
    return raw if read == raw else b"%s\n%s" % (raw, read)


def _in_plain_letters(raw: bytes) -> bytes:
    """Write identifiers as Python compares them, and as few letters as can be that are not ASCII."""
    with contextlib.suppress(Refused):
        text = decode(Path(), raw, to_be_written=False).text
        return unicodedata.normalize("NFKC", text).encode("ascii", "ignore")
    return b""


def pass_over(raw: bytes, target: Target, extra: tuple[str, ...] = ()) -> FileResult | None:
    """Do with a file all there is to do if its bytes alone show that there is nothing to find.

    Args:
        raw: the bytes of the file.
        target: the name that they go by, and their worker.
        extra: as `has_trigger`.

    Returns:
        That the file is skipped, or why it cannot be read as text; None if it has to be parsed.
    """
    if has_trigger(raw, extra):
        return None
    try:  # a binary holds no trigger, and is an error
        encoding = decode(target.path, raw).encoding
    except Refused as error:
        return FileResult(target, raw, raw, error=FileError(error.reason, error.line))
    return FileResult(target, raw, raw, skipped="no trigger", encoding=encoding)


PRESENT = "present"
"""In place of a digest: only that a file is there has counted, not what it holds."""


def digest(raw: bytes) -> str:
    """Return what tells a file's bytes from all others: 16 bytes of BLAKE2b, in hexadecimal."""
    import hashlib

    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def decode(path: Path, raw: bytes, *, to_be_written: bool = True) -> Source:
    """Read bytes as the interpreter would.

    Args:
        path: where they come from, as it is to be shown.
        raw: the bytes.
        to_be_written: the text is going to be encoded again; if not, it is enough that Python reads it.

    Returns:
        The source; `encode` of its unchanged text gives ``raw`` again.

    Raises:
        Refused: the bytes are binary, the coding line names no text encoding, the bytes are not in the
            encoding that is declared, or the text is one that Python would put in order for hours.
    """
    if b"\0" in raw:
        what = "UTF-16 text" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "a binary file"
        raise Refused(
            f"{what}, not Python source (it holds NUL bytes); save it as UTF-8", _line_at(raw, raw.index(0))
        )
    bom = raw.startswith(_BOM)
    body = raw[len(_BOM) :] if bom else raw
    encoding, cookie_line = _declared_encoding(body, bom=bom)
    if bom and encoding not in ("", "utf-8"):
        raise Refused(
            f"a UTF-8 byte order mark, but its coding line says {encoding}; remove one of them", cookie_line
        )
    text = _decoded(body, encoding or "utf-8", declared=bool(encoding), cookie_line=cookie_line)
    if (start := too_many_marks(text)) >= 0:
        raise Refused(f"holds more than {MOST:,} accents in a row", text.count("\n", 0, start) + 1)
    if to_be_written and encoding not in ("", "utf-8") and not _survives(body, text, encoding):
        raise Refused(
            f"its encoding {encoding} does not give the same bytes again; convert it to UTF-8", cookie_line
        )
    newline = _NEWLINE.search(raw)
    return Source(
        path=path,
        text=text,
        raw=raw,
        encoding=encoding or "utf-8",
        bom=bom,
        newline=newline.group().decode("ascii") if newline else "\n",
    )


def encode(source: Source, text: str) -> bytes:
    """Write text as the file that ``source`` was read from is written: same encoding, same byte order mark.

    Args:
        source: the file as it was read.
        text: its new text, newlines as they are to be on disk.

    Returns:
        The bytes to write.

    Raises:
        Refused: a character does not exist in the file's encoding.
    """
    try:
        body = text.encode(source.encoding)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        character = text[error.start]
        raise Refused(
            f"the new text holds {character!r} (U+{ord(character):04X}), which {source.encoding} cannot write; "
            "convert the file to UTF-8",
            line,
        ) from error
    return _BOM + body if source.bom else body


def split_lines(text: str) -> list[str]:
    r"""Cut text where Python's tokenizer does: after ``\n``, ``\r\n`` and ``\r``.

    Args:
        text: any text.

    Returns:
        The lines with their ends; joined they give the text again.
    """
    # newline="" makes the standard library cut at these three and keep them as they are.
    return list(io.StringIO(text, newline=""))


def _declared_encoding(body: bytes, *, bom: bool) -> tuple[str, int]:
    """Give the normalised name in the coding line (empty: there is none) and the line it stands on."""
    start = 0
    for number in (1, 2):
        end = _NEWLINE.search(body, start)
        line = body[start : end.start()] if end else body[start:]
        cookie = _COOKIE.match(line)
        if cookie:
            name = cookie.group(1).decode("ascii", "replace")
            # Beside a byte order mark the interpreter takes no other spelling: "utf8" is an error there.
            return name if bom and not _is_utf_8(name) else _checked_codec(name, number), number
        if end is None or not _BLANK.match(line):
            break
        start = end.end()
    return "", 0


def _is_utf_8(name: str) -> bool:
    # The interpreter knows this and latin-1 under any suffix (utf-8-unix): Parser/tokenizer.c, get_normal_name.
    folded = name[:12].lower().replace("_", "-")
    return folded == "utf-8" or folded.startswith("utf-8-")


_OF_DOMAINS = ("idna", "punycode")
"""Codecs of single host names: they take a time that grows with the square of the text's length."""


def _checked_codec(name: str, line: int) -> str:
    folded = name[:12].lower().replace("_", "-")
    if _is_utf_8(name):
        return "utf-8"
    if folded in ("latin-1", "iso-8859-1", "iso-latin-1") or folded.startswith(
        ("latin-1-", "iso-8859-1-", "iso-latin-1-")
    ):
        return "iso-8859-1"
    refusal = Refused(f"its coding line names {name!r}, which is no encoding; correct or remove it", line)
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise refusal from error
    if codec.name in _OF_DOMAINS:  # by whatever spelling: signs around a name are dropped, as in "punycode-"
        raise refusal
    return codec.name


def _decoded(body: bytes, encoding: str, *, declared: bool, cookie_line: int) -> str:
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        byte = error.object[error.start] if error.start < len(error.object) else 0
        advice = (
            f"correct its coding line (it says {encoding}) or convert the file"
            if declared
            else "convert it to UTF-8, or add a coding line such as '# -*- coding: cp1252 -*-'"
        )
        raise Refused(
            f"not {encoding.upper()}: byte 0x{byte:02x}; {advice}", _line_at(body, error.start)
        ) from error
    except (LookupError, UnicodeError) as error:
        # Codecs that turn bytes into bytes (rot13, hex) have names too; others fail without a position.
        raise Refused(
            f"its coding line says {encoding}, which cannot decode it: {error}", cookie_line
        ) from error
    return text


def _survives(body: bytes, text: str, encoding: str) -> bool:
    try:
        return text.encode(encoding) == body
    except UnicodeError:
        return False


def _line_at(raw: bytes, offset: int) -> int:
    return sum(1 for _ in _NEWLINE.finditer(raw, 0, offset)) + 1
