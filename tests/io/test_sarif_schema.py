"""The SARIF report of a real run is valid by the published schema, and is what GitHub's code scanning takes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import cast

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "fixtures" / "sarif" / "sarif-2.1.0-rtm.4.json"

Document = dict[str, list[dict[str, list[dict[str, object]]]]]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The report over all sample workers, a file with an odd name, and two that are refused."""
    folder = tmp_path_factory.mktemp("sarif")
    shutil.copytree(ROOT / "fixtures" / "workers" / "scripts", folder / "scripts")
    (folder / "scripts" / "zero número 1#2%.py").write_text("print('ação 🚨', open('x'))\n", encoding="utf-8")
    (folder / "scripts" / "zero_broken.py").write_text("print(\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "--format=sarif", "scripts", "absent"],
        cwd=folder,
        capture_output=True,
        check=False,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'codemods'}", "PATH": ""},
    )
    assert done.returncode == 2, done.stderr
    return cast("Document", json.loads(done.stdout))


def test_a_real_report_is_valid(validator: jsonschema.Draft4Validator, document: Document) -> None:
    assert [error.message for error in validator.iter_errors(document)] == []
    results = document["runs"][0]["results"]
    assert {result["level"] for result in results} == {"note", "warning", "error"}
    assert len(results) > 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("level", "fatal"),
        ("message", "text"),
        ("ruleIndex", -2),
        ("severity", "high"),
        ("locations", [{"physicalLocation": {"region": {"startLine": 0}}}]),
    ],
)
def test_the_schema_notices(
    validator: jsonschema.Draft4Validator, document: Document, field: str, value: object
) -> None:
    broken = cast("Document", json.loads(json.dumps(document)))
    broken["runs"][0]["results"][0][field] = value

    assert not validator.is_valid(broken)


def test_the_report_is_within_what_github_takes(document: Document) -> None:
    """GitHub shows a result at its first location, relative to the checkout, and takes 25,000 of them from a run."""
    results = document["runs"][0]["results"]

    assert len(document["runs"]) == 1
    assert len(results) <= 25_000
    for result in results:
        (location,) = cast("list[dict[str, dict[str, dict[str, str]]]]", result["locations"])
        place = location["physicalLocation"]["artifactLocation"]
        assert place["uriBaseId"] == "%SRCROOT%"
        assert not place["uri"].startswith(("/", "file:"))
    uris = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in results
        for location in cast("list[dict[str, dict[str, dict[str, str]]]]", result["locations"])
    }
    assert "scripts/zero%20n%C3%BAmero%201%232%25.py" in uris
