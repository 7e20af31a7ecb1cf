"""What a class or function of the program does not take is raised by the body, and listed."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse

_CLASSES = """
import abc, dataclasses, enum, os

class Shop:
    def __init__(self, count):
        self.count = count
    def half(self, by=2):
        return self.count // by

class Empty:
    pass

class Full:
    def __len__(self):
        return 1
    def __iter__(self):
        return iter((1,))
    def __getitem__(self, key):
        return key
    def __add__(self, other):
        return 1
    def __contains__(self, other):
        return True
    def __enter__(self):
        return self
    def __exit__(self, *found):
        return None

@dataclasses.dataclass(frozen=True)
class Frozen:
    count: int

@dataclasses.dataclass
class Data:
    count: int

class Slots:
    __slots__ = ("count",)

class Declared(abc.ABC):
    @abc.abstractmethod
    def half(self): ...

class Whole(Declared):
    def half(self):
        return 1

class Level(enum.Enum):
    LOW = 1

def half(count, *, by=2):
    return count // by

empty, full, frozen, data, slots = Empty(), Full(), Frozen(1), Data(1), Slots()
try:
    os.stat(".")
    {body}
except Exception: pass
"""


@pytest.mark.parametrize(
    ("fails", "holds", "name"),
    [
        ("empty + 1", "full + 1", "TypeError"),
        ("1 + empty", "1 + 1", "TypeError"),
        ("len(empty)", "len(full)", "TypeError"),
        ("list(empty)", "list(full)", "TypeError"),
        ("empty[0]", "full[0]", "TypeError"),
        ("1 in empty", "1 in full", "TypeError"),
        ("with empty: pass", "with full: pass", "TypeError"),
        ("frozen.count = 2", "data.count = 2", "AttributeError"),
        ("slots.price = 2", "slots.count = 2", "AttributeError"),
        ("Declared()", "Whole()", "TypeError"),
        ("Data()", "Data(1)", "TypeError"),
        ("Data(1, 2)", "Data(count=1)", "TypeError"),
        ("Shop()", "Shop(1)", "TypeError"),
        ("Empty(1)", "Empty()", "TypeError"),
        ("half()", "half(1)", "TypeError"),
        ("half(1, 2)", "half(1, by=2)", "TypeError"),
        ("half(1, of=2)", "half(*[1])", "TypeError"),
        ("Shop(1).half(1, 2)", "Shop(1).half(1)", "TypeError"),
        ("Level.HIGH", "Level.LOW", "AttributeError"),
        ("Level.LOW + 1", "Level.LOW.value + 1", "TypeError"),
        ("Data(1) < Data(2)", "Data(1) == Data(2)", "TypeError"),
    ],
)
def test_what_must_fail_for_what_is_written_there_is_listed(
    script: Analyse, fails: str, holds: str, name: str
) -> None:
    """A class without the method, a call without the parameter, an attribute that is closed; not their twins."""
    assert name in script(_CLASSES.replace("{body}", fails)).body().names
    assert name not in script(_CLASSES.replace("{body}", holds)).names()


@pytest.mark.parametrize(
    ("body", "raises"),
    [
        ("for key in found: found[key + 'x'] = 1", True),
        ("for key in found: found[key] = 1", False),
        ("for key in found:\n        found.pop(key)\n        break", False),
        ("for key in list(found): found.pop(key)", False),
        ("for key, each in found.items(): found.pop(key)", True),
    ],
)
def test_a_container_that_its_loop_changes(script: Analyse, body: str, raises: bool) -> None:
    """A dictionary that grows or shrinks under a loop over it raises, unless the loop ends there."""
    text = f"import os\nfound = {{'a': 1}}\ntry:\n    os.stat('.')\n    {body}\nexcept Exception: pass\n"

    assert ("RuntimeError" in script(text).names()) is raises
