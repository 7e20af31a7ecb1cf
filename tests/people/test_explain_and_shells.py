"""``--explain CODEMOD``, completion in the shells, and the manual page."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from people_project import Run, environment

from workerlog_migrate.model import CODEMODS

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


def test_explain_refuses_what_it_would_ignore(run: Run) -> None:
    assert "--explain does not go with --apply" in run("--explain", "retry-io", "--apply").stderr


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
        [command],
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
        [command],
        env=environment(_WORKERLOG_MIGRATE_COMPLETE=f"{shell}_source"),
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout

    assert f"_WORKERLOG_MIGRATE_COMPLETE={shell}_complete" in script


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

    assert runpy.run_path(str(ROOT / "docs" / "man.py"))["render"]() == page
    assert page.isascii()
    requests = {line.split(" ")[0] for line in page.splitlines() if line.startswith(".")}
    assert requests == {".TH", ".SH", ".TP", ".PP", ".B", ".RS", ".RE"}
