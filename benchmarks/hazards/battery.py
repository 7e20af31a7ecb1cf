"""The battery of hazards: small programs, run, narrowed and run again.

Input: the ``*.txt`` files beside this one. Output: for each program and its twin what became of the handler, and whether
the narrowed program still did what it did. A case is written once, as a diff of the hazard and its twin: a line that starts
with ``-`` is in the hazard only, one with ``+`` in the twin only. ``## name`` begins a case, ``>> file.py`` another file of it
(the first is ``main.py``); ``run.py``, where there is one, is what is started. ``T!`` stands for ``try:`` and a first line that
is known to raise (``os.stat``), ``E!`` for the broad handler that says what it caught.

A hazard must be caught by its handler before the migration, and its twin must run through without an exception: a program of which
that is not true proves nothing, and is counted as invalid.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from workerlog_migrate.model import Settings, Target
from workerlog_migrate.pipeline import migrate_file
from workerlog_migrate.project import place
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS

FOLDER = Path(__file__).resolve().parent
HAZARD, TWIN = "hazard", "twin"
_MAIN, _START = "main.py", "run.py"
_SECONDS = 20
_ONE_AT_A_TIME = threading.Lock()  # what the tool remembers of files is for one thread


@dataclass(frozen=True, slots=True)
class Case:
    """One program in its two forms.

    Attributes:
        topic: the file that it is written in, without its ending.
        name: what it is about.
        files: per form (``hazard``, ``twin``) the text of each file.
    """

    topic: str
    name: str
    files: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one form of a case.

    Attributes:
        case: the case.
        form: ``hazard`` or ``twin``.
        verdict: ``same``, ``escape`` (the narrowed program does something else), ``invalid``, or ``refused``.
        narrowed: how many handlers were narrowed.
        messages: what the tool says of each handler.
    """

    case: Case
    form: str
    verdict: str
    narrowed: int = 0
    messages: tuple[str, ...] = field(default=())


def cases(topics: Iterable[str] = ()) -> list[Case]:
    """Read the cases.

    Args:
        topics: names of files without their ending; all when empty.
    """
    wanted = set(topics)
    return [
        case
        for path in sorted(FOLDER.glob("*.txt"))
        if not wanted or path.stem in wanted
        for case in _read(path)
    ]


def run(chosen: list[Case], jobs: int = 2) -> list[Outcome]:
    """Run, narrow and run again each form of each case.

    Args:
        chosen: the cases.
        jobs: programs that run at a time.
    """
    forms = [(case, form) for case in chosen for form in (HAZARD, TWIN)]
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda each: _outcome(*each), forms))


def _read(path: Path) -> Iterator[Case]:
    for block in path.read_text("utf-8").split("## ")[1:]:
        name, _, text = block.partition("\n")
        yield Case(path.stem, name.strip(), {form: _form(text, form) for form in (HAZARD, TWIN)})


def _form(text: str, form: str) -> dict[str, str]:
    files: dict[str, list[str]] = {_MAIN: []}
    current = files[_MAIN]
    own, other = ("-", "+") if form == HAZARD else ("+", "-")
    for line in text.splitlines():
        if line.startswith(">> "):
            current = files.setdefault(line[3:].strip(), [])
        elif not line.startswith(other):
            current.extend(_written(line.removeprefix(own)))
    return {name: _whole(lines) for name, lines in files.items() if lines or name != _MAIN}


def _written(line: str) -> list[str]:
    blank = line[: len(line) - len(line.lstrip())]
    if line.strip() == "T!":
        return [f"{blank}try:", f"{blank}    os.stat('.')"]
    if line.strip() == "E!":
        return [
            f"{blank}except Exception as error:",
            f"{blank}    print('caught', type(error).__name__)",
        ]
    return [line]


def _whole(lines: list[str]) -> str:
    head = ["import os"] if any("os.stat" in line for line in lines) else []
    return "\n".join([*head, *lines, ""])


def _outcome(case: Case, form: str) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for path, text in case.files[form].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        start = _START if _START in case.files[form] else _MAIN
        before = _started(folder, start)
        if (b"caught" in before[0]) is not (form == HAZARD) or before[1]:
            return Outcome(case, form, "invalid", messages=(before[0].decode()[-200:], before[2][-300:]))
        return _narrowed(case, form, folder, start, before)


def _narrowed(case: Case, form: str, folder: Path, start: str, before: tuple[bytes, int, str]) -> Outcome:
    settings = Settings(select=(SPECIFIC_EXCEPTIONS,))
    narrowed, messages = 0, []
    after: dict[Path, bytes] = {}
    targets = [
        Target(path, path.stem) for path in sorted(folder.rglob("*.py")) if b"os.stat" in path.read_bytes()
    ]
    with _ONE_AT_A_TIME:
        for target in place(targets, folder, None):
            result = migrate_file(target, settings)
            if result.error is not None:
                return Outcome(case, form, "refused", messages=(result.error.reason,))
            narrowed += sum(finding.kind == "narrowed" for finding in result.plan.applied)
            messages += [finding.message for finding in (*result.plan.applied, *result.plan.reported)]
            after[target.path] = result.after
    for path, raw in after.items():
        path.write_bytes(raw)
    same = not narrowed or _started(folder, start)[:2] == before[:2]
    return Outcome(case, form, "same" if same else "escape", narrowed, tuple(messages))


def _started(folder: Path, start: str) -> tuple[bytes, int, str]:
    """Run a program; give its standard output, exit code and the text of standard error."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    made = subprocess.run(
        [sys.executable, "-S", "-X", "utf8", start],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    return made.stdout, made.returncode, made.stderr.decode("utf-8", "replace")
