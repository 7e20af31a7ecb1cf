"""Paths become workers, each once, in one order."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from workerlog_migrate.files.discover import Discovery, Workers, discover, make_target, worker_name
from workerlog_migrate.model import Target


def tree(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def find(
    cwd: Path,
    *paths: str,
    workers: Workers | None = None,
    exclude: tuple[str, ...] = (),
    take_all: bool = False,
) -> Discovery:
    return discover(paths, workers=workers or Workers(), exclude=exclude, take_all=take_all, cwd=cwd)


def shown(found: Discovery) -> list[str]:
    return [target.path.as_posix() for target in found.targets]


def test_files_that_match_a_pattern_are_taken_and_the_others_counted(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "scripts/zero-sentinel.py": "",
            "scripts/genesis_engine.py": "",
            "scripts/tools/aider_sync.py": "",
            "scripts/comum.py": "",
            "scripts/genesis.txt": "",
            "other/genesis.py": "",
        },
    )

    found = find(tmp_path, "scripts")

    assert found.targets == (
        Target(Path("scripts/genesis_engine.py"), "genesis", "*genesis*.py"),
        Target(Path("scripts/zero-sentinel.py"), "zero", "*zero*.py"),
        Target(Path("scripts/tools/aider_sync.py"), "aider", "*aider*.py"),
    )
    assert found.unmatched == 1
    assert found.errors == ()


def test_of_several_patterns_that_match_the_last_wins(tmp_path: Path) -> None:
    tree(tmp_path, {"genesis_aider_zero.py": ""})

    assert [target.worker for target in find(tmp_path, ".").targets] == ["aider"]

    workers = Workers().with_workers([("ponte", ("*bridge*.py", "*_zero.py"))])

    assert [target.worker for target in find(tmp_path, ".", workers=workers).targets] == ["ponte"]


def test_a_worker_that_is_named_again_is_replaced_and_comes_last() -> None:
    workers = Workers().with_workers([("genesis", ("motor*.py",))])

    assert workers.match(Path("scripts/motor_zero.py")) == ("genesis", "motor*.py")
    assert workers.match(Path("scripts/genesis.py")) is None


def test_a_pattern_with_a_slash_is_about_the_path(tmp_path: Path) -> None:
    tree(tmp_path, {"scripts/bots/a.py": "", "scripts/a.py": ""})
    workers = Workers().with_workers([("bot", ("scripts/bots/*.py",))])

    assert shown(find(tmp_path, "scripts", workers=workers)) == ["scripts/bots/a.py"]


def test_a_file_that_is_named_is_always_taken(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "*.py\n", "tool.py": "", "worker.pyw": "", "node_modules/x.py": ""})

    found = find(tmp_path, "tool.py", "worker.pyw", "node_modules/x.py", exclude=("tool.py",))

    assert [(target.worker, target.pattern) for target in found.targets] == [
        ("tool", ""),
        ("worker", ""),
        ("x", ""),
    ]


def test_all_takes_every_python_file(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"scripts/b.py": "", "scripts/a.py": "", "scripts/pkg/__init__.py": "", "scripts/pkg/mod.py": ""},
    )

    found = find(tmp_path, "scripts", take_all=True)

    assert [(target.path.as_posix(), target.worker, target.in_package) for target in found.targets] == [
        ("scripts/a.py", "a", False),
        ("scripts/b.py", "b", False),
        ("scripts/pkg/__init__.py", "pkg", True),
        ("scripts/pkg/mod.py", "mod", True),
    ]
    assert found.unmatched == 0


@pytest.mark.parametrize(
    ("stem", "imported", "name"),
    [
        ("engine", frozenset(), "engine"),
        ("root", frozenset(), "root-worker"),
        ("json", frozenset(), "json-worker"),
        ("requests", frozenset({"requests"}), "requests-worker"),
        ("requests", frozenset(), "requests"),
    ],
)
def test_a_stem_never_takes_over_a_library_s_logger(stem: str, imported: frozenset[str], name: str) -> None:
    assert worker_name(stem, imported) == name


def test_the_package_s_own_file_is_named_by_its_folder(tmp_path: Path) -> None:
    tree(tmp_path, {"bots/__init__.py": ""})

    assert make_target(Path("bots/__init__.py"), workers=Workers(), cwd=tmp_path).worker == "bots"
    assert make_target(Path("__init__.py"), workers=Workers(), cwd=tmp_path / "bots").worker == "bots"


def test_folders_of_other_people_s_code_are_passed_over(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "zero.py": "",
            "node_modules/zero.py": "",
            "lib/site-packages/zero.py": "",
            "__pycache__/zero.py": "",
            ".git/zero.py": "",
            "env/pyvenv.cfg": "",
            "env/zero.py": "",
            ".hidden/zero.py": "",
        },
    )

    assert shown(find(tmp_path, ".")) == ["zero.py", ".hidden/zero.py"]


def test_a_folder_that_is_named_is_walked_whatever_it_is_called(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".gitignore": "site-packages/\n",
            "site-packages/zero.py": "",
            "site-packages/node_modules/zero.py": "",
        },
    )

    assert shown(find(tmp_path, "site-packages")) == ["site-packages/zero.py"]


IGNORED = {
    ".gitignore": "# comment\n\n/zero_root.py\nbuild/\n*_tmp.py\n!keep/zero_tmp.py\nlogs/**/zero_x.py\n!\n[z-a].py\n",
    ".git/info/exclude": "zero_private.py\n",
    "zero_root.py": "",
    "sub/zero_root.py": "",
    "build/zero.py": "",
    "sub/build/zero.py": "",
    "zero_tmp.py": "",
    "keep/zero_tmp.py": "",
    "sub/zero_private.py": "",
    "logs/a/b/zero_x.py": "",
    "sub/.gitignore": "zero_sub.py\r\n!zero_private.py\r\n",
    "sub/zero_sub.py": "",
    "zero_sub.py": "",
    "spaced/.gitignore": "zero\\ a.py\nzero[12].py\n",
    "spaced/zero a.py": "",
    "spaced/zero1.py": "",
    "spaced/zero3.py": "",
}


@pytest.mark.needs("git")
def test_what_git_ignores_is_passed_over(tmp_path: Path) -> None:
    """The same tree is asked of git itself."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    tree(tmp_path, IGNORED)

    listed = subprocess.run(
        ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    expected = sorted(name for name in listed if name.endswith(".py"))

    assert "zero_sub.py" in expected
    assert "sub/zero_private.py" in expected
    assert "sub/zero_sub.py" not in expected
    assert sorted(shown(find(tmp_path, "."))) == expected
    assert sorted(shown(find(tmp_path, "sub"))) == [name for name in expected if name.startswith("sub/")]


def test_outside_a_repository_ignore_files_from_the_current_folder_down_count(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "zero_a.py\n", "scripts/zero_a.py": "", "scripts/zero_b.py": ""})

    assert shown(find(tmp_path, "scripts")) == ["scripts/zero_b.py"]


def test_a_repository_in_the_folder_has_its_own_rules(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".git/HEAD": "",
            ".gitignore": "zero.py\n",
            "inner/.git/HEAD": "",
            "inner/zero.py": "",
            "zero.py": "",
        },
    )

    assert shown(find(tmp_path, ".")) == ["inner/zero.py"]


def test_a_worktree_reads_the_exclude_file_of_its_repository(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "main/.git/info/exclude": "zero_a.py\n",
            "main/.git/worktrees/w/commondir": "../..\n",
            "w/.git": f"gitdir: {tmp_path}/main/.git/worktrees/w\n",
            "w/zero_a.py": "",
            "w/zero_b.py": "",
        },
    )

    assert shown(find(tmp_path, "w")) == ["w/zero_b.py"]


@pytest.mark.parametrize("pointer", [b"gitdir: no\0where\n", b"gitdir: shared\n", b"", b"\xff"])
def test_a_repository_whose_files_are_damaged_is_walked_all_the_same(tmp_path: Path, pointer: bytes) -> None:
    tree(tmp_path, {"shared/commondir": "no\0where\n", "zero.py": ""})
    (tmp_path / ".git").write_bytes(pointer)

    assert shown(find(tmp_path, ".")) == ["zero.py"]


def test_a_pipe_in_place_of_an_ignore_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    tree(tmp_path, {"zero.py": ""})
    os.mkfifo(tmp_path / ".gitignore")

    assert shown(find(tmp_path, ".")) == ["zero.py"]


def test_pipes_devices_and_folders_with_a_worker_s_name_are_not_read(tmp_path: Path) -> None:
    tree(tmp_path, {"zero_folder.py/zero.py": ""})
    (tmp_path / "zero_null.py").symlink_to(os.devnull)
    os.mkfifo(tmp_path / "zero_pipe.py")
    os.mkfifo(tmp_path / "other_pipe.py")

    found = find(tmp_path, ".", "zero_null.py")

    assert shown(found) == ["zero_folder.py/zero.py"]
    assert {path.name: error.reason for path, error in found.errors} == {
        "zero_null.py": "not a regular file; name a file or a folder",
        "zero_pipe.py": "not a regular file; exclude it or give it another name",
    }


def test_folders_in_folders_are_walked_however_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1100):
        os.mkdir("d")
        os.chdir("d")
    Path("zero.py").touch()

    try:
        found = find(tmp_path, "d")
    finally:
        Path("zero.py").unlink()  # what cleans up after the tests does not get down here
        for _ in range(1100):
            os.chdir("..")
            os.rmdir("d")
    assert [(len(target.path.parts), target.path.name) for target in found.targets] == [(1101, "zero.py")]


def test_excluded_patterns_are_passed_over(tmp_path: Path) -> None:
    tree(tmp_path, {"scripts/zero.py": "", "scripts/old/zero.py": "", "scripts/zero_old.py": ""})

    assert shown(find(tmp_path, "scripts", exclude=("old/", "*_old.py"))) == ["scripts/zero.py"]


def test_each_file_is_taken_once(tmp_path: Path) -> None:
    tree(tmp_path, {"scripts/zero.py": "", "scripts/sub/zero_b.py": ""})
    (tmp_path / "scripts" / "aider_link.py").symlink_to("zero.py")
    (tmp_path / "scripts" / "zero_hard.py").hardlink_to(tmp_path / "scripts" / "zero.py")

    found = find(tmp_path, "scripts", "scripts/", str(tmp_path / "scripts" / "sub"), "./scripts/zero.py")

    assert shown(found) == ["scripts/zero.py", "scripts/sub/zero_b.py"]


def test_links_are_not_followed_out_of_the_paths(tmp_path: Path) -> None:
    tree(tmp_path, {"outside/zero.py": "", "scripts/impl.py": ""})
    (tmp_path / "scripts" / "zero_out.py").symlink_to("../outside/zero.py")
    (tmp_path / "scripts" / "folder").symlink_to("../outside")
    (tmp_path / "scripts" / "again").symlink_to(".")
    (tmp_path / "scripts" / "zero_in.py").symlink_to("impl.py")

    found = find(tmp_path, "scripts")

    assert shown(found) == ["scripts/zero_in.py"]
    assert found.errors == ()


def test_links_that_lead_nowhere_are_errors_if_their_name_is_a_worker_s(tmp_path: Path) -> None:
    tree(tmp_path, {"scripts/zero.py": ""})
    (tmp_path / "scripts" / "zero_gone.py").symlink_to("gone.py")
    (tmp_path / "scripts" / "zero_loop.py").symlink_to("zero_loop.py")
    (tmp_path / "scripts" / "other_gone.py").symlink_to("gone.py")

    found = find(tmp_path, "scripts")

    assert shown(found) == ["scripts/zero.py"]
    assert [(path.name, error.reason.partition(";")[0]) for path, error in found.errors] == [
        ("zero_gone.py", "a dangling symbolic link: the file that it names does not exist"),
        ("zero_loop.py", "a symbolic link that leads back to itself"),
    ]


def test_named_paths_that_cannot_be_looked_at_are_errors(tmp_path: Path) -> None:
    tree(tmp_path, {"file.py": ""})

    found = find(tmp_path, "gone", "file.py/x.py", "a\0b", "file.py")

    assert shown(found) == ["file.py"]
    in_a_file = "no such file or folder" if os.name == "nt" else "cannot be read: not a directory"
    assert [(path.as_posix(), error.reason.partition(";")[0]) for path, error in found.errors] == [
        ("gone", "no such file or folder"),
        ("file.py/x.py", in_a_file),
        ("a\0b", "not a path (it holds a NUL character)"),
    ]


def test_named_pipes_and_links_that_lead_nowhere_are_errors(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "dangling.py").symlink_to("gone.py")

    found = find(tmp_path, "fifo.py", "loop.py", "dangling.py")

    assert shown(found) == []
    assert [(str(path), error.reason.partition(";")[0]) for path, error in found.errors] == [
        ("loop.py", "a symbolic link that leads back to itself"),
        ("dangling.py", "a dangling symbolic link: the file that it names does not exist"),
        ("fifo.py", "not a regular file"),
    ]


def test_a_path_that_is_named_and_found_is_an_error_once(tmp_path: Path) -> None:
    """A dangling link that is named beside its folder is one error, not two."""
    (tmp_path / "zero_gone.py").symlink_to("gone.py")

    found = find(tmp_path, "zero_gone.py", ".")

    assert [str(path) for path, _ in found.errors] == ["zero_gone.py"]


def test_a_folder_that_may_not_be_listed_is_an_error_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, {"scripts/closed/zero.py": "", "scripts/open/zero.py": ""})
    real = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find(tmp_path, "scripts")

    assert shown(found) == ["scripts/open/zero.py"]
    assert [(path.as_posix(), error.reason) for path, error in found.errors] == [
        ("scripts/closed", "cannot be listed: permission denied")
    ]


def test_the_runtime_is_never_a_target(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"scripts/worker_logger.py": "", "scripts/worker_utils.py": "print('my own')", "scripts/a.py": ""},
    )

    found = find(tmp_path, "scripts", "scripts/worker_utils.py", take_all=True)

    assert shown(found) == ["scripts/a.py"]
    assert [path.as_posix() for path in found.runtime] == [
        "scripts/worker_logger.py",
        "scripts/worker_utils.py",
    ]


def test_paths_are_shown_from_the_current_folder(tmp_path: Path) -> None:
    tree(tmp_path, {"project/zero.py": "", "other/zero.py": ""})
    cwd = tmp_path / "project"

    assert shown(find(cwd, str(cwd), "../other")) == ["zero.py", "../other/zero.py"]
    assert shown(find(cwd, str(tmp_path / "other"))) == [(tmp_path / "other" / "zero.py").as_posix()]


def test_names_that_are_no_utf_8_are_files_like_others(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"zero_\xe9\n.py")).write_bytes(b"")

    assert [os.fsencode(target.path) for target in find(tmp_path, ".").targets] == [b"zero_\xe9\n.py"]
