"""``--trial`` and ``--boundary`` through real processes: what is watched stays so until somebody ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from people_project import Run, environment, snapshot

WORKER = """\
import json
import os
import time


def ler(caminho):
    try:
        with open(caminho) as f:
            return json.load(f)
    except Exception:
        pass


def apagar(nome):
    try: os.remove(nome)
    except Exception as e: print(f"Erro: {e}")


def volta():
    while True:
        try:
            ler("fila.json")
            apagar("a.tmp")
        except Exception as e:
            print(f"Erro na volta: {e}")
        time.sleep(60)


if __name__ == "__main__":
    volta()
"""


@pytest.fixture
def worker(project: Path) -> Path:
    """The only script of the project."""
    for script in (project / "scripts").iterdir():
        script.unlink()
    script = project / "scripts" / "zero_fila.py"
    script.write_text(WORKER, encoding="utf-8")
    return script


def handlers(script: Path) -> list[str]:
    """Give each ``except`` line with what is in its body."""
    lines = script.read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("except"):
            indent = len(line) - len(line.lstrip())
            body = []
            for following in lines[number + 1 :]:
                if following.strip() and len(following) - len(following.lstrip()) <= indent:
                    break
                body.append(following.strip())
            found.append(" ".join([line.strip(), *body]).strip())
    return found


TRIAL = [
    "except Exception: expect_only(logger, OSError, ValueError) pass",
    'except Exception as e: expect_only(logger, OSError); mirror_print(logger.error, f"Erro: {e}")',
    'except Exception as e: expect_only(logger, OSError, UnicodeError, ValueError) mirror_print(logger.critical, f"Erro na volta: {e}")',
]
"""The watched handlers of `WORKER`; what a print raises is apart."""


def plain(found: list[str]) -> list[str]:
    """Leave out what the printing of the last handler raises."""
    return [*found[:2], *(line.partition("(")[0] for line in found[2:])]


def test_a_trial_is_an_edit_like_all_others(worker: Path, run: Run) -> None:
    """One line a handler, a second run changes nothing, and --undo gives the bytes back."""
    before = snapshot(worker.parents[1])

    applied = run("--apply", "--trial")
    again = run("--apply", "--trial")
    found = handlers(worker)
    undone = run("--undo")

    assert (applied.returncode, again.returncode, undone.returncode) == (0, 0, 0), applied.stderr
    assert again.stderr.startswith("everything is migrated: 1 file; 3 handlers are watched")
    assert plain(found) == plain(TRIAL)
    assert snapshot(worker.parents[1]) == before


def test_no_run_but_no_trial_ends_a_watch(worker: Path, run: Run) -> None:
    """A hook, or a run for a new script, has no --trial: it leaves every watch as it is."""
    run("--apply", "--trial")
    watched = worker.read_bytes()

    plainly = run("--apply")
    after_plain = worker.read_bytes()
    ended = run("--apply", "--no-trial")

    assert (plainly.returncode, ended.returncode) == (0, 0), ended.stderr
    assert after_plain == watched
    assert "3 handlers are watched" in plainly.stderr
    assert "expect_only" not in worker.read_text(encoding="utf-8")
    assert handlers(worker)[:2] == [
        "except (OSError, ValueError): log_ignored(logger)",
        'except OSError as e: mirror_print(logger.error, f"Erro: {e}")',
    ]


def test_a_trial_and_its_end_give_what_no_trial_gives(worker: Path, run: Run) -> None:
    """Narrowing at once, and narrowing what was watched by inference alone, are the same bytes."""
    run("--apply")
    at_once = worker.read_bytes()
    run("--undo")

    run("--apply", "--trial")
    run("--apply", "--no-trial")

    assert worker.read_bytes() == at_once


def test_the_boundary_is_watched_and_what_is_inside_is_narrowed(worker: Path, run: Run) -> None:
    """``--boundary watch``, with and without the trial before it; the key keeps it, also against --no-trial."""
    run("--apply", "--boundary", "watch")
    found = handlers(worker)
    (worker.parents[1] / "pyproject.toml").write_text(
        '[tool.workerlog-migrate]\nboundary = "watch"\n', encoding="utf-8"
    )
    kept = run("--check", "--no-trial")

    assert found[0] == "except (OSError, ValueError): log_ignored(logger)"
    assert found[2].startswith("except Exception as e: expect_only(logger, ")
    assert kept.returncode == 0


def test_a_boundary_that_was_watched_by_the_option_is_one_like_any_other_without_it(
    worker: Path, run: Run
) -> None:
    """Twin: neither option nor key says that it is watched for good."""
    run("--apply", "--boundary", "watch")

    ended = run("--apply", "--no-trial")

    assert ended.returncode == 0
    assert not any("expect_only" in line for line in handlers(worker))


@pytest.mark.usefixtures("worker")
def test_a_boundary_that_becomes_narrow_is_named(run: Run) -> None:
    """Whoever reads the report learns which loops now end with a surprise, and what the option would do."""
    result = run("--apply")

    line = next(line for line in result.stderr.splitlines() if "outermost loop" in line)
    assert line.startswith("scripts/zero_fila.py:2")
    assert "--boundary watch" in line


@pytest.mark.parametrize(
    ("configuration", "arguments", "told"),
    [
        pytest.param("", ("--trial", "--unresolved", "reraise"), "--unresolved reraise", id="options"),
        pytest.param(
            "unresolved = 'reraise'", ("--trial",), "unresolved = 'reraise' in", id="option and key"
        ),
        pytest.param("trial = true", ("--unresolved", "reraise"), "trial = true in", id="key and option"),
        pytest.param("trial = true\nunresolved = 'reraise'", (), "trial = true in", id="keys"),
        pytest.param("", ("--trial", "--undo"), "--undo does not go with --trial", id="undo"),
        pytest.param("trial = 1", (), "trial must be true or false", id="no flag"),
        pytest.param("boundary = 'wach'", (), "boundary must be 'narrow' or 'watch'", id="no choice"),
    ],
)
def test_wrong_usage_is_said(
    worker: Path, run: Run, configuration: str, arguments: tuple[str, ...], told: str
) -> None:
    """Each combination that contradicts itself is refused, naming both sides."""
    (worker.parents[1] / "pyproject.toml").write_text(
        f"[tool.workerlog-migrate]\n{configuration}\n", encoding="utf-8"
    )

    result = run(*arguments)

    assert result.returncode == 2
    assert told in result.stderr
    assert worker.read_text(encoding="utf-8") == WORKER


@pytest.mark.parametrize("arguments", [("--no-trial",), ("--no-trial", "--unresolved", "reraise")])
def test_no_trial_overrides_the_key(worker: Path, run: Run, arguments: tuple[str, ...]) -> None:
    (worker.parents[1] / "pyproject.toml").write_text(
        "[tool.workerlog-migrate]\ntrial = true\n", encoding="utf-8"
    )

    result = run("--apply", *arguments)

    assert result.returncode == 0
    assert handlers(worker)[0] == "except (OSError, ValueError): log_ignored(logger)"


def test_the_key_is_a_trial(worker: Path, run: Run) -> None:
    (worker.parents[1] / "pyproject.toml").write_text(
        "[tool.workerlog-migrate]\ntrial = true\n", encoding="utf-8"
    )

    run("--apply")

    assert plain(handlers(worker)) == plain(TRIAL)


def test_every_report_knows_what_is_watched(worker: Path, run: Run) -> None:
    """JSON and SARIF say which handlers are, before and after; HTML counts them; --explain shows the line."""
    planned = json.loads(run("--trial", "--format", "json").stdout)
    run("--apply", "--trial")
    there = json.loads(run("--format", "json").stdout)
    sarif = json.loads(run("--format", "sarif").stdout)
    html = run("--format", "html").stdout
    place = next(
        number
        for number, line in enumerate(worker.read_text("utf-8").splitlines(), 1)
        if "except Exception:" in line
    )
    explained = run("--explain", f"scripts/zero_fila.py:{place}").stdout

    for document, is_applied in ((planned, True), (there, False)):
        kinds = [finding for finding in document["files"][0]["findings"] if finding["kind"] == "watched"]
        assert [finding["applied"] for finding in kinds] == [is_applied] * 3
    assert sum(result["properties"]["verdict"] == "watched" for result in sarif["runs"][0]["results"]) == 3
    assert "watched <b>3</b>" in html
    assert f"scripts/zero_fila.py:{place}: watched: except Exception is watched" in explained


def test_a_comment_keeps_a_handler_out_of_the_trial(worker: Path, run: Run) -> None:
    """Suppression is what it is without a trial."""
    worker.write_text(
        WORKER.replace("    except Exception:\n", "    except Exception:  # workerlog: skip\n"), "utf-8"
    )

    run("--apply", "--trial")

    assert handlers(worker)[0] == "except Exception:  # workerlog: skip pass"


def test_the_review_asks_about_each_watch(worker: Path) -> None:
    """``-i`` shows the line that is put in, and what is declined stays as it was."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "workerlog_migrate",
            "--apply",
            "-i",
            "--trial",
            "--select",
            "specific-exceptions",
        ],
        cwd=worker.parents[1],
        env=environment(),
        input="n\ny\ny\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert "+        expect_only(logger, OSError, ValueError)" in result.stderr
    assert handlers(worker)[0] == "except Exception: pass"
    assert handlers(worker)[1].startswith("except Exception as e: expect_only(logger, OSError); print(")


def test_libcst_tool_watches_as_well(worker: Path) -> None:
    """The adapter takes the same two options."""
    (worker.parents[1] / ".libcst.codemod.yaml").write_text(
        'formatter: ["cat"]\nmodules: ["workerlog_codemods"]\nrepo_root: "."\n', encoding="utf-8"
    )

    subprocess.run(
        [
            sys.executable,
            "-m",
            "libcst.tool",
            "codemod",
            *(["--no-format"] if os.name == "nt" else []),  # there is no `cat`
            "commands.SpecificExceptions",
            "--trial",
            str(worker),
        ],
        cwd=worker.parents[1],
        env=environment(PYTHONWARNINGS=""),
        capture_output=True,
        check=True,
    )

    assert handlers(worker)[0] == "except Exception: expect_only(logger, OSError, ValueError) pass"
