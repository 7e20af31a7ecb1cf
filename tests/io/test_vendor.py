"""Both runtime files stand beside the scripts, and a user's own file is never touched."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.stamp import runtime_version, stamp, vendored
from workerlog_migrate.files.vendor import Verdict, is_ours, plan_vendor, runtime_text, write_runtime

NEEDS = {"worker_logger": {"mirror_print", "setup_worker_logger"}, "worker_utils": {"retry_with_backoff"}}


def copy_of(module: str) -> bytes:
    text = runtime_text(module)
    return vendored(text, runtime_version(text)).encode()


def verdicts(folder: Path) -> dict[str, Verdict]:
    return {file.path.name: file.verdict for file in plan_vendor(folder, NEEDS).files}


def test_both_files_are_added_when_a_script_needs_one(tmp_path: Path) -> None:
    plan = plan_vendor(tmp_path, {"worker_logger": {"mirror_print"}})
    write_runtime(plan)

    assert [(file.path.name, file.verdict) for file in plan.files] == [
        ("worker_logger.py", Verdict.NEW),
        ("worker_utils.py", Verdict.NEW),
    ]
    assert (tmp_path / "worker_logger.py").read_bytes() == copy_of("worker_logger")
    assert (tmp_path / "worker_utils.py").read_bytes() == copy_of("worker_utils")


def test_nothing_is_added_when_no_script_needs_any(tmp_path: Path) -> None:
    assert plan_vendor(tmp_path, {}).files == ()
    assert plan_vendor(tmp_path, {"worker_logger": set()}).files == ()


def test_files_that_are_up_to_date_are_untouched(tmp_path: Path) -> None:
    write_runtime(plan_vendor(tmp_path, NEEDS))
    # A checkout on another system may have other newlines.
    crlf = (tmp_path / "worker_utils.py").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "worker_utils.py").write_bytes(crlf)
    stamps = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}

    plan = plan_vendor(tmp_path, NEEDS)
    write_runtime(plan)

    assert {file.verdict for file in plan.files} == {Verdict.SAME}
    assert not any(file.changes for file in plan.files)
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == stamps


def test_a_file_that_a_formatter_has_laid_out_anew_is_untouched(tmp_path: Path) -> None:
    """Its twin: one in which a name has changed is the user's."""
    laid_out = ast.unparse(ast.parse(copy_of("worker_utils")))
    first = copy_of("worker_utils").decode().partition("\n")[0]
    (tmp_path / "worker_utils.py").write_text(f"{first}\n\n{laid_out}\n", encoding="utf-8")

    assert verdicts(tmp_path)["worker_utils.py"] is Verdict.SAME

    (tmp_path / "worker_utils.py").write_text(f"{first}\n{laid_out}\nEXTRA = 1\n", encoding="utf-8")

    assert verdicts(tmp_path)["worker_utils.py"] is Verdict.KEPT


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_an_older_file_that_nobody_edited_is_replaced(tmp_path: Path, newline: bytes) -> None:
    old = stamp("def mirror_print():\n    pass\n", "0.0.9").encode().replace(b"\n", newline)
    (tmp_path / "worker_logger.py").write_bytes(old)
    (tmp_path / "worker_logger.py").chmod(0o755)

    plan = plan_vendor(tmp_path, NEEDS)
    write_runtime(plan)

    assert plan.files[0].verdict is Verdict.REPLACE
    assert (tmp_path / "worker_logger.py").read_bytes() == copy_of("worker_logger")
    if os.name != "nt":
        assert (tmp_path / "worker_logger.py").stat().st_mode & 0o777 == 0o755


def test_an_older_file_that_is_a_link_into_another_folder_is_kept(tmp_path: Path) -> None:
    shared = tmp_path / "comum" / "worker_logger.py"
    shared.parent.mkdir()
    shared.write_text(stamp(runtime_text("worker_logger"), "0.0.1"), encoding="utf-8")
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "worker_logger.py").symlink_to(shared)
    before = shared.read_bytes()

    plan = plan_vendor(scripts, {"worker_logger": ["setup_worker_logger"]})
    write_runtime(plan)

    assert plan.files[0].reason == "a link to an older runtime (0.0.1)"
    assert shared.read_bytes() == before
    assert (scripts / "worker_logger.py").is_symlink()


def test_an_edited_file_that_has_the_names_is_kept(tmp_path: Path) -> None:
    edited = copy_of("worker_logger") + b"\nEXTRA = 1\n"
    (tmp_path / "worker_logger.py").write_bytes(edited)

    plan = plan_vendor(tmp_path, NEEDS)
    write_runtime(plan)

    assert plan.files[0].verdict is Verdict.KEPT
    assert "edited by hand" in plan.files[0].reason
    assert plan.refusal(NEEDS) == ""
    assert (tmp_path / "worker_logger.py").read_bytes() == edited
    assert (tmp_path / "worker_utils.py").exists()


def test_a_newer_file_is_kept(tmp_path: Path) -> None:
    newer = stamp(runtime_text("worker_logger"), "99.0.0").encode()
    (tmp_path / "worker_logger.py").write_bytes(newer)

    plan = plan_vendor(tmp_path, NEEDS)

    assert plan.files[0].verdict is Verdict.KEPT
    assert "newer runtime (99.0.0)" in plan.files[0].reason


@pytest.mark.parametrize(
    "own",
    [
        b"def something_else():\n    pass\n",
        b"def broken(:\n",
        b"\x00\xff",
        b"if True:\n    def mirror_print(): pass\n",
        b"def f():\n    def mirror_print(): pass\n    def setup_worker_logger(): pass\n",
    ],
    ids=["other-names", "syntax-error", "binary", "one-of-two", "nested"],
)
def test_a_users_own_file_that_lacks_a_name_refuses_the_scripts_that_need_it(
    tmp_path: Path, own: bytes
) -> None:
    (tmp_path / "worker_logger.py").write_bytes(own)

    plan = plan_vendor(tmp_path, NEEDS)
    write_runtime(plan)

    assert plan.files[0].verdict is Verdict.MISSING_NAMES
    assert "worker_logger.py is a file of your own and lacks" in plan.refusal(NEEDS)
    assert "setup_worker_logger" in plan.refusal(NEEDS)
    assert plan.refusal({"worker_logger": set()}) == ""
    assert (tmp_path / "worker_logger.py").read_bytes() == own


@pytest.mark.parametrize(
    "own",
    [
        "from shared import mirror_print, setup_worker_logger\n",
        "import a as mirror_print\ntry:\n    from b import setup_worker_logger\nexcept ImportError:\n    pass\n",
        "mirror_print, setup_worker_logger = 1, 2\n",
        "if x:\n    class mirror_print: pass\nelse:\n    pass\nsetup_worker_logger: object = print\n",
    ],
)
def test_a_users_own_file_that_has_the_names_is_kept(tmp_path: Path, own: str) -> None:
    (tmp_path / "worker_logger.py").write_text(own)

    assert verdicts(tmp_path) == {"worker_logger.py": Verdict.KEPT, "worker_utils.py": Verdict.NEW}


def test_an_own_logger_that_our_utils_cannot_import_from_refuses_the_scripts_that_need_the_utils(
    tmp_path: Path,
) -> None:
    """A file of the user's that has all that the scripts name may still lack what our other file imports."""
    (tmp_path / "worker_logger.py").write_text("def mirror_print(): ...\ndef setup_worker_logger(): ...\n")

    plan = plan_vendor(tmp_path, NEEDS)

    assert "does not go with our worker_utils.py" in plan.refusal(NEEDS)
    assert "worker_utils imports current_logger, " in plan.refusal(NEEDS)
    assert plan.refusal({"worker_logger": {"mirror_print"}}) == ""


def test_edited_utils_that_our_logger_cannot_serve_refuse_the_scripts_that_need_them(tmp_path: Path) -> None:
    """An edited file of another version is kept, and imports what that version's neighbour had."""
    (tmp_path / "worker_utils.py").write_text(
        "from worker_logger import gone\ndef retry_with_backoff(): ...\n"
    )

    refusal = plan_vendor(tmp_path, NEEDS).refusal(NEEDS)

    assert "does not go with our worker_logger.py: worker_utils imports gone" in refusal


@pytest.mark.parametrize(
    ("logger", "utils"),
    [
        (None, "def retry_with_backoff(): ...\n"),
        (None, "from worker_logger import mirror_print\ndef retry_with_backoff(): ...\n"),
        (
            None,
            "try:\n    from worker_logger import gone\nexcept ImportError:\n    gone = None\nretry_with_backoff = 1\n",
        ),
        (
            "mirror_print = setup_worker_logger = 1\n",
            "from worker_logger import gone\nretry_with_backoff = 1\n",
        ),
    ],
    ids=["imports nothing", "imports what is there", "guarded", "both are the user's"],
)
def test_files_that_go_together_refuse_nothing(tmp_path: Path, logger: str | None, utils: str) -> None:
    (tmp_path / "worker_utils.py").write_text(utils)
    if logger is not None:
        (tmp_path / "worker_logger.py").write_text(logger)

    assert plan_vendor(tmp_path, NEEDS).refusal(NEEDS) == ""


@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", None)], ids=["folder", "pipe"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "worker_logger.py")

    with pytest.raises(Refused, match=r"worker_logger\.py cannot be read: not a regular file"):
        plan_vendor(tmp_path, NEEDS)


def test_a_dangling_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "worker_utils.py").symlink_to("gone.py")

    with pytest.raises(Refused, match=r"worker_utils\.py is a dangling symbolic link"):
        plan_vendor(tmp_path, NEEDS)


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    plan = plan_vendor(tmp_path, NEEDS)
    (tmp_path / "worker_logger.py").write_bytes(b"mine\n")

    with pytest.raises(Refused, match="has appeared"):
        write_runtime(plan)

    assert (tmp_path / "worker_logger.py").read_bytes() == b"mine\n"


def test_only_names_that_our_runtime_has_are_ours() -> None:
    assert is_ours({"worker_logger": {"setup_worker_logger", "mirror_print"}})
    assert is_ours({"worker_utils": {"retry_with_backoff", "setup_logger", "notify_critical"}})
    assert not is_ours({"worker_utils": {"retry_with_backoff", "their_own"}})
    assert not is_ours({"worker_utils": set()})
    assert not is_ours({})
