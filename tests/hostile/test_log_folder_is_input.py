"""Kind: a log folder may come with the checkout, and a migrated worker looks into it: at its start, at a crash, and when a file has grown.

Whatever lies there, the worker does its work, ends as it would, and tells of its crash. The limits are guards, far from what a worker takes.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attacked import Place

from workerlog_migrate.files.vendor import runtime_text
from workerlog_migrate.seen.notes import read_notes

HOLE = 900_000_000_000
NOTE = (
    '{"v": 1, "event": "seen", "time": "2026-01-01T00:00:00Z", "pid": 1, "path": "a.py", "type": "builtins:OSError", '
    '"count": COUNT, "seconds": SECONDS}\n'
)
NOTIFICATION = '{"worker": "zero", "message": "x", "error": null, "traceback": null, "time": TIME}\n'
WORKER = """
from worker_logger import setup_worker_logger
logger = setup_worker_logger("zero")
print("at work")
try:
    raise OSError("the disk")
except OSError:
    logger.exception("kept")
raise ValueError("told")
"""


def _start(place: Place, script: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a worker beside the runtime, with limits of memory and processor time."""
    (place.clone / "scripts" / "worker_logger.py").write_text(runtime_text("worker_logger"), encoding="utf-8")
    place.script.write_text(script, encoding="utf-8")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    return subprocess.run(
        [sys.executable, str(place.script)],
        cwd=place.clone,
        env={**os.environ, **extra},
        timeout=120,
        check=False,
        preexec_fn=limit,
        capture_output=True,
        text=True,
    )


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(HOLE)


def _of(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


SEEN = ("zero.seen.jsonl", "zero.seen.jsonl.summing")
SENT = ("notifications.jsonl", "notifications.jsonl.1", "notifications.jsonl.held")
NAMES = ("zero.log", "zero.log.1", "zero.log.lock", *SEEN, *SENT)
WHAT: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a full device": lambda path: path.symlink_to("/dev/full"),
    "a file of the system": lambda path: path.symlink_to("/proc/kmsg"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a hole": _hole,
    "one line": _of("x" * 8_000_000),
    "a deep line": _of('{"a":' * 20_000 + "\n" + "[" * 100_000 + "\n"),
    "long numbers": _of(
        NOTIFICATION.replace("TIME", "1" + "0" * 4_000) + NOTIFICATION.replace("TIME", "9" * 10_000)
    ),
    "no numbers": _of("".join(NOTIFICATION.replace("TIME", each) for each in ("NaN", "Infinity", "-1e999"))),
}


@pytest.mark.parametrize("what", WHAT)
def test_a_worker_works_whatever_lies_in_its_log_folder(place: Place, what: str) -> None:
    """Each file that the runtime opens is such a thing in turn; the work is done, and somebody is told of the crash."""
    told = place.home / "told"
    for name in NAMES:
        folder = place.clone / name.replace(".", "_")
        folder.mkdir()
        WHAT[what](folder / name)

        done = _start(
            place, WORKER, WORKER_LOG_DIR=str(folder), WORKER_NOTIFY_COMMAND=f"cat >> {str(told)!r}"
        )

        assert done.returncode == 1, (name, done.stderr)
        assert done.stdout == "at work\n", name
        assert done.stderr.endswith("ValueError: told\n"), name
        sent = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
        assert [entry["message"] for entry in sent] == ["uncaught ValueError: told"], name
        told.unlink()


def _sums(place: Place, *, evidence: bytes, aside: bytes = b"", size: int = 0) -> bytes:
    """Start a migrated worker on an evidence file that a checkout brings; give the evidence that it leaves."""
    logs = place.clone / "logs"
    logs.mkdir()
    (logs / "zero.seen.jsonl").write_bytes(evidence)
    if aside:
        (logs / "zero.seen.jsonl.summing").write_bytes(aside)
    if size:
        os.truncate(logs / "zero.seen.jsonl", size)

    done = _start(
        place, "from worker_logger import setup_worker_logger\nlogger = setup_worker_logger('zero')\n"
    )

    assert done.returncode == 0, done.stderr
    assert not (logs / "zero.seen.jsonl.summing").exists()
    return (logs / "zero.seen.jsonl").read_bytes()


@pytest.mark.parametrize(
    "evidence", [b"", b"\n" * 5_500_000, b"{}\n" * 2_000_000], ids=["hole", "ends", "short"]
)
def test_a_worker_reads_evidence_up_to_a_size(place: Place, evidence: bytes) -> None:
    """Kind: an archive brings a file that is a hole of 900 GB; a worker read all of it, at its start, into its memory."""
    left = _sums(place, evidence=evidence, size=0 if evidence else HOLE)

    assert len(left) < 1_000


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000 + "\n",
        '{"v": 1, "event": "seen", "pid": 1, "time": ' + "[" * 900 + "]" * 900 + "}\n",
        NOTE.replace("COUNT", "1").replace("SECONDS", "1" + "0" * 400),
        NOTE.replace("COUNT", "9" * 4_300).replace("SECONDS", "0") * 20,
        NOTE.replace("COUNT", "1").replace("SECONDS", "NaN"),
        "x" * 8_000_000 + "\n",
        "".join(f'{{"event":"x","time":0,"pid":0,"n":{number}}}\n' for number in range(60_000)),
    ],
    ids=["deep", "deep time", "huge seconds", "huge count", "no number", "long", "many"],
)
def test_no_line_of_the_evidence_keeps_the_others_from_being_summed(place: Place, line: str) -> None:
    """Kind: one line for which the sums fail, and its file stays aside for ever: nothing more is noted. The twin is the line beside it."""
    honest = NOTE.replace("COUNT", "3").replace("SECONDS", "0").replace("OSError", "ValueError")
    aside = honest + line if '"n"' in line else line + honest  # of many that differ the first ones are kept

    left = _sums(place, evidence=b"{}\n" * 2_000_000, aside=aside.encode())

    assert b'"builtins:ValueError", "time": "2026-01-01T00:00:00Z", "pid": 0, "count": 3' in left
    assert b'"event": "ended"' in left
    assert len(left) < 5_000_000


def test_evidence_that_cannot_be_summed_grows_no_further(place: Place) -> None:
    """Kind: something else has the name under which it would be summed. Its twin has it free."""
    for name in ("taken", "free"):
        folder = place.clone / name
        folder.mkdir()
        (folder / "zero.seen.jsonl").write_bytes(b'{"v": 1}\n' * 2_400_000)
        if name == "taken":
            (folder / "zero.seen.jsonl.summing").mkdir()
        _start(place, WORKER, WORKER_LOG_DIR=str(folder))
        size = (folder / "zero.seen.jsonl").stat().st_size
        assert (size == 2_400_000 * 9) if name == "taken" else (0 < size < 10_000)


@pytest.mark.parametrize("what", [what for what in WHAT if what not in ("a folder", "a link to itself")])
def test_what_a_worker_left_there_is_read_beside_it(place: Place, what: str) -> None:
    """Kind: the same things before the one who reads the evidence: what is understood counts."""
    WHAT[what](place.clone / "zero.seen.jsonl")
    honest = NOTE.replace("COUNT", "3").replace("SECONDS", "0").replace('"path"', '"function": "f", "path"')
    (place.clone / "one.seen.jsonl").write_text(
        honest.replace(
            '"type"', '"function_line": 1, "line": 2, "bases": ["builtins:BaseException"], "type"'
        ),
        encoding="utf-8",
    )

    notes = read_notes([place.clone])

    assert [(arrival.type, arrival.count) for arrival in notes.arrivals] == [("builtins:OSError", 3)]


RULE = """
from worker_logger import expect_only, mirror_print, setup_worker_logger
logger = setup_worker_logger("zero")
CAUSE, RULE = compile("int(text)", "cause", "eval"), compile("check(text)", "rule", "eval")
def check(text):
    try:
        eval(CAUSE)
    except ValueError as error:
        raise KeyError("told") from error
for text in "ab":
    try:
        eval(RULE)
    except Exception as error:
        expect_only(logger, "builtins.OSError")
        mirror_print(logger.critical, "at work", error)
"""
SOURCES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a hole": _hole,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a file of the system": lambda path: path.symlink_to("/proc/kmsg"),
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("name", ["rule", "cause"])
@pytest.mark.parametrize("folder", ["", "scripts"])
@pytest.mark.parametrize("what", SOURCES)
def test_what_has_the_name_of_compiled_code_keeps_no_worker(
    place: Place, what: str, folder: str, name: str
) -> None:
    """A traceback shows the source of each frame, by the name that its code was compiled under: in the current folder, or in `sys.path`."""
    SOURCES[what](place.clone / folder / name)
    done = _start(place, RULE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("at work") == 2
    log = (place.clone / "logs" / "zero.log").read_text(encoding="utf-8")
    assert f'File "{name}", line 1' in log


def test_a_source_that_is_there_is_still_shown(place: Place) -> None:
    """The twin: code that a program compiled from a file beside it."""
    (place.clone / "rule").write_text("check(text)  # by the rules\n", encoding="utf-8")
    done = _start(place, RULE)
    assert done.returncode == 0, done.stderr
    assert "check(text)  # by the rules" in (place.clone / "logs" / "zero.log").read_text(encoding="utf-8")
