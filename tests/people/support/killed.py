"""Run the command in a forked process that kills itself in the middle of its n-th step on the disk."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from workerlog_migrate import cli

# All that the command does to the disk goes through these. The methods of Path, not the functions of os behind
# them: Python 3.10 takes those when pathlib is imported.
STEPS: tuple[tuple[object, str], ...] = (
    (Path, "replace"),
    (Path, "unlink"),
    (os, "fsync"),
    (os, "write"),
    (os, "ftruncate"),
)


def warm_up() -> None:
    """Load in this process what every run loads, so that the forked ones find it."""
    assert CliRunner().invoke(cli.main, ["--check"]).exit_code == 1


def run_killed(arguments: list[str], at: int) -> bool:
    """Run the command and kill it before its step number ``at`` (from 1); of a write, half is done.

    Returns:
        Whether it was killed; False when it had fewer steps.
    """
    child = os.fork()
    if child == 0:
        try:
            _in_child(arguments, at)
        finally:
            os._exit(99)  # never back into the test run
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _in_child(arguments: list[str], at: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    count = 0

    def step(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def stepped(*args: object, **kwargs: object) -> object:
            nonlocal count
            is_disk = not (name == "write" and isinstance(args[0], int) and args[0] <= 2)
            count += is_disk
            if is_disk and count == at:
                if name == "write":
                    data = memoryview(args[1])  # type: ignore[arg-type]  # os.write's second argument is bytes-like
                    real(args[0], data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return stepped

    for owner, name in STEPS:
        setattr(owner, name, step(name, getattr(owner, name)))
    try:
        cli.main(arguments, prog_name="workerlog-migrate")
    except SystemExit as error:
        code = error.code
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 98)
