"""Types of expressions and names of callees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("open('a')", "open", id="builtin"),
        pytest.param("import json\njson.load(f)", "json.load", id="module"),
        pytest.param("import json as j\nj.load(f)", "json.load", id="module alias"),
        pytest.param("from json import load as ler\nler(f)", "json.load", id="name alias"),
        pytest.param(
            "from pathlib import Path\nPath('a').read_text()", "pathlib.Path.read_text", id="method of a call"
        ),
        pytest.param(
            "import subprocess\nrun = subprocess.run\nrun(['a'])", "subprocess.run", id="assigned name"
        ),
        pytest.param(
            "from worker_utils import retry_with_backoff\nretrying = retry_with_backoff()\nretrying(open)('a')",
            "open",
            id="retried call",
        ),
        pytest.param(
            "from .worker_utils import retry_with_backoff as repetir\nw = repetir(2)\nw(open)('a')",
            "open",
            id="retried call in a package",
        ),
        pytest.param("from sys import stdout\nstdout.write('a')", "file.text.write", id="imported value"),
        pytest.param("def open(p): ...\nopen('a')", None, id="local function"),
        pytest.param("def f(open):\n    open('a')", None, id="parameter"),
        pytest.param("x.read_text()", None, id="method of an unknown value"),
        pytest.param("import mylib\nmylib.send(1)", "mylib.send", id="library without rows"),
    ],
)
def test_the_last_call_is_named_by_what_it_calls(script: Analyse, text: str, expected: str | None) -> None:
    """The callee of a call has the name of its row, whatever the script calls it."""
    found = script(text)
    calls = sorted(found.module.calls, key=lambda call: (call.end_lineno, call.end_col_offset))

    assert found.types.callee(calls[-1]) == expected


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        pytest.param("with open('a') as f:\n    f", "f", "file.text", id="with"),
        pytest.param("with open('a', 'rb') as f:\n    f", "f", "file.bytes", id="binary mode"),
        pytest.param("f = open('a', errors='replace')", "f", "file.text.lenient", id="lenient errors"),
        pytest.param("for n in [1, 2]:\n    n", "n", "int", id="for"),
        pytest.param("for i, x in enumerate(['a']):\n    x", "x", "str", id="unpacked for"),
        pytest.param("if (n := len('a')) > 1:\n    n", "n", "int", id="walrus"),
        pytest.param("def f(p: str, q=3):\n    p", "p", "str", id="annotation"),
        pytest.param("def f(q=3):\n    q", "q", "int", id="default"),
        pytest.param("def f(q):\n    q\nf('a')", "q", "str", id="passed by a call"),
        pytest.param("import re\nm = re.match('a', b)", "m", "re.Match?", id="maybe none"),
        pytest.param("import json\nd = json.loads(s)", "d", "json", id="decoded json"),
        pytest.param("import json\nd = json.loads(s)\ne = d['a'][0]", "e", "json", id="item of decoded json"),
        pytest.param("class A:\n    def f(self):\n        return 'a'\nx = A().f()", "x", "str", id="method"),
        pytest.param("from pathlib import Path\np = Path('a') / 'b'", "p", "pathlib.Path", id="path joined"),
        pytest.param("x = [] if a else None", "x", "list[any]?", id="conditional"),
        pytest.param("x = a", "x", None, id="unknown"),
        pytest.param("x = 1\nx = 'a'", "x", None, id="two types"),
    ],
)
def test_a_name_has_the_type_of_what_is_bound_to_it(
    script: Analyse, text: str, expression: str, expected: str | None
) -> None:
    """Assignments, loops, ``with``, parameters and calls bind names to types."""
    assert script(text).type_of(expression) == expected


def test_an_attribute_that_starts_as_none_may_be_none(script: Analyse) -> None:
    """An attribute of self is everything that any method assigns."""
    found = script(
        """
        import subprocess
        class Motor:
            def __init__(self):
                self.filho = None
            def ligar(self):
                self.filho = subprocess.Popen(["a"])
            def ver(self):
                return self.filho
        """
    )

    assert found.type_of("self.filho") == "subprocess.Popen.silent?"


def test_an_attribute_that_is_always_set_is_not_none(script: Analyse) -> None:
    """Twin: nothing assigns None."""
    found = script(
        """
        import subprocess
        class Motor:
            def __init__(self):
                self.filho = subprocess.Popen(["a"])
            def ver(self):
                return self.filho
        """
    )

    assert found.type_of("self.filho") == "subprocess.Popen.silent"
