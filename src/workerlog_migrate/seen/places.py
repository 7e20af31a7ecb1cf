"""Which handler of today's source is a note about?

Notes name source files as they were run, on whatever machine, and lines as they were then. Input: notes and targets, or a module and
what was seen of it. Output: the target of each path; the handler of each place. Edits outside a function do not matter. In
one that was edited, the nth watched handler is meant where there are as many as were noted; what stays ambiguous is said, and has
no effect.
"""

from __future__ import annotations

import ast
import os
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.joined import Joined
from workerlog_migrate.analysis.watch import watch_of
from workerlog_migrate.errors import Refused
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.source import decode
from workerlog_migrate.model import Arrival
from workerlog_migrate.syntax.blocks import first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from workerlog_migrate.analysis.module import Module

    MayHaveBeen = Callable[[ast.ExceptHandler], bool]
    Catches = Callable[[ast.ExceptHandler, Arrival], bool]

_Frame = tuple[str, str, int, int]
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Code = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module

OUTSIDE = "about files that are not among those looked at"
AMBIGUOUS = "about a file of which there are several of that name"


def handled_at(arrival: Arrival) -> tuple[str, str, int]:
    """Give path, function and its first line of the handler that an error came to."""
    if arrival.frames:
        return arrival.frames[0][:3]
    return arrival.path, arrival.function, arrival.function_line


class Paths:
    """Finds the target that a path of the notes means: the one with the longest common ending.

    Of several of one name it must also be one that has the functions that are spoken of: a path is as it was run, and a worker that
    was started in another folder, or in a container, may have the path of another file.

    Args:
        targets: the files that are looked at, as they are shown.
        cwd: the current folder, absolute.
        notes: what is spoken of: path -> function and its first line.
    """

    def __init__(
        self,
        targets: Iterable[Path],
        cwd: Path,
        notes: Mapping[str, Collection[tuple[str, int]]] = MappingProxyType({}),
    ) -> None:
        self._cwd = cwd
        self._notes = notes
        self._lines: dict[Path, frozenset[tuple[str, int]]] = {}
        self._root = os.path.realpath(cwd)
        self._by_name: dict[str, list[tuple[tuple[str, ...], Path]]] = defaultdict(list)
        self._known: dict[str, tuple[Path | None, str]] = {}
        self._real: dict[str, Path] = {}
        for target in targets:
            absolute = os.path.realpath(cwd / target)
            self._real[absolute] = target
            parts = _parts(absolute)
            self._by_name[parts[-1]].append((parts, target))

    def target(self, path: str) -> tuple[Path | None, str]:
        """Give the target that a path means.

        Args:
            path: as it was run, without ``..``.

        Returns:
            The target and nothing, or None and why there is none.
        """
        if path not in self._known:
            self._known[path] = self._find(path)
        return self._known[path]

    def _find(self, path: str) -> tuple[Path | None, str]:
        parts = _parts(path)
        named = self._by_name.get(parts[-1], []) if parts else []
        if not named:
            return None, OUTSIDE
        here = self._here(path)
        if here in self._real:
            best = [self._real[here]]
        elif here.startswith(os.path.join(self._root, "")) and os.path.isfile(here):  # noqa: PTH113, PTH118  # never raises
            return None, OUTSIDE  # another file of the project, that is none of those
        else:
            lengths = [(_common(parts, others), target) for others, target in named]
            longest = max(length for length, _ in lengths)
            best = [target for length, target in lengths if length == longest]
        if len(best) > 1 or (len(named) > 1 and not self._is_certain(path, best[0], named)):
            return None, AMBIGUOUS
        return best[0], ""

    def _here(self, path: str) -> str:
        """Give the file of this machine that a path may mean; what lies elsewhere is not looked at.

        Whoever wrote a note could have us ask another machine for a file (``//host/share/x.py``, ``/net/host/x.py``), with our name.
        """
        whole = os.path.normpath(os.path.join(self._cwd, path))  # noqa: PTH118  # text
        inside = any(whole.startswith(os.path.join(root, "")) for root in (str(self._cwd), self._root))  # noqa: PTH118  # text
        return os.path.realpath(whole) if inside else whole

    def _is_certain(self, path: str, best: Path, named: Iterable[tuple[tuple[str, ...], Path]]) -> bool:
        """Whether no other file of that name has what is spoken of, or this one has it, too, and a longer ending than they."""
        others = [target for _, target in named if target != best and self._has(path, target)]
        if not others:
            return True
        return len(_parts(path)) > 1 and self._has(path, best)

    def _has(self, path: str, target: Path) -> bool:
        """Whether a file has all functions that the notes about a path speak of, where they are said to be."""
        if target not in self._lines:
            self._lines[target] = _functions(self._cwd / target)
        spoken = self._notes.get(path, ())
        return bool(spoken) and self._lines[target].issuperset(spoken)


def _functions(path: Path) -> frozenset[tuple[str, int]]:
    """Give name and first line of each function of a file, also the bare name; none when it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a script, which is not ours to complain of
            tree = ast.parse(decode(path, read_file(path)).text)
    except (OSError, Refused, SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found = {("<module>", 1)}
    work: list[tuple[ast.AST, str]] = [(tree, "")]
    while work:
        node, prefix = work.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, _DEFINITIONS):
                found.update((name, first_line(child)) for name in (prefix + child.name, child.name))
                inner = f"{prefix}{child.name}{'.' if isinstance(child, ast.ClassDef) else '.<locals>.'}"
            work.append((child, inner))
    return frozenset(found)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("/", "."))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


class Places:
    """Finds places of notes in a module.

    Args:
        module: the script as it is now.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._codes: dict[str, list[_Code]] = defaultdict(list)
        self._simple: dict[str, list[_Code]] = defaultdict(list)
        for code in (*module.functions, *module.classes):
            name = _qualified_name(module, code)
            self._codes[name].append(code)
            self._simple[name.rpartition(".")[2]].append(code)
        self._codes["<module>"].append(module.tree)
        self._handlers: dict[ast.AST, list[ast.ExceptHandler]] = defaultdict(list)
        for handler in module.handlers:
            self._handlers[self._code_of(handler)].append(handler)

    def join(self, arrivals: Iterable[Arrival], may_have_been: MayHaveBeen, catches: Catches) -> Joined:
        """Find the handler of each arrival.

        Args:
            arrivals: notes about this file.
            may_have_been: says of a handler that is not watched whether it may have been one when the notes were made.
            catches: says whether a handler takes an error of the class that arrived.

        Returns:
            The handlers, and what fits none.
        """
        joined = Joined()
        own = []
        for arrival in arrivals:
            if handled_at(arrival) == (arrival.path, arrival.function, arrival.function_line):
                own.append(arrival)
                continue
            # Printed by a function that the handler calls: the error's outermost frame is the handler's.
            handler = next((each for each in self._around(arrival.frames[0]) if catches(each, arrival)), None)
            if handler is not None:
                joined.here.setdefault(handler, []).append(arrival)
        arrivals = own
        for (function, first), group in _grouped(arrivals).items():
            codes = self._meant(function, first, [arrival.line for arrival in group])
            if len(codes) != 1:
                reason = (
                    "there are several functions of that name"
                    if codes
                    else "there is no such function any more"
                )
                joined.lost.extend((function, arrival, reason) for arrival in group)
                continue
            self._join_function(codes[0], function, group, joined, may_have_been)
        return joined

    def _join_function(
        self, code: _Code, function: str, group: list[Arrival], joined: Joined, may_have_been: MayHaveBeen
    ) -> None:
        found = {arrival: self._at(code, arrival) for arrival in group}
        if all(found.values()):
            for arrival, handler in found.items():
                assert handler is not None  # all were found
                joined.here.setdefault(handler, []).append(arrival)
            return
        candidates = [
            handler
            for handler in self._handlers[code]
            if watch_of(self._module, handler) is not None or may_have_been(handler)
        ]
        lines = _handler_lines(group)
        if len(candidates) != len(set(lines.values())):
            reason = "the function was edited since, and has not as many handlers as were noted"
            joined.lost.extend((function, arrival, reason) for arrival in group)
            return
        order = sorted(set(lines.values()))
        for arrival in group:
            joined.here.setdefault(candidates[order.index(lines[arrival.line])], []).append(arrival)

    def passed(self, frame: _Frame, catcher: ast.ExceptHandler | None) -> Iterator[ast.Try]:
        """Yield the ``try`` statements whose body an error passed in one frame, the innermost first.

        Args:
            frame: path, function, its first line and line, of this file.
            catcher: the handler of this frame that took the error: what is around it was not passed.
        """
        _, function, first, line = frame
        codes = self._meant(function, first, [line])
        if len(codes) != 1:
            return
        now = first_line(codes[0]) + line - first if function != "<module>" else line
        around: list[ast.Try] = []
        for handler in self._handlers[codes[0]]:
            owner = self._module.parents[handler]
            if isinstance(owner, ast.Try) and owner not in around and _spans(owner.body, now):
                around.append(owner)
        around.sort(key=lambda owner: (-owner.lineno, -owner.col_offset))
        for owner in around:
            if catcher is not None and catcher in owner.handlers:
                return
            yield owner

    def _around(self, frame: _Frame) -> Iterator[ast.ExceptHandler]:
        for owner in self.passed(frame, None):
            yield from owner.handlers

    def _at(self, code: _Code, arrival: Arrival) -> ast.ExceptHandler | None:
        """Give the innermost handler whose body has the arrival's line, unless something tells that the function was edited."""
        shift = 0 if isinstance(code, ast.Module) else first_line(code) - arrival.function_line
        line = arrival.line + shift
        inside = [
            handler for handler in self._handlers[code] if handler.lineno <= line <= (handler.end_lineno or 0)
        ]
        if not inside:
            return None
        handler = max(inside, key=lambda each: (each.lineno, each.col_offset))
        if arrival.frames and arrival.frames[0][1:3] == (arrival.function, arrival.function_line):
            owner = self._module.parents[handler]
            if not _spans(getattr(owner, "body", []), arrival.frames[0][3] + shift):
                return None
        return handler

    def _meant(self, function: str, first: int, lines: Sequence[int]) -> list[_Code]:
        """Give the functions that can be meant: by qualified name (Python 3.10 may know the last part only), then by place."""
        codes = self._codes.get(function) or self._simple.get(function.rpartition(".")[2], [])
        if len(codes) > 1:
            there = [code for code in codes if first_line(code) == first]
            codes = there or [
                code for code in codes if all(_holds(code, first_line(code) + line - first) for line in lines)
            ]
        return codes

    def _code_of(self, node: ast.AST) -> ast.AST:
        for parent in self._module.ancestors(node):
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                return parent
        return self._module.tree


def _grouped(arrivals: Iterable[Arrival]) -> dict[tuple[str, int], list[Arrival]]:
    groups: dict[tuple[str, int], list[Arrival]] = {}
    for arrival in arrivals:
        groups.setdefault((arrival.function, arrival.function_line), []).append(arrival)
    return groups


def _handler_lines(group: Sequence[Arrival]) -> dict[int, int]:
    """Give for each line the first line of its handler: a mirrored print notes what ``expect_only`` above it has noted."""
    types: dict[int, set[str]] = defaultdict(set)
    expected: set[int] = set()
    for arrival in group:
        types[arrival.line].add(arrival.type)
        if not arrival.frames:
            expected.add(arrival.line)
    lines: dict[int, int] = {}
    above: int | None = None
    for line in sorted(types):
        if above is not None and line not in expected and types[line] <= types[above]:
            lines[line] = above
        else:
            lines[line] = above = line
    return lines


def _qualified_name(module: Module, code: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    parts = [code.name]
    for parent in module.ancestors(code):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            parts += ["<locals>", parent.name]
        elif isinstance(parent, ast.ClassDef):
            parts.append(parent.name)
    return ".".join(reversed(parts))


def _holds(code: ast.AST, line: int) -> bool:
    return first_line(code) <= line <= (getattr(code, "end_lineno", None) or 0)


def _spans(body: Sequence[ast.stmt], line: int) -> bool:
    return bool(body) and body[0].lineno <= line <= (body[-1].end_lineno or 0)
