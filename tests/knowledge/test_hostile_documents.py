"""What reading a damaged document raises is inferred: the bounded form of ``benchmarks/exceptions/hostile_documents.py``.

The real readers of this interpreter are called on real files, in a process with limits.
"""

from __future__ import annotations

import sys

import loading
import pytest

hostile = loading.benchmark("exceptions/hostile_documents.py")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the limits of its process are those of POSIX"
)


def test_what_a_damaged_document_raises_is_inferred() -> None:
    """Cut off, with bits turned, of another encoding, with a member that is gone: for each reader of the standard library."""
    cases = [case for case in hostile.CASES if not case.needs]
    outcomes = list(hostile.run(cases, 60))
    assert {outcome.name: outcome.escaped for outcome in outcomes if outcome.escaped} == {}
    assert [outcome.name for outcome in outcomes if not outcome.names] == ["pickle"]
    assert sum(bool(outcome.raised) for outcome in outcomes) >= len(cases) - 2


def test_what_is_not_in_the_list_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that lacks what a reader raises is told, with the exception."""
    case = next(case for case in hostile.CASES if case.name == "ElementTree")
    monkeypatch.setattr(hostile, "inferred", lambda _: {case.name: ["OSError", "LookupError"]})
    (outcome,) = hostile.run([case], 20)
    assert list(outcome.escaped) == ["xml.etree.ElementTree.ParseError"]
