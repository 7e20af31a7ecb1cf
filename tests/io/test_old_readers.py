"""What reads a report of an older version reads one of this version: keys are added, none goes, and none changes its type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from workerlog_migrate.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    "scripts/zero_a.py": """\
import contextlib
import os
import socket
import time

import minha_lib


def ler(caminho):
    try:
        with open(caminho) as arquivo:
            print("lido")
            return arquivo.read()
    except Exception:
        pass


def enviar(pedido):
    try:
        minha_lib.enviar(pedido)
    except Exception as e:
        print(f"[ERRO] {e}")


while True:
    try:
        with contextlib.suppress(Exception):
            os.remove("velho")
        print(".", end="", file=open(os.devnull, "w"))
        socket.create_connection(("h", 1)).close()
    except Exception as e:
        print(f"[ERRO] {e}")
    time.sleep(1)
""",
    "scripts/zero_b.py": "print(\n",
    "scripts/zero_c.py": "# workerlog: skip-file\nprint(1)\n",
    "scripts/outro.py": "print(1)\n",
}
KEYS = Path(__file__).parent / "keys_before.json"
"""Path of a key -> the types of its values, as the version of 2026-11-21 wrote them for `FILES`; an edit's keys go by its type."""


def shape(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Give the path and the type of each value of a document; the items of a list share one path."""
    yield path, type(value).__name__
    if isinstance(value, dict):
        at = f"{path}<{value['type']}>" if path.endswith("/edit") else path
        for key, each in value.items():
            yield from shape(each, f"{at}/{key}")
    elif isinstance(value, list):
        for each in value:
            yield from shape(each, f"{path}[]")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write `FILES`, and stand in their folder."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKERLOG_MIGRATE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def _report(name: str) -> Any:
    result = CliRunner().invoke(main, ["--format", name, "scripts"])
    assert result.exit_code == 2, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", ["json", "sarif"])
@pytest.mark.usefixtures("project")
def test_each_old_key_is_there_with_its_type(name: str) -> None:
    """A reader that asks for an old key gets a value that it can work with."""
    before: dict[str, list[str]] = json.loads(KEYS.read_text(encoding="utf-8"))[name]
    now: dict[str, set[str]] = {}
    for path, kind in shape(_report(name)):
        now.setdefault(path, set()).add(kind)

    assert {path for path in before if path not in now} == set()
    changed = {path: now[path] for path, kinds in before.items() if not now[path].issubset(kinds)}
    assert changed == {}


@pytest.mark.usefixtures("project")
def test_an_old_value_means_what_it_meant() -> None:
    """A reason is of what was left, a place counts lines from 1 and columns from 0, verdicts have their names, and counts add up."""
    document = _report("json")
    found = [finding for file in document["files"] for finding in file["findings"]]

    assert all((finding["reason"] is None) or not finding["applied"] for finding in found)
    assert any(finding["remark"] for finding in found)  # what ends the worker, of the outermost loop
    assert {finding["kind"] for finding in found} >= {
        "header",
        "mirrored",
        "narrowed",
        "wrapped",
        "incomplete",
        "left",
    }
    assert document["counts"]["applied"] == sum(finding["applied"] for finding in found)
    assert document["counts"]["left"] == sum(not finding["applied"] for finding in found)
    lines = FILES["scripts/zero_a.py"].splitlines()
    for finding in found:
        if finding["kind"] == "mirrored":
            assert lines[finding["span"]["line"] - 1][finding["span"]["column"] :].startswith("print(")
