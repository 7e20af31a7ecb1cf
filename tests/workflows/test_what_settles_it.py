"""Each reason for which a handler stays has a remedy in ``--explain``, and what the remedy says settles the handler."""

from __future__ import annotations

import re
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from workerlog_migrate.model import Settings, Target, Trial
from workerlog_migrate.pipeline import migrate_file
from workerlog_migrate.project import place
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS
from workerlog_migrate.terminal import remedies
from workerlog_migrate.terminal.explain import explain_place

if TYPE_CHECKING:
    from pathlib import Path

MANY = (
    "assert x",
    "sqlite3.connect(x)",
    "subprocess.run(x, check=True, timeout=5)",
    "zipfile.ZipFile(x)",
    "ET.parse(x)",
    "tarfile.open(x)",
    "configparser.ConfigParser().read(x)",
    "q.get_nowait()",
    "struct.unpack('i', z)",
    "zlib.decompress(z)",
)
MODULES = (
    "import configparser, queue, sqlite3, struct, subprocess, tarfile, zipfile, zlib\nimport xml.etree.ElementTree as ET\n"
    "def f(x: str, q: queue.Queue, z: bytes):\n"
)
TABLE = "def a(): open('a')\ndef f(n: str):\n    try: {called}\n    except Exception: pass\n"
OWN = "def g():\n{inside}    def h(): raise Own\n    return h\n{outside}def f():\n    try: g()()\n    except Exception: pass\n"
GUARDED = "import contextlib\n@contextlib.contextmanager\ndef f():\n{body}"


def tries(*bodies: tuple[str, ...]) -> str:
    return MODULES + "".join(
        "    try:\n" + textwrap.indent("\n".join(body), "        ") + "\n    except Exception: pass\n"
        for body in bodies
    )


# Per reason: a script, words of its remedy, the script in which that is done, and what is said of the handler then.
CASES = {
    "too many kinds": (tries(MANY), "divide the `try`", tries(MANY[:4], MANY[4:7], MANY[7:]), "narrowed"),
    "a class of a function": (
        OWN.format(inside="    class Own(Exception): pass\n", outside=""),
        "define the class at the top level",
        OWN.format(inside="", outside="class Own(Exception): pass\n"),
        "narrowed",
    ),
    "a name of something else": (
        "def f():\n    try: open('a')\n    except Exception: pass\nOSError = 5\n",
        "bind neither name to anything else",
        "def f():\n    try: open('a')\n    except Exception: pass\nFehler = 5\n",
        "narrowed",
    ),
    "what a with block raises": (
        GUARDED.format(body="    try:\n        open('a')\n        yield\n    except Exception: pass\n"),
        "around what is before the `yield`",
        GUARDED.format(body="    try: open('a')\n    except Exception: pass\n    yield\n"),
        "narrowed",
    ),
    "the end of the program": (
        "import sys\ndef f():\n    try:\n        open('a')\n        sys.exit(1)\n    except: pass\n",
        "`except SystemExit: raise` before it",
        "import sys\ndef f():\n    try:\n        open('a')\n        sys.exit(1)\n    except SystemExit: raise\n    except: pass\n",
        "narrowed",
    ),
    "nothing": (
        "def f():\n    try: x = 1\n    except Exception: pass\n",
        "delete the handler",
        "def f():\n    x = 1\n",
        "",
    ),
    "an import": (
        "try:\n    import nuvem\nexcept Exception:\n    nuvem = None\n",
        "`except ImportError:` by hand",
        "try:\n    import nuvem\nexcept ImportError:\n    nuvem = None\n",
        "",
    ),
    "one path": (
        "def f(x):\n    try: open('a')\n    except Exception:\n        if x: raise\n        print('a')\n",
        "or none",
        "def f(x):\n    try: open('a')\n    except Exception:\n        print('a')\n",
        "narrowed",
    ),
    "never reached": (
        "def f():\n    return\n    try: open('a')\n    except Exception: pass\n",
        "what ends the program before it",
        "def f():\n    try: open('a')\n    except Exception: pass\n",
        "narrowed",
    ),
    "a comment": (
        "def f():\n    try: open('a')\n    except Exception: pass  # workerlog: skip\n",
        "delete the comment",
        "def f():\n    try: open('a')\n    except Exception: pass\n",
        "narrowed",
    ),
    "a method by a name that is made": (
        TABLE.format(called="getattr(n, n)()"),
        "look `n` up in a dict",
        TABLE.format(called="{'a': a}[n]()"),
        "narrowed",
    ),
    "Exception itself": (
        "def g():\n    raise Exception('x')\ndef f():\n    try: g()\n    except Exception: pass\n",
        "raise a class of your own",
        "class Own(Exception): pass\ndef g():\n    raise Own('x')\ndef f():\n    try: g()\n    except Exception: pass\n",
        "narrowed",
    ),
}


if sys.version_info >= (3, 11):
    CASES["groups"] = (
        "def f():\n    try: open('a')\n    except* Exception: pass\n",
        "write `except` for the exceptions themselves",
        "def f():\n    try: open('a')\n    except Exception: pass\n",
        "narrowed",
    )


def judged(folder: Path, text: str, settings: Settings | None = None) -> list[tuple[str, str]]:
    """Return of each handler what becomes of it, and what ``--explain`` says."""
    path = folder / "worker.py"
    path.write_text(text, encoding="utf-8")
    settings = settings or Settings(select=(SPECIFIC_EXCEPTIONS,))
    (target,) = place([Target(path, path.stem)], folder, None)
    result = migrate_file(target, settings)
    assert result.error is None, result.error
    found = (*result.plan.applied, *result.plan.reported)
    return [
        (each.kind, explain_place(result, each.span.line, settings, color=False))
        for each in found
        if each.kind in ("narrowed", "incomplete", "left", "watched")
    ]


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_to_settle_a_handler_settles_it(tmp_path: Path, name: str) -> None:
    """A handler that stays says what would settle it; where that is done it is narrowed, or is there no more."""
    text, said, done, expected = CASES[name]

    before, after = judged(tmp_path, text), judged(tmp_path, done)

    assert [kind for kind, _ in before] in (["incomplete"], ["left"])
    assert said in before[0][1]
    assert {kind for kind, _ in after} == ({expected} if expected else set())


EARLY = "{first}from worker_logger import expect_only, setup_worker_logger\nlogger = setup_worker_logger('worker')\n{then}"
TRY = "try: open('a')\nexcept Exception: pass\n"


def test_a_handler_that_runs_before_the_logger_is_watched_once_it_stands_below_it(tmp_path: Path) -> None:
    """Under ``--trial`` the first line of a handler needs the logger: the remedy is to move the statement below it."""
    settings = Settings(select=(SPECIFIC_EXCEPTIONS,), trial=Trial.ON)

    ((kind, said),) = judged(tmp_path, EARLY.format(first=TRY, then=""), settings)
    ((moved, _),) = judged(tmp_path, EARLY.format(first="", then=TRY), settings)

    assert (kind, moved) == ("left", "watched")
    assert "move the statement below the line that sets up the logger" in said


def test_a_narrowed_handler_says_no_remedy(tmp_path: Path) -> None:
    """Twin: what is settled asks for nothing."""
    ((kind, text),) = judged(tmp_path, "def f():\n    try: open('a')\n    except Exception: pass\n")

    assert kind == "narrowed"
    assert "settle" not in text


def test_an_attribute_that_a_class_has_not_is_an_error_and_not_nothing(tmp_path: Path) -> None:
    """``datetime.datetime.nada`` raises; one that every Python has raises nothing."""
    text = "import datetime\ndef f():\n    try: datetime.datetime.{name}\n    except Exception: pass\n"

    assert [kind for kind, _ in judged(tmp_path, text.format(name="nada"))] == ["narrowed"]
    assert [kind for kind, _ in judged(tmp_path, text.format(name="min"))] == ["left"]


def test_each_remedy_is_for_one_reason() -> None:
    """No pattern takes the words of another one's reason."""
    reasons = [re.sub(r"[\\^]|w\+", "", pattern) for pattern, _ in remedies._REMEDIES]

    assert [
        remedies.remedy_of(reason.replace("swallows  today", "swallows SystemExit today"))
        for reason in reasons
    ] == [remedy for _, remedy in remedies._REMEDIES]
