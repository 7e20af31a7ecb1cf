"""Questions that may hang on themselves: asked once, cut where they meet themselves, and repeated until the answer holds.

Input: a key and a function that works out the answer. Output: the answer; the most that it can be where depth or work run out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from workerlog_migrate.analysis.values import ANY, BOTTOM, Value

if TYPE_CHECKING:
    pass

_A = TypeVar("_A")
_B = TypeVar("_B")
_T = TypeVar("_T")
# So deep nobody's questions go (16 in the deepest of our samples, 150 in click, where everything is a parameter or a context of
# everything else): where one is cut off, it matters who asked, and what hangs on it is asked again by each who asks.
_DEPTH = 240
# Each level takes some 16 frames of Python, which has room for 1,000 on one stack: what lies deeper is worked out on another one.
_ON_ONE_STACK = 40
# So often the main thread looks whether it was interrupted, where the system gave the signal to the thread that it waits for.
_SECONDS_BETWEEN_SIGNALS = 1.0
# Questions that are worked out for one file, and further ones for each of its lines: real files need 1 in 5 lines, and
# 2,500 at most; where hundreds of functions stand for each other there is no end to them, and what is left is unknown.
_FUEL = 30_000
_FUEL_PER_LINE = 3
_REPEATS = 6


class Questions:
    """Remembers answers; one that hangs on an unfinished question is not remembered.

    Args:
        lines: how long the file under migration is: longer ones may ask more.

    Attributes:
        needs: the unfinished questions that what is being worked out hangs on, a bit for each, by how deep it lies.
    """

    def __init__(self, lines: int) -> None:
        self._memo: dict[tuple[object, ...], Any] = {}
        self._active: dict[tuple[object, ...], tuple[int, Any]] = {}
        self._provisional: dict[tuple[object, ...], tuple[Any, int]] = {}
        # Where questions stand for each other, each goes on from its last answer, and the outermost goes on until all hold.
        self._last: dict[tuple[object, ...], tuple[Any, int]] = {}
        self._last_of: dict[int, set[tuple[object, ...]]] = {}
        self._unsettled: set[int] = set()
        # What was worked out on the way, and what of it hangs on unfinished questions; neither is a question itself.
        self._kept: dict[object, Any] = {}
        self._open: dict[object, tuple[Any, int]] = {}
        # The keys of what is provisional and of what is open, as they came: what hangs on a question came while it was asked, and is
        # found at the end, not among all the others.
        self._came: list[tuple[object, ...]] = []
        self._opened: list[object] = []
        self.importing: set[tuple[str, object]] = set()
        self.needs = 0
        self._met = 0  # the unfinished questions that were met again: on no other does anything hang
        self._is_over = False
        self._fuel = _FUEL + _FUEL_PER_LINE * lines

    @property
    def is_asking(self) -> bool:
        """Whether some question is being answered, so that a value may hang on itself."""
        return bool(self._active)

    def ask(self, key: tuple[object, ...], compute: Callable[[], Value]) -> Value:
        """Answer a question for a value; see `answer`."""
        return self.answer(key, compute, BOTTOM, ANY)

    def keep(self, key: object, compute: Callable[[_A, _B], _T], first: _A, second: _B) -> _T:
        """Return what is worked out on the way to answers, each once as long as what it hangs on stays as it is.

        It is no question: a circle is not cut here, and what is found is what would be found again.

        Args:
            key: what is worked out.
            compute: works it out.
            first: what that is given.
            second: what it is given besides.

        """
        known = self._kept.get(key)
        if known is not None:
            return known  # type: ignore[no-any-return]  # a key always has results of one type
        kept = self._open.get(key)
        if kept is not None:
            self.needs |= kept[1]
            return kept[0]  # type: ignore[no-any-return]  # as above
        outer, self.needs = self.needs, 0
        found = compute(first, second)
        needs = self.needs
        self.needs = outer | needs
        if not self.importing:
            if not needs:
                self._kept[key] = found
            elif needs < _TOO_DEEP:
                self._open[key] = found, needs
                self._opened.append(key)
        return found

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
            self.needs |= 1 << running[0]
            self._met |= 1 << running[0]
            return running[1]  # type: ignore[no-any-return]  # as above
        kept = self._provisional.get(key)
        if kept is not None:
            self.needs |= kept[1]
            return kept[0]  # type: ignore[no-any-return]  # as above
        if self._is_over:
            raise _OverError
        depth = len(self._active)
        if depth >= _DEPTH or (self._fuel <= 0 and most is ANY):
            self.needs |= _TOO_DEEP
            return most
        outer = self.needs
        value = self._last[key][0] if key in self._last else least
        own = 1 << depth
        came, opened = len(self._came), len(self._opened)
        self._met &= ~own
        holds = False
        for _ in range(_REPEATS):
            self._fuel -= most is ANY  # what else is asked on the way is no work
            self.needs = 0
            self._unsettled.discard(depth)
            self._active[key] = (depth, value)
            try:
                found = compute() if depth % _ON_ONE_STACK or not depth else self._apart(compute)
            except RecursionError:  # deep expressions around it: as unknown as what lies too deep itself
                for open_key in [each for each, (at, _) in self._active.items() if at >= depth]:
                    del self._active[open_key]
                self._assume(own, came, holds=False)
                self._open.clear()
                self.needs = outer | _TOO_DEEP
                return most
            hangs_on_itself = bool(self.needs & own)
            holds = (found == value or not hangs_on_itself) and depth not in self._unsettled
            if holds or self.needs & (
                own - 1
            ):  # of what hangs on others, too, the outermost of them sees to it
                if not holds:
                    self._unsettled.add(_lowest(self.needs))
                    self._go_on_from(key, found, self.needs & (own - 1))
                value = found
                break
            value = found
            self._assume(own, came, holds=False)
            if len(self._opened) > opened:
                self._go_on(own, 0, opened, holds=False)
        else:
            value, holds = most, False
        del self._active[key]
        self._unsettled.discard(depth)
        mine = self.needs & ~own
        assumed = value
        value = value if mine else _settled(value, most)
        if not self._met & own:
            came, opened = len(self._came), len(self._opened)
        if len(self._opened) > opened:
            self._go_on(own, mine, opened, holds=holds and value == assumed)
        if mine & (own - 1) or (mine and holds):
            self._hand_on(own, mine, came)
        else:
            self._assume(own, came, holds=holds)
        if not mine or depth == 0:  # asked again, it would be as deep again
            self._memo[key] = _settled(value, most)
            self.needs = outer
        else:
            self._provisional[key] = (value, mine)
            self._came.append(key)
            self.needs = outer | mine
        if depth == 0:
            self._provisional.clear()
            self._came.clear()
            self._open.clear()
            self._opened.clear()
            self._last.clear()
            self._last_of.clear()
            self._unsettled.clear()
        return value

    def _apart(self, compute: Callable[[], _T]) -> _T:
        """Work out an answer on the stack of another thread, and wait for it: no two of them ever run at once.

        Raises:
            RecursionError: the system gives no further thread.
        """
        from concurrent.futures import ThreadPoolExecutor, wait  # late: few files have questions that deep

        with ThreadPoolExecutor(1) as other:
            try:
                found = other.submit(compute)
            except RuntimeError as error:
                raise RecursionError from error
            try:
                while not wait((found,), _SECONDS_BETWEEN_SIGNALS).done:
                    pass
                return found.result()
            finally:  # who waits may be interrupted: then nobody wants the answer any more
                self._is_over = self._is_over or not found.done()

    def _go_on_from(self, key: tuple[object, ...], found: object, needed: int) -> None:
        """Keep the answer that a question goes on from where it is asked again, with what it hung on."""
        before = self._last.get(key)
        if before is not None:
            self._last_of[before[1]].discard(key)
        self._last[key] = (found, needed)
        self._last_of.setdefault(needed, set()).add(key)

    def _hand_on(self, own: int, others: int, came: int) -> None:
        """Let what hangs on a question hang on those that it hangs on itself: no answer is final before theirs are.

        Where it does not hold yet, what hangs on it is kept for this round: the outermost of them asks all of it again.
        """
        known = self._provisional
        for key in self._came[came:]:
            entry = known.get(key)
            if entry is not None and entry[1] & own:
                known[key] = (entry[0], (entry[1] & ~own) | others)

    def _go_on(self, own: int, others: int, opened: int, *, holds: bool) -> None:
        """Let what was worked out on the way hang on what a question hung on, if that holds; else it is worked out again."""
        known = self._open
        left: list[object] = []
        for key in self._opened[opened:]:
            entry = known.get(key)
            if entry is None:
                continue
            found, needed = entry
            if needed & own:
                del known[key]
                if not holds:
                    continue
                needed = (needed & ~own) | others
                if not needed:
                    self._kept[key] = found
                    continue
                if needed >= _TOO_DEEP:
                    continue
                known[key] = found, needed
            left.append(key)
        self._opened[opened:] = left

    def _assume(self, own: int, came: int, *, holds: bool) -> None:
        """Settle the provisional results that depended on a question: final if what was assumed of it holds, else void."""
        known = self._provisional
        left: list[tuple[object, ...]] = []
        for key in self._came[came:]:
            entry = known.get(key)
            if entry is None:
                continue
            value, needed = entry
            if needed & own:
                if not holds or needed == own:
                    del known[key]
                    if holds:
                        self._memo[key] = _settled(value, ANY)
                    continue
                known[key] = (value, needed & ~own)
            left.append(key)
        self._came[came:] = left
        if holds:
            for key in self._last_of.pop(own, ()):
                del self._last[key]


class _OverError(Exception):
    """Nobody waits for the answer any more."""


_TOO_DEEP = 1 << _DEPTH
"""The bit of what is not known because it lies too deep: what hangs on it is not remembered."""


def _lowest(bits: int) -> int:
    """Return the place of the lowest bit."""
    return (bits & -bits).bit_length() - 1


def _settled(value: _T, most: _T) -> _T:
    """Say that a value which hangs on nothing but itself is unknown."""
    return most if value == BOTTOM else value
