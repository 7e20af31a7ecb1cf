"""What a round has written may make more known: then the result is rewritten and checked in its turn, in the same run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import commands
import pytest

from workerlog_migrate.files.source import decode
from workerlog_migrate.model import FileResult, Settings, Target
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.registry import LOGGER_SETUP, SPECIFIC_EXCEPTIONS

ONLY = Settings(select=(LOGGER_SETUP, SPECIFIC_EXCEPTIONS))


def nested(levels: int, newline: str = "\n") -> str:
    """A handler whose error is of a known class only when the one inside is narrowed, and so on outwards."""
    lines = ["open(caminho).close()"]
    for level in range(levels):
        body = [f"    {line}" for line in lines]
        use = "pass" if level == levels - 1 else f"falha(e{level}.errno + 1 if e{level}.errno else 0)"
        lines = ["try:", *body, f"except Exception as e{level}:", f"    {use}"]
    script = ["def falha(numero):", "    raise OSError(numero)", "", "", "def um(caminho):"]
    return newline.join([*script, *(f"    {line}" for line in lines), ""])


def migrate(text: str, settings: Settings = ONLY) -> FileResult:
    target = Target(Path("genesis.py"), "genesis", pattern="*genesis*.py")
    return migrate_source(decode(target.path, text.encode()), target, settings)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_each_round_makes_the_next_handler_known(levels: int, newline: str) -> None:
    """The twin is one handler, for which one round is enough. Lines are those of the original."""
    text = nested(levels, newline)
    result = migrate(text)

    assert result.error is None
    assert result.rounds == levels
    assert "except Exception" not in result.after.decode()
    assert "trace=True" not in result.after.decode()  # as in a handler that is known at once
    handlers = [finding for finding in result.plan.applied if finding.kind == "narrowed"]
    before = text.split(newline)
    assert [before[finding.span.line - 1].split()[0] for finding in handlers] == ["except"] * levels
    assert {finding.span.line for finding in handlers} == {
        number for number, line in enumerate(before, 1) if "except" in line
    }
    assert not [finding for finding in result.plan.reported if finding.codemod == SPECIFIC_EXCEPTIONS]
    again = migrate(result.after.decode())
    assert again.error is None
    assert not again.changed


def test_after_four_rounds_a_file_is_refused() -> None:
    result = migrate(nested(6))

    assert result.after == result.before
    assert result.error is not None
    assert "a second run would change more" in result.error.reason


def test_the_lines_of_evidence_are_those_of_the_original() -> None:
    text = nested(2)
    result = migrate(text, Settings())

    assert result.rounds == 2
    lines = text.splitlines()
    for finding in result.plan.applied:
        for evidence in finding.evidence:
            assert evidence.cause.split("(")[0].split("[")[0] in lines[evidence.line - 1]


def test_the_command_shows_and_writes_the_same(tmp_path: Path) -> None:
    """The printed diff is what is written, and a second run changes nothing."""
    script = tmp_path / "genesis.py"
    script.write_text(nested(3), encoding="utf-8")

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": commands.PATHS}
        return commands.text(commands.run("--no-cache", *options, "genesis.py", cwd=tmp_path, env=variables))

    shown = run("--check", "--diff")
    applied = run("--apply", "--diff", "--no-undo")

    assert applied.returncode == 0, applied.stderr
    assert shown.stdout == applied.stdout
    assert "except Exception" not in script.read_text(encoding="utf-8")
    assert run("--check").returncode == 0
