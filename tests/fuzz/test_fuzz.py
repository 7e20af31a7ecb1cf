"""Made-up and mutated programs: nothing crashes, nothing is damaged, and every promise of the contract holds.

The same examples on every run of one Python. `python tests/fuzz/long.py --minutes 10` tries others.
"""

from __future__ import annotations

import grids
import hypothesis
import pytest
from hypothesis import strategies as st
from programs import Dice
from promises import BrokenError, check_kept
from properties import check, decorated_script, disturbed_script, generated_program

EXAMPLES = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@hypothesis.settings(EXAMPLES, max_examples=grids.number(250, 100))
@hypothesis.given(st.data())
def test_a_program_by_grammar(data: st.DataObject) -> None:
    generated_program(data.draw)


@hypothesis.settings(EXAMPLES, max_examples=grids.number(150, 60))
@hypothesis.given(st.data())
def test_a_script_written_differently(data: st.DataObject) -> None:
    decorated_script(data.draw)


@hypothesis.settings(EXAMPLES, max_examples=grids.number(250, 100))
@hypothesis.given(st.data())
def test_a_damaged_script(data: st.DataObject) -> None:
    disturbed_script(data.draw)


@hypothesis.settings(EXAMPLES, max_examples=grids.number(150, 60))
@hypothesis.given(st.binary(max_size=60), st.data())
def test_any_bytes(raw: bytes, data: st.DataObject) -> None:
    check(raw + b"\nprint(1)\n", Dice(data.draw))


BEFORE = b"""import os  # um

try:
    print(os.getcwd(), open("x"))
except Exception:  # dois
    pass
"""
AFTER = b"""import os  # um

from worker_logger import mirror_print, setup_worker_logger
from worker_utils import retry_with_backoff

logger = setup_worker_logger("genesis")
retrying = retry_with_backoff(max_retries=3, base_delay=1.0)

try:
    mirror_print(logger.info, os.getcwd(), retrying(open)("x"))
except OSError as error:  # dois
    logger.warning("<module>: ignored %s", error)
"""


def test_the_oracle_accepts_a_migration() -> None:
    check_kept(BEFORE, AFTER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"  # dois", b""),
        (b"os.getcwd(), ", b""),
        (b"os.getcwd(), ", b"os.getcwd(),"),
        (b'"x"', b"'x'"),
        (b"import os", b"import sys"),
        (b"import os  # um", b"import os # um"),
        (b"logger.info, os", b"os"),
        (b"OSError", b"requests.Timeout"),
        (b"OSError", b"SystemExit"),
        (b"OSError", b"BaseException"),
        (b"logger.warning(", b"print("),
        (b"retrying(open)", b"retrying(io.open)"),
        (b"\n\ntry", b"\nx = 1\ntry"),
        (b"\n\ntry", b"\n# tr\xc3\xaas\ntry"),
        (b"\n", b"\r\n"),
        (b"import os", b"\xef\xbb\xbfimport os"),
        (b"%s", b'%s"'),
    ],
)
def test_the_oracle_sees_damage(old: bytes, new: bytes) -> None:
    if new.startswith(b"\xef"):
        damaged = new + AFTER.removeprefix(old)
    else:
        assert old in AFTER
        damaged = AFTER.replace(old, new)

    with pytest.raises(BrokenError):
        check_kept(BEFORE, damaged)
