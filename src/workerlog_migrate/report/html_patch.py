"""The patch of one file in the HTML report: its visible text, and where it has which colour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.report.diff import render_file_diff
from workerlog_migrate.report.highlight import Run, highlight
from workerlog_migrate.report.html_words import UNSEEN, written_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_MOST_REST = 200_000
"""Bytes of a file up to which the lines between its changes are in the report, too."""
_UNNAMED = Path("script")  # the two lines of a patch that name the file are not shown


class Painter:
    """Turns lines of a script into visible text, and says where it has which colour.

    Attributes:
        text: the patch as it is shown.
        colours: per line of the patch, runs as a letter (``.`` is plain) and a length in UTF-16 units, as JavaScript
            counts; plain ends are left out, lines are separated by commas.
        added, removed: lines of the patch.
        rest: the lines that stand between the patch's hunks and behind the last, for whoever wants to see them.
    """

    def __init__(self) -> None:
        self.added = self.removed = 0
        self.rest: Painter | None = None
        self._lines: list[str] = []
        self._colours: list[str] = []

    @property
    def text(self) -> str:
        """The patch as it is shown."""
        return "\n".join(self._lines)

    @property
    def colours(self) -> str:
        """The runs to colour, line by line."""
        return ",".join(self._colours)

    def plain(self, line: str) -> None:
        """Add a line of the patch that is no line of the script."""
        self._lines.append(line)
        self._colours.append("")

    def script(self, mark: str, line: str, runs: Sequence[Run]) -> None:
        """Add a line of the script."""
        shown = [mark]
        codes: list[str] = []
        gap = 0
        for piece, kind in _pieces(line, runs):
            shown.append(piece)
            units = len(piece) if piece.isascii() else len(piece.encode("utf-16-le", "surrogatepass")) // 2
            if not kind:
                gap += units
                continue
            codes.append(f".{gap}{kind}{units}" if gap else f"{kind}{units}")
            gap = 0
        self._lines.append("".join(shown))
        self._colours.append("".join(codes))


def _pieces(line: str, runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Cut a line into pieces of one colour; what could not be seen is written out and has the colour ``x``."""
    position = 0
    for start, end, kind in (*runs, Run(len(line), len(line), "")):
        yield from _seen(line, position, start, "")
        yield from _seen(line, start, end, kind)
        position = end


def _seen(line: str, start: int, end: int, kind: str) -> Iterator[tuple[str, str]]:
    for unseen in UNSEEN.finditer(line, start, end):
        if start < unseen.start():
            yield line[start : unseen.start()], kind
        yield written_out(unseen.group()), "x"
        start = unseen.end()
    if start < end:
        yield line[start:end], kind


def paint(before: bytes, after: bytes, encoding: str) -> Painter:
    """Colour the patch of one file; its lines are numbered as the patch says."""
    painter, rest = Painter(), Painter()
    painter.rest = rest
    old, new = (highlight(_decoded(data, encoding)) for data in (before, after))
    lines = _decoded(before, encoding).split("\n") if len(before) <= _MOST_REST else []
    # Where every line ends in CR LF, the CR is the file's manner and no news.
    end = "\r" if before.count(b"\n") == before.count(b"\r\n") else ""
    i = j = 0
    for raw in render_file_diff(_UNNAMED, before, after).split(b"\n")[2:-1]:
        mark, line = raw[:1].decode(), _decoded(raw[1:], encoding).removesuffix(end)
        match mark:
            case "@":
                painter.plain(mark + line)
                shown = i
                i, j = (_first(each) for each in line.split()[1:3])
                _add_rest(rest, lines, old, (shown, i), end)
                continue
            case " ":
                painter.script(mark, line, new[j])
            case "-":
                painter.script(mark, line, old[i])
            case "+":
                painter.script(mark, line, new[j])
            case _:
                painter.plain(mark + line)
                continue
        i += mark != "+"
        j += mark != "-"
        painter.added += mark == "+"
        painter.removed += mark == "-"
    _add_rest(rest, lines, old, (i, len(lines) - (bool(lines) and not lines[-1])), end)
    return painter


def _add_rest(
    rest: Painter, lines: Sequence[str], runs: Sequence[Sequence[Run]], between: tuple[int, int], end: str
) -> None:
    for index in range(between[0], min(between[1], len(lines))):
        rest.script(" ", lines[index].removesuffix(end), runs[index])


def _first(part: str) -> int:
    """Give the index of the first line of one half of a hunk's head: ``-3,7`` begins at index 2, ``-3,0`` behind line 3."""
    first, _, count = part[1:].partition(",")
    return int(first) - (count != "0")


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "backslashreplace").removeprefix("\ufeff")
