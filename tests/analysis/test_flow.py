"""What was known before holds no more where something has changed it, or where another way comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

CLASS = """
class A:
    def __init__(self):
        self.d = {{}}
        self.s = None
    def reset(self):
        self.s = None
    def f(self, flag: bool):
        self.s = "a"
        {before}
        try: self.s.strip()
        except Exception: pass
"""


def _names(script: Analyse, text: str) -> set[str]:
    """Return what the last body in the file raises."""
    made = script(text)
    found = made.body(len(made.module.tries) - 1)
    assert found.is_complete, found
    return set(found.names)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "s = 'a'\n    try:\n        s = g()\n        s = 'b'\n    except OSError: pass",
            "s.strip()",
            {"AttributeError"},
            id="a body that may have stopped between two assignments",
        ),
        pytest.param(
            "s = 'a'\n    try: s = 'b'\n    except OSError: pass", "s.strip()", set(), id="twin of it"
        ),
        pytest.param(
            "r = [1]\n    try:\n        r = list(d)\n    except OSError: pass",
            "r[0]",
            {"IndexError"},
            id="a body that may have made a list shorter",
        ),
        pytest.param("d['a'] = 1\n    del d['a']", "d['a']", {"KeyError"}, id="item deleted"),
        pytest.param("d['a'] = 1\n    del d", "str(1)", set(), id="twin of it"),
        pytest.param("s = g()\n    if s: s = 'a'", "s.strip()", {"AttributeError"}, id="one branch"),
        pytest.param("s = g()\n    if s: s = 'a'\n    else: s = 'b'", "s.strip()", set(), id="both branches"),
        pytest.param(
            "s = 'a'\n    if flag: s = g()\n    else: s = 'b'",
            "s.strip()",
            {"AttributeError"},
            id="the first branch",
        ),
        pytest.param(
            "while True:\n        s = g()\n        if flag: break\n        s = 'a'\n        if d: break",
            "s.strip()",
            {"AttributeError"},
            id="what breaks out of an endless loop",
        ),
        pytest.param(
            "while True:\n        s = g() or 'b'\n        if flag: break\n        s = 'a'\n        if d: break",
            "s.strip()",
            set(),
            id="twin: each break has a text",
        ),
        pytest.param("s = 'a'\n    for n in d: s = g()", "s.strip()", {"AttributeError"}, id="loop"),
        pytest.param(
            "s = 'a'\n    for n in d: t = g()", "s.strip()", set(), id="loop that sets something else"
        ),
        pytest.param(
            "s = 'a'\n    for n in d:\n        try: s.strip()\n        finally: s = g()",
            "s.strip()",
            {"AttributeError"},
            id="finally",
        ),
        pytest.param(
            "s = 'a'\n    try: pass\n    finally: s = g()", "s.strip()", {"AttributeError"}, id="finally last"
        ),
        pytest.param(
            "s = g()\n    if s is None: raise KeyError", "s.strip()", set(), id="raise ends the other way"
        ),
        pytest.param("s = g()\n    assert s is not None", "s.strip()", set(), id="assert"),
        pytest.param("s = g()\n    assert d", "s.strip()", {"AttributeError"}, id="assert of something else"),
        pytest.param("if flag: d['a'] = 1", "d['a']", {"KeyError"}, id="key stored on one way"),
        pytest.param("if flag: d['a'] = 1\n    else: d['a'] = 2", "d['a']", set(), id="key stored on both"),
    ],
)
def test_what_held_before_holds_no_more(script: Analyse, before: str, after: str, expected: set[str]) -> None:
    """A value, a key or a length is known up to where a branch, a loop, a handler or ``del`` may have changed it."""
    text = (
        "def g() -> str | None:\n    return input() or None\n"
        f"def f(d: dict, flag: bool):\n    {before}\n    try: {after}\n    except Exception: pass"
    )

    assert _names(script, text) == expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param("d", {"KeyError"}, id="the dict itself"),
        pytest.param("e", set(), id="twin: another one"),
    ],
)
def test_what_held_before_holds_no_more_in_a_handler(
    script: Analyse, stored: str, expected: set[str]
) -> None:
    """A handler begins with what holds wherever the body may have stopped, also behind what it stores."""
    text = (
        f"def f(d: dict):\n    if 'a' not in d: return\n    try:\n        {stored} = dict(g=1)\n        int('x')\n"
        "    except ValueError:\n        try: d['a']\n        except Exception: pass"
    )

    assert _names(script, text) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param("self.reset()", {"AttributeError"}, id="own method that sets it"),
        pytest.param("str(1)", set(), id="function"),
    ],
)
def test_what_held_before_holds_no_more_of_self(script: Analyse, before: str, expected: set[str]) -> None:
    """A method that is called on ``self`` may set what it likes."""
    assert _names(script, CLASS.format(before=before)) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param("self.reset()", {"AttributeError"}, id="a method that sets it"),
        pytest.param("self.reset", set(), id="twin: one that is only read"),
    ],
)
def test_what_held_before_holds_no_more_behind_a_decorated_method(
    script: Analyse, before: str, expected: set[str]
) -> None:
    """A decorator that is not known hides the method that it is given, but not what that stores."""
    text = CLASS.replace("    def reset", "    @nuvem.timed\n    def reset")

    assert _names(script, f"import nuvem{text.format(before=before)}") == expected


@pytest.mark.parametrize("manager", ["x", "suppress(OSError)"])
def test_a_context_manager_that_may_swallow_lets_what_follows_be_reached(
    script: Analyse, manager: str
) -> None:
    """What stands behind a ``raise`` in its block runs, if it ends the exception."""
    text = f"from contextlib import suppress\ndef f(x):\n    try:\n        with {manager}:\n            raise OSError\n        int('a')\n    except Exception: pass"

    assert "ValueError" in script(text).body().names


def test_a_file_lets_an_exception_through(script: Analyse) -> None:
    """Twin: what follows a ``raise`` in its block is never reached."""
    text = "def f(x):\n    try:\n        with open('a') as x:\n            raise OSError\n        int('a')\n    except Exception: pass"

    assert script(text).body().names == ("OSError",)


@pytest.mark.parametrize(
    ("manager", "is_none_too"), [("contextlib.suppress(KeyError)", True), ("open(d['p'])", False)]
)
def test_a_function_of_another_file_falls_off_a_with_that_ends_an_exception(
    script: Analyse, manager: str, *, is_none_too: bool
) -> None:
    """A ``with`` that may end what its body raises is one behind which a function goes on, and gives None; a file is none."""
    helper = f"import contextlib\n\ndef load(d):\n    with {manager}:\n        return str(d['x'])\n"
    text = "from helper import load\n\ntext = load({})\ntry:\n    text.strip()\nexcept Exception:\n    pass\n"

    assert script(text, modules={"helper": helper}).names() == ({"AttributeError"} if is_none_too else set())


@pytest.mark.parametrize(
    "ends",
    [
        "config = sys.argv[1:] or sys.exit(1)",
        "sys.argv[1:] and sys.exit(0) and sys.exit(1)",
        "config = sys.argv if sys.argv[1:] else sys.exit(1)",
        "[sys.exit(name) for name in sys.argv]",
    ],
    ids=["or", "and", "if", "comprehension"],
)
def test_what_may_end_the_program_in_an_expression_may_as_well_go_on(script: Analyse, ends: str) -> None:
    """What follows such a line is reached."""
    found = script(f"import sys\ntry:\n    {ends}\n    open(sys.argv[0])\nexcept Exception: pass").body()

    assert "OSError" in found.names


@pytest.mark.parametrize(
    "ends", ["sys.exit(1) or 2", "config = sys.exit(1) if sys.argv[1:] else sys.exit(2)"], ids=["or", "if"]
)
def test_what_ends_the_program_either_way_ends_it(script: Analyse, ends: str) -> None:
    """The first operand, or both branches."""
    found = script(f"import sys\ntry:\n    {ends}\n    open(sys.argv[0])\nexcept Exception: pass").body()

    assert found.names == ()


_MANAGERS = """
import contextlib, os
class Swallows:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): return kind is ValueError
class Passes:
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): self.done = True
@contextlib.contextmanager
def reports():
    try:
        yield
    except ValueError as error:
        print(error, file=None)
@contextlib.contextmanager
def cleans():
    try:
        yield
    finally:
        pass
def f(s: str):
    try:
        with {manager}:
            raise ValueError(s)
        os.remove("a")
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("manager", "is_reached"),
    [
        ("Swallows()", True),
        ("reports()", True),
        ("Passes(), Swallows()", True),
        ("Passes()", False),
        ("cleans()", False),
        ("open('a', 'rb')", False),
    ],
)
def test_what_follows_a_context_manager_that_may_end_an_exception_is_reached(
    script: Analyse, manager: str, is_reached: bool
) -> None:
    """Twins: those that pass every exception on."""
    found = script(_MANAGERS.replace("{manager}", manager)).body(2)

    assert any(entry.rule == "os.remove" for entry in found.evidence) == is_reached
