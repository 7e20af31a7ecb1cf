"""``mirror_print``: print, byte for byte and error for error, and the same text on the log."""

from __future__ import annotations

import asyncio
import builtins
import functools
import io
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runtime_sandbox import ALARM, Sandbox, levels_and_messages
from worker_logger import mirror_print, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")

# Each form is run with print and with mirror_print; both must write, return, raise and convert the same.
FORMS = r"""
import io, sys
class Noted:
    def __init__(self, text): self.text = text
    def __str__(self):
        calls.append(self.text)
        print("<" + self.text + ">", end="")   # an effect in the middle of the print
        return self.text
class Broken:
    def __str__(self): raise LookupError("no text")
class NoText:
    def __str__(self): return 5
class Sub(str):
    def __str__(self): return "sub:" + self.upper()
class Tail(Exception): pass
class Sink:
    def __init__(self, limit): self.limit = limit; self.got = []
    def write(self, text):
        self.got.append(text)
        if len(self.got) > self.limit: raise OSError(5, "sink")
    def flush(self): self.got.append("flush")
sink = Sink(3)
calls = []
FORMS = [
    lambda p: p(),
    lambda p: p("a"),
    lambda p: p("100%", "%s", "{x}"),
    lambda p: p("a", 1, 2.5, None, [1, "b"], {"k": 1}, b"x", sep="|"),
    lambda p: p("a", "b", sep="", end=""),
    lambda p: p("a", "b", sep=None, end=None),
    lambda p: p("a\nb", "c\r\nd", sep="\n", end="!\n"),
    lambda p: p(*range(5)),
    lambda p: p(*(Noted(c) for c in "xyz")),
    lambda p: p(Noted("a"), Broken(), Noted("b")),
    lambda p: p("a", NoText(), "b"),
    lambda p: p(Sub("x"), Sub("y"), sep=Sub("-")),
    lambda p: p("a", sep=1),
    lambda p: p("a", end=b""),
    lambda p: p("a", wrong=1),
    lambda p: p("err", 7, file=sys.stderr, flush=True),
    lambda p: p("none", file=None),
    lambda p: p("a", 1, "b", 2, file=sink, flush=True),
    lambda p: p("a", file=5),
    lambda p: p("\r50%", end="", flush=True),
    lambda p: p("ação ✅ \udc80"),
    lambda p: p("a", Noted("in"), "é", 7),
    lambda p: p("\x1b[31mred\x1b[0m\x07"),
    lambda p: p(Tail("x"), Exception("y"), KeyError("z")),
    lambda p: p("x" * 100_000),
]
"""
COMPARE = (
    FORMS
    + r"""
if sys.argv[1] == "mirror":
    from worker_logger import mirror_print, setup_worker_logger
    logger = setup_worker_logger("genesis")
    def p(*a, **k): return mirror_print(logger.info, *a, **k)
else:
    p = print
STREAM
for number, form in enumerate(FORMS):
    try:
        outcome = ("returned", form(p))
    except Exception as error:
        outcome = (type(error).__name__, str(error))
    report = open("report." + sys.argv[1], "a", encoding="utf-8", errors="backslashreplace")
    report.write(f"{number} {outcome} {calls} {sink.got}\n")
    report.close()
    calls.clear()
"""
)
STREAMS = {
    "utf-8": "",
    "ascii": 'sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="ascii", errors="strict")',
    "cp1252-line-buffered": "sys.stdout.reconfigure(encoding='cp1252', line_buffering=True)",
    "replaced-later": "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-8', write_through=True)",
    "none": "sys.stdout = None",
    "closed": "sys.stdout.close()",
    "read-only": "sys.stdout = open(__file__)",
    "no-write-method": "sys.stdout = 5",
    "deleted": "del sys.stdout",
}


@pytest.mark.parametrize("stream", STREAMS)
def test_every_form_does_what_print_does(stream: str, sandbox: Sandbox) -> None:
    """Bytes, exceptions, return values, conversions and flushes are those of print, on good and bad streams."""
    script = COMPARE.replace("STREAM", STREAMS[stream])
    plain = sandbox.run(script, "print")
    mirrored = sandbox.run(script, "mirror")

    assert mirrored.stdout == plain.stdout
    assert mirrored.stderr == plain.stderr
    assert mirrored.returncode == plain.returncode
    expected = (sandbox.path / "report.print").read_text(encoding="utf-8")
    report = (sandbox.path / "report.mirror").read_text(encoding="utf-8")
    if stream in ("utf-8", "cp1252-line-buffered"):
        assert report == expected
    else:  # what print did not come to convert is converted for the log
        assert [line.partition("[")[0] for line in report.splitlines()] == [
            line.partition("[")[0] for line in expected.splitlines()
        ]
    assert len(report.splitlines()) == 25


def test_a_full_terminal_is_the_same(sandbox: Sandbox) -> None:
    """Writing to a full device fails as print fails, at the same exit, and the text is on the log."""
    script = """
        import sys
        if sys.argv[1] == "mirror":
            from worker_logger import mirror_print, setup_worker_logger
            logger = setup_worker_logger("genesis")
            say = lambda *a, **k: mirror_print(logger.info, *a, **k)
        else:
            say = print
        sys.stdout = open("/dev/full", "w")
        try:
            say("lost", flush=True)
        except OSError as error:
            sys.stderr.write(repr(error))
        sys.stdout = sys.__stdout__
        """
    plain, mirrored = sandbox.run(script, "print"), sandbox.run(script, "mirror")

    assert (mirrored.stderr, mirrored.returncode) == (plain.stderr, plain.returncode)
    assert b"No space left" in mirrored.stderr
    assert sandbox.logged() == ["INFO lost"]


def logged_by(tmp_path: Path, say: Callable[[logging.Logger], object]) -> list[str]:
    say(setup_worker_logger("genesis", tmp_path))
    return levels_and_messages(tmp_path / "genesis.log")


@pytest.mark.parametrize(
    ("arguments", "options", "records"),
    [
        ((), {}, []),
        (("a",), {}, ["a"]),
        (("100%", "%s {x}"), {}, ["100% %s {x}"]),
        (("a", 1, None), {"sep": "|"}, ["a|1|None"]),
        (("a", "b"), {"sep": "\n"}, ["a", "b"]),
        (("\n[X] x\n",), {}, ["[X] x"]),
        (("one\r\n\n two \nthree",), {}, ["one", "two", "three"]),
        (("\r50%",), {"end": ""}, []),
        (("50%",), {"end": "\r"}, []),
        (("a\rb\nc",), {}, ["c"]),
        (("a\r\r\nb",), {}, ["b"]),
        ((".",), {"end": "", "flush": True}, []),
        (("a",), {"end": ""}, ["a"]),
        (("linha\n",), {"end": ""}, ["linha"]),
        (("=" * 5,), {}, ["====="]),
        (("| ===\n",), {"end": ""}, ["| ==="]),
        (("  \t ",), {}, []),
        (("   ",), {}, []),
        (("",), {}, []),
        (("a\tb",), {}, ["a\tb"]),
        (
            ("\x1b[31mred\x1b[0m\x00\x7f\x9b\x85\u2028",),
            {},
            ["\\x1b[31mred\\x1b[0m\\x00\\x7f\\x9b\\x85\\u2028"],
        ),
        (("a\x0b2026-01-01 | INFO | genesis | forged",), {}, ["a\\x0b2026-01-01 | INFO | genesis | forged"]),
        (("a\x0cb\x1cc",), {}, ["a\\x0cb\\x1cc"]),
    ],
    ids=repr,
)
def test_the_text_is_split_into_records(
    arguments: tuple[object, ...], options: dict[str, Any], records: list[str], tmp_path: Path
) -> None:
    """One record a line; no blank lines, no progress, no control characters."""
    logged = logged_by(tmp_path, lambda logger: mirror_print(logger.info, *arguments, **options))

    assert logged == [f"INFO {record}" for record in records]


def test_a_logger_lets_the_text_decide(tmp_path: Path) -> None:
    """The level is read from the start of the whole text, a leading time stamp skipped."""

    def say(logger: logging.Logger) -> None:
        for text in ("[12:00:00] [ERRO] a", "\n  ⚠️ b\nc", "CRITICO: d", "0 erros", "e"):
            mirror_print(logger, text, flush=True)

    assert logged_by(tmp_path, say) == [
        "ERROR [12:00:00] [ERRO] a",
        "WARNING ⚠️ b",
        "WARNING c",
        "CRITICAL CRITICO: d",
        "INFO 0 erros",
        "INFO e",
    ]


def test_a_method_fixes_the_level(tmp_path: Path) -> None:
    """The text does not change the level of a bound method."""
    assert logged_by(tmp_path, lambda logger: mirror_print(logger.warning, "[ERRO] x")) == [
        "WARNING [ERRO] x"
    ]


def test_a_custom_printer_gets_the_very_objects(tmp_path: Path) -> None:
    """Arguments, keywords and the return value pass through untouched."""
    seen: list[tuple[tuple[object, ...], dict[str, object]]] = []
    value = object()

    def safe_print(*args: object, **kwargs: object) -> object:
        seen.append((args, kwargs))
        return value

    logger = setup_worker_logger("genesis", tmp_path)
    marker = ["m"]

    assert mirror_print(logger.info, marker, 1, printer=safe_print, level="ERR") is value
    assert seen == [((marker, 1), {"level": "ERR"})]
    assert seen[0][0][0] is marker
    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO ['m'] 1"]


def test_the_text_of_a_keyword_argument_is_logged(tmp_path: Path) -> None:
    """``safe_print(message="...")`` has no other text."""

    def safe_print(message: str, level: str) -> None:
        assert (message, level) == ("texto", "ERR")

    logged = logged_by(
        tmp_path, lambda logger: mirror_print(logger.info, printer=safe_print, level="ERR", message="texto")
    )

    assert logged == ["INFO texto"]


def test_a_printer_that_fails_fails_and_the_text_is_logged(tmp_path: Path) -> None:
    """The printer's exception is the caller's, Ctrl-C too."""
    logger = setup_worker_logger("genesis", tmp_path)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mirror_print(logger.info, "said", printer=interrupted)
    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO said"]


def test_each_argument_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when nothing can be written, and also when there is no terminal at all."""
    logger = setup_worker_logger("genesis", tmp_path)

    class Counted:
        count = 0

        def __str__(self) -> str:
            self.count += 1
            return f"text {self.count}"

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    good, broken, none = Counted(), (Counted(), Counted()), Counted()
    mirror_print(logger.info, good)
    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(BrokenPipeError):
        mirror_print(logger.info, *broken)
    monkeypatch.setattr(sys, "stdout", None)
    mirror_print(logger.info, none)

    assert [good.count, broken[0].count, broken[1].count, none.count] == [1, 1, 1, 1]
    assert levels_and_messages(tmp_path / "genesis.log") == [
        "INFO text 1",
        "INFO text 1 text 1",
        "INFO text 1",
    ]


def test_stdout_is_looked_up_at_call_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that replaces ``sys.stdout`` after the header prints to the new one."""
    logger = setup_worker_logger("genesis", tmp_path)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    mirror_print(logger.info, "x", 1)

    assert stream.getvalue() == "x 1\n"


def test_a_replaced_builtin_print_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces ``builtins.print`` gets the very objects, as before the migration."""
    logger = setup_worker_logger("genesis", tmp_path)
    seen: list[object] = []
    monkeypatch.setattr(builtins, "print", lambda *args, **_: seen.extend(args))
    value = [1]
    mirror_print(logger.info, value)

    assert seen[0] is value


@pytest.mark.parametrize("method", ["append", "partial", "adapter", "raising"])
def test_any_callable_may_be_the_log_method(
    method: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A function gets one text a line, and its failure is not the worker's."""
    lines: list[str] = []
    logger = setup_worker_logger("genesis", tmp_path)

    def fail(text: str) -> None:
        lines.append(text)
        raise RuntimeError

    methods: dict[str, Callable[..., object]] = {
        "append": lines.append,
        "partial": functools.partial(lines.insert, 0),
        "adapter": logging.LoggerAdapter(logger, {}).warning,
        "raising": fail,
    }
    mirror_print(methods[method], "one")

    assert capsys.readouterr().out == "one\n"
    on_log = levels_and_messages(tmp_path / "genesis.log")
    assert (lines, on_log) == ((["one"], []) if method != "adapter" else ([], ["WARNING one"]))


def test_a_method_of_a_logger_of_the_workers_own_gets_the_text_alone(tmp_path: Path) -> None:
    """A subclass may have methods that know nothing of ``stacklevel``; a keyword named as our parameter passes."""

    class Own(logging.Logger):
        def success(self, text: str) -> None:
            self.info("ok: " + text)

    logger = Own("own")
    logger.addHandler(setup_worker_logger("genesis", tmp_path).handlers[0])
    mirror_print(logger.success, "x", printer=lambda *_, **__: None, log_method=1)

    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO ok: x"]


def test_the_record_is_the_callers(tmp_path: Path) -> None:
    """File, line and function of the record are where ``mirror_print`` was called, for methods and loggers."""
    logger = setup_worker_logger("genesis", tmp_path)
    seen: list[logging.LogRecord] = []

    def note(record: logging.LogRecord) -> bool:
        seen.append(record)
        return True

    logger.addFilter(note)

    class Own(logging.Logger):
        def log(self, level: int, msg: object, *args: Any, **more: Any) -> None:
            more["stacklevel"] += 1
            super().log(level, msg, *args, **more)

    own = Own("own")
    own.addFilter(note)
    mirror_print(logger.info, "plain")
    mirror_print(logger.info, "two\nlines", 5)
    mirror_print(logger, "text")
    mirror_print(own, "of a subclass")
    if sys.version_info >= (3, 11):  # until then the frames of logging itself were counted
        mirror_print(logger.exception, "of another method")
    setup_worker_logger("genesis", tmp_path, level=logging.ERROR)
    mirror_print(logger.info, "not logged")

    assert {(record.filename, record.funcName) for record in seen} == {
        (Path(__file__).name, "test_the_record_is_the_callers")
    }
    assert len(seen) == (6 if sys.version_info >= (3, 11) else 5)


def test_a_mirrored_record_is_what_the_logger_would_have_made(tmp_path: Path) -> None:
    """Every attribute, of the process, the thread and the task too: a formatter of the program's own may ask for it."""
    logger, standard = setup_worker_logger("genesis", tmp_path), logging.Logger("genesis")
    seen: list[dict[str, object]] = []
    for each in (logger, standard):
        each.addFilter(lambda record: seen.append(vars(record).copy()) or True)  # type: ignore[func-returns-value]
    standard.addHandler(logging.NullHandler())

    passing = {"created", "msecs", "relativeCreated"}

    def all_say(text: str, *args: object, **more: Any) -> None:
        seen.clear()
        mirrored = functools.partial(mirror_print, logger.info)
        for say in (standard.info, logger.info, *(() if args or more else (mirrored,))):
            say(text, *args, **more)
        made, *others = seen
        for other in others:
            assert {name: value for name, value in other.items() if name not in passing} == {
                name: value for name, value in made.items() if name not in passing
            }
            for name in passing:
                assert type(other[name]) is type(made[name])
                assert abs(other[name] - made[name]) < 60_000  # type: ignore[operator]

    async def task() -> None:
        all_say("x")

    asyncio.run(task())
    all_say("x")
    all_say("%s %s", "a", 1)
    all_say("%(a)s %%", {"a": 1})
    all_say("%s", {})
    all_say("x", extra={"request": "r1"})
    all_say("x", stack_info=True)
    all_say("x", exc_info=KeyError("x"))


def test_a_record_factory_of_the_program_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A formatter of its own may name what the factory adds."""
    logger = setup_worker_logger("genesis", tmp_path)
    logger.handlers[0].setFormatter(logging.Formatter("%(request)s %(message)s"))

    def factory(*args: Any, **options: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **options)
        record.request = "r1"
        return record

    monkeypatch.setattr(logging, "_logRecordFactory", factory)
    mirror_print(logger.info, "x")

    assert (tmp_path / "genesis.log").read_text(encoding="utf-8") == "r1 x\n"


def test_a_logger_class_of_the_program_makes_its_records(tmp_path: Path) -> None:
    """As a factory: mirrored ones, too."""

    class Own(logging.Logger):
        def makeRecord(self, *args: Any, **more: Any) -> logging.LogRecord:  # noqa: N802  # logging's name
            record = super().makeRecord(*args, **more)
            record.request = "r2"
            return record

    logging.root.manager.loggerDict["genesis"] = Own("genesis")
    logger = setup_worker_logger("genesis", tmp_path)
    logger.handlers[0].setFormatter(logging.Formatter("%(request)s %(message)s"))
    mirror_print(logger.info, "x")
    logger.info("y")

    assert (tmp_path / "genesis.log").read_text(encoding="utf-8") == "r2 x\nr2 y\n"


def test_output_of_a_signal_handler_in_the_middle_of_a_record_is_logged(sandbox: Sandbox) -> None:
    """A handler that prints while its thread is printing neither deadlocks nor loses a record of the log."""
    turns = (
        300 if sys.platform == "win32" else 3000
    )  # a timer strikes anywhere, the thread that serves for one at each turn
    done = sandbox.run(
        f"TURNS = {turns}"
        + ALARM
        + """
import os, sys
from worker_logger import mirror_print, setup_worker_logger
logger = setup_worker_logger("genesis", max_bytes=3000, backup_count=200)
seen, goes_on = 0, True
def on_signal(*_):
    global seen
    seen += 1
    mirror_print(logger.warning, f"signal {seen}", printer=lambda *a: None)
    if goes_on: alarm(0.0002)
signal.signal(SIGNAL, on_signal)
alarm(0.0002)
for number in range(TURNS):
    mirror_print(logger.info, f"line {number}", printer=lambda *a: None)
goes_on = False
alarm(0)
print(seen)
"""
    )

    assert (done.returncode, done.stderr) == (0, b"")
    records = [line for log in (sandbox.path / "logs").glob("*.log*") for line in levels_and_messages(log)]
    seen = int(done.stdout)
    assert seen > 3
    expected = [f"INFO line {n}" for n in range(turns)] + [f"WARNING signal {n + 1}" for n in range(seen)]
    assert sorted(records) == sorted(expected)
