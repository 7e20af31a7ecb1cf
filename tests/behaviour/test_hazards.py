"""A bounded form of the battery of hazards: programs that do the same before and after their handlers are narrowed."""

from __future__ import annotations

import grids
import pytest

from benchmarks.hazards import battery

TOPICS = ("calls", "containers", "files", "further", "kinds", "library", "met", "names", "objects", "ranges")
CASES = [case for topic in TOPICS for case in battery.cases([topic])[::18]]
CASES += grids.share(battery.cases(["caught", "deep", "nights", "work"]), 3)
TWINS = [case for topic in ("given", "listed") for case in battery.cases([topic])[::8]]
TWINS += grids.share(battery.cases(["reached"]), 2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topic}: {case.name}")
def test_a_narrowed_program_does_what_it_did(case: battery.Case) -> None:
    """Neither the program with the hazard nor its twin lets through what its handler caught."""
    outcomes = battery.run([case], jobs=1)

    assert [outcome.verdict for outcome in outcomes] == ["same", "same"], outcomes


@pytest.mark.parametrize("case", TWINS, ids=lambda case: f"{case.topic}: {case.name}")
def test_a_hazard_is_held_and_its_twin_is_narrowed(case: battery.Case) -> None:
    """What a handler catches is in its list, or it stays broad, and without the hazard it is narrowed."""
    hazard, twin = battery.run([case], jobs=1)

    assert [hazard.verdict, twin.verdict] == ["same", "same"], (hazard, twin)
    assert twin.narrowed, twin
