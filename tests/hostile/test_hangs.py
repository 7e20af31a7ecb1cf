"""Kind: what a checkout holds must not keep us for ever, take all memory, or end in a traceback and exit code 1.

The limit of processor time is a guard, far from what an honest run takes; the kernel ends what reaches it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grids
import pytest
from attacked import IS_ROOT, WORKER, Place
from people_project import environment
from worker_logger import _gist, masked

from workerlog_migrate import pipeline
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files import budget as clock
from workerlog_migrate.files import snapshot
from workerlog_migrate.files.budget import SpentError, budget
from workerlog_migrate.files.vendor import runtime_text
from workerlog_migrate.files.writing import write_report
from workerlog_migrate.report.formats import FORMATS
from workerlog_migrate.seen.notes import read_notes
from workerlog_migrate.targets import matches
from workerlog_migrate.writer import real_folders

SECONDS = 60


def limited(place: Place, *arguments: str, memory: int = 0, seconds: int = SECONDS) -> tuple[int, str]:
    """Run the command with a limit of processor time, and perhaps of memory (bytes)."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    if not memory:
        done = place.run("--no-cache", "--jobs=1", *arguments, seconds=seconds, timeout=600)
    else:
        done = subprocess.run(
            place.command("--no-cache", "--jobs=1", *arguments),
            cwd=place.clone,
            env=place.environment(),
            preexec_fn=limit,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            stdin=subprocess.DEVNULL,
            timeout=600,
            check=False,
        )
    assert done.returncode not in (-signal.SIGXCPU, -signal.SIGKILL), "it hangs"
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


LINTERS = ("ruff.toml", ".isort.cfg", "setup.cfg", "tox.ini")
"""Settings of other tools, which say how imports are sorted."""

TOKENS = (
    "import ",
    "from ",
    "x import a, ",
    ".",
    "./",
    "a.",
    "\\",
    "python.",
    "python -a ",
    "-m ",
    " -aI",
    "# workerlog: skip[",
    "#",
    "(",
    "[ERR",
    "%(",
    "\x1b[0;",
    "{",
    "0 erros ",
)


@pytest.mark.parametrize("token", TOKENS, ids=repr)
def test_one_long_line_of_anything_is_read_in_linear_time(place: Place, token: str) -> None:
    body = token * (200_000 // len(token))
    script = f"print('x')\n# {body}\nprint({body!r})\n"
    place.script.write_text(script, encoding="utf-8")
    beside = f"import zero_worker\n# zero_worker scripts {body}\nY = {body!r}\n"
    (place.clone / "scripts" / "other.py").write_text(beside, encoding="utf-8")
    text = f"zero_worker.py python zero_worker scripts {body} PYTHONSAFEPATH=1\n"
    for name in ("run.sh", "README.md", "Makefile"):
        (place.clone / name).write_text(text, encoding="utf-8")

    code, said = limited(place, "--check")

    assert code in (0, 1), said


def diamonds(levels: int, base: str) -> str:
    """Each class has two bases, which have the same two: as many ways up as powers of two."""
    lines = [f"class A0({base}): pass", f"class B0({base}): pass"]
    for level in range(1, levels):
        lines += [f"class {each}{level}(A{level - 1}, B{level - 1}): pass" for each in "AB"]
    return "\n".join(lines)


@pytest.mark.parametrize("base", ["object", "Exception", "Unknown"])
def test_classes_that_share_their_bases_level_over_level_are_looked_at_once(place: Place, base: str) -> None:
    last = "A39"
    place.script.write_text(
        f"import json\n{diamonds(40, base)}\n"
        f"def f(p):\n    try:\n        if p:\n            raise {last}(p)\n        return json.loads({last}(p).x)\n"
        f"    except Exception as e:\n        print('erro', e)\n\nf(1)\n",
        encoding="utf-8",
    )

    assert limited(place, "--check")[0] == 1


def test_libraries_that_name_the_whole_disk_are_refused(place: Place) -> None:
    (place.clone / "pyproject.toml").write_text(
        '[tool.workerlog-migrate]\nlibraries = ["/**"]\n', encoding="utf-8"
    )

    code, said = limited(place, "--check")

    assert code == 2
    assert "libraries: '/**' leads through more than 20,000 folders" in said


def test_twin_libraries_below_a_folder_are_found(place: Place) -> None:
    library = place.clone / "vendor" / "deep" / "lib"
    library.mkdir(parents=True)
    text = '[tool.workerlog-migrate]\nlibraries = ["vendor/**/lib"]\n'
    (place.clone / "pyproject.toml").write_text(text, encoding="utf-8")

    assert limited(place, "--check")[0] == 1


@pytest.mark.parametrize(
    "name", [".gitignore", "pyproject.toml", ".git/info/exclude", "scripts/zero_pipe.py"]
)
def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(place: Place, name: str) -> None:
    pipe = place.clone / name
    pipe.parent.mkdir(parents=True, exist_ok=True)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)

    limited(place, "--check")


@pytest.mark.skipif(not IS_ROOT, reason="only root may read it")
@pytest.mark.parametrize("how", ["a named script", "extend"])
def test_no_file_that_settings_or_a_link_name_is_waited_for(place: Place, how: str) -> None:
    (place.clone / "ruff.toml").write_text('extend = "/proc/kmsg"\n', encoding="utf-8")
    (place.clone / "scripts" / "zero_link.py").symlink_to("/proc/kmsg")
    named = ["scripts/zero_link.py"] if how == "a named script" else []

    done = place.run("--check", *named)

    assert done.returncode == (2 if named else 1)


@pytest.mark.parametrize(
    "line", ["*a" * 30 + "b", "**/a/" * 20 + "b", "[!b]*" * 20 + "c", "**/*a*a/" * 9 + "*c"]
)
@pytest.mark.parametrize("where", [".gitignore", "exclude"])
def test_a_pattern_of_many_wildcards_takes_no_time_that_explodes(place: Place, line: str, where: str) -> None:
    if where == "exclude":
        text = f"[tool.workerlog-migrate]\nexclude = [{line!r}]\n"
        (place.clone / "pyproject.toml").write_text(text, encoding="utf-8")
    else:
        (place.clone / ".gitignore").write_text(line, encoding="utf-8")
    folder = place.clone.joinpath("scripts", *["aaa"] * 100)
    folder.mkdir(parents=True)
    (folder / ("zero_" + "a" * 200 + ".py")).write_text(WORKER, encoding="utf-8")

    assert limited(place, "--check")[0] == 1


@pytest.mark.parametrize("source", ["/**", "../../../../**", "**/**/**/**"])
def test_source_folders_of_a_linter_are_not_looked_for_on_the_whole_disk(place: Place, source: str) -> None:
    (place.clone / "ruff.toml").write_text(f"src = [{source!r}]\n", encoding="utf-8")

    assert limited(place, "--check")[0] == 1


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_about_many_equal_lines_is_linear(place: Place, form: str) -> None:
    place.script.write_text("print('a')\n" + "x = 1\n" * 30_000 + "print('b')\n", encoding="utf-8")

    assert limited(place, "--check", "--format", form)[0] == 1


def test_a_sparse_evidence_file_is_not_read(place: Place) -> None:
    """Three gigabytes without the end of a line; the notes beside it count."""
    (place.clone / "logs").mkdir()
    note = '{"v": 1, "event": "started", "time": "2026-11-29T13:34:00Z", "pid": 1, "path": "scripts/zero_worker.py"}'
    (place.clone / "logs" / "zero.seen.jsonl").write_text(note + "\n", encoding="utf-8")
    with (place.clone / "logs" / "large.seen.jsonl").open("wb") as file:
        file.truncate(3_000_000_000_000)

    code, said = limited(place, "--from-logs", "logs")

    assert code == 0, said
    assert "passed over: 1 files that are too large" in said
    assert "read 1 note in 1 file" in said


def test_many_sparse_evidence_files_are_left_at_their_first_line(place: Place) -> None:
    """Two hundred files of some megabytes each, no disk behind them; the notes beside them count."""
    (place.clone / "logs").mkdir()
    note = '{"v": 1, "event": "started", "time": "2026-11-29T13:34:00Z", "pid": 1, "path": "scripts/zero_worker.py"}'
    for number in range(200):
        with (place.clone / "logs" / f"zero_{number:03}.seen.jsonl").open("wb") as file:
            file.write(note.encode() + b"\n")
            file.truncate(600_000_000)

    code, said = limited(place, "--from-logs", "logs")

    assert code == 0, said
    assert "200 files with a line that has no end" in said


def test_notes_that_take_too_long_to_be_shared_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workerlog_migrate import run
    from workerlog_migrate.errors import UsageError
    from workerlog_migrate.model import Settings
    from workerlog_migrate.request import Request
    from workerlog_migrate.seen import share

    def endless(*_: object) -> None:
        while True:
            pass

    note = '{"v": 1, "event": "started", "time": "2026-11-29T13:34:00Z", "pid": 1, "path": "zero.py"}\n'
    (tmp_path / "zero.seen.jsonl").write_text(note, encoding="utf-8")
    monkeypatch.setattr(share, "share", endless)
    monkeypatch.setattr(clock, "budget", lambda *_: budget(0.05))

    with pytest.raises(UsageError, match="of processor time; name fewer scripts"):
        run._with_notes(Request(from_logs=(tmp_path,)), Settings(), (), tmp_path)


def test_a_name_that_no_file_can_have_is_the_name_of_an_unknown_module(place: Place) -> None:
    place.script.write_text(f"import {'a' * 3000}.b\n{WORKER}", encoding="utf-8")

    assert limited(place, "--check")[0] == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root may read it")
@pytest.mark.parametrize("target", ["/proc/kmsg", "/dev/zero", "/dev/tty"])
@pytest.mark.parametrize("name", [".gitignore", "scripts/zero_link.py", "scripts/helper.py", *LINTERS])
def test_no_link_to_an_endless_file_is_read(place: Place, name: str, target: str) -> None:
    place.script.write_text(
        "import helper\nprint('x')\ntry:\n    helper.f()\nexcept Exception:\n    print(1)\n"
    )
    (place.clone / name).symlink_to(target)

    limited(place, "--check")


@pytest.mark.parametrize(
    "name", ["scripts/zero_large.py", "scripts/helper.py", ".gitignore", "pyproject.toml", *LINTERS]
)
def test_a_sparse_file_is_not_read(place: Place, name: str) -> None:
    """Six gigabytes that take no room on the disk."""
    place.script.write_text(
        "import helper\nprint('x')\ntry:\n    helper.f()\nexcept Exception:\n    print(1)\n"
    )
    with (place.clone / name).open("wb") as file:
        file.truncate(6_000_000_000)

    code, said = limited(place, "--check", memory=2_000_000_000)

    assert code in (1, 2)
    assert "too large for the memory" not in said
    if name == "scripts/zero_large.py":
        assert "scripts/zero_large.py:1: refused: cannot be read: larger than 8,000,000 bytes\n" in said
    if name == "pyproject.toml":
        assert "pyproject.toml: cannot be read: larger than 1,000,000 bytes" in said


def test_a_shortage_of_memory_is_no_found_change(place: Place) -> None:
    """Exit code 1 is what --check says when there is something to do."""
    for number in range(60):
        (place.clone / "scripts" / f"zero_{number}.py").write_text(WORKER * 50, encoding="utf-8")

    for mebibytes in (2, 6, 20):
        done = subprocess.run(
            [sys.executable, "-c", SHORT, str(mebibytes << 20), "--check", "--no-cache", "--jobs=1"],
            cwd=place.clone,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        # LibCST's parser, which is no Python, ends the process where it gets no memory: that is no found change either.
        is_aborted = "memory allocation of" in done.stderr and done.returncode == -signal.SIGABRT
        assert done.returncode in (1, 2) or is_aborted, done.stderr


# What is short is the memory for the work: while modules are imported, the standard library itself logs tracebacks.
SHORT = """
import gettext, hashlib, resource, sys
from workerlog_migrate.cli import main
import workerlog_migrate.jobs, workerlog_migrate.pipeline, workerlog_migrate.registry, workerlog_migrate.run
limit = int(sys.argv.pop(1))
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit))
main(sys.argv[1:], prog_name="workerlog-migrate")
"""


def test_a_file_that_takes_too_long_is_refused_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workerlog_migrate.model import Settings, Target

    def endless(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr(pipeline, "migrate_source", endless)
    monkeypatch.setattr(pipeline, "budget", lambda: budget(0.05))
    target = Target(path=tmp_path / "zero.py", worker="zero", pattern="*zero*")

    result = pipeline.migrate_bytes(b"print(1)\n", target, Settings())

    assert result.error is not None
    assert "of processor time; split it, or exclude it" in result.error.reason


class _Ending:
    """Works for a while as it ends, where Python shows what is raised and passes over it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __del__(self) -> None:
        _work(self._seconds)


def _work(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


@pytest.mark.parametrize("seconds_again", [0.05, 0])
def test_what_is_passed_over_as_an_object_ends_is_raised_once_more(
    monkeypatch: pytest.MonkeyPatch, seconds_again: float
) -> None:
    """The budget is spent in ``__del__``; the twin, a clock that does not go on, never ends what comes behind it."""
    passed_over: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda seen: passed_over.append(seen.exc_type))
    monkeypatch.setattr(clock, "_SECONDS_AGAIN", seconds_again)

    with pytest.raises(SpentError) if seconds_again else contextlib.nullcontext(), budget(0.02):
        _Ending(2)
        _work(2 if seconds_again else 0.2)
    assert passed_over == [SpentError]


def test_a_budget_that_is_not_spent_leaves_no_clock_behind() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with budget(5):
        pass

    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    with pytest.raises(SpentError):
        spin()


def spin() -> None:
    with budget(0.01):
        while True:
            pass


SURROUNDINGS = {
    "deploy.yml": "run: zero_worker a." + ".:" * 450_000,  # each dot was the beginning of a path
    "ecosystem.json": "zero_worker interpreter_args=" + " " * 900_000,  # blanks in two neighbouring repeats
    "logging.yml": "zero_worker: logger" + "\n" * 900_000,  # each empty line was the beginning of a key
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_text_around_the_scripts_is_read_in_linear_time(place: Place, name: str) -> None:
    """What starts a script is looked for in other people's texts, before any file has its budget."""
    (place.clone / name).write_text(SURROUNDINGS[name], encoding="utf-8")

    code, said = limited(place, "--apply")

    assert code == 0, said


def test_reasons_and_texts_of_a_report_are_shortened_in_linear_time() -> None:
    """Names in them may have as many letters as a script."""
    script = f"""
import time
from workerlog_migrate.report.html_words import visible_text
from workerlog_migrate.report.text import alike
assert alike("uses " + "a" * {10**6}).endswith("aaa")
assert alike("calls `a`.b() and x.y()") == "calls \\u2026\\u2026 and \\u2026"
assert alike("a is b") == "\\u2026 is b"
assert visible_text("x" + " " * {10**6} + "x").endswith(" x")
assert visible_text("x \\t\\n  y") == "x y"
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_script_of_gigabytes_that_notes_may_be_about_is_not_read(place: Place) -> None:
    for folder in ("one", "other"):
        (place.clone / folder).mkdir()
    (place.clone / "one" / "zero_it.py").write_text("def f(): pass\n", encoding="utf-8")
    with (place.clone / "other" / "zero_it.py").open("wb") as file:
        file.truncate(2 * 2**30)
    (place.clone / "logs").mkdir()
    note = (
        '{"v":1,"event":"seen","path":"one/zero_it.py","function":"f","function_line":1,"line":1,"pid":5,"count":1,'
        '"time":"2026-11-01T00:00:00Z","type":"builtins:ValueError","bases":["builtins:Exception","builtins:BaseException"],'
        '"frames":[]}\n'
    )
    (place.clone / "logs" / "zero.seen.jsonl").write_text(note, encoding="utf-8")

    peak, said = with_peak(place, "--from-logs", "logs", "one", "other")

    assert "other/zero_it.py:1: refused: cannot be read: larger than " in said
    assert "read 1 note in 1 file" in said
    assert peak < 1_000


def with_peak(place: Place, *arguments: str) -> tuple[int, str]:
    """Run the command, and give the most memory that it had, in megabytes, and what it said."""
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
        "print(done.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *place.command("--no-cache", "--jobs=1", *arguments)],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    peak, _, said = done.stdout.partition("\n")
    return int(peak), said


def test_git_takes_no_more_memory_than_it_is_given(place: Place) -> None:
    """Kind: what is small in a checkout and large for a program that we start: a list of ignored files that is a hole."""
    committed(place)
    os.truncate(place.clone / "scripts" / ".gitignore", 6_000_000_000)

    peak, said = with_peak(place, "--changed")

    # Git from 2.46 on reads no such list, and answers.
    assert "git, which says: fatal: Out of memory" in said or "1 file would change" in said
    assert peak < 3_000


def test_twin_git_answers_in_the_memory_that_it_is_given(place: Place) -> None:
    committed(place)
    ignored = "".join(f"/no-{number}\n" for number in range(grids.number(40_000, 10_000)))
    (place.clone / "scripts" / ".gitignore").write_text(ignored, encoding="utf-8")

    _, said = with_peak(place, "--changed")

    assert "1 file would change" in said


def committed(place: Place) -> None:
    """Make the clone a repository whose worker has been edited since."""
    who = ("-c", "user.name=N", "-c", "user.email=n@example.com")
    (place.clone / "scripts" / ".gitignore").write_text("x\n", encoding="utf-8")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "all")):
        subprocess.run(["git", *command], cwd=place.clone, check=True)
    place.script.write_text(WORKER + WORKER, encoding="utf-8")


HURRIED = """
import sys
from workerlog_migrate.files import budget
budget.PROJECT_SECONDS = 0.5
from workerlog_migrate.cli import main
main()
"""


@pytest.mark.parametrize("step", ["to find the scripts", "--from-logs: to read the notes"])
def test_a_step_before_the_first_file_has_its_own_budget_and_says_when_it_is_spent(
    place: Place, step: str
) -> None:
    """What is linear in one thing may still be the product of two: patterns and files, notes and files of notes."""
    arguments = ["--check"]
    if "notes" in step:
        (place.clone / "logs").mkdir()
        for number in range(10):
            with (place.clone / "logs" / f"z{number}.seen.jsonl").open("wb") as file:
                file.write(b"{}\n" * 400_000)
        arguments = ["--from-logs", "logs"]
    else:
        lines = "".join(f"q{number}\n" for number in range(100_000))
        (place.clone / ".gitignore").write_text(lines, encoding="utf-8")
        for number in range(400):
            place.script.with_name(f"zero_{number}.py").touch()

    done = subprocess.run(
        [sys.executable, "-c", HURRIED, "--no-cache", "--jobs=1", *arguments],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 2
    assert f"Error: {step} takes more than 0.5 s of processor time; name fewer scripts" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_deep_folder_is_resolved_from_the_one_above_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the root each time, one script below 1,900 folders took a minute; a name may go up, too, and through links."""
    deep = Path(*["a"] * 300)
    (place.clone / deep).mkdir(parents=True)
    (place.clone / "link").symlink_to("scripts")
    (place.clone / "scripts" / "in").mkdir()
    last = [deep, Path("link/in"), Path("link/../a"), Path("../clone/scripts/in"), place.clone / "scripts"]
    folders = {folder for path in last for folder in (path, *path.parents)}
    wanted = {folder: Path(os.path.realpath(place.clone / folder)) for folder in folders}
    looked = 0
    known = os.lstat

    def counting(*arguments: Any, **more: Any) -> os.stat_result:
        nonlocal looked
        looked += 1
        return known(*arguments, **more)

    monkeypatch.setattr(os, "lstat", counting)

    assert real_folders(folders, place.clone) == wanted
    assert looked < 3_000


def test_a_pipe_in_place_of_the_report_is_not_waited_for(place: Place) -> None:
    """Kind: what is opened for writing waits as well, for a reader."""
    os.mkfifo(place.clone / "report.html")

    done = place.run("--check", "--output", "report.html", timeout=60)

    assert done.returncode == 2
    assert "--output report.html cannot be written: nobody reads from this pipe" in done.stderr


def test_twin_a_pipe_that_is_read_late_gets_the_whole_report(tmp_path: Path) -> None:
    """More than a pipe holds, before anybody has read from it."""
    pipe = tmp_path / "report.json"
    os.mkfifo(pipe)
    command = ["sh", "-c", f"exec < '{pipe}'; sleep 0.3; wc -c"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        write_report(pipe, b"x" * 1_000_000, place=pipe)
        said, _ = reader.communicate(timeout=60)

    assert int(said) == 1_000_000


def test_evidence_of_many_files_is_bounded_in_all(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: what is bounded for one file, and not for the folder: bytes that are read, and sources that are named."""
    monkeypatch.setattr("workerlog_migrate.seen.notes._MOST_IN_ALL", 1_000)
    monkeypatch.setattr("workerlog_migrate.seen.notes._MOST_PATHS", 3)
    logs = place.clone / "logs"
    logs.mkdir()
    note = '{"v": 1, "event": "running", "time": "2026-11-29T13:34:00Z", "pid": 0, "path": "%s%d.py", "seconds": 1}\n'
    for name in "abc":
        text = "".join(note % (name, number) for number in range(4))
        (logs / f"{name}.seen.jsonl").write_text(text, encoding="utf-8")

    notes = read_notes([logs])

    unread = "files not read to their end: more than 1,000 bytes in all"
    assert (notes.lines, notes.passed_over[unread]) == (9, 1)
    assert notes.passed_over["too many different ones"] == 6
    assert sorted(path for paths in notes.paths.values() for path in paths) == ["a0.py", "a1.py", "a2.py"]


@pytest.mark.parametrize(("most", "read"), [(1_000, 2), (2_000, 4)])
def test_what_is_kept_of_names_in_evidence_is_bounded_in_all(
    place: Place, monkeypatch: pytest.MonkeyPatch, most: int, read: int
) -> None:
    """Kind: as above: what is bounded for one line, and kept of twenty thousand. The twin: what is within the bound."""
    monkeypatch.setattr("workerlog_migrate.seen.notes._MOST_KEPT", most)
    logs = place.clone / "logs"
    logs.mkdir()
    note = (
        '{"v":1,"event":"seen","path":"%s","function":"f","function_line":1,"line":1,"pid":5,"count":1,'
        '"time":"2026-11-01T00:00:00Z","type":"builtins:ValueError","bases":["builtins:BaseException"],'
        '"frames":[["%s","f",1,1]]}\n'
    )
    text = "".join(note % (f"{number}.py", "\U00010400" * 400) for number in range(4))
    (logs / "a.seen.jsonl").write_text(text, encoding="utf-8")

    notes = read_notes([logs])

    assert len(notes.arrivals) == read
    assert notes.passed_over.get("too many different ones", 0) == 4 - read


@pytest.mark.parametrize("codec", ["punycode", "idna", "punycode-", "_IDNA--"])
def test_a_codec_of_host_names_is_none_of_a_script(place: Place, codec: str) -> None:
    """Kind: a script says by what code it is read, and some take a time that grows with its square."""
    place.script.write_bytes(
        f"# coding: {codec}\nx = 1 # ".encode() + b"ab" * 500_000 + b"-" + b"9a8b7c" * 200_000
    )

    done = place.run("--check", timeout=30)

    assert done.returncode == 2
    assert f"its coding line names '{codec}', which is no encoding" in done.stderr


def test_a_pattern_of_many_wildcards_is_compared_with_a_long_name_in_linear_time() -> None:
    """Kind: `pathlib` of Python 3.13 tries every share of the name; ours agrees with it where that is harmless."""
    name = "a" * 240 + ".py"

    assert not matches(Path("scripts", name), "*a" * 40 + "*b")
    for glob in (
        "*.py",
        "scripts/*.py",
        "/scripts/*.py",
        "x/scripts/*.py",
        "*/[a-b]*.py",
        "scripts",
        "s*/?*",
    ):
        for path in (Path("scripts", name), Path("/scripts", name), Path(name)):
            assert matches(path, glob) == path.match(glob), (path, glob)


def test_a_configuration_of_another_tool_of_a_key_of_many_parts_is_passed_over(place: Place) -> None:
    """Kind: whoever's configuration it is, a key is read in a time that grows with its square."""
    (place.clone / "ruff.toml").write_text(".".join(["a"] * 240_000) + " = 1\n", encoding="utf-8")

    done = place.run("--check", timeout=30)

    assert done.returncode == 1, done.stderr


@pytest.mark.parametrize("what", ["the script", "what a killed run has left"])
def test_an_undo_reads_no_file_that_is_larger_than_we_write(place: Place, what: str) -> None:
    """Kind: who has given back a file must read it first, and it may be one of holes by then."""
    os.link(place.script, place.script.with_name("other"))
    assert place.run("--apply").returncode == 0
    holes = place.script if what == "the script" else place.script.with_name(".workerlog-migrate-1-2.tmp")
    if what == "the script":
        place.script.unlink()
    else:
        place.script.write_text("# edited\n", encoding="utf-8")
    with holes.open("wb") as file:
        file.truncate(1 << 40)

    done = place.run("--undo", timeout=30)

    assert done.returncode == 2
    assert "larger than 64,000,000 bytes" in done.stderr or "edited since" in done.stderr
    assert "memory" not in done.stderr.lower()


def test_what_is_kept_of_scripts_while_they_are_written_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: each file has its limit, and all together none."""
    files = [tmp_path / f"{number}.py" for number in range(3)]
    for each in files:
        each.write_bytes(b"#" * 40)
    monkeypatch.setattr(snapshot, "MAX_BYTES", 100)

    with snapshot.kept(files[:2], in_file=False):
        assert snapshot.original(files[0]) == b"#" * 40
    with pytest.raises(UsageError, match="name fewer"), snapshot.kept(files, in_file=False):
        pass


@pytest.mark.parametrize("aside", ["a link", "a pipe", "the evidence is a link"])
def test_a_worker_sums_no_evidence_that_is_none(place: Place, aside: str) -> None:
    """Kind: what a checkout puts into the log folder has no end, and the migrated worker would wait or read for ever."""
    (place.clone / "scripts" / "worker_logger.py").write_text(runtime_text("worker_logger"), encoding="utf-8")
    place.script.write_text(
        "from worker_logger import setup_worker_logger\nlogger = setup_worker_logger('zero')\n",
        encoding="utf-8",
    )
    logs = place.clone / "logs"
    logs.mkdir()
    evidence = logs / "zero.seen.jsonl"
    evidence.write_bytes(b'{"v": 1}\n' * 700_000)
    if aside == "a link":
        (logs / "zero.seen.jsonl.summing").symlink_to("/dev/zero")
    elif aside == "a pipe":
        os.mkfifo(logs / "zero.seen.jsonl.summing")
    else:
        evidence.rename(logs / "theirs")
        evidence.symlink_to("theirs")

    subprocess.run([sys.executable, str(place.script)], cwd=place.clone, timeout=30, check=True)

    assert evidence.is_symlink() == (aside == "the evidence is a link")
    assert (logs / "zero.log").exists()


@pytest.mark.parametrize(
    "piece",
    [
        ":",
        "a:",
        "1:",
        "aa:bb:",
        "-1-",
        "\\xaa",
        "0x",
        "1 ",
        "f",
        "?token",
        "token",
        "authorization:",
        "cookie=",
        "://",
    ],
)
def test_a_long_text_is_compared_with_other_notifications_in_linear_time(piece: str) -> None:
    """Kind: a worker's own regular expressions get what it read from others: a crash with a long list of numbers must not hold the log."""
    script = f"""
from workerlog_migrate.runtime.worker_logger import _gist, masked
text = {piece!r} * {200_000 // len(piece)}
_gist({{"message": text, "error": text, "traceback": text}})
masked("?" + text)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_twin_secrets_of_usual_length_are_masked_in_a_long_text() -> None:
    noise = "authorization: see above, ?token of " * 1_000
    secret = "s3cr3t" * 40
    for text in (
        f"https://x/?the_access_token_of_a_client={secret}",
        f"Authorization: Bearer {secret}",
        f"cookie: sid={secret}",
    ):
        assert secret not in masked(f"{noise}{text} {noise}")


def test_twin_addresses_in_notifications_are_numbers() -> None:
    """What is looked at is bounded by the longest address, not shorter."""
    longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff19"
    for one, other in ((longest, "::1"), ("aa:bb:cc:dd:ee:01", "00:11:22:33:44:55"), ("12:30:05", "1:02:03")):
        texts = [_gist({"message": f"at {each}", "error": "", "traceback": ""}) for each in (one, other)]
        assert texts[0] == texts[1]
