"""What the report says would settle a call that is not known does settle it when it is written."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from workerlog_migrate.syntax.stars import may_hide

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = "import nuvem\nfrom nuvem import pronto\nclass Own:\n    def roda(self): open('a')\n"


@pytest.mark.parametrize(
    ("text", "written", "said"),
    [
        pytest.param(
            "def f(s{}):\n    try: s.roda()\n    except Exception: pass",
            ": Own",
            "annotate the parameter `s` in line 5",
            id="parameter",
        ),
        pytest.param(
            "def f():\n    s{} = nuvem.a()\n    try: s.roda()\n    except Exception: pass",
            ": Own",
            "annotate `s` in line 6",
            id="what a library gives",
        ),
        pytest.param(
            "async def f():\n    s{} = await nuvem.a()\n    try: s.roda()\n    except Exception: pass",
            ": Own",
            "annotate `s` in line 6",
            id="what is awaited",
        ),
        pytest.param(
            "s{} = nuvem.a()\ndef f():\n    try: s.roda()\n    except Exception: pass",
            ": Own",
            "annotate `s` in line 5",
            id="a name of the module",
        ),
        pytest.param(
            "def f():\n    {}\n    with nuvem.a() as s:\n        try: s.roda()\n        except Exception: pass",
            "s: Own",
            "write `s: <its type>` before line 7",
            id="what a with gives",
        ),
        pytest.param(
            "def f():\n    {}\n    k, s = nuvem.a()\n    try: s.roda()\n    except Exception: pass",
            "s: Own",
            "write `s: <its type>` before line 7",
            id="one of several",
        ),
        pytest.param(
            "def f():\n    {}\n    if s := nuvem.a():\n        try: s.roda()\n        except Exception: pass",
            "s: Own",
            "write `s: <its type>` before line 7",
            id="named in a test",
        ),
        pytest.param(
            "def f(z{}):\n    for s in z:\n        try: s.roda()\n        except Exception: pass",
            ": list[Own]",
            "annotate the parameter `z` in line 5, with what is in it",
            id="what a loop gives",
        ),
        pytest.param(
            "def f(z{}):\n    try: [s.roda() for s in z]\n    except Exception: pass",
            ": list[Own]",
            "annotate the parameter `z` in line 5, with what is in it",
            id="what a comprehension gives",
        ),
        pytest.param(
            "def f(z{}):\n    try: z[0].roda()\n    except Exception: pass",
            ": list[Own]",
            "annotate the parameter `z` in line 5",
            id="an item",
        ),
        pytest.param(
            "class C:\n    def __init__(self, s): self.s{} = s\n    def f(self):\n        try: self.s.roda()\n        except Exception: pass",
            ": Own",
            "annotate `self.s` in line 6",
            id="attribute",
        ),
        pytest.param(
            "class C:\n    def __init__(self, s): self.s{} = s\ndef f(c: C):\n    try: c.s.roda()\n    except Exception: pass",
            ": Own",
            "annotate `self.s` in line 6",
            id="attribute of an own object",
        ),
        pytest.param(
            "class C(nuvem.Base):\n    {}\n    def f(self):\n        try: self.s.roda()\n        except Exception: pass",
            "s: Own",
            "declare `s: <its type>` in class C",
            id="attribute that a library's base class sets",
        ),
        pytest.param(
            "q = nuvem.a()\ndef g(){}: return q\ndef f():\n    try: g().roda()\n    except Exception: pass",
            " -> Own",
            "annotate what `g` returns in line 6",
            id="what an own function returns",
        ),
        pytest.param(
            "q = nuvem.a()\nclass C:\n    def g(self){}: return q\n    def f(self):\n        try: self.g().roda()\n        except Exception: pass",
            " -> Own",
            "annotate what `g` returns in line 7",
            id="what an own method returns",
        ),
        pytest.param(
            "def g(s{}): s.roda()\ndef f(s):\n    try: g(s)\n    except Exception: pass",
            ": Own",
            "annotate the parameter `s` in line 5",
            id="inside an own function",
        ),
        pytest.param(
            "def f(s, t):\n    try: (s or t).roda()\n    except Exception: pass",
            None,
            "annotate the parameter `s` in line 5",
            id="one of two",
        ),
        pytest.param(
            "def f():\n    x{} = pronto\n    try: x[0]\n    except Exception: pass",
            ": list[int]",
            "annotate `x` in line 6",
            id="imported object",
        ),
        pytest.param(
            "def f(s{}):\n    try: raise s\n    except Exception: pass",
            ": OSError",
            "annotate the parameter `s` in line 5",
            id="what is raised",
        ),
        pytest.param(
            "def g(s): s()\n{}\ndef f(s):\n    try: g(s)\n    except Exception: pass",
            None,
            "have a call of g in sight that passes a function for `s` in line 5",
            id="a parameter that is called",
        ),
        pytest.param(
            "async def f(s):\n    try: await s\n    except Exception: pass",
            None,
            "await the call that makes it, in this body",
            id="a task from elsewhere",
        ),
        pytest.param(
            "def f():\n    try: pronto['a']\n    except Exception: pass",
            None,
            "give `pronto` a name with its type, `x: <its type> = pronto`",
            id="an imported object itself",
        ),
        pytest.param(
            "def f():\n    try: raise nuvem.Erro(3)\n    except Exception: pass",
            None,
            "let nuvem be read, `libraries` in [tool.workerlog-migrate], or raise a class of your own",
            id="a class of a library that is raised",
        ),
        pytest.param(
            "def f(s: nuvem.Cliente):\n    try: s.roda()\n    except Exception: pass",
            None,
            "let `nuvem.Cliente`, the type of `s`, be read, `libraries` in [tool.workerlog-migrate]",
            id="a declared class of a library",
        ),
    ],
)
def test_what_is_said_to_settle_it_settles_it(
    script: Analyse, text: str, written: str | None, said: str
) -> None:
    """What stays broad says which line to write; where that line is written the handler is complete."""
    found = script(HEAD + text.format("pass" if "\n    {}\n" in text else "")).body(-1)

    assert not found.is_complete
    assert any(entry.note.endswith(f"to settle it: {said}") for entry in found.unresolved), found.unresolved
    if written is not None:
        assert script(HEAD + text.format(written)).body(-1).is_complete


def test_the_line_of_another_file_is_said_with_its_name(script: Analyse) -> None:
    """A line number alone would be taken for one of the script."""
    text = "from ajuda import canal\ndef f():\n    try: canal.faz()\n    except Exception: pass"

    (unknown,) = script(text, modules={"ajuda": "import nuvem\n\ncanal = nuvem.a()\n"}).body().unresolved

    assert unknown.note.endswith("to settle it: annotate `canal` in line 3 of ajuda")


def test_a_declared_name_is_believed_and_a_contradicted_one_is_not(script: Analyse) -> None:
    """``s: str`` stands for what nobody knows of a name; what is seen counts besides."""
    text = "import nuvem\ndef f():\n    s: str\n    for s in {}:\n        try: s.upper()\n        except Exception: pass"

    assert script(text.format("nuvem.a()")).names() == set()
    assert script(text.format("[5]")).names() == {"AttributeError"}


# -- stars --------------------------------------------------------------------------------------------------

_TRIED = """
import builtins, sys
for name in sys.argv[1:]:
    space = {}
    try:
        exec(f"from {name} import *", space)
    except ImportError:
        continue
    for key in space:
        if not key.startswith("_") and hasattr(builtins, key) and space[key] is not getattr(builtins, key):
            print(name, key)
"""
_LEFT_OUT = {
    "antigravity",
    "idlelib",
    "msilib",
    "test",
    "this",
    "turtledemo",
}  # they show something, or are tests


def test_no_module_of_python_hides_another_builtin_behind_a_star() -> None:
    """What the table says of star imports is what this Python does."""
    modules = sorted(
        name for name in sys.stdlib_module_names if not name.startswith("_") and name not in _LEFT_OUT
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _TRIED, *modules],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )

    pairs = [line.split() for line in done.stdout.splitlines()]
    assert ["os", "open"] in pairs
    assert [pair for pair in pairs if not may_hide(*pair)] == []


@pytest.mark.parametrize(
    ("star", "is_known"),
    [("math", True), ("tkinter", True), ("os", False), ("nuvem", False), (".time", False)],
)
def test_a_star_import_leaves_the_builtins_that_its_module_has_not(
    script: Analyse, star: str, *, is_known: bool
) -> None:
    """``open`` is the builtin after ``from math import *``, another function after ``from os import *``, or unknown."""
    text = f"from {star} import *\ndef f():\n    try: open('a').read()\n    except Exception: pass"

    found = script(text).body()

    assert (found.is_complete and "UnicodeError" in found.names) is is_known
