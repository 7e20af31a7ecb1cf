"""Run the command once for each call of the system that it makes, with that call failing; say what was wrong.

Started with the preloaded library of ``faults.c``: ``python faulty_runs.py LIBRARY PROJECT apply|undo STRIDE``; only each
so many calls are tried. Writes lines
``step error: what is wrong``, and at last the number of steps.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import io
import os
import sys
from pathlib import Path

from click.testing import CliRunner

from workerlog_migrate import cli

ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EINTR, 0)
APPLY = ["--apply", "--quiet", "--jobs=1", "--no-cache"]
UNDO = ["--undo", "--quiet"]


def main() -> None:
    library, folder, what = ctypes.CDLL(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    os.chdir(folder)
    for arguments in (APPLY, UNDO):  # loads what every run loads
        CliRunner().invoke(cli.main, arguments)
    gc.freeze()  # what the runs share stays shared
    before = files(folder)
    assert run(APPLY) == (0, "")
    after = files(folder)
    assert run(UNDO) == (0, "")
    assert files(folder) == before
    step = 1
    while True:
        number = ERRORS[step % len(ERRORS)]
        if what == "undo":
            assert run(APPLY) == (0, "")
        code, said = run(APPLY if what == "apply" else UNDO, library, step, number)
        if code < 0:
            break
        found = files(folder)
        wrong = judged(code, said, found, before, after, is_undo=what == "undo")
        run(UNDO)
        if files(folder) != before and not wrong:
            wrong = f"undo does not give all back: {sorted(set(files(folder)) ^ set(before))}"
        if wrong:
            print(f"{step} {errno.errorcode.get(number, 'short')}: {wrong}: {said!r}")  # noqa: T201  # this is the output
            for name in set(files(folder)) - set(before):
                (folder / name).unlink()
            for name, data in before.items():
                (folder / name).write_bytes(data)
            run(UNDO)
        step += int(sys.argv[4])
    print(step)  # noqa: T201  # as above


def judged(
    code: int,
    said: str,
    found: dict[str, bytes],
    before: dict[str, bytes],
    after: dict[str, bytes],
    *,
    is_undo: bool,
) -> str:
    """Say what is wrong after a run in which one call has failed."""
    done = before if is_undo else after
    if "Traceback" in said:
        return "a traceback"
    if code not in (0, 2):
        return f"exit code {code}"
    if code == 2 and not said:
        return "it fails and says nothing"
    left = [name for name in found if ".workerlog-migrate-" in name]
    if len(left) > 1 or (left and code == 0):
        return f"left behind: {left}"
    whole = {name: data for name, data in found.items() if name not in left}
    for name, data in whole.items():
        if data not in (before.get(name), after.get(name)):
            return f"{name} is neither old nor new"
    if missing := sorted(set(before) - set(found)):
        return f"{missing} are gone"
    if code == 0 and whole != done:
        return "it says that all is well"
    return ""


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(
    arguments: list[str], library: ctypes.CDLL | None = None, step: int = 0, number: int = 0
) -> tuple[int, str]:
    """Run the command in a child; give its exit code (-1: it made fewer calls) and what it wrote to stderr."""
    said_from, said_to = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(said_to, 2)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
            if library is not None:
                library.fault_arm(step, number)
            code: object = 99
            try:
                cli.main(arguments, prog_name="workerlog-migrate")
            except SystemExit as error:
                code = error.code
            if library is not None and library.fault_count() < step:
                os._exit(77)
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 98)
        finally:
            os._exit(96)
    os.close(said_to)
    with os.fdopen(said_from, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return (-1 if code == 77 else code), said


if __name__ == "__main__":
    main()
