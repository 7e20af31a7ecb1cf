"""stdout holds the diff or the report as exact bytes; stderr the rest; the exit code says how it went."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Environment, Run

MIXED = {
    "scripts/genesis.py": b"import os\n\nprint('a')\n",
    "scripts/zero_crlf.py": "# ação\r\nimport os\r\n\r\nprint('é')\r\n".encode(),
    "scripts/zero_latin.py": b"# coding: latin-1\nimport os\n\nprint('\xe9')\n",
    "scripts/zero_bom.py": b"\xef\xbb\xbfimport os\n\nprint('a')",
    "scripts/zero form feed.py"
    if os.name == "nt"
    else "scripts/zero form\x0cfeed.py": b"import os\n\x0c\nx = '\x0c\xe2\x80\xa8'\nprint(x)\n",
    "scripts/aider_mixed.py": b"import os\r\n\nprint('a')\r\nprint('b')",
    "scripts/deep/aider ok.py": b"def f(p):\n    with open(p) as g:\n        return g.read()\n",
    "scripts/nothing_zero.py": b"X = 1\n",
}


def fill(folder: Path) -> None:
    for name, raw in MIXED.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)


def scripts(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in MIXED}


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(["git", "apply", "-"], id="git", marks=pytest.mark.needs("git")),
        pytest.param(["patch", "-p1", "--quiet"], id="patch", marks=pytest.mark.needs("patch")),
    ],
)
def test_the_printed_diff_applied_gives_what_apply_writes(
    project: Path, run: Run, tool: list[str], tmp_path: Path
) -> None:
    fill(project)
    patched = tmp_path / "patched"
    fill(patched)

    diff = run("--dry-run")
    subprocess.run(tool, cwd=patched, input=diff.stdout, check=True, capture_output=True)
    applied = run("--apply")

    assert (diff.returncode, applied.returncode) == (0, 0)
    assert scripts(project) == scripts(patched)
    assert sum(raw != scripts(project)[name] for name, raw in MIXED.items()) >= 5


def test_a_second_apply_changes_nothing(project: Path, run: Run) -> None:
    fill(project)
    run("--apply")
    before = scripts(project)

    assert run("--check").returncode == 0
    assert run("--apply").returncode == 0
    assert scripts(project) == before


def test_the_exit_codes_of_a_process(project: Path, run: Run) -> None:
    fill(project)

    assert run("--check").returncode == 1
    assert run().returncode == 0
    (project / "scripts" / "zero_bad.py").write_text("print(\n")
    assert run("--check").returncode == 2
    assert run().returncode == 2
    assert run("--frobnicate").returncode == 2
    assert run("--help").returncode == 0


def test_output_and_results_do_not_depend_on_the_number_of_processes(project: Path, run: Run) -> None:
    fill(project)
    (project / "scripts" / "zero_bad.py").write_text("print(\n")

    one, three = run("--jobs", "1", "--verbose"), run("--jobs", "3", "--verbose")

    assert (one.stdout, one.stderr, one.returncode) == (three.stdout, three.stderr, three.returncode)
    assert run("--jobs", "1", "--format", "json").stdout == run("--jobs", "3", "--format", "json").stdout
    run("--jobs", "3", "--apply")
    several = scripts(project)
    fill(project)
    run("--jobs", "1", "--apply")
    assert scripts(project) == several


@pytest.mark.parametrize("name", ["json", "sarif"])
def test_a_report_on_stdout_is_whole_and_utf_8_whatever_the_locale(
    project: Path, run: Run, name: str
) -> None:
    fill(project)
    (project / "scripts" / "zero_ação.py").write_text("print(\n", encoding="utf-8")

    result = run("--format", name, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    document = json.loads(result.stdout)
    assert document["version"] in (1, "2.1.0")
    assert result.returncode == 2
    result.stderr.decode("ascii")


def test_standard_input_is_bytes_in_and_bytes_out(run: Run) -> None:
    raw = MIXED["scripts/zero_latin.py"]

    result = run("--apply", "--stdin-filename", "zero.py", "-", data=raw)

    assert result.returncode == 0
    assert b"print(logger.info, '\xe9')\n" in result.stdout
    assert result.stdout.startswith(b"# coding: latin-1\nimport os\n")
    assert run("--apply", "--stdin-filename", "zero.py", "-", data=result.stdout).stdout == result.stdout


SLOW = """
import signal, sys
sys.path[:0] = {paths!r}
from workerlog_migrate import pipeline
real = pipeline.migrate_file
def migrate(target, settings):
    if target.path.name == "zero.py":
        signal.raise_signal(signal.SIGINT)
    return real(target, settings)
pipeline.migrate_file = migrate
from workerlog_migrate.cli import main
main(["--apply", "--no-cache", "--jobs", "1"], prog_name="workerlog-migrate")
"""


def test_ctrl_c_is_130_and_leaves_no_half_written_file(environment: Environment, project: Path) -> None:
    for name in ("aider", "genesis", "zero", "zero_last"):
        (project / "scripts" / f"{name}.py").write_text("print('x')\n")
    paths = environment()["PYTHONPATH"].split(os.pathsep)

    result = subprocess.run(
        [sys.executable, "-c", SLOW.format(paths=paths)],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 130
    assert "interrupted after 2 files; 2 files written, none of them half" in result.stderr
    assert "Traceback" not in result.stderr
    contents = {
        file.name: "mirror_print" in file.read_text() for file in (project / "scripts").glob("*[!srl].py")
    }
    assert contents["zero.py"] is False
    assert sorted(file.name for file in (project / "scripts").iterdir()) == [
        "aider.py",
        "genesis.py",
        "worker_logger.py",
        "worker_utils.py",
        "zero.py",
        "zero_last.py",
    ]
    assert [
        ("mirror_print" in (project / "scripts" / f"{name}.py").read_text())
        for name in ("aider", "genesis", "zero", "zero_last")
    ] == [
        True,
        True,
        False,
        False,
    ]


EARLY = """
import signal, sys
sys.path[:0] = {paths!r}
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
from workerlog_migrate.cli import main
main(["--check", "--jobs", "1"], prog_name="workerlog-migrate")
"""


@pytest.mark.parametrize("name", ["click", "workerlog_migrate.run", "workerlog_migrate.pipeline", "libcst"])
def test_ctrl_c_is_130_however_early(environment: Environment, project: Path, name: str) -> None:
    (project / "scripts" / "zero.py").write_text("print('x')\n")
    paths = environment()["PYTHONPATH"].split(os.pathsep)

    result = subprocess.run(
        [sys.executable, "-c", EARLY.format(paths=paths, name=name)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 130, result.stderr
    assert "Traceback" not in result.stderr


MASKED = """
import signal, sys
sys.path[:0] = {paths!r}
from workerlog_migrate import pipeline
real = pipeline.migrate_file
def migrate(target, settings):
    is_held = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with open("held.txt", "a") as file:
        file.write(f"{{is_held}}\\n")
    return real(target, settings)
pipeline.migrate_file = migrate
if __name__ == "__main__":
    from workerlog_migrate.cli import main
    main(["--check", "--no-cache", "--jobs", "2"], prog_name="workerlog-migrate")
"""


def test_ctrl_c_strikes_no_worker_process_while_it_starts(environment: Environment, project: Path) -> None:
    for name in ("aider", "genesis", "zero"):
        (project / "scripts" / f"{name}.py").write_text("print('x')\n")
    script = project / "start.py"
    script.write_text(MASKED.format(paths=environment()["PYTHONPATH"].split(os.pathsep)))

    assert subprocess.run([sys.executable, str(script)], check=False, capture_output=True).returncode == 1
    assert (project / "held.txt").read_text() == "True\n" * 3


def test_ctrl_c_ends_the_worker_processes_too(environment: Environment, project: Path) -> None:
    """The signal reaches the whole group, as a terminal sends it, while every process has work."""
    for number in range(200):
        (project / "scripts" / f"zero_{number:03}.py").write_text("print('x')\n" * 50)
    process = subprocess.Popen(
        [sys.executable, "-m", "workerlog_migrate", "--jobs", "2"],
        cwd=project,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.read(4) == b"--- "  # the first result is there: the others are being worked on
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert b"interrupted after " in stderr


@pytest.mark.parametrize(
    ("arguments", "closed", "code", "message"),
    [
        ((), "<&-", 0, ""),
        ((), ">&-", 2, "Error: stdout cannot be written: bad file descriptor\n"),
        ((), "2>&-", 0, ""),
        ((), "<&- >&- 2>&-", 2, ""),
        (("--jobs=2",), ">&-", 2, "Error: stdout cannot be written: bad file descriptor\n"),
        (("--check",), "<&- >&- 2>&-", 1, ""),
        (("--format=json",), ">&-", 2, "Error: stdout cannot be written: bad file descriptor\n"),
        (("--explain=retry-io",), ">&-", 2, "Error: stdout cannot be written: bad file descriptor\n"),
        (("--explain=scripts/zero.py:1",), ">/dev/full", 2, "Error: stdout cannot be written: no space left"),
        (("--help",), ">&-", 2, "Error: stdout cannot be written: bad file descriptor\n"),
        (("--version",), ">/dev/full", 2, "Error: stdout cannot be written: no space left"),
        (("-",), "<&-", 2, "Error: standard input cannot be read: bad file descriptor\n"),
        (("--apply", "-i"), "<&-", 130, "interrupted after 0 files"),
        (("--undo",), "<&- >&- 2>&-", 0, ""),
        (("--frobnicate",), "2>&-", 2, ""),
    ],
    ids=str,
)
def test_without_a_stream_the_run_is_done_and_says_what_it_could_not(
    environment: Environment,
    project: Path,
    arguments: tuple[str, ...],
    closed: str,
    code: int,
    message: str,
) -> None:
    for name in ("zero", "zero_other"):
        (project / "scripts" / f"{name}.py").write_text("print('x')\n")
    command = shlex.join([sys.executable, "-m", "workerlog_migrate", *arguments])
    result = subprocess.run(
        ["sh", "-c", f"{command} {closed}"], env=environment(), capture_output=True, text=True, check=False
    )

    assert result.returncode == code, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


def test_no_script_is_written_into_by_way_of_a_stream_that_was_closed(
    environment: Environment, project: Path, run: Run
) -> None:
    fill(project)
    expected = run("--apply").stderr
    after = scripts(project)
    assert run("--undo").returncode == 0

    command = f"{shlex.quote(sys.executable)} -m workerlog_migrate --apply --diff --verbose"
    closed = subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"], env=environment(), check=False)

    assert expected
    assert closed.returncode == 2
    assert scripts(project) == after
    assert run("--check").returncode == 0


NO_STREAMS = """
import sys
sys.stdin = sys.stdout = sys.stderr = None
from workerlog_migrate.cli import main
main(prog_name="workerlog-migrate")
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--apply"], 0), (["--check"], 1), (["--apply", "--diff"], 2), (["--frobnicate"], 2), (["-"], 2)],
    ids=str,
)
def test_a_python_that_has_no_streams_does_what_it_can(
    environment: Environment, project: Path, arguments: list[str], code: int
) -> None:
    """As ``pythonw`` has none on Windows: the files are done; what should have been shown is a failure."""
    script = project / "scripts" / "zero.py"
    script.write_text("print('x')\n")

    done = subprocess.run(
        [sys.executable, "-c", NO_STREAMS, *arguments], env=environment(), capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")
    assert ("mirror_print" in script.read_text()) is ("--apply" in arguments)
