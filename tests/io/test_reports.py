"""The reports say what happened: to a person, to a program, to a code scanning service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from spoken import spoken

from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.finders.mirror_call import MirrorCall
from workerlog_migrate.model import (
    TOLD,
    Applicability,
    Evidence,
    FileError,
    FileResult,
    Finding,
    Plan,
    Settings,
    Span,
    Target,
)
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.registry import LOGGER_SETUP, MIRROR_OUTPUT, RETRY_IO, SPECIFIC_EXCEPTIONS
from workerlog_migrate.report import Mode, Report, RuntimeFile
from workerlog_migrate.report.formats import FORMATS, render
from workerlog_migrate.report.hints import render_hints
from workerlog_migrate.report.text import render_error, render_text
from workerlog_migrate.report.visible import typed

PRINT = Finding(
    MIRROR_OUTPUT,
    Span(12, 4, 12, 20),
    "print is mirrored at INFO",
    edit=MirrorCall("mirror_print", "logger.info"),
    kind="mirrored",
)
HANDLER = Finding(
    SPECIFIC_EXCEPTIONS,
    Span(20, 0, 22, 8),
    "except Exception becomes except OSError",
    edit=HandlerEdit(types=("OSError",)),
    evidence=(
        Evidence("OSError", "open(p)", 18, "open", "https://docs.python.org/3/library/functions.html#open"),
    ),
    kind="narrowed",
)
INCOMPLETE = Finding(
    SPECIFIC_EXCEPTIONS,
    Span(30, 0, 31, 8),
    "except Exception stays broad",
    evidence=(Evidence("", "cloud.fetch(x)", 29, "", "", note='teach it: "cloud.fetch" = [...]'),),
    applicability=Applicability.DISPLAY_ONLY,
    reason="one call cannot be resolved",
    kind="incomplete",
)
POST = Finding(
    RETRY_IO,
    Span(7, 2, 7, 9),
    "requests.post is not repeated",
    applicability=Applicability.DISPLAY_ONLY,
    reason="may act twice",
    kind="left",
)

GENESIS = Target(Path("scripts/genesis.py"), "genesis", "*genesis*.py")
ZERO = Target(Path("scripts/zero.py"), "zero", "*zero*.py")
TOOL = Target(Path("scripts/tool.py"), "tool")


def text_of(made: Report, *, verbose: bool = False, color: bool = False) -> str:
    return spoken(render_text(made, verbose=verbose, color=color))


def changed(target: Target = GENESIS, *, written: bool = False) -> FileResult:
    plan = Plan(applied=(PRINT, HANDLER), reported=(POST, INCOMPLETE))
    return FileResult(
        target, b"a\n", b"b\n", plan, written=written, imports=(("worker_logger", ("mirror_print",)),)
    )


def refused(target: Target = ZERO) -> FileResult:
    return FileResult(
        target, b"a\n", b"b\n", Plan(applied=(PRINT,)), error=FileError("syntax error: bad input", 3)
    )


def report(mode: Mode, *results: FileResult, complete: bool = True) -> Report:
    made = Report(mode, paths=("scripts",))
    for result in results:
        made.add(result)
    made.complete = complete
    return made


@pytest.mark.parametrize(
    ("mode", "results", "code"),
    [
        (Mode.DRY_RUN, [], 0),
        (Mode.DRY_RUN, [changed()], 0),
        (Mode.APPLY, [changed(written=True)], 0),
        (Mode.CHECK, [FileResult(TOOL, b"a", b"a")], 0),
        (Mode.CHECK, [changed()], 1),
        (Mode.CHECK, [refused()], 2),
        (Mode.CHECK, [changed(), refused()], 2),
        (Mode.DRY_RUN, [changed(), refused()], 2),
    ],
)
def test_the_exit_code_follows_from_what_happened(mode: Mode, results: list[FileResult], code: int) -> None:
    assert report(mode, *results).exit_code == code


def test_a_path_that_could_not_be_looked_at_is_a_failure() -> None:
    made = report(Mode.DRY_RUN)
    made.path_errors.append((Path("gone"), FileError("no such file or folder")))

    assert made.exit_code == 2


def test_a_runtime_file_that_apply_would_write_is_a_change() -> None:
    made = report(Mode.CHECK, FileResult(TOOL, b"a", b"a"))
    made.runtime[Path("worker_utils.py")] = RuntimeFile(Path("worker_utils.py"), "replaced", "", changes=True)

    assert made.exit_code == 1


def test_an_interrupted_run_is_130() -> None:
    assert report(Mode.APPLY, changed(written=True), complete=False).exit_code == 130


def test_what_was_planned_for_a_refused_file_is_in_no_count() -> None:
    made = report(Mode.APPLY, changed(written=True), refused(), FileResult(TOOL, b"a", b"a"))

    assert made.counts() == {
        "files": 3,
        "changed": 1,
        "written": 1,
        "unchanged": 1,
        "refused": 1,
        "unmatched": 0,
        "applied": 2,
        "left": 2,
    }
    assert made.counts_by_codemod() == {
        "logger-setup": (0, 0),
        "mirror-output": (1, 0),
        "specific-exceptions": (1, 1),
        "retry-io": (0, 1),
    }


def test_the_bytes_of_a_file_are_not_kept() -> None:
    (file,) = report(Mode.DRY_RUN, changed()).files

    assert file.changed
    assert (file.result.before, file.result.after) == (b"", b"")


def test_a_refused_file_is_one_line() -> None:
    path = Path("scripts/zero.py")

    assert (
        spoken(render_error(path, FileError("it is\nbroken", 7)))
        == "scripts/zero.py:7: refused: it is broken\n"
    )
    assert spoken(render_error(path, FileError("gone"))) == "scripts/zero.py:1: refused: gone\n"
    assert render_error(Path("a\nb\x1b[31m.py"), FileError("x")) == "a\\nb\\x1b[31m.py:1: refused: x\n"


def test_the_brief_text_has_totals_a_line_for_each_file_and_one_for_each_reason() -> None:
    made = report(Mode.DRY_RUN, changed(), refused(), FileResult(TOOL, b"a", b"a"))
    made.unmatched = 4
    for name in ("worker_logger.py", "worker_utils.py"):
        made.runtime[Path("scripts") / name] = RuntimeFile(Path("scripts") / name, "added", "", changes=True)

    assert text_of(made).splitlines() == [
        "1 file would change, 1 unchanged, 1 refused; "
        "4 files matched no worker pattern (--all takes them, --worker NAME=GLOB names them)",
        "mirror-output 1; specific-exceptions 1 (1 left); retry-io 0 (1 left)",
        "scripts/zero.py:3: refused: syntax error: bad input",
        "would change scripts/genesis.py (mirror-output 1, specific-exceptions 1; 1 handler stays broad)",
        "scripts/worker_logger.py, worker_utils.py: runtime files, would be added",
        "left 1: may act twice (-v lists them)",
    ]


def left(reason: str, codemod: str = "retry-io") -> Finding:
    return Finding(
        codemod,
        Span(7, 0, 7, 1),
        "x is left",
        applicability=Applicability.DISPLAY_ONLY,
        reason=reason,
        kind="left",
    )


def test_reasons_that_differ_in_names_and_places_are_one() -> None:
    reasons = (
        "the loop at line 43 repeats it already",
        "the loop at line 7 repeats it already",
        "writes to file=f, which is not seen to be the terminal",
        "writes to file=log.stream, which is not seen to be the terminal",
        "ler_job is repeated whole by its decorator retry_with_backoff",
        "open is repeated whole by its decorator again",
        "may act twice",
    )
    result = FileResult(GENESIS, b"a", b"b", Plan((PRINT,), tuple(map(left, reasons))))

    assert [line for line in text_of(report(Mode.CHECK, result)).splitlines() if line.startswith("left")] == [
        "left 2: the loop at line \N{HORIZONTAL ELLIPSIS} repeats it already",
        "left 2: writes to \N{HORIZONTAL ELLIPSIS} which is not seen to be the terminal",
        "left 2: \N{HORIZONTAL ELLIPSIS} is repeated whole by its decorator \N{HORIZONTAL ELLIPSIS}",
        "left 1: may act twice (-v lists them)",
    ]


def test_many_reasons_leave_the_report_on_one_screen() -> None:
    """Its twin: three are shown whole."""
    many = FileResult(
        GENESIS, b"a", b"b", Plan((PRINT,), tuple(left("because " + "x" * n) for n in range(40)))
    )
    few = FileResult(GENESIS, b"a", b"b", Plan((PRINT,), tuple(left("because " + "x" * n) for n in range(3))))

    lines = text_of(report(Mode.CHECK, many)).splitlines()
    assert len(lines) == 17
    assert lines[-1] == "left 27 for 27 other reasons (-v lists them)"
    assert text_of(report(Mode.CHECK, few)).count("left 1: ") == 3


def test_a_project_that_is_migrated_is_one_line() -> None:
    """Whatever was left, suppressed or stays broad is a number in it."""
    plan = Plan((), (POST, INCOMPLETE, left("suppressed by comment")))
    made = report(Mode.CHECK, FileResult(GENESIS, b"a", b"a", plan), FileResult(ZERO, b"a", b"a"))
    made.runtime[Path("scripts/worker_utils.py")] = RuntimeFile(
        Path("scripts/worker_utils.py"), "kept", "edited by hand", changes=False
    )

    assert text_of(made) == (
        "everything is migrated: 2 files; 1 handler stays broad; 1 left (-v lists them); 1 runtime file kept\n"
    )
    assert text_of(report(Mode.APPLY, FileResult(ZERO, b"a", b"a"))) == "everything is migrated: 1 file\n"


def test_a_check_that_finds_nothing_to_change_is_one_line() -> None:
    """Also where something stands in the way of a change, which it names, and where a person was told something at the change.

    The twin: when the file changes, what the person should know is a line.
    """
    told = replace(left("send both along", LOGGER_SETUP), kind=TOLD)
    blocked = left("its docstring shares its line with code", LOGGER_SETUP)
    again = report(Mode.CHECK, FileResult(GENESIS, b"a", b"a", Plan((), (INCOMPLETE, told))))
    stuck = report(Mode.CHECK, FileResult(GENESIS, b"a", b"a", Plan((), (INCOMPLETE, blocked))))
    again.runtime[Path("scripts/worker_logger.py")] = RuntimeFile(
        Path("scripts/worker_logger.py"), "up to date", "git ignores it: git add --force x", changes=False
    )

    assert text_of(again) == (
        "everything is migrated: 1 file; 1 handler stays broad; 1 left (-v lists them); "
        "git ignores 1 runtime file (-v lists them)\n"
    )
    assert text_of(stuck).count("\n") == 1
    assert "1 handler stays broad" in text_of(stuck)
    assert "scripts/genesis.py:7: its docstring shares its line with code" in text_of(stuck)
    assert render_hints(stuck) == render_hints(again) == ""
    first = report(Mode.APPLY, FileResult(GENESIS, b"a", b"b", Plan((PRINT,), (told,))))
    assert "scripts/genesis.py:7: send both along\n" in text_of(first)


def test_the_runtime_files_of_all_folders_are_one_line() -> None:
    """A project of several folders of workers gets the same files in each; what differs in its reason has its own line."""
    made = report(Mode.APPLY, FileResult(GENESIS, b"a", b"b", Plan((PRINT,))))
    for folder in ("a", "b", "c", "d"):
        for name in ("worker_logger.py", "worker_utils.py"):
            path = Path(folder, name)
            made.runtime[path] = RuntimeFile(path, "added", "", changes=True)

    assert (
        "a/worker_logger.py, worker_utils.py; b/worker_logger.py, worker_utils.py; c/worker_logger.py, worker_utils.py "
        "and 1 other folder: runtime files, added\n"
    ) in text_of(made)


def test_what_a_person_has_to_do_first_is_said_once_for_all_files() -> None:
    refusal = left("its docstring shares its line with code", LOGGER_SETUP)
    plan = Plan((PRINT,), (refusal,))
    made = report(Mode.CHECK, FileResult(GENESIS, b"a", b"b", plan), FileResult(ZERO, b"a", b"b", plan))

    assert "scripts/genesis.py:7 and 1 other place: its docstring shares its line with code\n" in text_of(
        made
    )


def test_an_import_that_comes_along_is_no_change_of_its_own() -> None:
    added = Finding(
        "specific-exceptions", Span(1, 0, 1, 0), "imports json", LinesEdit(("import json",)), kind="import"
    )
    made = report(Mode.CHECK, FileResult(GENESIS, b"a", b"b", Plan((added, PRINT, HANDLER))))

    assert made.counts_by_codemod()["specific-exceptions"] == (1, 0)
    assert made.counts()["applied"] == 2


def test_the_verbose_text_maps_every_file_to_its_worker_with_the_evidence() -> None:
    skipped = FileResult(TOOL, b"a", b"a", skipped="no trigger")

    assert text_of(
        report(Mode.CHECK, changed(), skipped, FileResult(ZERO, b"a", b"a")), verbose=True
    ).splitlines()[2:] == [
        "scripts/genesis.py: worker genesis (by *genesis*.py): would change: mirror-output 1, specific-exceptions 1",
        "scripts/genesis.py:7: left: requests.post is not repeated (may act twice) [retry-io]",
        "scripts/genesis.py:12: mirrored: print is mirrored at INFO [mirror-output]",
        "scripts/genesis.py:20: narrowed: except Exception becomes except OSError [specific-exceptions]",
        "    line 18: OSError: open(p) [open], https://docs.python.org/3/library/functions.html#open",
        "scripts/genesis.py:30: left: except Exception stays broad (one call cannot be resolved) [specific-exceptions]",
        '    line 29: unresolved: cloud.fetch(x); teach it: "cloud.fetch" = [...]',
        "scripts/tool.py: worker tool (by its file name): nothing looked for (no trigger)",
        "scripts/zero.py: worker zero (by *zero*.py): nothing to change",
    ]


def test_the_text_of_an_apply_is_in_the_past() -> None:
    text = text_of(report(Mode.APPLY, changed(written=True)))

    assert "changed scripts/genesis.py" in text
    assert "1 file changed, 0 unchanged" in text
    assert "would" not in text


def test_a_run_without_workers_says_what_to_do() -> None:
    made = report(Mode.DRY_RUN)
    made.unmatched = 1

    assert text_of(made) == (
        "nothing to do: no worker in scripts; 1 file matched no worker pattern "
        "(--all takes them, --worker NAME=GLOB names them)\n"
    )


def test_colour_is_only_escapes_around_the_same_text() -> None:
    made = report(Mode.DRY_RUN, changed(), refused())
    coloured = text_of(made, verbose=True, color=True)

    assert "\x1b[31mrefused\x1b[m" in coloured
    for code in ("\x1b[m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m"):
        coloured = coloured.replace(code, "")
    assert coloured == text_of(made, verbose=True)


def test_json_holds_all_of_it() -> None:
    made = report(Mode.CHECK, changed(), refused())
    made.path_errors.append(
        (
            Path("café.py" if os.name == "nt" else os.fsdecode(b"caf\xe9.py")),
            FileError("no such file or folder"),
        )
    )
    made.runtime[Path("scripts/worker_logger.py")] = RuntimeFile(
        Path("scripts/worker_logger.py"), "kept", "a file of your own", changes=False
    )

    document = json.loads(render(made, "json"))

    assert list(document) == ["version", "tool", "mode", "exit_code", "counts", "files", "runtime", "errors"]
    assert (document["version"], document["mode"], document["exit_code"]) == (1, "check", 2)
    assert document["counts"]["codemods"]["retry-io"] == {"applied": 0, "left": 1}
    genesis, zero = document["files"]
    assert {key: genesis[key] for key in genesis if key != "findings"} == {
        "path": "scripts/genesis.py",
        "worker": "genesis",
        "pattern": "*genesis*.py",
        "encoding": "utf-8",
        "changed": True,
        "written": False,
        "skipped": None,
        "error": None,
        "imports": {"worker_logger": ["mirror_print"]},
    }
    assert [(finding["span"]["line"], finding["applied"]) for finding in genesis["findings"]] == [
        (7, False),
        (12, True),
        (20, True),
        (30, False),
    ]
    assert genesis["findings"][2] == {
        "codemod": "specific-exceptions",
        "kind": "narrowed",
        "applied": True,
        "applicability": "safe",
        "message": "except Exception becomes except OSError",
        "reason": None,
        "remark": None,
        "span": {"line": 20, "column": 0, "end_line": 22, "end_column": 8},
        "edit": {
            "type": "HandlerEdit",
            "types": ["OSError"],
            "alias": None,
            "log": None,
            "replaces_pass": False,
            "boundary": [],
            "unwatch": "",
        },
        "evidence": [
            {
                "exception": "OSError",
                "cause": "open(p)",
                "line": 18,
                "rule": "open",
                "source": "https://docs.python.org/3/library/functions.html#open",
                "note": None,
            }
        ],
    }
    assert zero["error"] == {"line": 3, "reason": "syntax error: bad input"}
    assert zero["findings"] == []
    assert zero["changed"] is False
    assert document["runtime"] == [
        {
            "path": "scripts/worker_logger.py",
            "verdict": "kept",
            "reason": "a file of your own",
            "changed": False,
        }
    ]
    assert document["errors"] == [
        {
            "path": "café.py" if os.name == "nt" else "caf\udce9.py",
            "line": 1,
            "reason": "no such file or folder",
        },
        {"path": "scripts/zero.py", "line": 3, "reason": "syntax error: bad input"},
    ]


def test_sarif_has_rules_results_and_places() -> None:
    odd = Target(Path("scripts/my wörker#1.py"), "zero")
    made = report(Mode.DRY_RUN, changed(odd), refused())

    document = json.loads(render(made, "sarif"))

    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "logger-setup",
        "mirror-output",
        "specific-exceptions",
        "retry-io",
        "refused",
    ]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("retry-io", "note"),
        ("mirror-output", "warning"),
        ("specific-exceptions", "warning"),
        ("specific-exceptions", "note"),
        ("refused", "error"),
    ]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "scripts/my%20w%C3%B6rker%231.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 5, "endLine": 12, "endColumn": 21},
    }
    assert run["results"][2]["relatedLocations"][0]["message"] == {"text": "OSError: open(p)"}
    assert run["results"][2]["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 18}
    assert run["results"][4]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 2}]


DRIVE = "C:" if os.name == "nt" else ""


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (Path(f"{DRIVE}/srv/bots/zero 1.py"), f"file://{DRIVE and '/'}{DRIVE}/srv/bots/zero%201.py"),
        (Path("caf\u00e9#.py"), "caf%C3%A9%23.py"),
        (Path("caf\udce9.py"), "caf%E9.py" if os.name != "nt" else "caf%ED%B3%A9.py"),
        (Path("a:b.py"), "a%3Ab.py"),
    ],
    ids=["absolute", "no ASCII", "no UTF-8", "a colon"],
)
def test_sarif_addresses_are_percent_encoded(path: Path, uri: str) -> None:
    document = json.loads(render(report(Mode.CHECK, refused(Target(path, "zero"))), "sarif"))

    location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == uri


def test_a_command_that_is_named_is_one_that_can_be_typed(tmp_path: Path) -> None:
    """Each word reaches a program as it is, through the shell of this system: blanks, quotes and signs of the shell."""
    show = tmp_path / "show.py"
    show.write_text("import sys; print(ascii(sys.argv[1:]))", encoding="utf-8")
    words = [os.path.join("scripts", "zero.py:18"), "my worker.py", "it's.py", "a&b (1).py", "zero=*zero*.py"]

    told = typed(sys.executable, str(show), *words)
    done = subprocess.run(told, shell=True, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ascii(words)
    assert typed(words[0]) == words[0]  # nothing is quoted that need not be


def test_every_format_ends_in_a_newline_and_is_utf_8() -> None:
    made = report(
        Mode.CHECK,
        changed(Target(Path("café ã.py" if os.name == "nt" else "caf\udce9 ã.py"), "zero")),
        refused(),
    )

    for name in FORMATS:
        text = render(made, name).decode("utf-8")
        assert text.endswith("\n")
        assert "ã" in text or name == "sarif"


def test_a_fix_of_the_code_scanning_report_is_a_change_that_runs() -> None:
    """Each fix brings the lines of the header that it needs; a finding keeps its fingerprint when lines above it come."""
    before = b"import os\n\nprint('a')\nos.remove('x')\n\nprint('b')"
    target = Target(Path("zero.py"), "zero", "*zero*.py")

    def results(raw: bytes) -> list[dict[str, Any]]:
        made = Report(Mode.CHECK, keeps_bytes=True)
        made.add(migrate_bytes(raw, target, Settings()))
        made.complete = True
        document = json.loads(render(made, "sarif"))
        found: list[dict[str, Any]] = document["runs"][0]["results"]
        return found

    prints = [result for result in results(before) if result["ruleId"] == "mirror-output"]
    assert len(prints) == 2
    for result, own in zip(prints, ("a", "b"), strict=True):
        lines = before.decode().splitlines(keepends=True)
        for change in reversed(result["fixes"][0]["artifactChanges"][0]["replacements"]):
            region = change["deletedRegion"]
            tail = (
                lines[region["endLine"] - 1][region["endColumn"] - 1 :]
                if region["endLine"] <= len(lines)
                else ""
            )
            lines[region["startLine"] - 1 : region["endLine"]] = [change["insertedContent"]["text"] + tail]
        text = "".join(lines)
        compile(text, "zero.py", "exec")
        assert "logger = setup_worker_logger" in text
        assert f"mirror_print(logger.info, '{own}')" in text

    moved = [result for result in results(b"x = 1\n" + before) if result["ruleId"] == "mirror-output"]
    assert [each["partialFingerprints"] for each in moved] == [each["partialFingerprints"] for each in prints]
    assert prints[0]["partialFingerprints"] != prints[1]["partialFingerprints"]
