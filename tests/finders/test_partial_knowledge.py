"""Partial knowledge never narrows a handler in silence, over all sample workers and golden cases.

What is known of a call is taken away, one name at a time: the handler then stays broad and says which call it does not
know, or its types still cover what they covered. And the row that the report asks for does teach the call.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import grids
import pytest

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.exceptions import Hierarchy
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.config import load_config
from workerlog_migrate.files.source import decode
from workerlog_migrate.finders import specific_exceptions
from workerlog_migrate.finders.handler_edits import INCOMPLETE, NARROWED, HandlerEdit
from workerlog_migrate.finders.teaching import PLACEHOLDER
from workerlog_migrate.knowledge import CallRow, Knowledge
from workerlog_migrate.model import NEEDS_IMPORT, Evidence, Finding, Settings, Target, Unresolved

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(
    [
        *(ROOT / "fixtures" / "workers" / "scripts").glob("*.py"),
        *(ROOT / "fixtures" / "golden").glob("*/*/before.py"),
        *(ROOT / "fixtures" / "docs" / "scripts").glob("*.py"),
    ]
)
KEEP = Settings()
RERAISE = Settings(unresolved=Unresolved.RERAISE)
# Calls that the analysis interprets itself, whatever their rows say.
INTERPRETED = frozenset({"int", "print", "isinstance", "getattr", "hasattr", "iter", "super", "type"})
SEVERAL, THIRD = 20, 3
"""Of a script that uses more rows than these, so many are forgotten: in each script others, with WORKERLOG_CI_ALL=1 all."""
_ROW = re.compile(r"\[tool\.workerlog-migrate\.raises\] (\".*)$")


class _Recording(Knowledge):
    """Notes which rows of calls were used."""

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()

    def call(self, name: str) -> CallRow | None:
        row = super().call(name)
        if row is not None:
            self.used.add(_last(name))
        return row


class _Forgetful(Knowledge):
    """Has no row for any function, class or method of one name."""

    def __init__(self, forgotten: str) -> None:
        super().__init__()
        self._forgotten = forgotten

    def call(self, name: str) -> CallRow | None:
        return None if _last(name) == self._forgotten else super().call(name)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def findings(path: Path, settings: Settings, knowledge: Knowledge) -> list[Finding]:
    module = Module(decode(path, path.read_bytes()))
    target = Target(path, "genesis")
    types = Types(module, knowledge, settings)
    return list(
        specific_exceptions.find(module, Context(settings, target, find_header(module, target), types))
    )


def unknown(finding: Finding) -> list[Evidence]:
    return [entry for entry in finding.evidence if not entry.exception]


def calls_by_line(path: Path) -> dict[int, set[str]]:
    """Return the names of all calls in each ``try`` or ``with`` body that have a row, by the line of handler or call."""
    module = Module(decode(path, path.read_bytes()))
    knowledge = Knowledge()
    types = Types(module, knowledge, KEEP)
    found: dict[int, set[str]] = {}
    for owner in ast.walk(module.tree):
        if isinstance(owner, ast.Try):
            lines = [handler.lineno for handler in owner.handlers]
        elif isinstance(owner, ast.With):
            lines = [item.context_expr.lineno for item in owner.items]
        else:
            continue
        for call in own_calls(owner.body):
            name = types.callee(call)
            if isinstance(call.func, ast.Attribute) and types.of(call.func.value) in ("json", "json?"):
                continue  # of a value from JSON every type is known, and so is what it lacks
            if name and knowledge.call(name) is not None:
                for line in lines:
                    found.setdefault(line, set()).add(_last(name))
    return {line: found.get(line, set()) for line in range(module.source.text.count("\n") + 2)}


def own_calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Yield the calls that a block makes itself, but for those that an inner ``try`` or ``with`` may guard."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.Try | ast.With
        ):
            stack.extend(ast.iter_child_nodes(node))


def gave(evidence: Evidence) -> str:
    """Return the last name of the row behind a piece of evidence: the call's own, or that of a call in a function."""
    rule = evidence.note.rpartition(", ")[2] if evidence.rule.startswith("local:") else evidence.rule
    return _last(rule)


def uncovered(before: set[str], after: set[str]) -> set[str]:
    hierarchy = Hierarchy(Knowledge())
    known = {name for name in before if hierarchy.is_exception(name)}
    return {name for name in known if not hierarchy.is_caught(name, after)} | (before - known - after)


@dataclass(frozen=True)
class Looked:
    """A script, looked at once with all that is known, and once without each row that was asked for."""

    path: Path
    found: list[Finding]
    without: dict[str, list[Finding]]

    @classmethod
    def at(cls, path: Path) -> Looked:
        recording = _Recording()
        found = findings(path, KEEP, recording)
        forgotten = sorted(recording.used - INTERPRETED)
        if len(forgotten) > SEVERAL:
            forgotten = list(grids.share(forgotten, THIRD, SCRIPTS.index(path)))
        return cls(path, found, {name: findings(path, KEEP, _Forgetful(name)) for name in forgotten})


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_partial_knowledge_narrows_nothing_in_silence(path: Path, tmp_path: Path) -> None:
    """One script at a time, since looking at it is what costs; each check below says what it holds."""
    looked = Looked.at(path)

    check_that_a_narrowed_handler_has_no_unknown_call(looked)
    check_that_a_call_without_a_row_keeps_its_handler_broad(looked)
    check_that_what_a_row_gave_is_not_lost_with_the_row(looked)
    check_that_what_is_raised_again_is_said_and_logged(looked)
    check_that_the_row_that_is_asked_for_teaches_the_call(looked, tmp_path / "pyproject.toml")


def check_that_a_narrowed_handler_has_no_unknown_call(looked: Looked) -> None:
    for finding in looked.found:
        if finding.kind == NARROWED:
            assert unknown(finding) == [], finding.message
        if finding.kind == INCOMPLETE:
            assert not isinstance(finding.edit, HandlerEdit) or finding.edit.types is None
            assert re.search("not known: |itself", finding.reason) or not unknown(finding), finding.message


def check_that_a_call_without_a_row_keeps_its_handler_broad(looked: Looked) -> None:
    """Each row is forgotten in turn; the calls that it was about stand in the bodies themselves, not in functions."""
    called = calls_by_line(looked.path)
    for forgotten, after in looked.without.items():
        narrowed = {entry.span.line for entry in after if entry.kind == NARROWED}
        for finding in looked.found:
            if finding.kind == NARROWED and finding.span.line in narrowed:
                assert forgotten not in called[finding.span.line], f"line {finding.span.line}: {forgotten}"


def check_that_what_a_row_gave_is_not_lost_with_the_row(looked: Looked) -> None:
    """Also where the call stands in a function that the body calls."""
    before = [entry for entry in looked.found if entry.kind == NARROWED]
    for forgotten, findings_without in looked.without.items():
        after = {entry.span.line: entry for entry in findings_without}
        for finding in before:
            again = after.get(finding.span.line)
            given = {entry.exception for entry in finding.evidence if gave(entry) == forgotten}
            if again is not None and again.kind == NARROWED:
                kept = {entry.exception for entry in again.evidence}
                assert not uncovered(given, kept), f"line {finding.span.line}: without {forgotten}"


def check_that_what_is_raised_again_is_said_and_logged(looked: Looked) -> None:
    stays = {entry.span: entry for entry in looked.found if entry.kind == INCOMPLETE}
    for finding in findings(looked.path, RERAISE, Knowledge()):
        if finding.kind != NARROWED or not unknown(finding):
            continue
        assert isinstance(finding.edit, HandlerEdit)
        log, again = finding.edit.boundary
        assert ".critical(" in log
        assert "exc_info=True" in log
        assert again == "raise"
        assert "anything else is raised again: `" in finding.message
        if finding.span in stays:  # else it is an inner handler that will raise again what nobody knows
            assert {entry.cause for entry in unknown(stays[finding.span])} <= {
                entry.cause for entry in unknown(finding)
            }


def check_that_the_row_that_is_asked_for_teaches_the_call(looked: Looked, config: Path) -> None:
    for finding in looked.found:
        for entry in unknown(finding):
            asked = _ROW.search(entry.note)
            if asked is None:
                assert entry.rule.startswith("op:") or not entry.rule.strip("*.()"), entry
                continue
            row = asked[1].replace(PLACEHOLDER, "OSError")
            config.write_text(f"[tool.workerlog-migrate.raises]\n{row}\n", encoding="utf-8")
            taught = replace(KEEP, raises=load_config(config).raises)
            (again,) = (
                other
                for other in findings(looked.path, taught, Knowledge())
                if other.span == finding.span and other.kind != NEEDS_IMPORT
            )
            assert (entry.cause, entry.line) not in {(item.cause, item.line) for item in unknown(again)}
