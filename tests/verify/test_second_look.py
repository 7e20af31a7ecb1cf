"""The second look takes over what cannot have become known, infers the rest again, and still finds what a second run would change."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workerlog_migrate.analysis.header import Header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.files.source import decode
from workerlog_migrate.finders.handler_edits import INCOMPLETE
from workerlog_migrate.finders.handlers import Handlers
from workerlog_migrate.finders.io_calls import IoCalls
from workerlog_migrate.model import FileResult, Finding, Plan, Settings, Splice, Target, Unresolved
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.rewriting import rewrite, second_look
from workerlog_migrate.rewriting.verify import check_undo

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "fixtures" / "workers" / "scripts").glob("*.py"))

UNKNOWN = """\
import biblioteca


def um(caminho):
    try:
        with open(caminho) as f:
            print(f.read())
    except Exception as erro:
        print(f"erro {erro}")


def dois():
    try:
        biblioteca.faz()
    except Exception:
        pass
"""
"""One handler is narrowed, one stays broad: what `biblioteca` does is not known."""

USED = """\
def um(caminho):
    try:
        try:
            open(caminho).close()
        except Exception as erro:
            print(erro.errno + 1)
    except Exception:
        print("fora")
"""
"""The inner handler's exception is an OSError in the result, whose number is known: the outer one can be narrowed then."""


def _migrate(text: str, settings: Settings | None = None) -> FileResult:
    target = Target(Path("genesis.py"), "genesis", pattern="*genesis*.py")
    return migrate_source(decode(target.path, text.encode()), target, settings or Settings())


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the handlers that are inferred, in both looks, by the text of their class."""
    found: list[str] = []
    judge = Handlers.judge

    def noting(self: Handlers, node: ast.ExceptHandler, *more: object) -> object:
        found.append(ast.unparse(node.type) if node.type else "")
        return judge(self, node, *more)  # type: ignore[arg-type]  # what it was called with

    monkeypatch.setattr(Handlers, "judge", noting)
    return found


def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "_may_tell", lambda *_: True)


def test_what_stays_unknown_is_not_inferred_again(judged: list[str]) -> None:
    result = _migrate(UNKNOWN)

    assert result.error is None
    assert "except OSError" in result.after.decode() or "except (OSError" in result.after.decode()
    assert len(judged) == 2  # and not the second one once more


def test_it_is_inferred_again_where_what_was_written_may_make_it_known(judged: list[str]) -> None:
    result = _migrate(USED)

    assert judged[:3] == ["Exception", "Exception", "Exception"]  # both, and the outer one again
    assert result.error is None
    assert result.rounds == 2


def test_to_take_it_over_there_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its conditions the second look passes what a second run changes: the test above can fail."""
    monkeypatch.setattr(second_look, "_may_tell", lambda *_: False)

    first = _migrate(USED)
    assert first.error is None

    monkeypatch.undo()
    second = _migrate(first.after.decode())
    assert second.plan.applied


@pytest.mark.parametrize(
    "use",
    [
        "self.erro = erro",
        "mostra(erro)",
        "print(erro.args)",
        "raise_later = erro",
        "print(type(erro))",
        "str = len; str(erro)",
        "texto = erro",
        "falhas.append(erro)",
    ],
)
def test_an_exception_that_is_used_otherwise_may_tell_more(use: str, judged: list[str]) -> None:
    text = UNKNOWN.replace('print(f"erro {erro}")', use)

    _migrate(text)

    assert len(judged) == 3


@pytest.mark.parametrize(
    "use", ["print(erro)", 'print("x", str(erro))', "log.error(erro)", "print(repr(erro))"]
)
def test_an_exception_that_is_only_shown_tells_nothing(use: str, judged: list[str]) -> None:
    text = "import logging\nlog = logging.getLogger()\n" + UNKNOWN.replace('print(f"erro {erro}")', use)

    assert _migrate(text).error is None
    assert len(judged) == 2


@pytest.mark.parametrize(
    ("line", "tells"),
    [
        ("from worker_logger import mirror_print", False),
        ('logger = setup_worker_logger("genesis")', False),
        ("import json", False),
        ("import biblioteca", True),
        ("import caminho.outro", True),
        ("from json import loads", False),
        ("from json import open", True),
    ],
)
def test_an_import_that_is_added_may_tell_more(line: str, tells: bool) -> None:
    """A name of the script that nothing bound would be known then."""
    module = Module(decode(Path("genesis.py"), UNKNOWN.encode()))

    assert LinesEdit((line,)).may_tell(None, frozenset(), module.used_names) is tells


def test_a_handler_that_will_raise_again_is_another_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under --unresolved reraise an inner handler lets through what it swallowed."""
    taken_over: list[object] = []

    class Noting(second_look.Kept):
        def __init__(self, module: Module, plan: Plan, findings: Iterable[Finding], header: Header) -> None:
            super().__init__(module, plan, findings, header)
            taken_over.append(self.unknown)
            self.unknown = ()

    monkeypatch.setattr(second_look, "Kept", Noting)
    text = UNKNOWN.replace("print(f.read())", "biblioteca.faz(f.read())")

    _migrate(text)
    _migrate(text, Settings(unresolved=Unresolved.RERAISE))

    assert taken_over[0]
    assert not taken_over[1]


def test_a_log_line_that_was_forgotten_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken over is that a handler stays broad, not that it was edited."""
    real = rewrite.rewrite

    def forgetful(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
        return real(module, [finding for finding in findings if finding.kind != INCOMPLETE])

    found = check_undo

    def trusting(module: Module, tree: ast.Module, findings: Sequence[Finding], *more: Any) -> Any:
        return found(module, tree, [finding for finding in findings if finding.kind != INCOMPLETE], *more)

    monkeypatch.setattr(rewrite, "rewrite", forgetful)
    monkeypatch.setattr("workerlog_migrate.rewriting.verify.check_undo", trusting)

    result = _migrate(UNKNOWN)

    assert result.error is not None
    assert "a second run would change more" in result.error.reason


UNNAMED = """\
def um(texto):
    import yaml
    return yaml.safe_load(texto)


def dois(texto):
    try:
        print(um(texto))
    except Exception:
        pass
"""
NEEDING = """


def tres(texto):
    import zlib
    return zlib.decompress(texto)


def quatro(texto):
    try:
        return tres(texto)
    except Exception:
        pass
"""
"""The list of the last one needs an import at the top."""


@pytest.mark.parametrize(("text", "times"), [(UNNAMED, 1), (UNNAMED + NEEDING, 3)])
def test_what_cannot_be_named_cannot_be_named_then_unless_an_import_is_added(
    text: str, times: int, judged: list[str]
) -> None:
    result = _migrate(text)

    assert result.error is None
    assert any("cannot be named here" in finding.message for finding in result.plan.applied)
    assert len(judged) == times


def test_names_that_are_not_those_of_the_runtime_are_not_read_as_such(
    monkeypatch: pytest.MonkeyPatch, judged: list[str]
) -> None:
    """A result whose header is read otherwise than it was planned is looked at as if nothing was known."""
    real = second_look.Kept._is_read_as_meant

    def renamed(self: second_look.Kept, after: Header) -> bool:
        return real(self, replace(after, mirror_print="outro"))

    monkeypatch.setattr(second_look.Kept, "_is_read_as_meant", renamed)

    assert _migrate(UNKNOWN).error is None
    assert len(judged) == 3


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_both_ways_to_look_agree(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text(encoding="utf-8")
    taken_over = _migrate(text)
    _plain(monkeypatch)

    assert _migrate(text) == taken_over


CALLS = """\
import biblioteca


def um(caminho, dados):
    tabela = {}
    valor = tabela.get(caminho); print(dados.get("a"))
    outro = (
        dados.get("b")
    )
    with open(caminho) as f:
        biblioteca.get(valor, outro)
        return dados.get("c"), f
    return dados.get("d")
"""


@pytest.mark.parametrize(
    ("text", "again"),
    [
        (CALLS, {"dados.get('a')", "tabela.get(caminho)"}),
        (CALLS.replace("\n", "\r\n"), {"dados.get('a')", "tabela.get(caminho)"}),
        (CALLS + USED.replace("um", "dois"), None),
    ],
)
def test_calls_of_which_nothing_was_said_are_asked_about_once(
    text: str, again: set[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not so on lines that are written, or of which something was said; and none where more may be known now."""
    asked: list[tuple[IoCalls, str]] = []  # each stays: another one would get the address of one that is gone
    judge = IoCalls.judge

    def noting(self: IoCalls, call: ast.Call) -> Finding | None:
        asked.append((self, ast.unparse(call)))
        return judge(self, call)

    monkeypatch.setattr(IoCalls, "judge", noting)

    assert _migrate(text).error is None
    first = [call for look, call in asked if look is asked[0][0]]
    then = [call for look, call in asked if look is not asked[0][0]]
    assert {"dados.get('b')", "dados.get('c')", "dados.get('d')", "biblioteca.get(valor, outro)"} <= {*first}
    if again is None:
        assert {"dados.get('b')", "dados.get('d')"} <= {*then}
    else:
        assert {call for call in then if call.startswith(("dados", "tabela", "biblioteca"))} == again


NOTHING = """\
def um(caminho):
    try:
        x = 1
        print("x", x)
    except Exception:
        pass
    try:
        open(caminho).close()
    except Exception:
        pass
"""
AROUND = """\
def um(caminho):
    try:
        try:
            open(caminho).close()
        except Exception:
            pass
    except Exception:
        pass
"""


@pytest.mark.parametrize(("text", "times"), [(NOTHING, 2), (AROUND, 3)])
def test_a_body_that_raises_nothing_still_does_not_unless_a_handler_in_it_was_narrowed(
    text: str, times: int, judged: list[str]
) -> None:
    assert _migrate(text).error is None
    assert len(judged) == times
