"""How a worker ends is on its log: once, with traceback, in whatever thread, process or task it happens."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from types import TracebackType

import pytest
from runtime_sandbox import Sandbox, levels_and_messages
from worker_logger import setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")

SETUP = """
import asyncio, multiprocessing, os, sys, threading, warnings
warnings.simplefilter("ignore")
if len(sys.argv) == 1 or sys.argv[1] != "plain":
    from worker_logger import setup_worker_logger
    logger = setup_worker_logger("genesis")
class LostError(Exception): pass
def fail():
    raise LostError("ação")
"""
IN_THREAD = "thread = threading.Thread(target=fail, name='leitor'); thread.start(); thread.join()"
CHILD = "if __name__ == '__main__': p = multiprocessing.get_context('{}').Process(target=fail, name='filho'); p.start(); p.join(); print(p.exitcode)"
TASK = """
async def main():
    async def lost(): fail()
    task = asyncio.get_running_loop().create_task(lost(), name="tarefa")
    await asyncio.sleep(0)
    del task
asyncio.run(main())
"""
CALLBACK = """
async def main():
    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0)
asyncio.run(main())
"""
CRASHES = {
    "main thread": ("fail()", "uncaught LostError: ação"),
    "import of a module": ("import quebrado", "uncaught LostError: no módulo"),
    "syntax error": ("eval('1 +')", "uncaught SyntaxError: invalid syntax (<string>, line 1)"),
    "thread": (IN_THREAD, "uncaught LostError in thread leitor: ação"),
    "forked child": (CHILD.format("fork"), "uncaught LostError in process filho: ação"),
    "spawned child": (CHILD.format("spawn"), "uncaught LostError in process filho: ação"),
    "child of a fork server": (CHILD.format("forkserver"), "uncaught LostError in process filho: ação"),
    "forked child, imported late": (
        "sys.modules.pop('multiprocessing.util', None); " + CHILD.format("fork")[27:],
        "uncaught LostError in process filho: ação",
    ),
    "asyncio task": (TASK, "uncaught LostError in asyncio: ação"),
    "asyncio callback": (CALLBACK, "uncaught LostError in asyncio: ação"),
    "chained": (
        "try: 1/0\nexcept ZeroDivisionError as e: raise LostError('ação') from e",
        "uncaught LostError: ação",
    ),
    "unprintable": (
        "class E(Exception):\n def __str__(self): raise ValueError\nraise E",
        "uncaught E: <E: ValueError in str()>",
    ),
}
NO_CRASHES = {
    "exit": "sys.exit('tchau')",
    "exit code": "sys.exit(3)",
    "Ctrl-C": "raise KeyboardInterrupt",
    "Ctrl-C in a thread": "fail = lambda: (_ for _ in ()).throw(KeyboardInterrupt)\n" + IN_THREAD,
    "exit of a thread": "fail = sys.exit\n" + IN_THREAD,
    "exit of a forked child": CHILD.format("fork").replace("target=fail", "target=sys.exit, args=(4,)"),
    "print_exc of the script": "import traceback\ntry: fail()\nexcept LostError: traceback.print_exc(limit=1)",
    "warning of asyncio": "import logging; logging.getLogger('asyncio').error('sem exceção')",
    "the end": "pass",
}


def run_both(sandbox: Sandbox, body: str) -> None:
    """Run a body with and without the runtime: the terminal and the exit must be the same."""
    sandbox.write("class LostError(Exception): pass\nraise LostError('no módulo')\n", "quebrado.py")
    plain = sandbox.run(SETUP + body, "plain")
    logged = sandbox.run(SETUP + body, "logged")

    assert logged.stdout == plain.stdout
    assert logged.stderr == plain.stderr
    assert logged.returncode == plain.returncode


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_one_critical_record_with_its_traceback(name: str, sandbox: Sandbox) -> None:
    """On stderr nothing changes; the log has type, text, place and traceback, and someone is told once."""
    body, message = CRASHES[name]
    run_both(sandbox, body)

    critical = [line for line in sandbox.logged() if not line.startswith(" ")]
    assert critical == [f"CRITICAL {message}"]
    text = sandbox.log.read_text(encoding="utf-8")
    assert text.count("\n    Traceback (most recent call last):\n") == (2 if name == "chained" else 1)
    assert (sandbox.log.parent / "notifications.jsonl").read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.parametrize("name", NO_CRASHES)
def test_an_ordinary_end_is_no_crash(name: str, sandbox: Sandbox) -> None:
    """``SystemExit`` and ``KeyboardInterrupt`` are how workers are ended."""
    run_both(sandbox, NO_CRASHES[name])

    assert sandbox.logged() == []
    assert not (sandbox.log.parent / "notifications.jsonl").exists()


def test_earlier_hooks_are_still_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hook gets what it got before, once, after the record is written."""
    calls: list[object] = []

    def own(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        calls.append((kind, error, trace, levels_and_messages(tmp_path / "genesis.log")))

    monkeypatch.setattr(sys, "excepthook", own)
    monkeypatch.setattr(threading, "excepthook", lambda args: calls.append(args))
    setup_worker_logger("genesis", tmp_path)
    error = ValueError("x")
    sys.excepthook(ValueError, error, None)
    arguments = threading.ExceptHookArgs((KeyError, KeyError("y"), None, None))
    threading.excepthook(arguments)

    assert calls == [
        (ValueError, error, None, ["CRITICAL uncaught ValueError: x", "    ValueError: x"]),
        arguments,
    ]


def test_a_hook_between_two_of_ours_does_not_double_the_record(tmp_path: Path) -> None:
    """A library that chains itself after the first set-up, and a second set-up after it."""
    setup_worker_logger("genesis", tmp_path)
    ours = sys.excepthook
    calls: list[type[BaseException]] = []

    def between(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        calls.append(kind)
        ours(kind, error, trace)

    sys.excepthook = between
    setup_worker_logger("genesis", tmp_path)
    assert sys.excepthook is not ours
    error = ValueError("x")
    sys.excepthook(ValueError, error, None)

    assert len(calls) == 1
    assert levels_and_messages(tmp_path / "genesis.log").count("CRITICAL uncaught ValueError: x") == 1


def test_a_hook_that_was_replaced_is_chained_by_the_next_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newcomer is called, and the crash is on the log."""
    setup_worker_logger("genesis", tmp_path)
    seen: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *_: seen.append(1))
    setup_worker_logger("genesis", tmp_path)
    sys.excepthook(ValueError, ValueError("x"), None)

    assert seen == [1]
    assert levels_and_messages(tmp_path / "genesis.log")[0] == "CRITICAL uncaught ValueError: x"


def test_a_filter_that_fails_does_not_change_the_traceback(sandbox: Sandbox) -> None:
    """``Error in sys.excepthook`` would be new on stderr."""
    run_both(sandbox, "if sys.argv[1] != 'plain': logger.addFilter(lambda _: 1 / 0)\nfail()")


def test_hooks_are_chained_once_for_many_set_ups(tmp_path: Path) -> None:
    """A second worker in the same process adds no second hook."""
    setup_worker_logger("genesis", tmp_path)
    hooks = sys.excepthook, threading.excepthook
    filters = logging.getLogger("asyncio").filters[:]
    setup_worker_logger("zero", tmp_path)

    assert (sys.excepthook, threading.excepthook) == hooks
    assert logging.getLogger("asyncio").filters == filters
