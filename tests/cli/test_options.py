"""Options decide what is done; wrong ones are named, and nothing is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from spoken import invoke, spoken

from workerlog_migrate import __version__


def documents(result: Result) -> list[dict[str, object]]:
    files = json.loads(result.stdout)["files"]
    assert isinstance(files, list)
    return files


def test_the_version_is_that_of_the_package() -> None:
    result = invoke("--version")

    assert (result.exit_code, result.stdout) == (0, f"workerlog-migrate, version {__version__}\n")


def test_a_dry_run_is_the_default_and_writes_nothing(worker: Path) -> None:
    before = worker.read_bytes()

    result = invoke("scripts")

    assert result.exit_code == 0
    assert result.stdout.startswith("--- a/scripts/genesis_engine.py\n+++ b/scripts/genesis_engine.py\n@@ ")
    assert '+logger = setup_worker_logger("genesis")\n' in result.stdout
    assert worker.read_bytes() == before
    assert [file.name for file in worker.parent.iterdir()] == [worker.name]
    assert invoke("--dry-run", "scripts").stdout == result.stdout


@pytest.mark.usefixtures("worker")
def test_the_summary_of_a_dry_run_names_the_runtime_files_and_the_diff_does_not() -> None:
    result = invoke("scripts")

    assert "scripts/worker_logger.py, worker_utils.py: runtime files, would be added\n" in result.stderr
    assert "worker_utils.py\n" not in result.stdout
    assert "1 file would change, 0 unchanged\n" in result.stderr


def test_apply_writes_the_script_and_both_runtime_files_and_a_second_run_changes_nothing(
    worker: Path,
) -> None:
    result = invoke("--apply")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "mirror_print(logger.info, " in worker.read_text()
    names = sorted(file.name for file in worker.parent.iterdir())
    assert names == ["genesis_engine.py", "worker_logger.py", "worker_utils.py"]
    bytes_then = {file.name: file.read_bytes() for file in worker.parent.iterdir()}

    again = invoke("--apply")

    assert again.exit_code == 0
    assert again.stderr == "everything is migrated: 1 file; 1 left (-v lists them)\n"
    assert {file.name: file.read_bytes() for file in worker.parent.iterdir()} == bytes_then


@pytest.mark.usefixtures("worker")
def test_check_is_1_before_and_0_after() -> None:
    before = invoke("--check")

    assert (before.exit_code, before.stdout) == (1, "")
    assert "would change scripts/genesis_engine.py" in before.stderr

    invoke("--apply")
    after = invoke("--check")

    assert (after.exit_code, after.stdout) == (0, "")


def test_check_sees_that_a_runtime_file_is_missing(worker: Path) -> None:
    invoke("--apply")
    (worker.parent / "worker_utils.py").unlink()

    result = invoke("--check")

    assert result.exit_code == 1
    assert "scripts/worker_utils.py: runtime file, would be added\n" in result.stderr


@pytest.mark.parametrize("mode", ["--check", "--apply"])
@pytest.mark.usefixtures("worker")
def test_diff_prints_the_diff_too(mode: str) -> None:
    wanted = invoke("scripts").stdout

    assert invoke(mode, "--diff").stdout == wanted


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--select", "mirror-output"], {"mirror-output", "logger-setup"}),
        (["--select", "mirror-output,retry-io"], {"mirror-output", "retry-io", "logger-setup"}),
        (
            ["--select", "retry-io", "--select", "mirror-output"],
            {"mirror-output", "retry-io", "logger-setup"},
        ),
        (["--ignore", "retry-io"], {"mirror-output", "logger-setup"}),
        (["--ignore", "retry-io, mirror-output"], {"logger-setup"}),
        (["--select", "mirror-output,retry-io", "--ignore", "mirror-output"], {"retry-io", "logger-setup"}),
    ],
)
@pytest.mark.usefixtures("worker")
def test_codemods_are_selected_and_ignored(arguments: list[str], names: set[str]) -> None:
    (document,) = documents(invoke("--format", "json", *arguments, "scripts"))

    findings = document["findings"]
    assert isinstance(findings, list)
    assert {finding["codemod"] for finding in findings if finding["applied"]} == names


@pytest.mark.usefixtures("worker")
def test_the_command_line_goes_before_the_configuration(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        "[tool.workerlog-migrate]\npaths = ['other']\nignore = ['retry-io']\n"
        "[tool.workerlog-migrate.workers]\nmotor = ['*engine*.py']\n"
    )
    (project / "other").mkdir()

    assert documents(invoke("--format", "json")) == []
    (document,) = documents(invoke("--format", "json", "scripts"))
    assert document["worker"] == "motor"
    assert "retrying(open)" not in invoke("scripts").stdout
    assert "retrying(open)" in invoke("--select", "retry-io", "scripts").stdout
    (document,) = documents(invoke("--format", "json", "--worker", "ponte=*genesis*", "scripts"))
    assert document["worker"] == "ponte"


def test_configured_paths_start_from_the_configuration(
    project: Path, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").write_text("[tool.workerlog-migrate]\npaths = ['scripts']\n")
    inner = project / "docs"
    inner.mkdir()
    monkeypatch.chdir(inner)

    (document,) = documents(invoke("--format", "json"))

    assert document["path"] == worker.as_posix()


@pytest.mark.usefixtures("worker")
def test_another_configuration_can_be_named(project: Path) -> None:
    (project / "own.toml").write_text("[tool.workerlog-migrate]\nlog-dir = 'var/log'\n")

    assert (
        '+logger = setup_worker_logger("genesis", "var/log")\n'
        in invoke("--config", "own.toml", "scripts").stdout
    )


def test_excluded_files_are_passed_over_from_the_folder_of_the_configuration(
    project: Path, worker: Path
) -> None:
    (project / "pyproject.toml").write_text("[tool.workerlog-migrate]\nexclude = ['/scripts/genesis*']\n")

    assert documents(invoke("--format", "json", "scripts")) == []
    assert len(documents(invoke("--format", "json", str(worker)))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--apply", "--check"], "--dry-run, --apply and --check exclude each other"),
        (["--dry-run", "--apply"], "--dry-run, --apply and --check exclude each other"),
        (["--select", "mirror"], "--select: there is no codemod 'mirror'; the nearest is 'mirror-output'"),
        (["--select", ""], "--select: there is no codemod ''"),
        (["--ignore", "retry"], "--ignore: there is no codemod 'retry'; the nearest is 'retry-io'"),
        (["--select", "retry-io", "--ignore", "retry-io"], "no codemod is left"),
        (["--worker", "sync"], "--worker 'sync': write NAME=GLOB"),
        (["--worker", "=*.py"], "cannot be a worker's name"),
        (["--worker", "a/b=*.py"], "cannot be a worker's name"),
        (["--worker", "root=*.py"], "'root' is the name of the root logger"),
        (["--unresolved", "drop"], "'drop' is not one of 'keep', 'reraise'"),
        (["--jobs", "0"], "0 is not in the range x>=1"),
        (["--jobs", "many"], "'many' is not a valid integer"),
        (["--format", "yaml"], "'yaml' is not one of"),
        (["--color", "blue"], "'blue' is not one of"),
        (["--frobnicate"], "No such option"),
        (["--quiet", "--verbose"], "--quiet and --verbose exclude each other"),
        (["--check", "--diff", "--format", "json"], "--diff and --format json both go to stdout"),
        (["--config", "gone.toml"], "--config gone.toml: no such file"),
        (["--config", "scripts"], "--config scripts: no such file"),
        (["--output", "gone/report.json"], "--output gone/report.json: there is no folder gone"),
        (["--output", "scripts"], "--output scripts: this is a folder"),
        (
            ["--output", "scripts/genesis_engine.py"],
            "--output scripts/genesis_engine.py: this is one of the scripts",
        ),
        (["--explain", "x" * 300], "--explain: there is no codemod 'xxx"),
        (["--explain", f"scripts/genesis_engine.py:{'9' * 5000}"], "--explain: there is no codemod 'scripts"),
        (["-", "scripts"], "'-' reads one script"),
        (["--stdin-filename", "x.py", "scripts"], "--stdin-filename names what is read from '-'"),
        (["--apply", "--format", "json", "-"], "the result and --format json both go to stdout"),
        (["--apply", "--diff", "-"], "with '-' --apply prints the result"),
    ],
)
def test_wrong_usage_is_named_and_nothing_is_done(worker: Path, arguments: list[str], message: str) -> None:
    before = worker.read_bytes()
    result = invoke(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert worker.read_bytes() == before
    assert len(list(worker.parent.iterdir())) == 1


def test_a_link_to_a_script_is_no_place_for_a_report(worker: Path) -> None:
    Path("linked.py").symlink_to(worker)
    before = worker.read_bytes()

    result = invoke("--output", "scripts/../linked.py")

    assert (result.exit_code, worker.read_bytes()) == (2, before)
    assert "linked.py: this is one of the scripts" in result.stderr


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[tool.workerlog-migrate\n", "pyproject.toml: not valid TOML"),
        ("[tool.workerlog-migrate]\npath = 'x'\n", "unknown key 'path'"),
    ],
)
def test_a_broken_configuration_is_one_line(project: Path, worker: Path, body: str, message: str) -> None:
    (project / "pyproject.toml").write_text(body)

    result = invoke("--apply")

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert len(list(worker.parent.iterdir())) == 1


@pytest.mark.usefixtures("worker")
def test_the_report_goes_to_a_file_and_the_diff_to_stdout(project: Path) -> None:
    result = invoke("--format", "json", "--output", "report.json", "scripts")

    assert result.stdout.startswith("--- a/scripts/genesis_engine.py\n")
    assert json.loads((project / "report.json").read_bytes())["counts"]["changed"] == 1

    invoke("--output", "report.txt", "scripts")

    assert "scripts/genesis_engine.py: worker genesis" in spoken((project / "report.txt").read_text())


@pytest.mark.usefixtures("worker")
def test_json_on_stdout_is_nothing_but_json() -> None:
    result = invoke("--format", "json", "--apply")

    assert json.loads(result.stdout)["counts"]["written"] == 1
    assert "1 file changed" in result.stderr


@pytest.mark.usefixtures("worker")
def test_quiet_says_only_what_went_wrong(project: Path) -> None:
    assert invoke("--quiet", "--apply").stderr == ""

    (project / "scripts" / "zero.py").write_text("print(\n")
    result = invoke("--quiet", "--apply")

    assert result.exit_code == 2
    assert result.stderr.startswith("scripts/zero.py:1: refused: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("worker")
def test_verbose_lists_every_file_with_its_worker(project: Path) -> None:
    (project / "scripts" / "zero.py").write_text("X = 1\n")

    stderr = invoke("--verbose", "--check").stderr

    assert "scripts/genesis_engine.py: worker genesis (by *genesis*.py): would change: " in stderr
    assert "scripts/genesis_engine.py:5: " in stderr
    assert "scripts/zero.py: worker zero (by *zero*.py): nothing looked for (no trigger)" in stderr


def test_files_that_matched_nothing_are_counted_and_all_takes_them(project: Path) -> None:
    (project / "scripts" / "tool.py").write_text("print('x')\n")

    result = invoke("scripts")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to do: no worker in scripts; 1 file matched no worker pattern" in result.stderr
    assert 'setup_worker_logger("tool")' in invoke("--all", "scripts").stdout


@pytest.mark.usefixtures("worker")
def test_colour_is_asked_for_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in invoke("scripts").stdout
    assert "\x1b[32m+logger = " in invoke("--color", "always", "scripts").stdout
    assert "\x1b[" not in invoke("--color", "never", "scripts").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m+logger = " in invoke("--color", "always", "scripts").stdout


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {}, True, False),
    ],
)
def test_a_terminal_gets_colour_unless_it_does_not_want_it(
    monkeypatch: pytest.MonkeyPatch, choice: str, environment: dict[str, str], terminal: bool, wanted: bool
) -> None:
    import io

    from workerlog_migrate.output import wants_color

    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setattr("workerlog_migrate.output.shows_escapes", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert wants_color(choice, Stream()) is wanted


def test_standard_input_gives_the_diff_or_the_result(worker: Path) -> None:
    raw = worker.read_bytes().replace(b"\n", b"\r\n")

    diff = invoke("--stdin-filename", "scripts/zero.py", "-", data=raw)
    result = invoke("--apply", "--stdin-filename", "scripts/zero.py", "-", data=raw)

    assert diff.stdout_bytes.startswith(b"--- a/scripts/zero.py\n")
    assert b'+logger = setup_worker_logger("zero")\r\n' in diff.stdout_bytes
    assert b'\r\nlogger = setup_worker_logger("zero")\r\n' in result.stdout_bytes
    assert result.stdout_bytes.count(b"\n") == result.stdout_bytes.count(b"\r\n")
    assert (diff.exit_code, result.exit_code) == (0, 0)
    assert [file.name for file in worker.parent.iterdir()] == [worker.name]
    assert invoke("--check", "-", data=raw).exit_code == 1
    assert invoke("--check", "-", data=result.stdout_bytes).exit_code == 0


@pytest.mark.usefixtures("project")
def test_standard_input_that_is_refused_comes_out_as_it_went_in() -> None:
    raw = b"print(\n\xff"

    result = invoke("--apply", "-", data=raw)

    assert result.exit_code == 2
    assert result.stdout_bytes == raw
    assert "\nstdin.py:2: refused: not UTF-8" in result.stderr


def test_a_folder_with_a_worker_logger_of_its_own_leaves_its_scripts_only(
    project: Path, worker: Path
) -> None:
    (project / "scripts" / "worker_logger.py").write_text("def mine():\n    pass\n")
    other = project / "scripts" / "other" / "zero.py"
    other.parent.mkdir()
    other.write_text("print('x')\n")
    before = worker.read_bytes()

    dry = invoke("--verbose", "scripts")
    result = invoke("--verbose", "--apply", "scripts")

    assert (dry.exit_code, result.exit_code) == (0, 0)
    for output in (dry, result):
        assert "scripts/genesis_engine.py:5" in output.stderr
        assert "scripts/worker_logger.py is a file of your own and lacks " in output.stderr
    assert worker.read_bytes() == before
    assert "mirror_print" in other.read_text()
    assert "genesis_engine" not in dry.stdout
    assert (project / "scripts" / "worker_logger.py").read_text() == "def mine():\n    pass\n"
    assert not (project / "scripts" / "worker_utils.py").exists()


def test_a_script_that_has_modules_of_these_names_elsewhere_gets_no_runtime(project: Path) -> None:
    (project / "scripts" / "zero.py").write_text(
        "from worker_utils import theirs\n\n\ndef f():\n    open(1)\n"
    )

    invoke("--apply", "--select", "mirror-output", "scripts")

    assert [file.name for file in (project / "scripts").iterdir()] == ["zero.py"]


def test_a_package_s_module_that_is_taken_for_a_script_is_said_without_verbose(project: Path) -> None:
    """Its import of the runtime is flat, which only a person can know to be right."""
    (project / "scripts" / "__init__.py").write_text("")
    script = project / "scripts" / "zero.py"
    script.write_text("def main():\n    print('x')\nif __name__ == '__main__':\n    main()\n")
    said = "scripts/zero.py:1: a __main__ guard and no relative import in a package: "

    result = invoke("scripts")

    assert "+from worker_logger import mirror_print" in result.stdout
    assert said in result.stderr
    script.write_text("from . import other\n" + script.read_text())
    assert "+from .worker_logger import mirror_print" in invoke("scripts").stdout
    assert "guard" not in invoke("scripts").stderr


def test_an_empty_path_is_not_the_current_folder(worker: Path) -> None:
    """A shell variable that is not set must not have everything migrated."""
    result = invoke("--apply", "")

    assert result.exit_code == 2
    assert "a path is empty" in result.stderr
    assert "mirror_print" not in worker.read_text()
    assert invoke("--apply", ".").exit_code == 0
    assert "mirror_print" in worker.read_text()


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("mode", ["--dry-run", "--check", "--apply"])
def test_a_file_that_ends_like_a_diff_gets_the_diff(project: Path, mode: str) -> None:
    """The bytes that go to stdout without it, whatever a shell makes of those."""
    wanted = invoke("scripts").stdout_bytes

    result = invoke(mode, "--output", "migration.diff", "scripts")

    assert (project / "migration.diff").read_bytes() == wanted
    assert (result.exit_code, result.stdout) == (int(mode == "--check"), "")
    assert wanted.startswith(b"--- a/scripts/genesis_engine.py\n")


def test_without_a_change_the_diff_is_an_empty_file(project: Path) -> None:
    """Its twin; and a named format goes before the ending."""
    (project / "scripts" / "zero.py").write_text("X = 1\n")

    invoke("--output", "migration.patch", "scripts")
    invoke("--format", "json", "--output", "report.diff", "scripts")

    assert (project / "migration.patch").read_bytes() == b""
    assert json.loads((project / "report.diff").read_bytes())["counts"]["changed"] == 0
