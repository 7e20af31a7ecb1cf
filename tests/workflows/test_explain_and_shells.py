"""``--explain CODEMOD``, completion in the shells, and the manual page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from people_project import Run, environment

from workerlog_migrate.registry import CODEMODS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", CODEMODS)
def test_explain_prints_the_page_of_a_codemod(run: Run, name: str) -> None:
    done = run("--explain", name)

    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs" / "codemods" / f"{name}.md").read_text(encoding="utf-8")
    assert done.stderr == ""


def test_explain_names_the_nearest_codemod(run: Run) -> None:
    done = run("--explain", "retryio")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: --explain: there is no codemod 'retryio'; the nearest is 'retry-io'\n"


PLACES = """\
import os
import json


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except Exception:
        return None
    finally:
        os.remove(path)


def stop(path):
    try:
        strange.call(path)
    except Exception as error:
        print(error)
    try:
        load(path)
    except Exception:
        raise
    try:
        load(path)
    except OSError:
        return
"""


@pytest.mark.parametrize(
    ("line", "first"),
    [
        (7, "wrapped: open is repeated when a passing fault breaks it: "),
        (9, "narrowed: except Exception becomes except (OSError, ValueError) [specific-exceptions]"),
        (10, "narrowed: except Exception becomes except (OSError, ValueError) [specific-exceptions]"),
        (12, "left: os.remove is left alone "),
        (18, "left: except Exception stays broad: not known: `strange.call(path)` in line 17"),
        (22, "this handler raises again, so it stays"),
        (26, "this handler names its exceptions already"),
        (1, "nothing was found here; the nearest finding is in line "),
    ],
    ids=["call", "handler", "inside-handler", "left", "broad", "raises", "specific", "nothing"],
)
def test_explain_says_why_a_place_is_changed_or_left(project: Path, run: Run, line: int, first: str) -> None:
    (project / "scripts" / "zero_places.py").write_text(PLACES, encoding="utf-8")

    done = run("--explain", f"scripts/zero_places.py:{line}")

    assert done.returncode == 0, done.stderr
    shown = f"scripts/zero_places.py:{9 if line == 10 else line}"
    assert done.stdout.startswith(f"{shown}: {first}")
    assert done.stderr == ""


def test_explain_gives_all_evidence(project: Path, run: Run) -> None:
    (project / "scripts" / "zero_places.py").write_text(PLACES, encoding="utf-8")

    lines = run("--explain", "scripts/zero_places.py:9").stdout.splitlines()

    at = lines.index("        line 7: `open(path)`")
    assert lines[at + 1].startswith("            open: https://docs.python.org/")


def test_explain_uses_the_options_of_the_run(project: Path, run: Run) -> None:
    (project / "scripts" / "zero_places.py").write_text(PLACES, encoding="utf-8")

    done = run("--explain", "scripts/zero_places.py:9", "--ignore=specific-exceptions")

    assert (
        done.stdout == "scripts/zero_places.py:9: nothing was found here; the nearest finding is in line 7\n"
    )


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("scripts/nada.py:3", "no such file"),
        ("scripts/genesis_engine.py:300", "the file has 11 lines"),
        ("scripts/genesis_engine.py", "write scripts/genesis_engine.py:LINE, with the number of a line"),
        ("scripts/bad.py:1", "the file is refused: "),
        ("scripts/worker_logger.py:1", "this is a runtime file, which is never migrated"),
    ],
    ids=["no-file", "no-line", "no-number", "refused", "runtime"],
)
def test_explain_says_what_is_wrong_with_a_place(project: Path, run: Run, place: str, message: str) -> None:
    (project / "scripts" / "bad.py").write_text("print(\n", encoding="utf-8")
    (project / "scripts" / "worker_logger.py").touch()

    done = run("--explain", place)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_the_summary_leads_to_the_explanation(project: Path, run: Run) -> None:
    (project / "scripts" / "zero_places.py").write_text(PLACES, encoding="utf-8")

    (hint,) = (line for line in run().stderr.splitlines() if "--explain" in line)

    assert hint == "1 handler stays broad; why: workerlog-migrate --explain scripts/zero_places.py:18"
    assert "strange.call" in run(*hint.split()[-2:]).stdout


def test_explain_refuses_what_it_would_ignore(run: Run) -> None:
    assert "--explain does not go with --interactive" in run("--explain", "retry-io", "-i").stderr


def test_explain_behind_apply_writes_nothing(project: Path, run: Run) -> None:
    """It goes behind whatever was just typed."""
    (project / "scripts" / "zero_places.py").write_text(PLACES, encoding="utf-8")
    before = {path: path.read_bytes() for path in (project / "scripts").iterdir()}

    done = run("--apply", "--all", "--explain", "scripts/zero_places.py:18")

    assert (done.returncode, done.stdout) == (
        0,
        run("--all", "--explain", "scripts/zero_places.py:18").stdout,
    )
    assert {path: path.read_bytes() for path in (project / "scripts").iterdir()} == before


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """The console script, as pip writes it, in a folder for the PATH."""
    script = tmp_path / "bin" / "workerlog-migrate"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\nfrom workerlog_migrate.cli import main\nmain()\n", encoding="utf-8"
    )
    script.chmod(0o755)
    return script


def complete(command: Path, shell: str, words: str, position: int) -> str:
    return subprocess.run(
        [sys.executable, str(command)],
        env=environment(
            _WORKERLOG_MIGRATE_COMPLETE=f"{shell}_complete",
            COMP_WORDS=words,
            COMP_CWORD=str(position) if shell != "fish" else words.split(" ")[-1],
        ),
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_completes_options_choices_and_codemods(command: Path, shell: str) -> None:
    assert "--unresolved" in complete(command, shell, "workerlog-migrate --unr", 1)
    assert "reraise" in complete(command, shell, "workerlog-migrate --unresolved re", 2)
    codemods = complete(command, shell, "workerlog-migrate --select mirror-output,", 2)
    assert "mirror-output,retry-io" in codemods
    assert "mirror-output,mirror-output" not in codemods


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(command: Path, shell: str) -> None:
    script = subprocess.run(
        [sys.executable, str(command)],
        env=environment(_WORKERLOG_MIGRATE_COMPLETE=f"{shell}_source"),
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert f"_WORKERLOG_MIGRATE_COMPLETE={shell}_complete" in script


@pytest.mark.needs("bash")
def test_bash_itself_completes(command: Path) -> None:
    """The script is read by a real bash, and the function that it registers is called as bash does."""
    program = """
    eval "$(_WORKERLOG_MIGRATE_COMPLETE=bash_source workerlog-migrate)"
    COMP_WORDS=(workerlog-migrate --und)
    COMP_CWORD=1
    $(complete -p workerlog-migrate | sed -E 's/.*-F ([^ ]+).*/\\1/') workerlog-migrate
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{command.parent}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "-c", program],
        env=environment(PATH=path),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert done.stdout.splitlines() == ["--undo"]


def test_the_manual_page_is_what_the_options_say() -> None:
    """After a change of an option: ``python docs/man.py > docs/workerlog-migrate.1``."""
    page = (ROOT / "docs" / "workerlog-migrate.1").read_text(encoding="utf-8")

    command = [sys.executable, str(ROOT / "docs" / "man.py")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment(), check=True)
    assert done.stdout == page
    assert page.isascii()
    requests = {line.split(" ")[0] for line in page.splitlines() if line.startswith(".")}
    assert requests == {".TH", ".SH", ".TP", ".PP", ".B", ".RS", ".RE"}
