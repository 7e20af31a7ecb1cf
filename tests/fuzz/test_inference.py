"""Made-up bodies raise nothing but what is inferred of them.

The same programs on every run. `python tests/fuzz/inference.py --programs 3000` tries others.
"""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import grids
import pytest
from escapes import escapes

PROGRAMS = grids.number(250, 90)


def test_nothing_escapes_what_is_inferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions, classes, control flow and context managers, run with arguments that make them fail."""
    monkeypatch.chdir(tmp_path)
    counts: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(escapes(first=1, programs=PROGRAMS, runs=30, folder=tmp_path, counts=counts))

    assert found == []
    assert counts["complete"] > PROGRAMS * 0.4
    assert counts["exceptions"] > PROGRAMS * 8
