"""What operations do with values of several builtin kinds: Python itself is asked."""

from __future__ import annotations

import itertools
import pkgutil
import sys

import pytest

from tests.analysis.conftest import Analyse
from workerlog_migrate.analysis.trials import refused
from workerlog_migrate.knowledge import Knowledge

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has tomllib from 3.11
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10


@pytest.mark.parametrize(
    ("operation", "other", "raised"),
    [
        pytest.param("seen + 1", '"x"', {"TypeError"}, id="sum of a number and a text"),
        pytest.param("seen + 1", "2.5", set(), id="sum of numbers"),
        pytest.param("seen < 2", '"x"', {"TypeError"}, id="comparison"),
        pytest.param("seen == 2", '"x"', set(), id="equality"),
        pytest.param("-seen", '"x"', {"TypeError"}, id="sign"),
        pytest.param("1 in seen", "[1]", {"TypeError"}, id="membership"),
        pytest.param("seen.real", "[1]", {"AttributeError"}, id="attribute"),
        pytest.param("{seen}", "[1]", {"TypeError"}, id="set item"),
        pytest.param("{seen: 1}", "{}", {"TypeError"}, id="key"),
        pytest.param('f"{seen:d}"', '"x"', {"TypeError", "ValueError"}, id="format"),
        pytest.param('f"{seen}"', '"x"', set(), id="plain format"),
        pytest.param('"%d" % seen', '"x"', {"TypeError"}, id="percent"),
        pytest.param("[n for n in seen]", "[1]", {"TypeError"}, id="loop"),
        pytest.param("abs(seen)", '"x"', {"TypeError"}, id="builtin function"),
        pytest.param("sum([seen])", '"x"', {"TypeError"}, id="sum of what is in a list"),
        pytest.param("sum([seen])", "2.5", set(), id="sum of numbers in a list"),
        pytest.param("sorted([seen, 5])", '"x"', {"TypeError"}, id="sorted"),
        pytest.param("math.log(seen)", '"x"', {"TypeError", "ValueError"}, id="function that computes"),
        pytest.param("math.log(seen)", "2.5", {"ValueError"}, id="function that computes with numbers"),
        pytest.param("random.randint(1, seen)", '"x"', {"TypeError", "ValueError"}, id="second argument"),
        pytest.param("textwrap.fill('a b', width=seen)", '"x"', {"TypeError"}, id="keyword"),
        pytest.param(
            "textwrap.fill('a b', width=seen)", "int(input())", {"ValueError"}, id="keyword of any size"
        ),
        pytest.param("os.kill(seen, 9)", '"x"', {"TypeError"}, id="function that does more than compute"),
        pytest.param("os.kill(seen, 9)", "3", set(), id="one kind"),
        pytest.param("os.kill(seen, 9)", "int(input())", {"OverflowError"}, id="a number that is read"),
        pytest.param("getattr(os, str(seen), 1)", '"x"', set(), id="name made a text"),
        pytest.param("{**seen}", "{}", {"TypeError"}, id="unpacked mapping"),
    ],
)
def test_an_operation_raises_what_either_kind_raises(
    script: Analyse, operation: str, other: str, raised: set[str]
) -> None:
    """A parameter that is called with a number and with something else is both."""
    text = f"""
    import math, os, random, textwrap
    def work(seen):
        try:
            os.stat("x")
            return {operation}
        except Exception:
            return None
    work(1)
    work({other})
    """

    assert script(text).names() - {"OSError"} == raised


def test_a_number_that_is_made_of_itself_may_grow(script: Analyse) -> None:
    """A name that hangs on itself ends no analysis, and what is multiplied by itself can be too large."""
    text = """
    value = 1e200
    value = value * value
    try:
        print(int(value))
    except Exception:
        pass
    """

    assert "OverflowError" in script(text).names()


def _computing() -> list[str]:
    """Name the functions whose rows say that they do nothing but compute."""
    found = []
    for path in Knowledge().files():
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [name for name, row in rows.items() if "computes" in row.get("marks", ())]
    return found


def test_what_is_said_to_compute_can_be_tried_on_any_samples() -> None:
    """Trying a function on samples ends, and raises nothing that is not counted."""
    samples: list[list[object]] = [[], ["ab"], [2], [2.0], [[1]], [{"a": 1}], [b"ab"]]
    for name, *arguments in itertools.product(_computing(), samples, samples):
        refused(pkgutil.resolve_name(name), [("", list(each)) for each in arguments])


@pytest.mark.parametrize(
    ("target", "value", "raised"),
    [
        ("os.environ['A']", "5", {"TypeError", "ValueError"}),
        ("os.environ['A']", "'5'", {"ValueError"}),
        ("config['a']['b']", "5", {"TypeError", "ValueError"}),
        ("config['a']['b']", "'5'", {"ValueError"}),
        ("table['a']", "5", set()),
    ],
)
def test_what_is_stored_in_something_that_holds_texts_is_a_text(
    script: Analyse, target: str, value: str, raised: set[str]
) -> None:
    """Item assignment of an object of a library takes what the library takes, also behind an assignment to its outer item."""
    text = f"""
    import configparser, os
    table = {{}}
    config = configparser.ConfigParser()
    config['a'] = {{}}
    try:
        os.stat("x")
        {target} = {value}
    except Exception:
        pass
    """

    assert script(text).names() - {"OSError"} == raised
