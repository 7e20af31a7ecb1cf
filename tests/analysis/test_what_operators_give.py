"""What an operator or a comparison gives is what its other side makes of it: arrays, columns and unknown things stay what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.analysis.test_reach import judge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.analysis.conftest import Analyse

VALUES = """
import json
import unknown_library
import numpy as np
import pandas as pd
import torch
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

class Column:
    def __eq__(self, other):
        return unknown_library.condition(self, other)

class Place:
    pass

def take(path: str, count: int, share: float):
    frame = pd.read_csv(path)
    column = frame["a"]
    array = np.array([1, count])
    thing = unknown_library.load(path)
    data = json.loads(path)
    made = {made}
    return made

take("a", 1, 2.0)
"""


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ('count * "  "', "str"),
        ('"\\n" + count * "  "', "str"),
        ('count * b" "', "bytes"),
        ("count * [path]", "list[str]"),
        ("count * share", "float"),
        ("count - 1", "int"),
        ("2 * column", "pandas.core.generic.NDFrame"),
        ("1 + column", "pandas.core.generic.NDFrame"),
        ("100 / frame", "pandas.DataFrame"),
        ("2 * array", "numpy.ndarray"),
        ("1.5 * timedelta(days=1)", "datetime.timedelta"),
        ("1 + Decimal(path)", "decimal.Decimal"),
        ("2 * Fraction(path)", "fractions.Fraction"),
        ("2 * thing", None),
        ("thing * 2", None),
        ("1 / thing", None),
        ("thing - share", None),
        ("2 * data", "json"),
        ("2.5 * data", "float"),
        ("data / 2", "float"),
        ("count > 1", "bool"),
        ("path == thing", None),
        ("thing == 5", None),
        ("thing in path", "bool"),
        ("thing is None", "bool"),
        ("frame == 5", "pandas.DataFrame"),
        ("column > 5", "pandas.core.generic.NDFrame"),
        ("array != count", "numpy.ndarray"),
        ("frame.index == 5", "numpy.ndarray"),
        ("torch.zeros(2) < 5", "torch.Tensor"),
        ("Column() == 5", None),
        ("Place() == 5", "bool"),
        ("timedelta(days=1) > timedelta(days=count)", "bool"),
        ("data == 5", "bool"),
        ("round(share, 2)", "float"),
        ("round(share)", "int"),
        ("round(Decimal(path), 2)", "decimal.Decimal"),
        ("round(Decimal(path))", "int"),
        ("round(column, 2)", None),
        ("round(thing, 2)", None),
    ],
)
def test_the_other_side_says_what_it_is(script: Analyse, made: str, kind: str | None) -> None:
    """A number and a text, a list or a column give no number, and a comparison of columns no truth; of what is unknown nothing is known."""
    assert script(VALUES.replace("{made}", made)).type_of("made") == kind


BODY = """
import unknown_library, pandas as pd
def take(path: str, count: int):
    thing = unknown_library.load(path)
    frame = pd.read_csv(path)
    made = {made}
    try:
        {body}
    except Exception: pass
take("a", 1)
"""


@pytest.mark.parametrize(
    ("made", "twin", "body"),
    [
        ("2 * thing", "2 * count", "made.rolling(3)"),
        ("thing * 2", "count * 2", "made.rolling(3)"),
        ("1 / thing", "1 / count", "made.rolling(3)"),
        ("thing == 5", "count == 5", "made.any()"),
        ("round(thing, 1)", "round(count, 1)", "made.any()"),
    ],
)
def test_a_method_of_what_was_made_of_something_unknown_is_not_known(
    tmp_path: Path, made: str, twin: str, body: str
) -> None:
    """It may be an array; a number lacks the method."""
    assert not judge(tmp_path / "a", BODY.format(made=made, body=body))[1]
    assert judge(tmp_path / "b", BODY.format(made=twin, body=body)) == ({"AttributeError"}, True)


def test_a_column_that_a_number_was_added_to_is_written_to_a_file(tmp_path: Path) -> None:
    """What that raises is listed; the column of before had it as well."""
    body = BODY.replace("{made}", "100 * frame['a']").replace("{body}", "made.to_csv(path)")
    twin = BODY.replace("{made}", "frame['a']").replace("{body}", "made.to_csv(path)")
    listed = judge(tmp_path / "a", body)

    assert listed == judge(tmp_path / "b", twin)
    assert "OSError" in listed[0]
    assert listed[1]
