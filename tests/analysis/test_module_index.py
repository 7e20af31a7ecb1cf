"""analysis.module: names resolve as the language has it, spans count characters, comments suppress."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.errors import Refused
from workerlog_migrate.model import Source, Span


def _module(text: str) -> Module:
    script = dedent(text)
    return Module(Source(Path("w.py"), script, script.encode()))


def _last_call(module: Module) -> ast.Call:
    return module.calls[-1]


@pytest.mark.parametrize(
    ("script", "qualified"),
    [
        pytest.param("open(p)", "open", id="builtin"),
        pytest.param("import os\nos.path.join(a)", "os.path.join", id="import"),
        pytest.param("import os.path as p\np.join(a)", "os.path.join", id="import as"),
        pytest.param("from json import load as l\nl(f)", "json.load", id="from import as"),
        pytest.param("from .fila import proxima\nproxima()", ".fila.proxima", id="relative import"),
        pytest.param("import builtins\nbuiltins.open(p)", "open", id="through builtins"),
        pytest.param(
            "import subprocess\nrun = subprocess.run\nrun(c)", "subprocess.run", id="assigned alias"
        ),
        pytest.param("try:\n import x\nexcept ImportError:\n x = None\nx.f()", "x.f", id="guarded import"),
        pytest.param("import x\nx = 1\nx.f()", None, id="rebound import"),
        pytest.param("def open(p): ...\nopen(p)", None, id="local function"),
        pytest.param("def f(open): return open(p)", None, id="parameter"),
        pytest.param(
            "class C:\n  def open(self): ...\n  def g(self): open(p)",
            "open",
            id="class names are not seen inside",
        ),
        pytest.param("def f():\n  global open\n  open = 1\nopen(p)", None, id="global declaration"),
        pytest.param("[0 for open in x]\nopen(p)", "open", id="a comprehension keeps its names"),
        pytest.param("[(open := 0) for _ in x]\nopen(p)", None, id="a walrus in a comprehension does not"),
        pytest.param("for open in x: pass\nopen(p)", None, id="loop variable"),
        pytest.param("from x import *\nopen(p)", None, id="a star may bind it"),
        pytest.param("x().load(p)", None, id="a method of a value"),
        pytest.param("a = b\nb = a\na(p)", None, id="names that are bound to each other"),
    ],
)
def test_a_callee_is_resolved_through_scopes_and_imports(script: str, qualified: str | None) -> None:
    module = _module(script)

    assert module.qualified(_last_call(module).func) == qualified


def test_spans_count_characters_and_not_bytes() -> None:
    module = _module("x = 'é😀'; print(x)\n")

    assert module.span(_last_call(module)) == Span(1, 10, 1, 18)
    assert module.text(_last_call(module)) == "print(x)"


def test_the_handler_of_a_statement_is_that_of_its_own_function() -> None:
    module = _module(
        """\
        try:
            a()
        except OSError:
            b()
            def f():
                c()
        """
    )

    named = {call.func.id: module.handler(call) for call in module.calls if isinstance(call.func, ast.Name)}

    assert named["a"] is None
    assert named["b"] is module.handlers[0]
    assert named["c"] is None


def test_a_function_is_named_as_its_frame_is() -> None:
    module = _module("a()\nclass C:\n  def f(self):\n    [b() for _ in x]\n")

    assert [module.function_name(call) for call in module.calls] == ["<module>", "f"]


def test_a_comment_on_the_line_suppresses_one_codemod_or_all() -> None:
    module = _module("a()  # workerlog: skip[retry-io, mirror-output]\nb()  # workerlog: skip\n")

    assert module.is_suppressed("retry-io", 1, 1)
    assert not module.is_suppressed("logger-setup", 1, 1)
    assert module.is_suppressed("logger-setup", 2, 2)
    assert not module.skips_file


def test_skip_file_stands_on_a_line_of_its_own() -> None:
    assert _module("# workerlog: skip-file\nx = 1\n").skips_file
    assert not _module("x = 1  # workerlog: skip-file\n").skips_file
    assert not _module("x = '# workerlog: skip-file'\n").skips_file


def test_a_very_long_chain_is_walked_without_recursion() -> None:
    module = _module("x = a" + ".b" * 600 + "\n")

    assert len(module.attributes) == 600


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("print 'oi'\n", "is Python 2", id="print statement"),
        pytest.param("try:\n  a\nexcept A, e:\n  b\n", "is Python 2", id="except comma"),
        pytest.param("def f(:\n", "syntax error", id="syntax error"),
    ],
)
def test_what_cannot_be_parsed_is_refused_with_its_line(script: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        _module(script)

    assert caught.value.line > 0


@pytest.mark.skipif(sys.version_info < (3, 14), reason="a syntax error before")
@pytest.mark.parametrize(
    "script",
    [
        "try:\n  a\nexcept OSError, ValueError:\n  b\n",
        "from x import E\ntry:\n  a\nexcept OSError, E:\n  b\n",
        "E = ValueError\ntry:\n  a\nexcept OSError, E:\n  b\n",
        "from x import *\ntry:\n  a\nexcept OSError, E:\n  b\n",
        "try:\n  a\nexcept (A, e):\n  b\n",
    ],
    ids=["builtin", "imported", "assigned", "star", "in parentheses"],
)
def test_two_exceptions_without_parentheses_are_no_python_2(script: str) -> None:
    """Python 3.14 takes them; the twin is ``except A, e:`` where nothing is called ``e``."""
    assert _module(script).handlers
