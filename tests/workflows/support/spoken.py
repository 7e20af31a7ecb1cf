"""What the command says, in the form of POSIX: Windows has backslashes in the paths and CR LF at the lines' ends."""

from __future__ import annotations

import os
import subprocess

from click.testing import CliRunner, Result

from workerlog_migrate.cli import main


def spoken(text: str) -> str:
    """Give messages of the command as they would be on POSIX."""
    return text.replace("\r\n", "\n").replace("\\", "/") if os.name == "nt" else text


def spoken_bytes(data: bytes) -> bytes:
    """Give messages of the command as they would be on POSIX."""
    return data.replace(b"\r\n", b"\n").replace(b"\\", b"/") if os.name == "nt" else data


def heard(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[bytes]:
    """Give what a process left behind; its stdout, which is exact bytes everywhere, is kept."""
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout, spoken_bytes(done.stderr))


def invoke(*arguments: str, data: bytes = b"") -> Result:
    """Run the command in this process."""
    result = CliRunner().invoke(main, list(arguments), input=data, prog_name="workerlog-migrate")
    result.stderr_bytes = spoken_bytes(result.stderr_bytes)
    return result
