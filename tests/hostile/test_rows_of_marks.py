"""Kind: a step of Python's own that no signal interrupts and that takes the square of what it meets: accents in a row, which are put in order."""

from __future__ import annotations

import resource
import subprocess

import pytest
from attacked import WORKER, Place

from workerlog_migrate.files.marks import MOST, too_many_marks

ROW = "\u0345\u0327" * 400_000
"""Five minutes."""

PLACES = {
    "a comment": f"# a{ROW}\n{WORKER}",
    "a text": f"x = 'a{ROW}'\n{WORKER}",
    "a name": f"a{ROW} = 1\n{WORKER}",
    "half a sign": "# a" + "\uff9e\u0345" * 400_000 + f"\n{WORKER}",
    "a sign of two": "# a" + "\u0f73" * 400_000 + f"\n{WORKER}",
}


def _limited(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        place.command("--no-cache", "--jobs=1", *arguments),
        cwd=place.clone,
        env=place.environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )


@pytest.mark.parametrize("where", PLACES)
def test_a_script_with_a_row_of_accents_is_refused(place: Place, where: str) -> None:
    place.script.write_text(PLACES[where], encoding="utf-8")

    done = _limited(place, "--check")

    assert done.returncode == 2, done.stderr[-500:]
    assert "holds more than 1,000 accents in a row" in done.stderr


@pytest.mark.parametrize("name", ["helper.py", "worker_logger.py", "run.py", "conftest.py"])
def test_a_file_beside_it_is_not_read(place: Place, name: str) -> None:
    """Whoever reads it: what is imported, what has the name of the runtime, what starts the script."""
    place.script.write_text(f"import {name.partition('.')[0]}\n{WORKER}", encoding="utf-8")
    text = f"import subprocess\nPYTHONPATH = 'a'\nimport zero_worker\nsubprocess.run(['python', 'zero_worker.py'])\na{ROW[:400_000]} = 1\n"
    (place.script.parent / name).write_text(text, encoding="utf-8")

    assert _limited(place, "--check").returncode in (0, 1)


@pytest.mark.parametrize(
    "text", ["e\u0301" * 5_000, "日本語" * 5_000, "\u0915\u093c\u094d" * 5_000, "\u0345" * MOST, "ｶﾞ" * 5_000]
)
def test_twin_letters_with_accents_are_no_row(text: str) -> None:
    assert too_many_marks(text) == -1
    assert too_many_marks(f"{text}x{ROW}") == len(text) + 1
