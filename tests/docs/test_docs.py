"""Every command and every output of the documentation is run; every other block is read.

- A ``console`` block holds lines ``$ command`` (continued by ``> ``), each followed by what a terminal shows: stdout
  and stderr as they come. All commands of a page run in order, in one shell, in a copy of ``fixtures/docs`` (or of the folder that
  ``<!-- project: FOLDER -->`` names). A line ``...`` stands for any lines; time stamps need only be time
  stamps; the folder is shown as ``/srv/contos``.
- ``<!-- $ command -->`` above any other block: the block is that command's output, in a fresh copy.
- ``toml``, ``json``, ``yaml`` and ``python`` blocks parse; our configuration is loaded as the program loads it; what
  a workflow's ``run`` says is run.
- ``sh`` blocks are run by nobody: ``<!-- not run: WHY -->`` says why, and bash reads them.

``pytest tests/docs --update-golden`` writes what the commands print, and fails, so that a person reads it.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, cast

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with LibCST, without types

from workerlog_migrate import __version__
from workerlog_migrate.config import load_config
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.registry import CODEMODS, DEFAULT, HEADER

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "README.pt-BR.md", *(ROOT / "docs").rglob("*.md")])
LANGUAGES = {"console", "diff", "text", "log", "toml", "json", "yaml", "python", "sh", "bat"}
MARK = "--8<-- command"

_BLOCK = re.compile(
    r"(?:<!-- (?P<note>(?:\$|not run:) .*?) -->\n)?^```(?P<language>[\w-]*)\n(?P<body>.*?)^```$", re.M | re.S
)
_STAMP = re.compile(
    # A time, or two that may as well fall into one millisecond.
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d{3}Z?(?: to \d{4}-\d\d-\d\dT[\d:.]+Z)?|(?<=\"time\": )[\d.]+|(?<=\"process\": )\d+"
    r"|\bpid \d+|\bPython 3[\d.]+\d(?=, )"
)


class Block(NamedTuple):
    """One fenced block: what stands above it, its language, its text and where that begins in the page."""

    note: str
    language: str
    body: str
    start: int
    line: int


def blocks_of(text: str) -> list[Block]:
    return [
        Block(
            match["note"] or "",
            match["language"],
            match["body"],
            match.start("body"),
            text.count("\n", 0, match.start("body")),
        )
        for match in _BLOCK.finditer(text)
    ]


def blocks(*languages: str, note: str = "") -> list[object]:
    """Give the blocks of some languages on all pages, each as a parameter named by its place."""
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}:{block.line}")
        for page in PAGES
        for block in blocks_of(page.read_text(encoding="utf-8"))
        if block.language in languages and block.note.startswith(note)
    ]


def pages(needed: str) -> list[object]:
    return [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page in PAGES
        if re.search(needed, page.read_text(encoding="utf-8"), re.M)
    ]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the PATH: ``workerlog-migrate``, ``python`` and ``python3`` are this checkout's."""
    folder = tmp_path_factory.mktemp("bin")
    script = f'#!/bin/sh\nexec "{sys.executable}" -m workerlog_migrate "$@"\n'
    for name, text in (
        ("workerlog-migrate", script),
        ("python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'),
        ("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'),
    ):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def new_project(folder: Path, page: str) -> Path:
    named = re.search(r"<!-- project: (\S+) -->", page)
    shutil.copytree(ROOT / (named[1] if named else "fixtures/docs"), folder)
    for block in blocks_of(page):  # what a page says of LibCST's tool is run as it says
        if block.language == "yaml" and "workerlog_codemods" in block.body:
            (folder / ".libcst.codemod.yaml").write_text(block.body, encoding="utf-8")
    return folder


def run_all(commands: Path, project: Path, lines: list[str]) -> list[str]:
    """Run commands in one shell; give what each has shown."""
    script = "".join(f"{line}\n__code=$?; echo '{MARK}'; (exit $__code)\n" for line in lines)
    left_out = ("GIT_", "PYTHON", "WORKER_", "NO_COLOR", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=project,
        env={
            **kept,
            "PATH": f"{commands}{os.pathsep}{kept['PATH']}",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'codemods'}",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.replace(str(project), "/srv/contos").split(f"{MARK}\n")[:-1]


def commands_of(block: Block) -> list[tuple[str, str]]:
    """Give each command of a console block with the output that is expected of it."""
    found: list[tuple[str, str]] = []
    for line in block.body.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:].rstrip("\n"), ""))
        elif line.startswith("> ") and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:].rstrip()}", "")
        else:
            command, expected = found[-1]  # a block begins with a command
            found[-1] = (command, expected + line)
    return found


def matches(expected: str, shown: str) -> bool:
    pattern = re.escape(_STAMP.sub("STAMP", expected)).replace(re.escape("...\n"), "(?:.*\n)*?")
    return re.fullmatch(pattern, _STAMP.sub("STAMP", shown)) is not None


def complain(where: str, expected: str, shown: str) -> str:
    lines = difflib.unified_diff(
        expected.splitlines(), shown.splitlines(), "documented", "shown", lineterm=""
    )
    return f"{where}\n" + "\n".join(lines)


def updated(expected: str, shown: str) -> str:
    """Give what the page should hold, with a stamp that does not change from day to day."""
    if matches(expected, shown):
        return expected
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "2026-03-02 10:00:00,123", shown)


@pytest.mark.parametrize("page", pages(r"^```console$"))
def test_every_command_shows_what_the_page_says(
    page: Path, commands: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    text = page.read_text(encoding="utf-8")
    console = [block for block in blocks_of(text) if block.language == "console"]
    expected = [pair for block in console for pair in commands_of(block)]

    shown = run_all(commands, new_project(tmp_path / "project", text), [command for command, _ in expected])

    assert len(shown) == len(expected)
    if request.config.getoption("--update-golden"):
        outputs = iter(shown)
        new = text
        rendered = [
            "".join(
                "$ " + command.replace("\n", "\n> ") + "\n" + updated(said, next(outputs))
                for command, said in commands_of(block)
            )
            for block in console
        ]
        for block, body in reversed([*zip(console, rendered, strict=True)]):
            new = new[: block.start] + body + new[block.start + len(block.body) :]
        page.write_text(new, encoding="utf-8")
    wrong = [
        complain(f"$ {command}", said, seen)
        for (command, said), seen in zip(expected, shown, strict=True)
        if not matches(said, seen)
    ]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("page", pages(r"^<!-- \$ "))
def test_every_marked_block_is_the_output_of_its_command(
    page: Path, commands: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    text = new = page.read_text(encoding="utf-8")
    wrong = []
    for number, block in reversed([*enumerate(blocks_of(text))]):
        if not block.note.startswith("$ "):
            continue
        (shown,) = run_all(commands, new_project(tmp_path / str(number), text), [block.note[2:]])
        if not matches(block.body, shown):
            wrong.append(complain(block.note, block.body, shown))
            new = new[: block.start] + updated(block.body, shown) + new[block.start + len(block.body) :]
    if request.config.getoption("--update-golden"):
        page.write_text(new, encoding="utf-8")
    assert not wrong, "\n\n".join(wrong)


def test_every_block_has_a_language_that_is_checked() -> None:
    """The two commands of the README stand in plain blocks: `.ci/run` takes one, a test below the other."""
    unknown = {
        f"{page.relative_to(ROOT)}:{block.line}": block.language
        for page in PAGES
        for block in blocks_of(page.read_text(encoding="utf-8"))
        if block.language not in LANGUAGES and not (page.parent == ROOT and "python3 -m venv" in block.body)
    }

    assert unknown == {}


@pytest.mark.parametrize("block", blocks("diff", "text", "log"))
def test_every_output_says_which_command_shows_it(block: Block) -> None:
    assert block.note.startswith("$ ")


@pytest.mark.parametrize("block", blocks("toml"))
def test_toml_is_configuration_that_loads(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(block.body, encoding="utf-8")

    load_config(file, required="tool.workerlog-migrate" in block.body)


@pytest.mark.parametrize("block", blocks("python"))
def test_python_parses(block: Block) -> None:
    ast.parse(block.body)


@pytest.mark.parametrize("block", blocks("json"))
def test_json_parses(block: Block) -> None:
    json.loads(block.body)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml_parses(block: Block) -> None:
    assert yaml.safe_load(block.body)


def _yaml_of(page: str, key: str) -> dict[str, object]:
    """Give the one YAML block of a page that has a key."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    documents = [yaml.safe_load(block.body) for block in blocks_of(text) if block.language == "yaml"]
    (document,) = (document for document in documents if key in document)
    return cast("dict[str, object]", document)


def test_what_the_workflow_runs_runs(commands: Path, tmp_path: Path) -> None:
    """On a branch that has changed one worker: the report is there, and the last step fails."""
    jobs = cast(
        "dict[str, dict[str, list[dict[str, str]]]]", _yaml_of("use-it-everywhere.md", "jobs")["jobs"]
    )
    steps = [
        step["run"] for step in jobs["workerlog"]["steps"] if step.get("run", "").startswith("workerlog-")
    ]
    lines = [step.replace("${{ github.base_ref }}", "main") for step in steps]
    commit = "git -c user.name=a -c user.email=a@example.org commit -qm x"
    branch = f"git init -q && git add . && {commit} && git update-ref refs/remotes/origin/main HEAD"
    project = new_project(tmp_path / "project", "")

    shown = run_all(
        commands,
        project,
        [
            f"{branch} && echo 'print(1)' >> scripts/genesis_fila.py && git add . && {commit}",
            *(f"{line} --quiet; echo $?" for line in lines),
        ],
    )

    assert [said.splitlines()[-1:] for said in shown] == [[], ["0"], ["1"]]
    assert json.loads((project / "workerlog.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_the_hooks_of_the_page_are_ours() -> None:
    (repository,) = cast("list[dict[str, object]]", _yaml_of("use-it-everywhere.md", "repos")["repos"])
    hooks = cast("list[dict[str, str]]", repository["hooks"])
    ours = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert {hook["id"] for hook in hooks} < {hook["id"] for hook in ours}
    assert repository["rev"] == f"v{__version__}"


def test_the_example_of_rank_logs_runs(commands: Path, tmp_path: Path) -> None:
    """Each of its files begins with a comment that names it."""
    page = (ROOT / "docs" / "runtime.md").read_text(encoding="utf-8")
    for block in blocks_of(page):
        if named := re.match(r"# (\w+\.py): ", block.body):
            (tmp_path / named[1]).write_text(block.body, encoding="utf-8")
    shutil.copy(ROOT / "src" / "workerlog_migrate" / "runtime" / "worker_logger.py", tmp_path)

    (shown,) = run_all(commands, tmp_path, ["python parent.py"])

    assert [_STAMP.sub("STAMP", line) for line in shown.splitlines()] == [
        f"{rank} 0 STAMP - Worker {rank} - root - INFO - step 1" for rank in range(3)
    ]


def test_the_page_on_reports_names_every_key_of_the_json(commands: Path, tmp_path: Path) -> None:
    project = new_project(tmp_path / "project", "")
    run_all(commands, project, ["workerlog-migrate --format json --output r.json --quiet"])
    report = json.loads((project / "r.json").read_text(encoding="utf-8"))
    keys = {*report, *report["counts"], *report["files"][0], *report["runtime"][0]}
    for finding in (finding for file in report["files"] for finding in file["findings"]):
        keys |= {*finding, *finding["span"], *(key for evidence in finding["evidence"] for key in evidence)}

    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")

    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize("block", blocks("sh"))
def test_what_is_not_run_says_why_and_is_shell(block: Block) -> None:
    assert block.note.startswith("not run: ")
    subprocess.run(["bash", "-n", "-c", block.body], check=True)


@pytest.mark.parametrize("codemod", CODEMODS)
def test_each_codemods_example_is_what_it_does(codemod: str) -> None:
    """The second block of "Example" is what the first becomes; what the header adds above it may be left out."""
    page = (ROOT / "docs" / "codemods" / f"{codemod}.md").read_text(encoding="utf-8")
    before, after = (
        block.body for block in blocks_of(page.partition("## Example")[2]) if block.language == "python"
    )

    settings = Settings() if codemod in DEFAULT else Settings(select=(HEADER, codemod))
    result = migrate_bytes(before.encode(), Target(Path("genesis.py"), "genesis", "*genesis*.py"), settings)

    assert result.error is None
    assert result.after.decode().endswith(after)


def test_the_first_command_of_the_readmes_shows_a_sample_worker(commands: Path, tmp_path: Path) -> None:
    """Its installation is what `.ci/run` does; the rest is run here."""
    lines = {
        line
        for page in (ROOT / "README.md", ROOT / "README.pt-BR.md")
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("python3 -m venv") and "--dry-run" in line
    }
    (line,) = lines
    command = line.split(" && ")[-1].removeprefix(".venv/bin/")

    clone = tmp_path / "clone"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, clone / name)
    (shown,) = run_all(commands, clone, ["git init -q", command])[1:]
    above = blocks_of((ROOT / "README.md").read_text(encoding="utf-8"))[0].body

    assert (
        above.partition("\n+++")[2].partition("\n")[2] in shown
    )  # all of the diff but the names of its files
    assert "1 file would change, 0 unchanged\n" in shown
    assert len(shown.splitlines()) <= 30  # a first look fits a screen


def test_the_messages_of_the_troubleshooting_page_are_the_programs() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    program = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    quoted = re.findall(r"^\| `([^`-][^`]*)` \|", page, re.M)

    assert len(quoted) > 5
    assert [message for message in quoted if message not in program] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [
        target
        for target in targets
        if not target.startswith(("http://", "https://")) and not (page.parent / target).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_of_this_repository_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(
        r"\b(?<!fixtures/)(?:tests|benchmarks|src|docs|codemods)/[\w./-]*\w", page.read_text(encoding="utf-8")
    )

    assert [name for name in named if not ((ROOT / name).exists() or (page.parent / name).exists())] == []


def test_every_page_is_in_the_index() -> None:
    """Pages of codemods that have to be asked for are found through the folder, so that one is added without the index."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    of_folder = {
        ROOT / "docs" / "codemods" / f"{name}.md" for name in CODEMODS if name not in (HEADER, *DEFAULT)
    }
    left_out = [
        page.name
        for page in PAGES
        if page.is_relative_to(ROOT / "docs")
        and page.name != "README.md"
        and page not in of_folder
        and f"({page.relative_to(ROOT / 'docs').as_posix()})" not in index
    ]

    assert left_out == []
    assert "(codemods/)" in index


def test_the_reference_is_what_the_docstrings_say() -> None:
    """After a change of a docstring: ``python docs/reference.py > docs/reference.md``."""
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")

    assert runpy.run_path(str(ROOT / "docs" / "reference.py"))["render"]() == page
