"""The sandbox tells the truth: equal runs look equal, and every kind of difference is seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sandbox import Fault, Scenario, World, differences

ENGINE = Scenario("genesis_engine.py")
WORKER = Scenario("zero_worker_engine.py", arguments=("--once",))


@pytest.mark.parametrize(
    "scenario",
    [
        ENGINE,
        WORKER,
        Scenario("genesis-sentinel.py"),
        Scenario("zero-sentinel.py"),
        Scenario("aider_wrapper.py"),
        Scenario("aider_queue.py", faults=(Fault("open", "*/jobs/a-*", times=1),)),
    ],
    ids=str,
)
def test_the_same_worker_twice_shows_no_difference(world: World, originals: Path, scenario: Scenario) -> None:
    first = world.run(scenario, originals)
    second = world.run(scenario, originals)

    assert differences(first, second) == ()


@pytest.mark.parametrize(
    "scenario",
    [
        ENGINE,
        WORKER,
        Scenario("zero_metrics.py", faults=(Fault("open", "*/zero_estado.json", "RuntimeError"),)),
        Scenario("zero-sentinel.py", faults=(Fault("open", "*/inbox/t1.json", "SIGINT", times=1),)),
        Scenario("aider_sync.py", faults=(Fault("open", "*/sync.ini", "RuntimeError"),)),
        Scenario("aider_wrapper.py", commands="fail", stubs=False),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_migrated", [False, True], ids=["before", "after"])
def test_a_fork_does_what_a_process_does_that_was_started(
    world: World, originals: Path, migrated: Path, scenario: Scenario, is_migrated: bool
) -> None:
    """Ends, errors that nobody takes and signals too, and what the log says but for the frames of tracebacks."""
    scripts = migrated if is_migrated else originals
    started = world.run(scenario, scripts, is_fresh=True)
    forked = world.run(scenario, scripts)

    assert differences(started, forked) == ()
    assert (forked.retry_waits, forked.was_struck) == (started.retry_waits, started.was_struck)
    assert {name: text.count("\n2026") for name, text in forked.logs.items()} == {
        name: text.count("\n2026") for name, text in started.logs.items()
    }


@pytest.mark.parametrize(
    ("scenario", "before", "after", "seen"),
    [
        (ENGINE, 'print("  GENESIS ENGINE")', 'print("  GENESIS ENGINE ")', ("stdout",)),
        (ENGINE, "        self.banner()\n", "        self.banner(); print(file=sys.stderr)\n", ("stderr",)),
        (ENGINE, "        return 0\n", "        return 9\n", ("code",)),
        (ENGINE, 'f"custo {custo:.2f}"', 'f"custo {custo:.3f}"', ("files",)),
        (ENGINE, "time.sleep(INTERVALO)", "time.sleep(INTERVALO + 0.5)", ("sleeps",)),
        (ENGINE, '"--story"', '"--storia"', ("starts",)),
        (
            WORKER,
            "            r.raise_for_status()\n",
            "            r = self.sessao.get(url)\n",
            ("requests",),
        ),
        (
            WORKER,
            "requests.post(API + '/resultado'",
            "requests.post(API + '/resultados'",
            ("stdout", "requests"),
        ),
    ],
    ids=[
        "one blank on stdout",
        "one newline on stderr",
        "exit code",
        "one digit in a file",
        "half a second of sleep",
        "an argument of a process",
        "one request more",
        "another address",
    ],
)
def test_a_planted_difference_is_seen(
    world: World,
    originals: Path,
    tmp_path: Path,
    scenario: Scenario,
    before: str,
    after: str,
    seen: tuple[str, ...],
) -> None:
    planted = tmp_path / "scripts"
    shutil.copytree(originals, planted)
    script = planted / scenario.worker
    text = script.read_text(encoding="utf-8")
    assert text.count(before) >= 1
    script.write_text(text.replace(before, after, 1), encoding="utf-8")

    assert differences(world.run(scenario, originals), world.run(scenario, planted)) == seen


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("open", "*/backlog/01-*", "EACCES"), "Erro em 01-login.md: [Errno 13] Permission denied"),
        (
            Fault("open", "*/backlog/01-*", "vanish"),
            "Erro em 01-login.md: [Errno 2] No such file or directory",
        ),
        (Fault("open", "*.tmp", "full"), "nao salvou estado: [Errno 28] No space left on device"),
        (Fault("listdir", "*/backlog"), "[ERRO] backlog inacessivel: [Errno 5]"),
        (Fault("sleep", error="SIGINT"), "Encerrando por Ctrl-C..."),
        (Fault("mkdir", "*/done", "ENOSPC"), "[!] nao arquivou 01-login.md"),
        (Fault("open", "*/config.json", "EBUSY", skip=1), "config.json inválido: [Errno 16]"),
    ],
    ids=lambda value: f"{value.call}-{value.error}" if isinstance(value, Fault) else "",
)
def test_an_ordered_fault_strikes(world: World, originals: Path, fault: Fault, said: str) -> None:
    seen = world.run(Scenario("genesis_engine.py", faults=(fault,)), originals)

    assert said in seen.stdout.decode()


def test_a_file_limit_leaves_no_room_for_any_file(world: World, originals: Path) -> None:
    seen = world.run(Scenario("genesis_engine.py", file_limit=0), originals)

    assert "nao consegui criar o lock: [Errno 27] File too large" in seen.stdout.decode()


def test_a_narrow_terminal_is_narrow(world: World, originals: Path) -> None:
    seen = world.run(Scenario("genesis_engine.py", terminal="ascii"), originals)

    assert "? 01-login.md concluida" in seen.stdout.decode("ascii")
