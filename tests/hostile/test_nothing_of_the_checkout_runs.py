"""Kind: a name that is looked up among the checkout's files, and run: by git, by the interpreter, by what we start."""

from __future__ import annotations

import ast
import importlib.util
import os
import py_compile
import struct
import subprocess
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from attacked import IS_ROOT, NOBODY, WORKER, Place

from workerlog_migrate.files.git import GitError, run_git
from workerlog_migrate.files.vendor import runtime_copy
from workerlog_migrate.project.search_path import looks_elsewhere
from workerlog_migrate.terminal.keys import Terminal


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


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's script is no program there")
@pytest.mark.parametrize("name", ["evil", "a=b"])
def test_a_filter_is_not_run_by_a_git_that_takes_no_settings_from_its_environment(
    repository: Place, name: str
) -> None:
    """Kind: a guard that an older version of another program passes over without a word (git before 2.31: GIT_CONFIG_COUNT)."""
    program, mark = marking(repository)
    git(repository.clone, "config", f"filter.{name}.clean", program)
    (repository.clone / ".git/info/attributes").write_text(f"*.py filter={name}\n", encoding="utf-8")
    old = repository.victim / "git"
    old.write_text(
        '#!/bin/sh\nunset GIT_CONFIG_COUNT\ncase "$*" in *--show-scope*) exit 129;; esac\nexec /usr/bin/git "$@"\n',
        encoding="utf-8",
    )
    old.chmod(0o755)

    done = repository.run("--check", "--changed", PATH=f"{repository.victim}:{os.environ['PATH']}")

    assert not mark.exists()
    assert done.returncode == (2 if "=" in name else 1), done.stderr
    assert ("older than 2.31" in done.stderr) == ("=" in name)


@pytest.mark.parametrize("options", [("--changed",), ("--format=html", "--output=report.html")])
def test_git_writes_nothing_not_even_a_refreshed_index(repository: Place, options: tuple[str, ...]) -> None:
    """Kind: a program that was only asked writes; ``gitdir:`` may lead to another repository's index."""
    git(repository.clone, "commit", "-q", "-a", "-m", "more")
    os.utime(repository.script, (1, 1))
    index = repository.clone / ".git/index"
    before = index.stat()

    assert repository.run("--check", *options).returncode in (0, 1)

    after = index.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


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
    place.is_fresh = True
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
        "stringprep.py",  # imported late, by the codec of a host's name
        "sre_parse.py",  # by the standard modules of another Python
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

    done = place.run(
        "--apply", "scripts/zero_worker.py"
    )  # by its name: no configuration leads into an environment

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


@pytest.mark.skipif(not IS_ROOT, reason="what is attacked are the rights of root")
@pytest.mark.parametrize("owner", [NOBODY, 0])
@pytest.mark.parametrize("how", ["include.path", "a folder of theirs"])
def test_git_is_not_asked_where_a_repository_reads_settings_of_another_user(
    repository: Place, how: str, owner: int
) -> None:
    """Kind: as above, where only a part of the configuration is theirs: an archive that root unpacks can name any file."""
    settings = repository.victim / "settings"
    settings.write_text("[core]\n\tanything = 1\n", encoding="utf-8")
    os.chown(repository.victim if how != "include.path" else settings, owner, owner)
    git(repository.clone, "config", "include.path", str(settings))

    done = repository.run("--check", "--changed")

    assert done.returncode == (1 if owner == 0 else 2), done.stderr
    assert (f"this repository reads settings of another user, from {settings}" in done.stderr) == (owner != 0)


@pytest.mark.skipif(not IS_ROOT, reason="what is attacked are the rights of root")
def test_git_as_another_user_has_nothing_of_root_s(place: Place) -> None:
    """Kind: a process with somebody else's rights is somebody else's: they read its environment, and steer it (ptrace).

    With root's terminal they would type there (TIOCSTI), and with the group of a file one that they are not in.
    """
    found = place.victim / "asked"
    place.victim.chmod(0o777)
    program = place.clone / "git"
    program.write_text(
        f'#!/bin/sh\nprintf "%s %s %s\\n" "${{SECRET_TOKEN-none}}" "$(ps -o sid= -p $$)" "$(id -g)" >> {found}\nexec /usr/bin/git "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", str(place.clone)], check=True)
    for folder, _, names in os.walk(place.clone):
        for each in (folder, *(os.path.join(folder, name) for name in names)):
            os.chown(each, NOBODY, 0)
    path = f"{place.clone}:{os.environ['PATH']}"

    done = place.run(
        "--check", "--changed", PATH=path, SECRET_TOKEN="s3cr3t", GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="http.extraHeader", GIT_CONFIG_VALUE_0="s3cr3t",
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    said = {tuple(line.split()) for line in found.read_text(encoding="utf-8").splitlines()}
    assert {(token, group) for token, _, group in said} == {("none", str(NOBODY))}
    assert str(os.getsid(0)) not in {session for _, session, _ in said}


def test_twin_git_as_oneself_has_the_person_s_environment(repository: Place) -> None:
    found = repository.victim / "asked"
    program = repository.victim / "git"
    program.write_text(
        f'#!/bin/sh\necho "$SECRET_TOKEN $GIT_CONFIG_KEY_0" >> {found}\nexec /usr/bin/git "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    path = f"{repository.victim}:{os.environ['PATH']}"

    repository.run(
        "--check", "--changed", PATH=path, SECRET_TOKEN="mine", GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="a.b",
        GIT_CONFIG_VALUE_0="c",
    )  # fmt: skip

    assert set(found.read_text(encoding="utf-8").splitlines()) == {"mine a.b"}


@pytest.mark.parametrize("mode", ["UNCHECKED_HASH", "CHECKED_HASH"])
@pytest.mark.parametrize("module", ["worker_logger", "worker_utils"])
def test_no_compiled_file_of_the_checkout_is_run_for_the_runtime(
    place: Place, module: str, mode: str
) -> None:
    """Kind: Python runs what lies in ``__pycache__`` without a look at the source, where hashes decide (PEP 552)."""
    place.script.write_text(RETRIES, encoding="utf-8")
    mark = place.victim / "mark"
    source = place.victim / "evil.py"
    source.write_text(f"open({str(mark)!r}, 'w')\n", encoding="utf-8")
    compiled = place.clone / "scripts" / importlib.util.cache_from_source(f"{module}.py")
    py_compile.compile(str(source), str(compiled), invalidation_mode=py_compile.PycInvalidationMode[mode])
    if mode == "CHECKED_HASH":  # anybody can work out the hash of ours
        raw = compiled.read_bytes()
        compiled.write_bytes(raw[:8] + importlib.util.source_hash(runtime_copy(module)) + raw[16:])

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    assert compiled.name in done.stderr
    subprocess.run([sys.executable, str(place.script)], cwd=place.victim, check=False)
    assert not mark.exists()


def test_twin_what_python_compiles_by_itself_is_in_nobody_s_way(place: Place) -> None:
    """It names the time and size of its source: of another one it is not run."""
    place.script.write_text(RETRIES, encoding="utf-8")
    compiled = place.clone / "scripts" / importlib.util.cache_from_source("worker_logger.py")
    source = place.victim / "evil.py"
    source.write_text("raise SystemExit(7)\n", encoding="utf-8")
    py_compile.compile(str(source), str(compiled), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)

    assert place.run("--apply").returncode == 0
    assert "mirror_print(" in place.script.read_text(encoding="utf-8")
    assert subprocess.run([sys.executable, str(place.script)], cwd=place.victim, check=False).returncode == 0


@pytest.mark.parametrize("runtime", ["ours", "a file of theirs"])
def test_no_compiled_file_is_run_for_a_runtime_that_came_with_the_checkout(
    place: Place, runtime: str
) -> None:
    """Kind: what was read is not what runs: a checkout that keeps times (an archive) can name time and size of its own source."""
    source = place.clone / "scripts/worker_logger.py"
    source.write_bytes(
        runtime_copy("worker_logger")
        if runtime == "ours"
        else b"def mirror_print(*args): ...\n\n\ndef setup_worker_logger(*args):\n    import logging\n    return logging\n"
    )
    mark = place.victim / "mark"
    evil = place.victim / "evil.py"
    evil.write_text(f"open({str(mark)!r}, 'w')\n", encoding="utf-8")
    compiled = Path(importlib.util.cache_from_source(str(source)))
    py_compile.compile(str(evil), str(compiled), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    status, raw = source.stat(), compiled.read_bytes()
    compiled.write_bytes(raw[:8] + struct.pack("<II", int(status.st_mtime), status.st_size) + raw[16:])

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    assert "mirror_print(" in place.script.read_text(encoding="utf-8")
    assert subprocess.run([sys.executable, str(place.script)], check=False).returncode == 0
    assert not mark.exists()


def test_twin_what_lies_behind_a_link_in_place_of_compiled_files_stays(place: Place) -> None:
    source = place.clone / "scripts/worker_logger.py"
    source.write_bytes(runtime_copy("worker_logger"))
    compiled = place.victim / Path(importlib.util.cache_from_source(source.name)).name
    py_compile.compile(str(source), str(compiled), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    (place.clone / "scripts/__pycache__").symlink_to(place.victim)

    done = place.run("--apply")

    assert done.returncode == 2
    assert "may be run in the place of worker_logger.py, and cannot be removed" in done.stderr
    assert compiled.exists()
    assert place.script.read_text(encoding="utf-8") == WORKER


@pytest.mark.parametrize("name", ["_colorize", "_opcode_metadata", "annotationlib", "_pydatetime"])
def test_the_runtime_is_led_to_no_module_that_other_versions_of_python_import(
    place: Place, name: str
) -> None:
    """Kind: the worker's Python is another one than ours, and its standard library imports modules that ours does not have."""
    (place.clone / f"scripts/{name}.py").write_text("raise SystemExit(7)\n", encoding="utf-8")

    assert place.run("--apply").returncode == 0
    assert place.script.read_text(encoding="utf-8") == WORKER


@pytest.mark.parametrize(
    ("used", "name"), [("logging", "tokenize"), ("pathlib", "urllib"), ("datetime", "operator")]
)
def test_a_module_that_a_standard_module_imports_in_some_versions_is_not_taken_for_used(
    place: Place, used: str, name: str
) -> None:
    """Kind: what our Python's library imports at once, the worker's may import late, for the runtime alone."""
    (place.clone / f"scripts/{name}.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    place.script.write_text(f"import {used}\n{WORKER}", encoding="utf-8")

    done = place.run("--apply")

    assert done.returncode == 0
    assert f"scripts/{name}.py would be imported in place of the standard module" in done.stderr


RETRIES = 'def f(p):\n    with open(p) as file:\n        return file.read()\n\n\nprint("[OK] zero")\n'


@pytest.mark.parametrize(
    "start",
    [
        "import os\nif os.environ.get('NEVER'):\n    import {0}\n",
        "try:\n    import not_there\n    import {0}\nexcept ImportError:\n    pass\n",
        "import helper\n",
        "def f():\n    import with_it\n",
        "import sys\nif len(sys.argv) > 5:\n    import with_it\n",
        'print("[OK] begun")\nimport {0}\n',
    ],
)
def test_an_import_that_may_not_run_is_no_use_of_a_module_of_the_checkout(place: Place, start: str) -> None:
    """Kind: what a script imports only in some runs, or behind a statement that may end it, our import would run for the first time."""
    folder = place.clone / "scripts"
    (folder / "socket.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    (folder / "helper.py").write_text("def f():\n    import socket\n", encoding="utf-8")
    (folder / "with_it.py").write_text("import socket\n", encoding="utf-8")
    text = start.format("socket") + WORKER
    place.script.write_text(text, encoding="utf-8")

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    assert place.script.read_text(encoding="utf-8") == text
    assert "scripts/socket.py would be imported in place of the standard module" in done.stderr


def test_twin_a_module_that_surely_has_run_is_none_of_ours(place: Place) -> None:
    folder = place.clone / "scripts"
    (folder / "socket.py").write_text("gethostname = getfqdn = SOCK_STREAM = None\n", encoding="utf-8")
    (folder / "with_it.py").write_text("import socket\n", encoding="utf-8")
    place.script.write_text("import with_it\n" + WORKER, encoding="utf-8")

    assert place.run("--apply").returncode == 0
    assert "mirror_print(" in place.script.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["dbm.py", "dbm/__init__.py", f"dbm{EXTENSION_SUFFIXES[0]}"])
def test_an_import_for_a_narrowed_handler_leads_to_no_file_of_the_checkout(place: Place, name: str) -> None:
    """Kind: a name that a handler needs is imported at the top; beside the script may lie what was never imported before."""
    module = place.clone / "scripts" / name
    module.parent.mkdir(exist_ok=True)
    module.write_text("raise SystemExit(7)\n", encoding="utf-8")
    place.script.write_text(SHELF, encoding="utf-8")

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    assert "import dbm" not in place.script.read_text(encoding="utf-8")
    assert subprocess.run([sys.executable, str(place.script)], check=False).returncode == 0


def test_twin_a_standard_module_is_imported_for_a_narrowed_handler(place: Place) -> None:
    place.script.write_text(SHELF + '\n\nf("/", "{}")\n', encoding="utf-8")

    assert place.run("--apply").returncode == 0
    text = place.script.read_text(encoding="utf-8")
    assert "import dbm\n" in text
    assert "except (ValueError, *dbm.error)" in text
    assert subprocess.run([sys.executable, str(place.script)], check=False).returncode == 0


SHELF = """import json
import shelve


def f(p, q):
    try:
        shelve.open(p)
        return json.loads(q)
    except Exception as e:
        print(e)
"""


@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_class_of_a_file_that_may_not_be_loaded_is_not_named(place: Place, *, is_loaded: bool) -> None:
    """Kind: a package that is imported says nothing of the files in it; the list of a handler could not be evaluated."""
    package = place.clone / "scripts" / "pkg"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "net.py").write_text(
        "class NetError(Exception): pass\n\n\ndef get():\n    raise NetError\n", encoding="utf-8"
    )
    (package / "api.py").write_text(
        f"{'from pkg import net' if is_loaded else ''}\n\n\ndef get():\n    from pkg import net\n    net.get()\n",
        encoding="utf-8",
    )
    place.script.write_text(
        "import pkg.api\n\ntry:\n    pkg.api.get()\nexcept Exception as e:\n    print(e)\n", encoding="utf-8"
    )

    assert place.run("--apply").returncode == 0
    assert ("pkg.net.NetError" in place.script.read_text(encoding="utf-8")) is is_loaded
    assert subprocess.run([sys.executable, str(place.script)], check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's script is no program there")
def test_the_editor_is_not_looked_for_in_the_current_folder(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: a program that is started by its name alone; Windows looks into the current folder first, an empty part of PATH says so."""
    said: list[str] = []
    mark = place.victim / "mark"
    program = place.clone / "edit"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.chdir(place.clone)
    monkeypatch.setenv("VISUAL", "edit")
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))

    assert Terminal(said.append, color=False, width=80).edit("x") is None
    assert not mark.exists()
    assert "in no folder of the PATH" in "".join(said)

    monkeypatch.setenv("PATH", os.pathsep.join([str(place.clone), os.environ["PATH"]]))  # the person's word
    assert Terminal(said.append, color=False, width=80).edit("x") == "x"
    assert mark.exists()


HIDDEN_WAYS = {
    "another way to the list": 'getattr(sys, "path").insert(0, "lib")',
    "the names of the module": 'vars(sys)["path"].insert(0, "lib")',
    "its dictionary": 'sys.__dict__["path"].insert(0, "lib")',
    "set anew": 'setattr(sys, "path", ["lib"] + sys.path)',
    "another name of the module": "import sys as s\ns.path.reverse()",
    "another name of the list": "from sys import path as p\np.reverse()",
    "a line of its own": 'x = 1; sys.path.append("lib"); sys.path.reverse()',
    "a decorated class": "@(lambda made: sys.path.sort() or made)\nclass A:\n    pass",
    "a value of its own": "q = sys\nq.path.sort()",
    "a folder of packages": 'import site\nsite.addsitedir("lib")\nsys.path.reverse()',
    "run text": 'exec("import sys; sys.pa" + "th.insert(0, \'lib\')")',
    "asked for by a text": 'import importlib\nimportlib.import_module("sys").path.insert(0, "l" + "ib")',
    "an operator": 'import operator\noperator.attrgetter("path")(sys).insert(0, "lib")',
    "joined letters": 'sys.path.insert(0, "".join(["l", "ib"]))',
    "added letters": 'sys.path.insert(0, "l" + "ib")',
    "put into a text": "x = 'i'\nsys.path.insert(0, f'l{x}b')",
    "numbers": 'sys.path.insert(0, chr(108) + "ib")',
    "turned round": 'sys.path.insert(0, "bil"[::-1])',
    "read": 'sys.path.insert(0, open("folder.txt").read())',
    "the current folder": 'import os\nsys.path.insert(0, "")\nos.chdir("lib")',
    "last, then first": 'sys.path.append("lib")\nsys.path.reverse()',
    "a loop": 'for folder in ("lib",):\n    sys.path.insert(0, folder)',
    "a function": 'def first(folder):\n    sys.path.insert(0, folder)\nfirst("lib")',
    "found": 'import glob\nsys.path[:0] = glob.glob("l*")',
    "all names of the module": 'from sys import *\npath.insert(0, "l" + "ib")',
    "a name in another module": 'import os\nos.sys.path.insert(0, "l" + "ib")',
    "started again": 'import os\nif "X" not in os.environ:\n    os.environ.update(X="1", PYTHONPATH="lib")\n    os.execv(sys.executable, [sys.executable, *sys.argv])',
    "taken away": 'sys.path.append("lib")\ndel sys.path[0:-1]',
}


def test_the_runtime_is_led_to_no_folder_that_is_not_told(place: Place) -> None:
    """Kind: what a script imports first puts a folder before the standard library's, in a way that no reader follows."""
    module = place.clone / "lib" / "contextlib.py"
    module.parent.mkdir()
    module.write_text("raise SystemExit(7)\n", encoding="utf-8")
    for number, way in enumerate(HIDDEN_WAYS.values()):
        (place.clone / "scripts" / f"zero_{number}.py").write_text(
            f"import set_up_{number}\n{WORKER}", encoding="utf-8"
        )
        (place.clone / "scripts" / f"set_up_{number}.py").write_text(f"import sys\n{way}\n", encoding="utf-8")
    (place.clone / "folder.txt").write_text("lib", encoding="utf-8")

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    for number, way in enumerate(HIDDEN_WAYS):
        text = (place.clone / "scripts" / f"zero_{number}.py").read_text(encoding="utf-8")
        assert "mirror_print(" not in text, way
    assert "lib/contextlib.py would be imported in place of the standard module" in done.stderr


@pytest.mark.parametrize(
    "way", ["sys.path.insert(0, '.')", "sys.path.insert(0, '')", "sys.path.insert(0, os.getcwd())"]
)
def test_the_current_folder_is_one_above_a_script(place: Place, way: str) -> None:
    """Kind: the folder in which a worker is started is put first, and is no text."""
    (place.clone / "contextlib.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    (place.clone / "scripts" / "set_up.py").write_text(f"import os\nimport sys\n\n{way}\n", encoding="utf-8")
    place.script.write_text(f"import set_up\n{WORKER}", encoding="utf-8")

    assert place.run("--apply").returncode == 0
    assert "mirror_print(" not in place.script.read_text(encoding="utf-8")


STARTERS = (
    'subprocess.Popen([sys.executable, "scripts/zero_worker.py"], env={**os.environ, "PYTHONPATH": "lib"})',
    'subprocess.run(["python", "scripts/zero_worker.py"], env=dict(os.environ, PYTHONPATH=f"{ROOT}/lib:{ROOT}"))',
    'os.environ["PYTHONPATH"] = os.path.join(ROOT, "lib")\nos.system("python scripts/zero_worker.py")',
    'os.environ.setdefault("PYTHONPATH", "./lib")\nos.system("python scripts/zero_worker.py")',
)


@pytest.mark.parametrize("folder", ["lib", "other"])
def test_a_search_path_that_a_program_gives_its_workers_counts(place: Place, folder: str) -> None:
    """Kind: another Python file starts the worker with a folder before the standard library's; its twin: another folder."""
    module = place.clone / folder / "contextlib.py"
    module.parent.mkdir()
    module.write_text("raise SystemExit(7)\n", encoding="utf-8")
    for way in STARTERS:
        place.script.write_text(WORKER, encoding="utf-8")
        (place.clone / "start.py").write_text(
            f"import os, subprocess, sys\n\nROOT = '/srv'\n{way}\n", encoding="utf-8"
        )
        assert place.run("--apply").returncode == 0
        assert ("mirror_print(" in place.script.read_text(encoding="utf-8")) == (folder == "other"), way


@pytest.mark.parametrize("name", ["lib.zip", "data.bin"])
def test_an_archive_in_front_may_hold_what_the_runtime_imports(place: Place, name: str) -> None:
    """Kind: Python imports from a ZIP file on its search path, whatever it is called."""
    with zipfile.ZipFile(place.clone / name, "w") as archive:
        archive.writestr("contextlib.py", "raise SystemExit(7)\n")
    (place.clone / "scripts" / "set_up.py").write_text(
        f'import sys\n\nsys.path.insert(0, "{name}")\n', encoding="utf-8"
    )
    place.script.write_text(f"import set_up\n{WORKER}", encoding="utf-8")

    assert place.run("--apply").returncode == 0
    assert "mirror_print(" not in place.script.read_text(encoding="utf-8")


def test_names_that_are_made_of_names_are_looked_at_once() -> None:
    """Kind: a search path of names each of which stands for the one before it eight times."""
    names = "".join(f"n{number + 1} = [{', '.join([f'n{number}'] * 8)}]\n" for number in range(8))
    text = f'import sys\n\nn0 = "lib"\n{names}sys.path[:0] = n8\n{"import sys; " * 20_000}\n'
    assert not looks_elsewhere(ast.parse(text), text)


TOLD_WAYS = (
    "sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))",
    "sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'src'))",
    "ROOT = os.path.dirname(os.path.abspath(__file__))\nif ROOT not in sys.path:\n    sys.path.insert(0, ROOT + '/vendor')",
    "ROOT = Path(__file__).resolve().parents[1]\nsys.path.insert(0, str(ROOT / 'src'))\nsys.path[:0] = [f'{ROOT}/src', 'src']",
    "sys.path.append('lib')\nprint(sys.path, file=sys.stderr)\nif getattr(sys, 'frozen', False):\n    sys.exit(sys._MEIPASS)",
    "sys.path = ['src', *sys.path]\nfor each in sys.path[1:]:\n    print(each, file=sys.stderr)",
    "environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))\nsys.path.insert(0, os.environ.get('SRC', 'src'))",
)


def test_twin_a_folder_that_is_told_leads_to_that_folder_only(place: Place) -> None:
    module = place.clone / "lib" / "contextlib.py"
    module.parent.mkdir()
    module.write_text("raise SystemExit(7)\n", encoding="utf-8")
    for number, way in enumerate(TOLD_WAYS):
        (place.clone / "scripts" / f"zero_{number}.py").write_text(
            f"import set_up_{number}\n{WORKER}", encoding="utf-8"
        )
        (place.clone / "scripts" / f"set_up_{number}.py").write_text(
            f"import os\nimport sys\nfrom pathlib import Path\n\n{way}\n", encoding="utf-8"
        )

    done = place.run("--apply")

    assert done.returncode == 0, done.stderr
    for number, way in enumerate(TOLD_WAYS):
        text = (place.clone / "scripts" / f"zero_{number}.py").read_text(encoding="utf-8")
        assert "mirror_print(" in text, way
