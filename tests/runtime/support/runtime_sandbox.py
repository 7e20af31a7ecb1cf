"""A folder with both runtime files, and what scripts in it leave behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[3] / "src" / "workerlog_migrate" / "runtime"
RUNTIME_FILES = ("worker_logger.py", "worker_utils.py")
OWN_VARIABLES = ("WORKER_LOG_DIR", "WORKER_LOG_FORMAT", "WORKER_NOTIFY_URL", "WORKER_NOTIFY_COMMAND")
ALARM = """
import signal, threading
SIGNAL = getattr(signal, "SIGALRM", signal.SIGTERM)
sender, stop = None, threading.Event()
def send(seconds):
    if not stop.wait(seconds): signal.raise_signal(SIGNAL)
def alarm(seconds):
    global sender
    if hasattr(signal, "setitimer"): return signal.setitimer(signal.ITIMER_REAL, seconds)
    if sender:
        stop.set()
        sender.join()
        stop.clear()
    if seconds:
        sender = threading.Thread(target=send, args=(seconds,), daemon=True)
        sender.start()
"""
"""Begins a script that wants a signal after some seconds: Windows has no alarms, there a thread sends it."""


@dataclass(frozen=True)
class Sandbox:
    """A folder with both runtime files, in which scripts run."""

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "logs" / "genesis.log"

    def write(self, script: str, name: str = "worker_genesis.py") -> Path:
        file = self.path / name
        file.write_text(textwrap.dedent(script), encoding="utf-8")
        return file

    def start(
        self, script: str, *arguments: str, name: str = "worker_genesis.py", **variables: str
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(self.write(script, name)), *arguments],
            cwd=self.path,
            env=environment(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        with self.start(script, *arguments, **variables) as process:
            stdout, stderr = process.communicate(timeout=60)
        # What is printed ends its lines as the system does.
        ends = os.linesep.encode()
        stdout, stderr = stdout.replace(ends, b"\n"), stderr.replace(ends, b"\n")
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def logged(self, name: str = "genesis") -> list[str]:
        """Give the records of a log as ``LEVEL message``."""
        return levels_and_messages(self.path / "logs" / f"{name}.log")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", **variables}


def levels_and_messages(path: Path) -> list[str]:
    """Give the records of a log as ``LEVEL message``, but for those that say when the worker started and ended."""
    return [
        line
        for line in all_levels_and_messages(path)
        if not re.match("INFO (started: pid|ended after) ", line)
    ]


def all_levels_and_messages(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    return [" ".join(line.split(" | ", 3)[1::2]) if " | " in line else line for line in lines]


def seen_events(folder: Path, name: str = "genesis") -> list[dict[str, object]]:
    """Read the evidence of a worker."""
    text = (folder / f"{name}.seen.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def is_root() -> bool:
    """Tell whether permissions stop nobody here."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
