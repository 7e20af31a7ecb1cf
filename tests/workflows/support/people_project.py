"""What a project of two workers holds, and the environment of the command."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

ENGINE = """\
import json


def cycle(path):
    print(f"[OK] {path}")
    with open(path) as file:
        return json.load(file)


if __name__ == "__main__":
    cycle("a.txt")
"""

AIDER = """\
# fila
import time

print("Iniciando")
print("[ERRO] nada na fila")
time.sleep(0)
"""

# How long a test waits for what has to come before it gives up, seconds; a guard, not a measurement.
PATIENCE = 60.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(**extra: str) -> dict[str, str]:
    """Give the environment of a process that runs this checkout, free of the caller's preferences."""
    left_out = {"NO_COLOR", "CI", "VISUAL", "EDITOR"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT / "codemods")))
    return {
        **kept,
        "PYTHONPATH": paths,
        "PYTHONWARNINGS": "error",
        "PYTHONIOENCODING": "utf-8",
        "TERM": "xterm",
        **extra,
    }


def snapshot(folder: Path) -> dict[str, bytes]:
    """Read every file of a project."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def plain(screen: str) -> str:
    """Take the colours out."""
    return re.sub(r"\x1b\[[0-9;]*m", "", screen)
