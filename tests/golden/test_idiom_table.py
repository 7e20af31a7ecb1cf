"""fixtures/README.md maps every idiom of real workers to cases that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "fixtures" / "README.md").read_text(encoding="utf-8")
ROWS = [
    re.split(r"\s*\|\s*", line.strip("| \n")) for line in TABLE.splitlines() if re.match(r"\|\s*\d", line)
]


def test_every_row_is_mapped() -> None:
    numbers = [int(part) for row in ROWS for part in row[0].split(",")]

    assert numbers == list(range(1, 66))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_the_cases_of_a_row_exist(row: list[str]) -> None:
    cases = [name for name in re.findall(r"`([\w./:-]+)`", row[2]) if "/" in name]

    assert cases
    for case in cases:
        path, _, test = case.partition("::")
        if path.startswith("tests/"):
            assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8")
        else:
            assert (ROOT / "fixtures" / "golden" / path / "before.py").exists(), case
