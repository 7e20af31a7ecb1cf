"""Large and odd files end in seconds, with a verdict."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from workerlog_migrate import jobs

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

_SECONDS = 20.0
"""Of this process; each takes one or two on a machine of 2023, quadratic growth takes half a minute and more."""


def _assignments() -> str:
    lines = "".join(f"x{at} = {at}\n" for at in range(10_000))
    return f"{lines}try:\n    open(x1)\nexcept Exception: pass\n"


def _branches() -> str:
    lines = "".join(f"        if x == {at}:\n            y = int(x)\n" for at in range(5_000))
    return f"def f(x):\n    try:\n{lines}        open(y)\n    except Exception: pass\n"


def _recursion() -> str:
    lines = "".join(
        f"def f{at}(x):\n    return f{(at * 7 + 1) % 1000}(x) + f{(at + 1) % 1000}(x) + open(x)\n"
        for at in range(1000)
    )
    return f"{lines}try:\n    f0(1)\nexcept Exception: pass\n"


def _attributes_of_self() -> str:
    stores = "".join(f"        self.a{at} = None\n" for at in range(1500))
    lines = "".join(f"        self.m(); self.a{at} = open(self.a{at + 1})\n" for at in range(1500))
    return (
        f"class A:\n    def __init__(self):\n{stores}    def m(self):\n        self.a1 = 1\n"
        f"    def f(self):\n        try:\n{lines.replace('        ', '            ')}        except Exception: pass\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_assignments(), id="10,000 assignments"),
        pytest.param(_branches(), id="5,000 branches"),
        pytest.param(_recursion(), id="1,000 mutually recursive functions"),
        pytest.param(_attributes_of_self(), id="1,500 attributes of self, each behind a call"),
    ],
)
def test_a_pathological_file_ends_in_seconds(script: Analyse, text: str) -> None:
    """Nothing grows with the square of the file; the collector and the stack are as they are in a run."""
    with jobs._collecting_between_files():
        started = time.process_time()
        found = jobs._with_room(lambda: script(text).body())
        seconds = time.process_time() - started

    assert ("OSError" in found.names, seconds < _SECONDS) == (True, True), (found.reason, seconds)


def test_a_chain_that_is_too_deep_is_incomplete_with_a_reason(script: Analyse) -> None:
    """What is nested too deeply is said, not guessed."""
    found = script(f"def f(a):\n    try:\n        a{'.b' * 900}()\n    except Exception: pass\n").body()

    assert not found.is_complete
    assert any("nested too deeply" in entry.note for entry in found.unresolved)
