"""Kind: a name that is looked up among the checkout's files, and run: by git, by the interpreter, by what we start."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from attacked import IS_ROOT, NOBODY, WORKER, Place

from workerlog_migrate.files.git import GitError, run_git


def git(folder: Path, *arguments: str, data: str | None = None) -> str:
    who = ["-c", "user.name=N", "-c", "user.email=n@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True, input=data
    ).stdout.strip()


@pytest.fixture
def repository(place: Place) -> Place:
    """The clone as a repository whose worker has been edited since."""
    git(place.clone, "init", "-q")
    git(place.clone, "add", ".")
    git(place.clone, "commit", "-q", "-m", "all")
    place.script.write_text(WORKER + WORKER, encoding="utf-8")
    return place


def marking(place: Place) -> tuple[str, Path]:
    """Give a command that leaves a mark, and the mark."""
    program = place.victim / "program"
    mark = place.victim / "it ran"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program), mark


def changed(place: Place, path: str = os.environ["PATH"]) -> None:
    done = place.run("--changed", PATH=path)
    assert done.returncode == 0, done.stderr
    assert "scripts/zero_worker.py" in done.stdout


SETTINGS = (
    "core.fsmonitor",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.a=b.clean",
    "core.pager",
    "core.sshCommand",
    "diff.evil.textconv",
    "diff.evil.command",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_the_repository_configures_is_not_run(repository: Place, setting: str) -> None:
    program, mark = marking(repository)
    git(repository.clone, "config", setting, program)
    name = "a=b" if "a=b" in setting else "evil"
    attributes = f"*.py filter={name} diff={name}\n"
    (repository.clone / ".git" / "info" / "attributes").write_text(attributes, encoding="utf-8")

    changed(repository)

    assert not mark.exists()


def test_hooks_of_the_repository_are_not_run(repository: Place) -> None:
    program, mark = marking(repository)
    for name in ("post-index-change", "fsmonitor-watchman", "pre-auto-gc", "reference-transaction"):
        (repository.clone / ".git" / "hooks").mkdir(exist_ok=True)
        (repository.clone / ".git" / "hooks" / name).symlink_to(program)
    repository.script.touch()

    changed(repository)

    assert not mark.exists()


def test_the_configuration_of_a_submodule_is_not_run(repository: Place) -> None:
    """Git clears `-c` for a submodule: what it configures would count."""
    program, mark = marking(repository)
    inner = repository.clone / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "a.txt").write_text("a\n", encoding="utf-8")
    git(inner, "add", ".")
    git(inner, "commit", "-q", "-m", "inner")
    git(repository.clone, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "./inner", "inner")
    git(repository.clone, "add", ".")
    git(repository.clone, "commit", "-q", "-m", "with inner")
    git(inner, "config", "core.fsmonitor", program)
    (inner / "a.txt").write_text("b\n", encoding="utf-8")
    repository.script.write_text(WORKER * 3, encoding="utf-8")

    changed(repository)

    assert not mark.exists()


def test_a_bare_repository_in_the_checkout_is_none(place: Place) -> None:
    """Its files are versioned as any other, its configuration with them."""
    program, mark = marking(place)
    scripts = place.clone / "scripts"
    git(scripts, "init", "-q", "--bare", ".")
    git(scripts, "config", "core.bare", "false")
    git(scripts, "config", "core.worktree", str(scripts))
    git(scripts, "config", "core.fsmonitor", program)

    done = place.run("--changed", ".", cwd=scripts)

    assert not mark.exists()
    assert done.returncode == 2
    assert "--changed asks git, which says: fatal: " in done.stderr


@pytest.mark.parametrize("entry", ["", ".", "scripts"])
def test_git_is_not_looked_for_in_the_current_folder(repository: Place, entry: str) -> None:
    program, mark = marking(repository)
    for folder in (repository.clone, repository.clone / "scripts"):
        (folder / "git").symlink_to(program)

    changed(repository, os.pathsep.join([entry, os.environ["PATH"]]))

    assert not mark.exists()


UNREADABLE = (b"a\xffb", b"\xc3\xa9")
"""Names of filters: bytes that are no text in the locale, and some that are."""


@pytest.mark.parametrize("command", ["clean", "process"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_filter_whose_name_is_no_text_is_not_run(repository: Place, name: bytes, command: str) -> None:
    """Kind: what is looked for in other people's names, by an expression that knows text only."""
    program, mark = marking(repository)
    folder = repository.clone / ".git"
    with (folder / "config").open("ab") as config:
        config.write(b'[filter "%b"]\n\t%b = %b\n' % (name, command.encode(), os.fsencode(program)))
        config.write(b'[filter "%b"]\n\trequired = true\n' % name)
    (folder / "info" / "attributes").write_bytes(b'"*.py" filter=%b\n' % name)

    done = repository.run("--check", "--changed", "--format", "html", LC_ALL="C.UTF-8")
    assert "scripts/zero_worker.py" in done.stderr, done.stderr
    assert not mark.exists()


def test_a_repository_that_keeps_git_waiting_is_asked_once(
    repository: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: a wait that is bounded, but taken for each folder anew."""
    monkeypatch.setattr("workerlog_migrate.files.git._late", set())
    config = repository.clone / ".git" / "config"
    config.unlink()
    os.mkfifo(config)
    with pytest.raises(GitError) as first:
        run_git(repository.clone, "status", patience=0.3)
    monkeypatch.setattr("workerlog_migrate.files.git.subprocess.run", None)  # nothing is started any more

    with pytest.raises(GitError) as second:
        run_git(repository.clone / "scripts", "status")

    assert (first.value.is_late, second.value.is_late) == (True, True)


MODULES = ("click", "libcst", "pathspec", "tomllib", "sqlite3", "multiprocessing", "json", "yaml")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_no_module_of_the_checkout_is_imported(place: Place, jobs: str) -> None:
    """`python -m workerlog_migrate` puts the current folder first; so does what it starts."""
    mark = place.victim / "it ran"
    for name in MODULES:
        (place.clone / f"{name}.py").write_text(
            f"open({str(mark)!r}, 'a').write(__name__)\n", encoding="utf-8"
        )
    (place.clone / "scripts" / "zero_two.py").write_text(WORKER, encoding="utf-8")

    done = subprocess.run(
        place.unsafe("--apply", f"--jobs={jobs}"),
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert not mark.exists(), mark.read_text()
    assert done.returncode == 0, done.stderr
    assert "mirror_print" in place.script.read_text()


def test_the_installed_command_imports_nothing_of_the_checkout(place: Place) -> None:
    command = Path(sys.executable).with_name("workerlog-migrate")
    mark = place.victim / "it ran"
    for name in MODULES:
        (place.clone / f"{name}.py").write_text(
            f"open({str(mark)!r}, 'a').write(__name__)\n", encoding="utf-8"
        )
    (place.clone / "scripts" / "zero_two.py").write_text(WORKER, encoding="utf-8")

    done = subprocess.run(
        [str(command), "--apply", "--jobs=2"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not mark.exists(), mark.read_text()


@pytest.mark.parametrize(
    "arguments", [["--format", "html", "--output", "report.html"], ["--changed"], ["--changed", "HEAD", "."]]
)
def test_no_call_of_git_looks_into_a_submodule_whatever_the_repository_says(
    place: Place, arguments: list[str]
) -> None:
    """``submodule.NAME.ignore`` of a configuration wins over ``diff.ignoreSubmodules``; a submodule has filters of its own."""
    program, mark = marking(place)
    inner = place.clone / "inner"
    inner.mkdir()
    (inner / "data.txt").write_text("data\n", encoding="utf-8")
    (inner / ".gitattributes").write_text("*.txt filter=evil\n", encoding="utf-8")
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-q", "-m", "all")
    git(place.clone, "init", "-q")
    git(place.clone, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "./inner", "inner")
    git(place.clone, "add", ".")
    git(place.clone, "commit", "-q", "-m", "all")
    git(inner, "config", "filter.evil.clean", program)
    for name, value in (
        ("submodule.inner.ignore", "none"),
        ("diff.ignoreSubmodules", "none"),
        ("status.submoduleSummary", "true"),
    ):
        git(place.clone, "config", name, value)
    os.utime(inner / "data.txt", (1, 1))

    done = place.run(*arguments)

    assert done.returncode == 0, done.stderr
    assert not mark.exists()
    git(place.clone, "status")
    assert mark.exists(), "the trap is one"


@pytest.mark.parametrize(
    "name",
    [
        "logging.pyc",
        "logging/__init__.pyc",
        f"logging{EXTENSION_SUFFIXES[0]}",
        "ignored: logging/__init__.py",
        "in an environment: logging.py",
        "worker_logger/__init__.py",
        f"worker_logger{EXTENSION_SUFFIXES[-1]}",
    ],
)
def test_the_runtime_is_not_led_to_a_module_of_the_checkout(place: Place, name: str) -> None:
    """Kind: Python imports more than the ``.py`` files that git knows; the script itself imported none of them."""
    how, _, last = name.rpartition(": ")
    module = place.clone / "scripts" / last
    module.parent.mkdir(exist_ok=True)
    module.write_bytes(b"raise SystemExit(7)\n")
    if how == "ignored":
        (place.clone / ".git").mkdir()
        (place.clone / ".gitignore").write_text("logging/\n", encoding="utf-8")
    elif how:
        (place.clone / "scripts" / "pyvenv.cfg").touch()

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    assert place.script.read_text(encoding="utf-8") == WORKER
    assert "1 left" in done.stderr


@pytest.mark.parametrize("name", ["logging/data.txt", "logging.txt", "logger.pyc", "worker_logger/x.py"])
def test_twin_what_python_would_not_import_is_in_nobody_s_way(place: Place, name: str) -> None:
    module = place.clone / "scripts" / name
    module.parent.mkdir(exist_ok=True)
    module.write_bytes(b"raise SystemExit(7)\n")

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    assert "mirror_print(" in place.script.read_text(encoding="utf-8")
    assert subprocess.run([sys.executable, str(place.script)], check=False).returncode == 0


@pytest.mark.skipif(not IS_ROOT, reason="what is attacked are the rights of root")
def test_root_asks_git_with_the_rights_of_who_owns_the_repository(place: Place) -> None:
    """Kind: what was looked at is not what is used, when its owner changes git's configuration in between."""
    found = place.victim / "asked"
    place.victim.chmod(0o777)
    program = place.clone / "git"
    program.write_text(f'#!/bin/sh\nid -u >> {found}\nexec /usr/bin/git "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", str(place.clone)], check=True)
    (place.home / ".gitconfig").write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
    for folder, _, names in os.walk(place.clone):
        for each in (folder, *(os.path.join(folder, name) for name in names)):
            os.chown(each, NOBODY, NOBODY)

    done = place.run("--check", "--changed", PATH=f"{place.clone}:{os.environ['PATH']}")

    assert done.returncode == 1, done.stderr
    assert set(found.read_text(encoding="utf-8").split()) == {str(NOBODY)}
