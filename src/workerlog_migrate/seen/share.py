"""Which file is each note for?

Input: the notes of all log folders, and the targets of a run. Output: what was seen of each target, and why notes are for none of
them. An error that passed through several files belongs to one: that of the innermost handler of ours on its way out.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from workerlog_migrate.model import Arrival, Seen
from workerlog_migrate.seen.notes import Notes
from workerlog_migrate.seen.places import Paths, handled_at

NO_FRAMES = "uncaught, without a frame of a file that is looked at"

Passes = Callable[[Path, Arrival, tuple[int, ...]], bool | None]
"""Asks a target whether a handler of ours takes an error in some of its frames: True; whether one lists it by now: False; None: neither."""


class Shared(NamedTuple):
    """The notes by target.

    Attributes:
        seen: target, as it is shown -> what was seen of it; every target has its entry.
        passed_over: why notes are for no target -> how many.
    """

    seen: tuple[tuple[str, Seen], ...]
    passed_over: Mapping[str, int]


def share(notes: Notes, targets: Iterable[Path], cwd: Path, passes: Passes) -> Shared:
    """Give each target its notes.

    Args:
        notes: as they were read.
        targets: the files that are looked at, as they are shown.
        cwd: the current folder, absolute.
        passes: asked where an error went through several targets.

    Returns:
        What was seen of each target.
    """
    targets = tuple(targets)
    paths = Paths(targets, cwd, _spoken_of(notes))
    here: dict[Path, list[Arrival]] = defaultdict(list)
    through: dict[Path, list[tuple[Arrival, tuple[int, ...]]]] = defaultdict(list)
    passed_over: Counter[str] = Counter()
    for arrival in notes.arrivals:
        own = None
        if not arrival.uncaught:
            own, why = paths.target(handled_at(arrival)[0])
            if own is None:
                passed_over[why] += 1
            else:
                here[own].append(arrival)
        frames = [paths.target(frame[0])[0] for frame in arrival.frames]
        if arrival.uncaught and not any(frames):
            passed_over[paths.target(arrival.path)[1] or NO_FRAMES] += 1
        taker = _taker(arrival, frames, passes)
        if taker is not None:
            through[taker[0]].append((arrival, taker[1]))
    seconds = _seconds(notes, paths)
    return Shared(
        tuple(
            (str(target), Seen(tuple(here[target]), tuple(through[target]), seconds[target]))
            for target in targets
        ),
        dict(passed_over),
    )


def _spoken_of(notes: Notes) -> Mapping[str, set[tuple[str, int]]]:
    """List the functions that the notes about each path speak of, lambdas and the like aside."""
    spoken: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for arrival in notes.arrivals:
        places = [
            (arrival.path, arrival.function, arrival.function_line),
            *(each[:3] for each in arrival.frames),
        ]
        for path, function, first in places:
            if not function.rpartition(".")[2].startswith("<"):
                spoken[path].add((function, first))
    return spoken


def _taker(
    arrival: Arrival, frames: list[Path | None], passes: Passes
) -> tuple[Path, tuple[int, ...]] | None:
    """Say which target is to look for the handler that an error should not have passed, and in which frames."""
    numbered = [(number, target) for number, target in enumerate(frames) if target is not None]
    if not numbered:
        return None
    if len({target for _, target in numbered}) == 1:
        return numbered[0][1], tuple(number for number, _ in numbered)
    for target, group in itertools.groupby(reversed(numbered), key=lambda pair: pair[1]):
        numbers = tuple(sorted(number for number, _ in group))
        taken = passes(target, arrival, numbers)
        if taken is not None:
            return (target, numbers) if taken else None
    return None


def _seconds(notes: Notes, paths: Paths) -> Mapping[Path, float]:
    """Add up how long each target ran: as a script, or in those scripts whose evidence speaks of it."""
    seconds: dict[Path, float] = defaultdict(float)
    by_file: dict[str, float] = defaultdict(float)
    for run in notes.runs:
        by_file[run.file] += run.seconds
        target, _ = paths.target(run.path)
        if target is not None:
            seconds[target] += run.seconds
    scripts = set(seconds)
    for file, named in notes.paths.items():
        for target in {paths.target(path)[0] for path in named} - scripts - {None}:
            if target is not None:
                seconds[target] += by_file[file]
    return seconds
