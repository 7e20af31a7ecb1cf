"""Runs the command, or a program that does, as if standard input were a console of Windows and the others its screen.

Usage: ``python fake_console.py PROGRAM ARGUMENT...``; PROGRAM ``-`` is the command itself. What stands on standard input
is what is typed: `msvcrt.getwch` gives it key by key, which is all that reads a console's keys. A real console
cannot be had where the tests run: a service of continuous integration has none.
"""

from __future__ import annotations

import codecs
import os
import runpy
import sys


def getwch() -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    while data := os.read(0, 1):
        if key := decoder.decode(data):
            return key
    return "\uffff"


def main() -> None:
    if sys.platform == "win32":
        import io
        import msvcrt

        from workerlog_migrate import output
        from workerlog_migrate.terminal import keys

        for stream in (sys.stdin, sys.stdout, sys.stderr):
            assert isinstance(stream, io.TextIOWrapper)
            stream.isatty = lambda: True  # type: ignore[method-assign]
            stream.reconfigure(encoding="utf-8")  # as Python opens a console
        msvcrt.getwch = getwch
        keys.is_console = lambda _: True
        output.shows_escapes = lambda _: True
    program = sys.argv[1]
    del sys.argv[1]
    if program == "-":
        runpy.run_module("workerlog_migrate", run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = program
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
