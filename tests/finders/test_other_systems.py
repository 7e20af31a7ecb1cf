"""A worker runs on Windows, or moves there: what only some systems have, or answer otherwise, is in the lists."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.finders import specific_exceptions
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source, Target

HEAD = "import ctypes, os, pathlib, signal, socket, subprocess, sys, time\nimport datetime\nimport multiprocessing\n"


def listed(body: str, before: str = "") -> tuple[str, ...]:
    """Return the exceptions that the handler around a body names; empty where it stays broad."""
    inner = textwrap.indent(body, "        ")
    text = f"{HEAD}{before}def f(pid: int, stamp: float, pattern: str, path: str):\n    try:\n{inner}\n    except Exception:\n        return 0\n"
    module = Module(Source(path=Path("worker.py"), text=text, raw=text.encode()))
    settings, target = Settings(), Target(Path("worker.py"), "genesis")
    types = Types(module, Knowledge(), settings)
    context = Context(settings, target, find_header(module, target), types)
    found = [each.edit for each in specific_exceptions.find(module, context)]
    edits = [each for each in found if isinstance(each, HandlerEdit)]
    return edits[-1].types or () if edits else ()


@pytest.mark.parametrize(
    ("body", "types"),
    [
        pytest.param(
            "os.waitpid(pid, os.WNOHANG)", ("AttributeError", "OSError", "OverflowError"), id="a constant"
        ),
        pytest.param("os.waitpid(pid, 0)", ("OSError", "OverflowError"), id="its twin"),
        pytest.param("os.fchmod(pid, 384)", ("AttributeError", "OSError"), id="a function"),
        pytest.param("os.chmod(path, 384)", ("OSError",), id="its twin by name"),
        pytest.param("g = os.setsid", ("AttributeError",), id="a function that is not called"),
        pytest.param("os.stat(path).st_blocks", ("AttributeError", "OSError"), id="a field"),
        pytest.param("os.stat(path).st_size", ("OSError",), id="a field of every system"),
        pytest.param("socket.socket().sendmsg([b'a'])", ("AttributeError", "OSError"), id="a method"),
        pytest.param("socket.socket().sendall(b'a')", ("OSError",), id="a method of every system"),
        pytest.param("subprocess.STARTUPINFO()", ("AttributeError",), id="what Windows alone has"),
        pytest.param(
            "if sys.platform != 'win32':\n    os.fchmod(pid, 384)",
            ("OSError",),
            id="asked which system it is",
        ),
        pytest.param(
            "if os.system('a'):\n    os.getuid()", ("AttributeError",), id="a call of a shell asks nothing"
        ),
    ],
)
def test_a_name_that_another_system_has_not_is_an_attribute_error(body: str, types: tuple[str, ...]) -> None:
    """Read or called, of a module or of what it gives; the twin is the nearest name that every system has."""
    assert listed(body) == types


@pytest.mark.parametrize(
    ("body", "types"),
    [
        pytest.param("os.kill(pid, 0)", ("OSError", "OverflowError", "SystemError"), id="0 is CTRL_C_EVENT"),
        pytest.param("os.kill(pid, 15)", ("OSError", "OverflowError"), id="a signal"),
        pytest.param(
            "subprocess.run(['a'], preexec_fn=print)",
            ("OSError", "ValueError", "subprocess.SubprocessError"),
            id="before exec",
        ),
        pytest.param("subprocess.run(['a'], creationflags=8)", ("OSError", "ValueError"), id="flags"),
        pytest.param("subprocess.run(['a'], cwd=path)", ("OSError",), id="a folder"),
        pytest.param(
            "datetime.datetime.fromtimestamp(stamp)",
            ("OSError", "OverflowError", "ValueError"),
            id="a negative time",
        ),
        pytest.param(
            "time.localtime(stamp)", ("OSError", "OverflowError", "ValueError"), id="a negative local time"
        ),
        pytest.param("datetime.datetime.now().strftime(pattern)", ("ValueError",), id="a directive"),
        pytest.param(
            "pathlib.Path(path).owner()", ("KeyError", "NotImplementedError", "OSError"), id="an owner"
        ),
        pytest.param("subprocess.run(['a'], user=path)", ("OSError", "ValueError"), id="a user"),
        pytest.param(
            "datetime.datetime.strptime(pattern, '%Y').timestamp()",
            ("OSError", "OverflowError", "ValueError"),
            id="a date before 1970",
        ),
        pytest.param(
            "open(path).close(); datetime.datetime.now().timestamp()", ("OSError",), id="a date of today"
        ),
        pytest.param(
            "time.mktime(time.strptime(pattern, '%H:%M'))",
            ("OverflowError", "ValueError"),
            id="a day of 1900",
        ),
        pytest.param("os.get_terminal_size(pid)", ("OSError", "ValueError"), id="a descriptor"),
        pytest.param("os.get_terminal_size()", ("OSError",), id="the terminal"),
        pytest.param(
            "socket.create_server(('', 80), reuse_port=True)",
            ("OSError", "ValueError"),
            id="a port of several",
        ),
        pytest.param("ctypes.CDLL(None)", ("OSError", "TypeError"), id="the program itself as a library"),
        pytest.param("ctypes.CDLL('libc.so.6')", ("OSError",), id="a library"),
    ],
)
def test_what_another_system_refuses_is_listed(body: str, types: tuple[str, ...]) -> None:
    """As Windows does, or POSIX what is for Windows; each seen under a Windows Python."""
    assert listed(body) == types


def test_a_process_that_starts_processes_while_it_starts_is_refused() -> None:
    """Where processes are not forked each imports the script, which starts some where nothing guards that."""
    assert "RuntimeError" in listed("multiprocessing.Process(target=print).start()")


@pytest.mark.parametrize(
    ("before", "types"),
    [
        pytest.param(
            "try:\n    import pwd\nexcept ImportError:\n    pass\n",
            ("KeyError", "NameError"),
            id="passed over",
        ),
        pytest.param(
            "try:\n    import pwd\nexcept ImportError:\n    print('no pwd')\n",
            ("KeyError", "NameError"),
            id="said",
        ),
        pytest.param(
            "try:\n    import pwd\nexcept ImportError:\n    pwd = None\n",
            ("AttributeError", "KeyError"),
            id="set to None",
        ),
        pytest.param(
            "try:\n    import pwd\nexcept ImportError:\n    sys.exit(1)\n", ("KeyError",), id="left"
        ),
        pytest.param("import pwd\n", ("KeyError",), id="not guarded"),
        pytest.param("try:\n    import pwd\nexcept OSError:\n    pass\n", ("KeyError",), id="another guard"),
    ],
)
def test_a_module_that_may_be_missing_leaves_its_name_unbound(before: str, types: tuple[str, ...]) -> None:
    """A handler around its use catches NameError, too; the twins bind the name, or do not go on without it."""
    assert listed("pwd.getpwuid(pid)", before) == types


def test_a_flag_says_that_the_module_is_there() -> None:
    """It is set beside the import, and asked before the use."""
    before = "try:\n    import pwd\n    THERE = True\nexcept ImportError:\n    THERE = False\n"

    assert listed("if THERE:\n    pwd.getpwuid(pid)", before) == ("KeyError",)
    assert listed("pwd.getpwuid(pid)", before) == ("KeyError", "NameError")


@pytest.mark.parametrize(
    ("before", "body", "types"),
    [
        pytest.param(
            "try:\n    import curses\nexcept ImportError:\n    curses = None\n",
            "curses.initscr()",
            (),
            id="guarded",
        ),
        pytest.param("import curses\n", "curses.initscr()", ("curses.error",), id="there"),
        pytest.param("", "import curses\ncurses.initscr()", (), id="in the body"),
    ],
)
def test_no_import_is_added_of_what_another_system_has_not(
    before: str, body: str, types: tuple[str, ...]
) -> None:
    """At the top it would end the worker there before its first line, in an ``except`` clause at the first error."""
    assert listed(body, before) == types
