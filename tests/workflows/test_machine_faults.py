"""Faults of the machine during ``--apply``: whatever happens, each file is the old one or the new one, and there is a way on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import commands
import pytest
from killed import BROKEN, FORBIDDEN, NO_SPACE, STRIDE, run_failing, run_killed, warm_up
from people_project import Run, environment, snapshot
from spoken import spoken

from workerlog_migrate import pipeline
from workerlog_migrate.cli import main
from workerlog_migrate.files.undo import undo_folder
from workerlog_migrate.model import FileResult, Settings, Target
from workerlog_migrate.report.formats import FORMATS

APPLY = ["--apply", "--quiet", "--jobs=1"]
UNDO = ["--undo", "--quiet"]


def hard_linked(project: Path) -> None:
    """A third worker with a second name: it is written in place."""
    script = project / "scripts" / "zero_worker.py"
    script.write_text("print('[OK] zero')\n", encoding="utf-8")
    os.link(script, project / "other_name.txt")


def put_back(project: Path, files: dict[str, bytes]) -> None:
    """Bring a project to the state of a snapshot, hard links included."""
    shutil.rmtree(undo_folder(project), ignore_errors=True)
    for name in snapshot(project).keys() - files.keys():
        (project / name).unlink()
    for name, data in files.items():
        (project / name).write_bytes(data)


def check_whole(
    found: dict[str, bytes], before: dict[str, bytes], after: dict[str, bytes], hint: str
) -> None:
    """Each script is one of its two texts; one with several names may be torn, with its old text beside it."""
    for name in before.keys() - {"scripts/zero_worker.py", "other_name.txt"}:
        assert found[name] in (before[name], after[name]), f"{hint}: {name}"
    for name in ("scripts/zero_worker.py", "other_name.txt"):
        if found[name] not in (before[name], after[name]):
            rescued = [
                data for other, data in found.items() if other.startswith("scripts/.workerlog-migrate-")
            ]
            assert before[name] in rescued, f"{hint}: {name}"


def test_after_a_kill_at_any_call_undo_gives_all_back_and_so_does_a_second_run(project: Path) -> None:
    hard_linked(project)
    before = snapshot(project)
    warm_up()
    assert not run_killed(APPLY, 0)
    after = snapshot(project)
    put_back(project, before)

    step = 1
    while run_killed(APPLY, step):
        found = snapshot(project)
        check_whole(found, before, after, f"step {step}")
        if step // STRIDE % 2:
            assert not run_killed(UNDO, 0), f"step {step}"
            assert snapshot(project) == before, f"step {step}"
        elif all(found[name] in (before[name], after[name]) for name in before):
            assert not run_killed(APPLY, 0), f"step {step}"
            again = snapshot(project)
            assert {name: again[name] for name in after} == after, f"step {step}"
        put_back(project, before)
        step += STRIDE

    assert step > 40


def test_any_call_that_fails_is_one_clear_failure(project: Path, tmp_path: Path) -> None:
    hard_linked(project)
    before = snapshot(project)
    warm_up()
    assert not run_killed(APPLY, 0)
    after = snapshot(project)
    put_back(project, before)
    said = tmp_path / "said.txt"
    said.touch()

    step = 1
    errors = (NO_SPACE, BROKEN, FORBIDDEN)
    while (code := run_failing(APPLY, step, errors[step // STRIDE % 3], said)) is not None:
        found, text = snapshot(project), spoken(said.read_text(encoding="utf-8"))
        hint = f"step {step}: {text}"
        assert code in (0, 2), hint
        assert code == 2 or {name: found[name] for name in after} == after, hint
        assert (": refused: " in text or "Error: " in text) == (code == 2), hint
        check_whole(found, before, after, hint)
        for name in before:
            if f"{name}:1: refused: " in text:
                assert found[name] == before[name] or name == "scripts/zero_worker.py", hint
        if found != before:
            assert not run_killed(UNDO, 0), hint
            left = snapshot(project)
            assert {name: left[name] for name in before} == before, hint
        put_back(project, before)
        step += STRIDE

    assert step > 80


ROOM = 1_000_000
"""More than any file that is written, in bytes."""

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from workerlog_migrate.cli import main
main(sys.argv[2:])
"""


@pytest.mark.parametrize("limit", [0, 100, 600, 20_000, ROOM])
def test_the_system_refuses_to_write_more(project: Path, limit: int) -> None:
    """No stub: the kernel's own limit on the size of a file stands for a disk that is full."""
    hard_linked(project)
    before = snapshot(project)

    command = [sys.executable, "-c", LIMITED, str(limit), "--apply"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    assert done.returncode == (0 if limit == ROOM else 2), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "file too large" in done.stderr
        found = snapshot(project)
        assert {name: found[name] for name in before} == before
        assert not [name for name in found if ".workerlog-migrate-" in name]


def test_an_edit_between_reading_and_writing_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = pipeline.migrate_file

    def migrate(target: Target, settings: Settings) -> FileResult:
        result = real(target, settings)
        if target.path.name == "aider_queue.py":
            target.path.write_text("print('de outra pessoa')\n", encoding="utf-8")
        return result

    monkeypatch.setattr(pipeline, "migrate_file", migrate)
    with pytest.raises(SystemExit) as ended:
        main([*APPLY, "--no-cache"], prog_name="workerlog-migrate")

    assert ended.value.code == 2
    assert "scripts/aider_queue.py:1: refused: changed while it was being processed" in spoken(
        capsys.readouterr().err
    )
    assert (project / "scripts" / "aider_queue.py").read_text() == "print('de outra pessoa')\n"
    assert "mirror_print" in (project / "scripts" / "genesis_engine.py").read_text()


def test_runs_at_once_give_what_one_gives(project: Path, run: Run) -> None:
    """Whoever comes second is refused by the journal's lock or finds everything done; nothing is torn."""
    for number in range(30):
        shutil.copy(project / "scripts" / "aider_queue.py", project / "scripts" / f"zero_{number}.py")
    before = snapshot(project)
    run("--apply")
    after = snapshot(project)
    put_back(project, before)

    command = [sys.executable, "-m", "workerlog_migrate", "--apply"]
    runs = [
        subprocess.Popen(
            command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    ends = [(process.communicate()[1], process.returncode) for process in runs]

    for text, code in ends:
        assert "Traceback" not in text
        assert code == 0 or "another workerlog-migrate" in text or "changed while" in text, text
    assert any(code == 0 for _, code in ends)
    assert snapshot(project) == after
    assert run("--check").returncode == 0


def test_a_path_that_leaves_the_tree_is_not_written(project: Path, tmp_path: Path, run: Run) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("zero_file.py", "zero_inner.py"):
        (outside / name).write_text("print('fora')\n", encoding="utf-8")
    (project / "scripts" / "zero_link.py").symlink_to(outside / "zero_file.py")
    (project / "scripts" / "folder").symlink_to(outside)

    applied = run("--apply", "scripts")

    assert applied.returncode == 0, applied.stderr
    assert sorted(path.name for path in outside.iterdir()) == ["zero_file.py", "zero_inner.py"]
    assert {path.read_text() for path in outside.iterdir()} == {"print('fora')\n"}
    assert "mirror_print" in (project / "scripts" / "aider_queue.py").read_text()


@pytest.mark.skipif(sys.platform == "darwin", reason="its Python has no extended attributes")
def test_extended_attributes_of_the_file_system_are_kept(project: Path, run: Run) -> None:
    script = project / "scripts" / "aider_queue.py"
    try:
        os.setxattr(script, "user.origin", b"backlog")
    except OSError as error:
        assert error.errno in (95, 1), "neither unsupported nor forbidden"  # noqa: PT017  # what else could it be
        return

    assert run("--apply").returncode == 0
    assert "mirror_print" in script.read_text()
    assert os.getxattr(script, "user.origin") == b"backlog"


NAMES = [
    b"-zero.py",
    b"--apply zero.py",
    "zero_ação_🚨.py".encode(),
    b"zero_%s_{}&b#'.py",
]
POSIX_NAMES = [
    b"zero\n.py",
    b"zero'\".py",
    b"zero_\xff\xe9.py",
    b"zero \t\r\\.py",
    b"zero_%s_{}&<b>#?.py",
    b"zero_\x1b[31m\x07.py",
]


@pytest.mark.parametrize("names", [NAMES, POSIX_NAMES], ids=["on each system", "on POSIX"])
def test_files_of_any_name_are_shown_written_and_given_back(project: Path, names: list[bytes]) -> None:
    paths = named(project, names)
    before = snapshot(project)

    assert b"+++ " in command("scripts").stdout
    for format_name in FORMATS:
        command(f"--format={format_name}", "scripts").stdout.decode("utf-8")
    command("--check", "--", *map(os.fspath, paths), code=1)
    command("--apply", "scripts")
    for path in paths:
        assert b"mirror_print" in path.read_bytes()
    command("--undo")
    assert snapshot(project) == before


@pytest.mark.needs("git")
@pytest.mark.parametrize("names", [NAMES, POSIX_NAMES], ids=["on each system", "on POSIX"])
def test_the_diff_of_files_of_any_name_is_what_is_written(project: Path, names: list[bytes]) -> None:
    paths = named(project, names)
    patched = project.parent / "patched"
    shutil.copytree(project, patched)

    diff = command("scripts").stdout
    subprocess.run(["git", "init", "-q"], cwd=patched, check=True)
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=diff, cwd=patched, check=True)
    command("--apply", "scripts")
    for path in paths:
        assert path.read_bytes() == (patched / path).read_bytes()


def named(project: Path, names: list[bytes]) -> list[Path]:
    """Make a script of each name."""
    paths = [Path("scripts", os.fsdecode(name)) for name in names]
    for path in paths:
        (project / path).write_text("print('x')\n", encoding="utf-8")
    return paths


def command(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
    """Run the command in the current folder."""
    done = commands.run(*arguments, env=environment())
    assert done.returncode == code, done.stderr
    assert b"\x1b" not in done.stderr
    return done
