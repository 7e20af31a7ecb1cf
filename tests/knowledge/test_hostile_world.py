"""What really arrives when the machine is not well is inferred: the bounded form of ``benchmarks/exceptions/hostile_world.py``.

The faults are real: each line runs in a process of its own that is out of descriptors, of room, of its folder.
"""

from __future__ import annotations

import sys

import loading
import pytest

if sys.platform == "win32":
    pytest.skip("its faults are those of POSIX", allow_module_level=True)

hostile = loading.benchmark("exceptions/hostile_world.py")


@pytest.mark.parametrize(
    ("fault", "arriving"),
    [
        pytest.param("disk full", 40, id="disk full"),
        pytest.param("a database that went", 30, id="database"),
        pytest.param("no time zones", 15, id="dates"),
    ],
)
def test_what_arrives_is_inferred(fault: str, arriving: int) -> None:
    """A disk without room, a table that is gone, a name that is no text: what arrives is in the list of the line."""
    outcome = hostile.run([fault])

    assert outcome.broken == []
    assert outcome.escapes == []
    assert len(outcome.arrived) >= arriving


def test_what_is_not_inferred_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof can fail: with an inference that says nothing, a full disk escapes."""
    monkeypatch.setattr(hostile.bounded, "inferred_and_rare", lambda _text: (True, (), ()))

    outcome = hostile.run(["disk full"])

    assert {exception for _, _, exception, *_ in outcome.escapes} >= {"OSError"}


def test_each_line_that_is_left_is_one_of_a_fault() -> None:
    """What is left has its reason, and is tried: no entry outlives its line."""
    tried = {(fault.name, body) for fault in hostile.FAULTS for _, body in hostile.lines_of(fault)}

    assert set(hostile.LEFT) - tried == set()
    assert all(hostile.LEFT.values())
