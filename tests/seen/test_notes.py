"""A log folder is input: what is damaged, forged, foreign or of a later version is counted, and has no effect."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from workerlog_migrate.errors import UsageError
from workerlog_migrate.seen.notes import DAMAGED, NEWER, STRANGE, Notes, Run, read_notes

SEEN = {
    "v": 1,
    "event": "seen",
    "time": "2026-11-29T13:34:00.123Z",
    "pid": 4242,
    "path": "scripts/genesis_a.py",
    "function": "Loader.load",
    "function_line": 12,
    "line": 17,
    "type": "builtins:RuntimeError",
    "bases": ["builtins:Exception", "builtins:BaseException"],
    "expected": False,
    "count": 1,
    "frames": [["scripts/genesis_a.py", "Loader.load", 12, 15]],
}
STARTED = {
    "v": 1,
    "event": "started",
    "time": "2026-11-20T00:00:00Z",
    "pid": 7,
    "path": "scripts/genesis_a.py",
}


def read(folder: Path, *lines: object, name: str = "genesis.seen.jsonl") -> Notes:
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    return read_notes([folder])


def test_equal_notes_of_many_processes_are_summed(tmp_path: Path) -> None:
    """Counts are cumulative in a process: its largest counts, and the processes are added."""
    lines = [{**SEEN, "pid": pid, "count": count} for pid in (1, 2, 3) for count in (1, 10, 100)]
    (arrival,) = read(tmp_path, *lines, {**SEEN, "pid": 3, "count": 123}).arrivals

    assert (arrival.count, arrival.processes) == (323, 3)


def test_evidence_of_many_machines_may_be_put_together(tmp_path: Path) -> None:
    """A runtime ends its file at five megabytes; a person may join hundreds of them."""
    frames = [[f"scripts/{'deep/' * 20}genesis_{number}.py", "Loader.load", 12, 15] for number in range(60)]
    lines = "".join(json.dumps({**SEEN, "pid": pid, "frames": frames}) + "\n" for pid in range(1, 10_001))
    assert len(lines) > 80_000_000

    (arrival,) = read(tmp_path, lines).arrivals

    assert (arrival.count, arrival.processes) == (10_000, 10_000)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param('{"v": 1, "event": "se', DAMAGED, id="half a line"),
        pytest.param("{\n", DAMAGED, id="no JSON"),
        pytest.param("[" * 100_000 + "\n", DAMAGED, id="nested too deeply"),
        pytest.param("[1]\n", DAMAGED, id="no object"),
        pytest.param("\udcff\udcfe\n", DAMAGED, id="no UTF-8"),
        pytest.param("x" * 200_000 + "\n", DAMAGED, id="too long"),
        pytest.param({**SEEN, "v": 2}, NEWER, id="later version"),
        pytest.param({**SEEN, "v": True}, STRANGE, id="version that is none"),
        pytest.param({**SEEN, "path": "../scripts/genesis_a.py"}, STRANGE, id="path upwards"),
        pytest.param({**SEEN, "path": "scripts/../scripts/genesis_a.py"}, STRANGE, id="path down and up"),
        pytest.param({**SEEN, "path": "a\u0000b.py"}, STRANGE, id="NUL in a path"),
        pytest.param({**SEEN, "path": ""}, STRANGE, id="no path"),
        pytest.param({**SEEN, "type": "os:system('x')"}, STRANGE, id="a call for a type"),
        pytest.param({**SEEN, "type": "a..b:C"}, STRANGE, id="an empty part"),
        pytest.param({**SEEN, "type": "RuntimeError"}, STRANGE, id="no module"),
        pytest.param({**SEEN, "bases": []}, STRANGE, id="no exception"),
        pytest.param({**SEEN, "count": 0}, STRANGE, id="count"),
        pytest.param({**SEEN, "count": True}, STRANGE, id="count that is none"),
        pytest.param({**SEEN, "line": -1}, STRANGE, id="line"),
        pytest.param({**SEEN, "line": "17"}, STRANGE, id="line as text"),
        pytest.param({**SEEN, "function": "f(); import os"}, STRANGE, id="function"),
        pytest.param({**SEEN, "time": "yesterday"}, STRANGE, id="time"),
        pytest.param({**SEEN, "time": "2026-13-45T99:00:00Z"}, STRANGE, id="time that never was"),
        pytest.param({**SEEN, "frames": [["a.py", "f", 1]]}, STRANGE, id="frame"),
        pytest.param({**SEEN, "frames": [SEEN["frames"]] * 65}, STRANGE, id="frames"),
        pytest.param({**STARTED, "event": "ended", "seconds": float("nan")}, STRANGE, id="not a number"),
    ],
)
def test_what_cannot_be_believed_is_counted(tmp_path: Path, line: object, reason: str) -> None:
    """Twin: the same line as the runtime writes it stands beside it, and counts."""
    notes = read(tmp_path, SEEN, line)

    assert len(notes.arrivals) == 1
    assert notes.passed_over == {reason: 1}
    assert notes.lines == 2


def test_an_absolute_path_may_hold_what_sys_path_brought(tmp_path: Path) -> None:
    """``sys.path.insert(0, os.path.join(here, "..", "scripts"))`` gives such a path."""
    (arrival,) = read(tmp_path, {**SEEN, "path": "/srv/bot/tests/../scripts/genesis_a.py"}).arrivals

    assert arrival.path == "/srv/bot/scripts/genesis_a.py"


def test_unknown_events_and_keys_are_passed_over(tmp_path: Path) -> None:
    """They are for readers to come, and no damage."""
    notes = read(tmp_path, {**SEEN, "later": [1]}, {"v": 1, "event": "dreamt", "time": "x"})

    assert (len(notes.arrivals), notes.passed_over) == (1, {})


@pytest.mark.parametrize(
    ("lines", "seconds", "processes"),
    [
        pytest.param(
            [STARTED, {**STARTED, "event": "ended", "time": "2026-11-27T00:00:00Z"}], 604_800, 1, id="ended"
        ),
        pytest.param([STARTED, {**STARTED, "event": "ended", "seconds": 60.5}], 60.5, 1, id="seconds"),
        pytest.param([STARTED, {**STARTED, "event": "running", "seconds": 3600}], 3600, 1, id="killed"),
        pytest.param([STARTED], 0, 1, id="killed at once"),
        pytest.param(
            [{**STARTED, "event": "ended", "pid": 0, "count": 40, "seconds": 400}],
            400,
            40,
            id="summed by the runtime",
        ),
        pytest.param(
            [STARTED, STARTED, {**STARTED, "event": "ended", "seconds": 5}], 5, 2, id="one number, two runs"
        ),
    ],
)
def test_the_time_of_all_runs_is_added(
    tmp_path: Path, lines: list[object], seconds: float, processes: int
) -> None:
    assert read(tmp_path, *lines).runs == (
        Run("genesis.seen.jsonl", "scripts/genesis_a.py", seconds, processes),
    )


def test_what_a_mock_raised_is_known(tmp_path: Path) -> None:
    """``side_effect``: the innermost frame is the mock's."""
    frames = [
        *SEEN["frames"],
        ["/usr/lib/python3.11/unittest/mock.py", "CallableMixin._execute_mock_call", 1180, 1184],
    ]  # type: ignore[misc]  # a list
    notes = read(tmp_path, {**SEEN, "frames": frames}, SEEN)

    assert [arrival.is_mock for arrival in notes.arrivals] == [False, True]


def test_memory_does_not_grow_with_processes(tmp_path: Path) -> None:
    """Ten thousand processes with a start, an error and no end cost no more than a thousand, but for those at work."""

    def peak(processes: int) -> int:
        folder = tmp_path / str(processes)
        folder.mkdir()
        with (folder / "genesis.seen.jsonl").open("w", encoding="utf-8") as file:
            for pid in range(1, processes + 1):
                file.write(
                    json.dumps({**STARTED, "pid": pid}) + "\n" + json.dumps({**SEEN, "pid": pid}) + "\n"
                )
                file.write(json.dumps({**STARTED, "event": "ended", "pid": pid, "seconds": 1}) + "\n")
        tracemalloc.start()
        notes = read_notes([folder])
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (notes.arrivals[0].processes, notes.runs[0].processes) == (processes, processes)
        return most

    assert peak(10_000) < peak(1_000) + 4_000_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_or_a_folder_of_that_name_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "zero.seen.jsonl")
    (tmp_path / "aider.seen.jsonl").mkdir()

    notes = read(tmp_path, SEEN)

    assert len(notes.arrivals) == 1
    assert sum(notes.passed_over.values()) == 2


def test_a_folder_without_notes_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        read_notes([tmp_path])
    with pytest.raises(UsageError, match="no note in it that could be read"):
        read(tmp_path, "half")
    with pytest.raises(UsageError, match="cannot be read"):
        read_notes([tmp_path / "missing"])
