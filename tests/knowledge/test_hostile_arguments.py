"""What comes out of calls with hostile arguments is inferred: the bounded form of ``benchmarks/exceptions/hostile_arguments.py``.

The real functions of this interpreter are called, in a process with limits; a value that kills it is skipped, not this test.
"""

from __future__ import annotations

import sys

import loading
import pytest

hostile = loading.benchmark("exceptions/hostile_arguments.py")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the limits of its process are those of POSIX"
)


@pytest.mark.parametrize(
    "only",
    [
        pytest.param(("math.s", "math.f"), id="math"),
        pytest.param(("str.s", "str.c"), id="text"),
        pytest.param(("chr", "hash", "sum", "range"), id="numbers"),
        pytest.param(("datetime.datetime.fromtimestamp", "time.ctime"), id="time"),
        pytest.param(("html.", "shlex."), id="formats"),
        pytest.param(("math.isclose", "random.choices", "zlib.compressobj"), id="options"),
    ],
)
def test_what_hostile_arguments_raise_is_inferred(only: tuple[str, ...]) -> None:
    """None, NaN, empty, huge, negative, NUL, surrogates, unhashable, nested and mistyped: each is in the list of the call."""
    outcome = hostile.run(only, seconds=60.0)

    assert outcome.calls > 50
    assert outcome.escapes == []


def test_what_is_not_inferred_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof can fail: with an inference that says nothing, ``math.sqrt`` of a negative number escapes."""
    monkeypatch.setattr(hostile, "inferred", lambda _row, _types: (True, ()))

    outcome = hostile.run(("math.sqrt",), seconds=60.0)

    assert "ValueError" in {escape.exception for escape in outcome.escapes}


def test_an_option_is_passed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no place reaches is tried, too: ``rel_tol`` of ``math.isclose`` must not be negative."""
    monkeypatch.setattr(hostile, "inferred", lambda _row, _types: (True, ()))

    outcome = hostile.run(("math.isclose",), seconds=60.0)

    assert {escape.types[-1].partition("=")[0] for escape in outcome.escapes if "tol=" in escape.sample} == {
        "rel_tol",
        "abs_tol",
    }


def test_what_kills_the_process_is_skipped_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that ends the process is left out, and the rows after it are called all the same."""
    monkeypatch.setattr(hostile, "harmless_rows", lambda _only: {"os.abort": [], "math.sqrt": ["x"]})

    outcome = hostile.run()

    assert outcome.skipped == ["os.abort()"]
    assert outcome.calls > 0
