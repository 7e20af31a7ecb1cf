"""How is git asked about a repository that nobody trusts? So that the repository runs nothing.

A repository's own configuration names programs that git starts: a monitor of its files, hooks, filters of contents, what
fetches missing objects (https://git-scm.com/docs/git-config). Every call here turns them off, takes no embedded folder for a
repository (``safe.bareRepository``), looks into no submodule, whose configuration would be its own, and writes nothing, not
even a refreshed index. Filters cannot be turned off as such, so the commands of each one that is configured are emptied, in
a way that git before 2.31 understands, too. Git itself is taken from the absolute folders of ``PATH``, never from the current one.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.files.programs import find_program
from workerlog_migrate.files.reading import path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE = 120.0
"""Seconds after which git is stopped: its root may be a home folder, or a disk far away."""

HINT = 10.0
"""Seconds for what a run can do without."""

MEMORY = 2_000_000_000
"""Bytes of data that git may have: it reads a ``.gitignore`` whole (before 2.46 of any size), and a tree of few objects can name more files than there are."""

_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "diff.external=",
    "diff.ignoreSubmodules=all",
    "diff.renames=false",  # to find them, "git diff" and "git status" unpack whole contents
    "status.renames=false",
    "diff.autoRefreshIndex=false",  # "git diff" does so whatever GIT_OPTIONAL_LOCKS says
    "submodule.recurse=false",
)
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",  # from git 2.44 on; before, no protocol is allowed to fetch by
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "",
    "GIT_LITERAL_PATHSPECS": "1",
}
_OF_EVERYBODY = re.compile(
    "PATH|LANG|LANGUAGE|LC_.*|TZ|(?:DY)?LD_LIBRARY_PATH|GIT_(?:DIR|WORK_TREE|EXEC_PATH|INDEX_FILE|COMMON_DIR|(?:ALTERNATE_)?OBJECT_DIRECTOR(?:Y|IES)|CEILING_DIRECTORIES"
    "|DISCOVERY_ACROSS_FILESYSTEM|CONFIG_(?:NOSYSTEM|SYSTEM))"
)
"""What of root's environment another user's process gets: it can be read by them (``/proc/<pid>/environ``), and may hold passwords."""

# Matched here, not by git, whose "." passes over bytes that are no text in the locale, which names of filters may hold.
_FILTERS = re.compile(rb"filter\..*\.(?:clean|smudge|process|required)", re.DOTALL)

_LOCAL = (b"local", b"worktree")
"""Where settings come from that a repository brings."""

_NOBODY = 65534
"""The group of a user whom the system does not know."""

_late: set[str] = set()
"""Repositories that have kept git waiting (a pipe in the place of a file of git's): once is enough for a run."""
_MOST_LATE = 3


class GitError(Exception):
    """Git is not there, or says no.

    Attributes:
        reason: a clause that follows "git", such as ``says: fatal: not a git repository``.
        is_late: it has not answered in time.
    """

    def __init__(self, reason: str, *, is_late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_late = is_late


def run_git(folder: Path, *arguments: str, patience: float = PATIENCE) -> bytes:
    """Ask git something that changes nothing.

    Args:
        folder: where to ask.
        arguments: of git.
        patience: seconds after which it is stopped.

    Returns:
        What it writes to its output.

    Raises:
        GitError: there is no git, it fails, it takes longer than that, or has done so before in this repository.
    """
    root = _root(folder)
    if root in _late or len(_late) >= _MOST_LATE:
        raise GitError("has not answered before, and is not asked again", is_late=True)
    try:
        return _run(folder, arguments, patience, _filters(folder, patience))
    except GitError as error:
        if error.is_late:
            _late.add(root)
        raise


def _root(folder: Path) -> str:
    """Give the folder that git would take for the repository's, or the folder itself."""
    real = os.path.realpath(folder)
    holders = (str(each) for each in (Path(real), *Path(real).parents))
    return next((each for each in holders if os.path.lexists(os.path.join(each, ".git"))), real)  # noqa: PTH118  # text


def _filters(folder: Path, patience: float) -> list[str]:
    """List what the filters' commands are configured by; reading the configuration runs nothing.

    Raises:
        GitError: the repository reads settings of somebody who could change them before git is asked again.
    """
    plain = ("config", "--null", "--name-only", "--list")
    try:
        parts = _run(folder, (*plain, "--show-scope", "--show-origin"), patience).split(b"\0")
    except GitError as error:
        if error.is_late:
            raise
        # Git before 2.26 does not say where settings are from.
        names = _run(folder, plain, patience).split(b"\0")
        parts = [part for name in names for part in (b"", b"", name)]
    of_repository = {
        origin for scope, origin in zip(parts[::3], parts[1::3], strict=False) if scope in _LOCAL
    }
    for origin in sorted(of_repository):
        file = os.path.join(_root(folder), path_text(origin.removeprefix(b"file:")))  # noqa: PTH118  # text
        if _is_strange(folder, file):
            raise GitError(f"must not be asked: this repository reads settings of another user, from {file}")
    return sorted({path_text(name) for name in parts[2::3] if _FILTERS.fullmatch(name)})


def _is_strange(folder: Path, file: str) -> bool:
    """Whether a file of settings belongs to neither who asks, nor root, nor the repository's owner, or lies in a folder of others."""
    if not hasattr(os, "geteuid"):
        return False
    owner = _owner(folder)
    known = {0, os.geteuid(), *(owner or ())[:1]}
    try:
        real = os.path.realpath(file)
        known.add(os.stat(os.path.join(_root(folder), ".git")).st_uid)  # noqa: PTH116, PTH118  # text
        return any(os.stat(each).st_uid not in known for each in (real, os.path.dirname(real)))  # noqa: PTH116, PTH120  # as above
    except OSError:
        return False


def _run(folder: Path, arguments: tuple[str, ...], patience: float, filters: Sequence[str] = ()) -> bytes:
    given = {name: "false" if name.endswith(".required") else "" for name in filters}
    if any("=" in name for name in given) and not _takes_settings(folder, patience):
        raise GitError("is older than 2.31, and could not be kept from running a filter of this repository")
    # Before 2.31 git has "-c" alone, which takes ``filter.a=b.clean=`` for the key ``filter.a``.
    settings = [*_SETTINGS, *(f"{name}={value}" for name, value in given.items() if "=" not in name)]
    return _start(folder, settings, arguments, given, patience)


def _takes_settings(folder: Path, patience: float) -> bool:
    """Say whether git takes settings from its environment."""
    with contextlib.suppress(GitError):
        arguments = ("config", "--get", "workerlog.asked")
        return _start(folder, _SETTINGS, arguments, {"workerlog.asked": "yes"}, patience) == b"yes\n"
    return False


def _settings_of(environment: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that add settings to those which the environment holds already."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    given = {}
    for number, (name, value) in enumerate(added.items(), first):
        given[f"GIT_CONFIG_KEY_{number}"], given[f"GIT_CONFIG_VALUE_{number}"] = name, value
    return {**given, "GIT_CONFIG_COUNT": str(first + len(added))}


def _start(
    folder: Path,
    settings: Sequence[str],
    arguments: Sequence[str],
    added: Mapping[str, str],
    patience: float,
) -> bytes:
    command = [_program(), "--no-pager"]
    for setting in settings:
        command += ["-c", setting]
    owner = _owner(folder)
    environment = {**_environment(owner), **_ENVIRONMENT}
    environment.update(_settings_of(environment, added))
    try:
        return subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env=environment,
            user=owner and owner[0],
            group=owner and owner[1],
            extra_groups=owner and (),
            # Who may stop and steer their own process (ptrace) must not reach root's terminal by it, nor type there (TIOCSTI).
            start_new_session=owner is not None,
            preexec_fn=_memory_limit(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
            check=True,
        ).stdout
    except subprocess.TimeoutExpired:
        raise GitError(f"has not answered within {patience:.0f} s", is_late=True) from None
    except OSError as error:
        raise GitError(f"cannot be run: {(error.strerror or str(error)).lower()}") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        # What it says about the fault, not the advice below it.
        said = next((line for line in lines if line.startswith("fatal:")), lines[-1] if lines else "no")
        raise GitError(f"says: {said}") from None


def _memory_limit() -> Callable[[], None] | None:
    """Give what limits the memory of a process that is about to start; None where there is no such limit (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = (
        MEMORY if limit == resource.RLIM_INFINITY else min(MEMORY, limit)
        for limit in resource.getrlimit(resource.RLIMIT_DATA)
    )
    return lambda: resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _owner(folder: Path) -> tuple[int, int] | None:
    """Give the user as whom root asks about somebody else's repository; None where that is who we are.

    They may change its configuration between two questions of ours; what git runs then, it runs with their rights.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    root = Path(_root(folder))
    for place in (root / ".git" / "config", root / ".git", root):
        with contextlib.suppress(OSError):
            status = place.lstat()
            if status.st_uid != 0:
                return status.st_uid, _group_of(status.st_uid)
    return None


def _group_of(user: int) -> int:
    """Give a user's own group: that of a file may be one that they are not in, of a folder that hands its group on (setgid)."""
    if sys.platform != "win32":
        import pwd

        with contextlib.suppress(KeyError):
            return pwd.getpwuid(user).pw_gid
    return _NOBODY


def _environment(owner: tuple[int, int] | None) -> dict[str, str]:
    if owner is None:
        return dict(os.environ)
    given = {name: value for name, value in os.environ.items() if _OF_EVERYBODY.fullmatch(name)}
    return {**given, "GIT_CONFIG_GLOBAL": os.devnull}  # root's own is not theirs to read


def _program() -> str:
    found = find_program("git.exe" if sys.platform == "win32" else "git")
    if found is None:
        raise GitError("is in no folder of the PATH")
    return found
