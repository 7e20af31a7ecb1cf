"""``--explain PATH:LINE`` of broad handlers reads like a review: what can arrive, what cannot, what is not known.

The texts are golden: after a change of wording run with ``--update-golden`` and read them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from people_project import ROOT, Run
from spoken import spoken

GOLDEN = Path(__file__).parent / "explained"
WORKERS = ROOT / "fixtures" / "workers" / "scripts"
CASES = ROOT / "fixtures" / "golden" / "specific-exceptions"
PLACES = {
    "many_calls_and_operations": (WORKERS, "aider_queue.py", 79),
    "an_earlier_clause_takes_one": (WORKERS, "aider-bridge.py", 94),
    "an_inner_handler_takes_one": (CASES / "inner_handlers_take_what_they_catch", "before.py", 13),
    "a_check_rules_one_out": (WORKERS, "aider_wrapper.py", 204),
    "through_functions_of_the_script": (WORKERS, "aider-bridge.py", 189),
    "only_an_import": (WORKERS, "genesis_watchdog.py", 15),
    "suppress": (WORKERS, "genesis_watchdog.py", 127),
    "an_unknown_call_is_raised_again": (
        CASES / "an_unknown_call_is_raised_again_when_asked_for",
        "before.py",
        10,
    ),
    "an_unknown_call": (ROOT / "fixtures" / "docs" / "scripts", "zero_aviso.py", 10),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_review_of_a_handler(project: Path, run: Run, request: pytest.FixtureRequest, name: str) -> None:
    folder, script, line = PLACES[name]
    shutil.rmtree(project / "scripts")
    shutil.copytree(folder, project / "scripts")
    golden = GOLDEN / f"{name}.txt"

    mode = "reraise" if "raised_again" in name else "keep"
    done = run("--explain", f"scripts/{script}:{line}", f"--unresolved={mode}")

    assert (done.returncode, done.stderr) == (0, "")
    if request.config.getoption("--update-golden") and (
        not golden.exists() or golden.read_text(encoding="utf-8") != done.stdout
    ):
        golden.write_text(done.stdout, encoding="utf-8")
        pytest.fail(f"{golden.name} was written; read the difference before you commit it")
    assert done.stdout == spoken(golden.read_text(encoding="utf-8"))  # a backslash in the source, too
