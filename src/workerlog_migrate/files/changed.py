"""Which files does git say have changed? For ``--changed [REF]``.

Input: the current folder, a revision and the paths that are asked about; output: absolute paths of the files that differ from
where the current branch left that revision (their merge base), in the working tree or in the index, and of those that git
does not know yet and does not ignore. Git is asked (https://git-scm.com/docs/git-diff, `git`), nothing is parsed but its
NUL-separated lists.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.git import GitError, run_git
from workerlog_migrate.files.reading import path_text

_MOST_PATHS = 200


def changed_files(cwd: Path, ref: str, paths: Sequence[Path] = (Path(),)) -> frozenset[Path]:
    """List the changed files of the repository that the current folder is in.

    Args:
        cwd: the current folder, absolute.
        ref: a branch, tag or commit; ``HEAD`` for what is not committed yet.
        paths: files and folders, absolute or relative to ``cwd``; what lies elsewhere is not looked for. The repository
            may be a whole home folder.

    Returns:
        Their absolute paths, links resolved; deleted files are not among them.

    Raises:
        UsageError: git is not there, the folder is in no repository, or the revision is unknown.
    """
    root = Path(path_text(_git(cwd, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    real = Path(os.path.realpath(root))
    places = [Path(os.path.realpath(cwd / path)) for path in paths]
    below = [str(place.relative_to(real)) for place in places if place.is_relative_to(real)]
    if not below:
        return frozenset()
    if len(below) > _MOST_PATHS:  # a command line has a limit
        below = [os.path.commonpath(below) or "."]
    untracked = _git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", *below)
    if ref == "HEAD" and not _knows(root, "HEAD"):  # nothing is committed yet: everything is new
        listed = _git(root, "ls-files", "-z", "--cached", "--", *below)
    else:
        options = ("--name-only", "-z", "--diff-filter=d", "--no-ext-diff", "--no-textconv")
        point = _fork_point(root, cwd, ref)
        listed = _git(root, "diff", *options, "--ignore-submodules=all", point, "--", *below)
    names = (listed + untracked).split(b"\0")
    return frozenset(Path(os.path.realpath(root / path_text(name))) for name in names if name)


def _fork_point(root: Path, cwd: Path, ref: str) -> str:
    if not _knows(root, ref):
        hint = ""
        if os.path.exists(cwd / ref):  # noqa: PTH110  # never raises, also for a name that is too long
            hint = f"; it is a path: write --changed=HEAD {ref}"
        raise UsageError(f"--changed {ref}: git knows no such revision{hint}")
    try:
        return path_text(_git(root, "merge-base", ref, "HEAD").strip())
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
        return run_git(folder, *arguments)
    except GitError as error:
        raise UsageError(f"--changed asks git, which {error.reason}") from None
