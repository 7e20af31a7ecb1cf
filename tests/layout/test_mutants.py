"""Each mutant of ``benchmarks/runtime/mutants.py`` names a text that stands once in the runtime, and tests that exist."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "src" / "workerlog_migrate" / "runtime"
LIST = ROOT / "benchmarks" / "runtime" / "mutants.py"


def mutants() -> list[dict[str, str]]:
    tree = ast.parse(LIST.read_text(encoding="utf-8"))
    names = ("name", "old", "new", "tests", "file")
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Mutant"
    ]
    files = {"LOGGER": "worker_logger.py", "UTILS": "worker_utils.py"}
    found = []
    for call in calls:
        given = dict(zip(names, call.args, strict=False)) | {
            word.arg or "": word.value for word in call.keywords
        }
        file = given.pop("file", ast.Name("LOGGER"))
        assert isinstance(file, ast.Name), ast.unparse(call)
        found.append(
            {name: ast.literal_eval(node) for name, node in given.items()} | {"file": files[file.id]}
        )
    return found


def test_each_text_stands_once_in_the_runtime() -> None:
    listed = mutants()
    assert len(listed) > 100
    texts = {
        name: (RUNTIME / name).read_text(encoding="utf-8") for name in ("worker_logger.py", "worker_utils.py")
    }
    assert [mutant["name"] for mutant in listed if texts[mutant["file"]].count(mutant["old"]) != 1] == []


def test_each_test_exists() -> None:
    named = {name for mutant in mutants() for name in mutant["tests"].split()}
    assert [
        name for name in sorted(named) if not (ROOT / "tests" / "runtime" / f"test_{name}.py").exists()
    ] == []


def test_each_mutant_parses() -> None:
    """One that does not is noticed by every test, whatever it takes out; two were such."""
    broken = []
    for mutant in mutants():
        text = (RUNTIME / mutant["file"]).read_text(encoding="utf-8")
        try:
            compile(text.replace(mutant["old"], mutant["new"]), mutant["file"], "exec")
        except SyntaxError:
            broken.append(mutant["name"])
    assert broken == []
