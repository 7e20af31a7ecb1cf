"""``--changed [REF]`` takes what git says, from a real repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from people_project import Run

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.changed import changed_files

NEEDS_GIT = pytest.mark.needs("git")


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=N", "-c", "user.email=n@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(project: Path) -> Path:
    """The project with both workers committed."""
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "all")
    return project


def taken(run: Run, *arguments: str) -> set[str]:
    done = run("--quiet", *arguments)
    assert done.stderr == ""
    return {line.removeprefix("+++ b/") for line in done.stdout.splitlines() if line.startswith("+++ ")}


@NEEDS_GIT
@pytest.mark.usefixtures("repository")
def test_what_is_committed_has_not_changed(run: Run) -> None:
    done = run("--changed")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "nothing to do: no worker in scripts has changed\n"


@NEEDS_GIT
def test_edited_staged_and_new_files_have_changed_and_ignored_ones_have_not(
    repository: Path, run: Run
) -> None:
    scripts = repository / "scripts"
    (repository / ".gitignore").write_text("*ignored*\n", encoding="utf-8")
    for name in ("zero_novo.py", "zero_staged.py", "zero_ignored.py", "zero ção.py"):
        (scripts / name).write_text("print(1)\n", encoding="utf-8")
    git(repository, "add", "scripts/zero_staged.py")
    with (scripts / "genesis_engine.py").open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    (scripts / "aider_queue.py").unlink()

    assert taken(run, "--changed") == {
        "scripts/zero_novo.py",
        "scripts/zero_staged.py",
        "scripts/zero ção.py\t",
        "scripts/genesis_engine.py",
    }


@NEEDS_GIT
def test_since_a_revision_means_since_this_branch_left_it(repository: Path, run: Run) -> None:
    """What has been committed on the other branch in the meantime is not this branch's change."""
    git(repository, "checkout", "-q", "-b", "feature")
    (repository / "scripts" / "zero_feature.py").write_text("print(1)\n", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "feature")
    git(repository, "checkout", "-q", "-b", "other", "HEAD~1")
    with (repository / "scripts" / "genesis_engine.py").open("a", encoding="utf-8") as file:
        file.write("# other\n")
    git(repository, "commit", "-q", "-a", "-m", "other")
    git(repository, "checkout", "-q", "feature")

    assert taken(run, "--changed=other") == {"scripts/zero_feature.py"}
    assert taken(run, "--changed", "HEAD~1") == {"scripts/zero_feature.py"}
    assert taken(run, "--changed") == set()


@NEEDS_GIT
def test_before_the_first_commit_everything_is_new(project: Path, run: Run) -> None:
    git(project, "init", "-q")
    git(project, "add", "scripts/aider_queue.py")

    assert taken(run, "--changed") == {"scripts/aider_queue.py", "scripts/genesis_engine.py"}


@NEEDS_GIT
def test_from_a_folder_below_the_root(repository: Path, run: Run) -> None:
    inner = repository / "inner" / "scripts"
    inner.mkdir(parents=True)
    (inner / "zero_a.py").write_text("print(1)\n", encoding="utf-8")

    assert taken(run, "--changed=HEAD", "inner") == {"inner/scripts/zero_a.py"}


@NEEDS_GIT
def test_it_goes_with_apply(repository: Path, run: Run) -> None:
    script = repository / "scripts" / "zero_novo.py"
    script.write_text("print(1)\n", encoding="utf-8")

    assert run("--apply", "--changed").returncode == 0
    assert "mirror_print" in script.read_text(encoding="utf-8")
    status = subprocess.run(["git", "diff", "--quiet"], cwd=repository, check=False)
    assert status.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--changed=nada",), "--changed nada: git knows no such revision\n"),
        (("--changed", "scripts"), "it is a path: write --changed=HEAD scripts\n"),
        (("--changed=HEAD", "-"), "'-' is none\n"),
        ((f"--changed={'a' * 300}",), "git knows no such revision\n"),
    ],
    ids=["unknown", "path", "stdin", "long"],
)
@NEEDS_GIT
@pytest.mark.usefixtures("repository")
def test_a_revision_that_is_none_is_wrong_usage(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(message)


@NEEDS_GIT
def test_a_revision_is_never_read_as_an_option_of_git(repository: Path) -> None:
    with pytest.raises(UsageError, match="git knows no such revision"):
        changed_files(repository, "--output=taken")

    assert not (repository / "taken").exists()


@NEEDS_GIT
def test_outside_a_repository_it_is_wrong_usage(run: Run) -> None:
    done = run("--changed")

    assert done.returncode == 2
    assert "--changed asks git, which says: fatal: not a git repository" in done.stderr


def test_without_git_it_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    done = run("--changed", PATH=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr == "Error: --changed asks git, which is in no folder of the PATH\n"


def test_a_git_that_may_not_be_run_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / ("git.exe" if os.name == "nt" else "git")).write_text("no program", encoding="utf-8")

    done = run("--changed", PATH=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("Error: --changed asks git, which cannot be run: ")
    assert "permission denied" in done.stderr or os.name == "nt"


@NEEDS_GIT
def test_what_git_says_is_its_fault_and_not_the_advice_below_it(run: Run, tmp_path: Path) -> None:
    fake = tmp_path / "git"
    fake.write_text(
        "#!/bin/sh\nprintf 'fatal: dubious ownership\\nTo add an exception:\\n\\tgit config\\n' >&2\nexit 128\n"
    )
    fake.chmod(0o755)

    done = run("--changed", PATH=str(tmp_path))

    assert (done.returncode, done.stderr) == (
        2,
        "Error: --changed asks git, which says: fatal: dubious ownership\n",
    )


@NEEDS_GIT
@pytest.mark.parametrize("state", ["merge", "rebase", "detached", "no objects", "index"])
def test_in_the_middle_of_something_git_is_asked_or_named(repository: Path, run: Run, state: str) -> None:
    script = repository / "scripts" / "aider_queue.py"
    git(repository, "checkout", "-q", "-b", "other")
    script.write_text("print('other')\n", encoding="utf-8")
    git(repository, "commit", "-q", "-am", "other")
    if state == "detached":
        git(repository, "checkout", "-q", "--detach", "HEAD~1")
        script.write_text("print('mine')\n", encoding="utf-8")
    elif state == "no objects":
        shutil.rmtree(repository / ".git" / "objects")
    elif state == "index":
        (repository / ".git" / "index").write_bytes(b"damaged")
    else:
        git(repository, "checkout", "-q", "-b", "mine", "HEAD~1")
        script.write_text("print('mine')\n", encoding="utf-8")
        git(repository, "commit", "-q", "-am", "mine")
        with pytest.raises(subprocess.CalledProcessError):
            git(repository, state, "other")  # a conflict
        script.write_text("print('both')\n", encoding="utf-8")

    done = run("--changed")

    if state in ("no objects", "index"):
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Error: --changed asks git, which says: ")
    else:
        assert done.returncode == 0
        assert {line for line in done.stdout.splitlines() if line.startswith("+++ ")} == {
            "+++ b/scripts/aider_queue.py"
        }
