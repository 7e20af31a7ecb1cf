"""A worker that was started without any stream, as by ``pythonw``, a service or the Task Scheduler."""

from __future__ import annotations

import subprocess
import sys

import pytest
from runtime_sandbox import Sandbox, environment

WORKER = """
import sys
from worker_logger import mirror_print, setup_worker_logger
from worker_utils import retry_with_backoff
streams = (sys.stdin, sys.stdout, sys.stderr)
logger = setup_worker_logger("genesis")
mirror_print(logger.info, "iniciando ✅")
mirror_print(logger.warning, "aviso", file=sys.stderr, flush=True)
print("only for a terminal")
logger.error("falha")
with open("streams.txt", "w") as file:
    file.write(repr(streams))
WAY_OUT
"""
# What closes the streams of the process that the worker then is.
CLOSING = """
import os, sys
for number in range(3):
    os.close(number)
os.execv(sys.executable, [sys.executable, sys.argv[1]])
"""


def start(sandbox: Sandbox, way_out: str) -> int:
    script = str(sandbox.write(WORKER.replace("WAY_OUT", way_out)))
    if sys.platform == "win32":
        command, flags = [sys.executable, script], subprocess.DETACHED_PROCESS
    else:
        command, flags = [sys.executable, "-c", CLOSING, script], 0
    process = subprocess.Popen(command, cwd=sandbox.path, env=environment({}), creationflags=flags)
    return process.wait(60)


@pytest.mark.parametrize(
    ("way_out", "code", "last"),
    [
        ("sys.exit(5)", 5, "ERROR falha"),
        ("raise RuntimeError('fim')", 1, "CRITICAL uncaught RuntimeError: fim"),
    ],
    ids=["exit", "crash"],
)
def test_what_it_prints_is_on_the_log_and_nothing_raises(
    sandbox: Sandbox, way_out: str, code: int, last: str
) -> None:
    """``sys.stdout`` is None there: a print does nothing, a mirrored one is logged, and a crash has its record."""
    assert start(sandbox, way_out) == code
    assert (sandbox.path / "streams.txt").read_text() == "(None, None, None)"
    messages = [line for line in sandbox.logged() if not line.startswith(" ")]
    assert messages[:2] == ["INFO iniciando ✅", "WARNING aviso"]
    assert messages[-1] == last
