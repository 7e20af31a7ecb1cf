"""What people know from other linters: skip comments, levels and ignores of a project, statistics, annotations."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from spoken import invoke

WORKER = """\
import os
import subprocess


def f(p):
    try:
        print("[OBS] oi")
        open(p)
    except Exception as e:
        print("erro", e)
    os.remove(p)
    subprocess.run([
        "a",
    ])


f("a")
"""


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    (folder / "scripts" / "zero_a.py").write_text(WORKER, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder / "scripts"


def configure(scripts: Path, text: str) -> None:
    (scripts.parent / "pyproject.toml").write_text(f"[tool.workerlog-migrate]\n{text}\n", encoding="utf-8")


def test_a_level_of_the_project_decides_before_the_table(scripts: Path) -> None:
    """Its twins: a longer word, and a text that only holds the marker."""
    configure(scripts, '[tool.workerlog-migrate.levels]\n"[OBS]" = "warning"\nnota = "ERROR"')
    (scripts / "zero_a.py").write_text(
        "print('[obs] a')\nprint('Nota: b')\nprint('notavel')\nprint('uma nota')\nprint('[ERRO] c')\n",
        encoding="utf-8",
    )

    diff = invoke().stdout

    assert "+mirror_print(logger.warning, '[obs] a')" in diff
    assert "+mirror_print(logger.error, 'Nota: b')" in diff
    assert "+mirror_print(logger.info, 'notavel')" in diff
    assert "+mirror_print(logger.info, 'uma nota')" in diff
    assert "+mirror_print(logger.error, '[ERRO] c')" in diff


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.workerlog-migrate.levels]\nx = 'loud'",
            "the level of 'x' must be one of info, warning, error, critical",
        ),
        ("[tool.workerlog-migrate.levels]\n' ' = 'info'", "a marker must be a text that is not empty"),
        ("[tool.workerlog-migrate.per-file-ignores]\n'a.py' = ['retry']", "the nearest is 'retry-io'"),
        ("all = 1", "all must be"),
        ("level = 1", "the nearest is 'levels'"),
    ],
)
def test_a_wrong_key_is_told_with_what_would_be_right(scripts: Path, text: str, message: str) -> None:
    configure(scripts, text)

    result = invoke()

    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("glob", ["zero_*.py", "scripts/zero_a.py", "**/zero_a.py"])
def test_per_file_ignores_leave_codemods_out_in_some_files(scripts: Path, glob: str) -> None:
    (scripts / "aider_b.py").write_text(WORKER, encoding="utf-8")
    configure(
        scripts, f'[tool.workerlog-migrate.per-file-ignores]\n"{glob}" = ["retry-io", "specific-exceptions"]'
    )

    files = {file["path"]: file for file in json.loads(invoke("--format", "json").stdout)["files"]}

    codemods = {path: {finding["codemod"] for finding in file["findings"]} for path, file in files.items()}
    assert codemods["scripts/zero_a.py"] == {"logger-setup", "mirror-output"}
    assert {"retry-io", "specific-exceptions"} <= codemods["scripts/aider_b.py"]


def test_a_file_in_which_all_is_ignored_is_not_touched(scripts: Path) -> None:
    everything = '["logger-setup", "mirror-output", "specific-exceptions", "retry-io"]'
    configure(scripts, f'[tool.workerlog-migrate.per-file-ignores]\n"zero_a.py" = {everything}')

    assert invoke("--check").stderr == "everything is migrated: 1 file\n"


def test_all_can_stand_in_the_configuration(scripts: Path) -> None:
    (scripts / "tool.py").write_text("print('x')\n", encoding="utf-8")
    configure(scripts, "all = true")

    assert "scripts/tool.py" in invoke("--check").stderr


def test_an_unknown_name_in_a_skip_comment_suppresses_nothing_and_is_an_error(scripts: Path) -> None:
    """Its twins: an unused comment is told and no error, a used one is silent."""
    text = WORKER.replace(
        "    os.remove(p)", "    os.remove(p)  # workerlog: skip[retry-io]\n    x = 1  # workerlog: skip"
    )
    (scripts / "zero_a.py").write_text(
        text.replace('oi")', 'oi")  # noqa  # workerlog: skip[mirror]'), encoding="utf-8"
    )

    result = invoke("--quiet")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "scripts/zero_a.py:7: error: there is no codemod 'mirror' to skip; the nearest is 'mirror-output'"
    ]
    assert (
        '+        mirror_print(logger.info, "[OBS] oi")  # noqa  # workerlog: skip[mirror]' in result.stdout
    )
    assert (
        "scripts/zero_a.py:12: unused: this skip comment suppresses nothing; remove it\n" in invoke().stderr
    )
    assert "zero_a.py:11: unused" not in invoke().stderr


def test_of_a_codemod_that_did_not_run_no_comment_is_unused(scripts: Path) -> None:
    (scripts / "zero_a.py").write_text("print('a')  # workerlog: skip[mirror-output]\n", encoding="utf-8")

    assert "unused" not in invoke("--select", "retry-io").stderr
    assert "unused" not in invoke().stderr


def test_add_skip_silences_what_would_be_changed_and_what_was_left(scripts: Path) -> None:
    (scripts / "zero_a.py").write_bytes(WORKER.replace("\n", "\r\n").encode())
    dry = invoke("--add-skip")
    assert (scripts / "zero_a.py").read_bytes() == WORKER.replace("\n", "\r\n").encode()

    result = invoke("--add-skip", "--apply")

    assert (dry.exit_code, result.exit_code) == (0, 0)
    assert "+        open(p)  # workerlog: skip[retry-io]" in dry.stdout.replace("\r", "")
    lines = (scripts / "zero_a.py").read_bytes().decode().splitlines()
    assert [line for line in lines if "workerlog" in line] == [
        '        print("[OBS] oi")  # workerlog: skip[mirror-output]',
        "        open(p)  # workerlog: skip[retry-io]",
        "    except Exception as e:  # workerlog: skip[specific-exceptions]",
        '        print("erro", e)  # workerlog: skip[mirror-output]',
        "    os.remove(p)  # workerlog: skip[retry-io]",
        "    ])  # workerlog: skip[retry-io]",
    ]
    assert not list(scripts.glob("worker_*.py"))
    again = invoke("--add-skip", "--apply")
    assert again.stderr == "everything is migrated: 1 file\n"
    select = ("--ignore", "logger-setup")
    assert invoke("--check", *select).stderr == "everything is migrated: 1 file\n"


def test_add_skip_joins_comments_and_keeps_out_of_texts(scripts: Path) -> None:
    text = 'print("""a\nb""", end="")  # noqa: T201\nprint("c", \\\n    "d")\nopen("x").write("y")  # workerlog: skip[mirror-output]\n'
    (scripts / "zero_a.py").write_text(text, encoding="utf-8")

    assert invoke("--add-skip", "--apply").exit_code == 0

    assert (scripts / "zero_a.py").read_text(encoding="utf-8") == (
        'print("""a\nb""", end="")  # noqa: T201  # workerlog: skip[mirror-output]\n'
        'print("c", \\\n    "d")  # workerlog: skip[mirror-output]\n'
        'open("x").write("y")  # workerlog: skip[mirror-output, retry-io]\n'
    )


def test_statistics_are_counts_and_nothing_else(scripts: Path) -> None:
    result = invoke("--statistics")

    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split(maxsplit=3) for line in result.stdout.splitlines()] == [
        ["1", "logger-setup", "header"],
        ["2", "mirror-output", "mirrored"],
        ["1", "specific-exceptions", "narrowed"],
        ["1", "retry-io", "left", "a second attempt may hit the new file of another worker"],
        ["1", "retry-io", "left", "the process may run twice"],
        ["1", "retry-io", "wrapped"],
    ]
    assert (scripts / "zero_a.py").read_text(encoding="utf-8") == WORKER


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize("option", [("--diff",), ("--format", "json"), ("--verbose",), ("--apply", "-i")])
def test_statistics_go_with_nothing_else(option: tuple[str, ...]) -> None:
    assert invoke("--statistics", *option).exit_code == 2


def test_annotations_are_workflow_commands(scripts: Path) -> None:
    """Their values are escaped as GitHub reads them; what is permanent is not among them."""
    (scripts / "zero_a.py").rename(scripts / "zero, a:b.py")
    (scripts / "zero_bad.py").write_text("print(\n", encoding="utf-8")

    result = invoke("--check", "--format", "github")

    lines = result.stdout.splitlines()
    assert result.exit_code == 2
    assert lines[0].startswith("::error file=scripts/zero_bad.py,line=1,endLine=1,title=refused::")
    assert any(
        line.startswith("::warning file=scripts/zero%2C a%3Ab.py,line=8,endLine=8,title=retry-io::")
        for line in lines
    )
    assert not any("os.remove" in line for line in lines)


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize(
    ("name", "start"),
    [("x.json", "{"), ("x.sarif", "{"), ("x.HTML", "<!"), ("x.htm", "<!"), ("x.txt", "1 file")],
)
def test_the_ending_of_the_output_decides_the_format(name: str, start: str) -> None:
    assert invoke("--check", "--output", name).exit_code == 1
    assert Path(name).read_text(encoding="utf-8").startswith(start)
    assert invoke("--check", "--format", "json", "--output", name).exit_code == 1
    assert Path(name).read_text(encoding="utf-8").startswith("{")


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize("name", ["NOTES.md", "pyproject.toml", "caderno.ipynb", "run.sh"])
def test_a_file_that_is_no_script_is_answered_as_such(name: str) -> None:
    """Its twin: a script without an ending, or with an odd one, that is named."""
    Path(name).touch()
    Path("zero_run").write_text("print('a')\n", encoding="utf-8")

    result = invoke(name)

    assert result.exit_code == 2
    assert f"{name}:1: refused: this is no Python script" in result.stderr
    assert ("nbconvert" in result.stderr) == name.endswith(".ipynb")
    assert invoke("zero_run").exit_code == 0
    assert "mirror_print" in invoke("zero_run").stdout


def test_a_script_without_a_console_window_is_a_script(scripts: Path) -> None:
    (scripts / "zero_a.py").rename(scripts / "zero_a.pyw")

    assert "+++ b/scripts/zero_a.pyw" in invoke().stdout
    (scripts / "zero_a.pyw").rename(scripts / "tool.pyw")
    assert "1 file matched no worker pattern" in invoke().stderr
    assert "+++ b/scripts/tool.pyw" in invoke("--all", "scripts").stdout


def test_from_among_the_scripts_the_hint_names_this_folder(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scripts)

    assert "next: workerlog-migrate .\n" in invoke().stderr


@pytest.mark.needs("git")
def test_a_gate_that_looks_at_nothing_says_so(scripts: Path) -> None:
    """Its twin: no Python file has changed at all."""
    for arguments in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *arguments], check=True)
    assert invoke("--check", "--changed").stderr == "nothing to do: no worker in scripts has changed\n"

    (scripts / "sync.py").write_text("print('x')\n", encoding="utf-8")
    result = invoke("--check", "--changed")

    assert result.stderr.startswith(
        "WARNING: 1 changed Python file matches no worker pattern, and nothing was checked"
    )
    assert "scripts/sync.py" in result.stderr


@pytest.mark.usefixtures("scripts")
def test_explain_takes_what_was_just_typed() -> None:
    result = invoke("--all", "--check", "scripts", "--explain", "scripts/zero_a.py:11")

    assert result.exit_code == 0
    assert "os.remove is left alone" in result.stdout


def test_explain_of_a_line_in_a_try_body_explains_its_handler(scripts: Path) -> None:
    """Its twin: a line outside of any ``try``."""
    text = WORKER.replace("        open(p)\n", "        open(p)\n        y = 1\n")
    (scripts / "zero_a.py").write_text(text, encoding="utf-8")

    assert "except Exception becomes" in invoke("--explain", "scripts/zero_a.py:9").stdout
    assert "nothing was found here" in invoke("--explain", "scripts/zero_a.py:16").stdout
