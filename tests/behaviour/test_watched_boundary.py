"""With ``--boundary watch`` a wrong list costs a round, not the worker.

Under each injected fault the workers behave as narrowed ones do anyway. And when any one type is taken from any list inside a loop,
and an error of that type then arrives at that handler, no worker ends that would not have ended before the migration.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox import PROJECT, WORKERS, Difference, Observation, Scenario, World
from scenarios import EVERYWHERE, ONE_BY_ONE, UNFELT, USUAL
from struck import MARK, Listed, listed, struck

ALL = bool(os.environ.get("WORKERLOG_ALL_SCENARIOS"))
"""Whether every scenario and every type is tried, which takes ten minutes more, or every thirtieth."""

STEP = 1 if ALL else 30

SCENARIOS = tuple(
    scenario
    for scenario in (*EVERYWHERE, *ONE_BY_ONE, *UNFELT)
    if scenario.allowed in (None, Difference.READS_AGAIN, Difference.SURVIVES_PASSING_FAULT)
    and "Ctrl-C" not in scenario.name
)[::STEP]
"""Ctrl-C may end a migrated worker that swallowed it."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, originals: Path) -> Path:
    """Migrate a copy of the workers with the option, and return the folder with the results."""
    project = tmp_path_factory.mktemp("guarded")
    shutil.copytree(originals, project / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for mode in (("--apply", "--no-undo"), ("--check",)):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "workerlog_migrate",
                *mode,
                "--boundary",
                "watch",
                "scripts",
            ],
            cwd=project,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join((str(PROJECT / "src"), str(PROJECT / "codemods"))),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return project / "scripts"


@pytest.fixture(scope="module")
def original(world: World, originals: Path) -> Callable[[Scenario], Observation]:
    """Return what the original does in a scenario, run once each."""
    known: dict[str, Observation] = {}

    def observe(scenario: Scenario) -> Observation:
        if str(scenario) not in known:
            known[str(scenario)] = world.run(scenario, originals)
        return known[str(scenario)]

    return observe


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_no_worker_ends_under_a_fault_that_did_not_end_before(
    world: World, original: Callable[[Scenario], Observation], guarded: Path, scenario: Scenario
) -> None:
    before = original(scenario)
    after = world.run(scenario, guarded)

    assert after.code == before.code
    assert len(after.sleeps) >= len(before.sleeps)


@pytest.mark.parametrize("worker", USUAL)
def test_no_worker_ends_by_a_type_that_was_taken_from_an_inner_list(
    world: World, originals: Path, guarded: Path, tmp_path: Path, worker: str
) -> None:
    """Kind: each type of each narrowed handler in turn is taken off its list, and an error of it arrives there once.

    A handler is an inner one if its ``try`` runs in a loop, also if it runs before, too: then the error arrives there first.
    """

    def run(where: Listed, folder: Path, *, in_a_loop: bool = False) -> Observation:
        scripts = tmp_path / folder.parent.name
        shutil.rmtree(scripts, ignore_errors=True)
        shutil.copytree(folder, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (scripts / worker).write_bytes(
            struck(
                folder / worker,
                where,
                takes_away=folder == guarded,
                imports=guarded / worker,
                in_a_loop=in_a_loop,
            )
        )
        return world.run(USUAL[worker], scripts)

    found = list(listed(originals / worker, guarded / worker))[::STEP]
    ended = [where for where in found if run(where, originals).code != run(where, guarded).code]

    assert not [where for where in ended if MARK in run(where, guarded, in_a_loop=True).files]
    assert found


def test_nearly_all_handlers_of_the_samples_are_inside(guarded: Path) -> None:
    """Twin: what a watched handler takes is narrowed, and so is what runs in no loop: a watch for each loop, and few more."""
    inside = {
        worker: {where.line for where in listed(WORKERS / "scripts" / worker, guarded / worker)}
        for worker in USUAL
    }
    watches = sum((guarded / worker).read_text(encoding="utf-8").count(" expect_only(") for worker in USUAL)

    assert all(inside.values())
    assert sum(len(lines) for lines in inside.values()) > 5 * watches > 0
