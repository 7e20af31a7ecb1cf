"""Each check before a write can fail: a faulty rewrite is planted, and the file is left alone and reported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.files.source import decode
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.finders.mirror_call import MirrorCall
from workerlog_migrate.model import FileResult, Finding, Settings, Splice, Target
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.registry import DEFAULT
from workerlog_migrate.rewriting import rewrite

BEFORE = '''\
"""Fila de histórias."""
import os


def main():
    try:
        with open("fila.txt") as f:  # a fila
            print(f.read())
    except Exception:  # segue
        pass
    return os.getcwd()


main()
'''

_real = rewrite.rewrite
_Faulty = Callable[[str], str]


def _migrate() -> FileResult:
    target = Target(Path("genesis.py"), "genesis", pattern="*genesis*.py")
    return migrate_source(decode(target.path, BEFORE.encode()), target, Settings())


def _plant(monkeypatch: pytest.MonkeyPatch, spoil: _Faulty, *, keep_splices: bool = False) -> None:
    """Let the rewriter spoil its own result; its splices then tell the truth about it, or what it did before."""

    def faulty(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
        text, splices = _real(module, findings)
        spoiled = spoil(text)
        assert spoiled != text, "the planted fault must change something"
        if keep_splices:
            return spoiled, splices
        whole = Splice(0, len(module.source.text), spoiled)
        return spoiled, (whole,)

    monkeypatch.setattr(rewrite, "rewrite", faulty)


def test_the_sound_rewrite_passes() -> None:
    result = _migrate()

    assert result.error is None
    assert b"retrying(open)" in result.after
    assert b"except Exception" not in result.after


def test_a_result_that_does_not_compile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _plant(monkeypatch, lambda text: text.replace("def main():", "def main()"))

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert "does not compile" in result.error.reason


def test_a_handler_behind_a_bare_one_is_not_repaired_unasked() -> None:
    """It fails only when compiling, and a bare handler that is narrowed would hide that."""
    text = "try:\n    open('a')\nexcept:\n    print('a')\nexcept Exception:\n    pass\n"
    target = Target(Path("genesis.py"), "genesis", pattern="*genesis*.py")

    result = migrate_source(decode(target.path, text.encode()), target, Settings())

    assert result.after == result.before
    assert result.error is not None
    assert (result.error.line, "default 'except:' must be last" in result.error.reason) == (3, True)


def test_a_result_that_only_compiling_rejects_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A __future__ import below code parses, and fails only when it is compiled."""
    _plant(monkeypatch, lambda text: text + "from __future__ import annotations\n")

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert "does not compile" in result.error.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("return os.getcwd()", "return os.getpid()", id="other statement"),
        pytest.param('"fila.txt"', '"fila.TXT"', id="argument"),
        pytest.param("logger.info", "logger.error", id="level"),
        pytest.param("except (OSError, ValueError)", "except (OSError, ValueError, KeyError)", id="types"),
        pytest.param("retrying(open)", "retrying(print)", id="callee"),
        pytest.param('setup_worker_logger("genesis")', 'setup_worker_logger("zero")', id="header"),
        pytest.param("ValueError):", "ValueError) as other:", id="alias"),
    ],
)
def test_a_result_that_is_another_program_is_refused(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    """Undoing the planned edits must give the original program: one wrong name is enough."""

    def spoil(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
        text, splices = _real(module, findings)
        assert old in text
        spoiled = text.replace(old, new)
        return spoiled, tuple(replace(splice, text=splice.text.replace(old, new)) for splice in splices)

    monkeypatch.setattr(rewrite, "rewrite", spoil)

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert result.error.reason.startswith("check failed")


def test_a_byte_outside_the_edited_spans_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank more at a line's end changes no program, and still is not ours to write."""
    _plant(monkeypatch, lambda text: text.replace("return os.getcwd()", "return os.getcwd() "))

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert "bytes outside the edited spans" in result.error.reason


def test_a_result_that_the_splices_do_not_explain_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    _plant(monkeypatch, lambda text: text.replace("import os\n", "import os \n"), keep_splices=True)

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert "not the original with the edits put in" in result.error.reason


def test_a_lost_comment_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
        text, splices = _real(module, findings)
        assert "  # segue" in text
        return text.replace("  # segue", ""), tuple(
            replace(splice, text=splice.text.replace("  # segue", "")) for splice in splices
        )

    monkeypatch.setattr(rewrite, "rewrite", spoil)

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert "comment" in result.error.reason


def test_a_rewrite_that_leaves_something_to_do_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding that is forgotten makes a second run change more."""

    def forgetful(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
        return _real(module, [finding for finding in findings if not isinstance(finding.edit, MirrorCall)])

    monkeypatch.setattr(rewrite, "rewrite", forgetful)
    monkeypatch.setattr("workerlog_migrate.rewriting.verify.check_undo", lambda *_: {})

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None
    assert "a second run would change more" in result.error.reason


@pytest.mark.parametrize(
    "forgotten", [MirrorCall, HandlerEdit, LinesEdit], ids=lambda edit: str(edit.__name__)
)
def test_a_planned_edit_that_was_not_made_is_noticed(
    monkeypatch: pytest.MonkeyPatch, forgotten: type
) -> None:
    def forgetful(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
        return _real(module, [finding for finding in findings if not isinstance(finding.edit, forgotten)])

    monkeypatch.setattr(rewrite, "rewrite", forgetful)

    result = _migrate()

    assert result.after == result.before
    assert result.error is not None


def test_a_file_that_changes_during_the_run_is_left_alone(tmp_path: Path) -> None:
    """Somebody saves the script between reading and writing: it is theirs, it is reported, the others go on."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "genesis_a.py").write_text(BEFORE, encoding="utf-8")
    (scripts / "genesis_b.py").write_text(BEFORE, encoding="utf-8")
    meddle = (
        "import sys, workerlog_migrate.pipeline as p\n"
        "real = p.migrate_file\n"
        "def migrate_file(target, settings):\n"
        "    result = real(target, settings)\n"
        "    if target.path.name == 'genesis_a.py':\n"
        "        target.path.write_text('novo = 1\\n')\n"
        "    return result\n"
        "p.migrate_file = migrate_file\n"
        "from workerlog_migrate.cli import main\n"
        "main(['--apply', '--no-cache', '--jobs', '1', 'scripts'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run(
        [sys.executable, "-c", meddle],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "scripts/genesis_a.py" in done.stderr.replace("\\", "/")
    assert "Traceback" not in done.stderr
    assert (scripts / "genesis_a.py").read_text() == "novo = 1\n"
    assert "setup_worker_logger" in (scripts / "genesis_b.py").read_text()


def test_every_codemod_is_in_the_sound_rewrite() -> None:
    result = _migrate()

    assert {finding.codemod for finding in result.plan.applied} == set(DEFAULT)
