"""What the tests of finders share: a dedented script in, what was applied and what was left out of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.finders import mirror_output, retry_io
from workerlog_migrate.finders.mirror_call import MirrorCall
from workerlog_migrate.finders.retry_call import RetryCall
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Finding, Settings, Source, Target


@dataclass(frozen=True)
class Outcome:
    """Findings as a person reads them.

    Attributes:
        applied: source text at each span -> how it is edited.
        left: source text at each span -> why it is left alone.
        findings: the findings themselves.
    """

    applied: dict[str, str]
    left: dict[str, str]
    findings: list[Finding]


Judge = Callable[..., Outcome]
Find = Callable[[Module, Context], Iterator[Finding]]


@pytest.fixture
def mirror() -> Judge:
    """Run the finder of mirror-output on a script."""
    return lambda script, **settings: _judge(mirror_output.find, script, Settings(**settings))


@pytest.fixture
def retry() -> Judge:
    """Run the finder of retry-io on a script."""
    return lambda script, **settings: _judge(retry_io.find, script, Settings(**settings))


def _judge(find: Find, script: str, settings: Settings) -> Outcome:
    text = textwrap.dedent(script).lstrip("\n")
    path = Path("genesis_worker.py")
    module = Module(Source(path=path, text=text, raw=text.encode()))
    target = Target(path=path, worker="genesis")
    types = Types(module, Knowledge(), settings)
    context = Context(settings, target, find_header(module, target), types)
    findings = list(find(module, context))
    applied, left = {}, {}
    for finding in findings:
        span = finding.span
        start, end = module.offset(span.line, span.column), module.offset(span.end_line, span.end_column)
        key = text[start:end]
        if finding.edit is None:
            left[key] = finding.reason
        else:
            applied[key] = _edit_text(finding.edit)
    return Outcome(applied, left, findings)


def _edit_text(edit: object) -> str:
    match edit:
        case MirrorCall(log_method=method, printer=None):
            return method
        case MirrorCall(log_method=method, printer=printer):
            return f"{method} printer={printer}"
        case RetryCall(wrapper=wrapper):
            return wrapper
        case _:
            raise AssertionError(f"no edit of these finders: {edit}")
