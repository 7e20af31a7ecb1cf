"""The properties that the fuzzers hold the tool to, as functions of a source of choices.

Each runs the real pipeline on one program and raises `BrokenError` for a promise that was not kept, and for a refusal that
means a fault of ours.
"""

from __future__ import annotations

import pickle
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st
from mutations import decorated, disturbed
from programs import Dice, Program, encoded
from promises import BrokenError, check_kept, compiles, decoded

from workerlog_migrate.model import FileResult, Settings, Target, Unresolved
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.registry import CODEMODS
from workerlog_migrate.report import Mode, Report
from workerlog_migrate.report.diff import render_file_diff
from workerlog_migrate.report.formats import FORMATS, render

SELECTIONS = (CODEMODS, CODEMODS, *((name,) for name in CODEMODS), CODEMODS[1:], CODEMODS[::2])

Draw = Callable[[st.SearchStrategy[int]], int]

counts: Counter[str] = Counter()
"""What became of the programs so far; refusals by their reason."""

last = b""
"""The program that was checked last: after a failure the one that hypothesis has shrunk."""


def generated_program(draw: Draw) -> None:
    """A program made by grammar."""
    dice = Dice(draw)
    check(encoded(Program(dice, budget=dice.choose((10, 25, 60))).module(), dice), dice)


def decorated_script(draw: Draw) -> None:
    """A script of ours, written differently."""
    dice = Dice(draw)
    check(decorated(dice), dice)


def disturbed_script(draw: Draw) -> None:
    """A script of ours, damaged."""
    dice = Dice(draw)
    check(disturbed(dice), dice)


PROPERTIES = (generated_program, decorated_script, disturbed_script)


def check(raw: bytes, dice: Dice) -> None:
    """Migrate one program and check everything that is promised.

    Args:
        raw: the program.
        dice: chooses the options.

    Raises:
        BrokenError: something is not as promised.
    """
    global last
    last = raw
    settings = Settings(
        select=dice.choose(SELECTIONS),
        unresolved=dice.choose(tuple(Unresolved)),
        log_dir=dice.choose((None, None, 'diário "x"')),
    )
    target = Target(
        Path("script.py"), dice.choose(("genesis", "json", "é-1")), dice.choose(("*", "")), dice.chance(20)
    )
    result = migrate_bytes(raw, target, settings)
    pickle.dumps(result)  # as --jobs does
    if result.error is not None:
        _check_refusal(raw, result)
    elif not result.changed:
        counts["unchanged"] += 1
    else:
        counts["changed"] += 1
        _check_change(raw, result, target, settings)
    if dice.chance(10):
        report = Report(Mode.DRY_RUN, keeps_bytes=True)
        report.add(result)
        for name in FORMATS:
            render(report, name)


def _check_refusal(raw: bytes, result: FileResult) -> None:
    assert result.error is not None  # the caller looked
    reason = result.error.reason
    if result.after != raw or "internal error" in reason or "check failed" in reason:
        raise BrokenError(f"refused: {reason}")
    if compiles(raw) and _is_read(raw):
        raise BrokenError(f"refused, but it compiles: {reason}")
    counts[f"refused: {reason[:24]}"] += 1


def _check_change(raw: bytes, result: FileResult, target: Target, settings: Settings) -> None:
    if not compiles(raw):
        raise BrokenError("changed, but it did not compile")
    if not _is_read(raw):
        raise BrokenError("changed, but the interpreter does not read it")
    check_kept(raw, result.after)
    again = migrate_bytes(result.after, target, settings)
    if again.error is not None or again.changed or again.plan.applied:
        raise BrokenError(f"a second run is no no-op: {again.error}")
    if migrate_bytes(raw, target, settings).after != result.after:
        raise BrokenError("the same file gives another result the second time")
    _check_diff(raw, result.after)


def _is_read(raw: bytes) -> bool:
    """Whether the interpreter would decode this as a file; `compile` lets some bytes in comments pass."""
    try:
        decoded(raw)
    except (SyntaxError, UnicodeError):
        return False
    return True


def _check_diff(before: bytes, after: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_bytes(before)
        patch = render_file_diff(Path("script.py"), before, after)
        command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
        done = subprocess.run(command, input=patch, cwd=folder, capture_output=True, check=False)
        if done.returncode or script.read_bytes() != after:
            raise BrokenError(f"git apply: {done.stderr.decode()[:200]}")
