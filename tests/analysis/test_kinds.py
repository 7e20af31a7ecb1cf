"""What operations do with values of several builtin kinds: Python itself is asked."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse


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
    ],
)
def test_an_operation_raises_what_either_kind_raises(
    script: Analyse, operation: str, other: str, raised: set[str]
) -> None:
    """A parameter that is called with a number and with something else is both."""
    text = f"""
    import os
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
