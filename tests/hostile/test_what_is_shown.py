"""Kind: other people's text on the terminal drives it, hides something, or shows what the checkout only links to."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from attacked import IS_ROOT, NOBODY, WORKER, Place

from workerlog_migrate.files.stamp import stamp
from workerlog_migrate.model import RUNTIME_FILES
from workerlog_migrate.report.visible import visible

NASTY = "\x1b]0;owned\x07\x1b[8m\u202e\u2066\x9b1m\r\x7f"
RAW = ("\x1b]", "\x1b[8m", "\x07", "\u202e", "\u2066", "\x9b", "\x7f")


def on_a_terminal(place: Place, *arguments: str) -> str:
    """Run the command with a terminal for all three streams; give what it got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        place.command(*arguments),
        cwd=place.clone,
        env={**place.environment(), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        parts.append(part)
        if b"Apply this change" in part:
            os.write(ours, b"q")
    process.wait()
    os.close(ours)
    return b"".join(parts).decode("utf-8", "surrogateescape")


def check(shown: str) -> None:
    for raw in RAW:
        assert raw not in shown, f"{raw!r} in {shown!r}"


@pytest.fixture
def nasty(place: Place) -> Place:
    place.script.write_text(
        f"import json\n\n\ndef f(p):\n    try:\n        return json.loads(p['{NASTY}'])  # {NASTY}\n"
        f"    except Exception as e:\n        print('[ERRO] {NASTY}', e)\n\n\nf({{'a': 1}})\n".replace(
            "\r", ""
        ),
        encoding="utf-8",
    )
    return place


@pytest.mark.parametrize("color", ["--color=auto", "--color=never", "--color=always"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("--dry-run",),
        ("--check", "--verbose"),
        ("--apply", "--interactive"),
        ("--explain", "scripts/zero_worker.py:7"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_source_text_drives_no_terminal(nasty: Place, arguments: tuple[str, ...], color: str) -> None:
    check(on_a_terminal(nasty, *arguments, color))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--check", "--verbose"),
        ("--all", "--apply"),
        ("--worker", "a=*none*.py"),
        ("--explain", "scripts/\x1b]0;a\x07:1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_names_drive_no_terminal(place: Place, arguments: tuple[str, ...]) -> None:
    place.script.unlink()
    (place.clone / "scripts" / f"x{NASTY}.py").write_text("print('a')\n", encoding="utf-8")
    (place.clone / "scripts" / f"zero{NASTY}.py").write_text("print(\n", encoding="utf-8")

    check(on_a_terminal(place, *arguments))


@pytest.mark.parametrize("key", ["select", "paths", "unknown\x1b]0;a\x07"])
def test_a_configuration_drives_no_terminal(place: Place, key: str) -> None:
    quoted = "\\u001b]0;owned\\u0007\\u202e"
    text = f'[tool.workerlog-migrate]\n"{key.encode("unicode_escape").decode().replace(chr(92) + "x", chr(92) + "u00")}" = ["{quoted}"]\n'
    (place.clone / "pyproject.toml").write_text(text, encoding="utf-8")

    check(on_a_terminal(place, "--check"))


def test_twin_a_diff_in_a_pipe_keeps_its_bytes(nasty: Place) -> None:
    diff = nasty.run("--dry-run").stdout

    assert "\x1b]0;owned\x07" in diff
    assert "\u202e" in diff


SECRET = "s3cr3t-token"


@pytest.mark.parametrize("how", ["a linked file", "a linked folder", "a library"])
@pytest.mark.parametrize(
    "report", ["--verbose", "--format=json", "--format=sarif", "--format=html", "--explain"]
)
def test_a_report_names_files_elsewhere_and_does_not_quote_them(place: Place, how: str, report: str) -> None:
    theirs = place.victim / "settings.py"
    theirs.write_text(
        f"import json\n\n\ndef load(p):\n    return json.load(open('/{SECRET}/' + p))\n\n\n"
        f"def other(p):\n    return unknown_{SECRET.replace('-', '_')}(p, '{SECRET}')\n",
        encoding="utf-8",
    )
    folder = place.clone / "scripts"
    match how:
        case "a linked file":
            (folder / "settings.py").symlink_to(theirs)
        case "a linked folder":
            (place.victim / "__init__.py").touch()
            (folder / "pkg").symlink_to(place.victim)
        case _:
            text = f'[tool.workerlog-migrate]\nlibraries = ["{place.victim}"]\n'
            (place.clone / "pyproject.toml").write_text(text, encoding="utf-8")
    name = "pkg.settings" if "folder" in how else "settings"
    place.script.write_text(
        f"import {name} as s\n\n\ndef f(p):\n    try:\n        s.load(p)\n    except Exception as e:\n        print(e)\n"
        "    try:\n        s.other(p)\n    except Exception as e:\n        print(e)\n\n\nf(1)\n",
        encoding="utf-8",
    )
    arguments = ["--explain", "scripts/zero_worker.py:7"] if report == "--explain" else ["--check", report]

    done = place.run("--no-cache", *arguments) if report != "--explain" else place.run(*arguments)

    assert SECRET not in done.stdout + done.stderr
    assert "specific-exceptions" in done.stdout + done.stderr


def test_twin_a_file_of_the_project_is_quoted(place: Place) -> None:
    (place.clone / "scripts" / "settings.py").write_text(
        f"def load(p):\n    return open('/{SECRET}/' + p)\n", encoding="utf-8"
    )
    place.script.write_text(
        "import settings\n\ntry:\n    settings.load('a')\nexcept Exception as e:\n    print(e)\n",
        encoding="utf-8",
    )

    assert SECRET in place.run("--check", "--verbose").stderr


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("what", ["owner", "mode", "file", "link"])
def test_a_cache_that_others_can_write_is_not_believed(place: Place, what: str) -> None:
    cache = place.home / "cache"

    def check_run() -> tuple[int, str]:
        done = place.run("--check", WORKERLOG_MIGRATE_CACHE_DIR=str(cache))
        return done.returncode, done.stderr

    place.script.write_text("import sys\n\nX = 1\nif X:\n    sys.exit(0)\n", encoding="utf-8")
    check_run()
    database = next(cache.glob("results*"))
    match what:
        case "owner":
            os.chown(cache, 1234, 1234)
        case "mode":
            cache.chmod(0o777)
        case "file":
            database.chmod(0o666)
        case _:
            moved = Path(place.victim, "x")
            database.rename(moved)
            database.symlink_to(moved)

    assert "can be written by others, so it is not used" in check_run()[1]


@pytest.mark.skipif(not IS_ROOT, reason="only root can make a link of somebody else")
@pytest.mark.parametrize("owner", [NOBODY, 0])
def test_a_cache_and_a_state_that_somebody_else_s_link_leads_to_are_not_believed(
    place: Place, owner: int
) -> None:
    """Kind: a folder is ours, but who says that it is the one: in ``/tmp`` anybody can link to what a checkout has brought."""
    shared, brought = place.victim, place.clone / "brought"
    shared.chmod(0o1777)
    brought.mkdir(mode=0o755)
    for name in ("cache", "state"):
        (shared / name).symlink_to(brought)
        os.lchown(shared / name, owner, owner)

    checked = place.run("--check", WORKERLOG_MIGRATE_CACHE_DIR=str(shared / "cache"))
    applied = place.run("--apply", "--no-cache", XDG_STATE_HOME=str(shared / "state"))

    is_strange = owner != 0
    assert ("can be written by others, so it is not used" in checked.stderr) == is_strange
    assert (f"others decide where {shared}/state/workerlog-migrate leads" in applied.stderr) == is_strange
    assert applied.returncode == (2 if is_strange else 0)


@pytest.mark.parametrize(
    "arguments", [["--check"], ["--check", "-v"], ["--check", "--statistics"], ["--apply", "-v"]]
)
def test_no_line_of_a_report_is_a_command_to_the_runner_of_a_ci(place: Place, arguments: list[str]) -> None:
    """A path may be the first word of a line: ``::stop-commands::x`` (GitHub), ``##vso[task.prependpath]x`` (Azure, anywhere)."""
    for name in ("::stop-commands::x", "##vso[task.prependpath]x", "##teamcity[x]", "##[add-mask]x"):
        (place.clone / name).mkdir()
        (place.clone / name / "zero_it.py").write_text(WORKER, encoding="utf-8")
        (place.clone / f"{name} zero.py").write_text("x(\n", encoding="utf-8")

    done = place.run(*arguments, ".")

    assert done.returncode == 2
    assert "stop-commands" in done.stderr
    assert "prependpath" in done.stderr
    assert not re.search(r"##\w*\[", done.stderr)
    assert not re.search(r"^\s*::", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("text", ["a::b", "x[::2]", "## a heading [1]", "std::vector", "issue ##3"])
def test_twin_what_only_looks_like_one_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    "letter", ["\u3164", "\u115f", "\u1160", "\uffa0", "\ufe00", "\u2800", "\U000e0100", "\u200b", "\u202e"]
)
def test_a_letter_that_nobody_sees_is_shown(letter: str) -> None:
    """Kind: what a terminal shows nothing of, whatever category it has."""
    assert visible(f"a{letter}") == "a" + letter.encode("unicode_escape").decode("ascii")


@pytest.mark.parametrize("text", ["conex\xe3o", "e\u0301", "\u2714\ufe0f pronto", "\ud55c\uae00"])
def test_twin_a_letter_that_is_seen_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("color", ["always", "never"])
def test_a_runtime_file_that_is_replaced_drives_no_terminal(place: Place, color: str) -> None:
    """Kind: each diff that is shown, of whatever file; a stamp is no signature."""
    old = stamp('# \x1b]0;owned\x07 \u202e\nRUNTIME_VERSION = "0.0.1"\n', "0.0.1")
    for name in RUNTIME_FILES:
        (place.clone / "scripts" / name).write_text(old, encoding="utf-8")

    shown = on_a_terminal(place, "--with-runtime", f"--color={color}")

    assert "\\x1b]0;owned\\x07 \\u202e" in shown
    assert "\x1b]" not in shown
    assert "\u202e" not in shown


WORDS = [
    "scp https://me:s3cr3t@host/scripts/zero_worker.py there",
    "python3 -I -Xs3cr3t scripts/zero_worker.py",
    "cat s3cr3t/scripts/zero_worker.py | python",
    "exec(open('s3cr3t/zero_worker.py'))",
    "python me:s3cr3t@host/scripts/zero_worker.py",
]


@pytest.mark.parametrize("report", ["--verbose", "--format=json", "--format=html"])
def test_a_report_quotes_no_word_of_a_text_that_the_checkout_links_to(place: Place, report: str) -> None:
    """Kind: a text that tells how a script is started may be the history of a person's shell, by a link of the checkout."""
    history = place.victim / "history"
    (place.clone / "deploy.sh").symlink_to(history)
    for line in WORDS:
        history.write_text(f"{line}\n", encoding="utf-8")
        done = place.run("--check", "--no-cache", report)
        assert "s3cr3t" not in done.stdout + done.stderr, line


def test_twin_a_text_of_the_project_is_quoted_and_one_elsewhere_counts(place: Place) -> None:
    (place.clone / "deploy.sh").write_text(f"{WORDS[0]}\n", encoding="utf-8")
    assert "copies https://me:s3cr3t@host/scripts/zero_worker.py alone" in place.run("--check").stderr

    (place.clone / "deploy.sh").rename(place.victim / "deploy.sh")
    (place.clone / "deploy.sh").symlink_to(place.victim / "deploy.sh")
    assert "deploy.sh:1 copies it alone" in place.run("--check").stderr


@pytest.mark.parametrize("name", ["ｐｒｉｎｔ(x)", "ｏｐｅｎ(x)", "𝓅𝓇𝒾𝓃𝓉(x)"])
def test_other_letters_of_the_same_name_hide_no_file(place: Place, name: str) -> None:
    """Kind: bytes are searched for a name that Python reads otherwise (NFKC)."""
    place.script.write_text(f"def f(x):\n    {name}\n", encoding="utf-8")

    assert place.run("--check").returncode == 1


def test_twin_other_letters_in_a_comment_are_no_trigger(place: Place) -> None:
    place.script.write_text("# João não é ｐｒｉｎｔｅｒ\nX = 1\n", encoding="utf-8")

    done = place.run("--check", "--verbose")

    assert done.returncode == 0
    assert "nothing" in done.stderr


@pytest.mark.parametrize("home", ["/dev/null", "unsearchable"])
def test_a_home_in_which_nothing_can_be_is_no_reason_to_give_up(place: Place, home: str) -> None:
    """Kind: a cache that cannot be looked at is none, and nothing is said about it (``HOME`` of a service, of root's under ``sudo``)."""
    folder = place.home if home == "unsearchable" else Path(home)
    if home == "unsearchable":
        place.home.chmod(0)

    done = place.run("--check", without_powers=IS_ROOT, HOME=str(folder))

    assert done.returncode == 1, done.stderr
    assert "cache" not in done.stderr


COMMANDS = ("a; touch PWNED #", "$(touch PWNED)", "`touch PWNED`", "a'$(touch PWNED)'", "-x")
"""Names of folders that a shell takes for something else."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_a_report_gives_to_copy_runs_nothing_else(place: Place, name: str) -> None:
    """Kind: a path of the checkout within a command of ours, which a person pastes into a shell."""
    folder = place.clone / name
    place.script.parent.rename(folder)
    (place.clone / ".gitignore").write_text("worker_logger.py\nworker_utils.py\n", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=place.clone, check=True)

    said = place.run("--apply", "--", name).stderr

    commands = re.findall(r"git add --force .*", said)
    assert commands, said
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command], cwd=place.clone, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert not list(place.clone.rglob("PWNED"))
    listed = subprocess.run(
        ["git", "ls-files"], cwd=place.clone, capture_output=True, text=True, check=True
    ).stdout
    assert "worker_logger.py" in listed


@pytest.mark.parametrize("where", [".env", "scripts/.env", ".envrc", ".env.staging", "prod.env", ".ENV"])
def test_a_file_of_settings_that_workers_may_load_is_named(place: Place, where: str) -> None:
    """Kind: data of a checkout that was nothing to a worker is a command line to a migrated one that loads it."""
    line = "WORKER_NOTIFY_COMMAND=touch PWNED\n"
    (place.clone / where).write_text(
        f"# settings\nA=1\n{'export ' * where.endswith('rc')}{line}", encoding="utf-8"
    )
    for mode in ("--dry-run", "--check", "--apply"):
        assert (
            f"{where} sets WORKER_NOTIFY_COMMAND: migrated workers that load it go by that"
            in place.run(mode).stderr
        )


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffWORKER_NOTIFY_COMMAND=touch PWNED",
        "A=1\rWORKER_NOTIFY_COMMAND=touch PWNED",
        "'WORKER_NOTIFY_COMMAND'=touch PWNED",
        'export\u3000"WORKER_NOTIFY_COMMAND" : touch PWNED',
        "\u00a0\x0b\n\n  WORKER_NOTIFY_COMMAND\t=touch PWNED",
    ],
)
def test_a_setting_is_seen_however_it_is_written(place: Place, text: str) -> None:
    """Kind: what loads such files takes more for a key than a letter at the start of a line."""
    (place.clone / ".env").write_text(text, encoding="utf-8", newline="")

    assert ".env sets WORKER_NOTIFY_COMMAND" in place.run().stderr


def test_no_number_of_other_files_hides_one_of_settings(place: Place) -> None:
    """Kind: of very many files so many are looked into: the usual names first."""
    for number in range(60):
        (place.clone / f".ENV{number}").write_text("A=1\n", encoding="utf-8")
    (place.clone / ".env.production").write_text("WORKER_NOTIFY_COMMAND=touch PWNED\n", encoding="utf-8")

    assert ".env.production sets WORKER_NOTIFY_COMMAND" in place.run().stderr


def test_twin_other_settings_are_nothing_to_speak_of(place: Place) -> None:
    (place.clone / ".env").write_text(
        "# WORKER_NOTIFY_URL=\nTOKEN=secret\nMY_WORKER_LOG_DIR=x\n", encoding="utf-8"
    )
    said = place.run().stderr
    assert ".env" not in said
    assert "secret" not in said


@pytest.mark.parametrize("mark", ["\x0c", "\x1c", "\x85", "\u2028", "\x0b"])
def test_the_lines_of_a_fix_are_those_that_its_reader_counts(place: Place, mark: str) -> None:
    """Kind: what ends a line for `str.splitlines`, and for no editor, has a fix of a report replace other lines than are shown."""
    text = f"# {mark} {mark}\nimport os\nprint(1)\nos.check()\n"
    place.script.write_text(text, encoding="utf-8")

    place.run("--output=report.sarif")

    (found,) = json.loads((place.clone / "report.sarif").read_text(encoding="utf-8"))["runs"]
    assert found["newlineSequences"] == ["\r\n", "\n", "\r"]
    lines = text.split("\n")
    replaced = {
        lines[line - 1]
        for result in found["results"]
        for fix in result.get("fixes", ())
        for replacement in fix["artifactChanges"][0]["replacements"]
        for region in [replacement["deletedRegion"]]
        for line in range(region["startLine"], region["endLine"])
    }
    assert replaced == {"print(1)"}
