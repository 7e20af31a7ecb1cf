"""What the sample workers swallow is the same before and after, whatever call of a body fails (``benchmarks/exceptions``)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_narrowed_handlers_swallow_what_they_swallowed() -> None:
    """Every fault in every call, in the function around it; with types taken away the same harness disagrees."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "exceptions" / "inject.py"), "--cases", "0"],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    own, control = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    counts = re.fullmatch(
        r"sample workers: (\d+) narrowed handlers, (\d+) calls \((\d+) not reached\), (\d+) faults "
        r"\((\d+) swallowed before\), (\d+) controls, (\d+) disagreements",
        own,
    )
    assert counts is not None, own
    handlers, calls, unreached, faults, swallowed, controls, disagreements = map(int, counts.groups())
    assert disagreements == 0
    assert unreached == 0
    assert handlers > 100
    assert calls > 300
    assert controls == 4 * calls
    assert faults > swallowed > 1000
    assert int(control.split()[-2]) > 500
