"""A worker on trial does exactly what it did before, in every scenario; settled by what it then saw, it survives the same faults.

Unlike the migrated worker's, its bugs stay swallowed and Ctrl-C stays eaten: nothing differs but that a passing fault is survived.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import commands
import pytest
from sandbox import Difference, Fault, Observation, Scenario, World, differences
from scenarios import (
    BRIDGE,
    EVERYWHERE,
    METRICS,
    ONE_BY_ONE,
    SYNC,
    UNFELT,
    USUAL,
    ZERO_SENTINEL,
    longest_repeat,
    once_each,
)

SURFACING = tuple(
    replace(USUAL[worker], name=f"{fault.call} {fault.path} {fault.error}", faults=(fault,))
    for worker, fault in (
        (ZERO_SENTINEL, Fault("remove", "*/tmp/a.tmp", "SIGINT", times=1)),
        (SYNC, Fault("listdir", "*/.sync_cache", "SIGINT", times=1)),
        (SYNC, Fault("open", "*/sync.ini", "RuntimeError")),
        (BRIDGE, Fault("open", "*/bridge_offset.txt", "AssertionError")),
        (METRICS, Fault("open", "*/zero_estado.json", "RuntimeError")),
    )
)
"""What the narrowed worker may do otherwise, and one on trial may not."""

ALL = bool(os.environ.get("WORKERLOG_ALL_SCENARIOS"))
"""Whether every scenario is run, which takes ten minutes more, or every tenth."""

STEP = 1 if ALL else 10

SCENARIOS = (*(*EVERYWHERE, *ONE_BY_ONE, *UNFELT)[::STEP], *SURFACING)

FAULTY = (
    *(scenario for scenario in ONE_BY_ONE if scenario.allowed is None and "Ctrl-C" not in scenario.name),
    *(scenario for scenario in EVERYWHERE if scenario.name in ("full disk", "unreadable", "vanishing")),
)[::STEP]
"""Those whose evidence is settled by."""


def command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a project."""
    variables = {**os.environ, "PYTHONPATH": commands.PATHS, "XDG_STATE_HOME": str(project / "state")}
    return commands.text(commands.run(*arguments, cwd=project, env=variables, timeout=300))


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory, originals: Path) -> Path:
    """Put a copy of the workers on trial, and return the folder with the results."""
    project = tmp_path_factory.mktemp("watched")
    copy(originals, project / "scripts")
    done = command(project, "--apply", "--trial", "scripts")
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "scripts"


def copy(source: Path, target: Path) -> None:
    """Copy the scripts of a folder."""
    target.mkdir(parents=True)
    for path in source.glob("*.py"):
        (target / path.name).write_bytes(path.read_bytes())


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
def test_a_worker_on_trial_behaves_as_before(
    world: World, original: Callable[[Scenario], Observation], watched: Path, scenario: Scenario
) -> None:
    before = original(scenario)
    after = world.run(scenario, watched)

    assert_same(before, after, scenario)


def assert_same(before: Observation, after: Observation, scenario: Scenario) -> None:
    """Compare two runs of a scenario; only reading requests may have been sent again."""
    if scenario.allowed is Difference.READS_AGAIN:
        assert longest_repeat(after) <= 3 * longest_repeat(before)
        after = replace(after, requests=once_each(after.requests, before.requests))
    found = differences(before, after)
    assert {name: getattr(after, name) for name in found} == {name: getattr(before, name) for name in found}


@pytest.fixture(scope="module")
def evidence(world: World, watched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the workers on trial under faults, and collect what they noted."""
    folder = tmp_path_factory.mktemp("evidence")
    for scenario in FAULTY:
        for name, text in world.run(scenario, watched).logs.items():
            if name.endswith(".seen.jsonl"):
                with (folder / name).open("a", encoding="utf-8") as file:
                    file.write(text)
    return folder


@pytest.fixture(scope="module")
def settled(watched: Path, evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settle the workers by what they noted, and return the folder with the results."""
    project = tmp_path_factory.mktemp("settled")
    copy(watched, project / "scripts")
    before = {path.name: path.read_bytes() for path in (project / "scripts").iterdir()}
    done = command(
        project,
        "--from-logs",
        str(evidence),
        "--apply",
        "scripts",
        "--format",
        "json",
        "--output",
        "report.json",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    applied = {path.name: path.read_bytes() for path in (project / "scripts").iterdir()}
    again = command(project, "--from-logs", str(evidence), "--check", "scripts")
    assert again.returncode == 0, again.stdout + again.stderr
    undone = command(project, "--undo")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert {path.name: path.read_bytes() for path in (project / "scripts").iterdir()} == before
    for name, content in applied.items():
        (project / "scripts" / name).write_bytes(content)
    return project / "scripts"


def test_most_watched_handlers_were_hit_and_are_settled(settled: Path) -> None:
    """The figures that the README states come from here."""
    seen = json.loads((settled.parent / "report.json").read_text(encoding="utf-8"))["seen"]

    assert seen["lost"] == 0
    assert seen["watched"] > 90
    assert seen["hit"] > seen["watched"] / (2 if ALL else 20)
    assert seen["settled"] == seen["hit"]
    assert seen["expected"] > 20 * seen["unexpected"]


@pytest.mark.parametrize("scenario", FAULTY, ids=str)
def test_a_settled_worker_survives_the_faults_that_it_saw(
    world: World, original: Callable[[Scenario], Observation], settled: Path, scenario: Scenario
) -> None:
    before = original(scenario)
    after = world.run(scenario, settled)

    assert_same(before, after, scenario)
