"""``--undo`` through real processes: the old bytes come back, edits survive, and so does a kill at any step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from killed import STRIDE, run_killed, warm_up
from people_project import ENGINE, Run, environment, snapshot
from rights import WITHOUT_RIGHTS
from spoken import spoken

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.journal import Journal
from workerlog_migrate.files.journal_entries import ENDED, Change
from workerlog_migrate.files.journal_folder import MAX_STEPS
from workerlog_migrate.files.stamp import runtime_version, stamp
from workerlog_migrate.files.state import Project
from workerlog_migrate.files.undo import Outcome, Undone, undo, undo_folder
from workerlog_migrate.files.vendor import runtime_text


def hard_linked(project: Path) -> None:
    """A third worker with a second name: it is written in place."""
    script = project / "scripts" / "zero_worker.py"
    script.write_text("print('[OK] zero')\n", encoding="utf-8")
    os.link(script, project / "other_name.txt")


def old_runtime(project: Path) -> None:
    """An unedited runtime file of an older version, which --apply replaces."""
    text = runtime_text("worker_logger").replace(runtime_version(runtime_text("worker_logger")), "0.0.1")
    (project / "scripts" / "worker_logger.py").write_text(stamp(text, "0.0.1"), encoding="utf-8")


def test_what_apply_changed_and_added_comes_back(project: Path, run: Run) -> None:
    hard_linked(project)
    old_runtime(project)
    (project / "scripts" / "aider_queue.py").chmod(0o750)
    mode = (project / "scripts" / "aider_queue.py").stat().st_mode  # Windows has two of them
    before = snapshot(project)

    applied = run("--apply")
    changed = snapshot(project)
    undone = run("--undo")

    assert applied.returncode == 0, applied.stderr
    assert {name for name in changed if changed[name] != before.get(name)} == {
        "other_name.txt",
        "scripts/aider_queue.py",
        "scripts/genesis_engine.py",
        "scripts/worker_logger.py",
        "scripts/worker_utils.py",
        "scripts/zero_worker.py",
    }
    assert (undone.returncode, undone.stdout) == (0, "")
    assert undone.stderr.splitlines()[-1] == "4 restored, 1 removed"
    assert snapshot(project) == before
    assert (project / "scripts" / "aider_queue.py").stat().st_mode == mode
    assert (project / "scripts" / "zero_worker.py").samefile(project / "other_name.txt")
    assert not undo_folder(project).exists()


def test_a_second_undo_has_nothing_to_do(project: Path, run: Run) -> None:
    run("--apply")
    run("--undo")
    before = snapshot(project)

    again = run("--undo")

    assert again.returncode == 0
    assert again.stderr.startswith("nothing to undo: ")
    assert snapshot(project) == before


def test_only_the_last_apply_that_changed_something_is_undone(project: Path, run: Run) -> None:
    run("--apply", "scripts/aider_queue.py")
    first = snapshot(project)
    run("--apply")
    run("--apply")

    undone = run("--undo")

    assert undone.stderr.splitlines() == ["restored scripts/genesis_engine.py", "1 restored"]
    assert snapshot(project) == first


def test_each_undo_takes_back_one_apply_and_the_next_the_one_before(project: Path, run: Run) -> None:
    """Kind: several steps (trial, settle; one folder after the other) are taken back one by one, however many there are."""
    states = [snapshot(project)]
    for script in ("aider_queue.py", "genesis_engine.py"):
        run("--apply", f"scripts/{script}")
        states.append(snapshot(project))
        run("--apply", f"scripts/{script}")  # changes nothing: no step

    while len(states) > 1:
        assert snapshot(project) == states.pop()
        assert run("--undo").returncode == 0

    assert snapshot(project) == states[0]
    assert run("--undo").stderr.startswith("nothing to undo: ")
    assert not undo_folder(project).exists()


def test_an_undo_that_leaves_a_file_stays_at_its_step(project: Path, run: Run) -> None:
    """Twin: what could not be taken back is tried again, and the step before it waits."""
    run("--apply", "scripts/aider_queue.py")
    first = snapshot(project)
    run("--apply", "scripts/genesis_engine.py")
    engine = project / "scripts" / "genesis_engine.py"
    applied = engine.read_bytes()
    engine.write_bytes(applied + b"# by hand\n")

    assert [run("--undo").returncode for _ in range(2)] == [2, 2]
    assert (project / "scripts" / "aider_queue.py").read_bytes() == first["scripts/aider_queue.py"]

    engine.write_bytes(applied)
    assert run("--undo").returncode == 0
    assert snapshot(project) == first


class Killed(BaseException):
    """Stands for the end of the process."""


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the ``step``-th rename or removal (from 1) among the states be the end of the process."""
    count = 0

    def counted(name: str) -> None:
        real = getattr(Folder, name)

        def stepped(folder: Folder, *names: str) -> None:
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            real(folder, *names)

        monkeypatch.setattr(Folder, name, stepped)

    for name in ("replace", "unlink"):
        counted(name)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # what is killed closes nothing
@pytest.mark.parametrize("what", ["apply", "undo"])
def test_a_kill_between_two_steps_loses_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Kind: wherever a second step or its undo is killed, undoing gives its bytes back, and then those before the first."""
    file = tmp_path / "a.py"
    for step in range(1, 20):
        file.write_bytes(b"0")
        for number in (1, 2):
            journal = Journal(tmp_path)
            journal.record([Change(Path("a.py"), b"%d" % (number - 1), b"%d" % number)])
            file.write_bytes(b"%d" % number)
            with monkeypatch.context() as patch:
                if what == "apply" and number == 2:
                    stop_at(patch, step)
                try:
                    journal.written()
                except Killed:
                    del journal  # and with it its lock
                    continue
            journal.close()
        with monkeypatch.context() as patch:
            if what == "undo":
                stop_at(patch, step)
            try:
                assert [undone.path for undone in undo(tmp_path)] == [Path("a.py")]
            except Killed:
                file.write_bytes(b"1")  # it was restored, or not yet

        found = []
        while outcomes(tmp_path):
            found.append(file.read_bytes())
        assert file.read_bytes() == b"0", (step, found)
        assert not undo_folder(tmp_path).exists()


def test_the_oldest_steps_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: what is kept is bounded, in steps and in bytes; what goes is the oldest."""
    monkeypatch.setattr("workerlog_migrate.files.journal_folder.MAX_BYTES", 40_000)
    file = tmp_path / "a.py"
    for size, kept in ((10, MAX_STEPS), (10_000, 3)):
        for number in range(MAX_STEPS + 5):
            before = b"x" * size + b"%d" % number
            write(tmp_path, "a.py", journal := Journal(tmp_path), before, b"x" * size + b"%d" % (number + 1))
            journal.written()
            journal.close()
        steps = 0
        while outcomes(tmp_path):
            steps += 1
        assert steps == kept
        assert file.read_bytes() == b"x" * size + b"%d" % (MAX_STEPS + 5 - kept)


def test_an_edited_file_is_named_and_its_old_text_lies_where_it_says(project: Path, run: Run) -> None:
    before = snapshot(project)
    run("--apply")
    engine = project / "scripts" / "genesis_engine.py"
    edited = engine.read_bytes() + b"# by hand\n"
    engine.write_bytes(edited)

    undone = run("--undo")

    old_text = undo_folder(project) / "before/scripts/genesis_engine.py"
    assert undone.returncode == 2
    assert (
        "scripts/genesis_engine.py:1: refused: edited since the last --apply; "
        f"its text before that: {spoken(str(old_text))}\n" in undone.stderr
    )
    assert engine.read_bytes() == edited
    assert old_text.read_text(encoding="utf-8") == ENGINE
    assert (project / "scripts" / "aider_queue.py").read_bytes() == before["scripts/aider_queue.py"]

    # What it still imports has stayed; once the old text is back, undo goes on where it stopped.
    assert (project / "scripts" / "worker_logger.py").exists()
    engine.write_bytes(old_text.read_bytes())
    assert run("--undo").returncode == 0
    assert snapshot(project) == before
    assert not undo_folder(project).exists()


def test_a_deleted_script_is_named_and_not_made_again(project: Path, run: Run) -> None:
    run("--apply", "scripts/aider_queue.py")
    script = project / "scripts" / "aider_queue.py"
    old = snapshot(project)
    script.unlink()

    undone = run("--undo")

    assert undone.returncode == 2
    assert "scripts/aider_queue.py:1: refused: gone since the last --apply" in undone.stderr
    assert not script.exists()
    assert (undo_folder(project) / "before/scripts/aider_queue.py").read_bytes() != old[
        "scripts/aider_queue.py"
    ]


def test_a_runtime_file_that_a_new_script_imports_stays(project: Path, run: Run) -> None:
    run("--apply")
    (project / "scripts" / "novo.py").write_text("from worker_logger import mirror_print\n", encoding="utf-8")

    undone = run("--undo")

    assert undone.returncode == 2
    assert "scripts/worker_logger.py:1: refused: novo.py still imports it\n" in undone.stderr
    assert (project / "scripts" / "worker_logger.py").exists()
    assert not (project / "scripts" / "worker_utils.py").exists()


def test_an_edited_runtime_file_stays(project: Path, run: Run) -> None:
    run("--apply")
    runtime = project / "scripts" / "worker_utils.py"
    runtime.write_text(runtime.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")

    undone = run("--undo")

    assert "scripts/worker_utils.py:1: refused: edited since the last --apply\n" in undone.stderr
    assert runtime.read_text(encoding="utf-8").endswith("# by hand\n")


def test_a_pipe_among_the_scripts_keeps_no_undo_waiting(project: Path, run: Run) -> None:
    run("--apply")
    engine = project / "scripts" / "genesis_engine.py"
    engine.unlink()
    os.mkfifo(engine)
    os.mkfifo(project / "scripts" / "another.py")

    undone = run("--undo")

    assert undone.returncode == 2
    assert "scripts/genesis_engine.py:1: refused: no longer a regular file; its text before that: " in (
        undone.stderr
    )
    assert (undo_folder(project) / "before/scripts/genesis_engine.py").read_text(encoding="utf-8") == ENGINE


@pytest.mark.needs("git")
def test_git_sees_nothing_of_the_journal_and_no_run_migrates_what_lies_in_it(project: Path, run: Run) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    run("--apply")
    (project / "scripts" / "genesis_engine.py").write_text("print(1)\n", encoding="utf-8")
    run("--undo")

    status = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True
    ).stdout
    assert (undo_folder(project) / "before/scripts/genesis_engine.py").exists()
    assert "before/" not in status
    assert "journal" not in status
    assert "before/" not in run("--dry-run", "--all", ".").stdout


@pytest.mark.parametrize("arguments", [("--dry-run",), ("--check",), ("--apply", "scripts/nada")])
def test_a_run_that_writes_no_script_keeps_no_journal(
    project: Path, run: Run, arguments: tuple[str, ...]
) -> None:
    run(*arguments)

    assert not undo_folder(project).exists()


@pytest.mark.parametrize("arguments", [("--undo", "scripts"), ("--undo", "--apply"), ("--undo", "--jobs=2")])
def test_undo_refuses_what_it_would_ignore(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)

    assert refused.returncode == 2
    assert "--undo does not go with" in refused.stderr


def test_a_kill_at_any_step_of_undo_loses_nothing(project: Path) -> None:
    hard_linked(project)
    old_runtime(project)
    before = snapshot(project)
    warm_up()
    step, was_killed = 1, True
    while was_killed:
        assert not run_killed(["--apply", "--quiet"], 0)
        after = snapshot(project)
        was_killed = run_killed(["--undo", "--quiet"], step)
        found = snapshot(project)
        for name in ("scripts/aider_queue.py", "scripts/genesis_engine.py", "scripts/worker_logger.py"):
            assert found[name] in (before[name], after[name]), f"step {step}: {name}"
        assert not run_killed(["--undo", "--quiet"], 0), f"step {step}"
        assert snapshot(project) == before, f"step {step}"
        step += STRIDE

    assert step > 20


def outcomes(folder: Path) -> list[Undone]:
    return list(undo(folder))


def write(folder: Path, name: str, journal: Journal, before: bytes, after: bytes) -> None:
    (folder / name).write_bytes(before)
    journal.record([Change(Path(name), before, after)])
    (folder / name).write_bytes(after)


def private(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    file.chmod(0o600)


def test_a_torn_last_entry_is_no_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    write(tmp_path, "a.py", journal, b"old a", b"new a")
    whole = (undo_folder(tmp_path) / "journal.new").stat().st_size
    write(tmp_path, "b.py", journal, b"old b", b"new b")
    journal.close()
    torn = (undo_folder(tmp_path) / "journal").read_bytes().removesuffix(ENDED)

    for length in range(whole, len(torn), 7):
        (tmp_path / "a.py").write_bytes(b"new a")
        undo_folder(tmp_path).mkdir(mode=0o700, parents=True, exist_ok=True)
        private(undo_folder(tmp_path) / "journal", torn[:length])
        assert outcomes(tmp_path) == [Undone(Path("a.py"), Outcome.RESTORED)]


def test_a_damaged_journal_is_not_acted_upon(project: Path, run: Run) -> None:
    run("--apply")
    journal = undo_folder(project) / "journal"
    after = snapshot(project)
    journal.write_bytes(journal.read_bytes().replace(b"Iniciando", b"iniciando"))

    undone = run("--undo")

    assert undone.returncode == 2
    assert "journal is damaged; nothing was undone" in undone.stderr
    assert snapshot(project) == after


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1]",
        b'{"format": 2}\n',
        b"HEADER" + b"[" * 100_000 + b"\n",
        b'HEADER{"path": "a\\u0000b", "real": "", "size": 0, "before": null, "after": ""}\n\n',
        b'HEADER{"path": "../a", "real": "", "size": -5, "before": null, "after": ""}\n\n',
        b'HEADER{"path": 5, "real": "", "size": 0, "before": null, "after": ""}\n\n',
        b'HEADER{"path": "a", "size": 0, "before": null, "after": ""}\n\n',
        b"HEADER\x00\xff\n",
    ],
    ids=["empty", "list", "no folder", "deep", "nul", "negative", "number", "no place", "binary"],
)
def test_what_is_no_journal_is_not_acted_upon(project: Path, run: Run, body: bytes) -> None:
    undo_folder(project).mkdir(mode=0o700, parents=True)
    header = json.dumps({"format": 2, "folder": list(Project.of(project))}).encode() + b"\n"
    private(undo_folder(project) / "journal", body.replace(b"HEADER", header))

    undone = run("--undo")

    assert undone.returncode == 2
    assert "journal is damaged (" in undone.stderr
    assert "Traceback" not in undone.stderr


@pytest.mark.parametrize(
    ("closed", "mode", "message"),
    [
        ("", 0, "journal cannot be read: permission denied; nothing was undone"),
        ("journal", 0, "journal cannot be read: permission denied; nothing was undone"),
        ("lock", 0, "lock cannot be opened: permission denied; nothing was undone"),
        ("", 0o500, " cannot be removed: permission denied; all was undone"),
    ],
    ids=["folder", "journal", "lock", "read-only"],
)
def test_the_journal_of_somebody_else_is_named_and_kept(
    project: Path, run: Run, closed: str, mode: int, message: str
) -> None:
    """As after an --apply under sudo."""
    before = snapshot(project)
    run("--apply")
    after = snapshot(project)
    place = undo_folder(project) / closed
    kept = place.stat().st_mode
    place.chmod(mode)
    try:
        undone = subprocess.run(
            [sys.executable, "-c", WITHOUT_RIGHTS, "-m", "workerlog_migrate", "--undo"],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        place.chmod(kept)

    assert undone.returncode == 2
    assert undone.stderr.endswith(f"{message}\n")
    assert "Traceback" not in undone.stderr
    assert snapshot(project) == (before if "all was undone" in message else after)
    assert run("--undo").returncode == 0
    assert snapshot(project) == before


def test_a_journal_of_another_version_is_not_acted_upon(project: Path, run: Run) -> None:
    undo_folder(project).mkdir(mode=0o700, parents=True)
    private(undo_folder(project) / "journal", b'{"format": 3}\n')

    assert "is of another version" in run("--undo").stderr


def test_the_journal_is_bounded(tmp_path: Path) -> None:
    """What would not fit is refused before it is written; what fits is undone."""
    journal = Journal(tmp_path, limit=8)
    write(tmp_path, "a.py", journal, b"12345", b"new")
    with pytest.raises(Refused, match="run it on fewer PATHS"):
        journal.record([Change(Path("b.py"), b"6789", b"new")])
    journal.close()

    assert outcomes(tmp_path) == [Undone(Path("a.py"), Outcome.RESTORED)]


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    write(tmp_path, "a.py", journal, b"old", b"new")
    other = Journal(tmp_path)

    with pytest.raises(Refused, match="another workerlog-migrate is at work"):
        other.record([Change(Path("b.py"), b"1", b"2")])
    journal.close()


def test_what_an_apply_begins_while_an_undo_ends_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal that an undo removes is the one that it has read, never that of the next apply."""
    script = tmp_path / "zero.py"
    script.write_bytes(b"new")
    first = Journal(tmp_path)
    first.record([Change(Path("zero.py"), b"old", b"new")])
    first.close()
    remove_tree, second = Folder.remove_tree, Journal(tmp_path)

    def apply_meanwhile(folder: Folder, name: str) -> None:
        with pytest.raises(Refused, match="another workerlog-migrate is at work"):
            second.record([Change(Path("zero.py"), b"old", b"newer")])
        remove_tree(folder, name)

    monkeypatch.setattr(Folder, "remove_tree", apply_meanwhile)
    outcomes = [undone.outcome for undone in undo(tmp_path)]
    monkeypatch.undo()

    assert outcomes == [Outcome.RESTORED]
    assert not undo_folder(tmp_path).exists()
    second.record([Change(Path("zero.py"), b"old", b"newer")])
    script.write_bytes(b"newer")
    second.close()
    assert [undone.outcome for undone in undo(tmp_path)] == [Outcome.RESTORED]


def test_a_lock_that_is_removed_while_it_is_taken_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    take = fcntl.flock

    def remove_and_take(descriptor: int, operation: int) -> None:
        (undo_folder(tmp_path) / "lock").unlink()
        take(descriptor, operation)

    journal = Journal(tmp_path)
    monkeypatch.setattr(fcntl, "flock", remove_and_take)
    with pytest.raises(Refused, match="was at work in this folder; run again"):
        journal.record([Change(Path("zero.py"), b"old", b"new")])


def test_a_name_that_is_no_text_comes_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"zero_\xff\xc3\xa9.py")
    journal = Journal(tmp_path)
    write(tmp_path, name, journal, b"old", b"new")
    journal.close()

    assert outcomes(tmp_path) == [Undone(Path(name), Outcome.RESTORED)]
    assert (tmp_path / name).read_bytes() == b"old"


def test_without_a_journal_nothing_is_written(project: Path, run: Run) -> None:
    """A way back that cannot be kept is a reason not to go."""
    home = undo_folder(project)
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.write_text("a file in its place", encoding="utf-8")
    before = snapshot(project)

    applied = run("--apply")

    assert applied.returncode == 2
    assert "no undo can be kept: " in applied.stderr
    assert applied.stderr.endswith("; with --no-undo --apply writes all the same\n")
    assert snapshot(project) == before
