"""What specific-exceptions decides about each broad handler."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.finders import specific_exceptions
from workerlog_migrate.finders.handler_edits import HandlerEdit, SuppressEdit
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Applicability, Finding, Settings, Source, Target, Unresolved
from workerlog_migrate.registry import LOGGER_SETUP, SPECIFIC_EXCEPTIONS

Find = Callable[..., list[Finding]]


@pytest.fixture
def find() -> Find:
    """Run the finder on a dedented script; keywords are settings."""
    return _find


def _find(text: str, **settings: object) -> list[Finding]:
    text = textwrap.dedent(text).lstrip("\n")
    module = Module(Source(path=Path("worker.py"), text=text, raw=text.encode()))
    chosen = Settings(**settings)  # type: ignore[arg-type]  # keywords of tests
    target = Target(Path("worker.py"), "genesis")
    types = Types(module, Knowledge(), chosen, lambda _name, _path: None)
    return list(specific_exceptions.find(module, Context(chosen, target, find_header(module, target), types)))


def _handler(types: str, log: str, body: str = "os.remove(p)", alias: str = "") -> str:
    named = f" as {alias}" if alias else ""
    return f"import os\ndef f(p):\n    try:\n        {body}\n    except{types}{named}:\n        {log}\n"


def _edit(findings: list[Finding]) -> HandlerEdit:
    (finding,) = [entry for entry in findings if entry.edit is not None]
    assert isinstance(finding.edit, HandlerEdit)
    return finding.edit


@pytest.mark.parametrize(
    "types", [" Exception", "", " BaseException", " (Exception, OSError)", " builtins.Exception"]
)
def test_a_broad_handler_is_narrowed(find: Find, types: str) -> None:
    """``Exception``, ``BaseException``, nothing, a tuple and a dotted name are all broad."""
    text = "import builtins\n" + _handler(types, "print(p)")

    assert _edit(find(text)).types == ("OSError",)


@pytest.mark.parametrize("types", [" OSError", " (OSError, ValueError)", " KeyboardInterrupt", " Erro"])
def test_a_specific_handler_is_no_finding(find: Find, types: str) -> None:
    """Look-alikes: specific classes, and a class of the script that is called like one."""
    assert find("class Erro(ValueError): ...\n" + _handler(types, "pass")) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("print(e)\n        raise", [], id="always raises"),
        pytest.param("raise RuntimeError(p) from e", [], id="raises another"),
        pytest.param(
            "if p: return\n        raise",
            ["re-raises on one path and swallows on another"],
            id="one path returns",
        ),
        pytest.param(
            "if p:\n            raise",
            ["re-raises on one path and swallows on another"],
            id="one path falls through",
        ),
        pytest.param("def g():\n            raise e", [""], id="raise of a nested function"),
    ],
)
def test_a_handler_that_reraises_is_left_alone(find: Find, body: str, expected: list[str]) -> None:
    """A handler with a raise of its own stays; another path through it that swallows is reported."""
    assert [finding.reason for finding in find(_handler(" Exception", body, alias="e"))] == expected


@pytest.mark.parametrize(
    ("log", "alias", "expected"),
    [
        pytest.param("pass", "", ("log_ignored(logger)", True), id="pass"),
        pytest.param("return None", "", ("log_ignored(logger)", False), id="return"),
        pytest.param("pass", "e", ("log_ignored(logger)", True), id="own alias"),
        pytest.param("log_ignored = 1", "", ("worker_log_ignored(logger)", False), id="taken name"),
        pytest.param("return e", "e", (None, False), id="exception used"),
        pytest.param("print(p)", "", (None, False), id="a call"),
        pytest.param("traceback.print_exc()", "", ('logger.exception("f: error")', False), id="traceback"),
    ],
)
def test_a_silent_handler_gets_one_line(
    find: Find, log: str, alias: str, expected: tuple[str | None, bool]
) -> None:
    """A handler that neither calls anything nor uses the exception gets one line for the log."""
    edit = _edit(find("import traceback\n" + _handler(" Exception", log, alias=alias)))

    assert (edit.log, edit.replaces_pass) == expected


@pytest.mark.parametrize("log", ["pass", "p.clear()"])
def test_an_incomplete_handler_stays_broad_and_leaves_a_traceback(find: Find, log: str) -> None:
    """What cannot be resolved is listed; the error goes to the log with its traceback."""
    findings = find("import mylib\n" + _handler(" Exception", log, body="mylib.send(p)"))

    assert (_edit(findings).types, _edit(findings).log) == (None, "log_ignored(logger, trace=True)")
    assert findings[0].reason == "not known: `mylib.send(p)` in line 5"
    assert (
        findings[0].evidence[0].note
        == 'to teach it: [tool.workerlog-migrate.raises] "mylib.send" = ["<what it raises>"]'
    )


@pytest.mark.parametrize(
    "log",
    [
        pytest.param("print(p)", id="print that is mirrored"),
        pytest.param("log.error(p)", id="logger"),
        pytest.param("logging.exception(p)", id="root logger"),
        pytest.param("avisar(p)", id="function that prints"),
    ],
)
def test_an_incomplete_handler_that_logs_gets_nothing(find: Find, log: str) -> None:
    """Mirrored prints and logger calls count as logging, also through functions of the script."""
    head = "import logging, mylib\nlog = logging.getLogger('a')\ndef avisar(p):\n    escrever(p)\ndef escrever(p):\n    print(p)\n"
    (finding,) = find(head + _handler(" Exception", log, body="mylib.send(p)"))

    assert (finding.edit, finding.applicability, finding.kind) == (
        None,
        Applicability.DISPLAY_ONLY,
        "incomplete",
    )


def test_a_print_is_no_log_while_it_is_not_mirrored(find: Find) -> None:
    """Twin: without mirror-output the print stays on the terminal alone."""
    text = "import mylib\n" + _handler(" Exception", "print(p)", body="mylib.send(p)")

    assert _edit(find(text, select=(LOGGER_SETUP, SPECIFIC_EXCEPTIONS))).log is not None


def test_a_bare_except_that_stays_gets_the_same_line(find: Find) -> None:
    """The runtime looks for the exception itself: no name for it is needed."""
    edit = _edit(find("import mylib\n" + _handler("", "pass", body="mylib.send(p)")))

    assert edit == HandlerEdit(None, "log_ignored(logger, trace=True)", True)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        pytest.param(
            "os.remove(p)",
            'logger.warning("f: ignored %s: %s", type(error).__name__, error)',
            id="narrowed",
        ),
        pytest.param(
            "mylib.send(p)",
            'logger.warning("f: ignored %s: %s", type(error).__name__, error, exc_info=True)',
            id="incomplete",
        ),
        pytest.param(
            "mylib.send(p)", 'logger.warning("f: ignored an error", exc_info=True)', id="incomplete and bare"
        ),
        pytest.param("mylib.send(p)", "log_ignored(logger, trace=True)", id="of today"),
    ],
)
def test_what_an_earlier_version_wrote_is_migrated(find: Find, body: str, line: str) -> None:
    """The lines of version 0.1 log the error: nothing is put beside them."""
    header = (
        "from worker_logger import log_ignored, setup_worker_logger\n\nlogger = setup_worker_logger('a')\n"
    )
    head = f"import mylib\n{header}"
    caught = "OSError" if body.startswith("os.") else "Exception"
    types, alias = (f" {caught}", "error") if "(error)" in line else (" Exception", "")
    findings = find(head + _handler(types, line, alias=alias, body=body))

    assert [finding.edit for finding in findings if finding.edit is not None] == []


def test_unresolved_reraise_narrows_and_adds_a_boundary(find: Find) -> None:
    """The known exceptions keep the body; a second clause logs and raises again."""
    text = "import mylib\n" + _handler(" Exception", "print(p)", body="mylib.send(p), os.remove(p)")
    edit = _edit(find(text, unresolved=Unresolved.RERAISE))

    assert edit.types == ("OSError",)
    assert edit.boundary == ('logger.critical("f: unexpected error", exc_info=True)', "raise")


def test_without_the_logger_only_types_change(find: Find) -> None:
    """``--select specific-exceptions`` writes nothing that needs the logger."""
    edit = _edit(find(_handler(" Exception", "pass"), select=(SPECIFIC_EXCEPTIONS,)))

    assert edit == HandlerEdit(("OSError",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "try:\n    import a\nexcept Exception:\n    a = None", "only guards an import", id="import"
        ),
        pytest.param(
            "import sys\ntry:\n    sys.exit(1)\nexcept:\n    pass",
            "swallows SystemExit today: `sys.exit(1)` in line 3 can reach it",
            id="exit under a bare except",
        ),
        pytest.param(
            "try:\n    x = 1\nexcept Exception:\n    pass",
            "nothing in the body is known to raise",
            id="nothing",
        ),
        pytest.param(
            "import os\ntry:\n    os.remove('a')\nexcept Exception:  # workerlog: skip\n    pass",
            "suppressed by comment",
            id="comment",
        ),
    ],
)
def test_a_handler_is_left_with_a_reason(find: Find, text: str, reason: str) -> None:
    """Import guards, handlers that swallow SystemExit, empty inferences and suppressed lines are reported."""
    (finding,) = find(text)

    assert (finding.kind, finding.reason, finding.edit) == ("left", reason, None)


@pytest.mark.parametrize(
    ("body", "is_said"),
    [
        pytest.param("return int(element.text)", False, id="an attribute of anything"),
        pytest.param("return json.dumps({'a': element})", False, id="an item that is anything"),
        pytest.param("element.get(url)", False, id="a method of anything"),
        pytest.param("return element[0]", False, id="an item of anything"),
        pytest.param("return Page(url)", False, id="a class that is not known"),
        pytest.param("return datetime.datetime", True, id="twin: a class of a known module"),
        pytest.param("return json.dumps({'a': 1})", True, id="twin: an item that is written there"),
        pytest.param("return int('5')", True, id="twin: a number that is written there"),
    ],
)
def test_nothing_is_known_to_raise_is_said_only_where_everything_is_known(
    find: Find, body: str, *, is_said: bool
) -> None:
    """Of what is done with something unknown the report says what is not known, or what it raises."""
    text = f"import datetime, json\nfrom nuvem import Page\ndef f(element, url):\n    try:\n        {body}\n    except Exception:\n        pass"
    found = find(text)

    assert found
    assert any("nothing in the body is known to raise" in f"{entry.reason}" for entry in found) is is_said


def test_sys_exit_under_except_exception_is_narrowed(find: Find) -> None:
    """Twin: ``except Exception`` never caught SystemExit."""
    text = "import os, sys\ntry:\n    os.remove('a')\n    sys.exit(1)\nexcept Exception:\n    pass"

    assert _edit(find(text)).types == ("OSError",)


def test_suppress_is_narrowed_in_place(find: Find) -> None:
    """``contextlib.suppress(Exception)`` gets the exceptions of its block."""
    (finding,) = find(
        "import os\nfrom contextlib import suppress\nwith suppress(Exception):\n    os.remove('a')"
    )

    assert finding.edit == SuppressEdit(("OSError",))


@pytest.mark.parametrize(
    ("head", "types", "needs"),
    [
        pytest.param("import subprocess", ("OSError", "subprocess.TimeoutExpired"), [], id="module"),
        pytest.param("import subprocess as sp", ("OSError", "sp.TimeoutExpired"), [], id="module alias"),
        pytest.param(
            "import subprocess\nfrom subprocess import TimeoutExpired as T",
            ("OSError", "subprocess.TimeoutExpired"),
            [],
            id="both",
        ),
        pytest.param(
            "from subprocess import run, TimeoutExpired", ("OSError", "TimeoutExpired"), [], id="name"
        ),
        pytest.param(
            "from subprocess import run",
            ("OSError", "subprocess.TimeoutExpired"),
            ["subprocess"],
            id="missing",
        ),
        pytest.param(
            "def run(): ...\nfrom subprocess import run as r",
            ("OSError", "subprocess.TimeoutExpired"),
            ["subprocess"],
            id="other alias",
        ),
    ],
)
def test_names_are_written_as_the_script_imports_them(
    find: Find, head: str, types: tuple[str, ...], needs: list[str]
) -> None:
    """A class is named through the imports that are there; a missing import is asked for."""
    call = {"import subprocess as sp": "sp.run", "import subprocess": "subprocess.run"}.get(
        head.split("\n")[0], "run"
    )
    call = "r" if " as r" in head else call
    findings = find(
        f"{head}\ndef f():\n    try:\n        {call}(['a'], timeout=1)\n    except Exception:\n        pass"
    )

    assert _edit(findings).types == types
    assert [finding.message for finding in findings if finding.kind == "needs-import"] == needs


@pytest.mark.parametrize(
    ("text", "types"),
    [
        pytest.param(
            "import requests\ndef f():\n    try: requests.get('a')\n    except Exception: pass",
            ("requests.RequestException",),
            id="top",
        ),
        pytest.param(
            "def f():\n    import requests\n    try: requests.get('a')\n    except Exception: pass",
            ("requests.RequestException",),
            id="function",
        ),
        pytest.param(
            "def f():\n    try:\n        import requests\n        requests.get('a')\n    except Exception: pass",
            ("ImportError", "OSError"),
            id="body",
        ),
        pytest.param(
            "try:\n    import requests\nexcept ImportError:\n    requests = None\ndef f():\n    try: requests.get('a')\n    except Exception: pass",
            ("AttributeError", "OSError"),
            id="guarded",
        ),
        pytest.param(
            "try:\n    import requests\nexcept ImportError:\n    raise SystemExit(1)\ndef f():\n    try: requests.get('a')\n    except Exception: pass",
            ("requests.RequestException",),
            id="guarded by leaving",
        ),
        pytest.param(
            "try:\n    import requests\n    TEM = True\nexcept ImportError:\n    TEM = False\ndef f():\n    if not TEM: return\n    try: requests.get('a')\n    except Exception: pass",
            ("requests.RequestException",),
            id="flag",
        ),
        pytest.param(
            "from requests import get\ndef f():\n    try: get('a')\n    except Exception: pass",
            ("requests.RequestException",),
            id="another name of the library",
        ),
        pytest.param(
            "try:\n    from requests import get\nexcept ImportError:\n    get = print\ndef f():\n    try: get('a')\n    except Exception: pass",
            ("OSError", "ValueError"),
            id="guarded name of the library",
        ),
    ],
)
def test_a_library_that_may_be_missing_is_named_by_a_parent(
    find: Find, text: str, types: tuple[str, ...]
) -> None:
    """A third-party class is written only where its module is certainly bound; else its nearest builtin parent."""
    assert (
        _edit([finding for finding in find(text) if finding.reason != "only guards an import"]).types == types
    )


@pytest.mark.parametrize(
    ("more", "is_named"),
    [
        pytest.param("", True, id="nowhere"),
        pytest.param("def g(playwright):\n    return playwright.chromium", True, id="parameter elsewhere"),
        pytest.param("def g():\n    return playwright.chromium", False, id="read and nowhere bound"),
        pytest.param("def g():\n    global playwright\n    playwright = 5", False, id="a global of it"),
        pytest.param(
            "class G:\n    if f:\n        playwright = 5\n    x = playwright", False, id="class body"
        ),
    ],
)
def test_a_module_is_imported_where_its_name_is_bound_in_other_functions_only(
    find: Find, more: str, *, is_named: bool
) -> None:
    """An import at the top changes nothing for a function that binds the name itself; twins: someone would read the import."""
    findings = find(
        f"from playwright.async_api import Page\nasync def f(page: Page):\n    try:\n        await page.goto('x')\n"
        f"    except Exception:\n        pass\n{more}"
    )

    needs = [finding.message for finding in findings if finding.kind == "needs-import"]
    assert needs == (["playwright.async_api"] if is_named else [])
    assert (
        any(finding.reason == "playwright.sync_api.Error cannot be named here" for finding in findings)
        is not is_named
    )


def test_a_class_without_a_nameable_parent_keeps_the_handler(find: Find) -> None:
    """No name, no narrowing."""
    text = "try:\n    import psutil\nexcept ImportError:\n    psutil = None\ndef f():\n    try: psutil.Process(1)\n    except Exception: return 1"
    (finding,) = find(text)

    assert finding.reason == "psutil.NoSuchProcess cannot be named here"


def test_what_the_handler_asks_for_is_listed(find: Find) -> None:
    """``isinstance(e, X)`` in the handler keeps X among the names."""
    text = _handler(" Exception", "print(isinstance(e, LookupError))", alias="e")

    assert _edit(find(text)).types == ("LookupError", "OSError")


def test_a_migrated_handler_is_no_finding(find: Find) -> None:
    """A second run finds nothing: the boundary re-raises, the narrowed clause is specific."""
    text = """
        import os
        from worker_logger import setup_worker_logger

        logger = setup_worker_logger("genesis")


        def f(p):
            try:
                os.remove(p)
            except OSError as error:
                logger.warning("f: ignored %s: %s", type(error).__name__, error)
            except Exception:
                logger.critical("f: unexpected error", exc_info=True)
                raise
        """

    assert find(text) == []


@pytest.mark.parametrize("maker", ["contextlib.contextmanager", "contextlib.asynccontextmanager"])
@pytest.mark.parametrize(
    "block",
    [
        "try:\n        open(p)\n        yield\n    except Exception:\n        print(p)",
        "with contextlib.suppress(Exception):\n        open(p)\n        yield",
    ],
)
def test_a_handler_around_the_yield_of_a_context_manager_stays_broad(
    find: Find, maker: str, block: str
) -> None:
    """What the ``with`` block raises arrives there, and nobody sees that block here."""
    define = "async def" if "async" in maker else "def"
    (finding,) = find(f"import contextlib\n@{maker}\n{define} aberto(p):\n    {block}\n")
    assert finding.kind == "incomplete"
    assert "arrives at the yield in line" in finding.reason
    (finding,) = [entry for entry in find(f"import contextlib\ndef aberto(p):\n    {block}\n") if entry.edit]
    assert finding.kind == "narrowed"


def _types(finding: Finding) -> tuple[str, ...] | None:
    return finding.edit.types if isinstance(finding.edit, HandlerEdit) else None


@pytest.mark.parametrize(
    ("body", "types", "kind"),
    [
        pytest.param("import sys\ntry:\n    sys.float_repr_style", None, "left", id="attribute of a module"),
        pytest.param("def f(x):\n  try:\n    return x._a", None, "incomplete", id="attribute"),
        pytest.param("def f(x):\n  try:\n    del x._cache", None, "incomplete", id="attribute taken away"),
        pytest.param("def f(x):\n  try:\n    x._a = 1", None, "incomplete", id="attribute that is set"),
        pytest.param("def f(x):\n  try:\n    return len(x)", None, "incomplete", id="length"),
        pytest.param("def f(x, y):\n  try:\n    return x < y", None, "incomplete", id="comparison"),
        pytest.param("def f(x):\n  try:\n    a, b = x", None, "incomplete", id="unpacking"),
        pytest.param("def f(x):\n  try:\n    iter(x)", None, "incomplete", id="iterator"),
        pytest.param("def f(x):\n  try:\n    x.clear()", None, "incomplete", id="method known by its name"),
        pytest.param("try:\n    unicode", ("NameError",), "narrowed", id="name that nothing binds"),
        pytest.param(
            "import hashlib\ndef f(x):\n  try:\n    hashlib.md5(b'a')",
            ("ValueError",),
            "narrowed",
            id="what hardly ever happens",
        ),
        pytest.param(
            "import os\ndef f(x):\n  try:\n    os.remove(x._a)",
            None,
            "incomplete",
            id="something else is known to raise",
        ),
    ],
)
def test_what_is_done_with_something_unknown_narrows_nothing(
    find: Find, body: str, types: tuple[str, ...] | None, kind: str
) -> None:
    """That nothing else in the body is known to raise is no reason to believe that only this can."""
    indent = " " * (len(body.rpartition("try:")[0].rpartition("\n")[2]))
    (finding, *_) = find(f"{body}\n{indent}except Exception: pass\n")

    assert (_types(finding), finding.kind) == (types, kind)
