"""Kind: a path that is used twice leads to two files, when the folder's owner wants it to."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from attacked import IS_ROOT, NOBODY, WORKER, Place

from workerlog_migrate.files.vendor import like_scripts

as_root = pytest.mark.skipif(not IS_ROOT, reason="what is attacked are the rights of root")

SWAPPED = """
import os, sys
victim = sys.argv.pop(1)
def swap(folder):
    for name in os.listdir(folder):
        if name.startswith(".workerlog-migrate-"):
            path = os.path.join(folder, name)
            os.unlink(path)
            os.symlink(victim, path)
def after(name):
    real = getattr(os, name)
    def call(*args, **more):
        found = real(*args, **more)
        swap("scripts")
        return found
    setattr(os, name, call)
after({call!r})
from workerlog_migrate.cli import main
main(sys.argv[1:], prog_name="workerlog-migrate")
"""
"""The owner of the folder is faster than we are: after a call of ours the temporary file is a link."""


@as_root
@pytest.mark.parametrize("call", ["write", "fsync", "fstat", "access"])
def test_no_link_in_place_of_the_temporary_file_gives_a_file_of_root_away(place: Place, call: str) -> None:
    for path in (place.clone, place.clone / "scripts", place.script):
        os.chown(path, NOBODY, NOBODY)
    place.script.chmod(0o666)
    secret = place.victim / "shadow"
    secret.write_bytes(b"root:x\n")
    secret.chmod(0o600)

    subprocess.run(
        [*place.command()[:1], "-c", SWAPPED.format(call=call), str(secret), "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        check=False,
    )

    status = secret.stat()
    assert (status.st_uid, status.st_mode & 0o777) == (0, 0o600)
    assert secret.read_bytes() == b"root:x\n"


RENAMED = """
import os, sys
victim = sys.argv.pop(1)
from workerlog_migrate import pipeline
real = pipeline.migrate_bytes
def migrate(*args, **more):
    result = real(*args, **more)
    os.rename("scripts", "kept")
    os.symlink(victim, "scripts")
    return result
pipeline.migrate_bytes = migrate
from workerlog_migrate.cli import main
main(sys.argv[1:], prog_name="workerlog-migrate")
"""


def test_a_folder_that_becomes_a_link_while_we_work_takes_no_file_elsewhere(place: Place) -> None:
    (place.victim / "zero_worker.py").write_text(WORKER, encoding="utf-8")

    done = subprocess.run(
        [*place.command()[:1], "-c", RENAMED, str(place.victim), "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "scripts leads elsewhere by now" in done.stderr
    assert [path.name for path in place.victim.iterdir()] == ["zero_worker.py"]
    assert (place.victim / "zero_worker.py").read_text() == WORKER


def test_a_folder_that_became_a_link_takes_no_undo_elsewhere(place: Place) -> None:
    place.run("--apply")
    migrated = place.script.read_bytes()
    (place.clone / "scripts").rename(place.clone / "kept")
    (place.victim / "zero_worker.py").write_bytes(migrated)
    (place.victim / "worker_logger.py").write_bytes((place.clone / "kept/worker_logger.py").read_bytes())
    (place.clone / "scripts").symlink_to(place.victim)

    undone = place.run("--undo")

    assert undone.returncode == 2
    assert "leads elsewhere than at the last --apply" in undone.stderr
    assert (place.victim / "zero_worker.py").read_bytes() == migrated
    assert (place.victim / "worker_logger.py").exists()


@as_root
def test_a_second_name_in_somebody_else_s_folder_is_no_right_to_write(place: Place) -> None:
    """A hard link in an attacker's folder to a script of root's."""
    system = place.victim / "zero_system.py"
    system.write_text(WORKER, encoding="utf-8")
    place.script.unlink()
    os.link(system, place.script)
    os.chown(place.clone / "scripts", NOBODY, NOBODY)

    applied = place.run("--apply")

    assert applied.returncode == 2
    assert "belongs to another user than its folder" in applied.stderr
    assert system.read_text() == WORKER


@as_root
@pytest.mark.parametrize(
    ("folder", "mode", "said"),
    [
        ((0, 0), 0o1777, "lies in a folder that others can write to"),
        ((0, 1234), 0o775, "lies in a folder that others can write to"),
        ((1234, 1234), 0o755, "belongs to another user than its folder"),
    ],
)
@pytest.mark.parametrize("user", [0, NOBODY])
def test_a_second_name_in_a_folder_of_several_is_no_right_to_write(
    place: Place, folder: tuple[int, int], mode: int, said: str, user: int
) -> None:
    """Kind: who may put names into a folder puts a file of another user into it, whom no folder of theirs protects."""
    system = place.victim / "zero_system.py"
    system.write_text(WORKER, encoding="utf-8")
    os.chown(system, user, user)
    shared = place.clone / "shared"
    shared.mkdir()
    os.link(system, shared / "zero_link.py")
    os.chown(shared, *folder)
    shared.chmod(mode)
    os.chown(place.home, user, user)

    applied = as_user(place, user, "--apply", "shared")

    assert applied.returncode == 2, applied.stdout + applied.stderr
    if user == 0 or mode != 0o755:
        assert said in applied.stderr or "its folder is read-only" in applied.stderr
    assert system.read_text() == WORKER


@as_root
@pytest.mark.parametrize("mode", [0o755, 0o775])
def test_twin_a_second_name_in_a_folder_of_one_s_own_is_written(place: Place, mode: int) -> None:
    """Whoever can put names into the folder can write to the file itself."""
    place.script.chmod(mode & 0o666)
    os.link(place.script, place.victim / "second.py")
    for path in (place.clone, place.clone / "scripts", place.script, place.home):
        os.chown(path, NOBODY, NOBODY)
    (place.clone / "scripts").chmod(mode)

    applied = as_user(place, NOBODY, "--apply")

    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "mirror_print" in (place.victim / "second.py").read_text()


def as_user(place: Place, user: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a user's rights, where that user can run what is installed here."""
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *place.command(*arguments)]
    if user and not _runs_as(user):
        pytest.skip("no other user can run what is installed here: it lies in a folder of our own")
    return subprocess.run(
        command, cwd=place.clone, env=place.environment(), capture_output=True, text=True, check=False
    )


def _runs_as(user: int) -> bool:
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    command += [sys.executable, "-c", "import workerlog_migrate.cli"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def readable_by(user: int, file: Path) -> bool:
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "cat", str(file)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@as_root
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755])
def test_runtime_files_have_the_owner_and_rights_of_the_scripts(place: Place, mode: int) -> None:
    """Root, with a umask of 077, migrates the workers of a user."""
    for path in (place.clone, place.clone / "scripts", place.script):
        os.chown(path, NOBODY, 1234)
    place.script.chmod(mode)
    before = os.umask(0o077)
    try:
        applied = place.run("--apply")
    finally:
        os.umask(before)

    assert applied.returncode == 0, applied.stderr
    for name in ("worker_logger.py", "worker_utils.py", "zero_worker.py"):
        status = (place.clone / "scripts" / name).stat()
        assert (status.st_uid, status.st_gid) == (NOBODY, 1234), name
        assert status.st_mode & 0o777 == (mode if name == "zero_worker.py" else mode & 0o666), name


@as_root
def test_of_scripts_with_several_owners_everybody_can_read_the_runtime(place: Place) -> None:
    other = place.clone / "scripts" / "zero_other.py"
    other.write_text(WORKER, encoding="utf-8")
    for file, owner in ((place.script, NOBODY), (other, 1234)):
        os.chown(file, owner, owner)
        file.chmod(0o600)

    place.run("--apply")

    for user in (NOBODY, 1234):
        assert readable_by(user, place.clone / "scripts" / "worker_logger.py"), user


def test_twin_without_another_owner_the_mask_is_that_of_the_scripts(place: Place) -> None:
    place.script.chmod(0o640)
    before = os.umask(0o077)
    try:
        place.run("--apply")
    finally:
        os.umask(before)

    assert (place.clone / "scripts" / "worker_logger.py").stat().st_mode & 0o777 == 0o640


MEANWHILE = """
import os, sys
victim = sys.argv.pop(1)
from workerlog_migrate import {module} as module
real = module.{call}
def call(*args, **more):
    {before}
    result = real(*args, **more)
    {after}
    return result
def swap():
    if not os.path.islink({what!r}):
        os.rename({what!r}, "kept")
        os.symlink(victim, {what!r})
module.{call} = call
from workerlog_migrate.cli import main
main(sys.argv[1:], prog_name="workerlog-migrate")
"""
"""The owner of the folder puts a link in the place of something, before or after a call of ours."""


@pytest.mark.parametrize("what", ["scripts", "scripts/zero_worker.py"])
@pytest.mark.parametrize(
    ("module", "call", "before", "after"),
    [
        ("run", "discover", "swap()", ""),
        ("run", "discover", "", "swap()"),
        ("run", "at_home", "", "swap()"),
        ("run", "placed", "", "swap()"),
        ("run", "Writer", "swap()", ""),
        ("run", "Writer", "", "swap()"),
    ],
)
def test_what_was_found_is_what_is_written_whenever_it_becomes_a_link(
    place: Place, what: str, module: str, call: str, before: str, after: str
) -> None:
    """Kind: a place that is asked for anew at each step is another one at the next."""
    theirs = place.victim / "zero_worker.py"
    theirs.write_text(WORKER, encoding="utf-8")
    code = MEANWHILE.format(
        module=module, call=call, before=before or "pass", after=after or "pass", what=what
    )
    target = place.victim if what == "scripts" else theirs

    done = subprocess.run(
        [*place.command()[:1], "-c", code, str(target), "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert "Traceback" not in done.stderr
    assert [each.name for each in place.victim.iterdir()] == ["zero_worker.py"]
    assert theirs.read_text(encoding="utf-8") == WORKER


def test_a_pipe_that_becomes_a_link_while_its_reader_is_waited_for_gets_no_report(place: Place) -> None:
    """Kind: a path that is tried again leads elsewhere the second time; nothing is cut off where one writes into a pipe."""
    secret = place.victim / "shadow"
    secret.write_text("root:x\n" * 10_000, encoding="utf-8")
    os.mkfifo(place.clone / "report.json")
    code = MEANWHILE.format(
        module="writing", call="_write_into", before="swap()", after="pass", what="report.json"
    ).replace("from workerlog_migrate import writing", "from workerlog_migrate.files import writing")

    done = subprocess.run(
        [*place.command()[:1], "-c", code, str(secret), "--check", "--output=report.json"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 2
    assert secret.read_text(encoding="utf-8") == "root:x\n" * 10_000


LINKED = """
import os, sys
victim = sys.argv.pop(1)
from workerlog_migrate import targets
real = targets.at_home
def at_home(*args, **more):
    found = real(*args, **more)
    {change}
    return found
targets.at_home = at_home
import workerlog_migrate.run
workerlog_migrate.run.at_home = at_home
from workerlog_migrate.cli import main
main(sys.argv[1:], prog_name="workerlog-migrate")
"""


@pytest.mark.parametrize("report", ["report.html", "report.json", "changes.patch", "--verbose"])
@pytest.mark.parametrize(
    "change",
    [
        'os.unlink("scripts/zero_worker.py"); os.symlink(victim, "scripts/zero_worker.py")',
        'os.rename("scripts", "kept"); os.symlink(os.path.dirname(victim), "scripts")',
    ],
    ids=["script", "folder"],
)
def test_a_script_that_becomes_a_link_before_it_is_read_is_not_shown(
    place: Place, change: str, report: str
) -> None:
    """Kind: a path that is looked at, and then read; a report lies where the owner of the folder can read it."""
    secret = place.victim / "zero_worker.py"
    secret.write_text('KEY = "s3cr3t"\nprint(KEY)\nopen("s3cr3t")\n', encoding="utf-8")
    option = [report] if report.startswith("-") else ["--output", report]

    done = subprocess.run(
        [sys.executable, "-c", LINKED.format(change=change), str(secret), *option, "--no-cache"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2, done.stderr
    assert "leads elsewhere than when it was found" in done.stderr
    written = (place.clone / report).read_text(encoding="utf-8") if len(option) > 1 else ""
    assert "s3cr3t" not in done.stdout + done.stderr + written


@as_root
def test_runtime_files_are_given_to_nobody_that_a_link_leads_to(place: Place) -> None:
    """Kind: whose a script is, is asked by its path, which may lead to a third person's file by now."""
    for path in (place.clone, place.clone / "scripts", place.script):
        os.chown(path, NOBODY, NOBODY)
    third = place.victim / "third.py"
    third.touch()
    os.chown(third, 1234, 1234)
    third.chmod(0o666)
    place.script.rename(place.clone / "scripts" / "zero_a.py")
    other = place.clone / "scripts" / "zero_z.py"
    other.symlink_to(third)

    like = like_scripts([place.clone / "scripts" / "zero_a.py", other, other], place.clone / "scripts")
    assert like is not None
    assert (like.st_uid, like.st_mode & 0o777) == (NOBODY, 0o644)


@as_root
@pytest.mark.parametrize(
    ("theirs", "mode", "folder"),
    [
        (1, 0o666, (0, 0o755)),
        (1, 0o664, (0, 0o755)),
        (3, 0o644, (0, 0o755)),
        (1, 0o666, (0, 0o1777)),
    ],
    ids=["for everybody", "for a group", "most are theirs", "in a folder of everybody"],
)
def test_nobody_who_cannot_write_to_all_scripts_can_write_to_the_runtime(
    place: Place, theirs: int, mode: int, folder: tuple[int, int]
) -> None:
    """Kind: a runtime file is part of each script of its folder, and had the owner of the most and the rights of all of them together."""
    for number in range(theirs):
        script = place.clone / "scripts" / f"zero_theirs_{number}.py"
        script.write_text(WORKER, encoding="utf-8")
        os.chown(script, NOBODY, NOBODY)
        script.chmod(mode)
    place.script.chmod(0o644)
    os.chown(place.clone / "scripts", folder[0], folder[0])
    (place.clone / "scripts").chmod(folder[1])

    assert place.run("--apply").returncode == 0

    for name in ("worker_logger.py", "worker_utils.py"):
        status = (place.clone / "scripts" / name).stat()
        assert status.st_uid == 0, name
        assert not status.st_mode & 0o022, name
        assert readable_by(NOBODY, place.clone / "scripts" / name), name


def test_nobody_s_only_script_makes_the_runtime_theirs_in_another_s_folder(tmp_path: Path) -> None:
    """Kind, as a rule: what another script of the folder will import, too, belongs to who owns the folder."""
    script = tmp_path / "zero_worker.py"
    script.touch()
    if IS_ROOT:
        os.chown(script, NOBODY, NOBODY)
    script.chmod(0o666)
    tmp_path.chmod(0o755)

    like = like_scripts([script], tmp_path)

    assert like is not None
    assert like.st_uid == tmp_path.stat().st_uid
    assert like.st_mode & 0o777 == 0o644


@pytest.mark.parametrize("mode", [0o664, 0o660, 0o666])
def test_twin_who_can_write_to_all_scripts_and_the_folder_can_write_to_the_runtime(
    place: Place, mode: int
) -> None:
    place.script.chmod(mode)
    (place.clone / "scripts").chmod(mode | 0o111)

    place.run("--apply")

    assert (place.clone / "scripts" / "worker_logger.py").stat().st_mode & 0o777 == mode


COMPILED = MEANWHILE.replace("from workerlog_migrate import", "from workerlog_migrate.files import")


def test_a_folder_that_becomes_a_link_loses_no_compiled_file_elsewhere(place: Place) -> None:
    """Kind: what is removed is found by the path once more, after the runtime was written."""
    (place.victim / "worker_logger.py").write_text("# theirs\n", encoding="utf-8")
    compiled = place.victim / "__pycache__" / "worker_logger.cpython-311.pyc"
    compiled.parent.mkdir()
    status = (place.victim / "worker_logger.py").stat()
    made_of = struct.pack("<IIII", 0, 0, int(status.st_mtime), status.st_size)
    compiled.write_bytes(made_of)
    code = COMPILED.format(
        module="vendor", call="forget_compiled", before="swap()", after="pass", what="scripts"
    )

    done = subprocess.run(
        [*place.command()[:1], "-c", code, str(place.victim), "--apply", "--jobs=1"],
        cwd=place.clone,
        env=place.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 2
    assert "given up" not in done.stderr, done.stderr
    assert compiled.read_bytes() == made_of
    assert (place.victim / "worker_logger.py").read_text() == "# theirs\n"


@as_root
@pytest.mark.parametrize(("mode", "after"), [(0o6757, 0o757), (0o2776, 0o766), (0o646, 0o646)])
def test_a_file_that_becomes_ours_gives_nobody_our_rights(place: Place, mode: int, after: int) -> None:
    """Kind: who may not give a file away keeps it, with a mode that was meant for its owner and group (set-user-id among it)."""
    os.chown(place.script, 1234, 1234)
    place.script.chmod(mode)
    for folder in (place.clone, place.clone / "scripts", place.home):
        folder.chmod(0o777)

    applied = as_user(place, NOBODY, "--apply")

    assert applied.returncode == 0, applied.stderr
    status = place.script.stat()
    assert (status.st_uid, status.st_gid) == (NOBODY, NOBODY)
    assert status.st_mode & 0o7777 == after


def test_twin_a_file_that_keeps_its_owner_keeps_its_mode(place: Place) -> None:
    place.script.chmod(0o6775)

    assert place.run("--apply").returncode == 0

    assert place.script.stat().st_mode & 0o7777 == 0o6775


@as_root
@pytest.mark.parametrize("has_own", [False, True])
def test_a_folder_s_access_list_gives_nobody_a_file_that_was_without(place: Place, *, has_own: bool) -> None:
    """Kind: a new file in the old one's place has what the folder gives to new files, which the old one was older than."""
    place.script.chmod(0o664)
    everyone = 0xFFFFFFFF
    entries = [(1, 7, everyone), (2, 6, NOBODY), (4, 7, everyone), (16, 7, everyone), (32, 5, everyone)]
    rights = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(place.clone / "scripts", "system.posix_acl_default", rights)
        if has_own:
            os.setxattr(place.script, "system.posix_acl_access", rights)
    except OSError:
        pytest.skip("this file system has no access lists")
    mode = place.script.stat().st_mode

    assert place.run("--apply").returncode == 0

    assert ("system.posix_acl_access" in os.listxattr(place.script)) is has_own
    assert place.script.stat().st_mode == mode


@as_root
@pytest.mark.parametrize("right", [6, 4])
def test_a_folder_s_access_list_lets_nobody_write_to_the_runtime(place: Place, right: int) -> None:
    """Kind: what the folder gives to new files gives somebody who may not write to the scripts what each of them imports; to read it he keeps."""
    place.script.chmod(0o664)
    (place.clone / "scripts").chmod(0o775)
    everyone = 0xFFFFFFFF
    entries = [(1, 7, everyone), (2, right, NOBODY), (4, 7, everyone), (16, 7, everyone), (32, 0, everyone)]
    rights = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(place.clone / "scripts", "system.posix_acl_default", rights)
    except OSError:
        pytest.skip("this file system has no access lists")

    assert place.run("--apply").returncode == 0

    runtime = place.clone / "scripts" / "worker_logger.py"
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "test"]
    assert subprocess.run([*as_nobody, "-r", str(runtime)], check=False).returncode == 0
    assert subprocess.run([*as_nobody, "-w", str(runtime)], check=False).returncode == 1
