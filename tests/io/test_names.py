"""Names of files: what Windows compares, encodes and resolves otherwise than POSIX, and that each has its own there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Any

import pytest

from workerlog_migrate.errors import Refused
from workerlog_migrate.files import discover as discovering
from workerlog_migrate.files import names, state, writing
from workerlog_migrate.files.discover import Discovery, Workers, discover
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.home import follow
from workerlog_migrate.model import FileError, FileResult, Target
from workerlog_migrate.project.concerned import may_concern
from workerlog_migrate.project.index import Project, identifiers
from workerlog_migrate.project.listing import list_project
from workerlog_migrate.project.starts import with_starts
from workerlog_migrate.report import Mode, Report, formats
from workerlog_migrate.report.diff import render_file_diff
from workerlog_migrate.report.sarif import _artifact

WINDOWS = os.name == "nt"
HALF = "zero\ud800.py"
"""Half a surrogate pair: a legal name on NTFS; on POSIX no text leads to such a name."""


def tree(root: Path, *files: str) -> None:
    for name in files:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"print('a')\n")


def find(cwd: Path, *paths: str, exclude: tuple[str, ...] = (), take_all: bool = False) -> Discovery:
    return discover(paths, workers=Workers(), exclude=exclude, take_all=take_all, cwd=cwd)


def shown(found: Discovery) -> list[str]:
    return [target.path.as_posix() for target in found.targets]


def upper(path: Path) -> str:
    """Write a path in the case that nobody gave it, the drive's letter included."""
    return str(path).swapcase()


def test_a_backslash_before_a_closing_quote_is_explained(tmp_path: Path) -> None:
    """To ``cmd`` the quote in ``"C:\\my bots\\"`` closes nothing and is part of the path; on POSIX it may stand in a name."""
    tree(tmp_path, "scripts/zero_a.py")
    ((path, error),) = find(tmp_path, 'scripts"').errors

    assert path.name == 'scripts"'
    if WINDOWS:
        assert error.reason.startswith("cannot be read: ")
        assert error.reason.endswith(": a \\ before a closing quote is part of the name; leave it off")
    else:
        assert error.reason == "no such file or folder"
        tree(tmp_path, 'scripts"/zero_a.py')
        assert shown(find(tmp_path, 'scripts"')) == ['scripts"/zero_a.py']


# --- case


def test_rules_hold_whatever_case_a_path_is_typed_in(tmp_path: Path) -> None:
    """What is excluded stays so where the shell stands in ``c:\\BOTS`` and the path says ``C:\\bots``; on POSIX that is another folder."""
    tree(tmp_path, "scripts/zero_a.py", "scripts/old/zero_b.py", "scripts/Build/zero_c.py")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("build/\n", encoding="utf-8")

    found = find(tmp_path, upper(tmp_path / "scripts"), exclude=("old/",))
    if WINDOWS:
        assert shown(found) == ["scripts/zero_a.py"]
        assert shown(find(Path(upper(tmp_path)), str(tmp_path / "scripts"), exclude=("old/",))) == [
            "scripts/zero_a.py"
        ]
    else:
        assert [error.reason for _, error in found.errors] == ["no such file or folder"]
        assert shown(find(tmp_path, "scripts", exclude=("old/",))) == [
            "scripts/zero_a.py",
            "scripts/Build/zero_c.py",
        ]


def test_a_system_that_ignores_case_is_asked_how_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where this is not Windows: it is ``normcase`` that decides, for folders, rules and endings."""
    tree(tmp_path, "scripts/Build/zero_a.py", "scripts/ZERO_B.PY", "scripts/zero_c.py")
    monkeypatch.setattr(os.path, "normcase", lambda path: os.fspath(path).lower())
    monkeypatch.setattr(discovering, "IGNORES_CASE", True)

    assert names.below(os.path.join("BOTS", "a.py"), "bots") == "a.py"
    assert shown(find(tmp_path, "scripts", exclude=("build/",))) == ["scripts/ZERO_B.PY", "scripts/zero_c.py"]


def test_endings_and_runtime_files_are_known_in_any_case_where_the_system_knows_none(tmp_path: Path) -> None:
    """``ZERO_A.PY`` starts as ``zero_a.py`` does on Windows, and ``Worker_Logger.py`` is the runtime; on POSIX neither."""
    tree(tmp_path, "scripts/ZERO_A.PY", "scripts/Worker_Logger.py", "scripts/Node_Modules/zero_b.py")

    found = find(tmp_path, "scripts", take_all=True)
    listed = [Path(each).name for each in list_project(tmp_path).python]
    if WINDOWS:
        assert shown(found) == ["scripts/ZERO_A.PY"]
        assert [path.name for path in found.runtime] == ["Worker_Logger.py"]
        assert "ZERO_A.PY" in listed
    else:
        assert shown(found) == ["scripts/Worker_Logger.py", "scripts/Node_Modules/zero_b.py"]
        assert found.runtime == ()
        assert "ZERO_A.PY" not in listed


@pytest.mark.skipif(not WINDOWS, reason="another case, and a dot at the end, are another file on POSIX")
@pytest.mark.parametrize(
    "typed", ["SCRIPTS\\SYNC.PY", "scripts\\sync.py.", "scripts.\\sync.py ", ".\\Scripts\\Sync.py"]
)
def test_a_worker_is_named_after_its_file_however_that_is_typed(typed: str, tmp_path: Path) -> None:
    """Its logger's name, and the log's, must not depend on how somebody typed the path of one run."""
    tree(tmp_path, "scripts/sync.py")
    (target,) = find(tmp_path, typed).targets

    assert (target.path.as_posix(), target.worker) == ("scripts/sync.py", "sync")


def test_a_path_stays_as_it_was_typed_where_a_link_leads_elsewhere(tmp_path: Path) -> None:
    """What does not exist, and ``..``, are no reason to write a path otherwise; on POSIX nothing is."""
    tree(tmp_path, "a/sync.py")
    (tmp_path / "b").mkdir()
    for typed in (os.path.join("b", "..", "a"), os.path.join("b", "gone.py"), "..", "."):
        assert os.path.normpath(names.as_listed(typed, tmp_path)) == os.path.normpath(typed)


def test_what_lies_below_is_asked_of_whole_parts(tmp_path: Path) -> None:
    """``botsy`` is not below ``bots``, and the root of a drive is above all."""
    bots = str(tmp_path / "bots")
    inner = os.path.join(bots, "a", "b.py")
    assert names.below(inner, bots) == os.path.join("a", "b.py")
    assert names.below(inner, tmp_path.anchor) is not None
    assert names.below(str(tmp_path / "botsy" / "b.py"), bots) is None
    assert names.below(bots, bots) is None
    # One character that becomes two in lower case.
    dotted = str(tmp_path / "\u0130bots")
    assert names.below(os.path.join(dotted, "x.py"), dotted) == "x.py"


def test_a_command_starts_a_script_in_whatever_case_it_names_it(tmp_path: Path) -> None:
    """``python -I Scripts\\ZERO_A.PY`` in a batch file isolates ``scripts\\zero_a.py``, which then finds no runtime beside it."""
    tree(tmp_path, "scripts/zero_a.py", "scripts/zero_b.py")
    (tmp_path / "start.bat").write_text(
        f"python -I {os.path.join('Scripts', 'ZERO_A.PY')}\npython {os.path.join('scripts', 'zero_b.py')}\n",
        encoding="utf-8",
    )
    targets = find(tmp_path, "scripts").targets

    first, second = with_starts(Project(tmp_path), targets, tmp_path)
    assert bool(first.starts.isolated) is WINDOWS
    assert second.starts.isolated == ""
    assert "start.bat:2" in second.starts.plain


# --- half a surrogate pair


def test_a_name_that_is_no_unicode_is_written_in_every_report(tmp_path: Path) -> None:
    """Windows has names of halves of surrogate pairs; no report, diff, journal or search may end in an error for one."""
    path = Path(HALF if WINDOWS else os.fsdecode(b"zero\xe9.py"))
    refused = FileResult(Target(path, "zero"), error=FileError("cannot be read"))
    report = Report(Mode.CHECK)
    report.add(refused)

    for each in formats.FORMATS:
        assert b"zero" in formats.render(report, each)
    diff = render_file_diff(path, b"a\n", b"b\n")
    assert diff.startswith(rb'--- "a/zero\355\240\200.py"' if WINDOWS else rb'--- "a/zero\351.py"')
    assert len(state.Project(str(tmp_path / path), 1, 2, 0).key) == 32
    concerns = may_concern({path.stem}, {path.stem}, {path.stem})
    assert concerns is not None
    assert concerns(names.path_bytes(path.stem))
    assert identifiers([path.stem]) == {names.path_bytes(path.stem)}


def test_text_of_a_path_is_utf_8_on_every_system() -> None:
    assert names.path_bytes("é\U0001f600") == b"\xc3\xa9\xf0\x9f\x98\x80"
    assert names.path_bytes("\udce9") == (b"\xed\xb3\xa9" if WINDOWS else b"\xe9")


# --- addresses


@pytest.mark.skipif(not WINDOWS, reason="paths with a drive or a server")
@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (r"C:\bots\zero 1.py", "file:///C:/bots/zero%201.py"),
        (r"\\nas\bots\zero.py", "file://nas/bots/zero.py"),
        (r"\\?\C:\bots\zero.py", "file:///C:/bots/zero.py"),
        (r"\\?\UNC\nas\bots\zero.py", "file://nas/bots/zero.py"),
    ],
)
def test_an_address_names_the_drive_or_the_server(path: str, uri: str) -> None:
    assert _artifact(Path(path)) == {"uri": uri}


# --- long paths


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\" + "x" * 200, "C:\\" + "x" * 200),
        ("C:\\" + "x" * 250, "\\\\?\\C:\\" + "x" * 250),
        ("\\\\nas\\bots\\" + "x" * 250, "\\\\?\\UNC\\nas\\bots\\" + "x" * 250),
        ("\\\\?\\C:\\" + "x" * 250, "\\\\?\\C:\\" + "x" * 250),
    ],
)
def test_a_long_path_is_written_so_that_windows_takes_it(
    path: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On other systems a path is what it is."""
    assert WINDOWS or names.extended(Path(path)) == Path(path)
    monkeypatch.setattr(sys, "platform", "win32")
    assert str(names.extended(Path(path))) == expected


def test_a_script_whose_path_is_nearly_too_long_is_written_and_given_back(tmp_path: Path) -> None:
    """The temporary file beside it has a longer name than the script: Windows would say that its folder is not there."""
    folder = tmp_path
    while len(str(folder)) < 235:
        folder = folder / ("x" * min(50, 240 - len(str(folder))))
    folder.mkdir(parents=True)
    path = folder / "zero.py"
    path.write_bytes(b"print(1)\n")

    writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
    assert path.read_bytes() == b"print(2)\n"
    writing.remove(path, expected=b"print(2)\n")
    assert os.listdir(folder) == []


# --- what cannot be asked


def test_files_without_a_number_are_each_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some drives of Windows give every file the number 0: that makes none of them another one; numbered ones are known by it."""
    tree(tmp_path, "scripts/zero_a.py", "scripts/zero_b.py")
    assert shown(find(tmp_path, "scripts", "scripts/zero_a.py")) == ["scripts/zero_a.py", "scripts/zero_b.py"]
    really = os.stat

    def without_number(*arguments: Any, **options: Any) -> os.stat_result:
        found = really(*arguments, **options)
        return os.stat_result((found.st_mode, 0, *found[2:]))

    monkeypatch.setattr(os, "stat", without_number)
    assert shown(find(tmp_path, "scripts", "scripts/zero_a.py")) == ["scripts/zero_a.py", "scripts/zero_b.py"]


@pytest.mark.skipif(not WINDOWS, reason="only Windows asks the drive for a path's final form")
def test_a_drive_that_cannot_tell_the_final_path_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drives of memory and of clouds answer "incorrect function"; what is not there is still not there."""
    if sys.platform == "win32":
        import ntpath

        def no_answer(path: str) -> str:
            raise OSError(0, "Incorrect function", path, 1)

        path = tmp_path / "zero.py"
        path.write_bytes(b"print(1)\n")
        monkeypatch.setattr(ntpath, "_getfinalpathname", no_answer)

        writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
        assert path.read_bytes() == b"print(2)\n"
        assert state.Project.of(tmp_path).path.casefold() == str(tmp_path).casefold()
        with pytest.raises(Refused, match="vanished"):
            writing.write_atomic(tmp_path / "gone.py", b"", expected=b"")


# --- read-only files


def test_a_runtime_file_that_was_made_read_only_is_no_file_in_use(tmp_path: Path) -> None:
    """Windows removes and replaces no such file, and says "access denied" as for one in use: the reason is named; POSIX does both."""
    scripts = tmp_path / "scripts"
    tree(scripts, "zero_a.py")
    command = [sys.executable, "-m", "workerlog_migrate"]
    subprocess.run([*command, "--apply", "--quiet"], cwd=tmp_path, check=True)
    runtime = scripts / "worker_logger.py"
    runtime.chmod(stat.S_IREAD)
    done = subprocess.run([*command, "--undo"], cwd=tmp_path, check=False, capture_output=True, text=True)

    if WINDOWS:
        assert done.returncode == 2
        assert "worker_logger.py:1: refused: cannot be removed: the file is read-only" in done.stderr
        runtime.chmod(stat.S_IREAD | stat.S_IWRITE)
        subprocess.run([*command, "--undo"], cwd=tmp_path, check=True)
    else:
        assert done.returncode == 0, done.stderr
    assert [path.name for path in scripts.glob("*.py")] == ["zero_a.py"]


# --- junctions


class Junction:
    """An entry of a listing, as Windows gives that of a junction: a folder, and no symbolic link."""

    def __init__(self, path: Path, tag: int) -> None:
        self.path, self.name, self.tag = str(path), path.name, tag

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        assert not follow_symlinks
        return True

    def stat(self, *, follow_symlinks: bool = True) -> object:
        assert not follow_symlinks
        return type("Status", (), {"st_mode": stat.S_IFDIR | 0o777, "st_reparse_tag": self.tag})


def test_a_junction_is_a_link_and_a_folder_of_a_cloud_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A junction to a folder above would be walked for ever; other reparse points (OneDrive's) hold files like any folder."""
    monkeypatch.setattr(sys, "platform", "win32")
    for tag, expected in ((0xA0000003, False), (0x9000601A, True), (0, True)):
        assert names.is_folder(Junction(tmp_path, tag)) is expected  # type: ignore[arg-type]  # what it asks for


@pytest.mark.skipif(not WINDOWS, reason="POSIX has symbolic links only")
def test_a_folder_with_a_junction_to_itself_is_walked_once(tmp_path: Path) -> None:
    """Neither the search for scripts nor that for what starts them follows it; nothing is written or removed through one."""
    if sys.platform == "win32":
        import _winapi

        tree(tmp_path, "bots/scripts/zero_a.py", "elsewhere/zero_b.py")
        bots = Path(os.path.realpath(tmp_path / "bots"))
        for name, target in (("loop", bots), ("out", tmp_path / "elsewhere")):
            _winapi.CreateJunction(str(target), str(bots / name))
        (bots / "report.json").write_bytes(b"")

        assert shown(find(bots, ".")) == ["scripts/zero_a.py"]
        assert [PurePath(each).name for each in list_project(bots).python] == ["zero_a.py"]
        assert follow(bots / "out" / "x.json", bots, [bots]).escape is not None
        with pytest.raises(NotADirectoryError):
            Folder.open(bots / "out")
        with Folder.open(bots) as folder:
            folder.remove_tree("out")
        assert (tmp_path / "elsewhere" / "zero_b.py").is_file()
        assert not (bots / "out").exists()
