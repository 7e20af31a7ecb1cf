"""Each mutant of ``benchmarks/analysis/mutants.py`` names a text that stands once in the analysis, and tests that exist."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "benchmarks" / "analysis" / "mutants.py"

_spec = importlib.util.spec_from_file_location("analysis_mutants", LIST)
assert _spec is not None
assert _spec.loader is not None
mutants = importlib.util.module_from_spec(_spec)
sys.modules["analysis_mutants"] = mutants
_spec.loader.exec_module(mutants)


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
