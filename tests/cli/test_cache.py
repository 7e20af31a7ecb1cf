"""The cache changes nothing but the time: a result is used only when all that decided about it is what it was."""

from __future__ import annotations

import importlib.metadata
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from spoken import spoken_bytes

from workerlog_migrate.files import cache as module
from workerlog_migrate.files.cache import Cache, cache_folder
from workerlog_migrate.jobs import migrate_all
from workerlog_migrate.model import FileError, FileResult, Settings, Target
from workerlog_migrate.pipeline import migrate_bytes, migrate_file

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

# Nothing is changed in it, and something is said about it: what the helper raises decides what.
LEFT = """\
import ajuda


def main(path):
    try:
        ajuda.abrir(path)
    except OSError:
        raise
    with open(path, "a") as file:  # workerlog: skip
        file.write("x")
    exec(path)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache of this test is kept."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("WORKERLOG_MIGRATE_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def left(project: Path) -> Path:
    """A migrated script, about which the report still has something to say."""
    file = project / "scripts" / "genesis.py"
    file.write_text(LEFT, encoding="utf-8")
    return file


def _rows(folder: Path) -> list[tuple[str, bytes]]:
    database = sqlite3.connect(folder / module.RESULTS)
    try:
        return database.execute("SELECT key, body FROM results ORDER BY key").fetchall()
    finally:
        database.close()


def _say(folder: Path, old: str, new: str) -> None:
    """Have every entry say something else, so that what comes out of the cache is seen to come from there."""
    database = sqlite3.connect(folder / module.RESULTS)
    try:
        for key, body in database.execute("SELECT key, body FROM results").fetchall():
            told = zlib.compress(zlib.decompress(body).replace(old.encode(), new.encode()))
            database.execute("UPDATE results SET body = ? WHERE key = ?", (told, key))
        database.commit()
    finally:
        database.close()


@pytest.mark.usefixtures("left")
def test_a_second_run_says_the_same_from_the_cache(folder: Path, run: Run) -> None:
    options = ("--check", "--verbose", "--format", "json")

    first = run(*options)
    second = run(*options)
    _say(folder, "suppressed by comment", "REMEMBERED")
    third = run(*options)

    assert b"suppressed by comment" in first.stdout
    assert (second.returncode, second.stdout, second.stderr) == (first.returncode, first.stdout, first.stderr)
    assert third.stdout == first.stdout.replace(b"suppressed by comment", b"REMEMBERED")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_many_files_come_out_in_order_whether_known_or_not(
    folder: Path, project: Path, run: Run, jobs: str
) -> None:
    for number in range(12):
        text = LEFT if number % 3 else "print(1)\n" if number % 2 else "x = 1\n"
        (project / "scripts" / f"genesis_{number}.py").write_text(text)
    options = ("--dry-run", "--verbose", "--jobs", jobs)

    plain = run(*options, "--no-cache")
    assert not folder.exists()
    first = run(*options)
    second = run(*options)

    assert plain.stdout == first.stdout == second.stdout
    assert plain.stderr == first.stderr == second.stderr
    assert len(_rows(folder)) == 8


def _change_content(left: Path) -> tuple[str, ...]:
    left.write_text(LEFT + "print(1)\n")
    return ()


def _change_selection(_left: Path) -> tuple[str, ...]:
    return ("--select", "logger-setup,mirror-output")


def _change_configuration(left: Path) -> tuple[str, ...]:
    (left.parent.parent / "pyproject.toml").write_text(
        '[tool.workerlog-migrate.raises]\n"ajuda.abrir" = ["OSError"]\n'
    )
    return ()


@pytest.mark.parametrize("change", [_change_content, _change_selection, _change_configuration])
def test_what_decides_about_a_result_is_part_of_its_key(
    folder: Path, left: Path, run: Run, change: Callable[[Path], tuple[str, ...]]
) -> None:
    run("--check")
    _say(folder, "suppressed by comment", "REMEMBERED")
    assert b"REMEMBERED" in run("--check", "--verbose").stderr

    options = change(left)

    assert b"REMEMBERED" not in run("--check", "--verbose", *options).stderr


def test_a_helper_that_appears_changes_or_goes_is_noticed(folder: Path, project: Path) -> None:
    """The inference has looked for it: that there was none is part of what it knew."""
    script = project / "scripts" / "zero.py"
    script.write_text(
        "import ajuda\n\n\ndef main(texto):\n    try:\n        ajuda.ler(texto)\n    except Exception:\n        print('x')\n"
    )
    target = Target(Path("scripts/zero.py"), "zero")
    settings = Settings(select=("specific-exceptions",))

    def known() -> FileResult | None:
        cache = Cache(settings, project, folder)
        found = cache.get(target, script.read_bytes())
        cache.close()
        return found

    def remember() -> FileResult:
        result = migrate_file(target, settings)
        assert not result.plan.applied
        cache = Cache(settings, project, folder)
        cache.put(result)
        cache.close()
        return replace(result, neighbours=())

    alone = remember()
    assert known() == alone
    helper = project / "scripts" / "ajuda.py"
    helper.write_text("def ler(texto):\n    return exec(texto)\n")
    assert known() is None
    beside = remember()
    assert known() == beside
    helper.write_text("def ler(texto):\n    return eval(texto)\n")
    assert known() is None
    helper.unlink()
    assert known() is None


def test_a_file_in_which_nothing_can_be_kept_hangs_on_its_helpers_too(folder: Path, project: Path) -> None:
    """LibCST loses a blank between the only edits; what the helper raises still decides what the report says."""
    script = project / "scripts" / "zero.py"
    script.write_text(
        """\
import ajuda


def main(texto):
    try:
        ajuda.ler(texto)
    except Exception:
        try:
            ajuda.ler(texto)
        except OSError :
            try:
                ajuda.ler(texto)
            except Exception:
                main(1)
""",
        encoding="utf-8",
    )
    helper = project / "scripts" / "ajuda.py"
    helper.write_text("def ler(texto):\n    raise KeyError(texto)\n", encoding="utf-8")
    target = Target(Path("scripts/zero.py"), "zero")
    settings = Settings(select=("specific-exceptions",))

    result = migrate_file(target, settings)
    cache = Cache(settings, project, folder)
    cache.put(result)

    assert not result.changed
    assert {finding.reason for finding in result.plan.reported} == {
        "LibCST does not keep every byte of this code"
    }
    assert any(path.endswith("ajuda.py") for path, _ in result.neighbours)
    cache.close()
    cache = Cache(settings, project, folder)
    assert cache.get(target, script.read_bytes()) == replace(result, neighbours=())
    cache.close()
    helper.write_text("def ler(texto):\n    raise OSError(texto)\n", encoding="utf-8")
    cache = Cache(settings, project, folder)
    assert cache.get(target, script.read_bytes()) is None
    cache.close()


def test_another_libcst_and_other_codemods_know_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What LibCST keeps of a file, and what a codemod makes of it, are part of what decided. The twin: nothing has changed."""
    now = module._context(Settings())
    with monkeypatch.context() as other:
        other.setattr(importlib.metadata, "version", lambda _: "0.0")
        libcst = module._context(Settings())
    package = tmp_path / "workerlog_codemods"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "workerlog_codemods", raising=False)
    first = module._context(Settings())
    (package / "retry_io.py").write_text("# another rewrite\n", encoding="utf-8")

    assert len({now, libcst, first, module._context(Settings())}) == 4
    assert module._context(Settings()) == module._context(Settings())


def test_a_worker_of_another_name_is_looked_at_anew(folder: Path, project: Path) -> None:
    """The glob may stay while the configuration gives its worker another name."""
    settings = Settings()
    first, other = (Target(Path("fila.py"), name, "*fila*.py") for name in ("fila", "entregas"))
    cache = Cache(settings, project, folder)
    cache.put(migrate_bytes(LEFT.encode(), first, settings))
    cache.close()

    again = Cache(settings, project, folder)
    found = again.get(first, LEFT.encode())
    renamed = again.get(other, LEFT.encode())
    again.close()

    assert found is not None
    assert found.target.worker == "fila"
    assert renamed is None


def test_only_results_without_anything_to_do_are_kept(folder: Path, project: Path) -> None:
    settings = Settings()
    target = Target(Path("zero.py"), "zero")
    cache = Cache(settings, project, folder)

    cache.put(migrate_bytes(b"print(1)\n", target, settings))
    cache.put(migrate_bytes(b"def f(:\n    open(x)\n", target, settings))
    cache.put(FileResult(target, b"x", b"x", error=FileError("cannot be read")))
    cache.close()

    assert _rows(folder) == [] if (folder / module.RESULTS).exists() else True


@pytest.mark.usefixtures("left")
def test_a_damaged_cache_is_made_anew(folder: Path, run: Run) -> None:
    first = run("--check")
    (folder / module.RESULTS).write_bytes(b"this is no database, " * 500)

    second = run("--check")

    assert (second.returncode, second.stdout, second.stderr) == (first.returncode, first.stdout, first.stderr)
    assert len(_rows(folder)) == 1


@pytest.mark.usefixtures("left")
def test_a_damaged_entry_is_looked_at_anew(folder: Path, run: Run) -> None:
    first = run("--check")
    database = sqlite3.connect(folder / module.RESULTS)
    database.execute("UPDATE results SET body = x'00'")
    database.commit()
    database.close()

    second = run("--check")

    assert (second.returncode, second.stdout, second.stderr) == (first.returncode, first.stdout, first.stderr)


@pytest.mark.parametrize(
    "obstacle", ["a file in its place", "no permission", "a folder in the database's place"]
)
def test_without_a_cache_the_run_is_the_same(folder: Path, run: Run, obstacle: str, tmp_path: Path) -> None:
    plain = run("--check", "--no-cache")
    if obstacle == "a file in its place":
        folder.write_text("x")
    elif obstacle == "no permission":
        if os.name == "nt":
            folder = Path("Q:/workerlog")  # a drive that is not there
        elif os.geteuid() == 0:
            folder = Path("/proc/workerlog")  # not even root makes a folder there
        else:
            tmp_path.chmod(0o500)
    else:
        (folder / module.RESULTS).mkdir(parents=True)

    result = run("--check", WORKERLOG_MIGRATE_CACHE_DIR=str(folder))

    tmp_path.chmod(0o700)
    assert (result.returncode, result.stdout, result.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_several_runs_at_once_share_it(folder: Path, project: Path, run: Run) -> None:
    for number in range(30):
        (project / "scripts" / f"genesis_{number}.py").write_text(f"{LEFT}NUMBER = {number}\n")
    plain = run("--check", "--no-cache")
    command = [sys.executable, "-m", "workerlog_migrate", "--check"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    runs = [
        subprocess.Popen(
            command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(6)
    ]
    answers = [(*process.communicate(), process.returncode) for process in runs]

    assert [(out, spoken_bytes(err), code) for out, err, code in answers] == [
        (plain.stdout, plain.stderr, plain.returncode)
    ] * 6
    assert len(_rows(folder)) == 30


def test_it_is_bounded(folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many entries those that were used longest ago are dropped."""
    monkeypatch.setattr(module, "MAX_ENTRIES", 8)
    settings = Settings()
    raw = LEFT.encode()
    for day in range(12):
        monkeypatch.setattr(module, "_today", lambda day=day: day)
        cache = Cache(settings, project, folder)
        cache.put(migrate_bytes(raw, Target(Path(f"genesis_{day}.py"), "genesis"), settings))
        assert day == 0 or cache.get(Target(Path("genesis_0.py"), "genesis"), raw)  # used every day
        cache.close()

    cache = Cache(settings, project, folder)
    kept = [day for day in range(12) if cache.get(Target(Path(f"genesis_{day}.py"), "genesis"), raw)]
    cache.close()

    assert len(kept) <= 8
    assert kept == [0, *range(13 - len(kept), 12)]


def test_it_is_kept_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WORKERLOG_MIGRATE_CACHE_DIR")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "workerlog-migrate" / "Cache"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "workerlog-migrate"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says the specification
    home = "USERPROFILE" if os.name == "nt" else "HOME"
    monkeypatch.setenv(home, str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "workerlog-migrate"
    monkeypatch.setenv(home, "relative")  # it would stand among the scripts
    assert cache_folder() is None


@pytest.mark.usefixtures("folder", "left")
def test_a_python_without_the_database_does_without_a_cache(project: Path, run: Run) -> None:
    start = project.parent / "start.py"
    start.write_text(
        "import sys\nsys.modules['sqlite3'] = None\nfrom workerlog_migrate.cli import main\nmain()\n"
    )
    with_it = run("--check", "--all")

    without = subprocess.run(
        [sys.executable, str(start), "--check", "--all"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )

    assert (without.returncode, without.stdout) == (with_it.returncode, with_it.stdout)
    assert b"Traceback" not in without.stderr


def test_a_file_that_is_not_known_is_read_once(
    folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes that the cache was asked about are those that are migrated; so they are where there is no cache."""
    script = project / "scripts" / "zero.py"
    script.write_text(LEFT, encoding="utf-8")
    target = Target(Path("scripts/zero.py"), "zero")
    read: list[Path] = []

    def reading(path: Path, _place: Path | None) -> bytes:
        read.append(Path(path))
        return path.read_bytes()

    monkeypatch.setattr("workerlog_migrate.jobs.read_script", reading)
    monkeypatch.setattr("workerlog_migrate.pipeline.read_script", reading)

    def looked_at(cache: Cache | None) -> list[Path]:
        read.clear()
        (result,) = migrate_all([target], Settings(), 1, cache)
        assert result.error is None
        return [*read]

    cache = Cache(Settings(), project, folder)
    assert looked_at(cache) == looked_at(cache) == looked_at(None) == [target.path]
    cache.close()


WORKER = """\
import json
import vendor


def main(path):
    try:
        vendor.send(json.loads(path))
    except Exception:
        print("no")


main("{}")
"""


def test_what_was_written_is_known_to_the_next_run(folder: Path, project: Path, run: Run) -> None:
    """The look at the result says that nothing is left to do; what a report tells in full is inferred when it is asked for."""
    (project / "scripts" / "genesis.py").write_text(WORKER, encoding="utf-8")
    assert run("--apply").returncode == 0
    (row,) = _rows(folder)
    plain = run("--dry-run", "--no-cache")

    known = run("--dry-run")
    assert (known.stdout, known.stderr) == (plain.stdout, plain.stderr)
    assert _rows(folder) == [row]  # found, not made anew

    told = run("--dry-run", "--format", "json", "--no-cache")
    assert run("--dry-run", "--format", "json").stdout == told.stdout
    assert b"vendor.send" in told.stdout
    assert _rows(folder) != [row]
    assert run("--dry-run", "--format", "json").stdout == told.stdout


@pytest.mark.parametrize("what", ["script", "helper", "new helper", "selection", "user"])
def test_what_was_written_is_looked_at_again_when_something_changes(
    folder: Path, project: Path, run: Run, what: str
) -> None:
    """Each thing that decides about a file: its bytes, what it imports, what could be imported, the options, who uses it."""
    scripts = project / "scripts"
    script, helper = scripts / "genesis.py", scripts / "ajuda.py"
    text = WORKER.replace("import vendor", "import ajuda\nimport vendor").replace("json.loads", "ajuda.ler")
    script.write_text(text, encoding="utf-8")
    options: tuple[str, ...] = ()
    if what != "new helper":
        helper.write_text("def ler(texto):\n    return texto\n", encoding="utf-8")
    run("--apply", "scripts/genesis.py")
    keys = {key for key, _ in _rows(folder)}
    assert len(keys) == 1
    before = _rows(folder)
    run("--dry-run", "scripts/genesis.py")
    assert _rows(folder) == before

    match what:
        case "script":
            script.write_text(script.read_text(encoding="utf-8") + "x = 1\n", encoding="utf-8")
        case "helper" | "new helper":
            helper.write_text("def ler(texto):\n    return open(texto)\n", encoding="utf-8")
        case "selection":
            options = ("--select", "specific-exceptions")
        case "user":
            (scripts / "other.py").write_text("import genesis\n\ngenesis.main(3)\n", encoding="utf-8")
    run("--dry-run", *options, "scripts/genesis.py")

    assert _rows(folder) != before


def test_a_line_that_moves_in_another_file_is_told_where_it_is_named(
    folder: Path, project: Path, run: Run
) -> None:
    """Who imports a script decides; in which line counts only for what is said, and then it is the line of today."""
    scripts = project / "scripts"
    (scripts / "genesis.py").write_text(WORKER, encoding="utf-8")
    other = project / "start.py"
    other.write_text("from scripts.genesis import main\n", encoding="utf-8")
    run("--apply", "scripts/genesis.py")
    before = _rows(folder)
    other.write_text("\n\nfrom scripts.genesis import main\n", encoding="utf-8")

    known = run("--dry-run", "scripts/genesis.py")

    assert known.stderr == run("--dry-run", "--no-cache", "scripts/genesis.py").stderr
    assert [key for key, _ in _rows(folder)] == [key for key, _ in before]
