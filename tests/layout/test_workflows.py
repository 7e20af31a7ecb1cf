"""The action and the workflows: what they run here, dry, and that they name no file that there is not."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with LibCST, without types

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_asks_for_no_more_than_to_read(path: Path) -> None:
    """Only the job that publishes may have a token, which is one of its own run."""
    workflow = load(path)

    assert workflow["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert granted in ({}, {"publish": {"id-token": "write"}})


def test_ci_covers_the_systems_and_pythons_that_are_promised() -> None:
    matrix = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]

    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13", "3.14"]


def check(checkout: Path, inputs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the action's last step in a checkout."""
    steps = load(ROOT / "action.yml")["runs"]["steps"]
    (step,) = (step for step in steps if step.get("name") == "Check")
    tool = checkout.parent / f"{checkout.name}-tool"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m workerlog_migrate "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    empty = {"PATHS": "", "CHANGED": "", "FORMAT": "github", "OUTPUT": "", "ARGS": ""}
    assert set(step["env"]) == set(empty)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=checkout,
        env={**os.environ, **empty, **inputs, "WORKERLOG_MIGRATE": str(tool)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the action's shell is bash")
@pytest.mark.parametrize(
    ("inputs", "code", "shown"),
    [
        ({"PATHS": "scripts"}, 1, "::warning file=scripts/zero_a.py,line=1"),
        ({"PATHS": "scripts", "FORMAT": "text"}, 1, ""),
        ({"PATHS": "scripts", "ARGS": "--ignore mirror-output,logger-setup"}, 0, ""),
        ({"PATHS": "scripts", "FORMAT": "sarif", "OUTPUT": "out.sarif"}, 1, ""),
    ],
    ids=["annotations", "text", "options", "sarif"],
)
def test_the_check_of_the_action_runs(tmp_path: Path, inputs: dict[str, str], code: int, shown: str) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "zero_a.py").write_text("print('a')\n", encoding="utf-8")

    done = check(tmp_path, inputs)

    assert done.returncode == code, done.stderr
    assert shown in done.stdout
    assert (tmp_path / "out.sarif").exists() is ("OUTPUT" in inputs)


@pytest.mark.skipif(sys.platform == "win32", reason="the action's shell is bash")
def test_a_file_s_name_is_no_option_of_the_action(tmp_path: Path) -> None:
    """Kind: a name of the checkout that stands where options may."""
    victim = tmp_path / "victim" / "zero_a.py"
    checkout = tmp_path / "checkout"
    folder = checkout / "--output=" / victim.parent.relative_to(tmp_path.anchor)
    folder.mkdir(parents=True)
    victim.parent.mkdir()
    (folder / victim.name).write_text("print('a')\n", encoding="utf-8")

    done = check(checkout, {"PATHS": f"--output={victim}"})

    assert not victim.exists()
    assert done.returncode == 1, done.stderr


def test_the_action_starts_no_module_of_the_checkout(tmp_path: Path) -> None:
    """Kind: a name that is looked up among the checkout's files, and run: `python -m` looks there first."""
    mark = tmp_path / "it ran"
    names = ("venv", "pip", "runpy", "ensurepip", "click", "workerlog_migrate")
    for name in names:
        (tmp_path / f"{name}.py").write_text(f"open({str(mark)!r}, 'w')\n", encoding="utf-8")
    (step,) = (step for step in load(ROOT / "action.yml")["runs"]["steps"] if step.get("name") == "Install")
    started = [shlex.split(line) for line in step["run"].splitlines() if '"' in line and " -m " in line]

    for words in started:
        module = words.index("-m")
        options = words[1:module]
        subprocess.run(
            [sys.executable, *options, "-m", words[module + 1], "--help"],
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )

    assert len(started) == 2
    assert not mark.exists()


def test_a_file_s_name_is_no_option_of_a_hook() -> None:
    """As the one above, for pre-commit, which puts the names behind the arguments."""
    for hook in load(ROOT / ".pre-commit-hooks.yaml"):
        assert hook["args"][-1] == "--"
        assert re.search(hook["exclude"], "--output=/etc/genesis.py")
        assert not re.search(hook["exclude"], "scripts/genesis.py")
