"""Bring about what really goes wrong around a call, and compare what comes out with what is inferred.

``hostile_arguments.py``, ``hostile_options.py`` and ``hostile_documents.py`` choose what is passed and read; here arguments are good, and the
machine is not: the disk is full, there are no descriptors or threads left, the folder is another user's or is gone, a name
is too long, a database is locked, a child was killed, the other side hung up, a file's name is no text. Each line of each fault of
``FAULTS`` runs in a process of its own, in a temporary folder, with the names that the fault gives; what it raises has to be
in the list that the analysis gives for the line in a function that takes these names as parameters. What stands before ``||`` runs before the fault
strikes, and outside the ``try``. A line that stays unresolved narrows nothing and is counted apart.

    python benchmarks/exceptions/hostile_world.py [FAULT]... [--verbose] [--json FILE]

The exit code is 1 when something came out that was not inferred. POSIX only; what needs another user is left out where this one is not root.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import re
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bounded  # the path is set above
from hostile_world_faults import FAULTS, LATE, LEFT, Fault  # as above

SECONDS = 3.0
"""What one line may take."""


@dataclass
class Outcome:
    """The result of a run; ``escapes`` is empty when all is well.

    Attributes:
        lines: how many lines were run.
        arrived: fault, line and exception of what came.
        unresolved: fault and line of those that raised and of which something is not known.
        escapes: fault, line, exception, its text, and what was inferred.
        left: the same of the lines of ``LEFT``, and of what is listed only where nothing else is known to be raised.
        broken: fault and line of those whose beginning failed, which is a fault of this program, with the error.
    """

    lines: int = 0
    arrived: list[tuple[str, str, str]] = field(default_factory=list)
    unresolved: list[tuple[str, str]] = field(default_factory=list)
    escapes: list[tuple[str, str, str, str, tuple[str, ...]]] = field(default_factory=list)
    left: list[tuple[str, str, str, str, tuple[str, ...]]] = field(default_factory=list)
    broken: list[tuple[str, str, str]] = field(default_factory=list)


def faults_here(names: Iterable[str] = ()) -> Iterator[Fault]:
    """Yield the faults that this user and this Python can bring about.

    Args:
        names: of which; all when empty.
    """
    wanted = set(names)
    for fault in FAULTS:
        if (not wanted or fault.name in wanted) and (os.geteuid() == 0 or not fault.as_root):
            yield fault


def lines_of(fault: Fault) -> list[tuple[str, str]]:
    """Return the lines of a fault: what runs before it strikes, and what is watched.

    Args:
        fault: the fault.
    """
    found: list[tuple[str, str]] = []
    for line in fault.lines.strip().splitlines():
        before, _, body = line.rpartition("||")
        missing = "telnetlib" in line and sys.version_info >= (3, 13)
        if line.strip() and not missing:
            found.append((before.strip(), body.strip()))
    return found


# -- the process that is hit ---------------------------------------------------------------------------------


def strike(fault: Fault, before: str, body: str, folder: str) -> dict[str, object]:
    """Run one line under a fault, in a process of its own.

    Args:
        fault: what goes wrong.
        before: what runs before it.
        body: what is watched.
        folder: an empty one, in which the process stands.

    Returns:
        The names of the error's class and bases, and its text; ``broken`` with an error of what ran before; nothing
        when nothing was raised.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()  # so that what it starts can be ended with it
            os.close(reading)
            os.write(writing, json.dumps(_struck(fault, before, body, folder)).encode() + b"\n")
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as channel:
        ready, _, _ = select.select([channel], [], [], SECONDS * 2)  # C code looks at no alarm
        text = channel.readline() if ready else b""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not ready:
        return {"late": True}
    return json.loads(text) if text else {"broken": "the process died"}  # type: ignore[no-any-return]  # an object


def _struck(fault: Fault, before: str, body: str, folder: str) -> dict[str, object]:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    bounded.prepare()
    os.environ.update(fault.environment)
    os.chdir(folder)
    space: dict[str, object] = {"__name__": "worker"}
    whole = f"{fault.setup}\n{before}\n{fault.strike}\n{body}"
    head = "".join(f"import {module}\n" for module in bounded.modules_of(whole))
    is_async = _is_async(f"{before}\n{body}")
    first = fault.setup if is_async else f"{fault.setup}\n{before}\n{fault.strike}"
    try:
        exec(f"{head}import asyncio\n{first}", space)
        code = compile(body, "<line>", "exec") if not is_async else None
        if is_async:
            exec(_coroutine(before, fault.strike, body), space)
    except BaseException as error:  # noqa: BLE001 - it is said
        return {"broken": repr(error)}
    if code is not None:
        error = bounded.raised(lambda: exec(code, space), SECONDS)
    else:
        came: list[BaseException] = []
        space["_came"] = came
        error = bounded.raised(lambda: exec("asyncio.run(_go())", space), SECONDS)
        if error is not None and not isinstance(error, bounded.TooLong):
            return {"broken": repr(error)}
        error = came[0] if came else error
    if error is None or isinstance(error, bounded.TooLong):
        return {"late": error is not None}
    return {"family": bounded.family_of(error), "text": str(error)[:100]}


def _is_async(text: str) -> bool:
    return re.search(r"\bawait\b|\basync (?:for|with)\b", text) is not None


def _coroutine(before: str, strike: str, body: str) -> str:
    """Write a function that runs a line in a loop of events, and keeps what only the line raises."""
    first = "".join(f"    {line}\n" for text in (before, strike) for line in text.splitlines())
    return f"async def _go():\n    pass\n{first}    try:\n        {body}\n    except Exception as error:\n        _came.append(error)\n"


# -- the run -------------------------------------------------------------------------------------------------


def script(fault: Fault, before: str, body: str) -> str:
    """Write the worker around a line.

    Args:
        fault: gives the parameters.
        before: what runs before it strikes.
        body: what is watched.
    """
    modules = bounded.modules_of(f"{fault.params}\n{before}\n{body}")
    head = "".join(f"import {module}\n" for module in modules)
    first = f"    {before}\n" if before else ""
    word = "async def" if _is_async(f"{before}\n{body}") else "def"
    return f"{head}{word} f({fault.params}):\n{first}    try:\n        {body}\n    except Exception:\n        pass\n"


def run(names: Iterable[str] = ()) -> Outcome:
    """Run the lines of faults, and compare.

    Args:
        names: of the faults; all when empty.

    Returns:
        What was run, and what escaped.
    """
    outcome = Outcome()
    for module in LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for fault in faults_here(names):
        for before, body in lines_of(fault):
            shown = f"{before} || {body}" if before else body
            outcome.lines += 1
            with _folder() as folder:
                answer = strike(fault, before, body, folder)
            if "broken" in answer:
                outcome.broken.append((fault.name, shown, str(answer["broken"])))
            elif "family" in answer:
                _judge(outcome, fault, before, body, answer)
    return outcome


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    folder = tempfile.mkdtemp()
    Path(folder).chmod(0o755)  # another user has to get in
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _judge(outcome: Outcome, fault: Fault, before: str, body: str, answer: Mapping[str, object]) -> None:
    family, text = answer["family"], str(answer["text"])
    assert isinstance(family, list)
    if re.match(r"module '[\w.]+' has no attribute", text):
        return  # of a later Python
    shown = f"{before} || {body}" if before else body
    outcome.arrived.append((fault.name, shown, family[0]))
    is_complete, names, rare = bounded.inferred_and_rare(script(fault, before, body))
    if not is_complete:
        outcome.unresolved.append((fault.name, shown))
    elif not bounded.is_listed(family, names):
        is_left = (fault.name, body) in LEFT or bounded.is_listed(family, rare)
        (outcome.left if is_left else outcome.escapes).append((fault.name, shown, family[0], text, names))


def main() -> int:
    """Run by command."""
    parser = argparse.ArgumentParser(description="Bring about what really goes wrong around calls.")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="some of the faults, by name")
    parser.add_argument("--verbose", action="store_true", help="say what arrived, too")
    parser.add_argument("--json", metavar="FILE", help="write the escapes to a file")
    options = parser.parse_args()
    unknown = set(options.faults) - {fault.name for fault in FAULTS}
    if unknown:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    outcome = run(options.faults)
    if options.verbose:
        for fault, line, exception in outcome.arrived:
            print(f"arrived: {fault}: {line}: {exception}")
        for fault, line in outcome.unresolved:
            print(f"unresolved: {fault}: {line}")
    for fault, line, error in outcome.broken:
        print(f"BROKEN {fault}: {line}: {error}")
    for fault, line, exception, text, names in outcome.escapes:
        print(f"{fault}: {line}: {exception} ({text}); inferred: {', '.join(names) or 'nothing'}")
    for fault, line, exception, *_ in outcome.left:
        print(f"left: {fault}: {line}: {exception}")
    if options.json:
        Path(options.json).write_text(json.dumps(outcome.escapes), encoding="utf-8")
    print(
        f"{outcome.lines} lines, {len(outcome.arrived)} errors arrived; {len(outcome.unresolved)} unresolved, "
        f"{len(outcome.left)} left, {len(outcome.escapes)} escapes"
    )
    return 1 if outcome.escapes or outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
