"""Several processes give what one gives; one that dies takes one file with it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import grids
import pytest
from commands import ROOT
from spoken import spoken

from workerlog_migrate import jobs, pipeline
from workerlog_migrate.jobs import migrate_all, processes_for
from workerlog_migrate.model import FileResult, Settings, Target

if TYPE_CHECKING:
    from tests.cli.conftest import Environment, Run

# Windows has no signals: a number ends a process there.
FAULT = f"exit code {signal.SIGSEGV:d}" if sys.platform == "win32" else "SIGSEGV"
DEADLY = """
import os, signal, sys
sys.path[:0] = {paths!r}
from workerlog_migrate import pipeline
real = pipeline.migrate_file
def migrate(target, settings):
    if "deadly" in target.path.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "quitting" in target.path.name:
        os._exit(3)
    return real(target, settings)
pipeline.migrate_file = migrate
if __name__ == "__main__":
    from workerlog_migrate.cli import main
    main(["--apply", "--jobs", "2"], prog_name="workerlog-migrate")
"""


def test_a_process_that_dies_is_one_file_s_failure(environment: Environment, project: Path) -> None:
    names = ["aider_a", "aider_deadly", "genesis_b", "genesis_quitting", "zero_c", "zero_deadly", "zero_e"]
    for name in names:
        (project / "scripts" / f"{name}.py").write_text("print('x')\n")
    script = project / "start.py"
    script.write_text(DEADLY.format(paths=environment()["PYTHONPATH"].split(os.pathsep)))

    result = subprocess.run(
        [sys.executable, str(script)], cwd=project, capture_output=True, text=True, check=False, timeout=120
    )

    refused = [line for line in spoken(result.stderr).splitlines() if ": refused: " in line]
    assert refused == [
        f"scripts/{name}.py:1: refused: the process that worked on it died ({how}); the file is left as it is"
        for name, how in [
            ("aider_deadly", FAULT),
            ("genesis_quitting", "exit code 3"),
            ("zero_deadly", FAULT),
        ]
    ]
    assert result.returncode == 2
    for name in names:
        text = (project / "scripts" / f"{name}.py").read_text()
        assert ("mirror_print" in text) == ("deadly" not in name and "quitting" not in name)


def test_a_process_that_dies_in_the_middle_of_its_answer_is_one_file_s_failure() -> None:
    ours, theirs = multiprocessing.Pipe()
    os.write(
        theirs.fileno(), struct.pack("!i", 1000) + b"the length that was promised, and not even half of it"
    )
    theirs.close()
    process = multiprocessing.get_context("spawn").Process(target=os.kill, args=(0, 0))
    process.start()
    process.kill()
    pool = jobs._Pool(Settings(), 1)
    worker = jobs._Worker(process, ours)
    pool._workers.append(worker)

    result = pool._answer(worker, Target(Path("zero.py"), "zero"))

    assert result.error is not None
    assert result.error.reason.startswith("the process that worked on it died (SIGKILL)")
    assert pool._workers == []


START = """
import sys
sys.path[:0] = {paths!r}
if __name__ == "__main__":
    from workerlog_migrate.cli import main
    main()
"""

SHADOW = """
open("executed.txt", "a").write(__file__)
print(1)
"""


@pytest.mark.parametrize("options", [[], ["-E"]], ids=["", "without the environment"])
def test_no_process_takes_a_script_for_a_module_of_python(
    environment: Environment, project: Path, options: list[str]
) -> None:
    for name in ("multiprocessing", "queue", "random", "signal", "socket", "types"):
        (project / f"{name}.py").write_text(SHADOW)
    script = project.parent / "start.py"
    script.write_text(START.format(paths=environment()["PYTHONPATH"].split(os.pathsep)))

    result = subprocess.run(
        [sys.executable, *options, str(script), "--check", "--all", "--jobs", "2", "."],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    # Each is looked at, and left for another's sake: the runtime would import that one.
    assert result.returncode == 0
    assert "in place of the standard module" in result.stderr
    assert not (project / "executed.txt").exists()


FEW_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv.pop(1)),) * 2)
from workerlog_migrate.cli import main
if __name__ == "__main__":
    main()
"""


# Below 10, Python 3.10 has none left: its ``subprocess`` keeps the pipes that it opened for a git that cannot be started.
@pytest.mark.parametrize("limit", [10, 12, 20])
def test_where_no_more_processes_can_be_started_those_that_are_there_do_it(
    environment: Environment, project: Path, run: Run, limit: int
) -> None:
    for number in range(20):
        (project / "scripts" / f"zero_{number}.py").write_text("print('x')\n")
    expected = run("--dry-run", "--jobs", "1")

    few = subprocess.run(
        [sys.executable, "-c", FEW_FILES, str(limit), "--dry-run", "--jobs", "20"],
        env=environment(),
        capture_output=True,
        check=False,
    )

    assert (few.returncode, few.stdout, few.stderr) == (0, expected.stdout, expected.stderr)


REASONS = """
import json, sys
def f(text):
    try:
        job = {"x": 1} if sys.argv else json.loads(text)
        return job["a"], job["b"]
    except Exception as e:
        print(e)
f("{}")
"""


def test_the_report_does_not_depend_on_how_a_process_hashes_texts(project: Path, run: Run) -> None:
    """Of several reasons at one place every process shows the same; one with the same seed is no proof."""
    (project / "scripts" / "zero.py").write_text(REASONS)

    reports = {
        run("--check", "--format", "json", PYTHONHASHSEED=str(seed)).stdout
        for seed in range(grids.number(8, 4))
    }

    assert len(reports) == 1
    assert b"op:subscript-json-key" in reports.pop()


def test_the_report_and_the_diff_depend_neither_on_hashes_nor_on_addresses(project: Path, run: Run) -> None:
    """Of sample workers that import one another: texts are hashed in another way, objects lie at other places."""
    for name in ("aider_queue.py", "genesis_comum.py", "genesis_relatorio.py", "zero_metrics.py"):
        shutil.copy(ROOT / "fixtures" / "workers" / "scripts" / name, project / "scripts" / name)
    orders = [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"},
    ]

    told = set()
    for order in orders:
        diff = run("--no-cache", "--format", "json", "--output", str(project / "report.json"), **order).stdout
        told.add((diff, (project / "report.json").read_bytes()))

    ((diff, report),) = told
    assert diff.startswith(b"--- ")
    assert b'"specific-exceptions"' in report


def test_results_come_in_the_order_of_the_targets(project: Path) -> None:
    targets = []
    for number in range(12):
        path = Path("scripts") / f"zero_{number}.py"
        path.write_text("print('x')\n" * (200 if number == 0 else 1))
        targets.append(Target(path, "zero", "*zero*.py"))

    several = list(migrate_all(targets, Settings(), 2))

    assert [result.target.path for result in several] == [target.path for target in targets]
    assert several == list(migrate_all(targets, Settings(), 1))
    assert project.exists()


def test_what_is_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first file that takes for ever holds back all results: the others wait to be started, not in memory."""
    targets = [Target(Path(f"zero_{number}.py"), "zero") for number in range(100)]
    given: list[int] = []

    class Worker:
        def __init__(self) -> None:
            self.position: int | None = None
            self.connection = self

        def send(self, target: Target) -> None:
            given.append(targets.index(target))

    slow, quick = Worker(), Worker()
    pool = jobs._Pool(Settings(), 2)
    monkeypatch.setattr(pool, "_workers", [slow, quick])
    monkeypatch.setattr(pool, "_answer", lambda _, target: FileResult(target))
    monkeypatch.setattr(
        "multiprocessing.connection.wait", lambda busy: [each for each in busy if each is quick] or [slow]
    )

    results = pool.run(targets)
    first = next(results)

    assert first.target == targets[0]
    assert max(given) < 2 * 2 * jobs._AHEAD
    assert [result.target for result in results] == targets[1:]


def test_a_process_ends_in_silence_when_its_answer_is_not_read_any_more(project: Path) -> None:
    """Ctrl-C closes the parent's end at any moment, also between an answer and its reading."""
    (project / "scripts" / "zero.py").write_text("print('x')\n")
    ours, theirs = multiprocessing.Pipe()
    ours.send(Target(Path("scripts/zero.py"), "zero"))

    def close_when_answered() -> None:
        ours.poll(60)
        ours.close()

    answered = threading.Thread(target=close_when_answered)
    answered.start()
    before = signal.getsignal(signal.SIGINT)
    try:
        ended = jobs._serve(theirs, Settings())  # type: ignore[func-returns-value]  # None, and no exception
    finally:
        signal.signal(signal.SIGINT, before)
        answered.join()
        theirs.close()

    assert ended is None


def test_everything_that_travels_between_processes_is_plain_data(project: Path) -> None:
    file = project / "scripts" / "zero.py"
    file.write_text("import os\ntry:\n    open('x')\nexcept Exception:\n    pass\nprint(1)\n")
    target = Target(Path("scripts/zero.py"), "zero")

    result = pipeline.migrate_file(target, Settings())

    assert pickle.loads(pickle.dumps(result)) == result
    assert pickle.loads(pickle.dumps((target, Settings()))) == (target, Settings())


def test_few_files_get_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)

    assert [processes_for(files) for files in (0, 1, 20, 79, 80, 1000)] == [1, 1, 1, 1, 2, 4]


def test_the_parent_s_signals_are_as_they_were_after_the_start_of_processes() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set())

    with jobs._interrupts_held():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())

    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == before
