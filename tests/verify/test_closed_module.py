"""A check that asks a closed module for what it has forgotten fails: it cannot pass because it found nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import ClosedModuleError, Module
from workerlog_migrate.files.source import decode
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.rewriting import verify

SCRIPT = b"import os\n\n\nclass A:\n    def f(self, x):\n        return os.path.join(x, lambda: x)\n\n\nprint(A().f)\n"

FORGOTTEN: dict[str, Callable[[Module], object]] = {
    "functions": lambda module: list(module.functions),
    "no-function": lambda module: not module.functions,
    "classes": lambda module: len(module.classes),
    "lambdas": lambda module: [*module.lambdas],
    "names": lambda module: any(module.names),
    "names-by-name": lambda module: list(module.names_of("x")),
    "attributes": lambda module: list(module.attributes),
    "parent": lambda module: module.parents.get(module.calls[0]),
    "parents": lambda module: module.calls[0] in module.parents,
    "scope": lambda module: module.scope(module.calls[0]),
    "calls-by-name": lambda module: list(module.calls_of("print")),
    "qualified": lambda module: module.qualified(module.calls[0].func),
}


@pytest.mark.parametrize("ask", FORGOTTEN.values(), ids=FORGOTTEN)
def test_what_is_forgotten_cannot_be_asked_for(ask: Callable[[Module], object]) -> None:
    module = Module(decode(Path("a.py"), SCRIPT))
    ask(module)  # the twin: before it is closed it answers

    module.close()

    with pytest.raises(ClosedModuleError):
        ask(module)


def test_what_the_checks_need_is_still_there() -> None:
    module = Module(decode(Path("a.py"), SCRIPT))
    before = [module.span(call) for call in module.calls]

    module.close()

    assert [module.span(call) for call in module.calls] == before
    assert module.handlers == []
    assert isinstance(module.tree, ast.Module)


def test_a_check_that_is_put_behind_the_closing_stops_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: the same question about calls, which are still there, is answered."""

    def check(question: Callable[[Module], object]) -> str:
        monkeypatch.setattr(verify, "check_splices", lambda module, *_: question(module))
        target = Target(Path("zero.py"), "zero", "*zero*.py")
        error = migrate_bytes(SCRIPT, target, Settings()).error
        return "" if error is None else error.reason

    assert "ClosedModuleError" in check(lambda module: [call for call in module.names if call is None])
    assert check(lambda module: [call for call in module.calls if call is None]) == ""
