"""CRITICAL records notify: once per message and five minutes, on every sink, at two seconds' cost at most."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import worker_logger
import worker_utils
from runtime_sandbox import Sandbox, levels_and_messages
from worker_logger import setup_worker_logger
from worker_utils import notify_critical

pytestmark = pytest.mark.usefixtures("fresh")


def sent(folder: Path) -> list[dict[str, object]]:
    path = folder / "notifications.jsonl"
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_700_000_000.0
        monkeypatch.setattr(time, "time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_critical_record_is_one_line_of_json(tmp_path: Path, clock: Clock) -> None:
    """In the worker's log folder, in UTF-8, with what a person needs."""
    logger = setup_worker_logger("genesis", tmp_path)
    try:
        int("ação")
    except ValueError:
        logger.critical("parou às %d", 7, exc_info=True)

    assert b"parou \xc3\xa0s 7" in (tmp_path / "notifications.jsonl").read_bytes()
    (record,) = sent(tmp_path)
    assert str(record.pop("traceback")).startswith("Traceback (most recent call last):\n")
    assert record.pop("host")
    assert record == {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "time": clock.now,
        "worker": "genesis",
        "level": "CRITICAL",
        "message": "parou às 7",
        "error": "ValueError: invalid literal for int() with base 10: 'ação'",
        "process": os.getpid(),
        "held_back": 0,
    }


def test_lesser_records_do_not_notify(tmp_path: Path) -> None:
    """Nor does a CRITICAL record that the logger's level or a filter keeps off the log."""
    logger = setup_worker_logger("genesis", tmp_path)
    logger.error("x")
    logger.addFilter(lambda record: record.getMessage() != "filtered")
    logger.critical("filtered")

    assert sent(tmp_path) == []


def test_every_different_critical_record_notifies(tmp_path: Path) -> None:
    """Bounded is what goes out, not what the file holds."""
    logger = setup_worker_logger("genesis", tmp_path)
    for number in range(100):
        logger.critical("x" * (number + 1))

    assert [record["message"] for record in sent(tmp_path)] == ["x" * (number + 1) for number in range(100)]


def test_surrogates_and_newlines_stay_one_line(tmp_path: Path) -> None:
    """The line can be read back whatever the message holds."""
    setup_worker_logger("genesis", tmp_path)
    message = "a\nb\udc80\u2028\x00c"

    assert notify_critical(message, worker="genesis")
    assert not notify_critical(message, worker="genesis")
    assert (tmp_path / "notifications.jsonl").read_bytes().count(b"\n") == 1
    assert sent(tmp_path)[0]["message"] == message


def test_equal_messages_are_sent_once_in_five_minutes_with_their_count(tmp_path: Path, clock: Clock) -> None:
    """The next one that is sent tells how many were held back meanwhile."""
    setup_worker_logger("genesis", tmp_path)
    results = []
    for _ in range(5):
        results.append(notify_critical("parou"))
        clock.now += 74.9
    results.append(notify_critical("parou"))

    assert results == [True, False, False, False, False, True]
    assert [record["held_back"] for record in sent(tmp_path)] == [0, 4]


def test_a_clock_that_was_set_back_holds_nothing_back(tmp_path: Path, clock: Clock) -> None:
    """A line from the future is no reason for silence."""
    setup_worker_logger("genesis", tmp_path)
    notify_critical("parou")
    clock.now -= 3600

    assert notify_critical("parou")


def test_messages_of_other_workers_are_their_own(tmp_path: Path) -> None:
    """Equal means: of the same worker."""
    setup_worker_logger("genesis", tmp_path)
    setup_worker_logger("zero", tmp_path)

    assert [notify_critical("parou", worker=worker) for worker in ("genesis", "zero", "genesis")] == [
        True,
        True,
        False,
    ]
    assert [record["worker"] for record in sent(tmp_path)] == ["genesis", "zero"]


def test_a_worker_that_crashes_again_and_again_notifies_once(sandbox: Sandbox) -> None:
    """Across processes the tail of the file tells; the count is kept as well."""
    script = "from worker_logger import setup_worker_logger\nsetup_worker_logger('genesis')\nraise ValueError('again')"
    for _ in range(4):
        assert sandbox.run(script).returncode == 1
    folder = sandbox.path / "logs"
    (record,) = sent(folder)
    (folder / "notifications.jsonl").write_text(json.dumps({**record, "time": time.time() - 301}) + "\n")
    sandbox.run(script)

    assert [record["held_back"] for record in sent(folder)] == [0, 3]
    assert sandbox.log.read_text().count("CRITICAL") == 5


def test_processes_that_crash_together_notify_once(sandbox: Sandbox) -> None:
    """The look at the file and the new line are one step."""
    done = sandbox.run(
        """
        import subprocess, sys
        child = (
            "import sys; from worker_logger import setup_worker_logger; logger = setup_worker_logger('genesis');"
            "print('ready', flush=True); sys.stdin.read(1); logger.critical('together')"
        )
        command = [sys.executable, "-c", child]
        children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(8)]
        for each in children: each.stdout.readline()
        for each in children: each.stdin.close()
        print([each.wait() for each in children] == [0] * 8)
        """
    )

    assert (done.stdout, done.stderr) == (b"True\n", b"")
    assert len(sent(sandbox.path / "logs")) == 1
    assert sandbox.logged() == ["CRITICAL together"] * 8


def test_what_another_process_sends_while_we_wait_is_not_of_the_future(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """The time of a notification is that at which the lock was had."""
    setup_worker_logger("genesis", tmp_path)
    take_lock = worker_logger._LogFile.take_lock

    def waits(file: worker_logger._LogFile, seconds: float) -> object:
        monkeypatch.setattr(worker_logger._LogFile, "take_lock", take_lock)
        clock.now += 0.001
        assert notify_critical("parou")
        return take_lock(file, seconds)

    monkeypatch.setattr(worker_logger._LogFile, "take_lock", waits)

    assert not notify_critical("parou")
    assert [record["time"] for record in sent(tmp_path)] == [clock.now]


def test_the_file_is_rotated_at_a_megabyte_with_one_backup(tmp_path: Path) -> None:
    """And what was sent just before the rotation is still known."""
    setup_worker_logger("genesis", tmp_path)
    path = tmp_path / "notifications.jsonl"
    path.write_bytes(b"x" * 1024 * 1024 + b"\n")
    notify_critical("one")
    assert {entry.name for entry in tmp_path.iterdir()} == {
        "genesis.log",
        "notifications.jsonl",
        "notifications.jsonl.1",
    }
    path.replace(tmp_path / "notifications.jsonl.1")

    assert not notify_critical("one")


def test_without_a_logger_the_default_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``WORKER_LOG_DIR``, or ``logs`` in the current folder."""
    monkeypatch.chdir(tmp_path)
    assert notify_critical("one")
    monkeypatch.setenv("WORKER_LOG_DIR", str(tmp_path / "central"))
    assert notify_critical("two", worker="zero")

    assert [(r["worker"], r["message"]) for r in sent(tmp_path / "logs")] == [("worker", "one")]
    assert [(r["worker"], r["message"]) for r in sent(tmp_path / "central")] == [("zero", "two")]
    assert "zero" not in worker_logger.logging.root.manager.loggerDict  # type: ignore[attr-defined]


def test_a_folder_that_cannot_be_written_still_holds_back(tmp_path: Path, clock: Clock) -> None:
    """The sinks hear of it once, although no file can tell."""
    (tmp_path / "logs").write_text("")
    setup_worker_logger("genesis", tmp_path / "logs")
    heard: list[object] = []
    results = [notify_critical("parou", sink=heard.append) for _ in range(3)]
    clock.now += 301
    results.append(notify_critical("parou", sink=heard.append))

    assert results == [True, False, False, True]
    assert len(heard) == 2


class Receiver(BaseHTTPRequestHandler):
    """Note each request, and answer as the server says."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        requests.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(500 if "fail" in self.path else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


requests: list[tuple[str, str, dict[str, object]]] = []


@pytest.fixture
def server() -> Iterator[str]:
    requests.clear()
    with HTTPServer(("127.0.0.1", 0), Receiver) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_all_sinks_get_the_same_record(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """File, URL, command and callable."""
    setup_worker_logger("genesis", tmp_path)
    monkeypatch.setenv("WORKER_NOTIFY_URL", server + "/hook?token=geheim")
    code = f"import sys; open({str(tmp_path / 'stdin')!r}, 'wb').write(sys.stdin.buffer.read())"
    monkeypatch.setenv("WORKER_NOTIFY_COMMAND", subprocess.list2cmdline([sys.executable, "-c", code]))
    heard: list[dict[str, object]] = []

    assert notify_critical("parou é", error=ValueError("x"), sink=heard.append)
    (line,) = (tmp_path / "notifications.jsonl").read_bytes().splitlines(keepends=True)
    assert (tmp_path / "stdin").read_bytes() == line
    assert requests == [("/hook?token=geheim", "application/json; charset=utf-8", json.loads(line))]
    assert heard == [json.loads(line)]
    assert "geheim" not in (tmp_path / "genesis.log").read_text()


@pytest.mark.parametrize("scheme", ["http", "file", "nonsense"])
def test_a_url_that_fails_is_noted_without_its_secret(
    scheme: str,
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A refusing server, a file URL, no URL at all: a warning on the log, nothing on the terminal."""
    setup_worker_logger("genesis", tmp_path)
    url = {"http": server + "/fail?token=geheim", "file": "file:///etc/geheim", "nonsense": "geheim"}[scheme]
    monkeypatch.setenv("WORKER_NOTIFY_URL", url)

    assert notify_critical("parou")
    (line,) = levels_and_messages(tmp_path / "genesis.log")
    assert line.startswith("WARNING notification through WORKER_NOTIFY_URL failed: ")
    assert "geheim" not in line
    assert capfd.readouterr() == ("", "")


def raise_it() -> None:
    raise RuntimeError("geheim")


@pytest.mark.parametrize(
    ("sink", "kind"),
    [(raise_it, "RuntimeError"), (sys.exit, "SystemExit"), (lambda _: raise_it(), "RuntimeError")],
)
def test_a_sink_that_raises_or_exits_harms_nobody(
    sink: worker_logger._Sink, kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The line is in the file, the failure on the log, the terminal clean."""
    setup_worker_logger("genesis", tmp_path)

    assert notify_critical("parou", sink=sink if kind != "RuntimeError" else lambda _: raise_it())
    assert len(sent(tmp_path)) == 1
    assert levels_and_messages(tmp_path / "genesis.log") == [
        f"WARNING notification through sink failed: {kind}"
    ]
    assert capfd.readouterr() == ("", "")


def test_sinks_that_hang_cost_two_seconds_together_and_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker waits for all of them at once, never again while they hang, and starts no more than a few."""
    setup_worker_logger("genesis", tmp_path)
    release = threading.Event()
    waited: list[float] = []
    started: list[object] = []
    join = threading.Thread.join
    now = 50.0

    def joined(thread: threading.Thread, timeout: float | None = None) -> None:
        nonlocal now
        if thread.name.startswith("worker-notification") and not release.is_set():
            assert timeout is not None
            waited.append(timeout)
            now += timeout
        else:
            join(thread, timeout)

    def hang(record: dict[str, object]) -> None:
        started.append(record)
        release.wait()

    monkeypatch.setattr(threading.Thread, "join", joined)
    monkeypatch.setattr(worker_logger, "_monotonic", lambda: now)
    monkeypatch.setattr(worker_logger, "_post", lambda *_: release.wait())
    monkeypatch.setenv("WORKER_NOTIFY_URL", "http://x")
    for number in range(10):
        assert notify_critical("parou " + "x" * number, sink=hang)
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("worker-notification"):
            thread.join()

    assert waited == [2.0, *[0.0] * 7]
    assert len(started) == 4
    assert len(sent(tmp_path)) == 10


def test_a_sink_that_is_still_at_work_is_not_one_that_hangs(tmp_path: Path) -> None:
    """A crash right after another thread's CRITICAL waits for its own delivery all the same."""
    setup_worker_logger("genesis", tmp_path)
    release, begun, returned = threading.Event(), threading.Event(), threading.Event()
    heard: list[str] = []

    def slow(_: object) -> None:
        begun.set()
        release.wait()

    other = threading.Thread(target=notify_critical, args=("one",), kwargs={"sink": slow})
    other.start()
    begun.wait()

    def second(_: object) -> None:
        if not returned.wait(0.5):
            heard.append("two")

    notify_critical("two", sink=second)
    returned.set()
    assert heard == ["two"]
    release.set()
    other.join()


def test_a_sink_that_logs_critical_itself_does_not_notify_for_ever(tmp_path: Path) -> None:
    """Its record notifies like any other, without waiting for itself."""
    logger = setup_worker_logger("genesis", tmp_path)
    done: list[bool] = []

    def sink(_: object) -> None:
        logger.critical("in the sink")
        done.append(True)

    notify_critical("parou", sink=sink)

    assert done == [True]
    assert [record["message"] for record in sent(tmp_path)] == ["parou", "in the sink"]


def test_a_flood_of_different_messages_reaches_the_outside_sixty_times(tmp_path: Path, clock: Clock) -> None:
    """The file has them all; URL, command and callable are spared, until five minutes have passed."""
    setup_worker_logger("genesis", tmp_path)
    heard: list[dict[str, object]] = []
    for number in range(80):
        notify_critical("parou " + "x" * number, sink=heard.append)
    assert (len(heard), len(sent(tmp_path))) == (60, 80)
    clock.now += 301
    notify_critical("depois", sink=heard.append)

    assert len(heard) == 61


def test_a_crash_waits_for_its_sinks(sandbox: Sandbox) -> None:
    """The process ends after the notification is delivered, not before."""
    sandbox.write("import sys\nopen('delivered', 'wb').write(sys.stdin.buffer.read())\n", "deliver.py")
    done = sandbox.run(
        """
        from worker_logger import setup_worker_logger
        setup_worker_logger("genesis")
        raise ValueError("end")
        """,
        WORKER_NOTIFY_COMMAND=f'"{sys.executable}" -S -E deliver.py'
        if os.name == "nt"
        else "sleep 0.1; cat > delivered",
    )

    assert done.returncode == 1
    assert json.loads((sandbox.path / "delivered").read_bytes())["error"] == "ValueError: end"


def test_a_command_has_neither_the_worker_s_console_nor_its_ctrl_c(sandbox: Sandbox) -> None:
    """On Windows a console of its own that nobody sees, so that none pops up under ``pythonw``; on POSIX a session of its own."""
    (sandbox.path / "deliver.py").write_text(
        """
import os, sys
if os.name == "nt":
    import ctypes
    found = (ctypes.c_uint32 * 64)()
    count = ctypes.windll.kernel32.GetConsoleProcessList(found, 64)
    own = os.getpid() in found[:count] and int(sys.argv[1]) not in found[:count]
else:
    own = os.getsid(0) != os.getsid(int(sys.argv[1]))
with open("own", "w") as file: file.write(str(own))
""",
        encoding="utf-8",
    )
    done = sandbox.run(
        """
        import os, sys
        os.environ["WORKER_NOTIFY_COMMAND"] = f'"{sys.executable}" -S -E deliver.py {os.getpid()}'
        from worker_logger import setup_worker_logger
        setup_worker_logger("genesis").critical("end")
        """
    )

    assert done.returncode == 0, done.stderr
    assert (sandbox.path / "own").read_text() == "True"


@pytest.mark.parametrize("message", [None, 5, ["x"]])
def test_any_object_is_a_message(message: object, tmp_path: Path) -> None:
    """The last word of a dying worker is not refused for its type."""
    setup_worker_logger("genesis", tmp_path)

    assert notify_critical(message)  # type: ignore[arg-type]  # that is the point
    assert sent(tmp_path)[0]["message"] == str(message)


def test_no_failure_in_the_delivery_reaches_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads that cannot be started, a full folder, an error whose text raises."""
    setup_worker_logger("genesis", tmp_path)

    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert notify_critical("one", error=UnprintableError())
    monkeypatch.setattr(threading.Thread, "start", raise_it)
    assert not notify_critical("two", sink=print)
    monkeypatch.setattr(worker_logger, "_notify", raise_it)
    assert not worker_utils.notify_critical("three")
