"""Run made-up bodies of ``try`` statements, and compare what they raise with what is inferred of them.

Each program is a function whose body raises now and then: it is run with many arguments, and whatever comes out has to be
among the exceptions that the inference lists, unless it says itself that it does not know all.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bodies import made_up_body

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

OBJECTS = Path(__file__).with_name("objects.txt").read_text("utf-8")
HEAD = "def target(s: str, n: int, i: int, p: str, k: str, l: list[int], d: dict[str, int]):\n    try:\n"
TAIL = "\n    except Exception as caught:\n        raise Raised(caught)\nclass Raised(BaseException):\n    pass\n"
TEXTS = (
    "",
    "a",
    "1",
    "1,2",
    "a,b",
    "x=1,y=2",
    '{"a": 1}',
    "[1, 2]",
    "null",
    '"x"',
    "0",
    "é",
    "HOME",
    "zz",
    "61",
    "2020",
)
OF_THE_MACHINE = (MemoryError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Escape:
    """An exception that was raised and not foreseen.

    Attributes:
        number: of the program.
        error: what was raised.
        names: what was inferred.
        body: the program without what all have.
    """

    number: int
    error: BaseException
    names: tuple[str, ...]
    body: str


def escapes(
    first: int, programs: int, runs: int, folder: Path, counts: Counter[str] | None = None
) -> Iterator[Escape]:
    """Yield what escapes of made-up programs.

    Args:
        first: number of the first program; the same number gives the same program.
        programs: how many.
        runs: how often each is run, with other arguments.
        folder: an empty folder in which files are read and removed; the working folder meanwhile.
        counts: is given the number of programs that were foreseen completely or not, and of exceptions.
    """
    counts = Counter() if counts is None else counts
    knowledge = Knowledge()
    for number in range(first, first + programs):
        body = made_up_body(random.Random(number), 2)
        text = f"{OBJECTS}{HEAD}{body}{TAIL}"
        try:
            code = compile(text, "made_up.py", "exec")
        except SyntaxError:
            continue
        module = Module(Source(path=Path("made_up.py"), text=text, raw=text.encode()))
        engine = Types(module, knowledge, Settings()).engine
        statement = next(
            node for node in module.tries if module.text(node).rstrip().endswith("raise Raised(caught)")
        )
        found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
        if not found.is_complete:
            counts["not known"] += 1
            continue
        counts["complete"] += 1
        names: dict[str, object] = {"__name__": __name__}  # of a module that is there: dataclasses look
        exec(code, names)  # our own text
        listed = tuple(_class(name, names) for name in found.names)
        for error in _raised(names, random.Random(number), runs, folder):
            counts["exceptions"] += 1
            if not isinstance(error, (*listed, *OF_THE_MACHINE)):
                yield Escape(number, error, found.names, body)
                break


def _class(name: str, names: dict[str, object]) -> type[BaseException]:
    plain = name.removeprefix("local:")
    owner, _, simple = plain.rpartition(".")
    found = (
        getattr(importlib.import_module(owner), simple)
        if owner
        else names.get(plain, getattr(builtins, plain, None))
    )
    assert isinstance(found, type)
    assert issubclass(found, BaseException)
    return found


def _raised(
    names: dict[str, object], dice: random.Random, runs: int, folder: Path
) -> Iterator[BaseException]:
    """Run a program, and yield what came out of its body."""
    target = names["target"]
    assert callable(target)
    for _ in range(runs):
        (folder / "numbers.txt").write_text("1,2", "utf-8")
        (folder / "bytes.bin").write_bytes(b"\xff\xfe\x80")
        paths = [str(folder), str(folder / "numbers.txt"), str(folder / "bytes.bin"), str(folder / "nothing")]
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                target(
                    dice.choice([*TEXTS, *paths]),
                    dice.randint(-2, 4),
                    dice.randint(-3, 3),
                    dice.choice(paths),
                    dice.choice("abc"),
                    [dice.randint(-1, 3) for _ in range(dice.randrange(4))],
                    {key: dice.randint(0, 2) for key in "abc" if dice.random() < 0.6},
                )
        except BaseException as error:  # noqa: BLE001  # SystemExit too; what we look for is inside
            if type(error).__name__ == "Raised":
                yield error.args[0]
