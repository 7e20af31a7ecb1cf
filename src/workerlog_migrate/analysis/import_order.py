"""Where do new imports stand among those of a script, so that isort and ruff have nothing to move?

Input: a run of imports, the imports to put in, and the project's `ImportStyle`; output: lines to put in before lines of
the script. What is not sorted by sections is not sorted by us: there the new imports come last.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.files.linters import ImportStyle
from workerlog_migrate.model import RUNTIME_MODULES

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class NewImport:
    """An import to put in.

    Attributes:
        module: its name, with leading dots for a relative one.
        names: what is imported from it, each with its local name; empty for ``import module``.
        is_own: it is the runtime's; where imports are not sorted it is set apart from them.
        codemod: the one that needs it.
    """

    module: str
    names: tuple[tuple[str, str], ...] = ()
    is_own: bool = False
    codemod: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An import of the run, or one to put in (then ``new`` says what, and there are no lines)."""

    section: int
    key: _Key
    is_from: bool
    first: int = 0
    last: int = 0
    is_star: bool = False
    has_comment: bool = False
    new: NewImport | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where some of the new imports stand.

    Attributes:
        line: the line of the script before which they are put in.
        lines: their text, with the blank lines that set them apart.
        imports: what it imports, all of it the runtime's or none.
        is_first, is_last: nothing new stands before, or after, it.
    """

    line: int
    lines: tuple[str, ...]
    imports: tuple[NewImport, ...]
    is_first: bool = False
    is_last: bool = False


def place_imports(
    module: Module,
    run: Sequence[ast.Import | ast.ImportFrom],
    new: Sequence[NewImport],
    style: ImportStyle,
    line: int,
    beside: Path,
) -> list[Place]:
    """Find the places of new imports in a run of imports that nothing interrupts.

    Args:
        module: the script.
        run: its imports, in the order of the script; empty when there is none.
        new: what is to be put in, at least one.
        style: how the project has its imports sorted.
        line: where they go when there is no run.
        beside: the folder in which the runtime stands or will stand, absolute.

    Returns:
        The places, in the order of the script.
    """
    sections = _Sections(style, beside)
    entries = _entries(module, run, sections)
    for wanted in new:
        made = _made(wanted, sections)
        entries.insert(_position(entries, made, wanted), made)
    places = list(_places(module, entries, sections, line))
    places[0] = replace(places[0], is_first=True)
    places[-1] = replace(places[-1], is_last=True)
    return places


def render_import(wanted: NewImport, style: ImportStyle) -> tuple[str, ...]:
    """Write an import as the project's tools would leave it.

    Args:
        wanted: what is imported.
        style: says where a long line is broken.

    Returns:
        Its lines.
    """
    if not wanted.names:
        return (f"import {wanted.module}",)
    listed = [name if name == local else f"{name} as {local}" for name, local in wanted.names]
    start = f"from {wanted.module} import "
    if style.single_line:
        return tuple(start + name for name in listed)
    line = start + ", ".join(listed)
    breaks = len(listed) >= style.wrap_from > 0
    if (len(line) <= style.line_length and not breaks) or len(listed) == 1:
        return (line,)
    if style.hanging:
        *others, last = listed
        end = "," if style.trailing_comma else ""
        return (f"{start}(", *(f"    {name}," for name in others), f"    {last}{end}", ")")
    lines = [f"{start}({listed[0]}"]
    for name in listed[1:]:
        if len(lines[-1]) + len(name) + 3 > style.line_length:
            lines[-1] += ","
            lines.append(" " * (len(start) + 1) + name)
        else:
            lines[-1] += f", {name}"
    lines[-1] += ")"
    return tuple(lines)


class _Sections:
    """Gives imports their section's number and their key in it."""

    def __init__(self, style: ImportStyle, beside: Path) -> None:
        self.style = style
        self.beside = beside

    def number(self, name: str) -> int:
        section = self.style.section(name, self.beside if name in RUNTIME_MODULES else None)
        if self.style.no_sections:
            return int(section != self.style.sections[0])
        order = self.style.sections
        return order.index(section) if section in order else len(order)

    def key(self, name: str, is_from: bool) -> _Key:
        dots = len(name) - len(name.lstrip("."))
        plain = f"{'.' * dots}_{name[dots:]}".lower() if dots else name.lower()
        parts = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in re.split(r"(\d+)", plain)
            if part
        )
        length = len(name) if self.style.by_length else 0
        if self.style.mixed:
            return (length, parts, is_from)
        return (is_from != self.style.from_first, length, parts)

    def blank_lines(self, before: _Entry, after: _Entry) -> int:
        """Say how many blank lines stand between two imports."""
        if before.section != after.section:
            order = self.style.sections
            name = order[after.section] if after.section < len(order) else ""
            return int(name not in self.style.no_lines_before)
        return (
            self.style.lines_between_types if before.is_from != after.is_from and not self.style.mixed else 0
        )


def _entries(module: Module, run: Sequence[ast.Import | ast.ImportFrom], sections: _Sections) -> list[_Entry]:
    entries: list[_Entry] = []
    for node in run:
        last = node.end_lineno or node.lineno
        if entries and node.lineno == entries[-1].last:  # statements that share a line stay together
            before = entries[-1]
            entries[-1] = _Entry(
                before.section,
                before.key,
                before.is_from,
                before.first,
                last,
                is_star=before.is_star or _is_star(node),
                has_comment=before.has_comment,
            )
            continue
        name, is_from = _name(node), isinstance(node, ast.ImportFrom)
        first = node.lineno
        lowest = entries[-1].last + 1 if entries else first
        while first > lowest and module.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        entries.append(
            _Entry(
                sections.number(name),
                sections.key(name, is_from),
                is_from,
                first,
                last,
                is_star=_is_star(node),
                has_comment=first < node.lineno,
            )
        )
    return entries


def _made(wanted: NewImport, sections: _Sections) -> _Entry:
    number = sections.number(wanted.module)
    is_from = bool(wanted.names)
    return _Entry(number, sections.key(wanted.module, is_from), is_from, new=wanted)


def _position(entries: Sequence[_Entry], made: _Entry, wanted: NewImport) -> int:
    """Return the index before which an import is put in."""
    numbers = [entry.section for entry in entries]
    if numbers != sorted(numbers):
        return _position_in_disorder(entries, made, wanted)
    same = [index for index, entry in enumerate(entries) if entry.section == made.section]
    if not same:
        index = sum(number < made.section for number in numbers)
    elif all(entries[a].key <= entries[b].key for a, b in itertools.pairwise(same)):
        index = same[0] + sum(entries[number].key <= made.key for number in same)
    else:
        alike = [number for number in same if entries[number].is_from == made.is_from]
        index = (alike or same)[-1] + 1
    if wanted.is_own:  # what a star import brings must not take the place of our names
        index = max([index, *(number + 1 for number, entry in enumerate(entries) if entry.is_star)])
    return index


def _position_in_disorder(entries: Sequence[_Entry], made: _Entry, wanted: NewImport) -> int:
    if wanted.is_own:
        return len(entries)
    alike = [
        index
        for index, entry in enumerate(entries)
        if entry.section == made.section and entry.is_from == made.is_from
    ]
    return alike[-1] + 1 if alike else len(entries)


def _places(module: Module, entries: Sequence[_Entry], sections: _Sections, line: int) -> Iterator[Place]:
    """Give the new imports between two old ones as insertions at one place, with the blank lines that they need."""
    index = 0
    while index < len(entries):
        end = index
        while end < len(entries) and entries[end].new is not None:
            end += 1
        if end > index:
            before = entries[index - 1] if index else None
            after = entries[end] if end < len(entries) else None
            yield from _group(module, before, entries[index:end], after, sections, line)
        index = end + 1


def _group(
    module: Module,
    before: _Entry | None,
    group: Sequence[_Entry],
    after: _Entry | None,
    sections: _Sections,
    line: int,
) -> Iterator[Place]:
    if before is not None and after is not None and _is_apart(module, before, after):
        end = len(group)
        while (
            end
            and sections.blank_lines(before, group[end - 1])
            and not sections.blank_lines(group[end - 1], after)
        ):
            end -= 1
        yield from _pieces(before.last + 1, before, group[:end], None, sections)
        yield from _pieces(after.first, None, group[end:], after, sections)
    elif before is not None:
        yield from _pieces(before.last + 1, before, group, after, sections)
    else:
        yield from _pieces(line if after is None else after.first, None, group, after, sections)


def _pieces(
    line: int, before: _Entry | None, group: Sequence[_Entry], after: _Entry | None, sections: _Sections
) -> Iterator[Place]:
    """Give the runtime's imports and the others of a group apart; blank lines stand where a neighbour is given."""
    lines: list[str] = []
    imports: list[NewImport] = []
    for entry in group:
        assert entry.new is not None  # the caller chose them so
        if imports and imports[-1].is_own != entry.new.is_own:
            yield Place(line, tuple(lines), tuple(imports))
            lines, imports = [], []
        if before is not None:
            lines += [""] * sections.blank_lines(before, entry)
        lines += render_import(entry.new, sections.style)
        imports.append(entry.new)
        before = entry
    if imports:
        gap = 0
        if after is not None:
            gap = sections.blank_lines(group[-1], after) or int(
                after.has_comment and sections.style.sets_comments_apart
            )
        yield Place(line, (*lines, *[""] * gap), tuple(imports))


def _is_apart(module: Module, before: _Entry, after: _Entry) -> bool:
    """Whether a blank line stands between two imports of the script."""
    return any(not line.strip() for line in module.lines[before.last : after.first - 1])


def _name(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.ImportFrom):
        return "." * node.level + (node.module or "")
    return node.names[0].name


def _is_star(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
