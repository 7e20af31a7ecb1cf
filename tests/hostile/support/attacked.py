"""What an attack needs: a checkout, a home, somebody else's folder, and the command started in the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import commands
from people_project import environment

WORKER = 'print("[OK] zero")\n'


class Place:
    """Three folders beside one another.

    Attributes:
        clone: the checkout; the command runs here.
        home: of the person who runs it.
        victim: a folder that no command line names.
        is_fresh: each run starts Python anew, since what it imports is tried.
    """

    def __init__(self, root: Path) -> None:
        self.clone, self.home, self.victim = (root / name for name in ("clone", "home", "victim"))
        for folder in (self.clone / "scripts", self.home, self.victim):
            folder.mkdir(parents=True)
        self.is_fresh = False
        self.script = self.clone / "scripts" / "zero_worker.py"
        self.script.write_text(WORKER, encoding="utf-8")
        (self.clone / "pyproject.toml").touch()

    def command(self, *arguments: str) -> list[str]:
        """Give the command line of a run."""
        return (
            [sys.executable, "-P", "-m", "workerlog_migrate", *arguments] if SAFE else self.unsafe(*arguments)
        )

    def unsafe(self, *arguments: str) -> list[str]:
        """Give the command line of a run that lets Python look into the current folder first."""
        return [sys.executable, "-m", "workerlog_migrate", *arguments]

    def environment(self, **extra: str) -> dict[str, str]:
        """Give the environment of a run: no state folder is named, so the home's is used."""
        given = environment(**{"HOME": str(self.home), **extra})
        if "XDG_STATE_HOME" not in extra:
            given.pop("XDG_STATE_HOME", None)
        return given

    def run(
        self,
        *arguments: str,
        without_powers: bool = False,
        cwd: Path | None = None,
        timeout: float = 60,
        seconds: int | None = None,
        **extra: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in the checkout.

        Args:
            arguments: of the command.
            without_powers: run, by `setpriv`, as a root that has to obey the modes of files as others do.
            cwd: run in another folder.
            timeout: seconds after which it hangs.
            seconds: of processor time after which it hangs.
            extra: environment variables.
        """
        if not without_powers:
            done = commands.run(
                *arguments,
                env=self.environment(**extra),
                cwd=cwd or self.clone,
                data=None,
                options=("-P",) if SAFE else (),
                timeout=timeout,
                seconds=seconds,
                is_fresh=self.is_fresh,
            )
            return commands.text(done, "backslashreplace")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *self.command(*arguments)]
        return subprocess.run(
            command,
            cwd=cwd or self.clone,
            env=self.environment(**extra),
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )

    def states(self) -> list[Path]:
        """List what is kept for undos in the home."""
        return sorted((self.home / ".local/state/workerlog-migrate/undo").glob("*/*"))


SAFE = sys.version_info >= (3, 11)
"""Whether this Python can be told not to import from the current folder (-P)."""

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65534
