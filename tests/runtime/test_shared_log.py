"""Any number of processes on one log: nothing lost, torn or doubled, whatever becomes of the processes."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from runtime_sandbox import Sandbox

RECORD = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \| INFO \| genesis \| (w\d+) line (\d+) x{20}")
UNFINISHED = re.compile(rb"(?!.+\d{4}-)[-0-9 :,]{1,24}(?:\|[ A-Za-z]*){0,3}(?: w\d*(?: [line0-9x ]{0,40})?)?")

# A process that logs numbered lines; it says "ready" and waits for a line on stdin, so that all start together.
WRITER = """
import sys
from worker_logger import setup_worker_logger
name, count, max_bytes, backups = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
logger = setup_worker_logger("genesis", max_bytes=max_bytes, backup_count=backups)
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    logger.info("%s line %d %s", name, number, "x" * 20)
"""


def lines_of(folder: Path, unfinished: int = 0) -> dict[str, list[int]]:
    """Read every line of every file, oldest first; all but so many must be whole records."""
    found: dict[str, list[int]] = {}
    names = sorted(
        folder.glob("genesis.log*"), key=lambda path: -int(path.suffix[1:] if path.suffix != ".log" else 0)
    )
    for path in names:
        data = path.read_bytes()
        assert data.endswith(b"\n"), path
        for line in data.splitlines():
            if re.search(rb" \| INFO \| genesis \| (started: pid|ended after) ", line):
                continue
            match = RECORD.fullmatch(line)
            if match is None and unfinished and (not line or UNFINISHED.fullmatch(line)):
                unfinished -= 1
                continue
            assert match, (path, line)
            found.setdefault(match[1].decode(), []).append(int(match[2]))
    return found


def run_together(sandbox: Sandbox, script: str, processes: int, *arguments: str, **variables: str) -> None:
    started = [
        sandbox.start(script, f"w{number}", *arguments, name=f"writer{number}.py", **variables)
        for number in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in started:
        with process:
            stdout, stderr = process.communicate(timeout=60)
            assert (process.returncode, stdout, stderr) == (0, b"", b"")


@pytest.mark.parametrize("processes", [2, 8])
def test_processes_that_rotate_one_log_lose_nothing(processes: int, sandbox: Sandbox) -> None:
    """With rotation at 30 KB each line is there once, whole, and no file is much too large."""
    run_together(sandbox, WRITER, processes, str(16_000 // processes), "30000", "400")

    folder = sandbox.path / "logs"
    found = lines_of(folder)
    assert {name: Counter(numbers) for name, numbers in found.items()} == {
        f"w{number}": Counter(range(16_000 // processes)) for number in range(processes)
    }
    assert len(list(folder.iterdir())) > 20
    assert max(path.stat().st_size for path in folder.iterdir()) < 10 * 30_000


def test_one_process_writes_its_lines_in_order(sandbox: Sandbox) -> None:
    """Over all rotations."""
    run_together(sandbox, WRITER, 1, "3000", "30000", "400")

    assert lines_of(sandbox.path / "logs") == {"w0": list(range(3000))}


def test_only_as_many_backups_are_kept_as_asked_for(sandbox: Sandbox) -> None:
    """What is left is the newest, without a hole: nothing is lost but by dropping the oldest file."""
    run_together(sandbox, WRITER, 4, "2500", "30000", "5")

    folder = sandbox.path / "logs"
    found = lines_of(folder)
    assert sorted(path.name for path in folder.glob("*.log*")) == [
        "genesis.log",
        *(f"genesis.log.{number}" for number in range(1, 6)),
    ]
    for numbers in found.values():
        assert sorted(numbers) == list(range(min(numbers), 2500))


def test_threads_and_forks_and_spawned_processes_share_the_log(sandbox: Sandbox) -> None:
    """Threads go on logging while children are forked and spawned; nobody deadlocks, nothing is doubled."""
    done = sandbox.run(
        """
        import multiprocessing, os, threading, warnings
        from worker_logger import setup_worker_logger
        warnings.simplefilter("ignore")    # 3.12 warns of forks beside threads
        logger = setup_worker_logger("genesis", max_bytes=20000, backup_count=400)
        def say(name, count):
            for number in range(count):
                logger.info("%s line %d %s", name, number, "x" * 20)
        if __name__ == "__main__":
            threads = [threading.Thread(target=say, args=(f"w{n}", 2000)) for n in range(4)]
            for thread in threads: thread.start()
            children = []
            for n in range(10, 25) if hasattr(os, "fork") else ():
                pid = os.fork()
                if not pid:
                    say(f"w{n}", 100)
                    os._exit(0)
                children.append(pid)
            spawned = [multiprocessing.get_context("spawn").Process(target=say, args=(f"w{n}", 100)) for n in (30, 31)]
            for process in spawned: process.start()
            for process in spawned: process.join()
            for thread in threads: thread.join()
            print([os.waitpid(pid, 0)[1] for pid in children] + [process.exitcode for process in spawned])
        """
    )

    forks = range(10, 25) if hasattr(os, "fork") else ()
    assert (done.stdout, done.stderr) == (f"{[0] * (len(forks) + 2)}\n".encode(), b"")
    expected = {
        **{f"w{n}": Counter(range(2000)) for n in range(4)},
        **{f"w{n}": Counter(range(100)) for n in (*forks, 30, 31)},
    }
    assert {name: Counter(numbers) for name, numbers in lines_of(sandbox.path / "logs").items()} == expected


def test_fifty_kills_lose_nothing_that_was_logged(sandbox: Sandbox) -> None:
    """A line is in the file when the call returns; a kill at any moment takes no other line, nor a later rotation."""
    done = sandbox.run(
        """
        import os, random, signal, time
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis", max_bytes=20000, backup_count=2000)
        chance = random.Random(4)
        for round in range(50):
            pids = []
            for name in (f"w{round}", f"w{round + 100}"):
                pid = os.fork()
                if not pid:
                    done = os.open(name + ".done", os.O_WRONLY | os.O_CREAT)
                    number = 0
                    while True:
                        logger.info("%s line %d %s", name, number, "x" * 20)
                        os.pwrite(done, b"%d" % number, 0)
                        number += 1
                pids.append(pid)
            time.sleep(chance.uniform(0.005, 0.03))
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            for pid in pids:
                os.waitpid(pid, 0)
        logger.info("w999 line 0 %s", "x" * 20)
        """
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    found = lines_of(
        sandbox.path / "logs", unfinished=100
    )  # each victim's last line, cut at the end of a page
    assert found.pop("w999") == [0]
    for file in sandbox.path.glob("*.done"):
        numbers = found.pop(file.stem, [])
        acknowledged = int(file.read_bytes() or b"-1")
        assert sorted(numbers) == list(range(len(numbers)))
        assert len(numbers) in (acknowledged + 1, acknowledged + 2)
    assert found == {}


def test_suspended_and_resumed_writers_lose_nothing(sandbox: Sandbox) -> None:
    """Stopped at any moment, in a rotation too, a writer hinders nobody, and goes on where it was."""
    done = sandbox.run(
        """
        import os, random, signal, time
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis", max_bytes=15000, backup_count=2000)
        pids = []
        for name in ("w0", "w1", "w2"):
            pid = os.fork()
            if not pid:
                for number in range(4000):
                    logger.info("%s line %d %s", name, number, "x" * 20)
                os._exit(0)
            pids.append(pid)
        chance = random.Random(8)
        for _ in range(60):
            pid = chance.choice(pids)
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.002)
            os.kill(pid, signal.SIGCONT)
        print([os.waitpid(pid, 0)[1] for pid in pids])
        """
    )

    assert (done.stdout, done.stderr) == (b"[0, 0, 0]\n", b"")
    assert {name: Counter(numbers) for name, numbers in lines_of(sandbox.path / "logs").items()} == {
        name: Counter(range(4000)) for name in ("w0", "w1", "w2")
    }


def test_a_killed_workers_last_lines_are_in_the_log(sandbox: Sandbox) -> None:
    """Also those that were printed just before, without any flush."""
    process = sandbox.start(
        """
        import os, signal
        from worker_logger import mirror_print, setup_worker_logger
        logger = setup_worker_logger("genesis")
        mirror_print(logger.info, "last words")
        os.kill(os.getpid(), getattr(signal, "SIGKILL", 9))  # on Windows any number ends it
        """
    )
    with process:
        process.communicate(timeout=60)

    assert process.returncode == (9 if os.name == "nt" else -9)
    assert sandbox.logged() == ["INFO last words"]


@pytest.mark.parametrize("missing", ["fcntl", "fcntl ctypes msvcrt"])
def test_without_locks_of_the_system_nothing_is_lost_either(missing: str, sandbox: Sandbox) -> None:
    """A file beside the log serves as lock; left behind by a kill, it counts for ten seconds."""
    without = "".join(f"sys.modules[{name!r}] = None\n" for name in missing.split())
    plain = "import worker_logger as w\nw._platform = lambda p=w._Plain(locks_each_record=True): p\n"
    script = "import sys\n" + without + (plain if "msvcrt" in missing else "") + WRITER
    run_together(sandbox, script, 3, "1000", "30000", "400")

    found = lines_of(sandbox.path / "logs")
    assert {name: Counter(numbers) for name, numbers in found.items()} == {
        f"w{number}": Counter(range(1000)) for number in range(3)
    }
    assert len(list((sandbox.path / "logs").iterdir())) >= 6


def test_a_lock_file_that_a_killed_process_left_is_removed_after_ten_seconds(sandbox: Sandbox) -> None:
    """Or a log would never be rotated again."""
    (sandbox.path / "logs").mkdir()
    lock = sandbox.path / "logs" / "genesis.log.lock"
    lock.touch()
    script = """
        import sys
        sys.modules["fcntl"] = sys.modules["ctypes"] = None
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis", max_bytes=100, backup_count=50)
        for number in range(6):
            logger.info("w0 line %d %s", number, "x" * 20)
        """
    sandbox.run(script)
    assert not (sandbox.path / "logs" / "genesis.log.1").exists()
    os.utime(lock, (lock.stat().st_atime, lock.stat().st_mtime - 11))
    sandbox.run(script)

    assert (sandbox.path / "logs" / "genesis.log.1").exists()
    assert not lock.exists()
    assert Counter(lines_of(sandbox.path / "logs")["w0"]) == Counter([*range(6), *range(6)])
