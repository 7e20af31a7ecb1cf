"""What talking to a broken server raises is inferred: the bounded form of ``benchmarks/exceptions/hostile_servers.py``.

The real clients of this interpreter talk to a server on this machine, in a process with limits.
"""

from __future__ import annotations

import sys

import loading
import pytest

hostile = loading.benchmark("exceptions/hostile_servers.py")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the limits of its process are those of POSIX"
)


def test_what_a_broken_server_brings_about_is_inferred() -> None:
    """Cut off, reset, silent, with bits turned, of another encoding: for each client of the standard library."""
    cases = [case for case in hostile.CASES if not case.needs]
    outcomes = list(hostile.run(cases, 12))
    assert {outcome.name: outcome.escaped for outcome in outcomes if outcome.escaped} == {}
    assert [outcome.name for outcome in outcomes if not outcome.names] == ["XML-RPC"]
    assert all(outcome.raised for outcome in outcomes)


def test_what_is_not_in_the_list_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that lacks what a client raises is told, with the exception."""
    case = next(case for case in hostile.CASES if case.name == "socket")
    monkeypatch.setattr(
        hostile.documents, "inferred", lambda _cases, _script: {case.name: ["OSError", "TypeError"]}
    )
    (outcome,) = hostile.run([case], 20)
    assert "json.decoder.JSONDecodeError" in outcome.escaped
