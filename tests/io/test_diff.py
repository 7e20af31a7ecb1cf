"""A printed diff applies, with git and with patch, byte for byte."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from workerlog_migrate.model import FileError, FileResult, Target
from workerlog_migrate.report.diff import colorize, find_changes, render_diff, render_file_diff

CASES = {
    "one-line": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "first-line": (b"a\nb\n", b"x\na\nb\n"),
    "last-line": (b"a\nb\n", b"a\nb\nx\n"),
    "no-final-newline-kept": (b"a\nb", b"A\nb"),
    "no-final-newline-changed": (b"a\nb", b"a\nB"),
    "final-newline-added": (b"a\nb", b"a\nb\n"),
    "final-newline-removed": (b"a\nb\n", b"a\nb"),
    "crlf": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n"),
    "mixed": (b"a\r\nb\nc\r\nd\n", b"a\r\nb\nx\r\nC\r\nd\n"),
    "lone-cr": (b"a\rb\rc\r", b"a\rB\rc\r"),
    "cr-then-lf": (b"a\rb\nc\n", b"a\rb\nC\rd\n"),
    "not-utf-8": (b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\ny\nx = '\xe9\xff'\n"),
    "form-feed-and-line-separator": ("a\x0cb\x85\u2028c\nd\n".encode(), "a\x0cb\x85\u2028c\nD\n".encode()),
    "from-nothing": (b"", b"a\nb\n"),
    "to-nothing": (b"a\n", b""),
    "two-hunks": (
        b"".join(b"%d\n" % n for n in range(40)),
        b"".join(b"%d\n" % (n * (n not in (3, 30))) for n in range(40)),
    ),
    "lines-like-headers": (b"-- a\n++ b\n@@ c\n", b"-- a\n++ B\n@@ c\n"),
    "all-lines": (b"print(1)\n" * 600, b"header\n" + b"log(1)\n" * 600),
    "every-other-line": (b"print(1)\nx = 1\n" * 400, b"log(1)\nx = 1\n" * 400),
    "line-to-three": (
        b"try\nexcept:\n    pass\n\n" * 90,
        b"import\n" + b"try\nexcept E as e:\n    log\n    log\n\n" * 90,
    ),
}

NAMES = [
    "genesis.py",
    "deep/er/zero.py",
    "my worker.py",
    " leading and trailing .py ",
    "ação-😀.py",
    'quote".py',
    "back\\slash.py",
    "tab\there.py",
    "new\nline.py",
    "both ways\t.py",
    b"latin-\xe9.py",
]


def apply(tool: str, folder: Path, patch: bytes) -> None:
    command = {
        "git": ["git", "apply", "--whitespace=nowarn", "-"],
        "patch": ["patch", "-p1", "--quiet", "--no-backup-if-mismatch", "--fuzz=0"],
    }[tool]
    done = subprocess.run(command, cwd=folder, input=patch, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr + patch


@pytest.mark.needs("git", "patch")
@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize("case", CASES)
def test_the_diff_gives_the_new_bytes(tmp_path: Path, tool: str, case: str) -> None:
    before, after = CASES[case]
    file = tmp_path / "scripts" / "zero.py"
    file.parent.mkdir()
    file.write_bytes(before)

    apply(tool, tmp_path, render_file_diff(Path("scripts/zero.py"), before, after))

    assert (file.read_bytes() if file.exists() else b"") == after


@pytest.mark.needs("git", "patch")
@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_odd_names_are_understood(tmp_path: Path, tool: str, name: str | bytes) -> None:
    path = Path(name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"a\nb\n")

    apply(tool, tmp_path, render_file_diff(path, b"a\nb\n", b"a\nB\n"))

    assert file.read_bytes() == b"a\nB\n"


@pytest.mark.needs("git")
def test_git_applies_it_from_a_folder_inside_a_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    inner = tmp_path / "project" / "scripts"
    inner.mkdir(parents=True)
    (inner / "zero.py").write_bytes(b"a\n")

    apply("git", tmp_path / "project", render_file_diff(Path("scripts/zero.py"), b"a\n", b"b\n"))

    assert (inner / "zero.py").read_bytes() == b"b\n"


def test_the_text_is_that_of_every_unified_diff() -> None:
    before = b"".join(b"line %d\n" % n for n in range(1, 12))
    after = before.replace(b"line 2\n", b"line two\n").replace(b"line 11\n", b"line 11")

    assert render_file_diff(Path("a b.py"), before, after) == (
        b"--- a/a b.py\t\n"
        b"+++ b/a b.py\t\n"
        b"@@ -1,5 +1,5 @@\n"
        b" line 1\n"
        b"-line 2\n"
        b"+line two\n"
        b" line 3\n"
        b" line 4\n"
        b" line 5\n"
        b"@@ -8,4 +8,4 @@\n"
        b" line 8\n"
        b" line 9\n"
        b" line 10\n"
        b"-line 11\n"
        b"+line 11\n"
        b"\\ No newline at end of file\n"
    )


def test_files_that_did_not_change_or_were_refused_are_not_in_it() -> None:
    target = Target(Path("zero.py"), "zero")
    refused = FileResult(target, b"a\n", b"b\n", error=FileError("no"))

    assert render_diff([FileResult(target, b"a\n", b"a\n"), refused]) == b""
    assert (
        render_diff([FileResult(target, b"a\n", b"b\n")] * 2)
        == render_file_diff(target.path, b"a\n", b"b\n") * 2
    )


def test_random_edits_are_found_and_rebuild_the_new_lines() -> None:
    dice = random.Random(7)
    for _ in range(150):
        old = [b"%d\n" % dice.randrange(8) for _ in range(dice.randrange(60))]
        new = list(old)
        for _ in range(dice.randrange(6)):
            at = dice.randrange(len(new) + 1)
            new[at : at + dice.randrange(3)] = [b"%d\n" % dice.randrange(8) for _ in range(dice.randrange(3))]
        changes = list(find_changes(old, new))

        rebuilt: list[bytes] = []
        position = 0
        for i1, i2, j1, j2 in changes:
            assert i1 >= position
            assert (i1, j1) != (i2, j2)
            rebuilt += [*old[position:i1], *new[j1:j2]]
            position = i2
        assert rebuilt + old[position:] == new


def test_long_files_take_a_number_of_comparisons_that_grows_with_their_length() -> None:
    """100,000 lines, many of them equal, with edits all over: counted, since time depends on the machine."""
    compared = 0

    class Line(bytes):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return bytes.__eq__(self, other)

        __hash__ = bytes.__hash__

    old = [Line(b"print(1)\n" if n % 2 else b"x = 1\n") for n in range(100_000)]
    new = [Line(b"import\n"), *(Line(b"log(1)\n") if n % 200 == 1 else line for n, line in enumerate(old))]

    changes = list(find_changes(old, new))

    assert len(changes) == 500
    assert compared < 5 * len(old)


def test_colours_frame_the_lines_and_change_nothing_else() -> None:
    patch = render_file_diff(Path("zero.py"), b"a\r\nb\n", b"A\r\nb\n")

    coloured = colorize(patch)

    assert b"\x1b[31m-a\r\x1b[m\n\x1b[32m+A\r\x1b[m\n b\n" in coloured
    for code in (b"\x1b[m", b"\x1b[1m", b"\x1b[31m", b"\x1b[32m", b"\x1b[36m"):
        coloured = coloured.replace(code, b"")
    assert coloured == patch


@pytest.mark.needs("git", "patch")
def test_both_tools_are_there() -> None:
    assert shutil.which("git")
    assert shutil.which("patch")
