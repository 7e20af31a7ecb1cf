r"""How does a change look as a patch? Bytes before and after in, a unified diff as bytes out.

The diff applies with ``git apply`` and ``patch -p1`` from the current folder. Three points of the format decide
that (https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html, and git's ``apply.c``):
lines end at LF only, so a CR stays inside its line; a last line without LF is followed by
``\ No newline at end of file``; an odd file name is quoted as C does, and one with a space ends in a tab.
There is no ``diff --git`` line: git would then take the paths from the repository's root rather than from the
current folder.

Edits are local and leave most lines alone, so the two texts are walked side by side and brought into step again
after each difference, in time proportional to their length. `difflib` takes quadratic time on files with
many equal lines.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, AnyStr

from workerlog_migrate.files.names import path_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workerlog_migrate.model import FileResult

_CONTEXT = 3
_NO_NEWLINE = b"\\ No newline at end of file\n"

# How far apart (lines of both sides together) two places that go on alike are looked for, and how many
# lines have to be alike there. Our largest insertions are headers of a few lines.
_LONG_RUN = 400  # lines
_REACH = 200
_CONFIRMED = 3

_ESCAPES = {
    0x07: b"\\a",
    0x08: b"\\b",
    0x09: b"\\t",
    0x0A: b"\\n",
    0x0B: b"\\v",
    0x0C: b"\\f",
    0x0D: b"\\r",
    0x22: b'\\"',
    0x5C: b"\\\\",
}

_Change = tuple[int, int, int, int]
"""Lines ``a[i1:i2]`` become lines ``b[j1:j2]``."""


def render_diff(results: Iterable[FileResult]) -> bytes:
    """Render the changes of some files as one patch.

    Args:
        results: what became of the files; those that did not change, or were refused, are not in the patch.

    Returns:
        The patch, empty when nothing changed.
    """
    return b"".join(
        render_file_diff(result.target.path, result.before, result.after)
        for result in results
        if result.changed and result.error is None
    )


def render_file_diff(path: Path, before: bytes, after: bytes) -> bytes:
    """Render the change of one file.

    Args:
        path: the file, relative to the current folder where possible.
        before: its bytes.
        after: its new bytes.

    Returns:
        The patch of this file; empty when both are equal.
    """
    old, new = _lines(before), _lines(after)
    changes = list(find_changes(old, new))
    if not changes:
        return b""
    parts = [b"--- ", _quoted(b"a/", path), b"\n+++ ", _quoted(b"b/", path), b"\n"]
    for hunk in _hunks(changes):
        parts.extend(_render_hunk(hunk, old, new))
    return b"".join(parts)


def render_new_file(path: Path, after: bytes) -> bytes:
    """Render a file that is added.

    Args:
        path: the file, relative to the current folder where possible.
        after: its bytes.

    Returns:
        The patch of this file.
    """
    new = _lines(after)
    if not new:
        return b""
    parts = [b"--- /dev/null\n+++ ", _quoted(b"b/", path), b"\n@@ -0,0 +%s @@\n" % _range(0, len(new))]
    parts.extend(_marked(b"+", new))
    return b"".join(parts)


def colorize(patch: bytes) -> bytes:
    """Colour a patch for a terminal, as git does.

    Args:
        patch: a unified diff.

    Returns:
        The same with ANSI escapes; it does not apply any more.
    """
    parts = []
    for line in _lines(patch):
        body = line.removesuffix(b"\n")
        if body.startswith((b"--- ", b"+++ ")):
            code = b"1"
        elif body.startswith(b"@@"):
            code = b"36"
        elif body.startswith(b"+"):
            code = b"32"
        elif body.startswith(b"-"):
            code = b"31"
        else:
            parts.append(line)
            continue
        parts.append(b"\x1b[" + code + b"m" + body + b"\x1b[m" + line[len(body) :])
    return b"".join(parts)


def find_changes(old: Sequence[AnyStr], new: Sequence[AnyStr]) -> Iterator[_Change]:
    """Find the runs of lines that differ, without the equal lines inside them.

    Args:
        old: the lines before, with their ends.
        new: the lines after.

    Yields:
        As `_find_runs`; a long run is kept whole, because looking into it is not linear.
    """
    from difflib import SequenceMatcher  # late: a run that shows no diff never pays for it

    for i1, i2, j1, j2 in _find_runs(old, new):
        lengths = i2 - i1, j2 - j1
        if 0 in lengths or lengths == (1, 1) or max(lengths) > _LONG_RUN:
            yield i1, i2, j1, j2
            continue
        inside = SequenceMatcher(None, old[i1:i2], new[j1:j2], autojunk=False)
        for tag, a1, a2, b1, b2 in inside.get_opcodes():
            if tag != "equal":
                yield i1 + a1, i1 + a2, j1 + b1, j1 + b2


def _find_runs(old: Sequence[AnyStr], new: Sequence[AnyStr]) -> Iterator[_Change]:
    """Find the runs of lines that differ; a single equal line may stand inside one.

    Args:
        old: the lines before, with their ends.
        new: the lines after.

    Yields:
        ``(i1, i2, j1, j2)`` in order: lines ``old[i1:i2]`` become ``new[j1:j2]``; all other lines are equal.
    """
    # What is equal at the end is set aside first, so that a change near the end finds its way there.
    tail = 0
    shorter = min(len(old), len(new))
    while tail < shorter and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    end_old, end_new = len(old) - tail, len(new) - tail
    i = j = 0
    while i < end_old and j < end_new:
        if old[i] == new[j]:
            i += 1
            j += 1
            continue
        start = i, j
        while True:
            step = _next_step(old, new, i, j, end_old, end_new)
            if step is not None:
                i, j = i + step[0], j + step[1]
                break
            i, j = min(i + _REACH // 2, end_old), min(j + _REACH // 2, end_new)
            if i == end_old or j == end_new:
                i, j = end_old, end_new
                break
        yield start[0], i, start[1], j
    if i < end_old or j < end_new:
        yield i, end_old, j, end_new


def _next_step(
    old: Sequence[AnyStr], new: Sequence[AnyStr], i: int, j: int, end_old: int, end_new: int
) -> tuple[int, int] | None:
    """Find the nearest place from which both go on alike: how many lines to pass over on each side."""
    rest_old, rest_new = end_old - i, end_new - j
    for distance in range(min(_REACH, rest_old + rest_new) + 1):
        # Most edits replace a line by a line: equal steps first, then ever more unequal ones.
        for skew in range(distance % 2, distance + 1, 2):
            for down in {(distance - skew) // 2, (distance + skew) // 2}:
                right = distance - down
                if (
                    down <= rest_old
                    and right <= rest_new
                    and (down == rest_old or right == rest_new or old[i + down] == new[j + right])
                    and _alike(old, new, i + down, j + right, end_old, end_new)
                ):
                    return down, right
    return None


def _alike(old: Sequence[AnyStr], new: Sequence[AnyStr], i: int, j: int, end_old: int, end_new: int) -> bool:
    for _ in range(_CONFIRMED):
        if i == end_old or j == end_new:
            return i == end_old and j == end_new
        if old[i] != new[j]:
            return False
        i += 1
        j += 1
    return True


def _lines(data: bytes) -> list[bytes]:
    """Cut after LF only, as git and patch do."""
    lines = data.split(b"\n")
    last = lines.pop()
    cut = [line + b"\n" for line in lines]
    if last:
        cut.append(last)
    return cut


def _hunks(changes: Sequence[_Change]) -> Iterator[Sequence[_Change]]:
    """Group the changes whose contexts touch."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change[0] - hunk[-1][1] > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _render_hunk(hunk: Sequence[_Change], old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    before = min(_CONTEXT, hunk[0][0])
    first_old, first_new = hunk[0][0] - before, hunk[0][2] - before
    after = min(_CONTEXT, len(old) - hunk[-1][1])
    last_old, last_new = hunk[-1][1] + after, hunk[-1][3] + after
    yield b"@@ -%s +%s @@\n" % (_range(first_old, last_old), _range(first_new, last_new))
    position = first_old
    for i1, i2, j1, j2 in hunk:
        yield from _marked(b" ", old[position:i1])
        yield from _marked(b"-", old[i1:i2])
        yield from _marked(b"+", new[j1:j2])
        position = i2
    yield from _marked(b" ", old[position:last_old])


def _range(start: int, stop: int) -> bytes:
    # An empty range is numbered by the line before it; a length of one is left out.
    match stop - start:
        case 0:
            return b"%d,0" % start
        case 1:
            return b"%d" % (start + 1)
        case length:
            return b"%d,%d" % (start + 1, length)


def _marked(mark: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line
        if not line.endswith(b"\n"):
            yield b"\n" + _NO_NEWLINE


def _quoted(prefix: bytes, path: Path) -> bytes:
    """Write a file name as git does in ``---`` and ``+++`` lines."""
    name = prefix + path_bytes(path.as_posix().lstrip("/"))
    try:
        name.decode("utf-8")
        is_text = True
    except UnicodeDecodeError:
        is_text = False
    is_plain = (
        is_text and not name.endswith(b" ") and not any(byte < 0x20 or byte in b'"\\\x7f' for byte in name)
    )
    if is_plain:
        # GNU patch reads a name up to the first blank, unless a tab ends it.
        return name + b"\t" if b" " in name else name
    quoted = b"".join(
        _ESCAPES.get(byte) or (b"\\%03o" % byte if byte < 0x20 or byte >= 0x7F else bytes((byte,)))
        for byte in name
    )
    return b'"' + quoted + b'"'
