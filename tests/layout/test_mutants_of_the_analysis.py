"""Each mutant of ``benchmarks/analysis/mutants.py`` names a text that stands once in the analysis, and tests that exist."""

from __future__ import annotations

import ast
from pathlib import Path

import loading

ROOT = Path(__file__).resolve().parents[2]
mutants = loading.benchmark("analysis/mutants.py")


def test_each_text_stands_once_in_the_analysis() -> None:
    assert len(mutants.MUTANTS) >= 80
    odd = [
        each.name
        for each in mutants.MUTANTS
        if (ROOT / mutants.ANALYSIS / f"{each.file}.py").read_text(encoding="utf-8").count(each.old) != 1
    ]

    assert odd == []


def test_each_test_exists() -> None:
    for named in {name for each in mutants.MUTANTS for name in each.tests.split()}:
        file, _, test = named.partition("::")
        tree = ast.parse((ROOT / "tests" / "analysis" / f"test_{file}.py").read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, named
