"""What the fixture workers look like after migration: the golden results, and what holds for all of them."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox import PROJECT, RUNTIME_FILES, WORKERS

SCRIPTS = sorted(path.name for path in (WORKERS / "scripts").glob("*.py"))
FAMILIES = ("genesis", "zero", "aider")

LEFT_PRINTS = {
    ("genesis-sentinel.py", "print(f'{datetime.now():%Y-%m-%d %H:%M} {msg}', file=f)"),
    ("genesis_engine.py", "print('[AVISO] psutil nao instalado, checagem de memoria desligada')"),
    ("genesis_relatorio.py", "print('# Relatorio', file=f)"),
    ("genesis_relatorio.py", "print('', file=f)"),
    (
        "genesis_relatorio.py",
        "print(f'- {nome} | {st} | {palavras} palavras | {custo.get(nome, 0):.2f}', file=f)",
    ),
}
"""Prints that are left alone: into a file, or before the header can run."""


def migrate(project: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Run the real command in a project folder."""
    return subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", *options, "scripts"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PROJECT / "src"), str(PROJECT / "codemods")))},
        capture_output=True,
        timeout=120,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def tree(path: Path) -> ast.Module:
    """Parse a worker by the grammar of Python 3.10."""
    return ast.parse(path.read_bytes(), feature_version=(3, 10))


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_result_is_the_golden_one(migrated: Path, name: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        (WORKERS / "migrated").mkdir(exist_ok=True)
        (WORKERS / "migrated" / name).write_bytes((migrated / name).read_bytes())
        pytest.fail("golden result written: read the difference")

    assert (migrated / name).read_bytes() == (WORKERS / "migrated" / name).read_bytes()


def test_there_is_one_golden_result_per_worker() -> None:
    assert sorted(path.name for path in (WORKERS / "migrated").iterdir()) == SCRIPTS


def test_the_dry_run_diff_applies_and_gives_what_apply_writes(tmp_path: Path, migrated: Path) -> None:
    shutil.copytree(WORKERS / "scripts", tmp_path / "scripts")
    subprocess.run(
        ["git", "init", "-q"], cwd=tmp_path, check=True
    )  # or git apply looks for a repository above

    dry = migrate(tmp_path, "--dry-run")
    applied = subprocess.run(
        ["git", "apply", "-"], cwd=tmp_path, input=dry.stdout, capture_output=True, check=False
    )

    assert (dry.returncode, applied.returncode, applied.stderr) == (0, 0, b"")
    assert contents(tmp_path / "scripts") == {name: (migrated / name).read_bytes() for name in SCRIPTS}


def test_check_is_one_before_and_zero_after_and_twice_is_once(tmp_path: Path) -> None:
    shutil.copytree(WORKERS / "scripts", tmp_path / "scripts")

    codes = [migrate(tmp_path, "--check").returncode, migrate(tmp_path, "--apply").returncode]
    once = contents(tmp_path / "scripts")
    codes += [migrate(tmp_path, "--check").returncode, migrate(tmp_path, "--apply").returncode]

    assert codes == [1, 0, 0, 0]
    assert contents(tmp_path / "scripts") == once


def test_every_print_is_mirrored_but_for_those_that_the_design_leaves(migrated: Path) -> None:
    assert {(name, left) for name in SCRIPTS for left in unmirrored(tree(migrated / name))} == LEFT_PRINTS


def unmirrored(module: ast.Module) -> Iterator[str]:
    """Yield calls of ``print`` and ``safe_print`` outside definitions of ``safe_print``."""
    pending: list[ast.AST] = [module]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef) and node.name == "safe_print":
            continue
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"print", "safe_print"}
        ):
            yield ast.unparse(node)
        pending.extend(ast.iter_child_nodes(node))


OPEN: dict[str, int] = {}


def test_hardly_a_broad_handler_is_left_but_import_guards(migrated: Path) -> None:
    """At least 95 of 100 handlers are complete; the others are where something unknown is used."""
    left = [
        name
        for name in SCRIPTS
        for node in ast.walk(tree(migrated / name))
        if isinstance(node, ast.Try) and not any(isinstance(each, ast.Import) for each in node.body)
        for handler in node.handlers
        if handler.type is None
        or {"Exception", "BaseException"} & {ast.unparse(part) for part in types(handler.type)}
        if not any(isinstance(each, ast.Raise) for each in ast.walk(handler))
    ]

    assert {name: left.count(name) for name in left} == OPEN


def types(caught: ast.expr) -> list[ast.expr]:
    """Split the types of a handler."""
    return caught.elts if isinstance(caught, ast.Tuple) else [caught]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_logs_to_its_own_file_and_uses_both_runtime_modules(migrated: Path, family: str) -> None:
    texts = {
        name: (migrated / name).read_text(encoding="utf-8") for name in SCRIPTS if name.startswith(family)
    }
    set_up = [name for name, text in texts.items() if f'setup_worker_logger("{family}")' in text]

    assert len(set_up) >= 3
    assert all("setup_worker_logger(" not in text for name, text in texts.items() if name not in set_up)
    for module in RUNTIME_FILES:
        assert any(f"from {module.removesuffix('.py')} import " in text for text in texts.values())
        assert (migrated / module).is_file()
