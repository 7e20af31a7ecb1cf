"""The sample project of ``fixtures/workers/coleta``: two workers, a shared module, a nested package, a script with its own logging."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.starts.conftest import Tree

WORKERS = Path(__file__).resolve().parents[2] / "fixtures" / "workers"
SOURCES = sorted(path.relative_to(WORKERS / "coleta") for path in (WORKERS / "coleta").rglob("*.py"))
DATA = {
    "pedidos/fontes.txt": "a.txt\nfalta.txt\n",
    "pedidos/a.txt": "7;pao\nx\n12;leite\n",
    "precos.json": '{"pao": 4, "leite": 6}\n',
}
RUNS = (("genesis_coleta.py",), ("zero_precos.py",), ("-m", "genesis_coleta"))


@pytest.fixture
def migrated(tree: Tree) -> Tree:
    """A copy of the project before, and one after the migration of all its files."""
    for name in ("before", "after"):
        shutil.copytree(WORKERS / "coleta", tree.root / name)
        tree.write({f"{name}/{path}": text for path, text in DATA.items()})
    result = tree.migrate("--apply", "--all", ".", cwd="after")
    assert result.returncode == 0, result.stderr
    return tree


def test_the_result_is_the_golden_one(migrated: Tree, request: pytest.FixtureRequest) -> None:
    """Whoever changes what is written reads the difference."""
    golden = WORKERS / "coleta-migrated"
    if request.config.getoption("--update-golden"):
        for path in SOURCES:
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_bytes((migrated.root / "after" / path).read_bytes())
        pytest.fail("golden result written: read the difference")

    for path in SOURCES:
        assert (migrated.root / "after" / path).read_bytes() == (golden / path).read_bytes()
    assert migrated.runtime() == ["after", "after/coleta"]


def test_it_runs_as_before_and_each_workers_log_holds_all_that_it_says(migrated: Tree) -> None:
    """Also what the shared module, the nested package and the script's own ``logging`` say."""
    for run in RUNS:
        before, after = (
            migrated.start(*run, cwd=name, COLETA_VOLTAS="1", COLETA_PASTA="pedidos")
            for name in ("before", "after")
        )
        assert (after.returncode, after.stdout, after.stderr) == (
            before.returncode,
            before.stdout,
            before.stderr,
        )
    for name in ("resumo.txt", "precos.txt"):
        assert migrated.text(f"after/{name}") == migrated.text(f"before/{name}")

    genesis, zero = migrated.text("after/logs/genesis.log"), migrated.text("after/logs/zero.log")
    assert "| comum | gravando resumo.txt" in genesis
    assert any("| arquivo |" in line and "[AVISO] linha ruim: 'x'" in line for line in genesis.splitlines())
    assert "| precos | leite custa 6" in zero
    assert "| comum | gravando precos.txt" in zero
    assert sorted(path.name for path in (migrated.root / "after/logs").glob("*.log")) == [
        "genesis.log",
        "zero.log",
    ]
