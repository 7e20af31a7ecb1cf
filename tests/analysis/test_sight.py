"""What gets out of sight: who calls a function, who writes a name or an attribute, who changes a container."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from tests.analysis.conftest import Analyse
from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.engine import Engine
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()


def kinds(script: str, name: str = "seen") -> set[str]:
    """Return the kinds that a parameter, variable or attribute of that name can be."""
    text = dedent(script)
    module = Module(Source(Path("worker.py"), text, text.encode()))
    engine = Engine(module, KNOWLEDGE, Settings())
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            return values.names(engine.flat.value(node, engine.unit))
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
            return values.names(engine.flat.value(node, engine.unit))
    raise AssertionError(name)


FUNCTION = """
import functools, threading
from concurrent.futures import ThreadPoolExecutor
def work(seen):
    print(seen)
work(1)
"""


@pytest.mark.parametrize(
    ("call", "found"),
    [
        pytest.param("", {"int"}, id="called directly"),
        pytest.param("threading.Thread(target=work, args=('x',)).start()", {"int", "str"}, id="thread"),
        pytest.param(
            "threading.Thread(target=work, kwargs={'seen': 'x'}).start()", {"int", "str"}, id="keywords"
        ),
        pytest.param("ThreadPoolExecutor().submit(work, 'x')", {"int", "str"}, id="pool"),
        pytest.param("list(map(work, ['x']))", {"int", "str"}, id="map"),
        pytest.param("functools.partial(work, 'x')()", {"int", "str"}, id="partial"),
        pytest.param("run = work\nrun('x')", {"int", "str"}, id="alias"),
        pytest.param("TABLE = {'a': work}\nTABLE['a']('x')", {"int", "str"}, id="table"),
        pytest.param("for step in [work]:\n    step('x')", {"int", "str"}, id="loop over functions"),
        pytest.param(
            "HOOKS = []\nHOOKS.append(work)\nfor hook in HOOKS:\n    hook('x')", {"int", "str"}, id="hooks"
        ),
        pytest.param("def apply(call):\n    call('x')\napply(work)", {"int", "str"}, id="callback"),
        pytest.param("def choose():\n    return work\nchoose()('x')", {"int", "str"}, id="given back"),
        pytest.param("work(*['x'])", {"int", "str"}, id="star"),
        pytest.param("work(**{'seen': 'x'})", {"int", "str"}, id="double star"),
        pytest.param("globals()['work']('x')", {"int", "str"}, id="globals"),
        pytest.param("import unknown\nunknown.call(work)", {"any"}, id="handed to a library"),
        pytest.param("import signal\nsignal.signal(2, work)", {"int"}, id="signal handler"),
        pytest.param("import re\nre.sub('a', work, 'b')", {"int", "re.Match"}, id="substitution"),
        pytest.param(
            "import json\njson.loads('{}', object_hook=work)", {"int", "dict"}, id="object of decoded JSON"
        ),
        pytest.param(
            "import json\njson.loads('{}', object_pairs_hook=work)",
            {"int", "list"},
            id="pairs of decoded JSON",
        ),
        pytest.param("import json\njson.loads('1', parse_int=work)", {"int", "str"}, id="number of JSON"),
        pytest.param("import json\njson.loads('1', cls=work)", {"any"}, id="class of a decoder"),
        pytest.param(
            "import argparse\nargparse.ArgumentParser().add_argument('-n', type=work)",
            {"int", "str"},
            id="type of an argument",
        ),
        pytest.param(
            "import argparse\nargparse.ArgumentParser().add_argument('-n', action=work)",
            {"any"},
            id="action of an argument",
        ),
        pytest.param("import os\nlist(os.walk('.', onerror=work))", {"int", "OSError"}, id="error of a walk"),
        pytest.param("import functools\nwork.__defaults__ = ('x',)", {"any", "int"}, id="defaults replaced"),
        pytest.param("eval('work(None)')", {"any"}, id="eval"),
    ],
)
def test_a_parameter_is_all_that_reaches_it(call: str, found: set[str]) -> None:
    """A parameter is what every call passes, however the function is reached, and unknown where that is not seen."""
    assert kinds(f"{FUNCTION}{call}\n") == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param("items.append('x')", {"int", "str"}, id="append"),
        pytest.param("items += ['x']", {"int", "str"}, id="plus equals"),
        pytest.param("items[0] = 'x'", {"int", "str"}, id="index"),
        pytest.param("items[1:] = ['x']", {"int", "str"}, id="slice"),
        pytest.param("other = items\nother.append('x')", {"int", "str"}, id="alias"),
        pytest.param("def grow(thing):\n    thing.append('x')\ngrow(items)", {"int", "str"}, id="function"),
        pytest.param("put = items.append\nput('x')", {"int", "str"}, id="bound method"),
        pytest.param("import unknown\nunknown.fill(items)", {"any"}, id="handed to a library"),
        pytest.param("print(len(items), sorted(items))", {"int"}, id="only read"),
    ],
)
def test_a_list_holds_all_that_is_put_into_it(change: str, found: set[str]) -> None:
    """An item of a list is what it is made with and what is put in by any of its names."""
    assert kinds(f"items = [1]\n{change}\nfor seen in items:\n    print(seen)\n") >= found


@pytest.mark.parametrize(
    ("change", "may_be_none"),
    [
        pytest.param("items.append(os.environ.get('a'))", True, id="as it comes"),
        pytest.param("found = os.environ.get('a')\nitems.append(found)", True, id="by a name"),
        pytest.param(
            "def grow(x):\n    items.append(x)\ngrow(os.environ.get('a'))", True, id="by a function"
        ),
        pytest.param("found = os.environ.get('a')\nif found:\n    items.append(found)", False, id="asked"),
        pytest.param(
            "if os.environ.get('a') is not None:\n    items.append(os.environ.get('a'))",
            False,
            id="asked of the same",
        ),
        pytest.param("found = os.environ.get('a')\nfound and items.append(found)", False, id="and"),
    ],
)
def test_a_list_holds_none_unless_somebody_asks(change: str, may_be_none: bool) -> None:
    """What may be None is put into a list as that; where the function asks for it, what is put in is there."""
    found = kinds(f"import os\nitems = ['x']\n{change}\nfor seen in items:\n    print(seen)\n")
    assert found == {"str", "None"} if may_be_none else found == {"str"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param("thing.seen = 'x'", {"int", "str"}, id="from outside"),
        pytest.param("setattr(thing, 'seen', 'x')", {"int", "str"}, id="setattr"),
        pytest.param("setattr(thing, 'other', 'x')", {"int"}, id="setattr of another"),
        pytest.param("setattr(thing, input(), 'x')", {"int", "str"}, id="setattr of any"),
        pytest.param("setattr(thing, input(), print)", {"int", "any"}, id="setattr of a function"),
        pytest.param("vars(thing)['seen'] = 'x'", {"int", "any"}, id="vars"),
        pytest.param("print(vars(thing))", {"int"}, id="vars only read"),
        pytest.param("thing.__dict__.update(a=1)", {"int"}, id="dict of another"),
        pytest.param("thing.__dict__.update(seen='x')", {"int", "str"}, id="dict"),
        pytest.param("thing.__dict__.update(unknown)", {"int", "any"}, id="dict of any"),
    ],
)
def test_an_attribute_is_all_that_sets_it(change: str, found: set[str]) -> None:
    """An attribute is what its class and everything else that has the object sets it to."""
    script = f"""
class Thing:
    def __init__(self):
        self.seen = 1
    def show(self):
        print(self.seen)
thing = Thing()
{change}
"""
    assert kinds(script) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param("globals()['seen'] = 'x'", {"int", "str"}, id="globals"),
        pytest.param("globals().update(seen='x')", {"int", "str"}, id="globals update"),
        pytest.param("globals()['other'] = 'x'", {"int"}, id="globals of another"),
        pytest.param("exec('seen = 2')", {"int", "any"}, id="exec"),
        pytest.param("exec('other = 2')", {"int"}, id="exec of another"),
        pytest.param("exec(input())", {"int", "any"}, id="exec of anything"),
    ],
)
def test_a_name_of_a_module_is_all_that_sets_it(change: str, found: set[str]) -> None:
    """A module's name is what its statements and those who get at its table set it to."""
    assert kinds(f"seen = 1\n{change}\nprint(seen)\n") == found


@pytest.mark.parametrize(
    ("change", "call", "stays"),
    [
        pytest.param("global seen\n    seen = None", "change()", False, id="set by the function"),
        pytest.param("print(1)", "change()", True, id="the function does nothing to it"),
        pytest.param("global seen\n    seen = None", "print(1)", True, id="the function is not called"),
    ],
)
def test_a_guard_holds_until_something_that_changes_it_is_called(change: str, call: str, stays: bool) -> None:
    """What a test has proved of a name is forgotten at the call of a function that sets it, and at no other."""
    script = f"""
import os
seen = os.environ.get("a")
def change():
    {change}
def work():
    if seen is not None:
        {call}
        try:
            os.stat(".")
            print(seen.upper())
        except Exception:
            pass
work()
"""
    module = Module(Source(Path("worker.py"), script, script.encode()))
    engine = Engine(module, KNOWLEDGE, Settings())
    (statement,) = module.tries
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement))).names

    assert ("AttributeError" not in found) is stays


def test_it_is_said_where_a_function_got_out_of_sight() -> None:
    """What is not known of a parameter comes with the place at which its function was handed to something that may call it."""
    script = """
import os
import unknown
def stop(number, frame):
    try:
        os.stat(".")
        print(number.bit_length_of())
    except Exception:
        pass
unknown.call(stop)
"""
    module = Module(Source(Path("worker.py"), script, script.encode()))
    engine = Engine(module, KNOWLEDGE, Settings())
    (statement,) = module.tries
    (unknown,) = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement))).unresolved

    assert "number may be anything: stop: it is handed to unknown.call in line 10" in unknown.note


@pytest.mark.parametrize(("given", "is_listed"), [("None", True), ("open('a', 'rb')", False)])
def test_a_call_in_view_contradicts_an_annotation_where_others_are_out_of_view(
    script: Analyse, given: str, *, is_listed: bool
) -> None:
    """What another file says of a parameter is believed but for what its own calls show; both count."""
    lib = f"""
        from typing import BinaryIO
        class Fixed:
            def __init__(self, stream: BinaryIO): self.stream = stream
            def first(self): return self.stream.read(1)
        def other(): return Fixed({given})
    """
    worker = """
        from lib import Fixed
        def usa(x):
            try: return Fixed(x).first()
            except Exception: pass
    """
    found = script(worker, modules={"lib": lib}).listed()

    assert "OSError" in found
    assert ("AttributeError" in found) is is_listed
