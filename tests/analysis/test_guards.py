"""What tests, early returns and other guards take away, and where they take nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from try_bodies import case, in_try

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        case("if match", "m = re.match('(a)', str(x))\nif m:\n    m.group(1)", ""),
        case("early return", "m = re.match('(a)', str(x))\nif not m:\n    return\nm.group(1)", ""),
        case("is not none", "m = re.match('(a)', str(x))\nif m is not None:\n    m.group(1)", ""),
        case("walrus", "if (m := re.match('(a)', str(x))):\n    m.group(1)", ""),
        case("conditional expression", "m = re.match('(a)', str(x))\na = m.group(1) if m else ''", ""),
        case("and", "m = re.match('(a)', str(x))\na = m and m.group(1)", ""),
        case("wrong branch", "m = re.match('(a)', str(x))\nif not m:\n    m.group(1)", "AttributeError"),
        case("in", "if 'a' in d:\n    d['a']", ""),
        case("in for another key", "if 'b' in d:\n    d['a']", "KeyError"),
        case("not in", "if 'a' not in d:\n    return\nd['a']", ""),
        case("get", "if d.get('a'):\n    d['a']", ""),
        case("key just stored", "d['a'] = 1\nd['a']", ""),
        case("key taken out again", "d['a'] = 1\nd.pop('a', None)\nd['a']", "KeyError"),
        case("other container", "d['a'] = 1\nd = dict(r)\nd['a']", "KeyError"),
        case("loop over keys", "for k in d:\n    d[k]", ""),
        case("loop over keys of another", "for k in r:\n    d[k]", "KeyError"),
        case("length", "p = str(x).split()\nif len(p) > 1:\n    p[1]", ""),
        case("length too small", "p = str(x).split()\nif len(p) > 1:\n    p[2]", "IndexError"),
        case("length by equality", "p = str(x).split()\nif len(p) != 3:\n    return\np[2]", ""),
        case("not empty", "p = str(x).split()\nif p:\n    p[0], p[-1]", ""),
        case("index below length", "p = str(x).split()\nfor i in range(len(p)):\n    p[i]", ""),
        case("isinstance", "d = json.loads('1')\nif isinstance(d, dict):\n    d.get('a')", "ValueError"),
        case("nonzero", "if m:\n    n / m", ""),
        case("greater than zero", "if m > 0:\n    n / m", ""),
        case("greater than minus one", "if m > -1:\n    n / m", "ZeroDivisionError"),
        case("less than zero", "if m < 0:\n    n / m", ""),
        case("less than one", "if m < 1:\n    n / m", "ZeroDivisionError"),
        case("not in: the other way", "if t not in d:\n    d[t]", "KeyError"),
        case("in another container", "e = {'a': 1}\ne.update(d)\nif t in d:\n    e[t]", "KeyError"),
        case("in this container", "e = {'a': 1}\ne.update(d)\nif t in e:\n    e[t]", ""),
        case("mean of what is there", "p = str(x).split()\nif p:\n    3 / len(p)", ""),
        case("mean of what may be empty", "p = str(x).split()\n3 / len(p)", "ZeroDivisionError"),
    ],
)
def test_a_guard_takes_away_what_it_rules_out(
    script: Analyse, body: str, before: str, expected: set[str]
) -> None:
    """``if``, ``in``, ``len``, ``get``, ``isinstance`` and early returns are believed, and only where they stand."""
    assert script(in_try(body, before)).names() == expected


def test_what_a_guard_by_exit_has_found_is_there(script: Analyse) -> None:
    """``match or sys.exit()`` is a guard as good as ``if not match``."""
    text = (
        "import re, sys\ntry:\n    found = re.match('a', 'b')\n    found or sys.exit('no')\n    found.group()"
    )

    assert script(f"{text}\nexcept Exception: pass").body().names == ()


GUARDED = "try:\n    import psutil\nexcept ImportError:\n    psutil = None\n"


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        pytest.param("if psutil: pass", set(), id="a guard asks for it"),
        pytest.param("pass", {"AttributeError"}, id="nobody asks"),
    ],
)
def test_a_library_that_may_be_missing(script: Analyse, guard: str, expected: set[str]) -> None:
    """The ``x = None`` beside an import is evidence in a file that never asks whether the import succeeded."""
    made = script(in_try("psutil.cpu_percent()", f"{GUARDED}{guard}"))

    assert made.names(1) & {"AttributeError"} == expected


@pytest.mark.parametrize(
    ("use", "taken"),
    [
        ("if isinstance(data, dict):\n    data.get('a')", {"AttributeError"}),
        ("if isinstance(data, dict):\n    data.get('a', 1)", {"AttributeError"}),
        ("if isinstance(data, dict) and 'a' in data:\n    data['a']", {"KeyError"}),
        ("if isinstance(data, str):\n    data.strip()", {"AttributeError"}),
        ("if isinstance(data, (int, float)):\n    data > 1", {"TypeError"}),
    ],
)
def test_a_guard_takes_off_the_list_what_open_data_raises(script: Analyse, use: str, taken: set[str]) -> None:
    """``isinstance``, a default, and what was asked before."""
    plain = use.partition("\n    ")[2]

    assert taken <= script(in_try(f"data = json.loads(t)\n{plain}")).names()
    assert not taken & script(in_try(f"data = json.loads(t)\n{use}")).names()
