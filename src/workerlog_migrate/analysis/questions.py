"""Questions that may hang on themselves: asked once, cut where they meet themselves, and repeated until the answer holds.

Input: a key and a function that works out the answer. Output: the answer; the most that it can be where depth or work run out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from workerlog_migrate.analysis.values import ANY, BOTTOM, Value

if TYPE_CHECKING:
    pass

_T = TypeVar("_T")
# So deep nobody's questions go (16 in the deepest of our samples): where one is cut off, it matters who asked. Each level takes some
# 16 frames of Python, which has room for 1,000.
_DEPTH = 40
# Questions that are worked out for one file, and further ones for each of its lines: real files need 1 in 5 lines, and
# 2,500 at most; where hundreds of functions stand for each other there is no end to them, and what is left is unknown.
_FUEL = 30_000
_FUEL_PER_LINE = 3
_REPEATS = 6


class Questions:
    """Remembers answers; one that hangs on an unfinished question is not remembered.

    Args:
        lines: how long the file under migration is: longer ones may ask more.
    """

    NEVER = 1 << 30
    """No unfinished question was needed for an answer."""

    def __init__(self, lines: int) -> None:
        self._memo: dict[tuple[object, ...], Any] = {}
        self._active: dict[tuple[object, ...], tuple[int, Any]] = {}
        self._provisional: dict[tuple[object, ...], tuple[Any, int]] = {}
        self.cut = self.NEVER
        self._fuel = _FUEL + _FUEL_PER_LINE * lines

    @property
    def is_asking(self) -> bool:
        """Whether some question is being answered, so that a value may hang on itself."""
        return bool(self._active)

    def ask(self, key: tuple[object, ...], compute: Callable[[], Value]) -> Value:
        """Answer a question for a value; see `answer`."""
        return self.answer(key, compute, BOTTOM, ANY)

    def answer(self, key: tuple[object, ...], compute: Callable[[], _T], least: _T, most: _T) -> _T:
        """Answer a question from memory, or compute it with cycles cut.

        A result that depended on an unfinished question is provisional: good as long as that question works on the same
        assumption, and final once it is. Whatever is remembered of a program must be asked here, or what was found out while
        something else was open would stay, and answers depend on who asked first.

        Args:
            key: the question.
            compute: works it out.
            least: what a question that hangs on itself is taken for at first.
            most: the answer when it is never the same twice, or when it lies too deep.

        """
        known = self._memo.get(key)
        if known is not None:
            return known  # type: ignore[no-any-return]  # a key always has answers of one type
        running = self._active.get(key)
        if running is not None:
            self.cut = min(self.cut, running[0])
            return running[1]  # type: ignore[no-any-return]  # as above
        kept = self._provisional.get(key)
        if kept is not None:
            self.cut = min(self.cut, kept[1])
            return kept[0]  # type: ignore[no-any-return]  # as above
        depth = len(self._active)
        if depth >= _DEPTH or (self._fuel <= 0 and most is ANY):
            self.cut = -1
            return most
        outer, value = self.cut, least
        for _ in range(_REPEATS):
            self._fuel -= most is ANY  # what else is asked on the way is no work
            self.cut = self.NEVER
            self._active[key] = (depth, value)
            try:
                found = compute()
            except RecursionError:  # deep expressions around it: as unknown as what lies too deep itself
                for open_key in [each for each, (at, _) in self._active.items() if at >= depth]:
                    del self._active[open_key]
                self._assume(depth, None)
                self.cut = -1
                return most
            if self.cut != depth or found == value:
                value = found
                break
            value = found
            self._assume(depth, None)
        else:
            value = most
        del self._active[key]
        mine = self.cut
        value = _settled(value, most) if mine >= depth else value
        self._assume(depth, mine)
        if mine >= depth or depth == 0:  # asked again, it would be as deep again
            self._memo[key] = _settled(value, most)
            self.cut = outer
        else:
            self._provisional[key] = (value, mine)
            self.cut = min(outer, mine)
        if depth == 0:
            self._provisional.clear()
        return value

    def _assume(self, depth: int, cut: int | None) -> None:
        """Settle the provisional results that depended on the query at a depth.

        Args:
            depth: of the query.
            cut: None when it tries again; else what it depended on itself (its own depth or more: nothing open).

        """
        for key, (value, needed) in list(self._provisional.items()):
            if needed < depth:
                continue
            if cut is None:
                del self._provisional[key]
            elif cut >= depth:
                del self._provisional[key]
                self._memo[key] = _settled(value, ANY)
            else:
                self._provisional[key] = (value, cut)


def _settled(value: _T, most: _T) -> _T:
    """Say that a value which hangs on nothing but itself is unknown."""
    return most if value == BOTTOM else value
