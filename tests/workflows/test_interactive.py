"""``--apply --interactive`` behind a real pseudo-terminal (Windows: what the command takes for a console), and through a pipe."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from people_project import PATIENCE, Run, environment, snapshot
from terminal_session import ARROW, CTRL_D, Session

from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.model import Finding, Settings, Span, Target
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.rewriting.plan import DECLINED, Decisions

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "Apply this change ["

ZERO = """\
import json


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except Exception:
        return None


def report(text):
    print(f"[OK] {text}")


if __name__ == "__main__":
    report(load("a.json"))
"""

ZERO_HANDLER_ONLY = """\
import json

from worker_logger import log_ignored, setup_worker_logger

logger = setup_worker_logger("zero")


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        log_ignored(logger)
        return None


def report(text):
    print(f"[OK] {text}")


if __name__ == "__main__":
    report(load("a.json"))
"""


STAYING = """\
import signal

signal.signal(signal.SIGHUP, signal.SIG_IGN)
from workerlog_migrate.cli import main

main()
"""

NO_ROOM = """\
import tempfile

tempfile.tempdir = "/dev/null/nowhere"
from workerlog_migrate.cli import main

main()
"""


@pytest.fixture
def zero(project: Path) -> Path:
    """The only worker of the project: three changes, the second a handler."""
    for script in (project / "scripts").iterdir():
        script.unlink()
    script = project / "scripts" / "zero_worker.py"
    script.write_text(ZERO, encoding="utf-8")
    return script


def here(text: str) -> str:
    """Write the paths in a message as this system does."""
    return text.replace("scripts/", f"scripts{os.sep}")


def editor(folder: Path, *texts: str) -> str:
    """Make an editor that writes the next of some texts each time, and keeps what it was shown."""
    for number, text in enumerate(texts):
        (folder / f"answer-{number}").write_text(text, encoding="utf-8")
    program = folder / "an editor" / "editor.py"
    program.parent.mkdir()
    program.write_text(
        "import pathlib, sys\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "number = len(list(folder.glob('shown-*')))\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "(folder / f'shown-{number}').write_bytes(file.read_bytes())\n"
        "file.write_bytes((folder / f'answer-{number}').read_bytes())\n",
        encoding="utf-8",
    )
    return f'"{sys.executable}" "{program}"'


def test_each_change_is_shown_with_its_place_and_context_and_what_is_declined_stays(
    zero: Path, project: Path
) -> None:
    with Session(project, "--apply", "--interactive") as session:
        first = session.wait_for(QUESTION)
        session.type("n")
        second = session.wait_for(QUESTION)
        session.type("y")
        third = session.wait_for(QUESTION)
        session.type("n")

        assert session.end() == 0
        assert session.is_given_back()

    assert here("1 of 3 · scripts/zero_worker.py\n@@ -3,7 +3,7 @@\n") in first
    assert "-        with open(path) as file:\n+        with retrying(open)(path) as file:\n" in first
    assert here("2 of 3 · scripts/zero_worker.py\n") in second
    assert "-    except Exception:\n+    except (OSError, ValueError):\n" in second
    assert "\n  line 6 open(path) raises OSError; line 7 json.load(file) raises " in second
    assert here("3 of 3 · scripts/zero_worker.py\n") in third
    assert "\n1 file changed, 0 unchanged\n" in session.screen
    assert "\n2 declined\n" in session.screen
    assert zero.read_text(encoding="utf-8") == ZERO_HANDLER_ONLY
    assert (project / "scripts" / "worker_logger.py").exists()


@pytest.mark.usefixtures("zero")
def test_a_second_review_asks_only_for_what_was_declined(project: Path, run: Run) -> None:
    with Session(project, "--apply", "--interactive") as session:
        session.type("nyn")
        assert session.end() == 0
    with Session(project, "--apply", "--interactive") as session:
        assert "1 of 2 ·" in session.wait_for(QUESTION)
        session.type("a")
        assert session.end() == 0

    assert run("--check").returncode == 0


@pytest.mark.usefixtures("zero")
def test_the_hunk_has_colours_at_a_terminal_unless_they_are_unwanted(project: Path) -> None:
    with Session(project, "--apply", "-i") as session:
        session.wait_for(QUESTION)
        session.type("q")
        session.end()
        assert "\x1b[32m+        with retrying(open)(path) as file:\x1b[m" in session.screen
    with Session(project, "--apply", "-i", NO_COLOR="1") as session:
        session.wait_for(QUESTION)
        session.type("q")
        session.end()
        assert "\x1b" not in session.screen


def test_a_accepts_and_d_declines_the_rest_of_the_file_only(project: Path, zero: Path) -> None:
    other = project / "scripts" / "aider_queue.py"
    other.write_text("print('a')\n\n\nprint('b')\n", encoding="utf-8")
    with Session(project, "--apply", "-i") as session:
        assert here("1 of 5 · scripts/aider_queue.py") in session.wait_for(QUESTION)
        session.type("d")
        # Nothing was accepted; the logger alone would be left, and d has declined that, too.
        assert here("3 of 5 · scripts/zero_worker.py") in session.wait_for(QUESTION)
        session.type("a")
        assert session.end() == 0

    assert other.read_text(encoding="utf-8") == "print('a')\n\n\nprint('b')\n"
    assert "retrying(open)(path)" in zero.read_text(encoding="utf-8")
    assert 'mirror_print(logger.info, f"[OK] {text}")' in zero.read_text(encoding="utf-8")


def test_q_keeps_what_was_accepted_and_leaves_the_rest(project: Path, zero: Path) -> None:
    other = project / "scripts" / "zz_zero.py"
    other.write_text("print('a')\n", encoding="utf-8")
    with Session(project, "--apply", "-i") as session:
        session.wait_for(QUESTION)
        session.type("y")
        session.wait_for(QUESTION)
        session.type("q")
        assert session.end() == 0

    assert "retrying(open)(path)" in zero.read_text(encoding="utf-8")
    assert "except Exception:" in zero.read_text(encoding="utf-8")
    assert other.read_text(encoding="utf-8") == "print('a')\n"
    assert " not reviewed\n" in session.screen


def test_s_splits_edits_that_touch(project: Path, zero: Path) -> None:
    zero.write_text("print('a')\nprint('b')\n", encoding="utf-8")
    with Session(project, "--apply", "-i") as session:
        assert "[y,n,q,a,d,s,?]" in session.wait_for("]?")
        session.type("s")
        assert "1 of 2 ·" in session.wait_for("]?")
        session.type("y")
        assert "[y,n,q,a,d,?]" in session.wait_for("]?")
        session.type("n")
        assert session.end() == 0

    text = zero.read_text(encoding="utf-8")
    assert "mirror_print(logger.info, 'a')\nprint('b')\n" in text


def test_the_header_is_asked_about_when_nothing_accepted_needs_it(project: Path, zero: Path) -> None:
    with Session(project, "--apply", "-i") as session:
        session.type("nnn")
        session.wait_for("3 of 3 ·")
        header = session.wait_for("4 of 4 ·")
        header += session.wait_for(QUESTION)
        session.type("n")
        assert session.end() == 0

    assert '+logger = setup_worker_logger("zero")' in header
    assert zero.read_text(encoding="utf-8") == ZERO
    assert [path.name for path in zero.parent.iterdir()] == [zero.name]


def test_e_edits_the_exception_list_and_names_are_checked(project: Path, zero: Path, tmp_path: Path) -> None:
    # Some editors of Windows begin what they save with a byte order mark.
    program = editor(tmp_path, "OSError\nValeuError\n", "\ufeffOSError\njson.JSONDecodeError\n# note\n")
    with Session(project, "--apply", "-i", VISUAL=program, EDITOR="false") as session:
        session.wait_for("]?")
        session.type("n")
        assert "[y,n,q,a,d,e,?]" in session.wait_for("]?")
        session.type("e")
        session.wait_for(
            "ValeuError: no built-in exception, and the script does not import it; edit again (e)"
        )
        session.type("e")
        again = session.wait_for("]?") + session.wait_for("]?")
        session.type("y")
        session.wait_for("]?")
        session.type("y")
        assert session.end() == 0
        assert session.is_given_back()

    shown = (tmp_path / "shown-0").read_text(encoding="utf-8")
    assert shown.startswith(here("OSError\nValueError\n# scripts/zero_worker.py:8: "))
    assert "# OSError: line 6, open(path)\n" in shown
    assert (tmp_path / "shown-1").read_text(encoding="utf-8") == "OSError\nValeuError\n"
    assert "+    except (OSError, json.JSONDecodeError):" in again
    assert "    except (OSError, json.JSONDecodeError):\n" in zero.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Exception", "this is what the handler catches now"),
        ("SystemExit", "this ends the program and is not to be swallowed"),
        ("json.Nada", "no exception of that name is known"),
        ("load", "the script does not bind it to an exception"),
        ("open(1)", "this is not a name"),
        ("", "no exception is left in the list"),
    ],
    ids=["broad", "ends-program", "unknown-attribute", "function", "call", "empty"],
)
def test_a_list_that_would_be_wrong_is_refused(
    project: Path, zero: Path, tmp_path: Path, name: str, reason: str
) -> None:
    with Session(project, "--apply", "-i", VISUAL=editor(tmp_path, name)) as session:
        session.type("ne")
        session.wait_for(reason)
        session.type("q")
        assert session.end() == 0

    assert zero.read_text(encoding="utf-8") == ZERO


def test_without_room_for_a_temporary_file_the_review_goes_on(project: Path, zero: Path) -> None:
    (project / "editing.py").write_text(NO_ROOM, encoding="utf-8")
    with Session(project, "--apply", "-i", program="editing.py") as session:
        session.type("ne")
        session.wait_for("there is no room for a temporary file: ")
        session.wait_for("]?")
        session.type("q")
        assert session.end() == 0
        assert session.is_given_back()

    assert zero.read_text(encoding="utf-8") == ZERO


@pytest.mark.usefixtures("project")
def test_an_answer_that_is_no_text_is_asked_again(zero: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "--apply", "-i"],
        input=b"\xff\xe9\nn\nd\n",
        env=environment(PYTHONIOENCODING="utf-8:strict"),
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.count(b"y - apply this change\n") == 1
    assert zero.read_text(encoding="utf-8") == ZERO


def test_an_editor_that_fails_changes_nothing(project: Path, zero: Path) -> None:
    failing = f'"{sys.executable}" -c exit(1)'
    with Session(project, "--apply", "-i", VISUAL=failing) as session:
        session.type("ne")
        session.wait_for("ended with 1; nothing was changed")
        session.type("q")
        assert session.end() == 0
    with Session(project, "--apply", "-i", EDITOR="/nonexistent/editor") as session:
        session.type("ne")
        session.wait_for("set VISUAL or EDITOR")
        session.type("q")
        assert session.end() == 0

    assert zero.read_text(encoding="utf-8") == ZERO


@pytest.mark.usefixtures("zero")
def test_other_keys_explain_and_blank_ones_do_nothing(project: Path) -> None:
    with Session(project, "--apply", "-i") as session:
        session.wait_for(QUESTION)
        session.type("?")
        assert "q - quit: apply neither this change nor any after it\n" in session.wait_for(QUESTION)
        session.type("x")
        assert "y - apply this change\n" in session.wait_for(QUESTION)
        session.type("e")
        assert "this change has no exception list" in session.wait_for(QUESTION)
        session.type("s")
        assert "this change cannot be split further" in session.wait_for(QUESTION)
        session.type(f"\n {ARROW}ñ")  # Enter, a blank, an arrow, and a letter of two bytes
        assert session.wait_for(QUESTION).count("y - apply this change") == 1
        session.type("q")
        assert session.end() == 0


def test_ctrl_c_leaves_every_file_whole(project: Path, zero: Path) -> None:
    """What was settled is written; the file in question is what it was."""
    other = project / "scripts" / "aider_queue.py"
    other.write_text("print('a')\n", encoding="utf-8")
    with Session(project, "--apply", "-i") as session:
        session.wait_for(QUESTION)
        session.type("y")
        session.wait_for("2 of 4")
        session.wait_for(QUESTION)
        session.type("y")
        session.wait_for("3 of 4")
        session.wait_for(QUESTION)
        session.interrupt()
        assert session.end() == 130
        assert session.is_given_back()

    assert "mirror_print(logger.info, 'a')" in other.read_text(encoding="utf-8")
    assert zero.read_text(encoding="utf-8") == ZERO
    assert "Traceback" not in session.screen


@pytest.mark.usefixtures("zero")
def test_ctrl_d_stops_like_ctrl_c(project: Path) -> None:
    before = snapshot(project)
    with Session(project, "--apply", "-i") as session:
        session.type("y")
        session.wait_for("2 of 3")
        session.type(CTRL_D)
        assert session.end() == 130
    assert snapshot(project) == before


@pytest.mark.usefixtures("zero")
def test_a_lost_connection_stops_like_ctrl_c(project: Path) -> None:
    before = snapshot(project)
    with Session(project, "--apply", "-i") as session:
        session.type("y")
        session.wait_for("2 of 3")
        session.hang_up()
        assert session.end() < 0
    assert snapshot(project) == before


@pytest.mark.usefixtures("zero")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_whatever_ends_the_review_the_terminal_is_given_back(project: Path, name: str) -> None:
    number = signal.Signals[name]
    before = snapshot(project)
    with Session(project, "--apply", "-i") as session:
        session.type("y")
        session.wait_for("2 of 3")
        assert not session.is_given_back()
        session.process.send_signal(number)
        assert session.end() == -number
        assert session.is_given_back()

    assert snapshot(project) == before


@pytest.mark.usefixtures("zero")
def test_a_terminal_that_goes_away_ends_the_review_of_whoever_stays(project: Path) -> None:
    """As under nohup, which has SIGHUP ignored."""
    before = snapshot(project)
    (project / "staying.py").write_text(STAYING, encoding="utf-8")
    with Session(project, "--apply", "-i", program="staying.py") as session:
        session.type("y")
        session.wait_for("2 of 3")
        os.close(session.theirs)
        os.close(session.ours)
        assert session.process.wait(PATIENCE) == 130

    (project / "staying.py").unlink()
    assert snapshot(project) == before


def test_control_characters_of_a_script_do_not_reach_the_terminal(project: Path, zero: Path) -> None:
    zero.write_text("print('\x1b]0;title\x07')\n", encoding="utf-8")
    with Session(project, "--apply", "-i", "--color=never") as session:
        shown = session.wait_for(QUESTION)
        session.type("q")
        session.end()

    assert "-print('\\x1b]0;title\\x07')\n" in shown
    assert "\x07" not in session.screen


def answer(folder: Path, lines: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "--apply", "-i", *arguments],
        cwd=folder,
        env=environment(),
        input=lines,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


THREE = """\
import os


def um(path):
    print(f"[OK] {path}")


def dois(path):
    try:
        os.remove(path)
    except Exception as e:
        print(e)


def tres(path):
    print(f"[ERRO] {path}")
"""


def answered(
    project: Path, answers: str, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Review with answers through a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "--apply", "-i", *arguments],
        cwd=project,
        env={**environment(), **environ},
        input=answers,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_k_goes_back_to_the_change_before(project: Path, zero: Path) -> None:
    """Kind: an answer that was too quick is given again; at the first change of a file there is nothing to go back to."""
    zero.write_text(THREE, encoding="utf-8")

    done = answered(project, "k\ny\nn\nk\nk\nn\ny\nn\n", "scripts/zero_worker.py")

    heads = [line for line in done.stderr.splitlines() if " of 3 " in line]
    assert [head[0] for head in heads] == ["1", "2", "3", "2", "1", "2", "3"]
    assert "this is the first change of this file" in done.stderr
    text = zero.read_text(encoding="utf-8")
    assert "except OSError as e:" in text
    assert 'print(f"[OK] {path}")' in text
    assert "mirror_print(logger.info" not in text
    assert "2 declined\n" in done.stderr


@pytest.mark.parametrize("answers", ["q\n", "n\nq\n", "y\nd\n", "n\nn\nn\nn\n"])
def test_the_report_counts_what_the_questions_counted(project: Path, zero: Path, answers: str) -> None:
    """Kind: one unit: what was declined, not reviewed and applied are together what was asked about."""
    zero.write_text(THREE, encoding="utf-8")

    done = answered(project, answers, "scripts/zero_worker.py")

    counts = {what: int(number) for number, what in re.findall(r"(\d+) (declined|not reviewed)", done.stderr)}
    total = int(re.findall(r"\d+ of (\d+) ", done.stderr)[-1])
    assert sum(counts.values()) + answers.count("y") == total


def test_all_unknown_names_of_a_list_are_told_at_once(project: Path, zero: Path, tmp_path: Path) -> None:
    zero.write_text(THREE, encoding="utf-8")
    program = editor(tmp_path, "OSErro\nValueErr\nKeyError\n")

    done = answered(project, "n\ne\nq\n", "scripts/zero_worker.py", VISUAL=program)

    assert "OSErro: no built-in exception" in done.stderr
    assert "ValueErr: no built-in exception" in done.stderr
    assert "KeyError:" not in done.stderr


IMPORTING = """\
def ler(path):
    import json

    try:
        return json.loads(path.read_text())
    except Exception:
        return None


def chamar():
    from subprocess import run

    try:
        run(["x"], check=True)
    except Exception as e:
        print(e)
"""


def test_what_the_tool_imports_may_stand_in_an_edited_list(project: Path, zero: Path, tmp_path: Path) -> None:
    """Kind: a list needs an import that the migration adds; another class of that module is no unknown name."""
    zero.write_text(IMPORTING, encoding="utf-8")
    dry = subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "scripts/zero_worker.py"],
        cwd=project, env=environment(), capture_output=True, encoding="utf-8", check=False,
    ).stdout  # fmt: skip
    assert "+import subprocess" in dry
    program = editor(tmp_path, *["OSError\nsubprocess.TimeoutExpired\n"] * 2)

    done = answered(project, "n\ne\ny\n" * 2, "scripts/zero_worker.py", VISUAL=program)

    text = zero.read_text(encoding="utf-8")
    assert "except (OSError, subprocess.TimeoutExpired) as e:" in text, done.stderr
    assert "import subprocess\n" in text


def test_evidence_is_wrapped_and_not_cut(project: Path, zero: Path) -> None:
    """Kind: at a narrow terminal what speaks for a list takes further lines, indented, and is whole."""
    zero.write_text(THREE, encoding="utf-8")

    done = answered(project, "n\nq\n", "scripts/zero_worker.py", COLUMNS="32")

    shown = done.stderr.partition("2 of 3")[2]
    assert "…" not in shown
    assert "line 10 os.remove(path) raises OSError" in " ".join(shown.split())


def test_a_review_of_what_was_seen_asks_about_each_handler(project: Path, run: Run, zero: Path) -> None:
    """Kind: ``-i`` goes with ``--from-logs``: each handler that would be settled is a question, with what came as evidence."""
    zero.write_text(
        THREE.replace(
            "tres(path):\n    print",
            "tres(path):\n    try:\n        os.rmdir(path)\n    except Exception:\n        print",
        ),
        encoding="utf-8",
    )
    run("--apply", "--trial", "scripts/zero_worker.py")
    watched = zero.read_text(encoding="utf-8")
    notes = []
    for function in ("dois", "tres"):
        lines = watched.splitlines()
        first = next(number for number, line in enumerate(lines, 1) if line.startswith(f"def {function}("))
        line = next(
            number for number, text in enumerate(lines, 1) if number > first and "expect_only" in text
        )
        notes.append(
            {"v": 1, "event": "seen", "time": "2026-11-29T13:34:00.123Z", "pid": 1, "path": "scripts/zero_worker.py",
             "function": function, "function_line": first, "line": line, "type": "builtins:OSError",
             "bases": ["builtins:Exception", "builtins:BaseException"], "expected": True, "count": 3}
        )  # fmt: skip
    (project / "logs").mkdir(exist_ok=True)
    (project / "logs" / "zero.seen.jsonl").write_text(
        "".join(json.dumps(note) + "\n" for note in notes), "utf-8"
    )

    done = answered(project, "n\ny\n", "--from-logs", "logs", "scripts/zero_worker.py")
    text = zero.read_text(encoding="utf-8")
    undone = run("--undo")

    assert "1 of 2 ·" in done.stderr
    assert "1 declined\n" in done.stderr
    assert text.partition("def tres")[0] == watched.partition("def tres")[0]
    assert "except OSError:" in text.partition("def tres")[2]
    assert undone.returncode == 0
    assert zero.read_text(encoding="utf-8") == watched


def test_without_a_terminal_each_line_is_an_answer(project: Path, zero: Path) -> None:
    done = answer(project, "n\n\nyes\nn\n")

    assert done.returncode == 0
    assert done.stdout == ""
    assert zero.read_text(encoding="utf-8") == ZERO_HANDLER_ONLY


def test_without_an_answer_nothing_is_written(project: Path, zero: Path) -> None:
    done = answer(project, "y\n")

    assert done.returncode == 130
    assert zero.read_text(encoding="utf-8") == ZERO


@pytest.mark.usefixtures("zero")
def test_what_was_declined_is_in_the_report(project: Path) -> None:
    done = answer(project, "n\ny\nn\n", "--format=json")

    assert done.stdout.count('"declined"') == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-i",), "it goes with --apply"),
        (("-i", "--check"), "it goes with --apply"),
        (("-i", "--apply", "-"), "name the script's file"),
        (("-i", "--apply", "--quiet"), "exclude each other"),
    ],
    ids=["dry-run", "check", "stdin", "quiet"],
)
def test_there_has_to_be_something_to_ask(run: Run, arguments: tuple[str, ...], message: str) -> None:
    refused = run(*arguments)

    assert refused.returncode == 2
    assert message in refused.stderr


WORKERS = sorted((ROOT / "fixtures" / "workers" / "scripts").glob("*.py"))


def key(finding: Finding) -> tuple[str, Span]:
    return finding.codemod, finding.span


@pytest.mark.parametrize("path", WORKERS, ids=lambda path: path.stem)
def test_any_choice_passes_every_check(path: Path) -> None:
    """Whatever is declined, exactly the rest is applied, and a second look finds only what was declined."""
    raw, target, settings = path.read_bytes(), Target(path, "zero", "*.py"), Settings()
    edits = [
        finding
        for finding in migrate_bytes(raw, target, settings).plan.applied
        if not isinstance(finding.edit, LinesEdit)
    ]
    choice = random.Random(path.stem)
    for share in (0.2, 0.5, 0.8):
        accepted = {key(finding) for finding in edits if choice.random() < share}
        declined = [finding for finding in edits if key(finding) not in accepted]

        result = migrate_bytes(raw, target, settings, Decisions().declining(declined, DECLINED))

        assert result.error is None
        applied = {key(finding) for finding in result.plan.applied if not isinstance(finding.edit, LinesEdit)}
        assert applied == accepted


IN_ROUNDS = """\
def um(caminho):
    try:
        try:
            open(caminho).close()
        except Exception as erro:
            print(erro.errno + 1 if erro.errno else 0)
    except Exception:
        print("fora")
"""


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_file_that_takes_several_rounds_is_asked_about_as_a_whole(
    project: Path, zero: Path, answer: str
) -> None:
    """Kind: what a later round does hangs on what an earlier one wrote, so neither can be had alone."""
    zero.write_text(IN_ROUNDS, encoding="utf-8")

    done = answered(project, f"{answer}\n", "scripts/zero_worker.py")

    assert [line[0] for line in done.stderr.splitlines() if " of 1 " in line] == ["1"]
    assert "+    except (OSError, ValueError):" in done.stderr
    assert "[y,n,q,a,d,?]" in done.stderr
    text = zero.read_text(encoding="utf-8")
    assert ("except Exception" in text) is (answer == "n")
    assert (text == IN_ROUNDS) is (answer == "n")
