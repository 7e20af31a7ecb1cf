"""Kind: an apply that changes nothing is no apply: the undo of the one before stays whole."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from attacked import IS_ROOT, WORKER, Place
from people_project import snapshot


def applied(place: Place) -> dict[str, bytes]:
    """Apply once; give what was there before."""
    before = snapshot(place.clone)
    assert place.run("--apply").returncode == 0
    return before


def add(place: Place, name: str) -> Path:
    script = place.clone / "scripts" / name
    script.write_text(WORKER, encoding="utf-8")
    return script


def check_undone(place: Place, before: dict[str, bytes]) -> None:
    undone = place.run("--undo")
    found = snapshot(place.clone)
    assert {name: found.get(name) for name in before} == before, undone.stderr
    assert "restored scripts/zero_worker.py" in undone.stderr


def test_a_read_only_script_keeps_the_undo_of_the_apply_before(place: Place) -> None:
    before = snapshot(place.clone)
    assert place.run("--apply", without_powers=IS_ROOT).returncode == 0
    add(place, "zero_late.py").chmod(0o444)

    refused = place.run("--apply", without_powers=IS_ROOT)

    assert refused.returncode == 2
    assert "scripts/zero_late.py:1: refused: cannot be written: the file is read-only" in refused.stderr
    undone = place.run("--undo", without_powers=IS_ROOT)
    assert "restored scripts/zero_worker.py" in undone.stderr
    found = snapshot(place.clone)
    assert {name: found.get(name) for name in before} == before


LATE = """
import os, sys
real = os.replace
def failing(source, target, **more):
    if os.path.basename(str(target)) == "zero_late.py":
        {what}
    return real(source, target, **more)
os.replace = failing
from workerlog_migrate.cli import main
main(sys.argv[1:], prog_name="workerlog-migrate")
"""


@pytest.mark.parametrize(
    "what",
    ["raise OSError(5, 'Input/output error')", "os.kill(os.getpid(), 9)", "raise KeyboardInterrupt"],
    ids=["failing", "killed", "interrupted"],
)
def test_a_write_that_fails_at_its_last_step_keeps_the_undo_of_the_apply_before(
    place: Place, what: str
) -> None:
    before = applied(place)
    add(place, "zero_late.py")

    program = LATE.format(what=what)
    done = subprocess.run(
        [*place.command()[:1], "-c", program, "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        check=False,
    )

    assert done.returncode in (2, 130, -signal.SIGKILL)
    check_undone(place, before)
    assert not [path for path in place.clone.rglob(".workerlog-migrate-*") if "kill" not in what]


def test_twin_an_apply_that_writes_one_file_and_fails_at_the_next_is_the_last_one(place: Place) -> None:
    applied(place)
    migrated = snapshot(place.clone)
    first = add(place, "zero_early.py")
    add(place, "zero_late.py")
    subprocess.run(
        [*place.command()[:1], "-c", LATE.format(what="os.kill(os.getpid(), 9)"), "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        check=False,
    )
    assert "mirror_print" in first.read_text()

    undone = place.run("--undo")

    assert "restored scripts/zero_early.py" in undone.stderr
    assert first.read_text() == WORKER
    found = snapshot(place.clone)
    assert {name: found[name] for name in migrated} == migrated


def test_several_applies_at_once_leave_an_undo_for_what_was_written(place: Place) -> None:
    for number in range(20):
        add(place, f"zero_{number}.py")
    before = snapshot(place.clone)
    runs = [
        subprocess.Popen(
            place.command("--apply", "--quiet"),
            cwd=place.clone,
            env=place.environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [run.communicate()[1] for run in runs]
    after = snapshot(place.clone)

    assert "Traceback" not in "".join(said)
    place.run("--undo")
    # Where two of them wrote, the undo is that of the later one: what it takes back is as it was, the rest as it was written.
    undone = snapshot(place.clone)
    assert set(undone) >= set(before)
    assert all(text in (before.get(name), after[name]) for name, text in undone.items())
    assert any(undone[name] == text != after[name] for name, text in before.items())


@pytest.mark.parametrize("text", ["the old one", "the new one"])
def test_a_file_that_claims_to_be_of_a_killed_run_lets_no_undo_overwrite_work(
    place: Place, text: str
) -> None:
    """Kind: what an undo takes for the rest of a write that a kill has stopped may have come with the checkout."""
    applied(place)
    edited = place.script.read_text(encoding="utf-8") + "print('done since')\n"
    left = WORKER if text == "the old one" else place.script.read_text(encoding="utf-8")
    place.script.write_text(edited, encoding="utf-8")
    (place.script.parent / ".workerlog-migrate-1-00000000.tmp").write_text(left, encoding="utf-8")
    os.link(place.script, place.clone / "second.py")

    for _ in range(2):
        undone = place.run("--undo")

        assert undone.returncode == 2
        assert "edited since the last --apply" in undone.stderr
        assert place.script.read_text(encoding="utf-8") == edited


HALF = """
import os, sys
from workerlog_migrate.files import writing
real = writing.write_all
def half(descriptor, data):
    if os.fstat(descriptor).st_nlink > 1:
        real(descriptor, bytes(data)[:7])
        os.kill(os.getpid(), 9)
    return real(descriptor, data)
writing.write_all = half
from workerlog_migrate.cli import main
main(sys.argv[1:], prog_name="workerlog-migrate")
"""


def test_twin_a_write_that_was_killed_halfway_is_taken_back(place: Place) -> None:
    os.link(place.script, place.clone / "second.py")
    subprocess.run(
        [*place.command()[:1], "-c", HALF, "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        check=False,
    )
    assert place.script.read_text(encoding="utf-8") != WORKER

    undone = place.run("--undo")

    assert undone.returncode == 0, undone.stderr
    assert place.script.read_text(encoding="utf-8") == WORKER
