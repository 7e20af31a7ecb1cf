"""A checkout that somebody else has filled, beside a home of our own, and the command as a process of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacked import Place


@pytest.fixture
def place() -> Iterator[Place]:
    """A clone with one worker, a home and a victim outside of both, where other users can look.

    Not pytest's own folder: any test run of the same user closes that again.
    """
    with tempfile.TemporaryDirectory(prefix="workerlog-hostile-") as root:
        os.chmod(root, 0o755)
        yield Place(Path(os.path.realpath(root)))
