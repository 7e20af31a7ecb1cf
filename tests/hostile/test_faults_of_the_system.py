"""Kind: any call of the system may fail. Whatever fails, each file is whole, nothing is left behind, and the code says so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import grids
import pytest
from attacked import WORKER, Place
from people_project import snapshot

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
SUPPORT = Path(__file__).parent / "support"
ROUNDS = int(os.environ.get("WORKERLOG_KILL_ROUNDS", "8"))


@pytest.mark.skipif(COMPILER is None or sys.platform != "linux", reason="there is no C compiler")
@pytest.mark.parametrize("what", ["apply", "undo"])
def test_every_call_of_the_system_may_fail(place: Place, tmp_path: Path, what: str) -> None:
    library = tmp_path / "faults.so"
    source = SUPPORT / "faults.c"
    subprocess.run(
        [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True
    )
    (place.clone / "scripts" / "zero_two.py").write_text(WORKER, encoding="utf-8")

    done = subprocess.run(
        [
            sys.executable,
            str(SUPPORT / "faulty_runs.py"),
            str(library),
            str(place.clone),
            what,
            str(grids.number(1, 3)),
        ],
        env=place.environment(LD_PRELOAD=str(library), PYTHONWARNINGS="ignore"),
        capture_output=True,
        text=True,
        check=False,
    )

    *wrong, steps = done.stdout.splitlines() or [""]
    assert (done.returncode, wrong) == (0, []), done.stderr[-2000:]
    assert int(steps) > 60


def test_a_kill_at_any_time_leaves_whole_files_and_a_way_back(place: Place) -> None:
    """Real kills of real processes, each a little later than the one before; what is lost is nothing."""
    for number in range(12):
        (place.clone / "scripts" / f"zero_{number}.py").write_text(WORKER, encoding="utf-8")
    before = snapshot(place.clone)
    assert place.run("--apply", "--no-cache").returncode == 0
    after = snapshot(place.clone)
    assert place.run("--undo").returncode == 0
    first = place.clone / "scripts" / "worker_logger.py"

    for number in range(ROUNDS):
        process = subprocess.Popen(
            place.command("--apply", "--no-cache", "--quiet", "--jobs=1"),
            cwd=place.clone,
            env=place.environment(),
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and not first.exists():
            time.sleep(0.0005)  # until it begins to write
        for _ in range(number * 400):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = snapshot(place.clone)
        for name in before:
            assert found[name] in (before[name], after[name]), f"round {number}: {name}"
        undone = place.run("--undo")
        left = snapshot(place.clone)
        assert {name: left[name] for name in before} == before, f"round {number}: {undone.stderr}"
        assert set(left) == set(before) or undone.returncode, f"round {number}: {sorted(left)}"
        for name in left.keys() - before.keys():
            os.unlink(place.clone / name)
