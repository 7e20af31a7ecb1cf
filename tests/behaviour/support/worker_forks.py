"""Runs workers in forks of a process that has imported what they import of the standard library: ``python worker_forks.py DESCRIPTOR``.

The process has ``inject/sitecustomize.py`` before it imports anything else, as every worker of the sandbox has; a fork reads the
faults and the trace of its own run from its environment. ``sandbox`` says which runs want a process that is started.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

# Neither asyncio nor multiprocessing: the runtime asks whether a worker has imported them.
import argparse, concurrent.futures, configparser, csv, ctypes, dataclasses, functools, getpass, glob, gzip, hashlib  # noqa: E401, F401  # isort: skip
import json, logging.handlers, platform, queue, random, shutil, signal, socket, sqlite3, subprocess, tempfile, threading  # noqa: E401, F401  # isort: skip
import traceback, urllib.error, urllib.parse, urllib.request, zipfile  # noqa: E401, F401  # isort: skip

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
import forks

sys.path.pop(0)


def main() -> None:
    """Run one script in each fork, as ``python SCRIPT ARGUMENTS`` does."""
    asked = forks.serve()
    if asked is None:
        return
    forks.become(*asked)
    sandbox = sys.modules["sitecustomize"]  # Python has imported it by its name
    sandbox.begin()
    script, *_ = sys.argv = list(asked[0]["arguments"])
    path = os.path.abspath(script)
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    sys.modules["__main__"] = module = ModuleType("__main__")
    vars(module).update(__file__=path, __builtins__=__builtins__)
    with sandbox.real_open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    exec(code, vars(module))  # a script of the tests


if __name__ == "__main__":
    main()
