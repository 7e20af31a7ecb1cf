"""No made-up address of the repository: what stands for it stands in one place, for whoever has a copy to put theirs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_ADDRESS = re.compile(rb"[\w.-]+/workerlog-migrate@|github\.com/[\w.-]+/workerlog-migrate\b")


def test_one_place_holds_the_address() -> None:
    """Kind: workflows, hooks, badges, reports and metadata that name where this repository is."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    found = []
    for name in filter(None, done.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink() and path != Path(__file__).resolve():
            found += [(name, match.group()) for match in _ADDRESS.finditer(path.read_bytes())]

    assert found == [("docs/in-your-ci.md", b"your-org/workerlog-migrate@")]
