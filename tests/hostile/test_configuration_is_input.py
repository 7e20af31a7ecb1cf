"""Kind: a file of the checkout that names other files. What it names outside needs a person's word."""

from __future__ import annotations

import gc
import ntpath
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attacked import IS_ROOT, NOBODY, WORKER, Place
from click.testing import CliRunner

from workerlog_migrate.cli import main
from workerlog_migrate.config import load_config
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files import names


def configured(place: Place, text: str, folder: Path | None = None) -> None:
    file = (folder or place.clone) / "pyproject.toml"
    file.write_text(f"[tool.workerlog-migrate]\n{text}\n", encoding="utf-8")


def planted(place: Place) -> Path:
    script = place.victim / "zero_theirs.py"
    script.write_text(WORKER, encoding="utf-8")
    return script


@pytest.mark.parametrize("how", ["relative", "absolute", "a link", "a link on the way"])
@pytest.mark.parametrize("mode", ["--apply", "--dry-run"])
def test_paths_of_a_configuration_stay_in_its_folder(place: Place, how: str, mode: str) -> None:
    theirs = planted(place)
    (place.clone / "link").symlink_to(place.victim)
    (place.clone / "up").symlink_to("..")
    paths = {
        "relative": "../victim",
        "absolute": str(place.victim),
        "a link": "link",
        "a link on the way": "up/victim",
    }
    configured(place, f'paths = ["{paths[how]}"]')

    done = place.run(mode)

    assert done.returncode == 2
    assert f"leads out of the project, to {place.victim}; " in done.stderr
    assert done.stdout == ""
    assert theirs.read_text() == WORKER


OWN = (
    ".git/hooks",
    ".venv",
    ".venv/lib/python3.11/site-packages",
    "node_modules/x",
    "Node_Modules/x",
    "__pypackages__",
    ".eggs",
    "env/x",
)


@pytest.mark.parametrize("how", ["named", "a link", "scripts"])
def test_paths_of_a_configuration_lead_into_nothing_that_no_checkout_brings(place: Place, how: str) -> None:
    """Kind: what lies in a checkout's folder is not all of the checkout: hooks, an environment, packages are the person's."""
    for folder in OWN if how == "named" else OWN[:3]:
        theirs = place.clone / folder / "zero_theirs.py"
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_text(WORKER, encoding="utf-8")
        for name in (".venv/pyvenv.cfg", "env/pyvenv.cfg"):
            (place.clone / name.partition("/")[0]).mkdir(exist_ok=True)
            (place.clone / name).touch()
        path = folder
        if how != "named":
            path = "scripts" if how == "scripts" else "link"
            link = place.clone / path
            if how == "scripts":
                place.script.unlink(missing_ok=True)
                link.unlink() if link.is_symlink() else link.rmdir()
            else:
                link.unlink(missing_ok=True)
            link.symlink_to(folder)
        configured(place, f'paths = ["{path}"]\nall = true' if how != "scripts" else "all = true")

        done = place.run("--apply")

        assert done.returncode == 2, folder
        assert "which no checkout brings; if you mean that, name it on the command line" in done.stderr
        assert theirs.read_text(encoding="utf-8") == WORKER
        assert [each.name for each in theirs.parent.glob("*.py")] == [theirs.name]


def test_twin_a_folder_of_a_checkout_may_begin_with_a_dot_and_what_a_person_names_is_migrated(
    place: Place,
) -> None:
    for folder, arguments in ((".github/scripts", ()), ("node_modules/x", ("node_modules/x",))):
        script = place.clone / folder / "zero_ours.py"
        script.parent.mkdir(parents=True)
        script.write_text(WORKER, encoding="utf-8")
        configured(place, f'paths = ["{folder}"]')

        assert place.run("--apply", *arguments).returncode == 0
        assert "mirror_print(" in script.read_text(encoding="utf-8")


def test_the_default_folder_as_a_link_leads_nowhere(place: Place) -> None:
    theirs = planted(place)
    place.script.unlink()
    place.script.parent.rmdir()
    (place.clone / "scripts").symlink_to("../victim")

    done = place.run("--apply")

    assert done.returncode == 2
    assert f"scripts leads out of the project, to {place.victim}" in done.stderr
    assert theirs.read_text() == WORKER


def test_twin_a_person_s_word_is_enough(place: Place) -> None:
    theirs = planted(place)
    (place.clone / "link").symlink_to("../victim")

    assert place.run("--apply", "link").returncode == 0
    assert "mirror_print" in theirs.read_text()


def test_twin_a_link_inside_the_project_is_followed(place: Place) -> None:
    (place.clone / "workers").symlink_to("scripts")
    configured(place, 'paths = ["workers"]')

    assert place.run("--apply").returncode == 0
    assert "mirror_print" in place.script.read_text()


def test_twin_from_a_folder_below_the_paths_are_those_of_the_project(place: Place) -> None:
    configured(place, 'paths = ["scripts"]')
    (place.clone / "docs").mkdir()

    assert place.run("--apply", cwd=place.clone / "docs").returncode == 0
    assert "mirror_print" in place.script.read_text()


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a file to somebody else")
def test_a_stranger_s_configuration_above_is_passed_over(place: Place) -> None:
    """As /tmp/pyproject.toml above /tmp/mine/scripts."""
    (place.clone / "pyproject.toml").unlink()
    root = place.clone.parent
    configured(place, 'paths = ["victim"]', root)
    theirs = planted(place)
    os.chown(root / "pyproject.toml", 1234, 1234)

    assert place.run("--apply").returncode == 0
    assert theirs.read_text() == WORKER
    assert "mirror_print" in place.script.read_text()


def test_twin_one_s_own_configuration_above_is_read(place: Place) -> None:
    (place.clone / "pyproject.toml").unlink()
    configured(place, 'paths = ["victim"]', place.clone.parent)
    theirs = planted(place)

    assert place.run("--apply").returncode == 0
    assert "mirror_print" in theirs.read_text()


@pytest.mark.parametrize(
    "text",
    [
        '[tool.workerlog-migrate.per-file-ignores]\n"" = ["retry-io"]',
        '[tool.workerlog-migrate.per-file-ignores]\n"." = ["retry-io"]',
    ],
)
def test_a_pattern_that_is_none_is_wrong_usage_and_no_change_found(place: Place, text: str) -> None:
    """It was a traceback and exit code 1, which CI reads as "changes found"."""
    configured(place, text)

    done = place.run("--check")

    assert done.returncode == 2
    assert f"{place.clone / 'pyproject.toml'}: [tool.workerlog-migrate." in done.stderr
    assert "is no pattern of a path" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the processors of a process are Linux's")
@pytest.mark.parametrize("said", ["configuration", "command line"])
def test_a_configuration_starts_no_more_processes_than_there_are_processors(place: Place, said: str) -> None:
    """Each process reads the whole knowledge: one for each of a thousand files keeps a machine busy for an hour.

    The twin is the command line, which is a person's word.
    """
    if said == "configuration":
        configured(place, "jobs = 1000000")
    for number in range(4):
        place.script.with_name(f"zero_{number}.py").write_text(WORKER, encoding="utf-8")
    tracing = (
        "import multiprocessing.process, os, runpy, sys\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "def told(process, known=multiprocessing.process.BaseProcess.start):\n"
        "    print('a process', file=sys.stderr)\n"
        "    known(process)\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.process.BaseProcess.start = told\n"
        "    from workerlog_migrate.cli import main\n"
        "    main()\n"
    )
    runner = place.home / "runner.py"
    runner.write_text(tracing, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, runner, "--check", "--no-cache", *(["--jobs=3"] if said == "command line" else [])],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert done.stderr.count("a process\n") == (0 if said == "configuration" else 3)


MANY = {
    "exclude": ("exclude = [{}]", '"q{}"'),
    "libraries": ("libraries = [{}]", '"/usr/*/*"'),
    "extra": ("retry.extra = [{}]", '"q{}"'),
    "workers": ("workers = {{ {} }}", 'w{} = ["q{}"]'),
    "per-file-ignores": ("per-file-ignores = {{ {} }}", "q{} = []"),
    "levels": ("levels = {{ {} }}", 'q{} = "info"'),
}


@pytest.mark.parametrize("key", MANY)
def test_a_configuration_of_so_many_entries_is_refused(place: Place, key: str) -> None:
    """Kind: entries of a configuration, each of which is compared with each script, or leads through folders."""
    whole, entry = MANY[key]
    configured(place, whole.format(", ".join(entry.format(number, number) for number in range(30_000))))

    done = place.run("--check", timeout=120)

    assert done.returncode == 2
    assert f"pyproject.toml: {key}" in done.stderr or f".{key}]" in done.stderr
    assert "has more than 1,000 entries" in done.stderr


@pytest.mark.parametrize("key", [key for key in MANY if key != "libraries"])
def test_twin_as_many_as_a_person_writes_are_taken(place: Place, key: str) -> None:
    whole, entry = MANY[key]
    configured(place, whole.format(", ".join(entry.format(number, number) for number in range(400))))

    done = place.run("--check", timeout=120)

    assert "1 file would change" in done.stderr


def test_libraries_are_looked_for_in_so_many_folders_together(place: Place, tmp_path: Path) -> None:
    """Each pattern alone may lead through many folders."""
    for number in range(60):
        (tmp_path / f"a{number}" / "b").mkdir(parents=True)
    configured(place, "libraries = [" + f'"{tmp_path}/*/*", ' * 400 + "]")

    done = place.run("--check", timeout=120)

    assert done.returncode == 2
    assert "leads through more than 20,000 folders" in done.stderr


@pytest.mark.parametrize("text", ["x" * 5_000, "a/" * 100_000])
def test_a_long_text_of_a_configuration_is_refused_and_not_repeated(place: Place, text: str) -> None:
    configured(place, f'paths = ["{text}"]')
    refused = place.run("--check", timeout=120)
    configured(place, f'"{text}" = 1')
    unknown = place.run("--check", timeout=120)

    assert (refused.returncode, unknown.returncode) == (2, 2)
    assert "paths holds a text of more than 4,096 characters" in refused.stderr
    assert "the nearest is" in unknown.stderr
    assert len(refused.stderr + unknown.stderr) < 2_000


def test_a_configuration_that_takes_too_long_to_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is long in a way that nobody thought of ends by the clock."""
    monkeypatch.setattr("workerlog_migrate.config._PATIENCE", 0.2)
    file = tmp_path / "pyproject.toml"
    keys = "".join(f"b{line}.a = 1\n" for line in range(60_000))
    file.write_text(f"[{'.'.join('a' * 32)}]\n{keys}", encoding="utf-8")

    was_enabled = gc.isenabled()
    gc.disable()  # what is raised in a callback of the collector, as a plug-in of pytest has one, is shown and passed over
    try:
        with pytest.raises(
            UsageError, match=r"pyproject\.toml: takes more than 0 s of processor time to read"
        ):
            load_config(file)
    finally:
        if was_enabled:
            gc.enable()


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files to somebody else")
@pytest.mark.parametrize("whose", ["a stranger's", "ours"])
def test_a_stranger_above_the_project_makes_it_no_part_of_a_repository(place: Place, whose: str) -> None:
    """Kind: in a folder where everybody may write, a ``.git`` and what it makes count are as a ``pyproject.toml`` is; ours count."""
    above = place.clone.parent
    above.chmod(0o1777)
    (above / ".git").mkdir()
    (above / ".gitignore").write_text("zero_worker.py\n", encoding="utf-8")
    if whose == "a stranger's":
        for name in (".git", ".gitignore"):
            os.chown(above / name, NOBODY, NOBODY)

    done = place.run("--check")

    assert done.returncode == (1 if whose == "a stranger's" else 0), done.stderr


REMOTE = {
    "paths": ("pyproject.toml", '[tool.workerlog-migrate]\npaths = ["/net/evil/x"]\n'),
    "dots": ("pyproject.toml", '[tool.workerlog-migrate]\npaths = ["' + "../" * 30 + 'net/evil/x"]\n'),
    "libraries": ("pyproject.toml", '[tool.workerlog-migrate]\nlibraries = ["/net/evil/*"]\n'),
    "extend": ("ruff.toml", 'extend = "/net/evil/$SECRET/ruff.toml"\n'),
    "src": ("ruff.toml", 'src = ["/net/evil/src", "/net/evil/*"]\n'),
    "src_paths": (".isort.cfg", "[settings]\nsrc_paths = /net/evil/src\n"),
    "gitdir": (".git", "gitdir: /net/evil/x\n"),
    "search path": ("scripts/helper.py", 'import sys\n\nsys.path.insert(0, "/net/evil/lib")\n'),
}


@pytest.mark.parametrize("what", REMOTE)
def test_no_path_of_a_checkout_has_another_machine_asked(
    place: Place, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: to look at a path is to tell: an automounter asks ``/net/HOST``, and Windows logs in to ``//HOST``."""
    name, text = REMOTE[what]
    (place.clone / name).write_text(text, encoding="utf-8")
    place.script.write_text("import helper\nimport requests\n" + WORKER, encoding="utf-8")
    monkeypatch.chdir(place.clone)
    monkeypatch.setenv("HOME", str(place.home))
    monkeypatch.setenv("SECRET", "mine")
    asked: list[str] = []
    for function in ("stat", "lstat", "scandir", "listdir", "readlink", "open"):
        real = getattr(os, function)

        def watching(
            path: object, *rest: object, _real: Callable[..., object] = real, **more: object
        ) -> object:
            if "/evil" in str(path):
                asked.append(str(path))
            return _real(path, *rest, **more)

        monkeypatch.setattr(os, function, watching)

    done = CliRunner().invoke(main, ["--check", "--no-cache"])

    assert done.exit_code == (2 if what in ("paths", "dots", "libraries") else 1), done.output
    assert asked == []
    if done.exit_code == 2:
        assert "leads out of the project" in done.output or "lies on another machine" in done.output


@pytest.mark.parametrize(
    ("path", "home", "is_remote"),
    [
        ("/net/evil/x", "/home/me", True),
        ("/home/me/../../net/evil", "/home/me", True),
        ("//evil/share", "/home/me", True),
        ("/net/mine/x", "/net/mine/project", False),
        ("/net", "/home/me", False),
        ("/home/me/net/x", "/home/me", False),
        ("net/x", "/home/me", False),
    ],
)
def test_another_machine_is_known_by_a_path(path: str, home: str, *, is_remote: bool) -> None:
    assert names.is_remote(path, home) == is_remote


def test_on_windows_another_machine_is_known_by_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: as above, where Windows has its say."""
    monkeypatch.setattr(os, "path", ntpath)
    monkeypatch.setattr(os, "sep", "\\")

    assert names.is_remote(r"\\evil\share\x", r"C:\project")
    assert names.is_remote("//evil/share", r"C:\project")
    assert names.is_remote(r"\\?\UNC\evil\share", r"C:\project")
    assert not names.is_remote(r"\\MINE\share\other", r"\\mine\share\project")
    assert not names.is_remote(r"C:\net\x", r"C:\project")
    assert not names.is_remote(r"\net\x\y", r"C:\project")


@pytest.mark.parametrize(
    "text",
    [
        'export PYTHONPATH="$(dirname $0)/lib:$PYTHONPATH"\n',
        'PYTHONPATH="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/lib" python scripts/zero_worker.py\n',
        "export PYTHONPATH=`pwd`/lib\n",
    ],
)
def test_a_search_path_that_a_shell_makes_leads_the_runtime_to_no_module(place: Place, text: str) -> None:
    """Kind: a folder that a command names before it stands in front of the standard library as any other."""
    (place.clone / "lib").mkdir()
    (place.clone / "lib/logging.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    (place.clone / "run.sh").write_text(text, encoding="utf-8")

    assert place.run("--apply").returncode == 0
    assert place.script.read_text(encoding="utf-8") == WORKER


HELPER = """import cloud


class NoExc(dict):
    pass


class Mine(OSError):
    pass


class Made(cloud.Base):
    pass
"""


def taught(place: Place, *rows: str, has_helper: bool = True) -> subprocess.CompletedProcess[str]:
    """Migrate a script with one handler for each row, around a call that the row teaches."""
    bodies = (
        f'try:\n    cloud.fetch_{number}()\nexcept Exception as error:\n    print("failed", error)\n'
        for number, _ in enumerate(rows)
    )
    place.script.write_text(
        "import json\nimport mailbox\nimport os\n\nimport cloud\nimport helper\n\n" + "".join(bodies),
        encoding="utf-8",
    )
    if has_helper:
        place.script.with_name("helper.py").write_text(HELPER, encoding="utf-8")
    lines = (f"cloud.fetch_{number} = [{row}]\n" for number, row in enumerate(rows))
    (place.clone / "pyproject.toml").write_text(
        f"[tool.workerlog-migrate.raises]\n{''.join(lines)}", encoding="utf-8"
    )
    return place.run("--apply", "scripts/zero_worker.py")


def test_what_is_no_exception_class_is_written_into_no_handler(place: Place) -> None:
    """Kind: a name that a configuration teaches ends the handler that lists it with a TypeError or an AttributeError."""
    wrong = (
        *("print", "builtins.print", "int", "json", "os.path", "json.decoder"),
        *("json.dumps", "json.Nope", "helper.NoExc"),
    )

    done = taught(place, *(f'"{name}"' for name in wrong), *(f'"OSError", "{name}"' for name in wrong))

    assert done.returncode == 0
    assert place.script.read_text(encoding="utf-8").count("except Exception as error:") == 2 * len(wrong)
    for number, name in enumerate((*wrong, *wrong)):
        row = f'pyproject.toml: [tool.workerlog-migrate.raises] "cloud.fetch_{number}"'
        assert f"{row}: {name} is no exception class, name one instead\n" in done.stderr


def test_twin_an_exception_and_what_may_be_one_are_believed(place: Place) -> None:
    names = ("KeyError", "json.JSONDecodeError", "mailbox.Error", "cloud.Error", "helper.Mine", "helper.Made")

    done = taught(place, *(f'"{name}"' for name in names))

    assert done.returncode == 0
    for name in names:
        assert f"\nexcept {name} as error:\n" in place.script.read_text(encoding="utf-8")
    assert "is no exception" not in done.stderr


RUN_AS_THEY_ARE_LOADED = (
    *("antigravity.geohash", "this.s", "idlelib.idle.main", "unittest.__main__.main"),
    *("asyncio.__main__.console", "venv.__main__.rc", "json.tool.main", "cloud.__main__.Error"),
)
"""A browser, a poem, a window, all tests of the folder, a prompt, an exit."""


def import_taught(place: Place, *names: str, python: str = "3.10") -> str:
    """Migrate a script that imports nothing of what a configuration says that a call raises; give its text."""
    bodies = (
        f'try:\n    fetch_{number}()\nexcept Exception as error:\n    print("failed", error)\n'
        for number, _ in enumerate(names)
    )
    fetches = ", ".join(f"fetch_{number}" for number, _ in enumerate(names))
    place.script.write_text(f"from cloud import {fetches}\n\n{''.join(bodies)}", encoding="utf-8")
    rows = (f'cloud.fetch_{number} = ["{name}"]\n' for number, name in enumerate(names))
    (place.clone / "pyproject.toml").write_text(
        f'[project]\nrequires-python = ">={python}"\n[tool.workerlog-migrate.raises]\n{"".join(rows)}',
        encoding="utf-8",
    )
    done = place.run("--apply", "scripts/zero_worker.py")
    assert done.returncode == 0, done.stderr
    return place.script.read_text(encoding="utf-8")


@pytest.mark.parametrize("python", ["3.10", "3.99"])
def test_a_configuration_has_no_module_imported_that_is_a_program(place: Place, python: str) -> None:
    """Kind: a row of exceptions names anything in a module that runs something as it is loaded."""
    after = import_taught(place, *RUN_AS_THEY_ARE_LOADED, python=python)
    assert after.count("except Exception as error:") == len(RUN_AS_THEY_ARE_LOADED)
    for name in RUN_AS_THEY_ARE_LOADED:
        assert f"import {name.rpartition('.')[0]}\n" not in after


def test_twin_a_class_that_a_standard_module_is_seen_to_define_is_imported(place: Place) -> None:
    names = ("mailbox.Error", "webbrowser.Error", "ftplib.all_errors", "getopt.error", "cloud.errors.Refused")
    after = import_taught(place, *names)
    assert "except Exception" not in after
    for name in names:
        assert f"import {name.rpartition('.')[0]}\n" in after


@pytest.mark.parametrize("folder", ["../../victim", "/etc/logrotate.d", "logs/../../x", "//host/share"])
def test_a_log_folder_out_of_the_project_is_said(place: Place, folder: str) -> None:
    """Kind: a configuration that came with a checkout decides where migrated workers write."""
    (place.clone / "pyproject.toml").write_text(
        f'[tool.workerlog-migrate]\nlog-dir = "{folder}"\n', encoding="utf-8"
    )
    for mode in ("--dry-run", "--check", "--apply"):
        said = place.run(mode).stderr
        where = os.path.normpath(os.path.join(place.clone, folder))
        assert (
            f"the log folder leads out of the project (by log-dir, or a link): workers write their logs to {where}\n"
            in said
        )


@pytest.mark.parametrize("folder", ["var/log", "./logs", ".", "x/../logs"])
def test_twin_a_log_folder_in_the_project_is_nothing_to_speak_of(place: Place, folder: str) -> None:
    (place.clone / "pyproject.toml").write_text(
        f'[tool.workerlog-migrate]\nlog-dir = "{folder}"\n', encoding="utf-8"
    )
    assert "leads out" not in place.run().stderr


@pytest.mark.parametrize("how", ["helper.py", "helper/__init__.py", "helper/evil.pyc"])
def test_a_module_of_the_project_that_is_not_seen_is_not_imported(place: Place, how: str) -> None:
    """Kind: ``helper.evil`` is a file of the project that nobody can read, or none; its import ends or runs something."""
    scripts = place.script.parent
    if how != "helper.py":
        (scripts / "helper").mkdir()
        (scripts / how).write_bytes(b"")
        (scripts / "helper" / "evil.pyc").write_bytes(b"compiled")
    rows = ('"helper.evil.Boom"', '"cloud.errors.Boom"')
    assert taught(place, *rows, has_helper=how == "helper.py").returncode == 0
    after = place.script.read_text(encoding="utf-8")
    assert "except Exception as error:" in after
    assert "helper.evil" not in after
    assert "except cloud.errors.Boom as error:" in after


@pytest.mark.parametrize(
    "table",
    [
        "[tool.ruff.lint]\nselect = ['I']\n[tool.ruff.lint.isort]\nlines-after-imports = 300000\nlines-between-types = 300000\n",
        "[tool.isort]\nlines_after_imports = 300000\nlines_between_types = 300000\n",
    ],
    ids=["ruff", "isort"],
)
def test_no_number_of_blank_lines_fills_a_script(place: Place, table: str) -> None:
    """Kind: a number of a configuration of somebody else's says how much is written."""
    (place.clone / "pyproject.toml").write_text(table, encoding="utf-8")
    place.script.write_text("import os\nprint(os.name)\n", encoding="utf-8")

    assert place.run("--apply").returncode == 0

    assert len(place.script.read_text(encoding="utf-8")) < 1_000


def test_twin_as_many_blank_lines_as_a_project_wants_are_written(place: Place) -> None:
    (place.clone / "pyproject.toml").write_text("[tool.isort]\nlines_after_imports = 5\n", encoding="utf-8")
    place.script.write_text("import os\n\nprint(os.name)\n", encoding="utf-8")

    place.run("--apply")

    assert "setup_worker_logger\n\n\n\n\n\nlogger = " in place.script.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["cloud.True", "cloud.class.Boom", "None"])
def test_a_keyword_is_no_name_of_an_exception(place: Place, name: str) -> None:
    """Kind: a word that is an identifier for `str.isidentifier` and none for Python."""
    done = taught(place, f'"{name}"')

    assert done.returncode == 2
    assert f"{name!r} is no qualified name" in done.stderr


def test_a_link_in_place_of_the_log_folder_is_said(place: Place) -> None:
    """Kind: a checkout decides where workers write, by a link as well as by ``log-dir``."""
    (place.clone / "logs").symlink_to(place.victim)

    said = place.run("--apply").stderr

    assert f"by log-dir, or a link): workers write their logs to {place.victim}\n" in said


def test_twin_a_link_to_a_log_folder_in_the_project_is_nothing_to_speak_of(place: Place) -> None:
    (place.clone / "logs").symlink_to("var")

    assert "leads out" not in place.run("--apply").stderr
