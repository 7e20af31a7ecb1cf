"""Projects on which proofs are tried: sample workers, golden cases, small projects written for it, and installed packages.

Input: a folder to copy to. Output: the folder of each copy. ``projects.txt`` holds small projects: ``## name`` begins one, ``>> path``
a file of it.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.hazards import battery

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
WORKERS = (
    FIXTURES / "workers" / "scripts",
    FIXTURES / "workers" / "coleta",
    FIXTURES / "docs" / "scripts",
    FIXTURES / "trial" / "scripts",
)
PROJECTS = Path(__file__).resolve().with_name("projects.txt")


def workers(folder: Path) -> Iterator[Path]:
    """Copy the sample workers and the small projects.

    Args:
        folder: where the copies are made.
    """
    for sample in WORKERS:
        made = folder / "-".join(sample.relative_to(FIXTURES).parts)
        shutil.copytree(sample, made, ignore=shutil.ignore_patterns("__pycache__"))
        yield made
    for block in PROJECTS.read_text("utf-8").split("## ")[1:]:
        name, *parts = block.split(">> ")
        yield _written(folder / name.strip(), dict(part.split("\n", 1) for part in parts))


def golden(folder: Path) -> Iterator[Path]:
    """Copy the golden cases that have a handler, each alone.

    Args:
        folder: where the copies are made.
    """
    for path in sorted((FIXTURES / "golden").rglob("before.py")):
        raw = path.read_bytes()
        if b"except" in raw or b"suppress" in raw:
            made = folder / f"golden {path.parent.name}"
            made.mkdir(parents=True, exist_ok=True)
            (made / "before.py").write_bytes(raw)
            yield made


def hazards(folder: Path, every: int, files: int = 1) -> Iterator[Path]:
    """Copy hazards.

    Args:
        folder: where the copies are made.
        every: each so many is taken.
        files: how many files it has at least.
    """
    cases = [case for case in battery.cases() if len(case.files[battery.HAZARD]) >= files]
    for case in cases[::every]:
        name = f"hazard {case.topic}, {case.name}".replace("/", " ")[:120]
        yield _written(folder / name, case.files[battery.HAZARD])


def packages(folder: Path, names: Iterable[str], limit: int) -> Iterator[Path]:
    """Copy installed packages, each into a folder of its own.

    Args:
        folder: where the copies are made.
        names: their import names.
        limit: files that are taken of each.
    """
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"{name} is not installed, or no package")
        source, made = Path(spec.submodule_search_locations[0]), folder / f"package-{name}"
        for path in sorted(source.rglob("*.py"))[:limit]:
            target = made / name / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        yield made


def _written(folder: Path, texts: dict[str, str]) -> Path:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder
