"""Run the command line with ``python -m workerlog_migrate``."""

import os
import sys

import workerlog_migrate

# Python has put the current folder before everything else: a ``click.py`` of a checkout would be ours. Unless we were
# found there ourselves, only what is installed is run (-P, -I, and the console script need nothing of this).
if not getattr(sys.flags, "safe_path", False) and sys.path:
    _here = os.path.realpath(sys.path[0])
    if os.path.dirname(os.path.dirname(os.path.realpath(workerlog_migrate.__file__))) != _here:  # noqa: PTH120  # text in, text out
        del sys.path[0]

from workerlog_migrate.cli import main  # not before

if __name__ == "__main__":
    main(prog_name="workerlog-migrate")
