"""An edited line loses the ``# noqa`` codes that have nothing left to silence there, and nothing else of its comment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from workerlog_migrate.model import Settings, Target, Trial
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.rewriting.verify import CheckError, check_noqa

HANDLER = """\
import os


def f(p):
    try:
        os.remove(p)
    except Exception:{comment}
        pass
"""
PRINT = """\
def f(p):
    print("a", p){comment}
"""
OPEN = """\
def f(p):
    open(p, 'w').write('x'){comment}
"""
UNKNOWN = HANDLER.replace("import os", "import minha").replace("os.remove", "minha.enviar")


def migrated(text: str, trial: Trial = Trial.OFF) -> str:
    """Migrate a script through the whole pipeline."""
    target = Target(Path("zero_a.py"), "zero", pattern="*")
    result = migrate_bytes(text.encode(), target, Settings(trial=trial))
    assert result.error is None
    again = migrate_bytes(result.after, target, Settings(trial=trial))
    assert not again.changed
    return result.after.decode()


@pytest.mark.parametrize(
    ("template", "comment", "expected"),
    [
        (HANDLER, "  # noqa: BLE001", "except OSError:\n"),
        (HANDLER, "  # noqa: BLE001, S110", "except OSError:\n"),
        (HANDLER, "  # noqa:S110,BLE001,E701", "except OSError:  # noqa:E701\n"),
        (HANDLER, "  # noqa: E501, BLE001, PLW0703", "except OSError:  # noqa: E501, PLW0703\n"),
        (HANDLER, "  # noqa: BLE001 - o painel cai", "except OSError:  # o painel cai\n"),
        (HANDLER, "  # noqa: BLE001  # pylint: disable=broad-except", "except OSError:  # pylint: disable=broad-except\n"),
        (HANDLER, "  # melhor assim  # noqa: BLE001", "except OSError:  # melhor assim\n"),
        (HANDLER, "  # NOQA : BLE001", "except OSError:\n"),
        (OPEN, "  # noqa: SIM115, PTH123", "retrying(open)(p, 'w').write('x')\n"),
        (OPEN, "  # noqa: SIM115, E501", "retrying(open)(p, 'w').write('x')  # noqa: E501\n"),
        (PRINT, "  # noqa: T201", "mirror_print(logger.info, \"a\", p)\n"),
        (PRINT, "  # noqa: T201,E501", "mirror_print(logger.info, \"a\", p)  # noqa: E501\n"),
        (PRINT, "; print(2)  # noqa: T201", "p); mirror_print(logger.info, 2)\n"),
    ],
)  # fmt: skip
def test_a_code_that_no_longer_applies_goes(template: str, comment: str, expected: str) -> None:
    """Kind: the edit takes away what the code silenced."""
    assert expected in migrated(template.format(comment=comment))


@pytest.mark.parametrize(
    ("template", "comment"),
    [
        (HANDLER, "  # noqa"),
        (HANDLER, "  # noqa: E501"),
        (HANDLER, "  # noqa: T201"),
        (HANDLER, "  # noqabla: BLE001"),
        (HANDLER, "  # a noqa: BLE001 stood here"),
        (UNKNOWN, "  # noqa: BLE001"),
        (PRINT, "; os.stat(p)  # noqa: BLE001"),
        (OPEN, "; open(p, 'x')  # noqa: SIM115"),
        (PRINT, "; print(p, file=f)  # noqa: T201"),
        (PRINT, "\n    f = 'x'  # noqa: T201"),
        (PRINT, "\n    s = '# noqa: T201'; print(s)  # noqa: E702"),
    ],
)
def test_twin_what_still_applies_or_is_not_ours_stays(template: str, comment: str) -> None:
    """Twin: another code, a blanket comment, a handler that stays broad, a line with another print, a text."""
    text = migrated(template.format(comment=comment))

    assert comment.rpartition("#")[2] in text
    assert text.count("noqa") == comment.lower().count("noqa")


def test_on_trial_a_handler_stays_blind(tmp_path: Path) -> None:
    """Kind: a watched handler is as blind as before, but not silent; settling it takes the rest."""
    text = migrated(HANDLER.format(comment="  # noqa: BLE001, S110"), Trial.ON)

    assert "except Exception:  # noqa: BLE001\n" in text
    assert migrated(text, Trial.END).count("noqa") == 0
    script = tmp_path / "zero_a.py"
    for each in (text, migrated(HANDLER.format(comment="  # noqa: BLE001, S110"))):
        script.write_text(each, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--select",
            "RUF100,BLE,S110,E722,T20",
            str(script),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "text", ["a = 1  # noqa: B\n", "a = 2\n", "a = 1  # noqa: A, C\n", "a = 1\nb = 1\n", "a=1\n"]
)
def test_the_check_refuses_all_but_codes_taken_out(text: str) -> None:
    """Kind: what the check is for: other words, other code, other positions."""
    checked = "a = 1  # noqa: A\n"

    with pytest.raises(CheckError):
        check_noqa(checked, text, ast.parse(checked))
    check_noqa(checked, "a = 1\n", ast.parse(checked))
