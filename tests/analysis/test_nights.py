"""Kinds of escapes that programs of what workers do at night brought to light, each with its twin."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.analysis.test_reach import judge
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.pipeline import migrate_file
from workerlog_migrate.project import place
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS

TRIES = """import tenacity, backoff
class Falta(Exception): pass
class Outra(Exception): pass
def avisa(estado): raise Outra
@{decorator}
def baixa():
    raise Falta
def ler():
    try:
        baixa()
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("decorator", "names"),
    [
        ("tenacity.retry(stop=tenacity.stop_after_attempt(2))", {"Falta", "tenacity.RetryError"}),
        ("tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True)", {"Falta"}),
        ("tenacity.retry(wait=tenacity.wait_fixed(1))", {"Falta"}),
        ("tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True, before_sleep=avisa)", {"Falta", "Outra"}),
        ("tenacity.retry(retry=tenacity.retry_if_result(avisa))", {"Falta", "Outra"}),
        ("tenacity.retry(retry=tenacity.retry_if_exception_type(Falta) | tenacity.retry_if_result(avisa))", {"Falta", "Outra"}),
        ("backoff.on_exception(backoff.expo, Falta, on_backoff=avisa)", {"Falta", "Outra"}),
        ("backoff.on_exception(backoff.expo, Falta)", {"Falta"}),
    ],
)  # fmt: skip
def test_what_a_decorator_raises_of_its_own_at_each_call(
    tmp_path: Path, decorator: str, names: set[str]
) -> None:
    """A decorator that tries again ends in an error of its own, and calls what it was given, at each call of the function."""
    found, is_complete = judge(tmp_path, TRIES.format(decorator=decorator))

    assert is_complete
    assert {name.removeprefix("local:") for name in found} == names


def test_a_callback_of_a_decorator_that_nobody_knows_leaves_the_handler(tmp_path: Path) -> None:
    """What is called at each call and is not known may raise anything."""
    known = "tenacity.retry(reraise=True, before_sleep=avisa)"
    unknown = known.replace("avisa", "outro.avisa")
    script = TRIES.replace("import tenacity", "import outro, tenacity")

    assert judge(tmp_path, script.format(decorator=known))[1] is True
    assert judge(tmp_path, script.format(decorator=unknown))[1] is False


FILE = """{before}
def ler(caminho):
    try:
        {line}
    except Exception: pass
{after}
"""


@pytest.mark.parametrize(
    ("before", "line", "after", "is_listed"),
    [
        ("", "open(caminho, 'wb').write(b'a')", "", False),
        ("f = open('a', 'wb')", "f.write(b'a')", "", False),
        ("f = open('a', 'wb')", "f.write(b'a')", "def fim():\n    f.close()\n", True),
        ("f = open('a', 'wb')\nc = open('b', 'wb')", "f.write(b'a')", "c.close()", True),
        ("import socket", "f = open(caminho, 'wb'); f.write(b'a'); f.close()", "", False),
        ("", "f = open(caminho, 'wb'); f.close(); f.write(b'a')", "", True),
        ("", "with open(caminho, 'wb') as f: f.write(b'a')", "def fim(f):\n    f.close()\n", False),
        ("import sys", "sys.stdout.flush()", "", True),
    ],
)
def test_a_file_that_may_be_closed_already(
    tmp_path: Path, before: str, line: str, after: str, is_listed: bool
) -> None:
    """What some part of the program closes may be closed when another one uses it; what is made right there is not."""
    found, is_complete = judge(tmp_path, FILE.format(before=before, line=line, after=after))

    assert is_complete
    assert ("ValueError" in found) is is_listed


def test_a_class_in_a_class_is_reached_by_the_module_of_the_outer_one(tmp_path: Path) -> None:
    """``imaplib.IMAP4.error`` needs ``import imaplib``, and no ``import imaplib.IMAP4``, which would end the worker at its start."""
    body = "    try:\n        {}.login('a', 'b')\n    except Exception:\n        pass\n"
    lines = {
        "import imaplib\n": f"def ler():\n{body.format('imaplib.IMAP4()')}",
        "from imaplib import IMAP4_SSL\n": f"def ler():\n{body.format('IMAP4_SSL()')}",
        "import xml.etree.ElementTree\n": "def ler():\n    try:\n        xml.etree.ElementTree.parse('a')\n    except Exception:\n        pass\n",
    }
    for number, (head, text) in enumerate(lines.items()):
        path = tmp_path / f"worker{number}.py"
        path.write_text(head + text, "utf-8")
        (target,) = place([Target(path, path.stem)], tmp_path, None)
        result = migrate_file(target, Settings(select=(SPECIFIC_EXCEPTIONS,)))

        after = result.after.decode()
        assert "except (" in after
        imports = [line for line in after.splitlines() if line.startswith("import ")]
        assert all(importlib.util.find_spec(line.split()[1]) for line in imports)
        assert imports[-1] == ("import imaplib" if "imaplib" in head else head.strip())


@pytest.mark.parametrize(
    ("lines", "is_listed"),
    [
        (["return caminho.full_match('*.txt')"], True),
        (["return caminho.match('*.txt')"], False),
        (["return list(itertools.batched('abc', 2))"], True),
        (["caminho.stat()", "return list(itertools.batched('abc', 2))"], False),
    ],
)
def test_what_only_later_pythons_have_is_tried_on_its_own(
    tmp_path: Path, lines: list[str], *, is_listed: bool
) -> None:
    """Where a ``try`` does nothing but ask for a method of later Pythons, the method may be missing; in a longer one it is needed anyway."""
    body = "".join(f"        {line}\n" for line in lines)
    script = f"import itertools\nfrom pathlib import Path\ndef ler(caminho: Path):\n    try:\n{body}    except Exception: pass\n"

    assert ("AttributeError" in judge(tmp_path, script)[0]) is is_listed


def test_the_next_item_of_an_asynchronous_generator_may_not_be_there(tmp_path: Path) -> None:
    """``anext`` without a default ends in ``StopAsyncIteration``; with one it does not."""
    script = "async def itens():\n    yield 1\nasync def ler():\n    try:\n        open('a'); await anext({})\n    except Exception: pass\n"

    assert "StopAsyncIteration" in judge(tmp_path, script.format("itens()"))[0]
    assert "StopAsyncIteration" not in judge(tmp_path, script.format("itens(), None"))[0]
