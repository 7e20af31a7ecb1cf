"""``--from-logs`` through the real command: each note ends at the right handler, or at none with a line that says why."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import commands
import pytest

from workerlog_migrate.seen.places import Paths

ROOT = Path(__file__).resolve().parents[2]

LOADERS = """\
import json
import os
import socket


class Refused(Exception):
    pass


class First:
    def load(self, path):
        try:
            return json.load(open(path))
        except Exception:
            pass


class Second:
    def load(self, path):
        try:
            return json.load(open(path))
        except Exception:
            pass


def twice(path):
    try:
        os.remove(path)
    except Exception:
        pass
    try:
        os.remove(path)
    except Exception:
        pass
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One script on trial."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    script = tmp_path / "scripts" / "zero_fila.py"
    script.write_text(LOADERS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(project: Path) -> Run:
    """Run the command in the project."""

    def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": commands.PATHS, "XDG_STATE_HOME": str(project / "state")}
        return commands.text(commands.run(*arguments, cwd=project, env=variables))

    return run_command


def line_of(script: Path, text: str, nth: int = 1) -> int:
    """Give the line in which a text stands for the nth time."""
    found = [number for number, line in enumerate(script.read_text("utf-8").splitlines(), 1) if text in line]
    return found[nth - 1]


def note(script: Path, function: str, watch: int, kind: str, **extra: object) -> dict[str, object]:
    """Write what the runtime would at the nth watch of the script."""
    line = line_of(script, "expect_only(logger", watch)
    first = line_of(script, f"def {function.rpartition('.')[2]}(", 2 if function.startswith("Second") else 1)
    path = f"/srv/bot/scripts/{script.name}"
    frames = [] if extra.get("expected", True) else [[path, function, first, line - 2]]
    made: dict[str, object] = {
        "v": 1, "event": "seen", "time": "2026-11-29T13:34:00.123Z", "pid": 1, "path": path, "function": function,
        "function_line": first, "line": line, "type": kind, "bases": ["builtins:Exception", "builtins:BaseException"],
        "expected": True, "count": 3, **({"frames": frames} if frames else {}),
    }  # fmt: skip
    return {**made, **extra}


def write(project: Path, *notes: object) -> None:
    """Write an evidence file."""
    (project / "logs").mkdir(exist_ok=True)
    text = "".join(entry if isinstance(entry, str) else json.dumps(entry) + "\n" for entry in notes)
    (project / "logs" / "zero.seen.jsonl").write_text(text, encoding="utf-8")


def excepts(script: Path) -> list[str]:
    """Give the ``except`` lines."""
    return [
        line.strip() for line in script.read_text("utf-8").splitlines() if line.strip().startswith("except")
    ]


@pytest.fixture
def script(project: Path, run: Run) -> Path:
    """The script on trial."""
    assert run("--apply", "--trial").returncode == 0
    return project / "scripts" / "zero_fila.py"


BROAD = "except Exception:"


@pytest.mark.parametrize(
    ("function", "watch", "expected"),
    [
        pytest.param("First.load", 1, [0], id="first of two classes"),
        pytest.param("Second.load", 2, [1], id="second of two classes"),
        pytest.param("twice", 3, [2], id="first of two handlers with the same list"),
        pytest.param("twice", 4, [3], id="second of two handlers with the same list"),
    ],
)
def test_a_type_ends_at_its_handler(
    project: Path, run: Run, script: Path, function: str, watch: int, expected: list[int]
) -> None:
    write(project, note(script, function, watch, "builtins:RuntimeError", expected=False))
    before = script.read_bytes()

    shown = run("--from-logs", "logs")
    done = run("--from-logs", "logs", "--apply")
    found = excepts(script)
    again = run("--from-logs", "logs", "--check")
    undone = run("--undo")

    assert (shown.returncode, done.returncode, again.returncode, undone.returncode) == (0, 0, 0, 0), (
        done.stderr
    )
    assert "+" in shown.stdout
    assert [number for number, line in enumerate(found) if "RuntimeError" in line] == expected
    assert found.count(BROAD) == 3
    assert script.read_bytes() == before


def test_edits_outside_the_function_do_not_matter(project: Path, run: Run, script: Path) -> None:
    """A file edited under a running worker: what stands above has moved the handler."""
    write(project, note(script, "twice", 4, "builtins:RuntimeError", expected=False))
    script.write_text(
        script.read_text("utf-8").replace("class Refused", "LIMIT = 5\nOTHER = 6\n\n\nclass Refused"), "utf-8"
    )

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[2:] == [BROAD, "except (OSError, RuntimeError):"]


def edit_inside(script: Path) -> None:
    script.write_text(
        script.read_text("utf-8").replace(
            "def twice(path):\n", "def twice(path):\n    print(path)\n    print(path)\n"
        ),
        "utf-8",
    )


def test_in_an_edited_function_the_nth_handler_is_meant(project: Path, run: Run, script: Path) -> None:
    """There are as many as were noted."""
    write(
        project,
        note(script, "twice", 3, "builtins:FileNotFoundError"),
        note(script, "twice", 4, "builtins:RuntimeError", expected=False),
    )
    edit_inside(script)

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[2:] == ["except OSError:", "except (OSError, RuntimeError):"]


def test_in_an_edited_function_what_is_ambiguous_is_said(project: Path, run: Run, script: Path) -> None:
    """Twin: one of two was noted, and nobody knows which."""
    write(project, note(script, "twice", 4, "builtins:RuntimeError", expected=False))
    edit_inside(script)

    result = run("--from-logs", "logs", "--apply")

    assert excepts(script)[2:] == [BROAD, BROAD]
    assert "scripts/zero_fila.py:1: the function was edited since" in result.stderr


def test_of_two_files_of_one_name_the_longest_common_ending_wins(
    project: Path, run: Run, script: Path
) -> None:
    """Paths differ between machines; one that fits both is said, and not applied."""
    (project / "scripts" / "b").mkdir()
    other = project / "scripts" / "b" / script.name
    other.write_bytes(script.read_bytes())
    entry = note(script, "First.load", 1, "builtins:RuntimeError", expected=False)
    moved = json.loads(json.dumps(entry).replace("/srv/bot/scripts/", "/srv/bot/scripts/b/"))

    write(project, moved)
    run("--from-logs", "logs", "--apply")
    first = (excepts(script)[0], excepts(other)[0])
    write(project, json.loads(json.dumps(entry).replace("/srv/bot/scripts/", "/elsewhere/")))
    result = run("--from-logs", "logs", "--apply")

    assert first == (BROAD, "except (OSError, RuntimeError, ValueError):")
    assert excepts(script)[0] == BROAD
    assert "1 about a file of which there are several of that name" in result.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"v": 2}, "1 of a later version", id="newer"),
        pytest.param(
            {"path": "/srv/bot/other.py", "frames": []},
            "about files that are not among those looked at",
            id="foreign",
        ),
        pytest.param(
            {"path": "scripts/../scripts/zero_fila.py"}, "1 not as the runtime writes them", id="upwards"
        ),
        pytest.param({"type": "os:getcwd"}, "of which nothing says that it is an exception", id="function"),
        pytest.param(
            {"type": "antigravity:Anything"}, "of which nothing says that it is an exception", id="module"
        ),
        pytest.param(
            {"type": "minha_lib:__builtins__.Cheia"},
            "of which nothing says that it is an exception",
            id="through what no class has",
        ),
        pytest.param(
            {"type": "minha_lib.erros:Cheia"},
            "the line to write: except minha_lib.erros.Cheia",
            id="not imported",
        ),
        pytest.param(
            {"type": "xml.etree.ElementTree:ParseError"},
            "the line to write: except xml.etree.ElementTree.ParseError",
            id="known, and imported by nobody",
        ),
        pytest.param(
            {"type": "subprocess:CalledProcessError"},
            "the line to write: except subprocess.CalledProcessError",
            id="imported by our own files alone",
        ),
        pytest.param(
            {"type": "builtins:ExceptionGroup"},
            "which not every Python that the project is for has",
            id="of a later Python",
        ),
        pytest.param(
            {"event": "uncaught", "frames": []},
            "1 uncaught, without a frame of a file that is looked at",
            id="from nowhere",
        ),
        pytest.param(
            {"type": "builtins:Exception", "bases": ["builtins:BaseException"]},
            "Exception itself came",
            id="root",
        ),
    ],
)
def test_what_cannot_be_applied_is_told(
    project: Path, run: Run, script: Path, change: dict[str, object], told: str
) -> None:
    """No such line has an effect, and no type that nobody imports is written."""
    entry = note(script, "First.load", 1, "builtins:RuntimeError", expected=False)
    write(project, note(script, "Second.load", 2, "builtins:OSError"), {**entry, **change})

    result = run("--from-logs", "logs", "--apply")

    assert result.returncode == 0
    assert excepts(script)[:2] == [BROAD, "except (OSError, ValueError):"]
    assert told in result.stderr


@pytest.mark.parametrize(
    "kind",
    [
        "builtins:KeyboardInterrupt",
        "builtins:SystemExit",
        "asyncio.exceptions:CancelledError",
        "builtins:BaseExceptionGroup",
    ],
)
def test_what_ends_a_program_is_never_listed(project: Path, run: Run, script: Path, kind: str) -> None:
    write(
        project,
        note(script, "First.load", 1, "builtins:OSError"),
        note(script, "First.load", 1, kind, expected=False, bases=["builtins:BaseException"]),
    )

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[0] == "except (OSError, ValueError):"


def test_a_class_of_the_script_is_written(project: Path, run: Run, script: Path) -> None:
    write(project, note(script, "First.load", 1, "__main__:Refused", expected=False))

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[0] == "except (OSError, Refused, ValueError):"


def test_what_a_mock_raised_proposes_nothing_by_itself(project: Path, run: Run, script: Path) -> None:
    entry = note(script, "First.load", 1, "builtins:RuntimeError", expected=False)
    frames = entry["frames"]
    assert isinstance(frames, list)
    entry["frames"] = [
        *frames,
        ["/usr/lib/python3/unittest/mock.py", "CallableMixin._execute_mock_call", 1, 2],
    ]
    write(project, entry)

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[0] == BROAD


@pytest.mark.parametrize(("days", "settled"), [("7", True), ("8", False)])
def test_what_nothing_came_to_is_settled_after_some_days(
    project: Path, run: Run, script: Path, days: str, settled: bool
) -> None:
    path = "/srv/bot/scripts/zero_fila.py"
    write(
        project,
        {"v": 1, "event": "started", "time": "2026-11-20T00:00:00Z", "pid": 1, "path": path},
        {"v": 1, "event": "ended", "time": "2026-11-23T12:00:00Z", "pid": 1, "path": path},
        {"v": 1, "event": "started", "time": "2026-11-24T00:00:00Z", "pid": 2, "path": path},
        {"v": 1, "event": "ended", "time": "2026-11-27T12:00:00Z", "pid": 2, "path": path},
    )

    run("--from-logs", "logs", "--watched", days, "--apply")

    assert (BROAD not in excepts(script)) is settled


def test_explain_and_json_say_what_was_seen(project: Path, run: Run, script: Path) -> None:
    write(project, note(script, "First.load", 1, "builtins:RuntimeError", expected=False))
    place = line_of(script, BROAD)

    explained = run("--explain", f"scripts/zero_fila.py:{place}", "--from-logs", "logs").stdout
    document = json.loads(run("--from-logs", "logs", "--format", "json").stdout)

    assert (
        "RuntimeError, not expected: 3 times in 1 process, 2026-11-29T13:34:00.123Z, in zero.seen.jsonl"
        in explained
    )
    assert document["seen"]["hit"] == 1
    rules = [entry["rule"] for finding in document["files"][0]["findings"] for entry in finding["evidence"]]
    assert rules.count("seen:not-expected") == 1


@pytest.mark.parametrize("option", ["--trial", "--no-trial", "--select=retry-io", "--unresolved=reraise"])
def test_what_does_not_go_with_it_is_wrong_usage(project: Path, run: Run, script: Path, option: str) -> None:
    write(project, note(script, "First.load", 1, "builtins:OSError"))

    assert run("--from-logs", "logs", option).returncode == 2
    assert run("--from-logs", "nowhere").returncode == 2
    assert run("--watched", "3").returncode == 2


def test_the_key_of_a_trial_does_not_stand_in_its_way(project: Path, run: Run, script: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.workerlog-migrate]\ntrial = true\n", "utf-8")
    write(project, note(script, "First.load", 1, "builtins:OSError"))

    assert run("--from-logs", "logs", "--apply").returncode == 0
    assert excepts(script)[0] == "except (OSError, ValueError):"


def test_what_a_file_of_the_program_imports_is_imported(project: Path, run: Run, script: Path) -> None:
    """Twin of a class that nobody imports: a helper imports it, so it is a class of the project."""
    (project / "scripts" / "ajuda.py").write_text("import xml.etree.ElementTree\n", "utf-8")
    text = script.read_text("utf-8").replace("import json\n", "import json\nimport ajuda\n", 1)
    script.write_text(text, "utf-8")
    write(
        project,
        note(script, "First.load", 1, "xml.etree.ElementTree:ParseError", expected=False),
    )

    run("--from-logs", "logs", "--apply")

    assert "xml.etree.ElementTree.ParseError" in excepts(script)[0]
    assert "import xml.etree.ElementTree\n" in script.read_text("utf-8")


NEVER = "\n\ndef never():\n    import MODULE\n"


@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("armed", {"armed.py": "class Cheia(Exception): pass\nopen('PWNED', 'w')\n"}),
        (
            "pkg.armed",
            {"pkg/__init__.py": "", "pkg/armed.py": "class Cheia(Exception): pass\nopen('PWNED', 'w')\n"},
        ),
        ("pkg.armed", {"pkg/armed.py": "class Cheia(Exception): pass\nopen('PWNED', 'w')\n"}),
        ("xml.armed", {"xml/armed.py": "class Cheia(Exception): pass\nopen('PWNED', 'w')\n"}),
    ],
)
def test_no_import_in_a_function_that_never_runs_has_a_file_of_the_checkout_run(
    project: Path, run: Run, script: Path, module: str, files: dict[str, str]
) -> None:
    """Kind: a script and a log folder of one hostile checkout agree on a class whose module nothing has imported before."""
    for name, text in files.items():
        (project / "scripts" / name).parent.mkdir(exist_ok=True)
        (project / "scripts" / name).write_text(text, "utf-8")
    top = module.partition(".")[0]
    always = f"import {top}\n" if top == "pkg" else ""
    text = script.read_text("utf-8").replace("import json\n", f"import json\n{always}", 1)
    script.write_text(text + NEVER.replace("MODULE", module), "utf-8")
    write(project, note(script, "First.load", 1, f"{module}:Cheia", expected=False))

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[0] == BROAD
    assert f"\nimport {module}\n" not in f"\n{script.read_text('utf-8')}"


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_standard_module_that_a_function_imports_is_imported_if_none_lies_in_its_place(
    project: Path, run: Run, script: Path, is_hidden: bool
) -> None:
    """Twin: the library's own is no file of the checkout."""
    if is_hidden:
        (project / "scripts" / "configparser.py").write_text("open('PWNED', 'w')\n", "utf-8")
    script.write_text(script.read_text("utf-8") + NEVER.replace("MODULE", "configparser"), "utf-8")
    write(project, note(script, "First.load", 1, "configparser:NoSectionError", expected=False))

    run("--from-logs", "logs", "--apply")

    assert (excepts(script)[0] == BROAD) is is_hidden
    assert script.read_text("utf-8").startswith("import configparser\n") is not is_hidden


def test_forged_bases_do_not_make_an_end_of_the_program_an_error(
    project: Path, run: Run, script: Path
) -> None:
    """Kind: a class that is known is what it is, whatever a note says of it."""
    write(project, note(script, "First.load", 1, "builtins:GeneratorExit", expected=False))

    run("--from-logs", "logs", "--apply")

    assert excepts(script)[0] == BROAD


def test_no_path_of_a_note_is_looked_for_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: a name in other people's text that leads to another machine when it is resolved; the files of the project are."""
    (tmp_path / "zero_a.py").touch()
    (tmp_path / "link").symlink_to(".")
    asked: list[str] = []
    paths = Paths([Path("zero_a.py")], tmp_path, {})
    real = os.path.realpath

    def resolve(path: str) -> str:
        asked.append(path)
        return real(path)

    monkeypatch.setattr(os.path, "realpath", resolve)

    for path in ("/net/host/zero_a.py", "//host/share/zero_a.py", "/srv/x/zero_a.py"):
        assert paths.target(path) == (Path("zero_a.py"), "")
    assert not asked
    assert paths.target(f"{tmp_path}/link/zero_a.py") == (Path("zero_a.py"), "")
    assert asked == [f"{tmp_path}/link/zero_a.py"]


@pytest.mark.parametrize(
    "kind", ["builtins:True", "builtins:None", "builtins:Ellipsis", "builtins:NoSuchError", "json:classError"]
)
def test_a_word_that_no_exception_has_is_written_into_no_handler(
    project: Path, run: Run, script: Path, kind: str
) -> None:
    """Kind: a log folder is input: of the builtins every exception is known, and a keyword begins with a capital, too."""
    write(project, note(script, "First.load", 1, kind, expected=False))
    before = script.read_bytes()

    done = run("--from-logs", "logs", "--apply")

    assert done.returncode == 0, done.stderr
    assert script.read_bytes() == before


@pytest.mark.parametrize("letter", ["\u3164", "\u115f", "\N{FULLWIDTH LATIN SMALL LETTER R}", ""])
def test_letters_that_nobody_sees_are_written_into_no_handler(
    project: Path, run: Run, script: Path, letter: str
) -> None:
    """Kind: a log folder is input: a name that only looks like that of a class ends the handler, and the diff shows nothing of it; its twin is that name."""
    script.write_text(
        script.read_text("utf-8").replace("import os\n", "import os\nimport pika\n", 1), encoding="utf-8"
    )
    write(project, note(script, "First.load", 1, f"pika:ChannelErro{letter or 'r'}", expected=False))

    done = run("--from-logs", "logs", "--apply")

    assert done.returncode == 0, done.stderr
    assert ("pika.ChannelErro" in script.read_text("utf-8")) is (letter == "")
