"""Bad input is one clear line, the other files go on, nothing is lost, and the exit code is 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rights import WITHOUT_RIGHTS
from spoken import invoke

from workerlog_migrate import pipeline
from workerlog_migrate.model import FileResult, Settings, Source, Target
from workerlog_migrate.rewriting.plan import Decisions

if TYPE_CHECKING:
    from tests.cli.conftest import Environment, Run

BAD_FILES = {
    "syntax-error": (b"print('a')\ndef f(:\n    pass\n", 2),
    "python-2": (b"x = 1\nprint 'a'\n", 2),
    "python-2-except": (b"try:\n    f()\nexcept Exception, e:\n    pass\n", 3),
    "tabs-and-blanks": (b"if x:\n\tprint(1)\n        print(2)\n", 3),
    "open-string": (b"print('''\n", 1),
    "encoding-that-lies": (b"# coding: ascii\nprint('\xe9')\n", 2),
    "latin-1-without-saying-so": (b"print('a')\nprint('\xe9')\n", 2),
    "unknown-encoding": (b"# coding: klingon\nprint('a')\n", 1),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00\x00", 1),
    "utf-16": ("print('a')\n".encode("utf-16"), 1),
    "null-in-a-line": (b"x = 1\nprint('a\x00')\n", 2),
}


def test_classes_that_derive_from_one_another_too_deep_are_not_known(project: Path, worker: Path) -> None:
    """What hangs on too much else is unknown: a handler around it stays broad, and the file is done like any other."""
    chain = "".join(f"class E{number}(E{number - 1}):\n    pass\n" for number in range(1, 1200))
    body = "try:\n    raise E1199()\nexcept Exception:\n    print('a')\n"
    deep = project / "scripts" / "aider_deep.py"
    deep.write_text(f"class E0(Exception):\n    pass\n{chain}{body}")

    result = invoke("--apply", "scripts")

    assert lines_about(result.stderr, "scripts/aider_deep.py:") == []
    assert result.exit_code == 0
    assert "except Exception:\n    mirror_print" in deep.read_text()
    assert "mirror_print" in worker.read_text()


def lines_about(stderr: str, name: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith(name) and ": refused: " in line]


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.parametrize("mode", ["--dry-run", "--check", "--apply"])
def test_a_bad_file_is_refused_at_its_line_and_the_other_is_done(
    project: Path, worker: Path, case: str, mode: str
) -> None:
    raw, line = BAD_FILES[case]
    bad = project / "scripts" / "aider_bad.py"
    bad.write_bytes(raw)

    result = invoke(mode, "scripts")

    (refusal,) = lines_about(result.stderr, "scripts/aider_bad.py:")
    assert refusal.startswith(f"scripts/aider_bad.py:{line}: refused: ")
    assert len(refusal) > len(f"scripts/aider_bad.py:{line}: refused: ") + 10
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert bad.read_bytes() == raw
    assert ("mirror_print" in worker.read_text()) == (mode == "--apply")
    assert ("scripts/genesis_engine.py" in result.stdout) == (mode == "--dry-run")


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"# only a comment\n", b"\xef\xbb\xbf"], ids=["empty", "blank", "comment", "bom"]
)
def test_an_empty_file_is_left_and_is_no_error(project: Path, raw: bytes) -> None:
    file = project / "scripts" / "zero.py"
    file.write_bytes(raw)

    result = invoke("--apply", "scripts")

    assert result.exit_code == 0
    assert file.read_bytes() == raw
    assert list(file.parent.iterdir()) == [file]


def test_a_file_without_any_trigger_is_not_parsed_and_is_no_error(project: Path) -> None:
    (project / "scripts" / "zero.py").write_text("def f(:\n")

    assert invoke("scripts").exit_code == 0


def test_a_path_that_does_not_exist_is_named_and_the_others_are_done(project: Path, worker: Path) -> None:
    result = invoke("--apply", "gone", "scripts", "gone.py")

    assert result.exit_code == 2
    assert lines_about(result.stderr, "gone") == [
        "gone:1: refused: no such file or folder",
        "gone.py:1: refused: no such file or folder",
    ]
    assert "mirror_print" in worker.read_text()
    assert project.joinpath("scripts", "worker_logger.py").exists()


def test_without_paths_and_without_a_scripts_folder_it_says_what_is_missing(project: Path) -> None:
    (project / "scripts").rmdir()

    result = invoke()

    assert result.exit_code == 2
    assert "scripts:1: refused: no such file or folder" in result.stderr


def test_links_that_lead_nowhere_are_named(project: Path, worker: Path) -> None:
    (project / "scripts" / "zero_gone.py").symlink_to("gone.py")
    (project / "scripts" / "zero_loop.py").symlink_to("zero_loop.py")
    (project / "scripts" / "again").symlink_to(".")

    result = invoke("--apply", "scripts")

    assert result.exit_code == 2
    assert "scripts/zero_gone.py:1: refused: a dangling symbolic link" in result.stderr
    assert "scripts/zero_loop.py:1: refused: a symbolic link that leads back to itself" in result.stderr
    assert "mirror_print" in worker.read_text()


def test_a_link_within_the_paths_stays_a_link_and_its_target_is_written(project: Path) -> None:
    real = project / "scripts" / "impl.py"
    real.write_text("print('x')\n")
    link = project / "scripts" / "zero.py"
    link.symlink_to("impl.py")

    assert invoke("--apply", "scripts").exit_code == 0
    assert link.is_symlink()
    assert "mirror_print" in real.read_text()


def test_a_file_that_vanishes_during_the_run_is_one_failure(
    project: Path, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vanishing = project / "scripts" / "aider_first.py"
    vanishing.write_text("print('x')\n")
    real = pipeline.migrate_file

    def migrate(target: Target, settings: Settings) -> FileResult:
        if target.path.name == vanishing.name:
            vanishing.unlink()
        return real(target, settings)

    monkeypatch.setattr(pipeline, "migrate_file", migrate)
    result = invoke("--apply", "--no-cache", "--jobs", "1", "scripts")

    assert result.exit_code == 2
    assert "scripts/aider_first.py:1: refused: cannot be read: no such file or directory" in result.stderr
    assert "mirror_print" in worker.read_text()
    assert not vanishing.exists()


def test_a_file_that_changes_during_the_run_is_left_as_it_is(
    worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pipeline.migrate_file

    def migrate(target: Target, settings: Settings) -> FileResult:
        result = real(target, settings)
        worker.write_text("print('saved by an editor')\n")
        return result

    monkeypatch.setattr(pipeline, "migrate_file", migrate)
    result = invoke("--apply", "--no-cache", "--diff", "--jobs", "1", "scripts")

    assert result.exit_code == 2
    assert "scripts/genesis_engine.py:1: refused: changed while it was being processed" in result.stderr
    assert worker.read_text() == "print('saved by an editor')\n"
    assert result.stdout == ""


def test_a_fault_of_ours_is_one_file_s_failure(
    project: Path, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "scripts" / "aider_first.py").write_text("print('x')\n")
    real = pipeline.migrate_source

    def fail(
        source: Source, target: Target, settings: Settings, decisions: Decisions | None = None
    ) -> FileResult:
        if target.path.name == "aider_first.py":
            raise AssertionError("a bug")
        return real(source, target, settings, decisions)

    monkeypatch.setattr(pipeline, "migrate_source", fail)
    result = invoke("--apply", "--no-cache", "--jobs", "1", "scripts")

    assert result.exit_code == 2
    assert (
        "scripts/aider_first.py:1: refused: internal error, please report it: AssertionError: a bug"
        in result.stderr
    )
    assert "mirror_print" in worker.read_text()


def test_a_disk_that_is_full_leaves_every_file_whole(worker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = worker.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    result = invoke("--apply", "scripts")

    assert result.exit_code == 2
    assert "cannot be written, so there would be no way back: no space left on device" in result.stderr
    assert worker.read_bytes() == before
    assert [file.name for file in worker.parent.iterdir()] == [worker.name]


def without_rights(
    project: Path, environment: Environment, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_RIGHTS, *arguments],
        cwd=project,
        stdin=subprocess.DEVNULL,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_may_not_be_read_or_written_is_named_and_left(
    project: Path, environment: Environment, worker: Path
) -> None:
    scripts = project / "scripts"
    (scripts / "closed").mkdir()
    (scripts / "closed" / "zero.py").write_text("print('x')\n")
    (scripts / "zero_secret.py").write_text("print('x')\n")
    (scripts / "closed").chmod(0)
    (scripts / "zero_secret.py").chmod(0)
    scripts.chmod(0o555)
    before = worker.read_bytes()
    try:
        result = without_rights(project, environment, "-m", "workerlog_migrate", "--apply", "scripts")
    finally:
        scripts.chmod(0o755)
        (scripts / "closed").chmod(0o755)

    assert result.returncode == 2
    assert "scripts/closed:1: refused: cannot be listed: permission denied" in result.stderr
    assert "scripts/zero_secret.py:1: refused: cannot be read: permission denied" in result.stderr
    assert (
        "scripts/genesis_engine.py:1: refused: cannot be written: its folder is read-only; it is what it was"
        in (result.stderr)
    )
    assert "Traceback" not in result.stderr
    assert worker.read_bytes() == before
    assert sorted(file.name for file in scripts.iterdir()) == [
        "closed",
        "genesis_engine.py",
        "zero_secret.py",
    ]


def test_a_named_folder_that_may_not_be_listed_is_one_failure_and_the_others_are_done(
    project: Path, environment: Environment, worker: Path
) -> None:
    closed = project / "closed"
    closed.mkdir(mode=0)
    try:
        result = without_rights(
            project, environment, "-m", "workerlog_migrate", "--apply", "closed", "scripts"
        )
    finally:
        closed.chmod(0o755)

    assert result.returncode == 2
    assert "closed:1: refused: cannot be listed: permission denied" in result.stderr
    assert "mirror_print" in worker.read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("closed/zero.py",), "closed/zero.py:1: refused: cannot be read: permission denied"),
        (("--explain", "closed/zero.py:1"), "--explain closed/zero.py:1: no such file"),
        (("--config", "closed/pyproject.toml"), "--config closed/pyproject.toml: no such file"),
        (("--output", "closed/in/report.txt"), "--output closed/in/report.txt: there is no folder closed/in"),
        (("--stdin-filename", "closed/zero.py", "-"), "everything is migrated: 1 file"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_path_through_a_closed_folder_is_no_fault_of_ours(
    project: Path, environment: Environment, options: tuple[str, ...], message: str
) -> None:
    (project / "closed").mkdir(mode=0)
    try:
        result = without_rights(project, environment, "-m", "workerlog_migrate", *options)
    finally:
        (project / "closed").chmod(0o755)

    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_current_folder_without_permission_is_named(tmp_path: Path, environment: Environment) -> None:
    (tmp_path / "closed").mkdir()
    code = "import os; os.chmod('.', 0); from workerlog_migrate.cli import main; main()"
    try:
        result = without_rights(tmp_path / "closed", environment, "-c", code)
    finally:
        (tmp_path / "closed").chmod(0o755)

    assert result.returncode == 2
    assert "scripts:1: refused: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_full_stdout_is_said_and_the_files_are_done(
    environment: Environment, project: Path, worker: Path
) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "workerlog_migrate", "--apply", "--diff"],
            cwd=project,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert result.returncode == 2
    assert "stdout cannot be written: no space left on device" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
    assert "mirror_print" in worker.read_text()


def test_a_reader_that_goes_away_stops_the_output_and_not_the_run(
    environment: Environment, project: Path, worker: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "workerlog_migrate", "--apply", "--diff"],
            cwd=project,
            env=environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)

    assert result.returncode == 0
    assert "Broken" not in result.stderr
    assert "mirror_print" in worker.read_text()


@pytest.mark.parametrize("options", [[], ["--output", "report.txt"], ["--undo"]], ids=" ".join)
def test_a_current_folder_that_is_gone_is_named(
    environment: Environment, tmp_path: Path, options: list[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); from workerlog_migrate.cli import main; main()"
    command = [sys.executable, "-c", code, *options]
    result = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (2, "Error: the current folder does not exist any more\n")


def test_an_output_that_cannot_be_written_is_named(run: Run, worker: Path) -> None:
    result = run("--apply", "--output", "/dev/full/report.txt")

    assert result.returncode == 2
    assert b"--output /dev/full/report.txt: there is no folder /dev/full" in result.stderr
    assert "mirror_print" not in worker.read_text()


def test_names_that_are_no_utf_8_are_reported_and_done(project: Path, run: Run) -> None:
    name = b"zero_\xe9.py"
    file = project / "scripts" / os.fsdecode(name)
    file.write_bytes(b"print('x')\n")
    (project / "scripts" / os.fsdecode(b"zero_\xe8.py")).write_bytes(b"print(\n")

    result = run("--apply", "scripts")

    assert result.returncode == 2
    assert b"scripts/zero_\\udce8.py:1: refused: " in result.stderr
    assert b"mirror_print" in file.read_bytes()


def test_a_module_that_its_package_imports_is_served_in_both_ways(project: Path) -> None:
    """With a flat import of the runtime alone the package could not import it any more."""
    package = project / "pkg"
    package.mkdir()
    guarded = "def ler():\n    print(1)\n\n\nif __name__ == '__main__':\n    ler()\n"
    (package / "__init__.py").write_text("from .zero_ler import ler\n")
    (package / "zero_ler.py").write_text(guarded)
    (package / "zero_so.py").write_text(guarded)
    (package / "test_zero.py").write_text(guarded)

    result = invoke("--apply", "pkg")

    assert result.exit_code == 0
    assert "if __package__:\n    from .worker_logger import" in (package / "zero_ler.py").read_text()
    assert "if __package__:\n" in (package / "test_zero.py").read_text()
    assert "\nfrom worker_logger import" in "\n" + (package / "zero_so.py").read_text()


def test_the_import_of_the_runtime_does_not_make_a_package_one_that_is_there(project: Path) -> None:
    """The exception cannot be named before the header is put in, so it must not be afterwards either."""
    package = project / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "erros.py").write_text("class Falha(Exception):\n    pass\n")
    (package / "envio.py").write_text(
        "from pkg.erros import Falha\n\n\ndef enviar(x):\n    if x:\n        raise Falha(x)\n"
    )
    worker = package / "zero.py"
    worker.write_text(
        "def passo(x):\n    try:\n        from pkg.envio import enviar\n\n        enviar(x)\n"
        "    except Exception:\n        pass\n"
    )

    result = invoke("--apply", "--verbose", "pkg")

    assert (result.exit_code, "pkg.erros.Falha cannot be named here" in result.stderr) == (0, True)
    assert "except Exception:" in worker.read_text()


def test_a_script_without_a_header_gets_the_imports_of_its_exceptions(project: Path) -> None:
    """A script that sees nothing beside it gets no logger; what its handlers are narrowed to has to be bound all the same."""
    package = project / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    worker = package / "zero.py"
    worker.write_text(
        "#!/usr/bin/python3 -I\nimport sys\nimport urllib.request\n\n\ndef ler(url):\n    try:\n"
        "        return urllib.request.urlopen(url)\n    except Exception as e:\n        return str(e)\n\n\n"
        "if __name__ == '__main__':\n    ler(sys.argv[1])\n"
    )

    result = invoke("--apply", "pkg", "--all")

    assert (result.exit_code, "starts Python with -I" in result.stderr) == (0, True)
    assert "import http.client\n" in worker.read_text()
    assert "http.client.HTTPException" in worker.read_text()


LITTLE_MEMORY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from workerlog_migrate.cli import main
if __name__ == "__main__":
    main()
"""


@pytest.mark.skipif(sys.platform == "darwin", reason="there the limit is not kept")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_beyond_the_memory_is_refused_and_the_others_are_done(
    project: Path, environment: Environment, worker: Path, jobs: str
) -> None:
    with (project / "scripts" / "zero_big.py").open("wb") as big:
        big.truncate(4 << 30)  # nothing of it is on the disk

    result = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, "--apply", "--jobs", jobs],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert "scripts/zero_big.py:1: refused: cannot be read: larger than 8,000,000 bytes" in result.stderr
    assert "Traceback" not in result.stderr
    assert "mirror_print" in worker.read_text()
