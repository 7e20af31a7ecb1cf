"""A migrated worker does what it did before, whatever goes wrong around it.

Every scenario runs twice, with the original and with the migrated script. Where a difference is allowed, the
test names it, and its comparison says what the difference may be and nothing more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import grids
import pytest
from sandbox import Difference, Fault, Observation, Scenario, World, differences
from scenarios import (
    BRIDGE,
    ENGINE,
    EVERYWHERE,
    METRICS,
    ON_WINDOWS,
    ONE_BY_ONE,
    QUEUE,
    REPORT,
    SENTINEL,
    SYNC,
    UNFELT,
    USUAL,
    WATCHDOG,
    WRAPPER,
    ZERO,
    ZERO_SENTINEL,
    longest_repeat,
    once_each,
)


@pytest.fixture(scope="module")
def original(world: World, originals: Path) -> Callable[[Scenario], Observation]:
    """Return what the original does in a scenario, run once each."""
    known: dict[str, Observation] = {}

    def observe(scenario: Scenario) -> Observation:
        if str(scenario) not in known:
            known[str(scenario)] = world.run(scenario, originals)
        return known[str(scenario)]

    return observe


@pytest.mark.parametrize(
    "scenario",
    ON_WINDOWS
    if sys.platform == "win32"
    else [*USUAL.values(), *grids.share(EVERYWHERE[len(USUAL) :], 2), *grids.share(ONE_BY_ONE, 2), *UNFELT],
    ids=str,
)
def test_the_migrated_worker_behaves_as_before(
    world: World, original: Callable[[Scenario], Observation], migrated: Path, scenario: Scenario
) -> None:
    """What goes wrong is felt: the original behaves otherwise than when nothing does.

    What may go wrong around any of them is tried with every second worker, with WORKERLOG_CI_ALL=1 with each.
    """
    before = original(scenario)
    after = world.run(scenario, migrated)

    if scenario in ONE_BY_ONE and scenario.allowed is None:
        assert differences(before, original(USUAL[scenario.worker])) != ()
    if scenario.allowed is Difference.READS_AGAIN:
        assert longest_repeat(after) <= 3 * longest_repeat(before)
        after = replace(after, requests=once_each(after.requests, before.requests))
    assert {name: getattr(after, name) for name in differences(before, after)} == {
        name: getattr(before, name) for name in differences(before, after)
    }


@pytest.mark.parametrize(
    ("worker", "fault"),
    [
        (ENGINE, Fault("open", "*/backlog/01-*", times=2)),
        (ENGINE, Fault("listdir", "*/backlog", "EBUSY", times=1)),
        (SENTINEL, Fault("open", "*/TRIGGER", "EAGAIN", times=1)),
        (WATCHDOG, Fault("open", "*/watchdog.json", "ESTALE", times=2)),
        (REPORT, Fault("open", "*/custos.csv", times=2)),
        (ZERO, Fault("open", "*/inbox/t1.json", "ETIMEDOUT", times=2)),
        (ZERO_SENTINEL, Fault("scandir", "*/outbox", "EBUSY", times=1)),
        (METRICS, Fault("open", "*/zero_estado.json", times=1)),
        (WRAPPER, Fault("open", "*/1_7.pedido.rodando", "EBUSY", times=2)),
        (BRIDGE, Fault("open", "*/bridge_offset.txt", times=1)),
        (QUEUE, Fault("open", "*/regras.md", times=2)),
        (SYNC, Fault("open", "*/sync.ini", "EIO", times=2)),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.call}-{value.error}",
)
def test_a_passing_fault_is_survived(
    world: World,
    original: Callable[[Scenario], Observation],
    migrated: Path,
    worker: str,
    fault: Fault,
) -> None:
    """Allowed difference: ``Difference.SURVIVES_PASSING_FAULT``; it then goes on as if nothing had been."""
    scenario = replace(USUAL[worker], name=f"{fault.call} {fault.path} {fault.error}", faults=(fault,))
    after = world.run(scenario, migrated)

    assert differences(original(scenario), original(USUAL[worker])) != ()
    assert differences(after, original(USUAL[worker])) == ()
    assert after.retry_waits == (1.0, 2.0)[: fault.times]
    assert "".join(after.logs.values()).count(" | WARNING | ") >= len(after.retry_waits)


@pytest.mark.parametrize(
    ("worker", "fault"),
    [
        (ZERO_SENTINEL, Fault("remove", "*/tmp/a.tmp", "SIGINT", times=1)),
        (ZERO_SENTINEL, Fault("open", "*/inbox/t1.json", "SIGINT", times=1)),
        (SYNC, Fault("listdir", "*/.sync_cache", "SIGINT", times=1)),
    ],
    ids=["removing", "reading", "listing"],
)
def test_ctrl_c_gets_through_a_bare_handler(
    world: World, original: Callable[[Scenario], Observation], migrated: Path, worker: str, fault: Fault
) -> None:
    """Allowed difference: ``Difference.CTRL_C_SURFACES``."""
    scenario = replace(USUAL[worker], name=f"{fault.call} {fault.path} {fault.error}", faults=(fault,))
    before = original(scenario)
    after = world.run(scenario, migrated)

    assert before.code == 0
    assert b"tchau" not in before.stdout
    assert b"tchau" in after.stdout or after.stderr.endswith(b"KeyboardInterrupt\n")
    assert after.code in {0, -2, 130}


@pytest.mark.parametrize(
    ("worker", "fault", "says"),
    [
        (SYNC, Fault("open", "*/sync.ini", "RuntimeError"), "RuntimeError: injected at sync.ini"),
        (
            BRIDGE,
            Fault("open", "*/bridge_offset.txt", "AssertionError"),
            "AssertionError: injected at bridge_offset.txt",
        ),
        (
            METRICS,
            Fault("open", "*/zero_estado.json", "RuntimeError"),
            "RuntimeError: injected at zero_estado.json",
        ),
    ],
    ids=["sync", "bridge", "metrics"],
)
def test_a_bug_is_no_longer_swallowed(
    world: World,
    original: Callable[[Scenario], Observation],
    migrated: Path,
    worker: str,
    fault: Fault,
    says: str,
) -> None:
    """Allowed difference: ``Difference.BUG_SURFACES``; it ends in a traceback and a CRITICAL record."""
    scenario = replace(USUAL[worker], name=f"{fault.call} {fault.path} {fault.error}", faults=(fault,))
    before = original(scenario)
    after = world.run(scenario, migrated)

    assert before.code == 0
    assert (after.code, after.stderr.decode().splitlines()[-1]) == (1, says)
    log = after.logs[f"{worker[:4] if worker.startswith('zero') else 'aider'}.log"]
    assert log.count(" | CRITICAL | ") == 1
    assert says in log


def test_an_infinity_in_json_surfaces(
    world: World, original: Callable[[Scenario], Observation], migrated: Path
) -> None:
    """Allowed difference: JSON has no Infinity, and OverflowError of a conversion needs a float that was seen."""
    state = {"zero_estado.json": b'{"feitas": Infinity, "erros": 1}'}
    scenario = replace(USUAL[METRICS], name="state with an infinity", files=state)
    before = original(scenario)
    after = world.run(scenario, migrated)

    assert (before.code, after.code) == (0, 1)
    assert after.stderr.decode().splitlines()[-1] == "OverflowError: cannot convert float infinity to integer"
