"""What the tests of the analysis share: a dedented script in, types or exceptions out."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import Inference, infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source


@dataclass(frozen=True)
class Script:
    """A script under analysis."""

    module: Module
    types: Types

    def body(self, index: int = 0) -> Inference:
        """Return what the body of the try statement at an index (in source order) can raise."""
        engine = self.types.engine
        statement = sorted(self.module.tries, key=lambda node: node.lineno)[index]
        return infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))

    def names(self, index: int = 0) -> set[str]:
        """Return the names that a complete inference gives; an incomplete one fails the test."""
        found = self.body(index)
        assert found.is_complete, found
        return set(found.names)

    def listed(self, index: int = -1) -> set[str]:
        """Return the names that are listed for a try statement, the last one, and ``broad`` where something in it is not known."""
        found = self.body(index)
        return {*found.names, *(() if found.is_complete else ("broad",))}

    def unresolved(self, index: int = 0) -> list[tuple[str, int, str]]:
        """Return the unresolved calls: text, line, rule."""
        return [(entry.cause, entry.line, entry.rule) for entry in self.body(index).unresolved]

    def type_of(self, text: str) -> str | None:
        """Return the type of the first expression that is written like the text."""
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.expr) and self.module.text(node) == text:
                return self.types.of(node)
        raise AssertionError(f"{text} is not in the script")

    def callees(self) -> list[str | None]:
        """Return the names of all callees in source order."""
        return [self.types.callee(call) for call in self.module.calls]


Analyse = Callable[..., Script]


@pytest.fixture
def script() -> Analyse:
    """Make a script from its text; keywords are settings, ``modules`` other files of the program by name."""
    return _script


def _script(text: str, modules: dict[str, str] | None = None, **settings: object) -> Script:
    module = _module(text, "worker.py")
    others = {name: _module(other, f"{name}.py") for name, other in (modules or {}).items()}
    settings_of = Settings(**settings)  # type: ignore[arg-type]  # keywords of tests
    types = Types(module, Knowledge(), settings_of, lambda name, _path: others.get(name.lstrip(".")))
    return Script(module, types)


def _module(text: str, name: str) -> Module:
    text = textwrap.dedent(text).lstrip("\n")
    return Module(Source(path=Path(name), text=text, raw=text.encode()))
