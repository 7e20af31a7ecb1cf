"""What settings out of range raise is inferred: the bounded form of ``benchmarks/exceptions/hostile_options.py``.

The real functions of this interpreter are called, in a process with limits.
"""

from __future__ import annotations

import sys

import loading
import pytest

hostile = loading.benchmark("exceptions/hostile_options.py")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the limits of its process are those of POSIX"
)


@pytest.mark.parametrize(
    "only",
    [
        pytest.param("logging.", id="levels, files and layouts of the log"),
        pytest.param("socket.", id="timeouts and ports"),
        pytest.param("encoding=x", id="encodings"),
    ],
)
def test_what_settings_out_of_range_raise_is_inferred(only: str) -> None:
    """A timeout below zero or as a text, a level or an encoding that does not exist: each is in the list of the line."""
    outcome = hostile.run(only)

    assert outcome.runs > 100
    assert outcome.escapes == []


def test_what_is_not_inferred_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof can fail: with an inference that says nothing, a timeout below zero escapes."""
    monkeypatch.setattr(hostile, "inferred", lambda _line, _kind: (True, ()))

    outcome = hostile.run("settimeout(x)")

    assert {(kind, exception) for _, kind, exception, *_ in outcome.escapes} == {
        ("json", "TypeError"),
        ("json", "ValueError"),
        ("int", "ValueError"),
        ("float", "ValueError"),
    }


def test_each_line_is_a_call_of_what_python_has() -> None:
    """No line is skipped for a typing mistake: each compiles, and names a module or a builtin."""
    for line in hostile.CALLS.strip().splitlines():
        compile(line, line, "eval")
    for line in hostile.lines_here():
        assert hostile.bounded.modules_of(line) or line.startswith(("open(", "print(")), line
    assert set(hostile.LEFT) <= set(hostile.CALLS.strip().splitlines())
