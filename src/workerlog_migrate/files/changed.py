"""Which files does git say have changed? For ``--changed [REF]``.

Input: the current folder and a revision; output: absolute paths of the files that differ from where the current
branch left that revision (their merge base), in the working tree or in the index, and of those that git does
not know yet and does not ignore. Git is asked (https://git-scm.com/docs/git-diff), nothing is parsed but
its NUL-separated lists.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from workerlog_migrate.errors import UsageError


def changed_files(cwd: Path, ref: str) -> frozenset[Path]:
    """List the changed files of the repository that the current folder is in.

    Args:
        cwd: the current folder, absolute.
        ref: a branch, tag or commit; ``HEAD`` for what is not committed yet.

    Returns:
        Their absolute paths, links resolved; deleted files are not among them.

    Raises:
        UsageError: git is not there, the folder is in no repository, or the revision is unknown.
    """
    root = Path(os.fsdecode(_git(cwd, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    untracked = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    if ref == "HEAD" and not _knows(root, "HEAD"):  # nothing is committed yet: everything is new
        listed = _git(root, "ls-files", "-z", "--cached")
    else:
        listed = _git(root, "diff", "--name-only", "-z", "--diff-filter=d", _fork_point(root, cwd, ref), "--")
    names = (listed + untracked).split(b"\0")
    return frozenset(Path(os.path.realpath(root / os.fsdecode(name))) for name in names if name)


def _fork_point(root: Path, cwd: Path, ref: str) -> str:
    if not _knows(root, ref):
        hint = ""
        if os.path.exists(cwd / ref):  # noqa: PTH110  # never raises, also for a name that is too long
            hint = f"; it is a path: write --changed=HEAD {ref}"
        raise UsageError(f"--changed {ref}: git knows no such revision{hint}")
    try:
        return os.fsdecode(_git(root, "merge-base", ref, "HEAD").strip())
    except UsageError:  # no common history: compare with the revision itself
        return ref


def _knows(root: Path, ref: str) -> bool:
    if ref.startswith("-"):
        return False
    try:
        _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    except UsageError:
        return False
    return True


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise UsageError("--changed asks git, and there is no git on the PATH") from None
    except OSError as error:
        raise UsageError(
            f"--changed asks git, which cannot be run: {(error.strerror or str(error)).lower()}"
        ) from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        # What it says about the fault, not the advice below it.
        said = next((line for line in lines if line.startswith("fatal:")), lines[-1] if lines else "no")
        raise UsageError(f"--changed asks git, which says: {said}") from None
