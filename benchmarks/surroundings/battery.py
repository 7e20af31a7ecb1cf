r"""The battery of surroundings: small programs around names, scopes, signals, descriptors, dynamic code and start-up.

Input: the ``*.txt`` files beside this one. Output: for each program what it did before and after a whole migration, with
every codemod and through the command line. ``## name`` begins a program, ``>> file.py`` a file of it (without one:
``scripts/zero_a.py``), ``@ KEY: a | b`` writes it once for each value, ``<KEY>`` in its place (``\n`` is a line end there),
``$ ARGUMENTS`` is what Python is started with, and ``= any`` says that the migration may leave it as it is: any other program must
be changed, or the battery would prove nothing about a tool that changes nothing.

What is compared: standard output, standard error without the frames of tracebacks, exit code, and every file that is
there afterwards, but for the log folder, the runtime files and byte code. What a program sees that looks for it (frames,
line numbers, listings of its folder or of ``globals()``) is in ``docs/what-changes-at-run-time.md``.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]

_SECONDS = 30
_MAIN = "scripts/zero_a.py"
_FRAME = re.compile(
    r"^(?:  File \".*|    .*|  \[Previous line repeated.*)\n|(?<=\.py:)\d+(?=: \w*Warning)", re.MULTILINE
)
_OURS = frozenset({"worker_logger.py", "worker_utils.py"})


@dataclass(frozen=True, slots=True)
class Program:
    """One program.

    Attributes:
        area: the file that it is written in, without its ending.
        name: what it is about.
        files: path -> text.
        command: what Python is started with.
        may_stay: the migration may leave it as it is.
    """

    area: str
    name: str
    files: tuple[tuple[str, str], ...]
    command: tuple[str, ...]
    may_stay: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a program did."""

    stdout: bytes
    stderr: str
    code: int
    files: tuple[tuple[str, bytes], ...]


def programs() -> list[Program]:
    """Read all programs, each once for every choice of its values."""
    return [
        program
        for path in sorted(FOLDER.glob("*.txt"))
        for block in re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for program in _written(path.stem, block)
    ]


def _written(area: str, block: str) -> Iterator[Program]:
    name, _, text = block.partition("\n")
    values: dict[str, list[str]] = {}
    files: dict[str, list[str]] = {_MAIN: []}
    current, command, may_stay = files[_MAIN], _MAIN, False
    for line in text.splitlines():
        if found := re.fullmatch(r"@ ([A-Z]+): (.*)", line):
            values[found[1]] = [each.strip() for each in found[2].split(" | ")]
        elif line.startswith(">> "):
            current = files.setdefault(line[3:].strip(), [])
        elif line.startswith("$ "):
            command = line[2:]
        elif line == "= any":
            may_stay = True
        else:
            current.append(line)
    for chosen in itertools.product(*values.values()):
        given = dict(zip(values, chosen, strict=True))
        texts = {_filled(path, given): _file(lines, given) for path, lines in files.items() if lines}
        started = _filled(command, given)
        arguments = ("-c", started[3:]) if started.startswith("-c ") else tuple(started.split())
        yield Program(area, _filled(name, given), tuple(texts.items()), arguments, may_stay)


def _file(lines: list[str], given: dict[str, str]) -> str:
    written = []
    for line in lines:
        blank = line[: len(line) - len(line.lstrip())]
        filled = _filled(line, given)
        if re.fullmatch(r"<[A-Z]+>", line.strip()):
            filled = filled.replace("\\n", "\n" + blank)  # a value of several lines
        written.append(filled)
    return "\n".join(written).strip("\n") + "\n"


def _filled(text: str, given: dict[str, str]) -> str:
    for _ in range(2):  # a value may hold another key
        for key, value in given.items():
            text = text.replace(f"<{key}>", value)
    return text


def run(chosen: list[Program], folder: Path, jobs: int = 2) -> list[tuple[Program, str]]:
    """Run programs, migrate them all by one run of the command, and run them again.

    Args:
        chosen: the programs.
        folder: an empty folder to work in.
        jobs: programs that run at a time.

    Returns:
        Each program that is not as it should be, and what is wrong with it.
    """
    before, after = folder / "before", folder / "after"
    for number, program in enumerate(chosen):
        for path, text in program.files:
            for side in (before, after):
                file = side / str(number) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
                (side / str(number) / ".git").mkdir(exist_ok=True)  # a project of its own
    said = _migrated(after)
    again = {path: path.read_bytes() for path in after.rglob("*.py")}
    _migrated(after)
    faults: list[tuple[Program, str]] = []
    with ThreadPoolExecutor(jobs) as pool:
        seen = pool.map(lambda each: (_run(before, *each), _run(after, *each)), enumerate(chosen))
        for number, (program, (old, new)) in enumerate(zip(chosen, seen, strict=True)):
            files = dict(program.files)
            texts = {path: (after / str(number) / path).read_text("utf-8") for path in files}
            wrong = _difference(old, new) or _refusal(said, number)
            if not wrong and texts == files and not program.may_stay:
                wrong = "nothing was changed in it"
            if not wrong and any(
                again[path] != path.read_bytes() for path in again if (after / str(number)) in path.parents
            ):
                wrong = "a second run changes it again"
            if wrong:
                faults.append((program, wrong))
    shutil.rmtree(folder)
    return faults


def _migrated(folder: Path) -> str:
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT / "codemods")))
    command = [sys.executable, "-m", "workerlog_migrate", "--apply", "--no-cache", "--no-undo", "--jobs=1"]
    done = subprocess.run(
        [*command, "--worker", "run=*.py", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    return done.stderr


def _refusal(said: str, number: int) -> str:
    return next(
        (line for line in said.splitlines() if line.startswith(f"{number}/") and ": refused: " in line), ""
    )


def _run(side: Path, number: int, program: Program) -> Seen:
    folder = side / str(number)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WORKER"))
    }
    done = subprocess.run(
        [sys.executable, *program.command],
        cwd=folder,
        env={
            **environment,
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    stderr = _FRAME.sub("", done.stderr.decode("utf-8", "replace"))
    stderr = stderr.replace(str(folder), "HERE")
    stdout = done.stdout.replace(os.fsencode(folder), b"HERE")
    scripts = {path for path, _ in program.files}
    files = tuple(
        (shown, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and (shown := path.relative_to(folder).as_posix()) not in scripts
        and path.name not in _OURS
        and not {"logs", "__pycache__"} & set(path.relative_to(folder).parts)
    )
    return Seen(stdout, stderr, done.returncode, files)


def _difference(old: Seen, new: Seen) -> str:
    for what in ("code", "stdout", "stderr", "files"):
        if getattr(old, what) != getattr(new, what):
            return f"{what} was {getattr(old, what)!r} and is {getattr(new, what)!r}"
    return ""
