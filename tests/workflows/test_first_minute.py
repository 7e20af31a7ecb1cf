"""What somebody reads who has typed the command for the first time: what was looked for, and what to type next."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from people_project import Run


@pytest.fixture
def empty(project: Path) -> Path:
    """A project without scripts/."""
    for script in (project / "scripts").iterdir():
        script.unlink()
    (project / "scripts").rmdir()
    return project


@pytest.mark.usefixtures("empty")
def test_without_scripts_it_says_where_it_looked(run: Run) -> None:
    done = run()

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "scripts:1: refused: no such file or folder",
        "workers are looked for in scripts unless you name PATHS",
        "next: workerlog-migrate FOLDER",
    ]


def test_without_scripts_it_names_the_folders_that_hold_python(empty: Path, run: Run) -> None:
    for name, count in (("bots", 1), ("tools", 2), (".venv", 3)):
        (empty / name).mkdir()
        for number in range(count):
            (empty / name / f"a{number}.py").touch()
    (empty / "setup.py").touch()

    assert run().stderr.splitlines()[2:] == [
        "Python files are in tools, bots, .",
        "next: workerlog-migrate tools",
    ]


def test_without_any_python_file_it_says_so(project: Path, run: Run) -> None:
    for script in (project / "scripts").iterdir():
        script.unlink()

    done = run()

    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "nothing to do: no worker in scripts",
        "there is no Python file in scripts; next: workerlog-migrate FOLDER",
    ]


def test_without_a_worker_it_names_the_patterns_and_a_way_on(project: Path, run: Run) -> None:
    for script in (project / "scripts").iterdir():
        script.unlink()
    (project / "scripts" / "sync.py").touch()

    named = "sync=*sync*.py" if os.name == "nt" else "'sync=*sync*.py'"  # cmd expands no stars
    assert run().stderr.splitlines()[1:] == [
        "looked for *genesis*.py, *zero*.py, *aider*.py",
        f"next: workerlog-migrate --all scripts, or --worker {named} scripts",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--aply",), "'--all', '--apply'"),
        (("--undoo",), "'--undo'?"),
        (("--select", "mirror"), "the nearest is 'mirror-output'"),
        (("script",), "did you mean scripts?"),
        (("scripts/genesis_engin.py",), "did you mean scripts/genesis_engine.py?"),
        (
            ("--worker", "queue=*qeue*.py"),
            "--worker queue=*qeue*.py matches no file; the nearest is scripts/aider_queue.py\n",
        ),
        (("--worker", "x=*/bots/*.py"), "--worker x=*/bots/*.py matches no file\n"),
    ],
    ids=["two-options", "one-option", "codemod", "folder", "file", "pattern", "pattern-far-off"],
)
def test_a_slip_of_the_fingers_is_named_with_the_nearest(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    assert message in run(*arguments).stderr.replace(
        "Did you mean --undo?", "Did you mean '--undo'?"
    )  # click 8.1 quotes no single option


def test_a_pattern_that_matches_is_not_questioned(run: Run) -> None:
    assert "matches no file" not in run("--worker", "queue=*queue*.py").stderr


def test_a_dry_run_and_an_apply_end_with_the_next_step(run: Run) -> None:
    assert run().stderr.splitlines()[-1] == (
        "the same with --apply writes it, with --apply -i asks about each change; --undo takes it back"
    )
    assert run("--apply").stderr.splitlines()[-1] == "to take it back: workerlog-migrate --undo"
    assert run("--apply").stderr == "everything is migrated: 2 files\n"
    assert run().stderr == "everything is migrated: 2 files\n"


@pytest.mark.parametrize("arguments", [(), ("--apply",), ("nada",), ("--worker", "a=*b*.py")])
def test_quiet_gives_no_advice(run: Run, arguments: tuple[str, ...]) -> None:
    stderr = run("--quiet", *arguments).stderr

    assert [line for line in stderr.splitlines() if ": refused: " not in line] == []
